/* Referrals: every cell of 7.1 that is built, who may decide, and who is told what. */
#include "unit/ledger_unit.h"

#define A PB_REFERRAL_DECISION_ACCEPTED
#define D PB_REFERRAL_DECISION_DECLINED
#define R PB_REFERRAL_DECISION_REDIRECTED

/* 0 = refused with E_BAD_TRANSITION. */
static const PbReferralState cells[PB_REFERRAL_STATE_LOOP_CLOSED + 1][R + 1] = {
    /* clang-format off */
    [PB_REFERRAL_STATE_SUBMITTED]    = {[A] = PB_REFERRAL_STATE_ACCEPTED, [D] = PB_REFERRAL_STATE_DECLINED,
                                        [R] = PB_REFERRAL_STATE_SUBMITTED},
    [PB_REFERRAL_STATE_ACKNOWLEDGED] = {[A] = PB_REFERRAL_STATE_ACCEPTED, [D] = PB_REFERRAL_STATE_DECLINED,
                                        [R] = PB_REFERRAL_STATE_SUBMITTED},
}; /* clang-format on */

static void put_state(struct ledger_city *city, const struct sg_id *id, PbReferralState state)
{
    PbReferralRow *row = city_row(city, TABLE_REFERRALS, id);
    row->state = state;
    city_put(city, TABLE_REFERRALS, id, row);
}

static void every_cell(void **state)
{
    (void)state;
    for (int from = 1; from <= PB_REFERRAL_STATE_LOOP_CLOSED; from++)
        for (int decision = A; decision <= R; decision++) {
            struct ledger_city city;
            char name[32];
            (void)snprintf(name, sizeof name, "state %d, decision %d", from, decision);
            city_open(&city);
            struct client budi = unit_new_case(&city);
            put_state(&city, &budi.referral, (PbReferralState)from);
            PbReferralState to = cells[from][decision];
            struct outcome o =
                unit_want(name, &city,
                          unit_decide(&city, &budi.referral, "dinsos", (PbReferralDecision)decision,
                                      decision == R ? "dpppa" : NULL),
                          to ? 0 : SG_ST_BAD_TRANSITION);
            PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &budi.referral);
            if ((int)row->state != (to ? (int)to : from))
                fail_msg("%s: now %d", name, (int)row->state);
            if (row->version != (to ? 2U : 1U) || (to && o.effect->aggregate_version != 2))
                fail_msg("%s: version %d", name, (int)row->version);
            if (row->n_targets != (to && decision == R ? 2U : 1U))
                fail_msg("%s: %zu targets", name, row->n_targets);
            city_close(&city);
        }
}

static void only_the_current_target_decides(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    static const char *const others[] = {"satpolpp", "disnaker", "dpppa", "pmi", "owner-a"};
    for (size_t i = 0; i < SG_ARRAY_LEN(others); i++) {
        struct outcome o =
            unit_want(others[i], &city, unit_decide(&city, &budi.referral, others[i], A, NULL),
                      SG_ST_NOT_OWNER);
        unit_detail(others[i], &o, "referral_decided.referral_id", NULL);
    }
    (void)unit_want("to dpppa", &city, unit_decide(&city, &budi.referral, "dinsos", R, "dpppa"), 0);
    (void)unit_want("no more", &city, unit_decide(&city, &budi.referral, "dinsos", A, NULL),
                    SG_ST_NOT_OWNER);
    (void)unit_want("the new one", &city, unit_decide(&city, &budi.referral, "dpppa", A, NULL), 0);
    static const struct sg_id nobody = {{6}};
    (void)unit_want("unknown", &city, unit_decide(&city, &nobody, "dinsos", A, NULL),
                    SG_ST_UNKNOWN_OBJECT);
    city_close(&city);
}

