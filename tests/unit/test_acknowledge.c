/* E02 and the withdrawal of an E01: every cell of 7.1 that they have, of all three kinds. */
#include "unit/story_unit.h"

enum {
    SUBMITTED = PB_REFERRAL_STATE_SUBMITTED,
    ACKNOWLEDGED = PB_REFERRAL_STATE_ACKNOWLEDGED,
    ACCEPTED = PB_REFERRAL_STATE_ACCEPTED,
    DECLINED = PB_REFERRAL_STATE_DECLINED,
    REDIRECTED = PB_REFERRAL_STATE_REDIRECTED, /* here: SUBMITTED at the second target */
    WITHDRAWN = PB_REFERRAL_STATE_WITHDRAWN,
    LOOP_CLOSED = PB_REFERRAL_STATE_LOOP_CLOSED,
    STATES
};

#define KIND(name) PB_REFERRAL_KIND_##name
#define DECISION(name) PB_REFERRAL_DECISION_##name

static const char *const state_names[STATES] = {"-",         "SUBMITTED",  "ACKNOWLEDGED",
                                                "ACCEPTED",  "DECLINED",   "REDIRECTED",
                                                "WITHDRAWN", "LOOP_CLOSED"};

/* A referral in that state: INTAKE of satpolpp to dinsos, SERVICE or TRANSFER of dinsos to dpppa;
 * redirected ones went on to owner-a. */
struct scene {
    struct ledger_city city;
    PbReferralKind kind;
    struct sg_id referral, case_id;
    struct client budi;
    uint64_t e01;
    const char *referrer, *target;
};

static PbEnvelope *decide(struct scene *s, PbReferralDecision decision)
{
    return unit_decide(&s->city, &s->referral, s->target, decision,
                       decision == DECISION(REDIRECTED) ? "owner-a" : NULL);
}

static void stand(struct scene *s, PbReferralKind kind, int state)
{
    struct ledger_city *city = &s->city;
    city_open(city);
    s->kind = kind;
    s->referrer = kind == KIND(INTAKE) ? "satpolpp" : "dinsos";
    s->target = kind == KIND(INTAKE) ? "dinsos" : "dpppa";
    if (kind == KIND(INTAKE)) {
        s->e01 = city->last_seq + 1;
        s->budi = unit_new_case(city);
        s->referral = s->budi.referral;
    } else {
        s->budi = unit_client(city);
        PbEnvelope *e = story_hand(city, "dinsos", &s->budi.case_id, kind, s->target, &s->referral);
        s->e01 = unit_want("hand", city, e, 0).seq;
    }
    if (state == ACKNOWLEDGED)
        (void)unit_want("ack", city, story_ack(city, &s->referral, s->target, false), 0);
    if (state == ACCEPTED)
        (void)unit_want("accept", city, decide(s, DECISION(ACCEPTED)), 0);
    if (state == DECLINED)
        (void)unit_want("decline", city, decide(s, DECISION(DECLINED)), 0);
    if (state == REDIRECTED) {
        (void)unit_want("redirect", city, decide(s, DECISION(REDIRECTED)), 0);
        s->target = "owner-a";
    }
    if (state == WITHDRAWN)
        (void)unit_want("annul", city, story_annul(city, s->referrer, s->e01), 0);
    PbReferralRow *row = city_row(city, TABLE_REFERRALS, &s->referral);
    if (state == LOOP_CLOSED) { /* nothing closes a case yet */
        row->state = PB_REFERRAL_STATE_LOOP_CLOSED;
        city_put(city, TABLE_REFERRALS, &s->referral, row);
    }
    s->case_id = id_of(row->case_id);
}

static int now(struct scene *s)
{
    const PbReferralRow *row = city_row(&s->city, TABLE_REFERRALS, &s->referral);
    return (int)row->state;
}

