#include "sheet/map.h"

#include "lib/inside.h"
#include "sheet/text.h"
#include "sheet/value.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/json_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define AT(setting) map->path, config_setting_source_line(setting)

/* ---- small parts -------------------------------------------------------------------------- */

/* Every key of the group is one of these; the list ends with NULL. */
static enum sg_err check_keys(const struct sheet_map *map, const config_setting_t *group,
                              const char *const *keys, struct sg_why *why)
{
    for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
        const config_setting_t *one = config_setting_get_elem(group, i);
        const char *name = config_setting_name(one);
        char all[200] = "";
        bool known = false;
        for (const char *const *key = keys; *key; key++) {
            known |= name && strcmp(name, *key) == 0;
            text_list(all, sizeof all, *key);
        }
        if (!known)
            return sg_fail(why, SG_E_CONF, "%s:%u: there is no key '%s' here; want %s", AT(one),
                           name ? name : "", all);
    }
    return SG_OK;
}

static enum sg_err get_text(const struct sheet_map *map, const config_setting_t *group,
                            const char *key, const char **out, struct sg_why *why)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    *out = NULL;
    if (!setting)
        return SG_OK;
    *out = config_setting_get_string(setting);
    return *out ? SG_OK
                : sg_fail(why, SG_E_CONF, "%s:%u: '%s' wants a text in quotation marks",
                          AT(setting), key);
}

static enum sg_err get_flag(const struct sheet_map *map, const config_setting_t *group,
                            const char *key, bool *out, struct sg_why *why)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    *out = false;
    if (!setting)
        return SG_OK;
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return sg_fail(why, SG_E_CONF, "%s:%u: '%s' wants true or false", AT(setting), key);
    *out = config_setting_get_bool(setting) != 0;
    return SG_OK;
}

static bool is_listing(const config_setting_t *setting)
{
    return setting && (config_setting_is_list(setting) || config_setting_is_array(setting));
}

/* A heading, or a list of alternatives of one. */
static enum sg_err add_heading(struct sheet_map *map, const config_setting_t *setting,
                               bool optional, int *out, struct sg_why *why)
{
    static const char wanted[] = "a heading in quotation marks, or a list of alternatives";
    if (map->heading_count == MAP_HEADINGS_MAX)
        return sg_fail(why, SG_E_CONF, "%s:%u: more than %d headings", AT(setting),
                       (int)MAP_HEADINGS_MAX);
    struct map_heading *heading = &map->headings[map->heading_count];
    *heading =
        (struct map_heading){.optional = optional, .line = config_setting_source_line(setting)};
    unsigned count = is_listing(setting) ? (unsigned)config_setting_length(setting) : 1;
    if (count == 0 || count > MAP_NAMES_MAX)
        return sg_fail(why, SG_E_CONF, "%s:%u: want %s (at most %d)", AT(setting), wanted,
                       (int)MAP_NAMES_MAX);
    for (unsigned i = 0; i < count; i++) {
        const config_setting_t *one =
            is_listing(setting) ? config_setting_get_elem(setting, i) : setting;
        const char *name = config_setting_get_string(one);
        char folded[TEXT_FOLDED_MAX] = "";
        if (name)
            text_fold_heading(name, folded);
        if (!folded[0])
            return sg_fail(why, SG_E_CONF, "%s:%u: want %s", AT(setting), wanted);
        heading->names[heading->name_count++] = name;
    }
    *out = (int)map->heading_count++;
    return SG_OK;
}

/* key = ( "No. BA", ["No. Urut", "No"] ) */
struct listed {
    const char *key, *what;
};

static enum sg_err read_listed(struct sheet_map *map, const config_setting_t *group,
                               const struct listed *listed, bool optional, int *out,
                               size_t *out_count, struct sg_why *why)
{
    const config_setting_t *setting = config_setting_get_member(group, listed->key);
    unsigned count = is_listing(setting) ? (unsigned)config_setting_length(setting) : 0;
    if (count == 0 || count > MAP_KEYS_MAX)
        return sg_fail(why, SG_E_CONF,
                       "%s:%u: want %s = ( \"HEADING\", … ): the 1 to %d columns %s",
                       AT(setting ? setting : group), listed->key, (int)MAP_KEYS_MAX, listed->what);
    for (unsigned i = 0; i < count; i++) {
        enum sg_err err =
            add_heading(map, config_setting_get_elem(setting, i), optional, &out[i], why);
        if (err)
            return err;
    }
    *out_count = count;
    return SG_OK;
}

