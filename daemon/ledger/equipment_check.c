/* equipment_check.c - E18: what somebody saw of an item, and what its owner does about it. */
#include "ledger/deadline.h"
#include "ledger/equipment.h"
#include "wire/day.h"

#include <stdio.h>

static bool is_issued(PbItemState state)
{
    return state == PB_ITEM_STATE_ON_LOAN || state == PB_ITEM_STATE_GRANTED ||
           state == PB_ITEM_STATE_AT_RISK;
}

static bool is_seen(PbEquipmentChecked__Finding finding)
{
    return finding == PB_EQUIPMENT_CHECKED__FINDING_IN_USE ||
           finding == PB_EQUIPMENT_CHECKED__FINDING_PRESENT_UNUSED ||
           finding == PB_EQUIPMENT_CHECKED__FINDING_DAMAGED;
}

/* What an E18 makes of an item; UNSPECIFIED: refused. The action of the owner goes first. */
static PbItemState state_after(const PbItemRow *item, const PbEquipmentChecked *e)
{
    bool at_risk = item->state == PB_ITEM_STATE_AT_RISK;
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_WRITE_OFF)
        return PB_ITEM_STATE_WRITTEN_OFF;
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_OWNERSHIP_FINAL)
        return item->state == PB_ITEM_STATE_GRANTED && is_seen(e->finding)
                   ? PB_ITEM_STATE_OWNED
                   : PB_ITEM_STATE_UNSPECIFIED;
    if (e->finding == PB_EQUIPMENT_CHECKED__FINDING_RETURNED)
        return PB_ITEM_STATE_IN_STOCK;
    if (is_seen(e->finding))
        return at_risk ? item->previous_state : item->state;
    return at_risk ? PB_ITEM_STATE_UNSPECIFIED : PB_ITEM_STATE_AT_RISK;
}

static const char *state_name(const PbItemRow *item)
{
    return protobuf_c_enum_descriptor_get_value(&pb_item_state__descriptor, (int)item->state)->name;
}

static bool may_check(struct decision *d, const PbItemRow *item)
{
    const PbEquipmentChecked *e = d->event->envelope->equipment_checked;
    const char *agency = d->source->agency->id;
    bool owner = strcmp(item->owner, agency) == 0;
    bool decides = e->action >= PB_EQUIPMENT_CHECKED__ACTION_RECALL;
    if (owner || (!decides && item->case_owner && strcmp(item->case_owner, agency) == 0))
        return true;
    (void)refuse(d, SG_ST_NOT_OWNER,
                 decides ? "equipment_checked.action" : "equipment_checked.item_id", NULL,
                 decides ? "RECALL, WRITE_OFF and OWNERSHIP_FINAL from the owner of the item"
                         : "an item of your own, or of a case of your own");
    return false;
}

/* What the finding and the action ask of an item that stands like this. */
static enum sg_err check_finding(struct decision *d, const PbItemRow *item,
                                 const PbEquipmentChecked *e, const char *prefix)
{
    char object[96];
    if (day_of(e->checked_on) > sg_day_at(d->turn->block->time_ms)) {
        (void)snprintf(object, sizeof object, "%s.checked_on", prefix);
        return refuse(d, SG_ST_FUTURE_TIME, object, NULL, "today or a day before");
    }
    (void)snprintf(object, sizeof object, "%s.action", prefix);
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_OWNERSHIP_FINAL &&
        sg_day_at(d->turn->block->time_ms) < item->custody_until)
        return refuse(d, SG_ST_BAD_TRANSITION, object, "CUSTODY",
                      "OWNERSHIP_FINAL from custody_until on");
    (void)snprintf(object, sizeof object, "%s.finding", prefix);
    if (state_after(item, e) == PB_ITEM_STATE_UNSPECIFIED)
        return refuse(d, SG_ST_BAD_TRANSITION, object, state_name(item),
                      "a finding and an action that fit the state of the item");
    return SG_OK;
}

