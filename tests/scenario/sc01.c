/* SC01 Happy path, up to the grant of the kit. */
#include "unit/unit.h"

#include "kit/people.h"

#include <stdio.h>

#define BUDI                                                                                     \
    "\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"alias\":\"Bud\",\"sex\":\"MALE\"," \
    "\"birthDate\":\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":\"1471991004950001\","      \
    "\"nikStatus\":\"STATED\",\"domicileRegion\":\"14.71.08.1009\""

static struct world_city city;

static struct sg_id take_budi_in(void)
{
    char r1[SG_ID_TEXT], as1[SG_ID_TEXT], text[SG_ID_TEXT];
    struct sg_id case_id;
    world_move(&city, "2026-05-04T02:00:00Z");
    accepted(world_publish(
        &city, SATPOLPP,
        "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
        "\"dinsos\",\"priority\":\"URGENT_72H\",\"person\":{" BUDI "},\"suspectedPpks\":"
        "[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"foundPlace\":\"Simpang Garuda Sakti\","
        "\"activity\":\"BEGGING\",\"childrenWith\":0,\"statementSigned\":true}}",
        id_text(1, r1)));
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_NEW\""), 1);
    world_move(&city, "2026-05-04T03:00:00Z");
    accepted(world_publish(&city, DINSOS,
                           "{\"referralAcknowledged\":{\"referralId\":\"%s\",\"personPresent\":"
                           "true,\"admittedToShelter\":true,\"receivedByUnit\":\"uptd-shelter\"}}",
                           r1));
    assert_int_equal(world_resend(&city, DINSOS).status, PB_OUTCOME_STATUS_DUPLICATE);
    world_move(&city, "2026-05-04T04:00:00Z");
    accepted(world_publish(
        &city, DINSOS, "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":\"ACCEPTED\"}}",
        r1));
    /* Satpol PP: two D5, and nothing else but the slot and the kit, which everybody may read. */
    assert_int_equal(world_count(&city, SATPOLPP, "", "\"seq\""), 2 + 2);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "REFERRAL_STATE_ACKNOWLEDGED"), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "REFERRAL_STATE_ACCEPTED"), 1);
    /* … which do not name Dinsos's event, neither in the payload nor in the envelope. */
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "\"cause\":"), 0);
    assert_int_equal(world_count(&city, SATPOLPP, "case.*", "\"causation\":"), 0);
    assert_true(world_count(&city, DINSOS, "case.*", "\"causation\":") > 0);
    const char *at =
        strstr(world_read(&city, DINSOS, "case.*"), "\"caseStateChanged\":{\"caseId\":\"");
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.36s", at + strlen("\"caseStateChanged\":{\"caseId\":\""));
    assert_int_equal(sg_id_parse(text, &case_id), SG_OK);
    world_move(&city, "2026-05-05T03:00:00Z");
    accepted(world_publish(
        &city, DINSOS,
        "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\",\"assessedOn\":"
        "\"2026-05-05\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":"
        "false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\",\"GUIDANCE\",\"CIVIL_DOCUMENTS\"],"
        "\"priorityBand\":3,\"trainingSuitable\":true,\"schooling\":\"LOWER_SEC\","
        "\"socialRegistry\":\"DTSEN\"}}",
        text, id_text(11, as1)));
    accepted(say_consent(&city, 12, &case_id, "GIVEN", "SHARE_WITH_PROVIDER"));
    return case_id;
}

static void train(const struct sg_id *a1)
{
    static const struct {
        const char *at, *from, *to;
    } weeks[] = {{"2026-06-12T10:00:00Z", "2026-06-08", "2026-06-12"},
                 {"2026-06-19T10:00:00Z", "2026-06-15", "2026-06-19"},
                 {"2026-06-26T10:00:00Z", "2026-06-22", "2026-06-26"},
                 {"2026-07-03T10:00:00Z", "2026-06-29", "2026-07-03"},
                 {"2026-07-10T10:00:00Z", "2026-07-06", "2026-07-10"},
                 {"2026-07-17T08:00:00Z", "2026-07-13", "2026-07-17"}};
    char a[SG_ID_TEXT];
    world_move(&city, "2026-05-07T02:00:00Z");
    accepted(decide_seat(&city, DISNAKER, a1, "\"CONFIRMED\""));
    world_move(&city, "2026-06-08T02:00:00Z");
    accepted(start_placement(&city, DISNAKER, a1, "2026-06-08"));
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_IN_TRAINING\""), 1);
    for (size_t i = 0; i < SG_ARRAY_LEN(weeks); i++) {
        world_move(&city, weeks[i].at);
        accepted(world_publish(&city, DISNAKER,
                               "{\"attendanceReported\":{\"allocationId\":\"%s\",\"fromOn\":\"%s\","
                               "\"toOn\":\"%s\",\"sessionsHeld\":5,\"sessionsAttended\":4,"
                               "\"absencesExcused\":1}}",
                               sg_id_print(a1, a), weeks[i].from, weeks[i].to));
    }
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "T08"), 0);
    world_move(&city, "2026-07-17T09:00:00Z");
    accepted(end_placement(&city, DISNAKER, a1, "2026-07-17", "\"COMPLETED\""));
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_AFTERCARE\""), 1);
}

static void happy_path(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    accepted(register_kit(&city, 800));
    struct sg_id c1 = take_budi_in();
    struct world_outcome a1 = ask_seat(&city, 501, 900, &c1, true, false);
    accepted(a1);
    /* What the trainer is shown: sex, age band and district; no NIK, case, PPKS or activity. */
    const char *d1 = world_read(&city, DISNAKER, "seat.*");
    assert_non_null(strstr(d1, "\"change\":\"SEAT_CHANGE_RESERVED\""));
    assert_non_null(strstr(d1, "\"seatNo\":1"));
    assert_non_null(strstr(d1, "AGE_BAND_A25_34"));
    assert_non_null(strstr(d1, "14.71.08"));
    assert_null(strstr(d1, "147199"));
    assert_null(strstr(d1, "caseId"));
    train(&a1.allocation_id);

    world_move(&city, "2026-07-20T03:00:00Z");
    accepted(grant_kit(&city, 800, &a1.allocation_id, "027/BAST/DINSOS/VII/2026", "2026-07-20"));
    assert_int_equal(world_count(&city, DISNAKER, "equipment.issued", "\"seq\""), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "", "\"seq\""), 2 + 2);
    assert_int_equal(world_count(&city, SATPOLPP, "equipment.issued,placement.*,seat.*", "\"seq\""),
                     0);
    assert_int_equal(world_count(&city, DINSOS, "deadline.missed", "T09"), 0);

    /* The same kit again, another kit under the same BAST, a second kit of the kind. */
    refused(grant_kit(&city, 800, &a1.allocation_id, "028/BAST/DINSOS/VII/2026", "2026-07-20"),
            SG_ST_ITEM_NOT_AVAILABLE, NULL);
    accepted(register_kit(&city, 801));
    refused(grant_kit(&city, 801, &a1.allocation_id, "028/BAST/DINSOS/VII/2026", "2026-07-20"),
            SG_ST_ALREADY_ISSUED, NULL);
    /* He has completed this course: not again. */
    world_move(&city, "2026-07-21T03:00:00Z");
    refused(ask_seat(&city, 502, 900, &c1, true, false), SG_ST_SLOT_CLOSED, NULL);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(happy_path))
