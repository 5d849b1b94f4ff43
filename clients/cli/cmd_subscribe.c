#include "cli/ask.h"

#include "kit/bytes.h"
#include "kit/err.h"
#include "lib/inside.h"
#include "wire/day.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPES_MAX = 64, TYPES_BYTES = 4096, NOTE_BYTES = 8 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CLOUDEVENTS, FORMATS };

struct subscriber {
    struct cli *cli;
    enum format format;
    int fd;          /* of --output; -1 = standard output */
    uint64_t length; /* of that file */
    long left;       /* deliveries; -1 = no end */
    int failed;      /* exit status of an error while writing */
    bool connected, lost;
};

/* ---- writing ----------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* The line is on the disk before the delivery is marked as done; the length of the file stands in
 * the same commit as the mark, so a line without its mark is cut off at the next start. */
static bool append_line(struct subscriber *s, const char *line, uint8_t *note, size_t *note_len)
{
    size_t length = strlen(line);
    if (!write_all(s->fd, line, length) || !write_all(s->fd, "\n", 1) || fdatasync(s->fd) != 0) {
        cli_say(s->cli, "tidak dapat menulis: %s", "cannot write: %s", strerror(errno));
        s->failed = EXIT_LOCAL;
        return false;
    }
    s->length += length + 1;
    sg_put_u64(note, s->length);
    *note_len = NOTE_BYTES;
    return true;
}

/* "fullName=Budi Santoso": what lies deeper is JSON, and so are control characters in a text: they
 * came from outside. */
static void print_field(FILE *to, const struct cli *cli, const char *outer, const char *name,
                        const json_t *value)
{
    SG_AUTO(sg_heap_done) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t quote = json_is_string(value), length = text ? strlen(text) : 2 * quote;
    (void)fprintf(to, "  %s%s%s%s=%s%.*s", cli_tone(cli, stdout, TONE_FAINT), outer,
                  outer[0] ? "." : "", name, cli_tone(cli, stdout, TONE_PLAIN),
                  (int)(length - 2 * quote), text ? text + quote : "");
}

static void print_payload(FILE *to, const struct cli *cli, json_t *payload)
{
    const char *name, *inner_name;
    json_t *value, *inner;
    json_object_foreach(payload, name, value)
    {
        if (!json_is_object(value))
            print_field(to, cli, "", name, value);
        json_object_foreach(value, inner_name, inner)
        {
            print_field(to, cli, name, inner_name, inner);
        }
    }
}

