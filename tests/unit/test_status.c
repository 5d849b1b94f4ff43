/* Every code of the protocol has a name and a sentence in both languages. */
#include "unit/unit.h"

#include "wire/status.h"

/* The compiler names the code that is missing here. */
static bool is_code(enum sg_status code)
{
    switch (code) {
    case SG_ST_OK: return false;
    case SG_ST_AUTH_MISMATCH:
    case SG_ST_FORBIDDEN:
    case SG_ST_NOT_OWNER:
    case SG_ST_DERIVED_TYPE:
    case SG_ST_SCHEMA:
    case SG_ST_MISSING_FIELD:
    case SG_ST_BAD_CODE:
    case SG_ST_FUTURE_TIME:
    case SG_ST_TOO_OLD:
    case SG_ST_DUPLICATE_CONFLICT:
    case SG_ST_SEQ_GAP:
    case SG_ST_VERSION_CONFLICT:
    case SG_ST_UNKNOWN_OBJECT:
    case SG_ST_PARK_TIMEOUT:
    case SG_ST_BAD_TRANSITION:
    case SG_ST_DUPLICATE_REFERRAL:
    case SG_ST_TOO_MANY_HOPS:
    case SG_ST_SLOT_FULL:
    case SG_ST_SLOT_CLOSED:
    case SG_ST_SLOT_CANCELLED:
    case SG_ST_CAPACITY_BELOW_ALLOCATED:
    case SG_ST_INELIGIBLE:
    case SG_ST_ACTIVE_PLACEMENT:
    case SG_ST_NO_CONSENT:
    case SG_ST_MINOR:
    case SG_ST_RESTRICTED:
    case SG_ST_ERASED:
    case SG_ST_NOT_ENTITLED:
    case SG_ST_COURSE_MISMATCH:
    case SG_ST_ALREADY_ISSUED:
    case SG_ST_ITEM_NOT_AVAILABLE:
    case SG_ST_BAST_REUSED:
    case SG_ST_OPEN_SEAT:
    case SG_ST_OPEN_LOAN:
    case SG_ST_CLOSE_CRITERIA:
    case SG_ST_FOUR_EYES:
    case SG_ST_CORRECTION_DEPENDS:
    case SG_ST_LINK_CONFLICT:
    case SG_ST_IDENTITY_NOT_CHECKED:
    case SG_ST_STORAGE:
    case SG_ST_PROTOCOL:
    case SG_ST_HELLO_FIRST:
    case SG_ST_IN_USE:
    case SG_ST_TAKEN_OVER:
    case SG_ST_BUSY:
    case SG_ST_QUOTA:
    case SG_ST_HISTORY:
    case SG_ST_SUSPENDED:
    case SG_ST_SILENT:
    case SG_ST_STOPPING:
    case SG_ST_W_SPM_7_DAYS:
    case SG_ST_W_WAIVER:
    case SG_ST_W_LOW_ATTENDANCE:
    case SG_ST_W_NIK_MISMATCH:
    case SG_ST_W_OLD_REGION:
    case SG_ST_W_LATE: return true;
    }
    return false;
}

enum { CODES = 256 };

static void every_code_has_a_name_and_two_sentences(void **state)
{
    (void)state;
    size_t count = 0;
    for (uint32_t code = 0; code < CODES; code++) {
        const char *name = sg_status_name(code);
        if (!is_code((enum sg_status)code)) {
            assert_string_equal(name, "E_UNKNOWN");
            assert_true(sg_status_text_id(code)[0] && sg_status_text_en(code)[0]);
            continue;
        }
        count++;
        bool warning = code >= SG_ST_W_SPM_7_DAYS;
        if (strncmp(name, warning ? "W_" : "E_", 2) != 0 || strcmp(name, "E_UNKNOWN") == 0)
            fail_msg("%u has the name %s", code, name);
        if (sg_status_of(name) != code)
            fail_msg("%s leads to %u", name, sg_status_of(name));
        if (strlen(sg_status_text_id(code)) < 10 || strlen(sg_status_text_en(code)) < 10 ||
            strcmp(sg_status_text_id(code), sg_status_text_en(code)) == 0)
            fail_msg("%s has no sentence in one of the languages", name);
    }
    assert_true(count > 50);
    assert_int_equal(sg_status_of("E_UNKNOWN"), 0);
    assert_int_equal(sg_status_of(""), 0);
    assert_int_equal(sg_status_of("e_schema"), 0);
}

