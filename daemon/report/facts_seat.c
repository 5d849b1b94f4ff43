/* facts_seat.c - slots and what became of each claim on them. */
#include "report/facts.h"

#include "wire/day.h"

enum { E08 = 108, E09 = 109, E10 = 110, E13 = 113, E15 = 115 };

/* ---- slots ---- */

static uint32_t slot_of(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->slot_ids, &id);
    if (at == m->slots.count) {
        struct slot *s = POOL_ADD(m->arena, &m->slots, struct slot);
        *s = (struct slot){
            .owner = NOTHING, .course = NOTHING, .kit = NOTHING, .starts_on = DAY_NONE};
    }
    return at;
}

static void set_capacity(struct slot *s, uint32_t capacity)
{
    s->capacity = capacity;
    if (capacity > s->capacity_max)
        s->capacity_max = capacity;
}

static void take_offer(struct facts *m, const struct fact *f)
{
    const PbTrainingSlotOffered *e = f->envelope->slot_offered;
    uint32_t at = e && f->states ? slot_of(m, e->slot_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct slot *s = SLOT(m, at);
    s->owner = facts_agency(m, f->agency);
    s->course = names_add(m->arena, &m->courses, e->course_code);
    s->kit = names_add(m->arena, &m->kits, e->kit_code);
    s->starts_on = facts_day(e->starts_on);
    set_capacity(s, e->capacity_offered);
}

static void take_change(struct facts *m, const struct fact *f)
{
    const PbTrainingSlotChanged *e = f->envelope->slot_changed;
    uint32_t at = e && f->states ? slot_of(m, e->slot_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct slot *s = SLOT(m, at);
    if (e->has_capacity_offered)
        set_capacity(s, e->capacity_offered);
    if (e->starts_on)
        s->starts_on = facts_day(e->starts_on);
}

static void take_cancel(struct facts *m, const struct fact *f)
{
    const PbTrainingSlotCancelled *e = f->envelope->slot_cancelled;
    uint32_t at = e && f->states ? slot_of(m, e->slot_id) : NOTHING;
    if (at != NOTHING)
        SLOT(m, at)->cancelled = true;
}

/* ---- allocations ---- */

uint32_t facts_allocation(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->allocation_ids, &id);
    if (at == m->allocations.count) {
        struct allocation *a = POOL_ADD(m->arena, &m->allocations, struct allocation);
        *a = (struct allocation){.slot = NOTHING,
                                 .person = NOTHING,
                                 .case_no = NOTHING,
                                 .episode = NOTHING,
                                 .started_on = DAY_NONE,
                                 .ended_on = DAY_NONE};
    }
    return at;
}

static void describe(struct facts *m, const PbAllocationEffect *e, struct allocation *a)
{
    if (e->has_slot_id)
        a->slot = slot_of(m, e->slot_id);
    if (e->has_person_id)
        a->person = facts_person(m, e->person_id);
    uint32_t case_no = e->has_case_id ? facts_case(m, e->case_id) : NOTHING;
    if (case_no == NOTHING)
        return;
    a->case_no = case_no;
    a->episode = CASE(m, a->case_no)->episode;
}

/* What a change of state says of how the claim went. */
static void note_move(struct allocation *a, PbAllocationState to, int64_t at_ms)
{
    PbAllocationState from = a->state;
    if (to == PB_ALLOCATION_STATE_WAITLISTED && !a->waiting_ms)
        a->waiting_ms = at_ms;
    if (from == PB_ALLOCATION_STATE_WAITLISTED && to != from)
        a->left_waiting_ms = at_ms;
    if (to == PB_ALLOCATION_STATE_HELD && !a->held_ms)
        a->held_ms = at_ms;
    if (to == PB_ALLOCATION_STATE_RESERVED && from != to)
        a->reserved_ms = at_ms;
    if (to == PB_ALLOCATION_STATE_CONFIRMED && from == PB_ALLOCATION_STATE_RESERVED)
        a->confirmed_ms = at_ms;
    if (to == PB_ALLOCATION_STATE_EXPIRED) {
        a->hold_expired = from == PB_ALLOCATION_STATE_HELD;
        a->waited_to_the_end = from == PB_ALLOCATION_STATE_WAITLISTED;
    }
}

static void take_allocation(struct facts *m, const struct fact *f)
{
    const PbAllocationEffect *e = f->effect->allocation;
    uint32_t at = e ? facts_allocation(m, e->allocation_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct allocation *a = ALLOCATION(m, at);
    describe(m, e, a);
    if (e->has_state) {
        note_move(a, e->state, f->accepted_ms);
        a->state_ms = f->accepted_ms;
        a->state = e->state;
    }
    if (e->seat_no)
        a->seat_no = e->seat_no;
}

static void take_start(struct facts *m, const struct fact *f)
{
    const PbPlacementStarted *e = f->envelope->placement_started;
    uint32_t at = e && f->states ? facts_allocation(m, e->allocation_id) : NOTHING;
    if (at != NOTHING)
        ALLOCATION(m, at)->started_on = facts_day(e->started_on);
}

static void take_end(struct facts *m, const struct fact *f)
{
    const PbPlacementEnded *e = f->envelope->placement_ended;
    uint32_t at = e && f->states ? facts_allocation(m, e->allocation_id) : NOTHING;
    if (at == NOTHING)
        return;
    ALLOCATION(m, at)->ended_on = facts_day(e->ended_on);
    ALLOCATION(m, at)->result = e->result;
}

void facts_take_seat(struct facts *m, const struct fact *f)
{
    take_allocation(m, f);
    if (f->type == E08)
        take_offer(m, f);
    else if (f->type == E09)
        take_change(m, f);
    else if (f->type == E10)
        take_cancel(m, f);
    else if (f->type == E13)
        take_start(m, f);
    else if (f->type == E15)
        take_end(m, f);
}
