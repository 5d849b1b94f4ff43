/* model_seat.c - seats and waiting places: E11 to E15, and every D1. Domain 7.3, 7.4. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>

enum { NEVER_STARTED_DAYS = 14, LATE_ATTENDANCE_DAYS = 14, WAITINGS_MAX = 3 };

bool m_is_live(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_HELD || state == PB_ALLOCATION_STATE_RESERVED ||
           state == PB_ALLOCATION_STATE_CONFIRMED || state == PB_ALLOCATION_STATE_OCCUPIED;
}

bool m_is_over(PbAllocationState state)
{
    return state != PB_ALLOCATION_STATE_WAITLISTED && !m_is_live(state);
}

bool m_is_promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

bool m_goes_first(const struct m_seat *a, const struct m_seat *b)
{
    if (a->override != b->override)
        return a->override;
    if (m_lost(a->person) != m_lost(b->person))
        return m_lost(a->person) > m_lost(b->person);
    if (a->band != b->band)
        return a->band < b->band;
    return a->seq < b->seq;
}

static int32_t day(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

static uint32_t lowest_free(const struct m_slot *s)
{
    for (uint32_t i = 1; s->live < s->capacity && i < MODEL_SEATS_MAX; i++)
        if (!s->seats[i])
            return i;
    return 0;
}

static int64_t hold_until(const struct model *m, const struct m_slot *s)
{
    int64_t until = m->now_ms + s->hold_hours * SG_HOUR_MS;
    return s->closes_ms > m->now_ms && s->closes_ms < until ? s->closes_ms : until;
}

/* 48 h, at most until 17:00 of the day before the start; 24 h after that. */
static int64_t promotion_until(const struct model *m, const struct m_slot *s)
{
    int64_t evening = m_start_ms(s) - 7 * SG_HOUR_MS, until = m->now_ms + 48 * SG_HOUR_MS;
    if (m->now_ms >= evening)
        return m->now_ms + 24 * SG_HOUR_MS;
    return until < evening ? until : evening;
}

/* ---- what must follow ---- */

struct m_expected *m_expect(struct model *m, struct m_seat *seat, PbAllocationState state)
{
    SG_CHECK(m->expected_count < MODEL_EXPECTED_MAX);
    struct m_expected *x = &m->expected[m->expected_count++];
    *x = (struct m_expected){.seat = seat, .state = state};
    if (seat)
        x->seat_no = m_is_live(state) ? seat->seat_no : 0;
    return x;
}

void m_expect_hold(struct model *m, struct m_seat *seat)
{
    m_expect(m, seat, PB_ALLOCATION_STATE_HELD)->hold_until_ms = hold_until(m, seat->slot);
}

void m_expect_void(struct model *m, struct m_seat *seat)
{
    m_expect(m, seat, PB_ALLOCATION_STATE_VOIDED)->lost = true;
}

void m_expect_release(struct model *m, struct m_seat *seat)
{
    (void)m_expect(m, seat, PB_ALLOCATION_STATE_RELEASED);
}

static struct m_expected *expect_new(struct model *m, struct m_slot *s, struct m_case *c,
                                     uint32_t seat_no, bool accepted)
{
    PbAllocationState state = !seat_no   ? PB_ALLOCATION_STATE_WAITLISTED
                              : accepted ? PB_ALLOCATION_STATE_RESERVED
                                         : PB_ALLOCATION_STATE_HELD;
    struct m_expected *x = m_expect(m, NULL, state);
    x->slot = s;
    x->person = c->person;
    x->c = c;
    x->seat_no = seat_no;
    if (state == PB_ALLOCATION_STATE_HELD)
        x->hold_until_ms = hold_until(m, s);
    return x;
}

static bool waits_at(struct m_person *of, const struct m_slot *s)
{
    struct m_seat *waiting[MODEL_WAITINGS];
    for (size_t i = m_waitings(of, waiting); i-- > 0;)
        if (waiting[i]->slot == s)
            return true;
    return false;
}

/* ---- E11 ---- */

