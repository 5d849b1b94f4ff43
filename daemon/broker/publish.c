/* publish.c - a frame of an outbox: checked, decided event by event, remembered, answered.
 *
 * The answers wait until the block is sealed, since they carry its signature.
 */
#include "broker/inside.h"

#include "kit/check.h"

/* One event of a frame and how it ended. */
struct event_answer {
    struct outcome outcome;
    bool recalled; /* answered from the frames row */
    uint64_t seq;  /* 0 = none */
};

struct publish_answer {
    struct publish_answer *next;
    struct peer peer;
    struct sg_id outbox_id;
    uint64_t first_number;
    size_t count;
    struct event_answer *events;
};

/* The frame as it is checked. */
struct frame {
    struct turn *t;
    struct request *r;
    const PbPublish *publish;
    struct sg_id outbox_id;
    uint64_t first, last;
    size_t count;
    bool import; /* the outbox is open for import */
    uint8_t *digests, *personal_hashes;
};

static struct sg_bytes bytes_of(ProtobufCBinaryData data)
{
    return (struct sg_bytes){data.data, data.len};
}

/* ---- the whole frame is refused ---- */

static enum sg_err refuse_frame(struct frame *f, PbError *error, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbPublishResult result = PB_PUBLISH_RESULT__INIT;
    result.has_first_number = true;
    result.outbox_id = f->publish->outbox_id;
    result.has_outbox_id =
        result.outbox_id.len == SG_ID_BYTES; /* nothing of any length comes back */
    result.first_number = f->publish->first_number;
    result.frame_error = error;
    frame.publish_result = &result;
    f->t->broker->counters.frames_refused++;
    return reply_send(f->t, f->r->in->peer, &frame, FRAME_SEND, why);
}

static enum sg_err refuse_code(struct frame *f, uint32_t code, const char *object,
                               const char *accepted, int64_t retry_after_ms, struct sg_why *why)
{
    return refuse_frame(f, reply_error_code(f->t, code, object, accepted, retry_after_ms), why);
}

static enum sg_err refuse_gap(struct frame *f, uint64_t expected, struct sg_why *why)
{
    PbError *error =
        reply_error_code(f->t, SG_ST_SEQ_GAP, "first_number", "the next number of the outbox", 0);
    error->has_expected_number = true;
    error->expected_number = expected;
    return refuse_frame(f, error, why);
}

/* ---- check 0 ---- */

static bool shape_holds(const struct frame *f)
{
    const PbPublish *p = f->publish;
    return p->n_events >= 1 && p->n_events <= SG_FRAME_EVENTS_MAX && p->first_number >= 1 &&
           p->first_number <= UINT64_MAX - SG_FRAME_EVENTS_MAX &&
           p->signature.len == SG_SIGNATURE_BYTES;
}

static bool signature_holds(struct frame *f)
{
    const struct sg_frame_claim claim = {.store_id = env_store_id(f->t->broker->options.env),
                                         .outbox_id = &f->outbox_id,
                                         .agency = f->r->agency->id,
                                         .first_number = f->first,
                                         .count = (uint32_t)f->count,
                                         .digests = f->digests};
    return sg_frame_verify(&claim, f->r->device->sign_public, f->publish->signature.data);
}

static void digest_events(struct frame *f)
{
    f->digests = turn_take(f->t, f->count * SG_HASH_BYTES);
    f->personal_hashes = turn_take(f->t, f->count * SG_HASH_BYTES);
    for (size_t i = 0; i < f->count; i++) {
        uint8_t *personal_hash = f->personal_hashes + i * SG_HASH_BYTES;
        sg_hash(bytes_of(f->publish->events[i]->personal), personal_hash);
        sg_event_digest_of(bytes_of(f->publish->events[i]->clear), personal_hash,
                           f->digests + i * SG_HASH_BYTES);
    }
}

/* ---- one event ---- */

static bool same_agency(const struct frame *f, const struct sg_event *event, struct sg_fault *fault)
{
    const PbEnvelope *e = event->envelope;
    if (!e || !e->publisher_agency || strcmp(e->publisher_agency, f->r->agency->id) == 0)
        return true;
    return sg_refuse(fault, SG_ST_AUTH_MISMATCH, "publisher_agency", NULL, "%s", f->r->agency->id);
}

/* The record that the event names by its place (an E24: what it corrects, an E07: what it answers):
 * of an earlier frame, or of this one. */
