/* query_case.c - queries about what concerns the asking agency: an event, its cases, kits,
 * deadlines.
 */
#include "broker/inside.h"

#include "broker/view.h"

/* Entries of a page; an entry of the greatest size leaves room for all. */
enum { PAGE_CASES = 60, PAGE_KITS = 60, PAGE_DEADLINES = 200, PAGE_SUSPICIONS = 150 };

static struct sg_bytes cursor_of(const struct request *r)
{
    return (struct sg_bytes){r->frame->query->cursor.data, r->frame->query->cursor.len};
}

static void set_next(struct turn *t, PbQueryResult *result, struct sg_bytes next)
{
    if (!next.len)
        return;
    result->has_next_cursor = true;
    result->next_cursor = turn_bytes(t, next.ptr, next.len);
}

static struct ledger_asker asker_of(const struct turn *t, const struct request *r)
{
    return (struct ledger_asker){r->session->agency, r->agency->capabilities, t->world.now_ms};
}

static enum sg_err unknown(struct turn *t, PbQueryResult *result, const char *object,
                           const char *accepted)
{
    result->error = reply_error_code(t, SG_ST_UNKNOWN_OBJECT, object, accepted, 0);
    return SG_OK;
}

/* ---- one event ---- */

static enum sg_err find_event(struct turn *t, const PbQuery *query, uint64_t *out_seq,
                              struct sg_why *why)
{
    struct sg_id outbox_id;
    *out_seq = query->seq;
    if (query->has_seq || !query->place)
        return SG_OK;
    struct sg_bytes id = {query->place->outbox_id.data, query->place->outbox_id.len};
    if (sg_id_from(id, &outbox_id) != SG_OK)
        return SG_OK;
    return order_find(t, &outbox_id, query->place->number, out_seq, why);
}

/* Only what the agency may read, and what it published itself. */
enum sg_err ask_event(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    const char *agency = r->session->agency;
    const char *wanted = "the seq or the place of an event that you may read";
    struct record record;
    uint64_t seq = 0;
    enum sg_err err = find_event(t, r->frame->query, &seq, why);
    if (!err)
        err = journal_get(&t->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, &t->broker->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? unknown(t, result, "seq", wanted) : err;
    bool parked = record.rest->kind == PB_RECORD_KIND_PARKED;
    bool own = record.rest->agency && strcmp(record.rest->agency, agency) == 0;
    if (!own && (parked || !view_relations(&record, agency)))
        return unknown(t, result, "seq", wanted);
    PbDelivery *delivery = NULL;
    err = deliver_view(t, agency, seq, &delivery, why);
    if (err)
        return err;
    if (!delivery)
        return unknown(t, result, "seq", wanted);
    result->has_event = true;
    result->event = delivery->envelope;
    result->place = delivery->place;
    return ledger_event_standing(&t->txn, delivery->seq, &t->broker->arena, &result->standing, why);
}

/* Own events about one object, the first one first. */
enum sg_err ask_correctable(struct turn *t, struct request *r, PbQueryResult *result,
                            struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    struct sg_id id;
    struct sg_bytes bytes = {r->frame->query->object_id.data, r->frame->query->object_id.len};
    enum sg_err err = SG_OK;
    if (sg_id_from(bytes, &id) == SG_OK)
        err = ledger_events_of(&t->txn, &asker, &id, &t->broker->arena, &result->events,
                               &result->n_events, why);
    if (err || result->n_events)
        return err;
    return unknown(t, result, "object_id", "the id of something that an event of yours is about");
}

/* ---- cases, kits, deadlines ---- */

enum sg_err ask_cases(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    struct sg_bytes next;
    enum sg_err err = ledger_cases(&t->txn, &asker, r->frame->query->all, cursor_of(r), PAGE_CASES,
                                   &t->broker->arena, &result->cases, &result->n_cases, &next, why);
    if (!err)
        set_next(t, result, next);
    return err;
}

enum sg_err ask_case(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    struct sg_id id;
    struct sg_bytes bytes = {r->frame->query->case_id.data, r->frame->query->case_id.len};
    enum sg_err err = SG_E_NOT_FOUND;
    result->cases = turn_take(t, sizeof *result->cases);
    if (sg_id_from(bytes, &id) == SG_OK)
        err = ledger_case(&t->txn, &asker, &id, &t->broker->arena, &result->cases[0], why);
    if (err == SG_E_NOT_FOUND)
        return unknown(t, result, "case_id", "the id of a case of your own");
    result->n_cases = 1;
    return err;
}

enum sg_err ask_kits(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    struct sg_bytes next;
    enum sg_err err = ledger_kits(&t->txn, &asker, cursor_of(r), PAGE_KITS, &t->broker->arena,
                                  &result->kits, &result->n_kits, &next, why);
    if (!err)
        set_next(t, result, next);
    return err;
}

enum sg_err ask_deadlines(struct turn *t, struct request *r, PbQueryResult *result,
                          struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    struct sg_bytes next;
    enum sg_err err =
        ledger_deadlines(&t->txn, &asker, r->frame->query->all, cursor_of(r), PAGE_DEADLINES,
                         &t->broker->arena, &result->deadlines, &result->n_deadlines, &next, why);
    if (!err)
        set_next(t, result, next);
    return err;
}

/* ---- dead letters ---- */

enum sg_err answer_discard(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbDiscard *discard = r->frame->discard;
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbAdminResult result = PB_ADMIN_RESULT__INIT;
    const char *name = discard->subscription ? discard->subscription : "";
    struct key key = {0};
    enum sg_err err = SG_E_NOT_FOUND;
    result.has_request_no = result.has_server_time_ms = true;
    result.request_no = discard->request_no;
    result.server_time_ms = t->world.now_ms;
    frame.admin_result = &result;
    if (strlen(name) <= SG_NAME_MAX) {
        key_u64(key_text(key_text(&key, r->session->agency), name), discard->seq);
        err = table_delete(&t->txn, TABLE_DEAD_LETTERS, &key, why);
    }
    if (err == SG_E_NOT_FOUND)
        result.error = reply_error_code(t, SG_ST_UNKNOWN_OBJECT, "seq",
                                        "a dead letter of this subscription", 0);
    else if (err)
        return err;
    return reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}

/* ---- persons ---- */

/* For identity stewards only: what is told here nobody else may know. */
enum sg_err ask_person(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    struct ledger_asker asker = asker_of(t, r);
    const PbQuery *query = r->frame->query;
    struct sg_bytes ref = {query->person_ref.data, query->person_ref.len}, next;
    struct sg_id id;
    enum sg_err err = SG_E_NOT_FOUND;
    if (!(r->agency->capabilities & SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD))) {
        result->error = reply_error_code(t, SG_ST_FORBIDDEN, "query.kind",
                                         "an agency with the capability IDENTITY_STEWARD", 0);
        return SG_OK;
    }
    if (query->suspects) {
        err = ledger_suspicions(&t->txn, &asker, cursor_of(r), PAGE_SUSPICIONS, &t->broker->arena,
                                &result->suspicions, &result->n_suspicions, &next, why);
        if (!err)
            set_next(t, result, next);
        return err;
    }
    if (sg_id_from(ref, &id) == SG_OK)
        err =
            ledger_person(&t->txn, &asker, &t->world, &id, &t->broker->arena, &result->person, why);
    return err == SG_E_NOT_FOUND
               ? unknown(t, result, "person_ref", "your own reference of a person")
               : err;
}
