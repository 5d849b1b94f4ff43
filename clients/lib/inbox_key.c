#include "lib/inbox_key.h"

#include "wire/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define KEY_FILE "inbox.key"
#define NEXT_FILE "inbox.key.new"

enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
static_assert(INBOX_SEAL_BYTES == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
              "nonce and tag");
static_assert(INBOX_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
static_assert(sizeof(struct inbox_key) == INBOX_KEY_ID_BYTES + INBOX_KEY_BYTES, "as in the file");

void inbox_key_make(struct inbox_key *out_key)
{
    sg_random(out_key, sizeof *out_key);
}

void inbox_key_done(struct inbox_key *key)
{
    sodium_memzero(key, sizeof *key);
}

/* ---- files ------------------------------------------------------------------------------- */

static enum sg_err fail(const char *path, struct sg_why *why)
{
    return sg_fail(why, SG_E_STORE, "%s: %s", path, strerror(errno));
}

static const char *path_of(const char *folder, const char *name, char to[INBOX_KEY_PATH_MAX])
{
    (void)snprintf(to, INBOX_KEY_PATH_MAX, "%s/%s", folder, name); /* box_open took the folder */
    return to;
}

/* SG_E_NOT_FOUND: it is not there, not whole, or another key. */
static enum sg_err read_file(const char *folder, const char *name, const uint8_t *id,
                             struct inbox_key *out_key, struct sg_why *why)
{
    char path[INBOX_KEY_PATH_MAX];
    struct inbox_key key;
    SG_AUTO(sg_fd_done)
    int fd = open(path_of(folder, name, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        return fail(path, why);
    ssize_t got = fd < 0 ? 0 : read(fd, &key, sizeof key);
    if (got < 0)
        return fail(path, why);
    if (got != (ssize_t)sizeof key || memcmp(key.id, id, sizeof key.id) != 0)
        return sg_fail(why, SG_E_NOT_FOUND, "%s: another key", path);
    *out_key = key;
    inbox_key_done(&key);
    return SG_OK;
}

static bool sync_folder(const char *folder)
{
    SG_AUTO(sg_fd_done) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* The old key ends here: its bytes are overwritten before its file goes. */
static enum sg_err replace(const char *folder, struct sg_why *why)
{
    static const uint8_t zero[sizeof(struct inbox_key)];
    char from[INBOX_KEY_PATH_MAX], to[INBOX_KEY_PATH_MAX];
    (void)path_of(folder, NEXT_FILE, from);
    SG_AUTO(sg_fd_done)
    int fd = open(path_of(folder, KEY_FILE, to), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (pwrite(fd, zero, sizeof zero, 0) != (ssize_t)sizeof zero || fsync(fd) != 0))
        return fail(to, why);
    if (rename(from, to) != 0 || !sync_folder(folder))
        return fail(to, why);
    return SG_OK;
}

enum sg_err inbox_key_read(const char *folder, const uint8_t *id, bool finish,
                           struct inbox_key *out_key, struct sg_why *why)
{
    enum sg_err err = read_file(folder, KEY_FILE, id, out_key, why);
    if (err != SG_E_NOT_FOUND)
        return err;
    err = read_file(folder, NEXT_FILE, id, out_key, why);
    if (err == SG_E_NOT_FOUND) /* renamed between the two looks */
        return read_file(folder, KEY_FILE, id, out_key, why);
    return !err && finish ? replace(folder, why) : err;
}

enum sg_err inbox_key_write(const char *folder, const struct inbox_key *key, struct sg_why *why)
{
    char path[INBOX_KEY_PATH_MAX];
    SG_AUTO(sg_fd_done)
    int fd = open(path_of(folder, NEXT_FILE, path),
                  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, key, sizeof *key) != (ssize_t)sizeof *key || fsync(fd) != 0 ||
        !sync_folder(folder))
        return fail(path, why);
    return SG_OK;
}

/* ---- sealing ----------------------------------------------------------------------------- */

enum sg_err inbox_seal(const struct inbox_key *key, struct sg_bytes place, struct sg_bytes plain,
                       struct sg_arena *arena, struct sg_bytes *out_sealed, struct sg_why *why)
{
    uint8_t *to = sg_arena_alloc(arena, plain.len + INBOX_SEAL_BYTES);
    if (!to)
        return sg_fail(why, SG_E_LIMIT, "no room to seal %zu bytes", plain.len);
    sg_random(to, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE_BYTES, NULL, plain.ptr, plain.len,
                                                     place.ptr, place.len, NULL, to, key->secret);
    *out_sealed = (struct sg_bytes){to, plain.len + INBOX_SEAL_BYTES};
    return SG_OK;
}

enum sg_err inbox_unseal(const struct inbox_key *key, struct sg_bytes place, struct sg_bytes sealed,
                         struct sg_arena *arena, struct sg_bytes *out_plain, struct sg_why *why)
{
    if (sealed.len < INBOX_SEAL_BYTES)
        return sg_fail(why, SG_E_STORE, "inbox.mdb: a row of %zu bytes", sealed.len);
    size_t length = sealed.len - INBOX_SEAL_BYTES;
    uint8_t *to = sg_arena_alloc(arena, length + 1);
    if (!to)
        return sg_fail(why, SG_E_LIMIT, "no room for %zu bytes", length);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(to, NULL, NULL, sealed.ptr + NONCE_BYTES,
                                                   sealed.len - NONCE_BYTES, place.ptr, place.len,
                                                   sealed.ptr, key->secret) != 0)
        return sg_fail(why, SG_E_STORE, "inbox.mdb: a row that its key does not open");
    *out_plain = (struct sg_bytes){to, length};
    return SG_OK;
}
