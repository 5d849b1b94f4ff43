/* acts_training.c - slots, seats and placements: E08 to E15. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>

#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

enum { SLOTS_WANTED = 16 };

static const struct {
    const char *course, *kit;
} courses[] = {{"MOTORCYCLE_SERVICE", "KIT-MOTOR-A"},
               {"BARBER", "KIT-BARBER-A"},
               {"EMBROIDERY", "KIT-SULAM-A"},
               {"SEWING", NULL}};

/* ---- E08 ---- */

static void set_conditions(struct acts *a, PbTrainingSlotOffered *s)
{
    if (one_in(a, 5))
        s->sex = one_in(a, 2) ? PB_SEX_RULE_FEMALE : PB_SEX_RULE_MALE;
    s->min_age = one_in(a, 2) ? 0 : 18;
    s->max_age = one_in(a, 6) ? 60 : 0;
    if (one_in(a, 8)) {
        s->regions = SG_NEW(a->arena, char *);
        SG_CHECK(s->regions);
        s->regions[s->n_regions++] = act_text(a, "14.71");
    }
    s->has_min_schooling = one_in(a, 6);
    s->min_schooling = PB_SCHOOLING_PRIMARY;
    s->exclude_same_course = one_in(a, 4);
    s->cooldown_months = one_in(a, 6) ? 1 + (uint32_t)below(a, 3) : 0;
}

PbEnvelope *act_offer(struct acts *a)
{
    struct sg_id id;
    if (a->model->open_slot_count >= SLOTS_WANTED)
        return NULL;
    PbEnvelope *e =
        sample_slot(&a->sample, a->arena, 1 + (uint32_t)below(a, one_in(a, 3) ? 4 : 2), &id);
    PbTrainingSlotOffered *s = e->slot_offered;
    int32_t begins = act_today(a) + 3 + (int32_t)below(a, 10);
    size_t course = below(a, SG_ARRAY_LEN(courses));
    const char *owner = one_in(a, 3)   ? act_agency_with(a, PB_CAPABILITY_TRAINING_PROVIDER)
                        : one_in(a, 3) ? "dinsos"
                                       : "disnaker";
    id = act_new_id(a);
    if (a->slots_ahead_count && one_in(a, 3)) {
        id = a->slots_ahead[--a->slots_ahead_count];
        owner = "disnaker";
    }
    e->publisher_agency = act_text(a, owner);
    s->slot_id = act_id(a, &id);
    s->course_code = act_text(a, courses[course].course);
    s->kit_code = courses[course].kit && !one_in(a, 4) ? act_text(a, courses[course].kit) : NULL;
    s->starts_on = act_date(a, begins);
    s->ends_on = act_date(a, begins + (int32_t)below(a, 25));
    s->late_entry_until = act_date(a, begins + (int32_t)below(a, 15));
    s->registration_closes_at = act_time(a, sg_day_start_ms(begins - (int32_t)below(a, 3)) -
                                                (int64_t)below(a, 3600) * 1000);
    s->hold_hours = 24 + (uint32_t)below(a, 145);
    set_conditions(a, s);
    return e;
}

/* ---- E09, E10 ---- */

static struct m_slot *pick_slot(struct acts *a)
{
    size_t count = a->model->open_slot_count;
    if (!count)
        return NULL;
    if (one_in(a, 25))
        return a->model->slots.all[below(a, a->model->slots.count)];
    return a->model->open_slots[below(a, count)];
}

static void move_dates(struct acts *a, PbTrainingSlotChanged *c, const struct m_slot *s)
{
    int32_t by = (int32_t)below(a, 23) - 8;
    c->starts_on = act_date(a, s->starts + by);
    c->ends_on = act_date(a, s->ends + by);
    c->late_entry_until = act_date(a, s->late + by);
    c->registration_closes_at = act_time(a, s->closes_ms + by * SG_DAY_MS);
}

