/* correction_seat.h - what the corrections of E13, E14 and E15 share. */
#ifndef SINERGI_LEDGER_CORRECTION_SEAT_H
#define SINERGI_LEDGER_CORRECTION_SEAT_H

#include "ledger/allocation.h"
#include "ledger/correction.h"

/* The placement that the corrected event is about. */
struct placement {
    struct sg_id id, slot_id;
    PbAllocationRow *row;
    PbSlotRow *slot;
};
SG_MUST_CHECK enum sg_err placement_read(struct decision *d, ProtobufCBinaryData id,
                                         struct placement *out, struct sg_why *why);
/* Kits that were handed out for the placement since then. */
SG_MUST_CHECK enum sg_err placement_kits(struct decision *d, const struct sg_id *allocation_id,
                                         uint64_t seq, struct dependants *on, struct sg_why *why);
/* A change of the seat that no event of its own makes: the D1 of the correction. */
struct follow *placement_put(struct decision *d, const struct placement *p, PbAllocationState to);
/* Effect of that record; NULL for seq 0. */
SG_MUST_CHECK enum sg_err placement_effect_of(struct decision *d, uint64_t seq,
                                              const PbEffect **out, struct sg_why *why);
/* The seat stays as it is: into the effect of the E24. */
PbPlacementEffect *placement_restated(struct decision *d, const struct correction *c,
                                      const struct placement *p);

#endif
