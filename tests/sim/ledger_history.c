#include "sim/ledger_history.h"

#include "kit/check.h"
#include "kit/ledger_city.h"
#include "ledger/deadline.h"
#include "sim/acts.h"
#include "wire/day.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEPT = 64, BATCH_MAX = 5, DEEP_ONE_IN = 500, PARKED_DEEP_ONE_IN = 12, COMPARE_EVERY = 250 };

struct history {
    struct ledger_city city;
    struct model model;
    struct acts acts;
    struct prng prng; /* of the clock, of connections and of what is stated again */
    uint64_t seed, step;
    struct ledger_history_result *result;
    struct stated { /* events that were accepted, to be stated again */
        uint8_t *bytes;
        size_t len;
    } stated[KEPT];
    uint64_t stated_count;
    bool down[CITY_AGENCIES], heard[CITY_AGENCIES];
};

static void broken(const struct history *h, const char *what, const char *about)
{
    (void)fprintf(stderr, "SEED=%llu STEP=%llu: %s (%s)\n", (unsigned long long)h->seed,
                  (unsigned long long)h->step, what, about);
    exit(1);
}

#define EXPECT(h, cond)             \
    do {                            \
        if (!(cond))                \
            broken((h), #cond, ""); \
    } while (0)

static bool chance(struct history *h, uint64_t n)
{
    return prng_below(&h->prng, n) == 0;
}

static void check_model(const struct history *h)
{
    if (h->model.broken)
        broken(h, h->model.broken, h->model.about);
}

/* ---- stated again ---- */

/* Events whose object has an id that the publisher made. */
static bool has_own_object(const PbEnvelope *e)
{
    return e->referral_submitted || e->contact_recorded || e->assessment_completed ||
           e->slot_offered || e->seat_requested || e->equipment_registered;
}

static void keep_stated(struct history *h, const PbEnvelope *e)
{
    struct stated *to = &h->stated[h->stated_count++ % KEPT];
    free(to->bytes);
    to->len = protobuf_c_message_get_packed_size(&e->base);
    to->bytes = malloc(to->len);
    SG_CHECK(to->bytes);
    (void)protobuf_c_message_pack(&e->base, to->bytes);
}

static void alter(PbEnvelope *e)
{
    if (e->referral_submitted)
        e->referral_submitted->found_place = e->actor_ref;
    else if (e->contact_recorded)
        e->contact_recorded->found_place = e->actor_ref;
    else if (e->assessment_completed)
        e->assessment_completed->training_suitable ^= 1;
    else if (e->slot_offered)
        e->slot_offered->lesson_hours++;
    else if (e->seat_requested)
        e->seat_requested->waitlist_ok ^= 1;
    else
        e->equipment_registered->value_idr++;
}

static void check_again(struct history *h, const struct outcome *o, bool altered, bool foreign)
{
    uint32_t code = o->fault.code;
    if (code == SG_ST_TOO_OLD) /* time went on */
        return;
    if (foreign)
        EXPECT(h,
               code == SG_ST_NOT_OWNER || code == SG_ST_FORBIDDEN || code == SG_ST_UNKNOWN_OBJECT);
    else if (altered)
        EXPECT(h, code == SG_ST_DUPLICATE_CONFLICT);
    else
        EXPECT(h, o->status == PB_OUTCOME_STATUS_DUPLICATE && o->has_first_place);
}

/* ---- one event ---- */

static bool is_parking(enum table table)
{
    return table == TABLE_PARKED || table == TABLE_PARKED_OF_AGENCY || table == TABLE_DEADLINES ||
           table == TABLE_DUE;
}

/* All folds; without what keeps parked events, unless it is wanted. */
static void hash_folds(struct history *h, bool parking, uint8_t out[32])
{
    crypto_generichash_state state;
    struct sg_why why = {0};
    (void)crypto_generichash_init(&state, NULL, 0, 32);
    for (int t = 0; t < TABLES; t++) {
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        if (!table_is_fold((enum table)t) || t == TABLE_JOURNAL || t == TABLE_MAILBOX ||
            (!parking && is_parking((enum table)t)))
            continue;
        SG_CHECK(!cursor_open(&cursor, &h->city.txn, (enum table)t, &why));
        SG_CHECK(!cursor_first(&cursor, &why));
        while (cursor.key.ptr) {
            (void)crypto_generichash_update(&state, cursor.key.ptr, cursor.key.len);
            (void)crypto_generichash_update(&state, cursor.value.ptr, cursor.value.len);
            SG_CHECK(!cursor_next(&cursor, &why));
        }
    }
    (void)crypto_generichash_final(&state, out, 32);
}

static uint32_t type_of(const PbEnvelope *e)
{
    uint32_t type = sg_type_of_topic(sg_bytes_of(e->type));
    return type < MODEL_TYPES ? type : 0; /* of the broker */
}

static uint64_t seq_of_corrected(struct history *h, const PbEnvelope *e)
{
    const struct pile *referrals = &h->model.referrals;
    for (size_t i = 0; e->event_corrected && i < referrals->count; i++) {
        const struct m_referral *r = referrals->all[i];
        struct sg_id outbox = id_of(e->event_corrected->corrected->outbox_id);
        if (r->number == e->event_corrected->corrected->number &&
            sg_id_equal(&outbox, &r->outbox_id))
            return r->seq;
    }
    return 0;
}

/* State it; a refusal and a repetition write nothing. */
static struct outcome state(struct history *h, PbEnvelope *e)
{
    struct ledger_city *city = &h->city;
    struct ledger_history_result *result = h->result;
    uint64_t written = city->txn.rows_written, next = city->block.next_seq;
    uint8_t before[2][32], after[32];
    uint32_t type = type_of(e);
    bool deep = chance(h, DEEP_ONE_IN * (1 + h->step / 10000)); /* rarer as there is more */
    bool deep_park = deep || chance(h, type == 109 || type == 118 ? 300 : PARKED_DEEP_ONE_IN * 50);
    if (deep)
        hash_folds(h, true, before[0]);
    if (deep_park)
        hash_folds(h, false, before[1]);
    city->named_seq = seq_of_corrected(h, e);
    struct outcome o = city_state(city, e);
    bool parked = o.status == PB_OUTCOME_STATUS_PARKED;
    if (parked)
        EXPECT(h, city->block.next_seq == next + 1 && o.seq == next);
    if (parked && deep_park) {
        hash_folds(h, false, after);
        EXPECT(h, memcmp(before[1], after, sizeof after) == 0);
    }
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED)
        EXPECT(h, o.seq == next && o.effect && !o.fault.code);
    if (parked || o.status == PB_OUTCOME_STATUS_ACCEPTED)
        return o;
    result->refused[type] += o.status == PB_OUTCOME_STATUS_REJECTED;
    result->codes[type][o.fault.code < HISTORY_CODES ? o.fault.code : 0]++;
    result->duplicates += o.status == PB_OUTCOME_STATUS_DUPLICATE;
    EXPECT(h, city->txn.rows_written == written && city->block.next_seq == next);
    if (deep) {
        hash_folds(h, true, after);
        EXPECT(h, memcmp(before[0], after, sizeof after) == 0);
    }
    return o;
}

