#include "sys/conf.h"

#include "sys/conf_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 4 << 20, NAME_COLUMNS = 64 };

static const struct level {
    const char *name;
    int64_t level;
} levels[] = {
    {"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
    {"info", LOG_INFO}, {"debug", LOG_DEBUG},
};

enum sg_err conf_wrong(struct sg_why *why, const char *name, const config_setting_t *at,
                       const char *fmt, ...)
{
    char text[384];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return sg_fail(why, SG_E_CONF, "%.120s:%u: %s", name, config_setting_source_line(at), text);
}

/* ---- names ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (a character more, less or other) from one word to the other; the words are short. */
static size_t edits(const char *from, const char *to)
{
    size_t from_len = strlen(from), to_len = strlen(to);
    if (from_len >= NAME_COLUMNS || to_len >= NAME_COLUMNS)
        return NAME_COLUMNS;
    size_t row[NAME_COLUMNS];
    for (size_t j = 0; j <= to_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= from_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= to_len; j++) {
            size_t above = row[j];
            size_t other = diagonal + (from[i - 1] != to[j - 1]);
            row[j] = least(other, 1 + least(above, row[j - 1]));
            diagonal = above;
        }
    }
    return row[to_len];
}

const char *conf_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_edits = strlen(word) / 2 + 1; /* further away is no help */
    for (size_t i = 0; i < count; i++) {
        size_t n = edits(word, names[i]);
        if (n < best_edits) {
            best_edits = n;
            best = names[i];
        }
    }
    return best;
}

static const struct conf_key *find_key(const char *path)
{
    for (size_t i = 0; i < conf_key_count; i++)
        if (strcmp(conf_keys[i].path, path) == 0)
            return &conf_keys[i];
    return NULL;
}

static bool is_group_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < conf_key_count; i++)
        if (strncmp(conf_keys[i].path, name, len) == 0 && conf_keys[i].path[len] == '.')
            return true;
    return false;
}

static enum sg_err unknown_key(const char *path, const char *name, const config_setting_t *at,
                               struct sg_why *why)
{
    static const char *const groups[] = {"listen", "store", "keys",    "codes",
                                         "memory", "log",   "agencies"};
    const char *names[CONF_KEYS_MAX + SG_ARRAY_LEN(groups)];
    size_t count = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(groups); i++)
        names[count++] = groups[i];
    for (size_t i = 0; i < conf_key_count; i++)
        names[count++] = conf_keys[i].path;
    const char *near = conf_nearest(path, names, count);
    if (near)
        return conf_wrong(why, name, at, "there is no key '%.80s'; the nearest is '%s'", path,
                          near);
    return conf_wrong(why, name, at,
                      "there is no key '%.80s'; there are listen, store, keys, codes, memory, log "
                      "and agencies",
                      path);
}

/* ---- values ---- */

static enum sg_err set_text(const struct conf_key *key, const config_setting_t *at,
                            const char *name, char *to, struct sg_why *why)
{
    const char *text = config_setting_get_string(at);
    size_t len = text ? strlen(text) : 0;
    if (!text || len < (size_t)key->min || len > (size_t)key->max)
        return conf_wrong(why, name, at, "'%s' must be a text of %d to %d bytes: %s", key->path,
                          (int)key->min, (int)key->max, key->unit);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return conf_wrong(why, name, at, "'%s' has a control character: %s", key->path,
                              key->unit);
    memcpy(to, text, len + 1);
    return SG_OK;
}

static enum sg_err set_number(const struct conf_key *key, const config_setting_t *at,
                              const char *name, char *to, struct sg_why *why)
{
    int type = config_setting_type(at);
    int64_t value = type == CONFIG_TYPE_INT     ? config_setting_get_int(at)
                    : type == CONFIG_TYPE_INT64 ? config_setting_get_int64(at)
                                                : INT64_MIN;
    if (value < key->min || value > key->max)
        return conf_wrong(why, name, at, "'%s' must be a whole number of %lld to %lld %s",
                          key->path, (long long)key->min, (long long)key->max, key->unit);
    memcpy(to, &value, sizeof value);
    return SG_OK;
}

