/* SC12 Slot cancelled with seats held. */
#include "unit/unit.h"

#include "kit/people.h"
#include "ledger/allocation.h"

#include <stdio.h>
#include <stdlib.h>

#define MAN(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;
static struct sg_id cases[3], seats[3];

static struct world_outcome cancel(enum world_agency who, unsigned slot, unsigned version,
                                   const char *alternative)
{
    char s[SG_ID_TEXT];
    return world_publish(&city, who,
                         "{\"expectedVersion\":\"%u\",\"slotCancelled\":{\"slotId\":\"%s\","
                         "\"reason\":\"BUDGET\"%s}}",
                         version, id_text(slot, s), alternative);
}

static unsigned version_of(unsigned slot)
{
    struct world_outcome o = cancel(DISNAKER, slot, 999, "");
    refused(o, SG_ST_VERSION_CONFLICT, NULL);
    return (unsigned)strtoul(o.detail, NULL, 10);
}

/* S1 with two seats: A1 CONFIRMED, A2 HELD, A3 WAITLISTED. S3 with `seats3` free ones. */
static void open_city(unsigned seats3)
{
    static const char *const people[] = {MAN("Budi Santoso"), MAN("Andi Pratama"),
                                         MAN("Joko Susilo")};
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    accepted(offer_s1(&city, 903, seats3));
    for (unsigned i = 0; i < 3; i++) {
        cases[i] = person_in_service(&city, 1 + i, people[i], 3);
        struct world_outcome o = ask_seat(&city, 501 + i, 900, &cases[i], i != 1, true);
        accepted(o);
        seats[i] = o.allocation_id;
    }
    accepted(decide_seat(&city, DISNAKER, &seats[0], "\"CONFIRMED\""));
}

static void with_another_slot(void **state)
{
    (void)state;
    char s3[SG_ID_TEXT], alternative[96];
    open_city(1);
    (void)snprintf(alternative, sizeof alternative, ",\"alternativeSlotId\":\"%s\"",
                   id_text(903, s3));
    refused(cancel(DPPPA, 900, 5, alternative), SG_ST_NOT_OWNER, NULL);
    refused(cancel(DISNAKER, 900, 1, alternative), SG_ST_VERSION_CONFLICT, NULL);
    struct world_outcome o = cancel(DISNAKER, 900, version_of(900), alternative);
    accepted(o);
    /* One commit: three lost, one of them held at S3, the others waiting there. */
    assert_int_equal(seat_changes(&city, "VOIDED"), 3);
    assert_int_equal(seat_changes(&city, "HELD"), 2);
    assert_int_equal(seat_changes(&city, "WAITLISTED"), 3);
    size_t used = city.arena.used;
    const char *told = world_read(&city, DINSOS, "seat.*");
    assert_int_equal(city.arena.used > used, true);
    assert_non_null(strstr(told, "\"holdUntil\":\"2026-05-07T01:00:00Z\"")); /* 72 h, asked again */
    refused(ask_seat(&city, 509, 900, &cases[0], true, true), SG_ST_SLOT_CANCELLED, NULL);
    world_move(&city, "2026-06-08T02:00:00Z");
    refused(start_placement(&city, DISNAKER, &seats[0], "2026-06-08"), SG_ST_BAD_TRANSITION, NULL);
    world_close(&city);
}

static void without(void **state)
{
    (void)state;
    open_city(1);
    accepted(cancel(DISNAKER, 900, version_of(900), ""));
    assert_int_equal(seat_changes(&city, "VOIDED"), 3);
    assert_int_equal(seat_changes(&city, "HELD"), 1);
    refused(cancel(DISNAKER, 900, version_of(900), ""), SG_ST_BAD_TRANSITION, "CANCELLED");
    /* Lost without fault: first in the list of another slot. */
    accepted(ask_seat(&city, 510, 903, &cases[1], true, true));
    struct sg_id late = person_in_service(&city, 9, MAN("Amir Hamzah"), 3);
    accepted(ask_seat(&city, 511, 903, &late, true, true));
    accepted(ask_seat(&city, 512, 903, &cases[2], true, true));
    assert_int_equal(
        world_count(&city, DINSOS, "seat.allocation_changed", "\"waitlistPosition\":1"), 3);
    world_close(&city);
}

/* In the middle of the course: back to service, and what was lent is to come back. */
static void in_the_middle(void **state)
{
    (void)state;
    char item[SG_ID_TEXT], a[SG_ID_TEXT];
    open_city(1);
    accepted(register_kit(&city, 800));
    world_move(&city, "2026-06-08T02:00:00Z");
    accepted(start_placement(&city, DISNAKER, &seats[0], "2026-06-08"));
    accepted(world_publish(&city, DINSOS,
                           "{\"equipmentIssued\":{\"itemId\":\"%s\",\"basis\":"
                           "\"LOAN_DURING_TRAINING\",\"allocationId\":\"%s\",\"bastNo\":\"1\","
                           "\"bastDate\":\"2026-06-08\",\"noSaleStatement\":false,"
                           "\"custodyUntil\":\"2026-07-20\"}}",
                           id_text(800, item), sg_id_print(&seats[0], a)));
    world_move(&city, "2026-06-10T02:00:00Z");
    accepted(cancel(DISNAKER, 900, version_of(900), ""));
    world_move(&city, "2026-06-10T02:00:01Z");
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"from\":\"CASE_STATE_IN_TRAINING\""),
                     1);
    const char *told = world_read(&city, DINSOS, "deadline.missed");
    assert_non_null(strstr(told, "\"ruleId\":\"T10\""));
    assert_non_null(strstr(told, "\"dueAt\":\"2026-06-17T02:00:00Z\""));
    /* It comes back: cleared. */
    accepted(world_publish(&city, DINSOS,
                           "{\"equipmentChecked\":{\"checkId\":\"%s\",\"itemId\":\"%s\","
                           "\"checkedOn\":\"2026-06-10\",\"method\":\"OFFICE\",\"finding\":"
                           "\"RETURNED\",\"action\":\"NONE\"}}",
                           id_text(700, a), item));
    assert_int_equal(world_count(&city, DINSOS, "deadline.missed", "\"ruleId\":\"T10\""), 2);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(with_another_slot), cmocka_unit_test(without),
          cmocka_unit_test(in_the_middle))
