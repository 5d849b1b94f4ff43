/* SC06 Duplicate person without papers. */
#include "unit/unit.h"

#include "kit/people.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

#define JOKO                                                                                \
    "\"fullName\":\"Joko\",\"nameQuality\":\"PARTIAL\",\"alias\":\"Jek\",\"sex\":\"MALE\"," \
    "\"birthQuality\":\"ESTIMATED\",\"estimatedAge\":30,\"originRegion\":\"13.71\","        \
    "\"nikStatus\":\"NONE\""
#define DJOKO                                                                                 \
    "\"fullName\":\"Djoko Susanto\",\"nameQuality\":\"FULL\",\"alias\":\"Jek\",\"sex\":"      \
    "\"MALE\",\"birthQuality\":\"ESTIMATED\",\"estimatedAge\":31,\"originRegion\":\"13.71\"," \
    "\"motherName\":\"Rosmawati\",\"nikStatus\":\"NONE\""

static struct world_city city;

/* What one of the two persons is known by. */
struct known {
    unsigned number;
    struct sg_id ref; /* of its referrer */
    struct sg_id case_id, seat;
};
static struct known joko, djoko;
static char ref_a[SG_ID_TEXT], ref_b[SG_ID_TEXT]; /* as the D3 names them */

/* Until the next reading. */
static const char *dinsos_reads(const char *types)
{
    sg_arena_reset(&city.arena, 0);
    return world_read(&city, DINSOS, types);
}

static struct world_outcome refer(enum world_agency who, unsigned number, const char *person)
{
    char r[SG_ID_TEXT];
    return world_publish(
        &city, who,
        "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
        "\"dinsos\",\"priority\":\"URGENT_72H\",\"person\":{%s},\"suspectedPpks\":[\"PPKS_12\"],"
        "\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}",
        id_text(number, r), person);
}

/* The case id in the newest D5 of dinsos. */
static struct sg_id newest_case(void)
{
    struct sg_id id;
    char text[SG_ID_TEXT];
    const char *key = "\"caseStateChanged\":{\"caseId\":\"";
    const char *told = dinsos_reads("case.state_changed"), *at = told;
    for (const char *next = told; (next = strstr(next, key)); next++)
        at = next + strlen(key);
    (void)snprintf(text, sizeof text, "%.36s", at);
    assert_int_equal(sg_id_parse(text, &id), SG_OK);
    return id;
}

static struct known take_in(enum world_agency who, unsigned number, const char *person)
{
    struct known known = {.number = number};
    struct world_outcome o = refer(who, number, person);
    accepted(o);
    known.ref = o.person_ref;
    known.case_id = newest_case();
    return known;
}

static void serve(struct known *known)
{
    char text[SG_ID_TEXT], c[SG_ID_TEXT];
    accepted(world_publish(&city, DINSOS,
                           "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":"
                           "\"ACCEPTED\"}}",
                           id_text(known->number, text)));
    accepted(world_publish(
        &city, DINSOS,
        "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\",\"assessedOn\":"
        "\"2026-05-06\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":"
        "false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,"
        "\"trainingSuitable\":true,\"schooling\":\"LOWER_SEC\",\"socialRegistry\":\"NONE\"}}",
        sg_id_print(&known->case_id, c), id_text(known->number + 1000, text)));
    accepted(
        say_consent(&city, known->number + 2000, &known->case_id, "GIVEN", "SHARE_WITH_PROVIDER"));
    struct world_outcome seat =
        ask_seat(&city, known->number + 500, 900, &known->case_id, true, false);
    accepted(seat);
    known->seat = seat.allocation_id;
}

static struct world_outcome decide_with(unsigned number, const char *of_envelope,
                                        const char *decision)
{
    char link[SG_ID_TEXT];
    return world_publish(&city, DINSOS,
                         "{%s\"personLinkDecided\":{\"linkId\":\"%s\",\"personRefA\":\"%s\","
                         "\"personRefB\":\"%s\",\"decision\":%s}}",
                         of_envelope, id_text(number, link), ref_a, ref_b, decision);
}

static struct world_outcome decide(unsigned number, const char *decision)
{
    return decide_with(number, "", decision);
}

static void take_text(const char *line, const char *key, char to[SG_ID_TEXT])
{
    const char *at = strstr(line, key);
    assert_non_null(at);
    (void)snprintf(to, SG_ID_TEXT, "%.36s", at + strlen(key));
}

static size_t lines_with(const char *text, const char *one, const char *other)
{
    size_t count = 0;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        count += memmem(line, len, one, strlen(one)) && memmem(line, len, other, strlen(other));
        line += len + (line[len] == '\n');
    }
    return count;
}

static size_t everybody_reads(const char *types)
{
    size_t count = 0;
    for (int who = 0; who < WORLD_AGENCIES; who++)
        count += world_count(&city, (enum world_agency)who, types, "\"type\"");
    return count;
}

