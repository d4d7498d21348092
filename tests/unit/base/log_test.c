#include "base/buffer.h"
#include "base/json.h"
#include "base/log.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error goes to a file while `call` runs; returns what was written. */
static char *captured(void (*call)(void)) {
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    call();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    struct buffer text = {0};
    rewind(file);
    for (size_t got; (got = fread(buffer_reserve(&text, 4096), 1, 4096, file)) > 0;)
        text.size += got;
    (void)fclose(file);
    char *copy = slice_to_string(buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static void write_records(void) {
    log_debug("not shown", );
    log_info("turn done", LOG_STRING("bot", "shop"), LOG_NUMBER("ms", -12), );
    log_warning("odd", LOG_STRING("agent", "a b\n\"x\" \x1B[2J"), LOG_SLICE("none", SLICE("")), );
    log_error("plain", );
}

/* Cuts the next line off; false at the end. */
static bool next_line(struct slice *rest, struct slice *ret_line) {
    return rest->size > 0 && slice_split(rest, '\n', ret_line);
}

static void writes_text(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_TEXT);
    char *text = captured(write_records);
    struct slice rest = slice_of(text), line;
    assert_true(next_line(&rest, &line));
    assert_int_equal(line.data[10], 'T');
    assert_true(slice_is(slice_from(line, 25), "info    turn done bot=shop ms=-12"));
    assert_true(next_line(&rest, &line));
    assert_true(slice_is(slice_from(line, 25), "warning odd agent=\"a b\\n\\\"x\\\" \\u001b[2J\""
                                               " none=\"\""));
    assert_true(next_line(&rest, &line));
    assert_true(slice_is(slice_from(line, 25), "error   plain"));
    assert_false(next_line(&rest, &line));
    free(text);
}

static void writes_json(void **state) {
    (void)state;
    log_configure(LOG_DEBUG, LOG_JSON);
    char *text = captured(write_records);
    struct slice rest = slice_of(text), line;
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++) {
        assert_true(next_line(&rest, &line));
        assert_true(json_validate(line, NULL));
        assert_true(json_string_is(json_get(line, "level"), levels[i]));
        assert_int_equal(json_plain_string(json_get(line, "time")).size, 24);
        if (i == 1) {
            int64_t ms;
            assert_true(json_string_is(json_get(line, "message"), "turn done"));
            assert_true(json_string_is(json_get(line, "bot"), "shop"));
            assert_true(json_read_int64(json_get(line, "ms"), &ms));
            assert_int_equal(ms, -12);
        }
        if (i == 2)
            assert_true(json_string_is(json_get(line, "agent"), "a b\n\"x\" \x1B[2J"));
    }
    assert_false(next_line(&rest, &line));
    free(text);
}

static void write_nothing(void) {
    log_configure(LOG_SILENT, LOG_TEXT);
    log_error("not shown", );
}

static void can_be_silent(void **state) {
    (void)state;
    char *text = captured(write_nothing);
    assert_string_equal(text, "");
    assert_false(log_enabled(LOG_ERROR));
    log_configure(LOG_WARNING, LOG_TEXT);
    assert_true(log_enabled(LOG_WARNING));
    assert_false(log_enabled(LOG_INFO));
    free(text);
}

enum { THREADS = 4, EACH = 500 };

static void *write_many(void *unused) {
    for (int i = 0; i < EACH; i++)
        log_info("line", LOG_NUMBER("i", i),
                 LOG_STRING("filler", "0123456789012345678901234567"), );
    return unused;
}

static void write_from_threads(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void keeps_lines_whole(void **state) {
    (void)state;
    log_configure(LOG_INFO, LOG_JSON);
    char *text = captured(write_from_threads);
    struct slice rest = slice_of(text), line;
    int count = 0;
    for (; next_line(&rest, &line); count++)
        assert_true(json_validate(line, NULL));
    assert_int_equal(count, THREADS * EACH);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(can_be_silent),
        cmocka_unit_test(keeps_lines_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
