#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "chat/knowledge.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct split {
    struct arena *arena;
    struct store_passage *passages;
    size_t count;
};

static struct split split(struct slice text) {
    struct split result = {.arena = arena_create(1024)};
    knowledge_split(text, result.arena, &result.passages, &result.count);
    return result;
}

static void assert_passage(const struct split *result, size_t at, const char *title,
                           const char *text) {
    assert_true(at < result->count);
    assert_string_equal(result->passages[at].title.data, title);
    assert_string_equal(result->passages[at].text.data, text);
}

static void repeat(struct buffer *out, const char *text, size_t times) {
    while (times-- > 0)
        buffer_append_string(out, text);
}

static void test_headings_make_the_title(void **state) {
    (void)state;
    struct split r = split(SLICE("Before any heading.\n"
                                 "# Shop #\n"
                                 "Welcome.\n\n"
                                 "## **Shipping** and `returns`\n"
                                 "### Countries\n"
                                 "We ship to the EU.\n"
                                 "### Cost ###\n"
                                 "It costs 5 EUR.\n"
                                 "## Contact\n"
                                 "Write to us.\n"
                                 "# C#\n"
                                 "A language.\n"));
    assert_int_equal(r.count, 6);
    assert_passage(&r, 0, "", "Before any heading.");
    assert_passage(&r, 1, "Shop", "Welcome.");
    assert_passage(&r, 2, "Shop > Shipping and returns > Countries", "We ship to the EU.");
    assert_passage(&r, 3, "Shop > Shipping and returns > Cost", "It costs 5 EUR.");
    assert_passage(&r, 4, "Shop > Contact", "Write to us.");
    assert_passage(&r, 5, "C#", "A language.");
    arena_destroy(r.arena);
}

static void test_wrapped_lines_are_joined(void **state) {
    (void)state;
    struct split r =
        split(SLICE("We ship to all countries of the European Union, among them Germany, France,\n"
                    "Spain, Italy, Poland and the Netherlands. We do not ship to other countries,\n"
                    "yet.\n\n"
                    "Tech Pro\nMain Street 1\n12345 Berlin\n\n"
                    "This line of Markdown asks for a break with two blanks at its very end.  \n"
                    "And so it is kept.\n"));
    assert_int_equal(r.count, 1);
    assert_passage(
        &r, 0, "",
        "We ship to all countries of the European Union, among them Germany, France, "
        "Spain, Italy, Poland and the Netherlands. We do not ship to other countries, yet.\n\n"
        "Tech Pro\nMain Street 1\n12345 Berlin\n\n"
        "This line of Markdown asks for a break with two blanks at its very end.  \n"
        "And so it is kept.");
    arena_destroy(r.arena);
}

static void test_other_kinds_of_headings(void **state) {
    (void)state;
    struct split r = split(SLICE("Shop\n====\n\n"
                                 "Orders and\npayment\n---\n"
                                 "Pay by card.\n\n"
                                 "**Can I pay later?**\n\n"
                                 "Yes, within 14 days.\n\n"
                                 "__And in parts?__\n"
                                 "No.\n\n"
                                 "Q: Do you ship?\nA: We do.\n\n"
                                 "#hashtag is text\n\n"
                                 "**Bold** is text, and so **is this**\n"));
    assert_int_equal(r.count, 4);
    assert_passage(&r, 0, "Shop > Orders and payment", "Pay by card.");
    assert_passage(&r, 1, "Shop > Orders and payment > Can I pay later?", "Yes, within 14 days.");
    assert_passage(&r, 2, "Shop > Orders and payment > And in parts?", "No.");
    assert_passage(&r, 3, "Shop > Orders and payment > Do you ship?",
                   "A: We do.\n\n#hashtag is text\n\n**Bold** is text, and so **is this**");
    arena_destroy(r.arena);
}

