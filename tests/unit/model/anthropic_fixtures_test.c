/* Each recorded reply of Anthropic, cut anywhere, says what it says whole, and that is what is in
 * the file. */
#include "fixtures.h"
#include "model/vendors.h"
#include "oracle_anthropic.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check_answer(struct fixtures *fixtures, const struct recorded *reply) {
    struct oracle_answer expected;
    const char *reason;
    if (oracle_anthropic(reply->body, reply->events, &expected, &reason))
        fixtures_answer(fixtures, reply, &expected);
    else
        fixtures_skip(fixtures, reply, reason);
    oracle_answer_finish(&expected);
}

static void check_failure(struct fixtures *fixtures, const struct recorded *reply) {
    struct buffer message = {0};
    enum fault_kind kind = oracle_anthropic_failure(reply->status, reply->body, &message);
    fixtures_failure(fixtures, reply, reply->status, kind, buffer_string(&message));
    buffer_finish(&message);
}

/* Some files hold the replies of a whole conversation, one after the other: one message each. */
static void check_answers(struct fixtures *fixtures, const struct recorded *replies) {
    struct recorded reply = *replies;
    struct slice rest = replies->body;
    while (rest.size > 0) {
        size_t stop = slice_find(rest, SLICE("\"type\":\"message_stop\""));
        size_t next = slice_find(slice_from(rest, stop), SLICE("data: "));
        size_t size = stop == SIZE_MAX || next == SIZE_MAX ? rest.size : stop + next;
        reply.body = slice_first(rest, size);
        check_answer(fixtures, &reply);
        rest = slice_from(rest, size);
    }
}

static void check(void *user, const struct recorded *reply) {
    struct fixtures *fixtures = user;
    fixtures->files++;
    if (reply->status != 200)
        check_failure(fixtures, reply);
    else if (reply->events)
        check_answers(fixtures, reply);
    else
        check_answer(fixtures, reply);
}

static void test_recorded_replies(void **state) {
    (void)state;
    struct fixtures fixtures = {.provider = &anthropic_provider};
    fixtures_check(&fixtures, "anthropic", check);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded_replies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
