#include "sheet/decode.h"

#include "sheet/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DECODE_BLOCK = 64 << 10, CHARACTER_MAX = 4 };

enum encoding encoding_of(const char *name)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {
        {"utf-8", ENCODING_UTF8},
        {"utf8", ENCODING_UTF8},
        {"ascii", ENCODING_UTF8},
        {"windows-1252", ENCODING_WINDOWS_1252},
        {"cp1252", ENCODING_WINDOWS_1252},
        {"ansi", ENCODING_WINDOWS_1252},
        {"iso-8859-1", ENCODING_WINDOWS_1252},
        {"latin1", ENCODING_WINDOWS_1252},
        {"utf-16", ENCODING_UTF16LE},
        {"utf-16le", ENCODING_UTF16LE},
        {"utf-16be", ENCODING_UTF16BE},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++)
        if (text_same(names[i].name, name))
            return names[i].encoding;
    return ENCODING_DETECT;
}

/* Bytes 80 to 9f of Windows-1252; 0: not assigned. All others are those of Unicode. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static bool fill(struct decoder *decoder)
{
    size_t want = DECODE_BLOCK;
    if (decoder->end - decoder->at < (off_t)want)
        want = (size_t)(decoder->end - decoder->at);
    ssize_t got;
    do
        got = want ? pread(decoder->fd, decoder->in, want, decoder->at) : 0;
    while (got < 0 && errno == EINTR);
    if (got < 0)
        decoder->err = SG_E_SYS;
    decoder->next = 0;
    decoder->len = got > 0 ? (size_t)got : 0;
    decoder->at += got > 0 ? got : 0;
    return got > 0;
}

/* ---- what the file is -------------------------------------------------------------------- */

struct census {
    uint64_t nul, controls, characters, broken; /* characters: of more than one byte */
    int more;                                   /* bytes that the character still needs */
};

static void count_byte(struct census *census, uint8_t c)
{
    census->nul += c == 0;
    census->controls += c < ' ' && !strchr("\t\n\r\f\v\x1a", c);
    if (census->more > 0 && (c & 0xc0U) == 0x80U) {
        census->characters += --census->more == 0;
        return;
    }
    census->broken += census->more > 0;
    census->more = c >= 0xc2 && c < 0xe0   ? 1
                   : c >= 0xe0 && c < 0xf0 ? 2
                   : c >= 0xf0 && c < 0xf5 ? 3
                                           : 0;
    census->broken += c >= 0x80 && census->more == 0;
}

static bool is_binary(struct sheet_fault *fault)
{
    (void)fault_say(fault, "E_FORMAT", "berkas ini bukan tabel berbentuk teks",
                    "this file is not a table of text");
    return fault_accept(fault, "CSV (dari Excel: Simpan Sebagai, CSV) atau .xlsx",
                        "CSV (in Excel: Save As, CSV) or .xlsx");
}

static enum encoding mark_of(const uint8_t *bytes, size_t len, size_t *out_len)
{
    *out_len = 0;
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        *out_len = 3;
        return ENCODING_UTF8;
    }
    if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        *out_len = 2;
        return bytes[0] == 0xff ? ENCODING_UTF16LE : ENCODING_UTF16BE;
    }
    return ENCODING_DETECT;
}

