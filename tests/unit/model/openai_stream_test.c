/* What OpenAI and the servers that imitate it say differently; the streams are written by hand
 * after recorded ones. */
#include "base/arena.h"
#include "base/buffer.h"
#include "lines.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DATA(json)    "data: " json "\n\n"
#define CHUNK(choice) DATA("{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0," choice "}]}")
#define DELTA(inside) CHUNK("\"delta\":{" inside "},\"finish_reason\":null")
#define TEXT(words)   DELTA("\"content\":\"" words "\"")
#define END(word)     CHUNK("\"delta\":{},\"finish_reason\":\"" word "\"")
#define USAGE(inside) DATA("{\"id\":\"c1\",\"model\":\"m\",\"choices\":[],\"usage\":{" inside "}}")
#define DONE          "data: [DONE]\n\n"

static void expect_fault(const char *bytes, enum fault_kind kind, const char *lines) {
    lines_expect(&openai_provider, bytes, kind, lines);
}

static void expect(const char *bytes, const char *lines) {
    expect_fault(bytes, FAULT_NONE, lines);
}

static void count_calls(void *user, const struct model_event *event) {
    size_t *calls = user;
    *calls += event->kind == MODEL_EVENT_TOOL_CALL;
}

/* The fault of a reply read at once; the number of its calls is counted. */
static struct fault fault_of(struct slice bytes, size_t *calls) {
    struct fault fault = {0};
    struct arena *arena = arena_create(1024);
    struct model_stream *stream = openai_provider.open(arena, count_calls, calls);
    if (openai_provider.feed(stream, bytes, &fault))
        (void)!openai_provider.end(stream, &fault);
    else
        openai_provider.close(stream);
    arena_destroy(arena);
    return fault;
}

static void test_text(void **state) {
    (void)state;
    expect(DELTA("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null") TEXT("Hel")
               TEXT("lo \\u2026\\n") END("stop")
                   USAGE("\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12") DONE,
           "start c1 m\ntext Hello \xE2\x80\xA6\n\nusage 9 -1 -1 -1 3 -1\nfinish stop stop");
}

static void test_usage_is_split_into_classes(void **state) {
    (void)state;
    expect(END("stop") USAGE("\"prompt_tokens\":100,\"completion_tokens\":50,"
                             "\"total_tokens\":150,\"prompt_tokens_details\":{\"cached_tokens\":60,"
                             "\"cache_write_tokens\":10},\"completion_tokens_details\":{"
                             "\"reasoning_tokens\":20}") DONE,
           "start c1 m\nusage 30 60 10 -1 30 20\nfinish stop stop");
}

/* xAI counts reasoning beside the completion, DeepSeek and Moonshot name cached tokens otherwise.
 */
static void test_usage_of_others(void **state) {
    (void)state;
    expect(END("stop") USAGE("\"prompt_tokens\":12,\"completion_tokens\":1,\"total_tokens\":303,"
                             "\"completion_tokens_details\":{\"reasoning_tokens\":290}") DONE,
           "start c1 m\nusage 12 -1 -1 -1 1 290\nfinish stop stop");
    expect(END("stop") USAGE("\"prompt_tokens\":12,\"completion_tokens\":1,"
                             "\"prompt_cache_hit_tokens\":8,\"prompt_cache_miss_tokens\":4") DONE,
           "start c1 m\nusage 4 8 -1 -1 1 -1\nfinish stop stop");
    expect(CHUNK("\"delta\":{},\"finish_reason\":\"stop\",\"usage\":{\"prompt_tokens\":5,"
                 "\"completion_tokens\":1,\"cached_tokens\":2}") DONE,
           "start c1 m\nusage 3 2 -1 -1 1 -1\nfinish stop stop");
    expect(DATA("{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},"
                "\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":5,"
                "\"completion_tokens\":2}}}") DONE,
           "start c1 m\nusage 5 -1 -1 -1 2 -1\nfinish stop stop");
}

static void test_nonsense_in_usage(void **state) {
    (void)state;
    expect(END("stop") USAGE("\"prompt_tokens\":-3,\"completion_tokens\":9e99,"
                             "\"total_tokens\":\"many\",\"prompt_tokens_details\":7") DONE,
           "start c1 m\nusage -1 -1 -1 -1 -1 -1\nfinish stop stop");
}

/* Perplexity reports in every chunk: the last one counts, and its final object repeats the text. */
static void test_usage_in_every_chunk_and_a_repeated_message(void **state) {
    (void)state;
    expect(
        "data: {\"id\":\"p\",\"model\":\"sonar\",\"choices\":[{\"index\":0,\"delta\":{"
        "\"content\":\"Hi\"}}],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}\r\n\r\n"
        "data: {\"id\":\"p\",\"model\":\"sonar\",\"object\":\"chat.completion.done\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}"
        "\r\n\r\n",
        "start p sonar\ntext Hi\nusage 2 -1 -1 -1 1 -1\nusage 2 -1 -1 -1 1 -1\nfinish stop stop");
}

