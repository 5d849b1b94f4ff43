/* json_number.c - whole numbers as JSON writes them: 100, 100.0, 1e2, and each of them as a text.
 */
#include "wire/json_inside.h"

#include <stdio.h>

enum {
    EXPONENT_DIGITS_MAX = 3, /* 10^999 is far beyond 64 bits */
    NUMBER_CHARS = 24,
};

/* Beyond it a double names whole numbers that were not written. */
static const double exact_max = 9007199254740992.0; /* 2^53 */

/* A number of the grammar of RFC 8259 section 6: 12.50e-1 has the digits 12 and 50, exponent -1. */
struct number {
    const char *whole, *fraction;
    size_t whole_count, fraction_count;
    long exponent;
    bool negative;
};

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

static bool read_exponent(const char *at, long *out)
{
    long n = 0;
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    size_t count = digits_at(at);
    if (count == 0 || count > EXPONENT_DIGITS_MAX || at[count] != '\0')
        return false;
    for (size_t i = 0; i < count; i++)
        n = n * 10 + (at[i] - '0');
    *out = negative ? -n : n;
    return true;
}

static bool read_number(const char *text, struct number *out)
{
    struct number n = {.negative = *text == '-'};
    n.whole = text + (*text == '-');
    n.whole_count = digits_at(n.whole);
    if (n.whole_count == 0 || (n.whole[0] == '0' && n.whole_count > 1))
        return false;
    const char *at = n.whole + n.whole_count;
    if (*at == '.') {
        n.fraction = at + 1;
        n.fraction_count = digits_at(n.fraction);
        at = n.fraction + n.fraction_count;
        if (n.fraction_count == 0)
            return false;
    }
    *out = n;
    return *at == '\0' || ((*at == 'e' || *at == 'E') && read_exponent(at + 1, &out->exponent));
}

static bool times_ten_and(uint64_t *n, uint64_t digit)
{
    if (*n > (UINT64_MAX - digit) / 10)
        return false;
    *n = *n * 10 + digit;
    return true;
}

/* All digits before the decimal point, wherever the exponent puts it; none but zeros behind it. */
static bool magnitude_of(const struct number *n, uint64_t *out)
{
    long point = (long)n->whole_count + n->exponent; /* digits before the decimal point */
    size_t count = n->whole_count + n->fraction_count;
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        int c = i < n->whole_count ? n->whole[i] : n->fraction[i - n->whole_count];
        bool before = (long)i < point;
        if (before ? !times_ten_and(out, (uint64_t)(c - '0')) : c != '0')
            return false;
    }
    for (long i = (long)count; *out != 0 && i < point; i++)
        if (!times_ten_and(out, 0))
            return false;
    return true;
}

bool sg_json_whole(const json_t *json, struct sg_json_whole *out)
{
    char printed[NUMBER_CHARS];
    const char *text = json_string_value(json);
    struct number number;
    if (json_is_integer(json)) {
        (void)snprintf(printed, sizeof printed, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        text = printed;
    } else if (json_is_real(json)) {
        double value = json_real_value(json);
        if (!(value >= -exact_max && value <= exact_max) || value != (double)(int64_t)value)
            return false;
        (void)snprintf(printed, sizeof printed, "%lld", (long long)value);
        text = printed;
    }
    if (!text || !read_number(text, &number))
        return false;
    out->negative = number.negative;
    return magnitude_of(&number, &out->magnitude);
}
