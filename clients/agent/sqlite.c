#include "agent/sqlite.h"

#include "agent/columns.h"
#include "agent/conf.h"
#include "agent/forget.h"
#include "wire/codec.h"
#include "wire/contract.h"
#include "wire/day.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WAIT_MS = 250, /* for a lock of somebody else: the loop must go on */
    SQL_BYTES = 32768,
    CACHE_KIB = 512,
    WAL_PAGES = 128, /* then the log goes into the database: 512 KiB of a small disk */
    REDACTED_PATHS_MAX = 64,
    STEPS_PER_SIGN = 100000, /* of the machine of SQLite: well below a second */
};

struct sqlite_store {
    sqlite3 *db;
    const char *subscription;
    const char *const *types;
    struct sg_arena *arena;
    bool tables_known;
    bool rewritten; /* since the last order was carried out; its log is not empty yet */
};

struct sql {
    char *text;
    size_t used;
    bool full;
};

SG_PRINTF(2, 3) static void sql_add(struct sql *sql, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(sql->text + sql->used, SQL_BYTES - sql->used, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= SQL_BYTES - sql->used)
        sql->full = true;
    else
        sql->used += (size_t)n;
}

static enum sg_err sql_begin(struct sqlite_store *store, struct sql *sql, struct sg_why *why)
{
    *sql = (struct sql){.text = sg_arena_alloc(store->arena, SQL_BYTES)};
    return sql->text ? SG_OK : sg_fail(why, SG_E_LIMIT, "no room for a statement");
}

static enum sg_err fail(const struct sqlite_store *store, struct sg_why *why)
{
    int code = sqlite3_errcode(store->db);
    enum sg_err err = SG_E_SYS;
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
        err = SG_E_CONF;
    if (code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG)
        err = SG_E_FORMAT;
    return sg_fail(why, err, "sqlite: %s", sqlite3_errmsg(store->db));
}

static enum sg_err run(const struct sqlite_store *store, const char *text, struct sg_why *why)
{
    return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK ? SG_OK : fail(store, why);
}

static void statement_done(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement); /* what failed was told by the step */
}

/* ---- tables ------------------------------------------------------------------------------ */

/* "placement.started" -> placement_started */
static const char *table_name(struct sg_arena *arena, const char *topic)
{
    char *name = sg_arena_text(arena, sg_bytes_of(topic));
    for (char *at = name; at && *at; at++)
        if (*at == '.')
            *at = '_';
    return name;
}

static const ProtobufCFieldDescriptor *field_of(const char *topic)
{
    return protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor,
                                                   sg_type_of_topic(sg_bytes_of(topic)));
}

static enum sg_err make_table(struct sqlite_store *store, const char *table,
                              const struct columns *columns, struct sg_why *why)
{
    struct sql sql;
    enum sg_err err = sql_begin(store, &sql, why);
    if (err)
        return err;
    sql_add(&sql,
            "CREATE TABLE IF NOT EXISTS \"%s\" (seq INTEGER PRIMARY KEY, accepted_at TEXT, "
            "place TEXT",
            table);
    for (size_t i = 0; i < columns->count; i++)
        sql_add(&sql, ", \"%s\" %s", columns->items[i].name,
                columns->items[i].number ? "INTEGER" : "TEXT");
    sql_add(&sql, ")");
    return sql.full ? sg_fail(why, SG_E_LIMIT, "too many columns") : run(store, sql.text, why);
}

