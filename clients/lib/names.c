/* names.c - what a program shows or stores: version, names of statuses, ids and places as texts. */
#include "lib/sinergi.h"

#include "wire/id.h"

#include <stdio.h>

#define TEXT_OF(number) #number
#define VERSION_OF(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

enum { NUMBER_DIGITS_MAX = 20 };

static_assert(SINERGI_ID_TEXT == SG_ID_TEXT, "an id with its NUL");
static_assert(SINERGI_PLACE_TEXT >= SG_ID_TEXT + 1 + NUMBER_DIGITS_MAX, "id, minus, number, NUL");

const char *sinergi_version(void)
{
    return VERSION_OF(SINERGI_VERSION_MAJOR, SINERGI_VERSION_MINOR, SINERGI_VERSION_PATCH);
}

const char *sinergi_status_name(sinergi_status status)
{
    static const char *const names[] = {
        [SINERGI_OK] = "SINERGI_OK",
        [SINERGI_TIMEOUT] = "SINERGI_TIMEOUT",
        [SINERGI_INVALID] = "SINERGI_INVALID",
        [SINERGI_CONFIG] = "SINERGI_CONFIG",
        [SINERGI_LOCAL] = "SINERGI_LOCAL",
        [SINERGI_KEY_REFUSED] = "SINERGI_KEY_REFUSED",
        [SINERGI_WRONG_SERVER] = "SINERGI_WRONG_SERVER",
        [SINERGI_OLD_PROTOCOL] = "SINERGI_OLD_PROTOCOL",
        [SINERGI_HISTORY] = "SINERGI_HISTORY",
        [SINERGI_IN_USE] = "SINERGI_IN_USE",
        [SINERGI_TAKEN_OVER] = "SINERGI_TAKEN_OVER",
        [SINERGI_REFUSED] = "SINERGI_REFUSED",
        [SINERGI_BUSY] = "SINERGI_BUSY",
    };
    return (size_t)status < SG_ARRAY_LEN(names) ? names[status] : "?";
}

const char *sinergi_outcome_name(sinergi_outcome_status status)
{
    static const char *const names[] = {
        [SINERGI_PENDING] = "PENDING",     [SINERGI_ACCEPTED] = "ACCEPTED",
        [SINERGI_DUPLICATE] = "DUPLICATE", [SINERGI_PARKED] = "PARKED",
        [SINERGI_REJECTED] = "REJECTED",
    };
    return (size_t)status < SG_ARRAY_LEN(names) ? names[status] : "?";
}

const char *sinergi_id_text(const uint8_t id[SINERGI_ID_BYTES], char to[SINERGI_ID_TEXT])
{
    struct sg_id of;
    memcpy(of.b, id, sizeof of.b);
    return sg_id_print(&of, to);
}

const char *sinergi_place_text(const sinergi_place *place, char to[SINERGI_PLACE_TEXT])
{
    char outbox[SINERGI_ID_TEXT];
    (void)snprintf(to, SINERGI_PLACE_TEXT, "%s-%llu", sinergi_id_text(place->outbox_id, outbox),
                   (unsigned long long)place->number);
    return to;
}

static int read_number(const char *text, uint64_t *out)
{
    uint64_t n = 0;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return 0;
        n = n * 10 + digit;
    }
    *out = n;
    return n != 0; /* numbers of an outbox begin with 1 */
}

sinergi_status sinergi_place_parse(const char *text, sinergi_place *out_place)
{
    struct sg_id outbox;
    char id[SINERGI_ID_TEXT];
    const size_t id_chars = sizeof id - 1;
    uint64_t number = 0;
    size_t length = strlen(text);
    if (length <= id_chars + 1 || (text[id_chars] != '-' && text[id_chars] != ':') ||
        !read_number(text + id_chars + 1, &number))
        return SINERGI_INVALID;
    memcpy(id, text, id_chars);
    id[id_chars] = '\0';
    if (sg_id_parse(id, &outbox) != SG_OK)
        return SINERGI_INVALID;
    memcpy(out_place->outbox_id, outbox.b, SINERGI_ID_BYTES);
    out_place->number = number;
    return SINERGI_OK;
}
