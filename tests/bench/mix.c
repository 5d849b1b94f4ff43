#include "bench/mix.h"

#include "bench/inside.h"
#include "bench/reports.h"
#include "kit/check.h"
#include "kit/daemon_proc.h"
#include "store/journal.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PART_EVENTS = 9600,
    SEATS = 12,
    REST_BYTES = 1 << 20,
    COURSE_BEGINS_DAYS = 30,
    COURSE_DAYS = 40
};
enum lane_of { REFERRER, OWNER, PROVIDER, MIX_LANES };
enum object { NOTHING, REFERRALS, SLOTS, CASES, SEATS_GIVEN, OBJECTS };

/* Ids in the order in which they came to be. */
struct ids {
    struct sg_id *ids;
    size_t count;
};

struct mix {
    struct inside in;
    struct sg_arena rest; /* of one record */
    struct ids of[OBJECTS];
    size_t people, made; /* events of the step so far */
    uint64_t seen;       /* seq through which the ids are known */
};

static void add(struct mix *mix, enum object object, ProtobufCBinaryData id)
{
    struct ids *to = &mix->of[object];
    struct sg_bytes bytes = {id.data, id.len};
    SG_CHECK(to->count < mix->people && sg_id_from(bytes, &to->ids[to->count]) == SG_OK);
    to->count++;
}

static const struct sg_id *next(struct mix *mix, enum object object)
{
    SG_CHECK(mix->made < mix->of[object].count);
    return &mix->of[object].ids[mix->made++];
}

/* ---- what is stated ---- */

static PbEnvelope *refer(void *mix, struct sample *sample, struct sg_arena *arena)
{
    struct sg_id id;
    PbEnvelope *e = sample_referral(sample, arena, &id);
    add(mix, REFERRALS, e->referral_submitted->referral_id);
    return e;
}

static PbEnvelope *accept(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_decision(sample, arena, next(mix, REFERRALS));
}

static PbEnvelope *assess(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_assessment(sample, arena, next(mix, CASES));
}

static PbEnvelope *consent(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_consent(sample, arena, next(mix, CASES));
}

static PbEnvelope *offer(void *mix, struct sample *sample, struct sg_arena *arena)
{
    struct sg_id id;
    PbEnvelope *e = sample_slot(sample, arena, SEATS, &id);
    add(mix, SLOTS, e->slot_offered->slot_id);
    return e;
}

static PbEnvelope *ask(void *context, struct sample *sample, struct sg_arena *arena)
{
    struct mix *mix = context;
    const struct sg_id *slot = &mix->of[SLOTS].ids[mix->made / SEATS];
    const struct sample_wish wish = {
        .slot_id = *slot, .case_id = *next(mix, CASES), .person_accepted = true};
    return sample_request(sample, arena, &wish);
}

static PbEnvelope *confirm(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_seat(sample, arena, "disnaker", next(mix, SEATS_GIVEN),
                       PB_SEAT_DECISION_CONFIRMED);
}

static PbEnvelope *start(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_start(sample, arena, next(mix, SEATS_GIVEN));
}

static PbEnvelope *end(void *mix, struct sample *sample, struct sg_arena *arena)
{
    return sample_end(sample, arena, next(mix, SEATS_GIVEN));
}

/* ---- what came of it ---- */

static enum sg_err learn(struct mix *mix, struct txn *txn, enum object object, struct sg_why *why)
{
    uint64_t last = 0;
    enum sg_err err = journal_last(txn, &last, why);
    while (!err && mix->seen < last) {
        struct record record = {0};
        err = journal_get(txn, ++mix->seen, &record, why);
        if (!err)
            err = record_open_rest(&record, &mix->rest, why);
        const PbEffect *effect = err ? NULL : record.rest->effect;
        if (effect && object == CASES && effect->n_cases)
            add(mix, CASES, effect->cases[0]->case_id);
        if (effect && object == SEATS_GIVEN && effect->has_minted_allocation_id)
            add(mix, SEATS_GIVEN, effect->minted_allocation_id);
        sg_arena_reset(&mix->rest, 0);
    }
    return err;
}

/* The ids that the broker made since the last look. */
static enum sg_err learn_ids(struct mix *mix, enum object object, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    enum sg_err err = txn_begin(&txn, mix->in.env, TXN_READ, why);
    return err ? err : learn(mix, &txn, object, why);
}

/* ---- the steps ---- */

static const struct step {
    const char *type;
    enum lane_of lane;
    lane_maker *make;
    unsigned people_per_event;
    bool measured;
    enum object learns; /* what the broker makes of it */
    int32_t after_days; /* the clock moves before it */
} steps[] = {
    {"referral.submitted", REFERRER, refer, 1, false, CASES, 0},
    {"referral.decided", OWNER, accept, 1, false, NOTHING, 0},
    {"assessment.completed", OWNER, assess, 1, false, NOTHING, 0},
    {"consent.recorded", OWNER, consent, 1, false, NOTHING, 0},
    {"slot.offered", PROVIDER, offer, SEATS, true, NOTHING, 0},
    {"seat.requested", OWNER, ask, 1, true, SEATS_GIVEN, 0},
    {"seat.decided", PROVIDER, confirm, 1, true, NOTHING, 0},
    {"placement.started", PROVIDER, start, 1, true, NOTHING, COURSE_BEGINS_DAYS},
    {"placement.ended", PROVIDER, end, 1, true, NOTHING, COURSE_DAYS},
};

