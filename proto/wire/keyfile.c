#include "wire/keyfile.h"

#include "kit/check.h"
#include "wire/codec.h"
#include "wire/sign.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1024, FOLDER_MAX = 4096 };

/* ---- hexadecimal and base64 ---- */

void sg_hex_print(const uint8_t *bytes, size_t size, char *to)
{
    (void)sodium_bin2hex(to, 2 * size + 1, bytes, size);
}

enum sg_err sg_hex_parse(const char *text, uint8_t *out, size_t size)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t len = strlen(text);
    if (len != 2 * size || strspn(text, digits) != len)
        return SG_E_FORMAT;
    return sodium_hex2bin(out, size, text, len, NULL, NULL, NULL) == 0 ? SG_OK : SG_E_FORMAT;
}

size_t sg_base64_room(size_t size)
{
    return sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
}

void sg_base64_print(const uint8_t *bytes, size_t size, char *to)
{
    (void)sodium_bin2base64(to, sg_base64_room(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

enum sg_err sg_base64_parse(const char *text, uint8_t *out, size_t room, size_t *out_size)
{
    static const int variants[] = {
        sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    size_t len = strlen(text), size = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(variants); i++) {
        if (sodium_base642bin(out, room, text, len, NULL, &size, NULL, variants[i]) == 0) {
            *out_size = size;
            return SG_OK;
        }
    }
    return SG_E_FORMAT;
}

/* ---- the two kinds of key ---- */

/* A line of a key file: where its value goes. A name has text_max > 0; a secret is 32 bytes. */
struct line {
    const char *name;
    size_t offset, text_max;
};

#define DEVICE(field) offsetof(struct sg_device_key, field)
#define BROKER(field) offsetof(struct sg_broker_key, field)

/* libsodium keeps the seed in the first half of the secret signing key. */
static const struct line device_lines[] = {
    {"agency", DEVICE(agency), SG_AGENCY_MAX},
    {"device", DEVICE(device), SG_DEVICE_MAX},
    {"curve-secret", DEVICE(curve_secret), 0},
    {"sign-seed", DEVICE(sign_secret), 0},
};
static const struct line broker_lines[] = {
    {"curve-secret", BROKER(curve_secret), 0}, {"sign-seed", BROKER(sign_secret), 0},
    {"nik-key", BROKER(nik_key), 0},           {"ref-key", BROKER(ref_key), 0},
    {"match-key", BROKER(match_key), 0},       {"store-key", BROKER(store_key), 0},
};

struct kind {
    const char *title;
    const struct line *lines;
    size_t line_count, size;
    size_t curve_public, curve_secret, sign_public, sign_secret; /* offsets */
};

static const struct kind device_kind = {
    .title = "sinergi-device-key 1",
    .lines = device_lines,
    .line_count = SG_ARRAY_LEN(device_lines),
    .size = sizeof(struct sg_device_key),
    .curve_public = DEVICE(curve_public),
    .curve_secret = DEVICE(curve_secret),
    .sign_public = DEVICE(sign_public),
    .sign_secret = DEVICE(sign_secret),
};
static const struct kind broker_kind = {
    .title = "sinergi-broker-key 1",
    .lines = broker_lines,
    .line_count = SG_ARRAY_LEN(broker_lines),
    .size = sizeof(struct sg_broker_key),
    .curve_public = BROKER(curve_public),
    .curve_secret = BROKER(curve_secret),
    .sign_public = BROKER(sign_public),
    .sign_secret = BROKER(sign_secret),
};

/* ---- making and forgetting ---- */

static uint8_t *make_room(const struct kind *kind, struct sg_why *why)
{
    uint8_t *key = sodium_malloc(kind->size);
    if (key)
        memset(key, 0, kind->size);
    else
        (void)sg_fail(why, SG_E_CRYPTO, "no locked memory for a key");
    return key;
}

static void forget(uint8_t **key)
{
    sodium_free(SG_TAKE(*key)); /* zeroes */
}

static void derive_public(const struct kind *kind, uint8_t *key)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    memcpy(seed, key + kind->sign_secret, sizeof seed);
    (void)crypto_scalarmult_base(key + kind->curve_public, key + kind->curve_secret);
    (void)crypto_sign_seed_keypair(key + kind->sign_public, key + kind->sign_secret, seed);
    sodium_memzero(seed, sizeof seed);
}

static void draw(const struct kind *kind, uint8_t *key)
{
    for (size_t i = 0; i < kind->line_count; i++)
        if (!kind->lines[i].text_max)
            sg_random(key + kind->lines[i].offset, SG_KEY_BYTES);
    derive_public(kind, key);
}

static bool name_valid(const char *name)
{
    return sg_agency_valid(sg_bytes_of(name));
}

enum sg_err sg_device_key_make(const char *agency, const char *device,
                               struct sg_device_key **out_key, struct sg_why *why)
{
    if (!name_valid(agency) || !name_valid(device))
        return sg_fail(why, SG_E_FORMAT,
                       "'%s/%s' is no AGENCY/DEVICE: each 2 to 31 small letters, digits and '-', "
                       "a letter first",
                       agency, device);
    uint8_t *room = make_room(&device_kind, why);
    if (!room)
        return SG_E_CRYPTO;
    struct sg_device_key *key = (struct sg_device_key *)(void *)room;
    memcpy(key->agency, agency, strlen(agency) + 1);
    memcpy(key->device, device, strlen(device) + 1);
    draw(&device_kind, room);
    *out_key = key;
    return SG_OK;
}

enum sg_err sg_broker_key_make(struct sg_broker_key **out_key, struct sg_why *why)
{
    uint8_t *room = make_room(&broker_kind, why);
    if (!room)
        return SG_E_CRYPTO;
    draw(&broker_kind, room);
    *out_key = (struct sg_broker_key *)(void *)room;
    return SG_OK;
}

void sg_device_key_free(struct sg_device_key **key)
{
    sodium_free(SG_TAKE(*key));
}

void sg_broker_key_free(struct sg_broker_key **key)
{
    sodium_free(SG_TAKE(*key));
}

/* ---- writing ---- */

static enum sg_err sync_folder(const char *path, struct sg_why *why)
{
    char folder[FOLDER_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    SG_AUTO(sg_fd_done) int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return sg_fail(why, SG_E_SYS, "folder of '%s': %s", path, strerror(errno));
    return SG_OK;
}

static enum sg_err write_text(const char *path, const char *text, struct sg_why *why)
{
    SG_AUTO(sg_fd_done)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return sg_fail(why, SG_E_EXISTS, "'%s' is there already and is never overwritten", path);
    if (fd < 0)
        return sg_fail(why, SG_E_SYS, "create '%s': %s", path, strerror(errno));
    size_t len = strlen(text);
    enum sg_err err = SG_OK;
    errno = ENOSPC; /* of a short write */
    if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0)
        err = sg_fail(why, SG_E_SYS, "write '%s': %s", path, strerror(errno));
    if (!err)
        err = sync_folder(path, why);
    if (err)
        (void)unlink(path); /* half a key file is worse than none */
    return err;
}

static enum sg_err write_key(const char *path, const struct kind *kind, const void *key,
                             struct sg_why *why)
{
    char text[FILE_BYTES_MAX], hex[2 * SG_KEY_BYTES + 1];
    size_t len = (size_t)snprintf(text, sizeof text, "%s\n", kind->title);
    for (size_t i = 0; i < kind->line_count; i++) {
        const struct line *line = &kind->lines[i];
        const uint8_t *value = (const uint8_t *)key + line->offset;
        if (!line->text_max)
            sg_hex_print(value, SG_KEY_BYTES, hex);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s %s\n", line->name,
                                line->text_max ? (const char *)value : hex);
    }
    enum sg_err err = write_text(path, text, why);
    sodium_memzero(text, sizeof text);
    sodium_memzero(hex, sizeof hex);
    return err;
}

enum sg_err sg_device_key_write(const char *path, const struct sg_device_key *key,
                                struct sg_why *why)
{
    return write_key(path, &device_kind, key, why);
}

enum sg_err sg_broker_key_write(const char *path, const struct sg_broker_key *key,
                                struct sg_why *why)
{
    return write_key(path, &broker_kind, key, why);
}

/* ---- reading ---- */

static enum sg_err check_file(int fd, const char *path, struct sg_why *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return sg_fail(why, SG_E_CONF, "key file '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return sg_fail(why, SG_E_CONF, "key file '%s' is not a plain file", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return sg_fail(why, SG_E_CONF, "key file '%s' is open to others (mode %04o), want 0600",
                       path, (unsigned)(st.st_mode & 07777));
    return SG_OK;
}

static enum sg_err read_text(const char *path, char text[FILE_BYTES_MAX], struct sg_why *why)
{
    /* Without O_NONBLOCK a FIFO in the place of the file would hold the caller for ever. */
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP)
        return sg_fail(why, SG_E_CONF, "key file '%s' is a link, want the file itself", path);
    if (fd < 0)
        return sg_fail(why, SG_E_CONF, "key file '%s': %s", path, strerror(errno));
    enum sg_err err = check_file(fd, path, why);
    if (err)
        return err;
    ssize_t len = read(fd, text, FILE_BYTES_MAX - 1);
    if (len < 0)
        return sg_fail(why, SG_E_CONF, "key file '%s': %s", path, strerror(errno));
    if (len == FILE_BYTES_MAX - 1)
        return sg_fail(why, SG_E_FORMAT, "key file '%s' has more than %d bytes", path,
                       FILE_BYTES_MAX - 2);
    text[len] = '\0';
    if (strlen(text) != (size_t)len)
        return sg_fail(why, SG_E_FORMAT, "key file '%s' holds a NUL", path);
    return SG_OK;
}

