/* Conditional fields: what is missing or does not fit is named by its path. */
#include "unit/ledger_unit.h"

typedef void change(struct ledger_city *city, PbEnvelope *e);

struct row {
    const char *name;
    change *change;
    uint32_t want;
    const char *object;
};

#define CHANGE(name) static void name(struct ledger_city *city, PbEnvelope *e)
#define E01(e) ((e)->referral_submitted)
#define E03(e) ((e)->referral_decided)
#define E05(e) ((e)->assessment_completed)
#define E08(e) ((e)->slot_offered)
#define E12(e) ((e)->seat_decided)

static PbEnvelope *make_e01(struct ledger_city *city)
{
    struct sg_id id;
    return unit_refer(city, &id);
}

/* Ids that nobody has: shape is looked at before any row. */
static const struct sg_id nobody = {{4, 4}};

static PbEnvelope *make_e03(struct ledger_city *city)
{
    return unit_decide(city, &nobody, "dinsos", PB_REFERRAL_DECISION_DECLINED, NULL);
}

static PbEnvelope *make_e05(struct ledger_city *city)
{
    struct sg_id id;
    PbEnvelope *e = unit_assess(city, &nobody);
    E05(e)->person = E01(unit_refer(city, &id))->person;
    return e;
}

static PbEnvelope *make_e08(struct ledger_city *city)
{
    struct sg_id id;
    return unit_offer(city, 4, &id);
}

static PbEnvelope *make_e11(struct ledger_city *city)
{
    struct client client = {.case_id = nobody};
    return unit_request(city, &client, &nobody, ACCEPT);
}

static PbEnvelope *make_e12(struct ledger_city *city)
{
    return unit_settle(city, &nobody, PB_SEAT_DECISION_DECLINED_BY_PROVIDER);
}

/* `whole` is the answer to the event without a change: no shape is wrong, the object is not there.
 */
static void try_rows(PbEnvelope *(*make)(struct ledger_city *city), uint32_t whole,
                     const struct row *rows, size_t count)
{
    struct ledger_city city;
    city_open(&city);
    for (size_t i = 0; i < count; i++) {
        PbEnvelope *e = make(&city);
        rows[i].change(&city, e);
        uint32_t want = rows[i].want ? rows[i].want : whole;
        struct outcome o = unit_want(rows[i].name, &city, e, want);
        if (rows[i].want)
            unit_detail(rows[i].name, &o, rows[i].object, NULL);
    }
    city_close(&city);
}

CHANGE(nothing)
{
    (void)city;
    (void)e;
}

/* ---- E01 ---- */

CHANGE(e01_service)
{
    (void)city, E01(e)->kind = PB_REFERRAL_KIND_SERVICE;
}
CHANGE(e01_service_of_nothing)
{
    E01(e)->kind = PB_REFERRAL_KIND_SERVICE;
    e->has_case_id = true;
    e->case_id = unit_id(city, &nobody);
}
CHANGE(e01_transfer)
{
    (void)city, E01(e)->kind = PB_REFERRAL_KIND_TRANSFER;
}
CHANGE(e01_nobody)
{
    (void)city, E01(e)->person = NULL;
}
CHANGE(e01_nowhere)
{
    (void)city, E01(e)->found_region = NULL;
}
CHANGE(e01_idle)
{
    (void)city, E01(e)->has_activity = false;
}
CHANGE(e01_children)
{
    (void)city, E01(e)->has_children_with = false;
}
CHANGE(e01_nameless)
{
    (void)city, E01(e)->person->full_name = NULL;
}
CHANGE(e01_alias)
{
    E01(e)->person->full_name = NULL;
    E01(e)->person->alias = unit_text(city, "Jek");
    E01(e)->person->name_quality = PB_NAME_QUALITY_ALIAS_ONLY;
}
CHANGE(e01_no_age)
{
    unit_budi(city, E01(e)->person);
    E01(e)->person->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
}
CHANGE(e01_age_of_exact)
{
    unit_budi(city, E01(e)->person);
    E01(e)->person->has_estimated_age = true;
    E01(e)->person->estimated_age = 30;
}
CHANGE(e01_no_date)
{
    unit_budi(city, E01(e)->person);
    E01(e)->person->birth_date = NULL;
}
CHANGE(e01_half_date)
{
    unit_budi(city, E01(e)->person);
    E01(e)->person->birth_date->day = 0;
}
CHANGE(e01_partial)
{
    e01_half_date(city, e);
    E01(e)->person->birth_quality = PB_BIRTH_QUALITY_PARTIAL;
}

