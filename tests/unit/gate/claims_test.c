/* What a rightly signed token says: times, issuer, audience, user. */
#include "support.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECRET   "0123456789abcdef0123456789abcdef"
#define ISSUER   "https://id.example.com/"
#define AUDIENCE "shop"

static const struct signer signer = {SIGN_HMAC, {SECRET, sizeof SECRET - 1}, NULL};

static struct jwt_verifier *create(const char *issuer, const char *audience, const char *claim) {
    const struct jwt_options options = {.algorithm = "HS256",
                                        .secret = SLICE(SECRET),
                                        .issuer = issuer,
                                        .audience = audience,
                                        .user_claim = claim,
                                        .leeway_ms = 60 * 1000};
    struct jwt_verifier *verifier;
    assert_true(jwt_verifier_create(&options, &verifier, NULL));
    return verifier;
}

/* The message for a payload at NOW, "taken" if there is none. */
static const char *verdict(struct jwt_verifier *verifier, const char *payload,
                           struct jwt_claims *ret_claims) {
    struct slice token = make_token(&signer, "{\"alg\":\"HS256\"}", payload);
    return or_taken(refusal(verifier, token, NOW_MS, ret_claims));
}

static void judges_times(void **state) {
    (void)state;
    static const char no_expiry[] = "the token has no expiry (\"exp\")";
    static const char bad_expiry[] = "the token's expiry (\"exp\") is not a time in seconds";
    static const char bad_start[] = "the token's start (\"nbf\") is not a time in seconds";
    static const char bad_issue[] = "the token's time of issue (\"iat\") is not a time in seconds";
    static const char expired[] = "the token has expired", early[] = "the token is not valid yet";
    static const char future[] = "the token was issued in the future";
    /* NOW_S is 1795435200; the leeway 60 s. */
    static const struct {
        const char *members, *message;
    } cases[] = {
        {"\"exp\":1795435200", "taken"},
        {"\"exp\":1795435141", "taken"},
        {"\"exp\":1795435140.001", "taken"},
        {"\"exp\":1795435140", expired},
        {"\"exp\":1795435139", expired},
        {"\"exp\":0", expired},
        {"\"exp\":1.795435201e9", "taken"},
        {"\"exp\":99999999999", "taken"},
        {"\"exp\":1795435300000", bad_expiry}, /* in milliseconds */
        {"\"exp\":-1", bad_expiry},
        {"\"exp\":1e400", bad_expiry},
        {"\"exp\":9999999999999999999999999", bad_expiry},
        {"\"exp\":\"1795435300\"", bad_expiry},
        {"\"exp\":null", bad_expiry},
        {"\"exp\":true", bad_expiry},
        {"\"exp\":[1795435300]", bad_expiry},
        {"\"x\":1", no_expiry},
        {"\"Exp\":1795435300", no_expiry},
        {"\"exp\":1795435300,\"nbf\":1795435260", "taken"},
        {"\"exp\":1795435300,\"nbf\":1795435260.5", early},
        {"\"exp\":1795435300,\"nbf\":1795435261", early},
        {"\"exp\":1795435300,\"nbf\":0", "taken"},
        {"\"exp\":1795435300,\"nbf\":\"0\"", bad_start},
        {"\"exp\":1795435300,\"nbf\":null", bad_start},
        {"\"exp\":1795435300,\"iat\":1795435260", "taken"},
        {"\"exp\":1795435300,\"iat\":1795435261", future},
        {"\"exp\":1795435300,\"iat\":1795435000000", bad_issue},
        {"\"exp\":1795435300,\"iat\":{}", bad_issue},
        {"\"exp\":1795435300,\"exp\":1795435400",
         "the token's content is not a JSON object with distinct keys"},
    };
    struct jwt_verifier *verifier = create(NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice payload = text("{\"sub\":\"zebra\",%s}", cases[i].members);
        assert_string_equal(verdict(verifier, payload.data, NULL), cases[i].message);
    }
    jwt_verifier_destroy(verifier);
}

