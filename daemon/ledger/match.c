#include "ledger/match.h"

#include "ledger/mutant.h"
#include "wire/day.h"

#include <stdlib.h>

/* ---- what is compared ---- */

void profile_of(const struct statement *statements, size_t count, struct profile *out_profile)
{
    identity_of_statements(statements, count, &out_profile->identity);
    const PbPersonIdentity *p = &out_profile->identity.person;
    name_normalise(p->full_name, &out_profile->name);
    name_normalise(p->alias, &out_profile->alias);
    name_normalise(p->mother_name, &out_profile->mother);
    out_profile->statements = statements;
    out_profile->statement_count = count;
}

static unsigned name_points(const struct profile *a, const struct profile *b)
{
    unsigned alike = name_similarity(&a->name, &b->name);
    return alike >= NAME_SAME ? 300 : alike >= NAME_ALIKE ? 180 : 0;
}

static unsigned alias_points(const struct profile *a, const struct profile *b)
{
    bool equal = name_equal(&a->alias, &b->alias) || name_equal(&a->alias, &b->name) ||
                 name_equal(&a->name, &b->alias);
    return equal ? 120 : 0;
}

static unsigned mother_points(const struct profile *a, const struct profile *b)
{
    return name_similarity(&a->mother, &b->mother) >= NAME_MOTHER ? 200 : 0;
}

/* Year of birth, and whether somebody knows it: an estimated age counts from the day it was said.
 */
static bool birth_year(const struct identity *identity, int32_t *out_year, bool *out_known)
{
    const PbPersonIdentity *p = &identity->person;
    int32_t year, month, day;
    *out_known = p->birth_date != NULL;
    if (p->birth_date) {
        *out_year = p->birth_date->year;
        return true;
    }
    if (!p->has_estimated_age || !identity->age_said_on)
        return false;
    sg_day_split(identity->age_said_on, &year, &month, &day);
    *out_year = year - (int32_t)p->estimated_age;
    return true;
}

static bool same_day(const PbDate *a, const PbDate *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day && a->month && a->day;
}

static unsigned birth_points(const struct profile *a, const struct profile *b)
{
    int32_t year_a, year_b;
    bool known_a, known_b;
    if (!birth_year(&a->identity, &year_a, &known_a) ||
        !birth_year(&b->identity, &year_b, &known_b))
        return 0;
    int32_t apart = year_a > year_b ? year_a - year_b : year_b - year_a;
    if (known_a && known_b) {
        if (same_day(a->identity.person.birth_date, b->identity.person.birth_date))
            return 200;
        if (apart <= 1)
            return 120;
    }
    return apart <= 3 ? 60 : 0;
}

bool profile_births_agree(const struct profile *a, const struct profile *b)
{
    int32_t year_a, year_b;
    bool known_a, known_b;
    if (!birth_year(&a->identity, &year_a, &known_a) ||
        !birth_year(&b->identity, &year_b, &known_b))
        return false;
    int32_t apart = year_a > year_b ? year_a - year_b : year_b - year_a;
    return apart <= (known_a && known_b ? 2 : 3);
}

static unsigned phone_points(const struct profile *a, const struct profile *b)
{
    const char *one = a->identity.person.phone, *other = b->identity.person.phone;
    return one && other && strcmp(one, other) == 0 ? 150 : 0;
}

/* "13.71" of both. */
static unsigned origin_points(const struct profile *a, const struct profile *b)
{
    enum { CITY_LEN = 5 };
    const char *one = a->identity.person.origin_region, *other = b->identity.person.origin_region;
    bool known = one && other && strlen(one) >= CITY_LEN && strlen(other) >= CITY_LEN;
    return known && memcmp(one, other, CITY_LEN) == 0 ? 60 : 0;
}

static bool near_in_place_and_time(const PbIdentityRow *a, const PbIdentityRow *b)
{
    enum { DISTRICT_LEN = 8, DAYS = 30 };
    if (!a->found_region || !b->found_region || strlen(a->found_region) < DISTRICT_LEN)
        return false;
    int32_t apart = a->stated_on - b->stated_on;
    return strncmp(a->found_region, b->found_region, DISTRICT_LEN) == 0 && apart <= DAYS &&
           apart >= -DAYS;
}

