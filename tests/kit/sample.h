/* sample.h - events of invented people, the same for the same seed.
 *
 * Names come from short lists; a NIK lies in district 14.71.99, which is given to nobody; one
 * person in three has no papers. All are grown up. Envelopes live in the given arena and are whole:
 * a broker of this city accepts them if the objects that they name are there.
 */
#ifndef SINERGI_KIT_SAMPLE_H
#define SINERGI_KIT_SAMPLE_H

#include "kit/arena.h"
#include "kit/prng.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/id.h"

struct sample {
    struct prng prng;
    int64_t now_ms;     /* events happened ten minutes before it */
    uint64_t person_no; /* of the next person; no NIK stands twice */
    int64_t id_count;   /* ids made: each a millisecond after the one before */
};

/* person_no keeps samples of one store apart: each gets a range of its own. */
void sample_init(struct sample *sample, uint64_t seed, int64_t now_ms, uint64_t person_no);

/* E01 of satpolpp, INTAKE to dinsos. */
PbEnvelope *sample_referral(struct sample *sample, struct sg_arena *arena,
                            struct sg_id *out_referral);
/* E04 of satpolpp: somebody was seen and advised. */
PbEnvelope *sample_contact(struct sample *sample, struct sg_arena *arena);
/* E03 of dinsos: ACCEPTED. */
PbEnvelope *sample_decision(struct sample *sample, struct sg_arena *arena,
                            const struct sg_id *referral);
/* E05 of dinsos: a grown-up PPKS, fit for training. */
PbEnvelope *sample_assessment(struct sample *sample, struct sg_arena *arena,
                              const struct sg_id *case_id);
/* E06 of dinsos: the person lets providers know name and phone. */
PbEnvelope *sample_consent(struct sample *sample, struct sg_arena *arena,
                           const struct sg_id *case_id);
/* E08 of disnaker: for everybody, begins in 30 days. */
PbEnvelope *sample_slot(struct sample *sample, struct sg_arena *arena, uint32_t capacity,
                        struct sg_id *out_slot);
/* E11 of dinsos. */
struct sample_wish {
    struct sg_id case_id, slot_id;
    bool person_accepted, waitlist_ok;
};
PbEnvelope *sample_request(struct sample *sample, struct sg_arena *arena,
                           const struct sample_wish *wish);
/* E12 of disnaker (CONFIRMED) or dinsos (the other decisions). */
PbEnvelope *sample_seat(struct sample *sample, struct sg_arena *arena, const char *publisher,
                        const struct sg_id *allocation, PbSeatDecision decision);

/* E13 and E15 (COMPLETED) of disnaker, on the day of sample->now_ms. */
PbEnvelope *sample_start(struct sample *sample, struct sg_arena *arena,
                         const struct sg_id *allocation);
PbEnvelope *sample_end(struct sample *sample, struct sg_arena *arena,
                       const struct sg_id *allocation);

/* 16 bytes of salt for sg_event_split. */
void sample_salt(struct sample *sample, uint8_t salt[16]);

#endif