static bool has_column(struct sqlite_store *store, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(store->db, "main", table, column, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

/* Columns that the contract has got since the table was made. */
static enum sg_err extend_table(struct sqlite_store *store, const char *table,
                                const struct columns *columns, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < columns->count; i++) {
        const struct column *column = &columns->items[i];
        if (has_column(store, table, column->name))
            continue;
        char text[512];
        (void)snprintf(text, sizeof text, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", table,
                       column->name, column->number ? "INTEGER" : "TEXT");
        err = run(store, text, why);
    }
    return err;
}

static enum sg_err ensure_table(struct sqlite_store *store, const char *topic, struct sg_why *why)
{
    size_t used = store->arena->used;
    struct columns columns;
    const char *table = table_name(store->arena, topic);
    enum sg_err err = table ? columns_of(field_of(topic), store->arena, &columns, why)
                            : sg_fail(why, SG_E_LIMIT, "no room for a name");
    if (!err)
        err = make_table(store, table, &columns, why);
    if (!err)
        err = extend_table(store, table, &columns, why);
    sg_arena_reset(store->arena, used);
    return err;
}

static enum sg_err end_transaction(struct sqlite_store *store, enum sg_err err, struct sg_why *why)
{
    if (!err)
        err = run(store, "COMMIT", why);
    if (err && sqlite3_get_autocommit(store->db) == 0)
        (void)run(store, "ROLLBACK", NULL); /* what is not rolled back now is at the next opening */
    return err;
}

/* All of them in one transaction: a reader sees the tables whole. */
static enum sg_err ensure_tables(struct sqlite_store *store, struct sg_why *why)
{
    enum sg_err err = run(store, "BEGIN IMMEDIATE", why);
    if (!err)
        err = run(store,
                  "CREATE TABLE IF NOT EXISTS sinergi_cursor "
                  "(subscription TEXT PRIMARY KEY, seq INTEGER NOT NULL)",
                  why);
    for (size_t i = 0; !err && i < sg_topic_count; i++) {
        if (agent_conf_types_match(store->types, sg_topics[i].name))
            err = ensure_table(store, sg_topics[i].name, why);
    }
    err = end_transaction(store, err, why);
    store->tables_known = !err;
    return err;
}

/* ---- open and close ---------------------------------------------------------------------- */

static enum sg_err open_database(struct sqlite_store *store, const char *path, struct sg_why *why)
{
    char text[256];
    if (sqlite3_open_v2(path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return fail(store, why);
    (void)sqlite3_busy_timeout(store->db, WAIT_MS);
    (void)snprintf(text, sizeof text,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -%d; "
                   "PRAGMA wal_autocheckpoint = %d; PRAGMA secure_delete = ON",
                   CACHE_KIB, WAL_PAGES);
    return run(store, text, why);
}

enum sg_err sqlite_store_open(const char *path, const char *subscription, const char *const *types,
                              struct sg_arena *arena, struct sqlite_store **out_store,
                              struct sg_why *why)
{
    SG_AUTO(sqlite_store_close) struct sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        return sg_fail(why, SG_E_SYS, "no memory");
    store->subscription = subscription;
    store->types = types;
    store->arena = arena;
    enum sg_err err = open_database(store, path, why);
    if (!err)
        err = ensure_tables(store, why);
    if (!err)
        *out_store = SG_TAKE(store);
    return err;
}

void sqlite_store_close(struct sqlite_store **store)
{
    if (!*store)
        return;
    (void)sqlite3_close((*store)->db); /* nothing is open any more: it cannot refuse */
    free(SG_TAKE(*store));
}

/* ---- adding ------------------------------------------------------------------------------ */

static enum sg_err prepare(const struct sqlite_store *store, const char *text,
                           sqlite3_stmt **out_statement, struct sg_why *why)
{
    return sqlite3_prepare_v2(store->db, text, -1, out_statement, NULL) == SQLITE_OK
               ? SG_OK
               : fail(store, why);
}

static enum sg_err step(const struct sqlite_store *store, sqlite3_stmt *statement,
                        struct sg_why *why)
{
    return sqlite3_step(statement) == SQLITE_DONE ? SG_OK : fail(store, why);
}

static enum sg_err read_cursor(const struct sqlite_store *store, uint64_t *out_seq,
                               struct sg_why *why)
{
    SG_AUTO(statement_done) sqlite3_stmt *statement = NULL;
    enum sg_err err =
        prepare(store, "SELECT seq FROM sinergi_cursor WHERE subscription = ?1", &statement, why);
    if (err)
        return err;
    (void)sqlite3_bind_text(statement, 1, store->subscription, -1, SQLITE_STATIC);
    int rc = sqlite3_step(statement);
    *out_seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SG_OK : fail(store, why);
}

static enum sg_err move_cursor(const struct sqlite_store *store, uint64_t seq, struct sg_why *why)
{
    SG_AUTO(statement_done) sqlite3_stmt *statement = NULL;
    enum sg_err err = prepare(store,
                              "INSERT INTO sinergi_cursor (subscription, seq) VALUES (?1, ?2) "
                              "ON CONFLICT (subscription) DO UPDATE SET seq = excluded.seq",
                              &statement, why);
    if (err)
        return err;
    (void)sqlite3_bind_text(statement, 1, store->subscription, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)seq);
    return step(store, statement, why);
}

/* Two subscriptions may get the same event into one database: it is one row. */
static enum sg_err prepare_insert(struct sqlite_store *store, const char *table,
                                  const struct columns *columns, sqlite3_stmt **out_statement,
                                  struct sg_why *why)
{
    struct sql sql;
    enum sg_err err = sql_begin(store, &sql, why);
    if (err)
        return err;
    sql_add(&sql, "INSERT INTO \"%s\" (seq, accepted_at, place", table);
    for (size_t i = 0; i < columns->count; i++)
        sql_add(&sql, ", \"%s\"", columns->items[i].name);
    sql_add(&sql, ") VALUES (?, ?, ?");
    for (size_t i = 0; i < columns->count; i++)
        sql_add(&sql, ", ?");
    sql_add(&sql, ") ON CONFLICT (seq) DO NOTHING");
    return sql.full ? sg_fail(why, SG_E_LIMIT, "too many columns")
                    : prepare(store, sql.text, out_statement, why);
}

static enum sg_err bind(struct sqlite_store *store, sqlite3_stmt *statement,
                        const struct columns *columns, const PbEnvelope *envelope, int first,
                        struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < columns->count; i++) {
        struct column_value value;
        int at = first + (int)i;
        err = column_value(&columns->items[i], envelope, store->arena, &value, why);
        if (err || value.kind == COLUMN_NULL)
            continue;
        if (value.kind == COLUMN_NUMBER)
            (void)sqlite3_bind_int64(statement, at, value.number);
        else
            (void)sqlite3_bind_text(statement, at, value.text, -1, SQLITE_STATIC);
    }
    return err;
}

static enum sg_err insert(struct sqlite_store *store, const sinergi_delivery *delivery,
                          const PbEnvelope *envelope, struct sg_why *why)
{
    SG_AUTO(statement_done) sqlite3_stmt *statement = NULL;
    struct columns columns;
    const char *table = table_name(store->arena, delivery->type);
    const char *place =
        place_text(store->arena, (struct sg_bytes){delivery->place.outbox_id, SINERGI_ID_BYTES},
                   delivery->place.number);
    if (!table || !place)
        return sg_fail(why, SG_E_LIMIT, "no room for a row");
    enum sg_err err = columns_of(field_of(delivery->type), store->arena, &columns, why);
    if (!err)
        err = prepare_insert(store, table, &columns, &statement, why);
    if (err)
        return err;
    char time[32];
    (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)delivery->seq);
    if (envelope->accepted_at)
        (void)sqlite3_bind_text(statement, 2, sg_time_print(sg_ms_of(envelope->accepted_at), time),
                                -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 3, place, -1, SQLITE_STATIC);
    err = bind(store, statement, &columns, envelope, 4, why);
    return err ? err : step(store, statement, why);
}

