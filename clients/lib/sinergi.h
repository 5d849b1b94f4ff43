/* sinergi.h - talk to the sinergi broker from an agency's own program. Manual: libsinergi(3).
 *
 * C99 and C++. Handles are opaque; strings are UTF-8; times are milliseconds since 1970 (UTC);
 * events are sinergi.v1.Envelope, as protobuf or in its JSON mapping.
 *
 * What the library promises: an event that sinergi_commit took with SINERGI_OK is on this disk
 * and is sent until the broker has answered it, over restarts of both; its outcome and signed
 * receipt are kept beside it. A delivery whose handler was done is never handed over again on this
 * device.
 *
 * Two ways to use it. Blocking: sinergi_run(client, until, timeout_ms) does all the work and calls
 * the handlers. In a loop of one's own: wait for sinergi_fd(client) beside the own descriptors, and
 * call sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0) whenever it is readable; that does not wait.
 * Nothing is sent or received outside sinergi_run and the functions that take a timeout.
 *
 * Threads: one handle belongs to one thread at a time; several handles to several threads, each
 * with a data folder of its own. sinergi_stop may be called from anywhere. Processes of one device
 * may share a data folder: one of them sends for all, a subscription belongs to one at a time.
 * Handlers are called from within sinergi_run, in its thread; they may call any function but
 * sinergi_run, those with a timeout, and sinergi_close.
 *
 * Fork: a child of fork must not use the handle, nor close it; to exec or _exit is fine (every
 * descriptor is closed on exec). Signals: the library sets no handler and no mask in threads of the
 * caller, its own threads take no signals, and it raises no SIGPIPE; a signal does not end
 * sinergi_run, sinergi_stop does.
 *
 * Ownership: what is passed in is borrowed for the call (sinergi_subscribe copies name and types;
 * handler and context are kept until sinergi_close). A `char **out_…` is given to the caller and
 * freed with sinergi_free. A `const char *` of a handle or of an outcome belongs to the handle and
 * holds until the next call with that handle; of a delivery, until its handler returns.
 *
 * Errors: a function that can fail returns a status, and results are written on SINERGI_OK only.
 * sinergi_error has the sentence for people. Arguments must not be NULL where this file does not
 * say that they may. Nothing here ends the process or writes to a standard stream.
 *
 * Limits: an event has at most 16 KiB as protobuf, its JSON 1 MiB; a batch 4,096 events; a handle
 * 16 subscriptions, of which the library uses one while events wait for others (SINERGI_PARKED).
 */
#ifndef SINERGI_H
#define SINERGI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SINERGI_VERSION_MAJOR 0
#define SINERGI_VERSION_MINOR 1
#define SINERGI_VERSION_PATCH 0

#define SINERGI_ID_BYTES 16
#define SINERGI_ID_TEXT 37    /* characters of an id, with the NUL */
#define SINERGI_PLACE_TEXT 58 /* of a place */
#define SINERGI_NOTE_BYTES 64 /* what a handler may leave */

/* Version of the library that is loaded, "0.1.0"; the macros are that of this header. */
const char *sinergi_version(void);

/* ---- statuses ---- */

typedef enum sinergi_status {
    SINERGI_OK = 0,
    SINERGI_TIMEOUT,      /* not within the given time; nothing is lost */
    SINERGI_INVALID,      /* the event or an argument is wrong: sinergi_error says what and why */
    SINERGI_CONFIG,       /* configuration or key file */
    SINERGI_LOCAL,        /* this device's disk or outbox */
    SINERGI_KEY_REFUSED,  /* key unknown or suspended */
    SINERGI_WRONG_SERVER, /* wrong server key, or the server is starting */
    SINERGI_OLD_PROTOCOL, /* the broker does not speak this protocol */
    SINERGI_HISTORY,      /* the broker's history is not the one this device has seen */
    SINERGI_IN_USE,       /* the subscription is held by another device */
    SINERGI_TAKEN_OVER,   /* another device took the subscription over */
    SINERGI_REFUSED,      /* the broker refused the request: sinergi_error */
    SINERGI_BUSY          /* the broker asks to come later */
} sinergi_status;

/* "SINERGI_TIMEOUT"; "?" for a number that is none. */
const char *sinergi_status_name(sinergi_status status);

/* ---- a device ---- */

typedef struct sinergi sinergi;

/* Open a device: its configuration file (sinergi.conf(5)), or NULL for $SINERGI_CONF or
 * /etc/sinergi/sinergi.conf. Does not connect. On failure *out_client is set as far as memory
 * allows: such a handle is for sinergi_error and sinergi_close only.
 *
 * Errors: SINERGI_CONFIG  configuration or key file: which, where, what would be right.
 *         SINERGI_LOCAL   memory, or the data folder cannot be opened. */
