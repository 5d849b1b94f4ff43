/* Persons under 18: known by whatever says so, in whatever state their seat is; T04 and who hears
 * of it; handed over; doubts; cases of two owners. */
#include "unit/care_unit.h"

#define SEAT(name) PB_ALLOCATION_STATE_##name
#define STATE(name) PB_CASE_STATE_##name
#define DECIDES(name) PB_REFERRAL_DECISION_##name

/* ---- known by an event, whatever the seat is ---- */

enum stand { NO_SEAT, WAITS, HELD, RESERVED, CONFIRMED, OCCUPIED, COMPLETED, STANDS };
enum word { BY_REFERRAL, BY_CONTACT, BY_ASSESSMENT, BY_BIRTH_IN_ASSESSMENT, WORDS };

static PbEnvelope *says(struct ledger_city *city, const struct client *who, enum word word)
{
    struct sg_id unused;
    PbEnvelope *e;
    PbPersonIdentity *p = unit_refer(city, &unused)->referral_submitted->person;
    unit_budi(city, p);
    p->birth_date = unit_date(city, 2010, 9, 1);
    if (word == BY_REFERRAL) {
        e = care_found(city, who, story_today(city), &unused);
        e->referral_submitted->person = p;
    } else if (word == BY_CONTACT) {
        e = story_contact(city, true);
        e->contact_recorded->person = p;
        care_person(city, e, who);
    } else {
        e = unit_assess(city, &who->case_id);
        e->assessment_completed->is_minor = true;
        if (word == BY_BIRTH_IN_ASSESSMENT)
            e->assessment_completed->person = p;
    }
    return e;
}

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
    if (at == COMPLETED)
        story_complete(city, &seat);
    return seat;
}

static void the_seat_of_a_minor_is_void(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbAllocationState after;
        PbCaseState state;
        const char *follows; /* beside the D5 of the referral */
    } rows[STANDS] = {
        [NO_SEAT] = {"none", SEAT(UNSPECIFIED), STATE(IN_SERVICE), ""},
        [WAITS] = {"WAITLISTED", SEAT(WAITLISTED), STATE(IN_SERVICE), ""},
        [HELD] = {"HELD", SEAT(VOIDED), STATE(IN_SERVICE), "D1 VOIDED @dinsos,disnaker"},
        [RESERVED] = {"RESERVED", SEAT(VOIDED), STATE(IN_SERVICE), "D1 VOIDED @dinsos,disnaker"},
        [CONFIRMED] = {"CONFIRMED", SEAT(VOIDED), STATE(IN_SERVICE), "D1 VOIDED @dinsos,disnaker"},
        [OCCUPIED] = {"OCCUPIED", SEAT(VOIDED), STATE(IN_SERVICE),
                      "D1 VOIDED @dinsos,disnaker; D5 IN_SERVICE @dinsos"},
        [COMPLETED] = {"COMPLETED", SEAT(COMPLETED), STATE(AFTERCARE), ""},
    };
    for (int word = BY_REFERRAL; word < WORDS; word++)
        for (int at = NO_SEAT; at < STANDS; at++) {
            struct ledger_city city;
            struct sg_id seat = {{0}};
            char want[200];
            city_open(&city);
            struct sg_id slot = story_slot(&city, 1);
            struct client rian = unit_client(&city);
            if (at != NO_SEAT)
                seat = stand(&city, &rian, &slot, (enum stand)at);
            struct outcome o =
                unit_want(rows[at].name, &city, says(&city, &rian, (enum word)word), 0);
            const char *attached = word != BY_REFERRAL ? ""
                                   : at == OCCUPIED    ? "D5 IN_TRAINING/SUBMITTED @dinsos"
                                   : at == COMPLETED   ? "D5 AFTERCARE/SUBMITTED @dinsos"
                                                       : "D5 IN_SERVICE/SUBMITTED @dinsos";
            bool both = *attached && *rows[at].follows;
            (void)snprintf(want, sizeof want, "%s%s%s", rows[at].follows, both ? "; " : "",
                           attached);
            const char *trail = care_trail(&city, o.seq);
            if (at == OCCUPIED && word == BY_REFERRAL)
                assert_true(strstr(trail, "D1 VOIDED") && strstr(trail, "D5 IN_SERVICE @dinsos"));
            else
                care_text(rows[at].name, trail, want);
            const PbCaseRow *row = city_row(&city, TABLE_CASES, &rian.case_id);
            assert_true(row->minor);
            assert_int_equal(row->state, rows[at].state);
            assert_true(((PbPersonRow *)city_row(&city, TABLE_PERSONS, &rian.person))->minor);
            if (at != NO_SEAT)
                assert_int_equal(unit_seat_state(&city, &seat), rows[at].after);
            const PbDeadlineRow *t04 = story_deadline(&city, RULE_MINOR, &rian.case_id);
            assert_true(t04 && t04->due_ms == city.now_ms + 24 * SG_HOUR_MS);
            struct outcome again =
                unit_want("a seat", &city, unit_request(&city, &rian, &slot, ACCEPT), SG_ST_MINOR);
            unit_detail("a seat", &again, "case_id", "MINOR");
            city_refold(&city);
            city_close(&city);
        }
}

