/* report_spm.c - 10.1: homeless people and beggars whose basic needs are met outside a home. */
#include "report/report_inside.h"

#include "wire/day.h"

#include <stdlib.h>

enum { BEFORE_DAYS = 7, HOME_DAYS = 7, FOOD_DAYS = 7, SERVICES = PB_SPM_SERVICE_REFERRAL };
enum { HOMELESS_OR_BEGGAR = 1 << PB_PPKS_11 | 1 << PB_PPKS_12 };

/* One person in the year. */
struct subject {
    bool counts;
    const struct assessment *last; /* the last one that asks for something */
    uint32_t delivered, impossible;
};

/* An episode that ended in a home of the province within 7 days of its beginning. */
static bool went_to_home(const struct facts *m, uint32_t episode)
{
    const struct episode *e = EPISODE(m, episode);
    return e->close_reason == PB_CLOSE_REASON_MOVED_TO_HOME && e->closed_on != DAY_NONE &&
           e->start_ms && e->closed_on <= sg_day_at(e->start_ms) + HOME_DAYS;
}

static bool is_later(const struct assessment *a, const struct assessment *than)
{
    return !than || a->assessed_on > than->assessed_on ||
           (a->assessed_on == than->assessed_on && a->seq > than->seq);
}

static void take_assessments(const struct facts *m, struct subject *subjects)
{
    for (EACH(const struct assessment, a, &m->assessments)) {
        if (a->person == NOTHING || a->minor || !a->needs || !is_steward(m, a->agency) ||
            !facts_in_period(m, a->assessed_on))
            continue;
        struct subject *s = &subjects[a->person];
        if ((a->ppks & HOMELESS_OR_BEGGAR) && !went_to_home(m, a->episode))
            s->counts = true;
        if (is_later(a, s->last))
            s->last = a;
    }
}

static void take_services(const struct facts *m, struct subject *subjects)
{
    for (EACH(const struct service, s, &m->services)) {
        if (s->person == NOTHING || !subjects[s->person].counts)
            continue;
        struct subject *subject = &subjects[s->person];
        if (s->from_on < subject->last->assessed_on - BEFORE_DAYS || s->to_on > m->to_day)
            continue;
        uint32_t bit = 1U << s->service;
        if (s->outcome == PB_BASIC_SERVICE_DELIVERED__OUTCOME_DELIVERED)
            subject->delivered |= bit;
        if (s->outcome == PB_BASIC_SERVICE_DELIVERED__OUTCOME_NOT_POSSIBLE)
            subject->impossible |= bit;
    }
}

static void print_indicator(const struct facts *m, struct output *out,
                            const struct subject *subjects)
{
    static const struct column columns[] = {
        {"needed", "PERLU DILAYANI", "IN NEED"},
        {"met", "TERPENUHI", "MET"},
        {"indicator", "INDIKATOR", "INDICATOR"},
    };
    int64_t needed = 0, met = 0;
    for (uint32_t i = 0; i < m->persons.count; i++) {
        const struct subject *s = &subjects[i];
        needed += s->counts;
        met += s->counts && (s->last->needs & ~s->delivered) == 0;
    }
    struct section *section =
        OUTPUT_SECTION(out, "indicator", "Indikator", "Indicator", columns, 0);
    struct row *row = output_row(out, section);
    put_count(row, needed);
    put_count(row, met);
    put_percent(row, met, needed, 1, 0);
}

