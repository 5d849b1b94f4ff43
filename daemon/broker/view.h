/* view.h - what a reader sees of a record; the default is nothing.
 *
 * Works on bytes: both parts are walked with the contract tables beside them, and only fields that
 * a relation of the reader grants are copied. Removed paths are listed. References to persons are
 * replaced by the reader's own pseudonym.
 */
#ifndef SINERGI_BROKER_VIEW_H
#define SINERGI_BROKER_VIEW_H

#include "kit/arena.h"
#include "ledger/ledger.h"

struct view_request {
    const struct record *record; /* rest decoded */
    const char *reader;          /* agency */
    struct person_access access; /* what the reader may know of the person, as it is now */
    bool person_ended;           /* provider's access to the person has ended */
};

/* Relations of the reader to the record: its bits in the audience, RELATION_PUBLIC if "*" is there,
 * RELATION_PUBLISHER if it is the publisher. 0: it may not read the record at all. */
uint32_t view_relations(const struct record *record, const char *reader);

/* May the reader read the record, as things stand now? Else it is not delivered at all. */
bool view_reads(const struct view_request *request);

/* One Envelope with the fields that the reader may see and the broker's own (seq, accepted_at,
 * derived, redacted_paths). Errors: SG_E_LIMIT (arena), SG_E_STORE (a stored part does not parse).
 */
SG_MUST_CHECK enum sg_err view_envelope(const struct view_request *request, struct sg_arena *arena,
                                        struct sg_bytes *out_envelope, struct sg_why *why);

/* May a reader with these relations and terms read a field with these rules? Answered by the table
 * (daemon/broker/view_table.c). */
bool view_grants(uint32_t relations, const struct sg_field_rules *rules);

/* Relations, with the terms of the person's access. */
uint32_t view_terms(uint32_t relations, const struct person_access *access);

/* Cut the payload of an envelope in place for the reader of the request; what is removed is listed.
 */
struct view_paths;
void view_cut_payload(const struct view_request *request, PbEnvelope *envelope, uint32_t relations,
                      struct sg_arena *arena, struct view_paths *out_paths);

/* Cut a SeatView or the like in place by the same table. */
void view_cut(ProtobufCMessage *message, const struct sg_message_rules *rules, uint32_t relations);

#endif
