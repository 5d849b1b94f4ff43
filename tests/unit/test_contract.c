/* The tables of the contract, and what the generator refuses to make tables of. */
#include "unit/unit.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the tables ---- */

static void topics_and_types_lead_to_each_other(void **state)
{
    (void)state;
    assert_int_equal(sg_topic_count, 32);
    for (size_t i = 0; i < sg_topic_count; i++) {
        const struct sg_topic *topic = &sg_topics[i];
        assert_int_equal(strlen(topic->name), topic->len);
        assert_string_equal(sg_type_topic(topic->type), topic->name);
        assert_int_equal(sg_type_of_topic(sg_bytes_of(topic->name)), topic->type);
        assert_int_equal(sg_type_is_derived(topic->type), topic->type > 200);
    }
    static const struct {
        uint32_t type;
        const char *topic;
    } known[] = {{101, "referral.submitted"},      {104, "contact.recorded"},
                 {119, "mentoring.plan_set"},      {123, "rights.request"},
                 {201, "seat.allocation_changed"}, {208, "referral.presented"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(known); i++)
        assert_string_equal(sg_type_topic(known[i].type), known[i].topic);
}

static void what_is_no_topic_has_no_type(void **state)
{
    (void)state;
    static const uint32_t types[] = {0, 2, 100, 125, 200, 209, UINT32_MAX};
    static const char *const topics[] = {"",
                                         "referral",
                                         "referral.submitte",
                                         "referral.submittedx",
                                         "referral_submitted",
                                         "Referral.submitted",
                                         "slot.*"};
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        assert_null(sg_type_topic(types[i]));
    for (size_t i = 0; i < SG_ARRAY_LEN(topics); i++)
        assert_int_equal(sg_type_of_topic(sg_bytes_of(topics[i])), 0);
}

static bool is_message(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* Rules stand beside the fields of protobuf-c: the same message below, and one class on every way
 * from the envelope to a value. */
static void check_rules(const struct sg_message_rules *rules, bool classed, int depth)
{
    const ProtobufCMessageDescriptor *message = rules->descriptor;
    assert_true(depth < 8);
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        const struct sg_field_rules *r = &rules->fields[i];
        if (is_message(field) != (r->sub != NULL) ||
            (r->sub && (const void *)r->sub->descriptor != field->descriptor))
            fail_msg("%s.%s: the rules of another field", message->name, field->name);
        if (classed ? r->pd != 0 : r->pd == 0 && !is_message(field))
            fail_msg("%s.%s: not exactly one class", message->name, field->name);
        if (r->bounded && r->min > r->max)
            fail_msg("%s.%s: no number fits", message->name, field->name);
        if (r->sub)
            check_rules(r->sub, classed || r->pd, depth + 1);
    }
}

static void every_field_has_its_own_rules(void **state)
{
    (void)state;
    check_rules(&sg_envelope_rules, false, 0);
}

static const struct sg_field_rules *rules_of(const struct sg_message_rules *rules, const char *name)
{
    for (unsigned i = 0; i < rules->descriptor->n_fields; i++)
        if (strcmp(rules->descriptor->fields[i].name, name) == 0)
            return &rules->fields[i];
    fail_msg("no field %s", name);
    return NULL;
}

static void options_arrive_in_the_tables(void **state)
{
    (void)state;
    const struct sg_field_rules *e01 = rules_of(&sg_envelope_rules, "referral_submitted");
    const struct sg_field_rules *person = rules_of(e01->sub, "person");
    const struct sg_field_rules *nik = rules_of(person->sub, "nik");
    const struct sg_field_rules *ppks = rules_of(e01->sub, "suspected_ppks");
    const struct sg_field_rules *value =
        rules_of(rules_of(&sg_envelope_rules, "equipment_registered")->sub, "value_idr");
    assert_true(e01->pd == SG_PD_UNSPECIFIED && person->pd == SG_PD_UNSPECIFIED);
    assert_true(nik->pd == SG_PD_GENERAL && nik->form == SG_FORM_NIK && !nik->must);
    assert_int_equal(nik->seen, 5);
    assert_true(ppks->bounded && ppks->min == 1 && ppks->max == 3);
    assert_true(value->must && value->max == INT64_C(10000000000));
    assert_int_equal(rules_of(&sg_envelope_rules, "salt")->pd, SG_PD_SPECIFIC);
    assert_true(rules_of(rules_of(&sg_envelope_rules, "causation")->sub, "outbox_id")->must);
}

/* ---- the generator ---- */

typedef Google__Protobuf__FileDescriptorSet Set;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;

enum { PD = 50001, FORM = 50002, SEEN = 50006 };
enum { REMOVE = -1, SELF = -2, FIRST_ENUM = -3 }; /* what to do instead of setting an option */

static const struct row {
    const char *name, *message, *field;
    unsigned option;
    int value;
    const char *complaint; /* NULL: tables are made */
} rows[] = {
    /* clang-format off */
    {"as it is", NULL, NULL, 0, 0, NULL},
    {"a field without a class", "Envelope", "note", PD, REMOVE, "Envelope.note: has no class"},
    {"a field in a mixed message without a class", "PersonIdentity", "nik", PD, REMOVE, "PersonIdentity.nik: has no class"},
    {"a place without a class", "EventCorrected", "corrected", PD, REMOVE, "EventRef.outbox_id: has no class"},
    {"a date without a class", "PersonIdentity", "birth_date", PD, REMOVE, "Date.year: has no class"},
    {"a list of messages without a class", "PersonIdentity", "other_docs", PD, REMOVE, "one class counts for all of it"},
    {"a class below a class", "Guardian", "phone", PD, 3, "Guardian.phone: stands under a class"},
    {"a payload with a class", "Envelope", "slot_offered", PD, 1, "Envelope.slot_offered: a payload is"},
    {"a text without a form", "PersonIdentity", "alias", FORM, REMOVE, "PersonIdentity.alias: has no form"},
    {"bytes without a form", "SeatDecided", "allocation_id", FORM, REMOVE, "SeatDecided.allocation_id: has no form"},
    {"a date without a form", "PlacementStarted", "started_on", FORM, REMOVE, "PlacementStarted.started_on: has no form"},
    {"a date with the form of a text", "PlacementStarted", "started_on", FORM, 11, "a Date wants"},
    {"a time without a form", "DeadlineMissed", "due_at", FORM, REMOVE, "DeadlineMissed.due_at: has no form"},
    {"a row of personal fields for a field that is none", "SeatDecided", "decision", SEEN, 1, "SeatDecided.decision: has a row"},
    {"a case matter is allowed", "SeatDecided", "decision", SEEN, 17, NULL},
    {"a reason to decline is allowed", "SeatDecided", "reason", SEEN, 18, NULL},
    {"an event that contains itself", "Replacement", "clear", 0, SELF, "Replacement.clear: lets a message contain itself"},
    {"a row that contains itself", "SlotView", "slot", 0, SELF, "SlotView.slot: lets a message contain itself"},
    {"an enum that begins with 1", "common.proto", NULL, 0, FIRST_ENUM, "Ppks: the first value is not 0"},
    {"an enum inside that begins with 1", "Guardian", NULL, 0, FIRST_ENUM, "Guardian.Relation: the first value is not 0"},
}; /* clang-format on */

static Set *read_set(void)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen("build/gen/contract.pb", "rb");
    assert_non_null(file);
    size_t len = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    return google__protobuf__file_descriptor_set__unpack(NULL, len, data);
}

