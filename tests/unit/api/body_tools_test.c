#include "api/body.h"
#include "api/body_tools.h"
#include "base/arena.h"
#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

static int make_arena(void **state) {
    (void)state;
    arena = arena_create(1024);
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct body read_good(const char *text) {
    struct body body;
    struct fault fault = {0};
    if (!body_read(slice_of(text), false, true, arena, &body, &fault))
        fail_msg("%s: %s", text, fault.message);
    return body;
}

static void assert_slice(struct slice got, const char *text) {
    if (!slice_is(got, text))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(got), text);
}

#define ASK         "{\"role\":\"user\",\"content\":\"Rain?\"}"
#define CALL(id)    "{\"id\":\"" id "\",\"type\":\"function\",\"function\":" FUNCTION "}"
#define FUNCTION    "{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Kyiv\\\"}\"}"
#define CALLS(list) "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" list "]}"
#define RESULT(id)  "{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"It rains.\"}"
#define USE(id)                                                                                    \
    "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"weather\",\"input\":{\"city\":\"Kyiv\"}}"
#define USES(list)     "{\"role\":\"assistant\",\"content\":[" list "]}"
#define BLOCK(id)      "{\"type\":\"tool_result\",\"tool_use_id\":\"" id "\",\"content\":\"It rains.\"}"
#define SAYS(list)     "{\"role\":\"user\",\"content\":[" list "]}"
#define TEXT(text)     "{\"type\":\"text\",\"text\":\"" text "\"}"
#define MESSAGES(list) "{\"messages\":[" list "]}"
#define TOOLS(list)    "{\"messages\":[" ASK "],\"tools\":[" list "]}"

static void test_definitions_of_both_vendors(void **state) {
    (void)state;
    struct body body = read_good(TOOLS(
        "{\"type\":\"function\",\"function\":{\"name\":\"a\",\"description\":\"Does \\u00e4\","
        "\"strict\":true,\"parameters\":{\"type\":\"object\"}}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"b\"}},"
        "{\"name\":\"c\",\"input_schema\":{\"type\":\"object\",\"x\":1}},"
        "{\"type\":\"custom\",\"name\":\"_d-1\",\"description\":null,\"input_schema\":{}}"));
    assert_int_equal(body.tool_count, 4);
    assert_slice(body.tools[0].name, "a");
    assert_slice(body.tools[0].description, "Does \xc3\xa4");
    assert_slice(body.tools[0].schema, "{\"type\":\"object\"}");
    assert_slice(body.tools[1].schema, "{\"type\":\"object\",\"properties\":{}}");
    assert_slice(body.tools[2].name, "c");
    assert_slice(body.tools[2].schema, "{\"type\":\"object\",\"x\":1}");
    assert_slice(body.tools[3].name, "_d-1");
    assert_int_equal(body.tools[3].description.size, 0);
    assert_slice(body.ignored, "");
}

static void test_calls_and_results_of_openai(void **state) {
    (void)state;
    struct body body =
        read_good(MESSAGES(ASK "," CALLS(CALL("a") "," CALL("b")) "," RESULT("b") "," RESULT("a")));
    assert_int_equal(body.message_count, 4);
    assert_int_equal(body.messages[1].role, MODEL_ASSISTANT);
    assert_int_equal(body.messages[1].part_count, 2);
    const struct model_part *call = &body.messages[1].parts[1];
    assert_int_equal(call->kind, MODEL_PART_TOOL_CALL);
    assert_slice(call->tool_id, "b");
    assert_slice(call->tool_name, "weather");
    assert_slice(call->arguments, "{\"city\":\"Kyiv\"}");
    for (size_t i = 2; i < 4; i++) {
        const struct model_part *result = body.messages[i].parts;
        assert_int_equal(body.messages[i].role, MODEL_TOOL);
        assert_int_equal(result->kind, MODEL_PART_TOOL_RESULT);
        assert_slice(result->tool_id, i == 2 ? "b" : "a");
        assert_slice(result->tool_name, "weather");
        assert_slice(result->text, "It rains.");
    }
}

