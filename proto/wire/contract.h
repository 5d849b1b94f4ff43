/* contract.h - what the .proto files say of each field beside its type.
 *
 * The tables are generated from the descriptor set (proto/gen/contract.c): class, form, bounds and
 * row of the visibility table of each field, in the order of the protobuf-c descriptors, so that
 * one walk over a message knows all of it.
 */
#ifndef SINERGI_WIRE_CONTRACT_H
#define SINERGI_WIRE_CONTRACT_H

#include "kit/bytes.h"

#include <protobuf-c/protobuf-c.h>

/* Mirrors of the enums of options.proto (the generator asserts that they agree). */
enum sg_pd { SG_PD_UNSPECIFIED, SG_PD_NONE, SG_PD_PSEUDONYMOUS, SG_PD_GENERAL, SG_PD_SPECIFIC };

enum sg_form {
    SG_FORM_UNSPECIFIED,
    SG_FORM_ID,
    SG_FORM_CASE_ID,
    SG_FORM_REFERRAL_ID,
    SG_FORM_PERSON_REF,
    SG_FORM_AGENCY,
    SG_FORM_REGION,
    SG_FORM_REGION_CITY,
    SG_FORM_REGION_DISTRICT,
    SG_FORM_COURSE,
    SG_FORM_KIT,
    SG_FORM_SHORT,
    SG_FORM_NOTE,
    SG_FORM_DETAIL,
    SG_FORM_NIK,
    SG_FORM_PHONE,
    SG_FORM_PARTIAL_DATE,
    SG_FORM_DAY,
    SG_FORM_TIME,
    SG_FORM_TOPIC,
    SG_FORM_BYTES,
};

struct sg_message_rules;

struct sg_field_rules {
    uint8_t pd;   /* enum sg_pd; UNSPECIFIED: the message's own fields have classes */
    uint8_t form; /* enum sg_form */
    uint8_t seen; /* enum Seen of options.proto */
    bool must;
    bool bounded; /* min and max count */
    int64_t min, max;
    const struct sg_message_rules *sub; /* of a message field */
};

struct sg_message_rules {
    const ProtobufCMessageDescriptor *descriptor;
    const struct sg_field_rules *fields; /* descriptor->n_fields, same order */
};

/* Rules of the Envelope; all others are reached through `sub`. */
extern const struct sg_message_rules sg_envelope_rules;

/* Event types: the payload fields of the Envelope, 101… and 201…. */
#define SG_TYPE_AGENCY_FIRST 101U
#define SG_TYPE_AGENCY_LAST 124U
#define SG_TYPE_DERIVED_FIRST 201U
#define SG_TYPE_DERIVED_LAST 208U

struct sg_topic {
    uint32_t type;
    size_t len;
    const char *name;
};
extern const struct sg_topic sg_topics[];
extern const size_t sg_topic_count;

/* Topic of a payload field number, "referral.submitted"; NULL if there is none. And back; 0. */
const char *sg_type_topic(uint32_t type);
uint32_t sg_type_of_topic(struct sg_bytes topic);
static inline bool sg_type_is_derived(uint32_t type)
{
    return type >= SG_TYPE_DERIVED_FIRST;
}

#endif