/* To the middle of a day, and all that falls due until then. */
static enum sg_err pass_days(struct mix *mix, int32_t days, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    mix->in.wall_ms = sg_day_start_ms(sg_day_at(mix->in.wall_ms) + days) + 12 * SG_HOUR_MS;
    do
        err = inside_pass(&mix->in, why);
    while (!err && mix->in.more);
    return err;
}

static enum sg_err take_step(struct mix *mix, const struct step *step, int64_t *out_ns,
                             struct sg_why *why)
{
    struct lane *lane = &mix->in.lanes[step->lane];
    enum sg_err err = step->after_days ? pass_days(mix, step->after_days, why) : SG_OK;
    mix->made = 0;
    for (size_t i = 0; i < mix->in.peers; i++)
        mix->in.lanes[i].frame_count = 0;
    lane->make = step->make;
    lane->context = mix;
    lane->wall_ms = mix->in.wall_ms;
    uint64_t left = mix->people / step->people_per_event, accepted = 0;
    *out_ns = 0;
    while (!err && left) { /* in parts: a session that is silent for long is closed */
        uint64_t part = left < PART_EVENTS ? left : PART_EVENTS;
        int64_t took_ns = 0;
        err = lane_prepare(lane, part, SG_FRAME_EVENTS_MAX, why);
        if (!err)
            err = inside_run(&mix->in, &took_ns, why);
        for (size_t i = 0; !err && i < mix->in.peers; i++)
            if (&mix->in.lanes[i] != lane)
                err = inside_ping(&mix->in, i, why);
        *out_ns += took_ns;
        accepted += mix->in.accepted;
        left -= part;
    }
    mix->in.accepted = accepted;
    if (!err && step->learns)
        err = learn_ids(mix, step->learns, why);
    return err;
}

static enum sg_err fill(struct mix *mix, uint64_t *out_events, struct sg_why *why)
{
    enum sg_err err = inside_open(&mix->in, false, why);
    *out_events = 0;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(steps); i++) {
        int64_t took_ns = 0;
        err = take_step(mix, &steps[i], &took_ns, why);
        *out_events += mix->in.accepted;
    }
    return err;
}

static enum sg_err run(struct mix *mix, double floor, struct report *report, struct sg_why *why)
{
    int64_t all_ns = 0;
    uint64_t events = 0;
    enum sg_err err = inside_open(&mix->in, false, why);
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(steps); i++) {
        int64_t took_ns = 0;
        err = take_step(mix, &steps[i], &took_ns, why);
        if (err)
            (void)fprintf(stderr, "bench: %s\n", steps[i].type);
        if (err || !steps[i].measured)
            continue;
        report_line(report, steps[i].type, (double)took_ns / 1e3 / (double)mix->in.accepted,
                    "us per event");
        all_ns += took_ns;
        events += mix->in.accepted;
    }
    if (err)
        return err;
    double rate = (double)events * 1e9 / (double)all_ns;
    report_line(report, "all of them", rate, "events/s");
    if (floor > 0)
        report_line(report, "all of them: of the floor at 1,000", rate / floor, "times");
    return SG_OK;
}

static void mix_done(struct mix *mix)
{
    inside_done(&mix->in);
    sg_arena_done(&mix->rest);
    for (size_t i = 0; i < OBJECTS; i++)
        free(SG_TAKE(mix->of[i].ids));
}

static enum sg_err begin(struct mix *mix, const struct fixture *fixture, uint64_t people,
                         struct sg_why *why)
{
    static const enum fixture_agency agencies[MIX_LANES] = {
        [REFERRER] = SATPOLPP, [OWNER] = DINSOS, [PROVIDER] = DISNAKER};
    mix->people = people / SEATS * SEATS; /* whole slots */
    enum sg_err err = inside_init(&mix->in, fixture, agencies, MIX_LANES, why);
    if (!err)
        err = sg_arena_init(&mix->rest, REST_BYTES, why);
    for (size_t i = 0; !err && i < OBJECTS; i++) {
        mix->of[i].ids = calloc(people, sizeof(struct sg_id));
        SG_CHECK(mix->of[i].ids);
    }
    mix->in.wall_ms = daemon_proc_wall_ms();
    return err;
}

enum sg_err mix_measure(const struct fixture *fixture, uint64_t people, double floor,
                        struct report *report, struct sg_why *why)
{
    SG_AUTO(mix_done) struct mix mix = {.people = people};
    report_group(report, "From a free seat to the end of a course, broker_turn in this process");
    report_note(report, "%llu people, frames of %u of one type at a time, each turn committed",
                (unsigned long long)people, SG_FRAME_EVENTS_MAX);
    enum sg_err err = begin(&mix, fixture, people, why);
    return err ? err : run(&mix, floor, report, why);
}

enum sg_err mix_reports(const struct fixture *fixture, uint64_t people, struct report *report,
                        struct sg_why *why)
{
    SG_AUTO(mix_done) struct mix mix = {.people = people};
    uint64_t events = 0;
    report_group(report, "Reports over a filled store, and a turn beside one");
    enum sg_err err = begin(&mix, fixture, people, why);
    if (!err)
        err = fill(&mix, &events, why);
    if (err)
        return err;
    report_line(report, "events of agencies", (double)events, "");
    mix.in.lanes[REFERRER].make = NULL; /* referrals of people who are nobody's next step */
    return reports_measure(&mix.in, REFERRER, report, why);
}
