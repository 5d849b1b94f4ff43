/* SC11 Minor to DPPPA. */
#include "unit/unit.h"

#include "kit/cast.h"

/* clang-format off */

/* 4 May 20:00: satpolpp refers Rian, 15 years old; dinsos accepts at 21:00. A class never depends on
 * a value (4.3): that all of a child's fields count as specific shows in nothing that is heard. */
static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    heard_before();
    at("2026-05-04 20:00");
    accepted(say(SATPOLPP, "referral_submitted{referral_id:@R5 kind:INTAKE target_agency:dinsos priority:EMERGENCY_24H person{" RIAN "} suspected_ppks:[PPKS_04] found_region:14.71.08 activity:BEGGING children_with:0}"));
    name_case("C5", "R5");
    row_is("C5", "state:NEW minor:true");
    heard(.dinsos =
              "satpolpp referral_submitted{referral_id:@R5 kind:INTAKE target_agency:dinsos priority:EMERGENCY_24H person{full_name:Rian name_quality:PARTIAL sex:MALE birth_date:2010-09-01 birth_quality:EXACT nik_status:NONE guardian{name:Nurhayati relation:MOTHER}} suspected_ppks:[PPKS_04] found_region:14.71.08 activity:BEGGING children_with:0}\n"
              "case_state_changed{case_id:@C5 to:NEW cause:satpolpp referral_id:@R5 referral_state:SUBMITTED} case_id:@C5\n");
    at("2026-05-04 21:00");
    accepted(take_in("R5"));
    row_is("C5", "state:ASSESSING minor:true");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R5 referral_state:ACCEPTED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "dinsos referral_decided{referral_id:@R5 decision:ACCEPTED}\n"
              "case_state_changed{case_id:@C5 from:NEW to:ASSESSING cause:dinsos referral_id:@R5 referral_state:ACCEPTED} case_id:@C5\n");
}

static struct world_outcome consent_by(const char *id, const char *who, const char *method)
{
    return say(DINSOS, "case_id:@C5 consent_recorded{consent_id:@%s action:GIVEN scopes:[SHARE_WITH_DPPPA] method:%s given_by:%s text_version:consent-id-2026-01 evidence_ref:DINSOS/F-222/2026}", id, method, who);
}

static struct world_outcome give(const char *id, const char *service, const char *unit)
{
    return say(DINSOS, "case_id:@C5 service_delivered{delivery_id:@%s service:%s from_on:2026-05-04 to_on:2026-05-04 quantity:1 unit:%s outcome:DELIVERED in_shelter:true}", id, service, unit);
}

static struct world_outcome hand_over(void)
{
    return say(DINSOS, "case_id:@C5 referral_submitted{referral_id:@R6 kind:TRANSFER target_agency:dpppa priority:EMERGENCY_24H suspected_ppks:[PPKS_04]}");
}

static uint32_t asks_for(enum world_agency who, uint64_t seq)
{
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_seq = true;
    query.kind = PB_QUERY_KIND_EVENT;
    query.seq = seq;
    const PbQueryResult *answer = world_query(&scene_city, who, &query);
    return answer->error ? answer->error->code : 0;
}

/* No seat and no word of his own; food and his family are looked for. */
static void what_a_child_may_have(void)
{
    uint64_t before = state_of_all();
    refused(ask("C5", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP), SG_ST_MINOR, NULL);
    refused(consent_by("CN5", "SELF", "WRITTEN"), SG_ST_MINOR, NULL);
    assert_true(state_of_all() == before);
    heard_nothing();
    accepted_with("", consent_by("CN6", "PARENT", "GUARDIAN_WRITTEN"));
    accepted_with("", give("D1", "FOOD", "MEAL"));
    accepted_with("", give("D2", "FAMILY_TRACING", "SESSION"));
    heard(.dinsos =
              "dinsos consent_recorded{consent_id:@CN6 action:GIVEN scopes:[SHARE_WITH_DPPPA] method:GUARDIAN_WRITTEN given_by:PARENT text_version:consent-id-2026-01 evidence_ref:DINSOS/F-222/2026} case_id:@C5\n"
              "dinsos service_delivered{delivery_id:@D1 service:FOOD from_on:2026-05-04 to_on:2026-05-04 quantity:1 unit:MEAL outcome:DELIVERED in_shelter:true} case_id:@C5\n"
              "dinsos service_delivered{delivery_id:@D2 service:FAMILY_TRACING from_on:2026-05-04 to_on:2026-05-04 quantity:1 unit:SESSION outcome:DELIVERED in_shelter:true} case_id:@C5\n");
}

