#include "http/syntax.h"
#include "base/arena.h"
#include "base/utf8.h"
#include <arpa/inet.h>

enum {
    T = HTTP_TOKEN,
    V = HTTP_VALUE | HTTP_LINE,
    P = HTTP_PATH | HTTP_QUERY,
    H = HTTP_HOST,
};

const unsigned char http_chars[256] = {
    ['\t'] = HTTP_VALUE,
    [' '] = V,
    ['!'] = V | T | P,
    ['"'] = V,
    ['#'] = V | T,
    ['$'] = V | T | P,
    ['%'] = V | T,
    ['&'] = V | T | P,
    ['\''] = V | T | P,
    ['('] = V | P,
    [')'] = V | P,
    ['*'] = V | T | P,
    ['+'] = V | T | P,
    [','] = V | P,
    ['-'] = V | T | P | H,
    ['.'] = V | T | P | H,
    ['/'] = V | P,
    ['0' ... '9'] = V | T | P | H | HTTP_HEX,
    [':'] = V | P,
    [';'] = V | P,
    ['<'] = V,
    ['='] = V | P,
    ['>'] = V,
    ['?'] = V | HTTP_QUERY,
    ['@'] = V | P,
    ['A' ... 'F'] = V | T | P | H | HTTP_HEX,
    ['G' ... 'Z'] = V | T | P | H,
    ['['] = V,
    ['\\'] = V,
    [']'] = V,
    ['^'] = V | T,
    ['_'] = V | T | P | H,
    ['`'] = V | T,
    ['a' ... 'f'] = V | T | P | H | HTTP_HEX,
    ['g' ... 'z'] = V | T | P | H,
    ['{'] = V,
    ['|'] = V | T,
    ['}'] = V,
    ['~'] = V | T | P,
    [0x80 ... 0xff] = HTTP_VALUE,
};

size_t http_span(struct slice text, size_t from, unsigned kind) {
    while (from < text.size && http_char_is(text.data[from], kind))
        from++;
    return from;
}

bool http_token_valid(struct slice text) {
    return text.size > 0 && http_span(text, 0, HTTP_TOKEN) == text.size;
}

int http_hex_digit(char byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* The byte that "%XX" at `at` stands for; -1 when that is not what stands there. */
static int percent_byte(struct slice text, size_t at) {
    if (text.size - at < 3)
        return -1;
    int high = http_hex_digit(text.data[at + 1]), low = http_hex_digit(text.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum http_refusal check_encoded(struct slice text, unsigned kind) {
    for (size_t at = 0; (at = http_span(text, at, kind)) < text.size; at += 3) {
        if (text.data[at] != '%')
            return HTTP_REFUSE_TARGET;
        if (percent_byte(text, at) <= 0) /* %00 is as bad as none */
            return HTTP_REFUSE_TARGET_ENCODING;
    }
    return HTTP_REFUSE_NONE;
}

/* Takes "http://authority" off the front of an absolute-form target. */
static bool take_authority(struct slice *rest, struct slice *ret_authority) {
    size_t scheme = slice_find(*rest, SLICE("://"));
    if (scheme == SIZE_MAX)
        return false;
    struct slice name = slice_first(*rest, scheme);
    if (!slice_equal_nocase(name, SLICE("http")) && !slice_equal_nocase(name, SLICE("https")))
        return false;
    *rest = slice_from(*rest, scheme + 3);
    size_t end = 0;
    while (end < rest->size && rest->data[end] != '/' && rest->data[end] != '?')
        end++;
    *ret_authority = slice_first(*rest, end);
    *rest = slice_from(*rest, end);
    return http_host_valid(*ret_authority);
}

enum http_refusal http_target_parse(struct slice text, struct http_target *ret_target) {
    struct http_target target = {0};
    if (text.size == 0)
        return HTTP_REFUSE_TARGET;
    if (text.data[0] != '/' && !take_authority(&text, &target.authority))
        return HTTP_REFUSE_TARGET;
    size_t mark = slice_find_byte(text, '?');
    target.path = slice_first(text, mark);
    if (mark != SIZE_MAX)
        target.query = slice_from(text, mark + 1);
    if (target.path.size == 0)
        target.path = SLICE("/");
    enum http_refusal refusal = check_encoded(target.path, HTTP_PATH);
    if (refusal == HTTP_REFUSE_NONE)
        refusal = check_encoded(target.query, HTTP_QUERY);
    if (refusal == HTTP_REFUSE_NONE)
        *ret_target = target;
    return refusal;
}

static bool has_dot_segment(struct slice path) {
    for (size_t start = 0; start <= path.size;) {
        size_t end = start;
        while (end < path.size && path.data[end] != '/' && path.data[end] != '\\')
            end++;
        struct slice segment = {path.data + start, end - start};
        if (slice_is(segment, ".") || slice_is(segment, ".."))
            return true;
        start = end + 1;
    }
    return false;
}

enum http_refusal http_path_decode(struct slice raw, struct arena *arena, struct slice *ret_path) {
    struct slice path = raw;
    if (slice_find_byte(raw, '%') != SIZE_MAX) {
        char *to = arena_allocate(arena, raw.size);
        size_t size = 0;
        for (size_t at = 0; at < raw.size; at++) {
            int byte = (unsigned char)raw.data[at];
            if (byte == '%') {
                byte = percent_byte(raw, at);
                at += 2;
            }
            if (byte < ' ' || byte == 0x7f) /* a failed percent_byte too */
                return HTTP_REFUSE_TARGET_ENCODING;
            to[size++] = (char)byte;
        }
        path = (struct slice){to, size};
        if (!utf8_valid(path))
            return HTTP_REFUSE_TARGET_ENCODING;
    }
    if (has_dot_segment(path))
        return HTTP_REFUSE_TARGET_DOTS;
    *ret_path = path;
    return HTTP_REFUSE_NONE;
}

bool http_form_decode(struct slice text, char *to, size_t *ret_size) {
    size_t size = 0;
    for (size_t at = 0; at < text.size; at++) {
        int byte = text.data[at] == '+' ? ' ' : (unsigned char)text.data[at];
        if (byte == '%') {
            byte = percent_byte(text, at);
            if (byte < 0)
                return false;
            at += 2;
        }
        to[size++] = (char)byte;
    }
    *ret_size = size;
    return true;
}

static bool port_valid(struct slice port) {
    int64_t number;
    return port.size >= 1 && port.size <= 5 && port.data[0] != '+' && port.data[0] != '-' &&
           slice_to_int64(port, &number) && number <= 65535;
}

/* "[", an IPv6 address without a zone, "]"; 0 for anything else. */
static size_t bracketed_size(struct slice host) {
    char address[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    size_t end = slice_find_byte(host, ']');
    if (end == SIZE_MAX || end - 1 >= sizeof address)
        return 0;
    memcpy(address, host.data + 1, end - 1);
    address[end - 1] = '\0';
    return inet_pton(AF_INET6, address, &ignored) == 1 ? end + 1 : 0;
}

bool http_host_valid(struct slice host) {
    if (host.size == 0 || host.size > 255 + 6)
        return false;
    size_t name = host.data[0] == '[' ? bracketed_size(host) : http_span(host, 0, HTTP_HOST);
    if (name == 0)
        return false;
    if (name == host.size)
        return true;
    return host.data[name] == ':' && port_valid(slice_from(host, name + 1));
}
