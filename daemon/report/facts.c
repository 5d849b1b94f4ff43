#include "report/facts.h"

#include "wire/day.h"

/* ---- which records are looked at ---- */

static const struct part {
    void (*take)(struct facts *m, const struct fact *f);
    unsigned kind;
    uint8_t types[20]; /* 0 at the end; none: all */
} parts[] = {
    {facts_take_case, FACT_CASES, {101, 102, 103, 104, 105, 107, 111, 121, 122, 124, TYPE_D5}},
    {facts_take_seat, FACT_SEATS, {108, 109, 110, 111, 113, 115, 124, TYPE_D1}},
    {facts_take_item, FACT_ITEMS, {116, 117, 118, 122, 124}},
    {facts_take_care, FACT_CARE, {115, 119, 120, 121, 122, 124, TYPE_D1, TYPE_D5}},
    {facts_take_contact, FACT_CONTACTS, {101, 104}},
    {facts_take_quality, FACT_QUALITY, {0}},
};

void facts_wants(unsigned kinds, bool out_wanted[WANTED_MAX])
{
    for (size_t i = 0; i < SG_ARRAY_LEN(parts); i++) {
        if (!(kinds & parts[i].kind))
            continue;
        for (size_t t = 0; t < WANTED_MAX; t++)
            out_wanted[t] |= parts[i].types[0] == 0;
        for (size_t t = 0; parts[i].types[t]; t++)
            out_wanted[parts[i].types[t]] = true;
    }
}

/* Who a person is, from whatever says so. */
static void take_person(struct facts *m, const struct fact *f)
{
    uint32_t person = f->person && f->states ? facts_fact_person(m, f) : NOTHING;
    if (person == NOTHING)
        return;
    struct person *p = PERSON(m, person);
    if (f->person->has_sex && (f->person->sex != PB_SEX_UNKNOWN || !p->sex))
        p->sex = f->person->sex;
}

void facts_take(void *context, const struct fact *f)
{
    struct facts *m = context;
    take_person(m, f);
    for (size_t i = 0; i < SG_ARRAY_LEN(parts); i++)
        if (m->kinds & parts[i].kind)
            parts[i].take(m, f);
}

/* ---- shared ---- */

bool facts_id(ProtobufCBinaryData data, struct sg_id *out_id)
{
    return sg_id_from((struct sg_bytes){data.data, data.len}, out_id) == SG_OK;
}

int32_t facts_day(const PbDate *date)
{
    return date && date->day && sg_date_valid(date->year, date->month, date->day)
               ? sg_day_of(date->year, date->month, date->day)
               : DAY_NONE;
}

struct traffic *facts_traffic(struct facts *m, uint32_t agency)
{
    while (m->traffic.count < m->agencies.texts.count)
        (void)POOL_ADD(m->arena, &m->traffic, struct traffic);
    return POOL_AT(&m->traffic, struct traffic, agency);
}

uint32_t facts_agency(struct facts *m, const char *id)
{
    return names_add(m->arena, &m->agencies, id);
}

uint32_t facts_person(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    struct sg_id root = pass_person(m->pass, &id);
    uint32_t at = ids_add(m->arena, &m->person_ids, &root);
    if (at == m->persons.count) {
        struct person *p = POOL_ADD(m->arena, &m->persons, struct person);
        p->intake_on = DAY_NONE;
    }
    return at;
}

uint32_t facts_fact_person(struct facts *m, const struct fact *f)
{
    if (f->detached)
        return NOTHING;
    uint32_t person = f->rest->has_person_id ? facts_person(m, f->rest->person_id) : NOTHING;
    if (person == NOTHING && f->person && f->person->has_person_id)
        person = facts_person(m, f->person->person_id);
    return person;
}

uint32_t facts_find(const struct ids *ids, ProtobufCBinaryData data)
{
    struct sg_id id;
    return facts_id(data, &id) ? ids_find(ids, &id) : NOTHING;
}
