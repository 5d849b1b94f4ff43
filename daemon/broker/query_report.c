/* query_report.c - reports: who may ask for one, and its way to the job thread and back.
 *
 * A report takes longer than a turn may. The turn that is asked hands it out with its result; the
 * turn that is told of its end answers. One runs at a time, and the pages of the last one are kept
 * until they are fetched. What was refused is noted here too, since no record tells of it.
 */
#include "broker/inside.h"

#include "broker/view_table.h"
#include "kit/check.h"
#include "wire/day.h"

enum { REPORT_BUSY_MS = 1000, CURSOR_BYTES = 12, RULES_DEPTH_MAX = 8 };
#define KEPT_NS INT64_C(30000000000) /* pages that nobody fetches */
#define TARGET_MIN 20U
#define TARGET_MAX 25U
static const uint32_t relations_all = RELATION_PROVIDER_HELD * 2 - 1;

/* ---- what an agency may ask for ---- */

static bool may_ask(const struct sg_agency *agency)
{
    return (agency->capabilities & ~SG_CAP(PB_CAPABILITY_OPERATOR)) != 0;
}

/* Dinsos: it owns cases, and keeps identities. */
static bool is_steward(const struct sg_agency *agency)
{
    const uint32_t both = SG_CAP(PB_CAPABILITY_CASE_OWNER) | SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD);
    return (agency->capabilities & both) == both;
}

static PbError *wrong(struct turn *t, uint32_t code, const char *object, const char *accepted)
{
    return reply_error_code(t, code, object, accepted, 0);
}

static const char *known_names(struct turn *t)
{
    char names[200] = "";
    size_t len = 0;
    const struct report_name *name;
    for (size_t i = 0; (name = report_name_at(i)) && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "", name->name);
    return (const char *)turn_bytes(t, names, strlen(names) + 1).data;
}

static bool day_of(const PbDate *date, int32_t *out_day)
{
    if (!date || !sg_date_valid(date->year, date->month, date->day))
        return false;
    *out_day = sg_day_of(date->year, date->month, date->day);
    return true;
}

/* NULL: the period is right. */
static PbError *take_period(struct turn *t, const PbQuery *query, struct report_request *request)
{
    request->has_period = query->from || query->to;
    if (!request->has_period)
        return NULL;
    if (!day_of(query->from, &request->from_day))
        return wrong(t, SG_ST_SCHEMA, "query.from", "a day such as 2026-01-01");
    if (!day_of(query->to, &request->to_day))
        return wrong(t, SG_ST_SCHEMA, "query.to", "a day such as 2026-12-31");
    if (request->from_day > request->to_day)
        return wrong(t, SG_ST_SCHEMA, "query.from", "a day that is not after query.to");
    return NULL;
}

static enum sg_err take_as_of(struct turn *t, const PbQuery *query, struct report_request *request,
                              PbError **out_error, struct sg_why *why)
{
    struct sg_fault fault;
    uint64_t last = 0;
    enum sg_err err = journal_last(&t->txn, &last, why);
    if (err)
        return err;
    request->as_of = query->has_as_of ? query->as_of : last;
    request->now_ms = query->has_as_of ? 0 : t->world.now_ms;
    if (query->has_as_of && (!query->as_of || query->as_of > last)) {
        (void)sg_refuse(&fault, SG_ST_UNKNOWN_OBJECT, "query.as_of", NULL, "a seq from 1 to %llu",
                        (unsigned long long)last);
        *out_error = reply_error(t, &fault);
    }
    return SG_OK;
}

/* ---- what a report has to know of the city ---- */

static void add_grants(const struct sg_message_rules *rules, unsigned depth, uint32_t *relations)
{
    SG_CHECK(depth < RULES_DEPTH_MAX);
    for (unsigned i = 0; i < rules->descriptor->n_fields; i++) {
        const struct sg_field_rules *field = &rules->fields[i];
        bool personal = field->pd == SG_PD_GENERAL || field->pd == SG_PD_SPECIFIC;
        for (uint32_t bit = 1; personal && bit <= relations_all; bit <<= 1)
            if (view_grants(bit, field))
                *relations |= bit;
        if (!personal && field->sub)
            add_grants(field->sub, depth + 1, relations);
    }
}

