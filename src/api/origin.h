/* Which pages may talk to us from a browser: CORS by the bots' origins. */
#pragma once
#include <stdbool.h>
struct bot;
struct fault;
struct http_exchange;
struct settings;

/* Lets a page that may not use the bot read why: for a refusal only. */
void origin_tell(struct http_exchange *exchange);
/* True when a browser sent it, on behalf of a page that it names. FORBIDDEN otherwise: for doors
 * that only pages have a use for. */
bool origin_named(struct http_exchange *exchange, struct fault *fault);
/* True when the request names no origin, is of the same host, or the bot allows it; then the CORS
 * headers are added. Else FORBIDDEN with the line that the owner has to add to the config. */
bool origin_check(struct http_exchange *exchange, const struct bot *bot, struct fault *fault);
/* Answers a preflight (OPTIONS): allowed when any bot allows the origin. */
void origin_preflight(struct http_exchange *exchange, const struct settings *settings);
/* True when the page is of another site, so that a cookie needs SameSite=None. */
bool origin_is_foreign(struct http_exchange *exchange);
