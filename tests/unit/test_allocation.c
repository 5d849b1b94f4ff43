/* Seats: every cell of E12, the order of the checks of E11, and what a D1 says to whom. */
#include "unit/ledger_unit.h"

enum { WAITLISTED = PB_ALLOCATION_STATE_WAITLISTED, STATES = PB_ALLOCATION_STATE_VOIDED + 1 };

#define HELD PB_ALLOCATION_STATE_HELD
#define RESERVED PB_ALLOCATION_STATE_RESERVED
#define CONFIRMED PB_ALLOCATION_STATE_CONFIRMED
#define RELEASED PB_ALLOCATION_STATE_RELEASED
#define EXPIRED PB_ALLOCATION_STATE_EXPIRED

enum {
    ACCEPTED = PB_SEAT_DECISION_PERSON_ACCEPTED,
    WITHDRAWN = PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER,
    CONFIRM = PB_SEAT_DECISION_CONFIRMED,
    DECLINED = PB_SEAT_DECISION_DECLINED_BY_PROVIDER,
    DECISIONS
};

/* 0 = refused with E_BAD_TRANSITION. EXPIRED + ACCEPTED has a test of its own. */
static const PbAllocationState cells[STATES][DECISIONS] = {
    /* clang-format off */
    [WAITLISTED]                    = {[WITHDRAWN] = RELEASED},
    [PB_ALLOCATION_STATE_HELD]      = {[ACCEPTED] = RESERVED, [WITHDRAWN] = RELEASED, [DECLINED] = RELEASED},
    [PB_ALLOCATION_STATE_RESERVED]  = {[CONFIRM] = CONFIRMED, [WITHDRAWN] = RELEASED, [DECLINED] = RELEASED},
    [PB_ALLOCATION_STATE_CONFIRMED] = {[WITHDRAWN] = RELEASED},
}; /* clang-format on */

static const PbSeatChange changes[STATES] = {
    [PB_ALLOCATION_STATE_RESERVED] = PB_SEAT_CHANGE_RESERVED,
    [PB_ALLOCATION_STATE_CONFIRMED] = PB_SEAT_CHANGE_CONFIRMED,
    [PB_ALLOCATION_STATE_RELEASED] = PB_SEAT_CHANGE_RELEASED,
};

/* A slot of one seat and an allocation in that state; states that no event leads to are written. */
struct scene {
    struct ledger_city city;
    struct sg_id slot, seat;
    struct client budi;
};

static void stand(struct scene *scene, unsigned state)
{
    struct ledger_city *city = &scene->city;
    city_open(city);
    scene->slot = unit_slot(city, 1);
    scene->budi = unit_client(city);
    if (state == WAITLISTED) {
        struct client other = unit_client(city);
        (void)unit_seat(city, &other, &scene->slot, ACCEPT);
    }
    bool held = state == HELD || state == EXPIRED;
    scene->seat = unit_seat(city, &scene->budi, &scene->slot, held ? HOLD : ACCEPT);
    if (state == CONFIRMED)
        (void)unit_want("confirm", city,
                        unit_settle(city, &scene->seat, PB_SEAT_DECISION_CONFIRMED), 0);
    if (state == EXPIRED)
        city_pass(city, 72 * SG_HOUR_MS);
    if (state == RELEASED)
        (void)unit_want("withdraw", city,
                        unit_settle(city, &scene->seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER),
                        0);
    if (unit_seat_state(city, &scene->seat) == (PbAllocationState)state)
        return;
    PbAllocationRow *row = city_row(city, TABLE_ALLOCATIONS, &scene->seat);
    row->state = (PbAllocationState)state;
    city_put(city, TABLE_ALLOCATIONS, &scene->seat, row);
}

