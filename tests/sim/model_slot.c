/* model_slot.c - slots: what their owners say (E08, E09, E10), and who may sit on them. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINISH_DAYS = 14, MOVED_DAYS = 7 };

int64_t m_late_end_ms(const struct m_slot *s)
{
    return sg_day_start_ms(s->late + 1);
}

int64_t m_start_ms(const struct m_slot *s)
{
    return sg_day_start_ms(s->starts);
}

PbSlotState m_slot_state(const struct model *m, const struct m_slot *s)
{
    if (s->cancelled)
        return PB_SLOT_STATE_CANCELLED;
    if (m->now_ms < s->closes_ms)
        return PB_SLOT_STATE_OPEN;
    if (m->now_ms < m_start_ms(s))
        return PB_SLOT_STATE_REG_CLOSED;
    return m->now_ms < sg_day_start_ms(s->ends + FINISH_DAYS) ? PB_SLOT_STATE_RUNNING
                                                              : PB_SLOT_STATE_FINISHED;
}

/* ---- who may sit ---- */

static bool age_fits(const struct m_slot *s, const struct m_identity *id)
{
    int32_t age = 0;
    if (!s->min_age && !s->max_age)
        return true;
    if (!m_age_at(id, s->starts, &age))
        return false;
    return age >= (int32_t)s->min_age && (!s->max_age || age <= (int32_t)s->max_age);
}

static bool region_fits(const struct m_slot *s, const char *home)
{
    for (size_t i = 0; i < s->region_count; i++) {
        size_t len = strlen(s->regions[i]);
        if (home && strncmp(home, s->regions[i], len) == 0 && strchr(".", home[len]))
            return true;
    }
    return !s->region_count;
}

static bool schooling_fits(const struct m_slot *s, PbSchooling has)
{
    if (s->least_schooling <= PB_SCHOOLING_NONE || s->least_schooling >= PB_SCHOOLING_UNKNOWN)
        return true;
    return has >= s->least_schooling && has < PB_SCHOOLING_UNKNOWN;
}

static bool sex_fits(const struct m_slot *s, PbSex sex)
{
    return s->sex == PB_SEX_RULE_ANY ||
           (s->sex == PB_SEX_RULE_FEMALE ? sex == PB_SEX_FEMALE : sex == PB_SEX_MALE);
}

/* Completed on a day that lies within so many months before the start. */
static bool is_recent(const struct m_slot *s, int32_t ended_on)
{
    int32_t y[2], mo[2], d[2];
    sg_day_split(ended_on, &y[0], &mo[0], &d[0]);
    sg_day_split(s->starts, &y[1], &mo[1], &d[1]);
    int32_t months = (y[1] - y[0]) * 12 + mo[1] - mo[0];
    int32_t limit = (int32_t)s->cooldown;
    return limit && (months < limit || (months == limit && d[0] > d[1]));
}

static bool course_is_new(const struct m_slot *s, const struct m_person *p)
{
    for (size_t i = 0; i < p->completed_count; i++) {
        bool same = strcmp(p->completed[i].course, s->course) == 0;
        if ((same && s->same_course_excluded) || is_recent(s, p->completed[i].ended_on))
            return false;
    }
    return true;
}

bool m_is_eligible(const struct m_slot *s, struct m_person *of)
{
    const struct m_person *p = m_root(of);
    if (p->minor || p->age_doubt)
        return false;
    for (size_t i = 0; i < m_count(of); i++)
        if (!course_is_new(s, m_member(of, i)))
            return false;
    struct m_identity id = m_identity_of(of);
    return age_fits(s, &id) && sex_fits(s, id.sex) && region_fits(s, id.home) &&
           schooling_fits(s, id.schooling);
}

bool m_agrees(const struct model *m, struct m_person *p)
{
    return !m_restricted(p) &&
           m_consents(p, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER, sg_day_at(m->now_ms));
}

bool m_may_sit(const struct model *m, const struct m_slot *s, struct m_person *p)
{
    return !m_live(p) && m_agrees(m, p) && m_is_eligible(s, p);
}

/* ---- E08 ---- */

