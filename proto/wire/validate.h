/* validate.h - the forms, bounds and codes of an unpacked event, from the contract tables. */
#ifndef SINERGI_WIRE_VALIDATE_H
#define SINERGI_WIRE_VALIDATE_H

#include "wire/codec.h"

/* Check every field of the envelope itself. False: `fault` says which and why. event->envelope and
 * occurred_ms are set. */
bool sg_validate_envelope(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                          struct sg_fault *fault);

/* Check every field of the payload; event->type is set. Sets event->old_region. */
bool sg_validate_payload(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                         struct sg_fault *fault);

#endif
