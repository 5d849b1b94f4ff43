/* model_compare.c - the rows of the store beside the model, and what must hold between rows. */
#include "sim/model.h"

#include "kit/check.h"
#include "ledger/allocation.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

static bool same_id(ProtobufCBinaryData data, const struct sg_id *id)
{
    struct sg_id own = id_of(data);
    return sg_id_equal(&own, id);
}

/* ---- rows ---- */

void m_compare_person(struct model *m, const void *object)
{
    const struct m_person *p = object;
    const PbPersonRow *row = m_row(m, TABLE_PERSONS, &p->id, &pb_person_row__descriptor);
    M_EXPECT(m, row, "a person without a row", &p->id);
    if (!row)
        return;
    M_EXPECT(m, row->has_live_allocation_id == (p->live != NULL), "I3: the live seat", &p->id);
    M_EXPECT(m, !p->live || same_id(row->live_allocation_id, &p->live->id), "the live seat",
             &p->id);
    M_EXPECT(m, row->n_waiting_ids == p->waiting_count, "the waitings of a person", &p->id);
    for (size_t i = 0; !m->broken && i < row->n_waiting_ids; i++) {
        struct sg_id id = id_of(row->waiting_ids[i]);
        const struct m_seat *seat = pile_find(&m->seats, &id);
        M_EXPECT(m, seat && seat->person == p && seat->state == PB_ALLOCATION_STATE_WAITLISTED,
                 "a person waits for what is not its own", &p->id);
    }
    M_EXPECT(m, row->minor == p->minor && row->age_doubt == p->age_doubt, "minor, or in doubt",
             &p->id);
    M_EXPECT(m, row->lost_without_fault == p->lost, "seats lost without fault", &p->id);
    M_EXPECT(m, row->n_completed == p->completed_count, "courses completed", &p->id);
    M_EXPECT(m, row->restricted == p->restricted, "a restriction", &p->id);
    for (size_t i = 0; i < row->n_consents; i++) {
        const PbConsentOfPerson *said = row->consents[i];
        const struct m_consent *is = &p->consents[said->scope];
        M_EXPECT(m,
                 said->given == is->given && said->has_valid_until == is->ends &&
                     said->valid_until == is->valid_until,
                 "a consent", &p->id);
    }
}

void m_compare_case(struct model *m, const void *object)
{
    const struct m_case *c = object;
    const PbCaseRow *row = m_row(m, TABLE_CASES, &c->id, &pb_case_row__descriptor);
    M_EXPECT(m, row, "a case without a row", &c->id);
    if (!row)
        return;
    M_EXPECT(m, row->state == c->state, "a case is in another state", &c->id);
    M_EXPECT(m, row->priority_band == c->band, "a case has another band", &c->id);
    M_EXPECT(m, strcmp(row->owner, c->owner) == 0 && same_id(row->person_id, &c->person->id),
             "a case of another owner or person", &c->id);
    M_EXPECT(m, row->minor == c->minor && row->not_ppks == c->not_ppks, "a case of other flags",
             &c->id);
    M_EXPECT(m, row->age_doubt == c->age_doubt, "AGE_DOUBT of a case", &c->id);
    M_EXPECT(m, row->reopened == c->reopened && row->closed_on == c->closed_on,
             "a case that was closed or opened again", &c->id);
    M_EXPECT(m,
             row->has_plan_id == (c->plan != NULL) &&
                 (!c->plan || same_id(row->plan_id, &c->plan->id)),
             "a case of another plan", &c->id);
    const struct m_seat *live = m_live(c->person);
    bool trains = live && live->c == c && live->state == PB_ALLOCATION_STATE_OCCUPIED;
    M_EXPECT(m, trains == (row->state == PB_CASE_STATE_IN_TRAINING),
             "a case trains without its seat, or the other way round", &c->id);
}

void m_compare_referral(struct model *m, const void *object)
{
    const struct m_referral *r = object;
    const PbReferralRow *row = m_row(m, TABLE_REFERRALS, &r->id, &pb_referral_row__descriptor);
    M_EXPECT(m, row && row->state == r->state, "a referral is in another state", &r->id);
    if (!row)
        return;
    M_EXPECT(m, row->n_targets == r->target_count, "I9: targets of a referral", &r->id);
    M_EXPECT(m, m->broken || strcmp(row->targets[row->n_targets - 1], m_target(r)) == 0,
             "I9: the current target is another one", &r->id);
    M_EXPECT(m, same_id(row->case_id, &r->c->id), "a referral of another case", &r->id);
}

