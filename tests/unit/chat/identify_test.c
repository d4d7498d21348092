/* Tokens and the key sets they need: who waits for a fetch, who does not, and how often one is
 * made. One loop serves the key set over a real socket and identifies as well. */
#include "../gate/support.h"
#include "base/clock.h"
#include "chat/identify.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "http/server.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ANSWERS_MAX = 64, PATIENCE_MS = 20000, MINUTE_MS = 60 * 1000 };

static EVP_PKEY *keys[2];

struct answer {
    int count;
    enum fault_kind kind; /* FAULT_NONE: taken */
    char code[64], user[256];
};

static struct rig {
    struct loop *loop;
    struct http_server *server;
    struct chat *chat;
    struct settings *settings;
    struct bot *bot;
    struct http_exchange *held; /* the request for the key set */
    int requests;
    struct timer patience;
    bool (*come_true)(void);
    struct answer answers[ANSWERS_MAX];
} rig;

/* --- the rig --- */

/* Looks whether what is waited for is true, in every round of the loop. */
static void look(void *user) {
    (void)user;
    if (rig.come_true())
        loop_stop(rig.loop);
    else
        loop_post(rig.loop, look, NULL);
}

static void lose_patience(void *user) {
    (void)user;
    fail_msg("what was waited for did not come true");
}

static void wait_for(bool (*come_true)(void)) {
    rig.come_true = come_true;
    timer_set(&rig.patience, PATIENCE_MS);
    loop_post(rig.loop, look, NULL);
    loop_run(rig.loop);
    timer_stop(&rig.patience);
}

static bool is_asked(void) {
    return rig.held != NULL;
}
static bool is_over(void) {
    return rig.chat->key_set_fetches == NULL;
}
static bool has_no_connection(void) {
    return http_server_connections(rig.server) == 0;
}

static void on_request(void *user, struct http_exchange *exchange) {
    (void)user;
    rig.requests++;
    assert_null(rig.held); /* one at a time */
    rig.held = exchange;
}

static void serve(int status, const char *body) {
    wait_for(is_asked);
    struct http_exchange *exchange = rig.held;
    rig.held = NULL;
    http_reply(exchange, status, "application/json", slice_of(body));
    wait_for(is_over);
}

static int setup(void **state) {
    memory_setup(state);
    rig = (struct rig){.loop = loop_create()};
    timer_init(&rig.patience, rig.loop, lose_patience, NULL);
    struct http_options http = http_options_default();
    struct fault fault;
    http.address = "127.0.0.1:0";
    if (!http_server_create(rig.loop, &http, on_request, NULL, &rig.server, &fault))
        fail_msg("%s", fault.message);
    struct arena *arena = arena_create(4096);
    rig.settings = arena_allocate(arena, sizeof *rig.settings);
    rig.bot = arena_allocate(arena, sizeof *rig.bot);
    const struct jwt_options options = {
        .algorithm = "ES256",
        .jwks_url = arena_printf(arena, "http://127.0.0.1:%d/keys", http_server_port(rig.server)),
        .leeway_ms = MINUTE_MS};
    *rig.bot = (struct bot){.name = "support"};
    assert_true(jwt_verifier_create(&options, &rig.bot->access.jwt, NULL));
    *rig.settings = (struct settings){.arena = arena, .bots = rig.bot, .bot_count = 1};
    atomic_init(&rig.settings->references, 1);
    const struct chat_parts parts = {.loop = rig.loop};
    rig.chat = chat_create(&parts, rig.settings);
    return 0;
}

static int teardown(void **state) {
    chat_destroy(rig.chat);
    settings_release(rig.settings);
    if (rig.held) /* its client is gone */
        http_reply(rig.held, 503, NULL, SLICE(""));
    wait_for(has_no_connection);
    http_server_destroy(rig.server);
    loop_destroy(rig.loop);
    return memory_teardown(state);
}

/* --- asking --- */

static void on_done(void *user, const struct identity *identity, const struct fault *fault) {
    struct answer *answer = user;
    answer->count++;
    answer->kind = fault ? fault->kind : FAULT_NONE;
    snprintf(answer->code, sizeof answer->code, "%s", fault ? fault->code : "");
    snprintf(answer->user, sizeof answer->user, "%s", fault ? "" : identity->user);
}

static struct identify *ask(size_t which, struct slice token) {
    const struct credentials credentials = {.bearer = token};
    rig.answers[which] = (struct answer){0};
    return identify_start(rig.chat, rig.settings, rig.bot, &credentials, on_done,
                          &rig.answers[which]);
}

static struct slice token_by(size_t key, const char *key_id) {
    const struct signer signer = {.how = SIGN_EC, .key = keys[key]};
    struct slice header = text("{\"alg\":\"ES256\",\"kid\":\"%s\"}", key_id);
    struct slice payload =
        text("{\"sub\":\"ann\",\"exp\":%lld}", (long long)(clock_wall_ms() / 1000 + 3600));
    return make_token(&signer, header.data, payload.data);
}

static const char *document_of(size_t key, const char *key_id) {
    const char *jwk = to_jwk(keys[key], text("\"kid\":\"%s\"", key_id).data);
    return jwks_document(&jwk, 1);
}

