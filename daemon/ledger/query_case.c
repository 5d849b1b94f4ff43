/* query_case.c - cases, kits and deadlines as one agency may see them. */
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/query_care.h"
#include "ledger/referral.h"
#include "wire/day.h"

/* Rows that are looked at for one page, seen or not. */
enum { LOOKS_MAX = 5000, BELONGS_MAX = 64 /* of each list: the answer fits a frame */ };

struct page {
    struct ledger_turn *turn;
    const char *agency;
    uint32_t capabilities;
    int64_t now_ms;
};

static struct sg_bytes keep(struct ledger_turn *turn, struct sg_bytes bytes)
{
    uint8_t *copy = take(turn, bytes.len);
    memcpy(copy, bytes.ptr, bytes.len);
    return (struct sg_bytes){copy, bytes.len};
}

/* ---- deadlines ---- */

static bool sees_deadline(const struct page *p, const PbDeadlineRow *row)
{
    enum { AUDIT_LEVEL = 3 };
    bool own = (row->responsible && strcmp(row->responsible, p->agency) == 0) ||
               (row->case_owner && strcmp(row->case_owner, p->agency) == 0);
    bool audited = (p->capabilities & SG_CAP(PB_CAPABILITY_AUDITOR)) && row->reached &&
                   deadline_level(row) >= AUDIT_LEVEL;
    return row->responsible && (own || audited);
}

static bool is_missed(const PbDeadlineRow *row)
{
    return row->reached && deadline_level(row) >= 1;
}

static PbDeadlineView *deadline_view(const struct page *p, struct sg_bytes key,
                                     const PbDeadlineRow *row)
{
    PbDeadlineView *view = TAKE(p->turn, PbDeadlineView);
    struct sg_id id;
    int64_t next_ms;
    pb_deadline_view__init(view);
    memcpy(id.b, key.ptr, SG_ID_BYTES);
    view->rule_id = text_of(p->turn, (const char *)key.ptr + SG_ID_BYTES);
    view->rule_id[strcspn(view->rule_id, "-")] = '\0'; /* "T10-1" is the rule T10 */
    view->has_aggregate_type = view->has_aggregate_id = view->has_due_ms = view->has_level =
        view->has_missed = true;
    view->aggregate_type = row->aggregate_type;
    view->aggregate_id = data_of(p->turn, &id);
    view->due_ms = row->due_ms;
    view->level = row->reached ? deadline_level(row) : 0;
    view->responsible = row->responsible;
    view->missed = is_missed(row);
    view->has_next_ms = deadline_next(row, &next_ms);
    view->next_ms = view->has_next_ms ? next_ms : 0;
    return view;
}

