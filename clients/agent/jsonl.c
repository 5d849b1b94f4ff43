#include "agent/jsonl.h"

#include "agent/forget.h"
#include "kit/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4 << 20, BLOCK_BYTES = 65536, PATH_BYTES = 1200 };

#define HALF ".new"

struct jsonl {
    char *path;
    int fd;
    int64_t length, rotate_bytes, keep;
    uint64_t seq;
};

static enum sg_err fail(const struct jsonl *jsonl, const char *what, struct sg_why *why)
{
    return sg_fail(why, SG_E_SYS, "%s: %s: %s", jsonl->path, what, strerror(errno));
}

/* ---- what the file says ------------------------------------------------------------------ */

/* Where the line begins that ends before `end`: behind the end of line before it. */
static bool line_start(int fd, int64_t end, int64_t *out_start)
{
    char block[BLOCK_BYTES];
    while (end > 0) {
        int64_t from = end > BLOCK_BYTES ? end - BLOCK_BYTES : 0;
        ssize_t got = pread(fd, block, (size_t)(end - from), from);
        if (got != end - from)
            return false;
        const char *found = memrchr(block, '\n', (size_t)got);
        if (found) {
            *out_start = from + (found - block) + 1;
            return true;
        }
        end = from;
    }
    *out_start = 0;
    return true;
}

/* The seq that a line of ours names; 0: it is none of ours. */
static uint64_t line_seq(const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(json, "seq"));
    uint64_t seq = text ? strtoull(text, NULL, 10) : 0;
    json_decref(json);
    return seq;
}

/* Length up to the end of the last whole line, and the seq of that line (0: there is no line). */
static enum sg_err read_end(const struct jsonl *jsonl, int fd, int64_t *out_length,
                            uint64_t *out_seq, struct sg_why *why)
{
    struct stat st;
    int64_t end = 0, start = 0;
    if (fstat(fd, &st) != 0 || !line_start(fd, st.st_size, &end))
        return fail(jsonl, "read", why);
    *out_length = end;
    *out_seq = 0;
    if (end == 0)
        return SG_OK;
    if (!line_start(fd, end - 1, &start))
        return fail(jsonl, "read", why);
    int64_t length = end - 1 - start;
    SG_AUTO(sg_heap_done) char *line = length <= LINE_BYTES_MAX ? malloc((size_t)length + 1) : NULL;
    if (line && pread(fd, line, (size_t)length, start) != length)
        return fail(jsonl, "read", why);
    *out_seq = line ? line_seq(line, (size_t)length) : 0;
    return *out_seq ? SG_OK
                    : sg_fail(why, SG_E_FORMAT,
                              "%s: baris terakhir bukan tulisan agen ini; pindahkan file itu / the "
                              "last line was not written by this agent; move the file away",
                              jsonl->path);
}

/* A rotation that was cut short, or has just been done: the seq stands in the file before. */
static enum sg_err read_older(const struct jsonl *jsonl, uint64_t *out_seq, struct sg_why *why)
{
    char path[PATH_BYTES];
    int64_t length;
    (void)snprintf(path, sizeof path, "%s.1", jsonl->path);
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? SG_OK : fail(jsonl, "open .1", why);
    return read_end(jsonl, fd, &length, out_seq, why);
}

static enum sg_err open_file(struct jsonl *jsonl, struct sg_why *why)
{
    jsonl->fd = open(jsonl->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (jsonl->fd < 0)
        return fail(jsonl, "open", why);
    uint64_t seq = 0;
    enum sg_err err = read_end(jsonl, jsonl->fd, &jsonl->length, &seq, why);
    if (!err && ftruncate(jsonl->fd, jsonl->length) != 0)
        err = fail(jsonl, "cut", why);
    if (!err && seq == 0)
        err = read_older(jsonl, &seq, why);
    jsonl->seq = seq;
    return err;
}

/* Of a forgetting that was cut short: names stand in it. */
static void remove_half(const struct jsonl *jsonl)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s" HALF, jsonl->path);
    (void)unlink(path);
}

enum sg_err jsonl_open(const char *path, int64_t rotate_bytes, int64_t keep,
                       struct jsonl **out_jsonl, struct sg_why *why)
{
    SG_AUTO(jsonl_close) struct jsonl *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl || !(jsonl->path = strdup(path)))
        return sg_fail(why, SG_E_SYS, "no memory");
    jsonl->fd = -1;
    jsonl->rotate_bytes = rotate_bytes;
    jsonl->keep = keep;
    remove_half(jsonl);
    enum sg_err err = open_file(jsonl, why);
    if (!err)
        *out_jsonl = SG_TAKE(jsonl);
    return err;
}

void jsonl_close(struct jsonl **jsonl)
{
    if (!*jsonl)
        return;
    sg_fd_done(&(*jsonl)->fd);
    free((*jsonl)->path);
    free(SG_TAKE(*jsonl));
}

uint64_t jsonl_seq(const struct jsonl *jsonl)
{
    return jsonl->seq;
}

/* ---- rotation ---------------------------------------------------------------------------- */

