#include "ledger/person.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdlib.h>

enum { ADULT = 18, DOUBT = 20, NIK_YEARS = 2 };

/* ---- who a person is ---- */

#define KEEP(field)                  \
    do {                             \
        if (!to->field)              \
            to->field = from->field; \
    } while (0)

static bool dated(const PbPersonIdentity *p)
{
    return p->birth_date && (p->birth_quality == PB_BIRTH_QUALITY_EXACT ||
                             p->birth_quality == PB_BIRTH_QUALITY_PARTIAL);
}

/* A known date decides, also over an estimate that somebody made later. */
static void merge_birth(PbPersonIdentity *to, const PbPersonIdentity *from)
{
    if (!to->birth_date && dated(from)) {
        to->birth_date = from->birth_date;
        to->birth_quality = from->birth_quality;
        to->has_estimated_age = false;
    }
    if (!to->birth_date && !to->has_estimated_age && from->has_estimated_age) {
        to->has_estimated_age = true;
        to->estimated_age = from->estimated_age;
        to->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    }
}

/* Newest first: a field that is known already stays. */
static void merge(PbPersonIdentity *to, const PbPersonIdentity *from)
{
    if (!to->full_name && !to->alias)
        to->name_quality = from->name_quality;
    KEEP(full_name);
    KEEP(alias);
    KEEP(mother_name);
    KEEP(origin_region);
    KEEP(domicile_region);
    KEEP(domicile_detail);
    KEEP(phone);
    KEEP(marks);
    KEEP(guardian);
    if (from->has_sex && from->sex != PB_SEX_UNKNOWN &&
        (!to->has_sex || to->sex == PB_SEX_UNKNOWN)) {
        to->has_sex = true;
        to->sex = from->sex;
    }
    merge_birth(to, from);
    if (!to->nik && (from->nik || !to->nik_status)) {
        to->nik = from->nik;
        to->nik_status = from->nik_status;
    }
    if (!to->n_other_docs) {
        to->n_other_docs = from->n_other_docs;
        to->other_docs = from->other_docs;
    }
}

static void take_statement(struct identity *to, const PbIdentityRow *row)
{
    bool had_age = to->person.has_estimated_age;
    to->known = true;
    if (row->person)
        merge(&to->person, row->person);
    if (!had_age && to->person.has_estimated_age)
        to->age_said_on = row->stated_on;
    if (to->schooling == PB_SCHOOLING_UNSPECIFIED && row->has_schooling)
        to->schooling = row->schooling;
    if (!to->health_limit_count && row->n_health_limits) {
        to->health_limit_count = row->n_health_limits;
        to->health_limits = row->health_limits;
    }
    if (!to->urgent_need_count && row->n_urgent_needs) {
        to->urgent_need_count = row->n_urgent_needs;
        to->urgent_needs = row->urgent_needs;
    }
}

static void fill_gaps(PbPersonIdentity *person)
{
    person->has_name_quality = person->has_sex = person->has_birth_quality =
        person->has_nik_status = true;
    if (!person->name_quality)
        person->name_quality = PB_NAME_QUALITY_UNKNOWN;
    if (!person->sex)
        person->sex = PB_SEX_UNKNOWN;
    if (!person->birth_quality)
        person->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
    if (!person->nik_status)
        person->nik_status = PB_NIK_STATUS_NONE;
}

void identity_state(struct identity *identity, const PbPersonIdentity *stated)
{
    PbPersonIdentity newest;
    pb_person_identity__init(&newest);
    merge(&newest, stated);
    merge(&newest, &identity->person);
    identity->person = newest;
    identity->known = true;
    fill_gaps(&identity->person);
}

/* ---- statements of all who are one ---- */

