#include "sheet/date.h"

#include "sheet/text.h"
#include "wire/day.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 12, WORD_MAX = 16 };

/* Months in Indonesian and English, as far as the first letters that tell them apart. */
static const struct {
    const char *begins;
    int32_t month;
} months[] = {
    /* clang-format off */
    {"jan", 1}, {"feb", 2}, {"peb", 2}, {"mar", 3}, {"apr", 4}, {"mei", 5}, {"may", 5}, {"jun", 6},
    {"jul", 7}, {"agu", 8}, {"ags", 8}, {"agt", 8}, {"aug", 8}, {"sep", 9}, {"okt", 10}, {"oct", 10},
    {"nop", 11}, {"nov", 11}, {"des", 12}, {"dec", 12},
}; /* clang-format on */

/* Words that stand around a date and say nothing. */
static const char *const noise[] = {
    "senin", "selasa", "rabu",    "kamis",     "jumat",    "jum'at", "sabtu",    "minggu",
    "ahad",  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "pukul", "pkl",    "jam",     "tanggal",   "tgl",      "at",
};

static const struct {
    const char *name;
    int32_t minutes;
} zones[] = {{"wib", 420}, {"wita", 480}, {"wit", 540}};

/* A date in pieces: numbers, words, and the mark in front of each. */
struct piece {
    char text[WORD_MAX];
    char before; /* '/', '-', '.', ':', ' ', …; 0: none */
    int digits;  /* 0: a word */
    int32_t number;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == '\'';
}

static bool is_noise(const char *word)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(noise); i++)
        if (strcmp(noise[i], word) == 0)
            return true;
    return false;
}

/* Cut into pieces; 0: too many, or a character that no date has. */
static size_t cut(const char *folded, struct piece pieces[WORDS_MAX])
{
    size_t count = 0;
    char before = 0;
    for (const char *at = folded; *at;) {
        if (!is_digit(*at) && !is_letter(*at)) {
            if (!strchr("/-.:, +", *at))
                return 0;
            if (*at != ' ' || before == 0)
                before = *at;
            at++;
            continue;
        }
        struct piece piece = {.before = before};
        size_t len = 0;
        bool digits = is_digit(*at);
        for (; digits ? is_digit(*at) : is_letter(*at); at++) {
            if (len == WORD_MAX - 1 || (digits && len == 6))
                return 0;
            piece.text[len++] = *at;
            if (digits)
                piece.number = piece.number * 10 + (*at - '0');
        }
        piece.digits = digits ? (int)len : 0;
        if (!digits && is_noise(piece.text)) {
            before = ' ';
            continue;
        }
        if (count == WORDS_MAX)
            return 0;
        pieces[count++] = piece;
        before = 0;
    }
    return count;
}

static int32_t month_of(const struct piece *piece)
{
    for (size_t i = 0; piece->digits == 0 && i < SG_ARRAY_LEN(months); i++)
        if (strncmp(piece->text, months[i].begins, 3) == 0)
            return months[i].month;
    return 0;
}

static int32_t whole_year(const struct piece *piece, int32_t latest_year)
{
    if (piece->digits != 2)
        return piece->number;
    int32_t century = latest_year - latest_year % 100;
    int32_t year = century + piece->number;
    return year > latest_year ? year - 100 : year;
}

static bool refuse(struct sheet_fault *fault, const char *rule_id, const char *rule_en)
{
    (void)fault_say(fault, "E_SCHEMA", "%s", "%s", rule_id);
    FAULT_PUT(fault->rule_en, rule_en);
    return fault_accept(fault,
                        "tanggal seperti 29/01/2024, 29-1-24, 29 Januari 2024 atau 2024-01-29",
                        "a date such as 29/01/2024, 29-1-24, 29 Januari 2024 or 2024-01-29");
}

static bool refuse_day(struct sheet_fault *fault, const struct moment *m)
{
    if (m->month > 12 && m->day >= 1 && m->day <= 12)
        return refuse(fault, "bulan lebih dari 12: tanggal ditulis hari dahulu, lalu bulan",
                      "a month above 12: the day comes first, then the month");
    return refuse(fault, "tanggal ini tidak ada dalam kalender", "there is no such day");
}

/* The pieces of the day; returns how many of them there were, 0: not a date. */
static size_t read_day(const struct piece *p, size_t count, int32_t latest_year, bool partial,
                       struct moment *m)
{
    int32_t month = count >= 2 ? month_of(&p[1]) : 0;
    if (count >= 3 && p[0].digits && p[0].digits <= 2 && month &&
        (p[2].digits == 4 || p[2].digits == 2)) {
        *m = (struct moment){whole_year(&p[2], latest_year), month, p[0].number, 0, 0, 0, 0, 0, 0};
        return 3;
    }
    bool numbers = count >= 3 && p[0].digits && p[1].digits && p[2].digits &&
                   strchr("/-.", p[1].before) && p[1].before && p[1].before == p[2].before;
    if (numbers && p[0].digits == 4 && p[1].digits <= 2 && p[2].digits <= 2) {
        *m = (struct moment){p[0].number, p[1].number, p[2].number, 0, 0, 0, 0, 0, 0};
        return 3;
    }
    if (numbers && p[0].digits <= 2 && p[1].digits <= 2 && (p[2].digits == 4 || p[2].digits == 2)) {
        *m = (struct moment){
            whole_year(&p[2], latest_year), p[1].number, p[0].number, 0, 0, 0, 0, 0, 0};
        return 3;
    }
    if (!partial)
        return 0;
    if (count == 2 && month_of(&p[0]) && p[1].digits == 4) {
        *m = (struct moment){p[1].number, month_of(&p[0]), 0, 0, 0, 0, 0, 0, 0};
        return 2;
    }
    if (count == 2 && p[0].digits == 4 && p[1].digits == 2 && p[1].before == '-') {
        *m = (struct moment){p[0].number, p[1].number, 0, 0, 0, 0, 0, 0, 0};
        return 2;
    }
    if (count == 2 && p[0].digits && p[0].digits <= 2 && p[1].digits == 4) {
        *m = (struct moment){p[1].number, p[0].number, 0, 0, 0, 0, 0, 0, 0};
        return 2;
    }
    if (count == 1 && p[0].digits == 4) {
        *m = (struct moment){p[0].number, 0, 0, 0, 0, 0, 0, 0, 0};
        return 1;
    }
    return 0;
}

