/* inside.h - what the files of the broker share. Nobody else includes it.
 *
 * A turn is an attempt that may be run again (map grown, fewer frames): sessions are changed in
 * place and backed up first (session_touch), so that an attempt that fails never happened.
 */
#ifndef SINERGI_BROKER_INSIDE_H
#define SINERGI_BROKER_INSIDE_H

#include "broker/broker.h"
#include "broker/view.h"
#include "ledger/ledger.h"
#include "report/report.h"

enum {
    SESSIONS_MAX = 512,
    SUB_TYPES_MAX = 40,
    OUT_FRAMES_MAX = 4096,
    TURN_ARENA_BYTES = 96 << 20,
    OUT_ARENA_BYTES = 48 << 20,
    UNDO_ARENA_BYTES = 8 << 20,
    DUE_PER_TURN = 200,
    DELIVERIES_PER_TURN = 4096,
    STEP_BYTES = 2 << 20,                 /* of an arena: no step of a turn takes more */
    OLD_BLOCKS_MAX = SG_FRAME_EVENTS_MAX, /* more than SG_TURN_OLD_BLOCKS_MAX: see publish.c */
    BUSY_MS = 200
};
#define SILENT_NS INT64_C(30000000000)
#define ACK_WAIT_NS INT64_C(200000000)

/* A durable subscription that a connection holds. */
struct sub {
    char name[SG_NAME_MAX + 1];
    uint32_t types[SUB_TYPES_MAX];
    size_t type_count;    /* 0 = all */
    uint64_t sent, acked; /* seqs */
    uint64_t read;        /* looked through up to here: nothing to send before it */
    uint64_t frames[SG_DELIVER_FRAMES_MAX]; /* last seq of each Deliver frame not acknowledged */
    size_t frame_count;
    bool behind; /* there may be something to read */
    bool tell_caught_up;
    bool row_stale; /* the row does not say yet what stands here */
    int64_t stale_since_ns;
    int64_t retry_at_ns; /* after a Nack; 0 = now */
    int64_t retry_at_ms; /* the same in journal time: outlives the connection */
    uint64_t nacked_seq, dead_letters;
    uint32_t attempts;
};

struct session {
    struct peer peer;
    bool used;
    bool ended;   /* gone, and kept only until its cursors are written */
    bool touched; /* backed up in this attempt */
    char agency[SG_AGENCY_MAX + 1], device[SG_DEVICE_MAX + 1];
    bool local;
    int64_t heard_ns, since_ms;
    struct sub subs[SG_SUBSCRIPTIONS_MAX];
    size_t sub_count;
    unsigned frames_in_flight;   /* Deliver frames, over all subscriptions */
    unsigned publishes, queries; /* of this turn */
};
static inline bool session_live(const struct session *session)
{
    return session->used && !session->ended;
}

struct undo {
    struct undo *next;
    size_t index;
    struct session before;
};

/* The report that runs, and the pages of the last one that are not asked for yet. */
struct report_desk {
    uint64_t last_no; /* given to a report */
    bool runs;
    struct peer peer; /* who asked for the one that runs */
    uint32_t request_no;
    struct report_request request;
    struct report_pages *kept; /* NULL: none */
    uint64_t kept_no;
    struct peer kept_peer;
    int64_t kept_ns; /* when a page of it was given last */
};

struct broker {
    struct report_desk desk;
    struct broker_options options;
    struct session *sessions; /* SESSIONS_MAX */
    size_t session_high;      /* all used ones lie below */
    size_t deliver_from;      /* session that is served first in the next turn */
    struct undo *undo;
    struct sg_arena undo_arena, arena, out_arena;
    struct frame_out *out; /* OUT_FRAMES_MAX */
    size_t out_count;
    struct broker_counters counters, counters_before;
    int64_t started_ms, next_due_ms;
    bool due_known;
    uint64_t presence_asked, presence_written; /* changes of connections, and those in the rows */
    int64_t presence_ms;                       /* when the rows were written last */
};