void m_seat_requested(struct model *m, const struct m_event *ev)
{
    const PbSeatRequested *e = ev->e->seat_requested;
    struct sg_id case_id = id_of(ev->e->case_id), slot_id = id_of(e->slot_id);
    struct m_case *c = pile_find(&m->cases, &case_id);
    struct m_slot *s = pile_find(&m->slots, &slot_id);
    M_EXPECT(m, c && s && c->owner == ev->agency && m_serves(c),
             "a seat for a case that may have none", &case_id);
    if (m->broken)
        return;
    PbSlotState state = m_slot_state(m, s);
    M_EXPECT(m,
             state == PB_SLOT_STATE_OPEN || (state == PB_SLOT_STATE_REG_CLOSED && e->waitlist_ok),
             "a seat on a slot that is closed", &slot_id);
    M_EXPECT(m, !c->minor && !c->age_doubt && m_is_eligible(s, c->person),
             "I10: a seat for somebody who may have none", &case_id);
    M_EXPECT(m, m_agrees(m, c->person), "a seat without consent, or under a restriction", &case_id);
    m_busy(m, c);
    struct m_seat *live = m_live(c->person);
    if (live && live->slot == s && live->state == PB_ALLOCATION_STATE_HELD && e->person_accepted &&
        live->hold_until_ms > m->now_ms) {
        (void)m_expect(m, live, PB_ALLOCATION_STATE_RESERVED);
        return;
    }
    M_EXPECT(m, !live, "I3: a second live seat was asked for and given", &case_id);
    M_EXPECT(m, !waits_at(c->person, s), "somebody waits twice for the same slot", &case_id);
    uint32_t seat_no = state == PB_SLOT_STATE_OPEN ? lowest_free(s) : 0;
    struct m_seat *waiting[MODEL_WAITINGS];
    M_EXPECT(m, seat_no || (e->waitlist_ok && m_waitings(c->person, waiting) < WAITINGS_MAX),
             "a place in the waiting list that may not be had", &case_id);
    struct m_expected *x = expect_new(m, s, c, seat_no, e->person_accepted);
    x->override = e->override == PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
    x->seq = ev->record->seq;
}

/* ---- E12 ---- */

static void grant_again(struct model *m, const struct m_event *ev, const struct m_seat *seat)
{
    struct m_slot *s = seat->slot;
    bool late = m_slot_state(m, s) != PB_SLOT_STATE_CANCELLED && m->now_ms < m_late_end_ms(s);
    M_EXPECT(m, m_slot_state(m, s) == PB_SLOT_STATE_OPEN || late, "granted again after the end",
             &seat->id);
    M_EXPECT(m, lowest_free(s) && !s->waiting_count, "granted again, but there is no seat",
             &seat->id);
    M_EXPECT(m, m_serves(seat->c), "granted again for a case that may have no seat", &seat->id);
    M_EXPECT(m, m_may_sit(m, s, seat->person), "granted again to somebody who may not sit",
             &seat->id);
    expect_new(m, s, seat->c, lowest_free(s), true)->seq = ev->record->seq;
}

void m_seat_decided(struct model *m, const struct m_event *ev)
{
    const PbSeatDecided *e = ev->e->seat_decided;
    struct sg_id id = id_of(e->allocation_id);
    struct m_seat *seat = pile_find(&m->seats, &id);
    bool providers = e->decision == PB_SEAT_DECISION_CONFIRMED ||
                     e->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    M_EXPECT(m, seat && (providers ? seat->slot->owner : seat->c->owner) == ev->agency,
             "a seat was decided by the other side", &id);
    if (m->broken)
        return;
    PbAllocationState is = seat->state;
    bool held = is == PB_ALLOCATION_STATE_HELD, reserved = is == PB_ALLOCATION_STATE_RESERVED;
    bool may = false;
    if (e->decision == PB_SEAT_DECISION_PERSON_ACCEPTED) {
        if (is == PB_ALLOCATION_STATE_EXPIRED) {
            grant_again(m, ev, seat);
            return;
        }
        may = held && seat->hold_until_ms > m->now_ms;
        (void)m_expect(m, seat, PB_ALLOCATION_STATE_RESERVED);
    } else if (e->decision == PB_SEAT_DECISION_CONFIRMED) {
        may = reserved;
        (void)m_expect(m, seat, PB_ALLOCATION_STATE_CONFIRMED);
    } else if (e->decision == PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER) {
        may = !m_is_over(is) && is != PB_ALLOCATION_STATE_OCCUPIED;
        (void)m_expect(m, seat, PB_ALLOCATION_STATE_RELEASED);
    } else {
        may = held || reserved;
        m_expect(m, seat, PB_ALLOCATION_STATE_RELEASED)->lost =
            e->declined_by == PB_DECLINED_BY_RECEIVER;
    }
    M_EXPECT(m, may, "a decision about a seat that its state does not take", &id);
}

