/* pack.h - messages to bytes in one pass, from the last byte to the first.
 *
 * protobuf-c goes over a message three times and more: to check it, to learn its size, to write it,
 * and each sub-message once more for its length. Written backwards, the length of a sub-message is
 * known when it is needed. The bytes are those of protobuf_c_message_pack.
 */
#ifndef SINERGI_WIRE_PACK_H
#define SINERGI_WIRE_PACK_H

#include "kit/bytes.h"
#include "kit/err.h"

#include <protobuf-c/protobuf-c.h>

/* The bytes of the message end at `end`; *out_at is where they begin, not before `begin`.
 * Errors: SG_E_LIMIT (no room), SG_E_FORMAT (a value that has to be there is missing). */
SG_MUST_CHECK enum sg_err sg_pack_back(const ProtobufCMessage *message, uint8_t *begin,
                                       uint8_t *end, uint8_t **out_at);

#endif
