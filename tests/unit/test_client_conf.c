#include "unit/unit.h"

#include "lib/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TOP "key = \"a.key\";\ndata = \"d\";\n"
#define BROKER(endpoint, curve, store)                                              \
    "broker: { endpoint = \"" endpoint "\"; curve = \"" curve "\"; sign = \"" HEX64 \
    "\"; store = \"" store "\"; };\n"
#define GOOD_BROKER BROKER("tcp://h:7471", HEX64, "01968a3e-0000-7000-8000-000000000001")

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void wrong_files_name_line_and_key(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *text, *says;
    } rows[] = {
        {"not libconfig", "key = ;", "c.conf:1"},
        {"an unknown key", TOP "colour = \"red\";\n" GOOD_BROKER, "c.conf:3: 'colour'"},
        {"an unknown key of broker", TOP "broker: { port = 1; };\n", "c.conf:3: 'broker.port'"},
        {"no key file", "data = \"d\";\n" GOOD_BROKER, "'key' is missing"},
        {"no data", "key = \"k\";\n" GOOD_BROKER, "'data' is missing"},
        {"no broker", TOP, "'broker.endpoint' is missing"},
        {"broker is a text", TOP "broker = \"tcp://h:1\";\n", "c.conf:3: 'broker'"},
        {"a number for a text", "key = 5;\ndata = \"d\";\n" GOOD_BROKER, "c.conf:1: 'key'"},
        {"an empty text", "key = \"\";\ndata = \"d\";\n" GOOD_BROKER, "c.conf:1: 'key'"},
        {"another transport", TOP BROKER("udp://h:1", HEX64, "01968a3e00007000800000000000000a"),
         "'broker.endpoint': want \"tcp://"},
        {"no port", TOP BROKER("tcp://h", HEX64, "01968a3e00007000800000000000000a"),
         "'broker.endpoint'"},
        {"a short key", TOP BROKER("tcp://h:1", "0011", "01968a3e00007000800000000000000a"),
         "'broker.curve': want 64"},
        {"not an id", TOP BROKER("tcp://h:1", HEX64, "store"), "'broker.store'"},
        {"another language", TOP GOOD_BROKER "language = \"fr\";\n", "'language': want \"id\""},
        {"make_ids is a number", TOP GOOD_BROKER "make_ids = 1;\n", "'make_ids': want true"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct client_conf conf = {.language = "zz"};
        struct sg_why why = {0};
        write_file("c.conf", rows[i].text);
        enum sg_err err = client_conf_read("c.conf", &conf, &why);
        if (err != SG_E_CONF)
            fail_msg("%s: %s", rows[i].name, sg_err_name(err));
        if (!strstr(why.text, rows[i].says))
            fail_msg("%s: '%s' does not say '%s'", rows[i].name, why.text, rows[i].says);
        assert_string_equal(conf.language, "zz"); /* written only on success */
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct client_conf conf;
    struct sg_why why = {0};
    assert_int_equal(client_conf_read("none.conf", &conf, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "none.conf"));
}

static void a_whole_file_is_read(void **state)
{
    (void)state;
    struct client_conf conf;
    struct sg_why why = {0};
    write_file("c.conf", TOP GOOD_BROKER);
    UNIT_OK(client_conf_read("c.conf", &conf, &why));
    assert_string_equal(conf.key_path, "a.key");
    assert_string_equal(conf.data_path, "d");
    assert_string_equal(conf.endpoint, "tcp://h:7471");
    assert_string_equal(conf.codes_path, "");
    assert_string_equal(conf.language, "");
    assert_true(conf.make_ids);
    assert_int_equal(conf.broker_curve[1], 0x11);
    assert_int_equal(conf.broker_sign[31], 0xff);
    assert_int_equal(conf.store_id.b[15], 1);

    write_file("c.conf",
               TOP BROKER("ipc://s", HEX64,
                          "01968a3e00007000800000000000000a") "language = \"en\";\ncodes = "
                                                              "\"c\";\nmake_ids = false;\n");
    UNIT_OK(client_conf_read("c.conf", &conf, &why));
    assert_string_equal(conf.endpoint, "ipc://s");
    assert_string_equal(conf.language, "en");
    assert_string_equal(conf.codes_path, "c");
    assert_false(conf.make_ids);
}

static void the_data_folder_is_made_and_private(void **state)
{
    (void)state;
    struct client_conf conf = {.data_path = "data"};
    struct sg_why why = {0};
    struct stat st;
    UNIT_OK(client_conf_make_data(&conf, &why));
    UNIT_OK(client_conf_make_data(&conf, &why)); /* again is no error */
    assert_int_equal(stat("data", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);

    struct client_conf deep = {.data_path = "none/data"};
    assert_int_equal(client_conf_make_data(&deep, &why), SG_E_CONF);
    write_file("file", "");
    struct client_conf file = {.data_path = "file"};
    assert_int_equal(client_conf_make_data(&file, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "not a folder"));
}

static int enter_folder(void **state)
{
    static char folder[] = "/tmp/sinergi-test-XX"
                           "XX"
                           "XX";
    *state = folder;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    const char *const left[] = {"c.conf", "file"};
    for (size_t i = 0; i < SG_ARRAY_LEN(left); i++)
        (void)unlink(left[i]);
    (void)rmdir("data");
    return chdir("/") == 0 ? rmdir(*state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_files_name_line_and_key),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(the_data_folder_is_made_and_private),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
