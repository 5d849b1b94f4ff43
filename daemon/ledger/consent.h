/* consent.h - what a person has agreed to. Source: domain E06, 7.2, 9.4, 9.5. */
#ifndef SINERGI_LEDGER_CONSENT_H
#define SINERGI_LEDGER_CONSENT_H

#include "ledger/decision.h"

/* Did the person say yes to this scope last, and does it hold on that day? */
bool consent_holds(const PbPersonRow *person, PbConsentRecorded__Scope scope, int32_t day);

#endif
