/* Reports that rest on slots, seats and items: target, seats, time, equipment. By hand, with the
 * arithmetic beside it; the journals are made by the ledger. */
#include "unit/report_unit.h"

#define COMPLETED PB_PLACEMENT_ENDED__RESULT_COMPLETED

/* 10.2: three men begin on one day, one of them completes, one drops out: A = 3, B = 1. */
static void target(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 4), seats[3];
    for (int i = 0; i < 3; i++)
        seats[i] = story_seat(&city, &slot, ACCEPT);
    for (int i = 0; i < 3; i++)
        story_begin(&city, &slot, &seats[i]);
    uint64_t begun = city.last_seq;
    city_pass(&city, 40 * SG_DAY_MS);
    story_complete(&city, &seats[0]);
    (void)unit_want(
        "drop out", &city,
        story_end(&city, &seats[1], story_today(&city), PB_PLACEMENT_ENDED__RESULT_DROPPED_OUT), 0);
    struct told told = ask_report(&city, (struct asked){.name = "target", YEAR_2026});
    WANT_CELL(&told, "persons", "", "started", 3);
    WANT_CELL(&told, "persons", "", "trained", 1);
    WANT_CELL(&told, "persons", "", "target_min", 20);
    WANT_CELL(&told, "courses", STORY_COURSE, "started", 3);
    WANT_CELL(&told, "providers", "disnaker", "trained", 1);
    WANT_CELL(&told, "sexes", "SEX_MALE", "started", 3);
    WANT_CELL(&told, "cross", STORY_COURSE "|disnaker|SEX_MALE", "trained", 1);
    told_done(&told);
    /* As known before the end: nobody is trained. And not in another year. */
    told = ask_report(&city, (struct asked){.name = "target", YEAR_2026, .as_of = begun});
    WANT_CELL(&told, "persons", "", "started", 3);
    WANT_CELL(&told, "persons", "", "trained", 0);
    told_done(&told);
    told = ask_report(&city, (struct asked){.name = "target", .from = 20819, .to = 20900});
    WANT_CELL(&told, "persons", "", "started", 0);
    told_done(&told);
    assert_true(same_report(&city, (struct asked){.name = "target", YEAR_2026, .as_of = begun},
                            (struct asked){.name = "target", YEAR_2026, .as_of = begun}));
    city_close(&city);
}

/* Outside Dinsos: 3 of 3 are few, so nothing of them is told. */
static void small_cells(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 4), given[3];
    for (int i = 0; i < 3; i++)
        given[i] = story_seat(&city, &slot, ACCEPT);
    for (int i = 0; i < 3; i++)
        story_begin(&city, &slot, &given[i]);
    struct told told =
        ask_report(&city, (struct asked){.name = "target", YEAR_2026, .other = true});
    WANT_CELL(&told, "persons", "", "started", HIDDEN);
    WANT_CELL(&told, "persons", "", "trained", 0);
    WANT_CELL(&told, "persons", "", "target_max", 25);
    WANT_CELL(&told, "courses", STORY_COURSE, "started", HIDDEN);
    assert_null(told_find(&told, "cross", "", "started"));
    assert_true(told.pages[0]->report->hides);
    told_done(&told);
    told = ask_report(&city, (struct asked){.name = "seats", YEAR_2026, .other = true});
    WANT_CELL(&told, "seats", "disnaker", "offered", 4);
    WANT_CELL(&told, "seats", "disnaker", "occupied", HIDDEN);
    WANT_CELL(&told, "seats", "disnaker", "unclaimed", HIDDEN); /* 4 - 1 would tell */
    WANT_CELL(&told, "rates", "disnaker", "fill_pct", HIDDEN);
    told_done(&told);
    city_close(&city);
}

/* 10.5. A slot of 3 seats, raised to 4. Five ask: four have seats, one waits until the list closes.
 * Seat 1 begins and completes. Seat 2 does not come (given back in time for late entry) and whoever
 * waits gets it, does not answer, and it expires. Seat 3 begins. Seat 4 is never reported.
 * Offered 4, allocated 4, occupied 2, unclaimed 2; started 2, no-show 1: 1 / 3 = 33.3 %;
 * completed 1 / 2 = 50 %; fill 2 / 4 = 50 %; one hold ran out; nobody waits at the close. */
