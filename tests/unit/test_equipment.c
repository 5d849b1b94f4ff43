/* Equipment: every cell of E17 and E18, the order in which an issue is refused, groups, BAST. */
#include "unit/story_unit.h"

enum {
    IN_STOCK = PB_ITEM_STATE_IN_STOCK,
    ON_LOAN = PB_ITEM_STATE_ON_LOAN,
    GRANTED = PB_ITEM_STATE_GRANTED,
    AT_RISK = PB_ITEM_STATE_AT_RISK,
    OWNED = PB_ITEM_STATE_OWNED,
    WRITTEN_OFF = PB_ITEM_STATE_WRITTEN_OFF,
    LOAN_AT_RISK, /* lent, and not seen; AT_RISK here: granted, and not seen */
    STATES
};

static const char *const state_names[STATES] = {
    "-", "IN_STOCK", "ON_LOAN", "GRANTED", "AT_RISK", "OWNED", "WRITTEN_OFF", "lent, AT_RISK"};

/* An item of dinsos in that state; Budi's seat is OCCUPIED while it is lent, else COMPLETED. The
 * day is that of the issue, or a year later. */
struct scene {
    struct ledger_city city;
    struct sg_id slot, seat, item;
    struct client budi;
};

static void check(struct scene *s, PbEquipmentChecked__Finding finding,
                  PbEquipmentChecked__Action action)
{
    (void)unit_want("check", &s->city, story_check(&s->city, &s->item, finding, action), 0);
}

static void stand(struct scene *s, int state)
{
    struct ledger_city *city = &s->city;
    bool lent = state == ON_LOAN || state == LOAN_AT_RISK;
    city_open(city);
    s->slot = story_slot(city, 3);
    s->budi = unit_client(city);
    s->item = story_item(city);
    s->seat = story_occupied(city, &s->budi, &s->slot);
    if (!lent)
        story_complete(city, &s->seat);
    if (state != IN_STOCK)
        (void)unit_want("issue", city,
                        story_issue(city, &s->item, &s->seat, lent ? LOAN : GRANT, "B/1"), 0);
    if (state == AT_RISK || state == LOAN_AT_RISK)
        check(s, FINDING(NOT_SHOWN), ACTION(NONE));
    if (state == OWNED)
        story_until(city, story_today(city) + 365, 9);
    if (state == OWNED)
        check(s, FINDING(IN_USE), ACTION(OWNERSHIP_FINAL));
    if (state == WRITTEN_OFF)
        check(s, FINDING(DAMAGED), ACTION(WRITE_OFF));
    assert_int_equal(story_item_state(city, &s->item), state == LOAN_AT_RISK ? AT_RISK : state);
}

/* ---- E18 ---- */

enum { PARKS = 100 };

#define NOT_SEEN                                                                    \
    {                                                                               \
        [IN_STOCK] = PARKS, [ON_LOAN] = AT_RISK, [GRANTED] = AT_RISK, [AT_RISK] = 0 \
    }
#define SEEN                                                                               \
    {                                                                                      \
        [IN_STOCK] = PARKS, [ON_LOAN] = ON_LOAN, [GRANTED] = GRANTED, [AT_RISK] = GRANTED, \
        [LOAN_AT_RISK] = ON_LOAN                                                           \
    }
#define BACK                                                                                  \
    {                                                                                         \
        [IN_STOCK] = PARKS, [ON_LOAN] = IN_STOCK, [GRANTED] = IN_STOCK, [AT_RISK] = IN_STOCK, \
        [LOAN_AT_RISK] = IN_STOCK                                                             \
    }

