#include "skeleton.h"

#include "store/journal.h"
#include "wire/contract.h"
#include "wire/day.h"

#include <errno.h>
#include <inttypes.h>

enum { ARENA_BYTES = 1 << 20, RECORDS_PER_TXN = 1000 };

static const char *kind_name(PbRecordKind kind)
{
    static const char *const names[] = {
        [PB_RECORD_KIND_ACCEPTED] = "ACCEPTED",
        [PB_RECORD_KIND_DERIVED] = "DERIVED",
        [PB_RECORD_KIND_PARKED] = "PARKED",
        [PB_RECORD_KIND_SETTLED] = "SETTLED",
    };
    return (size_t)kind < SG_ARRAY_LEN(names) && names[kind] ? names[kind] : "?";
}

static void print_record(const struct record *record, FILE *to)
{
    char time[32], outbox[SG_ID_TEXT];
    const PbRecordRest *rest = record->rest;
    const char *topic = sg_type_topic(rest->type);
    fprintf(to,
            "{\"seq\":%" PRIu64 ",\"acceptedAt\":\"%s\",\"kind\":\"%s\",\"type\":\"%s\","
            "\"agency\":\"%s\",\"device\":\"%s\",\"outbox\":\"%s\",\"number\":%" PRIu64
            ",\"height\":%" PRIu64 ",\"readers\":[",
            record->seq, sg_time_print(record->accepted_ms, time), kind_name(rest->kind),
            topic ? topic : "?", rest->agency ? rest->agency : "", rest->device ? rest->device : "",
            sg_id_print(&record->outbox_id, outbox), record->number, rest->height);
    for (size_t i = 0; i < rest->n_audience; i++)
        fprintf(to, "%s\"%s\"", i ? "," : "", rest->audience[i]->agency);
    fputs("]}\n", to);
}

/* One short read transaction: records after *seq. */
static enum sg_err print_some(struct env *env, uint64_t *seq, bool *out_end, struct sg_arena *arena,
                              FILE *to, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key from = {0};
    key_u64(&from, *seq + 1);

    enum sg_err err = txn_begin(&txn, env, TXN_READ, why);
    if (!err)
        err = cursor_open(&cursor, &txn, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_seek(&cursor, &from, why);
    for (int i = 0; !err && cursor.key.ptr && i < RECORDS_PER_TXN; i++) {
        struct record record;
        sg_arena_reset(arena, 0);
        err = record_parse(cursor.key, cursor.value, &record, why);
        if (!err)
            err = record_open_rest(&record, arena, why);
        if (err)
            break;
        print_record(&record, to);
        *seq = record.seq;
        err = cursor_next(&cursor, why);
    }
    *out_end = !cursor.key.ptr;
    return err;
}

enum sg_err skeleton_print(struct env *env, FILE *to, struct sg_why *why)
{
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    enum sg_err err = sg_arena_init(&arena, ARENA_BYTES, why);
    uint64_t seq = 0;
    bool end = false;
    while (!err && !end)
        err = print_some(env, &seq, &end, &arena, to, why);
    if (!err && (fflush(to) != 0 || ferror(to)))
        err = sg_fail(why, SG_E_SYS, "output: %s", strerror(errno));
    return err;
}
