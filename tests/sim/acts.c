#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

uint64_t below(struct acts *a, uint64_t limit)
{
    return prng_below(&a->prng, limit);
}

bool one_in(struct acts *a, uint64_t n)
{
    return below(a, n) == 0;
}

/* ---- values ---- */

char *act_text(struct acts *a, const char *from)
{
    char *copy = sg_arena_text(a->arena, sg_bytes_of(from));
    SG_CHECK(copy);
    return copy;
}

ProtobufCBinaryData act_id(struct acts *a, const struct sg_id *id)
{
    uint8_t *copy = sg_arena_copy(a->arena, id->b, sizeof id->b);
    SG_CHECK(copy);
    return (ProtobufCBinaryData){sizeof id->b, copy};
}

struct sg_id act_new_id(struct acts *a)
{
    uint8_t hash[16];
    prng_fill(&a->prng, hash, sizeof hash);
    return sg_id_mint(a->now_ms, hash);
}

PbDate *act_date(struct acts *a, int32_t day_no)
{
    PbDate *d = SG_NEW(a->arena, PbDate);
    SG_CHECK(d);
    pb_date__init(d);
    d->has_year = d->has_month = d->has_day = true;
    sg_day_split(day_no, &d->year, &d->month, &d->day);
    return d;
}

Google__Protobuf__Timestamp *act_time(struct acts *a, int64_t ms)
{
    Google__Protobuf__Timestamp *t = SG_NEW(a->arena, Google__Protobuf__Timestamp);
    SG_CHECK(t);
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

int32_t act_today(const struct acts *a)
{
    return sg_day_at(a->now_ms);
}

const char *act_agency(struct acts *a)
{
    return a->roster->agencies[below(a, a->roster->agency_count)].id;
}

const char *act_agency_with(struct acts *a, PbCapability capability)
{
    for (;;) {
        const struct sg_agency *agency = &a->roster->agencies[below(a, a->roster->agency_count)];
        if (agency->capabilities & SG_CAP(capability))
            return agency->id;
    }
}

PbEnvelope *act_envelope(struct acts *a, const char *type, const char *publisher)
{
    PbEnvelope *e = SG_NEW(a->arena, PbEnvelope);
    SG_CHECK(e);
    pb_envelope__init(e);
    e->type = act_text(a, type);
    e->has_schema_minor = e->has_time_quality = true;
    e->publisher_agency = act_text(a, one_in(a, 25) ? act_agency(a) : publisher);
    e->actor_ref = act_text(a, "uji-1");
    e->occurred_at = act_time(a, a->now_ms - 10 * 60000);
    e->recorded_at = act_time(a, a->now_ms - 60000);
    e->time_quality = PB_TIME_QUALITY_EXACT;
    return e;
}

void act_personal(PbEnvelope *e, PbLegalBasis basis)
{
    e->has_legal_basis = true;
    e->legal_basis = basis;
}

void *act_pick(struct acts *a, const struct pile *pile, size_t newest,
               bool (*fits)(const struct acts *a, const void *object))
{
    enum { TRIES = 24 };
    size_t from = pile->count > newest ? pile->count - newest : 0;
    if (!pile->count)
        return NULL;
    bool any = one_in(a, 30);
    for (int i = 0; i < TRIES; i++) {
        void *object = pile->all[from + below(a, pile->count - from)];
        if (any || fits(a, object))
            return object;
    }
    return NULL;
}

bool act_is_waited_for(const struct acts *a, const struct sg_id *id)
{
    for (size_t i = 0; i < a->model->parked_count; i++)
        if (sg_id_equal(&a->model->parked[i].object_id, id))
            return true;
    return false;
}

/* ---- people ---- */

/* Of every ten people one is a child, and one is hardly grown up. */
int act_birth_year(unsigned k)
{
    return k % 10 == 9   ? 2010 + (int)(k / 10 % 4)
           : k % 10 == 4 ? 2006 + (int)(k / 10 % 2)
                         : 1950 + (int)k;
}

void act_about(struct acts *a, PbPersonIdentity *p, unsigned k)
{
    static const char *const homes[] = {"14.71.08.1009", "14.71.10", "13.71", "14.71.08"};
    bool female = k & 1;
    int year = act_birth_year(k);
    static const char *const names[] = {"Rosmawati", "Syafril", "Nurhayati", "Hendra", "Yulia",
                                        "Zulkifli",  "Mariani", "Darwis",    "Fitri",  "Yusuf"};
    static const char *const families[] = {"Santoso",   "Koto",    "Siregar",
                                           "Wulandari", "Pratama", "Hutabarat"};
    p->full_name = sg_arena_format(a->arena, "%s %s", names[k % 10], families[k / 10 % 6]);
    p->name_quality = PB_NAME_QUALITY_FULL;
    p->sex = one_in(a, 15) ? PB_SEX_UNKNOWN : female ? PB_SEX_FEMALE : PB_SEX_MALE;
    if (one_in(a, 40)) /* somebody errs, or another person */
        p->sex = female ? PB_SEX_MALE : PB_SEX_FEMALE;
    if (!one_in(a, 6))
        p->domicile_region = act_text(a, homes[one_in(a, 8) ? below(a, 4) : k % 4]);
    if (k >= ACTS_WITH_NIK) { /* the more is known, the more two of them are alike */
        if (one_in(a, 4))
            p->alias = sg_arena_format(a->arena, "Jek%u", k);
        if (one_in(a, 4))
            p->mother_name = sg_arena_format(a->arena, "Ibu %s", names[(k + 3) % 10]);
        if (one_in(a, 5))
            p->phone = sg_arena_format(a->arena, "+62812345678%02u", k);
    }
    p->nik_status = PB_NIK_STATUS_NONE;
    p->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
    if (k < ACTS_WITH_NIK) {
        p->nik = sg_arena_format(a->arena, "147199%02d%02d%02d%04d",
                                 (int)(k % 28) + 1 + (female ? 40 : 0), (int)(k % 12) + 1,
                                 year % 100, (int)k + 1);
        p->nik_status = PB_NIK_STATUS_STATED;
    }
    if (one_in(a, 4)) {
        p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
        p->has_estimated_age = true;
        p->estimated_age = (uint32_t)(2026 - year) + (uint32_t)below(a, 4);
    } else if (!one_in(a, 10)) {
        p->birth_quality = PB_BIRTH_QUALITY_EXACT;
        p->birth_date = act_date(a, sg_day_of(year, (int32_t)(k % 12) + 1, (int32_t)(k % 28) + 1));
    }
}

PbPersonIdentity *act_person(struct acts *a, unsigned k)
{
    PbPersonIdentity *p = SG_NEW(a->arena, PbPersonIdentity);
    SG_CHECK(p);
    pb_person_identity__init(p);
    p->has_name_quality = p->has_sex = p->has_birth_quality = p->has_nik_status = true;
    act_about(a, p, k);
    return p;
}

/* What is said of a person when an age comes to light: a child's, or a grown-up's. */
PbPersonIdentity *act_age(struct acts *a, bool child)
{
    PbPersonIdentity *p = act_person(a, child ? 9 : 0);
    p->sex = PB_SEX_UNKNOWN;
    p->domicile_region = NULL;
    p->nik = NULL;
    p->nik_status = PB_NIK_STATUS_NONE;
    p->has_estimated_age = false;
    p->birth_quality = PB_BIRTH_QUALITY_PARTIAL;
    p->birth_date = act_date(a, sg_day_of(child ? 2012 : 1980, 3, 1));
    p->birth_date->day = 0;
    return p;
}

/* ---- a history ---- */

void acts_init(struct acts *acts, uint64_t seed, struct model *model,
               const struct sg_roster *roster, struct sg_arena *arena)
{
    *acts = (struct acts){.prng = {seed}, .model = model, .roster = roster, .arena = arena};
    sample_init(&acts->sample, seed, 0, 1);
}

/* A clock that is wrong. */
static void spoil_clock(struct acts *a, PbEnvelope *e)
{
    if (one_in(a, 60))
        e->occurred_at->seconds += one_in(a, 2) ? 3600 : -(int64_t)(401 * 86400);
    if (e->recorded_at->seconds < e->occurred_at->seconds)
        e->recorded_at->seconds = e->occurred_at->seconds;
}

PbEnvelope *acts_next(struct acts *a, int64_t now_ms)
{
    static const struct {
        unsigned weight;
        PbEnvelope *(*make)(struct acts *a);
    } acts[] = {{90, act_refer},    {20, act_serve},   {32, act_transfer},  {40, act_acknowledge},
                {95, act_decide},   {22, act_contact}, {65, act_assess},    {40, act_correct},
                {40, act_offer},    {40, act_change},  {5, act_cancel},     {150, act_request},
                {150, act_settle},  {80, act_start},   {50, act_attend},    {70, act_end},
                {22, act_register}, {60, act_issue},   {50, act_check},     {70, act_consent},
                {60, act_deliver},  {40, act_plan},    {90, act_visit},     {14, act_close},
                {14, act_link},     {3, act_derived},  {30, act_ask_rights}};
    PbEnvelope *e = NULL;
    unsigned total = 0;
    a->now_ms = a->sample.now_ms = now_ms;
    for (size_t i = 0; i < SG_ARRAY_LEN(acts); i++)
        total += acts[i].weight;
    while (!e) {
        unsigned pick = (unsigned)below(a, total);
        size_t i = 0;
        while (pick >= acts[i].weight)
            pick -= acts[i++].weight;
        e = acts[i].make(a);
    }
    spoil_clock(a, e);
    return e;
}

void acts_note(struct acts *a, const PbEnvelope *e, const struct sg_id *person_ref)
{
    if (e->referral_submitted && e->referral_submitted->kind == PB_REFERRAL_KIND_INTAKE &&
        a->person >= ACTS_WITH_NIK && !sg_id_is_zero(person_ref) &&
        strcmp(e->publisher_agency, "satpolpp") == 0)
        a->refs[a->person] = *person_ref;
}

int64_t acts_pause_ms(struct prng *prng)
{
    uint64_t how = prng_below(prng, 100);
    if (how < 30)
        return (int64_t)(1 + prng_below(prng, 50)) * 60000;
    if (how < 74)
        return (int64_t)(1 + prng_below(prng, 12)) * SG_HOUR_MS;
    if (how < 97)
        return (int64_t)(20 + prng_below(prng, 40)) * SG_HOUR_MS;
    return (int64_t)(5 + prng_below(prng, 12)) * SG_DAY_MS;
}
