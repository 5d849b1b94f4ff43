/* codec.h - bytes to messages and back: the only callers of protobuf-c unpack and pack.
 *
 * Every decode is scanned first and allocates from the given arena; nothing is freed. Messages
 * borrow the bytes they were decoded from only through the arena copy that protobuf-c makes.
 */
#ifndef SINERGI_WIRE_CODEC_H
#define SINERGI_WIRE_CODEC_H

#include "kit/arena.h"
#include "sinergi/v1/event.pb-c.h"
#include "sinergi/v1/frame.pb-c.h"
#include "wire/contract.h"
#include "wire/limits.h"
#include "wire/lists.h"
#include "wire/roster.h"
#include "wire/status.h"

/* Scan and unpack a frame or a row. `descriptor` says what it is; *out_message lives in the arena.
 * Errors: SG_E_FORMAT, SG_E_LIMIT (arena spent or a bound of the scan). */
SG_MUST_CHECK enum sg_err sg_decode(const ProtobufCMessageDescriptor *descriptor,
                                    struct sg_bytes bytes, struct sg_arena *arena,
                                    void *out_message_pointer, struct sg_why *why);

/* Unpack a row of ours: trusted bytes, no scan. Same errors. */
SG_MUST_CHECK enum sg_err sg_decode_row(const ProtobufCMessageDescriptor *descriptor,
                                        struct sg_bytes bytes, struct sg_arena *arena,
                                        void *out_message_pointer, struct sg_why *why);

/* Check and pack into the arena. Errors: SG_E_LIMIT, SG_E_FORMAT (the message
 * is not whole). */
SG_MUST_CHECK enum sg_err sg_encode(const void *message, struct sg_arena *arena,
                                    struct sg_bytes *out_bytes, struct sg_why *why);

/* One published or derived event, decoded. */
struct sg_event {
    PbEnvelope *envelope;
    uint32_t type; /* field number of the payload */
    const ProtobufCMessage *payload;
    struct sg_bytes clear, personal; /* as they came */
    uint8_t digest[SG_HASH_BYTES];
    const uint8_t *personal_hash; /* H(personal) when somebody has computed it, else NULL */
    int64_t occurred_ms, recorded_ms;
    bool old_region; /* W_OLD_REGION: a region code not valid at occurred_at */
};

/* What codes are checked against; a NULL list is not checked (a client without lists). */
struct sg_vocabulary {
    const struct sg_lists *lists;
    const struct sg_roster *roster;
};

/* Scan both parts, unpack their concatenation and check size, shape, mandatory fields, forms,
 * ranges and codes (checks 2 of the order of checks; the agency is the caller's). Conditional
 * fields are checked by the ledger (ledger/shape.c).
 *
 * SG_OK and fault->code == 0: *out_event is whole. SG_OK and fault->code != 0: refused. When the
 * envelope could be unpacked out_event->envelope is set even if refused, else NULL; type and
 * payload are set if exactly one payload is there; the digest is set only if nothing is refused.
 * Errors: SG_E_LIMIT when the arena has no room for an event that fits the budget. */
SG_MUST_CHECK enum sg_err sg_event_decode(struct sg_bytes clear, struct sg_bytes personal,
                                          const struct sg_vocabulary *vocabulary,
                                          struct sg_arena *arena, struct sg_event *out_event,
                                          struct sg_fault *fault, struct sg_why *why);

/* The same when the digest is known already (32 bytes, from the check of the frame's signature). */
SG_MUST_CHECK enum sg_err sg_event_decode_digested(struct sg_bytes clear, struct sg_bytes personal,
                                                   const struct sg_vocabulary *vocabulary,
                                                   const uint8_t *digest, struct sg_arena *arena,
                                                   struct sg_event *out_event,
                                                   struct sg_fault *fault, struct sg_why *why);

/* Decode what was accepted once: no check of codes or forms. Errors: SG_E_FORMAT, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err sg_event_reopen(struct sg_bytes clear, struct sg_bytes personal,
                                          struct sg_arena *arena, struct sg_event *out_event,
                                          struct sg_why *why);

/* Split an envelope into its two parts by the class of each field and pack both. `salt` is 16
 * bytes, used when there is a personal field (and then set in the personal part); NULL: the
 * envelope's own. A mixed message stands in each part that has one of its fields, and in the clear
 * part always. Errors: SG_E_LIMIT, SG_E_FORMAT (a personal field and no salt). */
SG_MUST_CHECK enum sg_err sg_event_split(const PbEnvelope *envelope, const uint8_t *salt,
                                         struct sg_arena *arena, struct sg_bytes *out_clear,
                                         struct sg_bytes *out_personal, struct sg_why *why);

/* Structural checks of single values, also used by clients before they publish. */
bool sg_nik_valid(struct sg_bytes nik); /* 16 digits, day 1-31 or 41-71 valid in its month, … */
bool sg_region_valid(struct sg_bytes code, int least_levels);
bool sg_agency_valid(struct sg_bytes id); /* ^[a-z][a-z0-9-]{1,30}$ */
bool sg_phone_valid(struct sg_bytes phone);

/* Timestamps of the contract: years 1900 to 9999, whole nanoseconds. sg_ms_of wants a valid one. */
bool sg_time_valid(const Google__Protobuf__Timestamp *t);
static inline int64_t sg_ms_of(const Google__Protobuf__Timestamp *t)
{
    return t->seconds * 1000 + t->nanos / 1000000;
}

#endif
