/* chain.h - the handlers of one subscription, in order; a delivery is done when all of them are.
 *
 * A handler that had finished a delivery is not run again for it in this process, however often the
 * delivery comes again because of a later one; after a restart jsonl and sqlite know by themselves.
 * While a program runs the delivery is kept here and the loop goes on (SINERGI_WORKING).
 */
#ifndef SINERGI_AGENT_CHAIN_H
#define SINERGI_AGENT_CHAIN_H

#include "agent/child.h"
#include "agent/conf.h"
#include "lib/sinergi.h"

struct jsonl;
struct sqlite_store;

/* What all chains share; outlives them. */
struct chain_world {
    const struct agent_conf *conf;
    sinergi *client;
    struct sg_arena arena; /* used during calls only */
    bool stopping;         /* start no program any more */
};

struct chain_handler {
    const struct handler_conf *conf;
    struct jsonl *jsonl;
    struct sqlite_store *sqlite;
    bool done; /* with the delivery in hand */
};

struct chain {
    struct chain_world *world;
    const struct subscription_conf *conf;
    struct chain_handler handlers[AGENT_HANDLERS_MAX];
    /* the delivery in hand: a copy, because a program may take longer than the call */
    sinergi_delivery delivery;
    uint8_t *envelope;
    char *json;     /* made when a handler wants it */
    size_t running; /* the handler whose program runs */
    struct child child;
    uint64_t done_count, later_count, failed_count;
    char error[512]; /* of the last try; "" = it went well */
    bool told;       /* this error was logged */
};

/* Open what the handlers write. Errors: SG_E_SYS; SG_E_CONF, SG_E_FORMAT: a file is none of ours.
 */
SG_MUST_CHECK enum sg_err chain_open(struct chain *chain, struct chain_world *world,
                                     const struct subscription_conf *conf, struct sg_why *why);
void chain_close(struct chain *chain);

/* A sinergi_handler; context: the chain. */
sinergi_handled chain_take(void *context, const sinergi_delivery *delivery, uint8_t note[64],
                           size_t *note_length);
/* The program that runs: move data, look at the clock; when it has ended go on with the next
 * handler, and tell the library when the delivery is through. */
void chain_step(struct chain *chain, int64_t now_ns);

#endif
