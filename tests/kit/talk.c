#include "kit/talk.h"

#include "kit/check.h"
#include "wire/sign.h"

#include <stdio.h>
#include <stdlib.h>

static void must(enum sg_err err, const struct sg_why *why)
{
    if (err) {
        (void)fprintf(stderr, "talk: %s: %s\n", sg_err_name(err), why->text);
        abort();
    }
}

void talk_open(struct talk *talk, struct world_city *city)
{
    *talk = (struct talk){.city = city};
}

struct peer talk_peer(struct talk *talk)
{
    return (struct peer){++talk->city->peer_count};
}

/* ---- frames ---- */

struct frame_in *talk_body(struct talk *talk, enum world_agency who, struct peer peer,
                           struct sg_bytes body)
{
    SG_CHECK(talk->frame_count < TALK_FRAMES_MAX);
    struct frame_in *in = &talk->frames[talk->frame_count++];
    *in = (struct frame_in){.peer = peer,
                            .agency = talk->city->clients[who].id,
                            .device = "meja",
                            .local = true,
                            .body = body};
    return in;
}

struct frame_in *talk_frame(struct talk *talk, enum world_agency who, struct peer peer,
                            const PbClientFrame *frame)
{
    struct sg_why why = {""};
    struct sg_bytes body;
    must(sg_encode(frame, &talk->city->arena, &body, &why), &why);
    return talk_body(talk, who, peer, body);
}

struct frame_in *talk_hello(struct talk *talk, enum world_agency who, struct peer peer)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbHello hello = PB_HELLO__INIT;
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    frame.hello = &hello;
    return talk_frame(talk, who, peer, &frame);
}

static char *text_of(struct talk *talk, const char *text)
{
    char *copy = text ? sg_arena_text(&talk->city->arena, sg_bytes_of(text)) : NULL;
    SG_CHECK(!text || copy);
    return copy;
}

struct frame_in *talk_subscribe(struct talk *talk, enum world_agency who, struct peer peer,
                                const char *name, const char *type, bool take_over)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbSubscribe subscribe = PB_SUBSCRIBE__INIT;
    char *types[1] = {text_of(talk, type)};
    subscribe.name = text_of(talk, name);
    subscribe.n_types = type ? 1 : 0;
    subscribe.types = types;
    subscribe.has_start = true;
    subscribe.start = PB_START_FROM_BEGINNING;
    subscribe.has_take_over = true;
    subscribe.take_over = take_over;
    frame.subscribe = &subscribe;
    return talk_frame(talk, who, peer, &frame);
}

struct frame_in *talk_ack(struct talk *talk, enum world_agency who, struct peer peer,
                          const char *name, uint64_t through)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbAck ack = PB_ACK__INIT;
    ack.subscription = text_of(talk, name);
    ack.has_through_seq = true;
    ack.through_seq = through;
    frame.ack = &ack;
    return talk_frame(talk, who, peer, &frame);
}

struct frame_in *talk_nack(struct talk *talk, enum world_agency who, struct peer peer,
                           const char *name, uint64_t seq, uint32_t retry_after_ms)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbNack nack = PB_NACK__INIT;
    nack.subscription = text_of(talk, name);
    nack.reason = text_of(talk, "belum bisa");
    nack.has_seq = nack.has_retry_after_ms = true;
    nack.seq = seq;
    nack.retry_after_ms = retry_after_ms;
    frame.nack = &nack;
    return talk_frame(talk, who, peer, &frame);
}

struct frame_in *talk_query(struct talk *talk, enum world_agency who, struct peer peer,
                            PbQueryKind kind, struct sg_bytes cursor)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbQuery query = PB_QUERY__INIT;
    query.has_request_no = query.has_kind = true;
    query.request_no = 1;
    query.kind = kind;
    query.has_cursor = cursor.len != 0;
    query.cursor = (ProtobufCBinaryData){cursor.len, (uint8_t *)(uintptr_t)cursor.ptr};
    frame.query = &query;
    return talk_frame(talk, who, peer, &frame);
}

struct frame_in *talk_ping(struct talk *talk, enum world_agency who, struct peer peer)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbPing ping = PB_PING__INIT;
    ping.has_token = true;
    ping.token = 7;
    frame.ping = &ping;
    return talk_frame(talk, who, peer, &frame);
}

struct frame_in *talk_bye(struct talk *talk, enum world_agency who, struct peer peer)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbBye bye = PB_BYE__INIT;
    frame.bye = &bye;
    return talk_frame(talk, who, peer, &frame);
}

/* ---- events ---- */

struct talk_event talk_event(struct talk *talk, enum world_agency who, const char *json)
{
    struct talk_event event;
    world_parts(talk->city, who, json, &event.clear, &event.personal);
    return event;
}

struct talk_event talk_referral(struct talk *talk, unsigned number)
{
    char json[800];
    (void)snprintf(json, sizeof json,
                   "{\"referralSubmitted\":{\"referralId\":\"01968a3e-0000-7000-8001-%012u\","
                   "\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\","
                   "\"person\":{\"fullName\":\"Orang %u\",\"nameQuality\":\"FULL\",\"sex\":"
                   "\"MALE\",\"birthQuality\":\"UNKNOWN\",\"nikStatus\":\"NONE\"},"
                   "\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":"
                   "\"BEGGING\",\"childrenWith\":0}}",
                   number % 1000000, number % 1000000);
    return talk_event(talk, SATPOLPP, json);
}

