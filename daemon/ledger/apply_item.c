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
    enum sg_err err = fold_put(f, TABLE_ITEMS, e->item_id, &row);
    if (!err)
        err = table_put(f->txn, TABLE_ITEMS_BY_SEQ, key_u64(&key, f->record->seq), sg_id_bytes(&id),
                        f->why);
    key = (struct key){0};
    kit_key(&key, said->kit_code);
    return err ? err : fold_mark(f, TABLE_KIT_OWNERS, key_text(&key, row.owner));
}

/* Each of the recipients has this kit, or has it no more. */
static enum sg_err mark_kits(struct fold *f, const PbItemRow *row, ProtobufCBinaryData item_id,
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

static enum sg_err mark_allocations(struct fold *f, const PbItemRow *row,
                                    ProtobufCBinaryData item_id, bool has)
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
    PbBastRow bast;
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
    row->has_finding = row->has_recalled = false;
    pb_bast_row__init(&bast);
    bast.n_person_ids = e->n_person_ids;
    bast.person_ids = e->person_ids;
    bast_key(&key, row->owner, said->bast_no);
    enum sg_err err = row_put(f->txn, TABLE_BASTS, &key, &bast, f->why);
    return err ? err : mark_allocations(f, row, e->item_id, true);
}

/* Back in stock: nobody has it. */
static enum sg_err take_back(struct fold *f, const PbItemEffect *e, PbItemRow *row)
{
    enum sg_err err = mark_allocations(f, row, e->item_id, false);
    row->n_allocation_ids = row->n_person_ids = 0;
    row->has_case_id = row->has_bast_on = row->has_custody_until = false;
    row->case_owner = row->bast_no = NULL;
    row->has_recalled = false;
    return err;
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
    row->state = e->state;
    row->has_previous_state = e->has_previous_state;
    row->previous_state = e->previous_state;
    if (e->issued)
        err = issue(f, e, row);
    if (e->has_finding) {
        row->has_finding = true;
        row->finding = e->finding;
    }
    if (e->recalled)
        row->has_recalled = row->recalled = true;
    if (!err && (e->granted || e->given_back))
        err = mark_kits(f, row, e->item_id, e->granted);
    if (!err && e->state == PB_ITEM_STATE_IN_STOCK)
        err = take_back(f, e, row);
    return err ? err : fold_put(f, TABLE_ITEMS, e->item_id, row);
}
