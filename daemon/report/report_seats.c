/* report_seats.c - 10.5: what became of the seats of slots that begin in the period. */
#include "report/report_inside.h"

#include "wire/codec.h"
#include "wire/day.h"

#include <stdlib.h>

enum { GROUP = 1, E11 = 111 };

/* Slots of one provider and course. */
struct line {
    uint32_t owner, course;
    const char *owner_text, *course_text;
    int64_t slots, offered, allocated, occupied, refilled, completed, forfeited, cancelled;
    int64_t started, no_show, expired_holds, waiting_at_close;
    struct numbers confirm_ms;
};

struct reason {
    uint32_t line;
    const char *detail;
    int64_t count;
};

struct lines {
    struct pool all, reasons;
    uint32_t *of_slot; /* NOTHING: not in the period */
};

static uint32_t line_of(const struct facts *m, struct lines *lines, const struct slot *s)
{
    for (EACH(const struct line, l, &lines->all))
        if (l->owner == s->owner && l->course == s->course)
            return INDEX_IN(&lines->all, struct line, l);
    struct line *line = POOL_ADD(m->arena, &lines->all, struct line);
    *line = (struct line){.owner = s->owner,
                          .course = s->course,
                          .owner_text = names_text(&m->agencies, s->owner),
                          .course_text = names_text(&m->courses, s->course)};
    return lines->all.count - 1;
}

static void add_slots(const struct facts *m, struct lines *lines)
{
    for (uint32_t i = 0; i < m->slots.count; i++) {
        const struct slot *s = SLOT(m, i);
        lines->of_slot[i] = NOTHING;
        if (s->owner == NOTHING || !facts_in_period(m, s->starts_on))
            continue;
        lines->of_slot[i] = line_of(m, lines, s);
        struct line *line = POOL_AT(&lines->all, struct line, lines->of_slot[i]);
        line->slots++;
        line->offered += s->capacity_max;
        line->cancelled += s->cancelled ? s->capacity : 0;
    }
}

static void add_allocation(const struct facts *m, struct line *line, const struct allocation *a)
{
    bool started = a->started_on != DAY_NONE;
    line->started += started;
    line->no_show += a->result == PB_PLACEMENT_ENDED__RESULT_NO_SHOW;
    line->completed += a->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED;
    line->forfeited += a->state == PB_ALLOCATION_STATE_FORFEITED;
    line->expired_holds += a->hold_expired;
    line->waiting_at_close += a->waited_to_the_end || a->state == PB_ALLOCATION_STATE_WAITLISTED;
    if (a->confirmed_ms && a->reserved_ms)
        numbers_add(m->arena, &line->confirm_ms, a->confirmed_ms - a->reserved_ms);
}

/* ---- seats: who has had each of them ---- */

struct seat {
    uint32_t slot, seat_no;
    bool started;
};

static int by_seat(const void *a, const void *b)
{
    const struct seat *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    return (x->seat_no > y->seat_no) - (x->seat_no < y->seat_no);
}

static void add_seats(struct lines *lines, struct pool *seats)
{
    const struct seat *all = seats->items;
    if (seats->count > 1)
        qsort(seats->items, seats->count, sizeof(struct seat), by_seat);
    for (uint32_t i = 0; i < seats->count;) {
        uint32_t first = i, occupants = 0;
        for (; i < seats->count && by_seat(&all[i], &all[first]) == 0; i++)
            occupants += all[i].started;
        struct line *line = POOL_AT(&lines->all, struct line, lines->of_slot[all[first].slot]);
        line->allocated++;
        line->occupied += occupants > 0;
        line->refilled += occupants > 1;
    }
}

static void add_allocations(const struct facts *m, struct lines *lines)
{
    struct pool seats = {0};
    for (EACH(const struct allocation, a, &m->allocations)) {
        if (a->slot == NOTHING || lines->of_slot[a->slot] == NOTHING)
            continue;
        add_allocation(m, POOL_AT(&lines->all, struct line, lines->of_slot[a->slot]), a);
        if (!a->seat_no)
            continue;
        struct seat *seat = POOL_ADD(m->arena, &seats, struct seat);
        *seat = (struct seat){a->slot, a->seat_no, a->started_on != DAY_NONE};
    }
    add_seats(lines, &seats);
}

/* ---- refusals: kept beside the journal, since what is refused does not stand in it ---- */