/* 0: refused with E_BAD_TRANSITION. */
static const struct cell {
    PbEquipmentChecked__Finding finding;
    PbEquipmentChecked__Action action;
    int to[STATES];
} cells[] = {
    {FINDING(IN_USE), ACTION(NONE), SEEN},
    {FINDING(PRESENT_UNUSED), ACTION(NONE), SEEN},
    {FINDING(DAMAGED), ACTION(NONE), SEEN},
    {FINDING(DAMAGED), ACTION(REPAIR), SEEN},
    {FINDING(IN_USE), ACTION(RECALL), SEEN},
    {FINDING(NOT_SHOWN), ACTION(NONE), NOT_SEEN},
    {FINDING(SOLD), ACTION(NONE), NOT_SEEN},
    {FINDING(PLEDGED), ACTION(NONE), NOT_SEEN},
    {FINDING(STOLEN), ACTION(NONE), NOT_SEEN},
    {FINDING(SOLD), ACTION(RECALL), NOT_SEEN},
    {FINDING(RETURNED), ACTION(NONE), BACK},
    {FINDING(RETURNED), ACTION(RECALL), BACK},
    {FINDING(STOLEN),
     ACTION(WRITE_OFF),
     {[IN_STOCK] = PARKS,
      [ON_LOAN] = WRITTEN_OFF,
      [GRANTED] = WRITTEN_OFF,
      [AT_RISK] = WRITTEN_OFF,
      [LOAN_AT_RISK] = WRITTEN_OFF}},
    {FINDING(IN_USE), ACTION(OWNERSHIP_FINAL), {[IN_STOCK] = PARKS, [GRANTED] = OWNED}},
    {FINDING(PRESENT_UNUSED), ACTION(OWNERSHIP_FINAL), {[IN_STOCK] = PARKS, [GRANTED] = OWNED}},
    {FINDING(DAMAGED), ACTION(OWNERSHIP_FINAL), {[IN_STOCK] = PARKS, [GRANTED] = OWNED}},
    {FINDING(SOLD), ACTION(OWNERSHIP_FINAL), {[IN_STOCK] = PARKS}},
    {FINDING(RETURNED), ACTION(OWNERSHIP_FINAL), {[IN_STOCK] = PARKS}},
};

static void check_row(const char *name, struct scene *s, const struct cell *cell, int to,
                      const struct outcome *o)
{
    const PbItemRow *row = city_row(&s->city, TABLE_ITEMS, &s->item);
    if (row->finding != cell->finding || o->effect->aggregate_version != row->version)
        fail_msg("%s: the row", name);
    if ((row->n_allocation_ids == 0) != (to == IN_STOCK) ||
        (row->bast_no == NULL) != (to == IN_STOCK))
        fail_msg("%s: who has it", name);
    if (row->recalled != (cell->action == ACTION(RECALL) && to != IN_STOCK))
        fail_msg("%s: recalled %d", name, row->recalled);
    struct city_record e18 = city_record(&s->city, o->seq);
    struct sg_id person = id_of(e18.record.rest->person_id);
    if (!sg_id_equal(&person, &s->budi.person) || e18.record.rest->n_audience != 1 ||
        city_relations(&e18, "dinsos") != (RELATION_CASE_OWNER | RELATION_EQUIPMENT))
        fail_msg("%s: who reads it", name);
}

static void every_check(void **state)
{
    (void)state;
    for (int from = IN_STOCK; from < STATES; from++)
        for (size_t c = 0; c < SG_ARRAY_LEN(cells); c++) {
            struct scene s;
            char name[64];
            (void)snprintf(name, sizeof name, "%s + finding %d, action %d", state_names[from],
                           (int)cells[c].finding, (int)cells[c].action);
            stand(&s, from);
            if (cells[c].action == ACTION(OWNERSHIP_FINAL) && from != OWNED)
                city_pass(&s.city, 365 * SG_DAY_MS);
            int before = (int)story_item_state(&s.city, &s.item), to = cells[c].to[from];
            uint64_t folds = story_folds(&s.city);
            PbEnvelope *e = story_check(&s.city, &s.item, cells[c].finding, cells[c].action);
            if (to == PARKS) {
                (void)story_park(name, &s.city, e);
            } else {
                struct outcome o = unit_want(name, &s.city, e, to ? 0 : SG_ST_BAD_TRANSITION);
                if (to)
                    check_row(name, &s, &cells[c], to, &o);
            }
            if ((!to || to == PARKS) && folds != story_folds(&s.city))
                fail_msg("%s: something has changed", name);
            int now = (int)story_item_state(&s.city, &s.item);
            if (now != (to && to != PARKS ? to : before))
                fail_msg("%s: now %s", name, state_names[now]);
            city_refold(&s.city);
            city_close(&s.city);
        }
}

