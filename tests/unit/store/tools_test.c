/* Calls of tools, and writes that are done once. */
#include "support.h"

struct write {
    const char *key;
    int64_t now_ms, forget_ms;
    enum store_tool_write state;
    char result[64];
    bool done; /* of end */
};

static bool begin(struct store_session *session, void *user, struct fault *fault) {
    struct write *write = user;
    struct arena *arena = arena_create(256);
    struct slice result = {NULL, 0};
    bool ok = store_tool_write_begin(session, slice_of(write->key), write->now_ms, write->forget_ms,
                                     arena, &write->state, &result, fault);
    snprintf(write->result, sizeof write->result, "%.*s", SLICE_ARG(result));
    arena_destroy(arena);
    return ok;
}

static bool end(struct store_session *session, void *user, struct fault *fault) {
    struct write *write = user;
    return store_tool_write_end(session, slice_of(write->key), write->done, slice_of(write->result),
                                fault);
}

static struct write begun(struct store *store, const char *key, int64_t now_ms) {
    struct write write = {.key = key, .now_ms = now_ms, .forget_ms = now_ms - 1000};
    struct fault fault = {0};
    support_must(support_write(store, begin, &write, &fault), &fault);
    return write;
}

static void ended(struct store *store, const char *key, bool done, const char *result) {
    struct write write = {.key = key, .done = done};
    struct fault fault = {0};
    snprintf(write.result, sizeof write.result, "%s", result);
    support_must(support_write(store, end, &write, &fault), &fault);
}

static void a_write_is_done_once(void **state) {
    struct store *store = support_place_store(state);
    assert_int_equal(begun(store, "k", 5000).state, STORE_TOOL_WRITE_NEW);
    assert_int_equal(begun(store, "k", 5001).state, STORE_TOOL_WRITE_OPEN);
    assert_int_equal(begun(store, "other", 5001).state, STORE_TOOL_WRITE_NEW);
    ended(store, "k", true, "{\"booked\":1}");
    ended(store, "k", true, "{\"booked\":2}"); /* too late: the first counts */
    struct write again = begun(store, "k", 5900);
    assert_int_equal(again.state, STORE_TOOL_WRITE_DONE);
    assert_string_equal(again.result, "{\"booked\":1}");
}

static void what_was_not_done_may_be_tried_again(void **state) {
    struct store *store = support_place_store(state);
    assert_int_equal(begun(store, "k", 5000).state, STORE_TOOL_WRITE_NEW);
    ended(store, "k", false, "");
    assert_int_equal(begun(store, "k", 5001).state, STORE_TOOL_WRITE_NEW);
    ended(store, "k", true, "x");
    ended(store, "k", false, ""); /* what was done stays done */
    assert_int_equal(begun(store, "k", 5002).state, STORE_TOOL_WRITE_DONE);
}

static void a_key_is_forgotten(void **state) {
    struct store *store = support_place_store(state);
    begun(store, "k", 5000);
    ended(store, "k", true, "x");
    assert_int_equal(begun(store, "k", 6000).state, STORE_TOOL_WRITE_DONE);
    assert_int_equal(begun(store, "k", 6001).state, STORE_TOOL_WRITE_NEW);
}

static bool add_call(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    const struct store_tool_call call = {
        .id = SLICE("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        .turn_id = SLICE("T"),
        .conversation_id = SLICE("V"),
        .bot = SLICE("support"),
        .user = SLICE("user:1"),
        .tool = SLICE("order_status"),
        .arguments = SLICE("{\"order\":1042}"),
        .outcome = SLICE("done"),
        .detail = SLICE(""),
        .result_bytes = 120,
        .started_ms = 1000,
        .duration_ms = 3,
    };
    return store_tool_call_add(session, &call, fault);
}

static void a_call_is_logged_once(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    support_must(support_write(store, add_call, NULL, &fault), &fault);
    support_must(support_write(store, add_call, NULL, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM tool_calls WHERE tool ="
                                          " 'order_status' AND result_bytes = 120"),
                     1);
}

static bool put_conversation(struct store_session *session, void *user, struct fault *fault) {
    (void)fault;
    const struct store_conversation conversation = {.id = SLICE("V"),
                                                    .bot = SLICE("support"),
                                                    .user = SLICE("user:1"),
                                                    .door = SLICE("chat"),
                                                    .created_ms = 1000};
    return user ? store_conversation_delete(session, &conversation, fault)
                : store_conversation_put(session, &conversation, fault);
}

static void calls_go_with_their_conversation(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    support_must(support_write(store, put_conversation, NULL, &fault), &fault);
    support_must(support_write(store, add_call, NULL, &fault), &fault);
    support_must(support_write(store, put_conversation, store, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM tool_calls"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_write_is_done_once),
        SUPPORT_TEST(what_was_not_done_may_be_tried_again),
        SUPPORT_TEST(a_key_is_forgotten),
        SUPPORT_TEST(a_call_is_logged_once),
        SUPPORT_TEST(calls_go_with_their_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
