/* model.c - piles of objects, and the records of the journal in their order. */
#include "sim/model.h"

#include "kit/check.h"
#include "ledger/referral.h"
#include "wire/day.h"
#include "wire/status.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 16 << 20, HASH_ROOM = 1 << 8 };

/* ---- piles ---- */

static size_t slot_of(const struct pile *pile, const struct sg_id *id)
{
    return (size_t)(sg_get_u64(id->b + 8) ^ sg_get_u64(id->b) * 31) & (pile->hash_room - 1);
}

void *pile_find(const struct pile *pile, const struct sg_id *id)
{
    if (!pile->hash_room)
        return NULL;
    for (size_t i = slot_of(pile, id); pile->hash[i]; i = (i + 1) & (pile->hash_room - 1)) {
        void *object = pile->all[pile->hash[i] - 1];
        if (sg_id_equal(object, id))
            return object;
    }
    return NULL;
}

static void enter(struct pile *pile, const struct sg_id *id, size_t index)
{
    size_t i = slot_of(pile, id);
    while (pile->hash[i])
        i = (i + 1) & (pile->hash_room - 1);
    pile->hash[i] = (uint32_t)index + 1;
}

static void *grown_to(void *old, size_t count, size_t size)
{
    void *moved = realloc(old, count * size);
    SG_CHECK(moved);
    return moved;
}

void *pile_add(struct pile *pile, const struct sg_id *id, size_t size)
{
    if (pile->count * 2 >= pile->hash_room) {
        pile->hash_room = pile->hash_room ? pile->hash_room * 2 : HASH_ROOM;
        free(pile->hash);
        pile->hash = calloc(pile->hash_room, sizeof *pile->hash);
        SG_CHECK(pile->hash);
        for (size_t i = 0; i < pile->count; i++)
            enter(pile, pile->all[i], i);
    }
    if (pile->count == pile->room) {
        pile->room = pile->room ? pile->room * 2 : HASH_ROOM;
        pile->all = grown_to(pile->all, pile->room, sizeof *pile->all);
    }
    void *object = calloc(1, size);
    SG_CHECK(object);
    memcpy(object, id, sizeof *id);
    enter(pile, id, pile->count);
    pile->all[pile->count++] = object;
    return object;
}

static void pile_free(struct pile *pile)
{
    for (size_t i = 0; i < pile->count; i++)
        free(pile->all[i]);
    free(pile->all);
    free(pile->hash);
    *pile = (struct pile){0};
}

/* ---- the model ---- */

void model_init(struct model *model, const struct sg_roster *roster)
{
    struct sg_why why = {0};
    *model = (struct model){.roster = roster};
    SG_CHECK(sg_arena_init(&model->arena, ARENA_BYTES, &why) == SG_OK);
}

void model_done(struct model *model)
{
    struct pile *piles[] = {&model->persons, &model->cases,   &model->referrals, &model->slots,
                            &model->seats,   &model->items,   &model->basts,     &model->refs,
                            &model->plans,   &model->requests};
    for (size_t i = 0; i < model->cases.count; i++)
        free(((struct m_case *)model->cases.all[i])->visits);
    for (size_t i = 0; i < model->persons.count; i++)
        free(((struct m_person *)model->persons.all[i])->statements);
    for (size_t i = 0; i < SG_ARRAY_LEN(piles); i++)
        pile_free(piles[i]);
    free(model->parked);
    for (size_t i = 0; i < model->fact_count; i++)
        free(model->facts[i].bytes);
    free(model->facts);
    free(model->links);
    free(model->found);
    sg_arena_done(&model->arena);
}

void m_break(struct model *m, const char *what, const struct sg_id *about)
{
    char text[SG_ID_TEXT] = "";
    if (m->broken)
        return;
    m->broken = what;
    if (about)
        (void)sg_id_print(about, text);
    (void)snprintf(m->about, sizeof m->about, "%s seq %llu, after E%02u", text,
                   (unsigned long long)m->taken_seq, m->last_type - 100);
}

const char *m_agency(struct model *m, const char *name)
{
    const struct sg_agency *agency = name ? sg_roster_agency(m->roster, name) : NULL;
    return agency ? agency->id : NULL;
}

void m_touch(struct model *m, enum model_kind kind, void *object)
{
    for (size_t i = 0; i < m->touched_count; i++)
        if (m->touched[i] == object)
            return;
    if (m->touched_count == SG_ARRAY_LEN(m->touched))
        return; /* the slow comparison will see it */
    m->touched[m->touched_count] = object;
    m->kinds[m->touched_count++] = kind;
}

void *m_row(struct model *m, enum table table, const struct sg_id *id,
            const ProtobufCMessageDescriptor *descriptor)
{
    struct sg_why why = {0};
    void *row = NULL;
    enum sg_err err = read_row(&m->turn, table, id, descriptor, &row, &why);
    SG_CHECK(!err || err == SG_E_NOT_FOUND);
    return err ? NULL : row;
}

/* ---- parked events ---- */

