/* client.c - the handle: opening, errors, the loop, and what is known of events. */
#include "lib/inside.h"

#include "wire/codec.h"
#include "wire/json.h"
#include "wire/sign.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_ARENA_BYTES = 80 << 20, /* address space for a full batch of the largest events */
    FRAME_ARENA_BYTES = 8 << 20,
    ANSWER_ARENA_BYTES = 4 << 20,
    WAIT_MAX_MS = 500,
    WAIT_OTHERS_MS = 50, /* another process of the device sends: look at its outcomes */
};

int64_t client_mono_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * S_NS + t.tv_nsec;
}

int64_t client_now_ms(const struct sinergi *client)
{
    const struct session *s = &client->session;
    return device_time(&s->told, &s->boot, device_boot_ns(), device_wall_ms());
}

/* ---- errors ------------------------------------------------------------------------------ */

sinergi_status client_fail(struct sinergi *client, sinergi_status status, const char *id,
                           const char *en, ...)
{
    va_list args;
    va_start(args, en);
    (void)vsnprintf(client->error_id, sizeof client->error_id, id, args);
    va_end(args);
    va_start(args, en);
    (void)vsnprintf(client->error_en, sizeof client->error_en, en, args);
    va_end(args);
    return status;
}

sinergi_status client_why(struct sinergi *client, enum sg_err err, const struct sg_why *why)
{
    bool local = err == SG_E_STORE || err == SG_E_SYS || err == SG_E_LIMIT || err == SG_E_FULL;
    sinergi_status status = local ? SINERGI_LOCAL : SINERGI_CONFIG;
    if (err == SG_E_NET)
        status = SINERGI_LOCAL;
    return client_fail(client, status, "%s", "%s", why->text);
}

sinergi_status client_fault(struct sinergi *client, const struct sg_fault *fault)
{
    client->fault = *fault;
    sg_fault_text_id(fault, client->error_id, sizeof client->error_id);
    sg_fault_text_en(fault, client->error_en, sizeof client->error_en);
    return SINERGI_INVALID;
}

sinergi_status client_error(struct sinergi *client, sinergi_status status, const PbError *error)
{
    const char *name = error && error->name ? error->name : "E_UNKNOWN";
    (void)snprintf(client->error_id, sizeof client->error_id, "%s",
                   error && error->text_id ? error->text_id : name);
    (void)snprintf(client->error_en, sizeof client->error_en, "%s",
                   error && error->text_en ? error->text_en : name);
    return status;
}

const char *sinergi_error(const sinergi *client, const char *language)
{
    if (!client)
        return "no memory";
    return language && strcmp(language, "id") == 0 ? client->error_id : client->error_en;
}

const char *sinergi_agency(const sinergi *client)
{
    return client->key ? client->key->agency : "";
}
const char *sinergi_device(const sinergi *client)
{
    return client->key ? client->key->device : "";
}
void sinergi_free(void *memory)
{
    free(memory);
}

const char *sinergi_welcome_json(const sinergi *client)
{
    return client->session.welcome_json;
}

struct outbox_signer client_signer(const struct sinergi *client)
{
    return (struct outbox_signer){client->key->agency, client->key->sign_secret,
                                  &client->conf.store_id};
}

/* ---- open and close ---------------------------------------------------------------------- */

static enum sg_err open_files(struct sinergi *client, const char *conf_path, struct sg_why *why)
{
    enum sg_err err = client_conf_read(conf_path, &client->conf, why);
    if (!err)
        err = sg_device_key_read(client->conf.key_path, &client->key, why);
    if (!err)
        err = client_conf_make_data(&client->conf, why);
    if (!err && client->conf.codes_path[0])
        err = sg_lists_load(client->conf.codes_path, &client->lists, why);
    if (!err)
        err = outbox_open(client->conf.data_path, &client->conf.store_id, client->key->agency,
                          device_wall_ms(), &client->outbox, why);
    if (!err)
        err = inbox_open(client->conf.data_path, &client->inbox, why);
    return err;
}

static enum sg_err open_memory(struct sinergi *client, struct sg_why *why)
{
    client->batch = calloc(BATCH_EVENTS_MAX, sizeof *client->batch);
    client->frame_in = malloc(SG_BODY_MAX);
    client->frame_out = malloc(SG_BODY_MAX);
    client->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!client->batch || !client->frame_in || !client->frame_out || client->stop_fd < 0)
        return sg_fail(why, SG_E_SYS, "no memory");
    enum sg_err err = sg_arena_init(&client->batch_arena, BATCH_ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&client->frame_arena, FRAME_ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&client->answer_arena, ANSWER_ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&client->reply_arena, ANSWER_ARENA_BYTES, why);
    return err;
}

