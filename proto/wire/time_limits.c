#include "wire/time_limits.h"

const struct sg_time_limits sg_time_limits_normal = {
#define NORMAL(name, normal, least, most, unit) .name = (normal),
    SG_TIME_LIMITS(NORMAL)
#undef NORMAL
};
