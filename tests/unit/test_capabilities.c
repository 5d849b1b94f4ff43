/* test_capabilities.c - agencies are rows of the configuration: who may publish what follows from
 * the capabilities that they hold (domain 4.2) and from nothing else. A city with a fifth and a
 * sixth provider, a registry, an auditor and an operator. */
#include "unit/unit.h"

#include "kit/cast.h"

#include <stdio.h>
#include <stdlib.h>

enum role { THE_REFERRER, THE_OWNER, THE_PROVIDER, THE_KEEPER, THE_STEWARD, ROLES };

#define MAY(name) SG_CAP(PB_CAPABILITY_##name)
enum { EVERYBODY = 0 };

/* clang-format off */

/* The whole catalogue, one accepted instance each. "$o" is the agency that owns the case, "$v" the
 * version of now, "$n" the number of the E04 in the outbox of its publisher. */
static const struct step {
    const char *name;
    uint32_t may; /* what 4.2 says */
    enum role by;
    const char *at; /* the clock before it, or NULL */
    const char *text;
} steps[] = {
    {"E08", MAY(TRAINING_PROVIDER), THE_PROVIDER, NULL, "slot_offered{slot_id:@S1 course_code:MOTORCYCLE_SERVICE venue_region:14.71.10 venue_name:BLK starts_on:2026-06-08 ends_on:2026-07-17 lesson_hours:240 class_size:16 capacity_offered:2 registration_closes_at:'2026-06-05T03:00:00Z' late_entry_until:2026-06-12 hold_hours:72 sex:MALE min_age:18 max_age:40 documents_waivable:true exclude_same_course:true cooldown_months:0 certificate:ATTENDANCE desk:0761-000000}"},
    {"E08 of another slot", MAY(TRAINING_PROVIDER), THE_PROVIDER, NULL, "slot_offered{slot_id:@S2 course_code:BARBER venue_region:14.71.10 venue_name:BLK starts_on:2026-06-08 ends_on:2026-07-17 lesson_hours:240 class_size:16 capacity_offered:2 registration_closes_at:'2026-06-05T03:00:00Z' late_entry_until:2026-06-12 hold_hours:72 sex:MALE min_age:18 max_age:40 documents_waivable:true exclude_same_course:true cooldown_months:0 certificate:ATTENDANCE desk:0761-000000}"},
    {"E09", MAY(TRAINING_PROVIDER), THE_PROVIDER, NULL, "slot_changed{slot_id:@S1 capacity_offered:3 reason:x} expected_version:$v"},
    {"E10", MAY(TRAINING_PROVIDER), THE_PROVIDER, NULL, "slot_cancelled{slot_id:@S2 reason:BUDGET} expected_version:$v"},
    {"E16", MAY(EQUIPMENT_PROVIDER), THE_KEEPER, NULL, "equipment_registered{item_id:@K1 kit_code:KIT-MOTOR-A course_code:MOTORCYCLE_SERVICE description:kunci value_idr:'2350000' funding:APBD acquired_on:2026-03-02 condition:NEW}"},
    {"E04", MAY(REFERRER), THE_REFERRER, NULL, "contact_recorded{contact_id:@K7 person{" AMIR "} found_region:14.71.09 activity:SILVER_PAINTED outcome:ADVISED}"},
    {"E24", EVERYBODY, THE_REFERRER, NULL, "event_corrected{corrected{outbox_id:@$r number:$n} action:ANNUL reason:DID_NOT_HAPPEN discovered_at:'2026-05-04T00:30:00Z'}"},
    {"E01", MAY(REFERRER), THE_REFERRER, NULL, "referral_submitted{referral_id:@R1 kind:INTAKE target_agency:$o priority:URGENT_72H person{" BUDI "} suspected_ppks:[PPKS_12] found_region:14.71.08 activity:BEGGING children_with:0}"},
    {"E02", EVERYBODY, THE_OWNER, NULL, "referral_acknowledged{referral_id:@R1 person_present:true admitted_to_shelter:true}"},
    {"E03", EVERYBODY, THE_OWNER, NULL, "referral_decided{referral_id:@R1 decision:ACCEPTED}"},
    {"E05", MAY(CASE_OWNER), THE_OWNER, NULL, "case_id:@C1 assessment_completed{assessment_id:@AS1 assessed_on:2026-05-04 assessor_role:PEKSOS confirmed_ppks:[PPKS_12] is_minor:false residence:PEKANBARU needs:[FOOD] priority_band:3 training_suitable:true social_registry:NONE}"},
    {"E06", MAY(CASE_OWNER), THE_OWNER, NULL, "case_id:@C1 consent_recorded{consent_id:@CN1 action:GIVEN scopes:[SHARE_WITH_PROVIDER] method:THUMBPRINT given_by:SELF text_version:consent-id-2026-01 evidence_ref:F-221}"},
    {"E07", EVERYBODY, THE_OWNER, NULL, "case_id:@C1 service_delivered{delivery_id:@D1 service:FOOD from_on:2026-05-04 to_on:2026-05-04 quantity:3 unit:MEAL outcome:DELIVERED in_shelter:true}"},
    {"E11", MAY(CASE_OWNER), THE_OWNER, NULL, "case_id:@C1 seat_requested{request_id:@Q1 slot_id:@S1 person_accepted:false waitlist_ok:false override:NONE} legal_basis:CONSENT"},
    {"E12 of the owner", MAY(CASE_OWNER) | MAY(TRAINING_PROVIDER), THE_OWNER, NULL, "seat_decided{allocation_id:@A1 decision:PERSON_ACCEPTED}"},
    {"E12 of the provider", MAY(CASE_OWNER) | MAY(TRAINING_PROVIDER), THE_PROVIDER, NULL, "seat_decided{allocation_id:@A1 decision:CONFIRMED}"},
    {"E13", MAY(TRAINING_PROVIDER), THE_PROVIDER, "2026-06-08 09:00", "placement_started{allocation_id:@A1 started_on:2026-06-08}"},
    {"E14", MAY(TRAINING_PROVIDER), THE_PROVIDER, "2026-06-12 17:00", "attendance_reported{allocation_id:@A1 from_on:2026-06-08 to_on:2026-06-12 sessions_held:5 sessions_attended:4 absences_excused:1}"},
    {"E15", MAY(TRAINING_PROVIDER), THE_PROVIDER, "2026-07-17 16:00", "placement_ended{allocation_id:@A1 ended_on:2026-07-17 result:COMPLETED attendance_pct:93 competency:NOT_TESTED}"},
    {"E17", MAY(EQUIPMENT_PROVIDER), THE_KEEPER, "2026-07-20 09:00", "equipment_issued{item_id:@K1 basis:GRANT_AFTER_COMPLETION allocation_id:@A1 bast_no:'1' bast_date:2026-07-20 no_sale_statement:true custody_until:2027-07-20}"},
    {"E18", MAY(EQUIPMENT_PROVIDER) | MAY(CASE_OWNER), THE_OWNER, NULL, "equipment_checked{check_id:@CK1 item_id:@K1 checked_on:2026-07-20 method:WORKPLACE finding:IN_USE action:NONE}"},
    {"E19", MAY(CASE_OWNER), THE_OWNER, NULL, "case_id:@C1 mentoring_plan_set{plan_id:@P1 mentor_ref:m-1 starts_on:2026-07-20 template:STANDARD_12M}"},
    {"E20", MAY(CASE_OWNER), THE_OWNER, "2026-07-27 14:00", "case_id:@C1 mentoring_visited{visit_id:@V1 plan_id:@P1 checkpoint:D07 visited_on:2026-07-27 mode:HOME contact_made:true living:FAMILY livelihood:OTHER_WORK on_street:NO}"},
    {"E22", MAY(IDENTITY_STEWARD), THE_STEWARD, NULL, "person_link_decided{link_id:@L1 person_ref_a:@pA person_ref_b:@pB decision:DIFFERENT basis:INTERVIEW}"},
    {"E23 of who received it", EVERYBODY, THE_OWNER, NULL, "case_id:@C1 rights_request{request_id:@RQ1 kind:ACCESS received_at:'2026-07-27T07:00:00Z' requester:SELF identity_checked:true status:RECEIVED}"},
    {"E23 of the owner", EVERYBODY, THE_OWNER, NULL, "case_id:@C1 rights_request{request_id:@RQ1 kind:ACCESS received_at:'2026-07-27T07:00:00Z' requester:SELF identity_checked:true status:GRANTED}"},
    {"E21", MAY(CASE_OWNER), THE_OWNER, NULL, "case_id:@C1 case_closed{reason:REUNIFIED closed_on:2026-07-27 supervisor_ref:s-1 followup_allowed:true} expected_version:$v"},
};

