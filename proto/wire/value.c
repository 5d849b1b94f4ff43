/* Structural checks of single values. */
#include "wire/codec.h"
#include "wire/day.h"

bool sg_agency_valid(struct sg_bytes id)
{
    if (id.len < 2 || id.len > SG_AGENCY_MAX || id.ptr[0] < 'a' || id.ptr[0] > 'z')
        return false;
    for (size_t i = 1; i < id.len; i++) {
        uint8_t c = id.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

static bool digits(const uint8_t *at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (at[i] < '0' || at[i] > '9')
            return false;
    return true;
}

/* Lengths of a region code by levels: 14, 14.71, 14.71.08, 14.71.08.1009. */
bool sg_region_valid(struct sg_bytes code, int least_levels)
{
    static const size_t lengths[] = {2, 5, 8, 13};
    int levels = 0;
    for (int i = 0; i < 4; i++)
        if (code.len == lengths[i])
            levels = i + 1;
    if (levels == 0 || levels < least_levels || !digits(code.ptr, 2))
        return false;
    for (int i = 1; i < levels; i++) {
        const uint8_t *group = code.ptr + lengths[i - 1];
        if (group[0] != '.' || !digits(group + 1, i == 3 ? 4 : 2))
            return false;
    }
    return true;
}

static int two(const uint8_t *at)
{
    return (at[0] - '0') * 10 + at[1] - '0';
}

bool sg_nik_valid(struct sg_bytes nik)
{
    if (nik.len != 16 || !digits(nik.ptr, 16))
        return false;
    int day = two(nik.ptr + 6), month = two(nik.ptr + 8);
    if (day > 40)
        day -= 40; /* women */
    /* The century is not written: 29 February counts in any leap year of either. */
    int year = two(nik.ptr + 10) % 4 ? 2001 : 2000;
    bool serial = memcmp(nik.ptr + 12, "0000", 4) != 0;
    return serial && month >= 1 && month <= 12 && day >= 1 && day <= sg_days_in_month(year, month);
}

bool sg_time_valid(const Google__Protobuf__Timestamp *t)
{
    return t->seconds >= INT64_C(-2208988800) && t->seconds <= INT64_C(253402300799) &&
           t->nanos >= 0 && t->nanos <= 999999999;
}

bool sg_phone_valid(struct sg_bytes phone)
{
    return phone.len >= 8 && phone.len <= 16 && phone.ptr[0] == '+' && phone.ptr[1] != '0' &&
           digits(phone.ptr + 1, phone.len - 1);
}
