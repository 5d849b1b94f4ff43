/* report_target.c - 10.2: persons that began and that completed a course; never seats. */
#include "report/report_inside.h"

enum { GROUP = 1 };
enum by { BY_COURSE, BY_PROVIDER, BY_SEX, BYS };
static const unsigned names_max = 4096; /* of a key of three names */

/* Persons under a key of course, provider or sex; each is counted once. */
struct count {
    struct pairs started, trained;
};

static uint32_t key_of(const struct facts *m, const struct allocation *a, enum by by)
{
    const struct slot *slot = SLOT(m, a->slot);
    if (by == BY_COURSE)
        return slot->course;
    return by == BY_PROVIDER ? slot->owner : (uint32_t)PERSON(m, a->person)->sex;
}

static const char *label_of(const struct facts *m, enum by by, uint32_t key)
{
    static const char *const sexes[] = {"SEX_UNKNOWN", "SEX_FEMALE", "SEX_MALE", "SEX_UNKNOWN"};
    if (by == BY_COURSE)
        return names_text(&m->courses, key);
    if (by == BY_PROVIDER)
        return names_text(&m->agencies, key);
    return key < SG_ARRAY_LEN(sexes) ? sexes[key] : "-";
}

static bool started(const struct facts *m, const struct allocation *a)
{
    return facts_in_period(m, a->started_on);
}

static bool trained(const struct facts *m, const struct allocation *a)
{
    return a->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED && facts_in_period(m, a->ended_on);
}

static void count_by(const struct facts *m, enum by by, struct count *count)
{
    for (EACH(const struct allocation, a, &m->allocations)) {
        if (a->person == NOTHING || a->slot == NOTHING)
            continue;
        uint32_t key = by == BYS ? 0 : key_of(m, a, by);
        if (by == BY_SEX && key == PB_SEX_UNKNOWN)
            key = 0;
        if (started(m, a))
            pairs_add(m->arena, &count->started, key, a->person);
        if (trained(m, a))
            pairs_add(m->arena, &count->trained, key, a->person);
    }
    pairs_sort(&count->started);
    pairs_sort(&count->trained);
}

static void print_total(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"started", "MULAI", "STARTED"},
        {"trained", "TERLATIH", "TRAINED"},
        {"target_min", "TARGET DARI", "TARGET FROM"},
        {"target_max", "SAMPAI", "TO"},
    };
    struct count count = {0};
    count_by(m, BYS, &count);
    struct section *section = OUTPUT_SECTION(out, "persons", "Orang", "Persons", columns, GROUP);
    struct row *row = output_row(out, section);
    put_count(row, pairs_count(&count.started, 0));
    put_count(row, pairs_count(&count.trained, 0));
    put_open(row, m->request->target_min);
    put_open(row, m->request->target_max);
}

static void print_by(const struct facts *m, struct output *out, enum by by, uint32_t keys)
{
    static const struct column columns[BYS][3] = {
        {{"course", "KURSUS", "COURSE"},
         {"started", "MULAI", "STARTED"},
         {"trained", "TERLATIH", "TRAINED"}},
        {{"provider", "PENYELENGGARA", "PROVIDER"},
         {"started", "MULAI", "STARTED"},
         {"trained", "TERLATIH", "TRAINED"}},
        {{"sex", "L/P", "SEX"},
         {"started", "MULAI", "STARTED"},
         {"trained", "TERLATIH", "TRAINED"}},
    };
    static const struct column titles[BYS] = {
        {"courses", "Menurut kursus", "By course"},
        {"providers", "Menurut penyelenggara", "By provider"},
        {"sexes", "Menurut jenis kelamin", "By sex"},
    };
    struct count count = {0};
    count_by(m, by, &count);
    struct section *section = output_section(out, titles[by].name, titles[by].title_id,
                                             titles[by].title_en, columns[by], 3, GROUP);
    for (uint32_t key = 0; key < keys; key++) {
        int64_t a = pairs_count(&count.started, key), b = pairs_count(&count.trained, key);
        if (!a && !b)
            continue;
        struct row *row = output_row(out, section);
        put_text(row, label_of(m, by, key));
        put_count(row, a);
        put_count(row, b);
    }
}

/* All three at once: for whoever may see small cells, since there is hardly another one in it. */
static void print_cross(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"course", "KURSUS", "COURSE"},
        {"provider", "PENYELENGGARA", "PROVIDER"},
        {"sex", "L/P", "SEX"},
        {"started", "MULAI", "STARTED"},
        {"trained", "TERLATIH", "TRAINED"},
    };
    struct count count = {0};
    struct section *section = OUTPUT_SECTION(out, "cross", "Kursus, penyelenggara, jenis kelamin",
                                             "Course, provider, sex", columns, GROUP);
    for (EACH(const struct allocation, a, &m->allocations)) {
        if (a->person == NOTHING || a->slot == NOTHING)
            continue;
        uint32_t sex = key_of(m, a, BY_SEX) % PB_SEX_UNKNOWN;
        uint32_t key =
            (key_of(m, a, BY_COURSE) * names_max + key_of(m, a, BY_PROVIDER)) * PB_SEX_UNKNOWN +
            sex;
        if (started(m, a))
            pairs_add(m->arena, &count.started, key, a->person);
        if (trained(m, a))
            pairs_add(m->arena, &count.trained, key, a->person);
    }
    pairs_sort(&count.started);
    pairs_sort(&count.trained);
    for (uint32_t course = 0; course < m->courses.texts.count; course++)
        for (uint32_t provider = 0; provider < m->agencies.texts.count; provider++)
            for (uint32_t sex = 0; sex < PB_SEX_UNKNOWN; sex++) {
                uint32_t key = (course * names_max + provider) * PB_SEX_UNKNOWN + sex;
                int64_t a = pairs_count(&count.started, key);
                int64_t b = pairs_count(&count.trained, key);
                if (!a && !b)
                    continue;
                struct row *row = output_row(out, section);
                put_text(row, label_of(m, BY_COURSE, course));
                put_text(row, label_of(m, BY_PROVIDER, provider));
                put_text(row, label_of(m, BY_SEX, sex));
                put_count(row, a);
                put_count(row, b);
            }
}

enum sg_err report_target(struct facts *m, struct output *out, struct sg_why *why)
{
    (void)why;
    print_total(m, out);
    print_by(m, out, BY_COURSE, m->courses.texts.count);
    print_by(m, out, BY_PROVIDER, m->agencies.texts.count);
    print_by(m, out, BY_SEX, PB_SEX_UNKNOWN);
    if (m->request->sees_all)
        print_cross(m, out);
    return SG_OK;
}
