#include "agent/drop.h"

#include "agent/child.h"
#include "agent/drop_files.h"
#include "agent/drop_watch.h"
#include "agent/import.h"
#include "agent/log.h"
#include "kit/bytes.h"
#include "lib/inside.h"
#include "sheet/result.h"
#include "wire/day.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JOB_TIMEOUT_S = 3600, /* of one spreadsheet; 100,000 rows take seconds */
    RETRY_S = 10,         /* after an import that the disk or the system did not let through */
    CRASHES_MAX = 3,      /* of one file */
    OPEN_MAX = 512,       /* results that are looked at again; more of them after a restart */
    LOOK_S = 600,         /* at open results, though the outbox says nothing new */
    CLEAN_S = 3600,
};

enum job { JOB_NONE, JOB_IMPORT, JOB_LOOK };

/* A result with rows that were not answered when it was looked at last. */
struct open_result {
    char pair[NAME_MAX + 1];
    bool failed; /* it stands in failed/, else in done/ */
    bool due;
};

struct drop {
    const struct agent_conf *conf;
    sinergi *client;
    char program[PATH_MAX]; /* of this very agent */
    struct drop_folders folders;
    struct drop_watch *watch;

    enum job job;
    struct child child;
    char line[IMPORT_LINE_BYTES];                /* what the helper said */
    char pair[NAME_MAX + 1], file[NAME_MAX + 1]; /* in hand; file "" = none */
    const struct map_conf *map;
    struct stat before; /* of the file, when its import began */
    unsigned crashes;
    int64_t retry_ns, look_ns, clean_ns, reopen_ns;

    struct open_result *open;
    size_t open_count;
    uint64_t seen_answers; /* state of the outbox at the last look */

    uint64_t imported, rows, published, bad; /* since the start */
    unsigned done_files, failed_files;
    char error[512]; /* of the last job that could not be done; "" = none */
};

static void json_done(json_t **json)
{
    json_decref(*json);
}

