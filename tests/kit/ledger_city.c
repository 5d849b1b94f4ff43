#include "kit/ledger_city.h"

#include "kit/check.h"

#include <sodium.h>
#include <unistd.h>

enum {
    TURN_ARENA_BYTES = 64 << 20,
    READ_ARENA_BYTES = 16 << 20,
    EVENTS_ARENA_BYTES = 16 << 20,
    DUE_AT_ONCE = 7,
    RECORDS_OF_DUE_MAX = 4000
};

#define CAP(name) SG_CAP(PB_CAPABILITY_##name)

/* Sorted by id, as the roster wants it. */
static const struct {
    const char *id;
    uint32_t capabilities;
} members[CITY_AGENCIES] = {
    {"blk", CAP(TRAINING_PROVIDER)},
    {"dinsos", CAP(REFERRER) | CAP(CASE_OWNER) | CAP(TRAINING_PROVIDER) | CAP(EQUIPMENT_PROVIDER) |
                   CAP(IDENTITY_STEWARD)},
    {"disnaker", CAP(TRAINING_PROVIDER)},
    {"dpppa", CAP(REFERRER) | CAP(CASE_OWNER) | CAP(CHILD_PROTECTION) | CAP(TRAINING_PROVIDER) |
                  CAP(EQUIPMENT_PROVIDER)},
    {"inspektorat", CAP(AUDITOR)},
    {"owner-a", CAP(CASE_OWNER)},
    {"owner-b", CAP(CASE_OWNER)},
    {"owner-c", CAP(CASE_OWNER)},
    {"pmi", CAP(REFERRER)},
    {"satpolpp", CAP(REFERRER)},
};

static void must(enum sg_err err, const struct sg_why *why)
{
    if (err)
        (void)fprintf(stderr, "%s: %s\n", sg_err_name(err), why->text);
    SG_CHECK(!err);
}

/* ---- the city ---- */

static void make_keys(struct sg_broker_key *keys)
{
    struct prng prng = {17};
    uint8_t seed[32];
    prng_fill(&prng, seed, sizeof seed);
    SG_CHECK(crypto_sign_seed_keypair(keys->sign_public, keys->sign_secret, seed) == 0);
    prng_fill(&prng, keys->nik_key, SG_KEY_BYTES);
    prng_fill(&prng, keys->ref_key, SG_KEY_BYTES);
    prng_fill(&prng, keys->match_key, SG_KEY_BYTES);
    prng_fill(&prng, keys->store_key, SG_KEY_BYTES);
}

static const struct sg_id store_id = {{0x01, 0x96, 0x8a, 0x3e, 5}};

static struct env *make_store(const char *path)
{
    struct sg_why why = {0};
    struct env *env = NULL;
    const struct env_options options = {
        .path = path, .map_bytes = (size_t)1 << 30, .no_sync = true};
    must(env_create(&options, &store_id, &why), &why);
    must(env_open(&options, &env, &why), &why);
    return env;
}

static void remove_store(const char *path)
{
    static const char *const names[] = {"", "-lock", ".pid", ".tmp", ".tmp-lock"};
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        char name[400];
        (void)snprintf(name, sizeof name, "%s%s", path, names[i]);
        (void)unlink(name);
    }
}

void city_open(struct ledger_city *city)
{
    struct sg_why why = {0};
    *city = (struct ledger_city){.now_ms = CITY_START_MS};
    must(sg_crypto_init(&why), &why);
    make_keys(&city->keys);
    const char *base = getenv("TMPDIR");
    (void)snprintf(city->folder, sizeof city->folder,
                   "%s/sg-ledger-XX"
                   "XX"
                   "XX",
                   base ? base : P_tmpdir);
    SG_CHECK(mkdtemp(city->folder));
    (void)snprintf(city->path, sizeof city->path, "%s/store.mdb", city->folder);
    city->env = make_store(city->path);
    must(sg_arena_init(&city->arena, TURN_ARENA_BYTES, &why), &why);
    must(sg_arena_init(&city->read_arena, READ_ARENA_BYTES, &why), &why);
    must(sg_arena_init(&city->events, EVENTS_ARENA_BYTES, &why), &why);
    must(sg_lists_load("conf/codes", &city->lists, &why), &why);
    for (size_t i = 0; i < CITY_AGENCIES; i++) {
        struct sg_agency *agency = &city->agencies[i];
        (void)snprintf(agency->id, sizeof agency->id, "%s", members[i].id);
        agency->capabilities = members[i].capabilities;
    }
    city->roster = (struct sg_roster){CITY_AGENCIES, city->agencies};
    sample_init(&city->sample, 1, city->now_ms, 1);
}

