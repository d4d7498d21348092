/* The door that speaks Anthropic's Messages API. */
#pragma once
#include "base/fault.h"
struct api;
struct buffer;
struct http_exchange;

/* POST /v1/messages: `model` names a bot. */
void anthropic_messages(struct api *api, struct http_exchange *exchange);
/* Appends an error as this API has it; returns its HTTP status. `request_id` may be empty. */
int anthropic_error(const struct fault *fault, struct slice request_id, struct buffer *out);
