/* query.c - the state of now, cut for the asking agency, in pages. */
#include "broker/inside.h"

#include "broker/view.h"

/* A page ends with so many entries, or where the next one might not fit into a frame. */
enum { PAGE_SLOTS = 40, PAGE_SEATS = 150, PAGE_ROWS = 100, PAGE_BLOCKS = 100 };
enum { PAGE_BYTES = SG_BODY_MAX - 2000, ENTRY_HEAD = 4 };

typedef enum sg_err answer_fn(struct turn *t, struct request *r, PbQueryResult *result,
                              struct sg_why *why);

static struct sg_bytes cursor_of(const struct request *r)
{
    return (struct sg_bytes){r->frame->query->cursor.data, r->frame->query->cursor.len};
}

static void set_next(struct turn *t, PbQueryResult *result, const void *from, size_t size)
{
    result->has_next_cursor = true;
    result->next_cursor = turn_bytes(t, from, size);
}

/* ---- slots and seats ---- */

static enum sg_err ask_slots(struct turn *t, struct request *r, PbQueryResult *result,
                             struct sg_why *why)
{
    struct sg_bytes next = {NULL, 0};
    enum sg_err err = SG_OK;
    size_t limit = PAGE_SLOTS, size = PAGE_BYTES + 1;
    for (; !err && size > PAGE_BYTES && limit; limit /= 2) {
        err = ledger_slots(&t->txn, t->world.now_ms, cursor_of(r), limit, &t->broker->arena,
                           &result->slots, &result->n_slots, &next, why);
        size = 0;
        for (size_t i = 0; !err && i < result->n_slots; i++)
            size += ENTRY_HEAD + pb_slot_view__get_packed_size(result->slots[i]);
    }
    if (!err && next.len)
        set_next(t, result, next.ptr, next.len);
    return err;
}

/* Rules of VisiblePerson, reached as the person of a D1. */
static const struct sg_message_rules *person_rules(void)
{
    const ProtobufCMessageDescriptor *d = sg_envelope_rules.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (d->fields[i].descriptor != &pb_seat_allocation_changed__descriptor)
            continue;
        const struct sg_message_rules *seat = sg_envelope_rules.fields[i].sub;
        for (unsigned j = 0; j < seat->descriptor->n_fields; j++)
            if (seat->descriptor->fields[j].descriptor == &pb_visible_person__descriptor)
                return seat->fields[j].sub;
    }
    return NULL;
}

static uint32_t seat_relations(const struct seat_fact *seat, const char *agency)
{
    uint32_t relations = 0;
    if (strcmp(seat->case_owner, agency) == 0)
        relations |= RELATION_CASE_OWNER;
    if (strcmp(seat->slot_owner, agency) == 0)
        relations |= seat->view->state == PB_ALLOCATION_STATE_WAITLISTED ? RELATION_PROVIDER_WAITING
                     : seat->view->state == PB_ALLOCATION_STATE_HELD     ? RELATION_PROVIDER_HELD
                                                                         : RELATION_PROVIDER;
    return relations;
}

static enum sg_err cut_seat(struct turn *t, struct seat_fact *seat, const char *agency,
                            struct sg_why *why)
{
    uint32_t relations = seat_relations(seat, agency);
    PbSeatView *view = seat->view;
    uint32_t of_person = relations;
    if (seat->person_ended)
        of_person &=
            ~(uint32_t)(RELATION_PROVIDER | RELATION_PROVIDER_HELD | RELATION_PROVIDER_WAITING);
    if (!relations)
        view->has_allocation_id = false;
    if (!(relations & RELATION_CASE_OWNER))
        view->has_case_id = false;
    if (!of_person)
        view->person = NULL;
    if (!view->person)
        return SG_OK;
    struct person_access access;
    enum sg_err err =
        ledger_person_access(&t->txn, &seat->person_id, agency, t->world.now_ms, &access, why);
    if (err)
        return err;
    view_cut(&view->person->base, person_rules(), view_terms(of_person, &access));
    view->person->has_person_ref = access.has_ref;
    if (access.has_ref)
        view->person->person_ref = turn_bytes(t, access.ref.b, SG_ID_BYTES);
    return SG_OK;
}