bool m_is_missing(const struct model *m, const struct m_parked *parked)
{
    const struct m_seat *seat = pile_find(&m->seats, &parked->object_id);
    const struct m_item *item = pile_find(&m->items, &parked->object_id);
    switch (parked->type) {
    case 109: return !pile_find(&m->slots, &parked->object_id);
    case 114:
    case 115: return seat && seat->state <= PB_ALLOCATION_STATE_CONFIRMED;
    case 118: return !item || item->state == PB_ITEM_STATE_IN_STOCK;
    case 120: return !pile_find(&m->plans, &parked->object_id);
    default: return false;
    }
}

static void park_one(struct model *m, const struct record *record)
{
    if (m->parked_count == m->parked_room) {
        m->parked_room = m->parked_room ? m->parked_room * 2 : 64;
        m->parked = grown_to(m->parked, m->parked_room, sizeof *m->parked);
    }
    const PbParkEffect *effect = record->rest->effect->park;
    struct m_parked *parked = &m->parked[m->parked_count++];
    *parked = (struct m_parked){.seq = record->seq,
                                .type = record->rest->type,
                                .agency = m_agency(m, record->rest->agency),
                                .object_id = id_of(effect->object_id),
                                .since_ms = m->now_ms};
    m->counts.parked[record->rest->type]++;
    M_EXPECT(m, m_is_missing(m, parked), "parked, but what it needs is there", &parked->object_id);
    M_EXPECT(m, record->rest->n_audience == 0, "a parked event has readers", &parked->object_id);
}

static void settle_one(struct model *m, const struct record *record)
{
    enum { DAYS = 14 };
    const PbParkEffect *effect = record->rest->effect->park;
    for (size_t i = 0; i < m->parked_count; i++) {
        struct m_parked at = m->parked[i];
        if (at.seq != effect->parked_seq)
            continue;
        bool old = m->now_ms >= at.since_ms + DAYS * SG_DAY_MS;
        bool timed_out = effect->code == SG_ST_PARK_TIMEOUT;
        memmove(&m->parked[i], &m->parked[i + 1], (m->parked_count - i - 1) * sizeof m->parked[0]);
        m->parked_count--;
        m->counts.settled[at.type] += !effect->code;
        m->counts.settled_refused += effect->code != 0;
        m->counts.timed_out += timed_out;
        M_EXPECT(m, !timed_out || old, "a parked event has timed out too early", &at.object_id);
        M_EXPECT(m, effect->code || !m_is_missing(m, &at),
                 "settled, but what it needs is not there", &at.object_id);
        return;
    }
    m_break(m, "settled, but it was not parked", NULL);
}

/* ---- records ---- */

static void take_event(struct model *m, const struct m_event *ev)
{
    static const struct {
        uint32_t type;
        void (*take)(struct model *m, const struct m_event *ev);
    } types[] = {{101, m_referral_submitted},
                 {102, m_referral_acknowledged},
                 {103, m_referral_decided},
                 {104, m_contact},
                 {105, m_assessment},
                 {106, m_consent},
                 {107, m_service},
                 {119, m_plan_set},
                 {120, m_visit},
                 {121, m_case_closed},
                 {122, m_link_decided},
                 {123, m_rights},
                 {108, m_slot_offered},
                 {109, m_slot_changed},
                 {110, m_slot_cancelled},
                 {111, m_seat_requested},
                 {112, m_seat_decided},
                 {113, m_placement_started},
                 {114, m_attendance},
                 {115, m_placement_ended},
                 {116, m_item_registered},
                 {117, m_item_issued},
                 {118, m_item_checked},
                 {124, m_correction}};
    m->last_type = ev->record->rest->type;
    m->counts.accepted[m->last_type]++;
    for (size_t i = 0; i < ev->effect->n_warnings; i++)
        m->counts.warned[(ev->effect->warnings[i] - SG_ST_W_SPM_7_DAYS) % MODEL_WARNINGS]++;
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        if (types[i].type == ev->record->rest->type) {
            types[i].take(m, ev);
            if (!m->broken)
                m_note_fact(m, ev);
            return;
        }
    m_break(m, "a type that is not served was accepted", NULL);
}

static void count_notice(struct model *m, const PbDeadlineMissed *p)
{
    unsigned rule = (unsigned)atoi(p->rule_id + 1);
    if (rule >= MODEL_RULES || p->level > 3)
        return;
    if (p->cleared)
        m->counts.cleared[rule]++;
    else
        m->counts.told[rule][p->level]++;
    m->counts.told_while_down += p->down_time_ms != 0;
}

static void take_derived(struct model *m, const struct record *record, const PbEnvelope *e)
{
    const PbEffect *effect = record->rest->effect;
    m->counts.derived++;
    if (effect && effect->link)
        m_linked_by_nik(m, record);
    if (m->broken)
        return;
    if (e->seat_allocation_changed)
        m_seat_changed(m, record, e);
    else if (e->person_duplicate_suspected)
        m_suspected(m, record, e);
    else if (e->person_erasure_ordered)
        m_ordered(m, record, e);
    else if (e->case_relapse_detected)
        m_relapse_told(m, e);
    else if (e->deadline_missed)
        count_notice(m, e->deadline_missed);
    else if (effect && effect->referral)
        m_loop_closed(m, effect->referral);
}

