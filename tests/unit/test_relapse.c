/* D4: somebody is back on the street. Windows to the day, both references, everything that counts
 * as a return, and who is told. */
#include "unit/care_unit.h"

#define STATE(name) PB_CASE_STATE_##name

struct scene {
    struct ledger_city city;
    struct client budi;
    int32_t day; /* of the reference */
};

/* The course was completed: AFTERCARE. */
static void graduate(struct scene *s)
{
    city_open(&s->city);
    struct sg_id slot = story_slot(&s->city, 1);
    s->budi = unit_client(&s->city);
    struct sg_id seat = story_occupied(&s->city, &s->budi, &slot);
    story_complete(&s->city, &seat);
    s->day = story_today(&s->city);
}

/* The case was closed. */
static void leave(struct scene *s, PbCloseReason reason)
{
    city_open(&s->city);
    s->budi = unit_client(&s->city);
    (void)unit_want("close", &s->city, care_close(&s->city, &s->budi.case_id, reason), 0);
    s->day = story_today(&s->city);
}

static PbEnvelope *seen(struct scene *s, int32_t day, PbActivity activity)
{
    PbEnvelope *e = story_contact(&s->city, false);
    e->contact_recorded->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_ADVISED;
    e->contact_recorded->activity = activity;
    e->occurred_at = story_time(&s->city, sg_day_start_ms(day) + 8 * SG_HOUR_MS);
    care_person(&s->city, e, &s->budi);
    return e;
}

static const struct {
    int32_t days;
    const char *window; /* NULL: no D4 */
} windows[] = {{-1, NULL},        {0, NULL},         {14, NULL},        {15, "D14_183"},
               {183, "D14_183"},  {184, "D184_365"}, {365, "D184_365"}, {366, "D366_730"},
               {730, "D366_730"}, {731, NULL}};

enum reference { COMPLETED, CLOSED };

/* E04 about each reference; to the owner of the case alone. */
static void a_contact_in_every_window(void **state)
{
    (void)state;
    for (int reference = COMPLETED; reference <= CLOSED; reference++)
        for (size_t i = 0; i < SG_ARRAY_LEN(windows); i++) {
            struct scene s;
            char want[120] = "";
            if (reference == COMPLETED)
                graduate(&s);
            else
                leave(&s, REASON(REUNIFIED));
            int32_t day = s.day + windows[i].days;
            if (day > story_today(&s.city))
                story_until(&s.city, day, 9);
            if (windows[i].window)
                (void)snprintf(want, sizeof want, "D4 %s %d %s @dinsos",
                               reference == COMPLETED ? "TRAINING_COMPLETED" : "CASE_CLOSED",
                               (int)windows[i].days, windows[i].window);
            struct outcome o = unit_want("seen", &s.city, seen(&s, day, PB_ACTIVITY_BEGGING), 0);
            care_follows("seen", &s.city, o.seq, want);
            if (windows[i].window) {
                struct city_record d4 = city_record(&s.city, o.seq + 1);
                const PbCaseRelapseDetected *p = d4.event.envelope->case_relapse_detected;
                struct sg_id about = id_of(d4.event.envelope->case_id);
                assert_int_equal(day_of(p->reference_on), s.day);
                assert_int_equal(day_of(p->contact_on), day);
                assert_true(sg_id_equal(&about, &s.budi.case_id));
                assert_int_equal(city_relations(&d4, "dinsos"), RELATION_CASE_OWNER);
                assert_int_equal(d4.record.rest->n_audience, 1);
            }
            city_refold(&s.city);
            city_close(&s.city);
        }
}

