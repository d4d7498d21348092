#include "encoding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct model_request encode(const struct model_call *call) {
    return encoding_of(&openai_provider, call);
}

/* The member of the body as it is written, "" where there is none. */
static void assert_member(const struct model_call *call, const char *key, const char *json) {
    encoding_expect(&openai_provider, call, key, json);
}

static const struct slice stop[] = {LITERAL("END"), LITERAL("\n")};
static const struct model_part hello[] = {TEXT_PART("Hello \"you\"")};
static const struct model_message greeting[] = {{MODEL_USER, hello, 1}};

static struct model_call simple_call(void) {
    struct model_call call = model_call_default();
    call.key = SLICE("sk-1");
    call.model = SLICE("gpt-x");
    call.messages = greeting;
    call.message_count = 1;
    return call;
}

static void test_the_whole_request(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.system = SLICE("Be brief.");
    call.max_tokens = 100;
    call.temperature = 0.5;
    call.top_p = 1;
    call.cache_key = SLICE("k");
    call.stop = stop;
    call.stop_count = 2;
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "https://api.openai.com/v1/chat/completions");
    assert_true(slice_is(encoding_header(&request, "authorization"), "Bearer sk-1"));
    assert_true(slice_is(encoding_header(&request, "content-type"), "application/json"));
    assert_true(slice_is(encoding_header(&request, "accept"), "text/event-stream"));
    assert_string_equal(
        arena_string(encoding_arena, request.body),
        "{\"model\":\"gpt-x\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
        "{\"role\":\"user\",\"content\":\"Hello \\\"you\\\"\"}],\"max_completion_tokens\":100,"
        "\"temperature\":0.5,\"top_p\":1,\"stop\":[\"END\",\"\\n\"],\"stream\":true,"
        "\"stream_options\":{\"include_usage\":true},\"prompt_cache_key\":\"k\"}");
}

/* A server of one's own knows only the older names, and may want no key. */
static void test_another_host(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.base_url = SLICE("http://127.0.0.1:11434/v1");
    call.key = SLICE("");
    call.max_tokens = 100;
    call.cache_key = SLICE("k");
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "http://127.0.0.1:11434/v1/chat/completions");
    assert_int_equal(encoding_header(&request, "authorization").size, 0);
    assert_member(&call, "max_tokens", "100");
    assert_member(&call, "max_completion_tokens", "");
    assert_member(&call, "prompt_cache_key", "");
    /* Azure has OpenAI's models, with their rules. */
    struct model_info info = model_info_unknown("openai", "gpt-5");
    info.max_completion_tokens = info.developer_role = true;
    call.info = &info;
    call.system = SLICE("S");
    assert_member(&call, "max_completion_tokens", "100");
    assert_member(&call, "messages",
                  "[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":"
                  "\"Hello \\\"you\\\"\"}]");
}

static void test_images(void **state) {
    (void)state;
    static const struct model_part parts[] = {
        TEXT_PART("What?"),
        {.kind = MODEL_PART_IMAGE, .url = LITERAL("https://x.example/a.png")},
        {.kind = MODEL_PART_IMAGE, .media_type = LITERAL("image/png"), .data = LITERAL("QUJD")},
    };
    const struct model_message message = {MODEL_USER, parts, COUNT(parts)};
    struct model_call call = simple_call();
    call.messages = &message;
    assert_member(
        &call, "messages",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What?\"},{\"type\":"
        "\"image_url\",\"image_url\":{\"url\":\"https://x.example/a.png\"}},{\"type\":"
        "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\"}}]}]");
    struct model_info blind = model_info_unknown("x", "y");
    blind.no_images = true;
    call.info = &blind;
    struct slice messages = json_get(encode(&call).body, "messages");
    assert_int_equal(slice_find(messages, SLICE("image_url")), SIZE_MAX);
    assert_true(slice_find(messages, SLICE("What?")) != SIZE_MAX);
}

static void test_calls_and_results(void **state) {
    (void)state;
    static const struct model_part calls[] = {
        {.kind = MODEL_PART_REASONING, .text = LITERAL("Hm"), .signature = LITERAL("s")},
        {.kind = MODEL_PART_TOOL_CALL,
         .tool_id = LITERAL("a"),
         .tool_name = LITERAL("f"),
         .arguments = LITERAL(" {\"x\":1} ")},
        {.kind = MODEL_PART_TOOL_CALL,
         .tool_id = LITERAL("b"),
         .tool_name = LITERAL("g"),
         .arguments = LITERAL("{\"x\":")},
    };
    static const struct model_part results[] = {
        {.kind = MODEL_PART_TOOL_RESULT, .tool_id = LITERAL("a"), .text = LITERAL("1")},
        {.kind = MODEL_PART_TOOL_RESULT, .tool_id = LITERAL("b"), .text = LITERAL("2")},
    };
    static const struct model_part answer[] = {TEXT_PART("Do"), TEXT_PART("ne")};
    const struct model_message messages[] = {{MODEL_ASSISTANT, calls, COUNT(calls)},
                                             {MODEL_TOOL, results, COUNT(results)},
                                             {MODEL_ASSISTANT, answer, COUNT(answer)}};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_member(
        &call, "messages",
        "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"id\":\"b\","
        "\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"1\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"2\"},"
        "{\"role\":\"assistant\",\"content\":\"Done\"}]");
}

static const struct model_tool tools[] = {
    {LITERAL("f"), LITERAL("Does f."), LITERAL("{\"type\":\"object\"}")},
    {LITERAL("g"), LITERAL(""), LITERAL("oops")},
};

