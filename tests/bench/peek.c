#include "bench/peek.h"

struct token {
    uint32_t field;
    uint64_t number;     /* varint */
    struct sg_bytes run; /* length-delimited */
};

static bool varint(struct sg_bytes *at, uint64_t *out_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; at->len && shift < 64; shift += 7) {
        uint8_t byte = *at->ptr;
        at->ptr++;
        at->len--;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out_number = number;
            return true;
        }
    }
    return false;
}

/* The next field; false at the end, or where it is none that we know. */
static bool next(struct sg_bytes *at, struct token *token)
{
    uint64_t tag = 0, length = 0;
    if (!varint(at, &tag))
        return false;
    *token = (struct token){.field = (uint32_t)(tag >> 3)};
    if ((tag & 7) == 0)
        return varint(at, &token->number);
    if ((tag & 7) != 2 || !varint(at, &length) || length > at->len)
        return false;
    token->run = (struct sg_bytes){at->ptr, (size_t)length};
    at->ptr += length;
    at->len -= (size_t)length;
    return true;
}

/* Outcome: status is field 2 (1 = accepted), seq is field 4. */
static void see_outcome(struct sg_bytes at, struct peek *peek)
{
    struct token token;
    bool accepted = false;
    while (next(&at, &token)) {
        accepted |= token.field == 2 && token.number == 1;
        if (token.field == 4)
            peek->last_seq = token.number;
        if (token.field >= 4)
            break;
    }
    peek->accepted += accepted;
    peek->other += !accepted;
}

static void see_result(struct sg_bytes at, struct peek *peek)
{
    struct token token;
    while (next(&at, &token)) {
        peek->refused |= token.field == 3;
        if (token.field == 4)
            see_outcome(token.run, peek);
    }
}

static void see_deliver(struct sg_bytes at, struct peek *peek)
{
    struct token token, inner;
    struct sg_bytes last = {NULL, 0};
    while (next(&at, &token)) {
        peek->deliveries += token.field == 2;
        if (token.field == 2)
            last = token.run;
    }
    if (next(&last, &inner) && inner.field == 1)
        peek->last_seq = inner.number;
}

struct peek peek_at(struct sg_bytes body)
{
    struct peek peek = {0};
    struct token token;
    if (!next(&body, &token))
        return peek;
    peek.field = token.field;
    if (token.field == PEEK_PUBLISH_RESULT)
        see_result(token.run, &peek);
    else if (token.field == PEEK_DELIVER)
        see_deliver(token.run, &peek);
    return peek;
}
