/* json_inside.h - what both directions of the JSON mapping share. */
#ifndef SINERGI_WIRE_JSON_INSIDE_H
#define SINERGI_WIRE_JSON_INSIDE_H

#include "wire/json.h"

enum {
    SG_JSON_NAME_MAX = 64, /* of a field */
    SG_JSON_DEPTH_MAX = 8, /* messages inside messages, the outermost one counted */
    SG_UUID_CHARS = 36,
};

/* A whole number that a JSON number or a text holds. False: something else, more than 64 bits, or
 * a fraction or exponent form beyond 2^53 that is not in a text (JSON numbers of that form are read
 * as doubles). */
struct sg_json_whole {
    bool negative;
    uint64_t magnitude;
};
bool sg_json_whole(const json_t *json, struct sg_json_whole *out);

/* "referral_submitted" -> "referralSubmitted" */
void sg_json_name(const char *proto_name, char to[SG_JSON_NAME_MAX]);

#endif