/* What a person does when it is seen; vending and the rest is no return. */
static void every_activity(void **state)
{
    (void)state;
    static const bool counts[] = {[PB_ACTIVITY_BEGGING] = true,
                                  [PB_ACTIVITY_SLEEPING_ROUGH] = true,
                                  [PB_ACTIVITY_SCAVENGING] = true,
                                  [PB_ACTIVITY_STREET_VENDING] = false,
                                  [PB_ACTIVITY_BUSKING] = true,
                                  [PB_ACTIVITY_SILVER_PAINTED] = true,
                                  [PB_ACTIVITY_BEGGING_WITH_CHILD] = true,
                                  [PB_ACTIVITY_OTHER] = false};
    struct scene s;
    graduate(&s);
    story_until(&s.city, s.day + 20, 9);
    for (int a = PB_ACTIVITY_BEGGING; a <= PB_ACTIVITY_OTHER; a++) {
        struct outcome o = unit_want("seen", &s.city, seen(&s, s.day + 20, (PbActivity)a), 0);
        care_follows(care_name(pb_activity__descriptor, a), &s.city, o.seq,
                     counts[a] ? "D4 TRAINING_COMPLETED 20 D14_183 @dinsos" : "");
    }
    PbEnvelope *e = seen(&s, s.day + 3, PB_ACTIVITY_BEGGING); /* told late: its own day counts */
    struct outcome o = unit_want("told late", &s.city, e, 0);
    care_follows("told late", &s.city, o.seq, "");
    city_refold(&s.city);
    city_close(&s.city);
}

