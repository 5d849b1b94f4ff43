/* facts_quality.c - how well the data is kept: lateness, numbers, readers, requests, suspicions. */
#include "report/facts.h"

#include "ledger/relation.h"
#include "wire/day.h"

enum { E23 = 123, LATE_HOURS = 72 };

/* ---- lateness and numbers ---- */

static void note_number(struct facts *m, const struct fact *f, uint32_t agency)
{
    const struct record *record = f->record;
    uint32_t at = ids_add(m->arena, &m->outbox_ids, &record->outbox_id);
    struct outbox *o = at == m->outboxes.count ? POOL_ADD(m->arena, &m->outboxes, struct outbox)
                                               : POOL_AT(&m->outboxes, struct outbox, at);
    o->agency = agency;
    o->records++;
    if (record->number > o->last_number)
        o->last_number = record->number;
}

static void note_event(struct facts *m, const struct fact *f)
{
    if (f->kind == PB_RECORD_KIND_DERIVED || !f->agency)
        return;
    uint32_t agency = facts_agency(m, f->agency);
    note_number(m, f, agency);
    if (!facts_in_period(m, sg_day_at(f->accepted_ms)))
        return;
    struct traffic *t = facts_traffic(m, agency);
    t->events++;
    t->late += f->accepted_ms - f->occurred_ms > LATE_HOURS * SG_HOUR_MS;
}

/* ---- who could read fields of persons ---- */

static void note_readers(struct facts *m, const struct fact *f)
{
    if (!f->record->personal.len || !facts_in_period(m, sg_day_at(f->accepted_ms)))
        return;
    for (size_t i = 0; i < f->rest->n_audience; i++) {
        const PbReader *reader = f->rest->audience[i];
        uint32_t relations = reader->relations & ~(uint32_t)RELATION_PUBLISHER;
        bool own = f->agency && reader->agency && strcmp(f->agency, reader->agency) == 0;
        if (own || !reader->agency || !(relations & m->request->personal[f->type % REPORT_TYPES]))
            continue;
        facts_traffic(m, facts_agency(m, reader->agency))->personal++;
    }
}

/* ---- suspicions and links ---- */

static bool pair_of(ProtobufCBinaryData a, ProtobufCBinaryData b, struct sg_id *out_a,
                    struct sg_id *out_b)
{
    if (!facts_id(a, out_a) || !facts_id(b, out_b))
        return false;
    if (memcmp(out_a->b, out_b->b, SG_ID_BYTES) > 0) {
        struct sg_id swap = *out_a;
        *out_a = *out_b;
        *out_b = swap;
    }
    return true;
}

static void take_suspicion(struct facts *m, const struct fact *f)
{
    const PbSuspicionEffect *e = f->effect->suspicion;
    struct sg_id a, b;
    if (!e || e->again || !pair_of(e->person_a, e->person_b, &a, &b))
        return;
    struct suspicion *s = POOL_ADD(m->arena, &m->suspicions, struct suspicion);
    *s = (struct suspicion){a, b, f->accepted_ms, 0};
}

static void decide_pair(struct facts *m, ProtobufCBinaryData one, ProtobufCBinaryData other,
                        int64_t at_ms)
{
    struct sg_id a, b;
    if (!pair_of(one, other, &a, &b))
        return;
    for (EACH(struct suspicion, s, &m->suspicions))
        if (!s->decided_ms && sg_id_equal(&s->a, &a) && sg_id_equal(&s->b, &b))
            s->decided_ms = at_ms;
}

/* By the steward, or by itself when a NIK arrives late. */
static void take_link(struct facts *m, const struct fact *f)
{
    const PbLinkEffect *e = f->effect->link;
    if (!e)
        return;
    struct link *link = POOL_ADD(m->arena, &m->links, struct link);
    *link = (struct link){e->decision, f->occurred_day};
    decide_pair(m, e->person_a, e->person_b, f->accepted_ms);
    for (size_t i = 0; i < e->n_pairs; i++)
        decide_pair(m, e->pairs[i]->person_a, e->pairs[i]->person_b, f->accepted_ms);
}

/* ---- rights ---- */

static bool is_answer(PbDataSubjectRequestRecorded__Status status)
{
    return status >= PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_GRANTED;
}

static void take_request(struct facts *m, const struct fact *f)
{
    const PbDataSubjectRequestRecorded *e = f->envelope->rights_request;
    struct sg_id id;
    if (!e || !f->states || !facts_id(e->request_id, &id))
        return;
    uint32_t at = ids_add(m->arena, &m->request_ids, &id);
    struct request *r = at == m->requests.count ? POOL_ADD(m->arena, &m->requests, struct request)
                                                : POOL_AT(&m->requests, struct request, at);
    r->kind = e->kind;
    if (!r->received_ms && e->received_at) {
        r->received_ms = e->received_at->seconds * 1000;
        r->received_on = sg_day_at(r->received_ms);
        r->agency = facts_agency(m, f->agency);
    }
    if (is_answer(e->status) && !r->answered_ms)
        r->answered_ms = f->occurred_ms;
}

void facts_take_quality(struct facts *m, const struct fact *f)
{
    note_event(m, f);
    note_readers(m, f);
    take_link(m, f);
    if (f->type == TYPE_D3)
        take_suspicion(m, f);
    else if (f->type == E23)
        take_request(m, f);
}
