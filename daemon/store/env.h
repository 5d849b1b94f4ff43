/* env.h - the LMDB environment: made, checked before it is opened, grown, closed.
 *
 * Default flags only (MDB_NOTLS | MDB_NOSUBDIR): a commit that returned is on disk. One process,
 * one environment, one writing thread. LMDB notices neither a cut nor a foreign file, so the file
 * is checked before it is mapped, and the head block against the head file.
 */
#ifndef SINERGI_STORE_ENV_H
#define SINERGI_STORE_ENV_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "store/head.h"
#include "wire/id.h"

struct env;

#define STORE_FORMAT 2U /* of the rows; another one is refused */

struct env_options {
    const char *path;      /* of the store file, "…/store.mdb" */
    const char *head_path; /* of the head file; NULL = none kept (simulator) */
    size_t map_bytes;      /* address space; 0 = 64 GiB */
    bool demo;             /* must agree with the store's own mark */
    bool no_sync;          /* simulator and refold only: MDB_NOSYNC on a store that may be lost */
};

/* Make a new store: built under a temporary name, committed, fsynced, renamed, folder fsynced.
 * Errors: SG_E_EXISTS, SG_E_STORE. */
SG_MUST_CHECK enum sg_err env_create(const struct env_options *options,
                                     const struct sg_id *store_id, struct sg_why *why);

/* Check and open. The file is not touched when it is refused.
 * Errors: SG_E_NOT_FOUND  no such file;
 *         SG_E_STORE      damaged, cut, foreign, newer format, the other kind of demo mark, behind
 *                         its head file, or another process holds it: why says which, and what to
 * do. */
SG_MUST_CHECK enum sg_err env_open(const struct env_options *options, struct env **out_env,
                                   struct sg_why *why);
void env_close(struct env **env);

/* Twice the map. The calling thread has no transaction open; those of another thread are waited
 * for, 2 s at most, and it begins no new one meanwhile. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err env_grow(struct env *env, struct sg_why *why);

/* Clear slots of dead readers; call at start, every 10 s and before growth. */
void env_reader_check(struct env *env);

/* What the head file said when the store was opened: see head.h. ABSENT and TORN want a warning. */
enum head_state env_head_state(const struct env *env);

const struct sg_id *env_store_id(const struct env *env);
bool env_is_demo(const struct env *env);

struct env_usage {
    uint64_t map_bytes, used_bytes; /* used: (last page + 1) * page size */
};
void env_usage(const struct env *env, struct env_usage *out_usage);

/* Write {epoch, height, hash} into the head file (one checksummed record, in place, fsynced); the
 * caller keeps the pace (at most once a second). Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err env_write_head(struct env *env, uint64_t epoch, uint64_t height,
                                         const uint8_t hash[SG_HASH_BYTES], struct sg_why *why);

#endif
