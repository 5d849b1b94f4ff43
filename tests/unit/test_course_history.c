/* Random courses of a small city: whatever is stated in whatever order, nothing breaks, what is
 * promised holds, and the journal folds to the same bytes. */
#include "unit/story_unit.h"

enum { PEOPLE = 6, SLOTS = 4, ITEMS = 4, SEEDS = 24, STEPS = 250 };

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name

struct history {
    struct ledger_city city;
    struct prng prng;
    struct client clients[PEOPLE];
    const char *owners[PEOPLE];
    struct sg_id slots[SLOTS], items[ITEMS];
    PbEnvelope *offers[SLOTS], *registers[ITEMS]; /* NULL once stated */
    struct sg_id seats[512];
    size_t seat_count;
    size_t accepted, refused, parked;
    unsigned seed, step;
};

#define BROKEN(h, format, ...) \
    fail_msg("SEED=%u STEP=%u: " format, (h)->seed, (h)->step, __VA_ARGS__)

static size_t below(struct history *h, size_t n)
{
    return (size_t)prng_below(&h->prng, n);
}

static struct sg_id any_seat(struct history *h)
{
    size_t recent = h->seat_count < 12 ? h->seat_count : 12;
    return recent ? h->seats[h->seat_count - 1 - below(h, recent)] : (struct sg_id){{1}};
}

static void keep_seat(struct history *h, struct sg_id id)
{
    if (h->seat_count < SG_ARRAY_LEN(h->seats))
        h->seats[h->seat_count++] = id;
}

static void publish(struct history *h, PbEnvelope *e)
{
    struct outcome o = city_publish(&h->city, e);
    h->accepted += o.status == PB_OUTCOME_STATUS_ACCEPTED;
    h->refused += o.status == PB_OUTCOME_STATUS_REJECTED;
    h->parked += o.status == PB_OUTCOME_STATUS_PARKED;
    for (uint64_t seq = o.seq; o.seq && seq <= h->city.last_seq; seq++) {
        struct city_record record = city_record(&h->city, seq);
        const PbSeatAllocationChanged *d1 = record.event.envelope->seat_allocation_changed;
        if (d1 && record.record.rest->effect->allocation->created)
            keep_seat(h, id_of(d1->allocation_id));
    }
}

/* ---- what may happen ---- */

static void ask(struct history *h)
{
    size_t who = below(h, PEOPLE);
    PbEnvelope *e = unit_request(&h->city, &h->clients[who], &h->slots[below(h, SLOTS)],
                                 below(h, 3) ? ACCEPT : HOLD);
    e->publisher_agency = unit_text(&h->city, h->owners[who]);
    publish(h, e);
}

static void settle(struct history *h)
{
    struct sg_id seat = any_seat(h);
    PbSeatDecision decision = (PbSeatDecision)(1 + below(h, 4));
    if (decision == PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER && below(h, 2))
        decision = PB_SEAT_DECISION_PERSON_ACCEPTED;
    PbEnvelope *e = unit_settle(&h->city, &seat, decision);
    const PbAllocationRow *row = city_row(&h->city, TABLE_ALLOCATIONS, &seat);
    if (row && decision <= PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER)
        e->publisher_agency = unit_text(&h->city, row->case_owner);
    publish(h, e);
}

static void start(struct history *h)
{
    struct sg_id seat = any_seat(h);
    publish(h, story_start(&h->city, &seat, story_today(&h->city) - (int32_t)below(h, 3)));
}

static void attend(struct history *h)
{
    struct sg_id seat = any_seat(h);
    int32_t day = story_today(&h->city) - (int32_t)below(h, 9);
    publish(h, story_attend(&h->city, &seat, day, day + 4));
}

static void end(struct history *h)
{
    struct sg_id seat = any_seat(h);
    publish(h, story_end(&h->city, &seat, story_today(&h->city),
                         (PbPlacementEnded__Result)(1 + below(h, RESULT(DECEASED)))));
}