static void every_acknowledgement(void **state)
{
    (void)state;
    for (int kind = KIND(INTAKE); kind <= KIND(TRANSFER); kind++)
        for (int from = SUBMITTED; from < STATES; from++) {
            struct scene s;
            char name[48];
            (void)snprintf(name, sizeof name, "kind %d, %s", kind, state_names[from]);
            stand(&s, (PbReferralKind)kind, from);
            bool allowed = from == SUBMITTED || from == REDIRECTED;
            int before = now(&s);
            PbEnvelope *e = story_ack(&s.city, &s.referral, s.target, true);
            e->referral_acknowledged->received_by_unit = unit_text(&s.city, "uptd-shelter");
            struct outcome o = unit_want(name, &s.city, e, allowed ? 0 : SG_ST_BAD_TRANSITION);
            if (now(&s) != (allowed ? ACKNOWLEDGED : before))
                fail_msg("%s: now %s", name, state_names[now(&s)]);
            if (!allowed) {
                unit_detail(name, &o, "referral_acknowledged.referral_id", NULL);
                city_close(&s.city);
                continue;
            }
            struct city_record d5 = unit_record(&s.city, o.seq, 1);
            const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
            bool moves = kind == KIND(INTAKE);
            if (told->referral_state != PB_REFERRAL_STATE_ACKNOWLEDGED ||
                (told->from != told->to) != moves || (moves && told->to != PB_CASE_STATE_INTAKE))
                fail_msg("%s: the D5", name);
            if (!(city_relations(&d5, s.referrer) & RELATION_REFERRER))
                fail_msg("%s: the referrer is not told", name);
            assert_int_equal(unit_deadlines(&s.city, RULE_ACKNOWLEDGE), 0);
            assert_int_equal(unit_deadlines(&s.city, RULE_DECIDE), 1);
            (void)story_again(name, &s.city, e);
            e->referral_acknowledged->person_present = false;
            (void)unit_want(name, &s.city, e, SG_ST_BAD_TRANSITION);
            e->referral_acknowledged->person_present = true;
            (void)unit_want(name, &s.city, decide(&s, DECISION(DECLINED)), 0);
            (void)story_again(name, &s.city, e); /* what was said was said */
            city_refold(&s.city);
            city_close(&s.city);
        }
}

static void who_reads_an_acknowledgement(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, KIND(SERVICE), SUBMITTED);
    struct outcome o =
        unit_want("ack", &s.city, story_ack(&s.city, &s.referral, "dpppa", false), 0);
    struct city_record e02 = city_record(&s.city, o.seq);
    assert_int_equal(city_relations(&e02, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&e02, "dpppa"), RELATION_SERVICE_TARGET);
    assert_int_equal(e02.record.rest->n_audience, 2);
    city_close(&s.city);

    stand(&s, KIND(INTAKE), SUBMITTED);
    o = unit_want("ack", &s.city, story_ack(&s.city, &s.referral, "dinsos", false), 0);
    e02 = city_record(&s.city, o.seq);
    assert_int_equal(city_relations(&e02, "satpolpp"), 0); /* it has the reduced D5 */
    struct city_record d5 = unit_record(&s.city, o.seq, 1);
    assert_int_equal(city_relations(&d5, "satpolpp"), RELATION_REFERRER);
    city_close(&s.city);
}

static void only_the_current_target_acknowledges(void **state)
{
    (void)state;
    static const char *const others[] = {"satpolpp", "dinsos", "disnaker", "dpppa", "pmi"};
    struct scene s;
    stand(&s, KIND(INTAKE), REDIRECTED);
    for (size_t i = 0; i < SG_ARRAY_LEN(others); i++) {
        struct outcome o = unit_want(
            others[i], &s.city, story_ack(&s.city, &s.referral, others[i], false), SG_ST_NOT_OWNER);
        unit_detail(others[i], &o, "referral_acknowledged.referral_id", NULL);
    }
    static const struct sg_id nobody = {{6}};
    (void)unit_want("unknown", &s.city, story_ack(&s.city, &nobody, "dinsos", false),
                    SG_ST_UNKNOWN_OBJECT);
    (void)unit_want("the target", &s.city, story_ack(&s.city, &s.referral, "owner-a", false), 0);
    city_close(&s.city);
}

/* The case follows only while it is NEW. */
static void the_case_of_an_acknowledgement(void **state)
{
    (void)state;
    for (int from = PB_CASE_STATE_NEW; from <= PB_CASE_STATE_VOID; from++) {
        struct scene s;
        stand(&s, KIND(INTAKE), SUBMITTED);
        PbCaseRow *row = city_row(&s.city, TABLE_CASES, &s.case_id);
        row->state = (PbCaseState)from;
        city_put(&s.city, TABLE_CASES, &s.case_id, row);
        (void)unit_want("ack", &s.city, story_ack(&s.city, &s.referral, "dinsos", true), 0);
        int to = from == PB_CASE_STATE_NEW ? PB_CASE_STATE_INTAKE : from;
        assert_int_equal(unit_case_state(&s.city, &s.case_id), to);
        assert_int_equal(unit_deadlines(&s.city, RULE_ASSESS), from == PB_CASE_STATE_NEW);
        city_close(&s.city);
    }
}

/* ---- E24 ANNUL of the E01 ---- */