/* What stands between the results of one message and the visitor's words is told apart. */
static void test_calls_and_results_of_anthropic(void **state) {
    (void)state;
    struct body body = read_good(MESSAGES(ASK "," USES(
        "{\"type\":\"thinking\",\"thinking\":\"Hm\"}," TEXT("Wait.") "," USE("a") "," USE(
            "b")) "," SAYS(TEXT("And now?") "," BLOCK("a") ","
                                                           "{\"type\":\"tool_result\",\"tool_use_"
                                                           "id\":\"b\",\"is_error\":true}")));
    assert_int_equal(body.message_count, 4);
    assert_int_equal(body.messages[1].part_count, 3);
    assert_slice(body.messages[1].parts[0].text, "Wait.");
    assert_slice(body.messages[1].parts[1].arguments, "{\"city\":\"Kyiv\"}");
    assert_int_equal(body.messages[2].role, MODEL_TOOL);
    assert_int_equal(body.messages[2].part_count, 2);
    const struct model_part *results = body.messages[2].parts;
    assert_slice(results[0].text, "It rains.");
    assert_false(results[0].is_error);
    assert_slice(results[1].tool_id, "b");
    assert_slice(results[1].tool_name, "weather");
    assert_int_equal(results[1].text.size, 0);
    assert_true(results[1].is_error);
    assert_int_equal(body.messages[3].role, MODEL_USER);
    assert_int_equal(body.messages[3].part_count, 1);
    assert_slice(body.messages[3].parts[0].text, "And now?");
    assert_slice(body.ignored, "thinking");
}

/* Ids are of one round: some clients count anew in each. */
static void test_an_id_may_come_again_in_a_later_round(void **state) {
    (void)state;
    const char *round = MESSAGES(ASK "," CALLS(CALL("a")) "," RESULT("a") "," CALLS(
        CALL("a")) "," RESULT("a") "," ASK "," USES(USE("a")) "," SAYS(BLOCK("a")));
    assert_int_equal(read_good(round).message_count, 8);
}

static void test_arguments_that_broke_off_are_mended(void **state) {
    (void)state;
    struct body body = read_good(
        MESSAGES(ASK ",{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"a\","
                     "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"ci\"}}]}," RESULT("a")));
    assert_int_equal(body.messages[1].part_count, 1);
    assert_slice(body.messages[1].parts[0].arguments, "{}");
}

/* Who may bring none gets none, and is told. */
static void test_others_bring_none(void **state) {
    (void)state;
    struct body body;
    struct fault fault = {0};
    const char *text = "{\"messages\":[" CALLS(CALL("x")) "," RESULT("y") "," ASK "],\"tools\":7}";
    assert_true(body_read(slice_of(text), false, false, arena, &body, &fault));
    assert_int_equal(body.message_count, 1);
    assert_int_equal(body.tool_count, 0);
    assert_slice(body.ignored, "tool messages, tools");
}

static const struct {
    const char *body, *param, *message; /* `message` is a part of it */
} mistakes[] = {
    {TOOLS("7"), "tools[0]", "a function that the client runs"},
    {TOOLS("{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}"), "tools[0]",
     "client runs"},
    {TOOLS("{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}"), "tools[0]", "function.name"},
    {TOOLS("{\"type\":\"function\",\"function\":{\"name\":\"1a\"}}"), "tools[0]", "function.name"},
    {TOOLS("{\"type\":\"function\"}"), "tools[0]", "function.name"},
    {TOOLS("{\"name\":\"\",\"input_schema\":{}}"), "tools[0]", "must have name"},
    {TOOLS("{\"name\":\"f\",\"input_schema\":[]}"), "tools[0]", "has input_schema that is not"},
    {TOOLS("{\"name\":\"f\"},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"), "tools[1]",
     "the name of an earlier one"},
    {MESSAGES(ASK "," RESULT("a")), "messages[1]", "a result of no tool call"},
    {MESSAGES(ASK "," CALLS(CALL("a")) "," RESULT("b")), "messages[2]", "a result of no tool call"},
    {MESSAGES(ASK "," CALLS(CALL("a")) "," RESULT("a") "," RESULT("a")), "messages[3]",
     "a result of no tool call"},
    {MESSAGES(ASK "," CALLS(CALL("a")) "," ASK), "messages[1]", "whose results do not follow"},
    {MESSAGES(ASK "," CALLS(CALL("a") "," CALL("b")) "," RESULT("a")), "messages[1]",
     "whose results do not follow"},
    {MESSAGES(ASK "," CALLS(CALL("a") "," CALL("a"))), "messages[1]", "two tool calls of one id"},
    {MESSAGES(ASK "," USES(USE("a"))), "messages[1]", "whose results do not follow"},
    {MESSAGES(ASK "," USES(USE("a")) "," SAYS(BLOCK("b"))), "messages[2]", "of no tool call"},
    {MESSAGES(ASK "," SAYS(USE("a"))), "messages[1]", "that the other side writes"},
    {MESSAGES(ASK "," USES(USE("a")) "," USES(BLOCK("a"))), "messages[2]", "other side writes"},
    {MESSAGES(CALLS(CALL("a")) "," RESULT("a")), "messages", "at least one message of the user"},
    {MESSAGES(ASK "," CALLS("{\"id\":\"\"}")), "messages[1].tool_calls[0]", "an id"},
    {MESSAGES(ASK "," CALLS("{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{}}}")),
     "messages[1].tool_calls[0]", "function.arguments"},
    {MESSAGES(ASK "," CALLS("{\"id\":\"a\",\"function\":{\"name\":\"a b\"}}")),
     "messages[1].tool_calls[0]", "the name of a tool"},
    {MESSAGES(ASK "," USES("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":\"\"}")),
     "messages[1].content[0]", "input, an object"},
    {MESSAGES(ASK "," USES(USE("a")) "," SAYS("{\"type\":\"tool_result\"}")),
     "messages[2].content[0]", "tool_use_id"},
    {MESSAGES(ASK "," USES(USE("a")) "," SAYS("{\"type\":\"tool_result\",\"tool_use_id\":\"a\","
                                              "\"content\":[{\"type\":\"image\"}]}")),
     "messages[2].content[0]", "must have content"},
    {MESSAGES(ASK "," CALLS(CALL("a")) ",{\"role\":\"tool\",\"content\":\"x\"}"), "messages[2]",
     "tool_call_id"},
};

