#include "cli/ask.h"

#include "kit/err.h"

void print_kits(struct cli *cli, const json_t *answer)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *kit;
    table_begin(&table, cli,
                (const char *const[]){"BARANG", "ITEM", "PEMILIK", "OWNER", "KODE", "KIT", "KURSUS",
                                      "COURSE", "KEADAAN", "STATE", "TEMUAN", "FINDING", "BAST",
                                      "BAST", "SAMPAI", "CUSTODY UNTIL", NULL});
    json_array_foreach(json_object_get(answer, "kits"), i, kit)
    {
        table_row(&table,
                  (const char *const[]){json_text(kit, "itemId"), json_text(kit, "owner"),
                                        json_text(kit, "kitCode"), json_text(kit, "courseCode"),
                                        word_of(cli, json_text(kit, "state")),
                                        word_of(cli, json_text(kit, "finding")),
                                        json_text(kit, "bastNo"), json_text(kit, "custodyUntil")});
    }
    table_print(&table);
}

int cmd_kits(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 1)
        return cli_usage(argv[0]);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, "{\"kind\":\"QUERY_KIND_KITS\"}", &answer);
    if (answer)
        print_kits(cli, answer);
    return status;
}
