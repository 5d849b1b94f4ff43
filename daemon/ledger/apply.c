/* apply.c - the fold: the only writer of shared rows. Reads clear part and effect, nothing else. */
#include "ledger/allocation.h"

#include "kit/check.h"

struct fold {
    struct txn *txn;
    const struct record *record;
    const struct sg_event *event;
    const PbEffect *effect;
    struct sg_arena *arena;
    struct sg_why *why;
    struct sg_id person_id;
    PbPersonRow *person; /* read when first needed, written once at the end */
    bool person_changed;
};

static void *room(struct fold *f, size_t size)
{
    void *memory = sg_arena_alloc(f->arena, size);
    SG_CHECK(memory);
    return memory;
}

static enum sg_err get(struct fold *f, enum table table, ProtobufCBinaryData id,
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

static enum sg_err put(struct fold *f, enum table table, ProtobufCBinaryData id, const void *row)
{
    struct key key = {0};
    struct sg_id of = id_of(id);
    return row_put(f->txn, table, key_id(&key, &of), row, f->why);
}

/* ---- person ---- */

static enum sg_err need_person(struct fold *f)
{
    struct key key = {0};
    if (f->person)
        return SG_OK;
    enum sg_err err = row_get(f->txn, TABLE_PERSONS, key_id(&key, &f->person_id),
                              &pb_person_row__descriptor, f->arena, &f->person, f->why);
    return err == SG_E_NOT_FOUND ? sg_fail(f->why, SG_E_STORE, "an effect names no person") : err;
}

static void add_refs(struct fold *f, const PbPersonEffect *effect)
{
    PbPersonRow *row = f->person;
    PbPersonRefGrant **refs = room(f, (row->n_refs + effect->n_refs) * sizeof *refs);
    if (row->n_refs)
        memcpy(refs, row->refs, row->n_refs * sizeof *refs);
    memcpy(refs + row->n_refs, effect->refs, effect->n_refs * sizeof *refs);
    row->refs = refs;
    row->n_refs += effect->n_refs;
    f->person_changed = true;
}

static enum sg_err fold_person(struct fold *f)
{
    const PbPersonEffect *effect = f->effect->person;
    enum sg_err err = SG_OK;
    if (!effect)
        return SG_OK;
    if (effect->created) {
        f->person = room(f, sizeof *f->person);
        pb_person_row__init(f->person);
        f->person_changed = true;
    } else if (effect->n_refs || effect->has_minor) {
        err = need_person(f);
    }
    if (!err && effect->has_minor &&
        (f->person->minor != effect->minor || f->person->age_doubt != effect->age_doubt)) {
        f->person->has_minor = f->person->has_age_doubt = true;
        f->person->minor = effect->minor;
        f->person->age_doubt = effect->age_doubt;
        f->person_changed = true;
    }
    if (!err && effect->n_refs)
        add_refs(f, effect);
    return err;
}

/* ---- referral ---- */

static PbObjectRow *object_row(struct fold *f)
{
    const PbObjectEffect *effect = f->effect->object;
    PbObjectRow *row = room(f, sizeof *row);
    PbEventRef *place = room(f, sizeof *place);
    pb_object_row__init(row);
    pb_event_ref__init(place);
    uint8_t *outbox = room(f, SG_ID_BYTES);
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
    row.object = object_row(f);
    enum sg_err err = put(f, TABLE_REFERRALS, e->referral_id, &row);
    key_id(key_id(&key, &f->person_id), &id);
    static const uint8_t nothing[1];
    return err ? err
               : table_put(f->txn, TABLE_REFERRALS_OF_PERSON, &key, (struct sg_bytes){nothing, 0},
                           f->why);
}

static enum sg_err fold_referral(struct fold *f)
{
    const PbReferralEffect *e = f->effect->referral;
    PbReferralRow *row = NULL;
    if (!e)
        return SG_OK;
    if (e->created)
        return create_referral(f, e);
    enum sg_err err = get(f, TABLE_REFERRALS, e->referral_id, &pb_referral_row__descriptor, &row);
    if (err)
        return err;
    row->state = e->state;
    row->version++;
    if (e->has_case_id)
        row->case_id = e->case_id;
    if (e->target) {
        char **targets = room(f, (row->n_targets + 1) * sizeof *targets);
        memcpy(targets, row->targets, row->n_targets * sizeof *targets);
        targets[row->n_targets++] = e->target;
        row->targets = targets;
    }
    return put(f, TABLE_REFERRALS, e->referral_id, row);
}

/* ---- case ---- */

static enum sg_err newest_case(struct fold *f, const PbCaseEffect *e)
{
    enum sg_err err = need_person(f);
    if (err)
        return err;
    PbPersonRow *person = f->person;
    f->person_changed = true;
    for (size_t i = 0; i < person->n_cases; i++)
        if (strcmp(person->cases[i]->owner, e->owner) == 0) {
            person->cases[i]->case_id = e->case_id;
            return SG_OK;
        }
    PbCaseOfPerson **cases = room(f, (person->n_cases + 1) * sizeof *cases);
    if (person->n_cases)
        memcpy(cases, person->cases, person->n_cases * sizeof *cases);
    PbCaseOfPerson *added = room(f, sizeof *added);
    pb_case_of_person__init(added);
    added->owner = e->owner;
    added->has_case_id = true;
    added->case_id = e->case_id;
    cases[person->n_cases++] = added;
    person->cases = cases;
    return SG_OK;
}

/* The order of waiting follows the band: entries of the person are rewritten when it changes. */
static enum sg_err rewrite_waitings(struct fold *f, ProtobufCBinaryData case_id, uint32_t band)
{
    static const ProtobufCBinaryData any;
    enum sg_err err = need_person(f);
    for (size_t i = 0; !err && i < f->person->n_waiting_ids; i++) {
        ProtobufCBinaryData id = f->person->waiting_ids[i];
        PbAllocationRow *row = NULL;
        struct key key;
        err = get(f, TABLE_ALLOCATIONS, id, &pb_allocation_row__descriptor, &row);
        struct sg_id of_case = {{0}}, wanted = id_of(case_id), of, slot;
        if (err)
            break;
        of_case = id_of(row->case_id);
        if (case_id.data != any.data && !sg_id_equal(&of_case, &wanted))
            continue;
        slot = id_of(row->slot_id);
        of = id_of(id);
        waiting_key(&key, &slot, row->wait);
        err = table_delete(f->txn, TABLE_WAITING, &key, f->why);
        if (err)
            break;
        if (case_id.data != any.data)
            row->wait->priority_band = band;
        row->wait->has_lost_without_fault = true;
        row->wait->lost_without_fault = f->person->lost_without_fault;
        waiting_key(&key, &slot, row->wait);
        err = table_put(f->txn, TABLE_WAITING, &key, sg_id_bytes(&of), f->why);
        if (!err)
            err = put(f, TABLE_ALLOCATIONS, id, row);
    }
    return err;
}

static void set_case_fields(PbCaseRow *row, const PbCaseEffect *e)
{
    row->has_state = true;
    row->state = e->state;
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
        row->has_previous_case_id = e->has_previous_case_id;
        row->previous_case_id = e->previous_case_id;
        err = newest_case(f, e);
    } else {
        err = get(f, TABLE_CASES, e->case_id, &pb_case_row__descriptor, &row);
    }
    if (err)
        return err;
    bool band = !e->created && e->has_priority_band && e->priority_band != row->priority_band;
    set_case_fields(row, e);
    row->version++;
    err = put(f, TABLE_CASES, e->case_id, row);
    return !err && band ? rewrite_waitings(f, e->case_id, e->priority_band) : err;
}