static enum sg_err set_yes_no(const struct conf_key *key, const config_setting_t *at,
                              const char *name, char *to, struct sg_why *why)
{
    if (config_setting_type(at) != CONFIG_TYPE_BOOL)
        return conf_wrong(why, name, at, "'%s' must be true or false", key->path);
    bool value = config_setting_get_bool(at) != 0;
    memcpy(to, &value, sizeof value);
    return SG_OK;
}

static enum sg_err set_level(const struct conf_key *key, const config_setting_t *at,
                             const char *name, char *to, struct sg_why *why)
{
    const char *text = config_setting_get_string(at);
    for (size_t i = 0; text && i < SG_ARRAY_LEN(levels); i++) {
        if (strcmp(levels[i].name, text) == 0) {
            memcpy(to, &levels[i].level, sizeof levels[i].level);
            return SG_OK;
        }
    }
    return conf_wrong(why, name, at,
                      "'%s' must be \"error\", \"warning\", \"notice\", \"info\" or \"debug\"",
                      key->path);
}

static enum sg_err set_value(const struct conf_key *key, const config_setting_t *at,
                             const char *name, struct settings *settings, struct sg_why *why)
{
    char *to = (char *)settings + key->offset;
    switch (key->kind) {
    case CONF_TEXT: return set_text(key, at, name, to, why);
    case CONF_NUMBER: return set_number(key, at, name, to, why);
    case CONF_YES_NO: return set_yes_no(key, at, name, to, why);
    case CONF_LEVEL: return set_level(key, at, name, to, why);
    }
    return sg_fail(why, SG_E_CONF, "key '%s' has no kind", key->path);
}

static void set_defaults(struct settings *settings)
{
    *settings = (struct settings){0};
    for (size_t i = 0; i < conf_key_count; i++) {
        const struct conf_key *key = &conf_keys[i];
        char *to = (char *)settings + key->offset;
        if (key->kind == CONF_TEXT)
            memcpy(to, key->text, strlen(key->text) + 1);
        else if (key->kind != CONF_YES_NO) /* false already */
            memcpy(to, &key->number, sizeof key->number);
    }
}

/* ---- the file ---- */

static enum sg_err read_group(const config_setting_t *group, const char *name,
                              struct settings *settings, struct sg_why *why)
{
    const char *group_name = config_setting_name(group);
    if (!config_setting_is_group(group))
        return conf_wrong(why, name, group, "'%s' must be a group: %s: { ... };", group_name,
                          group_name);
    enum sg_err err = SG_OK;
    int count = config_setting_length(group);
    for (int i = 0; !err && i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        char path[160];
        (void)snprintf(path, sizeof path, "%s.%s", group_name, config_setting_name(at));
        const struct conf_key *key = find_key(path);
        err = key ? set_value(key, at, name, settings, why) : unknown_key(path, name, at, why);
    }
    return err;
}

static enum sg_err read_all(const config_t *config, const char *name, struct conf *conf,
                            struct sg_why *why)
{
    const config_setting_t *root = config_root_setting(config);
    enum sg_err err = SG_OK;
    int count = config_setting_length(root);
    for (int i = 0; !err && i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(root, (unsigned)i);
        const char *key = config_setting_name(at);
        if (strcmp(key, "agencies") == 0)
            err = conf_read_agencies(at, name, &conf->roster, why);
        else if (is_group_name(key))
            err = read_group(at, name, &conf->settings, why);
        else
            err = unknown_key(key, name, at, why);
    }
    if (!err && !conf->roster)
        err =
            sg_fail(why, SG_E_CONF,
                    "%.120s: 'agencies' is missing: want agencies = ( { id = ...; }, ... );", name);
    struct sg_why inner = {0};
    if (!err && conf_check_settings(&conf->settings, &inner))
        err = sg_fail(why, SG_E_CONF, "%.120s: %.380s", name, inner.text);
    return err;
}

