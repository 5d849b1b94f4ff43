/* A report on its way through turns: who may ask, what is wrong, one at a time, pages by cursor,
 * and the refusals that are kept for it. */
#include "unit/unit.h"

#include "broker/inside.h"
#include "kit/people.h"
#include "kit/talk.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

static struct world_city city;
static struct talk talk;

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

static PbDate date_of(int32_t year, int32_t month, int32_t day)
{
    PbDate date = PB_DATE__INIT;
    date.has_year = date.has_month = date.has_day = true;
    date.year = year;
    date.month = month;
    date.day = day;
    return date;
}

static PbQuery query_of(const char *name)
{
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_request_no = true;
    query.kind = PB_QUERY_KIND_REPORT;
    query.request_no = 7;
    query.report = (char *)(uintptr_t)name;
    return query;
}

static void send(enum world_agency who, struct peer peer, PbQuery *query)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.query = query;
    (void)talk_frame(&talk, who, peer, &frame);
    talk_turn(&talk);
}

static uint32_t told_no(enum world_agency who, struct peer peer, PbQuery query)
{
    send(who, peer, &query);
    assert_int_equal(talk_answer_count(&talk, peer), 1);
    const PbError *error = talk_answer(&talk, peer, 0)->query_result->error;
    assert_non_null(error);
    assert_null(talk.out.report);
    return error->code;
}

/* The job of the last turn, run here and now; its end goes into the next turn. */
static void finish(struct report_done *done)
{
    struct sg_why why = {0};
    assert_non_null(talk.out.report);
    *done = (struct report_done){.no = talk.out.report_no};
    UNIT_OK(report_run(city.env, talk.out.report, NULL, &done->pages, &why));
    talk.report = done;
}

static const PbQueryResult *answered(struct peer peer)
{
    assert_int_equal(talk_answer_count(&talk, peer), 1);
    return talk_answer(&talk, peer, 0)->query_result;
}

static void what_is_wrong_is_said_at_once(void **state)
{
    (void)state;
    struct peer dinsos = talk_connect(&talk, DINSOS);
    PbDate may = date_of(2026, 5, 1), june = date_of(2026, 6, 1), none = date_of(2026, 2, 30);
    assert_int_equal(told_no(DINSOS, dinsos, query_of("spn")), SG_ST_BAD_CODE);
    assert_int_equal(told_no(DINSOS, dinsos, query_of(NULL)), SG_ST_BAD_CODE);
    PbQuery query = query_of("spm");
    query.from = &june;
    query.to = &may;
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_SCHEMA);
    query.to = NULL;
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_SCHEMA);
    query.to = &none;
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_SCHEMA);
    query = query_of("spm");
    query.has_as_of = true;
    query.as_of = 1; /* nothing is there yet */
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_UNKNOWN_OBJECT);
    query.as_of = 0;
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_UNKNOWN_OBJECT);
    query = query_of("spm");
    uint8_t cursor[12] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
    query.has_cursor = true;
    query.cursor = (ProtobufCBinaryData){sizeof cursor, cursor};
    assert_int_equal(told_no(DINSOS, dinsos, query), SG_ST_UNKNOWN_OBJECT);
    for (size_t i = 0; i < city.roster.agency_count; i++)
        if (strcmp(city.agencies[i].id, "disnaker") == 0)
            city.agencies[i].capabilities = SG_CAP(PB_CAPABILITY_OPERATOR);
    struct peer office = talk_connect(&talk, DISNAKER);
    assert_int_equal(told_no(DISNAKER, office, query_of("spm")), SG_ST_FORBIDDEN);
}

