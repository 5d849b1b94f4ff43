#include "cli/ask.h"

#include "kit/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 10000 };

/* ---- list ---- */

static char *list_query(const char *subscription)
{
    SG_AUTO(print_json_done) json_t *query = json_pack("{s:s}", "kind", "QUERY_KIND_DEAD_LETTERS");
    if (query && subscription)
        (void)json_object_set_new(query, "subscription", json_string(subscription));
    return query ? json_dumps(query, JSON_COMPACT) : NULL;
}

static int list(struct cli *cli, const char *subscription)
{
    SG_AUTO(sg_heap_done) char *query = list_query(subscription);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    SG_AUTO(table_done) struct table table = {0};
    int status = query ? cli_ask(cli, query, &answer) : EXIT_LOCAL;
    if (!answer)
        return status;
    table_begin(&table, cli,
                (const char *const[]){"LANGGANAN", "SUBSCRIPTION", "SEQ", "SEQ", "JENIS", "TYPE",
                                      "PERCOBAAN", "ATTEMPTS", "WAKTU", "TIME", "SEBAB", "REASON",
                                      NULL});
    size_t i;
    json_t *letter;
    json_array_foreach(json_object_get(answer, "deadLetters"), i, letter)
    {
        char seq[32], attempts[32], time[32];
        table_row(&table, (const char *const[]){
                              json_text(letter, "subscription"), json_number(letter, "seq", seq),
                              json_text(letter, "type"), json_number(letter, "attempts", attempts),
                              json_time(letter, "atMs", time), json_text(letter, "reason")});
    }
    table_print(&table);
    return EXIT_DONE;
}

/* ---- one letter ---- */

static int is_dead(struct cli *cli, const char *subscription, const char *seq)
{
    SG_AUTO(sg_heap_done) char *query = list_query(subscription);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = query ? cli_ask_quiet(cli, query, &answer) : EXIT_LOCAL;
    size_t i;
    json_t *letter;
    json_array_foreach(json_object_get(answer, "deadLetters"), i, letter)
    {
        char text[32];
        if (strcmp(json_number(letter, "seq", text), seq) == 0)
            return EXIT_DONE;
    }
    if (status == EXIT_DONE)
        cli_say(cli, "tidak ada kiriman gagal %s di langganan %s",
                "no dead letter %s in subscription %s", seq, subscription);
    return status == EXIT_DONE ? EXIT_REFUSED : status;
}

/* The line that `subscribe` would have written. */
static int write_event(struct cli *cli, const char *seq, const char *path)
{
    SG_AUTO(sg_heap_done) char *query = event_query(seq);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = query ? cli_ask_quiet(cli, query, &answer) : EXIT_USAGE;
    if (status)
        return status;
    SG_AUTO(print_json_done) json_t *event = event_of(answer);
    SG_AUTO(sg_heap_done) char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
    if (!line)
        return EXIT_LOCAL;
    FILE *to = path ? fopen(path, "a") : stdout;
    bool written = to && fprintf(to, "%s\n", line) > 0 && fflush(to) == 0;
    if (to && path)
        written = fclose(to) == 0 && written;
    if (!written)
        cli_say(cli, "tidak dapat menulis: %s", "cannot write: %s", strerror(errno));
    return written ? EXIT_DONE : EXIT_LOCAL;
}

static int discard(struct cli *cli, const char *subscription, const char *seq)
{
    sinergi_status status = sinergi_dead_discard(cli->client, subscription, strtoull(seq, NULL, 10),
                                                 cli_wait_ms(cli, WAIT_MS));
    return status ? cli_fail(cli, status) : EXIT_DONE;
}

static bool is_number(const char *text)
{
    return text[0] && strspn(text, "0123456789") == strlen(text) && strlen(text) < 20;
}

/* Handed over once more: written first, and let go of only when that is done. */
static int retry(struct cli *cli, const char *subscription, const char *seq, const char *path)
{
    int status = is_dead(cli, subscription, seq);
    if (!status)
        status = write_event(cli, seq, path);
    return status ? status : discard(cli, subscription, seq);
}

int cmd_dead(struct cli *cli, int argc, char **argv)
{
    const char *output = NULL;
    const struct cli_option options[] = {
        {.name = "--output",
         .argument = "FILE",
         .value = &output,
         .id = "retry: tambahkan barisnya ke berkas ini, bukan ke keluaran standar",
         .en = "retry: append the line to this file, not to standard output"}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)))
        return cli_usage(argv[0]);
    const char *what = argc > 1 ? argv[1] : "list";
    bool shows = strcmp(what, "show") == 0, retries = strcmp(what, "retry") == 0;
    bool discards = strcmp(what, "discard") == 0;
    if (strcmp(what, "list") == 0 && argc <= 3 && !output)
        return list(cli, argc == 3 ? argv[2] : NULL);
    if ((!shows && !retries && !discards) || argc != 4 || !is_number(argv[3]) ||
        (output && !retries))
        return cli_usage(argv[0]);
    int status = cli_open(cli);
    if (status)
        return status;
    if (discards)
        return discard(cli, argv[2], argv[3]);
    if (retries)
        return retry(cli, argv[2], argv[3], output);
    status = is_dead(cli, argv[2], argv[3]);
    return status ? status : write_event(cli, argv[3], NULL);
}
