#include "ledger/name.h"

#include "kit/check.h"
#include "kit/err.h"

#include <string.h>

enum { WORD_ROOM = NAME_BYTES_MAX + 1, JARO_LEN_MAX = NAME_ROOM };

/* ---- letters ---- */

/* U+00C0 to U+00FF: the letter without its accent; a space where it is no letter. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUY SAAAAAAACEEEEIIIIDNOOOOO OUUUUY Y";

/* An apostrophe stands inside of a word (Jum'at), all other marks between two. */
static bool is_nothing(unsigned char c)
{
    return c == '\'' || c == '`';
}

static char letter_of(unsigned char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    if (!kept)
        return '\0';
    return (char)c;
}

/* ---- one word ---- */

struct word {
    char text[WORD_ROOM];
    size_t len;
    bool dotted; /* an abbreviation: "M." */
};

/* The next word of the text, in capitals. False at the end. */
static bool next_word(const char *text, size_t end, size_t *at, struct word *word)
{
    *word = (struct word){.len = 0};
    for (; *at < end; (*at)++) {
        unsigned char c = (unsigned char)text[*at];
        unsigned char next = *at + 1 < end ? (unsigned char)text[*at + 1] : 0;
        char letter = letter_of(c);
        if (c == 0xc3 && next >= 0x80 && next < 0xc0) {
            letter = latin[next - 0x80];
            if (letter == ' ')
                letter = '\0';
            (*at)++;
        } else if (c == 0xe2 && next == 0x80 && *at + 2 < end) { /* U+2018, U+2019: apostrophes */
            *at += 2;
            continue;
        }
        if (letter)
            word->text[word->len++] = letter;
        else if (word->len && !is_nothing(c))
            break;
    }
    word->dotted = *at < end && text[*at] == '.';
    return word->len > 0;
}

