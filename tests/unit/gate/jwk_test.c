/* Signatures at their edges, the examples of RFC 7515, and what keys the options may hold. */
#include "gate/jwk.h"
#include "support.h"
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define JOE                                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
/* The order of P-256, and the message that is signed here. */
#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
static const struct slice message = {"message", 7};
static EVP_PKEY *rsa, *ec;

static int setup(void **state) {
    memory_setup(state);
    rsa = make_rsa(2048);
    ec = make_ec("P-256");
    return 0;
}

static int teardown(void **state) {
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return memory_teardown(state);
}

static EVP_PKEY *read_jwk(enum jwk_algorithm algorithm, const char *json) {
    return jwk_from_json(slice_of(json), algorithm, memory);
}

/* --- RFC 7515, appendices A.1 to A.3 --- */

static void agrees_with_the_rfc(void **state) {
    (void)state;
    static const unsigned char secret[] = {
        3,   35,  53, 75,  43,  15, 165, 188, 131, 126, 6,   101, 119, 123, 166, 143,
        90,  179, 40, 230, 240, 84, 201, 40,  169, 15,  132, 178, 210, 80,  46,  191,
        211, 251, 90, 146, 210, 6,  71,  239, 150, 138, 180, 195, 119, 98,  61,  34,
        61,  46,  33, 114, 5,   46, 79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
    static const char rsa_key[] =
        "{\"kty\":\"RSA\",\"n\":"
        "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
        "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXnd"
        "S5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJ"
        "H7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":"
        "\"AQAB\"}";
    static const char ec_key[] =
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
    static const char hs[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
                             ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char rs[] =
        "eyJhbGciOiJSUzI1NiJ9." JOE
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
        "Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQ"
        "BMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6Ie"
        "YI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    static const char es[] =
        "eyJhbGciOiJFUzI1NiJ9." JOE
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    EVP_PKEY *rsa_public = read_jwk(JWK_RS256, rsa_key), *ec_public = read_jwk(JWK_ES256, ec_key);
    assert_non_null(rsa_public);
    assert_non_null(ec_public);
    const struct {
        const char *algorithm, *token;
        struct slice secret;
        EVP_PKEY *key;
    } cases[] = {{"HS256", hs, {(const char *)secret, sizeof secret}, NULL},
                 {"RS256", rs, {NULL, 0}, rsa_public},
                 {"ES256", es, {NULL, 0}, ec_public}};
    for (size_t i = 0; i < 3; i++) {
        struct jwt_options options = {.algorithm = cases[i].algorithm,
                                      .secret = cases[i].secret,
                                      .user_claim = "iss",
                                      .issuer = "joe"};
        if (cases[i].key)
            options.public_key_pem = slice_of(public_pem(cases[i].key));
        struct jwt_verifier *verifier;
        struct jwt_claims claims;
        assert_true(jwt_verifier_create(&options, &verifier, NULL));
        int64_t expires_ms = INT64_C(1300819380000);
        assert_null(refusal(verifier, slice_of(cases[i].token), expires_ms - 1, &claims));
        assert_true(slice_is(claims.user, "joe"));
        assert_int_equal(claims.expires_ms, expires_ms);
        assert_string_equal(refusal(verifier, slice_of(cases[i].token), expires_ms, NULL),
                            "the token has expired");
        jwt_verifier_destroy(verifier);
    }
    EVP_PKEY_free(rsa_public);
    EVP_PKEY_free(ec_public);
}

/* --- ES256 --- */

static void set_number(unsigned char bytes[32], const BIGNUM *number) {
    assert_int_equal(BN_bn2binpad(number, bytes, 32), 32);
}

static bool verify_es256(const unsigned char *bytes, size_t size) {
    return jwk_verify(ec, JWK_ES256, message, (struct slice){(const char *)bytes, size});
}

static void judges_r_and_s(void **state) {
    (void)state;
    const struct signer signer = {.how = SIGN_EC, .key = ec};
    unsigned char good[64], bad[66] = {0};
    BIGNUM *order = NULL, *number = NULL;
    BN_hex2bn(&order, ORDER);
    for (int round = 0; round < 50; round++) {
        struct slice signature = sign(&signer, message);
        memcpy(good, signature.data, 64);
        assert_true(verify_es256(good, 64));
        for (int part = 0; part < 2; part++) {
            const char *const numbers[] = {"0", "1", ORDER};
            for (size_t i = 0; i < 3; i++) {
                memcpy(bad, good, 64);
                BN_hex2bn(&number, numbers[i]);
                set_number(bad + (size_t)part * 32, number);
                assert_false(verify_es256(bad, 64));
            }
            memcpy(bad, good, 64);
            memset(bad + (size_t)part * 32, 0xff, 32);
            assert_false(verify_es256(bad, 64));
        }
        /* For each signature there is a second one, (r, n - s). The standard has both right, and
         * signers make either, so it is taken; nothing here may tell tokens apart by signature. */
        number = BN_bin2bn(good + 32, 32, number);
        BN_sub(number, order, number);
        memcpy(bad, good, 64);
        set_number(bad + 32, number);
        assert_true(verify_es256(bad, 64));
    }
    memset(bad, 0, sizeof bad);
    assert_false(verify_es256(bad, 64));
    BN_free(order);
    BN_free(number);
}

static void wants_64_bytes(void **state) {
    (void)state;
    const struct signer raw = {.how = SIGN_EC, .key = ec}, asn1 = {.how = SIGN_EC_ASN1, .key = ec};
    unsigned char longer[130] = {0};
    struct slice signature = sign(&raw, message);
    for (size_t size = 0; size <= 64; size++)
        assert_int_equal(verify_es256((const unsigned char *)signature.data, size), size == 64);
    /* Zeros before r or s do not change the numbers, but the form. */
    memcpy(longer + 1, signature.data, 32);
    memcpy(longer + 34, signature.data + 32, 32);
    assert_false(verify_es256(longer, 66));
    memcpy(longer, signature.data, 64);
    assert_false(verify_es256(longer, 65));
    assert_false(verify_es256(longer, 128));
    for (int round = 0; round < 200; round++) {
        signature = sign(&asn1, message);
        assert_false(verify_es256((const unsigned char *)signature.data, signature.size));
    }
}

/* r or s that begin with zeros, or with a set bit, have other lengths as ASN.1. */
static void takes_numbers_of_every_length(void **state) {
    (void)state;
    const struct signer signer = {.how = SIGN_EC, .key = ec};
    int short_ones = 0;
    for (int round = 0; round < 20000 && short_ones < 6; round++) {
        struct slice signature = sign(&signer, message);
        bool is_short = signature.data[0] == 0 || signature.data[32] == 0;
        if (round % 100 == 0 || is_short)
            assert_true(verify_es256((const unsigned char *)signature.data, 64));
        short_ones += is_short;
        if (round % 1000 == 0) { /* the arena would grow */
            arena_destroy(memory);
            memory = arena_create(64 * 1024);
        }
    }
    assert_int_equal(short_ones, 6);
}

/* --- RS256 --- */

static void wants_a_signature_as_long_as_the_modulus(void **state) {
    (void)state;
    const struct signer signer = {.how = SIGN_RSA, .key = rsa};
    struct slice signature = sign(&signer, message);
    char longer[260] = {0};
    assert_int_equal(signature.size, 256);
    assert_true(jwk_verify(rsa, JWK_RS256, message, signature));
    memcpy(longer + 1, signature.data, 256);
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){longer, 257}));
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){longer + 1, 257}));
    assert_false(jwk_verify(rsa, JWK_RS256, message, slice_first(signature, 255)));
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){"", 0}));
    memset(longer, 0, sizeof longer);
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){longer, 256}));
    longer[255] = 1;
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){longer, 256}));
    memset(longer, 0xff, sizeof longer);
    assert_false(jwk_verify(rsa, JWK_RS256, message, (struct slice){longer, 256}));
}

