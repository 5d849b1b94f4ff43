/* Outboxes for import, through the broker: who opens one, and what comes through it. */
#include "unit/unit.h"

#include "kit/cast.h"
#include "kit/check.h"
#include "kit/talk.h"
#include "ledger/deadline.h"
#include "store/table.h"
#include "wire/status.h"

#include <stdio.h>

static PbAdmin opening(enum world_agency whose, const struct sg_id *outbox, bool open)
{
    static char names[WORLD_WIDE][32];
    static struct sg_id id;
    PbAdmin admin = PB_ADMIN__INIT;
    id = *outbox;
    (void)snprintf(names[whose], sizeof names[whose], "%s", scene_city.clients[whose].id);
    admin.has_import_outbox_id = admin.has_import_open = true;
    admin.import_outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
    admin.import_agency = names[whose];
    admin.import_open = open;
    return admin;
}

/* The agency's own outbox of now is open for import, or is not any more. */
static void import(enum world_agency whose, bool open)
{
    PbAdmin admin = opening(whose, &scene_city.clients[whose].outbox, open);
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), 0);
}

/* The rules of all deadlines that run, "T05 T07", in the order of the table. */
static const char *running(void)
{
    static char text[400];
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    size_t len = 0;
    text[0] = '\0';
    UNIT_OK(txn_begin(&txn, scene_city.env, TXN_READ, &why));
    UNIT_OK(cursor_open(&cursor, &txn, TABLE_DEADLINES, &why));
    UNIT_OK(cursor_first(&cursor, &why));
    while (cursor.key.ptr) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "",
                                (const char *)cursor.key.ptr + SG_ID_BYTES);
        UNIT_OK(cursor_next(&cursor, &why));
    }
    return text;
}

static bool late(const struct world_outcome *o)
{
    for (size_t i = 0; i < o->warning_count; i++)
        if (o->warnings[i] == SG_ST_W_LATE)
            return true;
    return false;
}

static struct world_outcome taken(struct world_outcome o)
{
    if (o.code || !late(&o))
        fail_msg("%s (%s %s), late %d", sg_status_name(o.code), o.object, o.detail, late(&o));
    return o;
}

/* ---- who opens it ---- */

static void only_an_operator_at_the_endpoint_of_the_host(void **state)
{
    (void)state;
    struct talk talk;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    PbAdmin admin = opening(SATPOLPP, &scene_city.clients[SATPOLPP].outbox, true);
    for (int who = SATPOLPP; who < WORLD_WIDE; who++)
        assert_int_equal(world_admin(&scene_city, (enum world_agency)who, &admin),
                         who == DISKOMINFO ? 0 : SG_ST_FORBIDDEN);
    import(SATPOLPP, false);
    PbClientFrame frame = PB_CLIENT_FRAME__INIT; /* from another host */
    admin.has_request_no = true;
    frame.admin = &admin;
    talk_open(&talk, &scene_city);
    struct peer peer = talk_connect(&talk, DISKOMINFO);
    talk_frame(&talk, DISKOMINFO, peer, &frame)->local = false;
    talk_turn(&talk);
    const PbServerFrame *answer = talk_answer(&talk, peer, 0);
    assert_non_null(answer);
    assert_int_equal(answer->admin_result->error->code, SG_ST_FORBIDDEN);
    broker_peer_gone(scene_city.broker, peer);
    world_connect(&scene_city, DISKOMINFO);
    struct world_outcome o = say(SATPOLPP, "occurred_at:'2020-01-01T01:00:00Z' "
                                           "recorded_at:'2020-01-01T01:00:00Z' contact_recorded{"
                                           "contact_id:@K1 found_region:14.71.08 activity:BEGGING "
                                           "outcome:RAN_AWAY}");
    assert_int_equal(o.code, SG_ST_TOO_OLD);
    heard_before();
    scene_close();
}