/* The provider is told that the seat is void, and not why. */
static void the_provider_hears_no_reason(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client rian = unit_client(&city);
    (void)stand(&city, &rian, &slot, OCCUPIED);
    struct outcome o = unit_want("a child", &city, says(&city, &rian, BY_ASSESSMENT), 0);
    struct city_record d1 = city_record(&city, o.seq + 1), e05 = city_record(&city, o.seq);
    assert_int_equal(city_relations(&d1, "disnaker"), RELATION_PROVIDER);
    assert_int_equal(city_relations(&e05, "disnaker"), 0);
    assert_int_equal(d1.event.envelope->seat_allocation_changed->n_warnings, 0);
    const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &rian.person);
    assert_int_equal(row->lost_without_fault, 0);
    city_close(&city);
}

/* Whoever waits is passed over, and the next one has the seat. */
static void a_minor_who_waits_is_passed_over(void **state)
{
    (void)state;
    for (int word = BY_REFERRAL; word < WORDS; word++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct sg_id seat = story_seat(&city, &slot, ACCEPT);
        struct client rian = unit_client(&city);
        struct sg_id waiting = unit_seat(&city, &rian, &slot, ACCEPT);
        struct sg_id next = story_seat(&city, &slot, ACCEPT);
        (void)unit_want("a child", &city, says(&city, &rian, (enum word)word), 0);
        story_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
        assert_int_equal(unit_seat_state(&city, &waiting), SEAT(WAITLISTED));
        assert_int_equal(unit_seat_state(&city, &next), SEAT(HELD));
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- handed over ---- */

/* A case at dinsos, IN_SERVICE, whose person has just become known as a minor. */
static struct client child(struct ledger_city *city)
{
    city_open(city);
    struct client rian = unit_client(city);
    (void)unit_want("a child", city, says(city, &rian, BY_ASSESSMENT), 0);
    return rian;
}

static struct outcome hand(struct ledger_city *city, const struct client *who, const char *target,
                           uint32_t want, struct sg_id *out_referral)
{
    return unit_want(
        "hand", city,
        story_hand(city, "dinsos", &who->case_id, PB_REFERRAL_KIND_TRANSFER, target, out_referral),
        want);
}

/* Level 2 after 24 hours, level 3 a day later, which the auditor hears as well. */
static void handed_over_in_time(void **state)
{
    (void)state;
    for (int reached = 0; reached <= 2; reached++) {
        struct ledger_city city;
        struct sg_id id;
        struct client rian = child(&city);
        const int64_t levels[LIMIT_LEVELS] = {city.now_ms + 24 * SG_HOUR_MS,
                                              city.now_ms + 48 * SG_HOUR_MS};
        if (reached == 2)
            limit_run("T04", &city, RULE_MINOR, &rian.case_id, levels, 2, "dinsos");
        else
            limit_pass_to(&city, levels[0] - !reached);
        struct outcome o = hand(&city, &rian, "owner-a", SG_ST_MINOR, &id);
        unit_detail("to whom", &o, "referral_submitted.target_agency", "");
        care_run("not yet", &city, &rian.case_id, "T04 T12");
        o = hand(&city, &rian, "dpppa", 0, &id);
        care_follows("handed over", &city, o.seq,
                     reached == 2   ? "D2 T04/3 cleared @dinsos,inspektorat; "
                                      "referral.presented @dpppa"
                     : reached == 1 ? "D2 T04/2 cleared @dinsos; referral.presented @dpppa"
                                    : "referral.presented @dpppa");
        care_run("case", &city, &rian.case_id, "T12");
        /* T01 in four hours whatever the priority, level 2 at once, level 3 after a day. */
        const int64_t first[LIMIT_LEVELS] = {city.now_ms + 4 * SG_HOUR_MS,
                                             city.now_ms + 28 * SG_HOUR_MS};
        limit_run("T01", &city, RULE_ACKNOWLEDGE, &id, first, 2, "dpppa");
        (void)unit_want("ack", &city, story_ack(&city, &id, "dpppa", false), 0);
        const int64_t next[LIMIT_LEVELS] = {city.now_ms + 24 * SG_HOUR_MS,
                                            city.now_ms + 48 * SG_HOUR_MS};
        limit_run("T02", &city, RULE_DECIDE, &id, next, 2, "dpppa");
        o = unit_want("take", &city, unit_decide(&city, &id, "dpppa", DECIDES(ACCEPTED), NULL), 0);
        struct sg_id taken = id_of(o.effect->minted_case_id);
        const PbCaseRow *row = city_row(&city, TABLE_CASES, &taken);
        assert_true(row->minor && row->state == STATE(ASSESSING));
        care_run("there", &city, &taken, "T03"); /* who protects children hands over no more */
        assert_int_equal(unit_case_state(&city, &rian.case_id), STATE(TRANSFERRED));
        care_run("here", &city, &rian.case_id, "");
        city_refold(&city);
        city_close(&city);
    }
}

/* Nobody takes it: 24 hours again, of their own. */
static void nobody_takes_it(void **state)
{
    (void)state;
    enum { DECLINED, WITHDRAWN, ANOTHER_PENDING, WAYS };
    for (int way = DECLINED; way < WAYS; way++) {
        struct ledger_city city;
        struct sg_id id, other;
        struct client rian = child(&city);
        uint64_t e01 = hand(&city, &rian, "dpppa", 0, &id).seq;
        if (way == ANOTHER_PENDING)
            (void)hand(&city, &rian, "dpppa", 0, &other);
        city_pass(&city, 3 * SG_HOUR_MS);
        if (way == WITHDRAWN)
            (void)unit_want("annul", &city, story_annul(&city, "dinsos", e01), 0);
        else
            (void)unit_want("decline", &city,
                            unit_decide(&city, &id, "dpppa", DECIDES(DECLINED), NULL), 0);
        const PbDeadlineRow *t04 = story_deadline(&city, RULE_MINOR, &rian.case_id);
        assert_int_equal(t04 == NULL, way == ANOTHER_PENDING);
        if (t04)
            assert_true(t04->due_ms == city.now_ms + 24 * SG_HOUR_MS && t04->reached == 0);
        city_refold(&city);
        city_close(&city);
    }
}

/* Redirected: T01 of a minor again, and only to whom protects children. */
static void redirected(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    struct client rian = child(&city);
    (void)hand(&city, &rian, "dpppa", 0, &id);
    struct outcome o =
        unit_want("redirect", &city,
                  unit_decide(&city, &id, "dpppa", DECIDES(REDIRECTED), "owner-a"), SG_ST_MINOR);
    unit_detail("redirect", &o, "referral_decided.redirect_to", "");
    city.agencies[5].capabilities |= SG_CAP(PB_CAPABILITY_CHILD_PROTECTION); /* owner-a */
    city_pass(&city, SG_HOUR_MS);
    o = unit_want("redirect", &city,
                  unit_decide(&city, &id, "dpppa", DECIDES(REDIRECTED), "owner-a"), 0);
    const int64_t levels[LIMIT_LEVELS] = {city.now_ms + 4 * SG_HOUR_MS,
                                          city.now_ms + 28 * SG_HOUR_MS};
    limit_run("T01", &city, RULE_ACKNOWLEDGE, &id, levels, 2, "owner-a");
    care_run("case", &city, &rian.case_id, "T12");
    city_refold(&city);
    city_close(&city);
}

/* Asked before the age was known: whoever may not take a minor can no longer. */
static void a_transfer_from_before(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id, good;
    city_open(&city);
    struct client rian = unit_client(&city);
    (void)hand(&city, &rian, "owner-a", 0, &id);
    (void)unit_want("a child", &city, says(&city, &rian, BY_ASSESSMENT), 0);
    city_pass(&city, 24 * SG_HOUR_MS); /* T04 is told */
    struct outcome o = unit_want(
        "take", &city, unit_decide(&city, &id, "owner-a", DECIDES(ACCEPTED), NULL), SG_ST_MINOR);
    unit_detail("take", &o, "referral_decided.decision", "");
    /* T04 runs and was told: what was asked for in vain does not begin it anew. */
    o = unit_want("decline", &city, unit_decide(&city, &id, "owner-a", DECIDES(DECLINED), NULL), 0);
    const PbDeadlineRow *t04 = story_deadline(&city, RULE_MINOR, &rian.case_id);
    assert_true(t04 && t04->reached == 1 && t04->due_ms == city.now_ms);
    o = hand(&city, &rian, "dpppa", 0, &good);
    care_follows("hand", &city, o.seq, "D2 T04/2 cleared @dinsos; referral.presented @dpppa");
    city_refold(&city);
    city_close(&city);
}

/* The TRANSFER itself is the first to say so: it goes to whom protects children, as a minor's, and
 * nobody has to send another one. */
static void a_transfer_that_says_so(void **state)
{
    (void)state;
    for (int protects = 0; protects < 2; protects++) {
        struct ledger_city city;
        struct sg_id id;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client rian = unit_client(&city);
        (void)unit_seat(&city, &rian, &slot, ACCEPT);
        PbEnvelope *e = story_hand(&city, "dinsos", &rian.case_id, PB_REFERRAL_KIND_TRANSFER,
                                   protects ? "dpppa" : "owner-a", &id);
        e->referral_submitted->person = says(&city, &rian, BY_CONTACT)->contact_recorded->person;
        struct outcome o = unit_want("hand", &city, e, protects ? 0 : SG_ST_MINOR);
        if (!protects) {
            unit_detail("hand", &o, "referral_submitted.target_agency", "");
            assert_false(((PbCaseRow *)city_row(&city, TABLE_CASES, &rian.case_id))->minor);
        } else {
            care_follows("hand", &city, o.seq,
                         "D1 VOIDED @dinsos,disnaker; referral.presented @dpppa");
            assert_true(((PbCaseRow *)city_row(&city, TABLE_CASES, &rian.case_id))->minor);
            care_run("case", &city, &rian.case_id, "T12");
            const PbDeadlineRow *t01 = story_deadline(&city, RULE_ACKNOWLEDGE, &id);
            assert_true(t01->first_level == 2 && t01->due_ms == city.now_ms + 4 * SG_HOUR_MS);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- doubts, and two owners ---- */

static void a_doubt_is_settled_by_an_assessment(void **state)
{
    (void)state;
    for (int minor = 0; minor < 2; minor++) {
        struct ledger_city city;
        struct client andi;
        city_open(&city);
        struct sg_id slot;
        PbEnvelope *e = story_offer(&city, 1, &slot);
        e->slot_offered->min_age = 0;
        (void)unit_want("offer", &city, e, 0);
        e = unit_refer(&city, &andi.referral);
        PbPersonIdentity *p = e->referral_submitted->person;
        unit_budi(&city, p);
        p->birth_date = NULL;
        p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
        p->has_estimated_age = true;
        p->estimated_age = 19;
        struct outcome o = unit_want("refer", &city, e, 0);
        andi.case_id = id_of(o.effect->cases[0]->case_id);
        andi.person = id_of(o.effect->person->person_id);
        care_run("in doubt", &city, &andi.case_id, ""); /* no T04: nobody knows */
        const PbCaseRow *row = city_row(&city, TABLE_CASES, &andi.case_id);
        assert_true(row->age_doubt && !row->minor);
        (void)unit_want("accept", &city,
                        unit_decide(&city, &andi.referral, "dinsos", DECIDES(ACCEPTED), NULL), 0);
        e = unit_assess(&city, &andi.case_id);
        e->assessment_completed->is_minor = minor;
        (void)unit_want("assess", &city, e, 0);
        row = city_row(&city, TABLE_CASES, &andi.case_id);
        assert_true(!row->age_doubt && row->minor == (bool)minor);
        care_run("assessed", &city, &andi.case_id, minor ? "T04 T12" : "T12");
        if (!minor) {
            unit_consent(&city, &andi.case_id);
            (void)unit_seat(&city, &andi, &slot, ACCEPT);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* What one owner finds out holds for the cases of all; an assessment clears its own case. */
static void cases_of_two_owners(void **state)
{
    (void)state;
    struct ledger_city city;
    struct client there;
    city_open(&city);
    struct client rian = unit_client(&city);
    PbEnvelope *e = care_found(&city, &rian, story_today(&city), &there.referral);
    e->publisher_agency = unit_text(&city, "dinsos"); /* refers its client to owner-a as well */
    care_person(&city, e, &rian);
    e->referral_submitted->target_agency = unit_text(&city, "owner-a");
    (void)unit_want("refer", &city, e, 0);
    const PbReferralRow *r = city_row(&city, TABLE_REFERRALS, &there.referral);
    there.case_id = id_of(r->case_id);
    (void)unit_want("accept", &city,
                    unit_decide(&city, &there.referral, "owner-a", DECIDES(ACCEPTED), NULL), 0);
    e = unit_assess(&city, &there.case_id);
    e->publisher_agency = unit_text(&city, "owner-a");
    e->assessment_completed->is_minor = true;
    (void)unit_want("a child", &city, e, 0);
    care_run("here", &city, &rian.case_id, "T04 T12");
    care_run("there", &city, &there.case_id, "T04 T12");
    assert_string_equal(story_deadline(&city, RULE_MINOR, &rian.case_id)->responsible, "dinsos");
    assert_string_equal(story_deadline(&city, RULE_MINOR, &there.case_id)->responsible, "owner-a");
    city_pass(&city, 24 * SG_HOUR_MS);
    struct outcome o = unit_want("grown up", &city, unit_assess(&city, &rian.case_id), 0);
    care_follows("grown up", &city, o.seq, "D2 T04/2 cleared @dinsos");
    care_run("here", &city, &rian.case_id, "T12");
    care_run("there", &city, &there.case_id, "T04 T12"); /* it has assessed for itself */
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_seat_of_a_minor_is_void),
          cmocka_unit_test(the_provider_hears_no_reason),
          cmocka_unit_test(a_minor_who_waits_is_passed_over), cmocka_unit_test(handed_over_in_time),
          cmocka_unit_test(nobody_takes_it), cmocka_unit_test(redirected),
          cmocka_unit_test(a_transfer_from_before), cmocka_unit_test(a_transfer_that_says_so),
          cmocka_unit_test(a_doubt_is_settled_by_an_assessment),
          cmocka_unit_test(cases_of_two_owners))
