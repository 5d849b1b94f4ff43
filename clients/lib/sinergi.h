/* sinergi.h - talk to the sinergi broker from an agency's own program.
 *
 * C99. Handles are opaque; strings are UTF-8; times are milliseconds since 1970 (UTC); event JSON
 * is the protobuf JSON mapping of sinergi.v1.Envelope.
 *
 * What the library promises: an event that sinergi_commit took with SINERGI_OK is on this disk
 * and is sent until the broker has answered it, over restarts of both; its outcome and signed
 * receipt are kept beside it. A delivery whose handler was done is never handed over again on this
 * device.
 *
 * Threads: one handle belongs to one thread at a time, and a data folder to one handle in a
 * process. Fork: not after sinergi_open. A handler may add and commit events, but not call
 * sinergi_run.
 */
#ifndef SINERGI_H
#define SINERGI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SINERGI_ID_BYTES 16

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

typedef struct sinergi sinergi;

/* Open a device: configuration file (see sinergi.conf(5) part of sinergi(1)), or NULL for
 * $SINERGI_CONF or /etc/sinergi/sinergi.conf. Does not connect. On failure *out_client is set when
 * memory allows, so that sinergi_error can be read; close it all the same. */
sinergi_status sinergi_open(const char *conf_path, sinergi **out_client);
void sinergi_close(sinergi *client);

/* The last error as one sentence: language "id" or "en". Valid until the next call. */
const char *sinergi_error(const sinergi *client, const char *language);

const char *sinergi_agency(const sinergi *client);
const char *sinergi_device(const sinergi *client);

/* ---- publish ---- */

typedef struct sinergi_place {
    uint8_t outbox_id[SINERGI_ID_BYTES];
    uint64_t number;
} sinergi_place;

/* Add an event to the batch that is being collected. Fills in what is missing of publisher_agency,
 * recorded_at, schema_minor, time_quality, type (from the payload), a payload's own id when
 * `make_ids` of the configuration is on. SINERGI_INVALID: nothing was added. */
sinergi_status sinergi_add_json(sinergi *client, const char *event_json, size_t length);

/* One durable commit of the batch to the outbox, as signed frames; returns at once. places may be
 * NULL; else room for as many places as events were added. */
sinergi_status sinergi_commit(sinergi *client, sinergi_place *places, size_t *out_count);
/* Forget the batch. */
void sinergi_discard(sinergi *client);

typedef enum sinergi_outcome_status {
    SINERGI_PENDING = 0,
    SINERGI_ACCEPTED = 1,
    SINERGI_DUPLICATE = 2,
    SINERGI_PARKED = 3,
    SINERGI_REJECTED = 4
} sinergi_outcome_status;

typedef struct sinergi_outcome {
    sinergi_place place;
    sinergi_outcome_status status;
    const char *code; /* "E_BAD_CODE" or "" */
    const char *object, *detail;
    const char *accepted, *accepted_id; /* what would be accepted, in English and in Indonesian */
    const char *text_id, *text_en;
    uint64_t seq;
    int64_t accepted_at;
    uint64_t aggregate_version;
    uint8_t person_ref[SINERGI_ID_BYTES], case_id[SINERGI_ID_BYTES],
        allocation_id[SINERGI_ID_BYTES];
    int has_person_ref, has_case_id, has_allocation_id;
    const char *warnings; /* "W_LATE W_WAIVER" or "" */
    int has_receipt;
} sinergi_outcome;

/* Outcome of one place as far as known (SINERGI_PENDING else). Strings are valid until the next
 * call. */
sinergi_status sinergi_outcome_get(sinergi *client, const sinergi_place *place,
                                   sinergi_outcome *out_outcome);
/* Receipt of an accepted event as JSON text (docs/PROTOCOL.md); free with sinergi_free. */
sinergi_status sinergi_receipt_get(sinergi *client, const sinergi_place *place, char **out_json);
void sinergi_free(void *memory);
/* Check a receipt offline against the broker's public key of the configuration. */
sinergi_status sinergi_receipt_verify(sinergi *client, const char *receipt_json, size_t length);

typedef struct sinergi_outbox_info {
    uint8_t outbox_id[SINERGI_ID_BYTES];
    uint64_t last_number, unanswered, rejected;
} sinergi_outbox_info;
sinergi_status sinergi_outbox(sinergi *client, sinergi_outbox_info *out_info);
/* Walk the outbox from number `from` on: called for each event until it returns non-zero. */
typedef int sinergi_outcome_walk(void *context, const sinergi_outcome *outcome, const char *type);
sinergi_status sinergi_outbox_walk(sinergi *client, uint64_t from, sinergi_outcome_walk *walk,
                                   void *context);

/* ---- subscribe ---- */

