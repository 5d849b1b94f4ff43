#include "agent/forget.h"

#include "sinergi/v1/event.pb-c.h"
#include "wire/codec.h"
#include "wire/contract.h"
#include "wire/json_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { REDACTED_PATHS_MAX = 64 }; /* of the contract */

/* ---- the order --------------------------------------------------------------------------- */

enum sg_err forget_order_of(const sinergi_delivery *delivery, struct sg_arena *arena,
                            const struct forget_order **out_order, struct sg_why *why)
{
    PbEnvelope *envelope = NULL;
    struct sg_id ref;
    *out_order = NULL;
    if (strcmp(delivery->type, FORGET_TOPIC) != 0)
        return SG_OK;
    enum sg_err err = sg_decode(&pb_envelope__descriptor,
                                (struct sg_bytes){delivery->envelope, delivery->envelope_length},
                                arena, &envelope, why);
    const PbPersonErasureOrdered *event = err ? NULL : envelope->person_erasure_ordered;
    if (!event ||
        sg_id_from((struct sg_bytes){event->person_ref.data, event->person_ref.len}, &ref))
        return sg_fail(why, SG_E_FORMAT, "seq %llu: an order to forget that names nobody",
                       (unsigned long long)delivery->seq);
    struct forget_order *order = SG_NEW(arena, struct forget_order);
    if (!order)
        return sg_fail(why, SG_E_LIMIT, "no room for an order");
    (void)sg_id_print(&ref, order->person_ref);
    order->seq = delivery->seq;
    /* A scope that this program does not know is none that it may read as less. */
    order->all = event->scope != PB_PERSON_ERASURE_ORDERED__SCOPE_LISTED;
    order->paths = (const char *const *)event->paths;
    order->path_count = event->n_paths;
    *out_order = order;
    return SG_OK;
}

/* ---- which fields ------------------------------------------------------------------------ */

static const struct sg_field_rules *rules_of(const struct sg_message_rules *message,
                                             const ProtobufCFieldDescriptor *field)
{
    return &message->fields[field - message->descriptor->fields];
}

/* Rules of the last field; *out_pd: the first class on the way to it, which holds for all below. */
static const struct sg_field_rules *follow(const ProtobufCFieldDescriptor *const *path,
                                           size_t depth, enum sg_pd *out_pd)
{
    const struct sg_message_rules *message = &sg_envelope_rules;
    const struct sg_field_rules *rules = NULL;
    *out_pd = SG_PD_UNSPECIFIED;
    for (size_t i = 0; i < depth && message; i++) {
        rules = rules_of(message, path[i]);
        if (*out_pd == SG_PD_UNSPECIFIED)
            *out_pd = (enum sg_pd)rules->pd;
        message = rules->sub;
    }
    return rules;
}

void forget_path(const ProtobufCFieldDescriptor *const *path, size_t depth,
                 char to[FORGET_PATH_MAX])
{
    size_t len = 0;
    to[0] = '\0';
    for (size_t i = 0; i < depth && len < FORGET_PATH_MAX; i++)
        len +=
            (size_t)snprintf(to + len, FORGET_PATH_MAX - len, "%s%s", i ? "." : "", path[i]->name);
}

/* Is `outer` the same path, or does it lead to something around `inner`? */
static bool leads_to(const char *outer, const char *inner)
{
    size_t len = strlen(outer);
    return strncmp(outer, inner, len) == 0 && (inner[len] == '\0' || inner[len] == '.');
}

static enum forget_reach compare(const char *listed, const char *path)
{
    if (leads_to(listed, path))
        return FORGET_IT;
    return leads_to(path, listed) ? FORGET_A_PART : FORGET_NOTHING;
}

/* Listed paths are those of the payload; with the name of the type in front they are taken too. */
static enum forget_reach reach_of_list(const struct forget_order *order,
                                       const ProtobufCFieldDescriptor *const *path, size_t depth)
{
    char whole[FORGET_PATH_MAX];
    enum forget_reach most = FORGET_NOTHING;
    forget_path(path, depth, whole);
    const char *dot = path[0]->id >= SG_TYPE_AGENCY_FIRST ? strchr(whole, '.') : NULL;
    for (size_t i = 0; i < order->path_count; i++) {
        enum forget_reach reach = compare(order->paths[i], whole);
        enum forget_reach inside = dot ? compare(order->paths[i], dot + 1) : FORGET_NOTHING;
        reach = reach > inside ? reach : inside;
        most = most > reach ? most : reach;
    }
    return most;
}

/* Part of another event as bytes: any field of that event may stand in it. */
static bool is_opaque(const ProtobufCFieldDescriptor *field, const struct sg_field_rules *rules)
{
    return field->type == PROTOBUF_C_TYPE_BYTES && rules->form == SG_FORM_BYTES &&
           strcmp(field->name, "salt") != 0;
}

enum forget_reach forget_reach(const struct forget_order *order,
                               const ProtobufCFieldDescriptor *const *path, size_t depth)
{
    enum sg_pd pd;
    const struct sg_field_rules *rules = follow(path, depth, &pd);
    if (pd == SG_PD_UNSPECIFIED)
        return FORGET_A_PART;
    if (pd != SG_PD_GENERAL && pd != SG_PD_SPECIFIC)
        return FORGET_NOTHING;
    if (order->all || is_opaque(path[depth - 1], rules))
        return FORGET_IT;
    return reach_of_list(order, path, depth);
}

bool forget_is_ref(const ProtobufCFieldDescriptor *const *path, size_t depth)
{
    enum sg_pd pd;
    return follow(path, depth, &pd)->form == SG_FORM_PERSON_REF;
}

/* ---- which types ------------------------------------------------------------------------- */

