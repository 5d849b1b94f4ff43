/* E22: two persons are one, are not, are two again; and a NIK that comes late. */
#include "unit/story_unit.h"

#include "ledger/link.h"

#define DECISION(name) PB_PERSON_LINK_DECIDED__DECISION_##name
#define BASIS(name) PB_PERSON_LINK_DECIDED__BASIS_##name

enum { A = PB_PERSON_LINK_DECIDED__SURVIVOR_A, B = PB_PERSON_LINK_DECIDED__SURVIVOR_B };

/* The steward's pseudonym, given to it or not. */
static struct sg_id stewards_ref(struct ledger_city *city, const struct sg_id *person)
{
    return sg_person_ref(&city->keys, "dinsos", person);
}

static PbEnvelope *decide(struct ledger_city *city, const struct sg_id *a, const struct sg_id *b,
                          PbPersonLinkDecided__Decision decision, int survivor)
{
    PbEnvelope *e = story_envelope(city, "person.link_decided", "dinsos");
    PbPersonLinkDecided *p = SG_NEW(&city->events, PbPersonLinkDecided);
    struct sg_id id = story_id(city), ref_a = stewards_ref(city, a), ref_b = stewards_ref(city, b);
    pb_person_link_decided__init(p);
    p->has_link_id = p->has_person_ref_a = p->has_person_ref_b = true;
    p->link_id = unit_id(city, &id);
    p->person_ref_a = unit_id(city, &ref_a);
    p->person_ref_b = unit_id(city, &ref_b);
    p->has_decision = p->has_basis = true;
    p->decision = decision;
    p->basis = BASIS(DOCUMENT);
    p->has_survivor = decision == DECISION(SAME);
    p->survivor = (PbPersonLinkDecided__Survivor)survivor;
    e->person_link_decided = p;
    return e;
}

static struct outcome same(struct ledger_city *city, const struct sg_id *a, const struct sg_id *b,
                           int survivor)
{
    return unit_want("same", city, decide(city, a, b, DECISION(SAME), survivor), 0);
}

static void unlink_them(struct ledger_city *city, const struct sg_id *a, const struct sg_id *b)
{
    (void)unit_want("unlink", city, decide(city, a, b, DECISION(UNLINK), 0), 0);
}

static const PbPersonRow *person_row(struct ledger_city *city, const struct sg_id *person)
{
    return city_row(city, TABLE_PERSONS, person);
}

/* What all names of the person hold together, in read_arena; the caller ends the transaction. */
static PbPersonRow *together(struct ledger_city *city, const struct sg_id *person)
{
    struct sg_why why = {0};
    PbPersonRow *row = NULL;
    city_read(city);
    struct ledger_turn turn = {
        .txn = &city->txn, .arena = &city->read_arena, .world = &city->world};
    UNIT_OK(person_combined(&turn, person, &row, &why));
    txn_done(&city->txn);
    return row;
}

/* E01 by the reference of satpolpp. */
static PbEnvelope *refer_by_ref(struct ledger_city *city, const struct sg_id *person,
                                const char *target, struct sg_id *out_referral)
{
    PbEnvelope *e = unit_refer(city, out_referral);
    struct sg_id ref = sg_person_ref(&city->keys, "satpolpp", person);
    e->has_person_ref = true;
    e->person_ref = unit_id(city, &ref);
    e->referral_submitted->person = NULL;
    e->referral_submitted->target_agency = unit_text(city, target);
    return e;
}

