/* story_unit.h - envelopes of what happens after a person has asked for a seat, and what the tables
 * of the ledger then say. Each envelope is whole; a test changes what it is about.
 */
#ifndef SINERGI_STORY_UNIT_H
#define SINERGI_STORY_UNIT_H

#include "unit/ledger_unit.h"

#include "ledger/presence.h"
#include "wire/day.h"

#define STORY_COURSE "MOTORCYCLE_SERVICE"
#define STORY_KIT "KIT-MOTOR-A"

/* ---- values ---- */

static inline Google__Protobuf__Timestamp *story_time(struct ledger_city *city, int64_t ms)
{
    Google__Protobuf__Timestamp *t = SG_NEW(&city->events, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

static inline int32_t story_today(const struct ledger_city *city)
{
    return sg_day_at(city->now_ms);
}

/* Let time pass until that hour of that day. */
static inline void story_until(struct ledger_city *city, int32_t day, int hour)
{
    int64_t at = sg_day_start_ms(day) + hour * SG_HOUR_MS;
    SG_CHECK(at >= city->now_ms);
    city_pass(city, at - city->now_ms);
}

/* Ids of a publisher: never the same one twice. */
static inline struct sg_id story_id(struct ledger_city *city)
{
    uint8_t hash[16];
    prng_fill(&city->sample.prng, hash, sizeof hash);
    return sg_id_mint(city->now_ms + city->sample.id_count++, hash);
}

static inline PbEnvelope *story_envelope(struct ledger_city *city, const char *type,
                                         const char *publisher)
{
    PbEnvelope *e = SG_NEW(&city->events, PbEnvelope);
    pb_envelope__init(e);
    e->type = unit_text(city, type);
    e->has_schema_minor = e->has_time_quality = e->has_legal_basis = true;
    e->publisher_agency = unit_text(city, publisher);
    e->actor_ref = unit_text(city, "ptg-0002");
    e->occurred_at = story_time(city, city->now_ms - 60000);
    e->recorded_at = story_time(city, city->now_ms);
    e->time_quality = PB_TIME_QUALITY_EXACT;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
    return e;
}

/* Publish; it must be parked. */
static inline struct outcome story_park(const char *name, struct ledger_city *city, PbEnvelope *e)
{
    struct outcome o = city_publish(city, e);
    if (o.status != PB_OUTCOME_STATUS_PARKED || o.fault.code || !o.seq)
        fail_msg("%s: status %d, %s (%s: %s), want PARKED", name, (int)o.status,
                 sg_status_name(o.fault.code), o.fault.object, o.fault.detail);
    return o;
}

/* Publish; it must be the same as one that was accepted. */
static inline struct outcome story_again(const char *name, struct ledger_city *city, PbEnvelope *e)
{
    uint64_t last = city->last_seq;
    struct outcome o = city_publish(city, e);
    if (o.status != PB_OUTCOME_STATUS_DUPLICATE || !o.has_first_place || city->last_seq != last)
        fail_msg("%s: status %d, %s (%s: %s), want DUPLICATE", name, (int)o.status,
                 sg_status_name(o.fault.code), o.fault.object, o.fault.detail);
    return o;
}

static inline bool story_warned(const struct outcome *o, uint32_t code)
{
    for (size_t i = 0; i < o->effect->n_warnings; i++)
        if (o->effect->warnings[i] == code)
            return true;
    return false;
}

/* ---- referrals and contacts ---- */

static inline PbEnvelope *story_ack(struct ledger_city *city, const struct sg_id *referral,
                                    const char *publisher, bool admitted)
{
    PbEnvelope *e = story_envelope(city, "referral.acknowledged", publisher);
    PbReferralAcknowledged *a = SG_NEW(&city->events, PbReferralAcknowledged);
    pb_referral_acknowledged__init(a);
    a->has_referral_id = a->has_person_present = a->has_admitted_to_shelter = true;
    a->referral_id = unit_id(city, referral);
    a->person_present = true;
    a->admitted_to_shelter = admitted;
    e->referral_acknowledged = a;
    return e;
}

/* E01 SERVICE or TRANSFER of the owner of the case. */
static inline PbEnvelope *story_hand(struct ledger_city *city, const char *owner,
                                     const struct sg_id *case_id, PbReferralKind kind,
                                     const char *target, struct sg_id *out_referral)
{
    static const PbSpmService service = PB_SPM_SERVICE_GUIDANCE;
    PbEnvelope *e = unit_refer(city, out_referral);
    PbReferralSubmitted *r = e->referral_submitted;
    e->publisher_agency = unit_text(city, owner);
    e->has_case_id = true;
    e->case_id = unit_id(city, case_id);
    r->kind = kind;
    r->target_agency = unit_text(city, target);
    r->person = NULL;
    r->found_region = NULL;
    r->has_activity = r->has_children_with = r->has_statement_signed = false;
    if (kind == PB_REFERRAL_KIND_SERVICE) {
        r->requested_services = sg_arena_copy(&city->events, &service, sizeof service);
        r->n_requested_services = 1;
    }
    return e;
}

/* E04 of satpolpp: an alias, begging; nobody (RAN_AWAY) when `known` is false. */
static inline PbEnvelope *story_contact(struct ledger_city *city, bool known)
{
    PbEnvelope *e = story_envelope(city, "contact.recorded", "satpolpp");
    PbStreetContactRecorded *c = SG_NEW(&city->events, PbStreetContactRecorded);
    pb_street_contact_recorded__init(c);
    struct sg_id id = story_id(city), unused;
    c->has_contact_id = c->has_activity = c->has_outcome = true;
    c->contact_id = unit_id(city, &id);
    c->found_region = unit_text(city, "14.71.09");
    c->activity = PB_ACTIVITY_SILVER_PAINTED;
    c->outcome = known ? PB_STREET_CONTACT_RECORDED__OUTCOME_ADVISED
                       : PB_STREET_CONTACT_RECORDED__OUTCOME_RAN_AWAY;
    if (known) {
        c->person = unit_refer(city, &unused)->referral_submitted->person;
        unit_budi(city, c->person);
    }
    e->contact_recorded = c;
    return e;
}

/* E24 ANNUL of the event whose record that is. */
static inline PbEnvelope *story_annul(struct ledger_city *city, const char *publisher, uint64_t seq)
{
    struct city_record record = city_record(city, seq);
    PbEnvelope *e = story_envelope(city, "event.corrected", publisher);
    PbEventCorrected *c = SG_NEW(&city->events, PbEventCorrected);
    PbEventRef *ref = SG_NEW(&city->events, PbEventRef);
    pb_event_corrected__init(c);
    pb_event_ref__init(ref);
    ref->has_outbox_id = ref->has_number = true;
    ref->outbox_id = unit_id(city, &record.record.outbox_id);
    ref->number = record.record.number;
    c->corrected = ref;
    c->has_action = c->has_reason = true;
    c->action = PB_EVENT_CORRECTED__ACTION_ANNUL;
    c->reason = PB_EVENT_CORRECTED__REASON_DID_NOT_HAPPEN;
    c->discovered_at = story_time(city, city->now_ms);
    e->event_corrected = c;
    return e;
}

/* ---- slots ---- */

/* E08 of disnaker for motorcycles: begins in 30 days, ends 40 days later, late entry for 5 days. */
static inline PbEnvelope *story_offer(struct ledger_city *city, uint32_t capacity,
                                      struct sg_id *out_slot)
{
    PbEnvelope *e = unit_offer(city, capacity, out_slot);
    e->slot_offered->course_code = unit_text(city, STORY_COURSE);
    return e;
}

static inline struct sg_id story_slot(struct ledger_city *city, uint32_t capacity)
{
    struct sg_id slot;
    (void)unit_want("offer", city, story_offer(city, capacity, &slot), 0);
    return slot;
}

static inline const PbSlotRow *story_slot_row(struct ledger_city *city, const struct sg_id *slot)
{
    return city_row(city, TABLE_SLOTS, slot);
}

static inline void story_version(struct ledger_city *city, PbEnvelope *e, const struct sg_id *slot)
{
    const PbSlotRow *row = story_slot_row(city, slot);
    e->has_expected_version = true;
    e->expected_version = row ? row->version : 1;
}

/* E09 of disnaker with the version of now; the test says what changes. */
static inline PbEnvelope *story_change(struct ledger_city *city, const struct sg_id *slot)
{
    PbEnvelope *e = story_envelope(city, "slot.changed", "disnaker");
    PbTrainingSlotChanged *c = SG_NEW(&city->events, PbTrainingSlotChanged);
    pb_training_slot_changed__init(c);
    c->has_slot_id = true;
    c->slot_id = unit_id(city, slot);
    c->reason = unit_text(city, "perubahan");
    e->slot_changed = c;
    story_version(city, e, slot);
    return e;
}

/* E10 of disnaker; other NULL: no alternative. */
static inline PbEnvelope *story_cancel(struct ledger_city *city, const struct sg_id *slot,
                                       const struct sg_id *other)
{
    PbEnvelope *e = story_envelope(city, "slot.cancelled", "disnaker");
    PbTrainingSlotCancelled *c = SG_NEW(&city->events, PbTrainingSlotCancelled);
    pb_training_slot_cancelled__init(c);
    c->has_slot_id = c->has_reason = true;
    c->slot_id = unit_id(city, slot);
    c->reason = PB_TRAINING_SLOT_CANCELLED__REASON_BUDGET;
    if (other) {
        c->has_alternative_slot_id = true;
        c->alternative_slot_id = unit_id(city, other);
    }
    e->slot_cancelled = c;
    story_version(city, e, slot);
    return e;
}

/* Somebody new asks for a seat. */
static inline struct sg_id story_seat(struct ledger_city *city, const struct sg_id *slot,
                                      int accepted)
{
    struct client client = unit_client(city);
    return unit_seat(city, &client, slot, accepted);
}

static inline void story_settle(struct ledger_city *city, const struct sg_id *seat,
                                PbSeatDecision decision)
{
    (void)unit_want("settle", city, unit_settle(city, seat, decision), 0);
}

/* ---- placements ---- */

static inline PbEnvelope *story_start(struct ledger_city *city, const struct sg_id *seat,
                                      int32_t day)
{
    PbEnvelope *e = story_envelope(city, "placement.started", "disnaker");
    PbPlacementStarted *s = SG_NEW(&city->events, PbPlacementStarted);
    pb_placement_started__init(s);
    s->has_allocation_id = true;
    s->allocation_id = unit_id(city, seat);
    s->started_on = unit_day(city, day);
    e->placement_started = s;
    return e;
}

static inline PbEnvelope *story_attend(struct ledger_city *city, const struct sg_id *seat,
                                       int32_t from, int32_t to)
{
    PbEnvelope *e = story_envelope(city, "attendance.reported", "disnaker");
    PbAttendanceReported *a = SG_NEW(&city->events, PbAttendanceReported);
    pb_attendance_reported__init(a);
    a->has_allocation_id = a->has_sessions_held = a->has_sessions_attended = true;
    a->has_absences_excused = true;
    a->allocation_id = unit_id(city, seat);
    a->from_on = unit_day(city, from);
    a->to_on = unit_day(city, to);
    a->sessions_held = 5;
    a->sessions_attended = 4;
    a->absences_excused = 1;
    e->attendance_reported = a;
    return e;
}

static inline PbEnvelope *story_end(struct ledger_city *city, const struct sg_id *seat, int32_t day,
                                    PbPlacementEnded__Result result)
{
    PbEnvelope *e = story_envelope(city, "placement.ended", "disnaker");
    PbPlacementEnded *p = SG_NEW(&city->events, PbPlacementEnded);
    pb_placement_ended__init(p);
    p->has_allocation_id = p->has_result = p->has_competency = true;
    p->allocation_id = unit_id(city, seat);
    p->ended_on = unit_day(city, day);
    p->result = result;
    p->competency = PB_PLACEMENT_ENDED__COMPETENCY_NOT_TESTED;
    if (result == PB_PLACEMENT_ENDED__RESULT_COMPLETED) {
        p->has_attendance_pct = true;
        p->attendance_pct = 90;
    }
    if (result == PB_PLACEMENT_ENDED__RESULT_REMOVED)
        p->reason = unit_text(city, "tata tertib");
    e->placement_ended = p;
    return e;
}

/* The course begins for whoever has this seat: on its first day, at 9:00, if that is to come. */
static inline void story_begin(struct ledger_city *city, const struct sg_id *slot,
                               const struct sg_id *seat)
{
    int32_t day = slot_start_day(story_slot_row(city, slot));
    if (story_today(city) < day)
        story_until(city, day, 9);
    (void)unit_want("begin", city, story_start(city, seat, day), 0);
}

/* A seat that is OCCUPIED, on the first day of the course. */
static inline struct sg_id story_occupied(struct ledger_city *city, const struct client *client,
                                          const struct sg_id *slot)
{
    struct sg_id seat = unit_seat(city, client, slot, ACCEPT);
    story_begin(city, slot, &seat);
    return seat;
}

/* The course is completed today. */
static inline void story_complete(struct ledger_city *city, const struct sg_id *seat)
{
    (void)unit_want("complete", city,
                    story_end(city, seat, story_today(city), PB_PLACEMENT_ENDED__RESULT_COMPLETED),
                    0);
}

/* ---- equipment ---- */

static inline PbEnvelope *story_register(struct ledger_city *city, struct sg_id *out_item)
{
    PbEnvelope *e = story_envelope(city, "equipment.registered", "dinsos");
    PbEquipmentRegistered *r = SG_NEW(&city->events, PbEquipmentRegistered);
    pb_equipment_registered__init(r);
    *out_item = story_id(city);
    r->has_item_id = r->has_value_idr = r->has_funding = r->has_condition = true;
    r->item_id = unit_id(city, out_item);
    r->kit_code = unit_text(city, STORY_KIT);
    r->course_code = unit_text(city, STORY_COURSE);
    r->description = unit_text(city, "Set kunci motor");
    r->value_idr = 2350000;
    r->funding = PB_FUNDING_APBD;
    r->acquired_on = unit_date(city, 2026, 3, 2);
    r->condition = PB_EQUIPMENT_REGISTERED__CONDITION_NEW;
    e->equipment_registered = r;
    return e;
}

static inline struct sg_id story_item(struct ledger_city *city)
{
    struct sg_id item;
    (void)unit_want("register", city, story_register(city, &item), 0);
    return item;
}

enum { LOAN = PB_EQUIPMENT_ISSUED__BASIS_LOAN_DURING_TRAINING };
enum { GRANT = PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION };

static inline PbEnvelope *story_issue(struct ledger_city *city, const struct sg_id *item,
                                      const struct sg_id *seat, int basis, const char *bast_no)
{
    PbEnvelope *e = story_envelope(city, "equipment.issued", "dinsos");
    PbEquipmentIssued *i = SG_NEW(&city->events, PbEquipmentIssued);
    pb_equipment_issued__init(i);
    i->has_item_id = i->has_basis = i->has_allocation_id = i->has_no_sale_statement = true;
    i->item_id = unit_id(city, item);
    i->basis = (PbEquipmentIssued__Basis)basis;
    i->allocation_id = unit_id(city, seat);
    i->bast_no = unit_text(city, bast_no);
    i->bast_date = unit_day(city, story_today(city));
    i->no_sale_statement = basis == GRANT;
    i->custody_until = unit_day(city, story_today(city) + 365);
    e->equipment_issued = i;
    return e;
}

#define FINDING(name) PB_EQUIPMENT_CHECKED__FINDING_##name
#define ACTION(name) PB_EQUIPMENT_CHECKED__ACTION_##name

static inline PbEnvelope *story_check(struct ledger_city *city, const struct sg_id *item,
                                      PbEquipmentChecked__Finding finding,
                                      PbEquipmentChecked__Action action)
{
    PbEnvelope *e = story_envelope(city, "equipment.checked", "dinsos");
    PbEquipmentChecked *c = SG_NEW(&city->events, PbEquipmentChecked);
    pb_equipment_checked__init(c);
    struct sg_id id = story_id(city);
    c->has_check_id = c->has_item_id = c->has_method = c->has_finding = c->has_action = true;
    c->check_id = unit_id(city, &id);
    c->item_id = unit_id(city, item);
    c->checked_on = unit_day(city, story_today(city));
    c->method = PB_EQUIPMENT_CHECKED__METHOD_HOME_VISIT;
    c->finding = finding;
    c->action = action;
    if (finding == FINDING(STOLEN))
        c->police_report = unit_text(city, "LP/12/VII/2026");
    e->equipment_checked = c;
    return e;
}

static inline PbItemState story_item_state(struct ledger_city *city, const struct sg_id *item)
{
    const PbItemRow *row = city_row(city, TABLE_ITEMS, item);
    return row ? row->state : PB_ITEM_STATE_UNSPECIFIED;
}

/* ---- what the tables say ---- */

/* The deadline of that object, NULL when none runs. In read_arena. */
static inline PbDeadlineRow *story_deadline(struct ledger_city *city, const char *rule,
                                            const struct sg_id *id)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    city_read(city);
    key_text(key_id(&key, id), rule);
    enum sg_err err = row_get(&city->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor,
                              &city->read_arena, &row, &why);
    txn_done(&city->txn);
    SG_CHECK(!err || err == SG_E_NOT_FOUND);
    return err ? NULL : row;
}

/* The D2 in that record, and nothing else. */
static inline const PbDeadlineMissed *story_d2(struct ledger_city *city, uint64_t seq)
{
    struct city_record record = city_record(city, seq);
    return record.event.envelope->deadline_missed;
}

/* Since when the agency has no connection, 0 when it has one; and for how long it had none before.
 */
static inline void story_presence(struct ledger_city *city, const char *agency, int64_t since_ms,
                                  int64_t total_ms)
{
    struct key key = {0};
    struct sg_why why = {0};
    SG_AUTO(txn_done) struct txn txn = {0};
    PbPresenceRow row = PB_PRESENCE_ROW__INIT;
    row.has_last_seen_ms = row.has_down_total_ms = true;
    row.last_seen_ms = since_ms ? since_ms : city->now_ms;
    row.down_total_ms = total_ms;
    row.has_down_since_ms = since_ms != 0;
    row.down_since_ms = since_ms;
    SG_CHECK(!txn_begin(&txn, city->env, TXN_WRITE, &why));
    SG_CHECK(!row_put(&txn, TABLE_PRESENCE, key_text(&key, agency), &row, &why));
    SG_CHECK(!txn_commit(&txn, &why));
}

/* A hash of all that the city has decided: every fold but what only counts records and waits. */
static inline uint64_t story_folds(struct ledger_city *city)
{
    static const enum table counted[] = {TABLE_PERSONS,
                                         TABLE_IDENTITIES,
                                         TABLE_REFERRALS,
                                         TABLE_REFERRALS_OF_PERSON,
                                         TABLE_NIK_TOKENS,
                                         TABLE_CASES,
                                         TABLE_SLOTS,
                                         TABLE_SLOTS_BY_SEQ,
                                         TABLE_SEATS,
                                         TABLE_ALLOCATIONS,
                                         TABLE_ALLOCATIONS_OF_SLOT,
                                         TABLE_WAITING,
                                         TABLE_ATTENDANCE,
                                         TABLE_ALLOCATIONS_OF_CASE,
                                         TABLE_ITEMS,
                                         TABLE_ITEMS_BY_SEQ,
                                         TABLE_ITEMS_OF_ALLOCATION,
                                         TABLE_BASTS,
                                         TABLE_KIT_OWNERS,
                                         TABLE_KITS_OF_PERSON,
                                         TABLE_OBJECTS};
    struct sg_why why = {0};
    uint64_t hash = 14695981039346656037ULL;
    city_read(city);
    for (size_t t = 0; t < SG_ARRAY_LEN(counted); t++) {
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        SG_CHECK(!cursor_open(&cursor, &city->txn, counted[t], &why));
        SG_CHECK(!cursor_first(&cursor, &why));
        while (cursor.key.ptr) {
            const struct sg_bytes runs[] = {cursor.key, cursor.value};
            for (size_t r = 0; r < 2; r++)
                for (size_t i = 0; i < runs[r].len; i++)
                    hash = (hash ^ runs[r].ptr[i]) * 1099511628211ULL;
            SG_CHECK(!cursor_next(&cursor, &why));
        }
    }
    txn_done(&city->txn);
    return hash;
}

#endif
