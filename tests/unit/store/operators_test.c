/* Operators, their sign-ins, and what they leave behind. */
#include "base/buffer.h"
#include "store/desk.h"
#include "support.h"

static bool add(struct store_session *session, void *user, struct fault *fault) {
    return store_operator_add(session, user, fault);
}

static bool try_add(struct store *store, const char *id, const char *name, struct fault *fault) {
    struct store_operator operator= {.id = slice_of(id),
                                     .name = slice_of(name),
                                     .display = SLICE("Anna"),
                                     .role = SLICE("lead"),
                                     .bots = SLICE("shop,club"),
                                     .password = SLICE("$argon2id$1"),
                                     .created_ms = 1000};
    return support_write(store, add, &operator, fault);
}

struct asking {
    struct slice name, id, hash;
    int64_t now_ms;
    struct arena *arena;
    bool found;
    struct store_operator operator;
};

static bool find(struct store_session *session, void *user, struct fault *fault) {
    struct asking *it = user;
    if (it->name.size > 0)
        return store_operator_find(session, it->name, it->arena, &it->found, &it->operator, fault);
    if (it->id.size > 0)
        return store_operator_get(session, it->id, it->arena, &it->found, &it->operator, fault);
    return store_operator_session_find(session, it->hash, it->now_ms, it->arena, &it->found,
                                       &it->operator, fault);
}

static bool is_found(struct store *store, struct asking *it) {
    struct fault fault = {0};
    support_must(support_read(store, find, it, &fault), &fault);
    return it->found;
}

static bool sign_in(struct store_session *session, void *user, struct fault *fault) {
    struct asking *it = user;
    return store_operator_session_add(session, it->hash, it->id, it->now_ms, it->now_ms + 100,
                                      fault);
}

static bool sign_out(struct store_session *session, void *user, struct fault *fault) {
    return store_operator_session_end(session, ((struct asking *)user)->hash, fault);
}

static bool reset(struct store_session *session, void *user, struct fault *fault) {
    return store_operator_reset(session, ((struct asking *)user)->name, SLICE("$argon2id$2"),
                                fault);
}

static bool drop(struct store_session *session, void *user, struct fault *fault) {
    return store_operator_remove(session, ((struct asking *)user)->name, 5000, fault);
}

static void a_name_is_given_once(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct asking it = {.arena = arena_create(512), .name = SLICE("anna")};
    assert_false(is_found(store, &it));
    support_must(try_add(store, "O1", "anna", &fault), &fault);
    assert_false(try_add(store, "O2", "anna", &fault));
    assert_int_equal(fault.kind, FAULT_CONFLICT);
    assert_true(is_found(store, &it));
    assert_true(slice_is(it.operator.id, "O1") && slice_is(it.operator.bots, "shop,club"));
    assert_true(slice_is(it.operator.password, "$argon2id$1"));
    /* Once more, when the first one is gone; who that was is still known. */
    support_must(support_write(store, drop, &it, &fault), &fault);
    assert_false(is_found(store, &it));
    support_must(try_add(store, "O2", "anna", &fault), &fault);
    assert_true(is_found(store, &it));
    assert_true(slice_is(it.operator.id, "O2"));
    it.name.size = 0;
    it.id = SLICE("O1");
    assert_true(is_found(store, &it));
    assert_int_equal(it.operator.removed_ms, 5000);
    it.name = SLICE("nobody");
    assert_false(support_write(store, drop, &it, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    assert_false(support_write(store, reset, &it, &fault));
    assert_int_equal(fault.kind, FAULT_NOT_FOUND);
    arena_destroy(it.arena);
}

static void a_sign_in_ends_in_each_way(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct asking it = {.arena = arena_create(512), .hash = SLICE("0123"), .now_ms = 1000};
    support_must(try_add(store, "O1", "anna", &fault), &fault);
    it.id = SLICE("O1");
    for (int way = 0; way < 4; way++) {
        it.id = SLICE("O1");
        it.now_ms = 1000;
        support_must(support_write(store, sign_in, &it, &fault), &fault);
        it.id.size = it.name.size = 0;
        it.now_ms = 1099;
        assert_true(is_found(store, &it));
        assert_true(slice_is(it.operator.name, "anna"));
        it.name = SLICE("anna");
        if (way == 0)
            it.now_ms = 1100;
        else
            support_must(support_write(store,
                                       way == 1   ? sign_out
                                       : way == 2 ? reset
                                                  : drop,
                                       &it, &fault),
                         &fault);
        it.name.size = 0;
        assert_false(is_found(store, &it));
        it.hash = slice_of(way == 0 ? "4567" : way == 1 ? "89ab" : "cdef");
    }
    arena_destroy(it.arena);
}

static bool taken(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    const struct store_conversation conversation = {.id = SLICE("C1"),
                                                    .bot = SLICE("shop"),
                                                    .user = SLICE("anon:1"),
                                                    .door = SLICE("widget"),
                                                    .created_ms = 1000};
    const struct store_handoff handoff = {.conversation_id = SLICE("C1"),
                                          .mode = SLICE("operator"),
                                          .cause = SLICE("operator"),
                                          .operator_id = SLICE("O1"),
                                          .now_ms = 2000};
    return store_conversation_put(session, &conversation, fault) &&
           store_handoff_set(session, &handoff, fault);
}

static bool standing(struct store_session *session, void *user, struct fault *fault) {
    struct store_standing *it = user;
    struct arena *arena = arena_create(512);
    bool found, ok = store_standing_get(session, SLICE("C1"), arena, &found, it, fault);
    assert_true(!ok || (found && slice_is(it->mode, "waiting") && it->operator_id.size == 0));
    arena_destroy(arena);
    return ok;
}

static void visitors_of_who_goes_wait_again(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct asking it = {.name = SLICE("anna")};
    struct store_standing now;
    support_must(try_add(store, "O1", "anna", &fault), &fault);
    support_must(support_write(store, taken, NULL, &fault), &fault);
    support_must(support_write(store, drop, &it, &fault), &fault);
    support_must(support_read(store, standing, &now, &fault), &fault);
    assert_int_equal(now.epoch, 2);
    assert_int_equal(now.waiting_ms, 5000);
    assert_int_equal(support_count(store, "SELECT count(*) FROM handoffs"), 2);
}

static bool list(struct store_session *session, void *user, struct fault *fault) {
    struct asking *it = user;
    struct store_operator *operators;
    size_t count;
    bool ok = store_operators_list(session, it->arena, &operators, &count, fault);
    assert_int_equal(count, 2);
    assert_true(slice_is(operators[0].name, "anna") && slice_is(operators[1].name, "boris"));
    assert_int_equal(operators[0].password.size, 0);
    return ok;
}

static void lists_hold_no_passwords(void **state) {
    struct store *store = support_place_store(state);
    struct fault fault = {0};
    struct asking it = {.arena = arena_create(512), .name = SLICE("clara")};
    support_must(try_add(store, "O3", "boris", &fault), &fault);
    support_must(try_add(store, "O2", "clara", &fault), &fault);
    support_must(try_add(store, "O1", "anna", &fault), &fault);
    support_must(support_write(store, drop, &it, &fault), &fault);
    support_must(support_read(store, list, &it, &fault), &fault);
    arena_destroy(it.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_name_is_given_once),
        SUPPORT_TEST(a_sign_in_ends_in_each_way),
        SUPPORT_TEST(visitors_of_who_goes_wait_again),
        SUPPORT_TEST(lists_hold_no_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
