#include "ledger/decision.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>

void *take(struct ledger_turn *turn, size_t size)
{
    void *memory = sg_arena_alloc(turn->arena, size);
    SG_CHECK(memory);
    return memory;
}

ProtobufCBinaryData data_of(struct ledger_turn *turn, const struct sg_id *id)
{
    uint8_t *copy = take(turn, SG_ID_BYTES);
    memcpy(copy, id->b, SG_ID_BYTES);
    return (ProtobufCBinaryData){SG_ID_BYTES, copy};
}

char *text_of(struct ledger_turn *turn, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = take(turn, size);
    memcpy(copy, text, size);
    return copy;
}

struct sg_id id_of(ProtobufCBinaryData data)
{
    struct sg_id id = {{0}};
    if (data.len == SG_ID_BYTES)
        memcpy(id.b, data.data, SG_ID_BYTES);
    return id;
}

void *grown(struct ledger_turn *turn, void *array, size_t count)
{
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full)
        return array;
    void **moved = take(turn, (count ? 2 * count : 4) * sizeof *moved);
    if (count)
        memcpy(moved, array, count * sizeof *moved);
    return moved;
}

PbEventRef *ref_of(struct ledger_turn *turn, const struct sg_id *outbox_id, uint64_t number)
{
    PbEventRef *ref = TAKE(turn, PbEventRef);
    pb_event_ref__init(ref);
    ref->has_outbox_id = ref->has_number = true;
    ref->outbox_id = data_of(turn, outbox_id);
    ref->number = number;
    return ref;
}

