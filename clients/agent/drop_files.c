#include "agent/drop_files.h"

#include "kit/bytes.h"
#include "wire/day.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAMP_CHARS = 15, NAMES_MAX = 999 };

/* ---- folders ----------------------------------------------------------------------------- */

static int make_folder(int top, const char *name, mode_t mode)
{
    if (mkdirat(top, name, mode) != 0 && errno != EEXIST)
        return -1;
    return openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* done/ and failed/ are for the clerks as the folder itself is: same rights; the bit that hands a
 * group on is handed on by the system. */
enum sg_err drop_folders_open(const char *path, struct drop_folders *out_folders,
                              struct sg_why *why)
{
    SG_AUTO(drop_folders_done)
    struct drop_folders folders = {.top = -1, .work = -1, .done = -1, .failed = -1};
    struct stat st;
    int len = snprintf(folders.path, sizeof folders.path, "%s", path);
    folders.top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (len >= PATH_MAX || folders.top < 0 || fstat(folders.top, &st) != 0)
        return sg_fail(why, SG_E_SYS, "drop.folder: %s", strerror(errno));
    mode_t mode = st.st_mode & 0777;
    mode_t before = umask(0);
    folders.work = make_folder(folders.top, ".work", 0700);
    folders.done = make_folder(folders.top, "done", mode);
    folders.failed = make_folder(folders.top, "failed", mode);
    (void)umask(before);
    if (folders.work < 0 || folders.done < 0 || folders.failed < 0)
        return sg_fail(why, SG_E_SYS, "drop.folder: done/, failed/, .work/: %s", strerror(errno));
    *out_folders = folders;
    folders = (struct drop_folders){.top = -1, .work = -1, .done = -1, .failed = -1};
    return SG_OK;
}

bool drop_folders_gone(const struct drop_folders *folders)
{
    struct stat held, there;
    return fstat(folders->top, &held) != 0 || stat(folders->path, &there) != 0 ||
           held.st_dev != there.st_dev || held.st_ino != there.st_ino;
}

void drop_folders_done(struct drop_folders *folders)
{
    sg_fd_done(&folders->top);
    sg_fd_done(&folders->work);
    sg_fd_done(&folders->done);
    sg_fd_done(&folders->failed);
}

static void dir_done(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

enum sg_err drop_each(int folder, drop_visit *visit, void *context, struct sg_why *why)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SG_AUTO(dir_done) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        sg_fd_done(&fd);
        return sg_fail(why, SG_E_SYS, "drop folder: %s", strerror(errno));
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? sg_fail(why, SG_E_SYS, "drop folder: %s", strerror(errno)) : SG_OK;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(context, entry->d_name);
    }
}

/* ---- names ------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

bool drop_is_ignored(const char *name)
{
    static const char *const ends[] = {".tmp", ".part", ".partial", ".crdownload", ".lnk", "~"};
    static const char *const names[] = {"Thumbs.db", "desktop.ini"};
    if (name[0] == '.' || name[0] == '~')
        return true;
    for (size_t i = 0; i < SG_ARRAY_LEN(ends); i++) {
        if (ends_with(name, ends[i]))
            return true;
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        if (strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

bool drop_is_result(const char *name)
{
    return ends_with(name, DROP_RESULT);
}

static bool exists(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_used(const struct drop_folders *folders, const char *pair, const char *file)
{
    char result[NAME_MAX + sizeof DROP_RESULT];
    (void)snprintf(result, sizeof result, "%s" DROP_RESULT, pair);
    const int in[] = {folders->work, folders->done, folders->failed};
    for (size_t i = 0; i < SG_ARRAY_LEN(in); i++) {
        if (exists(in[i], file) || exists(in[i], result))
            return true;
    }
    return false;
}

/* "2026-05-04 09:40:07" in WIB as "20260504-094007" */
static void print_stamp(int64_t now_ms, char to[STAMP_CHARS + 1])
{
    char text[32];
    (void)sg_time_print((now_ms + SG_WIB_MS) / 1000 * 1000, text); /* "2026-05-04T09:40:07Z" */
    size_t len = 0;
    for (const char *at = text; *at && len < STAMP_CHARS; at++) {
        if (*at == 'T')
            to[len++] = '-';
        else if (*at != '-' && *at != ':')
            to[len++] = *at;
    }
    to[len] = '\0';
}