static void ownership_waits_for_its_day(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, GRANTED);
    int32_t until = story_today(&s.city) + 365;
    story_until(&s.city, until - 1, 23);
    struct outcome o =
        unit_want("the day before", &s.city,
                  story_check(&s.city, &s.item, FINDING(IN_USE), ACTION(OWNERSHIP_FINAL)),
                  SG_ST_BAD_TRANSITION);
    unit_detail("the day before", &o, "equipment_checked.action", "CUSTODY");
    story_until(&s.city, until, 0);
    check(&s, FINDING(IN_USE), ACTION(OWNERSHIP_FINAL));
    assert_int_equal(story_item_state(&s.city, &s.item), OWNED);
    city_close(&s.city);
}

static void a_check_has_its_day_and_its_place(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, GRANTED);
    PbEnvelope *e = story_check(&s.city, &s.item, FINDING(IN_USE), ACTION(NONE));
    e->equipment_checked->checked_on = unit_day(&s.city, story_today(&s.city) + 1);
    (void)unit_want("tomorrow", &s.city, e, SG_ST_FUTURE_TIME);
    e = story_check(&s.city, &s.item, FINDING(IN_USE), ACTION(NONE));
    (void)unit_want("today", &s.city, e, 0);
    (void)story_again("again", &s.city, e);
    e->equipment_checked->finding = FINDING(DAMAGED);
    (void)unit_want("otherwise", &s.city, e, SG_ST_DUPLICATE_CONFLICT);
    e = story_check(&s.city, &s.item, FINDING(STOLEN), ACTION(NONE));
    e->equipment_checked->police_report = NULL;
    (void)unit_want("stolen, not reported", &s.city, e, SG_ST_MISSING_FIELD);
    city_close(&s.city);
}

/* The case owner looks after what its people have; what becomes of an item its owner says. */
static void each_side_says_what_is_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *name, *who;
        PbEquipmentChecked__Action action;
        uint32_t want;
    } rows[] = {
        {"case owner", "owner-a", ACTION(NONE), 0},
        {"case owner repairs", "owner-a", ACTION(REPAIR), 0},
        {"case owner recalls", "owner-a", ACTION(RECALL), SG_ST_NOT_OWNER},
        {"case owner writes off", "owner-a", ACTION(WRITE_OFF), SG_ST_NOT_OWNER},
        {"case owner gives it away", "owner-a", ACTION(OWNERSHIP_FINAL), SG_ST_NOT_OWNER},
        {"item owner", "dinsos", ACTION(NONE), 0},
        {"item owner recalls", "dinsos", ACTION(RECALL), 0},
        {"another owner of cases", "owner-b", ACTION(NONE), SG_ST_NOT_OWNER},
        {"another giver", "dpppa", ACTION(NONE), SG_ST_NOT_OWNER},
        {"a trainer", "disnaker", ACTION(NONE), SG_ST_FORBIDDEN},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, GRANTED);
        PbItemRow *row = city_row(&s.city, TABLE_ITEMS, &s.item);
        row->case_owner = unit_text(&s.city, "owner-a");
        city_put(&s.city, TABLE_ITEMS, &s.item, row);
        PbEnvelope *e = story_check(&s.city, &s.item, FINDING(IN_USE), rows[i].action);
        e->publisher_agency = unit_text(&s.city, rows[i].who);
        struct outcome o = unit_want(rows[i].name, &s.city, e, rows[i].want);
        if (!rows[i].want) {
            struct city_record e18 = city_record(&s.city, o.seq);
            assert_int_equal(city_relations(&e18, "dinsos"), RELATION_EQUIPMENT);
            assert_int_equal(city_relations(&e18, "owner-a"), RELATION_CASE_OWNER);
        }
        city_close(&s.city);
    }
}