static enum sg_err check_state(struct decision *d, const struct sg_id *id, const PbItemRow *item)
{
    const PbEquipmentChecked *e = d->event->envelope->equipment_checked;
    if (item->state == PB_ITEM_STATE_IN_STOCK)
        return park(d, id, SG_ST_BAD_TRANSITION, "equipment_checked.item_id", state_name(item),
                    "an item that was issued");
    if (!is_issued(item->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "equipment_checked.item_id", state_name(item),
                      "an item that is ON_LOAN, GRANTED or AT_RISK");
    return check_finding(d, item, e, "equipment_checked");
}

static enum sg_err end_limits(struct decision *d, const struct sg_id *id, const PbItemRow *item,
                              PbItemState to, struct sg_why *why)
{
    bool over = !is_issued(to);
    int32_t day = day_of(d->event->envelope->equipment_checked->checked_on);
    enum sg_err err = over ? deadline_end(d, RULE_RETURN, id, false, why) : SG_OK;
    return err ? err : item_checked_limits(d, id, item->bast_on, over ? INT32_MAX : day, why);
}

static void describe(struct decision *d, const struct sg_id *id, const PbItemRow *item,
                     PbItemState to)
{
    const PbEquipmentChecked *e = d->event->envelope->equipment_checked;
    PbItemEffect *effect = item_effect(d, id, to);
    bool was_granted =
        item->state == PB_ITEM_STATE_GRANTED || item->previous_state == PB_ITEM_STATE_GRANTED;
    keep_item(d, item);
    effect->has_finding = true;
    effect->finding = e->finding;
    effect->has_recalled = effect->recalled = e->action == PB_EQUIPMENT_CHECKED__ACTION_RECALL;
    effect->has_given_back = effect->given_back = to == PB_ITEM_STATE_IN_STOCK && was_granted;
    if (to == PB_ITEM_STATE_AT_RISK) {
        effect->has_previous_state = true;
        effect->previous_state = item_holding(item);
    }
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = item->version + 1;
    add_reader(d, item->owner, RELATION_EQUIPMENT);
    if (item->case_owner)
        add_reader(d, item->case_owner, RELATION_CASE_OWNER);
}

enum sg_err decide_item_checked(struct decision *d, struct sg_why *why)
{
    const PbEquipmentChecked *e = d->event->envelope->equipment_checked;
    struct sg_id id = id_of(e->item_id), check_id = id_of(e->check_id);
    PbItemRow *item = NULL;
    PbObjectRow *object = NULL;
    enum sg_err err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &item, why);
    if (err == SG_E_NOT_FOUND)
        return park(d, &id, SG_ST_UNKNOWN_OBJECT, "equipment_checked.item_id", NULL,
                    "an item that was registered");
    if (!err)
        err = read_object(d, &check_id, &object, why);
    if (err || !may_check(d, item))
        return err;
    err = stated_again(d, object, "equipment_checked.check_id");
    if (!err && !d->fault->code && !d->duplicate)
        err = check_state(d, &id, item);
    if (err || d->fault->code || d->duplicate)
        return err;
    if (item->n_person_ids) {
        struct sg_id person_id = id_of(item->person_ids[0]);
        about_person(d, &person_id);
    }
    PbItemState to = state_after(item, e);
    describe(d, &id, item, to);
    state_object(d, &check_id);
    return end_limits(d, &id, item, to, why);
}

/* ---- E24 of an E18 ---- */

static bool decides(PbEquipmentChecked__Action action)
{
    return action >= PB_EQUIPMENT_CHECKED__ACTION_RECALL;
}

enum sg_err item_checked_as(struct decision *d, const PbItemRow *before,
                            const PbEquipmentChecked *e, uint64_t seq, PbItemRow *out_row)
{
    PbItemRow as = *before;
    if (decides(e->action) && strcmp(before->owner, d->source->agency->id) != 0)
        return refuse(d, SG_ST_NOT_OWNER, "event_corrected.replacement.action", NULL,
                      "RECALL, WRITE_OFF and OWNERSHIP_FINAL from the owner of the item");
    enum sg_err err = check_finding(d, before, e, "event_corrected.replacement");
    if (err || d->fault->code)
        return err;
    as.state = state_after(before, e);
    as.has_touched_seq = as.has_finding = true;
    as.touched_seq = seq;
    as.finding = e->finding;
    as.has_previous_state = as.state == PB_ITEM_STATE_AT_RISK;
    as.previous_state = item_holding(before);
    if (e->action == PB_EQUIPMENT_CHECKED__ACTION_RECALL)
        as.has_recalled = as.recalled = true;
    if (!as.has_checked_on || as.checked_on < day_of(e->checked_on))
        as.checked_on = day_of(e->checked_on);
    as.has_checked_on = true;
    if (as.state == PB_ITEM_STATE_IN_STOCK) {
        as.n_allocation_ids = as.n_person_ids = 0;
        as.has_case_id = as.has_bast_on = as.has_custody_until = as.has_recalled = false;
        as.has_issued_seq = as.has_checked_on = false;
        as.case_owner = as.bast_no = NULL;
    }
    *out_row = as;
    return SG_OK;
}