typedef enum sinergi_start {
    SINERGI_FROM_BEGINNING = 1,
    SINERGI_FROM_NEW = 2,
    SINERGI_FROM_SEQ = 3,
    SINERGI_FROM_TIME = 4
} sinergi_start;

typedef struct sinergi_delivery {
    const char *subscription;
    uint64_t seq;
    sinergi_place place;
    const char *type;        /* topic */
    const uint8_t *envelope; /* protobuf bytes of the Envelope, as delivered */
    size_t envelope_length;
} sinergi_delivery;

typedef enum sinergi_handled {
    SINERGI_DONE = 0,  /* never handed over again */
    SINERGI_LATER = 1, /* not now: hand over again after retry_ms; not counted */
    SINERGI_STOP = 2,  /* not handled; leave sinergi_run */
    SINERGI_FAILED =
        3, /* hand over again after retry_ms; the fifth time it goes to the dead letters */
    SINERGI_WORKING = 4 /* the handler goes on by itself and ends it with sinergi_finish */
} sinergi_handled;

/* The handler may leave up to 64 bytes in `note` (*note_length in and out): they are committed
 * together with the mark that the delivery is done, so that an effect outside (the length of a
 * file) can be put back to what was committed. Read them with sinergi_note after a restart. */
typedef sinergi_handled sinergi_handler(void *context, const sinergi_delivery *delivery,
                                        uint8_t note[64], size_t *note_length);

typedef struct sinergi_subscription {
    const char *name;
    const char *const *types; /* topics, "slot.*"; NULL-terminated; NULL = all */
    sinergi_start start;
    uint64_t seq;
    int64_t time_ms;
    int take_over;
    int ephemeral;     /* keep no inbox on this device: at least once */
    int restart;       /* begin at `start`, also when the broker knows the subscription */
    uint32_t retry_ms; /* after SINERGI_LATER and SINERGI_FAILED; 0 = 5,000 */
    sinergi_handler *handler;
    void *context;
} sinergi_subscription;

sinergi_status sinergi_subscribe(sinergi *client, const sinergi_subscription *subscription);
sinergi_status sinergi_note(sinergi *client, const char *subscription, uint8_t note[64],
                            size_t *out_length);
/* End a delivery whose handler said SINERGI_WORKING (not for an ephemeral subscription, where
 * SINERGI_LATER and SINERGI_WORKING are SINERGI_FAILED). Until then nothing more of that
 * subscription is handed over; other subscriptions go on. `note` as of the handler, or NULL and 0.
 * SINERGI_INVALID: no such delivery is being worked on. SINERGI_LOCAL: the disk took nothing, the
 * delivery is handed over again. */
sinergi_status sinergi_finish(sinergi *client, const char *subscription, uint64_t seq,
                              sinergi_handled handled, const uint8_t *note, size_t note_length);

/* ---- run ---- */

/* Send, receive, hand over, acknowledge for up to timeout_ms (-1: without end); returns earlier
 * when a handler said SINERGI_STOP, or when `until` is met. */
typedef enum sinergi_until {
    SINERGI_UNTIL_TIMEOUT = 0,
    SINERGI_UNTIL_ANSWERED = 1,  /* every event of this process's commits has an outcome */
    SINERGI_UNTIL_CAUGHT_UP = 2, /* every subscription has been told that it has all */
    SINERGI_UNTIL_CONNECTED = 3
} sinergi_until;
sinergi_status sinergi_run(sinergi *client, sinergi_until until, int timeout_ms);
/* From a signal handler: sinergi_run returns soon. */
void sinergi_stop(sinergi *client);
/* For a program with its own loop: one descriptor, readable when
 * sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0) has something to do, also for what becomes due by
 * time. Call that once before the first wait and whenever the descriptor is readable; it does not
 * wait. The descriptor belongs to the handle: only poll, select or epoll it. -1: sinergi_error. */
int sinergi_fd(sinergi *client);

/* ---- ask ---- */

/* A query as JSON of sinergi.v1.Query (kind, slotId, …), all pages; the answer is JSON of
 * QueryResult. Free with sinergi_free. */
sinergi_status sinergi_query_json(sinergi *client, const char *query_json, int timeout_ms,
                                  char **out_json);
/* Let go of one dead letter of a subscription of the own agency, for good. */
sinergi_status sinergi_dead_discard(sinergi *client, const char *subscription, uint64_t seq,
                                    int timeout_ms);
/* JSON of sinergi.v1.Admin. */
sinergi_status sinergi_admin_json(sinergi *client, const char *admin_json, int timeout_ms,
                                  char **out_json);
/* What Welcome said, as JSON; NULL before the first connection of this handle. */
const char *sinergi_welcome_json(const sinergi *client);

/* JSON of a delivered envelope; free with sinergi_free. NULL: not an Envelope, or out of memory. */
char *sinergi_envelope_json(const uint8_t *envelope, size_t length);

#ifdef __cplusplus
}
#endif

#endif
