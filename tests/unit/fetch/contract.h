/* Each contract test runs twice: once with everything on libcurl, once with the fetcher as it is
 * made. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"

extern struct fetcher *(*contract_create)(struct loop *loop);

int contract_use_libcurl(void **state);
int contract_use_default(void **state);

#define CONTRACT_RUN(tests)                                                                        \
    (cmocka_run_group_tests_name("libcurl", tests, contract_use_libcurl, NULL) +                   \
     cmocka_run_group_tests_name("default", tests, contract_use_default, NULL))

#define assert_slice(value, text)                                                                  \
    do {                                                                                           \
        struct slice slice_ = (value);                                                             \
        assert_int_equal(slice_.size, strlen(text));                                               \
        assert_memory_equal(slice_.data, text, slice_.size);                                       \
    } while (0)

/* What ended a call, with all that the contract says of a fault. */
void assert_fault(const struct call *call, enum fault_kind kind, const char *code);
void assert_whole(const struct call *call, int status, const char *body);
