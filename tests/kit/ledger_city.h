/* ledger_city.h - the ledger alone, over a store that may be lost: no broker, no socket, no clock.
 *
 * Agencies: satpolpp and pmi refer; dinsos, dpppa and owner-a to owner-c own cases; disnaker, dpppa
 * and blk train; dinsos and dpppa give equipment; inspektorat audits. All keys follow from nothing,
 * so the same events give the same bytes. Events are envelopes (kit/sample.h makes them); they are
 * split, decoded and checked as the broker does it. Everything here ends the process when the store
 * or a promise fails.
 */
#ifndef SINERGI_KIT_LEDGER_CITY_H
#define SINERGI_KIT_LEDGER_CITY_H

#include "kit/sample.h"
#include "ledger/ledger.h"

enum { CITY_AGENCIES = 10 };

struct ledger_city {
    char folder[256], path[300];
    struct env *env;
    struct sg_arena arena;      /* of the turn; outcomes live in it until the next one begins */
    struct sg_arena events;     /* for envelopes; who makes them resets it */
    struct sg_arena read_arena; /* of rows that are looked at; reset by city_read */
    struct sg_broker_key keys;
    struct sg_roster roster;
    struct sg_agency agencies[CITY_AGENCIES];
    struct sg_lists *lists;
    const struct sg_time_limits *limits; /* NULL: the normal ones */
    struct sample sample;                /* its now_ms is set when a turn begins */
    int64_t now_ms;
    uint64_t numbers[CITY_AGENCIES]; /* of the last event of each outbox */
    struct world world;
    struct txn txn; /* of the turn, or of the look at rows */
    struct block_builder block;
    struct ledger_turn turn;
    uint64_t last_seq;  /* after the last turn */
    uint64_t named_seq; /* of the event that the next E24 names, as the broker would find it */
};

/* Monday 2026-05-04 08:00 WIB. */
#define CITY_START_MS INT64_C(1777856400000)

void city_open(struct ledger_city *city);
void city_close(struct ledger_city *city);

/* A turn: deadlines first, then events, then the block. */
void city_begin(struct ledger_city *city);
struct outcome city_state(struct ledger_city *city, PbEnvelope *envelope);
/* The same, when the ledger may fail: the turn is to be given up then. */
enum sg_err city_try(struct ledger_city *city, PbEnvelope *envelope, struct outcome *out_outcome,
                     struct sg_why *why);
void city_end(struct ledger_city *city);
/* A turn of one event. */
struct outcome city_publish(struct ledger_city *city, PbEnvelope *envelope);
/* Let time pass; what is due happens. */
void city_pass(struct ledger_city *city, int64_t ms);

/* Rows of now, in read_arena, NULL when there is none. Between turns only. */
void *city_row(struct ledger_city *city, enum table table, const struct sg_id *id);
/* Write a row as it is: to stand in a state that no event of this version leads to. */
void city_put(struct ledger_city *city, enum table table, const struct sg_id *id, const void *row);
/* A read transaction in city->txn, with an empty read_arena; end with txn_done(&city->txn). */
void city_read(struct ledger_city *city);

/* A record and the whole event that it holds, in read_arena. */
struct city_record {
    struct record record;
    struct sg_event event;
};
struct city_record city_record(struct ledger_city *city, uint64_t seq);
/* Relations of the agency to the record, 0 when it may not read it. */
uint32_t city_relations(const struct city_record *record, const char *agency);

/* Fold the journal again into a second store and compare. */
void city_refold(struct ledger_city *city);

#endif
