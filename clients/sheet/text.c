#include "sheet/text.h"

#include "kit/err.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A character that is a blank (1), has no width (2), or is none of these (0); *len is its length.
 */
static int kind_of(const char *text, size_t *len)
{
    static const struct {
        const char *text;
        int kind;
    } marks[] = {
        {"\xc2\xa0", 1},     {"\xe2\x80\x87", 1}, {"\xe2\x80\xaf", 1}, {"\xe2\x80\xa8", 1},
        {"\xe2\x80\xa9", 1}, {"\xe3\x80\x80", 1}, {"\xe2\x80\x8b", 2}, {"\xe2\x80\x8c", 2},
        {"\xe2\x80\x8d", 2}, {"\xe2\x80\x8e", 2}, {"\xe2\x80\x8f", 2}, {"\xef\xbb\xbf", 2},
        {"\xc2\xad", 2},
    };
    unsigned char c = (unsigned char)text[0];
    *len = 1;
    if (c <= ' ' || c == 0x7f)
        return 1;
    if (c < 0xc2)
        return 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(marks); i++) {
        size_t n = strlen(marks[i].text);
        if (strncmp(text, marks[i].text, n) == 0) {
            *len = n;
            return marks[i].kind;
        }
    }
    return 0;
}

char *text_clean(char *text, bool keep_lines)
{
    char *to = text;
    bool blank = false, line = false;
    for (const char *at = text; *at;) {
        size_t len;
        int kind = kind_of(at, &len);
        if (kind == 0) {
            if ((blank || line) && to > text)
                *to++ = line ? '\n' : ' ';
            blank = line = false;
            *to++ = *at;
        }
        blank |= kind == 1;
        line |= kind == 1 && keep_lines && *at == '\n';
        at += len;
    }
    *to = '\0';
    return text;
}

bool text_is_empty(const char *cleaned)
{
    for (const char *at = cleaned; *at;) {
        if (*at == '-' || *at == ' ' || *at == '\n') {
            at++;
        } else if (strncmp(at, "\xe2\x80\x93", 3) == 0 || strncmp(at, "\xe2\x80\x94", 3) == 0) {
            at += 3; /* – and — */
        } else {
            return false;
        }
    }
    return true;
}

/* Bytes that follow the first one of a character; -1: it cannot be a first one. */
static int follows(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first < 0xc2)
        return -1;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
}

bool text_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        unsigned char first = *at++, second = *at;
        int more = follows(first);
        if (more < 0 || (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
            return false;
        for (; more > 0; more--, at++)
            if ((*at & 0xc0U) != 0x80U)
                return false;
    }
    return true;
}

void text_fold(const char *text, char to[TEXT_FOLDED_MAX])
{
    size_t len = strlen(text);
    if (len >= TEXT_FOLDED_MAX)
        len = TEXT_FOLDED_MAX - 1;
    memcpy(to, text, len);
    to[len] = '\0';
    text_clean(to, false);
    for (unsigned char *at = (unsigned char *)to; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (unsigned char)(*at + ('a' - 'A'));
        else if (*at == 0xc3 && at[1] >= 0x80 && at[1] <= 0x9e && at[1] != 0x97)
            at[1] = (unsigned char)(at[1] + 0x20);
    }
}

void text_fold_heading(const char *text, char to[TEXT_FOLDED_MAX])
{
    text_fold(text, to);
    size_t len = strlen(to);
    while (len > 0 && strchr("*:. ", to[len - 1]))
        to[--len] = '\0';
}

bool text_same(const char *a, const char *b)
{
    char x[TEXT_FOLDED_MAX], y[TEXT_FOLDED_MAX];
    text_fold(a, x);
    text_fold(b, y);
    return strcmp(x, y) == 0;
}

enum { DISTANCE_MAX = 64 };

unsigned text_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[DISTANCE_MAX];
    if (n >= DISTANCE_MAX || m >= DISTANCE_MAX)
        return DISTANCE_MAX;
    for (unsigned j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 0; i < n; i++) {
        unsigned above = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < m; j++) {
            unsigned change = above + (a[i] != b[j]);
            above = row[j + 1];
            unsigned best = above < row[j] ? above + 1 : row[j] + 1;
            row[j + 1] = change < best ? change : best;
        }
    }
    return row[m];
}

void text_list(char *list, size_t size, const char *name)
{
    static const char more[] = ", …";
    size_t len = strlen(list), add = strlen(name) + (len ? 2 : 0);
    if (len >= 3 && strcmp(list + len - 3, "…") == 0)
        return;
    if (len + add + sizeof more <= size)
        (void)snprintf(list + len, size - len, "%s%s", len ? ", " : "", name);
    else if (len + sizeof more <= size)
        memcpy(list + len, more, sizeof more);
}