static bool take_value(const struct line *line, const char *value, uint8_t *key)
{
    if (!line->text_max)
        return sg_hex_parse(value, key + line->offset, SG_KEY_BYTES) == SG_OK;
    if (!name_valid(value))
        return false;
    memcpy(key + line->offset, value, strlen(value) + 1);
    return true;
}

/* The lines stand in one order, each once, and nothing else does. */
static enum sg_err parse_text(const char *path, char *text, const struct kind *kind, uint8_t *key,
                              struct sg_why *why)
{
    char *rest = text;
    if (strcmp(strsep(&rest, "\n"), kind->title) != 0)
        return sg_fail(why, SG_E_FORMAT, "%s:1: want '%s'", path, kind->title);
    for (size_t i = 0; i < kind->line_count; i++) {
        const struct line *line = &kind->lines[i];
        const char *row = rest ? strsep(&rest, "\n") : "";
        size_t name_len = strlen(line->name);
        if (strncmp(row, line->name, name_len) != 0 || row[name_len] != ' ' ||
            !take_value(line, row + name_len + 1, key))
            return sg_fail(why, SG_E_FORMAT, "%s:%zu: want '%s' and %s", path, i + 2, line->name,
                           line->text_max ? "a name of 2 to 31 small letters, digits and '-'"
                                          : "64 hexadecimal digits");
    }
    if (rest && *rest)
        return sg_fail(why, SG_E_FORMAT, "%s:%zu: want nothing more", path, kind->line_count + 2);
    return SG_OK;
}

