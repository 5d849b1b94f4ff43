#include "agent/conf.h"

#include "agent/forget.h"
#include "lib/sinergi.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/contract.h"
#include "wire/limits.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONF_ARENA_BYTES = 1 << 20, PATH_BYTES_MAX = 1024, TEXT_BYTES_MAX = 255 };
enum { DAY_S = 86400, GROUP_KEYS_MAX = 8 };

enum kind {
    KIND_TEXT,
    KIND_PATH,
    KIND_NUMBER,
    KIND_BOOL,
    KIND_NAME,
    KIND_FROM,
    KIND_TYPES,
    KIND_PROGRAM,
    KIND_GROUPS,
    KIND_GROUP
};

struct reader {
    struct agent_conf *conf;
    const char *path; /* as it was given, for messages */
    struct sg_why *why;
};

struct key {
    const char *name;
    enum kind kind;
    bool must;
    size_t offset;
    int64_t min, max;
    const char *accepted;
};

#define SUB(field) offsetof(struct subscription_conf, field)
#define HANDLER(field) offsetof(struct handler_conf, field)

/* clang-format off */
static const struct key top_keys[] = {
    {"client", KIND_PATH, true, offsetof(struct agent_conf, client), 0, 0, "\"sinergi.conf\""},
    {"subscriptions", KIND_GROUPS, false, 0, 0, AGENT_SUBSCRIPTIONS_MAX, "( { name = \"kota\"; handlers = ( … ); } )"},
    {"drop", KIND_GROUP, false, 0, 0, 0, "{ folder = \"masuk\"; maps = ( … ); }"},
    {0},
};
static const struct key subscription_keys[] = {
    {"name", KIND_NAME, true, SUB(name), 0, 0, "1-63 a-z 0-9 . _ -"},
    {"types", KIND_TYPES, false, SUB(types), 0, AGENT_TYPES_MAX, "[ \"placement.*\", \"case.closed\" ]"},
    {"from", KIND_FROM, false, SUB(from), 0, 0, "\"beginning\", \"new\", seq (1, 2, …)"},
    {"take_over", KIND_BOOL, false, SUB(take_over), 0, 0, "true, false"},
    {"handlers", KIND_GROUPS, true, 0, 1, AGENT_HANDLERS_MAX, "( { sqlite = \"kota.db\"; }, { jsonl = \"kota.jsonl\"; }, { exec = [\"handlers/x\"]; } )"},
    {0},
};
static const struct key exec_keys[] = {
    {"exec", KIND_PROGRAM, true, HANDLER(argv), 1, AGENT_ARGS_MAX, "[ \"handlers/x\", \"argument\" ]"},
    {"timeout_s", KIND_NUMBER, false, HANDLER(timeout_s), 1, DAY_S, "1-86400"},
    {"retry_s", KIND_NUMBER, false, HANDLER(retry_s), 1, DAY_S, "1-86400"},
    {0},
};
static const struct key jsonl_keys[] = {
    {"jsonl", KIND_PATH, true, HANDLER(path), 0, 0, "\"kota.jsonl\""},
    {"rotate_mib", KIND_NUMBER, false, HANDLER(rotate_mib), 1, 65536, "1-65536"},
    {"keep", KIND_NUMBER, false, HANDLER(keep), 1, 999, "1-999"},
    {0},
};
static const struct key sqlite_keys[] = {
    {"sqlite", KIND_PATH, true, HANDLER(path), 0, 0, "\"kota.db\""},
    {0},
};
static const struct key drop_keys[] = {
    {"folder", KIND_PATH, true, offsetof(struct drop_conf, folder), 0, 0, "\"masuk\""},
    {"settle_s", KIND_NUMBER, false, offsetof(struct drop_conf, settle_s), 0, 3600, "0-3600"},
    {"keep_days", KIND_NUMBER, false, offsetof(struct drop_conf, keep_days), 1, 3650, "1-3650"},
    {"maps", KIND_GROUPS, true, 0, 1, AGENT_MAPS_MAX, "( { files = \"razia*\"; map = \"razia.map\"; } )"},
    {0},
};
static const struct key map_keys[] = {
    {"files", KIND_TEXT, true, offsetof(struct map_conf, files), 0, 0, "\"razia*\""},
    {"map", KIND_PATH, true, offsetof(struct map_conf, map), 0, 0, "\"razia.map\""},
    {0},
};
static const struct {
    const char *name;
    enum handler_kind kind;
    const struct key *keys;
} handler_kinds[] = {
    {"exec", HANDLER_EXEC, exec_keys},
    {"jsonl", HANDLER_JSONL, jsonl_keys},
    {"sqlite", HANDLER_SQLITE, sqlite_keys},
}; /* clang-format on */

