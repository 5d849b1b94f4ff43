/* json.h - protobuf JSON mapping by reflection (https://protobuf.dev/programming-guides/json).
 *
 * Names are lowerCamelCase, and the names of the .proto file are taken too; enums are names (taken
 * also without the prefix of their type, and as numbers); whole numbers are taken as numbers and as
 * texts, also as 1.0 and 1e2; 64-bit numbers are printed as texts; bytes are base64, taken in both
 * alphabets with and without padding; google.protobuf.Timestamp is RFC 3339, printed as UTC with 0,
 * 3, 6 or 9 digits of a fraction; null is an absent field.
 *
 * Ours beside the mapping: 16 bytes are printed as an id ("01968a3e-0000-7000-8000-000000000001")
 * and taken as such or as base64. Date is "2026-05-04" ("2026-05", "2026" when parts are unknown);
 * the object form is taken too. Narrower than the mapping: what stands twice is refused, a number
 * in digits beyond 2^63, or in another form beyond 2^53, is taken as a text only, and an enum has
 * no numbers but those of the .proto file. On input an unknown name is refused, with its path.
 */
#ifndef SINERGI_WIRE_JSON_H
#define SINERGI_WIRE_JSON_H

#include "kit/arena.h"
#include "wire/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* Far more than the largest event needs when each of its bytes is written as \u0000. */
enum { SG_JSON_TEXT_MAX = 1 << 20 };

/* Parse a text that holds one JSON value; keys that stand twice and NUL are refused. NULL: `fault`
 * says where. */
json_t *sg_json_parse(const char *text, size_t length, struct sg_fault *fault);

/* A new reference, or NULL when memory is out. Absent fields are left out. */
json_t *sg_json_of(const void *message);

/* Build a message of `descriptor` in the arena. False: `fault` names the path, the rule and what
 * would be accepted. A spent arena is E_SCHEMA "too large". */
bool sg_json_to(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                struct sg_arena *arena, void *out_message_pointer, struct sg_fault *fault);

#endif
