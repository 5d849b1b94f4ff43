/* SC01 Happy path: from the street to independence, and what each agency hears of it. */
#include "unit/unit.h"

#include "kit/cast.h"

#include <stdio.h>

/* clang-format off */

/* 4 May: satpolpp refers Budi, dinsos takes him in. */
static void intake(void)
{
    at("2026-05-04 09:00");
    accepted(say(SATPOLPP,
                 "referral_submitted{referral_id:@R1 kind:INTAKE target_agency:dinsos "
                 "priority:URGENT_72H person{" BUDI "} suspected_ppks:[PPKS_12] "
                 "found_region:14.71.08 found_place:'Simpang Garuda Sakti' activity:BEGGING "
                 "operation_ref:ST/112/SATPOLPP/V/2026 children_with:0 statement_signed:true}"));
    name_case("C1", "R1");
    row_is("C1", "state:NEW");
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R1 kind:INTAKE target_agency:dinsos priority:URGENT_72H person{full_name:'Budi Santoso' name_quality:FULL alias:Bud sex:MALE birth_date:1995-04-10 birth_quality:EXACT nik_status:STATED domicile_region:14.71.08.1009} suspected_ppks:[PPKS_12] found_region:14.71.08 found_place:'Simpang Garuda Sakti' activity:BEGGING operation_ref:ST/112/SATPOLPP/V/2026 children_with:0 statement_signed:true} -person.nik\n"
              "case_state_changed{case_id:@C1 to:NEW cause:satpolpp referral_id:@R1 referral_state:SUBMITTED} case_id:@C1\n");
    at("2026-05-04 10:00");
    accepted(say(DINSOS, "referral_acknowledged{referral_id:@R1 person_present:true "
                         "admitted_to_shelter:true received_by_unit:uptd-shelter}"));
    assert_int_equal(world_resend(&scene_city, DINSOS).status, PB_OUTCOME_STATUS_DUPLICATE);
    row_is("C1", "state:INTAKE");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R1 referral_state:ACKNOWLEDGED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_acknowledged{referral_id:@R1 person_present:true admitted_to_shelter:true received_by_unit:uptd-shelter}\n"
              "case_state_changed{case_id:@C1 from:NEW to:INTAKE cause:dinsos referral_id:@R1 referral_state:ACKNOWLEDGED} case_id:@C1\n");
    at("2026-05-04 11:00");
    accepted(take_in("R1"));
    row_is("C1", "state:ASSESSING");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R1 referral_state:ACCEPTED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R1 decision:ACCEPTED}\n"
              "case_state_changed{case_id:@C1 from:INTAKE to:ASSESSING cause:dinsos referral_id:@R1 referral_state:ACCEPTED} case_id:@C1\n");
}

