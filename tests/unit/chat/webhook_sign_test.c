/* Signatures of webhooks, against what OpenSSL computes of the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "chat/webhook_sign.h"
#include <cmocka.h>

#define KEY_A "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" /* bytes 0 to 31 */
#define KEY_B "whsec_/////////////////////////////////////////w==" /* 31 bytes of 255 */

static size_t keys_of(const char *text) {
    struct arena *arena = arena_create(256);
    const struct slice *keys = NULL;
    size_t count = 0;
    bool read = webhook_secret_read(slice_of(text), arena, &keys, &count);
    assert_true(read ? count > 0 && keys : count == 0 && !keys);
    for (size_t i = 0; i < count; i++)
        assert_in_range(keys[i].size, 24, 64);
    arena_destroy(arena);
    return count;
}

/* printf '%s' 'msg_1.1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary
 * | base64 */
static void signs(void **state) {
    (void)state;
    struct arena *arena = arena_create(256);
    struct buffer out = {0};
    const struct slice *keys;
    size_t count;
    assert_true(webhook_secret_read(SLICE(KEY_A " " KEY_B), arena, &keys, &count));
    webhook_sign(keys, 1, SLICE("msg_1"), 1700000000, SLICE("{\"a\":1}"), &out);
    assert_string_equal(buffer_string(&out), "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4=");
    buffer_clear(&out);
    webhook_sign(keys, count, SLICE("msg_1"), 1700000000, SLICE("{\"a\":1}"), &out);
    assert_string_equal(buffer_string(&out), "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4= "
                                             "v1,PSU7wT4Y2tAe5ZUWmKQpMgPzyuAGwMaecTp+SRhirII=");
    buffer_clear(&out);
    webhook_sign(keys, 0, SLICE("msg_1"), 1700000000, SLICE("{\"a\":1}"), &out);
    assert_int_equal(out.size, 0);
    buffer_finish(&out);
    arena_destroy(arena);
}

static void reads_secrets(void **state) {
    (void)state;
    assert_int_equal(keys_of(KEY_A), 1);
    assert_int_equal(keys_of("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), 1);
    assert_int_equal(keys_of(KEY_A " " KEY_B), 2);
    assert_int_equal(keys_of("  " KEY_A "   " KEY_B " "), 2);
    assert_int_equal(keys_of("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 1); /* 24 bytes */
    assert_int_equal(
        keys_of(KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A), 8);
}

static void refuses_others(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        " ",
        "whsec_",
        "a plain secret of some length",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* 23 bytes */
        /* 65 bytes */
        "whsec_"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=x",
        "whsec_-_ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", /* base64url */
        KEY_A " x",
        KEY_A "," KEY_B,
        KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A " " KEY_A,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (keys_of(wrong[i]) != 0)
            fail_msg("%s was taken", wrong[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs),
        cmocka_unit_test(reads_secrets),
        cmocka_unit_test(refuses_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
