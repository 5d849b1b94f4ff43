/* ledger_model.h - what a history knows by itself, and the promises that rows must keep beside it.
 */
#ifndef SINERGI_SIM_LEDGER_MODEL_H
#define SINERGI_SIM_LEDGER_MODEL_H

#include "kit/ledger_city.h"

enum { MODEL_SLOTS = 8, MODEL_REFERRALS = 256, MODEL_PERSONS = 64, MODEL_ENDED = 1 << 18 };

struct model {
    struct ledger_city *city;
    /* slots that still matter, each as its owner offered it (I5) */
    struct model_slot {
        struct sg_id id;
        char owner[SG_AGENCY_MAX + 1];
        struct sg_bytes offered; /* packed; on the heap */
        int64_t closes_ms;       /* registration */
        int64_t over_ms;         /* nothing happens on it any more */
    } slots[MODEL_SLOTS];
    size_t slot_count;
    /* the newest referrals, with the one target and the state that the accepted events give (I9) */
    struct model_referral {
        struct sg_id id;
        char target[SG_AGENCY_MAX + 1];
        PbReferralState state;
    } referrals[MODEL_REFERRALS];
    uint64_t referral_count;
    struct sg_id persons[MODEL_PERSONS]; /* the newest */
    uint64_t person_count;
    struct model_ended { /* open hash of allocations that have ended (I8) */
        struct sg_id id;
        uint8_t state; /* 0 = empty */
    } * ended;
    size_t ended_count;
};

void model_init(struct model *model, struct ledger_city *city);
void model_done(struct model *model);

/* What an accepted event did. */
void model_take(struct model *model, const PbEnvelope *envelope, const PbEffect *effect);
struct model_referral *model_referral(struct model *model, const struct sg_id *id);

/* All promises, between two turns. NULL, or which one is broken. */
const char *model_check(struct model *model);

#endif
