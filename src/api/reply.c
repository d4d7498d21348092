#include "api/reply.h"
#include "base/buffer.h"
#include "base/json.h"
#include "http/server.h"

struct row {
    int status;
    const char *type; /* OpenAI's error types */
    const char *code; /* when the fault brings none */
};

/* A provider's troubles are ours, not the client's: a refused provider key must not look like a
 * refused key of the client, so it is 502, never 401. */
static const struct row rows[FAULT_KIND_COUNT] = {
    [FAULT_BAD_INPUT] = {400, "invalid_request_error", "invalid_request"},
    [FAULT_UNAUTHENTICATED] = {401, "authentication_error", "invalid_api_key"},
    [FAULT_FORBIDDEN] = {403, "permission_error", "forbidden"},
    [FAULT_NOT_FOUND] = {404, "invalid_request_error", "not_found"},
    [FAULT_CONFLICT] = {409, "invalid_request_error", "conflict"},
    [FAULT_TOO_LARGE] = {413, "invalid_request_error", "too_large"},
    [FAULT_RATE_LIMITED] = {429, "rate_limit_error", "rate_limit_exceeded"},
    [FAULT_BUDGET] = {429, "insufficient_quota", "insufficient_quota"},
    [FAULT_CANCELLED] = {499, "server_error", "cancelled"},
    [FAULT_INTERNAL] = {500, "server_error", "internal_error"},
    [FAULT_UNAVAILABLE] = {503, "server_error", "unavailable"},
    [FAULT_STORE] = {503, "server_error", "store_unavailable"},
    [FAULT_CONFIG] = {500, "server_error", "configuration"},
    [FAULT_PROVIDER_AUTH] = {502, "server_error", "provider_auth"},
    [FAULT_PROVIDER_QUOTA] = {502, "server_error", "provider_quota"},
    [FAULT_PROVIDER_RATE_LIMITED] = {429, "rate_limit_error", "rate_limit_exceeded"},
    [FAULT_PROVIDER_OVERLOADED] = {503, "server_error", "provider_overloaded"},
    [FAULT_PROVIDER_CONTEXT_TOO_LONG] = {400, "invalid_request_error", "context_length_exceeded"},
    [FAULT_PROVIDER_BAD_REQUEST] = {502, "server_error", "provider_bad_request"},
    [FAULT_PROVIDER_CONTENT_FILTER] = {400, "invalid_request_error", "content_filter"},
    [FAULT_PROVIDER_MODEL_NOT_FOUND] = {502, "server_error", "provider_model_not_found"},
    [FAULT_PROVIDER_NETWORK] = {502, "server_error", "provider_unreachable"},
    [FAULT_PROVIDER_STALLED] = {504, "server_error", "provider_timeout"},
    [FAULT_PROVIDER_TRUNCATED] = {502, "server_error", "provider_truncated"},
    [FAULT_PROVIDER_MALFORMED] = {502, "server_error", "provider_malformed"},
};

static const struct row *row_of(const struct fault *fault) {
    const struct row *row = &rows[fault->kind];
    return row->status ? row : &rows[FAULT_INTERNAL];
}

/* A code of ours is more precise than the row's; an upstream's own is not for our clients. */
const char *reply_code(const struct fault *fault) {
    bool ours = fault->kind < FAULT_PROVIDER_AUTH;
    return ours && fault->code[0] ? fault->code : row_of(fault)->code;
}

int reply_status(const struct fault *fault) {
    return row_of(fault)->status;
}

void reply_error_json(const struct fault *fault, struct buffer *out) {
    struct json_writer json = json_writer_start(out);
    json_begin_object(&json);
    json_key(&json, "error");
    json_begin_object(&json);
    json_member_string(&json, "message", slice_of(fault->message));
    json_member_string(&json, "type", slice_of(row_of(fault)->type));
    json_key(&json, "param");
    if (fault->param[0])
        json_string(&json, slice_of(fault->param));
    else
        json_null(&json);
    json_member_string(&json, "code", slice_of(reply_code(fault)));
    json_end_object(&json);
    json_end_object(&json);
}

void reply_error(struct http_exchange *exchange, const struct fault *fault) {
    struct buffer body = {0};
    reply_error_json(fault, &body);
    buffer_append_byte(&body, '\n');
    reply_error_as(exchange, fault, reply_status(fault), buffer_slice(&body));
    buffer_finish(&body);
}

void reply_error_as(struct http_exchange *exchange, const struct fault *fault, int status,
                    struct slice body) {
    char text[32];
    if (fault->retry_after_ms >= 0) {
        int64_t seconds = (fault->retry_after_ms + 999) / 1000;
        snprintf(text, sizeof text, "%lld", (long long)(seconds > 0 ? seconds : 1));
        http_exchange_add_header(exchange, "Retry-After", slice_of(text));
    }
    if (fault->kind == FAULT_UNAUTHENTICATED)
        http_exchange_add_header(exchange, "WWW-Authenticate", SLICE("Bearer"));
    /* We have retried where that helps; the official clients would do it twice more otherwise. */
    if (fault->kind >= FAULT_PROVIDER_AUTH && !fault->retryable)
        http_exchange_add_header(exchange, "x-should-retry", SLICE("false"));
    reply_json(exchange, status, body);
}

void reply_json(struct http_exchange *exchange, int status, struct slice body) {
    http_reply(exchange, status, "application/json", body);
}

void reply_text(struct http_exchange *exchange, int status, struct slice body) {
    http_reply(exchange, status, "text/plain; charset=utf-8", body);
}
