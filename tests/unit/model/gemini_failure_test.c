#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct slice no_header(const void *head, const char *name) {
    (void)head, (void)name;
    return (struct slice){NULL, 0};
}

static struct fault failure(int status, const char *body) {
    struct fault fault = {0};
    struct model_reply_head head = {status, no_header, NULL};
    gemini_provider.failure(&head, slice_of(body), &fault);
    assert_int_equal(fault.status, status);
    return fault;
}

#define BODY(status, message, details)                                                             \
    "{\"error\":{\"code\":400,\"message\":\"" message "\",\"status\":\"" status                    \
    "\",\"details\":[" details "]}}"
#define REASON(reason) "{\"@type\":\"x/ErrorInfo\",\"reason\":\"" reason "\"}"

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum fault_kind kind;
        bool retryable;
    } cases[] = {
        {400, BODY("INVALID_ARGUMENT", "Request contains an invalid argument.", ""),
         FAULT_PROVIDER_BAD_REQUEST, false},
        {400, BODY("INVALID_ARGUMENT", "API key not valid.", REASON("API_KEY_INVALID")),
         FAULT_PROVIDER_AUTH, false},
        {400,
         BODY("INVALID_ARGUMENT",
              "The input token count (1200000) exceeds the maximum number of tokens allowed "
              "(1048576).",
              ""),
         FAULT_PROVIDER_CONTEXT_TOO_LONG, false},
        {400, BODY("FAILED_PRECONDITION", "User location is not supported.", ""),
         FAULT_PROVIDER_BAD_REQUEST, false},
        {403, BODY("PERMISSION_DENIED", "No", ""), FAULT_PROVIDER_AUTH, false},
        {404, BODY("NOT_FOUND", "models/x is not found", ""), FAULT_PROVIDER_MODEL_NOT_FOUND,
         false},
        {429, BODY("RESOURCE_EXHAUSTED", "Slow", REASON("RATE_LIMIT_EXCEEDED")),
         FAULT_PROVIDER_RATE_LIMITED, true},
        {499, BODY("CANCELLED", "The operation was cancelled.", ""), FAULT_PROVIDER_OVERLOADED,
         true},
        {500, BODY("INTERNAL", "Oops", ""), FAULT_PROVIDER_OVERLOADED, true},
        {503, BODY("UNAVAILABLE", "The model is overloaded.", ""), FAULT_PROVIDER_OVERLOADED, true},
        {504, BODY("DEADLINE_EXCEEDED", "Late", ""), FAULT_PROVIDER_OVERLOADED, true},
        {429, "[" BODY("RESOURCE_EXHAUSTED", "Slow", "") "]", FAULT_PROVIDER_RATE_LIMITED, true},
        {404, "<!DOCTYPE html><html lang=en>", FAULT_PROVIDER_MODEL_NOT_FOUND, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = failure(cases[i].status, cases[i].body);
        assert_string_equal(fault_kind_name(fault.kind), fault_kind_name(cases[i].kind));
        assert_int_equal(fault.retryable, cases[i].retryable);
        assert_int_equal(fault.retry_after_ms, -1);
    }
}

static void test_the_wait_in_the_body(void **state) {
    (void)state;
    struct fault fault =
        failure(429, BODY("RESOURCE_EXHAUSTED", "You exceeded your current quota.",
                          "{\"@type\":\"x/QuotaFailure\",\"violations\":[{\"quotaId\":\"q\"}]},"
                          "{\"@type\":\"x/RetryInfo\",\"retryDelay\":\"34.4s\"}"));
    assert_int_equal(fault.kind, FAULT_PROVIDER_RATE_LIMITED);
    assert_int_equal(fault.retry_after_ms, 34400);
    assert_string_equal(fault.code, "RESOURCE_EXHAUSTED");
    assert_string_equal(fault.detail, "You exceeded your current quota.");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_the_wait_in_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
