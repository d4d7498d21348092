#include "model/failure.h"
#include "base/buffer.h"
#include "base/json.h"
#include "model/failure_text.h"
#include "model/failure_wait.h"
#include <strings.h>

enum { LOOKED_AT = 4000 }; /* bytes of a text that are searched for words */

struct word {
    const char *text;
    enum fault_kind kind;
};

/* In a machine code or type. The more exact first: "insufficient_quota" comes with a type of rate
 * limits. */
static const struct word codes[] = {
    {"insufficient_quota", FAULT_PROVIDER_QUOTA},
    {"credit_balance", FAULT_PROVIDER_QUOTA},
    {"spend_limit", FAULT_PROVIDER_QUOTA},
    {"usage_limit", FAULT_PROVIDER_QUOTA},
    {"ramp_limit", FAULT_PROVIDER_QUOTA},
    {"billing", FAULT_PROVIDER_QUOTA},
    {"context_length", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"exceed_context_size", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"string_above_max_length", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"model_not_found", FAULT_PROVIDER_MODEL_NOT_FOUND},
    {"model_not_exist", FAULT_PROVIDER_MODEL_NOT_FOUND},
    {"unknown_model", FAULT_PROVIDER_MODEL_NOT_FOUND},
    {"invalid_model", FAULT_PROVIDER_MODEL_NOT_FOUND},
    {"content_filter", FAULT_PROVIDER_CONTENT_FILTER},
    {"content_policy", FAULT_PROVIDER_CONTENT_FILTER},
    {"responsibleai", FAULT_PROVIDER_CONTENT_FILTER},
    {"data_inspection_failed", FAULT_PROVIDER_CONTENT_FILTER},
    {"invalid_api_key", FAULT_PROVIDER_AUTH},
    {"api_key_invalid", FAULT_PROVIDER_AUTH},
    {"authentication", FAULT_PROVIDER_AUTH},
    {"unauthorized", FAULT_PROVIDER_AUTH},
    {"unauthenticated", FAULT_PROVIDER_AUTH},
    {"permission", FAULT_PROVIDER_AUTH},
    {"rate_limit", FAULT_PROVIDER_RATE_LIMITED},
    {"slow_down", FAULT_PROVIDER_RATE_LIMITED},
    {"too_many_requests", FAULT_PROVIDER_RATE_LIMITED},
    {"resource_exhausted", FAULT_PROVIDER_RATE_LIMITED},
    {"overloaded", FAULT_PROVIDER_OVERLOADED},
    {"unavailable", FAULT_PROVIDER_OVERLOADED},
    {"timeout_error", FAULT_PROVIDER_OVERLOADED},
    {"deadline_exceeded", FAULT_PROVIDER_OVERLOADED},
    {"server_error", FAULT_PROVIDER_OVERLOADED},
    {"internal", FAULT_PROVIDER_OVERLOADED},
    {"api_error", FAULT_PROVIDER_OVERLOADED},
    {"not_found_error", FAULT_PROVIDER_MODEL_NOT_FOUND},
    {"invalid_request", FAULT_PROVIDER_BAD_REQUEST},
    {"invalid_argument", FAULT_PROVIDER_BAD_REQUEST},
};

/* In a text, for the servers that have no codes. */
static const struct word texts[] = {
    {"maximum context length", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"context length exceeded", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"context window", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"available context size", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"prompt is too long", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"exceed context limit", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"input token count", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"input is too long", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"reduce the length of the messages", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"too large for model with", FAULT_PROVIDER_CONTEXT_TOO_LONG},
    {"incorrect api key", FAULT_PROVIDER_AUTH},
    {"invalid api key", FAULT_PROVIDER_AUTH},
    {"invalid x-api-key", FAULT_PROVIDER_AUTH},
    {"api key not valid", FAULT_PROVIDER_AUTH},
    {"insufficient balance", FAULT_PROVIDER_QUOTA},
    {"credit balance is too low", FAULT_PROVIDER_QUOTA},
    {"spend limit", FAULT_PROVIDER_QUOTA},
    {"api usage limits", FAULT_PROVIDER_QUOTA},
};

