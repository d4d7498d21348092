#include "encoding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct model_request encode(const struct model_call *call) {
    return encoding_of(&anthropic_provider, call);
}

/* The member of the body, as it is written. */
static void assert_member(const struct model_call *call, const char *key, const char *json) {
    encoding_expect(&anthropic_provider, call, key, json);
}

static const struct model_part hello[] = {TEXT_PART("Hello")};
static const struct model_message greeting[] = {{MODEL_USER, hello, 1}};

static struct model_call simple_call(void) {
    struct model_call call = model_call_default();
    call.key = SLICE("sk-ant-1");
    call.model = SLICE("claude-x");
    call.messages = greeting;
    call.message_count = 1;
    return call;
}

static void test_the_whole_request(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.system = SLICE("Be brief.");
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "https://api.anthropic.com/v1/messages");
    assert_true(slice_is(encoding_header(&request, "x-api-key"), "sk-ant-1"));
    assert_true(slice_is(encoding_header(&request, "anthropic-version"), "2023-06-01"));
    assert_true(slice_is(encoding_header(&request, "content-type"), "application/json"));
    assert_string_equal(
        arena_string(encoding_arena, request.body),
        "{\"model\":\"claude-x\",\"max_tokens\":4096,\"system\":[{\"type\":\"text\",\"text\":"
        "\"Be brief.\",\"cache_control\":{\"type\":\"ephemeral\"}}],\"messages\":[{\"role\":"
        "\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}],\"stream\":true}");
}

static void test_another_host_without_a_key(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.base_url = SLICE("http://127.0.0.1:9/v1");
    call.key = SLICE("");
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "http://127.0.0.1:9/v1/messages");
    assert_int_equal(encoding_header(&request, "x-api-key").size, 0);
}

