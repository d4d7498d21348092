/* The client of MCP servers, against one that is scripted, over real sockets. */
#include "base/log.h"
#include "mcp_script.h"
#include <stdio.h>

static void speaks_the_current_revision(void **state) {
    (void)state;
    struct fixture fixture = {.script.stateless = true};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    mcp_call_now(&fixture, "done");
    mcp_list_now(&fixture, "echo;last;"); /* kept */
    mcp_expect_log(&fixture, "server/discover server/discover;tools/list tools/list;"
                             "tools/list tools/list;tools/call tools/call;");
    mcp_end(&fixture);
}

static void opens_a_session_for_older_servers(void **state) {
    (void)state;
    struct fixture fixture = {.script.stateless = false};
    mcp_begin(&fixture);
    mcp_call_now(&fixture, "done");
    mcp_call_now(&fixture, "done");
    mcp_list_now(&fixture, "echo;last;");
    mcp_expect_log(&fixture, MCP_OPENING "tools/call s1;tools/call s1;");
    mcp_end(&fixture);
}

#define UNSUPPORTED                                                                                \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":\"\","                   \
    "\"data\":{\"supported\":[\"2025-11-25\"]}}}"

static void takes_the_revision_that_is_named(void **state) {
    (void)state;
    static const char *const answers[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2025-11-25\"]}}",
        UNSUPPORTED,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"\"}}",
        "<html>",
    };
    for (size_t i = 0; i < 4; i++) {
        struct fixture fixture = {.script.discover = answers[i]};
        mcp_begin(&fixture);
        mcp_list_now(&fixture, "echo;last;");
        mcp_expect_log(&fixture, MCP_OPENING);
        mcp_end(&fixture);
    }
    struct fixture fixture = {.script.discover = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{"
                                                 "\"supportedVersions\":[\"2031-01-01\"]}}"};
    struct wait wait = {0};
    mcp_begin(&fixture);
    mcp_start_list(&fixture, &wait);
    mcp_run(&fixture);
    mcp_expect_fault(&wait, FAULT_UNAVAILABLE, false);
    assert_non_null(strstr(wait.fault.detail, "2031-01-01"));
    mcp_end(&fixture);
}

static void many_share_one_opening(void **state) {
    (void)state;
    struct fixture fixture = {.script.stateless = false};
    struct wait lists[5] = {0}, calls[5] = {0};
    mcp_begin(&fixture);
    for (size_t i = 0; i < 5; i++) {
        mcp_start_list(&fixture, &lists[i]);
        mcp_start_call(&fixture, &calls[i], "echo", 10000);
    }
    mcp_run(&fixture);
    for (size_t i = 0; i < 5; i++) {
        mcp_expect(&lists[i], "echo;last;");
        mcp_expect(&calls[i], "done");
    }
    mcp_expect_log(&fixture, MCP_OPENING "tools/call s1;tools/call s1;tools/call s1;tools/call s1;"
                                         "tools/call s1;");
    mcp_end(&fixture);
}

static void opens_another_session(void **state) {
    (void)state;
    static const int statuses[] = {404, 400};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture = {.script.lost_status = statuses[i]};
        mcp_begin(&fixture);
        mcp_list_now(&fixture, "echo;last;");
        fixture.script.lost_calls = 1;
        mcp_call_now(&fixture, "done");
        mcp_expect_log(&fixture,
                       MCP_OPENING "tools/call s1;initialize -;notifications/initialized s2;"
                                   "tools/call s2;");
        /* But not for ever. */
        struct wait wait = {0};
        fixture.script.lost_calls = 9;
        mcp_start_call(&fixture, &wait, "echo", 10000);
        mcp_run(&fixture);
        mcp_expect_fault(&wait, FAULT_INTERNAL, false);
        assert_int_equal(fixture.script.lost_calls, 7);
        mcp_end(&fixture);
    }
}

static void finds_an_older_server_in_its_place(void **state) {
    (void)state;
    struct fixture fixture = {.script.stateless = true, .script.lost_status = 400};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    fixture.script.stateless = false;
    fixture.script.lost_calls = 1;
    buffer_clear(&fixture.script.log);
    mcp_call_now(&fixture, "done");
    mcp_expect_log(&fixture,
                   "tools/call -;server/discover -;initialize -;notifications/initialized "
                   "s1;tools/call s1;");
    mcp_end(&fixture);
}

static void goes_on_with_a_stream(void **state) {
    (void)state;
    struct fixture fixture = {.script.breaks = true};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    buffer_clear(&fixture.script.log);
    mcp_call_now(&fixture, "resumed");
    mcp_expect_log(&fixture, "tools/call s1;GET s1;");
    mcp_end(&fixture);
}

static void lists_again_after_a_change(void **state) {
    (void)state;
    struct fixture fixture = {.script.changes = true};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    mcp_call_now(&fixture, "done"); /* though the stream is open */
    buffer_clear(&fixture.script.log);
    mcp_list_now(&fixture, "echo;last;");
    mcp_list_now(&fixture, "echo;last;");
    mcp_expect_log(&fixture, "tools/list s1;tools/list s1;");
    mcp_end(&fixture);
}

