/* SC09 Correction: a day that was typed wrong, somebody else's event, a referral that was accepted,
 * an end on which a kit rests, an assessment of the wrong person.
 */
#include "unit/unit.h"

#include "kit/people.h"
#include "wire/replacement.h"

#include <sodium.h>
#include <stdio.h>

#define BUDI                                                                                 \
    "\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":\"1471991004950001\",\"nikStatus\":"  \
    "\"STATED\",\"domicileRegion\":\"14.71.08.1009\""
#define JOKO                                                                            \
    "\"fullName\":\"Joko\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthQuality\":" \
    "\"ESTIMATED\",\"estimatedAge\":30,\"nikStatus\":\"NONE\",\"domicileRegion\":\"14.71.08\""

static struct world_city city;

/* Where an event stands that the agency has just published. */
struct place {
    enum world_agency who;
    uint64_t number;
};

static struct place last_of(enum world_agency who)
{
    return (struct place){who, city.clients[who].next - 1};
}

static const char *base64(ProtobufCBinaryData data, char *to, size_t room)
{
    (void)sodium_bin2base64(to, room, data.data, data.len, sodium_base64_VARIANT_ORIGINAL);
    return to;
}

/* "replacement":{…}, of the payload of this event. */
static const char *replacement_of(enum world_agency who, const char *json, char *to, size_t room)
{
    struct sg_why why = {""};
    struct sg_bytes clear, personal;
    struct sg_event event;
    PbReplacement replacement;
    char a[2048], b[2048];
    world_parts(&city, who, json, &clear, &personal);
    UNIT_OK(sg_event_reopen(clear, personal, &city.arena, &event, &why));
    UNIT_OK(sg_replacement_of(event.envelope, &city.arena, &replacement, &why));
    (void)snprintf(to, room, ",\"replacement\":{\"clear\":\"%s\"%s%s%s}",
                   base64(replacement.clear, a, sizeof a),
                   replacement.has_personal ? ",\"personal\":\"" : "",
                   replacement.has_personal ? base64(replacement.personal, b, sizeof b) : "",
                   replacement.has_personal ? "\"" : "");
    return to;
}

/* E24 of `by`; payload NULL: ANNUL. */
static struct world_outcome correct(enum world_agency by, struct place place, const char *payload,
                                    const char *reason)
{
    char outbox[SG_ID_TEXT], replacement[5000] = "";
    if (payload)
        (void)replacement_of(by, payload, replacement, sizeof replacement);
    return world_publish(&city, by,
                         "{\"eventCorrected\":{\"corrected\":{\"outboxId\":\"%s\",\"number\":"
                         "\"%llu\"},\"action\":\"%s\"%s,\"reason\":\"%s\",\"discoveredAt\":"
                         "\"2026-06-10T03:00:00Z\"}}",
                         sg_id_print(&city.clients[place.who].outbox, outbox),
                         (unsigned long long)place.number, payload ? "REPLACE" : "ANNUL",
                         replacement, reason);
}

static size_t corrections_read_by(enum world_agency who)
{
    return world_count(&city, who, "event.corrected", "\"seq\"");
}

static void a_day_typed_wrong(const struct sg_id *a1)
{
    char a[SG_ID_TEXT], payload[256];
    accepted(start_placement(&city, DISNAKER, a1, "2026-06-09"));
    struct place e13 = last_of(DISNAKER);
    (void)snprintf(payload, sizeof payload,
                   "{\"placementStarted\":{\"allocationId\":\"%s\",\"startedOn\":\"2026-06-08\"}}",
                   sg_id_print(a1, a));
    world_move(&city, "2026-06-10T03:00:00Z");
    refused(correct(DINSOS, e13, payload, "TYPO"), SG_ST_NOT_OWNER, NULL);
    accepted(correct(DISNAKER, e13, payload, "TYPO"));
    /* Whoever read the E13 reads the E24, and nobody else. */
    assert_int_equal(corrections_read_by(DINSOS), 1);
    assert_int_equal(corrections_read_by(DISNAKER), 1);
    assert_int_equal(corrections_read_by(SATPOLPP), 0);
    assert_int_equal(corrections_read_by(DPPPA), 0);
    const char *read = world_read(&city, DINSOS, "event.corrected");
    assert_null(strstr(read, "\"redactedPaths\"")); /* it sees all of it */
    assert_non_null(strstr(read, "ACTION_REPLACE"));
}

