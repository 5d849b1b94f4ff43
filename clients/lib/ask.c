/* ask.c - questions and administration: one in flight, pages joined. */
#include "lib/inside.h"

#include "wire/codec.h"
#include "wire/json.h"

#include <stdlib.h>

enum { CURSOR_MAX = 512, QUESTION_ARENA_BYTES = 1 << 20 };

static void json_done(json_t **json)
{
    json_decref(*json);
}

/* The body is decoded again into memory that lives until the caller has read it: handlers that run
 * meanwhile publish and look up outcomes. */
void ask_reply(struct sinergi *client, struct sg_bytes body)
{
    if (!client->waiting_reply)
        return;
    PbServerFrame *frame = NULL;
    sg_arena_reset(&client->reply_arena, 0);
    if (sg_decode(&pb_server_frame__descriptor, body, &client->reply_arena, &frame, NULL))
        return;
    uint32_t no =
        frame->query_result ? frame->query_result->request_no : frame->admin_result->request_no;
    if (no != client->request_no)
        return; /* of a question that is no longer waited for */
    client->reply = frame;
    client->waiting_reply = false;
}

/* The question lives in an arena of its own until the last page has come: a handler may commit the
 * batch meanwhile. */
static sinergi_status parse(struct sinergi *client, const char *text,
                            const ProtobufCMessageDescriptor *descriptor, struct sg_arena *arena,
                            void *out_message)
{
    json_error_t at;
    struct sg_why why = {0};
    enum sg_err err = sg_arena_init(arena, QUESTION_ARENA_BYTES, &why);
    if (err)
        return client_why(client, err, &why);
    SG_AUTO(json_done) json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &at);
    if (!json)
        return client_fail(client, SINERGI_INVALID, "bukan JSON (baris %d): %s",
                           "not JSON (line %d): %s", at.line, at.text);
    struct sg_fault fault = {0};
    if (!sg_json_to(json, descriptor, arena, out_message, &fault))
        return client_fault(client, &fault);
    return SINERGI_OK;
}

/* Send until an answer comes: a session that ends in between is begun again. */
static sinergi_status ask(struct sinergi *client, const PbClientFrame *frame, int64_t end_ns)
{
    client->reply = NULL;
    do {
        int64_t left_ms = (end_ns - client_mono_ns()) / MS_NS;
        sinergi_status status =
            sinergi_run(client, SINERGI_UNTIL_CONNECTED, left_ms > 0 ? (int)left_ms : 0);
        if (status || !session_is_up(client))
            return status ? status : SINERGI_TIMEOUT;
        client->waiting_reply = true;
        if (!session_send(client, frame)) {
            session_drop(client, 0);
            continue;
        }
        left_ms = (end_ns - client_mono_ns()) / MS_NS;
        status = sinergi_run(client, UNTIL_REPLIED, left_ms > 0 ? (int)left_ms : 0);
        bool stopped = client->waiting_reply && status == SINERGI_OK;
        client->waiting_reply = false;
        if (status || stopped)
            return status ? status : SINERGI_TIMEOUT;
    } while (!client->reply);
    return SINERGI_OK;
}

/* Put the lists of a page behind those of the pages before. */
static bool join(json_t *all, json_t *page)
{
    const char *name;
    json_t *value;
    json_object_foreach(page, name, value)
    {
        json_t *before = json_object_get(all, name);
        if (json_is_array(before) && json_is_array(value)) {
            if (json_array_extend(before, value) != 0)
                return false;
        } else if (json_object_set(all, name, value) != 0) {
            return false;
        }
    }
    return true;
}

static sinergi_status refused(struct sinergi *client, const PbError *error)
{
    bool later = error->code == SG_ST_BUSY || error->code == SG_ST_QUOTA;
    return client_error(client, later ? SINERGI_BUSY : SINERGI_REFUSED, error);
}

static int64_t deadline_ns(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX / 2 : client_mono_ns() + timeout_ms * MS_NS;
}

static sinergi_status give(struct sinergi *client, json_t *json, char **out_json)
{
    (void)json_object_del(json, "requestNo"); /* ours; absent is as good */
    (void)json_object_del(json, "nextCursor");
    *out_json = json_dumps(json, JSON_COMPACT);
    return *out_json ? SINERGI_OK : client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
}