static void gives_an_old_list_rather_than_none(void **state) {
    (void)state;
    struct fixture fixture = {.script.changes = true, .script.broken_list = true};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    mcp_call_now(&fixture, "done");
    mcp_list_now(&fixture, "echo;last;");
    mcp_end(&fixture);
}

static void lists_again_where_headers_are_wrong(void **state) {
    (void)state;
    struct fixture fixture = {.script.stateless = true, .script.mismatches = 1};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    buffer_clear(&fixture.script.log);
    mcp_call_now(&fixture, "done");
    mcp_expect_log(&fixture, "tools/call tools/call;tools/list tools/list;tools/list tools/list;"
                             "tools/call tools/call;");
    mcp_end(&fixture);
}

static void a_late_call_is_cancelled(void **state) {
    (void)state;
    struct fixture fixture = {.script.hangs = true};
    struct wait wait = {0};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    buffer_clear(&fixture.script.log);
    mcp_start_call(&fixture, &wait, "echo", 50);
    mcp_run(&fixture);
    mcp_expect_fault(&wait, FAULT_PROVIDER_STALLED, true);
    mcp_list_now(&fixture, "echo;last;");
    mcp_end(&fixture);
}

static bool was_asked(struct fixture *fixture, const char *what) {
    pthread_mutex_lock(&fixture->script.lock);
    bool asked = slice_find(buffer_slice(&fixture->script.log), slice_of(what)) != SIZE_MAX;
    pthread_mutex_unlock(&fixture->script.lock);
    return asked;
}

/* Looks until the server has got it. */
static void watch(void *user) {
    struct fixture *fixture = user;
    static const char *const wanted[] = {"tools/call s1", "notifications/cancelled s1"};
    if (!was_asked(fixture, wanted[fixture->pending]))
        loop_post(fixture->loop, watch, fixture);
    else
        loop_stop(fixture->loop);
}

static void a_cancelled_call_is_told(void **state) {
    (void)state;
    struct fixture fixture = {.script.hangs = true};
    struct wait wait = {0};
    mcp_begin(&fixture);
    mcp_list_now(&fixture, "echo;last;");
    mcp_start_call(&fixture, &wait, "echo", 10000);
    fixture.pending = 0;
    loop_post(fixture.loop, watch, &fixture);
    loop_run(fixture.loop);
    mcp_task_cancel(wait.task);
    fixture.pending = 1;
    loop_post(fixture.loop, watch, &fixture);
    loop_run(fixture.loop);
    assert_int_equal(wait.ends, 0);
    mcp_end(&fixture);
}

static void takes_only_what_is_configured(void **state) {
    (void)state;
    static const char *const names[] = {"last", "absent"};
    struct fixture fixture = {0};
    struct wait wait = {0};
    mcp_begin_at(&fixture,
                 (struct mcp_server){.allow_private = true, .tools = names, .tool_count = 2});
    mcp_list_now(&fixture, "last;");
    buffer_clear(&fixture.script.log);
    mcp_start_call(&fixture, &wait, "echo", 10000);
    mcp_run(&fixture);
    mcp_expect_fault(&wait, FAULT_NOT_FOUND, false);
    mcp_expect_log(&fixture, "");
    mcp_end(&fixture);
}

static void tells_what_a_tool_says(void **state) {
    (void)state;
    struct fixture fixture = {.script.call = "{\"isError\":true,\"content\":[{\"type\":\"text\","
                                             "\"text\":\"No such city\"}]}"};
    struct wait wait = {0};
    mcp_begin(&fixture);
    mcp_start_call(&fixture, &wait, "echo", 10000);
    mcp_run(&fixture);
    assert_string_equal(buffer_string(&wait.text), "No such city");
    mcp_expect_fault(&wait, FAULT_INTERNAL, false);
    assert_string_equal(wait.fault.message, "The tool failed: No such city");
    mcp_end(&fixture);
}

static void an_answer_has_a_limit(void **state) {
    (void)state;
    char text[3000];
    snprintf(text, sizeof text, "{\"content\":[{\"type\":\"text\",\"text\":\"%02500d\"}]}", 7);
    struct fixture fixture = {.script.call = text};
    struct wait wait = {0};
    mcp_begin_at(&fixture, (struct mcp_server){.allow_private = true, .bytes_max = 2000});
    mcp_start_call(&fixture, &wait, "echo", 10000);
    mcp_run(&fixture);
    mcp_expect_fault(&wait, FAULT_INTERNAL, true);
    assert_non_null(strstr(wait.fault.message, "too much"));
    mcp_end(&fixture);
}

