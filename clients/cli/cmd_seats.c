#include "cli/ask.h"

#include "kit/err.h"
#include "wire/id.h"

#include <stdio.h>

static void add_seat(struct table *table, const struct cli *cli, const json_t *seat)
{
    const json_t *person = json_object_get(seat, "person");
    char seat_no[32], position[32], until[32];
    bool waits = strcmp(json_text(seat, "state"), "ALLOCATION_STATE_WAITLISTED") == 0;
    table_row(table, (const char *const[]){
                         waits ? "-" : json_number(seat, "seatNo", seat_no),
                         word_of(cli, json_text(seat, "state")),
                         waits ? json_number(seat, "waitlistPosition", position) : "",
                         json_time(seat, "holdUntilMs", until), json_text(person, "fullName"),
                         word_of(cli, json_text(person, "sex")),
                         word_of(cli, json_text(person, "ageBand")), json_text(seat, "caseId"),
                         json_text(seat, "allocationId")});
}

int cmd_seats(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 2)
        return cli_usage(argv[0]);
    struct sg_id id;
    if (sg_id_parse(argv[1], &id)) {
        cli_say(cli, "%s bukan nomor slot", "%s is not the id of a slot", argv[1]);
        return EXIT_USAGE;
    }
    char query[128], text_id[SG_ID_TEXT];
    (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_SEATS\",\"slotId\":\"%s\"}",
                   sg_id_print(&id, text_id));
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, query, &answer);
    if (!answer)
        return status;
    SG_AUTO(table_done) struct table table = {0};
    table_begin(&table, cli,
                (const char *const[]){"KURSI", "SEAT", "KEADAAN", "STATE", "ANTREAN", "POSITION",
                                      "DITAHAN SAMPAI", "HELD UNTIL", "NAMA", "NAME", "L/P", "SEX",
                                      "UMUR", "AGE", "KASUS", "CASE", "ALOKASI", "ALLOCATION",
                                      NULL});
    size_t i;
    json_t *seat;
    json_array_foreach(json_object_get(answer, "seats"), i, seat)
    {
        add_seat(&table, cli, seat);
    }
    table_print(&table);
    return EXIT_DONE;
}
