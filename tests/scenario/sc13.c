/* SC13 Restart in the middle. That a kill -9 of the process itself loses nothing is shown with the
 * real daemon by tests/e2e/crash.c; here the store is opened again between the commit and the
 * reply, fifty times in two hundred events. */
#include "unit/unit.h"

#include "kit/cast.h"
#include "kit/sample.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVENTS = 200, RESTARTS = 50, KNOWN_MAX = EVENTS };

struct ids {
    struct sg_id ids[KNOWN_MAX];
    size_t count;
};

/* What the agencies know of: they state something about it at random. */
static struct {
    struct sample sample;
    struct prng prng;
    struct ids referrals, cases, slots, seats;
} town;

static void learn(struct ids *ids, const struct sg_id *id)
{
    if (!sg_id_is_zero(id))
        ids->ids[ids->count++] = *id;
}

static const struct sg_id *one_of(const struct ids *ids)
{
    return ids->count ? &ids->ids[prng_below(&town.prng, ids->count)] : NULL;
}

static struct world_outcome state(enum world_agency who, const PbEnvelope *e)
{
    return world_state(&scene_city, who, e);
}

static enum world_agency about_a_seat(const struct sg_id *seat, struct world_outcome *out)
{
    static const struct {
        enum world_agency who;
        PbSeatDecision decision;
    } words[] = {{DISNAKER, PB_SEAT_DECISION_CONFIRMED},
                 {DINSOS, PB_SEAT_DECISION_PERSON_ACCEPTED},
                 {DINSOS, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER},
                 {DISNAKER, PB_SEAT_DECISION_DECLINED_BY_PROVIDER}};
    struct sg_arena *arena = &scene_city.arena;
    size_t i = prng_below(&town.prng, SG_ARRAY_LEN(words) + 2);
    if (i < SG_ARRAY_LEN(words)) {
        *out = state(words[i].who,
                     sample_seat(&town.sample, arena, scene_city.clients[words[i].who].id, seat,
                                 words[i].decision));
        return words[i].who;
    }
    *out = state(DISNAKER, i == SG_ARRAY_LEN(words) ? sample_start(&town.sample, arena, seat)
                                                    : sample_end(&town.sample, arena, seat));
    return DISNAKER;
}

static enum world_agency about_a_case(const struct sg_id *id, struct world_outcome *out)
{
    struct sg_arena *arena = &scene_city.arena;
    const struct sg_id *slot = one_of(&town.slots);
    switch (prng_below(&town.prng, slot ? 4 : 2)) {
    case 0: *out = state(DINSOS, sample_assessment(&town.sample, arena, id)); break;
    case 1: *out = state(DINSOS, sample_consent(&town.sample, arena, id)); break;
    default: {
        const struct sample_wish wish = {.case_id = *id,
                                         .slot_id = *slot,
                                         .person_accepted = prng_below(&town.prng, 2) != 0,
                                         .waitlist_ok = true};
        *out = state(DINSOS, sample_request(&town.sample, arena, &wish));
        learn(&town.seats, &out->allocation_id);
    }
    }
    return DINSOS;
}

/* One event of somebody; most are accepted, some are refused, some wait. */
static enum world_agency somebody_says(struct world_outcome *out)
{
    struct sg_arena *arena = &scene_city.arena;
    struct sg_id id;
    const struct sg_id *referral = one_of(&town.referrals), *of_case = one_of(&town.cases),
                       *seat = one_of(&town.seats);
    sg_arena_reset(arena, 0);
    town.sample.now_ms = scene_city.now_ms;
    switch (prng_below(&town.prng, 10)) {
    case 0:
    case 1:
        *out = state(SATPOLPP, sample_referral(&town.sample, arena, &id));
        learn(&town.referrals, &id);
        return SATPOLPP;
    case 2: *out = state(SATPOLPP, sample_contact(&town.sample, arena)); return SATPOLPP;
    case 3:
        *out = state(DISNAKER, sample_slot(&town.sample, arena, 2, &id));
        learn(&town.slots, &id);
        return DISNAKER;
    case 4:
    case 5:
        if (seat)
            return about_a_seat(seat, out);
        break;
    case 6:
        if (referral) {
            *out = state(DINSOS, sample_decision(&town.sample, arena, referral));
            learn(&town.cases, &out->case_id);
            return DINSOS;
        }
        break;
    default:
        if (of_case)
            return about_a_case(of_case, out);
        break;
    }
    *out = state(SATPOLPP, sample_contact(&town.sample, arena));
    return SATPOLPP;
}

