/* seed.c - write the seeds of fuzz_event and fuzz_body. Linked as a unit test is.
 * Usage: seed FOLDER (such as tests/fuzz/corpus); the folders event and body are in it. */
#include "kit/sample.h"
#include "wire/codec.h"
#include "wire/json.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 8 << 20 };
static const int64_t now_ms = INT64_C(1777862400000);
static struct sg_arena arena;

#define HEAD(type)                                                                                \
    "{\"type\":\"" type "\",\"schemaMinor\":0,\"publisherAgency\":\"dinsos\",\"actorRef\":\"1\"," \
    "\"occurredAt\":\"2026-05-04T01:00:00Z\",\"timeQuality\":\"EXACT\",\"recordedAt\":"           \
    "\"2026-05-04T01:00:00Z\",\"legalBasis\":\"PUBLIC_TASK\","
#define ID "\"01968a3e-0000-7000-8000-000000000001\""
#define PLACE "{\"outboxId\":" ID ",\"number\":7}"

static const struct {
    const char *name, *json;
} events[] = {
    /* clang-format off */
    {"contact", HEAD("contact.recorded") "\"contactRecorded\":{\"contactId\":" ID ",\"person\":{\"fullName\":\"Budi\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1995-04\",\"birthQuality\":\"PARTIAL\",\"nikStatus\":\"NONE\",\"otherDocs\":[{\"type\":\"KK\",\"number\":\"12\"},{\"type\":\"SIM\",\"number\":\"34\"}],\"originRegion\":\"13.71\",\"phone\":\"+6281234567890\",\"guardian\":{\"name\":\"Rosmawati\",\"relation\":\"MOTHER\"}},\"foundRegion\":\"14.71.08\",\"activity\":\"BUSKING\",\"outcome\":\"ADVISED\"}}"},
    {"consent", HEAD("consent.recorded") "\"caseId\":" ID ",\"consentRecorded\":{\"consentId\":" ID ",\"action\":\"GIVEN\",\"scopes\":[\"SHARE_WITH_PROVIDER\",\"CONTACT_AFTER_CLOSE\"],\"method\":\"WRITTEN\",\"givenBy\":\"SELF\",\"textVersion\":\"2\",\"validUntil\":\"2027-05-04\",\"evidenceRef\":\"arsip 12\"}}"},
    {"slot_changed", HEAD("slot.changed") "\"expectedVersion\":3,\"slotChanged\":{\"slotId\":" ID ",\"capacityOffered\":4,\"regions\":{\"values\":[\"14.71\",\"14.71.08\"]},\"requiredDocuments\":{},\"reason\":\"ruang lebih besar\"}}"},
    {"plan", HEAD("mentoring.plan_set") "\"mentoringPlanSet\":{\"planId\":" ID ",\"mentorRef\":\"m-1\",\"startsOn\":\"2026-07-17\",\"template\":\"CUSTOM\",\"checkpoints\":[{\"code\":\"M1\",\"dueOn\":\"2026-08-17\"},{\"code\":\"M2\",\"dueOn\":\"2026-09-17\"}]}}"},
    {"corrected", HEAD("event.corrected") "\"causation\":" PLACE ",\"eventCorrected\":{\"corrected\":" PLACE ",\"action\":\"REPLACE\",\"replacement\":{\"clear\":\"AQID\",\"personal\":\"BAUG\"},\"reason\":\"TYPO\",\"discoveredAt\":\"2026-05-04T01:00:00Z\"}}"},
    {"relapse", HEAD("case.relapse_detected") "\"note\":\"hanya bagian pribadi\",\"caseRelapseDetected\":{\"reference\":\"TRAINING_COMPLETED\",\"referenceOn\":\"2026-07-17\",\"contactOn\":\"2026-11-15\",\"days\":121,\"window\":\"D14_183\"}}"},
    {"seat_changed", HEAD("seat.allocation_changed") "\"seatAllocationChanged\":{\"allocationId\":" ID ",\"slotId\":" ID ",\"seatNo\":1,\"change\":\"HELD\",\"holdUntil\":\"2026-05-07T01:00:00Z\",\"cause\":" PLACE ",\"person\":{\"personRef\":" ID ",\"fullName\":\"Siti\",\"sex\":\"FEMALE\",\"ageBand\":\"A25_34\",\"healthLimits\":[\"LOW_VISION\"]},\"warnings\":[105]}}"},
}; /* clang-format on */

static int write_file(const char *folder, const char *kind, const char *name,
                      const struct sg_bytes *runs, size_t count)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    FILE *file = fopen(path, "wb");
    int bad = !file;
    for (size_t i = 0; file && i < count; i++)
        bad |= runs[i].len && fwrite(runs[i].ptr, 1, runs[i].len, file) != runs[i].len;
    bad |= file && fclose(file) != 0;
    if (bad)
        perror(path);
    return bad;
}

/* Only what a broker accepts is worth a seed. */
static int write_event(const char *folder, const char *name, const PbEnvelope *envelope)
{
    static const uint8_t salt[16] = {1, 2, 3};
    struct sg_why why = {""};
    struct sg_bytes runs[3];
    struct sg_event event;
    struct sg_fault fault = {0};
    uint8_t length[2];
    if (!envelope || sg_event_split(envelope, salt, &arena, &runs[1], &runs[2], &why) ||
        sg_event_decode(runs[1], runs[2], NULL, &arena, &event, &fault, &why) || fault.code) {
        (void)fprintf(stderr, "%s: %s %s %s\n", name, why.text, fault.object, fault.accepted);
        return 1;
    }
    sg_put_u16(length, (uint16_t)runs[1].len);
    runs[0] = (struct sg_bytes){length, sizeof length};
    return write_file(folder, "event", name, runs, SG_ARRAY_LEN(runs));
}

