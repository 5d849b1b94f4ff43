#include "sys/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

enum { STATUS_BYTES = 256 };
static const int64_t turn_ns_max = INT64_C(10000000000);

/* Every call ignores the answer: the daemon works the same without a service manager. */

static void tell(const char *state, const char *fmt, va_list args) SG_PRINTF(2, 0);
static void tell(const char *state, const char *fmt, va_list args)
{
    char status[STATUS_BYTES];
    (void)vsnprintf(status, sizeof status, fmt, args);
    (void)sd_notifyf(0, "%sSTATUS=%s", state, status);
}

void notify_ready(const char *status, ...)
{
    va_list args;
    va_start(args, status);
    tell("READY=1\n", status, args);
    va_end(args);
}

void notify_status(const char *status, ...)
{
    va_list args;
    va_start(args, status);
    tell("", status, args);
    va_end(args);
}

void notify_reloading(int64_t mono_ns)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, mono_ns / 1000);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

void watchdog_init(struct watchdog *watchdog)
{
    uint64_t usec = 0;
    *watchdog = (struct watchdog){0};
    if (sd_watchdog_enabled(0, &usec) > 0) /* three signs per deadline */
        watchdog->interval_ns = (int64_t)usec * 1000 / 3;
}

bool watchdog_due(const struct watchdog *watchdog, int64_t mono_ns, int64_t turn_ns)
{
    return watchdog->interval_ns && turn_ns < turn_ns_max &&
           mono_ns - watchdog->last_sign_ns >= watchdog->interval_ns;
}

void watchdog_sign(struct watchdog *watchdog, int64_t mono_ns)
{
    watchdog->last_sign_ns = mono_ns;
    (void)sd_notify(0, "WATCHDOG=1");
}
