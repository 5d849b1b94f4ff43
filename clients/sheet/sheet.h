/* sheet.h - a spreadsheet becomes events of the outbox; importing it again publishes nothing twice.
 *
 * A map (sinergi-map(5)) names which column is which field and which columns together name a row.
 * The outbox remembers every key with a hash of what the row said and the place of its event, in
 * the same commit as the event itself. So a row is NEW, KNOWN (nothing to do), CHANGED (what was
 * published says something else: here is the command that corrects it) or BAD, whichever process of
 * the device asks and however often. A bad row never stops the others.
 *
 * The file is read as it stands: nothing of it is kept in memory beyond one commit.
 */
#ifndef SINERGI_SHEET_SHEET_H
#define SINERGI_SHEET_SHEET_H

#include "kit/err.h"
#include "lib/sinergi.h"

#include <jansson.h>
#include <stdbool.h>

struct sheet_map;

/* Read and check a map. Errors: SG_E_CONF, SG_E_SYS: file, line, key and what would be accepted. */
SG_MUST_CHECK enum sg_err sheet_map_read(const char *path, struct sheet_map **out_map,
                                         struct sg_why *why);
void sheet_map_free(struct sheet_map **map);
const char *sheet_map_name(const struct sheet_map *map);
const char *sheet_map_topic(const struct sheet_map *map); /* "referral.submitted" */

enum sheet_status {
    SHEET_NEW = 1, /* published; in a dry run: would be */
    SHEET_KNOWN,   /* same key, same contents: published before, or higher up in this file */
    SHEET_CHANGED, /* same key, other contents: `command` corrects what was published */
    SHEET_BAD,     /* not published: column, value, rule and what would be accepted */
    SHEET_SKIPPED, /* no row of data: a title, a sum, a signature, a row that is not filled in.
                      Blank lines and headings that stand again are only counted */
};

/* Heading (the first alternative) of the column that a field comes from, by the path in a fault or
 * an outcome ("referral_submitted.person.nik"); NULL: no column of the map. */
const char *sheet_map_column(const struct sheet_map *map, const char *object);

/* What became of one row. Everything is valid during the call only; texts are UTF-8, "" if none. */
struct sheet_row {
    uint64_t line; /* of the file, where the row begins; row of the worksheet of an .xlsx */
    enum sheet_status status;
    sinergi_place place;            /* of its event; number 0: none */
    sinergi_outcome_status outcome; /* of that event; SINERGI_PENDING: not answered, or none */
    const char *key;                /* values of the key columns: "BA-12 / 3" */
    const char *code;               /* of BAD: "E_BAD_CODE" */
    const char *column;             /* heading as it stands in the file, or a field path */
    const char *value;              /* of the cell */
    const char *rule_id, *rule_en;
    const char *accepted_id, *accepted_en;
    const char *command; /* of CHANGED: for a shell; "" when no correction can say it (see rule) */
    const json_t *event; /* of NEW in a dry run: JSON of the Envelope; else NULL */
};

struct sheet_counts {
    uint64_t rows; /* all below but `empty` */
    uint64_t published, known, changed, bad, skipped;
    uint64_t empty; /* blank lines and headings that stand again */
};

typedef void sheet_on_row(void *context, const struct sheet_row *row);
/* After each commit, and now and then before the first one. all_bytes of an .xlsx is the size of
 * the table inside. sinergi_run may be called from here. */
typedef void sheet_on_progress(void *context, uint64_t done_bytes, uint64_t all_bytes);

struct sheet_run {
    const char *path; /* "-": standard input */
    const char *conf; /* configuration for the commands that are shown ("sinergi -c CONF …"); NULL:
                         the default */
    bool dry_run;     /* nothing is written; rows are checked and told all the same */
    sheet_on_row *on_row; /* each may be NULL */
    sheet_on_progress *on_progress;
    void *context;
};

/* Import a whole file. Rows are told in the order of the file, those that are published after
 * their commit. The batch of the client must be empty.
 *
 *   SINERGI_INVALID  the file cannot be read as a table of this map (no such heading, binary, a
 *                    password, …): sinergi_error says why. Rows that were told before stay
 * published. SINERGI_LOCAL    disk, memory, a program that is missing. *out_counts (may be NULL) is
 * set in any case. */
sinergi_status sheet_import(sinergi *client, const struct sheet_map *map,
                            const struct sheet_run *run, struct sheet_counts *out_counts);

/* The same in steps, for a program with other things to do. A step reads up to about a thousand
 * rows and ends with their commit; between steps the client is free for anything. `map`, `run` and
 * what it points to are borrowed until sheet_close. */
struct sheet;
sinergi_status sheet_open(sinergi *client, const struct sheet_map *map, const struct sheet_run *run,
                          struct sheet **out_sheet);
sinergi_status sheet_step(struct sheet *sheet, bool *out_done);
void sheet_counts(const struct sheet *sheet, struct sheet_counts *out_counts);
void sheet_close(struct sheet **sheet);

#endif
