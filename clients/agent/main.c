/* main.c - arguments of sinergi-agent. See sinergi-agent(8). */
#include "agent/agent.h"
#include "agent/conf.h"
#include "agent/import.h"
#include "agent/log.h"
#include "lib/conf.h"
#include "sheet/sheet.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { ARENAS_MAX = 1, TRIM_BYTES = 128 << 10 };

struct arguments {
    const char *conf;
    bool check, once;
    const char *const *import; /* MAP FILE RESULT */
    const char *refresh;       /* RESULT */
};

static int usage(FILE *to, int status)
{
    (void)fputs("pemakaian / usage: sinergi-agent [-c agent.conf] [--check | --once]\n"
                "  -c FILE   konfigurasi / configuration (/etc/sinergi/agent.conf)\n"
                "  --check   periksa konfigurasi saja / only check the configuration\n"
                "  --once    berhenti setelah semua selesai / end when everything is done\n"
                "  --version --help\n",
                to);
    return status;
}

/* -1: go on; else the exit status. */
static int read_arguments(int argc, char **argv, struct arguments *to)
{
    to->conf = "/etc/sinergi/agent.conf";
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int left = argc - i - 1;
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return usage(stdout, AGENT_DONE);
        if (strcmp(word, "--version") == 0) {
            (void)printf("sinergi-agent %s\n", SINERGI_VERSION);
            return AGENT_DONE;
        }
        if (strcmp(word, "-c") == 0 && left >= 1) {
            to->conf = argv[++i];
        } else if (strcmp(word, "--check") == 0) {
            to->check = true;
        } else if (strcmp(word, "--once") == 0) {
            to->once = true;
        } else if (strcmp(word, "--import") == 0 && left == 3) {
            to->import = (const char *const *)&argv[i + 1];
            i += left;
        } else if (strcmp(word, "--refresh") == 0 && left == 1) {
            to->refresh = argv[++i];
        } else {
            return usage(stderr, AGENT_USAGE);
        }
    }
    return to->check && to->once ? usage(stderr, AGENT_USAGE) : -1;
}

/* The memory of a service that runs for months stays small: one heap, and what is free goes back.
 * No core files: they would hold keys and personal data. */
static void settle(void)
{
    (void)mallopt(M_ARENA_MAX, ARENAS_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, TRIM_BYTES);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    (void)umask(0077);
}

static enum sg_err check_maps(const struct agent_conf *conf, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < conf->drop.map_count; i++) {
        struct sheet_map *map = NULL;
        err = sheet_map_read(conf->drop.maps[i].map, &map, why);
        sheet_map_free(&map);
    }
    return err;
}

static enum sg_err read_conf(const char *path, struct agent_conf *conf, struct sg_why *why)
{
    struct client_conf client;
    enum sg_err err = agent_conf_read(path, conf, why);
    if (!err)
        err = agent_conf_check(conf, why);
    if (!err)
        err = client_conf_read(conf->client, &client, why);
    return err ? err : check_maps(conf, why);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = read_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    settle();
    SG_AUTO(agent_conf_done) struct agent_conf conf = {0};
    struct sg_why why = {0};
    bool helper = arguments.import || arguments.refresh;
    enum sg_err err = helper ? agent_conf_read(arguments.conf, &conf, &why)
                             : read_conf(arguments.conf, &conf, &why);
    if (err) {
        (void)fprintf(stderr, "sinergi-agent: %s\n", why.text);
        return AGENT_CONF;
    }
    if (arguments.import)
        return import_main(&conf, arguments.import[0], arguments.import[1], arguments.import[2]);
    if (arguments.refresh)
        return refresh_main(&conf, arguments.refresh);
    if (arguments.check) {
        (void)printf("%s: benar / right\n", arguments.conf);
        return AGENT_DONE;
    }
    return agent_run(&conf, arguments.once);
}
