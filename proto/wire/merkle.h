/* merkle.h - the tree over the leaves of one block (shape of RFC 6962, nodes H(01|left|right)). */
#ifndef SINERGI_WIRE_MERKLE_H
#define SINERGI_WIRE_MERKLE_H

#include "kit/arena.h"
#include "wire/limits.h"

/* All levels of the tree, computed once, so that a path costs no hash. Lives in the arena. */
struct sg_merkle {
    size_t leaf_count;
    size_t level_count;
    struct sg_merkle_level {
        size_t count;
        const uint8_t *hashes; /* count * 32 bytes */
    } levels[33];
};

/* leaves: count * 32 bytes (already leaf hashes), count at least 1; borrowed as level 0.
 * Errors: SG_E_LIMIT (arena). */
SG_MUST_CHECK enum sg_err sg_merkle_build(const uint8_t *leaves, size_t count,
                                          struct sg_arena *arena, struct sg_merkle *out_tree,
                                          struct sg_why *why);
const uint8_t *sg_merkle_root(const struct sg_merkle *tree);
/* Sibling hashes from leaf to root, at most 32 of them. Returns how many bytes were written. */
size_t sg_merkle_path(const struct sg_merkle *tree, size_t index, uint8_t out_path[32 * 32]);
/* Does the path lead from the leaf at `index` of `count` to the root? */
bool sg_merkle_verify(const uint8_t leaf[SG_HASH_BYTES], size_t index, size_t count,
                      struct sg_bytes path, const uint8_t root[SG_HASH_BYTES]);

#endif
