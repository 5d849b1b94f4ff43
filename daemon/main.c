/* main.c - arguments, settings, open everything, run; or one of the jobs on a stopped store. */
#include "ledger/ledger.h"
#include "loop.h"
#include "skeleton.h"
#include "store/block.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "wire/day.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define CONF_DEFAULT "/etc/sinergi/sinergid.conf"

/* ---- what was asked for ---- */

enum mode {
    MODE_SERVE,
    MODE_CHECK,
    MODE_INIT,
    MODE_CARD,
    MODE_VERIFY,
    MODE_REFOLD,
    MODE_JOURNAL,
    MODE_VERSION,
    MODE_HELP,
};

struct args {
    enum mode mode;
    const char *conf_path, *refold_path;
    bool demo, accept_clock, has_clock;
    int64_t clock_ms;
};

/* Everything that is open. */
struct daemon {
    struct conf conf;
    struct sg_lists *lists;
    struct sg_broker_key *keys;
    struct env *env;
    struct clock clock;
    struct broker *broker;
    struct net *net;
    int signal_fd;
};

static void daemon_done(struct daemon *daemon)
{
    net_close(&daemon->net);
    broker_free(&daemon->broker);
    env_close(&daemon->env);
    sg_broker_key_free(&daemon->keys);
    sg_lists_free(&daemon->lists);
    conf_done(&daemon->conf);
    sg_fd_done(&daemon->signal_fd);
}

static int complain(const struct sg_why *why, int status)
{
    log_error("sinergid", "status=%d why=%s", status, log_quote(why->text).text);
    return status;
}

/* ---- opening ---- */

static enum sg_err read_keys(const struct settings *settings, struct sg_broker_key **out_keys,
                             struct sg_why *why)
{
    char path[PATH_MAX];
    enum sg_err err = conf_key_path(settings, path, sizeof path, why);
    if (!err && access(path, F_OK) < 0 && errno == ENOENT)
        err = sg_fail(why, SG_E_CONF, "there is no key file '%s': make it with sinergid --init",
                      path);
    return err ? err : sg_broker_key_read(path, out_keys, why);
}

static struct env_options store_options(const struct args *args, const struct settings *settings)
{
    return (struct env_options){
        .path = settings->store_path,
        .head_path = settings->store_head,
        .map_bytes = (size_t)settings->map_gib << 30,
        .demo = args->demo,
    };
}

/* The store tells "in use" from "damaged" only in its sentence. */
static int store_status(enum sg_err err, const struct sg_why *why)
{
    return err == SG_E_STATE || strstr(why->text, "in use by process") ? EX_TEMPFAIL : EX_DATAERR;
}

static enum sg_err read_head(struct env *env, struct signed_block *out_block, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    enum sg_err err = txn_begin(&txn, env, TXN_READ, why);
    return err ? err : block_head(&txn, out_block, why);
}

/* Configuration, keys and store: what every job needs. Returns an exit status. */
static int open_store(const struct args *args, struct daemon *daemon)
{
    struct sg_why why = {0};
    if (conf_read_file(args->conf_path, &daemon->conf, &why))
        return complain(&why, EX_CONFIG);
    log_set_level((int)daemon->conf.settings.log_level);
    if (read_keys(&daemon->conf.settings, &daemon->keys, &why))
        return complain(&why, EX_CONFIG);
    const struct env_options options = store_options(args, &daemon->conf.settings);
    enum sg_err err = env_open(&options, &daemon->env, &why);
    if (err == SG_E_NOT_FOUND)
        (void)sg_fail(&why, err, "there is no store '%s': make it with sinergid --init",
                      options.path);
    return err ? complain(&why, store_status(err, &why)) : EX_OK;
}

/* A key file that did not sign the last block belongs to another store. */
static enum sg_err check_signer(const struct daemon *daemon, const struct signed_block *head,
                                struct sg_why *why)
{
    if (head->header.count == 0 ||
        sg_block_verify(&head->header, daemon->keys->sign_public, head->signature))
        return SG_OK;
    return sg_fail(why, SG_E_CONF,
                   "the last block of the store is not signed with the key of '%s': put the key "
                   "file of this store in its place",
                   daemon->conf.settings.keys_file);
}

