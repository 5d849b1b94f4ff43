#include "lib/conf.h"

#include "wire/keyfile.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum kind { KIND_TEXT, KIND_KEY, KIND_ID, KIND_LANGUAGE, KIND_BOOL, KIND_ENDPOINT };

static const struct key {
    const char *group, *name; /* group NULL: at the top */
    size_t offset;            /* into struct client_conf */
    enum kind kind;
    bool must;
} keys[] = {
    /* clang-format off */
    {NULL,     "key",      offsetof(struct client_conf, key_path), KIND_TEXT, true},
    {NULL,     "data",     offsetof(struct client_conf, data_path), KIND_TEXT, true},
    {NULL,     "codes",    offsetof(struct client_conf, codes_path), KIND_TEXT, false},
    {NULL,     "language", offsetof(struct client_conf, language), KIND_LANGUAGE, false},
    {NULL,     "make_ids", offsetof(struct client_conf, make_ids), KIND_BOOL, false},
    {"broker", "endpoint", offsetof(struct client_conf, endpoint), KIND_ENDPOINT, true},
    {"broker", "curve",    offsetof(struct client_conf, broker_curve), KIND_KEY, true},
    {"broker", "sign",     offsetof(struct client_conf, broker_sign), KIND_KEY, true},
    {"broker", "store",    offsetof(struct client_conf, store_id), KIND_ID, true},
}; /* clang-format on */

static const char *const accepted[] = {
    [KIND_TEXT] = "text of 1 to 255 bytes",
    [KIND_KEY] = "64 hexadecimal digits",
    [KIND_ID] = "an id as printed by sinergid --card",
    [KIND_LANGUAGE] = "\"id\" or \"en\"",
    [KIND_BOOL] = "true or false",
    [KIND_ENDPOINT] = "\"tcp://HOST:PORT\" or \"ipc://PATH\"",
};

static void config_done(config_t *config)
{
    config_destroy(config);
}

static const struct key *find_key(const char *group, const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(keys); i++) {
        bool same_group =
            group ? keys[i].group && strcmp(keys[i].group, group) == 0 : keys[i].group == NULL;
        if (same_group && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static enum sg_err wrong(const struct key *key, const config_setting_t *at, const char *path,
                         struct sg_why *why)
{
    return sg_fail(why, SG_E_CONF, "%s:%u: '%s%s%s': want %s", path, config_setting_source_line(at),
                   key->group ? key->group : "", key->group ? "." : "", key->name,
                   accepted[key->kind]);
}

static bool set_text(const char *text, char *to, size_t size)
{
    size_t len = strlen(text);
    if (len == 0 || len >= size)
        return false;
    memcpy(to, text, len + 1);
    return true;
}

static bool is_endpoint(const char *text)
{
    return (strncmp(text, "tcp://", 6) == 0 && strrchr(text + 6, ':') != NULL) ||
           (strncmp(text, "ipc://", 6) == 0 && text[6] != '\0');
}

static bool set_value(const struct key *key, const config_setting_t *at, char *to)
{
    if (key->kind == KIND_BOOL) {
        if (config_setting_type(at) != CONFIG_TYPE_BOOL)
            return false;
        bool value = config_setting_get_bool(at) != 0;
        memcpy(to, &value, sizeof value);
        return true;
    }
    const char *text = config_setting_get_string(at);
    if (!text)
        return false;
    switch (key->kind) {
    case KIND_TEXT: return set_text(text, to, CLIENT_PATH_MAX + 1);
    case KIND_ENDPOINT: return is_endpoint(text) && set_text(text, to, CLIENT_PATH_MAX + 1);
    case KIND_KEY: return sg_hex_parse(text, (uint8_t *)to, SG_KEY_BYTES) == SG_OK;
    case KIND_ID: {
        struct sg_id id;
        if (sg_id_parse(text, &id))
            return false;
        memcpy(to, &id, sizeof id);
        return true;
    }
    case KIND_LANGUAGE:
        return (strcmp(text, "id") == 0 || strcmp(text, "en") == 0) && set_text(text, to, 3);
    case KIND_BOOL: return false;
    }
    return false;
}

static enum sg_err take(const config_setting_t *at, const char *group, const char *path,
                        struct client_conf *conf, struct sg_why *why)
{
    const struct key *key = find_key(group, config_setting_name(at));
    if (!key)
        return sg_fail(why, SG_E_CONF, "%s:%u: '%s%s%s' is not a key of this file", path,
                       config_setting_source_line(at), group ? group : "", group ? "." : "",
                       config_setting_name(at));
    return set_value(key, at, (char *)conf + key->offset) ? SG_OK : wrong(key, at, path, why);
}

static enum sg_err take_group(const config_setting_t *group, const char *name, const char *path,
                              struct client_conf *conf, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    int count = config_setting_length(group);
    for (int i = 0; !err && i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        if (!name && strcmp(config_setting_name(at), "broker") == 0 && config_setting_is_group(at))
            continue;
        err = take(at, name, path, conf, why);
    }
    return err;
}

static enum sg_err demand_all(const config_t *config, const char *path, struct sg_why *why)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(keys); i++) {
        char full[64];
        (void)snprintf(full, sizeof full, "%s%s%s", keys[i].group ? keys[i].group : "",
                       keys[i].group ? "." : "", keys[i].name);
        if (keys[i].must && !config_lookup(config, full))
            return sg_fail(why, SG_E_CONF, "%s: '%s' is missing: want %s", path, full,
                           accepted[keys[i].kind]);
    }
    return SG_OK;
}

enum sg_err client_conf_read(const char *path, struct client_conf *out_conf, struct sg_why *why)
{
    SG_AUTO(config_done) config_t config;
    config_init(&config);
    if (!config_read_file(&config, path)) {
        if (config_error_type(&config) == CONFIG_ERR_FILE_IO)
            return sg_fail(why, SG_E_CONF, "%s: cannot be read", path);
        return sg_fail(why, SG_E_CONF, "%s:%d: %s", path, config_error_line(&config),
                       config_error_text(&config));
    }
    struct client_conf conf = {.make_ids = true};
    enum sg_err err = take_group(config_root_setting(&config), NULL, path, &conf, why);
    const config_setting_t *broker = config_lookup(&config, "broker");
    if (!err && broker && config_setting_is_group(broker))
        err = take_group(broker, "broker", path, &conf, why);
    if (!err)
        err = demand_all(&config, path, why);
    if (!err)
        *out_conf = conf;
    return err;
}

enum sg_err client_conf_make_data(const struct client_conf *conf, struct sg_why *why)
{
    if (mkdir(conf->data_path, 0700) != 0 && errno != EEXIST)
        return sg_fail(why, SG_E_CONF, "make folder '%s': %s", conf->data_path, strerror(errno));
    struct stat st;
    if (stat(conf->data_path, &st) != 0 || !S_ISDIR(st.st_mode))
        return sg_fail(why, SG_E_CONF, "'%s' is not a folder", conf->data_path);
    return SG_OK;
}
