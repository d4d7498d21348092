#include "mock_request.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 16384, BODY_MAX = 4 << 20 };

/* The value of a header field between `head` and `end`, or NULL. */
static const char *field(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (!next)
            return NULL;
        if ((size_t)(next - line) > length && strncasecmp(line, name, length) == 0 &&
            line[length] == ':') {
            const char *value = line + length + 1;
            while (value < next && *value == ' ')
                value++;
            return value;
        }
        line = next + 1;
    }
    return NULL;
}

enum request_state request_read(const char *bytes, size_t length, struct request *ret_request) {
    const char *blank = memmem(bytes, length, "\r\n\r\n", 4);
    if (!blank)
        return length > HEAD_MAX ? REQUEST_BAD : REQUEST_INCOMPLETE;
    const char *body = blank + 4;
    size_t body_length = 0;
    if (field(bytes, blank + 2, "transfer-encoding"))
        return REQUEST_BAD;
    const char *value = field(bytes, blank + 2, "content-length");
    for (; value && isdigit((unsigned char)*value); value++) {
        body_length = body_length * 10 + (size_t)(*value - '0');
        if (body_length > BODY_MAX)
            return REQUEST_BAD;
    }
    if (length - (size_t)(body - bytes) < body_length)
        return REQUEST_INCOMPLETE;

    const char *line_end = memchr(bytes, '\r', length);
    const char *path = memchr(bytes, ' ', (size_t)(line_end - bytes));
    if (!path)
        return REQUEST_BAD;
    path++;
    size_t path_length = 0;
    while (path + path_length < line_end && path[path_length] != ' ' && path[path_length] != '?')
        path_length++;
    const char *query = path + path_length;
    if (query < line_end && *query == '?')
        query++;
    size_t query_length = 0;
    while (query + query_length < line_end && query[query_length] != ' ')
        query_length++;
    *ret_request = (struct request){
        .path = path,
        .path_length = path_length,
        .query = query,
        .query_length = query_length,
        .body = body,
        .body_length = body_length,
        .length = (size_t)(body - bytes) + body_length,
    };
    return REQUEST_COMPLETE;
}

bool plan_read(const char *model, struct plan *ret_plan) {
    unsigned texts = 0;
    unsigned period_ms = 0;
    int end = 0;
    if (sscanf(model, "fast-%5u%n", &texts, &end) == 1 && model[end] == '\0' && texts > 0)
        *ret_plan = (struct plan){.texts = texts};
    else if (sscanf(model, "every%5ums-%5u%n", &period_ms, &texts, &end) == 2 &&
             model[end] == '\0' && texts > 0 && period_ms > 0)
        *ret_plan = (struct plan){.texts = texts, .period_us = period_ms * INT64_C(1000)};
    else if (sscanf(model, "held-%5ums%n", &period_ms, &end) == 1 && end > 0 &&
             model[end] == '\0' && period_ms > 0)
        *ret_plan = (struct plan){.period_us = period_ms * INT64_C(1000), .held = true};
    else
        return false;
    return true;
}

/* What follows `"key":` and its blanks, or NULL. A quoted key inside a message's text is escaped
 * there and so does not match. */
static const char *value_of(const char *json, const char *end, const char *key) {
    char quoted[64];
    int quoted_length = snprintf(quoted, sizeof(quoted), "\"%s\"", key);
    for (const char *at = json; at < end; at++) {
        at = memmem(at, (size_t)(end - at), quoted, (size_t)quoted_length);
        if (!at)
            return NULL;
        const char *value = at + quoted_length;
        while (value < end && isspace((unsigned char)*value))
            value++;
        if (value == end || *value != ':')
            continue;
        for (value++; value < end && isspace((unsigned char)*value);)
            value++;
        return value;
    }
    return NULL;
}

bool json_text(const char *json, size_t length, const char *key, char *ret_text, size_t size) {
    const char *end = json + length;
    const char *value = value_of(json, end, key);
    if (!value || value == end || *value != '"')
        return false;
    value++;
    const char *quote = memchr(value, '"', (size_t)(end - value));
    if (!quote || (size_t)(quote - value) >= size)
        return false;
    memcpy(ret_text, value, (size_t)(quote - value));
    ret_text[quote - value] = '\0';
    return true;
}

bool json_true(const char *json, size_t length, const char *key) {
    const char *value = value_of(json, json + length, key);
    return value && json + length - value >= 4 && memcmp(value, "true", 4) == 0;
}
