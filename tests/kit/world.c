#include "kit/world.h"

#include "kit/check.h"
#include "wire/day.h"
#include "wire/json.h"
#include "wire/sign.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *id;
    uint32_t capabilities;
} rows[WORLD_WIDE] = {
    [SATPOLPP] = {"satpolpp", SG_CAP(PB_CAPABILITY_REFERRER)},
    [DINSOS] = {"dinsos", SG_CAP(PB_CAPABILITY_REFERRER) | SG_CAP(PB_CAPABILITY_CASE_OWNER) |
                              SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER) |
                              SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER) |
                              SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD)},
    [DISNAKER] = {"disnaker",
                  SG_CAP(PB_CAPABILITY_REFERRER) | SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER)},
    [DPPPA] = {"dpppa", SG_CAP(PB_CAPABILITY_REFERRER) | SG_CAP(PB_CAPABILITY_CASE_OWNER) |
                            SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER) |
                            SG_CAP(PB_CAPABILITY_CHILD_PROTECTION) |
                            SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER)},
    [INSPEKTORAT] = {"inspektorat", SG_CAP(PB_CAPABILITY_AUDITOR)},
    [DISKOMINFO] = {"diskominfo", SG_CAP(PB_CAPABILITY_OPERATOR)},
    [DISDUKCAPIL] = {"disdukcapil", 0},
    [BLK] = {"blk-pekanbaru", SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER)},
    [DISKOPUKM] = {"diskopukm", SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER)},
};

static void must(enum sg_err err, const struct sg_why *why)
{
    if (err) {
        (void)fprintf(stderr, "world: %s: %s\n", sg_err_name(err), why->text);
        abort();
    }
}

static void start_broker(struct world_city *city)
{
    struct sg_why why = {""};
    struct broker_options options = {.env = city->env,
                                     .keys = city->keys,
                                     .roster = &city->roster,
                                     .lists = city->lists,
                                     .version = "test",
                                     .demo = true};
    must(broker_new(&options, &city->broker, &why), &why);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct sg_agency *)a)->id, ((const struct sg_agency *)b)->id);
}

static void make_agencies(struct world_city *city, size_t count)
{
    struct sg_why why = {""};
    for (size_t i = 0; i < count; i++) {
        struct world_client *client = &city->clients[i];
        client->id = rows[i].id;
        client->outbox = sg_id_mint(1, (const uint8_t[10]){(uint8_t)(i + 1)}); /* always the same */
        client->next = 1;
        must(sg_device_key_make(client->id, "meja", &client->key, &why), &why);
        struct sg_agency *agency = &city->agencies[i];
        (void)snprintf(agency->id, sizeof agency->id, "%s", client->id);
        agency->capabilities = rows[i].capabilities;
        agency->device_count = 1;
        agency->devices = calloc(1, sizeof *agency->devices);
        SG_CHECK(agency->devices);
        (void)snprintf(agency->devices[0].name, sizeof agency->devices[0].name, "meja");
        memcpy(agency->devices[0].curve_public, client->key->curve_public, SG_KEY_BYTES);
        memcpy(agency->devices[0].sign_public, client->key->sign_public, SG_KEY_BYTES);
    }
    qsort(city->agencies, count, sizeof city->agencies[0], by_id);
    city->roster = (struct sg_roster){count, city->agencies};
}

void world_open(struct world_city *city, const char *start)
{
    world_open_with(city, start, WORLD_AGENCIES);
}

