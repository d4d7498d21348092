#include "lines.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *bytes, enum fault_kind kind, const char *lines) {
    lines_expect(&gemini_provider, bytes, kind, lines);
}

#define DATA(json) "data: " json "\r\n\r\n"
#define PART(part) "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" part "]}}]}"
#define LAST(part, reason)                                                                         \
    DATA("{\"candidates\":[{\"content\":{\"parts\":[" part "],\"role\":\"model\"},\"finishReason"  \
         "\":\"" reason "\",\"index\":0}]}")
#define TEXT(text) "{\"text\":\"" text "\"}"
#define STOP       LAST(TEXT(""), "STOP")

static void test_text(void **state) {
    (void)state;
    expect(DATA("{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Gr\\u00fc"
                "\"}]}}],\"usageMetadata\":{\"promptTokenCount\":9,\"totalTokenCount\":9},"
                "\"modelVersion\":\"gemini-x\",\"responseId\":\"r1\"}")
               DATA(PART(TEXT("\\u00dfe \xf0\x9d\x84\x9e"))) DATA(
                   "{\"candidates\":[{\"content\":{\"role\":\"model\"},\"finishReason\":\"STOP\"}],"
                   "\"usageMetadata\":{\"promptTokenCount\":9,\"cachedContentTokenCount\":4,"
                   "\"candidatesTokenCount\":3,\"thoughtsTokenCount\":20,"
                   "\"toolUsePromptTokenCount\":2}}"),
           FAULT_NONE,
           "start r1 gemini-x\ntext Grü\nusage 9 -1 -1 -1 -1 -1\ntext ße 𝄞\n"
           "usage 7 4 -1 -1 3 20\nfinish stop STOP");
}

static void test_thoughts_and_signatures(void **state) {
    (void)state;
    expect(DATA(PART("{\"text\":\"Let me \",\"thought\":true}"))
               DATA(PART("{\"text\":\"see.\",\"thought\":true}," TEXT("Yes")))
                   LAST("{\"text\":\"\",\"thoughtSignature\":\"c2ln\"}", "MAX_TOKENS"),
           FAULT_NONE,
           "start  \nreasoning Let me see.\ntext Yes\nsignature c2ln\nfinish length MAX_TOKENS");
}

static void test_calls(void **state) {
    (void)state;
    expect(DATA("{\"responseId\":\"a-b\",\"modelVersion\":\"g\",\"candidates\":[{\"content\":{"
                "\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}},"
                "\"thoughtSignature\":\"c2ln\"},{\"functionCall\":{\"name\":\"g\"}},{"
                "\"functionCall\":{\"name\":\"h\",\"id\":\"own\",\"args\":{}}}]}}]}") STOP,
           FAULT_NONE,
           "start a-b g\ncall 0 call_a-b_1 f\narguments {\"a\":1}\nsignature c2ln\n"
           "call 1 call_a-b_2 g\narguments {}\ncall 2 own h\narguments {}\nfinish tool_calls STOP");
}

#define PIECE(path, value)                                                                         \
    DATA(PART("{\"functionCall\":{\"partialArgs\":[{\"jsonPath\":\"" path "\"," value              \
              "}],\"willContinue\":true}}"))
#define BEGIN_CALL                                                                                 \
    DATA(PART("{\"functionCall\":{\"name\":\"f\",\"willContinue\":true},\"thoughtSignature\":"     \
              "\"c2ln\"}"))

static void test_calls_in_pieces(void **state) {
    (void)state;
    expect(BEGIN_CALL PIECE("$.items[0].name", "\"stringValue\":\"app\",\"willContinue\":true")
               PIECE("$.items[0].name", "\"stringValue\":\"le \\\"\"")
                   PIECE("$.items[0].price", "\"numberValue\":0.5")
                       PIECE("$.items[1]['a b']", "\"boolValue\":true")
                           PIECE("$.none", "\"nullValue\":\"NULL_VALUE\"")
                               PIECE("$.list[2]", "\"numberValue\":3")
                                   DATA(PART("{\"functionCall\":{}}")) STOP,
           FAULT_NONE,
           "start  \ncall 0 call_1 f\narguments {\"items\":[{\"name\":\"apple \\\"\",\"price\":0.5}"
           ",{\"a b\":true}],\"none\":null,\"list\":[null,null,3]}\nsignature c2ln\n"
           "finish tool_calls STOP");
}

/* The end of a call may be missing; paths may lead nowhere. */
static void test_calls_in_broken_pieces(void **state) {
    (void)state;
    expect(BEGIN_CALL PIECE("$.a", "\"stringValue\":\"x\"") PIECE("$.a.b", "\"numberValue\":1")
               PIECE("$.a[0]", "\"numberValue\":1") PIECE("b", "\"numberValue\":1")
                   PIECE("$.c[x]", "\"numberValue\":1") PIECE("$.c[", "\"numberValue\":1")
                       PIECE("$..", "\"numberValue\":1") PIECE("$.c['", "\"numberValue\":1")
                           PIECE("$.e[99999999]", "\"numberValue\":1")
                               DATA(PART("{\"functionCall\":{\"name\":\"g\",\"args\":{}}}")) STOP,
           FAULT_NONE,
           "start  \ncall 0 call_1 f\narguments {\"a\":\"x\",\"c\":null,\"e\":null}\nsignature c2ln"
           "\ncall 1 call_2 g\narguments {}\nfinish tool_calls STOP");
    expect(BEGIN_CALL, FAULT_PROVIDER_TRUNCATED, "start  \ncall 0 call_1 f");
    expect(DATA(PART("{\"functionCall\":{}}")) STOP, FAULT_NONE, "start  \nfinish stop STOP");
}

