#include "cli/device.h"

#include "cli/print.h"
#include "lib/inside.h"
#include "wire/codec.h"
#include "wire/day.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DISK_LOW_MIB = 64, PATH_BYTES = CLIENT_PATH_MAX + 32, MIB = 1 << 20 };

/* ---- outbox ------------------------------------------------------------------------------ */

/* When the event was written down; 0: that cannot be told. */
static int64_t recorded_ms(struct sinergi *client, const struct outbox_place *place)
{
    struct sg_arena *arena = &client->answer_arena;
    size_t used = arena->used;
    struct sg_bytes clear, personal;
    PbEnvelope *envelope = NULL;
    int64_t ms = 0;
    if (outbox_event(client->outbox, place, arena, &clear, &personal, NULL) == SG_OK &&
        sg_decode(&pb_envelope__descriptor, clear, arena, &envelope, NULL) == SG_OK &&
        envelope->recorded_at)
        ms = sg_ms_of(envelope->recorded_at);
    sg_arena_reset(arena, used);
    return ms;
}

/* Of the first event that is not answered; 0: all are. */
static int64_t oldest_ms(struct sinergi *client)
{
    struct outbox_state states[SG_OUTBOXES_MAX];
    size_t count = 0;
    if (outbox_list(client->outbox, states, SG_ARRAY_LEN(states), &count, NULL) != SG_OK)
        return 0;
    int64_t oldest = 0;
    for (size_t i = 0; i < count; i++) {
        if (states[i].answered_through >= states[i].last_number)
            continue;
        struct outbox_place place = {states[i].id, states[i].answered_through + 1};
        int64_t ms = recorded_ms(client, &place);
        if (ms && (!oldest || ms < oldest))
            oldest = ms;
    }
    return oldest;
}

json_t *device_outbox(struct cli *cli)
{
    sinergi_outbox_info info = {0};
    if (sinergi_outbox(cli->client, &info) != SINERGI_OK)
        return NULL;
    struct sg_id id;
    char text[SG_ID_TEXT];
    memcpy(id.b, info.outbox_id, sizeof id.b);
    json_t *json = json_pack("{s:s,s:I,s:I,s:I}", "outbox", sg_id_print(&id, text), "lastNumber",
                             (json_int_t)info.last_number, "unanswered",
                             (json_int_t)info.unanswered, "rejected", (json_int_t)info.rejected);
    int64_t oldest = info.unanswered ? oldest_ms(cli->client) : 0;
    if (!oldest)
        return json;
    int64_t age = client_now_ms(cli->client) - oldest;
    char time[32];
    (void)json_object_set_new(json, "oldest", json_string(sg_time_print(oldest, time)));
    (void)json_object_set_new(json, "oldestAgeMs", json_integer(age > 0 ? age : 0));
    return json;
}

const char *device_age(const struct cli *cli, int64_t ms, char to[64])
{
    int64_t seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    const struct {
        int64_t most, rest;
        const char *most_id, *most_en, *rest_id, *rest_en;
    } rows[] = {
        {days, hours % 24, "hari", "d", "jam", "h"},
        {hours, minutes % 60, "jam", "h", "menit", "min"},
        {minutes, seconds % 60, "menit", "min", "detik", "s"},
    };
    size_t i = days ? 0 : hours ? 1 : 2;
    (void)snprintf(to, 64, "%lld %s %lld %s", (long long)rows[i].most,
                   cli_word(cli, rows[i].most_id, rows[i].most_en), (long long)rows[i].rest,
                   cli_word(cli, rows[i].rest_id, rows[i].rest_en));
    return to;
}

/* ---- inbox, disk ------------------------------------------------------------------------- */

static json_t *device_inbox(struct cli *cli)
{
    json_t *list = json_array();
    char name[SG_NAME_MAX + 1] = "";
    struct inbox_state state;
    uint64_t pending = 0;
    struct inbox *inbox = cli->client->inbox;
    while (inbox_name_next(inbox, name, name, NULL) == SG_OK &&
           inbox_state(inbox, name, &state, NULL) == SG_OK &&
           inbox_pending(inbox, name, &pending, NULL) == SG_OK)
        (void)json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I}", "subscription", name,
                                                    "received", (json_int_t)state.received, "done",
                                                    (json_int_t)state.done, "pending",
                                                    (json_int_t)pending));
    return list;
}

json_t *device_disk(struct cli *cli)
{
    struct statvfs fs;
    if (statvfs(cli->client->conf.data_path, &fs) != 0)
        return NULL;
    json_int_t free_bytes = (json_int_t)fs.f_bavail * (json_int_t)fs.f_frsize;
    return json_pack("{s:s,s:I,s:b}", "folder", cli->client->conf.data_path, "freeBytes",
                     free_bytes, "low", free_bytes < (json_int_t)DISK_LOW_MIB * MIB);
}

void print_disk(const struct cli *cli, const json_t *disk)
{
    if (!disk)
        return;
    double mib = (double)json_long(disk, "freeBytes") / MIB;
    bool much = mib >= 1024;
    printf("disk       %.1f %s %s %s\n", much ? mib / 1024 : mib, much ? "GiB" : "MiB",
           cli_word(cli, "kosong di", "free in"), json_text(disk, "folder"));
    if (json_is_true(json_object_get(disk, "low")))
        puts(cli_word(
            cli,
            "PERHATIAN  disk perangkat ini hampir penuh: kosongkan; tidak ada yang hilang, "
            "tetapi peristiwa baru tidak dapat disimpan",
            "ATTENTION  the disk of this device is nearly full: make room; nothing is lost, "
            "but new events cannot be stored"));
}

