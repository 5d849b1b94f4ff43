/* scan.h - the bounded walk over bytes before protobuf-c may unpack them.
 *
 * protobuf-c bounds neither depth nor allocation and checks no UTF-8. This walk is iterative and
 * allocates nothing: depth, fields, repetitions and unknown fields are counted; strings must be
 * UTF-8 without NUL; enum values must be known; a singular field may stand once.
 */
#ifndef SINERGI_WIRE_SCAN_H
#define SINERGI_WIRE_SCAN_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/contract.h"
#include "wire/status.h"

/* A frame: at most SG_SCAN_UNKNOWN_MAX unknown fields. Errors: SG_E_FORMAT, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err sg_scan_frame(struct sg_bytes bytes,
                                        const ProtobufCMessageDescriptor *descriptor,
                                        struct sg_why *why);

/* One part of an event: no unknown field, and only fields of the classes of this part (clear: NONE
 * and PSEUDONYMOUS; personal: GENERAL and SPECIFIC, and something beside the salt; whole: before it
 * is split, all). False: `fault` says why (E_SCHEMA, or E_BAD_CODE for an unknown enum value). */
enum sg_part { SG_PART_CLEAR, SG_PART_PERSONAL, SG_PART_WHOLE };
bool sg_scan_event(struct sg_bytes bytes, enum sg_part part, struct sg_fault *fault);

/* UTF-8 (RFC 3629) without NUL. `plain` also refuses control characters. */
bool sg_utf8_valid(struct sg_bytes text, bool plain);

#endif