static void take_records(struct history *h)
{
    model_take(&h->model, &h->city.txn, h->city.block.time_ms);
    check_model(h);
}

static void state_again(struct history *h)
{
    struct sg_why why = {0};
    PbEnvelope *e = NULL;
    uint64_t kept = h->stated_count < KEPT ? h->stated_count : KEPT;
    const struct stated *old = &h->stated[prng_below(&h->prng, kept)];
    SG_CHECK(!sg_decode_row(&pb_envelope__descriptor, (struct sg_bytes){old->bytes, old->len},
                            &h->city.events, &e, &why));
    const char *was = e->publisher_agency;
    bool altered = chance(h, 2);
    if (altered)
        alter(e);
    if (chance(h, 5))
        e->publisher_agency = h->city.agencies[prng_below(&h->prng, CITY_AGENCIES)].id;
    bool foreign = strcmp(was, e->publisher_agency) != 0;
    struct outcome o = state(h, e);
    check_again(h, &o, altered, foreign);
}

static void one_event(struct history *h)
{
    if (h->stated_count && chance(h, 25)) {
        state_again(h);
        return;
    }
    PbEnvelope *e = acts_next(&h->acts, h->city.now_ms);
    struct outcome o = state(h, e);
    take_records(h);
    if (o.status == PB_OUTCOME_STATUS_REJECTED)
        model_refused(&h->model, e, o.fault.code);
    if (h->model.broken && o.fault.code)
        broken(h, h->model.broken, o.fault.detail);
    check_model(h);
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED)
        return;
    struct sg_id ref = id_of(o.effect->minted_person_ref);
    acts_note(&h->acts, e, &ref);
    if (has_own_object(e))
        keep_stated(h, e);
}

