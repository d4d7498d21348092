#include "support.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>

#include <cmocka.h>

struct arena *memory;

int memory_setup(void **state) {
    (void)state;
    memory = arena_create(64 * 1024);
    return 0;
}

int memory_teardown(void **state) {
    (void)state;
    arena_destroy(memory);
    return 0;
}

struct slice text(const char *format, ...) {
    struct buffer out = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&out, format, arguments);
    va_end(arguments);
    struct slice copy = arena_copy(memory, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

/* --- keys --- */

EVP_PKEY *make_rsa(unsigned bits) {
    EVP_PKEY *key = EVP_RSA_gen(bits);
    assert_non_null(key);
    return key;
}

EVP_PKEY *make_ec(const char *group) {
    EVP_PKEY *key = EVP_EC_gen(group);
    assert_non_null(key);
    return key;
}

static char *take_bio(BIO *bio) {
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    char *copy = arena_string(memory, (struct slice){data, (size_t)size});
    BIO_free(bio);
    return copy;
}

char *public_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    return take_bio(bio);
}

char *private_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    return take_bio(bio);
}

char *base64url(struct slice bytes) {
    size_t capacity =
        sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_allocate(memory, capacity);
    return sodium_bin2base64(out, capacity, (const unsigned char *)bytes.data, bytes.size,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static char *number_of(EVP_PKEY *key, const char *name, int size) {
    BIGNUM *number = NULL;
    unsigned char bytes[2048];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    size = size ? size : BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, bytes, size), size);
    BN_free(number);
    return base64url((struct slice){(char *)bytes, (size_t)size});
}

char *to_jwk(EVP_PKEY *key, const char *more) {
    const char *comma = *more ? "," : "";
    if (EVP_PKEY_is_a(key, "RSA"))
        return arena_printf(memory, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s%s}",
                            number_of(key, OSSL_PKEY_PARAM_RSA_N, 0),
                            number_of(key, OSSL_PKEY_PARAM_RSA_E, 0), comma, more);
    int size = (EVP_PKEY_get_bits(key) + 7) / 8;
    return arena_printf(memory, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s%s}",
                        EVP_PKEY_get_bits(key), number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
                        number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size), comma, more);
}

char *jwks_document(const char *const *keys, size_t count) {
    struct buffer out = {0};
    buffer_append_string(&out, "{\"keys\":[");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&out, "%s%s", i ? "," : "", keys[i]);
    buffer_append_string(&out, "]}");
    char *copy = arena_string(memory, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}

/* --- tokens --- */

static struct slice sign_hmac(struct slice secret, struct slice bytes) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)bytes.data, bytes.size);
    crypto_auth_hmacsha256_final(&state, mac);
    return arena_copy(memory, (struct slice){(char *)mac, sizeof mac});
}

/* From the ASN.1 that OpenSSL makes to the 64 bytes of a token. */
static struct slice to_raw(struct slice asn1) {
    const unsigned char *at = (const unsigned char *)asn1.data;
    unsigned char raw[64];
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)asn1.size);
    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32), 32);
    ECDSA_SIG_free(pair);
    return arena_copy(memory, (struct slice){(char *)raw, sizeof raw});
}

struct slice sign(const struct signer *signer, struct slice bytes) {
    unsigned char out[2048];
    size_t size = sizeof out;
    if (signer->how == SIGN_NOT)
        return (struct slice){"", 0};
    if (signer->how == SIGN_HMAC)
        return sign_hmac(signer->secret, bytes);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key), 1);
    assert_int_equal(
        EVP_DigestSign(context, out, &size, (const unsigned char *)bytes.data, bytes.size), 1);
    EVP_MD_CTX_free(context);
    struct slice signature = arena_copy(memory, (struct slice){(char *)out, size});
    return signer->how == SIGN_EC ? to_raw(signature) : signature;
}

struct slice token_of_parts(struct slice header, struct slice payload, struct slice signature) {
    return text("%s.%s.%s", base64url(header), base64url(payload), base64url(signature));
}

struct slice make_token(const struct signer *signer, const char *header, const char *payload) {
    struct slice start = text("%s.%s", base64url(slice_of(header)), base64url(slice_of(payload)));
    return text("%.*s.%s", SLICE_ARG(start), base64url(sign(signer, start)));
}

/* --- verdicts --- */

static const char *const codes[] = {"token_malformed", "token_algorithm", "token_signature",
                                    "token_key",       "token_expired",   "token_not_yet_valid",
                                    "token_claims"};

static bool is_code(const char *code) {
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

const char *refusal(struct jwt_verifier *verifier, struct slice token, int64_t now_ms,
                    struct jwt_claims *ret_claims) {
    static char message[sizeof((struct fault *)NULL)->message];
    struct jwt_claims claims = {.expires_ms = -77}, untouched = claims;
    struct fault fault = {0};
    /* A copy of just this size, so that AddressSanitizer sees a read behind its end. */
    char *copy = malloc(token.size ? token.size : 1);
    if (token.size)
        memcpy(copy, token.data, token.size);
    bool taken =
        jwt_verify(verifier, (struct slice){copy, token.size}, now_ms, memory, &claims, &fault);
    free(copy);
    assert_int_equal(ERR_peek_error(), 0);
    if (taken) {
        if (ret_claims)
            *ret_claims = claims;
        return NULL;
    }
    assert_memory_equal(&claims, &untouched, sizeof claims);
    assert_true(fault.kind == FAULT_UNAVAILABLE ||
                (fault.kind == FAULT_UNAUTHENTICATED && is_code(fault.code)));
    /* Tests put this word into what must not come back. */
    assert_null(strstr(fault.message, "zebra"));
    assert_null(strstr(fault.detail, "zebra"));
    assert_null(strstr(fault.param, "zebra"));
    snprintf(message, sizeof message, "%s", fault.message);
    return message;
}

const char *or_taken(const char *message) {
    return message ? message : "taken";
}
