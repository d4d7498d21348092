/* Tokens as they should be and as forgers make them, under each of the three algorithms. */
#include "gate/jwt.h"
#include "support.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECRET          "an ordinary secret of many bytes, not so short"
#define WRONG_SIGNATURE "the signature of the token is wrong"

static EVP_PKEY *rsa, *other_rsa, *ec, *other_ec;
static char payload[128];

/* One algorithm: who checks, who signs, and an impostor with another key. */
struct side {
    const char *algorithm;
    struct jwt_verifier *verifier;
    struct signer signer, impostor;
};
enum { HS, RS, ES, SIDES };
static struct side sides[SIDES];

static struct jwt_verifier *verifier_of(const char *algorithm, struct slice secret, char *pem) {
    struct jwt_verifier *verifier;
    struct fault fault;
    struct jwt_options options = {.algorithm = algorithm,
                                  .secret = secret,
                                  .public_key_pem = slice_of(pem),
                                  .leeway_ms = 60 * 1000};
    if (!jwt_verifier_create(&options, &verifier, &fault))
        fail_msg("%s", fault.message);
    return verifier;
}

static int setup(void **state) {
    memory_setup(state);
    rsa = make_rsa(2048);
    other_rsa = make_rsa(2048);
    ec = make_ec("P-256");
    other_ec = make_ec("P-256");
    sides[HS] =
        (struct side){"HS256",
                      verifier_of("HS256", SLICE(SECRET), NULL),
                      {SIGN_HMAC, SLICE(SECRET), NULL},
                      {SIGN_HMAC, SLICE("another secret of many bytes, not so short"), NULL}};
    sides[RS] = (struct side){"RS256",
                              verifier_of("RS256", SLICE(""), public_pem(rsa)),
                              {SIGN_RSA, SLICE(""), rsa},
                              {SIGN_RSA, SLICE(""), other_rsa}};
    sides[ES] = (struct side){"ES256",
                              verifier_of("ES256", SLICE(""), public_pem(ec)),
                              {SIGN_EC, SLICE(""), ec},
                              {SIGN_EC, SLICE(""), other_ec}};
    snprintf(payload, sizeof payload, "{\"sub\":\"zebra\",\"exp\":%lld}", (long long)NOW_S + 60);
    return 0;
}

static int teardown(void **state) {
    for (size_t i = 0; i < SIDES; i++)
        jwt_verifier_destroy(sides[i].verifier);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(other_ec);
    return memory_teardown(state);
}

static struct slice good_token(const struct side *side) {
    return make_token(&side->signer, text("{\"alg\":\"%s\"}", side->algorithm).data, payload);
}

/* A token rightly signed, with members more in its header. */
static struct slice token_with(const struct side *side, const char *members) {
    struct slice header = text("{\"alg\":\"%s\",%s}", side->algorithm, members);
    return make_token(&side->signer, header.data, payload);
}

static void takes_a_good_token(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++) {
        struct jwt_claims claims;
        assert_null(refusal(sides[i].verifier, good_token(&sides[i]), NOW_MS, &claims));
        assert_true(slice_is(claims.user, "zebra"));
        assert_true(slice_is(claims.claims, payload));
        assert_int_equal(claims.expires_ms, NOW_MS + 60 * 1000);
    }
}

static void refuses_no_algorithm(void **state) {
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",    "{\"alg\":\"None\"}",
        "{\"alg\":\"NONE\"}",    "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"\"}",        "{\"alg\":null}",
        "{\"alg\":0}",           "{\"alg\":true}",
        "{\"alg\":[\"HS256\"]}", "{}",
        "{\"alg\":{}}",          "{\"Alg\":\"HS256\"}",
    };
    for (size_t i = 0; i < SIDES; i++)
        for (size_t j = 0; j < sizeof headers / sizeof headers[0]; j++) {
            const struct signer nobody = {.how = SIGN_NOT};
            struct slice bare = make_token(&nobody, headers[j], payload);
            assert_refused(sides[i].verifier, bare, "the token is not signed");
            /* Without the last dot, too. */
            assert_refused(sides[i].verifier, slice_first(bare, bare.size - 1),
                           "the token is not a JSON Web Token: it must have three parts");
            struct slice message = text("the token is not signed with %s", sides[i].algorithm);
            assert_refused(sides[i].verifier, make_token(&sides[i].signer, headers[j], payload),
                           message.data);
        }
}

