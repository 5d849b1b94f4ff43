/* E06: what a person agrees to, who may say so and when, and what a withdrawal takes back. */
#include "unit/care_unit.h"

#define BY(name) PB_CONSENT_RECORDED__GIVEN_BY_##name
#define SEAT(name) PB_ALLOCATION_STATE_##name
#define PROVIDER SCOPE(SHARE_WITH_PROVIDER)
#define HEALTH SCOPE(SHARE_HEALTH_LIMITS)

static const PbConsentOfPerson *said(struct ledger_city *city, const struct client *who, int scope)
{
    const PbPersonRow *row = city_row(city, TABLE_PERSONS, &who->person);
    for (size_t i = 0; i < row->n_consents; i++)
        if ((int)row->consents[i]->scope == scope)
            return row->consents[i];
    return NULL;
}

/* Each scope keeps what was said of it last, and by which event. */
static void the_last_word_of_each_scope_holds(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    for (int scope = PROVIDER; scope <= SCOPE(SHARE_WITH_DPPPA); scope++)
        for (int action = SAYS(GIVEN); action <= SAYS(WITHDRAWN); action++) {
            struct outcome o =
                unit_want("said", &city,
                          care_consent(&city, &budi.case_id, (PbConsentRecorded__Action)action,
                                       (PbConsentRecorded__Scope)scope),
                          0);
            const PbConsentOfPerson *now = said(&city, &budi, scope);
            assert_true(now && now->seq == o.seq && !now->has_valid_until);
            assert_int_equal(now->given, action == SAYS(GIVEN));
            care_follows("said", &city, o.seq, ""); /* nobody has a seat */
            struct city_record e06 = city_record(&city, o.seq);
            assert_int_equal(city_relations(&e06, "dinsos"), RELATION_CASE_OWNER);
            assert_int_equal(e06.record.rest->n_audience, 1);
        }
    const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &budi.person);
    assert_int_equal(row->n_consents, 5);
    assert_int_equal(unit_deadlines(&city, RULE_EXECUTED), 0);
    city_refold(&city);
    city_close(&city);
}

/* ---- when a case takes it, and from whom ---- */

static void put_state(struct ledger_city *city, const struct sg_id *id, int state)
{
    PbCaseRow *row = city_row(city, TABLE_CASES, id);
    row->state = (PbCaseState)state;
    city_put(city, TABLE_CASES, id, row);
}

static void a_case_that_is_open_or_closed_takes_it(void **state)
{
    (void)state;
    for (int s = PB_CASE_STATE_NEW; s <= PB_CASE_STATE_VOID; s++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        put_state(&city, &budi.case_id, s);
        bool takes = s <= PB_CASE_STATE_AFTERCARE || s == PB_CASE_STATE_CLOSED;
        for (int action = SAYS(GIVEN); action <= SAYS(WITHDRAWN); action++) {
            struct outcome o = unit_want(
                care_name(pb_case_state__descriptor, s), &city,
                care_consent(&city, &budi.case_id, (PbConsentRecorded__Action)action, PROVIDER),
                takes ? 0 : SG_ST_BAD_TRANSITION);
            if (!takes)
                unit_detail("state", &o, "case_id", "CASE_STATE");
            else
                assert_int_equal(unit_case_state(&city, &budi.case_id), s);
        }
        city_close(&city);
    }
}

enum age { ADULT, MINOR, DOUBT };

static void who_speaks_for_a_minor(void **state)
{
    (void)state;
    for (int age = ADULT; age <= DOUBT; age++)
        for (int by = BY(SELF); by <= BY(STATE_AS_GUARDIAN); by++)
            for (int action = SAYS(GIVEN); action <= SAYS(WITHDRAWN); action++) {
                struct ledger_city city;
                struct client child;
                city_open(&city);
                PbEnvelope *e = unit_refer(&city, &child.referral);
                PbPersonIdentity *p = e->referral_submitted->person;
                unit_budi(&city, p);
                if (age == MINOR)
                    p->birth_date = unit_date(&city, 2010, 9, 1);
                if (age == DOUBT) {
                    p->birth_date = NULL;
                    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
                    p->has_estimated_age = true;
                    p->estimated_age = 19;
                }
                struct outcome o = unit_want("refer", &city, e, 0);
                child.case_id = id_of(o.effect->cases[0]->case_id);
                e = care_consent(&city, &child.case_id, (PbConsentRecorded__Action)action,
                                 PROVIDER);
                e->consent_recorded->given_by = (PbConsentRecorded__GivenBy)by;
                bool refused = age != ADULT && by == BY(SELF);
                o = unit_want("given by", &city, e, refused ? SG_ST_MINOR : 0);
                if (refused)
                    unit_detail("given by", &o, "consent_recorded.given_by",
                                age == MINOR ? "MINOR" : "AGE_DOUBT");
                city_close(&city);
            }
}