/* 5 May: what he needs, what he is given, what he agrees to. */
static void services(void)
{
    at("2026-05-05 10:00");
    accepted(say(DINSOS,
                 "case_id:@C1 assessment_completed{assessment_id:@AS1 assessed_on:2026-05-05 "
                 "assessor_role:PEKSOS confirmed_ppks:[PPKS_12] is_minor:false "
                 "residence:PEKANBARU needs:[FOOD GUIDANCE CIVIL_DOCUMENTS] priority_band:3 "
                 "training_suitable:true course_preferences:[MOTORCYCLE_SERVICE] "
                 "schooling:LOWER_SEC can_read:true dependants:2 monthly_income_idr:'600000' "
                 "social_registry:DTSEN registry_decile:1}"));
    row_is("C1", "state:IN_SERVICE priority_band:3");
    at("2026-05-06 09:00");
    accepted_with("", say(DINSOS, "case_id:@C1 service_delivered{delivery_id:@D1 service:FOOD "
                                  "from_on:2026-05-04 to_on:2026-05-06 quantity:9 unit:MEAL "
                                  "outcome:DELIVERED in_shelter:true}"));
    accepted_with("", say(DINSOS, "case_id:@C1 service_delivered{delivery_id:@D2 service:GUIDANCE "
                                  "from_on:2026-05-06 to_on:2026-05-06 quantity:1 unit:SESSION "
                                  "outcome:DELIVERED in_shelter:true}"));
    accepted_with("", say(DINSOS,
                          "case_id:@C1 service_delivered{delivery_id:@D3 service:CIVIL_DOCUMENTS "
                          "from_on:2026-05-06 to_on:2026-05-06 quantity:1 unit:DOCUMENT "
                          "outcome:DELIVERED in_shelter:false document:KTP}"));
    accepted_with("", consent("CN1", "C1", "GIVEN"));
    heard(.dinsos =
              "dinsos assessment_completed{assessment_id:@AS1 assessed_on:2026-05-05 assessor_role:PEKSOS confirmed_ppks:[PPKS_12] is_minor:false residence:PEKANBARU needs:[FOOD GUIDANCE CIVIL_DOCUMENTS] priority_band:3 training_suitable:true course_preferences:[MOTORCYCLE_SERVICE] schooling:LOWER_SEC can_read:true dependants:2 monthly_income_idr:600000 social_registry:DTSEN registry_decile:1} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:ASSESSING to:IN_SERVICE cause:dinsos} case_id:@C1\n"
              "dinsos service_delivered{delivery_id:@D1 service:FOOD from_on:2026-05-04 to_on:2026-05-06 quantity:9 unit:MEAL outcome:DELIVERED in_shelter:true} case_id:@C1\n"
              "dinsos service_delivered{delivery_id:@D2 service:GUIDANCE from_on:2026-05-06 to_on:2026-05-06 quantity:1 unit:SESSION outcome:DELIVERED in_shelter:true} case_id:@C1\n"
              "dinsos service_delivered{delivery_id:@D3 service:CIVIL_DOCUMENTS from_on:2026-05-06 to_on:2026-05-06 quantity:1 unit:DOCUMENT outcome:DELIVERED in_shelter:false document:KTP} case_id:@C1\n"
              "dinsos consent_recorded{consent_id:@CN1 action:GIVEN scopes:[SHARE_WITH_PROVIDER] method:THUMBPRINT given_by:SELF text_version:consent-id-2026-01 evidence_ref:DINSOS/F-221/2026} case_id:@C1\n");
}

