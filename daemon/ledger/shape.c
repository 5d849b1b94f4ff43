/* Conditional fields of the events that are built: what the contract tables cannot say. */
#include "ledger/slot.h"

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

/* Whom a referral or a contact is about: said in full, because nothing may be known yet. */
static bool check_named(const PbPersonIdentity *p, const struct place *at, struct sg_fault *fault)
{
    bool dated =
        p->birth_quality == PB_BIRTH_QUALITY_EXACT || p->birth_quality == PB_BIRTH_QUALITY_PARTIAL;
    if (!p->full_name && !p->alias)
        return missing(fault, at->full_name, "full_name or alias");
    if (dated && !p->birth_date)
        return missing(fault, at->birth_date, "a date when birth_quality is EXACT or PARTIAL");
    return check_statement(p, at, fault);
}

/* What a referrer may suspect: nothing of health, crime or sexual life. */
static bool referrer_may(PbPpks code)
{
    static const bool allowed[27] = {[1] = true, [2] = true,  [4] = true,  [7] = true, [8] = true,
                                     [9] = true, [11] = true, [12] = true, [13] = true};
    return (unsigned)code < SG_ARRAY_LEN(allowed) && allowed[code];
}

static bool check_intake(const struct sg_event *event, struct sg_fault *fault)
{
    const PbReferralSubmitted *e = event->envelope->referral_submitted;
    if (!e->person && !event->envelope->has_person_ref)
        return missing(fault, "referral_submitted.person", "person, or person_ref");
    if (!e->found_region)
        return missing(fault, "referral_submitted.found_region", "a kecamatan such as 14.71.08");
    if (!e->has_activity)
        return missing(fault, "referral_submitted.activity", "what the person did");
    if (!e->has_children_with)
        return missing(fault, "referral_submitted.children_with", "a number, 0 for none");
    return true;
}

static bool check_referral(const struct sg_event *event, struct sg_fault *fault)
{
    static const struct place at = {"referral_submitted.person.full_name",
                                    "referral_submitted.person.estimated_age",
                                    "referral_submitted.person.birth_date"};
    const PbReferralSubmitted *e = event->envelope->referral_submitted;
    bool intake = e->kind == PB_REFERRAL_KIND_INTAKE;
    if (intake && !check_intake(event, fault))
        return false;
    if (!intake && !event->envelope->has_case_id)
        return missing(fault, "case_id", "the case that is served or handed over");
    if (e->kind == PB_REFERRAL_KIND_SERVICE && !e->n_requested_services)
        return missing(fault, "referral_submitted.requested_services", "what is asked for");
    for (size_t i = 0; i < e->n_suspected_ppks; i++)
        if (!referrer_may(e->suspected_ppks[i]))
            return sg_refuse(fault, SG_ST_BAD_CODE, "referral_submitted.suspected_ppks",
                             "NOT_FOR_REFERRER", "PPKS_01, 02, 04, 07, 08, 09, 11, 12, 13");
    return !e->person || check_named(e->person, &at, fault);
}

