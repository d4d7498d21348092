#include "base/fault.h"
#include "base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void fills_and_resets(void **state) {
    (void)state;
    struct fault fault = {.status = 500, .detail = "old", .code = "old", .param = "old"};
    assert_false(fault_set(&fault, FAULT_RATE_LIMITED, "wait %d s", 3));
    assert_int_equal(fault.kind, FAULT_RATE_LIMITED);
    assert_true(fault.retryable);
    assert_int_equal(fault.status, 0);
    assert_true(fault.retry_after_ms == -1);
    assert_string_equal(fault.message, "wait 3 s");
    assert_string_equal(fault.detail, "");
    assert_string_equal(fault.code, "");
    assert_string_equal(fault.param, "");

    assert_false(fault_param(&fault, "messages[%d]", 2));
    assert_false(fault_detail(&fault, "inner %s", "address"));
    assert_string_equal(fault.param, "messages[2]");
    assert_string_equal(fault.detail, "inner address");
    assert_string_equal(fault.message, "wait 3 s");
}

static void takes_no_fault(void **state) {
    (void)state;
    assert_false(fault_set(NULL, FAULT_INTERNAL, "%s", "x"));
    assert_false(fault_detail(NULL, "x"));
    assert_false(fault_param(NULL, "x"));
}

static void may_quote_itself(void **state) {
    (void)state;
    struct fault fault;
    fault_set(&fault, FAULT_STORE, "disk full");
    fault_set(&fault, FAULT_INTERNAL, "while saving: %s", fault.message);
    assert_string_equal(fault.message, "while saving: disk full");
    fault_detail(&fault, "errno 28");
    fault_detail(&fault, "write: %s", fault.detail);
    assert_string_equal(fault.detail, "write: errno 28");
}

static void cuts_at_a_boundary(void **state) {
    (void)state;
    char text[2000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', sizeof text);
        for (size_t i = shift; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xF0\x9F\x98\x80", 4);
        text[sizeof text - 1] = '\0';
        struct fault fault;
        fault_set(&fault, FAULT_INTERNAL, "%s", text);
        fault_param(&fault, "%s", text);
        fault_detail(&fault, "%s", text);
        assert_true(utf8_valid(slice_of(fault.message)));
        assert_true(utf8_valid(slice_of(fault.param)));
        assert_true(utf8_valid(slice_of(fault.detail)));
        assert_in_range(strlen(fault.message), sizeof fault.message - 4, sizeof fault.message - 1);
        assert_in_range(strlen(fault.param), sizeof fault.param - 4, sizeof fault.param - 1);
        assert_in_range(strlen(fault.detail), sizeof fault.detail - 4, sizeof fault.detail - 1);
    }
}

static void names_every_kind(void **state) {
    (void)state;
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        const char *name = fault_kind_name((enum fault_kind)kind);
        assert_non_null(name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        for (int other = 0; other < kind; other++)
            assert_string_not_equal(name, fault_kind_name((enum fault_kind)other));
    }
    assert_string_equal(fault_kind_name(FAULT_PROVIDER_RATE_LIMITED), "provider_rate_limited");
    assert_string_equal(fault_kind_name(FAULT_KIND_COUNT), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_resets), cmocka_unit_test(takes_no_fault),
        cmocka_unit_test(may_quote_itself), cmocka_unit_test(cuts_at_a_boundary),
        cmocka_unit_test(names_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
