/* SC07 Wrong agency, as far as built, and the order of checks. */
#include "unit/unit.h"

#include "kit/people.h"

#define BUDI                                                                                 \
    "\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":\"1471991004950001\",\"nikStatus\":"  \
    "\"STATED\",\"domicileRegion\":\"14.71.08.1009\""
#define REFERRAL(id, target, more)                                                                 \
    "\"referralSubmitted\":{\"referralId\":\"01968a3e-0000-7000-8000-0000000000" id                \
    "\",\"kind\":\"INTAKE\",\"targetAgency\":\"" target                                            \
    "\",\"priority\":\"NORMAL_14D\",\"person\":{\"alias\":\"Jek\",\"nameQuality\":\"ALIAS_ONLY\"," \
    "\"sex\":\"MALE\",\"birthQuality\":\"UNKNOWN\",\"nikStatus\":\"NONE\"},\"foundRegion\":"       \
    "\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0," more "}"
#define CLEAN "\"suspectedPpks\":[\"PPKS_12\"]"
#define R1 "01968a3e-0000-7000-8000-000000000001"

static struct world_city city;

static const struct row {
    const char *name;
    enum world_agency who;
    const char *json;
    uint32_t code;
    const char *detail;
} rows[] = {
    /* clang-format off */
    {"(a) published as another agency", DISNAKER, "{\"publisherAgency\":\"satpolpp\"," REFERRAL("21", "dinsos", CLEAN) "}", SG_ST_AUTH_MISMATCH, ""},
    {"(a) the agency comes before the shape", DISNAKER, "{\"publisherAgency\":\"satpolpp\"," REFERRAL("22", "nobody", CLEAN) "}", SG_ST_AUTH_MISMATCH, ""},
    {"(b) decides as who is not the target", DISNAKER, "{\"referralDecided\":{\"referralId\":\"" R1 "\",\"decision\":\"ACCEPTED\"}}", SG_ST_NOT_OWNER, ""},
    {"(d) asks for a seat without the capability", SATPOLPP, "{\"caseId\":\"" R1 "\",\"seatRequested\":{\"requestId\":\"" R1 "\",\"slotId\":\"" R1 "\",\"personAccepted\":true,\"waitlistOk\":true,\"override\":\"NONE\"}}", SG_ST_FORBIDDEN, "CAPABILITY"},
    {"(f) a derived type", DINSOS, "{\"seatAllocationChanged\":{\"allocationId\":\"" R1 "\",\"slotId\":\"" R1 "\",\"change\":\"HELD\"}}", SG_ST_DERIVED_TYPE, ""},
    {"(g) suspects what a referrer may not", SATPOLPP, "{" REFERRAL("23", "dinsos", "\"suspectedPpks\":[\"PPKS_16\"]") "}", SG_ST_BAD_CODE, "NOT_FOR_REFERRER"},
    {"target without cases", SATPOLPP, "{" REFERRAL("24", "disnaker", CLEAN) "}", SG_ST_BAD_CODE, "NO_CASE_OWNER"},
    {"unknown agency", SATPOLPP, "{" REFERRAL("25", "nobody", CLEAN) "}", SG_ST_BAD_CODE, "UNKNOWN_AGENCY"},
    {"unknown referral", DINSOS, "{\"referralDecided\":{\"referralId\":\"01968a3e-0000-7000-8000-000000000099\",\"decision\":\"ACCEPTED\"}}", SG_ST_UNKNOWN_OBJECT, ""},
    {"declined without a reason", DINSOS, "{\"referralDecided\":{\"referralId\":\"" R1 "\",\"decision\":\"DECLINED\"}}", SG_ST_MISSING_FIELD, ""},
    {"redirected to who has no cases", DINSOS, "{\"referralDecided\":{\"referralId\":\"" R1 "\",\"decision\":\"REDIRECTED\",\"reason\":\"WRONG_AGENCY\",\"redirectTo\":\"disnaker\"}}", SG_ST_BAD_CODE, "NO_CASE_OWNER"},
    {"redirected to itself", DINSOS, "{\"referralDecided\":{\"referralId\":\"" R1 "\",\"decision\":\"REDIRECTED\",\"reason\":\"WRONG_AGENCY\",\"redirectTo\":\"dinsos\"}}", SG_ST_BAD_TRANSITION, "EARLIER_TARGET"},
    {"from the future", SATPOLPP, "{\"occurredAt\":\"2026-05-04T01:05:00Z\"," REFERRAL("26", "dinsos", CLEAN) "}", SG_ST_OK, ""},
    {"further in the future", SATPOLPP, "{\"occurredAt\":\"2026-05-04T01:05:01Z\"," REFERRAL("27", "dinsos", CLEAN) "}", SG_ST_SCHEMA, "BEFORE_OCCURRED_AT"},
    {"too old", SATPOLPP, "{\"occurredAt\":\"2025-03-30T00:00:00Z\"," REFERRAL("28", "dinsos", CLEAN) "}", SG_ST_TOO_OLD, ""},
    {"an id of another agency", DPPPA, "{" REFERRAL("01", "dinsos", CLEAN) "}", SG_ST_NOT_OWNER, "ID_IN_USE"},
    {"the same id with other content", SATPOLPP, "{" REFERRAL("01", "dpppa", CLEAN) "}", SG_ST_DUPLICATE_CONFLICT, "STATED_BEFORE"},
    {"a case that is none", DINSOS, "{\"caseId\":\"" R1 "\",\"consentRecorded\":{\"consentId\":\"" R1 "\",\"action\":\"GIVEN\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"THUMBPRINT\",\"givenBy\":\"SELF\",\"textVersion\":\"consent-id-2026-01\",\"evidenceRef\":\"F-221\"}}", SG_ST_UNKNOWN_OBJECT, ""},
}; /* clang-format on */

