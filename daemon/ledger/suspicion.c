#include "ledger/suspicion.h"

#include "ledger/agency.h"
#include "ledger/derive.h"
#include "ledger/match.h"
#include "ledger/mutant.h"

enum { DIFFERENT = PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT };

/* ---- rows ---- */

void suspicion_key(struct key *out_key, const struct sg_id *a, const struct sg_id *b)
{
    bool in_order = memcmp(a->b, b->b, SG_ID_BYTES) < 0;
    *out_key = (struct key){0};
    key_id(key_id(out_key, in_order ? a : b), in_order ? b : a);
}

enum sg_err suspicion_read(struct ledger_turn *turn, const struct sg_id *a, const struct sg_id *b,
                           PbSuspicionRow **out_row, struct sg_why *why)
{
    struct key key;
    suspicion_key(&key, a, b);
    *out_row = NULL;
    enum sg_err err = row_get(turn->txn, TABLE_SUSPICIONS, &key, &pb_suspicion_row__descriptor,
                              turn->arena, out_row, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

void suspicion_add_pair(struct ledger_turn *turn, PbLinkEffect *effect, const struct sg_id *a,
                        const struct sg_id *b)
{
    PbPairEffect *pair = TAKE(turn, PbPairEffect);
    pb_pair_effect__init(pair);
    pair->has_person_a = pair->has_person_b = true;
    pair->person_a = data_of(turn, a);
    pair->person_b = data_of(turn, b);
    effect->pairs = grown(turn, effect->pairs, effect->n_pairs);
    effect->pairs[effect->n_pairs++] = pair;
}

enum sg_err suspicion_decide(struct ledger_turn *turn, const struct person_tree *a,
                             const struct person_tree *b, PbLinkEffect *effect, struct sg_why *why)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            PbSuspicionRow *row = NULL;
            enum sg_err err = suspicion_read(turn, &a->ids[i], &b->ids[j], &row, why);
            if (err)
                return err;
            if (row)
                suspicion_add_pair(turn, effect, &a->ids[i], &b->ids[j]);
        }
    return SG_OK;
}

/* What is known of the pair, by whatever names. */
struct known {
    bool row, decided, different;
    uint32_t score; /* the highest that was told */
};

static enum sg_err look_up(struct ledger_turn *turn, const struct person_tree *a,
                           const struct person_tree *b, struct known *out, struct sg_why *why)
{
    *out = (struct known){.score = 0};
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            PbSuspicionRow *row = NULL;
            enum sg_err err = suspicion_read(turn, &a->ids[i], &b->ids[j], &row, why);
            if (err)
                return err;
            if (!row)
                continue;
            out->row = true;
            out->decided |= row->has_decision;
            out->different |= row->decision == MUTATED(31, DIFFERENT, 0);
            out->score = row->score > out->score ? row->score : out->score;
        }
    return SG_OK;
}

/* Decided to be two: never again. Else only when more speaks for it than before. */
static bool is_news(const struct known *known, uint32_t score)
{
    return !known->different && (!known->row || score > known->score);
}

/* ---- D3 ---- */

static const char *next_steward(const struct ledger_turn *turn, const char *after)
{
    const struct sg_roster *roster = turn->world->roster;
    for (size_t i = 0; i < roster->agency_count; i++) {
        const struct sg_agency *agency = &roster->agencies[i];
        if (agency_may(agency, SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD)) &&
            (!after || strcmp(agency->id, after) > 0))
            return agency->id;
    }
    return NULL;
}

