#include "unit/unit.h"

#include "agent/columns.h"
#include "agent/forget.h"
#include "wire/codec.h"
#include "wire/contract.h"

#include <stdlib.h>
#include <string.h>

#define REF "41516cf1-48ba-b071-f305-fcc61a9cbb2b"
#define OTHER "03f0fef9-89b3-62a0-3c30-54e2610d59b8"

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

static const ProtobufCFieldDescriptor *type_of(const char *topic)
{
    return protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor,
                                                   sg_type_of_topic(sg_bytes_of(topic)));
}

/* paths: one, or NULL for scope ALL */
static struct forget_order order_of(const char *const *path)
{
    struct forget_order order = {
        .seq = 100, .all = !*path, .paths = path, .path_count = *path ? 1 : 0};
    strcpy(order.person_ref, REF);
    return order;
}

static void columns_of_paths_follow_the_contract(void **state)
{
    (void)state;
    static const struct row {
        const char *topic, *column, *path;
        enum forget_reach want;
    } rows[] = {
        {"seat.allocation_changed", "person_full_name", "person.full_name", FORGET_IT},
        {"seat.allocation_changed", "person_full_name", "person", FORGET_IT},
        {"seat.allocation_changed", "person_full_name", "seat_allocation_changed.person.full_name",
         FORGET_IT},
        {"seat.allocation_changed", "person_full_name", "referral_submitted.person.full_name",
         FORGET_NOTHING},
        {"seat.allocation_changed", "person_full_name", "person.full_name_of_mother",
         FORGET_NOTHING},
        {"seat.allocation_changed", "person_full_name", "person.full", FORGET_NOTHING},
        {"seat.allocation_changed", "person_sex", "person.full_name", FORGET_NOTHING},
        {"seat.allocation_changed", "person_sex", NULL, FORGET_IT},
        {"seat.allocation_changed", "person_health_limits", "person.health_limits", FORGET_IT},
        {"seat.allocation_changed", "person_person_ref", "person.person_ref", FORGET_NOTHING},
        {"seat.allocation_changed", "person_person_ref", NULL, FORGET_NOTHING},
        {"seat.allocation_changed", "allocation_id", NULL, FORGET_NOTHING},
        {"seat.allocation_changed", "change", NULL, FORGET_NOTHING},
        {"seat.allocation_changed", "change", "change", FORGET_NOTHING},
        {"seat.allocation_changed", "note", "note", FORGET_IT},
        {"seat.allocation_changed", "note", NULL, FORGET_IT},
        {"seat.allocation_changed", "person_ref", NULL, FORGET_NOTHING},
        {"seat.allocation_changed", "redacted_paths", NULL, FORGET_NOTHING},
        {"referral.submitted", "person_birth_date", "person.birth_date", FORGET_IT},
        {"referral.submitted", "person_birth_date", "person.birth_date.year", FORGET_A_PART},
        {"referral.submitted", "person_name_quality", NULL, FORGET_NOTHING},
        {"referral.submitted", "person_nik_status", NULL, FORGET_NOTHING},
        {"referral.submitted", "person_other_docs", NULL, FORGET_IT},
        {"referral.submitted", "person_guardian_name", NULL, FORGET_IT},
        {"referral.submitted", "person_guardian_name", "person.guardian", FORGET_IT},
        {"event.corrected", "replacement_personal", "person.full_name", FORGET_IT},
        {"event.corrected", "replacement_clear", NULL, FORGET_NOTHING},
        {"case.relapse_detected", "contact_on", NULL, FORGET_IT},
        {"person.erasure_ordered", "paths", NULL, FORGET_NOTHING},
        {"person.erasure_ordered", "due_at", NULL, FORGET_NOTHING},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct columns columns;
        struct sg_why why = {0};
        struct forget_order order = order_of(&rows[i].path);
        UNIT_OK(columns_of(type_of(rows[i].topic), &arena, &columns, &why));
        size_t at = 0;
        while (at < columns.count && strcmp(columns.items[at].name, rows[i].column) != 0)
            at++;
        if (at == columns.count)
            fail_msg("%s: no column %s", rows[i].topic, rows[i].column);
        enum forget_reach reach =
            forget_reach(&order, columns.items[at].path, columns.items[at].depth);
        if (reach != rows[i].want)
            fail_msg("%s %s by %s: %d, want %d", rows[i].topic, rows[i].column,
                     rows[i].path ? rows[i].path : "all", (int)reach, (int)rows[i].want);
        sg_arena_reset(&arena, 0);
    }
}

