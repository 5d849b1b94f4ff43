#include "sheet/key.h"

#include "sheet/date.h"
#include "sheet/text.h"
#include "wire/codec.h"

enum { PARTS_MAX = 10, KEY_TURNS_MAX = 16, LATEST_YEAR = 2069, NIK_DIGITS = 16 };

static const uint8_t hash_key[SG_KEY_BYTES] = "sinergi sheet key 1";

/* A day is a day however it is written, and 16 digits are a NIK with or without blanks. */
static void canonical(const char *cell, char to[TEXT_FOLDED_MAX])
{
    struct moment moment;
    struct sheet_fault fault;
    char digits[NIK_DIGITS + 1];
    size_t len = 0;
    text_fold(cell, to);
    const char *at = to + (*to == '\'');
    for (; *at == ' ' || (*at >= '0' && *at <= '9' && len < NIK_DIGITS); at++)
        if (*at != ' ')
            digits[len++] = *at;
    digits[len] = '\0';
    if (*at == '\0' && len == NIK_DIGITS) {
        memcpy(to, digits, sizeof digits);
        return;
    }
    if (date_read(to, LATEST_YEAR, false, &moment, &fault) && !moment.has_time)
        (void)date_print(&moment, to);
}

void key_name(const char *agency, const struct key_parts *parts, uint8_t out[OUTBOX_KEY_BYTES])
{
    char cells[PARTS_MAX][TEXT_FOLDED_MAX];
    struct sg_bytes runs[4] = {sg_bytes_of(agency), sg_bytes_of(parts->map)};
    uint8_t so_far[OUTBOX_KEY_BYTES] = {0};
    size_t count = parts->count < PARTS_MAX ? parts->count : PARTS_MAX;
    for (size_t i = 0; i < count; i++) {
        canonical(parts->cells[i], cells[i]);
        runs[2] = sg_bytes_of(cells[i]);
        runs[3] = (struct sg_bytes){so_far, sizeof so_far};
        sg_keyed_hash(hash_key, runs, 4, out, OUTBOX_KEY_BYTES);
        memcpy(so_far, out, sizeof so_far);
    }
}

void key_again(const uint8_t name[OUTBOX_KEY_BYTES], uint8_t out[OUTBOX_KEY_BYTES])
{
    struct sg_bytes runs[2] = {sg_bytes_of("again"), {name, OUTBOX_KEY_BYTES}};
    uint8_t next[OUTBOX_KEY_BYTES];
    sg_keyed_hash(hash_key, runs, 2, next, sizeof next);
    memcpy(out, next, sizeof next);
}

enum sg_err key_standing(struct outbox *outbox, const struct outbox_place *place,
                         struct sg_arena *arena, enum key_standing *out,
                         const PbEventCorrected **out_correction, struct sg_why *why)
{
    struct outbox_place at;
    struct sg_bytes clear, personal;
    struct sg_event event;
    if (out_correction)
        *out_correction = NULL;
    enum sg_err err = outbox_correction(outbox, place, &at, why);
    if (err == SG_E_NOT_FOUND) {
        *out = KEY_STANDS;
        return SG_OK;
    }
    if (!err)
        err = outbox_event(outbox, &at, arena, &clear, &personal, why);
    if (!err)
        err = sg_event_reopen(clear, personal, arena, &event, why);
    if (err)
        return err;
    const PbEventCorrected *correction = event.envelope->event_corrected;
    if (!correction)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a correction that is none");
    bool annuls = correction->action == PB_EVENT_CORRECTED__ACTION_ANNUL;
    *out = annuls ? KEY_ANNULLED : KEY_CORRECTED;
    if (out_correction)
        *out_correction = correction;
    return SG_OK;
}

enum sg_err key_object(struct outbox *outbox, const char *agency, const struct key_parts *parts,
                       struct sg_arena *arena, struct sg_id *out, struct sg_why *why)
{
    uint8_t name[OUTBOX_KEY_BYTES];
    struct outbox_known known, last = {0};
    bool found = false;
    key_name(agency, parts, name);
    for (int turn = 0; turn < KEY_TURNS_MAX; turn++) {
        enum key_standing standing;
        enum sg_err err = outbox_known(outbox, name, &known, why);
        if (err == SG_E_NOT_FOUND)
            break;
        size_t used = arena->used;
        if (!err)
            err = key_standing(outbox, &known.place, arena, &standing, NULL, why);
        sg_arena_reset(arena, used);
        if (err)
            return err;
        last = known;
        found = true;
        if (standing != KEY_ANNULLED)
            break;
        key_again(name, name);
    }
    if (!found || sg_id_is_zero(&last.key.object))
        return sg_fail(why, SG_E_NOT_FOUND, "no such row");
    *out = last.key.object;
    return SG_OK;
}
