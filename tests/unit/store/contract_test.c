/* What every driver must do with the log, keys, counters and jobs. */
#include "base/memory.h"
#include "loop/loop.h"
#include "support.h"

/* --- the log --- */

static struct store_conversation conversation_of(const char *id, const char *user) {
    return (struct store_conversation){.id = slice_of(id),
                                       .bot = SLICE("support"),
                                       .user = slice_of(user),
                                       .door = SLICE("chat"),
                                       .created_ms = 1700000000000};
}

static bool put_conversation(struct store_session *session, void *user, struct fault *fault) {
    return store_conversation_put(session, user, fault);
}

struct finding {
    struct store_conversation conversation;
    struct arena *arena;
    struct store_history history;
};

static bool find_conversation(struct store_session *session, void *user, struct fault *fault) {
    struct finding *finding = user;
    return store_history_load(session, &finding->conversation, 100, finding->arena,
                              &finding->history, fault);
}

static bool add_message(struct store_session *session, void *user, struct fault *fault) {
    return store_message_add(session, user, fault);
}

static void add_text(struct store *store, const char *conversation, const char *id,
                     struct slice text) {
    struct fault fault = {0};
    struct store_message message = {.id = slice_of(id),
                                    .conversation_id = slice_of(conversation),
                                    .turn_id = SLICE("T1"),
                                    .role = SLICE("user"),
                                    .text = text,
                                    .status = SLICE("complete"),
                                    .created_ms = 42};
    support_must(support_write(store, add_message, &message, &fault), &fault);
}

struct listing {
    struct slice conversation;
    size_t limit, count;
    struct arena *arena;
    struct store_message *messages;
};

static bool list_messages(struct store_session *session, void *user, struct fault *fault) {
    struct listing *listing = user;
    return store_messages_list(session, listing->conversation, listing->limit, listing->arena,
                               &listing->messages, &listing->count, fault);
}

static struct listing list_of(struct store *store, const char *conversation, size_t limit) {
    struct listing listing = {
        .conversation = slice_of(conversation), .limit = limit, .arena = arena_create(1024)};
    struct fault fault = {0};
    support_must(support_read(store, list_messages, &listing, &fault), &fault);
    return listing;
}

