/* E23: what data subjects ask for, who decides it and by when; what a restriction stops, and for
 * how long. */
#include "unit/care_unit.h"

#define SEAT(name) PB_ALLOCATION_STATE_##name
#define DECIDES(name) PB_REFERRAL_DECISION_##name

static struct sg_id receive(struct ledger_city *city, const struct client *who,
                            const char *publisher, PbDataSubjectRequestRecorded__Kind kind)
{
    struct sg_id id = story_id(city);
    PbEnvelope *e = care_request(city, publisher, &id, kind, ANSWER(RECEIVED));
    care_person(city, e, who);
    (void)unit_want("received", city, e, 0);
    return id;
}

/* ---- every status in every state ---- */

/* From the status of the request (0: none); 0 is accepted. ERASURE is not granted at all. */
static const struct {
    uint32_t code;
    const char *detail;
} cells[ANSWER(EXECUTED)][ANSWER(EXECUTED) + 1] = {
    [0] = {[ANSWER(RECEIVED)] = {0, NULL},
           [ANSWER(GRANTED)] = {SG_ST_UNKNOWN_OBJECT, ""},
           [ANSWER(PARTLY)] = {SG_ST_UNKNOWN_OBJECT, ""},
           [ANSWER(REFUSED)] = {SG_ST_UNKNOWN_OBJECT, ""},
           [ANSWER(EXECUTED)] = {SG_ST_UNKNOWN_OBJECT, ""}},
    [ANSWER(RECEIVED)] = {[ANSWER(GRANTED)] = {0, NULL},
                          [ANSWER(PARTLY)] = {0, NULL},
                          [ANSWER(REFUSED)] = {0, NULL},
                          [ANSWER(EXECUTED)] = {SG_ST_BAD_TRANSITION, "NOT_GRANTED"}},
    [ANSWER(GRANTED)] = {[ANSWER(PARTLY)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                         [ANSWER(REFUSED)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                         [ANSWER(EXECUTED)] = {0, NULL}},
    [ANSWER(PARTLY)] = {[ANSWER(GRANTED)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                        [ANSWER(REFUSED)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                        [ANSWER(EXECUTED)] = {0, NULL}},
    [ANSWER(REFUSED)] = {[ANSWER(GRANTED)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                         [ANSWER(PARTLY)] = {SG_ST_BAD_TRANSITION, "DECIDED"},
                         [ANSWER(EXECUTED)] = {SG_ST_BAD_TRANSITION, "NOT_GRANTED"}},
};

static void every_cell(void **state)
{
    (void)state;
    for (int kind = ASKS(ACCESS); kind <= ASKS(UNRESTRICT); kind++)
        for (int from = 0; from < ANSWER(EXECUTED); from++)
            for (int to = ANSWER(RECEIVED); to <= ANSWER(EXECUTED); to++) {
                struct ledger_city city;
                bool erases = kind == ASKS(ERASURE);
                if (erases && (from == ANSWER(GRANTED) || from == ANSWER(PARTLY)))
                    continue;
                char name[64];
                (void)snprintf(name, sizeof name, "kind %d, %d to %d", kind, from, to);
                city_open(&city);
                struct client budi = unit_client(&city);
                struct sg_id id = story_id(&city);
                PbDataSubjectRequestRecorded__Kind k = (PbDataSubjectRequestRecorded__Kind)kind;
                if (from)
                    id = receive(&city, &budi, "dinsos", k);
                if (from > ANSWER(RECEIVED))
                    (void)unit_want(name, &city,
                                    care_request(&city, "dinsos", &id, k,
                                                 (PbDataSubjectRequestRecorded__Status)from),
                                    0);
                PbEnvelope *e =
                    care_request(&city, "dinsos", &id, k, (PbDataSubjectRequestRecorded__Status)to);
                if (to == ANSWER(RECEIVED))
                    care_person(&city, e, &budi);
                if (to == from) {
                    (void)story_again(name, &city, e);
                    city_close(&city);
                    continue;
                }
                bool again = to == ANSWER(RECEIVED) && from; /* the first words, once more */
                bool no = erases && from && (to == ANSWER(GRANTED) || to == ANSWER(PARTLY)) &&
                          from == ANSWER(RECEIVED);
                if (again) {
                    (void)story_again(name, &city, e);
                    city_close(&city);
                    continue;
                }
                struct outcome o =
                    unit_want(name, &city, e, no ? SG_ST_SCHEMA : cells[from][to].code);
                if (no)
                    unit_detail(name, &o, "rights_request.status", "NOT_SERVED");
                else if (cells[from][to].code)
                    unit_detail(name, &o, NULL, cells[from][to].detail);
                const PbRequestRow *row = city_row(&city, TABLE_REQUESTS, &id);
                int stands = o.fault.code || to == ANSWER(EXECUTED) ? from : to;
                assert_int_equal(row ? (int)row->status : 0, stands);
                city_refold(&city);
                city_close(&city);
            }
}

static void what_it_must_say(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id id = story_id(&city);
    PbEnvelope *e = care_request(&city, "dinsos", &id, ASKS(ACCESS), ANSWER(RECEIVED));
    struct outcome o = unit_want("of whom", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("of whom", &o, "person_ref", NULL);
    care_person(&city, e, &budi);
    e->rights_request->received_at = story_time(&city, city.now_ms + 6 * 60000);
    o = unit_want("tomorrow", &city, e, SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "rights_request.received_at", NULL);
    e->person_ref = unit_id(&city, &(struct sg_id){{8}});
    e->rights_request->received_at = story_time(&city, city.now_ms);
    o = unit_want("of nobody", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("of nobody", &o, "person_ref", NULL);
    e->has_person_ref = false;
    e->has_case_id = true;
    e->case_id = unit_id(&city, &budi.case_id);
    (void)unit_want("by its case", &city, e, 0);
    e = care_request(&city, "dinsos", &id, ASKS(ACCESS), ANSWER(PARTLY));
    e->rights_request->n_kept_fields = 0;
    o = unit_want("what is kept", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("what is kept", &o, "rights_request.kept_fields", NULL);
    e->rights_request->has_refusal_ground = false;
    o = unit_want("why not all", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("why not all", &o, "rights_request.refusal_ground", NULL);
    for (int status = ANSWER(GRANTED); status <= ANSWER(REFUSED); status++) {
        e = care_request(&city, "dinsos", &id, ASKS(CORRECTION),
                         (PbDataSubjectRequestRecorded__Status)status);
        o = unit_want("another kind", &city, e, SG_ST_SCHEMA);
        unit_detail("another kind", &o, "rights_request.kind", "OTHER_KIND");
        e = care_request(&city, "dpppa", &id, ASKS(ACCESS),
                         (PbDataSubjectRequestRecorded__Status)status);
        o = unit_want("by another", &city, e, SG_ST_NOT_OWNER);
        unit_detail("by another", &o, "rights_request.request_id", NULL);
        e = care_request(&city, "dinsos", &id, ASKS(ACCESS),
                         (PbDataSubjectRequestRecorded__Status)status);
        e->rights_request->identity_checked = false;
        if (status == ANSWER(REFUSED)) {
            (void)unit_want("nobody was looked at", &city, e, 0); /* refused without a look */
        } else {
            o = unit_want("nobody was looked at", &city, e, SG_ST_IDENTITY_NOT_CHECKED);
            unit_detail("nobody was looked at", &o, "rights_request.identity_checked", NULL);
        }
    }
    e = care_request(&city, "satpolpp", &id, ASKS(ACCESS), ANSWER(RECEIVED));
    care_person(&city, e, &budi);
    o = unit_want("an id of others", &city, e, SG_ST_NOT_OWNER);
    unit_detail("an id of others", &o, "rights_request.request_id", "ID_IN_USE");
    city_refold(&city);
    city_close(&city);
}

/* ---- who decides ---- */

static void who_decides(void **state)
{
    (void)state;
    enum { OPEN, CLOSED, TWO_CLOSED, NO_CASE, WAYS };
    static const char *const owners[WAYS] = {"dinsos", "dinsos", "dpppa", "dinsos"};
    for (int way = OPEN; way < WAYS; way++) {
        struct ledger_city city;
        struct client budi = {{{0}}, {{0}}, {{0}}};
        struct sg_id id;
        city_open(&city);
        if (way == NO_CASE) { /* the steward of identities */
            struct outcome o = unit_want("seen", &city, story_contact(&city, true), 0);
            budi.person = id_of(city_record(&city, o.seq).record.rest->person_id);
        } else {
            budi = unit_client(&city);
        }
        if (way == CLOSED || way == TWO_CLOSED)
            (void)unit_want("close", &city, care_close(&city, &budi.case_id, REASON(REUNIFIED)), 0);
        if (way == TWO_CLOSED) { /* and open at another owner */
            PbEnvelope *e = care_found(&city, &budi, story_today(&city), &id);
            e->referral_submitted->target_agency = unit_text(&city, "dpppa");
            (void)unit_want("refer", &city, e, 0);
        }
        id = receive(&city, &budi, "satpolpp", ASKS(CORRECTION));
        const PbRequestRow *row = city_row(&city, TABLE_REQUESTS, &id);
        assert_string_equal(row->owner, owners[way]);
        struct city_record e23 = city_record(&city, city.last_seq);
        assert_int_equal(city_relations(&e23, owners[way]), RELATION_CASE_OWNER);
        assert_int_equal(e23.record.rest->n_audience, 1);
        (void)unit_want("granted", &city,
                        care_request(&city, owners[way], &id, ASKS(CORRECTION), ANSWER(GRANTED)),
                        0);
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- T13 ---- */

/* 72 hours from when it was received, however late it is told; level 3, with the auditor. */
static void decided_in_time(void **state)
{
    (void)state;
    for (int kind = ASKS(ACCESS); kind <= ASKS(RESTRICTION); kind++)
        for (int64_t late = 0; late <= 96; late += 48) {
            struct ledger_city city;
            city_open(&city);
            struct client budi = unit_client(&city);
            struct sg_id id = story_id(&city);
            PbDataSubjectRequestRecorded__Kind k = (PbDataSubjectRequestRecorded__Kind)kind;
            PbEnvelope *e = care_request(&city, "satpolpp", &id, k, ANSWER(RECEIVED));
            care_person(&city, e, &budi);
            int64_t due = city.now_ms + (72 - late) * SG_HOUR_MS;
            e->rights_request->received_at = story_time(&city, city.now_ms - late * SG_HOUR_MS);
            (void)unit_want("received", &city, e, 0);
            if (late <= 72) {
                const int64_t levels[LIMIT_LEVELS] = {due};
                limit_run("T13", &city, RULE_REQUEST, &id, levels, 3, "dinsos");
            } else {
                uint64_t last = city.last_seq;
                city_pass(&city, 0);
                care_follows("over already", &city, last, "D2 T13/3 @dinsos,inspektorat");
            }
            struct outcome o = unit_want("refused", &city,
                                         care_request(&city, "dinsos", &id, k, ANSWER(REFUSED)), 0);
            care_follows("refused", &city, o.seq, "D2 T13/3 cleared @dinsos,inspektorat");
            care_run("decided", &city, &id, "");
            city_refold(&city);
            city_close(&city);
        }
}

/* ---- RESTRICTION ---- */

static void no_seat_while_restricted(void **state)
{
    (void)state;
    enum { ASK, OWN_HOLD, ACCEPT_HOLD, ACCEPT_LATE, PROMOTED, WAYS };
    static const char *const objects[WAYS] = {"case_id", "case_id", "seat_decided.allocation_id",
                                              "seat_decided.allocation_id", NULL};
    for (int way = ASK; way < WAYS; way++) {
        struct ledger_city city;
        struct sg_id seat = {{0}}, taken = {{0}};
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        if (way == PROMOTED)
            taken = story_seat(&city, &slot, ACCEPT);
        if (way != ASK)
            seat = unit_seat(&city, &budi, &slot, way == PROMOTED ? ACCEPT : HOLD);
        if (way == ACCEPT_LATE)
            city_pass(&city, 73 * SG_HOUR_MS);
        care_grant(&city, &budi, ASKS(RESTRICTION));
        assert_true(((PbPersonRow *)city_row(&city, TABLE_PERSONS, &budi.person))->restricted);
        if (way == PROMOTED) {
            story_settle(&city, &taken, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
            assert_int_equal(unit_seat_state(&city, &seat), SEAT(WAITLISTED));
        } else {
            PbEnvelope *e = way <= OWN_HOLD
                                ? unit_request(&city, &budi, &slot, ACCEPT)
                                : unit_settle(&city, &seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
            struct outcome o = unit_want("restricted", &city, e, SG_ST_RESTRICTED);
            unit_detail("restricted", &o, objects[way], "");
            e = care_consent(&city, &budi.case_id, SAYS(WITHDRAWN), SCOPE(USE_FOR_EVALUATION));
            (void)unit_want("what the person says is kept", &city, e, 0);
        }
        struct sg_id id = receive(&city, &budi, "dinsos", ASKS(UNRESTRICT));
        struct outcome o =
            unit_want("freed", &city,
                      care_request(&city, "dinsos", &id, ASKS(UNRESTRICT), ANSWER(GRANTED)), 0);
        care_follows("freed", &city, o.seq, way == PROMOTED ? "D1 PROMOTED @dinsos,disnaker" : "");
        PbEnvelope *e = way <= OWN_HOLD || way == PROMOTED
                            ? NULL
                            : unit_settle(&city, &seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
        if (way <= OWN_HOLD)
            e = unit_request(&city, &budi, &slot, ACCEPT);
        if (e)
            (void)unit_want("free", &city, e, 0);
        city_refold(&city);
        city_close(&city);
    }
}

/* The limits of a case, each in a case of which it runs: paused, told of nothing, and later by
 * exactly as long as they stood; what began in between has all its time. */
static void limits_stand_still(void **state)
{
    (void)state;
    static const char *const rules[] = {RULE_ASSESS, RULE_MINOR, RULE_VISIT, RULE_PLAN, RULE_IDLE};
    for (size_t r = 0; r < SG_ARRAY_LEN(rules); r++)
        for (int told = 0; told < 2; told++) {
            struct ledger_city city;
            struct client budi;
            city_open(&city);
            if (r == 0) {
                budi = unit_new_case(&city);
                (void)unit_want(
                    "accept", &city,
                    unit_decide(&city, &budi.referral, "dinsos", DECIDES(ACCEPTED), NULL), 0);
            } else {
                budi = unit_client(&city);
            }
            struct sg_id id = budi.case_id;
            if (r == 1) {
                PbEnvelope *e = unit_assess(&city, &budi.case_id);
                e->assessment_completed->is_minor = true;
                (void)unit_want("a child", &city, e, 0);
            }
            if (r == 2)
                id = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), story_today(&city));
            if (r == 3) {
                struct sg_id slot = story_slot(&city, 1);
                (void)story_occupied(&city, &budi, &slot);
            }
            PbDeadlineRow before = *story_deadline(&city, rules[r], &id);
            int64_t first = before.levels_ms[0],
                    last_level = before.levels_ms[before.n_levels_ms - 1];
            limit_pass_to(&city, told ? first : first - SG_HOUR_MS);
            care_grant(&city, &budi, ASKS(RESTRICTION));
            uint64_t last = city.last_seq;
            int64_t stood = 100 * SG_DAY_MS + 12345;
            city_pass(&city, stood);
            for (uint64_t seq = last + 1; seq <= city.last_seq; seq++)
                if (strncmp(story_d2(&city, seq)->rule_id, rules[r], 3) == 0)
                    fail_msg("%s is told while it stands still", rules[r]);
            care_grant(&city, &budi, ASKS(UNRESTRICT));
            const PbDeadlineRow *after = story_deadline(&city, rules[r], &id);
            int64_t at = after->levels_ms[after->n_levels_ms - 1];
            if (after->has_paused_ms ||
                at != last_level + (last_level < first + told ? 0 : stood) ||
                (int)after->reached != told || after->due_ms != before.due_ms + stood)
                fail_msg("%s, told %d: goes on at another time", rules[r], told);
            if (!told) {
                last = city.last_seq;
                city_pass(&city, SG_HOUR_MS - 1);
                assert_int_equal(unit_notices(&city, last, "T03"), 0);
                struct city_record d2;
                assert_null(limit_told(&city, last, rules[r], &id, &d2));
                city_pass(&city, 1);
                assert_non_null(limit_told(&city, last, rules[r], &id, &d2));
            }
            city_refold(&city);
            city_close(&city);
        }
}

/* A limit that begins while its person is restricted does not run before that ends; one that is
 * ended is over. Those of seats and referrals go on. */
static void what_begins_in_between(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id seat = unit_seat(&city, &budi, &slot, HOLD);
    care_grant(&city, &budi, ASKS(RESTRICTION));
    city_pass(&city, 5 * SG_DAY_MS);
    assert_int_equal(unit_seat_state(&city, &seat), SEAT(EXPIRED)); /* T05 goes on */
    (void)unit_want(
        "service", &city,
        care_service(&city, &budi.case_id, SPM(CLOTHING), story_today(&city), story_today(&city)),
        0);
    const PbDeadlineRow *row = story_deadline(&city, RULE_IDLE, &budi.case_id);
    assert_true(row->has_paused_ms && row->due_ms == city.now_ms + 60 * SG_DAY_MS);
    city_pass(&city, 90 * SG_DAY_MS);
    care_grant(&city, &budi, ASKS(UNRESTRICT));
    row = story_deadline(&city, RULE_IDLE, &budi.case_id);
    assert_true(!row->has_paused_ms && row->due_ms == city.now_ms + 60 * SG_DAY_MS);
    care_grant(&city, &budi, ASKS(RESTRICTION));
    care_grant(&city, &budi, ASKS(RESTRICTION)); /* twice is once */
    city_pass(&city, SG_DAY_MS);
    (void)unit_want("close", &city, care_close(&city, &budi.case_id, REASON(REUNIFIED)), 0);
    care_run("closed", &city, &budi.case_id, "");
    care_grant(&city, &budi, ASKS(UNRESTRICT));
    care_run("closed", &city, &budi.case_id, "");
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(what_it_must_say),
          cmocka_unit_test(who_decides), cmocka_unit_test(decided_in_time),
          cmocka_unit_test(no_seat_while_restricted), cmocka_unit_test(limits_stand_still),
          cmocka_unit_test(what_begins_in_between))
