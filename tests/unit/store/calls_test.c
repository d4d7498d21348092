/* The calls as a ledger. */
#include "support.h"

struct step {
    struct store_call call;
    bool settle;
};

static bool write_call(struct store_session *session, void *user, struct fault *fault) {
    struct step *step = user;
    return step->settle ? store_call_settle(session, &step->call, fault)
                        : store_call_open(session, &step->call, fault);
}

static struct store_call call_of(const char *id, const char *user, int64_t started_ms) {
    return (struct store_call){
        .id = slice_of(id),
        .turn_id = SLICE("T"),
        .conversation_id = SLICE("V"),
        .bot = SLICE("support"),
        .user = slice_of(user),
        .provider = SLICE("openai"),
        .provider_key = SLICE("main"),
        .model = SLICE("gpt-4o"),
        .started_ms = started_ms,
        .duration_ms = -1,
        .first_token_ms = -1,
        .input_tokens = -1,
        .cache_read_tokens = -1,
        .cache_write_tokens = -1,
        .cache_write_1h_tokens = -1,
        .output_tokens = -1,
        .reasoning_tokens = -1,
        .counted_tokens = 90,
        .reserved_microdollars = 1000,
        .reserved_tokens = 500,
        .cost_microdollars = -1,
    };
}

static void open_call(struct store *store, struct store_call call) {
    struct step step = {call, false};
    struct fault fault = {0};
    support_must(support_write(store, write_call, &step, &fault), &fault);
}

static void settle_call(struct store *store, struct store_call call, int64_t cost) {
    struct step step = {call, true};
    struct fault fault = {0};
    step.call.cost_microdollars = cost;
    step.call.input_tokens = 100;
    step.call.cache_read_tokens = 20;
    step.call.output_tokens = 7;
    support_must(support_write(store, write_call, &step, &fault), &fault);
}

struct listing {
    enum store_spender by;
    const char *bot;
    int64_t since_ms;
    struct arena *arena;
    struct store_spending *spending;
    size_t count;
};

static bool list(struct store_session *session, void *user, struct fault *fault) {
    struct listing *listing = user;
    return store_spending_list(session, listing->by, slice_of(listing->bot), listing->since_ms,
                               listing->arena, &listing->spending, &listing->count, fault);
}

static void assert_spent(struct store *store, enum store_spender by, const char *bot,
                         int64_t since_ms, const char *subject, int64_t microdollars,
                         int64_t tokens) {
    struct listing listing = {by, bot, since_ms, arena_create(1024), NULL, 0};
    struct fault fault = {0};
    support_must(support_read(store, list, &listing, &fault), &fault);
    size_t found = 0;
    for (size_t i = 0; i < listing.count; i++)
        if (slice_is(listing.spending[i].subject, subject)) {
            assert_int_equal(listing.spending[i].microdollars, microdollars);
            assert_int_equal(listing.spending[i].tokens, tokens);
            found++;
        }
    assert_int_equal(found, 1);
    arena_destroy(listing.arena);
}

static bool spent_in_conversation(struct store_session *session, void *user, struct fault *fault) {
    return store_conversation_spent(session, SLICE("V"), user, fault);
}

static void test_open_calls_count_as_reserved_and_settled_ones_as_cost(void **state) {
    struct store *store = support_place_store(state);
    open_call(store, call_of("C1", "user:ann", 1000));
    assert_spent(store, STORE_BY_USER, "support", 0, "user:ann", 1000, 500);
    settle_call(store, call_of("C1", "user:ann", 1000), 250);
    assert_spent(store, STORE_BY_USER, "support", 0, "user:ann", 250, 127);
    open_call(store, call_of("C2", "user:ann", 2000));
    open_call(store, call_of("C3", "user:bob", 3000));
    assert_spent(store, STORE_BY_USER, "support", 0, "user:ann", 1250, 627);
    assert_spent(store, STORE_BY_USER, "support", 1500, "user:ann", 1000, 500);
    assert_spent(store, STORE_BY_USER, "support", 0, "user:bob", 1000, 500);
    assert_spent(store, STORE_BY_BOT, "support", 0, "", 2250, 1127);
    assert_spent(store, STORE_BY_PROVIDER_KEY, "", 0, "openai/main", 2250, 1127);
    struct store_spending spending;
    struct fault fault = {0};
    support_must(support_read(store, spent_in_conversation, &spending, &fault), &fault);
    assert_int_equal(spending.microdollars, 2250);
}

static void test_a_call_without_price_costs_nothing_that_is_known(void **state) {
    struct store *store = support_place_store(state);
    settle_call(store, call_of("C1", "user:ann", 1000), -1);
    assert_spent(store, STORE_BY_USER, "support", 0, "user:ann", 0, 127);
    assert_int_equal(support_count(store, "SELECT cost_microdollars FROM calls"), -1);
}

static bool close_calls(struct store_session *session, void *user, struct fault *fault) {
    return store_calls_close(session, user, fault);
}

static void test_what_a_crash_left_open_is_settled_once(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    open_call(store, call_of("C1", "user:ann", 1000));
    settle_call(store, call_of("C2", "user:ann", 1000), 10);
    int64_t closed = -1;
    support_must(support_write(store, close_calls, &closed, &fault), &fault);
    assert_int_equal(closed, 1);
    support_must(support_write(store, close_calls, &closed, &fault), &fault);
    assert_int_equal(closed, 0);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls WHERE error_kind = 'crashed'"
                                          " AND estimated = 1 AND cost_microdollars = 1000"),
                     1);
    assert_spent(store, STORE_BY_USER, "support", 0, "user:ann", 1010, 627);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(test_open_calls_count_as_reserved_and_settled_ones_as_cost),
        SUPPORT_TEST(test_a_call_without_price_costs_nothing_that_is_known),
        SUPPORT_TEST(test_what_a_crash_left_open_is_settled_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