static void test_tools(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.tools = tools;
    call.tool_count = COUNT(tools);
    assert_member(&call, "tools",
                  "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"Does "
                  "f.\",\"parameters\":{\"type\":\"object\"}}},{\"type\":\"function\",\"function\":"
                  "{\"name\":\"g\",\"parameters\":{}}}]");
    assert_member(&call, "tool_choice", "");
    assert_member(&call, "parallel_tool_calls", "");
    call.no_parallel_tools = true;
    assert_member(&call, "parallel_tool_calls", "false");
    call.tool_choice = MODEL_TOOL_NONE;
    assert_member(&call, "tool_choice", "\"none\"");
    call.tool_choice = MODEL_TOOL_REQUIRED;
    assert_member(&call, "tool_choice", "\"required\"");
    call.tool_choice = MODEL_TOOL_NAMED;
    call.tool_choice_name = SLICE("f");
    assert_member(&call, "tool_choice", "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}");
    struct model_info info = model_info_unknown("x", "y");
    info.no_forced_tool_choice = true;
    call.info = &info;
    assert_member(&call, "tool_choice", "");
    info.no_tools = true;
    assert_member(&call, "tools", "");
    assert_member(&call, "parallel_tool_calls", "");
}

/* Without tools, what speaks of them is refused. */
static void test_choices_without_tools(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.tool_choice = MODEL_TOOL_NONE;
    call.no_parallel_tools = true;
    assert_member(&call, "tools", "");
    assert_member(&call, "tool_choice", "");
    assert_member(&call, "parallel_tool_calls", "");
}

static struct model_call call_of(const char *model) {
    struct model_call call = simple_call();
    call.model = slice_of(model);
    call.info = catalogue_find("openai", call.model);
    assert_non_null(call.info);
    call.system = SLICE("S");
    call.temperature = 0.5;
    call.stop = stop;
    call.stop_count = 1;
    call.max_tokens = 50;
    return call;
}

static void assert_role(const struct model_call *call, const char *role) {
    struct slice messages = json_get(encode(call).body, "messages");
    assert_string_equal(arena_string(encoding_arena, json_path(messages, "0", "role", NULL)), role);
}

static void test_models_that_answer_at_once(void **state) {
    (void)state;
    struct model_call call = call_of("gpt-4o-mini");
    call.reasoning_effort = SLICE("low");
    assert_role(&call, "\"system\"");
    assert_member(&call, "temperature", "0.5");
    assert_member(&call, "stop", "[\"END\"]");
    assert_member(&call, "reasoning_effort", "");
    assert_member(&call, "max_completion_tokens", "50");
}

static void test_models_that_reason(void **state) {
    (void)state;
    struct model_call call = call_of("gpt-5");
    call.reasoning_effort = SLICE("low");
    assert_role(&call, "\"developer\"");
    assert_member(&call, "temperature", "");
    assert_member(&call, "reasoning_effort", "\"low\"");
    call.reasoning_effort = SLICE("none"); /* not of this one */
    assert_member(&call, "reasoning_effort", "");
    call = call_of("o3");
    assert_member(&call, "stop", "");
}

static void test_a_temperature_without_effort(void **state) {
    (void)state;
    struct model_call call = call_of("gpt-5.1");
    assert_member(&call, "temperature", "");
    call.reasoning_effort = SLICE("none");
    assert_member(&call, "temperature", "0.5");
    assert_member(&call, "reasoning_effort", "\"none\"");
}

static void test_tools_only_without_effort(void **state) {
    (void)state;
    struct model_call call = call_of("gpt-5.6");
    call.reasoning_effort = SLICE("high");
    assert_member(&call, "reasoning_effort", "\"high\"");
    call.tools = tools;
    call.tool_count = 1;
    assert_member(&call, "reasoning_effort", "\"none\"");
}

/* Of a model that is not in the catalogue nothing is known: all is sent as it is. */
static void test_models_that_nobody_knows(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.temperature = 0;
    call.reasoning_effort = SLICE("ultra");
    assert_member(&call, "temperature", "0");
    assert_member(&call, "reasoning_effort", "\"ultra\"");
}

static void test_not_more_tokens_than_the_model_has(void **state) {
    (void)state;
    struct model_info info = model_info_unknown("x", "y");
    info.output_max = 30;
    struct model_call call = simple_call();
    call.info = &info;
    call.base_url = SLICE("http://127.0.0.1:1");
    call.max_tokens = 50;
    assert_member(&call, "max_tokens", "30");
    call.max_tokens = -1;
    assert_member(&call, "max_tokens", "");
}

static void test_a_key_cannot_add_headers(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_request request = {.url = "untouched"};
    struct fault fault = {0};
    call.key = SLICE("sk\r\nx-evil: 1");
    assert_false(openai_provider.encode(&call, encoding_arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
    assert_string_equal(request.url, "untouched");
    assert_null(strstr(fault.message, "evil"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, encoding_begin, encoding_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_whole_request),
        TEST(test_another_host),
        TEST(test_images),
        TEST(test_calls_and_results),
        TEST(test_tools),
        TEST(test_choices_without_tools),
        TEST(test_models_that_answer_at_once),
        TEST(test_models_that_reason),
        TEST(test_a_temperature_without_effort),
        TEST(test_tools_only_without_effort),
        TEST(test_models_that_nobody_knows),
        cmocka_unit_test_setup_teardown(test_not_more_tokens_than_the_model_has, encoding_begin,
                                        encoding_end),
        TEST(test_a_key_cannot_add_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