static void one_at_a_time(void **state)
{
    (void)state;
    struct report_done done;
    struct peer dinsos = talk_connect(&talk, DINSOS), police = talk_connect(&talk, SATPOLPP);
    PbQuery query = query_of("spm");
    send(DINSOS, dinsos, &query);
    assert_int_equal(talk_answer_count(&talk, dinsos), 0); /* it takes its time */
    assert_true(talk.out.report->sees_all);
    assert_string_equal(talk.out.report->steward, "dinsos");
    assert_int_equal(talk.out.report->protector_count, 1);
    assert_string_equal(talk.out.report->protectors[0], "dpppa");
    finish(&done);
    struct report_done *ends = SG_TAKE(talk.report);
    assert_int_equal(told_no(SATPOLPP, police, query_of("spm")), SG_ST_BUSY);
    talk_turn(&talk); /* turns go on meanwhile */
    talk.report = ends;
    talk_turn(&talk);
    const PbQueryResult *result = answered(dinsos);
    assert_null(result->error);
    assert_int_equal(result->request_no, 7);
    assert_string_equal(result->report->name, "spm");
    assert_false(result->report->hides);
    assert_false(result->has_next_cursor);
    report_pages_free(&done.pages);
    query = query_of("spm");
    send(SATPOLPP, police, &query); /* now it is free */
    assert_false(talk.out.report->sees_all);
    finish(&done);
    talk_turn(&talk);
    assert_true(answered(police)->report->hides);
    report_pages_free(&done.pages);
}

static void a_session_that_is_gone_gets_nothing(void **state)
{
    (void)state;
    struct report_done done;
    struct peer dinsos = talk_connect(&talk, DINSOS), police = talk_connect(&talk, SATPOLPP);
    PbQuery query = query_of("loop");
    send(DINSOS, dinsos, &query);
    finish(&done);
    broker_peer_gone(city.broker, dinsos);
    talk_turn(&talk);
    assert_int_equal(talk.out.frame_count, 0);
    report_pages_free(&done.pages);
    query = query_of("loop");
    send(SATPOLPP, police, &query);
    assert_non_null(talk.out.report);
    done = (struct report_done){.no = talk.out.report_no, .err = SG_E_LIMIT};
    talk.report = &done;
    talk_turn(&talk);
    assert_int_equal(answered(police)->error->code, SG_ST_SCHEMA);
    query = query_of("loop");
    send(SATPOLPP, police, &query);
    done = (struct report_done){.no = talk.out.report_no, .err = SG_E_STATE};
    talk.report = &done;
    talk_turn(&talk);
    assert_int_equal(answered(police)->error->code, SG_ST_BUSY);
}

/* Two pages, made by hand, as the job would hand them over. */
static void pages(void **state)
{
    (void)state;
    struct report_done done = {0};
    struct peer dinsos = talk_connect(&talk, DINSOS), police = talk_connect(&talk, SATPOLPP);
    PbQuery query = query_of("equipment");
    send(DINSOS, dinsos, &query);
    uint64_t no = talk.out.report_no;
    finish(&done);
    struct report_pages *made = done.pages;
    PbQueryResult first = PB_QUERY_RESULT__INIT, last = PB_QUERY_RESULT__INIT;
    uint8_t next[4] = {0, 0, 0, 1};
    struct sg_why why = {0};
    first.has_next_cursor = true;
    first.next_cursor = (ProtobufCBinaryData){sizeof next, next};
    UNIT_OK(sg_encode(&first, &made->arena, &made->pages[0], &why));
    UNIT_OK(sg_encode(&last, &made->arena, &made->pages[1], &why));
    made->count = 2;
    talk_turn(&talk);
    assert_null(done.pages); /* taken over */
    const PbQueryResult *result = answered(dinsos);
    assert_true(result->has_next_cursor);
    assert_int_equal(sg_get_u64(result->next_cursor.data), no);
    assert_int_equal(told_no(SATPOLPP, police, query_of("spm")), SG_ST_BUSY); /* not all is told */
    query.has_cursor = true;
    query.cursor = result->next_cursor;
    PbQuery stolen = query;
    assert_int_equal(told_no(SATPOLPP, police, stolen), SG_ST_UNKNOWN_OBJECT);
    query.request_no = 8;
    send(DINSOS, dinsos, &query);
    result = answered(dinsos);
    assert_null(result->error);
    assert_int_equal(result->request_no, 8);
    assert_false(result->has_next_cursor);
    query = query_of("spm");
    send(SATPOLPP, police, &query); /* all is told: the next may ask */
    assert_non_null(talk.out.report);
}

