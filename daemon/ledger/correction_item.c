/* correction_item.c - E24 of E16, E17 and E18: what an item is, who got it, what somebody saw of
 * it.
 *
 * The effect of an E17 and of an E18 keeps the item as it stood before: undoing one puts that back,
 * as long as nothing has happened to the item since.
 */
#include "ledger/correction.h"
#include "ledger/deadline.h"
#include "ledger/equipment.h"
#include "ledger/parking.h"

enum { E_ISSUED = 117 };

struct item {
    struct sg_id id;
    PbItemRow *row;
};

static enum sg_err read_item(struct decision *d, ProtobufCBinaryData id, struct item *out,
                             struct sg_why *why)
{
    out->id = id_of(id);
    enum sg_err err =
        read_row(d->turn, TABLE_ITEMS, &out->id, &pb_item_row__descriptor, &out->row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "an item without a row") : err;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = out->row->version + 1;
    return SG_OK;
}

/* The item as it stands from now on. */
static PbItemRestated *put_item(struct decision *d, const struct correction *c,
                                const struct item *item, const PbItemRow *as)
{
    PbItemRestated *change = TAKE(d->turn, PbItemRestated);
    pb_item_restated__init(change);
    change->has_item_id = true;
    change->item_id = data_of(d->turn, &item->id);
    change->row = TAKE(d->turn, PbItemRow);
    *change->row = *as;
    change->row->object = item->row->object;
    if (as->has_case_id && item->row->has_case_id) { /* it may have gone to another owner since */
        change->row->case_id = item->row->case_id;
        change->row->case_owner = item->row->case_owner;
    }
    change->row->has_version = true;
    change->row->version = item->row->version + 1;
    c->effect->item = change;
    return change;
}

/* ---- E16 ---- */

static bool never_issued(const struct item *item, const struct correction *c)
{
    return item->row->touched_seq == c->seq;
}

enum sg_err correct_item(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbEquipmentRegistered *e = c->event.envelope->equipment_registered;
    struct item item = {0};
    enum sg_err err = read_item(d, e->item_id, &item, why);
    if (err)
        return err;
    bool same = strcmp(e->kit_code, item.row->kit_code) == 0 &&
                strcmp(e->course_code, item.row->course_code) == 0;
    if (!same && !never_issued(&item, c))
        return refuse(d, SG_ST_BAD_TRANSITION, "event_corrected.replacement.kit_code", "ISSUED",
                      "kit_code and course_code as they are: the item was issued as such");
    PbItemRow as = *item.row;
    as.kit_code = e->kit_code;
    as.course_code = e->course_code;
    (void)put_item(d, c, &item, &as);
    return SG_OK;
}

enum sg_err annul_item(struct decision *d, const struct correction *c, struct sg_why *why)
{
    struct item item = {0};
    enum sg_err err = read_item(d, c->stated.envelope->equipment_registered->item_id, &item, why);
    if (err)
        return err;
    if (!never_issued(&item, c))
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "ISSUED",
                      "an item that was never issued; write it off with equipment.checked");
    PbItemRow as = *item.row;
    as.state = PB_ITEM_STATE_ANNULLED;
    (void)put_item(d, c, &item, &as);
    return queue_settle(d, &item.id, why);
}

/* ---- E17 ---- */

/* The kit of somebody whose item goes back to the shelf is owed again, from when it was owed. */
static enum sg_err issue_limits(struct decision *d, const struct correction *c,
                                const struct item *item, const PbItemRow *as, struct sg_why *why)
{
    restore_deadline(d, c->rest->effect, RULE_KIT);
    return item_limits_anew(d, &item->id, as, why);
}

enum sg_err annul_issue(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbItemEffect *issued = c->rest->effect->item;
    struct item item = {0};
    enum sg_err err = read_item(d, c->stated.envelope->equipment_issued->item_id, &item, why);
    if (err)
        return err;
    if (item.row->touched_seq != c->seq)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object,
                      item.row->issued_seq == c->seq ? "CHECKED" : "ISSUED",
                      "the last equipment.issued of an item that nobody has checked since");
    PbItemRestated *change = put_item(d, c, &item, issued->before);
    change->has_kits_before = change->kits_before = issued->granted;
    change->has_bast_freed = change->bast_freed = true;
    err = issue_limits(d, c, &item, change->row, why);
    return err ? err : queue_settle(d, &item.id, why);
}