/* ---- E13, E14, E15 ---- */

static struct m_seat *own_seat(struct model *m, const struct m_event *ev, ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    struct m_seat *seat = pile_find(&m->seats, &id);
    M_EXPECT(m, seat && seat->slot->owner == ev->agency, "a placement of another's slot", &id);
    return m->broken ? NULL : seat;
}

void m_placement_started(struct model *m, const struct m_event *ev)
{
    const PbPlacementStarted *e = ev->e->placement_started;
    struct m_seat *seat = own_seat(m, ev, e->allocation_id);
    if (!seat)
        return;
    int32_t on = day(e->started_on);
    M_EXPECT(m, m_is_promised(seat->state), "begun on a seat that is not promised", &seat->id);
    M_EXPECT(m, on >= seat->slot->starts && on <= seat->slot->late, "begun out of time", &seat->id);
    m_expect(m, seat, PB_ALLOCATION_STATE_OCCUPIED)->started_on = on;
    struct m_seat *waiting[MODEL_WAITINGS];
    for (size_t i = m_waitings(seat->person, waiting); i-- > 0;)
        (void)m_expect(m, waiting[i], PB_ALLOCATION_STATE_RELEASED);
}

void m_attendance(struct model *m, const struct m_event *ev)
{
    struct m_seat *seat = own_seat(m, ev, ev->e->attendance_reported->allocation_id);
    if (!seat)
        return;
    M_EXPECT(m, seat->started, "attended, but never begun", &seat->id);
    M_EXPECT(m,
             seat->state == PB_ALLOCATION_STATE_OCCUPIED ||
                 sg_day_at(m->now_ms) <= seat->ended_on + LATE_ATTENDANCE_DAYS,
             "attended long after the end", &seat->id);
    if (seat->state == PB_ALLOCATION_STATE_OCCUPIED)
        seat->attended_ms = m->now_ms;
    m_touch(m, TOUCHED_SEAT, seat);
}

void m_placement_ended(struct model *m, const struct m_event *ev)
{
    const PbPlacementEnded *e = ev->e->placement_ended;
    struct m_seat *seat = own_seat(m, ev, e->allocation_id);
    if (!seat)
        return;
    bool absent = e->result == PB_PLACEMENT_ENDED__RESULT_NO_SHOW;
    bool may = absent ? m_is_promised(seat->state) && m->now_ms >= m_start_ms(seat->slot)
                      : seat->state == PB_ALLOCATION_STATE_OCCUPIED;
    M_EXPECT(m, may, "ended, but it does not run", &seat->id);
    PbAllocationState to = e->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED
                               ? PB_ALLOCATION_STATE_COMPLETED
                           : m->now_ms < m_late_end_ms(seat->slot) ? PB_ALLOCATION_STATE_RELEASED
                                                                   : PB_ALLOCATION_STATE_FORFEITED;
    m_expect(m, seat, to)->ended_on = day(e->ended_on);
}

/* ---- the lists that a seat stands in ---- */

static void drop(struct m_seat **list, size_t *count, const struct m_seat *seat)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == seat) {
            list[i] = list[--*count];
            return;
        }
}

static void enter(struct model *m, struct m_seat **list, size_t *count, size_t room,
                  struct m_seat *seat)
{
    if (*count < room)
        list[(*count)++] = seat;
    else
        m_break(m, "more wait than may wait", &seat->id);
}

static void leave_lists(struct m_seat *seat)
{
    struct m_slot *s = seat->slot;
    struct m_person *p = seat->person;
    if (m_is_live(seat->state)) {
        s->seats[seat->seat_no] = NULL;
        s->live--;
        p->live = NULL;
    } else if (seat->state == PB_ALLOCATION_STATE_WAITLISTED) {
        drop(s->waiting, &s->waiting_count, seat);
        drop(p->waiting, &p->waiting_count, seat);
    }
}

