#include "fetch/outgoing.h"

static bool is_token(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool plain = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!plain && (byte == '\0' || !strchr("!#$%&'*+-.^_`|~", byte)))
            return false;
    }
    return text.size > 0;
}

static bool is_value(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

const char *outgoing_check(const struct fetch_request *request) {
    struct slice method = slice_of(request->method);
    if (method.size > 16 || !is_token(method))
        return "the method is not a token";
    if (request->header_count > OUTGOING_HEADERS_MAX)
        return "too many headers";
    size_t total = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct fetch_header *header = &request->headers[i];
        if (!is_token(header->name))
            return "a header's name is not a token";
        if (!is_value(header->value))
            return "a header's value has control characters";
        total += header->name.size + header->value.size + 4;
    }
    return total > OUTGOING_HEADER_BYTES_MAX ? "the headers are too large" : NULL;
}

bool outgoing_owns(struct slice name) {
    static const struct slice owned[] = {
        SLICE("host"),       SLICE("content-length"),  SLICE("transfer-encoding"),
        SLICE("connection"), SLICE("keep-alive"),      SLICE("proxy-connection"),
        SLICE("te"),         SLICE("trailer"),         SLICE("upgrade"),
        SLICE("expect"),     SLICE("accept-encoding"),
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (slice_equal_nocase(name, owned[i]))
            return true;
    return false;
}

bool outgoing_has(const struct fetch_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal_nocase(request->headers[i].name, slice_of(name)))
            return true;
    return false;
}

bool outgoing_wants_length(const struct fetch_request *request) {
    struct slice method = slice_of(request->method);
    return request->body.size > 0 || slice_is(method, "POST") || slice_is(method, "PUT") ||
           slice_is(method, "PATCH");
}
