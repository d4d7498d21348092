#include "tool/tool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define expect_text(slice_, text_) assert_true(slice_is((slice_), (text_)))

static void finds_the_text_of_a_language(void **state) {
    (void)state;
    const struct tool_text texts[] = {{SLICE("en"), SLICE("Looking")},
                                      {SLICE("pt-BR"), SLICE("Procurando")},
                                      {SLICE("pt"), SLICE("A procurar")},
                                      {SLICE("de"), SLICE("Ich sehe nach")}};
    expect_text(tool_text_for(texts, 4, SLICE("de-AT")), "Ich sehe nach");
    expect_text(tool_text_for(texts, 4, SLICE("PT")), "A procurar");
    expect_text(tool_text_for(texts, 4, SLICE("pt-br")), "Procurando");
    expect_text(tool_text_for(texts, 4, SLICE("pt-PT")), "Procurando");
    expect_text(tool_text_for(texts, 4, SLICE("uk")), "Looking");
    expect_text(tool_text_for(texts, 4, SLICE("")), "Looking");
    expect_text(tool_text_for(NULL, 0, SLICE("en")), "");
}

static void knows_the_bindings(void **state) {
    (void)state;
    const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("u1")},
                                            {SLICE("user.email"), SLICE("a@b.example")}};
    const struct tool_input input = {SLICE("{}"), bindings, 2};
    expect_text(tool_binding_get(&input, SLICE("user.email")), "a@b.example");
    expect_text(tool_binding_get(&input, SLICE("user.e")), "");
    assert_true(tool_binding_legal(SLICE("user.id")));
    assert_true(tool_binding_legal(SLICE("conversation.id")));
    assert_false(tool_binding_legal(SLICE("user.")));
    assert_false(tool_binding_legal(SLICE("conversation.user")));
    assert_false(tool_binding_legal(SLICE("order")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_text_of_a_language),
        cmocka_unit_test(knows_the_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