static void take_record(struct model *m, const struct record *record)
{
    struct sg_event event;
    struct sg_why why = {0};
    SG_CHECK(sg_event_reopen(record->clear, record->personal, &m->arena, &event, &why) == SG_OK);
    PbRecordKind kind = record->rest->kind;
    struct m_event ev = {.record = record,
                         .e = event.envelope,
                         .effect = record->rest->effect,
                         .agency = m_agency(m, record->rest->agency)};
    if (kind == PB_RECORD_KIND_DERIVED) {
        m_note_refs(m, record);
        take_derived(m, record, event.envelope);
        return;
    }
    if (kind == PB_RECORD_KIND_PARKED) {
        m_followed(m);
        park_one(m, record);
        return;
    }
    if (kind == PB_RECORD_KIND_SETTLED)
        settle_one(m, record);
    else
        m_followed(m);
    if (!m->broken && !(ev.effect->park && ev.effect->park->code)) {
        take_event(m, &ev);
        m_note_refs(m, record);
    }
}

static void look_in(struct model *m, struct txn *txn, int64_t now_ms)
{
    m->txn = txn;
    m->now_ms = now_ms;
    m->turn = (struct ledger_turn){.txn = txn, .arena = &m->arena};
    sg_arena_reset(&m->arena, 0);
}

/* ---- after each event: the rows that it moved ---- */

/* What an E09, E19 or E21 must have seen. */
static void read_version(struct model *m, enum model_kind kind, void *object)
{
    struct m_case *c = object;
    struct m_plan *plan = object;
    if (kind == TOUCHED_CASE) {
        const PbCaseRow *row = m_row(m, TABLE_CASES, &c->id, &pb_case_row__descriptor);
        c->version = row ? row->version : 0;
    } else if (kind == TOUCHED_PLAN) {
        const PbPlanRow *row = m_row(m, TABLE_PLANS, &plan->id, &pb_plan_row__descriptor);
        plan->version = row ? row->version : 0;
    }
}

static void compare_touched(struct model *m)
{
    static void (*const compare[])(struct model * m, const void *object) = {
        [TOUCHED_CASE] = m_compare_case,      [TOUCHED_REFERRAL] = m_compare_referral,
        [TOUCHED_SEAT] = m_compare_seat,      [TOUCHED_ITEM] = m_compare_item,
        [TOUCHED_SLOT] = m_compare_slot,      [TOUCHED_PLAN] = m_compare_plan,
        [TOUCHED_REQUEST] = m_compare_request};
    for (size_t i = 0; !m->broken && i < m->touched_count; i++) {
        compare[m->kinds[i]](m, m->touched[i]);
        m_compare_limits(m, m->kinds[i], m->touched[i]);
        read_version(m, m->kinds[i], m->touched[i]);
    }
    m->touched_count = 0;
}

static void check_parked(struct model *m)
{
    for (size_t i = 0; i < m->parked_count; i++)
        M_EXPECT(m, m_is_missing(m, &m->parked[i]), "a parked event was not settled",
                 &m->parked[i].object_id);
}

void model_take(struct model *m, struct txn *txn, int64_t now_ms)
{
    struct sg_why why = {0};
    look_in(m, txn, now_ms);
    while (!m->broken) {
        struct record record;
        enum sg_err err = journal_get(txn, m->taken_seq + 1, &record, &why);
        if (err == SG_E_NOT_FOUND)
            break;
        SG_CHECK(!err);
        m->taken_seq++;
        SG_CHECK(record_open_rest(&record, &m->arena, &why) == SG_OK);
        take_record(m, &record);
    }
    m_followed(m);
    if (!m->broken) {
        m_adopt(m);
        m_adopt_corrected(m);
    }
    if (!m->broken)
        m_slots_settled(m);
    if (!m->broken)
        check_parked(m);
    compare_touched(m);
}

void model_compare(struct model *m, struct txn *txn, int64_t now_ms)
{
    static const struct {
        size_t at;
        void (*compare)(struct model *m, const void *object);
    } piles[] = {{offsetof(struct model, persons), m_compare_person},
                 {offsetof(struct model, cases), m_compare_case},
                 {offsetof(struct model, referrals), m_compare_referral},
                 {offsetof(struct model, slots), m_compare_slot},
                 {offsetof(struct model, seats), m_compare_seat},
                 {offsetof(struct model, plans), m_compare_plan},
                 {offsetof(struct model, requests), m_compare_request},
                 {offsetof(struct model, items), m_compare_item}};
    look_in(m, txn, now_ms);
    for (size_t i = 0; i < SG_ARRAY_LEN(piles); i++) {
        const struct pile *pile = (const void *)((const char *)m + piles[i].at);
        for (size_t j = 0; !m->broken && j < pile->count; j++) {
            sg_arena_reset(&m->arena, 0);
            piles[i].compare(m, pile->all[j]);
        }
    }
    if (!m->broken)
        m_compare_tables(m);
}