static void test_a_key_that_would_end_its_header(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_request request;
    struct fault fault;
    call.key = SLICE("a\r\nx: y");
    assert_false(anthropic_provider.encode(&call, encoding_arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
}

/* --- limits --- */

static void test_sampling(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.temperature = 1.5;
    call.top_p = 0.9;
    assert_member(&call, "temperature", "1");
    assert_member(&call, "top_p", "");
    call.temperature = model_call_default().temperature;
    assert_member(&call, "temperature", "");
    assert_member(&call, "top_p", "0.9");
    call.temperature = 0.3;
    call.api_version = SLICE("2026-10-21");
    assert_member(&call, "temperature", "");
    assert_true(slice_is(encoding_header(&(struct model_request){0}, "x"), ""));
    struct model_request request = encode(&call);
    assert_true(slice_is(encoding_header(&request, "anthropic-version"), "2026-10-21"));
    struct model_info info = {.no_temperature = true};
    call.api_version = SLICE("");
    call.info = &info;
    assert_member(&call, "temperature", "");
    assert_member(&call, "top_p", "");
}

static void test_max_tokens(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct model_info info = {.output_max = 64000};
    call.info = &info;
    assert_member(&call, "max_tokens", "64000");
    call.max_tokens = 300;
    assert_member(&call, "max_tokens", "300");
    call.max_tokens = 100000;
    assert_member(&call, "max_tokens", "64000");
    call.info = NULL;
    assert_member(&call, "max_tokens", "100000");
}

static void test_stop(void **state) {
    (void)state;
    struct model_call call = simple_call();
    struct slice stop[] = {SLICE("\n"), SLICE("END")};
    call.stop = stop;
    call.stop_count = 1;
    assert_member(&call, "stop_sequences", "");
    call.stop_count = 2;
    assert_member(&call, "stop_sequences", "[\"END\"]");
}

/* --- thinking --- */

static const struct model_info with_budget = {
    .output_max = 64000, .thinking = MODEL_THINKING_BUDGET, .thinking_budget_max = 20000};
static const struct model_info adaptive = {
    .thinking = MODEL_THINKING_ADAPTIVE | MODEL_THINKING_ALWAYS,
    .efforts = MODEL_EFFORT_LOW | MODEL_EFFORT_MEDIUM | MODEL_EFFORT_HIGH,
    .no_forced_tool_choice = true};

static void test_no_thinking_unasked(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.info = &with_budget;
    assert_member(&call, "thinking", "");
    call.reasoning_effort = SLICE("high");
    call.info = NULL;
    assert_member(&call, "thinking", "");
    assert_member(&call, "output_config", "");
    struct model_info neither = {0};
    call.info = &neither;
    assert_member(&call, "thinking", "");
    assert_member(&call, "output_config", "");
}

static void test_thinking_by_a_budget(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.info = &with_budget;
    call.temperature = 0.5;
    call.reasoning_effort = SLICE("none");
    assert_member(&call, "thinking", "{\"type\":\"disabled\"}");
    assert_member(&call, "temperature", "0.5");
    call.reasoning_effort = SLICE("medium");
    assert_member(&call, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":8192}");
    assert_member(&call, "temperature", "");
    assert_member(&call, "output_config", "");
    call.reasoning_effort = SLICE("max");
    assert_member(&call, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":20000}");
    call.max_tokens = 4000;
    assert_member(&call, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":3000}");
    call.max_tokens = 1000; /* there is no room for thinking and an answer */
    assert_member(&call, "thinking", "");
    assert_member(&call, "temperature", "0.5");
}

static void test_adaptive_thinking(void **state) {
    (void)state;
    struct model_call call = simple_call();
    call.info = &adaptive;
    call.reasoning_effort = SLICE("xhigh");
    assert_member(&call, "thinking", "{\"type\":\"adaptive\"}");
    assert_member(&call, "output_config", "{\"effort\":\"high\"}");
    call.reasoning_effort = SLICE("minimal");
    assert_member(&call, "output_config", "{\"effort\":\"low\"}");
    call.reasoning_effort = SLICE("none");
    assert_member(&call, "thinking", "");
    assert_member(&call, "output_config", "{\"effort\":\"low\"}");
}

/* --- messages --- */

static const struct model_part question[] = {TEXT_PART("And order 7?")};
static const struct model_part calls[] = {
    {.kind = MODEL_PART_REASONING, .text = {"Hm", 2}, .signature = {"c2ln", 4}},
    {.kind = MODEL_PART_REASONING, .signature = {"b3Bh", 4}, .redacted = true},
    {.kind = MODEL_PART_REASONING, .text = {"of another vendor", 17}},
    TEXT_PART("I look."),
    {.kind = MODEL_PART_TOOL_CALL,
     .tool_id = {"a|1", 3},
     .tool_name = {"order", 5},
     .arguments = {"{\"id\":7}", 8}},
    {.kind = MODEL_PART_TOOL_CALL,
     .tool_id = {"b", 1},
     .tool_name = {"time", 4},
     .arguments = {"{\"id\":", 6}},
};
static const struct model_part first_result[] = {
    {.kind = MODEL_PART_TOOL_RESULT, .tool_id = {"a|1", 3}, .text = {"shipped", 7}}};
static const struct model_part second_result[] = {{.kind = MODEL_PART_TOOL_RESULT,
                                                   .tool_id = {"b", 1},
                                                   .text = {"no clock", 8},
                                                   .is_error = true}};

#define ASKED "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"And order 7?\"}]}"
#define MARK  "\"cache_control\":{\"type\":\"ephemeral\"}"

static void test_calls_and_their_results(void **state) {
    (void)state;
    const struct model_message messages[] = {
        MESSAGE(MODEL_USER, question), MESSAGE(MODEL_ASSISTANT, calls),
        MESSAGE(MODEL_TOOL, first_result), MESSAGE(MODEL_TOOL, second_result)};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_member(
        &call, "messages",
        "[" ASKED ",{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":"
        "\"Hm\",\"signature\":\"c2ln\"},{\"type\":\"redacted_thinking\",\"data\":\"b3Bh\"},{"
        "\"type\":\"text\",\"text\":\"I look.\"},{\"type\":\"tool_use\",\"id\":\"a_1\",\"name\":"
        "\"order\",\"input\":{\"id\":7}},{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"time\","
        "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
        "\"tool_use_id\":\"a_1\",\"content\":\"shipped\"},{\"type\":\"tool_result\","
        "\"tool_use_id\":\"b\",\"content\":\"no clock\",\"is_error\":true," MARK "}]}]");
}

/* A message that came while the tools ran follows their results. */
static void test_results_come_first(void **state) {
    (void)state;
    const struct model_message messages[] = {
        MESSAGE(MODEL_ASSISTANT, calls), {MODEL_USER, hello, 1}, MESSAGE(MODEL_TOOL, first_result)};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    struct slice first = json_path(encode(&call).body, "messages", "0", "content", NULL);
    assert_string_equal(arena_string(encoding_arena, first), "\"(The assistant begins.)\"");
    struct slice last = json_path(encode(&call).body, "messages", "2", "content", NULL);
    assert_string_equal(arena_string(encoding_arena, last),
                        "[{\"type\":\"tool_result\",\"tool_use_id\":\"a_1\",\"content\":"
                        "\"shipped\"},{\"type\":\"text\",\"text\":\"Hello\"}]");
}

/* Calls that another model began have no thinking before them: with a budget, that is an error. */
static void test_no_thinking_in_the_middle_of_another_models_turn(void **state) {
    (void)state;
    struct model_message messages[] = {MESSAGE(MODEL_USER, question),
                                       MESSAGE(MODEL_ASSISTANT, calls),
                                       MESSAGE(MODEL_TOOL, first_result)};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    call.info = &with_budget;
    call.reasoning_effort = SLICE("low");
    assert_member(&call, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":2048}");
    messages[1].parts += 2;
    messages[1].part_count -= 2;
    assert_member(&call, "thinking", "");
    messages[2] = greeting[0];
    assert_member(&call, "thinking", "{\"type\":\"enabled\",\"budget_tokens\":2048}");
}

static void test_roles_alternate_and_nothing_is_empty(void **state) {
    (void)state;
    static const struct model_part blank[] = {TEXT_PART(" \n")};
    static const struct model_part two[] = {TEXT_PART(""), TEXT_PART("Two")};
    static const struct model_part rule[] = {TEXT_PART("Say you.")};
    const struct model_message messages[] = {
        {MODEL_USER, hello, 1},      MESSAGE(MODEL_ASSISTANT, blank), MESSAGE(MODEL_USER, two),
        MESSAGE(MODEL_SYSTEM, rule), MESSAGE(MODEL_USER, question),
    };
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_member(&call, "messages",
                  "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"},{"
                  "\"type\":\"text\",\"text\":\"Two\"},{\"type\":\"text\",\"text\":\"And order "
                  "7?\"}]}]");
    assert_member(&call, "system", "[{\"type\":\"text\",\"text\":\"Say you.\"}]");
    call.messages = &messages[1];
    call.message_count = 1;
    struct model_request request;
    struct fault fault;
    assert_false(anthropic_provider.encode(&call, encoding_arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
}

static void test_an_answer_to_go_on_with(void **state) {
    (void)state;
    static const struct model_part half[] = {TEXT_PART("The order is \n")};
    const struct model_message messages[] = {{MODEL_USER, hello, 1},
                                             MESSAGE(MODEL_ASSISTANT, half)};
    struct model_call call = simple_call();
    call.messages = messages;
    call.message_count = COUNT(messages);
    assert_member(&call, "messages",
                  "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\""
                  "}]},{"
                  "\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"The order "
                  "is\"}]},{\"role\":\"user\",\"content\":\"Go on exactly where your last message "
                  "stops.\"}]");
    struct model_info info = {.prefill = true};
    call.info = &info;
    assert_int_equal(slice_find(json_get(encode(&call).body, "messages"), SLICE("Go on")),
                     SIZE_MAX);
}

static void test_images(void **state) {
    (void)state;
    static const struct model_part parts[] = {
        {.kind = MODEL_PART_IMAGE, .url = {"https://a.example/b.png", 23}},
        {.kind = MODEL_PART_IMAGE, .media_type = {"image/png", 9}, .data = {"iVBO", 4}},
        TEXT_PART("What is it?"),
    };
    const struct model_message message = MESSAGE(MODEL_USER, parts);
    struct model_call call = simple_call();
    call.messages = &message;
    assert_member(&call, "messages",
                  "[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
                  "\"url\",\"url\":\"https://a.example/b.png\"}},{\"type\":\"image\",\"source\":{"
                  "\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBO\"}},{\"type\":"
                  "\"text\",\"text\":\"What is it?\"}]}]");
    struct model_info info = {.no_images = true};
    call.info = &info;
    struct slice first = json_path(encode(&call).body, "messages", "0", "content", "0", NULL);
    assert_string_equal(arena_string(encoding_arena, first),
                        "{\"type\":\"text\",\"text\":\"(An image stood here, which you cannot "
                        "see.)\"}");
}

/* --- the prompt cache --- */

/* What a call sends up to its last mark is where the next one begins, byte for byte. */
static void test_the_marked_prefix_stays(void **state) {
    (void)state;
    static const struct model_part answer[] = {TEXT_PART("Hi.")};
    static const struct model_part answer_2[] = {TEXT_PART("Shipped.")};
    const struct model_message messages[] = {
        {MODEL_USER, hello, 1},        MESSAGE(MODEL_ASSISTANT, answer),
        MESSAGE(MODEL_USER, question), MESSAGE(MODEL_ASSISTANT, answer_2),
        {MODEL_USER, hello, 1},
    };
    struct model_call call = simple_call();
    call.system = SLICE("Be brief.");
    call.messages = messages;
    call.message_count = 3;
    struct slice body = encode(&call).body;
    size_t mark = slice_find(body, SLICE("Hi.\"," MARK));
    assert_int_not_equal(mark, SIZE_MAX);
    struct slice prefix = slice_first(body, mark + 4);
    call.message_count = 5;
    struct slice later = encode(&call).body;
    assert_true(slice_starts_with(later, prefix));
    assert_int_not_equal(slice_find(later, SLICE("Shipped.\"," MARK)), SIZE_MAX);
}

/* --- tools --- */

static void test_tools(void **state) {
    (void)state;
    static const struct model_tool tools[] = {
        {{"order", 5}, {"Looks up", 8}, {"{\"type\":\"object\",\"properties\":{}}", 33}},
        {{"time", 4}, {"", 0}, {" { \"properties\" : {} } ", 23}},
        {{"ping", 4}, {"", 0}, {"", 0}},
    };
    struct model_call call = simple_call();
    call.tools = tools;
    call.tool_count = COUNT(tools);
    assert_member(&call, "tools",
                  "[{\"name\":\"order\",\"description\":\"Looks up\",\"input_schema\":{\"type\":"
                  "\"object\",\"properties\":{}}},{\"name\":\"time\",\"input_schema\":{\"type\":"
                  "\"object\",\"properties\" : {} }},{\"name\":\"ping\",\"input_schema\":{\"type\":"
                  "\"object\"}," MARK "}]");
    assert_member(&call, "tool_choice", "");
    call.no_parallel_tools = true;
    assert_member(&call, "tool_choice", "{\"type\":\"auto\",\"disable_parallel_tool_use\":true}");
    call.tool_choice = MODEL_TOOL_NONE;
    assert_member(&call, "tool_choice", "{\"type\":\"none\"}");
    call.no_parallel_tools = false;
    call.tool_choice = MODEL_TOOL_REQUIRED;
    assert_member(&call, "tool_choice", "{\"type\":\"any\"}");
    call.tool_choice = MODEL_TOOL_NAMED;
    call.tool_choice_name = SLICE("time");
    assert_member(&call, "tool_choice", "{\"type\":\"tool\",\"name\":\"time\"}");
    call.reasoning_effort = SLICE("high");
    call.info = &with_budget;
    assert_member(&call, "thinking", "");
    call.info = &adaptive;
    assert_member(&call, "tool_choice", "");
    assert_member(&call, "thinking", "{\"type\":\"adaptive\"}");
    call.info = NULL;
    call.system = SLICE("Be brief.");
    assert_int_equal(slice_find(json_get(encode(&call).body, "tools"), SLICE("cache_control")),
                     SIZE_MAX);
    struct model_info info = {.no_tools = true};
    call.info = &info;
    assert_member(&call, "tools", "");
    assert_member(&call, "tool_choice", "");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, encoding_begin, encoding_end)
    const struct CMUnitTest tests[] = {
        TEST(test_the_whole_request),
        TEST(test_another_host_without_a_key),
        TEST(test_a_key_that_would_end_its_header),
        TEST(test_sampling),
        TEST(test_max_tokens),
        TEST(test_stop),
        TEST(test_no_thinking_unasked),
        TEST(test_thinking_by_a_budget),
        TEST(test_adaptive_thinking),
        TEST(test_no_thinking_in_the_middle_of_another_models_turn),
        TEST(test_calls_and_their_results),
        TEST(test_results_come_first),
        TEST(test_roles_alternate_and_nothing_is_empty),
        TEST(test_an_answer_to_go_on_with),
        TEST(test_images),
        TEST(test_the_marked_prefix_stays),
        TEST(test_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