static void enter_lists(struct model *m, struct m_seat *seat)
{
    struct m_slot *s = seat->slot;
    struct m_person *p = seat->person;
    if (m_is_live(seat->state)) {
        seat->was_live = true;
        M_EXPECT(m, seat->seat_no && seat->seat_no < MODEL_SEATS_MAX && !s->seats[seat->seat_no],
                 "I1: a seat is given twice", &seat->id);
        M_EXPECT(m, !m_live(p), "I3: a person has two live seats", &p->id);
        if (m->broken)
            return;
        s->seats[seat->seat_no] = seat;
        s->live++;
        p->live = seat;
    } else if (seat->state == PB_ALLOCATION_STATE_WAITLISTED) {
        enter(m, s->waiting, &s->waiting_count, MODEL_WAITING_MAX, seat);
        enter(m, p->waiting, &p->waiting_count, MODEL_WAITINGS_OF_PERSON, seat);
    }
}

static void complete(struct m_seat *seat);

/* After a correction: what the placements of the person say now. */
void m_recount_completed(struct model *m, struct m_person *p)
{
    p->completed_count = 0;
    p->first_completed_on = p->last_completed_on = 0;
    for (size_t i = 0; i < m->seats.count; i++) {
        struct m_seat *seat = m->seats.all[i];
        int64_t kit_from_ms = seat->kit_from_ms;
        if (seat->person == p && seat->state == PB_ALLOCATION_STATE_COMPLETED) {
            complete(seat);
            seat->kit_from_ms = kit_from_ms;
        }
    }
}

static void complete(struct m_seat *seat)
{
    struct m_person *p = seat->person;
    size_t at = 0;
    if (seat->ended_on > p->last_completed_on)
        p->last_completed_on = seat->ended_on;
    if (!p->first_completed_on || seat->ended_on < p->first_completed_on)
        p->first_completed_on = seat->ended_on;
    while (at < p->completed_count && strcmp(p->completed[at].course, seat->slot->course) != 0)
        at++;
    if (at == MODEL_COURSES_MAX)
        return;
    if (at == p->completed_count) {
        p->completed_count++;
        (void)snprintf(p->completed[at].course, sizeof p->completed[at].course, "%s",
                       seat->slot->course);
        p->completed[at].ended_on = seat->ended_on;
    }
    if (seat->ended_on > p->completed[at].ended_on)
        p->completed[at].ended_on = seat->ended_on;
    seat->kit_from_ms = seat->slot->kit[0] ? seat->changed_ms : 0;
}

static void loans_end(struct model *m, const struct m_seat *seat)
{
    for (size_t i = 0; i < m->items.count; i++) {
        struct m_item *item = m->items.all[i];
        for (size_t j = 0; j < item->seat_count; j++)
            if (item->seats[j] == seat && m_on_loan(item))
                item->return_from_ms = m->now_ms;
    }
}

static void loans_go_on(struct model *m, const struct m_seat *seat)
{
    for (size_t i = 0; i < m->items.count; i++) {
        struct m_item *item = m->items.all[i];
        for (size_t j = 0; j < item->seat_count; j++)
            if (item->seats[j] == seat) {
                item->return_from_ms = 0;
                m_touch(m, TOUCHED_ITEM, item);
            }
    }
}

/* A correction: what had followed from the event goes with it. */
static void undo(struct model *m, struct m_seat *seat, PbAllocationState from)
{
    if (from == PB_ALLOCATION_STATE_COMPLETED) {
        seat->kit_from_ms = 0;
        m_recount_completed(m, seat->person);
    }
    if (m_is_live(seat->state))
        seat->ended_on = 0;
    if (seat->state == PB_ALLOCATION_STATE_OCCUPIED) {
        seat->c->state = PB_CASE_STATE_IN_TRAINING;
        loans_go_on(m, seat);
    }
    if (m_is_promised(seat->state) &&
        seat->begin.levels_ms[seat->begin.count - 1] !=
            m_late_end_ms(seat->slot) + NEVER_STARTED_DAYS * SG_DAY_MS) {
        struct m_limit confirm = seat->confirm; /* it has other dates by now */
        m_promise_limits(m, seat);
        seat->confirm = confirm;
    }
    m->undone = seat;
}

