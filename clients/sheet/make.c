#include "sheet/make.h"

#include "sheet/text.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOKUP_ARENA = 4 << 20, LATEST_YEAR = 2069, ELEMENTS_MAX = 64, FILLED_OF_A_TITLE = 2 };

bool maker_begin(struct maker *maker, struct sinergi *client, const struct sheet_map *map,
                 const struct head *head)
{
    struct sg_why why;
    int32_t month, day;
    *maker = (struct maker){.client = client, .map = map, .head = head};
    sg_day_split(sg_day_at(client_now_ms(client)), &maker->this_year, &month, &day);
    maker->said = malloc(MAKE_SAID_MAX);
    return maker->said && sg_arena_init(&maker->arena, LOOKUP_ARENA, &why) == SG_OK;
}

void maker_done(struct maker *maker)
{
    sg_arena_done(&maker->arena);
    free(maker->said);
    maker->said = NULL;
}

void made_done(struct made *made)
{
    json_decref(made->envelope);
    made->envelope = made->payload = NULL;
}

/* ---- cells -------------------------------------------------------------------------------- */

/* "" when the column or the cell is missing, or when somebody has only drawn a dash. */
static const char *cell_at(const struct maker *maker, const struct row *row, int heading)
{
    int column = heading < 0 ? -1 : maker->head->column_of[heading];
    const char *cell = column >= 0 && (size_t)column < row->count ? row->cells[column] : "";
    return text_is_empty(cell) ? "" : cell;
}

static const char *name_at(const struct maker *maker, int heading)
{
    int column = heading < 0 ? -1 : maker->head->column_of[heading];
    return column >= 0    ? maker->head->names[column]
           : heading >= 0 ? maker->map->headings[heading].names[0]
                          : "";
}

static int heading_of(const struct maker *maker, const char *path)
{
    int at = map_column_of(maker->map, path);
    if (at < 0)
        return strcmp(path, "occurred_at") == 0 ? maker->map->date : -1;
    const struct map_column *column = &maker->map->columns[at];
    return column->lookup ? column->lookup_keys[0] : column->heading;
}

const char *make_column_of(const struct maker *maker, const char *path)
{
    int heading = heading_of(maker, path);
    return heading >= 0 ? name_at(maker, heading) : NULL;
}

const char *make_cell_of(const struct maker *maker, const struct row *row, const char *path)
{
    return cell_at(maker, row, heading_of(maker, path));
}

static enum make_result bad(struct maker *maker, const struct row *row, int heading,
                            struct sheet_fault *fault)
{
    int column = heading < 0 ? -1 : maker->head->column_of[heading];
    if (heading >= 0)
        FAULT_PUT(fault->column, name_at(maker, heading));
    if (column >= 0 && (size_t)column < row->count && !fault->value[0])
        FAULT_PUT(fault->value, row->cells[column]);
    return MAKE_BAD;
}

static enum make_result no_memory(struct maker *maker)
{
    (void)client_fail(maker->client, SINERGI_LOCAL, "memori habis", "no memory");
    return MAKE_LOCAL;
}

/* ---- what kind of row ---------------------------------------------------------------------- */

/* "Jumlah", "Total": the words that sums begin with. */
static bool is_sum(const struct row *row)
{
    static const char *const words[] = {"jumlah", "total", "subtotal", "sub total", "rekapitulasi"};
    char folded[TEXT_FOLDED_MAX];
    for (size_t i = 0; i < row->count; i++) {
        if (!row->cells[i][0])
            continue;
        text_fold_heading(row->cells[i], folded);
        for (size_t j = 0; j < SG_ARRAY_LEN(words); j++)
            if (strncmp(folded, words[j], strlen(words[j])) == 0)
                return true;
        return false;
    }
    return false;
}

