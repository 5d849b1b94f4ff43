#include "agent/chain.h"

#include "agent/forget.h"
#include "agent/jsonl.h"
#include "agent/log.h"
#include "agent/sqlite.h"
#include "kit/bytes.h"
#include "kit/check.h"
#include "wire/contract.h"
#include "wire/id.h"
#include "wire/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_LATER = 75, ENVIRONMENT_MAX = 512, VARIABLE_BYTES = 1200, MIB_BITS = 20 };

/* ---- open and close ---------------------------------------------------------------------- */

enum sg_err chain_open(struct chain *chain, struct chain_world *world,
                       const struct subscription_conf *conf, struct sg_why *why)
{
    *chain = (struct chain){.world = world, .conf = conf};
    child_init(&chain->child);
    chain->envelope = malloc(SG_BODY_MAX);
    enum sg_err err = chain->envelope ? SG_OK : sg_fail(why, SG_E_SYS, "no memory");
    for (size_t i = 0; !err && i < conf->handler_count; i++) {
        const struct handler_conf *handler = &conf->handlers[i];
        chain->handlers[i].conf = handler;
        if (handler->kind == HANDLER_JSONL)
            err = jsonl_open(handler->path, handler->rotate_mib << MIB_BITS, handler->keep,
                             &chain->handlers[i].jsonl, why);
        else if (handler->kind == HANDLER_SQLITE)
            err = sqlite_store_open(handler->path, conf->name, conf->types, &world->arena,
                                    &chain->handlers[i].sqlite, why);
    }
    return err;
}

void chain_close(struct chain *chain)
{
    child_kill(&chain->child);
    for (size_t i = 0; i < AGENT_HANDLERS_MAX; i++) {
        jsonl_close(&chain->handlers[i].jsonl);
        sqlite_store_close(&chain->handlers[i].sqlite);
    }
    free(SG_TAKE(chain->envelope));
    free(SG_TAKE(chain->json));
}

/* ---- programs ---------------------------------------------------------------------------- */

static char *variable(struct sg_arena *arena, const char *name, const char *value)
{
    return sg_arena_format(arena, "%s=%s", name, value);
}

/* What the service manager told the agent is not for its children. */
static bool is_private(const char *entry)
{
    static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_",
                                        "CREDENTIALS_DIRECTORY=", "SINERGI_"};
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* In the arena; NULL when it is full. */
static char **environment(const struct chain *chain)
{
    struct sg_arena *arena = &chain->world->arena;
    const sinergi_delivery *delivery = &chain->delivery;
    char **list = SG_NEW_ARRAY(arena, char *, ENVIRONMENT_MAX);
    char seq[24], id_text[SG_ID_TEXT], place[SG_ID_TEXT + 24];
    struct sg_id id;
    if (!list)
        return NULL;
    memcpy(id.b, delivery->place.outbox_id, sizeof id.b);
    (void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)delivery->seq);
    (void)snprintf(place, sizeof place, "%s-%llu", sg_id_print(&id, id_text),
                   (unsigned long long)delivery->place.number);
    const struct {
        const char *name, *value;
    } own[] = {
        {"SINERGI_SEQ", seq},
        {"SINERGI_TYPE", delivery->type},
        {"SINERGI_SUBSCRIPTION", delivery->subscription},
        {"SINERGI_PLACE", place},
        {"SINERGI_AGENCY", sinergi_agency(chain->world->client)},
        {"SINERGI_CONF", chain->world->conf->client},
    };
    size_t count = 0;
    for (; count < SG_ARRAY_LEN(own); count++) {
        list[count] = variable(arena, own[count].name, own[count].value);
        if (!list[count])
            return NULL;
    }
    for (size_t i = 0; environ[i] && count + 1 < ENVIRONMENT_MAX; i++) {
        if (!is_private(environ[i]))
            list[count++] = environ[i];
    }
    return list;
}