static void two_persons_one_suspicion(void)
{
    world_open(&city, "2026-05-04T01:00:00Z");
    accepted(offer_s1(&city, 900, 2));
    joko = take_in(SATPOLPP, 1, JOKO);
    assert_int_equal(everybody_reads("person.duplicate_suspected"), 0);
    world_move(&city, "2026-05-06T01:00:00Z");
    djoko = take_in(DINSOS, 2, DJOKO); /* its own Satgas */
    assert_false(sg_id_equal(&joko.case_id, &djoko.case_id));
    assert_int_equal(everybody_reads("person.duplicate_suspected"), 1);
    const char *told = dinsos_reads("person.duplicate_suspected");
    take_text(told, "\"personRefA\":\"", ref_a);
    take_text(told, "\"personRefB\":\"", ref_b);
    assert_non_null(strstr(told, "\"score\":480"));
    assert_non_null(strstr(told, "[\"NAME\",\"ALIAS\",\"BIRTH\",\"ORIGIN\",\"PLACE\"]"));
    assert_null(strstr(told, "Joko"));
    assert_null(strstr(told, "Jek"));
    char own[SG_ID_TEXT];
    assert_string_equal(sg_id_print(&djoko.ref, own), ref_a); /* the steward's own pseudonyms */
    assert_string_not_equal(sg_id_print(&joko.ref, own), ref_b);
}

/* A sighting by a reference of its agency: the person that it leads to, as dinsos reads it. */
static void seen_by(enum world_agency who, const struct sg_id *ref, unsigned number,
                    char out_ref[SG_ID_TEXT])
{
    char contact[SG_ID_TEXT], r[SG_ID_TEXT];
    struct world_outcome o = world_publish(
        &city, who,
        "{\"personRef\":\"%s\",\"contactRecorded\":{\"contactId\":\"%s\",\"foundRegion\":"
        "\"14.71.08\",\"activity\":\"STREET_VENDING\",\"outcome\":\"ADVISED\"}}",
        sg_id_print(ref, r), id_text(number, contact));
    accepted(o);
    assert_true(sg_id_equal(&o.person_ref, ref)); /* it is told nothing new */
    const char *read = dinsos_reads("contact.recorded"), *line = read;
    for (const char *next = read; (next = strstr(next, "\"personRef\":\"")); next++)
        line = next;
    take_text(line, "\"personRef\":\"", out_ref);
}

static void the_double_is_linked_and_unlinked(void **state)
{
    (void)state;
    char seen[SG_ID_TEXT], other[SG_ID_TEXT], c[SG_ID_TEXT];
    two_persons_one_suspicion();
    serve(&joko);
    serve(&djoko);
    assert_int_equal(seat_changes(&city, "RESERVED"), 2);

    /* Two seats of one person: one is given back first. */
    refused(decide(801, "\"SAME\",\"basis\":\"INTERVIEW\",\"survivor\":\"B\",\"secondActorRef\":"
                        "\"dns-0009\""),
            SG_ST_LINK_CONFLICT, "LIVE_SEATS");
    accepted(decide_seat(&city, DINSOS, &djoko.seat,
                         "\"WITHDRAWN_BY_CASE_OWNER\",\"reason\":\"DUPLICATE\",\"declinedBy\":"
                         "\"RECEIVER\""));
    refused(decide(802, "\"SAME\",\"basis\":\"INTERVIEW\",\"survivor\":\"B\""), SG_ST_FOUR_EYES,
            NULL);
    size_t satpolpp_reads = world_count(&city, SATPOLPP, "", "\"type\"");
    size_t disnaker_reads = world_count(&city, DISNAKER, "", "\"type\"");
    size_t dpppa_reads = world_count(&city, DPPPA, "", "\"type\"");
    accepted(decide_with(803, "\"note\":\"dua nama\",\"legalBasis\":\"PUBLIC_TASK\",",
                         "\"SAME\",\"basis\":\"INTERVIEW\",\"survivor\":\"B\",\"secondActorRef\":"
                         "\"dns-0009\""));
    /* Nobody but the owner of the cases and the steward reads anything of it. */
    assert_int_equal(world_count(&city, SATPOLPP, "", "\"type\""), satpolpp_reads);
    assert_int_equal(world_count(&city, DISNAKER, "", "\"type\""), disnaker_reads);
    assert_int_equal(world_count(&city, DPPPA, "", "\"type\""), dpppa_reads);
    assert_int_equal(everybody_reads("person.link_decided"), 1);
    assert_int_equal(world_count(&city, DINSOS, "person.link_decided", "dua nama"), 0);

    /* The younger case is closed as a double, its referral stands at the older one. */
    const char *told = dinsos_reads("case.state_changed");
    (void)sg_id_print(&djoko.case_id, c);
    assert_int_equal(lines_with(told, c, "\"to\":\"CASE_STATE_CLOSED\""), 1);
    (void)sg_id_print(&joko.case_id, c);
    assert_int_equal(lines_with(told, c, id_text(djoko.number, other)), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "", "LOOP_CLOSED"), 0);
    refused(ask_seat(&city, 510, 900, &djoko.case_id, true, false), SG_ST_BAD_TRANSITION,
            "CASE_STATE");
    refused(ask_seat(&city, 511, 900, &joko.case_id, true, false), SG_ST_ACTIVE_PLACEMENT, NULL);
    refused(decide(804, "\"SAME\",\"basis\":\"DOCUMENT\",\"survivor\":\"A\""), SG_ST_BAD_TRANSITION,
            "SAME_PERSON");
    refused(decide(805, "\"DIFFERENT\",\"basis\":\"DOCUMENT\""), SG_ST_BAD_TRANSITION, "LINKED");

    /* Both references lead to the same one. */
    seen_by(SATPOLPP, &joko.ref, 601, seen);
    seen_by(DINSOS, &djoko.ref, 602, other);
    assert_string_equal(other, ref_a); /* its own event, as published */
    assert_string_equal(seen, ref_b);

    /* Two persons again, the history as it was published. */
    accepted(decide(806, "\"UNLINK\",\"basis\":\"DOCUMENT\""));
    told = dinsos_reads("case.state_changed");
    (void)sg_id_print(&djoko.case_id, c);
    assert_int_equal(lines_with(told, c, "\"from\":\"CASE_STATE_CLOSED\""), 1);
    assert_int_equal(world_count(&city, SATPOLPP, "", "LOOP_CLOSED"), 0);
    struct world_outcome seat = ask_seat(&city, 512, 900, &djoko.case_id, true, false);
    accepted(seat); /* its case is open, and it has no seat */
    refused(decide(807, "\"UNLINK\",\"basis\":\"DOCUMENT\""), SG_ST_BAD_TRANSITION, "NOT_LINKED");
    assert_int_equal(everybody_reads("person.duplicate_suspected"), 1);
    world_close(&city);
}

