#include "contract.h"
#include "fetch/transport.h"

struct fetcher *(*contract_create)(struct loop *loop);

static void forget_proxies(void) {
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
}

int contract_use_libcurl(void **state) {
    (void)state;
    forget_proxies();
    contract_create = fetcher_create_without_plain;
    return 0;
}

int contract_use_default(void **state) {
    (void)state;
    forget_proxies();
    contract_create = fetcher_create;
    return 0;
}

void assert_fault(const struct call *call, enum fault_kind kind, const char *code) {
    assert_int_equal(call->ends, 1);
    assert_true(call->failed);
    if (call->fault.kind != kind || (code && strcmp(call->fault.code, code) != 0))
        print_error("got %s, code \"%s\": %s\n", fault_kind_name(call->fault.kind),
                    call->fault.code, call->fault.detail);
    assert_string_equal(fault_kind_name(call->fault.kind), fault_kind_name(kind));
    if (code)
        assert_string_equal(call->fault.code, code);
    assert_null(strstr(call->fault.message, "127.0.0.1"));
    assert_null(strstr(call->fault.message, "localhost"));
    assert_int_not_equal(call->fault.message[0], '\0');
    assert_non_null(strstr(call->fault.detail, "://"));
}

void assert_whole(const struct call *call, int status, const char *body) {
    if (call->failed)
        print_error("failed: %s\n", call->fault.detail);
    assert_int_equal(call->ends, 1);
    assert_false(call->failed);
    assert_int_equal(call->heads, 1);
    assert_int_equal(call->status, status);
    assert_slice(buffer_slice(&call->body), body);
}
