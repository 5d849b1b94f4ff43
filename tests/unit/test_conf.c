#include "sinergi/v1/common.pb-c.h"
#include "sys/conf.h"
#include "unit/unit.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define KEY_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define NAMES "name_id = \"Satu\"; name_en = \"One\";"
#define DEVICE(name, curve, sign) \
    "{ name = \"" name "\"; curve = \"" curve "\"; sign = \"" sign "\"; }"
#define AGENCY(id, caps, devices) \
    "{ id = \"" id "\"; " NAMES " capabilities = [" caps "]; devices = (" devices "); }"
#define AGENCIES(list) "agencies = (" list ");"
#define ONE AGENCIES(AGENCY("dinsos", "\"CASE_OWNER\"", DEVICE("kantor", KEY_A, KEY_B)))

static void an_empty_city_gets_the_defaults(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf conf = {0};
    UNIT_OK(conf_read_text("agencies = ();", "t", &conf, &why));
    const struct settings *s = &conf.settings;
    assert_string_equal(s->listen_tcp, "tcp://0.0.0.0:7471");
    assert_string_equal(s->listen_local, "ipc:///run/sinergi/sinergid.sock");
    assert_string_equal(s->listen_local_group, "");
    assert_false(s->listen_ipv6);
    assert_int_equal(s->max_connections, 80);
    assert_int_equal(s->key_connections, 16);
    assert_string_equal(s->store_path, "/var/lib/sinergi/store.mdb");
    assert_string_equal(s->store_head, "/var/lib/sinergi/head.path");
    assert_int_equal(s->map_gib, 64);
    assert_int_equal(s->reserve_percent, 10);
    assert_int_equal(s->reserve_mib, 1024);
    assert_string_equal(s->keys_file, "/etc/sinergi/broker.key");
    assert_string_equal(s->codes_path, "/usr/share/sinergi/codes");
    assert_int_equal(s->memory_max_mib, 1024);
    assert_int_equal(s->log_level, LOG_NOTICE);
    assert_int_equal(s->target_min, 20);
    assert_int_equal(s->target_max, 25);
    assert_int_equal(conf.roster->agency_count, 0);
}

static void the_shipped_file_says_the_defaults(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf shipped = {0}, none = {0};
    UNIT_OK(conf_read_file("conf/sinergid.conf", &shipped, &why));
    UNIT_OK(conf_read_text("agencies = ();", "t", &none, &why));
    assert_memory_equal(&shipped.settings, &none.settings, sizeof none.settings);
}

static void every_value_is_taken(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf conf = {0};
    UNIT_OK(conf_read_text(
        "listen: { tcp = \"tcp://[::1]:9\"; local = \"ipc:///x\"; local_group = \"adm\"; "
        "ipv6 = true; max_connections = 5; key_connections = 2; };"
        "store: { path = \"a\"; head = \"b\"; map_gib = 4; reserve_percent = 0; reserve_mib = 16; "
        "};"
        "keys: { file = \"credential:k\"; }; codes: { path = \"c\"; };"
        "memory: { max_mib = 64; }; log: { level = \"debug\"; };"
        "reports: { target_min = 0; target_max = 7; };" ONE,
        "t", &conf, &why));
    const struct settings *s = &conf.settings;
    assert_string_equal(s->listen_tcp, "tcp://[::1]:9");
    assert_string_equal(s->listen_local, "ipc:///x");
    assert_string_equal(s->listen_local_group, "adm");
    assert_true(s->listen_ipv6);
    assert_int_equal(s->max_connections, 5);
    assert_int_equal(s->key_connections, 2);
    assert_string_equal(s->store_path, "a");
    assert_string_equal(s->store_head, "b");
    assert_int_equal(s->map_gib, 4);
    assert_int_equal(s->reserve_percent, 0);
    assert_int_equal(s->reserve_mib, 16);
    assert_string_equal(s->keys_file, "credential:k");
    assert_string_equal(s->codes_path, "c");
    assert_int_equal(s->memory_max_mib, 64);
    assert_int_equal(s->log_level, LOG_DEBUG);
    assert_int_equal(s->target_min, 0);
    assert_int_equal(s->target_max, 7);
}

