/* view_correction.h - what a reader sees of the replacement that an E24 carries. */
#ifndef SINERGI_BROKER_VIEW_CORRECTION_H
#define SINERGI_BROKER_VIEW_CORRECTION_H

#include "broker/view.h"

/* Removed paths, as they are listed in redacted_paths. */
struct view_paths {
    char *paths[64];
    size_t count;
};

/* The replacement as the reader may see it: the payload inside is opened, cut by the rules of its
 * own type and the relations of the reader, as if it were delivered itself, and packed again.
 * *out_cut lives in the arena; paths begin with "event_corrected.replacement.".
 * Errors: SG_E_LIMIT, SG_E_STORE. */
SG_MUST_CHECK enum sg_err view_replacement(const struct view_request *request,
                                           const PbReplacement *replacement, uint32_t relations,
                                           struct sg_arena *arena, PbReplacement **out_cut,
                                           struct view_paths *paths, struct sg_why *why);

#endif
