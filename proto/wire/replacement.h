/* replacement.h - the payload that an E24 puts in the place of another one, and back.
 *
 * A replacement is two byte strings: the payload with the fields of the clear part, and the same
 * with those of the personal part; they decode as their concatenation. Beside the envelope of the
 * original they are the event as it should have been published, and are checked as such.
 */
#ifndef SINERGI_WIRE_REPLACEMENT_H
#define SINERGI_WIRE_REPLACEMENT_H

#include "wire/codec.h"

/* The two parts of the event that would have been published. `basis` stands for a legal basis that
 * the original did not need. Bytes in the arena. Errors: SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err sg_replacement_parts(const struct sg_event *original,
                                               const PbReplacement *replacement,
                                               const PbLegalBasis *basis, struct sg_arena *arena,
                                               struct sg_bytes *out_clear,
                                               struct sg_bytes *out_personal, struct sg_why *why);

/* The payload of an envelope (exactly one is set) as a replacement, in the arena. Errors:
 * SG_E_LIMIT, SG_E_FORMAT (no payload). */
SG_MUST_CHECK enum sg_err sg_replacement_of(const PbEnvelope *envelope, struct sg_arena *arena,
                                            PbReplacement *out_replacement, struct sg_why *why);

/* The payload of this type that the replacement holds, in an envelope that holds nothing else. For
 * bytes that were accepted once: no check. Errors: SG_E_FORMAT, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err sg_replacement_open(const PbReplacement *replacement, uint32_t type,
                                              struct sg_arena *arena, PbEnvelope **out_envelope,
                                              struct sg_why *why);

#endif
