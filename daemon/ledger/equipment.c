#include "ledger/equipment.h"

#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "wire/day.h"

enum { RECIPIENTS_MAX = 31, CHECKS = 4 };

/* T10 of a granted item: a check around each of these days. */
static const char *const check_rules[CHECKS] = {"T10-1", "T10-2", "T10-3", "T10-4"};

static int32_t check_day(const struct ledger_turn *turn, size_t i)
{
    const struct sg_time_limits *limits = limits_of(turn);
    const int64_t days[CHECKS] = {limits->check_first_days, limits->check_second_days,
                                  limits->check_third_days, limits->check_last_days};
    return (int32_t)days[i];
}

static int32_t check_tolerance(const struct ledger_turn *turn)
{
    return (int32_t)limits_of(turn)->check_tolerance_days;
}

static void hash_text(struct key *key, const char *text)
{
    enum { BYTES = 16 };
    uint8_t hash[SG_HASH_BYTES];
    sg_hash(sg_bytes_of(text), hash);
    key_bytes(key, (struct sg_bytes){hash, BYTES});
}

struct key *kit_key(struct key *key, const char *kit_code)
{
    hash_text(key, kit_code);
    return key;
}

struct key *bast_key(struct key *key, const char *owner, const char *bast_no)
{
    hash_text(key_text(key, owner), bast_no);
    return key;
}

enum sg_err kit_owner(struct ledger_turn *turn, const char *kit_code, const char **out_owner,
                      struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    *out_owner = NULL;
    enum sg_err err =
        cursor_under(&cursor, turn->txn, TABLE_KIT_OWNERS, kit_key(&prefix, kit_code), why);
    if (!err && cursor.key.ptr)
        *out_owner = text_of(turn, (const char *)cursor.key.ptr + prefix.len);
    return err;
}

PbItemState item_holding(const PbItemRow *row)
{
    return row->state == PB_ITEM_STATE_AT_RISK ? row->previous_state : row->state;
}

/* ---- T10 ---- */

static struct limit item_limit(const struct sg_id *id, const char *rule, const char *case_owner,
                               const struct sg_id *case_id)
{
    return (struct limit){.rule = rule,
                          .aggregate_type = PB_AGGREGATE_TYPE_ITEM,
                          .id = *id,
                          .responsible = case_owner,
                          .case_owner = case_owner,
                          .case_id = *case_id};
}

