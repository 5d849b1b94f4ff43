#include "sys/conf_inside.h"

#include "wire/limits.h"

#include <stdlib.h>

/* ---- do the settings fit together? ---- */

static enum sg_err check_range(const struct conf_key *key, const struct settings *settings,
                               struct sg_why *why)
{
    const char *from = (const char *)settings + key->offset;
    int64_t value = 0;
    if (key->kind == CONF_YES_NO)
        return SG_OK;
    if (key->kind == CONF_TEXT)
        value = (int64_t)strlen(from);
    else
        memcpy(&value, from, sizeof value);
    if (value < key->min || value > key->max)
        return sg_fail(why, SG_E_CONF, "'%s' is out of range: %lld to %lld %s", key->path,
                       (long long)key->min, (long long)key->max, key->unit);
    return SG_OK;
}

/* A port of 1 to 65535, or "*": any free one. */
static bool is_port(const char *text)
{
    if (strcmp(text, "*") == 0)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    long port = strtol(text, NULL, 10);
    return port >= 1 && port <= 65535;
}

static enum sg_err check_endpoints(const struct settings *settings, struct sg_why *why)
{
    const char *tcp = settings->listen_tcp, *local = settings->listen_local;
    const char *colon = strrchr(tcp, ':');
    if (tcp[0] &&
        (strncmp(tcp, "tcp://", 6) != 0 || !colon || colon <= tcp + 6 || !is_port(colon + 1)))
        return sg_fail(why, SG_E_CONF,
                       "'listen.tcp' is \"%.80s\", want \"tcp://ADDRESS:PORT\" with a port of 1 to "
                       "65535",
                       tcp);
    if (local[0] && strncmp(local, "ipc:///", 7) != 0)
        return sg_fail(why, SG_E_CONF,
                       "'listen.local' is \"%.80s\", want \"ipc:///PATH\" (an abstract socket has "
                       "no permissions)",
                       local);
    if (!tcp[0] && !local[0])
        return sg_fail(why, SG_E_CONF,
                       "'listen.tcp' and 'listen.local' are both empty: nobody "
                       "could connect");
    return SG_OK;
}

/* Every connection may fill its two pipes; that must not take more than half of the memory. */
static enum sg_err check_memory(const struct settings *settings, struct sg_why *why)
{
    int64_t per_connection = INT64_C(1) * (SG_RCVHWM + SG_SNDHWM) * SG_ZMQ_MSG_MAX;
    int64_t half = settings->memory_max_mib * (INT64_C(1) << 20) / 2;
    if (settings->max_connections * per_connection <= half)
        return SG_OK;
    return sg_fail(why, SG_E_CONF,
                   "'listen.max_connections' is %lld, but half of 'memory.max_mib' holds %lld "
                   "connections of %lld KiB",
                   (long long)settings->max_connections, (long long)(half / per_connection),
                   (long long)(per_connection >> 10));
}

enum sg_err conf_check_settings(const struct settings *settings, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < conf_key_count; i++)
        err = check_range(&conf_keys[i], settings, why);
    if (!err)
        err = check_endpoints(settings, why);
    if (!err)
        err = check_memory(settings, why);
    if (!err && strcmp(settings->store_path, settings->store_head) == 0)
        err = sg_fail(why, SG_E_CONF, "'store.head' and 'store.path' are the same file");
    if (!err && settings->target_min > settings->target_max)
        err = sg_fail(why, SG_E_CONF, "'reports.target_min' is greater than 'reports.target_max'");
    return err;
}

/* ---- what a reload changes ---- */

struct teller {
    conf_change_fn *tell;
    void *context;
};

static bool same_device(const struct sg_device *a, const struct sg_device *b)
{
    return memcmp(a->curve_public, b->curve_public, sizeof a->curve_public) == 0 &&
           memcmp(a->sign_public, b->sign_public, sizeof a->sign_public) == 0 &&
           a->not_before_ms == b->not_before_ms && a->not_after_ms == b->not_after_ms;
}

