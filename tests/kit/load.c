#include "kit/load.h"

#include "kit/check.h"

#include <stdlib.h>

enum {
    ARENA_BYTES = 1 << 20,
    SLOT_CAPACITY_MAX = 6,
    WISHES_PER_SLOT = 8, /* more wishes than seats: some wait */
    FIRST_SLOTS = 3,
    BACKLOG_MAX = 200, /* E01 that wait for an answer */
};

static const struct {
    enum fixture_agency agency;
    const char *subscription;
} plan[LOAD_LINKS] = {
    [LOAD_REFERRER_A] = {SATPOLPP, NULL},
    [LOAD_REFERRER_B] = {SATPOLPP, NULL},
    [LOAD_OWNER] = {DINSOS, "beban"},
    [LOAD_PROVIDER] = {DISNAKER, "beban"},
};

/* ---- stating ---- */

static void state(struct load *load, enum load_link link, const PbEnvelope *envelope)
{
    uint8_t salt[16];
    struct sg_why why = {0};
    sample_salt(&load->sample, salt);
    SG_CHECK(raw_outbox_add(&load->links[link].outbox, envelope, salt, &why) == SG_OK);
    sg_arena_reset(&load->arena, 0);
}

static void offer_slot(struct load *load)
{
    struct sg_id slot;
    uint32_t capacity = 1 + (uint32_t)prng_below(&load->prng, SLOT_CAPACITY_MAX);
    state(load, LOAD_PROVIDER, sample_slot(&load->sample, &load->arena, capacity, &slot));
}

static void refer(struct load *load, enum load_link link)
{
    struct sg_id referral;
    const struct raw_outbox *outbox = &load->links[link].outbox;
    uint64_t backlog = outbox->event_count + 1 - raw_outbox_first_unanswered(outbox);
    uint64_t count = 1 + prng_below(&load->prng, SG_FRAME_EVENTS_MAX);
    for (; backlog < BACKLOG_MAX && count && load->referrals_left; count--, backlog++) {
        load->referrals_left--;
        state(load, link, sample_referral(&load->sample, &load->arena, &referral));
    }
}

static void ask_for_seat(struct load *load, const struct sg_id *case_id)
{
    if (load->wishes++ % WISHES_PER_SLOT == 0)
        offer_slot(load);
    /* Mostly one of the newest: several ask for the same seats. */
    size_t back = 1 + (size_t)prng_below(&load->prng, 4);
    struct sample_wish wish = {
        .case_id = *case_id,
        .slot_id = load->slots[load->slot_count > back ? load->slot_count - back : 0],
        .person_accepted = prng_below(&load->prng, 4) != 0,
        .waitlist_ok = prng_below(&load->prng, 4) != 0,
    };
    state(load, LOAD_OWNER, sample_request(&load->sample, &load->arena, &wish));
}

static void decide_seat(struct load *load, enum load_link link, ProtobufCBinaryData allocation,
                        PbSeatDecision decision)
{
    struct sg_id id;
    if (sg_id_from((struct sg_bytes){allocation.data, allocation.len}, &id))
        return;
    state(load, link,
          sample_seat(&load->sample, &load->arena, fixture_agency_id(load->links[link].agency), &id,
                      decision));
}

/* ---- hearing ---- */

static void hear_case(struct load *load, const PbCaseStateChanged *change)
{
    struct sg_id id;
    if (sg_id_from((struct sg_bytes){change->case_id.data, change->case_id.len}, &id))
        return;
    if (change->to == PB_CASE_STATE_ASSESSING && change->from != PB_CASE_STATE_ASSESSING)
        state(load, LOAD_OWNER, sample_assessment(&load->sample, &load->arena, &id));
    else if (change->to == PB_CASE_STATE_IN_SERVICE && change->from == PB_CASE_STATE_ASSESSING &&
             load->slot_count) {
        state(load, LOAD_OWNER, sample_consent(&load->sample, &load->arena, &id));
        ask_for_seat(load, &id);
    }
}

static void hear_slot(struct load *load, const PbTrainingSlotOffered *slot)
{
    if (load->slot_count == load->slot_room) {
        load->slot_room = load->slot_room ? load->slot_room * 2 : 64;
        load->slots = realloc(load->slots, load->slot_room * sizeof *load->slots);
        SG_CHECK(load->slots);
    }
    if (sg_id_from((struct sg_bytes){slot->slot_id.data, slot->slot_id.len},
                   &load->slots[load->slot_count]) == SG_OK)
        load->slot_count++;
}