/* ---- E17 ---- */

/* What an issue makes of an item; the code of what is refused. */
static void every_issue(void **state)
{
    (void)state;
    static const struct {
        uint32_t loan, grant;
    } rows[STATES] = {
        /* clang-format off */
        [IN_STOCK]     = {SG_ST_NOT_ENTITLED, 0}, /* the course is completed */
        [ON_LOAN]      = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_NOT_ENTITLED}, /* it is not */
        [GRANTED]      = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_ITEM_NOT_AVAILABLE},
        [AT_RISK]      = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_ITEM_NOT_AVAILABLE},
        [OWNED]        = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_ITEM_NOT_AVAILABLE},
        [WRITTEN_OFF]  = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_ITEM_NOT_AVAILABLE},
        [LOAN_AT_RISK] = {SG_ST_ITEM_NOT_AVAILABLE, SG_ST_ITEM_NOT_AVAILABLE},
    }; /* clang-format on */
    for (int from = IN_STOCK; from < STATES; from++)
        for (int basis = LOAN; basis <= GRANT; basis++) {
            struct scene s;
            stand(&s, from);
            int before = (int)story_item_state(&s.city, &s.item);
            uint32_t want = basis == LOAN ? rows[from].loan : rows[from].grant;
            (void)unit_want(state_names[from], &s.city,
                            story_issue(&s.city, &s.item, &s.seat, basis, "B/2"), want);
            if ((int)story_item_state(&s.city, &s.item) != (want ? before : GRANTED))
                fail_msg("%s: moved", state_names[from]);
            city_close(&s.city);
        }
}

static void what_is_lent_may_be_kept(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, ON_LOAN);
    story_complete(&s.city, &s.seat);
    struct outcome o =
        unit_want("granted", &s.city, story_issue(&s.city, &s.item, &s.seat, GRANT, "B/1"), 0);
    assert_int_equal(story_item_state(&s.city, &s.item), GRANTED);
    struct city_record e17 = city_record(&s.city, o.seq);
    assert_int_equal(city_relations(&e17, "dinsos"), RELATION_CASE_OWNER | RELATION_EQUIPMENT);
    assert_int_equal(city_relations(&e17, "disnaker"), RELATION_PROVIDER);
    assert_int_equal(e17.record.rest->n_audience, 2);
    const PbItemRow *row = city_row(&s.city, TABLE_ITEMS, &s.item);
    struct sg_id seat = id_of(row->allocation_ids[0]);
    assert_true(sg_id_equal(&seat, &s.seat));
    assert_string_equal(row->case_owner, "dinsos");
    assert_int_equal(row->custody_until, story_today(&s.city) + 365);
    city_refold(&s.city);
    city_close(&s.city);
}