/* What earlier processes of this device were told. */
static enum sg_err recall(struct sinergi *client, struct sg_why *why)
{
    device_boot(&client->session.boot);
    enum sg_err err = outbox_seen(client->outbox, &client->session.seen, why);
    return err ? err : outbox_clock(client->outbox, &client->session.told, why);
}

sinergi_status sinergi_open(const char *conf_path, sinergi **out_client)
{
    struct sinergi *client = calloc(1, sizeof *client);
    *out_client = client;
    if (!client)
        return SINERGI_LOCAL;
    client->stop_fd = -1;
    if (!conf_path)
        conf_path = getenv("SINERGI_CONF");
    struct sg_why why = {0};
    enum sg_err err = sg_crypto_init(&why);
    if (!err)
        err = open_memory(client, &why);
    if (!err)
        err = open_files(client, conf_path ? conf_path : "/etc/sinergi/sinergi.conf", &why);
    if (!err)
        err = recall(client, &why);
    if (!err)
        err = link_init(&client->link, &why);
    return err ? client_why(client, err, &why) : SINERGI_OK;
}

void sinergi_close(sinergi *client)
{
    if (!client)
        return;
    session_end(client);
    watch_free(&client->watch);
    link_done(&client->link);
    reader_free(client);
    inbox_close(&client->inbox);
    outbox_close(&client->outbox);
    sg_lists_free(&client->lists);
    sg_device_key_free(&client->key);
    sg_arena_done(&client->batch_arena);
    sg_arena_done(&client->frame_arena);
    sg_arena_done(&client->answer_arena);
    sg_arena_done(&client->reply_arena);
    free(client->batch);
    free(client->frame_in);
    free(client->frame_out);
    free(client->session.welcome_json);
    sg_fd_done(&client->stop_fd);
    free(client);
}

/* ---- run --------------------------------------------------------------------------------- */

void sinergi_stop(sinergi *client)
{
    client->stop = true;
    uint64_t one = 1;
    if (write(client->stop_fd, &one, sizeof one) < 0)
        return; /* full: the loop wakes up all the same */
}

static bool is_met(struct sinergi *client, sinergi_until until)
{
    switch (until) {
    case SINERGI_UNTIL_TIMEOUT: return false;
    case SINERGI_UNTIL_ANSWERED: return sender_own_answered(client) && settled_known(client);
    case SINERGI_UNTIL_CAUGHT_UP: return reader_all_caught_up(client);
    case SINERGI_UNTIL_CONNECTED: return session_is_up(client);
    }
    return until == UNTIL_REPLIED && !client->waiting_reply;
}

static sinergi_status time_ran_out(struct sinergi *client, sinergi_until until)
{
    if (until == SINERGI_UNTIL_TIMEOUT && session_is_up(client))
        return SINERGI_TIMEOUT;
    if (client->session.busy)
        return client_fail(client, SINERGI_BUSY, "broker sedang sibuk, coba lagi nanti",
                           "the broker is busy, come again later");
    if (!session_is_up(client) && !sender_wants_lock(client))
        return client_fail(client, SINERGI_TIMEOUT, "broker tidak terjangkau di %s",
                           "broker not reachable at %s", client->conf.endpoint);
    return client_fail(client, SINERGI_TIMEOUT, "waktu tunggu habis; tidak ada yang hilang",
                       "time ran out; nothing is lost");
}

long client_wait_ms(const struct sinergi *client, int64_t now_ns, int64_t end_ns)
{
    int64_t next = now_ns + WAIT_MAX_MS * MS_NS;
    if (sender_wants_lock(client))
        next = now_ns + WAIT_OTHERS_MS * MS_NS;
    if (client->wanted && client->session.state == SESSION_DOWN && client->session.retry_ns < next)
        next = client->session.retry_ns;
    if (client->sender.hold_ns > now_ns && client->sender.hold_ns < next)
        next = client->sender.hold_ns;
    for (size_t i = 0; i < client->subscription_count; i++) {
        int64_t retry = client->subscriptions[i]->retry_ns;
        if (retry > now_ns && retry < next)
            next = retry;
    }
    if (end_ns < next)
        next = end_ns;
    int64_t left = next - now_ns;
    return left <= 0 ? 0 : (long)((left + MS_NS - 1) / MS_NS);
}

static void clear_stop(struct sinergi *client)
{
    uint64_t count;
    client->stop = false;
    if (read(client->stop_fd, &count, sizeof count) < 0)
        return; /* nothing was written */
}