static size_t keys_filled(const struct maker *maker, const struct row *row)
{
    size_t filled = 0;
    for (size_t i = 0; i < maker->map->key_count; i++)
        filled += cell_at(maker, row, maker->map->keys[i])[0] != '\0';
    return filled;
}

/* A line of a title or a signature, or a sum: hardly anything in it, and no key. A row of data that
 * has lost its key has more, and is named. */
static bool is_beside(const struct maker *maker, const struct row *row, size_t filled)
{
    size_t keys = keys_filled(maker, row);
    if (filled > FILLED_OF_A_TITLE || maker->head->width <= FILLED_OF_A_TITLE)
        return false;
    return keys == 0 || is_sum(row) || (filled == 1 && keys < maker->map->key_count);
}

/* A row of a list that was handed out to be filled in, and was not. */
static bool is_not_filled_in(const struct maker *maker, const struct row *row)
{
    const struct sheet_map *map = maker->map;
    size_t filled = 0;
    for (size_t i = 0; i < map->fill_count; i++)
        filled += cell_at(maker, row, map->fills[i])[0] != '\0';
    return map->fill_count > 0 && filled == 0;
}

static enum make_result kind_of(const struct maker *maker, struct row *row,
                                struct sheet_fault *fault)
{
    size_t filled = 0, behind = 0;
    bool broken = false;
    for (size_t i = 0; i < row->count; i++) {
        broken |= !text_is_utf8(row->cells[i]);
        filled += text_clean(row->cells[i], true)[0] != '\0';
        behind += i >= maker->head->width && row->cells[i][0];
    }
    if (filled == 0)
        return MAKE_NONE;
    if (head_is_again(maker->head, row) || head_is_numbers(row))
        return MAKE_NONE;
    if (is_beside(maker, row, filled) || is_not_filled_in(maker, row))
        return MAKE_SKIP;
    if (row->count > ROW_CELLS_MAX - 1 || behind) {
        (void)fault_say(fault, "E_FORMAT",
                        "baris ini mempunyai %zu sel, judulnya %zu: mungkin ada pemisah di dalam "
                        "sel tanpa tanda kutip",
                        "the row has %zu cells, the heading %zu: perhaps a delimiter inside a cell "
                        "without quotation marks",
                        row->count, maker->head->width);
        (void)fault_accept(fault, "%zu sel", "%zu cells", maker->head->width);
        return MAKE_BAD;
    }
    if (broken) {
        (void)fault_say(fault, "E_FORMAT", "ada huruf yang rusak (bukan UTF-8)",
                        "a letter is broken (not UTF-8)");
        (void)fault_accept(fault, "simpan ulang berkas sebagai CSV UTF-8",
                           "save the file again as CSV UTF-8");
        return MAKE_BAD;
    }
    return MAKE_EVENT;
}

/* ---- key and day --------------------------------------------------------------------------- */

static void add_text(char *to, size_t size, const char *text)
{
    size_t len = strlen(to);
    if (len && len + 4 < size)
        len += (size_t)snprintf(to + len, size - len, " / ");
    if (len + 4 < size)
        fault_put(to + len, size - len, text);
}

static enum make_result read_key(struct maker *maker, const struct row *row, struct made *made,
                                 struct sheet_fault *fault)
{
    const struct sheet_map *map = maker->map;
    const char *cells[MAP_KEYS_MAX];
    int empty = -1;
    for (size_t i = 0; i < map->key_count; i++) {
        cells[i] = cell_at(maker, row, map->keys[i]);
        if (cells[i][0])
            add_text(made->key_text, sizeof made->key_text, cells[i]);
        else if (empty < 0)
            empty = map->keys[i];
    }
    if (empty >= 0) {
        (void)fault_say(fault, "E_MISSING_FIELD",
                        "kolom kunci kosong: tanpa ini baris tidak dapat dikenali",
                        "a key column is empty: without it the row cannot be told from others");
        (void)fault_accept(fault, "isi sel ini, dan jangan ubah lagi",
                           "fill this cell, and do not change it again");
        return bad(maker, row, empty, fault);
    }
    const struct key_parts parts = {map->name, cells, map->key_count};
    key_name(sinergi_agency(maker->client), &parts, made->key.name);
    made->first_name = sg_get_u64(made->key.name);
    return MAKE_EVENT;
}

