/* world.h - a city without sockets: a store in a temporary folder, agencies with real keys, a
 * broker.
 *
 * Tests publish events and read deliveries through broker_turn, exactly as the daemon does, on a
 * clock that they move. Every failure of the machinery ends the test with its sentence.
 */
#ifndef SINERGI_TESTS_KIT_WORLD_H
#define SINERGI_TESTS_KIT_WORLD_H

#include "broker/broker.h"
#include "wire/codec.h"
#include "wire/keyfile.h"

/* The four of most tests, and those that a wider city has besides. */
enum world_agency {
    SATPOLPP,
    DINSOS,
    DISNAKER,
    DPPPA,
    WORLD_AGENCIES,
    INSPEKTORAT = WORLD_AGENCIES,
    DISKOMINFO,
    DISDUKCAPIL,
    BLK,
    DISKOPUKM,
    WORLD_WIDE
};

struct world_client {
    const char *id;
    struct sg_device_key *key;
    struct peer peer;
    struct sg_id outbox;
    uint64_t next;
};

/* How one event ended, copied out of the PublishResult. */
struct world_outcome {
    int status;
    uint32_t code;
    char detail[64], object[96];
    uint64_t seq;
    struct sg_id case_id, allocation_id, person_ref;
    uint32_t warnings[8];
    size_t warning_count;
};

struct world_city {
    char folder[64];
    struct env *env;
    struct env_options env_options;
    struct sg_broker_key *keys;
    struct sg_roster roster;
    struct sg_agency agencies[WORLD_WIDE];
    struct sg_lists *lists;
    struct broker *broker;
    struct world_client clients[WORLD_WIDE];
    int64_t now_ms, mono_ns;
    struct sg_arena arena; /* of the test: reset by world_publish's caller if it wants */
    uint64_t peer_count;
};

/* The same of an answer to a frame by hand. */
struct world_outcome world_outcome_of(const PbOutcome *outcome);

void world_open(struct world_city *city, const char *start /* RFC 3339 */);
/* With the first `agencies` of enum world_agency. */
void world_open_with(struct world_city *city, const char *start, size_t agencies);
void world_close(struct world_city *city);
/* The daemon goes down without a word and comes back: sessions are gone, the store is as committed.
 */
void world_restart(struct world_city *city);
/* The agency is connected from now on, also when it says nothing. */
void world_connect(struct world_city *city, enum world_agency who);
/* The connection of the agency ends. The next thing that it publishes makes a new one. */
void world_leave(struct world_city *city, enum world_agency who);
/* The agency publishes from another of its outboxes from now on; its numbers begin at 1. */
void world_use_outbox(struct world_city *city, enum world_agency who, unsigned number);
/* Move the clock and let what is due happen. */
void world_move(struct world_city *city, const char *to);
void world_pass(struct world_city *city, int64_t ms);

/* The two parts of an event, from JSON of an Envelope of this agency; in the city's arena. What is
 * missing of the envelope is filled in. */
void world_parts(struct world_city *city, enum world_agency who, const char *json,
                 struct sg_bytes *out_clear, struct sg_bytes *out_personal);
/* Publish JSON of an Envelope as this agency (with `as` the agency that it claims to be, NULL:
 * itself). */
struct world_outcome world_publish(struct world_city *city, enum world_agency who,
                                   const char *json_format, ...) SG_PRINTF(3, 4);
/* The same with an envelope that is whole. */
struct world_outcome world_state(struct world_city *city, enum world_agency who,
                                 const PbEnvelope *envelope);
/* The agency's connection ends without a word; it has a new one when it publishes again. */
void world_hang_up(struct world_city *city, enum world_agency who);
/* Send the last event of the agency once more, byte for byte. */
struct world_outcome world_resend(struct world_city *city, enum world_agency who);

/* What an operator asks for, over the local endpoint: 0, or the code of the refusal. */
uint32_t world_admin(struct world_city *city, enum world_agency who, const PbAdmin *admin);

/* One page of an answer; in the city's arena. */
const PbQueryResult *world_query(struct world_city *city, enum world_agency who,
                                 const PbQuery *query);

/* Each delivery of a durable subscription of the agency, from the last one that the subscription
 * has acknowledged on. The envelope lives in the city's arena. */
typedef void world_take(void *arg, const PbEnvelope *envelope);
void world_listen(struct world_city *city, enum world_agency who, const char *subscription,
                  const char *types, world_take *take, void *arg);
/* All deliveries of the agency from the beginning (a fresh subscription), one line each: the
 * envelope as JSON. Lives in the city's arena. */
const char *world_read(struct world_city *city, enum world_agency who, const char *types);
/* How often a text stands in what the agency reads of these types. */
size_t world_count(struct world_city *city, enum world_agency who, const char *types,
                   const char *text);

#endif
