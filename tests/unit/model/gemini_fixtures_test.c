/* Each recorded reply of Gemini, from both of Google's doors to it, says cut anywhere what it says
 * whole, and that is what is in the file. */
#include "fixtures.h"
#include "model/vendors.h"
#include "oracle_gemini.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check_answer(struct fixtures *fixtures, const struct recorded *reply) {
    struct oracle_answer expected;
    const char *reason;
    if (oracle_gemini(reply->body, reply->events, &expected, &reason))
        fixtures_answer(fixtures, reply, &expected);
    else
        fixtures_skip(fixtures, reply, reason);
    oracle_answer_finish(&expected);
}

/* The lines of a recording that lost its line ends, with those that Google sends. */
static void check_with_crlf(struct fixtures *fixtures, const struct recorded *reply) {
    struct recorded copy = *reply;
    struct buffer body = {0};
    struct slice rest = reply->body, line;
    if (!reply->events || slice_find_byte(reply->body, '\r') != SIZE_MAX)
        return;
    while (slice_split(&rest, '\n', &line))
        buffer_printf(&body, "%.*s\r\n", SLICE_ARG(line));
    copy.body = buffer_slice(&body);
    check_answer(fixtures, &copy);
    buffer_finish(&body);
}

/* Some recordings are bodies only: an error says its status itself. As it would be in an answer
 * that began well, it is the same failure. */
static bool check_failure(struct fixtures *fixtures, const struct recorded *reply) {
    struct buffer message = {0};
    struct oracle_answer expected = {.usage = model_usage_unknown()};
    int status;
    expected.fault = oracle_gemini_failure(reply->body, &message, &status);
    if (status) {
        fixtures_failure(fixtures, reply, status, expected.fault, buffer_string(&message));
        fixtures_answer(fixtures, reply, &expected);
    }
    buffer_finish(&message);
    return status != 0;
}

static void check(void *user, const struct recorded *recorded) {
    struct fixtures *fixtures = user;
    struct recorded reply = *recorded;
    fixtures->files++;
    reply.events = !slice_starts_with(slice_trim(reply.body), SLICE("{")) &&
                   !slice_starts_with(slice_trim(reply.body), SLICE("["));
    if (check_failure(fixtures, &reply))
        return;
    if (reply.status != 200 || slice_ends_with(slice_of(reply.name), SLICE(".html"))) {
        fixtures_skip(fixtures, &reply, "it says nothing");
        return;
    }
    check_answer(fixtures, &reply);
    check_with_crlf(fixtures, &reply);
}

static void test_recorded_replies(void **state) {
    struct fixtures fixtures = {.provider = &gemini_provider};
    fixtures_check(&fixtures, *state, check);
}

int main(void) {
    static char google[] = "google", vertex[] = "google-vertex";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_recorded_replies, google),
        cmocka_unit_test_prestate(test_recorded_replies, vertex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
