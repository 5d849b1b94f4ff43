/* Reports over what was corrected, annulled, parked and settled, and linked. */
#include "unit/care_unit.h"
#include "unit/correct_unit.h"
#include "unit/report_unit.h"

#define COMPLETED PB_PLACEMENT_ENDED__RESULT_COMPLETED
#define TOTAL "Referral to start of the course"

/* Budi has a seat that begins on the first day of the slot. */
struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id slot, seat;
    int32_t referred, first;
};

static void stand(struct scene *s)
{
    city_open(&s->city);
    s->referred = story_today(&s->city);
    s->slot = story_slot(&s->city, 2);
    s->budi = unit_client(&s->city);
    s->seat = unit_seat(&s->city, &s->budi, &s->slot, ACCEPT);
    s->first = slot_start_day(story_slot_row(&s->city, &s->slot));
}

/* SC09: the start was a day earlier than it was typed: n days become n - 1; as known before the
 * correction it stays n. */
static void a_start_is_corrected(void **state)
{
    struct scene s;
    (void)state;
    stand(&s);
    story_until(&s.city, s.first + 1, 12);
    uint64_t e13 = unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first + 1), 0).seq;
    uint64_t before = s.city.last_seq;
    struct asked then = {.name = "time", YEAR_2026, .as_of = before};
    int64_t days = s.first - s.referred;
    struct told told = ask_report(&s.city, then);
    WANT_CELL(&told, "days", TOTAL, "median", 10 * (days + 1));
    told_done(&told);
    (void)unit_want("correct", &s.city,
                    correct_by(&s.city, "disnaker", e13, story_start(&s.city, &s.seat, s.first)),
                    0);
    told = ask_report(&s.city, (struct asked){.name = "time", YEAR_2026});
    WANT_CELL(&told, "days", TOTAL, "median", 10 * days);
    told_done(&told);
    told = ask_report(&s.city, then);
    WANT_CELL(&told, "days", TOTAL, "median", 10 * (days + 1));
    told_done(&told);
    /* The latest correction of the original wins. */
    (void)unit_want(
        "correct again", &s.city,
        correct_by(&s.city, "disnaker", e13, story_start(&s.city, &s.seat, s.first + 1)), 0);
    told = ask_report(&s.city, (struct asked){.name = "time", YEAR_2026});
    WANT_CELL(&told, "days", TOTAL, "median", 10 * (days + 1));
    told_done(&told);
    city_close(&s.city);
}

/* An E15 COMPLETED that is annulled, and then ends otherwise: nobody is trained. */
static void an_end_is_annulled(void **state)
{
    struct scene s;
    (void)state;
    stand(&s);
    story_begin(&s.city, &s.slot, &s.seat);
    city_pass(&s.city, 40 * SG_DAY_MS);
    uint64_t e15 = unit_want("complete", &s.city,
                             story_end(&s.city, &s.seat, story_today(&s.city), COMPLETED), 0)
                       .seq;
    uint64_t before = s.city.last_seq;
    (void)unit_want("annul", &s.city, story_annul(&s.city, "disnaker", e15), 0);
    struct told told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026});
    WANT_CELL(&told, "persons", "", "trained", 0);
    WANT_CELL(&told, "persons", "", "started", 1);
    told_done(&told);
    (void)unit_want(
        "drop out", &s.city,
        story_end(&s.city, &s.seat, story_today(&s.city), PB_PLACEMENT_ENDED__RESULT_DROPPED_OUT),
        0);
    told = ask_report(&s.city, (struct asked){.name = "seats", YEAR_2026});
    WANT_CELL(&told, "seats", "disnaker", "completed", 0);
    WANT_CELL(&told, "seats", "disnaker", "forfeited", 1);
    WANT_CELL(&told, "seats", "disnaker", "occupied", 1);
    WANT_CELL(&told, "rates", "disnaker", "completion_pct", 0);
    told_done(&told);
    told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026, .as_of = before});
    WANT_CELL(&told, "persons", "", "trained", 1);
    told_done(&told);
    city_close(&s.city);
}

