/* E24 of E16, E17 and E18: the item stands as it did before, or as it should have. */
#include "unit/correct_unit.h"

#include "ledger/equipment.h"

#include <stdio.h>

#define STATE(name) PB_ITEM_STATE_##name

struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id slot, seat, item;
    uint64_t e16, loan, grant;
};

enum { SHELF, LENT, GRANTED, LENT_GRANTED };

static void stand(struct scene *s, int until)
{
    struct ledger_city *city = &s->city;
    city_open(city);
    s->e16 = unit_want("register", city, story_register(city, &s->item), 0).seq;
    if (until == SHELF)
        return;
    s->slot = story_slot(city, 1);
    s->budi = unit_client(city);
    s->seat = story_occupied(city, &s->budi, &s->slot);
    if (until != GRANTED)
        s->loan =
            unit_want("lend", city, story_issue(city, &s->item, &s->seat, LOAN, "B/1"), 0).seq;
    if (until == LENT)
        return;
    city_pass(city, 20 * SG_DAY_MS);
    story_complete(city, &s->seat);
    s->grant = unit_want("grant", city, story_issue(city, &s->item, &s->seat, GRANT, "B/2"), 0).seq;
}

static const PbItemRow *item_row(struct scene *s)
{
    return city_row(&s->city, TABLE_ITEMS, &s->item);
}

static uint32_t bast_uses(struct scene *s, const char *bast_no)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbBastRow *row = NULL;
    bast_key(&key, "dinsos", bast_no);
    city_read(&s->city);
    enum sg_err err = row_get(&s->city.txn, TABLE_BASTS, &key, &pb_bast_row__descriptor,
                              &s->city.read_arena, &row, &why);
    txn_done(&s->city.txn);
    return err ? 0 : row->uses;
}

/* ---- E16 ---- */

static void what_an_item_is(void **state)
{
    (void)state;
    for (int issued = 0; issued < 2; issued++) {
        struct scene s;
        struct sg_id unused;
        stand(&s, issued ? LENT : SHELF);
        PbEnvelope *with = story_register(&s.city, &unused);
        with->equipment_registered->item_id = unit_id(&s.city, &s.item);
        with->equipment_registered->serial_no = unit_text(&s.city, "TK-1");
        with->equipment_registered->value_idr = 1000;
        struct outcome o =
            unit_want("description", &s.city, correct_by(&s.city, "dinsos", s.e16, with), 0);
        struct city_record record = city_record(&s.city, o.seq);
        assert_int_equal(record.record.rest->n_audience, 1); /* everybody, like the E16 */
        assert_string_equal(record.record.rest->audience[0]->agency, "*");
        with->equipment_registered->kit_code = unit_text(&s.city, "KIT-BARBER-A");
        with->equipment_registered->course_code = unit_text(&s.city, "BARBER");
        o = unit_want("another kit", &s.city, correct_by(&s.city, "dinsos", s.e16, with),
                      issued ? SG_ST_BAD_TRANSITION : 0);
        if (issued)
            unit_detail("another kit", &o, "event_corrected.replacement.kit_code", "ISSUED");
        assert_string_equal(item_row(&s)->kit_code, issued ? STORY_KIT : "KIT-BARBER-A");
        o = unit_want("never there", &s.city, story_annul(&s.city, "dinsos", s.e16),
                      issued ? SG_ST_BAD_TRANSITION : 0);
        assert_int_equal(item_row(&s)->state, issued ? STATE(ON_LOAN) : STATE(ANNULLED));
        correct_close(&s.city);
    }
}

static void an_annulled_item_goes_to_nobody(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, SHELF);
    struct ledger_city *city = &s.city;
    struct sg_id slot = story_slot(city, 1);
    struct client budi = unit_client(city);
    struct sg_id seat = story_occupied(city, &budi, &slot);
    (void)unit_want("annul", city, story_annul(city, "dinsos", s.e16), 0);
    struct outcome o = unit_want("lend", city, story_issue(city, &s.item, &seat, LOAN, "B/1"),
                                 SG_ST_ITEM_NOT_AVAILABLE);
    unit_detail("lend", &o, NULL, "ITEM_STATE_ANNULLED");
    correct_close(city);
}

/* ---- E17 ---- */