static PbEnvelope *read_json(const char *text)
{
    struct sg_fault fault = {0};
    PbEnvelope *envelope = NULL;
    json_t *json = sg_json_parse(text, strlen(text), &fault);
    if (json && !sg_json_to(json, &pb_envelope__descriptor, &arena, &envelope, &fault))
        (void)fprintf(stderr, "%s: %s\n", fault.object, fault.accepted);
    json_decref(json);
    return envelope;
}

static int write_events(const char *folder)
{
    struct sample sample;
    struct sg_id id, other = {{1, 2, 3}};
    const struct sample_wish wish = {other, other, true, true};
    int bad = 0;
    sample_init(&sample, 7, now_ms, 1);
    bad |= write_event(folder, "referral", sample_referral(&sample, &arena, &id));
    bad |= write_event(folder, "decided", sample_decision(&sample, &arena, &id));
    bad |= write_event(folder, "assessment", sample_assessment(&sample, &arena, &other));
    bad |= write_event(folder, "slot", sample_slot(&sample, &arena, 4, &id));
    bad |= write_event(folder, "request", sample_request(&sample, &arena, &wish));
    bad |=
        write_event(folder, "seat",
                    sample_seat(&sample, &arena, "disnaker", &other, PB_SEAT_DECISION_CONFIRMED));
    for (size_t i = 0; i < SG_ARRAY_LEN(events); i++)
        bad |= write_event(folder, events[i].name, read_json(events[i].json));
    return bad;
}

static int write_frame(const char *folder, const char *name, const void *frame)
{
    struct sg_bytes body;
    return sg_encode(frame, &arena, &body, NULL) || write_file(folder, "body", name, &body, 1);
}

static const struct {
    const char *name, *json;
    bool server;
} frames[] = {
    /* clang-format off */
    {"hello", "{\"hello\":{\"protocol\":1,\"clientVersion\":\"0.1.0\",\"seen\":{\"epoch\":0,\"height\":9,\"hash\":\"AQID\"},\"outboxes\":[" ID "," ID "]}}", false},
    {"publish", "{\"publish\":{\"outboxId\":" ID ",\"firstNumber\":7,\"signature\":\"AQID\",\"events\":[{\"clear\":\"AQID\",\"personal\":\"BAUG\"},{\"clear\":\"AQID\"}]}}", false},
    {"subscribe", "{\"subscribe\":{\"name\":\"dinsos.all\",\"types\":[\"slot.*\",\"referral.submitted\"],\"start\":\"SEQ\",\"seq\":12,\"takeOver\":true}}", false},
    {"ack", "{\"ack\":{\"subscription\":\"dinsos.all\",\"throughSeq\":12}}", false},
    {"nack", "{\"nack\":{\"subscription\":\"dinsos.all\",\"seq\":12,\"reason\":\"basis data mati\",\"retryAfterMs\":500}}", false},
    {"query", "{\"query\":{\"requestNo\":1,\"kind\":\"SEATS\",\"slotId\":" ID "}}", false},
    {"admin", "{\"admin\":{\"requestNo\":2,\"clockAccept\":true}}", false},
    {"ping", "{\"ping\":{\"token\":7}}", false},
    {"bye", "{\"bye\":{\"code\":65,\"error\":{\"code\":65,\"name\":\"E_BUSY\",\"retryAfterMs\":500}}}", false},
    {"result", "{\"publishResult\":{\"outboxId\":" ID ",\"firstNumber\":7,\"outcomes\":[{\"number\":7,\"status\":\"ACCEPTED\",\"seq\":12,\"minted\":[{\"kind\":\"CASE\",\"id\":" ID "}],\"warnings\":[105],\"inclusion\":{\"leafIndex\":1,\"path\":\"AQID\"}},{\"number\":8,\"status\":\"REJECTED\",\"error\":{\"code\":5}}],\"blocks\":[{\"height\":3,\"count\":2}]}}", true},
    {"deliver", "{\"deliver\":{\"subscription\":\"dinsos.all\",\"deliveries\":[{\"seq\":12,\"place\":" PLACE ",\"envelope\":\"AQID\"}],\"head\":{\"height\":3}}}", true},
}; /* clang-format on */

static int write_frames(const char *folder)
{
    int bad = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(frames); i++) {
        struct sg_fault fault = {0};
        void *frame = NULL;
        json_t *json = sg_json_parse(frames[i].json, strlen(frames[i].json), &fault);
        if (!json || !sg_json_to(json,
                                 frames[i].server ? &pb_server_frame__descriptor
                                                  : &pb_client_frame__descriptor,
                                 &arena, &frame, &fault)) {
            (void)fprintf(stderr, "%s: %s %s\n", frames[i].name, fault.object, fault.accepted);
            bad = 1;
        } else {
            bad |= write_frame(folder, frames[i].name, frame);
        }
        json_decref(json);
    }
    return bad;
}

int main(int argc, char **argv)
{
    struct sg_why why = {""};
    if (argc != 2) {
        (void)fputs("usage: seed FOLDER\n", stderr);
        return 2;
    }
    if (sg_arena_init(&arena, ARENA_BYTES, &why)) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    int bad = write_events(argv[1]);
    bad |= write_frames(argv[1]);
    sg_arena_done(&arena);
    return bad;
}
