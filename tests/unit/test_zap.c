#include "net/peer.h"
#include "net/zap.h"
#include "unit/unit.h"
#include "wire/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define S INT64_C(1000000000)

static struct sg_device dinsos_devices[] = {
    {.name = "kantor", .curve_public = {1}},
    {.name = "lama", .curve_public = {2}, .not_before_ms = 1000, .not_after_ms = 2000},
};
static struct sg_device closed_devices[] = {{.name = "pos", .curve_public = {3}}};
static struct sg_agency agencies[] = {
    {.id = "dinsos", .device_count = 2, .devices = dinsos_devices},
    {.id = "tutup", .device_count = 1, .devices = closed_devices, .suspended = true},
};
static const struct sg_roster roster = {.agency_count = 2, .agencies = agencies};

struct knock {
    const char *version, *domain, *mechanism, *address;
    uint8_t key;
    size_t key_len;
    int64_t wall_ms;
};
static const struct knock right = {"1.0", "sinergi", "CURVE", "10.0.0.1", 1, 32, 1500};

static enum zap_answer ask(struct zap_gate *gate, const struct knock *knock, int64_t mono_ns,
                           const char **out_device)
{
    uint8_t key[40] = {knock->key};
    const struct zap_request request = {
        .version = sg_bytes_of(knock->version),
        .domain = sg_bytes_of(knock->domain),
        .mechanism = sg_bytes_of(knock->mechanism),
        .address = sg_bytes_of(knock->address),
        .key = {key, knock->key_len},
    };
    const struct sg_agency *agency = NULL;
    const struct sg_device *device = NULL;
    enum zap_answer answer = zap_decide(gate, &request, knock->wall_ms, mono_ns, &agency, &device);
    *out_device = device ? device->name : "";
    assert_true(!device || agency);
    return answer;
}

static int new_gate(void **state)
{
    struct zap_gate *gate = calloc(1, sizeof *gate);
    zap_set_roster(gate, &roster);
    *state = gate;
    return 0;
}

static int drop_gate(void **state)
{
    free(*state);
    return 0;
}

