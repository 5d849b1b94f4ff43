/* cmd_person.c - for the identity steward: who somebody is by all names, and who may be the same.
 */
#include "cli/ask.h"

#include "kit/err.h"
#include "wire/id.h"

#include <stdio.h>
#include <string.h>

/* "NAME, ALIAS" */
static const char *features_of(struct cli *cli, const json_t *view, char *to, size_t size)
{
    size_t i, len = 0;
    json_t *feature;
    to[0] = '\0';
    json_array_foreach(json_object_get(view, "features"), i, feature)
    {
        char name[64];
        (void)snprintf(name, sizeof name, "FEATURE_%s", json_string_value(feature));
        if (len < size)
            len +=
                (size_t)snprintf(to + len, size - len, "%s%s", len ? ", " : "", word_of(cli, name));
    }
    return to;
}

static void print_suspicions(struct cli *cli, const json_t *list)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *s;
    table_begin(&table, cli,
                (const char *const[]){"ORANG", "PERSON", "DAN", "AND", "NILAI", "SCORE", "KESAMAAN",
                                      "IN COMMON", "SEJAK", "SINCE", NULL});
    json_array_foreach(list, i, s)
    {
        char score[32], since[32], features[160];
        table_row(&table,
                  (const char *const[]){json_text(s, "personRefA"), json_text(s, "personRefB"),
                                        json_number(s, "score", score),
                                        features_of(cli, s, features, sizeof features),
                                        json_time(s, "raisedMs", since)});
    }
    table_print(&table);
}

/* One line of two columns; nothing when there is nothing to say. */
static void add(struct cli *cli, struct table *table, const char *id, const char *en,
                const char *value)
{
    if (value && *value)
        table_row(table, (const char *const[]){cli_word(cli, id, en), value});
}

static const char *yes(struct cli *cli, const json_t *view, const char *name)
{
    return json_is_true(json_object_get(view, name)) ? cli_word(cli, "ya", "yes") : "";
}

static void print_person(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    const json_t *p = json_object_get(view, "person"), *birth = json_object_get(p, "birthDate");
    char age[32], nik[96] = "";
    const char *status = json_text(p, "nikStatus"), *last4 = json_text(view, "nikLast4");
    if (*status)
        (void)snprintf(nik, sizeof nik, "%s%s%s", word_of(cli, status), *last4 ? ", …" : "", last4);
    table_begin(&table, cli, (const char *const[]){"ORANG", "PERSON", "", "", NULL});
    add(cli, &table, "acuan", "reference", json_text(view, "personRef"));
    add(cli, &table, "nama", "name", json_text(p, "fullName"));
    add(cli, &table, "panggilan", "alias", json_text(p, "alias"));
    add(cli, &table, "kelamin", "sex",
        *json_text(p, "sex") ? word_of(cli, json_text(p, "sex")) : "");
    add(cli, &table, "lahir", "born", json_is_string(birth) ? json_string_value(birth) : "");
    add(cli, &table, "umur taksiran", "estimated age", json_number(p, "estimatedAge", age));
    add(cli, &table, "NIK", "NIK", nik);
    add(cli, &table, "ibu", "mother", json_text(p, "motherName"));
    add(cli, &table, "asal", "origin", json_text(p, "originRegion"));
    add(cli, &table, "domisili", "domicile", json_text(p, "domicileRegion"));
    add(cli, &table, "telepon", "phone", json_text(p, "phone"));
    add(cli, &table, "anak", "minor", yes(cli, view, "minor"));
    add(cli, &table, "umur diragukan", "age in doubt", yes(cli, view, "ageDoubt"));
    add(cli, &table, "dibatasi", "restricted", yes(cli, view, "restricted"));
    table_print(&table);
}

static void print_links(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *link;
    if (!json_array_size(json_object_get(view, "links")))
        return;
    table_begin(&table, cli,
                (const char *const[]){"ORANG", "PERSON", "SAMA DENGAN", "SAME AS", "SEJAK", "SINCE",
                                      "OTOMATIS", "AUTOMATIC", NULL});
    json_array_foreach(json_object_get(view, "links"), i, link)
    {
        char since[32];
        table_row(&table, (const char *const[]){
                              json_text(link, "personRef"), json_text(link, "joinedRef"),
                              json_time(link, "linkedMs", since), yes(cli, link, "automatic")});
    }
    (void)puts("");
    table_print(&table);
}

static void print_cases(struct cli *cli, const json_t *view)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *c;
    if (!json_array_size(json_object_get(view, "cases")))
        return;
    table_begin(&table, cli,
                (const char *const[]){"KASUS", "CASE", "PENGELOLA", "OWNER", "KEADAAN", "STATE",
                                      "ORANG", "PERSON", NULL});
    json_array_foreach(json_object_get(view, "cases"), i, c)
        table_row(&table, (const char *const[]){json_text(c, "caseId"), json_text(c, "owner"),
                                                word_of(cli, json_text(c, "state")),
                                                json_text(c, "personRef")});
    (void)puts("");
    table_print(&table);
}

static int show(struct cli *cli, const json_t *view)
{
    print_person(cli, view);
    print_links(cli, view);
    print_cases(cli, view);
    if (json_array_size(json_object_get(view, "suspicions"))) {
        (void)puts("");
        print_suspicions(cli, json_object_get(view, "suspicions"));
    }
    return EXIT_DONE;
}

int cmd_person(struct cli *cli, int argc, char **argv)
{
    struct sg_id id;
    char query[128] = "{\"kind\":\"QUERY_KIND_PERSON\",\"suspects\":true}", text[SG_ID_TEXT];
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 2)
        return cli_usage(argv[0]);
    bool suspects = strcmp(argv[1], "suspects") == 0;
    if (!suspects && sg_id_parse(argv[1], &id)) {
        cli_say(cli, "%s bukan acuan orang", "%s is not a reference of a person", argv[1]);
        return EXIT_USAGE;
    }
    if (!suspects)
        (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_PERSON\",\"personRef\":\"%s\"}",
                       sg_id_print(&id, text));
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = cli_ask(cli, query, &answer);
    if (!answer)
        return status;
    if (!suspects)
        return show(cli, json_object_get(answer, "person"));
    print_suspicions(cli, json_object_get(answer, "suspicions"));
    return EXIT_DONE;
}