static void change_conditions(struct acts *a, PbTrainingSlotChanged *c)
{
    switch (below(a, 5)) {
    case 0:
        c->has_sex = true;
        c->sex = (PbSexRule)(1 + below(a, 3));
        break;
    case 1:
        c->has_min_age = c->has_max_age = true;
        c->min_age = (uint32_t)below(a, 2) * 18;
        c->max_age = (uint32_t)below(a, 2) * 60;
        break;
    case 2:
        c->has_min_schooling = true;
        c->min_schooling = one_in(a, 2) ? PB_SCHOOLING_NONE : PB_SCHOOLING_PRIMARY;
        break;
    case 3:
        c->regions = SG_NEW(a->arena, PbRegionList);
        SG_CHECK(c->regions);
        pb_region_list__init(c->regions);
        break;
    default:
        c->has_exclude_same_course = c->has_cooldown_months = true;
        c->exclude_same_course = one_in(a, 2);
        c->cooldown_months = (uint32_t)below(a, 3);
        break;
    }
}

static void change_something(struct acts *a, PbTrainingSlotChanged *c, const struct m_slot *s)
{
    switch (below(a, 5)) {
    case 0:
        c->has_capacity_offered = true;
        c->capacity_offered = s->capacity + 1 + (uint32_t)below(a, 2);
        break;
    case 1:
        c->has_capacity_offered = true;
        c->capacity_offered = s->capacity > 1 ? s->capacity - 1 : 1;
        break;
    case 2: move_dates(a, c, s); break;
    case 3: c->late_entry_until = act_date(a, s->starts + (int32_t)below(a, 16)); break;
    default: change_conditions(a, c); break;
    }
}

PbEnvelope *act_change(struct acts *a)
{
    const struct m_slot *s = pick_slot(a);
    bool ahead = a->slots_ahead_count < ACTS_PLANNED && one_in(a, 12);
    if (!s)
        return NULL;
    PbEnvelope *e = act_envelope(a, "slot.changed", ahead ? "disnaker" : s->owner);
    PAYLOAD(a, PbTrainingSlotChanged, c)
    pb_training_slot_changed__init(c);
    c->has_slot_id = true;
    c->slot_id = act_id(a, &s->id);
    c->reason = act_text(a, "jadwal");
    e->has_expected_version = true;
    e->expected_version = s->version;
    if (one_in(a, 10) && s->version > 1)
        e->expected_version -= 1 + below(a, s->version - 1);
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->slot_changed = c;
    if (!ahead) {
        change_something(a, c, s);
        return e;
    }
    struct sg_id id = act_new_id(a);
    a->slots_ahead[a->slots_ahead_count++] = id;
    c->slot_id = act_id(a, &id);
    e->expected_version = 1;
    c->has_capacity_offered = true;
    c->capacity_offered = 1 + (uint32_t)below(a, 6);
    return e;
}

PbEnvelope *act_cancel(struct acts *a)
{
    const struct m_slot *s = pick_slot(a);
    if (!s)
        return NULL;
    PbEnvelope *e = act_envelope(a, "slot.cancelled", s->owner);
    PAYLOAD(a, PbTrainingSlotCancelled, c)
    pb_training_slot_cancelled__init(c);
    c->has_slot_id = c->has_reason = true;
    c->slot_id = act_id(a, &s->id);
    c->reason = PB_TRAINING_SLOT_CANCELLED__REASON_BUDGET;
    e->has_expected_version = true;
    e->expected_version = one_in(a, 10) ? s->version + 1 : s->version;
    e->slot_cancelled = c;
    for (int i = 0; i < 12 && !c->has_alternative_slot_id; i++) {
        const struct m_slot *other = pick_slot(a);
        bool fits = other != s && other->owner == s->owner &&
                    m_slot_state(a->model, other) == PB_SLOT_STATE_OPEN;
        if (!fits && !one_in(a, 60))
            continue;
        c->has_alternative_slot_id = true;
        c->alternative_slot_id = act_id(a, &other->id);
    }
    return e;
}

/* ---- E11, E12 ---- */

