/* receipt.c - receipts of this device as JSON, and the check of anybody's receipt. */
#include "lib/inside.h"

#include "wire/receipt.h"

#include <stdlib.h>

static void json_done(json_t **json)
{
    json_decref(*json);
}

/* What the outbox keeps of an accepted event, put together. */
static sinergi_status collect(struct sinergi *client, const struct outbox_place *place,
                              struct sg_receipt *out)
{
    struct outbox_row row;
    PbSignedBlock *block = NULL;
    struct sg_why why = {0};
    struct sg_arena *arena = &client->answer_arena;
    enum sg_err err = outbox_row(client->outbox, place, arena, &row, &why);
    const PbInclusion *in = !err && row.outcome ? row.outcome->inclusion : NULL;
    if (!err && in)
        err = outbox_block_next(client->outbox, row.epoch, row.height, arena, &block, &why);
    if (err && err != SG_E_NOT_FOUND)
        return client_why(client, err, &why);
    if (!in || !block || block->height != row.height || in->rest_hash.len != SG_HASH_BYTES ||
        in->path.len > sizeof out->path || !session_header(block, &out->block))
        return client_fail(client, SINERGI_INVALID, "tidak ada tanda terima untuk nomor %llu",
                           "there is no receipt for number %llu",
                           (unsigned long long)place->number);
    memcpy(out->agency, client->key->agency, sizeof out->agency);
    out->outbox_id = place->outbox;
    out->number = place->number;
    out->seq = row.outcome->seq;
    out->accepted_ms = row.outcome->accepted_at_ms;
    memcpy(out->digest, row.digest, sizeof out->digest);
    memcpy(out->rest_hash, in->rest_hash.data, sizeof out->rest_hash);
    out->leaf_index = in->leaf_index;
    out->path_len = in->path.len;
    if (in->path.len) /* of a block of one event there is none */
        memcpy(out->path, in->path.data, in->path.len);
    memcpy(out->signature, block->signature.data, sizeof out->signature);
    return SINERGI_OK;
}

sinergi_status sinergi_receipt_get(sinergi *client, const sinergi_place *place, char **out_json)
{
    struct outbox_place at = {.number = place->number};
    memcpy(at.outbox.b, place->outbox_id, SG_ID_BYTES);
    struct sg_receipt receipt = {0};
    sg_arena_reset(&client->answer_arena, 0);
    sinergi_status status = collect(client, &at, &receipt);
    if (status)
        return status;
    SG_AUTO(json_done) json_t *json = sg_receipt_json(&receipt);
    *out_json = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    return *out_json ? SINERGI_OK : client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
}

sinergi_status sinergi_receipt_verify(sinergi *client, const char *receipt_json, size_t length)
{
    struct sg_receipt receipt;
    struct sg_why why = {0};
    enum sg_err err = sg_receipt_parse(receipt_json, length, &receipt, &why);
    if (err)
        return client_fail(client, SINERGI_INVALID, "bukan tanda terima: %s", "not a receipt: %s",
                           why.text);
    if (!sg_id_equal(&receipt.block.store_id, &client->conf.store_id))
        return client_fail(client, SINERGI_INVALID, "tanda terima dari store lain",
                           "the receipt is of another store");
    err = sg_receipt_verify(&receipt, client->conf.broker_sign, NULL, &why);
    if (err)
        return client_fail(client, SINERGI_INVALID, "tanda terima TIDAK sah: %s",
                           "the receipt does NOT hold: %s", why.text);
    return SINERGI_OK;
}
