/* scene.h - an acceptance scenario as its text tells it.
 *
 * There is one city at a time. Events are written in the notation of the event catalogue, ids are
 * names (@R1), times are those of the wall clock in Pekanbaru. What is heard is compared whole:
 * each delivery is one line in the same notation, and an agency of which nothing is said must have
 * heard nothing. At the end the journal is folded again and must give the same rows.
 */
#ifndef SINERGI_TESTS_KIT_SCENE_H
#define SINERGI_TESTS_KIT_SCENE_H

#include "kit/world.h"

extern struct world_city scene_city;

/* With the first `agencies` of enum world_agency, all connected; "2026-05-04 08:00" (WIB). */
void scene_open(const char *wib, size_t agencies);
void scene_close(void);
/* The clock of the city moves on; what is due happens. */
void at(const char *wib);
/* The agency has no connection until it publishes again; it hears nothing meanwhile. */
void goes_down(enum world_agency who);
/* The daemon ends without a word and opens the same store at this time. */
void scene_restart(const char *wib);

/* The journal is folded into another store, which must be the same byte for byte. */
void fold_again(void);

/* `name` is a name of an id that a publisher makes: the same name is the same id. */
struct sg_id named(const char *name);
/* An id that the broker has made gets a name. */
void name_id(const char *name, const struct sg_id *id);
/* The case of a referral, and the person of a case, get a name each. */
void name_case(const char *name, const char *referral);
void name_person(const char *name, const char *case_name);

/* Publish: "referral_decided{referral_id:@R1 decision:ACCEPTED} legal_basis:PUBLIC_TASK". Words
 * need no quotes unless they hold spaces or signs of the notation; then 'so'. */
struct world_outcome say(enum world_agency who, const char *format, ...) SG_PRINTF(2, 3);
/* One frame of several events, from the outbox of that number and a connection that ends with it;
 * returns the number that the broker expects when it takes none of them, else 0. */
enum { BATCH_MAX = 16 };
uint64_t say_all(enum world_agency who, unsigned outbox, uint64_t first_number,
                 const char *const texts[], size_t count, struct world_outcome *outcomes);
/* The outcome must be ACCEPTED, with these warnings and no others ("" none, "W_WAIVER W_LATE"). */
void accepted_with(const char *warnings, struct world_outcome o);
/* Accepted, and the allocation that was made for it has this name. */
void seat_is(const char *name, struct world_outcome o);

/* What each agency has heard since the last time that it was asked. */
struct heard {
    const char *satpolpp, *dinsos, *disnaker, *dpppa, *inspektorat, *diskominfo, *disdukcapil, *blk,
        *diskopukm;
};
#define heard(...) heard_exactly(__FILE__, __LINE__, &(const struct heard){__VA_ARGS__})
#define heard_nothing() heard_exactly(__FILE__, __LINE__, &(const struct heard){0})
void heard_exactly(const char *file, int line, const struct heard *want);
/* What was heard so far is not what the scenario is about. */
void heard_before(void);
/* The lines of one agency that were heard since the last time, for other looks at them. */
const char *news(enum world_agency who);

/* What `sinergi seats` shows that agency: seats by number, then who waits, in order. */
const char *seats(enum world_agency who, const char *slot);

/* One section of a report of the city over those WIB days, as Dinsos reads it: a line of names of
 * columns, a line for each row; "35.0", "100.0%", "n/a". */
const char *report(const char *name, const char *section, const char *from, const char *to);

/* A hash of all that has been decided: it stays the same when nothing was. */
uint64_t state_of_all(void);
/* How often this text stands in the files of the store. */
size_t in_the_files(const char *text);

/* The row of that name holds these fields, "state:RESERVED seat_no:1". */
#define row_is(name, fields) row_has(__FILE__, __LINE__, name, fields)
void row_has(const char *file, int line, const char *name, const char *fields);

#endif
