/* fold.h - what the files of the fold share: one record on its way into the rows.
 *
 * Nothing here decides. A row that an effect names and that is not there is a broken store.
 */
#ifndef SINERGI_LEDGER_FOLD_H
#define SINERGI_LEDGER_FOLD_H

#include "ledger/allocation.h"
#include "ledger/link.h"

struct fold {
    struct txn *txn;
    const struct record *record;
    const struct sg_event *event;
    const PbEffect *effect;
    struct sg_arena *arena;
    struct sg_why *why;
    struct sg_id person_id;
    PbPersonRow *person; /* read when first needed, written once at the end */
    bool person_changed;
};

void *fold_room(struct fold *f, size_t size);
/* An array with room for one more, the old pointers in front. */
void *fold_grown(struct fold *f, const void *old, size_t count, size_t size);
enum sg_err fold_get(struct fold *f, enum table table, ProtobufCBinaryData id,
                     const ProtobufCMessageDescriptor *descriptor, void *out_row);
enum sg_err fold_put(struct fold *f, enum table table, ProtobufCBinaryData id, const void *row);
/* A row whose key says all. */
enum sg_err fold_mark(struct fold *f, enum table table, const struct key *key);
/* Delete a row that may be gone already. */
enum sg_err fold_unmark(struct fold *f, enum table table, const struct key *key);
enum sg_err fold_need_person(struct fold *f);
/* The person of the record and all who are the same one; its own row is f->person. */
enum sg_err fold_need_tree(struct fold *f, struct person_tree *out_tree);
/* The same record, about another person: for what changes no row of a person. */
struct fold fold_of_person(struct fold *f, ProtobufCBinaryData person_id);
/* Where the object of the event was stated: this record. */
PbObjectRow *fold_object_row(struct fold *f);
/* Entries of the person in waiting lists, when what their order rests on has changed. case_id NULL:
 * of all cases, and the band stays. */
enum sg_err fold_rewrite_waitings(struct fold *f, const ProtobufCBinaryData *case_id,
                                  uint32_t band);

enum sg_err fold_person(struct fold *f);
enum sg_err fold_link(struct fold *f);
enum sg_err fold_suspicion(struct fold *f);
enum sg_err fold_slot(struct fold *f);
enum sg_err fold_allocation(struct fold *f);
enum sg_err fold_attendance(struct fold *f);
enum sg_err fold_move(struct fold *f, const PbMoveEffect *e);
enum sg_err fold_item(struct fold *f);
enum sg_err fold_deadline(struct fold *f, const PbDeadlineEffect *e);
enum sg_err fold_park(struct fold *f);
enum sg_err fold_correction(struct fold *f);
enum sg_err fold_completions(struct fold *f, const PbCompletedEffect *e);

/* Each of the recipients of the item has this kit, or has it no more. */
enum sg_err fold_mark_kits(struct fold *f, const PbItemRow *row, ProtobufCBinaryData item_id,
                           bool has);
enum sg_err fold_mark_allocations(struct fold *f, const PbItemRow *row, ProtobufCBinaryData item_id,
                                  bool has);
enum sg_err fold_consent(struct fold *f);
enum sg_err fold_plans(struct fold *f);
enum sg_err fold_visit(struct fold *f);
enum sg_err fold_request(struct fold *f);

/* ---- rows with personal fields: one statement of identity, and all that leads to it ---- */
SG_MUST_CHECK enum sg_err statement_put(struct txn *txn, const struct sg_broker_key *keys,
                                        const struct sg_id *person_id, uint64_t seq,
                                        const PbIdentityRow *row, struct sg_why *why);
/* A statement that is not there is dropped already. */
SG_MUST_CHECK enum sg_err statement_drop(struct txn *txn, const struct sg_broker_key *keys,
                                         const struct sg_id *person_id, uint64_t seq,
                                         struct sg_arena *arena, struct sg_why *why);
/* E24: the statement of the corrected event is another one, or gone. */
enum sg_err fold_restated(struct txn *txn, const struct record *record,
                          const struct sg_event *event, const struct sg_broker_key *keys,
                          struct sg_arena *arena, struct sg_why *why);

#endif
