/* Sessions of anonymous visitors, and ids of users signed by the site. */
#include "gate/session.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795435200123)
#define BOT    SLICE("support")
enum { DAY_MS = 24 * 60 * 60 * 1000 };

static struct session_key key, other_key;

static int setup(void **state) {
    (void)state;
    if (sodium_init() < 0)
        return -1;
    id_random(key.secret, sizeof key.secret);
    id_random(other_key.secret, sizeof other_key.secret);
    return 0;
}

/* "" when it is taken, else the code. */
static const char *verdict(const struct session_key *by, struct slice bot, struct slice token,
                           int64_t now_ms, struct session *ret_session) {
    static char code[64];
    struct session session = {.issued_ms = -7}, untouched = session;
    struct fault fault = {0};
    /* Just this size, so that AddressSanitizer sees a read behind the end. */
    char *copy = malloc(token.size + !token.size);
    if (token.size)
        memcpy(copy, token.data, token.size);
    bool taken =
        session_verify(by, bot, (struct slice){copy, token.size}, now_ms, DAY_MS, &session, &fault);
    free(copy);
    if (taken) {
        if (ret_session)
            *ret_session = session;
        return "";
    }
    assert_memory_equal(&session, &untouched, sizeof session);
    assert_int_equal(fault.kind, FAULT_UNAUTHENTICATED);
    snprintf(code, sizeof code, "%s", fault.code);
    return code;
}

static void knows_its_visitors_again(void **state) {
    (void)state;
    char token[SESSION_TOKEN_MAX], second[SESSION_TOKEN_MAX];
    struct session made = session_create(&key, BOT, NOW_MS, token), found;
    assert_int_equal(made.issued_ms, NOW_MS - 123);
    assert_string_equal(verdict(&key, BOT, slice_of(token), NOW_MS, &found), "");
    assert_string_equal(found.id.text, made.id.text);
    assert_int_equal(found.issued_ms, made.issued_ms);
    struct session next = session_create(&key, BOT, NOW_MS, second);
    assert_string_not_equal(next.id.text, made.id.text);
    assert_string_not_equal(token, second);
    /* What a cookie may hold (RFC 6265), and no more. */
    assert_int_equal(strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "-_."),
                     strlen(token));
}

static void refuses_those_of_other_bots_and_secrets(void **state) {
    (void)state;
    char token[SESSION_TOKEN_MAX];
    session_create(&key, BOT, NOW_MS, token);
    const char *const bots[] = {"sales", "suppor", "support2", "Support", ""};
    for (size_t i = 0; i < sizeof bots / sizeof bots[0]; i++)
        assert_string_equal(verdict(&key, slice_of(bots[i]), slice_of(token), NOW_MS, NULL),
                            "session_signature");
    /* After the secret was changed nobody is known, and new sessions are good. */
    assert_string_equal(verdict(&other_key, BOT, slice_of(token), NOW_MS, NULL),
                        "session_signature");
    session_create(&other_key, BOT, NOW_MS, token);
    assert_string_equal(verdict(&other_key, BOT, slice_of(token), NOW_MS, NULL), "");
}

