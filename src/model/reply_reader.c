#include "model/reply_reader.h"
#include "base/json.h"
#include "model/failure.h"
#include "model/text_join.h"

static bool is_object(struct slice text) {
    return json_validate(text, NULL) && json_type(text) == JSON_OBJECT;
}

/* What a server cut within a character can be read after all; else it is not JSON. */
static bool take_mended(struct reply_reader *reader, struct slice payload) {
    struct buffer mended = {0};
    text_join_mend(payload, &mended);
    bool ok = is_object(buffer_slice(&mended));
    if (ok)
        ok = reader->object(reader->user, buffer_slice(&mended), reader->fault);
    else
        fault_set(reader->fault, FAULT_PROVIDER_MALFORMED,
                  "The model service sent something that is not part of an answer.");
    buffer_finish(&mended);
    return ok;
}

static bool take_payload(struct reply_reader *reader, struct slice payload) {
    if (is_object(payload))
        return reader->object(reader->user, payload, reader->fault);
    return take_mended(reader, payload);
}

static bool on_event(void *user, const struct sse_event *event) {
    struct reply_reader *reader = user;
    struct slice payload = slice_trim(event->data);
    if (reader->done)
        return true;
    if (slice_is(event->name, "error"))
        return failure_in_stream(payload, reader->fault);
    /* Servers that imitate several vendors end all streams as OpenAI does. */
    if (payload.size == 0 || slice_is(payload, "[DONE]"))
        return true;
    return take_payload(reader, payload) && !reader->abandoned;
}

void reply_reader_init(struct reply_reader *reader, reply_object *object, void *user) {
    *reader = (struct reply_reader){.object = object, .user = user};
    sse_init(&reader->sse, on_event, reader);
}

static void free_parts(struct reply_reader *reader) {
    sse_finish(&reader->sse);
    buffer_finish(&reader->whole);
}

void reply_reader_release(struct reply_reader *reader) {
    reader->abandoned = true;
    if (!reader->busy)
        free_parts(reader);
}

static bool keep_whole(struct reply_reader *reader, struct slice bytes) {
    if (reader->whole.size + bytes.size > reader->sse.event_max)
        return fault_set(reader->fault, FAULT_PROVIDER_MALFORMED,
                         "The model service sent an answer larger than %zu bytes.",
                         reader->sse.event_max);
    buffer_append(&reader->whole, bytes);
    return true;
}

/* No line of an event stream starts with a brace: such a server did not stream. */
static bool take_bytes(struct reply_reader *reader, struct slice bytes) {
    if (reader->done)
        return true;
    if (reader->kind == REPLY_UNKNOWN) {
        while (bytes.size > 0 && slice_trim(slice_first(bytes, 1)).size == 0)
            bytes = slice_from(bytes, 1);
        if (bytes.size == 0)
            return true;
        reader->kind = bytes.data[0] == '{' || bytes.data[0] == '[' ? REPLY_WHOLE : REPLY_EVENTS;
    }
    if (reader->kind == REPLY_WHOLE)
        return keep_whole(reader, bytes);
    return sse_feed(&reader->sse, bytes, reader->fault);
}

/* Google puts the pieces of a stream into one array, where it was not asked for events. */
static bool take_whole(struct reply_reader *reader) {
    struct slice body = slice_trim(buffer_slice(&reader->whole));
    if (!json_validate(body, NULL))
        return fault_set(reader->fault, FAULT_PROVIDER_TRUNCATED,
                         "The model service ended its answer in the middle.");
    if (json_type(body) != JSON_ARRAY)
        return take_payload(reader, body);
    struct slice element;
    size_t cursor = 0;
    while (json_next_element(body, &cursor, &element))
        if (!take_payload(reader, element) || reader->abandoned)
            return false;
    return true;
}

static bool leave(struct reply_reader *reader, bool ok) {
    reader->busy = false;
    if (reader->abandoned)
        free_parts(reader);
    return ok;
}

bool reply_reader_feed(struct reply_reader *reader, struct slice bytes, struct fault *fault) {
    reader->fault = fault;
    reader->busy = true;
    return leave(reader, take_bytes(reader, bytes));
}

bool reply_reader_end(struct reply_reader *reader, struct fault *fault) {
    reader->fault = fault;
    reader->busy = true;
    return leave(reader, reader->kind == REPLY_WHOLE ? take_whole(reader)
                                                     : sse_end(&reader->sse, reader->fault));
}