static enum sg_err start_program(struct chain *chain, const struct handler_conf *conf,
                                 struct sg_why *why)
{
    struct child_order order = {.argv = conf->argv,
                                .folder = chain->world->conf->folder,
                                .environment = environment(chain),
                                .input = chain->json,
                                .input_length = strlen(chain->json),
                                .timeout_s = conf->timeout_s};
    if (!order.environment)
        return sg_fail(why, SG_E_LIMIT, "the environment is too large");
    return child_start(&chain->child, &order, why);
}

/* ---- one delivery ------------------------------------------------------------------------ */

/* SG_E_FORMAT is the fault of this delivery and counts; all else is for later. */
static sinergi_handled handled_of(enum sg_err err)
{
    if (err == SG_OK)
        return SINERGI_DONE;
    return err == SG_E_FORMAT ? SINERGI_FAILED : SINERGI_LATER;
}

static enum sg_err need_json(struct chain *chain, struct sg_why *why)
{
    if (!chain->json)
        chain->json =
            sinergi_envelope_json(chain->delivery.envelope, chain->delivery.envelope_length);
    return chain->json ? SG_OK
                       : sg_fail(why, SG_E_FORMAT, "seq %llu cannot be read",
                                 (unsigned long long)chain->delivery.seq);
}

static const char *kind_name(const struct chain_handler *handler)
{
    static const char *const names[] = {
        [HANDLER_EXEC] = "exec", [HANDLER_JSONL] = "jsonl", [HANDLER_SQLITE] = "sqlite"};
    return names[handler->conf->kind];
}

/* What the copies of this handler hold of the person goes before the order itself is kept: when it
 * is there, they are clean. The log says how much, not whose. */
static enum sg_err keep_copy(struct chain *chain, size_t index, struct sg_why *why)
{
    const struct chain_handler *handler = &chain->handlers[index];
    const struct forget_order *order = NULL;
    struct forgotten forgotten = {0};
    enum sg_err err = forget_order_of(&chain->delivery, &chain->world->arena, &order, why);
    if (!err && handler->sqlite) {
        err = sqlite_store_add(handler->sqlite, &chain->delivery, order, &forgotten, why);
    } else if (!err) {
        err = need_json(chain, why);
        if (!err && order)
            err = jsonl_forget(handler->jsonl, order, &forgotten, why);
        if (!err)
            err = jsonl_add(handler->jsonl, chain->delivery.seq, chain->json, why);
    }
    if (forgotten.files > 0)
        log_note("forgotten", "subscription=%s handler=%zu kind=%s rows=%llu files=%llu",
                 chain->conf->name, index + 1, kind_name(handler),
                 (unsigned long long)forgotten.rows, (unsigned long long)forgotten.files);
    return err;
}

static sinergi_handled run_handler(struct chain *chain, size_t index, struct sg_why *why)
{
    struct chain_handler *handler = &chain->handlers[index];
    enum sg_err err = SG_OK;
    switch (handler->conf->kind) {
    case HANDLER_SQLITE:
    case HANDLER_JSONL: return handled_of(keep_copy(chain, index, why));
    case HANDLER_EXEC:
        if (chain->world->stopping)
            return SINERGI_LATER;
        err = need_json(chain, why);
        if (!err)
            err = start_program(chain, handler->conf, why);
        chain->running = index;
        return err ? handled_of(err) : SINERGI_WORKING;
    }
    return SINERGI_LATER;
}

/* Once for the first of a row of equal failures: a full disk must not fill the journal as well. */
static void note_error(struct chain *chain, size_t index, sinergi_handled handled, const char *text)
{
    if (strcmp(chain->error, text) == 0 && chain->told)
        return;
    (void)snprintf(chain->error, sizeof chain->error, "%s", text);
    chain->told = true;
    log_warn("handler-failed",
             "subscription=%s handler=%zu kind=%s seq=%llu type=%s counted=%s why=\"%s\"",
             chain->conf->name, index + 1, kind_name(&chain->handlers[index]),
             (unsigned long long)chain->delivery.seq, chain->delivery.type,
             handled == SINERGI_FAILED ? "yes" : "no", text);
}

