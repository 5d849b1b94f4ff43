/* apply_item.c - the fold of equipment: items, who has which kit, BAST numbers. */
#include "ledger/equipment.h"
#include "ledger/fold.h"

static enum sg_err create_item(struct fold *f, const PbItemEffect *e)
{
    const PbEquipmentRegistered *said = f->event->envelope->equipment_registered;
    PbItemRow row;
    struct key key = {0};
    struct sg_id id = id_of(e->item_id);
    pb_item_row__init(&row);
    row.owner = f->record->rest->agency;
    row.has_state = row.has_version = true;
    row.state = PB_ITEM_STATE_IN_STOCK;
    row.version = 1;
    row.kit_code = said->kit_code;
    row.course_code = said->course_code;
    row.object = fold_object_row(f);
    row.has_touched_seq = true;
    row.touched_seq = f->record->seq;
    enum sg_err err = fold_put(f, TABLE_ITEMS, e->item_id, &row);
    if (!err)
        err = table_put(f->txn, TABLE_ITEMS_BY_SEQ, key_u64(&key, f->record->seq), sg_id_bytes(&id),
                        f->why);
    key = (struct key){0};
    kit_key(&key, said->kit_code);
    return err ? err : fold_mark(f, TABLE_KIT_OWNERS, key_text(&key, row.owner));
}

enum sg_err fold_mark_kits(struct fold *f, const PbItemRow *row, ProtobufCBinaryData item_id,
                           bool has)
{
    enum sg_err err = SG_OK;
    struct sg_id item = id_of(item_id);
    for (size_t i = 0; !err && i < row->n_person_ids; i++) {
        struct key key = {0};
        struct sg_id person = id_of(row->person_ids[i]);
        kit_key(key_id(&key, &person), row->kit_code);
        err = has ? table_put(f->txn, TABLE_KITS_OF_PERSON, &key, sg_id_bytes(&item), f->why)
                  : fold_unmark(f, TABLE_KITS_OF_PERSON, &key);
    }
    return err;
}

enum sg_err fold_mark_allocations(struct fold *f, const PbItemRow *row, ProtobufCBinaryData item_id,
                                  bool has)
{
    enum sg_err err = SG_OK;
    struct sg_id item = id_of(item_id);
    for (size_t i = 0; !err && i < row->n_allocation_ids; i++) {
        struct key key = {0};
        struct sg_id allocation = id_of(row->allocation_ids[i]);
        key_id(key_id(&key, &allocation), &item);
        err = has ? fold_mark(f, TABLE_ITEMS_OF_ALLOCATION, &key)
                  : fold_unmark(f, TABLE_ITEMS_OF_ALLOCATION, &key);
    }
    return err;
}

static enum sg_err issue(struct fold *f, const PbItemEffect *e, PbItemRow *row)
{
    const PbEquipmentIssued *said = f->event->envelope->equipment_issued;
    PbBastRow *known = NULL, bast;
    struct key key = {0};
    row->n_allocation_ids = e->n_allocation_ids;
    row->allocation_ids = e->allocation_ids;
    row->n_person_ids = e->n_person_ids;
    row->person_ids = e->person_ids;
    row->has_case_id = true;
    row->case_id = e->case_id;
    row->case_owner = e->case_owner;
    row->bast_no = said->bast_no;
    row->has_bast_on = row->has_custody_until = true;
    row->bast_on = day_of(said->bast_date);
    row->custody_until = day_of(said->custody_until);
    row->has_finding = row->has_recalled = row->has_checked_on = false;
    row->has_issued_seq = true;
    row->issued_seq = f->record->seq;
    pb_bast_row__init(&bast);
    bast.n_person_ids = e->n_person_ids;
    bast.person_ids = e->person_ids;
    bast_key(&key, row->owner, said->bast_no);
    enum sg_err err =
        row_get(f->txn, TABLE_BASTS, &key, &pb_bast_row__descriptor, f->arena, &known, f->why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    bast.has_uses = true;
    bast.uses = known ? known->uses + 1 : 1;
    err = row_put(f->txn, TABLE_BASTS, &key, &bast, f->why);
    return err ? err : fold_mark_allocations(f, row, e->item_id, true);
}

/* Back in stock: nobody has it. */
static enum sg_err take_back(struct fold *f, const PbItemEffect *e, PbItemRow *row)
{
    enum sg_err err = fold_mark_allocations(f, row, e->item_id, false);
    row->n_allocation_ids = row->n_person_ids = 0;
    row->has_case_id = row->has_bast_on = row->has_custody_until = false;
    row->case_owner = row->bast_no = NULL;
    row->has_recalled = row->has_issued_seq = row->has_checked_on = false;
    return err;
}

static void note_check(struct fold *f, PbItemRow *row)
{
    const PbEquipmentChecked *said = f->event->envelope->equipment_checked;
    int32_t day = said ? day_of(said->checked_on) : 0;
    if (!said || (row->has_checked_on && row->checked_on >= day))
        return;
    row->has_checked_on = true;
    row->checked_on = day;
}

enum sg_err fold_item(struct fold *f)
{
    const PbItemEffect *e = f->effect->item;
    PbItemRow *row = NULL;
    if (!e)
        return SG_OK;
    if (e->created)
        return create_item(f, e);
    enum sg_err err = fold_get(f, TABLE_ITEMS, e->item_id, &pb_item_row__descriptor, &row);
    if (err)
        return err;
    row->version++;
    row->has_touched_seq = true;
    row->touched_seq = f->record->seq;
    row->state = e->state;
    row->has_previous_state = e->has_previous_state;
    row->previous_state = e->previous_state;
    if (e->issued)
        err = issue(f, e, row);
    note_check(f, row);
    if (e->has_finding) {
        row->has_finding = true;
        row->finding = e->finding;
    }
    if (e->recalled)
        row->has_recalled = row->recalled = true;
    if (!err && (e->granted || e->given_back))
        err = fold_mark_kits(f, row, e->item_id, e->granted);
    if (!err && e->state == PB_ITEM_STATE_IN_STOCK)
        err = take_back(f, e, row);
    return err ? err : fold_put(f, TABLE_ITEMS, e->item_id, row);
}