static void who_may_connect_follows_the_table(void **state)
{
    static const struct row {
        const char *name;
        struct knock knock;
        enum zap_answer want;
        const char *device;
    } rows[] = {
        {"a known key", {"1.0", "sinergi", "CURVE", "10.0.0.1", 1, 32, 0}, ZAP_LET_IN, "kantor"},
        {"over the local socket", {"1.0", "sinergi", "CURVE", "", 1, 32, 0}, ZAP_LET_IN, "kantor"},
        {"an unknown key", {"1.0", "sinergi", "CURVE", "", 9, 32, 0}, ZAP_UNKNOWN, ""},
        {"within its dates", {"1.0", "sinergi", "CURVE", "", 2, 32, 1500}, ZAP_LET_IN, "lama"},
        {"before its dates", {"1.0", "sinergi", "CURVE", "", 2, 32, 999}, ZAP_NOT_VALID, "lama"},
        {"after its dates", {"1.0", "sinergi", "CURVE", "", 2, 32, 2001}, ZAP_NOT_VALID, "lama"},
        {"suspended", {"1.0", "sinergi", "CURVE", "", 3, 32, 0}, ZAP_NOT_VALID, "pos"},
        {"another version", {"2.0", "sinergi", "CURVE", "", 1, 32, 0}, ZAP_BROKEN, ""},
        {"no domain", {"1.0", "", "CURVE", "", 1, 32, 0}, ZAP_BROKEN, ""},
        {"another domain", {"1.0", "global", "CURVE", "", 1, 32, 0}, ZAP_BROKEN, ""},
        {"no encryption", {"1.0", "sinergi", "NULL", "", 1, 0, 0}, ZAP_BROKEN, ""},
        {"a password", {"1.0", "sinergi", "PLAIN", "", 1, 32, 0}, ZAP_BROKEN, ""},
        {"a short key", {"1.0", "sinergi", "CURVE", "", 1, 31, 0}, ZAP_BROKEN, ""},
        {"a long key", {"1.0", "sinergi", "CURVE", "", 1, 33, 0}, ZAP_BROKEN, ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *device;
        enum zap_answer answer = ask(*state, &rows[i].knock, S, &device);
        if (answer != rows[i].want || strcmp(device, rows[i].device) != 0)
            fail_msg("%s: %d '%s'", rows[i].name, answer, device);
    }
}

static int let_in_of(struct zap_gate *gate, const struct knock *knock, int count, int64_t mono_ns)
{
    const char *device;
    int let_in = 0;
    for (int i = 0; i < count; i++) {
        enum zap_answer answer = ask(gate, knock, mono_ns, &device);
        assert_true(answer == ZAP_LET_IN || answer == ZAP_LET_IN_OVER);
        let_in += answer == ZAP_LET_IN;
    }
    return let_in;
}

static void a_key_has_a_burst_and_a_rate(void **state)
{
    struct knock knock = right;
    knock.address = "";
    assert_int_equal(let_in_of(*state, &knock, 80, 100 * S), ZAP_KEY_BURST);
    assert_int_equal(let_in_of(*state, &knock, 80, 101 * S), ZAP_KEY_RATE);
    assert_int_equal(let_in_of(*state, &knock, 80, 101 * S + S / 10), 1);
    assert_int_equal(let_in_of(*state, &knock, 80, 200 * S), ZAP_KEY_BURST);
}

static void one_key_does_not_cost_another_its_place(void **state)
{
    struct knock first = right, second = right;
    first.address = second.address = "";
    second.key = 2;
    (void)let_in_of(*state, &first, 500, 100 * S);
    assert_int_equal(let_in_of(*state, &second, 1, 100 * S), 1);
}

static void an_address_has_a_rate_of_its_own(void **state)
{
    struct knock a = right, b = right;
    b.key = 2;
    int let_in = let_in_of(*state, &a, 40, 100 * S) + let_in_of(*state, &b, 40, 100 * S);
    assert_int_equal(let_in, ZAP_ADDRESS_BURST);
    b.address = "10.0.0.2";
    assert_int_equal(let_in_of(*state, &b, 1, 100 * S), 1);
}

static void many_addresses_do_not_overflow_the_table(void **state)
{
    for (unsigned i = 0; i < 20 * ZAP_ADDRESSES; i++) {
        char address[32];
        struct knock knock = right;
        (void)snprintf(address, sizeof address, "10.%u.%u.1", i >> 8, i & 255);
        knock.address = address;
        const char *device;
        (void)ask(*state, &knock, 100 * S + (int64_t)i * S, &device);
        assert_string_equal(device, "kantor");
    }
}

static void a_new_roster_begins_the_rates_again(void **state)
{
    struct knock knock = right;
    knock.address = "";
    (void)let_in_of(*state, &knock, 80, 100 * S);
    zap_set_roster(*state, &roster);
    assert_int_equal(let_in_of(*state, &knock, 1, 100 * S), 1);
}

/* ---- peers ---- */

static struct sg_bytes number_id(uint32_t *n)
{
    return (struct sg_bytes){(const uint8_t *)n, sizeof *n};
}

static void peers_are_found_and_numbers_never_come_back(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(peers_free) struct peers *peers = NULL;
    UNIT_OK(peers_new(3, &peers, &why));
    uint64_t first[3] = {0};
    for (uint32_t i = 0; i < 3; i++)
        first[i] = peers_add(peers, 0, number_id(&i))->number;
    uint32_t n = 3;
    assert_null(peers_add(peers, 0, number_id(&n))); /* full */
    n = 1;
    assert_int_equal(peers_find(peers, 0, number_id(&n))->number, first[1]);
    assert_null(peers_find(peers, 1, number_id(&n))); /* another socket */
    peers_remove(peers, peers_by_number(peers, first[1]));
    assert_null(peers_find(peers, 0, number_id(&n)));
    assert_null(peers_by_number(peers, first[1]));
    assert_int_equal(peers_count(peers), 2);

    uint64_t again = peers_add(peers, 0, number_id(&n))->number;
    assert_true(again != first[1]);
    assert_null(peers_by_number(peers, first[1]));
    assert_null(peers_by_number(peers, 0));
    assert_null(peers_by_number(peers, UINT64_MAX));
    size_t seen = 0, at = 0;
    while (peers_next(peers, &at))
        seen++;
    assert_int_equal(seen, 3);
}

static void a_crowd_of_peers_comes_and_goes(void **state)
{
    (void)state;
    enum { CROWD = 4000 };
    struct sg_why why = {0};
    SG_AUTO(peers_free) struct peers *peers = NULL;
    UNIT_OK(peers_new(CROWD, &peers, &why));
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < CROWD; i++)
            assert_non_null(peers_add(peers, i % 2, number_id(&i)));
        for (uint32_t i = 0; i < CROWD; i++)
            assert_non_null(peers_find(peers, i % 2, number_id(&i)));
        size_t at = 0;
        for (struct peer_entry *entry; (entry = peers_next(peers, &at));)
            peers_remove(peers, entry);
        assert_int_equal(peers_count(peers), 0);
    }
}

