#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/vendors.h"
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

static struct model_part text_part(const char *text) {
    return (struct model_part){.kind = MODEL_PART_TEXT, .text = slice_of(text)};
}

static struct model_part call_part(const char *id) {
    return (struct model_part){.kind = MODEL_PART_TOOL_CALL,
                               .tool_id = slice_of(id),
                               .tool_name = SLICE("f"),
                               .arguments = SLICE("{\"a\":1}")};
}

static struct model_part result_part(const char *id) {
    return (struct model_part){.kind = MODEL_PART_TOOL_RESULT,
                               .tool_id = slice_of(id),
                               .tool_name = SLICE("f"),
                               .text = SLICE("7")};
}

static struct model_message message(enum model_role role, struct model_part part) {
    struct model_part *copy = arena_allocate(arena, sizeof *copy);
    *copy = part;
    return (struct model_message){role, copy, 1};
}

static struct model_call call_of(const struct model_message *messages, size_t count) {
    struct model_call call = model_call_default();
    call.key = SLICE("k1");
    call.model = SLICE("mistral-x");
    call.messages = messages;
    call.message_count = count;
    return call;
}

static struct model_request encode(const struct model_call *call) {
    struct model_request request;
    struct fault fault = {0};
    if (!mistral_provider.encode(call, arena, &request, &fault))
        fail_msg("%s", fault.message);
    assert_true(json_validate(request.body, NULL));
    return request;
}

/* The member of the body, as it is written. */
static void assert_member(const struct model_call *call, const char *key, const char *json) {
    assert_string_equal(arena_string(arena, json_get(encode(call).body, key)), json);
}

static void test_the_whole_request(void **state) {
    (void)state;
    struct model_message messages[] = {message(MODEL_USER, text_part("Hello"))};
    struct model_call call = call_of(messages, 1);
    call.system = SLICE("Be brief.");
    call.max_tokens = 100;
    call.temperature = 1.7;
    call.cache_key = SLICE("c1");
    struct model_request request = encode(&call);
    assert_string_equal(request.url, "https://api.mistral.ai/v1/chat/completions");
    assert_int_equal(request.header_count, 3);
    assert_true(slice_is(request.headers[2].name, "authorization"));
    assert_true(slice_is(request.headers[2].value, "Bearer k1"));
    assert_string_equal(
        arena_string(arena, request.body),
        "{\"model\":\"mistral-x\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
        "{\"role\":\"user\",\"content\":\"Hello\"}],\"max_tokens\":100,\"temperature\":1,"
        "\"stream\":true,\"prompt_cache_key\":\"c1\"}");
    call.base_url = SLICE("http://127.0.0.1:9/v1");
    assert_string_equal(encode(&call).url, "http://127.0.0.1:9/v1/chat/completions");
    assert_member(&call, "prompt_cache_key", "");
}

static void test_what_the_model_refuses_is_left_out(void **state) {
    (void)state;
    struct model_message messages[] = {message(MODEL_USER, text_part("Hello"))};
    struct model_tool tools[] = {{.name = SLICE("f"), .schema = SLICE("{}")}};
    struct model_call call = call_of(messages, 1);
    call.reasoning_effort = SLICE("high");
    call.tools = tools;
    call.tool_count = 1;
    call.tool_choice = MODEL_TOOL_REQUIRED;
    call.max_tokens = 100;
    assert_member(&call, "reasoning_effort", "\"high\"");
    assert_member(&call, "tool_choice", "\"any\"");
    struct model_info info = {.no_tools = true, .output_max = 50};
    call.info = &info;
    assert_member(&call, "reasoning_effort", "");
    assert_member(&call, "tools", "");
    assert_member(&call, "tool_choice", "");
    assert_member(&call, "max_tokens", "50");
}

static void test_ids_are_of_nine(void **state) {
    (void)state;
    struct model_message messages[] = {
        message(MODEL_USER, text_part("Hi")),
        message(MODEL_ASSISTANT, call_part("gSIMJiOkT")),
        message(MODEL_TOOL, result_part("gSIMJiOkT")),
        message(MODEL_ASSISTANT, call_part("call_1")),
        message(MODEL_TOOL, result_part("call_1")),
    };
    struct model_call call = call_of(messages, 5);
    struct slice body = encode(&call).body;
    assert_true(json_string_is(json_path(body, "messages", "1", "tool_calls", "0", "id", NULL),
                               "gSIMJiOkT"));
    assert_true(
        json_string_is(json_path(body, "messages", "2", "tool_call_id", NULL), "gSIMJiOkT"));
    struct slice id = json_path(body, "messages", "3", "tool_calls", "0", "id", NULL);
    id = json_plain_string(id);
    assert_int_equal(id.size, 9);
    for (size_t i = 0; i < id.size; i++)
        assert_true(strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                           id.data[i]) != NULL);
    struct slice answered = json_path(body, "messages", "4", "tool_call_id", NULL);
    assert_true(slice_equal(json_plain_string(answered), id));
    /* Another one is another. */
    messages[3] = message(MODEL_ASSISTANT, call_part("call_2"));
    struct slice other =
        json_path(encode(&call).body, "messages", "3", "tool_calls", "0", "id", NULL);
    assert_false(slice_equal(json_plain_string(other), id));
}

