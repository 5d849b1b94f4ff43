#include "broker/view.h"

#include "broker/view_correction.h"
#include "broker/view_table.h"
#include "kit/check.h"
#include "sinergi/v1/options.pb-c.h"
#include "wire/field.h"

#include <stdio.h>

enum { PATHS_MAX = 64, PATH_BYTES = 120 };

uint32_t view_relations(const struct record *record, const char *reader)
{
    const PbRecordRest *rest = record->rest;
    uint32_t relations = 0;
    for (size_t i = 0; i < rest->n_audience; i++) {
        const char *agency = rest->audience[i]->agency;
        if (strcmp(agency, reader) == 0 || strcmp(agency, "*") == 0)
            relations |= rest->audience[i]->relations;
    }
    if (rest->agency && strcmp(rest->agency, reader) == 0)
        relations |= RELATION_PUBLISHER;
    return relations;
}

uint32_t view_terms(uint32_t relations, const struct person_access *access)
{
    /* Who was seen is the steward's; that the case has gone its owner is told all the same. */
    if (access->transferred && !(relations & (RELATION_STEWARD | RELATION_FAREWELL)))
        relations &= ~(uint32_t)RELATION_CASE_OWNER;
    return relations | access->terms;
}

bool view_reads(const struct view_request *request)
{
    return (view_terms(view_relations(request->record, request->reader), &request->access) &
            RELATIONS) != 0;
}

static bool cell_grants(enum view_cell cell, uint32_t relations)
{
    return cell == CELL_YES || (cell == CELL_SHARED && (relations & TERM_SHARED)) ||
           (cell == CELL_SHARED_HEALTH && (relations & TERM_SHARED_HEALTH));
}

static bool row_grants(uint32_t relations, unsigned seen)
{
    for (unsigned c = 0; c < COLUMNS; c++)
        if ((relations & view_column_relation((enum view_column)c)) &&
            cell_grants(view_cell_of(seen, (enum view_column)c), relations))
            return true;
    return false;
}

static bool says_where(unsigned seen)
{
    return seen == PB_SEEN_FOUND_PLACE || seen == PB_SEEN_DOMICILE || seen == PB_SEEN_DISTRICT ||
           seen == PB_SEEN_PHONE;
}

/* What nobody but the publisher and the owner of the case may know, whatever the table says. */
static bool is_withheld(uint32_t relations, const struct sg_field_rules *rules, bool personal)
{
    bool own = (relations & (RELATION_PUBLISHER | RELATION_CASE_OWNER)) != 0;
    return !own && ((personal && (relations & TERM_RESTRICTED)) ||
                    ((relations & TERM_GUARDED) && says_where(rules->seen)));
}

bool view_grants(uint32_t relations, const struct sg_field_rules *rules)
{
    static const uint32_t referral_readers = RELATION_PUBLISHER | RELATION_REFERRER |
                                             RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET |
                                             RELATION_SERVICE_TARGET | RELATION_CIVIL_REGISTRY;
    bool publisher = (relations & RELATION_PUBLISHER) != 0;
    bool personal = rules->pd == SG_PD_GENERAL || rules->pd == SG_PD_SPECIFIC;
    if (relations == 0 || is_withheld(relations, rules, personal))
        return false;
    if (personal)
        return (publisher && rules->seen != PB_SEEN_NIK) || row_grants(relations, rules->seen);
    if (rules->form == SG_FORM_CASE_ID)
        return (relations & (RELATION_CASE_OWNER | RELATION_PUBLISHER)) != 0;
    if (rules->form == SG_FORM_REFERRAL_ID)
        return (relations & referral_readers) != 0;
    if (rules->seen)
        return publisher || row_grants(relations, rules->seen);
    return true;
}

/* ---- the walk ---- */

struct spot {
    uint8_t *message;
    const struct sg_message_rules *rules;
    unsigned next;
    bool kept; /* some field is left */
};

struct cut {
    uint32_t relations;
    const struct view_request *request; /* NULL: no person_ref to put in, no paths wanted */
    struct sg_arena *arena;
    struct spot spots[SG_SCAN_DEPTH_MAX];
    unsigned depth;
    char *paths[PATHS_MAX];
    size_t path_count;
};

