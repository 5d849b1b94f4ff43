/* SC07 Wrong agency, and the order of checks. */
#include "unit/unit.h"

#include "kit/cast.h"

/* clang-format off */

#define NOBODY "full_name:'Zulkarnain Takdikenal' name_quality:FULL sex:MALE birth_quality:UNKNOWN nik_status:NONE"
#define REFERRAL(id, target, ppks) "referral_submitted{referral_id:@" id " kind:INTAKE target_agency:" target " priority:NORMAL_14D person{" NOBODY "} suspected_ppks:[" ppks "] found_region:14.71.08 activity:BEGGING children_with:0}"
#define SERVICE(agencies_case) "case_id:@" agencies_case " consent_recorded{consent_id:@CN-9 action:GIVEN scopes:[SHARE_WITH_PROVIDER] method:THUMBPRINT given_by:SELF text_version:consent-id-2026-01 evidence_ref:F-221}"
#define ASSESS "case_id:@C1 assessment_completed{assessment_id:@AS-9 assessed_on:2026-05-05 assessor_role:PEKSOS is_minor:false residence:PEKANBARU priority_band:1 training_suitable:true social_registry:NONE}"
#define ISSUE(item, seat) "equipment_issued{item_id:@" item " basis:GRANT_AFTER_COMPLETION allocation_id:@" seat " bast_no:'1' bast_date:2026-05-04 no_sale_statement:true custody_until:2027-05-04}"
#define SEAT(decision) "seat_decided{allocation_id:@A1 decision:" decision "}"

static const struct row {
    const char *name;
    enum world_agency who;
    const char *text;
    uint32_t code;
    const char *detail;
} rows[] = {
    {"(a) disnaker publishes E01 as satpolpp", DISNAKER, "publisher_agency:satpolpp " REFERRAL("R21", "dinsos", "PPKS_12"), SG_ST_AUTH_MISMATCH, ""},
    {"(a) the agency comes before the shape", DISNAKER, "publisher_agency:satpolpp " REFERRAL("R22", "nobody", "PPKS_12"), SG_ST_AUTH_MISMATCH, ""},
    {"(b) disnaker E03 on R1: not the current target", DISNAKER, "referral_decided{referral_id:@R1 decision:ACCEPTED}", SG_ST_NOT_OWNER, ""},
    {"(b) disnaker E05 on C1: no CASE_OWNER", DISNAKER, ASSESS, SG_ST_FORBIDDEN, "CAPABILITY"},
    {"(b) dpppa owns cases, but not this one", DPPPA, ASSESS, SG_ST_NOT_OWNER, ""},
    {"(c) dpppa E09 on S1 of disnaker", DPPPA, "slot_changed{slot_id:@S1 capacity_offered:4 reason:x} expected_version:2", SG_ST_NOT_OWNER, ""},
    {"(c) dpppa E13 on a seat of disnaker", DPPPA, "placement_started{allocation_id:@A1 started_on:2026-06-08}", SG_ST_NOT_OWNER, ""},
    {"(d) satpolpp E11", SATPOLPP, "case_id:@C1 seat_requested{request_id:@Q-9 slot_id:@S1 person_accepted:true waitlist_ok:true override:NONE}", SG_ST_FORBIDDEN, "CAPABILITY"},
    {"(e) dinsos E12 CONFIRMED: the slot owner's word", DINSOS, SEAT("CONFIRMED"), SG_ST_NOT_OWNER, "SLOT_OWNER"},
    {"(e) dpppa E12 CONFIRMED", DPPPA, SEAT("CONFIRMED"), SG_ST_NOT_OWNER, "SLOT_OWNER"},
    {"(e) disnaker E12 PERSON_ACCEPTED: the case owner's word", DISNAKER, SEAT("PERSON_ACCEPTED"), SG_ST_NOT_OWNER, "CASE_OWNER"},
    {"(f) D1", DINSOS, "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 change:HELD}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D2", DINSOS, "deadline_missed{rule_id:T01 aggregate_type:CASE aggregate_id:@C1 due_at:'2026-05-04T01:00:00Z'}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D3", DINSOS, "person_duplicate_suspected{person_ref_a:@C1 person_ref_b:@R1 score:500}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D4", DINSOS, "case_id:@C1 case_relapse_detected{reference:CASE_CLOSED reference_on:2026-05-04 contact_on:2026-05-30 days:26 window:D14_183}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D5", DINSOS, "case_state_changed{case_id:@C1 to:CLOSED}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D6", DINSOS, "person_erasure_ordered{person_ref:@C1 scope:ALL due_at:'2026-05-04T01:00:00Z'}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D7", DINSOS, "event_settled{place{outbox_id:@C1 number:1} outcome:ACCEPTED}", SG_ST_DERIVED_TYPE, ""},
    {"(f) D8", DINSOS, "referral_presented{referral_id:@R1 kind:INTAKE from:satpolpp priority:NORMAL_14D}", SG_ST_DERIVED_TYPE, ""},
    {"(g) satpolpp suspects what a referrer may not: 16", SATPOLPP, REFERRAL("R23", "dinsos", "PPKS_16"), SG_ST_BAD_CODE, "NOT_FOR_REFERRER"},
    {"(g) 03", SATPOLPP, REFERRAL("R23", "dinsos", "PPKS_12 PPKS_03"), SG_ST_BAD_CODE, "NOT_FOR_REFERRER"},
    {"(h) K1 for the embroidery seat of Siti", DINSOS, ISSUE("K1", "A2"), SG_ST_COURSE_MISMATCH, ""},
    {"(h) K1 for a seat that is CONFIRMED, not begun", DINSOS, ISSUE("K1", "A3"), SG_ST_NOT_ENTITLED, "NOT_COMPLETED"},
    {"(h) K1 of dinsos, given by dpppa", DPPPA, ISSUE("K1", "A1"), SG_ST_NOT_OWNER, ""},
    {"target without cases", SATPOLPP, REFERRAL("R24", "disnaker", "PPKS_12"), SG_ST_BAD_CODE, "NO_CASE_OWNER"},
    {"unknown agency", SATPOLPP, REFERRAL("R25", "nobody", "PPKS_12"), SG_ST_BAD_CODE, "UNKNOWN_AGENCY"},
    {"unknown referral", DINSOS, "referral_decided{referral_id:@R99 decision:ACCEPTED}", SG_ST_UNKNOWN_OBJECT, ""},
    {"declined without a reason", DINSOS, "referral_decided{referral_id:@R1 decision:DECLINED}", SG_ST_MISSING_FIELD, ""},
    {"redirected to who has no cases", DINSOS, "referral_decided{referral_id:@R1 decision:REDIRECTED reason:WRONG_AGENCY redirect_to:disnaker}", SG_ST_BAD_CODE, "NO_CASE_OWNER"},
    {"redirected to itself", DINSOS, "referral_decided{referral_id:@R1 decision:REDIRECTED reason:WRONG_AGENCY redirect_to:dinsos}", SG_ST_BAD_TRANSITION, "EARLIER_TARGET"},
    {"happened after it was written down", SATPOLPP, "occurred_at:'2026-05-04T01:05:01Z' " REFERRAL("R27", "dinsos", "PPKS_12"), SG_ST_SCHEMA, "BEFORE_OCCURRED_AT"},
    {"too old", SATPOLPP, "occurred_at:'2025-03-30T00:00:00Z' " REFERRAL("R28", "dinsos", "PPKS_12"), SG_ST_TOO_OLD, ""},
    {"an id of another agency", DPPPA, REFERRAL("R1", "dinsos", "PPKS_12"), SG_ST_NOT_OWNER, "ID_IN_USE"},
    {"the same id with other content", SATPOLPP, REFERRAL("R1", "dpppa", "PPKS_12"), SG_ST_DUPLICATE_CONFLICT, "STATED_BEFORE"},
    {"a case that is none", DINSOS, SERVICE("R1"), SG_ST_UNKNOWN_OBJECT, ""},
    {"a live seat already", DINSOS, "case_id:@C1 seat_requested{request_id:@Q-9 slot_id:@S1 person_accepted:true waitlist_ok:true waivers:[KTP] override:NONE}", SG_ST_ACTIVE_PLACEMENT, ""},
};

