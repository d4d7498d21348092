/* What is JSON and what is not, and that no byte outside the text is ever read. */
#include "base/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* Pages with an unreadable one behind: text placed at their very end makes reading past it fatal in
 * any build, with or without a sanitizer. */
struct fence {
    char *pages;
    size_t size;
};

static struct fence fence_create(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 16 * page;
    char *pages =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + size, page, PROT_NONE), 0);
    return (struct fence){pages, size};
}

static void fence_destroy(struct fence *fence) {
    munmap(fence->pages, fence->size + (size_t)sysconf(_SC_PAGESIZE));
}

static struct slice fence_put(const struct fence *fence, struct slice text) {
    assert_true(text.size <= fence->size);
    char *at = fence->pages + fence->size - text.size;
    if (text.size)
        memcpy(at, text.data, text.size);
    return (struct slice){at, text.size};
}

#define ROW(text)                                                                                  \
    { "" text, sizeof(text) - 1 }
static const struct slice legal[] = {
    /* structures */
    ROW("[]"),
    ROW("{}"),
    ROW("[[]]"),
    ROW("[{}]"),
    ROW("{\"a\":[]}"),
    ROW("[[],[]]"),
    ROW("[1,2,3]"),
    ROW("{\"a\":1,\"b\":2}"),
    ROW("{\"a\":{\"b\":{\"c\":null}}}"),
    ROW("[null,true,false]"),
    ROW("{\"\":0}"),
    ROW("{\"a\":1,\"a\":2}"),
    ROW("{\"a\":\"b\",\"a\":\"b\"}"),
    ROW("[[[[[[[[[[1]]]]]]]]]]"),
    ROW("[1,[2,[3,{\"x\":[4]}]]]"),
    /* blanks */
    ROW(" []"),
    ROW("[] "),
    ROW("\t[\n]\r "),
    ROW(" [ 1 , 2 ] "),
    ROW("{ \"a\" : 1 , \"b\" : 2 }"),
    ROW("\n\r\t {\"a\"\n:\r1\t}\n"),
    ROW("[ ]"),
    ROW("{ }"),
    ROW(" null "),
    /* single values */
    ROW("null"),
    ROW("true"),
    ROW("false"),
    ROW("0"),
    ROW("-1"),
    ROW("\"\""),
    ROW("\"a\""),
    /* numbers */
    ROW("[0]"),
    ROW("[-0]"),
    ROW("[-0.0]"),
    ROW("[0e1]"),
    ROW("[0e+1]"),
    ROW("[0E-0]"),
    ROW("[1E22]"),
    ROW("[1e-2]"),
    ROW("[1E+2]"),
    ROW("[123.456e78]"),
    ROW("[-123]"),
    ROW("[0.1]"),
    ROW("[10]"),
    ROW("[1e00005]"),
    ROW("[-1.5E+007]"),
    ROW("123123123123123123123123123123"),
    ROW("[1e9999]"),
    ROW("[-1e-9999]"),
    ROW("0.0000000000000000000000000000000000000000000000000000000000000000001"),
    /* strings */
    ROW("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    ROW("\"\\u0000\""),
    ROW("\"\\u00e9\\u00E9\""),
    ROW("\"\\uD83D\\uDE00\""),
    ROW("\"\\ud800\""),
    ROW("\"\\uDC00\\uD800\""),
    ROW("\"\\uD800\\n\""),
    ROW("\"\\uFFFF\\uFFFE\""),
    ROW("\"\x7F\""),
    ROW("\"/ , : [ ] { }\""),
    ROW("\"\xC3\xA9\""),
    ROW("\"\xE2\x82\xAC\""),
    ROW("\"\xF0\x9F\x98\x80\""),
    ROW("\"\xF4\x8F\xBF\xBF\""),
    ROW("\"\xE2\x80\xA8\xE2\x80\xA9\""),
    ROW("\"\xEF\xBB\xBF\""),
    ROW("\"\xEF\xBF\xBF\""),
    ROW("{\"\\u0061\\n\":1}"),
    ROW("\"// no comment /* none */\""),
    ROW("\"\\\\\""),
    ROW("\"\\\\\\\"\""),
    ROW("\"\\\\u0041\""),
    ROW("\"01234567\\\"89abcdef\\\\\""),
    ROW("\"0123456789012345678901234567890123456789\""),
};

