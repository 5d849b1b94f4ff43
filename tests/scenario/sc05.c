/* SC05 Relapse. */
#include "unit/unit.h"

#include "kit/cast.h"

/* clang-format off */

/* Budi has COMPLETED on 17 July and has a plan. */
static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    in_service("C1", BUDI, 3);
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    accepted(decide(DISNAKER, "A1", "CONFIRMED"));
    at("2026-06-08 09:00");
    accepted(start(DISNAKER, "A1", "2026-06-08"));
    at("2026-07-17 16:00");
    accepted(end(DISNAKER, "A1", "2026-07-17", "COMPLETED attendance_pct:93"));
    at("2026-07-20 09:00");
    accepted(say(DINSOS, "case_id:@C1 mentoring_plan_set{plan_id:@P1 mentor_ref:dns-0031 starts_on:2026-07-20 template:CUSTOM checkpoints:[{code:M03 due_on:2026-10-20} {code:M06 due_on:2027-01-20}]}"));
    heard_before();
}

static struct world_outcome seen(const char *contact, const char *person)
{
    return say(SATPOLPP, "contact_recorded{contact_id:@%s person{%s} found_region:14.71.09 activity:BEGGING outcome:ADVISED}", contact, person);
}

static struct world_outcome offer_next(const char *slot, const char *course)
{
    return say(DISNAKER, "slot_offered{slot_id:@%s course_code:%s venue_region:14.71.10 venue_name:BLK starts_on:2027-01-11 ends_on:2027-02-19 lesson_hours:240 class_size:16 capacity_offered:2 registration_closes_at:'2027-01-08T03:00:00Z' late_entry_until:2027-01-15 hold_hours:72 sex:MALE min_age:18 max_age:40 documents_waivable:true exclude_same_course:true cooldown_months:0 certificate:ATTENDANCE desk:0761-000000}", slot, course);
}

/* A contact on 28 July, 11 days after the end of the course, is no relapse. */
static void too_early(void)
{
    at("2026-07-28 10:00");
    accepted(seen("K1", BUDI));
    heard(.dinsos =
              "satpolpp contact_recorded{contact_id:@K1 person{full_name:'Budi Santoso' name_quality:FULL alias:Bud sex:MALE birth_date:1995-04-10 birth_quality:EXACT nik_status:STATED domicile_region:14.71.08.1009} found_region:14.71.09 activity:BEGGING outcome:ADVISED} -person.nik\n");
}

/* 15 November: satpolpp refers him again. The referral comes to his case, dinsos alone is told of
 * the relapse; what satpolpp is answered is the same as for somebody whom nobody has ever seen. */
static void found_again(void)
{
    at("2026-10-20 10:00");
    accepted(say(DINSOS, "case_id:@C1 mentoring_visited{visit_id:@V1 plan_id:@P1 checkpoint:M03 visited_on:2026-10-20 mode:HOME contact_made:true living:FAMILY livelihood:OTHER_WORK on_street:NO}"));
    at("2026-11-15 10:00");
    heard_before();
    struct world_outcome of_known = refer("R9", BUDI);
    accepted_with("", of_known);
    row_is("R9", "state:SUBMITTED case_id:@C1");
    row_is("R-C1", "state:ACCEPTED case_id:@C1");
    row_is("C1", "state:AFTERCARE");
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R9 kind:INTAKE target_agency:dinsos priority:URGENT_72H person{full_name:'Budi Santoso' name_quality:FULL alias:Bud sex:MALE birth_date:1995-04-10 birth_quality:EXACT nik_status:STATED domicile_region:14.71.08.1009} suspected_ppks:[PPKS_12] found_region:14.71.08 activity:BEGGING children_with:0} -person.nik\n"
              "case_state_changed{case_id:@C1 from:AFTERCARE to:AFTERCARE cause:satpolpp referral_id:@R9 referral_state:SUBMITTED} case_id:@C1\n"
              "case_relapse_detected{reference:TRAINING_COMPLETED reference_on:2026-07-17 contact_on:2026-11-15 days:121 window:D14_183} case_id:@C1\n");
    struct world_outcome of_stranger = refer("R10", JOKO);
    accepted_with("", of_stranger);
    name_case("C10", "R10");
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R10 kind:INTAKE target_agency:dinsos priority:URGENT_72H person{full_name:Joko name_quality:PARTIAL sex:MALE birth_quality:ESTIMATED estimated_age:30 nik_status:NONE} suspected_ppks:[PPKS_12] found_region:14.71.08 activity:BEGGING children_with:0}\n"
              "case_state_changed{case_id:@C10 to:NEW cause:satpolpp referral_id:@R10 referral_state:SUBMITTED} case_id:@C10\n");
    assert_true(sg_id_is_zero(&of_known.case_id) && sg_id_is_zero(&of_stranger.case_id));
    assert_true(sg_id_is_zero(&of_known.person_ref) == sg_id_is_zero(&of_stranger.person_ref));
    accepted(take_in("R9"));
    row_is("C1", "state:IN_SERVICE -reopened");
    row_is("P1", "state:ACTIVE");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R9 referral_state:ACCEPTED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R9 decision:ACCEPTED}\n"
              "case_state_changed{case_id:@C1 from:AFTERCARE to:IN_SERVICE cause:dinsos referral_id:@R9 referral_state:ACCEPTED} case_id:@C1\n");
}

/* The same course is not given twice; another one is. */
static void another_course(void)
{
    accepted(offer_next("S9", "MOTORCYCLE_SERVICE"));
    accepted(offer_next("S10", "BARBER"));
    heard_before();
    refused(ask("C1", "S9", "person_accepted:true waitlist_ok:false"), SG_ST_INELIGIBLE, "PRIOR_COURSE");
    heard_nothing();
    seat_is("A9", ask("C1", "S10", "person_accepted:true waitlist_ok:false"));
    row_is("A9", "state:RESERVED seat_no:1");
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-3 slot_id:@S10 person_accepted:true waitlist_ok:false override:NONE} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A9 slot_id:@S10 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A9 slot_id:@S10 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
}

static void relapse(void **state)
{
    (void)state;
    open_city();
    too_early();
    found_again();
    another_course();
    /* 10.6: six-month rate 1/1, once the six months are over. */
    assert_string_equal(report("relapse", "trained", "2026-01-01", "2026-11-15"),
        "window | cohort | elapsed | returned | returned_pct | observed_no | unknown\n"
        "15-183 hari | 1 | 0 | 0 | n/a | 0 | 0\n"
        "15-365 hari | 1 | 0 | 0 | n/a | 0 | 0\n"
        "15-730 hari | 1 | 0 | 0 | n/a | 0 | 0\n");
    at("2027-02-01 08:00");
    assert_string_equal(report("relapse", "trained", "2026-01-01", "2027-01-31"),
        "window | cohort | elapsed | returned | returned_pct | observed_no | unknown\n"
        "15-183 hari | 1 | 1 | 1 | 100.0% | 0 | 0\n"
        "15-365 hari | 1 | 0 | 0 | n/a | 0 | 0\n"
        "15-730 hari | 1 | 0 | 0 | n/a | 0 | 0\n");
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(relapse))
