/* Static pages from the folder `site` of the configuration: for the demo and small sites. */
#pragma once
struct api;
struct http_exchange;

/* GET or HEAD of any path that is no door. Files above 8 MiB, hidden ones and what lies outside of
 * the folder (by link or otherwise) are not found. */
void site_serve(struct api *api, struct http_exchange *exchange);
