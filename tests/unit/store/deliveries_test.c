/* The outbox of webhooks: nothing in it is lost, and nothing is sent by two. */
#include "support.h"
#include <pthread.h>

enum { LEASE = 1000, SIDES = 4, ROWS = 200 };

struct adding {
    const char *id, *bot, *user;
    int64_t created_ms;
};

static bool add(struct store_session *session, void *user, struct fault *fault) {
    const struct adding *adding = user;
    const struct store_delivery delivery = {
        .id = slice_of(adding->id),
        .bot = slice_of(adding->bot ? adding->bot : "support"),
        .user = slice_of(adding->user ? adding->user : "anon:1"),
        .kind = SLICE("lead.created"),
        .target = SLICE("lead"),
        .body = SLICE("{\"type\":\"lead.created\"}"),
        .created_ms = adding->created_ms,
    };
    return store_delivery_add(session, &delivery, fault);
}

static void must_add(struct store *store, struct adding adding) {
    struct fault fault = {0};
    support_must(support_write(store, add, &adding, &fault), &fault);
}

/* What a claim brought, copied out. */
struct claim {
    int64_t now_ms;
    size_t limit, count;
    int64_t next_ms; /* of those that were left */
    char ids[16][64];
    int64_t attempts[16];
};

static bool claim(struct store_session *session, void *user, struct fault *fault) {
    struct claim *it = user;
    struct arena *arena = arena_create(1024);
    struct store_delivery *rows;
    bool ok = store_deliveries_claim(session, it->now_ms, LEASE, it->limit, arena, &rows,
                                     &it->count, fault) &&
              store_deliveries_next(session, &it->next_ms, fault);
    for (size_t i = 0; ok && i < it->count; i++) {
        assert_true(i < 16);
        snprintf(it->ids[i], sizeof it->ids[i], "%.*s", SLICE_ARG(rows[i].id));
        it->attempts[i] = rows[i].attempts;
        assert_int_equal(rows[i].next_ms, it->now_ms + LEASE);
        assert_true(slice_is(rows[i].body, "{\"type\":\"lead.created\"}"));
        assert_true(slice_is(rows[i].target, "lead"));
    }
    arena_destroy(arena);
    return ok;
}

static struct claim claimed(struct store *store, int64_t now_ms, size_t limit) {
    struct claim it = {.now_ms = now_ms, .limit = limit};
    struct fault fault = {0};
    support_must(support_write(store, claim, &it, &fault), &fault);
    return it;
}

struct ending {
    const char *id, *state;
    int64_t attempts, claimed, next_ms;
};

static bool end(struct store_session *session, void *user, struct fault *fault) {
    const struct ending *ending = user;
    const struct store_delivery delivery = {
        .id = slice_of(ending->id),
        .state = slice_of(ending->state),
        .attempts = ending->attempts,
        .status = 500,
        .error = SLICE("refused"),
        .next_ms = ending->next_ms,
        .sent_ms = strcmp(ending->state, "sent") == 0 ? 5000 : 0,
    };
    return store_delivery_end(session, &delivery, ending->claimed, fault);
}

static void must_end(struct store *store, struct ending ending) {
    struct fault fault = {0};
    support_must(support_write(store, end, &ending, &fault), &fault);
}

/* Statements are known by their address: each needs a text of its own. */
static int64_t in_state(struct store *store, const char *state) {
    static const struct {
        const char *state, *sql;
    } all[] = {
        {"waiting", "SELECT count(*) FROM deliveries WHERE state = 'waiting'"},
        {"sent", "SELECT count(*) FROM deliveries WHERE state = 'sent'"},
        {"dead", "SELECT count(*) FROM deliveries WHERE state = 'dead'"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i].state, state) == 0)
            return support_count(store, all[i].sql);
    fail_msg("%s is no state", state);
    return -1;
}

static void claimed_once_and_again_after_its_time(void **state) {
    struct store *store = support_place_store(state);
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 100});
    assert_int_equal(claimed(store, 99, 16).count, 0); /* the clock stands before it */
    struct claim first = claimed(store, 100, 16);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.attempts[0], 1);
    assert_int_equal(first.next_ms, 100 + LEASE);
    assert_int_equal(claimed(store, 100 + LEASE - 1, 16).count, 0);
    /* Nobody ended it: whoever had it was killed. */
    support_place_reopen(state);
    struct claim second = claimed(support_place_store(state), 100 + LEASE, 16);
    assert_int_equal(second.count, 1);
    assert_string_equal(second.ids[0], "msg_A");
    assert_int_equal(second.attempts[0], 2);
}

