/* notation.h - events in the notation of the event catalogue: read and written.
 *
 *     referral_submitted{referral_id:@R1 kind:INTAKE person{full_name:'Budi Santoso'} needs:[FOOD]}
 *
 * Reading gives JSON for world_publish. Writing walks a message by its descriptor, so that no field
 * that is there can be left out by mistake; what is left out on purpose stands in one table.
 */
#ifndef SINERGI_TESTS_KIT_NOTATION_H
#define SINERGI_TESTS_KIT_NOTATION_H

#include "sinergi/v1/event.pb-c.h"
#include "wire/id.h"

/* Ids and names. A name is made up for an id that nobody has named: its field and a number. */
void names_clear(void);
struct sg_id name_of_publisher(const char *name); /* the same name is always the same id */
void name_give(const char *name, const struct sg_id *id);
bool name_find(const char *name, struct sg_id *out_id);
/* How the outbox of an agency is shown. */
void name_outbox(const char *agency, const struct sg_id *outbox);

void notation_read(const char *text, char *json, size_t room);

struct notation {
    char *to;
    size_t room, len;
    const char *reader; /* pseudonyms of persons have names of their own for each; NULL: a row */
};
/* Fields of a message, with a space before each. */
void notation_fields(struct notation *n, const ProtobufCMessage *message);
/* The same as a line. */
void notation_line(struct notation *n, const ProtobufCMessage *message);
/* One delivery, one line. */
void notation_delivery(struct notation *n, const PbEnvelope *envelope);

#endif
