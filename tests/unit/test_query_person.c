/* Queries of the identity steward: who somebody is, who may be the same; and of nobody else. */
#include "unit/unit.h"

#include "broker/inside.h"
#include "kit/people.h"
#include "kit/talk.h"

#include <stdio.h>

#define NIK "1471991004950001" /* male, born 1995-04-10 */
#define BUDI(more)                                                                \
    "\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\","    \
    "\"birthDate\":\"1995-04-10\",\"birthQuality\":\"EXACT\",\"domicileRegion\":" \
    "\"14.71.08.1009\",\"phone\":\"+6281234567890\",\"marks\":\"tato di lengan\"" more

static struct world_city city;
static struct talk talk;

static const PbQueryResult *ask(enum world_agency who, const struct sg_id *ref)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbQuery query = PB_QUERY__INIT;
    struct peer peer = talk_connect(&talk, who);
    query.has_kind = true;
    query.kind = PB_QUERY_KIND_PERSON;
    query.has_person_ref = ref != NULL;
    if (ref)
        query.person_ref = (ProtobufCBinaryData){SG_ID_BYTES, (uint8_t *)(uintptr_t)ref->b};
    query.has_suspects = query.suspects = ref == NULL;
    frame.query = &query;
    (void)talk_frame(&talk, who, peer, &frame);
    talk_turn(&talk);
    assert_false(talk.out.committed);
    const PbQueryResult *result = talk_answer(&talk, peer, 0)->query_result;
    assert_non_null(result);
    return result;
}

/* E01 of dinsos: it learns its own reference. */
static struct sg_id refer(unsigned number, const char *person, const char *needs)
{
    char r[SG_ID_TEXT];
    struct world_outcome o = world_publish(
        &city, DINSOS,
        "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
        "\"dpppa\",\"priority\":\"URGENT_72H\",\"person\":{%s},\"suspectedPpks\":[\"PPKS_12\"],"
        "\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0%s}}",
        id_text(number, r), person, needs);
    accepted(o);
    return o.person_ref;
}

static bool equal(ProtobufCBinaryData data, const struct sg_id *id)
{
    return data.len == SG_ID_BYTES && memcmp(data.data, id->b, SG_ID_BYTES) == 0;
}

static void the_steward_sees_one_person(void **state)
{
    (void)state;
    char a[SG_ID_TEXT], b[SG_ID_TEXT], link[SG_ID_TEXT];
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    struct sg_id budi = refer(1, BUDI(",\"nik\":\"" NIK "\",\"nikStatus\":\"STATED\""), "");
    struct sg_id other = refer(2, BUDI(",\"nikStatus\":\"NONE\""), "");

    const PbQueryResult *result = ask(DINSOS, NULL);
    assert_int_equal(result->n_suspicions, 1);
    assert_true(result->suspicions[0]->score >= 450);
    bool in_order = equal(result->suspicions[0]->person_ref_a, &budi);
    assert_true(equal(result->suspicions[0]->person_ref_a, in_order ? &budi : &other));
    assert_true(equal(result->suspicions[0]->person_ref_b, in_order ? &other : &budi));

    const PbPersonView *view = ask(DINSOS, &budi)->person;
    assert_string_equal(view->person->full_name, "Budi Santoso");
    assert_null(view->person->nik);
    assert_null(view->person->marks);
    assert_string_equal(view->nik_last4, "0001");
    assert_int_equal(view->person->nik_status, PB_NIK_STATUS_STATED);
    assert_int_equal(view->n_cases, 1);
    assert_string_equal(view->cases[0]->owner, "dpppa");
    assert_int_equal(view->n_suspicions, 1);
    assert_true(equal(view->suspicions[0]->person_ref_a, &budi));
    assert_int_equal(view->n_links, 0);

    accepted(world_publish(
        &city, DINSOS,
        "{\"personLinkDecided\":{\"linkId\":\"%s\",\"personRefA\":\"%s\",\"personRefB\":\"%s\","
        "\"decision\":\"SAME\",\"basis\":\"DOCUMENT\",\"survivor\":\"A\"}}",
        id_text(3, link), sg_id_print(&budi, a), sg_id_print(&other, b)));
    assert_int_equal(ask(DINSOS, NULL)->n_suspicions, 0);
    view = ask(DINSOS, &other)->person; /* by either name */
    assert_true(equal(view->person_ref, &budi));
    assert_int_equal(view->n_links, 1);
    assert_true(equal(view->links[0]->person_ref, &other));
    assert_true(equal(view->links[0]->joined_ref, &budi));
    assert_int_equal(view->n_cases, 2);
    assert_int_equal(view->n_suspicions, 0);
    assert_string_equal(view->nik_last4, "0001");
    world_close(&city);
}

static void nobody_else_sees_anything(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    struct sg_id budi = refer(1, BUDI(",\"nikStatus\":\"NONE\""), "");
    for (int who = 0; who < WORLD_AGENCIES; who++) {
        if (who == DINSOS)
            continue;
        const PbQueryResult *result = ask((enum world_agency)who, &budi);
        assert_int_equal(result->error->code, SG_ST_FORBIDDEN);
        assert_null(result->person);
        result = ask((enum world_agency)who, NULL);
        assert_int_equal(result->error->code, SG_ST_FORBIDDEN);
        assert_int_equal(result->n_suspicions, 0);
    }
    struct sg_id nobody = {{7}};
    assert_int_equal(ask(DINSOS, &nobody)->error->code, SG_ST_UNKNOWN_OBJECT);
    world_close(&city);
}

/* Whoever is protected is hidden from all but the owner of the case: place and phone. */
static void whoever_is_protected_stays_hidden(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    struct sg_id siti =
        refer(1, BUDI(",\"nikStatus\":\"NONE\""), ",\"urgentNeeds\":[\"VIOLENCE\"]");
    const PbPersonView *view = ask(DINSOS, &siti)->person;
    assert_string_equal(view->person->full_name, "Budi Santoso");
    assert_null(view->person->phone);
    assert_null(view->person->domicile_region);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_steward_sees_one_person),
          cmocka_unit_test(nobody_else_sees_anything),
          cmocka_unit_test(whoever_is_protected_stays_hidden))
