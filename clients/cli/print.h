/* print.h - tables for people, JSON for programs. */
#ifndef SINERGI_CLI_PRINT_H
#define SINERGI_CLI_PRINT_H

#include "cli/cli.h"

#include <jansson.h>

enum { PRINT_COLUMNS_MAX = 16, PRINT_BYTES_MAX = 64 << 20 };

/* A table that is printed when it is whole: columns are as wide as their widest cell. */
struct table {
    size_t column_count, cell_count, cell_room;
    size_t *cells; /* row by row, each where its text begins; the heading is the first */
    char *text;    /* all texts, each with its NUL */
    size_t text_len, text_room;
    const char *head, *plain; /* tone of the heading, and its end */
    bool failed;              /* out of memory */
};

/* The heading: words in the language of tables, id and en by turns, NULL at the end. */
void table_begin(struct table *table, const struct cli *cli, const char *const *words);
/* One row (a text may hold tones of cli_tone): exactly as many texts as columns; NULL is empty.
 * Texts are copied. */
void table_row(struct table *table, const char *const *texts);
void table_print(const struct table *table);
void table_done(struct table *table);

/* Texts of a JSON object, "" when absent; numbers are printed into `to`. */
const char *json_text(const json_t *object, const char *name);
const char *json_number(const json_t *object, const char *name, char to[32]);
long long json_long(const json_t *object, const char *name);
/* Milliseconds under `name` as a time in WIB; "" when absent or 0. */
const char *json_time(const json_t *object, const char *name, char to[32]);

/* "SLOT_STATE_OPEN" -> the word for people; the name without its prefix when there is none. */
const char *word_of(const struct cli *cli, const char *enum_name);

/* "equipment.issued" -> what happened, for people; the topic itself when there is no word. */
const char *topic_word(const struct cli *cli, const char *topic);
/* "T06" -> what the rule is about, for people. */
const char *rule_word(const struct cli *cli, const char *rule);
/* Tables of an answer or of the view of a case (cmd_kits.c, cmd_overdue.c). */
void print_kits(struct cli *cli, const json_t *answer);
void print_deadlines(struct cli *cli, const json_t *answer);

/* One line of compact JSON on standard output. */
void print_json(const json_t *json);
void print_json_done(json_t **json);

/* An Envelope as a CloudEvent 1.0 in JSON: id is the place, source the agency, `seq` (a text: the
 * numbers of CloudEvents have 32 bits) the only extension. Attributes are read on the way by
 * whoever forwards the event, so none tells of a case or a person. A new reference; NULL: the
 * Envelope does not say what it must, or out of memory. */
json_t *cloudevent_of(const json_t *envelope, const sinergi_place *place);

/* An outcome as JSON, a new reference. */
json_t *outcome_json(const sinergi_outcome *outcome, const char *type);
/* "ACCEPTED"; and for people. */
const char *outcome_name(sinergi_outcome_status status);
const char *outcome_word(const struct cli *cli, sinergi_outcome_status status);

#endif