/* Each row is refused by its own check although those behind it would refuse it too. */
static void an_issue_is_refused_in_order(void **state)
{
    (void)state;
    enum { FOREIGN = 1, AWAY = 2, COURSE = 4, ENTITLED = 8, KIT = 16, BAST = 32, ALL = 63 };
    static const struct {
        unsigned wrong;
        uint32_t want;
    } rows[] = {
        {ALL, SG_ST_NOT_OWNER},
        {ALL & ~1U, SG_ST_ITEM_NOT_AVAILABLE},
        {COURSE | ENTITLED | KIT | BAST, SG_ST_COURSE_MISMATCH},
        {ENTITLED | KIT | BAST, SG_ST_NOT_ENTITLED},
        {KIT | BAST, SG_ST_ALREADY_ISSUED},
        {BAST, SG_ST_BAST_REUSED},
        {0, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        unsigned wrong = rows[i].wrong;
        stand(&s, IN_STOCK);
        struct client other = unit_client(&s.city);
        struct sg_id first = story_item(&s.city), bast = story_item(&s.city);
        struct sg_id next = story_slot(&s.city, 1);
        struct sg_id seat = story_occupied(&s.city, &other, &next);
        story_complete(&s.city, &seat);
        if (wrong & KIT)
            (void)unit_want("kit", &s.city, story_issue(&s.city, &first, &s.seat, GRANT, "B/1"), 0);
        if (wrong & BAST)
            (void)unit_want("bast", &s.city, story_issue(&s.city, &bast, &seat, GRANT, "B/2"), 0);
        PbItemRow *item = city_row(&s.city, TABLE_ITEMS, &s.item);
        item->state = (PbItemState)(wrong & AWAY ? WRITTEN_OFF : IN_STOCK);
        if (wrong & COURSE)
            item->course_code = unit_text(&s.city, "BARBER");
        city_put(&s.city, TABLE_ITEMS, &s.item, item);
        if (wrong & ENTITLED) {
            PbAllocationRow *row = city_row(&s.city, TABLE_ALLOCATIONS, &s.seat);
            row->state = PB_ALLOCATION_STATE_FORFEITED;
            city_put(&s.city, TABLE_ALLOCATIONS, &s.seat, row);
        }
        PbEnvelope *e = story_issue(&s.city, &s.item, &s.seat, GRANT, "B/2");
        if (wrong & FOREIGN)
            e->publisher_agency = unit_text(&s.city, "dpppa");
        char name[16];
        (void)snprintf(name, sizeof name, "%x", wrong);
        (void)unit_want(name, &s.city, e, rows[i].want);
        city_close(&s.city);
    }
}

/* Only OCCUPIED may be lent to, only COMPLETED be given to. */
static void who_is_entitled(void **state)
{
    (void)state;
    for (int seat = 1; seat <= PB_ALLOCATION_STATE_VOIDED; seat++)
        for (int basis = LOAN; basis <= GRANT; basis++) {
            struct scene s;
            stand(&s, IN_STOCK);
            PbAllocationRow *row = city_row(&s.city, TABLE_ALLOCATIONS, &s.seat);
            row->state = (PbAllocationState)seat;
            city_put(&s.city, TABLE_ALLOCATIONS, &s.seat, row);
            bool entitled = seat == (basis == LOAN ? PB_ALLOCATION_STATE_OCCUPIED
                                                   : PB_ALLOCATION_STATE_COMPLETED);
            struct outcome o = unit_want(basis == LOAN ? "loan" : "grant", &s.city,
                                         story_issue(&s.city, &s.item, &s.seat, basis, "B/1"),
                                         entitled ? 0 : SG_ST_NOT_ENTITLED);
            if (!entitled)
                unit_detail("entitled", &o, "equipment_issued.allocation_id",
                            basis == LOAN ? "NOT_IN_TRAINING" : "NOT_COMPLETED");
            city_close(&s.city);
        }
}

static void a_kit_is_given_once_but_again_when_it_came_back(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, GRANTED);
    struct sg_id second = story_item(&s.city);
    struct outcome o =
        unit_want("the same kit", &s.city, story_issue(&s.city, &second, &s.seat, GRANT, "B/1"),
                  SG_ST_ALREADY_ISSUED);
    unit_detail("the same kit", &o, "equipment_issued.allocation_id", NULL);
    check(&s, FINDING(SOLD), ACTION(NONE));
    (void)unit_want("sold", &s.city, story_issue(&s.city, &second, &s.seat, GRANT, "B/1"),
                    SG_ST_ALREADY_ISSUED);
    check(&s, FINDING(RETURNED), ACTION(NONE)); /* from AT_RISK, where it was granted before */
    assert_int_equal(story_item_state(&s.city, &s.item), IN_STOCK);
    (void)unit_want("it came back", &s.city, story_issue(&s.city, &second, &s.seat, GRANT, "B/1"),
                    0);
    (void)unit_want("not two", &s.city, story_issue(&s.city, &s.item, &s.seat, GRANT, "B/1"),
                    SG_ST_ALREADY_ISSUED);
    city_refold(&s.city);
    city_close(&s.city);
}