/* The steward's own pseudonym; one that it has not got yet goes into the effect. */
static struct sg_id steward_ref(struct decision *d, const struct person_tree *tree,
                                const char *steward, PbPersonRefGrant ***grants, size_t *count)
{
    struct sg_id ref;
    if (person_tree_ref(tree, steward, &ref))
        return ref;
    ref = sg_person_ref(d->turn->world->keys, steward, &tree->ids[tree->asked]);
    PbPersonRefGrant *grant = TAKE(d->turn, PbPersonRefGrant);
    pb_person_ref_grant__init(grant);
    grant->agency = text_of(d->turn, steward);
    grant->has_person_ref = true;
    grant->person_ref = data_of(d->turn, &ref);
    *grants = take(d->turn, sizeof **grants);
    (*grants)[0] = grant;
    *count = 1;
    return ref;
}

static PbSuspicionEffect *suspicion_effect(struct decision *d, const struct follow *f)
{
    PbSuspicionEffect *effect = TAKE(d->turn, PbSuspicionEffect);
    pb_suspicion_effect__init(effect);
    effect->has_person_a = effect->has_person_b = effect->has_score = true;
    effect->person_a = data_of(d->turn, &f->person_id);
    effect->person_b = data_of(d->turn, &f->other_id);
    effect->score = f->score;
    effect->has_again = effect->again = f->again;
    effect->features = take(d->turn, (f->feature_count + 1) * sizeof *effect->features);
    for (size_t i = 0; i < f->feature_count; i++)
        effect->features[effect->n_features++] = text_of(d->turn, f->features[i]);
    d->effect->suspicion = effect;
    return effect;
}

/* To one steward; the others follow. A city without one keeps the row for the one that comes. */
static enum sg_err tell_stewards(struct decision *d, const struct follow *f,
                                 const struct person_tree *a, const struct person_tree *b,
                                 struct sg_why *why)
{
    const char *steward = next_steward(d->turn, f->publisher);
    if (!steward && f->again)
        return SG_OK;
    PbSuspicionEffect *effect = suspicion_effect(d, f);
    PbEnvelope *e = envelope_of(d, 203);
    PbPersonDuplicateSuspected *p = TAKE(d->turn, PbPersonDuplicateSuspected);
    pb_person_duplicate_suspected__init(p);
    struct sg_id ref_a = sg_person_ref(d->turn->world->keys, "", &a->ids[0]);
    struct sg_id ref_b = sg_person_ref(d->turn->world->keys, "", &b->ids[0]);
    if (steward) {
        ref_a = steward_ref(d, a, steward, &effect->refs_a, &effect->n_refs_a);
        ref_b = steward_ref(d, b, steward, &effect->refs_b, &effect->n_refs_b);
        add_reader(d, steward, RELATION_STEWARD);
    }
    p->has_person_ref_a = p->has_person_ref_b = p->has_score = true;
    p->person_ref_a = data_of(d->turn, &ref_a);
    p->person_ref_b = data_of(d->turn, &ref_b);
    p->score = f->score;
    p->n_features = effect->n_features;
    p->features = effect->features;
    e->person_duplicate_suspected = p;
    if (steward) {
        struct follow *others = queue(d, FOLLOW_SUSPECT);
        others->person_id = f->person_id;
        others->other_id = f->other_id;
        others->score = f->score;
        others->features = f->features;
        others->feature_count = f->feature_count;
        others->again = true;
        others->publisher = steward;
    }
    struct record record;
    return append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}