/* clang-format on */

static const struct cast {
    const char *name;
    enum world_agency who[ROLES];
} casts[] = {
    {"as in the scenarios", {SATPOLPP, DINSOS, DISNAKER, DINSOS, DINSOS}},
    {"a fifth provider", {DINSOS, DINSOS, BLK, DPPPA, DINSOS}},
    {"a sixth provider, a case of dpppa", {DISNAKER, DPPPA, DISKOPUKM, DPPPA, DINSOS}},
    {"dinsos trains", {DPPPA, DPPPA, DINSOS, DPPPA, DINSOS}},
    {"dpppa trains", {SATPOLPP, DINSOS, DPPPA, DINSOS, DINSOS}},
};

static uint32_t capabilities_of(enum world_agency who)
{
    return sg_roster_agency(&scene_city.roster, scene_city.clients[who].id)->capabilities;
}

/* "$v" and the other signs of a step, replaced. */
static const char *written_out(const char *text, const struct cast *cast, const char *version,
                               unsigned contact)
{
    static char to[4000];
    char number[16];
    size_t len = 0;
    (void)snprintf(number, sizeof number, "%u", contact);
    for (; *text; text++) {
        const char *word = NULL;
        if (*text == '$')
            word = text[1] == 'o'   ? scene_city.clients[cast->who[THE_OWNER]].id
                   : text[1] == 'r' ? scene_city.clients[cast->who[THE_REFERRER]].id
                   : text[1] == 'n' ? number
                                    : version;
        len +=
            (size_t)snprintf(to + len, sizeof to - len, word ? "%s" : "%.1s", word ? word : text);
        text += word != NULL;
    }
    return to;
}