static bool of_one_group(const PbIdentityRow *a, const PbIdentityRow *b)
{
    return a->has_group_ref && b->has_group_ref && a->group_ref.len == b->group_ref.len &&
           memcmp(a->group_ref.data, b->group_ref.data, a->group_ref.len) == 0;
}

static bool any_pair(const struct profile *a, const struct profile *b,
                     bool (*test)(const PbIdentityRow *a, const PbIdentityRow *b))
{
    for (size_t i = 0; i < a->statement_count; i++)
        for (size_t j = 0; j < b->statement_count; j++)
            if (test(a->statements[i].row, b->statements[j].row))
                return true;
    return false;
}

static unsigned place_points(const struct profile *a, const struct profile *b)
{
    return any_pair(a, b, near_in_place_and_time) ? 60 : 0;
}

static unsigned group_points(const struct profile *a, const struct profile *b)
{
    return any_pair(a, b, of_one_group) ? 60 : 0;
}

/* The table of domain 9.3. */
static const struct feature {
    const char *name;
    unsigned (*points)(const struct profile *a, const struct profile *b);
} features[MATCH_FEATURES] = {
    {"NAME", name_points},   {"ALIAS", alias_points}, {"MOTHER", mother_points},
    {"BIRTH", birth_points}, {"PHONE", phone_points}, {"ORIGIN", origin_points},
    {"PLACE", place_points}, {"GROUP", group_points},
};

/* Of different sex, or with two numbers that the registry has confirmed. */
static bool cannot_be_one(const PbPersonIdentity *a, const PbPersonIdentity *b)
{
    bool sexes = a->sex != PB_SEX_UNKNOWN && b->sex != PB_SEX_UNKNOWN && a->sex != b->sex;
    bool numbers = a->nik && b->nik && a->nik_status == PB_NIK_STATUS_VERIFIED &&
                   b->nik_status == PB_NIK_STATUS_VERIFIED && strcmp(a->nik, b->nik) != 0;
    return MUTATED(30, sexes, false) || numbers;
}

uint32_t match_score(const struct profile *a, const struct profile *b,
                     const char *out_features[MATCH_FEATURES], size_t *out_count)
{
    uint32_t score = 0;
    *out_count = 0;
    if (cannot_be_one(&a->identity.person, &b->identity.person))
        return 0;
    for (size_t i = 0; i < MATCH_FEATURES; i++) {
        unsigned points = features[i].points(a, b);
        score += points;
        if (points)
            out_features[(*out_count)++] = features[i].name;
    }
    return score < 1000 ? score : 1000;
}

/* ---- the index ---- */

/* What leads to a statement. A word is a weak hint: thousands are called Siti. */
enum { TRACES_MAX = NAME_WORDS_MAX + 8 };
struct trace {
    char kind;
    bool strong;
    struct sg_bytes value;
};
struct traces {
    struct trace all[TRACES_MAX];
    size_t count;
    struct name name, alias, mother;
};

static void add_trace(struct traces *t, char kind, bool strong, struct sg_bytes value)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->all[i].kind == kind && sg_bytes_equal(t->all[i].value, value))
            return;
    if (value.len && t->count < TRACES_MAX)
        t->all[t->count++] = (struct trace){kind, strong, value};
}

static struct sg_bytes whole(const struct name *name)
{
    return (struct sg_bytes){(const uint8_t *)name->text, name->len};
}

/* Single letters and Muhammad beside another word lead to everybody. */
static void add_words(struct traces *t, const struct name *name)
{
    for (size_t i = 0; i < name->word_count; i++) {
        struct sg_bytes word = {(const uint8_t *)name->text + name->words[i].at,
                                name->words[i].len};
        bool says_something = word.len > 1 && !sg_bytes_equal(word, sg_bytes_of("MUHAMAD"));
        if (says_something || name->word_count == 1)
            add_trace(t, 'w', false, word);
    }
}

