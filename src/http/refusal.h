/* Why a request is refused before a handler sees it, one line per reason: this table is the list of
 * what the parser does not let through. Every refusal closes the connection, because after a broken
 * request nobody knows where the next one starts (RFC 9112 section 9.6, 11.2). */
#pragma once
#include <stddef.h>

/* name, status, machine code, message, the rule that allows or asks for it (section numbers only:
 * RFC 9112) */
#define HTTP_REFUSALS(X)                                                                           \
    X(NONE, 0, "", "", "")                                                                         \
    /* bytes and lines */                                                                          \
    X(BARE_LF, 400, "bare_lf", "Lines must end with CRLF, not with LF.", "2.2")                    \
    X(BARE_CR, 400, "bare_cr", "CR must be followed by LF.", "2.2")                                \
    X(BYTE, 400, "invalid_byte", "The head has a byte that is not allowed there.",                 \
      "RFC 9110 5.5, 2.2")                                                                         \
    X(EMPTY_LINES, 400, "invalid_request_line", "The request line is missing.", "2.2")             \
    X(INCOMPLETE, 400, "incomplete_request", "The connection ended within the request.", "8")      \
    /* request line */                                                                             \
    X(REQUEST_LINE, 400, "invalid_request_line",                                                   \
      "The request line must be: method, one space, target, one space, HTTP/1.1.", "3")            \
    X(METHOD, 501, "unsupported_method", "This method is not supported.", "3.1, RFC 9110 9.1")     \
    X(VERSION, 400, "unsupported_version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.", "2.3")   \
    X(TARGET, 400, "invalid_target", "The request target is malformed.", "3.2")                    \
    X(TARGET_ENCODING, 400, "invalid_target",                                                      \
      "The request target has a malformed or forbidden percent-encoding.", "RFC 3986 2.1, 7.3")    \
    X(TARGET_DOTS, 400, "invalid_target", "The path must not have \".\" or \"..\" segments.",      \
      "RFC 3986 6.2.2.3")                                                                          \
    X(TARGET_LONG, 414, "target_too_long", "The request line is too long.", "3")                   \
    /* header lines */                                                                             \
    X(FOLD, 400, "header_fold", "A header must stand on one line.", "5.2")                         \
    X(NAME, 400, "invalid_header_name", "A header name is empty or has a byte not allowed.",       \
      "5.1, RFC 9110 5.1")                                                                         \
    X(NAME_SPACE, 400, "invalid_header_name",                                                      \
      "No space is allowed between a header name and the colon.", "5.1")                           \
    X(HEADERS_MANY, 431, "too_many_headers", "Too many headers.", "RFC 6585 5")                    \
    X(HEADERS_LARGE, 431, "headers_too_large", "The headers are too large.", "RFC 6585 5")         \
    X(HOST_MISSING, 400, "missing_host", "HTTP/1.1 requires a Host header.", "3.2")                \
    X(HOST_TWICE, 400, "repeated_host", "There must be one Host header only.", "3.2")              \
    X(HOST, 400, "invalid_host", "The Host header is malformed.", "3.2")                           \
    X(HOST_OTHER, 400, "invalid_host", "The target names another host than the Host header.",      \
      "3.2.2, RFC 9110 7.4")                                                                       \
    X(EXPECT, 417, "unsupported_expectation", "Only Expect: 100-continue is supported.",           \
      "RFC 9110 10.1.1")                                                                           \
    /* framing */                                                                                  \
    X(LENGTH, 400, "invalid_content_length", "Content-Length must be one plain decimal number.",   \
      "6.3 rule 5, RFC 9110 8.6")                                                                  \
    X(LENGTH_TWICE, 400, "repeated_content_length",                                                \
      "There must be one Content-Length header only.", "6.3 rule 5")                               \
    X(LENGTH_AND_CODING, 400, "conflicting_length",                                                \
      "Content-Length and Transfer-Encoding exclude each other.", "6.3 rule 3, 11.2")              \
    X(CODING, 400, "invalid_transfer_encoding",                                                    \
      "The only Transfer-Encoding supported is a single \"chunked\".", "6.1, 6.3 rule 4")          \
    X(CODING_1_0, 400, "invalid_transfer_encoding", "HTTP/1.0 knows no Transfer-Encoding.", "6.1") \
    X(BODY_UNWANTED, 400, "unexpected_body", "GET and HEAD requests must not have a body.",        \
      "RFC 9110 9.3.1, 9.3.2")                                                                     \
    X(BODY_LARGE, 413, "body_too_large", "The request body is too large.", "RFC 9110 15.5.14")     \
    X(CHUNK_SIZE, 400, "invalid_chunk", "A chunk size is malformed.", "7.1")                       \
    X(CHUNK_EXTENSION, 400, "invalid_chunk", "A chunk extension is malformed or too long.",        \
      "7.1.1")                                                                                     \
    X(CHUNK_END, 400, "invalid_chunk", "CRLF must follow the data of a chunk.", "7.1")             \
    X(TRAILER, 400, "invalid_trailer", "A trailer is malformed, too long or not allowed.",         \
      "7.1.2, RFC 9110 6.5.1")                                                                     \
    X(DISAGREEMENT, 400, "invalid_request", "The request is ambiguous.", "11.2")                   \
    /* time and room */                                                                            \
    X(HEAD_SLOW, 408, "request_timeout", "The headers took too long.", "RFC 9110 15.5.9")          \
    X(BODY_SLOW, 408, "request_timeout", "The body took too long.", "RFC 9110 15.5.9")             \
    X(BUSY, 503, "too_many_connections", "Too many connections; try again shortly.",               \
      "RFC 9110 15.6.4")

#define HTTP_REFUSAL_NAME_(name, status, code, message, rule) HTTP_REFUSE_##name,
enum http_refusal { HTTP_REFUSALS(HTTP_REFUSAL_NAME_) HTTP_REFUSAL_COUNT };
#undef HTTP_REFUSAL_NAME_

struct http_refusal_text {
    int status;
    const char *code, *message, *rule;
};
const struct http_refusal_text *http_refusal_text(enum http_refusal refusal);