static void learn(const struct step *step, const struct world_outcome *o)
{
    if (strcmp(step->name, "E01") == 0)
        name_case("C1", "R1");
    if (strcmp(step->name, "E11") == 0)
        name_id("A1", &o->allocation_id);
}

/* The one says it and is accepted; nobody else is, before or after: E_FORBIDDEN without the
 * capability, E_NOT_OWNER with it. */
static void walk_one(const struct cast *cast, const struct step *step, unsigned *contact)
{
    enum world_agency by = cast->who[step->by];
    char version[24] = "1";
    if (step->at)
        at(step->at);
    if (strstr(step->text, "$v")) {
        struct world_outcome stale = say(by, "%s", written_out(step->text, cast, "999", *contact));
        if (stale.code != SG_ST_VERSION_CONFLICT)
            fail_msg("%s, %s: %s", cast->name, step->name, sg_status_name(stale.code));
        (void)snprintf(version, sizeof version, "%.20s", stale.detail);
    }
    if (strcmp(step->name, "E04") == 0)
        *contact = (unsigned)scene_city.clients[by].next;
    struct world_outcome o = say(by, "%s", written_out(step->text, cast, version, *contact));
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED)
        fail_msg("%s, %s of %s: status %d %s '%s' at '%s'", cast->name, step->name,
                 scene_city.clients[by].id, o.status, sg_status_name(o.code), o.detail, o.object);
    learn(step, &o);
    for (size_t i = 0; i < WORLD_WIDE; i++) {
        enum world_agency other = (enum world_agency)i;
        bool too = strcmp(step->name, "E18") == 0 && other == cast->who[THE_KEEPER];
        if (other == by || too || strcmp(step->name, "E23 of who received it") == 0)
            continue;
        uint32_t held = capabilities_of(other);
        uint32_t want = step->may && !(held & step->may) ? SG_ST_FORBIDDEN : SG_ST_NOT_OWNER;
        o = say(other, "%s", written_out(step->text, cast, version, *contact));
        if (o.status != PB_OUTCOME_STATUS_REJECTED || o.code != want)
            fail_msg("%s, %s of %s: status %d %s '%s' at '%s', wanted %s", cast->name, step->name,
                     scene_city.clients[other].id, o.status, sg_status_name(o.code), o.detail,
                     o.object, sg_status_name(want));
    }
}