static void agencies_and_devices_are_taken(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf conf = {0};
    UNIT_OK(conf_read_text(
        AGENCIES("{ id = \"satpolpp\"; " NAMES
                 " capabilities = [\"REFERRER\"]; suspended = true; },"
                 "{ id = \"dinsos\"; " NAMES " capabilities = [\"CASE_OWNER\", \"AUDITOR\"]; "
                 "devices = ({ name = \"a.1\"; curve = \"" KEY_A "\"; sign = \"" KEY_B "\"; "
                 "not_before = \"2026-05-04\"; not_after = \"2026-05-04\"; }, "
                 "{ name = \"b\"; curve = \"" KEY_C "\"; sign = \"" KEY_D "\"; "
                 "not_before = \"2026-05-04T08:00:00+07:00\"; not_after = \"\"; }); }"),
        "t", &conf, &why));
    assert_int_equal(conf.roster->agency_count, 2);
    const struct sg_agency *dinsos = &conf.roster->agencies[0]; /* sorted */
    assert_string_equal(dinsos->id, "dinsos");
    assert_string_equal(dinsos->name_id, "Satu");
    assert_string_equal(dinsos->name_en, "One");
    assert_int_equal(dinsos->capabilities,
                     SG_CAP(PB_CAPABILITY_CASE_OWNER) | SG_CAP(PB_CAPABILITY_AUDITOR));
    assert_false(dinsos->suspended);
    assert_int_equal(dinsos->device_count, 2);
    const struct sg_device *device = &dinsos->devices[0];
    assert_string_equal(device->name, "a.1");
    assert_int_equal(device->curve_public[31], 0xaa);
    assert_int_equal(device->sign_public[0], 0xbb);
    int64_t day_ms = sg_day_start_ms(sg_day_of(2026, 5, 4));
    assert_int_equal(device->not_before_ms, day_ms);
    assert_int_equal(device->not_after_ms, day_ms + SG_DAY_MS - 1);
    assert_int_equal(dinsos->devices[1].not_before_ms, day_ms + 8 * SG_HOUR_MS);
    assert_int_equal(dinsos->devices[1].not_after_ms, 0);
    assert_true(conf.roster->agencies[1].suspended);
}

/* The names of the file are the names of the contract, bit for bit. */
static void capabilities_are_those_of_the_contract(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *all = &pb_capability__descriptor;
    for (unsigned i = 0; i < all->n_values; i++) {
        const ProtobufCEnumValue *value = &all->values[i];
        if (value->value == 0)
            continue;
        char text[256];
        (void)snprintf(text, sizeof text,
                       AGENCIES("{ id = \"aa\"; " NAMES " capabilities = [\"%s\"]; }"),
                       value->name + strlen("CAPABILITY_"));
        struct sg_why why = {0};
        SG_AUTO(conf_done) struct conf conf = {0};
        UNIT_OK(conf_read_text(text, "t", &conf, &why));
        assert_int_equal(conf.roster->agencies[0].capabilities, SG_CAP(value->value));
    }
}

#define LISTEN(text) "listen: {\n" text "\n};" ONE
#define OF_AGENCY(text) "agencies = (\n{ id = \"dinsos\"; " text " }\n);"
#define OF_DEVICE(text)                                                                          \
    "agencies = ({ id = \"dinsos\"; " NAMES " capabilities = []; devices = (\n{ " text " }\n); " \
    "});"

