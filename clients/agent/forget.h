/* forget.h - what an order to forget a person (D6, person.erasure_ordered) takes out of copies.
 *
 * The contract decides, so that a field that is new tomorrow is forgotten as well: a copy is of the
 * person when a field of the form PERSON_REF holds the reference that the order names; fields of
 * the classes GENERAL and SPECIFIC go, all of them or those that lie at a listed path; ids, states
 * and codes stay. What came behind the order stays too: the broker knew of the order when it
 * delivered that.
 */
#ifndef SINERGI_AGENT_FORGET_H
#define SINERGI_AGENT_FORGET_H

#include "kit/arena.h"
#include "lib/sinergi.h"
#include "wire/id.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#define FORGET_TOPIC "person.erasure_ordered"
enum { FORGET_DEPTH_MAX = 8, FORGET_PATH_MAX = 256 };

struct forget_order {
    char person_ref[SG_ID_TEXT]; /* as it stands in rows and lines */
    uint64_t seq;                /* of the order */
    bool all;
    const char *const *paths; /* not all: these, as "person.full_name", of every type */
    size_t path_count;
};

struct forgotten {
    uint64_t rows, files; /* rows or lines, and files, that were changed */
};

/* The order that a delivery holds, in the arena; NULL when it is another event.
 * Errors: SG_E_FORMAT: an order that names nobody; SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err forget_order_of(const sinergi_delivery *delivery, struct sg_arena *arena,
                                          const struct forget_order **out_order,
                                          struct sg_why *why);

enum forget_reach { FORGET_NOTHING, FORGET_A_PART, FORGET_IT };

/* How much of a field an order takes; `path` leads to it from the envelope inward. A part: some
 * fields of the message, or what cannot be taken out of a value. */
enum forget_reach forget_reach(const struct forget_order *order,
                               const ProtobufCFieldDescriptor *const *path, size_t depth);

/* Does a reference of a person stand there? */
bool forget_is_ref(const ProtobufCFieldDescriptor *const *path, size_t depth);

/* "seat_allocation_changed.person.full_name", as redacted_paths has it. */
void forget_path(const ProtobufCFieldDescriptor *const *path, size_t depth,
                 char to[FORGET_PATH_MAX]);

/* Can an event of the type (a payload field of the Envelope) say something personal of somebody? */
bool forget_type_is_personal(const ProtobufCFieldDescriptor *type);

/* Take it out of an event as JSON and note the paths in redactedPaths; true when something of it
 * was of that person. */
bool forget_in_json(const struct forget_order *order, json_t *event);

/* Tell the service manager that a long forgetting goes on. */
void forget_goes_on(void);

#endif
