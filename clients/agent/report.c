#include "agent/report.h"

#include "agent/agent.h"
#include "agent/drop.h"
#include "agent/log.h"
#include "lib/inside.h"
#include "wire/day.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

static json_t *time_json(int64_t ms)
{
    char text[32];
    return json_string(sg_time_print(ms / 1000 * 1000, text));
}

static json_t *chain_json(const struct chain *chain)
{
    struct inbox_state state = {0};
    if (inbox_state(chain->world->client->inbox, chain->conf->name, &state, NULL) != SG_OK)
        state = (struct inbox_state){0}; /* the error of the disk is told elsewhere */
    json_t *json =
        json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "name", chain->conf->name, "received",
                  (json_int_t)state.received, "done", (json_int_t)state.done, "handled",
                  (json_int_t)chain->done_count, "later", (json_int_t)chain->later_count, "failed",
                  (json_int_t)chain->failed_count, "working", child_runs(&chain->child));
    if (chain->error[0])
        (void)json_object_set_new(json, "error", json_string(chain->error));
    return json;
}

static json_t *state_json(struct agent *agent)
{
    json_t *json =
        json_pack("{s:s,s:i,s:o,s:b,s:o,s:s}", "version", SINERGI_VERSION, "pid", (int)getpid(),
                  "since", time_json(agent->started_ms), "connected", agent->connected,
                  "connectedSince", time_json(agent->connected_ms), "conf", agent->conf->file);
    if (!json)
        return NULL;
    if (agent->error_en[0])
        (void)json_object_set_new(json, "error",
                                  json_pack("{s:s,s:s,s:o}", "id", agent->error_id, "en",
                                            agent->error_en, "at", time_json(agent->error_ms)));
    json_t *list = json_array();
    for (size_t i = 0; i < agent->chain_count; i++)
        (void)json_array_append_new(list, chain_json(&agent->chains[i]));
    (void)json_object_set_new(json, "subscriptions", list);
    if (agent->drop)
        (void)json_object_set_new(json, "drop", drop_json(agent->drop));
    return json;
}

void report_state(struct agent *agent)
{
    struct sg_why why = {0};
    bool could = agent->status.written != NULL;
    enum sg_err err = status_write(&agent->status, state_json(agent), client_mono_ns(), &why);
    if (err && could) {
        log_warn("status-not-written", "why=\"%s\"", why.text);
        free(SG_TAKE(agent->status.written)); /* told once; what stands there is old */
    }
    sinergi_outbox_info info = {0};
    if (!err && sinergi_outbox(agent->world.client, &info) == SINERGI_OK)
        (void)sd_notifyf(0, "STATUS=%s, %llu events wait in the outbox",
                         agent->connected ? "connected" : "not connected",
                         (unsigned long long)info.unanswered);
}