static Message *message_of(Set *set, const char *name)
{
    for (size_t f = 0; f < set->n_file; f++)
        for (size_t m = 0; m < set->file[f]->n_message_type; m++)
            if (strcmp(set->file[f]->message_type[m]->name, name) == 0)
                return set->file[f]->message_type[m];
    return NULL;
}

static Field *field_of(Message *message, const char *name)
{
    for (size_t i = 0; i < message->n_field; i++)
        if (strcmp(message->field[i]->name, name) == 0)
            return message->field[i];
    fail_msg("no field %s", name);
    return NULL;
}

/* The options keep their order; a new one goes to the end. */
static void set_option(Field *field, unsigned option, int value)
{
    if (!field->options) {
        field->options = malloc(sizeof *field->options);
        assert_non_null(field->options);
        google__protobuf__field_options__init(field->options);
    }
    ProtobufCMessage *base = &field->options->base;
    unsigned kept = 0;
    for (unsigned i = 0; i < base->n_unknown_fields; i++) {
        ProtobufCMessageUnknownField one = base->unknown_fields[i];
        if (one.tag == option)
            free(one.data);
        else
            base->unknown_fields[kept++] = one;
    }
    base->n_unknown_fields = kept;
    if (value == REMOVE)
        return;
    base->unknown_fields =
        realloc(base->unknown_fields, (kept + 1) * sizeof base->unknown_fields[0]);
    uint8_t *data = malloc(1);
    assert_true(base->unknown_fields && data);
    *data = (uint8_t)value;
    base->unknown_fields[kept] = (ProtobufCMessageUnknownField){
        .tag = option, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1, .data = data};
    base->n_unknown_fields = kept + 1;
}

