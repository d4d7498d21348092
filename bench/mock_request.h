/* Reads as much of an HTTP request as the mock needs: it trusts its caller, which is the bench, and
 * refuses what it does not understand rather than guessing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum request_state { REQUEST_INCOMPLETE, REQUEST_COMPLETE, REQUEST_BAD };

/* Points into the bytes it was read from. */
struct request {
    const char *path;
    size_t path_length;
    const char *query; /* after the question mark */
    size_t query_length;
    const char *body;
    size_t body_length;
    size_t length; /* of the whole request */
};

enum request_state request_read(const char *bytes, size_t length, struct request *ret_request);

/* How an answer is paced, as written in the model's name:
 *   fast-200        200 text deltas, as fast as the socket takes them
 *   every20ms-250   250 text deltas, one every 20 ms
 *   held-200ms      one text delta, then one every 200 ms between /control/go and /control/finish
 */
struct plan {
    unsigned texts;    /* 0: until told to finish */
    int64_t period_us; /* 0: as fast as the socket takes them */
    bool held;
};
bool plan_read(const char *model, struct plan *ret_plan);

/* The string or the truth behind a key of a JSON document, found without parsing it. */
bool json_text(const char *json, size_t length, const char *key, char *ret_text, size_t size);
bool json_true(const char *json, size_t length, const char *key);