enum sg_err items_to_return(struct decision *d, const struct sg_id *allocation_id,
                            struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    int64_t now = d->turn->block->time_ms;
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        if (err)
            break;
        if (item_holding(row) ==
            PB_ITEM_STATE_ON_LOAN) { /* told at once (level 0), missed after 7 days */
            struct sg_id case_id = id_of(row->case_id);
            struct limit limit = item_limit(&id, RULE_RETURN, row->case_owner, &case_id);
            limit.levels_ms[0] = now;
            limit.levels_ms[1] = now + limits_of(d->turn)->return_days * SG_DAY_MS;
            limit.level_count = 2;
            deadline_start(d, &limit);
        }
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* The check of that number, which is done by one that comes early enough. */
static void start_check(struct decision *d, const struct sg_id *id, size_t i,
                        const char *case_owner, const struct sg_id *case_id, int32_t granted_on)
{
    struct limit limit = item_limit(id, check_rules[i], case_owner, case_id);
    int32_t day = granted_on + check_day(d->turn, i), last = day + check_tolerance(d->turn);
    limit.first_level = 1;
    limit.levels_ms[0] = sg_day_start_ms(last + 1);
    limit.level_count = 1;
    limit.due_ms = sg_day_start_ms(day);
    deadline_start(d, &limit);
}

static void start_checks(struct decision *d, const struct sg_id *id, const PbItemEffect *item,
                         int32_t granted_on)
{
    struct sg_id case_id = id_of(item->case_id);
    for (size_t i = 0; i < CHECKS; i++)
        start_check(d, id, i, item->case_owner, &case_id, granted_on);
}

/* On loan for a placement that is over: to be returned or granted. */
static enum sg_err return_anew(struct decision *d, const struct sg_id *id, const PbItemRow *row,
                               bool on_loan, struct sg_why *why)
{
    PbAllocationRow *placement = NULL;
    bool runs = false, over = false;
    enum sg_err err = deadline_runs(d, RULE_RETURN, id, &runs, why);
    if (!err && on_loan) {
        struct sg_id of = id_of(row->allocation_ids[0]);
        err = read_row(d->turn, TABLE_ALLOCATIONS, &of, &pb_allocation_row__descriptor, &placement,
                       why);
        over = !err && allocation_is_terminal(placement->state);
    }
    if (err || runs == over)
        return err;
    if (runs)
        return deadline_end(d, RULE_RETURN, id, false, why);
    struct sg_id case_id = id_of(row->case_id);
    struct limit limit = item_limit(id, RULE_RETURN, row->case_owner, &case_id);
    limit.levels_ms[0] = d->turn->block->time_ms;
    limit.levels_ms[1] = placement->terminal_ms + limits_of(d->turn)->return_days * SG_DAY_MS;
    limit.level_count = 2;
    if (limit.levels_ms[1] <= limit.levels_ms[0]) { /* it is late already */
        limit.first_level = 1;
        limit.level_count = 1;
        limit.due_ms = limit.levels_ms[1];
    }
    deadline_start(d, &limit);
    return SG_OK;
}

enum sg_err item_limits_anew(struct decision *d, const struct sg_id *id, const PbItemRow *row,
                             struct sg_why *why)
{
    PbItemState state = item_holding(row);
    struct sg_id case_id = id_of(row->case_id);
    enum sg_err err = return_anew(d, id, row, state == PB_ITEM_STATE_ON_LOAN, why);
    for (size_t i = 0; !err && i < CHECKS; i++) {
        int32_t from = row->bast_on + check_day(d->turn, i) - check_tolerance(d->turn);
        bool done = row->has_checked_on && row->checked_on >= from, runs = false;
        bool wanted = state == PB_ITEM_STATE_GRANTED && !done;
        err = deadline_runs(d, check_rules[i], id, &runs, why);
        if (!err && runs && !wanted)
            err = deadline_end(d, check_rules[i], id, false, why);
        if (!err && wanted && !runs)
            start_check(d, id, i, row->case_owner, &case_id, row->bast_on);
    }
    return err;
}

enum sg_err item_checked_limits(struct decision *d, const struct sg_id *id, int32_t granted_on,
                                int32_t checked_on, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < CHECKS; i++)
        if (checked_on >= granted_on + check_day(d->turn, i) - check_tolerance(d->turn))
            err = deadline_end(d, check_rules[i], id, false, why);
    return err;
}

/* ---- E16 ---- */

PbItemEffect *item_effect(struct decision *d, const struct sg_id *id, PbItemState state)
{
    PbItemEffect *effect = TAKE(d->turn, PbItemEffect);
    pb_item_effect__init(effect);
    effect->has_item_id = effect->has_state = true;
    effect->item_id = data_of(d->turn, id);
    effect->state = state;
    d->effect->item = effect;
    return effect;
}

void keep_item(struct decision *d, const PbItemRow *row)
{
    PbItemRow *before = TAKE(d->turn, PbItemRow);
    *before = *row;
    before->object = NULL; /* as it is, whatever happens */
    d->effect->item->before = before;
}

enum sg_err decide_item_registered(struct decision *d, struct sg_why *why)
{
    struct sg_id id = id_of(d->event->envelope->equipment_registered->item_id);
    PbItemRow *row = NULL;
    enum sg_err err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = stated_again(d, row ? row->object : NULL, "equipment_registered.item_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    PbItemEffect *effect = item_effect(d, &id, PB_ITEM_STATE_IN_STOCK);
    effect->has_created = effect->created = true;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = 1;
    state_object(d, &id);
    add_reader(d, "*", RELATION_PUBLIC);
    return queue_settle(d, &id, why);
}

/* ---- E17 ---- */

/* Who receives the item: the first, and the group. */
struct recipients {
    size_t count;
    struct sg_id allocation_ids[RECIPIENTS_MAX];
    PbAllocationRow *rows[RECIPIENTS_MAX];
    PbSlotRow *slots[RECIPIENTS_MAX];
};

static enum sg_err read_recipient(struct decision *d, struct recipients *r, ProtobufCBinaryData id,
                                  const char *object, struct sg_why *why)
{
    size_t i = r->count;
    r->allocation_ids[i] = id_of(id);
    for (size_t j = 0; j < i; j++)
        if (sg_id_equal(&r->allocation_ids[j], &r->allocation_ids[i]))
            return refuse(d, SG_ST_SCHEMA, object, "TWICE", "each member of the group once");
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &r->allocation_ids[i],
                               &pb_allocation_row__descriptor, &r->rows[i], why);
    if (err)
        return refuse_unknown(d, err, object);
    struct sg_id slot_id = id_of(r->rows[i]->slot_id);
    r->count++;
    return read_row(d->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &r->slots[i], why);
}

