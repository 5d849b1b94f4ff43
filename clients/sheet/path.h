/* path.h - the name of a field of an event, as a map writes it, and what the contract says of it.
 *
 * "person.full_name" is a field of the payload, "envelope.note" one of the envelope,
 * "other_docs[0].number" one of the first element of a repeated message. The names of the .proto
 * files and those of the JSON mapping are both taken.
 */
#ifndef SINERGI_SHEET_PATH_H
#define SINERGI_SHEET_PATH_H

#include "kit/err.h"
#include "wire/contract.h"

#include <jansson.h>

enum { PATH_STEPS_MAX = 6, PATH_TEXT_MAX = 128, PATH_NAME_MAX = 64, PATH_INDEX_MAX = 40 };

struct path_step {
    char name[PATH_NAME_MAX]; /* in JSON */
    int index;                /* of a repeated field; -1: none was written */
};

struct field_path {
    char text[PATH_TEXT_MAX]; /* as --set of `sinergi correct` takes it, without "envelope." */
    bool envelope;
    size_t count;
    struct path_step steps[PATH_STEPS_MAX];
    const ProtobufCFieldDescriptor *field; /* of the last step */
    const struct sg_field_rules *rules;
};

/* `payload`: rules of the message that paths without "envelope." begin in.
 * Errors: SG_E_FORMAT: what is wrong, and the names that come nearest. */
SG_MUST_CHECK enum sg_err path_read(const char *text, const struct sg_message_rules *payload,
                                    struct field_path *out, struct sg_why *why);

/* Put a value (taken over, also on failure) under the path; objects and lists on the way are made.
 * A repeated field takes it as its next element. False: no memory, or there is a value already. */
bool path_put(const struct field_path *path, json_t *envelope, json_t *payload, json_t *value);
bool path_has(const struct field_path *path, const json_t *envelope, const json_t *payload);

#endif