static void test_what_is_not_text_is_left_out(void **state) {
    (void)state;
    struct split r = split(SLICE("\xEF\xBB\xBF---\ntitle: x\n---\n"
                                 "One.\r\n\r\n"
                                 "<!-- a note\n\n to ourselves -->\n"
                                 "***\n"
                                 "Two.\rThree.\n"));
    assert_int_equal(r.count, 1);
    assert_passage(&r, 0, "", "One.\n\nTwo.\nThree.");
    arena_destroy(r.arena);
    r = split(SLICE("---\nNot closed, so it is text.\n"));
    assert_int_equal(r.count, 1);
    assert_passage(&r, 0, "", "Not closed, so it is text.");
    arena_destroy(r.arena);
}

static void test_nothing_comes_of_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"", "\n\n \t\n", "# Only\n## headings\n", "---\n",
                                        "<!-- x"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct split r = split(slice_of(texts[i]));
        assert_int_equal(r.count, 0);
        arena_destroy(r.arena);
    }
    struct split r = split((struct slice){NULL, 0});
    assert_int_equal(r.count, 0);
    arena_destroy(r.arena);
}

static void test_short_paragraphs_share_a_passage(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int i = 0; i < 100; i++)
        buffer_printf(&text, "Paragraph %d has so many words.\n\n", i);
    struct split r = split(buffer_slice(&text));
    assert_in_range(r.count, 3, 4);
    for (size_t i = 0; i < r.count; i++) {
        assert_true(r.passages[i].text.size <= KNOWLEDGE_PASSAGE_SIZE);
        assert_true(slice_starts_with(r.passages[i].text, SLICE("Paragraph ")));
        assert_true(slice_ends_with(r.passages[i].text, SLICE("words.")));
    }
    arena_destroy(r.arena);
    buffer_finish(&text);
}

static void test_a_long_paragraph_is_cut_between_sentences(void **state) {
    (void)state;
    struct buffer text = {0};
    repeat(&text, "This is one sentence of many. ", 200);
    struct split r = split(buffer_slice(&text));
    assert_true(r.count >= 5);
    size_t total = 0;
    for (size_t i = 0; i < r.count; i++) {
        assert_true(r.passages[i].text.size <= KNOWLEDGE_PASSAGE_SIZE);
        assert_true(slice_starts_with(r.passages[i].text, SLICE("This is")));
        assert_true(slice_ends_with(r.passages[i].text, SLICE("of many.")));
        total += r.passages[i].text.size + 1;
    }
    assert_int_equal(total, text.size);
    arena_destroy(r.arena);
    buffer_finish(&text);
}

/* No blank, no line, three bytes a letter: and still no sequence is cut. */
static void test_no_sequence_is_cut(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_byte(&text, 'x');
    repeat(&text, "\xE9\x80\x81\xE6\x96\x99", 1000);
    struct split r = split(buffer_slice(&text));
    assert_true(r.count >= 5);
    size_t total = 0;
    for (size_t i = 0; i < r.count; i++) {
        assert_true(utf8_valid(r.passages[i].text));
        total += r.passages[i].text.size;
    }
    assert_int_equal(total, text.size);
    arena_destroy(r.arena);
    buffer_finish(&text);
    r = split(SLICE("# \xFF\xC3\nbad \x80 bytes\0here\n"));
    assert_int_equal(r.count, 1);
    assert_passage(&r, 0, "\xEF\xBF\xBD\xEF\xBF\xBD", "bad \xEF\xBF\xBD bytes here");
    arena_destroy(r.arena);
}

static void test_a_list_stays_together_with_what_leads_to_it(void **state) {
    (void)state;
    struct buffer text = {0};
    repeat(&text, "Filling words here. ", 45); /* 900 bytes */
    buffer_append_string(&text, "\n\nWe ship to:\n\n");
    for (int i = 0; i < 20; i++)
        buffer_printf(&text, "- country number %d\n%s", i, i % 2 ? "\n" : "  which is far\n");
    buffer_append_string(&text, "\nAfterwards.\n");
    struct split r = split(buffer_slice(&text));
    assert_int_equal(r.count, 2);
    assert_true(slice_ends_with(r.passages[0].text, SLICE("words here.")));
    assert_true(slice_starts_with(r.passages[1].text, SLICE("We ship to:\n\n- country number 0")));
    assert_true(slice_ends_with(r.passages[1].text, SLICE("- country number 19\n\nAfterwards.")));
    arena_destroy(r.arena);
    buffer_finish(&text);
}

