#include "sheet/path.h"

#include "sheet/text.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/json_inside.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

/* Names that people may have meant: those that few slips of the pen lie away, else all of them. */
static void list_names(const struct sg_message_rules *rules, const char *name, bool near,
                       char *list, size_t size)
{
    for (unsigned i = 0; i < rules->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &rules->descriptor->fields[i];
        unsigned limit = (unsigned)strlen(name) / 3 + 1;
        bool payload = rules == &sg_envelope_rules && field->id >= SG_TYPE_AGENCY_FIRST;
        if (!payload && (!near || text_distance(name, field->name) <= limit))
            text_list(list, size, field->name);
    }
}

static enum sg_err unknown(const char *text, const struct sg_message_rules *rules, const char *name,
                           struct sg_why *why)
{
    char near[160] = "", all[320] = "";
    list_names(rules, name, true, near, sizeof near);
    if (near[0])
        return sg_fail(why, SG_E_FORMAT, "'%s': there is no field '%s'; near it: %s", text, name,
                       near);
    list_names(rules, name, false, all, sizeof all);
    return sg_fail(why, SG_E_FORMAT, "'%s': there is no field '%s'; want one of %s", text, name,
                   all);
}

static bool find(const struct sg_message_rules *rules, const char *name, unsigned *out)
{
    for (unsigned i = 0; i < rules->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &rules->descriptor->fields[i];
        char json[SG_JSON_NAME_MAX];
        sg_json_name(field->name, json);
        bool payload = rules == &sg_envelope_rules && field->id >= SG_TYPE_AGENCY_FIRST;
        if (!payload && (strcmp(field->name, name) == 0 || strcmp(json, name) == 0)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* "other_docs[0]" -> name and index. */
static enum sg_err cut_index(const char *text, char *name, int *out_index, struct sg_why *why)
{
    char *bracket = strchr(name, '[');
    *out_index = -1;
    if (!bracket)
        return SG_OK;
    char *end = NULL;
    long index = strtol(bracket + 1, &end, 10);
    if (end == bracket + 1 || strcmp(end, "]") != 0 || index < 0 || index >= PATH_INDEX_MAX)
        return sg_fail(why, SG_E_FORMAT, "'%s': want an element such as [0], below [%d]", text,
                       (int)PATH_INDEX_MAX);
    *out_index = (int)index;
    *bracket = '\0';
    return SG_OK;
}

static bool is_scalar(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor == &pb_date__descriptor ||
           field->descriptor == &google__protobuf__timestamp__descriptor;
}

static enum sg_err check_step(const char *text, const struct field_path *path, bool last,
                              struct sg_why *why)
{
    const ProtobufCFieldDescriptor *field = path->field;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    int index = path->steps[path->count - 1].index;
    if (index >= 0 && !repeated)
        return sg_fail(why, SG_E_FORMAT, "'%s': %s has one value, no elements", text, field->name);
    if (last && !is_scalar(field)) {
        char names[320] = "";
        list_names(path->rules->sub, "", false, names, sizeof names);
        return sg_fail(why, SG_E_FORMAT, "'%s' holds several fields: name one of %s behind a dot",
                       text, names);
    }
    if (!last && is_scalar(field))
        return sg_fail(why, SG_E_FORMAT, "'%s': %s has no fields inside", text, field->name);
    if (!last && repeated && index < 0)
        return sg_fail(why, SG_E_FORMAT, "'%s': say which element: %s[0]", text, field->name);
    return SG_OK;
}

static enum sg_err add_step(const char *text, const struct sg_message_rules *rules,
                            const char *piece, size_t len, bool last, struct field_path *path,
                            struct sg_why *why)
{
    char name[PATH_NAME_MAX];
    unsigned at = 0;
    int index = -1;
    if (len == 0 || len >= sizeof name || path->count == PATH_STEPS_MAX)
        return sg_fail(why, SG_E_FORMAT, "'%s' is not the name of a field", text);
    memcpy(name, piece, len);
    name[len] = '\0';
    enum sg_err err = cut_index(text, name, &index, why);
    if (err)
        return err;
    if (!find(rules, name, &at))
        return unknown(text, rules, name, why);
    struct path_step *step = &path->steps[path->count++];
    path->field = &rules->descriptor->fields[at];
    path->rules = &rules->fields[at];
    sg_json_name(path->field->name, step->name);
    step->index = index;
    size_t used = strlen(path->text);
    (void)snprintf(path->text + used, sizeof path->text - used, "%s%s", used ? "." : "",
                   path->field->name);
    return check_step(text, path, last, why);
}

enum sg_err path_read(const char *text, const struct sg_message_rules *payload,
                      struct field_path *out, struct sg_why *why)
{
    static const char prefix[] = "envelope.";
    struct field_path path = {0};
    const struct sg_message_rules *rules = payload;
    const char *at = text;
    if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
        path.envelope = true;
        rules = &sg_envelope_rules;
        at += sizeof prefix - 1;
    }
    for (bool last = false; !last;) {
        const char *dot = strchr(at, '.');
        size_t len = dot ? (size_t)(dot - at) : strlen(at);
        last = dot == NULL;
        enum sg_err err = add_step(text, rules, at, len, last, &path, why);
        if (err)
            return err;
        rules = path.rules->sub;
        at += len + 1;
    }
    *out = path;
    return SG_OK;
}

/* ---- into JSON ---------------------------------------------------------------------------- */

/* The object of one step, made when it is missing. An element that is missing in front of it is
 * made too: rows leave cells empty. NULL: no memory. */
static json_t *enter(json_t *object, const struct path_step *step)
{
    json_t *inner = json_object_get(object, step->name);
    if (!inner) {
        inner = step->index >= 0 ? json_array() : json_object();
        if (!inner || json_object_set_new(object, step->name, inner) != 0)
            return NULL;
    }
    if (step->index < 0)
        return inner;
    while (json_array_size(inner) <= (size_t)step->index)
        if (json_array_append_new(inner, json_object()) != 0)
            return NULL;
    return json_array_get(inner, (size_t)step->index);
}

bool path_put(const struct field_path *path, json_t *envelope, json_t *payload, json_t *value)
{
    json_t *object = path->envelope ? envelope : payload;
    for (size_t i = 0; object && i + 1 < path->count; i++)
        object = enter(object, &path->steps[i]);
    const char *name = path->steps[path->count - 1].name;
    json_t *there = object ? json_object_get(object, name) : NULL;
    if (!object || !value) {
        json_decref(value);
        return false;
    }
    if (path->field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (!there) {
            there = json_array();
            if (!there || json_object_set_new(object, name, there) != 0) {
                json_decref(value);
                return false;
            }
        }
        return json_array_append_new(there, value) == 0;
    }
    if (there) {
        json_decref(value);
        return false;
    }
    return json_object_set_new(object, name, value) == 0;
}

bool path_has(const struct field_path *path, const json_t *envelope, const json_t *payload)
{
    const json_t *at = path->envelope ? envelope : payload;
    for (size_t i = 0; at && i < path->count; i++) {
        at = json_object_get(at, path->steps[i].name);
        if (at && i + 1 < path->count && path->steps[i].index >= 0)
            at = json_array_get(at, (size_t)path->steps[i].index);
    }
    return at != NULL;
}
