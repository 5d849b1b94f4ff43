/* test_store_faults.c - the n-th system call of the store fails, for every n.
 *
 * This program defines the calls itself, and its definitions come before those of the C library
 * for LMDB too. What must hold: a commit that said yes is there afterwards, whole; one that said no
 * said so with SG_E_STORE and a sentence; and the store opens again. */
#include "unit/store_fixture.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum call {
    CALL_OPEN,
    CALL_PREAD,
    CALL_PWRITE,
    CALL_WRITE,
    CALL_WRITEV,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_RENAME,
    CALL_FLOCK,
    CALL_MMAP,
    CALLS
};

enum mode {
    MODE_ONCE, /* the call fails, and the ones after it do not */
    MODE_HALF, /* as before, but a write writes its first half */
    MODE_DEAD, /* all from then on fail */
    MODES
};
static const char *const mode_names[] = {"once", "half", "dead"};

static struct {
    bool armed;
    enum mode mode;
    unsigned fail_at, calls, failed, of[CALLS];
    int error;
} faults;

static bool fails(enum call call)
{
    if (!faults.armed)
        return false;
    faults.of[call]++;
    unsigned n = ++faults.calls;
    if (n != faults.fail_at && !(faults.mode == MODE_DEAD && n > faults.fail_at))
        return false;
    faults.failed++;
    errno = faults.error;
    return true;
}

/* The names of the C library without its prototypes, which may be inline functions. */
int fault_open(const char *path, int flags, ...) __asm__("open");
ssize_t fault_pread(int fd, void *to, size_t size, off_t at) __asm__("pread");
ssize_t fault_pwrite(int fd, const void *from, size_t size, off_t at) __asm__("pwrite");
ssize_t fault_write(int fd, const void *from, size_t size) __asm__("write");
ssize_t fault_writev(int fd, const struct iovec *runs, int count) __asm__("writev");
int fault_fsync(int fd) __asm__("fsync");
int fault_fdatasync(int fd) __asm__("fdatasync");
int fault_ftruncate(int fd, off_t size) __asm__("ftruncate");
int fault_rename(const char *from, const char *to) __asm__("rename");
int fault_flock(int fd, int how) __asm__("flock");
void *fault_mmap(void *at, size_t size, int prot, int flags, int fd, off_t from) __asm__("mmap");

