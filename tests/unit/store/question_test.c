#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "store/question.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The words separated by blanks, a star behind those looked for by prefix, too. */
static void assert_words(struct slice text, const char *expected) {
    struct question question;
    question_read(text, &question);
    struct buffer words = {0};
    for (size_t i = 0; i < question.count; i++)
        buffer_printf(&words, "%s%.*s%s", i ? " " : "", SLICE_ARG(question.words[i].text),
                      question.words[i].prefix ? "*" : "");
    assert_string_equal(buffer_string(&words), expected);
    buffer_finish(&words);
}

static void test_common_words_are_left_out(void **state) {
    (void)state;
    assert_words(SLICE("Do you ship to Germany?"), "ship* Germany*");
    assert_words(SLICE("How long does delivery take?"), "delivery* take*");
    assert_words(SLICE("Is there a long cable?"), "long* cable*");
    assert_words(SLICE("What's the price of A4 paper, please"), "price* A4 paper*");
    assert_words(SLICE("Can I return it if I don't like it?"), "return*");
    assert_words(SLICE("Price price PRICE"), "Price*");
}

static void test_each_language_has_its_own(void **state) {
    (void)state;
    assert_words(SLICE("Wie lange dauert der Versand nach \xC3\x96sterreich?"),
                 "dauert* Versand* \xC3\x96sterreich*");
    assert_words(SLICE("Combien co\xC3\xBBte la livraison \xC3\xA0 Paris ?"),
                 "co\xC3\xBBte* livraison* Paris*");
    assert_words(SLICE("\xC2\xBF"
                       "Cu\xC3\xA1nto tarda el env\xC3\xADo?"),
                 "tarda* env\xC3\xADo*");
    assert_words(SLICE("Quanto costa la spedizione in Italia?"), "costa* spedizione* Italia*");
    /* "hat" is common in German, not here */
    assert_words(SLICE("Do you have a hat?"), "hat");
    assert_words(SLICE("Hat der Shop eine Garantie?"), "Shop* Garantie*");
}

static void test_all_words_where_none_else_is_left(void **state) {
    (void)state;
    assert_words(SLICE("Who are you?"), "Who are you");
    assert_words(SLICE("x"), "x");
    assert_words(SLICE(""), "");
    assert_words((struct slice){NULL, 0}, "");
}

static void test_prefixes_need_letters_behind_endings(void **state) {
    (void)state;
    assert_words(SLICE("cars using used buying boxes"), "cars using used buying boxes");
    assert_words(SLICE("pay shipping orders batteries"), "pay shipping* orders* batteries*");
    assert_words(SLICE("\xC3\xBC"
                       "ber\xC3\xA4ll"),
                 "\xC3\xBC"
                 "ber\xC3\xA4ll*");
    assert_words(SLICE("\xC3\xA9t\xC3\xA9"), "\xC3\xA9t\xC3\xA9"); /* three letters */
}

static void test_only_letters_and_digits_come_through(void **state) {
    (void)state;
    assert_words(SLICE("\"usb-c\" (3.0) NEAR/2 title:^x*y"), "usb 3 0 NEAR* 2 title*");
    assert_words(SLICE("\xE2\x82\xAC"
                       "50 \xE2\x80\x9E"
                       "case\xE2\x80\x9C\xE2\x80\xA6 \xF0\x9F\x98\x80"),
                 "50 case*");
    assert_words(SLICE("ab\0cd\xFF"
                       "ef"),
                 "ab cd ef");
    assert_words(SLICE("\xD0\x94\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBA\xD0\xB0"),
                 "\xD0\x94\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBA\xD0\xB0*");
}

static void test_limits(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int i = 0; i < 10000; i++)
        buffer_printf(&text, "word%d ", i);
    struct question question;
    question_read(buffer_slice(&text), &question);
    assert_int_equal(question.count, QUESTION_WORDS_MAX);
    buffer_clear(&text);
    for (int i = 0; i < 1000; i++)
        buffer_append_string(&text, "\xE9\x80\x81");
    question_read(buffer_slice(&text), &question);
    assert_in_range(question.count, 1, QUESTION_WORDS_MAX);
    for (size_t i = 0; i < question.count; i++) {
        assert_true(question.words[i].text.size <= QUESTION_WORD_SIZE_MAX);
        assert_true(utf8_valid(question.words[i].text));
    }
    buffer_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_words_are_left_out),
        cmocka_unit_test(test_each_language_has_its_own),
        cmocka_unit_test(test_all_words_where_none_else_is_left),
        cmocka_unit_test(test_prefixes_need_letters_behind_endings),
        cmocka_unit_test(test_only_letters_and_digits_come_through),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