int32_t day_of(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

PbDate *date_of(struct ledger_turn *turn, int32_t day_no)
{
    PbDate *date = TAKE(turn, PbDate);
    pb_date__init(date);
    date->has_year = date->has_month = date->has_day = true;
    sg_day_split(day_no, &date->year, &date->month, &date->day);
    return date;
}

enum sg_err read_row(struct ledger_turn *turn, enum table table, const struct sg_id *id,
                     const ProtobufCMessageDescriptor *descriptor, void *out_row_pointer,
                     struct sg_why *why)
{
    struct key key = {0};
    return row_get(turn->txn, table, key_id(&key, id), descriptor, turn->arena, out_row_pointer,
                   why);
}

enum sg_err refuse(struct decision *d, uint32_t code, const char *object, const char *detail,
                   const char *accepted, ...)
{
    va_list args;
    va_start(args, accepted);
    (void)sg_refuse_v(d->fault, code, object, detail, accepted, args);
    va_end(args);
    return SG_OK;
}

enum sg_err refuse_unknown(struct decision *d, enum sg_err err, const char *object)
{
    if (err != SG_E_NOT_FOUND)
        return err;
    return refuse(d, SG_ST_UNKNOWN_OBJECT, object, NULL, "an id that exists");
}

enum sg_err park(struct decision *d, const struct sg_id *object_id, uint32_t code,
                 const char *object, const char *detail, const char *accepted)
{
    d->parks = true;
    d->parks_on = *object_id;
    return refuse(d, code, object, detail, "%s", accepted);
}

bool owns(struct decision *d, const char *owner, const char *object, const char *accepted)
{
    if (strcmp(owner, d->source->agency->id) == 0)
        return true;
    (void)refuse(d, SG_ST_NOT_OWNER, object, NULL, "%s", accepted);
    return false;
}

bool version_holds(struct decision *d, uint64_t version)
{
    char detail[24];
    if (d->event->envelope->expected_version == version)
        return true;
    (void)snprintf(detail, sizeof detail, "%llu", (unsigned long long)version);
    (void)refuse(d, SG_ST_VERSION_CONFLICT, "expected_version", detail, "the version of now: %s",
                 detail);
    return false;
}

void add_readers_with(struct decision *d, uint32_t capabilities, uint32_t relations)
{
    const struct sg_roster *roster = d->turn->world->roster;
    for (size_t i = 0; i < roster->agency_count; i++)
        if (roster->agencies[i].capabilities & capabilities)
            add_reader(d, roster->agencies[i].id, relations);
}

void about_person(struct decision *d, const struct sg_id *person_id)
{
    d->has_person = true;
    d->person_id = *person_id;
}

void add_reader(struct decision *d, const char *agency, uint32_t relations)
{
    for (size_t i = 0; i < d->readers.count; i++)
        if (strcmp(d->readers.entries[i].agency, agency) == 0) {
            d->readers.entries[i].relations |= relations;
            return;
        }
    SG_CHECK(d->readers.count < READERS_MAX);
    d->readers.entries[d->readers.count++] = (struct reader_entry){agency, relations};
}

struct follow *queue(struct decision *d, enum follow_kind kind)
{
    struct follow *follow = TAKE(d->turn, struct follow);
    follow->kind = kind;
    follow->cause = d->cause;
    *d->last = follow;
    d->last = &follow->next;
    return follow;
}

/* No randomness in the ledger: an id follows from its cause. The place stands beside the digest,
 * because an event without personal fields may be said again in the same words. */
struct sg_id mint(struct decision *d, const char *kind)
{
    enum { KIND_BYTES = 16, AT_NUMBER = SG_HASH_BYTES + SG_ID_BYTES, AT_ORDINAL = AT_NUMBER + 8 };
    uint8_t seed[AT_ORDINAL + 8 + KIND_BYTES] = {0}, hash[SG_HASH_BYTES];
    memcpy(seed, d->cause->digest, SG_HASH_BYTES);
    memcpy(seed + SG_HASH_BYTES, d->cause->outbox_id.b, SG_ID_BYTES);
    sg_put_u64(seed + AT_NUMBER, d->cause->number);
    sg_put_u64(seed + AT_ORDINAL, d->cause->ordinal++);
    struct sg_bytes name = sg_bytes_of(kind);
    SG_CHECK(name.len < KIND_BYTES);
    memcpy(seed + AT_ORDINAL + 8, name.ptr, name.len);
    sg_hash((struct sg_bytes){seed, sizeof seed}, hash);
    return sg_id_mint(d->turn->block->time_ms, hash);
}

void warn(struct decision *d, uint32_t warning)
{
    enum { WARNINGS_MAX = 8 };
    PbEffect *effect = d->effect;
    if (!effect->warnings)
        effect->warnings = take(d->turn, WARNINGS_MAX * sizeof effect->warnings[0]);
    for (size_t i = 0; i < effect->n_warnings; i++)
        if (effect->warnings[i] == warning)
            return;
    SG_CHECK(effect->n_warnings < WARNINGS_MAX);
    effect->warnings[effect->n_warnings++] = warning;
}

/* Keyed, because a payload may hold a NIK. The payload says what the object is; whom and which case
 * it is about stands in the envelope. Salt, note and times do not count: a spreadsheet that is
 * imported again on another device changes them. */
void content_hash(const struct decision *d, uint8_t out_hash[SG_HASH_BYTES])
{
    struct sg_bytes bytes;
    SG_CHECK(sg_encode(d->event->payload, d->turn->arena, &bytes, NULL) == SG_OK);
    const PbEnvelope *e = d->event->envelope;
    const struct sg_bytes runs[] = {
        bytes,
        {e->case_id.data, e->has_case_id ? e->case_id.len : 0},
        {e->person_ref.data, e->has_person_ref ? e->person_ref.len : 0},
    };
    sg_keyed_hash(d->turn->world->keys->store_key, runs, SG_ARRAY_LEN(runs), out_hash,
                  SG_HASH_BYTES);
}

bool said_again(struct decision *d, const PbObjectRow *row)
{
    uint8_t hash[SG_HASH_BYTES];
    content_hash(d, hash);
    if (row->content_hash.len != sizeof hash ||
        memcmp(row->content_hash.data, hash, sizeof hash) != 0)
        return false;
    d->duplicate = true;
    d->first_outbox_id = id_of(row->place->outbox_id);
    d->first_number = row->place->number;
    return true;
}

enum sg_err stated_again(struct decision *d, const PbObjectRow *row, const char *object)
{
    if (!row)
        return SG_OK;
    if (strcmp(row->agency, d->source->agency->id) != 0)
        return refuse(d, SG_ST_NOT_OWNER, object, "ID_IN_USE", "an id of your own");
    if (said_again(d, row))
        return SG_OK;
    return refuse(d, SG_ST_DUPLICATE_CONFLICT, object, "STATED_BEFORE",
                  "the same content as before, or a new id");
}

enum sg_err read_object(struct decision *d, const struct sg_id *id, PbObjectRow **out_row,
                        struct sg_why *why)
{
    struct key key = {0};
    *out_row = NULL;
    key_id(key_u8(&key, (uint8_t)d->event->type), id);
    enum sg_err err = row_get(d->turn->txn, TABLE_OBJECTS, &key, &pb_object_row__descriptor,
                              d->turn->arena, out_row, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

void state_object(struct decision *d, const struct sg_id *id)
{
    PbObjectEffect *object = TAKE(d->turn, PbObjectEffect);
    uint8_t *hash = take(d->turn, SG_HASH_BYTES);
    pb_object_effect__init(object);
    content_hash(d, hash);
    object->has_type = object->has_object_id = object->has_content_hash = true;
    object->type = d->event->type;
    object->object_id = data_of(d->turn, id);
    object->content_hash = (ProtobufCBinaryData){SG_HASH_BYTES, hash};
    d->effect->object = object;
}

void decision_begin(struct decision *d, struct ledger_turn *turn)
{
    d->turn = turn;
    d->effect = TAKE(turn, PbEffect);
    pb_effect__init(d->effect);
    d->first = NULL;
    d->last = &d->first;
}