static void add_reason(const struct facts *m, struct lines *lines, uint32_t line,
                       const char *detail)
{
    for (EACH(struct reason, r, &lines->reasons))
        if (r->line == line && strcmp(r->detail, detail) == 0) {
            r->count++;
            return;
        }
    const char *copy = sg_arena_text(m->arena, sg_bytes_of(detail));
    struct reason *reason = POOL_ADD(m->arena, &lines->reasons, struct reason);
    *reason = (struct reason){line, copy ? copy : "-", 1};
}

static enum sg_err take_refusal(struct facts *m, struct lines *lines, struct sg_bytes value,
                                struct sg_why *why)
{
    PbRefusalRow *row = NULL;
    sg_arena_reset(&m->pass->scratch, 0);
    enum sg_err err =
        sg_decode_row(&pb_refusal_row__descriptor, value, &m->pass->scratch, &row, why);
    if (err)
        return err == SG_E_FORMAT ? SG_E_STORE : err;
    uint32_t slot = facts_find(&m->slot_ids, row->slot_id);
    if (row->type == E11 && slot != NOTHING && lines->of_slot[slot] != NOTHING)
        add_reason(m, lines, lines->of_slot[slot], row->detail ? row->detail : "-");
    return SG_OK;
}

/* A refusal stands under the seq of the record that was to come: those behind record as_of and
 * before the next one are known too. */
static enum sg_err take_refusals(struct facts *m, struct lines *lines, struct sg_why *why)
{
    enum { RENEW = 1000 };
    struct key at = {0};
    for (bool end = false; !end;) {
        SG_AUTO(txn_done) struct txn txn = {0};
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        enum sg_err err = txn_begin(&txn, m->pass->env, TXN_READ, why);
        if (!err)
            err = cursor_open(&cursor, &txn, TABLE_REFUSALS, why);
        if (!err)
            err = at.len ? cursor_seek(&cursor, &at, why) : cursor_first(&cursor, why);
        if (!err && at.len && cursor.key.ptr && sg_bytes_equal(cursor.key, key_borrow(&at)))
            err = cursor_next(&cursor, why);
        for (int i = 0; !err && i < RENEW && cursor.key.ptr; i++) {
            if (cursor.key.len < 8 || sg_get_u64(cursor.key.ptr) > m->pass->as_of + 1)
                return SG_OK;
            at = (struct key){0};
            key_bytes(&at, cursor.key);
            err = take_refusal(m, lines, cursor.value, why);
            if (!err)
                err = cursor_next(&cursor, why);
        }
        if (err)
            return err;
        end = !cursor.key.ptr;
    }
    return SG_OK;
}

/* ---- printing ---- */

static int by_names(const void *a, const void *b)
{
    const struct line *x = *(const struct line *const *)a, *y = *(const struct line *const *)b;
    int order = strcmp(x->owner_text, y->owner_text);
    return order ? order : strcmp(x->course_text, y->course_text);
}

static void put_seats(struct row *row, const struct line *l)
{
    put_open(row, l->slots);
    put_open(row, l->offered);
    put_count(row, l->allocated);
    put_count(row, l->occupied);
    put_rest(row, l->offered - l->occupied, 5);
    put_count(row, l->completed);
    put_count(row, l->forfeited);
    put_open(row, l->cancelled);
}

static void put_rates(struct row *row, const struct line *l, struct numbers *confirm)
{
    numbers_sort(confirm);
    put_count(row, l->started);
    put_share(row, l->occupied, l->offered);
    put_count(row, l->no_show);
    put_percent(row, l->no_show, l->no_show + l->started, 4, 2);
    put_percent(row, l->completed, l->started, 2, 2);
    put_count(row, l->expired_holds);
    put_count(row, l->refilled);
    put_days(row, day_tenths(numbers_median(confirm)), confirm->values.count);
    put_count(row, l->waiting_at_close);
}

static void sum_up(const struct facts *m, struct line *total, const struct line *l)
{
    total->slots += l->slots;
    total->offered += l->offered;
    total->allocated += l->allocated;
    total->occupied += l->occupied;
    total->refilled += l->refilled;
    total->completed += l->completed;
    total->forfeited += l->forfeited;
    total->cancelled += l->cancelled;
    total->started += l->started;
    total->no_show += l->no_show;
    total->expired_holds += l->expired_holds;
    total->waiting_at_close += l->waiting_at_close;
    for (uint32_t i = 0; i < l->confirm_ms.values.count; i++)
        numbers_add(m->arena, &total->confirm_ms, *POOL_AT(&l->confirm_ms.values, int64_t, i));
}

static void begin_row(struct row *row, const struct line *l)
{
    put_text(row, l->owner_text);
    put_text(row, l->course_text);
}