/* dpppa takes him: acknowledged within four hours, accepted on 5 May at 14:00. */
static void handed_over(void **state)
{
    (void)state;
    open_city();
    what_a_child_may_have();
    at("2026-05-05 09:00");
    refused(say(DINSOS, "case_id:@C5 referral_submitted{referral_id:@R7 kind:TRANSFER target_agency:disnaker priority:EMERGENCY_24H suspected_ppks:[PPKS_04]}"), SG_ST_BAD_CODE, NULL);
    heard_nothing();
    struct world_outcome handed = hand_over();
    accepted(handed);
    row_is("R6", "state:SUBMITTED");
    heard(.dinsos =
              "dinsos referral_submitted{referral_id:@R6 kind:TRANSFER target_agency:dpppa priority:EMERGENCY_24H suspected_ppks:[PPKS_04]} case_id:@C5\n",
          .dpppa =
              "dinsos referral_submitted{referral_id:@R6 kind:TRANSFER target_agency:dpppa priority:EMERGENCY_24H suspected_ppks:[PPKS_04]} -case_id\n"
              "referral_presented{referral_id:@R6 kind:TRANSFER from:dinsos priority:EMERGENCY_24H person{full_name:Rian name_quality:PARTIAL sex:MALE birth_date:2010-09-01 birth_quality:EXACT nik_status:NONE guardian{name:Nurhayati relation:MOTHER}}} -case_id\n");
    at("2026-05-05 12:00");
    accepted(say(DPPPA, "referral_acknowledged{referral_id:@R6 person_present:true admitted_to_shelter:true}"));
    heard(.dinsos =
              "dpppa referral_acknowledged{referral_id:@R6 person_present:true admitted_to_shelter:true}\n"
              "case_state_changed{case_id:@C5 from:ASSESSING to:ASSESSING cause:dpppa referral_id:@R6 referral_state:ACKNOWLEDGED} case_id:@C5\n",
          .dpppa =
              "dpppa referral_acknowledged{referral_id:@R6 person_present:true admitted_to_shelter:true}\n");
    at("2026-05-05 14:00");
    struct world_outcome taken = say(DPPPA, "referral_decided{referral_id:@R6 decision:ACCEPTED}");
    accepted_with("", taken);
    name_id("C6", &taken.case_id);
    row_is("C5", "state:TRANSFERRED");
    row_is("C6", "state:ASSESSING owner:dpppa minor:true previous_case_id:@C5");
    row_is("R6", "state:ACCEPTED");
    row_is("R5", "state:LOOP_CLOSED");
    heard(.satpolpp =
              "case_state_changed{referral_id:@R5 referral_state:LOOP_CLOSED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos =
              "case_state_changed{case_id:@C5 from:ASSESSING to:TRANSFERRED cause:dpppa referral_id:@R6 referral_state:ACCEPTED} case_id:@C5\n"
              "case_state_changed{case_id:@C5 from:TRANSFERRED to:TRANSFERRED cause:dpppa referral_id:@R5 referral_state:LOOP_CLOSED} case_id:@C5\n",
          .dpppa =
              "dpppa referral_decided{referral_id:@R6 decision:ACCEPTED}\n"
              "case_state_changed{case_id:@C6 to:ASSESSING cause:dpppa referral_id:@R6 referral_state:ACCEPTED} case_id:@C6\n"
              "referral_presented{referral_id:@R6 kind:TRANSFER from:dinsos priority:EMERGENCY_24H person{full_name:Rian name_quality:PARTIAL sex:MALE birth_date:2010-09-01 birth_quality:EXACT nik_status:NONE guardian{name:Nurhayati relation:MOTHER}}} -case_id\n");
    refused(give("D3", "FOOD", "MEAL"), SG_ST_BAD_TRANSITION, "CASE_STATE");
    /* The old owner keeps what it wrote; what dpppa has written it can not ask for either. */
    assert_int_equal(asks_for(DINSOS, taken.seq), SG_ST_UNKNOWN_OBJECT);
    assert_int_equal(asks_for(DINSOS, handed.seq), 0);
    assert_int_equal(asks_for(DPPPA, taken.seq), 0);
    at("2026-05-06 20:00"); /* nobody is late */
    heard_nothing();
    /* 10.9: 100 %. */
    assert_string_equal(report("children", "minors", "2026-05-01", "2026-05-31"),
        "known | handed | handed_pct | late | accepted | still\n"
        "1 | 1 | 100.0% | 0 | 1 | 0\n");
    scene_close();
}