/* Whatever a token says of itself, it is checked in the one configured way. */
static void refuses_another_algorithm(void **state) {
    (void)state;
    static const char *const names[] = {
        "HS256",  "RS256", "ES256", "HS384", "HS512", "RS384",  "PS256",        "ES384",
        "ES256K", "EdDSA", "hs256", "rs256", "es256", "HS256 ", "RS256\\u0000", "ES256\\n"};
    for (size_t i = 0; i < SIDES; i++)
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            if (strcmp(names[j], sides[i].algorithm) == 0)
                continue;
            struct slice header = text("{\"alg\":\"%s\"}", names[j]);
            struct slice message = text("the token is not signed with %s", sides[i].algorithm);
            for (size_t k = 0; k < SIDES; k++)
                assert_refused(sides[i].verifier,
                               make_token(&sides[k].signer, header.data, payload), message.data);
        }
}

/* Signed in one way, labelled as another. */
static void refuses_a_wrong_label(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++)
        for (size_t j = 0; j < SIDES; j++) {
            if (i == j)
                continue;
            struct slice header = text("{\"alg\":\"%s\"}", sides[i].algorithm);
            assert_refused(sides[i].verifier, make_token(&sides[j].signer, header.data, payload),
                           WRONG_SIGNATURE);
        }
}

/* The public key is known to all; a token signed with it as an HMAC secret must not pass. */
static void does_not_confuse_public_keys_with_secrets(void **state) {
    (void)state;
    for (size_t i = RS; i <= ES; i++) {
        char *pem = public_pem(sides[i].signer.key);
        struct slice forms[] = {slice_of(pem), slice_first(slice_of(pem), strlen(pem) - 1),
                                slice_of(to_jwk(sides[i].signer.key, ""))};
        for (size_t j = 0; j < 3; j++) {
            const struct signer forger = {SIGN_HMAC, forms[j], NULL};
            struct slice message = text("the token is not signed with %s", sides[i].algorithm);
            assert_refused(sides[i].verifier, make_token(&forger, "{\"alg\":\"HS256\"}", payload),
                           message.data);
            struct slice header = text("{\"alg\":\"%s\"}", sides[i].algorithm);
            assert_refused(sides[i].verifier, make_token(&forger, header.data, payload),
                           WRONG_SIGNATURE);
        }
    }
}

static void refuses_another_key(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++) {
        struct slice header = text("{\"alg\":\"%s\"}", sides[i].algorithm);
        assert_refused(sides[i].verifier, make_token(&sides[i].impostor, header.data, payload),
                       WRONG_SIGNATURE);
    }
}

/* A token may bring its own key; nobody asked for it. */
static void does_not_take_a_key_from_the_token(void **state) {
    (void)state;
    for (size_t i = RS; i <= ES; i++) {
        char *key = to_jwk(sides[i].impostor.key, "");
        struct slice headers[] = {
            text("{\"alg\":\"%s\",\"jwk\":%s}", sides[i].algorithm, key),
            text("{\"alg\":\"%s\",\"jku\":\"https://zebra.example/keys\"}", sides[i].algorithm),
            text("{\"alg\":\"%s\",\"x5u\":\"https://zebra.example/keys\"}", sides[i].algorithm),
            text("{\"alg\":\"%s\",\"x5c\":[\"zebra\"]}", sides[i].algorithm),
        };
        for (size_t j = 0; j < sizeof headers / sizeof headers[0]; j++) {
            struct slice forged = make_token(&sides[i].impostor, headers[j].data, payload);
            assert_refused(sides[i].verifier, forged, WRONG_SIGNATURE);
            /* Rightly signed it passes, and the address is not opened. */
            assert_taken(sides[i].verifier, make_token(&sides[i].signer, headers[j].data, payload));
        }
    }
}