static enum sg_err read_pair(struct ledger_turn *turn, const struct follow *f,
                             struct person_tree *a, struct person_tree *b, struct sg_why *why)
{
    enum sg_err err = person_tree_read(turn->txn, turn->arena, &f->person_id, a, why);
    if (!err)
        err = person_tree_read(turn->txn, turn->arena, &f->other_id, b, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a suspicion of nobody") : err;
}

enum sg_err suspect(struct decision *d, const struct follow *f, struct sg_why *why)
{
    struct person_tree a = {0}, b = {0};
    struct known known;
    enum sg_err err = read_pair(d->turn, f, &a, &b, why);
    if (!err && f->again)
        return tell_stewards(d, f, &a, &b, why);
    if (err || sg_id_equal(&a.ids[0], &b.ids[0]))
        return err;
    err = look_up(d->turn, &a, &b, &known, why);
    return err || !is_news(&known, f->score) ? err : tell_stewards(d, f, &a, &b, why);
}

/* ---- a NIK that somebody else holds ---- */

static enum sg_err read_profile(struct ledger_turn *turn, const struct person_tree *tree,
                                struct profile **out_profile, struct sg_why *why)
{
    struct statement *list = NULL;
    size_t count = 0;
    *out_profile = TAKE(turn, struct profile);
    enum sg_err err = person_statements(turn, tree, &list, &count, why);
    if (!err)
        profile_of(list, count, *out_profile);
    return err;
}

/* Sex and birth are known of both and agree, with each other and with the number. */
static enum sg_err surely_one(struct ledger_turn *turn, const struct person_tree *a,
                              const struct person_tree *b, bool *out_sure, struct sg_why *why)
{
    struct profile *one = NULL, *other = NULL;
    enum sg_err err = read_profile(turn, a, &one, why);
    if (!err)
        err = read_profile(turn, b, &other, why);
    if (err)
        return err;
    const PbPersonIdentity *p = &one->identity.person, *q = &other->identity.person;
    *out_sure = p->sex != PB_SEX_UNKNOWN && p->sex == q->sex && profile_births_agree(one, other) &&
                p->nik && q->nik && strcmp(p->nik, q->nik) == 0 && !person_nik_contradicts(p) &&
                !person_nik_contradicts(q);
    return SG_OK;
}

/* The steward reads of it in a D3, and may UNLINK it. Who held the number first survives. */
static enum sg_err link_by_nik(struct decision *d, const struct follow *f,
                               const struct person_tree *a, const struct person_tree *b,
                               struct sg_why *why)
{
    static const char *const features[] = {"NIK", "LINKED"};
    struct follow told = *f;
    struct sg_id link_id = mint(d, "link");
    PbLinkEffect *effect =
        link_effect(d, &link_id, &a->ids[0], &b->ids[0], PB_PERSON_LINK_DECIDED__DECISION_SAME);
    effect->has_automatic = effect->automatic = true;
    enum sg_err err = link_join(d, b, a, effect, why);
    if (err)
        return err;
    suspicion_add_pair(d->turn, effect, &a->ids[0], &b->ids[0]);
    told.person_id = a->ids[0];
    told.other_id = b->ids[0];
    told.score = MATCH_LINKED;
    told.features = features;
    told.feature_count = SG_ARRAY_LEN(features);
    told.publisher = NULL;
    told.again = false;
    return tell_stewards(d, &told, a, b, why);
}

enum sg_err same_nik(struct decision *d, const struct follow *f, struct sg_why *why)
{
    static const char *const features[] = {"NIK"};
    struct follow pair = *f;
    struct person_tree a = {0}, b = {0};
    struct known known;
    const char *hindrance = NULL;
    bool found = false, sure = false;
    enum sg_err err = person_of_nik(d->turn, f->nik, &pair.other_id, &found, why);
    if (err || !found)
        return err;
    err = read_pair(d->turn, &pair, &a, &b, why);
    if (err || sg_id_equal(&a.ids[0], &b.ids[0]))
        return err;
    err = look_up(d->turn, &a, &b, &known, why);
    if (!err)
        err = surely_one(d->turn, &a, &b, &sure, why);
    if (!err)
        err = link_hindrance(d->turn, &a, &b, &hindrance, why);
    if (err)
        return err;
    if (MUTATED(33, sure, true) && !known.decided && !hindrance)
        return link_by_nik(d, f, &a, &b, why);
    struct follow *next = queue(d, FOLLOW_SUSPECT);
    next->person_id = a.ids[0];
    next->other_id = b.ids[0];
    next->score = MATCH_NIK;
    next->features = features;
    next->feature_count = SG_ARRAY_LEN(features);
    return SG_OK;
}
