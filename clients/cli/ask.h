/* ask.h - ask the broker, and what commands do with the answer. */
#ifndef SINERGI_CLI_ASK_H
#define SINERGI_CLI_ASK_H

#include "cli/print.h"

/* Open the device, ask (all pages). With --json the answer is printed and *out_answer stays NULL.
 * Errors were printed: the exit status, else EXIT_DONE. */
int cli_ask(struct cli *cli, const char *query_json, json_t **out_answer);
/* The same on a device that is open, never printed. */
int cli_ask_quiet(struct cli *cli, const char *query_json, json_t **out_answer);

/* "12" or "OUTBOX-12": the query for that event; NULL: neither. Free it. */
char *event_query(const char *text);
/* The Envelope of the answer as JSON (a new reference); NULL when there is none. */
json_t *event_of(const json_t *answer);

#endif
