/* names.h - a list of names for "what would be accepted": "MALE, FEMALE, UNKNOWN", cut with "…". */
#ifndef SINERGI_WIRE_NAMES_H
#define SINERGI_WIRE_NAMES_H

#include "wire/status.h"

#include <protobuf-c/protobuf-c.h>

struct sg_names {
    char text[sizeof((struct sg_fault *)0)->accepted];
    size_t len;
    bool full;
};

/* Zero a list to begin with. */
void sg_names_add(struct sg_names *names, const char *name);

/* The part of a value's name that is the name of its enum: "PRIORITY_" of PRIORITY_URGENT_72H. All
 * values share it with the first one, X_UNSPECIFIED. Its length. */
size_t sg_enum_prefix(const ProtobufCEnumDescriptor *descriptor);

/* All values of the enum but UNSPECIFIED, without the prefix. */
void sg_enum_names(const ProtobufCEnumDescriptor *descriptor, struct sg_names *names);

#endif
