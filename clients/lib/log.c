/* log.c - verification of the broker's history from the first block to the head. */
#include "lib/inside.h"

#include "wire/sign.h"

struct chain {
    struct sinergi *client;
    struct log_report report;
    uint8_t hash[SG_HASH_BYTES];    /* of the block before */
    uint64_t own_epoch, own_height; /* next own block to look for */
    struct outbox_seen seen;        /* what this device had seen before it asked */
    bool seen_found;
};

static sinergi_status broken(struct chain *chain, const PbSignedBlock *block, const char *id,
                             const char *en)
{
    (void)client_fail(chain->client, SINERGI_HISTORY,
                      "blok %llu: ", "block %llu: ", (unsigned long long)block->height);
    struct sinergi *client = chain->client;
    strncat(client->error_id, id, sizeof client->error_id - strlen(client->error_id) - 1);
    strncat(client->error_en, en, sizeof client->error_en - strlen(client->error_en) - 1);
    return SINERGI_HISTORY;
}

/* The block of an own receipt must be this very block of the chain. */
static sinergi_status match_own(struct chain *chain, const PbSignedBlock *block,
                                const uint8_t *hash)
{
    struct sinergi *client = chain->client;
    struct sg_arena *arena = &client->batch_arena;
    size_t used = arena->used;
    PbSignedBlock *own = NULL;
    struct sg_why why = {0};
    enum sg_err err =
        outbox_block_next(client->outbox, chain->own_epoch, chain->own_height, arena, &own, &why);
    sinergi_status status = SINERGI_OK;
    if (err && err != SG_E_NOT_FOUND) {
        status = client_why(client, err, &why);
    } else if (!err && own->epoch == block->epoch && own->height == block->height) {
        struct sg_block_header header;
        uint8_t own_hash[SG_HASH_BYTES] = {0};
        if (session_header(own, &header))
            sg_block_hash(&header, own_hash);
        if (memcmp(own_hash, hash, sizeof own_hash) != 0)
            status = broken(chain, block, "bukan blok dari tanda terima perangkat ini",
                            "not the block of this device's receipts");
        chain->report.own_blocks++;
        chain->own_epoch = block->epoch;
        chain->own_height = block->height + 1;
    } else if (!err && (own->epoch < block->epoch ||
                        (own->epoch == block->epoch && own->height < block->height))) {
        status = broken(chain, own, "ada tanda terimanya, tetapi tidak ada di broker",
                        "there is a receipt of it, but the broker does not have it");
    }
    sg_arena_reset(arena, used);
    return status;
}

static sinergi_status take_block(struct chain *chain, const PbSignedBlock *block)
{
    struct sg_block_header header;
    uint8_t hash[SG_HASH_BYTES];
    bool first = chain->report.blocks == 0;
    if (!session_header(block, &header) ||
        !sg_block_verify(&header, chain->client->conf.broker_sign, block->signature.data))
        return broken(chain, block, "tanda tangan salah", "wrong signature");
    if (!sg_id_equal(&header.store_id, &chain->client->conf.store_id))
        return broken(chain, block, "dari store lain", "of another store");
    if (block->height != (first ? 1 : chain->report.head_height + 1) ||
        memcmp(header.previous_hash, chain->hash, sizeof chain->hash) != 0)
        return broken(chain, block, "tidak menyambung dengan blok sebelumnya",
                      "does not follow from the block before");
    sg_block_hash(&header, hash);
    memcpy(chain->hash, hash, sizeof hash);
    chain->report.blocks++;
    chain->report.head_epoch = block->epoch;
    chain->report.head_height = block->height;
    if (chain->seen.epoch == block->epoch && chain->seen.height == block->height) {
        chain->seen_found = true;
        if (memcmp(chain->seen.hash, hash, sizeof hash) != 0)
            return broken(chain, block, "bukan blok yang dilihat perangkat ini",
                          "not the block that this device has seen");
    }
    return match_own(chain, block, hash);
}

static sinergi_status take_page(void *context, const PbQueryResult *result)
{
    struct chain *chain = context;
    sinergi_status status = SINERGI_OK;
    for (size_t i = 0; !status && i < result->n_blocks; i++)
        status = take_block(chain, result->blocks[i]);
    return status;
}

sinergi_status log_verify(struct sinergi *client, int timeout_ms, struct log_report *out_report)
{
    struct chain chain = {.client = client, .seen = client->session.seen};
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_height = 1;
    query.kind = PB_QUERY_KIND_BLOCKS;
    query.height = 1;
    sinergi_status status = ask_pages(client, &query, timeout_ms, take_page, &chain);
    if (status)
        return status;
    PbSignedBlock missing = PB_SIGNED_BLOCK__INIT;
    missing.height = chain.seen.height;
    if (chain.seen.height && !chain.seen_found)
        return broken(&chain, &missing, "pernah dilihat perangkat ini, tetapi tidak ada di broker",
                      "this device has seen it, but the broker does not have it");
    PbSignedBlock *own = NULL;
    size_t used = client->batch_arena.used;
    enum sg_err err = outbox_block_next(client->outbox, chain.own_epoch, chain.own_height,
                                        &client->batch_arena, &own, NULL);
    sg_arena_reset(&client->batch_arena, used);
    if (!err)
        return broken(&chain, own, "ada tanda terimanya, tetapi tidak ada di broker",
                      "there is a receipt of it, but the broker does not have it");
    *out_report = chain.report;
    return SINERGI_OK;
}