static bool check_contact(const struct sg_event *event, struct sg_fault *fault)
{
    static const struct place at = {"contact_recorded.person.full_name",
                                    "contact_recorded.person.estimated_age",
                                    "contact_recorded.person.birth_date"};
    const PbStreetContactRecorded *e = event->envelope->contact_recorded;
    bool somebody = e->person || event->envelope->has_person_ref;
    if (!somebody && e->outcome != PB_STREET_CONTACT_RECORDED__OUTCOME_RAN_AWAY)
        return missing(fault, "contact_recorded.person", "person, or person_ref");
    if (e->outcome == PB_STREET_CONTACT_RECORDED__OUTCOME_REFERRED && !e->has_referral_id)
        return missing(fault, "contact_recorded.referral_id", "the referral that was made");
    return !e->person || check_named(e->person, &at, fault);
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

static bool check_slot(const struct sg_event *event, struct sg_fault *fault)
{
    const PbTrainingSlotOffered *e = event->envelope->slot_offered;
    if (strcmp(e->course_code, "OTHER") == 0 && !e->variant)
        return missing(fault, "slot_offered.variant", "a text when the course is OTHER");
    return slot_agrees(e, "slot_offered", fault);
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

static bool check_version(const struct sg_event *event, struct sg_fault *fault)
{
    return event->envelope->has_expected_version ||
           missing(fault, "expected_version", "the version of the slot that you saw");
}

static bool check_attendance(const struct sg_event *event, struct sg_fault *fault)
{
    enum { DAYS_MAX = 31 };
    const PbAttendanceReported *e = event->envelope->attendance_reported;
    int32_t from = day_of(e->from_on), to = day_of(e->to_on);
    if (to < from || to >= from + DAYS_MAX)
        return wrong(fault, "attendance_reported.to_on", "ORDER", "from_on to 30 days later");
    if (e->sessions_attended + e->absences_excused > e->sessions_held)
        return wrong(fault, "attendance_reported.sessions_attended", "RANGE",
                     "together with absences_excused at most sessions_held");
    return true;
}

static bool check_ended(const struct sg_event *event, struct sg_fault *fault)
{
    const PbPlacementEnded *e = event->envelope->placement_ended;
    if (e->course_code)
        return wrong(fault, "placement_ended.course_code", "BROKER_FIELD",
                     "absent: it is the course of the slot");
    if (e->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED && !e->has_attendance_pct)
        return missing(fault, "placement_ended.attendance_pct", "a number from 0 to 100");
    if (e->result == PB_PLACEMENT_ENDED__RESULT_REMOVED && !e->reason)
        return missing(fault, "placement_ended.reason", "a text when the result is REMOVED");
    return true;
}

static bool check_issued(const struct sg_event *event, struct sg_fault *fault)
{
    const PbEquipmentIssued *e = event->envelope->equipment_issued;
    if (e->basis == PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION && !e->no_sale_statement)
        return missing(fault, "equipment_issued.no_sale_statement", "true for a grant");
    if (day_of(e->custody_until) < day_of(e->bast_date))
        return wrong(fault, "equipment_issued.custody_until", "ORDER", "bast_date or later");
    return true;
}

static bool check_checked(const struct sg_event *event, struct sg_fault *fault)
{
    const PbEquipmentChecked *e = event->envelope->equipment_checked;
    if (e->finding == PB_EQUIPMENT_CHECKED__FINDING_STOLEN && !e->police_report)
        return missing(fault, "equipment_checked.police_report", "the number of the report");
    return true;
}

static bool check_case(const struct sg_event *event, struct sg_fault *fault)
{
    return event->envelope->has_case_id || missing(fault, "case_id", "a case of your own");
}

static bool check_consent(const struct sg_event *event, struct sg_fault *fault)
{
    const PbConsentRecorded *e = event->envelope->consent_recorded;
    if (!check_case(event, fault))
        return false;
    if (e->valid_until && day_of(e->valid_until) < sg_day_at(event->occurred_ms))
        return wrong(fault, "consent_recorded.valid_until", "ORDER",
                     "the day of occurred_at or later");
    return true;
}

static bool check_service(const struct sg_event *event, struct sg_fault *fault)
{
    const PbBasicServiceDelivered *e = event->envelope->service_delivered;
    if (!event->envelope->has_case_id && !event->envelope->causation)
        return missing(fault, "case_id",
                       "a case of your own, or in causation the referral that asked for it");
    if (day_of(e->to_on) < day_of(e->from_on))
        return wrong(fault, "service_delivered.to_on", "ORDER", "from_on or later");
    if (e->service == PB_SPM_SERVICE_CIVIL_DOCUMENTS && !e->has_document)
        return missing(fault, "service_delivered.document", "which document, for CIVIL_DOCUMENTS");
    return true;
}

static bool check_plan(const struct sg_event *event, struct sg_fault *fault)
{
    const PbMentoringPlanSet *e = event->envelope->mentoring_plan_set;
    enum { CODE_BYTES = 16 }; /* the row of a plan holds all of them */
    const char *object = "mentoring_plan_set.checkpoints";
    bool custom = e->template_ == PB_MENTORING_PLAN_SET__TEMPLATE_CUSTOM;
    if (!check_case(event, fault))
        return false;
    if (custom && !e->n_checkpoints)
        return missing(fault, object, "at least one, for CUSTOM");
    if (!custom && e->n_checkpoints)
        return wrong(fault, object, "NOT_CUSTOM", "none: the template has its own");
    for (size_t i = 0; i < e->n_checkpoints; i++) {
        if (day_of(e->checkpoints[i]->due_on) < day_of(e->starts_on))
            return wrong(fault, object, "ORDER", "starts_on or later");
        if (strlen(e->checkpoints[i]->code) > CODE_BYTES)
            return wrong(fault, object, "LENGTH", "a code of at most 16 bytes");
        for (size_t j = 0; j < i; j++)
            if (strcmp(e->checkpoints[i]->code, e->checkpoints[j]->code) == 0)
                return wrong(fault, object, "TWICE", "each code once");
    }
    if (e->has_replaces_plan_id && !event->envelope->has_expected_version)
        return missing(fault, "expected_version", "the version of the plan that is replaced");
    return true;
}

static bool check_visit(const struct sg_event *event, struct sg_fault *fault)
{
    const PbMentoringVisitRecorded *e = event->envelope->mentoring_visited;
    if (e->contact_made) {
        if (!e->has_living)
            return missing(fault, "mentoring_visited.living", "where the person lives");
        if (!e->has_livelihood)
            return missing(fault, "mentoring_visited.livelihood", "what the person lives on");
        if (!e->has_on_street)
            return missing(fault, "mentoring_visited.on_street", "NO, SOMETIMES, YES or UNKNOWN");
        return true;
    }
    if (e->has_living || e->has_livelihood || e->has_monthly_income_idr || e->has_on_street ||
        e->n_needs)
        return wrong(fault, "mentoring_visited.contact_made", "NO_CONTACT",
                     "true, or nothing of what only the person could have told");
    return true;
}

static bool check_closed(const struct sg_event *event, struct sg_fault *fault)
{
    if (!check_case(event, fault))
        return false;
    return event->envelope->has_expected_version ||
           missing(fault, "expected_version", "the version of the case that you saw");
}

static bool check_request_of_person(const struct sg_event *event, struct sg_fault *fault)
{
    const PbDataSubjectRequestRecorded *e = event->envelope->rights_request;
    bool received = e->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED;
    bool partly = e->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_PARTLY;
    bool refused = e->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_REFUSED;
    if (received && !event->envelope->has_case_id && !event->envelope->has_person_ref)
        return missing(fault, "person_ref", "the person that asks, or a case of your own");
    if ((partly || refused) && !e->has_refusal_ground)
        return missing(fault, "rights_request.refusal_ground", "why not, or not all");
    if (partly && !e->n_kept_fields)
        return missing(fault, "rights_request.kept_fields", "what is kept");
    return true;
}

static bool check_link(const struct sg_event *event, struct sg_fault *fault)
{
    const PbPersonLinkDecided *e = event->envelope->person_link_decided;
    bool same = e->decision == PB_PERSON_LINK_DECIDED__DECISION_SAME;
    if (same && !e->has_survivor)
        return missing(fault, "person_link_decided.survivor", "A or B when the decision is SAME");
    return true;
}

static bool check_corrected(const struct sg_event *event, struct sg_fault *fault)
{
    const PbEventCorrected *e = event->envelope->event_corrected;
    if (e->action == PB_EVENT_CORRECTED__ACTION_REPLACE && !e->replacement)
        return missing(fault, "event_corrected.replacement", "the whole payload as it should be");
    return true;
}

bool shape_check(const struct sg_event *event, struct sg_fault *fault)
{
    static const struct {
        uint32_t type;
        bool (*check)(const struct sg_event *event, struct sg_fault *fault);
    } checks[] = {
        {101, check_referral},   {103, check_decided}, {104, check_contact},
        {105, check_assessment}, {108, check_slot},    {109, check_version},
        {110, check_version},    {111, check_request}, {112, check_seat},
        {114, check_attendance}, {115, check_ended},   {117, check_issued},
        {118, check_checked},    {122, check_link},    {124, check_corrected},
        {106, check_consent},    {107, check_service}, {119, check_plan},
        {120, check_visit},      {121, check_closed},  {123, check_request_of_person},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(checks); i++)
        if (checks[i].type == event->type)
            return checks[i].check(event, fault);
    return true;
}