/* ---- messages ---------------------------------------------------------------------------- */

static enum sg_err wrong(const struct reader *r, const config_setting_t *at, const struct key *key)
{
    return sg_fail(r->why, SG_E_CONF, "%s:%u: '%s': diterima / accepted: %s", r->path,
                   config_setting_source_line(at), key->name, key->accepted);
}

static enum sg_err no_room(const struct reader *r)
{
    return sg_fail(r->why, SG_E_CONF, "%s: terlalu besar / too large", r->path);
}

static enum sg_err unknown(const struct reader *r, const config_setting_t *at,
                           const struct key *keys)
{
    char known[256] = "";
    size_t len = 0;
    for (const struct key *key = keys; key->name && len < sizeof known; key++)
        len +=
            (size_t)snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "", key->name);
    const char *name = config_setting_name(at);
    return sg_fail(r->why, SG_E_CONF,
                   "%s:%u: kunci tidak dikenal '%.64s', yang ada: %s / unknown key, there are: %s",
                   r->path, config_setting_source_line(at), name ? name : "?", known, known);
}

/* ---- single values ----------------------------------------------------------------------- */

static const char *keep_text(const struct reader *r, const char *text)
{
    return sg_arena_text(&r->conf->arena, sg_bytes_of(text));
}

/* NULL: too long, or no room. */
static const char *whole_path(const struct reader *r, const char *text)
{
    if (text[0] == '/')
        return keep_text(r, text);
    char path[PATH_BYTES_MAX];
    int len = snprintf(path, sizeof path, "%s/%s", r->conf->folder, text);
    return len > 0 && (size_t)len < sizeof path ? keep_text(r, path) : NULL;
}

static const char *text_of(const config_setting_t *at)
{
    const char *text = config_setting_get_string(at);
    size_t len = text ? strlen(text) : 0;
    return len > 0 && len <= TEXT_BYTES_MAX ? text : NULL;
}

static bool is_list(const config_setting_t *at, int64_t min, int64_t max)
{
    return (config_setting_is_array(at) || config_setting_is_list(at)) &&
           config_setting_length(at) >= min && config_setting_length(at) <= max;
}

static bool is_name(const char *text)
{
    return strlen(text) <= SG_NAME_MAX && !strchr("._-", text[0]) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(text);
}

static bool is_type(const char *text)
{
    const char *const one[] = {text, NULL};
    for (size_t i = 0; i < sg_topic_count; i++) {
        if (agent_conf_types_match(one, sg_topics[i].name))
            return true;
    }
    return false;
}

bool agent_conf_types_match(const char *const *types, const char *topic)
{
    if (!types)
        return true;
    for (; *types; types++) {
        size_t len = strlen(*types);
        bool all = len >= 2 && strcmp(*types + len - 2, ".*") == 0;
        if (all ? strncmp(topic, *types, len - 1) == 0 : strcmp(topic, *types) == 0)
            return true;
    }
    return false;
}

static enum sg_err set_text(const struct reader *r, const config_setting_t *at,
                            const struct key *key, char *to)
{
    const char *text = text_of(at);
    if (!text || (key->kind == KIND_NAME && !is_name(text)))
        return wrong(r, at, key);
    text = key->kind == KIND_PATH ? whole_path(r, text) : keep_text(r, text);
    memcpy(to, &text, sizeof text);
    return text ? SG_OK : no_room(r);
}

/* An array of texts; of a program the first one is a path. */
static enum sg_err set_texts(const struct reader *r, const config_setting_t *at,
                             const struct key *key, char *to)
{
    if (!is_list(at, key->min, key->max))
        return wrong(r, at, key);
    size_t count = (size_t)config_setting_length(at);
    const char **texts = SG_NEW_ARRAY(&r->conf->arena, const char *, count + 1);
    for (size_t i = 0; texts && i < count; i++) {
        const config_setting_t *one = config_setting_get_elem(at, (unsigned)i);
        const char *text = text_of(one);
        if (!text || (key->kind == KIND_TYPES && !is_type(text)))
            return wrong(r, one, key);
        bool path = key->kind == KIND_PROGRAM && i == 0;
        texts[i] = path ? whole_path(r, text) : keep_text(r, text);
        if (!texts[i])
            return no_room(r);
    }
    memcpy(to, &texts, sizeof texts);
    return texts ? SG_OK : no_room(r);
}

