/* apply_link.c - the fold of links between persons, and of suspicions that there might be one. */
#include "ledger/fold.h"
#include "ledger/suspicion.h"

#include "kit/check.h"

/* ---- suspicions ---- */

static enum sg_err add_grants(struct fold *f, ProtobufCBinaryData person_id,
                              PbPersonRefGrant **grants, size_t count)
{
    PbPersonRow *row = NULL;
    if (!count)
        return SG_OK;
    enum sg_err err = fold_get(f, TABLE_PERSONS, person_id, &pb_person_row__descriptor, &row);
    for (size_t i = 0; !err && i < count; i++) {
        row->refs = fold_grown(f, row->refs, row->n_refs, sizeof *row->refs);
        row->refs[row->n_refs++] = grants[i];
    }
    return err ? err : fold_put(f, TABLE_PERSONS, person_id, row);
}

static enum sg_err read_suspicion(struct fold *f, const struct key *key, PbSuspicionRow **out_row)
{
    *out_row = NULL;
    enum sg_err err = row_get(f->txn, TABLE_SUSPICIONS, key, &pb_suspicion_row__descriptor,
                              f->arena, out_row, f->why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static enum sg_err close_suspicion(struct fold *f, const PbSuspicionRow *row)
{
    struct key key = {0};
    if (!row || row->has_decision || !row->has_seq)
        return SG_OK;
    return fold_unmark(f, TABLE_SUSPICIONS_OPEN, key_u64(&key, row->seq));
}

static enum sg_err put_suspicion(struct fold *f, const struct key *key, const PbSuspicionRow *row)
{
    struct key other = {0};
    enum sg_err err = row_put(f->txn, TABLE_SUSPICIONS, key, row, f->why);
    key_bytes(&other, (struct sg_bytes){key->b + SG_ID_BYTES, SG_ID_BYTES});
    key_bytes(&other, (struct sg_bytes){key->b, SG_ID_BYTES});
    return err ? err : fold_mark(f, TABLE_SUSPICIONS, &other);
}

enum sg_err fold_suspicion(struct fold *f)
{
    const PbSuspicionEffect *e = f->effect->suspicion;
    PbSuspicionRow *before = NULL, row;
    struct key key, open = {0};
    if (!e)
        return SG_OK;
    enum sg_err err = add_grants(f, e->person_a, e->refs_a, e->n_refs_a);
    if (!err)
        err = add_grants(f, e->person_b, e->refs_b, e->n_refs_b);
    if (err || e->again)
        return err;
    struct sg_id a = id_of(e->person_a), b = id_of(e->person_b);
    suspicion_key(&key, &a, &b);
    err = read_suspicion(f, &key, &before);
    if (!err)
        err = close_suspicion(f, before);
    if (err)
        return err;
    pb_suspicion_row__init(&row);
    row.has_score = row.has_seq = row.has_raised_ms = true;
    row.score = e->score;
    row.n_features = e->n_features;
    row.features = e->features;
    row.seq = f->record->seq;
    bool open_before = before && !before->has_decision && before->has_raised_ms;
    row.raised_ms = open_before ? before->raised_ms : f->record->accepted_ms;
    err = put_suspicion(f, &key, &row);
    return err ? err
               : table_put(f->txn, TABLE_SUSPICIONS_OPEN, key_u64(&open, row.seq), key_borrow(&key),
                           f->why);
}

static enum sg_err decide_pair(struct fold *f, ProtobufCBinaryData one, ProtobufCBinaryData other)
{
    const PbLinkEffect *e = f->effect->link;
    struct sg_id a = id_of(one), b = id_of(other);
    struct key key;
    PbSuspicionRow *row = NULL, fresh;
    suspicion_key(&key, &a, &b);
    enum sg_err err = read_suspicion(f, &key, &row);
    if (!err)
        err = close_suspicion(f, row);
    if (err)
        return err;
    if (!row) {
        pb_suspicion_row__init(&fresh);
        row = &fresh;
    }
    row->has_decision = row->has_decided_seq = row->has_decided_ms = true;
    row->decision = e->decision;
    row->decided_seq = f->record->seq;
    row->decided_ms = f->record->accepted_ms;
    return put_suspicion(f, &key, row);
}

/* ---- links ---- */

static enum sg_err join(struct fold *f, const PbLinkEffect *e)
{
    PbPersonRow *child = NULL, *parent = NULL;
    PbLinkRow row;
    pb_link_row__init(&row);
    enum sg_err err = fold_get(f, TABLE_PERSONS, e->child_id, &pb_person_row__descriptor, &child);
    if (!err)
        err = fold_get(f, TABLE_PERSONS, e->parent_id, &pb_person_row__descriptor, &parent);
    if (err)
        return err;
    SG_CHECK(!child->has_linked_to && !parent->has_linked_to); /* both are roots */
    row.has_link_id = row.has_person_a = row.has_person_b = row.has_parent_id = true;
    row.link_id = e->link_id;
    row.person_a = e->person_a;
    row.person_b = e->person_b;
    row.parent_id = e->parent_id;
    row.has_seq = row.has_linked_ms = row.has_automatic = true;
    row.seq = f->record->seq;
    row.linked_ms = f->record->accepted_ms;
    row.automatic = e->automatic;
    row.n_merged = e->n_merged;
    row.merged = e->merged;
    row.n_minor_case_ids = e->n_minor_case_ids;
    row.minor_case_ids = e->minor_case_ids;
    row.has_minor_before = row.has_doubt_before = true;
    row.has_minor_after = row.has_doubt_after = true;
    row.minor_before = parent->minor;
    row.doubt_before = parent->age_doubt;
    row.minor_after = e->minor;
    row.doubt_after = e->age_doubt;
    child->has_linked_to = true;
    child->linked_to = e->parent_id;
    parent->member_ids =
        fold_grown(f, parent->member_ids, parent->n_member_ids, sizeof *parent->member_ids);
    parent->member_ids[parent->n_member_ids++] = e->child_id;
    parent->has_minor = parent->has_age_doubt = true;
    parent->minor = e->minor;
    parent->age_doubt = e->age_doubt;
    err = fold_put(f, TABLE_PERSONS, e->child_id, child);
    if (!err)
        err = fold_put(f, TABLE_PERSONS, e->parent_id, parent);
    return err ? err : fold_put(f, TABLE_LINKS, e->child_id, &row);
}

static enum sg_err put_flags(struct fold *f, ProtobufCBinaryData id, bool minor, bool age_doubt)
{
    PbPersonRow *row = NULL;
    enum sg_err err = fold_get(f, TABLE_PERSONS, id, &pb_person_row__descriptor, &row);
    if (err)
        return err;
    row->has_minor = row->has_age_doubt = true;
    row->minor = minor;
    row->age_doubt = age_doubt;
    return fold_put(f, TABLE_PERSONS, id, row);
}

static enum sg_err part(struct fold *f, const PbLinkEffect *e)
{
    PbPersonRow *child = NULL, *parent = NULL;
    struct key key = {0};
    struct sg_id child_id = id_of(e->child_id);
    enum sg_err err = fold_get(f, TABLE_PERSONS, e->child_id, &pb_person_row__descriptor, &child);
    if (!err)
        err = fold_get(f, TABLE_PERSONS, e->parent_id, &pb_person_row__descriptor, &parent);
    if (err)
        return err;
    size_t kept = 0;
    for (size_t i = 0; i < parent->n_member_ids; i++) {
        struct sg_id at = id_of(parent->member_ids[i]);
        if (!sg_id_equal(&at, &child_id))
            parent->member_ids[kept++] = parent->member_ids[i];
    }
    SG_CHECK(kept + 1 == parent->n_member_ids);
    parent->n_member_ids = kept;
    child->has_linked_to = false;
    child->has_minor = child->has_age_doubt = true;
    child->minor = e->child_minor;
    child->age_doubt = e->child_age_doubt;
    err = fold_put(f, TABLE_PERSONS, e->child_id, child);
    if (!err)
        err = fold_put(f, TABLE_PERSONS, e->parent_id, parent);
    if (!err)
        err = put_flags(f, e->root_id, e->minor, e->age_doubt);
    return err ? err : table_delete(f->txn, TABLE_LINKS, key_id(&key, &child_id), f->why);
}

static enum sg_err move_referral(struct fold *f, const PbReferralMove *move)
{
    PbReferralRow *row = NULL;
    enum sg_err err =
        fold_get(f, TABLE_REFERRALS, move->referral_id, &pb_referral_row__descriptor, &row);
    if (err)
        return err;
    row->case_id = move->case_id;
    row->version++;
    return fold_put(f, TABLE_REFERRALS, move->referral_id, row);
}

/* Visits stand under the case of their plan. One at a time: a write ends the walk. */
static enum sg_err move_visit(struct fold *f, const PbPlanMove *move, bool *out_moved)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, from = {0}, to = {0};
    struct sg_id from_case = id_of(move->from_case_id), to_case = id_of(move->case_id);
    struct sg_id plan = id_of(move->plan_id);
    *out_moved = false;
    enum sg_err err =
        cursor_under(&cursor, f->txn, TABLE_VISITS, key_id(&prefix, &from_case), f->why);
    while (!err && cursor.key.ptr) {
        PbVisitRow *row = NULL;
        err = sg_decode_row(&pb_visit_row__descriptor, cursor.value, f->arena, &row, f->why);
        struct sg_id of = err ? from_case : id_of(row->plan_id);
        if (err || !sg_id_equal(&of, &plan)) {
            err = err ? err : cursor_next(&cursor, f->why);
            continue;
        }
        struct sg_bytes rest = {cursor.key.ptr + SG_ID_BYTES, cursor.key.len - SG_ID_BYTES};
        key_bytes(key_id(&to, &to_case), rest);
        key_bytes(&from, cursor.key);
        cursor_done(&cursor);
        *out_moved = true;
        err = table_delete(f->txn, TABLE_VISITS, &from, f->why);
        return err ? err : row_put(f->txn, TABLE_VISITS, &to, row, f->why);
    }
    return err;
}

static enum sg_err move_plan(struct fold *f, const PbPlanMove *move)
{
    PbPlanRow *row = NULL;
    bool moved = true;
    enum sg_err err = fold_get(f, TABLE_PLANS, move->plan_id, &pb_plan_row__descriptor, &row);
    if (err)
        return err;
    row->case_id = move->case_id;
    row->version++;
    err = fold_put(f, TABLE_PLANS, move->plan_id, row);
    while (!err && moved)
        err = move_visit(f, move, &moved);
    return err;
}

/* Order of waiting: what the one has lost without fault counts for the other too, as long as they
 * are one. */
static enum sg_err rewrite_waitings(struct fold *f, ProtobufCBinaryData of)
{
    struct fold other = fold_of_person(f, of);
    return fold_rewrite_waitings(&other, NULL, 0);
}

enum sg_err fold_link(struct fold *f)
{
    const PbLinkEffect *e = f->effect->link;
    enum sg_err err = SG_OK;
    if (!e)
        return SG_OK;
    if (e->decision == PB_PERSON_LINK_DECIDED__DECISION_SAME)
        err = join(f, e);
    if (e->decision == PB_PERSON_LINK_DECIDED__DECISION_UNLINK)
        err = part(f, e);
    for (size_t i = 0; !err && i < e->n_referrals; i++)
        err = move_referral(f, e->referrals[i]);
    for (size_t i = 0; !err && i < e->n_plans; i++)
        err = move_plan(f, e->plans[i]);
    for (size_t i = 0; !err && i < e->n_pairs; i++)
        err = decide_pair(f, e->pairs[i]->person_a, e->pairs[i]->person_b);
    if (!err && e->has_child_id)
        err = rewrite_waitings(f, e->parent_id);
    if (!err && e->decision == PB_PERSON_LINK_DECIDED__DECISION_UNLINK)
        err = rewrite_waitings(f, e->child_id);
    return err;
}
