#include "gate/claims.h"
#include "base/arena.h"
#include "base/json.h"
#include "gate/jws.h"
#include "gate/strict.h"

/* Seconds; 5138 AD. A time in milliseconds, as JavaScript has them, lies beyond: taken for seconds
 * it would never pass. */
#define TIME_MAX 1e11

enum { USER_SIZE_MAX = 200 };

static bool bad_claim(struct fault *fault, const char *message) {
    return jws_refuse(fault, "token_claims", message);
}

/* NumericDate: seconds, with a fraction or without. */
static bool read_time(struct slice value, int64_t *ret_ms) {
    double seconds;
    if (json_type(value) != JSON_NUMBER || !json_read_double(value, &seconds) ||
        !(seconds >= 0 && seconds < TIME_MAX))
        return false;
    *ret_ms = (int64_t)(seconds * 1000);
    return true;
}

static bool check_times(struct slice claims, int64_t leeway_ms, int64_t now_ms,
                        int64_t *ret_expires, struct fault *fault) {
    struct slice exp = json_get(claims, "exp"), nbf = json_get(claims, "nbf"),
                 iat = json_get(claims, "iat");
    int64_t expires, from = 0, issued = 0;
    if (json_type(exp) == JSON_MISSING)
        return bad_claim(fault, "the token has no expiry (\"exp\")");
    if (!read_time(exp, &expires))
        return bad_claim(fault, "the token's expiry (\"exp\") is not a time in seconds");
    if (json_type(nbf) != JSON_MISSING && !read_time(nbf, &from))
        return bad_claim(fault, "the token's start (\"nbf\") is not a time in seconds");
    if (json_type(iat) != JSON_MISSING && !read_time(iat, &issued))
        return bad_claim(fault, "the token's time of issue (\"iat\") is not a time in seconds");
    if (now_ms - leeway_ms >= expires)
        return jws_refuse(fault, "token_expired", "the token has expired");
    if (now_ms + leeway_ms < from)
        return jws_refuse(fault, "token_not_yet_valid", "the token is not valid yet");
    if (now_ms + leeway_ms < issued)
        return jws_refuse(fault, "token_not_yet_valid", "the token was issued in the future");
    *ret_expires = expires;
    return true;
}

static bool is_for(struct slice audience, const char *us) {
    if (json_string_is(audience, us))
        return true;
    struct slice element;
    size_t cursor = 0;
    while (json_next_element(audience, &cursor, &element))
        if (json_string_is(element, us))
            return true;
    return false;
}

static bool read_user(struct slice value, struct arena *arena, struct slice *ret_user) {
    int64_t number;
    struct slice text;
    if (json_type(value) == JSON_NUMBER && json_read_int64(value, &number)) {
        *ret_user = slice_of(arena_printf(arena, "%lld", (long long)number));
        return true;
    }
    if (!strict_json_string(value, arena, &text) || !strict_name(text, USER_SIZE_MAX))
        return false;
    *ret_user = arena_copy(arena, text);
    return true;
}

bool claims_check(struct slice payload, const struct claims_rules *rules, int64_t now_ms,
                  struct arena *arena, struct jwt_claims *ret_claims, struct fault *fault) {
    struct jwt_claims claims = {.claims = payload};
    if (!strict_json_object(payload, arena))
        return jws_refuse(fault, "token_malformed",
                          "the token's content is not a JSON object with distinct keys");
    if (!check_times(payload, rules->leeway_ms, now_ms, &claims.expires_ms, fault))
        return false;
    if (rules->issuer && !json_string_is(json_get(payload, "iss"), rules->issuer))
        return bad_claim(fault, "the token is of another issuer (\"iss\")");
    if (rules->audience && !is_for(json_get(payload, "aud"), rules->audience))
        return bad_claim(fault, "the token is meant for another audience (\"aud\")");
    struct slice user = json_get(payload, rules->user_claim);
    if (json_type(user) == JSON_MISSING)
        return bad_claim(fault, "the token does not name the user");
    if (!read_user(user, arena, &claims.user))
        return bad_claim(fault, "the user in the token is not an integer or a text of 1 to 200 "
                                "bytes without control characters");
    *ret_claims = claims;
    return true;
}