/* One decoded frame of the turn. */
struct request {
    const struct frame_in *in;
    PbClientFrame *frame; /* NULL: nothing (more) to do */
    struct session *session;
    const struct sg_agency *agency;
    const struct sg_device *device;
    bool busy;  /* more of its kind than may be in flight */
    bool later; /* a report: answered by another turn */
};

/* What one attempt works with. */
struct turn {
    struct broker *broker;
    const struct turn_in *in;
    struct turn_out *result;
    struct request *requests;
    size_t request_count;
    struct txn txn;
    bool writing;
    struct block_builder block;
    struct world world;
    struct ledger_turn ledger;
    struct signed_block sealed;
    struct sg_merkle tree;
    struct publish_answer *answers, **last_answer;
    size_t events; /* taken in this turn */
    struct known_block *old[OLD_BLOCKS_MAX];
    unsigned old_blocks; /* whose tree was computed again */
    bool refuse_large;   /* one frame alone does not fit */
    uint64_t presence_asked;
    bool presence_touched;
    const struct request *report; /* that begins with this turn */
    struct report_request *report_request;
    bool report_given, report_dropped; /* a page of the kept one; the last of it */
};

/* ---- replies: encoded into the out arena ---- */
SG_MUST_CHECK enum sg_err reply_send(struct turn *t, struct peer peer, const PbServerFrame *frame,
                                     enum frame_fate fate, struct sg_why *why);
PbError *reply_error(struct turn *t, const struct sg_fault *fault);
PbError *reply_error_code(struct turn *t, uint32_t code, const char *object, const char *accepted,
                          int64_t retry_after_ms);
SG_MUST_CHECK enum sg_err reply_bye(struct turn *t, struct peer peer, uint32_t code,
                                    const char *object, const char *accepted,
                                    int64_t retry_after_ms, bool cut, struct sg_why *why);
PbSignedBlock *reply_block(struct turn *t, const struct signed_block *block);
void *turn_take(struct turn *t, size_t size);
#define TURN_NEW(t, type) ((type *)turn_take((t), sizeof(type)))
ProtobufCBinaryData turn_bytes(struct turn *t, const void *from, size_t size);
/* SG_E_LIMIT when a step might find no room: the turn is run with fewer frames. */
SG_MUST_CHECK enum sg_err turn_room(const struct turn *t, struct sg_why *why);
/* Shorten a text that was cut to its size, so that it ends with a whole letter. */
void reply_cut_text(char *text);

/* ---- sessions ---- */
struct session *session_find(struct broker *broker, struct peer peer);
struct session *session_open(struct turn *t, const struct frame_in *in); /* NULL: no room */
void session_touch(struct broker *broker, struct session *session);
void session_close(struct broker *broker, struct session *session);
void session_undo(struct broker *broker);
void session_keep(struct broker *broker);
/* A live session of the agency that holds the subscription. */
struct session *session_holder(struct broker *broker, const char *agency, const char *name,
                               struct sub **out_sub);
struct sub *session_sub(struct session *session, const char *name);
void session_drop_sub(struct session *session, struct sub *sub);
bool session_stale(const struct session *session);
/* The session of the request, unless it has ended since: its place may belong to another by now. */
bool session_serves(const struct request *r);

