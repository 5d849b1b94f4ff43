/* people.h - the persons and the slot of the acceptance scenarios, as steps that a scenario
 * repeats. */
#ifndef SINERGI_TESTS_KIT_PEOPLE_H
#define SINERGI_TESTS_KIT_PEOPLE_H

#include "kit/world.h"

/* "01968a3e-0000-7000-8000-0000000000NN": ids of a scenario by number. */
const char *id_text(unsigned number, char to[SG_ID_TEXT]);

/* Refer the person, accept, assess with this band: the case is IN_SERVICE. person_json: fields of
 * PersonIdentity. Returns the case id. */
struct sg_id person_in_service(struct world_city *city, unsigned number, const char *person_json,
                               unsigned band);
/* Slot S1 of disnaker: two seats, men of 18 to 40, KTP waivable, hold 72 h. */
struct world_outcome offer_s1(struct world_city *city, unsigned number, unsigned seats);
/* E06 of dinsos: action GIVEN, REFUSED or WITHDRAWN, of one scope. */
struct world_outcome say_consent(struct world_city *city, unsigned number,
                                 const struct sg_id *case_id, const char *action,
                                 const char *scope);

/* E11 of dinsos. */
struct world_outcome ask_seat(struct world_city *city, unsigned request, unsigned slot,
                              const struct sg_id *case_id, bool accepted, bool waitlist);
/* E12. `decision` with further fields: "\"PERSON_ACCEPTED\"", "\"CONFIRMED\"". */
struct world_outcome decide_seat(struct world_city *city, enum world_agency who,
                                 const struct sg_id *allocation, const char *decision);
/* E13, E15 of the slot's owner; dates "2026-06-08"; further fields of the E15. */
struct world_outcome start_placement(struct world_city *city, enum world_agency who,
                                     const struct sg_id *allocation, const char *day);
struct world_outcome end_placement(struct world_city *city, enum world_agency who,
                                   const struct sg_id *allocation, const char *day,
                                   const char *result);
/* Slot S2 of dpppa: embroidery, three seats for women of 18 to 50, no documents, same dates. */
struct world_outcome offer_s2(struct world_city *city, unsigned number);
/* E16 and E17 of dinsos: kit of motorcycle service. */
struct world_outcome register_kit(struct world_city *city, unsigned number);
struct world_outcome grant_kit(struct world_city *city, unsigned number,
                               const struct sg_id *allocation, const char *bast_no,
                               const char *day);
void accepted(struct world_outcome o);
void refused(struct world_outcome o, uint32_t code, const char *detail);
/* A D1 as dinsos reads it. */
size_t seat_changes(struct world_city *city, const char *change);

#endif
