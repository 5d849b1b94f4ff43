/* subscribe.c - print each event for this agency as a line of JSON, once, until it is interrupted.
 *
 *   SINERGI_CONF=/etc/sinergi/sinergi.conf ./subscribe NAME [TOPIC…]
 *
 * NAME is remembered by the broker and by this device: after a restart it goes on behind the last
 * line that was printed.
 */
#include <signal.h>
#include <sinergi.h>
#include <stdio.h>
#include <stdlib.h>

static sinergi *client;

static void on_signal(int number)
{
    (void)number;
    sinergi_stop(client);
}

static sinergi_handled on_delivery(void *context, const sinergi_delivery *delivery,
                                   uint8_t note[SINERGI_NOTE_BYTES], size_t *note_length)
{
    (void)context, (void)note, (void)note_length;
    char *json = sinergi_envelope_json(delivery->envelope, delivery->envelope_length);
    int failed = !json || puts(json) < 0 || fflush(stdout) != 0;
    sinergi_free(json);
    /* Only what was written is done. What was not is handed over again at the next start. */
    return failed ? SINERGI_STOP : SINERGI_DONE;
}

int main(int argc, char **argv)
{
    sinergi_subscription subscription = {.name = argc > 1 ? argv[1] : "",
                                         .types = argc > 2 ? (const char *const *)argv + 2 : NULL,
                                         .start = SINERGI_FROM_BEGINNING,
                                         .handler = on_delivery};
    sinergi_status status = sinergi_open(NULL, &client);
    if (!status)
        status = sinergi_subscribe(client, &subscription);
    if (!status) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        status = sinergi_run(client, SINERGI_UNTIL_TIMEOUT, -1);
    }
    if (status)
        fprintf(stderr, "%s: %s\n", sinergi_status_name(status), sinergi_error(client, "en"));
    signal(SIGINT, SIG_DFL); /* the handler must not find a client that is closed */
    signal(SIGTERM, SIG_DFL);
    sinergi_close(client);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