static enum sg_err start_clock(const struct args *args, const struct signed_block *head,
                               struct clock *clock, struct sg_why *why)
{
    struct clock_reading now = clock_read();
    int64_t last_ms = head->header.count ? head->header.time_ms : 0;
    if (args->demo) {
        int64_t asked_ms = args->has_clock ? args->clock_ms : last_ms ? last_ms : now.wall_ms;
        clock_start_demo(clock, asked_ms > last_ms ? asked_ms : last_ms);
        return SG_OK;
    }
    clock_start(clock, now);
    return args->accept_clock ? SG_OK : clock_check_start(now.wall_ms, last_ms, why);
}

/* ---- serve ---- */

static void tell_head_state(const struct env *env)
{
    switch (env_head_state(env)) {
    case HEAD_ABSENT:
        log_warn("head-absent", "what=%s",
                 "\"the store could not be compared with its head file\"");
        break;
    case HEAD_TORN:
        log_warn("head-torn", "what=%s", "\"the head file was cut while it was written\"");
        break;
    case HEAD_READ:
    case HEAD_NOT_KEPT: break;
    }
}

static void tell_start(const struct daemon *daemon, const struct signed_block *head)
{
    char id[SG_ID_TEXT], time[32];
    struct clock clock = daemon->clock;
    uint64_t seq = head->header.count ? head->header.first_seq + head->header.count - 1 : 0;
    log_note("start",
             "version=%s tcp=%s local=%s store=%s seq=%" PRIu64 " height=%" PRIu64
             " agencies=%zu codes=%s demo=%s journal_time=%s",
             SINERGI_VERSION, log_quote(net_bound_tcp(daemon->net)).text,
             log_quote(daemon->conf.settings.listen_local).text,
             sg_id_print(env_store_id(daemon->env), id), seq, head->header.height,
             daemon->conf.roster->agency_count, sg_lists_version(daemon->lists),
             env_is_demo(daemon->env) ? "yes" : "no",
             sg_time_print(clock_journal_ms(&clock, clock_read()), time));
    notify_ready("serving, seq %" PRIu64 ", %zu agencies", seq, daemon->conf.roster->agency_count);
}

static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static enum sg_err open_broker(struct daemon *daemon, struct sg_why *why)
{
    const struct broker_options options = {
        .env = daemon->env,
        .keys = daemon->keys,
        .roster = daemon->conf.roster,
        .lists = daemon->lists,
        .limits = &daemon->conf.settings.limits,
        .version = SINERGI_VERSION,
        .demo = env_is_demo(daemon->env),
        .target_min = (uint32_t)daemon->conf.settings.target_min,
        .target_max = (uint32_t)daemon->conf.settings.target_max,
    };
    return broker_new(&options, &daemon->broker, why);
}

static enum sg_err open_net(struct daemon *daemon, struct sg_why *why)
{
    const struct settings *settings = &daemon->conf.settings;
    const struct net_options options = {
        .tcp_endpoint = text_or_null(settings->listen_tcp),
        .local_endpoint = text_or_null(settings->listen_local),
        .local_group = text_or_null(settings->listen_local_group),
        .keys = daemon->keys,
        .roster = daemon->conf.roster,
        .max_connections = (unsigned)settings->max_connections,
        .key_connections_max = (unsigned)settings->key_connections,
        .ipv6 = settings->listen_ipv6,
    };
    return net_open(&options, &daemon->net, why);
}