static enum sg_err read_keys(struct sheet_map *map, const config_setting_t *group, bool optional,
                             int *out, size_t *out_count, struct sg_why *why)
{
    static const struct listed listed = {"key", "that together name a row"};
    return read_listed(map, group, &listed, optional, out, out_count, why);
}

static enum sg_err read_fills(struct sheet_map *map, struct sg_why *why)
{
    static const struct listed listed = {"fill", "that are empty in a row that is not filled in"};
    const config_setting_t *root = config_root_setting(&map->config);
    return config_setting_get_member(root, listed.key)
               ? read_listed(map, root, &listed, false, map->fills, &map->fill_count, why)
               : SG_OK;
}

static enum sg_err read_path(const struct sheet_map *map, const config_setting_t *group,
                             struct field_path *out, struct sg_why *why)
{
    const char *text = NULL;
    struct sg_why inner = {0};
    enum sg_err err = get_text(map, group, "field", &text, why);
    if (err)
        return err;
    if (!text)
        return sg_fail(why, SG_E_CONF, "%s:%u: want field = \"PATH\"", AT(group));
    err = path_read(text, map->rules, out, &inner);
    return err ? sg_fail(why, SG_E_CONF, "%s:%u: field %s", AT(group), inner.text) : SG_OK;
}

/* ---- columns ------------------------------------------------------------------------------ */

static enum sg_err read_values(struct sheet_map *map, const config_setting_t *group,
                               struct map_column *column, struct sg_why *why)
{
    const config_setting_t *setting = config_setting_get_member(group, "values");
    if (!setting)
        return SG_OK;
    unsigned count = is_listing(setting) ? (unsigned)config_setting_length(setting) : 0;
    if (count == 0 || count > MAP_VALUES_MAX)
        return sg_fail(why, SG_E_CONF, "%s:%u: want values = ( (\"CELL\", \"VALUE\"), … )",
                       AT(setting));
    column->values = calloc(count, sizeof *column->values);
    if (!column->values)
        return sg_fail(why, SG_E_SYS, "no memory");
    for (unsigned i = 0; i < count; i++) {
        const config_setting_t *pair = config_setting_get_elem(setting, i);
        bool two = is_listing(pair) && config_setting_length(pair) == 2;
        struct map_value value = {two ? config_setting_get_string_elem(pair, 0) : NULL,
                                  two ? config_setting_get_string_elem(pair, 1) : NULL};
        if (!value.cell || !value.means)
            return sg_fail(why, SG_E_CONF, "%s:%u: want a pair (\"CELL\", \"VALUE\")", AT(pair));
        column->values[column->value_count++] = value;
    }
    return SG_OK;
}

/* A value of the map itself has to be one of the field: found when the map is read. */
static enum sg_err try_value(const struct sheet_map *map, const config_setting_t *at,
                             const struct field_path *path, const char *text, json_t **out,
                             struct sg_why *why)
{
    const struct value_context context = {.zone_min = map->zone_min, .birth_year = 2069};
    struct sheet_fault fault = {0};
    json_t *value = NULL;
    char *clean = strdup(text);
    bool good = clean && value_read(&context, path, text_clean(clean, true), &value, &fault);
    free(clean);
    if (!good)
        return sg_fail(why, SG_E_CONF, "%s:%u: field %s: '%s': %s; want %s", AT(at), path->text,
                       text, fault.rule_en, fault.accepted_en);
    if (out)
        *out = value;
    else
        json_decref(value);
    return SG_OK;
}

static enum sg_err check_values(const struct sheet_map *map, const config_setting_t *group,
                                const struct map_column *column, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    bool dated = column->path.field->type == PROTOBUF_C_TYPE_MESSAGE;
    for (size_t i = 0; !err && i < column->value_count; i++)
        if (column->values[i].means[0] && !dated)
            err = try_value(map, config_setting_get_member(group, "values"), &column->path,
                            column->values[i].means, NULL, why);
    return err;
}

static enum sg_err read_lookup(struct sheet_map *map, const config_setting_t *group, bool optional,
                               struct map_column *column, struct sg_why *why)
{
    enum sg_err err = get_text(map, group, "lookup", &column->lookup, why);
    if (err || !column->lookup)
        return err;
    if (column->path.field->type != PROTOBUF_C_TYPE_BYTES)
        return sg_fail(why, SG_E_CONF, "%s:%u: a lookup gives an id, and %s is none", AT(group),
                       column->path.text);
    if (config_setting_get_member(group, "column"))
        return sg_fail(why, SG_E_CONF, "%s:%u: a lookup has a key, and no column", AT(group));
    return read_keys(map, group, optional, column->lookup_keys, &column->lookup_key_count, why);
}