static void redirections_have_bounds(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    struct outcome o =
        unit_want("to a trainer", &city,
                  unit_decide(&city, &budi.referral, "dinsos", R, "disnaker"), SG_ST_BAD_CODE);
    unit_detail("to a trainer", &o, "referral_decided.redirect_to", "NO_CASE_OWNER");
    o = unit_want("to itself", &city, unit_decide(&city, &budi.referral, "dinsos", R, "dinsos"),
                  SG_ST_BAD_TRANSITION);
    unit_detail("to itself", &o, "referral_decided.redirect_to", "EARLIER_TARGET");
    (void)unit_want("1", &city, unit_decide(&city, &budi.referral, "dinsos", R, "dpppa"), 0);
    (void)unit_want("back", &city, unit_decide(&city, &budi.referral, "dpppa", R, "dinsos"),
                    SG_ST_BAD_TRANSITION);
    (void)unit_want("2", &city, unit_decide(&city, &budi.referral, "dpppa", R, "owner-a"), 0);
    (void)unit_want("3", &city, unit_decide(&city, &budi.referral, "owner-a", R, "owner-b"), 0);
    o = unit_want("4", &city, unit_decide(&city, &budi.referral, "owner-b", R, "owner-c"),
                  SG_ST_TOO_MANY_HOPS);
    unit_detail("4", &o, "referral_decided.redirect_to", NULL);
    (void)unit_want("it still decides", &city,
                    unit_decide(&city, &budi.referral, "owner-b", A, NULL), 0);
    city_close(&city);
}

/* ---- E01 ---- */

static PbEnvelope *again(struct ledger_city *city, const PbEnvelope *first)
{
    PbEnvelope *e = SG_NEW(&city->events, PbEnvelope);
    PbReferralSubmitted *r = SG_NEW(&city->events, PbReferralSubmitted);
    *e = *first;
    *r = *first->referral_submitted;
    e->referral_submitted = r;
    return e;
}

static void a_referral_stands_once(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    PbEnvelope *first = unit_refer(&city, &id);
    struct outcome o = unit_want("first", &city, first, 0);
    uint64_t before = city.last_seq;

    PbEnvelope *e = again(&city, first);
    e->recorded_at->seconds += 60; /* times and notes do not count */
    e->note = unit_text(&city, "dikirim ulang");
    o = city_publish(&city, e);
    assert_int_equal(o.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_true(o.has_first_place);
    assert_int_equal(o.first_number, 1);
    assert_int_equal(city.last_seq, before);

    e = again(&city, first);
    e->referral_submitted->children_with = 3;
    o = unit_want("other content", &city, e, SG_ST_DUPLICATE_CONFLICT);
    unit_detail("other content", &o, "referral_submitted.referral_id", NULL);
    e = again(&city, first);
    e->publisher_agency = unit_text(&city, "pmi");
    o = unit_want("another agency", &city, e, SG_ST_NOT_OWNER);
    unit_detail("another agency", &o, "referral_submitted.referral_id", "ID_IN_USE");
    city_close(&city);
}

static void a_person_is_referred_once_at_a_time(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    static const struct {
        const char *name;
        PbReferralState state;
        uint32_t want;
    } rows[] = {
        {"submitted", PB_REFERRAL_STATE_SUBMITTED, SG_ST_DUPLICATE_REFERRAL},
        {"acknowledged", PB_REFERRAL_STATE_ACKNOWLEDGED, SG_ST_DUPLICATE_REFERRAL},
        {"accepted", PB_REFERRAL_STATE_ACCEPTED, 0},
        {"declined", PB_REFERRAL_STATE_DECLINED, 0},
        {"withdrawn", PB_REFERRAL_STATE_WITHDRAWN, 0},
        {"loop closed", PB_REFERRAL_STATE_LOOP_CLOSED, 0},
    };
    struct sg_id last = budi.referral;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        put_state(&city, &last, rows[i].state);
        PbEnvelope *e = unit_refer(&city, &id);
        e->has_person_ref = true;
        e->person_ref = unit_id(&city, &ref);
        (void)unit_want(rows[i].name, &city, e, rows[i].want);
        last = rows[i].want ? last : id;
    }
    city_close(&city);

    city_open(&city);
    PbEnvelope *e = unit_refer(&city, &id);
    e->referral_submitted->person->nik = unit_text(&city, "1471991004950001");
    e->referral_submitted->person->sex = PB_SEX_UNKNOWN;
    (void)unit_want("satpolpp", &city, e, 0);
    PbEnvelope *other = again(&city, e);
    other->referral_submitted->referral_id = unit_id(&city, &(struct sg_id){{1, 2, 3}});
    other->publisher_agency = unit_text(&city, "pmi");
    (void)unit_want("another referrer may", &city, other, 0);
    city_close(&city);
}

