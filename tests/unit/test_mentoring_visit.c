/* E20: the checkpoint that a visit does, contact or none, paper that comes late; T11 and its end;
 * how a plan is COMPLETED, REPLACED or ENDED. */
#include "unit/care_unit.h"

#define STATE(name) PB_CASE_STATE_##name
#define PLAN(name) PB_PLAN_STATE_##name

struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id plan;
    int32_t day; /* the plan begins */
};

/* STANDARD_12M without a course: D07 D14 D21 D28 D45 D60 D75 D90 … */
static void begin(struct scene *s)
{
    city_open(&s->city);
    s->budi = unit_client(&s->city);
    s->day = story_today(&s->city);
    s->plan = care_set_plan(&s->city, &s->budi.case_id, PLAN_OF(STANDARD_12M), s->day);
}

static void end(struct scene *s)
{
    city_refold(&s->city);
    city_close(&s->city);
}

/* The first so many checkpoints, as days after the begin. */
static const char *first_of(struct scene *s, const char *until)
{
    char *text =
        sg_arena_text(&s->city.events, sg_bytes_of(care_checkpoints(&s->city, &s->plan, s->day)));
    char *at = strstr(text, until);
    SG_CHECK(at && at > text);
    at[-1] = '\0';
    return text;
}

/* ---- which checkpoint ---- */

static void the_checkpoint_that_a_visit_does(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *code; /* named */
        int32_t on;       /* visited, days after the begin */
        bool contact;
        uint32_t refused;
        const char *after; /* up to D60 */
    } rows[] = {
        {"named", "D07", 7, true, 0, "D07*+7 D14+14 D21+21 D28+28 D45+45"},
        {"named, far away", "D45", 5, true, 0, "D07-+7 D14-+14 D21-+21 D28-+28 D45*+45"},
        {"named, unknown", "D08", 7, true, SG_ST_BAD_CODE, ""},
        {"named, unknown, no contact", "W2", 7, false, SG_ST_BAD_CODE, ""},
        {"on the day", NULL, 14, true, 0, "D07-+7 D14*+14 D21+21 D28+28 D45+45"},
        {"nearer to the later", NULL, 18, true, 0, "D07-+7 D14-+14 D21*+21 D28+28 D45+45"},
        {"nearer to the earlier", NULL, 17, true, 0, "D07-+7 D14*+14 D21+21 D28+28 D45+45"},
        {"seven days before", NULL, 38, true, 0, "D07-+7 D14-+14 D21-+21 D28-+28 D45*+45"},
        {"seven days after", NULL, 35, true, 0, "D07-+7 D14-+14 D21-+21 D28*+28 D45+45"},
        {"extra, eight days after", NULL, 36, true, 0, "D07-+7 D14-+14 D21-+21 D28-+28 D45+45"},
        {"the first day", NULL, 0, true, 0, "D07*+7 D14+14 D21+21 D28+28 D45+45"},
        {"no contact, named", "D07", 7, false, 0, "D07+7 D14+14 D21+21 D28+28 D45+45"},
        {"no contact", NULL, 14, false, 0, "D07+7 D14+14 D21+21 D28+28 D45+45"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        begin(&s);
        story_until(&s.city, s.day + 50, 9);
        PbEnvelope *e = care_visit(&s.city, &s.plan, s.day + rows[i].on, rows[i].contact);
        e->mentoring_visited->checkpoint = rows[i].code ? unit_text(&s.city, rows[i].code) : NULL;
        struct outcome o = unit_want(rows[i].name, &s.city, e, rows[i].refused);
        if (rows[i].refused) {
            unit_detail(rows[i].name, &o, "mentoring_visited.checkpoint", "UNKNOWN");
        } else {
            care_text(rows[i].name, first_of(&s, "D60"), rows[i].after);
            const PbPlanRow *row = care_plan_row(&s.city, &s.plan);
            assert_int_equal(row->attempts, rows[i].contact ? 0 : 1);
            assert_int_equal(o.aggregate_version, row->version);
            struct city_record e20 = city_record(&s.city, o.seq);
            assert_int_equal(e20.record.rest->n_audience, 1);
            assert_int_equal(city_relations(&e20, "dinsos"), RELATION_CASE_OWNER);
        }
        end(&s);
    }
}

