/* Passwords of operators. */
#include "gate/password.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_hash_is_of_its_password(void **state) {
    (void)state;
    char first[PASSWORD_HASH_SIZE], second[PASSWORD_HASH_SIZE];
    struct fault fault;
    assert_true(password_hash(SLICE("correct horse"), first, &fault));
    assert_true(password_hash(SLICE("correct horse"), second, &fault));
    assert_string_not_equal(first, second);
    assert_memory_equal(first, "$argon2id$", 10);
    assert_true(password_check(slice_of(first), SLICE("correct horse")));
    assert_false(password_check(slice_of(first), SLICE("correct horsf")));
    assert_false(password_check(slice_of(first), SLICE("")));
    assert_false(password_check_nobody(SLICE("correct horse")));
}

static void what_is_no_hash_fits_nothing(void **state) {
    (void)state;
    char long_one[300];
    memset(long_one, '$', sizeof long_one);
    assert_false(password_check(SLICE(""), SLICE("")));
    assert_false(password_check(SLICE("$argon2id$nonsense"), SLICE("x")));
    assert_false(password_check((struct slice){long_one, sizeof long_one}, SLICE("x")));
}

static void lengths_have_limits(void **state) {
    (void)state;
    char hash[PASSWORD_HASH_SIZE], long_one[PASSWORD_MAX + 1];
    struct fault fault;
    memset(long_one, 'x', sizeof long_one);
    assert_false(password_hash(SLICE("123456789"), hash, &fault));
    assert_int_equal(fault.kind, FAULT_BAD_INPUT);
    assert_non_null(strstr(fault.message, "at least 10"));
    assert_false(password_hash((struct slice){long_one, sizeof long_one}, hash, &fault));
    assert_non_null(strstr(fault.message, "at most 1024"));
    assert_true(password_hash((struct slice){long_one, PASSWORD_MAX}, hash, &fault));
    assert_false(password_check(slice_of(hash), (struct slice){long_one, sizeof long_one}));
}

static int start(void **state) {
    (void)state;
    return sodium_init() < 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_of_its_password),
        cmocka_unit_test(what_is_no_hash_fits_nothing),
        cmocka_unit_test(lengths_have_limits),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
