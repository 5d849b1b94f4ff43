/* facts_contact.c - who was seen on the street: E04, and E01 of kind INTAKE. */
#include "report/facts.h"

void facts_take_contact(struct facts *m, const struct fact *f)
{
    enum { E01 = 101, E04 = 104 };
    const PbReferralSubmitted *e01 = f->envelope->referral_submitted;
    bool intake = f->type == E01 && e01 && e01->kind == PB_REFERRAL_KIND_INTAKE;
    if (!f->states || (f->type != E04 && !intake))
        return;
    struct contact *c = POOL_ADD(m->arena, &m->contacts, struct contact);
    c->person = facts_fact_person(m, f);
    c->intake = intake;
    c->identified = c->person != NOTHING && f->count->identified;
    c->on = f->occurred_day;
    c->activity = f->count->activity;
}