static bool put_text(json_t *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text)) == 0;
}

/* The row's own date: part of the id, and by default when it happened. */
static enum make_result read_day(struct maker *maker, const struct row *row, struct made *made,
                                 struct value_context *context, struct sheet_fault *fault)
{
    const struct sheet_map *map = maker->map;
    struct moment moment = {0};
    char text[40];
    if (map->date < 0)
        return MAKE_EVENT;
    const char *cell = cell_at(maker, row, map->date);
    if (!cell[0]) {
        (void)fault_say(fault, "E_MISSING_FIELD", "tanggal baris ini kosong",
                        "the date of this row is empty");
        (void)fault_accept(fault, "tanggal seperti 29/01/2024", "a date such as 29/01/2024");
        return bad(maker, row, map->date, fault);
    }
    if (!date_read(cell, LATEST_YEAR, false, &moment, fault))
        return bad(maker, row, map->date, fault);
    int32_t day = sg_day_of(moment.year, moment.month, moment.day);
    made->day_ms = (int64_t)day * SG_DAY_MS - map->zone_min * INT64_C(60000);
    context->day = day;
    context->birth_year = moment.year;
    return put_text(made->envelope, "occurredAt", moment_print(&moment, map->zone_min, text)) &&
                   put_text(made->envelope, "timeQuality", moment.has_time ? "EXACT" : "DATE_ONLY")
               ? MAKE_EVENT
               : no_memory(maker);
}

/* ---- columns ------------------------------------------------------------------------------- */

/* What the map says that a cell means; the cell itself when it says nothing. */
static const char *translate(const struct map_column *column, const char *cell)
{
    for (size_t i = 0; i < column->value_count; i++)
        if (text_same(column->values[i].cell, cell))
            return column->values[i].means;
    return cell;
}

static void accept_values(const struct map_column *column, struct sheet_fault *fault)
{
    if (column->value_count == 0)
        return;
    fault->accepted_id[0] = '\0';
    for (size_t i = 0; i < column->value_count; i++)
        text_list(fault->accepted_id, sizeof fault->accepted_id, column->values[i].cell);
    FAULT_PUT(fault->accepted_en, fault->accepted_id);
}

void make_accept(const struct maker *maker, const char *path, struct sheet_fault *fault)
{
    int at = map_column_of(maker->map, path);
    const struct map_column *column = at >= 0 ? &maker->map->columns[at] : NULL;
    if (!column || strcmp(column->path.text, path) != 0)
        return;
    if (column->path.field->type == PROTOBUF_C_TYPE_ENUM)
        (void)value_accepts(&column->path, fault);
    accept_values(column, fault);
}

static enum make_result put_piece(struct maker *maker, const struct map_column *column,
                                  const struct value_context *context, const char *piece,
                                  struct made *made, struct sheet_fault *fault)
{
    const char *means = translate(column, piece);
    json_t *value = NULL;
    if (!means[0])
        return MAKE_EVENT;
    if (!value_read(context, &column->path, means, &value, fault)) {
        FAULT_PUT(fault->value, piece);
        accept_values(column, fault);
        return MAKE_BAD;
    }
    /* A column says it better than the date of the row; it may not be there. */
    if (column->path.envelope && column->path.field->label != PROTOBUF_C_LABEL_REPEATED)
        (void)json_object_del(made->envelope, column->path.steps[0].name);
    return path_put(&column->path, made->envelope, made->payload, value) ? MAKE_EVENT
                                                                         : no_memory(maker);
}