static enum sg_err read_statements(struct ledger_turn *turn, const struct sg_id *person_id,
                                   struct statement *list, size_t *count, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, last = {0};
    key_id(&prefix, person_id);
    key_u64(key_id(&last, person_id), UINT64_MAX);

    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_IDENTITIES, why);
    if (!err)
        err = cursor_seek_back(&cursor, &last, why);
    for (int i = 0; !err && i < STATEMENTS_MAX && cursor.key.ptr && key_starts(cursor.key, &prefix);
         i++) {
        struct statement *s = &list[*count];
        s->seq = sg_get_u64(cursor.key.ptr + SG_ID_BYTES);
        s->person_id = *person_id;
        err = sg_decode_row(&pb_identity_row__descriptor, cursor.value, turn->arena, &s->row, why);
        if (!err) {
            (*count)++;
            err = cursor_prev(&cursor, why);
        }
    }
    return err;
}

static int newest_first(const void *a, const void *b)
{
    const struct statement *one = a, *other = b;
    return one->seq < other->seq ? 1 : one->seq > other->seq ? -1 : 0;
}

enum sg_err person_statements(struct ledger_turn *turn, const struct person_tree *tree,
                              struct statement **out_list, size_t *out_count, struct sg_why *why)
{
    struct statement *list = take(turn, tree->count * STATEMENTS_MAX * sizeof *list);
    size_t count = 0;
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < tree->count; i++)
        err = read_statements(turn, &tree->ids[i], list, &count, why);
    if (tree->count > 1 && count > 1)
        qsort(list, count, sizeof *list, newest_first);
    *out_list = list;
    *out_count = count < STATEMENTS_MAX ? count : STATEMENTS_MAX;
    return err;
}

void identity_of_statements(const struct statement *list, size_t count,
                            struct identity *out_identity)
{
    struct identity identity = {0};
    pb_person_identity__init(&identity.person);
    for (size_t i = 0; i < count; i++)
        take_statement(&identity, list[i].row);
    fill_gaps(&identity.person);
    *out_identity = identity;
}

enum sg_err person_identity_if(struct ledger_turn *turn, const struct sg_id *person_id,
                               uint64_t seq, PbIdentityRow *instead, struct identity *out_identity,
                               struct sg_why *why)
{
    struct person_tree tree;
    struct statement *list = NULL, *as;
    size_t count = 0, kept = 0;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    if (!err)
        err = person_statements(turn, &tree, &list, &count, why);
    if (err)
        return err;
    as = take(turn, (count + 1) * sizeof *as);
    bool put = instead == NULL;
    for (size_t i = 0; i < count; i++) {
        if (!put && list[i].seq <= seq) {
            as[kept++] = (struct statement){seq, *person_id, instead};
            put = true;
        }
        if (list[i].seq != seq)
            as[kept++] = list[i];
    }
    if (!put)
        as[kept++] = (struct statement){seq, *person_id, instead};
    identity_of_statements(as, kept, out_identity);
    return SG_OK;
}

enum sg_err person_identity(struct ledger_turn *turn, const struct sg_id *person_id,
                            struct identity *out_identity, struct sg_why *why)
{
    struct person_tree tree;
    struct statement *list = NULL;
    size_t count = 0;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    if (!err)
        err = person_statements(turn, &tree, &list, &count, why);
    if (!err)
        identity_of_statements(list, count, out_identity);
    return err;
}

/* ---- age ---- */

bool person_age(const PbPersonIdentity *person, int32_t day, int32_t *out_age)
{
    const PbDate *date = person->birth_date;
    if (dated(person)) {
        int32_t month = date->month ? date->month : 12;
        int32_t of_month = date->day ? date->day : sg_days_in_month(date->year, month);
        *out_age = sg_years_between(sg_day_of(date->year, month, of_month), day);
        return true;
    }
    if (!person->has_estimated_age)
        return false;
    *out_age = (int32_t)person->estimated_age;
    return true;
}

PbAgeBand person_age_band(const PbPersonIdentity *person, int32_t day)
{
    static const struct {
        int32_t below;
        PbAgeBand band;
    } bands[] = {{18, PB_AGE_BAND_U18},
                 {25, PB_AGE_BAND_A18_24},
                 {35, PB_AGE_BAND_A25_34},
                 {45, PB_AGE_BAND_A35_44},
                 {60, PB_AGE_BAND_A45_59}};
    int32_t age;
    if (!person_age(person, day, &age))
        return PB_AGE_BAND_UNK;
    for (size_t i = 0; i < SG_ARRAY_LEN(bands); i++)
        if (age < bands[i].below)
            return bands[i].band;
    return PB_AGE_BAND_A60P;
}