static void test_a_long_list_is_cut_between_items(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int i = 1; i <= 100; i++)
        buffer_printf(&text, "%d. step of the way\n   - with a note on it\n", i);
    struct split r = split(buffer_slice(&text));
    assert_true(r.count >= 4);
    for (size_t i = 0; i < r.count; i++) {
        assert_true(r.passages[i].text.size <= KNOWLEDGE_PASSAGE_SIZE);
        assert_true(slice_find(r.passages[i].text, SLICE(". step of the way")) <= 3);
        assert_true(slice_ends_with(r.passages[i].text, SLICE("with a note on it")));
    }
    arena_destroy(r.arena);
    buffer_finish(&text);
}

static void test_code_stays_whole(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "Like this:\n\n~~~~c\n# not a heading\n~~~\n\n");
    repeat(&text, "int x = 1; /* code */\n", 100); /* 2200 bytes */
    buffer_append_string(&text, "~~~~\nAnd so on.\n");
    struct split r = split(buffer_slice(&text));
    assert_int_equal(r.count, 3);
    assert_passage(&r, 0, "", "Like this:");
    assert_true(slice_starts_with(r.passages[1].text, SLICE("~~~~c\n# not a heading\n~~~\n\nint")));
    assert_true(slice_ends_with(r.passages[1].text, SLICE("code */\n~~~~")));
    assert_passage(&r, 2, "", "And so on.");
    arena_destroy(r.arena);
    buffer_finish(&text);
}

static void test_very_long_code_is_cut_and_fenced_again(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "```js\n");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "call(%d);\n", i);
    buffer_append_string(&text, "```\n");
    struct split r = split(buffer_slice(&text));
    assert_true(r.count > 5);
    for (size_t i = 0; i < r.count; i++) {
        assert_true(r.passages[i].text.size <= KNOWLEDGE_PASSAGE_SIZE);
        assert_true(slice_starts_with(r.passages[i].text, SLICE("```js\ncall(")));
        assert_true(slice_ends_with(r.passages[i].text, SLICE(");\n```")));
    }
    arena_destroy(r.arena);
    buffer_finish(&text);
    r = split(SLICE("```\nnever closed\n\n# inside"));
    assert_int_equal(r.count, 1);
    assert_passage(&r, 0, "", "```\nnever closed\n\n# inside");
    arena_destroy(r.arena);
}

static void test_titles_are_bounded(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int level = 1; level <= 6; level++) {
        repeat(&text, "#", (size_t)level);
        buffer_append_byte(&text, ' ');
        repeat(&text, "\xC3\xA4", 500);
        buffer_append_byte(&text, '\n');
    }
    buffer_append_string(&text, "Text.");
    struct split r = split(buffer_slice(&text));
    assert_int_equal(r.count, 1);
    assert_true(r.passages[0].title.size <= KNOWLEDGE_TITLE_SIZE);
    assert_true(utf8_valid(r.passages[0].title));
    arena_destroy(r.arena);
    buffer_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headings_make_the_title),
        cmocka_unit_test(test_wrapped_lines_are_joined),
        cmocka_unit_test(test_other_kinds_of_headings),
        cmocka_unit_test(test_what_is_not_text_is_left_out),
        cmocka_unit_test(test_nothing_comes_of_nothing),
        cmocka_unit_test(test_short_paragraphs_share_a_passage),
        cmocka_unit_test(test_a_long_paragraph_is_cut_between_sentences),
        cmocka_unit_test(test_no_sequence_is_cut),
        cmocka_unit_test(test_a_list_stays_together_with_what_leads_to_it),
        cmocka_unit_test(test_a_long_list_is_cut_between_items),
        cmocka_unit_test(test_code_stays_whole),
        cmocka_unit_test(test_very_long_code_is_cut_and_fenced_again),
        cmocka_unit_test(test_titles_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
