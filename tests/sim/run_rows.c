/* Rows read and written per event type, in a small and in a large city: run_rows [SMALL LARGE].
 * What an event costs must not grow with the number of persons. */
#include "kit/check.h"
#include "kit/ledger_city.h"
#include "ledger/allocation.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { TYPES = 18, PEOPLE = 3, BATCH = 500 };

static const char *const names[TYPES] = {
    "E01 referral.submitted",  "E02 referral.acknowledged", "E03 referral.decided",
    "E04 contact.recorded",    "E05 assessment.completed",  "E08 slot.offered",
    "E09 slot.changed",        "E10 slot.cancelled",        "E11 seat.requested",
    "E11 … who waits",         "E12 seat.decided",          "E13 placement.started",
    "E14 attendance.reported", "E15 placement.ended",       "E16 equipment.registered",
    "E17 equipment.issued",    "E18 equipment.checked",     "E06 consent.recorded"};

struct costs {
    uint64_t read[TYPES], written[TYPES];
};

struct walk {
    struct ledger_city city;
    struct costs *costs;
    struct sg_id referrals[PEOPLE], cases[PEOPLE], slot, spare, seats[PEOPLE], item;
    uint64_t last_seq;
};

static ProtobufCBinaryData bytes_of(struct walk *w, const struct sg_id *id)
{
    return (ProtobufCBinaryData){SG_ID_BYTES, sg_arena_copy(&w->city.events, id->b, SG_ID_BYTES)};
}

static char *text(struct walk *w, const char *from)
{
    return sg_arena_text(&w->city.events, sg_bytes_of(from));
}

static PbDate *date(struct walk *w, int32_t day)
{
    PbDate *d = SG_NEW(&w->city.events, PbDate);
    pb_date__init(d);
    d->has_year = d->has_month = d->has_day = true;
    sg_day_split(day, &d->year, &d->month, &d->day);
    return d;
}

/* The sample, at the time of the city. */
static struct sample *at(struct walk *w)
{
    w->city.sample.now_ms = w->city.now_ms;
    return &w->city.sample;
}

/* The envelope of a sample with another payload. */
static PbEnvelope *event(struct walk *w, const char *agency, const char *topic)
{
    struct sg_id none;
    PbEnvelope *e = sample_slot(at(w), &w->city.events, 1, &none);
    e->slot_offered = NULL;
    e->publisher_agency = text(w, agency);
    e->type = text(w, topic);
    return e;
}

static struct outcome state(struct walk *w, int type, PbEnvelope *e)
{
    struct ledger_city *city = &w->city;
    city_begin(city);
    uint64_t read = city->txn.rows_read, written = city->txn.rows_written;
    struct outcome o = city_state(city, e);
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED)
        (void)fprintf(stderr, "%s: %s %s %s\n", names[type], sg_status_name(o.fault.code),
                      o.fault.object, o.fault.detail);
    SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
    w->costs->read[type] = city->txn.rows_read - read;
    w->costs->written[type] = city->txn.rows_written - written;
    city_end(city);
    w->last_seq = o.seq;
    return o;
}

/* So many persons with a case, and as many slots as one in a hundred. */
static void populate(struct walk *w, uint64_t persons)
{
    struct ledger_city *city = &w->city;
    for (uint64_t done = 0; done < persons;) {
        sg_arena_reset(&city->events, 0);
        city_begin(city);
        for (int i = 0; i < BATCH && done < persons; i++, done++) {
            struct sg_id id;
            struct outcome o = city_state(city, sample_referral(&city->sample, &city->events, &id));
            SG_CHECK(o.status == PB_OUTCOME_STATUS_ACCEPTED);
            if (done % 100 == 0)
                (void)city_state(city, sample_slot(&city->sample, &city->events, 4, &id));
        }
        city_end(city);
    }
    sg_arena_reset(&city->events, 0);
}

/* Somebody whose name hundreds have, so that as many candidates are opened as ever are; and who is
 * like none of them enough for a suspicion. */
static void call_common(struct walk *w, PbPersonIdentity *p)
{
    p->full_name = text(w, "Budi Santoso");
    p->has_sex = true;
    p->sex = PB_SEX_MALE;
    p->birth_date = NULL;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = 30;
    p->nik = NULL;
    p->nik_status = PB_NIK_STATUS_NONE;
}