void person_minor(const PbPersonIdentity *person, int32_t day, bool *out_minor, bool *out_doubt)
{
    int32_t age;
    bool known = person_age(person, day, &age);
    *out_minor = known && age < ADULT;
    *out_doubt = known && !dated(person) && age >= ADULT && age <= DOUBT;
}

const char *person_district(struct ledger_turn *turn, const PbPersonIdentity *person)
{
    enum { DISTRICT_LEN = 8 };
    const char *region = person->domicile_region;
    if (!region || strlen(region) < DISTRICT_LEN)
        return NULL;
    char *district = take(turn, DISTRICT_LEN + 1);
    memcpy(district, region, DISTRICT_LEN);
    return district;
}

/* ---- who is meant ---- */

void person_nik_token(const struct sg_broker_key *keys, const char *nik, struct key *out_key)
{
    const struct sg_bytes text = sg_bytes_of(nik);
    uint8_t token[16];
    sg_keyed_hash(keys->nik_key, &text, 1, token, sizeof token);
    key_bytes(out_key, (struct sg_bytes){token, sizeof token});
}

enum sg_err person_of_nik(struct ledger_turn *turn, const char *nik, struct sg_id *out_holder,
                          bool *out_found, struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes value;
    person_nik_token(turn->world->keys, nik, &key);
    enum sg_err err = table_get(turn->txn, TABLE_NIK_TOKENS, &key, &value, why);
    *out_found = err == SG_OK;
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    return sg_id_from(value, out_holder) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_E_STORE, "nik_tokens: a row without an id");
}

