/* store_fixture.h - a store in a folder of its own, for the tests of daemon/store. */
#ifndef SINERGI_STORE_FIXTURE_H
#define SINERGI_STORE_FIXTURE_H

#include "kit/check.h"
#include "store/block.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE_ARENA_BYTES ((size_t)32 << 20)
#define FIXTURE_TIME_MS INT64_C(1777862400000)

struct fixture {
    char folder[256], path[300], head[300];
    struct env_options options;
    struct sg_id store_id;
    struct env *env;
    struct sg_arena arena;
    uint8_t sign_public[32], sign_secret[64];
    int64_t now_ms;
};

static inline void fixture_open(struct fixture *f)
{
    struct sg_why why = {0};
    UNIT_OK(env_open(&f->options, &f->env, &why));
}

/* A folder, keys and an arena; the store itself is made and opened with fixture_make. */
static inline void fixture_begin(struct fixture *f, size_t map_bytes)
{
    struct sg_why why = {0};
    *f = (struct fixture){.now_ms = FIXTURE_TIME_MS, .store_id = {{0x01, 0x96, 7}}};
    UNIT_OK(sg_crypto_init(&why));
    const char *base = getenv("TMPDIR");
    (void)snprintf(f->folder, sizeof f->folder,
                   "%s/sg-store-XX"
                   "XX"
                   "XX",
                   base ? base : P_tmpdir);
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/store.mdb", f->folder);
    (void)snprintf(f->head, sizeof f->head, "%s/head", f->folder);
    f->options = (struct env_options){
        .path = f->path, .head_path = f->head, .map_bytes = map_bytes, .no_sync = true};
    UNIT_OK(sg_arena_init(&f->arena, FIXTURE_ARENA_BYTES, &why));
    static const uint8_t seed[32] = {1, 2, 3};
    assert_int_equal(crypto_sign_seed_keypair(f->sign_public, f->sign_secret, seed), 0);
}

static inline void fixture_make(struct fixture *f, size_t map_bytes)
{
    struct sg_why why = {0};
    fixture_begin(f, map_bytes);
    UNIT_OK(env_create(&f->options, &f->store_id, &why));
    fixture_open(f);
}

static inline void fixture_end(struct fixture *f)
{
    static const char *const names[] = {"",          "-lock", ".pid",      ".tmp",
                                        ".tmp-lock", ".copy", ".copy.pid", ".copy-lock"};
    env_close(&f->env);
    sg_arena_done(&f->arena);
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        char name[400];
        (void)snprintf(name, sizeof name, "%s%s", f->path, names[i]);
        (void)unlink(name);
    }
    (void)unlink(f->head);
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was left behind */
}

/* ---- whole files ---- */

static inline uint8_t *fixture_read_file(const char *path, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    *out_size = (size_t)st.st_size;
    uint8_t *bytes = malloc(*out_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, *out_size), (ssize_t)*out_size);
    (void)close(fd);
    return bytes;
}

static inline void fixture_write_file(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    (void)close(fd);
}

/* ---- records ---- */

/* Append `count` records for the given readers (agencies separated by blanks). */
static inline enum sg_err fixture_append(struct block_builder *b, unsigned count, uint32_t type,
                                         const char *readers, size_t clear_bytes,
                                         size_t personal_bytes, struct sg_why *why)
{
    static const uint8_t text[16384] = {'c', 'l', 'e', 'a', 'r'};
    enum sg_err err = SG_OK;
    for (unsigned i = 0; !err && i < count; i++) {
        PbRecordRest *rest = SG_NEW(b->arena, PbRecordRest);
        char *names = sg_arena_text(b->arena, sg_bytes_of(readers));
        if (!rest || !names)
            return SG_E_LIMIT;
        pb_record_rest__init(rest);
        rest->audience = SG_NEW_ARRAY(b->arena, PbReader *, 64);
        for (char *save = NULL, *at = strtok_r(names, " ", &save); at;
             at = strtok_r(NULL, " ", &save)) {
            PbReader *reader = SG_NEW(b->arena, PbReader);
            if (!reader || !rest->audience)
                return SG_E_LIMIT;
            pb_reader__init(reader);
            reader->agency = at;
            rest->audience[rest->n_audience++] = reader;
        }
        rest->has_kind = rest->has_type = true;
        rest->kind = PB_RECORD_KIND_ACCEPTED;
        rest->type = type;
        struct record record = {
            .outbox_id = {{0xab, 1}},
            .number = b->next_seq + 100,
            .clear = {text, clear_bytes},
            .personal = {text + 1, personal_bytes},
        };
        err = block_append(b, &record, rest, why);
    }
    return err;
}

/* One turn: a block of `count` records, committed. */
static inline enum sg_err fixture_try_block(struct fixture *f, unsigned count, const char *readers,
                                            struct signed_block *out_block, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct block_builder builder = {0};
    struct sg_merkle tree;
    sg_arena_reset(&f->arena, 0);
    f->now_ms += 1000;
    enum sg_err err = txn_begin(&txn, f->env, TXN_WRITE, why);
    if (!err)
        err = block_begin(&builder, &txn, &f->arena, f->now_ms, f->sign_secret, why);
    if (!err)
        err = fixture_append(&builder, count, 101, readers, 150, 100, why);
    if (!err)
        err = block_seal(&builder, out_block, &tree, why);
    return err ? err : txn_commit(&txn, why);
}

static inline struct signed_block fixture_block(struct fixture *f, unsigned count,
                                                const char *readers)
{
    struct sg_why why = {0};
    struct signed_block block = {0};
    UNIT_OK(fixture_try_block(f, count, readers, &block, &why));
    return block;
}

static inline enum sg_err fixture_verify(struct fixture *f, uint64_t *out_records,
                                         struct sg_why *why)
{
    return block_verify_all(f->env, f->sign_public, NULL, out_records, why);
}

#endif
