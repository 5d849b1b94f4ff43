/* lists.h - the code lists: regions, courses, kits, PPKS, services, holidays.
 *
 * Data files under conf/codes (CSV with a heading: code,label_id,label_en,valid_from,valid_to;
 * holidays: date,label_id,label_en; kits carry a column course, courses kbji and skkni). They are
 * checked when they are loaded, as one or not at all. A code that was valid once stays known:
 * replay never refuses. Days are days since 1970-01-01 (WIB calendar).
 */
#ifndef SINERGI_WIRE_LISTS_H
#define SINERGI_WIRE_LISTS_H

#include "kit/bytes.h"
#include "kit/err.h"

struct sg_lists;

enum sg_list {
    SG_LIST_REGIONS,
    SG_LIST_COURSES,
    SG_LIST_KITS,
    SG_LIST_PPKS,
    SG_LIST_SERVICES,
    SG_LISTS
};

enum sg_code_known {
    SG_CODE_UNKNOWN,
    SG_CODE_VALID,
    SG_CODE_OLD, /* known, not valid on that day */
};

/* Load all lists of a folder. Errors: SG_E_CONF with file, line, column and what would be accepted;
 * SG_E_SYS (memory). */
SG_MUST_CHECK enum sg_err sg_lists_load(const char *folder, struct sg_lists **out_lists,
                                        struct sg_why *why);
void sg_lists_free(struct sg_lists **lists);

/* Binary search; no allocation. */
enum sg_code_known sg_lists_find(const struct sg_lists *lists, enum sg_list list,
                                 struct sg_bytes code, int32_t day);
/* Label valid on that day; NULL if the code is not known. */
const char *sg_lists_label(const struct sg_lists *lists, enum sg_list list, struct sg_bytes code,
                           int32_t day, bool english);
/* Back from a label in either language (letters of any case): the code that has it on that day and
 * `least_levels` groups or more (of a region: a city has 2, a kecamatan 3). NULL: none has it, or
 * more than one. A search through all of the list. */
const char *sg_lists_code(const struct sg_lists *lists, enum sg_list list, const char *label,
                          int32_t day, int least_levels);
bool sg_lists_holiday(const struct sg_lists *lists, int32_t day);
/* 16 hexadecimal digits of the hash of all files: Welcome.code_list_version. */
const char *sg_lists_version(const struct sg_lists *lists);

#endif