static enum sg_err find_named(struct frame *f, const struct sg_event *event,
                              const struct event_answer *before, size_t count, uint64_t *out_seq,
                              struct sg_why *why)
{
    const PbEnvelope *e = event->envelope;
    const PbEventRef *place = e->event_corrected     ? e->event_corrected->corrected
                              : e->service_delivered ? e->causation
                                                     : NULL;
    struct sg_id outbox_id;
    *out_seq = 0;
    if (!place || sg_id_from(bytes_of(place->outbox_id), &outbox_id) != SG_OK)
        return SG_OK;
    uint64_t number = place->number;
    if (!sg_id_equal(&outbox_id, &f->outbox_id) || number < f->first)
        return order_find(f->t, &outbox_id, number, out_seq, why);
    if (number - f->first < count)
        *out_seq = before[number - f->first].seq;
    return SG_OK;
}

static enum sg_err decide_event(struct frame *f, const struct event_answer *answers, size_t i,
                                struct outcome *outcome, struct sg_why *why)
{
    struct turn *t = f->t;
    struct sg_event event;
    const struct sg_vocabulary vocabulary = {t->world.lists, t->world.roster};
    const PbEventParts *parts = f->publish->events[i];
    *outcome = (struct outcome){.status = PB_OUTCOME_STATUS_REJECTED};
    int64_t start = phase_start(t);
    enum sg_err err = sg_event_decode_digested(bytes_of(parts->clear), bytes_of(parts->personal),
                                               &vocabulary, f->digests + i * SG_HASH_BYTES,
                                               &t->broker->arena, &event, &outcome->fault, why);
    phase_end(t, &t->broker->counters.ns_decode, start);
    if (err || !same_agency(f, &event, &outcome->fault) || outcome->fault.code)
        return err;
    event.personal_hash = f->personal_hashes + i * SG_HASH_BYTES;
    struct source source = {.agency = f->r->agency,
                            .device = f->r->device->name,
                            .outbox_id = f->outbox_id,
                            .number = f->first + i,
                            .import = f->import};
    start = phase_start(t);
    err = find_named(f, &event, answers, i, &source.named_seq, why);
    if (!err)
        err = ledger_accept(&t->ledger, &event, &source, outcome, why);
    phase_end(t, &t->broker->counters.ns_decide, start);
    return err;
}

static void count_outcome(struct broker *b, const struct outcome *outcome)
{
    if (outcome->status == PB_OUTCOME_STATUS_ACCEPTED)
        b->counters.events_accepted++;
    else if (outcome->status == PB_OUTCOME_STATUS_DUPLICATE)
        b->counters.events_duplicate++;
    else if (outcome->status == PB_OUTCOME_STATUS_PARKED)
        b->counters.events_parked++;
    else
        b->counters.events_rejected++;
}

static struct publish_answer *new_answer(struct frame *f)
{
    struct publish_answer *answer = TURN_NEW(f->t, struct publish_answer);
    answer->peer = f->r->in->peer;
    answer->outbox_id = f->outbox_id;
    answer->first_number = f->first;
    answer->count = f->count;
    answer->events = turn_take(f->t, f->count * sizeof answer->events[0]);
    *f->t->last_answer = answer;
    f->t->last_answer = &answer->next;
    return answer;
}

/* What is refused is not in the journal, but a report counts which rule keeps people out. */
static enum sg_err note_ineligible(struct frame *f, size_t i, const struct sg_fault *fault,
                                   struct sg_why *why)
{
    struct sg_event event;
    const PbEventParts *parts = f->publish->events[i];
    enum sg_err err = sg_event_reopen(bytes_of(parts->clear), bytes_of(parts->personal),
                                      &f->t->broker->arena, &event, why);
    return err ? err : report_note_refusal(f->t, &event, f->r->agency->id, fault, why);
}

/* Check 1: all numbers are new. */
static enum sg_err take_new(struct frame *f, struct sg_why *why)
{
    struct publish_answer *answer = new_answer(f);
    struct frame_outcome *outcomes = turn_take(f->t, f->count * sizeof *outcomes);
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < f->count; i++) {
        struct event_answer *event = &answer->events[i];
        err = decide_event(f, answer->events, i, &event->outcome, why);
        if (err)
            break;
        /* An object stated again has no seq of its own: it counts as refused by its first place. */
        if (event->outcome.fault.code == SG_ST_INELIGIBLE)
            err = note_ineligible(f, i, &event->outcome.fault, why);
        bool stands = event->outcome.status == PB_OUTCOME_STATUS_ACCEPTED ||
                      event->outcome.status == PB_OUTCOME_STATUS_PARKED;
        event->seq = stands ? event->outcome.seq : 0;
        outcomes[i].seq = event->seq;
        outcomes[i].code = event->outcome.fault.code;
        count_outcome(f->t->broker, &event->outcome);
    }
    f->t->events += f->count;
    return err ? err
               : order_remember(f->t, &f->outbox_id, f->r->agency->id, f->first, f->count,
                                f->digests, outcomes, f->r->device->sign_public,
                                f->publish->signature, f->import, why);
}

