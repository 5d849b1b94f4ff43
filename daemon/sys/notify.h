/* notify.h - what the service manager is told (sd_notify); nothing when there is none. */
#ifndef SINERGI_SYS_NOTIFY_H
#define SINERGI_SYS_NOTIFY_H

#include "kit/err.h"

#include <stdbool.h>
#include <stdint.h>

SG_PRINTF(1, 2) void notify_ready(const char *status, ...); /* also the end of a reload */
void notify_reloading(int64_t mono_ns);
void notify_stopping(void);
SG_PRINTF(1, 2) void notify_status(const char *status, ...);

struct watchdog {
    int64_t interval_ns; /* of a sign of life; 0 = nobody watches */
    int64_t last_sign_ns;
};
void watchdog_init(struct watchdog *watchdog);

/* Is a sign of life due? Only a loop whose last turn took less than 10 s gives one: a daemon that
 * hangs in the disk is better started again. */
bool watchdog_due(const struct watchdog *watchdog, int64_t mono_ns, int64_t turn_ns);
void watchdog_sign(struct watchdog *watchdog, int64_t mono_ns);

#endif
