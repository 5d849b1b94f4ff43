#include "sheet/change.h"

#include "wire/codec.h"
#include "wire/json.h"
#include "wire/json_inside.h"
#include "wire/replacement.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETS_MAX = 30, DEPTH_MAX = SG_JSON_DEPTH_MAX };

static void json_done(json_t **json)
{
    json_decref(*json);
}

/* ---- the command --------------------------------------------------------------------------- */

struct command {
    char *to;
    size_t len, size;
    bool overflow;
};

static void put(struct command *command, const char *text, size_t len)
{
    if (command->overflow || len >= command->size - command->len) {
        command->overflow = true;
        return;
    }
    memcpy(command->to + command->len, text, len);
    command->len += len;
    command->to[command->len] = '\0';
}

/* One word of a shell: as it stands when it is harmless, else between ' and '. */
static void put_word(struct command *command, const char *word)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_-+=.,:/@%";
    if (word[0] && word[strspn(word, harmless)] == '\0') {
        put(command, word, strlen(word));
        return;
    }
    put(command, "'", 1);
    for (; *word; word++) {
        if (*word == '\'')
            put(command, "'\\''", 4);
        else
            put(command, word, 1);
    }
    put(command, "'", 1);
}

static void begin_command(struct command *command, const char *conf,
                          const struct outbox_place *place)
{
    char id[SG_ID_TEXT], text[SG_ID_TEXT + 32];
    put(command, "sinergi ", 8);
    if (conf) {
        put(command, "-c ", 3);
        put_word(command, conf);
        put(command, " ", 1);
    }
    (void)snprintf(text, sizeof text, "correct %s-%llu", sg_id_print(&place->outbox, id),
                   (unsigned long long)place->number);
    put(command, text, strlen(text));
}

