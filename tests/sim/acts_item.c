/* acts_item.c - equipment: E16 to E18. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>

#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

static const struct {
    const char *course, *kit;
} kits[] = {{"MOTORCYCLE_SERVICE", "KIT-MOTOR-A"},
            {"BARBER", "KIT-BARBER-A"},
            {"EMBROIDERY", "KIT-SULAM-A"}};

/* ---- E16 ---- */

PbEnvelope *act_register(struct acts *a)
{
    size_t kit = below(a, SG_ARRAY_LEN(kits));
    const char *owner = act_agency_with(a, PB_CAPABILITY_EQUIPMENT_PROVIDER);
    struct sg_id id = act_new_id(a);
    if (a->items_ahead_count && one_in(a, 2)) {
        id = a->items_ahead[--a->items_ahead_count];
        owner = "dinsos";
    }
    PbEnvelope *e = act_envelope(a, "equipment.registered", owner);
    PAYLOAD(a, PbEquipmentRegistered, p)
    pb_equipment_registered__init(p);
    p->has_item_id = p->has_value_idr = p->has_funding = p->has_condition = true;
    p->item_id = act_id(a, &id);
    p->kit_code = act_text(a, kits[kit].kit);
    p->course_code = act_text(a, kits[one_in(a, 20) ? 0 : kit].course);
    p->description = act_text(a, "Kotak alat");
    p->value_idr = 2350000;
    p->funding = PB_FUNDING_APBD;
    p->acquired_on = act_date(a, act_today(a) - 30);
    p->condition = PB_EQUIPMENT_REGISTERED__CONDITION_NEW;
    e->equipment_registered = p;
    return e;
}

/* ---- E17 ---- */

static bool in_stock(const struct acts *a, const void *object)
{
    const struct m_item *item = object;
    (void)a;
    return item->state == PB_ITEM_STATE_IN_STOCK;
}

static bool is_wanted(const struct acts *a, const void *object)
{
    const struct m_item *item = object;
    return in_stock(a, item) && act_is_waited_for(a, &item->id);
}

static bool is_issued(const struct acts *a, const void *object)
{
    const struct m_item *item = object;
    (void)a;
    return item->state >= PB_ITEM_STATE_ON_LOAN && item->state <= PB_ITEM_STATE_AT_RISK;
}

static bool lent(const struct acts *a, const void *object)
{
    const struct m_item *item = object;
    (void)a;
    return item->state == PB_ITEM_STATE_ON_LOAN &&
           item->seats[0]->state == PB_ALLOCATION_STATE_COMPLETED;
}

static bool has_kit(const struct acts *a, const struct m_person *p, const char *kit)
{
    for (size_t i = 0; i < a->model->items.count; i++) {
        const struct m_item *item = a->model->items.all[i];
        for (size_t j = 0; item->kept && j < item->seat_count; j++)
            if (item->seats[j]->person == p && strcmp(item->kit, kit) == 0)
                return true;
    }
    return false;
}

/* A placement in that state, rather of the course of the item and of somebody without the kit. */
static struct m_seat *pick_recipient(struct acts *a, const struct m_item *item,
                                     PbAllocationState state)
{
    const struct pile *seats = &a->model->seats;
    size_t from = seats->count > 250 ? seats->count - 250 : 0;
    bool any = one_in(a, 15);
    for (int i = 0; seats->count && i < 60; i++) {
        struct m_seat *seat = seats->all[from + below(a, seats->count - from)];
        bool fits = seat->state == state && strcmp(seat->slot->course, item->course) == 0;
        if (fits && !any && has_kit(a, seat->person, item->kit))
            continue;
        if (fits || (any && seat->state >= PB_ALLOCATION_STATE_CONFIRMED))
            return seat;
    }
    return NULL;
}

static char *bast_no(struct acts *a)
{
    if (one_in(a, 6) && a->bast_count)
        return sg_arena_format(a->arena, "%03llu/BAST",
                               (unsigned long long)below(a, a->bast_count));
    return sg_arena_format(a->arena, "%03llu/BAST", (unsigned long long)a->bast_count++);
}