static void refuses_every_change_of_one_character(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++) {
        struct slice token = good_token(&sides[i]);
        char *changed = arena_string(memory, token);
        for (size_t at = 0; at < token.size; at++) {
            static const char others[] = "AB-_.z=+/ \n";
            for (size_t j = 0; j < sizeof others; j++) {
                if (others[j] == token.data[at])
                    continue;
                changed[at] = others[j]; /* the last one is NUL */
                assert_non_null(
                    refusal(sides[i].verifier, (struct slice){changed, token.size}, NOW_MS, NULL));
            }
            changed[at] = token.data[at];
        }
        assert_taken(sides[i].verifier, ((struct slice){changed, token.size}));
    }
}

static void refuses_every_cut_and_every_addition(void **state) {
    (void)state;
    static const char *const more[] = {"A",  "AA", "AAA", "AAAA", "=",   "==", ".",
                                       ".A", " ",  "\n",  "\t",   "%00", "..", "+"};
    for (size_t i = 0; i < SIDES; i++) {
        struct slice token = good_token(&sides[i]);
        for (size_t size = 0; size < token.size; size++) {
            assert_non_null(refusal(sides[i].verifier, slice_first(token, size), NOW_MS, NULL));
            assert_non_null(
                refusal(sides[i].verifier, slice_from(token, token.size - size), NOW_MS, NULL));
        }
        for (size_t j = 0; j < sizeof more / sizeof more[0]; j++) {
            struct slice behind = text("%.*s%s", SLICE_ARG(token), more[j]);
            struct slice before = text("%s%.*s", more[j], SLICE_ARG(token));
            assert_non_null(refusal(sides[i].verifier, behind, NOW_MS, NULL));
            assert_non_null(refusal(sides[i].verifier, before, NOW_MS, NULL));
        }
        struct slice with_nul = {arena_string(memory, token), token.size + 1};
        assert_non_null(refusal(sides[i].verifier, with_nul, NOW_MS, NULL));
    }
}

/* Two spellings of one token would be two tokens to whoever keeps a list of used ones. */
static void takes_one_spelling_of_base64_only(void **state) {
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < SIDES; i++) {
        struct slice token = good_token(&sides[i]);
        char *changed = arena_string(memory, token);
        size_t taken = 0;
        for (size_t j = 0; alphabet[j]; j++) {
            changed[token.size - 1] = alphabet[j];
            taken += !refusal(sides[i].verifier, (struct slice){changed, token.size}, NOW_MS, NULL);
        }
        assert_int_equal(taken, 1);
    }
}

