/* query_person.c - what an identity steward asks: who is this, by all names; who may be the same.
 *
 * The NIK is told as its status and its last four digits; distinguishing marks are the case owner's
 * alone, and place and phone of somebody who is protected too (domain 9.4).
 */
#include "ledger/person.h"
#include "ledger/suspicion.h"

#include "kit/check.h"
#include "ledger/casefile.h"

enum { SUSPICIONS_MAX = 64, CASES_MAX = 64, NIK_LEN = 16, NIK_SHOWN = 4 };

struct asking {
    struct ledger_turn *turn;
    const char *agency;
};

/* The reference of this one person, which the agency may not have. */
static bool own_ref(const struct person_tree *tree, size_t i, const char *agency,
                    ProtobufCBinaryData *out_ref)
{
    const PbPersonRow *row = tree->rows[i];
    for (size_t j = 0; j < row->n_refs; j++)
        if (strcmp(row->refs[j]->agency, agency) == 0) {
            *out_ref = row->refs[j]->person_ref;
            return true;
        }
    return false;
}

static size_t index_of(const struct person_tree *tree, ProtobufCBinaryData id)
{
    struct sg_id wanted = id_of(id);
    for (size_t i = 0; i < tree->count; i++)
        if (sg_id_equal(&tree->ids[i], &wanted))
            return i;
    SG_CHECK(false);
    return 0;
}

/* ---- who it is ---- */

static bool owns_open_case(const PbPersonView *view, const char *agency)
{
    for (size_t i = 0; i < view->n_cases; i++)
        if (strcmp(view->cases[i]->owner, agency) == 0 && case_is_open(view->cases[i]->state))
            return true;
    return false;
}

static void show_identity(const struct asking *a, const struct statement *list, size_t count,
                          const PbPersonRow *combined, PbPersonView *view)
{
    struct identity *identity = TAKE(a->turn, struct identity);
    identity_of_statements(list, count, identity);
    PbPersonIdentity *p = &identity->person;
    if (p->nik && strlen(p->nik) == NIK_LEN)
        view->nik_last4 = text_of(a->turn, p->nik + NIK_LEN - NIK_SHOWN);
    p->nik = NULL;
    p->marks = NULL;
    if (combined->guarded && !owns_open_case(view, a->agency))
        p->domicile_region = p->domicile_detail = p->phone = NULL;
    if (identity->known)
        view->person = p;
}

/* ---- links and cases ---- */

static enum sg_err show_links(const struct asking *a, const struct person_tree *tree,
                              PbPersonView *view, struct sg_why *why)
{
    view->links = take(a->turn, tree->count * sizeof *view->links);
    for (size_t i = 1; i < tree->count; i++) {
        PbLinkRow *row = NULL;
        enum sg_err err =
            read_row(a->turn, TABLE_LINKS, &tree->ids[i], &pb_link_row__descriptor, &row, why);
        if (err)
            return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a link without a row") : err;
        PbLinkView *link = TAKE(a->turn, PbLinkView);
        pb_link_view__init(link);
        link->has_person_ref = own_ref(tree, i, a->agency, &link->person_ref);
        link->has_joined_ref =
            own_ref(tree, index_of(tree, row->parent_id), a->agency, &link->joined_ref);
        link->has_link_id = link->has_linked_ms = link->has_automatic = true;
        link->link_id = row->link_id;
        link->linked_ms = row->linked_ms;
        link->automatic = row->automatic;
        view->links[view->n_links++] = link;
    }
    return SG_OK;
}

