/* conf.h - the configuration file: settings, and the roster of agencies.
 *
 * A file is taken whole or not at all. What is wrong is named with file, line, key and what would
 * be accepted; a key that does not exist is an error too. Every key with its default stands in
 * conf/sinergid.conf and in sinergid.conf(5).
 */
#ifndef SINERGI_SYS_CONF_H
#define SINERGI_SYS_CONF_H

#include "wire/roster.h"
#include "wire/time_limits.h"

#include <stdio.h>

#define CONF_TEXT_MAX 255
#define CONF_CREDENTIAL "credential:" /* before the name of a systemd credential */

/* An empty text or 0 means "none" where the key allows it. */
struct settings {
    char listen_tcp[CONF_TEXT_MAX + 1], listen_local[CONF_TEXT_MAX + 1];
    char listen_local_group[CONF_TEXT_MAX + 1];
    bool listen_ipv6;
    int64_t max_connections, key_connections;
    char store_path[CONF_TEXT_MAX + 1], store_head[CONF_TEXT_MAX + 1];
    int64_t map_gib, reserve_percent, reserve_mib;
    char keys_file[CONF_TEXT_MAX + 1];
    char codes_path[CONF_TEXT_MAX + 1];
    int64_t memory_max_mib;
    int64_t target_min, target_max; /* persons that are to be trained in a year */
    int64_t log_level;              /* LOG_ERR to LOG_DEBUG */
    struct sg_time_limits limits;
};

struct conf {
    struct settings settings;
    struct sg_roster *roster;
};

/* Errors: SG_E_CONF. */
SG_MUST_CHECK enum sg_err conf_read_file(const char *path, struct conf *out_conf,
                                         struct sg_why *why);
/* The same from a text; `name` stands in messages in place of the path. */
SG_MUST_CHECK enum sg_err conf_read_text(const char *text, const char *name, struct conf *out_conf,
                                         struct sg_why *why);
void conf_done(struct conf *conf);

/* Are values within their ranges, and do they fit together? What conf_read gives, does. Errors:
 * SG_E_CONF with the key. */
SG_MUST_CHECK enum sg_err conf_check_settings(const struct settings *settings, struct sg_why *why);

/* The path of the key file. A credential of that name (or of the file's own name, when the service
 * manager hands one over) goes before the file. Errors: SG_E_CONF. */
SG_MUST_CHECK enum sg_err conf_key_path(const struct settings *settings, char *to, size_t size,
                                        struct sg_why *why);

/* ---- what a reload changes ---- */

enum conf_change { CONF_ADDED, CONF_REMOVED, CONF_CHANGED, CONF_NEEDS_RESTART };
/* kind "agency" or "device" with name "dinsos" or "dinsos/kantor"; "key" with name "store.path". */
typedef void conf_change_fn(void *context, enum conf_change change, const char *kind,
                            const char *name);
/* Values that a reload does not apply stay as they run. */
void conf_keep_running(const struct settings *running, struct settings *settings);
void conf_compare(const struct conf *from, const struct conf *to, conf_change_fn *tell,
                  void *context);

#endif