/* E01 while the case is open; E03 ACCEPTED when it was closed; nothing at what lies between. */
static void a_referral(void **state)
{
    (void)state;
    for (int reference = COMPLETED; reference <= CLOSED; reference++)
        for (size_t i = 1; i < SG_ARRAY_LEN(windows); i++) {
            struct scene s;
            struct sg_id again;
            char want[160], d4[100] = "";
            bool open = reference == COMPLETED;
            if (open)
                graduate(&s);
            else
                leave(&s, REASON(REUNIFIED));
            if (!open && windows[i].days > 365) {
                city_close(&s.city); /* another case by then */
                continue;
            }
            story_until(&s.city, s.day + windows[i].days, 9 + (windows[i].days == 0));
            if (windows[i].window)
                (void)snprintf(d4, sizeof d4, "; D4 %s %d %s @dinsos",
                               open ? "TRAINING_COMPLETED" : "CASE_CLOSED", (int)windows[i].days,
                               windows[i].window);
            struct outcome o = unit_want(
                "found", &s.city, care_found(&s.city, &s.budi, story_today(&s.city), &again), 0);
            const char *trail = care_trail(&s.city, o.seq);
            assert_int_equal(strstr(trail, "D4 ") != NULL, open && windows[i].window != NULL);
            if (open && windows[i].window)
                assert_non_null(strstr(trail, d4 + 2));
            city_pass(&s.city, SG_DAY_MS); /* a day later: the day of the referral counts */
            o = unit_want(
                "accept", &s.city,
                unit_decide(&s.city, &again, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
            trail = care_trail(&s.city, o.seq);
            (void)snprintf(want, sizeof want, "D5 IN_SERVICE/ACCEPTED @dinsos,satpolpp%s",
                           open ? "" : d4);
            if (open) /* T11-PLAN goes on: nobody has set one */
                assert_null(strstr(trail, "D4 "));
            else
                care_text("accept", trail, want);
            city_refold(&s.city);
            city_close(&s.city);
        }
}

/* E20: on the street, or living on begging. */
static void a_visit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int on_street, livelihood;
        int32_t days;
        const char *follows;
    } rows[] = {
        {"on the street", ON_STREET(YES), 1, 20, "D4 TRAINING_COMPLETED 20 D14_183 @dinsos"},
        {"begging", ON_STREET(NO), PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING, 20,
         "D4 TRAINING_COMPLETED 20 D14_183 @dinsos"},
        {"both", ON_STREET(YES), PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING, 20,
         "D4 TRAINING_COMPLETED 20 D14_183 @dinsos"},
        {"too early", ON_STREET(YES), 1, 14, ""},
        {"sometimes", ON_STREET(SOMETIMES), 1, 20, ""},
        {"nobody knows", ON_STREET(UNKNOWN), 1, 20, ""},
        {"no work", ON_STREET(NO), PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_NONE, 20, ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        graduate(&s);
        struct sg_id plan = care_set_plan(&s.city, &s.budi.case_id, PLAN_OF(STANDARD_12M), s.day);
        story_until(&s.city, s.day + 21, 9);
        PbEnvelope *e = care_visit(&s.city, &plan, s.day + rows[i].days, true);
        e->mentoring_visited->on_street = (PbMentoringVisitRecorded__OnStreet)rows[i].on_street;
        e->mentoring_visited->livelihood = (PbMentoringVisitRecorded__Livelihood)rows[i].livelihood;
        uint64_t last = city_publish(&s.city, e).seq;
        const char *trail = care_trail(&s.city, last);
        const char *d4 = strstr(trail, "D4 "); /* T11 may be cleared as well */
        care_text(rows[i].name, d4 ? d4 : "", rows[i].follows);
        city_refold(&s.city);
        city_close(&s.city);
    }
}

/* Which closing is a reference: INDEPENDENT and REUNIFIED; the earliest one. */
static void every_reason(void **state)
{
    (void)state;
    for (int reason = REASON(REUNIFIED); reason <= REASON(DUPLICATE_CASE); reason++) {
        struct scene s;
        if (reason == REASON(LOST_CONTACT) || reason == REASON(NOT_PPKS))
            continue; /* they ask for more, see test_closing */
        leave(&s, (PbCloseReason)reason);
        story_until(&s.city, s.day + 30, 9);
        struct outcome o = unit_want("seen", &s.city, seen(&s, s.day + 30, PB_ACTIVITY_BEGGING), 0);
        care_follows(care_name(pb_close_reason__descriptor, reason), &s.city, o.seq,
                     reason == REASON(REUNIFIED) ? "D4 CASE_CLOSED 30 D14_183 @dinsos" : "");
        city_close(&s.city);
    }
}

/* The first of each kind counts, also when a later one is nearer; both are told. */
static void the_earliest_reference(void **state)
{
    (void)state;
    struct scene s;
    struct sg_id again;
    graduate(&s);
    story_until(&s.city, s.day + 100, 9);
    (void)unit_want("close", &s.city, care_close(&s.city, &s.budi.case_id, REASON(REUNIFIED)), 0);
    story_until(&s.city, s.day + 110, 9);
    (void)unit_want("found", &s.city, care_found(&s.city, &s.budi, story_today(&s.city), &again),
                    0);
    struct outcome o =
        unit_want("accept", &s.city,
                  unit_decide(&s.city, &again, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    care_follows("ten days after the closing", &s.city, o.seq,
                 "D5 IN_SERVICE/ACCEPTED @dinsos,satpolpp; "
                 "D4 TRAINING_COMPLETED 110 D14_183 @dinsos");
    (void)unit_want("close again", &s.city, care_close(&s.city, &s.budi.case_id, REASON(REUNIFIED)),
                    0);
    story_until(&s.city, s.day + 300, 9);
    o = unit_want("seen", &s.city, seen(&s, s.day + 300, PB_ACTIVITY_BUSKING), 0);
    care_follows("seen", &s.city, o.seq,
                 "D4 TRAINING_COMPLETED 300 D184_365 @dinsos; "
                 "D4 CASE_CLOSED 200 D184_365 @dinsos");
    city_refold(&s.city);
    city_close(&s.city);
}

/* Somebody who has neither completed a course nor left is not back: it was never away. */
static void no_reference_no_relapse(void **state)
{
    (void)state;
    struct scene s;
    city_open(&s.city);
    s.budi = unit_client(&s.city);
    s.day = story_today(&s.city);
    story_until(&s.city, s.day + 100, 9);
    struct outcome o = unit_want("seen", &s.city, seen(&s, s.day + 100, PB_ACTIVITY_BEGGING), 0);
    care_follows("seen", &s.city, o.seq, "");
    city_close(&s.city);
}

UNIT_MAIN(cmocka_unit_test(a_contact_in_every_window), cmocka_unit_test(every_activity),
          cmocka_unit_test(a_referral), cmocka_unit_test(a_visit), cmocka_unit_test(every_reason),
          cmocka_unit_test(the_earliest_reference), cmocka_unit_test(no_reference_no_relapse))