static void e01_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", nothing, 0, NULL},
        {"a name of the street is enough", e01_alias, 0, NULL},
        {"a partial date", e01_partial, 0, NULL},
        {"SERVICE without a case", e01_service, SG_ST_MISSING_FIELD, "case_id"},
        {"TRANSFER without a case", e01_transfer, SG_ST_MISSING_FIELD, "case_id"},
        {"SERVICE of nothing", e01_service_of_nothing, SG_ST_MISSING_FIELD,
         "referral_submitted.requested_services"},
        {"nobody", e01_nobody, SG_ST_MISSING_FIELD, "referral_submitted.person"},
        {"nowhere", e01_nowhere, SG_ST_MISSING_FIELD, "referral_submitted.found_region"},
        {"no activity", e01_idle, SG_ST_MISSING_FIELD, "referral_submitted.activity"},
        {"no children_with", e01_children, SG_ST_MISSING_FIELD, "referral_submitted.children_with"},
        {"no name", e01_nameless, SG_ST_MISSING_FIELD, "referral_submitted.person.full_name"},
        {"estimated without age", e01_no_age, SG_ST_MISSING_FIELD,
         "referral_submitted.person.estimated_age"},
        {"exact with an estimate", e01_age_of_exact, SG_ST_SCHEMA,
         "referral_submitted.person.estimated_age"},
        {"exact without date", e01_no_date, SG_ST_MISSING_FIELD,
         "referral_submitted.person.birth_date"},
        {"exact with half a date", e01_half_date, SG_ST_SCHEMA,
         "referral_submitted.person.birth_date"},
    };
    try_rows(make_e01, 0, rows, SG_ARRAY_LEN(rows));
}

static void a_referrer_suspects_only_what_it_may(void **state)
{
    (void)state;
    static const bool may[27] = {[1] = true, [2] = true,  [4] = true,  [7] = true, [8] = true,
                                 [9] = true, [11] = true, [12] = true, [13] = true};
    struct ledger_city city;
    city_open(&city);
    for (int code = 1; code <= 26; code++) {
        PbEnvelope *e = make_e01(&city);
        char name[16];
        (void)snprintf(name, sizeof name, "PPKS_%02d", code);
        E01(e)->suspected_ppks[0] = (PbPpks)code;
        struct outcome o = unit_want(name, &city, e, may[code] ? 0 : SG_ST_BAD_CODE);
        if (!may[code])
            unit_detail(name, &o, "referral_submitted.suspected_ppks", "NOT_FOR_REFERRER");
    }
    city_close(&city);
}

/* ---- E03 ---- */

CHANGE(e03_accepted)
{
    (void)city;
    E03(e)->decision = PB_REFERRAL_DECISION_ACCEPTED;
    E03(e)->has_reason = E03(e)->has_declined_by = false;
}
CHANGE(e03_no_side)
{
    (void)city, E03(e)->has_declined_by = false;
}
CHANGE(e03_no_reason)
{
    (void)city, E03(e)->has_reason = false;
}
CHANGE(e03_other)
{
    (void)city, E03(e)->reason = PB_DECLINE_REASON_OTHER;
}
CHANGE(e03_other_said)
{
    e03_other(city, e);
    E03(e)->reason_text = unit_text(city, "sudah pindah kota");
    e->has_legal_basis = true;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
}
CHANGE(e03_person_left)
{
    (void)city, E03(e)->reason = PB_DECLINE_REASON_PERSON_LEFT;
}
CHANGE(e03_person_refused)
{
    (void)city, E03(e)->reason = PB_DECLINE_REASON_PERSON_REFUSED;
}
CHANGE(e03_person_not_found)
{
    (void)city, E03(e)->reason = PB_DECLINE_REASON_PERSON_NOT_FOUND;
}
CHANGE(e03_by_person)
{
    e03_person_left(city, e);
    E03(e)->declined_by = PB_DECLINED_BY_PERSON;
}
CHANGE(e03_redirect)
{
    e03_no_side(city, e);
    E03(e)->decision = PB_REFERRAL_DECISION_REDIRECTED;
    E03(e)->redirect_to = unit_text(city, "dpppa");
}
CHANGE(e03_redirect_nowhere)
{
    e03_redirect(city, e);
    E03(e)->redirect_to = NULL;
}
CHANGE(e03_redirect_why)
{
    e03_redirect(city, e);
    E03(e)->has_reason = false;
}