static enum sg_err ask_seats(struct turn *t, struct request *r, PbQueryResult *result,
                             struct sg_why *why)
{
    struct sg_id slot;
    struct seat_fact *seats = NULL;
    size_t count = 0;
    struct sg_bytes id = {r->frame->query->slot_id.data, r->frame->query->slot_id.len};
    struct sg_bytes cursor = cursor_of(r);
    size_t from = cursor.len == 4 ? sg_get_u32(cursor.ptr) : 0;
    enum sg_err err = SG_E_NOT_FOUND;
    if (sg_id_from(id, &slot) == SG_OK)
        err = ledger_seats(&t->txn, &slot, t->world.now_ms, &t->broker->arena, &seats, &count, why);
    if (err == SG_E_NOT_FOUND) {
        result->error = reply_error_code(t, SG_ST_UNKNOWN_OBJECT, "slot_id", "the id of a slot", 0);
        return SG_OK;
    }
    result->seats = turn_take(t, PAGE_SEATS * sizeof *result->seats);
    size_t size = 0;
    for (size_t i = from; !err && i < count && result->n_seats < PAGE_SEATS; i++) {
        err = cut_seat(t, &seats[i], r->session->agency, why);
        size += ENTRY_HEAD + pb_seat_view__get_packed_size(seats[i].view);
        if (size > PAGE_BYTES)
            break;
        result->seats[result->n_seats++] = seats[i].view;
    }
    if (!err && from + result->n_seats < count) {
        uint8_t next[4];
        sg_put_u32(next, (uint32_t)(from + result->n_seats));
        set_next(t, result, next, sizeof next);
    }
    return err;
}

/* ---- subscriptions and dead letters ---- */

static char *copy_text(struct turn *t, const uint8_t *from, size_t len)
{
    char *text = turn_take(t, len + 1);
    memcpy(text, from, len);
    return text;
}

static void fill_subscription(struct turn *t, const struct request *r, const char *name,
                              const PbSubscriptionRow *row, PbSubscriptionView *view)
{
    struct sub *live = NULL;
    const struct session *holder = session_holder(t->broker, r->session->agency, name, &live);
    view->has_sent_through = view->has_acked_through = view->has_attempts = view->has_dead_letters =
        true;
    view->sent_through = live ? live->sent : row->sent_through;
    view->acked_through = live ? live->acked : row->acked_through;
    view->attempts = row->attempts;
    view->dead_letters = row->dead_letters;
    if (holder)
        view->holder_device = copy_text(t, (const uint8_t *)holder->device, strlen(holder->device));
    view->types = turn_take(t, (row->n_types + 1) * sizeof *view->types);
    for (size_t i = 0; i < row->n_types; i++) {
        const char *topic = sg_type_topic(row->types[i]);
        if (topic)
            view->types[view->n_types++] = copy_text(t, (const uint8_t *)topic, strlen(topic));
    }
}

/* A walk over rows of the own agency, or of one of its subscriptions: from the cursor, else from
 * the beginning. */
static enum sg_err walk_own(struct turn *t, const struct request *r, enum table table,
                            const char *only, struct cursor *cursor, struct key *out_prefix,
                            struct sg_why *why)
{
    struct sg_bytes from = cursor_of(r);
    *out_prefix = (struct key){0};
    key_text(out_prefix, r->session->agency);
    if (only)
        key_text(out_prefix, only);
    struct key start = *out_prefix;
    if (from.len && from.len <= KEY_BYTES_MAX && key_starts(from, out_prefix)) {
        start = (struct key){0};
        key_bytes(&start, from);
    }
    enum sg_err err = cursor_open(cursor, &t->txn, table, why);
    return err ? err : cursor_seek(cursor, &start, why);
}

