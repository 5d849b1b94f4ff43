#include "sim/history.h"

#include "kit/check.h"

#include <stdio.h>
#include <unistd.h>

static bool chance(struct history *h, uint64_t n)
{
    return prng_below(&h->prng, n) == 0;
}

void history_open(struct history *history, uint64_t seed)
{
    *history = (struct history){.seed = seed, .prng = {~seed}};
    world_open(&history->city, "2026-05-04T01:00:00Z");
    model_init(&history->model, &history->city.roster);
    acts_init(&history->acts, seed, &history->model, &history->city.roster, &history->city.arena);
}

void history_close(struct history *history)
{
    model_done(&history->model);
    world_close(&history->city);
}

/* ---- the model looks at the store ---- */

static void look(struct history *h, void (*with)(struct model *m, struct txn *txn, int64_t now_ms))
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct sg_why why = {0};
    if (h->broken)
        return;
    SG_CHECK(txn_begin(&txn, h->city.env, TXN_READ, &why) == SG_OK);
    with(&h->model, &txn, h->city.now_ms);
    h->broken = h->model.broken;
}

void history_compare(struct history *history)
{
    sg_arena_reset(&history->city.arena, 0);
    world_pass(&history->city, 0);
    look(history, model_take);
    look(history, model_compare);
}

/* ---- what happens ---- */

static enum world_agency agency_of(const struct history *h, const char *id)
{
    int who = 0;
    while (who < WORLD_AGENCIES && strcmp(h->city.clients[who].id, id) != 0)
        who++;
    SG_CHECK(who < WORLD_AGENCIES);
    return (enum world_agency)who;
}

static void publish(struct history *h)
{
    const PbEnvelope *e = acts_next(&h->acts, h->city.now_ms);
    enum world_agency who = agency_of(h, e->publisher_agency);
    if (h->away[who])
        return;
    world_pass(&h->city, 0); /* what the last event made due at once */
    look(h, model_take);
    struct world_outcome o = world_state(&h->city, who, e);
    h->accepted += o.status == PB_OUTCOME_STATUS_ACCEPTED;
    h->refused += o.status == PB_OUTCOME_STATUS_REJECTED;
    h->parked += o.status == PB_OUTCOME_STATUS_PARKED;
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED)
        acts_note(&h->acts, e, &o.person_ref);
}

static void send_again(struct history *h)
{
    enum world_agency who = (enum world_agency)prng_below(&h->prng, WORLD_AGENCIES);
    if (h->city.clients[who].next == 1 || h->away[who])
        return;
    struct world_outcome o = world_resend(&h->city, who);
    if (o.status != PB_OUTCOME_STATUS_DUPLICATE)
        h->broken = "an event that was sent again is no duplicate";
}

static void lose_connection(struct history *h)
{
    enum world_agency who = (enum world_agency)prng_below(&h->prng, WORLD_AGENCIES);
    h->away[who] = !h->away[who] && chance(h, 5);
    world_hang_up(&h->city, who);
}

void history_step(struct history *h)
{
    h->step++;
    sg_arena_reset(&h->city.arena, 0);
    uint64_t what = prng_below(&h->prng, 100);
    if (what < 8)
        world_pass(&h->city, acts_pause_ms(&h->prng));
    else if (what < 10)
        send_again(h);
    else if (what < 12)
        lose_connection(h);
    else
        publish(h);
    look(h, model_take);
    if (chance(h, 400))
        world_restart(&h->city);
}

bool history_refolds(struct history *history, struct sg_why *why)
{
    char path[128];
    struct env *again = NULL;
    struct env_options options = history->city.env_options;
    (void)snprintf(path, sizeof path, "%s/refold.mdb", history->city.folder);
    options.path = path;
    (void)unlink(path);
    bool good = env_create(&options, env_store_id(history->city.env), why) == SG_OK &&
                env_open(&options, &again, why) == SG_OK &&
                ledger_refold(history->city.env, again, history->city.keys, NULL, why) == SG_OK &&
                ledger_compare(history->city.env, again, why) == SG_OK;
    env_close(&again);
    return good;
}