/* Two persons whom the steward knows by its own pseudonyms. */
static void meet_two(void)
{
    struct world_outcome a = say(DINSOS, "contact_recorded{contact_id:@K8 person{" JOKO
                                         "} found_region:14.71.09 activity:BEGGING "
                                         "outcome:ADVISED}");
    struct world_outcome b = say(DINSOS, "contact_recorded{contact_id:@K9 person{" SITI
                                         "} found_region:14.71.10 activity:BEGGING "
                                         "outcome:ADVISED}");
    accepted(a);
    accepted(b);
    name_id("pA", &a.person_ref);
    name_id("pB", &b.person_ref);
}

/* Who has no part in it reads what everybody may read: slots and things, no person. */
static void check_bystanders(const struct cast *cast)
{
    char public_lines[600];
    const char *provider = scene_city.clients[cast->who[THE_PROVIDER]].id;
    (void)snprintf(public_lines, sizeof public_lines,
                   "%s slot_offered{slot_id:@S1}\n"
                   "%s slot_offered{slot_id:@S2}\n"
                   "%s slot_changed{slot_id:@S1 capacity_offered:3} -reason\n"
                   "%s slot_cancelled{slot_id:@S2 reason:BUDGET}\n"
                   "%s equipment_registered{item_id:@K1}\n",
                   provider, provider, provider, provider,
                   scene_city.clients[cast->who[THE_KEEPER]].id);
    for (size_t i = 0; i < WORLD_WIDE; i++) {
        enum world_agency who = (enum world_agency)i;
        bool part = who == DINSOS; /* the steward reads contacts */
        for (size_t r = 0; r < ROLES; r++)
            part |= cast->who[r] == who;
        /* A provider of equipment is told that somebody has completed a course. */
        part |= (capabilities_of(who) & MAY(EQUIPMENT_PROVIDER)) != 0;
        if (!part && strcmp(news(who), public_lines) != 0)
            fail_msg("%s: %s has heard\n%s", cast->name, scene_city.clients[who].id, news(who));
    }
}

static void whoever_holds_the_capability(void **state)
{
    (void)state;
    for (size_t c = 0; c < SG_ARRAY_LEN(casts); c++) {
        unsigned contact = 0;
        scene_open("2026-05-04 08:00", WORLD_WIDE);
        meet_two();
        for (size_t i = 0; i < SG_ARRAY_LEN(steps); i++)
            walk_one(&casts[c], &steps[i], &contact);
        check_bystanders(&casts[c]);
        scene_close();
    }
}

/* clang-format off */

static void offer(enum world_agency who, const char *slot)
{
    accepted(say(who, "slot_offered{slot_id:@%s course_code:BARBER venue_region:14.71.10 venue_name:BLK starts_on:2026-06-08 ends_on:2026-07-17 lesson_hours:240 class_size:16 capacity_offered:2 registration_closes_at:'2026-06-05T03:00:00Z' late_entry_until:2026-06-12 hold_hours:72 sex:MALE min_age:18 max_age:40 documents_waivable:true exclude_same_course:true cooldown_months:0 certificate:ATTENDANCE desk:0761-000000}", slot));
}

