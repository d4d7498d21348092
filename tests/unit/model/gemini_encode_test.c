#include "encoding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct model_request encode(const struct model_call *call) {
    return encoding_of(&gemini_provider, call);
}

/* The value at that place of the body, as it is written. */
static void assert_value(const struct model_call *call, const char *place, const char *json) {
    encoding_expect(&gemini_provider, call, place, json);
}

static const struct model_part hello[] = {TEXT_PART("Hello")};
static const struct model_message greeting[] = {{MODEL_USER, hello, 1}};

static struct model_call simple_call(void) {
    struct model_call call = model_call_default();
    call.key = SLICE("AIza1");
    call.model = SLICE("gemini-x");
    call.messages = greeting;
    call.message_count = 1;
    return call;
}

static void test_the_whole_request(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.system = SLICE("Be brief.");
    call.max_tokens = 300;
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "https://generativelanguage.googleapis.com/v1beta/models/"
                                     "gemini-x:streamGenerateContent?alt=sse");
    assert_true(slice_is(encoding_header(&request, "x-goog-api-key"), "AIza1"));
    assert_true(slice_is(encoding_header(&request, "content-type"), "application/json"));
    assert_string_equal(
        arena_string(encoding_arena, request.body),
        "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},\"contents\":[{\"role\":"
        "\"user\",\"parts\":[{\"text\":\"Hello\"}]}],\"generationConfig\":{\"maxOutputTokens\":300}"
        "}");
}

