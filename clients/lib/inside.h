/* inside.h - what the parts of the library share: the handle and the state of its session.
 *
 *   client.c   open, close, errors, the loop of sinergi_run
 *   watch.c    one descriptor that tells a program with its own loop when to call sinergi_run
 *   draft.c    JSON or protobuf -> checked events of the batch -> outbox
 *   names.c    version, names of statuses, ids and places as texts
 *   session.c  connect, Hello, Welcome, Ping, Bye, back-off; receives and hands frames out
 *   sender.c   outbox -> Publish; PublishResult -> outcomes and receipts
 *   reader.c   Subscribe, Deliver -> inbox -> handler -> Ack, Nack
 *   settled.c  how parked events ended: D7 -> outcomes
 *   ask.c      Query, Admin, Discard
 *   receipt.c  receipts as JSON, and their verification
 */
#ifndef SINERGI_LIB_INSIDE_H
#define SINERGI_LIB_INSIDE_H

#include "kit/arena.h"
#include "lib/conf.h"
#include "lib/device_time.h"
#include "lib/inbox.h"
#include "lib/link.h"
#include "lib/outbox.h"
#include "lib/sinergi.h"
#include "sinergi/v1/frame.pb-c.h"
#include "wire/keyfile.h"
#include "wire/lists.h"
#include "wire/sign.h"
#include "wire/status.h"

#include <jansson.h>
#include <stdatomic.h>

struct watch;

enum {
    BATCH_EVENTS_MAX = 4096,
    ERROR_TEXT_MAX = 640,
    OWN_OUTBOXES_MAX = 4,
    FRAME_ENDS_MAX = 16, /* twice the credit: a broker that keeps the limits never fills it */
};
#define MS_NS INT64_C(1000000)
#define S_NS INT64_C(1000000000)

/* Beside the public values of sinergi_until: a query or an administration is answered. */
#define UNTIL_REPLIED ((sinergi_until)100)

enum session_state { SESSION_DOWN, SESSION_CONNECTING, SESSION_GREETING, SESSION_UP };

struct session {
    enum session_state state;
    int64_t retry_ns; /* when to connect again; monotonic */
    int64_t heard_ns, said_ns, hello_ns;
    unsigned failures;              /* attempts since the last Welcome */
    int64_t handshake_failed_ns[3]; /* the last three */
    bool welcomed;                  /* once in the life of this handle */
    bool busy;                      /* the last Bye asked to come later */
    struct outbox_clock told;       /* time of the broker, and when it was told */
    struct sg_id boot;              /* this boot of the machine */
    struct outbox_seen seen;        /* newest verified block, also what is not written yet */
    bool seen_dirty;
    int64_t remembered_ns; /* when it was written last */
    char *welcome_json;
};

/* Frames that were sent and are not answered, oldest first. */
struct flight {
    struct outbox_place first;
    uint32_t count;
    int64_t sent_ns;
};

struct sender {
    struct flight flights[SG_UNANSWERED_FRAMES_MAX];
    size_t flight_count;
    uint32_t event_count;
    struct outbox_place next; /* zero: from the first frame that is not answered */
    int64_t hold_ns;          /* E_BUSY, E_STORAGE, E_QUOTA: not before */
    int64_t look_ns;          /* when to look again for frames of other processes */
    bool foreign_waiting;     /* there were some at the last look */
    bool stuck;               /* the broker refused a frame for good: a new session may try */
    bool waiting_lock;        /* another process of the device sends */
    unsigned gaps;            /* E_SEQ_GAP answers in a row */
};

struct own_commit {
    struct sg_id outbox;
    uint64_t through;
};

/* One subscription of this handle. */
struct subscription {
    char name[SG_NAME_MAX + 1];
    char **types;
    size_t type_count;
    sinergi_subscription as; /* name and types inside are not used */
    int lock_fd;             /* one process of the device per name */
    bool attached, caught_up;
    bool given_up; /* taken over or refused: does not attach by itself */
    bool restart;  /* from where `as` says, whatever the broker remembers; until it has begun */
    bool working;  /* the handler goes on by itself with working_seq: sinergi_finish */
    uint64_t working_seq;
    bool forgets;  /* what was handed over last is an order to forget (D6) */
    uint64_t done; /* ephemeral: last handled */
    uint64_t frame_ends[FRAME_ENDS_MAX];
    size_t frame_end_count;
    bool again;       /* after a Nack: what was on its way is not taken, until Subscribed */
    int64_t retry_ns; /* after SINERGI_LATER, or SINERGI_FAILED without a connection */
};

struct sinergi {
    struct client_conf conf;
    struct sg_device_key *key;
    struct sg_lists *lists;
    struct outbox *outbox;
    struct inbox *inbox;
    struct link link;
    struct watch *watch; /* of sinergi_fd; NULL: nobody asked for it */
    bool more;           /* the last turn left something to do */
    bool wanted;         /* … wanted a connection */
    bool stays;          /* wants one also when there is nothing to send or to hear: a service */
    struct session session;
    struct sender sender;
    struct subscription *subscriptions[SG_SUBSCRIPTIONS_MAX];
    size_t subscription_count;

    struct sg_arena batch_arena, frame_arena, answer_arena, reply_arena;
    struct outbox_event *batch;
    size_t batch_count;
    struct own_commit own[OWN_OUTBOXES_MAX];
    size_t own_count;

