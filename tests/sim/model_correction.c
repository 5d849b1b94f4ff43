/* model_correction.c - E24: which events may be replaced or annulled, and what becomes of what they
 * had made. Domain 8.5, I8. Seats are followed step by step; of cases, plans and items that go back
 * the rows are read, and must agree with everything else. */
#include "sim/model.h"

#include "kit/check.h"
#include "ledger/deadline.h"
#include "wire/day.h"
#include "wire/replacement.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW_DAYS = 400, REOPEN_DAYS = 30 };

static int32_t day_no(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

/* ---- what was stated ---- */

static void *find(const struct pile *pile, ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    return pile_find(pile, &id);
}

struct m_fact *m_fact_at(const struct model *m, const PbEventRef *place)
{
    struct sg_id outbox_id = id_of(place->outbox_id);
    for (size_t i = m->fact_count; i-- > 0;)
        if (m->facts[i].number == place->number && sg_id_equal(&m->facts[i].outbox_id, &outbox_id))
            return &m->facts[i];
    return NULL;
}

/* Whatever the event is about. */
static void link_objects(struct model *m, struct m_fact *fact, const PbEnvelope *e)
{
    if (e->placement_started)
        fact->seat = find(&m->seats, e->placement_started->allocation_id);
    if (e->placement_ended)
        fact->seat = find(&m->seats, e->placement_ended->allocation_id);
    if (e->attendance_reported)
        fact->seat = find(&m->seats, e->attendance_reported->allocation_id);
    if (e->equipment_registered)
        fact->item = find(&m->items, e->equipment_registered->item_id);
    if (e->equipment_issued)
        fact->item = find(&m->items, e->equipment_issued->item_id);
    if (e->equipment_checked)
        fact->item = find(&m->items, e->equipment_checked->item_id);
    if (e->referral_submitted)
        fact->referral = find(&m->referrals, e->referral_submitted->referral_id);
    if (e->service_delivered && e->causation) {
        const struct m_fact *asked = m_fact_at(m, e->causation);
        fact->referral = asked ? asked->referral : NULL;
    }
    if (e->mentoring_visited)
        fact->plan = find(&m->plans, e->mentoring_visited->plan_id);
    if (e->has_case_id)
        fact->c = find(&m->cases, e->case_id);
}

void m_note_fact(struct model *m, const struct m_event *ev)
{
    const struct record *record = ev->record;
    if (m->fact_count == m->fact_room) {
        m->fact_room = m->fact_room ? m->fact_room * 2 : 1024;
        m->facts = realloc(m->facts, m->fact_room * sizeof m->facts[0]);
        SG_CHECK(m->facts);
    }
    struct m_fact *fact = &m->facts[m->fact_count++];
    struct sg_id person_id = id_of(record->rest->person_id);
    *fact = (struct m_fact){.seq = record->seq,
                            .outbox_id = record->outbox_id,
                            .number = record->number,
                            .type = record->rest->type,
                            .agency = ev->agency,
                            .at_ms = m->now_ms};
    fact->person = record->rest->has_person_id ? pile_find(&m->persons, &person_id) : NULL;
    fact->len = record->clear.len + record->personal.len;
    fact->bytes = malloc(fact->len + 1);
    SG_CHECK(fact->bytes);
    memcpy(fact->bytes, record->clear.ptr, record->clear.len);
    if (record->personal.len)
        memcpy(fact->bytes + record->clear.len, record->personal.ptr, record->personal.len);
    link_objects(m, fact, ev->e);
}

/* May it be replaced, may it be annulled? */
bool m_may_correct(uint32_t type, bool annul)
{
    static const struct {
        uint32_t type;
        bool replace, annul;
    } types[] = {{101, true, true},  {104, true, true}, {105, true, true}, {107, true, true},
                 {113, true, true},  {114, true, true}, {115, true, true}, {116, true, true},
                 {117, false, true}, {118, true, true}, {120, true, true}, {121, false, true}};
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        if (types[i].type == type)
            return annul ? types[i].annul : types[i].replace;
    return false;
}

/* ---- rows that go back ---- */

static void adopt_plan(struct model *m, struct m_plan *plan)
{
    const PbPlanRow *row = m_row(m, TABLE_PLANS, &plan->id, &pb_plan_row__descriptor);
    M_EXPECT(m, row && row->n_checkpoints <= MODEL_CHECKPOINTS, "a plan without a row", &plan->id);
    if (m->broken)
        return;
    plan->checkpoint_count = row->n_checkpoints;
    plan->aftercare = !row->in_course;
    for (size_t i = 0; i < row->n_checkpoints; i++) {
        const PbCheckpointRow *is = row->checkpoints[i];
        struct m_checkpoint *c = &plan->checkpoints[i];
        *c = (struct m_checkpoint){.due_on = is->due_on,
                                   .done = is->has_done_seq,
                                   .passed = is->passed,
                                   .training = is->in_training};
        (void)snprintf(c->code, sizeof c->code, "%s", is->code);
    }
    plan->ended_on = row->has_ended_on ? row->ended_on : 0;
    M_EXPECT(m,
             row->state == plan->state ||
                 (plan->state != PB_PLAN_STATE_REPLACED && row->state != PB_PLAN_STATE_REPLACED),
             "a correction has replaced a plan", &plan->id);
    plan->state = row->state;
    m_adopt_plan_limit(m, plan);
    m_touch(m, TOUCHED_PLAN, plan);
}

static bool keeps(const PbItemRow *row, bool before)
{
    PbItemState state = row->state == PB_ITEM_STATE_AT_RISK ? row->previous_state : row->state;
    if (state == PB_ITEM_STATE_WRITTEN_OFF)
        return before;
    return state == PB_ITEM_STATE_GRANTED || state == PB_ITEM_STATE_OWNED;
}

static void adopt_item(struct model *m, struct m_item *item)
{
    const PbItemRow *row = m_row(m, TABLE_ITEMS, &item->id, &pb_item_row__descriptor);
    M_EXPECT(m, row && row->n_allocation_ids <= MODEL_GROUP_MAX, "an item without a row",
             &item->id);
    if (m->broken)
        return;
    item->kept = keeps(row, item->kept);
    item->touched_seq = row->touched_seq;
    item->issued_seq = row->issued_seq;
    item->state = row->state;
    item->previous = row->has_previous_state ? row->previous_state : PB_ITEM_STATE_UNSPECIFIED;
    (void)snprintf(item->kit, sizeof item->kit, "%s", row->kit_code);
    (void)snprintf(item->course, sizeof item->course, "%s", row->course_code);
    item->seat_count = row->n_allocation_ids;
    for (size_t i = 0; i < row->n_allocation_ids; i++)
        item->seats[i] = find(&m->seats, row->allocation_ids[i]);
    item->c = row->has_case_id ? find(&m->cases, row->case_id) : NULL;
    item->bast_on = row->bast_on;
    item->custody_until = row->custody_until;
    (void)snprintf(item->bast_no, sizeof item->bast_no, "%s", row->bast_no ? row->bast_no : "");
    for (size_t i = 0; i < MODEL_CHECKS; i++)
        item->check_limit[i] = m_limit_runs(m, &item->id, m_checks[i].rule);
    item->return_from_ms = m_limit_from(m, &item->id, RULE_RETURN, 7, NULL);
    m_limit_read(m, &item->id, RULE_RETURN, &item->back);
    item->back_for_ms = item->return_from_ms;
    for (size_t i = 0; i < m->seats.count; i++) { /* T09 of whom it was or is for */
        struct m_seat *seat = m->seats.all[i];
        if (seat->state == PB_ALLOCATION_STATE_COMPLETED && seat->slot->kit[0])
            seat->kit_from_ms = m_limit_from(m, &seat->id, RULE_KIT, 30, NULL);
    }
    m_touch(m, TOUCHED_ITEM, item);
}

/* Everything of a person that a correction may have moved. */
static void adopt_person(struct model *m, struct m_person *p)
{
    struct m_case *cases[MODEL_CASES];
    for (size_t i = m_cases(p, cases); i-- > 0;)
        m_adopt_later(m, cases[i]);
    m_adopt_flags(m, m_root(p));
}

/* ---- seats ---- */

/* I8: the seat is free, nobody was given it since, the person has no other, the slot takes it. */
static void check_return(struct model *m, const struct m_seat *seat, uint64_t ended_seq)
{
    const struct m_slot *s = seat->slot;
    uint32_t no = seat->last_seat_no;
    M_EXPECT(m, !s->cancelled && no && !s->seats[no] && s->live < s->capacity,
             "I8: a seat is given back that somebody has", &seat->id);
    M_EXPECT(m, s->promoted_seq[no] < ended_seq, "I8: somebody was promoted to the seat",
             &seat->id);
    M_EXPECT(m, !m_live(seat->person), "I8: the person has another seat", &seat->id);
    M_EXPECT(m, !m_root(seat->person)->minor, "I10: a seat for a child", &seat->id);
}

static bool has_items_since(const struct model *m, const struct m_seat *seat, uint64_t seq)
{
    for (size_t i = 0; i < m->items.count; i++) {
        const struct m_item *item = m->items.all[i];
        for (size_t j = 0; j < item->seat_count; j++)
            if (item->seats[j] == seat && item->issued_seq > seq)
                return true;
    }
    return false;
}

static void undo(struct model *m, struct m_seat *seat, PbAllocationState to)
{
    struct m_expected *x = m_expect(m, seat, to);
    x->seat_no = m_is_live(to) ? seat->last_seat_no : 0;
    x->undone = true;
    x->started_on = seat->started_on;
    m_adopt_later(m, seat->c);
}

static void annul_start(struct model *m, const struct m_fact *fact)
{
    struct m_seat *seat = fact->seat;
    M_EXPECT(m, seat->state == PB_ALLOCATION_STATE_OCCUPIED, "the start of what does not run",
             &seat->id);
    M_EXPECT(m, !has_items_since(m, seat, fact->seq), "annulled under an item", &seat->id);
    undo(m, seat, seat->promised);
}

static void annul_end(struct model *m, const struct m_fact *fact)
{
    struct m_seat *seat = fact->seat;
    M_EXPECT(m,
             m_is_over(seat->state) && seat->state != PB_ALLOCATION_STATE_VOIDED &&
                 seat->state != PB_ALLOCATION_STATE_EXPIRED,
             "the end of what runs", &seat->id);
    M_EXPECT(m, !has_items_since(m, seat, fact->seq), "annulled under an item", &seat->id);
    check_return(m, seat, fact->seq);
    undo(m, seat, seat->started ? PB_ALLOCATION_STATE_OCCUPIED : seat->promised);
}

static void replace_start(struct model *m, const struct m_fact *fact, const PbEnvelope *with)
{
    struct m_seat *seat = fact->seat;
    int32_t on = day_no(with->placement_started->started_on);
    M_EXPECT(m, on >= seat->slot->starts && on <= seat->slot->late, "begun out of time", &seat->id);
    if (seat->attended_ms == sg_day_start_ms(seat->started_on))
        seat->attended_ms = sg_day_start_ms(on);
    seat->started_on = on;
    m_touch(m, TOUCHED_SEAT, seat);
}

static void replace_end(struct model *m, const struct m_fact *fact, const PbEnvelope *with)
{
    const PbPlacementEnded *e = with->placement_ended;
    struct m_seat *seat = fact->seat;
    bool was = seat->state == PB_ALLOCATION_STATE_COMPLETED;
    bool is = e->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED;
    M_EXPECT(m, !was || is || !has_items_since(m, seat, fact->seq), "corrected under an item",
             &seat->id);
    PbAllocationState to = is ? PB_ALLOCATION_STATE_COMPLETED
                           : fact->at_ms < m_late_end_ms(seat->slot)
                               ? PB_ALLOCATION_STATE_RELEASED
                               : PB_ALLOCATION_STATE_FORFEITED;
    m_adopt_later(m, seat->c);
    if (was == is) {
        seat->ended_on = day_no(e->ended_on);
        m_recount_completed(m, seat->person);
        m_touch(m, TOUCHED_SEAT, seat);
        return;
    }
    struct m_expected *x = m_expect(m, seat, to);
    x->undone = true;
    x->ended_on = day_no(e->ended_on);
}

/* ---- items ---- */

static void drop_bast(struct model *m, const struct m_item *item)
{
    for (size_t i = 0; i < m->basts.count; i++) {
        struct m_bast *bast = m->basts.all[i];
        if (bast->uses && bast->owner == item->owner && strcmp(bast->number, item->bast_no) == 0)
            bast->uses--;
    }
}

static void correct_item(struct model *m, struct m_fact *fact, bool annuls)
{
    struct m_item *item = fact->item;
    if (fact->type == 116)
        M_EXPECT(m, !annuls || (item->state == PB_ITEM_STATE_IN_STOCK && !item->issued_seq),
                 "annulled, but it was issued", &item->id);
    else
        M_EXPECT(m, item->touched_seq == fact->seq, "corrected, but something came later",
                 &item->id);
    if (fact->type == 117)
        drop_bast(m, item);
    if (!m->broken)
        m_adopt_item_later(m, item);
}

/* ---- visits, closing ---- */

static void correct_visit(struct model *m, const struct m_fact *fact, const PbEnvelope *with)
{
    struct m_case *c = fact->plan->c;
    for (size_t i = 0; i < c->visit_count; i++) {
        struct m_visit *v = &c->visits[i];
        if (v->seq != fact->seq)
            continue;
        if (!with) {
            c->visits[i] = c->visits[--c->visit_count];
            break;
        }
        const PbMentoringVisitRecorded *e = with->mentoring_visited;
        bool street = m_on_street(e);
        if (street && !v->street)
            m_relapse(m, c, day_no(e->visited_on));
        v->street = street;
        v->on = day_no(e->visited_on);
        v->contact = e->contact_made;
        v->off_street = e->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_NO;
    }
    m_adopt_later(m, c);
    m_adopt_plan_later(m, fact->plan);
}

static void annul_closing(struct model *m, const struct m_fact *fact)
{
    struct m_case *c = fact->c;
    M_EXPECT(
        m, c->state == PB_CASE_STATE_CLOSED && m->now_ms <= c->closed_ms + REOPEN_DAYS * SG_DAY_MS,
        "a case was opened again after more than 30 days", &c->id);
    c->state = c->before;
    const PbCaseRow *row = m_row(m, TABLE_CASES, &c->id, &pb_case_row__descriptor);
    M_EXPECT(m, row && (row->minor || !m_root(c->person)->minor),
             "opened again without what became known of a minor", &c->id);
    m_adopt_later(m, c);
    for (size_t i = 0; i < m_count(c->person); i++)
        m_adopt_person_later(m, m_member(c->person, i));
}

/* ---- statements ---- */

static void restate(struct model *m, const struct m_fact *fact, const PbEnvelope *with)
{
    const PbAssessmentCompleted *e05 = with ? with->assessment_completed : NULL;
    const PbPersonIdentity *said = !with                      ? NULL
                                   : with->referral_submitted ? with->referral_submitted->person
                                   : with->contact_recorded   ? with->contact_recorded->person
                                                              : e05->person;
    char nik[20] = "";
    m_nik_said(fact->person, fact->seq, nik);
    m_unstate_person(m, fact->person, fact->seq);
    if (with)
        m_state_person(m, fact->person, fact->seq, said,
                       e05 && e05->has_schooling ? e05->schooling : PB_SCHOOLING_UNSPECIFIED);
    bool keeps_it =
        said && !said->nik && nik[0] &&
        (said->nik_status == PB_NIK_STATUS_STATED || said->nik_status == PB_NIK_STATUS_VERIFIED);
    if (keeps_it)
        m_keep_nik(m, fact->person, fact->seq, nik);
    adopt_person(m, fact->person);
}

static void withdraw(struct model *m, const struct m_fact *fact)
{
    struct m_referral *r = fact->referral;
    r->state = PB_REFERRAL_STATE_WITHDRAWN;
    m_unstate_person(m, r->person, r->seq);
    m_child_stays(m, r);
    m_touch(m, TOUCHED_REFERRAL, r);
    m_end_case(m, r, PB_CASE_STATE_VOID);
}

static void correct_referral(struct model *m, struct m_fact *fact, const PbEnvelope *with,
                             bool other_person)
{
    struct m_referral *r = fact->referral;
    if (!with && m_pending(r)) {
        withdraw(m, fact);
        return;
    }
    M_EXPECT(m, with || other_person, "annulled what was decided", &r->id);
    if (with && with->referral_submitted->handed_over_at)
        r->handed_over_ms = sg_ms_of(with->referral_submitted->handed_over_at);
    else if (with)
        r->handed_over_ms = 0;
    if (with) {
        r->service_count = with->referral_submitted->n_requested_services;
        for (size_t i = 0; i < r->service_count; i++)
            r->services[i] = with->referral_submitted->requested_services[i];
    }
    restate(m, fact, with);
}

/* ---- services ---- */

/* What it answered, and how many days food was given on, is read again. */
static void correct_service(struct model *m, const struct m_fact *fact)
{
    struct m_referral *r = fact->referral;
    struct m_case *c = r ? r->c : fact->c;
    c->food_read = true;
    if (r)
        m->answered = r;
}

/* ---- E24 ---- */

static void correct(struct model *m, struct m_fact *fact, const PbEnvelope *with, bool other_person)
{
    switch (fact->type) {
    case 101: correct_referral(m, fact, with, other_person); break;
    case 104:
        if (fact->person)
            restate(m, fact, with);
        break;
    case 105: restate(m, fact, with); break;
    case 107: correct_service(m, fact); break;
    case 113:
        if (with)
            replace_start(m, fact, with);
        else
            annul_start(m, fact);
        break;
    case 115:
        if (with)
            replace_end(m, fact, with);
        else
            annul_end(m, fact);
        break;
    case 114: m_touch(m, TOUCHED_SEAT, fact->seat); break;
    case 116:
    case 117:
    case 118: correct_item(m, fact, !with); break;
    case 120: correct_visit(m, fact, with); break;
    case 121: annul_closing(m, fact); break;
    default: break;
    }
}

void m_correction(struct model *m, const struct m_event *ev)
{
    const PbEventCorrected *e = ev->e->event_corrected;
    struct m_fact *fact = m_fact_at(m, e->corrected);
    bool annuls = e->action == PB_EVENT_CORRECTED__ACTION_ANNUL;
    bool other_person = e->reason == PB_EVENT_CORRECTED__REASON_WRONG_PERSON;
    struct sg_why why = {0};
    PbEnvelope *with = NULL;
    M_EXPECT(m, fact && fact->agency == ev->agency, "another agency's event was corrected", NULL);
    if (m->broken)
        return;
    M_EXPECT(m, m_may_correct(fact->type, annuls), "an event was corrected that may not be", NULL);
    M_EXPECT(m, !fact->annulled, "what was annulled was corrected", NULL);
    M_EXPECT(m, m->now_ms - fact->at_ms <= WINDOW_DAYS * SG_DAY_MS, "corrected too late", NULL);
    if (!annuls)
        SG_CHECK(!sg_replacement_open(e->replacement, fact->type, &m->arena, &with, &why));
    if (m->broken)
        return;
    fact->annulled = annuls;
    m->attended = fact->seat;
    m->counts.corrected[fact->type][annuls]++;
    correct(m, fact, with, other_person);
}

/* ---- after the records were read ---- */

static void adopt_answers(struct model *m, struct m_referral *r)
{
    const PbReferralRow *row = m_row(m, TABLE_REFERRALS, &r->id, &pb_referral_row__descriptor);
    M_EXPECT(m, row && (row->state == r->state || row->state == PB_REFERRAL_STATE_LOOP_CLOSED),
             "a loop that was opened again", &r->id);
    bool all = true;
    for (size_t i = 0; !m->broken && i < r->service_count; i++) {
        r->delivered[i] = false;
        for (size_t j = 0; j < row->n_delivered; j++)
            r->delivered[i] |= row->delivered[j] == r->services[i];
        all &= r->delivered[i];
    }
    M_EXPECT(m, !row || row->state == r->state || all, "a loop was closed before its end", &r->id);
    if (row)
        r->state = row->state;
    m_touch(m, TOUCHED_REFERRAL, r);
}

/* The reference of a relapse, without the closing that is annulled. */
static void adopt_closing(struct model *m, struct m_person *p)
{
    const PbPersonRow *row = m_row(m, TABLE_PERSONS, &p->id, &pb_person_row__descriptor);
    if (row)
        p->first_closed_on = row->has_first_closed_on ? row->first_closed_on : 0;
}

void m_adopt_later(struct model *m, struct m_case *c)
{
    m_adopt_case_later(m, c);
    for (size_t i = 0; i < m->plans.count; i++)
        if (((struct m_plan *)m->plans.all[i])->c == c)
            m_adopt_plan_later(m, m->plans.all[i]);
}

void m_adopt_plan_later(struct model *m, struct m_plan *plan)
{
    SG_CHECK(m->adopt_plan_count < SG_ARRAY_LEN(m->adopt_plans));
    m->adopt_plans[m->adopt_plan_count++] = plan;
}

void m_adopt_item_later(struct model *m, struct m_item *item)
{
    SG_CHECK(m->adopt_item_count < SG_ARRAY_LEN(m->adopt_items));
    m->adopt_items[m->adopt_item_count++] = item;
}

void m_adopt_person_later(struct model *m, struct m_person *p)
{
    SG_CHECK(m->adopt_person_count < SG_ARRAY_LEN(m->adopt_persons));
    m->adopt_persons[m->adopt_person_count++] = p;
}

void m_adopt_corrected(struct model *m)
{
    for (size_t i = 0; i < m->adopt_item_count; i++)
        adopt_item(m, m->adopt_items[i]);
    for (size_t i = 0; i < m->adopt_plan_count; i++)
        adopt_plan(m, m->adopt_plans[i]);
    if (m->undone && m->undone->slot->kit[0])
        m->undone->kit_from_ms = m_limit_from(m, &m->undone->id, RULE_KIT, 30, NULL);
    if (m->attended && m->attended->state == PB_ALLOCATION_STATE_OCCUPIED)
        m->attended->attended_ms = m_limit_from(m, &m->attended->id, RULE_ATTENDANCE, 10, NULL);
    if (m->answered)
        adopt_answers(m, m->answered);
    for (size_t i = 0; i < m->adopt_person_count; i++)
        adopt_closing(m, m->adopt_persons[i]);
    m->adopt_item_count = m->adopt_plan_count = m->adopt_person_count = 0;
    m->undone = m->attended = NULL;
    m->answered = NULL;
}