static bool contains(struct slice text, const char *needle) {
    size_t size = strlen(needle);
    for (size_t at = 0; at + size <= text.size; at++)
        if (strncasecmp(text.data + at, needle, size) == 0)
            return true;
    return false;
}

static enum fault_kind find(const struct word *words, size_t count, struct slice text) {
    text = slice_first(text, LOOKED_AT);
    for (size_t i = 0; i < count; i++)
        if (contains(text, words[i].text))
            return words[i].kind;
    return FAULT_NONE;
}

static enum fault_kind of_status(int status) {
    switch (status) {
    case 401:
    case 403:
        return FAULT_PROVIDER_AUTH;
    case 402:
        return FAULT_PROVIDER_QUOTA;
    case 404:
        return FAULT_PROVIDER_MODEL_NOT_FOUND;
    case 408:
    case 409:
    case 499: /* Google's, when it gives up by itself */
        return FAULT_PROVIDER_OVERLOADED;
    case 429:
        return FAULT_PROVIDER_RATE_LIMITED;
    default:
        /* An error in a stream without a word that is known here is the server's own trouble. */
        return status == 0 || status >= 500 ? FAULT_PROVIDER_OVERLOADED
                                            : FAULT_PROVIDER_BAD_REQUEST;
    }
}

/* The parts of an error, each as text; empty when it is not there. */
struct error {
    struct buffer code, type, message;
    int status;
    int64_t wait_ms;
};

static void release(struct error *error) {
    buffer_finish(&error->code);
    buffer_finish(&error->type);
    buffer_finish(&error->message);
}

static enum fault_kind classify(const struct error *error) {
    enum { CODES = sizeof codes / sizeof codes[0], TEXTS = sizeof texts / sizeof texts[0] };
    enum fault_kind kind = find(codes, CODES, buffer_slice(&error->code));
    /* DeepSeek's code for everything is "invalid_request_error". */
    if (kind == FAULT_PROVIDER_BAD_REQUEST)
        kind = FAULT_NONE;
    if (!kind)
        kind = find(texts, TEXTS, buffer_slice(&error->message));
    /* A type is vague ("invalid_request_error" for a bad key): an exact status goes first. */
    bool exact = error->status == 401 || error->status == 402 || error->status == 403 ||
                 error->status == 404 || error->status == 429 || error->status >= 500;
    if (!kind && !exact)
        kind = find(codes, CODES, buffer_slice(&error->code));
    if (!kind && !exact)
        kind = find(codes, CODES, buffer_slice(&error->type));
    return kind ? kind : of_status(error->status);
}

static const char *shown(enum fault_kind kind) {
    switch (kind) {
    case FAULT_PROVIDER_AUTH:
        return "The model service refused our credentials";
    case FAULT_PROVIDER_QUOTA:
        return "The quota with the model service is used up";
    case FAULT_PROVIDER_RATE_LIMITED:
        return "The model service limits our requests at the moment";
    case FAULT_PROVIDER_OVERLOADED:
        return "The model service has a problem at the moment";
    case FAULT_PROVIDER_CONTEXT_TOO_LONG:
        return "The conversation is too long for the model";
    case FAULT_PROVIDER_CONTENT_FILTER:
        return "The model service refused the content";
    case FAULT_PROVIDER_MODEL_NOT_FOUND:
        return "The model service does not know the model";
    default:
        return "The model service did not take the request";
    }
}

/* What the owner's account is up to (keys, money, limits) is nothing that a visitor should read. */
static bool is_private(enum fault_kind kind) {
    return kind == FAULT_PROVIDER_AUTH || kind == FAULT_PROVIDER_QUOTA ||
           kind == FAULT_PROVIDER_RATE_LIMITED;
}

static void fill(const struct error *error, struct fault *fault) {
    struct buffer text = {0};
    enum fault_kind kind = classify(error);
    failure_append_text(&text, buffer_slice(&error->message), sizeof fault->detail - 1);
    if (text.size == 0 || is_private(kind))
        fault_set(fault, kind, "%s.", shown(kind));
    else
        fault_set(fault, kind, "%s: %s", shown(kind), buffer_string(&text));
    fault_detail(fault, "%s", buffer_string(&text));
    buffer_clear(&text);
    const struct buffer *code = error->code.size > 0 ? &error->code : &error->type;
    failure_append_text(&text, buffer_slice(code), sizeof fault->code - 1);
    memcpy(fault->code, buffer_string(&text), text.size + 1);
    fault->status = error->status;
    fault->retry_after_ms = error->wait_ms;
    buffer_finish(&text);
}

