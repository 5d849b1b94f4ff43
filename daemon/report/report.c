#include "report/report_inside.h"

#include "wire/codec.h"
#include "wire/day.h"

#include <stdlib.h>

/* Of address space: pages cost memory once they are used. A third of it is used at most (pass.c):
 * 512 MiB, half of what the service manager gives the daemon. */
#define MODEL_BYTES ((size_t)1536 << 20)
#define OUTPUT_BYTES ((size_t)256 << 20)

static const struct report {
    struct report_name name;
    unsigned kinds;
    report_fn *run;
} reports[] = {
    /* clang-format off */
    {{"spm", "Indikator SPM: gelandangan dan pengemis di luar panti",
      "SPM indicator: homeless people and beggars outside a home"}, FACT_CASES, report_spm},
    {{"target", "Target pelatihan tahunan", "Yearly training target"},
     FACT_CASES | FACT_SEATS, report_target},
    {{"time", "Waktu dari rujukan sampai penempatan", "Time from referral to placement"},
     FACT_CASES | FACT_SEATS, report_time},
    {{"loop", "Rujukan sampai tuntas", "Closed-loop rate of referrals"}, FACT_CASES, report_loop},
    {{"seats", "Kursi pelatihan", "Training seats"}, FACT_CASES | FACT_SEATS, report_seats},
    {{"relapse", "Kembali ke jalan", "Relapse"},
     FACT_CASES | FACT_SEATS | FACT_CARE | FACT_CONTACTS, report_relapse},
    {{"aftercare", "Bimbingan lanjut", "After-care"}, FACT_CARE, report_aftercare},
    {{"equipment", "Peralatan", "Equipment"}, FACT_CASES | FACT_SEATS | FACT_ITEMS,
     report_equipment},
    {{"children", "Anak", "Children"}, FACT_CASES, report_children},
    {{"quality", "Mutu data dan hak subjek data", "Data quality and rights"},
     FACT_CASES | FACT_QUALITY, report_quality},
}; /* clang-format on */

const struct report_name *report_name_at(size_t index)
{
    return index < SG_ARRAY_LEN(reports) ? &reports[index].name : NULL;
}

static const struct report *find(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(reports); i++)
        if (name && strcmp(reports[i].name.name, name) == 0)
            return &reports[i];
    return NULL;
}

const struct report_name *report_known(const char *name)
{
    const struct report *report = find(name);
    return report ? &report->name : NULL;
}

void report_pages_free(struct report_pages **pages)
{
    struct report_pages *p = SG_TAKE(*pages);
    if (p)
        sg_arena_done(&p->arena);
    free(p);
}

/* ---- shared by the reports ---- */

const char *day_text(struct output *out, int32_t day)
{
    int32_t year, month, day_of_month;
    if (day == DAY_NONE)
        return "";
    sg_day_split(day, &year, &month, &day_of_month);
    return sg_arena_format(out->arena, "%04d-%02d-%02d", year, month, day_of_month);
}

const char *enum_text(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *at = protobuf_c_enum_descriptor_get_value(descriptor, value);
    return at ? at->name : "-";
}

void put_days_of(struct row *row, struct numbers *numbers)
{
    int64_t n = numbers->values.count;
    numbers_sort(numbers);
    put_count(row, n);
    put_days(row, numbers_median(numbers), n);
    put_days(row, numbers_percentile(numbers, 90), n);
    put_days(row, numbers_max(numbers), n);
}

int64_t day_tenths(int64_t ms_tenths)
{
    return (ms_tenths + SG_DAY_MS / 2) / SG_DAY_MS;
}

/* ---- a run ---- */

static void set_period(struct facts *m)
{
    const struct report_request *r = m->request;
    m->at_ms = r->now_ms > m->pass->last_ms ? r->now_ms : m->pass->last_ms;
    m->at_day = sg_day_at(m->at_ms);
    int32_t year, month, day;
    sg_day_split(m->at_day, &year, &month, &day);
    m->from_day = r->has_period ? r->from_day : sg_day_of(year, 1, 1);
    m->to_day = r->has_period ? r->to_day : sg_day_of(year, 12, 31);
    m->end_day = m->to_day < m->at_day ? m->to_day : m->at_day;
}

static PbDate date_of(int32_t day_no)
{
    PbDate date = PB_DATE__INIT;
    date.has_year = date.has_month = date.has_day = true;
    sg_day_split(day_no, &date.year, &date.month, &date.day);
    return date;
}

static enum sg_err encode(const struct facts *m, const struct report *report,
                          const struct output *out, struct report_pages *pages, struct sg_why *why)
{
    PbReportHead head = PB_REPORT_HEAD__INIT;
    PbDate from = date_of(m->from_day), to = date_of(m->to_day);
    struct report_name name = report->name;
    union {
        const char *from;
        char *to;
    } texts[] = {{.from = name.name}, {.from = name.title_id}, {.from = name.title_en}};
    head.name = texts[0].to;
    head.title_id = texts[1].to;
    head.title_en = texts[2].to;
    head.from = &from;
    head.to = &to;
    head.has_as_of = head.has_at_ms = head.has_hides = true;
    head.as_of = m->pass->as_of;
    head.at_ms = m->at_ms;
    head.hides = !m->request->sees_all;
    return output_encode(out, &head, pages, why);
}

static enum sg_err fold(struct facts *m, const struct report *report, struct sg_why *why)
{
    bool wanted[WANTED_MAX] = {false};
    m->kinds = report->kinds;
    if (m->request->steward[0])
        m->steward = facts_agency(m, m->request->steward);
    enum sg_err err = pass_prepare(m->pass, why);
    if (err)
        return err;
    set_period(m);
    facts_wants(report->kinds, wanted);
    return pass_run(m->pass, wanted, facts_take, m, why);
}

static enum sg_err run(struct facts *m, const struct report *report, struct report_pages *pages,
                       struct sg_why *why)
{
    struct output *out = SG_NEW(&pages->arena, struct output);
    if (!out)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    out->arena = &pages->arena;
    enum sg_err err = fold(m, report, why);
    if (!err)
        err = report->run(m, out, why);
    if (!err && !m->request->sees_all)
        output_mask(out);
    if (!err && pages->arena.spent)
        err = sg_fail(why, SG_E_LIMIT, "report: too long");
    return err ? err : encode(m, report, out, pages, why);
}

enum sg_err report_run(struct env *env, const struct report_request *request,
                       const atomic_bool *stop, struct report_pages **out_pages, struct sg_why *why)
{
    const struct report *report = find(request->name);
    if (!report)
        return sg_fail(why, SG_E_NOT_FOUND, "there is no such report");
    SG_AUTO(report_pages_free) struct report_pages *pages = calloc(1, sizeof *pages);
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    if (!pages)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    struct pass pass = {.env = env, .stop = stop, .arena = &arena, .as_of = request->as_of};
    struct facts m = {.request = request, .pass = &pass, .arena = &arena, .steward = NOTHING};
    enum sg_err err = sg_arena_init(&pages->arena, OUTPUT_BYTES, why);
    if (!err)
        err = sg_arena_init(&arena, MODEL_BYTES, why);
    if (!err)
        err = run(&m, report, pages, why);
    pass_done(&pass);
    if (!err)
        *out_pages = SG_TAKE(pages);
    return err;
}
