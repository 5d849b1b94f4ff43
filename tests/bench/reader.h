/* reader.h - subscribers of the bench: they count what comes and acknowledge it. */
#ifndef SINERGI_BENCH_READER_H
#define SINERGI_BENCH_READER_H

#include "kit/raw_client.h"

#include <stdatomic.h>

#define READERS_MAX 8

struct readers {
    size_t count;
    struct raw_client clients[READERS_MAX];
    char names[READERS_MAX][16];
    uint64_t last_seq[READERS_MAX];
    bool caught_up[READERS_MAX];
    uint64_t deliveries, bytes;
    _Atomic uint64_t until_seq; /* 0: until CaughtUp; else until each has it */
    int64_t ended_ns;
    enum sg_err err;
    struct sg_why why;
};

/* Subscriptions of dinsos, each with a name of its own. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err readers_open(struct readers *readers, void *zmq,
                                       const struct fixture *fixture, size_t count,
                                       const char *name, PbStartFrom start, struct sg_why *why);
void readers_done(struct readers *readers);

/* Take until the end: main of a thread. The error stays in readers->err. */
void *readers_run(void *readers);

#endif
