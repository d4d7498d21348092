/* What visitors are asked before a tool runs: answered once, replaced, expired, gone with its
 * conversation. */
#include "support.h"

static const char card_id[] = "01ARZ3NDEKTSV4RRFFQ69G5FA1",
                  other_id[] = "01ARZ3NDEKTSV4RRFFQ69G5FA2";

struct step {
    const char *id, *arguments, *state;
    bool yes;
    int64_t now_ms, stale_ms;
    size_t count;
    char tool[32];
};

static bool put(struct store_session *session, void *user, struct fault *fault) {
    (void)user;
    const struct store_conversation conversation = {.id = SLICE("V"),
                                                    .bot = SLICE("support"),
                                                    .user = SLICE("user:1"),
                                                    .door = SLICE("chat"),
                                                    .created_ms = 1000};
    return store_conversation_put(session, &conversation, fault);
}

static bool add(struct store_session *session, void *user, struct fault *fault) {
    const struct step *step = user;
    const struct store_confirmation row = {
        .id = slice_of(step->id),
        .conversation_id = SLICE("V"),
        .turn_id = SLICE("T"),
        .tool = SLICE("book"),
        .arguments = slice_of(step->arguments),
        .card = SLICE("{}"),
        .created_ms = 1000,
        .expires_ms = 5000,
    };
    return store_confirmation_add(session, &row, fault);
}

static bool answer(struct store_session *session, void *user, struct fault *fault) {
    struct step *step = user;
    struct arena *arena = arena_create(256);
    struct store_confirmation row = {0};
    bool ok = store_confirmation_answer(session, slice_of(step->id), SLICE("V"), step->yes,
                                        step->now_ms, step->stale_ms, arena, &row, fault);
    if (ok)
        snprintf(step->tool, sizeof step->tool, "%.*s %.*s", SLICE_ARG(row.tool),
                 SLICE_ARG(row.arguments));
    arena_destroy(arena);
    return ok;
}

static bool end(struct store_session *session, void *user, struct fault *fault) {
    const struct step *step = user;
    return store_confirmation_end(session, slice_of(step->id), slice_of(step->state), fault);
}

static bool waiting(struct store_session *session, void *user, struct fault *fault) {
    struct step *step = user;
    struct arena *arena = arena_create(256);
    struct store_confirmation *rows;
    bool ok = store_confirmations_waiting(session, SLICE("V"), step->now_ms, arena, &rows,
                                          &step->count, fault);
    if (ok && step->count > 0)
        snprintf(step->tool, sizeof step->tool, "%.*s", SLICE_ARG(rows[0].id));
    arena_destroy(arena);
    return ok;
}

static void must(struct store *store, support_run *run, struct step step) {
    struct fault fault = {0};
    support_must(support_write(store, run, &step, &fault), &fault);
}

static void refused(struct store *store, struct step step, enum fault_kind kind, const char *code) {
    struct fault fault = {0};
    assert_false(support_write(store, answer, &step, &fault));
    assert_int_equal(fault.kind, kind);
    assert_string_equal(fault.code, code);
}

static size_t count_waiting(struct store *store, int64_t now_ms, const char *first) {
    struct step step = {.now_ms = now_ms};
    struct fault fault = {0};
    support_must(support_read(store, waiting, &step, &fault), &fault);
    if (first)
        assert_string_equal(step.tool, first);
    return step.count;
}

static struct store *with_card(void **state) {
    struct store *store = support_place_store(state);
    must(store, put, (struct step){0});
    must(store, add, (struct step){.id = card_id, .arguments = "{\"day\":1}"});
    return store;
}

static void a_card_is_answered_once(void **state) {
    struct store *store = with_card(state);
    assert_int_equal(count_waiting(store, 2000, card_id), 1);
    struct step yes = {.id = card_id, .yes = true, .now_ms = 2000};
    struct fault fault = {0};
    support_must(support_write(store, answer, &yes, &fault), &fault);
    assert_string_equal(yes.tool, "book {\"day\":1}");
    assert_int_equal(count_waiting(store, 2000, NULL), 0);
    refused(store, (struct step){.id = card_id, .yes = true, .now_ms = 2001}, FAULT_CONFLICT,
            "confirmation_answered");
    refused(store, (struct step){.id = card_id, .now_ms = 2001}, FAULT_CONFLICT,
            "confirmation_answered");
    must(store, end, (struct step){.id = card_id, .state = "done"});
    refused(store, (struct step){.id = card_id, .yes = true, .now_ms = 4000, .stale_ms = 3000},
            FAULT_CONFLICT, "confirmation_answered");
    assert_int_equal(
        support_count(store, "SELECT count(*) FROM confirmations WHERE arguments = ''"), 1);
}

static void a_yes_whose_tool_never_ran_may_be_given_again(void **state) {
    struct store *store = with_card(state);
    must(store, answer, (struct step){.id = card_id, .yes = true, .now_ms = 2000});
    refused(store, (struct step){.id = card_id, .now_ms = 4000, .stale_ms = 3000}, FAULT_CONFLICT,
            "confirmation_answered");
    must(store, answer,
         (struct step){.id = card_id, .yes = true, .now_ms = 4000, .stale_ms = 3000});
    must(store, end, (struct step){.id = card_id, .state = "waiting"});
    must(store, answer, (struct step){.id = card_id, .now_ms = 4001}); /* and now no */
}

static void a_card_expires(void **state) {
    struct store *store = with_card(state);
    assert_int_equal(count_waiting(store, 4999, card_id), 1);
    assert_int_equal(count_waiting(store, 5000, NULL), 0);
    refused(store, (struct step){.id = card_id, .yes = true, .now_ms = 5000}, FAULT_CONFLICT,
            "confirmation_expired");
    must(store, answer, (struct step){.id = card_id, .yes = true, .now_ms = 4999});
}

static void the_same_asked_again_replaces_the_card(void **state) {
    struct store *store = with_card(state);
    must(store, add, (struct step){.id = other_id, .arguments = "{\"day\":1}"});
    assert_int_equal(count_waiting(store, 2000, other_id), 1);
    refused(store, (struct step){.id = card_id, .yes = true, .now_ms = 2000}, FAULT_CONFLICT,
            "confirmation_answered");
    must(store, add, (struct step){.id = "01ARZ3NDEKTSV4RRFFQ69G5FA3", .arguments = "{\"day\":2}"});
    assert_int_equal(count_waiting(store, 2000, other_id), 2);
}

static void a_card_belongs_to_a_conversation(void **state) {
    struct store *store = support_place_store(state);
    struct step step = {.id = card_id, .arguments = "{}"};
    struct fault fault = {0};
    assert_false(support_write(store, add, &step, &fault));
    refused(store, (struct step){.id = other_id, .now_ms = 2000}, FAULT_NOT_FOUND, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_card_is_answered_once),
        SUPPORT_TEST(a_yes_whose_tool_never_ran_may_be_given_again),
        SUPPORT_TEST(a_card_expires),
        SUPPORT_TEST(the_same_asked_again_replaces_the_card),
        SUPPORT_TEST(a_card_belongs_to_a_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