static void the_longest_due_first(void **state) {
    struct store *store = support_place_store(state);
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 300});
    must_add(store, (struct adding){.id = "msg_B", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_C", .created_ms = 200});
    struct claim two = claimed(store, 1000, 2);
    assert_int_equal(two.count, 2);
    assert_string_equal(two.ids[0], "msg_B");
    assert_string_equal(two.ids[1], "msg_C");
    assert_int_equal(two.next_ms, 300);
    assert_int_equal(claimed(store, 1000, 2).count, 1);
    assert_int_equal(claimed(store, 1000, 2).next_ms, 1000 + LEASE);
}

static void an_end_is_of_its_own_attempt(void **state) {
    struct store *store = support_place_store(state);
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 100});
    claimed(store, 100, 16);
    claimed(store, 100 + LEASE, 16);
    must_end(store, (struct ending){"msg_A", "dead", 1, 1, 0}); /* too late: it is the second */
    assert_int_equal(in_state(store, "waiting"), 1);
    must_end(store, (struct ending){"msg_A", "waiting", 2, 2, 9000});
    assert_int_equal(claimed(store, 8999, 16).count, 0);
    assert_int_equal(claimed(store, 9000, 16).count, 1);
    must_end(store, (struct ending){"msg_A", "sent", 3, 3, 0});
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries WHERE state = 'sent' AND"
                                          " body = '' AND status = 500 AND sent_ms = 5000"),
                     1);
    must_end(store, (struct ending){"msg_A", "dead", 3, 3, 0}); /* it is over */
    assert_int_equal(in_state(store, "sent"), 1);
    assert_int_equal(claimed(store, INT64_MAX / 2, 16).count, 0);
    must_end(store, (struct ending){"msg_X", "dead", 1, 1, 0}); /* erased meanwhile */
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries"), 1);
}

/* --- the dead --- */

struct choice {
    const char *bot, *id;
    int64_t count;
};

static bool retry(struct store_session *session, void *user, struct fault *fault) {
    struct choice *it = user;
    return store_deliveries_retry(session, slice_of(it->bot), slice_of(it->id), 7000, &it->count,
                                  fault);
}

static bool forget(struct store_session *session, void *user, struct fault *fault) {
    struct choice *it = user;
    return store_deliveries_remove(session, slice_of(it->bot), slice_of(it->id), &it->count, fault);
}

static void kill_all(struct store *store, int64_t now_ms) {
    struct claim it = claimed(store, now_ms, 16);
    for (size_t i = 0; i < it.count; i++)
        must_end(store, (struct ending){it.ids[i], "dead", it.attempts[i], it.attempts[i], 0});
}

static void the_dead_are_tried_again_or_removed(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_B", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_C", .bot = "sales", .created_ms = 100});
    kill_all(store, 100);
    must_add(store, (struct adding){.id = "msg_D", .created_ms = 100});
    struct choice one = {"", "msg_A", 0}, other_bot = {"sales", "msg_A", 0},
                  waiting = {"", "msg_D", 0}, all = {"support", "", 0}, rest = {"", "", 0};
    assert_false(support_write(store, retry, &other_bot, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    assert_false(support_write(store, retry, &waiting, &fault));
    assert_false(support_write(store, forget, &waiting, &fault));
    support_must(support_write(store, retry, &one, &fault), &fault);
    assert_int_equal(one.count, 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries WHERE id = 'msg_A' AND"
                                          " state = 'waiting' AND attempts = 0 AND next_ms = 7000"),
                     1);
    support_must(support_write(store, retry, &all, &fault), &fault);
    assert_int_equal(all.count, 1);
    support_must(support_write(store, forget, &rest, &fault), &fault);
    assert_int_equal(rest.count, 1);
    assert_int_equal(in_state(store, "dead"), 0);
    assert_int_equal(in_state(store, "waiting"), 3);
    support_must(support_write(store, forget, &rest, &fault), &fault); /* none is left: fine */
    assert_int_equal(rest.count, 0);
}

