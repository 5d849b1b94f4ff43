#include "wire/day.h"

#include <stdio.h>

int32_t sg_days_in_month(int32_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

bool sg_date_valid(int32_t year, int32_t month, int32_t day)
{
    return year >= 1850 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= sg_days_in_month(year, month);
}

/* Days from the civil calendar with years that begin in March, so that the leap day is the last. */
int32_t sg_day_of(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = y / 400;
    int32_t of_era = y - era * 400;
    int32_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int32_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + days - 719468;
}

void sg_day_split(int32_t day_no, int32_t *out_year, int32_t *out_month, int32_t *out_day)
{
    int32_t z = day_no + 719468;
    int32_t era = (z >= 0 ? z : z - 146096) / 146097;
    int32_t of_era = z - era * 146097;
    int32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int32_t m = (5 * of_year + 2) / 153;
    *out_day = of_year - (153 * m + 2) / 5 + 1;
    *out_month = m < 10 ? m + 3 : m - 9;
    *out_year = year + era * 400 + (*out_month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t sg_day_at(int64_t time_ms)
{
    return (int32_t)floor_div(time_ms + SG_WIB_MS, SG_DAY_MS);
}

int64_t sg_day_start_ms(int32_t day_no)
{
    return (int64_t)day_no * SG_DAY_MS - SG_WIB_MS;
}

int32_t sg_years_between(int32_t birth_day_no, int32_t at_day_no)
{
    int32_t by, bm, bd, y, m, d;
    sg_day_split(birth_day_no, &by, &bm, &bd);
    sg_day_split(at_day_no, &y, &m, &d);
    return y - by - (m < bm || (m == bm && d < bd));
}

static bool number(const char **at, int digits, int32_t *out)
{
    int32_t n = 0;
    for (int i = 0; i < digits; i++) {
        if (**at < '0' || **at > '9')
            return false;
        n = n * 10 + (*(*at)++ - '0');
    }
    *out = n;
    return true;
}

static bool letter(const char **at, const char *any)
{
    return **at && strchr(any, *(*at)++) != NULL;
}

/* Up to three digits count; the others are read over. */
static bool fraction(const char **at, int32_t *out_ms)
{
    int32_t ms = 0, scale = 100;
    if (**at != '.')
        return true;
    (*at)++;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
        ms += (**at - '0') * scale;
    *out_ms = ms;
    return true;
}

static bool zone(const char **at, int64_t *out_ms)
{
    int32_t hours, minutes;
    char sign = *(*at)++;
    *out_ms = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if ((sign != '+' && sign != '-') || !number(at, 2, &hours) || !letter(at, ":") ||
        !number(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *out_ms = (hours * SG_HOUR_MS + minutes * INT64_C(60000)) * (sign == '-' ? -1 : 1);
    return true;
}

enum sg_err sg_time_parse(const char *text, int64_t *out_ms)
{
    int32_t year, month, day, hour, minute, second, ms = 0;
    int64_t offset;
    const char *at = text;
    bool read = number(&at, 4, &year) && letter(&at, "-") && number(&at, 2, &month) &&
                letter(&at, "-") && number(&at, 2, &day) && letter(&at, "Tt ") &&
                number(&at, 2, &hour) && letter(&at, ":") && number(&at, 2, &minute) &&
                letter(&at, ":") && number(&at, 2, &second) && fraction(&at, &ms) && *at &&
                zone(&at, &offset) && !*at;
    if (!read || !sg_date_valid(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return SG_E_FORMAT;
    int64_t of_day = ((hour * 60 + minute) * INT64_C(60) + second) * 1000 + ms;
    *out_ms = (int64_t)sg_day_of(year, month, day) * SG_DAY_MS + of_day - offset;
    return SG_OK;
}

const char *sg_time_print(int64_t time_ms, char to[32])
{
    int32_t year, month, day;
    int64_t day_no = floor_div(time_ms, SG_DAY_MS);
    int64_t of_day = time_ms - day_no * SG_DAY_MS;
    sg_day_split((int32_t)day_no, &year, &month, &day);
    int second = (int)(of_day / 1000), ms = (int)(of_day % 1000);
    int len = snprintf(to, 32, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, second / 3600,
                       second / 60 % 60, second % 60);
    if (ms)
        (void)snprintf(to + len, (size_t)(32 - len), ".%03dZ", ms);
    else
        (void)snprintf(to + len, (size_t)(32 - len), "Z");
    return to;
}

const char *sg_time_print_wib(int64_t time_ms, char to[32])
{
    int32_t year, month, day, day_no = sg_day_at(time_ms);
    int64_t minute = (time_ms - sg_day_start_ms(day_no)) / 60000;
    sg_day_split(day_no, &year, &month, &day);
    (void)snprintf(to, 32, "%04d-%02d-%02d %02d:%02d WIB", year, month, day, (int)(minute / 60),
                   (int)(minute % 60));
    return to;
}
