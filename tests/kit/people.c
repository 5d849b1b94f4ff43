#include "kit/people.h"

#include "kit/check.h"

#include <stdio.h>

const char *id_text(unsigned number, char to[SG_ID_TEXT])
{
    (void)snprintf(to, SG_ID_TEXT, "01968a3e-0000-7000-8000-%012u", number % 1000000);
    return to;
}

struct world_outcome say_consent(struct world_city *city, unsigned number,
                                 const struct sg_id *case_id, const char *action, const char *scope)
{
    char id[SG_ID_TEXT], c[SG_ID_TEXT];
    return world_publish(
        city, DINSOS,
        "{\"caseId\":\"%s\",\"consentRecorded\":{\"consentId\":\"%s\",\"action\":"
        "\"%s\",\"scopes\":[\"%s\"],\"method\":\"THUMBPRINT\",\"givenBy\":\"SELF\","
        "\"textVersion\":\"consent-id-2026-01\",\"evidenceRef\":\"DINSOS/F-221/2026\"}}",
        sg_id_print(case_id, c), id_text(number, id), action, scope);
}

struct sg_id person_in_service(struct world_city *city, unsigned number, const char *person_json,
                               unsigned band)
{
    char referral[SG_ID_TEXT], assessment[SG_ID_TEXT], case_text[SG_ID_TEXT];
    struct world_outcome o = world_publish(
        city, SATPOLPP,
        "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
        "\"dinsos\",\"priority\":\"URGENT_72H\",\"person\":{%s},\"suspectedPpks\":[\"PPKS_12\"],"
        "\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}",
        id_text(number, referral), person_json);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
    o = world_publish(city, DINSOS,
                      "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":\"ACCEPTED\"}}",
                      referral);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
    /* Dinsos learns the case id from the newest D5. */
    size_t used = city->arena.used;
    struct sg_id case_id = {{0}};
    const char *at = world_read(city, DINSOS, "case.state_changed");
    for (const char *next = at; (next = strstr(next, "\"caseStateChanged\":{\"caseId\":\""));
         next++)
        at = next + strlen("\"caseStateChanged\":{\"caseId\":\"");
    (void)snprintf(case_text, sizeof case_text, "%.36s", at);
    SG_CHECK(sg_id_parse(case_text, &case_id) == SG_OK);
    sg_arena_reset(&city->arena, used);
    o = world_publish(
        city, DINSOS,
        "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\",\"assessedOn\":"
        "\"2026-05-05\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":"
        "false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":%u,"
        "\"trainingSuitable\":true,\"schooling\":\"LOWER_SEC\",\"socialRegistry\":\"NONE\"}}",
        case_text, id_text(number + 1000, assessment), band);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
    accepted(say_consent(city, number + 2000, &case_id, "GIVEN", "SHARE_WITH_PROVIDER"));
    return case_id;
}

struct world_outcome offer_s1(struct world_city *city, unsigned number, unsigned seats)
{
    char slot[SG_ID_TEXT];
    return world_publish(
        city, DISNAKER,
        "{\"slotOffered\":{\"slotId\":\"%s\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"venueRegion\":"
        "\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"2026-06-08\",\"endsOn\":\"2026-07-17\","
        "\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":%u,\"registrationClosesAt\":"
        "\"2026-06-05T03:00:00Z\",\"lateEntryUntil\":\"2026-06-12\",\"holdHours\":72,\"sex\":"
        "\"MALE\",\"minAge\":18,\"maxAge\":40,\"requiredDocuments\":[\"KTP\"],"
        "\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,"
        "\"certificate\":\"ATTENDANCE\",\"kitCode\":\"KIT-MOTOR-A\",\"desk\":\"0761-000000\"}}",
        id_text(number, slot), seats);
}

struct world_outcome ask_seat(struct world_city *city, unsigned request, unsigned slot,
                              const struct sg_id *case_id, bool accepted, bool waitlist)
{
    char r[SG_ID_TEXT], s[SG_ID_TEXT], c[SG_ID_TEXT];
    return world_publish(
        city, DINSOS,
        "{\"caseId\":\"%s\",\"legalBasis\":\"CONSENT\",\"seatRequested\":{\"requestId\":\"%s\","
        "\"slotId\":\"%s\",\"personAccepted\":%s,\"waitlistOk\":%s,\"waivers\":[\"KTP\"],"
        "\"override\":\"NONE\"}}",
        sg_id_print(case_id, c), id_text(request, r), id_text(slot, s), accepted ? "true" : "false",
        waitlist ? "true" : "false");
}