static bool purge(struct store_session *session, void *user, struct fault *fault) {
    return store_deliveries_purge(session, *(const int64_t *)user, fault);
}

static void what_was_sent_is_forgotten(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_B", .created_ms = 100});
    claimed(store, 100, 1);
    must_end(store, (struct ending){"msg_A", "sent", 1, 1, 0});
    int64_t before_ms = 5000;
    support_must(support_write(store, purge, &before_ms, &fault), &fault);
    assert_int_equal(in_state(store, "sent"), 1);
    before_ms = 5001;
    support_must(support_write(store, purge, &before_ms, &fault), &fault);
    assert_int_equal(in_state(store, "sent"), 0);
    assert_int_equal(in_state(store, "waiting"), 1);
}

/* --- persons --- */

static bool erase(struct store_session *session, void *user, struct fault *fault) {
    struct store_erased *erased = user;
    return store_user_erase(session, SLICE(""), SLICE("anon:1"), erased, fault);
}

static bool adopt(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    return store_user_adopt(session, SLICE("support"), SLICE("anon:2"), SLICE("user:2"), fault);
}

static bool retain(struct store_session *session, void *user, struct fault *fault) {
    int64_t ignored;
    return store_retention(session, SLICE("support"), *(const int64_t *)user, &ignored, fault);
}

static void a_person_is_erased_with_what_waits(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct store_erased erased;
    must_add(store, (struct adding){.id = "msg_A", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_B", .bot = "sales", .created_ms = 100});
    must_add(store, (struct adding){.id = "msg_C", .user = "anon:2", .created_ms = 100});
    kill_all(store, 100);
    support_must(support_write(store, adopt, NULL, &fault), &fault);
    support_must(support_write(store, erase, &erased, &fault), &fault);
    assert_int_equal(erased.deliveries, 2);
    assert_int_equal(
        support_count(store, "SELECT count(*) FROM deliveries WHERE user_id = 'user:2'"), 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries"), 1);
    int64_t before_ms = 100;
    support_must(support_write(store, retain, &before_ms, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries"), 1);
    before_ms = 101;
    support_must(support_write(store, retain, &before_ms, &fault), &fault);
    assert_int_equal(support_count(store, "SELECT count(*) FROM deliveries"), 0);
}

/* --- several at once --- */

/* With a store of its own it stands for another process. */
struct side {
    struct store *store;
    pthread_t thread;
    int got, failures;
};

static void *claim_all(void *user) {
    struct side *side = user;
    for (;;) {
        struct claim it = {.now_ms = 1000, .limit = 3};
        if (!support_write(side->store, claim, &it, NULL)) {
            side->failures++;
            return NULL;
        }
        for (size_t i = 0; i < it.count; i++)
            side->failures += it.attempts[i] != 1;
        side->got += (int)it.count;
        if (it.count == 0)
            return NULL;
    }
}

static void processes_share_the_work(void **state) {
    (void)state;
    char *folder = support_folder(), *url = support_url(folder, "race.db");
    struct side sides[SIDES] = {0};
    int got = 0;
    for (int i = 0; i < SIDES; i++)
        sides[i].store = support_open(url, 1);
    for (int i = 0; i < ROWS; i++) {
        char id[32];
        snprintf(id, sizeof id, "msg_%03d", i);
        must_add(sides[0].store, (struct adding){.id = id, .created_ms = i});
    }
    for (int i = 0; i < SIDES; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, claim_all, &sides[i]), 0);
    for (int i = 0; i < SIDES; i++) {
        pthread_join(sides[i].thread, NULL);
        assert_int_equal(sides[i].failures, 0);
        got += sides[i].got;
    }
    assert_int_equal(got, ROWS);
    for (int i = 0; i < SIDES; i++)
        store_close(sides[i].store);
    free(url);
    support_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(claimed_once_and_again_after_its_time),
        SUPPORT_TEST(the_longest_due_first),
        SUPPORT_TEST(an_end_is_of_its_own_attempt),
        SUPPORT_TEST(the_dead_are_tried_again_or_removed),
        SUPPORT_TEST(what_was_sent_is_forgotten),
        SUPPORT_TEST(a_person_is_erased_with_what_waits),
        cmocka_unit_test(processes_share_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