/* The longest name that still has room for the stamp, a number and ".result.csv". */
enum { STEM_MAX = NAME_MAX - STAMP_CHARS - 32 };

bool drop_name(const struct drop_folders *folders, const char *name, int64_t now_ms,
               char out_pair[NAME_MAX + 1], char out_file[NAME_MAX + 1])
{
    char stamp[STAMP_CHARS + 1];
    print_stamp(now_ms, stamp);
    const char *dot = strrchr(name, '.');
    const char *ending = dot && dot != name && strlen(dot) <= 8 ? dot : "";
    size_t stem = strlen(name) - strlen(ending);
    if (stem > STEM_MAX)
        stem = STEM_MAX;
    while (stem > 0 && stem < strlen(name) && ((unsigned char)name[stem] & 0xc0) == 0x80)
        stem--; /* not inside of a UTF-8 character */
    for (int i = 1; i <= NAMES_MAX; i++) {
        char number[8] = "";
        if (i > 1)
            (void)snprintf(number, sizeof number, "-%d", i);
        (void)snprintf(out_pair, NAME_MAX + 1, "%.*s.%s%s", (int)stem, name, stamp, number);
        int len = snprintf(out_file, NAME_MAX + 1, "%s%s", out_pair, ending);
        if (len > 0 && len <= NAME_MAX && !is_used(folders, out_pair, out_file))
            return true;
    }
    return false;
}

/* The stamp of a pair is its last part. */
static const char *stamp_of(const char *pair)
{
    const char *dot = strrchr(pair, '.');
    if (!dot || strlen(dot + 1) < STAMP_CHARS || dot[9] != '-')
        return NULL;
    const char *stamp = dot + 1;
    for (size_t i = 0; i < STAMP_CHARS; i++) {
        if (i != 8 && (stamp[i] < '0' || stamp[i] > '9'))
            return NULL;
    }
    return stamp[STAMP_CHARS] == '\0' || stamp[STAMP_CHARS] == '-' ? stamp : NULL;
}

void drop_pair_of(const char *name, char out_pair[NAME_MAX + 1])
{
    (void)snprintf(out_pair, NAME_MAX + 1, "%s", name);
    if (drop_is_result(name)) {
        out_pair[strlen(out_pair) - strlen(DROP_RESULT)] = '\0';
        return;
    }
    char *dot = strrchr(out_pair, '.');
    if (dot && !stamp_of(out_pair))
        *dot = '\0';
}

static int32_t number_at(const char *digits, int count)
{
    int32_t n = 0;
    for (int i = 0; i < count; i++)
        n = n * 10 + (digits[i] - '0');
    return n;
}

bool drop_taken_ms(const char *pair, int64_t *out_ms)
{
    const char *stamp = stamp_of(pair);
    if (!stamp)
        return false;
    int32_t year = number_at(stamp, 4), month = number_at(stamp + 4, 2),
            day = number_at(stamp + 6, 2);
    if (!sg_date_valid(year, month, day))
        return false;
    int32_t seconds =
        number_at(stamp + 9, 2) * 3600 + number_at(stamp + 11, 2) * 60 + number_at(stamp + 13, 2);
    *out_ms = sg_day_start_ms(sg_day_of(year, month, day)) + (int64_t)seconds * 1000;
    return true;
}

/* ---- moves ------------------------------------------------------------------------------- */

enum sg_err drop_move(int from, const char *from_name, int to, const char *to_name,
                      struct sg_why *why)
{
    int rc = renameat2(from, from_name, to, to_name, RENAME_NOREPLACE);
    if (rc != 0 && (errno == EINVAL || errno == ENOSYS)) /* a file system that cannot tell */
        rc = exists(to, to_name) ? (errno = EEXIST, -1) : renameat(from, from_name, to, to_name);
    if (rc == 0)
        return SG_OK;
    return sg_fail(why, errno == EEXIST ? SG_E_EXISTS : SG_E_SYS, "drop folder: move: %s",
                   strerror(errno));
}

