/* phrases.h - what a refusal would accept, in Indonesian.
 *
 * A refusal is written once, in English, where the rule stands; the text itself finds its
 * Indonesian here. So a rule and its words stay together, and both languages have the same
 * conversions. What has no words (a list of codes, a value) is not in the table: it reads the same
 * in every language. tests/lint/phrases.awk compares the table with the sources.
 */
#ifndef SINERGI_WIRE_PHRASES_H
#define SINERGI_WIRE_PHRASES_H

#include "kit/err.h"

struct sg_phrase {
    const char *en,
        *id; /* formats; id has the conversions of en in their order, or the first ones */
};

/* The Indonesian format for an English one; `en` itself when there is none. */
__attribute__((format_arg(1))) const char *sg_phrase_id(const char *en);

/* The table, in the order of strcmp of the English texts; NULL behind its end. */
const struct sg_phrase *sg_phrase_at(size_t index);

#endif