static void describe_city(const struct turn *t, struct report_request *request)
{
    const struct broker_options *options = &t->broker->options;
    for (size_t i = 0; i < options->roster->agency_count; i++) {
        const struct sg_agency *agency = &options->roster->agencies[i];
        if (is_steward(agency) && !request->steward[0])
            memcpy(request->steward, agency->id, sizeof request->steward);
        if (agency->capabilities & SG_CAP(PB_CAPABILITY_CHILD_PROTECTION) &&
            request->protector_count < SG_AGENCIES_MAX)
            memcpy(request->protectors[request->protector_count++], agency->id,
                   sizeof request->protectors[0]);
    }
    request->target_min = options->target_max ? options->target_min : TARGET_MIN;
    request->target_max = options->target_max ? options->target_max : TARGET_MAX;
    const ProtobufCMessageDescriptor *d = sg_envelope_rules.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id >= SG_TYPE_AGENCY_FIRST && d->fields[i].id < REPORT_TYPES)
            add_grants(sg_envelope_rules.fields[i].sub, 0, &request->personal[d->fields[i].id]);
}

/* ---- pages ---- */

/* The page with this number of what is kept, with a cursor that knows whose it is. */
static enum sg_err read_page(struct turn *t, const struct report_pages *pages, uint64_t no,
                             uint32_t page, PbQueryResult **out_result, struct sg_why *why)
{
    enum sg_err err = sg_decode_row(&pb_query_result__descriptor, pages->pages[page],
                                    &t->broker->arena, out_result, why);
    if (err)
        return err == SG_E_FORMAT ? SG_E_STORE : err;
    if (!(*out_result)->has_next_cursor)
        return SG_OK;
    uint8_t cursor[CURSOR_BYTES];
    sg_put_u64(cursor, no);
    sg_put_u32(cursor + 8, page + 1);
    (*out_result)->next_cursor = turn_bytes(t, cursor, sizeof cursor);
    return SG_OK;
}

static bool kept_lives(const struct turn *t)
{
    const struct report_desk *desk = &t->broker->desk;
    const struct session *session = session_find(t->broker, desk->kept_peer);
    return desk->kept && session && session_live(session) &&
           t->in->mono_ns - desk->kept_ns < KEPT_NS;
}

static enum sg_err next_page(struct turn *t, struct request *r, PbQueryResult *result,
                             struct sg_why *why)
{
    const struct report_desk *desk = &t->broker->desk;
    const ProtobufCBinaryData cursor = r->frame->query->cursor;
    uint64_t no = cursor.len == CURSOR_BYTES ? sg_get_u64(cursor.data) : 0;
    uint32_t page = cursor.len == CURSOR_BYTES ? sg_get_u32(cursor.data + 8) : 0;
    if (!no || !desk->kept || desk->kept_no != no || desk->kept_peer.n != r->in->peer.n ||
        page >= desk->kept->count) {
        result->error = wrong(t, SG_ST_UNKNOWN_OBJECT, "query.cursor",
                              "the report once more from its first page");
        return SG_OK;
    }
    PbQueryResult *found = NULL;
    enum sg_err err = read_page(t, desk->kept, no, page, &found, why);
    if (err)
        return err;
    uint32_t request_no = result->request_no;
    *result = *found;
    result->has_request_no = true;
    result->request_no = request_no;
    t->report_given = true;
    t->report_dropped = page + 1 == desk->kept->count;
    return SG_OK;
}

/* ---- asking ---- */

enum sg_err ask_report(struct turn *t, struct request *r, PbQueryResult *result, struct sg_why *why)
{
    const struct report_desk *desk = &t->broker->desk;
    const PbQuery *query = r->frame->query;
    if (!may_ask(r->agency)) {
        result->error = wrong(t, SG_ST_FORBIDDEN, "query.report",
                              "an agency that works with cases "
                              "or audits");
        return SG_OK;
    }
    if (query->cursor.len)
        return next_page(t, r, result, why);
    const struct report_name *name = report_known(query->report);
    if (!name) {
        result->error = wrong(t, SG_ST_BAD_CODE, "query.report", known_names(t));
        return SG_OK;
    }
    struct report_request *request = TURN_NEW(t, struct report_request);
    request->name = name->name;
    result->error = take_period(t, query, request);
    enum sg_err err = SG_OK;
    if (!result->error)
        err = take_as_of(t, query, request, &result->error, why);
    if (err || result->error)
        return err;
    bool others = kept_lives(t) && desk->kept_peer.n != r->in->peer.n;
    if (desk->runs || t->report || others) {
        result->error =
            reply_error_code(t, SG_ST_BUSY, "query.report", "one report at a time", REPORT_BUSY_MS);
        return SG_OK;
    }
    request->sees_all = is_steward(r->agency);
    describe_city(t, request);
    t->report = r;
    t->report_request = request;
    r->later = true;
    return SG_OK;
}