static bool sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                   slash ? path : ".");
    SG_AUTO(sg_fd_done) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* From the oldest on, so that a step that was cut short leaves no two files with one name. */
static enum sg_err rotate(struct jsonl *jsonl, struct sg_why *why)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    for (int64_t i = jsonl->keep - 1; i >= 0; i--) {
        (void)snprintf(from, sizeof from, i ? "%s.%lld" : "%s", jsonl->path, (long long)i);
        (void)snprintf(to, sizeof to, "%s.%lld", jsonl->path, (long long)i + 1);
        if (rename(from, to) != 0 && errno != ENOENT)
            return fail(jsonl, "rename", why);
    }
    for (int64_t i = jsonl->keep + 1;; i++) { /* left from a configuration that kept more */
        (void)snprintf(from, sizeof from, "%s.%lld", jsonl->path, (long long)i);
        if (unlink(from) != 0)
            break;
    }
    sg_fd_done(&jsonl->fd);
    jsonl->fd = open(jsonl->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (jsonl->fd < 0 || !sync_folder(jsonl->path))
        return fail(jsonl, "open", why);
    jsonl->length = 0;
    return SG_OK;
}

/* ---- adding ------------------------------------------------------------------------------ */

static bool write_line(int fd, const char *line, size_t length)
{
    char end[] = "\n";
    struct iovec parts[] = {{.iov_len = length}, {end, 1}};
    memcpy(&parts[0].iov_base, &line, sizeof line); /* writev does not write to it */
    ssize_t written;
    do
        written = writev(fd, parts, SG_ARRAY_LEN(parts));
    while (written < 0 && errno == EINTR);
    if (written >= 0 && written != (ssize_t)length + 1)
        errno = ENOSPC; /* a short write to a file is a full disk */
    return written == (ssize_t)length + 1;
}

enum sg_err jsonl_add(struct jsonl *jsonl, uint64_t seq, const char *line, struct sg_why *why)
{
    if (seq <= jsonl->seq)
        return SG_OK;
    enum sg_err err = SG_OK;
    size_t length = strlen(line);
    if (jsonl->fd < 0)
        err = open_file(jsonl, why);
    if (!err && jsonl->length > 0 && jsonl->length + (int64_t)length >= jsonl->rotate_bytes)
        err = rotate(jsonl, why);
    if (err)
        return err;
    if (!write_line(jsonl->fd, line, length) || fdatasync(jsonl->fd) != 0) {
        err = fail(jsonl, "write", why);
        if (ftruncate(jsonl->fd, jsonl->length) != 0)
            sg_fd_done(&jsonl->fd); /* the next try looks at what the disk holds */
        return err;
    }
    jsonl->length += (int64_t)length + 1;
    jsonl->seq = seq;
    return SG_OK;
}

/* ---- forgetting -------------------------------------------------------------------------- */

/* Lines of a file, one after the other, in a buffer of the greatest length. */
struct lines {
    int fd;
    char *buffer; /* LINE_BYTES_MAX */
    size_t start, end;
};

static void lines_done(struct lines *lines)
{
    sg_fd_done(&lines->fd);
    free(SG_TAKE(lines->buffer));
}

static bool fill(struct lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    ssize_t got;
    do
        got = read(lines->fd, lines->buffer + lines->end, LINE_BYTES_MAX - lines->end);
    while (got < 0 && errno == EINTR);
    lines->end += got > 0 ? (size_t)got : 0;
    errno = got < 0 ? errno : 0;
    return got > 0;
}

/* A line with its end; the last one may have none, and what is longer than the buffer comes in
 * pieces. False: there is none (errno 0), or reading failed. */
static bool next_line(struct lines *lines, struct sg_bytes *out_line)
{
    const char *found = NULL;
    size_t looked = 0;
    for (;;) {
        const char *from = lines->buffer + lines->start;
        size_t length = lines->end - lines->start;
        found = memchr(from + looked, '\n', length - looked);
        if (found || length == LINE_BYTES_MAX)
            break;
        looked = length;
        if (!fill(lines)) {
            if (errno || length == 0)
                return false;
            break;
        }
    }
    const char *line = lines->buffer + lines->start;
    size_t length = found ? (size_t)(found - line) + 1 : lines->end - lines->start;
    *out_line = (struct sg_bytes){(const uint8_t *)line, length};
    lines->start += length;
    return true;
}