struct frame_in *talk_publish(struct talk *talk, enum world_agency who, struct peer peer,
                              const struct sg_id *outbox, uint64_t first_number,
                              const struct talk_event *events, size_t count)
{
    enum { EVENTS_MAX = 64 };
    struct world_client *client = &talk->city->clients[who];
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbPublish publish = PB_PUBLISH__INIT;
    PbEventParts parts[EVENTS_MAX], *list[EVENTS_MAX];
    uint8_t digests[EVENTS_MAX * SG_HASH_BYTES], signature[SG_SIGNATURE_BYTES];
    struct sg_id id = outbox ? *outbox : client->outbox;
    SG_CHECK(count <= EVENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct talk_event *e = &events[i];
        parts[i] = (PbEventParts)PB_EVENT_PARTS__INIT;
        parts[i].has_clear = true;
        parts[i].has_personal = e->personal.len != 0;
        parts[i].clear = (ProtobufCBinaryData){e->clear.len, (uint8_t *)(uintptr_t)e->clear.ptr};
        parts[i].personal =
            (ProtobufCBinaryData){e->personal.len, (uint8_t *)(uintptr_t)e->personal.ptr};
        list[i] = &parts[i];
        sg_event_digest(e->clear, e->personal, digests + i * SG_HASH_BYTES);
    }
    const struct sg_frame_claim claim = {
        env_store_id(talk->city->env), &id, client->id, first_number, (uint32_t)count, digests};
    memset(signature, 0, sizeof signature);
    if (count && count <= SG_FRAME_EVENTS_MAX) /* what is too many cannot be signed */
        sg_frame_sign(&claim, client->key->sign_secret, signature);
    publish.has_outbox_id = publish.has_first_number = publish.has_signature = true;
    publish.outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
    publish.first_number = first_number;
    publish.signature = (ProtobufCBinaryData){sizeof signature, signature};
    publish.n_events = count;
    publish.events = list;
    frame.publish = &publish;
    return talk_frame(talk, who, peer, &frame);
}

/* ---- the turn ---- */

void talk_turn(struct talk *talk)
{
    struct sg_why why = {""};
    const struct turn_in in = {.frames = talk->frames,
                               .frame_count = talk->frame_count,
                               .wall_ms = talk->city->now_ms,
                               .mono_ns = talk->city->mono_ns,
                               .storage_low = talk->storage_low,
                               .stopping = talk->stopping,
                               .report = talk->report};
    must(broker_turn(talk->city->broker, &in, &talk->out, &why), &why);
    talk->frame_count = 0;
    talk->report = NULL;
    talk->answers = SG_NEW_ARRAY(&talk->city->arena, PbServerFrame *, talk->out.frame_count + 1);
    SG_CHECK(talk->answers);
    for (size_t i = 0; i < talk->out.frame_count; i++) {
        SG_CHECK(talk->out.frames[i].body.len <= SG_BODY_MAX);
        must(sg_decode(&pb_server_frame__descriptor, talk->out.frames[i].body, &talk->city->arena,
                       &talk->answers[i], &why),
             &why);
    }
}

void talk_settle(struct talk *talk)
{
    do
        talk_turn(talk);
    while (talk->out.more);
}

static size_t find(const struct talk *talk, struct peer peer, size_t n)
{
    for (size_t i = 0; i < talk->out.frame_count; i++)
        if (talk->out.frames[i].peer.n == peer.n && n-- == 0)
            return i;
    return SIZE_MAX;
}

PbServerFrame *talk_answer(const struct talk *talk, struct peer peer, size_t n)
{
    size_t at = find(talk, peer, n);
    return at == SIZE_MAX ? NULL : talk->answers[at];
}

enum frame_fate talk_fate(const struct talk *talk, struct peer peer, size_t n)
{
    size_t at = find(talk, peer, n);
    SG_CHECK(at != SIZE_MAX);
    return talk->out.frames[at].fate;
}

size_t talk_answer_count(const struct talk *talk, struct peer peer)
{
    size_t count = 0;
    for (size_t i = 0; i < talk->out.frame_count; i++)
        count += talk->out.frames[i].peer.n == peer.n;
    return count;
}

struct peer talk_connect(struct talk *talk, enum world_agency who)
{
    struct peer peer = talk_peer(talk);
    (void)talk_hello(talk, who, peer);
    talk_turn(talk);
    SG_CHECK(talk_answer(talk, peer, 0) && talk_answer(talk, peer, 0)->welcome);
    return peer;
}

void talk_add_device(struct world_city *city, enum world_agency who, const char *name)
{
    for (size_t i = 0; i < city->roster.agency_count; i++) {
        struct sg_agency *agency = &city->agencies[i];
        if (strcmp(agency->id, city->clients[who].id) != 0)
            continue;
        struct sg_device *devices =
            realloc(agency->devices, (agency->device_count + 1) * sizeof *devices);
        SG_CHECK(devices);
        agency->devices = devices;
        devices[agency->device_count] = devices[0];
        (void)snprintf(devices[agency->device_count].name, sizeof devices[0].name, "%s", name);
        agency->device_count++;
    }
}