static void refuses_garbage(void **state) {
    (void)state;
    static const struct {
        const char *token, *message;
    } cases[] = {
        {"", "the token is not a JSON Web Token: it must have three parts"},
        {"zebra", "the token is not a JSON Web Token: it must have three parts"},
        {"zebra.zebra", "the token is not a JSON Web Token: it must have three parts"},
        {"a.b.c.d", "the token is not a JSON Web Token: it must have three parts"},
        {"a.b.c.d.e", "encrypted tokens (JWE) are not accepted"},
        {"....", "encrypted tokens (JWE) are not accepted"},
        {"a.b.c.d.e.f", "the token is not a JSON Web Token: it must have three parts"},
        {"..", "a part of the token is empty"},
        {".e30.AAAA", "a part of the token is empty"},
        {"e30..AAAA", "a part of the token is empty"},
        {"e30.e30.", "the token is not signed"},
        {"e30=.e30.AAAA", "the token's header is not base64url"},
        {"e30.e30.AAAA", "the token is not signed with HS256"},
        {"W10.e30.AAAA", "the token's header is not a JSON object with distinct keys"},
        {"InplYnJhIg.e30.AAAA", "the token's header is not a JSON object with distinct keys"},
        {"_____w.e30.AAAA", "the token's header is not a JSON object with distinct keys"},
        {"bnVsbA.e30.AAAA", "the token's header is not a JSON object with distinct keys"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(sides[HS].verifier, slice_of(cases[i].token), cases[i].message);
}

/* A length that stands for itself: exactly 8 KiB pass, one byte more does not. */
static void has_a_limit_of_size(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++)
        for (size_t size = 8190; size <= 8194; size++) {
            struct slice header = text("{\"alg\":\"%s\"}", sides[i].algorithm), token = {NULL, 0};
            for (size_t filling = 5000; token.size < size; filling++) {
                char *fill = arena_allocate(memory, filling + 1);
                memset(fill, 'x', filling);
                struct slice long_payload =
                    text("{\"sub\":\"u\",\"x\":\"%s\",\"exp\":%lld}", fill, (long long)NOW_S + 60);
                if (text("%s", base64url(long_payload)).size + 90 < 8192 - 400)
                    continue;
                token = make_token(&sides[i].signer, header.data, long_payload.data);
            }
            const char *message = refusal(sides[i].verifier, token, NOW_MS, NULL);
            assert_string_equal(or_taken(message),
                                token.size > 8192 ? "the token is larger than 8 KiB" : "taken");
        }
    char *huge = malloc(50 * 1000 * 1000);
    memset(huge, 'A', 50 * 1000 * 1000);
    assert_refused(sides[HS].verifier, ((struct slice){huge, 50 * 1000 * 1000}),
                   "the token is larger than 8 KiB");
    free(huge);
}

static void judges_headers(void **state) {
    (void)state;
    static const char crit[] = "the token demands extensions (\"crit\"), which are not known here";
    static const char typ[] = "the token's type (\"typ\") is not JWT";
    static const char cty[] = "nested tokens (\"cty\") are not accepted";
    static const char kid[] = "the token's key id (\"kid\") is not a string of up to 256 bytes";
    static const char twice[] = "the token's header is not a JSON object with distinct keys";
    static const struct {
        const char *members, *message;
    } cases[] = {
        {"\"typ\":\"JWT\"", NULL},
        {"\"typ\":\"jwt\"", NULL},
        {"\"typ\":\"at+jwt\"", NULL},
        {"\"typ\":\"application/at+JWT\"", NULL},
        {"\"typ\":\"application/jwt\"", NULL},
        {"\"typ\":\"JWE\"", typ},
        {"\"typ\":\"\"", typ},
        {"\"typ\":null", typ},
        {"\"typ\":[\"JWT\"]", typ},
        {"\"typ\":\"secevent+jwt\"", typ},
        {"\"typ\":\"logout+jwt\"", typ},
        {"\"crit\":[\"exp\"],\"exp\":1", crit},
        {"\"crit\":[]", crit},
        {"\"crit\":null", crit},
        {"\"crit\":[\"b64\"],\"b64\":false", crit},
        {"\"cty\":\"JWT\"", cty},
        {"\"kid\":\"zebra\"", NULL},
        {"\"kid\":\"\"", NULL},
        {"\"kid\":\"../../../../dev/null\"", NULL},
        {"\"kid\":\"/proc/sys/kernel/randomize_va_space\"", NULL},
        {"\"kid\":\"x' UNION SELECT 'zebra' -- \"", NULL},
        {"\"kid\":\"a\\u0000b\"", NULL},
        {"\"kid\":\"| id\"", NULL},
        {"\"kid\":7", kid},
        {"\"kid\":null", kid},
        {"\"kid\":[\"zebra\"]", kid},
        {"\"kid\":\"a\",\"kid\":\"b\"", twice},
        {"\"kid\":\"a\",\"\\u006bid\":\"b\"", twice},
        {"\"alg\":\"none\"", twice},
        {"\"\\u0061lg\":\"none\"", twice},
        {"\"x\":{\"y\":1,\"y\":2}", twice},
        {"\"x\":[{\"y\":1,\"z\":0,\"y\":2}]", twice},
        {"\"x\":{\"y\":1},\"y\":2", NULL},
        {"\"x\":tru", twice},
        {"\"x\":1}, {\"x\":1", twice},
    };
    for (size_t i = 0; i < SIDES; i++)
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++)
            assert_refused(sides[i].verifier, token_with(&sides[i], cases[j].members),
                           or_taken(cases[j].message));
}