/* ---- slot ---- */

static enum sg_err fold_slot(struct fold *f)
{
    const PbSlotEffect *e = f->effect->slot;
    if (!e)
        return SG_OK;
    PbSlotRow row;
    struct key key = {0};
    struct sg_id id = id_of(e->slot_id);
    pb_slot_row__init(&row);
    row.owner = e->owner;
    row.has_version = row.has_live = row.has_waiting = true;
    row.version = 1;
    row.slot = f->event->envelope->slot_offered;
    row.object = object_row(f);
    enum sg_err err = put(f, TABLE_SLOTS, e->slot_id, &row);
    return err ? err
               : table_put(f->txn, TABLE_SLOTS_BY_SEQ, key_u64(&key, f->record->seq),
                           sg_id_bytes(&id), f->why);
}

/* ---- allocation ---- */

static enum sg_err move_seat_row(struct fold *f, const PbAllocationRow *row, bool was, bool is,
                                 uint32_t old_seat, const struct sg_id *id)
{
    struct sg_id slot = id_of(row->slot_id);
    struct key key = {0};
    enum sg_err err = SG_OK;
    if (was && (!is || old_seat != row->seat_no))
        err = table_delete(f->txn, TABLE_SEATS, key_u8(key_id(&key, &slot), (uint8_t)old_seat),
                           f->why);
    if (err || !is || (was && old_seat == row->seat_no))
        return err;
    struct sg_bytes taken;
    key = (struct key){0};
    key_u8(key_id(&key, &slot), (uint8_t)row->seat_no);
    err = table_get(f->txn, TABLE_SEATS, &key, &taken, NULL);
    SG_CHECK(err == SG_E_NOT_FOUND); /* a seat is never given twice */
    return table_put(f->txn, TABLE_SEATS, &key, sg_id_bytes(id), f->why);
}

