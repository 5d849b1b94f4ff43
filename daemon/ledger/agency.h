/* agency.h - who may publish what. */
#ifndef SINERGI_LEDGER_AGENCY_H
#define SINERGI_LEDGER_AGENCY_H

#include "ledger/ledger.h"

/* Does the agency hold one of the capabilities of this mask (0 = everybody)? */
bool agency_may(const struct sg_agency *agency, uint32_t mask);
/* Does the agency of this id exist and hold the capability? */
bool agency_has(const struct world *world, const char *id, unsigned capability);

#endif
