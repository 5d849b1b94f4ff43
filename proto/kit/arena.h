/* arena.h - bounded allocation that is freed at once.
 *
 * Decoding and deciding allocate from the arena of the turn. Memory comes zeroed and aligned to
 * 16 bytes. When it is spent, every further call returns NULL and `spent` stays set: the caller
 * gives up its work, not the process.
 */
#ifndef SINERGI_KIT_ARENA_H
#define SINERGI_KIT_ARENA_H

#include "kit/bytes.h"
#include "kit/err.h"

struct sg_arena {
    uint8_t *base;
    size_t size, used;
    bool spent;
};

/* Take `size` bytes of address space; pages cost memory only once they are used. Free with
 * sg_arena_done. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err sg_arena_init(struct sg_arena *arena, size_t size, struct sg_why *why);
void sg_arena_done(struct sg_arena *arena);

/* Zeroed bytes that live until the arena is reset below them; NULL when there is no room. */
void *sg_arena_alloc(struct sg_arena *arena, size_t size);
void *sg_arena_copy(struct sg_arena *arena, const void *from, size_t size);
/* The same for bytes that were written into the free part of the arena itself. */
void *sg_arena_move(struct sg_arena *arena, const void *from, size_t size);
/* A copy with a NUL behind it. */
char *sg_arena_text(struct sg_arena *arena, struct sg_bytes text);
SG_PRINTF(2, 3) char *sg_arena_format(struct sg_arena *arena, const char *fmt, ...);

/* Free everything that was allocated since `used` was read from the arena. Clears `spent`. */
void sg_arena_reset(struct sg_arena *arena, size_t used);

#define SG_NEW(arena, type) ((type *)sg_arena_alloc((arena), sizeof(type)))
#define SG_NEW_ARRAY(arena, type, n) ((type *)sg_arena_alloc((arena), sizeof(type) * (n)))

#endif
