#include "api/address.h"
#include "api/api.h"
#include "gate/limits.h"
#include "http/server.h"
#include <arpa/inet.h>

static bool is_trusted(const char *address, const char *const *trusted, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(address, trusted[i]) == 0)
            return true;
    return false;
}

static bool is_address(const char *text) {
    unsigned char bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

const char *address_of(const struct api_options *options, struct http_exchange *exchange,
                       char buffer[64]) {
    const struct http_request *http = http_exchange_request(exchange);
    const char *const *trusted = options->trusted_proxies;
    size_t count = options->trusted_proxy_count;
    if (count == 0 || !is_trusted(http->peer, trusted, count))
        return http->peer;
    struct slice list = http_header_get(http, "X-Forwarded-For");
    while (list.size > 0) {
        size_t comma = list.size;
        while (comma > 0 && list.data[comma - 1] != ',')
            comma--;
        struct slice last = slice_trim(slice_from(list, comma));
        list = slice_first(list, comma > 0 ? comma - 1 : 0);
        if (last.size == 0 || last.size >= 64)
            break;
        memcpy(buffer, last.data, last.size);
        buffer[last.size] = '\0';
        if (!is_address(buffer))
            break; /* nobody we trust writes such */
        if (!is_trusted(buffer, trusted, count))
            return buffer;
    }
    return http->peer;
}

void address_group(const struct api_options *options, struct http_exchange *exchange,
                   char ret_group[64]) {
    char buffer[64];
    limit_address(address_of(options, exchange, buffer), ret_group);
}
