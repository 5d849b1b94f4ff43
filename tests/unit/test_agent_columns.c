#include "unit/unit.h"

#include "agent/columns.h"
#include "wire/contract.h"

#include <ctype.h>
#include <string.h>

static struct sg_arena arena;

static int open_arena(void **state)
{
    (void)state;
    struct sg_why why = {0};
    return sg_arena_init(&arena, 8 << 20, &why) == SG_OK ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static struct columns columns_of_topic(const char *topic)
{
    struct sg_why why = {0};
    struct columns columns = {0};
    const ProtobufCFieldDescriptor *type = protobuf_c_message_descriptor_get_field(
        &pb_envelope__descriptor, sg_type_of_topic(sg_bytes_of(topic)));
    assert_non_null(type);
    UNIT_OK(columns_of(type, &arena, &columns, &why));
    return columns;
}

static const struct column *find(struct columns columns, const char *name)
{
    for (size_t i = 0; i < columns.count; i++) {
        if (strcmp(columns.items[i].name, name) == 0)
            return &columns.items[i];
    }
    fail_msg("no column %s", name);
    return NULL;
}

/* SQLite compares names without their case, and so does nobody name two alike by mistake. */
static void every_type_has_columns_with_names_of_their_own(void **state)
{
    (void)state;
    for (size_t t = 0; t < sg_topic_count; t++) {
        struct columns columns = columns_of_topic(sg_topics[t].name);
        assert_true(columns.count > 12);
        assert_true(columns.count < 200);
        for (size_t i = 0; i < columns.count; i++) {
            const char *name = columns.items[i].name;
            assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
            assert_true(islower((unsigned char)name[0]));
            for (size_t j = 0; j < i; j++) {
                if (strcmp(columns.items[j].name, name) == 0)
                    fail_msg("%s: %s twice", sg_topics[t].name, name);
            }
        }
        sg_arena_reset(&arena, 0);
    }
}

static void columns_are_flat(void **state)
{
    (void)state;
    static const struct row {
        const char *topic, *column;
        bool number;
    } rows[] = {
        {"placement.started", "started_on", false},
        {"placement.started", "allocation_id", false},
        {"placement.started", "case_id", false},
        {"referral.submitted", "person_full_name", false},
        {"referral.submitted", "children_with", true},
        {"referral.submitted", "suspected_ppks", false},
        {"slot.changed", "regions", false},
        {"slot.offered", "documents_waivable", true},
        {"case.state_changed", "payload_case_id", false},
        {"case.state_changed", "cause", false},
        {"referral.presented", "assessment_priority_band", true},
        {"event.corrected", "corrected", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct column *column = find(columns_of_topic(rows[i].topic), rows[i].column);
        if (column->number != rows[i].number)
            fail_msg("%s: number is %d", rows[i].column, column->number);
        sg_arena_reset(&arena, 0);
    }
}

static const char *text_in(const PbEnvelope *envelope, const char *topic, const char *name)
{
    struct sg_why why = {0};
    struct column_value value;
    UNIT_OK(column_value(find(columns_of_topic(topic), name), envelope, &arena, &value, &why));
    return value.kind == COLUMN_TEXT ? value.text : NULL;
}

static void values_are_what_people_expect(void **state)
{
    (void)state;
    uint8_t id[16] = {1, 0x96, 0x8a, 0x3e, [15] = 9};
    PbDate on = PB_DATE__INIT;
    on.has_year = on.has_month = on.has_day = 1;
    on.year = 2026, on.month = 5, on.day = 4;
    PbEventRef cause = PB_EVENT_REF__INIT;
    cause.has_outbox_id = cause.has_number = 1;
    cause.outbox_id = (ProtobufCBinaryData){sizeof id, id};
    cause.number = 12;
    PbPlacementStarted started = PB_PLACEMENT_STARTED__INIT;
    started.started_on = &on;
    started.has_allocation_id = 1;
    started.allocation_id = (ProtobufCBinaryData){sizeof id, id};
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = 1777862400;
    PbEnvelope envelope = PB_ENVELOPE__INIT;
    envelope.placement_started = &started;
    envelope.occurred_at = &time;
    envelope.causation = &cause;
    envelope.has_time_quality = 1;
    envelope.time_quality = PB_TIME_QUALITY_DATE_ONLY;
    const char *topic = "placement.started";
    assert_string_equal(text_in(&envelope, topic, "started_on"), "2026-05-04");
    assert_string_equal(text_in(&envelope, topic, "allocation_id"),
                        "01968a3e-0000-0000-0000-000000000009");
    assert_string_equal(text_in(&envelope, topic, "occurred_at"), "2026-05-04T02:40:00Z");
    assert_string_equal(text_in(&envelope, topic, "causation"),
                        "01968a3e-0000-0000-0000-000000000009-12");
    assert_string_equal(text_in(&envelope, topic, "time_quality"), "DATE_ONLY");
    assert_null(text_in(&envelope, topic, "participant_no"));
    assert_null(text_in(&envelope, topic, "case_id"));
    on.has_day = 0;
    assert_string_equal(text_in(&envelope, topic, "started_on"), "2026-05");
    on.has_month = 0;
    assert_string_equal(text_in(&envelope, topic, "started_on"), "2026");
    sg_arena_reset(&arena, 0);
}

static void lists_are_json(void **state)
{
    (void)state;
    char first[] = "14.71.08", second[] = "14.71.10";
    char *regions[] = {first, second};
    PbDocument documents[] = {PB_DOCUMENT_KTP, PB_DOCUMENT_KK};
    PbRegionList list = PB_REGION_LIST__INIT;
    PbTrainingSlotChanged changed = PB_TRAINING_SLOT_CHANGED__INIT;
    PbTrainingSlotOffered offered = PB_TRAINING_SLOT_OFFERED__INIT;
    changed.regions = &list;
    offered.required_documents = documents;
    offered.n_required_documents = 2;
    PbEnvelope envelope = PB_ENVELOPE__INIT;
    envelope.slot_changed = &changed;
    envelope.slot_offered = &offered;
    assert_string_equal(text_in(&envelope, "slot.changed", "regions"), "[]"); /* emptied */
    list.values = regions;
    list.n_values = 2;
    assert_string_equal(text_in(&envelope, "slot.changed", "regions"),
                        "[\"14.71.08\",\"14.71.10\"]");
    assert_null(text_in(&envelope, "slot.changed", "required_documents")); /* unchanged */
    assert_string_equal(text_in(&envelope, "slot.offered", "required_documents"),
                        "[\"KTP\",\"KK\"]");
    assert_null(text_in(&envelope, "slot.offered", "regions"));
    sg_arena_reset(&arena, 0);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    struct sg_arena small;
    struct sg_why why = {0};
    struct columns columns;
    UNIT_OK(sg_arena_init(&small, 4096, &why));
    const ProtobufCFieldDescriptor *type =
        protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, SG_TYPE_AGENCY_FIRST);
    assert_int_equal(columns_of(type, &small, &columns, &why), SG_E_LIMIT);
    sg_arena_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_columns_with_names_of_their_own),
        cmocka_unit_test(columns_are_flat),
        cmocka_unit_test(values_are_what_people_expect),
        cmocka_unit_test(lists_are_json),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
