#include "kit/check.h"
#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes are a frame or are refused, within the budget; and what decodes, encodes to bytes that
 * decode to the same bytes again. Seeds: tests/fuzz/corpus/body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) uint8_t room[2][2 << 20];
    struct sg_arena first = {.base = room[0], .size = sizeof room[0]};
    struct sg_arena second = {.base = room[1], .size = sizeof room[1]};
    PbClientFrame *frame = NULL, *again = NULL;
    struct sg_bytes wire, twice;
    if (size > SG_BODY_MAX || sg_decode(&pb_client_frame__descriptor, (struct sg_bytes){data, size},
                                        &first, &frame, NULL))
        return 0;
    SG_CHECK(first.used <= SG_DECODE_BUDGET(size) + 65536);
    if (sg_encode(frame, &first, &wire, NULL))
        return 0;
    SG_CHECK(sg_decode_row(&pb_client_frame__descriptor, wire, &second, &again, NULL) == SG_OK);
    SG_CHECK(sg_encode(again, &second, &twice, NULL) == SG_OK);
    SG_CHECK(sg_bytes_equal(wire, twice));
    return 0;
}
