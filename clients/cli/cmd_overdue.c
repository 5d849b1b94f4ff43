#include "cli/ask.h"

#include "kit/err.h"

#include <stdlib.h>

/* By due time: the one that is late for the longest first. */
static int by_due(const void *a, const void *b)
{
    const json_t *one = *(const json_t *const *)a, *other = *(const json_t *const *)b;
    long long x = json_long(one, "dueMs"), y = json_long(other, "dueMs");
    return (x > y) - (x < y);
}

static void add_row(struct table *table, const struct cli *cli, const json_t *d)
{
    char due[32], level[32], next[32];
    bool missed = json_is_true(json_object_get(d, "missed"));
    table_row(table, (const char *const[]){
                         json_text(d, "ruleId"), rule_word(cli, json_text(d, "ruleId")),
                         json_time(d, "dueMs", due), missed ? json_number(d, "level", level) : "-",
                         json_text(d, "responsible"), json_time(d, "nextMs", next),
                         word_of(cli, json_text(d, "aggregateType")), json_text(d, "aggregateId")});
}

void print_deadlines(struct cli *cli, const json_t *answer)
{
    SG_AUTO(table_done) struct table table = {0};
    const json_t *all = json_object_get(answer, "deadlines");
    size_t count = json_array_size(all);
    SG_AUTO(sg_heap_done) const json_t **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return;
    for (size_t i = 0; i < count; i++)
        sorted[i] = json_array_get(all, i);
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, by_due);
    table_begin(&table, cli,
                (const char *const[]){"ATURAN", "RULE", "PERIHAL", "WHAT", "BATAS", "DUE",
                                      "TINGKAT", "LEVEL", "PENANGGUNG JAWAB", "RESPONSIBLE",
                                      "BERIKUTNYA", "NEXT", "JENIS", "OF", "NOMOR", "ID", NULL});
    for (size_t i = 0; i < count; i++)
        add_row(&table, cli, sorted[i]);
    table_print(&table);
}

int cmd_overdue(struct cli *cli, int argc, char **argv)
{
    bool all = false;
    const struct cli_option options[] = {{.name = "--all",
                                          .flag = &all,
                                          .id = "juga yang belum terlewat",
                                          .en = "those that run too"}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 1)
        return cli_usage(argv[0]);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli,
                         all ? "{\"kind\":\"QUERY_KIND_DEADLINES\",\"all\":true}"
                             : "{\"kind\":\"QUERY_KIND_DEADLINES\"}",
                         &answer);
    if (answer)
        print_deadlines(cli, answer);
    return status;
}
