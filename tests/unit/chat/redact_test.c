#include "base/arena.h"
#include "base/fault.h"
#include "chat/redact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state) {
    (void)state;
    arena = arena_create(4096);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void add(struct redact *redact, const char *name, const char *pattern) {
    static const char *const kept[] = {"*@shop.example", "+49 30 1234*"};
    const struct redact_rule_settings rule = {.name = name,
                                              .pattern = slice_of(pattern),
                                              .from = REDACT_LOG,
                                              .keep = kept,
                                              .keep_count = 2};
    struct fault fault;
    if (!redact_add(redact, &rule, &fault))
        fail_msg("%s: %s", name, fault.message);
}

static struct redact *all_rules(void) {
    struct redact *redact = redact_create(arena);
    add(redact, "card", NULL);
    add(redact, "email", NULL);
    add(redact, "phone", NULL);
    add(redact, "customer", "K-\\d{6}");
    add(redact, "word", "(?<=code )[a-zäß]{3,}\\b");
    return redact;
}

/* --- what is found --- */

static const struct {
    const char *text, *expected; /* NULL: nothing is found */
} rows[] = {
    /* cards */
    {"4111 1111 1111 1111", "[card]"},
    {"Card 4111-1111-1111-1111, please", "Card [card], please"},
    {"4111111111111111 12/27", "[card] 12/27"},
    {"4111 1111 1111 1111 12/27 737", "[card] 12/27 737"},
    {"12 4111 1111 1111 1111", "12 [card]"},
    {"3782 822463 10005", "[card]"},
    {"30569309025904", "[card]"},
    {"4111\xc2\xa0"
     "1111\xc2\xa0"
     "1111\xc2\xa0"
     "1111",
     "[card]"},
    {"4222222222222", "[card]"},
    {"4111 1111 1111 1112", NULL},
    {"41111111111111111111111", NULL},
    {"DE89370400440532013000", NULL},
    {"1700000000000", NULL},
    {"1764000000003", NULL},
    {"550e8400-e29b-41d4-a716-446655440000", NULL},
    /* e-mail */
    {"john.doe@mail.example", "[email]"},
    {"Write to john.doe+x@mail.co.uk.", "Write to [email]."},
    {"<a@b.de>,c_d@e.fr;x", "<[email]>,[email];x"},
    {"j\xc3\xb6rg@b\xc3\xbc"
     "cher.example",
     "[email]"},
    {"\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.\xe4\xb8\xad\xe5\x9b\xbd", "[email]"},
    {"a@xn--bcher-kva.xn--p1ai", "[email]"},
    {"info@shop.example and Info@SHOP.example", NULL},
    {"info@shop.example.evil.org", "[email]"},
    {"react@18.2.0", NULL},
    {"@name and a @ b.de", NULL},
    {"user@localhost", NULL},
    /* phone */
    {"+49 151 23456789", "[phone]"},
    {"Tel.: +49 (0)151/2345-6789!", "Tel.: [phone]!"},
    {"0049 151 23456789", "[phone]"},
    {"0151 23456789", "[phone]"},
    {"015123456789", "[phone]"},
    {"Tel:030/1234567", "Tel:[phone]"},
    {"01 23 45 67 89", "[phone]"},
    {"01.23.45.67.89", "[phone]"},
    {"(030) 1234567", "[phone]"},
    {"(555) 123-4567", "[phone]"},
    {"1-800-555-1234", "[phone]"},
    {"555.123.4567", "[phone]"},
    {"+49 30 1234567", NULL}, /* kept */
    {"+4930-1234 99", NULL},  /* kept, written in another way */
    {"0151 23456789 2026-11-24", "[phone] 2026-11-24"},
    {"0151 23456789 10:30", "[phone] 10:30"},
    {"0151 23456789 24.11.2026", "[phone] 24.11.2026"},
    {"05.11.2026", NULL},
    {"05.11.2026 10:30", NULL},
    {"01/02/26", NULL},
    {"2026-11-24T02:08:33.123456Z", NULL},
    {"2026-01-02 03:04:05", NULL},
    {"192.168.100.200", NULL},
    {"10.0.0.1:8080", NULL},
    {"0.99 EUR, 1,234.50, 12 000 000", NULL},
    {"order 4711 0815", NULL},
    {"order 123456789012", NULL},
    {"#0151234567", NULL},
    {"SH-0151234567", NULL},
    {"01067 Dresden", NULL},
    {"0012", NULL},
    /* own */
    {"I am K-123456.", "I am [customer]."},
    {"K-12345", NULL},
    {"code stra\xc3\x9f"
     "e!",
     "code [word]!"},
    {"kode strasse", NULL},
    /* several */
    {"K-123456 a@b.de 0151 23456789, 4111 1111 1111 1111", "[customer] [email] [phone], [card]"},
    {"", NULL},
};