void world_open_with(struct world_city *city, const char *start, size_t agencies)
{
    static char path[2][96];
    struct sg_why why = {""};
    *city = (struct world_city){.mono_ns = 1};
    const char *base = getenv("TMPDIR");
    (void)snprintf(city->folder, sizeof city->folder, "%s/sinergi-world-XXXXXX",
                   base ? base : "/tmp");
    SG_CHECK(mkdtemp(city->folder));
    must(sg_crypto_init(&why), &why);
    must(sg_time_parse(start, &city->now_ms), &why);
    must(sg_broker_key_make(&city->keys, &why), &why);
    must(sg_lists_load("conf/codes", &city->lists, &why), &why);
    must(sg_arena_init(&city->arena, 64 << 20, &why), &why);
    make_agencies(city, agencies);
    (void)snprintf(path[0], sizeof path[0], "%s/store.mdb", city->folder);
    city->env_options = (struct env_options){
        .path = path[0], .map_bytes = (size_t)256 << 20, .demo = true, .no_sync = true};
    struct sg_id store = sg_id_make(1);
    must(env_create(&city->env_options, &store, &why), &why);
    must(env_open(&city->env_options, &city->env, &why), &why);
    start_broker(city);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void world_close(struct world_city *city)
{
    broker_free(&city->broker);
    env_close(&city->env);
    for (size_t i = 0; i < city->roster.agency_count; i++) {
        sg_device_key_free(&city->clients[i].key);
        free(city->agencies[i].devices);
    }
    sg_broker_key_free(&city->keys);
    sg_lists_free(&city->lists);
    sg_arena_done(&city->arena);
    (void)nftw(city->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void world_restart(struct world_city *city)
{
    struct sg_why why = {""};
    broker_free(&city->broker);
    env_close(&city->env);
    must(env_open(&city->env_options, &city->env, &why), &why);
    for (size_t i = 0; i < city->roster.agency_count; i++)
        city->clients[i].peer.n = 0;
    start_broker(city);
}

/* ---- one frame in, what comes out ---- */

static void turn(struct world_city *city, const struct frame_in *frames, size_t count,
                 struct turn_out *out)
{
    struct sg_why why = {""};
    struct turn_in in = {
        .frames = frames, .frame_count = count, .wall_ms = city->now_ms, .mono_ns = city->mono_ns};
    must(broker_turn(city->broker, &in, out, &why), &why);
    SG_CHECK(out->frames_taken == count);
}

static void send(struct world_city *city, enum world_agency who, struct peer peer,
                 const PbClientFrame *frame, struct turn_out *out)
{
    struct sg_why why = {""};
    struct sg_bytes body;
    must(sg_encode(frame, &city->arena, &body, &why), &why);
    struct frame_in in = {.peer = peer,
                          .agency = city->clients[who].id,
                          .device = "meja",
                          .local = true,
                          .body = body};
    turn(city, &in, 1, out);
}

static struct peer connect_as(struct world_city *city, enum world_agency who)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbHello hello = PB_HELLO__INIT;
    struct peer peer = {++city->peer_count};
    struct turn_out out;
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    frame.hello = &hello;
    send(city, who, peer, &frame, &out);
    return peer;
}

static PbServerFrame *decode(struct world_city *city, const struct frame_out *out)
{
    struct sg_why why = {""};
    PbServerFrame *frame = NULL;
    must(sg_decode(&pb_server_frame__descriptor, out->body, &city->arena, &frame, &why), &why);
    return frame;
}

void world_use_outbox(struct world_city *city, enum world_agency who, unsigned number)
{
    struct world_client *client = &city->clients[who];
    client->outbox.b[SG_ID_BYTES - 1] = (uint8_t)number;
    client->next = 1;
}

void world_pass(struct world_city *city, int64_t ms)
{
    struct turn_out out;
    city->now_ms += ms;
    do
        turn(city, NULL, 0, &out);
    while (out.more);
}

void world_move(struct world_city *city, const char *to)
{
    struct sg_why why = {""};
    must(sg_time_parse(to, &city->now_ms), &why);
    world_pass(city, 0);
}

void world_connect(struct world_city *city, enum world_agency who)
{
    if (!city->clients[who].peer.n)
        city->clients[who].peer = connect_as(city, who);
}

uint32_t world_admin(struct world_city *city, enum world_agency who, const PbAdmin *admin)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbAdmin copy = *admin;
    struct turn_out out;
    world_connect(city, who);
    copy.has_request_no = true;
    copy.request_no = 1;
    frame.admin = &copy;
    send(city, who, city->clients[who].peer, &frame, &out);
    for (size_t i = 0; i < out.frame_count; i++) {
        const PbServerFrame *answer = decode(city, &out.frames[i]);
        if (answer->admin_result)
            return answer->admin_result->error ? answer->admin_result->error->code : 0;
    }
    SG_CHECK(false);
    return 0;
}

const PbQueryResult *world_query(struct world_city *city, enum world_agency who,
                                 const PbQuery *query)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbQuery copy = *query;
    struct turn_out out;
    world_connect(city, who);
    copy.has_request_no = true;
    copy.request_no = 1;
    frame.query = &copy;
    send(city, who, city->clients[who].peer, &frame, &out);
    for (size_t i = 0; i < out.frame_count; i++) {
        const PbServerFrame *answer = decode(city, &out.frames[i]);
        if (answer->query_result)
            return answer->query_result;
    }
    SG_CHECK(false);
    return NULL;
}

