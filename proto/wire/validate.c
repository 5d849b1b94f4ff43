#include "wire/validate.h"

#include "wire/day.h"
#include "wire/field.h"
#include "wire/id.h"
#include "wire/names.h"

#include <stdio.h>

struct frame {
    const uint8_t *message;
    const struct sg_message_rules *rules;
    unsigned next;  /* field to look at */
    size_t element; /* of a repeated message field */
};

struct pass {
    struct sg_event *event;
    const struct sg_vocabulary *vocabulary;
    struct sg_fault *fault;
    int32_t day; /* WIB day of occurred_at: which codes are valid */
    struct frame frames[SG_SCAN_DEPTH_MAX];
    unsigned depth;
    unsigned end; /* field of the envelope to stop at */
};

SG_PRINTF(5, 6)
static bool refuse(struct pass *pass, uint32_t code, const ProtobufCFieldDescriptor *field,
                   const char *detail, const char *accepted, ...)
{
    va_list args;
    char path[96];
    size_t len = 0;
    path[0] = '\0';
    for (unsigned i = 0; i < pass->depth && len < sizeof path; i++) {
        const struct frame *frame = &pass->frames[i];
        len += (size_t)snprintf(path + len, sizeof path - len, "%s.",
                                frame->rules->descriptor->fields[frame->next].name);
    }
    if (len < sizeof path)
        (void)snprintf(path + len, sizeof path - len, "%s", field->name);
    va_start(args, accepted);
    (void)sg_refuse_v(pass->fault, code, path, detail, accepted, args);
    va_end(args);
    return false;
}

static bool refuse_enum(struct pass *pass, uint32_t code, const ProtobufCFieldDescriptor *field,
                        const char *detail)
{
    struct sg_names names = {.len = 0};
    sg_enum_names(field->descriptor, &names);
    return refuse(pass, code, field, detail, "%s", names.text);
}

/* ---- texts and codes ---- */

struct form_rule {
    const char *accepted;
    size_t max;
    int list, levels; /* code list + 1, least levels of a region */
};

static const struct form_rule form_rules[] = {
    /* clang-format off */
    [SG_FORM_ID] = {"16 bytes, not all zero", 0, 0, 0},
    [SG_FORM_CASE_ID] = {"16 bytes, not all zero", 0, 0, 0},
    [SG_FORM_REFERRAL_ID] = {"16 bytes, not all zero", 0, 0, 0},
    [SG_FORM_PERSON_REF] = {"16 bytes, not all zero", 0, 0, 0},
    [SG_FORM_AGENCY] = {"an agency of the configuration", SG_AGENCY_MAX, 0, 0},
    [SG_FORM_REGION] = {"a region code such as 14.71.08", 13, SG_LIST_REGIONS + 1, 1},
    [SG_FORM_REGION_CITY] = {"a region code of a city at least, such as 13.71", 13, SG_LIST_REGIONS + 1, 2},
    [SG_FORM_REGION_DISTRICT] = {"a region code of a kecamatan at least, such as 14.71.08", 13, SG_LIST_REGIONS + 1, 3},
    [SG_FORM_COURSE] = {"a course code of the code list, such as MOTORCYCLE_SERVICE", 40, SG_LIST_COURSES + 1, 0},
    [SG_FORM_KIT] = {"a kit code of the code list, such as KIT-MOTOR-A", 40, SG_LIST_KITS + 1, 0},
    [SG_FORM_SHORT] = {"a text of 1 to 120 bytes", SG_TEXT_SHORT_MAX, 0, 0},
    [SG_FORM_NOTE] = {"a text of 1 to 500 bytes", SG_TEXT_NOTE_MAX, 0, 0},
    [SG_FORM_DETAIL] = {"a text of 1 to 250 bytes", SG_TEXT_DETAIL_MAX, 0, 0},
    [SG_FORM_NIK] = {"16 digits with a possible day, month and serial", 16, 0, 0},
    [SG_FORM_PHONE] = {"an E.164 number such as +6281234567890", 16, 0, 0},
    [SG_FORM_PARTIAL_DATE] = {"a date; day 0 and month 0 mean unknown", 0, 0, 0},
    [SG_FORM_DAY] = {"a whole calendar day", 0, 0, 0},
    [SG_FORM_TIME] = {"a time between the years 1900 and 9999", 0, 0, 0},
    [SG_FORM_TOPIC] = {"the topic of the payload", 64, 0, 0},
    [SG_FORM_BYTES] = {"one byte or more", 0, 0, 0},
}; /* clang-format on */

