/* Conditional fields of the events that are built: what the contract tables cannot say. */
#include "ledger/decision.h"

#include "wire/day.h"

static bool missing(struct sg_fault *fault, const char *object, const char *accepted)
{
    return sg_refuse(fault, SG_ST_MISSING_FIELD, object, NULL, "%s", accepted);
}

static bool wrong(struct sg_fault *fault, const char *object, const char *detail,
                  const char *accepted)
{
    return sg_refuse(fault, SG_ST_SCHEMA, object, detail, "%s", accepted);
}

/* Where a PersonIdentity stands, for the sentence of a refusal. */
struct place {
    const char *full_name, *estimated_age, *birth_date;
};

/* What holds for every statement of an identity. */
static bool check_statement(const PbPersonIdentity *p, const struct place *at,
                            struct sg_fault *fault)
{
    bool estimated = p->birth_quality == PB_BIRTH_QUALITY_ESTIMATED;
    if (estimated && !p->has_estimated_age)
        return missing(fault, at->estimated_age, "an age when birth_quality is ESTIMATED");
    if (!estimated && p->has_estimated_age)
        return wrong(fault, at->estimated_age, "NOT_ESTIMATED",
                     "an age only when birth_quality is ESTIMATED");
    if (p->birth_quality == PB_BIRTH_QUALITY_EXACT && p->birth_date && p->birth_date->day == 0)
        return wrong(fault, at->birth_date, "PARTIAL", "a whole date, or birth_quality PARTIAL");
    return true;
}

/* Who a referral is about: said in full, because nothing may be known yet. */
static bool check_referred(const PbPersonIdentity *p, struct sg_fault *fault)
{
    static const struct place at = {"referral_submitted.person.full_name",
                                    "referral_submitted.person.estimated_age",
                                    "referral_submitted.person.birth_date"};
    bool dated =
        p->birth_quality == PB_BIRTH_QUALITY_EXACT || p->birth_quality == PB_BIRTH_QUALITY_PARTIAL;
    if (!p->full_name && !p->alias)
        return missing(fault, at.full_name, "full_name or alias");
    if (dated && !p->birth_date)
        return missing(fault, at.birth_date, "a date when birth_quality is EXACT or PARTIAL");
    return check_statement(p, &at, fault);
}

/* What a referrer may suspect: nothing of health, crime or sexual life. */
static bool referrer_may(PbPpks code)
{
    static const bool allowed[27] = {[1] = true, [2] = true,  [4] = true,  [7] = true, [8] = true,
                                     [9] = true, [11] = true, [12] = true, [13] = true};
    return (unsigned)code < SG_ARRAY_LEN(allowed) && allowed[code];
}

static bool check_referral(const struct sg_event *event, struct sg_fault *fault)
{
    const PbReferralSubmitted *e = event->envelope->referral_submitted;
    if (e->kind != PB_REFERRAL_KIND_INTAKE)
        return wrong(fault, "referral_submitted.kind", "TYPE_NOT_SERVED", "INTAKE");
    if (!e->person && !event->envelope->has_person_ref)
        return missing(fault, "referral_submitted.person", "person, or person_ref");
    if (!e->found_region)
        return missing(fault, "referral_submitted.found_region", "a kecamatan such as 14.71.08");
    if (!e->has_activity)
        return missing(fault, "referral_submitted.activity", "what the person did");
    if (!e->has_children_with)
        return missing(fault, "referral_submitted.children_with", "a number, 0 for none");
    for (size_t i = 0; i < e->n_suspected_ppks; i++)
        if (!referrer_may(e->suspected_ppks[i]))
            return sg_refuse(fault, SG_ST_BAD_CODE, "referral_submitted.suspected_ppks",
                             "NOT_FOR_REFERRER", "PPKS_01, 02, 04, 07, 08, 09, 11, 12, 13");
    return !e->person || check_referred(e->person, fault);
}

static bool person_reason(PbDeclineReason reason)
{
    return reason == PB_DECLINE_REASON_PERSON_REFUSED ||
           reason == PB_DECLINE_REASON_PERSON_NOT_FOUND || reason == PB_DECLINE_REASON_PERSON_LEFT;
}

