#include "sim/ledger_history.h"

#include "kit/check.h"
#include "ledger/decision.h"
#include "sim/ledger_model.h"
#include "wire/day.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 30, WITH_NIK = 24, KEPT = 64, SLOTS_WANTED = 7, BATCH_MAX = 5, DEEP_ONE_IN = 400 };

struct history {
    struct ledger_city city;
    struct model model;
    struct prng prng;
    uint64_t seed, step;
    struct ledger_history_result result;
    struct known { /* ids that events gave, the newest of each kind */
        struct sg_id id;
        char owner[SG_AGENCY_MAX + 1];
    } cases[KEPT], seats[KEPT];
    uint64_t case_count, seat_count;
    struct sg_id refs[PEOPLE]; /* satpolpp's pseudonyms of people without papers */
    struct stated {            /* events that were accepted, to be stated again */
        uint8_t *bytes;
        size_t len;
    } stated[KEPT];
    uint64_t stated_count;
};

static void broken(const struct history *h, const char *what)
{
    (void)fprintf(stderr, "SEED=%llu STEP=%llu: %s\n", (unsigned long long)h->seed,
                  (unsigned long long)h->step, what);
    abort();
}

#define EXPECT(h, cond)         \
    do {                        \
        if (!(cond))            \
            broken((h), #cond); \
    } while (0)

static uint64_t below(struct history *h, uint64_t limit)
{
    return prng_below(&h->prng, limit);
}

static bool one_in(struct history *h, uint64_t n)
{
    return below(h, n) == 0;
}

static const struct known *pick(struct history *h, const struct known *from, uint64_t count)
{
    static const struct known nobody = {{{9, 9, 9}}, "dinsos"};
    uint64_t kept = count < KEPT ? count : KEPT;
    if (!kept || one_in(h, 25))
        return &nobody; /* an id that nobody has */
    return &from[below(h, kept)];
}

/* Rather a case in that state: most are not, and refusals alone are dull. */
static const struct known *pick_case(struct history *h, PbCaseState wanted)
{
    const struct known *c = pick(h, h->cases, h->case_count);
    for (int tries = 0; tries < 8; tries++) {
        struct sg_why why = {0};
        PbCaseRow *row = NULL;
        if (one_in(h, 20) ||
            (!read_row(&h->city.turn, TABLE_CASES, &c->id, &pb_case_row__descriptor, &row, &why) &&
             row->state == wanted && !row->not_ppks))
            return c;
        c = pick(h, h->cases, h->case_count);
    }
    return c;
}

/* Rather a seat or a waiting that has not ended. */
static const struct known *pick_seat(struct history *h)
{
    const struct known *seat = pick(h, h->seats, h->seat_count);
    for (int tries = 0; tries < 8 && !one_in(h, 12); tries++) {
        struct sg_why why = {0};
        PbAllocationRow *row = NULL;
        if (!read_row(&h->city.turn, TABLE_ALLOCATIONS, &seat->id, &pb_allocation_row__descriptor,
                      &row, &why) &&
            row->state <= PB_ALLOCATION_STATE_CONFIRMED)
            return seat;
        seat = pick(h, h->seats, h->seat_count);
    }
    return seat;
}

static void remember(struct known *in, uint64_t *count, ProtobufCBinaryData id, const char *owner)
{
    struct known *to = &in[(*count)++ % KEPT];
    to->id = id_of(id);
    (void)snprintf(to->owner, sizeof to->owner, "%s", owner);
}

/* ---- envelopes ---- */

static struct sg_arena *events(struct history *h)
{
    return &h->city.events;
}

static char *text(struct history *h, const char *from)
{
    char *copy = sg_arena_text(events(h), sg_bytes_of(from));
    SG_CHECK(copy);
    return copy;
}

static const char *any_agency(struct history *h)
{
    return h->city.agencies[below(h, CITY_AGENCIES)].id;
}

static void publisher(struct history *h, PbEnvelope *e, const char *right)
{
    e->publisher_agency = text(h, one_in(h, 12) ? any_agency(h) : right);
}

static PbDate *date(struct history *h, int32_t day_no)
{
    PbDate *d = SG_NEW(events(h), PbDate);
    SG_CHECK(d);
    pb_date__init(d);
    d->has_year = d->has_month = d->has_day = true;
    sg_day_split(day_no, &d->year, &d->month, &d->day);
    return d;
}

static void about(struct history *h, PbPersonIdentity *p, unsigned k)
{
    static const char *const homes[] = {"14.71.08.1009", "14.71.10", "13.71", "14.71.08"};
    bool female = k & 1;
    p->full_name = sg_arena_format(events(h), "Warga %u", k);
    p->sex = one_in(h, 15) ? PB_SEX_UNKNOWN : female ? PB_SEX_FEMALE : PB_SEX_MALE;
    if (one_in(h, 30)) /* somebody errs, or another person */
        p->sex = female ? PB_SEX_MALE : PB_SEX_FEMALE;
    p->domicile_region = one_in(h, 6) ? NULL : text(h, homes[one_in(h, 8) ? below(h, 4) : k % 4]);
    p->nik = NULL;
    p->nik_status = PB_NIK_STATUS_NONE;
    p->birth_date = NULL;
    p->has_estimated_age = false;
    p->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
    int year = 1960 + (int)(k * 2);
    if (k < WITH_NIK) {
        p->nik = sg_arena_format(events(h), "147199%02d%02d%02d%04d",
                                 (int)(k % 28) + 1 + (female ? 40 : 0), (int)(k % 12) + 1,
                                 year % 100, (int)k + 1);
        p->nik_status = PB_NIK_STATUS_STATED;
    }
    if (one_in(h, 3)) {
        p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
        p->has_estimated_age = true;
        p->estimated_age = (uint32_t)(2026 - year) + (uint32_t)below(h, 4);
    } else if (!one_in(h, 10)) {
        p->birth_quality = PB_BIRTH_QUALITY_EXACT;
        p->birth_date = date(h, sg_day_of(year, (int32_t)(k % 12) + 1, (int32_t)(k % 28) + 1));
    }
}

static const char *any_owner(struct history *h)
{
    static const char *const owners[] = {"dinsos", "dinsos", "dinsos", "dpppa", "owner-a"};
    return owners[below(h, SG_ARRAY_LEN(owners))];
}

static PbEnvelope *refer(struct history *h, unsigned *out_person)
{
    struct sg_id id;
    unsigned k = (unsigned)below(h, PEOPLE);
    PbEnvelope *e = sample_referral(&h->city.sample, events(h), &id);
    about(h, e->referral_submitted->person, k);
    publisher(h, e, one_in(h, 4) ? "pmi" : "satpolpp");
    e->referral_submitted->target_agency = text(h, one_in(h, 20) ? any_agency(h) : any_owner(h));
    *out_person = k;
    if (k < WITH_NIK || sg_id_is_zero(&h->refs[k]))
        return e;
    e->publisher_agency = text(h, "satpolpp");
    e->has_person_ref = true;
    e->person_ref = (ProtobufCBinaryData){SG_ID_BYTES, h->refs[k].b};
    if (one_in(h, 2))
        e->referral_submitted->person = NULL;
    if (one_in(h, 20))
        e->person_ref.data = h->refs[(k + 1) % PEOPLE].b; /* another person, or nobody */
    return e;
}

static PbEnvelope *decide(struct history *h)
{
    static const struct model_referral nobody = {{{8, 8}}, "dinsos", 0};
    uint64_t kept =
        h->model.referral_count < MODEL_REFERRALS ? h->model.referral_count : MODEL_REFERRALS;
    const struct model_referral *r = &nobody;
    for (int tries = 0; kept && tries < 6; tries++) { /* rather one that is not decided yet */
        r = &h->model.referrals[below(h, kept)];
        if (r->state == PB_REFERRAL_STATE_SUBMITTED)
            break;
    }
    PbEnvelope *e = sample_decision(&h->city.sample, events(h), &r->id);
    PbReferralDecided *d = e->referral_decided;
    publisher(h, e, r->target);
    uint64_t what = below(h, 10);
    if (what < 6)
        return e;
    d->decision = what < 8 ? PB_REFERRAL_DECISION_DECLINED : PB_REFERRAL_DECISION_REDIRECTED;
    d->has_reason = true;
    d->reason = one_in(h, 2) ? PB_DECLINE_REASON_WRONG_AGENCY : PB_DECLINE_REASON_OUT_OF_TOWN;
    d->has_declined_by = d->decision == PB_REFERRAL_DECISION_DECLINED;
    d->declined_by = PB_DECLINED_BY_RECEIVER;
    if (d->decision == PB_REFERRAL_DECISION_REDIRECTED)
        d->redirect_to = text(h, one_in(h, 8) ? any_agency(h) : any_owner(h));
    return e;
}

static PbEnvelope *assess(struct history *h)
{
    const struct known *c =
        pick_case(h, one_in(h, 3) ? PB_CASE_STATE_IN_SERVICE : PB_CASE_STATE_ASSESSING);
    PbEnvelope *e = sample_assessment(&h->city.sample, events(h), &c->id);
    PbAssessmentCompleted *a = e->assessment_completed;
    publisher(h, e, c->owner);
    a->is_minor = one_in(h, 12);
    a->schooling = (PbSchooling)(1 + below(h, 6));
    if (one_in(h, 10))
        a->n_confirmed_ppks = 0;
    if (one_in(h, 6)) {
        PbPersonIdentity *p = SG_NEW(events(h), PbPersonIdentity);
        SG_CHECK(p);
        pb_person_identity__init(p);
        p->has_name_quality = p->has_sex = p->has_birth_quality = p->has_nik_status = true;
        p->name_quality = PB_NAME_QUALITY_UNKNOWN;
        about(h, p, (unsigned)below(h, PEOPLE));
        a->person = p;
    }
    return e;
}

static PbEnvelope *offer(struct history *h)
{
    struct sg_id id;
    PbEnvelope *e = sample_slot(&h->city.sample, events(h), 1 + (uint32_t)below(h, 4), &id);
    PbTrainingSlotOffered *s = e->slot_offered;
    int32_t begins = sg_day_at(h->city.now_ms) + 4 + (int32_t)below(h, 15);
    publisher(h, e, one_in(h, 4) ? "dpppa" : "disnaker");
    s->starts_on = date(h, begins);
    s->ends_on = date(h, begins + (int32_t)below(h, 40));
    s->late_entry_until = date(h, begins + (int32_t)below(h, 15));
    s->registration_closes_at->seconds =
        sg_day_start_ms(begins - (int32_t)below(h, 4)) / 1000 - (int64_t)below(h, 3600);
    s->hold_hours = 24 + (uint32_t)below(h, 145);
    if (one_in(h, 3))
        s->sex = one_in(h, 2) ? PB_SEX_RULE_FEMALE : PB_SEX_RULE_MALE;
    s->min_age = one_in(h, 2) ? 0 : 18;
    s->max_age = one_in(h, 3) ? 50 : 0;
    if (one_in(h, 4)) {
        s->regions = SG_NEW(events(h), char *);
        SG_CHECK(s->regions);
        s->regions[s->n_regions++] = text(h, "14.71");
    }
    s->has_min_schooling = one_in(h, 5);
    s->min_schooling = PB_SCHOOLING_PRIMARY;
    return e;
}

static PbEnvelope *request(struct history *h)
{
    static const struct sg_id nowhere = {{7, 7}};
    const struct known *c = pick_case(h, PB_CASE_STATE_IN_SERVICE);
    struct sample_wish wish = {.case_id = c->id,
                               .slot_id = nowhere,
                               .person_accepted = one_in(h, 2),
                               .waitlist_ok = !one_in(h, 4)};
    for (int tries = 0; h->model.slot_count && tries < 4; tries++) { /* rather one that is open */
        const struct model_slot *slot = &h->model.slots[below(h, h->model.slot_count)];
        if (!one_in(h, 30))
            wish.slot_id = slot->id;
        if (h->city.now_ms < slot->closes_ms)
            break;
    }
    PbEnvelope *e = sample_request(&h->city.sample, events(h), &wish);
    publisher(h, e, c->owner);
    if (one_in(h, 10))
        e->seat_requested->override = PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
    return e;
}

static PbEnvelope *settle(struct history *h)
{
    const struct known *seat = pick_seat(h);
    PbSeatDecision decision = (PbSeatDecision)(1 + below(h, 4));
    PbEnvelope *e = sample_seat(&h->city.sample, events(h), seat->owner, &seat->id, decision);
    PbAllocationRow *row = NULL;
    struct sg_why why = {0};
    if (decision >= PB_SEAT_DECISION_CONFIRMED &&
        !read_row(&h->city.turn, TABLE_ALLOCATIONS, &seat->id, &pb_allocation_row__descriptor, &row,
                  &why))
        publisher(h, e, row->slot_owner);
    if (e->seat_decided->has_declined_by && one_in(h, 2)) {
        e->seat_decided->reason = PB_DECLINE_REASON_NO_CAPACITY;
        e->seat_decided->declined_by = PB_DECLINED_BY_RECEIVER;
    }
    return e;
}

/* ---- stated again ---- */

static void keep_stated(struct history *h, const PbEnvelope *e)
{
    struct stated *to = &h->stated[h->stated_count++ % KEPT];
    free(to->bytes);
    to->len = protobuf_c_message_get_packed_size(&e->base);
    to->bytes = malloc(to->len);
    SG_CHECK(to->bytes);
    (void)protobuf_c_message_pack(&e->base, to->bytes);
}

static bool alter(PbEnvelope *e)
{
    if (e->referral_submitted)
        e->referral_submitted->children_with++;
    else if (e->assessment_completed)
        e->assessment_completed->training_suitable ^= 1;
    else if (e->slot_offered)
        e->slot_offered->lesson_hours++;
    else if (e->seat_requested)
        e->seat_requested->waitlist_ok ^= 1;
    else
        return false;
    return true;
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

static int type_index(const PbEnvelope *e)
{
    const void *const payloads[HISTORY_EVENT_TYPES] = {e->referral_submitted,   e->referral_decided,
                                                       e->assessment_completed, e->slot_offered,
                                                       e->seat_requested,       e->seat_decided};
    for (int i = 0; i < HISTORY_EVENT_TYPES; i++)
        if (payloads[i])
            return i;
    return 0;
}

static void hash_folds(struct history *h, uint8_t out[32])
{
    crypto_generichash_state state;
    struct sg_why why = {0};
    (void)crypto_generichash_init(&state, NULL, 0, 32);
    for (int t = 0; t < TABLES; t++) {
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        if (!table_is_fold((enum table)t))
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

/* State it; a refusal and a repetition write nothing. */
static struct outcome state(struct history *h, PbEnvelope *e)
{
    struct ledger_city *city = &h->city;
    uint64_t written = city->txn.rows_written, next = city->block.next_seq;
    uint8_t before[32], after[32];
    bool deep = one_in(h, DEEP_ONE_IN * (1 + h->step / 10000)); /* rarer as there is more */
    int type = type_index(e);
    if (deep)
        hash_folds(h, before);
    struct outcome o = city_state(city, e);
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED) {
        h->result.accepted[type]++;
        h->result.puts[type] += city->txn.rows_written - written;
        EXPECT(h, o.seq == next && o.effect && !o.fault.code);
        return o;
    }
    h->result.refused[type] += o.status == PB_OUTCOME_STATUS_REJECTED;
    h->result.codes[type][o.fault.code < HISTORY_CODES ? o.fault.code : 0]++;
    h->result.duplicates += o.status == PB_OUTCOME_STATUS_DUPLICATE;
    EXPECT(h, city->txn.rows_written == written && city->block.next_seq == next);
    if (deep) {
        hash_folds(h, after);
        EXPECT(h, memcmp(before, after, sizeof before) == 0);
    }
    return o;
}

static void state_again(struct history *h)
{
    struct sg_why why = {0};
    PbEnvelope *e = NULL;
    const struct stated *old =
        &h->stated[below(h, h->stated_count < KEPT ? h->stated_count : KEPT)];
    SG_CHECK(!sg_decode_row(&pb_envelope__descriptor, (struct sg_bytes){old->bytes, old->len},
                            events(h), &e, &why));
    const char *was = e->publisher_agency;
    bool altered = one_in(h, 2) && alter(e);
    if (one_in(h, 5))
        e->publisher_agency = text(h, any_agency(h));
    bool foreign = strcmp(was, e->publisher_agency) != 0;
    struct outcome o = state(h, e);
    check_again(h, &o, altered, foreign);
}

static void note(struct history *h, PbEnvelope *e, const PbEffect *effect, unsigned person)
{
    for (size_t i = 0; i < effect->n_cases; i++)
        if (effect->cases[i]->created)
            remember(h->cases, &h->case_count, effect->cases[i]->case_id, effect->cases[i]->owner);
    if (effect->has_minted_allocation_id)
        remember(h->seats, &h->seat_count, effect->minted_allocation_id, e->publisher_agency);
    if (e->referral_submitted && person >= WITH_NIK && effect->has_minted_person_ref &&
        strcmp(e->publisher_agency, "satpolpp") == 0)
        h->refs[person] = id_of(effect->minted_person_ref);
    if (!e->referral_decided && !e->seat_decided) /* these have no object id of their own */
        keep_stated(h, e);
    model_take(&h->model, e, effect);
}

static PbEnvelope *make(struct history *h, unsigned *person)
{
    uint64_t what = below(h, 100);
    if (h->model.slot_count < SLOTS_WANTED && what < 10)
        return offer(h);
    if (what < 25)
        return refer(h, person);
    if (what < 42)
        return decide(h);
    if (what < 54)
        return assess(h);
    return what < 78 ? request(h) : settle(h);
}

static void one_event(struct history *h)
{
    unsigned person = 0;
    if (h->stated_count && one_in(h, 15)) {
        state_again(h);
        return;
    }
    PbEnvelope *e = make(h, &person);
    if (one_in(h, 60)) /* a clock that is wrong */
        e->occurred_at->seconds += one_in(h, 2) ? 3600 : -(int64_t)(401 * 86400);
    e->recorded_at->seconds = e->recorded_at->seconds > e->occurred_at->seconds
                                  ? e->recorded_at->seconds
                                  : e->occurred_at->seconds;
    struct outcome o = state(h, e);
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED)
        note(h, e, o.effect, person);
}

static void move_clock(struct history *h)
{
    uint64_t how = below(h, 10);
    h->city.now_ms += how < 4   ? (int64_t)(1 + below(h, 40)) * 60000
                      : how < 8 ? (int64_t)(1 + below(h, 8)) * SG_HOUR_MS
                                : (int64_t)(1 + below(h, 40)) * SG_HOUR_MS;
}

static uint64_t turn(struct history *h, uint64_t left)
{
    uint64_t batch = 1 + below(h, BATCH_MAX), done = 0;
    batch = batch < left ? batch : left;
    if (one_in(h, 4)) {
        move_clock(h);
        done++;
    }
    sg_arena_reset(&h->city.events, 0);
    city_begin(&h->city);
    for (; done < batch; done++) {
        one_event(h);
        h->step++;
    }
    city_end(&h->city);
    h->result.turns++;
    const char *what = model_check(&h->model);
    if (what)
        broken(h, what);
    return done;
}

/* ---- the end ---- */

static void count_records(struct history *h)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    city_read(&h->city);
    struct sg_arena *arena = &h->city.read_arena;
    SG_CHECK(!cursor_open(&cursor, &h->city.txn, TABLE_JOURNAL, &why));
    SG_CHECK(!cursor_first(&cursor, &why));
    while (cursor.key.ptr) {
        struct record record;
        struct sg_event event;
        sg_arena_reset(arena, 0);
        SG_CHECK(!record_parse(cursor.key, cursor.value, &record, &why));
        SG_CHECK(!record_open_rest(&record, arena, &why));
        SG_CHECK(!sg_event_reopen(record.clear, record.personal, arena, &event, &why));
        const PbSeatAllocationChanged *d1 = event.envelope->seat_allocation_changed;
        h->result.records++;
        h->result.derived += record.rest->kind == PB_RECORD_KIND_DERIVED;
        h->result.promoted += d1 && d1->change == PB_SEAT_CHANGE_PROMOTED;
        h->result.expired += d1 && d1->change == PB_SEAT_CHANGE_EXPIRED;
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    struct signed_block head;
    SG_CHECK(!block_head(&h->city.txn, &head, &why));
    memcpy(h->result.head_hash, head.hash, sizeof head.hash);
    cursor_done(&cursor);
    txn_done(&h->city.txn);
}

void ledger_history_run(uint64_t seed, uint64_t steps, struct ledger_history_result *out_result)
{
    struct history *h = calloc(1, sizeof *h);
    SG_CHECK(h);
    *h = (struct history){.seed = seed, .prng = {seed}};
    city_open(&h->city);
    model_init(&h->model, &h->city);
    for (uint64_t done = 0; done < steps;)
        done += turn(h, steps - done);
    h->result.steps = steps;
    city_refold(&h->city);
    count_records(h);
    *out_result = h->result;
    for (size_t i = 0; i < KEPT; i++)
        free(h->stated[i].bytes);
    model_done(&h->model);
    city_close(&h->city);
    free(h);
}
