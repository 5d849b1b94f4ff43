/* apply_person.c - the fold of persons: their row, and the rows with personal fields. */
#include "ledger/fold.h"

#include "kit/check.h"
#include "ledger/match.h"

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

enum sg_err fold_need_tree(struct fold *f, struct person_tree *out_tree)
{
    enum sg_err err = fold_need_person(f);
    if (err)
        return err;
    *out_tree = (struct person_tree){.count = 1, .ids = {f->person_id}, .rows = {f->person}};
    if (!f->person->has_linked_to && !f->person->n_member_ids)
        return SG_OK;
    err = person_tree_read(f->txn, f->arena, &f->person_id, out_tree, f->why);
    if (!err)
        out_tree->rows[out_tree->asked] = f->person; /* with what this record has changed */
    return err;
}

struct fold fold_of_person(struct fold *f, ProtobufCBinaryData person_id)
{
    struct fold other = *f;
    struct sg_id id = id_of(person_id);
    if (sg_id_equal(&id, &f->person_id))
        return other;
    other.person_id = id;
    other.person = NULL;
    other.person_changed = false;
    return other;
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

/* MINOR and AGE_DOUBT stand in the row of whoever survives, for all who are the same one. */
static enum sg_err set_flags(struct fold *f, bool minor, bool age_doubt)
{
    PbPersonRow *row = f->person;
    struct sg_id root = f->person_id;
    for (int depth = 0; row->has_linked_to; depth++) {
        SG_CHECK(depth < LINK_PERSONS_MAX);
        ProtobufCBinaryData to = row->linked_to;
        root = id_of(to);
        enum sg_err err = fold_get(f, TABLE_PERSONS, to, &pb_person_row__descriptor, &row);
        if (err)
            return err;
    }
    if (row->minor == minor && row->age_doubt == age_doubt)
        return SG_OK;
    row->has_minor = row->has_age_doubt = true;
    row->minor = minor;
    row->age_doubt = age_doubt;
    if (row != f->person)
        return fold_put(f, TABLE_PERSONS, (ProtobufCBinaryData){SG_ID_BYTES, root.b}, row);
    f->person_changed = true;
    return SG_OK;
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
    } else if (effect->n_refs || effect->has_minor || effect->guarded) {
        err = fold_need_person(f);
    }
    if (!err && effect->has_minor)
        err = set_flags(f, effect->minor, effect->age_doubt);
    if (!err && effect->n_refs)
        add_refs(f, effect);
    if (!err && effect->guarded)
        f->person->has_guarded = f->person->guarded = f->person_changed = true;
    return err;
}

/* ---- rows with personal fields ---- */

bool person_statement(const struct sg_event *event, PbIdentityRow *row)
{
    pb_identity_row__init(row);
    row->has_stated_on = true;
    row->stated_on = sg_day_at(event->occurred_ms);
    const PbReferralSubmitted *e01 = event->envelope->referral_submitted;
    const PbStreetContactRecorded *e04 = event->envelope->contact_recorded;
    const PbAssessmentCompleted *e05 = event->envelope->assessment_completed;
    if (e01) {
        row->person = e01->person;
        row->n_urgent_needs = e01->n_urgent_needs;
        row->urgent_needs = e01->urgent_needs;
        row->found_region = e01->found_region;
        row->has_group_ref = e01->has_group_ref;
        row->group_ref = e01->group_ref;
    }
    if (e04) {
        row->person = e04->person;
        row->found_region = e04->found_region;
    }
    if (e05) {
        row->person = e05->person;
        row->has_schooling = e05->has_schooling;
        row->schooling = e05->schooling;
        row->n_health_limits = e05->n_health_limits;
        row->health_limits = e05->health_limits;
    }
    return row->person || row->n_urgent_needs || row->has_schooling || row->n_health_limits;
}

/* Does another statement of the person hold this NIK? */
static enum sg_err nik_stated(struct txn *txn, const struct sg_id *person_id, const char *nik,
                              struct sg_arena *arena, bool *out_stated, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    *out_stated = false;
    enum sg_err err = cursor_under(&cursor, txn, TABLE_IDENTITIES, key_id(&prefix, person_id), why);
    while (!err && !*out_stated && cursor.key.ptr) {
        PbIdentityRow *row = NULL;
        err = sg_decode_row(&pb_identity_row__descriptor, cursor.value, arena, &row, why);
        if (err)
            break;
        *out_stated = row->person && row->person->nik && strcmp(row->person->nik, nik) == 0;
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* The NIK goes, unless another statement of the person holds it. */
static enum sg_err drop_nik(struct txn *txn, const struct sg_broker_key *keys,
                            const struct sg_id *person_id, const char *nik, struct sg_arena *arena,
                            struct sg_why *why)
{
    struct key token = {0};
    struct sg_bytes holder;
    bool stated = false;
    enum sg_err err = nik_stated(txn, person_id, nik, arena, &stated, why);
    if (err || stated)
        return err;
    person_nik_token(keys, nik, &token);
    err = table_get(txn, TABLE_NIK_TOKENS, &token, &holder, NULL);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    bool own = holder.len == SG_ID_BYTES && memcmp(holder.ptr, person_id->b, SG_ID_BYTES) == 0;
    return own ? table_delete(txn, TABLE_NIK_TOKENS, &token, why) : SG_OK;
}

enum sg_err statement_drop(struct txn *txn, const struct sg_broker_key *keys,
                           const struct sg_id *person_id, uint64_t seq, struct sg_arena *arena,
                           struct sg_why *why)
{
    struct key key = {0};
    PbIdentityRow *row = NULL;
    key_u64(key_id(&key, person_id), seq);
    enum sg_err err =
        row_get(txn, TABLE_IDENTITIES, &key, &pb_identity_row__descriptor, arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    err = table_delete(txn, TABLE_IDENTITIES, &key, why);
    if (!err)
        err = match_index(txn, keys, person_id, seq, row, false, why);
    if (err || !row->person || !row->person->nik)
        return err;
    return drop_nik(txn, keys, person_id, row->person->nik, arena, why);
}

enum sg_err statement_put(struct txn *txn, const struct sg_broker_key *keys,
                          const struct sg_id *person_id, uint64_t seq, const PbIdentityRow *row,
                          struct sg_why *why)
{
    struct key key = {0}, token = {0};
    struct sg_bytes known;
    enum sg_err err =
        row_put(txn, TABLE_IDENTITIES, key_u64(key_id(&key, person_id), seq), row, why);
    if (!err)
        err = match_index(txn, keys, person_id, seq, row, true, why);
    if (err || !row->person || !row->person->nik)
        return err;
    person_nik_token(keys, row->person->nik, &token);
    err = table_get(txn, TABLE_NIK_TOKENS, &token, &known, NULL);
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
    struct sg_id person_id = id_of(record->rest->person_id);
    if (record->rest->effect && record->rest->effect->correction)
        return fold_restated(txn, record, event, keys, arena, why);
    if (states_nothing(record) || !record->personal.len || !person_statement(event, &row))
        return SG_OK;
    return statement_put(txn, keys, &person_id, record->seq, &row, why);
}