sinergi_status sinergi_open(const char *conf_path, sinergi **out_client);
/* Says goodbye to the broker (for up to 300 ms when connected) and frees all; NULL is allowed. What
 * is not answered stays in the outbox; what no handler was done with stays in the inbox. */
void sinergi_close(sinergi *client);

/* The last error as one sentence: language "id" or "en" (NULL too). Valid until the next call. Of a
 * NULL handle it says that there is no memory. */
const char *sinergi_error(const sinergi *client, const char *language);

/* Who this device is, from its key file; valid until sinergi_close. */
const char *sinergi_agency(const sinergi *client);
const char *sinergi_device(const sinergi *client);

/* ---- publish ---- */

/* Where an event stands: the outbox of its device and the number in it, from 1. */
typedef struct sinergi_place {
    uint8_t outbox_id[SINERGI_ID_BYTES];
    uint64_t number;
} sinergi_place;

/* "01968a3e-0000-7000-8000-000000000001", and for a place "01968a3e-…-12" as the command takes it.
 * Return `to`. */
const char *sinergi_id_text(const uint8_t id[SINERGI_ID_BYTES], char to[SINERGI_ID_TEXT]);
const char *sinergi_place_text(const sinergi_place *place, char to[SINERGI_PLACE_TEXT]);
/* And back. Errors: SINERGI_INVALID. */
sinergi_status sinergi_place_parse(const char *text, sinergi_place *out_place);

/* Add an event to the batch that is being collected. It is checked as the broker does, as far as
 * that can be done without the broker. Filled in where missing: type (from the payload),
 * publisher_agency, schema_minor, recorded_at (now), occurred_at (recorded_at), time_quality
 * (EXACT), actor_ref (DEVICE), legal_basis of a personal part, and a payload's own id when
 * `make_ids` of the configuration is on.
 *
 * Errors: SINERGI_INVALID  nothing was added: which field, which rule, what would be accepted.
 *         SINERGI_LOCAL    the batch is full or memory out: commit, then add it again. */
sinergi_status sinergi_add_json(sinergi *client, const char *event_json, size_t length);
/* The same for an encoded Envelope, of which an unknown field is refused too. */
sinergi_status sinergi_add_protobuf(sinergi *client, const uint8_t *envelope, size_t length);

/* One durable commit of the batch to the outbox, as signed frames; returns at once, connected or
 * not. places may be NULL, else it has room for as many as events were added, in their order;
 * out_count may be NULL. An empty batch is SINERGI_OK.
 *
 * Errors: SINERGI_LOCAL  the disk took nothing; the batch is kept: commit again, or discard it. */
sinergi_status sinergi_commit(sinergi *client, sinergi_place *places, size_t *out_count);
/* Forget the batch. */
void sinergi_discard(sinergi *client);

typedef enum sinergi_outcome_status {
    SINERGI_PENDING = 0,   /* not answered yet */
    SINERGI_ACCEPTED = 1,  /* in the journal at `seq` */
    SINERGI_DUPLICATE = 2, /* states what another event had stated: nothing was changed */
    SINERGI_PARKED = 3,    /* waits for another event; becomes ACCEPTED or REJECTED later */
    SINERGI_REJECTED = 4   /* refused: `code` and texts say why */
} sinergi_outcome_status;

/* "ACCEPTED"; "?" for a number that is none. */
const char *sinergi_outcome_name(sinergi_outcome_status status);

/* What the broker answered. No pointer is NULL: what does not apply is "". */
typedef struct sinergi_outcome {
    sinergi_place place;
    sinergi_outcome_status status;
    const char *code;                   /* "E_BAD_CODE" */
    const char *object, *detail;        /* the field or object, and the rule */
    const char *accepted, *accepted_id; /* what would be accepted, in English and in Indonesian */
    const char *text_id, *text_en;      /* all of it as a sentence, in both */
    uint64_t seq;                       /* in the journal; 0 when it is not there */
    int64_t accepted_at;                /* time of the broker */
    uint64_t aggregate_version;         /* of what the event is about, after it */
    uint8_t person_ref[SINERGI_ID_BYTES], case_id[SINERGI_ID_BYTES],
        allocation_id[SINERGI_ID_BYTES]; /* what the broker has made for this event, if it has */
    int has_person_ref, has_case_id, has_allocation_id;
    const char *warnings; /* "W_LATE W_WAIVER" */
    int has_receipt;      /* sinergi_receipt_get has one */
} sinergi_outcome;

