/* The doors to what the server keeps of conversations. Whoever asks sees their own with one bot
 * (`bot`, else the default one); any other is not found. They go on at the chat doors, by
 * `conversation_id`. */
#pragma once
#include "base/slice.h"
struct api;
struct arena;
struct errand;
struct fault;
struct http_exchange;
struct json_writer;
struct store_attachment;
struct store_confirmation;
struct store_message;
struct store_session;

/* POST /v1/conversations: makes an empty one. */
void conversations_create(struct api *api, struct http_exchange *exchange);
/* GET /v1/conversations: newest first. */
void conversations_list(struct api *api, struct http_exchange *exchange);
/* GET /v1/conversations/ID: with its messages. */
void conversations_get(struct api *api, struct http_exchange *exchange);
/* DELETE /v1/conversations/ID: with its messages; what it cost is still known. */
void conversations_delete(struct api *api, struct http_exchange *exchange);

/* What was said, from errand->after on; in the errand's arena. */
struct conversation_page {
    struct store_message *messages;
    size_t count;
    bool more;
    struct store_attachment *attachments; /* of the conversation */
    size_t attachment_count;
};
typedef bool conversations_messages(struct store_session *session, struct slice conversation_id,
                                    int64_t after, size_t limit, size_t bytes_max,
                                    struct arena *arena, struct store_message **ret_messages,
                                    size_t *ret_count, bool *ret_more, struct fault *fault);
/* `messages` is store_messages_page, or store_desk_messages with the operators' notes. */
bool conversations_read_page_of(struct store_session *session, const struct errand *errand,
                                size_t limit, conversations_messages *messages,
                                struct conversation_page *ret_page, struct fault *fault);
bool conversations_read_page(struct store_session *session, const struct errand *errand,
                             size_t limit, struct conversation_page *ret_page, struct fault *fault);
/* That, and the cards that wait for an answer, as JSON lists: the same for every door that shows a
 * conversation. */
void conversations_write_messages(const struct errand *errand, const struct conversation_page *page,
                                  struct json_writer *json);
void conversations_write_cards(const struct store_confirmation *cards, size_t count,
                               struct json_writer *json);
