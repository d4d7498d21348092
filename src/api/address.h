/* Whose address a request is from. */
#pragma once
struct api_options;
struct http_exchange;

/* The peer's, unless that is one of the trusted proxies: then the last address of X-Forwarded-For
 * that is not one of them. What a client writes there itself stands further in front, so it cannot
 * choose its address. Points into `buffer` or the request. */
const char *address_of(const struct api_options *options, struct http_exchange *exchange,
                       char buffer[64]);
/* What limits of one address go by, see limit_address. */
void address_group(const struct api_options *options, struct http_exchange *exchange,
                   char ret_group[64]);
