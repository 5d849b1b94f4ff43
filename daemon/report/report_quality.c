/* report_quality.c - 10.10: identities, suspicions, lateness, and the rights of those described. */
#include "report/report_inside.h"

#include "wire/day.h"

#define ANSWER_MS (3 * SG_DAY_MS)

static void print_identities(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"nik_status", "STATUS NIK", "NIK STATUS"},
        {"intake", "SAAT DITERIMA", "AT INTAKE"},
        {"now", "SEKARANG", "NOW"},
    };
    enum { STATUSES = PB_NIK_STATUS_REFUSED + 1 };
    int64_t intake[STATUSES] = {0}, now[STATUSES] = {0};
    for (EACH(const struct person, p, &m->persons))
        if (facts_in_period(m, p->intake_on)) {
            intake[p->nik_first]++;
            now[p->nik_now]++;
        }
    struct section *section = OUTPUT_SECTION(out, "identities", "Orang menurut status NIK",
                                             "Persons by NIK status", columns, 1);
    int64_t all = 0;
    for (int s = 0; s < STATUSES; s++) {
        all += intake[s];
        if (!s && !intake[s] && !now[s])
            continue;
        struct row *row = output_row(out, section);
        if (s)
            put_text(row, enum_text(&pb_nik_status__descriptor, s));
        else
            put_words(row, "tidak disebut", "not stated");
        put_count(row, intake[s]);
        put_count(row, now[s]);
    }
    struct row *row = output_total(out, section);
    put_words(row, "Jumlah", "Total");
    put_count(row, all);
    put_count(row, all);
}

static void print_suspicions(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"raised", "DUGAAN GANDA", "SUSPICIONS RAISED"},   {"decided", "DIPUTUSKAN", "DECIDED"},
        {"median_days", "MEDIAN (HARI)", "MEDIAN (DAYS)"}, {"links", "DIGABUNGKAN", "LINKS"},
        {"different", "DINYATAKAN BERBEDA", "DIFFERENT"},  {"unlinks", "DIPISAHKAN", "UN-LINKS"},
    };
    struct numbers ages = {0};
    int64_t raised = 0, decisions[4] = {0};
    for (EACH(const struct suspicion, s, &m->suspicions))
        if (facts_in_period(m, sg_day_at(s->raised_ms))) {
            raised++;
            if (s->decided_ms)
                numbers_add(m->arena, &ages, s->decided_ms - s->raised_ms);
        }
    for (EACH(const struct link, l, &m->links))
        if (facts_in_period(m, l->on))
            decisions[l->decision & 3]++;
    numbers_sort(&ages);
    struct section *section = OUTPUT_SECTION(out, "suspicions", "Dugaan ganda dan penggabungan",
                                             "Suspicions and links", columns, 2);
    struct row *row = output_row(out, section);
    put_count(row, raised);
    put_count(row, ages.values.count);
    put_days(row, day_tenths(numbers_median(&ages)), ages.values.count);
    put_count(row, decisions[PB_PERSON_LINK_DECIDED__DECISION_SAME]);
    put_count(row, decisions[PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT]);
    put_count(row, decisions[PB_PERSON_LINK_DECIDED__DECISION_UNLINK]);
}

static void print_agencies(struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"agency", "DINAS", "AGENCY"},
        {"events", "PERISTIWA", "EVENTS"},
        {"late", "TERLAMBAT > 72 JAM", "LATE > 72 H"},
        {"late_pct", "%", "%"},
        {"gaps", "NOMOR TANPA PERISTIWA", "NUMBERS WITHOUT EVENT"},
        {"personal", "CATATAN PRIBADI DITERIMA", "PERSONAL RECORDS RECEIVED"},
    };
    struct section *section =
        OUTPUT_SECTION(out, "agencies", "Menurut dinas", "By agency", columns, 0);
    uint32_t count = m->agencies.texts.count;
    for (uint32_t agency = 0; agency < count; agency++) {
        const struct traffic t = *facts_traffic(m, agency);
        int64_t gaps = 0;
        for (EACH(const struct outbox, o, &m->outboxes))
            gaps += o->agency == agency ? (int64_t)(o->last_number - o->records) : 0;
        if (!t.events && !t.personal && !gaps)
            continue;
        struct row *row = output_row(out, section);
        put_text(row, names_text(&m->agencies, agency));
        put_open(row, (int64_t)t.events);
        put_open(row, (int64_t)t.late);
        put_percent(row, (int64_t)t.late, (int64_t)t.events, -1, -1);
        put_open(row, gaps);
        put_open(row, (int64_t)t.personal);
    }
}

static void print_requests(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"kind", "PERMOHONAN", "REQUEST"},
        {"received", "DITERIMA", "RECEIVED"},
        {"met", "DIJAWAB DALAM 3x24 JAM", "MET IN 3x24 H"},
        {"met_pct", "%", "%"},
        {"open", "BELUM DIJAWAB", "NOT ANSWERED"},
    };
    struct section *section = OUTPUT_SECTION(out, "requests", "Permohonan hak subjek data",
                                             "Requests of data subjects", columns, 3);
    for (int kind = 1; kind <= PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_UNRESTRICT; kind++) {
        int64_t received = 0, met = 0, open = 0;
        for (EACH(const struct request, r, &m->requests)) {
            if ((int)r->kind != kind || !r->received_ms || !facts_in_period(m, r->received_on))
                continue;
            received++;
            met += r->answered_ms && r->answered_ms <= r->received_ms + ANSWER_MS;
            open += !r->answered_ms;
        }
        struct row *row = output_row(out, section);
        put_text(row, enum_text(&pb_data_subject_request_recorded__kind__descriptor, kind));
        put_count(row, received);
        put_count(row, met);
        put_percent(row, met, received, 2, 1);
        put_count(row, open);
    }
}

enum sg_err report_quality(struct facts *m, struct output *out, struct sg_why *why)
{
    (void)why;
    print_identities(m, out);
    print_suspicions(m, out);
    print_agencies(m, out);
    print_requests(m, out);
    return SG_OK;
}
