/* correct_unit.h - corrections in a few words, for the tests of E24. */
#ifndef SINERGI_CORRECT_UNIT_H
#define SINERGI_CORRECT_UNIT_H

#include "unit/story_unit.h"

#include "wire/replacement.h"

#define WHY(name) PB_EVENT_CORRECTED__REASON_##name

/* E24 REPLACE of the event whose record that is, by the payload of this envelope. */
static inline PbEnvelope *correct_by(struct ledger_city *city, const char *publisher, uint64_t seq,
                                     const PbEnvelope *with)
{
    struct sg_why why = {0};
    PbEnvelope *e = story_annul(city, publisher, seq);
    PbEventCorrected *c = e->event_corrected;
    c->action = PB_EVENT_CORRECTED__ACTION_REPLACE;
    c->reason = WHY(TYPO);
    c->replacement = SG_NEW(&city->events, PbReplacement);
    SG_CHECK(!sg_replacement_of(with, &city->events, c->replacement, &why));
    return e;
}

static inline PbEnvelope *correct_away(struct ledger_city *city, const char *publisher,
                                       uint64_t seq, PbEventCorrected__Reason reason)
{
    PbEnvelope *e = story_annul(city, publisher, seq);
    e->event_corrected->reason = reason;
    return e;
}

/* The E24 that stands for that event, 0 when none; *out_annulled (may be NULL). */
static inline uint64_t correct_mark(struct ledger_city *city, uint64_t seq, bool *out_annulled)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbCorrectionRow *row = NULL;
    city_read(city);
    enum sg_err err = row_get(&city->txn, TABLE_CORRECTIONS, key_u64(&key, seq),
                              &pb_correction_row__descriptor, &city->read_arena, &row, &why);
    txn_done(&city->txn);
    SG_CHECK(!err || err == SG_E_NOT_FOUND);
    if (out_annulled)
        *out_annulled = !err && row->annulled;
    return err ? 0 : row->seq;
}

/* The D1 among the records behind that one; 0 of them: UNSPECIFIED. */
static inline PbSeatChange correct_seat_change(struct ledger_city *city, uint64_t after)
{
    PbSeatChange change = PB_SEAT_CHANGE_UNSPECIFIED;
    for (uint64_t seq = after + 1; seq <= city->last_seq; seq++) {
        struct city_record record = city_record(city, seq);
        if (record.event.envelope->seat_allocation_changed)
            change = record.event.envelope->seat_allocation_changed->change;
    }
    return change;
}

/* The state that a D5 behind that record tells; UNSPECIFIED: none does. */
static inline PbCaseState correct_case_told(struct ledger_city *city, uint64_t after)
{
    PbCaseState to = PB_CASE_STATE_UNSPECIFIED;
    for (uint64_t seq = after + 1; seq <= city->last_seq; seq++) {
        struct city_record record = city_record(city, seq);
        if (record.event.envelope->case_state_changed)
            to = record.event.envelope->case_state_changed->to;
    }
    return to;
}

/* "equipment.issued 12" */
static inline const char *correct_rests(char to[64], uint32_t type, uint64_t seq)
{
    (void)snprintf(to, 64, "%s %llu", sg_type_topic(type), (unsigned long long)seq);
    return to;
}

/* What the person is, as all statements together say. */
static inline struct identity correct_identity(struct ledger_city *city, const struct sg_id *person)
{
    struct sg_why why = {0};
    struct identity identity;
    struct ledger_turn turn = {.txn = &city->txn, .arena = &city->read_arena};
    city_read(city);
    SG_CHECK(!person_identity(&turn, person, &identity, &why));
    txn_done(&city->txn);
    return identity;
}

/* End of a test: the journal folded again gives the same rows. */
static inline void correct_close(struct ledger_city *city)
{
    city_refold(city);
    city_close(city);
}

#endif