#define CALLS(inside) DELTA("\"tool_calls\":[" inside "]")

static void test_parallel_calls_by_index(void **state) {
    (void)state;
    expect(CALLS("{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\","
                 "\"arguments\":\"\"}}")
               CALLS("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\","
                     "\"arguments\":\"\"}}")
                   CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}")
                       CALLS("{\"index\":1,\"function\":{\"arguments\":\"{}\"}}")
                           CALLS("{\"index\":0,\"function\":{\"arguments\":\"1}\"}}")
                               END("tool_calls") DONE,
           "start c1 m\ncall 0 a f\ncall 1 b g\narguments {\"x\":\narguments {}"
           "\narguments 1}\nfinish tool_calls tool_calls");
}

/* Ollama: whole calls in one delta; others number all calls 0, or not at all, or give no ids. */
/* The one whose name comes late is announced later, and counted then; a made-up id is a free one.
 */
static void test_a_call_named_late(void **state) {
    (void)state;
    expect(CALLS("{\"index\":0,\"function\":{\"arguments\":\"{}\"}}")
               CALLS("{\"index\":1,\"id\":\"call_2\",\"function\":{\"name\":\"g\","
                     "\"arguments\":\"{}\"}}") CALLS("{\"index\":0,\"function\":{\"name\":\"f\"}}")
                   END("tool_calls"),
           "start c1 m\ncall 0 call_2 g\narguments {}\ncall 1 call_3 f\narguments {}"
           "\nfinish tool_calls tool_calls");
}

static void test_calls_of_others(void **state) {
    (void)state;
    expect(CALLS("{\"id\":\"a\",\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                 "{\"id\":\"b\",\"index\":0,\"function\":{\"name\":\"g\",\"arguments\":{\"y\":2}}}")
               END("stop") DONE,
           "start c1 m\ncall 0 a f\narguments {}\ncall 1 b g\narguments {\"y\":2}"
           "\nfinish tool_calls stop");
    expect(CALLS("{\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}")
               CALLS("{\"function\":{\"arguments\":\":1}\"}}")
                   CALLS("{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}") END("tool_calls"),
           "start c1 m\ncall 0 call_1 f\narguments {\"a\":1}\ncall 1 call_2 f\narguments {}"
           "\nfinish tool_calls tool_calls");
}

static void test_arguments_before_the_name(void **state) {
    (void)state;
    expect(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{\\\"q\\\":\"}}")
               CALLS("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"3}\"}}")
                   END("tool_calls"),
           "start c1 m\ncall 0 a f\narguments {\"q\":3}\nfinish tool_calls tool_calls");
}

static void test_a_call_of_the_old_form(void **state) {
    (void)state;
    expect(DELTA("\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}")
               DELTA("\"function_call\":{\"arguments\":\"{}\"}") END("function_call"),
           "start c1 m\ncall 0 call_1 f\narguments {}\nfinish tool_calls function_call");
}

/* Snowflake: an empty one in each answer, and no reasons. */
static void test_an_empty_call_is_none(void **state) {
    (void)state;
    expect("{\"id\":\"\",\"model\":\"c\",\"choices\":[{\"finish_reason\":\"\",\"index\":0,"
           "\"message\":{\"content\":\"4\",\"function_call\":{\"arguments\":\"\",\"name\":\"\"},"
           "\"tool_calls\":null}}]}",
           "start  c\ntext 4\nfinish stop ");
}

static void test_reasoning(void **state) {
    (void)state;
    expect(DELTA("\"reasoning_content\":\"Hm\",\"content\":null")
               DELTA("\"reasoning_content\":\"m\",\"content\":\"\"") TEXT("42") END("stop"),
           "start c1 m\nreasoning Hmm\ntext 42\nfinish stop stop");
    /* OpenRouter says it twice, and adds a signature. */
    expect(DELTA("\"content\":\"\",\"reasoning\":\"Hm\",\"reasoning_details\":[{\"type\":"
                 "\"reasoning.text\",\"text\":\"Hm\"}]")
               DELTA("\"reasoning\":null,\"reasoning_details\":[{\"type\":\"reasoning.text\","
                     "\"signature\":\"sig\"}]") END("stop"),
           "start c1 m\nreasoning Hm\nsignature sig\nfinish stop stop");
    /* Details alone. */
    expect(DELTA("\"reasoning_details\":[{\"type\":\"reasoning.summary\",\"summary\":\"S\"},"
                 "{\"type\":\"reasoning.encrypted\",\"data\":\"xyz\"}]") END("stop"),
           "start c1 m\nreasoning S\nsignature xyz\nfinish stop stop");
}

