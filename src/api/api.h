/* All doors of one loop behind one HTTP handler. */
#pragma once
#include "base/slice.h"
#include <stdatomic.h>
struct buffer;
struct chat;
struct http_exchange;

struct api_options {
    const char *site;                   /* folder of static pages, NULL for none; borrowed */
    struct slice admin_token;           /* for /metrics from elsewhere than loopback; borrowed */
    const char *const *trusted_proxies; /* addresses; see api/address.h; borrowed */
    size_t trusted_proxy_count;
    const atomic_bool *draining; /* true: /readyz says 503 */
    /* Appends what else is to stand in /metrics (the store's figures); may be NULL. */
    void (*more_metrics)(void *user, struct buffer *out);
    void *user;
};

struct api;
struct api *api_create(struct chat *chat, const struct api_options *options);
void api_destroy(struct api *api); /* NULL is fine; no exchange may be under way */
/* The server stops: ends what would stay open for ever. Loop's thread. */
void api_drain(struct api *api);
/* An http_handler; `user` is the api. */
void api_handle(void *user, struct http_exchange *exchange);
