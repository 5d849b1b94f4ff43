/* json.h - protobuf JSON mapping by reflection (https://protobuf.dev/programming-guides/json).
 *
 * Names are lowerCamelCase, and the names of the .proto file are taken too; enums are names;
 * bytes of an id form (16 bytes) are printed as ids ("01968a3e-…") and taken as such or as base64;
 * other bytes are base64; google.protobuf.Timestamp is RFC 3339; 64-bit numbers are strings.
 * Date is "2026-05-04" ("2026-05", "2026" when parts are unknown); the object form is taken too.
 * On input an unknown name is refused, with its path.
 */
#ifndef SINERGI_WIRE_JSON_H
#define SINERGI_WIRE_JSON_H

#include "kit/arena.h"
#include "wire/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* Parse a text that holds one JSON value; keys that stand twice are refused. NULL: `fault` says
 * where. */
json_t *sg_json_parse(const char *text, size_t length, struct sg_fault *fault);

/* A new reference, or NULL when memory is out. Absent fields are left out. */
json_t *sg_json_of(const void *message);

/* Build a message of `descriptor` in the arena. False: `fault` names the path, the rule and what
 * would be accepted. A spent arena is E_SCHEMA "too large". */
bool sg_json_to(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                struct sg_arena *arena, void *out_message_pointer, struct sg_fault *fault);

#endif
