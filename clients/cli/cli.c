#include "cli/cli.h"

#include "kit/err.h"
#include "lib/inside.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 << 20 };

static const enum exit_status exits[] = {
    [SINERGI_OK] = EXIT_DONE,
    [SINERGI_TIMEOUT] = EXIT_TIME,
    [SINERGI_INVALID] = EXIT_REFUSED,
    [SINERGI_CONFIG] = EXIT_LOCAL,
    [SINERGI_LOCAL] = EXIT_LOCAL,
    [SINERGI_KEY_REFUSED] = EXIT_KEY,
    [SINERGI_WRONG_SERVER] = EXIT_SERVER,
    [SINERGI_OLD_PROTOCOL] = EXIT_PROTOCOL,
    [SINERGI_HISTORY] = EXIT_HISTORY,
    [SINERGI_IN_USE] = EXIT_HELD,
    [SINERGI_TAKEN_OVER] = EXIT_HELD,
    [SINERGI_REFUSED] = EXIT_REFUSED,
    [SINERGI_BUSY] = EXIT_TIME,
};

static const char *chosen(const struct cli *cli)
{
    if (cli->language)
        return cli->language;
    const char *of_conf = cli->client ? cli->client->conf.language : "";
    return of_conf[0] ? of_conf : NULL;
}

bool cli_english(const struct cli *cli)
{
    const char *language = chosen(cli);
    return language && strcmp(language, "en") == 0;
}

const char *cli_word(const struct cli *cli, const char *id, const char *en)
{
    return cli_english(cli) ? en : id;
}

void cli_say_texts(const struct cli *cli, const char *id, const char *en)
{
    const char *language = chosen(cli);
    const char *bad = cli_tone(cli, stderr, TONE_BAD), *plain = cli_tone(cli, stderr, TONE_PLAIN);
    if (!language || strcmp(language, "id") == 0)
        (void)fprintf(stderr, "%ssinergi:%s %s\n", bad, plain, id);
    if ((!language && strcmp(id, en) != 0) || cli_english(cli))
        (void)fprintf(stderr, "%ssinergi:%s %s\n", bad, plain, en);
}

void cli_say(const struct cli *cli, const char *id, const char *en, ...)
{
    char text_id[ERROR_TEXT_MAX], text_en[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, en);
    (void)vsnprintf(text_id, sizeof text_id, id, args);
    va_end(args);
    va_start(args, en);
    (void)vsnprintf(text_en, sizeof text_en, en, args);
    va_end(args);
    cli_say_texts(cli, text_id, text_en);
}

int cli_fail(struct cli *cli, sinergi_status status)
{
    if (status != SINERGI_OK)
        cli_say_texts(cli, sinergi_error(cli->client, "id"), sinergi_error(cli->client, "en"));
    return (size_t)status < SG_ARRAY_LEN(exits) ? (int)exits[status] : (int)EXIT_LOCAL;
}

int cli_open(struct cli *cli)
{
    return cli_fail(cli, sinergi_open(cli->conf_path, &cli->client));
}

/* https://no-color.org: any value that is not empty; what the command line says comes first. */
static bool is_colored(const struct cli *cli, FILE *to)
{
    if (cli->color != COLOR_AUTO || (cli->json && to == stdout))
        return cli->color == COLOR_ALWAYS && !(cli->json && to == stdout);
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(no_color && no_color[0]) && terminal && strcmp(terminal, "dumb") != 0 &&
           isatty(fileno(to));
}

const char *cli_tone(const struct cli *cli, FILE *to, enum tone tone)
{
    static const char *const codes[TONES] = {
        [TONE_PLAIN] = "\033[0m",  [TONE_HEADING] = "\033[1m", [TONE_GOOD] = "\033[32m",
        [TONE_WAITS] = "\033[33m", [TONE_BAD] = "\033[1;31m",  [TONE_FAINT] = "\033[2m"};
    return is_colored(cli, to) ? codes[tone] : "";
}

int cli_wait_ms(const struct cli *cli, int otherwise_ms)
{
    return cli->wait_ms >= 0 ? cli->wait_ms : otherwise_ms;
}

static sinergi *stoppable;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
    if (stoppable)
        sinergi_stop(stoppable);
}

bool cli_stopped(void)
{
    return stopped != 0;
}

void cli_close(struct cli *cli)
{
    stoppable = NULL; /* a signal may come while it closes */
    sinergi_close(cli->client);
    cli->client = NULL;
}

void cli_stop_at_signals(struct cli *cli)
{
    stoppable = cli->client;
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static char *read_all(FILE *file, size_t *out_length)
{
    size_t room = 1 << 16, length = 0;
    char *text = malloc(room);
    while (text) {
        length += fread(text + length, 1, room - 1 - length, file);
        if (length < room - 1)
            break;
        room *= 2;
        char *more = room <= FILE_BYTES_MAX ? realloc(text, room) : NULL;
        if (!more)
            free(text);
        text = more;
    }
    if (text)
        text[length] = '\0';
    *out_length = length;
    return text;
}

char *cli_read_file(const struct cli *cli, const char *path, size_t *out_length)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file) {
        cli_say(cli, "%s: tidak dapat dibaca: %s", "%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *text = read_all(file, out_length);
    bool failed = ferror(file) != 0;
    if (!standard)
        (void)fclose(file);
    if (!text || failed) {
        cli_say(cli, "%s: tidak dapat dibaca atau terlalu besar",
                "%s: cannot be read, or is too large", path);
        free(text);
        return NULL;
    }
    return text;
}