static void drop(const ProtobufCFieldDescriptor *field, uint8_t *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        *(size_t *)(void *)(message + field->quantifier_offset) = 0;
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
        *(void **)(void *)(message + field->offset) = NULL;
    else
        *(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 0;
}

static void note_path(struct cut *cut, const char *last)
{
    char path[PATH_BYTES];
    size_t len = 0;
    if (!cut->request || cut->path_count == PATHS_MAX)
        return;
    path[0] = '\0';
    for (unsigned i = 0; i < cut->depth && len < sizeof path; i++) {
        const struct spot *spot = &cut->spots[i];
        len += (size_t)snprintf(path + len, sizeof path - len, "%s.",
                                spot->rules->descriptor->fields[spot->next - 1].name);
    }
    if (len < sizeof path)
        (void)snprintf(path + len, sizeof path - len, "%s", last);
    char *copy = sg_arena_text(cut->arena, sg_bytes_of(path));
    if (copy)
        cut->paths[cut->path_count++] = copy;
}

/* The reader's own pseudonym in the place of whatever stands there. What it published itself stays
 * as it is: another one would tell it that two persons are one. */
static bool put_person_ref(struct cut *cut, uint8_t *at)
{
    ProtobufCBinaryData *data = (ProtobufCBinaryData *)(void *)at;
    if (cut->request && (cut->relations & RELATION_PUBLISHER))
        return true;
    if (!cut->request || !cut->request->access.has_ref)
        return false;
    data->len = SG_ID_BYTES;
    data->data = sg_arena_copy(cut->arena, cut->request->access.ref.b, SG_ID_BYTES);
    return data->data != NULL;
}

static bool keeps(struct cut *cut, const struct spot *spot, const ProtobufCFieldDescriptor *field,
                  const struct sg_field_rules *rules)
{
    if (rules->form == SG_FORM_PERSON_REF)
        return put_person_ref(cut, spot->message + field->offset);
    uint32_t relations = cut->relations;
    bool personal = rules->pd == SG_PD_GENERAL || rules->pd == SG_PD_SPECIFIC;
    if (cut->request && cut->request->person_ended && personal)
        relations &=
            ~(uint32_t)(RELATION_PROVIDER | RELATION_PROVIDER_HELD | RELATION_PROVIDER_WAITING);
    return view_grants(relations, rules);
}

static void enter(struct cut *cut, uint8_t *message, const struct sg_message_rules *rules)
{
    SG_CHECK(cut->depth + 1 < SG_SCAN_DEPTH_MAX);
    cut->spots[++cut->depth] = (struct spot){.message = message, .rules = rules};
}

static void look_at(struct cut *cut, struct spot *spot)
{
    unsigned index = spot->next++;
    const ProtobufCFieldDescriptor *field = &spot->rules->descriptor->fields[index];
    const struct sg_field_rules *rules = &spot->rules->fields[index];
    if (!field_present(field, spot->message))
        return;
    bool mixed =
        rules->pd == SG_PD_UNSPECIFIED && rules->sub && field->label != PROTOBUF_C_LABEL_REPEATED;
    if (mixed) {
        enter(cut, *(uint8_t **)(void *)(spot->message + field->offset), rules->sub);
        return;
    }
    if (keeps(cut, spot, field, rules)) {
        spot->kept = true;
        return;
    }
    drop(field, spot->message);
    note_path(cut, field->name);
}

/* A message of which nothing is left is left out itself, except the payload: its presence is the
 * event. */
static void leave(struct cut *cut)
{
    const struct spot *done = &cut->spots[cut->depth--];
    struct spot *above = &cut->spots[cut->depth];
    const ProtobufCFieldDescriptor *field = &above->rules->descriptor->fields[above->next - 1];
    if (done->kept || field->id >= SG_TYPE_AGENCY_FIRST)
        above->kept = true;
    else
        drop(field, above->message);
}

static void run_cut(struct cut *cut, ProtobufCMessage *message,
                    const struct sg_message_rules *rules)
{
    cut->depth = 0;
    cut->spots[0] = (struct spot){.message = (uint8_t *)message, .rules = rules};
    for (;;) {
        struct spot *spot = &cut->spots[cut->depth];
        if (spot->next < spot->rules->descriptor->n_fields)
            look_at(cut, spot);
        else if (cut->depth == 0)
            return;
        else
            leave(cut);
    }
}

void view_cut(ProtobufCMessage *message, const struct sg_message_rules *rules, uint32_t relations)
{
    struct cut cut = {.relations = relations};
    run_cut(&cut, message, rules);
}

void view_cut_payload(const struct view_request *request, PbEnvelope *envelope, uint32_t relations,
                      struct sg_arena *arena, struct view_paths *out_paths)
{
    struct cut cut = {.relations = relations, .request = request, .arena = arena};
    run_cut(&cut, &envelope->base, &sg_envelope_rules);
    for (size_t i = 0; i < cut.path_count && i < SG_ARRAY_LEN(out_paths->paths); i++)
        out_paths->paths[out_paths->count++] = cut.paths[i];
}

/* ---- one delivery ---- */

/* The replacement of an E24 is cut by the rules of what it replaces; the walk over the envelope
 * does not look at it. */
static enum sg_err cut_all(struct cut *cut, PbEnvelope *e, struct sg_why *why)
{
    PbReplacement *replacement = e->event_corrected ? e->event_corrected->replacement : NULL;
    struct view_paths removed = {.count = 0};
    if (replacement)
        e->event_corrected->replacement = NULL;
    run_cut(cut, &e->base, &sg_envelope_rules);
    if (!replacement)
        return SG_OK;
    enum sg_err err = view_replacement(cut->request, replacement, cut->relations, cut->arena,
                                       &e->event_corrected->replacement, &removed, why);
    for (size_t i = 0; !err && i < removed.count && cut->path_count < PATHS_MAX; i++)
        cut->paths[cut->path_count++] = removed.paths[i];
    return err;
}

static void add_broker_fields(PbEnvelope *e, const struct view_request *request, struct cut *cut,
                              Google__Protobuf__Timestamp *accepted)
{
    const struct record *record = request->record;
    google__protobuf__timestamp__init(accepted);
    accepted->seconds = record->accepted_ms / 1000;
    accepted->nanos = (int32_t)(record->accepted_ms % 1000) * 1000000;
    e->has_salt = false;
    e->has_seq = true;
    e->seq = record->seq;
    e->accepted_at = accepted;
    e->has_derived = record->rest->kind == PB_RECORD_KIND_DERIVED;
    e->derived = e->has_derived;
    /* What a payload does not say, its envelope does not either. */
    if (e->case_state_changed && !e->case_state_changed->cause && e->causation) {
        e->causation = NULL;
        note_path(cut, "causation");
    }
    e->n_redacted_paths = cut->path_count;
    e->redacted_paths = cut->paths;
}

enum sg_err view_envelope(const struct view_request *request, struct sg_arena *arena,
                          struct sg_bytes *out_envelope, struct sg_why *why)
{
    struct sg_event event;
    Google__Protobuf__Timestamp accepted;
    const struct record *record = request->record;
    enum sg_err err = sg_event_reopen(record->clear, record->personal, arena, &event, why);
    if (err == SG_E_FORMAT)
        return sg_fail(why, SG_E_STORE, "record %llu does not decode",
                       (unsigned long long)record->seq);
    if (err)
        return err;
    event.envelope->has_salt = false;
    if (event.envelope->placement_ended && record->rest->effect)
        event.envelope->placement_ended->course_code = record->rest->effect->course_code;
    struct cut cut = {.relations =
                          view_terms(view_relations(record, request->reader), &request->access),
                      .request = request,
                      .arena = arena};
    err = cut_all(&cut, event.envelope, why);
    if (err)
        return err;
    if (arena->spent)
        return sg_fail(why, SG_E_LIMIT, "view: the arena is full");
    add_broker_fields(event.envelope, request, &cut, &accepted);
    return sg_encode(event.envelope, arena, out_envelope, why);
}