static json_int_t number(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

/* ---- open and close ---------------------------------------------------------------------- */

static void note_open(struct drop *drop, const char *pair, bool failed)
{
    if (drop->open_count == OPEN_MAX)
        return;
    struct open_result *open = &drop->open[drop->open_count++];
    *open = (struct open_result){.failed = failed, .due = true};
    (void)snprintf(open->pair, sizeof open->pair, "%s", pair);
}

struct finding {
    struct drop *drop;
    bool failed;
};

static void find_open(void *context, const char *name)
{
    const struct finding *finding = context;
    char pair[NAME_MAX + 1];
    if (!drop_is_result(name))
        return;
    drop_pair_of(name, pair);
    note_open(finding->drop, pair, finding->failed);
}

/* The file that was in hand when the agent ended. */
static void find_work(void *context, const char *name)
{
    struct drop *drop = context;
    if (drop_is_result(name))
        return;
    (void)snprintf(drop->file, sizeof drop->file, "%s", name);
    drop_pair_of(name, drop->pair);
}

static const struct map_conf *map_for(const struct drop *drop, const char *name)
{
    const struct drop_conf *conf = &drop->conf->drop;
    for (size_t i = 0; i < conf->map_count; i++) {
        if (fnmatch(conf->maps[i].files, name, FNM_CASEFOLD) == 0)
            return &conf->maps[i];
    }
    return NULL;
}

static void count_results(void *context, const char *name)
{
    unsigned *count = context;
    *count += drop_is_result(name);
}

static void count_files(struct drop *drop)
{
    drop->done_files = drop->failed_files = 0;
    (void)drop_each(drop->folders.done, count_results, &drop->done_files, NULL);
    (void)drop_each(drop->folders.failed, count_results, &drop->failed_files, NULL);
}

/* What an earlier process of the agent left. */
static void recover(struct drop *drop)
{
    drop_join_pairs(&drop->folders);
    (void)drop_each(drop->folders.work, find_work, drop, NULL); /* at most one is in hand */
    (void)drop_each(drop->folders.done, find_open, &(struct finding){drop, false}, NULL);
    (void)drop_each(drop->folders.failed, find_open, &(struct finding){drop, true}, NULL);
    count_files(drop);
}

enum sg_err drop_open(const struct agent_conf *conf, sinergi *client, struct drop **out_drop,
                      struct sg_why *why)
{
    SG_AUTO(drop_close) struct drop *drop = calloc(1, sizeof *drop);
    if (!drop || !(drop->open = calloc(OPEN_MAX, sizeof *drop->open)))
        return sg_fail(why, SG_E_SYS, "no memory");
    drop->conf = conf;
    drop->client = client;
    child_init(&drop->child);
    drop->folders = (struct drop_folders){.top = -1, .work = -1, .done = -1, .failed = -1};
    if (!realpath("/proc/self/exe", drop->program))
        return sg_fail(why, SG_E_SYS, "/proc/self/exe: %s", strerror(errno));
    enum sg_err err = drop_folders_open(conf->drop.folder, &drop->folders, why);
    if (!err)
        err = drop_watch_open(&drop->folders, conf->drop.settle_s, &drop->watch, why);
    if (err)
        return err;
    recover(drop);
    *out_drop = SG_TAKE(drop);
    return SG_OK;
}

void drop_close(struct drop **drop)
{
    if (!*drop)
        return;
    child_kill(&(*drop)->child); /* what it had committed is known at the next import */
    drop_watch_close(&(*drop)->watch);
    drop_folders_done(&(*drop)->folders);
    free((*drop)->open);
    free(SG_TAKE(*drop));
}

/* ---- jobs -------------------------------------------------------------------------------- */

static void result_path(const struct drop *drop, const char *folder, const char *pair,
                        char to[DROP_PATH_BYTES])
{
    (void)snprintf(to, DROP_PATH_BYTES, "%s/%s/%s" DROP_RESULT, drop->folders.path, folder, pair);
}

static bool start_job(struct drop *drop, enum job job, const char *const *argv)
{
    struct sg_why why = {0};
    struct child_order order = {.argv = argv,
                                .folder = "/",
                                .environment = environ,
                                .kept = drop->line,
                                .kept_size = sizeof drop->line,
                                .own_errors = true,
                                .timeout_s = JOB_TIMEOUT_S};
    drop->line[0] = '\0';
    if (child_start(&drop->child, &order, &why) != SG_OK) {
        (void)snprintf(drop->error, sizeof drop->error, "%s", why.text);
        return false;
    }
    drop->job = job;
    return true;
}

static bool file_state(const struct drop *drop, struct stat *out)
{
    return fstatat(drop->folders.work, drop->file, out, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The result is as personal as the file, and for the same eyes. */
static void match_rights(int folder, const char *pair)
{
    char result[NAME_MAX + sizeof DROP_RESULT], file[NAME_MAX + 1];
    struct stat st;
    (void)snprintf(result, sizeof result, "%s" DROP_RESULT, pair);
    drop_find_file(folder, pair, file);
    if (fstatat(folder, file, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    SG_AUTO(sg_fd_done) int fd = openat(folder, result, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool may =
        fd >= 0 && fchmod(fd, st.st_mode & 0666) == 0 && fchown(fd, (uid_t)-1, st.st_gid) == 0;
    (void)may; /* not allowed to: then it stays with the agent's own group */
}

/* Out of our hands: done or failed. */
static void put_away(struct drop *drop, bool failed)
{
    struct sg_why why = {0};
    int to = failed ? drop->folders.failed : drop->folders.done;
    match_rights(drop->folders.work, drop->pair);
    if (drop_move_pair(drop->folders.work, to, drop->pair, &why) != SG_OK) {
        (void)snprintf(drop->error, sizeof drop->error, "%s", why.text);
        drop->retry_ns = client_mono_ns() + RETRY_S * S_NS;
        return; /* it is imported again: the outbox knows its rows */
    }
    drop->file[0] = '\0';
    drop->crashes = 0;
    drop->error[0] = '\0';
    count_files(drop);
}

/* A result that says one thing about the whole file. */
static void refuse_file(struct drop *drop, const char *text_id, const char *text_en)
{
    char path[DROP_PATH_BYTES];
    struct sheet_result *result = NULL;
    struct sg_why why = {0};
    result_path(drop, ".work", drop->pair, path);
    enum sg_err err = sheet_result_open(path, &result, &why);
    if (!err) {
        sheet_result_add_error(result, text_id, text_en);
        err = sheet_result_close(&result, &why);
    }
    if (err) {
        (void)snprintf(drop->error, sizeof drop->error, "%s", why.text);
        drop->retry_ns = client_mono_ns() + RETRY_S * S_NS;
        return;
    }
    put_away(drop, true);
}

static void begin_import(struct drop *drop)
{
    char file[DROP_PATH_BYTES], result[DROP_PATH_BYTES];
    drop->map = map_for(drop, drop->file);
    if (!file_state(drop, &drop->before)) { /* somebody took it away */
        drop->file[0] = '\0';
        return;
    }
    if (!drop->map) {
        log_warn("file-failed", "why=\"no map is for a file of this name\"");
        refuse_file(drop,
                    "nama file ini tidak cocok dengan peta mana pun (drop.maps di agent.conf)",
                    "no map is for a file of this name (drop.maps in agent.conf)");
        return;
    }
    (void)snprintf(file, sizeof file, "%s/.work/%s", drop->folders.path, drop->file);
    result_path(drop, ".work", drop->pair, result);
    const char *const argv[] = {drop->program,  "-c", drop->conf->file, "--import",
                                drop->map->map, file, result,           NULL};
    if (!start_job(drop, JOB_IMPORT, argv))
        drop->retry_ns = client_mono_ns() + RETRY_S * S_NS;
}

static const char *map_label(const struct drop *drop)
{
    const char *slash = strrchr(drop->map->map, '/');
    return slash ? slash + 1 : drop->map->map;
}

static void end_import(struct drop *drop, int exit_status)
{
    struct stat now;
    SG_AUTO(json_done) json_t *json = json_loads(drop->line, 0, NULL);
    bool said = json && (exit_status == IMPORT_DONE || exit_status == IMPORT_UNREADABLE);
    if (!said) {
        drop->retry_ns = client_mono_ns() + RETRY_S * S_NS;
        drop->crashes += exit_status != IMPORT_LATER;
        (void)snprintf(drop->error, sizeof drop->error, "%s: exit status %d", map_label(drop),
                       exit_status);
        log_warn("import-again", "map=%s status=%d", map_label(drop), exit_status);
        if (drop->crashes >= CRASHES_MAX)
            refuse_file(drop, "file ini tidak dapat diolah: program impor berhenti di tengahnya",
                        "this file cannot be worked on: the import ended in the midst of it");
        return;
    }
    if (!file_state(drop, &now) || !is_same(&now, &drop->before)) {
        drop->retry_ns = client_mono_ns() + drop->conf->drop.settle_s * S_NS;
        return; /* written to while it was read: once more, from the beginning */
    }
    json_int_t rows = number(json, "rows"), bad = number(json, "bad");
    /* A changed row is not sent either: somebody has to run its command, or put it back. */
    bool failed = exit_status == IMPORT_UNREADABLE || bad > 0 || number(json, "changed") > 0 ||
                  number(json, "refused") > 0;
    drop->imported++;
    drop->rows += (uint64_t)rows;
    drop->bad += (uint64_t)bad;
    drop->published += (uint64_t)number(json, "published");
    log_note("file-imported",
             "map=%s rows=%lld published=%lld known=%lld changed=%lld bad=%lld to=%s",
             map_label(drop), (long long)rows, (long long)number(json, "published"),
             (long long)number(json, "known"), (long long)number(json, "changed"), (long long)bad,
             failed ? "failed" : "done");
    if (number(json, "waiting") > 0) {
        note_open(drop, drop->pair, failed);
        sender_look(drop->client);
    }
    put_away(drop, failed);
}

/* ---- results that are not final ---------------------------------------------------------- */

/* Changes whenever an answer came: frames of ours, or how a parked event ended. */
static uint64_t answers(const struct drop *drop)
{
    struct outbox_state states[SG_OUTBOXES_MAX];
    size_t count = 0;
    uint64_t sum = 0;
    if (outbox_list(drop->client->outbox, states, SG_ARRAY_LEN(states), &count, NULL) == SG_OK) {
        for (size_t i = 0; i < count; i++)
            sum += states[i].answered_through + states[i].rejected;
    }
    for (size_t i = 0; i < drop->client->subscription_count; i++) {
        const struct subscription *sub = drop->client->subscriptions[i];
        if (settled_subscription(sub))
            sum += sub->done;
    }
    return sum;
}

static void mark_due(struct drop *drop, int64_t now_ns)
{
    uint64_t now = answers(drop);
    if (drop->open_count == 0 || (now == drop->seen_answers && now_ns < drop->look_ns))
        return;
    drop->seen_answers = now;
    drop->look_ns = now_ns + LOOK_S * S_NS;
    for (size_t i = 0; i < drop->open_count; i++)
        drop->open[i].due = true;
}

/* The next one that is due stands first. */
static bool begin_look(struct drop *drop)
{
    for (size_t i = 0; i < drop->open_count; i++) {
        if (!drop->open[i].due)
            continue;
        struct open_result first = drop->open[i];
        drop->open[i] = drop->open[0];
        drop->open[0] = first;
        drop->open[0].due = false;
        char path[DROP_PATH_BYTES];
        result_path(drop, first.failed ? "failed" : "done", first.pair, path);
        const char *const argv[] = {drop->program, "-c", drop->conf->file, "--refresh", path, NULL};
        return start_job(drop, JOB_LOOK, argv);
    }
    return false;
}

static void forget_open(struct drop *drop, size_t index)
{
    drop->open[index] = drop->open[--drop->open_count];
    drop->clean_ns = 0; /* it may be old enough */
}

static void end_look(struct drop *drop, int exit_status)
{
    struct open_result *open = &drop->open[0];
    SG_AUTO(json_done) json_t *json = json_loads(drop->line, 0, NULL);
    if (exit_status == IMPORT_UNREADABLE) {
        forget_open(drop, 0);
        return;
    }
    if (exit_status != IMPORT_DONE || !json) {
        drop->retry_ns = client_mono_ns() + RETRY_S * S_NS;
        open->due = true;
        return;
    }
    bool failed = number(json, "refused") > 0 || number(json, "bad") > 0;
    struct sg_why why = {0};
    match_rights(open->failed ? drop->folders.failed : drop->folders.done, open->pair);
    if (failed && !open->failed) {
        if (drop_move_pair(drop->folders.done, drop->folders.failed, open->pair, &why) != SG_OK) {
            (void)snprintf(drop->error, sizeof drop->error, "%s", why.text);
            return; /* the next answer tries again, and so does a restart */
        }
        open->failed = true;
        log_warn("file-failed", "rows=%lld refused=%lld", (long long)number(json, "rows"),
                 (long long)number(json, "refused"));
        count_files(drop);
    }
    if (number(json, "waiting") == 0)
        forget_open(drop, 0);
}

/* ---- age --------------------------------------------------------------------------------- */

static bool is_open(void *context, const char *pair)
{
    const struct drop *drop = context;
    for (size_t i = 0; i < drop->open_count; i++) {
        if (strcmp(drop->open[i].pair, pair) == 0)
            return true;
    }
    return false;
}

/* Only by the time of the broker: a clock that jumped must not remove what is young. */
static void clean(struct drop *drop, int64_t now_ns)
{
    if (now_ns < drop->clean_ns || !session_is_up(drop->client))
        return;
    drop->clean_ns = now_ns + CLEAN_S * S_NS;
    int64_t before_ms = client_now_ms(drop->client) - drop->conf->drop.keep_days * SG_DAY_MS;
    unsigned count = drop_remove_old(&drop->folders, before_ms, is_open, drop);
    if (count == 0)
        return;
    log_note("files-removed", "count=%u older_than_days=%lld", count,
             (long long)drop->conf->drop.keep_days);
    count_files(drop);
}

/* ---- a folder that comes and goes -------------------------------------------------------- */

/* What is open in it is found there again, as after a restart. */
static void reopen(struct drop *drop)
{
    SG_AUTO(drop_folders_done)
    struct drop_folders folders = {.top = -1, .work = -1, .done = -1, .failed = -1};
    if (drop_folders_open(drop->conf->drop.folder, &folders, NULL) != SG_OK)
        return; /* the next look tries again */
    struct drop_folders before = drop->folders;
    drop->folders = folders;
    folders = before;
    drop->file[0] = '\0';
    drop->open_count = 0;
    recover(drop);
    drop_watch_again(drop->watch);
    log_note("drop-folder-opened", "again=yes");
}

/* ---- the loop ---------------------------------------------------------------------------- */

void drop_fds(const struct drop *drop, struct pollfd fds[DROP_FDS])
{
    for (size_t i = 0; i < DROP_FDS; i++)
        fds[i] = (struct pollfd){.fd = -1};
    if (!drop)
        return;
    fds[0] = (struct pollfd){.fd = drop_watch_fd(drop->watch), .events = POLLIN};
    child_fds(&drop->child, fds + 1);
}

int64_t drop_due_ns(const struct drop *drop)
{
    if (!drop)
        return INT64_MAX;
    if (drop->job)
        return child_deadline_ns(&drop->child);
    if (drop->file[0])
        return drop->retry_ns;
    int64_t due = drop_watch_due_ns(drop->watch);
    for (size_t i = 0; i < drop->open_count; i++) {
        if (drop->open[i].due && drop->retry_ns < due)
            due = drop->retry_ns;
    }
    return due > drop->retry_ns ? due : drop->retry_ns;
}

/* Into our hands: from here on the clerk may put another file of that name there. */
static void take(struct drop *drop, const char *name)
{
    struct sg_why why = {0};
    char pair[NAME_MAX + 1], file[NAME_MAX + 1];
    if (!drop_name(&drop->folders, name, client_now_ms(drop->client), pair, file))
        return;
    if (drop_move(drop->folders.top, name, drop->folders.work, file, &why) != SG_OK) {
        (void)snprintf(drop->error, sizeof drop->error, "%s", why.text);
        return;
    }
    memcpy(drop->file, file, sizeof file);
    memcpy(drop->pair, pair, sizeof pair);
    drop->retry_ns = 0;
}

static void begin(struct drop *drop, int64_t now_ns)
{
    char name[NAME_MAX + 1];
    if (now_ns < drop->retry_ns)
        return;
    if (!drop->file[0] && drop_watch_next(drop->watch, now_ns, name))
        take(drop, name);
    if (drop->file[0])
        begin_import(drop);
    else
        (void)begin_look(drop);
}

void drop_step(struct drop *drop, int64_t now_ns)
{
    if (!drop)
        return;
    drop_watch_step(drop->watch, now_ns);
    if (drop->job && child_step(&drop->child, now_ns)) {
        enum job job = drop->job;
        drop->job = JOB_NONE;
        if (job == JOB_IMPORT)
            end_import(drop, drop->child.exit_status);
        else
            end_look(drop, drop->child.exit_status);
    }
    if (!drop->job && drop_watch_trouble(drop->watch) && now_ns >= drop->reopen_ns) {
        drop->reopen_ns = now_ns + RETRY_S * S_NS;
        reopen(drop);
    }
    mark_due(drop, now_ns);
    if (!drop->job)
        begin(drop, now_ns);
    clean(drop, now_ns);
}

bool drop_is_idle(const struct drop *drop)
{
    return !drop || (!drop->job && !drop->file[0] && drop_watch_count(drop->watch) == 0 &&
                     drop->open_count == 0);
}

json_t *drop_json(const struct drop *drop)
{
    json_t *json =
        json_pack("{s:I,s:b,s:i,s:i,s:I,s:I,s:I,s:I,s:I}", "waiting",
                  (json_int_t)drop_watch_count(drop->watch) + (drop->file[0] != '\0'), "working",
                  drop->job == JOB_IMPORT, "done", (int)drop->done_files, "failed",
                  (int)drop->failed_files, "open", (json_int_t)drop->open_count, "imported",
                  (json_int_t)drop->imported, "rows", (json_int_t)drop->rows, "published",
                  (json_int_t)drop->published, "bad", (json_int_t)drop->bad);
    const char *trouble = drop_watch_trouble(drop->watch);
    if (drop->error[0] || trouble)
        (void)json_object_set_new(json, "error", json_string(trouble ? trouble : drop->error));
    return json;
}