static enum sg_err move_waiting_row(struct fold *f, const PbAllocationRow *row, bool was, bool is,
                                    const struct sg_id *id)
{
    struct sg_id slot = id_of(row->slot_id);
    struct key key;
    if (was == is)
        return SG_OK;
    waiting_key(&key, &slot, row->wait);
    return is ? table_put(f->txn, TABLE_WAITING, &key, sg_id_bytes(id), f->why)
              : table_delete(f->txn, TABLE_WAITING, &key, f->why);
}

static void drop_waiting(PbPersonRow *person, const struct sg_id *id)
{
    for (size_t i = 0; i < person->n_waiting_ids; i++) {
        struct sg_id at = id_of(person->waiting_ids[i]);
        if (!sg_id_equal(&at, id))
            continue;
        memmove(&person->waiting_ids[i], &person->waiting_ids[i + 1],
                (person->n_waiting_ids - i - 1) * sizeof person->waiting_ids[0]);
        person->n_waiting_ids--;
        return;
    }
}

static enum sg_err move_person(struct fold *f, const PbAllocationEffect *e, bool was_live,
                               bool is_live, bool was_waiting, bool is_waiting,
                               const struct sg_id *id)
{
    enum sg_err err = need_person(f);
    if (err)
        return err;
    PbPersonRow *person = f->person;
    f->person_changed = true;
    SG_CHECK(!is_live || was_live || !person->has_live_allocation_id);
    if (was_live != is_live) {
        person->has_live_allocation_id = is_live;
        person->live_allocation_id = e->allocation_id;
    }
    if (was_waiting && !is_waiting)
        drop_waiting(person, id);
    if (is_waiting && !was_waiting) {
        ProtobufCBinaryData *ids = room(f, (person->n_waiting_ids + 1) * sizeof *ids);
        if (person->n_waiting_ids)
            memcpy(ids, person->waiting_ids, person->n_waiting_ids * sizeof *ids);
        ids[person->n_waiting_ids++] = e->allocation_id;
        person->waiting_ids = ids;
    }
    if (e->lost_without_fault) {
        person->has_lost_without_fault = true;
        person->lost_without_fault++;
    }
    return SG_OK;
}

static enum sg_err move_slot(struct fold *f, const PbAllocationRow *row, int live, int waiting)
{
    PbSlotRow *slot = NULL;
    enum sg_err err = get(f, TABLE_SLOTS, row->slot_id, &pb_slot_row__descriptor, &slot);
    if (err)
        return err;
    slot->version++;
    slot->live = (uint32_t)((int)slot->live + live);
    slot->waiting = (uint32_t)((int)slot->waiting + waiting);
    SG_CHECK(slot->live <= slot->slot->capacity_offered);
    return put(f, TABLE_SLOTS, row->slot_id, slot);
}

