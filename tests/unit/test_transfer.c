/* SERVICE and TRANSFER: who may ask whom, what the target sees, and what goes along with a case. */
#include "unit/story_unit.h"

#define KIND(name) PB_REFERRAL_KIND_##name
#define DECISION(name) PB_REFERRAL_DECISION_##name
#define CASE(name) PB_CASE_STATE_##name

static struct sg_id hand(struct ledger_city *city, const struct client *client, PbReferralKind kind,
                         const char *target)
{
    struct sg_id id;
    (void)unit_want("hand", city, story_hand(city, "dinsos", &client->case_id, kind, target, &id),
                    0);
    return id;
}

static struct outcome accept(struct ledger_city *city, const struct sg_id *referral,
                             const char *target)
{
    return unit_want("accept", city, unit_decide(city, referral, target, DECISION(ACCEPTED), NULL),
                     0);
}

static void put_case(struct ledger_city *city, const struct sg_id *id, PbCaseState state,
                     bool minor)
{
    PbCaseRow *row = city_row(city, TABLE_CASES, id);
    row->state = state;
    row->has_minor = true;
    row->minor = minor;
    city_put(city, TABLE_CASES, id, row);
}

/* The newest case of the person at that owner. */
static struct sg_id case_at(struct ledger_city *city, const struct client *client,
                            const char *owner)
{
    const PbPersonRow *person = city_row(city, TABLE_PERSONS, &client->person);
    for (size_t i = 0; i < person->n_cases; i++)
        if (strcmp(person->cases[i]->owner, owner) == 0)
            return id_of(person->cases[i]->case_id);
    return (struct sg_id){{0}};
}

/* ---- E01 ---- */

static void whom_a_case_may_go_to(void **state)
{
    (void)state;
    static const struct {
        const char *name, *publisher, *target;
        PbReferralKind kind;
        PbCaseState from;
        bool minor;
        uint32_t want;
        const char *object, *detail;
    } rows[] = {
        /* clang-format off */
        {"service of a trainer", "dinsos", "disnaker", KIND(SERVICE), CASE(IN_SERVICE), false, 0, "", ""},
        {"service of a referrer", "dinsos", "satpolpp", KIND(SERVICE), CASE(NEW), false, 0, "", ""},
        {"service for a child", "dinsos", "disnaker", KIND(SERVICE), CASE(IN_SERVICE), true, 0, "", ""},
        {"service of oneself", "dinsos", "dinsos", KIND(SERVICE), CASE(IN_SERVICE), false, SG_ST_BAD_CODE, "referral_submitted.target_agency", "OWN_AGENCY"},
        {"service, case over", "dinsos", "dpppa", KIND(SERVICE), CASE(DECLINED), false, SG_ST_NOT_OWNER, "case_id", "NOT_OPEN"},
        {"service, case of others", "dpppa", "disnaker", KIND(SERVICE), CASE(IN_SERVICE), false, SG_ST_NOT_OWNER, "case_id", ""},
        {"transfer", "dinsos", "dpppa", KIND(TRANSFER), CASE(IN_SERVICE), false, 0, "", ""},
        {"transfer before E03", "dinsos", "owner-a", KIND(TRANSFER), CASE(NEW), false, 0, "", ""},
        {"transfer of who is in training", "dinsos", "owner-a", KIND(TRANSFER), CASE(IN_TRAINING), false, 0, "", ""},
        {"transfer to a trainer", "dinsos", "disnaker", KIND(TRANSFER), CASE(IN_SERVICE), false, SG_ST_BAD_CODE, "referral_submitted.target_agency", "NO_CASE_OWNER"},
        {"transfer to oneself", "dinsos", "dinsos", KIND(TRANSFER), CASE(IN_SERVICE), false, SG_ST_BAD_CODE, "referral_submitted.target_agency", "OWN_AGENCY"},
        {"transfer, case over", "dinsos", "dpppa", KIND(TRANSFER), CASE(TRANSFERRED), false, SG_ST_NOT_OWNER, "case_id", "NOT_OPEN"},
        {"transfer, case closed", "dinsos", "dpppa", KIND(TRANSFER), CASE(CLOSED), false, SG_ST_NOT_OWNER, "case_id", "NOT_OPEN"},
        {"transfer, case of others", "dpppa", "owner-a", KIND(TRANSFER), CASE(IN_SERVICE), false, SG_ST_NOT_OWNER, "case_id", ""},
        {"transfer of a child", "dinsos", "dpppa", KIND(TRANSFER), CASE(IN_SERVICE), true, 0, "", ""},
        {"transfer of a child to others", "dinsos", "owner-a", KIND(TRANSFER), CASE(IN_SERVICE), true, SG_ST_MINOR, "referral_submitted.target_agency", ""},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id id;
        city_open(&city);
        struct client budi = unit_client(&city);
        put_case(&city, &budi.case_id, rows[i].from, rows[i].minor);
        PbEnvelope *e =
            story_hand(&city, rows[i].publisher, &budi.case_id, rows[i].kind, rows[i].target, &id);
        struct outcome o = unit_want(rows[i].name, &city, e, rows[i].want);
        if (rows[i].want) {
            unit_detail(rows[i].name, &o, rows[i].object, rows[i].detail);
            city_close(&city);
            continue;
        }
        const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &id);
        struct sg_id of_case = id_of(row->case_id);
        assert_true(sg_id_equal(&of_case, &budi.case_id));
        assert_int_equal(row->state, PB_REFERRAL_STATE_SUBMITTED);
        assert_int_equal(unit_case_state(&city, &budi.case_id), rows[i].from);
        assert_int_equal(unit_deadlines(&city, RULE_ACKNOWLEDGE), 1);
        city_close(&city);
    }
}

