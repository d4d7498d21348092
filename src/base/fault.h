/* What went wrong. A function that can fail takes a `struct fault *` and returns false after
 * filling it.
 *
 * `message` is safe to show to whoever asked (no keys, no inner addresses, no message bodies);
 * `detail` is for the log only. One function, api/reply.c, maps a kind to an HTTP status or an
 * event. */
#pragma once
#include "base/slice.h"

enum fault_kind {
    FAULT_NONE,
    /* of the caller */
    FAULT_BAD_INPUT,       /* malformed or out of range; `param` names the place */
    FAULT_UNAUTHENTICATED, /* no or bad credentials */
    FAULT_FORBIDDEN,       /* known, but may not */
    FAULT_NOT_FOUND,
    FAULT_CONFLICT,
    FAULT_TOO_LARGE,
    FAULT_RATE_LIMITED, /* our own limits; retry_after_ms is set */
    FAULT_BUDGET,       /* money or token limits of ours */
    FAULT_CANCELLED,    /* the client stopped or went away */
    /* of this program and its surroundings */
    FAULT_INTERNAL,
    FAULT_UNAVAILABLE, /* draining, overloaded, not ready */
    FAULT_STORE,       /* the database refused, e.g. a full disk */
    FAULT_CONFIG,
    /* of a model provider */
    FAULT_PROVIDER_AUTH,         /* key refused */
    FAULT_PROVIDER_QUOTA,        /* the account's money or quota is spent */
    FAULT_PROVIDER_RATE_LIMITED, /* 429 worth a retry */
    FAULT_PROVIDER_OVERLOADED,   /* 5xx, 529, "overloaded" */
    FAULT_PROVIDER_CONTEXT_TOO_LONG,
    FAULT_PROVIDER_BAD_REQUEST, /* refused for its content or parameters */
    FAULT_PROVIDER_CONTENT_FILTER,
    FAULT_PROVIDER_MODEL_NOT_FOUND,
    FAULT_PROVIDER_NETWORK,   /* resolve, connect, TLS, reset */
    FAULT_PROVIDER_STALLED,   /* a deadline passed */
    FAULT_PROVIDER_TRUNCATED, /* the stream ended without a finish */
    FAULT_PROVIDER_MALFORMED, /* bytes that are not the protocol */
    FAULT_KIND_COUNT,
};

struct fault {
    enum fault_kind kind;
    bool retryable;         /* the same request may succeed later */
    int status;             /* HTTP status of the upstream, 0 if none */
    int64_t retry_after_ms; /* wait asked for by the other side or by our limit; -1 if not said */
    char param[96];         /* JSON path of the offending input, "" if none */
    char code[64];          /* machine code of the upstream or ours, "" if none */
    char message[256];      /* safe to show */
    char detail[512];       /* for the log */
};

/* Fills `fault` (NULL is fine): everything else is reset, retryable is the default of the kind.
 * Always false, so that `return fault_set(…)` reads well. Text that is too long is cut at a UTF-8
 * boundary. */
bool fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds what only the log may see. Always false. */
bool fault_detail(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool fault_param(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Stable lower-case name of a kind, for logs, metrics and the database: "provider_rate_limited". */
const char *fault_kind_name(enum fault_kind kind);
