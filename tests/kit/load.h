/* load.h - four connections that work through a case as the agencies do, and feed each other.
 *
 * Two of satpolpp refer people, dinsos decides, assesses and asks for seats, disnaker offers slots
 * and confirms. What one does next follows from what it was sent, so a lost or doubled event shows.
 */
#ifndef SINERGI_KIT_LOAD_H
#define SINERGI_KIT_LOAD_H

#include "kit/raw_link.h"
#include "kit/sample.h"

enum load_link { LOAD_REFERRER_A, LOAD_REFERRER_B, LOAD_OWNER, LOAD_PROVIDER, LOAD_LINKS };

struct load {
    struct prng prng;
    struct sample sample;
    struct sg_arena arena; /* of one envelope */
    struct raw_link links[LOAD_LINKS];
    struct sg_id *slots; /* that dinsos was told of */
    size_t slot_count, slot_room;
    uint32_t wishes;         /* E11 stated: every few ask for another slot */
    uint32_t referrals_left; /* E01 that may still be stated */
    bool held;               /* state nothing new: only what was stated is sent */
};

SG_MUST_CHECK enum sg_err load_init(struct load *load, void *zmq, const struct fixture *fixture,
                                    uint64_t seed, int64_t now_ms, struct sg_why *why);
void load_done(struct load *load);

/* Connect all that are not. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err load_connect(struct load *load, struct sg_why *why);
/* State referrals as far as allowed, then pump once. */
SG_MUST_CHECK enum sg_err load_pump(struct load *load, int timeout_ms, bool *out_moved,
                                    struct sg_why *why);

uint64_t load_outcomes(const struct load *load);
bool load_idle(const struct load *load);

#endif
