/* Each recorded reply of Mistral, cut anywhere, says what it says whole, and that is what is in the
 * file. */
#include "fixtures.h"
#include "model/vendors.h"
#include "oracle_mistral.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check_answer(struct fixtures *fixtures, const struct recorded *reply) {
    struct oracle_answer expected;
    const char *reason;
    if (oracle_mistral(reply->body, reply->events, &expected, &reason))
        fixtures_answer(fixtures, reply, &expected);
    else
        fixtures_skip(fixtures, reply, reason);
    oracle_answer_finish(&expected);
}

static void check_failure(struct fixtures *fixtures, const struct recorded *reply) {
    struct buffer message = {0};
    oracle_mistral_message(reply->body, &message);
    fixtures_failure(fixtures, reply, reply->status,
                     reply->status == 401   ? FAULT_PROVIDER_AUTH
                     : reply->status == 429 ? FAULT_PROVIDER_RATE_LIMITED
                                            : FAULT_PROVIDER_BAD_REQUEST,
                     buffer_string(&message));
    buffer_finish(&message);
}

static void check(void *user, const struct recorded *reply) {
    struct fixtures *fixtures = user;
    fixtures->files++;
    if (reply->status == 200)
        check_answer(fixtures, reply);
    else
        check_failure(fixtures, reply);
}

static void test_recorded_replies(void **state) {
    (void)state;
    struct fixtures fixtures = {.provider = &mistral_provider};
    fixtures_check(&fixtures, "mistral", check);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded_replies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