static void test_conversation_belongs_to_its_user_and_bot(void **state) {
    struct store *store = support_place_store(state);
    struct store_conversation conversation = conversation_of("V1", "user:ann");
    struct fault fault = {0};
    support_must(support_write(store, put_conversation, &conversation, &fault), &fault);
    support_must(support_write(store, put_conversation, &conversation, &fault), &fault);
    conversation.user = SLICE("user:bob");
    assert_false(support_write(store, put_conversation, &conversation, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    assert_string_equal(fault.message, "There is no such conversation.");
    assert_string_equal(fault.param, "conversation_id");
    conversation = conversation_of("V1", "user:ann");
    conversation.bot = SLICE("sales");
    assert_false(support_write(store, put_conversation, &conversation, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    struct finding finding = {.conversation = conversation, .arena = arena_create(1024)};
    assert_false(support_read(store, find_conversation, &finding, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    finding.conversation.bot = SLICE("support");
    support_must(support_read(store, find_conversation, &finding, &fault), &fault);
    assert_true(finding.history.found);
    finding.conversation.id = SLICE("V2");
    support_must(support_read(store, find_conversation, &finding, &fault), &fault);
    assert_false(finding.history.found);
    arena_destroy(finding.arena);
    assert_int_equal(support_count(store, "SELECT count(*) FROM conversations"), 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM conversations"
                                          " WHERE user_id = 'user:ann' AND bot = 'support'"),
                     1);
}

static void test_messages_come_back_in_order(void **state) {
    struct store *store = support_place_store(state);
    struct store_conversation conversation = conversation_of("V1", "user:ann");
    struct fault fault = {0};
    support_must(support_write(store, put_conversation, &conversation, &fault), &fault);
    /* Neither ids nor times say the order, as when a clock was set back. */
    static const char *const ids[] = {"M9", "M3", "M7", "M1"};
    for (size_t i = 0; i < 4; i++)
        add_text(store, "V1", ids[i], slice_of(ids[i]));
    struct listing all = list_of(store, "V1", 100), newest = list_of(store, "V1", 3),
                   none = list_of(store, "V2", 100), zero = list_of(store, "V1", 0);
    assert_int_equal(all.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(all.messages[i].text.data, ids[i]);
    assert_int_equal(newest.count, 3);
    assert_string_equal(newest.messages[0].id.data, "M3");
    assert_string_equal(newest.messages[2].id.data, "M1");
    assert_int_equal(none.count, 0);
    assert_int_equal(zero.count, 0);
    assert_string_equal(all.messages[0].conversation_id.data, "V1");
    assert_string_equal(all.messages[0].turn_id.data, "T1");
    assert_string_equal(all.messages[0].role.data, "user");
    assert_string_equal(all.messages[0].status.data, "complete");
    assert_int_equal(all.messages[0].created_ms, 42);
    arena_destroy(all.arena);
    arena_destroy(newest.arena);
    arena_destroy(none.arena);
    arena_destroy(zero.arena);
}

struct summarizing {
    const char *text;
    int64_t before, position;
};

static bool put_summary(struct store_session *session, void *user, struct fault *fault) {
    const struct summarizing *it = user;
    return store_summary_put(session, SLICE("V1"), slice_of(it->text), it->before, it->position,
                             fault);
}

static void test_a_summary_stands_for_what_is_before_it(void **state) {
    struct store *store = support_place_store(state);
    struct store_conversation conversation = conversation_of("V1", "user:ann");
    struct fault fault = {0};
    support_must(support_write(store, put_conversation, &conversation, &fault), &fault);
    static const char *const ids[] = {"M1", "M2", "M3", "M4", "M5"};
    for (size_t i = 0; i < 5; i++)
        add_text(store, "V1", ids[i], slice_of(ids[i]));
    struct finding finding = {.conversation = conversation, .arena = arena_create(1024)};
    support_must(support_read(store, find_conversation, &finding, &fault), &fault);
    assert_int_equal(finding.history.count, 5);
    assert_int_equal(finding.history.messages[4].position, 5);
    assert_int_equal(finding.history.summary_position, 0);
    struct summarizing first = {"one and two", 0, 2}, late = {"too late", 0, 3};
    support_must(support_write(store, put_summary, &first, &fault), &fault);
    support_must(support_write(store, put_summary, &late, &fault), &fault);
    support_must(support_read(store, find_conversation, &finding, &fault), &fault);
    assert_string_equal(finding.history.summary.data, "one and two");
    assert_int_equal(finding.history.summary_position, 2);
    assert_int_equal(finding.history.count, 3);
    assert_int_equal(finding.history.total, 5);
    assert_string_equal(finding.history.messages[0].text.data, "M3");
    arena_destroy(finding.arena);
}

static void test_texts_come_back_as_they_were(void **state) {
    struct store *store = support_place_store(state);
    struct store_conversation conversation = conversation_of("V1", "user:'; DROP TABLE calls; --");
    struct fault fault = {0};
    support_must(support_write(store, put_conversation, &conversation, &fault), &fault);
    char *large = memory_allocate(1 << 20);
    memset(large, 'x', 1 << 20);
    const struct slice texts[] = {
        SLICE("it's \"quoted\" $1 ?2 :name %s\n\\"),
        SLICE("\xF0\x9F\x98\x80 \xE4\xBD\xA0\xE5\xA5\xBD \xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7"),
        {NULL, 0},
        {large, 1 << 20},
    };
    enum { COUNT = sizeof texts / sizeof *texts };
    for (size_t i = 0; i < COUNT; i++)
        add_text(store, "V1", "M", texts[i]);
    struct listing all = list_of(store, "V1", 100);
    assert_int_equal(all.count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(slice_equal(all.messages[i].text, texts[i]));
    arena_destroy(all.arena);
    free(large);
}

static void test_a_message_needs_its_conversation(void **state) {
    struct fault fault = {0};
    struct store_message message = {.id = SLICE("M1"), .conversation_id = SLICE("none")};
    assert_false(support_write(support_place_store(state), add_message, &message, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    assert_false(fault.retryable);
}

static bool add_turn(struct store_session *session, void *user, struct fault *fault) {
    return support_write_turn(session, *(int64_t *)user, 4, fault);
}

static void test_a_turn_is_stored_whole(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    for (int64_t i = 0; i < 10; i++)
        support_must(support_write(store, add_turn, &i, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM conversations"), 4);
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 20);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"
                                          " WHERE provider = 'openai' AND model = 'gpt-4o-mini'"
                                          " AND input_tokens = 100 AND first_token_ms = 300"
                                          " AND upstream_request_id = 'req_0123456789'"),
                     10);
    assert_int_equal(support_count(store, "SELECT sum(total) FROM counters"), 20);
    assert_int_equal(support_count(store, "SELECT count(*) FROM counters"), 8);
    int64_t again = 3; /* its call is there already: nothing of the second turn stays */
    assert_false(support_write(store, add_turn, &again, &fault));
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), 20);
    assert_int_equal(support_count(store, "SELECT sum(total) FROM counters"), 20);
}

/* --- keys, secrets, counters --- */

struct key_use {
    struct store_key key;
    struct slice id;
    int64_t when_ms;
    struct arena *arena;
    struct store_key *list;
    size_t count;
};

static bool add_key(struct store_session *session, void *user, struct fault *fault) {
    return store_key_add(session, &((struct key_use *)user)->key, fault);
}
static bool get_key(struct store_session *session, void *user, struct fault *fault) {
    struct key_use *use = user;
    return store_key_get(session, use->id, use->arena, &use->key, fault);
}
static bool list_keys(struct store_session *session, void *user, struct fault *fault) {
    struct key_use *use = user;
    return store_key_list(session, use->arena, &use->list, &use->count, fault);
}
static bool revoke_key(struct store_session *session, void *user, struct fault *fault) {
    struct key_use *use = user;
    return store_key_revoke(session, use->id, use->when_ms, fault);
}
static bool touch_key(struct store_session *session, void *user, struct fault *fault) {
    struct key_use *use = user;
    return store_key_touch(session, use->id, use->when_ms, fault);
}

static void test_keys(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct key_use use = {.id = SLICE("K2"), .arena = arena_create(1024)};
    static const char *const ids[] = {"K2", "K1"};
    for (size_t i = 0; i < 2; i++) {
        use.key = (struct store_key){.id = slice_of(ids[i]),
                                     .name = SLICE("server"),
                                     .hash = SLICE("\0\1\2 hash with a NUL, 32 bytes...."),
                                     .bots = SLICE("support,sales"),
                                     .created_ms = 5,
                                     .expires_ms = 9};
        support_must(support_write(store, add_key, &use, &fault), &fault);
    }
    assert_false(support_write(store, add_key, &use, &fault)); /* the id is taken */
    support_must(support_read(store, list_keys, &use, &fault), &fault);
    assert_int_equal(use.count, 2);
    assert_string_equal(use.list[0].id.data, "K1");
    use.key = (struct store_key){0};
    support_must(support_read(store, get_key, &use, &fault), &fault);
    assert_true(slice_equal(use.key.hash, SLICE("\0\1\2 hash with a NUL, 32 bytes....")));
    assert_string_equal(use.key.name.data, "server");
    assert_string_equal(use.key.bots.data, "support,sales");
    assert_int_equal(use.key.created_ms, 5);
    assert_int_equal(use.key.expires_ms, 9);
    assert_int_equal(use.key.revoked_ms, 0);
    use.when_ms = 7;
    support_must(support_write(store, revoke_key, &use, &fault), &fault);
    use.when_ms = 8; /* already revoked is fine, and the first time counts */
    support_must(support_write(store, revoke_key, &use, &fault), &fault);
    support_must(support_write(store, touch_key, &use, &fault), &fault);
    support_must(support_read(store, get_key, &use, &fault), &fault);
    assert_int_equal(use.key.revoked_ms, 7);
    assert_int_equal(use.key.last_used_ms, 8);
    use.id = SLICE("K3");
    assert_false(support_read(store, get_key, &use, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    assert_false(support_write(store, revoke_key, &use, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    arena_destroy(use.arena);
}

struct secret_use {
    struct slice fresh, value;
    struct arena *arena;
};

static bool get_secret(struct store_session *session, void *user, struct fault *fault) {
    struct secret_use *use = user;
    return store_secret_get(session, "session", use->fresh, use->arena, &use->value, fault);
}

static void test_the_first_secret_stays(void **state) {
    struct fault fault = {0};
    struct secret_use use = {.fresh = SLICE("a\0b"), .arena = arena_create(256)};
    support_must(store_run_now(support_place_store(state), get_secret, &use, &fault), &fault);
    assert_true(slice_equal(use.value, SLICE("a\0b")));
    support_place_reopen(state);
    use.fresh = SLICE("another");
    support_must(support_write(support_place_store(state), get_secret, &use, &fault), &fault);
    assert_true(slice_equal(use.value, SLICE("a\0b")));
    arena_destroy(use.arena);
}

struct counter_use {
    struct store_counter counter;
    int64_t now_ms;
    struct arena *arena;
    struct store_counter *list;
    size_t count;
};

static bool add_counter(struct store_session *session, void *user, struct fault *fault) {
    return store_counter_add(session, &((struct counter_use *)user)->counter, fault);
}
static bool list_counters(struct store_session *session, void *user, struct fault *fault) {
    struct counter_use *use = user;
    return store_counter_list(session, use->now_ms, use->arena, &use->list, &use->count, fault);
}
static bool purge_counters(struct store_session *session, void *user, struct fault *fault) {
    return store_counter_purge(session, ((struct counter_use *)user)->now_ms, fault);
}

static void test_counters_add_up_and_pass(void **state) {
    struct fault fault = {0};
    struct counter_use use = {.arena = arena_create(1024)};
    const struct store_counter counters[] = {
        {SLICE("a"), 60, 0, 2},  {SLICE("a"), 60, 60, 3},  {SLICE("a"), 60, 60, -1},
        {SLICE("b"), 60, 60, 5}, {SLICE("a"), 1000, 0, 7},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        use.counter = counters[i];
        support_must(support_write(support_place_store(state), add_counter, &use, &fault), &fault);
    }
    support_place_reopen(state);
    struct store *store = support_place_store(state);
    use.now_ms = 119; /* the window from 0 counts until 120 */
    support_must(support_read(store, list_counters, &use, &fault), &fault);
    assert_int_equal(use.count, 4);
    use.now_ms = 120;
    support_must(support_read(store, list_counters, &use, &fault), &fault);
    assert_int_equal(use.count, 3);
    int64_t sum = 0;
    for (size_t i = 0; i < use.count; i++)
        sum += use.list[i].count;
    assert_int_equal(sum, 2 + 5 + 7);
    assert_int_equal(support_count(store, "SELECT count(*) FROM counters"), 4);
    support_must(support_write(store, purge_counters, &use, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM counters"), 3);
    arena_destroy(use.arena);
}

/* --- jobs --- */

struct batch_job {
    struct store_job job;
    int64_t number;
    bool fails, done, good;
    struct loop *loop;
    int *left;
};

/* Writes a row before it fails, so that there is something to undo. */
static bool run_batch_job(struct store_session *session, struct store_job *job,
                          struct fault *fault) {
    struct batch_job *batched = (struct batch_job *)job;
    if (!support_write_turn(session, batched->number, 1000, fault))
        return false;
    return !batched->fails || fault_set(fault, FAULT_CONFLICT, "not this one");
}

static void on_batch_job(struct store_job *job, const struct fault *fault) {
    struct batch_job *batched = (struct batch_job *)job;
    batched->done = true;
    batched->good = !fault;
    if (fault)
        assert_string_equal(fault->message, "not this one");
    if (--*batched->left == 0)
        loop_stop(batched->loop);
}

static void test_one_that_fails_takes_no_other_with_it(void **state) {
    struct store *store = support_place_store(state);
    enum { JOBS = 2000 };
    struct loop *loop = loop_create();
    struct batch_job *jobs = memory_zeroed(JOBS, sizeof *jobs);
    int left = JOBS;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] =
            (struct batch_job){.job = {.run = run_batch_job, .done = on_batch_job, .loop = loop},
                               .number = i,
                               .fails = i % 10 == 3,
                               .loop = loop,
                               .left = &left};
        store_write(store, &jobs[i].job);
    }
    loop_run(loop);
    for (int i = 0; i < JOBS; i++) {
        assert_true(jobs[i].done);
        assert_int_equal(jobs[i].good, !jobs[i].fails);
    }
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), JOBS * 9 / 10);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls WHERE id LIKE '%3'"), 0);
    assert_int_equal(support_count(store, "SELECT count(*) FROM messages"), JOBS * 9 / 5);
    struct store_statistics statistics = store_statistics(store);
    assert_int_equal(statistics.writes, JOBS * 9 / 10);
    assert_int_equal(statistics.write_failures, JOBS / 10);
    assert_int_equal(statistics.reads, 3);
    assert_int_equal(statistics.read_failures, 0);
    assert_int_equal(statistics.batch_failures, 0);
    assert_int_equal(statistics.waiting, 0);
    assert_true(statistics.batches > 0 && statistics.batches < JOBS / 2);
    loop_destroy(loop);
    free(jobs);
}

static void test_jobs_without_done_are_counted(void **state) {
    struct store *store = support_place_store(state);
    struct batch_job jobs[2] = {{.job = {.run = run_batch_job}, .number = 1},
                                {.job = {.run = run_batch_job}, .number = 2, .fails = true}};
    store_write(store, &jobs[0].job);
    store_write(store, &jobs[1].job);
    int64_t third = 3; /* done last, since there is one writer */
    assert_true(support_write(store, add_turn, &third, NULL));
    struct store_statistics statistics = store_statistics(store);
    assert_int_equal(statistics.writes, 2);
    assert_int_equal(statistics.write_failures, 1);
}

static void test_a_read_may_not_write(void **state) {
    struct fault fault = {0};
    int64_t number = 1;
    assert_false(support_read(support_place_store(state), add_turn, &number, &fault));
    assert_int_equal(fault.kind, FAULT_STORE);
    assert_int_equal(
        support_count(support_place_store(state), "SELECT count(*) FROM conversations"), 0);
    assert_int_equal(store_statistics(support_place_store(state)).read_failures, 1);
}

static bool write_and_fail(struct store_session *session, void *user, struct fault *fault) {
    return add_turn(session, user, fault) && fault_set(fault, FAULT_CONFLICT, "changed my mind");
}

static void test_run_now(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    int64_t number = 1;
    support_must(store_run_now(store, add_turn, &number, &fault), &fault);
    number = 2;
    assert_false(store_run_now(store, write_and_fail, &number, &fault));
    assert_string_equal(fault.message, "changed my mind");
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), 1);
}

static void count_done(struct store_job *job, const struct fault *fault) {
    assert_null(fault);
    *((struct batch_job *)job)->left -= 1;
}

static void test_closing_runs_what_is_queued(void **state) {
    enum { JOBS = 1500 };
    struct batch_job *jobs = memory_zeroed(JOBS, sizeof *jobs);
    int left = JOBS;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct batch_job){
            .job = {.run = run_batch_job, .done = count_done}, .number = i, .left = &left};
        store_write(support_place_store(state), &jobs[i].job);
    }
    support_place_reopen(state);
    assert_int_equal(left, 0);
    assert_int_equal(support_count(support_place_store(state), "SELECT count(*) FROM calls"), JOBS);
    free(jobs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(test_conversation_belongs_to_its_user_and_bot),
        SUPPORT_TEST(test_messages_come_back_in_order),
        SUPPORT_TEST(test_a_summary_stands_for_what_is_before_it),
        SUPPORT_TEST(test_texts_come_back_as_they_were),
        SUPPORT_TEST(test_a_message_needs_its_conversation),
        SUPPORT_TEST(test_a_turn_is_stored_whole),
        SUPPORT_TEST(test_keys),
        SUPPORT_TEST(test_the_first_secret_stays),
        SUPPORT_TEST(test_counters_add_up_and_pass),
        SUPPORT_TEST(test_one_that_fails_takes_no_other_with_it),
        SUPPORT_TEST(test_jobs_without_done_are_counted),
        SUPPORT_TEST(test_a_read_may_not_write),
        SUPPORT_TEST(test_run_now),
        SUPPORT_TEST(test_closing_runs_what_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