static enum make_result put_column(struct maker *maker, const struct map_column *column,
                                   const struct value_context *context, const struct row *row,
                                   struct made *made, struct sheet_fault *fault)
{
    const char *cell = cell_at(maker, row, column->heading);
    if (!cell[0])
        cell = column->otherwise ? column->otherwise : "";
    if (!cell[0])
        return MAKE_EVENT;
    enum make_result result = MAKE_EVENT;
    if (!column->separator) {
        result = put_piece(maker, column, context, cell, made, fault);
    } else {
        char pieces[1024], *rest = NULL;
        (void)snprintf(pieces, sizeof pieces, "%s", cell);
        char *piece = strtok_r(pieces, column->separator, &rest);
        for (int i = 0; piece && result == MAKE_EVENT && i < ELEMENTS_MAX; i++) {
            if (!text_is_empty(text_clean(piece, false)))
                result = put_piece(maker, column, context, piece, made, fault);
            piece = strtok_r(NULL, column->separator, &rest);
        }
    }
    return result == MAKE_BAD ? bad(maker, row, column->heading, fault) : result;
}

static enum make_result put_lookup(struct maker *maker, const struct map_column *column,
                                   const struct row *row, struct made *made,
                                   struct sheet_fault *fault)
{
    const char *cells[MAP_KEYS_MAX];
    struct sg_id id;
    struct sg_why why = {0};
    char text[SG_ID_TEXT];
    for (size_t i = 0; i < column->lookup_key_count; i++) {
        cells[i] = cell_at(maker, row, column->lookup_keys[i]);
        if (!cells[i][0])
            return MAKE_EVENT; /* whether it may be missing is for the contract to say */
    }
    const struct key_parts parts = {column->lookup, cells, column->lookup_key_count};
    enum sg_err err = key_object(maker->client->outbox, sinergi_agency(maker->client), &parts,
                                 &maker->arena, &id, &why);
    sg_arena_reset(&maker->arena, 0);
    if (err == SG_E_NOT_FOUND) {
        (void)fault_say(fault, "E_UNKNOWN_OBJECT",
                        "belum ada baris dengan kunci ini dari peta '%s' di perangkat ini",
                        "no row with this key was imported by the map '%s' on this device",
                        column->lookup);
        (void)fault_accept(fault, "nilai yang sama seperti di berkas '%s', yang diimpor lebih dulu",
                           "the value as it stands in the file of '%s', imported before",
                           column->lookup);
        return bad(maker, row, column->lookup_keys[0], fault);
    }
    if (err) {
        (void)client_why(maker->client, err, &why);
        return MAKE_LOCAL;
    }
    return path_put(&column->path, made->envelope, made->payload,
                    json_string(sg_id_print(&id, text)))
               ? MAKE_EVENT
               : no_memory(maker);
}

static enum make_result put_columns(struct maker *maker, const struct value_context *context,
                                    const struct row *row, struct made *made,
                                    struct sheet_fault *fault)
{
    enum make_result result = MAKE_EVENT;
    for (size_t i = 0; result == MAKE_EVENT && i < maker->map->column_count; i++) {
        const struct map_column *column = &maker->map->columns[i];
        result = column->lookup ? put_lookup(maker, column, row, made, fault)
                                : put_column(maker, column, context, row, made, fault);
    }
    return result;
}

static bool put_defaults(const struct maker *maker, struct made *made, bool envelope)
{
    for (size_t i = 0; i < maker->map->default_count; i++) {
        const struct map_default *one = &maker->map->defaults[i];
        if (one->path.envelope != envelope || path_has(&one->path, made->envelope, made->payload))
            continue;
        if (!path_put(&one->path, made->envelope, made->payload, json_incref(one->value)))
            return false;
    }
    return true;
}

