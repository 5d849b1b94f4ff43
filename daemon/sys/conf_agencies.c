#include "sys/conf_inside.h"

#include "wire/codec.h"
#include "wire/day.h"
#include "wire/keyfile.h"
#include "wire/scan.h"

#include <stdlib.h>

/* Names of the enum Capability of common.proto, in its order from 1. */
static const char *const capabilities[] = {
    "REFERRER",           "CASE_OWNER",       "CHILD_PROTECTION", "TRAINING_PROVIDER",
    "EQUIPMENT_PROVIDER", "IDENTITY_STEWARD", "OPERATOR",         "AUDITOR",
};

static const char *const agency_keys[] = {"id",        "name_id",         "name_en", "capabilities",
                                          "suspended", "round_the_clock", "devices"};
static const char *const device_keys[] = {"name", "curve", "sign", "not_before", "not_after"};

/* Where a value stands, for messages: file, and whose it is. */
struct place {
    const char *file, *owner; /* "agency 'dinsos'" */
};

static enum sg_err check_names(const config_setting_t *group, const char *const *names,
                               size_t count, const struct place *place, struct sg_why *why)
{
    if (!config_setting_is_group(group))
        return conf_wrong(why, place->file, group, "%s must be a group: { %s = ...; }",
                          place->owner, names[0]);
    int length = config_setting_length(group);
    for (int i = 0; i < length; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(at);
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(names[k], name) == 0;
        if (known)
            continue;
        const char *near = conf_nearest(name, names, count);
        return conf_wrong(why, place->file, at, "%s has no key '%.60s'; the nearest is '%s'",
                          place->owner, name, near ? near : names[0]);
    }
    return SG_OK;
}

/* A text of 1 to size - 1 bytes, without control characters. */
static enum sg_err get_text(const config_setting_t *group, const char *key,
                            const struct place *place, char *to, size_t size, struct sg_why *why)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    if (!at)
        return conf_wrong(why, place->file, group, "%s: '%s' is missing", place->owner, key);
    const char *text = config_setting_get_string(at);
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= size ||
        !sg_utf8_valid((struct sg_bytes){(const uint8_t *)text, len}, true))
        return conf_wrong(why, place->file, at, "%s: '%s' must be a text of 1 to %zu bytes",
                          place->owner, key, size - 1);
    memcpy(to, text, len + 1);
    return SG_OK;
}

static enum sg_err get_key(const config_setting_t *group, const char *key,
                           const struct place *place, uint8_t *to, struct sg_why *why)
{
    char text[2 * SG_KEY_BYTES + 1];
    enum sg_err err = get_text(group, key, place, text, sizeof text, why);
    if (!err && sg_hex_parse(text, to, SG_KEY_BYTES))
        err = conf_wrong(why, place->file, config_setting_get_member(group, key),
                         "%s: '%s' must be 64 hexadecimal digits, as sinergi keygen prints them",
                         place->owner, key);
    return err;
}

/* "2026-05-04" is a whole day in WIB: from its start, or to its end. */
static bool parse_day(const char *text, bool end, int64_t *out_ms)
{
    char start[40];
    int64_t ms = 0;
    (void)snprintf(start, sizeof start, "%.10sT00:00:00+07:00", text);
    if (strlen(text) != 10 || sg_time_parse(start, &ms) || ms <= 0)
        return false;
    *out_ms = ms + (end ? SG_DAY_MS - 1 : 0);
    return true;
}

static enum sg_err get_time(const config_setting_t *group, const char *key, bool end,
                            const struct place *place, int64_t *out_ms, struct sg_why *why)
{
    const config_setting_t *at = config_setting_get_member(group, key);
    const char *given = at ? config_setting_get_string(at) : "";
    if (given && given[0] == '\0') /* left out, or as sinergi keygen prints it */
        return SG_OK;
    char text[40];
    enum sg_err err = get_text(group, key, place, text, sizeof text, why);
    int64_t ms = 0;
    if (!err && !parse_day(text, end, &ms) && (sg_time_parse(text, &ms) || ms <= 0))
        err = conf_wrong(why, place->file, at,
                         "%s: '%s' must be a day, \"2026-05-04\", or a time, "
                         "\"2026-05-04T08:00:00+07:00\"",
                         place->owner, key);
    if (!err)
        *out_ms = ms;
    return err;
}

/* Lower-case letters, digits, '-', '_' and '.', so that "agency/device" has one slash. */
static bool is_device_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name);
}

