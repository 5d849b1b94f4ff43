/* contract.c - makes the tables of wire/contract.h from a descriptor set. A host tool of the build.
 *
 * The custom options of options.proto arrive as unknown fields of FieldOptions. A field that holds
 * something of an event without saying of which class it is ends the build.
 */
#include "google/protobuf/descriptor.pb-c.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_PD = 50001, OPT_FORM, OPT_MUST, OPT_MIN, OPT_MAX, OPT_SEEN };
enum { PD_UNSPECIFIED, PD_NONE, PD_PSEUDONYMOUS, PD_GENERAL, PD_SPECIFIC };
enum { FORM_PARTIAL_DATE = 16, FORM_DAY = 17 };
enum { SEEN_CASE_MATTER = 17 }; /* from here on rows of fields that are not personal */
enum { MESSAGES_MAX = 256, DEPTH_MAX = 8, PAYLOAD_FIRST = 101 };

typedef Google__Protobuf__FileDescriptorSet Set;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
#define LABEL_REPEATED GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED
#define TYPE(x) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##x

static struct entry {
    char name[256]; /* ".sinergi.v1.Date" */
    const Message *message;
    enum { NEW, INSIDE, DONE } state; /* of the search for messages that contain themselves */
} entries[MESSAGES_MAX];
static size_t entry_count;
static bool failed;

struct options {
    int64_t pd, form, must, min, max, seen;
    bool bounded;
};

static void complain(const char *message, const char *field, const char *what)
{
    fprintf(stderr, "contract: %s.%s: %s\n", message, field, what);
    failed = true;
}

/* google/protobuf/descriptor.proto is in the set too, and contains itself. */
static bool is_ours(const char *name)
{
    return strncmp(name, ".sinergi.", 9) == 0;
}

static void check_enum(const char *owner, const Google__Protobuf__EnumDescriptorProto *e)
{
    if (e->value[0]->number != 0)
        complain(owner, e->name, "the first value is not 0");
}

static void collect(const Message *message, const char *prefix)
{
    if (entry_count == MESSAGES_MAX) {
        fprintf(stderr, "contract: more than %d messages\n", MESSAGES_MAX);
        exit(1);
    }
    struct entry *entry = &entries[entry_count++];
    snprintf(entry->name, sizeof entry->name, "%s.%s", prefix, message->name);
    entry->message = message;
    for (size_t i = 0; is_ours(entry->name) && i < message->n_enum_type; i++)
        check_enum(entry->name, message->enum_type[i]);
    for (size_t i = 0; i < message->n_nested_type; i++)
        collect(message->nested_type[i], entry->name);
}

static void collect_file(const Google__Protobuf__FileDescriptorProto *file)
{
    char prefix[128];
    snprintf(prefix, sizeof prefix, ".%s", file->package);
    for (size_t m = 0; m < file->n_message_type; m++)
        collect(file->message_type[m], prefix);
    for (size_t e = 0; strncmp(file->package, "sinergi.", 8) == 0 && e < file->n_enum_type; e++)
        check_enum(file->name, file->enum_type[e]);
}

static struct entry *find(const char *name)
{
    for (size_t i = 0; i < entry_count; i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    return NULL;
}

static uint64_t varint(const uint8_t *data, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len && i < 10; i++)
        value |= (uint64_t)(data[i] & 0x7f) << (7 * i);
    return value;
}

static struct options options_of(const Field *field)
{
    struct options o = {0};
    if (!field->options)
        return o;
    const ProtobufCMessage *base = &field->options->base;
    for (unsigned i = 0; i < base->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *u = &base->unknown_fields[i];
        int64_t value = (int64_t)varint(u->data, u->len);
        switch (u->tag) {
        case OPT_PD: o.pd = value; break;
        case OPT_FORM: o.form = value; break;
        case OPT_MUST: o.must = value; break;
        case OPT_MIN: o.min = value, o.bounded = true; break;
        case OPT_MAX: o.max = value, o.bounded = true; break;
        case OPT_SEEN: o.seen = value; break;
        default: break;
        }
    }
    return o;
}

static bool is_message(const Field *f)
{
    return f->type == TYPE(MESSAGE);
}

