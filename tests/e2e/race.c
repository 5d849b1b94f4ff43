/* race.c - two connections ask for the last seat of a slot in the same instant, many times: one of
 * them gets it, the other waits or is refused E_SLOT_FULL.
 *
 *   race [--rounds N] [--seed S]
 */
#include "kit/check.h"
#include "kit/daemon_proc.h"
#include "kit/raw_link.h"
#include "kit/sample.h"
#include "kit/tap.h"
#include "wire/status.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <zmq.h>

enum { ROUNDS_MAX = 1000, ARENA_BYTES = 1 << 20 };
enum racer { REFERRER, OWNER_A, OWNER_B, PROVIDER, RACERS };

struct race {
    struct fixture *fixture;
    struct daemon_proc daemon;
    void *zmq;
    struct raw_link links[RACERS];
    struct sample sample;
    struct sg_arena arena;
    struct sg_id cases[2 * ROUNDS_MAX], slots[ROUNDS_MAX];
    size_t case_count;
    unsigned rounds, won_a;
    uint64_t seed;
    struct tap tap;
};

static void state(struct race *race, enum racer link, const PbEnvelope *envelope)
{
    uint8_t salt[16];
    struct sg_why why = {0};
    sample_salt(&race->sample, salt);
    SG_CHECK(raw_outbox_add(&race->links[link].outbox, envelope, salt, &why) == SG_OK);
    sg_arena_reset(&race->arena, 0);
}

/* ---- people with a case ---- */

static void hear(void *context, struct raw_link *link, uint64_t seq, const PbEnvelope *e)
{
    struct race *race = context;
    struct sg_id id;
    (void)link;
    (void)seq;
    if (e->referral_submitted) {
        const ProtobufCBinaryData *referral = &e->referral_submitted->referral_id;
        if (sg_id_from((struct sg_bytes){referral->data, referral->len}, &id) == SG_OK)
            state(race, OWNER_A, sample_decision(&race->sample, &race->arena, &id));
    }
    const PbCaseStateChanged *change = e->case_state_changed;
    if (!change || sg_id_from((struct sg_bytes){change->case_id.data, change->case_id.len}, &id))
        return;
    if (change->to == PB_CASE_STATE_ASSESSING)
        state(race, OWNER_A, sample_assessment(&race->sample, &race->arena, &id));
    else if (change->to == PB_CASE_STATE_IN_SERVICE &&
             race->case_count < 2 * (size_t)race->rounds) {
        state(race, OWNER_A, sample_consent(&race->sample, &race->arena, &id));
        race->cases[race->case_count++] = id;
    }
}

static enum sg_err prepare(struct race *race, struct sg_why *why)
{
    struct sg_id referral;
    for (unsigned i = 0; i < 2 * race->rounds; i++)
        state(race, REFERRER, sample_referral(&race->sample, &race->arena, &referral));
    for (unsigned i = 0; i < race->rounds; i++)
        state(race, PROVIDER, sample_slot(&race->sample, &race->arena, 1, &race->slots[i]));
    enum sg_err err = SG_OK;
    bool moved = true;
    while (!err && moved && race->case_count < 2 * (size_t)race->rounds)
        err = raw_links_pump(race->links, RACERS, RAW_PATIENCE_MS, &moved, why);
    if (!err && race->case_count < 2 * (size_t)race->rounds)
        err = sg_fail(why, SG_E_NET, "%zu cases of %u came into service", race->case_count,
                      2 * race->rounds);
    return err ? err : raw_links_settle(race->links, RACERS, why);
}

/* ---- one race ---- */

struct finish {
    const struct raw_event *a, *b;
    size_t reserved, waiting, other;
};

static enum sg_err look(struct race *race, struct raw_client *client, unsigned round,
                        struct finish *finish, struct sg_why *why)
{
    PbQuery query = PB_QUERY__INIT;
    const PbQueryResult *page = NULL;
    query.has_kind = query.has_slot_id = true;
    query.kind = PB_QUERY_KIND_SEATS;
    query.slot_id = (ProtobufCBinaryData){SG_ID_BYTES, race->slots[round].b};
    enum sg_err err = raw_query(client, &query, &page, why);
    for (size_t i = 0; !err && i < page->n_seats; i++) {
        const PbSeatView *seat = page->seats[i];
        bool reserved = seat->state == PB_ALLOCATION_STATE_RESERVED && seat->seat_no == 1;
        bool waiting = seat->state == PB_ALLOCATION_STATE_WAITLISTED && seat->seat_no == 0 &&
                       seat->waitlist_position == 1;
        finish->reserved += reserved;
        finish->waiting += waiting;
        finish->other += !reserved && !waiting;
    }
    const struct raw_outbox *a = &race->links[OWNER_A].outbox, *b = &race->links[OWNER_B].outbox;
    finish->a = &a->events[a->event_count - 1];
    finish->b = &b->events[b->event_count - 1];
    return err;
}

static void wish(struct race *race, enum racer link, unsigned round, size_t person, bool waits)
{
    const struct sample_wish wish = {race->cases[person], race->slots[round], true, waits};
    state(race, link, sample_request(&race->sample, &race->arena, &wish));
}

