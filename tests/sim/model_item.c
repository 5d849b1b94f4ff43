/* model_item.c - equipment: E16, E17, E18. Domain 7.5. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>

enum { CHECK_DAYS = 14 };

const struct m_check_rule m_checks[MODEL_CHECKS] = {
    {"T10-1", 30}, {"T10-2", 90}, {"T10-3", 180}, {"T10-4", 365}};

bool m_on_loan(const struct m_item *item)
{
    PbItemState state = item->state == PB_ITEM_STATE_AT_RISK ? item->previous : item->state;
    return state == PB_ITEM_STATE_ON_LOAN;
}

static int32_t day(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

void m_item_registered(struct model *m, const struct m_event *ev)
{
    const PbEquipmentRegistered *e = ev->e->equipment_registered;
    struct sg_id id = id_of(e->item_id);
    M_EXPECT(m, !pile_find(&m->items, &id), "an item is registered twice", &id);
    struct m_item *item = pile_add(&m->items, &id, sizeof *item);
    item->owner = ev->agency;
    item->state = PB_ITEM_STATE_IN_STOCK;
    item->touched_seq = ev->record->seq;
    (void)snprintf(item->kit, sizeof item->kit, "%s", e->kit_code);
    (void)snprintf(item->course, sizeof item->course, "%s", e->course_code);
    m_touch(m, TOUCHED_ITEM, item);
}

/* ---- E17 ---- */

static bool is_member(struct m_seat *const *seats, size_t count, const struct m_seat *seat)
{
    for (size_t i = 0; i < count; i++)
        if (seats[i] == seat)
            return true;
    return false;
}

static bool same_group(const struct m_item *item, struct m_seat *const *seats, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_member(item->seats, item->seat_count, seats[i]))
            return false;
    return item->seat_count == count;
}

/* I4: whoever receives it is, or was to the end, in a course for which it is meant. */
static void check_entitled(struct model *m, const struct m_item *item, const struct m_seat *seat,
                           bool grant)
{
    M_EXPECT(m, strcmp(seat->slot->course, item->course) == 0, "I4: an item for another course",
             &seat->id);
    M_EXPECT(m,
             seat->state == (grant ? PB_ALLOCATION_STATE_COMPLETED : PB_ALLOCATION_STATE_OCCUPIED),
             "I4: an item for a placement that does not give it", &seat->id);
    for (size_t i = 0; grant && i < m->items.count; i++) {
        const struct m_item *other = m->items.all[i];
        if (!other->kept || strcmp(other->kit, item->kit) != 0)
            continue;
        for (size_t j = 0; j < other->seat_count; j++)
            M_EXPECT(m, m_root(other->seats[j]->person) != m_root(seat->person),
                     "a second kit of the same kind for a person", &seat->person->id);
    }
}

static bool has_person(const struct m_bast *bast, struct m_person *person)
{
    for (size_t i = 0; i < bast->person_count; i++)
        if (m_root(bast->persons[i]) == m_root(person))
            return true;
    return false;
}

static void check_bast(struct model *m, const struct m_item *item, const char *number,
                       struct m_seat *const *seats, size_t count)
{
    for (size_t i = 0; i < m->basts.count; i++) {
        const struct m_bast *bast = m->basts.all[i];
        if (!bast->uses || bast->owner != item->owner || strcmp(bast->number, number) != 0)
            continue;
        bool same = bast->person_count == count;
        for (size_t j = 0; j < count; j++)
            same &= has_person(bast, seats[j]->person);
        M_EXPECT(m, same, "one BAST number for two recipients", &item->id);
        ((struct m_bast *)m->basts.all[i])->uses++;
        return;
    }
    struct sg_id id = {{0}}; /* a pile wants ids: count them */
    sg_put_u64(id.b + 8, m->basts.count + 1);
    struct m_bast *bast = pile_add(&m->basts, &id, sizeof *bast);
    bast->owner = item->owner;
    bast->uses = 1;
    (void)snprintf(bast->number, sizeof bast->number, "%s", number);
    for (size_t i = 0; i < count; i++)
        bast->persons[bast->person_count++] = seats[i]->person;
}

static size_t read_group(struct model *m, const PbEquipmentIssued *e,
                         struct m_seat *seats[MODEL_GROUP_MAX])
{
    size_t count = 1 + e->n_group_allocation_ids;
    for (size_t i = 0; i < count && i < MODEL_GROUP_MAX; i++) {
        struct sg_id id = id_of(i ? e->group_allocation_ids[i - 1] : e->allocation_id);
        seats[i] = pile_find(&m->seats, &id);
        M_EXPECT(m, seats[i], "an item for a placement that nobody has", &id);
    }
    M_EXPECT(m, count <= MODEL_GROUP_MAX, "a larger group than this model takes", NULL);
    return count;
}

static void grant(struct m_item *item)
{
    item->kept = true;
    item->return_from_ms = 0;
    for (size_t i = 0; i < MODEL_CHECKS; i++)
        item->check_limit[i] = true;
    for (size_t i = 0; i < item->seat_count; i++)
        item->seats[i]->kit_from_ms = 0;
}