static const struct refused {
    const char *name, *text, *want, *also;
} refused[] = {
    {"no agencies", "log: { level = \"info\"; };", "t: 'agencies' is missing", "id = ..."},
    {"not libconfig", "listen: {\n tcp = ;\n};", "t:2:", "syntax"},
    {"include", "\n  @include \"/etc/passwd\"\n", "t:2: '@include'", "one file"},
    {"unknown group", "\nlistem: { };" ONE, "t:2: there is no key 'listem'",
     "the nearest is 'listen'"},
    {"unknown scalar at the top", "colour = 1;" ONE, "no key 'colour'", "agencies"},
    {"unknown key with a neighbour", LISTEN("max_connection = 1;"),
     "t:2: there is no key 'listen.max_connection'", "the nearest is 'listen.max_connections'"},
    {"unknown key without one", LISTEN("zzzzzzzzzzzzzzzzzzzz = 1;"), "t:2: there is no key", ""},
    {"a group that is a value", "listen = 1;" ONE, "t:1: 'listen' must be a group", ""},
    {"number too small", LISTEN("max_connections = 0;"), "t:2: 'listen.max_connections'",
     "1 to 4096 connections"},
    {"number too large", LISTEN("max_connections = 4097;"), "t:2:", "1 to 4096"},
    {"64-bit number", LISTEN("max_connections = 9999999999L;"), "t:2:", "1 to 4096"},
    {"number as text", LISTEN("max_connections = \"5\";"), "t:2:", "whole number"},
    {"number as fraction", LISTEN("max_connections = 5.0;"), "t:2:", "whole number"},
    {"text as number", LISTEN("tcp = 5;"), "t:2: 'listen.tcp' must be a text", "tcp://ADDRESS"},
    {"text with a line end", LISTEN("tcp = \"tcp://a\\n:5\";"), "control character", "tcp://"},
    {"yes or no as number", LISTEN("ipv6 = 1;"), "t:2: 'listen.ipv6' must be true or false", ""},
    {"level", "log: { level = \"loud\"; };" ONE, "t:1: 'log.level'", "\"notice\""},
    {"level as number", "log: { level = 5; };" ONE, "t:1: 'log.level'", "\"notice\""},
    {"tcp without a port", LISTEN("tcp = \"tcp://1.2.3.4\";"), "'listen.tcp'", "ADDRESS:PORT"},
    {"tcp with port 0", LISTEN("tcp = \"tcp://1.2.3.4:0\";"), "'listen.tcp'", "1 to 65535"},
    {"tcp with a high port", LISTEN("tcp = \"tcp://1.2.3.4:65536\";"), "'listen.tcp'", ""},
    {"tcp with another scheme", LISTEN("tcp = \"udp://1.2.3.4:5\";"), "'listen.tcp'", ""},
    {"tcp without an address", LISTEN("tcp = \"tcp://:5\";"), "'listen.tcp'", ""},
    {"abstract socket", LISTEN("local = \"ipc://@sinergi\";"), "'listen.local'", "permissions"},
    {"relative socket", LISTEN("local = \"ipc://a/b\";"), "'listen.local'", "ipc:///PATH"},
    {"nowhere to connect", LISTEN("tcp = \"\"; local = \"\";"), "both empty", ""},
    {"more connections than memory", LISTEN("max_connections = 86;"),
     "'listen.max_connections' is 86", "holds 85 connections"},
    {"target upside down", "reports: { target_min = 9; target_max = 8; };" ONE, "target_max", ""},
    {"store and head alike", "store: { path = \"a\"; head = \"a\"; };" ONE, "same file", ""},
    {"empty path", "store: { path = \"\"; };" ONE, "t:1: 'store.path'", "1 to 255"},
    {"agencies as group", "agencies: { };", "t:1: 'agencies' must be a list", "at most 64"},
    {"agency as number", "agencies = ( 1 );", "must be a group", ""},
    {"agency without id", "agencies = ( { } );", "'id' is missing", ""},
    {"agency id in capitals", "agencies = ( { id = \"Dinsos\"; } );", "'Dinsos'", "a-z"},
    {"agency id of one letter", "agencies = ( { id = \"d\"; } );", "'d'", "a-z"},
    {"agency without a name", OF_AGENCY(""), "t:2: agency 'dinsos': 'name_id' is missing", ""},
    {"name with a control character", OF_AGENCY("name_id = \"a\\tb\";"), "'name_id'", "127"},
    {"unknown key of an agency", OF_AGENCY(NAMES "capability = [];"),
     "t:2: an agency has no key 'capability'", "the nearest is 'capabilities'"},
    {"no capabilities", OF_AGENCY(NAMES), "'capabilities' must be a list", "REFERRER"},
    {"capabilities as text", OF_AGENCY(NAMES "capabilities = \"REFERRER\";"), "must be a list",
     "REFERRER"},
    {"unknown capability", OF_AGENCY(NAMES "capabilities = [\"REFERER\"];"), "\"REFERER\"",
     "REFERRER, CASE_OWNER"},
    {"capability as number", OF_AGENCY(NAMES "capabilities = [1];"), "must be one of", ""},
    {"suspended as text", OF_AGENCY(NAMES "capabilities = []; suspended = \"yes\";"),
     "'suspended' must be true or false", ""},
    {"devices as group", OF_AGENCY(NAMES "capabilities = []; devices = { };"),
     "'devices' must be a list", "at most 64"},
    {"device without a name", OF_DEVICE(""), "t:2: a device of agency 'dinsos'", "'name'"},
    {"device name with a slash", OF_DEVICE("name = \"a/b\";"), "'a/b'", "a-z"},
    {"device name of 32 bytes", OF_DEVICE("name = \"abcdefghabcdefghabcdefghabcdefgh\";"), "'name'",
     "1 to 31"},
    {"device without curve", OF_DEVICE("name = \"a\";"), "'curve' is missing", ""},
    {"short key", OF_DEVICE("name = \"a\"; curve = \"aa\";"), "'curve' must be 64", "keygen"},
    {"key with a wrong digit",
     OF_DEVICE("name = \"a\"; curve = \"" KEY_A "\"; sign = "
               "\"gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "aaaaaaaaaaaa\";"),
     "'sign' must be 64", ""},
    {"unknown key of a device", OF_DEVICE("name = \"a\"; curves = \"\";"),
     "a device of agency 'dinsos' has no key 'curves'", "'curve'"},
    {"not a day",
     OF_DEVICE("name = \"a\"; curve = \"" KEY_A "\"; sign = \"" KEY_B
               "\"; not_before = \"2026-02-30\";"),
     "'not_before' must be a day", "2026-05-04"},
    {"a day as number",
     OF_DEVICE("name = \"a\"; curve = \"" KEY_A "\"; sign = \"" KEY_B "\"; not_before = 2026;"),
     "'not_before' must be a text", ""},
    {"dates the wrong way round",
     OF_DEVICE("name = \"a\"; curve = \"" KEY_A "\"; sign = \"" KEY_B
               "\"; not_before = \"2026-02-20\"; not_after = \"2026-02-19\";"),
     "'not_after' lies before", ""},
    {"the same agency twice",
     AGENCIES(AGENCY("aa", "", "") "," AGENCY("ab", "", "") "," AGENCY("aa", "", "")),
     "agency 'aa' stands there twice", ""},
    {"the same device twice",
     AGENCIES(AGENCY("aa", "", DEVICE("x", KEY_A, KEY_B) "," DEVICE("x", KEY_C, KEY_D))),
     "device 'aa/x' stands there twice", ""},
    {"the same curve key in two agencies",
     AGENCIES(AGENCY("aa", "", DEVICE("x", KEY_A, KEY_B)) "," AGENCY("ab", "",
                                                                     DEVICE("y", KEY_A, KEY_D))),
     "have the same 'curve' key", "ab/y"},
    {"the same sign key in one agency",
     AGENCIES(AGENCY("aa", "", DEVICE("x", KEY_A, KEY_B) "," DEVICE("y", KEY_C, KEY_B))),
     "have the same 'sign' key", "aa/x"},
};