/* As if the set had been fetched so long ago. */
static void have_keys(size_t key, const char *key_id, int64_t age_ms) {
    assert_true(jwt_verifier_set_keys(rig.bot->access.jwt, slice_of(document_of(key, key_id)),
                                      clock_wall_ms() - age_ms, NULL));
}

static void assert_answer(size_t which, const char *user, const char *code) {
    assert_int_equal(rig.answers[which].count, 1);
    assert_string_equal(rig.answers[which].user, user);
    assert_string_equal(rig.answers[which].code, code);
}

/* --- the tests --- */

static void old_keys_answer_at_once(void **state) {
    (void)state;
    have_keys(0, "a", 11 * MINUTE_MS);
    for (size_t i = 0; i < 3; i++) {
        assert_null(ask(i, token_by(0, "a")));
        assert_answer(i, "user:ann", "");
    }
    serve(200, document_of(1, "b"));
    assert_int_equal(rig.requests, 1);
    /* What was fetched meanwhile counts from now on. */
    assert_null(ask(0, token_by(1, "b")));
    assert_answer(0, "user:ann", "");
    assert_null(ask(0, token_by(0, "a")));
    assert_answer(0, "", "token_key");
    assert_null(rig.chat->key_set_fetches);
}

static void a_failed_refresh_harms_nobody(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body;
    } replies[] = {{500, "{}"}, {200, "<html>"}, {302, ""}};
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        have_keys(0, "a", 11 * MINUTE_MS);
        assert_null(ask(0, token_by(0, "a")));
        assert_answer(0, "user:ann", "");
        serve(replies[i].status, replies[i].body);
        /* Not again for a while. */
        assert_null(ask(0, token_by(0, "a")));
        assert_answer(0, "user:ann", "");
        assert_null(rig.chat->key_set_fetches);
        assert_int_equal(rig.requests, i + 1);
    }
}

static void without_keys_all_wait_for_one_fetch(void **state) {
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_non_null(ask(i, token_by(i == 3, "a")));
    serve(200, document_of(0, "a"));
    assert_int_equal(rig.requests, 1);
    for (size_t i = 0; i < 5; i++)
        assert_answer(i, i == 3 ? "" : "user:ann", i == 3 ? "token_signature" : "");
}

/* Nothing is known of the token, so it is not the visitor's fault. */
static void without_keys_to_be_had_it_is_unavailable(void **state) {
    (void)state;
    assert_non_null(ask(0, token_by(0, "a")));
    serve(503, "");
    assert_int_equal(rig.answers[0].kind, FAULT_UNAVAILABLE);
    assert_null(ask(1, token_by(0, "a")));
    assert_int_equal(rig.answers[1].kind, FAULT_UNAVAILABLE);
    assert_int_equal(rig.requests, 1);
}

static void a_new_key_is_fetched(void **state) {
    (void)state;
    have_keys(0, "a", MINUTE_MS);
    assert_non_null(ask(0, token_by(1, "b")));
    /* Whoever has a known key does not wait with it. */
    assert_null(ask(1, token_by(0, "a")));
    assert_answer(1, "user:ann", "");
    assert_int_equal(rig.answers[0].count, 0);
    serve(200, document_of(1, "b"));
    assert_answer(0, "user:ann", "");
}

static void a_flood_of_unknown_keys_costs_one_fetch(void **state) {
    (void)state;
    have_keys(0, "a", MINUTE_MS);
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        assert_non_null(ask(i, token_by(1, text("made up %zu", i).data)));
    serve(200, document_of(0, "a"));
    for (size_t i = 0; i < ANSWERS_MAX; i++)
        assert_answer(i, "", "token_key");
    /* The next ones are refused without one. */
    for (size_t i = 0; i < ANSWERS_MAX; i++) {
        assert_null(ask(i, token_by(1, text("made up too %zu", i).data)));
        assert_answer(i, "", "token_key");
    }
    assert_null(rig.chat->key_set_fetches);
    assert_int_equal(rig.requests, 1);
}

static void who_has_gone_is_not_told(void **state) {
    (void)state;
    struct identify *first = ask(0, token_by(0, "a")), *second = ask(1, token_by(0, "a")),
                    *third = ask(2, token_by(0, "a"));
    assert_true(first && second && third);
    identify_cancel(second);
    identify_cancel(first);
    serve(200, document_of(0, "a"));
    assert_int_equal(rig.answers[0].count + rig.answers[1].count, 0);
    assert_answer(2, "user:ann", "");
}

/* The chat goes at the end of the test, and the fetch with it. */
static void a_refresh_does_not_hold_up_the_end(void **state) {
    (void)state;
    have_keys(0, "a", 11 * MINUTE_MS);
    assert_null(ask(0, token_by(0, "a")));
    wait_for(is_asked);
    assert_non_null(rig.chat->key_set_fetches);
}

static int make_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++)
        keys[i] = make_ec("P-256");
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++)
        EVP_PKEY_free(keys[i]);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(old_keys_answer_at_once),
        TEST(a_failed_refresh_harms_nobody),
        TEST(without_keys_all_wait_for_one_fetch),
        TEST(without_keys_to_be_had_it_is_unavailable),
        TEST(a_new_key_is_fetched),
        TEST(a_flood_of_unknown_keys_costs_one_fetch),
        TEST(who_has_gone_is_not_told),
        TEST(a_refresh_does_not_hold_up_the_end),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
