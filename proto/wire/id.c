#include "wire/id.h"

#include "wire/sign.h"

#include <stdio.h>

static void put_time(struct sg_id *id, int64_t time_ms)
{
    for (int i = 0; i < 6; i++)
        id->b[i] = (uint8_t)((uint64_t)time_ms >> (40 - 8 * i));
}

struct sg_id sg_id_make(int64_t time_ms)
{
    struct sg_id id;
    sg_random(id.b, sizeof id.b);
    put_time(&id, time_ms);
    id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f)); /* version 7 */
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f)); /* variant of RFC 9562 */
    return id;
}

struct sg_id sg_id_mint(int64_t time_ms, const uint8_t *hash)
{
    struct sg_id id;
    put_time(&id, time_ms);
    memcpy(id.b + 6, hash, 10);
    return id;
}

bool sg_id_is_zero(const struct sg_id *id)
{
    static const struct sg_id zero;
    return sg_id_equal(id, &zero);
}

bool sg_id_equal(const struct sg_id *a, const struct sg_id *b)
{
    return memcmp(a->b, b->b, SG_ID_BYTES) == 0;
}

struct sg_bytes sg_id_bytes(const struct sg_id *id)
{
    return (struct sg_bytes){id->b, SG_ID_BYTES};
}

enum sg_err sg_id_from(struct sg_bytes bytes, struct sg_id *out_id)
{
    struct sg_id id;
    if (bytes.len != SG_ID_BYTES)
        return SG_E_FORMAT;
    memcpy(id.b, bytes.ptr, SG_ID_BYTES);
    if (sg_id_is_zero(&id))
        return SG_E_FORMAT;
    *out_id = id;
    return SG_OK;
}

const char *sg_id_print(const struct sg_id *id, char to[SG_ID_TEXT])
{
    char *at = to;
    for (int i = 0; i < SG_ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += snprintf(at, 3, "%02x", id->b[i]);
    }
    return to;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum sg_err sg_id_parse(const char *text, struct sg_id *out_id)
{
    struct sg_id id;
    bool dashes = strlen(text) == SG_ID_TEXT - 1;
    if (!dashes && strlen(text) != 2 * SG_ID_BYTES)
        return SG_E_FORMAT;
    for (int i = 0; i < SG_ID_BYTES; i++) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return SG_E_FORMAT;
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return SG_E_FORMAT;
        id.b[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return sg_id_from(sg_id_bytes(&id), out_id);
}