static void print_services(const struct facts *m, struct output *out,
                           const struct subject *subjects)
{
    static const struct column columns[] = {
        {"service", "LAYANAN", "SERVICE"},
        {"needed", "PERLU", "NEEDED"},
        {"delivered", "DIBERIKAN", "DELIVERED"},
        {"not_possible", "TIDAK MUNGKIN", "NOT POSSIBLE"},
        {"open", "BELUM", "NOT YET"},
    };
    struct section *section =
        OUTPUT_SECTION(out, "services", "Menurut layanan", "By service", columns, 1);
    for (unsigned service = 1; service <= SERVICES; service++) {
        int64_t needed = 0, delivered = 0, impossible = 0;
        for (uint32_t i = 0; i < m->persons.count; i++) {
            const struct subject *s = &subjects[i];
            if (!s->counts || !(s->last->needs & 1U << service))
                continue;
            bool got = s->delivered & 1U << service;
            needed++;
            delivered += got;
            impossible += !got && (s->impossible & 1U << service);
        }
        struct row *row = output_row(out, section);
        put_text(row, enum_text(&pb_spm_service__descriptor, (int)service));
        put_count(row, needed);
        put_count(row, delivered);
        put_count(row, impossible);
        put_count(row, needed - delivered - impossible);
    }
}

/* ---- food ---- */

struct meal {
    uint32_t person, episode;
    int32_t from, to;
};

static int by_person(const void *a, const void *b)
{
    const struct meal *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->episode != y->episode)
        return x->episode < y->episode ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static struct pool meals_of(const struct facts *m)
{
    struct pool meals = {0};
    for (EACH(const struct service, s, &m->services)) {
        if (s->service != PB_SPM_SERVICE_FOOD || s->person == NOTHING ||
            s->outcome == PB_BASIC_SERVICE_DELIVERED__OUTCOME_NOT_POSSIBLE ||
            !is_steward(m, s->agency) || s->to_on < m->from_day || s->from_on > m->to_day)
            continue;
        struct meal *meal = POOL_ADD(m->arena, &meals, struct meal);
        *meal = (struct meal){s->person, s->episode,
                              s->from_on < m->from_day ? m->from_day : s->from_on,
                              s->to_on > m->to_day ? m->to_day : s->to_on};
    }
    if (meals.count > 1)
        qsort(meals.items, meals.count, sizeof(struct meal), by_person);
    return meals;
}

struct food {
    int64_t persons, over, days_over;
    uint32_t last_person, last_over;
};

/* Days of one person in one episode, each once. */
static void add_episode(struct food *food, uint32_t person, int64_t days)
{
    if (person != food->last_person) {
        food->persons++;
        food->last_person = person;
    }
    if (days <= FOOD_DAYS)
        return;
    food->over += food->last_over != person;
    food->last_over = person;
    food->days_over += days - FOOD_DAYS;
}

static struct food count_food(const struct facts *m)
{
    struct pool meals = meals_of(m);
    struct food food = {.last_person = NOTHING, .last_over = NOTHING};
    const struct meal *all = meals.items;
    for (uint32_t i = 0; i < meals.count;) {
        int64_t days = 0;
        int32_t after = INT32_MIN;
        uint32_t first = i;
        for (; i < meals.count && all[i].person == all[first].person &&
               all[i].episode == all[first].episode;
             i++) {
            int32_t from = all[i].from > after ? all[i].from : after;
            if (all[i].to >= from) {
                days += all[i].to - from + 1;
                after = all[i].to + 1;
            }
        }
        add_episode(&food, all[first].person, days);
    }
    return food;
}

static void print_food(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"persons", "ORANG DIBERI MAKAN", "PERSONS FED"},
        {"over", "LEBIH DARI 7 HARI", "OVER 7 DAYS"},
        {"days_over", "HARI DI ATAS 7", "DAYS BEYOND 7"},
    };
    struct food food = count_food(m);
    struct section *section = OUTPUT_SECTION(out, "food", "Permakanan", "Food", columns, 0);
    struct row *row = output_row(out, section);
    put_count(row, food.persons);
    put_count(row, food.over);
    if (food.over)
        put_days(row, food.days_over * 10, food.over);
    else
        put_open(row, 0);
}

enum sg_err report_spm(struct facts *m, struct output *out, struct sg_why *why)
{
    struct subject *subjects = SG_NEW_ARRAY(m->arena, struct subject, m->persons.count + 1);
    if (!subjects)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    take_assessments(m, subjects);
    take_services(m, subjects);
    print_indicator(m, out, subjects);
    print_services(m, out, subjects);
    print_food(m, out);
    return SG_OK;
}
