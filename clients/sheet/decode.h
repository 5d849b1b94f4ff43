/* decode.h - the bytes of a text file as lines of UTF-8 that end with one '\n'.
 *
 * Offices write UTF-8 with and without a byte order mark, Windows-1252, and UTF-16 ("Unicode
 * text"), with CRLF, LF or bare CR. What a file is, is found from all of its bytes before the first
 * line is read, so that one é near the end does not come out as two letters.
 */
#ifndef SINERGI_SHEET_DECODE_H
#define SINERGI_SHEET_DECODE_H

#include "kit/err.h"
#include "sheet/fault.h"

#include <stdint.h>
#include <sys/types.h>

enum encoding {
    ENCODING_DETECT,
    ENCODING_UTF8,
    ENCODING_WINDOWS_1252,
    ENCODING_UTF16LE,
    ENCODING_UTF16BE
};

/* Of a name as in a map ("utf-8", "windows-1252", "utf-16"); ENCODING_DETECT for one that is none.
 */
enum encoding encoding_of(const char *name);

struct decoder {
    int fd;
    enum encoding encoding;
    off_t at, end;    /* of the next byte to read from the file */
    uint8_t *in;      /* DECODE_BLOCK bytes */
    size_t len, next; /* what is in it */
    bool was_cr;      /* the last character was a CR: a LF behind it is the same line break */
    uint32_t surrogate;
    enum sg_err err;
};

/* Look at the whole file. `wanted`: not detected, but believed. False: it is no text (binary). */
bool decoder_open(struct decoder *decoder, int fd, off_t size, enum encoding wanted,
                  struct sheet_fault *fault);
/* The next bytes of the line, at most room (8 or more): ends behind its '\n' or when the room is
 * full. 0: the end of the file, or decoder->err. */
size_t decoder_line(struct decoder *decoder, char *to, size_t room);
/* Again from the beginning. */
void decoder_rewind(struct decoder *decoder);
void decoder_done(struct decoder *decoder);

#endif
