/* Queries and administration: pages that fit, cut for who asks; who may move the clock. */
#include "unit/unit.h"

#include "broker/inside.h"
#include "kit/people.h"
#include "kit/talk.h"

#include <stdio.h>

#define NAMED(name)                                                                        \
    "\"fullName\":\"" name "\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":"   \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\",\"domicileRegion\":" \
    "\"14.71.08.1009\""

static struct world_city city;
static struct talk talk;
static const struct sg_bytes none = {NULL, 0};

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

static const PbQueryResult *ask(enum world_agency who, struct peer peer, const PbQuery *query)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.query = (PbQuery *)(uintptr_t)query;
    (void)talk_frame(&talk, who, peer, &frame);
    talk_turn(&talk);
    assert_int_equal(talk_answer_count(&talk, peer), 1);
    assert_false(talk.out.committed);
    const PbQueryResult *result = talk_answer(&talk, peer, 0)->query_result;
    assert_non_null(result);
    return result;
}

/* All pages of a kind; counts what `count` counts of each. */
static size_t all_pages(enum world_agency who, struct peer peer, PbQueryKind kind,
                        size_t (*count)(const PbQueryResult *), size_t *out_pages)
{
    size_t sum = 0;
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = true;
    query.kind = kind;
    for (*out_pages = 1;; ++*out_pages) {
        const PbQueryResult *result = ask(who, peer, &query);
        assert_null(result->error);
        sum += count(result);
        if (!result->has_next_cursor)
            return sum;
        assert_true(*out_pages < 50);
        query.has_cursor = true;
        query.cursor = result->next_cursor;
    }
}

/* ---- pages ---- */

static size_t count_slots(const PbQueryResult *r)
{
    return r->n_slots;
}
static size_t count_subscriptions(const PbQueryResult *r)
{
    return r->n_subscriptions;
}
static size_t count_blocks(const PbQueryResult *r)
{
    return r->n_blocks;
}

static void offer_large_slot(unsigned number)
{
    char long_text[121], regions[32 * 17 + 1], json[3000];
    size_t len = 0;
    memset(long_text, 'k', 120);
    long_text[120] = '\0';
    for (unsigned i = 0; i < 32; i++)
        len += (size_t)snprintf(regions + len, sizeof regions - len, "%s\"14.71.08.1009\"",
                                i ? "," : "");
    (void)snprintf(
        json, sizeof json,
        "{\"slotOffered\":{\"slotId\":\"01968a3e-0000-7000-8002-%012u\",\"courseCode\":\"BARBER\","
        "\"variant\":\"%s\",\"kbji\":\"%s\",\"skkni\":\"%s\",\"venueRegion\":\"14.71.10\","
        "\"venueName\":\"%s\",\"startsOn\":\"2026-06-08\",\"endsOn\":\"2026-07-17\","
        "\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":16,\"registrationClosesAt\":"
        "\"2026-06-05T03:00:00Z\",\"lateEntryUntil\":\"2026-06-12\",\"holdHours\":72,\"sex\":"
        "\"ANY\",\"minAge\":18,\"maxAge\":40,\"regions\":[%s],\"documentsWaivable\":true,"
        "\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"NONE\",\"desk\":\"%s\"}"
        "}",
        number % 1000000, long_text, long_text, long_text, long_text, regions, long_text);
    assert_int_equal(world_publish(&city, DISNAKER, "%s", json).status, PB_OUTCOME_STATUS_ACCEPTED);
}

static void large_slots_come_in_pages(void **state)
{
    (void)state;
    enum { SLOTS = 100 };
    size_t pages;
    for (unsigned i = 0; i < SLOTS; i++)
        offer_large_slot(i + 1);
    struct peer peer = talk_connect(&talk, SATPOLPP);
    assert_int_equal(all_pages(SATPOLPP, peer, PB_QUERY_KIND_SLOTS, count_slots, &pages), SLOTS);
    assert_true(pages > 1);
    assert_int_equal(all_pages(SATPOLPP, peer, PB_QUERY_KIND_BLOCKS, count_blocks, &pages), SLOTS);
    assert_int_equal(pages, 2); /* a full page says that there may be more */
}

