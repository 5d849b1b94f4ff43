/* value.h - the text of a cell becomes the value of a field, by the type and form of the field.
 *
 * What a clerk would read one way is taken; what could mean two things, or has lost digits on its
 * way through Excel, is refused with the reason and what to do.
 */
#ifndef SINERGI_SHEET_VALUE_H
#define SINERGI_SHEET_VALUE_H

#include "sheet/date.h"
#include "sheet/path.h"
#include "wire/lists.h"

struct value_context {
    const struct sg_lists *lists; /* NULL: codes only, no labels */
    int32_t day;                  /* of the row, for labels */
    int32_t zone_min;             /* of times without one */
    int32_t birth_year;           /* a birth year of two digits is not after it */
};

/* The cell, cleaned and not empty. *out is a new reference. */
bool value_read(const struct value_context *context, const struct field_path *path,
                const char *cell, json_t **out, struct sheet_fault *fault);
/* A number that Excel has written shorter, as 1,47E+15: its digits are lost. */
bool value_is_shortened(const char *cell);

/* In *fault what a field takes, for people. Always false. */
bool value_accepts(const struct field_path *path, struct sheet_fault *fault);

#endif