/* A seat: what the trainer is shown of him, and what not. */
static void seat(void)
{
    at("2026-05-06 10:00");
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:true" WITH_KTP));
    row_is("A1", "state:RESERVED seat_no:1");
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-1 slot_id:@S1 person_accepted:true waitlist_ok:true documents_held:[KTP] override:NONE} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
    at("2026-05-07 09:00");
    accepted_with("", decide(DISNAKER, "A1", "CONFIRMED"));
    row_is("A1", "state:CONFIRMED");
    heard(.dinsos =
              "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .disnaker =
              "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
    at("2026-06-08 09:00");
    accepted_with("", start(DISNAKER, "A1", "2026-06-08"));
    row_is("A1", "state:OCCUPIED started_on:20612");
    row_is("C1", "state:IN_TRAINING");
    heard(.dinsos =
              "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:OCCUPIED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:IN_SERVICE to:IN_TRAINING cause:disnaker} case_id:@C1\n",
          .disnaker =
              "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:OCCUPIED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
}

/* Six weeks. The plan of mentoring comes only with the kit, as the text has it: so dinsos is told twice
 * that there is none (T11, 7 days after the beginning, and three weeks later). */
static void course(void)
{
#define NO_PLAN(level)                                                             \
    "deadline_missed{rule_id:T11 aggregate_type:CASE aggregate_id:@C1 due_at:'2026-06-15 09:00' level:" level " cleared:false} case_id:@C1\n"
    static const struct {
        const char *at, *from, *to, *missed;
    } weeks[] = {
        {"2026-06-12 17:00", "2026-06-08", "2026-06-12", ""},
        {"2026-06-19 17:00", "2026-06-15", "2026-06-19", NO_PLAN("1")},
        {"2026-06-26 17:00", "2026-06-22", "2026-06-26", ""},
        {"2026-07-03 17:00", "2026-06-29", "2026-07-03", ""},
        {"2026-07-10 17:00", "2026-07-06", "2026-07-10", NO_PLAN("2")},
        {"2026-07-17 15:00", "2026-07-13", "2026-07-17", ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(weeks); i++) {
        char told[512];
        at(weeks[i].at);
        accepted_with("", say(DISNAKER,
                              "attendance_reported{allocation_id:@A1 from_on:%s to_on:%s "
                              "sessions_held:5 sessions_attended:4 absences_excused:1}",
                              weeks[i].from, weeks[i].to));
        (void)snprintf(told, sizeof told,
                       "%sdisnaker attendance_reported{allocation_id:@A1 from_on:%s to_on:%s "
                       "sessions_held:5 sessions_attended:4 absences_excused:1}\n",
                       weeks[i].missed, weeks[i].from, weeks[i].to);
        heard(.dinsos = told, .disnaker = told + strlen(weeks[i].missed));
    }
    at("2026-07-17 16:00");
    accepted_with("", end(DISNAKER, "A1", "2026-07-17",
                          "COMPLETED attendance_pct:93 certificate_no:SK/045/VII/2026"));
    row_is("A1", "state:COMPLETED");
    row_is("C1", "state:AFTERCARE");
    heard(.dinsos =
              "disnaker placement_ended{allocation_id:@A1 ended_on:2026-07-17 result:COMPLETED attendance_pct:93 competency:NOT_TESTED certificate_no:SK/045/VII/2026 course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:COMPLETED cause:disnaker person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:IN_TRAINING to:AFTERCARE cause:disnaker} case_id:@C1\n"
              "deadline_missed{rule_id:T11 aggregate_type:CASE aggregate_id:@C1 due_at:'2026-06-15 09:00' level:2 cleared:true} case_id:@C1\n",
          .disnaker =
              "disnaker placement_ended{allocation_id:@A1 ended_on:2026-07-17 result:COMPLETED attendance_pct:93 competency:NOT_TESTED certificate_no:SK/045/VII/2026 course_code:MOTORCYCLE_SERVICE}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:COMPLETED cause:disnaker person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n",
          .dpppa =
              "disnaker placement_ended{allocation_id:@A1 result:COMPLETED course_code:MOTORCYCLE_SERVICE} -ended_on -attendance_pct -competency -certificate_no\n");
}

/* 20 July: the kit is his, and somebody will look after him. */
static void kit_and_plan(void)
{
    at("2026-07-20 09:00");
    accepted_with("", issue("K1", "GRANT_AFTER_COMPLETION", "A1", "027/BAST/DINSOS/VII/2026",
                            "2026-07-20", "2027-07-20"));
    row_is("K1", "state:GRANTED");
    heard(.dinsos =
              "dinsos equipment_issued{item_id:@K1 basis:GRANT_AFTER_COMPLETION allocation_id:@A1 bast_no:027/BAST/DINSOS/VII/2026 bast_date:2026-07-20 no_sale_statement:true custody_until:2027-07-20}\n",
          .disnaker =
              "dinsos equipment_issued{item_id:@K1 basis:GRANT_AFTER_COMPLETION allocation_id:@A1 bast_no:027/BAST/DINSOS/VII/2026 bast_date:2026-07-20 no_sale_statement:true custody_until:2027-07-20}\n");
    accepted_with("", say(DINSOS, "case_id:@C1 mentoring_plan_set{plan_id:@P1 "
                                  "mentor_ref:dns-0031 starts_on:2026-07-20 "
                                  "template:STANDARD_12M}"));
    row_is("P1", "state:ACTIVE");
    heard(.dinsos =
              "dinsos mentoring_plan_set{plan_id:@P1 mentor_ref:dns-0031 starts_on:2026-07-20 template:STANDARD_12M} case_id:@C1\n");
    accepted(register_motor_kit("K2"));
    refused(issue("K2", "GRANT_AFTER_COMPLETION", "A1", "028/BAST/DINSOS/VII/2026", "2026-07-20",
                  "2027-07-20"),
            SG_ST_ALREADY_ISSUED, NULL);
    heard_before();
}

static void visit(const char *code, const char *day)
{
    char time[20];
    (void)snprintf(time, sizeof time, "%s 14:00", day);
    at(time);
    accepted_with("", say(DINSOS,
                          "case_id:@C1 mentoring_visited{visit_id:@V-%s plan_id:@P1 checkpoint:%s "
                          "visited_on:%s mode:HOME contact_made:true living:FAMILY "
                          "livelihood:TRAINED_SKILL_EMPLOYED monthly_income_idr:'1500000' "
                          "on_street:NO equipment_seen:[@K1]}",
                          code, code, day));
}

static void check(const char *id, const char *day, const char *action)
{
    accepted_with("", say(DINSOS,
                          "equipment_checked{check_id:@%s item_id:@K1 checked_on:%s "
                          "method:WORKPLACE finding:IN_USE action:%s}",
                          id, day, action));
}

/* A year of visits, each on its day; the kit is looked at after 30, 90, 180 and 365 days. No limit
 * is missed, so nobody but dinsos hears anything, and dinsos only what it wrote. */
static void aftercare(void)
{
    static const struct {
        const char *code, *day, *check;
    } visits[] = {{"D07", "2026-07-27", NULL},  {"D14", "2026-08-03", NULL},
                  {"D21", "2026-08-10", NULL},  {"D28", "2026-08-17", "CK1"},
                  {"D45", "2026-09-03", NULL},  {"D60", "2026-09-18", NULL},
                  {"D75", "2026-10-03", NULL},  {"D90", "2026-10-18", "CK2"},
                  {"M04", "2026-11-20", NULL},  {"M05", "2026-12-20", NULL},
                  {"M06", "2027-01-20", "CK3"}, {"M09", "2027-04-20", NULL},
                  {"M12", "2027-07-20", NULL}};
    for (size_t i = 0; i < SG_ARRAY_LEN(visits); i++) {
        char told[1024];
        visit(visits[i].code, visits[i].day);
        (void)snprintf(told, sizeof told,
                       "dinsos mentoring_visited{visit_id:@V-%s plan_id:@P1 checkpoint:%s visited_on:%s mode:HOME contact_made:true living:FAMILY livelihood:TRAINED_SKILL_EMPLOYED monthly_income_idr:1500000 on_street:NO equipment_seen:[@K1]} case_id:@C1\n",
                       visits[i].code, visits[i].code, visits[i].day);
        heard(.dinsos = told);
        if (!visits[i].check)
            continue;
        check(visits[i].check, visits[i].day, "NONE");
        (void)snprintf(told, sizeof told,
                       "dinsos equipment_checked{check_id:@%s item_id:@K1 checked_on:%s method:WORKPLACE finding:IN_USE action:NONE}\n",
                       visits[i].check, visits[i].day);
        heard(.dinsos = told);
    }
    row_is("P1", "state:COMPLETED");
    check("CK4", "2027-07-20", "OWNERSHIP_FINAL");
    row_is("K1", "state:OWNED");
    heard(.dinsos =
              "dinsos equipment_checked{check_id:@CK4 item_id:@K1 checked_on:2027-07-20 method:WORKPLACE finding:IN_USE action:OWNERSHIP_FINAL}\n");
}

static void closing(void)
{
    at("2027-07-28 10:00");
    struct world_outcome stale =
        say(DINSOS, "case_id:@C1 case_closed{reason:INDEPENDENT closed_on:2027-07-28 "
                    "supervisor_ref:dns-0002 followup_allowed:true} expected_version:1");
    refused(stale, SG_ST_VERSION_CONFLICT, NULL);
    accepted_with("", say(DINSOS,
                          "case_id:@C1 case_closed{reason:INDEPENDENT closed_on:2027-07-28 "
                          "supervisor_ref:dns-0002 followup_allowed:true} expected_version:%s",
                          stale.detail));
    row_is("C1", "state:CLOSED close_reason:INDEPENDENT");
    row_is("R1", "state:LOOP_CLOSED");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R1 referral_state:LOOP_CLOSED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos case_closed{reason:INDEPENDENT closed_on:2027-07-28 supervisor_ref:dns-0002 followup_allowed:true} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:AFTERCARE to:CLOSED cause:dinsos} case_id:@C1\n"
              "case_state_changed{case_id:@C1 from:CLOSED to:CLOSED cause:dinsos referral_id:@R1 referral_state:LOOP_CLOSED} case_id:@C1\n");
}

