#include "unit/unit.h"

#include "lib/inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct inbox *inbox;
    struct sg_arena arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->folder, "/tmp/sinergi-test-XX"
                      "XX"
                      "XX");
    return f && mkdtemp(f->folder) && !sg_arena_init(&f->arena, 1 << 20, NULL) &&
                   !inbox_open(f->folder, &f->inbox, NULL)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[128];
    inbox_close(&f->inbox);
    sg_arena_done(&f->arena);
    (void)snprintf(path, sizeof path, "%s/inbox.mdb", f->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/inbox.mdb-lock", f->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/inbox.key", f->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/inbox.key.new", f->folder);
    (void)unlink(path);
    int rc = rmdir(f->folder);
    free(f);
    return rc;
}

/* A process that ends without closing, and another that begins: the file is what is left. */
static void restart(struct fixture *f)
{
    struct sg_why why = {0};
    inbox_close(&f->inbox);
    UNIT_OK(inbox_open(f->folder, &f->inbox, &why));
}

enum { FRAME_MAX = 8 };

/* A frame of deliveries with the given seqs (0 ends them). */
static void receive(struct fixture *f, const char *name, const uint64_t *seqs,
                    struct inbox_state *out_state)
{
    PbDelivery deliveries[FRAME_MAX], *list[FRAME_MAX];
    char subscription[64];
    uint8_t body[] = {1, 2, 3};
    PbDeliver deliver = PB_DELIVER__INIT;
    (void)snprintf(subscription, sizeof subscription, "%s", name);
    deliver.subscription = subscription;
    deliver.deliveries = list;
    for (; seqs[deliver.n_deliveries]; deliver.n_deliveries++) {
        PbDelivery *delivery = &deliveries[deliver.n_deliveries];
        pb_delivery__init(delivery);
        delivery->has_seq = delivery->has_envelope = 1;
        delivery->seq = seqs[deliver.n_deliveries];
        delivery->envelope = (ProtobufCBinaryData){sizeof body, body};
        list[deliver.n_deliveries] = delivery;
    }
    struct sg_why why = {0};
    UNIT_OK(inbox_receive(f->inbox, &deliver, &f->arena, out_state, &why));
}

static uint64_t next_seq(struct fixture *f, const char *name)
{
    PbDelivery *delivery = NULL;
    struct sg_why why = {0};
    sg_arena_reset(&f->arena, 0);
    enum sg_err err = inbox_next(f->inbox, name, &f->arena, &delivery, &why);
    if (err == SG_E_NOT_FOUND)
        return 0;
    UNIT_OK(err);
    assert_int_equal(delivery->envelope.len, 3);
    return delivery->seq;
}

static void nothing_is_stored_twice_and_order_is_kept(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    receive(f, "a", (uint64_t[]){3, 7, 9, 0}, &s);
    assert_int_equal(s.received, 9);
    assert_int_equal(s.done, 0);
    receive(f, "a", (uint64_t[]){7, 9, 12, 0}, &s); /* sent again after a reconnect */
    assert_int_equal(s.received, 12);
    for (const uint64_t *want = (uint64_t[]){3, 7, 9, 12, 0}; *want; want++) {
        assert_int_equal(next_seq(f, "a"), *want);
        UNIT_OK(inbox_done(f->inbox, "a", *want, NULL, 0, &why));
    }
    assert_int_equal(next_seq(f, "a"), 0);
    receive(f, "a", (uint64_t[]){9, 12, 0}, &s); /* what is done never comes back */
    assert_int_equal(s.done, 12);
    assert_int_equal(next_seq(f, "a"), 0);
}

static void pending_and_note_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    receive(f, "a", (uint64_t[]){1, 2, 3, 0}, &s);
    UNIT_OK(inbox_done(f->inbox, "a", 1, (const uint8_t *)"length 10", 9, &why));
    restart(f);
    assert_int_equal(next_seq(f, "a"), 2);
    UNIT_OK(inbox_state(f->inbox, "a", &s, &why));
    assert_int_equal(s.received, 3);
    assert_int_equal(s.done, 1);
    assert_int_equal(s.note_len, 9);
    assert_memory_equal(s.note, "length 10", 9);
    UNIT_OK(inbox_done(f->inbox, "a", 2, NULL, 0, &why)); /* without a note the old one stays */
    UNIT_OK(inbox_state(f->inbox, "a", &s, &why));
    assert_int_equal(s.note_len, 9);
}

static void dropping_falls_back_to_done(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    receive(f, "a", (uint64_t[]){1, 2, 3, 0}, &s);
    UNIT_OK(inbox_done(f->inbox, "a", 1, NULL, 0, &why));
    UNIT_OK(inbox_drop(f->inbox, "a", &why));
    assert_int_equal(next_seq(f, "a"), 0);
    UNIT_OK(inbox_state(f->inbox, "a", &s, &why));
    assert_int_equal(s.received, 1);
    receive(f, "a", (uint64_t[]){2, 3, 0}, &s);
    assert_int_equal(next_seq(f, "a"), 2);
    UNIT_OK(inbox_drop(f->inbox, "none", &why)); /* nothing there is no error */
}