static void check_d1(const char *name, struct scene *scene, uint64_t seq, unsigned from,
                     PbAllocationState to)
{
    struct city_record d1 = unit_record(&scene->city, seq, 1);
    const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
    struct sg_id id = told ? id_of(told->allocation_id) : scene->slot;
    if (!told || !sg_id_equal(&id, &scene->seat) || told->change != changes[to])
        fail_msg("%s: the D1 says something else", name);
    bool only_held = from == HELD && to != PB_ALLOCATION_STATE_RESERVED;
    uint32_t provider = from == WAITLISTED ? RELATION_PROVIDER_WAITING
                        : only_held        ? RELATION_PROVIDER_HELD
                                           : RELATION_PROVIDER;
    if (city_relations(&d1, "dinsos") != RELATION_CASE_OWNER ||
        city_relations(&d1, "disnaker") != provider || d1.record.rest->n_audience != 2)
        fail_msg("%s: the D1 reaches somebody else", name);
    if (told->seat_no != (from == WAITLISTED ? 0U : 1U))
        fail_msg("%s: seat %u", name, told->seat_no);
}

static void every_cell(void **state)
{
    (void)state;
    for (unsigned from = WAITLISTED; from < STATES; from++)
        for (unsigned decision = ACCEPTED; decision < DECISIONS; decision++) {
            struct scene scene;
            char name[48];
            if (from == EXPIRED && decision == ACCEPTED)
                continue;
            (void)snprintf(name, sizeof name, "state %u, decision %u", from, decision);
            stand(&scene, from);
            PbAllocationState to = cells[from][decision];
            uint64_t version =
                ((PbSlotRow *)city_row(&scene.city, TABLE_SLOTS, &scene.slot))->version;
            struct outcome o = unit_want(
                name, &scene.city, unit_settle(&scene.city, &scene.seat, (PbSeatDecision)decision),
                to ? 0 : SG_ST_BAD_TRANSITION);
            unsigned now = (unsigned)unit_seat_state(&scene.city, &scene.seat);
            if (now != (to ? (unsigned)to : from))
                fail_msg("%s: now %u", name, now);
            if (to) {
                check_d1(name, &scene, o.seq, from, to);
                const PbSlotRow *slot = city_row(&scene.city, TABLE_SLOTS, &scene.slot);
                if (slot->version != version + 1 || o.effect->aggregate_version != slot->version)
                    fail_msg("%s: version %d", name, (int)slot->version);
            }
            city_close(&scene.city);
        }
}

static void each_side_speaks_for_itself(void **state)
{
    (void)state;
    struct scene scene;
    stand(&scene, RESERVED);
    static const struct {
        PbSeatDecision decision;
        const char *others[3], *detail;
    } rows[] = {
        {PB_SEAT_DECISION_PERSON_ACCEPTED, {"disnaker", "blk", "dpppa"}, "CASE_OWNER"},
        {PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER, {"disnaker", "blk", "dpppa"}, "CASE_OWNER"},
        {PB_SEAT_DECISION_CONFIRMED, {"dinsos", "blk", "dpppa"}, "SLOT_OWNER"},
        {PB_SEAT_DECISION_DECLINED_BY_PROVIDER, {"dinsos", "blk", "dpppa"}, "SLOT_OWNER"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < 3; k++) {
            PbEnvelope *e = unit_settle(&scene.city, &scene.seat, rows[i].decision);
            e->publisher_agency = unit_text(&scene.city, rows[i].others[k]);
            struct outcome o = unit_want(rows[i].others[k], &scene.city, e, SG_ST_NOT_OWNER);
            unit_detail(rows[i].others[k], &o, "seat_decided.decision", rows[i].detail);
        }
    static const struct sg_id nobody = {{5}};
    (void)unit_want("no such seat", &scene.city,
                    unit_settle(&scene.city, &nobody, PB_SEAT_DECISION_CONFIRMED),
                    SG_ST_UNKNOWN_OBJECT);
    city_close(&scene.city);
}

static void a_seat_lost_without_fault_is_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbSeatDecision decision;
        PbDeclinedBy by;
        uint32_t lost;
    } rows[] = {
        {"declined by the receiver", PB_SEAT_DECISION_DECLINED_BY_PROVIDER, PB_DECLINED_BY_RECEIVER,
         1},
        {"the person refused", PB_SEAT_DECISION_DECLINED_BY_PROVIDER, PB_DECLINED_BY_PERSON, 0},
        {"withdrawn", PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER, PB_DECLINED_BY_RECEIVER, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene scene;
        stand(&scene, RESERVED);
        PbEnvelope *e = unit_settle(&scene.city, &scene.seat, rows[i].decision);
        e->seat_decided->reason = PB_DECLINE_REASON_MISSING_DOCUMENT;
        e->seat_decided->declined_by = rows[i].by;
        (void)unit_want(rows[i].name, &scene.city, e, 0);
        const PbPersonRow *person = city_row(&scene.city, TABLE_PERSONS, &scene.budi.person);
        if (person->lost_without_fault != rows[i].lost || person->has_live_allocation_id)
            fail_msg("%s: lost %u", rows[i].name, person->lost_without_fault);
        (void)unit_seat(&scene.city, &scene.budi, &scene.slot, ACCEPT); /* at once again */
        city_close(&scene.city);
    }
}