/* A pair that was decided to be two is never asked for again, whatever is learned. */
static void different_is_never_raised_again(void **state)
{
    (void)state;
    char a[SG_ID_TEXT], c[SG_ID_TEXT];
    two_persons_one_suspicion();
    accepted(decide(802, "\"DIFFERENT\",\"basis\":\"INTERVIEW\""));
    accepted(world_publish(&city, DINSOS,
                           "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":"
                           "\"ACCEPTED\"}}",
                           id_text(1, a)));
    accepted(world_publish(
        &city, DINSOS,
        "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\",\"assessedOn\":"
        "\"2026-05-06\",\"assessorRole\":\"PEKSOS\",\"person\":{\"fullName\":\"Joko Susanto\","
        "\"motherName\":\"Rosmawati\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthQuality\":"
        "\"UNKNOWN\",\"nikStatus\":\"NONE\"},\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":"
        "false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,"
        "\"trainingSuitable\":true,\"socialRegistry\":\"NONE\"}}",
        sg_id_print(&joko.case_id, c), id_text(1001, a)));
    assert_int_equal(everybody_reads("person.duplicate_suspected"), 1);
    world_close(&city);
}

/* Nobody but the steward decides; and what it names must be its own. */
static void only_the_steward_decides(void **state)
{
    (void)state;
    char link[SG_ID_TEXT], foreign[SG_ID_TEXT];
    two_persons_one_suspicion();
    refused(world_publish(&city, DPPPA,
                          "{\"personLinkDecided\":{\"linkId\":\"%s\",\"personRefA\":\"%s\","
                          "\"personRefB\":\"%s\",\"decision\":\"DIFFERENT\",\"basis\":"
                          "\"DOCUMENT\"}}",
                          id_text(801, link), ref_a, ref_b),
            SG_ST_FORBIDDEN, "CAPABILITY");
    refused(world_publish(&city, DINSOS,
                          "{\"personLinkDecided\":{\"linkId\":\"%s\",\"personRefA\":\"%s\","
                          "\"personRefB\":\"%s\",\"decision\":\"DIFFERENT\",\"basis\":"
                          "\"DOCUMENT\"}}",
                          link, ref_a, sg_id_print(&joko.ref, foreign)),
            SG_ST_UNKNOWN_OBJECT, NULL);
    refused(decide(803, "\"SAME\",\"basis\":\"DOCUMENT\""), SG_ST_MISSING_FIELD, NULL);
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_double_is_linked_and_unlinked),
          cmocka_unit_test(different_is_never_raised_again),
          cmocka_unit_test(only_the_steward_decides))