static enum sg_err read_recipients(struct decision *d, struct recipients *r, struct sg_why *why)
{
    const PbEquipmentIssued *e = d->event->envelope->equipment_issued;
    enum sg_err err = read_recipient(d, r, e->allocation_id, "equipment_issued.allocation_id", why);
    for (size_t i = 0; !err && !d->fault->code && i < e->n_group_allocation_ids; i++)
        err = read_recipient(d, r, e->group_allocation_ids[i],
                             "equipment_issued.group_allocation_ids", why);
    return err;
}

static bool same_recipients(const PbItemRow *item, const struct recipients *r)
{
    if (item->n_allocation_ids != r->count)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        struct sg_id id = id_of(item->allocation_ids[i]);
        bool found = false;
        for (size_t j = 0; j < r->count; j++)
            found |= sg_id_equal(&id, &r->allocation_ids[j]);
        if (!found)
            return false;
    }
    return true;
}

/* In stock; or on loan to the same, who may keep it. */
static enum sg_err check_available(struct decision *d, const PbItemRow *item,
                                   const struct recipients *r)
{
    bool grant = d->event->envelope->equipment_issued->basis ==
                 PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    bool keeps = grant && item->state == PB_ITEM_STATE_ON_LOAN && same_recipients(item, r);
    if (item->state == PB_ITEM_STATE_IN_STOCK || keeps)
        return SG_OK;
    return refuse(
        d, SG_ST_ITEM_NOT_AVAILABLE, "equipment_issued.item_id",
        protobuf_c_enum_descriptor_get_value(&pb_item_state__descriptor, (int)item->state)->name,
        "an item in stock, or one that is on loan to the same recipient");
}

static enum sg_err check_entitled(struct decision *d, const PbItemRow *item,
                                  const struct recipients *r)
{
    bool grant = d->event->envelope->equipment_issued->basis ==
                 PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    PbAllocationState needed = grant ? PB_ALLOCATION_STATE_COMPLETED : PB_ALLOCATION_STATE_OCCUPIED;
    for (size_t i = 0; i < r->count; i++)
        if (MUTATED(7, strcmp(r->slots[i]->slot->course_code, item->course_code) != 0, false))
            return refuse(d, SG_ST_COURSE_MISMATCH, "equipment_issued.item_id", NULL,
                          "an item for the course of the placement: %s",
                          r->slots[i]->slot->course_code);
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i]->state != needed &&
            MUTATED(8, true, r->rows[i]->state != PB_ALLOCATION_STATE_OCCUPIED))
            return refuse(d, SG_ST_NOT_ENTITLED, "equipment_issued.allocation_id",
                          grant ? "NOT_COMPLETED" : "NOT_IN_TRAINING",
                          grant ? "a placement that was completed"
                                : "a placement that has started and has not ended");
    return SG_OK;
}

/* By whatever name it was issued. */
static enum sg_err has_kit(struct ledger_turn *turn, const struct sg_id *person_id,
                           const char *kit_code, bool *out_has, struct sg_why *why)
{
    struct person_tree tree;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    *out_has = false;
    for (size_t i = 0; !err && i < tree.count; i++) {
        struct key key = {0};
        struct sg_bytes held;
        kit_key(key_id(&key, &tree.ids[i]), kit_code);
        enum sg_err found = table_get(turn->txn, TABLE_KITS_OF_PERSON, &key, &held, NULL);
        if (found && found != SG_E_NOT_FOUND)
            return sg_fail(why, found, "kits_of_person cannot be read");
        *out_has |= found == SG_OK;
    }
    return err;
}

static enum sg_err check_first_kit(struct decision *d, const PbItemRow *item,
                                   const struct recipients *r, struct sg_why *why)
{
    if (d->event->envelope->equipment_issued->basis !=
        PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION)
        return SG_OK;
    for (size_t i = 0; i < r->count; i++) {
        struct sg_id person = id_of(r->rows[i]->person_id);
        bool has = false;
        enum sg_err err = has_kit(d->turn, &person, item->kit_code, &has, why);
        if (err)
            return err;
        if (MUTATED(9, has, false))
            return refuse(d, SG_ST_ALREADY_ISSUED, "equipment_issued.allocation_id", NULL,
                          "a person who does not have this kit yet");
    }
    return SG_OK;
}

