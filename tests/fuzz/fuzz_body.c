#include "kit/check.h"
#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const ProtobufCMessageDescriptor *descriptor, struct sg_bytes bytes)
{
    static _Alignas(16) uint8_t room[2][2 << 20];
    struct sg_arena first = {.base = room[0], .size = sizeof room[0]};
    struct sg_arena second = {.base = room[1], .size = sizeof room[1]};
    void *frame = NULL, *again = NULL;
    struct sg_bytes wire, twice;
    struct sg_why why = {""};
    if (sg_decode(descriptor, bytes, &first, &frame, &why)) {
        SG_CHECK(why.text[0] && !frame && !first.spent);
        return;
    }
    SG_CHECK(first.used <= 2 * SG_DECODE_BUDGET(bytes.len)); /* each piece is padded */
    SG_CHECK(sg_encode(frame, &first, &wire, NULL) == SG_OK);
    SG_CHECK(sg_decode_row(descriptor, wire, &second, &again, NULL) == SG_OK);
    SG_CHECK(sg_encode(again, &second, &twice, NULL) == SG_OK);
    SG_CHECK(sg_bytes_equal(wire, twice));
}

/* Any bytes are a frame or are refused, within the budget; and what decodes, encodes to bytes that
 * decode to the same bytes again. Both directions. Seeds: tests/fuzz/corpus/body, made by
 * tests/fuzz/seed.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SG_BODY_MAX)
        return 0;
    check(&pb_client_frame__descriptor, (struct sg_bytes){data, size});
    check(&pb_server_frame__descriptor, (struct sg_bytes){data, size});
    return 0;
}
