#include "lib/device_time.h"

#include <stdio.h>
#include <time.h>

enum { BOOT_ID_TEXT = 36 };
static const int64_t ms_ns = 1000000, agrees_ms = 60000;

static int64_t read_ns(clockid_t clock)
{
    struct timespec t = {0};
    (void)clock_gettime(clock, &t); /* cannot fail for these clocks */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t device_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / ms_ns;
}

int64_t device_boot_ns(void)
{
    return read_ns(CLOCK_BOOTTIME);
}

void device_boot(struct sg_id *out_boot)
{
    char text[BOOT_ID_TEXT + 1] = "";
    *out_boot = (struct sg_id){0};
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file)
        return;
    if (fgets(text, sizeof text, file) && sg_id_parse(text, out_boot) != SG_OK)
        *out_boot = (struct sg_id){0};
    (void)fclose(file);
}

int64_t device_time(const struct outbox_clock *told, const struct sg_id *boot, int64_t boot_ns,
                    int64_t wall_ms)
{
    if (!told->server_ms)
        return wall_ms;
    if (told->demo)
        return told->server_ms;
    bool same_boot = !sg_id_is_zero(&told->boot) && sg_id_equal(&told->boot, boot);
    if (!same_boot)
        return wall_ms > told->server_ms ? wall_ms : told->server_ms;
    int64_t now_ms = told->server_ms + (boot_ns - told->boot_ns) / ms_ns;
    int64_t off_ms = wall_ms - now_ms;
    return off_ms >= -agrees_ms && off_ms <= agrees_ms ? wall_ms : now_ms;
}