/* A time that a column gave: only a day, or with the hour? */
static bool put_quality(const struct maker *maker, const struct row *row, struct made *made)
{
    int at = map_column_of(maker->map, "occurred_at");
    struct moment moment;
    struct sheet_fault fault;
    if (at < 0 || !maker->map->columns[at].path.envelope)
        return true;
    const char *cell = cell_at(maker, row, maker->map->columns[at].heading);
    if (!date_read(cell, LATEST_YEAR, false, &moment, &fault))
        return true;
    return put_text(made->envelope, "timeQuality", moment.has_time ? "EXACT" : "DATE_ONLY");
}

/* A hash of what the row says, its own id and what only the map says of the envelope left out. */
static enum make_result hash_contents(struct maker *maker, struct made *made,
                                      struct sheet_fault *fault)
{
    size_t len =
        json_dumpb(made->envelope, maker->said, MAKE_SAID_MAX, JSON_COMPACT | JSON_SORT_KEYS);
    if (len == 0 || len > MAKE_SAID_MAX) {
        (void)fault_say(fault, "E_SCHEMA", "baris ini terlalu besar untuk satu peristiwa",
                        "the row is too large for one event");
        (void)fault_accept(fault, "teks yang lebih pendek", "shorter texts");
        return MAKE_BAD;
    }
    static const uint8_t key[SG_KEY_BYTES] = "sinergi sheet contents 1";
    const struct sg_bytes run = {(const uint8_t *)maker->said, len};
    sg_keyed_hash(key, &run, 1, made->key.content, OUTBOX_CONTENT_BYTES);
    return MAKE_EVENT;
}

/* ---- the row ------------------------------------------------------------------------------- */

static enum make_result fill(struct maker *maker, const struct row *row, struct made *made,
                             struct sheet_fault *fault)
{
    struct value_context context = {.lists = maker->client->lists,
                                    .zone_min = maker->map->zone_min,
                                    .birth_year = maker->this_year};
    context.day = sg_day_of(maker->this_year, 12, 31);
    enum make_result result = read_key(maker, row, made, fault);
    if (result == MAKE_EVENT)
        result = read_day(maker, row, made, &context, fault);
    if (result == MAKE_EVENT)
        result = put_columns(maker, &context, row, made, fault);
    if (result == MAKE_EVENT && !put_defaults(maker, made, false))
        result = no_memory(maker);
    if (result == MAKE_EVENT)
        result = hash_contents(maker, made, fault);
    if (result == MAKE_EVENT &&
        (!put_quality(maker, row, made) || !put_defaults(maker, made, true)))
        result = no_memory(maker);
    return result;
}

enum make_result make_event(struct maker *maker, struct row *row, struct made *out,
                            struct sheet_fault *fault)
{
    *fault = (struct sheet_fault){.code = ""};
    *out = (struct made){.envelope = NULL};
    if (row->too_long) {
        (void)fault_say(fault, "E_FORMAT", "baris ini lebih panjang dari 256 KiB",
                        "the line is longer than 256 KiB");
        (void)fault_accept(fault, "baris yang lebih pendek", "a shorter line");
        return MAKE_BAD;
    }
    enum make_result kind = kind_of(maker, row, fault);
    if (kind != MAKE_EVENT)
        return kind;
    out->envelope = json_object();
    out->payload = json_object();
    if (!out->envelope ||
        json_object_set_new(out->envelope, maker->map->payload_name, out->payload) != 0) {
        out->payload = NULL;
        made_done(out);
        return no_memory(maker);
    }
    enum make_result result = fill(maker, row, out, fault);
    if (result != MAKE_EVENT)
        made_done(out);
    return result;
}

bool make_put_id(const struct maker *maker, struct made *made)
{
    char text[SG_ID_TEXT];
    const struct field_path *own = &maker->map->own_id;
    if (own->count == 0 || path_has(own, made->envelope, made->payload) ||
        sg_id_is_zero(&made->key.object))
        return true;
    return put_text(made->payload, own->steps[0].name, sg_id_print(&made->key.object, text));
}