/* What was passed over may still be done by a paper that names it, or by the nearest day. */
static void late_paper_does_what_was_missed(void **state)
{
    (void)state;
    struct scene s;
    begin(&s);
    story_until(&s.city, s.day + 50, 9);
    care_visited(&s.city, &s.plan, s.day + 45, true);
    care_text("passed", first_of(&s, "D60"), "D07-+7 D14-+14 D21-+21 D28-+28 D45*+45");
    care_visited(&s.city, &s.plan, s.day + 20, true);
    PbEnvelope *e = care_visit(&s.city, &s.plan, s.day + 3, true);
    e->mentoring_visited->checkpoint = unit_text(&s.city, "D07");
    (void)unit_want("named", &s.city, e, 0);
    care_text("done", first_of(&s, "D60"), "D07*+7 D14-+14 D21*+21 D28-+28 D45*+45");
    end(&s);
}

static void what_a_visit_must_say(void **state)
{
    (void)state;
    struct scene s;
    begin(&s);
    story_until(&s.city, s.day + 10, 9);
    PbEnvelope *e = care_visit(&s.city, &s.plan, s.day + 7, true);
    PbMentoringVisitRecorded *v = e->mentoring_visited;
    v->has_living = false;
    struct outcome o = unit_want("living", &s.city, e, SG_ST_MISSING_FIELD);
    unit_detail("living", &o, "mentoring_visited.living", NULL);
    v->has_living = true;
    v->has_livelihood = false;
    o = unit_want("livelihood", &s.city, e, SG_ST_MISSING_FIELD);
    unit_detail("livelihood", &o, "mentoring_visited.livelihood", NULL);
    v->has_livelihood = true;
    v->has_on_street = false;
    o = unit_want("on street", &s.city, e, SG_ST_MISSING_FIELD);
    unit_detail("on street", &o, "mentoring_visited.on_street", NULL);
    e = care_visit(&s.city, &s.plan, s.day + 7, false);
    e->mentoring_visited->has_on_street = true;
    e->mentoring_visited->on_street = ON_STREET(NO);
    o = unit_want("no contact", &s.city, e, SG_ST_SCHEMA);
    unit_detail("no contact", &o, "mentoring_visited.contact_made", "NO_CONTACT");
    o = unit_want("tomorrow", &s.city, care_visit(&s.city, &s.plan, s.day + 11, true),
                  SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "mentoring_visited.visited_on", NULL);
    o = unit_want("before the plan", &s.city, care_visit(&s.city, &s.plan, s.day - 1, true),
                  SG_ST_SCHEMA);
    unit_detail("before the plan", &o, "mentoring_visited.visited_on", "ORDER");
    e = care_visit(&s.city, &s.plan, s.day + 7, true);
    e->mentoring_visited->n_equipment_seen = 1;
    e->mentoring_visited->equipment_seen =
        sg_arena_alloc(&s.city.events, sizeof(ProtobufCBinaryData));
    e->mentoring_visited->equipment_seen[0] = unit_id(&s.city, &s.plan);
    o = unit_want("no such item", &s.city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such item", &o, "mentoring_visited.equipment_seen", NULL);
    e = care_visit(&s.city, &s.plan, s.day + 7, true);
    e->publisher_agency = unit_text(&s.city, "dpppa");
    o = unit_want("of others", &s.city, e, SG_ST_NOT_OWNER);
    unit_detail("of others", &o, "mentoring_visited.plan_id", NULL);
    e->publisher_agency = unit_text(&s.city, "dinsos");
    (void)unit_want("own", &s.city, e, 0);
    (void)story_again("again", &s.city, e);
    e->mentoring_visited->mode = PB_MENTORING_VISIT_RECORDED__MODE_PHONE;
    o = unit_want("otherwise", &s.city, e, SG_ST_DUPLICATE_CONFLICT);
    unit_detail("otherwise", &o, "mentoring_visited.visit_id", "STATED_BEFORE");
    end(&s);
}

/* E20 before its E19 waits, and is decided right behind it. */
static void a_visit_waits_for_its_plan(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        struct ledger_city city;
        struct sg_id plan;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        PbEnvelope *e19 = care_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), day, &plan);
        story_until(&city, day + 7, 9);
        (void)story_park("early", &city, care_visit(&city, &plan, day + (good ? 7 : -1), true));
        struct outcome o = unit_want("plan", &city, e19, 0);
        care_follows("plan", &city, o.seq,
                     good ? "D5 AFTERCARE @dinsos; mentoring.visited @dinsos; "
                            "event.settled @dinsos"
                          : "D5 AFTERCARE @dinsos; mentoring.visited; event.settled @dinsos");
        care_text("done", strchr(care_checkpoints(&city, &plan, day), 'D'),
                  good ? "D07*+7 D14+14 D21+21 D28+28 D45+45 D60+60 D75+75 D90+90 M04+123 M05+153 "
                         "M06+184 M09+276 M12+365"
                       : "D07+7 D14+14 D21+21 D28+28 D45+45 D60+60 D75+75 D90+90 M04+123 M05+153 "
                         "M06+184 M09+276 M12+365");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- T11 ---- */

