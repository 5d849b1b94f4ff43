/* SC03 Declined, both sides. */
#include "unit/unit.h"

#include "kit/people.h"

#define WOMAN(name)                                                                           \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"FEMALE\",\"birthQuality\":" \
    "\"ESTIMATED\",\"estimatedAge\":35,\"nikStatus\":\"NONE\""
#define MAN(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;

/* (a) The person refuses: given back, and asked for again at once. */
static void the_person_declines(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s2(&city, 901));
    struct sg_id siti = person_in_service(&city, 1, WOMAN("Siti Aminah"), 3);
    struct world_outcome seat = ask_seat(&city, 501, 901, &siti, true, false);
    accepted(seat);
    accepted(decide_seat(&city, DINSOS, &seat.allocation_id,
                         "\"WITHDRAWN_BY_CASE_OWNER\",\"reason\":\"PERSON_REFUSED\",\"declinedBy\":"
                         "\"PERSON\""));
    assert_int_equal(seat_changes(&city, "RELEASED"), 1);
    accepted(ask_seat(&city, 502, 901, &siti, true, false));
    assert_int_equal(seat_changes(&city, "RESERVED"), 2);
    world_close(&city);
}

/* (b), (c), (d) The provider declines; the next in line has the seat, and who lost it goes first
 * from now on. */
static void the_provider_declines(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 1));
    struct sg_id budi = person_in_service(&city, 1, MAN("Budi Santoso"), 3);
    struct sg_id joko = person_in_service(&city, 2, MAN("Joko Susilo"), 3);
    struct sg_id andi = person_in_service(&city, 3, MAN("Andi Pratama"), 3);
    struct world_outcome of_budi = ask_seat(&city, 501, 900, &budi, true, false);
    accepted(of_budi);
    struct world_outcome of_joko = ask_seat(&city, 502, 900, &joko, true, true);
    accepted(of_joko);
    accepted(ask_seat(&city, 503, 900, &andi, true, true));
    refused(decide_seat(&city, DISNAKER, &of_budi.allocation_id, "\"DECLINED_BY_PROVIDER\""),
            SG_ST_MISSING_FIELD, NULL);
    accepted(decide_seat(&city, DISNAKER, &of_budi.allocation_id,
                         "\"DECLINED_BY_PROVIDER\",\"reason\":\"MISSING_DOCUMENT\",\"declinedBy\":"
                         "\"RECEIVER\""));
    assert_int_equal(seat_changes(&city, "RELEASED"), 1);
    assert_int_equal(seat_changes(&city, "PROMOTED"), 1);
    /* lost_without_fault = 1: Budi waits behind nobody of his band. */
    struct world_outcome again = ask_seat(&city, 504, 900, &budi, true, true);
    accepted(again);
    assert_int_equal(
        world_count(&city, DINSOS, "seat.allocation_changed", "\"waitlistPosition\":1"), 2);
    accepted(decide_seat(&city, DINSOS, &of_joko.allocation_id, "\"PERSON_ACCEPTED\""));
    accepted(decide_seat(&city, DISNAKER, &of_joko.allocation_id, "\"CONFIRMED\""));
    refused(decide_seat(&city, DISNAKER, &of_joko.allocation_id,
                        "\"DECLINED_BY_PROVIDER\",\"reason\":\"AGE\",\"declinedBy\":\"RECEIVER\""),
            SG_ST_BAD_TRANSITION, NULL);
    world_close(&city);
}

static void decline_referral(unsigned number, const char *reason)
{
    char r[SG_ID_TEXT];
    accepted(world_publish(
        &city, SATPOLPP,
        "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
        "\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{" MAN(
            "Amir") "},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":"
                    "\"BEGGING\",\"childrenWith\":0}}",
        id_text(number, r)));
    accepted(world_publish(&city, DINSOS,
                           "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":\"DECLINED\","
                           "\"declinedBy\":\"RECEIVER\",\"reason\":\"%s\"}}",
                           r, reason));
}

/* (e) The referrer is told the reason only where it can act on it. */
static void what_the_referrer_is_told(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    decline_referral(2, "OUT_OF_TOWN");
    const char *told = world_read(&city, SATPOLPP, "case.*");
    assert_non_null(strstr(told, "REFERRAL_STATE_DECLINED"));
    assert_null(strstr(told, "OUT_OF_TOWN"));
    assert_non_null(strstr(told, "case_state_changed.reason"));
    decline_referral(3, "WRONG_AGENCY");
    told = world_read(&city, SATPOLPP, "case.*");
    assert_non_null(strstr(told, "WRONG_AGENCY"));
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_person_declines), cmocka_unit_test(the_provider_declines),
          cmocka_unit_test(what_the_referrer_is_told))
