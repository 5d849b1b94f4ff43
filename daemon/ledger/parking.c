#include "ledger/parking.h"

#include "ledger/deadline.h"
#include "ledger/derive.h"
#include "wire/day.h"

#include <stdio.h>

enum { PARKED_OF_OBJECT_MAX = 64, PARKED_OF_AGENCY_MAX = 1000 };

/* The id of the deadline of a parked event: its seq. */
static struct sg_id seq_id(uint64_t seq)
{
    struct sg_id id = {{0}};
    sg_put_u64(id.b + 8, seq);
    return id;
}

/* Rows that begin with the prefix, counted up to `most`. */
static enum sg_err count_rows(struct ledger_turn *turn, enum table table, const struct key *prefix,
                              size_t most, size_t *out_count, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    *out_count = 0;
    enum sg_err err = cursor_under(&cursor, turn->txn, table, prefix, why);
    while (!err && *out_count < most && cursor.key.ptr) {
        ++*out_count;
        err = cursor_next(&cursor, why);
    }
    return err;
}

static PbParkEffect *park_effect(struct decision *d, const struct sg_id *object_id)
{
    PbParkEffect *effect = TAKE(d->turn, PbParkEffect);
    pb_park_effect__init(effect);
    effect->has_object_id = true;
    effect->object_id = data_of(d->turn, object_id);
    d->effect->park = effect;
    return effect;
}

enum sg_err park_event(struct decision *d, struct record *out_record, struct sg_why *why)
{
    struct key of_object = {0}, of_agency = {0};
    size_t objects = 0, agencies = 0;
    struct sg_id object_id = d->parks_on;
    enum sg_err err = count_rows(d->turn, TABLE_PARKED, key_id(&of_object, &object_id),
                                 PARKED_OF_OBJECT_MAX, &objects, why);
    if (!err)
        err =
            count_rows(d->turn, TABLE_PARKED_OF_AGENCY, key_text(&of_agency, d->source->agency->id),
                       PARKED_OF_AGENCY_MAX, &agencies, why);
    if (err)
        return err;
    if (objects == PARKED_OF_OBJECT_MAX || agencies == PARKED_OF_AGENCY_MAX) {
        struct sg_fault without = *d->fault; /* of what it would be without parking */
        (void)sg_refuse(d->fault, without.code, without.object, "PARK_LIMIT",
                        "fewer events that wait: 64 of an object, 1,000 of an agency");
        return SG_OK;
    }
    *d->fault = (struct sg_fault){0};
    decision_begin(d, d->turn); /* whatever the decision found out counts for nothing yet */
    d->readers.count = 0;
    d->has_person = false;
    PbParkEffect *effect = park_effect(d, &object_id);
    effect->has_import = effect->import = d->cause->import;
    struct limit limit = {
        .rule = RULE_PARKED,
        .id = seq_id(d->turn->block->next_seq),
        .levels_ms = {d->turn->block->time_ms + limits_of(d->turn)->parked_days * SG_DAY_MS},
        .level_count = 1,
        .first_level = 1};
    deadline_start(d, &limit);
    return append_record(d, PB_RECORD_KIND_PARKED, NULL, out_record, why);
}

/* ---- deciding again ---- */

/* An event that waits, as its publisher stated it. */
struct waiting_event {
    struct sg_agency agency;
    struct source source;
    struct sg_event event;
    uint64_t seq;
    struct sg_id object_id;
};

static struct sg_bytes copy_of(struct ledger_turn *turn, struct sg_bytes bytes)
{
    uint8_t *copy = take(turn, bytes.len + 1);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return (struct sg_bytes){copy, bytes.len};
}

static enum sg_err read_waiting(struct ledger_turn *turn, uint64_t seq, struct waiting_event *out,
                                struct sg_why *why)
{
    struct record record;
    enum sg_err err = journal_get(turn->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, turn->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "parked: no such record") : err;
    struct sg_bytes clear = copy_of(turn, record.clear), personal = copy_of(turn, record.personal);
    err = sg_event_reopen(clear, personal, turn->arena, &out->event, why);
    if (err)
        return err;
    sg_event_digest(clear, personal, out->event.digest);
    out->event.clear = clear;
    out->event.personal = personal;
    out->event.type = record.rest->type;
    const struct sg_agency *known = sg_roster_agency(turn->world->roster, record.rest->agency);
    if (known)
        out->agency = *known;
    (void)snprintf(out->agency.id, sizeof out->agency.id, "%s", record.rest->agency);
    out->source = (struct source){.agency = &out->agency,
                                  .device = text_of(turn, record.rest->device),
                                  .outbox_id = record.outbox_id,
                                  .number = record.number,
                                  .import = record.rest->effect->park->import};
    out->seq = seq;
    out->object_id = id_of(record.rest->effect->park->object_id);
    return SG_OK;
}

