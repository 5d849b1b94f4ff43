/* event_page.c - makes the tables of sinergi-event(5) from a descriptor set with its comments. A
 * host tool of the build: usage event-page DESCRIPTOR-SET < PAGE-WITH-MARKS > PAGE.
 *
 * A line "@ENVELOPE@", "@EVENTS@", "@OBJECTS@" or "@VALUES@" of the page is replaced by that table;
 * so the page cannot say anything else than the contract does.
 */
#include "google/protobuf/descriptor.pb-c.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_PD = 50001, OPT_FORM, OPT_MUST, OPT_MIN, OPT_MAX };
enum {
    TYPES_MAX = 1024,
    PATH_MAX_LEN = 8,
    INLINE_MAX = 8,
    PAYLOAD_FIRST = 101,
    DERIVED_FIRST = 201
};
enum { FILE_MESSAGE = 4, FILE_ENUM = 5, IN_FIELD = 2, IN_NESTED = 3, IN_ENUM = 4, IN_VALUE = 2 };

typedef Google__Protobuf__FileDescriptorSet Set;
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__EnumDescriptorProto Enum;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__SourceCodeInfo__Location Location;
#define LABEL_REPEATED GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED
#define TYPE(x) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##x

/* A message or an enum, and where its comments are. */
static struct type {
    char name[256]; /* ".sinergi.v1.Date" */
    const File *file;
    int32_t path[PATH_MAX_LEN];
    size_t path_len;
    const Message *message; /* one of the two */
    const Enum *values;
    bool wanted; /* an event reaches it, and it has a place of its own */
} types[TYPES_MAX];
static size_t type_count;

/* ---- the set ----------------------------------------------------------------------------- */

static struct type *add(const char *prefix, const char *name, const File *file,
                        const struct type *outer, int32_t kind, int32_t index)
{
    if (type_count == TYPES_MAX) {
        fprintf(stderr, "event-page: more than %d types\n", TYPES_MAX);
        exit(1);
    }
    struct type *type = &types[type_count++];
    snprintf(type->name, sizeof type->name, "%s.%s", prefix, name);
    type->file = file;
    if (outer) {
        memcpy(type->path, outer->path, sizeof type->path);
        type->path_len = outer->path_len;
    }
    type->path[type->path_len++] = kind;
    type->path[type->path_len++] = index;
    return type;
}

/* One level of nesting is all that the contract has. */
static void collect_file(const File *file)
{
    char prefix[128];
    snprintf(prefix, sizeof prefix, ".%s", file->package);
    for (size_t i = 0; i < file->n_enum_type; i++)
        add(prefix, file->enum_type[i]->name, file, NULL, FILE_ENUM, (int32_t)i)->values =
            file->enum_type[i];
    for (size_t i = 0; i < file->n_message_type; i++) {
        const Message *message = file->message_type[i];
        struct type *type = add(prefix, message->name, file, NULL, FILE_MESSAGE, (int32_t)i);
        type->message = message;
        for (size_t j = 0; j < message->n_nested_type; j++)
            add(type->name, message->nested_type[j]->name, file, type, IN_NESTED, (int32_t)j)
                ->message = message->nested_type[j];
        for (size_t j = 0; j < message->n_enum_type; j++)
            add(type->name, message->enum_type[j]->name, file, type, IN_ENUM, (int32_t)j)->values =
                message->enum_type[j];
    }
}

static struct type *find(const char *name)
{
    for (size_t i = 0; i < type_count; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    fprintf(stderr, "event-page: no %s\n", name);
    exit(1);
}

static int64_t option_of(const Field *field, uint32_t tag, bool *out_has)
{
    const ProtobufCMessage *base = field->options ? &field->options->base : NULL;
    for (unsigned i = 0; base && i < base->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *u = &base->unknown_fields[i];
        uint64_t value = 0;
        for (size_t k = 0; k < u->len && k < 10; k++)
            value |= (uint64_t)(u->data[k] & 0x7f) << (7 * k);
        if (u->tag != tag)
            continue;
        *out_has = true;
        return (int64_t)value;
    }
    *out_has = false;
    return 0;
}

/* The comment before or behind what stands at the path of `type`, and below it at [kind, index]. */
static const char *comment(const struct type *type, int32_t kind, int32_t index, bool behind)
{
    const Google__Protobuf__SourceCodeInfo *info = type->file->source_code_info;
    size_t len = type->path_len + (kind ? 2 : 0);
    for (size_t i = 0; info && i < info->n_location; i++) {
        const Location *at = info->location[i];
        if (at->n_path != len || memcmp(at->path, type->path, type->path_len * sizeof(int32_t)) ||
            (kind && (at->path[len - 2] != kind || at->path[len - 1] != index)))
            continue;
        const char *text = behind ? at->trailing_comments : at->leading_comments;
        return text && text[0] ? text : NULL;
    }
    return NULL;
}

/* ---- the page ---------------------------------------------------------------------------- */

/* A text of ours as text of mdoc, on lines of its own, and each sentence on a new one. */
static void print_text(const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && *text == ' ')
            continue;
        if (*text == '\\')
            printf("\\e");
        else if (start && (*text == '.' || *text == '\''))
            printf("\\&%c", *text);
        else
            putchar(*text);
        bool sentence = *text == '.' && text[1] == ' ';
        if (sentence)
            putchar('\n');
        start = sentence || *text == '\n';
    }
    if (!start)
        putchar('\n');
}