/* The fifth and the sixth provider: everybody reads their slots, and each the D1s of its own. */
static void providers_by_configuration(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    in_service("C1", BUDI, 3);
    in_service("C2", ANDI, 3);
    heard_before();
    offer(BLK, "S1");
    offer(DISKOPUKM, "S2");
    static const char both[] =
        "blk-pekanbaru slot_offered{slot_id:@S1}\n"
        "diskopukm slot_offered{slot_id:@S2}\n";
    heard(.satpolpp = both, .dinsos = both, .disnaker = both, .dpppa = both, .inspektorat = both, .diskominfo = both, .disdukcapil = both, .blk = both, .diskopukm = both);
    seat_is("A1", ask("C1", "S1", "person_accepted:true waitlist_ok:false"));
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-1 slot_id:@S1 person_accepted:true waitlist_ok:false override:NONE} case_id:@C1\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .blk =
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:RESERVED cause:dinsos person{person_ref:@person-1-blk-pekanbaru full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
    seat_is("A2", ask("C2", "S2", "person_accepted:false waitlist_ok:false"));
    heard(.dinsos =
              "dinsos seat_requested{request_id:@Q-2 slot_id:@S2 person_accepted:false waitlist_ok:false override:NONE} case_id:@C2\n"
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S2 seat_no:1 change:HELD hold_until:'2026-05-07 08:00' cause:dinsos person{person_ref:@person-2-dinsos full_name:'Andi Pratama' sex:MALE age_band:A35_44}} case_id:@C2\n",
          .diskopukm =
              "seat_allocation_changed{allocation_id:@A2 slot_id:@S2 seat_no:1 change:HELD hold_until:'2026-05-07 08:00' cause:dinsos person{person_ref:@person-1-diskopukm sex:MALE age_band:A35_44}} -case_id -person.full_name\n");
    accepted(decide(BLK, "A1", "CONFIRMED"));
    refused(decide(BLK, "A2", "CONFIRMED"), SG_ST_NOT_OWNER, NULL);
    refused(decide(DISKOPUKM, "A1", "CONFIRMED"), SG_ST_NOT_OWNER, NULL);
    heard(.dinsos =
              "blk-pekanbaru seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:blk-pekanbaru person{person_ref:@person-1-dinsos full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} case_id:@C1\n",
          .blk =
              "blk-pekanbaru seat_decided{allocation_id:@A1 decision:CONFIRMED}\n"
              "seat_allocation_changed{allocation_id:@A1 slot_id:@S1 seat_no:1 change:CONFIRMED cause:blk-pekanbaru person{person_ref:@person-1-blk-pekanbaru full_name:'Budi Santoso' sex:MALE age_band:A25_34 domicile_kecamatan:14.71.08}} -case_id\n");
    scene_close();
}

static size_t cases_of(enum world_agency who)
{
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_all = query.all = true;
    query.kind = PB_QUERY_KIND_CASES;
    const PbQueryResult *answer = world_query(&scene_city, who, &query);
    assert_null(answer->error);
    return answer->n_cases;
}

static uint32_t asks_for(enum world_agency who, PbQueryKind kind, uint64_t seq, const char *case_name)
{
    PbQuery query = PB_QUERY__INIT;
    struct sg_id id = named(case_name);
    static char spm[] = "spm";
    query.has_kind = query.has_seq = query.has_case_id = true;
    query.kind = kind;
    query.seq = seq;
    query.case_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
    query.report = spm;
    const PbQueryResult *answer = world_query(&scene_city, who, &query);
    return answer->error ? answer->error->code : 0;
}

/* Nobody answers an emergency: on level 3 the auditor hears of it, and of nothing else. Neither it
 * nor the operator can ask for a case or for what was said of a person. */
