#include "kit/notation.h"

#include "kit/check.h"
#include "sinergi/v1/row.pb-c.h"
#include "wire/codec.h"
#include "wire/day.h"
#include "wire/field.h"

#include <ctype.h>
#include <stdio.h>

/* ---- names ---- */

enum { NAMES_MAX = 4096, NAME_MAX_BYTES = 40, DEPTH_MAX = 8 };

static struct {
    char name[NAME_MAX_BYTES];
    struct sg_id id;
} names[NAMES_MAX];
static size_t name_count, name_numbers;

void names_clear(void)
{
    name_count = name_numbers = 0;
}

void name_give(const char *name, const struct sg_id *id)
{
    SG_CHECK(name_count < NAMES_MAX && strlen(name) < NAME_MAX_BYTES);
    for (size_t i = 0; i < name_count; i++)
        if (sg_id_equal(&names[i].id, id)) {
            (void)snprintf(names[i].name, sizeof names[i].name, "%s", name);
            return;
        }
    (void)snprintf(names[name_count].name, sizeof names[name_count].name, "%s", name);
    names[name_count++].id = *id;
}

bool name_find(const char *name, struct sg_id *out_id)
{
    for (size_t i = 0; i < name_count; i++)
        if (strcmp(names[i].name, name) == 0) {
            *out_id = names[i].id;
            return true;
        }
    return false;
}

struct sg_id name_of_publisher(const char *name)
{
    struct sg_id id;
    uint8_t hash[10] = {0};
    if (name_find(name, &id))
        return id;
    for (size_t i = 0; name[i]; i++) /* names are short: bytes added up in turn keep them apart */
        hash[i % sizeof hash] = (uint8_t)(hash[i % sizeof hash] * 31 + (uint8_t)name[i]);
    id = sg_id_mint(INT64_C(1750000000000), hash);
    name_give(name, &id);
    return id;
}

void name_outbox(const char *agency, const struct sg_id *outbox)
{
    name_give(agency, outbox);
}

/* "case_id" of nobody's naming: "case-1". A pseudonym: "person-1-dinsos". Rows give no names. */
static const char *name_for(const struct notation *n, const char *field, const struct sg_id *id)
{
    char fresh[NAME_MAX_BYTES];
    for (size_t i = 0; i < name_count; i++)
        if (sg_id_equal(&names[i].id, id))
            return names[i].name;
    if (!n->reader)
        return "?";
    size_t len = strcspn(field, "_"), number = 1;
    bool of_reader = strncmp(field, "person_ref", 10) == 0;
    for (size_t i = 0; i < name_count; i++)
        number += strncmp(names[i].name, field, len) == 0 && names[i].name[len] == '-' &&
                  (!of_reader || strstr(names[i].name, n->reader));
    (void)snprintf(fresh, sizeof fresh, "%.*s-%zu%s%s", (int)len, field, number,
                   of_reader ? "-" : "", of_reader ? n->reader : "");
    name_give(fresh, id);
    return names[name_count - 1].name;
}

/* ---- reading ---- */

struct reading {
    const char *from;
    char *to;
    size_t room, len;
    bool comma; /* a member stands before */
};

static void emit(struct reading *r, const char *text, size_t len)
{
    SG_CHECK(r->len + len < r->room);
    memcpy(r->to + r->len, text, len);
    r->len += len;
    r->to[r->len] = '\0';
}

static void separate(struct reading *r)
{
    if (r->comma)
        emit(r, ",", 1);
    r->comma = false;
}

static bool is_number(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)word[i]))
            return false;
    return len > 0;
}