static void accept(struct ledger_city *city, const struct sg_id *referral, const char *owner)
{
    (void)unit_want("accept", city,
                    unit_decide(city, referral, owner, PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
}

/* ---- guards ---- */

static void the_guards_stand_in_order(void **state)
{
    (void)state;
    enum { ABSENT, OWN, OTHER };
    static const struct {
        const char *name;
        PbPersonLinkDecided__Decision decision;
        PbPersonLinkDecided__Basis basis;
        int second;
        bool seats, linked, unknown, itself;
        uint32_t want;
        const char *detail;
    } rows[] = {
        {"by papers", DECISION(SAME), BASIS(DOCUMENT), ABSENT, false, false, false, false, 0, NULL},
        {"by word, alone", DECISION(SAME), BASIS(INTERVIEW), ABSENT, false, false, false, false,
         SG_ST_FOUR_EYES, NULL},
        {"by the family, twice the same", DECISION(SAME), BASIS(FAMILY), OWN, false, false, false,
         false, SG_ST_FOUR_EYES, NULL},
        {"by word, two of them", DECISION(SAME), BASIS(INTERVIEW), OTHER, false, false, false,
         false, 0, NULL},
        {"both have a seat", DECISION(SAME), BASIS(INTERVIEW), OTHER, true, false, false, false,
         SG_ST_LINK_CONFLICT, "LIVE_SEATS"},
        {"both have a seat, and nobody else looked", DECISION(SAME), BASIS(INTERVIEW), ABSENT, true,
         false, false, false, SG_ST_LINK_CONFLICT, "LIVE_SEATS"},
        {"one already", DECISION(SAME), BASIS(DOCUMENT), ABSENT, false, true, false, false,
         SG_ST_BAD_TRANSITION, "SAME_PERSON"},
        {"a person and itself", DECISION(SAME), BASIS(DOCUMENT), ABSENT, false, false, false, true,
         SG_ST_BAD_TRANSITION, "SAME_PERSON"},
        {"different, alone", DECISION(DIFFERENT), BASIS(INTERVIEW), ABSENT, true, false, false,
         false, 0, NULL},
        {"different, but linked", DECISION(DIFFERENT), BASIS(DOCUMENT), ABSENT, false, true, false,
         false, SG_ST_BAD_TRANSITION, "LINKED"},
        {"two again", DECISION(UNLINK), BASIS(INTERVIEW), ABSENT, false, true, false, false, 0,
         NULL},
        {"two again, but they are", DECISION(UNLINK), BASIS(DOCUMENT), ABSENT, false, false, false,
         false, SG_ST_BAD_TRANSITION, "NOT_LINKED"},
        {"two of one", DECISION(UNLINK), BASIS(DOCUMENT), ABSENT, false, false, false, true,
         SG_ST_BAD_TRANSITION, "NOT_LINKED"},
        {"nobody", DECISION(SAME), BASIS(INTERVIEW), ABSENT, true, false, true, false,
         SG_ST_UNKNOWN_OBJECT, NULL},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client a = unit_client(&city), b = unit_client(&city);
        struct sg_id slot = unit_slot(&city, 2), nobody = {{9, 9}};
        if (rows[i].seats) {
            (void)unit_seat(&city, &a, &slot, ACCEPT);
            (void)unit_seat(&city, &b, &slot, ACCEPT);
        }
        if (rows[i].linked)
            (void)same(&city, &a.person, &b.person, A);
        const struct sg_id *other = rows[i].unknown  ? &nobody
                                    : rows[i].itself ? &a.person
                                                     : &b.person;
        PbEnvelope *e = decide(&city, &a.person, other, rows[i].decision, A);
        e->person_link_decided->basis = rows[i].basis;
        if (rows[i].second)
            e->person_link_decided->second_actor_ref =
                rows[i].second == OWN ? e->actor_ref : unit_text(&city, "dns-0009");
        struct outcome o = unit_want(rows[i].name, &city, e, rows[i].want);
        if (rows[i].detail)
            unit_detail(rows[i].name, &o, NULL, rows[i].detail);
        if (!rows[i].want) {
            (void)story_again(rows[i].name, &city, e);
            e->person_link_decided->basis = BASIS(DUKCAPIL_CHECK);
            (void)unit_want("the same id, other words", &city, e, SG_ST_DUPLICATE_CONFLICT);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- one person with two names ---- */

static void both_names_lead_to_one(void **state)
{
    (void)state;
    for (int survivor = A; survivor <= B; survivor++) {
        struct ledger_city city;
        struct sg_id referral;
        city_open(&city);
        struct client a = unit_client(&city), b = unit_client(&city);
        const struct sg_id *root = survivor == A ? &a.person : &b.person;
        const struct sg_id *member = survivor == A ? &b.person : &a.person;
        (void)same(&city, &a.person, &b.person, survivor);
        struct sg_id to = id_of(person_row(&city, member)->linked_to);
        assert_true(sg_id_equal(&to, root));
        assert_int_equal(person_row(&city, root)->n_member_ids, 1);

        /* The older case goes on, whoever survives. */
        assert_int_equal(unit_case_state(&city, &a.case_id), PB_CASE_STATE_IN_SERVICE);
        assert_int_equal(unit_case_state(&city, &b.case_id), PB_CASE_STATE_CLOSED);
        const PbCaseRow *closed = city_row(&city, TABLE_CASES, &b.case_id);
        assert_int_equal(closed->close_reason, PB_CLOSE_REASON_DUPLICATE_CASE);
        const PbReferralRow *moved = city_row(&city, TABLE_REFERRALS, &b.referral);
        struct sg_id at = id_of(moved->case_id);
        assert_true(sg_id_equal(&at, &a.case_id));
        assert_int_equal(moved->state, PB_REFERRAL_STATE_ACCEPTED);

        /* A new referral by either name comes to it; the publisher is told no other name. */
        const struct sg_id *names[] = {&a.person, &b.person};
        for (int i = 0; i < 2; i++) {
            PbEnvelope *e = refer_by_ref(&city, names[i], "dinsos", &referral);
            struct outcome o = unit_want("refer", &city, e, 0);
            struct sg_id minted = id_of(o.effect->minted_person_ref);
            struct sg_id given = sg_person_ref(&city.keys, "satpolpp", names[i]);
            assert_true(sg_id_equal(&minted, &given));
            at = id_of(o.effect->referral->case_id);
            assert_true(sg_id_equal(&at, &a.case_id));
            struct sg_id first = id_of(o.effect->referral->referral_id);
            e = refer_by_ref(&city, names[!i], "dinsos", &referral);
            (void)unit_want("while one is open", &city, e, SG_ST_DUPLICATE_REFERRAL);
            accept(&city, &first, "dinsos");
        }
        city_refold(&city);
        city_close(&city);
    }
}

static void rules_see_one_person(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id referral;
    city_open(&city);
    struct client a = unit_client(&city), b = unit_client(&city);
    (void)unit_want("to another owner", &city, refer_by_ref(&city, &b.person, "owner-a", &referral),
                    0);
    accept(&city, &referral, "owner-a");
    struct sg_id there =
        id_of(((PbReferralRow *)city_row(&city, TABLE_REFERRALS, &referral))->case_id);
    PbEnvelope *e = unit_assess(&city, &there);
    e->publisher_agency = unit_text(&city, "owner-a");
    (void)unit_want("assess there", &city, e, 0);
    (void)same(&city, &a.person, &b.person, A);
    assert_int_equal(unit_case_state(&city, &there), PB_CASE_STATE_IN_SERVICE); /* stays apart */
    assert_int_equal(together(&city, &a.person)->n_cases, 2);

    /* A seat by the one name is a seat by the other; so is a waiting place. */
    struct sg_id slot = story_slot(&city, 1), full = story_slot(&city, 1);
    struct sg_id seat = unit_seat(&city, &a, &slot, ACCEPT);
    struct client elsewhere = {.case_id = there, .person = b.person};
    e = unit_request(&city, &elsewhere, &full, ACCEPT);
    e->publisher_agency = unit_text(&city, "owner-a");
    (void)unit_want("one seat of one person", &city, e, SG_ST_ACTIVE_PLACEMENT);
    (void)story_seat(&city, &full, ACCEPT);
    (void)unit_want("given back", &city,
                    unit_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    e = unit_request(&city, &elsewhere, &full, ACCEPT);
    e->publisher_agency = unit_text(&city, "owner-a");
    (void)unit_want("waits", &city, e, 0);
    (void)unit_want("waits there already", &city, unit_request(&city, &a, &full, ACCEPT),
                    SG_ST_BAD_TRANSITION);

    /* A course that the one has completed; a statement about the other is one about both. */
    struct sg_id course = story_occupied(&city, &a, &slot);
    story_complete(&city, &course);
    story_until(&city, story_today(&city) + 1, 9);
    struct sg_id next;
    e = story_offer(&city, 2, &next);
    e->slot_offered->exclude_same_course = true;
    (void)unit_want("the same course", &city, e, 0);
    e = unit_request(&city, &elsewhere, &next, ACCEPT);
    e->publisher_agency = unit_text(&city, "owner-a");
    struct outcome o = unit_want("prior course", &city, e, SG_ST_INELIGIBLE);
    unit_detail("prior course", &o, NULL, "PRIOR_COURSE");
    city_refold(&city);

    unlink_them(&city, &a.person, &b.person);
    e = unit_request(&city, &elsewhere, &next, ACCEPT);
    e->publisher_agency = unit_text(&city, "owner-a");
    (void)unit_want("another person", &city, e, 0);
    city_refold(&city);
    city_close(&city);
}

/* ---- two cases at one owner ---- */

/* Bring a case to that state. */
static struct client client_in(struct ledger_city *city, PbCaseState state,
                               const struct sg_id *slot, struct sg_id *out_seat)
{
    if (state == PB_CASE_STATE_NEW)
        return unit_new_case(city);
    struct client c = {{{0}}, {{0}}, {{0}}};
    if (state == PB_CASE_STATE_ASSESSING) {
        c = unit_new_case(city);
        accept(city, &c.referral, "dinsos");
        return c;
    }
    c = unit_client(city);
    if (state == PB_CASE_STATE_IN_TRAINING)
        *out_seat = story_occupied(city, &c, slot);
    return c;
}

enum {
    NEW = PB_CASE_STATE_NEW,
    ASSESSING = PB_CASE_STATE_ASSESSING,
    SERVICE = PB_CASE_STATE_IN_SERVICE,
    TRAINING = PB_CASE_STATE_IN_TRAINING
};
static const struct {
    int older, younger, both;
} merges[] = {
    {NEW, NEW, NEW},
    {NEW, ASSESSING, ASSESSING},
    {NEW, SERVICE, SERVICE},
    {NEW, TRAINING, TRAINING},
    {ASSESSING, NEW, ASSESSING},
    {ASSESSING, ASSESSING, ASSESSING},
    {ASSESSING, SERVICE, SERVICE},
    {ASSESSING, TRAINING, TRAINING},
    {SERVICE, NEW, SERVICE},
    {SERVICE, ASSESSING, SERVICE},
    {SERVICE, SERVICE, SERVICE},
    {SERVICE, TRAINING, TRAINING},
    {TRAINING, NEW, TRAINING},
    {TRAINING, SERVICE, TRAINING},
};

static void cases_become_one_and_two_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(merges); i++)
        for (int survivor = A; survivor <= B; survivor++) {
            struct ledger_city city;
            struct sg_id seat = {{0}};
            city_open(&city);
            struct sg_id slot = story_slot(&city, 2);
            struct client a = client_in(&city, (PbCaseState)merges[i].older, &slot, &seat);
            struct client b = client_in(&city, (PbCaseState)merges[i].younger, &slot, &seat);
            bool seated = merges[i].younger == TRAINING;
            (void)same(&city, &a.person, &b.person, survivor);
            if ((int)unit_case_state(&city, &a.case_id) != merges[i].both ||
                unit_case_state(&city, &b.case_id) != PB_CASE_STATE_CLOSED)
                fail_msg("%d and %d become %d and %d", merges[i].older, merges[i].younger,
                         unit_case_state(&city, &a.case_id), unit_case_state(&city, &b.case_id));
            bool assesses = story_deadline(&city, RULE_ASSESS, &a.case_id) != NULL;
            assert_int_equal(assesses, merges[i].both == ASSESSING);
            assert_null(story_deadline(&city, RULE_ASSESS, &b.case_id));
            assert_null(story_deadline(&city, RULE_IDLE, &b.case_id));
            if (seated) {
                const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seat);
                struct sg_id at = id_of(row->case_id);
                assert_true(sg_id_equal(&at, &a.case_id));
                PbDeadlineRow *limit = story_deadline(&city, RULE_ATTENDANCE, &seat);
                at = id_of(limit->case_id);
                assert_true(sg_id_equal(&at, &a.case_id));
            }
            city_refold(&city);
            unlink_them(&city, &a.person, &b.person);
            if ((int)unit_case_state(&city, &a.case_id) != merges[i].older ||
                (int)unit_case_state(&city, &b.case_id) != merges[i].younger)
                fail_msg("%d and %d come back as %d and %d", merges[i].older, merges[i].younger,
                         unit_case_state(&city, &a.case_id), unit_case_state(&city, &b.case_id));
            const PbReferralRow *back = city_row(&city, TABLE_REFERRALS, &b.referral);
            struct sg_id at = id_of(back->case_id);
            assert_true(sg_id_equal(&at, &b.case_id));
            if (seated) {
                const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seat);
                at = id_of(row->case_id);
                assert_true(sg_id_equal(&at, &b.case_id));
                story_complete(&city, &seat);
                assert_int_equal(unit_case_state(&city, &b.case_id), PB_CASE_STATE_AFTERCARE);
            }
            assert_false(person_row(&city, &a.person)->has_linked_to);
            assert_false(person_row(&city, &b.person)->has_linked_to);
            city_refold(&city);
            city_close(&city);
        }
}

static PbEnvelope *plan(struct ledger_city *city, const struct sg_id *case_id, struct sg_id *out_id)
{
    PbEnvelope *e = story_envelope(city, "mentoring.plan_set", "dinsos");
    PbMentoringPlanSet *p = SG_NEW(&city->events, PbMentoringPlanSet);
    pb_mentoring_plan_set__init(p);
    *out_id = story_id(city);
    e->has_case_id = true;
    e->case_id = unit_id(city, case_id);
    p->has_plan_id = p->has_template_ = true;
    p->plan_id = unit_id(city, out_id);
    p->mentor_ref = unit_text(city, "dns-0031");
    p->starts_on = unit_day(city, story_today(city));
    p->template_ = PB_MENTORING_PLAN_SET__TEMPLATE_STANDARD_12M;
    e->mentoring_plan_set = p;
    return e;
}

static PbEnvelope *visit(struct ledger_city *city, const struct sg_id *plan_id)
{
    PbEnvelope *e = story_envelope(city, "mentoring.visited", "dinsos");
    PbMentoringVisitRecorded *p = SG_NEW(&city->events, PbMentoringVisitRecorded);
    struct sg_id id = story_id(city);
    pb_mentoring_visit_recorded__init(p);
    p->has_visit_id = p->has_plan_id = p->has_mode = p->has_contact_made = true;
    p->visit_id = unit_id(city, &id);
    p->plan_id = unit_id(city, plan_id);
    p->visited_on = unit_day(city, story_today(city));
    p->mode = PB_MENTORING_VISIT_RECORDED__MODE_HOME;
    e->mentoring_visited = p;
    return e;
}

static size_t visits_under(struct ledger_city *city, const struct sg_id *case_id)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    struct key prefix = {0};
    size_t count = 0;
    city_read(city);
    UNIT_OK(cursor_under(&cursor, &city->txn, TABLE_VISITS, key_id(&prefix, case_id), &why));
    for (; cursor.key.ptr; count++)
        UNIT_OK(cursor_next(&cursor, &why));
    cursor_done(&cursor);
    txn_done(&city->txn);
    return count;
}

/* The plan and its visits go along; of two that are ACTIVE the younger one's rests meanwhile. */
static void plans_go_along(void **state)
{
    (void)state;
    for (int both = 0; both < 2; both++) {
        struct ledger_city city;
        struct sg_id plan_a, plan_b;
        city_open(&city);
        struct client a = unit_client(&city), b = unit_client(&city);
        if (both)
            (void)unit_want("plan a", &city, plan(&city, &a.case_id, &plan_a), 0);
        (void)unit_want("plan b", &city, plan(&city, &b.case_id, &plan_b), 0);
        (void)unit_want("visit", &city, visit(&city, &plan_b), 0);
        (void)same(&city, &a.person, &b.person, A);
        assert_int_equal(visits_under(&city, &a.case_id), 1);
        assert_int_equal(visits_under(&city, &b.case_id), 0);
        assert_true((story_deadline(&city, RULE_VISIT, &plan_b) != NULL) == !both);
        (void)unit_want("visit again", &city, visit(&city, &plan_b), 0);
        assert_int_equal(visits_under(&city, &a.case_id), 2);
        city_refold(&city);
        unlink_them(&city, &a.person, &b.person);
        assert_int_equal(visits_under(&city, &a.case_id), 0);
        assert_int_equal(visits_under(&city, &b.case_id), 2);
        assert_non_null(story_deadline(&city, RULE_VISIT, &plan_b));
        const PbCaseRow *back = city_row(&city, TABLE_CASES, &b.case_id);
        struct sg_id of = id_of(back->plan_id);
        assert_true(sg_id_equal(&of, &plan_b));
        back = city_row(&city, TABLE_CASES, &a.case_id);
        assert_int_equal(back->has_plan_id, both);
        (void)unit_want("visit once more", &city, visit(&city, &plan_b), 0);
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- trees ---- */

static void trees_grow_to_their_limit(void **state)
{
    (void)state;
    struct ledger_city city;
    struct client people[LINK_PERSONS_MAX + 1];
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(people); i++)
        people[i] = unit_new_case(&city);
    for (size_t i = 1; i < LINK_PERSONS_MAX; i++)
        (void)same(&city, &people[0].person, &people[i].person, A);
    struct outcome o = unit_want(
        "one too many", &city,
        decide(&city, &people[3].person, &people[LINK_PERSONS_MAX].person, DECISION(SAME), A),
        SG_ST_BAD_TRANSITION);
    unit_detail("one too many", &o, NULL, "LINK_LIMIT");
    o = unit_want("which of them", &city,
                  decide(&city, &people[3].person, &people[4].person, DECISION(UNLINK), A),
                  SG_ST_BAD_TRANSITION);
    unit_detail("which of them", &o, NULL, "NOT_DIRECT");
    unlink_them(&city, &people[0].person, &people[3].person);
    (void)same(&city, &people[5].person, &people[LINK_PERSONS_MAX].person, A);
    /* As the decision named them, although the link stands between two others. */
    unlink_them(&city, &people[5].person, &people[LINK_PERSONS_MAX].person);
    city_refold(&city);
    city_close(&city);
}

static void chains_grow_to_their_limit(void **state)
{
    (void)state;
    struct ledger_city city;
    struct client people[LINK_DEPTH_MAX + 2];
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(people); i++)
        people[i] = unit_new_case(&city);
    for (size_t i = 1; i <= LINK_DEPTH_MAX; i++)
        (void)same(&city, &people[i].person, &people[i - 1].person, A);
    struct outcome o = unit_want(
        "one too deep", &city,
        decide(&city, &people[LINK_DEPTH_MAX + 1].person, &people[0].person, DECISION(SAME), A),
        SG_ST_BAD_TRANSITION);
    unit_detail("one too deep", &o, NULL, "LINK_LIMIT");
    for (size_t i = 1; i <= LINK_DEPTH_MAX; i++)
        unlink_them(&city, &people[i].person, &people[i - 1].person);
    for (size_t i = 0; i <= LINK_DEPTH_MAX; i++)
        assert_int_equal(unit_case_state(&city, &people[i].case_id), PB_CASE_STATE_NEW);
    city_refold(&city);
    city_close(&city);
}

/* ---- minors ---- */

static void whoever_may_be_a_child_is_one(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client a = unit_client(&city);
    struct sg_id slot = unit_slot(&city, 1), referral;
    PbEnvelope *e = unit_refer(&city, &referral);
    PbPersonIdentity *p = e->referral_submitted->person;
    unit_budi(&city, p);
    p->birth_date = NULL;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = 16;
    struct outcome o = unit_want("a child", &city, e, 0);
    struct sg_id child = id_of(o.effect->person->person_id);
    /* Budi's birth date is known: it decides for both. */
    struct sg_id seat = unit_seat(&city, &a, &slot, ACCEPT);
    (void)same(&city, &a.person, &child, A);
    assert_false(person_row(&city, &a.person)->minor);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_RESERVED);
    unlink_them(&city, &a.person, &child);
    assert_true(person_row(&city, &child)->minor);
    assert_false(person_row(&city, &a.person)->minor);
    city_refold(&city);
    city_close(&city);

    /* Nobody knows the date of either: the seat is given up, and T04 begins. */
    city_open(&city);
    struct client joko;
    for (int i = 0; i < 2; i++) {
        e = unit_refer(&city, &referral);
        p = e->referral_submitted->person;
        unit_budi(&city, p);
        p->full_name = unit_text(&city, i ? "Rian" : "Joko");
        p->birth_date = NULL;
        p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
        p->has_estimated_age = true;
        p->estimated_age = i ? 16 : 30;
        e->referral_submitted->target_agency = unit_text(&city, i ? "owner-a" : "dinsos");
        o = unit_want("refer", &city, e, 0);
        if (i)
            child = id_of(o.effect->person->person_id);
        else
            joko = (struct client){referral, id_of(o.effect->cases[0]->case_id),
                                   id_of(o.effect->person->person_id)};
    }
    accept(&city, &joko.referral, "dinsos");
    (void)unit_want("assess", &city, unit_assess(&city, &joko.case_id), 0);
    unit_consent(&city, &joko.case_id);
    slot = unit_slot(&city, 1);
    seat = unit_seat(&city, &joko, &slot, ACCEPT);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &child);
    e = story_contact(&city, true);
    e->contact_recorded->person = NULL;
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("the steward learns of it", &city, e, 0);
    (void)same(&city, &joko.person, &child, A);
    assert_true(person_row(&city, &joko.person)->minor);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_VOIDED);
    assert_non_null(story_deadline(&city, RULE_MINOR, &joko.case_id));
    (void)unit_want("no seat", &city, unit_request(&city, &joko, &slot, ACCEPT), SG_ST_MINOR);
    city_refold(&city);
    unlink_them(&city, &joko.person, &child);
    assert_false(person_row(&city, &joko.person)->minor);
    assert_null(story_deadline(&city, RULE_MINOR, &joko.case_id));
    (void)unit_want("a seat again", &city, unit_request(&city, &joko, &slot, ACCEPT), 0);
    city_refold(&city);
    city_close(&city);
}

