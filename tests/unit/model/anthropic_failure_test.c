#include "base/clock.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct slice header_in(const void *head, const char *name) {
    const char *const *pairs = head;
    for (; pairs && *pairs; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return slice_of(pairs[1]);
    return (struct slice){NULL, 0};
}

static struct fault failure(int status, const char *const *headers, const char *body) {
    struct fault fault = {0};
    struct model_reply_head head = {status, header_in, headers};
    anthropic_provider.failure(&head, slice_of(body), &fault);
    assert_int_equal(fault.status, status);
    return fault;
}

#define BODY(type, message)                                                                        \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message                  \
    "\"},\"request_id\":\"req_1\"}"

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum fault_kind kind;
        bool retryable;
    } cases[] = {
        {400, BODY("invalid_request_error", "max_tokens: field required"),
         FAULT_PROVIDER_BAD_REQUEST, false},
        {400, BODY("invalid_request_error", "prompt is too long: 250001 tokens > 200000 maximum"),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {400,
         BODY("invalid_request_error", "input length and `max_tokens` exceed context limit: 199999 "
                                       "+ 8192 > 200000"),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {400, BODY("invalid_request_error", "Your credit balance is too low to access the API."),
         FAULT_PROVIDER_QUOTA, false},
        {400, BODY("invalid_request_error", "You have reached your specified API usage limits."),
         FAULT_PROVIDER_QUOTA, false},
        {401, BODY("authentication_error", "invalid x-api-key"), FAULT_PROVIDER_AUTH, false},
        {402, BODY("billing_error", "Pay"), FAULT_PROVIDER_QUOTA, false},
        {403, BODY("permission_error", "No"), FAULT_PROVIDER_AUTH, false},
        {404, BODY("not_found_error", "model: claude-9"), FAULT_PROVIDER_MODEL_NOT_FOUND, false},
        {413, BODY("request_too_large", "Too large"), FAULT_PROVIDER_BAD_REQUEST, false},
        {429, BODY("rate_limit_error", "Slow"), FAULT_PROVIDER_RATE_LIMITED, true},
        {429,
         "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\","
         "\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}",
         FAULT_PROVIDER_QUOTA, false},
        {500, BODY("api_error", "Oops"), FAULT_PROVIDER_OVERLOADED, true},
        {504, BODY("timeout_error", "Late"), FAULT_PROVIDER_OVERLOADED, true},
        {529, BODY("overloaded_error", "Overloaded"), FAULT_PROVIDER_OVERLOADED, true},
        {502, "<html><body>Bad gateway</body></html>", FAULT_PROVIDER_OVERLOADED, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = failure(cases[i].status, NULL, cases[i].body);
        assert_string_equal(fault_kind_name(fault.kind), fault_kind_name(cases[i].kind));
        assert_int_equal(fault.retryable, cases[i].retryable);
        assert_int_equal(fault.retry_after_ms, -1);
    }
}

static void test_waits(void **state) {
    (void)state;
    static const char *const said[] = {"retry-after", "7", NULL};
    assert_int_equal(failure(429, said, BODY("rate_limit_error", "x")).retry_after_ms, 7000);
    static const char *const past[] = {"anthropic-ratelimit-tokens-remaining",
                                       "0",
                                       "anthropic-ratelimit-tokens-reset",
                                       "2020-01-01T00:00:00Z",
                                       "anthropic-ratelimit-requests-remaining",
                                       "10",
                                       "anthropic-ratelimit-requests-reset",
                                       "2999-01-01T00:00:00Z",
                                       NULL};
    assert_int_equal(failure(429, past, BODY("rate_limit_error", "x")).retry_after_ms, 0);
    char soon[25];
    clock_format(clock_wall_ms() + 3600 * 1000, soon);
    const char *const later[] = {"anthropic-ratelimit-input-tokens-remaining", "0",
                                 "anthropic-ratelimit-input-tokens-reset", soon, NULL};
    int64_t wait_ms = failure(429, later, BODY("rate_limit_error", "x")).retry_after_ms;
    assert_in_range(wait_ms, 3000 * 1000, 3600 * 1000);
    static const char *const bad[] = {"anthropic-ratelimit-tokens-remaining", "0",
                                      "anthropic-ratelimit-tokens-reset", "20x0-01-01T00:00:00Z",
                                      NULL};
    assert_int_equal(failure(429, bad, BODY("rate_limit_error", "x")).retry_after_ms, -1);
    assert_int_equal(failure(500, later, BODY("api_error", "x")).retry_after_ms, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