void m_item_issued(struct model *m, const struct m_event *ev)
{
    const PbEquipmentIssued *e = ev->e->equipment_issued;
    struct sg_id id = id_of(e->item_id);
    struct m_item *item = pile_find(&m->items, &id);
    struct m_seat *seats[MODEL_GROUP_MAX];
    bool grants = e->basis == PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    M_EXPECT(m, item && item->owner == ev->agency, "an item of another was issued", &id);
    size_t count = read_group(m, e, seats);
    if (m->broken)
        return;
    bool keeps = grants && item->state == PB_ITEM_STATE_ON_LOAN && same_group(item, seats, count);
    M_EXPECT(m, item->state == PB_ITEM_STATE_IN_STOCK || keeps, "an item was issued twice", &id);
    for (size_t i = 0; i < count; i++)
        check_entitled(m, item, seats[i], grants);
    check_bast(m, item, e->bast_no, seats, count);
    item->state = grants ? PB_ITEM_STATE_GRANTED : PB_ITEM_STATE_ON_LOAN;
    item->previous = PB_ITEM_STATE_UNSPECIFIED;
    item->seat_count = count;
    memcpy(item->seats, seats, count * sizeof seats[0]);
    item->c = seats[0]->c;
    item->issued_seq = item->touched_seq = ev->record->seq;
    item->c->laden = true;
    item->bast_on = day(e->bast_date);
    item->custody_until = day(e->custody_until);
    (void)snprintf(item->bast_no, sizeof item->bast_no, "%s", e->bast_no);
    if (grants)
        grant(item);
    m_touch(m, TOUCHED_ITEM, item);
}

/* ---- E18 ---- */

static bool is_seen(PbEquipmentChecked__Finding finding)
{
    return finding == PB_EQUIPMENT_CHECKED__FINDING_IN_USE ||
           finding == PB_EQUIPMENT_CHECKED__FINDING_PRESENT_UNUSED ||
           finding == PB_EQUIPMENT_CHECKED__FINDING_DAMAGED;
}

static PbItemState state_after(struct model *m, const struct m_item *item,
                               const PbEquipmentChecked *e)
{
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_WRITE_OFF)
        return PB_ITEM_STATE_WRITTEN_OFF;
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_OWNERSHIP_FINAL) {
        M_EXPECT(m, item->state == PB_ITEM_STATE_GRANTED && is_seen(e->finding),
                 "owned, but nobody has seen it there", &item->id);
        M_EXPECT(m, sg_day_at(m->now_ms) >= item->custody_until, "owned before its time",
                 &item->id);
        return PB_ITEM_STATE_OWNED;
    }
    if (e->finding == PB_EQUIPMENT_CHECKED__FINDING_RETURNED)
        return PB_ITEM_STATE_IN_STOCK;
    if (is_seen(e->finding))
        return item->state == PB_ITEM_STATE_AT_RISK ? item->previous : item->state;
    M_EXPECT(m, item->state != PB_ITEM_STATE_AT_RISK, "at risk twice", &item->id);
    return PB_ITEM_STATE_AT_RISK;
}

static void end_limits(struct m_item *item, int32_t checked_on)
{
    bool over = item->state != PB_ITEM_STATE_ON_LOAN && item->state != PB_ITEM_STATE_GRANTED &&
                item->state != PB_ITEM_STATE_AT_RISK;
    for (size_t i = 0; i < MODEL_CHECKS; i++)
        if (over || checked_on >= item->bast_on + m_checks[i].days - CHECK_DAYS)
            item->check_limit[i] = false;
    if (over)
        item->return_from_ms = 0;
}

void m_item_checked(struct model *m, const struct m_event *ev)
{
    const PbEquipmentChecked *e = ev->e->equipment_checked;
    struct sg_id id = id_of(e->item_id);
    struct m_item *item = pile_find(&m->items, &id);
    bool owner = item && item->owner == ev->agency;
    for (size_t i = 0; i < m->adopt_item_count; i++)
        if (m->adopt_items[i] == item)
            return; /* it had waited for a correction: its row is read */
    M_EXPECT(m,
             item && (item->state == PB_ITEM_STATE_ON_LOAN ||
                      item->state == PB_ITEM_STATE_GRANTED || item->state == PB_ITEM_STATE_AT_RISK),
             "an item was checked that nobody has", &id);
    if (m->broken)
        return;
    M_EXPECT(m,
             owner ||
                 (e->action < PB_EQUIPMENT_CHECKED__ACTION_RECALL && item->c->owner == ev->agency),
             "an item was checked by somebody who may not", &id);
    PbItemState to = state_after(m, item, e);
    item->touched_seq = ev->record->seq;
    item->previous = to == PB_ITEM_STATE_AT_RISK ? item->state : PB_ITEM_STATE_UNSPECIFIED;
    item->state = to;
    if (to == PB_ITEM_STATE_IN_STOCK) {
        item->kept = false;
        item->seat_count = 0;
        item->c = NULL;
        item->bast_no[0] = '\0';
    }
    end_limits(item, day(e->checked_on));
    m_touch(m, TOUCHED_ITEM, item);
}