static void emit_value(struct reading *r, const char *word, size_t len, bool quoted)
{
    char name[NAME_MAX_BYTES], id[SG_ID_TEXT];
    bool raw = !quoted && (is_number(word, len) || (len == 4 && strncmp(word, "true", 4) == 0) ||
                           (len == 5 && strncmp(word, "false", 5) == 0));
    if (!quoted && word[0] == '@') {
        SG_CHECK(len < sizeof name);
        (void)snprintf(name, sizeof name, "%.*s", (int)len - 1, word + 1);
        struct sg_id of = name_of_publisher(name);
        word = sg_id_print(&of, id);
        len = strlen(id);
    }
    if (!raw)
        emit(r, "\"", 1);
    emit(r, word, len);
    if (!raw)
        emit(r, "\"", 1);
    r->comma = true;
}

static void read_word(struct reading *r)
{
    bool quoted = *r->from == '\'';
    const char *word = r->from + quoted;
    size_t len = strcspn(word, quoted ? "'" : " ,:{}[]\n");
    SG_CHECK(len || quoted);
    r->from = word + len + quoted;
    separate(r);
    if (*r->from != ':' && *r->from != '{') {
        emit_value(r, word, len, quoted);
        return;
    }
    emit(r, "\"", 1);
    emit(r, word, len);
    emit(r, "\":", 2);
    r->from += *r->from == ':';
}

void notation_read(const char *text, char *json, size_t room)
{
    struct reading r = {.from = text, .to = json, .room = room};
    emit(&r, "{", 1);
    while (*r.from) {
        char c = *r.from;
        if (c == '{' || c == '[') {
            separate(&r);
            emit(&r, &c, 1);
            r.from++;
        } else if (c == '}' || c == ']') {
            emit(&r, &c, 1);
            r.comma = true;
            r.from++;
        } else if (c == ' ' || c == ',' || c == '\n') {
            r.from++;
        } else {
            read_word(&r);
        }
    }
    emit(&r, "}", 1);
}

/* ---- writing ---- */

SG_PRINTF(2, 3) static void put(struct notation *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(n->to + n->len, n->room - n->len, format, args);
    va_end(args);
    SG_CHECK(len >= 0 && n->len + (size_t)len < n->room);
    n->len += (size_t)len;
}

/* Of these messages only these fields are shown: the others are the same in every scenario, and
 * none is personal. */
static const struct {
    const ProtobufCMessageDescriptor *message;
    const char *fields;
} shown[] = {
    {&pb_training_slot_offered__descriptor, " slot_id "},
    {&pb_equipment_registered__descriptor, " item_id "},
};

static bool is_shown(const ProtobufCMessageDescriptor *message, const char *field)
{
    char word[64];
    if (strcmp(field, "version") == 0 && message == &pb_case_state_changed__descriptor)
        return false; /* it counts what happened in the case, also what the scenario leaves out */
    if (strcmp(field, "settled_seq") == 0)
        return false; /* likewise */
    for (size_t i = 0; i < SG_ARRAY_LEN(shown); i++)
        if (shown[i].message == message) {
            (void)snprintf(word, sizeof word, " %s ", field);
            return strstr(shown[i].fields, word) != NULL;
        }
    return true;
}

static void put_text(struct notation *n, const char *text)
{
    bool plain = text[0] && !text[strcspn(text, " ,:{}[]'")];
    put(n, plain ? "%s" : "'%s'", text);
}

static void put_enum(struct notation *n, const ProtobufCEnumDescriptor *e, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(e, value);
    const ProtobufCEnumValue *first = protobuf_c_enum_descriptor_get_value(e, 0);
    SG_CHECK(v && first);
    size_t prefix = strlen(first->name) - strlen("UNSPECIFIED");
    bool ppks = e == &pb_ppks__descriptor; /* PPKS_12 is the whole word */
    put(n, "%s", v->name + (ppks ? 0 : prefix));
}

static void put_date(struct notation *n, const PbDate *d)
{
    put(n, "%04d", d->year);
    if (d->month)
        put(n, "-%02d", d->month);
    if (d->month && d->day)
        put(n, "-%02d", d->day);
}