static void connections_of_a_device_are_counted(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(peers_free) struct peers *peers = NULL;
    UNIT_OK(peers_new(8, &peers, &why));
    for (uint32_t i = 0; i < 4; i++) {
        struct peer_entry *entry = peers_add(peers, 0, number_id(&i));
        strcpy(entry->agency, i == 3 ? "dpppa" : "dinsos");
        strcpy(entry->device, "kantor");
        entry->state = i == 0 ? PEER_ENDED : PEER_LIVE;
    }
    assert_int_equal(peers_of_device(peers, "dinsos", "kantor"), 2);
    assert_int_equal(peers_of_device(peers, "dinsos", "lain"), 0);
}

static void a_socket_is_ended_only_while_it_is_the_same(void **state)
{
    (void)state;
    int a[2], b[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    struct peer_socket known = peer_socket_of(a[0]);
    assert_true(peer_socket_alive(&known));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    assert_true(dup2(b[0], a[0]) == a[0]); /* the number now means another connection */
    assert_false(peer_socket_alive(&known));
    peer_socket_end(&known);
    assert_int_equal(write(b[0], "x", 1), 1); /* that one was left alone */

    known = peer_socket_of(a[0]);
    peer_socket_end(&known);
    char c;
    assert_int_equal(read(b[1], &c, 1), 1);
    assert_int_equal(read(b[1], &c, 1), 0); /* ended */
    const struct peer_socket none = peer_socket_of(-1);
    assert_int_equal(none.fd, -1);
    assert_false(peer_socket_alive(&none));
    peer_socket_end(&none);
    const int fds[] = {a[0], a[1], b[0], b[1]};
    for (size_t i = 0; i < SG_ARRAY_LEN(fds); i++)
        (void)close(fds[i]);
}

#define WITH_GATE(test) cmocka_unit_test_setup_teardown(test, new_gate, drop_gate)

UNIT_MAIN(WITH_GATE(who_may_connect_follows_the_table), WITH_GATE(a_key_has_a_burst_and_a_rate),
          WITH_GATE(one_key_does_not_cost_another_its_place),
          WITH_GATE(an_address_has_a_rate_of_its_own),
          WITH_GATE(many_addresses_do_not_overflow_the_table),
          WITH_GATE(a_new_roster_begins_the_rates_again),
          cmocka_unit_test(peers_are_found_and_numbers_never_come_back),
          cmocka_unit_test(a_crowd_of_peers_comes_and_goes),
          cmocka_unit_test(connections_of_a_device_are_counted),
          cmocka_unit_test(a_socket_is_ended_only_while_it_is_the_same))
