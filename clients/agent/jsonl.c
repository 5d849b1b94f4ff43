#include "agent/jsonl.h"

#include "kit/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4 << 20, BLOCK_BYTES = 65536, PATH_BYTES = 1200 };

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

enum sg_err jsonl_open(const char *path, int64_t rotate_bytes, int64_t keep,
                       struct jsonl **out_jsonl, struct sg_why *why)
{
    SG_AUTO(jsonl_close) struct jsonl *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl || !(jsonl->path = strdup(path)))
        return sg_fail(why, SG_E_SYS, "no memory");
    jsonl->fd = -1;
    jsonl->rotate_bytes = rotate_bytes;
    jsonl->keep = keep;
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
