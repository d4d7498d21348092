#include "base/buffer.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void round_trips_every_code_point(void **state) {
    (void)state;
    for (uint32_t code = 0; code <= 0x110010; code++) {
        char bytes[4];
        size_t size = utf8_encode(code, bytes);
        bool scalar = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        uint32_t back = 0;
        if (utf8_decode((struct slice){bytes, size}, &back) != size ||
            back != (scalar ? code : 0xFFFD))
            fail_msg("U+%04X", code);
        for (size_t cut = 0; cut < size; cut++)
            if (utf8_decode((struct slice){bytes, cut}, &back) != 0)
                fail_msg("U+%04X cut to %zu bytes", code, cut);
    }
}

/* Decides by the table of RFC 3629, section 4, which is written differently from the code. */
static size_t by_the_table(const unsigned char *p) {
    static const unsigned char rows[][8] = {
        {0xC2, 0xDF, 0x80, 0xBF},
        {0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF},
        {0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF},
        {0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF},
        {0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF},
        {0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
        {0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
        {0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF},
    };
    if (p[0] < 0x80)
        return 1;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        size_t size = 0;
        while (size < 4 && rows[row][2 * size] != 0 && p[size] >= rows[row][2 * size] &&
               p[size] <= rows[row][2 * size + 1])
            size++;
        if (size == 4 || (size > 1 && rows[row][2 * size] == 0))
            return size;
    }
    return 0;
}

static void agrees_with_the_table(void **state) {
    (void)state;
    static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                          0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    enum { EDGES = sizeof edges };
    for (int first = 0; first < 256; first++)
        for (int rest = 0; rest < EDGES * EDGES * EDGES; rest++) {
            unsigned char p[4] = {(unsigned char)first, edges[rest % EDGES],
                                  edges[rest / EDGES % EDGES], edges[rest / EDGES / EDGES]};
            uint32_t ignored;
            if (utf8_decode((struct slice){(const char *)p, 4}, &ignored) != by_the_table(p))
                fail_msg("%02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
        }
}

static void finds_the_valid_prefix(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t prefix;
    } rows[] = {
        {"", 0},
        {"plain ascii, longer than a word", 31},
        {"gr\xC3\xBC\xC3\x9F dich", 11},
        {"1234567\xC3\xBC", 9}, /* across the eight-byte step */
        {"12345678\xFF", 8},    /* just behind it */
        {"ab\xC3", 2},          /* unfinished */
        {"ab\xE2\x82", 2},
        {"\xC0\x80", 0},         /* overlong NUL */
        {"a\xED\xA0\x80", 1},    /* surrogate */
        {"\xF4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"x\x80y", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice text = slice_of(rows[i].text);
        assert_int_equal(utf8_valid_prefix(text), rows[i].prefix);
        assert_int_equal(utf8_valid(text), rows[i].prefix == text.size);
    }
    assert_true(utf8_valid((struct slice){NULL, 0}));
    assert_true(utf8_valid(SLICE("nul \0 inside")));
}

static void cuts_between_characters(void **state) {
    (void)state;
    struct slice text = SLICE("a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z");
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    for (size_t limit = 0; limit < sizeof wanted / sizeof wanted[0]; limit++)
        assert_int_equal(utf8_cut(text, limit), wanted[limit]);
    assert_int_equal(utf8_cut(text, SIZE_MAX), 11);
    assert_int_equal(utf8_cut((struct slice){NULL, 0}, 10), 0);
    /* An unfinished end of the text itself is cut off as well; garbage is left as it is. */
    assert_int_equal(utf8_cut(SLICE("ab\xE2\x82"), 10), 2);
    assert_int_equal(utf8_cut(SLICE("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

static void cleans(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"ok \xC3\xBC", "ok \xC3\xBC"},
        {"a\xFFz", "a\xEF\xBF\xBDz"},
        {"\xC3", "\xEF\xBF\xBD"},
        {"a\xC3\xC3\xBC", "a\xEF\xBF\xBD\xC3\xBC"},
        {"\xE2(\xA1", "\xEF\xBF\xBD(\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out = {0};
        utf8_append_clean(&out, slice_of(rows[i][0]));
        assert_string_equal(buffer_string(&out), rows[i][1]);
        buffer_finish(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_every_code_point),
        cmocka_unit_test(agrees_with_the_table),
        cmocka_unit_test(finds_the_valid_prefix),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(cleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
