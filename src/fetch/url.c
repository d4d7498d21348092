#include "fetch/url.h"
#include "base/memory.h"

static bool cut_prefix(struct slice *text, struct slice prefix) {
    if (text->size < prefix.size || !slice_equal_nocase(slice_first(*text, prefix.size), prefix))
        return false;
    *text = slice_from(*text, prefix.size);
    return true;
}

static size_t find_any(struct slice text, const char *bytes) {
    size_t at = 0;
    while (at < text.size && !strchr(bytes, text.data[at]))
        at++;
    return at;
}

static bool printable(struct slice text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
            return false;
    return true;
}

static bool only(struct slice text, const char *more) {
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool plain = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!plain && (byte == '\0' || !strchr(more, byte)))
            return false;
    }
    return text.size > 0;
}

static bool parse_port(struct slice text, uint16_t *ret_port) {
    int64_t port;
    if (text.size == 0 || text.size > 5 || text.data[0] == '+' || text.data[0] == '-' ||
        !slice_to_int64(text, &port) || port < 1 || port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static bool parse_host_port(struct slice text, struct url *url) {
    struct slice rest;
    url->host_port = text;
    if (text.size > 0 && text.data[0] == '[') {
        size_t end = slice_find_byte(text, ']');
        if (end == SIZE_MAX)
            return false;
        url->host = slice_first(slice_from(text, 1), end - 1);
        rest = slice_from(text, end + 1);
        if (!only(url->host, ":.") || slice_find_byte(url->host, ':') == SIZE_MAX)
            return false;
    } else {
        size_t end = find_any(text, ":");
        url->host = slice_first(text, end);
        rest = slice_from(text, end);
        if (!only(url->host, "-._") || url->host.size > 253)
            return false;
    }
    if (rest.size == 0)
        return true;
    return rest.data[0] == ':' && parse_port(slice_from(rest, 1), &url->port);
}

bool url_parse(struct slice text, struct url *ret_url) {
    struct url url = {0};
    if (text.size > URL_SIZE_MAX || !printable(text))
        return false;
    if (cut_prefix(&text, SLICE("https://")))
        url.tls = true;
    else if (!cut_prefix(&text, SLICE("http://")))
        return false;
    url.port = url.tls ? 443 : 80;
    size_t end = find_any(text, "/?#");
    struct slice authority = slice_first(text, end);
    url.target = slice_from(text, end);
    url.target = slice_first(url.target, find_any(url.target, "#"));
    size_t at = slice_find_byte(authority, '@');
    if (at != SIZE_MAX) {
        url.user = slice_first(authority, at);
        authority = slice_from(authority, at + 1);
    }
    if (!parse_host_port(authority, &url))
        return false;
    *ret_url = url;
    return true;
}

char *url_redact(const char *text) {
    struct slice all = slice_of(text);
    all = slice_first(all, find_any(all, "?#"));
    size_t scheme_end = slice_find(all, SLICE("://"));
    struct slice scheme = slice_first(all, scheme_end == SIZE_MAX ? 0 : scheme_end + 3);
    struct slice rest = slice_from(all, scheme.size);
    /* Everything before the last '@' of the authority; more '@' than one is not valid, but may be a
     * password. */
    size_t authority = find_any(rest, "/");
    size_t skip = authority;
    while (skip > 0 && rest.data[skip - 1] != '@')
        skip--;
    rest = slice_from(rest, skip);
    char *copy = memory_allocate(scheme.size + rest.size + 1);
    if (scheme.size > 0)
        memcpy(copy, scheme.data, scheme.size);
    if (rest.size > 0)
        memcpy(copy + scheme.size, rest.data, rest.size);
    copy[scheme.size + rest.size] = '\0';
    return copy;
}
