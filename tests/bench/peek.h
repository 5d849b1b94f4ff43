/* peek.h - count what stands in a ServerFrame without decoding it: the clients of the bench share
 * the processors with the daemon, so they do no more than they must.
 */
#ifndef SINERGI_BENCH_PEEK_H
#define SINERGI_BENCH_PEEK_H

#include "kit/bytes.h"

struct peek {
    uint32_t field;           /* which frame it is: number in ServerFrame; 0 = not to be read */
    uint32_t accepted, other; /* outcomes of a PublishResult */
    bool refused;             /* the whole frame was */
    uint32_t deliveries;
    uint64_t last_seq; /* of the last outcome or delivery */
};

#define PEEK_PUBLISH_RESULT 2U
#define PEEK_DELIVER 4U
#define PEEK_CAUGHT_UP 5U

struct peek peek_at(struct sg_bytes body);

#endif