static void set_case(struct scene *scene, PbCaseState state, bool not_ppks)
{
    PbCaseRow *row = city_row(&scene->city, TABLE_CASES, &scene->budi.case_id);
    row->state = state;
    row->has_not_ppks = true;
    row->not_ppks = not_ppks;
    city_put(&scene->city, TABLE_CASES, &scene->budi.case_id, row);
}
/* ---- a hold that ran out ---- */

static void whoever_accepts_too_late_may_get_a_new_seat(void **state)
{
    (void)state;
    enum { FREE, TAKEN, QUEUED, ELSEWHERE, CHILD, CASE_OVER, OVER, CASES };
    static const struct {
        const char *name;
        uint32_t want;
    } rows[CASES] = {
        [FREE] = {"a seat is free and nobody waits", 0},
        [TAKEN] = {"somebody else has it", SG_ST_BAD_TRANSITION},
        [QUEUED] = {"somebody waits", SG_ST_BAD_TRANSITION},
        [ELSEWHERE] = {"the person has another seat", SG_ST_BAD_TRANSITION},
        [CHILD] = {"it turned out to be a child", SG_ST_MINOR},
        [CASE_OVER] = {"the case is not the owner's any more", SG_ST_BAD_TRANSITION},
        [OVER] = {"late entry is over", SG_ST_BAD_TRANSITION},
    };
    for (int i = 0; i < CASES; i++) {
        struct scene scene;
        struct ledger_city *city = &scene.city;
        stand(&scene, EXPIRED);
        struct client other = unit_client(city);
        struct sg_id elsewhere = unit_slot(city, 1);
        if (i == TAKEN)
            (void)unit_seat(city, &other, &scene.slot, ACCEPT);
        if (i == QUEUED) {
            PbSlotRow *row = city_row(city, TABLE_SLOTS, &scene.slot);
            row->waiting = 1;
            city_put(city, TABLE_SLOTS, &scene.slot, row);
        }
        if (i == ELSEWHERE)
            (void)unit_seat(city, &scene.budi, &elsewhere, ACCEPT);
        if (i == CHILD) {
            PbEnvelope *e = unit_assess(city, &scene.budi.case_id);
            e->assessment_completed->is_minor = true;
            (void)unit_want("a child", city, e, 0);
        }
        if (i == CASE_OVER)
            set_case(&scene, PB_CASE_STATE_TRANSFERRED, false);
        if (i == OVER)
            city_pass(city, 40 * SG_DAY_MS);
        struct outcome o = unit_want(
            rows[i].name, city, unit_settle(city, &scene.seat, PB_SEAT_DECISION_PERSON_ACCEPTED),
            rows[i].want);
        assert_int_equal(unit_seat_state(city, &scene.seat), EXPIRED); /* I8 */
        if (!rows[i].want) {
            struct sg_id again = id_of(o.effect->minted_allocation_id);
            assert_false(sg_id_equal(&again, &scene.seat));
            assert_int_equal(unit_seat_state(city, &again), RESERVED);
            const PbPersonRow *person = city_row(city, TABLE_PERSONS, &scene.budi.person);
            struct sg_id live = id_of(person->live_allocation_id);
            assert_true(sg_id_equal(&live, &again));
        }
        city_close(city);
    }
}

