#include "kit/sample.h"

#include "kit/check.h"
#include "wire/day.h"

enum {
    BEFORE_MS = 10 * 60 * 1000, /* when it happened, before now */
    TYPED_MS = 60 * 1000,       /* when it was typed in, before now */
    BIRTH_YEAR = 1966,          /* and 39 years more: all are grown up */
    BIRTH_YEARS = 39,
    BIRTH_DAYS = 28,
    NIK_DATES = BIRTH_YEARS * 12 * BIRTH_DAYS,
};

static const char *const given_f[] = {"Rosmawati", "Siti",    "Nurhayati", "Dewi",
                                      "Yulia",     "Mariani", "Fitri",     "Ernawati"};
static const char *const given_m[] = {"Budi",  "Andi",    "Rudi",   "Hendra",
                                      "Yusuf", "Syafril", "Darwis", "Zulkifli"};
static const char *const last[] = {"Santoso", "Pratama",   "Hartono", "Saputra",
                                   "Lestari", "Wulandari", "Siregar", "Koto"};
static const char *const districts[] = {"14.71.01", "14.71.02", "14.71.03", "14.71.04",
                                        "14.71.05", "14.71.07", "14.71.09", "14.71.10"};
static const char *const places[] = {"Simpang Garuda Sakti", "Jembatan Siak", "Pasar Pagi Arengka",
                                     "Terminal Payung Sekaki"};
static const char *const courses[] = {"MOTORCYCLE_SERVICE", "BARBER", "SEWING", "COOKING"};
/* Those that a referrer may suspect. */
static const PbPpks suspected[] = {PB_PPKS_07, PB_PPKS_08, PB_PPKS_11, PB_PPKS_12, PB_PPKS_13};

#define PICK(sample, list) ((list)[prng_below(&(sample)->prng, SG_ARRAY_LEN(list))])

void sample_init(struct sample *sample, uint64_t seed, int64_t now_ms, uint64_t person_no)
{
    *sample = (struct sample){.prng = {seed}, .now_ms = now_ms, .person_no = person_no};
}

void sample_salt(struct sample *sample, uint8_t salt[16])
{
    prng_fill(&sample->prng, salt, 16);
}

/* ---- values ---- */

static char *text(struct sg_arena *arena, const char *from)
{
    char *copy = sg_arena_text(arena, sg_bytes_of(from));
    SG_CHECK(copy);
    return copy;
}

static ProtobufCBinaryData id_field(struct sg_arena *arena, const struct sg_id *id)
{
    uint8_t *copy = sg_arena_copy(arena, id->b, sizeof id->b);
    SG_CHECK(copy);
    return (ProtobufCBinaryData){sizeof id->b, copy};
}

/* A device makes one id after the other, so they stand in order of time as those of UUIDv7 do. */
static struct sg_id new_id(struct sample *sample)
{
    uint8_t hash[16];
    prng_fill(&sample->prng, hash, sizeof hash);
    return sg_id_mint(sample->now_ms + sample->id_count++, hash);
}