static const struct slice illegal[] = {
    /* nothing, or too much */
    ROW(""),
    ROW(" "),
    ROW("\n"),
    ROW("[] []"),
    ROW("1 2"),
    ROW("[1]x"),
    ROW("{}}"),
    ROW("[]]"),
    ROW("null,"),
    ROW("\"a\"\"b\""),
    ROW("[1]]"),
    ROW("{\"a\":1}}"),
    ROW("true false"),
    ROW("//"),
    /* brackets */
    ROW("["),
    ROW("]"),
    ROW("{"),
    ROW("}"),
    ROW("[["),
    ROW("[[]"),
    ROW("[}"),
    ROW("{]"),
    ROW("[{]}"),
    ROW("{\"a\":[}"),
    ROW("[1"),
    ROW("[1,"),
    ROW("{\"a\""),
    ROW("{\"a\":"),
    ROW("{\"a\":1"),
    ROW("{\"a\":1,"),
    ROW("[\"a\""),
    ROW("(1)"),
    ROW("<null>"),
    /* commas and colons */
    ROW("[,]"),
    ROW("[1,]"),
    ROW("[,1]"),
    ROW("[1,,2]"),
    ROW("[1 2]"),
    ROW("{,}"),
    ROW("{\"a\":1,}"),
    ROW("{,\"a\":1}"),
    ROW("{\"a\":1,,\"b\":2}"),
    ROW("{\"a\" 1}"),
    ROW("{\"a\"::1}"),
    ROW("{\"a\",1}"),
    ROW("[1:2]"),
    ROW("{\"a\":}"),
    ROW("{:1}"),
    ROW(","),
    ROW(":"),
    ROW("[\"a\":1]"),
    ROW("{\"a\":1 \"b\":2}"),
    ROW("{\"a\":1;\"b\":2}"),
    /* keys */
    ROW("{a:1}"),
    ROW("{1:1}"),
    ROW("{'a':1}"),
    ROW("{null:1}"),
    ROW("{[]:1}"),
    ROW("{\"a\"}"),
    ROW("{\"a\":1,\"b\"}"),
    ROW("{\"a\\\":1}"),
    /* words */
    ROW("nul"),
    ROW("nulll"),
    ROW("tru"),
    ROW("fals"),
    ROW("True"),
    ROW("NULL"),
    ROW("undefined"),
    ROW("[nul]"),
    ROW("[truee]"),
    ROW("NaN"),
    ROW("Infinity"),
    ROW("-Infinity"),
    ROW("[nan]"),
    /* numbers */
    ROW("-"),
    ROW("+1"),
    ROW("01"),
    ROW("-01"),
    ROW("00"),
    ROW("1."),
    ROW(".1"),
    ROW("-.1"),
    ROW("1.e1"),
    ROW("1e"),
    ROW("1e+"),
    ROW("1E-"),
    ROW("1e1.5"),
    ROW("0x1"),
    ROW("1_000"),
    ROW("1 000"),
    ROW("--1"),
    ROW("1-"),
    ROW("1e1e1"),
    ROW("1.2.3"),
    ROW("- 1"),
    ROW("0.e1"),
    ROW("\xEF\xBC\x91"),
    ROW("[1a]"),
    ROW("[-]"),
    ROW("[0e]"),
    ROW("2.e-3"),
    ROW("1f"),
    /* strings */
    ROW("\""),
    ROW("\"a"),
    ROW("'a'"),
    ROW("\"\\\""),
    ROW("\"\\"),
    ROW("\"\\a\""),
    ROW("\"\\'\""),
    ROW("\"\\x41\""),
    ROW("\"\\0\""),
    ROW("\"\\\0\""),
    ROW("\"\\U0041\""),
    ROW("\"\\u\""),
    ROW("\"\\u0\""),
    ROW("\"\\u004\""),
    ROW("\"\\u004g\""),
    ROW("\"\\u 041\""),
    ROW("\"\\u+041\""),
    ROW("\"\\u00"),
    ROW("\"\\uD800\\u\""),
    ROW("\"\n\""),
    ROW("\"\t\""),
    ROW("\"\x1F\""),
    ROW("\"\0\""),
    ROW("\"01234567\x01\""),
    ROW("\"\\\xC3\xA9\""),
    ROW("\"a\"b"),
    ROW("\"\\\n\""),
    ROW("\"ab\\"),
    /* malformed UTF-8 */
    ROW("\"\x80\""),
    ROW("\"\xC3\""),
    ROW("\"\xC3(\""),
    ROW("\"\xC0\xAF\""),
    ROW("\"\xC1\xBF\""),
    ROW("\"\xE0\x80\xAF\""),
    ROW("\"\xED\xA0\x80\""),
    ROW("\"\xED\xBF\xBF\""),
    ROW("\"\xF0\x80\x80\xAF\""),
    ROW("\"\xF4\x90\x80\x80\""),
    ROW("\"\xF8\x88\x80\x80\x80\""),
    ROW("\"\xFF\""),
    ROW("\"\xFE\""),
    ROW("\"\xE2\x82\""),
    ROW("\"\xF0\x9F\x98\""),
    ROW("[\xC3\xA9]"),
    ROW("\xC3\xA9"),
    ROW("\"01234567\xFF\""),
    ROW("\"\xE9\""),
    /* other encodings, marks, blanks that are none, comments */
    ROW("\xEF\xBB\xBF{}"),
    ROW("\xFF\xFE[\0]\0"),
    ROW("\0[\0]"),
    ROW("\0"),
    ROW("[\0]"),
    ROW("[1\0]"),
    ROW("1\0"),
    ROW("[]\0"),
    ROW("[\f]"),
    ROW("[\v1]"),
    ROW("[\xC2\xA0]"),
    ROW("\xE2\x81\xA0[]"),
    ROW("[1/**/]"),
    ROW("[1]//x"),
    ROW("/**/1"),
    ROW("#1"),
    ROW("{\"a\":/**/1}"),
};

