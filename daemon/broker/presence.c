/* presence.c - which agencies are connected, as rows: time limits ask for it (domain 8.6).
 *
 * An agency is down from the end of its last connection on. Time in which the broker itself was
 * down is nobody's: the row "*" says when the broker was last alive.
 */
#include "broker/inside.h"

static const int64_t refresh_ms = 60000;
static const char broker_row[] = "*";

void presence_changed(struct broker *broker)
{
    broker->presence_asked++;
}

bool presence_is_stale(const struct broker *broker)
{
    return broker->presence_asked != broker->presence_written;
}

static bool is_connected(const struct broker *b, const char *agency)
{
    for (size_t i = 0; i < b->session_high; i++)
        if (session_live(&b->sessions[i]) && strcmp(b->sessions[i].agency, agency) == 0)
            return true;
    return false;
}

static enum sg_err read_presence(struct turn *t, const char *name, PbPresenceRow **out_row,
                                 struct sg_why *why)
{
    struct key key = {0};
    *out_row = NULL;
    enum sg_err err = row_get(&t->txn, TABLE_PRESENCE, key_text(&key, name),
                              &pb_presence_row__descriptor, &t->broker->arena, out_row, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static enum sg_err put_presence(struct turn *t, const char *name, const PbPresenceRow *row,
                                struct sg_why *why)
{
    struct key key = {0};
    return row_put(&t->txn, TABLE_PRESENCE, key_text(&key, name), row, why);
}

static enum sg_err come_up(struct turn *t, const char *agency, PbPresenceRow *row,
                           struct sg_why *why)
{
    int64_t now = t->world.now_ms;
    if (row->has_down_since_ms && now > row->down_since_ms) {
        row->has_down_total_ms = true;
        row->down_total_ms += now - row->down_since_ms;
    }
    row->has_down_since_ms = false;
    row->has_last_seen_ms = true;
    row->last_seen_ms = now;
    enum sg_err err = put_presence(t, agency, row, why);
    return err ? err : ledger_heard(&t->ledger, agency, why);
}

/* away_ms: how long the broker was not there. */
static enum sg_err write_agency(struct turn *t, const char *agency, int64_t away_ms,
                                struct sg_why *why)
{
    PbPresenceRow *row = NULL, fresh;
    int64_t now = t->world.now_ms;
    bool up = is_connected(t->broker, agency);
    enum sg_err err = read_presence(t, agency, &row, why);
    if (err || (!row && !up))
        return err;
    if (!row) {
        pb_presence_row__init(&fresh);
        row = &fresh;
        return come_up(t, agency, row, why);
    }
    if (row->has_down_since_ms && away_ms) {
        row->down_since_ms =
            row->down_since_ms + away_ms < now ? row->down_since_ms + away_ms : now;
        err = up ? SG_OK : put_presence(t, agency, row, why);
    }
    if (err || (!up && row->has_down_since_ms))
        return err;
    if (up && row->has_down_since_ms)
        return come_up(t, agency, row, why);
    row->has_last_seen_ms = true;
    row->last_seen_ms = now;
    row->has_down_since_ms = !up;
    row->down_since_ms = now;
    return put_presence(t, agency, row, why);
}

static enum sg_err write_all(struct turn *t, struct sg_why *why)
{
    const struct sg_roster *roster = t->world.roster;
    int64_t now = t->world.now_ms, away_ms = 0;
    PbPresenceRow *own = NULL, fresh;
    enum sg_err err = read_presence(t, broker_row, &own, why);
    if (err)
        return err;
    if (own && !t->broker->presence_written && now > own->last_seen_ms)
        away_ms = now - own->last_seen_ms;
    for (size_t i = 0; !err && i < roster->agency_count; i++)
        err = write_agency(t, roster->agencies[i].id, away_ms, why);
    pb_presence_row__init(&fresh);
    fresh.has_last_seen_ms = true;
    fresh.last_seen_ms = now;
    return err ? err : put_presence(t, broker_row, &fresh, why);
}

/* Connections have come or gone, or a minute has passed: once per turn, before what is due. */
enum sg_err presence_write(struct turn *t, struct sg_why *why)
{
    struct broker *b = t->broker;
    t->presence_asked = b->presence_asked;
    bool old = t->world.now_ms - b->presence_ms >= refresh_ms || t->in->stopping;
    if (!presence_is_stale(b) && !old)
        return SG_OK;
    t->presence_touched = true;
    return write_all(t, why);
}

/* After the commit. */
void presence_keep(struct turn *t)
{
    if (!t->presence_touched)
        return;
    t->broker->presence_written = t->presence_asked;
    t->broker->presence_ms = t->world.now_ms;
}