static bool may_ask(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return m_serves(c) && !c->minor && !c->person->minor && !c->person->age_doubt &&
           !c->person->live && m_agrees(a->model, c->person);
}

static bool serves(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state == PB_CASE_STATE_IN_SERVICE || c->state == PB_CASE_STATE_AFTERCARE;
}

PbEnvelope *act_request(struct acts *a)
{
    const struct m_case *c = act_pick(a, &a->model->cases, 160, one_in(a, 8) ? serves : may_ask);
    const struct m_slot *s = pick_slot(a);
    for (int i = 0; i < 12 && s && m_slot_state(a->model, s) != PB_SLOT_STATE_OPEN; i++)
        s = pick_slot(a);
    if (!c || !s)
        return NULL;
    struct sample_wish wish = {.case_id = c->id,
                               .slot_id = s->id,
                               .person_accepted = one_in(a, 2),
                               .waitlist_ok = !one_in(a, 8)};
    PbEnvelope *e = sample_request(&a->sample, a->arena, &wish);
    struct sg_id id = act_new_id(a);
    e->seat_requested->request_id = act_id(a, &id);
    e->publisher_agency = act_text(a, one_in(a, 25) ? act_agency(a) : c->owner);
    if (one_in(a, 10))
        e->seat_requested->override = PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
    return e;
}

static bool can_be_decided(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    (void)a;
    return seat->state >= PB_ALLOCATION_STATE_HELD && seat->state <= PB_ALLOCATION_STATE_CONFIRMED;
}

static bool waits_or_expired(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    (void)a;
    return seat->state == PB_ALLOCATION_STATE_WAITLISTED ||
           seat->state == PB_ALLOCATION_STATE_EXPIRED;
}

/* Mostly the good way, so that courses begin. */
static PbSeatDecision decision_for(struct acts *a, const struct m_seat *seat)
{
    if (one_in(a, 12))
        return (PbSeatDecision)(1 + below(a, 4));
    bool back = one_in(a, 5);
    if (seat->state == PB_ALLOCATION_STATE_HELD || seat->state == PB_ALLOCATION_STATE_EXPIRED)
        return back ? PB_SEAT_DECISION_DECLINED_BY_PROVIDER : PB_SEAT_DECISION_PERSON_ACCEPTED;
    if (seat->state == PB_ALLOCATION_STATE_RESERVED)
        return back ? PB_SEAT_DECISION_DECLINED_BY_PROVIDER : PB_SEAT_DECISION_CONFIRMED;
    return PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER;
}

PbEnvelope *act_settle(struct acts *a)
{
    const struct m_seat *seat =
        act_pick(a, &a->model->seats, 120, one_in(a, 12) ? waits_or_expired : can_be_decided);
    if (!seat || (seat->state == PB_ALLOCATION_STATE_CONFIRMED && !one_in(a, 12)))
        return NULL;
    PbSeatDecision decision = decision_for(a, seat);
    bool providers =
        decision == PB_SEAT_DECISION_CONFIRMED || decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    PbEnvelope *e = sample_seat(&a->sample, a->arena,
                                one_in(a, 25) ? act_agency(a)
                                : providers   ? seat->slot->owner
                                              : seat->c->owner,
                                &seat->id, decision);
    if (e->seat_decided->has_declined_by && one_in(a, 2)) {
        e->seat_decided->reason = PB_DECLINE_REASON_NO_CAPACITY;
        e->seat_decided->declined_by = PB_DECLINED_BY_RECEIVER;
    }
    return e;
}

/* ---- E13, E14, E15 ---- */

static bool can_begin(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    return m_is_promised(seat->state) && act_today(a) >= seat->slot->starts;
}

static bool trains(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    (void)a;
    return seat->state == PB_ALLOCATION_STATE_OCCUPIED;
}

static bool is_promised(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    (void)a;
    return m_is_promised(seat->state);
}

static bool is_wanted(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    return can_begin(a, seat) && act_is_waited_for(a, &seat->id);
}

static bool is_promised_and_waits(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    return is_promised(a, seat) && seat->person->waiting_count;
}