/* A case of somebody whose age is a guess, assessed, at dinsos. */
static struct client guessed(struct ledger_city *city, const char *name, uint32_t age)
{
    struct client c;
    PbEnvelope *e = unit_refer(city, &c.referral);
    PbPersonIdentity *p = e->referral_submitted->person;
    unit_budi(city, p);
    p->full_name = unit_text(city, name);
    p->birth_date = NULL;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = age;
    struct outcome o = unit_want("refer", city, e, 0);
    c.case_id = id_of(o.effect->cases[0]->case_id);
    c.person = id_of(o.effect->person->person_id);
    accept(city, &c.referral, "dinsos");
    return c;
}

/* The link moves the seat to the older case and gives it up, in one decision: that case must not
 * stay in training. */
static void the_older_case_loses_the_seat_that_it_took(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client child = guessed(&city, "Rian", 16), joko = guessed(&city, "Joko", 30);
    (void)unit_want("assess", &city, unit_assess(&city, &joko.case_id), 0);
    unit_consent(&city, &joko.case_id);
    struct sg_id slot = story_slot(&city, 1);
    struct sg_id seat = story_occupied(&city, &joko, &slot);
    (void)same(&city, &joko.person, &child.person, A);
    assert_true(person_row(&city, &joko.person)->minor);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_VOIDED);
    assert_int_equal(unit_case_state(&city, &joko.case_id), PB_CASE_STATE_CLOSED);
    assert_int_equal(unit_case_state(&city, &child.case_id), PB_CASE_STATE_IN_SERVICE);
    city_refold(&city);
    city_close(&city);
}

