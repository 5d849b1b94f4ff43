/* relapse.h - somebody who had completed a course, or left the care, is back on the street (D4).
 *
 * Reference: the earliest completed course, and the earliest case that was closed INDEPENDENT or
 * REUNIFIED; a contact counts from the 15th day after it to the 730th. Source: domain 5 D4, 10.6.
 */
#ifndef SINERGI_LEDGER_RELAPSE_H
#define SINERGI_LEDGER_RELAPSE_H

#include "ledger/decision.h"

/* Queue the D4 of each reference that the day of contact is in a window of; told to the owner. */
void relapse(struct decision *d, const PbPersonRow *person, const struct sg_id *case_id,
             const char *owner, int32_t contact_on);
/* E04: the same, for the case of the person that is open, else for the one that was closed last. */
SG_MUST_CHECK enum sg_err relapse_by_contact(struct decision *d, const PbPersonRow *person,
                                             struct sg_why *why);
/* Step of the queue: the D4. */
SG_MUST_CHECK enum sg_err tell_relapse(struct decision *d, const struct follow *f,
                                       struct sg_why *why);

#endif
