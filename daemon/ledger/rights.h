/* rights.h - requests of data subjects (E23), and orders to forget (D6).
 *
 *    RECEIVED --case owner--> GRANTED | PARTLY | REFUSED      GRANTED --each agency--> EXECUTED
 *
 * RESTRICTION granted: no seat is claimed, personal fields go to nobody new, the limits of the
 * person's cases stand still. The erasure itself (destroying the key) is not built: GRANTED and
 * PARTLY of ERASURE are refused. Source: domain 5 E23, 9.5, T13 and T14 of 8.6.
 */
#ifndef SINERGI_LEDGER_RIGHTS_H
#define SINERGI_LEDGER_RIGHTS_H

#include "ledger/decision.h"

/* What an agency is told to forget, by whose request; the owner of the case hears when it does not.
 */
struct erasure {
    struct sg_id request_id, case_id;
    const char *agency, *case_owner;
    enum forget what;
};
/* Queue the D6, with its T14; one a decision and agency, of the most that is to be forgotten. */
void order_erasure(struct decision *d, const struct erasure *order);
/* A withdrawal of consent is a request that is granted at once: E23 EXECUTED answers it. */
void request_of_consent(struct decision *d, const struct sg_id *consent_id,
                        const struct sg_id *case_id, const char *owner);
/* Step of the queue: the D6. */
SG_MUST_CHECK enum sg_err tell_erasure(struct decision *d, const struct follow *f,
                                       struct sg_why *why);

#endif