/* The kit rests on the completed course: first it goes back, then the course is running again. */
static void an_end_with_a_kit(const struct sg_id *a1)
{
    world_move(&city, "2026-07-17T09:00:00Z");
    accepted(end_placement(&city, DISNAKER, a1, "2026-07-17", "\"COMPLETED\""));
    struct place e15 = last_of(DISNAKER);
    world_move(&city, "2026-07-20T03:00:00Z");
    struct world_outcome grant =
        grant_kit(&city, 800, a1, "027/BAST/DINSOS/VII/2026", "2026-07-20");
    accepted(grant);
    struct place e17 = last_of(DINSOS);
    char rests[64];
    (void)snprintf(rests, sizeof rests, "equipment.issued %llu", (unsigned long long)grant.seq);
    refused(correct(DISNAKER, e15, NULL, "DID_NOT_HAPPEN"), SG_ST_CORRECTION_DEPENDS, rests);
    accepted(correct(DINSOS, e17, NULL, "DID_NOT_HAPPEN"));
    assert_int_equal(corrections_read_by(DISNAKER), 2); /* it read the E17 */
    size_t occupied = seat_changes(&city, "OCCUPIED");
    accepted(correct(DISNAKER, e15, NULL, "DID_NOT_HAPPEN"));
    assert_int_equal(seat_changes(&city, "OCCUPIED"), occupied + 1);
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_IN_TRAINING\""), 2);
    /* dpppa gives equipment: it was told of the end, and is told that there was none. */
    assert_int_equal(corrections_read_by(DPPPA), 1);
    assert_int_equal(corrections_read_by(DINSOS), 3);
    assert_int_equal(corrections_read_by(SATPOLPP), 0);
    /* Ended once more, the same kit under the same number. */
    accepted(end_placement(&city, DISNAKER, a1, "2026-07-17", "\"COMPLETED\""));
    accepted(grant_kit(&city, 800, a1, "027/BAST/DINSOS/VII/2026", "2026-07-20"));
}

static void the_wrong_person(void)
{
    struct sg_id joko = person_in_service(&city, 40, JOKO, 3);
    char text[SG_ID_TEXT], id[SG_ID_TEXT];
    size_t assessing = world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_ASSESSING\"");
    struct world_outcome second = world_publish(
        &city, DINSOS,
        "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\",\"assessedOn\":"
        "\"2026-07-20\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":"
        "false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":1,"
        "\"trainingSuitable\":true,\"socialRegistry\":\"DTSEN\"}}",
        sg_id_print(&joko, text), id_text(9001, id));
    accepted(second);
    struct place e05 = last_of(DINSOS);
    accepted(correct(DINSOS, e05, NULL, "WRONG_PERSON"));
    refused(correct(DINSOS, e05, NULL, "WRONG_PERSON"), SG_ST_BAD_TRANSITION, "ANNULLED");
    /* The one before it holds: the case stays IN_SERVICE. */
    assert_int_equal(world_count(&city, DINSOS, "case.*", "\"to\":\"CASE_STATE_ASSESSING\""),
                     assessing);
}

static void correction(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    accepted(register_kit(&city, 800));
    struct sg_id c1 = person_in_service(&city, 1, BUDI, 3);
    struct place r1 = last_of(SATPOLPP);
    struct world_outcome a1 = ask_seat(&city, 501, 900, &c1, true, false);
    accepted(a1);
    accepted(decide_seat(&city, DISNAKER, &a1.allocation_id, "\"CONFIRMED\""));
    refused(correct(SATPOLPP, r1, NULL, "DID_NOT_HAPPEN"), SG_ST_BAD_TRANSITION, "DECIDED");
    world_move(&city, "2026-06-09T03:00:00Z");
    a_day_typed_wrong(&a1.allocation_id);
    an_end_with_a_kit(&a1.allocation_id);
    the_wrong_person();
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(correction))
