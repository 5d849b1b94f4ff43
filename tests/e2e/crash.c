/* crash.c - kill -9 of the real daemon at random moments under load; afterwards nothing that was
 * acknowledged is missing, nothing is there twice, and the order of every outbox is kept.
 *
 *   crash [--rounds N] [--seed S] [--keep]
 *
 * The clients are in this process and stay; each keeps its outbox and its list of what it handled,
 * as agencies keep them on their disks. Every round lets them work, kills, starts again, and sends
 * what was not answered: byte for byte, or in other cuts. Lines "ok …" and "not ok …" (TAP).
 */
#include "kit/check.h"
#include "kit/daemon_proc.h"
#include "kit/load.h"
#include "kit/tap.h"
#include "wire/sign.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <zmq.h>

enum {
    REFERRALS_PER_ROUND = 120,
    OUTCOMES_MAX = 500,   /* answers before a kill */
    DELAY_US_MAX = 25000, /* and then so long */
    QUIET_MS = 300,       /* nothing comes for so long: there is nothing left to do */
    SETTLE_TRIES = 200,
    WRONG_SHOWN = 8,
};

struct crash {
    struct fixture *fixture;
    struct daemon_proc daemon;
    void *zmq;
    struct load load;
    struct tap tap;
    uint64_t seed;
    unsigned rounds, kills, under_load, reconnects, recuts;
};

/* ---- rounds ---- */

/* Some lose their connection alone, with what is on its way. */
static enum sg_err lose_connection(struct crash *c, struct sg_why *why)
{
    struct raw_link *link = &c->load.links[prng_below(&c->load.prng, LOAD_LINKS)];
    raw_link_drop(link);
    c->reconnects++;
    enum sg_err err = raw_link_connect(link, why);
    return err ? err : raw_outbox_rewind(&link->outbox, NULL, why);
}

static enum sg_err pump_until(struct crash *c, uint64_t outcomes, struct sg_why *why)
{
    bool moved = true;
    enum sg_err err = SG_OK;
    while (!err && moved && load_outcomes(&c->load) < outcomes)
        err = load_pump(&c->load, QUIET_MS, &moved, why);
    return err;
}

/* What had arrived at the moment of the kill is read by some and lost by the others. */
static enum sg_err leave(struct crash *c, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    bool moved = true;
    for (size_t i = 0; i < LOAD_LINKS; i++)
        c->load.links[i].client.mute = true;
    if (prng_below(&c->load.prng, 2) == 0)
        err = raw_links_pump(c->load.links, LOAD_LINKS, 0, &moved, why);
    for (size_t i = 0; i < LOAD_LINKS; i++)
        raw_link_drop(&c->load.links[i]);
    return err;
}

static enum sg_err come_back(struct crash *c, struct sg_why *why)
{
    enum sg_err err = load_connect(&c->load, why);
    for (size_t i = 0; !err && i < LOAD_LINKS; i++) {
        bool recut = prng_below(&c->load.prng, 3) == 0;
        c->recuts += recut;
        err = raw_outbox_rewind(&c->load.links[i].outbox, recut ? &c->load.prng : NULL, why);
    }
    return err;
}

static enum sg_err round_of(struct crash *c, struct sg_why *why)
{
    struct prng *prng = &c->load.prng;
    c->load.referrals_left += REFERRALS_PER_ROUND;
    enum sg_err err = pump_until(c, load_outcomes(&c->load) + prng_below(prng, OUTCOMES_MAX), why);
    if (!err && prng_below(prng, 2) == 0)
        err = lose_connection(c, why);
    int64_t until_ns = daemon_proc_now_ns() + (int64_t)prng_below(prng, DELAY_US_MAX) * 1000;
    bool moved;
    while (!err && daemon_proc_now_ns() < until_ns)
        err = load_pump(&c->load, 1, &moved, why);
    if (err)
        return err;
    c->under_load += !load_idle(&c->load);
    err = daemon_proc_kill(&c->daemon, why);
    c->kills += !err;
    if (!err)
        err = leave(c, why);
    if (!err)
        err = daemon_proc_start(&c->daemon, NULL, why);
    return err ? err : come_back(c, why);
}

/* ---- what a new reader is told ---- */

