/* conf.h - the configuration of an agent: agent.conf (libconfig; see sinergi-agent.conf(5)).
 *
 * Relative paths belong to the folder of the file that names them, so that a folder can be copied
 * whole. A key that is not known is refused with its line and with the keys that there are.
 */
#ifndef SINERGI_AGENT_CONF_H
#define SINERGI_AGENT_CONF_H

#include "kit/arena.h"

#include <stdbool.h>

enum {
    AGENT_SUBSCRIPTIONS_MAX = 8,
    AGENT_HANDLERS_MAX = 8, /* of one subscription */
    AGENT_TYPES_MAX = 64,
    AGENT_ARGS_MAX = 32,
    AGENT_MAPS_MAX = 64,
};

enum handler_kind { HANDLER_EXEC, HANDLER_JSONL, HANDLER_SQLITE };

struct handler_conf {
    unsigned line;
    enum handler_kind kind;
    const char *path;        /* of the program or the file; whole */
    const char *const *argv; /* of exec: NULL at the end; argv[0] is the path */
    int64_t rotate_mib, keep;
    int64_t timeout_s, retry_s;
};

struct subscription_conf {
    unsigned line;
    const char *name;
    const char *const *types; /* NULL at the end; NULL = all */
    uint64_t from_seq;        /* when from is SINERGI_FROM_SEQ */
    int from;                 /* enum sinergi_start */
    bool take_over;
    size_t handler_count;
    struct handler_conf handlers[AGENT_HANDLERS_MAX];
};

struct map_conf {
    unsigned line;
    const char *files; /* pattern of file names; case does not matter */
    const char *map;
};

struct drop_conf {
    const char *folder; /* NULL = there is none */
    int64_t settle_s, keep_days;
    size_t map_count;
    struct map_conf maps[AGENT_MAPS_MAX];
};

struct agent_conf {
    struct sg_arena arena;              /* every text */
    const char *file, *folder, *client; /* agent.conf, where it stands, sinergi.conf: whole paths */
    size_t subscription_count;
    struct subscription_conf subscriptions[AGENT_SUBSCRIPTIONS_MAX];
    struct drop_conf drop;
};

/* Errors: SG_E_CONF: file, line, key and what would be accepted, in Indonesian and English. */
SG_MUST_CHECK enum sg_err agent_conf_read(const char *path, struct agent_conf *out_conf,
                                          struct sg_why *why);
void agent_conf_done(struct agent_conf *conf);

/* What only the whole file and the disk can tell: files that two handlers would write, programs
 * that are not there. Errors: SG_E_CONF. */
SG_MUST_CHECK enum sg_err agent_conf_check(const struct agent_conf *conf, struct sg_why *why);

/* Does a subscription with these types (NULL = all) get events of the topic? */
bool agent_conf_types_match(const char *const *types, const char *topic);

#endif