static bool check_code(struct pass *pass, const ProtobufCFieldDescriptor *field, uint8_t form,
                       struct sg_bytes text)
{
    const struct form_rule *rule = &form_rules[form];
    if (rule->levels && !sg_region_valid(text, rule->levels))
        return refuse(pass, SG_ST_SCHEMA, field, "REGION", "%s", rule->accepted);
    if (!pass->vocabulary || !pass->vocabulary->lists)
        return true;
    enum sg_list list = (enum sg_list)(rule->list - 1);
    enum sg_code_known known = sg_lists_find(pass->vocabulary->lists, list, text, pass->day);
    if (known == SG_CODE_UNKNOWN)
        return refuse(pass, SG_ST_BAD_CODE, field, "NOT_IN_LIST", "%s", rule->accepted);
    if (known == SG_CODE_OLD && list == SG_LIST_REGIONS)
        pass->event->old_region = true;
    return true;
}

static bool check_agency(struct pass *pass, const ProtobufCFieldDescriptor *field,
                         struct sg_bytes text)
{
    if (!sg_agency_valid(text))
        return refuse(pass, SG_ST_SCHEMA, field, "AGENCY", "an agency id such as dinsos");
    const struct sg_roster *roster = pass->vocabulary ? pass->vocabulary->roster : NULL;
    bool publisher = pass->depth == 0; /* compared with the owner of the key by the broker */
    if (roster && !publisher && !sg_roster_agency_n(roster, text))
        return refuse(pass, SG_ST_BAD_CODE, field, "UNKNOWN_AGENCY", "%s",
                      form_rules[SG_FORM_AGENCY].accepted);
    return true;
}

static bool check_text(struct pass *pass, const ProtobufCFieldDescriptor *field, uint8_t form,
                       const char *value)
{
    struct sg_bytes text = sg_bytes_of(value);
    const struct form_rule *rule = &form_rules[form];
    if (text.len == 0 || text.len > rule->max)
        return refuse(pass, SG_ST_SCHEMA, field, "LENGTH", "%s", rule->accepted);
    if (rule->list)
        return check_code(pass, field, form, text);
    if (form == SG_FORM_AGENCY)
        return check_agency(pass, field, text);
    bool good = form == SG_FORM_NIK     ? sg_nik_valid(text)
                : form == SG_FORM_PHONE ? sg_phone_valid(text)
                                        : true;
    return good || refuse(pass, SG_ST_SCHEMA, field, "FORM", "%s", rule->accepted);
}

static bool check_bytes(struct pass *pass, const ProtobufCFieldDescriptor *field, uint8_t form,
                        const ProtobufCBinaryData *value)
{
    struct sg_id id;
    bool is_id = form >= SG_FORM_ID && form <= SG_FORM_PERSON_REF;
    if (is_id && sg_id_from((struct sg_bytes){value->data, value->len}, &id) != SG_OK)
        return refuse(pass, SG_ST_SCHEMA, field, "ID", "%s", form_rules[form].accepted);
    return true;
}

/* ---- numbers and dates ---- */

