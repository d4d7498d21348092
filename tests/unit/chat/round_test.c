/* What a model said comes back in its order, with what it signed. */
#include "base/arena.h"
#include "chat/round.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct spoken {
    struct round round;
    struct arena *arena;
};

static void say(struct spoken *spoken, enum model_event_kind kind, const char *text) {
    const struct model_event event = {.kind = kind, .text = slice_of(text)};
    round_event(&spoken->round, &event);
}

static void call(struct spoken *spoken, size_t index, const char *id, const char *arguments) {
    const struct model_event begin = {.kind = MODEL_EVENT_TOOL_CALL,
                                      .index = index,
                                      .tool_id = slice_of(id),
                                      .tool_name = SLICE("look")};
    round_event(&spoken->round, &begin);
    for (const char *c = arguments; *c; c++) {
        const struct model_event piece = {
            .kind = MODEL_EVENT_TOOL_ARGUMENTS, .index = index, .text = {c, 1}};
        round_event(&spoken->round, &piece);
    }
}

static struct spoken begin(void) {
    struct spoken spoken = {.arena = arena_create(1024)};
    round_begin(&spoken.round, spoken.arena);
    return spoken;
}

static void end(struct spoken *spoken) {
    round_finish(&spoken->round);
    arena_destroy(spoken->arena);
}

#define expect(slice_, text_) assert_true(slice_is((slice_), (text_)))

static void keeps_order_and_signatures(void **state) {
    (void)state;
    struct spoken spoken = begin();
    say(&spoken, MODEL_EVENT_REASONING, "I think ");
    say(&spoken, MODEL_EVENT_REASONING, "so.");
    say(&spoken, MODEL_EVENT_SIGNATURE, "s1");
    say(&spoken, MODEL_EVENT_TEXT, "One moment.");
    say(&spoken, MODEL_EVENT_SIGNATURE, "s2");
    call(&spoken, 0, "a", "{\"q\":1}");
    say(&spoken, MODEL_EVENT_SIGNATURE, "s3");
    call(&spoken, 1, "b", "{}");
    struct model_message message = round_message(&spoken.round, SLICE("One moment."), spoken.arena);
    assert_int_equal(message.role, MODEL_ASSISTANT);
    assert_int_equal(message.part_count, 4);
    assert_int_equal(message.parts[0].kind, MODEL_PART_REASONING);
    expect(message.parts[0].text, "I think so.");
    expect(message.parts[0].signature, "s1");
    assert_int_equal(message.parts[1].kind, MODEL_PART_TEXT);
    expect(message.parts[1].signature, "s2");
    expect(message.parts[2].tool_id, "a");
    expect(message.parts[2].arguments, "{\"q\":1}");
    expect(message.parts[2].signature, "s3");
    expect(message.parts[3].tool_id, "b");
    expect(message.parts[3].signature, "");
    assert_int_equal(spoken.round.calls, 2);
    assert_null(round_call(&spoken.round, 2));
    /* Another vendor gets what all can read. */
    struct model_message foreign = round_foreign(&message, spoken.arena);
    assert_int_equal(foreign.part_count, 3);
    for (size_t i = 0; i < foreign.part_count; i++)
        assert_int_equal(foreign.parts[i].signature.size, 0);
    end(&spoken);
}

static void keeps_pieces_of_several_calls_apart(void **state) {
    (void)state;
    struct spoken spoken = begin();
    call(&spoken, 0, "a", "{\"x\":");
    call(&spoken, 1, "b", "{\"y\":2}");
    const struct model_event rest = {
        .kind = MODEL_EVENT_TOOL_ARGUMENTS, .index = 0, .text = SLICE("1}")};
    round_event(&spoken.round, &rest);
    struct model_message message = round_message(&spoken.round, SLICE(""), spoken.arena);
    assert_int_equal(message.part_count, 2);
    expect(message.parts[0].arguments, "{\"x\":1}");
    expect(message.parts[1].arguments, "{\"y\":2}");
    end(&spoken);
}

static void gives_back_no_broken_arguments(void **state) {
    (void)state;
    struct spoken spoken = begin();
    call(&spoken, 0, "a", "{\"x\":");
    call(&spoken, 1, "b", "[1]");
    call(&spoken, 2, "c", "");
    static char big[ROUND_ARGUMENTS_MAX + 10];
    memset(big, ' ', sizeof big - 1);
    call(&spoken, 3, "d", big);
    struct model_message message = round_message(&spoken.round, SLICE(""), spoken.arena);
    for (size_t i = 0; i < 4; i++)
        expect(message.parts[i].arguments, "{}");
    assert_true(round_call(&spoken.round, 3)->too_long);
    assert_int_equal(round_call(&spoken.round, 3)->text.size, ROUND_ARGUMENTS_MAX);
    end(&spoken);
}

static void keeps_what_is_encrypted(void **state) {
    (void)state;
    struct spoken spoken = begin();
    const struct model_event hidden = {
        .kind = MODEL_EVENT_SIGNATURE, .text = SLICE("cipher"), .redacted = true};
    say(&spoken, MODEL_EVENT_REASONING, "open");
    round_event(&spoken.round, &hidden);
    round_event(&spoken.round, &hidden);
    call(&spoken, 0, "a", "{}");
    struct model_message message = round_message(&spoken.round, SLICE(""), spoken.arena);
    assert_int_equal(message.part_count, 4);
    assert_false(message.parts[0].redacted);
    assert_true(message.parts[1].redacted && message.parts[2].redacted);
    expect(message.parts[1].signature, "cipher");
    end(&spoken);
}

static void begins_anew(void **state) {
    (void)state;
    struct spoken spoken = begin();
    call(&spoken, 0, "a", "{}");
    round_begin(&spoken.round, spoken.arena); /* the call failed and is made again */
    assert_int_equal(spoken.round.calls, 0);
    call(&spoken, 0, "b", "{}");
    expect(round_call(&spoken.round, 0)->id, "b");
    struct model_message message = round_message(&spoken.round, SLICE("text"), spoken.arena);
    assert_int_equal(message.part_count, 2);
    end(&spoken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_signatures),
        cmocka_unit_test(keeps_pieces_of_several_calls_apart),
        cmocka_unit_test(gives_back_no_broken_arguments),
        cmocka_unit_test(keeps_what_is_encrypted),
        cmocka_unit_test(begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
