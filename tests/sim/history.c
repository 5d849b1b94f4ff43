#include "sim/history.h"

#include "kit/check.h"
#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "wire/day.h"

#include <stdio.h>
#include <unistd.h>

/* splitmix64 */
static uint64_t draw(struct history *h, uint64_t below)
{
    uint64_t z = h->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static const char *id(unsigned kind, uint64_t number, char to[SG_ID_TEXT])
{
    (void)snprintf(to, SG_ID_TEXT, "01968a3e-0000-7000-8%03x-%012llx", kind % 0x1000,
                   (unsigned long long)(number % 0xffffffffffff));
    return to;
}

static void note(struct history *h, struct world_outcome o)
{
    h->accepted += o.status == PB_OUTCOME_STATUS_ACCEPTED;
    h->refused += o.status == PB_OUTCOME_STATUS_REJECTED;
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED && !sg_id_is_zero(&o.case_id))
        h->cases[h->case_count++ % SG_ARRAY_LEN(h->cases)] = o.case_id;
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED && !sg_id_is_zero(&o.allocation_id))
        h->allocations[h->allocation_count++ % SG_ARRAY_LEN(h->allocations)] = o.allocation_id;
}

/* Dinsos refers to itself, so that its outcome tells the case. */
static void refer(struct history *h)
{
    char r[SG_ID_TEXT];
    bool again = draw(h, 10) == 0 && h->referrals;
    unsigned person = (unsigned)draw(h, 40);
    unsigned number = again ? (unsigned)draw(h, h->referrals) : h->referrals++;
    note(h,
         world_publish(
             &h->city, draw(h, 8) ? DINSOS : SATPOLPP,
             "{\"referralSubmitted\":{\"referralId\":\"%s\",\"kind\":\"INTAKE\",\"targetAgency\":"
             "\"%s\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"Orang %u\","
             "\"nameQuality\":\"FULL\",\"sex\":\"%s\",\"birthDate\":\"19%02u-07-15\","
             "\"birthQuality\":\"EXACT\",\"nik\":\"147199%02u07%02u%04u\",\"nikStatus\":"
             "\"STATED\"},\"suspectedPpks\":[\"PPKS_11\"],\"foundRegion\":\"14.71.08\","
             "\"activity\":\"BEGGING\",\"childrenWith\":0}}",
             id(1, number, r), draw(h, 12) ? "dinsos" : "dpppa", person,
             person % 3 ? "MALE" : "FEMALE", 70 + person % 30, person % 3 ? 15 : 55,
             70 + person % 30, person + 1));
}

static void decide(struct history *h)
{
    static const char *const decisions[] = {
        "\"ACCEPTED\"", "\"ACCEPTED\"", "\"ACCEPTED\"",
        "\"DECLINED\",\"reason\":\"OUT_OF_TOWN\",\"declinedBy\":\"RECEIVER\"",
        "\"REDIRECTED\",\"reason\":\"WRONG_AGENCY\",\"redirectTo\":\"dpppa\""};
    char r[SG_ID_TEXT];
    if (!h->referrals)
        return;
    uint64_t back = draw(h, h->referrals < 12 ? h->referrals : 12);
    note(h, world_publish(&h->city, draw(h, 6) ? DINSOS : DPPPA,
                          "{\"referralDecided\":{\"referralId\":\"%s\",\"decision\":%s}}",
                          id(1, h->referrals - 1 - back, r), decisions[draw(h, 5)]));
}

static const struct sg_id *a_case(struct history *h)
{
    size_t known = h->case_count < SG_ARRAY_LEN(h->cases) ? h->case_count : SG_ARRAY_LEN(h->cases);
    return known ? &h->cases[draw(h, known)] : NULL;
}

static void assess(struct history *h)
{
    char c[SG_ID_TEXT], a[SG_ID_TEXT];
    const struct sg_id *of = a_case(h);
    if (!of)
        return;
    note(h, world_publish(&h->city, draw(h, 9) ? DINSOS : DPPPA,
                          "{\"caseId\":\"%s\",\"assessmentCompleted\":{\"assessmentId\":\"%s\","
                          "\"assessedOn\":\"2026-05-05\",\"assessorRole\":\"PEKSOS\",%s"
                          "\"isMinor\":false,\"residence\":\"PEKANBARU\",\"priorityBand\":%u,"
                          "\"trainingSuitable\":true,\"socialRegistry\":\"NONE\"}}",
                          sg_id_print(of, c), id(2, h->assessments++, a),
                          draw(h, 12) ? "\"confirmedPpks\":[\"PPKS_11\"]," : "",
                          1 + (unsigned)draw(h, 4)));
}

