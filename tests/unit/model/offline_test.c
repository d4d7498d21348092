#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "model/offline_texts.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct reading {
    struct buffer text;
    size_t deltas, starts, finishes;
};

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    assert_int_equal(reading->finishes, 0);
    assert_true(utf8_valid(event->text));
    buffer_append(&reading->text, event->text);
    reading->deltas += event->kind == MODEL_EVENT_TEXT;
    reading->starts += event->kind == MODEL_EVENT_START;
    if (event->kind == MODEL_EVENT_USAGE) {
        assert_int_equal(event->usage.input, 0);
        assert_int_equal(event->usage.output, 0);
    }
    if (event->kind == MODEL_EVENT_FINISH) {
        assert_int_equal(event->finish, MODEL_FINISH_STOP);
        reading->finishes++;
    }
}

/* What the call is answered, read back in pieces of that size. */
static size_t answer_in(const struct model_call *call, size_t piece, struct buffer *out) {
    struct arena *arena = arena_create(1024);
    struct model_request request;
    struct reading reading = {0};
    struct fault fault = {0};
    assert_true(offline_provider.encode(call, arena, &request, &fault));
    assert_string_equal(request.url, "");
    struct model_stream *stream = offline_provider.open(arena, on_event, &reading);
    for (struct slice rest = request.body; rest.size > 0; rest = slice_from(rest, piece))
        assert_true(offline_provider.feed(stream, slice_first(rest, piece), &fault));
    assert_true(offline_provider.end(stream, &fault));
    assert_int_equal(reading.starts, 1);
    assert_int_equal(reading.finishes, 1);
    buffer_append(out, buffer_slice(&reading.text));
    buffer_finish(&reading.text);
    arena_destroy(arena);
    return reading.deltas;
}

static void expect(const struct model_call *call, const char *text) {
    for (size_t piece = 1; piece < 40; piece++) {
        struct buffer answer = {0};
        answer_in(call, piece, &answer);
        assert_string_equal(buffer_string(&answer), text);
        buffer_finish(&answer);
    }
}

static struct model_part question[1];
static const struct model_message asked[] = {{MODEL_USER, question, 1}};

static struct model_call ask(const char *text) {
    struct model_call call = model_call_default();
    question[0] = (struct model_part){.kind = MODEL_PART_TEXT, .text = slice_of(text)};
    call.messages = asked;
    call.message_count = 1;
    return call;
}

#define PASSAGE(words, points)                                                                     \
    { .text = {words, sizeof(words) - 1}, .score = points }

static void test_the_best_passage(void **state) {
    (void)state;
    static const struct model_passage passages[] = {
        PASSAGE("Open on \"Mondays\" \xE2\x80\x94 9 to 5.\nAnd later.", 0.7),
        PASSAGE("Another.", 0.5),
    };
    struct model_call call = ask("When are you open?");
    call.passages = passages;
    call.passage_count = 2;
    expect(&call, "Open on \"Mondays\" \xE2\x80\x94 9 to 5.\nAnd later.");
    struct buffer answer = {0};
    assert_true(answer_in(&call, 1000, &answer) > 3); /* it comes in pieces */
    buffer_finish(&answer);
}

static void test_a_second_passage_that_is_as_good(void **state) {
    (void)state;
    static const struct model_passage passages[] = {PASSAGE("Two.", 0.88), PASSAGE("No.", 0.1),
                                                    PASSAGE("One.", 0.9)};
    struct model_call call = ask("What?");
    call.passages = passages;
    call.passage_count = 3;
    expect(&call, "One.\n\nTwo.");
}

/* It never guesses. */
static void test_nothing_that_fits(void **state) {
    (void)state;
    static const struct model_passage passages[] = {PASSAGE("Unrelated.", 0.3)};
    struct model_call call = ask("What is love?");
    expect(&call, offline_texts_for(SLICE("en"))->no_answer);
    call.passages = passages;
    call.passage_count = 1;
    expect(&call, offline_texts_for(SLICE("en"))->no_answer);
    call.language = SLICE("de-AT");
    expect(&call, offline_texts_for(SLICE("de"))->no_answer);
    call.language = SLICE("tlh");
    expect(&call, offline_texts_for(SLICE("en"))->no_answer);
    assert_string_not_equal(offline_texts_for(SLICE("de"))->no_answer,
                            offline_texts_for(SLICE("en"))->no_answer);
}

static void test_small_talk(void **state) {
    (void)state;
    struct model_call call = ask("Hello!");
    expect(&call, offline_texts_for(SLICE("en"))->greeting);
    call = ask(" Vielen Dank. ");
    expect(&call, offline_texts_for(SLICE("de"))->thanks);
    call = ask("hello, what does it cost?");
    expect(&call, offline_texts_for(SLICE("en"))->no_answer);
}

static void test_without_a_question(void **state) {
    (void)state;
    struct model_call call = model_call_default();
    expect(&call, offline_texts_for(SLICE("en"))->no_answer);
}

static void test_long_passages_end_with_a_word(void **state) {
    (void)state;
    struct buffer text = {0}, answer = {0};
    for (int i = 0; i < 500; i++)
        buffer_append_string(&text, "caf\xC3\xA9 ");
    struct model_passage passage = {.text = buffer_slice(&text), .score = 1};
    struct model_call call = ask("What?");
    call.passages = &passage;
    call.passage_count = 1;
    answer_in(&call, 7, &answer);
    assert_in_range(answer.size, 1500, 1600);
    assert_true(slice_ends_with(buffer_slice(&answer), SLICE("caf\xC3\xA9")));
    buffer_finish(&text);
    buffer_finish(&answer);
}

static void test_a_damaged_answer(void **state) {
    (void)state;
    struct arena *arena = arena_create(1024);
    struct reading reading = {0};
    struct fault fault = {0};
    struct model_stream *stream = offline_provider.open(arena, on_event, &reading);
    assert_false(offline_provider.feed(stream, SLICE("\"a\"\nb\n"), &fault));
    assert_int_equal(fault.kind, FAULT_PROVIDER_MALFORMED);
    offline_provider.close(stream);
    buffer_finish(&reading.text);
    arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_passage),
        cmocka_unit_test(test_a_second_passage_that_is_as_good),
        cmocka_unit_test(test_nothing_that_fits),
        cmocka_unit_test(test_small_talk),
        cmocka_unit_test(test_without_a_question),
        cmocka_unit_test(test_long_passages_end_with_a_word),
        cmocka_unit_test(test_a_damaged_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
