/* Error replies of OpenAI and its imitators, after recorded ones. */
#include "base/buffer.h"
#include "base/utf8.h"
#include "model/failure.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct slice header_in(const void *head, const char *name) {
    const char *const *pairs = head;
    for (; pairs && *pairs; pairs += 2)
        if (slice_equal_nocase(slice_of(pairs[0]), slice_of(name)))
            return slice_of(pairs[1]);
    return (struct slice){NULL, 0};
}

static struct fault failure(int status, const char *const *headers, const char *body) {
    struct fault fault = {0};
    struct model_reply_head head = {status, header_in, headers};
    failure_of_reply(&head, slice_of(body), &fault);
    assert_int_equal(fault.status, status);
    assert_true(fault.message[0]);
    return fault;
}

#define BODY(type, code, message)                                                                  \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\",\"param\":null,\"code\":" code  \
    "}}"
#define REQUEST "invalid_request_error"

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum fault_kind kind;
        bool retryable;
    } cases[] = {
        {401, BODY(REQUEST, "\"invalid_api_key\"", "Incorrect API key provided: sk-1."),
         FAULT_PROVIDER_AUTH, false},
        {404, BODY(REQUEST, "\"model_not_found\"", "No such model"), FAULT_PROVIDER_MODEL_NOT_FOUND,
         false},
        {400, BODY(REQUEST, "\"model_not_found\"", "No such model"), FAULT_PROVIDER_MODEL_NOT_FOUND,
         false},
        {400, BODY(REQUEST, "\"context_length_exceeded\"", "Too long"),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {400, BODY(REQUEST, "\"unsupported_parameter\"", "Unsupported parameter: 'max_tokens'"),
         FAULT_PROVIDER_BAD_REQUEST, false},
        {400, BODY(REQUEST, "\"content_filter\"", "Filtered"), FAULT_PROVIDER_CONTENT_FILTER,
         false},
        {429, BODY("insufficient_quota", "\"insufficient_quota\"", "You exceeded your quota"),
         FAULT_PROVIDER_QUOTA, false},
        {429, BODY("insufficient_quota", "\"project_spend_limit_exceeded\"", "x"),
         FAULT_PROVIDER_QUOTA, false},
        {429, BODY("tokens", "\"rate_limit_exceeded\"", "Slow down"), FAULT_PROVIDER_RATE_LIMITED,
         true},
        {500, BODY("server_error", "null", "Oops"), FAULT_PROVIDER_OVERLOADED, true},
        {503, BODY("service_unavailable_error", "\"server_is_overloaded\"", "Oops"),
         FAULT_PROVIDER_OVERLOADED, true},
        /* DeepSeek has one code for all. */
        {400,
         BODY(REQUEST, "\"invalid_request_error\"", "This model's maximum context length is 9"),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {401, BODY("authentication_error", "\"invalid_request_error\"", "Authentication Fails"),
         FAULT_PROVIDER_AUTH, false},
        {402, BODY("unknown_error", "\"invalid_request_error\"", "Insufficient Balance"),
         FAULT_PROVIDER_QUOTA, false},
        {422, BODY(REQUEST, "\"invalid_request_error\"", "Bad"), FAULT_PROVIDER_BAD_REQUEST, false},
        /* xAI: a string, and 400 for a bad key. */
        {400, "{\"code\":\"invalid-argument\",\"error\":\"Incorrect API key provided.\"}",
         FAULT_PROVIDER_AUTH, false},
        /* vLLM before and after 0.16; the code is a number. */
        {400, "{\"object\":\"error\",\"message\":\"maximum context length is 10\",\"code\":400}",
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {400, BODY("BadRequestError", "400", "Bad"), FAULT_PROVIDER_BAD_REQUEST, false},
        /* llama.cpp. */
        {400, BODY("exceed_context_size_error", "400", "x"), FAULT_PROVIDER_CONTEXT_TOO_LONG,
         false},
        {503, BODY("unavailable_error", "503", "Loading model"), FAULT_PROVIDER_OVERLOADED, true},
        /* FastAPI, Azure, proxies. */
        {422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}",
         FAULT_PROVIDER_BAD_REQUEST, false},
        {404, BODY(REQUEST, "\"DeploymentNotFound\"", "x"), FAULT_PROVIDER_MODEL_NOT_FOUND, false},
        {403, "no", FAULT_PROVIDER_AUTH, false},
        {408, "", FAULT_PROVIDER_OVERLOADED, true},
        {413, "Payload Too Large", FAULT_PROVIDER_BAD_REQUEST, false},
        {502, "<html><h1>502 Bad Gateway</h1></html>", FAULT_PROVIDER_OVERLOADED, true},
        {418, "{\"error\":null}", FAULT_PROVIDER_BAD_REQUEST, false},
        {500, "[]", FAULT_PROVIDER_OVERLOADED, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = failure(cases[i].status, NULL, cases[i].body);
        if (fault.kind != cases[i].kind || fault.retryable != cases[i].retryable)
            fail_msg("%d %s: %s", cases[i].status, cases[i].body, fault_kind_name(fault.kind));
        assert_int_equal(fault.retry_after_ms, -1);
    }
}

static void assert_wait(const char *const *headers, int64_t ms) {
    assert_int_equal(failure(429, headers, "{}").retry_after_ms, ms);
}
#define WAIT(ms, ...) assert_wait((const char *const[]){__VA_ARGS__, NULL}, ms)

static void test_waits(void **state) {
    (void)state;
    WAIT(1500, "retry-after-ms", "1500", "retry-after", "9");
    WAIT(1000, "retry-after-ms", "0", "retry-after", "1"); /* Azure */
    WAIT(0, "retry-after-ms", "0");
    WAIT(7000, "Retry-After", "7");
    WAIT(2500, "Retry-After", " 2.5 ");
    WAIT(86400000, "Retry-After", "99999999999999999999");
    WAIT(-1, "Retry-After", "soon");
    WAIT(-1, "Retry-After", "-5");
    WAIT(-1, "Retry-After", "");
    WAIT(-1, "other", "5");
}

#define NOW "date", "Sun, 06 Nov 1994 08:49:37 GMT"

static void test_waits_until_a_date(void **state) {
    (void)state;
    WAIT(30000, NOW, "retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    WAIT(30000, NOW, "retry-after", "Sunday, 06-Nov-94 08:50:07 GMT");
    WAIT(30000, NOW, "retry-after", "Sun Nov  6 08:50:07 1994");
    WAIT(0, NOW, "retry-after", "Sun, 06 Nov 1994 08:00:00 GMT");
    WAIT(86400000, NOW, "retry-after", "Sun, 06 Nov 2094 08:49:37 GMT");
    WAIT(0, "retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"); /* by our own clock */
    WAIT(-1, NOW, "retry-after", "Sun, 06 Nox 1994 08:50:07 GMT");
    WAIT(-1, NOW, "retry-after", "Sun, 06 Nov 1994 28:50:07 GMT");
}

static void test_waits_in_the_body(void **state) {
    (void)state;
    static const char body[] =
        "{\"error\":{\"code\":429,\"message\":\"x\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":["
        "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"34.4s\"}]}}";
    struct fault fault = failure(429, NULL, body);
    assert_int_equal(fault.kind, FAULT_PROVIDER_RATE_LIMITED);
    assert_int_equal(fault.retry_after_ms, 34400);
    static const char *const headers[] = {"retry-after", "2", NULL};
    assert_int_equal(failure(429, headers, body).retry_after_ms, 2000);
}

/* The service knows better whether it pays to try again. */
static void test_should_retry(void **state) {
    (void)state;
    static const char *const no[] = {"x-should-retry", "false", NULL};
    static const char *const yes[] = {"x-should-retry", "true", NULL};
    assert_false(failure(500, no, "{}").retryable);
    assert_true(failure(400, yes, "{}").retryable);
    assert_true(failure(500, NULL, "{}").retryable);
}

static void test_messages(void **state) {
    (void)state;
    struct fault fault = failure(400, NULL, BODY(REQUEST, "\"bad\"", "Too\\n hot"));
    assert_string_equal(fault.detail, "Too hot");
    assert_string_equal(fault.code, "bad");
    assert_non_null(strstr(fault.message, "Too hot"));
    /* What a server behind OpenRouter said. */
    fault = failure(429, NULL,
                    "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,"
                    "\"metadata\":{\"raw\":\"x is busy\"}}}");
    assert_string_equal(fault.detail, "Provider returned error: x is busy");
    /* A page of a proxy says nothing. */
    fault = failure(502, NULL, "<html>nginx</html>");
    assert_null(strstr(fault.message, "nginx"));
}

static void test_secrets_stay_out_of_messages(void **state) {
    (void)state;
    static const char *const secrets[] = {"sk-abcdef",
                                          "gsk_1234",
                                          "AIzaSyA",
                                          "10.0.0.7",
                                          "db.internal",
                                          "org-abc",
                                          "0123456789abcdef0123456789abcdef"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char body[200];
        snprintf(body, sizeof body, "{\"error\":{\"message\":\"Bad thing: %s.\"}}", secrets[i]);
        struct fault fault = failure(400, NULL, body);
        assert_null(strstr(fault.message, secrets[i]));
        assert_null(strstr(fault.detail, secrets[i]));
        assert_non_null(strstr(fault.message, "Bad thing"));
    }
    /* Nor is it a visitor's business how the account stands. */
    struct fault fault = failure(429, NULL, BODY("x", "\"insufficient_quota\"", "You owe 5 USD"));
    assert_null(strstr(fault.message, "USD"));
    assert_non_null(strstr(fault.detail, "USD"));
}

static void test_long_messages_are_cut_within_no_character(void **state) {
    (void)state;
    struct buffer body = {0};
    buffer_append_string(&body, "{\"error\":{\"message\":\"");
    for (int i = 0; i < 5000; i++)
        buffer_append_string(&body, "\xE2\x82\xAC");
    buffer_append_string(&body, "\"}}");
    struct fault fault = failure(400, NULL, buffer_string(&body));
    assert_true(utf8_valid(slice_of(fault.message)));
    assert_true(utf8_valid(slice_of(fault.detail)));
    assert_true(strlen(fault.detail) > 400);
    buffer_finish(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_waits_until_a_date),
        cmocka_unit_test(test_waits_in_the_body),
        cmocka_unit_test(test_should_retry),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_secrets_stay_out_of_messages),
        cmocka_unit_test(test_long_messages_are_cut_within_no_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
