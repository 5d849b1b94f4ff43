/* apply.c - the fold: the only writer of shared rows. Reads clear part and effect, nothing else.
 *
 * Here: referrals, cases, and the order of all. apply_person.c, apply_seat.c, apply_item.c and
 * apply_time.c hold the rest, fold.h what they share.
 */
#include "ledger/fold.h"

#include "kit/check.h"
#include "wire/day.h"

void *fold_room(struct fold *f, size_t size)
{
    void *memory = sg_arena_alloc(f->arena, size);
    SG_CHECK(memory);
    return memory;
}

void *fold_grown(struct fold *f, const void *old, size_t count, size_t size)
{
    uint8_t *grown = fold_room(f, (count + 1) * size);
    if (count)
        memcpy(grown, old, count * size);
    return grown;
}

enum sg_err fold_get(struct fold *f, enum table table, ProtobufCBinaryData id,
                     const ProtobufCMessageDescriptor *descriptor, void *out_row)
{
    struct key key = {0};
    struct sg_id of = id_of(id);
    enum sg_err err =
        row_get(f->txn, table, key_id(&key, &of), descriptor, f->arena, out_row, f->why);
    return err == SG_E_NOT_FOUND
               ? sg_fail(f->why, SG_E_STORE, "%s: an effect names no row", table_name(table))
               : err;
}

enum sg_err fold_put(struct fold *f, enum table table, ProtobufCBinaryData id, const void *row)
{
    struct key key = {0};
    struct sg_id of = id_of(id);
    return row_put(f->txn, table, key_id(&key, &of), row, f->why);
}

enum sg_err fold_mark(struct fold *f, enum table table, const struct key *key)
{
    static const uint8_t nothing[1];
    return table_put(f->txn, table, key, (struct sg_bytes){nothing, 0}, f->why);
}

