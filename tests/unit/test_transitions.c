/* Every cell of the state machines that are built, allowed and refused, through broker_turn. */
#include "unit/unit.h"

#include "kit/people.h"
#include "wire/day.h"

#include <stdio.h>

#define MAN                                                                          \
    "\"fullName\":\"Budi\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""
#define ACCEPT "\"PERSON_ACCEPTED\""
#define CONFIRM "\"CONFIRMED\""
#define WITHDRAW "\"WITHDRAWN_BY_CASE_OWNER\",\"reason\":\"PERSON_REFUSED\""
#define DECLINE "\"DECLINED_BY_PROVIDER\",\"reason\":\"AGE\",\"declinedBy\":\"RECEIVER\""

static struct world_city city;

enum seat_state { WAITLISTED, HELD, RESERVED, CONFIRMED, RELEASED, EXPIRED, SEAT_STATES };

/* One seat, held by another one when the person shall wait. */
static struct sg_id seat_in(enum seat_state state)
{
    assert_int_equal(offer_s1(&city, 900, 1).status, PB_OUTCOME_STATUS_ACCEPTED);
    struct sg_id person = person_in_service(&city, 1, MAN, 3);
    if (state == WAITLISTED) {
        struct sg_id other = person_in_service(&city, 2, MAN, 3);
        assert_int_equal(ask_seat(&city, 501, 900, &other, true, false).status,
                         PB_OUTCOME_STATUS_ACCEPTED);
    }
    bool accepted = state != HELD && state != EXPIRED;
    struct world_outcome seat = ask_seat(&city, 502, 900, &person, accepted, true);
    assert_int_equal(seat.status, PB_OUTCOME_STATUS_ACCEPTED);
    if (state == CONFIRMED)
        (void)decide_seat(&city, DISNAKER, &seat.allocation_id, CONFIRM);
    if (state == RELEASED)
        (void)decide_seat(&city, DINSOS, &seat.allocation_id, WITHDRAW);
    if (state == EXPIRED)
        world_move(&city, "2026-05-07T01:00:00Z");
    return seat.allocation_id;
}

static void every_cell_of_a_seat(void **state)
{
    (void)state;
    static const char *const states[SEAT_STATES] = {"WAITLISTED", "HELD",     "RESERVED",
                                                    "CONFIRMED",  "RELEASED", "EXPIRED"};
    static const struct {
        const char *name, *decision;
        enum world_agency who;
        bool allowed[SEAT_STATES];
    } columns[] = {
        /* clang-format off */
        {"person accepted", ACCEPT, DINSOS, {[HELD] = true, [EXPIRED] = true /* free, nobody waits */}},
        {"confirmed", CONFIRM, DISNAKER, {[RESERVED] = true}},
        {"withdrawn", WITHDRAW, DINSOS, {[WAITLISTED] = true, [HELD] = true, [RESERVED] = true, [CONFIRMED] = true}},
        {"declined", DECLINE, DISNAKER, {[HELD] = true, [RESERVED] = true}},
    }; /* clang-format on */
    for (size_t s = 0; s < SEAT_STATES; s++)
        for (size_t c = 0; c < SG_ARRAY_LEN(columns); c++) {
            world_open(&city, "2026-05-04T01:00:00Z");
            struct sg_id seat = seat_in((enum seat_state)s);
            struct world_outcome o = decide_seat(&city, columns[c].who, &seat, columns[c].decision);
            bool accepted = o.status == PB_OUTCOME_STATUS_ACCEPTED;
            if (accepted != columns[c].allowed[s] || (!accepted && o.code != SG_ST_BAD_TRANSITION))
                fail_msg("%s, %s: status %d code %u", states[s], columns[c].name, o.status, o.code);
            world_close(&city);
        }
}

static struct world_outcome decide_referral(unsigned number, enum world_agency who,
                                            const char *decision)
{
    char r[SG_ID_TEXT];
    return world_publish(&city, who,
                         "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":%s}}",
                         id_text(number, r), decision);
}

static void refer(unsigned number)
{
    char r[SG_ID_TEXT];
    assert_int_equal(
        world_publish(&city, SATPOLPP,
                      "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\","
                      "\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{" MAN
                      "},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\","
                      "\"activity\":\"BEGGING\",\"childrenWith\":0}}",
                      id_text(number, r))
            .status,
        PB_OUTCOME_STATUS_ACCEPTED);
}

#define YES "\"ACCEPTED\""
#define NO "\"DECLINED\",\"reason\":\"OUT_OF_TOWN\",\"declinedBy\":\"RECEIVER\""
#define ON "\"REDIRECTED\",\"reason\":\"WRONG_AGENCY\",\"redirectTo\":\"dpppa\""

static void every_cell_of_a_referral(void **state)
{
    (void)state;
    static const char *const decisions[] = {YES, NO, ON};
    for (size_t first = 0; first < 3; first++)
        for (size_t second = 0; second < 3; second++) {
            world_open(&city, "2026-05-04T01:00:00Z");
            refer(1);
            assert_int_equal(decide_referral(1, DINSOS, decisions[first]).status,
                             PB_OUTCOME_STATUS_ACCEPTED);
            struct world_outcome o = decide_referral(1, DINSOS, decisions[second]);
            /* Decided is decided; redirected, it is no longer for Dinsos to say. */
            uint32_t want = first == 2 ? SG_ST_NOT_OWNER : SG_ST_BAD_TRANSITION;
            if (o.code != want)
                fail_msg("%s then %s: code %u", decisions[first], decisions[second], o.code);
            if (first == 2) {
                o = decide_referral(1, DPPPA, decisions[second]);
                uint32_t again = second == 2 ? SG_ST_BAD_TRANSITION : SG_ST_OK;
                if (o.code != again)
                    fail_msg("redirected, then %s by the new target: code %u", decisions[second],
                             o.code);
            }
            world_close(&city);
        }
}

/* The new target of a redirected referral has a case of its own, and is shown the person. */
static void redirection_moves_the_case(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    refer(1);
    assert_int_equal(decide_referral(1, DINSOS, ON).status, PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(world_count(&city, DPPPA, "referral.presented", "\"fullName\":\"Budi\""), 1);
    assert_int_equal(world_count(&city, DPPPA, "case.state_changed", "CASE_STATE_NEW"), 1);
    assert_int_equal(world_count(&city, DINSOS, "case.state_changed", "CASE_STATE_VOID"), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "REFERRAL_STATE_REDIRECTED"), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "WRONG_AGENCY"), 1);
    refer(2);
    assert_int_equal(decide_referral(2, DINSOS, NO).status, PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "REFERRAL_STATE_DECLINED"), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "OUT_OF_TOWN"), 0);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "case_state_changed.reason"), 1);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell_of_a_seat), cmocka_unit_test(every_cell_of_a_referral),
          cmocka_unit_test(redirection_moves_the_case))