static enum sg_err ask_subscriptions(struct turn *t, struct request *r, PbQueryResult *result,
                                     struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix;
    size_t size = 0;
    result->subscriptions = turn_take(t, PAGE_ROWS * sizeof *result->subscriptions);
    enum sg_err err = walk_own(t, r, TABLE_SUBSCRIPTIONS, NULL, &cursor, &prefix, why);
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        if (result->n_subscriptions == PAGE_ROWS) {
            set_next(t, result, cursor.key.ptr, cursor.key.len);
            return SG_OK;
        }
        PbSubscriptionRow *row = NULL;
        PbSubscriptionView *view = TURN_NEW(t, PbSubscriptionView);
        pb_subscription_view__init(view);
        view->name = copy_text(t, cursor.key.ptr + prefix.len, cursor.key.len - prefix.len - 1);
        err = sg_decode_row(&pb_subscription_row__descriptor, cursor.value, &t->broker->arena, &row,
                            why);
        if (err)
            break;
        fill_subscription(t, r, view->name, row, view);
        size += ENTRY_HEAD + pb_subscription_view__get_packed_size(view);
        if (size > PAGE_BYTES) {
            set_next(t, result, cursor.key.ptr, cursor.key.len);
            return SG_OK;
        }
        result->subscriptions[result->n_subscriptions++] = view;
        err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err ask_dead_letters(struct turn *t, struct request *r, PbQueryResult *result,
                                    struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix;
    const char *only = r->frame->query->subscription;
    result->dead_letters = turn_take(t, PAGE_ROWS * sizeof *result->dead_letters);
    size_t agency_len = strlen(r->session->agency) + 1;
    if (only && strlen(only) > SG_NAME_MAX)
        return SG_OK; /* no subscription has such a name */
    enum sg_err err = walk_own(t, r, TABLE_DEAD_LETTERS, only, &cursor, &prefix, why);
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        if (result->n_dead_letters == PAGE_ROWS) {
            set_next(t, result, cursor.key.ptr, cursor.key.len);
            return SG_OK;
        }
        PbDeadLetterRow *row = NULL;
        PbDeadLetterView *view = TURN_NEW(t, PbDeadLetterView);
        pb_dead_letter_view__init(view);
        err = sg_decode_row(&pb_dead_letter_row__descriptor, cursor.value, &t->broker->arena, &row,
                            why);
        if (err)
            break;
        const uint8_t *name = cursor.key.ptr + agency_len;
        view->subscription = copy_text(t, name, cursor.key.len - agency_len - 9);
        view->has_seq = view->has_at_ms = view->has_attempts = true;
        view->seq = sg_get_u64(cursor.key.ptr + cursor.key.len - 8);
        const char *topic = sg_type_topic(row->type);
        view->type = topic ? copy_text(t, (const uint8_t *)topic, strlen(topic)) : NULL;
        view->reason = row->reason;
        view->at_ms = row->at_ms;
        view->attempts = row->attempts;
        result->dead_letters[result->n_dead_letters++] = view;
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- blocks and status ---- */

static enum sg_err ask_blocks(struct turn *t, struct request *r, PbQueryResult *result,
                              struct sg_why *why)
{
    struct sg_bytes cursor = cursor_of(r);
    uint64_t height = cursor.len == 8 ? sg_get_u64(cursor.ptr) : r->frame->query->height;
    result->blocks = turn_take(t, PAGE_BLOCKS * sizeof *result->blocks);
    for (height = height ? height : 1; result->n_blocks < PAGE_BLOCKS; height++) {
        struct signed_block block;
        enum sg_err err = block_get(&t->txn, height, &block, NULL);
        if (err == SG_E_NOT_FOUND)
            return SG_OK;
        if (err)
            return sg_fail(why, err, "block %llu cannot be read", (unsigned long long)height);
        result->blocks[result->n_blocks++] = reply_block(t, &block);
    }
    uint8_t next[8];
    sg_put_u64(next, height);
    set_next(t, result, next, sizeof next);
    return SG_OK;
}

static enum sg_err ask_status(struct turn *t, struct request *r, PbQueryResult *result,
                              struct sg_why *why)
{
    struct broker *b = t->broker;
    struct signed_block head;
    PbStatusView *view = TURN_NEW(t, PbStatusView);
    (void)r;
    enum sg_err err = block_head(&t->txn, &head, why);
    if (err)
        return err;
    pb_status_view__init(view);
    view->version = copy_text(t, (const uint8_t *)b->options.version, strlen(b->options.version));
    view->has_started_ms = view->has_last_seq = view->has_epoch = view->has_height =
        view->has_sessions = view->has_storage_low = view->has_clock_held = view->has_demo = true;
    view->started_ms = b->started_ms;
    view->last_seq = head.header.count ? head.header.first_seq + head.header.count - 1 : 0;
    view->epoch = head.header.epoch;
    view->height = head.header.height;
    for (size_t i = 0; i < b->session_high; i++)
        view->sessions += session_live(&b->sessions[i]);
    view->storage_low = t->in->storage_low;
    view->clock_held = t->in->clock_held;
    view->demo = b->options.demo;
    result->status = view;
    return SG_OK;
}

enum sg_err answer_query(struct turn *t, struct request *r, struct sg_why *why)
{
    static answer_fn *const answers[] = {
        [PB_QUERY_KIND_SLOTS] = ask_slots,
        [PB_QUERY_KIND_SEATS] = ask_seats,
        [PB_QUERY_KIND_SUBSCRIPTIONS] = ask_subscriptions,
        [PB_QUERY_KIND_DEAD_LETTERS] = ask_dead_letters,
        [PB_QUERY_KIND_BLOCKS] = ask_blocks,
        [PB_QUERY_KIND_STATUS] = ask_status,
        [PB_QUERY_KIND_EVENT] = ask_event,
        [PB_QUERY_KIND_CASES] = ask_cases,
        [PB_QUERY_KIND_CASE] = ask_case,
        [PB_QUERY_KIND_KITS] = ask_kits,
        [PB_QUERY_KIND_DEADLINES] = ask_deadlines,
        [PB_QUERY_KIND_PERSON] = ask_person,
        [PB_QUERY_KIND_CORRECTABLE] = ask_correctable,
        [PB_QUERY_KIND_REPORT] = ask_report,
    };
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbQueryResult result = PB_QUERY_RESULT__INIT;
    const PbQuery *query = r->frame->query;
    result.has_request_no = true;
    result.request_no = query->request_no;
    frame.query_result = &result;
    size_t kind = (size_t)query->kind;
    enum sg_err err = SG_OK;
    if (r->busy || t->refuse_large)
        result.error = reply_error_code(t, SG_ST_BUSY, "query", "one query in flight", BUSY_MS);
    else if (kind >= SG_ARRAY_LEN(answers) || !answers[kind])
        result.error = reply_error_code(t, SG_ST_BAD_CODE, "query.kind", "a kind of query", 0);
    else
        err = answers[kind](t, r, &result, why);
    return err || r->later ? err : reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}