/* An E05 REPLACE takes a need away, an ANNUL of the E07 takes the service away. */
static void needs_and_services(void **state)
{
    static const PbSpmService both[] = {PB_SPM_SERVICE_FOOD, PB_SPM_SERVICE_GUIDANCE};
    struct ledger_city city;
    (void)state;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    (void)unit_want(
        "accept", &city,
        unit_decide(&city, &budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    PbPpks ppks = PB_PPKS_12;
    PbEnvelope *e = unit_assess(&city, &budi.case_id);
    PbAssessmentCompleted *a = e->assessment_completed;
    a->assessed_on = unit_day(&city, story_today(&city));
    a->n_confirmed_ppks = 1;
    a->confirmed_ppks = sg_arena_copy(&city.events, &ppks, sizeof ppks);
    a->n_needs = 2;
    a->needs = sg_arena_copy(&city.events, both, sizeof both);
    uint64_t e05 = unit_want("assess", &city, e, 0).seq;
    uint64_t e07 = unit_want("food", &city,
                             care_service(&city, &budi.case_id, SPM(FOOD), story_today(&city),
                                          story_today(&city)),
                             0)
                       .seq;
    struct told told = ask_report(&city, (struct asked){.name = "spm", YEAR_2026});
    WANT_CELL(&told, "indicator", "", "needed", 1);
    WANT_CELL(&told, "indicator", "", "met", 0); /* guidance is missing */
    told_done(&told);
    a->n_needs = 1;
    (void)unit_want("one need", &city, correct_by(&city, "dinsos", e05, e), 0);
    told = ask_report(&city, (struct asked){.name = "spm", YEAR_2026});
    WANT_CELL(&told, "indicator", "", "met", 1);
    WANT_CELL(&told, "services", "SPM_SERVICE_GUIDANCE", "needed", 0);
    told_done(&told);
    (void)unit_want("not given", &city, story_annul(&city, "dinsos", e07), 0);
    told = ask_report(&city, (struct asked){.name = "spm", YEAR_2026});
    WANT_CELL(&told, "indicator", "", "needed", 1);
    WANT_CELL(&told, "indicator", "", "met", 0);
    WANT_CELL(&told, "food", "", "persons", 0);
    told_done(&told);
    (void)unit_want("somebody else", &city,
                    correct_away(&city, "dinsos", e05, PB_EVENT_CORRECTED__REASON_WRONG_PERSON), 0);
    told = ask_report(&city, (struct asked){.name = "spm", YEAR_2026});
    WANT_CELL(&told, "indicator", "", "needed", 0);
    told_done(&told);
    city_close(&city);
}

/* E15 before E13: parked, it counts for nothing; settled, it is the event at that seq. */
static void parked_and_settled(void **state)
{
    struct scene s;
    (void)state;
    stand(&s);
    story_until(&s.city, s.first + 3, 9);
    (void)story_park("end", &s.city, story_end(&s.city, &s.seat, s.first + 2, COMPLETED));
    uint64_t parked = s.city.last_seq;
    struct told told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026});
    WANT_CELL(&told, "persons", "", "started", 0);
    WANT_CELL(&told, "persons", "", "trained", 0);
    told_done(&told);
    (void)unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first), 0);
    told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026});
    WANT_CELL(&told, "persons", "", "started", 1);
    WANT_CELL(&told, "persons", "", "trained", 1);
    told_done(&told);
    told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026, .as_of = parked});
    WANT_CELL(&told, "persons", "", "trained", 0);
    told_done(&told);
    /* A parked number is not a gap, once it has ended. */
    told = ask_report(&s.city, (struct asked){.name = "quality", YEAR_2026});
    WANT_CELL(&told, "agencies", "disnaker", "gaps", 0);
    told_done(&told);
    city_close(&s.city);
}

/* An item that was granted, and the grant annulled: in stock, and the kit is owed. */
static void a_grant_is_annulled(void **state)
{
    struct scene s;
    (void)state;
    city_open(&s.city);
    PbEnvelope *offer = story_offer(&s.city, 2, &s.slot);
    offer->slot_offered->kit_code = unit_text(&s.city, STORY_KIT);
    (void)unit_want("offer", &s.city, offer, 0);
    struct sg_id item = story_item(&s.city);
    s.budi = unit_client(&s.city);
    s.seat = unit_seat(&s.city, &s.budi, &s.slot, ACCEPT);
    story_begin(&s.city, &s.slot, &s.seat);
    city_pass(&s.city, 40 * SG_DAY_MS);
    story_complete(&s.city, &s.seat);
    uint64_t e17 =
        unit_want("grant", &s.city, story_issue(&s.city, &item, &s.seat, GRANT, "1"), 0).seq;
    city_pass(&s.city, 40 * SG_DAY_MS);
    struct told told = ask_report(&s.city, (struct asked){.name = "equipment", YEAR_2026});
    WANT_CELL(&told, "states", "ITEM_STATE_GRANTED", "items", 1);
    WANT_CELL(&told, "unissued", "", "unissued", NO_CELL);
    WANT_CELL(&told, "checks", "30 days", "due", 1);
    WANT_CELL(&told, "checks", "30 days", "done", 0);
    told_done(&told);
    (void)unit_want("annul", &s.city, story_annul(&s.city, "dinsos", e17), 0);
    told = ask_report(&s.city, (struct asked){.name = "equipment", YEAR_2026});
    WANT_CELL(&told, "states", "ITEM_STATE_GRANTED", "items", 0);
    WANT_CELL(&told, "states", "ITEM_STATE_IN_STOCK", "items", 1);
    WANT_CELL(&told, "unissued", "disnaker|" STORY_KIT, "unissued", 1);
    WANT_CELL(&told, "checks", "30 days", "due", 0);
    told_done(&told);
    city_close(&s.city);
}

