/* report_loop.c - 10.4: what became of referrals, for each referrer and target. */
#include "report/report_inside.h"

#include "wire/day.h"

#include <stdlib.h>

enum { GROUP = 1, OPEN_DAYS = 30 };

/* Referrals of one referrer to one target. */
struct lane {
    uint32_t referrer, target;
    const char *referrer_text, *target_text;
    int64_t all, limited, acknowledged, decided, declined, closed, open;
};

struct refusal {
    uint32_t lane;
    PbDeclineReason reason;
    PbDeclinedBy side;
    int64_t count;
};

struct lanes {
    struct pool all, refusals;
};

static bool counts(const struct facts *m, const struct referral *r)
{
    return r->states && r->state != PB_REFERRAL_STATE_WITHDRAWN && r->target != NOTHING &&
           facts_in_period(m, sg_day_at(r->occurred_ms));
}

static uint32_t lane_of(const struct facts *m, struct lanes *lanes, const struct referral *r)
{
    for (EACH(const struct lane, l, &lanes->all))
        if (l->referrer == r->referrer && l->target == r->target)
            return INDEX_IN(&lanes->all, struct lane, l);
    struct lane *lane = POOL_ADD(m->arena, &lanes->all, struct lane);
    *lane = (struct lane){.referrer = r->referrer,
                          .target = r->target,
                          .referrer_text = names_text(&m->agencies, r->referrer),
                          .target_text = names_text(&m->agencies, r->target)};
    return lanes->all.count - 1;
}

static bool is_open(PbReferralState state)
{
    return state == PB_REFERRAL_STATE_SUBMITTED || state == PB_REFERRAL_STATE_ACKNOWLEDGED ||
           state == PB_REFERRAL_STATE_ACCEPTED;
}

static void add_refusal(const struct facts *m, struct lanes *lanes, uint32_t lane,
                        const struct referral *r)
{
    for (EACH(struct refusal, f, &lanes->refusals))
        if (f->lane == lane && f->reason == r->reason && f->side == r->side) {
            f->count++;
            return;
        }
    struct refusal *f = POOL_ADD(m->arena, &lanes->refusals, struct refusal);
    *f = (struct refusal){lane, r->reason, r->side, 1};
}

static void add(const struct facts *m, struct lanes *lanes, const struct referral *r)
{
    uint32_t at = lane_of(m, lanes, r);
    struct lane *lane = POOL_AT(&lanes->all, struct lane, at);
    bool limited = r->acknowledge_due_ms != 0; /* an imported one has no limit */
    lane->all++;
    lane->limited += limited;
    lane->acknowledged +=
        limited && r->acknowledged_ms && r->acknowledged_ms <= r->acknowledge_due_ms;
    /* Decided without a word before it: its time to decide had not begun to run. */
    lane->decided +=
        limited && r->decided_ms && (!r->decide_due_ms || r->decided_ms <= r->decide_due_ms);
    lane->closed += r->state == PB_REFERRAL_STATE_LOOP_CLOSED;
    lane->open += is_open(r->state) && m->at_ms - r->occurred_ms > OPEN_DAYS * SG_DAY_MS;
    if (r->state != PB_REFERRAL_STATE_DECLINED)
        return;
    lane->declined++;
    add_refusal(m, lanes, at, r);
}

static int by_names(const void *a, const void *b)
{
    const struct lane *x = *(const struct lane *const *)a, *y = *(const struct lane *const *)b;
    int order = strcmp(x->referrer_text, y->referrer_text);
    return order ? order : strcmp(x->target_text, y->target_text);
}

static void put_lane(struct row *row, const struct lane *l)
{
    put_count(row, l->all);
    put_count(row, l->acknowledged);
    put_percent(row, l->acknowledged, l->limited, 3, 2);
    put_count(row, l->decided);
    put_percent(row, l->decided, l->limited, 5, 2);
    put_count(row, l->declined);
    put_count(row, l->closed);
    put_percent(row, l->closed, l->all, 8, 2);
    put_count(row, l->open);
}