static enum sg_err read_column(struct sheet_map *map, const config_setting_t *group,
                               struct sg_why *why)
{
    static const char *const keys[] = {"column",  "field",  "values", "separator", "optional",
                                       "default", "lookup", "key",    NULL};
    if (!config_setting_is_group(group))
        return sg_fail(why, SG_E_CONF, "%s:%u: want { column = \"HEADING\"; field = \"PATH\"; }",
                       AT(group));
    struct map_column *column = &map->columns[map->column_count++];
    *column = (struct map_column){.heading = -1};
    bool optional = false;
    enum sg_err err = check_keys(map, group, keys, why);
    if (!err)
        err = read_path(map, group, &column->path, why);
    if (!err)
        err = get_flag(map, group, "optional", &optional, why);
    if (!err)
        err = get_text(map, group, "separator", &column->separator, why);
    if (!err)
        err = get_text(map, group, "default", &column->otherwise, why);
    if (!err)
        err = read_lookup(map, group, optional, column, why);
    if (err || column->lookup)
        return err;
    const config_setting_t *heading = config_setting_get_member(group, "column");
    if (!heading)
        return sg_fail(why, SG_E_CONF, "%s:%u: want column = \"HEADING\" (or lookup and key)",
                       AT(group));
    if (column->separator && column->path.field->label != PROTOBUF_C_LABEL_REPEATED)
        return sg_fail(why, SG_E_CONF, "%s:%u: %s has one value: no separator", AT(group),
                       column->path.text);
    err = add_heading(map, heading, optional, &column->heading, why);
    if (!err)
        err = read_values(map, group, column, why);
    if (!err)
        err = check_values(map, group, column, why);
    if (!err && column->otherwise && column->value_count == 0)
        err = try_value(map, group, &column->path, column->otherwise, NULL, why);
    return err;
}

static enum sg_err read_default(struct sheet_map *map, const config_setting_t *group,
                                struct sg_why *why)
{
    static const char *const keys[] = {"field", "value", NULL};
    const char *text = NULL;
    if (!config_setting_is_group(group))
        return sg_fail(why, SG_E_CONF, "%s:%u: want { field = \"PATH\"; value = \"TEXT\"; }",
                       AT(group));
    struct map_default *one = &map->defaults[map->default_count++];
    *one = (struct map_default){.value = NULL};
    enum sg_err err = check_keys(map, group, keys, why);
    if (!err)
        err = read_path(map, group, &one->path, why);
    if (!err)
        err = get_text(map, group, "value", &text, why);
    if (!err && !text)
        err = sg_fail(why, SG_E_CONF, "%s:%u: want value = \"TEXT\"", AT(group));
    return err ? err : try_value(map, group, &one->path, text, &one->value, why);
}

typedef enum sg_err read_one(struct sheet_map *map, const config_setting_t *group,
                             struct sg_why *why);

static enum sg_err read_list(struct sheet_map *map, const char *key, unsigned most, read_one *read,
                             struct sg_why *why)
{
    const config_setting_t *setting = config_lookup(&map->config, key);
    if (!setting)
        return SG_OK;
    unsigned count = (unsigned)config_setting_length(setting);
    if (!config_setting_is_list(setting) || count > most)
        return sg_fail(why, SG_E_CONF, "%s:%u: want %s = ( { … }, … ), at most %u", AT(setting),
                       key, most);
    enum sg_err err = SG_OK;
    for (unsigned i = 0; !err && i < count; i++)
        err = read(map, config_setting_get_elem(setting, i), why);
    return err;
}

/* ---- the table ---------------------------------------------------------------------------- */

static enum sg_err read_delimiter(struct sheet_map *map, const config_setting_t *group,
                                  struct sg_why *why)
{
    const char *text = NULL;
    enum sg_err err = get_text(map, group, "delimiter", &text, why);
    if (err || !text)
        return err;
    if (strcmp(text, "tab") == 0)
        text = "\t";
    if (strlen(text) != 1 || !strchr(";,\t|", text[0]))
        return sg_fail(why, SG_E_CONF, "%s:%u: delimiter: want \";\", \",\", \"|\" or \"tab\"",
                       AT(config_setting_get_member(group, "delimiter")));
    map->delimiter = text[0];
    return SG_OK;
}