static void contain_itself(Field *field, const char *message)
{
    char name[128];
    (void)snprintf(name, sizeof name, ".sinergi.v1.%s", message);
    free(field->type_name);
    field->type_name = strdup(name);
    assert_non_null(field->type_name);
    field->type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
}

static void change(Set *set, const struct row *row)
{
    if (!row->message)
        return;
    Message *message = message_of(set, row->message);
    if (row->value == FIRST_ENUM && message) {
        message->enum_type[0]->value[0]->number = 1;
    } else if (row->value == FIRST_ENUM) {
        for (size_t f = 0; f < set->n_file; f++)
            if (strstr(set->file[f]->name, row->message))
                set->file[f]->enum_type[0]->value[0]->number = 1;
    } else if (row->value == SELF) {
        contain_itself(field_of(message, row->field), row->message);
    } else {
        set_option(field_of(message, row->field), row->option, row->value);
    }
}

static bool generate(const Set *set, char *said, size_t size)
{
    char path[] = "/tmp/sinergi-contract-XXXXXX", command[128];
    size_t len = google__protobuf__file_descriptor_set__get_packed_size(set);
    uint8_t *packed = malloc(len);
    int fd = mkstemp(path);
    assert_true(packed && fd >= 0);
    (void)google__protobuf__file_descriptor_set__pack(set, packed);
    assert_int_equal(write(fd, packed, len), len);
    (void)close(fd);
    free(packed);
    (void)snprintf(command, sizeof command, "build/gen/contract-gen %s 2>&1 >/dev/null", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    said[fread(said, 1, size - 1, pipe)] = '\0';
    int status = pclose(pipe);
    (void)unlink(path);
    return status == 0;
}

static void the_generator_refuses_what_breaks_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char said[2048];
        Set *set = read_set();
        assert_non_null(set);
        change(set, &rows[i]);
        bool made = generate(set, said, sizeof said);
        google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
        const char *complaint = rows[i].complaint ? rows[i].complaint : "";
        if (made != (rows[i].complaint == NULL) || !strstr(said, complaint))
            fail_msg("%s: %s", rows[i].name, said);
    }
}

static void the_generator_wants_a_descriptor_set(void **state)
{
    (void)state;
    assert_int_not_equal(system("build/gen/contract-gen 2>/dev/null"), 0);
    assert_int_not_equal(system("build/gen/contract-gen /dev/null 2>/dev/null"), 0);
    Set none = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_SET__INIT;
    Google__Protobuf__FileDescriptorProto file = GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
    Google__Protobuf__FileDescriptorProto *files[] = {&file};
    char package[] = "sinergi.v1", said[512];
    file.package = package;
    none.n_file = 1;
    none.file = files;
    assert_false(generate(&none, said, sizeof said));
    assert_non_null(strstr(said, "sinergi.v1.Envelope: is not there"));
}

UNIT_MAIN(cmocka_unit_test(topics_and_types_lead_to_each_other),
          cmocka_unit_test(what_is_no_topic_has_no_type),
          cmocka_unit_test(every_field_has_its_own_rules),
          cmocka_unit_test(options_arrive_in_the_tables),
          cmocka_unit_test(the_generator_refuses_what_breaks_a_rule),
          cmocka_unit_test(the_generator_wants_a_descriptor_set))