static void seats(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 3), ids[5];
    PbEnvelope *more = story_change(&city, &slot);
    more->slot_changed->has_capacity_offered = true;
    more->slot_changed->capacity_offered = 4;
    (void)unit_want("raise", &city, more, 0);
    for (int i = 0; i < 5; i++)
        ids[i] = story_seat(&city, &slot, ACCEPT);
    assert_int_equal(unit_seat_state(&city, &ids[4]), PB_ALLOCATION_STATE_WAITLISTED);
    city_pass(&city, SG_DAY_MS); /* confirmed after one day */
    story_settle(&city, &ids[0], PB_SEAT_DECISION_CONFIRMED);
    story_begin(&city, &slot, &ids[0]);
    story_begin(&city, &slot, &ids[2]);
    (void)unit_want(
        "no show", &city,
        story_end(&city, &ids[1], story_today(&city), PB_PLACEMENT_ENDED__RESULT_NO_SHOW), 0);
    assert_int_equal(unit_seat_state(&city, &ids[4]), PB_ALLOCATION_STATE_HELD);
    city_pass(&city, 40 * SG_DAY_MS);
    assert_int_equal(unit_seat_state(&city, &ids[4]), PB_ALLOCATION_STATE_EXPIRED);
    story_complete(&city, &ids[0]);
    struct told told = ask_report(&city, (struct asked){.name = "seats", YEAR_2026});
    const char *line = "disnaker|" STORY_COURSE;
    WANT_CELL(&told, "seats", line, "slots", 1);
    WANT_CELL(&told, "seats", line, "offered", 4);
    WANT_CELL(&told, "seats", line, "allocated", 4);
    WANT_CELL(&told, "seats", line, "occupied", 2);
    WANT_CELL(&told, "seats", line, "unclaimed", 2);
    WANT_CELL(&told, "seats", line, "completed", 1);
    WANT_CELL(&told, "seats", line, "forfeited", 1); /* seat 4: never reported */
    WANT_CELL(&told, "seats", line, "cancelled", 0);
    WANT_CELL(&told, "rates", line, "started", 2);
    WANT_CELL(&told, "rates", line, "fill_pct", 500);
    WANT_CELL(&told, "rates", line, "no_show", 1);
    WANT_CELL(&told, "rates", line, "no_show_pct", 333);
    WANT_CELL(&told, "rates", line, "completion_pct", 500);
    WANT_CELL(&told, "rates", line, "expired_holds", 1);
    WANT_CELL(&told, "rates", line, "refills", 0);
    WANT_CELL(&told, "rates", line, "confirm_days", 10);
    WANT_CELL(&told, "rates", line, "waiting_at_close", 0);
    WANT_CELL(&told, "seats", "Total", "offered", 4);
    told_done(&told);
    city_close(&city);
}

/* SC12: a slot with two seats is cancelled: 2 cancelled seats, offered all the same; who waited
 * for it waited in vain until then only. */
static void cancelled(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 2);
    for (int i = 0; i < 3; i++)
        (void)story_seat(&city, &slot, ACCEPT);
    (void)unit_want("cancel", &city, story_cancel(&city, &slot, NULL), 0);
    struct told told = ask_report(&city, (struct asked){.name = "seats", YEAR_2026});
    WANT_CELL(&told, "seats", "disnaker", "offered", 2);
    WANT_CELL(&told, "seats", "disnaker", "cancelled", 2);
    WANT_CELL(&told, "seats", "disnaker", "unclaimed", 2);
    WANT_CELL(&told, "rates", "disnaker", "waiting_at_close", 0);
    told_done(&told);
    city_close(&city);
}

/* 10.3. Referred on day 0, decided and assessed on day 3, requested on day 10, begins on day 30 at
 * the start of the slot (that is offered on day 0 and begins in 30 days).
 * Total 30 = 0 to acknowledge + 3 to decide + 0 to assess + 7 to request + 20 to start.
 * Another man waits from day 10 on: on day 31 for 21 days. */
