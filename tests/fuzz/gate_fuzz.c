/* What strangers hand in to be let in. The first byte says what the rest is: a token, the header or
 * the content of one that is then signed rightly, a key set, a session, an API key. Nobody gets in
 * without the secret, and what is taken obeys its rules. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "gate/apikey.h"
#include "gate/jwks.h"
#include "gate/jwt.h"
#include "gate/session.h"
#include <sodium.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 2026-11-23 12:00 UTC */
#define NOW_MS INT64_C(1795435200000)
#define SECRET "0123456789abcdef0123456789abcdef"

#define CHECK(condition)                                                                           \
    do                                                                                             \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    while (0)

static struct jwt_verifier *verifier_of(const char *algorithm) {
    bool shared = algorithm[0] == 'H';
    const struct jwt_options options = {
        .algorithm = algorithm,
        .secret = shared ? SLICE(SECRET) : (struct slice){NULL, 0},
        .jwks_url = shared ? NULL : "https://id.example.com/keys",
        .leeway_ms = 60 * 1000,
    };
    struct jwt_verifier *verifier;
    CHECK(jwt_verifier_create(&options, &verifier, NULL));
    return verifier;
}

static void check_claims(const struct jwt_claims *claims) {
    CHECK(claims->user.size > 0 && claims->user.size <= 200 && utf8_valid(claims->user));
    for (size_t i = 0; i < claims->user.size; i++)
        CHECK((unsigned char)claims->user.data[i] >= 0x20 && claims->user.data[i] != 0x7f);
    CHECK(claims->expires_ms > NOW_MS - 60 * 1000);
    CHECK(json_validate(claims->claims, NULL) && json_type(claims->claims) == JSON_OBJECT);
}

static void fuzz_token(struct slice token) {
    static const char *const algorithms[] = {"HS256", "RS256", "ES256"};
    for (size_t i = 0; i < 3; i++) {
        struct jwt_verifier *verifier = verifier_of(algorithms[i]);
        struct arena *arena = arena_create(4096);
        struct jwt_claims claims;
        struct fault fault = {0};
        jwt_verifier_need(verifier, token, NOW_MS);
        CHECK(!jwt_verify(verifier, token, NOW_MS, arena, &claims, &fault));
        CHECK(fault.kind == FAULT_UNAUTHENTICATED || fault.kind == FAULT_UNAVAILABLE);
        arena_destroy(arena);
        jwt_verifier_destroy(verifier);
    }
}

static void append_base64url(struct buffer *out, struct slice bytes) {
    size_t capacity =
        sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = buffer_reserve(out, capacity);
    sodium_bin2base64(text, capacity, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->size += capacity - 1;
}

/* Behind the signature, where no fuzzer gets by itself. */
static void fuzz_signed(struct slice header, struct slice payload) {
    struct buffer token = {0};
    append_base64url(&token, header);
    buffer_append_string(&token, ".");
    append_base64url(&token, payload);
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)SECRET, sizeof SECRET - 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)token.data, token.size);
    crypto_auth_hmacsha256_final(&state, mac);
    buffer_append_string(&token, ".");
    append_base64url(&token, (struct slice){(const char *)mac, sizeof mac});

    struct jwt_verifier *verifier = verifier_of("HS256");
    struct arena *arena = arena_create(4096);
    struct jwt_claims claims;
    struct fault fault = {0};
    if (jwt_verify(verifier, buffer_slice(&token), NOW_MS, arena, &claims, &fault))
        check_claims(&claims);
    else
        CHECK(fault.kind == FAULT_UNAUTHENTICATED && fault.code[0]);
    arena_destroy(arena);
    jwt_verifier_destroy(verifier);
    buffer_finish(&token);
}

static void fuzz_key_set(struct slice document) {
    for (enum jwk_algorithm algorithm = JWK_RS256; algorithm <= JWK_ES256; algorithm++) {
        struct jwks *set = NULL;
        struct fault fault = {0};
        if (jwks_read(document, algorithm, &set, &fault)) {
            CHECK(jwks_has(set, (struct slice){NULL, 0}));
            CHECK(!jwks_verify(set, (struct slice){NULL, 0}, document, document));
            jwks_unref(set);
        } else {
            CHECK(!set && fault.kind == FAULT_UNAVAILABLE);
        }
    }
}

static void fuzz_session(struct slice token) {
    static const struct session_key key = {"not known to the fuzzer"};
    struct session session;
    struct fault fault = {0};
    CHECK(!session_verify(&key, SLICE("bot"), token, NOW_MS, INT64_MAX, &session, &fault));
    CHECK(fault.kind == FAULT_UNAUTHENTICATED && fault.code[0]);
}

static void fuzz_api_key(struct slice text) {
    struct id id;
    unsigned char hash[APIKEY_HASH_SIZE];
    if (apikey_parse(text, &id, hash))
        CHECK(slice_starts_with(text, SLICE("sb-")) && text.size < APIKEY_TEXT_MAX &&
              memcmp(text.data + 3, id.text, ID_SIZE) == 0 && id_valid(id_slice(&id)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct slice input = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 't':
        fuzz_token(input);
        break;
    case 'h':
        fuzz_signed(input, SLICE("{\"sub\":\"ann\",\"exp\":1795435300}"));
        break;
    case 'c':
        fuzz_signed(SLICE("{\"alg\":\"HS256\"}"), input);
        break;
    case 'k':
        fuzz_key_set(input);
        break;
    case 's':
        fuzz_session(input);
        break;
    case 'a':
        fuzz_api_key(input);
        break;
    default:
        return -1; /* not worth keeping */
    }
    return 0;
}
