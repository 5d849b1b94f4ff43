/* SC02 No seats, waiting list. */
#include "unit/unit.h"

#include "kit/cast.h"
#include "kit/notation.h"
#include "kit/talk.h"

#include <stdio.h>

/* clang-format off */

static void open_city(unsigned seats_offered)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", seats_offered));
    in_service("C-budi", BUDI, 3);
    in_service("C-andi", ANDI, 3);
    in_service("C-joko", JOKO, 3);
    in_service("C-amir", AMIR, 1);
    heard_before();
}

/* S1 seats taken by Budi and Andi. Joko is told that the slot is full, then waits at 1; a man of
 * band 1 comes later and waits before him. */
static void they_wait(void)
{
    seat_is("A1", ask("C-budi", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A2", ask("C-andi", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    row_is("A1", "state:RESERVED seat_no:1");
    row_is("A2", "state:RESERVED seat_no:2");
    heard_before();
    refused(ask("C-joko", "S1", "person_accepted:true waitlist_ok:false" WITHOUT_KTP), SG_ST_SLOT_FULL, "");
    heard_nothing();
    struct world_outcome joko = ask("C-joko", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP);
    seat_is("A3", joko);
    accepted_with("W_WAIVER", joko);
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-4 slot_id:@S1 person_accepted:true waitlist_ok:true waivers:[KTP] override:NONE} case_id:@C-joko\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-3-disnaker age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name -person.sex\n");
    struct world_outcome amir = ask("C-amir", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP);
    seat_is("A4", amir);
    accepted_with("W_WAIVER", amir);
    /* One D1, for the newcomer; `sinergi seats` shows both as they stand now. */
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-5 slot_id:@S1 person_accepted:true waitlist_ok:true waivers:[KTP] override:NONE} case_id:@C-amir\n"
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-4-dinsos full_name:'Amir Hamzah' sex:MALE age_band:A35_44} warnings:[W_WAIVER]} case_id:@C-amir\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:0 change:WAITLISTED waitlist_position:1 cause:dinsos person{person_ref:@person-4-disnaker age_band:A35_44} warnings:[W_WAIVER]} -case_id -person.full_name -person.sex\n");
    assert_string_equal(seats(DINSOS, "S1"),
        "{allocation_id:@A1 state:RESERVED seat_no:1 case_id:@C-budi person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}}\n"
        "{allocation_id:@A2 state:RESERVED seat_no:2 case_id:@C-andi person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}}\n"
        "{allocation_id:@A4 state:WAITLISTED seat_no:0 waitlist_position:1 case_id:@C-amir person{person_ref:@person-4-dinsos full_name:'Amir Hamzah' sex:MALE age_band:A35_44}}\n"
        "{allocation_id:@A3 state:WAITLISTED seat_no:0 waitlist_position:2 case_id:@C-joko person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34}}\n");
    assert_string_equal(seats(DISNAKER, "S1"),
        "{allocation_id:@A1 state:RESERVED seat_no:1 person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}}\n"
        "{allocation_id:@A2 state:RESERVED seat_no:2 person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}}\n"
        "{allocation_id:@A4 state:WAITLISTED seat_no:0 waitlist_position:1 person{person_ref:@person-4-disnaker age_band:A35_44}}\n"
        "{allocation_id:@A3 state:WAITLISTED seat_no:0 waitlist_position:2 person{person_ref:@person-3-disnaker age_band:A25_34}}\n");
}