/* An E12 has no id of its own, and no salt: in the same millisecond it may come twice, byte for
 * byte. The second seat is another one all the same. */
static void the_same_words_give_another_seat(void **state)
{
    (void)state;
    struct scene scene;
    struct ledger_city *city = &scene.city;
    stand(&scene, EXPIRED);
    PbEnvelope *accept = unit_settle(city, &scene.seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
    struct outcome o = unit_want("first", city, accept, 0);
    struct sg_id first = id_of(o.effect->minted_allocation_id);
    (void)unit_want("give back", city,
                    unit_settle(city, &first, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    o = unit_want("again", city, accept, 0);
    struct sg_id second = id_of(o.effect->minted_allocation_id);
    assert_false(sg_id_equal(&first, &second));
    assert_int_equal(unit_seat_state(city, &first), RELEASED);
    assert_int_equal(unit_seat_state(city, &second), RESERVED);
    city_close(city);
}

/* ---- E11 ---- */

typedef void twist(struct scene *scene, PbEnvelope *e);
#define TWIST(name) static void name(struct scene *scene, PbEnvelope *e)

TWIST(plain)
{
    (void)scene, (void)e;
}
TWIST(no_case)
{
    e->case_id = unit_id(&scene->city, &(struct sg_id){{1}});
}
TWIST(no_slot)
{
    e->seat_requested->slot_id = unit_id(&scene->city, &(struct sg_id){{1}});
}
TWIST(foreign)
{
    e->publisher_agency = unit_text(&scene->city, "dpppa");
}

TWIST(child)
{
    PbPersonRow *row = city_row(&scene->city, TABLE_PERSONS, &scene->budi.person);
    row->has_minor = row->minor = true;
    city_put(&scene->city, TABLE_PERSONS, &scene->budi.person, row);
    (void)e;
}
TWIST(doubtful)
{
    PbPersonRow *row = city_row(&scene->city, TABLE_PERSONS, &scene->budi.person);
    row->has_age_doubt = row->age_doubt = true;
    city_put(&scene->city, TABLE_PERSONS, &scene->budi.person, row);
    (void)e;
}
TWIST(not_assessed)
{
    (void)e, set_case(scene, PB_CASE_STATE_ASSESSING, false);
}
TWIST(not_in_need)
{
    (void)e, set_case(scene, PB_CASE_STATE_IN_SERVICE, true);
}
TWIST(aftercare)
{
    (void)e, set_case(scene, PB_CASE_STATE_AFTERCARE, false);
}

static PbSlotRow *slot_row(struct scene *scene)
{
    return city_row(&scene->city, TABLE_SLOTS, &scene->slot);
}
static void put_slot(struct scene *scene, const PbSlotRow *row)
{
    city_put(&scene->city, TABLE_SLOTS, &scene->slot, row);
}
TWIST(cancelled)
{
    (void)e;
    PbSlotRow *row = slot_row(scene);
    row->has_cancelled = row->cancelled = true;
    put_slot(scene, row);
}
TWIST(running)
{
    (void)e;
    PbSlotRow *row = slot_row(scene);
    row->slot->starts_on = unit_day(&scene->city, sg_day_at(scene->city.now_ms));
    row->slot->registration_closes_at->seconds = scene->city.now_ms / 1000 - 86400;
    put_slot(scene, row);
}
TWIST(closed)
{
    PbSlotRow *row = slot_row(scene);
    row->slot->registration_closes_at->seconds = scene->city.now_ms / 1000;
    put_slot(scene, row);
    e->seat_requested->waitlist_ok = false;
}
TWIST(for_women)
{
    (void)e;
    PbSlotRow *row = slot_row(scene);
    row->slot->sex = PB_SEX_RULE_FEMALE;
    put_slot(scene, row);
}
static void ask_for_kk(struct scene *scene, bool waivable)
{
    static PbDocument kk[] = {PB_DOCUMENT_KK};
    PbSlotRow *row = slot_row(scene);
    row->slot->required_documents = kk;
    row->slot->n_required_documents = 1;
    row->slot->documents_waivable = waivable;
    put_slot(scene, row);
}
TWIST(no_paper)
{
    (void)e, ask_for_kk(scene, true);
}
TWIST(waived)
{
    static PbDocument kk[] = {PB_DOCUMENT_KK};
    ask_for_kk(scene, true);
    e->seat_requested->waivers = kk;
    e->seat_requested->n_waivers = 1;
}
TWIST(seated)
{
    (void)e;
    struct sg_id other = unit_slot(&scene->city, 1);
    (void)unit_seat(&scene->city, &scene->budi, &other, HOLD);
}
TWIST(full)
{
    struct client other = unit_client(&scene->city);
    (void)unit_seat(&scene->city, &other, &scene->slot, ACCEPT);
    e->seat_requested->waitlist_ok = false;
}
TWIST(queued)
{
    full(scene, e);
    e->seat_requested->waitlist_ok = true;
    (void)unit_seat(&scene->city, &scene->budi, &scene->slot, ACCEPT);
    PbSlotRow *row = slot_row(scene);
    row->waiting = 200; /* that comes later */
    put_slot(scene, row);
}
TWIST(three_waitings)
{
    full(scene, e);
    e->seat_requested->waitlist_ok = true;
    struct client other = unit_client(&scene->city);
    for (int i = 0; i < 3; i++) {
        struct sg_id slot = unit_slot(&scene->city, 1);
        if (i)
            other = unit_client(&scene->city);
        (void)unit_seat(&scene->city, &other, &slot, ACCEPT);
        (void)unit_seat(&scene->city, &scene->budi, &slot, ACCEPT);
    }
}
TWIST(two_hundred)
{
    full(scene, e);
    e->seat_requested->waitlist_ok = true;
    PbSlotRow *row = slot_row(scene);
    row->waiting = 200;
    put_slot(scene, row);
}

/* Each row is refused by its own check although later ones would refuse it too. */
static void requests_are_checked_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        twist *twists[4]; /* the first is looked at before the others */
        uint32_t want;
        const char *detail;
    } rows[] = {
        {"as it is", {plain}, 0, NULL},
        {"after care", {aftercare}, 0, NULL},
        {"no such case", {no_case, no_slot, foreign}, SG_ST_UNKNOWN_OBJECT, NULL},
        {"no such slot", {no_slot, foreign}, SG_ST_UNKNOWN_OBJECT, NULL},
        {"somebody else's case", {foreign, child, not_assessed}, SG_ST_NOT_OWNER, NULL},
        {"a child", {child, not_assessed, cancelled}, SG_ST_MINOR, "MINOR"},
        {"perhaps a child", {doubtful, not_assessed}, SG_ST_MINOR, "AGE_DOUBT"},
        {"not assessed", {not_assessed, cancelled}, SG_ST_BAD_TRANSITION, "CASE_STATE"},
        {"not in need", {not_in_need, cancelled}, SG_ST_BAD_TRANSITION, "NOT_PPKS"},
        {"cancelled", {cancelled, running, for_women}, SG_ST_SLOT_CANCELLED, NULL},
        {"running", {running, for_women}, SG_ST_SLOT_CLOSED, NULL},
        {"closed, and not to wait", {closed, for_women}, SG_ST_SLOT_CLOSED, NULL},
        {"not eligible", {for_women, no_paper, seated}, SG_ST_INELIGIBLE, "SEX"},
        {"a paper missing", {no_paper, seated}, SG_ST_INELIGIBLE, "MISSING_DOCUMENT"},
        {"a paper waived", {waived}, 0, NULL},
        {"has a seat", {seated, two_hundred}, SG_ST_ACTIVE_PLACEMENT, ""},
        {"waits here", {queued}, SG_ST_BAD_TRANSITION, "WAITLISTED"},
        {"full, and not to wait", {full}, SG_ST_SLOT_FULL, ""},
        {"waits three times", {three_waitings}, SG_ST_SLOT_FULL, "WAITLIST_LIMIT"},
        {"200 wait", {two_hundred}, SG_ST_SLOT_FULL, "WAITLIST_LIMIT"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene scene;
        city_open(&scene.city);
        scene.slot = unit_slot(&scene.city, 1);
        scene.budi = unit_client(&scene.city);
        PbEnvelope *e = unit_request(&scene.city, &scene.budi, &scene.slot, ACCEPT);
        for (size_t k = SG_ARRAY_LEN(rows[i].twists); k-- > 0;)
            if (rows[i].twists[k])
                rows[i].twists[k](&scene, e);
        struct outcome o = unit_want(rows[i].name, &scene.city, e, rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].name, &o, NULL, rows[i].detail);
        city_close(&scene.city);
    }
}

static void a_waiver_is_shown_to_the_provider(void **state)
{
    (void)state;
    struct scene scene;
    stand(&scene, RELEASED);
    PbEnvelope *e = unit_request(&scene.city, &scene.budi, &scene.slot, ACCEPT);
    waived(&scene, e);
    struct outcome o = unit_want("waived", &scene.city, e, 0);
    assert_int_equal(o.effect->n_warnings, 1);
    assert_int_equal(o.effect->warnings[0], SG_ST_W_WAIVER);
    struct city_record d1 = unit_record(&scene.city, o.seq, 1);
    assert_int_equal(d1.event.envelope->seat_allocation_changed->n_warnings, 1);
    assert_int_equal(d1.event.envelope->seat_allocation_changed->warnings[0], SG_ST_W_WAIVER);
    city_close(&scene.city);
}

static void a_request_stands_once(void **state)
{
    (void)state;
    struct scene scene;
    stand(&scene, RELEASED);
    PbEnvelope *e = unit_request(&scene.city, &scene.budi, &scene.slot, HOLD);
    (void)unit_want("request", &scene.city, e, 0);
    uint64_t last = scene.city.last_seq;
    struct outcome o = city_publish(&scene.city, e);
    assert_int_equal(o.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(scene.city.last_seq, last);
    e->seat_requested->person_accepted = true;
    (void)unit_want("otherwise", &scene.city, e, SG_ST_DUPLICATE_CONFLICT);
    city_close(&scene.city);
}

static void a_second_request_accepts_the_own_hold(void **state)
{
    (void)state;
    struct scene scene;
    stand(&scene, HELD);
    struct outcome o = unit_want("again, not accepted", &scene.city,
                                 unit_request(&scene.city, &scene.budi, &scene.slot, HOLD),
                                 SG_ST_ACTIVE_PLACEMENT);
    o = unit_want("accepted", &scene.city,
                  unit_request(&scene.city, &scene.budi, &scene.slot, ACCEPT), 0);
    struct sg_id same = id_of(o.effect->minted_allocation_id);
    assert_true(sg_id_equal(&same, &scene.seat));
    assert_int_equal(unit_seat_state(&scene.city, &scene.seat), RESERVED);
    (void)unit_want("reserved already", &scene.city,
                    unit_request(&scene.city, &scene.budi, &scene.slot, ACCEPT),
                    SG_ST_ACTIVE_PLACEMENT);
    city_close(&scene.city);
}

static void a_provider_sees_a_person_and_no_more(void **state)
{
    (void)state;
    struct scene scene;
    stand(&scene, RESERVED);
    struct city_record d1 = city_record(&scene.city, scene.city.last_seq);
    const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
    assert_int_equal(told->change, PB_SEAT_CHANGE_RESERVED);
    assert_int_equal(told->seat_no, 1);
    assert_false(told->has_waitlist_position);
    assert_null(told->hold_until);
    assert_string_equal(told->person->full_name, "Budi Santoso");
    assert_int_equal(told->person->sex, PB_SEX_MALE);
    assert_int_equal(told->person->age_band, PB_AGE_BAND_A25_34);
    assert_string_equal(told->person->domicile_kecamatan, "14.71.08");
    struct sg_id ref = id_of(told->person->person_ref),
                 want = sg_person_ref(&scene.city.keys, "disnaker", &scene.budi.person);
    assert_true(sg_id_equal(&ref, &want));
    assert_int_equal(d1.event.envelope->legal_basis, PB_LEGAL_BASIS_PUBLIC_TASK);
    assert_int_equal(told->cause->number, d1.event.envelope->causation->number);
    struct sg_id person = id_of(d1.record.rest->person_id);
    assert_true(sg_id_equal(&person, &scene.budi.person));
    /* An E11 is the case owner's own matter; the provider hears of it by the D1. */
    struct city_record e11 = city_record(&scene.city, scene.city.last_seq - 1);
    assert_int_equal(city_relations(&e11, "disnaker"), 0);
    assert_int_equal(city_relations(&e11, "dinsos"), RELATION_CASE_OWNER);
    city_close(&scene.city);
}

static void seats_are_given_from_the_lowest(void **state)
{
    (void)state;
    enum { SEATS = 4 };
    struct ledger_city city;
    struct sg_id seats[SEATS];
    city_open(&city);
    struct sg_id slot = unit_slot(&city, SEATS);
    for (int i = 0; i < SEATS; i++) {
        struct client client = unit_client(&city);
        seats[i] = unit_seat(&city, &client, &slot, ACCEPT);
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seats[i]);
        assert_int_equal(row->seat_no, i + 1);
        assert_int_equal(row->seat_seq, city.last_seq);
    }
    /* Confirmed, the seat is still the one that was given then. */
    const PbAllocationRow *given = city_row(&city, TABLE_ALLOCATIONS, &seats[0]);
    (void)unit_want("confirm", &city, unit_settle(&city, &seats[0], PB_SEAT_DECISION_CONFIRMED), 0);
    const PbAllocationRow *confirmed = city_row(&city, TABLE_ALLOCATIONS, &seats[0]);
    assert_int_equal(confirmed->seat_seq, given->seat_seq);
    static const int given_back[] = {2, 1};
    for (int i = 0; i < 2; i++)
        (void)unit_want(
            "withdraw", &city,
            unit_settle(&city, &seats[given_back[i]], PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    for (uint32_t want = 2; want <= 3; want++) {
        struct client client = unit_client(&city);
        struct sg_id seat = unit_seat(&city, &client, &slot, ACCEPT);
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seat);
        assert_int_equal(row->seat_no, want);
    }
    const PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
    assert_int_equal(row->live, SEATS);
    city_close(&city);
}

static void access_to_a_person_ends(void **state)
{
    (void)state;
    struct scene scene;
    struct sg_why why = {0};
    bool ended = true;
    static const struct sg_id nobody = {{1}};
    stand(&scene, RELEASED);
    city_read(&scene.city);
    struct txn *txn = &scene.city.txn;
    int64_t now = scene.city.now_ms;
    UNIT_OK(ledger_person_ended(txn, &scene.seat, now + 30 * SG_DAY_MS, &ended, &why));
    assert_false(ended);
    UNIT_OK(ledger_person_ended(txn, &scene.seat, now + 30 * SG_DAY_MS + 1, &ended, &why));
    assert_true(ended);
    UNIT_OK(ledger_person_ended(txn, &nobody, now, &ended, &why)); /* the default is nothing */
    assert_true(ended);
    txn_done(txn);
    city_close(&scene.city);

    stand(&scene, CONFIRMED);
    city_read(&scene.city);
    UNIT_OK(ledger_person_ended(txn, &scene.seat, now + 900 * SG_DAY_MS, &ended, &why));
    assert_false(ended);
    txn_done(txn);
    city_close(&scene.city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(each_side_speaks_for_itself),
          cmocka_unit_test(a_seat_lost_without_fault_is_counted),
          cmocka_unit_test(whoever_accepts_too_late_may_get_a_new_seat),
          cmocka_unit_test(the_same_words_give_another_seat),
          cmocka_unit_test(requests_are_checked_in_order),
          cmocka_unit_test(a_waiver_is_shown_to_the_provider),
          cmocka_unit_test(a_request_stands_once),
          cmocka_unit_test(a_second_request_accepts_the_own_hold),
          cmocka_unit_test(a_provider_sees_a_person_and_no_more),
          cmocka_unit_test(seats_are_given_from_the_lowest),
          cmocka_unit_test(access_to_a_person_ends))
