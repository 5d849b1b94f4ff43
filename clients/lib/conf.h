/* conf.h - the configuration of a device: sinergi.conf (libconfig; see sinergi(1)).
 *
 * A key that is not known is refused with its line, so that a typing error is never silent.
 */
#ifndef SINERGI_LIB_CONF_H
#define SINERGI_LIB_CONF_H

#include "wire/id.h"

#define CLIENT_PATH_MAX 255

struct client_conf {
    char key_path[CLIENT_PATH_MAX + 1];
    char data_path[CLIENT_PATH_MAX + 1];
    char endpoint[CLIENT_PATH_MAX + 1];
    char codes_path[CLIENT_PATH_MAX + 1]; /* "" = codes are not checked here */
    char language[3];                     /* "id" or "en"; "" = both */
    uint8_t broker_curve[SG_KEY_BYTES], broker_sign[SG_KEY_BYTES];
    struct sg_id store_id;
    bool make_ids; /* make the own id of a payload that has none */
};

/* Errors: SG_E_CONF, SG_E_FORMAT: file, line, key and what would be accepted. */
SG_MUST_CHECK enum sg_err client_conf_read(const char *path, struct client_conf *out_conf,
                                           struct sg_why *why);

/* Make the data folder (0700) when it is missing. Errors: SG_E_CONF. */
SG_MUST_CHECK enum sg_err client_conf_make_data(const struct client_conf *conf, struct sg_why *why);

#endif
