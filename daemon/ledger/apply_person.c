/* apply_person.c - the fold of persons: their row, and the rows with personal fields. */
#include "ledger/fold.h"

/* ---- person ---- */

enum sg_err fold_need_person(struct fold *f)
{
    struct key key = {0};
    if (f->person)
        return SG_OK;
    enum sg_err err = row_get(f->txn, TABLE_PERSONS, key_id(&key, &f->person_id),
                              &pb_person_row__descriptor, f->arena, &f->person, f->why);
    return err == SG_E_NOT_FOUND ? sg_fail(f->why, SG_E_STORE, "an effect names no person") : err;
}

static void add_refs(struct fold *f, const PbPersonEffect *effect)
{
    PbPersonRow *row = f->person;
    PbPersonRefGrant **refs = fold_room(f, (row->n_refs + effect->n_refs) * sizeof *refs);
    if (row->n_refs)
        memcpy(refs, row->refs, row->n_refs * sizeof *refs);
    memcpy(refs + row->n_refs, effect->refs, effect->n_refs * sizeof *refs);
    row->refs = refs;
    row->n_refs += effect->n_refs;
    f->person_changed = true;
}

enum sg_err fold_person(struct fold *f)
{
    const PbPersonEffect *effect = f->effect->person;
    enum sg_err err = SG_OK;
    if (!effect)
        return SG_OK;
    if (effect->created) {
        f->person = fold_room(f, sizeof *f->person);
        pb_person_row__init(f->person);
        f->person_changed = true;
    } else if (effect->n_refs || effect->has_minor) {
        err = fold_need_person(f);
    }
    if (!err && effect->has_minor &&
        (f->person->minor != effect->minor || f->person->age_doubt != effect->age_doubt)) {
        f->person->has_minor = f->person->has_age_doubt = true;
        f->person->minor = effect->minor;
        f->person->age_doubt = effect->age_doubt;
        f->person_changed = true;
    }
    if (!err && effect->n_refs)
        add_refs(f, effect);
    return err;
}

/* ---- rows with personal fields ---- */

enum sg_err fold_nik(struct txn *txn, const struct sg_id *person_id, const char *nik,
                     const struct sg_broker_key *keys, struct sg_why *why)
{
    struct key token = {0};
    struct sg_bytes known;
    person_nik_token(keys, nik, &token);
    enum sg_err err = table_get(txn, TABLE_NIK_TOKENS, &token, &known, NULL);
    return err == SG_E_NOT_FOUND
               ? table_put(txn, TABLE_NIK_TOKENS, &token, sg_id_bytes(person_id), why)
               : err;
}

static bool states_nothing(const struct record *record)
{
    const PbRecordRest *rest = record->rest;
    bool refused = rest->effect && rest->effect->park && rest->effect->park->code;
    return rest->kind == PB_RECORD_KIND_DERIVED || rest->kind == PB_RECORD_KIND_PARKED || refused ||
           !rest->has_person_id;
}

enum sg_err ledger_apply_personal(struct txn *txn, const struct record *record,
                                  const struct sg_event *event, const struct sg_broker_key *keys,
                                  struct sg_arena *arena, struct sg_why *why)
{
    PbIdentityRow row;
    struct key key = {0};
    struct sg_id person_id = id_of(record->rest->person_id);
    if (record->rest->effect && record->rest->effect->correction)
        return fold_restated(txn, record, event, keys, arena, why);
    if (states_nothing(record) || !record->personal.len || !person_statement(event->envelope, &row))
        return SG_OK;
    enum sg_err err =
        row_put(txn, TABLE_IDENTITIES, key_u64(key_id(&key, &person_id), record->seq), &row, why);
    if (err || !row.person || !row.person->nik)
        return err;
    return fold_nik(txn, &person_id, row.person->nik, keys, why);
}
