/* bytes.h - a borrowed run of bytes, and big-endian numbers. Nothing here allocates. */
#ifndef SINERGI_KIT_BYTES_H
#define SINERGI_KIT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sg_bytes {
    const uint8_t *ptr;
    size_t len;
};

static inline struct sg_bytes sg_bytes_of(const char *text)
{
    return (struct sg_bytes){(const uint8_t *)text, strlen(text)};
}

static inline bool sg_bytes_equal(struct sg_bytes a, struct sg_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline void sg_put_u16(uint8_t *to, uint16_t n)
{
    to[0] = (uint8_t)(n >> 8);
    to[1] = (uint8_t)n;
}

static inline void sg_put_u32(uint8_t *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static inline void sg_put_u64(uint8_t *to, uint64_t n)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(n >> (56 - 8 * i));
}

static inline uint16_t sg_get_u16(const uint8_t *from)
{
    return (uint16_t)((uint16_t)(from[0] << 8) | from[1]);
}

static inline uint32_t sg_get_u32(const uint8_t *from)
{
    uint32_t n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 8 | from[i];
    return n;
}

static inline uint64_t sg_get_u64(const uint8_t *from)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | from[i];
    return n;
}

#endif
