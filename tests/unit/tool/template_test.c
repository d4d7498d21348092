#include "base/arena.h"
#include "base/buffer.h"
#include "tool/template.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Each piece as "kind:text|". */
static void expect_pieces(const char *text, bool strict, const char *expected) {
    static const char kinds[] = {
        [TEMPLATE_TEXT] = 't', [TEMPLATE_NAME] = 'n', [TEMPLATE_BAD] = 'b'};
    struct template_scan scan = {.text = slice_of(text)};
    struct slice piece;
    enum template_piece kind;
    struct buffer out = {0};
    while ((kind = template_scan(&scan, strict, &piece)) != TEMPLATE_END)
        buffer_printf(&out, "%c:%.*s|", kinds[kind], SLICE_ARG(piece));
    assert_string_equal(buffer_string(&out), expected);
    buffer_finish(&out);
}

static void finds_placeholders(void **state) {
    (void)state;
    expect_pieces("", true, "");
    expect_pieces("plain", true, "t:plain|");
    expect_pieces("{a}", true, "n:a|");
    expect_pieces("x{a}{b_2}y", true, "t:x|n:a|n:b_2|t:y|");
    expect_pieces("{user.id}/{call.key}", true, "n:user.id|t:/|n:call.key|");
    expect_pieces("{order-no}", true, "n:order-no|");
}

static void resolves_braces(void **state) {
    (void)state;
    expect_pieces("{{a}}", true, "t:{|t:a|t:}|");
    expect_pieces("{{{a}}}", true, "t:{|n:a|t:}|");
    expect_pieces("{{}}", true, "t:{|t:}|");
}

static void complains_of_loose_braces(void **state) {
    (void)state;
    expect_pieces("{", true, "b:{|");
    expect_pieces("}", true, "b:}|");
    expect_pieces("{}", true, "b:{|b:}|");
    expect_pieces("{a", true, "b:{|t:a|");
    expect_pieces("{1}", true, "b:{|t:1|b:}|");
    expect_pieces("{a b}", true, "b:{|t:a b|b:}|");
    expect_pieces("x{\xC3\xA9}", true, "t:x|b:{|t:\xC3\xA9|b:}|");
}

static void leaves_the_braces_of_json(void **state) {
    (void)state;
    expect_pieces("{\"a\":{\"b\":{}}}", false, "t:{\"a\":{\"b\":{}}}|");
    expect_pieces("{\"a\":\"{b}\"}", false, "t:{\"a\":\"|n:b|t:\"}|");
    expect_pieces("{{\"a\":{b}}}", false, "t:{{\"a\":|n:b|t:}}|");
}

static void gives_values(void **state) {
    (void)state;
    struct arena *arena = arena_create(256);
    const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("u 1")}};
    const struct tool_input input = {
        .arguments = SLICE("{\"s\":\"a\\u00e9\\n\\\"\", \"n\": 12 ,\"f\":1.50,\"t\":true,"
                           "\"z\":null,\"l\":[1, 2],\"user.id\":\"forged\",\"e\":\"\"}"),
        .bindings = bindings,
        .binding_count = 1};
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"s", "a\xC3\xA9\n\""},
        {"n", "12"},
        {"f", "1.50"},
        {"t", "true"},
        {"z", ""},
        {"l", "[1, 2]"},
        {"e", ""},
        {"missing", ""},
        {"user.id", "u 1"},
        {"user.email", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(
            slice_is(template_value(&input, slice_of(cases[i].name), arena), cases[i].value));
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_placeholders),
        cmocka_unit_test(resolves_braces),
        cmocka_unit_test(complains_of_loose_braces),
        cmocka_unit_test(leaves_the_braces_of_json),
        cmocka_unit_test(gives_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
