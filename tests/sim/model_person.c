/* model_person.c - who a person is: statements in order, field by field; who is meant by an event;
 * minors. Domain 4.5, 9.3. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADULT = 18, DOUBT = 20, NIK_YEARS = 2 };

/* ---- statements ---- */

static bool is_dated(const PbPersonIdentity *p)
{
    return p->birth_date && (p->birth_quality == PB_BIRTH_QUALITY_EXACT ||
                             p->birth_quality == PB_BIRTH_QUALITY_PARTIAL);
}

/* The latest possible day: the youngest that the person may be. */
static int32_t birth_day(const PbDate *d)
{
    int32_t month = d->month ? d->month : 12;
    return sg_day_of(d->year, month, d->day ? d->day : sg_days_in_month(d->year, month));
}

static void read_person(struct m_statement *to, const PbPersonIdentity *p)
{
    to->sex = p->sex == PB_SEX_UNKNOWN ? PB_SEX_UNSPECIFIED : p->sex;
    to->dated = is_dated(p);
    if (to->dated) {
        to->born_on = birth_day(p->birth_date);
        to->born_in = p->birth_date->year;
    }
    to->guessed = p->has_estimated_age;
    to->age = p->estimated_age;
    (void)snprintf(to->home, sizeof to->home, "%s", p->domicile_region ? p->domicile_region : "");
    (void)snprintf(to->nik, sizeof to->nik, "%s", p->nik ? p->nik : "");
}

static struct m_statement *new_statement(struct m_person *p, uint64_t seq)
{
    if (p->statement_count == p->statement_room) {
        p->statement_room = p->statement_room ? p->statement_room * 2 : 8;
        p->statements = realloc(p->statements, p->statement_room * sizeof p->statements[0]);
        SG_CHECK(p->statements);
    }
    struct m_statement *to = &p->statements[p->statement_count++];
    *to = (struct m_statement){.seq = seq};
    return to;
}

static struct m_nik *nik_of(struct model *m, const char *nik)
{
    for (size_t i = 0; i < m->nik_count; i++)
        if (strcmp(m->niks[i].nik, nik) == 0)
            return &m->niks[i];
    return NULL;
}

static void hold_nik(struct model *m, struct m_person *p, const char *nik)
{
    struct m_nik *known = nik_of(m, nik);
    if (!known) {
        SG_CHECK(m->nik_count < SG_ARRAY_LEN(m->niks));
        known = &m->niks[m->nik_count++];
        (void)snprintf(known->nik, sizeof known->nik, "%s", nik);
    }
    if (!known->person)
        known->person = p;
}

void m_state_person(struct model *m, struct m_person *p, uint64_t seq, const PbPersonIdentity *said,
                    PbSchooling schooling)
{
    if (!said && schooling == PB_SCHOOLING_UNSPECIFIED)
        return;
    struct m_statement *to = new_statement(p, seq);
    to->schooling = schooling;
    if (said)
        read_person(to, said);
    if (to->nik[0])
        hold_nik(m, p, to->nik);
}

/* What an event said is gone; its NIK too, unless it was said in another one. */
void m_unstate_person(struct model *m, struct m_person *p, uint64_t seq)
{
    size_t at = 0;
    while (at < p->statement_count && p->statements[at].seq != seq)
        at++;
    if (at == p->statement_count)
        return;
    struct m_statement gone = p->statements[at];
    memmove(&p->statements[at], &p->statements[at + 1],
            (--p->statement_count - at) * sizeof p->statements[0]);
    for (size_t i = 0; i < p->statement_count; i++)
        if (strcmp(p->statements[i].nik, gone.nik) == 0)
            return;
    struct m_nik *known = gone.nik[0] ? nik_of(m, gone.nik) : NULL;
    if (known && known->person == p)
        known->person = NULL;
}

void m_nik_said(const struct m_person *p, uint64_t seq, char out[20])
{
    for (size_t i = 0; i < p->statement_count; i++)
        if (p->statements[i].seq == seq)
            (void)snprintf(out, 20, "%s", p->statements[i].nik);
}

/* A correction says that there is a NIK, and not which: it is the one that was said. */
void m_keep_nik(struct model *m, struct m_person *p, uint64_t seq, const char *nik)
{
    for (size_t i = 0; i < p->statement_count; i++)
        if (p->statements[i].seq == seq)
            (void)snprintf(p->statements[i].nik, sizeof p->statements[i].nik, "%s", nik);
    hold_nik(m, p, nik);
}

/* ---- what is known ---- */

/* The later statement of a field counts. */
static void add_statement(struct m_identity *to, const struct m_statement *s)
{
    if (s->sex && s->seq >= to->sex_seq) {
        to->sex = s->sex;
        to->sex_seq = s->seq;
    }
    if (s->dated && s->seq >= to->birth_seq) {
        to->dated = true;
        to->born_on = s->born_on;
        to->born_in = s->born_in;
        to->birth_seq = s->seq;
    }
    if (s->guessed && s->seq >= to->age_seq) {
        to->guessed = true;
        to->age = s->age;
        to->age_seq = s->seq;
    }
    if (s->home[0] && s->seq >= to->home_seq) {
        to->home = s->home;
        to->home_seq = s->seq;
    }
    if (s->schooling && s->seq >= to->schooling_seq) {
        to->schooling = s->schooling;
        to->schooling_seq = s->seq;
    }
}