/* What is wrong is named: line, key, and what would be accepted. */
static void wrong_files_are_refused_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(refused); i++) {
        const struct refused *row = &refused[i];
        struct sg_why why = {0};
        struct conf conf = {0};
        enum sg_err err = conf_read_text(row->text, "t", &conf, &why);
        conf_done(&conf);
        if (err != SG_E_CONF)
            fail_msg("%s: %s", row->name, sg_err_name(err));
        if (!strstr(why.text, row->want) || !strstr(why.text, row->also))
            fail_msg("%s: '%s' without '%s' or '%s'", row->name, why.text, row->want, row->also);
    }
}

static void bounds_of_lists_hold(void **state)
{
    (void)state;
    for (int devices = 0; devices < 2; devices++) {
        for (unsigned count = 64; count <= 65; count++) {
            char *text = NULL;
            size_t size = 0;
            FILE *to = open_memstream(&text, &size);
            fputs(devices ? "agencies=({id=\"aa\";" NAMES "capabilities=[];devices=("
                          : "agencies=(",
                  to);
            for (unsigned i = 0; i < count; i++)
                if (devices)
                    fprintf(to, "%s{name=\"d%u\";curve=\"%064x\";sign=\"%064x\";}", i ? "," : "", i,
                            i, i);
                else
                    fprintf(to, "%s{id=\"a%u\";" NAMES "capabilities=[];}", i ? "," : "", i);
            fputs(devices ? ");});" : ");", to);
            (void)fclose(to);
            struct sg_why why = {0};
            struct conf conf = {0};
            enum sg_err err = conf_read_text(text, "t", &conf, &why);
            conf_done(&conf);
            free(text);
            if (err != (count == 64 ? SG_OK : SG_E_CONF))
                fail_msg("%u %s: %s", count, devices ? "devices" : "agencies", why.text);
        }
    }
}

