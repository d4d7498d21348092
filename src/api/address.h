/* Whose address a request is from. */
#pragma once
#include <stddef.h>
struct http_request;

/* The peer's, unless that is one of the trusted proxies: then the last address of X-Forwarded-For
 * that is not one of them. What a client writes there itself stands further in front, so it cannot
 * choose its address. Points into `buffer` or the request. */
const char *address_of(const struct http_request *http, const char *const *trusted, size_t count,
                       char buffer[64]);
