/* SC04 No-show and refill. */
#include "unit/unit.h"

#include "kit/cast.h"

/* clang-format off */

/* S1 has two seats: Budi is there on the first day, Andi is CONFIRMED, Joko waits. */
static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    in_service("C-budi", BUDI, 3);
    in_service("C-andi", ANDI, 3);
    in_service("C-joko", JOKO, 3);
    seat_is("A1", ask("C-budi", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A2", ask("C-andi", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A3", ask("C-joko", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    accepted(decide(DISNAKER, "A1", "CONFIRMED"));
    accepted(decide(DISNAKER, "A2", "CONFIRMED"));
    at("2026-06-08 09:00");
    accepted(start(DISNAKER, "A1", "2026-06-08"));
    row_is("A2", "state:CONFIRMED seat_no:2");
    heard_before();
}

static void refill(void **state)
{
    (void)state;
    open_city();
    refused(end(DISNAKER, "A3", "2026-06-08", "NO_SHOW"), SG_ST_BAD_TRANSITION, NULL);
    /* The third working day after the start, 17:00: disnaker is asked, the seat is kept. */
    at("2026-06-11 16:59");
    heard_nothing();
    at("2026-06-11 17:00");
    row_is("A2", "state:CONFIRMED");
    heard(.dinsos =
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:false} case_id:@C-andi\n",
          .disnaker =
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:false} -case_id\n");
    at("2026-06-11 17:30");
    accepted(end(DISNAKER, "A2", "2026-06-11", "NO_SHOW"));
    row_is("A2", "state:RELEASED");
    row_is("A3", "state:HELD seat_no:2");
    row_is("C-andi", "state:IN_SERVICE");
    heard(.dinsos =
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-11 result:NO_SHOW competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:RELEASED cause:disnaker person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C-andi\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} case_id:@C-andi\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-06-12 17:30' cause:disnaker person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n",
          .disnaker =
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-11 result:NO_SHOW competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:RELEASED cause:disnaker person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} -case_id\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:PROMOTED hold_until:'2026-06-12 17:30' cause:disnaker person{person_ref:@person-3-disnaker sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id -person.full_name\n",
          .dpppa =
              "disnaker placement_ended{allocation_id:@A2} -ended_on -result -competency -course_code\n");
    at("2026-06-12 08:00");
    accepted(decide(DINSOS, "A3", "PERSON_ACCEPTED"));
    accepted(start(DISNAKER, "A3", "2026-06-12"));
    row_is("A3", "state:OCCUPIED");
    row_is("C-joko", "state:IN_TRAINING");
    heard(.dinsos =
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A3 due_at:'2026-06-12 17:30' level:0 cleared:false} case_id:@C-joko\n"
              "dinsos seat_decided{allocation_id:@A3 decision:PERSON_ACCEPTED}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:RESERVED cause:dinsos person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n"
              "deadline_missed{rule_id:T05 aggregate_type:PLACEMENT aggregate_id:@A3 due_at:'2026-06-12 17:30' level:0 cleared:true} case_id:@C-joko\n"
              "disnaker placement_started{allocation_id:@A3 started_on:2026-06-12}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:OCCUPIED cause:disnaker person{person_ref:@person-3-dinsos full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} case_id:@C-joko\n"
              "case_state_changed{case_id:@C-joko from:IN_SERVICE to:IN_TRAINING cause:disnaker} case_id:@C-joko\n",
          .disnaker =
              "dinsos seat_decided{allocation_id:@A3 decision:PERSON_ACCEPTED}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:RESERVED cause:dinsos person{person_ref:@person-3-disnaker full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id\n"
              "disnaker placement_started{allocation_id:@A3 started_on:2026-06-12}\n"
              "seat_allocation_changed{allocation_id:@A3 slot_id:@S1 seat_no:2 change:OCCUPIED cause:disnaker person{person_ref:@person-3-disnaker full_name:Joko sex:MALE age_band:A25_34} warnings:[W_WAIVER]} -case_id\n");
    scene_close();
}

/* Variant: E15 NO_SHOW on 15 June, after the end of late entry: FORFEITED, nobody promoted. */
static void too_late_for_anybody(void **state)
{
    (void)state;
    open_city();
    at("2026-06-12 23:59");
    row_is("A3", "state:WAITLISTED");
    at("2026-06-15 09:00");
    row_is("A3", "state:EXPIRED"); /* he waits no longer: nobody can begin any more */
    heard_before();
    accepted(end(DISNAKER, "A2", "2026-06-15", "NO_SHOW"));
    row_is("A2", "state:FORFEITED");
    row_is("S1", "live:1 waiting:0");
    /* 10.5: one seat unclaimed. */
    assert_string_equal(report("seats", "seats", "2026-06-01", "2026-06-30"),
        "provider | course | slots | offered | allocated | occupied | unclaimed | completed | forfeited | cancelled\n"
        "disnaker | MOTORCYCLE_SERVICE | 1 | 2 | 2 | 1 | 1 | 0 | 1 | 0\n"
        "Jumlah |  | 1 | 2 | 2 | 1 | 1 | 0 | 1 | 0\n");
    assert_string_equal(report("seats", "rates", "2026-06-01", "2026-06-30"),
        "provider | course | started | fill_pct | no_show | no_show_pct | completion_pct | expired_holds | refills | confirm_days | waiting_at_close\n"
        "disnaker | MOTORCYCLE_SERVICE | 1 | 50.0% | 1 | 50.0% | 0.0% | 0 | 0 | 0.0 | 1\n"
        "Jumlah |  | 1 | 50.0% | 1 | 50.0% | 0.0% | 0 | 0 | 0.0 | 1\n");
    heard(.dinsos =
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-15 result:NO_SHOW competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED cause:disnaker person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C-andi\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} case_id:@C-andi\n",
          .disnaker =
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-15 result:NO_SHOW competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED cause:disnaker person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} -case_id\n",
          .dpppa =
              "disnaker placement_ended{allocation_id:@A2} -ended_on -result -competency -course_code\n");
    scene_close();
}

/* Nobody ever says anything: NEVER_STARTED, two weeks after the end of late entry. */
static void never_started(void **state)
{
    (void)state;
    open_city();
    at("2026-06-26 23:59");
    row_is("A2", "state:CONFIRMED");
    heard_before();
    at("2026-06-27 00:00");
    row_is("A2", "state:FORFEITED");
    heard(.dinsos =
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C-andi\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:2 cleared:false} case_id:@C-andi\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:2 cleared:false} -case_id\n");
    refused(start(DISNAKER, "A2", "2026-06-08"), SG_ST_BAD_TRANSITION, NULL);
    heard_nothing();
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(refill), cmocka_unit_test(too_late_for_anybody),
          cmocka_unit_test(never_started))
