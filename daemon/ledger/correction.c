/* correction.c - E24: which event, by whom, when, and who decides about it. */
#include "ledger/correction.h"

#include "ledger/deadline.h"
#include "ledger/link.h"
#include "wire/day.h"
#include "wire/field.h"
#include "wire/replacement.h"

#include <stdio.h>

const char corrected_object[] = "event_corrected.corrected";
static const char replacement_object[] = "event_corrected.replacement";
static const int64_t window_ms = 400 * SG_DAY_MS;
enum { CORRECTION = 124, FIXED_MAX = 4 };

/* One row for each type of event: who decides, else what is to be done instead. `fixed`: fields of
 * the payload that stay what they were, because others name the event by them. */
static const struct rule {
    uint32_t type;
    correct_fn *replace, *annul;
    const char *instead;
    uint32_t fixed[FIXED_MAX];
} rules[] = {
    /* clang-format off */
    {101, correct_referral, annul_referral, NULL, {1, 2, 3, 4}},
    {102, NULL, NULL, "referral.decided: an acknowledgement says nothing that could be corrected", {0}},
    {103, NULL, NULL, "a new referral.submitted with a new id", {0}},
    {104, correct_contact, annul_contact, NULL, {1, 7}},
    {105, correct_assessment, annul_assessment, NULL, {1}},
    {106, NULL, NULL, "a new statement of consent: consent.recorded with a new id", {0}},
    {107, correct_service, annul_service, NULL, {1}},
    {108, NULL, NULL, "slot.changed, or slot.cancelled", {0}},
    {109, NULL, NULL, "another slot.changed", {0}},
    {110, NULL, NULL, "a new slot.offered: offer the course again", {0}},
    {111, NULL, NULL, "seat.decided: withdraw the seat, then ask again", {0}},
    {112, NULL, NULL, "seat.decided, or a new seat.requested", {0}},
    {113, correct_start, annul_start, NULL, {1}},
    {114, correct_attendance, annul_attendance, NULL, {1}},
    {115, correct_end, annul_end, NULL, {1}},
    {116, correct_item, annul_item, NULL, {1}},
    {117, NULL, annul_issue, "ANNUL, and then equipment.issued as it should be", {0}},
    {118, correct_check, annul_check, NULL, {1, 2}},
    {119, NULL, NULL, "mentoring.plan_set with replaces_plan_id", {0}},
    {120, correct_visit, annul_visit, NULL, {1, 2}},
    {121, NULL, annul_closing, "ANNUL within 30 days, and then case.closed as it should be", {0}},
    {122, NULL, NULL, "another person.link_decided, such as UNLINK", {0}},
    {123, NULL, NULL, "another rights.request", {0}},
    {CORRECTION, NULL, NULL, "the original event: the latest correction of it holds", {0}},
}; /* clang-format on */

/* ---- the event that is corrected ---- */

static struct sg_bytes copy_of(struct ledger_turn *turn, struct sg_bytes bytes)
{
    uint8_t *copy = take(turn, bytes.len + 1);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return (struct sg_bytes){copy, bytes.len};
}

