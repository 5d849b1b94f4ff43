#include "cli/ask.h"

#include "kit/err.h"

int cmd_slots(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 1)
        return cli_usage(argv[0]);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, "{\"kind\":\"QUERY_KIND_SLOTS\"}", &answer);
    if (!answer)
        return status;
    SG_AUTO(table_done) struct table table = {0};
    table_begin(&table, cli,
                (const char *const[]){
                    "SLOT",   "SLOT",    "KURSUS", "COURSE",  "PENYELENGGARA", "OWNER",   "MULAI",
                    "STARTS", "SELESAI", "ENDS",   "KEADAAN", "STATE",         "KOSONG",  "FREE",
                    "TERISI", "TAKEN",   "ANTRE",  "WAITING", "VERSI",         "VERSION", NULL});
    size_t i;
    json_t *view;
    json_array_foreach(json_object_get(answer, "slots"), i, view)
    {
        const json_t *slot = json_object_get(view, "slot");
        char free_seats[32], live[32], waiting[32], version[32];
        table_row(&table,
                  (const char *const[]){
                      json_text(slot, "slotId"), json_text(slot, "courseCode"),
                      json_text(view, "owner"), json_text(slot, "startsOn"),
                      json_text(slot, "endsOn"), word_of(cli, json_text(view, "state")),
                      json_number(view, "free", free_seats), json_number(view, "live", live),
                      json_number(view, "waiting", waiting),
                      json_number(view, "version", version)});
    }
    table_print(&table);
    return EXIT_DONE;
}
