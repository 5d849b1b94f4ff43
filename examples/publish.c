/* publish.c - publish one event and wait for its outcome.
 *
 *   SINERGI_CONF=/etc/sinergi/sinergi.conf ./publish <event.json
 */
#include <sinergi.h>
#include <stdio.h>
#include <stdlib.h>

static int give_up(sinergi *client, const char *what, sinergi_status status)
{
    fprintf(stderr, "%s: %s: %s\n", what, sinergi_status_name(status), sinergi_error(client, "en"));
    sinergi_close(client);
    return EXIT_FAILURE;
}

int main(void)
{
    static char event[1 << 20];
    size_t length = fread(event, 1, sizeof event, stdin);
    sinergi *client = NULL;
    sinergi_place place;
    sinergi_outcome outcome;
    char place_text[SINERGI_PLACE_TEXT];

    sinergi_status status = sinergi_open(NULL, &client);
    if (status)
        return give_up(client, "open", status);
    status = sinergi_add_json(client, event, length);
    if (!status)
        status = sinergi_commit(client, &place, NULL);
    if (status)
        return give_up(client, "nothing was stored", status);
    /* From here on the event is on this disk: it is sent sooner or later, by this process or the
     * next one of the device. Ask for its outcome by its place whenever you like. */
    printf("%s\n", sinergi_place_text(&place, place_text));

    status = sinergi_run(client, SINERGI_UNTIL_ANSWERED, 10000);
    if (status)
        return give_up(client, "stored, not answered yet", status);
    status = sinergi_outcome_get(client, &place, &outcome);
    if (status)
        return give_up(client, "outcome", status);
    printf("%s seq %llu %s\n", sinergi_outcome_name(outcome.status),
           (unsigned long long)outcome.seq, outcome.text_en);
    int refused = outcome.status == SINERGI_REJECTED;
    sinergi_close(client);
    return refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