static void open_city(void)
{
    scene_open("2026-05-04 08:00", DISKOMINFO);
    accepted(offer_motor("S1", 2));
    accepted(offer_sulam("S2"));
    accepted(register_motor_kit("K1"));
    accepted(refer("R1", JOKO));
    in_service("C1", BUDI, 3);
    in_service("C2", SITI, 3);
    in_service("C3", ANDI, 3);
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    seat_is("A2", ask("C2", "S2", "person_accepted:true waitlist_ok:false"));
    seat_is("A3", ask("C3", "S1", "person_accepted:true waitlist_ok:false" WITH_KTP));
    accepted(decide(DISNAKER, "A3", "CONFIRMED"));
    heard_before();
}

/* Nothing is decided and nobody hears of it; sent again, also after a restart, it has the same
 * answer. What was said of a person stands in no file of the daemon. */
static void every_refusal_has_its_code(void **state)
{
    (void)state;
    open_city();
    uint64_t before = state_of_all();
    assert_true(in_the_files("Andi Pratama") > 0); /* so that the search can find something */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct world_outcome o = say(row->who, "%s", row->text);
        if (o.status != PB_OUTCOME_STATUS_REJECTED || o.code != row->code || strcmp(o.detail, row->detail) != 0)
            fail_msg("%s: status %d %s '%s' at '%s'", row->name, o.status, sg_status_name(o.code), o.detail, o.object);
        if (o.seq || !sg_id_is_zero(&o.case_id) || !sg_id_is_zero(&o.allocation_id) || !sg_id_is_zero(&o.person_ref))
            fail_msg("%s: something was made", row->name);
        struct world_outcome again = world_resend(&scene_city, row->who);
        if (again.status != PB_OUTCOME_STATUS_DUPLICATE || again.code != row->code)
            fail_msg("%s: resent: status %d %s", row->name, again.status, sg_status_name(again.code));
        if (state_of_all() != before)
            fail_msg("%s: it left a trace", row->name);
    }
    heard_nothing();
    assert_int_equal(in_the_files("Zulkarnain"), 0);
    scene_restart("2026-05-04 08:00");
    assert_int_equal(world_resend(&scene_city, SATPOLPP).code, SG_ST_DUPLICATE_CONFLICT);
    assert_int_equal(world_resend(&scene_city, DPPPA).code, SG_ST_NOT_OWNER);
    assert_int_equal(world_resend(&scene_city, DISNAKER).code, SG_ST_NOT_OWNER);
    /* The one that was right five minutes ahead of the clock, to show that the limit is that. */
    accepted(say(SATPOLPP, "occurred_at:'2026-05-04T01:05:00Z' " REFERRAL("R26", "dinsos", "PPKS_12")));
    assert_true(in_the_files("Zulkarnain") > 0);
    scene_close();
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(every_refusal_has_its_code))
