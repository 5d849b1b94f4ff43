#include "ledger/presence.h"

#include "ledger/deadline.h"
#include "wire/day.h"

enum sg_err presence_of(struct ledger_turn *turn, const char *agency, int64_t now_ms,
                        struct presence *out, struct sg_why *why)
{
    struct key key = {0};
    PbPresenceRow *row = NULL;
    *out = (struct presence){0};
    enum sg_err err = row_get(turn->txn, TABLE_PRESENCE, key_text(&key, agency),
                              &pb_presence_row__descriptor, turn->arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    out->known = true;
    out->down = row->has_down_since_ms;
    out->down_since_ms = row->down_since_ms;
    out->down_total_ms = row->down_total_ms;
    if (out->down && now_ms > row->down_since_ms)
        out->down_total_ms += now_ms - row->down_since_ms;
    return SG_OK;
}

struct sg_id agency_id_of(const char *agency)
{
    uint8_t hash[SG_HASH_BYTES];
    struct sg_id id;
    sg_hash(sg_bytes_of(agency), hash);
    memcpy(id.b, hash, SG_ID_BYTES);
    return id;
}

int64_t silent_at(const struct world *world, const struct sg_agency *agency,
                  const struct presence *presence)
{
    const struct sg_time_limits *limits = world->limits ? world->limits : &sg_time_limits_normal;
    if (agency->round_the_clock)
        return presence->down_since_ms + limits->silent_hours * SG_HOUR_MS;
    int64_t evening = working_limit(world, presence->down_since_ms, 1);
    return sg_day_start_ms(sg_day_at(evening)) + limits->silent_until_hour * SG_HOUR_MS;
}