static const struct sg_device *find_device(const struct sg_agency *agency, const char *name)
{
    for (size_t i = 0; agency && i < agency->device_count; i++)
        if (strcmp(agency->devices[i].name, name) == 0)
            return &agency->devices[i];
    return NULL;
}

/* Tell the devices of `to` that `from` has not, or, with `both`, has otherwise. */
static void tell_devices(const struct teller *teller, const struct sg_agency *to,
                         const struct sg_agency *from, enum conf_change change, bool both)
{
    for (size_t i = 0; to && i < to->device_count; i++) {
        const struct sg_device *device = &to->devices[i];
        const struct sg_device *other = find_device(from, device->name);
        char name[SG_AGENCY_MAX + SG_DEVICE_MAX + 2];
        (void)snprintf(name, sizeof name, "%s/%s", to->id, device->name);
        if (!other)
            teller->tell(teller->context, change, "device", name);
        else if (both && !same_device(device, other))
            teller->tell(teller->context, CONF_CHANGED, "device", name);
    }
}

static bool same_agency(const struct sg_agency *a, const struct sg_agency *b)
{
    return a->capabilities == b->capabilities && a->suspended == b->suspended &&
           strcmp(a->name_id, b->name_id) == 0 && strcmp(a->name_en, b->name_en) == 0;
}

static void tell_agencies(const struct teller *teller, const struct sg_roster *from,
                          const struct sg_roster *to)
{
    for (size_t i = 0; i < to->agency_count; i++) {
        const struct sg_agency *agency = &to->agencies[i];
        const struct sg_agency *other = sg_roster_agency(from, agency->id);
        if (!other)
            teller->tell(teller->context, CONF_ADDED, "agency", agency->id);
        else if (!same_agency(agency, other))
            teller->tell(teller->context, CONF_CHANGED, "agency", agency->id);
        tell_devices(teller, agency, other, CONF_ADDED, true);
    }
    for (size_t i = 0; i < from->agency_count; i++) {
        const struct sg_agency *agency = &from->agencies[i];
        const struct sg_agency *other = sg_roster_agency(to, agency->id);
        if (!other)
            teller->tell(teller->context, CONF_REMOVED, "agency", agency->id);
        tell_devices(teller, agency, other, CONF_REMOVED, false);
    }
}

static bool same_value(const struct conf_key *key, const struct settings *a,
                       const struct settings *b)
{
    const char *at_a = (const char *)a + key->offset, *at_b = (const char *)b + key->offset;
    switch (key->kind) {
    case CONF_TEXT: return strcmp(at_a, at_b) == 0;
    case CONF_YES_NO: return memcmp(at_a, at_b, sizeof(bool)) == 0;
    case CONF_NUMBER:
    case CONF_LEVEL: return memcmp(at_a, at_b, sizeof(int64_t)) == 0;
    }
    return false;
}

static size_t value_size(enum conf_kind kind)
{
    switch (kind) {
    case CONF_TEXT: return CONF_TEXT_MAX + 1;
    case CONF_YES_NO: return sizeof(bool);
    case CONF_NUMBER:
    case CONF_LEVEL: return sizeof(int64_t);
    }
    return 0;
}

void conf_keep_running(const struct settings *running, struct settings *settings)
{
    for (size_t i = 0; i < conf_key_count; i++)
        if (!conf_keys[i].live)
            memcpy((char *)settings + conf_keys[i].offset,
                   (const char *)running + conf_keys[i].offset, value_size(conf_keys[i].kind));
}

void conf_compare(const struct conf *from, const struct conf *to, conf_change_fn *tell,
                  void *context)
{
    for (size_t i = 0; i < conf_key_count; i++) {
        const struct conf_key *key = &conf_keys[i];
        if (!same_value(key, &from->settings, &to->settings))
            tell(context, key->live ? CONF_CHANGED : CONF_NEEDS_RESTART, "key", key->path);
    }
    tell_agencies(&(struct teller){tell, context}, from->roster, to->roster);
}