static void the_case_must_be_there(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{3}};
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    struct client budi = unit_client(&city), joko = unit_client(&city);
    PbEnvelope *e = story_hand(&city, "dinsos", &nobody, KIND(SERVICE), "dpppa", &id);
    struct outcome o = unit_want("no case", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no case", &o, "case_id", NULL);
    e = story_hand(&city, "dinsos", &budi.case_id, KIND(TRANSFER), "dpppa", &id);
    struct sg_id ref = sg_person_ref(&city.keys, "dinsos", &joko.person);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    o = unit_want("another person", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("another person", &o, "person_ref", "CASE");
    ref = sg_person_ref(&city.keys, "dinsos", &budi.person);
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("its person", &city, e, 0);
    (void)story_again("again", &city, e);
    e->referral_submitted->priority = PB_PRIORITY_NORMAL_14D;
    (void)unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    city_close(&city);
}

/* What the target is shown; civil documents make it the civil registry. */
static void a_target_is_shown_the_person(void **state)
{
    (void)state;
    static const struct {
        PbReferralKind kind;
        PbSpmService service;
        uint32_t relation;
    } rows[] = {{KIND(SERVICE), PB_SPM_SERVICE_GUIDANCE, RELATION_SERVICE_TARGET},
                {KIND(SERVICE), PB_SPM_SERVICE_CIVIL_DOCUMENTS, RELATION_CIVIL_REGISTRY},
                {KIND(TRANSFER), 0, RELATION_TRANSFER_TARGET}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id id;
        city_open(&city);
        struct client budi = unit_client(&city);
        PbEnvelope *e = story_hand(&city, "dinsos", &budi.case_id, rows[i].kind, "dpppa", &id);
        if (rows[i].kind == KIND(SERVICE))
            e->referral_submitted->requested_services[0] = rows[i].service;
        struct outcome o = unit_want("hand", &city, e, 0);
        assert_int_equal(city.last_seq, o.seq + 1);
        struct city_record e01 = city_record(&city, o.seq), d8 = unit_record(&city, o.seq, 1);
        assert_int_equal(city_relations(&e01, "dpppa"), rows[i].relation);
        assert_int_equal(city_relations(&e01, "dinsos"), RELATION_CASE_OWNER);
        const PbReferralPresented *shown = d8.event.envelope->referral_presented;
        assert_int_equal(city_relations(&d8, "dpppa"), rows[i].relation);
        assert_int_equal(d8.record.rest->n_audience, 1);
        assert_string_equal(shown->from, "dinsos");
        assert_int_equal(shown->kind, rows[i].kind);
        assert_string_equal(shown->person->full_name, "Budi Santoso");
        assert_null(shown->assessment); /* only the new owner reads it */
        assert_int_equal(shown->n_requested_services, rows[i].kind == KIND(SERVICE));
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- SERVICE ---- */

static void a_service_never_moves_the_case(void **state)
{
    (void)state;
    for (int from = CASE(NEW); from <= CASE(AFTERCARE); from++)
        for (int decision = DECISION(ACCEPTED); decision <= DECISION(REDIRECTED); decision++) {
            struct ledger_city city;
            city_open(&city);
            struct client budi = unit_client(&city);
            put_case(&city, &budi.case_id, (PbCaseState)from, false);
            struct sg_id id = hand(&city, &budi, KIND(SERVICE), "disnaker");
            struct outcome o =
                unit_want("decide", &city,
                          unit_decide(&city, &id, "disnaker", (PbReferralDecision)decision,
                                      decision == DECISION(REDIRECTED) ? "blk" : NULL),
                          0);
            assert_int_equal(unit_case_state(&city, &budi.case_id), from);
            const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &id);
            static const PbReferralState states[] = {
                [DECISION(ACCEPTED)] = PB_REFERRAL_STATE_ACCEPTED,
                [DECISION(DECLINED)] = PB_REFERRAL_STATE_DECLINED,
                [DECISION(REDIRECTED)] = PB_REFERRAL_STATE_SUBMITTED};
            assert_int_equal(row->state, states[decision]);
            struct sg_id of_case = id_of(row->case_id);
            assert_true(sg_id_equal(&of_case, &budi.case_id));
            assert_int_equal(row->n_targets, decision == DECISION(REDIRECTED) ? 2 : 1);
            struct city_record d5 = unit_record(&city, o.seq, 1);
            assert_int_equal(city_relations(&d5, "dinsos"),
                             RELATION_CASE_OWNER | RELATION_REFERRER);
            if (decision == DECISION(REDIRECTED)) {
                struct city_record d8 = city_record(&city, city.last_seq);
                assert_int_equal(city_relations(&d8, "blk"), RELATION_SERVICE_TARGET);
                (void)accept(&city, &id, "blk");
            }
            city_close(&city);
        }
}

static void where_service_and_transfer_may_be_sent_on(void **state)
{
    (void)state;
    static const struct {
        PbReferralKind kind;
        const char *to;
        uint32_t want;
        const char *detail;
    } rows[] = {{KIND(SERVICE), "disnaker", 0, NULL},
                {KIND(SERVICE), "dinsos", SG_ST_BAD_CODE, "CASE_OWNER"},
                {KIND(SERVICE), "dpppa", SG_ST_BAD_TRANSITION, "EARLIER_TARGET"},
                {KIND(TRANSFER), "owner-a", 0, NULL},
                {KIND(TRANSFER), "disnaker", SG_ST_BAD_CODE, "NO_CASE_OWNER"},
                {KIND(TRANSFER), "dinsos", SG_ST_BAD_CODE, "CASE_OWNER"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        struct sg_id id = hand(&city, &budi, rows[i].kind, "dpppa");
        struct outcome o = unit_want(
            rows[i].to, &city, unit_decide(&city, &id, "dpppa", DECISION(REDIRECTED), rows[i].to),
            rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].to, &o, "referral_decided.redirect_to", rows[i].detail);
        city_close(&city);
    }
}

static void hops_are_counted_of_every_kind(void **state)
{
    (void)state;
    static const char *const ways[] = {"dpppa", "owner-a", "owner-b", "owner-c"};
    for (int kind = KIND(SERVICE); kind <= KIND(TRANSFER); kind++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        struct sg_id id = hand(&city, &budi, (PbReferralKind)kind, ways[0]);
        for (int i = 0; i < 3; i++)
            (void)unit_want("on", &city,
                            unit_decide(&city, &id, ways[i], DECISION(REDIRECTED), ways[i + 1]), 0);
        (void)unit_want("a fourth", &city,
                        unit_decide(&city, &id, "owner-c", DECISION(REDIRECTED),
                                    kind == KIND(SERVICE) ? "blk" : "dpppa"),
                        kind == KIND(SERVICE) ? SG_ST_TOO_MANY_HOPS : SG_ST_BAD_TRANSITION);
        (void)accept(&city, &id, "owner-c");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- TRANSFER accepted ---- */

/* Any open case is handed over; whoever declines moves nothing. */
static void every_case_that_is_handed_over(void **state)
{
    (void)state;
    for (int from = CASE(NEW); from <= CASE(AFTERCARE); from++)
        for (int yes = 0; yes < 2; yes++) {
            struct ledger_city city;
            char name[32];
            (void)snprintf(name, sizeof name, "case %d, accepted %d", from, yes);
            city_open(&city);
            struct client budi = unit_client(&city);
            put_case(&city, &budi.case_id, (PbCaseState)from, false);
            struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
            PbReferralDecision decision = yes ? DECISION(ACCEPTED) : DECISION(DECLINED);
            struct outcome o =
                unit_want(name, &city, unit_decide(&city, &id, "dpppa", decision, NULL), 0);
            int now = (int)unit_case_state(&city, &budi.case_id);
            if (now != (yes ? (int)CASE(TRANSFERRED) : from))
                fail_msg("%s: case %d", name, now);
            struct sg_id new_id = case_at(&city, &budi, "dpppa");
            assert_int_equal(sg_id_is_zero(&new_id), !yes);
            if (yes) {
                const PbCaseRow *row = city_row(&city, TABLE_CASES, &new_id);
                struct sg_id previous = id_of(row->previous_case_id), told;
                assert_int_equal(row->state, CASE(ASSESSING));
                assert_true(sg_id_equal(&previous, &budi.case_id));
                told = id_of(o.effect->minted_case_id);
                assert_true(sg_id_equal(&told, &new_id));
                assert_non_null(story_deadline(&city, RULE_ASSESS, &new_id));
                assert_null(story_deadline(&city, RULE_ASSESS, &budi.case_id));
            }
            city_close(&city);
        }
}

static void what_is_told_of_a_transfer(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
    struct outcome o = accept(&city, &id, "dpppa");
    struct sg_id new_id = case_at(&city, &budi, "dpppa");
    struct city_record e03 = city_record(&city, o.seq), old = unit_record(&city, o.seq, 1),
                       made = unit_record(&city, o.seq, 2);
    assert_int_equal(city_relations(&e03, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&e03, "dpppa"), RELATION_TRANSFER_TARGET);
    const PbCaseStateChanged *told = old.event.envelope->case_state_changed;
    assert_int_equal(told->to, CASE(TRANSFERRED));
    assert_int_equal(told->referral_state, PB_REFERRAL_STATE_ACCEPTED);
    assert_int_equal(city_relations(&old, "dinsos"),
                     RELATION_CASE_OWNER | RELATION_REFERRER | RELATION_FAREWELL);
    assert_int_equal(city_relations(&old, "dpppa"), 0);
    told = made.event.envelope->case_state_changed;
    assert_int_equal(told->to, CASE(ASSESSING));
    struct sg_id of_case = id_of(told->case_id);
    assert_true(sg_id_equal(&of_case, &new_id));
    assert_int_equal(city_relations(&made, "dpppa"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&made, "dinsos"), 0);
    /* The referral that brought the person is at its end; its referrer hears only that. */
    struct city_record loop = unit_record(&city, o.seq, 3), d8 = unit_record(&city, o.seq, 4);
    told = loop.event.envelope->case_state_changed;
    struct sg_id first = id_of(told->referral_id);
    assert_true(sg_id_equal(&first, &budi.referral));
    assert_int_equal(told->referral_state, PB_REFERRAL_STATE_LOOP_CLOSED);
    assert_int_equal(city_relations(&loop, "satpolpp"), RELATION_REFERRER);
    const PbReferralPresented *shown = d8.event.envelope->referral_presented;
    assert_int_equal(city_relations(&d8, "dpppa"), RELATION_TRANSFER_TARGET);
    assert_string_equal(shown->person->full_name, "Budi Santoso");
    assert_non_null(shown->assessment);
    assert_int_equal(shown->assessment->priority_band, 3);
    assert_null(shown->assessment->person);
    assert_int_equal(city.last_seq, o.seq + 4);
    (void)unit_want("no owner any more", &city, unit_assess(&city, &budi.case_id),
                    SG_ST_BAD_TRANSITION);
    PbEnvelope *e = unit_assess(&city, &new_id);
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("the new one", &city, e, 0);
    assert_int_equal(unit_case_state(&city, &new_id), CASE(IN_SERVICE));
    city_refold(&city);
    city_close(&city);
}

/* Seats, waitings and what is lent go along, with their deadlines; what has ended stays. */
static void what_goes_along(void **state)
{
    (void)state;
    enum { WAITED, OVER, SEATED, CLAIMS };
    struct ledger_city city;
    struct sg_id seats[CLAIMS];
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id full = story_slot(&city, 1), slot = story_slot(&city, 2);
    (void)story_seat(&city, &full, ACCEPT);
    seats[WAITED] = unit_seat(&city, &budi, &full, ACCEPT);
    seats[OVER] = unit_seat(&city, &budi, &slot, ACCEPT);
    story_settle(&city, &seats[OVER], PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    seats[SEATED] = unit_seat(&city, &budi, &slot, HOLD);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
    (void)accept(&city, &id, "dpppa");
    struct sg_id new_id = case_at(&city, &budi, "dpppa");
    assert_int_equal(unit_case_state(&city, &new_id), CASE(ASSESSING));
    for (int k = 0; k < CLAIMS; k++) {
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seats[k]);
        struct sg_id of_case = id_of(row->case_id);
        assert_int_equal(sg_id_equal(&of_case, &new_id), k != OVER);
        assert_string_equal(row->case_owner, k == OVER ? "dinsos" : "dpppa");
    }
    const PbDeadlineRow *hold = story_deadline(&city, RULE_HOLD, &seats[SEATED]);
    assert_string_equal(hold->responsible, "dpppa");
    assert_string_equal(hold->case_owner, "dpppa");
    struct sg_id of_case = id_of(hold->case_id);
    assert_true(sg_id_equal(&of_case, &new_id));
    (void)unit_want("no more", &city,
                    unit_settle(&city, &seats[SEATED], PB_SEAT_DECISION_PERSON_ACCEPTED),
                    SG_ST_NOT_OWNER);
    PbEnvelope *e = unit_settle(&city, &seats[SEATED], PB_SEAT_DECISION_PERSON_ACCEPTED);
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("the new owner", &city, e, 0);
    const PbDeadlineRow *confirm = story_deadline(&city, RULE_CONFIRM, &seats[SEATED]);
    assert_string_equal(confirm->responsible, "disnaker");
    assert_string_equal(confirm->case_owner, "dpppa");
    city_refold(&city);
    city_close(&city);
}

static void a_loan_goes_along_also_when_it_was_not_seen(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    (void)unit_want("loan", &city, story_issue(&city, &item, &seat, LOAN, "B/1"), 0);
    (void)unit_want("gone", &city, story_check(&city, &item, FINDING(NOT_SHOWN), ACTION(NONE)), 0);
    (void)unit_want(
        "drop out", &city,
        story_end(&city, &seat, story_today(&city), PB_PLACEMENT_ENDED__RESULT_DROPPED_OUT), 0);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa"); /* the seat has ended */
    (void)accept(&city, &id, "dpppa");
    const PbItemRow *row = city_row(&city, TABLE_ITEMS, &item);
    assert_int_equal(row->state, PB_ITEM_STATE_AT_RISK);
    assert_string_equal(row->case_owner, "dpppa");
    assert_string_equal(story_deadline(&city, RULE_RETURN, &item)->responsible, "dpppa");
    city_refold(&city);
    city_close(&city);
}

static void a_course_goes_on_under_the_new_owner(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    (void)unit_want("loan", &city, story_issue(&city, &item, &seat, LOAN, "B/1"), 0);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
    struct outcome o = accept(&city, &id, "dpppa");
    struct sg_id new_id = case_at(&city, &budi, "dpppa");
    assert_int_equal(unit_case_state(&city, &new_id), CASE(IN_TRAINING));
    struct city_record made = unit_record(&city, o.seq, 2);
    assert_int_equal(made.event.envelope->case_state_changed->to, CASE(IN_TRAINING));
    const PbItemRow *row = city_row(&city, TABLE_ITEMS, &item);
    assert_string_equal(row->case_owner, "dpppa");
    const PbDeadlineRow *attend = story_deadline(&city, RULE_ATTENDANCE, &seat);
    assert_string_equal(attend->case_owner, "dpppa");
    assert_string_equal(attend->responsible, "disnaker");
    story_complete(&city, &seat);
    assert_int_equal(unit_case_state(&city, &new_id), CASE(AFTERCARE));
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(TRANSFERRED));
    const PbDeadlineRow *back = story_deadline(&city, RULE_RETURN, &item);
    assert_string_equal(back->responsible, "dpppa");
    PbEnvelope *e = story_check(&city, &item, FINDING(IN_USE), ACTION(NONE));
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("it looks after it", &city, e, 0);
    city_refold(&city);
    city_close(&city);
}

static void a_granted_item_stays_with_its_case(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    story_complete(&city, &seat);
    (void)unit_want("grant", &city, story_issue(&city, &item, &seat, GRANT, "B/1"), 0);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
    (void)accept(&city, &id, "dpppa");
    const PbItemRow *row = city_row(&city, TABLE_ITEMS, &item);
    assert_string_equal(row->case_owner, "dinsos"); /* only what is lent goes along (7.2) */
    city_refold(&city);
    city_close(&city);
}

/* ---- children ---- */

static void a_child_goes_to_who_protects_children(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city), joko = unit_client(&city);
    struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "owner-a");
    struct sg_id to_dpppa = hand(&city, &joko, KIND(TRANSFER), "dpppa");
    put_case(&city, &budi.case_id, CASE(IN_SERVICE), true); /* known after the E01 */
    put_case(&city, &joko.case_id, CASE(IN_SERVICE), true);
    struct outcome o = unit_want(
        "not it", &city, unit_decide(&city, &id, "owner-a", DECISION(ACCEPTED), NULL), SG_ST_MINOR);
    unit_detail("not it", &o, "referral_decided.decision", NULL);
    (void)unit_want("sent on", &city,
                    unit_decide(&city, &id, "owner-a", DECISION(REDIRECTED), "dpppa"), 0);
    (void)accept(&city, &id, "dpppa");
    (void)accept(&city, &to_dpppa, "dpppa");
    struct sg_id cases[] = {case_at(&city, &budi, "dpppa"), case_at(&city, &joko, "dpppa")};
    for (int i = 0; i < 2; i++) {
        const PbCaseRow *row = city_row(&city, TABLE_CASES, &cases[i]);
        assert_true(row->minor); /* the flag is copied */
    }
    city_close(&city);
}

/* ---- what else there is ---- */

static void other_referrals_of_the_case(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id second;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbEnvelope *e = unit_refer(&city, &second);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    e->referral_submitted->person = NULL;
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("found again", &city, e, 0);
    struct sg_id asked = hand(&city, &budi, KIND(SERVICE), "disnaker");
    struct sg_id one = hand(&city, &budi, KIND(TRANSFER), "dpppa");
    struct sg_id two = hand(&city, &budi, KIND(TRANSFER), "owner-a");
    (void)accept(&city, &one, "dpppa");
    static const PbReferralState want[] = {
        PB_REFERRAL_STATE_LOOP_CLOSED, PB_REFERRAL_STATE_LOOP_CLOSED, PB_REFERRAL_STATE_ACCEPTED,
        PB_REFERRAL_STATE_SUBMITTED, PB_REFERRAL_STATE_SUBMITTED};
    const struct sg_id ids[] = {budi.referral, second, one, two, asked};
    for (size_t i = 0; i < SG_ARRAY_LEN(ids); i++) {
        const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &ids[i]);
        if (row->state != want[i])
            fail_msg("referral %zu is %d", i, (int)row->state);
    }
    assert_null(story_deadline(&city, RULE_ACKNOWLEDGE, &second));
    struct outcome o =
        unit_want("too late", &city, unit_decide(&city, &two, "owner-a", DECISION(ACCEPTED), NULL),
                  SG_ST_BAD_TRANSITION);
    unit_detail("too late", &o, "referral_decided.referral_id", "CASE_OVER");
    (void)unit_want("declined", &city,
                    unit_decide(&city, &two, "owner-a", DECISION(DECLINED), NULL), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(TRANSFERRED));
    city_refold(&city);
    city_close(&city);
}