static enum sg_err is_recipient(struct ledger_turn *turn, const PbBastRow *row,
                                ProtobufCBinaryData person, bool *out_is, struct sg_why *why)
{
    struct sg_id id = id_of(person);
    struct person_tree tree;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, &id, &tree, why);
    *out_is = false;
    for (size_t j = 0; !err && j < row->n_person_ids; j++) {
        struct sg_id other = id_of(row->person_ids[j]);
        *out_is |= person_tree_holds(&tree, &other);
    }
    return err;
}

/* One BAST may list several items of one recipient or one group. */
static enum sg_err check_bast(struct decision *d, const PbItemRow *item, const struct recipients *r,
                              struct sg_why *why)
{
    const char *bast_no = d->event->envelope->equipment_issued->bast_no;
    struct key key = {0};
    PbBastRow *row = NULL;
    bast_key(&key, item->owner, bast_no);
    enum sg_err err = row_get(d->turn->txn, TABLE_BASTS, &key, &pb_bast_row__descriptor,
                              d->turn->arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    bool same = row->n_person_ids == r->count;
    for (size_t i = 0; same && i < r->count; i++) {
        err = is_recipient(d->turn, row, r->rows[i]->person_id, &same, why);
        if (err)
            return err;
    }
    return same ? SG_OK
                : refuse(d, SG_ST_BAST_REUSED, "equipment_issued.bast_no", NULL,
                         "a BAST number that you have not used for another recipient");
}

static void issue(struct decision *d, const struct sg_id *id, const PbItemRow *item,
                  const struct recipients *r)
{
    const PbEquipmentIssued *e = d->event->envelope->equipment_issued;
    bool grant = e->basis == PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    PbItemEffect *effect =
        item_effect(d, id, grant ? PB_ITEM_STATE_GRANTED : PB_ITEM_STATE_ON_LOAN);
    effect->has_issued = effect->issued = true;
    keep_item(d, item);
    effect->has_granted = effect->granted = grant;
    effect->n_allocation_ids = effect->n_person_ids = r->count;
    effect->allocation_ids = take(d->turn, r->count * sizeof effect->allocation_ids[0]);
    effect->person_ids = take(d->turn, r->count * sizeof effect->person_ids[0]);
    for (size_t i = 0; i < r->count; i++) {
        effect->allocation_ids[i] = data_of(d->turn, &r->allocation_ids[i]);
        effect->person_ids[i] = r->rows[i]->person_id;
        add_reader(d, r->rows[i]->case_owner, RELATION_CASE_OWNER);
        add_reader(d, r->rows[i]->slot_owner, RELATION_PROVIDER);
    }
    effect->has_case_id = true;
    effect->case_id = r->rows[0]->case_id;
    effect->case_owner = r->rows[0]->case_owner;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = item->version + 1;
    add_reader(d, item->owner, RELATION_EQUIPMENT);
}

static enum sg_err issue_limits(struct decision *d, const struct sg_id *id,
                                const struct recipients *r, struct sg_why *why)
{
    const PbEquipmentIssued *e = d->event->envelope->equipment_issued;
    if (e->basis != PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION)
        return SG_OK;
    enum sg_err err = deadline_end(d, RULE_RETURN, id, false, why);
    for (size_t i = 0; !err && i < r->count; i++)
        err = deadline_end(d, RULE_KIT, &r->allocation_ids[i], false, why);
    start_checks(d, id, d->effect->item, day_of(e->bast_date));
    return err;
}

enum sg_err decide_item_issued(struct decision *d, struct sg_why *why)
{
    const PbEquipmentIssued *e = d->event->envelope->equipment_issued;
    struct sg_id id = id_of(e->item_id);
    PbItemRow *item = NULL;
    struct recipients r = {0};
    enum sg_err err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &item, why);
    if (err)
        return refuse_unknown(d, err, "equipment_issued.item_id");
    err = read_recipients(d, &r, why);
    if (err || d->fault->code ||
        !owns(d, item->owner, "equipment_issued.item_id", "an item of your own"))
        return err;
    err = check_available(d, item, &r);
    if (!err && !d->fault->code)
        err = check_entitled(d, item, &r);
    if (!err && !d->fault->code)
        err = check_first_kit(d, item, &r, why);
    if (!err && !d->fault->code)
        err = check_bast(d, item, &r, why);
    if (err || d->fault->code)
        return err;
    struct sg_id person_id = id_of(r.rows[0]->person_id);
    about_person(d, &person_id);
    issue(d, &id, item, &r);
    err = issue_limits(d, &id, &r, why);
    return err ? err : queue_settle(d, &id, why);
}