/* ---- a NIK that comes late ---- */

#define NIK_BUDI "1471991004950001" /* male, born 1995-04-10 */

static const struct {
    const char *name;
    PbSex sex;
    int32_t year; /* of the holder's birth as stated; 0: not known */
    bool seats, different, links;
    uint32_t score; /* of the D3; 0: none */
} nik_rows[] = {
    {"all agrees", PB_SEX_MALE, 1995, false, false, true, 1000},
    {"the sex is not known", PB_SEX_UNKNOWN, 1995, false, false, false, 900},
    {"nobody knows the birth", PB_SEX_MALE, 0, false, false, false, 900},
    {"both have a seat", PB_SEX_MALE, 1995, true, false, false, 900},
    {"a steward has said no", PB_SEX_MALE, 1995, false, true, false, 0},
};

static void a_late_nik_links_when_all_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(nik_rows); i++) {
        struct ledger_city city;
        struct sg_id referral;
        city_open(&city);
        PbEnvelope *e = unit_refer(&city, &referral);
        PbPersonIdentity *p = e->referral_submitted->person;
        unit_budi(&city, p);
        p->full_name = unit_text(&city, "Bambang");
        p->sex = nik_rows[i].sex;
        p->nik = unit_text(&city, NIK_BUDI);
        p->nik_status = PB_NIK_STATUS_STATED;
        if (!nik_rows[i].year) {
            p->birth_date = NULL;
            p->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
        }
        struct outcome o = unit_want("the holder", &city, e, 0);
        struct client holder = {referral, id_of(o.effect->cases[0]->case_id),
                                id_of(o.effect->person->person_id)};
        struct client late = unit_client(&city);
        if (nik_rows[i].seats) {
            struct sg_id slot = unit_slot(&city, 2);
            accept(&city, &holder.referral, "dinsos");
            (void)unit_want("assess", &city, unit_assess(&city, &holder.case_id), 0);
            unit_consent(&city, &holder.case_id);
            (void)unit_seat(&city, &holder, &slot, ACCEPT);
            (void)unit_seat(&city, &late, &slot, ACCEPT);
        }
        if (nik_rows[i].different)
            (void)unit_want("no", &city,
                            decide(&city, &holder.person, &late.person, DECISION(DIFFERENT), 0), 0);
        uint64_t before = city.last_seq;
        e = unit_assess(&city, &late.case_id);
        e->assessment_completed->person = unit_refer(&city, &referral)->referral_submitted->person;
        p = e->assessment_completed->person;
        unit_budi(&city, p);
        p->nik = unit_text(&city, NIK_BUDI);
        p->nik_status = PB_NIK_STATUS_STATED;
        (void)unit_want(nik_rows[i].name, &city, e, 0);
        bool linked = person_row(&city, &late.person)->has_linked_to;
        uint32_t score = 0;
        for (uint64_t seq = before + 1; seq <= city.last_seq; seq++) {
            struct city_record record = city_record(&city, seq);
            if (record.event.envelope->person_duplicate_suspected && !score)
                score = record.event.envelope->person_duplicate_suspected->score;
        }
        if (linked != nik_rows[i].links || score != nik_rows[i].score)
            fail_msg("%s: linked %d, score %u", nik_rows[i].name, linked, score);
        if (linked) {
            assert_int_equal(unit_case_state(&city, &holder.case_id), PB_CASE_STATE_IN_SERVICE);
            assert_int_equal(unit_case_state(&city, &late.case_id), PB_CASE_STATE_CLOSED);
            city_refold(&city);
            unlink_them(&city, &holder.person, &late.person);
            assert_int_equal(unit_case_state(&city, &late.case_id), PB_CASE_STATE_IN_SERVICE);
            e->assessment_completed->assessment_id = unit_id(&city, &(struct sg_id){{7, 7}});
            (void)unit_want("said again", &city, e, 0); /* a person has decided: never by itself */
            assert_false(person_row(&city, &late.person)->has_linked_to);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- what the order of waiting rests on ---- */

static void lost_seats_count_for_one_person(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id lost = story_slot(&city, 1), slot = story_slot(&city, 1);
    (void)story_seat(&city, &slot, ACCEPT);
    struct client other = unit_client(&city), a = unit_client(&city), b = unit_client(&city);
    struct sg_id seat = unit_seat(&city, &b, &lost, ACCEPT);
    PbEnvelope *e = unit_settle(&city, &seat, PB_SEAT_DECISION_DECLINED_BY_PROVIDER);
    e->seat_decided->has_reason = e->seat_decided->has_declined_by = true;
    e->seat_decided->reason = PB_DECLINE_REASON_MISSING_DOCUMENT;
    e->seat_decided->declined_by = PB_DECLINED_BY_RECEIVER;
    (void)unit_want("declined", &city, e, 0);
    struct sg_id first = unit_seat(&city, &other, &slot, ACCEPT);
    struct sg_id waits = unit_seat(&city, &a, &slot, ACCEPT);
    const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &waits);
    assert_int_equal(row->wait->lost_without_fault, 0);
    (void)same(&city, &a.person, &b.person, A);
    row = city_row(&city, TABLE_ALLOCATIONS, &waits);
    assert_int_equal(row->wait->lost_without_fault, 1);
    row = city_row(&city, TABLE_ALLOCATIONS, &first);
    assert_int_equal(row->wait->lost_without_fault, 0);
    unlink_them(&city, &a.person, &b.person);
    row = city_row(&city, TABLE_ALLOCATIONS, &waits);
    assert_int_equal(row->wait->lost_without_fault, 0);
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_guards_stand_in_order), cmocka_unit_test(both_names_lead_to_one),
          cmocka_unit_test(rules_see_one_person), cmocka_unit_test(cases_become_one_and_two_again),
          cmocka_unit_test(plans_go_along), cmocka_unit_test(trees_grow_to_their_limit),
          cmocka_unit_test(chains_grow_to_their_limit),
          cmocka_unit_test(whoever_may_be_a_child_is_one),
          cmocka_unit_test(the_older_case_loses_the_seat_that_it_took),
          cmocka_unit_test(a_late_nik_links_when_all_agrees),
          cmocka_unit_test(lost_seats_count_for_one_person))
