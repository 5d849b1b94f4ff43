/* The payload inside a replacement is a payload: who may not read a field of the original event
 * does not read it in its correction either.
 */
#include "broker/view_correction.h"

#include "wire/replacement.h"

#include <string.h>

static const char prefix[] = "event_corrected.replacement.";

/* "placement_ended.result" -> "event_corrected.replacement.result" */
static bool add_path(struct view_paths *paths, const char *inner, struct sg_arena *arena)
{
    const char *dot = strchr(inner, '.');
    if (!dot || paths->count == SG_ARRAY_LEN(paths->paths))
        return true;
    char *path = sg_arena_format(arena, "%s%s", prefix, dot + 1);
    if (path)
        paths->paths[paths->count++] = path;
    return path != NULL;
}

enum sg_err view_replacement(const struct view_request *request, const PbReplacement *replacement,
                             uint32_t relations, struct sg_arena *arena, PbReplacement **out_cut,
                             struct view_paths *paths, struct sg_why *why)
{
    const PbEffect *effect = request->record->rest->effect;
    struct view_paths inner = {.count = 0};
    PbEnvelope *envelope = NULL;
    if (!effect || !effect->correction)
        return sg_fail(why, SG_E_STORE, "record %llu: a replacement of nothing",
                       (unsigned long long)request->record->seq);
    enum sg_err err =
        sg_replacement_open(replacement, effect->correction->type, arena, &envelope, why);
    if (err)
        return err == SG_E_FORMAT ? sg_fail(why, SG_E_STORE, "record %llu does not decode",
                                            (unsigned long long)request->record->seq)
                                  : err;
    if (envelope->placement_ended)
        envelope->placement_ended->course_code = effect->course_code;
    view_cut_payload(request, envelope, relations, arena, &inner);
    PbReplacement *cut = SG_NEW(arena, PbReplacement);
    if (!cut || arena->spent)
        return sg_fail(why, SG_E_LIMIT, "view: the arena is full");
    err = sg_replacement_of(envelope, arena, cut, why);
    for (size_t i = 0; !err && i < inner.count; i++)
        if (!add_path(paths, inner.paths[i], arena))
            return sg_fail(why, SG_E_LIMIT, "view: the arena is full");
    if (!err)
        *out_cut = cut;
    return err;
}