/* ---- connections ---- */

/* An agency loses its connection, or has one again: what the broker writes before a turn. */
static void move_presence(struct history *h)
{
    struct sg_why why = {0};
    struct key key = {0};
    PbPresenceRow *row = NULL, fresh;
    size_t i = prng_below(&h->prng, CITY_AGENCIES);
    int64_t now = h->city.now_ms;
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_CHECK(!txn_begin(&txn, h->city.env, TXN_WRITE, &why));
    key_text(&key, h->city.agencies[i].id);
    enum sg_err err = row_get(&txn, TABLE_PRESENCE, &key, &pb_presence_row__descriptor,
                              &h->city.events, &row, &why);
    if (err == SG_E_NOT_FOUND) {
        pb_presence_row__init(&fresh);
        row = &fresh;
    }
    if (row->has_down_since_ms) {
        row->has_down_total_ms = true;
        row->down_total_ms += now - row->down_since_ms;
    }
    h->heard[i] = row->has_down_since_ms;
    row->has_down_since_ms = !row->has_down_since_ms;
    row->down_since_ms = row->has_down_since_ms ? now : 0;
    row->has_last_seen_ms = true;
    row->last_seen_ms = now;
    SG_CHECK(!row_put(&txn, TABLE_PRESENCE, &key, row, &why) && !txn_commit(&txn, &why));
}

static void hear(struct history *h)
{
    struct sg_why why = {0};
    for (size_t i = 0; i < CITY_AGENCIES; i++) {
        if (h->heard[i])
            SG_CHECK(!ledger_heard(&h->city.turn, h->city.agencies[i].id, &why));
        h->heard[i] = false;
    }
}

/* ---- turns ---- */

/* What is due happens; nothing else has happened yet. */
static void begin(struct history *h, bool compares)
{
    city_begin(&h->city);
    hear(h);
    take_records(h);
    if (compares)
        model_compare(&h->model, &h->city.txn, h->city.block.time_ms);
    check_model(h);
}

static uint64_t turn(struct history *h, uint64_t left)
{
    uint64_t batch = 1 + prng_below(&h->prng, BATCH_MAX), done = 0;
    batch = batch < left ? batch : left;
    if (chance(h, 4)) {
        h->city.now_ms += acts_pause_ms(&h->prng);
        done++;
        h->step++;
    }
    sg_arena_reset(&h->city.events, 0);
    if (chance(h, 12))
        move_presence(h);
    begin(h, h->result->turns++ % COMPARE_EVERY == 0);
    for (; done < batch; done++) {
        h->step++;
        one_event(h);
    }
    city_end(&h->city);
    return done;
}

/* ---- a history ---- */

static void open(struct history *h)
{
    city_open(&h->city);
    for (size_t i = 0; i < CITY_AGENCIES; i++) /* a second and a third that give equipment */
        if (h->city.agencies[i].capabilities & SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER))
            h->city.agencies[i].capabilities |= SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER);
    model_init(&h->model, &h->city.roster);
    acts_init(&h->acts, h->seed, &h->model, &h->city.roster, &h->city.events);
}

static void add_counts(struct ledger_history_result *to, const struct model_counts *from)
{
    const uint64_t *one = (const void *)from;
    uint64_t *sum = (void *)&to->counts;
    for (size_t i = 0; i < sizeof *from / sizeof *one; i++)
        sum[i] += one[i];
}

static void close(struct history *h)
{
    struct sg_why why = {0};
    struct signed_block head;
    city_read(&h->city);
    SG_CHECK(!block_head(&h->city.txn, &head, &why));
    memcpy(h->result->head_hash, head.hash, sizeof head.hash);
    txn_done(&h->city.txn);
    add_counts(h->result, &h->model.counts);
    h->result->records += h->model.taken_seq;
    for (size_t i = 0; i < KEPT; i++)
        free(h->stated[i].bytes);
    model_done(&h->model);
    city_close(&h->city);
}

void ledger_history_run(uint64_t seed, uint64_t steps, struct ledger_history_result *result)
{
    struct history *h = calloc(1, sizeof *h);
    SG_CHECK(h);
    h->seed = seed;
    h->prng.state = ~seed;
    h->result = result;
    open(h);
    for (uint64_t done = 0; done < steps;)
        done += turn(h, steps - done);
    begin(h, true);
    city_end(&h->city);
    city_refold(&h->city);
    result->steps += steps;
    close(h);
    free(h);
}