/* "+07:00" or "wib" behind a time. */
static size_t read_zone(const struct piece *p, size_t count, struct moment *m)
{
    for (size_t i = 0; count >= 1 && i < SG_ARRAY_LEN(zones); i++) {
        if (strcmp(p[0].text, zones[i].name) != 0)
            continue;
        m->has_zone = true;
        m->zone_min = zones[i].minutes;
        return 1;
    }
    if (count >= 1 && strcmp(p[0].text, "z") == 0) {
        m->has_zone = true;
        return 1;
    }
    if (count >= 2 && p[0].digits == 2 && p[1].digits == 2 && p[1].before == ':' &&
        (p[0].before == '+' || p[0].before == '-')) {
        m->has_zone = true;
        m->zone_min = (p[0].number * 60 + p[1].number) * (p[0].before == '-' ? -1 : 1);
        return 2;
    }
    return 0;
}

/* Hours, minutes, seconds; returns how many pieces, 0: no time. */
static size_t read_clock(const struct piece *p, size_t count, struct moment *m)
{
    bool parted = count >= 2 && (p[1].before == '.' || p[1].before == ':');
    if (!parted || !p[0].digits || p[0].digits > 2 || p[1].digits != 2)
        return 0;
    size_t used = 2;
    m->hour = p[0].number;
    m->minute = p[1].number;
    if (count >= 3 && p[2].digits == 2 && p[2].before == p[1].before) {
        m->second = p[2].number;
        used = 3;
    }
    /* A date that Excel had to write with a time. */
    m->has_time = used == 2 || m->hour || m->minute || m->second;
    return used;
}

static bool is_serial(const char *folded)
{
    return strlen(folded) == 5 && strspn(folded, "0123456789") == 5;
}

/* "2024-01-29t08:15:00": the letter between is a mark. */
static void part_iso(char *folded)
{
    char *t = strchr(folded, 't');
    if (t && t > folded && is_digit(t[-1]) && is_digit(t[1]))
        *t = ' ';
}

static bool is_day(const struct moment *m)
{
    int32_t month = m->month ? m->month : 1, day = m->day ? m->day : 1;
    return sg_date_valid(m->year, month, day) && m->hour <= 23 && m->minute <= 59 &&
           m->second <= 59;
}

bool date_read(const char *text, int32_t latest_year, bool partial, struct moment *out,
               struct sheet_fault *fault)
{
    char folded[TEXT_FOLDED_MAX];
    struct piece pieces[WORDS_MAX];
    struct moment moment = {0};
    text_fold(text, folded);
    part_iso(folded);
    if (is_serial(folded))
        return refuse(fault,
                      "ini angka hari dari Excel, bukan tanggal: beri kolomnya format Tanggal",
                      "this is a day number of Excel: give the column the format Date");
    size_t count = cut(folded, pieces);
    size_t used = read_day(pieces, count, latest_year, partial, &moment);
    bool whole = used == 3;
    if (used == 0)
        return refuse(fault, "bukan tanggal", "not a date");
    if (!is_day(&moment) || (whole && (moment.month < 1 || moment.day < 1)) ||
        (used == 2 && moment.month < 1))
        return refuse_day(fault, &moment);
    size_t clock = read_clock(pieces + used, count - used, &moment);
    used += clock;
    if (clock)
        used += read_zone(pieces + used, count - used, &moment);
    if (used != count || !is_day(&moment))
        return refuse(fault, "bukan tanggal dan jam", "not a date and a time");
    *out = moment;
    return true;
}

const char *date_print(const struct moment *m, char to[16])
{
    if (m->day)
        (void)snprintf(to, 16, "%04d-%02d-%02d", (int)m->year % 10000, (int)m->month % 100,
                       (int)m->day % 100);
    else if (m->month)
        (void)snprintf(to, 16, "%04d-%02d", (int)m->year % 10000, (int)m->month % 100);
    else
        (void)snprintf(to, 16, "%04d", (int)m->year % 10000);
    return to;
}

const char *moment_print(const struct moment *m, int32_t zone_min, char to[40])
{
    char day[16];
    int32_t zone = m->has_zone ? m->zone_min : zone_min;
    int32_t size = zone < 0 ? -zone : zone;
    (void)snprintf(to, 40, "%sT%02d:%02d:%02d%c%02d:%02d", date_print(m, day), (int)m->hour % 100,
                   (int)m->minute % 100, (int)m->second % 100, zone < 0 ? '-' : '+',
                   (int)(size / 60) % 100, (int)(size % 60));
    return to;
}