static void test_mistakes_are_told_with_their_path(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct body body;
        struct fault fault = {0};
        if (body_read(slice_of(mistakes[i].body), false, true, arena, &body, &fault))
            fail_msg("was taken: %s", mistakes[i].body);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        if (strcmp(fault.param, mistakes[i].param) != 0 ||
            !strstr(fault.message, mistakes[i].message))
            fail_msg("%s: %s: %s", mistakes[i].body, fault.param, fault.message);
    }
}

static void read_many(const char *before, const char *each, int count, const char *after,
                      const char *param) {
    struct buffer text = {0};
    struct body body;
    struct fault fault = {0};
    buffer_append_string(&text, before);
    for (int i = 0; i < count; i++) {
        buffer_append_string(&text, i > 0 ? "," : "");
        const char *mark = strchr(each, '#');
        buffer_append(&text, (struct slice){each, (size_t)(mark - each)});
        buffer_append_int64(&text, i);
        buffer_append_string(&text, mark + 1);
    }
    buffer_append_string(&text, after);
    bool taken = body_read(buffer_slice(&text), false, true, arena, &body, &fault);
    buffer_finish(&text);
    assert_int_equal(taken, param == NULL);
    if (param)
        assert_string_equal(fault.param, param);
}

static void test_caps(void **state) {
    (void)state;
    const char *before = "{\"messages\":[" ASK "],\"tools\":[", *each = "{\"name\":\"t#\"}";
    read_many(before, each, BODY_TOOLS_MAX, "]}", NULL);
    read_many(before, each, BODY_TOOLS_MAX + 1, "]}", "tools");
    before = "{\"messages\":[" ASK ",{\"role\":\"assistant\",\"tool_calls\":[";
    each = CALL("c#");
    read_many(before, each, BODY_CALLS_MAX, "]}]}", "messages[1]");
    read_many(before, each, BODY_CALLS_MAX + 1, "]}]}", "messages[1]");
    /* a schema, by its size: spaces are part of it */
    struct buffer text = {0};
    for (int more = 0; more < 2; more++) {
        struct body body;
        struct fault fault = {0};
        buffer_clear(&text);
        buffer_append_string(&text, "{\"messages\":[" ASK "],\"tools\":[{\"name\":\"f\","
                                    "\"input_schema\":{");
        for (int i = 2; i < 64 * 1024 + more; i++)
            buffer_append_byte(&text, ' ');
        buffer_append_string(&text, "}}]}");
        assert_int_equal(body_read(buffer_slice(&text), false, true, arena, &body, &fault), !more);
    }
    buffer_finish(&text);
}

/* Cut anywhere, or with a byte gone: an answer, no crash. */
static void test_every_cut(void **state) {
    (void)state;
    const char *text =
        MESSAGES(ASK "," USES(USE("a")) "," SAYS(BLOCK("a")) "," CALLS(CALL("b")) "," RESULT("b"));
    for (size_t size = 0; size < strlen(text); size++) {
        struct body body;
        struct fault fault;
        char without[2048];
        assert_false(body_read((struct slice){text, size}, false, true, arena, &body, &fault));
        memcpy(without, text, size);
        memcpy(without + size, text + size + 1, strlen(text) - size);
        (void)!body_read(slice_of(without), false, true, arena, &body, &fault);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_definitions_of_both_vendors, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_calls_and_results_of_openai, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_calls_and_results_of_anthropic, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_an_id_may_come_again_in_a_later_round, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_arguments_that_broke_off_are_mended, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_others_bring_none, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_mistakes_are_told_with_their_path, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_caps, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_every_cut, make_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
