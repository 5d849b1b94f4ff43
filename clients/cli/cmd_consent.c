/* cmd_consent.c - which consents hold: of all open cases, or all that one person has said. */
#include "cli/ask.h"

#include "kit/err.h"
#include "wire/id.h"

#include <stdio.h>
#include <string.h>

/* "provider, evaluation" of those that hold. */
static const char *holding(struct cli *cli, const json_t *view, char *to, size_t size)
{
    size_t i, len = 0;
    json_t *c;
    to[0] = '\0';
    json_array_foreach(json_object_get(view, "consents"), i, c)
    {
        if (!json_is_true(json_object_get(c, "holds")) || len >= size)
            continue;
        len += (size_t)snprintf(to + len, size - len, "%s%s", len ? ", " : "",
                                word_of(cli, json_text(c, "scope")));
    }
    return to;
}

static void print_cases(struct cli *cli, const json_t *answer)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *view;
    table_begin(&table, cli,
                (const char *const[]){"KASUS", "CASE", "KEADAAN", "STATE", "NAMA", "NAME",
                                      "PERSETUJUAN YANG BERLAKU", "CONSENTS THAT HOLD", NULL});
    json_array_foreach(json_object_get(answer, "cases"), i, view)
    {
        char text[240];
        table_row(&table, (const char *const[]){
                              json_text(view, "caseId"), word_of(cli, json_text(view, "state")),
                              json_text(json_object_get(view, "person"), "fullName"),
                              holding(cli, view, text, sizeof text)});
    }
    table_print(&table);
}

static void print_consents(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *c;
    table_begin(&table, cli,
                (const char *const[]){"UNTUK", "SCOPE", "DIBERIKAN", "GIVEN", "BERLAKU SAMPAI",
                                      "VALID UNTIL", "BERLAKU", "HOLDS", "PERISTIWA", "EVENT",
                                      NULL});
    json_array_foreach(json_object_get(view, "consents"), i, c)
    {
        char seq[32];
        table_row(&table, (const char *const[]){word_of(cli, json_text(c, "scope")),
                                                json_is_true(json_object_get(c, "given"))
                                                    ? cli_word(cli, "ya", "yes")
                                                    : cli_word(cli, "tidak", "no"),
                                                json_text(c, "validUntil"),
                                                json_is_true(json_object_get(c, "holds"))
                                                    ? cli_word(cli, "ya", "yes")
                                                    : cli_word(cli, "tidak", "no"),
                                                json_number(c, "seq", seq)});
    }
    table_print(&table);
}

int cmd_consent(struct cli *cli, int argc, char **argv)
{
    struct sg_id id;
    char query[128] = "{\"kind\":\"QUERY_KIND_CASES\"}", text[SG_ID_TEXT];
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc > 2)
        return cli_usage(argv[0]);
    if (argc == 2 && sg_id_parse(argv[1], &id)) {
        cli_say(cli, "%s bukan nomor kasus", "%s is not the id of a case", argv[1]);
        return EXIT_USAGE;
    }
    if (argc == 2)
        (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_CASE\",\"caseId\":\"%s\"}",
                       sg_id_print(&id, text));
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, query, &answer);
    if (!answer)
        return status;
    if (argc == 1)
        print_cases(cli, answer);
    else
        print_consents(cli, json_array_get(json_object_get(answer, "cases"), 0));
    return EXIT_DONE;
}