PbEnvelope *act_start(struct acts *a)
{
    const struct m_seat *seat =
        act_pick(a, &a->model->seats, 160, one_in(a, 3) ? is_wanted : can_begin);
    if (!seat)
        return NULL;
    PbEnvelope *e = act_envelope(a, "placement.started", seat->slot->owner);
    int32_t first = seat->slot->starts, last = seat->slot->late;
    PAYLOAD(a, PbPlacementStarted, p)
    pb_placement_started__init(p);
    p->has_allocation_id = true;
    p->allocation_id = act_id(a, &seat->id);
    last = last < act_today(a) ? last : act_today(a);
    int32_t on = last < first || one_in(a, 3)
                     ? first
                     : last - (int32_t)below(a, 1 + (uint64_t)(last - first));
    p->started_on = act_date(a, one_in(a, 25) ? on + (int32_t)below(a, 40) - 20 : on);
    e->placement_started = p;
    return e;
}

static bool ended_lately(const struct acts *a, const void *object)
{
    const struct m_seat *seat = object;
    return seat->started && act_today(a) <= seat->ended_on + 16;
}

PbEnvelope *act_attend(struct acts *a)
{
    uint64_t how = below(a, 12);
    const struct m_seat *seat =
        act_pick(a, &a->model->seats, 160, how ? how == 1 ? ended_lately : trains : is_promised);
    if (!seat)
        return NULL;
    PbEnvelope *e = act_envelope(a, "attendance.reported", seat->slot->owner);
    PAYLOAD(a, PbAttendanceReported, p)
    pb_attendance_reported__init(p);
    p->has_allocation_id = p->has_sessions_held = p->has_sessions_attended = true;
    p->has_absences_excused = true;
    p->allocation_id = act_id(a, &seat->id);
    int32_t from = act_today(a) - (int32_t)below(a, 10);
    p->from_on = act_date(a, from);
    p->to_on = act_date(a, from + (int32_t)below(a, 7));
    p->sessions_held = 6;
    p->sessions_attended = (uint32_t)below(a, 6);
    p->absences_excused = (uint32_t)below(a, 2);
    e->attendance_reported = p;
    return e;
}

static PbPlacementEnded__Result result_for(struct acts *a, const struct m_seat *seat)
{
    if (m_is_promised(seat->state) && act_today(a) >= seat->slot->starts && !one_in(a, 3))
        return PB_PLACEMENT_ENDED__RESULT_NO_SHOW;
    if (!one_in(a, 3))
        return PB_PLACEMENT_ENDED__RESULT_COMPLETED;
    return (PbPlacementEnded__Result)(1 + below(a, 7));
}

PbEnvelope *act_end(struct acts *a)
{
    uint64_t how = below(a, 6);
    const struct m_seat *seat = act_pick(a, &a->model->seats, 160,
                                         how == 0   ? one_in(a, 3) ? is_promised : can_begin
                                         : how == 1 ? is_promised_and_waits
                                                    : trains);
    if (!seat || (trains(a, seat) && act_today(a) < seat->slot->ends && !one_in(a, 4)))
        return NULL;
    PbEnvelope *e = act_envelope(a, "placement.ended", seat->slot->owner);
    PAYLOAD(a, PbPlacementEnded, p)
    pb_placement_ended__init(p);
    p->has_allocation_id = p->has_result = p->has_attendance_pct = p->has_competency = true;
    p->allocation_id = act_id(a, &seat->id);
    p->ended_on = act_date(a, act_today(a) - (one_in(a, 8) ? (int32_t)below(a, 12) - 3 : 0));
    p->result = result_for(a, seat);
    p->attendance_pct = (uint32_t)below(a, 101);
    p->competency = PB_PLACEMENT_ENDED__COMPETENCY_NOT_TESTED;
    if (p->result == PB_PLACEMENT_ENDED__RESULT_REMOVED)
        p->reason = act_text(a, "tata tertib");
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->placement_ended = p;
    return e;
}
