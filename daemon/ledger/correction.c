/* correction.c - E24. This version annuls an E01: the referral is withdrawn. Domain 7.1, 8.5. */
#include "ledger/referral.h"
#include "wire/day.h"

static const int64_t window_ms = 400 * SG_DAY_MS;

/* The corrected event, from the seq that the broker found for its place. */
static enum sg_err read_corrected(struct decision *d, struct record *out, struct sg_why *why)
{
    const char *object = "event_corrected.corrected";
    if (!d->source->named_seq)
        return refuse(d, SG_ST_UNKNOWN_OBJECT, object, NULL, "an event of yours that was accepted");
    enum sg_err err = journal_get(d->turn->txn, d->source->named_seq, out, why);
    if (!err)
        err = record_open_rest(out, d->turn->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a place without its record") : err;
    if (out->rest->kind == PB_RECORD_KIND_PARKED)
        return refuse(d, SG_ST_BAD_TRANSITION, object, "PARKED",
                      "an event that does not wait any more");
    return SG_OK;
}

enum sg_err decide_correction(struct decision *d, struct sg_why *why)
{
    enum { REFERRAL = 101 };
    const PbEventCorrected *e = d->event->envelope->event_corrected;
    const char *object = "event_corrected.corrected";
    struct record corrected;
    enum sg_err err = read_corrected(d, &corrected, why);
    if (err || d->fault->code)
        return err;
    const PbRecordRest *rest = corrected.rest;
    if (!owns(d, rest->agency, object, "an event of your own"))
        return SG_OK;
    if (rest->type != REFERRAL || e->action != PB_EVENT_CORRECTED__ACTION_ANNUL)
        return refuse(d, SG_ST_SCHEMA, "event_corrected.action", "TYPE_NOT_SERVED",
                      "ANNUL of a referral.submitted");
    if (corrected.accepted_ms < d->turn->block->time_ms - window_ms)
        return refuse(d, SG_ST_TOO_OLD, object, NULL, "an event of the last 400 days");
    for (size_t i = 0; i < rest->n_audience; i++) /* whoever read it reads this */
        add_reader(d, rest->audience[i]->agency, rest->audience[i]->relations);
    return referral_withdraw(d, &corrected, why);
}