struct search {
    const char *pair;
    bool results; /* look for the result, not for the file */
    char found[NAME_MAX + 1];
};

static void match_pair(void *context, const char *name)
{
    struct search *search = context;
    char pair[NAME_MAX + 1];
    if (drop_is_result(name) != search->results || ends_with(name, ".tmp"))
        return;
    drop_pair_of(name, pair);
    if (strcmp(pair, search->pair) == 0)
        (void)snprintf(search->found, sizeof search->found, "%s", name);
}

/* Name of the file (or the result) of a pair in a folder; "" when it is not there. */
static void find_pair(int folder, const char *pair, bool result, char out_name[NAME_MAX + 1])
{
    struct search search = {.pair = pair, .results = result};
    (void)drop_each(folder, match_pair, &search, NULL); /* a folder that is gone has none */
    memcpy(out_name, search.found, sizeof search.found);
}

void drop_find_file(int folder, const char *pair, char out_name[NAME_MAX + 1])
{
    find_pair(folder, pair, false, out_name);
}

enum sg_err drop_move_pair(int from, int to, const char *pair, struct sg_why *why)
{
    char name[NAME_MAX + 1];
    for (int result = 0; result <= 1; result++) {
        find_pair(from, pair, result != 0, name);
        enum sg_err err = name[0] ? drop_move(from, name, to, name, why) : SG_OK;
        if (err)
            return err;
    }
    return SG_OK;
}

/* ---- after a crash ----------------------------------------------------------------------- */

struct joining {
    const struct drop_folders *folders;
    int folder;
};

/* A result whose file is elsewhere goes there; one of .work/ whose file is nowhere is of no use. */
static void join_pair(void *context, const char *name)
{
    const struct joining *joining = context;
    const struct drop_folders *folders = joining->folders;
    char pair[NAME_MAX + 1], file[NAME_MAX + 1];
    if (joining->folder == folders->work && ends_with(name, ".tmp")) {
        (void)unlinkat(folders->work, name, 0); /* half a result: it is made again */
        return;
    }
    if (!drop_is_result(name))
        return;
    drop_pair_of(name, pair);
    find_pair(joining->folder, pair, false, file);
    if (file[0])
        return;
    const int others[] = {folders->done, folders->failed};
    for (size_t i = 0; i < SG_ARRAY_LEN(others); i++) {
        if (others[i] == joining->folder)
            continue;
        find_pair(others[i], pair, false, file);
        if (file[0] && drop_move(joining->folder, name, others[i], name, NULL) == SG_OK)
            return;
    }
    if (joining->folder == folders->work)
        (void)unlinkat(folders->work, name, 0);
}

void drop_join_pairs(const struct drop_folders *folders)
{
    struct joining work = {folders, folders->work}, done = {folders, folders->done};
    (void)drop_each(folders->work, join_pair, &work, NULL); /* tried again at the next start */
    (void)drop_each(folders->done, join_pair, &done, NULL);
}

/* ---- age --------------------------------------------------------------------------------- */

struct removal {
    int folder;
    int64_t before_ms;
    drop_keeps *keeps;
    void *context;
    unsigned count;
};

static void remove_old(void *context, const char *name)
{
    struct removal *removal = context;
    char pair[NAME_MAX + 1];
    int64_t taken_ms = 0;
    drop_pair_of(name, pair);
    if (!drop_taken_ms(pair, &taken_ms) || taken_ms >= removal->before_ms ||
        removal->keeps(removal->context, pair))
        return;
    if (unlinkat(removal->folder, name, 0) == 0 && !drop_is_result(name))
        removal->count++;
}

unsigned drop_remove_old(const struct drop_folders *folders, int64_t before_ms, drop_keeps *keeps,
                         void *context)
{
    struct removal removal = {folders->done, before_ms, keeps, context, 0};
    (void)drop_each(folders->done, remove_old, &removal, NULL); /* again in an hour */
    return removal.count;
}