static void change(struct history *h)
{
    size_t slot = below(h, SLOTS);
    PbEnvelope *e = story_change(&h->city, &h->slots[slot]);
    PbTrainingSlotChanged *c = e->slot_changed;
    const PbSlotRow *row = story_slot_row(&h->city, &h->slots[slot]);
    if (below(h, 2)) {
        c->has_capacity_offered = true;
        c->capacity_offered = 1 + (uint32_t)below(h, 4);
    } else if (row) {
        int32_t first = slot_start_day(row) + (int32_t)below(h, 25) - 12;
        c->starts_on = unit_day(&h->city, first);
        c->late_entry_until = unit_day(&h->city, first + (int32_t)below(h, 14));
        c->registration_closes_at =
            story_time(&h->city, sg_day_start_ms(first - (int32_t)below(h, 3)));
        c->ends_on = unit_day(&h->city, first + 20);
    }
    publish(h, e);
}

static void cancel(struct history *h)
{
    if (below(h, 3))
        return;
    size_t slot = below(h, SLOTS), other = below(h, SLOTS);
    publish(h, story_cancel(&h->city, &h->slots[slot], below(h, 2) ? &h->slots[other] : NULL));
    if (below(h, 2))
        h->offers[slot] = story_offer(&h->city, 1 + (uint32_t)below(h, 3), &h->slots[slot]);
}

static void offer(struct history *h)
{
    size_t slot = below(h, SLOTS);
    if (!h->offers[slot])
        h->offers[slot] = story_offer(&h->city, 1 + (uint32_t)below(h, 3), &h->slots[slot]);
    else {
        publish(h, h->offers[slot]);
        h->offers[slot] = NULL;
    }
}

static void issue(struct history *h)
{
    size_t item = below(h, ITEMS);
    struct sg_id seat = any_seat(h);
    if (h->registers[item])
        publish(h, h->registers[item]);
    h->registers[item] = NULL;
    publish(h, story_issue(&h->city, &h->items[item], &seat, below(h, 2) ? LOAN : GRANT,
                           below(h, 2) ? "B/1" : "B/2"));
}

static void check(struct history *h)
{
    publish(h, story_check(&h->city, &h->items[below(h, ITEMS)],
                           (PbEquipmentChecked__Finding)(1 + below(h, 8)),
                           (PbEquipmentChecked__Action)(1 + below(h, 5))));
}

static void assess(struct history *h)
{
    size_t who = below(h, PEOPLE);
    PbEnvelope *e = unit_assess(&h->city, &h->clients[who].case_id);
    e->publisher_agency = unit_text(&h->city, h->owners[who]);
    e->assessment_completed->priority_band = 1 + (uint32_t)below(h, 4);
    publish(h, e);
}

static void transfer(struct history *h)
{
    size_t who = below(h, PEOPLE);
    struct sg_id id;
    if (below(h, 3))
        return;
    const char *to = strcmp(h->owners[who], "dinsos") == 0 ? "dpppa" : "dinsos";
    PbEnvelope *e = story_hand(&h->city, h->owners[who], &h->clients[who].case_id,
                               PB_REFERRAL_KIND_TRANSFER, to, &id);
    e->publisher_agency = unit_text(&h->city, h->owners[who]);
    struct outcome o = city_publish(&h->city, e);
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED)
        return;
    o = city_publish(&h->city, unit_decide(&h->city, &id, to, PB_REFERRAL_DECISION_ACCEPTED, NULL));
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED)
        return;
    h->owners[who] = to;
    h->clients[who].case_id = id_of(o.effect->minted_case_id);
}

static void pass(struct history *h)
{
    city_pass(&h->city, (int64_t)below(h, 72) * SG_HOUR_MS);
}

/* ---- what must hold ---- */

static void check_slot(struct history *h, const struct sg_id *slot)
{
    const PbSlotRow *row = story_slot_row(&h->city, slot);
    uint32_t live = 0, waiting = 0;
    for (size_t i = 0; row && i < h->seat_count; i++) {
        const PbAllocationRow *seat = city_row(&h->city, TABLE_ALLOCATIONS, &h->seats[i]);
        struct sg_id at = id_of(seat->slot_id);
        if (!sg_id_equal(&at, slot))
            continue;
        live += allocation_is_live(seat->state);
        waiting += seat->state == PB_ALLOCATION_STATE_WAITLISTED;
        if (allocation_is_live(seat->state) != (seat->seat_no != 0))
            BROKEN(h, "seat %u of a state %d", seat->seat_no, (int)seat->state);
    }
    if (row && (row->live != live || row->waiting != waiting ||
                live > row->slot->capacity_offered || (row->cancelled && live + waiting)))
        BROKEN(h, "slot: %u live (%u), %u wait (%u) of %u", row->live, live, row->waiting, waiting,
               row->slot->capacity_offered);
}

