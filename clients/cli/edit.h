/* edit.h - the payload of an event as JSON, changed by paths as people write them.
 *
 * A path is the names of the .proto files with dots ("person.full_name"), with or without the name
 * of the payload in front; the names of the JSON mapping are taken too. What the value has to be
 * follows from the field: a text, a code and a date are taken as they stand, everything else as
 * JSON.
 */
#ifndef SINERGI_CLI_EDIT_H
#define SINERGI_CLI_EDIT_H

#include "cli/print.h"

#include <protobuf-c/protobuf-c.h>

/* The payload of an envelope that came as JSON: its field in the envelope (NULL: none) and value.
 */
const ProtobufCFieldDescriptor *edit_payload(const json_t *envelope, json_t **out_payload);

/* "placement_started.started_on=2026-06-08" into the payload; "null" takes the field away. False:
 * the path or the value was named on stderr. */
bool edit_set(const struct cli *cli, json_t *payload, const ProtobufCFieldDescriptor *of,
              const char *assignment);
/* All fields of a JSON object (of the payload, or with its name around it) over those of the
 * payload. False: said on stderr. */
bool edit_merge(const struct cli *cli, json_t *payload, const ProtobufCFieldDescriptor *of,
                const json_t *changes);

/* The fields of both in a table, those that differ with both values. Returns how many differ. */
size_t edit_print(struct cli *cli, const json_t *before, const json_t *after);
size_t edit_differences(const json_t *before, const json_t *after);

#endif