/* The whole journal as one agency may read it, through a subscription of its own. */
static enum sg_err read_all(struct crash *c, enum fixture_agency agency, const char *name,
                            struct raw_link *link, struct sg_why *why)
{
    *link = (struct raw_link){
        .zmq = c->zmq, .fixture = c->fixture, .agency = agency, .subscription = name};
    enum sg_err err = raw_link_connect(link, why);
    bool moved = true;
    while (!err && moved && !link->caught_up)
        err = raw_links_pump(link, 1, RAW_PATIENCE_MS, &moved, why);
    if (!err && !link->caught_up)
        err = sg_fail(why, SG_E_NET, "%s: nothing comes, and no CaughtUp", name);
    raw_link_drop(link);
    return err;
}

static bool same_lists(const struct raw_link *a, const struct raw_link *b, uint64_t *out_seq)
{
    size_t i = 0;
    while (i < a->heard_count && i < b->heard_count && a->heard[i].seq == b->heard[i].seq &&
           a->heard[i].number == b->heard[i].number &&
           sg_id_equal(&a->heard[i].outbox_id, &b->heard[i].outbox_id))
        i++;
    *out_seq = i < a->heard_count ? a->heard[i].seq : i < b->heard_count ? b->heard[i].seq : 0;
    return a->heard_count == b->heard_count && i == a->heard_count;
}

struct whole {
    struct raw_link owner, provider; /* read from the beginning */
};

/* All is done when both live readers hold exactly what a new reader is told, and nothing is left to
 * send. */
static enum sg_err settle(struct crash *c, struct whole *whole, struct sg_why *why)
{
    static char names[2][SETTLE_TRIES][16];
    struct raw_link *links = c->load.links;
    for (int i = 0; i < SETTLE_TRIES; i++) {
        bool moved = true;
        enum sg_err err = SG_OK;
        while (!err && moved)
            err = load_pump(&c->load, QUIET_MS, &moved, why);
        (void)snprintf(names[0][i], sizeof names[0][i], "whole-%d", i);
        if (!err)
            err = read_all(c, DINSOS, names[0][i], &whole->owner, why);
        if (!err)
            err = read_all(c, DISNAKER, names[0][i], &whole->provider, why);
        bool done = load_idle(&c->load) && links[LOAD_OWNER].handled == whole->owner.handled &&
                    links[LOAD_PROVIDER].handled == whole->provider.handled;
        if (err || done)
            return err;
        raw_link_done(&whole->owner);
        raw_link_done(&whole->provider);
    }
    return sg_fail(why, SG_E_NET, "the readers do not come to an end");
}

/* ---- checks ---- */

static void check_links(struct crash *c)
{
    for (size_t i = 0; i < LOAD_LINKS; i++) {
        const struct raw_link *link = &c->load.links[i];
        const char *agency = fixture_agency_id(link->agency);
        (void)tap_ok(&c->tap, !link->outbox.wrong[0], "outbox %zu of %s: %s", i, agency,
                     link->outbox.wrong[0] ? link->outbox.wrong
                                           : "every answer fits the ones before");
        if (link->subscription)
            (void)tap_ok(&c->tap, !link->wrong[0], "deliveries to %s: %s", agency,
                         link->wrong[0] ? link->wrong : "in order on every connection");
    }
}