/* The new owner has a case of the person already: it goes on. */
static void a_case_that_is_there_takes_over(void **state)
{
    (void)state;
    static const struct {
        PbCaseState from, to;
    } rows[] = {{CASE(NEW), CASE(ASSESSING)},           {CASE(INTAKE), CASE(ASSESSING)},
                {CASE(ASSESSING), CASE(ASSESSING)},     {CASE(IN_SERVICE), CASE(IN_SERVICE)},
                {CASE(IN_TRAINING), CASE(IN_TRAINING)}, {CASE(AFTERCARE), CASE(AFTERCARE)}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id second;
        city_open(&city);
        struct client budi = unit_client(&city);
        PbEnvelope *e = unit_refer(&city, &second);
        struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
        e->referral_submitted->person = NULL;
        e->referral_submitted->target_agency = unit_text(&city, "dpppa");
        e->has_person_ref = true;
        e->person_ref = unit_id(&city, &ref);
        (void)unit_want("there", &city, e, 0);
        struct sg_id there = case_at(&city, &budi, "dpppa");
        put_case(&city, &there, rows[i].from, false);
        struct sg_id id = hand(&city, &budi, KIND(TRANSFER), "dpppa");
        (void)accept(&city, &id, "dpppa");
        struct sg_id now = case_at(&city, &budi, "dpppa");
        assert_true(sg_id_equal(&now, &there));
        if (unit_case_state(&city, &there) != rows[i].to)
            fail_msg("%d: now %d", (int)rows[i].from, (int)unit_case_state(&city, &there));
        /* What is assessed already is not due again. */
        bool due = story_deadline(&city, RULE_ASSESS, &there) != NULL;
        if (due != (rows[i].to == CASE(ASSESSING)))
            fail_msg("%d: T03 runs %d", (int)rows[i].from, due);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(whom_a_case_may_go_to), cmocka_unit_test(the_case_must_be_there),
          cmocka_unit_test(a_target_is_shown_the_person),
          cmocka_unit_test(a_service_never_moves_the_case),
          cmocka_unit_test(where_service_and_transfer_may_be_sent_on),
          cmocka_unit_test(hops_are_counted_of_every_kind),
          cmocka_unit_test(every_case_that_is_handed_over),
          cmocka_unit_test(what_is_told_of_a_transfer), cmocka_unit_test(what_goes_along),
          cmocka_unit_test(a_loan_goes_along_also_when_it_was_not_seen),
          cmocka_unit_test(a_course_goes_on_under_the_new_owner),
          cmocka_unit_test(a_granted_item_stays_with_its_case),
          cmocka_unit_test(a_child_goes_to_who_protects_children),
          cmocka_unit_test(other_referrals_of_the_case),
          cmocka_unit_test(a_case_that_is_there_takes_over))
