/* Where in a request the credentials stand. */
#pragma once
#include "chat/identify.h"
struct bot;
struct http_exchange;

/* Authorization: Bearer (or X-Api-Key), the session from X-Switchboard-Session or the cookie
 * sb_<bot>, X-Switchboard-User with its hash. Points into the request. */
struct credentials credentials_of(struct http_exchange *exchange, const struct bot *bot);
/* What stands in Authorization: Bearer, or X-Api-Key; empty where neither does. */
struct slice credentials_bearer(struct http_exchange *exchange);
/* Adds a new anonymous session to the coming reply. */
void credentials_keep(struct http_exchange *exchange, const struct bot *bot, const char *token);