/* An event that was parked: how it ended, if it has. */
static enum sg_err recall_settled(struct turn *t, struct remembered *then, struct sg_why *why)
{
    struct key key = {0};
    PbSettledRow *row = NULL;
    enum sg_err err = row_get(&t->txn, TABLE_SETTLED, key_u64(&key, then->seq),
                              &pb_settled_row__descriptor, &t->broker->arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    then->seq = row->seq;
    then->code = row->code;
    return SG_OK;
}

/* All numbers were used: answered from the rows, whatever the cut of then. */
static enum sg_err recall_all(struct frame *f, struct sg_why *why)
{
    struct publish_answer *answer = new_answer(f);
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < f->count; i++) {
        struct event_answer *event = &answer->events[i];
        struct remembered then;
        err = order_recall(f->t, &f->outbox_id, f->first + i, f->digests + i * SG_HASH_BYTES, &then,
                           why);
        if (!err && then.seq)
            err = recall_settled(f->t, &then, why);
        if (err)
            break;
        event->recalled = true;
        if (!then.same) {
            event->outcome.status = PB_OUTCOME_STATUS_REJECTED;
            (void)sg_refuse(&event->outcome.fault, SG_ST_DUPLICATE_CONFLICT, "number", NULL,
                            "the bytes that were sent with this number before");
        } else {
            event->outcome.status = PB_OUTCOME_STATUS_DUPLICATE;
            event->seq = then.seq;
            if (then.code)
                (void)sg_refuse(&event->outcome.fault, then.code, NULL, NULL, NULL);
        }
        f->t->broker->counters.events_duplicate++;
    }
    return err;
}

enum sg_err take_publish(struct turn *t, struct request *r, struct sg_why *why)
{
    enum { RETRY_MS = 5000 };
    struct frame f = {.t = t, .r = r, .publish = r->frame->publish};
    struct place_state place;
    if (t->in->storage_low)
        return refuse_code(&f, SG_ST_STORAGE, NULL, NULL, RETRY_MS, why);
    if (r->busy)
        return refuse_code(&f, SG_ST_BUSY, "publish", "at most 22 frames that are not answered",
                           BUSY_MS, why);
    if (!shape_holds(&f) || sg_id_from(bytes_of(f.publish->outbox_id), &f.outbox_id) != SG_OK)
        return refuse_code(&f, SG_ST_PROTOCOL, "publish",
                           "outbox_id of 16 bytes, first_number from 1, 1 to 48 events, signature",
                           0, why);
    if (t->refuse_large)
        return refuse_code(&f, SG_ST_SCHEMA, "publish", "a smaller frame", 0, why);
    f.count = f.publish->n_events;
    f.first = f.publish->first_number;
    f.last = f.first + f.count - 1;
    enum sg_err err = order_place(t, &f.outbox_id, r->agency->id, &place, why);
    if (err)
        return err;
    f.import = place.import;
    if (place.foreign)
        return refuse_code(&f, SG_ST_AUTH_MISMATCH, "outbox_id", "an outbox of your own agency", 0,
                           why);
    int64_t start = phase_start(t);
    digest_events(&f);
    bool signed_well = signature_holds(&f);
    phase_end(t, &t->broker->counters.ns_verify, start);
    if (!signed_well)
        return refuse_code(
            &f, SG_ST_PROTOCOL, "signature",
            "the signature of this device over this store, outbox, number and events", 0, why);
    if (f.first == place.last_number + 1)
        return take_new(&f, why);
    if (f.last <= place.last_number)
        return recall_all(&f, why);
    return refuse_gap(&f, place.last_number + 1, why);
}

/* ---- answers ---- */

struct known_block {
    struct signed_block block;
    struct sg_merkle tree;
};

struct reply {
    struct turn *t;
    const struct publish_answer *answer;
    PbPublishResult *result;
    struct known_block *blocks; /* in the order of result->blocks */
    unsigned old_most;          /* so many old blocks in this turn, with those of this answer */
};