/* ---- E18 ---- */

/* Does the first recipient have this very item as a kit of its kind; or another one. */
static enum sg_err kit_of(struct decision *d, const struct item *item, const PbItemRow *as,
                          bool *out_this, struct sg_id *out_other, struct sg_why *why)
{
    *out_this = false;
    *out_other = (struct sg_id){{0}};
    for (size_t i = 0; i < as->n_person_ids; i++) {
        struct key key = {0};
        struct sg_bytes held;
        struct sg_id person = id_of(as->person_ids[i]), has;
        kit_key(key_id(&key, &person), as->kit_code);
        enum sg_err err = table_get(d->turn->txn, TABLE_KITS_OF_PERSON, &key, &held, why);
        if (err == SG_E_NOT_FOUND)
            continue;
        if (err || sg_id_from(held, &has))
            return err ? err : sg_fail(why, SG_E_STORE, "kits_of_person: a row without an item");
        if (sg_id_equal(&has, &item->id))
            *out_this = true;
        else
            *out_other = has;
    }
    return SG_OK;
}

static enum sg_err last_check(struct decision *d, const struct correction *c,
                              const struct item *item)
{
    if (item->row->touched_seq == c->seq)
        return SG_OK;
    return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "LATER",
                  "the last equipment.checked of the item; undo what came later first");
}

/* Put the item to what it is from now on; has_kit: its recipients have the kit then. */
static enum sg_err put_checked(struct decision *d, const struct correction *c,
                               const struct item *item, const PbItemRow *as, bool has_kit,
                               struct sg_why *why)
{
    struct dependants on = {"", 0};
    struct sg_id other;
    bool has = false;
    PbItemRow *of_other = NULL;
    enum sg_err err = kit_of(d, item, c->rest->effect->item->before, &has, &other, why);
    if (err)
        return err;
    if (has_kit && !sg_id_is_zero(&other)) {
        err = read_row(d->turn, TABLE_ITEMS, &other, &pb_item_row__descriptor, &of_other, why);
        if (!err)
            depends(&on, E_ISSUED, of_other->issued_seq);
        return err ? err : refuse_dependants(d, &on);
    }
    PbItemRestated *change = put_item(d, c, item, as);
    change->has_kits_before = change->has_kits_after = true;
    change->kits_before = has;
    change->kits_after = has_kit;
    err = item_limits_anew(d, &item->id, change->row, why);
    return err ? err : queue_settle(d, &item->id, why);
}

static bool was_granted(const PbItemRow *row)
{
    return row->state == PB_ITEM_STATE_GRANTED ||
           (row->state == PB_ITEM_STATE_AT_RISK && row->previous_state == PB_ITEM_STATE_GRANTED);
}

enum sg_err annul_check(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbItemRow *before = c->rest->effect->item->before;
    struct item item = {0};
    enum sg_err err = read_item(d, c->stated.envelope->equipment_checked->item_id, &item, why);
    if (!err)
        err = last_check(d, c, &item);
    if (err || d->fault->code)
        return err;
    return put_checked(d, c, &item, before, was_granted(before), why);
}

enum sg_err correct_check(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbItemRow *before = c->rest->effect->item->before;
    const PbEquipmentChecked *e = c->event.envelope->equipment_checked;
    struct item item = {0};
    PbItemRow as;
    enum sg_err err = read_item(d, e->item_id, &item, why);
    if (!err)
        err = last_check(d, c, &item);
    if (!err && !d->fault->code)
        err = item_checked_as(d, before, e, c->seq, &as);
    if (err || d->fault->code)
        return err;
    bool gone = as.state == PB_ITEM_STATE_IN_STOCK;
    return put_checked(d, c, &item, &as, was_granted(before) && !gone, why);
}