void world_hang_up(struct world_city *city, enum world_agency who)
{
    struct peer *peer = &city->clients[who].peer;
    if (peer->n)
        broker_peer_gone(city->broker, *peer);
    peer->n = 0;
}

void world_leave(struct world_city *city, enum world_agency who)
{
    world_hang_up(city, who);
    world_pass(city, 0);
}

/* ---- publish ---- */

static void copy_outcome(const PbOutcome *from, struct world_outcome *to)
{
    to->status = (int)from->status;
    to->seq = from->seq;
    if (from->error) {
        to->code = from->error->code;
        (void)snprintf(to->detail, sizeof to->detail, "%s",
                       from->error->detail ? from->error->detail : "");
        (void)snprintf(to->object, sizeof to->object, "%s",
                       from->error->object ? from->error->object : "");
    }
    for (size_t i = 0; i < from->n_minted; i++) {
        struct sg_id *id = from->minted[i]->kind == PB_MINTED__KIND_CASE ? &to->case_id
                           : from->minted[i]->kind == PB_MINTED__KIND_ALLOCATION
                               ? &to->allocation_id
                               : &to->person_ref;
        memcpy(id->b, from->minted[i]->id.data, SG_ID_BYTES);
    }
    for (size_t i = 0; i < from->n_warnings && i < 8; i++)
        to->warnings[to->warning_count++] = from->warnings[i];
}

struct world_outcome world_outcome_of(const PbOutcome *from)
{
    struct world_outcome outcome = {0};
    copy_outcome(from, &outcome);
    return outcome;
}

static struct world_outcome publish_parts(struct world_city *city, enum world_agency who,
                                          struct sg_bytes clear, struct sg_bytes personal,
                                          uint64_t number)
{
    struct world_client *client = &city->clients[who];
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbPublish publish = PB_PUBLISH__INIT;
    PbEventParts parts = PB_EVENT_PARTS__INIT, *events[1] = {&parts};
    uint8_t digest[SG_HASH_BYTES], signature[SG_SIGNATURE_BYTES];
    struct world_outcome outcome = {0};
    struct turn_out out;
    world_connect(city, who);
    parts.has_clear = parts.has_personal = true;
    parts.clear = (ProtobufCBinaryData){clear.len, (uint8_t *)(uintptr_t)clear.ptr};
    parts.personal = (ProtobufCBinaryData){personal.len, (uint8_t *)(uintptr_t)personal.ptr};
    sg_event_digest(clear, personal, digest);
    struct sg_frame_claim claim = {
        env_store_id(city->env), &client->outbox, client->id, number, 1, digest};
    sg_frame_sign(&claim, client->key->sign_secret, signature);
    publish.has_outbox_id = publish.has_first_number = publish.has_signature = true;
    publish.outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, client->outbox.b};
    publish.first_number = number;
    publish.signature = (ProtobufCBinaryData){sizeof signature, signature};
    publish.n_events = 1;
    publish.events = events;
    frame.publish = &publish;
    send(city, who, client->peer, &frame, &out);
    for (size_t i = 0; i < out.frame_count; i++) {
        PbServerFrame *answer = decode(city, &out.frames[i]);
        if (!answer->publish_result)
            continue;
        SG_CHECK(!answer->publish_result->frame_error);
        copy_outcome(answer->publish_result->outcomes[0], &outcome);
    }
    return outcome;
}

