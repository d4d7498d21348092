#include "base/arena.h"
#include "chat/answer_cache.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_what_is_the_same_question(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"Do you ship to Germany?", "do you ship to germany"},
        {"  do\tyou\n\nship  to germany ?!", "do you ship to germany"},
        {"Ärger?", "Ärger"}, /* only ASCII letters lose their case */
        {"What is 3.5?", "what is 3.5"},
        {"a?b", "a?b"},
        {"?", ""},
        {"", ""},
    };
    struct arena *arena = arena_create(1024);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice got = answer_cache_normalise(slice_of(cases[i][0]), arena);
        if (!slice_is(got, cases[i][1])) {
            print_error("%s: \"%.*s\"\n", cases[i][0], SLICE_ARG(got));
            fail();
        }
    }
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_the_same_question)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
