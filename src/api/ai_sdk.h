/* The AI SDK's UI message stream (`x-vercel-ai-ui-message-stream: v1`), which its useChat reads. A
 * request asks for it by `?dialect=ai-sdk`, or by that name in Accept. */
#pragma once
#include <stdbool.h>
struct api;
struct http_exchange;

bool ai_sdk_wanted(struct http_exchange *exchange);
void ai_sdk_chat(struct api *api, struct http_exchange *exchange);