static void offer(struct history *h)
{
    char s[SG_ID_TEXT], from[32], to[32], closes[32];
    int32_t start = sg_day_at(h->city.now_ms) + 5 + (int32_t)draw(h, 20), y, m, d;
    sg_day_split(start, &y, &m, &d);
    (void)snprintf(from, sizeof from, "%04d-%02d-%02d", y, m, d);
    sg_day_split(start + 30, &y, &m, &d);
    (void)snprintf(to, sizeof to, "%04d-%02d-%02d", y, m, d);
    unsigned number = draw(h, 10) || !h->slots ? h->slots++ : (unsigned)draw(h, h->slots);
    note(h, world_publish(
                &h->city, draw(h, 5) ? DISNAKER : (draw(h, 2) ? DPPPA : SATPOLPP),
                "{\"slotOffered\":{\"slotId\":\"%s\",\"courseCode\":\"BARBER\",\"venueRegion\":"
                "\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"%s\",\"endsOn\":\"%s\","
                "\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":%u,"
                "\"registrationClosesAt\":\"%s\",\"lateEntryUntil\":\"%s\",\"holdHours\":%u,"
                "\"sex\":\"%s\",\"minAge\":18,\"maxAge\":%u,\"documentsWaivable\":false,"
                "\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"NONE\","
                "\"desk\":\"1\"}}",
                id(3, number, s), from, to, 1 + (unsigned)draw(h, 4),
                sg_time_print(sg_day_start_ms(start) - SG_HOUR_MS, closes), from,
                24 + (unsigned)draw(h, 100), draw(h, 2) ? "ANY" : "MALE",
                draw(h, 2) ? 0 : 45 + (unsigned)draw(h, 20)));
}

static void ask(struct history *h)
{
    char c[SG_ID_TEXT], s[SG_ID_TEXT], r[SG_ID_TEXT];
    const struct sg_id *of = a_case(h);
    if (!of || !h->slots)
        return;
    uint64_t back = draw(h, h->slots < 4 ? h->slots : 4);
    note(h, world_publish(&h->city, draw(h, 12) ? DINSOS : DPPPA,
                          "{\"caseId\":\"%s\",\"seatRequested\":{\"requestId\":\"%s\",\"slotId\":"
                          "\"%s\",\"personAccepted\":%s,\"waitlistOk\":%s,\"override\":\"%s\"}}",
                          sg_id_print(of, c), id(4, h->requests++, r),
                          id(3, h->slots - 1 - back, s), draw(h, 2) ? "true" : "false",
                          draw(h, 4) ? "true" : "false", draw(h, 9) ? "NONE" : "PROTECTION"));
}

static void settle(struct history *h)
{
    static const char *const decisions[] = {
        "\"PERSON_ACCEPTED\"", "\"CONFIRMED\"",
        "\"WITHDRAWN_BY_CASE_OWNER\",\"reason\":\"PERSON_REFUSED\",\"declinedBy\":\"PERSON\"",
        "\"DECLINED_BY_PROVIDER\",\"reason\":\"MISSING_DOCUMENT\",\"declinedBy\":\"RECEIVER\""};
    char a[SG_ID_TEXT];
    size_t known = h->allocation_count < SG_ARRAY_LEN(h->allocations)
                       ? h->allocation_count
                       : SG_ARRAY_LEN(h->allocations);
    if (!known)
        return;
    size_t recent = known < 24 ? known : 24;
    const struct sg_id *of =
        &h->allocations[(h->allocation_count - 1 - draw(h, recent)) % SG_ARRAY_LEN(h->allocations)];
    uint64_t which = draw(h, 4);
    bool provider = which == 1 || which == 3;
    enum world_agency who = draw(h, 10) == 0 ? DPPPA : provider ? DISNAKER : DINSOS;
    note(h,
         world_publish(&h->city, who, "{\"seatDecided\":{\"allocationId\":\"%s\",\"decision\":%s}}",
                       sg_id_print(of, a), decisions[which]));
}

static void move_on(struct history *h)
{
    char to[32];
    int64_t jump =
        draw(h, 10) ? (int64_t)draw(h, 6 * 3600) * 1000 : (int64_t)draw(h, 4 * 24 * 3600) * 1000;
    world_move(&h->city, sg_time_print(h->city.now_ms + jump, to));
}

