#include "base/clock.h"
#include "base/id.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t time_of(struct id id) {
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    int64_t ms = 0;
    for (int i = 0; i < 10; i++) {
        const char *found = strchr(alphabet, id.text[i]);
        assert_non_null(found);
        ms = ms * 32 + (found - alphabet);
    }
    return ms;
}

static void carries_the_time(void **state) {
    (void)state;
    int64_t before = clock_wall_ms();
    struct id id = id_create();
    int64_t after = clock_wall_ms();
    assert_int_equal(strlen(id.text), ID_SIZE);
    assert_true(id_valid(id_slice(&id)));
    assert_in_range(time_of(id), before, after);
    struct id first = id_first(before), later = id_first(after + 1);
    assert_int_equal(time_of(first), before);
    assert_true(strcmp(first.text, id.text) <= 0 && strcmp(id.text, later.text) < 0);
    assert_string_equal(id_first(-5).text, "00000000000000000000000000");
}

static void sorts_in_the_order_of_making(void **state) {
    (void)state;
    struct id last = id_create();
    for (int i = 0; i < 20000; i++) {
        struct id next = id_create();
        assert_true(strcmp(last.text, next.text) < 0);
        last = next;
    }
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct id *)a)->text, ((const struct id *)b)->text);
}

enum { EACH = 20000, THREADS = 4 };

static void *make_many(void *ids) {
    for (int i = 0; i < EACH; i++)
        ((struct id *)ids)[i] = id_create();
    return NULL;
}

static void never_repeats(void **state) {
    (void)state;
    struct id *ids = calloc(EACH * THREADS, sizeof *ids);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids + i * EACH), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(ids, EACH * THREADS, sizeof *ids, compare);
    for (int i = 1; i < EACH * THREADS; i++)
        assert_string_not_equal(ids[i - 1].text, ids[i].text);
    free(ids);
}

static void judges_text(void **state) {
    (void)state;
    assert_true(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FAV")));
    assert_true(id_valid(SLICE("01arz3ndektsv4rrffq69g5fav")));
    assert_false(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FA")));
    assert_false(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FAVX")));
    assert_false(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FAU"))); /* U is not in the alphabet */
    assert_false(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FA/")));
    assert_false(id_valid(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FA\0")));
    assert_false(id_valid((struct slice){NULL, 0}));
}

static void fills_with_random_bytes(void **state) {
    (void)state;
    /* Every size around that of the pool, with guards on both sides. */
    for (size_t size = 0; size < 600; size += 37) {
        unsigned char bytes[602] = {0};
        bytes[size + 1] = 0x5A;
        id_random(bytes + 1, size);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[size + 1], 0x5A);
    }
    /* All 256 values turn up in 64 KiB: missing one has a chance below 1e-100. */
    static unsigned char many[65536];
    bool seen[256] = {false};
    id_random(many, sizeof many);
    for (size_t i = 0; i < sizeof many; i++)
        seen[many[i]] = true;
    for (int i = 0; i < 256; i++)
        assert_true(seen[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_the_time),        cmocka_unit_test(sorts_in_the_order_of_making),
        cmocka_unit_test(never_repeats),           cmocka_unit_test(judges_text),
        cmocka_unit_test(fills_with_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
