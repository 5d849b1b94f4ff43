/* draft.c - an Envelope, as JSON or protobuf, becomes a checked event of the batch; the batch
 * becomes frames of the outbox. */
#include "lib/inside.h"

#include "wire/codec.h"
#include "wire/json.h"
#include "wire/scan.h"
#include "wire/sign.h"

/* Payloads whose first field is an id that their publisher makes. */
static const uint32_t makes_own_id[] = {101, 104, 105, 106, 107, 108, 111, 116, 118, 119, 120, 122};
enum { TYPE_SEAT_REQUESTED = 111 };

static void json_done(json_t **json)
{
    json_decref(*json);
}

/* ---- filling in -------------------------------------------------------------------------- */

/* The payload field that is set; 0 when there is none or more than one. */
static uint32_t payload_of(PbEnvelope *envelope, ProtobufCMessage **out_payload)
{
    const ProtobufCMessageDescriptor *d = envelope->base.descriptor;
    uint32_t type = 0;
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].id < SG_TYPE_AGENCY_FIRST)
            continue;
        ProtobufCMessage *payload;
        memcpy(&payload, (char *)envelope + d->fields[i].offset, sizeof(void *));
        if (!payload)
            continue;
        if (type)
            return 0;
        type = d->fields[i].id;
        *out_payload = payload;
    }
    return type;
}

static char *text_copy(struct sg_arena *arena, const char *text)
{
    return sg_arena_text(arena, sg_bytes_of(text));
}

static Google__Protobuf__Timestamp *time_at(struct sg_arena *arena, int64_t ms)
{
    Google__Protobuf__Timestamp *t = SG_NEW(arena, Google__Protobuf__Timestamp);
    if (!t)
        return NULL;
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

bool draft_makes_id(uint32_t type)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(makes_own_id); i++)
        if (makes_own_id[i] == type)
            return true;
    return false;
}

/* The first field of the payload, when it is an id that is missing. */
static void make_id(struct sinergi *client, uint32_t type, ProtobufCMessage *payload)
{
    const ProtobufCFieldDescriptor *field = &payload->descriptor->fields[0];
    char *base = (char *)payload;
    if (!draft_makes_id(type))
        return;
    protobuf_c_boolean has;
    memcpy(&has, base + field->quantifier_offset, sizeof has);
    if (has)
        return;
    struct sg_id id = sg_id_make(client_now_ms(client));
    ProtobufCBinaryData data = {SG_ID_BYTES,
                                sg_arena_copy(&client->batch_arena, id.b, SG_ID_BYTES)};
    has = data.data != NULL;
    memcpy(base + field->offset, &data, sizeof data);
    memcpy(base + field->quantifier_offset, &has, sizeof has);
}

/* Now. The clock of a demo store leaps, and a device whose line is cut cannot know: what it states
 * of a later time was recorded at that time, at the earliest. */
static int64_t recorded_ms(const struct sinergi *client, const PbEnvelope *e)
{
    int64_t now_ms = client_now_ms(client);
    bool knows = !client->session.told.demo || session_is_up(client);
    if (knows || !e->occurred_at || !sg_time_valid(e->occurred_at))
        return now_ms;
    int64_t occurred_ms = sg_ms_of(e->occurred_at);
    return occurred_ms > now_ms ? occurred_ms : now_ms;
}

static void fill_in(struct sinergi *client, PbEnvelope *e, uint32_t type, ProtobufCMessage *payload)
{
    struct sg_arena *arena = &client->batch_arena;
    if (!e->type)
        e->type = text_copy(arena, sg_type_topic(type));
    if (!e->publisher_agency)
        e->publisher_agency = text_copy(arena, client->key->agency);
    if (!e->actor_ref)
        e->actor_ref = text_copy(arena, "DEVICE");
    if (!e->has_schema_minor) {
        e->has_schema_minor = 1;
        e->schema_minor = 0;
    }
    if (!e->recorded_at)
        e->recorded_at = time_at(arena, recorded_ms(client, e));
    if (!e->occurred_at)
        e->occurred_at = e->recorded_at;
    if (!e->has_time_quality) {
        e->has_time_quality = 1;
        e->time_quality = PB_TIME_QUALITY_EXACT;
    }
    if (client->conf.make_ids)
        make_id(client, type, payload);
}