/* A record with bytes that no write of this turn moves. */
static enum sg_err read_record(struct ledger_turn *turn, uint64_t seq, struct record *out,
                               struct sg_why *why)
{
    enum sg_err err = journal_get(turn->txn, seq, out, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a seq without its record") : err;
    out->clear = copy_of(turn, out->clear);
    out->personal = copy_of(turn, out->personal);
    return record_open_rest(out, turn->arena, why);
}

/* An event that was parked stands where it was settled. *out_seq 0: it waits, or it was refused. */
static enum sg_err settled_seq(struct ledger_turn *turn, uint64_t parked_seq, uint64_t *out_seq,
                               bool *out_waits, struct sg_why *why)
{
    struct key key = {0};
    PbSettledRow *row = NULL;
    *out_seq = 0;
    enum sg_err err = row_get(turn->txn, TABLE_SETTLED, key_u64(&key, parked_seq),
                              &pb_settled_row__descriptor, turn->arena, &row, why);
    *out_waits = err == SG_E_NOT_FOUND;
    if (!err && !row->code)
        *out_seq = row->seq;
    return *out_waits ? SG_OK : err;
}

static enum sg_err refuse_place(struct decision *d)
{
    return refuse(d, SG_ST_UNKNOWN_OBJECT, corrected_object, NULL,
                  "the place of an event of your own that was accepted");
}

static bool was_refused(const PbRecordRest *rest)
{
    return rest->effect && rest->effect->park && rest->effect->park->code;
}

/* The record of the event; checks 4 to 6 in the order of domain 8.5. */
static enum sg_err read_corrected(struct decision *d, struct record *out, struct sg_why *why)
{
    uint64_t seq = d->source->named_seq;
    bool waits = false;
    if (!seq)
        return refuse_place(d);
    enum sg_err err = read_record(d->turn, seq, out, why);
    if (err)
        return err;
    if (!out->rest->agency)
        return refuse_place(d);
    if (!owns(d, out->rest->agency, corrected_object, "an event of your own"))
        return SG_OK;
    if (out->accepted_ms < d->turn->block->time_ms - window_ms)
        return refuse(d, SG_ST_TOO_OLD, corrected_object, NULL, "an event of the last 400 days");
    if (out->rest->kind == PB_RECORD_KIND_PARKED) {
        err = settled_seq(d->turn, seq, &seq, &waits, why);
        if (!err && waits)
            return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "PARKED",
                          "an event that does not wait any more");
        if (!err && seq)
            err = read_record(d->turn, seq, out, why);
    }
    return !err && (!seq || was_refused(out->rest)) ? refuse_place(d) : err;
}

enum sg_err read_correction(struct ledger_turn *turn, uint64_t seq, PbCorrectionRow **out,
                            struct sg_why *why)
{
    struct key key = {0};
    *out = NULL;
    enum sg_err err = row_get(turn->txn, TABLE_CORRECTIONS, key_u64(&key, seq),
                              &pb_correction_row__descriptor, turn->arena, out, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

/* ---- an event and what was put in its place ---- */

static enum sg_err replaced_event(struct ledger_turn *turn, const struct sg_event *original,
                                  uint64_t correction_seq, struct sg_event *out, struct sg_why *why)
{
    struct record record;
    struct sg_event said;
    struct sg_bytes clear, personal;
    enum sg_err err = read_record(turn, correction_seq, &record, why);
    if (!err)
        err = sg_event_reopen(record.clear, record.personal, turn->arena, &said, why);
    if (err)
        return err;
    const PbEventCorrected *e = said.envelope->event_corrected;
    *out = *original;
    if (!e || !e->replacement) /* annulled or detached: what was said last */
        return SG_OK;
    err = sg_replacement_parts(original, e->replacement, NULL, turn->arena, &clear, &personal, why);
    if (!err)
        err = sg_event_reopen(clear, personal, turn->arena, out, why);
    out->type = original->type;
    return err;
}

enum sg_err event_as_it_stands(struct ledger_turn *turn, uint64_t seq, struct record *out_record,
                               struct sg_event *out_event, bool *out_annulled, struct sg_why *why)
{
    PbCorrectionRow *row = NULL;
    enum sg_err err = read_record(turn, seq, out_record, why);
    if (!err)
        err = sg_event_reopen(out_record->clear, out_record->personal, turn->arena, out_event, why);
    if (!err)
        err = read_correction(turn, seq, &row, why);
    *out_annulled = !err && row && row->annulled;
    struct sg_event original = *out_event;
    return err || !row ? err : replaced_event(turn, &original, row->seq, out_event, why);
}

/* "placement_started.started_on" is "event_corrected.replacement.started_on" here. */
static bool refuse_replacement(struct sg_fault *fault)
{
    char path[sizeof fault->object];
    const char *dot = strchr(fault->object, '.');
    (void)snprintf(path, sizeof path, "%s%.60s", replacement_object, dot ? dot : "");
    (void)snprintf(fault->object, sizeof fault->object, "%s", path);
    return false;
}

static bool same_value(const ProtobufCFieldDescriptor *field, const uint8_t *a, const uint8_t *b)
{
    bool is = field_present(field, a);
    if (is != field_present(field, b) || !is)
        return is == field_present(field, b);
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *x = (const void *)(a + field->offset);
        const ProtobufCBinaryData *y = (const void *)(b + field->offset);
        return x->len == y->len && memcmp(x->data, y->data, x->len) == 0;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char *const *)(const void *)(a + field->offset),
                      *(char *const *)(const void *)(b + field->offset)) == 0;
    return memcmp(a + field->offset, b + field->offset, field_value_size(field->type)) == 0;
}