int fault_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return fails(CALL_OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
ssize_t fault_pread(int fd, void *to, size_t size, off_t at)
{
    return fails(CALL_PREAD) ? -1 : syscall(SYS_pread64, fd, to, size, at);
}
ssize_t fault_pwrite(int fd, const void *from, size_t size, off_t at)
{
    if (!fails(CALL_PWRITE))
        return syscall(SYS_pwrite64, fd, from, size, at);
    return faults.mode == MODE_HALF ? syscall(SYS_pwrite64, fd, from, size / 2, at) : -1;
}
ssize_t fault_write(int fd, const void *from, size_t size)
{
    if (!fails(CALL_WRITE))
        return syscall(SYS_write, fd, from, size);
    return faults.mode == MODE_HALF ? syscall(SYS_write, fd, from, size / 2) : -1;
}
ssize_t fault_writev(int fd, const struct iovec *runs, int count)
{
    if (!fails(CALL_WRITEV))
        return syscall(SYS_writev, fd, runs, count);
    return faults.mode == MODE_HALF ? syscall(SYS_writev, fd, runs, 1) : -1;
}
/* Power is not cut here, so a sync that does not fail has nothing to do. */
int fault_fsync(int fd)
{
    (void)fd;
    return fails(CALL_FSYNC) ? -1 : 0;
}
int fault_fdatasync(int fd)
{
    (void)fd;
    return fails(CALL_FDATASYNC) ? -1 : 0;
}
int fault_ftruncate(int fd, off_t size)
{
    return fails(CALL_FTRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
int fault_rename(const char *from, const char *to)
{
    return fails(CALL_RENAME) ? -1 : (int)syscall(SYS_rename, from, to);
}
int fault_flock(int fd, int how)
{
    return fails(CALL_FLOCK) ? -1 : (int)syscall(SYS_flock, fd, how);
}
void *fault_mmap(void *at, size_t size, int prot, int flags, int fd, off_t from)
{
    if (fails(CALL_MMAP))
        return MAP_FAILED;
    union {
        long number;
        void *pointer;
    } got = {syscall(SYS_mmap, at, size, prot, flags, fd, from)};
    return got.pointer;
}

/* ---- one life of a store, with a fault in it ---- */

enum { BLOCKS = 3, RECORDS = 40 };

struct life {
    bool created, opened;
    unsigned acked;
    uint8_t hashes[BLOCKS][32];
};

static void expect(enum sg_err err, enum sg_err want, const char *doing, const struct sg_why *why)
{
    if (err && (err != want || !why->text[0]))
        fail_msg("SEED mode=%s n=%u: %s: %s '%s'", mode_names[faults.mode], faults.fail_at, doing,
                 sg_err_name(err), why->text);
}

/* As the daemon does: what fails ends it, except the head file, which is only written again. */
static struct life live(struct fixture *f)
{
    struct life life = {0};
    struct sg_why why = {0};
    enum sg_err err = env_create(&f->options, &f->store_id, &why);
    expect(err, SG_E_STORE, "create", &why);
    life.created = !err;
    if (!err) {
        err = env_open(&f->options, &f->env, &why);
        expect(err, SG_E_STORE, "open", &why);
        life.opened = !err;
    }
    while (!err && life.acked < BLOCKS) {
        struct signed_block block = {0};
        why = (struct sg_why){0};
        err = fixture_try_block(f, RECORDS, "dinsos *", &block, &why);
        expect(err, SG_E_STORE, "block", &why);
        if (err)
            break;
        memcpy(life.hashes[life.acked++], block.hash, 32);
        why = (struct sg_why){0};
        enum sg_err head_err =
            env_write_head(f->env, block.header.epoch, block.header.height, block.hash, &why);
        expect(head_err, SG_E_SYS, "head file", &why);
    }
    env_close(&f->env);
    return life;
}

static void open_again(struct fixture *f, const struct life *life)
{
    struct sg_why why = {0};
    enum sg_err err = env_open(&f->options, &f->env, &why);
    if (err == SG_E_NOT_FOUND && !life->created) {
        err = env_create(&f->options, &f->store_id, &why);
        if (!err)
            err = env_open(&f->options, &f->env, &why);
    }
    if (err)
        fail_msg("mode=%s n=%u: the store does not open again: %s '%s'", mode_names[faults.mode],
                 faults.fail_at, sg_err_name(err), why.text);
}

static void all_that_was_acked_is_there(struct fixture *f, const struct life *life)
{
    struct sg_why why = {0};
    SG_AUTO(txn_done) struct txn txn = {0};
    struct signed_block head;
    UNIT_OK(txn_begin(&txn, f->env, TXN_READ, &why));
    UNIT_OK(block_head(&txn, &head, &why));
    if (head.header.height < life->acked)
        fail_msg("mode=%s n=%u: %u blocks were acked, %u are there", mode_names[faults.mode],
                 faults.fail_at, life->acked, (unsigned)head.header.height);
    for (unsigned i = 0; i < life->acked; i++) {
        struct signed_block block;
        UNIT_OK(block_get(&txn, i + 1, &block, &why));
        assert_memory_equal(block.hash, life->hashes[i], 32);
    }
    txn_done(&txn);
    uint64_t records = 0;
    UNIT_OK(fixture_verify(f, &records, &why));
    assert_int_equal(records, head.header.height * RECORDS);
    struct signed_block next = fixture_block(f, RECORDS, "dinsos");
    assert_int_equal(next.header.height, head.header.height + 1);
}

static struct life run(struct fixture *f, enum mode mode, unsigned fail_at, int error)
{
    fixture_begin(f, (size_t)1 << 20);
    f->options.no_sync = false;
    memset(&faults, 0, sizeof faults);
    faults.mode = mode;
    faults.fail_at = fail_at;
    faults.error = error;
    faults.armed = true;
    struct life life = live(f);
    faults.armed = false;
    return life;
}

static void every_call_fails_once(void **state)
{
    (void)state;
    struct fixture f;
    struct life life = run(&f, MODE_ONCE, UINT32_MAX, EIO);
    const unsigned calls = faults.calls;
    assert_int_equal(faults.failed, 0);
    assert_int_equal(life.acked, BLOCKS);
    assert_true(faults.of[CALL_FDATASYNC] >= 2 * BLOCKS); /* else LMDB is not under our hands */
    assert_true(faults.of[CALL_PWRITE] >= 2 * BLOCKS && faults.of[CALL_MMAP] >= 2);
    assert_true(faults.of[CALL_RENAME] == 1 && faults.of[CALL_FLOCK] == 2);
    open_again(&f, &life);
    all_that_was_acked_is_there(&f, &life);
    fixture_end(&f);

    static const int errors[] = {EIO, ENOSPC};
    for (size_t e = 0; e < SG_ARRAY_LEN(errors); e++)
        for (int mode = 0; mode < MODES; mode++)
            for (unsigned n = 1; n <= calls; n++) {
                life = run(&f, (enum mode)mode, n, errors[e]);
                assert_true(faults.failed > 0);
                open_again(&f, &life);
                all_that_was_acked_is_there(&f, &life);
                fixture_end(&f);
            }
}

UNIT_MAIN(cmocka_unit_test(every_call_fails_once))
