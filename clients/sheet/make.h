/* make.h - one row of the table becomes one event, with who the row is and what it says. */
#ifndef SINERGI_SHEET_MAKE_H
#define SINERGI_SHEET_MAKE_H

#include "sheet/head.h"
#include "sheet/key.h"
#include "sheet/value.h"

enum { MAKE_KEY_TEXT_MAX = 256, MAKE_SAID_MAX = 64 << 10 };

struct maker {
    struct sinergi *client;
    const struct sheet_map *map;
    const struct head *head;
    struct sg_arena arena; /* for look-ups */
    char *said;            /* MAKE_SAID_MAX bytes: the row as text, to be hashed */
    int32_t this_year;
};

struct made {
    json_t *envelope, *payload; /* payload is inside the envelope; made_done frees both */
    struct outbox_key key;      /* object: the id that is derived, if any */
    uint64_t first_name;        /* of the key, before any key_again; shortened */
    int64_t day_ms;             /* first instant of the row's own day */
    char key_text[MAKE_KEY_TEXT_MAX];
};

enum make_result {
    MAKE_EVENT,
    MAKE_BAD,   /* `fault` */
    MAKE_NONE,  /* blank, or a heading again */
    MAKE_SKIP,  /* a title, a sum, a signature, a row that is not filled in */
    MAKE_LOCAL, /* the device: client's error is set */
};

/* `head` and `map` are borrowed. False: no memory. */
bool maker_begin(struct maker *maker, struct sinergi *client, const struct sheet_map *map,
                 const struct head *head);
void maker_done(struct maker *maker);

enum make_result make_event(struct maker *maker, struct row *row, struct made *out,
                            struct sheet_fault *fault);
/* Give the payload its own id: the one of `key->object`. False: no memory. */
bool make_put_id(const struct maker *maker, struct made *made);
void made_done(struct made *made);

/* Heading of the column that a field comes from; NULL: none does. */
const char *make_column_of(const struct maker *maker, const char *path);
/* What that column takes, in *fault, where the map or the contract lists it. */
void make_accept(const struct maker *maker, const char *path, struct sheet_fault *fault);
/* The cell of that column in this row, "" if none. */
const char *make_cell_of(const struct maker *maker, const struct row *row, const char *path);

#endif
