#include "unit/unit.h"
#include "unit/vectors.h"
#include "wire/keyfile.h"
#include "wire/sign.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sinergi-keyfile-??????"; /* mkdtemp wants six X in their place */
static char path[128], other[128];

static int set_up(void **state)
{
    (void)state;
    memset(folder + sizeof folder - 7, 'X', 6);
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/key", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    return rmdir(folder);
}

static void device_key_comes_back(void **state)
{
    (void)state;
    struct sg_why why;
    SG_AUTO(sg_device_key_free) struct sg_device_key *made = NULL;
    SG_AUTO(sg_device_key_free) struct sg_device_key *read = NULL;
    UNIT_OK(sg_device_key_make("satpolpp", "posko-1", &made, &why));
    UNIT_OK(sg_device_key_write(path, made, &why));
    UNIT_OK(sg_device_key_read(path, &read, &why));
    assert_memory_equal(made, read, sizeof *made);
    assert_string_equal(read->agency, "satpolpp");
    assert_string_equal(read->device, "posko-1");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void broker_key_comes_back(void **state)
{
    (void)state;
    struct sg_why why;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *made = NULL;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *read = NULL;
    UNIT_OK(sg_broker_key_make(&made, &why));
    UNIT_OK(sg_broker_key_write(path, made, &why));
    UNIT_OK(sg_broker_key_read(path, &read, &why));
    assert_memory_equal(made, read, sizeof *made);
    assert_memory_not_equal(made->nik_key, made->ref_key, 32);
    assert_memory_not_equal(made->match_key, made->store_key, 32);
}

static void the_seed_gives_the_public_key_of_the_vectors(void **state)
{
    (void)state;
    struct sg_why why;
    uint8_t seed[32], want[32];
    SG_AUTO(sg_device_key_free) struct sg_device_key *key = NULL;
    SG_AUTO(sg_device_key_free) struct sg_device_key *read = NULL;
    vector("sign-seed", seed, 32);
    vector("sign-public", want, 32);
    UNIT_OK(sg_device_key_make("dinsos", "kantor", &key, &why));
    memcpy(key->sign_secret, seed, 32);
    UNIT_OK(sg_device_key_write(path, key, &why));
    UNIT_OK(sg_device_key_read(path, &read, &why));
    assert_memory_equal(read->sign_public, want, 32);
    assert_memory_equal(read->sign_secret + 32, want, 32); /* as libsodium keeps it */
}

static void names_are_checked(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "kantor"},        {"a", "kantor"},   {"Dinsos", "k1"},
        {"dinsos", "kan tor"}, {"dinsos", "1st"}, {"dinsos", "a2345678901234567890123456789012"},
        {"din/sos", "k1"},     {"dinsos", ""},
    };
    struct sg_why why;
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++) {
        struct sg_device_key *key = NULL;
        if (sg_device_key_make(bad[i][0], bad[i][1], &key, &why) != SG_E_FORMAT || key)
            fail_msg("'%s' / '%s' was taken", bad[i][0], bad[i][1]);
    }
}

static void an_old_file_is_never_written_over(void **state)
{
    (void)state;
    struct sg_why why;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *first = NULL;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *second = NULL;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *read = NULL;
    UNIT_OK(sg_broker_key_make(&first, &why));
    UNIT_OK(sg_broker_key_make(&second, &why));
    UNIT_OK(sg_broker_key_write(path, first, &why));
    assert_int_equal(sg_broker_key_write(path, second, &why), SG_E_EXISTS);
    UNIT_OK(sg_broker_key_read(path, &read, &why));
    assert_memory_equal(first, read, sizeof *first);
    assert_int_equal(symlink("nowhere", other), 0);
    assert_int_equal(sg_broker_key_write(other, second, &why), SG_E_EXISTS);
    assert_int_equal(sg_broker_key_write("/nonexistent/key", second, &why), SG_E_SYS);
}