static void tells_legal_from_illegal(void **state) {
    (void)state;
    struct fence fence = fence_create();
    for (size_t i = 0; i < sizeof legal / sizeof legal[0]; i++) {
        size_t at = 12345;
        if (!json_validate(fence_put(&fence, legal[i]), &at))
            fail_msg("refused at %zu: %s", at, legal[i].data);
        assert_int_equal(at, 12345);
    }
    for (size_t i = 0; i < sizeof illegal / sizeof illegal[0]; i++) {
        size_t at = SIZE_MAX;
        if (json_validate(fence_put(&fence, illegal[i]), &at))
            fail_msg("let through: %s", illegal[i].data);
        assert_true(at <= illegal[i].size);
    }
    assert_false(json_validate((struct slice){NULL, 0}, NULL));
    fence_destroy(&fence);
}

/* Also where eight bytes are looked at in one step: each byte at each place. */
static void judges_every_byte_of_strings(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t place = 1; place < 18; place++) {
            char text[21];
            memset(text, 'a', sizeof text - 1);
            text[0] = text[19] = '"';
            text[20] = ' ';
            text[place] = (char)byte;
            bool fine = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            size_t at = SIZE_MAX;
            assert_int_equal(json_validate((struct slice){text, 21}, &at), fine);
            if (!fine && byte != '"')
                assert_int_equal(at, byte == '\\' ? place + 1 : place);
        }
}