/* E22 of the steward. */
static PbEnvelope *link_of(struct ledger_city *city, const struct sg_id *a, const struct sg_id *b,
                           PbPersonLinkDecided__Decision decision)
{
    PbEnvelope *e = story_envelope(city, "person.link_decided", "dinsos");
    PbPersonLinkDecided *l = SG_NEW(&city->events, PbPersonLinkDecided);
    pb_person_link_decided__init(l);
    struct sg_id id = story_id(city), one = sg_person_ref(&city->keys, "dinsos", a),
                 other = sg_person_ref(&city->keys, "dinsos", b);
    l->has_link_id = l->has_person_ref_a = l->has_person_ref_b = l->has_decision = l->has_basis =
        true;
    l->link_id = unit_id(city, &id);
    l->person_ref_a = unit_id(city, &one);
    l->person_ref_b = unit_id(city, &other);
    l->decision = decision;
    l->basis = PB_PERSON_LINK_DECIDED__BASIS_DOCUMENT;
    l->has_survivor = decision == PB_PERSON_LINK_DECIDED__DECISION_SAME;
    l->survivor = PB_PERSON_LINK_DECIDED__SURVIVOR_A;
    e->person_link_decided = l;
    return e;
}

/* Two persons who begin one course each, one after the other, are one man: started 1; and two
 * again. As known before the link they were two. */
static void linked_persons_count_once(void **state)
{
    struct scene s;
    (void)state;
    stand(&s);
    story_begin(&s.city, &s.slot, &s.seat);
    (void)unit_want("drop out", &s.city,
                    story_end(&s.city, &s.seat, s.first, PB_PLACEMENT_ENDED__RESULT_DROPPED_OUT),
                    0);
    struct client joko = unit_client(&s.city);
    struct sg_id next = story_slot(&s.city, 1), seat;
    seat = unit_seat(&s.city, &joko, &next, ACCEPT);
    story_begin(&s.city, &next, &seat);
    uint64_t before = s.city.last_seq;
    struct asked now = {.name = "target", YEAR_2026};
    struct told told = ask_report(&s.city, now);
    WANT_CELL(&told, "persons", "", "started", 2);
    told_done(&told);
    (void)unit_want(
        "link", &s.city,
        link_of(&s.city, &s.budi.person, &joko.person, PB_PERSON_LINK_DECIDED__DECISION_SAME), 0);
    told = ask_report(&s.city, now);
    WANT_CELL(&told, "persons", "", "started", 1);
    told_done(&told);
    told = ask_report(&s.city, (struct asked){.name = "target", YEAR_2026, .as_of = before});
    WANT_CELL(&told, "persons", "", "started", 2);
    told_done(&told);
    (void)unit_want(
        "unlink", &s.city,
        link_of(&s.city, &s.budi.person, &joko.person, PB_PERSON_LINK_DECIDED__DECISION_UNLINK), 0);
    told = ask_report(&s.city, now);
    WANT_CELL(&told, "persons", "", "started", 2);
    told_done(&told);
    told = ask_report(&s.city, (struct asked){.name = "quality", YEAR_2026});
    WANT_CELL(&told, "suspicions", "", "links", 1);
    WANT_CELL(&told, "suspicions", "", "unlinks", 1);
    told_done(&told);
    city_close(&s.city);
}

UNIT_MAIN(cmocka_unit_test(a_start_is_corrected), cmocka_unit_test(an_end_is_annulled),
          cmocka_unit_test(needs_and_services), cmocka_unit_test(parked_and_settled),
          cmocka_unit_test(a_grant_is_annulled), cmocka_unit_test(linked_persons_count_once))
