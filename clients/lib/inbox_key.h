/* inbox_key.h - the key under which deliveries wait in the inbox, and its end.
 *
 * LMDB copies on write: what was deleted stays in free pages, and stale memory in pages that are
 * written, for nobody knows how long. So a delivery never reaches the file readable: it is sealed
 * (XChaCha20-Poly1305, bound to its subscription and seq) under a key that lies beside it, in
 * inbox.key (mode 0600). Another key makes every old copy unreadable at once; what waits is sealed
 * anew. The id of the key in use is a row of the inbox, so that it changes with what is sealed:
 *
 *   write inbox.key.new -> commit rows and id -> inbox.key.new becomes inbox.key
 *
 * and whoever finds the id in inbox.key.new only does the last step.
 */
#ifndef SINERGI_LIB_INBOX_KEY_H
#define SINERGI_LIB_INBOX_KEY_H

#include "kit/arena.h"

enum {
    INBOX_KEY_ID_BYTES = 8,
    INBOX_KEY_BYTES = 32,
    INBOX_KEY_PATH_MAX = 512,
    INBOX_SEAL_BYTES = 24 + 16, /* what a sealed delivery is longer */
};

struct inbox_key {
    uint8_t id[INBOX_KEY_ID_BYTES], secret[INBOX_KEY_BYTES];
};

void inbox_key_make(struct inbox_key *out_key);
/* Zero it. */
void inbox_key_done(struct inbox_key *key);

/* The key with this id. `finish`: make inbox.key.new take its place if it is there (in a write
 * transaction only, where no other process changes it).
 * Errors: SG_E_NOT_FOUND: no file has it; SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_key_read(const char *folder, const uint8_t *id, bool finish,
                                         struct inbox_key *out_key, struct sg_why *why);
/* Write inbox.key.new, durably. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_key_write(const char *folder, const struct inbox_key *key,
                                          struct sg_why *why);

/* In the arena. `place` is what the row is known by. Errors: SG_E_LIMIT; of opening also
 * SG_E_STORE: another key, another place, or damaged. */
SG_MUST_CHECK enum sg_err inbox_seal(const struct inbox_key *key, struct sg_bytes place,
                                     struct sg_bytes plain, struct sg_arena *arena,
                                     struct sg_bytes *out_sealed, struct sg_why *why);
SG_MUST_CHECK enum sg_err inbox_unseal(const struct inbox_key *key, struct sg_bytes place,
                                       struct sg_bytes sealed, struct sg_arena *arena,
                                       struct sg_bytes *out_plain, struct sg_why *why);

#endif
