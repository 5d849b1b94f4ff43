/* map.h - a map file, read and checked: which column is which field. See sinergi-map(5). */
#ifndef SINERGI_SHEET_MAP_H
#define SINERGI_SHEET_MAP_H

#include "sheet/decode.h"
#include "sheet/path.h"
#include "sheet/sheet.h"

#include <libconfig.h>

enum {
    MAP_COLUMNS_MAX = 128,
    MAP_DEFAULTS_MAX = 64,
    MAP_KEYS_MAX = 8,
    MAP_NAMES_MAX = 8,
    MAP_HEADINGS_MAX = 256,
    MAP_VALUES_MAX = 512,
    MAP_NAME_MAX = 63,
    MAP_BYTES_MAX = 1 << 20,
};

/* One thing that is looked for in the heading of a table. */
struct map_heading {
    const char *names[MAP_NAMES_MAX]; /* alternatives, best first; "Tanggal#2" is the second one */
    size_t name_count;
    bool optional;
    unsigned line; /* of the map */
};

struct map_value {
    const char *cell, *means; /* means "": nothing is set */
};

struct map_column {
    int heading; /* index; -1: none (a lookup) */
    struct field_path path;
    struct map_value *values;
    size_t value_count;
    const char *separator;         /* any of these characters; NULL: the cell is one value */
    const char *otherwise;         /* for an empty cell; NULL: the field is left out */
    const char *lookup;            /* name of the map that derived the id; NULL */
    int lookup_keys[MAP_KEYS_MAX]; /* headings */
    size_t lookup_key_count;
};

struct map_default {
    struct field_path path;
    json_t *value;
};

struct sheet_map {
    config_t config; /* owns the texts */
    bool config_open;
    char path[256], name[MAP_NAME_MAX + 1], topic[64];
    uint32_t type;
    const ProtobufCFieldDescriptor *payload; /* field of the envelope */
    const struct sg_message_rules *rules;    /* of the payload */
    char payload_name[PATH_NAME_MAX];        /* in JSON */
    struct field_path own_id;                /* count 0: the payload has none of its own */
    struct map_heading headings[MAP_HEADINGS_MAX];
    size_t heading_count;
    int keys[MAP_KEYS_MAX];
    size_t key_count;
    int date;                /* heading; -1: none */
    int fills[MAP_KEYS_MAX]; /* a row in which these are empty is not filled in yet */
    size_t fill_count;       /* 0: every row is */
    struct map_column columns[MAP_COLUMNS_MAX];
    size_t column_count;
    struct map_default defaults[MAP_DEFAULTS_MAX];
    size_t default_count;
    /* sheet */
    const char *worksheet_name; /* NULL: by number */
    int worksheet_number;
    char delimiter; /* 0: detect */
    enum encoding encoding;
    int32_t zone_min;
};

/* A map that stands in a text; `path` is for messages and for the default of the name. */
SG_MUST_CHECK enum sg_err map_read_text(const char *text, const char *path,
                                        struct sheet_map **out_map, struct sg_why *why);

/* The path of a fault, "referralSubmitted.person.otherDocs[0].number", as those of the map are
 * written: "person.other_docs.number". */
void map_plain_path(const struct sheet_map *map, const char *object, char to[PATH_TEXT_MAX]);
/* Index of the column that gives this field or the object that holds it; -1: none does. */
int map_column_of(const struct sheet_map *map, const char *path);

#endif