static void set_seat(struct model *m, struct m_seat *seat, const struct m_expected *x)
{
    PbAllocationState from = seat->state;
    if (m_is_promised(from))
        seat->promised = from;
    bool stops = from == PB_ALLOCATION_STATE_OCCUPIED;
    bool stays = m_is_live(seat->state) && m_is_live(x->state);
    if (!stays)
        leave_lists(seat);
    if (m_is_over(x->state) && !m_is_over(from))
        seat->over_ms = m->now_ms; /* another result of it is no other end */
    seat->state = x->state;
    seat->changed_ms = m->now_ms;
    seat->seat_no = x->seat_no;
    if (x->seat_no)
        seat->last_seat_no = x->seat_no;
    if (x->state == PB_ALLOCATION_STATE_OCCUPIED && m_is_promised(from))
        seat->promised = from;
    if (x->state == PB_ALLOCATION_STATE_RESERVED && !x->undone)
        m_promise_limits(m, seat);
    seat->hold_until_ms = x->hold_until_ms;
    if (x->undone && m_is_promised(x->state))
        seat->started = false;
    if (x->state == PB_ALLOCATION_STATE_OCCUPIED && !x->undone) {
        seat->started = true;
        seat->started_on = x->started_on;
        seat->attended_ms = sg_day_start_ms(x->started_on);
    }
    if (x->ended_on)
        seat->ended_on = x->ended_on;
    if (!stays)
        enter_lists(m, seat);
    seat->person->lost += x->lost;
    if (x->state == PB_ALLOCATION_STATE_COMPLETED)
        complete(seat);
    if (x->undone)
        undo(m, seat, from);
    else
        m_case_of_seat_moved(m, seat, from);
    if (stops && !x->undone)
        loans_end(m, seat);
    M_EXPECT(m, !m_is_live(x->state) || stays || seat->slot->live <= seat->slot->capacity,
             "I2: more seats are given than are offered", &seat->slot->id);
    m_touch(m, TOUCHED_SEAT, seat);
}

/* ---- D1 ---- */

/* Somebody who waited has a seat now: the first in order who may. */
static void check_promotion(struct model *m, struct m_seat *seat, struct m_expected *x)
{
    struct m_slot *s = seat->slot;
    m->counts.promoted++;
    x->seat_no = lowest_free(s);
    if (x->seat_no)
        s->promoted_seq[x->seat_no] = m->taken_seq;
    x->hold_until_ms = promotion_until(m, s);
    M_EXPECT(m, x->seat_no, "promoted, but no seat is free", &seat->id);
    M_EXPECT(m, !s->cancelled && m->now_ms < m_late_end_ms(s), "promoted after the end", &seat->id);
    M_EXPECT(m, m_may_sit(m, s, seat->person), "promoted, but may not sit", &seat->id);
    for (size_t i = 0; i < s->waiting_count; i++)
        if (s->waiting[i] != seat && m_goes_first(s->waiting[i], seat) &&
            m_may_sit(m, s, s->waiting[i]->person))
            m_break(m, "promoted out of the waiting order", &seat->id);
}

/* What no event foretold: time, or the waiting list. */
static struct m_expected by_itself(struct model *m, struct m_seat *seat, PbAllocationState to,
                                   bool caused)
{
    struct m_expected x = {.seat = seat, .state = to};
    PbAllocationState is = seat->state;
    int64_t late = m_late_end_ms(seat->slot);
    bool may = false;
    if (is == PB_ALLOCATION_STATE_WAITLISTED && to == PB_ALLOCATION_STATE_HELD) {
        check_promotion(m, seat, &x);
        return x;
    }
    if (to == PB_ALLOCATION_STATE_EXPIRED) {
        m->counts.expired++;
        may = is == PB_ALLOCATION_STATE_HELD
                  ? m->now_ms >= seat->hold_until_ms
                  : is == PB_ALLOCATION_STATE_WAITLISTED && m->now_ms >= late;
    } else if (to == PB_ALLOCATION_STATE_FORFEITED) {
        may = m_is_promised(is) && m->now_ms >= late + NEVER_STARTED_DAYS * SG_DAY_MS;
    }
    M_EXPECT(m, !m_is_over(is), "I8: a seat that has ended moved", &seat->id);
    M_EXPECT(m, may && !caused, "a seat changed, and nothing has caused it", &seat->id);
    return x;
}

