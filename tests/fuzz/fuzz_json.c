#include "kit/check.h"
#include "wire/codec.h"
#include "wire/json.h"

#include <stdlib.h>

enum { ARENA = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static PbEnvelope *read(const char *text, size_t size, struct sg_arena *arena,
                        struct sg_fault *fault)
{
    PbEnvelope *envelope = NULL;
    json_t *json = sg_json_parse(text, size, fault);
    if (json && !sg_json_to(json, &pb_envelope__descriptor, arena, &envelope, fault))
        SG_CHECK(!envelope);
    json_decref(json);
    return envelope;
}

/* Any text is refused with a code and a rule, or gives an event whose JSON is an event of the same
 * bytes. Seeds: tests/fuzz/corpus/json/. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sg_arena arena;
    struct sg_fault fault = {0};
    struct sg_bytes first, second;
    SG_CHECK(arena.base || sg_arena_init(&arena, ARENA, NULL) == SG_OK);
    sg_arena_reset(&arena, 0);

    PbEnvelope *envelope = read((const char *)data, size, &arena, &fault);
    if (!envelope) {
        SG_CHECK(fault.code == SG_ST_SCHEMA || fault.code == SG_ST_BAD_CODE);
        SG_CHECK(fault.detail[0] && fault.accepted[0]);
        return 0;
    }
    SG_CHECK(sg_encode(envelope, &arena, &first, NULL) == SG_OK);

    json_t *json = sg_json_of(envelope);
    SG_CHECK(json);
    char *text = json_dumps(json, JSON_COMPACT);
    SG_CHECK(text);
    PbEnvelope *again = read(text, strlen(text), &arena, &fault);
    SG_CHECK(again && sg_encode(again, &arena, &second, NULL) == SG_OK);
    SG_CHECK(sg_bytes_equal(first, second));
    json_decref(json);
    free(text);
    return 0;
}
