#include "cli/edit.h"

#include "kit/err.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/contract.h"
#include "wire/json_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 256, CELL_MAX = 512 };

const ProtobufCFieldDescriptor *edit_payload(const json_t *envelope, json_t **out_payload)
{
    const ProtobufCMessageDescriptor *d = &pb_envelope__descriptor;
    for (unsigned i = 0; i < d->n_fields; i++) {
        char name[SG_JSON_NAME_MAX];
        if (d->fields[i].id < SG_TYPE_AGENCY_FIRST)
            continue;
        sg_json_name(d->fields[i].name, name);
        json_t *payload = json_object_get(envelope, name);
        if (!payload)
            continue;
        *out_payload = payload;
        return &d->fields[i];
    }
    return NULL;
}

/* ---- paths ---- */

/* By the name of the .proto file or of the JSON mapping. */
static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *d,
                                                const char *name, size_t len)
{
    for (unsigned i = 0; d && i < d->n_fields; i++) {
        char json[SG_JSON_NAME_MAX];
        const char *proto = d->fields[i].name;
        sg_json_name(proto, json);
        if ((strlen(proto) == len && memcmp(proto, name, len) == 0) ||
            (strlen(json) == len && memcmp(json, name, len) == 0))
            return &d->fields[i];
    }
    return NULL;
}

static void say_no_field(const struct cli *cli, const ProtobufCMessageDescriptor *d,
                         const char *path)
{
    char names[PATH_MAX_BYTES * 3] = "";
    size_t len = 0;
    for (unsigned i = 0; d && i < d->n_fields && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "",
                                d->fields[i].name);
    cli_say(cli, "%s: tidak ada isian seperti itu; ada: %s", "%s: no such field; there are: %s",
            path, d ? names : "-");
}

/* Is the value taken as it stands? A number, a truth and a list are JSON. */
static bool is_text(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM ||
           field->type == PROTOBUF_C_TYPE_BYTES || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static json_t *value_of(const ProtobufCFieldDescriptor *field, const char *text)
{
    bool json = !is_text(field) || text[0] == '"' || text[0] == '{' || text[0] == '[' ||
                strcmp(text, "null") == 0;
    return json ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL)
                : json_string(text);
}

static bool put_value(json_t *object, const char *name, json_t *value)
{
    if (json_is_null(value)) {
        (void)json_object_del(object, name); /* it may not be there */
        return true;
    }
    return json_object_set(object, name, value) == 0;
}

bool edit_set(const struct cli *cli, json_t *payload, const ProtobufCFieldDescriptor *of,
              const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment) {
        cli_say(cli, "%s: perlu ISIAN=NILAI", "%s: wants FIELD=VALUE", assignment);
        return false;
    }
    const ProtobufCMessageDescriptor *d = of->descriptor;
    const char *at = assignment;
    json_t *object = payload;
    for (bool first = true;; first = false) {
        const char *dot = memchr(at, '.', (size_t)(equals - at));
        size_t len = (size_t)((dot ? dot : equals) - at);
        char json[SG_JSON_NAME_MAX], path[PATH_MAX_BYTES];
        (void)snprintf(path, sizeof path, "%.*s", (int)(equals - assignment), assignment);
        if (first && dot && field_of(&pb_envelope__descriptor, at, len) == of) {
            at = dot + 1;
            continue;
        }
        const ProtobufCFieldDescriptor *field = field_of(d, at, len);
        bool enters = dot && field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
                      field->label != PROTOBUF_C_LABEL_REPEATED;
        if (!field || (dot && !enters)) {
            say_no_field(cli, field ? NULL : d, path);
            return false;
        }
        sg_json_name(field->name, json);
        if (!dot) {
            SG_AUTO(print_json_done) json_t *value = value_of(field, equals + 1);
            if (value && put_value(object, json, value))
                return true;
            cli_say(cli, "%s: nilai '%s' bukan JSON", "%s: value '%s' is not JSON", path,
                    equals + 1);
            return false;
        }
        json_t *inner = json_object_get(object, json);
        if (!inner && json_object_set_new(object, json, inner = json_object()) != 0)
            return false;
        object = inner;
        d = field->descriptor;
        at = dot + 1;
    }
}

