/* keyfile.h - key files of devices and of the broker.
 *
 * Text, mode 0600, one `name value` per line, keys as 64 hexadecimal digits:
 *   sinergi-device-key 1 / agency / device / curve-secret / sign-seed
 *   sinergi-broker-key 1 / curve-secret / sign-seed / nik-key / ref-key / match-key / store-key
 * Public keys are computed. Secrets live in locked memory and are zeroed when freed.
 */
#ifndef SINERGI_WIRE_KEYFILE_H
#define SINERGI_WIRE_KEYFILE_H

#include "kit/err.h"
#include "wire/id.h"
#include "wire/limits.h"

struct sg_device_key {
    char agency[SG_AGENCY_MAX + 1], device[SG_DEVICE_MAX + 1];
    uint8_t curve_public[SG_KEY_BYTES], curve_secret[SG_KEY_BYTES];
    uint8_t sign_public[SG_KEY_BYTES], sign_secret[64];
};

struct sg_broker_key {
    uint8_t curve_public[SG_KEY_BYTES], curve_secret[SG_KEY_BYTES];
    uint8_t sign_public[SG_KEY_BYTES], sign_secret[64];
    uint8_t nik_key[SG_KEY_BYTES];   /* K_nik: equality of NIKs */
    uint8_t ref_key[SG_KEY_BYTES];   /* parent of each K_agency: pseudonyms */
    uint8_t match_key[SG_KEY_BYTES]; /* K_match: candidates of the same person */
    uint8_t store_key[SG_KEY_BYTES]; /* content of objects without a person */
};

/* Fresh keys. Free with sg_..._free (locked memory, zeroed). Errors: SG_E_CRYPTO, SG_E_FORMAT. */
SG_MUST_CHECK enum sg_err sg_device_key_make(const char *agency, const char *device,
                                             struct sg_device_key **out_key, struct sg_why *why);
SG_MUST_CHECK enum sg_err sg_broker_key_make(struct sg_broker_key **out_key, struct sg_why *why);
void sg_device_key_free(struct sg_device_key **key);
void sg_broker_key_free(struct sg_broker_key **key);

/* Write a new file, 0600, never over an old one (SG_E_EXISTS), fsynced. Read: refuses a file that
 * is open to others, a link, a wrong line (SG_E_CONF, SG_E_FORMAT with file and line). */
SG_MUST_CHECK enum sg_err sg_device_key_write(const char *path, const struct sg_device_key *key,
                                              struct sg_why *why);
SG_MUST_CHECK enum sg_err sg_device_key_read(const char *path, struct sg_device_key **out_key,
                                             struct sg_why *why);
SG_MUST_CHECK enum sg_err sg_broker_key_write(const char *path, const struct sg_broker_key *key,
                                              struct sg_why *why);
SG_MUST_CHECK enum sg_err sg_broker_key_read(const char *path, struct sg_broker_key **out_key,
                                             struct sg_why *why);

/* Hexadecimal, lower case; parse wants exactly 2 * size digits. */
void sg_hex_print(const uint8_t *bytes, size_t size, char *to); /* 2 * size + 1 */
SG_MUST_CHECK enum sg_err sg_hex_parse(const char *text, uint8_t *out, size_t size);

/* Base64 with padding; room counts the NUL. Parse takes the standard and the URL alphabet, with
 * padding or without; `out` has room for 3 bytes per 4 characters. Errors: SG_E_FORMAT. */
size_t sg_base64_room(size_t size);
void sg_base64_print(const uint8_t *bytes, size_t size, char *to);
SG_MUST_CHECK enum sg_err sg_base64_parse(const char *text, uint8_t *out, size_t room,
                                          size_t *out_size);

/* The pseudonym of a person for one agency, and back: a keyed permutation of all ids for each
 * agency. Without the key two agencies cannot join their tables by it, and nobody can make one that
 * leads to a person. Every 16 bytes lead to some id: the caller looks whether there is such a
 * person, and whether it has this pseudonym. */
struct sg_id sg_person_ref(const struct sg_broker_key *key, const char *agency,
                           const struct sg_id *person_id);
struct sg_id sg_person_of_ref(const struct sg_broker_key *key, const char *agency,
                              const struct sg_id *person_ref);

#endif
