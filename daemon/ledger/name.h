/* name.h - names of persons, made comparable, and how alike two of them are.
 *
 * Indonesian names are written in many ways: with titles or without, in the old spelling or the
 * new one, one word or five, in any order. A name is brought to one spelling and its words are
 * sorted; then two names are compared letter by letter. All of it is arithmetic on whole numbers:
 * the same names give the same answer on every machine.
 *
 * Source: domain 9.3, normalisation.
 */
#ifndef SINERGI_LEDGER_NAME_H
#define SINERGI_LEDGER_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 120 bytes hold at most 12 words that are looked at; "M." grows to MUHAMAD. */
enum { NAME_BYTES_MAX = 120, NAME_WORDS_MAX = 12, NAME_ROOM = 224 };

struct name {
    char text[NAME_ROOM]; /* the words, sorted, a space between two; NUL-terminated */
    size_t len, word_count;
    struct name_word {
        uint8_t at, len;
    } words[NAME_WORDS_MAX];
};

/* One spelling of a name. NULL and a text without a letter give no word. What stands behind
 * NAME_BYTES_MAX bytes is not read; bytes that are no ASCII letter or digit stay as they are, but
 * for the accents of Latin-1, which fall away. */
void name_normalise(const char *text, struct name *out_name);

/* 0 to 1000: Jaro-Winkler over the sorted words, rounded down; 0 when one has no word. A name of
 * one word that is a word of the other one is at least NAME_PART: single names are normal, and
 * which word comes first in the alphabet says nothing. */
enum { NAME_SAME = 920, NAME_ALIKE = 850, NAME_PART = 860, NAME_MOTHER = 900 };
unsigned name_similarity(const struct name *a, const struct name *b);

bool name_equal(const struct name *a, const struct name *b);

#endif