enum sg_err fold_unmark(struct fold *f, enum table table, const struct key *key)
{
    enum sg_err err = table_delete(f->txn, table, key, f->why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

/* ---- referral ---- */

PbObjectRow *fold_object_row(struct fold *f)
{
    const PbObjectEffect *effect = f->effect->object;
    PbObjectRow *row = fold_room(f, sizeof *row);
    PbEventRef *place = fold_room(f, sizeof *place);
    pb_object_row__init(row);
    pb_event_ref__init(place);
    uint8_t *outbox = fold_room(f, SG_ID_BYTES);
    memcpy(outbox, f->record->outbox_id.b, SG_ID_BYTES);
    place->has_outbox_id = place->has_number = true;
    place->outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, outbox};
    place->number = f->record->number;
    row->agency = f->record->rest->agency;
    row->place = place;
    row->has_content_hash = row->has_seq = true;
    row->content_hash = effect->content_hash;
    row->seq = f->record->seq;
    return row;
}

static enum sg_err create_referral(struct fold *f, const PbReferralEffect *e)
{
    struct key key = {0};
    struct sg_id id = id_of(e->referral_id);
    PbReferralRow row;
    char *targets[1] = {e->target};
    pb_referral_row__init(&row);
    row.referrer = e->referrer;
    row.has_kind = row.has_priority = row.has_state = row.has_case_id = row.has_person_id = true;
    row.kind = e->kind;
    row.priority = e->priority;
    row.state = e->state;
    row.n_targets = 1;
    row.targets = targets;
    row.case_id = e->case_id;
    row.person_id = e->person_id;
    row.has_version = true;
    row.version = 1;
    row.found_region = e->found_region;
    row.has_handed_over_ms = e->has_handed_over_ms;
    row.handed_over_ms = e->handed_over_ms;
    row.n_requested_services = e->n_requested_services;
    row.requested_services = e->requested_services;
    row.object = fold_object_row(f);
    row.has_occurred_on = true;
    row.occurred_on = sg_day_at(f->event->occurred_ms);
    enum sg_err err = fold_put(f, TABLE_REFERRALS, e->referral_id, &row);
    key_id(key_id(&key, &f->person_id), &id);
    return err ? err : fold_mark(f, TABLE_REFERRALS_OF_PERSON, &key);
}

static enum sg_err fold_referral(struct fold *f)
{
    const PbReferralEffect *e = f->effect->referral;
    PbReferralRow *row = NULL;
    if (!e)
        return SG_OK;
    if (e->created)
        return create_referral(f, e);
    enum sg_err err =
        fold_get(f, TABLE_REFERRALS, e->referral_id, &pb_referral_row__descriptor, &row);
    if (err)
        return err;
    row->state = e->state;
    row->version++;
    if (e->has_case_id)
        row->case_id = e->case_id;
    if (e->acknowledged)
        row->acknowledged = fold_object_row(f);
    if (e->target) {
        row->targets = fold_grown(f, row->targets, row->n_targets, sizeof *row->targets);
        row->targets[row->n_targets++] = e->target;
    }
    if (e->n_delivered) {
        row->delivered = fold_grown(f, row->delivered, row->n_delivered, sizeof *row->delivered);
        row->delivered[row->n_delivered++] = e->delivered[0];
    }
    return fold_put(f, TABLE_REFERRALS, e->referral_id, row);
}

/* ---- case ---- */

static enum sg_err newest_case(struct fold *f, const PbCaseEffect *e)
{
    enum sg_err err = fold_need_person(f);
    if (err)
        return err;
    PbPersonRow *person = f->person;
    f->person_changed = true;
    for (size_t i = 0; i < person->n_cases; i++)
        if (strcmp(person->cases[i]->owner, e->owner) == 0) {
            person->cases[i]->case_id = e->case_id;
            return SG_OK;
        }
    PbCaseOfPerson *added = fold_room(f, sizeof *added);
    pb_case_of_person__init(added);
    added->owner = e->owner;
    added->has_case_id = true;
    added->case_id = e->case_id;
    person->cases = fold_grown(f, person->cases, person->n_cases, sizeof *person->cases);
    person->cases[person->n_cases++] = added;
    return SG_OK;
}

static enum sg_err rewrite_waiting(struct fold *f, ProtobufCBinaryData id,
                                   const ProtobufCBinaryData *case_id, uint32_t band, uint32_t lost)
{
    PbAllocationRow *row = NULL;
    enum sg_err err = fold_get(f, TABLE_ALLOCATIONS, id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    struct sg_id of_case = id_of(row->case_id);
    struct sg_id wanted = case_id ? id_of(*case_id) : of_case;
    if (!sg_id_equal(&of_case, &wanted))
        return SG_OK;
    struct key key;
    struct sg_id slot = id_of(row->slot_id), of = id_of(id);
    waiting_key(&key, &slot, row->wait);
    err = table_delete(f->txn, TABLE_WAITING, &key, f->why);
    if (err)
        return err;
    if (case_id)
        row->wait->priority_band = band;
    row->wait->has_lost_without_fault = true;
    row->wait->lost_without_fault = lost;
    waiting_key(&key, &slot, row->wait);
    err = table_put(f->txn, TABLE_WAITING, &key, sg_id_bytes(&of), f->why);
    return err ? err : fold_put(f, TABLE_ALLOCATIONS, id, row);
}

enum sg_err fold_rewrite_waitings(struct fold *f, const ProtobufCBinaryData *case_id, uint32_t band)
{
    struct person_tree tree;
    uint32_t lost = 0;
    enum sg_err err = fold_need_tree(f, &tree);
    for (size_t i = 0; !err && i < tree.count; i++)
        lost += tree.rows[i]->lost_without_fault;
    for (size_t i = 0; !err && i < tree.count; i++)
        for (size_t j = 0; !err && j < tree.rows[i]->n_waiting_ids; j++)
            err = rewrite_waiting(f, tree.rows[i]->waiting_ids[j], case_id, band, lost);
    return err;
}

static void set_case_fields(struct fold *f, PbCaseRow *row, const PbCaseEffect *e)
{
    if (e->has_state) {
        row->has_state = true;
        row->state = e->state;
        row->version++;
    }
    if (e->has_minor) {
        row->has_minor = row->has_age_doubt = true;
        row->minor = e->minor;
        row->age_doubt = e->age_doubt;
    }
    if (e->has_not_ppks) {
        row->has_not_ppks = true;
        row->not_ppks = e->not_ppks;
    }
    if (e->has_priority_band) {
        row->has_priority_band = row->has_training_suitable = true;
        row->priority_band = e->priority_band;
        row->training_suitable = e->training_suitable;
    }
    if (f->event->envelope->assessment_completed) {
        row->has_assessed_seq = true;
        row->assessed_seq = f->record->seq;
    }
    if (e->has_assessed_seq) {
        row->has_assessed_seq = e->assessed_seq != 0;
        row->assessed_seq = e->assessed_seq;
    }
    if (e->has_plan_id) {
        row->has_plan_id = e->plan_id.len > 0;
        row->plan_id = e->plan_id;
    }
    if (e->has_mentored_from) {
        row->has_mentored_from = true;
        row->mentored_from = e->mentored_from;
    }
}

/* CLOSED, opened again, and what is counted by episode. */
static void set_closing(struct fold *f, PbCaseRow *row, const PbCaseEffect *e, PbCaseState before)
{
    if (e->has_closed_on) {
        row->has_closed_on = row->has_close_reason = row->has_closed_ms = true;
        row->has_state_before = true;
        row->closed_on = e->closed_on;
        row->close_reason = e->close_reason;
        row->closed_ms = f->record->accepted_ms;
        row->state_before = before;
    }
    if (e->reopened || e->resumed)
        row->has_closed_on = row->has_close_reason = row->has_closed_ms = row->has_state_before =
            false;
    if (e->reopened) {
        row->has_reopened = true;
        row->reopened++;
        row->has_mentored_from = false;
        row->n_food_on = 0;
    }
    if (e->food_given) {
        row->n_food_on = e->n_food_on;
        row->food_on = e->food_on;
    }
}

/* Whose case went to another owner reads what it wrote, until it has a case of its own again. */
static enum sg_err mark_transferred(struct fold *f, const PbCaseEffect *e, const char *owner)
{
    enum sg_err err = fold_need_person(f);
    for (size_t i = 0; !err && i < f->person->n_cases; i++) {
        PbCaseOfPerson *c = f->person->cases[i];
        if (strcmp(c->owner, owner) != 0)
            continue;
        c->has_transferred = c->transferred = e->state == PB_CASE_STATE_TRANSFERRED;
        f->person_changed = true;
    }
    return err;
}

/* The reference of a later relapse. */
static enum sg_err remember_closing(struct fold *f, const PbCaseEffect *e)
{
    if (e->close_reason != PB_CLOSE_REASON_INDEPENDENT &&
        e->close_reason != PB_CLOSE_REASON_REUNIFIED)
        return SG_OK;
    enum sg_err err = fold_need_person(f);
    if (err || (f->person->has_first_closed_on && f->person->first_closed_on <= e->closed_on))
        return err;
    f->person->has_first_closed_on = f->person_changed = true;
    f->person->first_closed_on = e->closed_on;
    return SG_OK;
}

static enum sg_err fold_case(struct fold *f, const PbCaseEffect *e)
{
    PbCaseRow *row = NULL, fresh;
    enum sg_err err = SG_OK;
    if (e->created) {
        pb_case_row__init(&fresh);
        row = &fresh;
        row->owner = e->owner;
        row->has_person_id = row->has_version = true;
        row->person_id = e->person_id;
        row->has_made_seq = true;
        row->made_seq = f->record->seq;
        row->has_previous_case_id = e->has_previous_case_id;
        row->previous_case_id = e->previous_case_id;
        err = newest_case(f, e);
    } else {
        err = fold_get(f, TABLE_CASES, e->case_id, &pb_case_row__descriptor, &row);
    }
    if (err)
        return err;
    bool band = !e->created && e->has_priority_band && e->priority_band != row->priority_band;
    PbCaseState before = row->state;
    set_case_fields(f, row, e);
    set_closing(f, row, e, before);
    if (e->state == PB_CASE_STATE_TRANSFERRED || e->created)
        err = mark_transferred(f, e, row->owner);
    if (!err && e->has_closed_on)
        err = remember_closing(f, e);
    if (err)
        return err;
    err = fold_put(f, TABLE_CASES, e->case_id, row);
    struct fold of_person = fold_of_person(f, row->person_id);
    return !err && band ? fold_rewrite_waitings(&of_person, &e->case_id, e->priority_band) : err;
}

/* ---- objects ---- */

static enum sg_err fold_object(struct fold *f)
{
    const PbEffect *effect = f->effect;
    const PbObjectEffect *e = effect->object;
    bool own_row =
        (effect->referral && (effect->referral->created || effect->referral->acknowledged)) ||
        (effect->slot && effect->slot->created) || (effect->item && effect->item->created) ||
        f->event->envelope->mentoring_plan_set;
    if (!e || own_row)
        return SG_OK; /* the object's own row keeps it */
    struct key key = {0};
    struct sg_id id = id_of(e->object_id);
    return row_put(f->txn, TABLE_OBJECTS, key_id(key_u8(&key, (uint8_t)e->type), &id),
                   fold_object_row(f), f->why);
}

/* ---- the record ---- */

static enum sg_err fold_persons_and_cases(struct fold *f)
{
    enum sg_err err = fold_person(f);
    if (!err)
        err = fold_referral(f);
    for (size_t i = 0; !err && i < f->effect->n_cases; i++)
        err = fold_case(f, f->effect->cases[i]);
    for (size_t i = 0; !err && i < f->effect->n_moves; i++)
        err = fold_move(f, f->effect->moves[i]);
    return err;
}

enum sg_err ledger_apply(struct txn *txn, const struct record *record, const struct sg_event *event,
                         struct sg_arena *arena, struct sg_why *why)
{
    static enum sg_err (*const steps[])(struct fold *) = {fold_persons_and_cases,
                                                          fold_slot,
                                                          fold_allocation,
                                                          fold_attendance,
                                                          fold_item,
                                                          fold_correction,
                                                          fold_consent,
                                                          fold_plans,
                                                          fold_visit,
                                                          fold_request,
                                                          fold_park,
                                                          fold_suspicion,
                                                          fold_link,
                                                          fold_object};
    struct fold f = {.txn = txn,
                     .record = record,
                     .event = event,
                     .effect = record->rest->effect,
                     .arena = arena,
                     .why = why,
                     .person_id = id_of(record->rest->person_id)};
    enum sg_err err = SG_OK;
    if (!f.effect)
        return SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(steps); i++)
        err = steps[i](&f);
    for (size_t i = 0; !err && i < f.effect->n_deadlines; i++)
        err = fold_deadline(&f, f.effect->deadlines[i]);
    struct key key = {0};
    if (!err && f.person_changed)
        err = row_put(txn, TABLE_PERSONS, key_id(&key, &f.person_id), f.person, why);
    return err;
}