static void resend(struct history *h)
{
    enum world_agency who = (enum world_agency)draw(h, WORLD_AGENCIES);
    if (h->city.clients[who].next == 1)
        return;
    struct world_outcome o = world_resend(&h->city, who);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_DUPLICATE);
}

void history_open(struct history *history, uint64_t seed)
{
    *history = (struct history){.seed = seed, .state = seed};
    world_open(&history->city, "2026-05-04T01:00:00Z");
}

void history_close(struct history *history)
{
    world_close(&history->city);
}

void history_step(struct history *h)
{
    static const struct {
        unsigned weight;
        void (*run)(struct history *h);
    } acts[] = {{18, refer}, {18, decide}, {14, assess}, {5, offer},
                {24, ask},   {24, settle}, {8, move_on}, {3, resend}};
    unsigned total = 0, pick;
    h->step++;
    sg_arena_reset(&h->city.arena, 0);
    for (size_t i = 0; i < SG_ARRAY_LEN(acts); i++)
        total += acts[i].weight;
    pick = (unsigned)draw(h, total);
    size_t i = 0;
    while (pick >= acts[i].weight)
        pick -= acts[i++].weight;
    acts[i].run(h);
    if (draw(h, 400) == 0)
        world_restart(&h->city);
}

/* ---- invariants ---- */

struct look {
    struct history *h;
    struct txn txn;
    struct ledger_turn turn;
    const char *what;
    struct sg_why why;
};

static bool fail(struct look *look, const char *what)
{
    look->what = what;
    return false;
}

static bool seat_is_live(struct look *look, const struct cursor *at)
{
    PbAllocationRow *row = NULL;
    struct sg_id allocation, slot = {{0}};
    memcpy(allocation.b, at->value.ptr, SG_ID_BYTES);
    if (read_row(&look->turn, TABLE_ALLOCATIONS, &allocation, &pb_allocation_row__descriptor, &row,
                 &look->why))
        return fail(look, "I1: a seat names no allocation");
    memcpy(slot.b, at->key.ptr, SG_ID_BYTES);
    struct sg_id of = id_of(row->slot_id);
    if (!allocation_is_live(row->state) || row->seat_no != at->key.ptr[SG_ID_BYTES] ||
        !sg_id_equal(&of, &slot))
        return fail(look, "I1: a seat and its allocation disagree");
    PbPersonRow *person = NULL;
    struct sg_id person_id = id_of(row->person_id);
    if (read_row(&look->turn, TABLE_PERSONS, &person_id, &pb_person_row__descriptor, &person,
                 &look->why))
        return fail(look, "a seat without a person");
    struct sg_id live = id_of(person->live_allocation_id);
    return sg_id_equal(&live, &allocation) || fail(look, "I3: a person holds two live seats");
}

static bool each(struct look *look, enum table table,
                 bool (*check)(struct look *look, const struct cursor *at))
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    bool good = cursor_open(&cursor, &look->txn, table, &look->why) == SG_OK &&
                cursor_first(&cursor, &look->why) == SG_OK;
    while (good && cursor.key.ptr) {
        size_t used = look->turn.arena->used;
        good = check(look, &cursor) && cursor_next(&cursor, &look->why) == SG_OK;
        sg_arena_reset(look->turn.arena, used);
    }
    return good;
}

static size_t count_prefix(struct look *look, enum table table, const struct sg_id *prefix_id)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    size_t count = 0;
    key_id(&prefix, prefix_id);
    if (cursor_open(&cursor, &look->txn, table, &look->why) ||
        cursor_seek(&cursor, &prefix, &look->why))
        return SIZE_MAX;
    while (cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        count++;
        if (cursor_next(&cursor, &look->why))
            return SIZE_MAX;
    }
    return count;
}

static bool slot_adds_up(struct look *look, const struct cursor *at)
{
    PbSlotRow *row = NULL;
    struct sg_id slot;
    memcpy(slot.b, at->key.ptr, SG_ID_BYTES);
    if (sg_decode_row(&pb_slot_row__descriptor, at->value, look->turn.arena, &row, &look->why))
        return fail(look, "a slot does not decode");
    if (row->live != count_prefix(look, TABLE_SEATS, &slot) ||
        row->live > row->slot->capacity_offered)
        return fail(look, "I2: live seats of a slot");
    if (row->waiting != count_prefix(look, TABLE_WAITING, &slot))
        return fail(look, "waiting list of a slot");
    return strcmp(row->owner, row->object->agency) == 0 || fail(look, "I5: owner of a slot");
}

