/* Turns as they were logged, to be tried again elsewhere. Blocking, inside a store job; reads only.
 */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct store_session;

struct store_logged_turn {
    struct slice conversation_id, question, answer;
    int64_t position; /* of the question in its conversation */
    struct slice provider, model;
    int64_t input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens;
    int64_t output_tokens, reasoning_tokens; /* -1 not reported */
    int64_t microdollars;                    /* -1: no price was known */
    int64_t duration_ms;
};

/* The bot's last `limit` turns that a model answered whole, newest first. In the arena. */
bool store_logged_turns(struct store_session *session, struct slice bot, size_t limit,
                        struct arena *arena, struct store_logged_turn **ret_turns,
                        size_t *ret_count, struct fault *fault);
