#include "sys/conf_inside.h"

#include <assert.h>
#include <syslog.h>

/* Units and texts stand in refusals; conf/sinergid.conf and sinergid.conf(5) say the same. */
#define AT(field) offsetof(struct settings, field)
#define LIMIT(name, normal, least, most, unit) \
    {"deadlines." #name, CONF_NUMBER, AT(limits.name), least, most, true, unit, NULL, normal},

/* clang-format off */
const struct conf_key conf_keys[] = {
    {"listen.tcp",             CONF_TEXT,   AT(listen_tcp),         0, 255,     false, "tcp://ADDRESS:PORT, \"\" for none", "tcp://0.0.0.0:7471", 0},
    {"listen.local",           CONF_TEXT,   AT(listen_local),       0, 113,     false, "ipc:///PATH, \"\" for none", "ipc:///run/sinergi/sinergid.sock", 0},
    {"listen.local_group",     CONF_TEXT,   AT(listen_local_group), 0, 32,      false, "the name of a group, \"\" for unchanged", "", 0},
    {"listen.ipv6",            CONF_YES_NO, AT(listen_ipv6),        0, 1,       false, "", NULL, 0},
    {"listen.max_connections", CONF_NUMBER, AT(max_connections),    1, 4096,    false, "connections", NULL, 80},
    {"listen.key_connections", CONF_NUMBER, AT(key_connections),    1, 1024,    false, "connections", NULL, 16},
    {"store.path",             CONF_TEXT,   AT(store_path),         1, 255,     false, "a path", "/var/lib/sinergi/store.mdb", 0},
    {"store.head",             CONF_TEXT,   AT(store_head),         1, 255,     false, "a path", "/var/lib/sinergi/head.path", 0},
    {"store.map_gib",          CONF_NUMBER, AT(map_gib),            1, 16384,   false, "GiB", NULL, 64},
    {"store.reserve_percent",  CONF_NUMBER, AT(reserve_percent),    0, 50,      true,  "percent", NULL, 10},
    {"store.reserve_mib",      CONF_NUMBER, AT(reserve_mib),        16, 1 << 20, true, "MiB", NULL, 1024},
    {"keys.file",              CONF_TEXT,   AT(keys_file),          1, 255,     false, "a path, or credential:NAME", "/etc/sinergi/broker.key", 0},
    {"codes.path",             CONF_TEXT,   AT(codes_path),         1, 255,     true,  "a path", "/usr/share/sinergi/codes", 0},
    {"memory.max_mib",         CONF_NUMBER, AT(memory_max_mib),     64, 1 << 20, false, "MiB", NULL, 1024},
    {"reports.target_min",     CONF_NUMBER, AT(target_min),         0, 100000,  true,  "persons", NULL, 20},
    {"reports.target_max",     CONF_NUMBER, AT(target_max),         1, 100000,  true,  "persons", NULL, 25},
    {"log.level",              CONF_LEVEL,  AT(log_level),          LOG_ERR, LOG_DEBUG, true, "", NULL, LOG_NOTICE},
    SG_TIME_LIMITS(LIMIT)
}; /* clang-format on */
const size_t conf_key_count = SG_ARRAY_LEN(conf_keys);
static_assert(SG_ARRAY_LEN(conf_keys) <= CONF_KEYS_MAX, "names of all keys fit");