/* Seven days after the day, level 2 three weeks later; contact ends it, a visit in vain does not.
 */
static void overdue(void **state)
{
    (void)state;
    for (int reached = 0; reached <= 2; reached++) {
        struct scene s;
        struct city_record d2;
        begin(&s);
        const int64_t levels[LIMIT_LEVELS] = {sg_day_start_ms(s.day + 15),
                                              sg_day_start_ms(s.day + 36)};
        if (reached == 2)
            limit_run("D07", &s.city, RULE_VISIT, &s.plan, levels, 1, "dinsos");
        else
            story_until(&s.city, s.day + (reached ? 15 : 14), 9);
        uint64_t last = s.city.last_seq;
        int32_t today = story_today(&s.city);
        care_visited(&s.city, &s.plan, today, false);
        assert_int_equal(unit_notices(&s.city, last, "T11"), 0);
        const PbDeadlineRow *row = story_deadline(&s.city, RULE_VISIT, &s.plan);
        assert_int_equal(row->reached, reached);
        PbEnvelope *e = care_visit(&s.city, &s.plan, s.day + 6, true); /* told late */
        (void)unit_want("contact", &s.city, e, 0);
        const PbDeadlineMissed *told = limit_told(&s.city, last, RULE_VISIT, &s.plan, &d2);
        assert_int_equal(told != NULL, reached != 0);
        if (told)
            assert_true(told->cleared && (int)told->level == reached &&
                        sg_ms_of(told->due_at) == levels[0] &&
                        told->aggregate_type == PB_AGGREGATE_TYPE_PLAN);
        row = story_deadline(&s.city, RULE_VISIT, &s.plan); /* of D14 now */
        assert_true(row && row->reached == 0 && row->levels_ms[0] == sg_day_start_ms(s.day + 22));
        end(&s);
    }
}

/* ---- how a plan ends ---- */

static struct sg_id own_plan(struct ledger_city *city, const struct client *who, int32_t day)
{
    struct sg_id plan;
    PbEnvelope *e = care_plan(city, &who->case_id, PLAN_OF(CUSTOM), day, &plan);
    care_checkpoint(city, e, "A", day + 10);
    care_checkpoint(city, e, "B", day + 40);
    (void)unit_want("plan", city, e, 0);
    return plan;
}