bool decoder_open(struct decoder *decoder, int fd, off_t size, enum encoding wanted,
                  struct sheet_fault *fault)
{
    struct census census = {0};
    size_t skip = 0;
    enum encoding mark = ENCODING_DETECT;
    *decoder = (struct decoder){.fd = fd, .end = size, .in = malloc(DECODE_BLOCK)};
    if (!decoder->in) {
        decoder->err = SG_E_SYS;
        return fault_say(fault, "E_LOCAL", "memori habis", "no memory");
    }
    for (bool first = true; fill(decoder); first = false) {
        if (first)
            mark = mark_of(decoder->in, decoder->len, &skip);
        if (mark == ENCODING_UTF16LE || mark == ENCODING_UTF16BE)
            break; /* its bytes are no characters */
        for (size_t i = 0; i < decoder->len; i++)
            count_byte(&census, decoder->in[i]);
    }
    if (decoder->err)
        return fault_say(fault, "E_LOCAL", "berkas tidak dapat dibaca: %s",
                         "the file cannot be read: %s", strerror(errno));
    bool wide = mark == ENCODING_UTF16LE || mark == ENCODING_UTF16BE ||
                wanted == ENCODING_UTF16LE || wanted == ENCODING_UTF16BE;
    if (!wide && (census.nul || census.controls * 100 > (uint64_t)size))
        return is_binary(fault);
    decoder->encoding = mark != ENCODING_DETECT     ? mark
                        : wanted != ENCODING_DETECT ? wanted
                        : census.broken + (census.more > 0) > census.characters
                            ? ENCODING_WINDOWS_1252
                            : ENCODING_UTF8;
    decoder_rewind(decoder);
    return true;
}

void decoder_rewind(struct decoder *decoder)
{
    size_t skip = 0;
    decoder->at = 0;
    decoder->was_cr = false;
    decoder->surrogate = 0;
    if (fill(decoder))
        (void)mark_of(decoder->in, decoder->len, &skip);
    decoder->next = skip;
}

void decoder_done(struct decoder *decoder)
{
    free(decoder->in);
    decoder->in = NULL;
}

/* ---- characters -------------------------------------------------------------------------- */

static bool next_byte(struct decoder *decoder, uint8_t *out)
{
    if (decoder->next == decoder->len && !fill(decoder))
        return false;
    *out = decoder->in[decoder->next++];
    return true;
}

static size_t put_character(char *to, uint32_t c)
{
    if (c == 0)
        c = 0xfffd;
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80U | (c & 0x3fU));
    to[0] = (char)(heads[more] | c);
    return more + 1;
}

/* One character of the file: as one code, or, of UTF-8, one byte after the other. */
static bool next_code(struct decoder *decoder, uint32_t *out)
{
    uint8_t a, b;
    if (!next_byte(decoder, &a))
        return false;
    *out = a;
    if (decoder->encoding == ENCODING_WINDOWS_1252 && a >= 0x80 && a < 0xa0)
        *out = windows_1252[a - 0x80] ? windows_1252[a - 0x80] : 0xfffd;
    if (decoder->encoding == ENCODING_UTF8 || decoder->encoding == ENCODING_WINDOWS_1252)
        return true;
    if (!next_byte(decoder, &b))
        b = 0;
    *out = decoder->encoding == ENCODING_UTF16LE ? (uint32_t)b << 8 | a : (uint32_t)a << 8 | b;
    return true;
}

/* A pair of UTF-16 is one character; half of one is none. 0: nothing to write yet. */
static size_t put_code(struct decoder *decoder, uint32_t code, char *to)
{
    if (code >= 0xd800 && code < 0xdc00) {
        decoder->surrogate = code;
        return 0;
    }
    if (code >= 0xdc00 && code < 0xe000)
        code = decoder->surrogate ? 0x10000 + ((decoder->surrogate - 0xd800) << 10) + code - 0xdc00
                                  : 0xfffd;
    decoder->surrogate = 0;
    return put_character(to, code);
}

size_t decoder_line(struct decoder *decoder, char *to, size_t room)
{
    size_t len = 0;
    uint32_t code;
    bool bytes = decoder->encoding == ENCODING_UTF8;
    while (len + CHARACTER_MAX <= room && next_code(decoder, &code)) {
        bool again = code == '\n' && decoder->was_cr;
        decoder->was_cr = code == '\r';
        if (again)
            continue;
        if (code == '\r' || code == '\n') {
            to[len++] = '\n';
            return len;
        }
        if (bytes && code)
            to[len++] = (char)code;
        else
            len += put_code(decoder, code, to + len);
    }
    return len;
}
