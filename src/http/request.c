#include "base/arena.h"
#include "base/utf8.h"
#include "http/server.h"
#include "http/syntax.h"

struct slice http_header_get(const struct http_request *request, const char *name) {
    struct slice wanted = slice_of(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal_nocase(request->headers[i].name, wanted))
            return request->headers[i].value;
    return (struct slice){NULL, 0};
}

/* Cuts "name=value" at the first '='; without one the value is empty. */
static void split_pair(struct slice pair, struct slice *ret_name, struct slice *ret_value) {
    size_t equals = slice_find_byte(pair, '=');
    *ret_name = slice_first(pair, equals);
    *ret_value = equals == SIZE_MAX ? (struct slice){NULL, 0} : slice_from(pair, equals + 1);
}

static bool decode_value(struct slice raw, struct arena *arena, struct slice *ret_value) {
    size_t size;
    char *text = arena_allocate(arena, raw.size + 1);
    if (!http_form_decode(raw, text, &size))
        return false;
    struct slice value = {text, size};
    if (memchr(text, '\0', size) || !utf8_valid(value))
        return false;
    *ret_value = value;
    return true;
}

bool http_query_get(const struct http_request *request, struct arena *arena, const char *name,
                    struct slice *ret_value) {
    struct slice rest = request->query, pair;
    while (slice_split(&rest, '&', &pair)) {
        struct slice raw_name, raw_value, key;
        split_pair(pair, &raw_name, &raw_value);
        /* Names written plainly are compared without a copy. */
        bool plain = slice_find_byte(raw_name, '%') == SIZE_MAX &&
                     slice_find_byte(raw_name, '+') == SIZE_MAX;
        if (plain)
            key = raw_name;
        else if (!decode_value(raw_name, arena, &key))
            continue;
        if (slice_is(key, name))
            return decode_value(raw_value, arena, ret_value);
    }
    return false;
}

struct slice http_cookie_get(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (!slice_equal_nocase(request->headers[i].name, SLICE("cookie")))
            continue;
        struct slice rest = request->headers[i].value, pair;
        while (slice_split(&rest, ';', &pair)) {
            struct slice key, value;
            split_pair(slice_trim(pair), &key, &value);
            if (!slice_is(key, name))
                continue;
            if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
                value = slice_from(slice_first(value, value.size - 1), 1);
            return value;
        }
    }
    return (struct slice){NULL, 0};
}
