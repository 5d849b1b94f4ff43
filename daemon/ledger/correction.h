/* correction.h - E24: an event of one's own is replaced, or annulled. Source: domain 8.5.
 *
 * The old event stays in the journal; TABLE_CORRECTIONS says what became of it, and the latest E24
 * of an event holds. What followed from the event is brought to where it would be if the
 * replacement had stood in its place, or if the event had not been: a seat by a D1, a case by a D5,
 * everything else by the effect of the E24. What others have claimed in the meantime is never taken
 * from them: then the correction is refused, with the list of what rests on the event.
 *
 * One file for each group of events: correction_person.c (E01, E04, E05), correction_seat.c (E13,
 * E14), correction_end.c (E15), correction_item.c (E16, E17, E18), correction_case.c (E07, E20,
 * E21).
 */
#ifndef SINERGI_LEDGER_CORRECTION_H
#define SINERGI_LEDGER_CORRECTION_H

#include "ledger/decision.h"

struct correction {
    const PbEventCorrected *said;
    uint64_t seq; /* of the original */
    int64_t accepted_ms;
    const PbRecordRest *rest;
    struct sg_event stated;   /* the original as it was published */
    struct sg_event event;    /* REPLACE: the event as it should have been published */
    struct sg_event standing; /* what holds until now: the original, or its latest replacement */
    bool annuls, other_person;
    bool keeps_nik;         /* nobody but the store has the NIK that was stated: it stays */
    struct sg_id person_id; /* of the original; zero: it is about nobody */
    PbCorrectionEffect *effect;
};

typedef enum sg_err correct_fn(struct decision *d, const struct correction *c, struct sg_why *why);

correct_fn correct_referral, annul_referral, correct_contact, annul_contact, correct_assessment,
    annul_assessment;
correct_fn correct_start, annul_start, correct_attendance, annul_attendance, correct_end, annul_end;
correct_fn correct_service, annul_service, correct_visit, annul_visit, annul_closing;
correct_fn correct_item, annul_item, annul_issue, correct_check, annul_check;

/* "event_corrected.corrected" */
extern const char corrected_object[];

/* What rests on the corrected event: E_CORRECTION_DEPENDS with the list, if there is anything. */
struct dependants {
    char text[160];
    size_t count;
};
void depends(struct dependants *on, uint32_t type, uint64_t seq);
enum sg_err refuse_dependants(struct decision *d, const struct dependants *on);

/* The deadline of this rule that the record of this effect has ended runs again as it stood. */
void restore_deadline(struct decision *d, const PbEffect *effect, const char *rule);

/* What became of the event of this seq; *out NULL: nothing, it stands as it was published. */
SG_MUST_CHECK enum sg_err read_correction(struct ledger_turn *turn, uint64_t seq,
                                          PbCorrectionRow **out, struct sg_why *why);
/* An event as it stands now: with its latest replacement. *out_annulled: it does not count any
 * more. Everything in the arena. */
SG_MUST_CHECK enum sg_err event_as_it_stands(struct ledger_turn *turn, uint64_t seq,
                                             struct record *out_record, struct sg_event *out_event,
                                             bool *out_annulled, struct sg_why *why);

/* A replacement that states a person whose NIK was STATED or VERIFIED, without the number: the
 * number that was stated stands in it from here on. */
SG_MUST_CHECK enum sg_err correction_keep_nik(struct decision *d, struct correction *c,
                                              struct sg_why *why);
/* What ends and begins with a seat that is put back (derive_seat.c asks). */
struct follow;
SG_MUST_CHECK enum sg_err seat_undo_plan(struct decision *d, const struct follow *f,
                                         const PbSlotRow *slot, const PbCaseRow *c,
                                         struct sg_why *why);
SG_MUST_CHECK enum sg_err seat_undo_limits(struct decision *d, const struct follow *f,
                                           const PbSlotRow *slot, struct sg_why *why);

#endif