static enum sg_err read_worksheet(struct sheet_map *map, const config_setting_t *group,
                                  struct sg_why *why)
{
    const config_setting_t *setting = config_setting_get_member(group, "worksheet");
    map->worksheet_number = 1;
    if (!setting)
        return SG_OK;
    map->worksheet_name = config_setting_get_string(setting);
    if (map->worksheet_name && map->worksheet_name[0] && strlen(map->worksheet_name) < 100)
        return SG_OK;
    map->worksheet_number = config_setting_get_int(setting);
    if (!map->worksheet_name && config_setting_type(setting) == CONFIG_TYPE_INT &&
        map->worksheet_number >= 1 && map->worksheet_number <= 1000)
        return SG_OK;
    return sg_fail(why, SG_E_CONF, "%s:%u: worksheet: want a number from 1, or a name",
                   AT(setting));
}

static enum sg_err read_zone(struct sheet_map *map, const config_setting_t *group,
                             struct sg_why *why)
{
    const char *text = NULL;
    enum sg_err err = get_text(map, group, "timezone", &text, why);
    if (err || !text)
        return err;
    bool shaped = strlen(text) == 6 && strchr("+-", text[0]) && text[3] == ':' &&
                  strspn(text + 1, "0123456789") == 2 && strspn(text + 4, "0123456789") == 2;
    long hours = shaped ? strtol(text + 1, NULL, 10) : 0;
    long minutes = shaped ? strtol(text + 4, NULL, 10) : 0;
    bool good = shaped && hours <= 14 && minutes <= 59;
    if (!good)
        return sg_fail(why, SG_E_CONF, "%s:%u: timezone: want an offset such as \"+07:00\"",
                       AT(config_setting_get_member(group, "timezone")));
    map->zone_min = (int32_t)(hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return SG_OK;
}

static enum sg_err read_sheet(struct sheet_map *map, struct sg_why *why)
{
    static const char *const keys[] = {"worksheet", "delimiter", "encoding", "timezone", NULL};
    const config_setting_t *group = config_lookup(&map->config, "sheet");
    const char *text = NULL;
    map->zone_min = 7 * 60;
    map->worksheet_number = 1;
    if (!group)
        return SG_OK;
    if (!config_setting_is_group(group))
        return sg_fail(why, SG_E_CONF, "%s:%u: want sheet: { … };", AT(group));
    enum sg_err err = check_keys(map, group, keys, why);
    if (!err)
        err = read_worksheet(map, group, why);
    if (!err)
        err = read_delimiter(map, group, why);
    if (!err)
        err = read_zone(map, group, why);
    if (!err)
        err = get_text(map, group, "encoding", &text, why);
    if (err || !text)
        return err;
    map->encoding = encoding_of(text);
    if (map->encoding == ENCODING_DETECT)
        return sg_fail(why, SG_E_CONF, "%s:%u: encoding: want utf-8, windows-1252 or utf-16",
                       AT(config_setting_get_member(group, "encoding")));
    return SG_OK;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum sg_err unknown_topic(const struct sheet_map *map, const char *topic, unsigned line,
                                 struct sg_why *why)
{
    char all[420] = "";
    for (size_t i = 0; i < sg_topic_count; i++)
        if (!sg_type_is_derived(sg_topics[i].type))
            text_list(all, sizeof all, sg_topics[i].name);
    return sg_fail(why, SG_E_CONF, "%s:%u: event = \"%s\"; want one of %s", map->path, line, topic,
                   all);
}

static enum sg_err read_event(struct sheet_map *map, struct sg_why *why)
{
    const config_setting_t *root = config_root_setting(&map->config);
    const config_setting_t *setting = config_setting_get_member(root, "event");
    const char *topic = NULL;
    enum sg_err err = get_text(map, root, "event", &topic, why);
    if (err)
        return err;
    uint32_t type = topic ? sg_type_of_topic(sg_bytes_of(topic)) : 0;
    if (type == 0 || sg_type_is_derived(type))
        return unknown_topic(map, topic ? topic : "",
                             setting ? config_setting_source_line(setting) : 1, why);
    map->type = type;
    (void)snprintf(map->topic, sizeof map->topic, "%s", topic);
    const ProtobufCMessageDescriptor *d = sg_envelope_rules.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].id != type)
            continue;
        map->payload = &d->fields[i];
        map->rules = sg_envelope_rules.fields[i].sub;
        sg_json_name(d->fields[i].name, map->payload_name);
    }
    /* The field in which the publisher names the thing itself. */
    return draft_makes_id(type)
               ? path_read(map->rules->descriptor->fields[0].name, map->rules, &map->own_id, why)
               : SG_OK;
}

