/* settled.c - how parked events ended: the subscription "outcomes-DEVICE" (D7).
 *
 * It is held while the outbox has events that wait, and begins anew each time at the oldest of
 * them, so that it needs no cursor of its own. One process of the device holds it.
 */
#include "lib/inside.h"

#include "wire/codec.h"

#include <stdio.h>

static sinergi_handled on_settled(void *context, const sinergi_delivery *delivery, uint8_t note[64],
                                  size_t *note_len)
{
    struct sinergi *client = context;
    PbEnvelope *envelope = NULL;
    struct sg_why why = {0};
    (void)note;
    (void)note_len;
    enum sg_err err = sg_decode(&pb_envelope__descriptor,
                                (struct sg_bytes){delivery->envelope, delivery->envelope_length},
                                &client->frame_arena, &envelope, NULL);
    const PbEventSettled *told = err ? NULL : envelope->event_settled;
    if (!told || !told->place || told->place->outbox_id.len != SG_ID_BYTES)
        return SINERGI_DONE; /* nothing of ours */
    struct outbox_settled settled = {
        .place.number = told->place->number,
        .seq = told->settled_seq,
        .code = told->outcome == PB_EVENT_SETTLED__OUTCOME_REJECTED ? told->code : SG_ST_OK};
    memcpy(settled.place.outbox.b, told->place->outbox_id.data, SG_ID_BYTES);
    err = outbox_settle(client->outbox, &settled, &client->frame_arena, &why);
    if (err)
        client->fatal = client_why(client, err, &why);
    return err ? SINERGI_STOP : SINERGI_DONE;
}

bool settled_subscription(const struct subscription *sub)
{
    return sub->as.handler == on_settled;
}

static struct subscription *find(const struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++)
        if (settled_subscription(client->subscriptions[i]))
            return client->subscriptions[i];
    return NULL;
}

/* When events wait and nobody of this device listens for their end yet. */
void settled_attach(struct sinergi *client)
{
    static const char *const types[] = {"event.settled", NULL};
    char name[SG_NAME_MAX + 1];
    uint64_t oldest = 0;
    struct sg_why why = {0};
    enum sg_err err = outbox_oldest_parked(client->outbox, &oldest, &why);
    if (err) {
        client->fatal = client_why(client, err, &why);
        return;
    }
    struct subscription *sub = find(client);
    if (!oldest || (sub && sub->attached))
        return;
    if (sub) {
        sub->as.seq = oldest;
        return;
    }
    (void)snprintf(name, sizeof name, "outcomes-%s", client->key->device);
    const sinergi_subscription as = {.name = name,
                                     .types = types,
                                     .start = SINERGI_FROM_SEQ,
                                     .seq = oldest,
                                     .handler = on_settled,
                                     .context = client};
    /* In use by another process: that one listens. */
    client->settled_elsewhere = reader_add_own(client, &as) != SINERGI_OK;
}

bool settled_known(const struct sinergi *client)
{
    const struct subscription *sub = find(client);
    uint64_t oldest = 0;
    if (client->settled_elsewhere || (sub && sub->attached && sub->caught_up))
        return true;
    return outbox_oldest_parked(client->outbox, &oldest, NULL) == SG_OK && oldest == 0;
}