static void expires(void **state) {
    (void)state;
    char token[SESSION_TOKEN_MAX];
    int64_t issued = session_create(&key, BOT, NOW_MS, token).issued_ms;
    const struct {
        int64_t now_ms;
        const char *code;
    } cases[] = {
        {issued + DAY_MS, ""},
        {issued + DAY_MS + 1, "session_expired"},
        {issued + INT64_C(400) * DAY_MS, "session_expired"},
        {INT64_MAX, "session_expired"},
        /* A clock that is a little behind on another machine. */
        {issued - 60 * 1000, ""},
        {issued - 60 * 1000 - 1, "session_expired"},
        {0, "session_expired"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(verdict(&key, BOT, slice_of(token), cases[i].now_ms, NULL),
                            cases[i].code);
}

/* Each character replaced by each other one that may stand in a token, and by some that may not. */
static void no_character_can_be_changed(void **state) {
    (void)state;
    static const char alphabet[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
        ".=+/ %\t\n\x80\xff";
    char token[SESSION_TOKEN_MAX], changed[SESSION_TOKEN_MAX];
    session_create(&key, BOT, NOW_MS, token);
    size_t size = strlen(token);
    for (size_t i = 0; i < size; i++) {
        memcpy(changed, token, sizeof changed);
        for (size_t j = 0; j < sizeof alphabet; j++) { /* the NUL as well */
            changed[i] = alphabet[j];
            struct slice forged = {changed, size};
            if (alphabet[j] == token[i])
                continue;
            const char *code = verdict(&key, BOT, forged, NOW_MS, NULL);
            assert_true(strcmp(code, "session_malformed") == 0 ||
                        strcmp(code, "session_signature") == 0);
        }
    }
}

static void refuses_what_is_cut_or_longer(void **state) {
    (void)state;
    char token[SESSION_TOKEN_MAX], longer[2 * SESSION_TOKEN_MAX];
    session_create(&key, BOT, NOW_MS, token);
    size_t size = strlen(token);
    for (size_t i = 0; i < size; i++) {
        assert_string_equal(verdict(&key, BOT, (struct slice){token, i}, NOW_MS, NULL),
                            "session_malformed");
        if (i > 0)
            assert_string_equal(
                verdict(&key, BOT, (struct slice){token + i, size - i}, NOW_MS, NULL),
                "session_malformed");
    }
    static const char *const tails[] = {"A", ".", ".A", "=", " ", ";"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        snprintf(longer, sizeof longer, "%s%s", token, tails[i]);
        assert_string_equal(verdict(&key, BOT, slice_of(longer), NOW_MS, NULL),
                            "session_malformed");
    }
    snprintf(longer, sizeof longer, "%s%s", token, token);
    assert_string_equal(verdict(&key, BOT, slice_of(longer), NOW_MS, NULL), "session_malformed");
    assert_string_equal(verdict(&key, BOT, (struct slice){token, size + 1}, NOW_MS, NULL),
                        "session_malformed");
}

/* The parts of two good tokens, mixed. */
static void refuses_mixtures(void **state) {
    (void)state;
    char tokens[2][SESSION_TOKEN_MAX], mixed[2 * SESSION_TOKEN_MAX];
    session_create(&key, BOT, NOW_MS, tokens[0]);
    session_create(&key, BOT, NOW_MS + 5000, tokens[1]);
    struct slice parts[2][4];
    for (size_t i = 0; i < 2; i++) {
        struct slice rest = slice_of(tokens[i]);
        for (size_t j = 0; j < 4; j++)
            assert_true(slice_split(&rest, '.', &parts[i][j]));
    }
    for (unsigned mask = 0; mask < 8; mask++) {
        const struct slice *id = &parts[mask & 1][1], *issued = &parts[mask >> 1 & 1][2],
                           *mac = &parts[mask >> 2 & 1][3];
        snprintf(mixed, sizeof mixed, "v1.%.*s.%.*s.%.*s", SLICE_ARG(*id), SLICE_ARG(*issued),
                 SLICE_ARG(*mac));
        assert_string_equal(verdict(&key, BOT, slice_of(mixed), NOW_MS, NULL),
                            mask == 0 || mask == 7 ? "" : "session_signature");
        /* The same numbers in another form. */
        snprintf(mixed, sizeof mixed, "v1.%.*s.0%.*s.%.*s", SLICE_ARG(*id), SLICE_ARG(*issued),
                 SLICE_ARG(*mac));
        assert_string_equal(verdict(&key, BOT, slice_of(mixed), NOW_MS, NULL), "session_malformed");
    }
}

/* --- ids signed by the site --- */

/* RFC 4231, test case 2. */
#define VECTOR "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

static void verifies_user_hashes(void **state) {
    (void)state;
    const struct slice secret = SLICE("Jefe"), user = SLICE("what do ya want for nothing?");
    char hash[] = VECTOR;
    assert_true(user_hash_verify(secret, user, SLICE(VECTOR)));
    for (size_t i = 0; i < sizeof hash - 1; i++) {
        char was = hash[i];
        hash[i] = was == '0' ? '1' : '0';
        assert_false(user_hash_verify(secret, user, slice_of(hash)));
        hash[i] = was;
        assert_false(user_hash_verify(secret, user, (struct slice){hash, i}));
    }
    assert_false(user_hash_verify(secret, user, SLICE(VECTOR "0")));
    assert_false(user_hash_verify(secret, user, (struct slice){hash, sizeof hash})); /* and NUL */
    assert_false(user_hash_verify(secret, user, (struct slice){NULL, 0}));
    assert_false(user_hash_verify(secret, SLICE("what do ya want for nothing"), SLICE(VECTOR)));
    assert_false(user_hash_verify(secret, SLICE("what do ya want for nothing? "), SLICE(VECTOR)));
    assert_false(user_hash_verify(SLICE("jefe"), user, SLICE(VECTOR)));
}

/* The HMAC of nothing with an empty key is known to everyone. */
static void an_empty_secret_verifies_nobody(void **state) {
    (void)state;
    const struct slice nothing = {NULL, 0},
                       hash = SLICE(
                           "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_false(user_hash_verify(nothing, nothing, hash));
    assert_false(user_hash_verify(SLICE("secret"), nothing, hash));
}

/* Whether the id is taken with the hash that belongs to it. */
static bool takes_user(struct slice user) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char hash[2 * sizeof mac + 1];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)"secret", 6);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)user.data, user.size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hash, sizeof hash, mac, sizeof mac);
    return user_hash_verify(SLICE("secret"), user, slice_of(hash));
}

/* The same as in tokens, for it is the same user. */
static void user_ids_are_plain_text(void **state) {
    (void)state;
    char user[202];
    memset(user, 'u', sizeof user);
    assert_true(takes_user((struct slice){user, 1}));
    assert_true(takes_user((struct slice){user, 200}));
    assert_false(takes_user((struct slice){user, 201}));
    assert_true(takes_user(SLICE("J\xc3\xb6rg")));
    assert_false(takes_user(SLICE("J\xf6rg")));  /* Latin-1 */
    assert_false(takes_user(SLICE("ann\0eve"))); /* would be ann */
    assert_false(takes_user(SLICE("ann\x7f")));
    assert_false(takes_user(SLICE("ann\r\n")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_visitors_again),
        cmocka_unit_test(refuses_those_of_other_bots_and_secrets),
        cmocka_unit_test(expires),
        cmocka_unit_test(no_character_can_be_changed),
        cmocka_unit_test(refuses_what_is_cut_or_longer),
        cmocka_unit_test(refuses_mixtures),
        cmocka_unit_test(verifies_user_hashes),
        cmocka_unit_test(an_empty_secret_verifies_nobody),
        cmocka_unit_test(user_ids_are_plain_text),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
