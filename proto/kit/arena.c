#include "kit/arena.h"

#include "kit/check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

enum { ALIGN = 16 };

enum sg_err sg_arena_init(struct sg_arena *arena, size_t size, struct sg_why *why)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return sg_fail(why, SG_E_SYS, "arena of %zu bytes: %s", size, strerror(errno));
    *arena = (struct sg_arena){.base = base, .size = size};
    return SG_OK;
}

void sg_arena_done(struct sg_arena *arena)
{
    if (arena->base)
        (void)munmap(arena->base, arena->size);
    *arena = (struct sg_arena){0};
}

/* Room that still holds what was there. */
static void *take(struct sg_arena *arena, size_t size, size_t *out_padded)
{
    if (arena->spent || size > arena->size - arena->used) {
        arena->spent = true;
        return NULL;
    }
    size_t padded = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (padded > arena->size - arena->used) {
        arena->spent = true;
        return NULL;
    }
    void *at = arena->base + arena->used;
    arena->used += padded;
    *out_padded = padded;
    return at;
}

void *sg_arena_alloc(struct sg_arena *arena, size_t size)
{
    size_t padded = 0;
    void *at = take(arena, size, &padded);
    if (at)
        memset(at, 0, padded);
    return at;
}

void *sg_arena_move(struct sg_arena *arena, const void *from, size_t size)
{
    size_t padded = 0;
    void *at = take(arena, size, &padded);
    if (at && size)
        memmove(at, from, size);
    return at;
}

void *sg_arena_copy(struct sg_arena *arena, const void *from, size_t size)
{
    void *at = sg_arena_alloc(arena, size);
    if (at && size)
        memcpy(at, from, size);
    return at;
}

char *sg_arena_text(struct sg_arena *arena, struct sg_bytes text)
{
    char *at = sg_arena_alloc(arena, text.len + 1);
    if (at && text.len)
        memcpy(at, text.ptr, text.len);
    return at;
}

char *sg_arena_format(struct sg_arena *arena, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (len < 0)
        return NULL;
    size_t kept = (size_t)len < sizeof line ? (size_t)len : sizeof line - 1;
    return sg_arena_text(arena, (struct sg_bytes){(const uint8_t *)line, kept});
}

void sg_arena_reset(struct sg_arena *arena, size_t used)
{
    SG_CHECK(used <= arena->used);
    arena->used = used;
    arena->spent = false;
}