static void an_issue_is_undone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int until;
        PbItemState to;
    } rows[] = {{"a loan", LENT, STATE(IN_STOCK)},
                {"a grant", GRANTED, STATE(IN_STOCK)},
                {"a grant of what was lent", LENT_GRANTED, STATE(ON_LOAN)}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, rows[i].until);
        struct ledger_city *city = &s.city;
        bool granted = rows[i].until != LENT;
        const char *bast = granted ? "B/2" : "B/1";
        assert_int_equal(bast_uses(&s, bast), 1);
        uint64_t version = item_row(&s)->version;
        struct outcome o = unit_want(rows[i].name, city,
                                     story_annul(city, "dinsos", granted ? s.grant : s.loan), 0);
        const PbItemRow *row = item_row(&s);
        if (row->state != rows[i].to || row->version != version + 1 ||
            o.aggregate_version != version + 1 || bast_uses(&s, bast) != 0)
            fail_msg("%s: state %d, version %d, BAST %u", rows[i].name, (int)row->state,
                     (int)row->version, bast_uses(&s, bast));
        if ((row->n_allocation_ids == 1) != (rows[i].to == STATE(ON_LOAN)) ||
            (row->bast_no && strcmp(row->bast_no, "B/1") != 0))
            fail_msg("%s: who has it", rows[i].name);
        assert_int_equal(unit_deadlines(city, "T10-1"), 0);
        assert_int_equal(unit_deadlines(city, RULE_RETURN), rows[i].until == LENT_GRANTED);
        assert_int_equal(unit_deadlines(city, RULE_KIT),
                         granted && story_slot_row(city, &s.slot)->slot->kit_code ? 1 : 0);
        /* It is issued once more, and under the same number. */
        city_pass(city, 1);
        (void)unit_want("again", city,
                        story_issue(city, &s.item, &s.seat, granted ? GRANT : LOAN, bast), 0);
        correct_close(city);
    }
}

static void an_issue_that_somebody_has_checked(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, GRANTED);
    struct ledger_city *city = &s.city;
    uint64_t check =
        unit_want("check", city, story_check(city, &s.item, FINDING(IN_USE), ACTION(NONE)), 0).seq;
    struct outcome o =
        unit_want("grant", city, story_annul(city, "dinsos", s.grant), SG_ST_BAD_TRANSITION);
    unit_detail("grant", &o, "event_corrected.corrected", "CHECKED");
    (void)unit_want("check", city, story_annul(city, "dinsos", check), 0);
    (void)unit_want("grant", city, story_annul(city, "dinsos", s.grant), 0);
    assert_int_equal(item_row(&s)->state, STATE(IN_STOCK));
    correct_close(city);
}

static void an_issue_is_not_replaced(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, LENT);
    PbEnvelope *with = story_issue(&s.city, &s.item, &s.seat, LOAN, "B/9");
    struct outcome o = unit_want("another number", &s.city,
                                 correct_by(&s.city, "dinsos", s.loan, with), SG_ST_BAD_TRANSITION);
    unit_detail("another number", &o, "event_corrected.action", "NOT_CORRECTED");
    assert_non_null(strstr(o.fault.accepted, "ANNUL"));
    correct_close(&s.city);
}

/* One BAST lists two items: it is free when both are back. */
static void a_number_with_two_items(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, LENT);
    struct ledger_city *city = &s.city;
    struct sg_id second = story_item(city);
    uint64_t other =
        unit_want("lend", city, story_issue(city, &second, &s.seat, LOAN, "B/1"), 0).seq;
    assert_int_equal(bast_uses(&s, "B/1"), 2);
    (void)unit_want("annul", city, story_annul(city, "dinsos", other), 0);
    assert_int_equal(bast_uses(&s, "B/1"), 1);
    (void)unit_want("annul", city, story_annul(city, "dinsos", s.loan), 0);
    assert_int_equal(bast_uses(&s, "B/1"), 0);
    correct_close(city);
}

/* ---- E18 ---- */

static void a_check_is_undone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbEquipmentChecked__Finding finding;
        PbEquipmentChecked__Action action;
        PbItemState between;
    } rows[] = {
        {"in use", FINDING(IN_USE), ACTION(NONE), STATE(GRANTED)},
        {"sold", FINDING(SOLD), ACTION(NONE), STATE(AT_RISK)},
        {"returned", FINDING(RETURNED), ACTION(NONE), STATE(IN_STOCK)},
        {"written off", FINDING(DAMAGED), ACTION(WRITE_OFF), STATE(WRITTEN_OFF)},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, GRANTED);
        struct ledger_city *city = &s.city;
        city_pass(city, 40 * SG_DAY_MS);
        size_t checks = unit_deadlines(city, "T10-1") + unit_deadlines(city, "T10-2");
        PbEnvelope *e = story_check(city, &s.item, rows[i].finding, rows[i].action);
        uint64_t e18 = unit_want(rows[i].name, city, e, 0).seq;
        assert_int_equal(item_row(&s)->state, rows[i].between);
        (void)unit_want(rows[i].name, city, story_annul(city, "dinsos", e18), 0);
        const PbItemRow *row = item_row(&s);
        if (row->state != STATE(GRANTED) || row->has_finding || row->n_allocation_ids != 1 ||
            row->touched_seq != s.grant)
            fail_msg("%s: state %d", rows[i].name, (int)row->state);
        if (unit_deadlines(city, "T10-1") + unit_deadlines(city, "T10-2") != checks)
            fail_msg("%s: checks that are due", rows[i].name);
        struct sg_id other = story_item(city); /* the kit is his again: no second one */
        (void)unit_want("a second kit", city, story_issue(city, &other, &s.seat, GRANT, "B/3"),
                        SG_ST_ALREADY_ISSUED);
        correct_close(city);
    }
}