/* The last event of each agency, for resending; outlives the arena. */
static struct {
    uint8_t bytes[SG_EVENT_MAX];
    struct sg_bytes clear, personal;
} last[WORLD_WIDE];

static void keep_last(enum world_agency who, struct sg_bytes clear, struct sg_bytes personal)
{
    SG_CHECK(clear.len + personal.len <= SG_EVENT_MAX);
    memcpy(last[who].bytes, clear.ptr, clear.len);
    if (personal.len)
        memcpy(last[who].bytes + clear.len, personal.ptr, personal.len);
    last[who].clear = (struct sg_bytes){last[who].bytes, clear.len};
    last[who].personal = (struct sg_bytes){last[who].bytes + clear.len, personal.len};
}

static void fill_in(struct world_city *city, enum world_agency who, PbEnvelope *e,
                    const char *topic)
{
    static char actor[] = "uji";
    struct sg_why why = {""};
    e->type = sg_arena_text(&city->arena, sg_bytes_of(topic));
    e->has_schema_minor = e->has_time_quality = e->has_legal_basis = true;
    e->time_quality = PB_TIME_QUALITY_EXACT;
    if (!e->legal_basis)
        e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
    if (!e->publisher_agency)
        e->publisher_agency = sg_arena_text(&city->arena, sg_bytes_of(city->clients[who].id));
    e->actor_ref = actor;
    Google__Protobuf__Timestamp *now =
        sg_arena_alloc(&city->arena, sizeof(Google__Protobuf__Timestamp));
    (void)why;
    google__protobuf__timestamp__init(now);
    now->seconds = city->now_ms / 1000;
    e->recorded_at = now;
    if (!e->occurred_at)
        e->occurred_at = now;
}

/* The topic of the one payload of the JSON: its key with the first capital cut off by a point. */
static const char *topic_of(const PbEnvelope *e)
{
    const ProtobufCMessageDescriptor *d = e->base.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id >= SG_TYPE_AGENCY_FIRST &&
            *(void *const *)(const void *)((const uint8_t *)e + d->fields[i].offset))
            return sg_type_topic(d->fields[i].id);
    return "";
}

void world_parts(struct world_city *city, enum world_agency who, const char *text,
                 struct sg_bytes *out_clear, struct sg_bytes *out_personal)
{
    struct sg_fault fault = {0};
    struct sg_why why = {""};
    PbEnvelope *e = NULL;
    json_t *json = sg_json_parse(text, strlen(text), &fault);
    if (!json || !sg_json_to(json, &pb_envelope__descriptor, &city->arena, &e, &fault)) {
        (void)fprintf(stderr, "world: %s %s in %s\n", fault.object, fault.accepted, text);
        abort();
    }
    json_decref(json);
    fill_in(city, who, e, topic_of(e));
    uint8_t salt[16] = {7};
    must(sg_event_split(e, salt, &city->arena, out_clear, out_personal, &why), &why);
}

struct world_outcome world_publish(struct world_city *city, enum world_agency who,
                                   const char *json_format, ...)
{
    char text[4096];
    struct sg_bytes clear, personal;
    va_list args;
    va_start(args, json_format);
    (void)vsnprintf(text, sizeof text, json_format, args);
    va_end(args);
    world_parts(city, who, text, &clear, &personal);
    keep_last(who, clear, personal);
    return publish_parts(city, who, last[who].clear, last[who].personal, city->clients[who].next++);
}