static void many_wide_subscriptions_come_in_pages(void **state)
{
    (void)state;
    enum { SUBSCRIPTIONS = 130, TYPES_MAX = 64 };
    static char name[SG_NAME_MAX + 1];
    char *types[TYPES_MAX];
    struct peer peer = {0};
    size_t pages;
    assert_true(sg_topic_count <= TYPES_MAX);
    for (size_t i = 0; i < sg_topic_count; i++)
        types[i] = sg_arena_text(&city.arena, sg_bytes_of(sg_topics[i].name));
    for (unsigned i = 0; i < SUBSCRIPTIONS; i++) {
        PbClientFrame frame = PB_CLIENT_FRAME__INIT;
        PbSubscribe s = PB_SUBSCRIBE__INIT;
        if (i % SG_SUBSCRIPTIONS_MAX == 0)
            peer = talk_connect(&talk, SATPOLPP);
        (void)snprintf(name, sizeof name, "%063u", i);
        s.name = name;
        s.types = types;
        s.n_types = sg_topic_count;
        frame.subscribe = &s;
        (void)talk_frame(&talk, SATPOLPP, peer, &frame);
        talk_turn(&talk);
        assert_null(talk_answer(&talk, peer, 0)->subscribed->error);
    }
    assert_int_equal(
        all_pages(SATPOLPP, peer, PB_QUERY_KIND_SUBSCRIPTIONS, count_subscriptions, &pages),
        SUBSCRIPTIONS);
    struct peer other = talk_connect(&talk, DINSOS); /* of the own agency only */
    assert_int_equal(
        all_pages(DINSOS, other, PB_QUERY_KIND_SUBSCRIPTIONS, count_subscriptions, &pages), 0);
}

/* ---- seats ---- */

static void a_seat_is_cut_for_who_asks(void **state)
{
    (void)state;
    assert_int_equal(offer_s1(&city, 900, 1).status, PB_OUTCOME_STATUS_ACCEPTED);
    struct sg_id budi = person_in_service(&city, 1, NAMED("Budi Santoso"), 3);
    struct sg_id joko = person_in_service(&city, 2, NAMED("Joko Susilo"), 3);
    assert_int_equal(ask_seat(&city, 501, 900, &budi, true, false).status,
                     PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(ask_seat(&city, 502, 900, &joko, true, true).status,
                     PB_OUTCOME_STATUS_ACCEPTED);
    struct sg_id slot;
    char text[SG_ID_TEXT];
    assert_int_equal(sg_id_parse(id_text(900, text), &slot), SG_OK);
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_slot_id = true;
    query.kind = PB_QUERY_KIND_SEATS;
    query.slot_id = (ProtobufCBinaryData){SG_ID_BYTES, slot.b};
    const struct row {
        const char *name;
        enum world_agency who;
        bool ids, case_id, person, sex, band, waiting_band, waiting_sex;
    } rows[] = {
        /* clang-format off */
        {"case owner",    DINSOS,   true,  true,  true,  true,  true,  true,  true},
        {"slot owner",    DISNAKER, true,  false, true,  true,  true,  true,  false},
        {"somebody else", SATPOLPP, false, false, false, false, false, false, false},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        const PbQueryResult *r = ask(row->who, talk_connect(&talk, row->who), &query);
        assert_int_equal(r->n_seats, 2);
        const PbSeatView *seat = r->seats[0], *wait = r->seats[1];
        assert_int_equal(seat->state, PB_ALLOCATION_STATE_RESERVED);
        assert_int_equal(seat->seat_no, 1);
        assert_int_equal(wait->state, PB_ALLOCATION_STATE_WAITLISTED);
        assert_int_equal(wait->waitlist_position, 1);
        if (seat->has_allocation_id != row->ids || seat->has_case_id != row->case_id ||
            wait->has_case_id != row->case_id || (seat->person != NULL) != row->person)
            fail_msg("%s: ids", row->name);
        if (!row->person)
            continue;
        if (seat->person->has_sex != row->sex || seat->person->has_age_band != row->band ||
            wait->person->has_sex != row->waiting_sex ||
            wait->person->has_age_band != row->waiting_band)
            fail_msg("%s: fields of the person", row->name);
        if (!seat->person->full_name || (wait->person->full_name != NULL) != (row->who == DINSOS))
            fail_msg("%s: a name needs consent, and a seat", row->name);
    }
    struct peer peer = talk_connect(&talk, DINSOS);
    query.slot_id = (ProtobufCBinaryData){3, slot.b};
    assert_int_equal(ask(DINSOS, peer, &query)->error->code, SG_ST_UNKNOWN_OBJECT);
    slot.b[15] ^= 1;
    query.slot_id.len = SG_ID_BYTES;
    assert_int_equal(ask(DINSOS, peer, &query)->error->code, SG_ST_UNKNOWN_OBJECT);
}

/* ---- the rest ---- */

static void status_and_unknown_kinds(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    (void)talk_query(&talk, SATPOLPP, peer, PB_QUERY_KIND_STATUS, none);
    talk.storage_low = true;
    talk_turn(&talk);
    talk.storage_low = false;
    const PbStatusView *s = talk_answer(&talk, peer, 0)->query_result->status;
    assert_string_equal(s->version, "test");
    assert_int_equal(s->sessions, 1);
    assert_int_equal(s->last_seq, 0);
    assert_true(s->storage_low && s->demo);
    (void)talk_query(&talk, SATPOLPP, peer, PB_QUERY_KIND_UNSPECIFIED, none);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->query_result->error->code, SG_ST_BAD_CODE);
}

