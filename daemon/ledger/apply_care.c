/* apply_care.c - the fold of what a person agrees to and asks for, and of mentoring. */
#include "ledger/fold.h"
#include "ledger/mentoring.h"

/* ---- consents ---- */

static PbConsentOfPerson *said_of(struct fold *f, PbConsentRecorded__Scope scope)
{
    PbPersonRow *person = f->person;
    for (size_t i = 0; i < person->n_consents; i++)
        if (person->consents[i]->scope == scope)
            return person->consents[i];
    PbConsentOfPerson *added = fold_room(f, sizeof *added);
    pb_consent_of_person__init(added);
    added->has_scope = true;
    added->scope = scope;
    person->consents =
        fold_grown(f, person->consents, person->n_consents, sizeof *person->consents);
    person->consents[person->n_consents++] = added;
    return added;
}

enum sg_err fold_consent(struct fold *f)
{
    const PbConsentEffect *e = f->effect->consent;
    enum sg_err err = e ? fold_need_person(f) : SG_OK;
    if (err || !e)
        return err;
    for (size_t i = 0; i < e->n_scopes; i++) {
        PbConsentOfPerson *said = said_of(f, e->scopes[i]);
        said->has_given = said->has_seq = true;
        said->given = e->given;
        said->has_valid_until = e->has_valid_until;
        said->valid_until = e->valid_until;
        said->seq = f->record->seq;
    }
    f->person_changed = true;
    return SG_OK;
}

/* ---- plans and visits ---- */

static enum sg_err begin_plan(struct fold *f, const PbPlanEffect *e)
{
    PbCaseRow *c = NULL;
    e->row->object = fold_object_row(f);
    enum sg_err err = fold_get(f, TABLE_CASES, e->row->case_id, &pb_case_row__descriptor, &c);
    if (err)
        return err;
    c->has_plan_id = true;
    c->plan_id = e->plan_id;
    if (!c->has_mentored_from) {
        c->has_mentored_from = true;
        c->mentored_from = e->row->starts_on;
    }
    return fold_put(f, TABLE_CASES, e->row->case_id, c);
}

enum sg_err fold_plans(struct fold *f)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < f->effect->n_plans; i++) {
        const PbPlanEffect *e = f->effect->plans[i];
        if (e->created)
            err = begin_plan(f, e);
        if (!err)
            err = fold_put(f, TABLE_PLANS, e->plan_id, e->row);
    }
    return err;
}

enum sg_err fold_visit(struct fold *f)
{
    const PbVisitEffect *e = f->effect->visit;
    struct key key = {0};
    if (!e)
        return SG_OK;
    struct sg_id id = id_of(e->case_id);
    visit_key(&key, &id, e->visited_on, f->record->seq);
    return row_put(f->txn, TABLE_VISITS, &key, e->row, f->why);
}

/* ---- requests of data subjects ---- */

/* Whoever is freed is free by every name. */
static enum sg_err fold_restriction(struct fold *f, bool restricts)
{
    struct person_tree tree;
    enum sg_err err = fold_need_tree(f, &tree);
    if (err)
        return err;
    f->person->has_restricted = f->person_changed = true;
    f->person->restricted = restricts;
    for (size_t i = 0; !err && !restricts && i < tree.count; i++) {
        if (i == tree.asked || !tree.rows[i]->restricted)
            continue;
        tree.rows[i]->restricted = false;
        err = fold_put(f, TABLE_PERSONS, (ProtobufCBinaryData){SG_ID_BYTES, tree.ids[i].b},
                       tree.rows[i]);
    }
    return err;
}

enum sg_err fold_request(struct fold *f)
{
    const PbRequestEffect *e = f->effect->request;
    if (!e)
        return SG_OK;
    if (e->restricts || e->frees) {
        enum sg_err err = fold_restriction(f, e->restricts);
        if (err)
            return err;
    }
    return fold_put(f, TABLE_REQUESTS, e->request_id, e->row);
}