static void limits_the_size_of_key_ids(void **state) {
    (void)state;
    char id[258] = "";
    memset(id, 'k', 257);
    assert_refused(sides[RS].verifier, token_with(&sides[RS], text("\"kid\":\"%s\"", id).data),
                   "the token's key id (\"kid\") is not a string of up to 256 bytes");
    id[256] = '\0';
    assert_taken(sides[RS].verifier, token_with(&sides[RS], text("\"kid\":\"%s\"", id).data));
}

static void refuses_a_token_within_a_token(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++) {
        struct slice inner = good_token(&sides[i]);
        struct slice header = text("{\"alg\":\"%s\"}", sides[i].algorithm);
        assert_refused(sides[i].verifier, make_token(&sides[i].signer, header.data, inner.data),
                       "the token's content is not a JSON object with distinct keys");
    }
}

/* The header and the payload are signed together: parts of two good tokens are not a third. */
static void refuses_mixed_tokens(void **state) {
    (void)state;
    for (size_t i = 0; i < SIDES; i++) {
        struct slice one = good_token(&sides[i]), other = token_with(&sides[i], "\"typ\":\"JWT\"");
        struct slice rest_one = one, rest_other = other, a[3], b[3];
        for (size_t j = 0; j < 3; j++) {
            assert_true(slice_split(&rest_one, '.', &a[j]));
            assert_true(slice_split(&rest_other, '.', &b[j]));
        }
        assert_refused(sides[i].verifier,
                       text("%.*s.%.*s.%.*s", SLICE_ARG(b[0]), SLICE_ARG(a[1]), SLICE_ARG(a[2])),
                       WRONG_SIGNATURE);
        assert_refused(sides[i].verifier,
                       text("%.*s.%.*s.%.*s", SLICE_ARG(a[0]), SLICE_ARG(a[1]), SLICE_ARG(b[2])),
                       WRONG_SIGNATURE);
        assert_refused(sides[i].verifier,
                       text("%.*s.%.*s.%.*s", SLICE_ARG(a[1]), SLICE_ARG(a[0]), SLICE_ARG(a[2])),
                       text("the token is not signed with %s", sides[i].algorithm).data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_good_token),
        cmocka_unit_test(refuses_no_algorithm),
        cmocka_unit_test(refuses_another_algorithm),
        cmocka_unit_test(refuses_a_wrong_label),
        cmocka_unit_test(does_not_confuse_public_keys_with_secrets),
        cmocka_unit_test(refuses_another_key),
        cmocka_unit_test(does_not_take_a_key_from_the_token),
        cmocka_unit_test(refuses_every_change_of_one_character),
        cmocka_unit_test(refuses_every_cut_and_every_addition),
        cmocka_unit_test(takes_one_spelling_of_base64_only),
        cmocka_unit_test(refuses_garbage),
        cmocka_unit_test(has_a_limit_of_size),
        cmocka_unit_test(judges_headers),
        cmocka_unit_test(limits_the_size_of_key_ids),
        cmocka_unit_test(refuses_a_token_within_a_token),
        cmocka_unit_test(refuses_mixed_tokens),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
