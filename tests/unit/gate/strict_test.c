/* Base64url has one form per value. */
#include "base/arena.h"
#include "gate/strict.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Each byte in each of four places, both readers. libsodium 1.0.18 itself takes 0x80 to 0xff for
 * '_'. */
static void no_other_byte_stands_for_a_digit(void **state) {
    (void)state;
    struct arena *arena = arena_create(4096);
    for (size_t place = 0; place < 4; place++)
        for (int byte = 0; byte < 256; byte++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            text[place] = (char)byte;
            struct slice bytes;
            unsigned char exact[3];
            const char *digit = byte ? strchr(alphabet, byte) : NULL;
            bool good = strict_base64url((struct slice){text, 4}, arena, &bytes);
            assert_int_equal(good, digit != NULL);
            assert_int_equal(strict_base64url_exact((struct slice){text, 4}, exact, 3),
                             digit != NULL);
            if (!good)
                continue;
            uint32_t value = (uint32_t)(digit - alphabet) << (18 - 6 * place);
            const unsigned char expected[] = {(unsigned char)(value >> 16),
                                              (unsigned char)(value >> 8), (unsigned char)value};
            assert_int_equal(bytes.size, 3);
            assert_memory_equal(bytes.data, expected, 3);
            assert_memory_equal(exact, expected, 3);
        }
    arena_destroy(arena);
}

static void refuses_other_forms(void **state) {
    (void)state;
    /* Sizes that no value has, padding, blanks, bits behind the end. */
    static const char *const texts[] = {"",      "A",      "AAAAA", "AA==", "AAA=", "AA\n",
                                        " AA",   "A A",    "AB",    "A_",   "AAB",  "AA_",
                                        "AAAA=", "AAAAAB", "AA+A",  "AA/A", "AA.A"};
    struct arena *arena = arena_create(4096);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct slice bytes = {NULL, 77};
        unsigned char exact[4];
        assert_false(strict_base64url(slice_of(texts[i]), arena, &bytes));
        assert_int_equal(bytes.size, 77);
        for (size_t size = 0; size <= 4; size++)
            assert_false(size > 0 && strict_base64url_exact(slice_of(texts[i]), exact, size));
    }
    unsigned char exact[3];
    assert_true(strict_base64url_exact(SLICE("AAAA"), exact, 3));
    assert_false(strict_base64url_exact(SLICE("AAAA"), exact, 2));
    assert_false(strict_base64url_exact(SLICE("AAA"), exact, 3));
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_other_byte_stands_for_a_digit),
        cmocka_unit_test(refuses_other_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