/* What is a word of its own; false: a message with fields. */
static bool put_leaf_message(struct notation *n, const ProtobufCMessage *m)
{
    char time[32], id_text[SG_ID_TEXT];
    if (m->descriptor == &pb_date__descriptor) {
        put_date(n, (const PbDate *)m);
    } else if (m->descriptor == &google__protobuf__timestamp__descriptor) {
        (void)sg_time_print_wib(sg_ms_of((const Google__Protobuf__Timestamp *)m), time);
        put(n, "'%.16s'", time);
    } else if (m->descriptor == &pb_event_ref__descriptor) {
        struct sg_id id = {{0}};
        memcpy(id.b, ((const PbEventRef *)m)->outbox_id.data, SG_ID_BYTES);
        (void)sg_id_print(&id, id_text);
        put(n, "%s", name_for(n, "outbox", &id)); /* whose event it was */
    } else {
        return false;
    }
    return true;
}

static void put_bytes(struct notation *n, const char *field, const ProtobufCBinaryData *data)
{
    struct sg_id id;
    if (data->len != SG_ID_BYTES) {
        put(n, "(%zu bytes)", data->len);
        return;
    }
    memcpy(id.b, data->data, SG_ID_BYTES);
    put(n, "@%s", name_for(n, field, &id));
}

/* Milliseconds since 1970 are a time, those of a duration are not. */
static void put_number(struct notation *n, const char *field, int64_t value)
{
    char time[32];
    size_t len = strlen(field);
    bool is_time = len > 3 && strcmp(field + len - 3, "_ms") == 0 && value > 50 * 366 * SG_DAY_MS;
    if (is_time)
        put(n, "'%.16s'", sg_time_print_wib(value, time));
    else
        put(n, "%lld", (long long)value);
}

static void put_scalar(struct notation *n, const ProtobufCFieldDescriptor *f, const void *at)
{
    if (strcmp(f->name, "warnings") == 0) {
        put(n, "%s", sg_status_name(*(const uint32_t *)at));
        return;
    }
    switch ((int)f->type) { /* of what the contract uses */
    case PROTOBUF_C_TYPE_STRING: put_text(n, *(char *const *)at); break;
    case PROTOBUF_C_TYPE_BYTES: put_bytes(n, f->name, at); break;
    case PROTOBUF_C_TYPE_ENUM: put_enum(n, f->descriptor, *(const int *)at); break;
    case PROTOBUF_C_TYPE_BOOL: put(n, *(const protobuf_c_boolean *)at ? "true" : "false"); break;
    case PROTOBUF_C_TYPE_INT64: put_number(n, f->name, *(const int64_t *)at); break;
    case PROTOBUF_C_TYPE_UINT64: put(n, "%llu", (unsigned long long)*(const uint64_t *)at); break;
    case PROTOBUF_C_TYPE_INT32: put(n, "%d", *(const int32_t *)at); break;
    case PROTOBUF_C_TYPE_UINT32: put(n, "%u", *(const uint32_t *)at); break;
    default: SG_CHECK(false);
    }
}

struct place {
    const ProtobufCMessage *message;
    unsigned field;
    size_t item; /* of a repeated field */
};

/* The next value of this place begins; a message with fields is returned to be gone into. */
static const ProtobufCMessage *put_value(struct notation *n, struct place *p)
{
    const ProtobufCFieldDescriptor *f = &p->message->descriptor->fields[p->field];
    const uint8_t *base = (const uint8_t *)p->message, *at = base + f->offset;
    bool many = f->label == PROTOBUF_C_LABEL_REPEATED;
    if (many)
        at = *(uint8_t *const *)(const void *)at + p->item * field_value_size(f->type);
    const ProtobufCMessage *sub =
        f->type == PROTOBUF_C_TYPE_MESSAGE ? *(ProtobufCMessage *const *)(const void *)at : NULL;
    bool leaf = f->type != PROTOBUF_C_TYPE_MESSAGE || sub->descriptor == &pb_date__descriptor ||
                sub->descriptor == &google__protobuf__timestamp__descriptor ||
                sub->descriptor == &pb_event_ref__descriptor;
    if (p->item == 0)
        put(n, " %s%s%s", f->name, leaf || many ? ":" : "", many ? "[" : "");
    else
        put(n, " ");
    if (!leaf)
        put(n, "{");
    else if (!sub || !put_leaf_message(n, sub))
        put_scalar(n, f, at);
    return leaf ? NULL : sub;
}