static bool check_decided(const struct sg_event *event, struct sg_fault *fault)
{
    const PbReferralDecided *e = event->envelope->referral_decided;
    if (e->decision == PB_REFERRAL_DECISION_ACCEPTED)
        return true;
    if (!e->has_reason)
        return missing(fault, "referral_decided.reason", "why it is not accepted");
    if (e->reason == PB_DECLINE_REASON_OTHER && !e->reason_text)
        return missing(fault, "referral_decided.reason_text", "a text when the reason is OTHER");
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED)
        return e->redirect_to || missing(fault, "referral_decided.redirect_to", "an agency");
    if (!e->has_declined_by)
        return missing(fault, "referral_decided.declined_by", "PERSON or RECEIVER");
    if (person_reason(e->reason) && e->declined_by != PB_DECLINED_BY_PERSON)
        return wrong(fault, "referral_decided.declined_by", "SIDE", "PERSON for this reason");
    return true;
}

static bool check_assessment(const struct sg_event *event, struct sg_fault *fault)
{
    const PbAssessmentCompleted *e = event->envelope->assessment_completed;
    if (!event->envelope->has_case_id)
        return missing(fault, "case_id", "the case that was assessed");
    /* It replaces what is known field by field, and what is empty is kept: a NIK may come alone. */
    static const struct place at = {NULL, "assessment_completed.person.estimated_age",
                                    "assessment_completed.person.birth_date"};
    return !e->person || check_statement(e->person, &at, fault);
}

static int32_t day_of(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

static bool check_slot(const struct sg_event *event, struct sg_fault *fault)
{
    enum { COURSE_DAYS_MAX = 365, LATE_DAYS_MAX = 14 };
    const PbTrainingSlotOffered *e = event->envelope->slot_offered;
    int32_t starts = day_of(e->starts_on), ends = day_of(e->ends_on);
    int32_t late = day_of(e->late_entry_until);
    if (ends < starts || ends > starts + COURSE_DAYS_MAX)
        return wrong(fault, "slot_offered.ends_on", "ORDER", "starts_on to 365 days later");
    if (e->capacity_offered > e->class_size)
        return wrong(fault, "slot_offered.capacity_offered", "RANGE", "at most class_size");
    if (sg_ms_of(e->registration_closes_at) > sg_day_start_ms(starts))
        return wrong(fault, "slot_offered.registration_closes_at", "ORDER",
                     "not later than the beginning of starts_on");
    if (late < starts || late > starts + LATE_DAYS_MAX)
        return wrong(fault, "slot_offered.late_entry_until", "ORDER", "starts_on to 14 days later");
    if (e->max_age && e->max_age < e->min_age)
        return wrong(fault, "slot_offered.max_age", "RANGE", "0, or not below min_age");
    if (strcmp(e->course_code, "OTHER") == 0 && !e->variant)
        return missing(fault, "slot_offered.variant", "a text when the course is OTHER");
    return true;
}

static bool check_request(const struct sg_event *event, struct sg_fault *fault)
{
    return event->envelope->has_case_id ||
           missing(fault, "case_id", "the case for which the seat is asked");
}

static bool check_seat(const struct sg_event *event, struct sg_fault *fault)
{
    const PbSeatDecided *e = event->envelope->seat_decided;
    bool negative = e->decision == PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER ||
                    e->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    if (!negative)
        return true;
    if (!e->has_reason)
        return missing(fault, "seat_decided.reason", "why the seat is given back");
    if (e->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER && !e->has_declined_by)
        return missing(fault, "seat_decided.declined_by", "PERSON or RECEIVER");
    if (e->has_declined_by && person_reason(e->reason) && e->declined_by != PB_DECLINED_BY_PERSON)
        return wrong(fault, "seat_decided.declined_by", "SIDE", "PERSON for this reason");
    return true;
}

bool shape_check(const struct sg_event *event, struct sg_fault *fault)
{
    static const struct {
        uint32_t type;
        bool (*check)(const struct sg_event *event, struct sg_fault *fault);
    } checks[] = {
        {101, check_referral}, {103, check_decided}, {105, check_assessment},
        {108, check_slot},     {111, check_request}, {112, check_seat},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(checks); i++)
        if (checks[i].type == event->type)
            return checks[i].check(event, fault);
    return true;
}
