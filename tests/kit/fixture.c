#include "kit/fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct member {
    const char *id, *capabilities;
} members[FIXTURE_AGENCIES] = {
    [SATPOLPP] = {"satpolpp", "\"REFERRER\""},
    [DINSOS] = {"dinsos", "\"REFERRER\", \"CASE_OWNER\", \"TRAINING_PROVIDER\", "
                          "\"EQUIPMENT_PROVIDER\", \"IDENTITY_STEWARD\""},
    [DISNAKER] = {"disnaker", "\"REFERRER\", \"TRAINING_PROVIDER\", \"EQUIPMENT_PROVIDER\""},
    [DPPPA] = {"dpppa", "\"REFERRER\", \"CASE_OWNER\", \"CHILD_PROTECTION\", "
                        "\"TRAINING_PROVIDER\", \"EQUIPMENT_PROVIDER\""},
    [DISKOMINFO] = {"diskominfo", "\"OPERATOR\""},
};

const char *fixture_agency_id(enum fixture_agency agency)
{
    return members[agency].id;
}

/* The kernel names a free port; nobody else on a test machine takes it before the daemon does. */
static enum sg_err find_port(unsigned *out_port, struct sg_why *why)
{
    SG_AUTO(sg_fd_done) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        return sg_fail(why, SG_E_SYS, "a free port: %s", strerror(errno));
    *out_port = ntohs(at.sin_port);
    return SG_OK;
}

static enum sg_err make_folder(struct fixture *f, struct sg_why *why)
{
    const char *base = getenv("TMPDIR");
    unsigned port = 0;
    (void)snprintf(f->folder, sizeof f->folder, "%.90s/sinergi-%s", base ? base : "/tmp",
                   "XX"
                   "XX"
                   "XX");
    if (!mkdtemp(f->folder)) {
        enum sg_err err = sg_fail(why, SG_E_SYS, "mkdtemp '%s': %s", f->folder, strerror(errno));
        f->folder[0] = '\0';
        return err;
    }
    enum sg_err err = find_port(&port, why);
    (void)snprintf(f->conf, sizeof f->conf, "%s/sinergid.conf", f->folder);
    (void)snprintf(f->store, sizeof f->store, "%s/store.mdb", f->folder);
    (void)snprintf(f->head, sizeof f->head, "%s/head.path", f->folder);
    (void)snprintf(f->broker_key, sizeof f->broker_key, "%s/broker.key", f->folder);
    (void)snprintf(f->tcp, sizeof f->tcp, "tcp://127.0.0.1:%u", port);
    (void)snprintf(f->local, sizeof f->local, "ipc://%s/d.sock", f->folder);
    return err;
}

static enum sg_err make_keys(struct fixture *f, struct sg_why *why)
{
    enum sg_err err = sg_broker_key_make(&f->broker, why);
    if (!err)
        err = sg_broker_key_write(f->broker_key, f->broker, why);
    for (size_t i = 0; !err && i < FIXTURE_AGENCIES; i++)
        err = sg_device_key_make(members[i].id, "kantor", &f->keys[i], why);
    return err;
}

static void print_agency(FILE *to, const struct member *member, const struct sg_device_key *key)
{
    char curve[2 * SG_KEY_BYTES + 1], sign[2 * SG_KEY_BYTES + 1];
    sg_hex_print(key->curve_public, SG_KEY_BYTES, curve);
    sg_hex_print(key->sign_public, SG_KEY_BYTES, sign);
    (void)fprintf(to,
                  "  { id = \"%s\"; name_id = \"%s\"; name_en = \"%s\";\n"
                  "    capabilities = [ %s ];\n"
                  "    devices = ( { name = \"kantor\"; curve = \"%s\"; sign = \"%s\"; } ); }",
                  member->id, member->id, member->id, member->capabilities, curve, sign);
}

static enum sg_err write_conf(const struct fixture *f, struct sg_why *why)
{
    char codes[PATH_MAX];
    if (!realpath("conf/codes", codes))
        return sg_fail(why, SG_E_CONF, "conf/codes: %s (tests run in the root of the tree)",
                       strerror(errno));
    FILE *to = fopen(f->conf, "wex");
    if (!to)
        return sg_fail(why, SG_E_SYS, "'%s': %s", f->conf, strerror(errno));
    (void)fprintf(
        to,
        "listen: { tcp = \"%s\"; local = \"%s\"; };\n"
        "store: { path = \"%s\"; head = \"%s\"; reserve_percent = 0; reserve_mib = 16; };\n"
        "keys: { file = \"%s\"; };\n"
        "codes: { path = \"%s\"; };\n"
        "agencies = (\n",
        f->tcp, f->local, f->store, f->head, f->broker_key, codes);
    for (size_t i = 0; i < FIXTURE_AGENCIES; i++) {
        print_agency(to, &members[i], f->keys[i]);
        (void)fputs(i + 1 < FIXTURE_AGENCIES ? ",\n" : "\n);\n", to);
    }
    return fclose(to) ? sg_fail(why, SG_E_SYS, "'%s': %s", f->conf, strerror(errno)) : SG_OK;
}

enum sg_err fixture_new(struct fixture **out_fixture, struct sg_why *why)
{
    SG_AUTO(fixture_free) struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return sg_fail(why, SG_E_SYS, "out of memory");
    enum sg_err err = make_folder(f, why);
    if (!err)
        err = make_keys(f, why);
    if (!err)
        err = write_conf(f, why);
    if (!err)
        *out_fixture = SG_TAKE(f);
    return err;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void fixture_free(struct fixture **fixture)
{
    struct fixture *f = *fixture;
    if (!f)
        return;
    if (f->folder[0])
        (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    sg_broker_key_free(&f->broker);
    for (size_t i = 0; i < FIXTURE_AGENCIES; i++)
        sg_device_key_free(&f->keys[i]);
    free(f);
    *fixture = NULL;
}