static void add_block(struct reply *reply, const struct signed_block *block,
                      const struct sg_merkle *tree)
{
    PbPublishResult *result = reply->result;
    reply->blocks[result->n_blocks] = (struct known_block){*block, *tree};
    result->blocks[result->n_blocks++] = reply_block(reply->t, block);
}

/* Index of the block that holds the seq; an old one is read and its tree computed again.
 * SG_E_STATE: too many old blocks in this turn. */
static enum sg_err block_of(struct reply *reply, uint64_t height, uint32_t *out_index,
                            struct sg_why *why)
{
    struct turn *t = reply->t;
    for (uint32_t i = 0; i < reply->result->n_blocks; i++)
        if (reply->blocks[i].block.header.height == height) {
            *out_index = i;
            return SG_OK;
        }
    *out_index = (uint32_t)reply->result->n_blocks;
    if (height == t->sealed.header.height && t->sealed.header.count) {
        add_block(reply, &t->sealed, &t->tree);
        return SG_OK;
    }
    for (unsigned i = 0; i < t->old_blocks; i++)
        if (t->old[i]->block.header.height == height) {
            add_block(reply, &t->old[i]->block, &t->old[i]->tree);
            return SG_OK;
        }
    if (t->old_blocks >= reply->old_most)
        return SG_E_STATE;
    struct known_block *old = TURN_NEW(t, struct known_block);
    enum sg_err err = block_get(&t->txn, height, &old->block, why);
    if (!err)
        err = block_tree(&t->txn, &old->block, &t->broker->arena, &old->tree, why);
    if (err)
        return err;
    t->old[t->old_blocks++] = old; /* other frames of the turn may need it too */
    add_block(reply, &old->block, &old->tree);
    return SG_OK;
}

static enum sg_err add_inclusion(struct reply *reply, PbOutcome *outcome, uint64_t height,
                                 uint64_t seq, const uint8_t *rest_hash, struct sg_why *why)
{
    struct turn *t = reply->t;
    uint8_t path[32 * 32];
    uint32_t index = 0;
    enum sg_err err = block_of(reply, height, &index, why);
    if (err)
        return err;
    const struct known_block *known = &reply->blocks[index];
    PbInclusion *in = TURN_NEW(t, PbInclusion);
    pb_inclusion__init(in);
    in->has_block_index = in->has_leaf_index = in->has_rest_hash = in->has_path = true;
    in->block_index = index;
    in->leaf_index = (uint32_t)(seq - known->block.header.first_seq);
    in->rest_hash = turn_bytes(t, rest_hash, SG_HASH_BYTES);
    size_t path_len = sg_merkle_path(&known->tree, in->leaf_index, path);
    in->path = turn_bytes(t, path, path_len);
    outcome->inclusion = in;
    return SG_OK;
}

static void add_minted(struct turn *t, PbOutcome *outcome, const PbEffect *effect)
{
    const struct {
        bool has;
        PbMinted__Kind kind;
        ProtobufCBinaryData id;
    } all[] = {
        {effect->has_minted_person_ref, PB_MINTED__KIND_PERSON_REF, effect->minted_person_ref},
        {effect->has_minted_case_id, PB_MINTED__KIND_CASE, effect->minted_case_id},
        {effect->has_minted_allocation_id, PB_MINTED__KIND_ALLOCATION,
         effect->minted_allocation_id},
    };
    outcome->minted = turn_take(t, SG_ARRAY_LEN(all) * sizeof *outcome->minted);
    for (size_t i = 0; i < SG_ARRAY_LEN(all); i++) {
        if (!all[i].has)
            continue;
        PbMinted *minted = TURN_NEW(t, PbMinted);
        pb_minted__init(minted);
        minted->has_kind = minted->has_id = true;
        minted->kind = all[i].kind;
        minted->id = all[i].id;
        outcome->minted[outcome->n_minted++] = minted;
    }
    outcome->n_warnings = effect->n_warnings;
    outcome->warnings = effect->warnings;
    outcome->has_aggregate_version = effect->has_aggregate_version;
    outcome->aggregate_version = effect->aggregate_version;
}

/* What was recalled is read again; of what was decided in this turn all is known. */
static enum sg_err recall_record(struct reply *reply, PbOutcome *outcome, uint64_t seq,
                                 struct sg_why *why)
{
    struct turn *t = reply->t;
    struct record record;
    uint8_t rest_hash[SG_HASH_BYTES];
    enum sg_err err = journal_get(&t->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, &t->broker->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "an outcome without its record")
                                     : err;
    outcome->accepted_at_ms = record.accepted_ms;
    outcome->has_parked = outcome->parked = record.rest->kind == PB_RECORD_KIND_PARKED;
    if (record.rest->effect)
        add_minted(t, outcome, record.rest->effect);
    sg_hash(record.rest_bytes, rest_hash);
    return add_inclusion(reply, outcome, record.rest->height, seq, rest_hash, why);
}