/* The next of those whose slot was cancelled who may sit on the other one. */
static struct m_expected next_claim(struct model *m, const struct sg_id *person_id)
{
    struct m_slot *s = m->alternative;
    while (s && m->claim_next < m->claim_count) {
        struct m_seat *claim = m->claims[m->claim_next++];
        bool may = claim->state == PB_ALLOCATION_STATE_VOIDED && m_may_sit(m, s, claim->person) &&
                   !waits_at(claim->person, s);
        if (!may)
            continue;
        M_EXPECT(m, sg_id_equal(&claim->person->id, person_id),
                 "another slot was given out of the waiting order", person_id);
        struct m_expected x = *expect_new(m, s, claim->c, lowest_free(s), false);
        x.override = claim->override;
        x.seq = claim->seq;
        m->expected_count--;
        return x;
    }
    m_break(m, "a seat was made, and nobody has asked for it", person_id);
    return (struct m_expected){0};
}

static struct m_expected take_expected(struct model *m, const struct m_seat *seat,
                                       const struct sg_id *person_id, bool *out_found)
{
    for (size_t i = 0; i < m->expected_count; i++) {
        struct m_expected x = m->expected[i];
        if (x.seat != seat || (!seat && !sg_id_equal(&x.person->id, person_id)))
            continue;
        memmove(&m->expected[i], &m->expected[i + 1],
                (m->expected_count - i - 1) * sizeof m->expected[0]);
        m->expected_count--;
        *out_found = true;
        return x;
    }
    *out_found = false;
    return (struct m_expected){0};
}

static struct m_seat *make_seat(struct model *m, const struct sg_id *id, const struct m_expected *x)
{
    M_EXPECT(m, !pile_find(&m->seats, id), "an allocation is made twice", id);
    struct m_seat *seat = pile_add(&m->seats, id, sizeof *seat);
    seat->state = PB_ALLOCATION_STATE_UNSPECIFIED;
    seat->slot = x->slot;
    seat->person = x->person;
    seat->c = x->c;
    seat->band = x->c->band;
    seat->override = x->override;
    seat->seq = x->seq;
    return seat;
}

static bool names(PbSeatChange change, PbAllocationState before, PbAllocationState to)
{
    static const PbSeatChange changes[] = {
        [PB_ALLOCATION_STATE_WAITLISTED] = PB_SEAT_CHANGE_WAITLISTED,
        [PB_ALLOCATION_STATE_HELD] = PB_SEAT_CHANGE_HELD,
        [PB_ALLOCATION_STATE_RESERVED] = PB_SEAT_CHANGE_RESERVED,
        [PB_ALLOCATION_STATE_CONFIRMED] = PB_SEAT_CHANGE_CONFIRMED,
        [PB_ALLOCATION_STATE_OCCUPIED] = PB_SEAT_CHANGE_OCCUPIED,
        [PB_ALLOCATION_STATE_COMPLETED] = PB_SEAT_CHANGE_COMPLETED,
        [PB_ALLOCATION_STATE_RELEASED] = PB_SEAT_CHANGE_RELEASED,
        [PB_ALLOCATION_STATE_EXPIRED] = PB_SEAT_CHANGE_EXPIRED,
        [PB_ALLOCATION_STATE_FORFEITED] = PB_SEAT_CHANGE_FORFEITED,
        [PB_ALLOCATION_STATE_VOIDED] = PB_SEAT_CHANGE_VOIDED};
    if (before == PB_ALLOCATION_STATE_WAITLISTED && to == PB_ALLOCATION_STATE_HELD)
        return change == PB_SEAT_CHANGE_PROMOTED;
    return change == changes[to];
}

