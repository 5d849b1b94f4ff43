/* day.h - calendar days in WIB (UTC+07:00, no daylight saving) and milliseconds since 1970. */
#ifndef SINERGI_WIRE_DAY_H
#define SINERGI_WIRE_DAY_H

#include "kit/bytes.h"
#include "kit/err.h"

#define SG_HOUR_MS INT64_C(3600000)
#define SG_DAY_MS INT64_C(86400000)
#define SG_WIB_MS (7 * SG_HOUR_MS)

/* Days since 1970-01-01 of a proleptic Gregorian date; the date must be valid. */
int32_t sg_day_of(int32_t year, int32_t month, int32_t day);
void sg_day_split(int32_t day_no, int32_t *out_year, int32_t *out_month, int32_t *out_day);
bool sg_date_valid(int32_t year, int32_t month, int32_t day);
int32_t sg_days_in_month(int32_t year, int32_t month);

/* WIB day of an instant; first instant of a WIB day; an hour of it. */
int32_t sg_day_at(int64_t time_ms);
int64_t sg_day_start_ms(int32_t day_no);

/* Whole years between two days, birthday counted. */
int32_t sg_years_between(int32_t birth_day_no, int32_t at_day_no);

/* RFC 3339 "2026-05-04T02:40:00Z" (seconds or milliseconds; also "+07:00") and back. */
SG_MUST_CHECK enum sg_err sg_time_parse(const char *text, int64_t *out_ms);
const char *sg_time_print(int64_t time_ms, char to[32]); /* always Z, with milliseconds if not 0 */
/* "2026-05-04 09:40 WIB", for people. */
const char *sg_time_print_wib(int64_t time_ms, char to[32]);

#endif