/* Behind a value: the next item, or the next field. */
static void step(struct notation *n, struct place *p)
{
    const ProtobufCFieldDescriptor *f = &p->message->descriptor->fields[p->field];
    bool many = f->label == PROTOBUF_C_LABEL_REPEATED;
    size_t count =
        many ? *(const size_t *)(const void *)((const uint8_t *)p->message + f->quantifier_offset)
             : 1;
    if (++p->item < count)
        return;
    if (many)
        put(n, "]");
    p->item = 0;
    p->field++;
}

void notation_fields(struct notation *n, const ProtobufCMessage *message)
{
    struct place places[DEPTH_MAX] = {{.message = message}};
    unsigned depth = 0;
    for (;;) {
        struct place *p = &places[depth];
        if (p->field == p->message->descriptor->n_fields) {
            if (depth == 0)
                return;
            put(n, "}");
            step(n, &places[--depth]);
            continue;
        }
        const ProtobufCFieldDescriptor *f = &p->message->descriptor->fields[p->field];
        if (!field_present(f, (const uint8_t *)p->message) ||
            !is_shown(p->message->descriptor, f->name)) {
            p->field++;
            continue;
        }
        const ProtobufCMessage *sub = put_value(n, p);
        if (sub) {
            SG_CHECK(depth + 1 < DEPTH_MAX);
            places[++depth] = (struct place){.message = sub};
        } else {
            step(n, p);
        }
    }
}

static const ProtobufCFieldDescriptor *payload_of(const PbEnvelope *e)
{
    const ProtobufCMessageDescriptor *d = e->base.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id >= SG_TYPE_AGENCY_FIRST &&
            field_present(&d->fields[i], (const uint8_t *)e))
            return &d->fields[i];
    SG_CHECK(false);
    return NULL;
}

/* Spaces that a brace needs no more. */
static void close_up(struct notation *n, size_t from)
{
    size_t to = from;
    for (size_t i = from; i < n->len; i++)
        if (n->to[i] != ' ' || n->to[i - 1] != '{')
            if (n->to[i] != ' ' || n->to[i - 1] != '[')
                n->to[to++] = n->to[i];
    n->len = to;
    n->to[to] = '\0';
}

void notation_line(struct notation *n, const ProtobufCMessage *message)
{
    size_t from = n->len;
    put(n, "{");
    notation_fields(n, message);
    put(n, "}\n");
    close_up(n, from + 1);
}

void notation_delivery(struct notation *n, const PbEnvelope *e)
{
    const ProtobufCFieldDescriptor *payload = payload_of(e);
    size_t from = n->len, prefix = strlen(payload->name);
    if (!e->derived)
        put(n, "%s ", e->publisher_agency);
    put(n, "%s{", payload->name);
    notation_fields(
        n, *(ProtobufCMessage *const *)(const void *)((const uint8_t *)e + payload->offset));
    put(n, "}");
    if (e->has_case_id) {
        put(n, " case_id:");
        put_bytes(n, "case_id", &e->case_id);
    }
    if (e->has_person_ref) {
        put(n, " person_ref:");
        put_bytes(n, "person_ref", &e->person_ref);
    }
    if (e->note)
        put(n, " note:'%s'", e->note);
    for (size_t i = 0; i < e->n_redacted_paths; i++) {
        const char *path = e->redacted_paths[i];
        bool within = strncmp(path, payload->name, prefix) == 0 && path[prefix] == '.';
        put(n, " -%s", path + (within ? prefix + 1 : 0));
    }
    put(n, "\n");
    close_up(n, from);
}
