#include "base/arena.h"
#include "chat/context.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST = 64 };

/* "uauTTau": u visitor, a assistant, T tool. */
static size_t dialogue(const char *roles, struct model_message messages[MOST]) {
    size_t count = strlen(roles);
    for (size_t i = 0; i < count; i++)
        messages[i] = (struct model_message){.role = roles[i] == 'u'   ? MODEL_USER
                                                     : roles[i] == 'a' ? MODEL_ASSISTANT
                                                                       : MODEL_TOOL};
    return count;
}

static void test_window(void **state) {
    (void)state;
    static const struct {
        const char *roles;
        size_t most, first;
    } cases[] = {
        {"u", 20, 0},      {"u", 0, 0},       {"uauau", 20, 0},  {"uauau", 4, 0},
        {"uauau", 2, 2},   {"uauau", 3, 2},   {"uauau", 1, 4},   {"uauau", 0, 4},
        {"uaTau", 3, 4},   {"uuaTTau", 6, 0}, {"uuaTTau", 5, 1}, {"uuaTTau", 4, 6},
        {"uuaTTau", 2, 6}, {"aau", 2, 2},     {"auau", 3, 1},    {"", 5, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct model_message messages[MOST];
        size_t count = dialogue(cases[i].roles, messages);
        size_t first = context_window(messages, count, cases[i].most);
        if (first != cases[i].first) {
            print_error("%s, %zu: %zu\n", cases[i].roles, cases[i].most, first);
            fail();
        }
    }
}

static void test_fit(void **state) {
    (void)state;
    struct model_message messages[MOST];
    size_t count = dialogue("uauauaTau", messages);
    const int64_t tokens[] = {10, 20, 10, 20, 10, 5, 50, 20, 10};
    assert_int_equal(context_fit(messages, count, tokens, 1000), 0);
    assert_int_equal(context_fit(messages, count, tokens, 155), 0);
    assert_int_equal(context_fit(messages, count, tokens, 154), 2);
    assert_int_equal(context_fit(messages, count, tokens, 125), 2);
    assert_int_equal(context_fit(messages, count, tokens, 124), 4);
    assert_int_equal(context_fit(messages, count, tokens, 95), 4);
    /* the call and its result go together */
    assert_int_equal(context_fit(messages, count, tokens, 94), 8);
    assert_int_equal(context_fit(messages, count, tokens, 30), 8);
    assert_int_equal(context_fit(messages, count, tokens, 0), 8);
    assert_int_equal(context_fit(messages, 0, tokens, 0), 0);
}

/* Whatever the dialogue: what is kept begins with a visitor or is the last message alone, fits, and
 * could not be longer. */
static void test_any_dialogue(void **state) {
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        struct model_message messages[MOST];
        int64_t tokens[MOST];
        char roles[MOST] = "";
        size_t count = 1 + (size_t)rand_r(&seed) % 20;
        for (size_t i = 0; i < count; i++) {
            roles[i] = "uaT"[rand_r(&seed) % 3];
            tokens[i] = rand_r(&seed) % 50;
        }
        dialogue(roles, messages);
        int64_t room = rand_r(&seed) % 400, sum = 0;
        size_t first = context_fit(messages, count, tokens, room);
        assert_true(first < count);
        assert_true(first == count - 1 || messages[first].role == MODEL_USER);
        for (size_t i = first; i < count; i++)
            sum += tokens[i];
        assert_true(first == count - 1 || sum <= room);
        for (size_t i = first; i-- > 0;) {
            sum += tokens[i];
            assert_true(sum > room || messages[i].role != MODEL_USER);
        }
    }
}

static void test_images_and_long_results_are_the_first_to_go(void **state) {
    (void)state;
    struct arena *arena = arena_create(1024);
    char result[3000];
    memset(result, 'x', sizeof result);
    struct model_part image[] = {{.kind = MODEL_PART_TEXT, .text = SLICE("look")},
                                 {.kind = MODEL_PART_IMAGE, .url = SLICE("https://a/b.png")}};
    struct model_part tool = {
        .kind = MODEL_PART_TOOL_RESULT, .tool_id = SLICE("c1"), .text = {result, sizeof result}};
    struct model_message messages[] = {
        {MODEL_USER, image, 2}, {MODEL_TOOL, &tool, 1}, {MODEL_USER, image, 2}};
    struct model_message lighter[3];
    assert_true(context_lighten(messages, 3, arena, lighter));
    assert_int_equal(lighter[0].parts[1].kind, MODEL_PART_TEXT);
    assert_int_equal(lighter[1].parts[0].kind, MODEL_PART_TOOL_RESULT);
    assert_true(slice_is(lighter[1].parts[0].tool_id, "c1"));
    assert_true(lighter[1].parts[0].text.size < 600);
    assert_int_equal(lighter[2].parts[1].kind, MODEL_PART_IMAGE); /* it is what is asked about */
    assert_int_equal(image[1].kind, MODEL_PART_IMAGE);
    struct model_message again[3];
    assert_false(context_lighten(lighter, 3, arena, again));
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_any_dialogue),
        cmocka_unit_test(test_images_and_long_results_are_the_first_to_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