/* Outcome of one place as far as this device knows it. Strings are valid until the next call.
 *
 * Errors: SINERGI_INVALID  the place is in no outbox of this device.
 *         SINERGI_LOCAL    the outbox cannot be read. */
sinergi_status sinergi_outcome_get(sinergi *client, const sinergi_place *place,
                                   sinergi_outcome *out_outcome);
/* Signed receipt of an accepted event as JSON text (docs/PROTOCOL.md); free with sinergi_free. It
 * was verified when it came. Errors: SINERGI_INVALID: there is none. SINERGI_LOCAL. */
sinergi_status sinergi_receipt_get(sinergi *client, const sinergi_place *place, char **out_json);
/* What this library gave to the caller; NULL is allowed. */
void sinergi_free(void *memory);
/* Check anybody's receipt offline against the broker's public key of the configuration.
 * Errors: SINERGI_INVALID: it does not hold, and why. */
sinergi_status sinergi_receipt_verify(sinergi *client, const char *receipt_json, size_t length);

/* The current outbox; `unanswered` and `rejected` are of all outboxes of this device. */
typedef struct sinergi_outbox_info {
    uint8_t outbox_id[SINERGI_ID_BYTES];
    uint64_t last_number, unanswered, rejected;
} sinergi_outbox_info;
sinergi_status sinergi_outbox(sinergi *client, sinergi_outbox_info *out_info);
/* Walk the current outbox from number `from` on: called for each event, with its topic, until it
 * returns non-zero. The outcome holds until it returns; it must not call functions of the handle.
 */
typedef int sinergi_outcome_walk(void *context, const sinergi_outcome *outcome, const char *type);
sinergi_status sinergi_outbox_walk(sinergi *client, uint64_t from, sinergi_outcome_walk *walk,
                                   void *context);

/* ---- subscribe ---- */

/* Where a subscription begins that the broker does not know yet; after that it goes on by itself.
 */
typedef enum sinergi_start {
    SINERGI_FROM_BEGINNING = 1,
    SINERGI_FROM_NEW = 2,
    SINERGI_FROM_SEQ = 3, /* the first event at `seq` or behind it */
    SINERGI_FROM_TIME = 4 /* the first event accepted at `time_ms` or later */
} sinergi_start;

/* One event for one subscription. All pointers are valid until the handler returns. */
typedef struct sinergi_delivery {
    const char *subscription;
    uint64_t seq; /* of the journal: grows from delivery to delivery, with gaps */
    sinergi_place place;
    const char *type;        /* topic */
    const uint8_t *envelope; /* protobuf bytes of the Envelope, as delivered */
    size_t envelope_length;
} sinergi_delivery;

typedef enum sinergi_handled {
    SINERGI_DONE = 0,   /* never handed over again */
    SINERGI_LATER = 1,  /* not now: hand over again after retry_ms; not counted */
    SINERGI_STOP = 2,   /* not handled; leave sinergi_run */
    SINERGI_FAILED = 3, /* again after retry_ms; the fifth time it goes to the dead letters */
    SINERGI_WORKING = 4 /* the handler goes on by itself and ends it with sinergi_finish */
} sinergi_handled;

/* Called for one delivery after the other, in the order of the journal; the next one of the same
 * subscription waits until this one is done. The handler may leave up to 64 bytes in `note`
 * (*note_length is 0 at first): they are committed together with the mark that the delivery is
 * done, so that an effect outside (the length of a file) can be put back to what was committed. */
typedef sinergi_handled sinergi_handler(void *context, const sinergi_delivery *delivery,
                                        uint8_t note[SINERGI_NOTE_BYTES], size_t *note_length);

/* Zero what is not used: sinergi_subscription s = {0}. */
typedef struct sinergi_subscription {
    const char *name;         /* 1 to 63 of a-z 0-9 . _ -, of this agency */
    const char *const *types; /* topics, "slot.*"; NULL-terminated; NULL = all */
    sinergi_start start;
    uint64_t seq;
    int64_t time_ms;
    int take_over;     /* from another device that holds it */
    int ephemeral;     /* keep no inbox on this device: at least once */
    int restart;       /* begin at `start`, once, also when the broker knows the subscription */
    uint32_t retry_ms; /* after SINERGI_LATER and SINERGI_FAILED; 0 = 5,000 */
    sinergi_handler *handler;
    void *context;
} sinergi_subscription;

