#include "net/zap.h"

#include <errno.h>
#include <stdio.h>
#include <zmq.h>

enum { PARTS = 7, PART_BYTES_MAX = 255, WAYS = 4, SERVED_AT_ONCE = 256 };

static const int64_t second_ns = INT64_C(1000000000);

void zap_set_roster(struct zap_gate *gate, const struct sg_roster *roster)
{
    gate->roster = roster;
    memset(gate->keys, 0, sizeof gate->keys);
}

/* One more handshake at `now`. *next_ns runs ahead of the clock by one interval per handshake; who
 * is ahead by more than a burst is over the limit, and is not counted further. */
static bool within_rate(int64_t *next_ns, int64_t now_ns, int rate, int burst)
{
    int64_t interval = second_ns / rate;
    int64_t next = *next_ns > now_ns ? *next_ns : now_ns;
    if (next - now_ns > (burst - 1) * interval)
        return false;
    *next_ns = next + interval;
    return true;
}

static uint64_t hash_address(uint64_t seed, struct sg_bytes address)
{
    uint64_t hash = seed ^ UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < address.len; i++)
        hash = (hash ^ address.ptr[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

static struct zap_address *find_address(struct zap_gate *gate, struct sg_bytes address)
{
    uint64_t hash = hash_address(gate->seed, address);
    struct zap_address *oldest = NULL;
    for (size_t way = 0; way < WAYS; way++) {
        struct zap_address *at = &gate->addresses[(hash / 64 + way) % ZAP_ADDRESSES];
        if (at->hash == hash)
            return at;
        if (!oldest || at->next_ns < oldest->next_ns)
            oldest = at;
    }
    *oldest = (struct zap_address){.hash = hash};
    return oldest;
}

static bool is_whole(const struct zap_request *request)
{
    return sg_bytes_equal(request->version, sg_bytes_of("1.0")) &&
           sg_bytes_equal(request->mechanism, sg_bytes_of("CURVE")) &&
           sg_bytes_equal(request->domain, sg_bytes_of(ZAP_DOMAIN)) &&
           request->key.len == SG_KEY_BYTES;
}

enum zap_answer zap_decide(struct zap_gate *gate, const struct zap_request *request,
                           int64_t wall_ms, int64_t mono_ns, const struct sg_agency **out_agency,
                           const struct sg_device **out_device)
{
    if (!is_whole(request))
        return ZAP_BROKEN;
    const struct sg_agency *agency = NULL;
    const struct sg_device *device = NULL;
    if (!sg_roster_by_curve(gate->roster, request->key.ptr, &agency, &device))
        return ZAP_UNKNOWN;
    *out_agency = agency;
    *out_device = device;
    if (!sg_device_valid(agency, device, wall_ms))
        return ZAP_NOT_VALID;

    int64_t *key = &gate->keys[agency - gate->roster->agencies][device - agency->devices];
    bool within = within_rate(key, mono_ns, ZAP_KEY_RATE, ZAP_KEY_BURST);
    if (request->address.len) /* the local socket has none */
        within &= within_rate(&find_address(gate, request->address)->next_ns, mono_ns,
                              ZAP_ADDRESS_RATE, ZAP_ADDRESS_BURST);
    return within ? ZAP_LET_IN : ZAP_LET_IN_OVER;
}

/* ---- the socket ---- */

struct part {
    uint8_t b[PART_BYTES_MAX];
    size_t len;
};

/* Read one whole request. *out_count is 0 when none waits, and greater than PARTS when it has too
 * many parts or one of them is too long. */
static enum sg_err receive(void *socket, struct part parts[PARTS], size_t *out_count,
                           struct sg_why *why)
{
    size_t count = 0;
    bool too_long = false;
    int more = 1;
    while (more) {
        struct part spare, *to = count < PARTS ? &parts[count] : &spare;
        int len = zmq_recv(socket, to->b, sizeof to->b, ZMQ_DONTWAIT);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 && errno == EAGAIN && count == 0)
            break;
        size_t size = sizeof more;
        if (len < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) < 0)
            return sg_fail(why, SG_E_NET, "ZAP request: %s", zmq_strerror(errno));
        too_long = too_long || (size_t)len > sizeof to->b;
        to->len = (size_t)len;
        count++;
    }
    *out_count = too_long ? PARTS + 1 : count;
    return SG_OK;
}

static enum sg_err send_part(void *socket, struct sg_bytes part, bool last, struct sg_why *why)
{
    int rc;
    do
        rc = zmq_send(socket, part.ptr, part.len, ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE));
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? sg_fail(why, SG_E_NET, "ZAP reply: %s", zmq_strerror(errno)) : SG_OK;
}

