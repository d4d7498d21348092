#include "base/fault.h"
#include "base/utf8.h"
#include <stdarg.h>

struct kind {
    const char *name;
    bool retryable;
};

static const struct kind kinds[FAULT_KIND_COUNT] = {
    [FAULT_NONE] = {"none", false},
    [FAULT_BAD_INPUT] = {"bad_input", false},
    [FAULT_UNAUTHENTICATED] = {"unauthenticated", false},
    [FAULT_FORBIDDEN] = {"forbidden", false},
    [FAULT_NOT_FOUND] = {"not_found", false},
    [FAULT_CONFLICT] = {"conflict", false},
    [FAULT_TOO_LARGE] = {"too_large", false},
    [FAULT_RATE_LIMITED] = {"rate_limited", true},
    [FAULT_BUDGET] = {"budget", false},
    [FAULT_CANCELLED] = {"cancelled", false},
    [FAULT_INTERNAL] = {"internal", false},
    [FAULT_UNAVAILABLE] = {"unavailable", true},
    [FAULT_STORE] = {"store", true},
    [FAULT_CONFIG] = {"config", false},
    [FAULT_PROVIDER_AUTH] = {"provider_auth", false},
    [FAULT_PROVIDER_QUOTA] = {"provider_quota", false},
    [FAULT_PROVIDER_RATE_LIMITED] = {"provider_rate_limited", true},
    [FAULT_PROVIDER_OVERLOADED] = {"provider_overloaded", true},
    [FAULT_PROVIDER_CONTEXT_TOO_LONG] = {"provider_context_too_long", false},
    [FAULT_PROVIDER_BAD_REQUEST] = {"provider_bad_request", false},
    [FAULT_PROVIDER_CONTENT_FILTER] = {"provider_content_filter", false},
    [FAULT_PROVIDER_MODEL_NOT_FOUND] = {"provider_model_not_found", false},
    [FAULT_PROVIDER_NETWORK] = {"provider_network", true},
    [FAULT_PROVIDER_STALLED] = {"provider_stalled", true},
    [FAULT_PROVIDER_TRUNCATED] = {"provider_truncated", true},
    [FAULT_PROVIDER_MALFORMED] = {"provider_malformed", true},
};

/* Goes through a buffer of its own, because the arguments may point into the fault that is filled.
 */
__attribute__((format(printf, 3, 0))) static void print_cut(char *out, size_t capacity,
                                                            const char *format, va_list arguments) {
    char text[sizeof((struct fault *)NULL)->detail];
    int size = vsnprintf(text, capacity, format, arguments);
    if (size < 0)
        text[0] = '\0';
    else if ((size_t)size >= capacity)
        text[utf8_cut((struct slice){text, capacity - 1}, capacity - 1)] = '\0';
    memcpy(out, text, strlen(text) + 1);
}

bool fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...) {
    if (!fault)
        return false;
    char message[sizeof fault->message];
    va_list arguments;
    va_start(arguments, format);
    print_cut(message, sizeof message, format, arguments);
    va_end(arguments);
    *fault = (struct fault){.kind = kind, .retryable = kinds[kind].retryable, .retry_after_ms = -1};
    memcpy(fault->message, message, strlen(message) + 1);
    return false;
}

bool fault_detail(struct fault *fault, const char *format, ...) {
    if (!fault)
        return false;
    va_list arguments;
    va_start(arguments, format);
    print_cut(fault->detail, sizeof fault->detail, format, arguments);
    va_end(arguments);
    return false;
}

bool fault_param(struct fault *fault, const char *format, ...) {
    if (!fault)
        return false;
    va_list arguments;
    va_start(arguments, format);
    print_cut(fault->param, sizeof fault->param, format, arguments);
    va_end(arguments);
    return false;
}

const char *fault_kind_name(enum fault_kind kind) {
    return (unsigned)kind < FAULT_KIND_COUNT ? kinds[kind].name : "unknown";
}