/* `looking`: an alias may be the name of the other one, and the other way round. */
static void trace(struct traces *t, const PbPersonIdentity *p, const PbIdentityRow *row,
                  bool looking)
{
    t->count = 0;
    if (p) {
        name_normalise(p->full_name, &t->name);
        name_normalise(p->alias, &t->alias);
        name_normalise(p->mother_name, &t->mother);
        if (p->phone)
            add_trace(t, 'p', true, sg_bytes_of(p->phone));
        add_trace(t, 'm', true, whole(&t->mother));
        add_trace(t, 'a', true, whole(&t->alias));
        if (looking)
            add_trace(t, 'a', true, whole(&t->name));
    }
    if (row && row->has_group_ref)
        add_trace(t, 'g', true, (struct sg_bytes){row->group_ref.data, row->group_ref.len});
    if (p) {
        add_words(t, &t->name);
        if (looking)
            add_words(t, &t->alias);
    }
}

static void trace_key(struct key *out_key, const struct sg_broker_key *keys, const struct trace *t)
{
    const struct sg_bytes runs[] = {{(const uint8_t *)&t->kind, 1}, t->value};
    uint8_t token[16];
    sg_keyed_hash(keys->match_key, runs, SG_ARRAY_LEN(runs), token, sizeof token);
    *out_key = (struct key){0};
    key_bytes(out_key, (struct sg_bytes){token, sizeof token});
}

enum sg_err match_index(struct txn *txn, const struct sg_broker_key *keys,
                        const struct sg_id *person_id, uint64_t seq, const PbIdentityRow *row,
                        bool put, struct sg_why *why)
{
    struct traces t;
    enum sg_err err = SG_OK;
    trace(&t, row->person, row, false);
    for (size_t i = 0; !err && i < t.count; i++) {
        struct key key;
        trace_key(&key, keys, &t.all[i]);
        key_u64(&key, seq);
        err = put ? table_put(txn, TABLE_MATCHES, &key, sg_id_bytes(person_id), why)
                  : table_delete(txn, TABLE_MATCHES, &key, why);
        if (!put && err == SG_E_NOT_FOUND)
            err = SG_OK;
    }
    return err;
}

/* ---- candidates ---- */

struct candidate {
    struct sg_id person_id;
    uint64_t seq;      /* of the newest statement that led here */
    unsigned strength; /* how much is shared: a word 1, anything else 3 */
};
struct candidates {
    struct candidate *all;
    size_t count, room;
};

static void add_candidate(struct candidates *c, const struct sg_id *person_id, uint64_t seq,
                          unsigned strength)
{
    for (size_t i = 0; i < c->count; i++)
        if (sg_id_equal(&c->all[i].person_id, person_id)) {
            c->all[i].strength += strength;
            if (seq > c->all[i].seq)
                c->all[i].seq = seq;
            return;
        }
    if (c->count < c->room)
        c->all[c->count++] = (struct candidate){*person_id, seq, strength};
}

static enum sg_err follow_trace(struct ledger_turn *turn, const struct trace *t,
                                const struct person_tree *own, struct candidates *c,
                                struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix, last;
    trace_key(&prefix, turn->world->keys, t);
    last = prefix;
    key_u64(&last, UINT64_MAX);
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_MATCHES, why);
    if (!err)
        err = cursor_seek_back(&cursor, &last, why);
    for (int i = 0;
         !err && i < MATCH_OPENED_MAX && cursor.key.ptr && key_starts(cursor.key, &prefix); i++) {
        struct sg_id id;
        if (sg_id_from(cursor.value, &id) != SG_OK)
            return sg_fail(why, SG_E_STORE, "matches: a row without an id");
        if (!person_tree_holds(own, &id))
            add_candidate(c, &id, sg_get_u64(cursor.key.ptr + prefix.len), t->strong ? 3 : 1);
        err = cursor_prev(&cursor, why);
    }
    return err;
}

static int most_shared_first(const void *a, const void *b)
{
    const struct candidate *one = a, *other = b;
    if (one->strength != other->strength)
        return one->strength < other->strength ? 1 : -1;
    return one->seq < other->seq ? 1 : one->seq > other->seq ? -1 : 0;
}

