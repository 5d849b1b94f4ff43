#include "lib/inbox.h"

#include "kit/check.h"
#include "lib/box.h"
#include "lib/inbox_key.h"
#include "wire/codec.h"

#include <stdio.h>
#include <stdlib.h>

/* subscriptions: name -> received, done, note · pending: name 00 seq -> sealed packed Delivery ·
 * key: "id" -> which one */
enum { TABLE_SUBSCRIPTIONS, TABLE_PENDING, TABLE_KEY, INBOX_TABLES };
enum { STATE_HEAD = 16, KEY_MAX = SG_NAME_MAX + 1 + 8 };

static const char *const table_names[INBOX_TABLES] = {"subscriptions", "pending", "key"};

struct inbox {
    struct box box;
    char folder[INBOX_KEY_PATH_MAX];
    struct inbox_key key; /* as of the last look; another process may have renewed it */
    bool used;
};

static enum sg_err state_get(const struct inbox *inbox, const struct box_txn *txn, const char *name,
                             struct inbox_state *out_state, struct sg_why *why)
{
    struct sg_bytes row;
    struct inbox_state state = {0};
    enum sg_err err =
        box_get(txn, inbox->box.tables[TABLE_SUBSCRIPTIONS], sg_bytes_of(name), &row, why);
    if (!err) {
        if (row.len < STATE_HEAD || row.len - STATE_HEAD > INBOX_NOTE_MAX)
            return sg_fail(why, SG_E_STORE, "inbox.mdb: the row of '%s' is damaged", name);
        state.received = sg_get_u64(row.ptr);
        state.done = sg_get_u64(row.ptr + 8);
        state.note_len = row.len - STATE_HEAD;
        memcpy(state.note, row.ptr + STATE_HEAD, state.note_len);
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    *out_state = state;
    return SG_OK;
}

static enum sg_err state_put(const struct inbox *inbox, const struct box_txn *txn, const char *name,
                             const struct inbox_state *state, struct sg_why *why)
{
    uint8_t row[STATE_HEAD + INBOX_NOTE_MAX];
    sg_put_u64(row, state->received);
    sg_put_u64(row + 8, state->done);
    memcpy(row + STATE_HEAD, state->note, state->note_len);
    return box_put(txn, inbox->box.tables[TABLE_SUBSCRIPTIONS], sg_bytes_of(name),
                   (struct sg_bytes){row, STATE_HEAD + state->note_len}, why);
}

static struct sg_bytes pending_key(const char *name, uint64_t seq, uint8_t to[KEY_MAX])
{
    size_t len = strlen(name); /* at most SG_NAME_MAX: checked where a name comes in */
    memcpy(to, name, len + 1);
    sg_put_u64(to + len + 1, seq);
    return (struct sg_bytes){to, len + 1 + 8};
}

static bool is_pending_of(struct sg_bytes key, const char *name)
{
    size_t len = strlen(name);
    return key.len == len + 1 + 8 && memcmp(key.ptr, name, len + 1) == 0;
}

enum sg_err inbox_state(struct inbox *inbox, const char *name, struct inbox_state *out_state,
                        struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_read(&inbox->box, &txn, why);
    return err ? err : state_get(inbox, &txn, name, out_state, why);
}

enum sg_err inbox_pending(struct inbox *inbox, const char *name, uint64_t *out_count,
                          struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t key[KEY_MAX];
    struct sg_bytes found, row, next = pending_key(name, 0, key);
    uint64_t count = 0;
    enum sg_err err = box_read(&inbox->box, &txn, why);
    while (!err) {
        err = box_seek(&txn, inbox->box.tables[TABLE_PENDING], next, &found, &row, why);
        if (err || !is_pending_of(found, name))
            break;
        count++;
        next = pending_key(name, sg_get_u64(found.ptr + found.len - 8) + 1, key);
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    *out_count = count;
    return SG_OK;
}

static enum sg_err delete_pending(const struct inbox *inbox, const struct box_txn *txn,
                                  const char *name, struct sg_why *why)
{
    MDB_dbi table = inbox->box.tables[TABLE_PENDING];
    for (;;) {
        uint8_t from[KEY_MAX], at[KEY_MAX];
        struct sg_bytes key = {0}, value;
        enum sg_err err = box_seek(txn, table, pending_key(name, 0, from), &key, &value, why);
        if (err == SG_E_NOT_FOUND || (!err && !is_pending_of(key, name)))
            return SG_OK;
        if (!err) {
            memcpy(at, key.ptr, key.len); /* the row moves while it is deleted */
            err = box_delete(txn, table, (struct sg_bytes){at, key.len}, why);
        }
        if (err)
            return err;
    }
}

static enum sg_err name_behind(const struct inbox *inbox, const struct box_txn *txn,
                               const char *after, char out_name[SG_NAME_MAX + 1],
                               struct sg_why *why)
{
    uint8_t from[KEY_MAX] = {0};
    size_t len = strlen(after);
    if (len > SG_NAME_MAX)
        return sg_fail(why, SG_E_NOT_FOUND, "a name of %zu bytes", len);
    memcpy(from, after, len + 1);
    struct sg_bytes key, value; /* one zero byte behind the name: the next key */
    enum sg_err err = box_seek(txn, inbox->box.tables[TABLE_SUBSCRIPTIONS],
                               (struct sg_bytes){from, len + 1}, &key, &value, why);
    if (err)
        return err;
    if (key.len > SG_NAME_MAX)
        return sg_fail(why, SG_E_STORE, "inbox.mdb: a name of %zu bytes", key.len);
    memcpy(out_name, key.ptr, key.len);
    out_name[key.len] = '\0';
    return SG_OK;
}

/* ---- the key ----------------------------------------------------------------------------- */

static const struct sg_bytes id_row = {(const uint8_t *)"id", 2};

/* The key of what stands in the inbox as this transaction sees it. Errors: SG_E_NOT_FOUND: none. */
static enum sg_err key_look(struct inbox *inbox, const struct box_txn *txn, bool finish,
                            struct sg_why *why)
{
    struct sg_bytes id;
    enum sg_err err = box_get(txn, inbox->box.tables[TABLE_KEY], id_row, &id, why);
    if (err)
        return err;
    if (id.len != INBOX_KEY_ID_BYTES)
        return sg_fail(why, SG_E_STORE, "inbox.mdb: an id of %zu bytes", id.len);
    if (!finish && memcmp(id.ptr, inbox->key.id, id.len) == 0)
        return SG_OK;
    return inbox_key_read(inbox->folder, id.ptr, finish, &inbox->key, why);
}

static enum sg_err key_need(struct inbox *inbox, const struct box_txn *txn, struct sg_why *why)
{
    enum sg_err err = key_look(inbox, txn, false, why);
    return err == SG_E_NOT_FOUND
               ? sg_fail(why, SG_E_STORE, "inbox.key is gone; begin anew and all is sent again")
               : err;
}

/* The last step, which an end of a process may have left out. */
static enum sg_err key_finish(struct inbox *inbox, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_write(&inbox->box, &txn, why);
    return err ? err : key_look(inbox, &txn, true, why);
}

static enum sg_err key_put(const struct inbox *inbox, const struct box_txn *txn,
                           const struct inbox_key *key, struct sg_why *why)
{
    enum sg_err err = inbox_key_write(inbox->folder, key, why);
    return err ? err
               : box_put(txn, inbox->box.tables[TABLE_KEY], id_row,
                         (struct sg_bytes){key->id, INBOX_KEY_ID_BYTES}, why);
}

/* What is pending cannot be read, or was never sealed: it is sent again. */
static enum sg_err drop_all(const struct inbox *inbox, const struct box_txn *txn,
                            struct sg_why *why)
{
    char name[SG_NAME_MAX + 1] = "";
    enum sg_err err = SG_OK;
    for (;;) {
        struct inbox_state state = {0};
        err = name_behind(inbox, txn, name, name, why);
        if (err)
            return err == SG_E_NOT_FOUND ? SG_OK : err;
        err = state_get(inbox, txn, name, &state, why);
        if (!err)
            err = delete_pending(inbox, txn, name, why);
        state.received = state.done;
        if (!err)
            err = state_put(inbox, txn, name, &state, why);
        if (err)
            return err;
    }
}

static enum sg_err settle_key(struct inbox *inbox, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    SG_AUTO(inbox_key_done) struct inbox_key key = {0};
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = key_look(inbox, &txn, true, why);
    if (err != SG_E_NOT_FOUND)
        return err;
    inbox_key_make(&key);
    err = drop_all(inbox, &txn, why);
    if (!err)
        err = key_put(inbox, &txn, &key, why);
    if (!err)
        err = box_commit(&txn, why);
    return err ? err : key_finish(inbox, why);
}

/* Every pending row under another key. */
static enum sg_err seal_anew(struct inbox *inbox, const struct box_txn *txn,
                             const struct inbox_key *to, struct sg_arena *arena, struct sg_why *why)
{
    MDB_dbi table = inbox->box.tables[TABLE_PENDING];
    uint8_t at[KEY_MAX + 1] = {0};
    struct sg_bytes next = {at, 1}; /* before every name */
    for (;;) {
        size_t used = arena->used;
        struct sg_bytes key, sealed, plain;
        enum sg_err err = box_seek(txn, table, next, &key, &sealed, why);
        if (err)
            return err == SG_E_NOT_FOUND ? SG_OK : err;
        if (key.len > KEY_MAX)
            return sg_fail(why, SG_E_STORE, "inbox.mdb: a key of %zu bytes", key.len);
        memcpy(at, key.ptr, key.len); /* the row moves while it is written */
        key.ptr = at;
        err = inbox_unseal(&inbox->key, key, sealed, arena, &plain, why);
        if (!err)
            err = inbox_seal(to, key, plain, arena, &sealed, why);
        if (!err)
            err = box_put(txn, table, key, sealed, why);
        sg_arena_reset(arena, used);
        if (err)
            return err;
        at[key.len] = 0; /* one zero byte behind it: the next key */
        next = (struct sg_bytes){at, key.len + 1};
    }
}

enum sg_err inbox_renew(struct inbox *inbox, struct sg_arena *arena, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    SG_AUTO(inbox_key_done) struct inbox_key key = {0};
    inbox_key_make(&key);
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = key_look(inbox, &txn, true, why);
    if (!err)
        err = seal_anew(inbox, &txn, &key, arena, why);
    if (!err)
        err = key_put(inbox, &txn, &key, why);
    if (!err)
        err = box_commit(&txn, why);
    if (!err)
        err = key_finish(inbox, why);
    inbox->used = inbox->used && err;
    return err == SG_E_NOT_FOUND ? SG_E_STORE : err;
}

bool inbox_is_used(const struct inbox *inbox)
{
    return inbox->used;
}

/* ---- open and close ---------------------------------------------------------------------- */

enum sg_err inbox_open(const char *folder, struct inbox **out_inbox, struct sg_why *why)
{
    SG_AUTO(inbox_close) struct inbox *inbox = calloc(1, sizeof *inbox);
    if (!inbox)
        return sg_fail(why, SG_E_SYS, "no memory");
    (void)snprintf(inbox->folder, sizeof inbox->folder, "%s", folder);
    enum sg_err err = box_open(folder, "inbox.mdb", table_names, INBOX_TABLES, &inbox->box, why);
    if (!err)
        err = settle_key(inbox, why);
    if (!err)
        *out_inbox = SG_TAKE(inbox);
    return err;
}

void inbox_rest(struct inbox *inbox)
{
    box_rest(&inbox->box);
}

void inbox_close(struct inbox **inbox)
{
    if (!*inbox)
        return;
    box_done(&(*inbox)->box);
    inbox_key_done(&(*inbox)->key);
    free(SG_TAKE(*inbox));
}

/* ---- deliveries -------------------------------------------------------------------------- */

static enum sg_err put_new(struct inbox *inbox, const struct box_txn *txn, const PbDeliver *deliver,
                           struct sg_arena *arena, struct inbox_state *state, struct sg_why *why)
{
    enum sg_err err = key_need(inbox, txn, why);
    for (size_t i = 0; !err && i < deliver->n_deliveries; i++) {
        const PbDelivery *delivery = deliver->deliveries[i];
        if (delivery->seq <= state->received)
            continue;
        size_t used = arena->used;
        uint8_t key[KEY_MAX];
        struct sg_bytes at = pending_key(deliver->subscription, delivery->seq, key), packed, sealed;
        err = sg_encode(delivery, arena, &packed, why);
        if (!err)
            err = inbox_seal(&inbox->key, at, packed, arena, &sealed, why);
        if (!err)
            err = box_put(txn, inbox->box.tables[TABLE_PENDING], at, sealed, why);
        state->received = delivery->seq;
        sg_arena_reset(arena, used);
    }
    return err;
}

enum sg_err inbox_receive(struct inbox *inbox, const PbDeliver *deliver, struct sg_arena *arena,
                          struct inbox_state *out_state, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct inbox_state state = {0};
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = state_get(inbox, &txn, deliver->subscription, &state, why);
    if (err)
        return err;
    uint64_t before = state.received;
    err = put_new(inbox, &txn, deliver, arena, &state, why);
    if (!err && state.received != before) {
        err = state_put(inbox, &txn, deliver->subscription, &state, why);
        if (!err)
            err = box_commit(&txn, why);
    }
    if (!err)
        *out_state = state;
    return err;
}

enum sg_err inbox_next(struct inbox *inbox, const char *name, struct sg_arena *arena,
                       PbDelivery **out_delivery, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t from[KEY_MAX];
    struct sg_bytes key, value;
    enum sg_err err = box_read(&inbox->box, &txn, why);
    if (!err)
        err = box_seek(&txn, inbox->box.tables[TABLE_PENDING], pending_key(name, 0, from), &key,
                       &value, why);
    if (err)
        return err;
    if (!is_pending_of(key, name))
        return sg_fail(why, SG_E_NOT_FOUND, "nothing is pending");
    struct sg_bytes packed;
    err = key_need(inbox, &txn, why);
    if (!err)
        err = inbox_unseal(&inbox->key, key, value, arena, &packed, why);
    return err ? err : sg_decode_row(&pb_delivery__descriptor, packed, arena, out_delivery, why);
}

enum sg_err inbox_done(struct inbox *inbox, const char *name, uint64_t seq, const uint8_t *note,
                       size_t note_len, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct inbox_state state = {0};
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = state_get(inbox, &txn, name, &state, why);
    uint8_t key[KEY_MAX];
    if (!err)
        err = box_delete(&txn, inbox->box.tables[TABLE_PENDING], pending_key(name, seq, key), why);
    if (err)
        return err;
    inbox->used = true;
    if (seq > state.done)
        state.done = seq;
    if (note_len > 0 && note_len <= INBOX_NOTE_MAX) {
        memcpy(state.note, note, note_len);
        state.note_len = note_len;
    }
    err = state_put(inbox, &txn, name, &state, why);
    return err ? err : box_commit(&txn, why);
}

enum sg_err inbox_note(struct inbox *inbox, const char *name, const uint8_t *note, size_t note_len,
                       struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct inbox_state state = {0};
    SG_CHECK(note_len <= INBOX_NOTE_MAX);
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = state_get(inbox, &txn, name, &state, why);
    if (err)
        return err;
    memcpy(state.note, note, note_len);
    state.note_len = note_len;
    err = state_put(inbox, &txn, name, &state, why);
    return err ? err : box_commit(&txn, why);
}

enum sg_err inbox_drop(struct inbox *inbox, const char *name, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct inbox_state state = {0};
    enum sg_err err = box_write(&inbox->box, &txn, why);
    if (!err)
        err = state_get(inbox, &txn, name, &state, why);
    if (!err && state.received == state.done)
        return SG_OK;
    if (!err)
        err = delete_pending(inbox, &txn, name, why);
    if (err)
        return err;
    state.received = state.done;
    err = state_put(inbox, &txn, name, &state, why);
    return err ? err : box_commit(&txn, why);
}

enum sg_err inbox_name_next(struct inbox *inbox, const char *after, char out_name[SG_NAME_MAX + 1],
                            struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_read(&inbox->box, &txn, why);
    return err ? err : name_behind(inbox, &txn, after, out_name, why);
}
