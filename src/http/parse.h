/* Strict parser of HTTP/1.1 requests (RFC 9112), without sockets: bytes go in, cut anywhere, and
 * the outcome depends on the bytes only. What is refused, with which status and by which section,
 * is the table in http/refusal.h; in short, everything that the RFC lets a server refuse:
 *
 *  - lines that do not end with CRLF, bytes that are not text, more than one empty line in front;
 *  - a request line with anything but single spaces, a version other than HTTP/1.0 and HTTP/1.1, a
 * method other than GET HEAD POST PUT PATCH DELETE OPTIONS, a target that is not RFC 3986 to the
 * letter, has dot segments, or names another host than the Host header;
 *  - folded headers, space before the colon, no, two or a malformed Host;
 *  - a Content-Length that is not one plain number ("+5", "05", "5, 5", given twice),
 * Content-Length with Transfer-Encoding, any Transfer-Encoding but a single, lower-case "chunked",
 * and that with HTTP/1.0;
 *  - a body with GET or HEAD;
 *  - malformed chunks, long extensions, trailers that would change the request.
 *
 * Each head is checked twice: by the scanner here, byte by byte as it comes, and then by
 * http-parser. Where they do not see the same target, headers and framing the request is refused,
 * so that a mistake in either is not enough to smuggle a request. */
#pragma once
#include "base/buffer.h"
#include "http/refusal.h"
#include "http/server.h"
struct arena;
struct http_chunked;

enum {
    HTTP_REQUEST_LINE_MAX = 8192, /* bytes; longer ones get 414 (header_max may be less) */
    HTTP_HEADERS_MAX = 100,
};

/* One request. It lives in its own arena. */
struct http_message {
    struct arena *arena;
    struct http_request request; /* `body` is set when complete; `peer` is the caller's to set */
    bool http_1_0;
    bool keep_alive;              /* the client wants the connection to stay */
    bool wants_continue;          /* Expect: 100-continue */
    size_t length;                /* Content-Length, 0 if none or chunked */
    struct http_chunked *chunked; /* NULL if the body is not chunked */
    struct buffer grown;          /* the body, where it did not come together with the head */
};
void http_message_destroy(struct http_message *message); /* NULL is fine */

struct http_parse {
    size_t header_max, body_max;
    /* The rest is private. */
    size_t at, line; /* offset of the next byte to check, and of the start of its line */
    size_t start;    /* offset of the request line: 2 behind an empty line */
    uint16_t lines;  /* complete lines so far, 0 while in the request line */
    struct http_message *message; /* whose body is being read */
};
/* `header_max` at most 64 KiB: http-parser has a limit of its own, 80 KiB. */
void http_parse_init(struct http_parse *parse, size_t header_max, size_t body_max);
void http_parse_finish(struct http_parse *parse);

enum http_parse_event {
    HTTP_PARSE_MORE,     /* give more: what was not used again, with new bytes behind */
    HTTP_PARSE_HEAD,     /* the head is complete and a body follows; see parse->message */
    HTTP_PARSE_COMPLETE, /* take the message with http_parse_take, then go on with the rest */
    HTTP_PARSE_REFUSED,  /* this connection must be closed */
};
/* `bytes` must start with what the last call did not use. `ret_refusal` is set for
 * HTTP_PARSE_REFUSED only. */
enum http_parse_event http_parse_feed(struct http_parse *parse, struct slice bytes,
                                      size_t *ret_used, enum http_refusal *ret_refusal);
/* After HTTP_PARSE_COMPLETE: the message is the caller's to destroy. */
struct http_message *http_parse_take(struct http_parse *parse);