/* *out_text: the line without what the order takes; NULL: it stays as it is. False: no memory. */
static bool forget_in_line(const struct forget_order *order, struct sg_bytes line, char **out_text)
{
    *out_text = NULL;
    if (!memmem(line.ptr, line.len, order->person_ref, strlen(order->person_ref)))
        return true;
    json_t *json = json_loadb((const char *)line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
    const char *seq = json_string_value(json_object_get(json, "seq"));
    bool taken = seq && strtoull(seq, NULL, 10) < order->seq && forget_in_json(order, json);
    if (taken)
        *out_text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return !taken || *out_text;
}

/* A file that is written anew. */
struct copy {
    char path[PATH_BYTES];
    FILE *file;
};

static void copy_done(struct copy *copy)
{
    if (!copy->file)
        return;
    (void)fclose(SG_TAKE(copy->file));
    (void)unlink(copy->path);
}

static enum sg_err copy_begin(const struct jsonl *jsonl, int from, struct copy *copy,
                              struct sg_why *why)
{
    struct stat st;
    remove_half(jsonl);
    (void)snprintf(copy->path, sizeof copy->path, "%s" HALF, jsonl->path);
    SG_AUTO(sg_fd_done)
    int fd = open(copy->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(from, &st) != 0 || fchmod(fd, st.st_mode & 07777) != 0)
        return fail(jsonl, "open " HALF, why);
    copy->file = fdopen(fd, "w");
    if (!copy->file)
        return fail(jsonl, "open " HALF, why);
    fd = -1;
    return SG_OK;
}

/* All lines into the copy, from the first on. */
static enum sg_err copy_lines(const struct jsonl *jsonl, const struct forget_order *order,
                              struct lines *lines, const struct copy *copy, uint64_t *changed,
                              struct sg_why *why)
{
    struct sg_bytes line;
    bool good = lseek(lines->fd, 0, SEEK_SET) == 0;
    lines->start = lines->end = 0;
    while (good && next_line(lines, &line)) {
        SG_AUTO(sg_heap_done) char *text = NULL;
        good = forget_in_line(order, line, &text);
        if (good && text)
            good = fprintf(copy->file, "%s\n", text) >= 0;
        else if (good)
            good = fwrite(line.ptr, 1, line.len, copy->file) == line.len;
        *changed += text != NULL;
        errno = good ? 0 : errno;
        forget_goes_on();
    }
    good = good && errno == 0 && fflush(copy->file) == 0 && fsync(fileno(copy->file)) == 0;
    return good ? SG_OK : fail(jsonl, "write " HALF, why);
}

static enum sg_err any_line(const struct jsonl *jsonl, const struct forget_order *order,
                            struct lines *lines, bool *out_any, struct sg_why *why)
{
    struct sg_bytes line;
    *out_any = false;
    while (!*out_any && next_line(lines, &line)) {
        SG_AUTO(sg_heap_done) char *text = NULL;
        if (!forget_in_line(order, line, &text))
            return sg_fail(why, SG_E_SYS, "no memory");
        *out_any = text != NULL;
        forget_goes_on();
    }
    return *out_any || errno == 0 ? SG_OK : fail(jsonl, "read", why);
}

static enum sg_err forget_in_file(const struct jsonl *jsonl, const char *path,
                                  const struct forget_order *order, struct forgotten *forgotten,
                                  struct sg_why *why)
{
    SG_AUTO(lines_done)
    struct lines lines = {.fd = open(path, O_RDONLY | O_CLOEXEC), .buffer = malloc(LINE_BYTES_MAX)};
    SG_AUTO(copy_done) struct copy copy = {.file = NULL};
    bool any = false;
    uint64_t changed = 0;
    if (lines.fd < 0 || !lines.buffer)
        return fail(jsonl, "open", why);
    enum sg_err err = any_line(jsonl, order, &lines, &any, why);
    if (err || !any)
        return err;
    err = copy_begin(jsonl, lines.fd, &copy, why);
    if (!err)
        err = copy_lines(jsonl, order, &lines, &copy, &changed, why);
    if (err)
        return err;
    if (rename(copy.path, path) != 0)
        return fail(jsonl, "rename", why);
    (void)fclose(SG_TAKE(copy.file)); /* written and on the disk */
    forgotten->rows += changed;
    forgotten->files++;
    return sync_folder(path) ? SG_OK : fail(jsonl, "sync", why);
}

/* Is this the file, or an older one of it? */
static bool is_ours(const char *name, const char *base)
{
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0)
        return false;
    const char *rest = name + length;
    return *rest == '\0' ||
           (*rest == '.' && rest[1] != '\0' && rest[1 + strspn(rest + 1, "0123456789")] == '\0');
}

static void folder_done(DIR **folder)
{
    if (*folder)
        (void)closedir(SG_TAKE(*folder));
}

enum sg_err jsonl_forget(struct jsonl *jsonl, const struct forget_order *order,
                         struct forgotten *forgotten, struct sg_why *why)
{
    char path[PATH_BYTES];
    const char *slash = strrchr(jsonl->path, '/');
    int length = slash ? (int)(slash - jsonl->path) + 1 : 0;
    (void)snprintf(path, sizeof path, "%.*s", length ? length : 1, length ? jsonl->path : ".");
    SG_AUTO(folder_done) DIR *folder = opendir(path);
    if (!folder)
        return fail(jsonl, "open folder", why);
    enum sg_err err = SG_OK;
    const struct dirent *entry = NULL;
    while (!err && (entry = readdir(folder))) {
        if (!is_ours(entry->d_name, jsonl->path + length))
            continue;
        (void)snprintf(path, sizeof path, "%.*s%s", length, jsonl->path, entry->d_name);
        err = forget_in_file(jsonl, path, order, forgotten, why);
    }
    sg_fd_done(&jsonl->fd); /* another file stands there by now: the next line looks at it */
    return err;
}
