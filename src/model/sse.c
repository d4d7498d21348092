#include "model/sse.h"

enum {
    EVENT_MAX = 4 * 1024 * 1024, /* unless the owner sets another limit */
    KEEP_MAX = 16 * 1024,        /* a larger buffer is given back once its event is handed out */
};

/* One call of sse_feed. `fresh` is the data of an event so far where it is a single line, left in
 * the input (or in reader->line) until a second line or the end of the input forces a copy. */
struct feed {
    struct sse_reader *reader;
    struct slice fresh;
    struct fault *fault;
};

void sse_init(struct sse_reader *reader, sse_sink *sink, void *user) {
    *reader =
        (struct sse_reader){.event_max = EVENT_MAX, .sink = sink, .user = user, .retry_ms = -1};
}

void sse_finish(struct sse_reader *reader) {
    buffer_finish(&reader->line);
    buffer_finish(&reader->data);
    buffer_finish(&reader->name);
    buffer_finish(&reader->last_id);
}

static void forget(struct buffer *buffer) {
    if (buffer->capacity > KEEP_MAX)
        buffer_finish(buffer);
    else
        buffer_clear(buffer);
}

static bool too_large(const struct sse_reader *reader, struct fault *fault) {
    return fault_set(fault, FAULT_PROVIDER_MALFORMED,
                     "The model service sent an event larger than %zu bytes.", reader->event_max);
}

static bool add_data(struct feed *feed, struct slice value) {
    struct sse_reader *reader = feed->reader;
    if (!reader->has_data) {
        reader->has_data = true;
        feed->fresh = value;
        return true;
    }
    if (feed->fresh.data) {
        buffer_append(&reader->data, feed->fresh);
        feed->fresh = (struct slice){NULL, 0};
    }
    if (reader->data.size + value.size + 1 > reader->event_max)
        return too_large(reader, feed->fault);
    buffer_append_byte(&reader->data, '\n');
    buffer_append(&reader->data, value);
    return true;
}

static bool hand_out(struct feed *feed) {
    struct sse_reader *reader = feed->reader;
    bool go_on = true;
    if (reader->has_data) {
        struct sse_event event = {
            .name = buffer_slice(&reader->name),
            .data = feed->fresh.data ? feed->fresh : buffer_slice(&reader->data),
        };
        go_on = reader->sink(reader->user, &event);
    }
    reader->has_data = false;
    feed->fresh = (struct slice){NULL, 0};
    forget(&reader->data);
    buffer_clear(&reader->name);
    return go_on;
}

static void take_position(struct sse_reader *reader, struct slice field, struct slice value) {
    int64_t wait_ms;
    if (slice_is(field, "id") && slice_find_byte(value, '\0') == SIZE_MAX) {
        buffer_clear(&reader->last_id);
        buffer_append(&reader->last_id, value);
    } else if (slice_is(field, "retry") && slice_to_int64(value, &wait_ms) && wait_ms >= 0) {
        reader->retry_ms = wait_ms;
    }
}

/* Unknown fields and comments mean nothing to us. */
static bool take_line(struct feed *feed, struct slice line) {
    struct sse_reader *reader = feed->reader;
    if (!reader->started) {
        reader->started = true;
        if (slice_starts_with(line, SLICE("\xEF\xBB\xBF")))
            line = slice_from(line, 3);
    }
    if (line.size == 0)
        return hand_out(feed);
    size_t colon = slice_find_byte(line, ':');
    struct slice field = slice_first(line, colon);
    struct slice value = slice_from(line, colon == SIZE_MAX ? line.size : colon + 1);
    if (value.size > 0 && value.data[0] == ' ')
        value = slice_from(value, 1);
    if (slice_is(field, "data")) {
        /* An empty slice may have no data pointer, which marks "nothing fresh" here. */
        return add_data(feed, value.size > 0 ? value : (struct slice){"", 0});
    }
    if (slice_is(field, "event")) {
        buffer_clear(&reader->name);
        buffer_append(&reader->name, value);
    }
    if (slice_is(field, "error") && value.size > 0) {
        buffer_clear(&reader->name);
        buffer_append(&reader->name, field);
        return add_data(feed, value);
    }
    take_position(reader, field, value);
    return true;
}

/* Where the next line ends. The places of the next LF and CR are remembered, so that each byte is
 * looked at once for each of them however the two are mixed. */
struct line_scan {
    const char *end;
    const char *lf, *cr; /* the first at or behind the position, or `end` */
};

static const char *find(const char *from, const char *end, char byte) {
    const char *found = from < end ? memchr(from, byte, (size_t)(end - from)) : NULL;
    return found ? found : end;
}

static const char *line_end(struct line_scan *scan, const char *from) {
    if (scan->lf < from)
        scan->lf = find(from, scan->end, '\n');
    if (scan->cr < from)
        scan->cr = find(from, scan->end, '\r');
    return scan->lf < scan->cr ? scan->lf : scan->cr;
}

/* A line that began in an earlier call is completed in reader->line, all others are taken in place.
 */
static bool take_rest_of_line(struct feed *feed, struct slice part) {
    struct buffer *line = &feed->reader->line;
    if (line->size == 0)
        return take_line(feed, part);
    buffer_append(line, part);
    bool go_on = take_line(feed, buffer_slice(line));
    /* The memory stays: `fresh` may lie in it. */
    line->size = 0;
    return go_on;
}

static bool take_lines(struct feed *feed, struct slice bytes) {
    struct sse_reader *reader = feed->reader;
    const char *at = bytes.data, *end = bytes.data + bytes.size;
    struct line_scan scan = {.end = end, .lf = find(at, end, '\n'), .cr = find(at, end, '\r')};
    if (reader->skip_lf && *at == '\n')
        at++;
    reader->skip_lf = false;
    while (at < end) {
        const char *stop = line_end(&scan, at);
        struct slice part = {at, (size_t)(stop - at)};
        if (reader->line.size + part.size > reader->event_max)
            return too_large(reader, feed->fault);
        if (stop == end) {
            if (feed->fresh.data) {
                buffer_append(&reader->data, feed->fresh);
                feed->fresh = (struct slice){NULL, 0};
            }
            buffer_append(&reader->line, part);
            return true;
        }
        if (!take_rest_of_line(feed, part))
            return false;
        at = stop + 1;
        if (*stop == '\r') {
            if (at == end)
                reader->skip_lf = true;
            else if (*at == '\n')
                at++;
        }
    }
    return true;
}

bool sse_feed(struct sse_reader *reader, struct slice bytes, struct fault *fault) {
    if (bytes.size == 0)
        return true;
    struct feed feed = {.reader = reader, .fault = fault};
    bool go_on = take_lines(&feed, bytes);
    if (feed.fresh.data)
        buffer_append(&reader->data, feed.fresh);
    if (reader->line.size == 0)
        forget(&reader->line);
    return go_on;
}

bool sse_end(struct sse_reader *reader, struct fault *fault) {
    struct feed feed = {.reader = reader, .fault = fault};
    if (reader->line.size > 0 && !take_rest_of_line(&feed, (struct slice){NULL, 0}))
        return false;
    return hand_out(&feed);
}