static void every_refusal_has_its_code(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    struct world_outcome r1 =
        world_publish(&city, SATPOLPP, "{%s}", REFERRAL("01", "dinsos", CLEAN));
    assert_int_equal(r1.status, PB_OUTCOME_STATUS_ACCEPTED);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct world_outcome o = world_publish(&city, rows[i].who, "%s", rows[i].json);
        if (o.code != rows[i].code || strcmp(o.detail, rows[i].detail) != 0)
            fail_msg("%s: code %u detail '%s' at '%s'", rows[i].name, o.code, o.detail, o.object);
        struct world_outcome again = world_resend(&city, rows[i].who);
        if (again.status != PB_OUTCOME_STATUS_DUPLICATE || again.code != rows[i].code)
            fail_msg("%s: resent: status %d code %u", rows[i].name, again.status, again.code);
    }
    /* None left a trace: Dinsos has R1 and the one that was right, and one D5 for each. */
    assert_int_equal(world_count(&city, DINSOS, "referral.submitted", "\"seq\""), 2);
    assert_int_equal(world_count(&city, DINSOS, "case.state_changed", "\"seq\""), 2);
    world_close(&city);
}

static void the_other_side_of_a_seat(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    assert_int_equal(offer_s1(&city, 900, 2).status, PB_OUTCOME_STATUS_ACCEPTED);
    struct sg_id budi = person_in_service(&city, 1, BUDI, 3);
    struct world_outcome seat = ask_seat(&city, 501, 900, &budi, true, false);
    assert_int_equal(seat.status, PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(seat.warnings[0], SG_ST_W_WAIVER);
    assert_int_equal(decide_seat(&city, DINSOS, &seat.allocation_id, "\"CONFIRMED\"").code,
                     SG_ST_NOT_OWNER);
    assert_int_equal(decide_seat(&city, DPPPA, &seat.allocation_id, "\"CONFIRMED\"").code,
                     SG_ST_NOT_OWNER);
    assert_int_equal(decide_seat(&city, DISNAKER, &seat.allocation_id, "\"CONFIRMED\"").status,
                     PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(decide_seat(&city, DISNAKER, &seat.allocation_id,
                                 "\"DECLINED_BY_PROVIDER\",\"reason\":\"AGE\",\"declinedBy\":"
                                 "\"RECEIVER\"")
                         .code,
                     SG_ST_BAD_TRANSITION);
    assert_int_equal(ask_seat(&city, 502, 900, &budi, true, false).code, SG_ST_ACTIVE_PLACEMENT);

    /* SC01 up to here: who reads what. */
    assert_int_equal(world_count(&city, SATPOLPP, "", "\"seq\""), 2);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "REFERRAL_STATE_ACCEPTED"), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "caseId"), 0);
    assert_int_equal(world_count(&city, DISNAKER, "seat.*", "AGE_BAND_A25_34"), 2);
    assert_int_equal(world_count(&city, DISNAKER, "seat.*", "14.71.08"), 2);
    assert_int_equal(world_count(&city, DISNAKER, "seat.*", "Budi Santoso"),
                     2); /* consent is given */
    assert_int_equal(world_count(&city, DISNAKER, "", "PPKS"), 0);
    assert_int_equal(world_count(&city, DINSOS, "", "147199"), 0);
    assert_int_not_equal(world_count(&city, DINSOS, "", "Budi Santoso"), 0);
    world_close(&city);
}

