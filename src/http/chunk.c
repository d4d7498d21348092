#include "http/chunk.h"
#include "base/buffer.h"
#include "http/syntax.h"

enum state {
    SIZE,      /* digits */
    EXTENSION, /* behind ';': a name must start */
    EXTENSION_NAME,
    EXTENSION_VALUE, /* behind '=': a token or a quoted string must start */
    EXTENSION_TOKEN,
    EXTENSION_QUOTED,
    EXTENSION_ESCAPED, /* behind '\' in a quoted string */
    EXTENSION_END,     /* behind the closing quote */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* start of a trailer line, or of the empty line that ends all */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    DONE,
};

/* What would change the meaning of the request if it were merged into the headers. */
static const char *const forbidden_trailers[] = {
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-api-key",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-real-ip",
};

static bool trailer_forbidden(const struct http_chunked *chunked) {
    struct slice name = {chunked->name, chunked->name_size};
    for (size_t i = 0; i < sizeof forbidden_trailers / sizeof forbidden_trailers[0]; i++)
        if (slice_equal_nocase(name, slice_of(forbidden_trailers[i])))
            return true;
    return false;
}

static enum http_refusal read_size(struct http_chunked *chunked, char byte) {
    int digit = http_hex_digit(byte);
    if (digit >= 0) {
        if (++chunked->digits > HTTP_CHUNK_DIGITS_MAX)
            return HTTP_REFUSE_CHUNK_SIZE;
        chunked->left = chunked->left * 16 + (unsigned)digit;
        return HTTP_REFUSE_NONE;
    }
    if (chunked->digits == 0 || (byte != '\r' && byte != ';'))
        return HTTP_REFUSE_CHUNK_SIZE;
    chunked->state = byte == '\r' ? SIZE_LF : EXTENSION;
    return HTTP_REFUSE_NONE;
}

/* The state that follows within extensions; -1 refuses. No blanks around ';' and '=': only historic
 * senders would put them there (RFC 9112 7.1.1 calls them bad). */
static int extension_next(enum state state, char byte) {
    bool token = http_char_is(byte, HTTP_TOKEN);
    switch (state) {
    case EXTENSION:
        return token ? EXTENSION_NAME : -1;
    case EXTENSION_VALUE:
        return byte == '"' ? EXTENSION_QUOTED : token ? EXTENSION_TOKEN : -1;
    case EXTENSION_QUOTED:
        if (byte == '"')
            return EXTENSION_END;
        return byte == '\\' ? EXTENSION_ESCAPED : http_char_is(byte, HTTP_VALUE) ? (int)state : -1;
    case EXTENSION_ESCAPED:
        return http_char_is(byte, HTTP_VALUE) ? EXTENSION_QUOTED : -1;
    default:
        break;
    }
    if (byte == '\r')
        return SIZE_LF;
    if (byte == ';')
        return EXTENSION;
    if (state == EXTENSION_NAME && byte == '=')
        return EXTENSION_VALUE;
    return token && state != EXTENSION_END ? (int)state : -1;
}

static enum http_refusal read_extension(struct http_chunked *chunked, char byte) {
    int next = extension_next(chunked->state, byte);
    if (next < 0 || ++chunked->extensions > HTTP_CHUNK_EXTENSIONS_MAX)
        return HTTP_REFUSE_CHUNK_EXTENSION;
    chunked->state = (uint8_t)next;
    return HTTP_REFUSE_NONE;
}

static enum http_refusal read_trailer(struct http_chunked *chunked, char byte) {
    if (++chunked->trailers > HTTP_TRAILERS_MAX)
        return HTTP_REFUSE_TRAILER;
    if (chunked->state == TRAILER && byte == '\r') {
        chunked->state = LAST_LF;
    } else if (chunked->state == TRAILER_VALUE) {
        if (byte == '\r')
            chunked->state = TRAILER_LF;
        else if (!http_char_is(byte, HTTP_VALUE))
            return HTTP_REFUSE_TRAILER;
    } else if (http_char_is(byte, HTTP_TOKEN)) {
        if (chunked->state == TRAILER)
            chunked->name_size = 0;
        chunked->state = TRAILER_NAME;
        if (chunked->name_size < sizeof chunked->name)
            chunked->name[chunked->name_size++] = byte;
    } else if (chunked->state == TRAILER_NAME && byte == ':' && !trailer_forbidden(chunked)) {
        chunked->state = TRAILER_VALUE;
    } else {
        return HTTP_REFUSE_TRAILER;
    }
    return HTTP_REFUSE_NONE;
}

/* A fixed byte that must stand here. */
static enum http_refusal expect(struct http_chunked *chunked, char byte, char wanted,
                                enum state next, enum http_refusal refusal) {
    if (byte != wanted)
        return refusal;
    chunked->state = next;
    return HTTP_REFUSE_NONE;
}

static enum http_refusal read_byte(struct http_chunked *chunked, char byte) {
    switch ((enum state)chunked->state) {
    case SIZE:
        return read_size(chunked, byte);
    case SIZE_LF:
        return expect(chunked, byte, '\n', chunked->left > 0 ? DATA : TRAILER,
                      HTTP_REFUSE_CHUNK_SIZE);
    case DATA_CR:
        return expect(chunked, byte, '\r', DATA_LF, HTTP_REFUSE_CHUNK_END);
    case DATA_LF:
        chunked->digits = 0;
        return expect(chunked, byte, '\n', SIZE, HTTP_REFUSE_CHUNK_END);
    case TRAILER:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return read_trailer(chunked, byte);
    case TRAILER_LF:
        return expect(chunked, byte, '\n', TRAILER, HTTP_REFUSE_TRAILER);
    case LAST_LF:
        return expect(chunked, byte, '\n', DONE, HTTP_REFUSE_TRAILER);
    default:
        return read_extension(chunked, byte);
    }
}

enum http_chunked_outcome http_chunked_feed(struct http_chunked *chunked, struct slice bytes,
                                            struct buffer *body, size_t body_max, size_t *ret_used,
                                            enum http_refusal *ret_refusal) {
    size_t at = 0;
    while (at < bytes.size && chunked->state != DONE) {
        if (chunked->state == DATA) {
            size_t take = bytes.size - at < chunked->left ? bytes.size - at : chunked->left;
            buffer_append(body, (struct slice){bytes.data + at, take});
            at += take;
            chunked->left -= take;
            if (chunked->left == 0)
                chunked->state = DATA_CR;
            continue;
        }
        enum http_refusal refusal = read_byte(chunked, bytes.data[at++]);
        /* Judged by the announced size, before a byte of the data is taken. */
        if (chunked->state == DATA && chunked->left > body_max - body->size)
            refusal = HTTP_REFUSE_BODY_LARGE;
        if (refusal != HTTP_REFUSE_NONE) {
            *ret_refusal = refusal;
            return HTTP_CHUNKED_REFUSED;
        }
    }
    *ret_used = at;
    return chunked->state == DONE ? HTTP_CHUNKED_DONE : HTTP_CHUNKED_MORE;
}