/* ---- steps of the turn ---- */
SG_MUST_CHECK enum sg_err intake_frames(struct turn *t, size_t count, struct sg_why *why);
SG_MUST_CHECK enum sg_err intake_silence(struct turn *t, struct sg_why *why);
SG_MUST_CHECK enum sg_err answer_hello(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err take_publish(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err answer_publishes(struct turn *t, struct sg_why *why);
SG_MUST_CHECK enum sg_err take_subscribe(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err take_ack(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err take_nack(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err sub_write(struct turn *t, const struct session *session, struct sub *sub,
                                    struct sg_why *why);
SG_MUST_CHECK enum sg_err answer_query(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_event(struct turn *t, struct request *r, PbQueryResult *result,
                                    struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_cases(struct turn *t, struct request *r, PbQueryResult *result,
                                    struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_case(struct turn *t, struct request *r, PbQueryResult *result,
                                   struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_kits(struct turn *t, struct request *r, PbQueryResult *result,
                                   struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_deadlines(struct turn *t, struct request *r, PbQueryResult *result,
                                        struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_person(struct turn *t, struct request *r, PbQueryResult *result,
                                     struct sg_why *why);
/* ---- reports ---- */
SG_MUST_CHECK enum sg_err ask_correctable(struct turn *t, struct request *r, PbQueryResult *result,
                                          struct sg_why *why);
SG_MUST_CHECK enum sg_err ask_report(struct turn *t, struct request *r, PbQueryResult *result,
                                     struct sg_why *why);
/* The one that has ended is answered. */
SG_MUST_CHECK enum sg_err report_answer(struct turn *t, struct sg_why *why);
/* After the commit: what began, what ended, what is not kept any more. */
void report_keep(struct turn *t);
/* An E11 that was refused with E_INELIGIBLE. */
SG_MUST_CHECK enum sg_err report_note_refusal(struct turn *t, const struct sg_event *event,
                                              const char *agency, const struct sg_fault *fault,
                                              struct sg_why *why);
SG_MUST_CHECK enum sg_err answer_discard(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err answer_admin(struct turn *t, struct request *r, struct sg_why *why);
SG_MUST_CHECK enum sg_err deliver_all(struct turn *t, struct sg_why *why);
bool deliver_possible(const struct turn *t);
/* One record as this agency may read it; NULL when it may no longer. */
SG_MUST_CHECK enum sg_err deliver_view(struct turn *t, const char *reader, uint64_t seq,
                                       PbDelivery **out_delivery, struct sg_why *why);
/* Write what the rows of subscriptions do not say yet, and let go of sessions that have ended. */
SG_MUST_CHECK enum sg_err sub_write_stale(struct turn *t, bool ended_only, struct sg_why *why);
/* ---- presence ---- */
void presence_changed(struct broker *broker);
bool presence_is_stale(const struct broker *broker);
SG_MUST_CHECK enum sg_err presence_write(struct turn *t, struct sg_why *why);
void presence_keep(struct turn *t);

/* New records came into mailboxes: who holds a subscription may have something to read. */
void deliver_wake(struct broker *broker);

/* ---- order: places and remembered outcomes ---- */
struct place_state {
    bool foreign, known;
    bool import; /* an operator has opened the outbox for import */
    uint64_t last_number;
};
SG_MUST_CHECK enum sg_err order_place(struct turn *t, const struct sg_id *outbox_id,
                                      const char *agency, struct place_state *out_state,
                                      struct sg_why *why);
struct remembered {
    bool same;     /* the digest is that of then */
    uint32_t code; /* of a refusal, 0 = accepted */
    uint64_t seq;
};
SG_MUST_CHECK enum sg_err order_recall(struct turn *t, const struct sg_id *outbox_id,
                                       uint64_t number, const uint8_t digest[SG_HASH_BYTES],
                                       struct remembered *out_then, struct sg_why *why);
/* The seq at a place, 0 when it was not used or has none. */
SG_MUST_CHECK enum sg_err order_find(struct turn *t, const struct sg_id *outbox_id, uint64_t number,
                                     uint64_t *out_seq, struct sg_why *why);
struct frame_outcome {
    uint32_t code;
    uint64_t seq;
};
SG_MUST_CHECK enum sg_err order_remember(struct turn *t, const struct sg_id *outbox_id,
                                         const char *agency, uint64_t first_number, size_t count,
                                         const uint8_t *digests,
                                         const struct frame_outcome *outcomes,
                                         const uint8_t *sign_public, ProtobufCBinaryData signature,
                                         bool import, struct sg_why *why);
/* Open an outbox of the agency for import, or close it again. */
SG_MUST_CHECK enum sg_err order_import(struct turn *t, const struct sg_id *outbox_id,
                                       const char *agency, bool open, bool *out_foreign,
                                       struct sg_why *why);

static inline int64_t phase_start(const struct turn *t)
{
    return t->broker->options.timing_ns ? t->broker->options.timing_ns() : 0;
}
static inline void phase_end(const struct turn *t, uint64_t *counter, int64_t start)
{
    if (t->broker->options.timing_ns)
        *counter += (uint64_t)(t->broker->options.timing_ns() - start);
}

#endif
