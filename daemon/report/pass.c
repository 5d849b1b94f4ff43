#include "report/pass.h"

#include "kit/check.h"
#include "wire/codec.h"
#include "wire/day.h"

enum {
    SCRATCH_BYTES = 16 << 20,
    RENEW_RECORDS = 1000 /* a read transaction keeps old pages from being used again */
};

/* The latest correction of a record. */
struct correction {
    uint64_t corrected_seq, seq; /* seq of the E24 */
    bool annulled, detached;
};

/* ---- a record, looked at without decoding it ---- */

static bool take_varint(struct sg_bytes *in, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; in->len && shift < 64; shift += 7) {
        uint8_t byte = *in->ptr;
        in->ptr++;
        in->len--;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* The first field with this number: its value, or its bytes. False when there is none, or when that
 * cannot be seen. */
static bool peek(struct sg_bytes message, uint32_t field, uint64_t *out_value,
                 struct sg_bytes *out_bytes)
{
    enum { VARINT = 0, BYTES = 2 };
    uint64_t tag = 0, value = 0;
    while (take_varint(&message, &tag) && take_varint(&message, &value)) {
        bool run = (tag & 7) == BYTES;
        if ((!run && (tag & 7) != VARINT) || (run && value > message.len))
            return false;
        if (tag >> 3 == field) {
            *out_value = value;
            *out_bytes = (struct sg_bytes){message.ptr, run ? (size_t)value : 0};
            return true;
        }
        if (run) {
            message.ptr += value;
            message.len -= value;
        }
    }
    return false;
}

/* 0: it cannot be seen, and the record is decoded. */
static uint32_t peek_type(const struct record *record)
{
    enum { TYPE_FIELD = 4 };
    uint64_t type = 0;
    struct sg_bytes unused;
    return peek(record->rest_bytes, TYPE_FIELD, &type, &unused) ? (uint32_t)type : 0;
}

/* Does its effect say something of other records? */
static bool peek_meaning(const struct record *record)
{
    enum { EFFECT_FIELD = 9, LINK_FIELD = 24, CORRECTION_FIELD = 26 };
    static const bool never[WANTED_MAX] = {
        [TYPE_D1] = true, [TYPE_D2] = true, [TYPE_D5] = true, [TYPE_D7] = true, [TYPE_D8] = true};
    uint64_t unused = 0;
    struct sg_bytes effect, inside;
    uint32_t type = peek_type(record);
    if (type < WANTED_MAX && never[type]) /* seats, deadlines, cases: most of the journal */
        return false;
    return peek(record->rest_bytes, EFFECT_FIELD, &unused, &effect) &&
           (peek(effect, LINK_FIELD, &unused, &inside) ||
            peek(effect, CORRECTION_FIELD, &unused, &inside));
}

/* ---- walking ---- */

typedef enum sg_err visit_fn(struct pass *pass, struct record *record, void *context,
                             struct sg_why *why);

static bool stopped(const struct pass *pass)
{
    return pass->stop && atomic_load_explicit(pass->stop, memory_order_relaxed);
}

/* Arrays grow to twice their size: while a third is free, no growth fails in between. */
static bool has_room(const struct pass *pass)
{
    return pass->arena->used < pass->arena->size / 3;
}

/* Up to so many records behind *seq, in a transaction of their own. */
static enum sg_err walk_some(struct pass *pass, uint64_t *seq, bool *out_end, visit_fn *visit,
                             void *context, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key from = {0};
    pass->txn = &txn;
    enum sg_err err = txn_begin(&txn, pass->env, TXN_READ, why);
    if (!err)
        err = cursor_open(&cursor, &txn, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_seek(&cursor, key_u64(&from, *seq + 1), why);
    for (int i = 0; !err && cursor.key.ptr && i < RENEW_RECORDS; i++) {
        struct record record;
        err = record_parse(cursor.key, cursor.value, &record, why);
        if (err || record.seq > pass->as_of)
            break;
        *seq = record.seq;
        pass->last_ms = record.accepted_ms;
        err = visit(pass, &record, context, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    *out_end = !err &&
               (!cursor.key.ptr || *seq >= pass->as_of || sg_get_u64(cursor.key.ptr) > pass->as_of);
    return err;
}

static enum sg_err walk(struct pass *pass, visit_fn *visit, void *context, struct sg_why *why)
{
    uint64_t seq = 0;
    bool end = false;
    enum sg_err err = SG_OK;
    while (!err && !end) {
        if (stopped(pass))
            return sg_fail(why, SG_E_STATE, "stopped");
        if (!has_room(pass))
            return sg_fail(why, SG_E_LIMIT, "more facts than there is memory for");
        err = walk_some(pass, &seq, &end, visit, context, why);
    }
    return err;
}

static enum sg_err open_rest(struct pass *pass, struct record *record, struct sg_why *why)
{
    sg_arena_reset(&pass->scratch, 0);
    return record_open_rest(record, &pass->scratch, why);
}

/* ---- the first walk: what changes the meaning of others ---- */

static void note_correction(struct pass *pass, const struct record *record)
{
    const PbCorrectionEffect *effect = record->rest->effect->correction;
    if (!effect || !effect->corrected_seq)
        return;
    struct correction *c = POOL_ADD(pass->arena, &pass->corrections, struct correction);
    *c =
        (struct correction){effect->corrected_seq, record->seq, effect->annulled, effect->detached};
}

static bool read_id(ProtobufCBinaryData data, struct sg_id *out_id)
{
    return sg_id_from((struct sg_bytes){data.data, data.len}, out_id) == SG_OK;
}

/* Persons that are the same, or are so no longer. */
static void note_link(struct pass *pass, const struct record *record)
{
    static const struct sg_id none = {{0}};
    const PbLinkEffect *link = record->rest->effect->link;
    struct sg_id child, parent;
    if (!link || link->decision == PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT ||
        !read_id(link->child_id, &child) || !read_id(link->parent_id, &parent))
        return;
    uint32_t at = ids_add(pass->arena, &pass->linked, &child);
    if (at == pass->survivors.count)
        (void)POOL_ADD(pass->arena, &pass->survivors, struct sg_id);
    bool same = link->decision == PB_PERSON_LINK_DECIDED__DECISION_SAME;
    *POOL_AT(&pass->survivors, struct sg_id, at) = same ? parent : none;
}

static enum sg_err note(struct pass *pass, struct record *record, void *context, struct sg_why *why)
{
    (void)context;
    if (!peek_meaning(record))
        return SG_OK;
    enum sg_err err = open_rest(pass, record, why);
    if (err || !record->rest->effect)
        return err;
    bool parked = record->rest->kind == PB_RECORD_KIND_PARKED;
    if (!parked) {
        note_correction(pass, record);
        note_link(pass, record);
    }
    return SG_OK;
}

static int by_seq(const void *a, const void *b)
{
    const struct correction *x = a, *y = b;
    if (x->corrected_seq != y->corrected_seq)
        return x->corrected_seq < y->corrected_seq ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The last one of each record. */
static void keep_latest(struct pool *pool)
{
    struct correction *all = pool->items;
    uint32_t kept = 0;
    if (!pool->count)
        return;
    qsort(all, pool->count, sizeof *all, by_seq);
    for (uint32_t i = 0; i < pool->count; i++)
        if (i + 1 == pool->count || all[i + 1].corrected_seq != all[i].corrected_seq)
            all[kept++] = all[i];
    pool->count = kept;
}

static enum sg_err find_end(struct pass *pass, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct record record;
    uint64_t last = 0;
    enum sg_err err = txn_begin(&txn, pass->env, TXN_READ, why);
    if (!err)
        err = journal_last(&txn, &last, why);
    if (err || !last)
        return err;
    if (!pass->as_of || pass->as_of > last)
        pass->as_of = last;
    return journal_get(&txn, pass->as_of, &record, why) == SG_E_STORE ? SG_E_STORE : SG_OK;
}

enum sg_err pass_prepare(struct pass *pass, struct sg_why *why)
{
    enum sg_err err = sg_arena_init(&pass->scratch, SCRATCH_BYTES, why);
    if (!err)
        err = find_end(pass, why);
    if (!err)
        err = walk(pass, note, NULL, why);
    if (!err)
        keep_latest(&pass->corrections);
    return err;
}

void pass_done(struct pass *pass)
{
    sg_arena_done(&pass->scratch);
}

struct sg_id pass_person(const struct pass *pass, const struct sg_id *id)
{
    static const struct sg_id none = {{0}};
    struct sg_id at = *id;
    for (uint32_t i = 0; i <= pass->survivors.count; i++) { /* a tree of edges: no circle */
        uint32_t found = ids_find(&pass->linked, &at);
        if (found == NOTHING)
            return at;
        const struct sg_id *to = POOL_AT(&pass->survivors, struct sg_id, found);
        if (sg_id_equal(to, &none))
            return at;
        at = *to;
    }
    return at;
}

/* ---- the second walk ---- */

struct taking {
    const bool *wanted;
    take_fact *take;
    void *context;
};

static const struct correction *correction_of(const struct pass *pass, uint64_t seq)
{
    struct correction key = {.corrected_seq = seq};
    uint32_t low = 0, high = pass->corrections.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct correction *c = POOL_AT(&pass->corrections, struct correction, middle);
        if (c->corrected_seq == key.corrected_seq)
            return c;
        if (c->corrected_seq < key.corrected_seq)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const ProtobufCFieldDescriptor *payload_field(uint32_t type)
{
    return protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, type);
}

static ProtobufCMessage **payload_at(PbEnvelope *envelope, uint32_t type)
{
    const ProtobufCFieldDescriptor *field = payload_field(type);
    return field ? (ProtobufCMessage **)(void *)((uint8_t *)envelope + field->offset) : NULL;
}

/* The payload of the E24 in the place of the one that the envelope came with. */
static enum sg_err replace(struct pass *pass, struct record *by, PbEnvelope *envelope,
                           struct fact *fact, struct sg_why *why)
{
    struct sg_event event;
    const struct sg_bytes none = {NULL, 0};
    enum sg_err err = record_open_rest(by, &pass->scratch, why);
    if (!err)
        err = sg_event_reopen(by->clear, none, &pass->scratch, &event, why);
    if (err)
        return err == SG_E_FORMAT ? SG_E_STORE : err;
    const PbEventCorrected *e24 = event.envelope->event_corrected;
    ProtobufCMessage **payload = payload_at(envelope, fact->type);
    if (!e24 || !e24->replacement || !payload || !*payload)
        return SG_OK;
    ProtobufCMessage *replaced = NULL;
    struct sg_bytes clear = {e24->replacement->clear.data, e24->replacement->clear.len};
    err = sg_decode_row((*payload)->descriptor, clear, &pass->scratch, &replaced, why);
    if (err)
        return err == SG_E_FORMAT ? SG_E_STORE : err;
    *payload = replaced;
    fact->corrected = true;
    fact->personal = by->personal;
    const PbEffect *effect = by->rest->effect;
    if (effect && effect->count)
        fact->count = effect->count;
    if (effect && effect->person)
        fact->person = effect->person;
    const PbItemRestated *item = effect && effect->correction ? effect->correction->item : NULL;
    if (item && item->row && item->row->has_finding)
        fact->finding = item->row->finding;
    return SG_OK;
}

static enum sg_err correct(struct pass *pass, PbEnvelope *envelope, struct fact *fact,
                           struct sg_why *why)
{
    /* It may be named by the record of its arrival, which was parked. */
    const PbParkEffect *park = fact->effect->park;
    const struct correction *c = correction_of(pass, fact->seq);
    if (!c && park && park->parked_seq)
        c = correction_of(pass, park->parked_seq);
    if (!c)
        return SG_OK;
    fact->detached = c->detached;
    if (c->detached)
        fact->person = NULL;
    if (c->annulled) {
        fact->states = false;
        return SG_OK;
    }
    struct record by;
    enum sg_err err = journal_get(pass->txn, c->seq, &by, why);
    if (!err)
        err = replace(pass, &by, envelope, fact, why);
    return err;
}

static bool counts(const PbRecordRest *rest)
{
    if (rest->kind == PB_RECORD_KIND_PARKED)
        return false;
    const PbParkEffect *park = rest->effect ? rest->effect->park : NULL;
    return rest->kind != PB_RECORD_KIND_SETTLED || !park || !park->code;
}

static enum sg_err take(struct pass *pass, struct record *record, void *context, struct sg_why *why)
{
    static const PbEffect no_effect = PB_EFFECT__INIT;
    static const PbCountEffect no_count = PB_COUNT_EFFECT__INIT;
    const struct taking *taking = context;
    static PbEnvelope no_envelope = PB_ENVELOPE__INIT; /* never written to */
    const struct sg_bytes none = {NULL, 0};
    struct sg_event event = {.envelope = &no_envelope, .occurred_ms = record->accepted_ms};
    uint32_t type = peek_type(record);
    if (type && type < WANTED_MAX && !taking->wanted[type])
        return SG_OK;
    enum sg_err err = open_rest(pass, record, why);
    if (err || !counts(record->rest))
        return err;
    if (record->rest->kind != PB_RECORD_KIND_DERIVED) /* of those the effect says everything */
        err = sg_event_reopen(record->clear, none, &pass->scratch, &event, why);
    if (err)
        return sg_fail(why, err == SG_E_FORMAT ? SG_E_STORE : err, "record %llu cannot be read",
                       (unsigned long long)record->seq);
    const PbEffect *effect = record->rest->effect ? record->rest->effect : &no_effect;
    struct fact fact = {
        .seq = record->seq,
        .accepted_ms = record->accepted_ms,
        .occurred_ms = event.occurred_ms,
        .occurred_day = sg_day_at(event.occurred_ms),
        .type = record->rest->type,
        .kind = record->rest->kind,
        .states = true,
        .agency = record->rest->agency,
        .record = record,
        .rest = record->rest,
        .effect = effect,
        .count = effect->count ? effect->count : &no_count,
        .person = effect->person,
        .finding = effect->item ? effect->item->finding : PB_EQUIPMENT_CHECKED__FINDING_UNSPECIFIED,
        .envelope = event.envelope,
        .personal = record->personal,
    };
    if (record->rest->kind != PB_RECORD_KIND_DERIVED)
        err = correct(pass, event.envelope, &fact, why);
    if (!err)
        taking->take(taking->context, &fact);
    return err;
}

enum sg_err pass_run(struct pass *pass, const bool wanted[WANTED_MAX], take_fact *take_one,
                     void *context, struct sg_why *why)
{
    struct taking taking = {wanted, take_one, context};
    return walk(pass, take, &taking, why);
}

const ProtobufCMessage *pass_open(struct pass *pass, const struct fact *fact)
{
    const ProtobufCFieldDescriptor *field = payload_field(fact->type);
    if (!field || fact->rest->vault_key_id) /* sealed: until there is a vault, nothing opens it */
        return NULL;
    struct sg_event event;
    ProtobufCMessage *whole = NULL;
    if (!fact->personal.len)
        return NULL;
    if (!fact->corrected) {
        if (sg_event_reopen(fact->record->clear, fact->personal, &pass->scratch, &event, NULL))
            return NULL;
        return event.payload;
    }
    /* The personal part of an E24 is an Envelope that holds the personal part of the replacement.
     */
    const struct sg_bytes none = {NULL, 0};
    if (sg_event_reopen(fact->personal, none, &pass->scratch, &event, NULL) ||
        !event.envelope->event_corrected || !event.envelope->event_corrected->replacement)
        return NULL;
    const ProtobufCBinaryData *part = &event.envelope->event_corrected->replacement->personal;
    return sg_decode_row(field->descriptor, (struct sg_bytes){part->data, part->len},
                         &pass->scratch, &whole, NULL)
               ? NULL
               : whole;
}
