/* date.h - days and times as offices write them, and nothing that could mean two days.
 *
 * 29/01/2024, 29-1-24, 29.1.2024, 2024-01-29, 29 Januari 2024, Senin 29 Jan 24, with a time behind
 * it or not: "08.15", "08:15:30", "pukul 08.15 WIB". The day comes first, as everywhere in the
 * country; 01/29/2024 is refused and not turned.
 */
#ifndef SINERGI_SHEET_DATE_H
#define SINERGI_SHEET_DATE_H

#include "sheet/fault.h"

#include <stdint.h>

struct moment {
    int32_t year, month, day; /* month and day 0: not known */
    bool has_time;
    int32_t hour, minute, second;
    int32_t zone_min; /* minutes east of Greenwich, when has_zone */
    bool has_zone;
};

/* `latest_year`: a year of two digits is the last one with these digits that is not after it.
 * `partial`: "1990", "05/1990" and "Mei 1990" will do. */
bool date_read(const char *text, int32_t latest_year, bool partial, struct moment *out,
               struct sheet_fault *fault);

/* "2024-01-29", "2024-01", "2024". */
const char *date_print(const struct moment *moment, char to[16]);
/* "2024-01-29T08:15:00+07:00"; without a time its first second, without a zone `zone_min`. */
const char *moment_print(const struct moment *moment, int32_t zone_min, char to[40]);

#endif
