/* SC08 Agency offline a week, with two devices of its own. */
#include "unit/unit.h"

#include "kit/people.h"
#include "kit/talk.h"

#include <stdio.h>
#include <stdlib.h>

#define MAN(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;
static struct sg_id a1, a2;
static unsigned seen_version;

enum { OFFICE = 1, LAPTOP = 2 };

/* Two RESERVED seats of 4 June, before disnaker goes down on 8 June. */
static void open_city(void)
{
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    struct sg_id budi = person_in_service(&city, 1, MAN("Budi Santoso"), 3);
    struct sg_id andi = person_in_service(&city, 2, MAN("Andi Pratama"), 3);
    world_move(&city, "2026-06-04T10:30:00Z");
    struct world_outcome o = ask_seat(&city, 501, 900, &budi, true, false);
    accepted(o);
    a1 = o.allocation_id;
    o = ask_seat(&city, 502, 900, &andi, true, false);
    accepted(o);
    a2 = o.allocation_id;
    world_move(&city, "2026-06-07T02:00:00Z");
    seen_version = 3;
    world_move(&city, "2026-06-08T01:00:00Z");
    world_leave(&city, DISNAKER);
}

static struct world_outcome attend(unsigned held, unsigned attended)
{
    char a[SG_ID_TEXT];
    return world_publish(&city, DISNAKER,
                         "{\"occurredAt\":\"2026-06-12T09:00:00Z\",\"attendanceReported\":{"
                         "\"allocationId\":\"%s\",\"fromOn\":\"2026-06-08\",\"toOn\":"
                         "\"2026-06-12\",\"sessionsHeld\":%u,\"sessionsAttended\":%u,"
                         "\"absencesExcused\":0}}",
                         sg_id_print(&a1, a), held, attended);
}

static struct world_outcome lower_capacity(unsigned version)
{
    char s[SG_ID_TEXT];
    return world_publish(&city, DISNAKER,
                         "{\"expectedVersion\":\"%u\",\"slotChanged\":{\"slotId\":\"%s\","
                         "\"capacityOffered\":1,\"reason\":\"instruktur berkurang\"}}",
                         version, id_text(900, s));
}

static void while_it_is_away(void)
{
    world_move(&city, "2026-06-09T05:00:00Z"); /* next working day, 12:00 */
    world_move(&city, "2026-06-15T01:00:00Z");
    /* Whoever reads as disnaker is connected: once, at the end of the week. */
    const char *missed = world_read(&city, DISNAKER, "deadline.missed");
    const char *silent = strstr(missed, "\"ruleId\":\"T15\"");
    assert_non_null(silent);
    while (silent > missed && silent[-1] != '\n')
        silent--;
    assert_non_null(strstr(silent, "\"acceptedAt\":\"2026-06-09T05:00:00Z\""));
    assert_null(strstr(missed, "\"level\":2"));
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "\"ruleId\":\"T06\""), 2);
    assert_int_equal(world_count(&city, DISNAKER, "deadline.missed", "\"ruleId\":\"T07\""), 2);
    /* What it was told while it was away says for how long it had been. */
    assert_int_not_equal(world_count(&city, DISNAKER, "deadline.missed", "downTimeMs"), 0);
    assert_int_equal(seat_changes(&city, "RESERVED"), 2);
    assert_int_equal(seat_changes(&city, "RELEASED") + seat_changes(&city, "FORFEITED"), 0);
}

/* The laptop of the class room comes first: L7, L8, L9. */
static void the_laptop_comes_first(void)
{
    world_use_outbox(&city, DISNAKER, LAPTOP);
    struct world_outcome l7 = end_placement(&city, DISNAKER, &a2, "2026-06-12", "\"DROPPED_OUT\"");
    assert_int_equal(l7.status, PB_OUTCOME_STATUS_PARKED);
    assert_int_not_equal(l7.seq, 0);
    struct world_outcome again = world_resend(&city, DISNAKER);
    assert_int_equal(again.status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(again.seq, l7.seq);
    refused(attend(5, 6), SG_ST_SCHEMA, NULL);
    assert_int_equal(attend(5, 4).status, PB_OUTCOME_STATUS_PARKED);
    /* Nothing of it has happened, nobody has read it. */
    assert_int_equal(world_count(&city, DINSOS, "attendance.*,placement.*", "\"seq\""), 0);
    assert_int_equal(world_count(&city, DISNAKER, "event.settled", "\"seq\""), 0);
}

/* Then the computer of the office: K41 to K48. */
static void the_office_follows(void)
{
    world_use_outbox(&city, DISNAKER, OFFICE);
    accepted(decide_seat(&city, DISNAKER, &a1, "\"CONFIRMED\""));
    assert_int_equal(world_count(&city, DISNAKER, "event.settled", "\"seq\""), 0);
    struct world_outcome k42 = start_placement(&city, DISNAKER, &a1, "2026-06-08");
    accepted(k42);
    assert_int_equal(world_count(&city, DISNAKER, "event.settled", "OUTCOME_ACCEPTED"), 1);
    assert_int_equal(world_count(&city, DINSOS, "attendance.*", "\"sessionsAttended\":4"), 1);
    assert_int_equal(world_resend(&city, DISNAKER).status, PB_OUTCOME_STATUS_DUPLICATE);
    city.clients[DISNAKER].next--; /* the same number, other bytes */
    refused(start_placement(&city, DISNAKER, &a1, "2026-06-09"), SG_ST_DUPLICATE_CONFLICT, NULL);
    accepted(start_placement(&city, DISNAKER, &a2, "2026-06-08"));
    assert_int_equal(world_count(&city, DISNAKER, "event.settled", "OUTCOME_ACCEPTED"), 2);
    assert_int_equal(seat_changes(&city, "FORFEITED"), 1); /* it came after late entry */
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"from\":\"CASE_STATE_IN_TRAINING\""),
                     1);
    struct world_outcome k44 = lower_capacity(seen_version);
    refused(k44, SG_ST_VERSION_CONFLICT, NULL);
    unsigned version = (unsigned)strtoul(k44.detail, NULL, 10);
    accepted(attend(5, 5)); /* K45, whatever became of K44 */
    accepted(lower_capacity(version));
    const char *missed = world_read(&city, DISNAKER, "deadline.missed");
    assert_null(strstr(missed, "\"level\":2"));
    for (int i = 0; i < 3; i++) {
        static const char *const rules[] = {"T06", "T07", "T15"};
        char needle[64];
        (void)snprintf(needle, sizeof needle, "\"ruleId\":\"%s\"", rules[i]);
        size_t told = world_count(&city, DISNAKER, "deadline.missed", needle);
        if (told != (i == 2 ? 2U : 4U)) /* told and cleared; two seats */
            fail_msg("%s: %zu notices", rules[i], told);
    }
}

static void a_week_offline(void **state)
{
    (void)state;
    open_city();
    while_it_is_away();
    the_laptop_comes_first();
    the_office_follows();
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_week_offline))