static void take_in(struct walk *w, int i)
{
    struct ledger_city *city = &w->city;
    PbEnvelope *refer = sample_referral(&city->sample, &city->events, &w->referrals[i]);
    call_common(w, refer->referral_submitted->person);
    struct outcome o = state(w, 0, refer);
    w->cases[i] = id_of(o.effect->cases[0]->case_id);
    PbEnvelope *e = event(w, "dinsos", "referral.acknowledged");
    PbReferralAcknowledged *p = e->referral_acknowledged =
        SG_NEW(&city->events, PbReferralAcknowledged);
    pb_referral_acknowledged__init(p);
    p->has_referral_id = p->has_person_present = p->has_admitted_to_shelter = true;
    p->referral_id = bytes_of(w, &w->referrals[i]);
    (void)state(w, 1, e);
    (void)state(w, 2, sample_decision(&city->sample, &city->events, &w->referrals[i]));
    (void)state(w, 4, sample_assessment(&city->sample, &city->events, &w->cases[i]));
    (void)state(w, 17, sample_consent(&city->sample, &city->events, &w->cases[i]));
}

static void contact(struct walk *w)
{
    PbEnvelope *e = sample_contact(at(w), &w->city.events);
    call_common(w, e->contact_recorded->person);
    (void)state(w, 3, e);
}

static void change_slot(struct walk *w)
{
    PbEnvelope *e = event(w, "disnaker", "slot.changed");
    PbTrainingSlotChanged *p = e->slot_changed = SG_NEW(&w->city.events, PbTrainingSlotChanged);
    pb_training_slot_changed__init(p);
    e->has_expected_version = e->has_legal_basis = true;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
    e->expected_version = 1;
    p->has_slot_id = p->has_capacity_offered = true;
    p->slot_id = bytes_of(w, &w->spare);
    p->capacity_offered = 2;
    p->reason = text(w, "satu kursi lagi");
    (void)state(w, 6, e);
    e = event(w, "disnaker", "slot.cancelled");
    PbTrainingSlotCancelled *c = e->slot_cancelled =
        SG_NEW(&w->city.events, PbTrainingSlotCancelled);
    pb_training_slot_cancelled__init(c);
    e->has_expected_version = true;
    e->expected_version = 2;
    c->has_slot_id = c->has_reason = true;
    c->slot_id = bytes_of(w, &w->spare);
    c->reason = PB_TRAINING_SLOT_CANCELLED__REASON_BUDGET;
    (void)state(w, 7, e);
}

static void ask(struct walk *w, int type, int i)
{
    struct sample_wish wish = {w->cases[i], w->slot, true, true};
    struct outcome o = state(w, type, sample_request(&w->city.sample, &w->city.events, &wish));
    w->seats[i] = id_of(o.effect->minted_allocation_id);
}

static void train(struct walk *w)
{
    struct ledger_city *city = &w->city;
    PbSlotRow *slot = city_row(city, TABLE_SLOTS, &w->slot);
    int32_t starts = day_of(slot->slot->starts_on), ends = day_of(slot->slot->ends_on);
    (void)state(w, 10,
                sample_seat(&city->sample, &city->events, "disnaker", &w->seats[0],
                            PB_SEAT_DECISION_CONFIRMED));
    city->now_ms = sg_day_start_ms(starts) + 10 * SG_HOUR_MS;
    city_pass(city, 0);
    (void)state(w, 11, sample_start(at(w), &city->events, &w->seats[0]));
    PbEnvelope *e = event(w, "disnaker", "attendance.reported");
    PbAttendanceReported *a = e->attendance_reported = SG_NEW(&city->events, PbAttendanceReported);
    pb_attendance_reported__init(a);
    a->has_allocation_id = a->has_sessions_held = a->has_sessions_attended = true;
    a->has_absences_excused = true;
    a->allocation_id = bytes_of(w, &w->seats[0]);
    a->from_on = a->to_on = date(w, starts);
    (void)state(w, 12, e);
    city->now_ms = sg_day_start_ms(ends) + 10 * SG_HOUR_MS;
    city_pass(city, 0);
    (void)state(w, 13, sample_end(at(w), &city->events, &w->seats[0]));
}