/* "#12  2024-01-08 08:00 WIB  slot.offered  disnaker  courseCode=BARBER …" */
static char *readable(const struct cli *cli, const sinergi_delivery *delivery,
                      const char *json_line)
{
    SG_AUTO(print_json_done) json_t *json = json_loads(json_line, 0, NULL);
    int64_t at_ms = 0;
    char time[32] = "";
    if (sg_time_parse(json_text(json, "acceptedAt"), &at_ms) == SG_OK)
        (void)sg_time_print_wib(at_ms, time);
    char *line = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&line, &length);
    if (!to)
        return NULL;
    (void)fprintf(to, "#%llu  %s  %s%s%s  %s", (unsigned long long)delivery->seq, time,
                  cli_tone(cli, stdout, TONE_HEADING), delivery->type,
                  cli_tone(cli, stdout, TONE_PLAIN), json_text(json, "publisherAgency"));
    const char *name;
    json_t *value;
    json_object_foreach(json, name, value)
    {
        if (json_is_object(value) && strcmp(name, "causation") != 0)
            print_payload(to, cli, value);
    }
    if (fclose(to) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

static char *cloudevent(const sinergi_delivery *delivery, const char *json_line)
{
    SG_AUTO(print_json_done) json_t *envelope = json_loads(json_line, 0, NULL);
    SG_AUTO(print_json_done)
    json_t *event = envelope ? cloudevent_of(envelope, &delivery->place) : NULL;
    return event ? json_dumps(event, JSON_COMPACT) : NULL;
}

static sinergi_handled on_delivery(void *context, const sinergi_delivery *delivery,
                                   uint8_t note[64], size_t *note_len)
{
    struct subscriber *s = context;
    if (s->left == 0)
        return SINERGI_STOP; /* as many as were asked for */
    SG_AUTO(sg_heap_done)
    char *line = sinergi_envelope_json(delivery->envelope, delivery->envelope_length);
    if (line && s->format != FORMAT_JSON) {
        SG_AUTO(sg_heap_done) char *json_line = line;
        line = s->format == FORMAT_TEXT ? readable(s->cli, delivery, json_line)
                                        : cloudevent(delivery, json_line);
    }
    if (!line) {
        cli_say(s->cli, "seq %llu tidak dapat dibaca", "seq %llu cannot be read",
                (unsigned long long)delivery->seq);
        s->failed = EXIT_LOCAL;
        return SINERGI_STOP;
    }
    if (s->fd >= 0 && !append_line(s, line, note, note_len))
        return SINERGI_STOP;
    if (s->fd < 0 && (puts(line) < 0 || fflush(stdout) != 0)) {
        s->failed = EXIT_LOCAL;
        return SINERGI_STOP;
    }
    if (s->left > 0 && --s->left == 0)
        sinergi_stop(s->cli->client);
    return SINERGI_DONE;
}

/* ---- the file ---------------------------------------------------------------------------- */

/* Where this subscription begins in the file is known before the first line is written. */
static int note_begin(struct subscriber *s, const char *name)
{
    uint8_t note[NOTE_BYTES];
    struct sg_why why = {0};
    sg_put_u64(note, s->length);
    enum sg_err err = inbox_note(s->cli->client->inbox, name, note, sizeof note, &why);
    return err ? cli_fail(s->cli, client_why(s->cli->client, err, &why)) : (int)EXIT_DONE;
}

static int open_output(struct subscriber *s, const char *path, const char *name)
{
    struct cli *cli = s->cli;
    uint8_t note[64];
    size_t note_len = 0;
    sinergi_status status = sinergi_note(cli->client, name, note, &note_len);
    if (status)
        return cli_fail(cli, status);
    s->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
    struct stat st;
    if (s->fd < 0 || fstat(s->fd, &st) != 0) {
        cli_say(cli, "%s: %s", "%s: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
    s->length = (uint64_t)st.st_size;
    if (note_len != NOTE_BYTES || s->length == 0)
        return note_begin(s, name); /* a new file: all that comes from now on */
    uint64_t noted = sg_get_u64(note);
    if (s->length < noted) {
        cli_say(
            cli,
            "%s lebih pendek dari yang sudah ditulis (%llu byte): pulihkan, atau pakai file baru",
            "%s is shorter than what was written (%llu bytes): restore it, or use a new file", path,
            (unsigned long long)noted);
        return EXIT_LOCAL;
    }
    if (ftruncate(s->fd, (off_t)noted) != 0) {
        cli_say(cli, "%s: %s", "%s: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
    s->length = noted;
    return EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------- */

static bool parse_from(const char *from, sinergi_subscription *subscription)
{
    char *end = NULL;
    if (!strcmp(from, "beginning")) {
        subscription->start = SINERGI_FROM_BEGINNING;
    } else if (!strcmp(from, "new")) {
        subscription->start = SINERGI_FROM_NEW;
    } else if (strspn(from, "0123456789") == strlen(from) && from[0]) {
        subscription->start = SINERGI_FROM_SEQ;
        subscription->seq = strtoull(from, &end, 10);
    } else if (sg_time_parse(from, &subscription->time_ms) == SG_OK) {
        subscription->start = SINERGI_FROM_TIME;
    } else {
        return false;
    }
    return true;
}

/* Splits in place: "a,b" -> {"a", "b", NULL}. */
static bool split_types(char *text, const char *types[TYPES_MAX + 1])
{
    size_t count = 0;
    for (char *rest = text, *word; (word = strsep(&rest, ",")) != NULL;) {
        if (!word[0] || count == TYPES_MAX)
            return false;
        types[count++] = word;
    }
    types[count] = NULL;
    return true;
}

/* Says on stderr when the connection goes and when it is back. */
static void tell_connection(struct subscriber *s)
{
    bool up = session_is_up(s->cli->client);
    if (s->connected && !up)
        cli_say(s->cli, "sambungan ke broker terputus; mencoba lagi",
                "connection to the broker lost; trying again");
    if (s->lost && up)
        cli_say(s->cli, "tersambung lagi dengan broker", "connection to the broker is back");
    s->lost = (s->lost || s->connected) && !up;
    s->connected = up;
}

/* Sleep until the library has something to do, at most to the end; false when that is reached. */
static bool wait_for_work(struct cli *cli, int64_t end_ns)
{
    int64_t left_ms = (end_ns - client_mono_ns()) / MS_NS;
    struct pollfd fd = {.fd = sinergi_fd(cli->client), .events = POLLIN};
    if (left_ms <= 0 || fd.fd < 0)
        return false;
    (void)poll(&fd, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX); /* at a signal: look too */
    return true;
}

static int run(struct subscriber *s, bool until_caught_up)
{
    struct cli *cli = s->cli;
    sinergi_until until = until_caught_up ? SINERGI_UNTIL_CAUGHT_UP : SINERGI_UNTIL_TIMEOUT;
    int wait_ms = cli_wait_ms(cli, -1);
    int64_t end_ns = wait_ms < 0 ? INT64_MAX : client_mono_ns() + wait_ms * MS_NS;
    sinergi_status status;
    bool goes_on;
    do {
        status = sinergi_run(cli->client, until, 0);
        goes_on =
            (status == SINERGI_TIMEOUT || status == SINERGI_BUSY) && s->left != 0; /* so far */
        if (goes_on)
            tell_connection(s);
    } while (goes_on && !s->failed && wait_for_work(cli, end_ns));
    if (s->failed)
        return s->failed;
    bool complete = s->left == 0 || (!until_caught_up && s->left < 0 && s->connected);
    if (status == SINERGI_TIMEOUT && complete)
        return EXIT_DONE; /* as long as was asked for */
    return cli_fail(cli, status);
}

/* What subscribe and tail are asked for. */
struct wanted {
    const char *types, *from, *format;
    const char *list[TYPES_MAX + 1];
    char words[TYPES_BYTES]; /* cut in place */
};

/* clang-format off */
#define TYPES_OPTION(wanted) \
    {.name = "--types", .argument = "T,T", .value = &(wanted).types, \
     .id = "hanya jenis ini; slot.* berarti semua yang mulai begitu", \
     .en = "only these types; slot.* means all that begin so"}
#define FROM_OPTION(wanted) \
    {.name = "--from", .argument = "beginning|new|SEQ|TIME", .value = &(wanted).from, \
     .id = "mulai dari mana; tanpa ini: yang baru", \
     .en = "where to begin; default: what is new"}
#define FORMAT_OPTION(wanted) \
    {.name = "--format", .argument = "text|json|cloudevents", .value = &(wanted).format, \
     .id = "teks untuk orang (tanpa ini), Envelope, atau CloudEvent 1.0", \
     .en = "text for people (default), the Envelope, or a CloudEvent 1.0"}
/* clang-format on */

static bool parse_format(const char *text, const struct cli *cli, bool to_file, enum format *out)
{
    static const char *const names[FORMATS] = {"text", "json", "cloudevents"};
    *out = cli->json || to_file ? FORMAT_JSON : FORMAT_TEXT;
    if (!text)
        return true;
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(names[i], text) == 0) {
            *out = (enum format)i;
            return true;
        }
    return false;
}

static int parse_wanted(struct subscriber *s, struct wanted *w, bool to_file,
                        sinergi_subscription *subscription)
{
    bool fits =
        !w->types || (size_t)snprintf(w->words, sizeof w->words, "%s", w->types) < sizeof w->words;
    subscription->types = w->types ? w->list : NULL;
    subscription->handler = on_delivery;
    subscription->context = s;
    if (parse_from(w->from, subscription) && fits &&
        (!w->types || split_types(w->words, w->list)) &&
        parse_format(w->format, s->cli, to_file, &s->format))
        return EXIT_DONE;
    cli_say(s->cli,
            "--from: beginning, new, nomor, atau waktu; --types: T,T; --format: text, json, "
            "cloudevents",
            "--from: beginning, new, a seq, or a time as 2024-01-08T08:00:00+07:00; --types: T,T; "
            "--format: text, json, cloudevents");
    return EXIT_USAGE;
}

static int receive(struct subscriber *s, const sinergi_subscription *subscription,
                   const char *output, bool until_caught_up)
{
    cli_stop_at_signals(s->cli);
    int status = EXIT_DONE;
    sinergi_status subscribed = sinergi_subscribe(s->cli->client, subscription);
    if (subscribed)
        return cli_fail(s->cli, subscribed);
    if (output)
        status = open_output(s, output, subscription->name);
    if (status == EXIT_DONE)
        status = run(s, until_caught_up);
    cli_close(s->cli); /* before the file: the handler writes to it */
    sg_fd_done(&s->fd);
    return status;
}

int cmd_subscribe(struct cli *cli, int argc, char **argv)
{
    struct wanted w = {.from = "new"};
    const char *output = NULL;
    bool take_over = false, until_caught_up = false;
    const struct cli_option options[] = {
        /* clang-format off */
        TYPES_OPTION(w), FROM_OPTION(w), FORMAT_OPTION(w),
        {.name = "--output", .argument = "FILE", .value = &output,
         .id = "tambahkan baris JSON ke berkas ini, masing-masing tepat sekali",
         .en = "append JSON lines to this file, each exactly once"},
        {.name = "--take-over", .flag = &take_over,
         .id = "ambil alih dari perangkat lain", .en = "take it over from another device"},
        {.name = "--until-caught-up", .flag = &until_caught_up,
         .id = "selesai kalau semua yang ada sudah diterima",
         .en = "end when all that is there has been received"},
    }; /* clang-format on */
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 2)
        return cli_usage(argv[0]);
    struct subscriber s = {.cli = cli, .fd = -1, .left = cli->count ? cli->count : -1};
    sinergi_subscription subscription = {.name = argv[1], .take_over = take_over};
    int status = parse_wanted(&s, &w, output != NULL, &subscription);
    if (!status)
        status = cli_open(cli);
    return status ? status : receive(&s, &subscription, output, until_caught_up);
}

/* The same without a memory: each time from where --from says, and nothing is kept here. */
int cmd_tail(struct cli *cli, int argc, char **argv)
{
    struct wanted w = {.from = "new"};
    const struct cli_option options[] = {TYPES_OPTION(w), FROM_OPTION(w), FORMAT_OPTION(w)};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 1)
        return cli_usage(argv[0]);
    char name[64];
    struct subscriber s = {.cli = cli, .fd = -1, .left = cli->count ? cli->count : -1};
    sinergi_subscription subscription = {.take_over = 1, .restart = 1, .ephemeral = 1};
    int status = parse_wanted(&s, &w, false, &subscription);
    if (!status)
        status = cli_open(cli);
    if (status)
        return status;
    (void)snprintf(name, sizeof name, "tail-%s", sinergi_device(cli->client));
    subscription.name = name;
    return receive(&s, &subscription, NULL, false);
}