static int32_t day(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

static void take_regions(struct m_slot *s, size_t count, char **regions)
{
    s->region_count = count < SG_ARRAY_LEN(s->regions) ? count : SG_ARRAY_LEN(s->regions);
    for (size_t i = 0; i < s->region_count; i++)
        (void)snprintf(s->regions[i], sizeof s->regions[i], "%s", regions[i]);
}

void m_slot_offered(struct model *m, const struct m_event *ev)
{
    const PbTrainingSlotOffered *e = ev->e->slot_offered;
    struct sg_id id = id_of(e->slot_id);
    M_EXPECT(m, !pile_find(&m->slots, &id), "a slot is offered twice", &id);
    struct m_slot *s = pile_add(&m->slots, &id, sizeof *s);
    s->owner = ev->agency;
    s->version = 1;
    s->capacity = e->capacity_offered;
    s->class_size = e->class_size;
    s->hold_hours = e->hold_hours;
    s->starts = day(e->starts_on);
    s->ends = day(e->ends_on);
    s->late = day(e->late_entry_until);
    s->closes_ms = sg_ms_of(e->registration_closes_at);
    s->sex = e->sex;
    s->min_age = e->min_age;
    s->max_age = e->max_age;
    s->cooldown = e->cooldown_months;
    s->same_course_excluded = e->exclude_same_course;
    s->least_schooling = e->has_min_schooling ? e->min_schooling : PB_SCHOOLING_UNSPECIFIED;
    take_regions(s, e->n_regions, e->regions);
    (void)snprintf(s->course, sizeof s->course, "%s", e->course_code);
    (void)snprintf(s->kit, sizeof s->kit, "%s", e->kit_code ? e->kit_code : "");
    if (m->open_slot_count < SG_ARRAY_LEN(m->open_slots))
        m->open_slots[m->open_slot_count++] = s;
    else
        m_break(m, "too many slots are open at once for this model", &id);
}

/* ---- E09, E10 ---- */

static struct m_slot *own_slot(struct model *m, const struct m_event *ev, ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    struct m_slot *s = pile_find(&m->slots, &id);
    M_EXPECT(m, s && s->owner == ev->agency, "I5: a slot was changed by another than its owner",
             &id);
    M_EXPECT(m, !s || ev->e->expected_version == s->version, "a stale version was accepted", &id);
    if (!s || m->broken)
        return NULL;
    PbSlotState state = m_slot_state(m, s);
    M_EXPECT(m, state != PB_SLOT_STATE_FINISHED && state != PB_SLOT_STATE_CANCELLED,
             "a slot that is over was changed", &id);
    s->version++;
    s->changed_ms = m->now_ms;
    return s;
}

static void lay_conditions(struct m_slot *s, const PbTrainingSlotChanged *e)
{
    if (e->has_sex)
        s->sex = e->sex;
    if (e->has_min_age)
        s->min_age = e->min_age;
    if (e->has_max_age)
        s->max_age = e->max_age;
    if (e->has_cooldown_months)
        s->cooldown = e->cooldown_months;
    if (e->has_exclude_same_course)
        s->same_course_excluded = e->exclude_same_course;
    if (e->has_min_schooling)
        s->least_schooling = e->min_schooling;
    if (e->regions)
        take_regions(s, e->regions->n_values, e->regions->values);
}

static void lay_dates(struct m_slot *s, const PbTrainingSlotChanged *e)
{
    if (e->starts_on)
        s->starts = day(e->starts_on);
    if (e->ends_on)
        s->ends = day(e->ends_on);
    if (e->late_entry_until)
        s->late = day(e->late_entry_until);
    if (e->registration_closes_at)
        s->closes_ms = sg_ms_of(e->registration_closes_at);
}

void m_slot_changed(struct model *m, const struct m_event *ev)
{
    const PbTrainingSlotChanged *e = ev->e->slot_changed;
    struct m_slot *s = own_slot(m, ev, e->slot_id);
    if (!s)
        return;
    int32_t before = s->starts, late = s->late;
    lay_conditions(s, e);
    lay_dates(s, e);
    if (e->has_capacity_offered)
        s->capacity = e->capacity_offered;
    M_EXPECT(m, s->capacity >= s->live && s->capacity <= s->class_size,
             "I2: a capacity below the seats that are given", &s->id);
    for (size_t i = 1; i < MODEL_SEATS_MAX; i++) {
        if (!s->seats[i] || !m_is_promised(s->seats[i]->state))
            continue;
        if (abs(s->starts - before) > MOVED_DAYS)
            m_expect_hold(m, s->seats[i]);
        else if (s->starts != before || s->late != late)
            m_promise_limits(m, s->seats[i]);
    }
}

static int by_order(const void *a, const void *b)
{
    const struct m_seat *one = *(struct m_seat *const *)a, *other = *(struct m_seat *const *)b;
    return m_goes_first(one, other) ? -1 : 1;
}

void m_slot_cancelled(struct model *m, const struct m_event *ev)
{
    const PbTrainingSlotCancelled *e = ev->e->slot_cancelled;
    struct m_slot *s = own_slot(m, ev, e->slot_id);
    struct sg_id other = id_of(e->alternative_slot_id);
    if (!s)
        return;
    s->cancelled = true;
    for (size_t i = 1; i < MODEL_SEATS_MAX; i++)
        if (s->seats[i])
            m->claims[m->claim_count++] = s->seats[i];
    for (size_t i = 0; i < s->waiting_count; i++)
        m->claims[m->claim_count++] = s->waiting[i];
    for (size_t i = 0; i < m->claim_count; i++) { /* the order in which they may sit elsewhere */
        m->claims[i]->band = m->claims[i]->c->band;
        m_expect_void(m, m->claims[i]);
    }
    if (m->claim_count > 1)
        qsort(m->claims, m->claim_count, sizeof m->claims[0], by_order);
    if (!e->has_alternative_slot_id) {
        m->claim_count = 0;
        return;
    }
    m->alternative = pile_find(&m->slots, &other);
    M_EXPECT(m, m->alternative && m->alternative != s && m->alternative->owner == ev->agency,
             "an alternative that is not the owner's", &other);
    M_EXPECT(m, !m->alternative || m_slot_state(m, m->alternative) == PB_SLOT_STATE_OPEN,
             "an alternative that is not open", &other);
}