/* The newest of each trace; of those the ones that share most, and then the newest. */
static enum sg_err find_candidates(struct ledger_turn *turn, const struct profile *profile,
                                   const struct person_tree *own, struct candidates *out,
                                   struct sg_why *why)
{
    struct traces t;
    enum sg_err err = SG_OK;
    const PbIdentityRow *newest = profile->statement_count ? profile->statements[0].row : NULL;
    trace(&t, &profile->identity.person, newest, true);
    *out = (struct candidates){.room = TRACES_MAX * MATCH_OPENED_MAX};
    out->all = take(turn, out->room * sizeof *out->all);
    for (size_t i = 0; !err && i < t.count; i++)
        err = follow_trace(turn, &t.all[i], own, out, why);
    if (!err && out->count > 1)
        qsort(out->all, out->count, sizeof *out->all, most_shared_first);
    if (out->count > MATCH_OPENED_MAX)
        out->count = MATCH_OPENED_MAX;
    return err;
}

/* ---- the look ---- */

struct hit {
    struct sg_id root;
    uint32_t score;
    const char *features[MATCH_FEATURES];
    size_t feature_count;
};

/* The best of those who may be the one, best first. */
static void keep_best(struct hit *hits, size_t *count, const struct hit *hit)
{
    for (size_t i = 0; i < *count; i++)
        if (sg_id_equal(&hits[i].root, &hit->root))
            return; /* another name of the same one */
    size_t at = *count;
    while (at > 0 && hits[at - 1].score < hit->score)
        at--;
    if (at == MATCH_RAISED_MAX)
        return;
    size_t moved = *count < MATCH_RAISED_MAX ? *count - at : *count - at - 1;
    memmove(&hits[at + 1], &hits[at], moved * sizeof *hits);
    hits[at] = *hit;
    *count += *count < MATCH_RAISED_MAX;
}

static enum sg_err open_candidate(struct ledger_turn *turn, const struct profile *profile,
                                  const struct sg_id *person_id, struct hit *hits, size_t *count,
                                  struct sg_why *why)
{
    struct person_tree tree;
    struct statement *statements = NULL;
    size_t statement_count = 0, used = turn->arena->used;
    struct profile *other = TAKE(turn, struct profile);
    struct hit hit;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    if (!err)
        err = person_statements(turn, &tree, &statements, &statement_count, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "matches: nobody there") : err;
    profile_of(statements, statement_count, other);
    hit.root = tree.ids[0];
    hit.score = match_score(profile, other, hit.features, &hit.feature_count);
    sg_arena_reset(turn->arena, used);
    if (hit.score >= MATCH_SUSPECT)
        keep_best(hits, count, &hit);
    return SG_OK;
}

static void raise_hit(struct decision *d, const struct sg_id *root, const struct hit *hit)
{
    struct follow *follow = queue(d, FOLLOW_SUSPECT);
    const char **names = take(d->turn, MATCH_FEATURES * sizeof *names);
    memcpy(names, hit->features, sizeof hit->features);
    follow->person_id = *root;
    follow->other_id = hit->root;
    follow->score = hit->score;
    follow->features = names;
    follow->feature_count = hit->feature_count;
}

enum sg_err match_person(struct decision *d, const struct follow *f, struct sg_why *why)
{
    struct ledger_turn *turn = d->turn;
    struct person_tree tree;
    struct statement *statements = NULL;
    size_t statement_count = 0, count = 0;
    struct profile *profile = TAKE(turn, struct profile);
    struct candidates candidates;
    struct hit hits[MATCH_RAISED_MAX + 1] = {{{{0}}, 0, {NULL}, 0}};
    enum sg_err err = person_tree_read(turn->txn, turn->arena, &f->person_id, &tree, why);
    if (!err)
        err = person_statements(turn, &tree, &statements, &statement_count, why);
    if (err || !statement_count)
        return err;
    profile_of(statements, statement_count, profile);
    err = find_candidates(turn, profile, &tree, &candidates, why);
    for (size_t i = 0; !err && i < candidates.count; i++)
        err = open_candidate(turn, profile, &candidates.all[i].person_id, hits, &count, why);
    for (size_t i = 0; !err && i < count; i++)
        raise_hit(d, &tree.ids[0], &hits[i]);
    return err;
}

void person_stated(struct decision *d, const PbPersonIdentity *stated)
{
    if (!stated)
        return;
    if (stated->nik) {
        struct follow *follow = queue(d, FOLLOW_NIK);
        follow->person_id = d->person_id;
        follow->nik = stated->nik;
    }
    queue(d, FOLLOW_MATCH)->person_id = d->person_id;
}