/* clang-format off */
#define ASSESS \
    "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"" R1 "\",\"assessedOn\":\"2026-05-05\",\"assessorRole\":\"PEKSOS\",\"isMinor\":false,\"residence\":\"PEKANBARU\",\"priorityBand\":1,\"trainingSuitable\":true,\"socialRegistry\":\"NONE\"}}"
/* clang-format on */

/* (b), (c), (h): cases, slots and kits of others, and kits that do not belong. */
static void what_belongs_to_others(void **state)
{
    (void)state;
    char text[SG_ID_TEXT], slot[SG_ID_TEXT], item[SG_ID_TEXT];
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    accepted(offer_s2(&city, 901));
    accepted(register_kit(&city, 800));
    struct sg_id budi = person_in_service(&city, 1, BUDI, 3);
    struct sg_id siti = person_in_service(&city, 2,
                                          "\"fullName\":\"Siti Aminah\",\"nameQuality\":\"FULL\","
                                          "\"sex\":\"FEMALE\",\"birthQuality\":\"ESTIMATED\","
                                          "\"estimatedAge\":35,\"nikStatus\":\"NONE\"",
                                          3);
    struct world_outcome of_budi = ask_seat(&city, 501, 900, &budi, true, false);
    struct world_outcome of_siti = ask_seat(&city, 502, 901, &siti, true, false);
    accepted(of_budi);
    accepted(of_siti);

    refused(world_publish(&city, DISNAKER, ASSESS, sg_id_print(&budi, text)), SG_ST_FORBIDDEN,
            NULL);
    refused(world_publish(&city, DPPPA, ASSESS, sg_id_print(&budi, text)), SG_ST_NOT_OWNER, NULL);
    refused(world_publish(&city, DPPPA,
                          "{\"expectedVersion\":\"2\",\"slotChanged\":{\"slotId\":\"%s\","
                          "\"capacityOffered\":4,\"reason\":\"x\"}}",
                          id_text(900, slot)),
            SG_ST_NOT_OWNER, NULL);
    refused(start_placement(&city, DPPPA, &of_budi.allocation_id, "2026-06-08"), SG_ST_NOT_OWNER,
            NULL);

    /* (h) A kit for another course; and for a seat that is certain, but has not begun. */
    accepted(decide_seat(&city, DISNAKER, &of_budi.allocation_id, "\"CONFIRMED\""));
    refused(grant_kit(&city, 800, &of_siti.allocation_id, "1", "2026-05-04"), SG_ST_COURSE_MISMATCH,
            NULL);
    refused(grant_kit(&city, 800, &of_budi.allocation_id, "1", "2026-05-04"), SG_ST_NOT_ENTITLED,
            NULL);
    refused(world_publish(&city, DPPPA,
                          "{\"equipmentIssued\":{\"itemId\":\"%s\",\"basis\":"
                          "\"GRANT_AFTER_COMPLETION\",\"allocationId\":\"%s\",\"bastNo\":\"1\","
                          "\"bastDate\":\"2026-05-04\",\"noSaleStatement\":true,"
                          "\"custodyUntil\":\"2027-07-20\"}}",
                          id_text(800, item), sg_id_print(&of_budi.allocation_id, text)),
            SG_ST_NOT_OWNER, NULL);
    /* None left a trace. */
    assert_int_equal(world_count(&city, DISNAKER, "slot.changed,equipment.issued", "\"seq\""), 0);
    assert_int_equal(world_count(&city, DINSOS, "assessment.completed", "\"seq\""), 2);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_refusal_has_its_code), cmocka_unit_test(the_other_side_of_a_seat),
          cmocka_unit_test(what_belongs_to_others))