/* ---- forgetting -------------------------------------------------------------------------- */

struct taken {
    const struct column **fields, **refs; /* what the order takes, and what says whose it is */
    size_t field_count, ref_count;
};

/* Columns that the table has not got yet hold nothing. */
static enum sg_err choose_columns(struct sqlite_store *store, const struct forget_order *order,
                                  const char *topic, const char *table, struct taken *out_taken,
                                  struct sg_why *why)
{
    struct columns columns;
    enum sg_err err = columns_of(field_of(topic), store->arena, &columns, why);
    if (err)
        return err;
    *out_taken =
        (struct taken){SG_NEW_ARRAY(store->arena, const struct column *, columns.count),
                       SG_NEW_ARRAY(store->arena, const struct column *, columns.count), 0, 0};
    if (!out_taken->fields || !out_taken->refs)
        return sg_fail(why, SG_E_LIMIT, "no room for columns");
    for (size_t i = 0; i < columns.count; i++) {
        const struct column *column = &columns.items[i];
        if (!has_column(store, table, column->name))
            continue;
        if (forget_is_ref(column->path, column->depth))
            out_taken->refs[out_taken->ref_count++] = column;
        else if (forget_reach(order, column->path, column->depth) != FORGET_NOTHING)
            out_taken->fields[out_taken->field_count++] = column;
    }
    return SG_OK;
}

/* What the order takes becomes NULL and is named in redacted_paths. */
static void write_update(struct sql *sql, const char *table, const struct taken *taken)
{
    char path[FORGET_PATH_MAX];
    sql_add(sql, "UPDATE \"%s\" SET ", table);
    for (size_t i = 0; i < taken->field_count; i++)
        sql_add(sql, "\"%s\" = NULL, ", taken->fields[i]->name);
    sql_add(sql, "redacted_paths = (SELECT json_group_array(value) FROM (SELECT value FROM "
                 "json_each(iif(json_valid(redacted_paths), redacted_paths, '[]'))");
    for (size_t i = 0; i < taken->field_count; i++) {
        forget_path(taken->fields[i]->path, taken->fields[i]->depth, path);
        sql_add(sql, " UNION SELECT '%s' WHERE \"%s\" IS NOT NULL", path, taken->fields[i]->name);
    }
    sql_add(sql, " LIMIT %d)) WHERE seq < ?2 AND ?1 IN (NULL", REDACTED_PATHS_MAX);
    for (size_t i = 0; i < taken->ref_count; i++)
        sql_add(sql, ", \"%s\"", taken->refs[i]->name);
    sql_add(sql, ") AND (FALSE");
    for (size_t i = 0; i < taken->field_count; i++)
        sql_add(sql, " OR \"%s\" IS NOT NULL", taken->fields[i]->name);
    sql_add(sql, ")");
}