static bool allocation_adds_up(struct look *look, const struct cursor *at)
{
    PbAllocationRow *row = NULL;
    struct sg_bytes found;
    struct key key = {0};
    struct sg_id allocation;
    memcpy(allocation.b, at->key.ptr, SG_ID_BYTES);
    if (sg_decode_row(&pb_allocation_row__descriptor, at->value, look->turn.arena, &row,
                      &look->why))
        return fail(look, "an allocation does not decode");
    struct sg_id slot = id_of(row->slot_id);
    if (row->state == PB_ALLOCATION_STATE_HELD) {
        key_text(key_id(&key, &allocation), RULE_HOLD);
        if (table_get(&look->txn, TABLE_DEADLINES, &key, &found, NULL))
            return fail(look, "a hold without its deadline");
        if (row->hold_until_ms <= look->h->city.now_ms)
            return fail(look, "a hold that has run out");
    }
    waiting_key(&key, &slot, row->wait);
    bool waits = table_get(&look->txn, TABLE_WAITING, &key, &found, NULL) == SG_OK;
    return waits == (row->state == PB_ALLOCATION_STATE_WAITLISTED) ||
           fail(look, "the waiting list and the allocation disagree");
}

static bool referral_has_one_target(struct look *look, const struct cursor *at)
{
    PbReferralRow *row = NULL;
    if (sg_decode_row(&pb_referral_row__descriptor, at->value, look->turn.arena, &row, &look->why))
        return fail(look, "a referral does not decode");
    return (row->n_targets >= 1 && row->n_targets <= 4) || fail(look, "I9: targets of a referral");
}

/* A free seat stays free only when nobody who waits may have it. */
static bool nobody_is_kept_waiting(struct look *look, const struct cursor *at)
{
    PbAllocationRow *row = NULL;
    PbSlotRow *slot = NULL;
    PbPersonRow *person = NULL;
    struct identity identity;
    struct sg_id allocation, slot_id, person_id;
    memcpy(allocation.b, at->value.ptr, SG_ID_BYTES);
    memcpy(slot_id.b, at->key.ptr, SG_ID_BYTES);
    if (read_row(&look->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &slot, &look->why) ||
        read_row(&look->turn, TABLE_ALLOCATIONS, &allocation, &pb_allocation_row__descriptor, &row,
                 &look->why))
        return fail(look, "a waiting entry names nothing");
    person_id = id_of(row->person_id);
    if (read_row(&look->turn, TABLE_PERSONS, &person_id, &pb_person_row__descriptor, &person,
                 &look->why) ||
        person_identity(&look->turn, &person_id, &identity, &look->why))
        return fail(look, "a waiting entry without a person");
    bool could = slot->live < slot->slot->capacity_offered && !person->has_live_allocation_id &&
                 slot_takes_late_entry(slot, look->h->city.now_ms) &&
                 slot_ineligible(slot, &identity) == NULL;
    return !could || fail(look, "somebody waits beside a free seat");
}

bool history_holds(struct history *history, const char **what)
{
    struct look look = {.h = history};
    look.turn = (struct ledger_turn){.txn = &look.txn, .arena = &history->city.arena};
    if (txn_begin(&look.txn, history->city.env, TXN_READ, &look.why))
        return false;
    bool good = each(&look, TABLE_SEATS, seat_is_live) && each(&look, TABLE_SLOTS, slot_adds_up) &&
                each(&look, TABLE_ALLOCATIONS, allocation_adds_up) &&
                each(&look, TABLE_REFERRALS, referral_has_one_target) &&
                each(&look, TABLE_WAITING, nobody_is_kept_waiting);
    txn_done(&look.txn);
    *what = look.what ? look.what : look.why.text;
    return good;
}

bool history_refolds(struct history *history, struct sg_why *why)
{
    char path[128];
    struct env *again = NULL;
    struct env_options options = history->city.env_options;
    (void)snprintf(path, sizeof path, "%s/refold.mdb", history->city.folder);
    options.path = path;
    (void)unlink(path);
    bool good = env_create(&options, env_store_id(history->city.env), why) == SG_OK &&
                env_open(&options, &again, why) == SG_OK &&
                ledger_refold(history->city.env, again, history->city.keys, NULL, why) == SG_OK &&
                ledger_compare(history->city.env, again, why) == SG_OK;
    env_close(&again);
    return good;
}