/* ---- the end of one ---- */

enum sg_err report_answer(struct turn *t, struct sg_why *why)
{
    const struct report_desk *desk = &t->broker->desk;
    const struct report_done *done = t->in->report;
    if (!done || !desk->runs || done->no != desk->last_no)
        return SG_OK;
    const struct session *session = session_find(t->broker, desk->peer);
    if (!session || !session_live(session))
        return SG_OK; /* nobody waits for it any more */
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbQueryResult failed = PB_QUERY_RESULT__INIT, *result = &failed;
    enum sg_err err = SG_OK;
    if (done->err == SG_E_LIMIT)
        failed.error = wrong(t, SG_ST_SCHEMA, "query.as_of",
                             "an earlier seq: there are more facts than memory holds");
    else if (done->err || !done->pages)
        failed.error =
            reply_error_code(t, SG_ST_BUSY, "query.report",
                             "the report later: it could not be finished", REPORT_BUSY_MS);
    else
        err = read_page(t, done->pages, done->no, 0, &result, why);
    if (err)
        return err;
    result->has_request_no = true;
    result->request_no = desk->request_no;
    frame.query_result = result;
    return reply_send(t, desk->peer, &frame, FRAME_SEND, why);
}

void report_keep(struct turn *t)
{
    struct report_desk *desk = &t->broker->desk;
    struct report_done *done = t->in->report;
    if (t->report_given)
        desk->kept_ns = t->in->mono_ns;
    if (t->report_dropped || (desk->kept && !kept_lives(t)))
        report_pages_free(&desk->kept);
    if (done && desk->runs && done->no == desk->last_no) {
        desk->runs = false;
        report_pages_free(&desk->kept);
        bool more = done->pages && done->pages->count > 1;
        desk->kept = more ? SG_TAKE(done->pages) : NULL;
        desk->kept_no = done->no;
        desk->kept_peer = desk->peer;
        desk->kept_ns = t->in->mono_ns;
    }
    if (!t->report)
        return;
    report_pages_free(&desk->kept); /* the same connection asks for another one */
    desk->runs = true;
    desk->peer = t->report->in->peer;
    desk->request_no = t->report->frame->query->request_no;
    desk->request = *t->report_request;
    t->result->report = &desk->request;
    t->result->report_no = ++desk->last_no;
}

/* ---- refusals ---- */

/* Under the seq of the record to come; how many stand there already says which one it is. */
static enum sg_err refusal_key(struct turn *t, struct key *out_key, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, last = {0};
    uint64_t count = 0;
    key_u64(&prefix, t->block.next_seq);
    key_u64(key_u64(&last, t->block.next_seq), UINT64_MAX);
    enum sg_err err = cursor_open(&cursor, &t->txn, TABLE_REFUSALS, why);
    if (!err)
        err = cursor_seek_back(&cursor, &last, why);
    if (!err && cursor.key.ptr && key_starts(cursor.key, &prefix))
        count = sg_get_u64(cursor.key.ptr + 8);
    *out_key = prefix;
    key_u64(out_key, count + 1);
    return err;
}

enum sg_err report_note_refusal(struct turn *t, const struct sg_event *event, const char *agency,
                                const struct sg_fault *fault, struct sg_why *why)
{
    const PbSeatRequested *e = event->envelope->seat_requested;
    PbRefusalRow row = PB_REFUSAL_ROW__INIT;
    struct key key = {0};
    if (!e)
        return SG_OK;
    row.has_at_ms = row.has_type = row.has_code = row.has_slot_id = true;
    row.at_ms = t->world.now_ms;
    row.agency = (char *)turn_bytes(t, agency, strlen(agency) + 1).data;
    row.type = event->type;
    row.code = fault->code;
    row.detail = (char *)turn_bytes(t, fault->detail, strlen(fault->detail) + 1).data;
    row.slot_id = e->slot_id;
    enum sg_err err = refusal_key(t, &key, why);
    return err ? err : row_put(&t->txn, TABLE_REFUSALS, &key, &row, why);
}