static void begin_total(struct row *row)
{
    put_words(row, "Jumlah", "Total");
    put_text(row, "");
}

static void print_lines(const struct facts *m, struct output *out, struct line **lines,
                        uint32_t count)
{
    static const struct column seats[] = {
        {"provider", "PENYELENGGARA", "PROVIDER"},
        {"course", "KURSUS", "COURSE"},
        {"slots", "SLOT", "SLOTS"},
        {"offered", "DITAWARKAN", "OFFERED"},
        {"allocated", "DIBERIKAN", "ALLOCATED"},
        {"occupied", "DITEMPATI", "OCCUPIED"},
        {"unclaimed", "TAK TERPAKAI", "UNCLAIMED"},
        {"completed", "SELESAI", "COMPLETED"},
        {"forfeited", "HANGUS", "FORFEITED"},
        {"cancelled", "DIBATALKAN", "CANCELLED"},
    };
    static const struct column rates[] = {
        {"provider", "PENYELENGGARA", "PROVIDER"},
        {"course", "KURSUS", "COURSE"},
        {"started", "MULAI", "STARTED"},
        {"fill_pct", "% TERISI", "% FILLED"},
        {"no_show", "TIDAK HADIR", "NO-SHOW"},
        {"no_show_pct", "%", "%"},
        {"completion_pct", "% SELESAI", "% COMPLETED"},
        {"expired_holds", "TAHANAN HABIS", "EXPIRED HOLDS"},
        {"refills", "TERISI LAGI", "REFILLED"},
        {"confirm_days", "HARI KEPASTIAN (MEDIAN)", "DAYS TO CONFIRM (MEDIAN)"},
        {"waiting_at_close", "ANTRE SAMPAI TUTUP", "WAITING AT CLOSE"},
    };
    struct line total = {0};
    struct section *section = OUTPUT_SECTION(out, "seats", "Kursi", "Seats", seats, GROUP);
    for (uint32_t i = 0; i < count; i++) {
        struct row *row = output_row(out, section);
        begin_row(row, lines[i]);
        put_seats(row, lines[i]);
        sum_up(m, &total, lines[i]);
    }
    struct row *row = output_total(out, section);
    begin_total(row);
    put_seats(row, &total);
    section = OUTPUT_SECTION(out, "rates", "Angka", "Rates", rates, GROUP);
    for (uint32_t i = 0; i < count; i++) {
        row = output_row(out, section);
        begin_row(row, lines[i]);
        put_rates(row, lines[i], &lines[i]->confirm_ms);
    }
    row = output_total(out, section);
    begin_total(row);
    put_rates(row, &total, &total.confirm_ms);
}

static void print_reasons(struct output *out, const struct lines *lines, struct line **sorted,
                          uint32_t count)
{
    static const struct column columns[] = {
        {"provider", "PENYELENGGARA", "PROVIDER"},
        {"course", "KURSUS", "COURSE"},
        {"reason", "SYARAT", "RULE"},
        {"refused", "PERMOHONAN DITOLAK", "REQUESTS REFUSED"},
    };
    struct section *section =
        OUTPUT_SECTION(out, "refused", "Permohonan yang tidak memenuhi syarat",
                       "Requests that were not eligible", columns, 2);
    for (uint32_t i = 0; i < count; i++)
        for (EACH(const struct reason, r, &lines->reasons)) {
            const struct line *line = POOL_AT(&lines->all, struct line, r->line);
            if (line != sorted[i])
                continue;
            struct row *row = output_row(out, section);
            begin_row(row, line);
            put_text(row, r->detail);
            put_count(row, r->count);
        }
}

enum sg_err report_seats(struct facts *m, struct output *out, struct sg_why *why)
{
    struct lines lines = {.of_slot = SG_NEW_ARRAY(m->arena, uint32_t, m->slots.count + 1)};
    if (!lines.of_slot)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    add_slots(m, &lines);
    add_allocations(m, &lines);
    enum sg_err err = take_refusals(m, &lines, why);
    if (err)
        return err;
    struct line **sorted = SG_NEW_ARRAY(m->arena, struct line *, lines.all.count + 1);
    if (!sorted)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    for (uint32_t i = 0; i < lines.all.count; i++)
        sorted[i] = POOL_AT(&lines.all, struct line, i);
    if (lines.all.count > 1)
        qsort(sorted, lines.all.count, sizeof *sorted, by_names);
    print_lines(m, out, sorted, lines.all.count);
    print_reasons(out, &lines, sorted, lines.all.count);
    return SG_OK;
}
