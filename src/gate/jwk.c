#include "gate/jwk.h"
#include "base/arena.h"
#include "base/json.h"
#include "gate/strict.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>

enum { COORDINATE_SIZE = 32, ES256_SIGNATURE_SIZE = 64, PEM_SIZE_MAX = 65536 };

static const char *const names[] = {
    [JWK_HS256] = "HS256", [JWK_RS256] = "RS256", [JWK_ES256] = "ES256"};

const char *jwk_algorithm_name(enum jwk_algorithm algorithm) {
    return names[algorithm];
}

bool jwk_algorithm_find(const char *name, enum jwk_algorithm *ret_algorithm) {
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) {
            *ret_algorithm = (enum jwk_algorithm)i;
            return true;
        }
    return false;
}

/* OpenSSL keeps its errors in a queue per thread, and what is left there would be taken for an
 * error of the TLS connection that is read next. */
static bool forget_errors(bool result) {
    ERR_clear_error();
    return result;
}

/* --- what a key must be --- */

static bool is_p256(const EVP_PKEY *key) {
    char group[64];
    size_t size;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool is_good_rsa(const EVP_PKEY *key) {
    BIGNUM *modulus = NULL, *exponent = NULL;
    bool good = EVP_PKEY_is_a(key, "RSA") &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_num_bits(modulus) >= JWK_RSA_BITS_MIN &&
                BN_num_bits(modulus) <= JWK_RSA_BITS_MAX && BN_is_odd(modulus) &&
                BN_num_bits(exponent) >= 2 && BN_num_bits(exponent) <= 64 && BN_is_odd(exponent);
    BN_free(modulus);
    BN_free(exponent);
    return good;
}

static bool suits(const EVP_PKEY *key, enum jwk_algorithm algorithm) {
    return algorithm == JWK_RS256   ? is_good_rsa(key)
           : algorithm == JWK_ES256 ? is_p256(key)
                                    : false;
}

/* --- PEM --- */

/* Without it OpenSSL would ask for a password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *user) {
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static EVP_PKEY *read_pem(struct slice pem) {
    BIO *input = BIO_new_mem_buf(pem.data, (int)pem.size);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(input, NULL, no_password, NULL);
    BIO_free(input);
    if (key)
        return key;
    input = BIO_new_mem_buf(pem.data, (int)pem.size);
    X509 *certificate = PEM_read_bio_X509(input, NULL, no_password, NULL);
    BIO_free(input);
    if (certificate)
        key = X509_get_pubkey(certificate);
    X509_free(certificate);
    return key;
}

static size_t count_of(struct slice text, struct slice needle) {
    size_t count = 0;
    for (size_t at; (at = slice_find(text, needle)) != SIZE_MAX; count++)
        text = slice_from(text, at + needle.size);
    return count;
}

bool jwk_from_pem(struct slice pem, enum jwk_algorithm algorithm, EVP_PKEY **ret_key,
                  struct fault *fault) {
    if (pem.size > PEM_SIZE_MAX)
        return fault_set(fault, FAULT_CONFIG, "the public key is larger than 64 KiB");
    if (slice_find(pem, SLICE("PRIVATE KEY-----")) != SIZE_MAX)
        return fault_set(fault, FAULT_CONFIG,
                         "this is a private key: give the public key that belongs to it");
    if (count_of(pem, SLICE("-----BEGIN ")) != 1)
        return fault_set(fault, FAULT_CONFIG, "one public key or certificate in PEM is needed");
    EVP_PKEY *key = read_pem(pem);
    bool good = forget_errors(key && suits(key, algorithm));
    if (good) {
        *ret_key = key;
        return true;
    }
    bool readable = key != NULL;
    EVP_PKEY_free(key);
    if (!readable)
        return fault_set(fault, FAULT_CONFIG, "the public key cannot be read as PEM");
    return fault_set(fault, FAULT_CONFIG,
                     algorithm == JWK_RS256
                         ? "RS256 needs an RSA key of %d to %d bits with an ordinary exponent"
                         : "ES256 needs a key on the curve P-256",
                     JWK_RSA_BITS_MIN, JWK_RSA_BITS_MAX);
}

/* --- JSON Web Keys --- */

/* Consumes the builder; NULL for a key that is none, e.g. a point beside the curve. */
static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters && context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *build_rsa(struct slice json, struct arena *arena) {
    struct slice n, e;
    if (!strict_base64url(json_plain_string(json_get(json, "n")), arena, &n) ||
        !strict_base64url(json_plain_string(json_get(json, "e")), arena, &e) ||
        n.size > JWK_RSA_BITS_MAX / 8 + 1 || e.size > 9)
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.data, (int)n.size, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.data, (int)e.size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    EVP_PKEY *key = build("RSA", builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *build_ec(struct slice json) {
    unsigned char point[1 + 2 * COORDINATE_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    if (!json_string_is(json_get(json, "crv"), "P-256") ||
        !strict_base64url_exact(json_plain_string(json_get(json, "x")), point + 1,
                                COORDINATE_SIZE) ||
        !strict_base64url_exact(json_plain_string(json_get(json, "y")), point + 1 + COORDINATE_SIZE,
                                COORDINATE_SIZE))
        return NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    return build("EC", builder);
}

static bool may_verify(struct slice operations) {
    if (json_type(operations) == JSON_MISSING)
        return true;
    struct slice operation;
    size_t cursor = 0;
    while (json_next_element(operations, &cursor, &operation))
        if (json_string_is(operation, "verify"))
            return true;
    return false;
}

static bool is_or_missing(struct slice value, const char *text) {
    return json_type(value) == JSON_MISSING || json_string_is(value, text);
}

EVP_PKEY *jwk_from_json(struct slice json, enum jwk_algorithm algorithm, struct arena *arena) {
    const char *type = algorithm == JWK_RS256 ? "RSA" : "EC";
    if (algorithm == JWK_HS256 || !json_string_is(json_get(json, "kty"), type) ||
        !is_or_missing(json_get(json, "use"), "sig") ||
        !is_or_missing(json_get(json, "alg"), jwk_algorithm_name(algorithm)) ||
        !may_verify(json_get(json, "key_ops")))
        return NULL;
    /* A private key that was published is known to everyone, so it proves nothing. */
    if (json_type(json_get(json, "d")) != JSON_MISSING ||
        json_type(json_get(json, "k")) != JSON_MISSING)
        return NULL;
    EVP_PKEY *key = algorithm == JWK_RS256 ? build_rsa(json, arena) : build_ec(json);
    if (key && !suits(key, algorithm)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    forget_errors(true);
    return key;
}

/* --- checking --- */

/* r and s as OpenSSL wants them: an ASN.1 SEQUENCE of two INTEGERs. Returns its size. */
static size_t to_asn1(const unsigned char raw[ES256_SIGNATURE_SIZE], unsigned char out[72]) {
    size_t at = 2;
    for (int part = 0; part < 2; part++) {
        const unsigned char *number = raw + (size_t)part * COORDINATE_SIZE;
        size_t size = COORDINATE_SIZE;
        for (; size > 1 && *number == 0; size--)
            number++;
        bool sign = *number >= 0x80; /* a positive number must not look negative */
        out[at++] = 0x02;
        out[at++] = (unsigned char)(size + sign);
        if (sign)
            out[at++] = 0;
        memcpy(out + at, number, size);
        at += size;
    }
    out[0] = 0x30;
    out[1] = (unsigned char)(at - 2);
    return at;
}

bool jwk_verify(EVP_PKEY *key, enum jwk_algorithm algorithm, struct slice signed_bytes,
                struct slice signature) {
    unsigned char asn1[72];
    const unsigned char *given = (const unsigned char *)signature.data;
    size_t size = signature.size;
    if (algorithm == JWK_ES256) {
        if (size != ES256_SIGNATURE_SIZE)
            return false;
        size = to_asn1(given, asn1);
        given = asn1;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context &&
                EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
                EVP_DigestVerify(context, given, size, (const unsigned char *)signed_bytes.data,
                                 signed_bytes.size) == 1;
    EVP_MD_CTX_free(context);
    return forget_errors(good);
}

bool jwk_verify_secret(struct slice secret, struct slice signed_bytes, struct slice signature) {
    if (secret.size < JWK_SECRET_MIN || signature.size != crypto_auth_hmacsha256_BYTES)
        return false;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.size);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)signed_bytes.data,
                                  signed_bytes.size);
    crypto_auth_hmacsha256_final(&state, mac);
    bool good = sodium_memcmp(mac, signature.data, sizeof mac) == 0;
    sodium_memzero(&state, sizeof state);
    return good;
}
