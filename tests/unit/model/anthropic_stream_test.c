#include "lines.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *bytes, enum fault_kind kind, const char *lines) {
    lines_expect(&anthropic_provider, bytes, kind, lines);
}

/* --- streams --- */

#define DATA(json) "data: " json "\n\n"
#define START                                                                                      \
    "event: message_start\n" DATA(                                                                 \
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\","        \
        "\"content\":[],\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":100,"            \
        "\"cache_creation_input_tokens\":50,\"cache_creation\":{\"ephemeral_5m_input_tokens\":40," \
        "\"ephemeral_1h_input_tokens\":10},\"output_tokens\":1}}}  ")
#define BLOCK(index, block)                                                                        \
    "event: content_block_start\n" DATA("{\"type\":\"content_block_start\",\"index\":" index       \
                                        ",\"content_block\":" block "}")
#define DELTA(index, delta)                                                                        \
    "event: content_block_delta\n" DATA("{\"type\":\"content_block_delta\",\"index\":" index       \
                                        ",\"delta\":" delta "}")
#define STOP(index)                                                                                \
    "event: content_block_stop\n" DATA("{\"type\":\"content_block_stop\",\"index\":" index "}")
#define TEXT(text) DELTA("0", "{\"type\":\"text_delta\",\"text\":\"" text "\"}")
#define ARGUMENTS(index, text)                                                                     \
    DELTA(index, "{\"type\":\"input_json_delta\",\"partial_json\":\"" text "\"}")
#define END(reason, usage)                                                                         \
    "event: message_delta\n" DATA("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""      \
                                  "" reason "\",\"stop_sequence\":null},\"usage\":" usage          \
                                  "}") "event: message_stop\n" DATA("{\"type\":\"message_stop\"}")
#define PING       "event: ping\n" DATA("{\"type\": \"ping\"}")
#define EMPTY_TEXT BLOCK("0", "{\"type\":\"text\",\"text\":\"\"}")

