/* Cases: every cell of 7.2 that is built. A referral that touches a case in a state without a row
 * leaves it as it is; an assessment is refused there. */
#include "unit/ledger_unit.h"

enum {
    NONE,
    NEW,
    INTAKE,
    ASSESSING,
    IN_SERVICE,
    IN_TRAINING,
    AFTERCARE,
    CLOSED,
    TRANSFERRED,
    DECLINED,
    VOID,
    STATES
};
enum event { ACCEPTED, DECLINE, REDIRECT, ASSESSED, ASSESSED_NONE, ASSESSED_CHILD, EVENTS };

static const char *const state_names[STATES] = {
    "-",         "NEW",    "INTAKE",      "ASSESSING", "IN_SERVICE", "IN_TRAINING",
    "AFTERCARE", "CLOSED", "TRANSFERRED", "DECLINED",  "VOID"};
static const char *const event_names[EVENTS] = {"E03 ACCEPTED", "E03 DECLINED", "E03 REDIRECTED",
                                                "E05",          "E05, no need", "E05, a child"};

/* NONE = refused. */
static const unsigned char cells[STATES][EVENTS] = {
    /* clang-format off */
    [NEW]         = {ASSESSING,   DECLINED,    VOID},
    [INTAKE]      = {ASSESSING,   DECLINED,    VOID},
    [ASSESSING]   = {ASSESSING,   ASSESSING,   ASSESSING,   IN_SERVICE,  IN_SERVICE,  IN_SERVICE},
    [IN_SERVICE]  = {IN_SERVICE,  IN_SERVICE,  IN_SERVICE,  IN_SERVICE,  IN_SERVICE,  IN_SERVICE},
    [IN_TRAINING] = {IN_TRAINING, IN_TRAINING, IN_TRAINING, IN_TRAINING, IN_TRAINING, IN_TRAINING},
    [AFTERCARE]   = {IN_SERVICE,  AFTERCARE,   AFTERCARE,   AFTERCARE,   AFTERCARE,   AFTERCARE},
    [CLOSED]      = {IN_SERVICE,  CLOSED,      CLOSED},
    [TRANSFERRED] = {TRANSFERRED, TRANSFERRED, TRANSFERRED},
    [DECLINED]    = {DECLINED,    DECLINED,    DECLINED},
    [VOID]        = {VOID,        VOID,        VOID},
}; /* clang-format on */

static void put_state(struct ledger_city *city, const struct sg_id *id, unsigned state)
{
    PbCaseRow *row = city_row(city, TABLE_CASES, id);
    row->state = (PbCaseState)state;
    city_put(city, TABLE_CASES, id, row);
}

static PbEnvelope *make(struct ledger_city *city, const struct client *client, enum event event)
{
    static const PbReferralDecision decisions[] = {PB_REFERRAL_DECISION_ACCEPTED,
                                                   PB_REFERRAL_DECISION_DECLINED,
                                                   PB_REFERRAL_DECISION_REDIRECTED};
    if (event <= REDIRECT)
        return unit_decide(city, &client->referral, "dinsos", decisions[event],
                           event == REDIRECT ? "dpppa" : NULL);
    PbEnvelope *e = unit_assess(city, &client->case_id);
    e->assessment_completed->is_minor = event == ASSESSED_CHILD;
    if (event == ASSESSED_NONE)
        e->assessment_completed->n_confirmed_ppks = 0;
    return e;
}

/* The D5 that tells the owner; a move that is none is told only when a referral was decided. */
static void check_told(const char *name, struct ledger_city *city, uint64_t seq, unsigned from,
                       unsigned to, enum event event)
{
    if (event > REDIRECT && from == to) {
        if (city->last_seq != seq)
            fail_msg("%s: told although nothing moved", name);
        return;
    }
    struct city_record d5 = unit_record(city, seq, 1);
    const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
    if (!told || told->from != (PbCaseState)from || told->to != (PbCaseState)to ||
        told->has_referral_id != (event <= REDIRECT) ||
        !(city_relations(&d5, "dinsos") & RELATION_CASE_OWNER))
        fail_msg("%s: not told as it is", name);
}

static void every_cell(void **state)
{
    (void)state;
    for (unsigned from = NEW; from < STATES; from++)
        for (unsigned event = ACCEPTED; event < EVENTS; event++) {
            struct ledger_city city;
            char name[64];
            (void)snprintf(name, sizeof name, "%s + %s", state_names[from], event_names[event]);
            city_open(&city);
            struct client budi = unit_new_case(&city);
            put_state(&city, &budi.case_id, from);
            unsigned to = cells[from][event];
            struct outcome o = unit_want(name, &city, make(&city, &budi, (enum event)event),
                                         to ? 0 : SG_ST_BAD_TRANSITION);
            unsigned now = (unsigned)unit_case_state(&city, &budi.case_id);
            if (now != (to ? to : from))
                fail_msg("%s: now %s", name, state_names[now]);
            if (to)
                check_told(name, &city, o.seq, from, to, (enum event)event);
            city_close(&city);
        }
}

