/* What a provider reads of a person before and after it agrees, takes back, or is restricted. Each
 * delivery is compared whole, with the paths that were taken out. */
#include "unit/unit.h"

#include "kit/cast.h"
#include "wire/status.h"

/* clang-format off */
#define CONSENT "text_version:v1 evidence_ref:F-1} case_id:@C1\n"
#define D1 "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:"
/* dinsos, the owner of the case, reads all of it, whatever the person says. */
#define OWNER " person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 phone:+628120000001 domicile_kecamatan:14.71.08 health_limits:[NO_STANDING]}} case_id:@C1\n"
/* disnaker: bare; the telephone of a seat that is held; name and telephone; and health. */
#define BARE " person{person_ref:@person-1-disnaker sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id -person.full_name -person.phone -person.health_limits\n"
#define HELD_ONLY " person{person_ref:@person-1-disnaker sex:MALE age_band:A25_34 phone:+628120000001 domicile_kecamatan:14.71.08}} -case_id -person.full_name -person.health_limits\n"
#define NAMED " person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 phone:+628120000001 domicile_kecamatan:14.71.08}} -case_id -person.health_limits\n"
#define WITH_HEALTH " person{person_ref:@person-1-disnaker full_name:'Budi Santoso' sex:MALE age_band:A25_34 phone:+628120000001 domicile_kecamatan:14.71.08 health_limits:[NO_STANDING]}} -case_id\n"
#define NOTHING " person{person_ref:@person-1-disnaker}} -case_id -person.full_name -person.sex -person.age_band -person.phone -person.domicile_kecamatan -person.health_limits\n"
/* Of a consent a provider reads which scopes hold. */
#define SCOPE_ONLY " -case_id -method -given_by -text_version -evidence_ref\n"
#define SAID " method:THUMBPRINT given_by:SELF " CONSENT

static struct world_outcome agree(const char *id, const char *action, const char *scope)
{
    return say(DINSOS, "case_id:@C1 consent_recorded{consent_id:@%s action:%s scopes:[%s] method:THUMBPRINT given_by:SELF text_version:v1 evidence_ref:F-1}", id, action, scope);
}

