/* device_time.h - the time of this device: the broker's, as far as the device was told.
 *
 * Clocks of office machines jump. What an event says about when it was written down must not: once
 * a broker has told the time, it goes on from there by CLOCK_BOOTTIME, which nobody sets. The wall
 * clock is believed while it agrees, so that a drift of weeks is its own. After a restart of the
 * machine only the wall clock is left, and it is never believed to be before what was told.
 */
#ifndef SINERGI_LIB_DEVICE_TIME_H
#define SINERGI_LIB_DEVICE_TIME_H

#include "lib/outbox.h"

/* Milliseconds since 1970 at boot_ns (CLOCK_BOOTTIME), of `boot`, when the wall clock says wall_ms.
 * Pure. `told.server_ms` 0: nothing was told, the wall clock holds. */
int64_t device_time(const struct outbox_clock *told, const struct sg_id *boot, int64_t boot_ns,
                    int64_t wall_ms);

int64_t device_wall_ms(void);
int64_t device_boot_ns(void);
/* The id of this boot of the machine; zero when the system has none. */
void device_boot(struct sg_id *out_boot);

#endif