/* The daemon is gone before the reply. What was decided is there after it has come back; the
 * client, which knows nothing of it, sends again and is told. */
static void gone_before_the_reply(enum world_agency who, const struct world_outcome *was, int round)
{
    char now[32];
    uint64_t before = state_of_all();
    scene_restart(sg_time_print_wib(scene_city.now_ms, now));
    struct world_outcome again = world_resend(&scene_city, who);
    if (again.status != PB_OUTCOME_STATUS_DUPLICATE || again.code != was->code ||
        again.seq != was->seq)
        fail_msg("restart %d: status %d %s seq %llu, was %s seq %llu", round, again.status,
                 sg_status_name(again.code), (unsigned long long)again.seq,
                 sg_status_name(was->code), (unsigned long long)was->seq);
    if (state_of_all() != before)
        fail_msg("restart %d: the state is another one", round);
    fold_again();
}

static void fifty_restarts(void **unused)
{
    (void)unused;
    const char *seed = getenv("SEED");
    int restarts = 0, accepted_count = 0;
    scene_open("2026-05-04 08:00", WORLD_AGENCIES);
    memset(&town, 0, sizeof town);
    town.prng = (struct prng){seed ? strtoull(seed, NULL, 10) : 13};
    sample_init(&town.sample, 13, scene_city.now_ms, 1);
    for (int i = 0; i < EVENTS; i++) {
        struct world_outcome outcome = {0};
        world_pass(&scene_city, (int64_t)prng_below(&town.prng, 240) * 60000);
        enum world_agency who = somebody_says(&outcome);
        accepted_count += outcome.status == PB_OUTCOME_STATUS_ACCEPTED;
        /* Exactly fifty of the two hundred, at random. */
        if (prng_below(&town.prng, (uint64_t)(EVENTS - i)) < (uint64_t)(RESTARTS - restarts))
            gone_before_the_reply(who, &outcome, restarts++);
    }
    assert_int_equal(restarts, RESTARTS);
    if (accepted_count < EVENTS / 3 || accepted_count == EVENTS)
        fail_msg("%d of %d accepted: there is nothing to restart over", accepted_count, EVENTS);
    scene_close();
}

/* clang-format off */

/* A hold that ran out while the daemon was down is EXPIRED before the first new event. */
static void a_hold_that_ran_out(void **unused)
{
    (void)unused;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 1));
    in_service("C1", BUDI, 3);
    in_service("C2", ANDI, 3);
    seat_is("A1", ask("C1", "S1", "person_accepted:false waitlist_ok:false" WITH_KTP));
    row_is("A1", "state:HELD seat_no:1");
    heard_before();
    scene_restart("2026-05-08 08:00");
    seat_is("A2", ask("C2", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    row_is("A1", "state:EXPIRED");
    row_is("A2", "state:RESERVED seat_no:1");
    heard(.dinsos =
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-05-07 08:00' level:0 cleared:false} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:EXPIRED person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-05-07 08:00' level:1 cleared:false} case_id:@C1\n"
              "dinsos seat_requested{request_id:@Q-2 slot_id:@S1 person_accepted:true waitlist_ok:false documents_held:[KTP] override:NONE} case_id:@C2\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:EXPIRED person{person_ref:@person-1-disnaker sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id -person.full_name\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n");
    refused(decide(DINSOS, "A1", "PERSON_ACCEPTED"), SG_ST_BAD_TRANSITION, NULL);
    scene_restart("2026-05-08 08:00");
    struct world_outcome again = world_resend(&scene_city, DINSOS);
    assert_int_equal(again.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(again.code, SG_ST_BAD_TRANSITION);
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(fifty_restarts), cmocka_unit_test(a_hold_that_ran_out))
