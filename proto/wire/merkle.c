#include "wire/merkle.h"

#include "kit/check.h"
#include "wire/sign.h"

#include <string.h>

static void node(const uint8_t *left, const uint8_t *right, uint8_t out[SG_HASH_BYTES])
{
    uint8_t bytes[1 + 2 * SG_HASH_BYTES] = {1};
    memcpy(bytes + 1, left, SG_HASH_BYTES);
    memcpy(bytes + 1 + SG_HASH_BYTES, right, SG_HASH_BYTES);
    sg_hash((struct sg_bytes){bytes, sizeof bytes}, out);
}

/* Pairing neighbours level by level and carrying a lone last node up gives the tree of RFC 6962. */
enum sg_err sg_merkle_build(const uint8_t *leaves, size_t count, struct sg_arena *arena,
                            struct sg_merkle *out_tree, struct sg_why *why)
{
    SG_CHECK(count >= 1 && count <= UINT32_MAX);
    struct sg_merkle tree = {.leaf_count = count, .level_count = 1};
    tree.levels[0] = (struct sg_merkle_level){count, leaves};
    while (count > 1) {
        const uint8_t *below = tree.levels[tree.level_count - 1].hashes;
        size_t above_count = (count + 1) / 2;
        uint8_t *above = SG_NEW_ARRAY(arena, uint8_t, above_count * SG_HASH_BYTES);
        if (!above)
            return sg_fail(why, SG_E_LIMIT, "tree of %zu leaves: the arena is full", count);
        for (size_t i = 0; i + 1 < count; i += 2)
            node(below + i * SG_HASH_BYTES, below + (i + 1) * SG_HASH_BYTES,
                 above + i / 2 * SG_HASH_BYTES);
        if (count % 2)
            memcpy(above + (above_count - 1) * SG_HASH_BYTES, below + (count - 1) * SG_HASH_BYTES,
                   SG_HASH_BYTES);
        tree.levels[tree.level_count++] = (struct sg_merkle_level){above_count, above};
        count = above_count;
    }
    *out_tree = tree;
    return SG_OK;
}

const uint8_t *sg_merkle_root(const struct sg_merkle *tree)
{
    return tree->levels[tree->level_count - 1].hashes;
}

size_t sg_merkle_path(const struct sg_merkle *tree, size_t index, uint8_t out_path[32 * 32])
{
    size_t written = 0;
    SG_CHECK(index < tree->leaf_count);
    for (size_t level = 0; level + 1 < tree->level_count; level++) {
        size_t sibling = index ^ 1;
        if (sibling < tree->levels[level].count) {
            memcpy(out_path + written, tree->levels[level].hashes + sibling * SG_HASH_BYTES,
                   SG_HASH_BYTES);
            written += SG_HASH_BYTES;
        }
        index /= 2;
    }
    return written;
}

bool sg_merkle_verify(const uint8_t leaf[SG_HASH_BYTES], size_t index, size_t count,
                      struct sg_bytes path, const uint8_t root[SG_HASH_BYTES])
{
    if (index >= count || path.len % SG_HASH_BYTES)
        return false;
    uint8_t hash[SG_HASH_BYTES];
    memcpy(hash, leaf, SG_HASH_BYTES);
    size_t used = 0;
    for (; count > 1; count = (count + 1) / 2, index /= 2) {
        if ((index ^ 1) >= count)
            continue; /* a lone last node is carried up as it is */
        if (used == path.len)
            return false;
        const uint8_t *sibling = path.ptr + used;
        used += SG_HASH_BYTES;
        if (index % 2)
            node(sibling, hash, hash);
        else
            node(hash, sibling, hash);
    }
    return used == path.len && memcmp(hash, root, SG_HASH_BYTES) == 0;
}