static void check_leaf(const struct entry *entry, const Field *field, const struct options *o)
{
    bool text = field->type == TYPE(STRING) || field->type == TYPE(BYTES);
    bool date = is_message(field) && strcmp(field->type_name, ".sinergi.v1.Date") == 0;
    bool time = is_message(field) && strstr(field->type_name, "Timestamp");
    if ((text || time || date) && !o->form)
        complain(entry->name, field->name, "has no form");
    if (date && o->form != FORM_PARTIAL_DATE && o->form != FORM_DAY)
        complain(entry->name, field->name, "a Date wants FORM_PARTIAL_DATE or FORM_DAY");
    if ((o->pd == PD_NONE || o->pd == PD_PSEUDONYMOUS) && o->seen && o->seen < SEEN_CASE_MATTER)
        complain(entry->name, field->name, "has a row of the table of personal fields");
}

/* Decoding walks messages with a stack of fixed depth: none may contain itself. */
static void check_cycles(struct entry *entry)
{
    entry->state = INSIDE;
    for (size_t i = 0; i < entry->message->n_field; i++) {
        const Field *field = entry->message->field[i];
        if (!is_message(field))
            continue;
        struct entry *inner = find(field->type_name);
        if (inner->state == INSIDE)
            complain(entry->name, field->name, "lets a message contain itself");
        if (inner->state == NEW)
            check_cycles(inner);
    }
    entry->state = DONE;
}

/* The class of one field. classed: a field above has it already. */
static void check_class(const struct entry *entry, const Field *field, const struct options *o,
                        bool classed)
{
    bool payload =
        strcmp(entry->name, ".sinergi.v1.Envelope") == 0 && field->number >= PAYLOAD_FIRST;
    if (payload && (o->pd || !is_message(field)))
        complain(entry->name, field->name, "a payload is a message without a class of its own");
    if (classed && o->pd)
        complain(entry->name, field->name, "stands under a class and has one of its own");
    if (!classed && !o->pd && !is_message(field))
        complain(entry->name, field->name, "has no class (sinergi.v1.pd)");
    if (!classed && !o->pd && is_message(field) && field->label == LABEL_REPEATED)
        complain(entry->name, field->name, "is repeated: one class counts for all of it");
}

/* Check the classes of all that an event reaches. */
static void check_event(const struct entry *entry, bool classed, int depth)
{
    if (depth >= DEPTH_MAX) {
        complain(entry->name, "*", "is nested deeper than a decode goes");
        return;
    }
    for (size_t i = 0; i < entry->message->n_field; i++) {
        const Field *field = entry->message->field[i];
        struct options o = options_of(field);
        check_class(entry, field, &o, classed);
        check_leaf(entry, field, &o);
        if (is_message(field))
            check_event(find(field->type_name), classed || o.pd, depth + 1);
    }
}

/* ".sinergi.v1.OtherDocument" -> "pb_other_document"; nested names are joined by "__". */
static void c_name(const char *full, char *to)
{
    const char *rest = full + 1;
    if (strncmp(rest, "sinergi.v1.", 11) == 0) {
        to += sprintf(to, "pb_");
        rest += 11;
    }
    bool start = true, lower_before = false;
    for (; *rest; rest++) {
        if (*rest == '.') {
            to += sprintf(to, "__");
            start = true;
            lower_before = false;
            continue;
        }
        if (isupper((unsigned char)*rest)) {
            if (!start && lower_before)
                *to++ = '_';
            *to++ = (char)tolower((unsigned char)*rest);
            lower_before = false;
        } else {
            *to++ = *rest;
            lower_before = true;
        }
        start = false;
    }
    *to = '\0';
}