struct m_identity m_identity_of(struct m_person *p)
{
    struct m_identity to = {.home = NULL};
    for (size_t k = 0; k < m_count(p); k++) {
        const struct m_person *q = m_member(p, k);
        for (size_t i = 0; i < q->statement_count; i++)
            add_statement(&to, &q->statements[i]);
    }
    return to;
}

bool m_age_at(const struct m_identity *id, int32_t day, int32_t *out_age)
{
    if (id->dated)
        *out_age = sg_years_between(id->born_on, day);
    else
        *out_age = (int32_t)id->age;
    return id->dated || id->guessed;
}

/* ---- minors ---- */

bool m_is_minor(const struct m_identity *id, int32_t day, bool *out_doubt)
{
    int32_t age;
    bool known = m_age_at(id, day, &age);
    *out_doubt = known && !id->dated && age >= ADULT && age <= DOUBT;
    return known && age < ADULT;
}

/* After a statement of E01 or E04: is the person known to be under age now? */
void m_person_stated(struct model *m, const struct m_event *ev, struct m_person *p,
                     const PbPersonIdentity *said)
{
    m_state_person(m, p, ev->record->seq, said, PB_SCHOOLING_UNSPECIFIED);
    if (!said)
        return;
    struct m_identity id = m_identity_of(p);
    bool doubt;
    bool minor = m_is_minor(&id, sg_day_at(sg_ms_of(ev->e->occurred_at)), &doubt);
    m_set_minor(m, p, minor, doubt);
}

/* ---- who is meant ---- */

static struct m_person *by_nik(struct model *m, const PbPersonIdentity *said)
{
    const struct m_nik *known = nik_of(m, said->nik);
    if (!known || !known->person)
        return NULL;
    struct m_identity id = m_identity_of(known->person);
    if (said->sex != PB_SEX_UNKNOWN && id.sex && said->sex != id.sex)
        return NULL;
    if (is_dated(said) && id.dated && abs(said->birth_date->year - id.born_in) > NIK_YEARS)
        return NULL;
    return m_root(known->person);
}

static struct m_person *meant(struct model *m, const struct m_event *ev,
                              const PbPersonIdentity *said)
{
    if (ev->e->has_person_ref) {
        struct sg_id ref = id_of(ev->e->person_ref);
        const struct m_ref *known = pile_find(&m->refs, &ref);
        return known && known->agency == ev->agency ? m_root(known->person) : NULL;
    }
    return said && said->nik ? by_nik(m, said) : NULL;
}

static void note_refs(struct model *m, PbPersonRefGrant *const *refs, size_t count,
                      struct m_person *p)
{
    for (size_t i = 0; i < count; i++) {
        struct sg_id id = id_of(refs[i]->person_ref);
        M_EXPECT(m, !pile_find(&m->refs, &id), "a pseudonym is given twice", &p->id);
        struct m_ref *ref = pile_add(&m->refs, &id, sizeof *ref);
        ref->person = p;
        ref->agency = m_agency(m, refs[i]->agency);
    }
}

static void note_some(struct model *m, ProtobufCBinaryData person, PbPersonRefGrant *const *refs,
                      size_t count)
{
    struct sg_id id = id_of(person);
    struct m_person *p = count ? pile_find(&m->persons, &id) : NULL;
    M_EXPECT(m, p || !count, "a pseudonym of nobody", &id);
    if (p)
        note_refs(m, refs, count, p);
}

/* Of any record that gives agencies pseudonyms of a person that is there. */
void m_note_refs(struct model *m, const struct record *record)
{
    const PbEffect *effect = record->rest->effect;
    if (effect && effect->person)
        note_some(m, effect->person->person_id, effect->person->refs, effect->person->n_refs);
    const PbSuspicionEffect *pair = effect ? effect->suspicion : NULL;
    if (pair) {
        note_some(m, pair->person_a, pair->refs_a, pair->n_refs_a);
        note_some(m, pair->person_b, pair->refs_b, pair->n_refs_b);
    }
}

/* E01 INTAKE, E04: by reference, by NIK if sex and birth agree, else a new person. */
struct m_person *m_meant_person(struct model *m, const struct m_event *ev,
                                const PbPersonIdentity *said)
{
    struct sg_id id = id_of(ev->record->rest->person_id);
    struct m_person *p = meant(m, ev, said);
    bool created = ev->effect->person && ev->effect->person->created;
    M_EXPECT(m, !ev->e->has_person_ref || p, "a pseudonym that nobody was given", &id);
    M_EXPECT(m, created == !p && created == !pile_find(&m->persons, &id),
             "somebody else is meant, or a new person", &id);
    struct m_person *named = pile_find(&m->persons, &id);
    M_EXPECT(m, !p || (named && m_root(named) == m_root(p)), "another person is meant", &id);
    if (!p)
        p = pile_add(&m->persons, &id, sizeof *p);
    return p;
}