/* In the order in which things may depend on each other; the first that fails says the status. */
static int open_all(const struct args *args, struct daemon *daemon, struct signed_block *head)
{
    struct sg_why why = {0};
    if (signals_open(&daemon->signal_fd, &why))
        return complain(&why, EX_SOFTWARE);
    int status = open_store(args, daemon);
    if (status)
        return status;
    if (sg_lists_load(daemon->conf.settings.codes_path, &daemon->lists, &why))
        return complain(&why, EX_CONFIG);
    if (read_head(daemon->env, head, &why))
        return complain(&why, EX_DATAERR);
    if (check_signer(daemon, head, &why))
        return complain(&why, EX_CONFIG);
    if (start_clock(args, head, &daemon->clock, &why))
        return complain(&why, EX_TEMPFAIL);
    if (open_broker(daemon, &why))
        return complain(&why, EX_SOFTWARE);
    return open_net(daemon, &why) ? complain(&why, EX_UNAVAILABLE) : EX_OK;
}

static int serve(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    struct signed_block head = {0};
    int status = open_all(args, &daemon, &head);
    if (status)
        return status;
    tell_head_state(daemon.env);
    tell_start(&daemon, &head);

    const struct loop_parts parts = {
        .env = daemon.env,
        .net = daemon.net,
        .broker = daemon.broker,
        .clock = &daemon.clock,
        .signal_fd = daemon.signal_fd,
        .conf_path = args->conf_path,
        .conf = &daemon.conf,
        .lists = &daemon.lists,
    };
    struct sg_why why = {0};
    enum sg_err err = loop_run(&parts, &why);
    if (err) { /* at once: not one more byte may leave, and no store is closed as if it were well */
        log_error("loop-stopped", "err=%s why=%s", sg_err_name(err), log_quote(why.text).text);
        _exit(EX_SOFTWARE);
    }
    log_note("stop", "events_accepted=%" PRIu64, broker_counters(daemon.broker)->events_accepted);
    return EX_OK;
}

/* ---- jobs ---- */