static enum sg_err read_device(const config_setting_t *at, const struct place *of,
                               struct sg_device *device, struct sg_why *why)
{
    char owner[96];
    (void)snprintf(owner, sizeof owner, "a device of %s", of->owner);
    const struct place place = {of->file, owner};
    enum sg_err err = check_names(at, device_keys, SG_ARRAY_LEN(device_keys), &place, why);
    if (!err)
        err = get_text(at, "name", &place, device->name, sizeof device->name, why);
    if (!err && !is_device_name(device->name))
        err = conf_wrong(why, of->file, at, "%s: 'name' may hold a-z, 0-9, '-', '_' and '.': '%s'",
                         owner, device->name);
    if (!err)
        err = get_key(at, "curve", &place, device->curve_public, why);
    if (!err)
        err = get_key(at, "sign", &place, device->sign_public, why);
    if (!err)
        err = get_time(at, "not_before", false, &place, &device->not_before_ms, why);
    if (!err)
        err = get_time(at, "not_after", true, &place, &device->not_after_ms, why);
    if (!err && device->not_after_ms && device->not_after_ms <= device->not_before_ms)
        err = conf_wrong(why, of->file, at, "%s: 'not_after' lies before 'not_before'", owner);
    return err;
}

static enum sg_err read_devices(const config_setting_t *agency_at, const struct place *place,
                                struct sg_agency *agency, struct sg_why *why)
{
    const config_setting_t *list = config_setting_get_member(agency_at, "devices");
    if (!list)
        return SG_OK;
    int count = config_setting_length(list);
    if (!config_setting_is_list(list) || count > (int)SG_DEVICES_MAX)
        return conf_wrong(why, place->file, list,
                          "%s: 'devices' must be a list of at most %u: ( { name = ...; }, ... )",
                          place->owner, SG_DEVICES_MAX);
    if (count == 0)
        return SG_OK;
    agency->devices = calloc((size_t)count, sizeof *agency->devices);
    if (!agency->devices)
        return sg_fail(why, SG_E_CONF, "out of memory");
    agency->device_count = (size_t)count;
    enum sg_err err = SG_OK;
    for (int i = 0; !err && i < count; i++)
        err = read_device(config_setting_get_elem(list, (unsigned)i), place, &agency->devices[i],
                          why);
    return err;
}

static enum sg_err unknown_capability(const config_setting_t *at, const struct place *place,
                                      const char *text, struct sg_why *why)
{
    return conf_wrong(why, place->file, at,
                      "%s: capability \"%.40s\" must be one of REFERRER, CASE_OWNER, "
                      "CHILD_PROTECTION, TRAINING_PROVIDER, EQUIPMENT_PROVIDER, IDENTITY_STEWARD, "
                      "OPERATOR, AUDITOR",
                      place->owner, text ? text : "");
}

static enum sg_err read_capabilities(const config_setting_t *agency_at, const struct place *place,
                                     struct sg_agency *agency, struct sg_why *why)
{
    const config_setting_t *list = config_setting_get_member(agency_at, "capabilities");
    if (!list || !(config_setting_is_array(list) || config_setting_is_list(list)))
        return conf_wrong(why, place->file, list ? list : agency_at,
                          "%s: 'capabilities' must be a list: [ \"REFERRER\", ... ]", place->owner);
    int count = config_setting_length(list);
    for (int i = 0; i < count; i++) {
        const char *text = config_setting_get_string_elem(list, i);
        size_t n = 0;
        while (text && n < SG_ARRAY_LEN(capabilities) && strcmp(capabilities[n], text) != 0)
            n++;
        if (!text || n == SG_ARRAY_LEN(capabilities))
            return unknown_capability(list, place, text, why);
        agency->capabilities |= SG_CAP(n + 1);
    }
    return SG_OK;
}

/* Left out: stays as it is. */
static enum sg_err get_bool(const config_setting_t *group, const char *name,
                            const struct place *place, bool *out_value, struct sg_why *why)
{
    const config_setting_t *at = config_setting_get_member(group, name);
    if (at && config_setting_type(at) != CONFIG_TYPE_BOOL)
        return conf_wrong(why, place->file, at, "%s: '%s' must be true or false", place->owner,
                          name);
    if (at)
        *out_value = config_setting_get_bool(at) != 0;
    return SG_OK;
}

static enum sg_err read_agency(const config_setting_t *at, const char *file,
                               struct sg_agency *agency, struct sg_why *why)
{
    struct place place = {file, "an agency"};
    enum sg_err err = check_names(at, agency_keys, SG_ARRAY_LEN(agency_keys), &place, why);
    if (!err)
        err = get_text(at, "id", &place, agency->id, sizeof agency->id, why);
    if (!err && !sg_agency_valid(sg_bytes_of(agency->id)))
        err = conf_wrong(why, file, at,
                         "an agency: 'id' is '%s', want a letter, then 1 to 30 of a-z, 0-9 and '-'",
                         agency->id);
    if (err)
        return err;

