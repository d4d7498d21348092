#include "gate/jws.h"
#include "base/arena.h"
#include "base/json.h"
#include "gate/strict.h"

bool jws_refuse(struct fault *fault, const char *code, const char *message) {
    fault_set(fault, FAULT_UNAUTHENTICATED, "%s", message);
    if (fault)
        memcpy(fault->code, code, strlen(code) + 1);
    return false;
}

static bool malformed(struct fault *fault, const char *message) {
    return jws_refuse(fault, "token_malformed", message);
}

static bool split(struct slice token, struct slice ret_parts[3], struct fault *fault) {
    struct slice parts[5] = {{NULL, 0}}, rest = token, part;
    size_t count = 0;
    for (; slice_split(&rest, '.', &part); count++)
        if (count < 5)
            parts[count] = part;
    if (count == 5)
        return malformed(fault, "encrypted tokens (JWE) are not accepted");
    if (count != 3)
        return malformed(fault, "the token is not a JSON Web Token: it must have three parts");
    if (parts[0].size == 0 || parts[1].size == 0)
        return malformed(fault, "a part of the token is empty");
    if (parts[2].size == 0)
        return jws_refuse(fault, "token_signature", "the token is not signed");
    memcpy(ret_parts, parts, 3 * sizeof *parts);
    return true;
}

/* RFC 8725, 3.11: a token that says it is of another kind was not made to sign in with. */
static bool is_jwt_type(struct slice type) {
    static const char *const types[] = {"JWT", "application/jwt", "at+jwt", "application/at+jwt"};
    struct slice text = json_plain_string(type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (slice_equal_nocase(text, slice_of(types[i])))
            return true;
    return false;
}

static bool check_header(struct slice header, const char *algorithm, struct fault *fault) {
    struct slice type = json_get(header, "typ");
    if (!json_string_is(json_get(header, "alg"), algorithm)) {
        fault_set(fault, FAULT_UNAUTHENTICATED, "the token is not signed with %s", algorithm);
        if (fault)
            memcpy(fault->code, "token_algorithm", sizeof "token_algorithm");
        return false;
    }
    if (json_type(json_get(header, "crit")) != JSON_MISSING)
        return malformed(fault,
                         "the token demands extensions (\"crit\"), which are not known here");
    if (json_type(type) != JSON_MISSING && !is_jwt_type(type))
        return malformed(fault, "the token's type (\"typ\") is not JWT");
    if (json_type(json_get(header, "cty")) != JSON_MISSING)
        return malformed(fault, "nested tokens (\"cty\") are not accepted");
    return true;
}

bool jws_read(struct slice token, const char *algorithm, struct arena *arena, struct jws *ret_jws,
              struct fault *fault) {
    struct slice parts[3], header, key_id = {NULL, 0};
    if (token.size > JWS_SIZE_MAX)
        return malformed(fault, "the token is larger than 8 KiB");
    if (!split(token, parts, fault))
        return false;
    if (!strict_base64url(parts[0], arena, &header))
        return malformed(fault, "the token's header is not base64url");
    if (!strict_json_object(header, arena))
        return malformed(fault, "the token's header is not a JSON object with distinct keys");
    if (!check_header(header, algorithm, fault))
        return false;
    struct slice value = json_get(header, "kid");
    if (json_type(value) != JSON_MISSING &&
        (!strict_json_string(value, arena, &key_id) || key_id.size > JWS_KEY_ID_MAX))
        return malformed(fault, "the token's key id (\"kid\") is not a string of up to 256 bytes");
    *ret_jws = (struct jws){
        .key_id = key_id,
        .signed_bytes = slice_first(token, parts[0].size + 1 + parts[1].size),
        .payload = parts[1],
        .signature = parts[2],
    };
    return true;
}