static void test_text(void **state) {
    (void)state;
    expect(START PING EMPTY_TEXT TEXT("Gr\\u00fc\\u00df") TEXT("e \xf0\x9d\x84\x9e") STOP("0")
               END("end_turn", "{\"output_tokens\":12}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Grüße 𝄞\nusage 9 100 40 10 12 -1\n"
           "finish stop end_turn");
}

static void test_what_comes_after_the_end(void **state) {
    (void)state;
    expect(START EMPTY_TEXT TEXT("Hi") END("end_turn", "{}")
               DATA("oops") "event: error\n" DATA("{}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi\nusage 9 100 40 10 1 -1\n"
           "finish stop end_turn");
}

static void test_the_end_replaces_counts(void **state) {
    (void)state;
    expect(START EMPTY_TEXT TEXT("Hi")
               END("max_tokens", "{\"input_tokens\":20,\"cache_read_input_tokens\":0,"
                                 "\"cache_creation_input_tokens\":null,\"output_tokens\":12,"
                                 "\"output_tokens_details\":{\"thinking_tokens\":5}}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi\nusage 20 0 40 10 7 5\n"
           "finish length max_tokens");
}

static void test_thinking_with_its_signature(void **state) {
    (void)state;
    expect(START BLOCK("0", "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
               DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":\"Let me \"}")
                   DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":\"see.\"}")
                       DELTA("0", "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}") STOP("0")
                           BLOCK("1", "{\"type\":\"redacted_thinking\",\"data\":\"b3BhcXVl\"}")
                               STOP("1") BLOCK("2", "{\"type\":\"text\",\"text\":\"Yes\"}")
                                   END("stop_sequence", "{\"output_tokens\":3}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\nreasoning Let me see.\nsignature c2ln\n"
           "redacted b3BhcXVl\ntext Yes\nusage 9 100 40 10 3 -1\nfinish stop stop_sequence");
}

static void test_calls_side_by_side(void **state) {
    (void)state;
    expect(
        START BLOCK("0", "{\"type\":\"tool_use\",\"id\":\"toolu_a\",\"name\":\"f\",\"input\":{}}")
            ARGUMENTS("0", "") ARGUMENTS("0", "{\\\"a\\\":") ARGUMENTS("0", "1}") STOP("0")
                BLOCK("1", "{\"type\":\"tool_use\",\"id\":\"toolu_b\",\"name\":\"g\",\"input\":{}}")
                    ARGUMENTS("1", "") STOP("1")
                        BLOCK("2", "{\"type\":\"tool_use\",\"id\":\"toolu_c\",\"name\":\"h\","
                                   "\"input\":{\"b\":2}}") END("tool_use", "{\"output_tokens\":9}"),
        FAULT_NONE,
        "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ncall 0 toolu_a f\narguments {\"a\":1}\n"
        "call 1 toolu_b g\narguments {}\ncall 2 toolu_c h\nusage 9 100 40 10 9 -1\n"
        "arguments {\"b\":2}\nfinish tool_calls tool_use");
}

static void test_a_call_without_a_name_is_none(void **state) {
    (void)state;
    expect(START BLOCK("0", "{\"type\":\"tool_use\",\"id\":\"a\",\"input\":{\"x\":1}}")
               ARGUMENTS("0", "{}") STOP("0") BLOCK("1", "{\"type\":\"tool_use\",\"name\":\"g\"}")
                   STOP("1") END("tool_use", "{\"output_tokens\":9}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ncall 0 call_1 g\narguments {}\n"
           "usage 9 100 40 10 9 -1\nfinish tool_calls tool_use");
}

static void test_what_the_vendor_runs_itself_is_no_call(void **state) {
    (void)state;
    expect(START BLOCK("0", "{\"type\":\"server_tool_use\",\"id\":\"srv\",\"name\":\"web_search\","
                            "\"input\":{}}") ARGUMENTS("0", "{\\\"query\\\":\\\"x\\\"}") STOP("0")
               BLOCK("1", "{\"type\":\"web_search_tool_result\",\"content\":[]}") STOP("1")
                   DELTA("2", "{\"type\":\"citations_delta\",\"citation\":{\"text\":\"no\"}}")
                       DELTA("2", "{\"type\":\"text_delta\",\"text\":\"Found\"}")
                           END("pause_turn", "{\"output_tokens\":2}"),
           FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Found\nusage 9 100 40 10 2 -1\n"
           "finish stop pause_turn");
}

#define REFUSED                                                                                    \
    DATA("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\",\"stop_details\":{"   \
         "\"type\":\"refusal\",\"category\":\"cyber\",\"explanation\":\"Not that.\"}},\"usage\":{" \
         "\"output_tokens\":2}}")                                                                  \
    DATA("{\"type\":\"message_stop\"}")

static void test_a_refusal_is_said_where_nothing_else_was(void **state) {
    (void)state;
    expect(START REFUSED, FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\nusage 9 100 40 10 2 -1\n"
           "refusal Not that.\nfinish content_filter refusal");
    expect(START EMPTY_TEXT TEXT("Hm") REFUSED, FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hm\nusage 9 100 40 10 2 -1\n"
           "finish content_filter refusal");
}

static void test_a_message_that_begins_twice(void **state) {
    (void)state;
    expect(START START EMPTY_TEXT TEXT("Hi") END("end_turn", "{\"output_tokens\":2}"), FAULT_NONE,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi\nusage 9 100 40 10 2 -1\n"
           "finish stop end_turn");
    expect(START EMPTY_TEXT TEXT("Hi") DATA(
               "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"model\":\"claude-x\"}"
               "}") TEXT("No"),
           FAULT_PROVIDER_MALFORMED, "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi");
}

static void test_an_error_in_the_stream(void **state) {
    (void)state;
    expect(START EMPTY_TEXT TEXT("Hi") "event: error\n" DATA(
               "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
               "\"Overloaded\"},\"request_id\":\"req_1\"}"),
           FAULT_PROVIDER_OVERLOADED, "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi");
    expect(DATA("{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}"),
           FAULT_PROVIDER_RATE_LIMITED, "");
}

static void test_a_cut_stream_is_no_answer(void **state) {
    (void)state;
    expect(START EMPTY_TEXT TEXT("Hi") STOP("0"), FAULT_PROVIDER_TRUNCATED,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1\ntext Hi");
    expect("", FAULT_PROVIDER_TRUNCATED, "");
    expect("{\"type\":\"message\",\"content\":[{\"ty", FAULT_PROVIDER_TRUNCATED, "");
    expect(START "data: {\"type\":\n\n", FAULT_PROVIDER_MALFORMED,
           "start msg_1 claude-x\nusage 9 100 40 10 1 -1");
}

/* The reason is there: that message_stop got lost changes nothing. */
static void test_an_end_without_message_stop(void **state) {
    (void)state;
    expect(DATA("{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\"}}")
               TEXT("Hi") DATA("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
                               "\"model_context_window_exceeded\"}}"),
           FAULT_NONE, "start m c\ntext Hi\nfinish length model_context_window_exceeded");
}

static void test_an_end_without_a_reason(void **state) {
    (void)state;
    expect(DATA("{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\"}}")
               TEXT("Hi") DATA("{\"type\":\"message_stop\"}"),
           FAULT_NONE, "start m c\ntext Hi\nfinish stop ");
}

static void test_an_answer_that_is_not_streamed(void **state) {
    (void)state;
    expect("\n{\"id\":\"msg_9\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-y\","
           "\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"cw==\"},{"
           "\"type\":\"text\",\"text\":\"Look\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
           "\"f\",\"input\":{\"a\":[1]}},{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\","
           "\"input\":{}}],\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":3,"
           "\"output_tokens\":4}}\n",
           FAULT_NONE,
           "start msg_9 claude-y\nreasoning Hm\nsignature cw==\ntext Look\ncall 0 t1 f\n"
           "arguments {\"a\":[1]}\ncall 1 t2 g\narguments {}\nusage 3 -1 -1 -1 4 -1\n"
           "finish tool_calls tool_use");
}

static void test_closed_by_its_own_sink(void **state) {
    (void)state;
    lines_close_at_text(&anthropic_provider,
                        START EMPTY_TEXT TEXT("Hi") TEXT("no") END("end_turn", "{}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_what_comes_after_the_end),
        cmocka_unit_test(test_the_end_replaces_counts),
        cmocka_unit_test(test_thinking_with_its_signature),
        cmocka_unit_test(test_calls_side_by_side),
        cmocka_unit_test(test_a_call_without_a_name_is_none),
        cmocka_unit_test(test_what_the_vendor_runs_itself_is_no_call),
        cmocka_unit_test(test_a_refusal_is_said_where_nothing_else_was),
        cmocka_unit_test(test_a_message_that_begins_twice),
        cmocka_unit_test(test_an_error_in_the_stream),
        cmocka_unit_test(test_a_cut_stream_is_no_answer),
        cmocka_unit_test(test_an_end_without_message_stop),
        cmocka_unit_test(test_an_end_without_a_reason),
        cmocka_unit_test(test_an_answer_that_is_not_streamed),
        cmocka_unit_test(test_closed_by_its_own_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