static const char *short_name(const char *name)
{
    const char *prefix = ".sinergi.v1.";
    return strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : name;
}

/* The name of a value without that of its enum, where that is a name. */
static const char *value_name(const Enum *values, size_t i)
{
    const char *full = values->value[i]->name;
    const char *rest = full + strlen(values->value[0]->name) - strlen("UNSPECIFIED");
    return isdigit((unsigned char)rest[0]) ? full : rest;
}

static void print_inline(const struct type *type)
{
    size_t n = type->values->n_value;
    for (size_t i = 1; i < n; i++)
        printf("%s%s", value_name(type->values, i), i + 2 == n ? " or " : i + 1 < n ? ", " : "");
}

/* The comment behind the form in options.proto, one line. */
static const char *said_of_form(const struct type *forms, size_t i)
{
    const char *said = comment(forms, IN_VALUE, (int32_t)i, true);
    return said ? said + strspn(said, " ") : "";
}

/* "text of at most 120 bytes"; of a form that is said to be "as" another one, also that one. */
static void print_form(int64_t form)
{
    const struct type *forms = find(".sinergi.v1.Form");
    const char *said = said_of_form(forms, (size_t)form);
    for (size_t i = 1; i < forms->values->n_value; i++) {
        const char *name = forms->values->value[i]->name;
        size_t len = strlen(name);
        if (strncmp(said, "as ", 3) != 0 || strncmp(said + 3, name, len) || said[3 + len] != ';')
            continue;
        const char *other = said_of_form(forms, i);
        printf("%.*s", (int)strcspn(other, "\n"), other);
        said += 3 + len;
        break;
    }
    printf("%.*s", (int)strcspn(said, "\n"), said);
}

/* The topic of a payload, else NULL. */
static const char *topic_of(const char *type_name)
{
    static char topic[128];
    const Message *envelope = find(".sinergi.v1.Envelope")->message;
    for (size_t i = 0; i < envelope->n_field; i++) {
        const Field *field = envelope->field[i];
        if (field->number < PAYLOAD_FIRST || strcmp(field->type_name, type_name) != 0)
            continue;
        snprintf(topic, sizeof topic, "%s", field->name);
        topic[strcspn(topic, "_")] = '.';
        return topic;
    }
    return NULL;
}

/* What a value of the field is. Long lists and objects have a place of their own. */
static void print_kind(const Field *field)
{
    bool has_form;
    int64_t form = option_of(field, OPT_FORM, &has_form);
    if (has_form) {
        print_form(form);
    } else if (field->type == TYPE(ENUM) || field->type == TYPE(MESSAGE)) {
        struct type *type = find(field->type_name);
        if (type->values && type->values->n_value <= INLINE_MAX + 1) {
            print_inline(type);
            return;
        }
        const char *topic = type->message ? topic_of(type->name) : NULL;
        type->wanted = !topic;
        printf("%s\n.Sx %s", type->values ? "one of" : "object",
               topic ? topic : short_name(type->name));
    } else {
        printf("%s", field->type == TYPE(BOOL) ? "true or false" : "number");
    }
}

/* "list of 1 to 3: number", "number of 1 to 3". */
static void print_bounded(const Field *field)
{
    bool has_min, has_max, repeated = field->label == LABEL_REPEATED;
    int64_t min = option_of(field, OPT_MIN, &has_min), max = option_of(field, OPT_MAX, &has_max);
    if (repeated)
        printf("list");
    else
        print_kind(field);
    if (has_min && has_max)
        printf(" of %lld to %lld", (long long)min, (long long)max);
    else if (has_max)
        printf(" of at most %lld", (long long)max);
    else if (has_min)
        printf(" of at least %lld", (long long)min);
    if (repeated) {
        printf(": ");
        print_kind(field);
    }
}