static void every_withdrawal(void **state)
{
    (void)state;
    for (int kind = KIND(INTAKE); kind <= KIND(TRANSFER); kind++)
        for (int from = SUBMITTED; from < STATES; from++) {
            struct scene s;
            char name[48];
            (void)snprintf(name, sizeof name, "kind %d, %s", kind, state_names[from]);
            stand(&s, (PbReferralKind)kind, from);
            bool allowed = from == SUBMITTED || from == ACKNOWLEDGED || from == REDIRECTED;
            int before = now(&s);
            PbCaseState was = unit_case_state(&s.city, &s.case_id);
            uint64_t folds = story_folds(&s.city);
            struct outcome o = unit_want(name, &s.city, story_annul(&s.city, s.referrer, s.e01),
                                         allowed ? 0 : SG_ST_BAD_TRANSITION);
            if (now(&s) != (allowed ? WITHDRAWN : before))
                fail_msg("%s: now %s", name, state_names[now(&s)]);
            bool moves = allowed && kind == KIND(INTAKE);
            PbCaseState is = unit_case_state(&s.city, &s.case_id);
            if (is != (moves ? PB_CASE_STATE_VOID : was))
                fail_msg("%s: case %d", name, (int)is);
            if (!allowed) {
                unit_detail(name, &o, "event_corrected.corrected",
                            from == WITHDRAWN ? "ANNULLED" : "DECIDED");
                assert_true(story_folds(&s.city) == folds);
                city_close(&s.city);
                continue;
            }
            assert_int_equal(unit_deadlines(&s.city, RULE_ACKNOWLEDGE), 0);
            assert_int_equal(unit_deadlines(&s.city, RULE_DECIDE), 0);
            struct city_record e24 = city_record(&s.city, o.seq),
                               d5 = unit_record(&s.city, o.seq, 1);
            if (!city_relations(&e24, s.target) || !city_relations(&e24, "dinsos"))
                fail_msg("%s: whoever read the E01 reads this", name);
            const PbCaseStateChanged *told = d5.event.envelope->case_state_changed;
            assert_int_equal(told->referral_state, PB_REFERRAL_STATE_WITHDRAWN);
            (void)unit_want(name, &s.city, story_annul(&s.city, s.referrer, s.e01),
                            SG_ST_BAD_TRANSITION);
            (void)unit_want(name, &s.city, story_ack(&s.city, &s.referral, s.target, true),
                            SG_ST_BAD_TRANSITION);
            city_refold(&s.city);
            city_close(&s.city);
        }
}

static bool token_known(struct ledger_city *city, const char *nik)
{
    struct key token = {0};
    struct sg_bytes holder;
    city_read(city);
    person_nik_token(&city->keys, nik, &token);
    enum sg_err err = table_get(&city->txn, TABLE_NIK_TOKENS, &token, &holder, NULL);
    txn_done(&city->txn);
    return err == SG_OK;
}

static bool statement_at(struct ledger_city *city, const struct sg_id *person, uint64_t seq)
{
    struct key key = {0};
    struct sg_bytes row;
    city_read(city);
    key_u64(key_id(&key, person), seq);
    enum sg_err err = table_get(&city->txn, TABLE_IDENTITIES, &key, &row, NULL);
    txn_done(&city->txn);
    return err == SG_OK;
}

/* What an E01 said of the person goes with it; the NIK too, unless somebody else said it. */
static void a_withdrawal_takes_its_words_along(void **state)
{
    (void)state;
    static const char nik[] = "1471991004950001";
    for (int known = 0; known < 2; known++) {
        struct ledger_city city;
        struct sg_id referral, again;
        city_open(&city);
        PbEnvelope *e = unit_refer(&city, &referral);
        unit_budi(&city, e->referral_submitted->person);
        e->referral_submitted->person->nik = unit_text(&city, nik);
        e->referral_submitted->person->nik_status = PB_NIK_STATUS_STATED;
        struct outcome first = unit_want("first", &city, e, 0);
        struct sg_id person = id_of(first.effect->person->person_id);
        uint64_t other = 0;
        if (known) {
            PbEnvelope *contact = story_contact(&city, true);
            contact->contact_recorded->person->nik = unit_text(&city, nik);
            contact->contact_recorded->person->nik_status = PB_NIK_STATUS_STATED;
            other = unit_want("seen", &city, contact, 0).seq;
        }
        assert_true(statement_at(&city, &person, first.seq));
        assert_true(token_known(&city, nik));
        (void)unit_want("annul", &city, story_annul(&city, "satpolpp", first.seq), 0);
        assert_false(statement_at(&city, &person, first.seq));
        assert_int_equal(token_known(&city, nik), known);
        if (known)
            assert_true(statement_at(&city, &person, other));
        e = unit_refer(&city, &again);
        unit_budi(&city, e->referral_submitted->person);
        e->referral_submitted->person->nik = unit_text(&city, nik);
        e->referral_submitted->person->nik_status = PB_NIK_STATUS_STATED;
        struct outcome next = unit_want("again", &city, e, 0);
        struct sg_id same = id_of(next.effect->person->person_id);
        assert_int_equal(sg_id_equal(&same, &person), known);
        assert_true(token_known(&city, nik));
        city_refold(&city);
        city_close(&city);
    }
}

