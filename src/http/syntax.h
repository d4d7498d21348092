/* The alphabets of HTTP/1.1 and the checks of single fields. Nothing here remembers anything. */
#pragma once
#include "base/slice.h"
#include "http/refusal.h"
struct arena;

/* What a byte may be part of. */
enum {
    HTTP_TOKEN = 1,  /* method, header name: RFC 9110 5.6.2 */
    HTTP_VALUE = 2,  /* header value: tab, space, visible ASCII and bytes above it: RFC 9110 5.5 */
    HTTP_LINE = 4,   /* request line: space and visible ASCII */
    HTTP_PATH = 8,   /* pchar of RFC 3986 without '%', and '/' */
    HTTP_QUERY = 16, /* the same and '?' */
    HTTP_HOST = 32,  /* letters, digits, '-', '.', '_' */
    HTTP_HEX = 64,
};
extern const unsigned char http_chars[256];

static inline bool http_char_is(char byte, unsigned kind) {
    return (http_chars[(unsigned char)byte] & kind) != 0;
}
/* Index of the first byte at or behind `from` that is not of that kind, or the size. */
size_t http_span(struct slice text, size_t from, unsigned kind);
bool http_token_valid(struct slice text);
/* Value of a hexadecimal digit; -1 for anything else. */
int http_hex_digit(char byte);

/* Origin-form ("/path?query") or absolute-form ("http://host/path?query", RFC 9112 3.2.2). Checks
 * bytes and percent-encoding; the rest, "." segments among it, is checked by http_path_decode. */
struct http_target {
    struct slice authority; /* of absolute-form, else empty */
    struct slice path;      /* raw; "/" where absolute-form has none */
    struct slice query;     /* raw, without '?' */
};
enum http_refusal http_target_parse(struct slice text, struct http_target *ret_target);
/* Decodes into the arena where there is something to decode. Refuses control bytes, malformed UTF-8
 * and dot segments (also with '\' as the separator, whatever the file system). */
enum http_refusal http_path_decode(struct slice raw, struct arena *arena, struct slice *ret_path);
/* Decodes %XX, and '+' to a space; `to` has room for text.size bytes. False on a bad or cut %XX. */
bool http_form_decode(struct slice text, char *to, size_t *ret_size);
/* DNS name, IPv4 or bracketed IPv6 address, with or without port. */
bool http_host_valid(struct slice host);