    uint8_t *frame_in, *frame_out; /* SG_BODY_MAX each */
    uint32_t request_no;
    uint64_t token;
    PbServerFrame *reply; /* QueryResult or AdminResult of request_no, in reply_arena */
    bool waiting_reply;
    bool leaving;           /* said goodbye: nothing more is taken in */
    bool settled_elsewhere; /* another process of the device hears how parked events end */
    bool in_handler;
    bool handler_stopped;
    int stop_fd;
    atomic_bool stop;     /* also from another thread, or from a signal handler */
    sinergi_status fatal; /* what ends sinergi_run; OK = nothing */
    char error_id[ERROR_TEXT_MAX], error_en[ERROR_TEXT_MAX];
    struct sg_fault fault; /* of the last event that was refused here */
};

/* client.c */
int64_t client_mono_ns(void);
int64_t client_now_ms(const struct sinergi *client);
/* How long the loop may sleep: milliseconds to the next thing that is due. */
long client_wait_ms(const struct sinergi *client, int64_t now_ns, int64_t end_ns);
/* Both sentences, and back the status. The formats take the same arguments. */
__attribute__((format(printf, 3, 5), format(printf, 4, 5))) sinergi_status
client_fail(struct sinergi *client, sinergi_status status, const char *id, const char *en, ...);
/* The sentence of an internal error. */
sinergi_status client_why(struct sinergi *client, enum sg_err err, const struct sg_why *why);
sinergi_status client_fault(struct sinergi *client, const struct sg_fault *fault);
/* The sentence of a refusal by the broker. */
sinergi_status client_error(struct sinergi *client, sinergi_status status, const PbError *error);
struct outbox_signer client_signer(const struct sinergi *client);

/* session.c */
void session_step(struct sinergi *client, int64_t now_ns, bool wanted);
void session_receive(struct sinergi *client, int64_t now_ns);
void session_drop(struct sinergi *client, int64_t pause_ms);
void session_end(struct sinergi *client);
bool session_is_up(const struct sinergi *client);
/* Encode and send; false when the pipe takes nothing (the session is dropped then). */
bool session_send(struct sinergi *client, const PbClientFrame *frame);
/* Verify a block and remember it when it is newer. False: a loud error was set. */
bool session_see(struct sinergi *client, const PbSignedBlock *block);
/* PbSignedBlock -> header; false when a field is missing or has another size. */
bool session_header(const PbSignedBlock *block, struct sg_block_header *out_header);
void session_remember(struct sinergi *client);

/* draft.c: is the first field of such a payload an id that its publisher makes? */
bool draft_makes_id(uint32_t type);
/* As sinergi_add_json; `key` (NULL: none) is copied. */
sinergi_status draft_add(struct sinergi *client, const json_t *event, const struct outbox_key *key);

/* watch.c: the descriptor of sinergi_fd; told at the end of each sinergi_run what to wait for. */
void watch_update(struct sinergi *client);
void watch_free(struct watch **watch);

/* sender.c */
bool sender_wants(struct sinergi *client, sinergi_until until, int64_t now_ns);
bool sender_own_answered(struct sinergi *client);
void sender_reset(struct sender *sender);
/* What another process has just left in the outbox is this one's to send: at once. */
void sender_look(struct sinergi *client);
void sender_welcome(struct sinergi *client, const PbWelcome *welcome);
void sender_step(struct sinergi *client, int64_t now_ns);
void sender_result(struct sinergi *client, const PbPublishResult *result, int64_t now_ns);
bool sender_wants_lock(const struct sinergi *client);

/* reader.c */
void reader_reset(struct sinergi *client);
void reader_attach(struct sinergi *client);
void reader_subscribed(struct sinergi *client, const PbSubscribed *subscribed);
void reader_deliver(struct sinergi *client, const PbDeliver *deliver);
void reader_caught_up(struct sinergi *client, const PbCaughtUp *caught_up);
/* Hand over one delivery; true when there may be more. */
bool reader_step(struct sinergi *client, int64_t now_ns);
bool reader_all_caught_up(const struct sinergi *client);
void reader_free(struct sinergi *client);
void reader_taken_over(struct sinergi *client);
bool reader_is_active(const struct sinergi *client);

/* A subscription of the library itself: no inbox, one process of the device. */
sinergi_status reader_add_own(struct sinergi *client, const sinergi_subscription *as);

/* settled.c */
void settled_attach(struct sinergi *client);
/* Has been told how all parked events ended, as far as they have. */
bool settled_known(const struct sinergi *client);
bool settled_subscription(const struct subscription *sub);

/* ask.c */
void ask_reply(struct sinergi *client, struct sg_bytes body);
/* Ask, and give each page to `take_page` until it returns a status other than OK. */
typedef sinergi_status ask_page(void *context, const PbQueryResult *result);
sinergi_status ask_pages(struct sinergi *client, PbQuery *query, int timeout_ms,
                         ask_page *take_page, void *context);

/* log.c: the whole chain of blocks, against what this device has seen and holds receipts of. */
struct log_report {
    uint64_t blocks, own_blocks; /* own: blocks of which this device has a receipt */
    uint64_t head_epoch, head_height;
};
sinergi_status log_verify(struct sinergi *client, int timeout_ms, struct log_report *out_report);

#endif