/* The name: given, or that of the file. */
static enum sg_err read_name(struct sheet_map *map, struct sg_why *why)
{
    const config_setting_t *root = config_root_setting(&map->config);
    const char *name = NULL;
    enum sg_err err = get_text(map, root, "name", &name, why);
    if (err)
        return err;
    if (!name) {
        const char *slash = strrchr(map->path, '/');
        const char *file = slash ? slash + 1 : map->path;
        const char *dot = strrchr(file, '.');
        size_t len = dot && strcmp(dot, ".map") == 0 ? (size_t)(dot - file) : strlen(file);
        (void)snprintf(map->name, sizeof map->name, "%.*s", (int)(len < 1000 ? len : 1000), file);
    } else if (strlen(name) <= MAP_NAME_MAX) {
        (void)snprintf(map->name, sizeof map->name, "%s", name);
    }
    return map->name[0] ? SG_OK
                        : sg_fail(why, SG_E_CONF, "%s: name: want 1 to %d bytes", map->path,
                                  (int)MAP_NAME_MAX);
}

static bool gives(const struct sheet_map *map, const struct field_path *path)
{
    for (size_t i = 0; i < map->column_count; i++)
        if (strcmp(map->columns[i].path.text, path->text) == 0 &&
            map->columns[i].path.envelope == path->envelope)
            return true;
    for (size_t i = 0; i < map->default_count; i++)
        if (strcmp(map->defaults[i].path.text, path->text) == 0)
            return true;
    return false;
}

static enum sg_err read_date(struct sheet_map *map, struct sg_why *why)
{
    const config_setting_t *root = config_root_setting(&map->config);
    const config_setting_t *setting = config_setting_get_member(root, "date");
    map->date = -1;
    if (setting)
        return add_heading(map, setting, false, &map->date, why);
    if (map->own_id.count && !gives(map, &map->own_id))
        return sg_fail(why, SG_E_CONF,
                       "%s: want date = \"HEADING\": the row's own date, from which %s is made",
                       map->path, map->own_id.text);
    return SG_OK;
}

/* A field is set once by a row; only lists take values of several columns. */
static enum sg_err check_twice(const struct sheet_map *map, struct sg_why *why)
{
    for (size_t i = 0; i < map->column_count; i++) {
        const struct field_path *a = &map->columns[i].path;
        for (size_t j = 0; j < i && a->field->label != PROTOBUF_C_LABEL_REPEATED; j++) {
            const struct field_path *b = &map->columns[j].path;
            bool same =
                a->envelope == b->envelope && a->count == b->count && strcmp(a->text, b->text) == 0;
            for (size_t k = 0; same && k < a->count; k++)
                same = a->steps[k].index == b->steps[k].index;
            if (same)
                return sg_fail(why, SG_E_CONF, "%s: two columns for the field %s; want one",
                               map->path, a->text);
        }
    }
    return SG_OK;
}

static enum sg_err read_all(struct sheet_map *map, struct sg_why *why)
{
    static const char *const keys[] = {"event",   "name",     "key",  "date", "sheet",
                                       "columns", "defaults", "fill", NULL};
    const config_setting_t *root = config_root_setting(&map->config);
    enum sg_err err = check_keys(map, root, keys, why);
    if (!err)
        err = read_event(map, why);
    if (!err)
        err = read_name(map, why);
    if (!err)
        err = read_sheet(map, why);
    if (!err)
        err = read_list(map, "columns", MAP_COLUMNS_MAX, read_column, why);
    if (!err && map->column_count == 0)
        err = sg_fail(why, SG_E_CONF,
                      "%s: want columns = ( { column = \"HEADING\"; field = "
                      "\"PATH\"; }, … )",
                      map->path);
    if (!err)
        err = read_list(map, "defaults", MAP_DEFAULTS_MAX, read_default, why);
    if (!err)
        err = check_twice(map, why);
    if (!err)
        err = read_keys(map, root, false, map->keys, &map->key_count, why);
    if (!err)
        err = read_fills(map, why);
    return err ? err : read_date(map, why);
}

