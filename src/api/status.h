/* What probes and monitoring ask. */
#pragma once
#include <stdbool.h>
struct api;
struct http_exchange;

/* GET /healthz: the process answers. */
void status_health(struct api *api, struct http_exchange *exchange);
/* GET /readyz: 503 while draining, so that a load balancer sends no more. */
void status_ready(struct api *api, struct http_exchange *exchange);
/* True when the request brings the admin token, and there is one. */
bool status_has_admin_token(const struct api *api, struct http_exchange *exchange);
/* GET /metrics: Prometheus text; from loopback, or with the admin token as bearer. */
void status_metrics(struct api *api, struct http_exchange *exchange);