/* Receive in sinergi_run from now on, as long as the handle lives. A refusal by the broker comes
 * from sinergi_run, as SINERGI_IN_USE, SINERGI_TAKEN_OVER or SINERGI_REFUSED; the subscription then
 * stays off.
 *
 * Errors: SINERGI_INVALID  name, handler or number of subscriptions.
 *         SINERGI_IN_USE   another process of this device has it. */
sinergi_status sinergi_subscribe(sinergi *client, const sinergi_subscription *subscription);
/* The note of the last delivery that was done; *out_length is 0 when there is none. */
sinergi_status sinergi_note(sinergi *client, const char *subscription,
                            uint8_t note[SINERGI_NOTE_BYTES], size_t *out_length);
/* End a delivery whose handler said SINERGI_WORKING (not for an ephemeral subscription, where
 * SINERGI_LATER and SINERGI_WORKING are SINERGI_FAILED). Until then nothing more of that
 * subscription is handed over; other subscriptions go on. `note` as of the handler, or NULL and 0.
 *
 * Errors: SINERGI_INVALID  no such delivery is being worked on.
 *         SINERGI_LOCAL    the disk took nothing: the delivery is handed over again. */
sinergi_status sinergi_finish(sinergi *client, const char *subscription, uint64_t seq,
                              sinergi_handled handled, const uint8_t *note, size_t note_length);

/* ---- run ---- */

typedef enum sinergi_until {
    SINERGI_UNTIL_TIMEOUT = 0,
    SINERGI_UNTIL_ANSWERED = 1, /* every event of this handle's commits has an outcome; without
                                   commits: every event of the outbox */
    SINERGI_UNTIL_CAUGHT_UP =
        2, /* every subscription has been told, and has handled, all there is */
    SINERGI_UNTIL_CONNECTED = 3
} sinergi_until;

/* Connect, send, receive, hand over, acknowledge until `until` is met, a handler says SINERGI_STOP,
 * sinergi_stop is called (SINERGI_OK in all three cases), or timeout_ms are over (-1: without end;
 * 0: what can be done without waiting). Connects again by itself after pauses that grow to a
 * minute.
 *
 * Errors: SINERGI_TIMEOUT  the usual end of SINERGI_UNTIL_TIMEOUT; nothing is lost.
 *         SINERGI_BUSY     the time is over, and the broker asked to come later.
 *         SINERGI_KEY_REFUSED, SINERGI_WRONG_SERVER, SINERGI_OLD_PROTOCOL, SINERGI_HISTORY,
 *         SINERGI_IN_USE, SINERGI_TAKEN_OVER, SINERGI_REFUSED, SINERGI_LOCAL  somebody should know,
 *                          as soon as it is known. Call again to go on trying.
 *         SINERGI_INVALID  called from a handler. */
sinergi_status sinergi_run(sinergi *client, sinergi_until until, int timeout_ms);
/* sinergi_run, now or when it is called next, returns soon. From any thread, and from a signal
 * handler. */
void sinergi_stop(sinergi *client);
/* For a program with its own loop: one descriptor, readable when
 * sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0) has something to do, also for what becomes due by
 * time. Call that once before the first wait and whenever the descriptor is readable; it does not
 * wait. The descriptor belongs to the handle: only poll, select or epoll it. -1: sinergi_error. */
int sinergi_fd(sinergi *client);

/* ---- ask ---- */

/* Each of these three runs the handle until the answer is there, handlers included, and fails like
 * sinergi_run; SINERGI_REFUSED is the broker's refusal. timeout_ms as there. */

/* A query as JSON of sinergi.v1.Query (kind, slotId, …), all pages; the answer is JSON of
 * QueryResult. Free with sinergi_free. */
sinergi_status sinergi_query_json(sinergi *client, const char *query_json, int timeout_ms,
                                  char **out_json);
/* Let go of one dead letter of a subscription of the own agency, for good. */
sinergi_status sinergi_dead_discard(sinergi *client, const char *subscription, uint64_t seq,
                                    int timeout_ms);
/* For operators: JSON of sinergi.v1.Admin; the answer is JSON of AdminResult. Free with
 * sinergi_free. */
sinergi_status sinergi_admin_json(sinergi *client, const char *admin_json, int timeout_ms,
                                  char **out_json);
/* What Welcome said, as JSON, valid until the next call; NULL before the first connection of this
 * handle. */
const char *sinergi_welcome_json(const sinergi *client);

/* JSON of an encoded Envelope; free with sinergi_free. NULL: not an Envelope, or out of memory. */
char *sinergi_envelope_json(const uint8_t *envelope, size_t length);

#ifdef __cplusplus
}
#endif

#endif
