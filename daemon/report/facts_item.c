/* facts_item.c - equipment: whose it is, who has it, what was seen of it. */
#include "report/facts.h"

enum { E16 = 116, E17 = 117, E18 = 118 };

static uint32_t item_of(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->item_ids, &id);
    if (at == m->items.count) {
        struct item *item = POOL_ADD(m->arena, &m->items, struct item);
        *item = (struct item){.owner = NOTHING,
                              .kit = NOTHING,
                              .case_owner = NOTHING,
                              .grant = NOTHING,
                              .risk_on = DAY_NONE};
    }
    return at;
}

static void take_registered(struct facts *m, const struct fact *f)
{
    const PbEquipmentRegistered *e = f->envelope->equipment_registered;
    uint32_t at = e && f->states ? item_of(m, e->item_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct item *item = ITEM(m, at);
    item->owner = facts_agency(m, f->agency);
    item->kit = names_add(m->arena, &m->kits, e->kit_code);
    item->value_idr = e->value_idr;
}

static void add_grant(struct facts *m, uint32_t item, ProtobufCBinaryData allocation, int32_t on,
                      bool first)
{
    struct grant *g = POOL_ADD(m->arena, &m->grants, struct grant);
    *g = (struct grant){
        .item = item, .on = on, .until = DAY_NONE, .before = ITEM(m, item)->grant, .first = first};
    ITEM(m, item)->grant = m->grants.count - 1;
    g->allocation = facts_allocation(m, allocation);
}

static void take_issued(struct facts *m, const struct fact *f)
{
    const PbEquipmentIssued *e = f->envelope->equipment_issued;
    uint32_t at = e && f->states ? item_of(m, e->item_id) : NOTHING;
    if (at == NOTHING || e->basis != PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION)
        return;
    add_grant(m, at, e->allocation_id, facts_day(e->bast_date), true);
    for (size_t i = 0; i < e->n_group_allocation_ids; i++)
        add_grant(m, at, e->group_allocation_ids[i], facts_day(e->bast_date), false);
}

static void take_checked(struct facts *m, const struct fact *f)
{
    const PbEquipmentChecked *e = f->envelope->equipment_checked;
    uint32_t at = e && f->states ? item_of(m, e->item_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct check *c = POOL_ADD(m->arena, &m->checks, struct check);
    c->item = at;
    c->on = facts_day(e->checked_on);
    c->finding = f->finding;
}

static bool is_with_person(PbItemState state)
{
    return state == PB_ITEM_STATE_GRANTED || state == PB_ITEM_STATE_AT_RISK ||
           state == PB_ITEM_STATE_OWNED;
}

/* An item that comes back, or is given up, ends the grants of it. */
static void end_grants(struct facts *m, uint32_t item, int32_t on)
{
    uint32_t at = ITEM(m, item)->grant;
    while (at != NOTHING) {
        struct grant *g = POOL_AT(&m->grants, struct grant, at);
        if (g->until == DAY_NONE)
            g->until = on;
        at = g->before;
    }
}

static void move_item(struct facts *m, uint32_t at, PbItemState to, int32_t on)
{
    struct item *item = ITEM(m, at);
    if (to == PB_ITEM_STATE_AT_RISK && item->state != PB_ITEM_STATE_AT_RISK)
        item->risk_on = on;
    if (is_with_person(item->state) && !is_with_person(to))
        end_grants(m, at, on);
    item->state = to;
}

static void take_state(struct facts *m, const struct fact *f)
{
    const PbItemEffect *e = f->effect->item;
    uint32_t at = e ? item_of(m, e->item_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct item *item = ITEM(m, at);
    if (e->case_owner)
        item->case_owner = facts_agency(m, e->case_owner);
    if (e->has_finding)
        item->finding = e->finding;
    if (e->has_state)
        move_item(m, at, e->state, f->occurred_day);
}

/* Those that ended last run again: the item did not come back. */
static void reopen_grants(struct facts *m, uint32_t item)
{
    uint32_t at = ITEM(m, item)->grant;
    int32_t on = at == NOTHING ? DAY_NONE : POOL_AT(&m->grants, struct grant, at)->on;
    while (at != NOTHING) {
        struct grant *g = POOL_AT(&m->grants, struct grant, at);
        if (g->on != on)
            return;
        g->until = DAY_NONE;
        at = g->before;
    }
}

/* E24: the item stands as its effect says. One that was never there is in no state. */
static void take_restated(struct facts *m, const struct fact *f)
{
    const PbItemRestated *e = f->effect->correction ? f->effect->correction->item : NULL;
    uint32_t at = e ? item_of(m, e->item_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct item *item = ITEM(m, at);
    PbItemState to = e->row->state;
    item->case_owner = facts_agency(m, e->row->case_owner);
    item->finding = e->row->finding;
    if (!is_with_person(item->state) && is_with_person(to))
        reopen_grants(m, at);
    move_item(m, at, to == PB_ITEM_STATE_ANNULLED ? PB_ITEM_STATE_UNSPECIFIED : to,
              f->occurred_day);
}

void facts_take_item(struct facts *m, const struct fact *f)
{
    take_state(m, f);
    take_restated(m, f);
    if (f->type == E16)
        take_registered(m, f);
    else if (f->type == E17)
        take_issued(m, f);
    else if (f->type == E18)
        take_checked(m, f);
}