/* With the scope ALL each column stays or goes: none holds fields of both kinds. */
static void no_column_is_half_personal(void **state)
{
    (void)state;
    const char *none = NULL;
    struct forget_order order = order_of(&none);
    size_t refs = 0, gone = 0;
    for (size_t t = 0; t < sg_topic_count; t++) {
        struct columns columns;
        struct sg_why why = {0};
        UNIT_OK(columns_of(type_of(sg_topics[t].name), &arena, &columns, &why));
        for (size_t i = 0; i < columns.count; i++) {
            const struct column *column = &columns.items[i];
            enum forget_reach reach = forget_reach(&order, column->path, column->depth);
            if (reach == FORGET_A_PART)
                fail_msg("%s.%s", sg_topics[t].name, column->name);
            gone += reach == FORGET_IT;
            refs += forget_is_ref(column->path, column->depth);
        }
        sg_arena_reset(&arena, 0);
    }
    assert_true(refs >= sg_topic_count + 2); /* of each envelope, of D1 and of D6 */
    assert_true(gone > sg_topic_count + 40);
}

static void types_that_are_of_persons(void **state)
{
    (void)state;
    static const struct row {
        const char *topic;
        bool want;
    } rows[] = {
        {"referral.submitted", true},      {"placement.started", true},
        {"seat.allocation_changed", true}, {"referral.presented", true},
        {"case.relapse_detected", true},   {"slot.offered", false},
        {"slot.changed", false},           {"equipment.registered", false},
        {"equipment.checked", true},       {"deadline.missed", false},
        {"case.state_changed", false},     {"person.erasure_ordered", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (forget_type_is_personal(type_of(rows[i].topic)) != rows[i].want)
            fail_msg("%s", rows[i].topic);
}

static void lines_lose_what_the_order_takes(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *path, *before, *after; /* after NULL: it stays */
    } rows[] = {
        {"a name", "person.full_name",
         "{\"seq\":\"9\",\"seatAllocationChanged\":{\"seatNo\":1,\"person\":{\"personRef\":\"" REF
         "\",\"fullName\":\"X\",\"sex\":\"SEX_MALE\"}}}",
         "{\"seq\":\"9\",\"seatAllocationChanged\":{\"seatNo\":1,\"person\":{\"personRef\":\"" REF
         "\",\"sex\":\"SEX_MALE\"}},"
         "\"redactedPaths\":[\"seat_allocation_changed.person.full_name\"]}"},
        {"all of it", NULL,
         "{\"personRef\":\"" REF "\",\"note\":\"n\",\"redactedPaths\":[\"case_id\"],"
         "\"seatAllocationChanged\":{\"person\":{\"fullName\":\"X\",\"healthLimits\":[\"Y\"]}}}",
         "{\"personRef\":\"" REF "\",\"redactedPaths\":[\"case_id\",\"note\","
         "\"seat_allocation_changed.person.full_name\","
         "\"seat_allocation_changed.person.health_limits\"],"
         "\"seatAllocationChanged\":{\"person\":{}}}"},
        {"a path that was removed before is named once", NULL,
         "{\"personRef\":\"" REF "\",\"note\":\"n\",\"redactedPaths\":[\"note\"]}",
         "{\"personRef\":\"" REF "\",\"redactedPaths\":[\"note\"]}"},
        {"somebody else", NULL, "{\"personRef\":\"" OTHER "\",\"note\":\"n\"}", NULL},
        {"a reference in a text is none", NULL,
         "{\"personRef\":\"" OTHER "\",\"note\":\"" REF "\"}", NULL},
        {"nothing of it is there", "person.phone",
         "{\"seatAllocationChanged\":{\"person\":{\"personRef\":\"" REF "\",\"fullName\":\"X\"}}}",
         NULL},
        {"a message that lies whole in a class", "person.guardian",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{\"nikStatus\":\"N\","
         "\"guardian\":{\"name\":\"X\"}}}}",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{\"nikStatus\":\"N\"}},"
         "\"redactedPaths\":[\"referral_submitted.person.guardian\"]}"},
        {"a part of it", "person.guardian.name",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{"
         "\"guardian\":{\"name\":\"X\",\"phone\":\"1\"}}}}",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{"
         "\"guardian\":{\"phone\":\"1\"}}},"
         "\"redactedPaths\":[\"referral_submitted.person.guardian.name\"]}"},
        {"elements of a list", "person.other_docs.number",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{\"otherDocs\":"
         "[{\"type\":\"A\",\"number\":\"1\"},{\"type\":\"B\",\"number\":\"2\"}]}}}",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{\"otherDocs\":"
         "[{\"type\":\"A\"},{\"type\":\"B\"}]}},"
         "\"redactedPaths\":[\"referral_submitted.person.other_docs.number\"]}"},
        {"a date is one value", "person.birth_date.day",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{\"birthDate\":"
         "\"2000-01-02\"}}}",
         "{\"personRef\":\"" REF "\",\"referralSubmitted\":{\"person\":{}},"
         "\"redactedPaths\":[\"referral_submitted.person.birth_date\"]}"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct forget_order order = order_of(&row->path);
        json_t *event = json_loads(row->before, 0, NULL);
        assert_non_null(event);
        bool changed = forget_in_json(&order, event);
        char *text = json_dumps(event, JSON_COMPACT);
        if (changed != (row->after != NULL) ||
            strcmp(text, row->after ? row->after : row->before) != 0)
            fail_msg("%s: %s", row->name, text);
        free(text);
        json_decref(event);
    }
}

static const struct forget_order *read_order(PbPersonErasureOrdered *event, const char *topic,
                                             enum sg_err *out_err)
{
    struct sg_bytes wire;
    struct sg_why why = {0};
    PbEnvelope envelope = PB_ENVELOPE__INIT;
    envelope.person_erasure_ordered = event;
    UNIT_OK(sg_encode(&envelope, &arena, &wire, &why));
    sinergi_delivery delivery = {
        .seq = 7, .type = topic, .envelope = wire.ptr, .envelope_length = wire.len};
    const struct forget_order *order = NULL;
    *out_err = forget_order_of(&delivery, &arena, &order, NULL);
    return order;
}

static void orders_are_read(void **state)
{
    (void)state;
    uint8_t id[16] = {1, [15] = 9};
    char path[] = "person.phone";
    char *paths[] = {path};
    enum sg_err err;
    PbPersonErasureOrdered event = PB_PERSON_ERASURE_ORDERED__INIT;
    assert_null(read_order(&event, FORGET_TOPIC, &err));
    assert_int_equal(err, SG_E_FORMAT); /* names nobody */
    event.has_person_ref = event.has_scope = 1;
    event.person_ref = (ProtobufCBinaryData){sizeof id, id};
    event.scope = PB_PERSON_ERASURE_ORDERED__SCOPE_LISTED;
    event.paths = paths;
    event.n_paths = 1;
    assert_null(read_order(&event, "event.settled", &err));
    assert_int_equal(err, SG_OK);
    const struct forget_order *order = read_order(&event, FORGET_TOPIC, &err);
    assert_int_equal(err, SG_OK);
    assert_string_equal(order->person_ref, "01000000-0000-0000-0000-000000000009");
    assert_false(order->all);
    assert_int_equal(order->seq, 7);
    assert_string_equal(order->paths[0], "person.phone");
    event.scope = PB_PERSON_ERASURE_ORDERED__SCOPE_ALL;
    assert_true(read_order(&event, FORGET_TOPIC, &err)->all);
    sg_arena_reset(&arena, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_paths_follow_the_contract),
        cmocka_unit_test(no_column_is_half_personal),
        cmocka_unit_test(types_that_are_of_persons),
        cmocka_unit_test(lines_lose_what_the_order_takes),
        cmocka_unit_test(orders_are_read),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
