/* SC02 No seats, waiting list. */
#include "unit/unit.h"

#include "kit/people.h"
#include "wire/day.h"

#define MAN(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;

static void seats_and_waiting(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    struct sg_id budi = person_in_service(&city, 1, MAN("Budi Santoso"), 3);
    struct sg_id andi = person_in_service(&city, 2, MAN("Andi Pratama"), 3);
    struct sg_id joko = person_in_service(&city, 3, MAN("Joko Susilo"), 3);
    struct sg_id urgent = person_in_service(&city, 4, MAN("Amir Hamzah"), 1);

    accepted(ask_seat(&city, 501, 900, &budi, true, false));
    struct world_outcome of_andi = ask_seat(&city, 502, 900, &andi, true, false);
    accepted(of_andi);
    assert_int_equal(seat_changes(&city, "RESERVED"), 2);

    struct world_outcome full = ask_seat(&city, 503, 900, &joko, true, false);
    assert_int_equal(full.status, PB_OUTCOME_STATUS_REJECTED);
    assert_int_equal(full.code, SG_ST_SLOT_FULL);
    struct world_outcome of_joko = ask_seat(&city, 504, 900, &joko, true, true);
    accepted(of_joko);
    struct world_outcome of_urgent = ask_seat(&city, 505, 900, &urgent, true, true);
    accepted(of_urgent);
    /* Both were told position 1 when they entered; one D1 each. */
    assert_int_equal(seat_changes(&city, "WAITLISTED"), 2);
    assert_int_equal(
        world_count(&city, DINSOS, "seat.allocation_changed", "\"waitlistPosition\":1"), 2);

    accepted(decide_seat(&city, DINSOS, &of_andi.allocation_id,
                         "\"WITHDRAWN_BY_CASE_OWNER\",\"reason\":\"PERSON_REFUSED\",\"declinedBy\":"
                         "\"PERSON\""));
    assert_int_equal(seat_changes(&city, "RELEASED"), 1);
    assert_int_equal(seat_changes(&city, "PROMOTED"), 1);
    /* The one of band 1 was promoted: Joko's place is still refused to Joko. */
    struct world_outcome early =
        decide_seat(&city, DINSOS, &of_joko.allocation_id, "\"PERSON_ACCEPTED\"");
    assert_int_equal(early.code, SG_ST_BAD_TRANSITION);

    world_move(&city, "2026-05-06T00:59:59Z");
    assert_int_equal(seat_changes(&city, "EXPIRED"), 0);
    assert_int_equal(world_count(&city, DINSOS, "deadline.missed", "\"level\":0"), 1);
    world_move(&city, "2026-05-06T01:00:00Z");
    assert_int_equal(seat_changes(&city, "EXPIRED"), 1);
    assert_int_equal(seat_changes(&city, "PROMOTED"), 2);
    accepted(decide_seat(&city, DINSOS, &of_joko.allocation_id, "\"PERSON_ACCEPTED\""));
    assert_int_equal(seat_changes(&city, "RESERVED"), 3);

    /* What the trainer sees: sex, age band and district of who holds a seat; the name once it is
     * accepted, with consent; no case. */
    assert_int_equal(world_count(&city, DISNAKER, "seat.*", "Joko"), 1);
    assert_int_equal(world_count(&city, DISNAKER, "seat.*", "caseId"), 0);
    assert_int_not_equal(world_count(&city, DISNAKER, "seat.*", "AGE_BAND_A35_44"), 0);
    assert_int_equal(world_count(&city, SATPOLPP, "seat.*", "allocationId"), 0);
    world_close(&city);
}

/* A hold that ran out while the daemon was down expires before anything new is decided. */
static void restart_after_a_hold(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 1));
    struct sg_id budi = person_in_service(&city, 1, MAN("Budi Santoso"), 3);
    struct sg_id andi = person_in_service(&city, 2, MAN("Andi Pratama"), 3);
    struct world_outcome hold = ask_seat(&city, 501, 900, &budi, false, false);
    accepted(hold);
    assert_int_equal(seat_changes(&city, "HELD"), 1);
    world_restart(&city);
    assert_int_equal(sg_time_parse("2026-05-08T01:00:00Z", &city.now_ms), SG_OK);
    struct world_outcome next = ask_seat(&city, 502, 900, &andi, true, false);
    accepted(next);
    assert_int_equal(seat_changes(&city, "EXPIRED"), 1);
    assert_int_equal(seat_changes(&city, "RESERVED"), 1);
    struct world_outcome late =
        decide_seat(&city, DINSOS, &hold.allocation_id, "\"PERSON_ACCEPTED\"");
    assert_int_equal(late.code, SG_ST_BAD_TRANSITION);
    /* Resent after a lost answer, also after the restart: the answer of then. */
    struct world_outcome again = world_resend(&city, DINSOS);
    assert_int_equal(again.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(again.code, SG_ST_BAD_TRANSITION);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(seats_and_waiting), cmocka_unit_test(restart_after_a_hold))