static Google__Protobuf__Timestamp *time_at(struct sg_arena *arena, int64_t ms)
{
    Google__Protobuf__Timestamp *t = SG_NEW(arena, Google__Protobuf__Timestamp);
    SG_CHECK(t);
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

static PbDate *date(struct sg_arena *arena, int32_t year, int32_t month, int32_t day)
{
    PbDate *d = SG_NEW(arena, PbDate);
    SG_CHECK(d);
    pb_date__init(d);
    d->has_year = d->has_month = d->has_day = true;
    d->year = year;
    d->month = month;
    d->day = day;
    return d;
}

static PbDate *date_at(struct sg_arena *arena, int64_t ms)
{
    int32_t year = 0, month = 0, day = 0;
    sg_day_split(sg_day_at(ms), &year, &month, &day);
    return date(arena, year, month, day);
}

static PbEnvelope *envelope(const struct sample *sample, struct sg_arena *arena, const char *type,
                            const char *publisher, const char *actor)
{
    PbEnvelope *e = SG_NEW(arena, PbEnvelope);
    SG_CHECK(e);
    pb_envelope__init(e);
    e->type = text(arena, type);
    e->has_schema_minor = true;
    e->publisher_agency = text(arena, publisher);
    e->actor_ref = text(arena, actor);
    e->occurred_at = time_at(arena, sample->now_ms - BEFORE_MS);
    e->has_time_quality = true;
    e->time_quality = PB_TIME_QUALITY_EXACT;
    e->recorded_at = time_at(arena, sample->now_ms - TYPED_MS);
    return e;
}

static void on_basis(PbEnvelope *e, PbLegalBasis basis)
{
    e->has_legal_basis = true;
    e->legal_basis = basis;
}

/* ---- people ---- */

/* No two numbers are equal: the date comes from the low part of `no`, the serial from the rest. */
static void give_papers(PbPersonIdentity *p, struct sg_arena *arena, uint64_t no, bool female)
{
    uint64_t of_dates = no % NIK_DATES, serial = no / NIK_DATES % 9998 + 1;
    int32_t day = (int32_t)(of_dates % BIRTH_DAYS) + 1;
    int32_t month = (int32_t)(of_dates / BIRTH_DAYS % 12) + 1;
    int32_t year = BIRTH_YEAR + (int32_t)(of_dates / BIRTH_DAYS / 12);
    p->birth_date = date(arena, year, month, day);
    p->birth_quality = PB_BIRTH_QUALITY_EXACT;
    p->nik = sg_arena_format(arena, "147199%02d%02d%02d%04d", day + (female ? 40 : 0), month,
                             year % 100, (int)serial);
    SG_CHECK(p->nik);
    p->nik_status = PB_NIK_STATUS_STATED;
}

static PbPersonIdentity *person(struct sample *sample, struct sg_arena *arena)
{
    PbPersonIdentity *p = SG_NEW(arena, PbPersonIdentity);
    SG_CHECK(p);
    pb_person_identity__init(p);
    uint64_t no = sample->person_no++;
    bool female = prng_below(&sample->prng, 2) == 0;
    p->has_name_quality = p->has_sex = p->has_birth_quality = p->has_nik_status = true;
    p->full_name = sg_arena_format(
        arena, "%s %s", female ? PICK(sample, given_f) : PICK(sample, given_m), PICK(sample, last));
    SG_CHECK(p->full_name);
    p->name_quality = PB_NAME_QUALITY_FULL;
    p->sex = female ? PB_SEX_FEMALE : PB_SEX_MALE;
    p->domicile_region = text(arena, PICK(sample, districts));
    if (no % 3 != 0) {
        give_papers(p, arena, no, female);
        return p;
    }
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = 25 + (uint32_t)prng_below(&sample->prng, 35);
    p->nik_status = PB_NIK_STATUS_NONE;
    return p;
}

/* ---- events ---- */

PbEnvelope *sample_referral(struct sample *sample, struct sg_arena *arena,
                            struct sg_id *out_referral)
{
    PbEnvelope *e = envelope(sample, arena, "referral.submitted", "satpolpp", "sp-0417");
    PbReferralSubmitted *r = SG_NEW(arena, PbReferralSubmitted);
    SG_CHECK(r);
    pb_referral_submitted__init(r);
    *out_referral = new_id(sample);
    r->has_referral_id = r->has_kind = r->has_priority = r->has_activity = true;
    r->has_children_with = r->has_statement_signed = true;
    r->referral_id = id_field(arena, out_referral);
    r->kind = PB_REFERRAL_KIND_INTAKE;
    r->target_agency = text(arena, "dinsos");
    r->priority = PB_PRIORITY_URGENT_72H;
    r->person = person(sample, arena);
    r->suspected_ppks = sg_arena_copy(arena, &PICK(sample, suspected), sizeof(PbPpks));
    SG_CHECK(r->suspected_ppks);
    r->n_suspected_ppks = 1;
    r->found_region = text(arena, PICK(sample, districts));
    r->found_place = text(arena, PICK(sample, places));
    r->activity = PB_ACTIVITY_BEGGING;
    r->operation_ref = text(arena, "ST/112/SATPOLPP/V/2026");
    r->statement_signed = true;
    r->handed_over_at = time_at(arena, sample->now_ms - BEFORE_MS);
    on_basis(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->referral_submitted = r;
    return e;
}

PbEnvelope *sample_contact(struct sample *sample, struct sg_arena *arena)
{
    PbEnvelope *e = envelope(sample, arena, "contact.recorded", "satpolpp", "sp-0417");
    PbStreetContactRecorded *c = SG_NEW(arena, PbStreetContactRecorded);
    struct sg_id id = new_id(sample);
    SG_CHECK(c);
    pb_street_contact_recorded__init(c);
    c->has_contact_id = c->has_activity = c->has_outcome = true;
    c->contact_id = id_field(arena, &id);
    c->person = person(sample, arena);
    c->found_region = text(arena, PICK(sample, districts));
    c->found_place = text(arena, PICK(sample, places));
    c->activity = PB_ACTIVITY_BEGGING;
    c->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_ADVISED;
    on_basis(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->contact_recorded = c;
    return e;
}

PbEnvelope *sample_decision(struct sample *sample, struct sg_arena *arena,
                            const struct sg_id *referral)
{
    PbEnvelope *e = envelope(sample, arena, "referral.decided", "dinsos", "dns-0031");
    PbReferralDecided *d = SG_NEW(arena, PbReferralDecided);
    SG_CHECK(d);
    pb_referral_decided__init(d);
    d->has_referral_id = d->has_decision = true;
    d->referral_id = id_field(arena, referral);
    d->decision = PB_REFERRAL_DECISION_ACCEPTED;
    e->referral_decided = d;
    return e;
}

static void assess(PbAssessmentCompleted *a, struct sample *sample, struct sg_arena *arena)
{
    static const PbSpmService needs[] = {PB_SPM_SERVICE_FOOD, PB_SPM_SERVICE_GUIDANCE,
                                         PB_SPM_SERVICE_CIVIL_DOCUMENTS};
    a->confirmed_ppks = sg_arena_copy(arena, &suspected[3], sizeof(PbPpks));
    a->needs = sg_arena_copy(arena, needs, sizeof needs);
    a->course_preferences = SG_NEW(arena, char *);
    SG_CHECK(a->confirmed_ppks && a->needs && a->course_preferences);
    a->n_confirmed_ppks = 1;
    a->n_needs = SG_ARRAY_LEN(needs);
    a->course_preferences[0] = text(arena, PICK(sample, courses));
    a->n_course_preferences = 1;
    a->has_is_minor = a->has_residence = a->has_priority_band = a->has_training_suitable = true;
    a->residence = PB_ASSESSMENT_COMPLETED__RESIDENCE_PEKANBARU;
    a->priority_band = 1 + (uint32_t)prng_below(&sample->prng, 4);
    a->training_suitable = true;
    a->has_schooling = a->has_can_read = a->has_monthly_income_idr = a->has_social_registry = true;
    a->schooling = PB_SCHOOLING_LOWER_SEC;
    a->can_read = true;
    a->monthly_income_idr = 600000;
    a->social_registry = PB_ASSESSMENT_COMPLETED__SOCIAL_REGISTRY_DTSEN;
}

PbEnvelope *sample_assessment(struct sample *sample, struct sg_arena *arena,
                              const struct sg_id *case_id)
{
    PbEnvelope *e = envelope(sample, arena, "assessment.completed", "dinsos", "dns-0031");
    PbAssessmentCompleted *a = SG_NEW(arena, PbAssessmentCompleted);
    SG_CHECK(a);
    pb_assessment_completed__init(a);
    struct sg_id id = new_id(sample);
    a->has_assessment_id = a->has_assessor_role = true;
    a->assessment_id = id_field(arena, &id);
    a->assessed_on = date_at(arena, sample->now_ms - BEFORE_MS);
    a->assessor_role = PB_ASSESSMENT_COMPLETED__ASSESSOR_ROLE_PEKSOS;
    assess(a, sample, arena);
    e->has_case_id = true;
    e->case_id = id_field(arena, case_id);
    on_basis(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->assessment_completed = a;
    return e;
}

static void set_dates(PbTrainingSlotOffered *s, const struct sample *sample, struct sg_arena *arena)
{
    int64_t begins_ms = sg_day_start_ms(sg_day_at(sample->now_ms) + 30);
    s->starts_on = date_at(arena, begins_ms);
    s->ends_on = date_at(arena, begins_ms + 40 * SG_DAY_MS);
    s->registration_closes_at = time_at(arena, begins_ms - 3 * SG_DAY_MS);
    s->late_entry_until = date_at(arena, begins_ms + 5 * SG_DAY_MS);
}

PbEnvelope *sample_consent(struct sample *sample, struct sg_arena *arena,
                           const struct sg_id *case_id)
{
    static const PbConsentRecorded__Scope scope = PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER;
    PbEnvelope *e = envelope(sample, arena, "consent.recorded", "dinsos", "dns-0031");
    PbConsentRecorded *c = SG_NEW(arena, PbConsentRecorded);
    SG_CHECK(c);
    pb_consent_recorded__init(c);
    struct sg_id id = new_id(sample);
    c->has_consent_id = c->has_action = c->has_method = c->has_given_by = true;
    c->consent_id = id_field(arena, &id);
    c->action = PB_CONSENT_RECORDED__ACTION_GIVEN;
    c->n_scopes = 1;
    c->scopes = sg_arena_copy(arena, &scope, sizeof scope);
    c->method = PB_CONSENT_RECORDED__METHOD_THUMBPRINT;
    c->given_by = PB_CONSENT_RECORDED__GIVEN_BY_SELF;
    c->text_version = text(arena, "consent-id-2026-01");
    c->evidence_ref = text(arena, "DINSOS/F-221/2026");
    e->has_case_id = true;
    e->case_id = id_field(arena, case_id);
    e->consent_recorded = c;
    return e;
}

PbEnvelope *sample_slot(struct sample *sample, struct sg_arena *arena, uint32_t capacity,
                        struct sg_id *out_slot)
{
    PbEnvelope *e = envelope(sample, arena, "slot.offered", "disnaker", "dsn-0007");
    PbTrainingSlotOffered *s = SG_NEW(arena, PbTrainingSlotOffered);
    SG_CHECK(s);
    pb_training_slot_offered__init(s);
    *out_slot = new_id(sample);
    s->has_slot_id = s->has_lesson_hours = s->has_class_size = s->has_capacity_offered = true;
    s->has_hold_hours = s->has_sex = s->has_min_age = s->has_max_age = true;
    s->has_documents_waivable = s->has_exclude_same_course = s->has_cooldown_months = true;
    s->has_certificate = true;
    s->slot_id = id_field(arena, out_slot);
    s->course_code = text(arena, PICK(sample, courses));
    s->venue_region = text(arena, "14.71.10");
    s->venue_name = text(arena, "BLK Pekanbaru");
    set_dates(s, sample, arena);
    s->lesson_hours = 240;
    s->class_size = 100;
    s->capacity_offered = capacity;
    s->hold_hours = 72;
    s->sex = PB_SEX_RULE_ANY;
    s->min_age = 18;
    s->certificate = PB_TRAINING_SLOT_OFFERED__CERTIFICATE_ATTENDANCE;
    s->desk = text(arena, "0761-000000");
    e->slot_offered = s;
    return e;
}

PbEnvelope *sample_request(struct sample *sample, struct sg_arena *arena,
                           const struct sample_wish *wish)
{
    PbEnvelope *e = envelope(sample, arena, "seat.requested", "dinsos", "dns-0031");
    PbSeatRequested *q = SG_NEW(arena, PbSeatRequested);
    SG_CHECK(q);
    pb_seat_requested__init(q);
    static const PbDocument held = PB_DOCUMENT_KTP;
    struct sg_id id = new_id(sample);
    q->has_request_id = q->has_slot_id = q->has_person_accepted = q->has_waitlist_ok = true;
    q->has_override = true;
    q->request_id = id_field(arena, &id);
    q->slot_id = id_field(arena, &wish->slot_id);
    q->person_accepted = wish->person_accepted;
    q->waitlist_ok = wish->waitlist_ok;
    q->documents_held = sg_arena_copy(arena, &held, sizeof held);
    SG_CHECK(q->documents_held);
    q->n_documents_held = 1;
    q->override = PB_SEAT_REQUESTED__OVERRIDE_NONE;
    e->has_case_id = true;
    e->case_id = id_field(arena, &wish->case_id);
    on_basis(e, PB_LEGAL_BASIS_CONSENT);
    e->seat_requested = q;
    return e;
}

PbEnvelope *sample_seat(struct sample *sample, struct sg_arena *arena, const char *publisher,
                        const struct sg_id *allocation, PbSeatDecision decision)
{
    PbEnvelope *e = envelope(sample, arena, "seat.decided", publisher, "ptg-0002");
    PbSeatDecided *d = SG_NEW(arena, PbSeatDecided);
    SG_CHECK(d);
    pb_seat_decided__init(d);
    d->has_allocation_id = d->has_decision = true;
    d->allocation_id = id_field(arena, allocation);
    d->decision = decision;
    if (decision == PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER ||
        decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER) {
        d->has_reason = d->has_declined_by = true;
        d->reason = PB_DECLINE_REASON_PERSON_REFUSED;
        d->declined_by = PB_DECLINED_BY_PERSON;
    }
    e->seat_decided = d;
    return e;
}

PbEnvelope *sample_start(struct sample *sample, struct sg_arena *arena,
                         const struct sg_id *allocation)
{
    PbEnvelope *e = envelope(sample, arena, "placement.started", "disnaker", "dsn-0007");
    PbPlacementStarted *s = SG_NEW(arena, PbPlacementStarted);
    SG_CHECK(s);
    pb_placement_started__init(s);
    s->has_allocation_id = true;
    s->allocation_id = id_field(arena, allocation);
    s->started_on = date_at(arena, sample->now_ms);
    e->placement_started = s;
    return e;
}

PbEnvelope *sample_end(struct sample *sample, struct sg_arena *arena,
                       const struct sg_id *allocation)
{
    PbEnvelope *e = envelope(sample, arena, "placement.ended", "disnaker", "dsn-0007");
    PbPlacementEnded *p = SG_NEW(arena, PbPlacementEnded);
    SG_CHECK(p);
    pb_placement_ended__init(p);
    p->has_allocation_id = p->has_result = p->has_competency = p->has_attendance_pct = true;
    p->allocation_id = id_field(arena, allocation);
    p->ended_on = date_at(arena, sample->now_ms);
    p->result = PB_PLACEMENT_ENDED__RESULT_COMPLETED;
    p->attendance_pct = 90;
    p->competency = PB_PLACEMENT_ENDED__COMPETENCY_NOT_TESTED;
    e->placement_ended = p;
    return e;
}