static void a_target_owns_cases(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    static const struct {
        const char *target;
        uint32_t want;
    } rows[] = {{"dinsos", 0},           {"dpppa", 0},
                {"owner-a", 0},          {"disnaker", SG_ST_BAD_CODE},
                {"pmi", SG_ST_BAD_CODE}, {"satpolpp", SG_ST_BAD_CODE}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbEnvelope *e = unit_refer(&city, &id);
        e->referral_submitted->target_agency = unit_text(&city, rows[i].target);
        struct outcome o = unit_want(rows[i].target, &city, e, rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].target, &o, "referral_submitted.target_agency", "NO_CASE_OWNER");
    }
    city_close(&city);
}

/* ---- who is told what ---- */

static void an_intake_is_told_to_the_case_owner(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    struct city_record e01 = city_record(&city, 1), d5 = city_record(&city, 2);
    assert_int_equal(city.last_seq, 2);
    assert_int_equal(city_relations(&e01, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&e01, "satpolpp"), 0); /* it reads what it wrote itself */
    assert_int_equal(e01.record.rest->n_audience, 1);
    assert_false(e01.record.rest->effect->has_minted_case_id);

    const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
    assert_int_equal(d5.record.rest->kind, PB_RECORD_KIND_DERIVED);
    assert_int_equal(city_relations(&d5, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(d5.record.rest->n_audience, 1);
    assert_false(told->has_from);
    assert_int_equal(told->to, PB_CASE_STATE_NEW);
    assert_int_equal(told->version, 1);
    assert_int_equal(told->referral_state, PB_REFERRAL_STATE_SUBMITTED);
    struct sg_id id = id_of(told->referral_id);
    assert_true(sg_id_equal(&id, &budi.referral));
    id = id_of(d5.event.envelope->case_id);
    assert_true(sg_id_equal(&id, &budi.case_id));
    assert_int_equal(told->cause->number, 1);
    assert_int_equal(d5.event.envelope->causation->number, 1);
    assert_string_equal(d5.event.envelope->publisher_agency, "sinergi");
    city_close(&city);
}

static void a_decision_is_told_to_the_referrer(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbReferralDecision decision;
        PbDeclineReason reason;
        PbReferralState told;
        bool acts;
    } rows[] = {
        {"accepted", A, 0, PB_REFERRAL_STATE_ACCEPTED, false},
        {"out of town", D, PB_DECLINE_REASON_OUT_OF_TOWN, PB_REFERRAL_STATE_DECLINED, false},
        {"wrong agency", D, PB_DECLINE_REASON_WRONG_AGENCY, PB_REFERRAL_STATE_DECLINED, true},
        {"no capacity", D, PB_DECLINE_REASON_NO_CAPACITY, PB_REFERRAL_STATE_DECLINED, true},
        {"redirected", R, PB_DECLINE_REASON_WRONG_AGENCY, PB_REFERRAL_STATE_REDIRECTED, true},
        {"redirected, why is not told", R, PB_DECLINE_REASON_SEX, PB_REFERRAL_STATE_REDIRECTED,
         false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_new_case(&city);
        PbEnvelope *e = unit_decide(&city, &budi.referral, "dinsos", rows[i].decision,
                                    rows[i].decision == R ? "dpppa" : NULL);
        e->referral_decided->reason = rows[i].reason;
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        struct city_record d5 = unit_record(&city, o.seq, 1);
        const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
        uint32_t want = RELATION_REFERRER | (rows[i].acts ? RELATION_REFERRER_ACTS : 0U);
        if (told->referral_state != rows[i].told || told->reason != rows[i].reason ||
            city_relations(&d5, "satpolpp") != want ||
            city_relations(&d5, "dinsos") != RELATION_CASE_OWNER)
            fail_msg("%s: told %d, relations %x", rows[i].name, (int)told->referral_state,
                     city_relations(&d5, "satpolpp"));
        city_close(&city);
    }
}

static void a_redirection_presents_the_person(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id referral;
    static const PbUrgentNeed need = PB_URGENT_NEED_MEDICAL;
    PbEnvelope *e = unit_refer(&city, &referral);
    unit_budi(&city, e->referral_submitted->person);
    e->referral_submitted->urgent_needs = sg_arena_copy(&city.events, &need, sizeof need);
    e->referral_submitted->n_urgent_needs = 1;
    struct outcome o = unit_want("refer", &city, e, 0);
    struct sg_id old_case = id_of(o.effect->cases[0]->case_id);
    o = unit_want("redirect", &city, unit_decide(&city, &referral, "dinsos", R, "dpppa"), 0);

    struct city_record e03 = city_record(&city, o.seq), old = unit_record(&city, o.seq, 1),
                       made = unit_record(&city, o.seq, 2), d8 = unit_record(&city, o.seq, 3);
    assert_int_equal(city.last_seq, o.seq + 3);
    assert_int_equal(city_relations(&e03, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&e03, "dpppa"), RELATION_CASE_OWNER);
    const PbCaseStateChanged *told = old.event.envelope->case_state_changed;
    struct sg_id id = id_of(told->case_id);
    assert_true(sg_id_equal(&id, &old_case));
    assert_int_equal(told->from, PB_CASE_STATE_NEW);
    assert_int_equal(told->to, PB_CASE_STATE_VOID);
    assert_int_equal(city_relations(&old, "dpppa"), 0);
    told = made.event.envelope->case_state_changed;
    assert_int_equal(told->to, PB_CASE_STATE_NEW);
    assert_int_equal(told->referral_state, PB_REFERRAL_STATE_SUBMITTED);
    assert_int_equal(city_relations(&made, "dpppa"), RELATION_CASE_OWNER);
    assert_int_equal(made.record.rest->n_audience, 1);
    struct sg_id new_case = id_of(told->case_id);
    PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &referral);
    id = id_of(row->case_id);
    assert_true(sg_id_equal(&id, &new_case));
    assert_string_equal(row->targets[1], "dpppa");

    const PbReferralPresented *shown = d8.event.envelope->referral_presented;
    assert_int_equal(city_relations(&d8, "dpppa"), RELATION_CASE_OWNER);
    assert_int_equal(d8.record.rest->n_audience, 1);
    assert_string_equal(shown->from, "satpolpp");
    assert_string_equal(shown->person->full_name, "Budi Santoso");
    assert_int_equal(shown->n_urgent_needs, 1);
    assert_int_equal(shown->urgent_needs[0], PB_URGENT_NEED_MEDICAL);
    assert_true(d8.event.envelope->has_legal_basis);
    assert_true(d8.event.envelope->salt.len == 16);
    city_close(&city);
}

static void a_person_that_is_only_named_by_reference_is_presented(void **state)
{
    (void)state;
    static const PbUrgentNeed need = PB_URGENT_NEED_PREGNANT;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    PbEnvelope *e = unit_refer(&city, &id);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    e->referral_submitted->person = NULL;
    e->referral_submitted->urgent_needs = sg_arena_copy(&city.events, &need, sizeof need);
    e->referral_submitted->n_urgent_needs = 1;
    e->referral_submitted->target_agency = unit_text(&city, "dpppa");
    struct outcome o = unit_want("by reference", &city, e, 0);
    struct city_record d8 = unit_record(&city, o.seq, 2);
    const PbReferralPresented *shown = d8.event.envelope->referral_presented;
    assert_non_null(shown);
    assert_string_equal(shown->person->full_name, "Budi Santoso");
    assert_int_equal(shown->n_urgent_needs, 1);
    assert_int_equal(shown->urgent_needs[0], PB_URGENT_NEED_PREGNANT);
    assert_int_equal(city_relations(&d8, "dpppa"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&d8, "dinsos"), 0);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(only_the_current_target_decides),
          cmocka_unit_test(redirections_have_bounds), cmocka_unit_test(a_referral_stands_once),
          cmocka_unit_test(a_person_is_referred_once_at_a_time),
          cmocka_unit_test(a_target_owns_cases),
          cmocka_unit_test(an_intake_is_told_to_the_case_owner),
          cmocka_unit_test(a_decision_is_told_to_the_referrer),
          cmocka_unit_test(a_redirection_presents_the_person),
          cmocka_unit_test(a_person_that_is_only_named_by_reference_is_presented))
