#include "cli/ask.h"

#include "kit/err.h"

#include <stdio.h>
#include <stdlib.h>

/* One event, as this agency may read it. */
int cmd_show(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 2)
        return cli_usage(argv[0]);
    SG_AUTO(sg_heap_done) char *query = event_query(argv[1]);
    if (!query) {
        cli_say(cli, "%s bukan seq dan bukan OUTBOX-NOMOR", "%s is no seq and no OUTBOX-NUMBER",
                argv[1]);
        return EXIT_USAGE;
    }
    int status = cli_open(cli);
    if (status)
        return status;
    SG_AUTO(print_json_done) json_t *answer = NULL;
    status = cli_ask_quiet(cli, query, &answer);
    if (status)
        return status;
    SG_AUTO(print_json_done) json_t *event = event_of(answer);
    SG_AUTO(sg_heap_done)
    char *text = event ? json_dumps(event, cli->json ? JSON_COMPACT : JSON_INDENT(2)) : NULL;
    if (!text)
        return EXIT_LOCAL;
    puts(text);
    const json_t *standing = json_object_get(answer, "standing");
    char seq[32];
    bool annulled = json_is_true(json_object_get(standing, "annulled"));
    if (standing)
        cli_say(cli, annulled ? "dibatalkan oleh seq %s" : "dikoreksi oleh seq %s",
                annulled ? "annulled by seq %s" : "corrected by seq %s",
                json_number(standing, "correctedSeq", seq));
    return EXIT_DONE;
}
