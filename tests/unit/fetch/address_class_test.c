/* Which addresses are public: the edges of each block that is not. */
#include "contract.h"
#include "fetch/address_class.h"
#include <arpa/inet.h>
#include <sys/un.h>

static const char *const inner[] = {
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.100.100.200", /* a cloud's metadata */
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::8.8.8.8", /* compatible: never to be used */
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:8.8.8.8", /* translated: not routed */
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::1:8.8.8.8", /* not of the /96 */
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:808:808::1", /* Teredo */
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::1",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002:0a00:0001::1", /* 6to4 of 10.0.0.1 */
    "2002:7f00:0001::1",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:0101::1",
    "3fff::1",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254", /* a cloud's metadata */
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

static const char *const outer[] = {
    "1.0.0.0",          "8.8.8.8",          "9.255.255.255",     "11.0.0.0",
    "100.63.255.255",   "100.128.0.0",      "126.255.255.255",   "128.0.0.0",
    "168.63.129.15",    "168.63.129.17",    "169.253.255.255",   "169.255.0.0",
    "172.15.255.255",   "172.32.0.0",       "191.255.255.255",   "192.0.1.0",
    "192.0.3.0",        "192.88.98.255",    "192.88.100.0",      "192.167.255.255",
    "192.169.0.0",      "198.17.255.255",   "198.20.0.0",        "198.51.99.255",
    "198.51.101.0",     "203.0.112.255",    "203.0.114.0",       "223.255.255.255",
    "::ffff:8.8.8.8",   "64:ff9b::8.8.8.8", "2001:200::1",       "2001:4860:4860::8888",
    "2001:db7:ffff::1", "2001:db9::1",      "2002:0808:0808::1", "2606:4700::1111",
    "3fff:1000::1",     "3ffe::1",
};

static bool by_socket(const char *text) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return address_is_public((const struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return address_is_public((const struct sockaddr *)&six);
}

static void expect(const char *const *addresses, size_t count, bool is_public) {
    for (size_t i = 0; i < count; i++) {
        if (by_socket(addresses[i]) != is_public ||
            address_text_is_public(addresses[i]) != is_public)
            print_error("%s\n", addresses[i]);
        assert_int_equal(by_socket(addresses[i]), is_public);
        assert_int_equal(address_text_is_public(addresses[i]), is_public);
    }
}

static void test_knows_inner_addresses(void **state) {
    (void)state;
    expect(inner, sizeof inner / sizeof inner[0], false);
}

static void test_knows_public_addresses(void **state) {
    (void)state;
    expect(outer, sizeof outer / sizeof outer[0], true);
}

static void test_takes_nothing_else(void **state) {
    (void)state;
    static const char *const texts[] = {"",          "localhost", "8.8.8",          "8.8.8.8 ",
                                        "8.8.8.8:1", "134744072", "[2606:4700::1]", "fe80::1%lo",
                                        "::ffff:8",  "08.8.8.8"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(address_text_is_public(texts[i]));
    const struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/socket"};
    assert_false(address_is_public((const struct sockaddr *)&local));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_inner_addresses),
        cmocka_unit_test(test_knows_public_addresses),
        cmocka_unit_test(test_takes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