static void auditor_and_operator(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    struct world_outcome e01 = say(SATPOLPP, "referral_submitted{referral_id:@R1 kind:INTAKE target_agency:dinsos priority:EMERGENCY_24H person{" BUDI "} suspected_ppks:[PPKS_12] found_region:14.71.08 activity:BEGGING children_with:0}");
    accepted(e01);
    name_case("C1", "R1");
    heard_before();
    at("2026-05-04 12:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R1 due_at:'2026-05-04 12:00' level:1 cleared:false} case_id:@C1\n");
    at("2026-05-05 17:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R1 due_at:'2026-05-04 12:00' level:2 cleared:false} case_id:@C1\n");
    at("2026-05-07 16:59");
    heard_nothing();
    at("2026-05-07 17:00");
    heard(.dinsos =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R1 due_at:'2026-05-04 12:00' level:3 cleared:false} case_id:@C1\n",
          .inspektorat =
              "deadline_missed{rule_id:T01 aggregate_type:REFERRAL aggregate_id:@R1 due_at:'2026-05-04 12:00' level:3 cleared:false} -case_id\n");
    assert_int_equal(cases_of(DINSOS), 1);
    static const enum world_agency outside[] = {INSPEKTORAT, DISKOMINFO, DISDUKCAPIL, BLK, SATPOLPP};
    for (size_t i = 0; i < SG_ARRAY_LEN(outside); i++) {
        assert_int_equal(cases_of(outside[i]), 0);
        assert_int_equal(asks_for(outside[i], PB_QUERY_KIND_CASE, 0, "C1"), SG_ST_UNKNOWN_OBJECT);
        if (outside[i] != SATPOLPP) /* it wrote it */
            assert_int_equal(asks_for(outside[i], PB_QUERY_KIND_EVENT, e01.seq, "C1"), SG_ST_UNKNOWN_OBJECT);
    }
    assert_int_equal(asks_for(DINSOS, PB_QUERY_KIND_CASE, 0, "C1"), 0);
    assert_int_equal(asks_for(DINSOS, PB_QUERY_KIND_EVENT, e01.seq, "C1"), 0);
    assert_int_equal(asks_for(DISKOMINFO, PB_QUERY_KIND_REPORT, 0, "C1"), SG_ST_FORBIDDEN);
    scene_close();
}

static struct world_outcome ask_service(const char *referral, const char *target)
{
    return say(DINSOS, "case_id:@C1 referral_submitted{referral_id:@%s kind:SERVICE target_agency:%s priority:NORMAL_14D suspected_ppks:[PPKS_12] requested_services:[EDU_HEALTH_ACCESS]}", referral, target);
}

/* Who is an agency, and what it may be asked for, is what the configuration says. */
static void an_agency_is_a_row(void **state)
{
    (void)state;
    static const size_t cities[] = {WORLD_AGENCIES, WORLD_WIDE};
    for (size_t i = 0; i < SG_ARRAY_LEN(cities); i++) {
        bool wide = cities[i] == WORLD_WIDE;
        scene_open("2026-05-04 08:00", cities[i]);
        in_service("C1", BUDI, 3);
        refused(ask_service("R2", "dinas-perhubungan"), SG_ST_BAD_CODE, "UNKNOWN_AGENCY");
        if (wide)
            accepted(ask_service("R3", "diskopukm"));
        else
            refused(ask_service("R3", "diskopukm"), SG_ST_BAD_CODE, "UNKNOWN_AGENCY");
        /* An agency without cases is nobody whom a person is referred to. */
        refused(say(SATPOLPP, "referral_submitted{referral_id:@R4 kind:INTAKE target_agency:%s priority:URGENT_72H person{" ANDI "} suspected_ppks:[PPKS_12] found_region:14.71.08 activity:BEGGING children_with:0}", wide ? "blk-pekanbaru" : "disnaker"), SG_ST_BAD_CODE, "NO_CASE_OWNER");
        scene_close();
    }
}

/* clang-format on */
UNIT_MAIN(cmocka_unit_test(whoever_holds_the_capability),
          cmocka_unit_test(providers_by_configuration), cmocka_unit_test(auditor_and_operator),
          cmocka_unit_test(an_agency_is_a_row))
