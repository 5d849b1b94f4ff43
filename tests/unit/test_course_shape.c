/* Conditional fields of attendance, ends and equipment, who may state them, and when. */
#include "unit/story_unit.h"

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name

/* Shape is looked at before any row: nobody has these ids. */
static const struct sg_id nobody = {{4, 4}};

static void attendance_has_its_form(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t days; /* from the first one to the last */
        uint32_t held, attended, excused, want;
        const char *object, *detail;
    } rows[] = {
        {"a day", 0, 1, 1, 0, SG_ST_UNKNOWN_OBJECT, "attendance_reported.allocation_id", ""},
        {"31 days", 30, 5, 5, 0, SG_ST_UNKNOWN_OBJECT, "attendance_reported.allocation_id", ""},
        {"32 days", 31, 5, 5, 0, SG_ST_SCHEMA, "attendance_reported.to_on", "ORDER"},
        {"backwards", -1, 5, 5, 0, SG_ST_SCHEMA, "attendance_reported.to_on", "ORDER"},
        {"all there or excused", 4, 5, 3, 2, SG_ST_UNKNOWN_OBJECT,
         "attendance_reported.allocation_id", ""},
        {"more than were held", 4, 5, 6, 0, SG_ST_SCHEMA, "attendance_reported.sessions_attended",
         "RANGE"},
        {"more with those excused", 4, 5, 3, 3, SG_ST_SCHEMA,
         "attendance_reported.sessions_attended", "RANGE"},
    };
    struct ledger_city city;
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int32_t day = story_today(&city) - 40;
        PbEnvelope *e = story_attend(&city, &nobody, day, day + rows[i].days);
        e->attendance_reported->sessions_held = rows[i].held;
        e->attendance_reported->sessions_attended = rows[i].attended;
        e->attendance_reported->absences_excused = rows[i].excused;
        struct outcome o = unit_want(rows[i].name, &city, e, rows[i].want);
        unit_detail(rows[i].name, &o, rows[i].object, rows[i].detail);
    }
    city_close(&city);
}

static void an_end_has_its_form(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    for (int result = RESULT(COMPLETED); result <= RESULT(DECEASED); result++) {
        PbEnvelope *e =
            story_end(&city, &nobody, story_today(&city), (PbPlacementEnded__Result)result);
        (void)unit_want("whole", &city, e, SG_ST_UNKNOWN_OBJECT);
        e->placement_ended->has_attendance_pct = false;
        e->placement_ended->reason = NULL;
        uint32_t want = result == RESULT(COMPLETED) || result == RESULT(REMOVED)
                            ? SG_ST_MISSING_FIELD
                            : SG_ST_UNKNOWN_OBJECT;
        struct outcome o = unit_want("less", &city, e, want);
        if (result == RESULT(COMPLETED))
            unit_detail("less", &o, "placement_ended.attendance_pct", NULL);
        if (result == RESULT(REMOVED))
            unit_detail("less", &o, "placement_ended.reason", NULL);
    }
    char course[] = "BARBER"; /* the broker's to say */
    PbEnvelope *e = story_end(&city, &nobody, story_today(&city), RESULT(COMPLETED));
    e->placement_ended->course_code = course;
    struct outcome o = unit_want("the course", &city, e, SG_ST_SCHEMA);
    unit_detail("the course", &o, "placement_ended.course_code", "BROKER_FIELD");
    city_close(&city);
}

/* ---- who may, and when ---- */

typedef PbEnvelope *make_fn(struct ledger_city *city);

static PbEnvelope *make_e04(struct ledger_city *city)
{
    return story_contact(city, true);
}
static PbEnvelope *make_e09(struct ledger_city *city)
{
    return story_change(city, &nobody);
}
static PbEnvelope *make_e10(struct ledger_city *city)
{
    return story_cancel(city, &nobody, NULL);
}
static PbEnvelope *make_e13(struct ledger_city *city)
{
    return story_start(city, &nobody, story_today(city));
}
static PbEnvelope *make_e14(struct ledger_city *city)
{
    return story_attend(city, &nobody, story_today(city), story_today(city));
}
static PbEnvelope *make_e15(struct ledger_city *city)
{
    return story_end(city, &nobody, story_today(city), RESULT(DROPPED_OUT));
}
static PbEnvelope *make_e16(struct ledger_city *city)
{
    struct sg_id id;
    return story_register(city, &id);
}
static PbEnvelope *make_e17(struct ledger_city *city)
{
    return story_issue(city, &nobody, &nobody, LOAN, "B/1");
}
static PbEnvelope *make_e18(struct ledger_city *city)
{
    return story_check(city, &nobody, FINDING(IN_USE), ACTION(NONE));
}

static const struct {
    const char *name;
    make_fn *make;
    bool fact; /* may come late, but not more than 400 days */
    const char *may_not[3];
} types[] = {
    {"E04", make_e04, true, {"disnaker", "owner-a", "inspektorat"}},
    {"E09", make_e09, false, {"satpolpp", "owner-a", "inspektorat"}},
    {"E10", make_e10, false, {"satpolpp", "owner-a", "inspektorat"}},
    {"E13", make_e13, true, {"satpolpp", "owner-a", "inspektorat"}},
    {"E14", make_e14, true, {"satpolpp", "owner-a", "inspektorat"}},
    {"E15", make_e15, true, {"satpolpp", "owner-a", "inspektorat"}},
    {"E16", make_e16, false, {"disnaker", "owner-a", "inspektorat"}},
    {"E17", make_e17, false, {"disnaker", "owner-a", "inspektorat"}},
    {"E18", make_e18, true, {"disnaker", "satpolpp", "inspektorat"}},
};

static void each_type_has_its_capability(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        for (size_t k = 0; k < SG_ARRAY_LEN(types[i].may_not); k++) {
            PbEnvelope *e = types[i].make(&city);
            e->publisher_agency = unit_text(&city, types[i].may_not[k]);
            e->occurred_at->seconds += 3600; /* it comes before the clock */
            e->recorded_at->seconds += 3600;
            struct outcome o = unit_want(types[i].name, &city, e, SG_ST_FORBIDDEN);
            unit_detail(types[i].name, &o, "type", "CAPABILITY");
        }
    city_close(&city);
}

static void each_type_has_its_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        struct ledger_city city;
        city_open(&city);
        PbEnvelope *e = types[i].make(&city);
        e->occurred_at->seconds = e->recorded_at->seconds = city.now_ms / 1000 + 301;
        (void)unit_want(types[i].name, &city, e, SG_ST_FUTURE_TIME);
        e = types[i].make(&city);
        e->occurred_at->seconds = city.now_ms / 1000 - 400 * 86400 - 1;
        struct outcome o = city_publish(&city, e);
        if ((o.fault.code == SG_ST_TOO_OLD) != types[i].fact)
            fail_msg("%s: %s", types[i].name, sg_status_name(o.fault.code));
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(attendance_has_its_form), cmocka_unit_test(an_end_has_its_form),
          cmocka_unit_test(each_type_has_its_capability), cmocka_unit_test(each_type_has_its_clock))
