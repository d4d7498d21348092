#include "fetch/head.h"

size_t head_find_end(struct slice bytes, size_t *scanned) {
    /* The end is an LF followed by LF or CR LF; two bytes before the last stop may belong to it. */
    size_t from = *scanned > 2 ? *scanned - 2 : 0;
    while (from < bytes.size) {
        const char *line_end = memchr(bytes.data + from, '\n', bytes.size - from);
        if (!line_end)
            break;
        size_t next = (size_t)(line_end - bytes.data) + 1;
        if (next < bytes.size && bytes.data[next] == '\n')
            return next + 1;
        if (next + 1 < bytes.size && bytes.data[next] == '\r' && bytes.data[next + 1] == '\n')
            return next + 2;
        from = next;
    }
    *scanned = bytes.size;
    return 0;
}

static bool digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". */
static bool parse_status_line(struct slice line, struct head *head) {
    if (!slice_starts_with(line, SLICE("HTTP/")) || line.size < 6 || !digit(line.data[5]))
        return false;
    head->major = line.data[5] - '0';
    line = slice_from(line, 6);
    if (line.size >= 2 && line.data[0] == '.' && digit(line.data[1])) {
        head->minor = line.data[1] - '0';
        line = slice_from(line, 2);
    } else if (head->major < 2) {
        return false;
    }
    if (line.size < 4 || line.data[0] != ' ' || !digit(line.data[1]) || !digit(line.data[2]) ||
        !digit(line.data[3]) || (line.size > 4 && line.data[4] != ' '))
        return false;
    head->fetch.status =
        (line.data[1] - '0') * 100 + (line.data[2] - '0') * 10 + line.data[3] - '0';
    return head->fetch.status >= 100;
}

static bool valid_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.data[i];
        bool plain = digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
                     (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
        if (!plain)
            return false;
    }
    return name.size > 0;
}

static bool valid_value(struct slice value) {
    return slice_find_byte(value, '\0') == SIZE_MAX && slice_find_byte(value, '\r') == SIZE_MAX;
}

static const char *take_length(struct slice value, struct head *head) {
    int64_t length;
    if (value.size == 0 || !digit(value.data[0]) || !slice_to_int64(value, &length))
        return "malformed Content-Length";
    if (head->length >= 0 && head->length != length)
        return "two values of Content-Length";
    head->length = length;
    return NULL;
}

static void take_connection(struct slice value, struct head *head) {
    for (struct slice part; slice_split(&value, ',', &part);) {
        part = slice_trim(part);
        head->close |= slice_equal_nocase(part, SLICE("close"));
        head->keep_alive |= slice_equal_nocase(part, SLICE("keep-alive"));
    }
}

/* What decides where the body ends and what becomes of the connection. */
static const char *take_framing(const struct fetch_header *field, struct head *head) {
    if (slice_equal_nocase(field->name, SLICE("content-length")))
        return take_length(field->value, head);
    if (slice_equal_nocase(field->name, SLICE("connection"))) {
        take_connection(field->value, head);
    } else if (slice_equal_nocase(field->name, SLICE("transfer-encoding"))) {
        if (head->chunked || !slice_equal_nocase(field->value, SLICE("chunked")))
            return "unsupported Transfer-Encoding";
        head->chunked = true;
    }
    return NULL;
}

static const char *parse_field(struct slice line, struct head *head) {
    size_t colon = slice_find_byte(line, ':');
    if (colon == SIZE_MAX || !valid_name(slice_first(line, colon)))
        return "malformed header line";
    struct slice value = slice_from(line, colon + 1);
    if (!valid_value(value)) /* before trimming, which takes a CR away */
        return "malformed header value";
    struct fetch_header field = {slice_first(line, colon), slice_trim(value)};
    if (head->fetch.header_count == HEAD_FIELDS_MAX)
        return "too many headers";
    head->fields[head->fetch.header_count++] = field;
    return take_framing(&field, head);
}

const char *head_parse(struct slice text, struct head *ret_head) {
    /* Not all of it is cleared: the fields are 8 KiB. */
    ret_head->fetch = (struct fetch_head){0, ret_head->fields, 0};
    ret_head->major = ret_head->minor = 0;
    ret_head->chunked = ret_head->close = ret_head->keep_alive = false;
    ret_head->length = -1;
    struct slice line;
    for (bool first = true; slice_split(&text, '\n', &line); first = false) {
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (first && !parse_status_line(line, ret_head))
            return "malformed status line";
        if (line.size == 0)
            break;
        const char *wrong = first ? NULL : parse_field(line, ret_head);
        if (wrong)
            return wrong;
    }
    if (ret_head->chunked && ret_head->length >= 0)
        return "Content-Length beside Transfer-Encoding";
    if (ret_head->chunked && ret_head->major == 1 && ret_head->minor == 0)
        return "Transfer-Encoding in HTTP/1.0";
    return NULL;
}

bool head_bodiless(int status) {
    return status / 100 == 1 || status == 204 || status == 304;
}

struct slice fetch_header_get(const struct fetch_head *head, const char *name) {
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_equal_nocase(head->headers[i].name, slice_of(name)))
            return head->headers[i].value;
    return (struct slice){NULL, 0};
}