static bool is(const struct word *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

static bool is_title(const struct word *word)
{
    static const char *const titles[] = {"H", "HJ", "BIN", "BINTI", "ALIAS"};
    for (size_t i = 0; i < SG_ARRAY_LEN(titles); i++)
        if (is(word, titles[i]))
            return true;
    return false;
}

/* The old spelling. NJ stands in words of today too (Panji), so it marks nothing. */
static const struct digraph {
    char from[2], to[2]; /* to[1] NUL: one letter */
    bool marks_old;
} digraphs[] = {
    {{'O', 'E'}, {'U', 0}, true},    {{'D', 'J'}, {'J', 0}, true},   {{'T', 'J'}, {'C', 0}, true},
    {{'N', 'J'}, {'N', 'Y'}, false}, {{'S', 'J'}, {'S', 'Y'}, true},
};

static const struct digraph *digraph_at(const struct word *word, size_t at)
{
    if (at + 1 >= word->len)
        return NULL;
    for (size_t i = 0; i < SG_ARRAY_LEN(digraphs); i++)
        if (memcmp(word->text + at, digraphs[i].from, 2) == 0)
            return &digraphs[i];
    return NULL;
}

/* A word is in the old spelling when it holds something that only the old spelling writes; then
 * its other J are the Y of today (Soejono, Joesoef, Djojo). A J beside words of the new spelling
 * stays: "Joko Soesilo" is no Yoko. */
static void modernise(struct word *word)
{
    struct word old = *word;
    bool marked = false;
    for (size_t i = 0; i < old.len; i++) {
        const struct digraph *pair = digraph_at(&old, i);
        marked |= pair && pair->marks_old;
    }
    word->len = 0;
    for (size_t i = 0; i < old.len; i++) {
        const struct digraph *pair = digraph_at(&old, i);
        if (pair) {
            word->text[word->len++] = pair->to[0];
            if (pair->to[1])
                word->text[word->len++] = pair->to[1];
            i++;
        } else {
            word->text[word->len++] = (char)(marked && old.text[i] == 'J' ? 'Y' : old.text[i]);
        }
    }
}

static void collapse_doubles(struct word *word)
{
    size_t len = 0;
    for (size_t i = 0; i < word->len; i++)
        if (!len || word->text[len - 1] != word->text[i])
            word->text[len++] = word->text[i];
    word->len = len;
}

/* As it stands after its double letters have gone. */
static const char muhammad[] = "MUHAMAD";

static bool is_muhammad(const struct word *word, bool first)
{
    static const char *const ways[] = {"MHD",      "MUHAMAD", "MOHAMAD", "MOHAMED", "MUHAMED",
                                       "MOCHAMAD", "MUH",     "MOH",     "MOCH",    "MOHD"};
    for (size_t i = 0; i < SG_ARRAY_LEN(ways); i++)
        if (is(word, ways[i]))
            return true;
    return is(word, "M") && (word->dotted || first);
}

/* ---- the name ---- */

static void add_word(struct name *name, const struct word *word)
{
    if (name->word_count == NAME_WORDS_MAX || name->len + word->len + 1 >= NAME_ROOM)
        return;
    struct name_word *at = &name->words[name->word_count++];
    *at = (struct name_word){(uint8_t)name->len, (uint8_t)word->len};
    memcpy(name->text + name->len, word->text, word->len);
    name->len += word->len;
}

static int compare_words(const char *text, struct name_word a, struct name_word b)
{
    int order = memcmp(text + a.at, text + b.at, a.len < b.len ? a.len : b.len);
    return order ? order : (int)a.len - (int)b.len;
}

/* The words in order, written one behind the other with a space between. */
static void sort_words(struct name *name)
{
    struct name from = *name;
    for (size_t i = 1; i < from.word_count; i++)
        for (size_t j = i; j > 0; j--) {
            struct name_word *a = &from.words[j - 1], *b = &from.words[j], keep = *a;
            if (compare_words(from.text, *a, *b) <= 0)
                break;
            *a = *b;
            *b = keep;
        }
    name->len = 0;
    for (size_t i = 0; i < from.word_count; i++) {
        SG_CHECK(name->len + from.words[i].len + 2 < NAME_ROOM); /* 120 letters, 12 of "M." grown */
        if (i)
            name->text[name->len++] = ' ';
        name->words[i] = (struct name_word){(uint8_t)name->len, from.words[i].len};
        memcpy(name->text + name->len, from.text + from.words[i].at, from.words[i].len);
        name->len += from.words[i].len;
    }
    name->text[name->len] = '\0';
}

void name_normalise(const char *text, struct name *out_name)
{
    struct name name = {.len = 0};
    struct word word, last_title = {.len = 0};
    size_t at = 0, end = text ? strnlen(text, NAME_BYTES_MAX) : 0;
    while (next_word(text, end, &at, &word)) {
        if (is_title(&word)) {
            last_title = word;
            continue;
        }
        bool abbreviated = is_muhammad(&word, name.word_count == 0);
        modernise(&word);
        collapse_doubles(&word);
        if (abbreviated || is_muhammad(&word, false)) {
            memcpy(word.text, muhammad, sizeof muhammad);
            word.len = sizeof muhammad - 1;
        }
        add_word(&name, &word);
    }
    if (!name.word_count && last_title.len) /* somebody is called so */
        add_word(&name, &last_title);
    sort_words(&name);
    *out_name = name;
}

bool name_equal(const struct name *a, const struct name *b)
{
    return a->len && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* ---- how alike ---- */

/* What two texts have in common within the window, and how much of it stands in another order. */
static void count_matches(const struct name *a, const struct name *b, int64_t *out_matches,
                          int64_t *out_moved)
{
    bool of_a[JARO_LEN_MAX] = {false}, of_b[JARO_LEN_MAX] = {false};
    size_t longer = a->len > b->len ? a->len : b->len;
    size_t window = longer / 2 > 1 ? longer / 2 - 1 : 0;
    int64_t matches = 0, moved = 0;
    for (size_t i = 0; i < a->len; i++) {
        size_t from = i > window ? i - window : 0;
        for (size_t j = from; j < b->len && j <= i + window; j++)
            if (!of_b[j] && a->text[i] == b->text[j]) {
                of_a[i] = of_b[j] = true;
                matches++;
                break;
            }
    }
    for (size_t i = 0, j = 0; i < a->len; i++) {
        if (!of_a[i])
            continue;
        while (!of_b[j])
            j++;
        moved += a->text[i] != b->text[j++];
    }
    *out_matches = matches;
    *out_moved = moved;
}

/* Jaro is a fraction; its parts are kept until the end, so that nothing is rounded in between. */
static unsigned jaro_winkler(const struct name *a, const struct name *b)
{
    enum { PREFIX_MAX = 4, TENTHS = 10, BOOST_FROM_TENTHS = 7 };
    int64_t m, moved, la = (int64_t)a->len, lb = (int64_t)b->len;
    count_matches(a, b, &m, &moved);
    if (!m)
        return 0;
    /* (m/la + m/lb + (m - moved/2)/m) / 3 */
    int64_t over = 2 * m * m * lb + 2 * m * m * la + (2 * m - moved) * la * lb;
    int64_t under = 6 * m * la * lb;
    int64_t prefix = 0;
    while (prefix < PREFIX_MAX && prefix < la && prefix < lb && a->text[prefix] == b->text[prefix])
        prefix++;
    if (TENTHS * over > BOOST_FROM_TENTHS * under)
        over = TENTHS * over + prefix * (under - over);
    else
        over *= TENTHS;
    return (unsigned)(1000 * over / (TENTHS * under));
}

/* Muhammad is written before half of all names: alone it is a part of too many. */
static bool is_part(const struct name *one, const struct name *whole)
{
    if (one->word_count != 1 || strcmp(one->text, muhammad) == 0)
        return false;
    for (size_t i = 0; i < whole->word_count; i++)
        if (whole->words[i].len == one->len &&
            memcmp(whole->text + whole->words[i].at, one->text, one->len) == 0)
            return true;
    return false;
}

unsigned name_similarity(const struct name *a, const struct name *b)
{
    if (!a->len || !b->len)
        return 0;
    unsigned score = jaro_winkler(a, b);
    bool part = is_part(a, b) || is_part(b, a);
    return part && score < NAME_PART ? NAME_PART : score;
}
