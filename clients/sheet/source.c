#include "sheet/source.h"

#include "sheet/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { BLOCK = 64 << 10, NOTES_MAX = 4096, CONVERT_CPU_S = 900 };
#define CONVERT_MEMORY_MAX (2UL << 30)
#define TEXT_BYTES_MAX (1L << 30)

static bool local(struct source *source, struct sheet_fault *fault, const char *what)
{
    source->local_error = true;
    return fault_say(fault, "E_LOCAL", "%s: %s", "%s: %s", what, strerror(errno));
}

/* A file without a name: gone with its last descriptor, also after a kill. */
static int nameless(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/.sheet-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path); /* one that stays is empty and ours alone */
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno != EINTR)
            return false;
        bytes += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* What can be read once only, as a file that can be read again. */
static bool spool(struct source *source, const char *folder, struct sheet_fault *fault)
{
    SG_AUTO(sg_fd_done) int from = source->fd;
    SG_AUTO(sg_heap_done) char *block = malloc(BLOCK);
    source->fd = nameless(folder);
    if (source->fd < 0 || !block)
        return local(source, fault, folder);
    ssize_t got;
    while ((got = read(from, block, BLOCK)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        source->size += got;
        if (got < 0 || !write_all(source->fd, block, (size_t)got))
            return local(source, fault, folder);
        if (source->size > TEXT_BYTES_MAX)
            return fault_say(fault, "E_LIMIT", "masukan lebih besar dari 1 GiB",
                             "the input is larger than 1 GiB");
    }
    return true;
}

/* ---- what it is -------------------------------------------------------------------------- */

struct kind {
    const char *begins;
    size_t length;
    const char *rule_id, *rule_en;
};

#define SAVE_AS_ID \
    "buka dengan Excel atau LibreOffice, lalu Simpan Sebagai .xlsx (tanpa kata sandi) atau CSV"
#define SAVE_AS_EN \
    "open it with Excel or LibreOffice and save it as .xlsx (without a password) or CSV"

static const struct kind kinds[] = {
    /* clang-format off */
    {"\xd0\xcf\x11\xe0", 4, "berkas Excel lama (.xls), atau berkas yang dilindungi kata sandi",
                            "an old Excel file (.xls), or a file with a password"},
    {"%PDF", 4, "berkas PDF, bukan tabel", "a PDF, not a table"},
    {"<html", 5, "halaman web (HTML) yang dinamai tabel", "a web page (HTML) that was named a table"},
    {"<!DOC", 5, "halaman web (HTML) yang dinamai tabel", "a web page (HTML) that was named a table"},
    {"<table", 6, "halaman web (HTML) yang dinamai tabel", "a web page (HTML) that was named a table"},
    {"<?xml", 5, "berkas XML, bukan CSV atau .xlsx", "an XML file, not CSV or .xlsx"},
    {"{\\rtf", 5, "dokumen RTF, bukan tabel", "an RTF document, not a table"},
}; /* clang-format on */

static bool refuse_kind(const char *head, size_t len, struct sheet_fault *fault)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(kinds); i++) {
        if (len < kinds[i].length || strncasecmp(head, kinds[i].begins, kinds[i].length) != 0)
            continue;
        (void)fault_say(fault, "E_FORMAT", "%s", "%s", kinds[i].rule_id);
        FAULT_PUT(fault->rule_en, kinds[i].rule_en);
        return fault_accept(fault, SAVE_AS_ID, SAVE_AS_EN);
    }
    /* The first entry of an OpenDocument file is its type, not compressed. */
    static const char odf[] = "mimetypeapplication/vnd.oasis.opendocument";
    if (len >= 30 + sizeof odf - 1 && memcmp(head + 30, odf, sizeof odf - 1) == 0) {
        (void)fault_say(fault, "E_FORMAT", "berkas LibreOffice (.ods)",
                        "a LibreOffice file (.ods)");
        return fault_accept(fault, SAVE_AS_ID, SAVE_AS_EN);
    }
    return true;
}

/* ---- .xlsx ------------------------------------------------------------------------------- */

static void bound(pid_t child)
{
    const struct rlimit memory = {CONVERT_MEMORY_MAX, CONVERT_MEMORY_MAX},
                        cpu = {CONVERT_CPU_S, CONVERT_CPU_S},
                        file = {(rlim_t)TEXT_BYTES_MAX, (rlim_t)TEXT_BYTES_MAX};
    /* A child that has ended already needs no bounds. */
    (void)prlimit(child, RLIMIT_AS, &memory, NULL);
    (void)prlimit(child, RLIMIT_CPU, &cpu, NULL);
    (void)prlimit(child, RLIMIT_FSIZE, &file, NULL);
}