void city_close(struct ledger_city *city)
{
    txn_done(&city->txn);
    env_close(&city->env);
    remove_store(city->path);
    SG_CHECK(rmdir(city->folder) == 0);
    sg_lists_free(&city->lists);
    sg_arena_done(&city->arena);
    sg_arena_done(&city->read_arena);
    sg_arena_done(&city->events);
}

/* ---- turns ---- */

static void begin_block(struct ledger_city *city)
{
    struct sg_why why = {0};
    SG_CHECK(!city->txn.mdb);
    sg_arena_reset(&city->arena, 0);
    city->sample.now_ms = city->now_ms;
    must(txn_begin(&city->txn, city->env, TXN_WRITE, &why), &why);
    must(block_begin(&city->block, &city->txn, &city->arena, city->now_ms, city->keys.sign_secret,
                     &why),
         &why);
    city->world = (struct world){.now_ms = city->block.time_ms,
                                 .roster = &city->roster,
                                 .lists = city->lists,
                                 .keys = &city->keys,
                                 .limits = city->limits};
    city->turn = (struct ledger_turn){&city->txn, &city->block, &city->arena, &city->world};
}

void city_begin(struct ledger_city *city)
{
    struct sg_why why = {0};
    begin_block(city);
    for (bool more = true; more;) {
        must(ledger_due(&city->turn, DUE_AT_ONCE, &more, &why), &why);
        if (city->block.count < RECORDS_OF_DUE_MAX)
            continue;
        city_end(city); /* as the broker does: what is due takes as many turns as it needs */
        begin_block(city);
    }
}

/* The record that an E24 is about, or that an E07 answers, as the broker finds it: the last one at
 * the place. */
static uint64_t named_seq(struct ledger_city *city, const PbEnvelope *envelope)
{
    struct sg_why why = {0};
    struct record record;
    uint64_t last = city->block.next_seq - 1, found = 0;
    const PbEventRef *ref = envelope->event_corrected     ? envelope->event_corrected->corrected
                            : envelope->service_delivered ? envelope->causation
                                                          : NULL;
    for (uint64_t seq = 1; ref && seq <= last; seq++) {
        must(journal_get(&city->txn, seq, &record, &why), &why);
        if (record.number == ref->number &&
            memcmp(record.outbox_id.b, ref->outbox_id.data, SG_ID_BYTES) == 0)
            found = seq;
    }
    return found;
}

static struct source source_of(struct ledger_city *city, const char *agency)
{
    struct source source = {.agency = sg_roster_agency(&city->roster, agency), .device = "kantor"};
    SG_CHECK(source.agency);
    size_t i = (size_t)(source.agency - city->agencies);
    source.outbox_id = (struct sg_id){{0xab, (uint8_t)(i + 1)}};
    source.number = ++city->numbers[i];
    source.named_seq = city->named_seq;
    return source;
}

enum sg_err city_try(struct ledger_city *city, PbEnvelope *envelope, struct outcome *out_outcome,
                     struct sg_why *why)
{
    struct sg_event event = {0};
    struct sg_bytes clear, personal;
    struct outcome outcome = {.status = PB_OUTCOME_STATUS_REJECTED};
    uint8_t salt[16];
    const struct sg_vocabulary vocabulary = {city->lists, &city->roster};
    struct source source = source_of(city, envelope->publisher_agency);
    source.named_seq = named_seq(city, envelope);
    sample_salt(&city->sample, salt);
    must(sg_event_split(envelope, salt, &city->arena, &clear, &personal, why), why);
    must(sg_event_decode(clear, personal, &vocabulary, &city->arena, &event, &outcome.fault, why),
         why);
    enum sg_err err = SG_OK;
    if (!outcome.fault.code)
        err = ledger_accept(&city->turn, &event, &source, &outcome, why);
    *out_outcome = outcome;
    return err;
}

struct outcome city_state(struct ledger_city *city, PbEnvelope *envelope)
{
    struct sg_why why = {0};
    struct outcome outcome;
    must(city_try(city, envelope, &outcome, &why), &why);
    return outcome;
}

