/* Sums over the calls, for reports. Blocking, inside a store job. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct store_session;

enum store_usage_by {
    STORE_USAGE_ALL, /* one row, or none */
    STORE_USAGE_BY_USER,
    STORE_USAGE_BY_BOT,
    STORE_USAGE_BY_MODEL, /* "provider/model" */
    STORE_USAGE_BY_KEY,   /* API keys of clients: calls without one are left out */
    STORE_USAGE_BY_CONVERSATION,
};

struct store_usage_query {
    enum store_usage_by by;
    struct slice bot;       /* empty: all */
    int64_t from_ms, to_ms; /* calls that started in [from, to) */
};

struct store_usage {
    struct slice group; /* what the row is of */
    struct slice name;  /* of an API key; else empty */
    int64_t calls, turns, errors;
    int64_t input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
    int64_t microdollars;                    /* open calls with what is reserved */
    int64_t estimated_microdollars;          /* of that, what no provider reported */
    int64_t unpriced;                        /* calls whose price nobody knows */
    int64_t counted_tokens, reported_tokens; /* prompts that we counted and the provider reported */
};

/* The dearest first. In the arena. */
bool store_usage_list(struct store_session *session, const struct store_usage_query *query,
                      struct arena *arena, struct store_usage **ret_rows, size_t *ret_count,
                      struct fault *fault);