/* Whoever never fetches the second page holds nobody up for ever, and frees its memory at the end.
 */
static void pages_that_nobody_fetches(void **state)
{
    (void)state;
    struct report_done done = {0};
    struct peer dinsos = talk_connect(&talk, DINSOS);
    PbQuery query = query_of("spm");
    send(DINSOS, dinsos, &query);
    finish(&done);
    done.pages->pages[1] = done.pages->pages[0];
    done.pages->count = 2;
    talk_turn(&talk);
    city.mono_ns += INT64_C(25000000000);
    (void)talk_ping(&talk, DINSOS, dinsos);
    talk_turn(&talk);
    city.mono_ns += INT64_C(25000000000);
    struct peer police = talk_connect(&talk, SATPOLPP);
    query = query_of("spm");
    send(SATPOLPP, police, &query);
    assert_non_null(talk.out.report);
}

/* ---- refusals ---- */

static size_t refusals(void)
{
    struct sg_why why = {0};
    uint64_t count = 0;
    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, city.env, TXN_READ, &why));
    UNIT_OK(table_count(&txn, TABLE_REFUSALS, &count, &why));
    return (size_t)count;
}

static const PbReportRow *refused_row(const PbQueryResult *result)
{
    for (size_t i = 0; i < result->n_sections; i++)
        if (strcmp(result->sections[i]->name, "refused") == 0)
            return result->sections[i]->n_rows ? result->sections[i]->rows[0] : NULL;
    return NULL;
}

#define MAN                                                                          \
    "\"fullName\":\"Budi\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

/* A course for women; a man asks twice, another one once: SEX, three times, all before the same
 * record. What is refused for another reason is not kept. */
static void refusals_are_kept(void **state)
{
    (void)state;
    struct report_done done = {0};
    accepted(offer_s2(&city, 50));
    struct sg_id one = person_in_service(&city, 1, MAN, 3);
    struct sg_id other = person_in_service(&city, 2, MAN, 3);
    refused(ask_seat(&city, 60, 50, &one, true, true), SG_ST_INELIGIBLE, "SEX");
    refused(ask_seat(&city, 61, 50, &one, true, true), SG_ST_INELIGIBLE, "SEX");
    refused(ask_seat(&city, 62, 50, &other, true, true), SG_ST_INELIGIBLE, "SEX");
    refused(ask_seat(&city, 63, 51, &other, true, true), SG_ST_UNKNOWN_OBJECT, NULL);
    assert_int_equal(refusals(), 3);
    struct peer dinsos = talk_connect(&talk, DINSOS);
    PbDate from = date_of(2026, 1, 1), to = date_of(2026, 12, 31);
    PbQuery query = query_of("seats");
    query.from = &from;
    query.to = &to;
    send(DINSOS, dinsos, &query);
    finish(&done);
    talk_turn(&talk);
    const PbReportRow *row = refused_row(answered(dinsos));
    assert_non_null(row);
    assert_string_equal(row->cells[0]->text, "dpppa");
    assert_string_equal(row->cells[2]->text, "SEX");
    assert_int_equal(row->cells[3]->number, 3);
    report_pages_free(&done.pages);
}

UNIT_MAIN(cmocka_unit_test_setup_teardown(what_is_wrong_is_said_at_once, begin, end),
          cmocka_unit_test_setup_teardown(one_at_a_time, begin, end),
          cmocka_unit_test_setup_teardown(a_session_that_is_gone_gets_nothing, begin, end),
          cmocka_unit_test_setup_teardown(pages, begin, end),
          cmocka_unit_test_setup_teardown(pages_that_nobody_fetches, begin, end),
          cmocka_unit_test_setup_teardown(refusals_are_kept, begin, end))