static void equip(struct walk *w)
{
    struct ledger_city *city = &w->city;
    PbSlotRow *slot = city_row(city, TABLE_SLOTS, &w->slot);
    char *course = text(w, slot->slot->course_code);
    int32_t today = sg_day_at(city->now_ms);
    PbEnvelope *e = event(w, "dinsos", "equipment.registered");
    PbEquipmentRegistered *r = e->equipment_registered =
        SG_NEW(&city->events, PbEquipmentRegistered);
    pb_equipment_registered__init(r);
    w->item = sg_id_make(city->now_ms);
    r->has_item_id = r->has_value_idr = r->has_funding = r->has_condition = true;
    r->item_id = bytes_of(w, &w->item);
    r->kit_code = text(w, "KIT-MOTOR-A");
    r->course_code = course;
    r->description = text(w, "set");
    r->funding = PB_FUNDING_APBD;
    r->acquired_on = date(w, today);
    r->condition = PB_EQUIPMENT_REGISTERED__CONDITION_NEW;
    (void)state(w, 14, e);
    e = event(w, "dinsos", "equipment.issued");
    PbEquipmentIssued *i = e->equipment_issued = SG_NEW(&city->events, PbEquipmentIssued);
    pb_equipment_issued__init(i);
    i->has_item_id = i->has_basis = i->has_allocation_id = i->has_no_sale_statement = true;
    i->item_id = bytes_of(w, &w->item);
    i->basis = PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    i->allocation_id = bytes_of(w, &w->seats[0]);
    i->bast_no = text(w, "1/BAST");
    i->bast_date = date(w, today);
    i->no_sale_statement = true;
    i->custody_until = date(w, today + 365);
    (void)state(w, 15, e);
    e = event(w, "dinsos", "equipment.checked");
    PbEquipmentChecked *c = e->equipment_checked = SG_NEW(&city->events, PbEquipmentChecked);
    struct sg_id check = sg_id_make(city->now_ms);
    pb_equipment_checked__init(c);
    e->has_legal_basis = true;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
    c->has_check_id = c->has_item_id = c->has_method = c->has_finding = c->has_action = true;
    c->check_id = bytes_of(w, &check);
    c->item_id = bytes_of(w, &w->item);
    c->checked_on = date(w, today);
    c->method = PB_EQUIPMENT_CHECKED__METHOD_OFFICE;
    c->finding = PB_EQUIPMENT_CHECKED__FINDING_IN_USE;
    c->action = PB_EQUIPMENT_CHECKED__ACTION_NONE;
    (void)state(w, 16, e);
}

static void measure(uint64_t persons, struct costs *costs)
{
    struct walk *w = calloc(1, sizeof *w);
    SG_CHECK(w);
    w->costs = costs;
    city_open(&w->city);
    struct sg_arena *events = &w->city.events;
    populate(w, persons);
    (void)state(w, 5, sample_slot(&w->city.sample, events, 1, &w->spare));
    (void)state(w, 5, sample_slot(&w->city.sample, events, 1, &w->slot));
    change_slot(w);
    contact(w);
    for (int i = 0; i < PEOPLE; i++)
        take_in(w, i);
    ask(w, 8, 0);
    ask(w, 9, 1);
    train(w);
    equip(w);
    city_close(&w->city);
    free(w);
}

int main(int argc, char **argv)
{
    uint64_t small = argc > 2 ? strtoull(argv[1], NULL, 10) : 2000;
    uint64_t large = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
    struct costs of_small = {{0}, {0}}, of_large = {{0}, {0}};
    int failed = 0;
    measure(small, &of_small);
    measure(large, &of_large);
    printf("# rows read + written per event, among %llu and %llu persons\n",
           (unsigned long long)small, (unsigned long long)large);
    for (int i = 0; i < TYPES; i++) {
        bool grows =
            of_large.read[i] > of_small.read[i] || of_large.written[i] > of_small.written[i];
        printf("%s %-26s %3llu + %-3llu  %3llu + %llu\n", grows ? "not ok" : "ok", names[i],
               (unsigned long long)of_small.read[i], (unsigned long long)of_small.written[i],
               (unsigned long long)of_large.read[i], (unsigned long long)of_large.written[i]);
        failed += grows;
    }
    return failed != 0;
}