static void test_no_user_after_results(void **state) {
    (void)state;
    struct model_message messages[] = {
        message(MODEL_USER, text_part("Hi")),
        message(MODEL_ASSISTANT, call_part("abcdefghi")),
        message(MODEL_TOOL, result_part("abcdefghi")),
        message(MODEL_ASSISTANT, text_part("")),
        message(MODEL_USER, text_part("And?")),
    };
    struct model_call call = call_of(messages, 5);
    assert_member(
        &call, "messages",
        "[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":null,"
        "\"tool_calls\":[{\"id\":\"abcdefghi\",\"type\":\"function\",\"function\":{"
        "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},{\"role\":\"tool\","
        "\"tool_call_id\":\"abcdefghi\",\"content\":\"7\"},{\"role\":\"assistant\","
        "\"content\":\"(No answer.)\"},{\"role\":\"user\",\"content\":\"And?\"}]");
}

static void test_system_text_stands_first(void **state) {
    (void)state;
    struct model_message messages[] = {
        message(MODEL_USER, text_part("Hi")),
        message(MODEL_ASSISTANT, text_part("Yes?")),
        message(MODEL_SYSTEM, text_part("Speak French.")),
        message(MODEL_USER, text_part("Go")),
    };
    struct model_call call = call_of(messages, 4);
    call.system = SLICE("Be brief.");
    assert_member(&call, "messages",
                  "[{\"role\":\"system\",\"content\":\"Be brief.\\n\\nSpeak French.\"},{\"role\":"
                  "\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Yes?\"},{"
                  "\"role\":\"user\",\"content\":\"Go\"}]");
}

static void test_an_answer_to_go_on_with(void **state) {
    (void)state;
    struct model_message messages[] = {
        message(MODEL_USER, text_part("Count")),
        message(MODEL_ASSISTANT, text_part("One, two")),
    };
    struct model_call call = call_of(messages, 2);
    assert_member(&call, "messages",
                  "[{\"role\":\"user\",\"content\":\"Count\"},{\"role\":\"assistant\",\"content\":"
                  "\"One, two\",\"prefix\":true}]");
}

static void test_images(void **state) {
    (void)state;
    struct model_part image = {
        .kind = MODEL_PART_IMAGE, .media_type = SLICE("image/png"), .data = SLICE("AAAA")};
    struct model_message messages[] = {message(MODEL_USER, image)};
    struct model_call call = call_of(messages, 1);
    assert_member(&call, "messages",
                  "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                  "\"data:image/png;base64,AAAA\"}}]}]");
    struct model_info info = {.no_images = true};
    call.info = &info;
    struct slice type =
        json_path(encode(&call).body, "messages", "0", "content", "0", "type", NULL);
    assert_true(json_string_is(type, "text"));
}

static void test_what_cannot_be_sent(void **state) {
    (void)state;
    struct model_message messages[] = {message(MODEL_USER, text_part(""))};
    struct model_call call = call_of(messages, 1);
    struct model_request request;
    struct fault fault = {0};
    assert_false(mistral_provider.encode(&call, arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    call.key = SLICE("a\r\nx: y");
    assert_false(mistral_provider.encode(&call, arena, &request, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
}

/* --- failures --- */

static struct slice no_header(const void *head, const char *name) {
    (void)head, (void)name;
    return (struct slice){NULL, 0};
}

#define ERROR(message, type, code)                                                                 \
    "{\"object\":\"error\",\"message\":\"" message "\",\"type\":\"" type                           \
    "\",\"param\":null,\"code\":" code "}"

static void test_failures(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum fault_kind kind;
        const char *said;
    } cases[] = {
        {401, "{\"detail\":\"Invalid API Key\"}", FAULT_PROVIDER_AUTH, "Invalid API Key"},
        {400, ERROR("Unexpected role", "invalid_request_message_order", "\"3230\""),
         FAULT_PROVIDER_BAD_REQUEST, "Unexpected role"},
        {400,
         ERROR("Prompt contains 40000 tokens, too large for model with 32768 maximum",
               "invalid_request_prompt", "\"3051\""),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, "40000 tokens"},
        {400, ERROR("Invalid model: x", "invalid_model", "\"1500\""),
         FAULT_PROVIDER_MODEL_NOT_FOUND, "Invalid model"},
        {422, "{\"detail\":[{\"loc\":[\"body\",\"x\"],\"msg\":\"Field required\"}]}",
         FAULT_PROVIDER_BAD_REQUEST, "Field required"},
        {422,
         "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"Extra inputs\"}]},"
         "\"type\":\"invalid_request_error\"}",
         FAULT_PROVIDER_BAD_REQUEST, "Extra inputs"},
        {429, ERROR("Rate limit exceeded", "rate_limited", "\"1300\""), FAULT_PROVIDER_RATE_LIMITED,
         "Rate limit exceeded"},
        {503, "upstream connect error", FAULT_PROVIDER_OVERLOADED, "upstream connect error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = {0};
        struct model_reply_head head = {cases[i].status, no_header, NULL};
        mistral_provider.failure(&head, slice_of(cases[i].body), &fault);
        assert_string_equal(fault_kind_name(fault.kind), fault_kind_name(cases[i].kind));
        assert_non_null(strstr(fault.detail, cases[i].said));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_request),
        cmocka_unit_test(test_what_the_model_refuses_is_left_out),
        cmocka_unit_test(test_ids_are_of_nine),
        cmocka_unit_test(test_no_user_after_results),
        cmocka_unit_test(test_system_text_stands_first),
        cmocka_unit_test(test_an_answer_to_go_on_with),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_what_cannot_be_sent),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