static void files_that_are_none_are_refused(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct conf conf = {0};
    assert_int_equal(conf_read_file("/no/such/file", &conf, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "/no/such/file"));
    assert_int_equal(conf_read_file("/", &conf, &why), SG_E_CONF);
    assert_int_equal(conf_read_file("/dev/zero", &conf, &why), SG_E_CONF);

    char path[] = "/tmp/sinergi-conf-XX"
                  "XX"
                  "XX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "log: {};\0", 9) == 9 && close(fd) == 0);
    assert_int_equal(conf_read_file(path, &conf, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "zero byte"));
    (void)unlink(path);
}

static void the_ranges_are_checked_again(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf conf = {0};
    UNIT_OK(conf_read_text(ONE, "t", &conf, &why));
    UNIT_OK(conf_check_settings(&conf.settings, &why));
    struct settings wrong = conf.settings;
    wrong.map_gib = 0;
    assert_int_equal(conf_check_settings(&wrong, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "store.map_gib"));
    wrong = conf.settings;
    wrong.keys_file[0] = '\0';
    assert_int_equal(conf_check_settings(&wrong, &why), SG_E_CONF);
}

static void the_key_file_is_the_credential_when_there_is_one(void **state)
{
    (void)state;
    char folder[] = "/tmp/sinergi-cred-XX"
                    "XX"
                    "XX",
         file[64], got[128];
    struct sg_why why = {0};
    struct settings s = {0};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/broker.key", folder);

    (void)unsetenv("CREDENTIALS_DIRECTORY");
    (void)snprintf(s.keys_file, sizeof s.keys_file, "/etc/sinergi/broker.key");
    UNIT_OK(conf_key_path(&s, got, sizeof got, &why));
    assert_string_equal(got, "/etc/sinergi/broker.key");
    assert_int_equal(conf_key_path(&s, got, 5, &why), SG_E_CONF);

    (void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
    UNIT_OK(conf_key_path(&s, got, sizeof got, &why)); /* it is not there: the file */
    assert_string_equal(got, "/etc/sinergi/broker.key");
    FILE *to = fopen(file, "w");
    assert_true(to && fclose(to) == 0);
    UNIT_OK(conf_key_path(&s, got, sizeof got, &why));
    assert_string_equal(got, file);

    (void)snprintf(s.keys_file, sizeof s.keys_file, "credential:broker.key");
    UNIT_OK(conf_key_path(&s, got, sizeof got, &why));
    assert_string_equal(got, file);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(conf_key_path(&s, got, sizeof got, &why), SG_E_CONF);
    (void)unlink(file);
    (void)rmdir(folder);
}

/* ---- what a reload changes ---- */

struct told {
    char text[512];
};

static void tell(void *context, enum conf_change change, const char *kind, const char *name)
{
    static const char signs[] = {'+', '-', '~', '!'};
    struct told *told = context;
    size_t used = strlen(told->text);
    (void)snprintf(told->text + used, sizeof told->text - used, "%c%s:%s ", signs[change], kind,
                   name);
}

static void differences_are_told_by_name(void **state)
{
    (void)state;
    static const char before[] =
        AGENCIES(AGENCY("dinsos", "\"CASE_OWNER\"",
                        DEVICE("kantor", KEY_A, KEY_B) "," DEVICE("lama", KEY_C, KEY_D)));
    static const struct row {
        const char *name, *after, *want;
    } rows[] = {
        {"nothing", before, ""},
        {"a device went",
         AGENCIES(AGENCY("dinsos", "\"CASE_OWNER\"", DEVICE("kantor", KEY_A, KEY_B))),
         "-device:dinsos/lama "},
        {"a key changed",
         AGENCIES(AGENCY("dinsos", "\"CASE_OWNER\"",
                         DEVICE("kantor", KEY_A, KEY_B) "," DEVICE("lama", KEY_C, KEY_A))),
         "~device:dinsos/lama "},
        {"a capability changed",
         AGENCIES(AGENCY("dinsos", "\"REFERRER\"",
                         DEVICE("kantor", KEY_A, KEY_B) "," DEVICE("lama", KEY_C, KEY_D))),
         "~agency:dinsos "},
        {"another agency", AGENCIES(AGENCY("dpppa", "", DEVICE("x", KEY_A, KEY_B))),
         "+agency:dpppa +device:dpppa/x -agency:dinsos -device:dinsos/kantor -device:dinsos/lama "},
        {"settings",
         "log: { level = \"info\"; }; store: { path = \"x\"; }; listen: { ipv6 = true; };" AGENCIES(
             AGENCY("dinsos", "\"CASE_OWNER\"",
                    DEVICE("kantor", KEY_A, KEY_B) "," DEVICE("lama", KEY_C, KEY_D))),
         "!key:listen.ipv6 !key:store.path ~key:log.level "},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_why why = {0};
        SG_AUTO(conf_done) struct conf from = {0}, to = {0};
        struct told told = {0};
        UNIT_OK(conf_read_text(before, "t", &from, &why));
        UNIT_OK(conf_read_text(rows[i].after, "t", &to, &why));
        conf_compare(&from, &to, tell, &told);
        if (strcmp(told.text, rows[i].want) != 0)
            fail_msg("%s: '%s'", rows[i].name, told.text);
    }
}

static void what_needs_a_restart_stays_as_it_runs(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(conf_done) struct conf running = {0}, next = {0};
    UNIT_OK(conf_read_text(ONE, "t", &running, &why));
    UNIT_OK(conf_read_text("log: { level = \"info\"; }; store: { path = \"x\"; map_gib = 3; };"
                           "listen: { ipv6 = true; };" ONE,
                           "t", &next, &why));
    conf_keep_running(&running.settings, &next.settings);
    assert_string_equal(next.settings.store_path, "/var/lib/sinergi/store.mdb");
    assert_int_equal(next.settings.map_gib, 64);
    assert_false(next.settings.listen_ipv6);
    assert_int_equal(next.settings.log_level, LOG_INFO);
}

UNIT_MAIN(cmocka_unit_test(an_empty_city_gets_the_defaults),
          cmocka_unit_test(the_shipped_file_says_the_defaults),
          cmocka_unit_test(every_value_is_taken), cmocka_unit_test(agencies_and_devices_are_taken),
          cmocka_unit_test(capabilities_are_those_of_the_contract),
          cmocka_unit_test(wrong_files_are_refused_and_named),
          cmocka_unit_test(bounds_of_lists_hold), cmocka_unit_test(files_that_are_none_are_refused),
          cmocka_unit_test(the_ranges_are_checked_again),
          cmocka_unit_test(the_key_file_is_the_credential_when_there_is_one),
          cmocka_unit_test(differences_are_told_by_name),
          cmocka_unit_test(what_needs_a_restart_stays_as_it_runs))