/* A hold is taken by most; of those who have a seat, a few leave. */
static void hear_seat_as_owner(struct load *load, const PbSeatAllocationChanged *change)
{
    bool held = change->change == PB_SEAT_CHANGE_HELD || change->change == PB_SEAT_CHANGE_PROMOTED;
    uint64_t dice = prng_below(&load->prng, 8);
    if (held && dice < 6)
        decide_seat(load, LOAD_OWNER, change->allocation_id, PB_SEAT_DECISION_PERSON_ACCEPTED);
    else if (change->change == PB_SEAT_CHANGE_RESERVED && dice < 2)
        decide_seat(load, LOAD_OWNER, change->allocation_id,
                    PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
}

static void hear_owner(void *context, struct raw_link *link, uint64_t seq, const PbEnvelope *e)
{
    struct load *load = context;
    struct sg_id referral;
    (void)link;
    (void)seq;
    if (e->referral_submitted &&
        sg_id_from((struct sg_bytes){e->referral_submitted->referral_id.data,
                                     e->referral_submitted->referral_id.len},
                   &referral) == SG_OK)
        state(load, LOAD_OWNER, sample_decision(&load->sample, &load->arena, &referral));
    else if (e->case_state_changed)
        hear_case(load, e->case_state_changed);
    else if (e->slot_offered)
        hear_slot(load, e->slot_offered);
    else if (e->seat_allocation_changed)
        hear_seat_as_owner(load, e->seat_allocation_changed);
}

static void hear_provider(void *context, struct raw_link *link, uint64_t seq, const PbEnvelope *e)
{
    struct load *load = context;
    (void)link;
    (void)seq;
    const PbSeatAllocationChanged *change = e->seat_allocation_changed;
    if (change && change->change == PB_SEAT_CHANGE_RESERVED)
        decide_seat(load, LOAD_PROVIDER, change->allocation_id, PB_SEAT_DECISION_CONFIRMED);
}

/* ---- all of it ---- */

enum sg_err load_init(struct load *load, void *zmq, const struct fixture *fixture, uint64_t seed,
                      int64_t now_ms, struct sg_why *why)
{
    *load = (struct load){.prng = {seed}};
    sample_init(&load->sample, seed + 1, now_ms, 1);
    for (size_t i = 0; i < LOAD_LINKS; i++)
        load->links[i] = (struct raw_link){
            .zmq = zmq,
            .fixture = fixture,
            .agency = plan[i].agency,
            .subscription = plan[i].subscription,
            .prng = &load->prng,
            .context = load,
        };
    load->links[LOAD_OWNER].hear = hear_owner;
    load->links[LOAD_PROVIDER].hear = hear_provider;
    return sg_arena_init(&load->arena, ARENA_BYTES, why);
}

void load_done(struct load *load)
{
    for (size_t i = 0; i < LOAD_LINKS; i++)
        raw_link_done(&load->links[i]);
    sg_arena_done(&load->arena);
    free(SG_TAKE(load->slots));
}

enum sg_err load_connect(struct load *load, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < LOAD_LINKS; i++)
        if (!load->links[i].client.socket)
            err = raw_link_connect(&load->links[i], why);
    for (size_t i = 0; !err && i < FIRST_SLOTS && load->links[LOAD_PROVIDER].outbox.event_count < 3;
         i++)
        offer_slot(load);
    return err;
}

enum sg_err load_pump(struct load *load, int timeout_ms, bool *out_moved, struct sg_why *why)
{
    if (!load->held && load->slot_count) {
        refer(load, LOAD_REFERRER_A);
        refer(load, LOAD_REFERRER_B);
    }
    return raw_links_pump(load->links, LOAD_LINKS, timeout_ms, out_moved, why);
}

uint64_t load_outcomes(const struct load *load)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LOAD_LINKS; i++)
        sum += load->links[i].outcomes;
    return sum;
}

bool load_idle(const struct load *load)
{
    bool idle = true;
    for (size_t i = 0; i < LOAD_LINKS; i++)
        idle = idle && raw_outbox_idle(&load->links[i].outbox);
    return idle;
}