static void print_lanes(struct output *out, const struct lane **lanes, uint32_t count)
{
    static const struct column columns[] = {
        {"referrer", "PERUJUK", "REFERRER"},
        {"target", "TUJUAN", "TARGET"},
        {"referrals", "RUJUKAN", "REFERRALS"},
        {"acknowledged", "DIKONFIRMASI TEPAT WAKTU", "ACKNOWLEDGED IN TIME"},
        {"acknowledged_pct", "%", "%"},
        {"decided", "DIPUTUSKAN TEPAT WAKTU", "DECIDED IN TIME"},
        {"decided_pct", "%", "%"},
        {"declined", "DITOLAK", "DECLINED"},
        {"closed", "TUNTAS", "LOOP CLOSED"},
        {"closed_pct", "%", "%"},
        {"open", "TERBUKA > 30 HARI", "OPEN > 30 DAYS"},
    };
    struct lane total = {0};
    struct section *section = OUTPUT_SECTION(out, "referrals", "Rujukan menurut perujuk dan tujuan",
                                             "Referrals by referrer and target", columns, GROUP);
    for (uint32_t i = 0; i < count; i++) {
        const struct lane *l = lanes[i];
        struct row *row = output_row(out, section);
        put_text(row, l->referrer_text);
        put_text(row, l->target_text);
        put_lane(row, l);
        total.all += l->all;
        total.limited += l->limited;
        total.acknowledged += l->acknowledged;
        total.decided += l->decided;
        total.declined += l->declined;
        total.closed += l->closed;
        total.open += l->open;
    }
    struct row *row = output_total(out, section);
    put_words(row, "Jumlah", "Total");
    put_text(row, "");
    put_lane(row, &total);
}

static void print_refusals(struct output *out, const struct lanes *lanes,
                           const struct lane **sorted, uint32_t count)
{
    static const struct column columns[] = {
        {"referrer", "PERUJUK", "REFERRER"}, {"target", "TUJUAN", "TARGET"},
        {"reason", "ALASAN", "REASON"},      {"side", "OLEH", "BY"},
        {"declined", "DITOLAK", "DECLINED"}, {"declined_pct", "% RUJUKAN", "% OF REFERRALS"},
    };
    struct section *section = OUTPUT_SECTION(out, "declined", "Ditolak menurut alasan",
                                             "Declined by reason", columns, GROUP);
    for (uint32_t i = 0; i < count; i++)
        for (EACH(const struct refusal, f, &lanes->refusals)) {
            const struct lane *lane = POOL_AT(&lanes->all, struct lane, f->lane);
            if (lane != sorted[i])
                continue;
            struct row *row = output_row(out, section);
            put_text(row, lane->referrer_text);
            put_text(row, lane->target_text);
            put_text(row, enum_text(&pb_decline_reason__descriptor, (int)f->reason));
            put_text(row, enum_text(&pb_declined_by__descriptor, (int)f->side));
            put_count(row, f->count);
            put_percent(row, f->count, lane->all, 4, 4);
        }
}

enum sg_err report_loop(struct facts *m, struct output *out, struct sg_why *why)
{
    struct lanes lanes = {0};
    for (EACH(const struct referral, r, &m->referrals))
        if (counts(m, r))
            add(m, &lanes, r);
    const struct lane **sorted = SG_NEW_ARRAY(m->arena, const struct lane *, lanes.all.count + 1);
    if (!sorted)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    for (uint32_t i = 0; i < lanes.all.count; i++)
        sorted[i] = POOL_AT(&lanes.all, struct lane, i);
    if (lanes.all.count > 1)
        qsort(sorted, lanes.all.count, sizeof *sorted, by_names);
    print_lanes(out, sorted, lanes.all.count);
    print_refusals(out, &lanes, sorted, lanes.all.count);
    return SG_OK;
}
