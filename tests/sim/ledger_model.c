#include "sim/ledger_model.h"

#include "ledger/deadline.h"

#include "kit/check.h"
#include "ledger/allocation.h"

#include <stdio.h>
#include <stdlib.h>

void model_init(struct model *model, struct ledger_city *city)
{
    *model = (struct model){.city = city};
    model->ended = calloc(MODEL_ENDED, sizeof *model->ended);
    SG_CHECK(model->ended);
}

static void forget_slot(struct model *model, size_t i)
{
    union {
        const uint8_t *from;
        void *to;
    } same = {model->slots[i].offered.ptr};
    free(same.to);
    model->slots[i] = model->slots[--model->slot_count];
}

void model_done(struct model *model)
{
    while (model->slot_count)
        forget_slot(model, 0);
    free(model->ended);
    *model = (struct model){0};
}

/* ---- what the accepted events say ---- */

static void take_slot(struct model *model, const PbEnvelope *envelope)
{
    const PbTrainingSlotOffered *offered = envelope->slot_offered;
    const PbDate *late = offered->late_entry_until;
    SG_CHECK(model->slot_count < MODEL_SLOTS);
    struct model_slot *slot = &model->slots[model->slot_count++];
    slot->id = id_of(offered->slot_id);
    (void)snprintf(slot->owner, sizeof slot->owner, "%s", envelope->publisher_agency);
    size_t size = protobuf_c_message_get_packed_size(&offered->base);
    uint8_t *bytes = malloc(size);
    SG_CHECK(bytes);
    (void)protobuf_c_message_pack(&offered->base, bytes);
    slot->offered = (struct sg_bytes){bytes, size};
    slot->closes_ms = sg_ms_of(offered->registration_closes_at);
    slot->over_ms = sg_day_start_ms(sg_day_of(late->year, late->month, late->day) + 2);
}

static void take_referral(struct model *model, const PbReferralEffect *effect)
{
    struct sg_id id = id_of(effect->referral_id);
    struct model_referral *referral = model_referral(model, &id);
    if (!referral) {
        referral = &model->referrals[model->referral_count++ % MODEL_REFERRALS];
        referral->id = id;
    }
    referral->state = effect->state;
    if (effect->target)
        (void)snprintf(referral->target, sizeof referral->target, "%s", effect->target);
}

struct model_referral *model_referral(struct model *model, const struct sg_id *id)
{
    for (size_t i = 0; i < MODEL_REFERRALS && i < model->referral_count; i++)
        if (sg_id_equal(&model->referrals[i].id, id))
            return &model->referrals[i];
    return NULL;
}

void model_take(struct model *model, const PbEnvelope *envelope, const PbEffect *effect)
{
    if (envelope->slot_offered)
        take_slot(model, envelope);
    if (effect->referral)
        take_referral(model, effect->referral);
    if (effect->person && effect->person->created)
        model->persons[model->person_count++ % MODEL_PERSONS] = id_of(effect->person->person_id);
}

/* ---- promises ---- */

/* One look at a slot, in the order in which it is told. */
struct look {
    struct model *model;
    struct ledger_turn turn; /* for the ledger's own readers */
    struct sg_id slot_id;
    PbSlotRow *slot;
    uint32_t seats, live, waiting;
};

static void *row_of(struct look *look, enum table table, const struct sg_id *id,
                    const ProtobufCMessageDescriptor *descriptor)
{
    struct sg_why why = {0};
    void *row = NULL;
    enum sg_err err = read_row(&look->turn, table, id, descriptor, &row, &why);
    SG_CHECK(!err || err == SG_E_NOT_FOUND);
    return err ? NULL : row;
}

static bool has_deadline(struct look *look, int64_t due_ms, const char *rule,
                         const struct sg_id *id)
{
    struct key key = {0};
    struct sg_bytes value;
    key_id(key_text(key_i64(&key, due_ms), rule), id);
    return table_get(look->turn.txn, TABLE_DUE, &key, &value, NULL) == SG_OK;
}

/* I8: what has ended stays as it ended. */
static bool stays_ended(struct model *model, const struct sg_id *id, PbAllocationState state)
{
    size_t at = sg_get_u32(id->b + 8) % MODEL_ENDED;
    while (model->ended[at].state && !sg_id_equal(&model->ended[at].id, id))
        at = (at + 1) % MODEL_ENDED;
    if (model->ended[at].state)
        return model->ended[at].state == state;
    if (!allocation_is_terminal(state))
        return true;
    SG_CHECK(++model->ended_count < MODEL_ENDED / 4 * 3);
    model->ended[at] = (struct model_ended){*id, (uint8_t)state};
    return true;
}