/* One turn of the loop; true when there is more to do at once. */
static bool turn(struct sinergi *client, sinergi_until until, int64_t now_ns)
{
    bool sends = sender_wants(client, until, now_ns);
    bool asks = client->stays || until == UNTIL_REPLIED || until == SINERGI_UNTIL_CONNECTED ||
                until == SINERGI_UNTIL_CAUGHT_UP || reader_is_active(client) ||
                (until == SINERGI_UNTIL_ANSWERED && !settled_known(client));
    client->wanted = sends || asks;
    session_step(client, now_ns, client->wanted);
    if (!client->fatal && sends)
        sender_step(client, now_ns);
    return !client->fatal && reader_step(client, now_ns);
}

static sinergi_status run(sinergi *client, sinergi_until until, int timeout_ms)
{
    int64_t now_ns = client_mono_ns();
    int64_t end_ns = timeout_ms < 0 ? INT64_MAX : now_ns + timeout_ms * MS_NS;
    client->fatal = SINERGI_OK;
    client->handler_stopped = false;
    while (!client->stop) {
        client->more = turn(client, until, now_ns);
        if (client->fatal)
            return client->fatal;
        if (client->handler_stopped || is_met(client, until))
            return SINERGI_OK;
        now_ns = client_mono_ns();
        if (now_ns >= end_ns)
            return time_ran_out(client, until);
        if (!client->more)
            link_wait(&client->link, client->stop_fd, client_wait_ms(client, now_ns, end_ns));
        now_ns = client_mono_ns();
    }
    clear_stop(client);
    return SINERGI_OK;
}

sinergi_status sinergi_run(sinergi *client, sinergi_until until, int timeout_ms)
{
    if (client->in_handler)
        return client_fail(client, SINERGI_INVALID,
                           "sinergi_run tidak boleh dipanggil dari handler",
                           "sinergi_run must not be called from a handler");
    sinergi_status status = run(client, until, timeout_ms);
    watch_update(client);
    return status;
}

/* ---- what is known of events ------------------------------------------------------------- */

/* A frame that was sent again is answered DUPLICATE event by event: what counts is what was
 * decided at the first time. Only an object that was stated at another place stays a duplicate. */
static sinergi_outcome_status status_of(const PbOutcome *outcome)
{
    static const struct {
        PbOutcomeStatus of;
        sinergi_outcome_status is;
    } statuses[] = {
        {PB_OUTCOME_STATUS_ACCEPTED, SINERGI_ACCEPTED},
        {PB_OUTCOME_STATUS_PARKED, SINERGI_PARKED},
        {PB_OUTCOME_STATUS_REJECTED, SINERGI_REJECTED},
    };
    if (outcome->parked)
        return SINERGI_PARKED;
    if (outcome->status == PB_OUTCOME_STATUS_DUPLICATE) {
        if (outcome->error && outcome->error->code != SG_ST_OK)
            return SINERGI_REJECTED;
        return outcome->first_place ? SINERGI_DUPLICATE : SINERGI_ACCEPTED;
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(statuses); i++) {
        if (statuses[i].of == outcome->status)
            return statuses[i].is;
    }
    return SINERGI_PENDING; /* a status of a newer broker */
}

static const char *warnings_of(struct sg_arena *arena, const PbOutcome *outcome)
{
    const char *text = "";
    for (size_t i = 0; text && i < outcome->n_warnings; i++)
        text = sg_arena_format(arena, "%s%s%s", text, i ? " " : "",
                               sg_status_name(outcome->warnings[i]));
    return text ? text : "";
}