static bool number_of(const config_setting_t *at, int64_t min, int64_t max, int64_t *out)
{
    int type = config_setting_type(at);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        return false;
    *out = config_setting_get_int64(at);
    return *out >= min && *out <= max;
}

static enum sg_err set_from(const struct reader *r, const config_setting_t *at,
                            const struct key *key, struct subscription_conf *to)
{
    const char *text = config_setting_get_string(at);
    int64_t seq = 0;
    if (text && strcmp(text, "beginning") == 0) {
        to->from = SINERGI_FROM_BEGINNING;
    } else if (text && strcmp(text, "new") == 0) {
        to->from = SINERGI_FROM_NEW;
    } else if (number_of(at, 1, INT64_MAX, &seq)) {
        to->from = SINERGI_FROM_SEQ;
        to->from_seq = (uint64_t)seq;
    } else {
        return wrong(r, at, key);
    }
    return SG_OK;
}

static enum sg_err set_value(const struct reader *r, const config_setting_t *at,
                             const struct key *key, void *into)
{
    char *to = (char *)into + key->offset;
    switch (key->kind) {
    case KIND_TEXT:
    case KIND_PATH:
    case KIND_NAME: return set_text(r, at, key, to);
    case KIND_TYPES:
    case KIND_PROGRAM: return set_texts(r, at, key, to);
    case KIND_FROM: return set_from(r, at, key, into);
    case KIND_NUMBER: {
        int64_t value = 0;
        if (!number_of(at, key->min, key->max, &value))
            return wrong(r, at, key);
        memcpy(to, &value, sizeof value);
        return SG_OK;
    }
    case KIND_BOOL: {
        if (config_setting_type(at) != CONFIG_TYPE_BOOL)
            return wrong(r, at, key);
        bool value = config_setting_get_bool(at) != 0;
        memcpy(to, &value, sizeof value);
        return SG_OK;
    }
    case KIND_GROUPS: return is_list(at, key->min, key->max) ? SG_OK : wrong(r, at, key);
    case KIND_GROUP: return config_setting_is_group(at) ? SG_OK : wrong(r, at, key);
    }
    return wrong(r, at, key);
}

/* ---- groups ------------------------------------------------------------------------------ */

/* All keys of one group; those that are groups themselves are only looked at from outside. */
static enum sg_err take_group(const struct reader *r, const config_setting_t *group,
                              const struct key *keys, void *into)
{
    if (!config_setting_is_group(group))
        return sg_fail(r->why, SG_E_CONF, "%s:%u: diterima / accepted: { %s = … }", r->path,
                       config_setting_source_line(group), keys[0].name);
    int count = config_setting_length(group);
    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        const struct key *key = keys;
        while (key->name && strcmp(key->name, config_setting_name(at)) != 0)
            key++;
        enum sg_err err = key->name ? set_value(r, at, key, into) : unknown(r, at, keys);
        if (err)
            return err;
    }
    for (const struct key *key = keys; key->name; key++) {
        if (key->must && !config_setting_get_member(group, key->name))
            return sg_fail(r->why, SG_E_CONF,
                           "%s:%u: '%s' tidak ada / is missing; diterima / accepted: %s", r->path,
                           config_setting_source_line(group), key->name, key->accepted);
    }
    return SG_OK;
}

static enum sg_err take_handler(const struct reader *r, const config_setting_t *group,
                                struct handler_conf *to)
{
    *to = (struct handler_conf){.line = config_setting_source_line(group),
                                .rotate_mib = 64,
                                .keep = 8,
                                .timeout_s = 60,
                                .retry_s = 30};
    for (size_t i = 0; i < SG_ARRAY_LEN(handler_kinds); i++) {
        if (!config_setting_is_group(group) ||
            !config_setting_get_member(group, handler_kinds[i].name))
            continue;
        to->kind = handler_kinds[i].kind;
        enum sg_err err = take_group(r, group, handler_kinds[i].keys, to);
        if (!err && to->kind == HANDLER_EXEC)
            to->path = to->argv[0];
        return err;
    }
    return sg_fail(r->why, SG_E_CONF,
                   "%s:%u: handlers: diterima / accepted: { exec = [ … ]; }, { jsonl = \"…\"; }, "
                   "{ sqlite = \"…\"; }",
                   r->path, to->line);
}

static bool keeps_persons(const struct subscription_conf *sub)
{
    bool keeps = false;
    for (size_t i = 0; i < sub->handler_count; i++)
        keeps = keeps || sub->handlers[i].kind != HANDLER_EXEC;
    for (size_t i = 0; keeps && i < sg_topic_count; i++) {
        const ProtobufCFieldDescriptor *type =
            protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, sg_topics[i].type);
        if (agent_conf_types_match(sub->types, sg_topics[i].name) && forget_type_is_personal(type))
            return true;
    }
    return false;
}