static void e03_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"declined", nothing, 0, NULL},
        {"accepted", e03_accepted, 0, NULL},
        {"redirected", e03_redirect, 0, NULL},
        {"OTHER with a text", e03_other_said, 0, NULL},
        {"the person declined", e03_by_person, 0, NULL},
        {"no side", e03_no_side, SG_ST_MISSING_FIELD, "referral_decided.declined_by"},
        {"no reason", e03_no_reason, SG_ST_MISSING_FIELD, "referral_decided.reason"},
        {"OTHER without a text", e03_other, SG_ST_MISSING_FIELD, "referral_decided.reason_text"},
        {"left, by the receiver", e03_person_left, SG_ST_SCHEMA, "referral_decided.declined_by"},
        {"refused, by the receiver", e03_person_refused, SG_ST_SCHEMA,
         "referral_decided.declined_by"},
        {"not found, by the receiver", e03_person_not_found, SG_ST_SCHEMA,
         "referral_decided.declined_by"},
        {"redirected nowhere", e03_redirect_nowhere, SG_ST_MISSING_FIELD,
         "referral_decided.redirect_to"},
        {"redirected without reason", e03_redirect_why, SG_ST_MISSING_FIELD,
         "referral_decided.reason"},
    };
    try_rows(make_e03, SG_ST_UNKNOWN_OBJECT, rows, SG_ARRAY_LEN(rows));
}

/* ---- E05 ---- */

CHANGE(e05_no_case)
{
    (void)city, e->has_case_id = false;
}
CHANGE(e05_nameless)
{
    (void)city, E05(e)->person->full_name = NULL;
}
CHANGE(e05_no_age)
{
    unit_budi(city, E05(e)->person);
    E05(e)->person->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
}
CHANGE(e05_age_of_exact)
{
    unit_budi(city, E05(e)->person);
    E05(e)->person->has_estimated_age = true;
}
CHANGE(e05_half_date)
{
    unit_budi(city, E05(e)->person);
    E05(e)->person->birth_date->day = 0;
}
CHANGE(e05_date_is_kept)
{
    unit_budi(city, E05(e)->person);
    E05(e)->person->birth_date = NULL;
}

static void e05_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", nothing, 0, NULL},
        {"the name that is known is kept", e05_nameless, 0, NULL},
        {"the date that is known is kept", e05_date_is_kept, 0, NULL},
        {"no case", e05_no_case, SG_ST_MISSING_FIELD, "case_id"},
        {"estimated without age", e05_no_age, SG_ST_MISSING_FIELD,
         "assessment_completed.person.estimated_age"},
        {"exact with an estimate", e05_age_of_exact, SG_ST_SCHEMA,
         "assessment_completed.person.estimated_age"},
        {"exact with half a date", e05_half_date, SG_ST_SCHEMA,
         "assessment_completed.person.birth_date"},
    };
    try_rows(make_e05, SG_ST_UNKNOWN_OBJECT, rows, SG_ARRAY_LEN(rows));
}

/* ---- E08: sample slots start in 30 days, end 40 later, late entry 5 ---- */

static int32_t starts(const PbEnvelope *e)
{
    const PbDate *d = E08(e)->starts_on;
    return sg_day_of(d->year, d->month, d->day);
}
CHANGE(e08_one_day)
{
    E08(e)->ends_on = unit_day(city, starts(e));
}
CHANGE(e08_a_year)
{
    E08(e)->ends_on = unit_day(city, starts(e) + 365);
}
CHANGE(e08_too_long)
{
    E08(e)->ends_on = unit_day(city, starts(e) + 366);
}
CHANGE(e08_backwards)
{
    E08(e)->ends_on = unit_day(city, starts(e) - 1);
}
CHANGE(e08_whole_class)
{
    (void)city, E08(e)->capacity_offered = E08(e)->class_size = 16;
}
CHANGE(e08_over_class)
{
    (void)city;
    E08(e)->class_size = 16;
    E08(e)->capacity_offered = 17;
}
static void closes(PbEnvelope *e, int64_t after_s)
{
    E08(e)->registration_closes_at->seconds = sg_day_start_ms(starts(e)) / 1000 + after_s;
}
CHANGE(e08_closes_at_start)
{
    (void)city, closes(e, 0);
}
CHANGE(e08_closes_late)
{
    (void)city, closes(e, 1);
}
CHANGE(e08_no_late_entry)
{
    E08(e)->late_entry_until = unit_day(city, starts(e));
}
CHANGE(e08_two_weeks)
{
    E08(e)->late_entry_until = unit_day(city, starts(e) + 14);
}
CHANGE(e08_too_late)
{
    E08(e)->late_entry_until = unit_day(city, starts(e) + 15);
}
CHANGE(e08_too_soon)
{
    E08(e)->late_entry_until = unit_day(city, starts(e) - 1);
}
CHANGE(e08_one_age)
{
    (void)city, E08(e)->min_age = E08(e)->max_age = 20;
}
CHANGE(e08_no_max)
{
    (void)city, E08(e)->min_age = 20, E08(e)->max_age = 0;
}
CHANGE(e08_ages)
{
    (void)city, E08(e)->min_age = 20, E08(e)->max_age = 19;
}
CHANGE(e08_other)
{
    E08(e)->course_code = unit_text(city, "OTHER");
}
CHANGE(e08_other_said)
{
    e08_other(city, e);
    E08(e)->variant = unit_text(city, "las listrik");
}