static void subscriptions_do_not_touch_each_other(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    receive(f, "ab", (uint64_t[]){5, 0}, &s);
    receive(f, "a", (uint64_t[]){8, 0}, &s);
    receive(f, "a.b", (uint64_t[]){1, 0}, &s);
    assert_int_equal(next_seq(f, "a"), 8);
    assert_int_equal(next_seq(f, "ab"), 5);
    UNIT_OK(inbox_drop(f->inbox, "a", &why));
    assert_int_equal(next_seq(f, "a"), 0);
    assert_int_equal(next_seq(f, "ab"), 5);
    assert_int_equal(next_seq(f, "a.b"), 1);

    char name[SG_NAME_MAX + 1] = "";
    for (const char *const *want = (const char *const[]){"a", "a.b", "ab", NULL}; *want; want++) {
        UNIT_OK(inbox_name_next(f->inbox, name, name, &why));
        assert_string_equal(name, *want);
    }
    assert_int_equal(inbox_name_next(f->inbox, name, name, &why), SG_E_NOT_FOUND);
}

static bool same_file(const struct fixture *f, const char *name, uint8_t content[64], bool first)
{
    char path[128];
    uint8_t now[64] = {0};
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(now, 1, sizeof now, file) > 0);
    assert_int_equal(fclose(file), 0);
    bool same = memcmp(now, content, sizeof now) == 0;
    if (first)
        memcpy(content, now, sizeof now);
    return same;
}

static void another_key_keeps_what_is_pending(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    uint8_t key[64] = {0};
    receive(f, "kota", (uint64_t[]){5, 7, 0}, &s);
    receive(f, "kotb", (uint64_t[]){8, 0}, &s);
    assert_false(inbox_is_used(f->inbox));
    UNIT_OK(inbox_done(f->inbox, "kota", 5, NULL, 0, &why));
    assert_true(inbox_is_used(f->inbox));
    assert_false(same_file(f, "inbox.key", key, true));
    UNIT_OK(inbox_renew(f->inbox, &f->arena, &why));
    assert_false(inbox_is_used(f->inbox));
    assert_false(same_file(f, "inbox.key", key, true));
    assert_int_equal(next_seq(f, "kota"), 7);
    assert_int_equal(next_seq(f, "kotb"), 8);
    restart(f);
    assert_true(same_file(f, "inbox.key", key, false));
    assert_int_equal(next_seq(f, "kota"), 7);
    receive(f, "kota", (uint64_t[]){9, 0}, &s);
    assert_int_equal(next_seq(f, "kotb"), 8);
}

/* A process that ended between the commit and the rename. */
static void the_last_step_is_done_by_whoever_comes(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    char key[128], next[128];
    receive(f, "kota", (uint64_t[]){5, 0}, &s);
    inbox_close(&f->inbox);
    (void)snprintf(key, sizeof key, "%s/inbox.key", f->folder);
    (void)snprintf(next, sizeof next, "%s/inbox.key.new", f->folder);
    assert_int_equal(rename(key, next), 0);
    FILE *old = fopen(key, "w");
    assert_non_null(old);
    for (int i = 0; i < 40; i++)
        assert_int_equal(fputc('x', old), 'x');
    assert_int_equal(fclose(old), 0);
    restart(f);
    assert_int_not_equal(access(next, F_OK), 0);
    assert_int_equal(next_seq(f, "kota"), 5);
}

static void without_its_key_all_is_sent_again(void **state)
{
    struct fixture *f = *state;
    struct inbox_state s;
    struct sg_why why = {0};
    char key[128];
    receive(f, "kota", (uint64_t[]){5, 7, 0}, &s);
    UNIT_OK(inbox_done(f->inbox, "kota", 5, NULL, 0, &why));
    (void)snprintf(key, sizeof key, "%s/inbox.key", f->folder);
    assert_int_equal(unlink(key), 0);
    restart(f);
    UNIT_OK(inbox_state(f->inbox, "kota", &s, &why));
    assert_int_equal(s.received, 5);
    assert_int_equal(s.done, 5);
    assert_int_equal(next_seq(f, "kota"), 0);
    receive(f, "kota", (uint64_t[]){7, 0}, &s);
    assert_int_equal(next_seq(f, "kota"), 7);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct inbox *inbox = NULL;
    struct sg_why why = {0};
    assert_int_equal(inbox_open("/nonexistent", &inbox, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "/nonexistent/inbox.mdb"));
    assert_null(inbox);
    inbox_close(&inbox);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(nothing_is_stored_twice_and_order_is_kept), TEST(pending_and_note_survive_a_restart),
          TEST(dropping_falls_back_to_done), TEST(subscriptions_do_not_touch_each_other),
          TEST(another_key_keeps_what_is_pending), TEST(the_last_step_is_done_by_whoever_comes),
          TEST(without_its_key_all_is_sent_again),
          cmocka_unit_test(a_folder_that_is_not_there_is_named))