static void check_person(struct history *h, const struct client *client)
{
    const PbPersonRow *row = city_row(&h->city, TABLE_PERSONS, &client->person);
    size_t live = 0, waiting = 0;
    for (size_t i = 0; i < h->seat_count; i++) {
        const PbAllocationRow *seat = city_row(&h->city, TABLE_ALLOCATIONS, &h->seats[i]);
        struct sg_id whose = id_of(seat->person_id);
        if (!sg_id_equal(&whose, &client->person))
            continue;
        live += allocation_is_live(seat->state);
        waiting += seat->state == PB_ALLOCATION_STATE_WAITLISTED;
    }
    if (live != (row->has_live_allocation_id ? 1U : 0U) || waiting != row->n_waiting_ids)
        BROKEN(h, "person: %zu live, %zu wait, %zu known", live, waiting, row->n_waiting_ids);
}

/* Every deadline is about something that is in the state for it. */
static void check_limits(struct history *h)
{
    for (size_t i = 0; i < h->seat_count; i++) {
        const struct sg_id *id = &h->seats[i];
        PbAllocationState state = unit_seat_state(&h->city, id);
        bool promised =
            state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
        const struct {
            const char *rule;
            bool runs;
        } rules[] = {{RULE_HOLD, state == PB_ALLOCATION_STATE_HELD},
                     {RULE_CONFIRM, state == PB_ALLOCATION_STATE_RESERVED},
                     {RULE_START, promised},
                     {RULE_ATTENDANCE, state == PB_ALLOCATION_STATE_OCCUPIED}};
        for (size_t r = 0; r < SG_ARRAY_LEN(rules); r++)
            if ((story_deadline(&h->city, rules[r].rule, id) != NULL) != rules[r].runs)
                BROKEN(h, "%s of a seat that is %d", rules[r].rule, (int)state);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        const PbSlotRow *row = story_slot_row(&h->city, &h->slots[i]);
        bool waits = row && row->waiting;
        if ((story_deadline(&h->city, RULE_WAITING_END, &h->slots[i]) != NULL) != waits)
            BROKEN(h, "the end of a waiting list of %u", row ? row->waiting : 0);
    }
}

static void begin(struct history *h, uint64_t seed)
{
    memset(h, 0, sizeof *h);
    h->seed = (unsigned)seed;
    h->prng.state = seed;
    city_open(&h->city);
    sample_init(&h->city.sample, seed, h->city.now_ms, 1);
    for (size_t i = 0; i < PEOPLE; i++) {
        h->clients[i] = unit_client(&h->city);
        h->owners[i] = "dinsos";
    }
    for (size_t i = 0; i < SLOTS; i++)
        h->offers[i] = story_offer(&h->city, 1 + (uint32_t)(i % 2), &h->slots[i]);
    for (size_t i = 0; i < ITEMS; i++)
        h->registers[i] = story_register(&h->city, &h->items[i]);
}

static void random_courses(void **state)
{
    (void)state;
    static void (*const acts[])(struct history *) = {
        ask,    ask,    ask,   settle, settle, settle, start,  start,    attend, end,  end,
        change, cancel, offer, offer,  issue,  check,  assess, transfer, pass,   pass, pass};
    static struct history h;
    size_t accepted = 0, refused = 0, parked = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&h, seed);
        for (h.step = 0; h.step < STEPS; h.step++) {
            city_read(&h.city); /* drops what was read so far */
            txn_done(&h.city.txn);
            acts[below(&h, SG_ARRAY_LEN(acts))](&h);
            for (size_t i = 0; i < SLOTS; i++)
                check_slot(&h, &h.slots[i]);
            for (size_t i = 0; i < PEOPLE; i++)
                check_person(&h, &h.clients[i]);
            check_limits(&h);
        }
        city_refold(&h.city);
        accepted += h.accepted, refused += h.refused, parked += h.parked;
        city_close(&h.city);
    }
    assert_true(accepted > 500 && refused > 500 && parked > 50); /* it does go somewhere */
}

UNIT_MAIN(cmocka_unit_test(random_courses))