static void e08_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", nothing, 0, NULL},
        {"of one day", e08_one_day, 0, NULL},
        {"of a year", e08_a_year, 0, NULL},
        {"the whole class", e08_whole_class, 0, NULL},
        {"closes when it starts", e08_closes_at_start, 0, NULL},
        {"no late entry", e08_no_late_entry, 0, NULL},
        {"two weeks of late entry", e08_two_weeks, 0, NULL},
        {"one age", e08_one_age, 0, NULL},
        {"no greatest age", e08_no_max, 0, NULL},
        {"OTHER with a variant", e08_other_said, 0, NULL},
        {"longer than a year", e08_too_long, SG_ST_SCHEMA, "slot_offered.ends_on"},
        {"ends before it starts", e08_backwards, SG_ST_SCHEMA, "slot_offered.ends_on"},
        {"more than the class", e08_over_class, SG_ST_SCHEMA, "slot_offered.capacity_offered"},
        {"closes after the start", e08_closes_late, SG_ST_SCHEMA,
         "slot_offered.registration_closes_at"},
        {"late entry too late", e08_too_late, SG_ST_SCHEMA, "slot_offered.late_entry_until"},
        {"late entry before the start", e08_too_soon, SG_ST_SCHEMA,
         "slot_offered.late_entry_until"},
        {"ages the wrong way", e08_ages, SG_ST_SCHEMA, "slot_offered.max_age"},
        {"OTHER without a variant", e08_other, SG_ST_MISSING_FIELD, "slot_offered.variant"},
    };
    try_rows(make_e08, 0, rows, SG_ARRAY_LEN(rows));
}

/* ---- E11, E12 ---- */

CHANGE(e11_no_basis)
{
    (void)city, e->has_legal_basis = false;
}
CHANGE(e11_nothing_personal)
{
    e11_no_basis(city, e);
    e->seat_requested->n_documents_held = 0;
}

static void e11_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", nothing, 0, NULL},
        {"no case", e05_no_case, SG_ST_MISSING_FIELD, "case_id"},
        {"nothing personal needs no basis", e11_nothing_personal, 0, NULL},
        {"documents without a basis", e11_no_basis, SG_ST_MISSING_FIELD, "legal_basis"},
    };
    try_rows(make_e11, SG_ST_UNKNOWN_OBJECT, rows, SG_ARRAY_LEN(rows));
}

CHANGE(e12_no_reason)
{
    (void)city, E12(e)->has_reason = false;
}
CHANGE(e12_no_side)
{
    (void)city, E12(e)->has_declined_by = false;
}
CHANGE(e12_side)
{
    (void)city, E12(e)->declined_by = PB_DECLINED_BY_RECEIVER;
}
CHANGE(e12_withdrawn)
{
    e12_no_side(city, e);
    E12(e)->decision = PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER;
}
CHANGE(e12_withdrawn_why)
{
    e12_withdrawn(city, e);
    E12(e)->has_reason = false;
}
CHANGE(e12_confirmed)
{
    e12_withdrawn_why(city, e);
    E12(e)->decision = PB_SEAT_DECISION_CONFIRMED;
}

static void e12_rows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", nothing, 0, NULL},
        {"withdrawn without a side", e12_withdrawn, 0, NULL},
        {"confirmed needs no reason", e12_confirmed, 0, NULL},
        {"no reason", e12_no_reason, SG_ST_MISSING_FIELD, "seat_decided.reason"},
        {"withdrawn without a reason", e12_withdrawn_why, SG_ST_MISSING_FIELD,
         "seat_decided.reason"},
        {"no side", e12_no_side, SG_ST_MISSING_FIELD, "seat_decided.declined_by"},
        {"refused, by the receiver", e12_side, SG_ST_SCHEMA, "seat_decided.declined_by"},
    };
    try_rows(make_e12, SG_ST_UNKNOWN_OBJECT, rows, SG_ARRAY_LEN(rows));
}