/* The same group as on loan, or a new one. */
static bool set_recipients(struct acts *a, PbEquipmentIssued *p, const struct m_item *item,
                           PbAllocationState state)
{
    const struct m_seat *seats[MODEL_GROUP_MAX];
    size_t count = 0;
    bool keeps = item->state == PB_ITEM_STATE_ON_LOAN;
    size_t wanted = keeps ? item->seat_count : one_in(a, 5) ? 1 + below(a, 3) : 1;
    for (size_t i = 0; i < wanted; i++) {
        const struct m_seat *seat = keeps ? item->seats[i] : pick_recipient(a, item, state);
        bool twice = false;
        for (size_t j = 0; j < count; j++)
            twice |= seats[j] == seat;
        if (seat && !twice)
            seats[count++] = seat;
    }
    if (!count)
        return false;
    p->has_allocation_id = true;
    p->allocation_id = act_id(a, &seats[0]->id);
    p->group_allocation_ids =
        sg_arena_alloc(a->arena, MODEL_GROUP_MAX * sizeof p->group_allocation_ids[0]);
    SG_CHECK(p->group_allocation_ids);
    for (size_t i = 1; i < count; i++)
        p->group_allocation_ids[p->n_group_allocation_ids++] = act_id(a, &seats[i]->id);
    return true;
}

PbEnvelope *act_issue(struct acts *a)
{
    bool keeps = one_in(a, 3);
    const struct m_item *item = act_pick(a, &a->model->items, 120,
                                         keeps           ? lent
                                         : one_in(a, 3)  ? is_wanted
                                         : one_in(a, 15) ? is_issued
                                                         : in_stock);
    bool grant = keeps || one_in(a, 2);
    if (!item)
        return NULL;
    PbEnvelope *e = act_envelope(a, "equipment.issued", item->owner);
    PAYLOAD(a, PbEquipmentIssued, p)
    bool completed = one_in(a, 8) ? !grant : grant; /* now and then to whom it is not due */
    pb_equipment_issued__init(p);
    if (!set_recipients(a, p, item,
                        completed ? PB_ALLOCATION_STATE_COMPLETED : PB_ALLOCATION_STATE_OCCUPIED))
        return NULL;
    p->has_item_id = p->has_basis = p->has_no_sale_statement = true;
    p->item_id = act_id(a, &item->id);
    p->basis = grant ? PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION
                     : PB_EQUIPMENT_ISSUED__BASIS_LOAN_DURING_TRAINING;
    p->no_sale_statement = grant;
    p->bast_no = bast_no(a);
    p->bast_date = act_date(a, act_today(a));
    p->custody_until = act_date(a, act_today(a) + (one_in(a, 2) ? 365 : (int32_t)below(a, 40)));
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->equipment_issued = p;
    return e;
}

/* ---- E18 ---- */

static void find_something(struct acts *a, PbEquipmentChecked *p, const struct m_item *item)
{
    uint64_t how = below(a, 12);
    p->finding = how < 5 ? (PbEquipmentChecked__Finding)(1 + below(a, 3))
                         : (PbEquipmentChecked__Finding)(1 + below(a, 8));
    p->action = PB_EQUIPMENT_CHECKED__ACTION_NONE;
    if (item && item->state == PB_ITEM_STATE_GRANTED && act_today(a) >= item->custody_until)
        p->action = one_in(a, 2) ? PB_EQUIPMENT_CHECKED__ACTION_OWNERSHIP_FINAL
                                 : PB_EQUIPMENT_CHECKED__ACTION_NONE;
    else if (one_in(a, 6))
        p->action = (PbEquipmentChecked__Action)(1 + below(a, 5));
    if (p->finding == PB_EQUIPMENT_CHECKED__FINDING_STOLEN)
        p->police_report = act_text(a, "LP/12");
}

PbEnvelope *act_check(struct acts *a)
{
    const struct m_item *item =
        act_pick(a, &a->model->items, 160, one_in(a, 12) ? in_stock : is_issued);
    struct sg_id id = act_new_id(a), item_id;
    if (!item)
        return NULL;
    const char *owner = item->c && one_in(a, 3) ? item->c->owner : item->owner;
    item_id = item->id;
    if (a->items_ahead_count < ACTS_PLANNED && one_in(a, 20)) {
        item_id = a->items_ahead[a->items_ahead_count++] = act_new_id(a);
        owner = "dinsos";
        item = NULL;
    }
    PbEnvelope *e = act_envelope(a, "equipment.checked", owner);
    PAYLOAD(a, PbEquipmentChecked, p)
    pb_equipment_checked__init(p);
    p->has_check_id = p->has_item_id = p->has_method = p->has_finding = p->has_action = true;
    p->check_id = act_id(a, &id);
    p->item_id = act_id(a, &item_id);
    p->checked_on = act_date(a, act_today(a) - (one_in(a, 6) ? (int32_t)below(a, 20) - 2 : 0));
    p->method = PB_EQUIPMENT_CHECKED__METHOD_HOME_VISIT;
    find_something(a, p, item);
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->equipment_checked = p;
    return e;
}