/* The two parts; a personal part needs a legal basis, and has one by default. */
static enum sg_err split(struct sinergi *client, PbEnvelope *e, uint32_t type,
                         struct outbox_event *event, struct sg_why *why)
{
    uint8_t salt[SG_ID_BYTES];
    sg_random(salt, sizeof salt);
    struct sg_arena *arena = &client->batch_arena;
    enum sg_err err = sg_event_split(e, salt, arena, &event->clear, &event->personal, why);
    if (err || event->personal.len == 0 || e->has_legal_basis)
        return err;
    e->has_legal_basis = 1;
    e->legal_basis =
        type == TYPE_SEAT_REQUESTED ? PB_LEGAL_BASIS_CONSENT : PB_LEGAL_BASIS_PUBLIC_TASK;
    return sg_event_split(e, salt, arena, &event->clear, &event->personal, why);
}

/* The same check as the broker's, so that a mistake is named before anything is stored. */
static sinergi_status check(struct sinergi *client, struct outbox_event *event)
{
    struct sg_vocabulary vocabulary = {.lists = client->lists};
    struct sg_event decoded;
    struct sg_fault fault = {0};
    struct sg_why why = {0};
    sg_arena_reset(&client->answer_arena, 0);
    enum sg_err err = sg_event_decode(event->clear, event->personal, &vocabulary,
                                      &client->answer_arena, &decoded, &fault, &why);
    if (err)
        return client_why(client, err, &why);
    if (fault.code)
        return client_fault(client, &fault);
    event->type = decoded.type;
    memcpy(event->digest, decoded.digest, SG_HASH_BYTES);
    return SINERGI_OK;
}

static sinergi_status too_much(struct sinergi *client)
{
    return client_fail(client, SINERGI_LOCAL,
                       "kumpulan peristiwa penuh (paling banyak %d): simpan dahulu",
                       "the batch is full (at most %d events): commit first", BATCH_EVENTS_MAX);
}

static sinergi_status draft(struct sinergi *client, PbEnvelope *envelope,
                            struct outbox_event *event)
{
    ProtobufCMessage *payload = NULL;
    struct sg_fault fault = {0};
    uint32_t type = payload_of(envelope, &payload);
    if (!type) {
        (void)sg_refuse(&fault, SG_ST_SCHEMA, "payload", "EXACTLY_ONE",
                        "one of referralSubmitted, referralDecided, …");
        return client_fault(client, &fault);
    }
    fill_in(client, envelope, type, payload);
    if (client->batch_arena.spent)
        return too_much(client);
    struct sg_why why = {0};
    enum sg_err err = split(client, envelope, type, event, &why);
    return err ? client_why(client, err, &why) : check(client, event);
}

/* The last step of adding: what failed leaves no trace in the batch. */
static sinergi_status put(struct sinergi *client, size_t arena_before, sinergi_status status,
                          const struct outbox_event *drafted)
{
    if (status)
        sg_arena_reset(&client->batch_arena, arena_before);
    else
        client->batch[client->batch_count++] = *drafted;
    return status;
}

sinergi_status draft_add(struct sinergi *client, const json_t *event, const struct outbox_key *key)
{
    if (client->batch_count == BATCH_EVENTS_MAX)
        return too_much(client);
    size_t used = client->batch_arena.used;
    struct outbox_event drafted = {0};
    PbEnvelope *envelope = NULL;
    struct sg_fault fault = {0};
    bool read =
        sg_json_to(event, &pb_envelope__descriptor, &client->batch_arena, &envelope, &fault);
    sinergi_status status = read ? draft(client, envelope, &drafted) : client_fault(client, &fault);
    if (!status && key) {
        drafted.key = sg_arena_copy(&client->batch_arena, key, sizeof *key);
        status = drafted.key ? SINERGI_OK : too_much(client);
    }
    return put(client, used, status, &drafted);
}