static int by_number(const void *a, const void *b)
{
    const Field *x = *(Field *const *)a, *y = *(Field *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void print_rules(const struct entry *entry)
{
    char name[256], sub[256];
    c_name(entry->name, name);
    size_t n = entry->message->n_field;
    qsort(entry->message->field, n, sizeof entry->message->field[0], by_number);
    printf("static const struct sg_field_rules %s_fields[] = {\n", name);
    for (size_t i = 0; i < n; i++) {
        const Field *field = entry->message->field[i];
        struct options o = options_of(field);
        strcpy(sub, "NULL");
        if (is_message(field)) {
            sub[0] = '&';
            c_name(field->type_name, sub + 1);
            strcat(sub, "_rules");
        }
        printf("    {%lld, %lld, %lld, %s, %s, %lldLL, %lldLL, %s}, /* %s */\n", (long long)o.pd,
               (long long)o.form, (long long)o.seen, o.must ? "true" : "false",
               o.bounded ? "true" : "false", (long long)o.min, (long long)o.max, sub, field->name);
    }
    bool root = strcmp(name, "pb_envelope") == 0;
    printf("};\n%sconst struct sg_message_rules %s_rules = {&%s__descriptor, %s_fields};\n",
           root ? "" : "static ", root ? "sg_envelope" : name, name, name);
}

/* Inner messages first, so that every name is known where it is used. */
static bool printed[MESSAGES_MAX];
static void print_in_order(struct entry *entry)
{
    size_t at = (size_t)(entry - entries);
    if (printed[at])
        return;
    printed[at] = true;
    for (size_t i = 0; i < entry->message->n_field; i++)
        if (is_message(entry->message->field[i]))
            print_in_order(find(entry->message->field[i]->type_name));
    print_rules(entry);
}

static void print_topics(const Message *envelope)
{
    printf("const struct sg_topic sg_topics[] = {\n");
    for (size_t i = 0; i < envelope->n_field; i++) {
        const Field *field = envelope->field[i];
        if (field->number < PAYLOAD_FIRST)
            continue;
        char topic[128];
        snprintf(topic, sizeof topic, "%s", field->name);
        char *line = strchr(topic, '_');
        if (line)
            *line = '.';
        printf("    {%d, %zu, \"%s\"},\n", field->number, strlen(topic), topic);
    }
    printf("};\nconst size_t sg_topic_count = sizeof sg_topics / sizeof sg_topics[0];\n");
}

/* wire/contract.h mirrors two enums of options.proto: the compiler compares each value. */
static void print_mirror(const Google__Protobuf__EnumDescriptorProto *e)
{
    const char *prefix = strcmp(e->name, "PdClass") == 0 ? "PD_CLASS_" : "FORM_";
    const char *mirror = strcmp(e->name, "PdClass") == 0 ? "SG_PD_" : "SG_FORM_";
    if (strcmp(e->name, "PdClass") != 0 && strcmp(e->name, "Form") != 0)
        return;
    for (size_t i = 0; i < e->n_value; i++)
        printf("_Static_assert(%s%s == %d, \"options.proto\");\n", mirror,
               e->value[i]->name + strlen(prefix), e->value[i]->number);
}

static Set *read_set(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(data, 1, sizeof data, file) : 0;
    if (file)
        fclose(file);
    return len ? google__protobuf__file_descriptor_set__unpack(NULL, len, data) : NULL;
}

int main(int argc, char **argv)
{
    Set *set = argc == 2 ? read_set(argv[1]) : NULL;
    if (!set) {
        fputs("usage: contract-gen DESCRIPTOR-SET\n", stderr);
        return 1;
    }
    for (size_t f = 0; f < set->n_file; f++)
        collect_file(set->file[f]);
    for (size_t i = 0; i < entry_count; i++)
        if (is_ours(entries[i].name) && entries[i].state == NEW)
            check_cycles(&entries[i]);
    struct entry *envelope = find(".sinergi.v1.Envelope");
    if (!envelope)
        complain(argv[1], "sinergi.v1.Envelope", "is not there");
    if (!failed)
        check_event(envelope, false, 0);
    if (failed)
        return 1;
    puts("/* Made by proto/gen/contract.c from the .proto files. */\n"
         "#include \"wire/contract.h\"\n#include \"sinergi/v1/event.pb-c.h\"\n");
    for (size_t f = 0; f < set->n_file; f++)
        for (size_t e = 0; e < set->file[f]->n_enum_type; e++)
            print_mirror(set->file[f]->enum_type[e]);
    print_in_order(envelope);
    print_topics(envelope->message);
    return 0;
}