static enum sg_err create_allocation(struct fold *f, const PbAllocationEffect *e,
                                     PbAllocationRow *row)
{
    struct key key = {0};
    struct sg_id slot = id_of(e->slot_id), id = id_of(e->allocation_id);
    pb_allocation_row__init(row);
    row->has_slot_id = row->has_person_id = row->has_case_id = row->has_request_id = true;
    row->slot_id = e->slot_id;
    row->person_id = e->person_id;
    row->case_id = e->case_id;
    row->request_id = e->request_id;
    row->case_owner = e->case_owner;
    row->slot_owner = e->slot_owner;
    row->wait = e->wait;
    row->has_waived = true;
    row->waived = e->waived;
    static const uint8_t nothing[1];
    return table_put(f->txn, TABLE_ALLOCATIONS_OF_SLOT, key_id(key_id(&key, &slot), &id),
                     (struct sg_bytes){nothing, 0}, f->why);
}

static void set_allocation(struct fold *f, PbAllocationRow *row, const PbAllocationEffect *e,
                           bool was_live)
{
    row->has_state = row->has_seat_no = true;
    row->state = e->state;
    row->seat_no = e->seat_no;
    row->has_hold_until_ms = e->has_hold_until_ms;
    row->hold_until_ms = e->hold_until_ms;
    row->has_terminal_ms = e->has_terminal_ms;
    row->terminal_ms = e->terminal_ms;
    row->has_warned = row->warned = false;
    if (e->seat_no && !was_live) {
        row->has_seat_seq = true;
        row->seat_seq = f->record->seq;
    }
}

