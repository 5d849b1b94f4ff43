/* fixture.h - a city in a temporary folder: broker key, device keys, configuration, code lists.
 *
 * Nothing of it outlives the test: fixture_free removes the folder with all that is in it. The
 * daemon listens on a port of loopback that was free a moment ago and on a socket in the folder.
 */
#ifndef SINERGI_KIT_FIXTURE_H
#define SINERGI_KIT_FIXTURE_H

#include "wire/keyfile.h"

enum fixture_agency { SATPOLPP, DINSOS, DISNAKER, DPPPA, DISKOMINFO, FIXTURE_AGENCIES };

struct fixture {
    char folder[128];
    char conf[160], store[160], head[160], broker_key[160];
    char tcp[64], local[176]; /* endpoints */
    struct sg_broker_key *broker;
    struct sg_device_key *keys[FIXTURE_AGENCIES]; /* device "kantor" of each */
};

/* Make it in $TMPDIR or /tmp. Code lists are those of conf/codes under the working folder. Errors:
 * SG_E_SYS, SG_E_CRYPTO, SG_E_CONF. */
SG_MUST_CHECK enum sg_err fixture_new(struct fixture **out_fixture, struct sg_why *why);
void fixture_free(struct fixture **fixture);

const char *fixture_agency_id(enum fixture_agency agency);

#endif