/* 10.2: B = 1. 10.3: 35 days, from 4 May to 8 June. 10.6: cohort 1, returned 0. */
static void what_the_reports_say(void)
{
    assert_string_equal(report("target", "persons", "2026-01-01", "2026-12-31"),
        "started | trained | target_min | target_max\n"
        "1 | 1 | 20 | 25\n");
    assert_string_equal(report("time", "days", "2026-01-01", "2026-12-31"),
        "stage | n | median | p90 | max\n"
        "Rujukan sampai mulai kursus | 1 | 35.0 | 35.0 | 35.0\n"
        "- sampai dikonfirmasi | 1 | 0.0 | 0.0 | 0.0\n"
        "- sampai diputuskan | 1 | 0.0 | 0.0 | 0.0\n"
        "- sampai asesmen | 1 | 1.0 | 1.0 | 1.0\n"
        "- sampai kursi dimohon | 1 | 1.0 | 1.0 | 1.0\n"
        "- dalam antrean | 0 | n/a | n/a | n/a\n"
        "- sampai mulai | 1 | 33.0 | 33.0 | 33.0\n"
        "Mulai tanpa rujukan yang diketahui | 0 | n/a | n/a | n/a\n");
    assert_string_equal(report("relapse", "trained", "2026-01-01", "2027-07-31"),
        "window | cohort | elapsed | returned | returned_pct | observed_no | unknown\n"
        "15-183 hari | 1 | 1 | 0 | 0.0% | 1 | 0\n"
        "15-365 hari | 1 | 1 | 0 | 0.0% | 0 | 1\n" /* no visit between M09 and the last day */
        "15-730 hari | 1 | 0 | 0 | n/a | 0 | 0\n");
}