/* libconfig would read any file that @include names. */
static enum sg_err refuse_include(const char *text, const char *path, struct sg_why *why)
{
    unsigned line = 1;
    for (const char *at = text; at; at = strchr(at, '\n')) {
        if (*at == '\n') {
            at++;
            line++;
        }
        if (strncmp(at + strspn(at, " \t\r\v\f"), "@include", 8) == 0)
            return sg_fail(why, SG_E_CONF, "%.200s:%u: '@include' is not taken: one file holds all",
                           path, line);
    }
    return SG_OK;
}

enum sg_err map_read_text(const char *text, const char *path, struct sheet_map **out_map,
                          struct sg_why *why)
{
    SG_AUTO(sheet_map_free) struct sheet_map *map = calloc(1, sizeof *map);
    if (!map)
        return sg_fail(why, SG_E_SYS, "no memory");
    (void)snprintf(map->path, sizeof map->path, "%s", path);
    enum sg_err err = refuse_include(text, map->path, why);
    if (err)
        return err;
    config_init(&map->config);
    map->config_open = true;
    if (config_read_string(&map->config, text) != CONFIG_TRUE)
        return sg_fail(why, SG_E_CONF, "%s:%d: %s", map->path, config_error_line(&map->config),
                       config_error_text(&map->config) ? config_error_text(&map->config)
                                                       : "no memory");
    err = read_all(map, why);
    if (!err)
        *out_map = SG_TAKE(map);
    return err;
}

static void file_done(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* only read */
}

enum sg_err sheet_map_read(const char *path, struct sheet_map **out_map, struct sg_why *why)
{
    SG_AUTO(file_done) FILE *file = fopen(path, "re");
    SG_AUTO(sg_heap_done) char *text = malloc(MAP_BYTES_MAX + 1);
    if (!file)
        return sg_fail(why, SG_E_CONF, "%s: cannot be read: %s", path, strerror(errno));
    if (!text)
        return sg_fail(why, SG_E_SYS, "no memory");
    size_t len = fread(text, 1, MAP_BYTES_MAX + 1, file);
    if (ferror(file) || len > MAP_BYTES_MAX)
        return sg_fail(why, SG_E_CONF, "%s: cannot be read, or is larger than 1 MiB", path);
    text[len] = '\0';
    /* Editors on Windows put a mark in front. */
    size_t skip = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return map_read_text(text + skip, path, out_map, why);
}

void sheet_map_free(struct sheet_map **map)
{
    if (!*map)
        return;
    for (size_t i = 0; i < (*map)->column_count; i++)
        free((*map)->columns[i].values);
    for (size_t i = 0; i < (*map)->default_count; i++)
        json_decref((*map)->defaults[i].value);
    if ((*map)->config_open)
        config_destroy(&(*map)->config);
    free(SG_TAKE(*map));
}

const char *sheet_map_name(const struct sheet_map *map)
{
    return map->name;
}

const char *sheet_map_topic(const struct sheet_map *map)
{
    return map->topic;
}

/* ---- fields and their columns -------------------------------------------------------------- */

/* "referralSubmitted.person.fullName" -> "person.full_name"; elements lose their number. */
void map_plain_path(const struct sheet_map *map, const char *object, char to[PATH_TEXT_MAX])
{
    size_t len = 0;
    char whole[256];
    for (const char *at = object; *at && len + 3 < sizeof whole; at++) {
        if (*at == '[') {
            at += strcspn(at, "]");
            if (!*at)
                break;
        } else if (*at >= 'A' && *at <= 'Z') {
            whole[len++] = '_';
            whole[len++] = (char)(*at - 'A' + 'a');
        } else {
            whole[len++] = *at;
        }
    }
    whole[len] = '\0';
    size_t prefix = strlen(map->payload->name);
    bool inside = strncmp(whole, map->payload->name, prefix) == 0 && whole[prefix] == '.';
    fault_put(to, PATH_TEXT_MAX, inside ? whole + prefix + 1 : whole);
}

int map_column_of(const struct sheet_map *map, const char *path)
{
    for (size_t i = 0; i < map->column_count; i++) {
        const struct field_path *of = &map->columns[i].path;
        size_t len = strlen(of->text);
        if (strncmp(of->text, path, len) == 0 && (path[len] == '\0' || path[len] == '.'))
            return (int)i;
    }
    return -1;
}

const char *sheet_map_column(const struct sheet_map *map, const char *object)
{
    char path[PATH_TEXT_MAX];
    map_plain_path(map, object, path);
    int at = map_column_of(map, path);
    if (at < 0)
        return NULL;
    const struct map_column *column = &map->columns[at];
    return map->headings[column->lookup ? column->lookup_keys[0] : column->heading].names[0];
}