static void a_check_is_another_one(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, GRANTED);
    struct ledger_city *city = &s.city;
    int32_t granted = story_today(city);
    city_pass(city, 40 * SG_DAY_MS);
    PbEnvelope *e = story_check(city, &s.item, FINDING(SOLD), ACTION(NONE));
    uint64_t e18 = unit_want("sold", city, e, 0).seq;
    assert_int_equal(unit_deadlines(city, "T10-1"), 0);
    PbEnvelope *with = story_check(city, &s.item, FINDING(IN_USE), ACTION(NONE));
    with->equipment_checked->check_id = e->equipment_checked->check_id;
    with->equipment_checked->checked_on = unit_day(city, granted + 3);
    (void)unit_want("in use, and earlier", city, correct_by(city, "dinsos", e18, with), 0);
    assert_int_equal(item_row(&s)->state, STATE(GRANTED));
    assert_int_equal(item_row(&s)->finding, FINDING(IN_USE));
    assert_int_equal(unit_deadlines(city, "T10-1"), 1); /* too early to be the first check */
    with->equipment_checked->checked_on = unit_day(city, granted + 30);
    with->equipment_checked->finding = FINDING(RETURNED);
    (void)unit_want("returned", city, correct_by(city, "dinsos", e18, with), 0);
    assert_int_equal(item_row(&s)->state, STATE(IN_STOCK));
    assert_int_equal(item_row(&s)->n_allocation_ids, 0);
    assert_int_equal(unit_deadlines(city, "T10-2"), 0);
    with->equipment_checked->finding = FINDING(STOLEN);
    struct outcome o =
        unit_want("stolen", city, correct_by(city, "dinsos", e18, with), SG_ST_MISSING_FIELD);
    unit_detail("stolen", &o, "event_corrected.replacement.police_report", NULL);
    with->equipment_checked->finding = FINDING(IN_USE);
    with->equipment_checked->action = ACTION(OWNERSHIP_FINAL);
    o = unit_want("his own", city, correct_by(city, "dinsos", e18, with), SG_ST_BAD_TRANSITION);
    unit_detail("his own", &o, "event_corrected.replacement.action", "CUSTODY");
    with->equipment_checked->action = ACTION(NONE);
    with->equipment_checked->checked_on = unit_day(city, story_today(city) + 1);
    (void)unit_want("tomorrow", city, correct_by(city, "dinsos", e18, with), SG_ST_FUTURE_TIME);
    correct_close(city);
}

/* What came back was handed to somebody else, or its owner got another one. */
static void a_return_that_others_rest_on(void **state)
{
    (void)state;
    for (int other_kit = 0; other_kit < 2; other_kit++) {
        struct scene s;
        char want[64];
        stand(&s, GRANTED);
        struct ledger_city *city = &s.city;
        uint64_t e18 = unit_want("return", city,
                                 story_check(city, &s.item, FINDING(RETURNED), ACTION(NONE)), 0)
                           .seq;
        struct sg_id second = other_kit ? story_item(city) : s.item;
        uint64_t again =
            unit_want("grant", city, story_issue(city, &second, &s.seat, GRANT, "B/2"), 0).seq;
        struct outcome o = unit_want("annul", city, story_annul(city, "dinsos", e18),
                                     other_kit ? SG_ST_CORRECTION_DEPENDS : SG_ST_BAD_TRANSITION);
        unit_detail("annul", &o, "event_corrected.corrected",
                    other_kit ? correct_rests(want, 117, again) : "LATER");
        (void)unit_want("annul the grant", city, story_annul(city, "dinsos", again), 0);
        (void)unit_want("annul", city, story_annul(city, "dinsos", e18), 0);
        assert_int_equal(item_row(&s)->state, STATE(GRANTED));
        correct_close(city);
    }
}

UNIT_MAIN(cmocka_unit_test(what_an_item_is), cmocka_unit_test(an_annulled_item_goes_to_nobody),
          cmocka_unit_test(an_issue_is_undone),
          cmocka_unit_test(an_issue_that_somebody_has_checked),
          cmocka_unit_test(an_issue_is_not_replaced), cmocka_unit_test(a_number_with_two_items),
          cmocka_unit_test(a_check_is_undone), cmocka_unit_test(a_check_is_another_one),
          cmocka_unit_test(a_return_that_others_rest_on))