/* ---- groups and BAST ---- */

static void put_group(struct ledger_city *city, PbEnvelope *e, const struct sg_id *seats,
                      size_t count)
{
    PbEquipmentIssued *i = e->equipment_issued;
    i->group_allocation_ids = SG_NEW_ARRAY(&city->events, ProtobufCBinaryData, count);
    for (size_t k = 0; k < count; k++)
        i->group_allocation_ids[k] = unit_id(city, &seats[k]);
    i->n_group_allocation_ids = count;
}

static void a_group_is_entitled_as_a_whole(void **state)
{
    (void)state;
    struct scene s;
    struct sg_id seats[2];
    struct client members[2];
    stand(&s, IN_STOCK);
    struct sg_id next = story_slot(&s.city, 2), other = story_item(&s.city);
    for (int i = 0; i < 2; i++)
        members[i] = unit_client(&s.city);
    for (int i = 0; i < 2; i++)
        seats[i] = unit_seat(&s.city, &members[i], &next, ACCEPT);
    story_begin(&s.city, &next, &seats[0]);
    story_begin(&s.city, &next, &seats[1]);
    story_complete(&s.city, &seats[0]);

    PbEnvelope *e = story_issue(&s.city, &s.item, &s.seat, GRANT, "B/9");
    put_group(&s.city, e, seats, 2);
    (void)unit_want("one is still in training", &s.city, e, SG_ST_NOT_ENTITLED);
    story_complete(&s.city, &seats[1]);
    PbEnvelope *twice = story_issue(&s.city, &s.item, &seats[0], GRANT, "B/9");
    put_group(&s.city, twice, seats, 2);
    struct outcome o = unit_want("twice", &s.city, twice, SG_ST_SCHEMA);
    unit_detail("twice", &o, "equipment_issued.group_allocation_ids", "TWICE");
    e = story_issue(&s.city, &s.item, &s.seat, GRANT, "B/9");
    put_group(&s.city, e, seats, 2);
    o = unit_want("all", &s.city, e, 0);
    const PbItemRow *row = city_row(&s.city, TABLE_ITEMS, &s.item);
    assert_int_equal(row->n_allocation_ids, 3);
    assert_int_equal(row->n_person_ids, 3);
    struct city_record e17 = city_record(&s.city, o.seq);
    struct sg_id person = id_of(e17.record.rest->person_id);
    assert_true(sg_id_equal(&person, &s.budi.person)); /* the key is that of the first */

    for (int i = 0; i < 2; i++)
        (void)unit_want("a member has it", &s.city,
                        story_issue(&s.city, &other, &seats[i], GRANT, "B/10"),
                        SG_ST_ALREADY_ISSUED);
    check(&s, FINDING(RETURNED), ACTION(NONE));
    (void)unit_want("nobody has it", &s.city,
                    story_issue(&s.city, &other, &seats[1], GRANT, "B/10"), 0);
    city_refold(&s.city);
    city_close(&s.city);
}