static enum sg_err mark_warned(struct fold *f, const PbAllocationEffect *e)
{
    PbAllocationRow *row = NULL;
    enum sg_err err =
        get(f, TABLE_ALLOCATIONS, e->allocation_id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    row->has_warned = row->warned = true;
    return put(f, TABLE_ALLOCATIONS, e->allocation_id, row);
}

static enum sg_err fold_allocation(struct fold *f)
{
    const PbAllocationEffect *e = f->effect->allocation;
    PbAllocationRow *row = NULL, fresh;
    if (!e)
        return SG_OK;
    if (!e->has_state)
        return mark_warned(f, e);
    struct sg_id id = id_of(e->allocation_id);
    enum sg_err err = SG_OK;
    if (e->created)
        err = create_allocation(f, e, row = &fresh);
    else
        err = get(f, TABLE_ALLOCATIONS, e->allocation_id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    bool was_live = allocation_is_live(row->state), is_live = allocation_is_live(e->state);
    bool was_waiting = row->state == PB_ALLOCATION_STATE_WAITLISTED;
    bool is_waiting = e->state == PB_ALLOCATION_STATE_WAITLISTED;
    SG_CHECK(!allocation_is_terminal(row->state)); /* what has ended stays ended */
    uint32_t old_seat = row->seat_no;
    if (was_waiting && !is_waiting)
        err = move_waiting_row(f, row, true, false, &id);
    set_allocation(f, row, e, was_live);
    if (!err && is_waiting && !was_waiting)
        err = move_waiting_row(f, row, false, true, &id);
    if (!err)
        err = move_seat_row(f, row, was_live, is_live, old_seat, &id);
    if (!err)
        err = put(f, TABLE_ALLOCATIONS, e->allocation_id, row);
    if (!err)
        err = move_slot(f, row, is_live - was_live, is_waiting - was_waiting);
    if (!err)
        err = move_person(f, e, was_live, is_live, was_waiting, is_waiting, &id);
    if (!err && e->lost_without_fault)
        err = rewrite_waitings(f, (ProtobufCBinaryData){0, NULL}, 0);
    return err;
}

/* ---- deadlines and objects ---- */

static enum sg_err fold_deadline(struct fold *f, const PbDeadlineEffect *e)
{
    struct key key = {0};
    struct sg_id id = id_of(e->id);
    key_id(key_text(key_i64(&key, e->due_ms), e->rule), &id);
    if (e->clear) {
        enum sg_err err = table_delete(f->txn, TABLE_DEADLINES, &key, f->why);
        return err == SG_E_NOT_FOUND ? SG_OK : err; /* it may have passed already */
    }
    PbDeadlineRow row;
    pb_deadline_row__init(&row);
    row.has_level = true;
    row.level = e->level;
    return row_put(f->txn, TABLE_DEADLINES, &key, &row, f->why);
}

static enum sg_err fold_object(struct fold *f)
{
    const PbObjectEffect *e = f->effect->object;
    if (!e || f->effect->referral || f->effect->slot)
        return SG_OK; /* the object's own row keeps it */
    struct key key = {0};
    struct sg_id id = id_of(e->object_id);
    return row_put(f->txn, TABLE_OBJECTS, key_id(key_u8(&key, (uint8_t)e->type), &id),
                   object_row(f), f->why);
}

enum sg_err ledger_apply(struct txn *txn, const struct record *record, const struct sg_event *event,
                         struct sg_arena *arena, struct sg_why *why)
{
    struct fold f = {.txn = txn,
                     .record = record,
                     .event = event,
                     .effect = record->rest->effect,
                     .arena = arena,
                     .why = why,
                     .person_id = id_of(record->rest->person_id)};
    if (!f.effect)
        return SG_OK;
    enum sg_err err = fold_person(&f);
    if (!err)
        err = fold_referral(&f);
    for (size_t i = 0; !err && i < f.effect->n_cases; i++)
        err = fold_case(&f, f.effect->cases[i]);
    if (!err)
        err = fold_slot(&f);
    if (!err)
        err = fold_allocation(&f);
    for (size_t i = 0; !err && i < f.effect->n_deadlines; i++)
        err = fold_deadline(&f, f.effect->deadlines[i]);
    if (!err)
        err = fold_object(&f);
    struct key key = {0};
    if (!err && f.person_changed)
        err = row_put(txn, TABLE_PERSONS, key_id(&key, &f.person_id), f.person, why);
    return err;
}

/* ---- rows with personal fields ---- */

static bool statement(const struct sg_event *event, PbIdentityRow *row)
{
    pb_identity_row__init(row);
    const PbReferralSubmitted *e01 = event->envelope->referral_submitted;
    const PbAssessmentCompleted *e05 = event->envelope->assessment_completed;
    if (e01) {
        row->person = e01->person;
        row->n_urgent_needs = e01->n_urgent_needs;
        row->urgent_needs = e01->urgent_needs;
    }
    if (e05) {
        row->person = e05->person;
        row->has_schooling = e05->has_schooling;
        row->schooling = e05->schooling;
        row->n_health_limits = e05->n_health_limits;
        row->health_limits = e05->health_limits;
    }
    return row->person || row->n_urgent_needs || row->has_schooling || row->n_health_limits;
}

enum sg_err ledger_apply_personal(struct txn *txn, const struct record *record,
                                  const struct sg_event *event, const struct sg_broker_key *keys,
                                  struct sg_arena *arena, struct sg_why *why)
{
    PbIdentityRow row;
    struct key key = {0};
    struct sg_id person_id = id_of(record->rest->person_id);
    (void)arena;
    if (record->rest->kind == PB_RECORD_KIND_DERIVED || !record->personal.len ||
        !record->rest->has_person_id || !statement(event, &row))
        return SG_OK;
    enum sg_err err =
        row_put(txn, TABLE_IDENTITIES, key_u64(key_id(&key, &person_id), record->seq), &row, why);
    if (err || !row.person || !row.person->nik)
        return err;
    struct key token = {0};
    struct sg_bytes known;
    person_nik_token(keys, row.person->nik, &token);
    err = table_get(txn, TABLE_NIK_TOKENS, &token, &known, NULL);
    return err == SG_E_NOT_FOUND
               ? table_put(txn, TABLE_NIK_TOKENS, &token, sg_id_bytes(&person_id), why)
               : err;
}