struct world_outcome start_placement(struct world_city *city, enum world_agency who,
                                     const struct sg_id *allocation, const char *day)
{
    char a[SG_ID_TEXT];
    return world_publish(city, who,
                         "{\"placementStarted\":{\"allocationId\":\"%s\",\"startedOn\":\"%s\"}}",
                         sg_id_print(allocation, a), day);
}

struct world_outcome end_placement(struct world_city *city, enum world_agency who,
                                   const struct sg_id *allocation, const char *day,
                                   const char *result)
{
    char a[SG_ID_TEXT];
    return world_publish(city, who,
                         "{\"placementEnded\":{\"allocationId\":\"%s\",\"endedOn\":\"%s\","
                         "\"competency\":\"NOT_TESTED\",\"attendancePct\":93,\"result\":%s}}",
                         sg_id_print(allocation, a), day, result);
}

struct world_outcome offer_s2(struct world_city *city, unsigned number)
{
    char slot[SG_ID_TEXT];
    return world_publish(
        city, DPPPA,
        "{\"slotOffered\":{\"slotId\":\"%s\",\"courseCode\":\"EMBROIDERY\",\"venueRegion\":"
        "\"14.71.10\",\"venueName\":\"Rumah Sulam\",\"startsOn\":\"2026-06-08\",\"endsOn\":"
        "\"2026-07-17\",\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":3,"
        "\"registrationClosesAt\":\"2026-06-05T03:00:00Z\",\"lateEntryUntil\":\"2026-06-12\","
        "\"holdHours\":72,\"sex\":\"FEMALE\",\"minAge\":18,\"maxAge\":50,"
        "\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,"
        "\"certificate\":\"ATTENDANCE\",\"kitCode\":\"KIT-SULAM-A\",\"desk\":\"0761-000001\"}}",
        id_text(number, slot));
}

struct world_outcome register_kit(struct world_city *city, unsigned number)
{
    char item[SG_ID_TEXT];
    return world_publish(city, DINSOS,
                         "{\"equipmentRegistered\":{\"itemId\":\"%s\",\"kitCode\":\"KIT-MOTOR-A\","
                         "\"courseCode\":\"MOTORCYCLE_SERVICE\",\"description\":\"Set kunci\","
                         "\"valueIdr\":\"2350000\",\"funding\":\"APBD\",\"acquiredOn\":"
                         "\"2026-03-02\",\"condition\":\"NEW\"}}",
                         id_text(number, item));
}

struct world_outcome grant_kit(struct world_city *city, unsigned number,
                               const struct sg_id *allocation, const char *bast_no, const char *day)
{
    char item[SG_ID_TEXT], a[SG_ID_TEXT];
    return world_publish(city, DINSOS,
                         "{\"equipmentIssued\":{\"itemId\":\"%s\",\"basis\":"
                         "\"GRANT_AFTER_COMPLETION\",\"allocationId\":\"%s\",\"bastNo\":\"%s\","
                         "\"bastDate\":\"%s\",\"noSaleStatement\":true,\"custodyUntil\":"
                         "\"2027-07-20\"}}",
                         id_text(number, item), sg_id_print(allocation, a), bast_no, day);
}

void accepted(struct world_outcome o)
{
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED)
        return;
    (void)fprintf(stderr, "not accepted: code %u at '%s', '%s'\n", o.code, o.object, o.detail);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
}

void refused(struct world_outcome o, uint32_t code, const char *detail)
{
    bool right = o.status == PB_OUTCOME_STATUS_REJECTED && o.code == code &&
                 (!detail || strcmp(o.detail, detail) == 0);
    if (!right)
        (void)fprintf(stderr, "status %d code %u at '%s', '%s'; wanted %u '%s'\n", o.status, o.code,
                      o.object, o.detail, code, detail ? detail : "");
    SG_CHECK(right);
}

struct world_outcome decide_seat(struct world_city *city, enum world_agency who,
                                 const struct sg_id *allocation, const char *decision)
{
    char a[SG_ID_TEXT];
    return world_publish(city, who, "{\"seatDecided\":{\"allocationId\":\"%s\",\"decision\":%s}}",
                         sg_id_print(allocation, a), decision);
}

size_t seat_changes(struct world_city *city, const char *change)
{
    char needle[64];
    (void)snprintf(needle, sizeof needle, "\"change\":\"SEAT_CHANGE_%s\"", change);
    return world_count(city, DINSOS, "seat.allocation_changed", needle);
}