static void flags_of_an_assessment(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum event event;
        bool minor, not_ppks;
    } rows[] = {
        {"grown up", ASSESSED, false, false},
        {"no need", ASSESSED_NONE, false, true},
        {"a child", ASSESSED_CHILD, true, false},
        {"grown up after all", ASSESSED, false, false},
    };
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        uint64_t version = ((PbCaseRow *)city_row(&city, TABLE_CASES, &budi.case_id))->version;
        PbEnvelope *e = make(&city, &budi, rows[i].event);
        e->assessment_completed->priority_band = 1 + (uint32_t)i;
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        const PbCaseRow *row = city_row(&city, TABLE_CASES, &budi.case_id);
        if (row->minor != rows[i].minor || row->not_ppks != rows[i].not_ppks ||
            row->priority_band != 1 + i || row->version != version + 1 ||
            o.effect->aggregate_version != row->version)
            fail_msg("%s: minor %d not_ppks %d band %u", rows[i].name, row->minor, row->not_ppks,
                     row->priority_band);
    }
    city_close(&city);
}

static void an_assessment_is_the_owners(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbEnvelope *e = unit_assess(&city, &budi.case_id);
    e->publisher_agency = unit_text(&city, "dpppa");
    struct outcome o = unit_want("not its case", &city, e, SG_ST_NOT_OWNER);
    unit_detail("not its case", &o, "case_id", NULL);
    static const struct sg_id nobody = {{2}};
    (void)unit_want("no such case", &city, unit_assess(&city, &nobody), SG_ST_UNKNOWN_OBJECT);

    e = unit_assess(&city, &budi.case_id);
    (void)unit_want("once", &city, e, 0);
    uint64_t last = city.last_seq;
    o = city_publish(&city, e);
    assert_int_equal(o.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(city.last_seq, last);
    e->assessment_completed->training_suitable = false;
    (void)unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    e->assessment_completed->training_suitable = true;
    struct client joko = unit_client(&city);
    e->case_id = unit_id(&city, &joko.case_id);
    (void)unit_want("of another case", &city, e, SG_ST_DUPLICATE_CONFLICT);
    city_close(&city);
}

/* ---- the case that a referral leads to ---- */

static PbEnvelope *refer_again(struct ledger_city *city, const struct client *client,
                               struct sg_id *out_referral)
{
    PbEnvelope *e = unit_refer(city, out_referral);
    struct sg_id ref = sg_person_ref(&city->keys, "satpolpp", &client->person);
    e->has_person_ref = true;
    e->person_ref = unit_id(city, &ref);
    e->referral_submitted->person = NULL;
    return e;
}

static void a_referral_leads_to_the_open_case(void **state)
{
    (void)state;
    static const bool attaches[STATES] = {
        [NEW] = true,        [INTAKE] = true,      [ASSESSING] = true,
        [IN_SERVICE] = true, [IN_TRAINING] = true, [AFTERCARE] = true};
    for (unsigned from = NEW; from < STATES; from++) {
        struct ledger_city city;
        struct sg_id referral;
        if (from == CLOSED) /* no event closes a case yet */
            continue;
        city_open(&city);
        struct client budi = unit_client(&city);
        put_state(&city, &budi.case_id, from);
        struct outcome o =
            unit_want(state_names[from], &city, refer_again(&city, &budi, &referral), 0);
        const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &referral);
        struct sg_id led = id_of(row->case_id);
        if (sg_id_equal(&led, &budi.case_id) != attaches[from])
            fail_msg("%s: attached %d", state_names[from], !attaches[from]);
        struct city_record d5 = unit_record(&city, o.seq, 1);
        const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
        unsigned to = attaches[from] ? from : NEW;
        if (told->to != (PbCaseState)to ||
            told->from != (PbCaseState)(attaches[from] ? from : NONE))
            fail_msg("%s: told %s", state_names[from], state_names[told->to]);
        const PbCaseRow *c = city_row(&city, TABLE_CASES, &led);
        if (c->state != (PbCaseState)to || c->has_previous_case_id == attaches[from])
            fail_msg("%s: %s", state_names[from], state_names[c->state]);
        struct sg_id previous = id_of(c->previous_case_id);
        if (!attaches[from] && !sg_id_equal(&previous, &budi.case_id))
            fail_msg("%s: previous case", state_names[from]);
        city_close(&city);
    }
}