/* libconfig would read any file that @include names, with the rights of the daemon. */
static enum sg_err refuse_include(const char *text, const char *name, struct sg_why *why)
{
    unsigned line = 1;
    for (const char *at = text; at; at = strchr(at, '\n')) {
        if (*at == '\n') {
            at++;
            line++;
        }
        const char *word = at + strspn(at, " \t\r\v\f");
        if (strncmp(word, "@include", 8) == 0)
            return sg_fail(why, SG_E_CONF, "%.120s:%u: '@include' is not taken: one file holds all",
                           name, line);
    }
    return SG_OK;
}

static void config_done(config_t *config)
{
    config_destroy(config);
}

enum sg_err conf_read_text(const char *text, const char *name, struct conf *out_conf,
                           struct sg_why *why)
{
    enum sg_err err = refuse_include(text, name, why);
    if (err)
        return err;
    SG_AUTO(config_done) config_t config = {0};
    config_init(&config);
    if (!config_read_string(&config, text))
        return sg_fail(why, SG_E_CONF, "%.120s:%d: %s", name, config_error_line(&config),
                       config_error_text(&config) ? config_error_text(&config) : "cannot be read");

    SG_AUTO(conf_done) struct conf conf = {0};
    set_defaults(&conf.settings);
    err = read_all(&config, name, &conf, why);
    if (err)
        return err;
    *out_conf = conf;
    conf.roster = NULL;
    return SG_OK;
}

static enum sg_err read_whole(int fd, const char *path, size_t size, char *to, struct sg_why *why)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, to + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sg_fail(why, SG_E_CONF, "%.120s: %s", path, strerror(errno));
        if (got == 0)
            break;
        used += (size_t)got;
    }
    to[used] = '\0';
    if (strlen(to) != used)
        return sg_fail(why, SG_E_CONF, "%.120s: holds a zero byte, want text", path);
    return SG_OK;
}

enum sg_err conf_read_file(const char *path, struct conf *out_conf, struct sg_why *why)
{
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return sg_fail(why, SG_E_CONF, "%.120s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX)
        return sg_fail(why, SG_E_CONF, "%.120s: want a file of at most %d MiB", path,
                       FILE_BYTES_MAX >> 20);
    SG_AUTO(sg_heap_done) char *text = malloc((size_t)st.st_size + 1);
    if (!text)
        return sg_fail(why, SG_E_CONF, "%.120s: out of memory", path);
    enum sg_err err = read_whole(fd, path, (size_t)st.st_size, text, why);
    return err ? err : conf_read_text(text, path, out_conf, why);
}

void conf_done(struct conf *conf)
{
    sg_roster_free(&conf->roster);
}

enum sg_err conf_key_path(const struct settings *settings, char *to, size_t size,
                          struct sg_why *why)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *file = settings->keys_file;
    size_t mark = strlen(CONF_CREDENTIAL);
    bool named = strncmp(file, CONF_CREDENTIAL, mark) == 0;
    if (named && !folder)
        return sg_fail(why, SG_E_CONF,
                       "keys.file is \"%s\", but there are no credentials: start by systemd, or "
                       "name a file",
                       file);
    const char *slash = strrchr(file, '/');
    const char *base = named ? file + mark : slash ? slash + 1 : file;
    int len = folder ? snprintf(to, size, "%s/%s", folder, base) : -1;
    if (folder && len >= 0 && (size_t)len < size && (named || access(to, F_OK) == 0))
        return SG_OK;
    len = snprintf(to, size, "%s", file);
    return len >= 0 && (size_t)len < size && !named
               ? SG_OK
               : sg_fail(why, SG_E_CONF, "the path of the key file is too long");
}