static bool has_personal_field(const struct sg_message_rules *message)
{
    struct {
        const struct sg_message_rules *rules;
        unsigned next;
    } stack[FORGET_DEPTH_MAX] = {{message, 0}};
    for (size_t depth = 1; depth > 0;) {
        if (stack[depth - 1].next == stack[depth - 1].rules->descriptor->n_fields) {
            depth--;
            continue;
        }
        const struct sg_field_rules *rules =
            &stack[depth - 1].rules->fields[stack[depth - 1].next++];
        if (rules->pd == SG_PD_GENERAL || rules->pd == SG_PD_SPECIFIC)
            return true;
        if (rules->sub && rules->pd == SG_PD_UNSPECIFIED && depth < FORGET_DEPTH_MAX) {
            stack[depth].rules = rules->sub;
            stack[depth++].next = 0;
        }
    }
    return false;
}

/* Every event of an agency may have a note; these are of no person. */
bool forget_type_is_personal(const ProtobufCFieldDescriptor *type)
{
    static const char *const things[] = {"slot_offered", "slot_changed", "slot_cancelled",
                                         "equipment_registered"};
    for (size_t i = 0; i < SG_ARRAY_LEN(things); i++) {
        if (strcmp(type->name, things[i]) == 0)
            return false;
    }
    return !sg_type_is_derived(type->id) ||
           has_personal_field(rules_of(&sg_envelope_rules, type)->sub);
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* A walk over the fields that an event as JSON has, in the order of the contract. */
struct spot {
    json_t *object, *list; /* list: the object is one of it */
    size_t element;
    const struct sg_message_rules *rules;
    unsigned next;
};

struct walk {
    struct spot spots[FORGET_DEPTH_MAX];
    size_t depth;
    const ProtobufCFieldDescriptor *path[FORGET_DEPTH_MAX]; /* of the field that was found */
};

static void walk_begin(struct walk *walk, json_t *event)
{
    walk->depth = 1;
    walk->spots[0] = (struct spot){.object = event, .rules = &sg_envelope_rules};
}

static void walk_leave(struct walk *walk)
{
    struct spot *spot = &walk->spots[walk->depth - 1];
    spot->next = 0;
    if (++spot->element < json_array_size(spot->list))
        spot->object = json_array_get(spot->list, spot->element);
    else
        walk->depth--;
}

/* The value of the next field that is there; NULL at the end. Its name is in `name`. */
static json_t *walk_next(struct walk *walk, char name[SG_JSON_NAME_MAX])
{
    while (walk->depth > 0) {
        struct spot *spot = &walk->spots[walk->depth - 1];
        if (spot->next == spot->rules->descriptor->n_fields) {
            walk_leave(walk);
            continue;
        }
        const ProtobufCFieldDescriptor *field = &spot->rules->descriptor->fields[spot->next++];
        walk->path[walk->depth - 1] = field;
        sg_json_name(field->name, name);
        json_t *value = json_object_get(spot->object, name);
        if (value)
            return value;
    }
    return NULL;
}

/* Go on inside of the value that was found last; false: nothing is inside. */
static bool walk_enter(struct walk *walk, json_t *value)
{
    const struct spot *spot = &walk->spots[walk->depth - 1];
    const struct sg_message_rules *sub = spot->rules->fields[spot->next - 1].sub;
    json_t *list = json_is_array(value) ? value : NULL;
    json_t *object = list ? json_array_get(list, 0) : value;
    if (!sub || !json_is_object(object) || walk->depth == FORGET_DEPTH_MAX)
        return false;
    walk->spots[walk->depth++] = (struct spot){.object = object, .list = list, .rules = sub};
    return true;
}

static bool is_of(const struct forget_order *order, json_t *event)
{
    struct walk walk;
    char name[SG_JSON_NAME_MAX];
    json_t *value = NULL;
    walk_begin(&walk, event);
    while ((value = walk_next(&walk, name))) {
        const char *text = json_string_value(value);
        if (text && strcmp(text, order->person_ref) == 0 && forget_is_ref(walk.path, walk.depth))
            return true;
        (void)walk_enter(&walk, value);
    }
    return false;
}

static void note_path(json_t *event, const char *path)
{
    json_t *list = json_object_get(event, "redactedPaths");
    if (!json_is_array(list)) {
        (void)json_object_set_new(event, "redactedPaths", json_array());
        list = json_object_get(event, "redactedPaths"); /* NULL without memory: taken below */
    }
    size_t index;
    json_t *known;
    json_array_foreach(list, index, known)
    {
        if (strcmp(json_string_value(known) ? json_string_value(known) : "", path) == 0)
            return;
    }
    if (json_array_size(list) < REDACTED_PATHS_MAX)
        (void)json_array_append_new(list, json_string(path));
}

bool forget_in_json(const struct forget_order *order, json_t *event)
{
    struct walk walk;
    char name[SG_JSON_NAME_MAX], path[FORGET_PATH_MAX];
    json_t *value = NULL;
    bool any = false;
    if (!is_of(order, event))
        return false;
    walk_begin(&walk, event);
    while ((value = walk_next(&walk, name))) {
        enum forget_reach reach = forget_reach(order, walk.path, walk.depth);
        if (reach == FORGET_NOTHING || (reach == FORGET_A_PART && walk_enter(&walk, value)))
            continue;
        forget_path(walk.path, walk.depth, path);
        (void)json_object_del(walk.spots[walk.depth - 1].object, name);
        note_path(event, path);
        any = true;
    }
    return any;
}

void forget_goes_on(void)
{
    static time_t last;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    if (now.tv_sec == last)
        return;
    last = now.tv_sec;
    (void)sd_notify(0, "WATCHDOG=1");
}