static void all_are_done(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t visits[2];
        PbPlanState after;
        const char *checkpoints;
    } rows[] = {{"both", {10, 40}, PLAN(COMPLETED), "A*+10 B*+40"},
                {"the first was missed", {-1, 40}, PLAN(COMPLETED), "A-+10 B*+40"},
                {"the first only", {10, -1}, PLAN(ACTIVE), "A*+10 B+40"},
                {"not one", {25, -1}, PLAN(ACTIVE), "A-+10 B+40"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        struct sg_id plan = own_plan(&city, &budi, day), next;
        for (int k = 0; k < 2; k++)
            if (rows[i].visits[k] >= 0) {
                story_until(&city, day + rows[i].visits[k], 9);
                care_visited(&city, &plan, day + rows[i].visits[k], true);
            }
        care_text(rows[i].name, care_checkpoints(&city, &plan, day), rows[i].checkpoints);
        const PbPlanRow *row = care_plan_row(&city, &plan);
        bool over = rows[i].after == PLAN(COMPLETED);
        assert_int_equal(row->state, rows[i].after);
        assert_int_equal(row->has_ended_on, over);
        assert_int_equal(unit_deadlines(&city, RULE_VISIT), !over);
        int32_t ended = row->ended_on;
        story_until(&city, day + 60, 9);
        struct outcome o = unit_want("afterwards", &city, care_visit(&city, &plan, day + 60, true),
                                     over ? SG_ST_BAD_TRANSITION : 0);
        if (over) {
            unit_detail("afterwards", &o, "mentoring_visited.plan_id", "PLAN_STATE_COMPLETED");
            assert_int_equal(ended, day + 40);
            (void)unit_want("late paper", &city, care_visit(&city, &plan, ended, false), 0);
            (void)unit_want("another one", &city,
                            care_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), day + 60, &next),
                            0);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* E19 with replaces_plan_id: the ACTIVE one of this case, as the publisher saw it. */
static void replaced(void **state)
{
    (void)state;
    struct scene s;
    struct sg_id next;
    begin(&s);
    PbEnvelope *e = care_plan(&s.city, &s.budi.case_id, PLAN_OF(INTENSIVE), s.day, &next);
    struct outcome o = unit_want("beside it", &s.city, e, SG_ST_BAD_TRANSITION);
    unit_detail("beside it", &o, "mentoring_plan_set.plan_id", "ACTIVE_PLAN");
    PbMentoringPlanSet *p = e->mentoring_plan_set;
    p->has_replaces_plan_id = true;
    p->replaces_plan_id = unit_id(&s.city, &s.plan);
    o = unit_want("which version", &s.city, e, SG_ST_MISSING_FIELD);
    unit_detail("which version", &o, "expected_version", NULL);
    story_until(&s.city, s.day + 15, 9); /* overdue, which is told */
    care_visited(&s.city, &s.plan, s.day + 15, false);
    e->has_expected_version = true;
    e->expected_version = 1;
    o = unit_want("stale", &s.city, e, SG_ST_VERSION_CONFLICT);
    unit_detail("stale", &o, "expected_version", "2");
    e->expected_version = 2;
    p->replaces_plan_id = unit_id(&s.city, &(struct sg_id){{3}});
    o = unit_want("no such plan", &s.city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such plan", &o, "mentoring_plan_set.replaces_plan_id", NULL);
    struct client other = unit_client(&s.city);
    struct sg_id of_other = care_set_plan(&s.city, &other.case_id, PLAN_OF(INTENSIVE), s.day + 15);
    p->replaces_plan_id = unit_id(&s.city, &of_other);
    e->expected_version = 1;
    o = unit_want("of another case", &s.city, e, SG_ST_BAD_TRANSITION);
    unit_detail("of another case", &o, "mentoring_plan_set.replaces_plan_id", "NOT_ACTIVE");
    p->replaces_plan_id = unit_id(&s.city, &s.plan);
    e->expected_version = 2;
    o = unit_want("replaced", &s.city, e, 0);
    care_follows("replaced", &s.city, o.seq, "D2 T11/1 cleared @dinsos");
    const PbPlanRow *row = care_plan_row(&s.city, &s.plan);
    assert_true(row->state == PLAN(REPLACED) && row->ended_on == s.day + 15);
    assert_int_equal(care_plan_row(&s.city, &next)->state, PLAN(ACTIVE));
    care_run("old", &s.city, &s.plan, "");
    care_run("new", &s.city, &next, "T11");
    city_pass(&s.city, 0); /* its first visit is overdue */
    p->plan_id = unit_id(&s.city, &(struct sg_id){{5}});
    o = unit_want("once more", &s.city, e, SG_ST_VERSION_CONFLICT);
    e->expected_version = 3;
    o = unit_want("once more", &s.city, e, SG_ST_BAD_TRANSITION);
    unit_detail("once more", &o, "mentoring_plan_set.replaces_plan_id", "NOT_ACTIVE");
    care_visited(&s.city, &s.plan, s.day + 15, true); /* on its last day */
    story_until(&s.city, s.day + 16, 9);
    o = unit_want("after it", &s.city, care_visit(&s.city, &s.plan, s.day + 16, true),
                  SG_ST_BAD_TRANSITION);
    unit_detail("after it", &o, "mentoring_visited.plan_id", "PLAN_STATE_REPLACED");
    end(&s);
}

/* CLOSED or TRANSFERRED: the plan is over, and nobody waits for a visit. */
static void ended_with_its_case(void **state)
{
    (void)state;
    for (int handed = 0; handed < 2; handed++) {
        struct scene s;
        struct sg_id id;
        begin(&s);
        story_until(&s.city, s.day + 15, 9);
        uint64_t last = s.city.last_seq;
        if (handed) {
            (void)unit_want("hand", &s.city,
                            story_hand(&s.city, "dinsos", &s.budi.case_id,
                                       PB_REFERRAL_KIND_TRANSFER, "dpppa", &id),
                            0);
            (void)unit_want("take", &s.city,
                            unit_decide(&s.city, &id, "dpppa", PB_REFERRAL_DECISION_ACCEPTED, NULL),
                            0);
        } else {
            (void)unit_want("close", &s.city,
                            care_close(&s.city, &s.budi.case_id, REASON(REUNIFIED)), 0);
        }
        const PbPlanRow *row = care_plan_row(&s.city, &s.plan);
        assert_true(row->state == PLAN(ENDED) && row->ended_on == s.day + 15);
        care_run("plan", &s.city, &s.plan, "");
        assert_int_equal(unit_notices(&s.city, last, "T11"), 1); /* as cleared */
        care_visited(&s.city, &s.plan, s.day + 14, true);
        assert_int_equal(care_plan_row(&s.city, &s.plan)->state, PLAN(ENDED));
        care_run("plan", &s.city, &s.plan, "");
        story_until(&s.city, s.day + 16, 9);
        struct outcome o =
            unit_want("after it", &s.city, care_visit(&s.city, &s.plan, s.day + 16, true),
                      SG_ST_BAD_TRANSITION);
        unit_detail("after it", &o, "mentoring_visited.plan_id", "PLAN_STATE_ENDED");
        end(&s);
    }
}

UNIT_MAIN(cmocka_unit_test(the_checkpoint_that_a_visit_does),
          cmocka_unit_test(late_paper_does_what_was_missed),
          cmocka_unit_test(what_a_visit_must_say), cmocka_unit_test(a_visit_waits_for_its_plan),
          cmocka_unit_test(overdue), cmocka_unit_test(all_are_done), cmocka_unit_test(replaced),
          cmocka_unit_test(ended_with_its_case))