static bool check_number(struct pass *pass, const ProtobufCFieldDescriptor *field,
                         const struct sg_field_rules *rules, const uint8_t *at)
{
    int64_t value = 0;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) /* its bounds are those of the count */
        return true;
    if (field->type == PROTOBUF_C_TYPE_UINT32)
        value = *(const uint32_t *)(const void *)at;
    else if (field->type == PROTOBUF_C_TYPE_INT32)
        value = *(const int32_t *)(const void *)at;
    else if (field->type == PROTOBUF_C_TYPE_INT64)
        value = *(const int64_t *)(const void *)at;
    else
        return true;
    if (!rules->bounded || (value >= rules->min && value <= rules->max))
        return true;
    return refuse(pass, SG_ST_SCHEMA, field, "RANGE", "%lld to %lld", (long long)rules->min,
                  (long long)rules->max);
}

static bool check_date(struct pass *pass, const ProtobufCFieldDescriptor *field, uint8_t form,
                       const PbDate *date)
{
    bool partial = form == SG_FORM_PARTIAL_DATE;
    bool good = sg_date_valid(date->year, date->month, date->day);
    if (partial && date->day == 0)
        good = date->month == 0 ? sg_date_valid(date->year, 1, 1)
                                : sg_date_valid(date->year, date->month, 1);
    return good || refuse(pass, SG_ST_SCHEMA, field, "DATE", "%s", form_rules[form].accepted);
}

static bool check_time(struct pass *pass, const ProtobufCFieldDescriptor *field,
                       const Google__Protobuf__Timestamp *t)
{
    return sg_time_valid(t) ||
           refuse(pass, SG_ST_SCHEMA, field, "TIME", "%s", form_rules[SG_FORM_TIME].accepted);
}

/* ---- the walk ---- */

/* One value that is there: a scalar is checked, a message of ours is entered. */
static bool check_value(struct pass *pass, const ProtobufCFieldDescriptor *field,
                        const struct sg_field_rules *rules, const uint8_t *at, bool *enter)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_text(pass, field, rules->form, *(char *const *)(const void *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return check_bytes(pass, field, rules->form, (const ProtobufCBinaryData *)(const void *)at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const void *message = *(void *const *)(const void *)at;
        if (rules->form == SG_FORM_PARTIAL_DATE || rules->form == SG_FORM_DAY)
            return check_date(pass, field, rules->form, message);
        if (rules->form == SG_FORM_TIME)
            return check_time(pass, field, message);
        *enter = true;
        return true;
    }
    case PROTOBUF_C_TYPE_ENUM:
        return *(const int *)(const void *)at != 0 ||
               refuse_enum(pass, rules->must ? SG_ST_MISSING_FIELD : SG_ST_BAD_CODE, field,
                           "UNSPECIFIED");
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_BOOL: return check_number(pass, field, rules, at);
    }
    return true;
}

/* There, but with nothing in it: for a mandatory field that is missing. */
static bool is_empty(const ProtobufCFieldDescriptor *field, const uint8_t *at)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return **(char *const *)(const void *)at == '\0';
    return field->type == PROTOBUF_C_TYPE_BYTES &&
           ((const ProtobufCBinaryData *)(const void *)at)->len == 0;
}

static bool check_count(struct pass *pass, const ProtobufCFieldDescriptor *field,
                        const struct sg_field_rules *rules, size_t count)
{
    if (!rules->bounded || ((int64_t)count >= rules->min && (int64_t)count <= rules->max))
        return true;
    bool few = (int64_t)count < rules->min;
    return refuse(pass, few ? SG_ST_MISSING_FIELD : SG_ST_SCHEMA, field, few ? NULL : "COUNT",
                  "%lld to %lld entries", (long long)rules->min, (long long)rules->max);
}

static void enter(struct pass *pass, const void *message, const struct sg_message_rules *rules)
{
    pass->frames[++pass->depth] = (struct frame){.message = message, .rules = rules};
}

