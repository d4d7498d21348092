/* What the owner may ask, with the admin token. */
#pragma once
struct api;
struct http_exchange;

/* GET /admin/usage?by=&from=&to=&bot=: the report of chat/usage.h. */
void admin_usage(struct api *api, struct http_exchange *exchange);
