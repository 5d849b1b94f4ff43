#include "store/head.h"

#include "wire/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_VERSION 1U

enum {
    HEAD_FILE_BYTES = 4096,
    CHECKSUM_BYTES = 8,
    AT_VERSION = 8,
    AT_STORE_ID = AT_VERSION + 4,
    AT_EPOCH = AT_STORE_ID + SG_ID_BYTES,
    AT_HEIGHT = AT_EPOCH + 8,
    AT_HASH = AT_HEIGHT + 8,
    AT_CHECKSUM = AT_HASH + SG_HASH_BYTES,
};

static const uint8_t magic[AT_VERSION] = {'s', 'g', '-', 'h', 'e', 'a', 'd', '\n'};

static void checksum(const uint8_t *file, uint8_t out[SG_HASH_BYTES])
{
    sg_hash((struct sg_bytes){file, AT_CHECKSUM}, out);
}

/* Everything but its version and content is said by the checksum. */
static bool whole(const uint8_t *file, ssize_t got)
{
    if (got != HEAD_FILE_BYTES || memcmp(file, magic, sizeof magic) != 0)
        return false;
    uint8_t sum[SG_HASH_BYTES];
    checksum(file, sum);
    return memcmp(file + AT_CHECKSUM, sum, CHECKSUM_BYTES) == 0;
}

enum sg_err head_read(const char *path, enum head_state *out_state, struct head_record *out_head,
                      struct sg_why *why)
{
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *out_state = HEAD_ABSENT;
        return SG_OK;
    }
    if (fd < 0)
        return sg_fail(why, SG_E_STORE, "head file '%s': %s", path, strerror(errno));

    uint8_t file[HEAD_FILE_BYTES];
    ssize_t got = pread(fd, file, sizeof file, 0);
    if (got < 0)
        return sg_fail(why, SG_E_STORE, "read head file '%s': %s", path, strerror(errno));
    if (!whole(file, got)) {
        *out_state = HEAD_TORN;
        return SG_OK;
    }
    uint32_t version = sg_get_u32(file + AT_VERSION);
    if (version != HEAD_VERSION)
        return sg_fail(why, SG_E_STORE,
                       "head file '%s' has version %u, this sinergid knows %u: "
                       "install the version that wrote it",
                       path, version, HEAD_VERSION);

    out_head->epoch = sg_get_u64(file + AT_EPOCH);
    out_head->height = sg_get_u64(file + AT_HEIGHT);
    memcpy(out_head->store_id.b, file + AT_STORE_ID, SG_ID_BYTES);
    memcpy(out_head->hash, file + AT_HASH, SG_HASH_BYTES);
    *out_state = HEAD_READ;
    return SG_OK;
}

enum sg_err head_sync_folder(const char *path, struct sg_why *why)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    if (slash && (size_t)(slash - path) + 1 < sizeof folder) {
        memcpy(folder, path, (size_t)(slash - path) + 1);
        folder[slash - path + 1] = '\0';
    }
    SG_AUTO(sg_fd_done) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return sg_fail(why, SG_E_SYS, "fsync folder '%s': %s", folder, strerror(errno));
    return SG_OK;
}

static enum sg_err open_for_writing(int *fd, const char *path, struct sg_why *why)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return sg_fail(why, SG_E_SYS, "head file '%s': %s", path, strerror(errno));
    enum sg_err err = head_sync_folder(path, why);
    if (err)
        sg_fd_done(fd); /* the next write tries again */
    return err;
}

enum sg_err head_write(int *fd, const char *path, const struct head_record *head,
                       struct sg_why *why)
{
    if (*fd < 0) {
        enum sg_err err = open_for_writing(fd, path, why);
        if (err)
            return err;
    }
    uint8_t file[HEAD_FILE_BYTES] = {0};
    memcpy(file, magic, sizeof magic);
    sg_put_u32(file + AT_VERSION, HEAD_VERSION);
    memcpy(file + AT_STORE_ID, head->store_id.b, SG_ID_BYTES);
    sg_put_u64(file + AT_EPOCH, head->epoch);
    sg_put_u64(file + AT_HEIGHT, head->height);
    memcpy(file + AT_HASH, head->hash, SG_HASH_BYTES);
    uint8_t sum[SG_HASH_BYTES];
    checksum(file, sum);
    memcpy(file + AT_CHECKSUM, sum, CHECKSUM_BYTES);

    ssize_t put = pwrite(*fd, file, sizeof file, 0);
    if (put != (ssize_t)sizeof file)
        return sg_fail(why, SG_E_SYS, "write head file '%s': %s", path,
                       put < 0 ? strerror(errno) : "only a part was written");
    if (fdatasync(*fd) < 0)
        return sg_fail(why, SG_E_SYS, "fsync head file '%s': %s", path, strerror(errno));
    return SG_OK;
}
