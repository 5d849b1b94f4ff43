#include "kit/check.h"
#include "sheet/rows.h"
#include "sheet/text.h"
#include "sheet/value.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/json.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 1 << 20, WRITTEN_MAX = 4 << 20 };

static const char *const fields[] = {
    "found_place",    "found_region",      "person.nik",  "person.phone",  "person.sex",
    "handed_over_at", "person.birth_date", "activity",    "children_with", "statement_signed",
    "urgent_needs",   "person.marks",      "referral_id", "target_agency",
};

static const struct sg_message_rules *referral_rules(void)
{
    const ProtobufCMessageDescriptor *d = sg_envelope_rules.descriptor;
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id == 101)
            return sg_envelope_rules.fields[i].sub;
    return NULL;
}

/* What a cell gives is a value of its field; what is refused says why and what would be taken. */
static void check_cell(const char *cell)
{
    static struct sg_arena arena;
    const struct value_context context = {.zone_min = 420, .birth_year = 2026};
    SG_CHECK(arena.base || sg_arena_init(&arena, ARENA, NULL) == SG_OK);
    for (size_t i = 0; i < SG_ARRAY_LEN(fields); i++) {
        struct field_path path;
        struct sheet_fault fault = {.code = ""};
        struct sg_fault refused = {0};
        json_t *value = NULL;
        PbEnvelope *message = NULL;
        SG_CHECK(path_read(fields[i], referral_rules(), &path, NULL) == SG_OK);
        if (!value_read(&context, &path, cell, &value, &fault)) {
            SG_CHECK(!value && fault.code[0] && fault.rule_id[0] && fault.rule_en[0]);
            continue;
        }
        json_t *envelope = json_object(), *payload = json_object();
        SG_CHECK(envelope && payload);
        SG_CHECK(json_object_set_new(envelope, "referralSubmitted", payload) == 0);
        SG_CHECK(path_put(&path, envelope, payload, value));
        sg_arena_reset(&arena, 0);
        SG_CHECK(sg_json_to(envelope, &pb_envelope__descriptor, &arena, &message, &refused));
        json_decref(envelope);
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

struct written {
    char *bytes;
    size_t len, rows, cells;
    uint64_t hash;
};

static void put(struct written *to, char c)
{
    SG_CHECK(to->len < WRITTEN_MAX);
    to->bytes[to->len++] = c;
}

static void put_row(struct written *to, const struct row *row, char mark)
{
    to->rows++;
    for (size_t i = 0; i < row->count; i++) {
        if (i)
            put(to, mark);
        put(to, '"');
        for (const char *at = row->cells[i]; *at; at++) {
            if (*at == '"')
                put(to, '"');
            put(to, *at);
            to->hash = (to->hash ^ (uint8_t)*at) * 1099511628211U;
        }
        put(to, '"');
        to->cells++;
        to->hash = (to->hash ^ 0xff) * 1099511628211U;
    }
    put(to, '\n');
}

/* Read all rows; each begins behind the one before, within the lines that there are. */
static bool read_all(const uint8_t *data, size_t size, enum encoding wanted, char mark,
                     bool check_cells, struct written *to)
{
    struct rows *rows = calloc(1, sizeof *rows);
    struct sheet_fault fault = {.code = ""};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    SG_CHECK(rows && fd >= 0 && write(fd, data, size) == (ssize_t)size);
    bool good = rows_open(rows, fd, (off_t)size, wanted, &fault) && rows_begin(rows, mark, &fault);
    SG_CHECK(good || (fault.code[0] && fault.rule_id[0]));
    uint64_t line = 0, number = 0;
    for (struct row *row; good && (row = rows_next(rows, &fault)) != NULL;) {
        SG_CHECK(row->line > line && row->line <= size + 1 && row->number == ++number);
        SG_CHECK(row->count <= ROW_CELLS_MAX && row->line <= rows->line);
        line = row->line;
        put_row(to, row, mark);
        for (size_t i = 0; check_cells && i < row->count && i < 4; i++)
            if (text_is_utf8(row->cells[i]) && !text_is_empty(text_clean(row->cells[i], true)))
                check_cell(row->cells[i]);
    }
    SG_CHECK(!rows->failed || !good || fault.rule_id[0]);
    good = good && !rows->failed;
    rows_done(rows);
    free(rows);
    (void)close(fd);
    return good;
}

/* Any bytes are a table or are refused with a sentence; and a table that is written with all of its
 * cells in quotation marks holds the same cells. The first byte says the mark. Seeds:
 * tests/fuzz/corpus/csv/. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char marks[] = ";,\t|";
    struct written first = {.bytes = malloc(WRITTEN_MAX)}, second = {.bytes = malloc(WRITTEN_MAX)};
    SG_CHECK(first.bytes && second.bytes);
    char mark = size ? marks[data[0] % 4] : ';';
    size_t skip = size > 0;
    if (read_all(data + skip, size - skip, ENCODING_DETECT, mark, true, &first)) {
        /* Already decoded: broken letters and marks of order stand in it as they are. */
        bool again =
            read_all((const uint8_t *)first.bytes, first.len, ENCODING_UTF8, mark, false, &second);
        /* Control characters are counted in 8-bit files alone. */
        SG_CHECK(!again || (first.rows == second.rows && first.cells == second.cells &&
                            first.hash == second.hash));
    }
    free(first.bytes);
    free(second.bytes);
    return 0;
}