static void says_where(void **state) {
    (void)state;
    static const struct {
        struct slice text;
        size_t at;
    } rows[] = {
        {ROW(""), 0},           {ROW("  "), 2},    {ROW("[1,]"), 3},
        {ROW("{\"a\" 1}"), 5},  {ROW("[1] x"), 4}, {ROW("\"ab\\x\""), 4},
        {ROW("\"a"), 2},        {ROW("[tru]"), 1}, {ROW("\"\\u00g0\""), 5},
        {ROW("\"ab\x01\""), 3}, {ROW("01"), 1},    {ROW("{\"a\":1,}"), 7},
        {ROW("\"ab\xFF\""), 3}, {ROW("[1e]"), 3},  {ROW("[[[}"), 3},
        {ROW("{1:2}"), 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = SIZE_MAX;
        assert_false(json_validate(rows[i].text, &at));
        assert_int_equal(at, rows[i].at);
    }
}

static void bounds_depth(void **state) {
    (void)state;
    char text[4 * JSON_DEPTH_MAX + 8];
    for (size_t depth = 1; depth <= JSON_DEPTH_MAX + 2; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        size_t at;
        bool fits = depth <= JSON_DEPTH_MAX;
        assert_int_equal(json_validate((struct slice){text, 2 * depth}, &at), fits);
        if (!fits)
            assert_int_equal(at, JSON_DEPTH_MAX);
    }
    /* Hostile depth costs neither stack nor time. */
    enum { DEEP = 1000000 };
    char *deep = malloc(DEEP);
    memset(deep, '[', DEEP);
    assert_false(json_validate((struct slice){deep, DEEP}, NULL));
    for (size_t i = 0; i + 5 <= DEEP; i += 5)
        memcpy(deep + i, "{\"a\":", 5);
    assert_false(json_validate((struct slice){deep, DEEP}, NULL));
    free(deep);
}

/* Every prefix of a document that is no scalar is illegal, and is refused without a look beyond its
 * end. */
static void refuses_every_cut(void **state) {
    (void)state;
    const struct slice text = SLICE(
        "{\"id\":\"chatcmpl-1\\u00e9\\uD83D\\uDE00\\n\",\"gr\xC3\xBC\xC3\x9F\":[1,-2.5e+10,true,"
        "false,null,{},[],{\"deep\":[[\"\xF0\x9F\x98\x80\\\\\\\"\"]]}],\"last\":\"0123456789\"}");
    struct fence fence = fence_create();
    assert_true(json_validate(fence_put(&fence, text), NULL));
    for (size_t size = 0; size < text.size; size++)
        assert_false(json_validate(fence_put(&fence, slice_first(text, size)), NULL));
    fence_destroy(&fence);
}

/* The readers take eight bytes at a time where they can: every length and alignment of strings. */
static void reads_no_byte_outside(void **state) {
    (void)state;
    struct fence fence = fence_create();
    for (size_t length = 0; length < 40; length++)
        for (size_t special = 0; special <= length; special++) {
            char text[64], *p = text;
            *p++ = '"';
            for (size_t i = 0; i < length; i++)
                *p++ = (char)('a' + i % 26);
            if (special < length)
                text[1 + special] = special + 1 < length ? '\\' : ' ';
            if (special + 1 < length)
                text[2 + special] = '"';
            *p++ = '"';
            struct slice value = fence_put(&fence, (struct slice){text, (size_t)(p - text)});
            assert_true(json_validate(value, NULL));
            /* The same as the last element of an array without its end: the walk stays inside. */
            char array[80] = "[";
            memcpy(array + 1, text, value.size);
            array[1 + value.size] = ']';
            struct slice whole = fence_put(&fence, (struct slice){array, value.size + 2});
            struct slice element;
            size_t cursor = 0;
            assert_true(json_next_element(whole, &cursor, &element));
            assert_int_equal(element.size, value.size);
            assert_false(json_next_element(whole, &cursor, &element));
        }
    fence_destroy(&fence);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_legal_from_illegal),
        cmocka_unit_test(says_where),
        cmocka_unit_test(judges_every_byte_of_strings),
        cmocka_unit_test(bounds_depth),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(reads_no_byte_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