static const char *check_hold(struct look *look, const struct sg_id *id, const PbAllocationRow *row)
{
    int64_t now = look->model->city->now_ms;
    bool held = row->state == PB_ALLOCATION_STATE_HELD;
    if (!held)
        return NULL;
    if (row->hold_until_ms <= now)
        return "a hold that ran out is still held";
    int64_t warn_ms = row->hold_until_ms - 12 * SG_HOUR_MS;
    if (!has_deadline(look, warn_ms > now ? warn_ms : row->hold_until_ms, RULE_HOLD, id))
        return "a hold without a deadline";
    return NULL;
}

static const char *check_allocation(struct look *look, const struct sg_id *id)
{
    const PbAllocationRow *row =
        row_of(look, TABLE_ALLOCATIONS, id, &pb_allocation_row__descriptor);
    if (!row)
        return "an allocation without a row";
    bool live = allocation_is_live(row->state);
    look->live += live;
    look->waiting += row->state == PB_ALLOCATION_STATE_WAITLISTED;
    if (!stays_ended(look->model, id, row->state))
        return "I8: an allocation that has ended moved";
    if (live != (row->seat_no != 0))
        return "a seat number without a seat, or a seat without its number";
    if (allocation_is_terminal(row->state) != (row->terminal_ms != 0))
        return "the time of the end is not that of an end";
    struct sg_id person_id = id_of(row->person_id);
    const PbPersonRow *person = row_of(look, TABLE_PERSONS, &person_id, &pb_person_row__descriptor);
    struct sg_id live_id = person ? id_of(person->live_allocation_id) : person_id;
    if (live && (!person || !person->has_live_allocation_id || !sg_id_equal(&live_id, id)))
        return "I3: a live seat that is not the person's one";
    return check_hold(look, id, row);
}

static const char *each(struct look *look, enum table table,
                        const char *(*check)(struct look *look, const struct cursor *at))
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    struct key prefix = {0};
    const char *broken = NULL;
    SG_CHECK(!cursor_open(&cursor, look->turn.txn, table, &why));
    SG_CHECK(!cursor_seek(&cursor, key_id(&prefix, &look->slot_id), &why));
    while (!broken && cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        broken = check(look, &cursor);
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    return broken;
}

static const char *check_of_slot(struct look *look, const struct cursor *at)
{
    struct sg_id id;
    memcpy(id.b, at->key.ptr + SG_ID_BYTES, SG_ID_BYTES);
    return check_allocation(look, &id);
}

/* I1 is the key of the table; what it leads to must agree. */
static const char *check_seat(struct look *look, const struct cursor *at)
{
    struct sg_id id;
    SG_CHECK(!sg_id_from(at->value, &id));
    const PbAllocationRow *row =
        row_of(look, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor);
    look->seats++;
    if (!row || !allocation_is_live(row->state) || row->seat_no != at->key.ptr[SG_ID_BYTES])
        return "I1: a seat taken by an allocation that does not hold it";
    if (row->seat_no > look->slot->slot->capacity_offered)
        return "I2: a seat beyond the capacity";
    return NULL;
}

static bool waits(const PbPersonRow *person, const struct sg_id *id)
{
    for (size_t i = 0; i < person->n_waiting_ids; i++) {
        struct sg_id at = id_of(person->waiting_ids[i]);
        if (sg_id_equal(&at, id))
            return true;
    }
    return false;
}

static bool could_sit(struct look *look, const struct sg_id *person_id, const PbPersonRow *person)
{
    struct sg_why why = {0};
    struct identity identity;
    SG_CHECK(!person_identity(&look->turn, person_id, &identity, &why));
    return !person->has_live_allocation_id && !person->minor && !person->age_doubt &&
           !slot_ineligible(look->slot, &identity);
}

static const char *check_waiting(struct look *look, const struct cursor *at)
{
    struct sg_id id;
    struct key key;
    SG_CHECK(!sg_id_from(at->value, &id));
    const PbAllocationRow *row =
        row_of(look, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor);
    if (!row || row->state != PB_ALLOCATION_STATE_WAITLISTED)
        return "an entry of the waiting list that does not wait";
    struct sg_id person_id = id_of(row->person_id), case_id = id_of(row->case_id);
    const PbPersonRow *person = row_of(look, TABLE_PERSONS, &person_id, &pb_person_row__descriptor);
    const PbCaseRow *c = row_of(look, TABLE_CASES, &case_id, &pb_case_row__descriptor);
    waiting_key(&key, &look->slot_id, row->wait);
    if (!sg_bytes_equal(at->key, key_borrow(&key)))
        return "the entry stands where its row does not say";
    if (!person || !waits(person, &id))
        return "the person does not know that it waits";
    if (row->wait->lost_without_fault != person->lost_without_fault ||
        row->wait->priority_band != c->priority_band)
        return "the order is not that of the band and of seats lost";
    bool free = look->slot->live < look->slot->slot->capacity_offered;
    if (free && slot_takes_late_entry(look->slot, look->model->city->now_ms) &&
        could_sit(look, &person_id, person))
        return "a seat is free, and somebody waits who could have it";
    return NULL;
}