static void restrict_data(const char *id, const char *kind)
{
    static const char *const status[] = {"RECEIVED", "GRANTED"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(say(DINSOS, "case_id:@C1 rights_request{request_id:@%s kind:%s received_at:'2026-05-04T01:00:00Z' requester:SELF identity_checked:true status:%s}", id, kind, status[i]).code, 0);
}

/* IN_SERVICE, nothing agreed to, with a telephone and a limit of health. */
static void budi(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    assert_int_equal(offer_motor("S1", 1).code, 0);
    assert_int_equal(refer("R1", BUDI " phone:'+628120000001'").code, 0);
    name_case("C1", "R1");
    assert_int_equal(take_in("R1").code, 0);
    assert_int_equal(assess("E1", "C1", 3, "health_limits:[NO_STANDING]").code, 0);
    heard_before();
}

static void consent_opens_and_closes(void **state)
{
    (void)state;
    budi();
    assert_int_equal(agree("N1", "GIVEN", "SHARE_WITH_PROVIDER").code, 0);
    heard(.dinsos = "dinsos consent_recorded{consent_id:@N1 action:GIVEN scopes:[SHARE_WITH_PROVIDER]" SAID);
    seat_is("A1", ask("C1", "S1", "person_accepted:false waitlist_ok:false" WITH_KTP));
    heard(.dinsos = "dinsos seat_requested{request_id:@Q-1 slot_id:@S1 person_accepted:false waitlist_ok:false documents_held:[KTP] override:NONE} case_id:@C1\n"
                    D1 "HELD hold_until:'2026-05-07 08:00' cause:dinsos" OWNER,
          .disnaker = D1 "HELD hold_until:'2026-05-07 08:00' cause:dinsos" HELD_ONLY);
    assert_int_equal(decide(DINSOS, "A1", "PERSON_ACCEPTED").code, 0);
    heard(.dinsos = "dinsos seat_decided{allocation_id:@A1 decision:PERSON_ACCEPTED}\n" D1 "RESERVED cause:dinsos" OWNER,
          .disnaker = "dinsos seat_decided{allocation_id:@A1 decision:PERSON_ACCEPTED}\n" D1 "RESERVED cause:dinsos" NAMED);
    assert_int_equal(agree("N2", "GIVEN", "SHARE_HEALTH_LIMITS").code, 0);
    heard(.dinsos = "dinsos consent_recorded{consent_id:@N2 action:GIVEN scopes:[SHARE_HEALTH_LIMITS]" SAID,
          .disnaker = "dinsos consent_recorded{consent_id:@N2 action:GIVEN scopes:[SHARE_HEALTH_LIMITS]}" SCOPE_ONLY);
    assert_int_equal(decide(DISNAKER, "A1", "CONFIRMED").code, 0);
    heard(.dinsos = "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n" D1 "CONFIRMED cause:disnaker" OWNER,
          .disnaker = "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n" D1 "CONFIRMED cause:disnaker" WITH_HEALTH);
    assert_int_equal(agree("N3", "WITHDRAWN", "SHARE_HEALTH_LIMITS").code, 0);
    heard(.dinsos = "dinsos consent_recorded{consent_id:@N3 action:WITHDRAWN scopes:[SHARE_HEALTH_LIMITS]" SAID,
          .disnaker = "dinsos consent_recorded{consent_id:@N3 action:WITHDRAWN scopes:[SHARE_HEALTH_LIMITS]}" SCOPE_ONLY
                      "person_erasure_ordered{request_id:@N3 person_ref:@person-1-disnaker scope:LISTED paths:[person.health_limits] due_at:'2026-05-07 08:00'}\n");
    assert_int_equal(agree("N4", "WITHDRAWN", "SHARE_WITH_PROVIDER").code, 0);
    heard(.dinsos = "dinsos consent_recorded{consent_id:@N4 action:WITHDRAWN scopes:[SHARE_WITH_PROVIDER]" SAID
                    D1 "RELEASED cause:dinsos" OWNER,
          .disnaker = "dinsos consent_recorded{consent_id:@N4 action:WITHDRAWN scopes:[SHARE_WITH_PROVIDER]}" SCOPE_ONLY
                      "person_erasure_ordered{request_id:@N4 person_ref:@person-1-disnaker scope:LISTED paths:[person.full_name person.phone person.health_limits] due_at:'2026-05-07 08:00'}\n"
                      D1 "RELEASED cause:dinsos" BARE);
    /* Whoever reads the old deliveries again reads them as the person wants it now. */
    static const char *const words[] = {"\"fullName\"", "\"phone\"", "\"healthLimits\"", "\"caseId\""};
    for (size_t i = 0; i < SG_ARRAY_LEN(words); i++)
        assert_int_equal(world_count(&scene_city, DISNAKER, "", words[i]), 0);
    assert_int_equal(world_count(&scene_city, DISNAKER, "seat.allocation_changed", "\"redactedPaths\":[\"case_id\",\"seat_allocation_changed.person.full_name\",\"seat_allocation_changed.person.phone\",\"seat_allocation_changed.person.health_limits\"]"), 4);
    scene_close();
}

/* A consent that runs out closes as one that is taken back, on the day after its last. */
static void consent_runs_out(void **state)
{
    (void)state;
    budi();
    assert_int_equal(say(DINSOS, "case_id:@C1 consent_recorded{consent_id:@N1 action:GIVEN scopes:[SHARE_WITH_PROVIDER] method:THUMBPRINT given_by:SELF text_version:v1 evidence_ref:F-1 valid_until:2026-05-05}").code, 0);
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    heard_before();
    at("2026-05-05 23:59");
    assert_int_equal(world_count(&scene_city, DISNAKER, "seat.allocation_changed", "\"fullName\""), 1);
    at("2026-05-06 00:00");
    assert_int_equal(world_count(&scene_city, DISNAKER, "seat.allocation_changed", "\"fullName\""), 0);
    assert_int_equal(world_count(&scene_city, DISNAKER, "seat.allocation_changed", "\"phone\""), 0);
    row_is("A1", "state:RESERVED"); /* the seat is not taken from the person */
    heard_before();
    scene_close();
}

static void restriction_closes_all(void **state)
{
    (void)state;
    budi();
    assert_int_equal(agree("N1", "GIVEN", "SHARE_WITH_PROVIDER").code, 0);
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    restrict_data("Q1", "RESTRICTION");
    heard_before();
    assert_int_equal(decide(DISNAKER, "A1", "CONFIRMED").code, 0);
    heard(.dinsos = "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n" D1 "CONFIRMED cause:disnaker" OWNER,
          .disnaker = "disnaker seat_decided{allocation_id:@A1 decision:CONFIRMED}\n" D1 "CONFIRMED cause:disnaker" NOTHING);
    restrict_data("Q2", "UNRESTRICT");
    heard(.dinsos = "dinsos rights_request{request_id:@Q2 kind:UNRESTRICT received_at:'2026-05-04 08:00' requester:SELF identity_checked:true status:RECEIVED} case_id:@C1\n"
                    "dinsos rights_request{request_id:@Q2 kind:UNRESTRICT received_at:'2026-05-04 08:00' requester:SELF identity_checked:true status:GRANTED} case_id:@C1\n");
    at("2026-06-08 09:00");
    heard_before();
    assert_int_equal(start(DISNAKER, "A1", "2026-06-08").code, 0);
    heard(.dinsos = "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n" D1 "OCCUPIED cause:disnaker" OWNER
                    "case_state_changed{case_id:@C1 from:IN_SERVICE to:IN_TRAINING cause:disnaker} case_id:@C1\n",
          .disnaker = "disnaker placement_started{allocation_id:@A1 started_on:2026-06-08}\n" D1 "OCCUPIED cause:disnaker" NAMED);
    assert_int_equal(agree("N2", "WITHDRAWN", "SHARE_WITH_PROVIDER").code, 0);
    heard(.dinsos = "dinsos consent_recorded{consent_id:@N2 action:WITHDRAWN scopes:[SHARE_WITH_PROVIDER]" SAID,
          .disnaker = "dinsos consent_recorded{consent_id:@N2 action:WITHDRAWN scopes:[SHARE_WITH_PROVIDER]}" SCOPE_ONLY
                      "person_erasure_ordered{request_id:@N2 person_ref:@person-1-disnaker scope:LISTED paths:[person.phone person.health_limits] due_at:'2026-06-11 09:00'}\n");
    row_is("A1", "state:OCCUPIED");
    scene_close();
}

/* Visits, a return to the street and the end of the case: the owner alone; the referrer hears that
 * its loop is closed, and not why. */
static void care_is_the_owners(void **state)
{
    (void)state;
    budi();
    assert_int_equal(say(DINSOS, "case_id:@C1 mentoring_plan_set{plan_id:@P1 mentor_ref:m starts_on:2026-05-04 template:STANDARD_12M}").code, 0);
    at("2026-05-11 09:00");
    heard_before();
    assert_int_equal(say(DINSOS, "mentoring_visited{visit_id:@V1 plan_id:@P1 visited_on:2026-05-11 mode:HOME contact_made:true living:FAMILY livelihood:NONE on_street:NO}").code, 0);
    heard(.dinsos = "dinsos mentoring_visited{visit_id:@V1 plan_id:@P1 visited_on:2026-05-11 mode:HOME contact_made:true living:FAMILY livelihood:NONE on_street:NO}\n");
    uint64_t version = 1;
    struct world_outcome o = {.code = SG_ST_VERSION_CONFLICT};
    while (o.code == SG_ST_VERSION_CONFLICT && version < 20)
        o = say(DINSOS, "case_id:@C1 expected_version:'%llu' case_closed{reason:REUNIFIED closed_on:2026-05-11 supervisor_ref:atasan followup_allowed:true}", (unsigned long long)version++);
    assert_int_equal(o.code, 0);
    heard(.satpolpp = "case_state_changed{referral_id:@R1 referral_state:LOOP_CLOSED} -case_id -case_id -from -to -version -cause -causation\n",
          .dinsos = "dinsos case_closed{reason:REUNIFIED closed_on:2026-05-11 supervisor_ref:atasan followup_allowed:true} case_id:@C1\n"
                    "case_state_changed{case_id:@C1 from:AFTERCARE to:CLOSED cause:dinsos} case_id:@C1\n"
                    "case_state_changed{case_id:@C1 from:CLOSED to:CLOSED cause:dinsos referral_id:@R1 referral_state:LOOP_CLOSED} case_id:@C1\n");
    at("2026-05-30 09:00");
    heard_before();
    assert_int_equal(say(SATPOLPP, "contact_recorded{contact_id:@K1 person{" BUDI "} found_region:14.71.09 activity:BEGGING outcome:ADVISED}").code, 0);
    heard(.dinsos = "satpolpp contact_recorded{contact_id:@K1 person{full_name:'Budi Santoso' name_quality:FULL alias:Bud sex:MALE birth_date:1995-04-10 birth_quality:EXACT nik_status:STATED domicile_region:14.71.08.1009} found_region:14.71.09 activity:BEGGING outcome:ADVISED} -person.nik\n"
                    "case_relapse_detected{reference:CASE_CLOSED reference_on:2026-05-11 contact_on:2026-05-30 days:19 window:D14_183} case_id:@C1\n");
    scene_close();
}

UNIT_MAIN(cmocka_unit_test(consent_opens_and_closes), cmocka_unit_test(consent_runs_out),
          cmocka_unit_test(restriction_closes_all), cmocka_unit_test(care_is_the_owners))
