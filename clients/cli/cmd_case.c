#include "cli/ask.h"

#include "kit/err.h"
#include "wire/id.h"

#include <stdio.h>
#include <string.h>

static int list(struct cli *cli, bool all)
{
    SG_AUTO(print_json_done) json_t *answer = NULL;
    SG_AUTO(table_done) struct table table = {0};
    int status = cli_ask(cli,
                         all ? "{\"kind\":\"QUERY_KIND_CASES\",\"all\":true}"
                             : "{\"kind\":\"QUERY_KIND_CASES\"}",
                         &answer);
    if (!answer)
        return status;
    table_begin(&table, cli,
                (const char *const[]){"KASUS", "CASE", "KEADAAN", "STATE", "NAMA", "NAME", "L/P",
                                      "SEX", "UMUR", "AGE", "PRIORITAS", "BAND", "ANAK", "MINOR",
                                      NULL});
    size_t i;
    json_t *view;
    json_array_foreach(json_object_get(answer, "cases"), i, view)
    {
        const json_t *person = json_object_get(view, "person");
        char band[32];
        bool minor = json_is_true(json_object_get(view, "minor"));
        bool doubt = json_is_true(json_object_get(view, "ageDoubt"));
        table_row(&table, (const char *const[]){
                              json_text(view, "caseId"), word_of(cli, json_text(view, "state")),
                              json_text(person, "fullName"), word_of(cli, json_text(person, "sex")),
                              word_of(cli, json_text(person, "ageBand")),
                              json_number(view, "priorityBand", band),
                              minor   ? cli_word(cli, "ya", "yes")
                              : doubt ? "?"
                                      : ""});
    }
    table_print(&table);
    return EXIT_DONE;
}

static void print_head(struct cli *cli, const json_t *view)
{
    char band[32], version[32];
    const json_t *person = json_object_get(view, "person");
    printf("%s %s\n", cli_word(cli, "Kasus", "Case"), json_text(view, "caseId"));
    printf("%s: %s, %s %s, %s %s\n", cli_word(cli, "Keadaan", "State"),
           word_of(cli, json_text(view, "state")), cli_word(cli, "versi", "version"),
           json_number(view, "version", version), cli_word(cli, "prioritas", "band"),
           json_number(view, "priorityBand", band));
    printf("%s: %s, %s, %s, %s\n", cli_word(cli, "Orang", "Person"), json_text(person, "fullName"),
           word_of(cli, json_text(person, "sex")), word_of(cli, json_text(person, "ageBand")),
           json_text(person, "domicileKecamatan"));
    if (json_object_get(view, "closedOn"))
        printf("%s: %s, %s\n", cli_word(cli, "Ditutup", "Closed"), json_text(view, "closedOn"),
               word_of(cli, json_text(view, "closeReason")));
    if (json_is_true(json_object_get(view, "minor")))
        puts(cli_word(cli, "Anak: diteruskan ke perlindungan anak",
                      "Minor: to be handed to child protection"));
    if (json_is_true(json_object_get(view, "ageDoubt")))
        puts(cli_word(cli, "Umur diragukan: perlu asesmen", "Age in doubt: an assessment decides"));
}

static void print_plan(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    const json_t *plan = json_object_get(view, "plan");
    size_t i;
    json_t *c;
    char version[32];
    if (!plan)
        return;
    printf("%s %s: %s, %s %s\n", cli_word(cli, "Rencana pendampingan", "Mentoring plan"),
           json_text(plan, "planId"), word_of(cli, json_text(plan, "state")),
           cli_word(cli, "versi", "version"), json_number(plan, "version", version));
    table_begin(&table, cli,
                (const char *const[]){"KUNJUNGAN", "CHECKPOINT", "TANGGAL", "DUE", "KEADAAN",
                                      "STATE", NULL});
    json_array_foreach(json_object_get(plan, "checkpoints"), i, c)
    {
        bool done = json_is_true(json_object_get(c, "done"));
        bool missed = json_is_true(json_object_get(c, "missed"));
        table_row(&table, (const char *const[]){json_text(c, "code"), json_text(c, "dueOn"),
                                                done     ? cli_word(cli, "selesai", "done")
                                                : missed ? cli_word(cli, "terlewat", "missed")
                                                         : ""});
    }
    table_print(&table);
}

static void print_referrals(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *r;
    table_begin(&table, cli,
                (const char *const[]){"RUJUKAN", "REFERRAL", "JENIS", "KIND", "DARI", "FROM", "KE",
                                      "TO", "KEADAAN", "STATE", NULL});
    json_array_foreach(json_object_get(view, "referrals"), i, r)
    {
        table_row(&table, (const char *const[]){json_text(r, "referralId"),
                                                word_of(cli, json_text(r, "kind")),
                                                json_text(r, "referrer"), json_text(r, "target"),
                                                word_of(cli, json_text(r, "state"))});
    }
    table_print(&table);
}

static void print_placements(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *p;
    table_begin(&table, cli,
                (const char *const[]){"PENEMPATAN", "PLACEMENT", "KURSUS", "COURSE",
                                      "PENYELENGGARA", "PROVIDER", "KEADAAN", "STATE", "MULAI",
                                      "STARTED", "SELESAI", "ENDED", "HASIL", "RESULT", "HADIR",
                                      "ATTENDED", NULL});
    json_array_foreach(json_object_get(view, "placements"), i, p)
    {
        char held[32], came[32], attended[72] = "";
        if (json_object_get(p, "sessionsHeld"))
            (void)snprintf(attended, sizeof attended, "%s/%s",
                           json_number(p, "sessionsAttended", came),
                           json_number(p, "sessionsHeld", held));
        table_row(&table, (const char *const[]){
                              json_text(p, "allocationId"), json_text(p, "courseCode"),
                              json_text(p, "slotOwner"), word_of(cli, json_text(p, "state")),
                              json_text(p, "startedOn"), json_text(p, "endedOn"),
                              word_of(cli, json_text(p, "result")), attended});
    }
    table_print(&table);
}

int cmd_case(struct cli *cli, int argc, char **argv)
{
    bool all = false;
    const struct cli_option options[] = {{.name = "--all",
                                          .flag = &all,
                                          .id = "juga yang sudah selesai",
                                          .en = "those that are over too"}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc > 2)
        return cli_usage(argv[0]);
    if (argc == 1)
        return list(cli, all);
    struct sg_id id;
    if (sg_id_parse(argv[1], &id)) {
        cli_say(cli, "%s bukan nomor kasus", "%s is not the id of a case", argv[1]);
        return EXIT_USAGE;
    }
    char query[128], text[SG_ID_TEXT];
    (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_CASE\",\"caseId\":\"%s\"}",
                   sg_id_print(&id, text));
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, query, &answer);
    if (!answer)
        return status;
    const json_t *view = json_array_get(json_object_get(answer, "cases"), 0);
    print_head(cli, view);
    print_referrals(cli, view);
    print_placements(cli, view);
    print_kits(cli, view);
    print_plan(cli, view);
    print_deadlines(cli, view);
    return EXIT_DONE;
}
