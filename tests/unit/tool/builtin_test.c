/* What models are told of the tools that come with the program. */
#include "base/arena.h"
#include "base/buffer.h"
#include "tool/builtin.h"
#include "tool/schema.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void found_by_name(void **state) {
    (void)state;
    enum builtin_kind kind = BUILTIN_NOW;
    assert_true(builtin_find(SLICE("book_slot"), &kind));
    assert_int_equal(kind, BUILTIN_BOOK_SLOT);
    assert_true(builtin_find(SLICE("search_knowledge"), &kind));
    assert_int_equal(kind, BUILTIN_SEARCH_KNOWLEDGE);
    assert_true(builtin_find(SLICE("now"), &kind));
    assert_int_equal(kind, BUILTIN_NOW);
    assert_false(builtin_find(SLICE("nows"), &kind));
    assert_false(builtin_find(SLICE(""), &kind));
}

static bool fits(enum builtin_kind kind, const char *arguments) {
    struct arena *arena = arena_create(1024);
    struct buffer complaints = {0};
    struct schema *schema;
    struct fault fault;
    if (!schema_compile(builtin_parameters(kind), arena, &schema, &fault))
        fail_msg("%s", fault.message);
    bool good = schema_check(schema, slice_of(arguments), &complaints);
    assert_true(good == (complaints.size == 0));
    buffer_finish(&complaints);
    arena_destroy(arena);
    return good;
}

static void parameters_are_checked(void **state) {
    (void)state;
    assert_true(builtin_description(BUILTIN_NOW).size > 0);
    assert_true(fits(BUILTIN_NOW, "{}"));
    assert_false(fits(BUILTIN_NOW, "{\"zone\":\"UTC\"}"));
    assert_true(fits(BUILTIN_SEARCH_KNOWLEDGE, "{\"query\":\"opening hours\"}"));
    assert_false(fits(BUILTIN_SEARCH_KNOWLEDGE, "{}"));
    assert_false(fits(BUILTIN_SEARCH_KNOWLEDGE, "{\"query\":\"\"}"));
    assert_true(fits(BUILTIN_BOOK_SLOT, "{\"day\":\"tuesday\"}"));
    assert_true(
        fits(BUILTIN_BOOK_SLOT, "{\"day\":\"2026-11-24\",\"time\":\"9:30\",\"topic\":\"x\"}"));
    assert_true(fits(BUILTIN_BOOK_SLOT, "{\"day\":\"today\",\"part\":\"evening\"}"));
    assert_false(fits(BUILTIN_BOOK_SLOT, "{\"time\":\"9:30\"}"));
    assert_false(fits(BUILTIN_BOOK_SLOT, "{\"day\":\"tuesday\",\"time\":\"24:00\"}"));
    assert_false(fits(BUILTIN_BOOK_SLOT, "{\"day\":\"tuesday\",\"part\":\"night\"}"));
    assert_false(fits(BUILTIN_BOOK_SLOT, "{\"day\":\"tuesday\",\"user\":\"anna\"}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(parameters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
