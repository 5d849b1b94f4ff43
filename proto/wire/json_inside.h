/* json_inside.h - what both directions of the JSON mapping share. */
#ifndef SINERGI_WIRE_JSON_INSIDE_H
#define SINERGI_WIRE_JSON_INSIDE_H

#include "wire/json.h"

enum {
    SG_JSON_NAME_MAX = 64, /* of a field */
    SG_JSON_DEPTH_MAX = 8, /* messages inside messages, the outermost one counted */
    SG_UUID_CHARS = 36,
};

/* "referral_submitted" -> "referralSubmitted" */
void sg_json_name(const char *proto_name, char to[SG_JSON_NAME_MAX]);

#endif