/* Prepare the step to be the decision of this event. */
static void become(struct decision *d, struct waiting_event *waiting, struct sg_fault *fault)
{
    decision_begin(d, d->turn);
    d->readers.count = 0;
    d->has_person = d->parks = d->duplicate = false;
    d->event = &waiting->event;
    d->source = &waiting->source;
    d->fault = fault;
    *fault = (struct sg_fault){0};
    d->cause = TAKE(d->turn, struct cause);
    d->cause->has_place = true;
    d->cause->import = waiting->source.import;
    d->cause->outbox_id = waiting->source.outbox_id;
    d->cause->number = waiting->source.number;
    memcpy(d->cause->digest, waiting->event.digest, SG_HASH_BYTES);
}

/* The record of how it ended; behind it what the decision queued, then D7. */
static enum sg_err append_settled(struct decision *d, const struct waiting_event *waiting,
                                  struct sg_why *why)
{
    struct record record = {0};
    struct sg_id id = seq_id(waiting->seq);
    if (d->fault->code) { /* nothing of what it found out happens */
        decision_begin(d, d->turn);
        d->readers.count = 0;
    }
    PbParkEffect *effect = park_effect(d, &waiting->object_id);
    effect->has_parked_seq = effect->has_code = true;
    effect->parked_seq = waiting->seq;
    effect->code = d->fault->code;
    enum sg_err err = deadline_end(d, RULE_PARKED, &id, true, why);
    if (!err)
        err = append_record(d, PB_RECORD_KIND_SETTLED, NULL, &record, why);
    if (err)
        return err;
    struct follow *told = queue(d, FOLLOW_SETTLED);
    told->publisher = text_of(d->turn, waiting->source.agency->id);
    told->place = ref_of(d->turn, &waiting->source.outbox_id, waiting->source.number);
    told->code = d->fault->code;
    told->seq = record.seq;
    return queue_settle(d, &waiting->object_id, why);
}

static enum sg_err next_parked(struct ledger_turn *turn, const struct sg_id *object_id,
                               uint64_t after, uint64_t *out_seq, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, from = {0};
    key_id(&prefix, object_id);
    key_u64(key_id(&from, object_id), after + 1);
    *out_seq = 0;
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_PARKED, why);
    if (!err)
        err = cursor_seek(&cursor, &from, why);
    if (!err && cursor.key.ptr && key_starts(cursor.key, &prefix))
        *out_seq = sg_get_u64(cursor.key.ptr + SG_ID_BYTES);
    return err;
}

/* In order of arrival: the first that moves is settled; the others are looked at again behind it.
 */
enum sg_err settle_parked(struct decision *d, const struct follow *f, struct sg_why *why)
{
    struct ledger_turn *turn = d->turn;
    struct sg_fault *fault = TAKE(turn, struct sg_fault);
    uint64_t seq = 0;
    for (;;) {
        size_t used = turn->arena->used;
        struct waiting_event *waiting = TAKE(turn, struct waiting_event);
        enum sg_err err = next_parked(turn, &f->object_id, seq, &seq, why);
        if (err || !seq)
            return err;
        err = read_waiting(turn, seq, waiting, why);
        if (err)
            return err;
        become(d, waiting, fault);
        err = decide_of(waiting->event.type)(d, why);
        if (err)
            return err;
        if (d->duplicate)
            (void)refuse(d, SG_ST_DUPLICATE_CONFLICT, sg_type_topic(waiting->event.type),
                         "STATED_BEFORE", "an id that was not stated while this event waited");
        if (!d->parks)
            return append_settled(d, waiting, why);
        d->first = NULL; /* nothing of what it found out happens */
        d->last = &d->first;
        sg_arena_reset(turn->arena, used);
    }
}

enum sg_err park_timeout(struct decision *d, uint64_t parked_seq, struct sg_why *why)
{
    struct waiting_event *waiting = TAKE(d->turn, struct waiting_event);
    struct sg_fault *fault = TAKE(d->turn, struct sg_fault);
    enum sg_err err = read_waiting(d->turn, parked_seq, waiting, why);
    if (err)
        return err;
    become(d, waiting, fault);
    (void)refuse(d, SG_ST_PARK_TIMEOUT, sg_type_topic(waiting->event.type), NULL,
                 "what it needs within 14 days");
    return append_settled(d, waiting, why);
}

enum sg_err queue_settle(struct decision *d, const struct sg_id *object_id, struct sg_why *why)
{
    uint64_t seq = 0;
    enum sg_err err = next_parked(d->turn, object_id, 0, &seq, why);
    if (!err && seq)
        queue(d, FOLLOW_SETTLE)->object_id = *object_id;
    return err;
}

/* ---- D7 ---- */

enum sg_err tell_settled(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbEnvelope *e = envelope_of(d, 207);
    PbEventSettled *p = TAKE(d->turn, PbEventSettled);
    struct record record;
    pb_event_settled__init(p);
    p->place = f->place;
    p->has_outcome = p->has_settled_seq = true;
    p->outcome = f->code ? PB_EVENT_SETTLED__OUTCOME_REJECTED : PB_EVENT_SETTLED__OUTCOME_ACCEPTED;
    p->has_code = f->code != 0;
    p->code = f->code;
    p->settled_seq = f->seq;
    e->event_settled = p;
    add_reader(d, f->publisher, RELATION_PUBLISHER);
    return append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}