static void test_content_in_parts(void **state) {
    (void)state;
    expect(DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":"
                 "\"Hm\"}]},{\"type\":\"text\",\"text\":\"Yes\"}]") END("stop"),
           "start c1 m\nreasoning Hm\ntext Yes\nfinish stop stop");
}

static void test_refusal(void **state) {
    (void)state;
    expect(DELTA("\"refusal\":\"I \"") DELTA("\"refusal\":\"can't.\"") END("stop"),
           "start c1 m\nrefusal I can't.\nfinish stop stop");
}

static void test_only_the_first_choice(void **state) {
    (void)state;
    expect(DATA("{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":1,\"delta\":{\"content\":"
                "\"no\"},\"finish_reason\":\"length\"},{\"index\":0,\"delta\":{\"content\":"
                "\"yes\"}}]}") END("stop"),
           "start c1 m\ntext yes\nfinish stop stop");
}

static void test_finish_reasons(void **state) {
    (void)state;
    expect(TEXT("a") END("length"), "start c1 m\ntext a\nfinish length length");
    expect(TEXT("a") END("content_filter"),
           "start c1 m\ntext a\nfinish content_filter content_filter");
    expect(TEXT("a") END("insufficient_system_resource"),
           "start c1 m\ntext a\nfinish error insufficient_system_resource");
    expect(TEXT("a") END("eos"), "start c1 m\ntext a\nfinish stop eos");
    /* [DONE] without a reason. */
    expect(TEXT("a") DONE, "start c1 m\ntext a\nfinish stop ");
}

/* Azure begins with a chunk without choices; comments and unknown fields are of no interest. */
static void test_what_is_not_understood(void **state) {
    (void)state;
    expect(
        DATA(
            "{\"choices\":[],\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[{}]}") ": "
                                                                                          "OPENROU"
                                                                                          "TER "
                                                                                          "PROCESS"
                                                                                          "ING\n\n"
                                                                                          "id: "
                                                                                          "7\nretr"
                                                                                          "y: "
                                                                                          "1"
                                                                                          "\n" TEXT("a") DATA(
                                                                                              "{\""
                                                                                              "id"
                                                                                              "\":"
                                                                                              "\"c"
                                                                                              "1\""
                                                                                              ",\""
                                                                                              "cho"
                                                                                              "ice"
                                                                                              "s\""
                                                                                              ":nu"
                                                                                              "ll,"
                                                                                              "\"l"
                                                                                              "ate"
                                                                                              "r\""
                                                                                              ":{}"
                                                                                              "}")
                                                                                              DATA("") END(
                                                                                                  "stop")
                                                                                                  DONE
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"late\"}}]}\n\n",
        "start c1 m\ntext a\nfinish stop stop");
}

static void test_characters_cut_in_two(void **state) {
    (void)state;
    /* A pair of surrogates, and a sequence of three bytes, by halves. */
    expect(TEXT("\\ud83d") TEXT("\\ude00") TEXT("\xE2\x82") TEXT("\xAC!") END("stop"),
           "start c1 m\ntext \xF0\x9F\x98\x80\xE2\x82\xAC!\nfinish stop stop");
    expect(TEXT("a\\ud83d") END("stop"), "start c1 m\ntext a\xEF\xBF\xBD\nfinish stop stop");
}

static void test_a_whole_answer(void **state) {
    (void)state;
    expect(" {\"id\":\"c1\",\"model\":\"m\",\"object\":\"chat.completion\",\"choices\":[{"
           "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\",\"tool_calls\":[{"
           "\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"
           "]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":1,"
           "\"completion_tokens\":2,\"total_tokens\":3}}\n",
           "start c1 m\ntext Hi\ncall 0 a f\narguments {}\nusage 1 -1 -1 -1 2 -1"
           "\nfinish tool_calls tool_calls");
}

/* --- failures --- */

static void test_an_answer_that_ends_too_early(void **state) {
    (void)state;
    expect_fault(TEXT("Hel"), FAULT_PROVIDER_TRUNCATED, "start c1 m\ntext Hel");
    expect_fault(TEXT("Hel") "data: {\"id\":\"c1\",\"cho", FAULT_PROVIDER_MALFORMED,
                 "start c1 m\ntext Hel");
    expect_fault(": nothing\n\n", FAULT_PROVIDER_TRUNCATED, "");
    expect_fault("{\"id\":\"c1\",\"choices\":[{\"mess", FAULT_PROVIDER_TRUNCATED, "");
    expect_fault("{}", FAULT_PROVIDER_TRUNCATED, "");
    expect_fault("<html>Bad gateway</html>", FAULT_PROVIDER_TRUNCATED, "");
    expect_fault(TEXT("a") DATA("oops"), FAULT_PROVIDER_MALFORMED, "start c1 m\ntext a");
}