static void time_of(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    int32_t day = story_today(&city);
    struct client budi = unit_new_case(&city), joko = unit_client(&city);
    (void)unit_want("acknowledge", &city, story_ack(&city, &budi.referral, "dinsos", true), 0);
    city_pass(&city, 3 * SG_DAY_MS);
    (void)unit_want(
        "accept", &city,
        unit_decide(&city, &budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    PbEnvelope *e = unit_assess(&city, &budi.case_id);
    e->assessment_completed->assessed_on = unit_day(&city, day + 3);
    (void)unit_want("assess", &city, e, 0);
    unit_consent(&city, &budi.case_id);
    city_pass(&city, 7 * SG_DAY_MS);
    struct sg_id seat = unit_seat(&city, &budi, &slot, ACCEPT);
    (void)unit_seat(&city, &joko, &slot, ACCEPT);
    story_begin(&city, &slot, &seat);
    city_pass(&city, SG_DAY_MS);
    struct told told = ask_report(&city, (struct asked){.name = "time", YEAR_2026});
    int32_t start = slot_start_day(story_slot_row(&city, &slot));
    int64_t total = start - day;
    WANT_CELL(&told, "days", "Referral to start of the course", "n", 1);
    WANT_CELL(&told, "days", "Referral to start of the course", "median", 10 * total);
    WANT_CELL(&told, "days", "- to acknowledge", "median", 0);
    WANT_CELL(&told, "days", "- to decide", "median", 30);
    WANT_CELL(&told, "days", "- to assess", "median", 0);
    WANT_CELL(&told, "days", "- to the first request of a seat", "median", 70);
    WANT_CELL(&told, "days", "- waiting for a seat", "n", 0);
    WANT_CELL(&told, "days", "- waiting for a seat", "median", NO_FIGURE);
    WANT_CELL(&told, "days", "- to start", "median", 10 * (total - 10));
    WANT_CELL(&told, "days", "Referral to start of the course", "max", 10 * total);
    WANT_CELL(&told, "waiting", "", "waiting", 1);
    WANT_CELL(&told, "waiting", "", "median", 10 * (total + 1 - 10));
    told_done(&told);
    /* Outside Dinsos one person is nobody. */
    told = ask_report(&city, (struct asked){.name = "time", YEAR_2026, .other = true});
    WANT_CELL(&told, "days", "Referral to start of the course", "n", HIDDEN);
    WANT_CELL(&told, "days", "Referral to start of the course", "median", HIDDEN);
    WANT_CELL(&told, "waiting", "", "median", HIDDEN);
    told_done(&told);
    city_close(&city);
}

/* 10.8. Two complete; one is granted an item at once, the other still has none after 31 days. The
 * item is seen on day 30 (due on 30: done 1 of 1) and found sold on day 95 (due on 90, within 14
 * days: done), and then it is AT_RISK. */
static void equipment(void **state)
{
    struct ledger_city city;
    (void)state;
    city_open(&city);
    PbEnvelope *offer;
    struct sg_id slot, item = story_item(&city), spare = story_item(&city);
    (void)spare;
    offer = story_offer(&city, 2, &slot);
    offer->slot_offered->kit_code = unit_text(&city, STORY_KIT);
    (void)unit_want("offer", &city, offer, 0);
    struct sg_id one = story_seat(&city, &slot, ACCEPT), other = story_seat(&city, &slot, ACCEPT);
    story_begin(&city, &slot, &one);
    story_begin(&city, &slot, &other);
    city_pass(&city, 40 * SG_DAY_MS);
    story_complete(&city, &one);
    story_complete(&city, &other);
    (void)unit_want("grant", &city, story_issue(&city, &item, &one, GRANT, "1"), 0);
    city_pass(&city, 30 * SG_DAY_MS);
    (void)unit_want("seen", &city, story_check(&city, &item, FINDING(IN_USE), ACTION(NONE)), 0);
    struct told told = ask_report(&city, (struct asked){.name = "equipment", YEAR_2026});
    WANT_CELL(&told, "unissued", "", "unissued", NO_CELL); /* 30 days, not more */
    told_done(&told);
    city_pass(&city, 65 * SG_DAY_MS);
    (void)unit_want("sold", &city, story_check(&city, &item, FINDING(SOLD), ACTION(NONE)), 0);
    told = ask_report(&city, (struct asked){.name = "equipment", YEAR_2026});
    WANT_CELL(&told, "states", "ITEM_STATE_IN_STOCK", "items", 1);
    WANT_CELL(&told, "states", "ITEM_STATE_AT_RISK", "items", 1);
    WANT_CELL(&told, "states", "ITEM_STATE_AT_RISK", "value_idr", 2350000);
    WANT_CELL(&told, "states", "ITEM_STATE_GRANTED", "value_idr", NO_FIGURE);
    WANT_CELL(&told, "unissued", "disnaker|" STORY_KIT, "unissued", 1);
    WANT_CELL(&told, "checks", "30 days", "due", 1);
    WANT_CELL(&told, "checks", "30 days", "done", 1);
    WANT_CELL(&told, "checks", "90 days", "done", 1);
    WANT_CELL(&told, "checks", "180 days", "due", 0);
    WANT_CELL(&told, "checks", "Total", "done_pct", 1000);
    WANT_CELL(&told, "findings", "FINDING_SOLD", "checks", 1);
    WANT_CELL(&told, "findings", "FINDING_SOLD", "checks_pct", 500);
    assert_non_null(told_find(&told, "at_risk", "", "kit"));
    told_done(&told);
    told = ask_report(&city, (struct asked){.name = "equipment", YEAR_2026, .other = true});
    assert_null(told_find(&told, "at_risk", "", "kit"));
    WANT_CELL(&told, "states", "ITEM_STATE_IN_STOCK", "items", 1);
    WANT_CELL(&told, "states", "ITEM_STATE_AT_RISK", "items", HIDDEN);
    WANT_CELL(&told, "states", "ITEM_STATE_AT_RISK", "value_idr", HIDDEN);
    told_done(&told);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(target), cmocka_unit_test(small_cells), cmocka_unit_test(seats),
          cmocka_unit_test(cancelled), cmocka_unit_test(time_of), cmocka_unit_test(equipment))