static void print_field(const struct type *type, size_t index)
{
    static const char *const classes[] = {"", "", "pseudonym", "personal", "personal, specific"};
    const Field *field = type->message->field[index];
    bool has;
    int64_t class = option_of(field, OPT_PD, &has);
    printf(".It Cm %s", field->json_name ? field->json_name : field->name);
    if (option_of(field, OPT_MUST, &has))
        printf(" No (mandatory)");
    putchar('\n');
    print_bounded(field);
    option_of(field, OPT_PD, &has);
    if (has && classes[class][0])
        printf("\n.Pq %s", classes[class]);
    putchar('\n');
    const char *said = comment(type, IN_FIELD, (int32_t)index, true);
    if (said)
        print_text(said);
}

static void print_fields(const struct type *type, int32_t first, int32_t end)
{
    printf(".Bl -tag -width Ds -compact\n");
    size_t count = 0;
    for (size_t i = 0; i < type->message->n_field; i++) {
        const Field *field = type->message->field[i];
        if (field->number < first || field->number >= end)
            continue;
        print_field(type, i);
        count++;
    }
    if (!count)
        printf(".It No (no fields)\n");
    printf(".El\n");
}

static void print_envelope(void)
{
    print_fields(find(".sinergi.v1.Envelope"), 0, PAYLOAD_FIRST);
}

static void print_events(void)
{
    const struct type *envelope = find(".sinergi.v1.Envelope");
    for (size_t i = 0; i < envelope->message->n_field; i++) {
        const Field *field = envelope->message->field[i];
        if (field->number < PAYLOAD_FIRST)
            continue;
        struct type *type = find(field->type_name);
        printf(".Ss %s\n", topic_of(field->type_name));
        const char *said = comment(type, 0, 0, false);
        if (said)
            print_text(said);
        printf("%sIn the JSON:\n.Cm %s\n", said ? ".br\n" : "", field->json_name);
        if (field->number >= DERIVED_FIRST)
            printf("(stated by the broker alone)\n");
        print_fields(type, 0, INT32_MAX);
    }
}

/* An object may name another one that was passed already: until none is left. */
static void print_objects(void)
{
    static bool done[TYPES_MAX];
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < type_count; i++) {
            if (!types[i].wanted || !types[i].message || done[i])
                continue;
            done[i] = more = true;
            printf(".Ss %s\n", short_name(types[i].name));
            const char *said = comment(&types[i], 0, 0, false);
            if (said)
                print_text(said);
            print_fields(&types[i], 0, INT32_MAX);
        }
    }
}

static void print_values(void)
{
    for (size_t i = 0; i < type_count; i++) {
        const struct type *type = &types[i];
        if (!type->wanted || !type->values)
            continue;
        printf(".Ss %s\n", short_name(type->name));
        const char *said = comment(type, 0, 0, false);
        if (said)
            print_text(said);
        for (size_t v = 1; v < type->values->n_value; v++)
            printf("%s%s\n", value_name(type->values, v), v + 1 < type->values->n_value ? "," : "");
    }
}

static Set *read_set(const char *path)
{
    static uint8_t data[4 << 20];
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(data, 1, sizeof data, file) : 0;
    if (file)
        fclose(file);
    return len ? google__protobuf__file_descriptor_set__unpack(NULL, len, data) : NULL;
}

int main(int argc, char **argv)
{
    static const struct mark {
        const char *line;
        void (*print)(void);
    } marks[] = {
        {"@ENVELOPE@\n", print_envelope},
        {"@EVENTS@\n", print_events},
        {"@OBJECTS@\n", print_objects},
        {"@VALUES@\n", print_values},
    };
    const Set *set = argc == 2 ? read_set(argv[1]) : NULL;
    if (!set) {
        fputs("usage: event-page DESCRIPTOR-SET <PAGE >PAGE\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < set->n_file; i++)
        collect_file(set->file[i]);
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        size_t i = 0;
        while (i < sizeof marks / sizeof marks[0] && strcmp(line, marks[i].line) != 0)
            i++;
        if (i < sizeof marks / sizeof marks[0])
            marks[i].print();
        else
            fputs(line, stdout);
    }
    return 0;
}