/* A repeated field: checked element by element; messages are entered one at a time. */
static bool check_repeated(struct pass *pass, struct frame *frame,
                           const ProtobufCFieldDescriptor *field,
                           const struct sg_field_rules *rules)
{
    size_t count = *(const size_t *)(const void *)(frame->message + field->quantifier_offset);
    const uint8_t *array = *(uint8_t *const *)(const void *)(frame->message + field->offset);
    if (frame->element == 0 && !check_count(pass, field, rules, count))
        return false;
    while (frame->element < count) {
        const uint8_t *at = array + frame->element++ * field_value_size(field->type);
        bool inside = false;
        if (!check_value(pass, field, rules, at, &inside))
            return false;
        if (inside) {
            enter(pass, *(void *const *)(const void *)at, rules->sub);
            return true; /* comes back for the next element */
        }
    }
    frame->element = 0;
    frame->next++;
    return true;
}

static bool check_single(struct pass *pass, struct frame *frame,
                         const ProtobufCFieldDescriptor *field, const struct sg_field_rules *rules)
{
    if (frame->element) { /* back from the message inside */
        frame->element = 0;
        frame->next++;
        return true;
    }
    if (!field_present(field, frame->message)) {
        if (rules->must && field->type == PROTOBUF_C_TYPE_ENUM)
            return refuse_enum(pass, SG_ST_MISSING_FIELD, field, NULL);
        if (rules->must)
            return refuse(pass, SG_ST_MISSING_FIELD, field, NULL, "%s",
                          rules->form ? form_rules[rules->form].accepted : "a value");
        frame->next++;
        return true;
    }
    const uint8_t *at = frame->message + field->offset;
    bool inside = false;
    if (rules->must && is_empty(field, at))
        return refuse(pass, SG_ST_MISSING_FIELD, field, NULL, "%s",
                      form_rules[rules->form].accepted);
    if (!check_value(pass, field, rules, at, &inside))
        return false;
    if (inside) {
        frame->element = 1;
        enter(pass, *(void *const *)(const void *)at, rules->sub);
    } else {
        frame->next++;
    }
    return true;
}

static bool run(struct pass *pass)
{
    for (;;) {
        struct frame *frame = &pass->frames[pass->depth];
        const ProtobufCMessageDescriptor *descriptor = frame->rules->descriptor;
        if (pass->depth == 0 && frame->next == pass->end)
            return true;
        if (frame->next == descriptor->n_fields) {
            pass->depth--;
            continue;
        }
        const ProtobufCFieldDescriptor *field = &descriptor->fields[frame->next];
        const struct sg_field_rules *rules = &frame->rules->fields[frame->next];
        bool good = field->label == PROTOBUF_C_LABEL_REPEATED
                        ? check_repeated(pass, frame, field, rules)
                        : check_single(pass, frame, field, rules);
        if (!good)
            return false;
    }
}

/* Fields of the envelope from `first` up to `end`. */
static bool check_fields(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                         struct sg_fault *fault, unsigned first, unsigned end)
{
    struct pass pass = {.event = event, .vocabulary = vocabulary, .fault = fault, .end = end};
    pass.day = sg_day_at(event->occurred_ms);
    pass.frames[0] = (struct frame){
        .message = (const uint8_t *)event->envelope, .rules = &sg_envelope_rules, .next = first};
    return run(&pass);
}

static unsigned index_of(uint32_t id)
{
    unsigned i = 0;
    while (sg_envelope_rules.descriptor->fields[i].id < id)
        i++;
    return i;
}

bool sg_validate_envelope(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                          struct sg_fault *fault)
{
    return check_fields(event, vocabulary, fault, 0, index_of(SG_TYPE_AGENCY_FIRST));
}

bool sg_validate_payload(struct sg_event *event, const struct sg_vocabulary *vocabulary,
                         struct sg_fault *fault)
{
    unsigned payload = index_of(event->type);
    return check_fields(event, vocabulary, fault, payload, payload + 1);
}
