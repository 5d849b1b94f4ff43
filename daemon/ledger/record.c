/* record.c - one record: audience and effect into the journal, then folded at once. */
#include "ledger/decision.h"

static void set_audience(struct decision *d, PbRecordRest *rest)
{
    struct ledger_turn *turn = d->turn;
    rest->n_audience = d->readers.count;
    rest->audience = take(turn, d->readers.count * sizeof(PbReader *));
    for (size_t i = 0; i < d->readers.count; i++) {
        PbReader *reader = TAKE(turn, PbReader);
        pb_reader__init(reader);
        reader->agency = text_of(turn, d->readers.entries[i].agency);
        reader->has_relations = true;
        reader->relations = d->readers.entries[i].relations;
        rest->audience[i] = reader;
    }
}

static void describe(struct decision *d, PbRecordKind kind, uint32_t type, PbRecordRest *rest)
{
    pb_record_rest__init(rest);
    rest->has_kind = rest->has_type = rest->has_vault_key_id = true;
    rest->kind = kind;
    rest->type = type;
    if (kind != PB_RECORD_KIND_DERIVED) {
        rest->agency = text_of(d->turn, d->source->agency->id);
        rest->device = text_of(d->turn, d->source->device);
    }
    if (d->has_person) {
        rest->has_person_id = true;
        rest->person_id = data_of(d->turn, &d->person_id);
    }
    set_audience(d, rest);
    rest->effect = d->effect;
}

/* 16 bytes that differ for every derived record and follow from its cause. */
static void derived_salt(struct decision *d, uint8_t out_salt[16])
{
    uint8_t numbers[16];
    sg_put_u64(numbers, d->cause->number);
    sg_put_u64(numbers + 8, d->cause->ordinal++);
    struct sg_bytes runs[] = {{d->cause->digest, SG_HASH_BYTES},
                              sg_id_bytes(&d->cause->outbox_id),
                              {numbers, sizeof numbers}};
    sg_keyed_hash(d->turn->world->keys->store_key, runs, SG_ARRAY_LEN(runs), out_salt, 16);
}

static enum sg_err fill_derived(struct decision *d, PbEnvelope *derived, uint32_t type,
                                struct sg_event *event, struct record *record, struct sg_why *why)
{
    uint8_t salt[16];
    derived_salt(d, salt);
    event->envelope = derived;
    event->type = type;
    event->occurred_ms = event->recorded_ms = d->turn->block->time_ms;
    return sg_event_split(derived, salt, d->turn->arena, &record->clear, &record->personal, why);
}

enum sg_err append_record(struct decision *d, PbRecordKind kind, PbEnvelope *derived,
                          struct record *out_record, struct sg_why *why)
{
    struct ledger_turn *turn = d->turn;
    struct sg_event made = {0};
    const struct sg_event *event = d->event;
    struct record record = {0};
    enum sg_err err = SG_OK;
    if (derived) {
        err = fill_derived(d, derived, sg_type_of_topic(sg_bytes_of(derived->type)), &made, &record,
                           why);
        event = &made;
    } else {
        record.outbox_id = d->source->outbox_id;
        record.number = d->source->number;
        record.clear = event->clear;
        record.personal = event->personal;
        record.digest = event->digest;
        if (event->personal_hash)
            memcpy(record.personal_hash, event->personal_hash, SG_HASH_BYTES);
    }
    if (err)
        return err;
    PbRecordRest *rest = TAKE(turn, PbRecordRest);
    describe(d, kind, event->type, rest);
    if (event->envelope->person_link_decided && record.personal.len) { /* a note on two persons */
        if (!event->personal_hash)
            sg_hash(record.personal, record.personal_hash);
        record.personal = (struct sg_bytes){NULL, 0};
        rest->has_personal_dropped = rest->personal_dropped = true;
    }
    err = block_append(turn->block, &record, rest, why);
    if (!err)
        err = ledger_apply(turn->txn, &record, event, turn->arena, why);
    if (!err)
        err = ledger_apply_personal(turn->txn, &record, event, turn->world->keys, turn->arena, why);
    if (!err)
        *out_record = record;
    return err;
}