    char owner[64];
    (void)snprintf(owner, sizeof owner, "agency '%s'", agency->id);
    place.owner = owner;
    err = get_text(at, "name_id", &place, agency->name_id, sizeof agency->name_id, why);
    if (!err)
        err = get_text(at, "name_en", &place, agency->name_en, sizeof agency->name_en, why);
    if (!err)
        err = read_capabilities(at, &place, agency, why);
    if (!err)
        err = get_bool(at, "suspended", &place, &agency->suspended, why);
    if (!err)
        err = get_bool(at, "round_the_clock", &place, &agency->round_the_clock, why);
    return err ? err : read_devices(at, &place, agency, why);
}

/* ---- nothing twice ---- */

static int by_id(const void *a, const void *b)
{
    const struct sg_agency *left = a, *right = b;
    return strcmp(left->id, right->id);
}

/* One device of the whole roster, to find equal keys by sorting. */
struct holder {
    const uint8_t *key;
    const struct sg_agency *agency;
    const struct sg_device *device;
};

static int by_key(const void *a, const void *b)
{
    const struct holder *left = a, *right = b;
    return memcmp(left->key, right->key, SG_KEY_BYTES);
}

static size_t collect(const struct sg_roster *roster, bool sign, struct holder *holders)
{
    size_t n = 0;
    for (size_t a = 0; a < roster->agency_count; a++) {
        const struct sg_agency *agency = &roster->agencies[a];
        for (size_t d = 0; d < agency->device_count; d++) {
            const struct sg_device *device = &agency->devices[d];
            holders[n++] =
                (struct holder){sign ? device->sign_public : device->curve_public, agency, device};
        }
    }
    return n;
}

static enum sg_err refuse_equal_keys(const struct sg_roster *roster, bool sign, const char *file,
                                     struct sg_why *why)
{
    size_t count = 0;
    for (size_t a = 0; a < roster->agency_count; a++)
        count += roster->agencies[a].device_count;
    SG_AUTO(sg_heap_done) struct holder *holders = calloc(count + 1, sizeof *holders);
    if (!holders)
        return sg_fail(why, SG_E_CONF, "out of memory");
    size_t n = collect(roster, sign, holders);
    qsort(holders, n, sizeof *holders, by_key);
    for (size_t i = 1; i < n; i++) {
        const struct holder *a = &holders[i - 1], *b = &holders[i];
        if (memcmp(a->key, b->key, SG_KEY_BYTES) == 0)
            return sg_fail(why, SG_E_CONF,
                           "%.120s: devices '%s/%s' and '%s/%s' have the same '%s' key: make one "
                           "key per device",
                           file, a->agency->id, a->device->name, b->agency->id, b->device->name,
                           sign ? "sign" : "curve");
    }
    return SG_OK;
}

static enum sg_err refuse_equal_names(const struct sg_roster *roster, const char *file,
                                      struct sg_why *why)
{
    for (size_t a = 0; a < roster->agency_count; a++) {
        const struct sg_agency *agency = &roster->agencies[a];
        if (a && strcmp(agency->id, roster->agencies[a - 1].id) == 0)
            return sg_fail(why, SG_E_CONF, "%.120s: agency '%s' stands there twice", file,
                           agency->id);
        for (size_t d = 1; d < agency->device_count; d++)
            for (size_t e = 0; e < d; e++)
                if (strcmp(agency->devices[d].name, agency->devices[e].name) == 0)
                    return sg_fail(why, SG_E_CONF, "%.120s: device '%s/%s' stands there twice",
                                   file, agency->id, agency->devices[d].name);
    }
    return SG_OK;
}

enum sg_err conf_read_agencies(const config_setting_t *list, const char *name,
                               struct sg_roster **out_roster, struct sg_why *why)
{
    int count = config_setting_length(list);
    if (!config_setting_is_list(list) || count > (int)SG_AGENCIES_MAX)
        return conf_wrong(why, name, list,
                          "'agencies' must be a list of at most %u: ( { id = ...; }, ... )",
                          SG_AGENCIES_MAX);
    SG_AUTO(sg_roster_free) struct sg_roster *roster = calloc(1, sizeof *roster);
    if (roster)
        roster->agencies = calloc((size_t)count + 1, sizeof *roster->agencies);
    if (!roster || !roster->agencies)
        return sg_fail(why, SG_E_CONF, "out of memory");
    roster->agency_count = (size_t)count;

    enum sg_err err = SG_OK;
    for (int i = 0; !err && i < count; i++)
        err = read_agency(config_setting_get_elem(list, (unsigned)i), name, &roster->agencies[i],
                          why);
    if (err)
        return err;
    qsort(roster->agencies, roster->agency_count, sizeof *roster->agencies, by_id);
    err = refuse_equal_names(roster, name, why);
    if (!err)
        err = refuse_equal_keys(roster, false, name, why);
    if (!err)
        err = refuse_equal_keys(roster, true, name, why);
    if (!err)
        *out_roster = SG_TAKE(roster);
    return err;
}