/* A case with another referral that is open goes on. */
static void a_case_outlives_one_referral(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id second;
    city_open(&city);
    uint64_t e01 = city.last_seq + 1;
    struct client budi = unit_new_case(&city);
    PbEnvelope *e = unit_refer(&city, &second);
    struct sg_id ref = sg_person_ref(&city.keys, "dinsos", &budi.person);
    e->publisher_agency = unit_text(&city, "dinsos");
    e->referral_submitted->person = NULL;
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    uint64_t theirs = unit_want("found by dinsos too", &city, e, 0).seq;
    (void)unit_want("annul", &city, story_annul(&city, "satpolpp", e01), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), PB_CASE_STATE_NEW);
    (void)unit_want("annul", &city, story_annul(&city, "dinsos", theirs), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), PB_CASE_STATE_VOID);
    city_refold(&city);
    city_close(&city);
}

static void what_may_be_corrected(void **state)
{
    (void)state;
    struct ledger_city city;
    static const struct sg_id nobody = {{2}};
    city_open(&city);
    uint64_t e01 = city.last_seq + 1;
    struct client budi = unit_new_case(&city);
    struct outcome o =
        unit_want("somebody else's", &city, story_annul(&city, "pmi", e01), SG_ST_NOT_OWNER);
    unit_detail("somebody else's", &o, "event_corrected.corrected", NULL);
    (void)unit_want("the target's", &city, story_annul(&city, "dinsos", e01), SG_ST_NOT_OWNER);
    PbEnvelope *e = story_annul(&city, "satpolpp", e01);
    e->event_corrected->corrected->number = 99;
    (void)unit_want("nothing", &city, e, SG_ST_UNKNOWN_OBJECT);
    e = story_annul(&city, "satpolpp", e01);
    e->event_corrected->corrected->outbox_id = unit_id(&city, &nobody);
    (void)unit_want("no outbox", &city, e, SG_ST_UNKNOWN_OBJECT);
    e = story_annul(&city, "satpolpp", e01);
    e->event_corrected->action = PB_EVENT_CORRECTED__ACTION_REPLACE;
    o = unit_want("replaced by nothing", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("replaced by nothing", &o, "event_corrected.replacement", NULL);

    uint64_t e03 =
        unit_want("decline", &city,
                  unit_decide(&city, &budi.referral, "dinsos", DECISION(DECLINED), NULL), 0)
            .seq;
    o = unit_want("an E03", &city, story_annul(&city, "dinsos", e03), SG_ST_BAD_TRANSITION);
    unit_detail("an E03", &o, "event_corrected.corrected", "NOT_CORRECTED");
    PbEnvelope *early = story_change(&city, &nobody);
    uint64_t parked = story_park("park", &city, early).seq;
    o = unit_want("what waits", &city, story_annul(&city, "disnaker", parked),
                  SG_ST_BAD_TRANSITION);
    unit_detail("what waits", &o, "event_corrected.corrected", "PARKED");
    city_close(&city);
}

static void after_400_days_it_stays(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct scene s;
        stand(&s, KIND(INTAKE), SUBMITTED);
        city_pass(&s.city, 400 * SG_DAY_MS + late);
        (void)unit_want("annul", &s.city, story_annul(&s.city, "satpolpp", s.e01),
                        late ? SG_ST_TOO_OLD : 0);
        city_close(&s.city);
    }
}

UNIT_MAIN(cmocka_unit_test(every_acknowledgement), cmocka_unit_test(who_reads_an_acknowledgement),
          cmocka_unit_test(only_the_current_target_acknowledges),
          cmocka_unit_test(the_case_of_an_acknowledgement), cmocka_unit_test(every_withdrawal),
          cmocka_unit_test(a_withdrawal_takes_its_words_along),
          cmocka_unit_test(a_case_outlives_one_referral), cmocka_unit_test(what_may_be_corrected),
          cmocka_unit_test(after_400_days_it_stays))