static enum sg_err show_cases(const struct asking *a, const struct person_tree *tree,
                              PbPersonView *view, struct sg_why *why)
{
    view->cases = take(a->turn, CASES_MAX * sizeof *view->cases);
    for (size_t i = 0; i < tree->count; i++)
        for (size_t j = 0; j < tree->rows[i]->n_cases && view->n_cases < CASES_MAX; j++) {
            PbCaseRow *row = NULL;
            struct sg_id id = id_of(tree->rows[i]->cases[j]->case_id);
            enum sg_err err =
                read_row(a->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
            if (err)
                return err;
            PbPersonCaseView *c = TAKE(a->turn, PbPersonCaseView);
            pb_person_case_view__init(c);
            c->has_case_id = c->has_state = true;
            c->case_id = data_of(a->turn, &id);
            c->owner = row->owner;
            c->state = row->state;
            c->has_person_ref = own_ref(tree, i, a->agency, &c->person_ref);
            c->has_close_reason = row->has_close_reason;
            c->close_reason = row->close_reason;
            view->cases[view->n_cases++] = c;
        }
    return SG_OK;
}

/* ---- suspicions ---- */

static enum sg_err ref_of_person(const struct asking *a, const struct sg_id *person_id,
                                 protobuf_c_boolean *out_has, ProtobufCBinaryData *out_ref,
                                 struct sg_why *why)
{
    struct person_tree tree;
    struct sg_id ref;
    enum sg_err err = person_tree_read(a->turn->txn, a->turn->arena, person_id, &tree, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a suspicion of nobody") : err;
    *out_has = person_tree_ref(&tree, a->agency, &ref);
    if (*out_has)
        *out_ref = data_of(a->turn, &ref);
    return SG_OK;
}

static enum sg_err suspicion_view(const struct asking *a, const struct sg_id *one,
                                  const struct sg_id *other, const PbSuspicionRow *row,
                                  PbSuspicionView **out_view, struct sg_why *why)
{
    PbSuspicionView *view = TAKE(a->turn, PbSuspicionView);
    pb_suspicion_view__init(view);
    enum sg_err err = ref_of_person(a, one, &view->has_person_ref_a, &view->person_ref_a, why);
    if (!err)
        err = ref_of_person(a, other, &view->has_person_ref_b, &view->person_ref_b, why);
    view->has_score = view->has_seq = view->has_raised_ms = true;
    view->score = row->score;
    view->n_features = row->n_features;
    view->features = row->features;
    view->seq = row->seq;
    view->raised_ms = row->raised_ms;
    *out_view = view;
    return err;
}

static enum sg_err suspicions_of(const struct asking *a, const struct sg_id *person_id,
                                 PbPersonView *view, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err =
        cursor_under(&cursor, a->turn->txn, TABLE_SUSPICIONS, key_id(&prefix, person_id), why);
    while (!err && cursor.key.ptr && view->n_suspicions < SUSPICIONS_MAX) {
        struct sg_id other = cursor_second_id(&cursor);
        PbSuspicionRow *row = NULL;
        err = suspicion_read(a->turn, person_id, &other, &row, why);
        if (!err && row && !row->has_decision) {
            err = suspicion_view(a, person_id, &other, row, &view->suspicions[view->n_suspicions],
                                 why);
            view->n_suspicions++;
        }
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

enum sg_err ledger_person(struct txn *txn, const struct ledger_asker *asker,
                          const struct world *world, const struct sg_id *person_ref,
                          struct sg_arena *arena, PbPersonView **out_view, struct sg_why *why)
{
    struct ledger_turn turn = {.txn = txn, .arena = arena, .world = world};
    const struct asking a = {&turn, asker->agency};
    struct person_tree tree;
    struct statement *list = NULL;
    size_t count = 0;
    PbPersonRow *combined = NULL;
    PbPersonView *view = TAKE(&turn, PbPersonView);
    pb_person_view__init(view);
    enum sg_err err = person_of_ref(&turn, asker->agency, person_ref, &tree, why);
    if (!err)
        err = person_tree_combine(&turn, &tree, &combined, why);
    if (!err)
        err = person_statements(&turn, &tree, &list, &count, why);
    if (err)
        return err;
    view->has_person_ref = own_ref(&tree, 0, asker->agency, &view->person_ref);
    view->has_minor = view->has_age_doubt = view->has_restricted = true;
    view->minor = combined->minor;
    view->age_doubt = combined->age_doubt;
    view->restricted = combined->restricted;
    err = show_links(&a, &tree, view, why);
    if (!err)
        err = show_cases(&a, &tree, view, why);
    if (!err && !combined->restricted)
        show_identity(&a, list, count, combined, view);
    view->suspicions = take(&turn, SUSPICIONS_MAX * sizeof *view->suspicions);
    for (size_t i = 0; !err && i < tree.count; i++)
        err = suspicions_of(&a, &tree.ids[i], view, why);
    *out_view = view;
    return err;
}

/* ---- all that are open ---- */

enum sg_err ledger_suspicions(struct txn *txn, const struct ledger_asker *asker,
                              struct sg_bytes cursor_bytes, size_t limit, struct sg_arena *arena,
                              PbSuspicionView ***out_views, size_t *out_count,
                              struct sg_bytes *out_next, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    const struct asking a = {&turn, asker->agency};
    struct key from = {0};
    key_u64(&from, cursor_bytes.len == 8 ? sg_get_u64(cursor_bytes.ptr) : UINT64_MAX);
    *out_views = take(&turn, limit * sizeof **out_views);
    *out_count = 0;
    *out_next = (struct sg_bytes){NULL, 0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_SUSPICIONS_OPEN, why);
    if (!err)
        err = cursor_seek_back(&cursor, &from, why);
    while (!err && cursor.key.ptr) {
        struct sg_id one, other;
        PbSuspicionRow *row = NULL;
        if (*out_count == limit) {
            uint8_t *next = take(&turn, 8);
            memcpy(next, cursor.key.ptr, 8);
            *out_next = (struct sg_bytes){next, 8};
            break;
        }
        if (cursor.value.len != sizeof one.b + sizeof other.b)
            return sg_fail(why, SG_E_STORE, "suspicions_open: a row without a pair");
        memcpy(one.b, cursor.value.ptr, sizeof one.b);
        memcpy(other.b, cursor.value.ptr + sizeof one.b, sizeof other.b);
        err = suspicion_read(&turn, &one, &other, &row, why);
        if (!err && !row)
            return sg_fail(why, SG_E_STORE, "suspicions_open: a pair without a row");
        if (!err)
            err = suspicion_view(&a, &one, &other, row, &(*out_views)[*out_count], why);
        if (!err) {
            (*out_count)++;
            err = cursor_prev(&cursor, why);
        }
    }
    return err;
}
