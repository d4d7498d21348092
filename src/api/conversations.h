/* The doors to what the server keeps of conversations. Whoever asks sees their own with one bot
 * (`bot`, else the default one); any other is not found. They go on at the chat doors, by
 * `conversation_id`. */
#pragma once
struct api;
struct http_exchange;

/* POST /v1/conversations: makes an empty one. */
void conversations_create(struct api *api, struct http_exchange *exchange);
/* GET /v1/conversations: newest first. */
void conversations_list(struct api *api, struct http_exchange *exchange);
/* GET /v1/conversations/ID: with its messages. */
void conversations_get(struct api *api, struct http_exchange *exchange);
/* DELETE /v1/conversations/ID: with its messages; what it cost is still known. */
void conversations_delete(struct api *api, struct http_exchange *exchange);