sinergi_status sinergi_add_json(sinergi *client, const char *event_json, size_t length)
{
    json_error_t at;
    if (length > SG_JSON_TEXT_MAX)
        return client_fail(client, SINERGI_INVALID, "JSON lebih dari %d byte",
                           "JSON of more than %d bytes", SG_JSON_TEXT_MAX);
    SG_AUTO(json_done) json_t *json = json_loadb(event_json, length, JSON_REJECT_DUPLICATES, &at);
    if (!json)
        return client_fail(client, SINERGI_INVALID, "bukan JSON (baris %d, kolom %d): %s",
                           "not JSON (line %d, column %d): %s", at.line, at.column, at.text);
    return draft_add(client, json, NULL);
}

sinergi_status sinergi_add_protobuf(sinergi *client, const uint8_t *envelope, size_t length)
{
    struct sg_bytes bytes = {envelope, length};
    struct sg_fault fault = {0};
    if (length > SG_EVENT_MAX)
        (void)sg_refuse(&fault, SG_ST_SCHEMA, "event", "TOO_LARGE", "at most %u bytes",
                        SG_EVENT_MAX);
    if (fault.code || !sg_scan_event(bytes, SG_PART_WHOLE, &fault))
        return client_fault(client, &fault);
    if (client->batch_count == BATCH_EVENTS_MAX)
        return too_much(client);
    size_t used = client->batch_arena.used;
    struct outbox_event drafted = {0};
    PbEnvelope *message = NULL;
    struct sg_why why = {0};
    enum sg_err err =
        sg_decode(&pb_envelope__descriptor, bytes, &client->batch_arena, &message, &why);
    sinergi_status status = err ? client_why(client, err, &why) : draft(client, message, &drafted);
    return put(client, used, status, &drafted);
}

void sinergi_discard(sinergi *client)
{
    client->batch_count = 0;
    sg_arena_reset(&client->batch_arena, 0);
}

static void own(struct sinergi *client, const struct outbox_place *last)
{
    for (size_t i = 0; i < client->own_count; i++) {
        if (sg_id_equal(&client->own[i].outbox, &last->outbox)) {
            if (last->number > client->own[i].through)
                client->own[i].through = last->number;
            return;
        }
    }
    if (client->own_count == OWN_OUTBOXES_MAX) { /* the oldest is answered or moved long ago */
        client->own_count--;
        memmove(&client->own[0], &client->own[1], client->own_count * sizeof client->own[0]);
    }
    client->own[client->own_count++] = (struct own_commit){last->outbox, last->number};
}

sinergi_status sinergi_commit(sinergi *client, sinergi_place *places, size_t *out_count)
{
    size_t count = client->batch_count;
    if (out_count)
        *out_count = count;
    if (count == 0)
        return SINERGI_OK;
    struct outbox_signer signer = client_signer(client);
    struct sg_why why = {0};
    size_t used = client->frame_arena.used;
    struct outbox_place *given = SG_NEW_ARRAY(&client->frame_arena, struct outbox_place, count);
    if (!given)
        return too_much(client);
    enum sg_err err = outbox_append(client->outbox, &signer, client->batch, count,
                                    &client->frame_arena, given, &why);
    for (size_t i = 0; !err && i < count; i++) {
        own(client, &given[i]);
        if (!places)
            continue;
        memcpy(places[i].outbox_id, given[i].outbox.b, SINERGI_ID_BYTES);
        places[i].number = given[i].number;
    }
    sg_arena_reset(&client->frame_arena, used);
    if (err)
        return client_why(client, err, &why);
    sinergi_discard(client);
    client->more = true; /* something to send */
    watch_update(client);
    return SINERGI_OK;
}
