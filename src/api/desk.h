/* The operators' doors: what web/desk speaks. docs/desk-protocol.md has the whole of it. Whoever
 * signs in has a cookie; every request looks up whose it is, so that an operator who is removed is
 * out with the next one. Operators see the conversations of their bots; any other is not found. */
#pragma once
#include "base/fault.h"
struct api;
struct arena;
struct errand;
struct errand_request;
struct http_exchange;
struct json_writer;
struct store_desk_entry;
struct store_session;

void desk_login(struct api *api, struct http_exchange *exchange);
void desk_logout(struct api *api, struct http_exchange *exchange);
void desk_me(struct api *api, struct http_exchange *exchange);
void desk_set_presence(struct api *api, struct http_exchange *exchange);
void desk_operators(struct api *api, struct http_exchange *exchange);
void desk_conversations(struct api *api, struct http_exchange *exchange);
/* GET …/ID and …/ID/events; POST …/ID/take, give, close, messages, typing, assist. */
void desk_conversation(struct api *api, struct http_exchange *exchange);
void desk_conversation_post(struct api *api, struct http_exchange *exchange);
void desk_events(struct api *api, struct http_exchange *exchange);

/* --- for the files of the desk --- */

/* Before errand_open_desk reads a request: what changes something must come from the desk's own
 * page, FORBIDDEN with the code "csrf" else; UNAUTHENTICATED with "signed_out" where there is no
 * cookie and the operation needs one. Sets errand->sign_in. */
bool desk_admit(struct errand *errand, struct http_exchange *exchange, struct fault *fault);
/* What is kept of a cookie; in the arena. */
struct slice desk_hash(struct slice token, struct arena *arena);
/* In a store job: sets errand->operator by errand->sign_in; false with "signed_out" where it is
 * nobody's any more. */
bool desk_identify(struct store_session *session, struct errand *errand, struct fault *fault);
/* Whether they lead others. */
bool desk_leads(const struct errand *errand);
/* For `read`: the id in the path. NOT_FOUND where there is none. */
bool desk_path_id(struct errand *errand, struct http_exchange *exchange, struct fault *fault);
/* In a store job: the conversation errand->what.id, which also gets its bot and user. NOT_FOUND
 * where it is not of the operator's bots. */
bool desk_find(struct store_session *session, struct errand *errand,
               struct store_desk_entry *ret_entry, struct fault *fault);
/* Whether the operator has it: CONFLICT with "not_yours" else. */
bool desk_is_theirs(const struct errand *errand, const struct store_desk_entry *entry,
                    struct fault *fault);
/* A `finish`: 200 with the entry as it is now. errand->request may be NULL. */
void desk_reply_entry(struct errand *errand);

/* The paths behind /api/desk/conversations/ID. */
void desk_read_one(struct api *api, struct http_exchange *exchange);
void desk_watch_one(struct api *api, struct http_exchange *exchange);
void desk_take(struct api *api, struct http_exchange *exchange);
void desk_give(struct api *api, struct http_exchange *exchange);
void desk_close(struct api *api, struct http_exchange *exchange);
void desk_write(struct api *api, struct http_exchange *exchange);
void desk_assist(struct api *api, struct http_exchange *exchange);
void desk_typing(struct api *api, struct http_exchange *exchange);