/* Whoever keeps copies hears what they must not hold any longer, whatever it asked for. */
static enum sg_err hear_orders(const struct reader *r, struct subscription_conf *sub)
{
    if (agent_conf_types_match(sub->types, FORGET_TOPIC) || !keeps_persons(sub))
        return SG_OK;
    size_t count = 0;
    while (sub->types[count])
        count++;
    const char **types = SG_NEW_ARRAY(&r->conf->arena, const char *, count + 2);
    if (!types)
        return no_room(r);
    memcpy(types, sub->types, count * sizeof *types);
    types[count] = FORGET_TOPIC;
    sub->types = types;
    return SG_OK;
}

static enum sg_err take_subscription(const struct reader *r, const config_setting_t *group,
                                     struct subscription_conf *to)
{
    to->line = config_setting_source_line(group);
    to->from = SINERGI_FROM_BEGINNING;
    enum sg_err err = take_group(r, group, subscription_keys, to);
    if (err)
        return err;
    const config_setting_t *handlers = config_setting_get_member(group, "handlers");
    int count = config_setting_length(handlers);
    for (int i = 0; !err && i < count; i++)
        err = take_handler(r, config_setting_get_elem(handlers, (unsigned)i),
                           &to->handlers[to->handler_count++]);
    return err ? err : hear_orders(r, to);
}

static enum sg_err take_drop(const struct reader *r, const config_setting_t *group)
{
    struct drop_conf *drop = &r->conf->drop;
    drop->settle_s = 10;
    drop->keep_days = 30;
    enum sg_err err = take_group(r, group, drop_keys, drop);
    if (err)
        return err;
    const config_setting_t *maps = config_setting_get_member(group, "maps");
    int count = config_setting_length(maps);
    for (int i = 0; !err && i < count; i++) {
        const config_setting_t *map = config_setting_get_elem(maps, (unsigned)i);
        struct map_conf *to = &drop->maps[drop->map_count++];
        to->line = config_setting_source_line(map);
        err = take_group(r, map, map_keys, to);
    }
    return err;
}

static enum sg_err take_all(const struct reader *r, const config_t *config)
{
    const config_setting_t *root = config_root_setting(config);
    enum sg_err err = take_group(r, root, top_keys, r->conf);
    const config_setting_t *list = config_setting_get_member(root, "subscriptions");
    int count = list ? config_setting_length(list) : 0;
    for (int i = 0; !err && i < count; i++)
        err = take_subscription(r, config_setting_get_elem(list, (unsigned)i),
                                &r->conf->subscriptions[r->conf->subscription_count++]);
    const config_setting_t *drop = config_setting_get_member(root, "drop");
    return !err && drop ? take_drop(r, drop) : err;
}

static void config_done(config_t *config)
{
    config_destroy(config);
}

/* Where the file stands: what is relative in it begins there. */
static enum sg_err find_folder(const struct reader *r)
{
    char whole[PATH_MAX];
    if (!realpath(r->path, whole))
        return sg_fail(r->why, SG_E_CONF, "%s: tidak dapat dibaca / cannot be read: %s", r->path,
                       strerror(errno));
    r->conf->file = keep_text(r, whole);
    char *slash = strrchr(whole, '/');
    slash[slash == whole] = '\0';
    r->conf->folder = keep_text(r, whole);
    return r->conf->file && r->conf->folder ? SG_OK : no_room(r);
}

enum sg_err agent_conf_read(const char *path, struct agent_conf *out_conf, struct sg_why *why)
{
    SG_AUTO(agent_conf_done) struct agent_conf conf = {0};
    struct reader reader = {&conf, path, why};
    enum sg_err err = sg_arena_init(&conf.arena, CONF_ARENA_BYTES, why);
    if (!err)
        err = find_folder(&reader);
    if (err)
        return err;
    SG_AUTO(config_done) config_t config;
    config_init(&config);
    if (!config_read_file(&config, path))
        return sg_fail(why, SG_E_CONF, "%s:%d: %s", path, config_error_line(&config),
                       config_error_text(&config));
    err = take_all(&reader, &config);
    if (err)
        return err;
    *out_conf = conf;
    conf.arena = (struct sg_arena){0};
    return SG_OK;
}

void agent_conf_done(struct agent_conf *conf)
{
    sg_arena_done(&conf->arena);
}