static enum sg_err read_key(const char *path, const struct kind *kind, uint8_t **out_key,
                            struct sg_why *why)
{
    char text[FILE_BYTES_MAX];
    SG_AUTO(forget) uint8_t *key = make_room(kind, why);
    if (!key)
        return SG_E_CRYPTO;
    enum sg_err err = read_text(path, text, why);
    if (!err)
        err = parse_text(path, text, kind, key, why);
    sodium_memzero(text, sizeof text);
    if (err)
        return err;
    derive_public(kind, key);
    *out_key = SG_TAKE(key);
    return SG_OK;
}

enum sg_err sg_device_key_read(const char *path, struct sg_device_key **out_key, struct sg_why *why)
{
    uint8_t *key = NULL;
    enum sg_err err = read_key(path, &device_kind, &key, why);
    if (!err)
        *out_key = (struct sg_device_key *)(void *)key;
    return err;
}

enum sg_err sg_broker_key_read(const char *path, struct sg_broker_key **out_key, struct sg_why *why)
{
    uint8_t *key = NULL;
    enum sg_err err = read_key(path, &broker_kind, &key, why);
    if (!err)
        *out_key = (struct sg_broker_key *)(void *)key;
    return err;
}

/* ---- pseudonyms ---- */

/* A Feistel network: each round adds to one half of the id SipHash-2-4 of the round, the other half
 * and the agency. Four rounds are a strong permutation (Luby and Rackoff); two more are the margin
 * of a half of 64 bits. */
enum { REF_ROUNDS = 6, HALF_BYTES = 8, SIP_KEY_BYTES = crypto_shorthash_KEYBYTES };

static_assert(2 * SIP_KEY_BYTES == SG_KEY_BYTES && crypto_shorthash_BYTES == HALF_BYTES,
              "even and odd rounds have half of the key each");

static uint64_t ref_round(const struct sg_broker_key *key, unsigned round, uint64_t half,
                          const char *agency)
{
    uint8_t message[1 + HALF_BYTES + SG_AGENCY_MAX], hash[HALF_BYTES];
    struct sg_bytes name = sg_bytes_of(agency);
    SG_CHECK(name.len <= SG_AGENCY_MAX);
    message[0] = (uint8_t)round;
    sg_put_u64(message + 1, half);
    memcpy(message + 1 + HALF_BYTES, name.ptr, name.len);
    (void)crypto_shorthash(hash, message, 1 + HALF_BYTES + name.len,
                           key->ref_key + (round % 2) * (size_t)SIP_KEY_BYTES);
    return sg_get_u64(hash);
}

struct sg_id sg_person_ref(const struct sg_broker_key *key, const char *agency,
                           const struct sg_id *person_id)
{
    struct sg_id ref;
    uint64_t left = sg_get_u64(person_id->b), right = sg_get_u64(person_id->b + HALF_BYTES);
    for (unsigned i = 0; i < REF_ROUNDS; i++) {
        uint64_t mixed = left ^ ref_round(key, i, right, agency);
        left = right;
        right = mixed;
    }
    sg_put_u64(ref.b, left);
    sg_put_u64(ref.b + HALF_BYTES, right);
    return ref;
}

struct sg_id sg_person_of_ref(const struct sg_broker_key *key, const char *agency,
                              const struct sg_id *person_ref)
{
    struct sg_id id;
    uint64_t left = sg_get_u64(person_ref->b), right = sg_get_u64(person_ref->b + HALF_BYTES);
    for (unsigned i = REF_ROUNDS; i-- > 0;) {
        uint64_t mixed = right ^ ref_round(key, i, left, agency);
        right = left;
        left = mixed;
    }
    sg_put_u64(id.b, left);
    sg_put_u64(id.b + HALF_BYTES, right);
    return id;
}
