#include "kit/check.h"
#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two bytes tell the length of the clear part. What is taken, splits into parts that are taken and
 * hold the same event; nothing personal stands in the clear part. Seeds: tests/fuzz/corpus/event.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) uint8_t room[4 << 20];
    struct sg_arena arena = {.base = room, .size = sizeof room};
    struct sg_event event, again;
    struct sg_fault fault;
    struct sg_bytes parts[2], first, second;
    if (size < 2)
        return 0;
    size_t clear = sg_get_u16(data);
    clear = clear < size - 2 ? clear : size - 2;
    if (sg_event_decode((struct sg_bytes){data + 2, clear},
                        (struct sg_bytes){data + 2 + clear, size - 2 - clear}, NULL, &arena, &event,
                        &fault, NULL) ||
        fault.code)
        return 0;
    SG_CHECK(sg_event_split(event.envelope, NULL, &arena, &parts[0], &parts[1], NULL) == SG_OK);
    SG_CHECK(sg_event_decode(parts[0], parts[1], NULL, &arena, &again, &fault, NULL) == SG_OK);
    SG_CHECK(fault.code == 0);
    SG_CHECK(sg_encode(event.envelope, &arena, &first, NULL) == SG_OK);
    SG_CHECK(sg_encode(again.envelope, &arena, &second, NULL) == SG_OK);
    SG_CHECK(sg_bytes_equal(first, second));
    return 0;
}