static const char *check_offer(struct look *look, const struct model_slot *slot)
{
    size_t size = protobuf_c_message_get_packed_size(&look->slot->slot->base);
    uint8_t *bytes = take(&look->turn, size);
    (void)protobuf_c_message_pack(&look->slot->slot->base, bytes);
    bool same = sg_bytes_equal((struct sg_bytes){bytes, size}, slot->offered);
    return same && strcmp(look->slot->owner, slot->owner) == 0
               ? NULL
               : "I5: the slot is not as its owner offered it";
}

static const char *check_slot(struct model *model, const struct model_slot *slot)
{
    struct ledger_city *city = model->city;
    struct look look = {.model = model,
                        .turn = {.txn = &city->txn, .arena = &city->read_arena},
                        .slot_id = slot->id};
    look.slot = row_of(&look, TABLE_SLOTS, &slot->id, &pb_slot_row__descriptor);
    if (!look.slot)
        return "a slot without a row";
    const char *broken = check_offer(&look, slot);
    if (!broken)
        broken = each(&look, TABLE_ALLOCATIONS_OF_SLOT, check_of_slot);
    if (!broken)
        broken = each(&look, TABLE_SEATS, check_seat);
    if (!broken)
        broken = each(&look, TABLE_WAITING, check_waiting);
    if (broken)
        return broken;
    if (look.live != look.slot->live || look.seats != look.live ||
        look.live > look.slot->slot->capacity_offered)
        return "I2: seats, live allocations and their count differ";
    if (look.waiting != look.slot->waiting)
        return "the waiting list and its count differ";
    int64_t end_ms = slot_late_entry_end_ms(look.slot);
    if (look.waiting && city->now_ms >= end_ms)
        return "somebody waits after the end of late entry";
    if ((look.waiting != 0) != has_deadline(&look, end_ms, RULE_WAITING_END, &slot->id))
        return "the end of the waiting list is not set, or set for nobody";
    return NULL;
}

static const char *check_person(struct model *model, const struct sg_id *person_id)
{
    struct ledger_city *city = model->city;
    struct look look = {.model = model, .turn = {.txn = &city->txn, .arena = &city->read_arena}};
    const PbPersonRow *person = row_of(&look, TABLE_PERSONS, person_id, &pb_person_row__descriptor);
    if (!person)
        return "a person without a row";
    for (size_t i = 0; i <= person->n_waiting_ids; i++) {
        bool live = i == person->n_waiting_ids;
        if (live && !person->has_live_allocation_id)
            break;
        struct sg_id id = id_of(live ? person->live_allocation_id : person->waiting_ids[i]);
        const PbAllocationRow *row =
            row_of(&look, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor);
        if (!row || !sg_id_equal(&(struct sg_id[]){id_of(row->person_id)}[0], person_id))
            return "a person holds what is not its own";
        if (live ? !allocation_is_live(row->state) : row->state != PB_ALLOCATION_STATE_WAITLISTED)
            return "a person holds or waits for what is in another state";
    }
    return person->n_waiting_ids > 3 ? "a person waits four times" : NULL;
}

static const char *check_referral(struct model *model, const struct model_referral *referral)
{
    struct ledger_city *city = model->city;
    struct look look = {.model = model, .turn = {.txn = &city->txn, .arena = &city->read_arena}};
    const PbReferralRow *row =
        row_of(&look, TABLE_REFERRALS, &referral->id, &pb_referral_row__descriptor);
    if (!row || !row->n_targets || row->state != referral->state)
        return "a referral is not in the state that its events give";
    return strcmp(row->targets[row->n_targets - 1], referral->target) == 0
               ? NULL
               : "I9: the current target is another one";
}

static const char *check_all(struct model *model)
{
    const char *broken = NULL;
    for (size_t i = 0; !broken && i < model->slot_count; i++)
        broken = check_slot(model, &model->slots[i]);
    for (size_t i = 0; !broken && i < MODEL_PERSONS && i < model->person_count; i++)
        broken = check_person(model, &model->persons[i]);
    for (size_t i = 0; !broken && i < MODEL_REFERRALS && i < model->referral_count; i++)
        broken = check_referral(model, &model->referrals[i]);
    return broken;
}

const char *model_check(struct model *model)
{
    city_read(model->city);
    const char *broken = check_all(model);
    txn_done(&model->city->txn);
    for (size_t i = model->slot_count; i-- > 0;)
        if (model->slots[i].over_ms < model->city->now_ms)
            forget_slot(model, i);
    return broken;
}