static void asks_no_inner_address(void **state) {
    (void)state;
    struct fixture fixture = {0};
    struct wait wait = {0}, again = {0};
    mcp_begin_at(&fixture, (struct mcp_server){.allow_private = false});
    mcp_start_call(&fixture, &wait, "echo", 10000);
    mcp_run(&fixture);
    mcp_expect_fault(&wait, FAULT_UNAVAILABLE, false);
    assert_string_equal(wait.fault.code, "address");
    /* What failed a moment ago is not tried again at once. */
    mcp_start_list(&fixture, &again);
    assert_null(again.task);
    assert_int_equal(fixture.pending, 0);
    mcp_expect_fault(&again, FAULT_UNAVAILABLE, false);
    assert_int_equal(fixture.server->connections, 0);
    mcp_end(&fixture);
}

static struct wait others[3];

static void cancel_and_start(struct wait *wait) {
    mcp_task_cancel(others[0].task);
    wait->fixture->pending--;
    mcp_start_call(wait->fixture, &others[2], "echo", 10000);
}

static void callbacks_may_do_anything(void **state) {
    (void)state;
    struct fixture fixture = {0};
    struct wait first = {.then = cancel_and_start};
    memset(others, 0, sizeof others);
    mcp_begin(&fixture);
    mcp_start_call(&fixture, &others[0], "echo", 10000);
    mcp_start_call(&fixture, &others[1], "echo", 10000);
    mcp_start_list(&fixture, &first);
    mcp_run(&fixture);
    mcp_expect(&first, "echo;last;");
    assert_int_equal(others[0].ends, 0);
    mcp_expect(&others[1], "done");
    mcp_expect(&others[2], "done");
    mcp_end(&fixture);
}

static void is_destroyed_at_any_time(void **state) {
    (void)state;
    for (int turns = 0; turns < 4; turns++) {
        struct fixture fixture = {.script.hangs = turns == 3};
        struct wait waits[2] = {0};
        mcp_begin(&fixture);
        if (turns > 0)
            mcp_list_now(&fixture, "echo;last;");
        mcp_start_call(&fixture, &waits[0], "echo", 10000);
        mcp_start_list(&fixture, &waits[1]);
        mcp_end(&fixture);
        buffer_finish(&waits[1].text);
        assert_int_equal(waits[0].ends, 0);
    }
}

static void closed(void *user) {
    struct fixture *fixture = user;
    fixture->pending = 0;
    loop_stop(fixture->loop);
}

static void clients_are_shared_and_closed(void **state) {
    (void)state;
    static const char *const names[] = {"echo"}, *const same[] = {"echo"};
    struct fixture fixture = {0};
    mcp_begin(&fixture);
    struct mcp_clients *clients = mcp_clients_create(fixture.loop, fixture.fetcher);
    struct mcp_server server = {.name = "docs",
                                .url = server_url(fixture.server, "/mcp"),
                                .tools = names,
                                .tool_count = 1,
                                .allow_private = true,
                                .bytes_max = 1000};
    struct mcp_client *own = fixture.client, *client = mcp_clients_get(clients, &server);
    struct mcp_server other = server;
    other.tools = same;
    assert_ptr_equal(mcp_clients_get(clients, &other), client);
    other.tool_count = 0;
    assert_ptr_not_equal(mcp_clients_get(clients, &other), client);
    fixture.client = client;
    mcp_list_now(&fixture, "echo;");
    mcp_expect_log(&fixture, MCP_OPENING);
    fixture.pending = 1;
    mcp_clients_close(clients, closed, &fixture);
    mcp_run(&fixture);
    mcp_expect_log(&fixture, "DELETE s1;");
    mcp_clients_destroy(clients);
    clients = mcp_clients_create(fixture.loop, fixture.fetcher);
    fixture.pending = 1;
    mcp_clients_close(clients, closed, &fixture); /* none: at once */
    assert_int_equal(fixture.pending, 0);
    mcp_clients_destroy(clients);
    fixture.client = own;
    mcp_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_the_current_revision),
        cmocka_unit_test(opens_a_session_for_older_servers),
        cmocka_unit_test(takes_the_revision_that_is_named),
        cmocka_unit_test(many_share_one_opening),
        cmocka_unit_test(opens_another_session),
        cmocka_unit_test(finds_an_older_server_in_its_place),
        cmocka_unit_test(goes_on_with_a_stream),
        cmocka_unit_test(lists_again_after_a_change),
        cmocka_unit_test(gives_an_old_list_rather_than_none),
        cmocka_unit_test(lists_again_where_headers_are_wrong),
        cmocka_unit_test(a_late_call_is_cancelled),
        cmocka_unit_test(a_cancelled_call_is_told),
        cmocka_unit_test(takes_only_what_is_configured),
        cmocka_unit_test(tells_what_a_tool_says),
        cmocka_unit_test(an_answer_has_a_limit),
        cmocka_unit_test(asks_no_inner_address),
        cmocka_unit_test(callbacks_may_do_anything),
        cmocka_unit_test(is_destroyed_at_any_time),
        cmocka_unit_test(clients_are_shared_and_closed),
    };
    log_configure(LOG_SILENT, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