static void test_finds(void **state) {
    (void)state;
    const struct redact *redact = all_rules();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice text = slice_of(rows[i].text);
        struct slice found = redact_text(redact, REDACT_LOG, text, arena);
        const char *expected = rows[i].expected ? rows[i].expected : rows[i].text;
        if (!slice_is(found, expected))
            fail_msg("\"%s\" became \"%.*s\", not \"%s\"", rows[i].text, SLICE_ARG(found),
                     expected);
        assert_true(rows[i].expected || found.data == text.data);
        /* Another place has no rules. */
        assert_ptr_equal(redact_text(redact, REDACT_MODEL, text, arena).data, text.data);
    }
    assert_ptr_equal(redact_text(NULL, REDACT_LOG, SLICE("a@b.de"), arena).size, 6);
}

/* --- in pieces --- */

static void feed_cut(const struct redact *redact, struct slice text, const size_t *cuts,
                     size_t count, struct buffer *out) {
    struct redactor redactor;
    size_t from = 0;
    redactor_init(&redactor, redact, REDACT_LOG);
    buffer_clear(out);
    for (size_t i = 0; i <= count; i++) {
        size_t to = i < count ? cuts[i] : text.size;
        redactor_feed(&redactor, slice_first(slice_from(text, from), to - from), out);
        assert_true(redactor.text.size - redactor.at <= REDACT_WINDOW);
        from = to;
    }
    redactor_end(&redactor, out);
    redactor_finish(&redactor);
}

static void same_however_cut(const struct redact *redact, struct slice text, bool pairs) {
    struct slice whole = redact_text(redact, REDACT_LOG, text, arena);
    struct buffer out = {0};
    for (size_t first = 0; first <= text.size; first++)
        for (size_t second = first; second <= (pairs ? text.size : first); second++) {
            feed_cut(redact, text, (const size_t[]){first, second}, 2, &out);
            if (!slice_equal(buffer_slice(&out), whole))
                fail_msg("cut at %zu and %zu: \"%.*s\", not \"%.*s\"", first, second,
                         SLICE_ARG(buffer_slice(&out)), SLICE_ARG(whole));
        }
    size_t *every = arena_array(arena, text.size + 1, sizeof *every);
    for (size_t i = 0; i < text.size; i++)
        every[i] = i;
    feed_cut(redact, text, every, text.size, &out);
    assert_true(slice_equal(buffer_slice(&out), whole));
    buffer_finish(&out);
}

static void test_cut(void **state) {
    (void)state;
    const struct redact *redact = all_rules();
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        same_however_cut(redact, slice_of(rows[i].text), true);
        buffer_printf(&text, "%s\n", rows[i].text);
    }
    /* Longer than what is looked behind at, several times. */
    buffer_append(&text, SLICE("\xff\xe4\xb8 a@b.de \x80\x80 4111 1111 1111 1111 \xf0\x9f"));
    same_however_cut(redact, buffer_slice(&text), false);
    buffer_finish(&text);
}

/* What comes out after each piece. */
static void test_hold(void **state) {
    (void)state;
    static const struct {
        const char *piece, *out;
    } steps[] = {
        {"The number is", "The number "}, /* a word may be the beginning of an address */
        {" ", "is "},
        {"4111 1111", ""},
        {" 1111 11", ""},
        {"11.", ""}, /* a digit could follow */
        {" Ok, ", "[card]. Ok, "},
        {"**", "**"},
        {"a@b.d", ""},
        {"e", ""},
        {"! ", "[email]! "},
        {"4111 1111 x ", "4111 1111 x "},
    };
    struct redactor redactor;
    struct buffer out = {0};
    redactor_init(&redactor, all_rules(), REDACT_LOG);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        buffer_clear(&out);
        redactor_feed(&redactor, slice_of(steps[i].piece), &out);
        if (!slice_is(buffer_slice(&out), steps[i].out))
            fail_msg("after \"%s\": \"%s\", not \"%s\"", steps[i].piece, buffer_string(&out),
                     steps[i].out);
    }
    buffer_clear(&out);
    redactor_feed(&redactor, SLICE("x@y.de"), &out);
    redactor_end(&redactor, &out);
    assert_string_equal(buffer_string(&out), "[email]");
    /* The next text has nothing of the one before. */
    redactor_feed(&redactor, SLICE("4111 1111 1111 1111"), &out);
    redactor_end(&redactor, &out);
    assert_string_equal(buffer_string(&out), "[email][card]");
    redactor_finish(&redactor);
    buffer_finish(&out);
}