static void count(struct chain *chain, sinergi_handled handled)
{
    if (handled == SINERGI_DONE) {
        chain->done_count++;
        chain->error[0] = '\0';
        chain->told = false;
        free(SG_TAKE(chain->json));
    } else if (handled == SINERGI_FAILED) {
        chain->failed_count++;
    } else if (handled == SINERGI_LATER) {
        chain->later_count++;
    }
}

/* Every handler that has not had this delivery, until one of them is not done with it at once. */
static sinergi_handled go_on(struct chain *chain)
{
    sinergi_handled handled = SINERGI_DONE;
    size_t used = chain->world->arena.used;
    for (size_t i = 0; handled == SINERGI_DONE && i < chain->conf->handler_count; i++) {
        struct chain_handler *handler = &chain->handlers[i];
        if (handler->done)
            continue;
        struct sg_why why = {0};
        handled = run_handler(chain, i, &why);
        handler->done = handled == SINERGI_DONE;
        if (why.text[0])
            note_error(chain, i, handled, why.text);
        sg_arena_reset(&chain->world->arena, used);
    }
    count(chain, handled);
    return handled;
}

/* The delivery that was in hand already goes on where it stopped. */
static void keep_delivery(struct chain *chain, const sinergi_delivery *delivery)
{
    bool again = chain->delivery.seq == delivery->seq;
    const char *topic = sg_type_topic(sg_type_of_topic(sg_bytes_of(delivery->type)));
    SG_CHECK(delivery->envelope_length <= SG_BODY_MAX); /* a frame has no more */
    chain->delivery = *delivery;
    chain->delivery.subscription = chain->conf->name;
    chain->delivery.type = topic ? topic : "?";
    chain->delivery.envelope = chain->envelope;
    memcpy(chain->envelope, delivery->envelope, delivery->envelope_length);
    free(SG_TAKE(chain->json));
    for (size_t i = 0; !again && i < chain->conf->handler_count; i++)
        chain->handlers[i].done = false;
}

sinergi_handled chain_take(void *context, const sinergi_delivery *delivery, uint8_t note[64],
                           size_t *note_length)
{
    struct chain *chain = context;
    (void)note, (void)note_length; /* each handler keeps its own cursor */
    keep_delivery(chain, delivery);
    return go_on(chain);
}

/* ---- when a program has ended ------------------------------------------------------------ */

static sinergi_handled judge(struct chain *chain, const struct child *child)
{
    char text[128];
    if (child->exit_status == 0 && !child->timed_out)
        return SINERGI_DONE;
    sinergi_handled handled =
        child->exit_status == EXIT_LATER && !child->timed_out ? SINERGI_LATER : SINERGI_FAILED;
    if (child->timed_out)
        (void)snprintf(text, sizeof text, "time out after %lld s, %llu bytes of output",
                       (long long)child->order.timeout_s, (unsigned long long)child->output_bytes);
    else if (child->exit_status >= 256)
        (void)snprintf(text, sizeof text, "ended by signal %d, %llu bytes of output",
                       child->exit_status - 256, (unsigned long long)child->output_bytes);
    else
        (void)snprintf(text, sizeof text, "exit status %d, %llu bytes of output",
                       child->exit_status, (unsigned long long)child->output_bytes);
    note_error(chain, chain->running, handled, text);
    return handled;
}

void chain_step(struct chain *chain, int64_t now_ns)
{
    if (!child_step(&chain->child, now_ns))
        return;
    sinergi_handled handled = judge(chain, &chain->child);
    if (handled == SINERGI_DONE) {
        chain->handlers[chain->running].done = true;
        handled = go_on(chain);
        if (handled == SINERGI_WORKING)
            return;
    } else {
        count(chain, handled);
    }
    /* When the disk refused the mark the delivery comes again, and no handler runs again for it. */
    (void)sinergi_finish(chain->world->client, chain->conf->name, chain->delivery.seq, handled,
                         NULL, 0);
}