static void a_statement_stands_once(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{9}};
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbEnvelope *e = care_consent(&city, &budi.case_id, SAYS(GIVEN), HEALTH);
    (void)unit_want("first", &city, e, 0);
    (void)story_again("again", &city, e);
    e->consent_recorded->action = SAYS(WITHDRAWN);
    struct outcome o = unit_want("with the same id", &city, e, SG_ST_DUPLICATE_CONFLICT);
    unit_detail("with the same id", &o, "consent_recorded.consent_id", "STATED_BEFORE");
    assert_true(said(&city, &budi, HEALTH)->given);
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("another owner", &city, e, SG_ST_NOT_OWNER);
    e->publisher_agency = unit_text(&city, "satpolpp");
    (void)unit_want("no owner at all", &city, e, SG_ST_FORBIDDEN);
    e = care_consent(&city, &nobody, SAYS(GIVEN), HEALTH);
    o = unit_want("no case", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no case", &o, "case_id", NULL);
    e->has_case_id = false;
    o = unit_want("which case", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("which case", &o, "case_id", NULL);
    e = care_consent(&city, &budi.case_id, SAYS(GIVEN), HEALTH);
    e->consent_recorded->valid_until = unit_day(&city, story_today(&city) - 1);
    o = unit_want("over already", &city, e, SG_ST_SCHEMA);
    unit_detail("over already", &o, "consent_recorded.valid_until", "ORDER");
    city_refold(&city);
    city_close(&city);
}

/* ---- seats need it ---- */

/* The person before the seat is asked for: nothing said, refused, taken back, run out, or given. */
enum word { NOTHING, OTHER_SCOPE, REFUSED, WITHDRAWN, RUN_OUT, LAST_DAY, GIVEN, WORDS };

static const struct {
    const char *name;
    bool holds;
} words[WORDS] = {[NOTHING] = {"nothing said", false},    [REFUSED] = {"refused", false},
                  [WITHDRAWN] = {"withdrawn", false},     [RUN_OUT] = {"run out", false},
                  [LAST_DAY] = {"on its last day", true}, [OTHER_SCOPE] = {"for others", false},
                  [GIVEN] = {"given, without end", true}};

/* IN_SERVICE, and nothing is agreed to. */
static struct client silent(struct ledger_city *city)
{
    struct client who = unit_new_case(city);
    (void)unit_want("accept", city,
                    unit_decide(city, &who.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL),
                    0);
    (void)unit_want("assess", city, unit_assess(city, &who.case_id), 0);
    return who;
}

/* What is said holds on `day`, or did. */
static void say(struct ledger_city *city, const struct client *who, enum word word, int32_t day)
{
    PbEnvelope *e = care_consent(city, &who->case_id,
                                 word == REFUSED     ? SAYS(REFUSED)
                                 : word == WITHDRAWN ? SAYS(WITHDRAWN)
                                                     : SAYS(GIVEN),
                                 word == OTHER_SCOPE ? HEALTH : PROVIDER);
    if (word == RUN_OUT || word == LAST_DAY)
        e->consent_recorded->valid_until = unit_day(city, day - (word == RUN_OUT));
    if (word != NOTHING)
        (void)unit_want("say", city, e, 0);
}

static void no_seat_without_it(void **state)
{
    (void)state;
    for (int word = NOTHING; word < WORDS; word++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = silent(&city);
        say(&city, &budi, (enum word)word, story_today(&city) + 2);
        story_until(&city, story_today(&city) + 2, 23);
        struct outcome o =
            unit_want(words[word].name, &city, unit_request(&city, &budi, &slot, ACCEPT),
                      words[word].holds ? 0 : SG_ST_NO_CONSENT);
        if (!words[word].holds)
            unit_detail(words[word].name, &o, "case_id", "SHARE_WITH_PROVIDER");
        city_close(&city);
    }
}

/* Whoever waits without it is passed over; when it is given, a seat that is free is held. */
static void nobody_is_promoted_without_it(void **state)
{
    (void)state;
    for (int word = REFUSED; word < WORDS; word++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct sg_id seat = story_seat(&city, &slot, ACCEPT);
        struct client budi = unit_client(&city);
        struct sg_id waiting = unit_seat(&city, &budi, &slot, ACCEPT);
        int32_t day = story_today(&city) + 2;
        say(&city, &budi, (enum word)word, day);
        story_until(&city, day, 9);
        story_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
        if (unit_seat_state(&city, &waiting) != (words[word].holds ? SEAT(HELD) : SEAT(WAITLISTED)))
            fail_msg("%s: promoted", words[word].name);
        struct outcome o =
            unit_want("given", &city, care_consent(&city, &budi.case_id, SAYS(GIVEN), PROVIDER), 0);
        if (!words[word].holds)
            care_follows("given", &city, o.seq, "D1 PROMOTED @dinsos,disnaker");
        assert_int_equal(unit_seat_state(&city, &waiting), SEAT(HELD));
        city_close(&city);
    }
}

/* A hold that ran out, accepted too late, is granted again only with it. */
static void a_late_answer_needs_it(void **state)
{
    (void)state;
    for (int word = REFUSED; word < WORDS; word++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        struct sg_id seat = unit_seat(&city, &budi, &slot, HOLD);
        city_pass(&city, 73 * SG_HOUR_MS);
        assert_int_equal(unit_seat_state(&city, &seat), SEAT(EXPIRED));
        say(&city, &budi, (enum word)word, story_today(&city) + 1);
        story_until(&city, story_today(&city) + 1, 9);
        struct outcome o = unit_want(words[word].name, &city,
                                     unit_settle(&city, &seat, PB_SEAT_DECISION_PERSON_ACCEPTED),
                                     words[word].holds ? 0 : SG_ST_NO_CONSENT);
        if (words[word].holds)
            care_follows(words[word].name, &city, o.seq, "D1 RESERVED @dinsos,disnaker");
        else
            unit_detail(words[word].name, &o, "seat_decided.allocation_id", "SHARE_WITH_PROVIDER");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- taken back ---- */

enum stand { WAITS, HELD, RESERVED, CONFIRMED, OCCUPIED, ENDED_LATELY, ENDED_LONG_AGO, STANDS };

static struct sg_id stand(struct ledger_city *city, const struct client *who,
                          const struct sg_id *slot, enum stand at)
{
    if (at == WAITS)
        (void)story_seat(city, slot, ACCEPT);
    struct sg_id seat = unit_seat(city, who, slot, at == HELD ? HOLD : ACCEPT);
    if (at == CONFIRMED)
        story_settle(city, &seat, PB_SEAT_DECISION_CONFIRMED);
    if (at >= OCCUPIED)
        story_begin(city, slot, &seat);
    if (at >= ENDED_LATELY) {
        story_complete(city, &seat);
        city_pass(city, 30 * SG_DAY_MS + (at == ENDED_LONG_AGO));
    }
    return seat;
}

static void what_a_withdrawal_takes_back(void **state)
{
    (void)state;
    static const char all[] = "D6 person.full_name,person.phone,person.health_limits @disnaker";
    static const char kept[] = "D6 person.phone,person.health_limits @disnaker";
    static const char health[] = "D6 person.health_limits @disnaker";
    static const char gone[] = "D6 person.full_name,person.phone,person.health_limits @disnaker; "
                               "D1 RELEASED @dinsos,disnaker";
    static const struct {
        const char *name;
        PbAllocationState after;
        const char *provider, *health; /* what follows, by scope */
    } rows[STANDS] = {
        [WAITS] = {"WAITLISTED", SEAT(WAITLISTED), "", ""},
        [HELD] = {"HELD", SEAT(RELEASED), gone, health},
        [RESERVED] = {"RESERVED", SEAT(RELEASED), gone, health},
        [CONFIRMED] = {"CONFIRMED", SEAT(RELEASED), gone, health},
        [OCCUPIED] = {"OCCUPIED", SEAT(OCCUPIED), kept, health},
        [ENDED_LATELY] = {"ended 30 days ago", SEAT(COMPLETED), all, health},
        [ENDED_LONG_AGO] = {"ended before", SEAT(COMPLETED), "", ""},
    };
    for (int at = WAITS; at < STANDS; at++)
        for (int scope = PROVIDER; scope <= HEALTH; scope++)
            for (int action = SAYS(REFUSED); action <= SAYS(WITHDRAWN); action++) {
                struct ledger_city city;
                city_open(&city);
                struct sg_id slot = story_slot(&city, 1);
                struct client budi = unit_client(&city);
                (void)unit_want("health", &city,
                                care_consent(&city, &budi.case_id, SAYS(GIVEN), HEALTH), 0);
                struct sg_id seat = stand(&city, &budi, &slot, (enum stand)at);
                PbAllocationState before = unit_seat_state(&city, &seat);
                PbEnvelope *e =
                    care_consent(&city, &budi.case_id, (PbConsentRecorded__Action)action,
                                 (PbConsentRecorded__Scope)scope);
                struct outcome o = unit_want(rows[at].name, &city, e, 0);
                bool provider = scope == PROVIDER;
                care_follows(rows[at].name, &city, o.seq,
                             provider ? rows[at].provider : rows[at].health);
                assert_int_equal(unit_seat_state(&city, &seat), provider ? rows[at].after : before);
                e = care_consent(&city, &budi.case_id, (PbConsentRecorded__Action)action,
                                 (PbConsentRecorded__Scope)scope);
                o = unit_want("and once more", &city, e, 0); /* nothing is left to take back */
                care_follows("and once more", &city, o.seq, "");
                city_refold(&city);
                city_close(&city);
            }
}

/* T14 of a provider that was told, the D2 and its end. */
static void a_provider_says_that_it_has_forgotten(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        (void)unit_seat(&city, &budi, &slot, ACCEPT);
        PbEnvelope *e = care_consent(&city, &budi.case_id, SAYS(WITHDRAWN), PROVIDER);
        struct sg_id id = id_of(e->consent_recorded->consent_id);
        struct outcome o = unit_want("withdrawn", &city, e, 0);
        int64_t told_ms = city.now_ms;
        struct city_record d6 = city_record(&city, o.seq + 1);
        const PbPersonErasureOrdered *p = d6.event.envelope->person_erasure_ordered;
        struct sg_id named = id_of(p->request_id), ref = id_of(p->person_ref);
        struct sg_id own = sg_person_ref(&city.keys, "disnaker", &budi.person);
        assert_true(sg_id_equal(&named, &id) && sg_id_equal(&ref, &own));
        assert_int_equal(p->scope, PB_PERSON_ERASURE_ORDERED__SCOPE_LISTED);
        assert_true(sg_ms_of(p->due_at) == told_ms + 72 * SG_HOUR_MS);
        assert_int_equal(city_relations(&d6, "disnaker"), RELATION_PROVIDER);
        assert_int_equal(unit_deadlines(&city, RULE_EXECUTED), 1);
        city_pass(&city, 72 * SG_HOUR_MS - 1);
        uint64_t last = city.last_seq;
        city_pass(&city, late);
        if (late)
            care_follows("missed", &city, last, "D2 T14/3 @disnaker,dinsos,inspektorat");
        else
            assert_int_equal(city.last_seq, last);
        e = care_request(&city, "blk", &id, ASKS(ERASURE), ANSWER(EXECUTED));
        (void)unit_want("was not told", &city, e, SG_ST_NOT_OWNER);
        e = care_request(&city, "disnaker", &id, ASKS(ACCESS), ANSWER(EXECUTED));
        o = unit_want("another kind", &city, e, SG_ST_SCHEMA);
        unit_detail("another kind", &o, "rights_request.kind", "OTHER_KIND");
        e = care_request(&city, "disnaker", &id, ASKS(ERASURE), ANSWER(EXECUTED));
        o = unit_want("executed", &city, e, 0);
        care_follows("executed", &city, o.seq,
                     late ? "D2 T14/3 cleared @disnaker,dinsos,inspektorat" : "");
        struct city_record e23 = city_record(&city, o.seq);
        assert_int_equal(city_relations(&e23, "dinsos"), RELATION_CASE_OWNER);
        assert_int_equal(unit_deadlines(&city, RULE_EXECUTED), 0);
        (void)story_again("executed again", &city, e);
        city_refold(&city);
        city_close(&city);
    }
}

/* A statement about two scopes at once gives one order, of all that is listed by either. */
static void two_scopes_make_one_order(void **state)
{
    (void)state;
    static PbConsentRecorded__Scope both[] = {HEALTH, PROVIDER};
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    (void)unit_seat(&city, &budi, &slot, ACCEPT);
    PbEnvelope *e = care_consent(&city, &budi.case_id, SAYS(GIVEN), PROVIDER);
    e->consent_recorded->scopes = both;
    e->consent_recorded->n_scopes = 2;
    struct outcome o = unit_want("both", &city, e, 0);
    struct city_record e06 = city_record(&city, o.seq); /* whoever has a seat knows what holds */
    assert_int_equal(city_relations(&e06, "disnaker"), RELATION_PROVIDER);
    e = care_consent(&city, &budi.case_id, SAYS(WITHDRAWN), PROVIDER);
    e->consent_recorded->scopes = both;
    e->consent_recorded->n_scopes = 2;
    o = unit_want("withdrawn", &city, e, 0);
    care_follows("withdrawn", &city, o.seq,
                 "D6 person.full_name,person.phone,person.health_limits @disnaker; "
                 "D1 RELEASED @dinsos,disnaker");
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_last_word_of_each_scope_holds),
          cmocka_unit_test(a_case_that_is_open_or_closed_takes_it),
          cmocka_unit_test(who_speaks_for_a_minor), cmocka_unit_test(a_statement_stands_once),
          cmocka_unit_test(no_seat_without_it), cmocka_unit_test(nobody_is_promoted_without_it),
          cmocka_unit_test(a_late_answer_needs_it), cmocka_unit_test(what_a_withdrawal_takes_back),
          cmocka_unit_test(a_provider_says_that_it_has_forgotten),
          cmocka_unit_test(two_scopes_make_one_order))