/* dpppa is silent: level 2 at once, level 3 on the next day, which the auditor hears too. */
static void dpppa_is_silent(void **state)
{
    (void)state;
    open_city();
    at("2026-05-05 09:00");
    accepted(hand_over());
    heard_before();
    at("2026-05-05 12:59");
    heard_nothing();
    at("2026-05-05 13:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R6 due_at:'2026-05-05 13:00' level:2 cleared:false} case_id:@C5\n",
          .dpppa =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R6 due_at:'2026-05-05 13:00' level:2 cleared:false} -case_id\n");
    at("2026-05-06 12:59");
    heard_nothing();
    at("2026-05-06 13:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R6 due_at:'2026-05-05 13:00' level:3 cleared:false} case_id:@C5\n",
          .dpppa =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R6 due_at:'2026-05-05 13:00' level:3 cleared:false} -case_id\n",
          .inspektorat =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R6 due_at:'2026-05-05 13:00' level:3 cleared:false} -case_id\n");
    scene_close();
}

/* dinsos is silent: T04 is due on 5 May at 20:00. */
static void dinsos_is_silent(void **state)
{
    (void)state;
    open_city();
    at("2026-05-05 19:59");
    heard_nothing();
    at("2026-05-05 20:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C5 due_at:'2026-05-05 20:00' level:2 cleared:false} case_id:@C5\n");
    at("2026-05-06 20:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C5 due_at:'2026-05-05 20:00' level:3 cleared:false} case_id:@C5\n",
          .inspektorat =
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C5 due_at:'2026-05-05 20:00' level:3 cleared:false} -case_id\n");
    accepted(hand_over());
    heard(.dinsos =
              "dinsos referral_submitted{referral_id:@R6 kind:TRANSFER target_agency:dpppa priority:EMERGENCY_24H suspected_ppks:[PPKS_04]} case_id:@C5\n"
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C5 due_at:'2026-05-05 20:00' level:3 cleared:true} case_id:@C5\n",
          .dpppa =
              "dinsos referral_submitted{referral_id:@R6 kind:TRANSFER target_agency:dpppa priority:EMERGENCY_24H suspected_ppks:[PPKS_04]} -case_id\n"
              "referral_presented{referral_id:@R6 kind:TRANSFER from:dinsos priority:EMERGENCY_24H person{full_name:Rian name_quality:PARTIAL sex:MALE birth_date:2010-09-01 birth_quality:EXACT nik_status:NONE guardian{name:Nurhayati relation:MOTHER}}} -case_id\n",
          .inspektorat =
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C5 due_at:'2026-05-05 20:00' level:3 cleared:true} -case_id\n");
    scene_close();
}