static enum sg_err forget_in_table(struct sqlite_store *store, const struct forget_order *order,
                                   const char *topic, struct forgotten *forgotten,
                                   struct sg_why *why)
{
    SG_AUTO(statement_done) sqlite3_stmt *statement = NULL;
    struct taken taken;
    struct sql sql;
    const char *table = table_name(store->arena, topic);
    if (!table)
        return sg_fail(why, SG_E_LIMIT, "no room for a name");
    if (!has_column(store, table, "redacted_paths"))
        return SG_OK; /* this database has no such table */
    enum sg_err err = choose_columns(store, order, topic, table, &taken, why);
    if (!err)
        err = sql_begin(store, &sql, why);
    if (err || taken.field_count == 0)
        return err;
    write_update(&sql, table, &taken);
    err = sql.full ? sg_fail(why, SG_E_LIMIT, "too many columns")
                   : prepare(store, sql.text, &statement, why);
    if (err)
        return err;
    (void)sqlite3_bind_text(statement, 1, order->person_ref, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)order->seq);
    err = step(store, statement, why);
    if (!err)
        forgotten->rows += (uint64_t)sqlite3_changes(store->db);
    return err;
}

/* In all tables of the database, whichever subscription they are of. */
static enum sg_err forget_rows(struct sqlite_store *store, const struct forget_order *order,
                               struct forgotten *forgotten, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < sg_topic_count; i++) {
        size_t used = store->arena->used;
        err = forget_in_table(store, order, sg_topics[i].name, forgotten, why);
        sg_arena_reset(store->arena, used);
    }
    if (!err && forgotten->rows > 0)
        err = run(store, "CREATE TABLE IF NOT EXISTS sinergi_forgetting (due INTEGER)", why);
    return err;
}

static int goes_on(void *context)
{
    (void)context;
    forget_goes_on();
    return 0;
}

/* Old copies in the pages and in the log. Nobody else may read the old state meanwhile. */
static enum sg_err leave_no_copy(struct sqlite_store *store, struct sg_why *why)
{
    if (!has_column(store, "sinergi_forgetting", "due"))
        return SG_OK;
    sqlite3_progress_handler(store->db, STEPS_PER_SIGN, goes_on, NULL);
    enum sg_err err = store->rewritten ? SG_OK : run(store, "VACUUM", why);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    if (err)
        return err;
    store->rewritten = true;
    if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
        SQLITE_OK)
        return fail(store, why);
    err = run(store, "DROP TABLE sinergi_forgetting", why);
    store->rewritten = err != SG_OK;
    return err;
}

static enum sg_err add_row(struct sqlite_store *store, const sinergi_delivery *delivery,
                           const struct forget_order *order, struct forgotten *forgotten,
                           struct sg_why *why)
{
    PbEnvelope *envelope = NULL;
    uint64_t cursor = 0;
    enum sg_err err = sg_decode(&pb_envelope__descriptor,
                                (struct sg_bytes){delivery->envelope, delivery->envelope_length},
                                store->arena, &envelope, why);
    if (err || !field_of(delivery->type))
        return sg_fail(why, SG_E_FORMAT, "seq %llu is not an event of this contract",
                       (unsigned long long)delivery->seq);
    err = store->tables_known ? SG_OK : ensure_tables(store, why);
    if (!err)
        err = run(store, "BEGIN IMMEDIATE", why);
    if (err)
        return err;
    err = read_cursor(store, &cursor, why);
    if (!err && delivery->seq > cursor) {
        if (order)
            err = forget_rows(store, order, forgotten, why);
        if (!err)
            err = insert(store, delivery, envelope, why);
        if (!err)
            err = move_cursor(store, delivery->seq, why);
    }
    return end_transaction(store, err, why);
}

enum sg_err sqlite_store_add(struct sqlite_store *store, const sinergi_delivery *delivery,
                             const struct forget_order *order, struct forgotten *forgotten,
                             struct sg_why *why)
{
    size_t used = store->arena->used;
    struct forgotten here = {0};
    enum sg_err err = add_row(store, delivery, order, &here, why);
    sg_arena_reset(store->arena, used);
    if (!err) {
        forgotten->rows += here.rows;
        forgotten->files += here.rows > 0;
        store->rewritten = store->rewritten && here.rows == 0;
    }
    if (!err && order)
        err = leave_no_copy(store, why);
    if (err) {
        store->tables_known = false; /* somebody may have dropped one: look again */
        (void)run(store, "PRAGMA wal_checkpoint(TRUNCATE)", NULL); /* room, when the disk is full */
    }
    return err;
}