/* ---- the order of checks before any row is read ---- */

static void checks_come_in_their_order(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);

    PbEnvelope *e = make_e03(&city);
    PbCaseStateChanged d5 = PB_CASE_STATE_CHANGED__INIT;
    e->referral_decided = NULL;
    e->case_state_changed = &d5;
    e->type = unit_text(&city, "case.state_changed");
    (void)unit_want("a derived type", &city, e, SG_ST_DERIVED_TYPE);

    static const struct may {
        const char *name;
        PbEnvelope *(*make)(struct ledger_city *city);
        const char *may_not;
    } mays[] = {
        {"E01", make_e01, "owner-a"},  {"E05", make_e05, "satpolpp"}, {"E08", make_e08, "pmi"},
        {"E11", make_e11, "disnaker"}, {"E12", make_e12, "satpolpp"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(mays); i++) {
        e = mays[i].make(&city);
        e->publisher_agency = unit_text(&city, mays[i].may_not);
        e->occurred_at->seconds += 3600; /* capability comes before the clock */
        e->recorded_at->seconds += 3600;
        (void)unit_want(mays[i].name, &city, e, SG_ST_FORBIDDEN);
    }
    e = make_e01(&city);
    e->publisher_agency = unit_text(&city, "owner-a");
    E01(e)->found_region = NULL;
    (void)unit_want("shape comes before capability", &city, e, SG_ST_MISSING_FIELD);
    city_close(&city);
}

static void clocks_have_bounds(void **state)
{
    (void)state;
    enum { FIVE_MINUTES = 300, A_DAY = 86400 };
    static const struct {
        const char *name;
        PbEnvelope *(*make)(struct ledger_city *city);
        int64_t seconds; /* after now */
        uint32_t want;
    } rows[] = {
        {"five minutes ahead", make_e01, FIVE_MINUTES, 0},
        {"more ahead", make_e01, FIVE_MINUTES + 1, SG_ST_FUTURE_TIME},
        {"a claim ahead", make_e08, FIVE_MINUTES + 1, SG_ST_FUTURE_TIME},
        {"400 days old", make_e01, -400 * A_DAY, 0},
        {"a fact that is older", make_e01, -400 * A_DAY - 1, SG_ST_TOO_OLD},
        {"an assessment that is older", make_e05, -400 * A_DAY - 1, SG_ST_TOO_OLD},
        {"a claim may be old", make_e08, -500 * A_DAY, 0},
    };
    struct ledger_city city;
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbEnvelope *e = rows[i].make(&city);
        e->occurred_at->seconds = e->recorded_at->seconds = city.now_ms / 1000 + rows[i].seconds;
        struct outcome o = unit_want(rows[i].name, &city, e, rows[i].want);
        if (rows[i].want == SG_ST_FUTURE_TIME && (!strstr(o.fault.accepted, "check the clock") ||
                                                  !strstr(o.fault.accepted_id, "periksa jam")))
            fail_msg("%s: '%s', '%s'", rows[i].name, o.fault.accepted, o.fault.accepted_id);
    }
    city_close(&city);
}

static bool warned(const struct outcome *o, uint32_t code)
{
    for (size_t i = 0; i < o->effect->n_warnings; i++)
        if (o->effect->warnings[i] == code)
            return true;
    return false;
}

static void warnings_are_told(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    PbEnvelope *e = make_e08(&city);
    e->occurred_at->seconds = city.now_ms / 1000 - 72 * 3600;
    struct outcome o = unit_want("72 hours", &city, e, 0);
    assert_false(warned(&o, SG_ST_W_LATE));
    e = make_e08(&city);
    e->occurred_at->seconds = city.now_ms / 1000 - 72 * 3600 - 1;
    o = unit_want("later", &city, e, 0);
    assert_true(warned(&o, SG_ST_W_LATE));
    assert_int_equal(o.effect->n_warnings, 1);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(e01_rows), cmocka_unit_test(a_referrer_suspects_only_what_it_may),
          cmocka_unit_test(e03_rows), cmocka_unit_test(e05_rows), cmocka_unit_test(e08_rows),
          cmocka_unit_test(e11_rows), cmocka_unit_test(e12_rows),
          cmocka_unit_test(checks_come_in_their_order), cmocka_unit_test(clocks_have_bounds),
          cmocka_unit_test(warnings_are_told))