static void happy_path(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    accepted(offer_sulam("S2"));
    accepted(register_motor_kit("K1"));
    heard(.satpolpp =
              "disnaker slot_offered{slot_id:@S1}\n"
              "dpppa slot_offered{slot_id:@S2}\n"
              "dinsos equipment_registered{item_id:@K1}\n",
          .dinsos =
              "disnaker slot_offered{slot_id:@S1}\n"
              "dpppa slot_offered{slot_id:@S2}\n"
              "dinsos equipment_registered{item_id:@K1}\n",
          .disnaker =
              "disnaker slot_offered{slot_id:@S1}\n"
              "dpppa slot_offered{slot_id:@S2}\n"
              "dinsos equipment_registered{item_id:@K1}\n",
          .dpppa =
              "disnaker slot_offered{slot_id:@S1}\n"
              "dpppa slot_offered{slot_id:@S2}\n"
              "dinsos equipment_registered{item_id:@K1}\n",
          .inspektorat =
              "disnaker slot_offered{slot_id:@S1}\n"
              "dpppa slot_offered{slot_id:@S2}\n"
              "dinsos equipment_registered{item_id:@K1}\n");
    intake();
    services();
    seat();
    course();
    kit_and_plan();
    aftercare();
    closing();
    what_the_reports_say();
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(happy_path))