/* What follows from the record: when it was accepted, what was minted, and its place in the block.
 */
static enum sg_err add_record(struct reply *reply, PbOutcome *outcome,
                              const struct event_answer *event, struct sg_why *why)
{
    struct turn *t = reply->t;
    outcome->has_accepted_at_ms = true;
    if (event->recalled)
        return recall_record(reply, outcome, event->seq, why);
    outcome->accepted_at_ms = event->outcome.accepted_ms;
    if (event->outcome.effect)
        add_minted(t, outcome, event->outcome.effect);
    return add_inclusion(reply, outcome, t->sealed.header.height, event->seq,
                         block_rest_hash(&t->block, event->seq), why);
}

static enum sg_err outcome_of(struct reply *reply, size_t i, PbOutcome **out, struct sg_why *why)
{
    struct turn *t = reply->t;
    const struct event_answer *event = &reply->answer->events[i];
    PbOutcome *outcome = TURN_NEW(t, PbOutcome);
    pb_outcome__init(outcome);
    outcome->has_number = outcome->has_status = outcome->has_seq = true;
    outcome->number = reply->answer->first_number + i;
    outcome->status = event->outcome.status;
    outcome->seq = event->seq;
    if (event->outcome.fault.code)
        outcome->error = reply_error(t, &event->outcome.fault);
    if (event->outcome.has_first_place) {
        PbEventRef *place = TURN_NEW(t, PbEventRef);
        pb_event_ref__init(place);
        place->has_outbox_id = place->has_number = true;
        place->outbox_id = turn_bytes(t, event->outcome.first_outbox_id.b, SG_ID_BYTES);
        place->number = event->outcome.first_number;
        outcome->first_place = place;
    }
    *out = outcome;
    return event->seq ? add_record(reply, outcome, event, why) : SG_OK;
}

/* Refusals are long; when a frame has many, their second sentence is left out. */
static void shorten(PbPublishResult *result)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    frame.publish_result = result;
    if (pb_server_frame__get_packed_size(&frame) <= SG_BODY_MAX)
        return;
    for (size_t i = 0; i < result->n_outcomes; i++) {
        PbError *error = result->outcomes[i]->error;
        if (error)
            error->accepted = error->accepted_id = NULL;
    }
}

static enum sg_err answer_one(struct turn *t, const struct publish_answer *answer,
                              struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbPublishResult result = PB_PUBLISH_RESULT__INIT;
    struct reply reply = {.t = t, .answer = answer, .result = &result};
    result.has_outbox_id = result.has_first_number = true;
    result.outbox_id = turn_bytes(t, answer->outbox_id.b, SG_ID_BYTES);
    result.first_number = answer->first_number;
    result.outcomes = turn_take(t, answer->count * sizeof *result.outcomes);
    result.blocks = turn_take(t, answer->count * sizeof *result.blocks);
    reply.blocks = turn_take(t, answer->count * sizeof *reply.blocks);
    /* The first frame is answered however its events are spread: later it would be no better. */
    reply.old_most = t->old_blocks ? SG_TURN_OLD_BLOCKS_MAX : SG_FRAME_EVENTS_MAX;
    frame.publish_result = &result;
    for (size_t i = 0; i < answer->count; i++) {
        enum sg_err err = outcome_of(&reply, i, &result.outcomes[i], why);
        if (err == SG_E_STATE) { /* too many old blocks: the same frame again, a little later */
            PbPublishResult busy = PB_PUBLISH_RESULT__INIT;
            busy.has_outbox_id = busy.has_first_number = true;
            busy.outbox_id = result.outbox_id;
            busy.first_number = result.first_number;
            busy.frame_error = reply_error_code(t, SG_ST_BUSY, NULL, NULL, BUSY_MS);
            frame.publish_result = &busy;
            return reply_send(t, answer->peer, &frame, FRAME_SEND, why);
        }
        if (err)
            return err;
        result.n_outcomes++;
    }
    shorten(&result);
    return reply_send(t, answer->peer, &frame, FRAME_SEND, why);
}

enum sg_err answer_publishes(struct turn *t, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (const struct publish_answer *a = t->answers; !err && a; a = a->next) {
        err = turn_room(t, why);
        if (!err)
            err = answer_one(t, a, why);
    }
    return err;
}
