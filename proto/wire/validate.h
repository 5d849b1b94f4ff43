/* validate.h - the forms, bounds and codes of an unpacked event, from the contract tables. */
#ifndef SINERGI_WIRE_VALIDATE_H
#define SINERGI_WIRE_VALIDATE_H

#include "wire/codec.h"

/* Check every field of the envelope and its payload. False: `fault` says which and why. Sets
 * event->old_region. event->envelope, type and occurred_ms are set. */
bool sg_validate(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                 struct sg_fault *fault);

#endif