/* Andi goes: in the same commit the man of band 1 is promoted, for 48 hours. He does not answer. */
static void they_move_up(void)
{
    accepted(decide(DINSOS, "A2", "WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON"));
    row_is("A2", "state:RELEASED");
    row_is("A4", "state:HELD seat_no:2");
    row_is("A3", "state:WAITLISTED");
    heard(.dinsos =
              "dinsos seat_decided{allocation_id:@A2 decision:WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:RELEASED cause:dinsos person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C-andi\n"
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-05-06 08:00' cause:dinsos person{person_ref:@person-4-dinsos full_name:'Amir Hamzah' sex:MALE age_band:A35_44} warnings:[W_WAIVER]} case_id:@C-amir\n",
          .disnaker =
              "dinsos seat_decided{allocation_id:@A2 decision:WITHDRAWN_BY_CASE_OWNER reason:PERSON_REFUSED declined_by:PERSON}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:RELEASED cause:dinsos person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-05-06 08:00' cause:dinsos person{person_ref:@person-4-disnaker sex:MALE age_band:A35_44} warnings:[W_WAIVER]} -case_id -person.full_name\n");
    refused(decide(DINSOS, "A3", "PERSON_ACCEPTED"), SG_ST_BAD_TRANSITION, NULL);
    at("2026-05-05 20:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A4 due_at:'2026-05-06 08:00' level:0 cleared:false} case_id:@C-amir\n");
    at("2026-05-06 07:59");
    heard_nothing();
    at("2026-05-06 08:00");
    row_is("A4", "state:EXPIRED");
    row_is("A3", "state:HELD seat_no:2");
    heard(.dinsos =
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:2 change:EXPIRED person{person_ref:@person-4-dinsos full_name:'Amir Hamzah' sex:MALE age_band:A35_44} warnings:[W_WAIVER]} case_id:@C-amir\n"
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A4 due_at:'2026-05-06 08:00' level:1 cleared:false} case_id:@C-amir\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-05-08 08:00' person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A4 slot_id:@S1 seat_no:2 change:EXPIRED person{person_ref:@person-4-disnaker sex:MALE age_band:A35_44} warnings:[W_WAIVER]} -case_id -person.full_name\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-05-08 08:00' person{person_ref:@person-3-disnaker sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name\n");
    accepted(decide(DINSOS, "A3", "PERSON_ACCEPTED"));
    row_is("A3", "state:RESERVED seat_no:2");
    heard(.dinsos =
              "dinsos seat_decided{allocation_id:@A3 decision:PERSON_ACCEPTED}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:RESERVED cause:dinsos person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n",
          .disnaker =
              "dinsos seat_decided{allocation_id:@A3 decision:PERSON_ACCEPTED}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:RESERVED cause:dinsos person{person_ref:@person-3-disnaker full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id\n");
}

static void seats_and_waiting(void **state)
{
    (void)state;
    open_city(2);
    they_wait();
    they_move_up();
    scene_close();
}

/* The frame of one E11 from an outbox and a connection of its own. */
static struct peer race(struct talk *talk, const char *case_name, const char *request, uint8_t outbox, const char *waits)
{
    char text[400], json[800];
    struct sg_id id = {{0xd1, outbox}};
    (void)snprintf(text, sizeof text, "case_id:@%s seat_requested{request_id:@%s slot_id:@S1 override:NONE person_accepted:true waitlist_ok:%s waivers:[KTP]} legal_basis:CONSENT", case_name, request, waits);
    notation_read(text, json, sizeof json);
    struct peer peer = talk_connect(talk, DINSOS);
    struct talk_event event = talk_event(talk, DINSOS, json);
    (void)talk_publish(talk, DINSOS, peer, &id, 1, &event, 1);
    return peer;
}

/* Two E11 race for the last seat from two connections, in one turn: exactly one is RESERVED. */
static void the_last_seat(void **state)
{
    (void)state;
    static const struct {
        const char *waits;
        int status;
        uint32_t code;
        const char *rest;
    } rows[] = {
        {"false", PB_OUTCOME_STATUS_REJECTED, SG_ST_SLOT_FULL, "live:1"},
        {"true", PB_OUTCOME_STATUS_ACCEPTED, SG_ST_OK, "live:1 waiting:1"},
    };
    static struct talk talk;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        open_city(1);
        talk_open(&talk, &scene_city);
        struct peer first = race(&talk, "C-joko", "Q-joko", 1, rows[i].waits);
        struct frame_in of_first = talk.frames[0];
        talk.frame_count = 0; /* the second one connects in a turn of its own */
        struct peer second = race(&talk, "C-amir", "Q-amir", 2, rows[i].waits);
        talk.frames[talk.frame_count++] = of_first;
        talk_turn(&talk);
        const PbOutcome *won = talk_answer(&talk, second, 0)->publish_result->outcomes[0];
        const PbOutcome *lost = talk_answer(&talk, first, 0)->publish_result->outcomes[0];
        assert_int_equal(won->status, PB_OUTCOME_STATUS_ACCEPTED);
        assert_int_equal(lost->status, rows[i].status);
        assert_int_equal(lost->error ? lost->error->code : 0, rows[i].code);
        row_is("S1", rows[i].rest);
        scene_close();
    }
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(seats_and_waiting), cmocka_unit_test(the_last_seat))