static void take_minted(sinergi_outcome *out, const PbMinted *minted)
{
    const struct {
        PbMinted__Kind kind;
        uint8_t *id;
        int *has;
    } slots[] = {
        {PB_MINTED__KIND_PERSON_REF, out->person_ref, &out->has_person_ref},
        {PB_MINTED__KIND_CASE, out->case_id, &out->has_case_id},
        {PB_MINTED__KIND_ALLOCATION, out->allocation_id, &out->has_allocation_id},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(slots); i++) {
        if (minted->kind != slots[i].kind || minted->id.len != SINERGI_ID_BYTES)
            continue;
        memcpy(slots[i].id, minted->id.data, SINERGI_ID_BYTES);
        *slots[i].has = 1;
    }
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void fill_outcome(struct sinergi *client, const struct outbox_row *row, sinergi_outcome *out)
{
    *out = (sinergi_outcome){.place.number = row->place.number,
                             .code = "",
                             .object = "",
                             .detail = "",
                             .accepted = "",
                             .accepted_id = "",
                             .text_id = "",
                             .text_en = "",
                             .warnings = ""};
    memcpy(out->place.outbox_id, row->place.outbox.b, SINERGI_ID_BYTES);
    const PbOutcome *outcome = row->outcome;
    if (!outcome)
        return;
    out->status = status_of(outcome);
    out->seq = outcome->has_settled_seq ? outcome->settled_seq : outcome->seq;
    out->accepted_at = outcome->accepted_at_ms;
    out->aggregate_version = outcome->aggregate_version;
    out->has_receipt = outcome->inclusion != NULL;
    out->warnings = warnings_of(&client->answer_arena, outcome);
    for (size_t i = 0; i < outcome->n_minted; i++)
        take_minted(out, outcome->minted[i]);
    const PbError *error = outcome->error;
    if (!error || error->code == SG_ST_OK)
        return;
    out->code = error->name ? error->name : sg_status_name(error->code);
    out->object = or_empty(error->object);
    out->detail = or_empty(error->detail);
    out->accepted = or_empty(error->accepted);
    out->accepted_id = error->accepted_id ? error->accepted_id : out->accepted;
    /* How a parked event ended is told by its code alone. */
    out->text_id = error->text_id ? error->text_id : sg_status_text_id(error->code);
    out->text_en = error->text_en ? error->text_en : sg_status_text_en(error->code);
}

static struct outbox_place place_in(const sinergi_place *place)
{
    struct outbox_place to = {.number = place->number};
    memcpy(to.outbox.b, place->outbox_id, SG_ID_BYTES);
    return to;
}

sinergi_status sinergi_outcome_get(sinergi *client, const sinergi_place *place,
                                   sinergi_outcome *out_outcome)
{
    struct outbox_place at = place_in(place);
    struct outbox_row row;
    struct sg_why why = {0};
    sg_arena_reset(&client->answer_arena, 0);
    enum sg_err err = outbox_row(client->outbox, &at, &client->answer_arena, &row, &why);
    if (err == SG_E_NOT_FOUND)
        return client_fail(client, SINERGI_INVALID, "nomor %llu tidak ada di outbox ini",
                           "number %llu is not in this outbox", (unsigned long long)place->number);
    if (err)
        return client_why(client, err, &why);
    fill_outcome(client, &row, out_outcome);
    return SINERGI_OK;
}

sinergi_status sinergi_outbox(sinergi *client, sinergi_outbox_info *out_info)
{
    struct outbox_state states[SG_OUTBOXES_MAX], current;
    size_t count = 0;
    struct sg_why why = {0};
    enum sg_err err = outbox_current(client->outbox, &current, &why);
    if (!err)
        err = outbox_list(client->outbox, states, SG_ARRAY_LEN(states), &count, &why);
    if (err)
        return client_why(client, err, &why);
    *out_info = (sinergi_outbox_info){.last_number = current.last_number};
    memcpy(out_info->outbox_id, current.id.b, SINERGI_ID_BYTES);
    for (size_t i = 0; i < count; i++) {
        out_info->unanswered += states[i].last_number - states[i].answered_through;
        out_info->rejected += states[i].rejected;
    }
    return SINERGI_OK;
}

sinergi_status sinergi_outbox_walk(sinergi *client, uint64_t from, sinergi_outcome_walk *walk,
                                   void *context)
{
    struct outbox_state current;
    struct sg_why why = {0};
    enum sg_err err = outbox_current(client->outbox, &current, &why);
    struct outbox_place at = {current.id, from ? from : 1};
    while (!err) {
        sg_arena_reset(&client->answer_arena, 0);
        struct outbox_row row;
        err = outbox_row_next(client->outbox, &at, &client->answer_arena, &row, &why);
        if (err || !sg_id_equal(&row.place.outbox, &current.id))
            break;
        sinergi_outcome outcome;
        fill_outcome(client, &row, &outcome);
        const char *type = sg_type_topic(row.type);
        if (walk(context, &outcome, type ? type : "?"))
            return SINERGI_OK;
        at.number = row.place.number + 1;
    }
    return err && err != SG_E_NOT_FOUND ? client_why(client, err, &why) : SINERGI_OK;
}

char *sinergi_envelope_json(const uint8_t *envelope, size_t length)
{
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    PbEnvelope *message = NULL;
    if (sg_arena_init(&arena, SG_DECODE_BUDGET(SG_BODY_MAX), NULL) ||
        sg_decode(&pb_envelope__descriptor, (struct sg_bytes){envelope, length}, &arena, &message,
                  NULL))
        return NULL;
    json_t *json = sg_json_of(message);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}
