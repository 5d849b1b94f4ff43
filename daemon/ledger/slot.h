/* slot.h - training slots. Their state by time is computed, not stored.
 *
 *    OPEN -registration_closes_at-> REG_CLOSED -starts_on-> RUNNING -ends_on + 14 d-> FINISHED
 *
 * Source: domain 7.3.
 */
#ifndef SINERGI_LEDGER_SLOT_H
#define SINERGI_LEDGER_SLOT_H

#include "ledger/person.h"

PbSlotState slot_state_at(const PbSlotRow *row, int64_t now_ms);
/* Until the end of late_entry_until a seat may still be given. */
bool slot_takes_late_entry(const PbSlotRow *row, int64_t now_ms);
int64_t slot_late_entry_end_ms(const PbSlotRow *row);
int64_t slot_start_ms(const PbSlotRow *row);
int32_t slot_start_day(const PbSlotRow *row);

/* Why the person may not take this course: NULL when eligible, else the detail of E_INELIGIBLE. */
const char *slot_ineligible(const PbSlotRow *row, const struct identity *identity);
/* PRIOR_COURSE, or NULL. */
const char *slot_course_taken(const PbSlotRow *row, const PbPersonRow *person);
/* Lay what an E09 says over a slot. */
void slot_merge(PbTrainingSlotOffered *slot, const PbTrainingSlotChanged *change);
/* Do its dates, numbers and ages agree? False: refused, the field under `prefix`. */
bool slot_agrees(const PbTrainingSlotOffered *slot, const char *prefix, struct sg_fault *fault);
/* Documents of the request against those required. *out_waived: one was waived. */
bool slot_documents_missing(const PbSlotRow *row, const PbSeatRequested *request, bool *out_waived);

#endif