static int spawn(struct source *source, char *const *argv)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    int text = source->fd, rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return rc;
    }
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGCHLD);
    /* None of these can fail with these arguments but for memory, and then posix_spawn does too. */
    (void)posix_spawn_file_actions_adddup2(&actions, source->input_fd, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, text, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, source->notes_fd, STDERR_FILENO);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawnp(&source->child, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static bool convert(struct source *source, const char *folder, const char *sheet_name,
                    int sheet_number, struct sheet_fault *fault)
{
    char program[] = "xlsx2csv", dates[] = "-f", date_form[] = "%Y-%m-%d %H:%M:%S", by[] = "-s",
         input[] = "/proc/self/fd/0", number[16], name[128];
    (void)snprintf(number, sizeof number, "%d", sheet_number);
    (void)snprintf(name, sizeof name, "--sheetname=%s", sheet_name ? sheet_name : "");
    char *const by_number[] = {program, dates, date_form, by, number, input, NULL};
    char *const by_name[] = {program, dates, date_form, name, input, NULL};
    source->input_fd = source->fd;
    source->worksheet = true;
    source->fd = nameless(folder);
    source->notes_fd = nameless(folder);
    if (source->fd < 0 || source->notes_fd < 0)
        return local(source, fault, folder);
    errno = spawn(source, sheet_name ? by_name : by_number);
    if (errno == 0) {
        bound(source->child);
        source->child_fd = pidfd_open(source->child, 0);
        return true;
    }
    source->child = 0;
    if (errno != ENOENT)
        return local(source, fault, "xlsx2csv");
    source->local_error = true;
    (void)fault_say(fault, "E_LOCAL", "program xlsx2csv tidak terpasang di komputer ini",
                    "the program xlsx2csv is not installed on this machine");
    return fault_accept(fault, "apt install xlsx2csv, atau simpan berkas sebagai CSV",
                        "apt install xlsx2csv, or save the file as CSV");
}

static bool broken_sheet(struct sheet_fault *fault, const char *notes)
{
    if (strstr(notes, "not found")) {
        (void)fault_say(fault, "E_FORMAT", "lembar kerja (worksheet) yang disebut peta tidak ada",
                        "there is no worksheet as the map names it");
        return fault_accept(fault, "periksa sheet.worksheet dalam peta",
                            "check sheet.worksheet of the map");
    }
    if (strstr(notes, "unknown format")) {
        (void)fault_say(fault, "E_FORMAT", "ada sel dengan format angka yang tidak dapat dibaca",
                        "a cell has a number format that cannot be read");
        return fault_accept(fault, "simpan berkas sebagai CSV", "save the file as CSV");
    }
    (void)fault_say(fault, "E_FORMAT", "berkas .xlsx ini rusak atau tidak lengkap",
                    "this .xlsx is broken or not complete");
    return fault_accept(fault, SAVE_AS_ID, SAVE_AS_EN);
}

bool source_ready(struct source *source, int wait_ms, bool *out_failed, struct sheet_fault *fault)
{
    *out_failed = false;
    if (source->child == 0)
        return true;
    int status = 0;
    struct pollfd wait = {.fd = source->child_fd, .events = POLLIN};
    if (source->child_fd >= 0)
        (void)poll(&wait, 1, wait_ms);
    pid_t ended = waitpid(source->child, &status, source->child_fd >= 0 ? WNOHANG : 0);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return false;
    source->child = 0;
    char notes[NOTES_MAX + 1];
    ssize_t said = pread(source->notes_fd, notes, NOTES_MAX, 0);
    notes[said > 0 ? said : 0] = '\0';
    struct stat st;
    *out_failed = true;
    if (ended < 0 || fstat(source->fd, &st) < 0)
        return local(source, fault, "xlsx2csv");
    bool whole = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !strstr(notes, "not found") &&
                 !strstr(notes, "unknown format");
    if (!whole)
        return broken_sheet(fault, notes);
    source->size = st.st_size;
    *out_failed = false;
    return true;
}

/* ---- open -------------------------------------------------------------------------------- */

static bool is_empty(const struct source *source, struct sheet_fault *fault)
{
    if (source->size > 0)
        return true;
    (void)fault_say(fault, "E_FORMAT", "berkas kosong (0 byte)", "the file is empty (0 bytes)");
    return fault_accept(fault, "salin atau simpan ulang berkasnya", "copy or save the file again");
}

bool source_open(struct source *source, const char *path, const char *folder,
                 const char *sheet_name, int sheet_number, struct sheet_fault *fault)
{
    struct stat st;
    char head[128] = {0};
    bool standard = strcmp(path, "-") == 0;
    source->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                          : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0 || fstat(source->fd, &st) < 0) {
        source->local_error = true;
        return fault_say(fault, "E_LOCAL", "tidak dapat dibaca: %s", "cannot be read: %s",
                         strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        source->local_error = true;
        return fault_say(fault, "E_LOCAL", "ini folder, bukan berkas", "a folder, not a file");
    }
    source->size = S_ISREG(st.st_mode) ? st.st_size : 0;
    bool again = S_ISREG(st.st_mode) && !standard;
    if (!again) {
        source->size = 0;
        if (!spool(source, folder, fault))
            return false;
    }
    if (!is_empty(source, fault))
        return false;
    ssize_t len = pread(source->fd, head, sizeof head, 0);
    if (len < 0)
        return local(source, fault, path);
    if (!refuse_kind(head, (size_t)len, fault))
        return false;
    if (len < 4 || memcmp(head, "PK\3\4", 4) != 0)
        return true;
    return convert(source, folder, sheet_name, sheet_number, fault);
}

void source_done(struct source *source)
{
    if (source->child > 0) {
        (void)kill(source->child, SIGKILL); /* ours, and not waited for yet */
        (void)waitpid(source->child, NULL, 0);
    }
    source->child = 0;
    sg_fd_done(&source->fd);
    sg_fd_done(&source->child_fd);
    sg_fd_done(&source->notes_fd);
    sg_fd_done(&source->input_fd);
}