/* A text stands as it is where `sinergi correct` takes it so; all else is JSON. */
static bool stands_alone(const ProtobufCFieldDescriptor *field, const json_t *value)
{
    const char *text = json_string_value(value);
    bool number = field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_ENUM &&
                  field->type != PROTOBUF_C_TYPE_BYTES && field->type != PROTOBUF_C_TYPE_MESSAGE;
    if (!text || !text[0] || field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (number) /* 64 bits: a text in JSON, a number for people */
        return true;
    if (strchr("\"{[", text[0]) || strcmp(text, "null") == 0)
        return false;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ')
            return false; /* a line break inside a command is not for pasting */
    return true;
}

static void put_set(struct command *command, const char *path,
                    const ProtobufCFieldDescriptor *field, const json_t *value)
{
    SG_AUTO(sg_heap_done)
    char *json = !value                       ? strdup("null")
                 : stands_alone(field, value) ? strdup(json_string_value(value))
                                              : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len = json ? strlen(path) + strlen(json) + 2 : 0;
    SG_AUTO(sg_heap_done) char *word = json ? malloc(len) : NULL;
    if (!word) {
        command->overflow = true;
        return;
    }
    (void)snprintf(word, len, "%s=%s", path, json);
    put(command, " --set ", 7);
    put_word(command, word);
}

/* ---- what differs -------------------------------------------------------------------------- */

/* One message of the payload, in its three states. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const json_t *published, *stands, *now;
    unsigned field;
    size_t path_len;
};

struct walk {
    struct level levels[DEPTH_MAX];
    size_t depth;
    char path[PATH_TEXT_MAX];
    struct command *command;
    struct change *change;
    size_t sets;
};

static bool same(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

static bool is_message(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED &&
           field->descriptor != &pb_date__descriptor &&
           field->descriptor != &google__protobuf__timestamp__descriptor;
}

static void print_value(const json_t *value, char *to, size_t size)
{
    SG_AUTO(sg_heap_done)
    char *json =
        value && !json_is_string(value) ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    fault_put(to, size, json ? json : value ? json_string_value(value) : "");
}

static void differ(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *stands,
                   const json_t *now)
{
    struct change *change = walk->change;
    if (!change->differs) {
        (void)snprintf(change->path, sizeof change->path, "%s", walk->path);
        print_value(stands, change->before, sizeof change->before);
    }
    change->differs = true;
    if (++walk->sets > SETS_MAX)
        walk->command->overflow = true;
    put_set(walk->command, walk->path, field, now);
}

static void see_field(struct walk *walk, struct level *level)
{
    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[level->field++];
    char name[SG_JSON_NAME_MAX];
    sg_json_name(field->name, name);
    const json_t *published = json_object_get(level->published, name),
                 *stands = json_object_get(level->stands, name),
                 *now = json_object_get(level->now, name);
    if (same(now, published) || same(now, stands))
        return;
    size_t room = sizeof walk->path - level->path_len;
    (void)snprintf(walk->path + level->path_len, room, "%s%s", level->path_len ? "." : "",
                   field->name);
    if (!is_message(field) || !now || walk->depth == DEPTH_MAX) {
        differ(walk, field, stands, now);
        return;
    }
    walk->levels[walk->depth++] = (struct level){.descriptor = field->descriptor,
                                                 .published = published,
                                                 .stands = stands,
                                                 .now = now,
                                                 .path_len = strlen(walk->path)};
}

static void walk_all(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        if (level->field == level->descriptor->n_fields)
            walk->depth--;
        else
            see_field(walk, level);
    }
}

/* ---- the three states ---------------------------------------------------------------------- */

static json_t *payload_json(const struct maker *maker, const PbEnvelope *envelope)
{
    SG_AUTO(json_done) json_t *all = sg_json_of(envelope);
    return json_incref(json_object_get(all, maker->map->payload_name));
}

/* As the row says it now, in the spelling in which events are printed. */
static enum sg_err json_now(struct maker *maker, const struct made *made, json_t **out,
                            struct sg_why *why)
{
    PbEnvelope *envelope = NULL;
    struct sg_fault fault;
    if (!sg_json_to(made->envelope, &pb_envelope__descriptor, &maker->arena, &envelope, &fault))
        return sg_fail(why, SG_E_FORMAT, "%s: %s", fault.object, fault.detail);
    *out = payload_json(maker, envelope);
    return *out ? SG_OK : sg_fail(why, SG_E_LIMIT, "no memory");
}

static enum sg_err json_published(struct maker *maker, const struct outbox_place *place,
                                  json_t **out, struct sg_why *why)
{
    struct sg_bytes clear, personal;
    struct sg_event event;
    enum sg_err err =
        outbox_event(maker->client->outbox, place, &maker->arena, &clear, &personal, why);
    if (!err)
        err = sg_event_reopen(clear, personal, &maker->arena, &event, why);
    if (err)
        return err;
    *out = payload_json(maker, event.envelope);
    return *out ? SG_OK : sg_fail(why, SG_E_LIMIT, "no memory");
}

static enum sg_err json_corrected(struct maker *maker, const PbEventCorrected *correction,
                                  json_t **out, struct sg_why *why)
{
    PbEnvelope *envelope = NULL;
    if (!correction->replacement)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a correction without a replacement");
    enum sg_err err = sg_replacement_open(correction->replacement, maker->map->type, &maker->arena,
                                          &envelope, why);
    if (err)
        return err;
    *out = payload_json(maker, envelope);
    return *out ? SG_OK : sg_fail(why, SG_E_LIMIT, "no memory");
}

enum sg_err change_find(struct maker *maker, const struct made *made,
                        const struct outbox_place *known, const char *conf, struct change *out,
                        struct sg_why *why)
{
    SG_AUTO(json_done) json_t *now = NULL;
    SG_AUTO(json_done) json_t *published = NULL;
    SG_AUTO(json_done) json_t *stands = NULL;
    enum key_standing standing = KEY_STANDS;
    const PbEventCorrected *correction = NULL;
    *out = (struct change){.differs = false};
    enum sg_err err = json_now(maker, made, &now, why);
    if (!err)
        err = json_published(maker, known, &published, why);
    if (!err)
        err =
            key_standing(maker->client->outbox, known, &maker->arena, &standing, &correction, why);
    if (!err && standing == KEY_CORRECTED)
        err = json_corrected(maker, correction, &stands, why);
    else
        stands = json_incref(published);
    if (err)
        return err;
    struct command command = {.to = out->command, .size = sizeof out->command};
    begin_command(&command, conf, known);
    struct walk walk = {.depth = 1, .command = &command, .change = out};
    walk.levels[0] = (struct level){.descriptor = maker->map->rules->descriptor,
                                    .published = published,
                                    .stands = stands,
                                    .now = now};
    walk_all(&walk);
    if (out->differs) {
        put(&command, " --reason TYPO", 14);
    } else if (standing == KEY_STANDS) {
        /* Only the time or the note around it: no replacement holds these. */
        out->differs = true;
        put(&command, " --annul --reason WRONG_DATE", 28);
    }
    if (command.overflow || !out->differs)
        out->command[0] = '\0';
    return SG_OK;
}