/* ---- agent ------------------------------------------------------------------------------- */

/* Asks for the lock that a running agent holds, without taking it. */
static bool agent_runs(const struct cli *cli)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/agent.lock", cli->client->conf.data_path);
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

json_t *device_agent(struct cli *cli)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/agent.status", cli->client->conf.data_path);
    json_t *json = json_load_file(path, 0, NULL);
    if (!json_is_object(json)) {
        json_decref(json);
        json = json_object();
    }
    bool runs = agent_runs(cli);
    if (!runs) {
        (void)json_object_del(json, "pid");
        (void)json_object_set_new(json, "connected", json_false());
    }
    (void)json_object_set_new(json, "running", json_boolean(runs));
    return json;
}

/* "2024-01-29T01:00:00Z" as people read it. */
static const char *text_time(const json_t *object, const char *name, char to[32])
{
    int64_t ms = 0;
    to[0] = '\0';
    return sg_time_parse(json_text(object, name), &ms) == SG_OK ? sg_time_print_wib(ms, to) : to;
}

static void print_drop(const struct cli *cli, const json_t *drop)
{
    char waiting[32], done[32], failed[32], open[32];
    printf("%s  %s %s, %s %s, %s %s, %s %s\n", cli_word(cli, "folder   ", "folder   "),
           json_number(drop, "waiting", waiting), cli_word(cli, "menunggu", "waiting"),
           json_number(drop, "done", done), cli_word(cli, "selesai", "done"),
           json_number(drop, "failed", failed), cli_word(cli, "gagal", "failed"),
           json_number(drop, "open", open),
           cli_word(cli, "belum dijawab seluruhnya", "not answered in full"));
    if (json_text(drop, "error")[0])
        printf("%s  %s\n", cli_word(cli, "PERHATIAN", "ATTENTION"), json_text(drop, "error"));
}

void print_agent(const struct cli *cli, const json_t *agent)
{
    char since[32], connected[32], pid[32];
    if (!json_is_true(json_object_get(agent, "running"))) {
        puts(cli_word(cli, "agen       tidak berjalan", "agent      not running"));
        return;
    }
    bool up = json_is_true(json_object_get(agent, "connected"));
    printf("%s  %s %s (pid %s), %s %s\n", cli_word(cli, "agen     ", "agent    "),
           cli_word(cli, "berjalan sejak", "running since"), text_time(agent, "since", since),
           json_number(agent, "pid", pid),
           up ? cli_word(cli, "terhubung sejak", "connected since")
              : cli_word(cli, "TIDAK terhubung sejak", "NOT connected since"),
           text_time(agent, "connectedSince", connected));
    const json_t *error = json_object_get(agent, "error");
    if (error)
        printf("%s  %s (%s)\n", cli_word(cli, "galat    ", "error    "),
               cli_word(cli, json_text(error, "id"), json_text(error, "en")),
               text_time(error, "at", since));
    size_t i;
    json_t *sub;
    json_array_foreach(json_object_get(agent, "subscriptions"), i, sub)
    {
        if (json_text(sub, "error")[0])
            printf("%s  %s: %s\n", cli_word(cli, "PERHATIAN", "ATTENTION"), json_text(sub, "name"),
                   json_text(sub, "error"));
    }
    if (json_object_get(agent, "drop"))
        print_drop(cli, json_object_get(agent, "drop"));
}

/* ---- all of it --------------------------------------------------------------------------- */

json_t *device_json(struct cli *cli)
{
    return json_pack("{s:o*,s:o*,s:o*,s:o*}", "outbox", device_outbox(cli), "inbox",
                     device_inbox(cli), "agent", device_agent(cli), "disk", device_disk(cli));
}

static void print_waiting(const struct cli *cli, const json_t *outbox)
{
    char last[32], unanswered[32], rejected[32], age[64];
    printf("outbox     %s %s, %s %s", json_number(outbox, "lastNumber", last),
           cli_word(cli, "peristiwa", "events"), json_number(outbox, "unanswered", unanswered),
           cli_word(cli, "belum dijawab", "not answered"));
    if (json_object_get(outbox, "oldestAgeMs"))
        printf(" (%s %s)", cli_word(cli, "yang tertua", "the oldest for"),
               device_age(cli, json_long(outbox, "oldestAgeMs"), age));
    printf(", %s %s\n", json_number(outbox, "rejected", rejected),
           cli_word(cli, "ditolak", "refused"));
}

static void print_pending(const struct cli *cli, const json_t *inbox)
{
    size_t i;
    json_t *entry;
    json_array_foreach(inbox, i, entry)
    {
        char pending[32];
        if (json_long(entry, "pending") > 0)
            printf("inbox      %s: %s %s\n", json_text(entry, "subscription"),
                   json_number(entry, "pending", pending),
                   cli_word(cli, "kiriman menunggu ditangani", "deliveries wait to be handled"));
    }
}

void print_device(const struct cli *cli, const json_t *device)
{
    printf("%s  %s/%s\n", cli_word(cli, "perangkat", "device   "), sinergi_agency(cli->client),
           sinergi_device(cli->client));
    print_agent(cli, json_object_get(device, "agent"));
    print_waiting(cli, json_object_get(device, "outbox"));
    print_pending(cli, json_object_get(device, "inbox"));
    print_disk(cli, json_object_get(device, "disk"));
}