struct world_outcome world_state(struct world_city *city, enum world_agency who,
                                 const PbEnvelope *envelope)
{
    struct sg_why why = {""};
    struct sg_bytes clear, personal;
    uint8_t salt[16] = {7};
    must(sg_event_split(envelope, salt, &city->arena, &clear, &personal, &why), &why);
    keep_last(who, clear, personal);
    return publish_parts(city, who, last[who].clear, last[who].personal, city->clients[who].next++);
}

struct world_outcome world_resend(struct world_city *city, enum world_agency who)
{
    return publish_parts(city, who, last[who].clear, last[who].personal,
                         city->clients[who].next - 1);
}

/* ---- read ---- */

struct hearing {
    world_take *take;
    void *arg;
    uint64_t through;
    bool caught_up;
};

static void take_deliveries(struct world_city *city, const struct turn_out *out, struct hearing *h)
{
    for (size_t i = 0; i < out->frame_count; i++) {
        PbServerFrame *frame = decode(city, &out->frames[i]);
        h->caught_up |= frame->caught_up != NULL;
        for (size_t j = 0; frame->deliver && j < frame->deliver->n_deliveries; j++) {
            struct sg_why why = {""};
            PbEnvelope *e = NULL;
            PbDelivery *d = frame->deliver->deliveries[j];
            must(sg_decode(&pb_envelope__descriptor,
                           (struct sg_bytes){d->envelope.data, d->envelope.len}, &city->arena, &e,
                           &why),
                 &why);
            SG_CHECK(d->seq > h->through);
            h->through = d->seq;
            h->take(h->arg, e);
        }
    }
}

void world_listen(struct world_city *city, enum world_agency who, const char *subscription,
                  const char *types, world_take *take, void *arg)
{
    char name[32], words[256], *list[16], *rest = words;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbSubscribe subscribe = PB_SUBSCRIBE__INIT;
    struct hearing hearing = {.take = take, .arg = arg};
    struct turn_out out;
    struct peer peer = connect_as(city, who);
    (void)snprintf(name, sizeof name, "%s", subscription);
    (void)snprintf(words, sizeof words, "%s", types);
    subscribe.types = list;
    while (*types && rest)
        list[subscribe.n_types++] = strsep(&rest, ",");
    subscribe.name = name;
    subscribe.has_start = true;
    subscribe.start = PB_START_FROM_BEGINNING;
    frame.subscribe = &subscribe;
    send(city, who, peer, &frame, &out);
    take_deliveries(city, &out, &hearing);
    while (!hearing.caught_up) {
        PbClientFrame again = PB_CLIENT_FRAME__INIT;
        PbAck ack = PB_ACK__INIT;
        ack.subscription = name;
        ack.has_through_seq = true;
        ack.through_seq = hearing.through;
        again.ack = &ack;
        send(city, who, peer, &again, &out);
        take_deliveries(city, &out, &hearing);
    }
    broker_peer_gone(city->broker, peer);
}

struct page {
    char *text;
    size_t len, room;
};

static void take_line(void *arg, const PbEnvelope *envelope)
{
    struct page *page = arg;
    json_t *json = sg_json_of(envelope);
    char *line = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    page->len += (size_t)snprintf(page->text + page->len, page->room - page->len, "%s\n", line);
    SG_CHECK(page->len < page->room);
    free(line);
    json_decref(json);
}

const char *world_read(struct world_city *city, enum world_agency who, const char *types)
{
    enum { ROOM = 4 << 20 };
    static unsigned names;
    char name[32];
    struct page page = {.text = sg_arena_alloc(&city->arena, ROOM), .room = ROOM};
    SG_CHECK(page.text);
    (void)snprintf(name, sizeof name, "baca-%u", names++);
    world_listen(city, who, name, types, take_line, &page);
    return page.text;
}

size_t world_count(struct world_city *city, enum world_agency who, const char *types,
                   const char *needle)
{
    size_t used = city->arena.used, count = 0;
    for (const char *at = world_read(city, who, types); (at = strstr(at, needle)); at++)
        count++;
    sg_arena_reset(&city->arena, used);
    return count;
}
