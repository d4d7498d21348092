#include "base/buffer.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/utf8.h"
#include <math.h>

struct json_writer json_writer_start(struct buffer *out) {
    return (struct json_writer){.out = out, .comma = false};
}

static void separate(struct json_writer *json) {
    if (json->comma)
        buffer_append_byte(json->out, ',');
    json->comma = true;
}

void json_begin_object(struct json_writer *json) {
    separate(json);
    buffer_append_byte(json->out, '{');
    json->comma = false;
}

void json_end_object(struct json_writer *json) {
    buffer_append_byte(json->out, '}');
    json->comma = true;
}

void json_begin_array(struct json_writer *json) {
    separate(json);
    buffer_append_byte(json->out, '[');
    json->comma = false;
}

void json_end_array(struct json_writer *json) {
    buffer_append_byte(json->out, ']');
    json->comma = true;
}

void json_key_slice(struct json_writer *json, struct slice key) {
    separate(json);
    json_append_string(json->out, key);
    buffer_append_byte(json->out, ':');
    json->comma = false;
}

void json_key(struct json_writer *json, const char *key) {
    separate(json);
    buffer_append_byte(json->out, '"');
    buffer_append_string(json->out, key);
    buffer_append(json->out, SLICE("\":"));
    json->comma = false;
}

void json_string(struct json_writer *json, struct slice text) {
    separate(json);
    json_append_string(json->out, text);
}

void json_int(struct json_writer *json, int64_t number) {
    separate(json);
    buffer_append_int64(json->out, number);
}

void json_double(struct json_writer *json, double number) {
    separate(json);
    if (!isfinite(number)) {
        buffer_append(json->out, SLICE("null"));
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buffer_append_string(json->out, text);
}

void json_bool(struct json_writer *json, bool truth) {
    separate(json);
    buffer_append(json->out, truth ? SLICE("true") : SLICE("false"));
}

void json_null(struct json_writer *json) {
    separate(json);
    buffer_append(json->out, SLICE("null"));
}

void json_raw(struct json_writer *json, struct slice value) {
    separate(json);
    buffer_append(json->out, value.size ? value : SLICE("null"));
}

void json_member_string(struct json_writer *json, const char *key, struct slice text) {
    json_key(json, key);
    json_string(json, text);
}

void json_member_int(struct json_writer *json, const char *key, int64_t number) {
    json_key(json, key);
    json_int(json, number);
}

void json_member_bool(struct json_writer *json, const char *key, bool truth) {
    json_key(json, key);
    json_bool(json, truth);
}

void json_member_raw(struct json_writer *json, const char *key, struct slice value) {
    json_key(json, key);
    json_raw(json, value);
}

void json_append_string(struct buffer *out, struct slice text) {
    buffer_append_byte(out, '"');
    json_append_escaped(out, text);
    buffer_append_byte(out, '"');
}

static void append_one(struct buffer *out, unsigned char c) {
    switch (c) {
    case '"':
        buffer_append(out, SLICE("\\\""));
        break;
    case '\\':
        buffer_append(out, SLICE("\\\\"));
        break;
    case '\n':
        buffer_append(out, SLICE("\\n"));
        break;
    case '\r':
        buffer_append(out, SLICE("\\r"));
        break;
    case '\t':
        buffer_append(out, SLICE("\\t"));
        break;
    default:
        buffer_printf(out, "\\u%04x", c);
    }
}

void json_append_escaped(struct buffer *out, struct slice text) {
    if (text.size == 0)
        return;
    const char *start = text.data, *end = text.data + text.size;
    for (const char *p = start; (p = json_scan_plain(p, end)) < end;) {
        uint32_t ignored;
        unsigned char c = (unsigned char)*p;
        size_t size = c < 0x80 ? 0 : utf8_decode((struct slice){p, (size_t)(end - p)}, &ignored);
        if (size > 0) {
            p += size;
            continue;
        }
        buffer_append(out, (struct slice){start, (size_t)(p - start)});
        if (c < 0x80)
            append_one(out, c);
        else
            buffer_append(out, SLICE("\xEF\xBF\xBD"));
        start = ++p;
    }
    buffer_append(out, (struct slice){start, (size_t)(end - start)});
}
