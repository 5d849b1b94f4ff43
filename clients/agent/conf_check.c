/* conf_check.c - what is wrong with a configuration as a whole. */
#include "agent/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file has one path here, whatever links lead to it. The file itself need not be there. */
static bool real_place(const char *path, char to[PATH_MAX])
{
    if (realpath(path, to))
        return true;
    char folder[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    if (!realpath(folder, real))
        return false;
    int len = snprintf(to, PATH_MAX, "%s/%s", real, slash + 1);
    return len > 0 && len < PATH_MAX;
}

static enum sg_err check_place(const struct agent_conf *conf, const struct handler_conf *handler,
                               struct sg_why *why)
{
    char place[PATH_MAX];
    if (handler->kind == HANDLER_EXEC) {
        struct stat st;
        if (stat(handler->path, &st) == 0 && S_ISREG(st.st_mode) &&
            access(handler->path, X_OK) == 0)
            return SG_OK;
        return sg_fail(
            why, SG_E_CONF,
            "%s:%u: exec: '%s' bukan program yang dapat dijalankan (chmod +x) / is not a "
            "program that can be run (chmod +x)",
            conf->file, handler->line, handler->path);
    }
    if (real_place(handler->path, place))
        return SG_OK;
    return sg_fail(why, SG_E_CONF, "%s:%u: folder '%s' tidak ada / the folder is not there: %s",
                   conf->file, handler->line, handler->path, strerror(errno));
}

/* `subscription` is the index of the one that the handler belongs to. Several subscriptions may
 * share one database: each has its own row in the table of cursors. */
static bool share(const struct handler_conf *a, size_t subscription_a, const struct handler_conf *b,
                  size_t subscription_b)
{
    char place_a[PATH_MAX], place_b[PATH_MAX];
    if (a->kind == HANDLER_EXEC || b->kind == HANDLER_EXEC)
        return false;
    if (a->kind == HANDLER_SQLITE && b->kind == HANDLER_SQLITE && subscription_a != subscription_b)
        return false;
    return real_place(a->path, place_a) && real_place(b->path, place_b) &&
           strcmp(place_a, place_b) == 0;
}

static enum sg_err check_shared(const struct agent_conf *conf, size_t subscription, size_t handler,
                                struct sg_why *why)
{
    const struct handler_conf *mine = &conf->subscriptions[subscription].handlers[handler];
    for (size_t s = 0; s <= subscription; s++) {
        const struct subscription_conf *other = &conf->subscriptions[s];
        size_t end = s == subscription ? handler : other->handler_count;
        for (size_t h = 0; h < end; h++) {
            if (share(mine, subscription, &other->handlers[h], s))
                return sg_fail(
                    why, SG_E_CONF,
                    "%s:%u: '%s' sudah ditulis oleh handler di baris %u; satu file untuk "
                    "satu handler / is written by the handler of line %u already; one "
                    "file for one handler",
                    conf->file, mine->line, mine->path, other->handlers[h].line,
                    other->handlers[h].line);
        }
    }
    return SG_OK;
}

static enum sg_err check_subscription(const struct agent_conf *conf, size_t index,
                                      struct sg_why *why)
{
    const struct subscription_conf *sub = &conf->subscriptions[index];
    for (size_t i = 0; i < index; i++) {
        if (strcmp(conf->subscriptions[i].name, sub->name) == 0)
            return sg_fail(why, SG_E_CONF,
                           "%s:%u: langganan '%s' sudah ada di baris %u / the subscription stands "
                           "in line %u already",
                           conf->file, sub->line, sub->name, conf->subscriptions[i].line,
                           conf->subscriptions[i].line);
    }
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < sub->handler_count; i++) {
        err = check_place(conf, &sub->handlers[i], why);
        if (!err)
            err = check_shared(conf, index, i, why);
    }
    return err;
}

static enum sg_err check_drop(const struct agent_conf *conf, struct sg_why *why)
{
    struct stat st;
    if (!conf->drop.folder)
        return SG_OK;
    if (stat(conf->drop.folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return sg_fail(why, SG_E_CONF, "%s: drop.folder: '%s' bukan folder / is not a folder",
                       conf->file, conf->drop.folder);
    for (size_t i = 0; i < conf->drop.map_count; i++) {
        const struct map_conf *map = &conf->drop.maps[i];
        if (access(map->map, R_OK) != 0)
            return sg_fail(why, SG_E_CONF, "%s:%u: '%s' tidak dapat dibaca / cannot be read: %s",
                           conf->file, map->line, map->map, strerror(errno));
    }
    return SG_OK;
}

enum sg_err agent_conf_check(const struct agent_conf *conf, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < conf->subscription_count; i++)
        err = check_subscription(conf, i, why);
    return err ? err : check_drop(conf, why);
}
