/* refuse.c - a receiver that refuses one delivery as often as it comes, and prints the others.
 * Usage: refuse CONF SUBSCRIPTION SEQ. Each line is a seq that was handled; at the end, on standard
 * error, how often the refused one was handed over. */
#include <sinergi.h>
#include <stdio.h>
#include <stdlib.h>

struct refusal {
    uint64_t seq;
    unsigned times;
};

static sinergi_handled handle(void *context, const sinergi_delivery *delivery, uint8_t note[64],
                              size_t *note_length)
{
    struct refusal *refusal = context;
    (void)note;
    (void)note_length;
    if (delivery->seq == refusal->seq) {
        refusal->times++;
        return SINERGI_FAILED;
    }
    printf("%llu\n", (unsigned long long)delivery->seq);
    return SINERGI_DONE;
}

int main(int argc, char **argv)
{
    struct refusal refusal = {0, 0};
    sinergi_subscription subscription = {
        .start = SINERGI_FROM_BEGINNING, .retry_ms = 1, .handler = handle, .context = &refusal};
    sinergi *client = NULL;
    if (argc != 4)
        return 2;
    subscription.name = argv[2];
    refusal.seq = strtoull(argv[3], NULL, 10);
    sinergi_status status = sinergi_open(argv[1], &client);
    if (status == SINERGI_OK)
        status = sinergi_subscribe(client, &subscription);
    if (status == SINERGI_OK)
        status = sinergi_run(client, SINERGI_UNTIL_CAUGHT_UP, 60000);
    if (status != SINERGI_OK)
        fprintf(stderr, "%s\n", sinergi_error(client, "en"));
    fprintf(stderr, "%u\n", refusal.times);
    sinergi_close(client);
    return status == SINERGI_OK ? 0 : 1;
}
