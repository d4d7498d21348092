/* The doors that speak OpenAI's Chat Completions. */
#pragma once
struct api;
struct http_exchange;

/* POST /v1/chat/completions: `model` names a bot. */
void openai_completions(struct api *api, struct http_exchange *exchange);
/* POST /api/chat: for pages; the default bot unless `bot` is given, streams unless told not to. */
void openai_chat(struct api *api, struct http_exchange *exchange);
/* GET /v1/models: the bots that the client may talk to. */
void openai_models(struct api *api, struct http_exchange *exchange);