static void check_readers(struct crash *c, const struct whole *whole)
{
    const struct raw_link *live[] = {&c->load.links[LOAD_OWNER], &c->load.links[LOAD_PROVIDER]};
    const struct raw_link *fresh[] = {&whole->owner, &whole->provider};
    for (size_t i = 0; i < SG_ARRAY_LEN(live); i++) {
        uint64_t seq = 0;
        bool same = same_lists(live[i], fresh[i], &seq);
        (void)tap_ok(
            &c->tap, same && !fresh[i]->wrong[0],
            "%s handled each of %zu deliveries once (first difference: seq %" PRIu64 ") %s",
            fixture_agency_id(live[i]->agency), fresh[i]->heard_count, seq, fresh[i]->wrong);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct raw_heard *left = a, *right = b;
    int order = memcmp(left->outbox_id.b, right->outbox_id.b, SG_ID_BYTES);
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

/* One outbox against the journal: every place once, refusals not at all, seqs in order of numbers.
 */
static void check_outbox(struct crash *c, size_t index, const struct raw_heard *sorted,
                         size_t count)
{
    const struct raw_outbox *outbox = &c->load.links[index].outbox;
    size_t found = 0, accepted = 0, wrong = 0;
    uint64_t last_seq = 0;
    size_t at = 0;
    while (at < count && memcmp(sorted[at].outbox_id.b, outbox->id.b, SG_ID_BYTES) != 0)
        at++;
    for (size_t n = 0; n < outbox->event_count; n++) {
        const struct raw_event *event = &outbox->events[n];
        bool good = event->answered && (event->code || event->seq > last_seq);
        size_t times = 0;
        for (; at < count && sorted[at].number == n + 1 &&
               sg_id_equal(&sorted[at].outbox_id, &outbox->id);
             at++) {
            times++;
            good = good && sorted[at].seq == event->seq && sorted[at].type == event->type;
        }
        good = good && times == (event->code == 0);
        accepted += event->code == 0;
        found += times;
        wrong += !good;
        if (!good && wrong <= WRONG_SHOWN)
            (void)printf("# number %zu: type %u, %s, code %u, seq %" PRIu64 "; %zu times in the "
                         "journal%s\n",
                         n + 1, event->type, event->answered ? "answered" : "not answered",
                         event->code, event->seq, times,
                         event->seq <= last_seq ? ", out of order" : "");
        if (!event->code)
            last_seq = event->seq;
    }
    (void)tap_ok(&c->tap, wrong == 0 && found == accepted,
                 "outbox %zu: %zu events, %zu accepted, %zu in the journal, %zu wrong", index,
                 outbox->event_count, accepted, found, wrong);
}

static void check_journal(struct crash *c, const struct whole *whole)
{
    size_t count = whole->owner.heard_count;
    SG_AUTO(sg_heap_done) struct raw_heard *sorted = calloc(count + 1, sizeof *sorted);
    SG_CHECK(sorted);
    if (count)
        memcpy(sorted, whole->owner.heard, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_place);
    for (size_t i = 0; i < LOAD_LINKS; i++)
        check_outbox(c, i, sorted, count);
}

/* ---- queries ---- */

static bool header_of(const PbSignedBlock *block, struct sg_block_header *out_header)
{
    struct sg_block_header h = {.epoch = block->epoch,
                                .height = block->height,
                                .first_seq = block->first_seq,
                                .count = block->count,
                                .time_ms = block->time_ms};
    if (block->store_id.len != SG_ID_BYTES || block->root.len != SG_HASH_BYTES ||
        block->previous_hash.len != SG_HASH_BYTES || block->signature.len != SG_SIGNATURE_BYTES)
        return false;
    memcpy(h.store_id.b, block->store_id.data, SG_ID_BYTES);
    memcpy(h.root, block->root.data, SG_HASH_BYTES);
    memcpy(h.previous_hash, block->previous_hash.data, SG_HASH_BYTES);
    *out_header = h;
    return true;
}

struct chain {
    uint64_t height, next_seq;
    uint8_t hash[SG_HASH_BYTES];
    bool broken;
};

static void follow(struct chain *chain, const PbSignedBlock *block, const uint8_t *sign_public)
{
    struct sg_block_header header;
    if (!header_of(block, &header) || header.height != chain->height + 1 ||
        header.first_seq != chain->next_seq ||
        memcmp(header.previous_hash, chain->hash, SG_HASH_BYTES) != 0 ||
        !sg_block_verify(&header, sign_public, block->signature.data)) {
        chain->broken = true;
        return;
    }
    chain->height = header.height;
    chain->next_seq += header.count;
    sg_block_hash(&header, chain->hash);
}

static enum sg_err check_blocks(struct crash *c, struct raw_client *client, uint64_t last_seq,
                                struct sg_why *why)
{
    struct chain chain = {.next_seq = 1};
    enum sg_err err = SG_OK;
    bool more = true;
    while (!err && more && !chain.broken) {
        PbQuery query = PB_QUERY__INIT;
        const PbQueryResult *page = NULL;
        query.has_kind = query.has_height = true;
        query.kind = PB_QUERY_KIND_BLOCKS;
        query.height = chain.height + 1;
        err = raw_query(client, &query, &page, why);
        for (size_t i = 0; !err && i < page->n_blocks && !chain.broken; i++)
            follow(&chain, page->blocks[i], c->fixture->broker->sign_public);
        more = !err && page->n_blocks > 0 && page->has_next_cursor;
    }
    if (!err)
        (void)tap_ok(&c->tap, !chain.broken && chain.next_seq > last_seq,
                     "%" PRIu64 " blocks are chained and signed up to seq %" PRIu64
                     "%s (last read: %" PRIu64 ")",
                     chain.height, chain.next_seq - 1, chain.broken ? ", then broken" : "",
                     last_seq);
    return err;
}

/* Acks may wait for a commit; the page is asked for until it shows them. */
static enum sg_err check_cursors(struct crash *c, struct raw_client *client, uint64_t handled,
                                 struct sg_why *why)
{
    int64_t until_ns = daemon_proc_now_ns() + INT64_C(5000000000);
    uint64_t acked = 0;
    enum sg_err err = SG_OK;
    while (!err && acked != handled && daemon_proc_now_ns() < until_ns) {
        PbQuery query = PB_QUERY__INIT;
        const PbQueryResult *page = NULL;
        query.has_kind = true;
        query.kind = PB_QUERY_KIND_SUBSCRIPTIONS;
        err = raw_query(client, &query, &page, why);
        for (size_t i = 0; !err && i < page->n_subscriptions; i++)
            if (strcmp(page->subscriptions[i]->name, c->load.links[LOAD_OWNER].subscription) == 0)
                acked = page->subscriptions[i]->acked_through;
    }
    if (!err)
        (void)tap_ok(&c->tap, acked == handled,
                     "the subscription is acknowledged through %" PRIu64 ", handled %" PRIu64,
                     acked, handled);
    return err;
}

static bool is_live(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_HELD || state == PB_ALLOCATION_STATE_RESERVED ||
           state == PB_ALLOCATION_STATE_CONFIRMED || state == PB_ALLOCATION_STATE_OCCUPIED;
}

/* No seat twice, and waiting places 1, 2, 3 … */
static bool seats_are_right(const PbQueryResult *page, bool taken[256])
{
    bool right = true;
    for (size_t i = 0; i < page->n_seats; i++) {
        const PbSeatView *seat = page->seats[i];
        if (!is_live(seat->state))
            continue;
        right = right && seat->seat_no >= 1 && seat->seat_no <= 100 && !taken[seat->seat_no & 255];
        taken[seat->seat_no & 255] = true;
    }
    return right;
}

static enum sg_err slot_is_right(struct raw_client *client, const struct sg_id *slot,
                                 bool *out_right, size_t *seats, struct sg_why *why)
{
    bool taken[256] = {false};
    uint8_t cursor[256];
    size_t cursor_len = 0;
    bool right = true, more = true;
    enum sg_err err = SG_OK;
    struct sg_id id = *slot;
    while (!err && more) {
        PbQuery query = PB_QUERY__INIT;
        const PbQueryResult *page = NULL;
        query.has_kind = query.has_slot_id = true;
        query.kind = PB_QUERY_KIND_SEATS;
        query.slot_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
        query.has_cursor = cursor_len > 0;
        query.cursor = (ProtobufCBinaryData){cursor_len, cursor};
        err = raw_query(client, &query, &page, why);
        if (err)
            break;
        right = seats_are_right(page, taken) && right;
        *seats += page->n_seats;
        more = page->has_next_cursor && page->next_cursor.len > 0 &&
               page->next_cursor.len <= sizeof cursor;
        cursor_len = more ? page->next_cursor.len : 0;
        if (more)
            memcpy(cursor, page->next_cursor.data, cursor_len);
    }
    *out_right = right;
    return err;
}

static enum sg_err check_seats(struct crash *c, struct raw_client *client, struct sg_why *why)
{
    size_t wrong = 0, seats = 0;
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < c->load.slot_count; i++) {
        bool right = false;
        err = slot_is_right(client, &c->load.slots[i], &right, &seats, why);
        wrong += !right;
    }
    if (!err)
        (void)tap_ok(&c->tap, wrong == 0 && seats > 0,
                     "%zu slots, %zu allocations: no seat is given twice (%zu wrong)",
                     c->load.slot_count, seats, wrong);
    return err;
}

static enum sg_err check_queries(struct crash *c, struct sg_why *why)
{
    struct raw_link *owner = &c->load.links[LOAD_OWNER];
    struct raw_client client;
    bool moved;
    enum sg_err err = raw_link_ack(owner, why);
    if (!err)
        err = raw_links_pump(c->load.links, LOAD_LINKS, 0, &moved, why);
    if (!err)
        err = raw_open(&client, c->zmq, c->fixture, DINSOS, why);
    if (err)
        return err;
    err = raw_hello(&client, NULL, why);
    if (!err)
        err = check_cursors(c, &client, owner->handled, why);
    if (!err)
        err = check_blocks(c, &client, owner->handled, why);
    if (!err)
        err = check_seats(c, &client, why);
    raw_close(&client);
    return err;
}

static void check_store(struct crash *c)
{
    char path[192];
    struct sg_why why = {0};
    (void)snprintf(path, sizeof path, "%s/fold.mdb", c->fixture->folder);
    bool stopped = daemon_proc_stop(&c->daemon, &why) == SG_OK;
    (void)tap_ok(&c->tap, stopped, "SIGTERM stops the daemon well %s", stopped ? "" : why.text);
    bool whole = daemon_proc_job(&c->daemon, "--verify", NULL, &why) == SG_OK;
    (void)tap_ok(&c->tap, whole, "--verify finds every record, block and signature %s",
                 whole ? "" : why.text);
    bool folds = daemon_proc_job(&c->daemon, "--refold", path, &why) == SG_OK;
    (void)tap_ok(&c->tap, folds, "--refold makes the same bytes %s", folds ? "" : why.text);
}

/* ---- the run ---- */

static void tell(const struct crash *c)
{
    const struct raw_link *links = c->load.links;
    uint64_t again = 0, receipts = 0, events = 0;
    for (size_t i = 0; i < LOAD_LINKS; i++) {
        again += links[i].outbox.taken_again;
        receipts += links[i].outbox.receipts;
        events += links[i].outbox.event_count;
    }
    (void)printf("# %u kills, %u of them under load, %u connections lost besides, %u outboxes cut "
                 "again\n# %" PRIu64 " events, %" PRIu64 " answered DUPLICATE, %" PRIu64
                 " receipts checked, %" PRIu64 " deliveries repeated\n",
                 c->kills, c->under_load, c->reconnects, c->recuts, events, again, receipts,
                 links[LOAD_OWNER].repeated + links[LOAD_PROVIDER].repeated);
}

static enum sg_err run(struct crash *c, struct sg_why *why)
{
    struct whole whole = {0};
    enum sg_err err = daemon_proc_start(&c->daemon, NULL, why);
    if (!err)
        err = load_connect(&c->load, why);
    for (unsigned i = 0; !err && i < c->rounds; i++)
        err = round_of(c, why);
    if (!err)
        err = settle(c, &whole, why);
    if (!err) {
        tell(c);
        check_links(c);
        check_readers(c, &whole);
        check_journal(c, &whole);
        (void)tap_ok(&c->tap, c->kills == c->rounds, "%u rounds", c->rounds);
        err = check_queries(c, why);
    }
    raw_link_done(&whole.owner);
    raw_link_done(&whole.provider);
    if (!err)
        check_store(c);
    return err;
}

static void show_log(const struct crash *c)
{
    char line[1024];
    FILE *log = fopen(c->daemon.log, "re");
    while (log && fgets(line, sizeof line, log))
        if (strncmp(line, "<5>", 3) != 0 && strncmp(line, "<6>", 3) != 0)
            (void)printf("# sinergid: %s", line);
    if (log)
        (void)fclose(log);
}

static bool parse(int argc, char **argv, struct crash *c)
{
    static const struct option longs[] = {{"rounds", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    int id;
    c->rounds = 10;
    sg_random(&c->seed, sizeof c->seed);
    while ((id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (id == 'r')
            c->rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (id == 's')
            c->seed = strtoull(optarg, NULL, 0);
        else
            return false;
    }
    return optind == argc && c->rounds > 0;
}

int main(int argc, char **argv)
{
    static struct crash crash;
    struct crash *c = &crash;
    struct sg_why why = {0};
    SG_CHECK(sg_crypto_init(&why) == SG_OK);
    if (!parse(argc, argv, c)) {
        (void)fputs("usage: crash [--rounds N] [--seed S]\n", stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)printf("# SEED=%" PRIu64 "\n", c->seed);
    c->zmq = zmq_ctx_new();
    enum sg_err err = fixture_new(&c->fixture, &why);
    if (!err)
        err = daemon_proc_init(&c->daemon, c->fixture, NULL, &why);
    if (!err)
        err = load_init(&c->load, c->zmq, c->fixture, c->seed, daemon_proc_wall_ms(), &why);
    if (!err)
        err = run(c, &why);
    bool ended = err && c->daemon.fixture && daemon_proc_ended(&c->daemon);
    if (err)
        (void)tap_ok(&c->tap, false, "%s: %s%s", sg_err_name(err), why.text,
                     ended ? " (the daemon has ended by itself)" : "");
    if (c->tap.failed) {
        (void)printf("# failed with SEED=%" PRIu64 " ROUNDS=%u\n", c->seed, c->rounds);
        show_log(c);
    }
    load_done(&c->load);
    if (c->fixture)
        daemon_proc_done(&c->daemon);
    fixture_free(&c->fixture);
    (void)zmq_ctx_term(c->zmq);
    return tap_end(&c->tap);
}