/* DECLINED and REDIRECTED wait for the other referrals of the case. */
static void other_referrals_keep_a_case_alive(void **state)
{
    (void)state;
    static const struct {
        PbReferralState other;
        bool keeps;
    } rows[] = {
        {PB_REFERRAL_STATE_SUBMITTED, true},  {PB_REFERRAL_STATE_ACKNOWLEDGED, true},
        {PB_REFERRAL_STATE_ACCEPTED, true},   {PB_REFERRAL_STATE_DECLINED, false},
        {PB_REFERRAL_STATE_WITHDRAWN, false}, {PB_REFERRAL_STATE_LOOP_CLOSED, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (unsigned event = DECLINE; event <= REDIRECT; event++) {
            struct ledger_city city;
            struct client second;
            city_open(&city);
            struct client budi = unit_new_case(&city);
            PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &budi.referral);
            row->state = PB_REFERRAL_STATE_WITHDRAWN; /* so that a second one may come */
            city_put(&city, TABLE_REFERRALS, &budi.referral, row);
            (void)unit_want("second", &city, refer_again(&city, &budi, &second.referral), 0);
            row->state = rows[i].other;
            city_put(&city, TABLE_REFERRALS, &budi.referral, row);

            (void)unit_want("decide", &city, make(&city, &second, (enum event)event), 0);
            unsigned now = (unsigned)unit_case_state(&city, &budi.case_id);
            unsigned want = rows[i].keeps ? NEW : event == DECLINE ? DECLINED : VOID;
            if (now != want)
                fail_msg("other referral %d, %s: %s, want %s", (int)rows[i].other,
                         event_names[event], state_names[now], state_names[want]);
            city_close(&city);
        }
}

static void referrals_of_other_cases_do_not_count(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id referral;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &budi.referral);
    row->state = PB_REFERRAL_STATE_WITHDRAWN; /* so that a second one may come */
    city_put(&city, TABLE_REFERRALS, &budi.referral, row);
    PbEnvelope *e = refer_again(&city, &budi, &referral);
    e->referral_submitted->target_agency = unit_text(&city, "dpppa");
    (void)unit_want("to dpppa", &city, e, 0);
    row->state = PB_REFERRAL_STATE_SUBMITTED;
    city_put(&city, TABLE_REFERRALS, &budi.referral, row);
    (void)unit_want("decline", &city, make(&city, &budi, DECLINE), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), DECLINED);
    city_close(&city);
}

static void the_new_owner_knows_a_child(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id referral;
    city_open(&city);
    PbEnvelope *e = unit_refer(&city, &referral);
    unit_budi(&city, e->referral_submitted->person);
    e->referral_submitted->person->birth_date = unit_date(&city, 2010, 9, 1);
    (void)unit_want("refer", &city, e, 0);
    (void)unit_want(
        "redirect", &city,
        unit_decide(&city, &referral, "dinsos", PB_REFERRAL_DECISION_REDIRECTED, "dpppa"), 0);
    const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &referral);
    struct sg_id case_id = id_of(row->case_id);
    const PbCaseRow *c = city_row(&city, TABLE_CASES, &case_id);
    assert_string_equal(c->owner, "dpppa");
    assert_true(c->minor);
    city_close(&city);
}

static void a_case_is_told_only_to_its_owner(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id referral;
    city_open(&city);
    PbEnvelope *e = unit_refer(&city, &referral);
    struct outcome o = unit_want("by satpolpp", &city, e, 0);
    assert_false(o.effect->has_minted_case_id);
    e = unit_refer(&city, &referral);
    e->publisher_agency = unit_text(&city, "dinsos"); /* it found the person itself */
    o = unit_want("by dinsos", &city, e, 0);
    assert_true(o.effect->has_minted_case_id);
    struct sg_id told = id_of(o.effect->minted_case_id), made = id_of(o.effect->cases[0]->case_id);
    assert_true(sg_id_equal(&told, &made));
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(flags_of_an_assessment),
          cmocka_unit_test(an_assessment_is_the_owners),
          cmocka_unit_test(a_referral_leads_to_the_open_case),
          cmocka_unit_test(other_referrals_keep_a_case_alive),
          cmocka_unit_test(referrals_of_other_cases_do_not_count),
          cmocka_unit_test(the_new_owner_knows_a_child),
          cmocka_unit_test(a_case_is_told_only_to_its_owner))
