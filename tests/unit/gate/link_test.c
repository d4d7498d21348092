/* Signed links. */
#include "gate/link.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795435200123)
static const int64_t now_s = NOW_MS / 1000;

static struct session_key key_of(unsigned char byte) {
    struct session_key key;
    memset(key.secret, byte, sizeof key.secret);
    return key;
}

static void a_link_is_of_one_thing_and_for_a_time(void **state) {
    (void)state;
    const struct session_key key = key_of(1), other = key_of(2);
    char signature[LINK_SIGNATURE_MAX];
    link_sign(&key, SLICE("file/a"), now_s + 10, signature);
    struct slice sign = slice_of(signature);
    assert_true(link_verify(&key, SLICE("file/a"), now_s + 10, sign, NOW_MS));
    assert_false(link_verify(&other, SLICE("file/a"), now_s + 10, sign, NOW_MS));
    assert_false(link_verify(&key, SLICE("file/b"), now_s + 10, sign, NOW_MS));
    assert_false(link_verify(&key, SLICE("file/a"), now_s + 11, sign, NOW_MS));
    assert_false(link_verify(&key, SLICE("file/a"), now_s + 10, sign, NOW_MS + 10000));
    assert_false(link_verify(&key, SLICE("file/a"), now_s + 10, slice_first(sign, 10), NOW_MS));
    assert_false(link_verify(&key, SLICE("file/a"), now_s + 10, (struct slice){NULL, 0}, NOW_MS));
}

/* Every byte of it counts. */
static void no_byte_of_a_signature_may_differ(void **state) {
    (void)state;
    const struct session_key key = key_of(7);
    char signature[LINK_SIGNATURE_MAX];
    link_sign(&key, SLICE("file/a"), now_s + 10, signature);
    size_t size = strlen(signature);
    assert_true(size >= 43);
    for (size_t i = 0; i < size; i++) {
        char good = signature[i];
        signature[i] = good == 'A' ? 'B' : 'A';
        assert_false(link_verify(&key, SLICE("file/a"), now_s + 10, slice_of(signature), NOW_MS));
        signature[i] = good;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_of_one_thing_and_for_a_time),
        cmocka_unit_test(no_byte_of_a_signature_may_differ),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