static int two(const char *at)
{
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* Sex and birth date that stand in a NIK against what is stated beside it. */
bool person_nik_contradicts(const PbPersonIdentity *p)
{
    int day = two(p->nik + 6), month = two(p->nik + 8), year = two(p->nik + 10);
    bool female = day > 40;
    if (female)
        day -= 40;
    if (p->has_sex && p->sex != PB_SEX_UNKNOWN && female != (p->sex == PB_SEX_FEMALE))
        return true;
    const PbDate *date = p->birth_date;
    return dated(p) && (date->year % 100 != year || (date->month && date->month != month) ||
                        (date->day && date->day != day));
}

void person_check_nik(struct decision *d, const PbPersonIdentity *stated)
{
    if (stated && stated->nik && person_nik_contradicts(stated))
        warn(d, SG_ST_W_NIK_MISMATCH);
}

/* Does what is stated agree with the person that holds the same NIK? An age that somebody guessed
 * contradicts nothing. */
static enum sg_err nik_agrees(struct decision *d, const PbPersonIdentity *stated,
                              const struct sg_id *person_id, bool *out_agrees, struct sg_why *why)
{
    struct identity known;
    enum sg_err err = person_identity(d->turn, person_id, &known, why);
    if (err)
        return err;
    bool sexes =
        stated->has_sex && stated->sex != PB_SEX_UNKNOWN && known.person.sex != PB_SEX_UNKNOWN;
    int32_t apart = dated(stated) && dated(&known.person)
                        ? stated->birth_date->year - known.person.birth_date->year
                        : 0;
    *out_agrees =
        !(sexes && stated->sex != known.person.sex) && apart <= NIK_YEARS && apart >= -NIK_YEARS;
    return SG_OK;
}

static PbPersonEffect *person_effect(struct decision *d, const struct sg_id *person_id)
{
    PbPersonEffect *effect = TAKE(d->turn, PbPersonEffect);
    pb_person_effect__init(effect);
    effect->has_person_id = true;
    effect->person_id = data_of(d->turn, person_id);
    d->effect->person = effect;
    d->has_person = true;
    d->person_id = *person_id;
    return effect;
}

static enum sg_err known_person(struct decision *d, const struct sg_id *person_id,
                                PbPersonRow **out_row, struct sg_why *why)
{
    (void)person_effect(d, person_id);
    enum sg_err err = person_combined(d->turn, person_id, out_row, why);
    d->restricted = !err && (*out_row)->restricted;
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a person without a row") : err;
}

static enum sg_err new_person(struct decision *d, PbPersonRow **out_row)
{
    struct sg_id id = mint(d, "person");
    PbPersonEffect *effect = person_effect(d, &id);
    effect->has_created = effect->created = true;
    *out_row = TAKE(d->turn, PbPersonRow);
    pb_person_row__init(*out_row);
    return SG_OK;
}

bool person_ref_is(const PbPersonRow *row, const char *agency, ProtobufCBinaryData ref)
{
    for (size_t i = 0; i < row->n_refs; i++)
        if (strcmp(row->refs[i]->agency, agency) == 0 && row->refs[i]->person_ref.len == ref.len &&
            memcmp(row->refs[i]->person_ref.data, ref.data, ref.len) == 0)
            return true;
    return false;
}

static bool ref_given(const PbPersonRow *row, const char *agency, const struct sg_id *ref)
{
    for (size_t i = 0; i < row->n_refs; i++) {
        struct sg_id given = id_of(row->refs[i]->person_ref);
        if (strcmp(row->refs[i]->agency, agency) == 0)
            return sg_id_equal(&given, ref);
    }
    return false;
}

enum sg_err person_of_ref(struct ledger_turn *turn, const char *agency, const struct sg_id *ref,
                          struct person_tree *out_tree, struct sg_why *why)
{
    struct sg_id person_id = sg_person_of_ref(turn->world->keys, agency, ref);
    enum sg_err err = person_tree_read(turn->txn, turn->arena, &person_id, out_tree, why);
    if (err)
        return err;
    return ref_given(out_tree->rows[out_tree->asked], agency, ref) ? SG_OK : SG_E_NOT_FOUND;
}

/* A pseudonym says itself whose it is; it counts once it was given to the agency. Whoever is linked
 * to another is that one from then on. */
static enum sg_err by_ref(struct decision *d, PbPersonRow **out_row, struct sg_why *why)
{
    const char *agency = d->source->agency->id;
    struct sg_id ref = id_of(d->event->envelope->person_ref);
    struct person_tree tree;
    enum sg_err err = person_of_ref(d->turn, agency, &ref, &tree, why);
    if (err)
        return refuse_unknown(d, err, "person_ref");
    (void)person_effect(d, &tree.ids[0]);
    err = person_tree_combine(d->turn, &tree, out_row, why);
    d->restricted = !err && (*out_row)->restricted;
    return err;
}

/* A NIK of somebody who is of another sex or age leads to nobody: the steward decides who is who
 * (person_stated). */
static enum sg_err by_nik(struct decision *d, const PbPersonIdentity *stated, PbPersonRow **out_row,
                          struct sg_why *why)
{
    struct sg_id holder;
    struct person_tree tree;
    bool found = false, agrees = false;
    enum sg_err err = person_of_nik(d->turn, stated->nik, &holder, &found, why);
    if (err)
        return err;
    if (!found)
        return new_person(d, out_row);
    err = nik_agrees(d, stated, &holder, &agrees, why);
    if (err)
        return err;
    if (!agrees)
        return new_person(d, out_row);
    err = person_tree_read(d->turn->txn, d->turn->arena, &holder, &tree, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a person without a row") : err;
    (void)person_effect(d, &tree.ids[0]);
    err = person_tree_combine(d->turn, &tree, out_row, why);
    d->restricted = !err && (*out_row)->restricted;
    return err;
}

enum sg_err person_resolve(struct decision *d, const PbPersonIdentity *stated,
                           PbPersonRow **out_row, struct sg_why *why)
{
    person_check_nik(d, stated);
    if (d->event->envelope->has_person_ref)
        return by_ref(d, out_row, why);
    if (stated && stated->nik)
        return by_nik(d, stated, out_row, why);
    return new_person(d, out_row);
}

enum sg_err person_of_case(struct decision *d, const struct sg_id *person_id, PbPersonRow **out_row,
                           struct sg_why *why)
{
    return known_person(d, person_id, out_row, why);
}

/* ---- what follows from a statement ---- */

enum sg_err person_describe(struct decision *d, const PbPersonRow *row,
                            const PbPersonIdentity *stated, struct sg_why *why)
{
    PbPersonEffect *effect = d->effect->person;
    struct identity identity = {0};
    bool minor = row->minor, doubt = row->age_doubt;
    if (stated) {
        pb_person_identity__init(&identity.person);
        enum sg_err err =
            effect->created ? SG_OK : person_identity(d->turn, &d->person_id, &identity, why);
        if (err)
            return err;
        identity_state(&identity, stated);
        person_minor(&identity.person, sg_day_at(d->event->occurred_ms), &minor, &doubt);
        effect->has_sex = true;
        effect->sex = identity.person.sex;
    }
    effect->has_minor = effect->has_age_doubt = true;
    effect->minor = minor;
    effect->age_doubt = doubt;
    return SG_OK;
}

PbVisiblePerson *person_visible(struct ledger_turn *turn, struct identity *identity, int64_t now_ms)
{
    PbVisiblePerson *v = TAKE(turn, PbVisiblePerson);
    const PbPersonIdentity *p = &identity->person;
    const char *district = person_district(turn, p);
    pb_visible_person__init(v);
    v->full_name = p->full_name;
    v->has_sex = v->has_age_band = true;
    v->sex = p->sex;
    v->age_band = person_age_band(p, sg_day_at(now_ms));
    v->phone = p->phone;
    v->domicile_kecamatan = district ? text_of(turn, district) : NULL;
    v->n_health_limits = identity->health_limit_count;
    v->health_limits = identity->health_limits;
    return v;
}

/* ---- pseudonyms ---- */

static bool has_ref(const PbPersonRow *row, const PbPersonEffect *effect, const char *agency)
{
    for (size_t i = 0; i < row->n_refs; i++)
        if (strcmp(row->refs[i]->agency, agency) == 0)
            return true;
    for (size_t i = 0; i < effect->n_refs; i++)
        if (strcmp(effect->refs[i]->agency, agency) == 0)
            return true;
    return false;
}

static void grant(struct decision *d, const PbPersonRow *row, const char *agency)
{
    PbPersonEffect *effect = d->effect->person;
    if (strcmp(agency, "*") == 0 || has_ref(row, effect, agency))
        return;
    PbPersonRefGrant *ref = TAKE(d->turn, PbPersonRefGrant);
    pb_person_ref_grant__init(ref);
    struct sg_id id = sg_person_ref(d->turn->world->keys, agency, &d->person_id);
    ref->agency = text_of(d->turn, agency);
    ref->has_person_ref = true;
    ref->person_ref = data_of(d->turn, &id);
    if (!effect->refs)
        effect->refs = take(d->turn, (READERS_MAX + 1) * sizeof(PbPersonRefGrant *));
    effect->refs[effect->n_refs++] = ref;
}

void person_grant_refs(struct decision *d, const PbPersonRow *row, const char *also)
{
    for (size_t i = 0; i < d->readers.count; i++)
        grant(d, row, d->readers.entries[i].agency);
    if (also)
        grant(d, row, also);
}

ProtobufCBinaryData person_ref_for(const struct decision *d, const PbPersonRow *row,
                                   const char *agency)
{
    for (size_t i = 0; i < row->n_refs; i++)
        if (strcmp(row->refs[i]->agency, agency) == 0)
            return row->refs[i]->person_ref;
    const PbPersonEffect *effect = d->effect->person;
    for (size_t i = 0; effect && i < effect->n_refs; i++)
        if (strcmp(effect->refs[i]->agency, agency) == 0)
            return effect->refs[i]->person_ref;
    return (ProtobufCBinaryData){0, NULL};
}