static void what_an_operator_may_open(void **state)
{
    (void)state;
    struct sg_id own, zero = {{0}};
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    own = scene_city.clients[SATPOLPP].outbox;
    assert_int_equal(refer("R1", BUDI).code, 0); /* it is satpolpp's from now on */
    PbAdmin admin = opening(DINSOS, &own, true);
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), SG_ST_NOT_OWNER);
    admin = opening(SATPOLPP, &own, true);
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), 0); /* in the middle of it */
    admin = opening(SATPOLPP, &zero, true);
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), SG_ST_SCHEMA);
    admin.import_outbox_id.len = 15;
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), SG_ST_SCHEMA);
    admin = opening(SATPOLPP, &own, true);
    admin.import_agency = NULL;
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), SG_ST_BAD_CODE);
    static char nobody[] = "nobody";
    admin.import_agency = nobody;
    assert_int_equal(world_admin(&scene_city, DISKOMINFO, &admin), SG_ST_BAD_CODE);
    heard_before();
    scene_close();
}

/* ---- what comes through it ---- */

#define LONG_AGO "occurred_at:'2024-03-04T01:00:00Z' recorded_at:'2024-03-04T01:00:00Z' "

static struct world_outcome old_referral(const char *referral)
{
    return say(SATPOLPP,
               LONG_AGO "referral_submitted{referral_id:@%s kind:INTAKE target_agency:dinsos "
                        "priority:URGENT_72H person{" BUDI "} suspected_ppks:[PPKS_12] "
                        "found_region:14.71.08 activity:BEGGING children_with:0}",
               referral);
}

/* Over 400 days old, accepted with W_LATE, and nobody is pressed. Not before it is opened, and not
 * after it is closed; also after a restart in between. */
static void old_cases_are_loaded(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    assert_int_equal(old_referral("R1").code, SG_ST_TOO_OLD);
    import(SATPOLPP, true);
    scene_restart("2026-05-04 08:10");
    (void)taken(old_referral("R1"));
    assert_string_equal(running(), "");
    name_case("C1", "R1");
    import(DINSOS, true);
    (void)taken(say(DINSOS, "referral_acknowledged{referral_id:@R1 person_present:true "
                            "admitted_to_shelter:true}"));
    assert_string_equal(running(), "");
    (void)taken(take_in("R1"));
    assert_string_equal(running(), ""); /* no T03 */
    (void)taken(say(DINSOS, LONG_AGO
                    "case_id:@C1 assessment_completed{assessment_id:@E1 assessed_on:2024-03-05 "
                    "assessor_role:PEKSOS confirmed_ppks:[PPKS_12] is_minor:false "
                    "residence:PEKANBARU needs:[FOOD] priority_band:3 training_suitable:true "
                    "social_registry:NONE}"));
    assert_string_equal(running(), ""); /* no T12 */
    (void)taken(say(DINSOS, "case_id:@C1 mentoring_plan_set{plan_id:@P1 mentor_ref:m "
                            "starts_on:2024-03-06 template:STANDARD_12M}"));
    (void)taken(say(DINSOS, LONG_AGO "mentoring_visited{visit_id:@V1 plan_id:@P1 "
                                     "visited_on:2024-03-13 mode:HOME contact_made:true "
                                     "living:FAMILY livelihood:NONE on_street:NO}"));
    assert_string_equal(running(), ""); /* no T11 */
    row_is("C1", "state:AFTERCARE");
    import(DINSOS, false);
    struct world_outcome o =
        say(DINSOS, LONG_AGO "mentoring_visited{visit_id:@V2 plan_id:@P1 visited_on:2024-03-20 "
                             "mode:HOME contact_made:false}");
    assert_int_equal(o.code, SG_ST_TOO_OLD);
    o = say(DINSOS, "mentoring_visited{visit_id:@V3 plan_id:@P1 visited_on:2026-05-04 mode:HOME "
                    "contact_made:true living:FAMILY livelihood:NONE on_street:NO}");
    assert_true(o.code == 0 && !late(&o));
    heard_before();
    scene_close();
}