static void judges_the_issuer(void **state) {
    (void)state;
    static const char other[] = "the token is of another issuer (\"iss\")";
    static const struct {
        const char *member, *message;
    } cases[] = {
        {"\"iss\":\"https://id.example.com/\"", "taken"},
        {"\"iss\":\"https:\\/\\/id.example.com\\u002f\"", "taken"},
        {"\"iss\":\"https://id.example.com\"", other},
        {"\"iss\":\"https://ID.example.com/\"", other},
        {"\"iss\":\"https://id.example.com/ \"", other},
        {"\"iss\":\"https://id.example.com/\\u0000zebra\"", other},
        {"\"iss\":[\"https://id.example.com/\"]", other},
        {"\"iss\":\"zebra\"", other},
        {"\"iss\":null", other},
        {"\"ISS\":\"https://id.example.com/\"", other},
    };
    struct jwt_verifier *verifier = create(ISSUER, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice payload =
            text("{\"sub\":\"u\",\"exp\":%lld,%s}", (long long)NOW_S + 9, cases[i].member);
        assert_string_equal(verdict(verifier, payload.data, NULL), cases[i].message);
    }
    jwt_verifier_destroy(verifier);
}

static void judges_the_audience(void **state) {
    (void)state;
    static const char other[] = "the token is meant for another audience (\"aud\")";
    static const struct {
        const char *member, *message;
    } cases[] = {
        {"\"aud\":\"shop\"", "taken"},
        {"\"aud\":[\"shop\"]", "taken"},
        {"\"aud\":[\"zebra\",\"shop\"]", "taken"},
        {"\"aud\":[7,\"shop\"]", "taken"},
        {"\"aud\":\"Shop\"", other},
        {"\"aud\":\"shop2\"", other},
        {"\"aud\":\"zebra shop\"", other},
        {"\"aud\":[]", other},
        {"\"aud\":[[\"shop\"]]", other},
        {"\"aud\":{\"shop\":\"shop\"}", other},
        {"\"aud\":[\"zebra\"]", other},
        {"\"aud\":null", other},
        {"\"x\":\"shop\"", other},
    };
    struct jwt_verifier *verifier = create(NULL, AUDIENCE, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice payload =
            text("{\"sub\":\"u\",\"exp\":%lld,%s}", (long long)NOW_S + 9, cases[i].member);
        assert_string_equal(verdict(verifier, payload.data, NULL), cases[i].message);
    }
    jwt_verifier_destroy(verifier);
}

static void does_not_ask_for_what_is_not_configured(void **state) {
    (void)state;
    struct jwt_verifier *verifier = create(NULL, NULL, NULL);
    struct slice payload =
        text("{\"sub\":\"u\",\"exp\":%lld,\"iss\":7,\"aud\":\"other\"}", (long long)NOW_S + 9);
    assert_string_equal(verdict(verifier, payload.data, NULL), "taken");
    jwt_verifier_destroy(verifier);
}

