#include "base/fold.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *folded) {
    char out[256];
    struct slice input = slice_of(text);
    assert_true(input.size < sizeof out);
    size_t size = fold_text(input, out);
    assert_true(size <= input.size);
    if (!slice_is((struct slice){out, size}, folded))
        fail_msg("'%s' became '%.*s'", text, (int)size, out);
}

static void letters(void **state) {
    (void)state;
    expect("", "");
    expect("Order #1,042 AZaz", "order #1,042 azaz");
    expect("Köln MÜNCHEN Straße", "koln munchen strasse");
    expect("Où ÇA élève Œuvre æ", "ou ca eleve oeuvre ae");
    expect("miércoles MAÑANA", "miercoles manana");
    expect("ŁÓDŹ żółć Čeština İstanbul ışık", "lodz zolc cestina istanbul isik");
    expect("ĳ ſ ĸ × ÷ þ Ð", "ij s k × ÷ t d");
    expect("ВІВТОРОК Їжак Ґанок Ёлка ёж", "вівторок їжак ґанок елка еж");
    expect("ΑΩ αω", "αω αω");
    expect("e\xCC\x81t\xCC\x80", "et"); /* accents of their own */
    expect("П’ятниця пʼять aujourd`hui", "п'ятниця п'ять aujourd'hui");
    expect("日本 مرحبا €100", "日本 مرحبا €100");
}

static void malformed_bytes_are_left_out(void **state) {
    (void)state;
    expect("a\xFF"
           "b\xC3",
           "ab");
    expect("\x80\x80", "");
}

/* It never writes beyond what it was given. */
static void every_letter_fits(void **state) {
    (void)state;
    for (unsigned c = 0x80; c < 0x800; c++) {
        const char text[] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
        char *out = malloc(sizeof text); /* the sanitizer watches its end */
        size_t size = fold_text((struct slice){text, sizeof text}, out);
        assert_true(size <= sizeof text);
        char again[2];
        assert_int_equal(fold_text((struct slice){out, size}, again), size);
        assert_memory_equal(out, again, size); /* folded stays as it is */
        free(out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),
        cmocka_unit_test(malformed_bytes_are_left_out),
        cmocka_unit_test(every_letter_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