bool edit_merge(const struct cli *cli, json_t *payload, const ProtobufCFieldDescriptor *of,
                const json_t *changes)
{
    char wrapped[SG_JSON_NAME_MAX], name[SG_JSON_NAME_MAX];
    sg_json_name(of->name, wrapped);
    if (json_object_get(changes, wrapped))
        changes = json_object_get(changes, wrapped);
    else if (json_object_get(changes, of->name))
        changes = json_object_get(changes, of->name);
    if (!json_is_object(changes)) {
        cli_say(cli, "berkas harus berisi objek JSON", "the file has to hold a JSON object");
        return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)changes, key, value)
    {
        const ProtobufCFieldDescriptor *field = field_of(of->descriptor, key, strlen(key));
        if (!field) {
            say_no_field(cli, of->descriptor, key);
            return false;
        }
        sg_json_name(field->name, name);
        if (!put_value(payload, name, value))
            return false;
    }
    return true;
}

/* ---- both beside each other ---- */

/* "startedOn" -> "started_on": as it is written behind --set. */
static void proto_name(const char *json, char *to, size_t room)
{
    size_t len = 0;
    for (; *json && len + 2 < room; json++) {
        if (*json >= 'A' && *json <= 'Z') {
            to[len++] = '_';
            to[len++] = (char)(*json - 'A' + 'a');
        } else {
            to[len++] = *json;
        }
    }
    to[len] = '\0';
}

static const char *cell_of(const json_t *value, char *to, size_t room)
{
    if (json_is_string(value))
        (void)snprintf(to, room, "%s", json_string_value(value));
    else {
        SG_AUTO(sg_heap_done)
        char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        (void)snprintf(to, room, "%s", text ? text : "");
    }
    return to;
}

/* A walk over the fields of two objects, leaf by leaf. */
struct walk {
    struct table *table; /* NULL: only count */
    size_t differences;
};

static void see_leaf(struct walk *walk, const char *path, const json_t *before, const json_t *after)
{
    char was[CELL_MAX], is[CELL_MAX];
    bool same = before && after && json_equal(before, after);
    walk->differences += !same;
    if (!walk->table)
        return;
    table_row(walk->table, (const char *const[]){path, cell_of(before, was, sizeof was),
                                                 same    ? ""
                                                 : after ? cell_of(after, is, sizeof is)
                                                         : "-",
                                                 same ? "" : "*"});
}

enum { DEPTH_MAX = 8 };

static void see_object(struct walk *walk, const char *prefix, const json_t *before,
                       const json_t *after, int depth);

static void see_field(struct walk *walk, const char *prefix, const char *key, const json_t *before,
                      const json_t *after, int depth)
{
    char name[SG_JSON_NAME_MAX * 2], path[PATH_MAX_BYTES];
    proto_name(key, name, sizeof name);
    (void)snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] ? "." : "", name);
    bool inside = (before ? json_is_object(before) : json_is_object(after)) &&
                  (!after || json_is_object(after)) && depth < DEPTH_MAX;
    if (inside)
        see_object(walk, path, before, after, depth + 1);
    else
        see_leaf(walk, path, before, after);
}

static void see_object(struct walk *walk, const char *prefix, const json_t *before,
                       const json_t *after, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)before, key, value)
        see_field(walk, prefix, key, value, json_object_get(after, key), depth);
    json_object_foreach((json_t *)(uintptr_t)after, key, value)
    {
        if (!json_object_get(before, key))
            see_field(walk, prefix, key, NULL, value, depth);
    }
}

size_t edit_differences(const json_t *before, const json_t *after)
{
    struct walk walk = {NULL, 0};
    see_object(&walk, "", before, after, 0);
    return walk.differences;
}

size_t edit_print(struct cli *cli, const json_t *before, const json_t *after)
{
    SG_AUTO(table_done) struct table table = {0};
    struct walk walk = {&table, 0};
    table_begin(&table, cli,
                (const char *const[]){"ISIAN", "FIELD", "SEBELUM", "BEFORE", "SESUDAH", "AFTER", "",
                                      "", NULL});
    see_object(&walk, "", before, after, 0);
    table_print(&table);
    return walk.differences;
}
