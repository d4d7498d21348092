#include "base/buffer.h"
#include "chat/metrics.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_text_format(void **state) {
    (void)state;
    struct metrics *metrics = metrics_create();
    struct metrics_model *row = metrics_model(metrics, "up", "a\"b");
    atomic_fetch_add(&row->calls, 3);
    atomic_fetch_add(&row->errors[FAULT_PROVIDER_STALLED], 1);
    atomic_fetch_add(&metrics->refused[FAULT_RATE_LIMITED], 2);
    metrics_observe(&row->first_token, 1000);      /* the first bucket: up to 1 ms */
    metrics_observe(&row->first_token, 1001);      /* the second */
    metrics_observe(&row->first_token, 900000000); /* beyond all bounds */
    struct buffer out = {0};
    metrics_write(metrics, &out);
    const char *text = buffer_string(&out);
    static const char *const lines[] = {
        "switchboard_model_calls_total{provider=\"up\",model=\"a\\\"b\"} 3\n",
        "switchboard_model_errors_total{provider=\"up\",model=\"a\\\"b\",class=\"provider_"
        "stalled\"} 1\n",
        "switchboard_refused_total{reason=\"rate_limited\"} 2\n",
        "switchboard_model_first_token_seconds_bucket{provider=\"up\",model=\"a\\\"b\",le=\"0."
        "001\"} 1\n",
        "switchboard_model_first_token_seconds_bucket{provider=\"up\",model=\"a\\\"b\",le=\"0."
        "002\"} 2\n",
        "switchboard_model_first_token_seconds_bucket{provider=\"up\",model=\"a\\\"b\",le=\"+Inf\"}"
        " 3\n",
        "switchboard_model_first_token_seconds_count{provider=\"up\",model=\"a\\\"b\"} 3\n",
        "switchboard_model_first_token_seconds_sum{provider=\"up\",model=\"a\\\"b\"} 900.002001\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(text, lines[i]))
            fail_msg("missing: %s\nin:\n%s", lines[i], text);
    buffer_finish(&out);
    metrics_destroy(metrics);
}

static void *use_rows(void *user) {
    for (int i = 0; i < 2000; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", i % 50);
        atomic_fetch_add(&metrics_model(user, "p", name)->calls, 1);
    }
    return NULL;
}

static void test_rows_are_shared_by_threads(void **state) {
    (void)state;
    struct metrics *metrics = metrics_create();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_rows, metrics), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    uint64_t sum = 0;
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", i);
        sum += metrics_model(metrics, "p", name)->calls;
    }
    assert_int_equal(sum, 8000);
    metrics_destroy(metrics);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_format),
        cmocka_unit_test(test_rows_are_shared_by_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
