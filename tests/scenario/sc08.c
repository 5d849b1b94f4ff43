/* SC08 Agency offline a week, with two devices of its own. */
#include "unit/unit.h"

#include "kit/cast.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */

/* The office's computer writes K, the laptop of the class room L; what they have written before
 * this week is counted from 1 in each. */
enum { K = 77, L = 76 };

static unsigned version_of_7_june;
static char version_of_now[24];
static uint64_t seq_of_k42;

static void name_of_outbox(const char *name, unsigned number)
{
    struct sg_id id = scene_city.clients[DISNAKER].outbox;
    id.b[SG_ID_BYTES - 1] = (uint8_t)number;
    name_id(name, &id);
}

/* Two RESERVED seats of 4 June, 17:30; disnaker reads them, and goes down on 8 June. */
static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    name_of_outbox("office", K);
    name_of_outbox("laptop", L);
    accepted(offer_motor("S1", 2));
    in_service("C1", BUDI, 3);
    in_service("C2", ANDI, 3);
    at("2026-06-04 17:30");
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    at("2026-06-04 17:31");
    seat_is("A2", ask("C2", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    at("2026-06-07 09:00");
    version_of_7_june = 3; /* the offer and two seats */
    row_is("S1", "version:3 live:2");
    heard_before();
    at("2026-06-08 08:00");
    goes_down(DISNAKER);
    heard_nothing();
}

/* T15 on the next working day at 12:00; T06 and T07 are told once, and do not go further while
 * nobody is there to read them. Nothing happens to the seats. (T08 does not run: it begins with
 * the E13 that is still in the office.) */
static void while_it_is_away(void)
{
    at("2026-06-09 12:00");
    heard_nothing(); /* T15 binds disnaker alone, which is away */
    at("2026-06-09 16:59");
    heard_nothing();
    at("2026-06-09 17:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-09 17:00' level:1 cleared:false down_time_ms:118800000} case_id:@C1\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-09 17:00' level:1 cleared:false down_time_ms:118800000} case_id:@C2\n");
    at("2026-06-11 17:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-11 17:00' level:1 cleared:false down_time_ms:291600000} case_id:@C1\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:false down_time_ms:291600000} case_id:@C2\n");
    at("2026-06-15 08:00");
    row_is("A1", "state:RESERVED seat_no:1");
    row_is("A2", "state:RESERVED seat_no:2");
    row_is("S1", "version:3 live:2");
    heard_nothing(); /* no level 2 */
}

/* The laptop of the class room comes first, with one batch. */
static void the_laptop_comes_first(void)
{
    static const char *const texts[] = {
        "occurred_at:'2026-06-12T09:00:00Z' placement_ended{allocation_id:@A2 ended_on:2026-06-12 competency:NOT_TESTED result:DROPPED_OUT}",
        "occurred_at:'2026-06-12T09:00:00Z' attendance_reported{allocation_id:@A1 from_on:2026-06-08 to_on:2026-06-12 sessions_held:5 sessions_attended:6 absences_excused:0}",
        "occurred_at:'2026-06-12T09:00:00Z' attendance_reported{allocation_id:@A1 from_on:2026-06-08 to_on:2026-06-12 sessions_held:5 sessions_attended:4 absences_excused:0}"};
    struct world_outcome l[3];
    assert_int_equal(say_all(DISNAKER, L, 1, texts, 3, l), 0);
    assert_int_equal(l[0].status, PB_OUTCOME_STATUS_PARKED);
    assert_int_not_equal(l[0].seq, 0);
    refused(l[1], SG_ST_SCHEMA, NULL);
    assert_int_equal(l[2].status, PB_OUTCOME_STATUS_PARKED);
    row_is("A2", "state:RESERVED");
    /* disnaker is back: it is told what it has missed. Nobody has read what is parked. */
    heard(.disnaker =
              "deadline_missed{rule_id:T15 aggregate_type:AGENCY aggregate_id:@aggregate-1 due_at:'2026-06-09 12:00' level:1 cleared:false down_time_ms:100800000}\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-09 17:00' level:1 cleared:false down_time_ms:118800000} -case_id\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-09 17:00' level:1 cleared:false down_time_ms:118800000} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-11 17:00' level:1 cleared:false down_time_ms:291600000} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:false down_time_ms:291600000} -case_id\n"
              "deadline_missed{rule_id:T15 aggregate_type:AGENCY aggregate_id:@aggregate-1 due_at:'2026-06-09 12:00' level:1 cleared:true}\n");
    struct world_outcome again[3];
    assert_int_equal(say_all(DISNAKER, L, 1, texts, 3, again), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(again[i].status, PB_OUTCOME_STATUS_DUPLICATE);
        assert_int_equal(again[i].seq, l[i].seq);
        assert_int_equal(again[i].code, l[i].code);
    }
}

/* Then the computer of the office: K41 to K45 in one batch (here 1 to 5). */
static void the_office_follows(void)
{
    char k44[200];
    (void)snprintf(k44, sizeof k44, "slot_changed{slot_id:@S1 capacity_offered:1 reason:'instruktur berkurang'} expected_version:%u", version_of_7_june);
    const char *const texts[] = {
        "occurred_at:'2026-06-05T02:00:00Z' seat_decided{allocation_id:@A1 decision:CONFIRMED}",
        "occurred_at:'2026-06-08T02:00:00Z' placement_started{allocation_id:@A1 started_on:2026-06-08}",
        "occurred_at:'2026-06-08T02:00:00Z' placement_started{allocation_id:@A2 started_on:2026-06-08}",
        k44,
        "occurred_at:'2026-06-12T09:00:00Z' attendance_reported{allocation_id:@A1 from_on:2026-06-12 to_on:2026-06-14 sessions_held:1 sessions_attended:1 absences_excused:0}"};
    struct world_outcome k[5];
    assert_int_equal(say_all(DISNAKER, K, 1, texts, 5, k), 0);
    accepted_with("W_LATE", k[0]);
    accepted_with("W_LATE", k[1]);
    accepted_with("W_LATE", k[2]);
    refused(k[3], SG_ST_VERSION_CONFLICT, NULL);
    accepted_with("", k[4]);
    row_is("A1", "state:OCCUPIED started_on:20612 seat_no:1");
    row_is("A2", "state:FORFEITED result:DROPPED_OUT"); /* it came on 15 June, after late entry */
    row_is("C1", "state:IN_TRAINING");
    row_is("C2", "state:IN_SERVICE");
    heard(.dinsos =
              "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:office person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-09 17:00' level:1 cleared:true} case_id:@C1\n"
              "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:OCCUPIED cause:office person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-11 17:00' level:1 cleared:true} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:IN_SERVICE to:IN_TRAINING cause:office} case_id:@C1\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-08 to_on:2026-06-12 sessions_held:5 sessions_attended:4 absences_excused:0}\n"
              "disnaker placement_started{allocation_id:@A2 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:OCCUPIED cause:office person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-09 17:00' level:1 cleared:true} case_id:@C2\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} case_id:@C2\n"
              "case_state_changed{case_id:@C2 from:IN_SERVICE to:IN_TRAINING cause:office} case_id:@C2\n"
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-12 result:DROPPED_OUT competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED cause:laptop person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n"
              "case_state_changed{case_id:@C2 from:IN_TRAINING to:IN_SERVICE cause:laptop} case_id:@C2\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-12 to_on:2026-06-14 sessions_held:1 sessions_attended:1 absences_excused:0}\n",
          .disnaker =
              "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:office person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-09 17:00' level:1 cleared:true} -case_id\n"
              "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:OCCUPIED cause:office person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A1 due_at:'2026-06-11 17:00' level:1 cleared:true} -case_id\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-08 to_on:2026-06-12 sessions_held:5 sessions_attended:4 absences_excused:0}\n"
              "event_settled{place:laptop outcome:ACCEPTED}\n"
              "disnaker placement_started{allocation_id:@A2 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:OCCUPIED cause:office person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "deadline_missed{rule_id:T06 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-09 17:00' level:1 cleared:true} -case_id\n"
              "deadline_missed{rule_id:T07 aggregate_type:PLACEMENT aggregate_id:@A2 due_at:'2026-06-11 17:00' level:1 cleared:true} -case_id\n"
              "disnaker placement_ended{allocation_id:@A2 ended_on:2026-06-12 result:DROPPED_OUT competency:NOT_TESTED course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S1 seat_no:2 change:FORFEITED cause:laptop person{person_ref:@person-2-disnaker full_name:'Andi Pratama' sex:MALE age_band:A35_44}} -case_id\n"
              "event_settled{place:laptop outcome:ACCEPTED}\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-12 to_on:2026-06-14 sessions_held:1 sessions_attended:1 absences_excused:0}\n",
          .dpppa =
              "disnaker placement_ended{allocation_id:@A2} -ended_on -result -competency -course_code\n");
    (void)snprintf(version_of_now, sizeof version_of_now, "%.20s", k[3].detail);
    seq_of_k42 = k[1].seq;
}

/* K42 again, and K42 with other bytes. Then K46: the change again, with the version of now. K48
 * does not come before K47. */
static void what_is_sent_again(void)
{
    static const char *const k42 = "occurred_at:'2026-06-08T02:00:00Z' placement_started{allocation_id:@A1 started_on:2026-06-08}";
    struct world_outcome again[1];
    assert_int_equal(say_all(DISNAKER, K, 2, &k42, 1, again), 0);
    assert_int_equal(again[0].status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(again[0].seq, seq_of_k42);
    const char *const other = "placement_started{allocation_id:@A1 started_on:2026-06-09}";
    assert_int_equal(say_all(DISNAKER, K, 2, &other, 1, again), 0);
    refused(again[0], SG_ST_DUPLICATE_CONFLICT, NULL);
    heard_nothing();

    char k46[200];
    (void)snprintf(k46, sizeof k46, "slot_changed{slot_id:@S1 capacity_offered:1 reason:'instruktur berkurang'} expected_version:%s", version_of_now);
    const char *const later[] = {k46, "attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:1 sessions_attended:1 absences_excused:0}", "attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:2 sessions_attended:1 absences_excused:1}"};
    assert_int_equal(say_all(DISNAKER, K, 6, &later[0], 1, again), 0);
    accepted_with("", again[0]);
    assert_int_equal(say_all(DISNAKER, K, 8, &later[2], 1, again), 7);
    assert_int_equal(say_all(DISNAKER, K, 7, &later[1], 1, again), 0);
    accepted_with("", again[0]);
    assert_int_equal(say_all(DISNAKER, K, 8, &later[2], 1, again), 0);
    accepted_with("", again[0]);
    row_is("S1", "live:1");
    heard(.satpolpp =
              "disnaker slot_changed{slot_id:@S1 capacity_offered:1} -reason\n",
          .dinsos =
              "disnaker slot_changed{slot_id:@S1 capacity_offered:1} -reason\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:1 sessions_attended:1 absences_excused:0}\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:2 sessions_attended:1 absences_excused:1}\n",
          .disnaker =
              "disnaker slot_changed{slot_id:@S1 capacity_offered:1 reason:'instruktur berkurang'}\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:1 sessions_attended:1 absences_excused:0}\n"
              "disnaker attendance_reported{allocation_id:@A1 from_on:2026-06-15 to_on:2026-06-15 sessions_held:2 sessions_attended:1 absences_excused:1}\n",
          .dpppa =
              "disnaker slot_changed{slot_id:@S1 capacity_offered:1} -reason\n",
          .inspektorat =
              "disnaker slot_changed{slot_id:@S1 capacity_offered:1} -reason\n");
}

static void a_week_offline(void **state)
{
    (void)state;
    open_city();
    while_it_is_away();
    the_laptop_comes_first();
    the_office_follows();
    what_is_sent_again();
    /* 10.10: K41 to K43 came late; two numbers (L8, K44) have no event. */
    assert_string_equal(report("quality", "agencies", "2026-01-01", "2026-12-31"),
        "agency | events | late | late_pct | gaps | personal\n"
        "dinsos | 8 | 0 | 0.0% | 0 | 0\n"
        "disnaker | 10 | 3 | 30.0% | 2 | 0\n"
        "satpolpp | 2 | 0 | 0.0% | 0 | 0\n");
    /* 10.3 uses 8 June, the day on which they began, not the one on which it was told. */
    assert_non_null(strstr(report("time", "days", "2026-01-01", "2026-12-31"),
        "stage | n | median | p90 | max\n"
        "Rujukan sampai mulai kursus | 2 | 35.0 | 35.0 | 35.0\n"));
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(a_week_offline))
