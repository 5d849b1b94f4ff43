/* SC04 No-show and refill. */
#include "unit/unit.h"

#include "kit/people.h"

#define MAN(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;
static struct sg_id of_andi, of_joko;

/* One seat: Andi CONFIRMED, Joko waits. */
static void open_city(void)
{
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 1));
    struct sg_id andi = person_in_service(&city, 1, MAN("Andi Pratama"), 3);
    struct sg_id joko = person_in_service(&city, 2, MAN("Joko Susilo"), 3);
    struct world_outcome seat = ask_seat(&city, 501, 900, &andi, true, false);
    accepted(seat);
    of_andi = seat.allocation_id;
    seat = ask_seat(&city, 502, 900, &joko, true, true);
    accepted(seat);
    of_joko = seat.allocation_id;
    accepted(decide_seat(&city, DISNAKER, &of_andi, "\"CONFIRMED\""));
}

static void refill(void **state)
{
    (void)state;
    open_city();
    world_move(&city, "2026-06-08T02:00:00Z");
    refused(end_placement(&city, DISNAKER, &of_joko, "2026-06-08", "\"NO_SHOW\""),
            SG_ST_BAD_TRANSITION, NULL);
    /* The third working day after the start, 17:00. */
    world_move(&city, "2026-06-11T09:59:59Z");
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "\"T07\""), 0);
    world_move(&city, "2026-06-11T10:00:00Z");
    const char *missed = world_read(&city, DISNAKER, "deadline.missed");
    assert_non_null(strstr(missed, "\"ruleId\":\"T07\""));
    assert_non_null(strstr(missed, "2026-06-11T10:00:00Z"));
    assert_int_equal(seat_changes(&city, "RELEASED"), 0); /* the seat is kept */

    world_move(&city, "2026-06-11T10:30:00Z");
    accepted(end_placement(&city, DISNAKER, &of_andi, "2026-06-11", "\"NO_SHOW\""));
    assert_int_equal(seat_changes(&city, "RELEASED"), 1);
    assert_int_equal(seat_changes(&city, "PROMOTED"), 1);
    /* Started: 24 hours. */
    assert_int_equal(world_count(&city, DINSOS, "seat.*", "\"holdUntil\":\"2026-06-12T10:30:00Z\""),
                     1);
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "\"cleared\":true"), 1);
    world_move(&city, "2026-06-12T01:00:00Z");
    accepted(decide_seat(&city, DINSOS, &of_joko, "\"PERSON_ACCEPTED\""));
    accepted(start_placement(&city, DISNAKER, &of_joko, "2026-06-12"));
    assert_int_equal(seat_changes(&city, "OCCUPIED"), 1);
    world_close(&city);
}

/* After the end of late entry nobody can follow. */
static void too_late_for_anybody(void **state)
{
    (void)state;
    open_city();
    world_move(&city, "2026-06-15T02:00:00Z");
    assert_int_equal(seat_changes(&city, "EXPIRED"), 1); /* Joko waits no longer */
    accepted(end_placement(&city, DISNAKER, &of_andi, "2026-06-15", "\"NO_SHOW\""));
    assert_int_equal(seat_changes(&city, "FORFEITED"), 1);
    assert_int_equal(seat_changes(&city, "PROMOTED"), 0);
    world_close(&city);
}

/* Nobody ever says anything: forfeited two weeks after the end of late entry. */
static void never_started(void **state)
{
    (void)state;
    open_city();
    world_move(&city, "2026-06-26T16:59:59Z");
    assert_int_equal(seat_changes(&city, "FORFEITED"), 0);
    world_move(&city, "2026-06-26T17:00:00Z");
    assert_int_equal(seat_changes(&city, "FORFEITED"), 1);
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "\"ruleId\":\"T07\""), 2);
    refused(start_placement(&city, DISNAKER, &of_andi, "2026-06-08"), SG_ST_BAD_TRANSITION, NULL);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(refill), cmocka_unit_test(too_late_for_anybody),
          cmocka_unit_test(never_started))