/* The padding of RSASSA-PKCS1-v1_5 has one right form. What low exponents let forgers make differs
 * from it: other filling, garbage behind the hash, another hash's name. */
static void judges_rsa_padding(void **state) {
    (void)state;
    static const unsigned char name[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                         0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    unsigned char digest[32], block[256], out[256];
    EVP_Digest(message.data, message.size, digest, NULL, EVP_sha256(), NULL);
    for (int variant = 0; variant < 6; variant++) {
        size_t behind = variant == 1 ? 40 : 0;
        memset(block, 0xff, sizeof block);
        block[0] = 0;
        block[1] = variant == 2 ? 2 : 1;
        size_t at = sizeof block - behind - sizeof digest - sizeof name;
        block[at - 1] = 0;
        memcpy(block + at, name, sizeof name);
        memcpy(block + at + sizeof name, digest, sizeof digest);
        if (variant == 3)
            block[at + 14] = 0x02; /* as if by SHA-384 */
        if (variant == 4)
            block[10] = 0xfe;
        if (variant == 5)
            block[sizeof block - 1] ^= 1;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(rsa, NULL);
        size_t size = sizeof out;
        assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
        assert_int_equal(EVP_PKEY_decrypt(context, out, &size, block, sizeof block), 1);
        EVP_PKEY_CTX_free(context);
        struct slice signature = {(char *)out, size};
        assert_int_equal(jwk_verify(rsa, JWK_RS256, message, signature), variant == 0);
    }
}

/* --- HS256 --- */

static void never_uses_a_short_secret(void **state) {
    (void)state;
    static const char bytes[] = "0123456789abcdef0123456789abcdef";
    for (size_t size = 0; size <= 32; size++) {
        struct slice secret = {bytes, size};
        const struct signer signer = {.how = SIGN_HMAC, .secret = secret};
        struct slice mac = sign(&signer, message);
        assert_int_equal(jwk_verify_secret(secret, message, mac), size == 32);
        for (size_t cut = 0; cut < mac.size; cut++)
            assert_false(jwk_verify_secret(secret, message, slice_first(mac, cut)));
    }
}

/* --- PEM --- */

static const char *pem_refusal(enum jwk_algorithm algorithm, struct slice pem) {
    static char said[256];
    struct fault fault;
    EVP_PKEY *key = NULL;
    if (!jwk_from_pem(pem, algorithm, &key, &fault)) {
        assert_int_equal(fault.kind, FAULT_CONFIG);
        assert_null(key);
        snprintf(said, sizeof said, "%s", fault.message);
        return said;
    }
    EVP_PKEY_free(key);
    return "taken";
}
#define assert_pem(algorithm, pem, said)                                                           \
    assert_string_equal(pem_refusal((algorithm), slice_of(pem)), (said))

static char *certificate_of(EVP_PKEY *key) {
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    long size = BIO_get_mem_data(bio, &data);
    char *pem = arena_string(memory, (struct slice){data, (size_t)size});
    BIO_free(bio);
    X509_free(certificate);
    return pem;
}

static void takes_public_keys_in_pem(void **state) {
    (void)state;
    EVP_PKEY *big = make_rsa(3072);
    assert_pem(JWK_RS256, public_pem(rsa), "taken");
    assert_pem(JWK_RS256, public_pem(big), "taken");
    assert_pem(JWK_ES256, public_pem(ec), "taken");
    assert_pem(JWK_RS256, certificate_of(rsa), "taken");
    assert_pem(JWK_ES256, certificate_of(ec), "taken");
    assert_pem(JWK_ES256, text("a comment\r\n%s\n\n", public_pem(ec)).data, "taken");
    EVP_PKEY_free(big);
}

static void refuses_other_pem(void **state) {
    (void)state;
    static const char rsa_kind[] =
        "RS256 needs an RSA key of 2048 to 8192 bits with an ordinary exponent";
    static const char ec_kind[] = "ES256 needs a key on the curve P-256";
    static const char unreadable[] = "the public key cannot be read as PEM";
    static const char one[] = "one public key or certificate in PEM is needed";
    static const char private[] = "this is a private key: give the public key that belongs to it";
    EVP_PKEY *small = make_rsa(1024), *p384 = make_ec("P-384"), *k1 = make_ec("secp256k1");
    EVP_PKEY *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_pem(JWK_RS256, public_pem(small), rsa_kind);
    assert_pem(JWK_RS256, public_pem(ec), rsa_kind);
    assert_pem(JWK_RS256, public_pem(edwards), rsa_kind);
    assert_pem(JWK_ES256, public_pem(rsa), ec_kind);
    assert_pem(JWK_ES256, public_pem(p384), ec_kind);
    assert_pem(JWK_ES256, public_pem(k1), ec_kind);
    assert_pem(JWK_ES256, public_pem(edwards), ec_kind);
    assert_pem(JWK_RS256, private_pem(rsa), private);
    assert_pem(JWK_ES256, private_pem(ec), private);
    assert_pem(JWK_RS256, text("%s%s", public_pem(rsa), public_pem(rsa)).data, one);
    assert_pem(JWK_RS256, "", one);
    assert_pem(JWK_RS256, "just text", one);
    assert_pem(JWK_RS256, "-----BEGIN PUBLIC KEY-----\n", unreadable);
    assert_pem(JWK_RS256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
               unreadable);
    assert_pem(JWK_RS256,
               "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
               "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n"
               "-----END PUBLIC KEY-----\n",
               unreadable); /* and asks nobody for a password */
    struct slice pem = slice_of(public_pem(rsa));
    for (size_t size = 0; size + 2 < pem.size; size++)
        assert_string_not_equal(pem_refusal(JWK_RS256, slice_first(pem, size)), "taken");
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(k1);
    EVP_PKEY_free(edwards);
}

/* --- options --- */

static void says_which_option_is_wrong(void **state) {
    (void)state;
    struct slice secret = SLICE("0123456789abcdef0123456789abcdef"), none = {NULL, 0};
    struct slice pem = slice_of(public_pem(rsa)), ec_pem = slice_of(public_pem(ec));
    const char *url = "https://zebra.example/keys";
    const struct {
        struct jwt_options options;
        const char *param;
    } cases[] = {
        {{.algorithm = "none", .secret = secret}, "algorithm"},
        {{.algorithm = NULL, .secret = secret}, "algorithm"},
        {{.algorithm = "HS512", .secret = secret}, "algorithm"},
        {{.algorithm = "hs256", .secret = secret}, "algorithm"},
        {{.algorithm = "HS256"}, "secret"},
        {{.algorithm = "HS256", .secret = slice_first(secret, 31)}, "secret"},
        {{.algorithm = "HS256", .secret = pem}, "secret"},
        {{.algorithm = "HS256", .secret = secret, .public_key_pem = pem}, "public_key"},
        {{.algorithm = "HS256", .secret = none, .public_key_pem = pem}, "public_key"},
        {{.algorithm = "HS256", .secret = secret, .jwks_url = url}, "jwks_url"},
        {{.algorithm = "RS256"}, "algorithm"},
        {{.algorithm = "ES256"}, "algorithm"},
        {{.algorithm = "RS256", .secret = secret}, "secret"},
        {{.algorithm = "ES256", .secret = secret, .public_key_pem = ec_pem}, "secret"},
        {{.algorithm = "RS256", .public_key_pem = pem, .jwks_url = url}, "jwks_url"},
        {{.algorithm = "RS256", .jwks_url = ""}, "jwks_url"},
        {{.algorithm = "RS256", .public_key_pem = ec_pem}, "public_key"},
        {{.algorithm = "ES256", .public_key_pem = pem}, "public_key"},
        {{.algorithm = "HS256", .secret = secret, .user_claim = ""}, "user_claim"},
        {{.algorithm = "HS256", .secret = secret, .leeway_ms = -1}, "leeway"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jwt_verifier *verifier = NULL;
        struct fault fault = {0};
        assert_false(jwt_verifier_create(&cases[i].options, &verifier, &fault));
        assert_null(verifier);
        assert_int_equal(fault.kind, FAULT_CONFIG);
        assert_string_equal(fault.param, cases[i].param);
        assert_true(fault.message[0] != '\0');
    }
    jwt_verifier_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_rfc),
        cmocka_unit_test(judges_r_and_s),
        cmocka_unit_test(wants_64_bytes),
        cmocka_unit_test(takes_numbers_of_every_length),
        cmocka_unit_test(wants_a_signature_as_long_as_the_modulus),
        cmocka_unit_test(judges_rsa_padding),
        cmocka_unit_test(never_uses_a_short_secret),
        cmocka_unit_test(takes_public_keys_in_pem),
        cmocka_unit_test(refuses_other_pem),
        cmocka_unit_test(says_which_option_is_wrong),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