static void test_what_the_vendor_runs_itself_is_no_text(void **state) {
    (void)state;
    expect(
        DATA(PART("{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"print(1)\"}},{"
                  "\"codeExecutionResult\":{\"outcome\":\"OUTCOME_OK\",\"output\":\"1\"}},"
                  "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}," TEXT("One")))
            STOP,
        FAULT_NONE, "start  \ntext One\nfinish stop STOP");
}

static void test_reasons(void **state) {
    (void)state;
    expect(LAST(TEXT("a"), "RECITATION"), FAULT_NONE,
           "start  \ntext a\nfinish content_filter RECITATION");
    expect(LAST(TEXT("a"), "STOP") LAST("", "SAFETY"), FAULT_NONE,
           "start  \ntext a\nfinish content_filter SAFETY");
    expect(LAST("", "MALFORMED_FUNCTION_CALL"), FAULT_NONE,
           "start  \nfinish error MALFORMED_FUNCTION_CALL");
    expect(LAST(TEXT("a"), "SOMETHING_NEW"), FAULT_NONE,
           "start  \ntext a\nfinish stop SOMETHING_NEW");
    expect(DATA("{\"candidates\":[{\"finishReason\":2}]}"), FAULT_NONE,
           "start  \nfinish length MAX_TOKENS");
    expect(DATA("{\"candidates\":[{\"index\":1,\"finishReason\":\"STOP\"}]}"),
           FAULT_PROVIDER_TRUNCATED, "");
}

static void test_a_refusal_is_said_where_nothing_else_was(void **state) {
    (void)state;
    expect(DATA("{\"candidates\":[{\"finishReason\":\"SAFETY\",\"finishMessage\":\"Not that.\"}]}"),
           FAULT_NONE, "start  \nrefusal Not that.\nfinish content_filter SAFETY");
    expect(DATA(PART(TEXT("Hm")))
               DATA("{\"candidates\":[{\"finishReason\":\"SAFETY\",\"finishMessage\":\"No.\"}]}"),
           FAULT_NONE, "start  \ntext Hm\nfinish content_filter SAFETY");
}

static void test_a_blocked_prompt(void **state) {
    (void)state;
    expect(DATA("{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":{"
                "\"promptTokenCount\":5}}"),
           FAULT_NONE, "start  \nusage 5 -1 -1 -1 -1 -1\nfinish content_filter PROHIBITED_CONTENT");
    expect(DATA("{\"promptFeedback\":{\"blockReason\":\"SAFETY\",\"blockReasonMessage\":\"No.\"}}"),
           FAULT_NONE, "start  \nrefusal No.\nfinish content_filter SAFETY");
}

#define ERROR                                                                                      \
    "{\r\n  \"error\": {\r\n    \"code\": 503,\r\n    \"message\": \"Busy\",\r\n    \"status\": "  \
    "\"UNAVAILABLE\"\r\n  }\r\n}\r\n"

static void test_errors_in_the_stream(void **state) {
    (void)state;
    expect(DATA(PART(TEXT("Hi"))) DATA("{\"error\":{\"code\":429,\"message\":\"Slow\",\"status\":"
                                       "\"RESOURCE_EXHAUSTED\"}}"),
           FAULT_PROVIDER_RATE_LIMITED, "start  \ntext Hi");
    /* Bare JSON in several lines, without "data:". */
    expect(LAST(TEXT("Hi"), "STOP") ERROR, FAULT_PROVIDER_OVERLOADED, "start  \ntext Hi");
    expect(LAST(TEXT("Hi"), "STOP") "{\r\n", FAULT_PROVIDER_MALFORMED, "start  \ntext Hi");
    expect(ERROR, FAULT_PROVIDER_OVERLOADED, "");
    expect("[" ERROR "]", FAULT_PROVIDER_OVERLOADED, "");
    expect(DATA("{\"candidates\":"), FAULT_PROVIDER_MALFORMED, "");
}

static void test_a_cut_stream_is_no_answer(void **state) {
    (void)state;
    expect(DATA(PART(TEXT("Hi"))), FAULT_PROVIDER_TRUNCATED, "start  \ntext Hi");
    expect("", FAULT_PROVIDER_TRUNCATED, "");
    expect("[{\"candidates\":[{\"finishReason\":\"STOP\"}]}", FAULT_PROVIDER_TRUNCATED, "");
}

/* As it comes without alt=sse: all pieces in one array. */
static void test_an_array(void **state) {
    (void)state;
    expect("[" PART(TEXT("Hi")) "\n,\r\n" PART(
               TEXT(" you")) ",{\"candidates\":[{\"finishReason\":\"STOP\"}]}]",
           FAULT_NONE, "start  \ntext Hi you\nfinish stop STOP");
}

static void test_closed_by_its_own_sink(void **state) {
    (void)state;
    lines_close_at_text(&gemini_provider, DATA(PART(TEXT("Hi"))) DATA(PART(TEXT("no"))) STOP);
    lines_close_at_text(&gemini_provider, DATA(PART(TEXT("Hi") "," TEXT("no"))) ERROR);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_thoughts_and_signatures),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_calls_in_pieces),
        cmocka_unit_test(test_calls_in_broken_pieces),
        cmocka_unit_test(test_what_the_vendor_runs_itself_is_no_text),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_a_refusal_is_said_where_nothing_else_was),
        cmocka_unit_test(test_a_blocked_prompt),
        cmocka_unit_test(test_errors_in_the_stream),
        cmocka_unit_test(test_a_cut_stream_is_no_answer),
        cmocka_unit_test(test_an_array),
        cmocka_unit_test(test_closed_by_its_own_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