static enum sg_err check_fixed(struct decision *d, const struct correction *c,
                               const struct rule *rule)
{
    const ProtobufCMessageDescriptor *of = c->stated.payload->descriptor;
    for (size_t i = 0; i < FIXED_MAX && rule->fixed[i]; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(of, rule->fixed[i]);
        char object[96];
        if (same_value(field, (const uint8_t *)c->stated.payload,
                       (const uint8_t *)c->event.payload))
            continue;
        (void)snprintf(object, sizeof object, "%s.%s", replacement_object, field->name);
        return refuse(d, SG_ST_SCHEMA, object, "NOT_THE_ORIGINAL",
                      "the value of the original event");
    }
    return SG_OK;
}

/* The whole check 2 of the original type, as on the day on which the original happened. */
static enum sg_err read_replacement(struct decision *d, struct correction *c,
                                    const struct rule *rule, struct sg_why *why)
{
    const PbEnvelope *e = d->event->envelope;
    const struct sg_vocabulary vocabulary = {d->turn->world->lists, d->turn->world->roster};
    struct sg_bytes clear, personal;
    enum sg_err err = sg_replacement_parts(&c->stated, c->said->replacement,
                                           e->has_legal_basis ? &e->legal_basis : NULL,
                                           d->turn->arena, &clear, &personal, why);
    if (!err)
        err =
            sg_event_decode(clear, personal, &vocabulary, d->turn->arena, &c->event, d->fault, why);
    if (err)
        return err;
    if (d->fault->code || !shape_check(&c->event, d->fault)) {
        (void)refuse_replacement(d->fault);
        return SG_OK;
    }
    if (c->event.old_region)
        warn(d, SG_ST_W_OLD_REGION);
    return check_fixed(d, c, rule);
}

/* ---- dependants ---- */

void depends(struct dependants *on, uint32_t type, uint64_t seq)
{
    size_t len = strlen(on->text);
    const char *topic = sg_type_topic(type);
    on->count++;
    if (seq)
        (void)snprintf(on->text + len, sizeof on->text - len, "%s%s %llu", len ? ", " : "", topic,
                       (unsigned long long)seq);
    else
        (void)snprintf(on->text + len, sizeof on->text - len, "%s%s", len ? ", " : "", topic);
}

enum sg_err refuse_dependants(struct decision *d, const struct dependants *on)
{
    char detail[sizeof d->fault->detail];
    if (!on->count)
        return SG_OK;
    (void)snprintf(detail, sizeof detail, "%.63s", on->text);
    return refuse(d, SG_ST_CORRECTION_DEPENDS, corrected_object, detail,
                  "an event on which nothing rests; undo first, the latest before: %s", on->text);
}

void restore_deadline(struct decision *d, const PbEffect *effect, const char *rule)
{
    for (size_t i = 0; effect && i < effect->n_deadlines; i++) {
        const PbDeadlineEffect *ended = effect->deadlines[i];
        struct sg_id id = id_of(ended->id);
        if (ended->clear && ended->row && strcmp(ended->rule, rule) == 0)
            deadline_restore(d, rule, &id, ended->row);
    }
}