/* About 19 years old: a doubt, a minor until somebody has assessed him. */
static void an_age_in_doubt(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    accepted(refer("R8", "alias:Jek name_quality:ALIAS_ONLY sex:MALE birth_quality:ESTIMATED estimated_age:19 nik_status:NONE"));
    accepted(take_in("R8"));
    name_case("C8", "R8");
    row_is("C8", "state:ASSESSING age_doubt:true minor:false");
    heard_before();
    refused(ask("C8", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP), SG_ST_MINOR, NULL);
    heard_nothing();
    accepted(assess("AS8", "C8", 3, ""));
    row_is("C8", "state:IN_SERVICE age_doubt:false minor:false");
    accepted(consent("CN8", "C8", "GIVEN"));
    heard_before();
    struct world_outcome seat = ask("C8", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP);
    seat_is("A8", seat);
    accepted_with("W_WAIVER", seat);
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-2 slot_id:@S1 person_accepted:true waitlist_ok:true waivers:[KTP] override:NONE} case_id:@C8\n"
              "seat_allocation_changed{allocation_id:@A8 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos sex:MALE age_band:A18_24} warnings:[W_WAIVER]} case_id:@C8\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A8 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-disnaker sex:MALE age_band:A18_24} warnings:[W_WAIVER]} -case_id\n");
    scene_close();
}

/* A birth date is corrected to 2009 while he is in a course: the seat is VOIDED, and disnaker does
 * not hear why. */
static void a_birth_date_is_corrected(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    in_service("C9", ANDI, 3);
    seat_is("A9", ask("C9", "S1", "person_accepted:true waitlist_ok:true" WITH_KTP));
    accepted(decide(DISNAKER, "A9", "CONFIRMED"));
    at("2026-06-08 09:00");
    accepted(start(DISNAKER, "A9", "2026-06-08"));
    row_is("A9", "state:OCCUPIED");
    heard_before();
    at("2026-06-10 09:00");
    accepted(say(DINSOS, "case_id:@C9 assessment_completed{assessment_id:@AS9 assessed_on:2026-06-10 assessor_role:PEKSOS person{name_quality:FULL sex:MALE birth_date:2009-03-01 birth_quality:EXACT nik_status:REFUSED guardian{name:Nurhayati relation:MOTHER}} confirmed_ppks:[PPKS_04] is_minor:true residence:PEKANBARU needs:[FOOD] priority_band:2 training_suitable:false social_registry:NONE}"));
    row_is("A9", "state:VOIDED");
    row_is("C9", "state:IN_SERVICE minor:true");
    row_is("S1", "live:0");
    heard(.dinsos =
              "dinsos assessment_completed{assessment_id:@AS9 assessed_on:2026-06-10 assessor_role:PEKSOS person{name_quality:FULL sex:MALE birth_date:2009-03-01 birth_quality:EXACT nik_status:REFUSED guardian{name:Nurhayati relation:MOTHER}} confirmed_ppks:[PPKS_04] is_minor:true residence:PEKANBARU needs:[FOOD] priority_band:2 training_suitable:false social_registry:NONE} case_id:@C9\n"
              "seat_allocation_changed{allocation_id:@A9 slot_id:@S1 seat_no:1 change:VOIDED cause:dinsos person{person_ref:@person-1-dinsos full_name:'Andi Pratama' sex:MALE}} case_id:@C9\n"
              "case_state_changed{case_id:@C9 from:IN_TRAINING to:IN_SERVICE cause:dinsos} case_id:@C9\n",
          .disnaker =
              "seat_allocation_changed{allocation_id:@A9 slot_id:@S1 seat_no:1 change:VOIDED cause:dinsos person{person_ref:@person-1-disnaker full_name:'Andi Pratama' sex:MALE}} -case_id\n");
    at("2026-06-11 09:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T04 aggregate_type:CASE aggregate_id:@C9 due_at:'2026-06-11 09:00' level:2 cleared:false} case_id:@C9\n");
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(handed_over), cmocka_unit_test(dpppa_is_silent),
          cmocka_unit_test(dinsos_is_silent), cmocka_unit_test(an_age_in_doubt),
          cmocka_unit_test(a_birth_date_is_corrected))
