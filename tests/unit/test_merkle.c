#include "unit/unit.h"
#include "unit/vectors.h"
#include "wire/merkle.h"
#include "wire/sign.h"

enum { LEAVES_MAX = 67, ARENA = 1 << 20 };

static struct sg_arena arena;
static uint8_t leaves[LEAVES_MAX * 32];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES_MAX; i++)
        memset(leaves + 32 * i, (int)i + 1, 32);
    return sg_arena_init(&arena, ARENA, NULL) != SG_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

/* The definition of RFC 6962 as it stands: split at the largest power of two below the count. */
static void root_by_definition(const uint8_t *of, size_t count, uint8_t out[32])
{
    if (count == 1) {
        memcpy(out, of, 32);
        return;
    }
    size_t left = 1;
    while (left * 2 < count)
        left *= 2;
    uint8_t bytes[65] = {1};
    root_by_definition(of, left, bytes + 1);
    root_by_definition(of + 32 * left, count - left, bytes + 33);
    sg_hash((struct sg_bytes){bytes, sizeof bytes}, out);
}

static void roots_and_paths_are_those_of_the_vectors(void **state)
{
    (void)state;
    struct sg_why why;
    uint8_t five[5 * 32], want[VECTOR_MAX], path[32 * 32];
    struct sg_merkle tree;
    for (size_t i = 0; i < 5; i++)
        vector_n("leaf-", i, five + 32 * i, 32);
    for (size_t n = 1; n <= 5; n++) {
        UNIT_OK(sg_merkle_build(five, n, &arena, &tree, &why));
        vector_n("root-", n, want, 32);
        assert_memory_equal(sg_merkle_root(&tree), want, 32);
    }
    for (size_t i = 0; i < 5; i++) {
        size_t len = vector_n("path-", i, want, 0);
        assert_int_equal(sg_merkle_path(&tree, i, path), len);
        assert_memory_equal(path, want, len);
    }
}

static void every_path_leads_to_the_root_by_definition(void **state)
{
    (void)state;
    struct sg_why why;
    for (size_t count = 1; count <= LEAVES_MAX; count++) {
        struct sg_merkle tree;
        uint8_t root[32], path[32 * 32];
        sg_arena_reset(&arena, 0);
        UNIT_OK(sg_merkle_build(leaves, count, &arena, &tree, &why));
        root_by_definition(leaves, count, root);
        assert_memory_equal(sg_merkle_root(&tree), root, 32);
        for (size_t i = 0; i < count; i++) {
            struct sg_bytes of = {path, sg_merkle_path(&tree, i, path)};
            if (!sg_merkle_verify(leaves + 32 * i, i, count, of, root))
                fail_msg("leaf %zu of %zu", i, count);
            for (size_t j = 0; j < count; j++)
                if (j != i && sg_merkle_verify(leaves + 32 * i, j, count, of, root))
                    fail_msg("leaf %zu of %zu also stands at %zu", i, count, j);
        }
    }
}

static void wrong_proofs_are_refused(void **state)
{
    (void)state;
    enum { COUNT = 5, INDEX = 2 };
    struct sg_why why;
    struct sg_merkle tree;
    uint8_t path[33 * 32] = {0}, root[32], leaf[32];
    sg_arena_reset(&arena, 0);
    UNIT_OK(sg_merkle_build(leaves, COUNT, &arena, &tree, &why));
    size_t len = sg_merkle_path(&tree, INDEX, path);
    memcpy(root, sg_merkle_root(&tree), 32);
    memcpy(leaf, leaves + 32 * INDEX, 32);
    const struct row {
        const char *name;
        size_t index, count, len;
        uint8_t *flip;
        bool want;
    } rows[] = {
        {"as it is", INDEX, COUNT, len, NULL, true},
        {"another leaf", INDEX, COUNT, len, leaf, false},
        {"another root", INDEX, COUNT, len, root + 31, false},
        {"another sibling", INDEX, COUNT, len, path, false},
        {"another last sibling", INDEX, COUNT, len, path + len - 1, false},
        {"index behind the end", COUNT, COUNT, len, NULL, false},
        {"the neighbour's index", INDEX + 1, COUNT, len, NULL, false},
        {"no leaf at all", 0, 0, len, NULL, false},
        {"a path too short", INDEX, COUNT, len - 32, NULL, false},
        {"a path too long", INDEX, COUNT, len + 32, NULL, false},
        {"half a hash", INDEX, COUNT, len - 16, NULL, false},
        {"no path", INDEX, COUNT, 0, NULL, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        if (row->flip)
            *row->flip ^= 1;
        if (sg_merkle_verify(leaf, row->index, row->count, (struct sg_bytes){path, row->len},
                             root) != row->want)
            fail_msg("%s: want %d", row->name, row->want);
        if (row->flip)
            *row->flip ^= 1;
    }
}

static void a_full_arena_is_a_limit(void **state)
{
    (void)state;
    struct sg_arena small = {0};
    struct sg_merkle tree = {.leaf_count = 77};
    struct sg_why why;
    UNIT_OK(sg_arena_init(&small, 64, &why));
    assert_int_equal(sg_merkle_build(leaves, 8, &small, &tree, &why), SG_E_LIMIT);
    assert_int_equal(tree.leaf_count, 77); /* untouched */
    sg_arena_done(&small);
}

int main(void)
{
    struct sg_why why;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_and_paths_are_those_of_the_vectors),
        cmocka_unit_test(every_path_leads_to_the_root_by_definition),
        cmocka_unit_test(wrong_proofs_are_refused),
        cmocka_unit_test(a_full_arena_is_a_limit),
    };
    return sg_crypto_init(&why) || cmocka_run_group_tests(tests, set_up, tear_down);
}
