#include "ledger/slot.h"

#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "wire/day.h"

enum { FINISH_DAYS = 14 };

int32_t slot_start_day(const PbSlotRow *row)
{
    return day_of(row->slot->starts_on);
}

int64_t slot_start_ms(const PbSlotRow *row)
{
    return sg_day_start_ms(slot_start_day(row));
}

int64_t slot_late_entry_end_ms(const PbSlotRow *row)
{
    return sg_day_start_ms(day_of(row->slot->late_entry_until) + 1);
}

bool slot_takes_late_entry(const PbSlotRow *row, int64_t now_ms)
{
    return now_ms < slot_late_entry_end_ms(row);
}

PbSlotState slot_state_at(const PbSlotRow *row, int64_t now_ms)
{
    if (row->cancelled)
        return PB_SLOT_STATE_CANCELLED;
    if (now_ms < sg_ms_of(row->slot->registration_closes_at))
        return PB_SLOT_STATE_OPEN;
    if (now_ms < slot_start_ms(row))
        return PB_SLOT_STATE_REG_CLOSED;
    if (now_ms < sg_day_start_ms(day_of(row->slot->ends_on) + FINISH_DAYS))
        return PB_SLOT_STATE_RUNNING;
    return PB_SLOT_STATE_FINISHED;
}

/* ---- eligibility ---- */

static const char *age_misses(const PbSlotRow *row, const struct identity *identity)
{
    const PbTrainingSlotOffered *slot = row->slot;
    int32_t age;
    if (slot->min_age == 0 && slot->max_age == 0)
        return NULL;
    if (!person_age(&identity->person, slot_start_day(row), &age))
        return "AGE_UNKNOWN";
    bool young = age < (int32_t)slot->min_age;
    bool old = slot->max_age && age > (int32_t)slot->max_age;
    return young || old ? "AGE" : NULL;
}

static const char *sex_misses(const PbSlotRow *row, const struct identity *identity)
{
    PbSexRule rule = row->slot->sex;
    PbSex sex = identity->person.sex;
    if (rule == PB_SEX_RULE_ANY || (rule == PB_SEX_RULE_FEMALE && sex == PB_SEX_FEMALE) ||
        (rule == PB_SEX_RULE_MALE && sex == PB_SEX_MALE))
        return NULL;
    return "SEX";
}

static const char *region_misses(const PbSlotRow *row, const struct identity *identity)
{
    const char *home = identity->person.domicile_region;
    for (size_t i = 0; i < row->slot->n_regions; i++) {
        const char *region = row->slot->regions[i];
        size_t len = strlen(region);
        if (home && strncmp(home, region, len) == 0 && (home[len] == '\0' || home[len] == '.'))
            return NULL;
    }
    return row->slot->n_regions ? "REGION" : NULL;
}

static const char *schooling_misses(const PbSlotRow *row, const struct identity *identity)
{
    PbSchooling least = row->slot->min_schooling, has = identity->schooling;
    if (!row->slot->has_min_schooling || least == PB_SCHOOLING_NONE ||
        least == PB_SCHOOLING_UNKNOWN)
        return NULL;
    bool known = has != PB_SCHOOLING_UNSPECIFIED && has != PB_SCHOOLING_UNKNOWN;
    return known && has >= least ? NULL : "SCHOOLING";
}

const char *slot_ineligible(const PbSlotRow *row, const struct identity *identity)
{
    static const char *(*const checks[])(const PbSlotRow *, const struct identity *) = {
        age_misses, sex_misses, region_misses, schooling_misses};
    for (size_t i = 0; i < SG_ARRAY_LEN(checks); i++) {
        const char *detail = checks[i](row, identity);
        if (detail)
            return detail;
    }
    return NULL;
}

static bool lists(const PbDocument *documents, size_t count, PbDocument wanted)
{
    for (size_t i = 0; i < count; i++)
        if (documents[i] == wanted)
            return true;
    return false;
}

bool slot_documents_missing(const PbSlotRow *row, const PbSeatRequested *request, bool *out_waived)
{
    const PbTrainingSlotOffered *slot = row->slot;
    *out_waived = false;
    for (size_t i = 0; i < slot->n_required_documents; i++) {
        PbDocument wanted = slot->required_documents[i];
        if (lists(request->documents_held, request->n_documents_held, wanted))
            continue;
        if (!slot->documents_waivable || !lists(request->waivers, request->n_waivers, wanted))
            return true;
        *out_waived = true;
    }
    return false;
}

/* Completed before: the same course, or any within the time that the slot asks for. */
const char *slot_course_taken(const PbSlotRow *row, const PbPersonRow *person)
{
    const PbTrainingSlotOffered *slot = row->slot;
    int32_t year, month, day;
    sg_day_split(slot_start_day(row), &year, &month, &day);
    int32_t months = year * 12 + month - (int32_t)slot->cooldown_months;
    for (size_t i = 0; i < person->n_completed; i++) {
        const PbCompletedCourse *done = person->completed[i];
        int32_t done_year, done_month, done_day;
        sg_day_split(done->ended_on, &done_year, &done_month, &done_day);
        int32_t at = done_year * 12 + done_month;
        bool recent = slot->cooldown_months && (at > months || (at == months && done_day > day));
        bool same = slot->exclude_same_course && strcmp(done->course_code, slot->course_code) == 0;
        if (same || recent)
            return "PRIOR_COURSE";
    }
    return NULL;
}

/* ---- E08 ---- */

enum sg_err decide_slot_offered(struct decision *d, struct sg_why *why)
{
    struct sg_id id = id_of(d->event->envelope->slot_offered->slot_id);
    PbSlotRow *row = NULL;
    enum sg_err err = read_row(d->turn, TABLE_SLOTS, &id, &pb_slot_row__descriptor, &row, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = stated_again(d, row ? row->object : NULL, "slot_offered.slot_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    PbSlotEffect *effect = TAKE(d->turn, PbSlotEffect);
    pb_slot_effect__init(effect);
    effect->has_slot_id = effect->has_created = effect->created = true;
    effect->slot_id = data_of(d->turn, &id);
    effect->owner = text_of(d->turn, d->source->agency->id);
    d->effect->slot = effect;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = 1;
    state_object(d, &id);
    add_reader(d, "*", RELATION_PUBLIC);
    return MUTATED(16, queue_settle(d, &id, why), SG_OK);
}
