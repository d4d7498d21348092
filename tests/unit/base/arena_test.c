#include "base/arena.h"
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

static void aligns_and_zeroes(void **state) {
    (void)state;
    struct arena *arena = arena_create(100);
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = arena_allocate(arena, size);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
            memory[i] = 0xAA; /* an overlap would show up in what comes next */
        }
    }
    arena_destroy(arena);
}

static void keeps_what_it_gave(void **state) {
    (void)state;
    enum { COUNT = 500 };
    struct arena *arena = arena_create(0);
    char *texts[COUNT];
    for (int i = 0; i < COUNT; i++)
        texts[i] = arena_printf(arena, "%0*d", i + 1, i);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(strlen(texts[i]), i + 1);
        assert_int_equal(atoi(texts[i]), i);
    }
    arena_destroy(arena);
}

static void takes_large_pieces(void **state) {
    (void)state;
    struct arena *arena = arena_create(64);
    size_t before = arena_used(arena);
    char *large = arena_allocate(arena, 1000000);
    large[999999] = 'x';
    char *small = arena_allocate(arena, 10);
    memset(small, 1, 10);
    assert_int_equal(large[999999], 'x');
    assert_true(arena_used(arena) >= before + 1000000);
    /* Blocks stay moderate after a large one. */
    assert_true(arena_used(arena) < before + 1000000 + 2 * 65536);
    arena_destroy(arena);
}

static void copies(void **state) {
    (void)state;
    struct arena *arena = arena_create(1);
    struct slice copy = arena_copy(arena, SLICE("a\0b"));
    assert_int_equal(copy.size, 3);
    assert_memory_equal(copy.data, "a\0b\0", 4);
    assert_string_equal(arena_string(arena, (struct slice){NULL, 0}), "");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    int64_t *numbers = arena_array(arena, 1000, sizeof *numbers);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], 0);
    arena_destroy(arena);
    arena_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_and_zeroes),
        cmocka_unit_test(keeps_what_it_gave),
        cmocka_unit_test(takes_large_pieces),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