static void reads_the_user(void **state) {
    (void)state;
    static const char bad[] = "the user in the token is not an integer or a text of 1 to 200 bytes "
                              "without control characters";
    static const char none[] = "the token does not name the user";
    static const struct {
        const char *claim, *member, *user, *message;
    } cases[] = {
        {"sub", "\"sub\":\"ann\"", "ann", NULL},
        {"sub", "\"sub\":\"J\\u00f6rg \\ud83d\\ude00\"", "J\xc3\xb6rg \xf0\x9f\x98\x80", NULL},
        {"sub", "\"sub\":\"a'; DROP TABLE users; --\"", "a'; DROP TABLE users; --", NULL},
        {"sub", "\"sub\":42", "42", NULL},
        {"sub", "\"sub\":-7", "-7", NULL},
        {"sub", "\"sub\":1e3", "1000", NULL},
        {"sub", "\"sub\":9223372036854775807", "9223372036854775807", NULL},
        {"user_id", "\"sub\":\"ann\",\"user_id\":\"bob\"", "bob", NULL},
        {"https://example.com/id", "\"https://example.com/id\":5", "5", NULL},
        {"user_id", "\"sub\":\"ann\"", NULL, none},
        {"sub", "\"Sub\":\"ann\"", NULL, none},
        {"sub", "\"x\":{\"sub\":\"ann\"}", NULL, none},
        {"sub", "\"sub\":\"\"", NULL, bad},
        {"sub", "\"sub\":null", NULL, bad},
        {"sub", "\"sub\":true", NULL, bad},
        {"sub", "\"sub\":[\"zebra\"]", NULL, bad},
        {"sub", "\"sub\":{\"zebra\":1}", NULL, bad},
        {"sub", "\"sub\":1.5", NULL, bad},
        {"sub", "\"sub\":9223372036854775808", NULL, bad},
        {"sub", "\"sub\":\"zebra\\n\"", NULL, bad},
        {"sub", "\"sub\":\"zebra\\u0000\"", NULL, bad},
        {"sub", "\"sub\":\"zebra\\u007f\"", NULL, bad},
        {"sub", "\"sub\":\"zebra\\u0085\"", NULL, bad},
        {"sub", "\"sub\":\"zebra\\ud800\"", NULL, bad}, /* would be the same as the next */
        {"sub", "\"sub\":\"zebra\\ufffd\"", NULL, bad},
        {"sub", "\"sub\":\"a\",\"su\\u0062\":\"b\"", NULL,
         "the token's content is not a JSON object with distinct keys"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jwt_verifier *verifier = create(NULL, NULL, cases[i].claim);
        struct slice payload = text("{\"exp\":%lld,%s}", (long long)NOW_S + 9, cases[i].member);
        struct jwt_claims claims = {.user = {NULL, 0}};
        const char *message = verdict(verifier, payload.data, &claims);
        assert_string_equal(message, or_taken(cases[i].message));
        if (cases[i].user)
            assert_true(slice_is(claims.user, cases[i].user));
        jwt_verifier_destroy(verifier);
    }
}

static void limits_the_size_of_users(void **state) {
    (void)state;
    struct jwt_verifier *verifier = create(NULL, NULL, NULL);
    char user[202];
    for (size_t size = 199; size <= 201; size++) {
        memset(user, 'u', size);
        user[size] = '\0';
        struct slice payload = text("{\"exp\":%lld,\"sub\":\"%s\"}", (long long)NOW_S + 9, user);
        assert_int_equal(strcmp(verdict(verifier, payload.data, NULL), "taken") == 0, size <= 200);
    }
    jwt_verifier_destroy(verifier);
}

static void wants_an_object(void **state) {
    (void)state;
    static const char *const payloads[] = {
        "[]",
        "null",
        "7",
        "\"zebra\"",
        "{",
        "",
        " ",
        "{}{}",
        "{\"sub\":\"zebra\"",
        "\xef\xbb\xbf{\"sub\":\"u\",\"exp\":1795435300}",
        "{\"sub\":\"\xff\",\"exp\":1795435300}",
        "{sub:\"zebra\",exp:1795435300}",
        "{\"sub\":\"u\",\"exp\":1795435300,}",
        "{\"sub\":\"u\",\"exp\":1795435300,\"x\":{\"a\":1,\"a\":1}}",
        "{\"sub\":\"u\",\"exp\":1795435300,\"x\":[[{\"\":1,\"\":1}]]}",
    };
    struct jwt_verifier *verifier = create(NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++)
        assert_string_equal(verdict(verifier, payloads[i], NULL),
                            *payloads[i] == '\0'
                                ? "a part of the token is empty"
                                : "the token's content is not a JSON object with distinct keys");
    /* Deeper than the reader goes. */
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    struct slice payload = text("{\"sub\":\"u\",\"exp\":1795435300,\"x\":%.400s}", deep);
    assert_string_equal(verdict(verifier, payload.data, NULL),
                        "the token's content is not a JSON object with distinct keys");
    jwt_verifier_destroy(verifier);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_times),
        cmocka_unit_test(judges_the_issuer),
        cmocka_unit_test(judges_the_audience),
        cmocka_unit_test(does_not_ask_for_what_is_not_configured),
        cmocka_unit_test(reads_the_user),
        cmocka_unit_test(limits_the_size_of_users),
        cmocka_unit_test(wants_an_object),
    };
    return cmocka_run_group_tests(tests, memory_setup, memory_teardown);
}
