#include "cli/print.h"

#include "kit/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 10000 };

static char *make_query(const char *subscription)
{
    SG_AUTO(print_json_done) json_t *query = json_pack("{s:s}", "kind", "QUERY_KIND_DEAD_LETTERS");
    if (query && subscription)
        (void)json_object_set_new(query, "subscription", json_string(subscription));
    return query ? json_dumps(query, JSON_COMPACT) : NULL;
}

int cmd_dead(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc > 2)
        return cli_usage(argv[0]);
    SG_AUTO(sg_heap_done) char *query = make_query(argc == 2 ? argv[1] : NULL);
    if (!query)
        return EXIT_LOCAL;
    int status = cli_open(cli);
    if (status)
        return status;
    SG_AUTO(sg_heap_done) char *text = NULL;
    sinergi_status asked = sinergi_query_json(cli->client, query, cli_wait_ms(cli, WAIT_MS), &text);
    if (asked)
        return cli_fail(cli, asked);
    if (cli->json) {
        puts(text);
        return EXIT_DONE;
    }
    SG_AUTO(print_json_done) json_t *answer = json_loads(text, 0, NULL);
    SG_AUTO(table_done) struct table table = {0};
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