static bool same_offer(const struct m_slot *s, const PbTrainingSlotOffered *o)
{
    PbSchooling least = o->has_min_schooling ? o->min_schooling : PB_SCHOOLING_UNSPECIFIED;
    bool same = o->capacity_offered == s->capacity && o->class_size == s->class_size &&
                o->hold_hours == s->hold_hours && day_of(o->starts_on) == s->starts &&
                day_of(o->ends_on) == s->ends && day_of(o->late_entry_until) == s->late &&
                sg_ms_of(o->registration_closes_at) == s->closes_ms && o->sex == s->sex &&
                o->min_age == s->min_age && o->max_age == s->max_age &&
                o->cooldown_months == s->cooldown && least == s->least_schooling &&
                o->exclude_same_course == s->same_course_excluded &&
                o->n_regions == s->region_count && strcmp(o->course_code, s->course) == 0 &&
                strcmp(o->kit_code ? o->kit_code : "", s->kit) == 0;
    for (size_t i = 0; same && i < s->region_count; i++)
        same = strcmp(o->regions[i], s->regions[i]) == 0;
    return same;
}

void m_compare_slot(struct model *m, const void *object)
{
    const struct m_slot *s = object;
    const PbSlotRow *row = m_row(m, TABLE_SLOTS, &s->id, &pb_slot_row__descriptor);
    M_EXPECT(m, row, "a slot without a row", &s->id);
    if (!row)
        return;
    M_EXPECT(m, strcmp(row->owner, s->owner) == 0 && same_offer(s, row->slot),
             "I5: a slot is not as its owner says", &s->id);
    M_EXPECT(m, row->live == s->live && row->waiting == s->waiting_count,
             "I2: seats and waitings of a slot", &s->id);
    M_EXPECT(m, row->version == s->version, "a slot has another version", &s->id);
    M_EXPECT(m, row->cancelled == s->cancelled, "a slot is cancelled, or is not", &s->id);
}

static void compare_waiting(struct model *m, const struct m_seat *seat, const PbAllocationRow *row)
{
    struct key key;
    struct sg_bytes value;
    M_EXPECT(m,
             row->wait->override == seat->override && row->wait->requested_seq == seat->seq &&
                 row->wait->priority_band == seat->band &&
                 row->wait->lost_without_fault == m_lost(seat->person),
             "the waiting order of a row is another one", &seat->id);
    waiting_key(&key, &seat->slot->id, row->wait);
    M_EXPECT(m,
             table_get(m->txn, TABLE_WAITING, &key, &value, NULL) == SG_OK &&
                 value.len == SG_ID_BYTES && memcmp(value.ptr, seat->id.b, SG_ID_BYTES) == 0,
             "somebody waits, and stands in no list", &seat->id);
}

void m_compare_seat(struct model *m, const void *object)
{
    const struct m_seat *seat = object;
    const PbAllocationRow *row =
        m_row(m, TABLE_ALLOCATIONS, &seat->id, &pb_allocation_row__descriptor);
    M_EXPECT(m, row && row->state == seat->state, "I8: a seat is in another state", &seat->id);
    if (!row)
        return;
    M_EXPECT(m, row->seat_no == seat->seat_no, "a seat of another number", &seat->id);
    M_EXPECT(m, row->hold_until_ms == seat->hold_until_ms, "a hold until another time", &seat->id);
    M_EXPECT(m, same_id(row->case_id, &seat->c->id) && strcmp(row->case_owner, seat->c->owner) == 0,
             "a seat of another case", &seat->id);
    M_EXPECT(m, m_is_over(seat->state) == (row->terminal_ms != 0), "the time of its end",
             &seat->id);
    if (!m->broken && seat->state == PB_ALLOCATION_STATE_WAITLISTED)
        compare_waiting(m, seat, row);
}

void m_compare_plan(struct model *m, const void *object)
{
    const struct m_plan *plan = object;
    const PbPlanRow *row = m_row(m, TABLE_PLANS, &plan->id, &pb_plan_row__descriptor);
    M_EXPECT(m, row && row->state == plan->state, "a plan is in another state", &plan->id);
    if (!row)
        return;
    M_EXPECT(m, strcmp(row->owner, plan->owner) == 0 && same_id(row->case_id, &plan->c->id),
             "a plan of another case", &plan->id);
    M_EXPECT(m, row->starts_on == plan->starts_on && row->ended_on == plan->ended_on,
             "a plan from another day, or to another one", &plan->id);
    M_EXPECT(m, row->n_checkpoints == plan->checkpoint_count, "checkpoints of a plan", &plan->id);
    for (size_t i = 0; !m->broken && i < row->n_checkpoints; i++) {
        const PbCheckpointRow *is = row->checkpoints[i];
        const struct m_checkpoint *c = &plan->checkpoints[i];
        M_EXPECT(m, strcmp(is->code, c->code) == 0 && is->due_on == c->due_on,
                 "a checkpoint on another day", &plan->id);
        M_EXPECT(m, is->has_done_seq == c->done && (c->done || is->passed == c->passed),
                 "a checkpoint is done, or passed over", &plan->id);
    }
}

void m_compare_request(struct model *m, const void *object)
{
    const struct m_request *r = object;
    const PbRequestRow *row = m_row(m, TABLE_REQUESTS, &r->id, &pb_request_row__descriptor);
    M_EXPECT(m, row && row->status == r->status && row->kind == r->kind,
             "a request is in another state", &r->id);
}

