/* The widget's doors: what web/widget/ speaks. docs/widget-protocol.md has the whole of it.
 *
 * A visitor has one channel of the hub with each bot. What happens to any of their conversations is
 * published there; every open page of theirs, on any device, watches it (GET events). A message
 * starts a turn that belongs to no connection: a page that is closed or loaded anew loses nothing.
 */
#pragma once
#include "base/slice.h"
struct api;
struct bot;
struct errand;
struct errand_request;
struct store_sent;
struct http_exchange;

void widget_boot(struct api *api, struct http_exchange *exchange);
void widget_events(struct api *api, struct http_exchange *exchange);
void widget_messages(struct api *api, struct http_exchange *exchange);
void widget_confirm(struct api *api, struct http_exchange *exchange);
void widget_handoff(struct api *api, struct http_exchange *exchange);
void widget_retry(struct api *api, struct http_exchange *exchange);
void widget_typing(struct api *api, struct http_exchange *exchange);
void widget_stop(struct api *api, struct http_exchange *exchange);
void widget_conversations(struct api *api, struct http_exchange *exchange);
void widget_conversation(struct api *api, struct http_exchange *exchange);
void widget_feedback(struct api *api, struct http_exchange *exchange);
void widget_rating(struct api *api, struct http_exchange *exchange);
void widget_lead(struct api *api, struct http_exchange *exchange);
void widget_upload(struct api *api, struct http_exchange *exchange);
void widget_attachment(struct api *api, struct http_exchange *exchange);
void widget_export(struct api *api, struct http_exchange *exchange);
void widget_erase(struct api *api, struct http_exchange *exchange);
void widget_delete(struct api *api, struct http_exchange *exchange);

/* 202 with the ids of what was sent; of a message to a person there is no turn. */
void widget_reply_ids(struct errand_request *request, const struct store_sent *sent);
/* A `finish`: the message goes to the person who answers there, or is waited for. */
void person_message(struct errand *errand, struct errand_request *request);
/* Whether the message calls for a person, by the bot's keywords. */
bool person_is_called(const struct bot *bot, struct slice text);
/* A `finish` of such a message: it is kept, and a person is called for. */
void person_call(struct errand *errand, struct errand_request *request);