/* --- reading the shapes --- */

/* A string's content, or any other value but null as it stands. */
static void take(struct slice value, struct buffer *out) {
    enum json_type type = json_type(value);
    if (out->size > 0 || type == JSON_MISSING || type == JSON_NULL)
        return;
    if (!json_read_string(value, out))
        buffer_append(out, slice_first(value, LOOKED_AT));
}

/* Google names the reason and the wait in `details`. */
static void take_details(struct slice details, struct error *error) {
    struct slice detail;
    size_t cursor = 0;
    while (json_next_element(details, &cursor, &detail)) {
        struct slice delay = json_plain_string(json_get(detail, "retryDelay"));
        if (delay.size > 0)
            error->wait_ms = failure_duration_ms(delay);
        struct slice reason = json_plain_string(json_get(detail, "reason"));
        if (reason.size > 0) {
            buffer_clear(&error->code);
            buffer_append(&error->code, reason);
        }
    }
}

static void take_object(struct slice object, struct error *error) {
    struct slice code = json_get(object, "code");
    int64_t number;
    if (json_read_int64(code, &number) || slice_to_int64(json_plain_string(code), &number)) {
        /* OpenRouter, vLLM and Google put the status there. */
        if (error->status == 0 && number >= 400 && number < 600)
            error->status = (int)number;
    } else {
        take(code, &error->code);
    }
    take(json_path(object, "details", "error_code", NULL), &error->code);
    take(json_get(object, "status"), &error->type);
    take(json_get(object, "type"), &error->type);
    take(json_get(object, "message"), &error->message);
    take(json_get(object, "detail"), &error->message);
    take_details(json_get(object, "details"), error);
}

/* OpenRouter quotes what its upstream said; its own message is "Provider returned error". */
static void add_raw(struct slice raw, struct buffer *message) {
    struct buffer text = {0};
    take(raw, &text);
    if (text.size > 0 && message->size > 0)
        buffer_append(message, SLICE(": "));
    buffer_append(message, slice_first(buffer_slice(&text), LOOKED_AT));
    buffer_finish(&text);
}

static void take_json(struct slice root, struct error *error) {
    struct slice inner = json_get(root, "error");
    if (json_type(inner) == JSON_OBJECT)
        take_object(inner, error);
    else
        take(inner, &error->message);
    if (json_type(inner) != JSON_OBJECT)
        take_object(root, error);
    add_raw(json_path(inner, "metadata", "raw", NULL), &error->message);
    if (error->message.size == 0)
        buffer_append(&error->message, slice_first(root, LOOKED_AT));
}

static void take_body(struct slice body, struct error *error) {
    struct slice first;
    size_t cursor = 0;
    body = slice_trim(body);
    if (json_validate(body, NULL)) {
        if (json_type(body) == JSON_ARRAY && json_next_element(body, &cursor, &first))
            body = first;
        if (json_type(body) == JSON_OBJECT)
            take_json(body, error);
        else
            take(body, &error->message);
    } else if (!failure_is_markup(body)) {
        buffer_append(&error->message, slice_first(body, LOOKED_AT));
    }
}

void failure_of_reply(const struct model_reply_head *head, struct slice body,
                      struct fault *ret_fault) {
    struct error error = {.status = head->status, .wait_ms = -1};
    take_body(body, &error);
    error.status = head->status;
    int64_t wait_ms = failure_wait_ms(head);
    if (wait_ms >= 0)
        error.wait_ms = wait_ms;
    fill(&error, ret_fault);
    struct slice should = head->header(head->head, "x-should-retry");
    if (slice_is(should, "true"))
        ret_fault->retryable = true;
    else if (slice_is(should, "false"))
        ret_fault->retryable = false;
    release(&error);
}

bool failure_in_stream(struct slice payload, struct fault *fault) {
    struct error error = {.wait_ms = -1};
    take_body(payload, &error);
    fill(&error, fault);
    release(&error);
    return false;
}