static void test_addresses(void **state) {
    (void)state;
    static const struct {
        const char *base, *version, *model, *url;
    } cases[] = {
        {"http://h", "v1", "models/m", "http://h/v1/models/m:streamGenerateContent?alt=sse"},
        {"http://h/v1beta", "", "m", "http://h/v1beta/models/m:streamGenerateContent?alt=sse"},
        {"http://h/vertex", "", "tunedModels/m",
         "http://h/vertex/v1beta/tunedModels/m:streamGenerateContent?alt=sse"},
        {"http://h/v1/projects/p/locations/l/publishers/google", "", "m",
         "http://h/v1/projects/p/locations/l/publishers/google/models/"
         "m:streamGenerateContent?alt=sse"},
        {"http://h", "", "a?b#c", "http://h/v1beta/models/a%3Fb%23c:streamGenerateContent?alt=sse"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct model_call call = simple_call();
        call.key = SLICE("");
        call.base_url = slice_of(cases[i].base);
        call.api_version = slice_of(cases[i].version);
        call.model = slice_of(cases[i].model);
        struct model_request request = encode(&call);
        assert_string_equal(request.url, cases[i].url);
        assert_int_equal(encoding_header(&request, "x-goog-api-key").size, 0);
    }
}

static void test_what_cannot_be_sent(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_request request;
    struct fault fault;
    call.key = SLICE("a\r\nx: y");
    assert_false(gemini_provider.encode(&call, encoding_arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
    call = simple_call();
    call.message_count = 0;
    assert_false(gemini_provider.encode(&call, encoding_arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
}

/* --- limits --- */

#define CONFIG "/generationConfig"

static void test_limits(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct slice stop[] = {SLICE("a"), SLICE(""),  SLICE("b"), SLICE("c"),
                           SLICE("d"), SLICE("e"), SLICE("f")};
    assert_value(&call, CONFIG, "{}");
    call.max_tokens = 9000;
    call.temperature = 1.5;
    call.top_p = 0.9;
    call.stop = stop;
    call.stop_count = COUNT(stop);
    assert_value(&call, CONFIG,
                 "{\"maxOutputTokens\":9000,\"temperature\":1.5,\"topP\":0.9,\"stopSequences\":["
                 "\"a\",\"b\",\"c\",\"d\",\"e\"]}");
    struct model_info info = {.output_max = 8192, .no_temperature = true, .no_stop = true};
    call.info = &info;
    assert_value(&call, CONFIG, "{\"maxOutputTokens\":8192}");
}

static void test_thinking_by_a_level(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_info info = {
        .thinking = MODEL_THINKING_LEVEL | MODEL_THINKING_ALWAYS,
        .efforts = MODEL_EFFORT_LOW | MODEL_EFFORT_MEDIUM | MODEL_EFFORT_HIGH,
    };
    call.info = &info;
    assert_value(&call, CONFIG, "{}");
    static const struct {
        const char *effort, *json;
    } cases[] = {
        {"medium", "{\"includeThoughts\":true,\"thinkingLevel\":\"MEDIUM\"}"},
        {"max", "{\"includeThoughts\":true,\"thinkingLevel\":\"HIGH\"}"},
        {"minimal", "{\"includeThoughts\":true,\"thinkingLevel\":\"LOW\"}"},
        {"none", "{\"thinkingLevel\":\"LOW\"}"},
        {"nonsense", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        call.reasoning_effort = slice_of(cases[i].effort);
        assert_value(&call, CONFIG "/thinkingConfig", cases[i].json);
    }
    call.reasoning_effort = SLICE("high");
    call.info = NULL;
    assert_value(&call, CONFIG, "{}");
    info.thinking = 0;
    call.info = &info;
    assert_value(&call, CONFIG, "{}");
}

static void test_thinking_by_a_budget(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_info flash = {.thinking = MODEL_THINKING_BUDGET, .thinking_budget_max = 24576};
    struct model_info pro = {.thinking = MODEL_THINKING_BUDGET | MODEL_THINKING_ALWAYS,
                             .thinking_budget_max = 32768};
    static const struct {
        const char *effort;
        int64_t max_tokens;
        const char *flash, *pro;
    } cases[] = {
        {"none", -1, "0", "128"},       {"low", -1, "2048", "2048"}, {"max", -1, "24576", "32768"},
        {"high", 8000, "6000", "6000"}, {"high", 600, "0", "128"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        call.reasoning_effort = slice_of(cases[i].effort);
        call.max_tokens = cases[i].max_tokens;
        call.info = &flash;
        assert_value(&call, CONFIG "/thinkingConfig/thinkingBudget", cases[i].flash);
        call.info = &pro;
        assert_value(&call, CONFIG "/thinkingConfig/thinkingBudget", cases[i].pro);
    }
}

/* --- contents --- */

static const struct model_part question[] = {TEXT_PART("And order 7?")};
static const struct model_part calls[] = {
    {.kind = MODEL_PART_REASONING, .text = LITERAL("Hm"), .signature = LITERAL("c2ln")},
    {.kind = MODEL_PART_REASONING, .text = LITERAL("of another vendor")},
    {.kind = MODEL_PART_REASONING, .signature = LITERAL("b3Bh"), .redacted = true},
    {.kind = MODEL_PART_TEXT, .text = LITERAL("I look."), .signature = LITERAL("dGV4dA==")},
    {.kind = MODEL_PART_TOOL_CALL,
     .tool_id = LITERAL("a"),
     .tool_name = LITERAL("order"),
     .arguments = LITERAL("{\"id\":7}"),
     .signature = LITERAL("Y2FsbA==")},
    {.kind = MODEL_PART_TOOL_CALL, .tool_name = LITERAL("time"), .arguments = LITERAL("{\"id\":")},
};
static const struct model_part results[] = {
    {.kind = MODEL_PART_TOOL_RESULT, .tool_id = LITERAL("a"), .text = LITERAL("{\"at\": 5}")},
    {.kind = MODEL_PART_TOOL_RESULT, .tool_name = LITERAL("time"), .text = LITERAL("[no clock]")},
};
static const struct model_part failed[] = {
    {.kind = MODEL_PART_TOOL_RESULT,
     .tool_id = LITERAL("a"),
     .text = LITERAL("gone"),
     .is_error = true},
    {.kind = MODEL_PART_TOOL_RESULT,
     .tool_id = LITERAL("zz"),
     .text = LITERAL("{\"x\":1}"),
     .is_error = true},
};

static void test_calls_and_their_results(void **state) {
    (void)state;
    const struct model_message messages[] = {
        MESSAGE(MODEL_USER, question), MESSAGE(MODEL_ASSISTANT, calls),
        MESSAGE(MODEL_TOOL, results), MESSAGE(MODEL_TOOL, failed)};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_value(
        &call, "/contents",
        "[{\"role\":\"user\",\"parts\":[{\"text\":\"And order 7?\"}]},{\"role\":\"model\",\"parts\""
        ":[{\"text\":\"Hm\",\"thought\":true,\"thoughtSignature\":\"c2ln\"},{\"text\":\"I look.\","
        "\"thoughtSignature\":\"dGV4dA==\"},{\"functionCall\":{\"id\":\"a\",\"name\":\"order\","
        "\"args\":{\"id\":7}},\"thoughtSignature\":\"Y2FsbA==\"},{\"functionCall\":{\"name\":"
        "\"time\",\"args\":{}}}]},{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"id\":"
        "\"a\",\"name\":\"order\",\"response\":{\"at\": 5}}},{\"functionResponse\":{\"name\":"
        "\"time\",\"response\":{\"output\":\"[no clock]\"}}},{\"functionResponse\":{\"id\":\"a\","
        "\"name\":\"order\",\"response\":{\"error\":\"gone\"}}},{\"functionResponse\":{\"id\":"
        "\"zz\",\"name\":\"tool\",\"response\":{\"error\":{\"x\":1}}}}]}]");
}

#define FOREIGN "\"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=\""

/* The models that want signatures get a word in their place; the others nothing. */
static void test_calls_that_another_model_made(void **state) {
    (void)state;
    static const struct model_part foreign[] = {
        {.kind = MODEL_PART_TOOL_CALL, .tool_name = LITERAL("f"), .arguments = LITERAL("{}")},
        {.kind = MODEL_PART_TOOL_CALL, .tool_name = LITERAL("g"), .arguments = LITERAL("{}")},
    };
    const struct model_message messages[] = {
        {MODEL_USER, hello, 1}, MESSAGE(MODEL_ASSISTANT, foreign), MESSAGE(MODEL_TOOL, results)};
    struct model_call call = simple_call();
    struct model_info levels = {.thinking = MODEL_THINKING_LEVEL};
    struct model_info budgets = {.thinking = MODEL_THINKING_BUDGET};
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_value(&call, "/contents/1/parts/0/thoughtSignature", FOREIGN);
    assert_value(&call, "/contents/1/parts/1/thoughtSignature", "");
    call.info = &levels;
    assert_value(&call, "/contents/1/parts/0/thoughtSignature", FOREIGN);
    call.info = &budgets;
    assert_value(&call, "/contents/1/parts/0/thoughtSignature", "");
}

static void test_the_user_begins_and_ends(void **state) {
    (void)state;
    static const struct model_part blank[] = {TEXT_PART(" \n")};
    static const struct model_part rule[] = {TEXT_PART("Say you.")};
    const struct model_message messages[] = {
        MESSAGE(MODEL_ASSISTANT, hello), MESSAGE(MODEL_USER, blank), MESSAGE(MODEL_SYSTEM, rule),
        MESSAGE(MODEL_ASSISTANT, hello)};
    struct model_call call = simple_call();
    struct model_info info = {.prefill = true};
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_value(&call, "/contents",
                 "[{\"role\":\"user\",\"parts\":[{\"text\":\"(The assistant begins.)\"}]},{\"role\""
                 ":\"model\",\"parts\":[{\"text\":\"Hello\"},{\"text\":\"Hello\"}]},{\"role\":"
                 "\"user\",\"parts\":[{\"text\":\"Go on exactly where your last message stops.\"}]"
                 "}]");
    assert_value(&call, "/systemInstruction", "{\"parts\":[{\"text\":\"Say you.\"}]}");
    call.info = &info;
    assert_value(&call, "/contents/2", "");
}

static void test_images(void **state) {
    (void)state;
    static const struct model_part parts[] = {
        {.kind = MODEL_PART_IMAGE, .url = LITERAL("https://a.example/b.PNG?c=.gif")},
        {.kind = MODEL_PART_IMAGE, .url = LITERAL("https://a.example/b")},
        {.kind = MODEL_PART_IMAGE, .media_type = LITERAL("image/webp"), .data = LITERAL("iVBO")},
    };
    const struct model_message message = MESSAGE(MODEL_USER, parts);
    struct model_call call = simple_call();
    struct model_info blind = {.no_images = true};
    call.messages = &message;
    assert_value(&call, "/contents/0/parts",
                 "[{\"fileData\":{\"mimeType\":\"image/png\",\"fileUri\":"
                 "\"https://a.example/b.PNG?c=.gif\"}},{\"fileData\":{\"mimeType\":\"image/jpeg\","
                 "\"fileUri\":\"https://a.example/b\"}},{\"inlineData\":{\"mimeType\":"
                 "\"image/webp\",\"data\":\"iVBO\"}}]");
    call.info = &blind;
    assert_value(&call, "/contents/0/parts/2",
                 "{\"text\":\"(An image stood here, which you cannot see.)\"}");
}

/* --- tools --- */

static const struct model_tool tools[] = {
    {.name = LITERAL("order"),
     .description = LITERAL("Looks up."),
     .schema = LITERAL("{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}}}")},
    {.name = LITERAL("time"), .schema = LITERAL("{\"type\":\"object\",\"properties\":{}}")},
};

static void test_tools(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_info none = {.no_tools = true}, free_choice = {.no_forced_tool_choice = true};
    call.tools = tools;
    call.tool_count = COUNT(tools);
    assert_value(&call, "/tools",
                 "[{\"functionDeclarations\":[{\"name\":\"order\",\"description\":\"Looks up.\","
                 "\"parametersJsonSchema\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":"
                 "\"integer\"}}}},{\"name\":\"time\"}]}]");
    assert_value(&call, "/toolConfig", "");
    call.tool_choice = MODEL_TOOL_NONE;
    assert_value(&call, "/toolConfig", "{\"functionCallingConfig\":{\"mode\":\"NONE\"}}");
    call.tool_choice = MODEL_TOOL_REQUIRED;
    assert_value(&call, "/toolConfig", "{\"functionCallingConfig\":{\"mode\":\"ANY\"}}");
    call.tool_choice = MODEL_TOOL_NAMED;
    call.tool_choice_name = SLICE("time");
    assert_value(&call, "/toolConfig",
                 "{\"functionCallingConfig\":{\"mode\":\"ANY\",\"allowedFunctionNames\":[\"time\"]}"
                 "}");
    call.info = &free_choice;
    assert_value(&call, "/toolConfig", "");
    call.info = &none;
    assert_value(&call, "/tools", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, encoding_begin, encoding_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_whole_request),
        TEST(test_addresses),
        TEST(test_what_cannot_be_sent),
        TEST(test_limits),
        TEST(test_thinking_by_a_level),
        TEST(test_thinking_by_a_budget),
        TEST(test_calls_and_their_results),
        TEST(test_calls_that_another_model_made),
        TEST(test_the_user_begins_and_ends),
        TEST(test_images),
        TEST(test_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