void m_seat_changed(struct model *m, const struct record *record, const PbEnvelope *e)
{
    const PbSeatAllocationChanged *p = e->seat_allocation_changed;
    const PbAllocationEffect *effect = record->rest->effect->allocation;
    struct sg_id id = id_of(p->allocation_id), person_id = id_of(record->rest->person_id);
    struct m_seat *seat = pile_find(&m->seats, &id);
    bool found;
    M_EXPECT(m, effect->created == !seat, "a change of no seat", &id);
    if (m->broken)
        return;
    struct m_expected x = take_expected(m, seat, &person_id, &found);
    if (!found)
        x = seat ? by_itself(m, seat, effect->state, p->cause != NULL) : next_claim(m, &person_id);
    if (m->broken)
        return;
    if (!seat)
        seat = make_seat(m, &id, &x);
    struct sg_id slot_id = id_of(p->slot_id);
    M_EXPECT(m, sg_id_equal(&slot_id, &seat->slot->id), "a seat of another slot", &id);
    M_EXPECT(m, effect->state == x.state && names(p->change, seat->state, x.state),
             "a seat has come into another state", &id);
    M_EXPECT(m, effect->seat_no == x.seat_no, "a seat has another number", &id);
    M_EXPECT(m, effect->hold_until_ms == x.hold_until_ms, "a hold of another length", &id);
    M_EXPECT(m, effect->lost_without_fault == x.lost, "a loss that is counted wrongly", &id);
    seat->slot->version++;
    if (!m->broken)
        set_seat(m, seat, &x);
}

/* ---- the end of an event ---- */

static void check_times(struct model *m, const struct m_slot *s)
{
    bool settled = m->now_ms > s->changed_ms;
    int64_t late = settled ? m_late_end_ms(s) : INT64_MAX / 2;
    for (uint32_t i = 1, left = s->live; left && i < MODEL_SEATS_MAX; i++) {
        const struct m_seat *seat = s->seats[i];
        if (!seat)
            continue;
        left--;
        M_EXPECT(m, seat->state != PB_ALLOCATION_STATE_HELD || seat->hold_until_ms > m->now_ms,
                 "a hold that has run out is still held", &seat->id);
        M_EXPECT(m,
                 !m_is_promised(seat->state) || m->now_ms == seat->changed_ms ||
                     m->now_ms < late + NEVER_STARTED_DAYS * SG_DAY_MS,
                 "a seat that was never begun is still kept", &seat->id);
    }
    M_EXPECT(m, !s->waiting_count || (m->now_ms < late && !s->cancelled),
             "somebody waits after the end", &s->id);
    if (s->live >= s->capacity || m->now_ms >= m_late_end_ms(s))
        return;
    for (size_t i = 0; i < s->waiting_count; i++)
        M_EXPECT(m, !m_may_sit(m, s, s->waiting[i]->person),
                 "a seat is free, and somebody waits who could have it", &s->waiting[i]->id);
}

void m_followed(struct model *m)
{
    M_EXPECT(m, !m->expected_count, "a change of a seat did not follow",
             m->expected_count && m->expected[0].seat ? &m->expected[0].seat->id : NULL);
    m_all_told(m);
    M_EXPECT(m, !m->relapse_count, "D4: a relapse was not told", NULL);
    while (!m->broken && m->alternative && m->claim_next < m->claim_count) {
        const struct m_seat *claim = m->claims[m->claim_next++];
        M_EXPECT(m,
                 !m_may_sit(m, m->alternative, claim->person) ||
                     waits_at(claim->person, m->alternative),
                 "another slot was not given to somebody who may have it", &claim->id);
    }
    m->expected_count = m->claim_count = m->claim_next = 0;
    m->alternative = NULL;
}

void m_slots_settled(struct model *m)
{
    for (size_t i = m->open_slot_count; !m->broken && i-- > 0;) {
        struct m_slot *s = m->open_slots[i];
        PbSlotState state = m_slot_state(m, s);
        check_times(m, s);
        if (!s->live && !s->waiting_count &&
            (state == PB_SLOT_STATE_FINISHED || state == PB_SLOT_STATE_CANCELLED))
            m->open_slots[i] = m->open_slots[--m->open_slot_count];
    }
}