/* --- patterns of the owner's --- */

static void test_long_matches(void **state) {
    (void)state;
    struct redact *redact = redact_create(arena);
    struct buffer text = {0};
    add(redact, "run", "K\\d+");
    buffer_append_byte(&text, 'K');
    for (size_t i = 1; i < REDACT_WINDOW + 5; i++)
        buffer_append_byte(&text, '7');
    same_however_cut(redact, buffer_slice(&text), false);
    assert_true(
        slice_is(redact_text(redact, REDACT_LOG, buffer_slice(&text), arena), "[run]77777"));
    buffer_finish(&text);
}

static void test_catastrophes(void **state) {
    (void)state;
    struct redact *redact = redact_create(arena);
    struct buffer text = {0};
    add(redact, "evil", "(a+)+b");
    add(redact, "customer", "K-\\d{6}");
    for (size_t i = 0; i < 20000; i++)
        buffer_append_byte(&text, 'a');
    buffer_append(&text, SLICE(" K-123456"));
    assert_null(redact_take_costly(redact));
    struct slice found = redact_text(redact, REDACT_LOG, buffer_slice(&text), arena);
    /* The other rules still do what they are for. */
    assert_true(slice_ends_with(found, SLICE("aaa [customer]")));
    assert_string_equal(redact_take_costly(redact), "evil");
    assert_null(redact_take_costly(redact));
    same_however_cut(redact, slice_from(buffer_slice(&text), 19300), false);
    buffer_finish(&text);
}

/* No visitor can make the built-in rules give up. */
static void test_built_in_are_cheap(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "a",        "a.",
        "a@",       "a@a.",
        "a@a-",     "1",
        "4 ",       "4-4",
        "0",        "01 ",
        "+1 ",      "+1-(",
        "(01)1 ",   "01.01.",
        "555-",     "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.1",
        "\xc3\xa4", "\xc3\xa4@\xc3\xa4.",
        "!#$%",     "K-1 01",
    };
    struct redact *redact = redact_create(arena);
    struct buffer text = {0};
    add(redact, "card", NULL);
    add(redact, "email", NULL);
    add(redact, "phone", NULL);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        buffer_clear(&text);
        for (size_t j = 0; j < 1000; j++)
            buffer_append_string(&text, pieces[i]);
        redact_text(redact, REDACT_LOG, buffer_slice(&text), arena);
        const char *costly = redact_take_costly(redact);
        if (costly)
            fail_msg("%s gave up on \"%s\" again and again", costly, pieces[i]);
    }
    buffer_finish(&text);
}

static void test_mistakes(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *message;
    } mistakes[] = {
        {"K-(\\d", "does not compile: missing closing parenthesis, at byte 6 of it"},
        {"K*", "can match nothing at all, which is everywhere"},
        {"(?=K)", "can match nothing at all, which is everywhere"},
        {"(?<=K{40})x", "looks behind further than 30 characters"},
        {"a\\Cb", "does not compile: using \\C is disabled by the application, at byte 4 of it"},
        {"((a{1000}){1000}){1000}",
         "does not compile: regular expression is too large, at byte 24 of it"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct redact *redact = redact_create(arena);
        const struct redact_rule_settings rule = {
            .name = "own", .pattern = slice_of(mistakes[i].pattern), .from = REDACT_LOG};
        struct fault fault;
        assert_false(redact_add(redact, &rule, &fault));
        assert_string_equal(fault.message, mistakes[i].message);
        assert_false(redact_has(redact, REDACT_LOG));
    }
}

/* --- JSON --- */

static void test_json(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } json[] = {
        {"{\"a\":\"b\\u0040c.de\",\"n\":[4111111111111111,1.50,true,null]}",
         "{\"a\":\"[email]\",\"n\":[\"[card]\",1.50,true,null]}"},
        {"{\"x@y.de\" : {\"k\":\"K-123456\\n\"}}", "{\"[email]\":{\"k\":\"[customer]\\n\"}}"},
        {"{ \"a\" : \"b\" }", "{ \"a\" : \"b\" }"},
        {"not JSON: a@b.de", "not JSON: [email]"},
        {"\"a@b.de\"", "\"[email]\""},
    };
    const struct redact *redact = all_rules();
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++) {
        struct slice found = redact_json(redact, REDACT_LOG, slice_of(json[i].text), arena);
        if (!slice_is(found, json[i].expected))
            fail_msg("%s became %.*s", json[i].text, SLICE_ARG(found));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_catastrophes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_built_in_are_cheap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mistakes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