static void a_bast_has_one_recipient(void **state)
{
    (void)state;
    struct scene s;
    struct sg_id tool;
    stand(&s, GRANTED); /* B/1 */
    struct client other = unit_client(&s.city);
    struct sg_id next = story_slot(&s.city, 1);
    struct sg_id seat = story_occupied(&s.city, &other, &next);
    story_complete(&s.city, &seat);
    PbEnvelope *e = story_register(&s.city, &tool);
    e->equipment_registered->kit_code = unit_text(&s.city, "KIT-BARBER-A");
    (void)unit_want("another kit", &s.city, e, 0);
    struct sg_id third = story_item(&s.city), theirs;
    e = story_issue(&s.city, &third, &seat, GRANT, "B/1");
    struct outcome o = unit_want("another person", &s.city, e, SG_ST_BAST_REUSED);
    unit_detail("another person", &o, "equipment_issued.bast_no", NULL);
    e = story_issue(&s.city, &tool, &s.seat, GRANT, "B/1");
    put_group(&s.city, e, &seat, 1);
    (void)unit_want("the person in a group", &s.city, e, SG_ST_BAST_REUSED);
    (void)unit_want("more for the same", &s.city,
                    story_issue(&s.city, &tool, &s.seat, GRANT, "B/1"), 0);
    e = story_register(&s.city, &theirs);
    e->publisher_agency = unit_text(&s.city, "dpppa");
    (void)unit_want("of dpppa", &s.city, e, 0);
    e = story_issue(&s.city, &theirs, &seat, GRANT, "B/1");
    e->publisher_agency = unit_text(&s.city, "dpppa");
    (void)unit_want("the numbers of another agency", &s.city, e, 0);
    city_refold(&s.city);
    city_close(&s.city);
}

/* ---- E16, and what nobody knows ---- */

static void an_item_is_registered_once(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id item;
    static const struct sg_id nobody = {{8}};
    city_open(&city);
    PbEnvelope *e = story_register(&city, &item);
    struct outcome o = unit_want("register", &city, e, 0);
    assert_int_equal(story_item_state(&city, &item), IN_STOCK);
    struct city_record e16 = city_record(&city, o.seq);
    assert_int_equal(city_relations(&e16, "*"), RELATION_PUBLIC);
    (void)story_again("again", &city, e);
    e->equipment_registered->value_idr++;
    (void)unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("an id of others", &city, e, SG_ST_NOT_OWNER);
    o = unit_want("no such seat", &city, story_issue(&city, &item, &nobody, LOAN, "B/1"),
                  SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such seat", &o, "equipment_issued.allocation_id", NULL);
    o = unit_want("no such item", &city, story_issue(&city, &nobody, &nobody, LOAN, "B/1"),
                  SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such item", &o, "equipment_issued.item_id", NULL);
    city_close(&city);
}

static void the_form_of_an_issue(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, IN_STOCK);
    PbEnvelope *e = story_issue(&s.city, &s.item, &s.seat, GRANT, "B/1");
    e->equipment_issued->no_sale_statement = false;
    struct outcome o = unit_want("no statement", &s.city, e, SG_ST_MISSING_FIELD);
    unit_detail("no statement", &o, "equipment_issued.no_sale_statement", NULL);
    e = story_issue(&s.city, &s.item, &s.seat, GRANT, "B/1");
    e->equipment_issued->custody_until = unit_day(&s.city, story_today(&s.city) - 1);
    o = unit_want("custody ends before it begins", &s.city, e, SG_ST_SCHEMA);
    unit_detail("custody", &o, "equipment_issued.custody_until", "ORDER");
    city_close(&s.city);
}

UNIT_MAIN(cmocka_unit_test(every_check), cmocka_unit_test(ownership_waits_for_its_day),
          cmocka_unit_test(a_check_has_its_day_and_its_place),
          cmocka_unit_test(each_side_says_what_is_its_own), cmocka_unit_test(every_issue),
          cmocka_unit_test(what_is_lent_may_be_kept),
          cmocka_unit_test(an_issue_is_refused_in_order), cmocka_unit_test(who_is_entitled),
          cmocka_unit_test(a_kit_is_given_once_but_again_when_it_came_back),
          cmocka_unit_test(a_group_is_entitled_as_a_whole),
          cmocka_unit_test(a_bast_has_one_recipient), cmocka_unit_test(an_item_is_registered_once),
          cmocka_unit_test(the_form_of_an_issue))