void city_end(struct ledger_city *city)
{
    struct sg_why why = {0};
    struct signed_block block;
    struct sg_merkle tree;
    city->last_seq = city->block.next_seq - 1;
    must(block_seal(&city->block, &block, &tree, &why), &why);
    must(txn_commit(&city->txn, &why), &why);
}

struct outcome city_publish(struct ledger_city *city, PbEnvelope *envelope)
{
    city_begin(city);
    struct outcome outcome = city_state(city, envelope);
    city_end(city);
    return outcome;
}

void city_pass(struct ledger_city *city, int64_t ms)
{
    city->now_ms += ms;
    city->sample.now_ms = city->now_ms;
    city_begin(city);
    city_end(city);
}

/* ---- rows and records ---- */

static const ProtobufCMessageDescriptor *const rows[TABLES] = {
    [TABLE_PERSONS] = &pb_person_row__descriptor,
    [TABLE_REFERRALS] = &pb_referral_row__descriptor,
    [TABLE_CASES] = &pb_case_row__descriptor,
    [TABLE_SLOTS] = &pb_slot_row__descriptor,
    [TABLE_ALLOCATIONS] = &pb_allocation_row__descriptor,
    [TABLE_ITEMS] = &pb_item_row__descriptor,
    [TABLE_PLANS] = &pb_plan_row__descriptor,
    [TABLE_REQUESTS] = &pb_request_row__descriptor,
};

void city_read(struct ledger_city *city)
{
    struct sg_why why = {0};
    sg_arena_reset(&city->read_arena, 0);
    must(txn_begin(&city->txn, city->env, TXN_READ, &why), &why);
}

void *city_row(struct ledger_city *city, enum table table, const struct sg_id *id)
{
    struct sg_why why = {0};
    struct key key = {0};
    void *row = NULL;
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_CHECK(rows[table] && !city->txn.mdb);
    must(txn_begin(&txn, city->env, TXN_READ, &why), &why);
    enum sg_err err =
        row_get(&txn, table, key_id(&key, id), rows[table], &city->read_arena, &row, &why);
    must(err == SG_E_NOT_FOUND ? SG_OK : err, &why);
    return err ? NULL : row;
}

void city_put(struct ledger_city *city, enum table table, const struct sg_id *id, const void *row)
{
    struct sg_why why = {0};
    struct key key = {0};
    SG_AUTO(txn_done) struct txn txn = {0};
    must(txn_begin(&txn, city->env, TXN_WRITE, &why), &why);
    must(row_put(&txn, table, key_id(&key, id), row, &why), &why);
    must(txn_commit(&txn, &why), &why);
}

static struct sg_bytes keep(struct ledger_city *city, struct sg_bytes bytes)
{
    uint8_t *copy = sg_arena_copy(&city->read_arena, bytes.ptr, bytes.len);
    SG_CHECK(copy);
    return (struct sg_bytes){copy, bytes.len};
}

struct city_record city_record(struct ledger_city *city, uint64_t seq)
{
    struct sg_why why = {0};
    struct city_record found = {0};
    SG_AUTO(txn_done) struct txn txn = {0};
    must(txn_begin(&txn, city->env, TXN_READ, &why), &why);
    must(journal_get(&txn, seq, &found.record, &why), &why);
    found.record.rest_bytes = keep(city, found.record.rest_bytes);
    found.record.clear = keep(city, found.record.clear);
    found.record.personal = keep(city, found.record.personal);
    must(record_open_rest(&found.record, &city->read_arena, &why), &why);
    must(sg_event_reopen(found.record.clear, found.record.personal, &city->read_arena, &found.event,
                         &why),
         &why);
    return found;
}

uint32_t city_relations(const struct city_record *record, const char *agency)
{
    const PbRecordRest *rest = record->record.rest;
    for (size_t i = 0; i < rest->n_audience; i++)
        if (strcmp(rest->audience[i]->agency, agency) == 0)
            return rest->audience[i]->relations;
    return 0;
}

void city_refold(struct ledger_city *city)
{
    struct sg_why why = {0};
    char path[320];
    (void)snprintf(path, sizeof path, "%s/again.mdb", city->folder);
    struct env *again = make_store(path);
    must(ledger_refold(city->env, again, &city->keys, NULL, &why), &why);
    must(ledger_compare(city->env, again, &why), &why);
    env_close(&again);
    remove_store(path);
}
