#include "sys/space.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

bool space_is_low(uint64_t total_bytes, uint64_t free_bytes, const struct space_reserve *reserve)
{
    return free_bytes < reserve->bytes || free_bytes < total_bytes / 100 * reserve->percent;
}

enum sg_err space_look(const char *path, const struct space_reserve *reserve,
                       struct space *out_space, struct sg_why *why)
{
    struct statvfs fs;
    int rc;
    do
        rc = statvfs(path, &fs);
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return sg_fail(why, SG_E_SYS, "free space of '%s': %s", path, strerror(errno));
    uint64_t total = (uint64_t)fs.f_blocks * fs.f_frsize;
    uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
    *out_space = (struct space){total, left, space_is_low(total, left, reserve)};
    return SG_OK;
}
