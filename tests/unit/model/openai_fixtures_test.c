/* Each recorded reply of OpenAI's Chat Completions and of the servers that imitate it says, cut
 * anywhere, what it says whole, and that is what is in the file. */
#include "fixtures.h"
#include "model/vendors.h"
#include "oracle_openai.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MESSAGE_COMPARED = 48 }; /* bytes: behind them, parts that look like keys are left out */

static void check_answer(struct fixtures *fixtures, const struct recorded *reply) {
    struct oracle_answer expected;
    const char *reason;
    if (oracle_openai(reply->body, reply->events, &expected, &reason))
        fixtures_answer(fixtures, reply, &expected);
    else
        fixtures_skip(fixtures, reply, reason);
    oracle_answer_finish(&expected);
}

static void check_failure(struct fixtures *fixtures, const struct recorded *reply) {
    struct buffer message = {0};
    enum fault_kind kind = oracle_openai_failure(reply->status, reply->body, &message);
    if (message.size > MESSAGE_COMPARED)
        message.size = MESSAGE_COMPARED;
    fixtures_failure(fixtures, reply, reply->status, kind, buffer_string(&message));
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
    struct fixtures fixtures = {.provider = &openai_provider};
    fixtures_check(&fixtures, *state, check);
}

static void count(void *user, const struct recorded *reply) {
    size_t *files = user;
    (void)reply;
    ++*files;
}

static void test_other_api(void **state) {
    size_t files = 0;
    recorded_each(*state, count, &files);
    print_message("SKIPPED: %s: %zu files are of another API, which no provider here speaks\n",
                  (const char *)*state, files);
    skip();
}

int main(void) {
    static char folders[][24] = {
        "openai-chat",     "compat-alibaba",     "compat-azure",     "compat-cerebras",
        "compat-crusoe",   "compat-deepseek",    "compat-gpustack",  "compat-groq",
        "compat-moonshot", "compat-huggingface", "compat-ollama",    "compat-openrouter",
        "compat-other",    "compat-perplexity",  "compat-snowflake", "compat-vllm",
        "compat-xai",      "compat-zai",         "openai-responses",
    };
    enum { FOLDERS = sizeof folders / sizeof folders[0] };
    struct CMUnitTest tests[FOLDERS];
    for (size_t i = 0; i < FOLDERS; i++)
        tests[i] = (struct CMUnitTest){folders[i], test_recorded_replies, NULL, NULL, folders[i]};
    tests[FOLDERS - 1].test_func = test_other_api;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