sinergi_status ask_pages(struct sinergi *client, PbQuery *query, int timeout_ms,
                         ask_page *take_page, void *context)
{
    int64_t end_ns = deadline_ns(timeout_ms);
    uint8_t cursor[CURSOR_MAX];
    bool more = true;
    while (more) {
        query->has_request_no = 1;
        query->request_no = ++client->request_no;
        PbClientFrame frame = PB_CLIENT_FRAME__INIT;
        frame.query = query;
        sinergi_status status = ask(client, &frame, end_ns);
        if (status)
            return status;
        const PbQueryResult *result = client->reply->query_result;
        if (!result || result->error)
            return refused(client, result ? result->error : client->reply->admin_result->error);
        more = result->has_next_cursor && result->next_cursor.len > 0;
        query->has_cursor = more;
        if (more && result->next_cursor.len > sizeof cursor)
            return client_fail(client, SINERGI_OLD_PROTOCOL, "jawaban broker tidak dikenal",
                               "the broker's answer is not known here");
        if (more) /* the page may reuse the memory of the reply */
            memcpy(cursor, result->next_cursor.data, result->next_cursor.len);
        query->cursor = (ProtobufCBinaryData){more ? result->next_cursor.len : 0, cursor};
        status = take_page(context, result);
        if (status)
            return status;
    }
    return SINERGI_OK;
}

struct joined {
    struct sinergi *client;
    json_t *all;
};

static sinergi_status join_page(void *context, const PbQueryResult *result)
{
    struct joined *joined = context;
    SG_AUTO(json_done) json_t *page = sg_json_of(result);
    if (page && joined->all && join(joined->all, page))
        return SINERGI_OK;
    return client_fail(joined->client, SINERGI_LOCAL, "memori habis", "no memory");
}

sinergi_status sinergi_query_json(sinergi *client, const char *query_json, int timeout_ms,
                                  char **out_json)
{
    PbQuery *query = NULL;
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    SG_AUTO(json_done) json_t *all = json_object();
    struct joined joined = {client, all};
    sinergi_status status = parse(client, query_json, &pb_query__descriptor, &arena, &query);
    if (!status && query)
        status = ask_pages(client, query, timeout_ms, join_page, &joined);
    return status ? status : give(client, all, out_json);
}

sinergi_status sinergi_dead_discard(sinergi *client, const char *subscription, uint64_t seq,
                                    int timeout_ms)
{
    char name[SG_NAME_MAX + 1];
    PbDiscard discard = PB_DISCARD__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    if (strlen(subscription) > SG_NAME_MAX)
        return client_fail(client, SINERGI_INVALID, "nama langganan salah",
                           "not the name of a subscription");
    memcpy(name, subscription, strlen(subscription) + 1);
    discard.has_request_no = discard.has_seq = 1;
    discard.request_no = ++client->request_no;
    discard.subscription = name;
    discard.seq = seq;
    frame.discard = &discard;
    sinergi_status status = ask(client, &frame, deadline_ns(timeout_ms));
    if (status)
        return status;
    const PbAdminResult *result = client->reply->admin_result;
    return result && !result->error
               ? SINERGI_OK
               : refused(client, result ? result->error : client->reply->query_result->error);
}

sinergi_status sinergi_admin_json(sinergi *client, const char *admin_json, int timeout_ms,
                                  char **out_json)
{
    PbAdmin *admin = NULL;
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    sinergi_status status = parse(client, admin_json, &pb_admin__descriptor, &arena, &admin);
    if (!status && admin) {
        admin->has_request_no = 1;
        admin->request_no = ++client->request_no;
        PbClientFrame frame = PB_CLIENT_FRAME__INIT;
        frame.admin = admin;
        status = ask(client, &frame, deadline_ns(timeout_ms));
    }
    if (status)
        return status;
    const PbAdminResult *result = client->reply->admin_result;
    if (!result || result->error)
        return refused(client, result ? result->error : client->reply->query_result->error);
    SG_AUTO(json_done) json_t *json = sg_json_of(result);
    return json ? give(client, json, out_json)
                : client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
}