static void no_two_codes_say_the_same(void **state)
{
    (void)state;
    for (uint32_t a = 1; a < CODES; a++)
        for (uint32_t b = 1; b < a; b++) {
            if (!is_code((enum sg_status)a) || !is_code((enum sg_status)b))
                continue;
            assert_string_not_equal(sg_status_name(a), sg_status_name(b));
            assert_string_not_equal(sg_status_text_id(a), sg_status_text_id(b));
            assert_string_not_equal(sg_status_text_en(a), sg_status_text_en(b));
        }
}

static void a_refusal_keeps_its_texts(void **state)
{
    (void)state;
    struct sg_fault fault;
    assert_false(sg_refuse(&fault, SG_ST_INELIGIBLE, "slot", "AGE", "%d to %d", 18, 40));
    assert_int_equal(fault.code, SG_ST_INELIGIBLE);
    assert_string_equal(fault.object, "slot");
    assert_string_equal(fault.detail, "AGE");
    assert_string_equal(fault.accepted, "18 to 40");

    assert_false(sg_refuse(&fault, SG_ST_BUSY, NULL, NULL, NULL));
    assert_int_equal(fault.code, SG_ST_BUSY);
    assert_true(!fault.object[0] && !fault.detail[0] && !fault.accepted[0]);

    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)sg_refuse(&fault, SG_ST_SCHEMA, text, text, "%s", text);
    assert_int_equal(strlen(fault.object), sizeof fault.object - 1);
    assert_int_equal(strlen(fault.detail), sizeof fault.detail - 1);
    assert_int_equal(strlen(fault.accepted), sizeof fault.accepted - 1);
}

static void the_sentence_has_only_the_parts_that_are_there(void **state)
{
    (void)state;
    static const struct {
        const char *object, *detail, *accepted, *want_id, *want_en;
    } rows[] = {
        {"slot", "AGE", "18 to 40",
         "E_INELIGIBLE: orang ini tidak memenuhi syarat pelatihan (slot: AGE); yang diterima: 18 "
         "to 40",
         "E_INELIGIBLE: the person does not meet the conditions of the training (slot: AGE); "
         "accepted: 18 to 40"},
        {"slot", NULL, NULL, "E_INELIGIBLE: orang ini tidak memenuhi syarat pelatihan (slot)",
         "E_INELIGIBLE: the person does not meet the conditions of the training (slot)"},
        {NULL, "AGE", NULL, "E_INELIGIBLE: orang ini tidak memenuhi syarat pelatihan (AGE)",
         "E_INELIGIBLE: the person does not meet the conditions of the training (AGE)"},
        {NULL, NULL, "18 to 40",
         "E_INELIGIBLE: orang ini tidak memenuhi syarat pelatihan; yang diterima: 18 to 40",
         "E_INELIGIBLE: the person does not meet the conditions of the training; accepted: 18 to "
         "40"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_fault fault;
        char text[512];
        (void)sg_refuse(&fault, SG_ST_INELIGIBLE, rows[i].object, rows[i].detail,
                        rows[i].accepted ? "%s" : NULL, rows[i].accepted);
        sg_fault_text_id(&fault, text, sizeof text);
        assert_string_equal(text, rows[i].want_id);
        sg_fault_text_en(&fault, text, sizeof text);
        assert_string_equal(text, rows[i].want_en);
    }
}

static void a_sentence_is_cut_to_its_room(void **state)
{
    (void)state;
    struct sg_fault fault;
    char text[20];
    (void)sg_refuse(&fault, SG_ST_MISSING_FIELD, "type", NULL, NULL);
    sg_fault_text_en(&fault, text, sizeof text);
    assert_string_equal(text, "E_MISSING_FIELD: a ");
}

UNIT_MAIN(cmocka_unit_test(every_code_has_a_name_and_two_sentences),
          cmocka_unit_test(no_two_codes_say_the_same), cmocka_unit_test(a_refusal_keeps_its_texts),
          cmocka_unit_test(the_sentence_has_only_the_parts_that_are_there),
          cmocka_unit_test(a_sentence_is_cut_to_its_room))