static enum sg_err run_one(struct race *race, struct raw_client *client, unsigned round,
                           struct sg_why *why)
{
    bool waits = round % 2 == 0;
    size_t person = 2 * (size_t)round;
    wish(race, OWNER_A, round, person, waits);
    wish(race, OWNER_B, round, person + 1, waits);
    enum racer first = round % 4 < 2 ? OWNER_A : OWNER_B;
    enum racer then = first == OWNER_A ? OWNER_B : OWNER_A;
    struct raw_link *links = race->links;
    /* Both frames are signed before either is sent. */
    enum sg_err err = raw_outbox_cut(&links[first].outbox, 1, NULL, why);
    if (!err)
        err = raw_outbox_cut(&links[then].outbox, 1, NULL, why);
    if (!err)
        err = raw_outbox_send(&links[first].outbox, &links[first].client, why);
    if (!err)
        err = raw_outbox_send(&links[then].outbox, &links[then].client, why);
    if (!err)
        err = raw_links_settle(links, RACERS, why);
    struct finish f = {0};
    if (!err)
        err = look(race, client, round, &f, why);
    if (err)
        return err;
    uint32_t codes = f.a->code + f.b->code;
    bool full = (f.a->code == 0) != (f.b->code == 0) && codes == SG_ST_SLOT_FULL;
    bool good = f.reserved == 1 && f.other == 0 &&
                (waits ? f.waiting == 1 && codes == 0 : f.waiting == 0 && full);
    race->won_a += waits ? f.a->seq < f.b->seq : f.a->code == 0;
    (void)tap_ok(&race->tap, good,
                 "race %u: %zu reserved, %zu waiting, %zu other; answers %s and %s", round + 1,
                 f.reserved, f.waiting, f.other, sg_status_name(f.a->code),
                 sg_status_name(f.b->code));
    return SG_OK;
}

/* ---- the run ---- */

static enum sg_err connect_all(struct race *race, struct sg_why *why)
{
    static const enum fixture_agency agencies[RACERS] = {SATPOLPP, DINSOS, DINSOS, DISNAKER};
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < RACERS; i++) {
        race->links[i] = (struct raw_link){
            .zmq = race->zmq, .fixture = race->fixture, .agency = agencies[i], .context = race};
        if (i == OWNER_A) {
            race->links[i].subscription = "lomba";
            race->links[i].hear = hear;
        }
        err = raw_link_connect(&race->links[i], why);
    }
    return err;
}

static enum sg_err run(struct race *race, struct sg_why *why)
{
    struct raw_client client = {0};
    enum sg_err err = daemon_proc_start(&race->daemon, NULL, why);
    if (!err)
        err = connect_all(race, why);
    if (!err)
        err = prepare(race, why);
    if (!err)
        err = raw_open(&client, race->zmq, race->fixture, DISNAKER, why);
    if (err)
        return err;
    err = raw_hello(&client, NULL, why);
    for (unsigned i = 0; !err && i < race->rounds; i++)
        err = run_one(race, &client, i, why);
    raw_close(&client);
    (void)printf("# the first connection won %u of %u\n", race->won_a, race->rounds);
    for (size_t i = 0; !err && i < RACERS; i++)
        (void)tap_ok(&race->tap, !race->links[i].outbox.wrong[0] && !race->links[i].wrong[0],
                     "connection %zu: %s%s", i, race->links[i].outbox.wrong, race->links[i].wrong);
    return err ? err : daemon_proc_stop(&race->daemon, why);
}

static bool parse(int argc, char **argv, struct race *race)
{
    static const struct option longs[] = {{"rounds", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    int id;
    race->rounds = 50;
    race->seed = 1;
    while ((id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (id == 'r')
            race->rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (id == 's')
            race->seed = strtoull(optarg, NULL, 0);
        else
            return false;
    }
    return optind == argc && race->rounds > 0 && race->rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    static struct race whole;
    struct race *race = &whole;
    struct sg_why why = {0};
    SG_CHECK(sg_crypto_init(&why) == SG_OK);
    if (!parse(argc, argv, race)) {
        (void)fputs("usage: race [--rounds N] [--seed S]\n", stderr);
        return 64;
    }
    race->zmq = zmq_ctx_new();
    sample_init(&race->sample, race->seed, daemon_proc_wall_ms(), 1);
    enum sg_err err = sg_arena_init(&race->arena, ARENA_BYTES, &why);
    if (!err)
        err = fixture_new(&race->fixture, &why);
    if (!err)
        err = daemon_proc_init(&race->daemon, race->fixture, NULL, &why);
    if (!err)
        err = run(race, &why);
    if (err)
        (void)tap_ok(&race->tap, false, "SEED=%" PRIu64 ": %s: %s", race->seed, sg_err_name(err),
                     why.text);
    for (size_t i = 0; i < RACERS; i++)
        raw_link_done(&race->links[i]);
    if (race->fixture)
        daemon_proc_done(&race->daemon);
    fixture_free(&race->fixture);
    sg_arena_done(&race->arena);
    (void)zmq_ctx_term(race->zmq);
    return tap_end(&race->tap);
}