enum sg_err ledger_deadlines(struct txn *txn, const struct ledger_asker *asker, bool all,
                             struct sg_bytes cursor_bytes, size_t limit, struct sg_arena *arena,
                             PbDeadlineView ***out_views, size_t *out_count,
                             struct sg_bytes *out_next, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct page p = {&turn, asker->agency, asker->capabilities, asker->now_ms};
    struct key from = {0};
    if (cursor_bytes.len && cursor_bytes.len <= KEY_BYTES_MAX)
        key_bytes(&from, cursor_bytes);
    *out_views = take(&turn, limit * sizeof **out_views);
    *out_count = 0;
    *out_next = (struct sg_bytes){NULL, 0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_DEADLINES, why);
    if (!err)
        err = from.len ? cursor_seek(&cursor, &from, why) : cursor_first(&cursor, why);
    for (int looks = 0; !err && cursor.key.ptr; looks++) {
        PbDeadlineRow *row = NULL;
        if (*out_count == limit || looks == LOOKS_MAX) {
            *out_next = keep(&turn, cursor.key);
            break;
        }
        size_t used = arena->used;
        err = sg_decode_row(&pb_deadline_row__descriptor, cursor.value, arena, &row, why);
        if (err)
            break;
        if (sees_deadline(&p, row) && (all || is_missed(row)))
            (*out_views)[(*out_count)++] = deadline_view(&p, cursor.key, row);
        else
            sg_arena_reset(arena, used);
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* Deadlines of one object, added to the view of a case. */
static enum sg_err add_deadlines(const struct page *p, const struct sg_id *id, PbCaseView *view,
                                 struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err =
        cursor_under(&cursor, p->turn->txn, TABLE_DEADLINES, key_id(&prefix, id), why);
    while (!err && cursor.key.ptr) {
        PbDeadlineRow *row = NULL;
        err = sg_decode_row(&pb_deadline_row__descriptor, cursor.value, p->turn->arena, &row, why);
        if (err)
            break;
        if (sees_deadline(p, row) && view->n_deadlines < BELONGS_MAX) {
            view->deadlines = grown(p->turn, view->deadlines, view->n_deadlines);
            view->deadlines[view->n_deadlines++] = deadline_view(p, cursor.key, row);
        }
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- kits ---- */

static PbKitView *kit_view(const struct page *p, const struct sg_id *id, PbItemRow *row)
{
    PbKitView *view = TAKE(p->turn, PbKitView);
    pb_kit_view__init(view);
    view->has_item_id = view->has_state = view->has_version = true;
    view->item_id = data_of(p->turn, id);
    view->owner = row->owner;
    view->state = row->state;
    view->version = row->version;
    view->kit_code = row->kit_code;
    view->course_code = row->course_code;
    view->bast_no = row->bast_no;
    view->bast_on = row->has_bast_on ? date_of(p->turn, row->bast_on) : NULL;
    view->custody_until = row->has_custody_until ? date_of(p->turn, row->custody_until) : NULL;
    view->n_allocation_ids = row->n_allocation_ids;
    view->allocation_ids = row->allocation_ids;
    view->has_finding = row->has_finding;
    view->finding = row->finding;
    view->has_recalled = row->has_recalled;
    view->recalled = row->recalled;
    return view;
}

static bool sees_item(const struct page *p, const PbItemRow *row)
{
    return strcmp(row->owner, p->agency) == 0 ||
           (row->case_owner && strcmp(row->case_owner, p->agency) == 0);
}

enum sg_err ledger_kits(struct txn *txn, const struct ledger_asker *asker,
                        struct sg_bytes cursor_bytes, size_t limit, struct sg_arena *arena,
                        PbKitView ***out_views, size_t *out_count, struct sg_bytes *out_next,
                        struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct page p = {&turn, asker->agency, asker->capabilities, asker->now_ms};
    struct key from = {0};
    key_u64(&from, cursor_bytes.len == 8 ? sg_get_u64(cursor_bytes.ptr) : UINT64_MAX);
    *out_views = take(&turn, limit * sizeof **out_views);
    *out_count = 0;
    *out_next = (struct sg_bytes){NULL, 0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_ITEMS_BY_SEQ, why);
    if (!err)
        err = cursor_seek_back(&cursor, &from, why);
    for (int looks = 0; !err && cursor.key.ptr; looks++) {
        struct sg_id id;
        PbItemRow *row = NULL;
        if (*out_count == limit || looks == LOOKS_MAX) {
            *out_next = keep(&turn, cursor.key);
            break;
        }
        memcpy(id.b, cursor.value.ptr, SG_ID_BYTES);
        size_t used = arena->used;
        err = read_row(&turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        if (err)
            break;
        if (sees_item(&p, row))
            (*out_views)[(*out_count)++] = kit_view(&p, &id, row);
        else
            sg_arena_reset(arena, used);
        err = cursor_prev(&cursor, why);
    }
    return err;
}

/* ---- cases ---- */

static enum sg_err case_view(const struct page *p, const struct sg_id *id, const PbCaseRow *row,
                             PbCaseView **out_view, struct sg_why *why)
{
    PbCaseView *view = TAKE(p->turn, PbCaseView);
    PbPersonRow *person = NULL;
    struct identity identity;
    struct sg_id person_id = id_of(row->person_id);
    pb_case_view__init(view);
    view->has_case_id = view->has_state = view->has_version = true;
    view->case_id = data_of(p->turn, id);
    view->state = row->state;
    view->version = row->version;
    view->has_minor = row->has_minor;
    view->minor = row->minor;
    view->has_age_doubt = row->has_age_doubt;
    view->age_doubt = row->age_doubt;
    view->has_not_ppks = row->has_not_ppks;
    view->not_ppks = row->not_ppks;
    view->has_priority_band = row->has_priority_band;
    view->priority_band = row->priority_band;
    view->has_previous_case_id = row->has_previous_case_id;
    view->previous_case_id = row->previous_case_id;
    enum sg_err err = person_combined(p->turn, &person_id, &person, why);
    if (!err)
        err = person_identity(p->turn, &person_id, &identity, why);
    if (err)
        return err;
    for (size_t i = 0; i < person->n_refs; i++)
        if (!view->has_person_ref && strcmp(person->refs[i]->agency, p->agency) == 0) {
            view->has_person_ref = true;
            view->person_ref = person->refs[i]->person_ref;
        }
    *out_view = view;
    if (row->state == PB_CASE_STATE_TRANSFERRED) /* its old owner reads what it wrote, no more */
        return SG_OK;
    if (identity.known)
        view->person = person_visible(p->turn, &identity, p->now_ms);
    case_view_consents(p->turn, person, p->now_ms, view);
    return SG_OK;
}

enum sg_err ledger_cases(struct txn *txn, const struct ledger_asker *asker, bool all,
                         struct sg_bytes cursor_bytes, size_t limit, struct sg_arena *arena,
                         PbCaseView ***out_views, size_t *out_count, struct sg_bytes *out_next,
                         struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct page p = {&turn, asker->agency, asker->capabilities, asker->now_ms};
    struct key from = {0};
    struct sg_id id;
    memset(id.b, 0xff, sizeof id.b);
    if (cursor_bytes.len == SG_ID_BYTES)
        memcpy(id.b, cursor_bytes.ptr, SG_ID_BYTES);
    *out_views = take(&turn, limit * sizeof **out_views);
    *out_count = 0;
    *out_next = (struct sg_bytes){NULL, 0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_CASES, why);
    if (!err)
        err = cursor_seek_back(&cursor, key_id(&from, &id), why);
    for (int looks = 0; !err && cursor.key.ptr; looks++) {
        PbCaseRow *row = NULL;
        if (*out_count == limit || looks == LOOKS_MAX) {
            *out_next = keep(&turn, cursor.key);
            break;
        }
        size_t used = arena->used;
        memcpy(id.b, cursor.key.ptr, SG_ID_BYTES);
        err = sg_decode_row(&pb_case_row__descriptor, cursor.value, arena, &row, why);
        if (err)
            break;
        if (strcmp(row->owner, p.agency) != 0 || (!all && !case_is_open(row->state)))
            sg_arena_reset(arena, used);
        else
            err = case_view(&p, &id, row, &(*out_views)[(*out_count)++], why);
        if (!err)
            err = cursor_prev(&cursor, why);
    }
    return err;
}

/* ---- one case, with all that belongs to it ---- */

struct referral_page {
    const struct page *p;
    const struct sg_id *case_id;
    PbCaseView *view;
};

static enum sg_err add_referral(void *context, const struct sg_id *id, PbReferralRow *row,
                                bool *done, struct sg_why *why)
{
    const struct referral_page *to = context;
    const struct page *p = to->p;
    PbCaseView *view = to->view;
    struct sg_id of_case = id_of(row->case_id);
    (void)done;
    if (!sg_id_equal(&of_case, to->case_id) || view->n_referrals >= BELONGS_MAX)
        return SG_OK;
    PbReferralView *r = TAKE(p->turn, PbReferralView);
    pb_referral_view__init(r);
    r->has_referral_id = r->has_kind = r->has_state = r->has_priority = true;
    r->referral_id = data_of(p->turn, id);
    r->kind = row->kind;
    r->state = row->state;
    r->priority = row->priority;
    r->referrer = row->referrer;
    r->target = row->targets[row->n_targets - 1];
    view->referrals = grown(p->turn, view->referrals, view->n_referrals);
    view->referrals[view->n_referrals++] = r;
    return add_deadlines(p, id, view, why);
}

static enum sg_err add_referrals(const struct page *p, const struct sg_id *case_id,
                                 const struct sg_id *person_id, PbCaseView *view,
                                 struct sg_why *why)
{
    struct referral_page to = {p, case_id, view};
    return person_referrals(p->turn, person_id, add_referral, &to, why);
}

static enum sg_err count_sessions(const struct page *p, const struct sg_id *id,
                                  PbPlacementView *view, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err =
        cursor_under(&cursor, p->turn->txn, TABLE_ATTENDANCE, key_id(&prefix, id), why);
    while (!err && cursor.key.ptr) {
        PbAttendanceRow *row = NULL;
        err =
            sg_decode_row(&pb_attendance_row__descriptor, cursor.value, p->turn->arena, &row, why);
        if (err)
            break;
        view->has_sessions_held = view->has_sessions_attended = true;
        view->sessions_held += row->sessions_held;
        view->sessions_attended += row->sessions_attended;
        err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err placement_view(const struct page *p, const struct sg_id *id,
                                  PbAllocationRow *row, PbPlacementView **out_view,
                                  struct sg_why *why)
{
    PbPlacementView *v = TAKE(p->turn, PbPlacementView);
    PbSlotRow *slot = NULL;
    struct sg_id slot_id = id_of(row->slot_id);
    enum sg_err err =
        read_row(p->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &slot, why);
    if (err)
        return err;
    pb_placement_view__init(v);
    v->has_allocation_id = v->has_slot_id = v->has_state = v->has_seat_no = true;
    v->allocation_id = data_of(p->turn, id);
    v->slot_id = row->slot_id;
    v->course_code = slot->slot->course_code;
    v->slot_owner = row->slot_owner;
    v->state = row->state;
    v->seat_no = row->seat_no;
    v->has_hold_until_ms = row->has_hold_until_ms;
    v->hold_until_ms = row->hold_until_ms;
    v->started_on = row->has_started_on ? date_of(p->turn, row->started_on) : NULL;
    v->ended_on = row->has_ended_on ? date_of(p->turn, row->ended_on) : NULL;
    v->has_result = row->has_result;
    v->result = row->result;
    if (row->state == PB_ALLOCATION_STATE_WAITLISTED) {
        v->has_waitlist_position = true;
        err = waiting_position(p->turn, &slot_id, row->wait, &v->waitlist_position, why);
    }
    *out_view = v;
    return err ? err : count_sessions(p, id, v, why);
}

static enum sg_err add_kits(const struct page *p, const struct sg_id *allocation_id,
                            PbCaseView *view, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, p->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(p->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        if (err)
            break;
        if (view->n_kits < BELONGS_MAX) {
            view->kits = grown(p->turn, view->kits, view->n_kits);
            view->kits[view->n_kits++] = kit_view(p, &id, row);
            err = add_deadlines(p, &id, view, why);
        }
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err add_placements(const struct page *p, const struct sg_id *case_id,
                                  PbCaseView *view, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, p->turn->txn, TABLE_ALLOCATIONS_OF_CASE,
                                   key_id(&prefix, case_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbAllocationRow *row = NULL;
        err = read_row(p->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (!err && view->n_placements < BELONGS_MAX) {
            view->placements = grown(p->turn, view->placements, view->n_placements);
            err = placement_view(p, &id, row, &view->placements[view->n_placements++], why);
        }
        if (!err)
            err = add_deadlines(p, &id, view, why);
        if (!err)
            err = add_kits(p, &id, view, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

enum sg_err ledger_case(struct txn *txn, const struct ledger_asker *asker,
                        const struct sg_id *case_id, struct sg_arena *arena, PbCaseView **out_view,
                        struct sg_why *why)
{
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct page p = {&turn, asker->agency, asker->capabilities, asker->now_ms};
    PbCaseRow *row = NULL;
    enum sg_err err = read_row(&turn, TABLE_CASES, case_id, &pb_case_row__descriptor, &row, why);
    if (err)
        return err;
    if (strcmp(row->owner, asker->agency) != 0)
        return SG_E_NOT_FOUND;
    struct sg_id person_id = id_of(row->person_id);
    err = case_view(&p, case_id, row, out_view, why);
    if (err || row->state == PB_CASE_STATE_TRANSFERRED)
        return err;
    err = case_view_plan(&turn, row, *out_view, why);
    if (!err)
        err = add_deadlines(&p, case_id, *out_view, why);
    struct sg_id plan_id = id_of(row->plan_id);
    if (!err && row->has_plan_id)
        err = add_deadlines(&p, &plan_id, *out_view, why);
    if (!err)
        err = add_referrals(&p, case_id, &person_id, *out_view, why);
    return err ? err : add_placements(&p, case_id, *out_view, why);
}