/* ---- E24 ---- */

static const struct rule *rule_of(uint32_t type)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        if (rules[i].type == type)
            return &rules[i];
    return NULL;
}

static enum sg_err refuse_type(struct decision *d, const struct correction *c,
                               const struct rule *rule)
{
    const char *instead = rule && rule->instead ? rule->instead : "an event of another type";
    bool other_action = rule && (rule->replace || rule->annul);
    return refuse(d, SG_ST_BAD_TRANSITION,
                  other_action ? "event_corrected.action" : corrected_object,
                  c->rest->type == CORRECTION ? "CORRECTION" : "NOT_CORRECTED", "%s", instead);
}

/* What holds of the event until now; an event that was annulled is corrected no more. */
static enum sg_err read_standing(struct decision *d, struct correction *c, struct sg_why *why)
{
    PbCorrectionRow *row = NULL;
    enum sg_err err = read_correction(d->turn, c->seq, &row, why);
    c->standing = c->stated;
    if (err || !row)
        return err;
    if (row->annulled || row->detached)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "ANNULLED",
                      "an event that was not annulled yet; state it again with a new id");
    return replaced_event(d->turn, &c->stated, row->seq, &c->standing, why);
}

static void describe(struct decision *d, struct correction *c)
{
    c->effect = TAKE(d->turn, PbCorrectionEffect);
    pb_correction_effect__init(c->effect);
    c->effect->has_corrected_seq = c->effect->has_type = true;
    c->effect->corrected_seq = c->seq;
    c->effect->type = c->rest->type;
    c->effect->has_annulled = c->effect->annulled = c->annuls;
    c->effect->has_keeps_nik = c->effect->keeps_nik = c->keeps_nik;
    d->effect->correction = c->effect;
    /* Whoever read it reads this. */
    for (size_t i = 0; i < c->rest->n_audience; i++)
        add_reader(d, c->rest->audience[i]->agency, c->rest->audience[i]->relations);
    if (!sg_id_is_zero(&c->person_id))
        about_person(d, &c->person_id);
    if (!c->annuls)
        count_payload(d, c->event.envelope);
}

enum sg_err decide_correction(struct decision *d, struct sg_why *why)
{
    struct correction c = {.said = d->event->envelope->event_corrected};
    struct record record = {0};
    enum sg_err err = read_corrected(d, &record, why);
    if (err || d->fault->code)
        return err;
    c.annuls = c.said->action == PB_EVENT_CORRECTED__ACTION_ANNUL;
    c.other_person = c.said->reason == PB_EVENT_CORRECTED__REASON_WRONG_PERSON;
    c.seq = record.seq;
    c.accepted_ms = record.accepted_ms;
    c.rest = record.rest;
    c.person_id = id_of(record.rest->person_id);
    const struct rule *rule = rule_of(c.rest->type);
    correct_fn *decide = rule ? (c.annuls ? rule->annul : rule->replace) : NULL;
    if (!decide)
        return refuse_type(d, &c, rule);
    if (c.other_person && !c.annuls && (c.rest->type == 101 || c.rest->type == 105))
        return refuse(d, SG_ST_SCHEMA, "event_corrected.action", "WRONG_PERSON",
                      "ANNUL; then state the event about the right person");
    err = sg_event_reopen(record.clear, record.personal, d->turn->arena, &c.stated, why);
    if (!err)
        err = read_standing(d, &c, why);
    if (!err && !d->fault->code && !c.annuls)
        err = read_replacement(d, &c, rule, why);
    if (!err && !d->fault->code)
        err = correction_keep_nik(d, &c, why);
    if (err || d->fault->code)
        return err;
    PbPersonRow *person = NULL; /* limits of its cases that begin now stand still with it */
    if (!sg_id_is_zero(&c.person_id))
        err = person_combined(d->turn, &c.person_id, &person, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "an event about nobody") : err;
    d->restricted = person && person->restricted;
    describe(d, &c);
    return decide(d, &c, why);
}