static void a_strange_cursor_does_no_harm(void **state)
{
    (void)state;
    static const uint8_t bytes[200] = "satpolpp";
    static const PbQueryKind kinds[] = {PB_QUERY_KIND_SLOTS, PB_QUERY_KIND_SUBSCRIPTIONS,
                                        PB_QUERY_KIND_DEAD_LETTERS, PB_QUERY_KIND_BLOCKS};
    struct peer peer = talk_connect(&talk, SATPOLPP);
    assert_int_equal(offer_s1(&city, 900, 1).status, PB_OUTCOME_STATUS_ACCEPTED);
    for (size_t i = 0; i < SG_ARRAY_LEN(kinds); i++)
        for (size_t len = 1; len < sizeof bytes; len += 7) {
            (void)talk_query(&talk, SATPOLPP, peer, kinds[i], (struct sg_bytes){bytes, len});
            talk_turn(&talk);
            assert_non_null(talk_answer(&talk, peer, 0)->query_result);
        }
}

static void only_operators_move_the_clock(void **state)
{
    (void)state;
    enum { NOTHING, ADVANCE, ACCEPT };
    static const struct row {
        const char *name;
        bool operator_key, local, demo;
        int what, by_ms;
        uint32_t code;
    } rows[] = {
        {"no operator", false, true, true, ADVANCE, 1000, SG_ST_FORBIDDEN},
        {"over the network", true, false, true, ADVANCE, 1000, SG_ST_FORBIDDEN},
        {"not a demo", true, true, false, ADVANCE, 1000, SG_ST_BAD_TRANSITION},
        {"back", true, true, true, ADVANCE, -1, SG_ST_BAD_TRANSITION},
        {"nothing asked", true, true, true, NOTHING, 0, SG_ST_MISSING_FIELD},
        {"forward", true, true, true, ADVANCE, 1000, SG_ST_OK},
        {"accept, no operator", false, true, false, ACCEPT, 0, SG_ST_FORBIDDEN},
        {"accept", true, true, false, ACCEPT, 0, SG_ST_OK},
    };
    struct sg_agency *agency = &city.agencies[3];
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        PbClientFrame frame = PB_CLIENT_FRAME__INIT;
        PbAdmin admin = PB_ADMIN__INIT;
        struct peer peer = talk_connect(&talk, SATPOLPP);
        agency->capabilities = SG_CAP(PB_CAPABILITY_REFERRER) |
                               (row->operator_key ? SG_CAP(PB_CAPABILITY_OPERATOR) : 0);
        city.broker->options.demo = row->demo;
        frame.admin = &admin;
        admin.has_clock_advance_to_ms = row->what == ADVANCE;
        admin.clock_advance_to_ms = city.now_ms + row->by_ms;
        admin.has_clock_accept = admin.clock_accept = row->what == ACCEPT;
        talk_frame(&talk, SATPOLPP, peer, &frame)->local = row->local;
        talk_turn(&talk);
        const PbAdminResult *r = talk_answer(&talk, peer, 0)->admin_result;
        if ((r->error ? r->error->code : SG_ST_OK) != row->code)
            fail_msg("%s: code %u", row->name, r->error ? r->error->code : 0);
        bool moved = row->code == SG_ST_OK && row->what == ADVANCE;
        if ((talk.out.clock_advance_to_ms != 0) != moved ||
            talk.out.clock_accept != (row->code == SG_ST_OK && row->what == ACCEPT))
            fail_msg("%s: the clock", row->name);
    }
}

/* Who stays connected to a demo store while its clock leaps learns it without asking. */
static void a_leap_of_the_clock_is_told_to_all(void **state)
{
    (void)state;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbAdmin admin = PB_ADMIN__INIT;
    struct peer other = talk_connect(&talk, DINSOS), operator_peer = talk_connect(&talk, SATPOLPP);
    city.agencies[3].capabilities = SG_CAP(PB_CAPABILITY_OPERATOR);
    city.broker->options.demo = true;
    frame.admin = &admin;
    admin.has_clock_advance_to_ms = true;
    for (int i = 0; i < 2; i++) {
        bool allowed = i == 1;
        admin.clock_advance_to_ms = city.now_ms + (allowed ? 1000 : -1);
        talk_frame(&talk, SATPOLPP, operator_peer, &frame)->local = true;
        talk_turn(&talk);
        const PbPong *pong =
            talk_answer_count(&talk, other) ? talk_answer(&talk, other, 0)->pong : NULL;
        assert_int_equal(pong != NULL, allowed);
        if (allowed)
            assert_int_equal(pong->server_time_ms, admin.clock_advance_to_ms);
        assert_non_null(talk_answer(&talk, operator_peer, 0)->admin_result);
    }
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(large_slots_come_in_pages), ROW(many_wide_subscriptions_come_in_pages),
          ROW(a_seat_is_cut_for_who_asks), ROW(status_and_unknown_kinds),
          ROW(a_strange_cursor_does_no_harm), ROW(only_operators_move_the_clock),
          ROW(a_leap_of_the_clock_is_told_to_all))