/* What is closed again is an outbox like any other: what it states from then on has its limits. */
static void closed_again(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    import(SATPOLPP, true);
    (void)taken(old_referral("R1"));
    import(SATPOLPP, false);
    struct world_outcome o = refer("R2", SITI);
    assert_true(o.code == 0 && !late(&o));
    assert_string_equal(running(), RULE_ACKNOWLEDGE);
    assert_int_equal(old_referral("R3").code, SG_ST_TOO_OLD);
    heard_before();
    scene_close();
}

/* Other outboxes of the same agency are not open with it. */
static void one_outbox_only(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    import(SATPOLPP, true);
    (void)taken(old_referral("R1"));
    world_use_outbox(&scene_city, SATPOLPP, 9);
    assert_int_equal(old_referral("R2").code, SG_ST_TOO_OLD);
    heard_before();
    scene_close();
}

/* Nobody waits by an import; the limits that a seat rests on are kept. */
static void seats_of_an_import(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    assert_int_equal(offer_motor("S1", 1).code, 0);
    in_service("C1", BUDI, 3);
    in_service("C2", ANDI, 3);
    import(DINSOS, true);
    seat_is("A1", ask("C1", "S1", "person_accepted:false waitlist_ok:true" WITH_KTP));
    row_is("A1", "state:HELD seat_no:1");
    assert_non_null(strstr(running(), RULE_HOLD));
    struct world_outcome o = ask("C2", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP);
    assert_int_equal(o.code, SG_ST_SLOT_FULL);
    (void)taken(decide(DINSOS, "A1", "PERSON_ACCEPTED"));
    assert_non_null(strstr(running(), RULE_START)); /* T07 takes the seat back one day */
    assert_null(strstr(running(), RULE_CONFIRM));   /* T06 only presses */
    import(DINSOS, false);
    seat_is("A2", ask("C2", "S1", "person_accepted:true waitlist_ok:true" WITHOUT_KTP));
    row_is("A2", "state:WAITLISTED");
    heard_before();
    scene_close();
}

/* A minor, a request and a withdrawal from before: no T04, T13 or T14. */
static void rights_of_an_import(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    in_service("C1", BUDI, 3);
    const char *before = running();
    char kept[400];
    (void)snprintf(kept, sizeof kept, "%s", before);
    import(DINSOS, true);
    (void)taken(say(DINSOS, "case_id:@C1 rights_request{request_id:@Q1 kind:ACCESS "
                            "received_at:'2024-03-04T01:00:00Z' requester:SELF "
                            "identity_checked:true status:RECEIVED}"));
    assert_string_equal(running(), kept);
    import(SATPOLPP, true);
    (void)taken(refer("R2", RIAN));
    assert_string_equal(running(), kept);
    heard_before();
    scene_close();
}

/* A visit that waits for its plan is one of the import also when it is settled. */
static void what_was_parked_is_of_the_import(void **state)
{
    (void)state;
    scene_open("2026-05-04 08:00", WORLD_WIDE);
    in_service("C1", BUDI, 3);
    import(DINSOS, true);
    struct world_outcome o =
        say(DINSOS, LONG_AGO "mentoring_visited{visit_id:@V1 plan_id:@P1 visited_on:2024-03-13 "
                             "mode:HOME contact_made:true living:FAMILY livelihood:NONE "
                             "on_street:NO}");
    assert_int_equal(o.status, PB_OUTCOME_STATUS_PARKED);
    (void)taken(say(DINSOS, "case_id:@C1 mentoring_plan_set{plan_id:@P1 mentor_ref:m "
                            "starts_on:2024-03-06 template:STANDARD_12M}"));
    assert_null(strstr(running(), RULE_VISIT));
    heard_before();
    scene_close();
}

UNIT_MAIN(cmocka_unit_test(only_an_operator_at_the_endpoint_of_the_host),
          cmocka_unit_test(what_an_operator_may_open), cmocka_unit_test(old_cases_are_loaded),
          cmocka_unit_test(closed_again), cmocka_unit_test(one_outbox_only),
          cmocka_unit_test(seats_of_an_import), cmocka_unit_test(rights_of_an_import),
          cmocka_unit_test(what_was_parked_is_of_the_import))