static void test_errors_in_the_stream(void **state) {
    (void)state;
    expect_fault(TEXT("a") DATA("{\"error\":{\"message\":\"Overloaded\",\"code\":502}}") DONE,
                 FAULT_PROVIDER_OVERLOADED, "start c1 m\ntext a");
    expect_fault(TEXT("a") "event: error\n" DATA("{\"error\":{\"message\":\"Bad call\",\"type\":"
                                                 "\"invalid_request_error\",\"code\":"
                                                 "\"tool_use_failed\"}}"),
                 FAULT_PROVIDER_BAD_REQUEST, "start c1 m\ntext a");
    expect_fault(DATA("{\"object\":\"error\",\"message\":\"This model's maximum context length is "
                      "4096 tokens.\",\"code\":400}"),
                 FAULT_PROVIDER_CONTEXT_TOO_LONG, "");
    expect_fault(DATA("{\"error\":\"rate limited\",\"code\":\"rate_limit_exceeded\"}"),
                 FAULT_PROVIDER_RATE_LIMITED, "");
    /* llama.cpp. */
    expect_fault(TEXT("a") "error: {\"error\":{\"message\":\"failed to decode\"}}\n\n",
                 FAULT_PROVIDER_OVERLOADED, "start c1 m\ntext a");
    /* Google's door for clients of OpenAI. */
    expect_fault("[{\"error\":{\"code\":429,\"message\":\"x\",\"status\":\"RESOURCE_EXHAUSTED\"}}]",
                 FAULT_PROVIDER_RATE_LIMITED, "");
    size_t calls = 0;
    struct fault fault =
        fault_of(SLICE(DATA("{\"error\":{\"message\":\"Please wait\",\"code\":503}}")), &calls);
    assert_int_equal(fault.status, 503);
    assert_true(fault.retryable);
    assert_string_equal(fault.detail, "Please wait");
}

static void test_empty_errors_are_none(void **state) {
    (void)state;
    expect(DATA("{\"id\":\"c1\",\"model\":\"m\",\"error\":null,\"choices\":[{\"index\":0,"
                "\"delta\":{\"content\":\"a\"}}]}") END("stop"),
           "start c1 m\ntext a\nfinish stop stop");
}

static void test_too_many_calls_are_dropped(void **state) {
    (void)state;
    struct buffer bytes = {0};
    for (int i = 0; i < 200; i++)
        buffer_printf(&bytes,
                      "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%d,"
                      "\"id\":\"i%d\",\"function\":{\"name\":\"f\"}}]}}]}\n\n",
                      i, i);
    buffer_append_string(&bytes, END("tool_calls"));
    size_t calls = 0;
    struct fault fault = fault_of(buffer_slice(&bytes), &calls);
    assert_int_equal(fault.kind, FAULT_NONE);
    assert_int_equal(calls, 128);
    buffer_finish(&bytes);
}

static void test_a_sink_that_gives_up(void **state) {
    (void)state;
    lines_close_at_text(&openai_provider, TEXT("a") TEXT("b") END("stop") DONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_usage_is_split_into_classes),
        cmocka_unit_test(test_usage_of_others),
        cmocka_unit_test(test_nonsense_in_usage),
        cmocka_unit_test(test_usage_in_every_chunk_and_a_repeated_message),
        cmocka_unit_test(test_parallel_calls_by_index),
        cmocka_unit_test(test_a_call_named_late),
        cmocka_unit_test(test_calls_of_others),
        cmocka_unit_test(test_arguments_before_the_name),
        cmocka_unit_test(test_a_call_of_the_old_form),
        cmocka_unit_test(test_an_empty_call_is_none),
        cmocka_unit_test(test_reasoning),
        cmocka_unit_test(test_content_in_parts),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_only_the_first_choice),
        cmocka_unit_test(test_finish_reasons),
        cmocka_unit_test(test_what_is_not_understood),
        cmocka_unit_test(test_characters_cut_in_two),
        cmocka_unit_test(test_a_whole_answer),
        cmocka_unit_test(test_an_answer_that_ends_too_early),
        cmocka_unit_test(test_errors_in_the_stream),
        cmocka_unit_test(test_empty_errors_are_none),
        cmocka_unit_test(test_too_many_calls_are_dropped),
        cmocka_unit_test(test_a_sink_that_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
