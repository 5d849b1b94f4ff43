/* conf_inside.h - what the sources of conf know of each other; nobody else includes it. */
#ifndef SINERGI_SYS_CONF_INSIDE_H
#define SINERGI_SYS_CONF_INSIDE_H

#include "sys/conf.h"

#include <libconfig.h>

enum conf_kind { CONF_TEXT, CONF_NUMBER, CONF_YES_NO, CONF_LEVEL };

/* One key of a group of settings. */
struct conf_key {
    const char *path; /* "listen.tcp" */
    enum conf_kind kind;
    size_t offset;    /* into struct settings */
    int64_t min, max; /* of the number, or of the length of the text */
    bool live;        /* a reload applies it */
    const char *unit; /* or what the text is */
    const char *text; /* defaults */
    int64_t number;
};
#define CONF_KEYS_MAX 64
extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;

/* "FILE:LINE: " and the sentence. */
SG_PRINTF(4, 5)
enum sg_err conf_wrong(struct sg_why *why, const char *name, const config_setting_t *at,
                       const char *fmt, ...);

/* The name of the table that is nearest to `word`, for "did you mean"; NULL when none is near. */
const char *conf_nearest(const char *word, const char *const *names, size_t count);

/* The list of agencies. *out_roster is whole or not made. Errors: SG_E_CONF. */
SG_MUST_CHECK enum sg_err conf_read_agencies(const config_setting_t *list, const char *name,
                                             struct sg_roster **out_roster, struct sg_why *why);

#endif