static int check(const struct args *args)
{
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf conf = {0};
    SG_AUTO(sg_lists_free) struct sg_lists *lists = NULL;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *keys = NULL;
    if (conf_read_file(args->conf_path, &conf, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return EX_CONFIG;
    }
    int status = EX_OK;
    if (sg_lists_load(conf.settings.codes_path, &lists, &why)) {
        fprintf(stderr, "%s\n", why.text);
        status = EX_CONFIG;
    }
    /* The file may be readable for the service alone; then only the service can check it. */
    char path[PATH_MAX];
    if (conf_key_path(&conf.settings, path, sizeof path, NULL) == SG_OK &&
        access(path, R_OK) == 0 && sg_broker_key_read(path, &keys, &why)) {
        fprintf(stderr, "%s\n", why.text);
        status = EX_CONFIG;
    }
    if (status == EX_OK)
        printf("%s: right, %zu agencies, code lists %s\n", args->conf_path,
               conf.roster->agency_count, sg_lists_version(lists));
    return status;
}

/* The address that agencies reach, as far as the configuration knows it. */
static void print_endpoint(const struct settings *settings)
{
    const char *tcp = settings->listen_tcp;
    const char *colon = strrchr(tcp, ':');
    static const char *const any[] = {"tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"};
    for (size_t i = 0; i < SG_ARRAY_LEN(any); i++) {
        if (strncmp(tcp, any[i], strlen(any[i])) == 0) {
            printf("# Put the address of this machine in place of HOST.\n");
            printf("# Ganti HOST dengan alamat mesin ini.\n");
            printf("broker = {\n  endpoint = \"tcp://HOST%s\";\n", colon);
            return;
        }
    }
    printf("broker = {\n  endpoint = \"%s\";\n", tcp[0] ? tcp : settings->listen_local);
}

static int print_card(const struct daemon *daemon, const struct sg_id *store_id)
{
    char curve[2 * SG_KEY_BYTES + 1], sign[2 * SG_KEY_BYTES + 1], id[SG_ID_TEXT];
    sg_hex_print(daemon->keys->curve_public, SG_KEY_BYTES, curve);
    sg_hex_print(daemon->keys->sign_public, SG_KEY_BYTES, sign);
    print_endpoint(&daemon->conf.settings);
    printf("  curve = \"%s\";\n  sign = \"%s\";\n  store = \"%s\";\n};\n", curve, sign,
           sg_id_print(store_id, id));
    return fflush(stdout) == 0 ? EX_OK : EX_SOFTWARE;
}

/* What root makes belongs to whom the folder belongs to, so that the service can open it. */
static void give_away(const char *path, const char *ending)
{
    char name[PATH_MAX], folder[PATH_MAX];
    struct stat st;
    (void)snprintf(name, sizeof name, "%s%s", path, ending);
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (geteuid() != 0 || !slash || slash == folder)
        return;
    *slash = '\0';
    if (stat(folder, &st) < 0 || lchown(name, st.st_uid, st.st_gid) < 0)
        log_info("owner-unchanged", "file=%s", log_quote(name).text); /* it may not exist */
}

static enum sg_err make_keys(const struct settings *settings, struct sg_why *why)
{
    char path[PATH_MAX];
    enum sg_err err = conf_key_path(settings, path, sizeof path, why);
    if (err || access(path, F_OK) == 0)
        return err;
    if (strncmp(settings->keys_file, CONF_CREDENTIAL, strlen(CONF_CREDENTIAL)) == 0)
        return sg_fail(why, SG_E_CONF, "there is no credential '%s'", path);
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *keys = NULL;
    err = sg_broker_key_make(&keys, why);
    if (!err)
        err = sg_broker_key_write(path, keys, why);
    if (!err) {
        give_away(path, "");
        fprintf(stderr, "made %s: keep a copy of it in a safe place, nothing replaces it\n", path);
    }
    return err;
}

static enum sg_err make_store(const struct args *args, const struct settings *settings,
                              struct sg_why *why)
{
    if (access(settings->store_path, F_OK) == 0)
        return SG_OK;
    const struct env_options options = store_options(args, settings);
    const struct sg_id id = sg_id_make(clock_read().wall_ms);
    enum sg_err err = env_create(&options, &id, why);
    if (!err)
        fprintf(stderr, "made %s%s\n", options.path, args->demo ? ", a demo" : "");
    return err;
}

static int init(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    struct sg_why why = {0};
    if (conf_read_file(args->conf_path, &daemon.conf, &why) ||
        make_keys(&daemon.conf.settings, &why))
        return complain(&why, EX_CONFIG);
    enum sg_err err = make_store(args, &daemon.conf.settings, &why);
    if (err)
        return complain(&why, store_status(err, &why));
    conf_done(&daemon.conf);
    int status = open_store(args, &daemon);
    if (status)
        return status;
    static const char *const endings[] = {"", "-lock", ".pid"};
    for (size_t i = 0; i < SG_ARRAY_LEN(endings); i++)
        give_away(daemon.conf.settings.store_path, endings[i]);
    return print_card(&daemon, env_store_id(daemon.env));
}

/* The head file knows the store too, so that a running daemon need not be stopped for its card. */
static int card(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    struct sg_why why = {0};
    if (conf_read_file(args->conf_path, &daemon.conf, &why) ||
        read_keys(&daemon.conf.settings, &daemon.keys, &why))
        return complain(&why, EX_CONFIG);
    const struct settings *settings = &daemon.conf.settings;
    enum head_state state = HEAD_ABSENT;
    struct head_record head = {0};
    if (head_read(settings->store_head, &state, &head, &why) == SG_OK && state == HEAD_READ)
        return print_card(&daemon, &head.store_id);
    const struct env_options options = store_options(args, settings);
    enum sg_err err = env_open(&options, &daemon.env, &why);
    return err ? complain(&why, store_status(err, &why))
               : print_card(&daemon, env_store_id(daemon.env));
}

static void show_progress(uint64_t done, uint64_t of)
{
    static int64_t shown_ns;
    int64_t now_ns = clock_read().mono_ns;
    if (!isatty(STDERR_FILENO) || (done != of && now_ns - shown_ns < 100000000))
        return;
    shown_ns = now_ns;
    fprintf(stderr, "\r%" PRIu64 " / %" PRIu64 "%s", done, of, done == of ? "\n" : "");
}

static int verify(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    struct sg_why why = {0};
    struct signed_block head = {0};
    uint64_t records = 0;
    int status = open_store(args, &daemon);
    if (status)
        return status;
    enum sg_err err =
        block_verify_all(daemon.env, daemon.keys->sign_public, show_progress, &records, &why);
    if (!err)
        err = read_head(daemon.env, &head, &why);
    if (err)
        return complain(&why, EX_DATAERR);
    printf("%s: whole, %" PRIu64 " records in %" PRIu64 " blocks\n",
           daemon.conf.settings.store_path, records, head.header.height);
    return EX_OK;
}

static int refold(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    SG_AUTO(env_close) struct env *copy = NULL;
    struct sg_why why = {0};
    int status = open_store(args, &daemon);
    if (status)
        return status;
    struct env_options options = store_options(args, &daemon.conf.settings);
    options.path = args->refold_path;
    options.head_path = NULL;
    options.no_sync = true;
    enum sg_err err = env_create(&options, env_store_id(daemon.env), &why);
    if (err)
        return complain(&why, err == SG_E_EXISTS ? EX_USAGE : EX_DATAERR);
    err = env_open(&options, &copy, &why);
    if (!err)
        err = ledger_refold(daemon.env, copy, daemon.keys, show_progress, &why);
    if (!err)
        err = ledger_compare(daemon.env, copy, &why);
    if (err)
        return complain(&why, EX_DATAERR);
    printf("%s: same bytes as %s\n", args->refold_path, daemon.conf.settings.store_path);
    return EX_OK;
}

static int journal(const struct args *args)
{
    SG_AUTO(daemon_done) struct daemon daemon = {.signal_fd = -1};
    struct sg_why why = {0};
    int status = open_store(args, &daemon);
    if (status)
        return status;
    enum sg_err err = skeleton_print(daemon.env, stdout, &why);
    return err ? complain(&why, err == SG_E_SYS ? EX_IOERR : EX_DATAERR) : EX_OK;
}

/* ---- arguments ---- */

enum option_id { OPT_CONF = 256, OPT_DEMO, OPT_CLOCK, OPT_ACCEPT_CLOCK, OPT_MODE };

static const struct option_row {
    const char *name, *arg; /* arg NULL: none; "[FILE]": may be left out */
    int id;                 /* OPT_MODE + the mode, or one of the others */
    const char *en, *id_text;
} options[] = {
    {"config", "FILE", OPT_CONF, "configuration, default " CONF_DEFAULT, "berkas konfigurasi"},
    {"check", "[FILE]", OPT_MODE + MODE_CHECK, "check configuration and code lists, then end",
     "periksa konfigurasi dan daftar kode, lalu selesai"},
    {"init", NULL, OPT_MODE + MODE_INIT, "make key file and store where missing, print the card",
     "buat berkas kunci dan penyimpanan bila belum ada, cetak kartu"},
    {"card", NULL, OPT_MODE + MODE_CARD, "print what agencies put into sinergi.conf",
     "cetak isian sinergi.conf untuk dinas"},
    {"demo", NULL, OPT_DEMO, "a demo store, whose time stands still",
     "penyimpanan demo, waktunya diam"},
    {"clock", "TIME", OPT_CLOCK, "time of the demo, 2026-05-04T09:00:00+07:00", "waktu demo"},
    {"accept-clock", NULL, OPT_ACCEPT_CLOCK, "believe a wall clock far from the last block",
     "percayai jam yang jauh dari blok terakhir"},
    {"verify", NULL, OPT_MODE + MODE_VERIFY, "check every record, block and signature (stopped)",
     "periksa setiap catatan, blok dan tanda tangan (daemon berhenti)"},
    {"refold", "NEWFILE", OPT_MODE + MODE_REFOLD, "fold the journal again and compare (stopped)",
     "lipat ulang jurnal dan bandingkan (daemon berhenti)"},
    {"journal", NULL, OPT_MODE + MODE_JOURNAL, "print the journal without contents (stopped)",
     "cetak kerangka jurnal tanpa isi (daemon berhenti)"},
    {"version", NULL, OPT_MODE + MODE_VERSION, "print the version", "cetak versi"},
    {"help", NULL, OPT_MODE + MODE_HELP, "print this", "cetak bantuan ini"},
};

static int usage(FILE *to, int status)
{
    fputs("usage: sinergid [OPTIONS]\n", to);
    for (size_t i = 0; i < SG_ARRAY_LEN(options); i++) {
        const struct option_row *row = &options[i];
        char left[40];
        (void)snprintf(left, sizeof left, "%s--%s%s%s", row->id == OPT_CONF ? "-c, " : "    ",
                       row->name, row->arg ? " " : "", row->arg ? row->arg : "");
        fprintf(to, "  %-22s %s\n  %-22s %s\n", left, row->en, "", row->id_text);
    }
    fputs("Exit status: 0, 64 usage, 65 store refused, 69 endpoint, 70 failed while running, "
          "75 store in use or clock not believed, 78 configuration\n",
          to);
    return status;
}

static bool take_option(struct args *args, int id, const char *value)
{
    if (id >= OPT_MODE) {
        if (args->mode != MODE_SERVE)
            return false; /* one job at a time */
        args->mode = (enum mode)(id - OPT_MODE);
        if (args->mode == MODE_REFOLD)
            args->refold_path = value;
        if (args->mode == MODE_CHECK && value)
            args->conf_path = value;
        return true;
    }
    switch (id) {
    case 'c':
    case OPT_CONF: args->conf_path = value; return true;
    case OPT_DEMO: return args->demo = true;
    case OPT_ACCEPT_CLOCK: return args->accept_clock = true;
    case OPT_CLOCK:
        args->has_clock = true;
        return sg_time_parse(value, &args->clock_ms) == SG_OK && args->clock_ms > 0;
    default: return false;
    }
}

static bool parse(int argc, char **argv, struct args *args)
{
    struct option longs[SG_ARRAY_LEN(options) + 1] = {0};
    for (size_t i = 0; i < SG_ARRAY_LEN(options); i++)
        longs[i] = (struct option){
            .name = options[i].name,
            .has_arg = !options[i].arg            ? no_argument
                       : options[i].arg[0] == '[' ? optional_argument
                                                  : required_argument,
            .val = options[i].id,
        };
    int id;
    while ((id = getopt_long(argc, argv, "c:", longs, NULL)) != -1)
        if (!take_option(args, id, optarg))
            return false;
    if (args->mode == MODE_CHECK && optind == argc - 1)
        args->conf_path = argv[optind++];
    return optind == argc && (!args->has_clock || args->demo);
}

/* Cores and debuggers would show keys and personal data; files are for this user alone. */
static enum sg_err harden(struct sg_why *why)
{
    const struct rlimit none = {0, 0};
    (void)umask(077);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
        return sg_fail(why, SG_E_SYS, "no core files: %s", strerror(errno));
    return SG_OK;
}

static int version(const struct args *args)
{
    (void)args;
    printf("sinergid %s\n", SINERGI_VERSION);
    return EX_OK;
}

static int help(const struct args *args)
{
    (void)args;
    return usage(stdout, EX_OK);
}

int main(int argc, char **argv)
{
    static int (*const jobs[])(const struct args *args) = {
        [MODE_SERVE] = serve,     [MODE_CHECK] = check,     [MODE_INIT] = init,
        [MODE_CARD] = card,       [MODE_VERIFY] = verify,   [MODE_REFOLD] = refold,
        [MODE_JOURNAL] = journal, [MODE_VERSION] = version, [MODE_HELP] = help,
    };
    struct args args = {.conf_path = CONF_DEFAULT};
    if (!parse(argc, argv, &args))
        return usage(stderr, EX_USAGE);
    struct sg_why why = {0};
    if (harden(&why) || sg_crypto_init(&why))
        return complain(&why, EX_SOFTWARE);
    return jobs[args.mode](&args);
}