void m_compare_item(struct model *m, const void *object)
{
    const struct m_item *item = object;
    const PbItemRow *row = m_row(m, TABLE_ITEMS, &item->id, &pb_item_row__descriptor);
    M_EXPECT(m, row && row->state == item->state, "an item is in another state", &item->id);
    if (!row)
        return;
    M_EXPECT(m, strcmp(row->owner, item->owner) == 0 && strcmp(row->kit_code, item->kit) == 0,
             "an item of another owner or kind", &item->id);
    M_EXPECT(m, row->n_allocation_ids == item->seat_count && row->n_person_ids == item->seat_count,
             "an item of another group", &item->id);
    for (size_t i = 0; !m->broken && i < item->seat_count; i++)
        M_EXPECT(m,
                 same_id(row->allocation_ids[i], &item->seats[i]->id) &&
                     same_id(row->person_ids[i], &item->seats[i]->person->id),
                 "an item of another group", &item->id);
    M_EXPECT(m, row->has_case_id == (item->c != NULL), "an item of a case", &item->id);
    M_EXPECT(m,
             !item->c || (same_id(row->case_id, &item->c->id) &&
                          strcmp(row->case_owner, item->c->owner) == 0),
             "an item of another case", &item->id);
}

/* ---- tables ---- */

/* Walk a table; what is read of one row is dropped again. */
static uint64_t walk(struct model *m, enum table table,
                     void (*look)(struct model *m, const struct cursor *at))
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    uint64_t count = 0;
    SG_CHECK(!cursor_open(&cursor, m->txn, table, &why) && !cursor_first(&cursor, &why));
    while (!m->broken && cursor.key.ptr) {
        sg_arena_reset(&m->arena, 0);
        count++;
        if (look)
            look(m, &cursor);
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    return count;
}

struct sg_id m_id_at(const uint8_t *bytes)
{
    struct sg_id id;
    memcpy(id.b, bytes, SG_ID_BYTES);
    return id;
}

static void look_at_seat(struct model *m, const struct cursor *at)
{
    struct sg_id slot_id = m_id_at(at->key.ptr), id = m_id_at(at->value.ptr);
    const struct m_slot *s = pile_find(&m->slots, &slot_id);
    const struct m_seat *seat = s ? s->seats[at->key.ptr[SG_ID_BYTES]] : NULL;
    M_EXPECT(m, seat && sg_id_equal(&seat->id, &id), "I1: a seat is taken by another", &id);
}

static uint64_t wanted_waitings(const struct model *m)
{
    uint64_t count = 0;
    for (size_t i = 0; i < m->slots.count; i++)
        count += ((const struct m_slot *)m->slots.all[i])->waiting_count;
    return count;
}

static uint64_t wanted_seats(const struct model *m)
{
    uint64_t count = 0;
    for (size_t i = 0; i < m->slots.count; i++)
        count += ((const struct m_slot *)m->slots.all[i])->live;
    return count;
}

static uint64_t basts_in_use(const struct model *m)
{
    uint64_t count = 0;
    for (size_t i = 0; i < m->basts.count; i++)
        count += ((const struct m_bast *)m->basts.all[i])->uses != 0;
    return count;
}

void m_compare_tables(struct model *m)
{
    const struct {
        enum table table;
        uint64_t wanted;
        void (*look)(struct model *m, const struct cursor *at);
        const char *what;
    } tables[] = {{TABLE_SEATS, wanted_seats(m), look_at_seat, "I1: other seats are taken"},
                  {TABLE_WAITING, wanted_waitings(m), NULL, "others wait"},
                  {TABLE_PARKED, m->parked_count, NULL, "other events are parked"},
                  {TABLE_PARKED_OF_AGENCY, m->parked_count, NULL, "parked events of agencies"},
                  {TABLE_DEADLINES, m_wanted_limits(m), m_look_at_limit, "a deadline is not set"},
                  {TABLE_ALLOCATIONS, m->seats.count, NULL, "allocations that no event made"},
                  {TABLE_CASES, m->cases.count, NULL, "cases that no event made"},
                  {TABLE_REFERRALS, m->referrals.count, NULL, "referrals that no event made"},
                  {TABLE_PERSONS, m->persons.count, NULL, "persons that no event made"},
                  {TABLE_ITEMS, m->items.count, NULL, "items that no event made"},
                  {TABLE_PLANS, m->plans.count, NULL, "plans that no event made"},
                  {TABLE_BASTS, basts_in_use(m), NULL, "BAST numbers that no event made"},
                  {TABLE_DUE, UINT64_MAX, m_look_at_due, NULL}};
    for (size_t i = 0; !m->broken && i < SG_ARRAY_LEN(tables); i++) {
        uint64_t count = walk(m, tables[i].table, tables[i].look);
        if (tables[i].table == TABLE_DEADLINES && !m->broken && count != tables[i].wanted)
            m_name_limit(m);
        M_EXPECT(m, tables[i].wanted == UINT64_MAX || count == tables[i].wanted, tables[i].what,
                 NULL);
    }
}