/* A ZMTP property list with the one property that marks a connection over its limits. */
static size_t mark_over_limit(uint8_t to[32])
{
    const struct sg_bytes name = sg_bytes_of(ZAP_OVER_LIMIT);
    to[0] = (uint8_t)name.len;
    memcpy(to + 1, name.ptr, name.len);
    sg_put_u32(to + 1 + name.len, 1);
    to[5 + name.len] = '1';
    return 6 + name.len;
}

static enum sg_err reply(void *socket, struct sg_bytes request_id, enum zap_answer answer,
                         const char *user, struct sg_why *why)
{
    static const struct {
        const char *status, *text;
    } texts[] = {
        [ZAP_LET_IN] = {"200", "OK"},
        [ZAP_LET_IN_OVER] = {"200", "OK"},
        [ZAP_UNKNOWN] = {"400", "key unknown"},
        [ZAP_NOT_VALID] = {"400", "key suspended or out of its dates"},
        [ZAP_BROKEN] = {"400", "not a CURVE request"},
    };
    uint8_t marks[32];
    size_t mark_len = answer == ZAP_LET_IN_OVER ? mark_over_limit(marks) : 0;
    const struct sg_bytes parts[] = {
        sg_bytes_of("1.0"),
        request_id,
        sg_bytes_of(texts[answer].status),
        sg_bytes_of(texts[answer].text),
        sg_bytes_of(user),
        {marks, mark_len},
    };
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(parts); i++)
        err = send_part(socket, parts[i], i + 1 == SG_ARRAY_LEN(parts), why);
    return err;
}

static struct sg_bytes borrow(const struct part *part)
{
    return (struct sg_bytes){part->b, part->len};
}

static void remember(struct net_refusal *refusal, const struct zap_request *request,
                     const char *user, const char *reason)
{
    if (user[0] == '\0' && request->key.len == SG_KEY_BYTES)
        sg_hex_print(request->key.ptr, SG_KEY_BYTES, refusal->name);
    else
        (void)snprintf(refusal->name, sizeof refusal->name, "%s", user);
    (void)snprintf(refusal->address, sizeof refusal->address, "%.*s", (int)request->address.len,
                   (const char *)request->address.ptr);
    refusal->reason = reason;
}

static void count_answer(enum zap_answer answer, const struct zap_request *request,
                         const char *user, struct net_counters *counters,
                         struct net_refusal *refusal)
{
    static const char *const reasons[] = {
        [ZAP_LET_IN] = NULL,
        [ZAP_LET_IN_OVER] = "too-often",
        [ZAP_UNKNOWN] = "unknown-key",
        [ZAP_NOT_VALID] = "suspended-or-out-of-dates",
        [ZAP_BROKEN] = "broken-request",
    };
    counters->handshakes++;
    if (!reasons[answer])
        return;
    counters->refused++;
    counters->unknown_keys += answer == ZAP_UNKNOWN;
    remember(refusal, request, user, reasons[answer]);
}

static enum sg_err serve_one(struct zap_gate *gate, void *socket, const struct part parts[PARTS],
                             size_t count, int64_t wall_ms, int64_t mono_ns,
                             struct net_counters *counters, struct net_refusal *refusal,
                             struct sg_why *why)
{
    struct zap_request request = {.address = sg_bytes_of("")};
    if (count == PARTS)
        request = (struct zap_request){
            .version = borrow(&parts[0]),
            .id = borrow(&parts[1]),
            .domain = borrow(&parts[2]),
            .address = borrow(&parts[3]), /* parts[4] is our own routing id */
            .mechanism = borrow(&parts[5]),
            .key = borrow(&parts[6]),
        };
    const struct sg_agency *agency = NULL;
    const struct sg_device *device = NULL;
    enum zap_answer answer = zap_decide(gate, &request, wall_ms, mono_ns, &agency, &device);
    char user[SG_AGENCY_MAX + SG_DEVICE_MAX + 2] = "";
    if (agency && device)
        (void)snprintf(user, sizeof user, "%s/%s", agency->id, device->name);
    count_answer(answer, &request, user, counters, refusal);
    bool let_in = answer == ZAP_LET_IN || answer == ZAP_LET_IN_OVER;
    return reply(socket, request.id, answer, let_in ? user : "", why);
}

enum sg_err zap_serve(struct zap_gate *gate, void *socket, int64_t wall_ms, int64_t mono_ns,
                      struct net_counters *counters, struct net_refusal *refusal,
                      struct sg_why *why)
{
    for (int i = 0; i < SERVED_AT_ONCE; i++) {
        struct part parts[PARTS];
        size_t count = 0;
        enum sg_err err = receive(socket, parts, &count, why);
        if (err || count == 0)
            return err;
        err = serve_one(gate, socket, parts, count, wall_ms, mono_ns, counters, refusal, why);
        if (err)
            return err;
    }
    return SG_OK;
}