static void put_file(const char *text, size_t len, mode_t mode)
{
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

#define HEX "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define TITLE "sinergi-device-key 1\n"
#define NAMES "agency dinsos\ndevice kantor\n"
#define KEYS "curve-secret " HEX "\nsign-seed " HEX "\n"

static void wrong_files_are_refused(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *text;
        mode_t mode;
        enum sg_err want;
        const char *says;
    } rows[] = {
        {"as it shall be", TITLE NAMES KEYS, 0600, SG_OK, ""},
        {"read-only", TITLE NAMES KEYS, 0400, SG_OK, ""},
        {"open to the group", TITLE NAMES KEYS, 0640, SG_E_CONF, "0640"},
        {"open to others", TITLE NAMES KEYS, 0604, SG_E_CONF, "0600"},
        {"empty", "", 0600, SG_E_FORMAT, ":1: want 'sinergi-device-key 1'"},
        {"key of the broker", "sinergi-broker-key 1\n", 0600, SG_E_FORMAT, ":1:"},
        {"another version", "sinergi-device-key 2\n" NAMES KEYS, 0600, SG_E_FORMAT, ":1:"},
        {"nothing but a title", TITLE, 0600, SG_E_FORMAT, ":2: want 'agency'"},
        {"wrong order", TITLE "device kantor\nagency dinsos\n" KEYS, 0600, SG_E_FORMAT, ":2:"},
        {"a bad name", TITLE "agency dinsos\ndevice Kantor\n" KEYS, 0600, SG_E_FORMAT, ":3:"},
        {"no space", TITLE NAMES "curve-secret\n", 0600, SG_E_FORMAT, ":4:"},
        {"a short secret", TITLE NAMES "curve-secret 0102\n", 0600, SG_E_FORMAT, ":4:"},
        {"not hexadecimal",
         TITLE NAMES "curve-secret " HEX "\nsign-seed zz02030405060708090a0b0c0d0"
                     "e0f101112131415161718191a1b1c1d1e1f20\n",
         0600, SG_E_FORMAT, ":5: want 'sign-seed' and 64 hexadecimal digits"},
        {"two spaces", TITLE NAMES "curve-secret  " HEX "\n", 0600, SG_E_FORMAT, ":4:"},
        {"carriage returns", "sinergi-device-key 1\r\n", 0600, SG_E_FORMAT, ":1:"},
        {"a line too many", TITLE NAMES KEYS "more\n", 0600, SG_E_FORMAT, ":6: want nothing more"},
        {"an empty line too many", TITLE NAMES KEYS "\n", 0600, SG_E_FORMAT, ":6:"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct sg_why why = {0};
        SG_AUTO(sg_device_key_free) struct sg_device_key *key = NULL;
        put_file(row->text, strlen(row->text), row->mode);
        enum sg_err err = sg_device_key_read(path, &key, &why);
        if (err != row->want || !strstr(why.text, row->says) || (err == SG_OK) != (key != NULL))
            fail_msg("%s: %s, '%s'", row->name, sg_err_name(err), why.text);
        if (strstr(why.text, "0102"))
            fail_msg("%s: the sentence shows a secret", row->name);
    }
}

static void wrong_places_are_refused(void **state)
{
    (void)state;
    struct sg_why why;
    struct sg_device_key *key = NULL;
    char large[2000];
    memset(large, 'a', sizeof large);
    assert_int_equal(sg_device_key_read(path, &key, &why), SG_E_CONF); /* no file */
    put_file(TITLE NAMES KEYS, sizeof(TITLE NAMES KEYS) - 1, 0600);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(sg_device_key_read(other, &key, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "link"));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(sg_device_key_read(other, &key, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "plain file"));
    assert_int_equal(sg_device_key_read(folder, &key, &why), SG_E_CONF);
    put_file(large, sizeof large, 0600);
    assert_int_equal(sg_device_key_read(path, &key, &why), SG_E_FORMAT);
    put_file(TITLE "agency\0", sizeof(TITLE "agency"), 0600);
    assert_int_equal(sg_device_key_read(path, &key, &why), SG_E_FORMAT);
    assert_non_null(strstr(why.text, "NUL"));
    assert_null(key);
}

static void hexadecimal_is_exact(void **state)
{
    (void)state;
    static const struct row {
        const char *text;
        enum sg_err want;
    } rows[] = {{"00ff7A", SG_OK},       {"00ff7", SG_E_FORMAT}, {"00ff7a00", SG_E_FORMAT},
                {"00ff7g", SG_E_FORMAT}, {"", SG_E_FORMAT},      {"0:ff7a", SG_E_FORMAT},
                {" 0ff7a", SG_E_FORMAT}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        uint8_t out[3] = {9, 9, 9};
        if (sg_hex_parse(rows[i].text, out, sizeof out) != rows[i].want)
            fail_msg("'%s'", rows[i].text);
        if (rows[i].want)
            assert_int_equal(out[0] + out[1] + out[2], 27); /* untouched */
    }
    char text[7];
    sg_hex_print((const uint8_t[]){0, 255, 0x7a}, 3, text);
    assert_string_equal(text, "00ff7a");
    assert_int_equal(sg_hex_parse("", (uint8_t *)text, 0), SG_OK);
}

static void base64_of_both_alphabets(void **state)
{
    (void)state;
    static const struct row {
        const char *text, *hex; /* hex NULL: refused */
    } rows[] = {{"", ""},        {"+/8=", "fbff"},   {"-_8=", "fbff"}, {"+/8", "fbff"},
                {"-_8", "fbff"}, {"AAEC", "000102"}, {"A", NULL},      {"+/9=", NULL},
                {"+_8=", NULL},  {"AAE C", NULL},    {"====", NULL}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        uint8_t out[8];
        size_t size = 99;
        char hex[2 * sizeof out + 1] = "refused";
        if (sg_base64_parse(rows[i].text, out, sizeof out, &size) == SG_OK)
            sg_hex_print(out, size, hex);
        if (strcmp(hex, rows[i].hex ? rows[i].hex : "refused") != 0)
            fail_msg("'%s' gives %s", rows[i].text, hex);
    }
    char text[8];
    assert_int_equal(sg_base64_room(2), 5);
    sg_base64_print((const uint8_t[]){0xfb, 0xff}, 2, text);
    assert_string_equal(text, "+/8=");
}

static void pseudonyms_are_those_of_the_vectors(void **state)
{
    (void)state;
    struct sg_why why;
    SG_AUTO(sg_broker_key_free) struct sg_broker_key *key = NULL;
    struct sg_id person, want;
    UNIT_OK(sg_broker_key_make(&key, &why));
    vector("mac-key", key->ref_key, 32);
    vector("person-id", person.b, 16);
    vector("person-ref-dinsos", want.b, 16);
    struct sg_id dinsos = sg_person_ref(key, "dinsos", &person);
    struct sg_id disnaker = sg_person_ref(key, "disnaker", &person);
    assert_true(sg_id_equal(&dinsos, &want));
    assert_false(sg_id_equal(&dinsos, &disnaker));
    struct sg_id back = sg_person_of_ref(key, "dinsos", &dinsos);
    struct sg_id crossed = sg_person_of_ref(key, "disnaker", &dinsos);
    assert_true(sg_id_equal(&back, &person));
    assert_false(sg_id_equal(&crossed, &person));
}

int main(void)
{
    struct sg_why why;
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(device_key_comes_back),
        TEST(broker_key_comes_back),
        TEST(the_seed_gives_the_public_key_of_the_vectors),
        TEST(names_are_checked),
        TEST(an_old_file_is_never_written_over),
        TEST(wrong_files_are_refused),
        TEST(wrong_places_are_refused),
        TEST(hexadecimal_is_exact),
        TEST(base64_of_both_alphabets),
        TEST(pseudonyms_are_those_of_the_vectors),
    };
    return sg_crypto_init(&why) || cmocka_run_group_tests(tests, NULL, NULL);
}
