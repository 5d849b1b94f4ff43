/* equipment.h - items that are lent during a course and granted after it.
 *
 *    IN_STOCK --E17 loan--> ON_LOAN --E17 grant--> GRANTED --final--> OWNED
 *    IN_STOCK --E17 grant--> GRANTED          ON_LOAN, GRANTED --not shown, sold, …--> AT_RISK
 *    AT_RISK --seen again--> as before        all three --RETURNED--> IN_STOCK, or WRITTEN_OFF
 *
 * Source: domain 7.5.
 */
#ifndef SINERGI_LEDGER_EQUIPMENT_H
#define SINERGI_LEDGER_EQUIPMENT_H

#include "ledger/decision.h"

/* Codes and numbers are hashed to 16 bytes, so that no length of theirs breaks a key. */
struct key *kit_key(struct key *key, const char *kit_code);
struct key *bast_key(struct key *key, const char *owner, const char *bast_no);

/* Its state, or of one that is AT_RISK the state before. */
PbItemState item_holding(const PbItemRow *row);

/* An agency that has registered such kits; NULL when none has. In the arena. */
SG_MUST_CHECK enum sg_err kit_owner(struct ledger_turn *turn, const char *kit_code,
                                    const char **out_owner, struct sg_why *why);
/* The placement ends: what is on loan for it is to come back or be granted within 7 days. */
SG_MUST_CHECK enum sg_err items_to_return(struct decision *d, const struct sg_id *allocation_id,
                                          struct sg_why *why);

/* Checks (T10) that are done by one on that day: those whose time had come. INT32_MAX: all. */
SG_MUST_CHECK enum sg_err item_checked_limits(struct decision *d, const struct sg_id *id,
                                              int32_t granted_on, int32_t checked_on,
                                              struct sg_why *why);
/* The deadlines of an item that stands like this: those that it should have run, the others end. */
SG_MUST_CHECK enum sg_err item_limits_anew(struct decision *d, const struct sg_id *id,
                                           const PbItemRow *row, struct sg_why *why);
/* What an E18 makes of an item that stood like this, for the E24 of one; or refuses. */
SG_MUST_CHECK enum sg_err item_checked_as(struct decision *d, const PbItemRow *before,
                                          const PbEquipmentChecked *e, uint64_t seq,
                                          PbItemRow *out_row);
/* The item as it stands, kept in the effect for who corrects this event. */
void keep_item(struct decision *d, const PbItemRow *row);
PbItemEffect *item_effect(struct decision *d, const struct sg_id *id, PbItemState state);

#endif
