/* Requests cut at pseudo-random places must come to the same as whole, byte for byte. */
#include "base/arena.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buffer transcript;
    enum http_refusal refusal;
};

static void note_message(struct buffer *transcript, struct http_message *message) {
    const struct http_request *request = &message->request;
    buffer_append(transcript, request->method);
    buffer_append(transcript, request->path);
    buffer_append(transcript, request->query);
    for (size_t i = 0; i < request->header_count; i++) {
        buffer_append(transcript, request->headers[i].name);
        buffer_append(transcript, request->headers[i].value);
    }
    buffer_append(transcript, request->body);
    buffer_printf(transcript, "%d%d%d;", message->keep_alive, message->http_1_0,
                  message->wants_continue);
    struct slice value;
    if (http_query_get(request, message->arena, "a", &value))
        buffer_append(transcript, value);
    buffer_append(transcript, http_cookie_get(request, "a"));
    if (request->path.size == 0 || request->path.data[0] != '/')
        abort();
    http_message_destroy(message);
}

/* Pieces of 1 to `most` bytes, or one piece for 0. */
static struct outcome run(const uint8_t *data, size_t size, unsigned most) {
    struct outcome outcome = {0};
    struct http_parse parse;
    struct buffer kept = {0};
    unsigned seed = most;
    http_parse_init(&parse, 1024, 512);
    for (size_t at = 0; at < size && outcome.refusal == HTTP_REFUSE_NONE;) {
        seed = seed * 1103515245 + 12345;
        size_t piece = most ? 1 + (seed >> 16) % most : size;
        piece = piece < size - at ? piece : size - at;
        buffer_append(&kept, (struct slice){(const char *)data + at, piece});
        at += piece;
        enum http_parse_event event = HTTP_PARSE_HEAD;
        while (kept.size > 0 && event != HTTP_PARSE_MORE && event != HTTP_PARSE_REFUSED) {
            size_t used = 0;
            event = http_parse_feed(&parse, buffer_slice(&kept), &used, &outcome.refusal);
            if (used > kept.size)
                abort();
            buffer_consume(&kept, used);
            if (event == HTTP_PARSE_COMPLETE)
                note_message(&outcome.transcript, http_parse_take(&parse));
        }
        /* All that is kept is an unfinished head, and that is bounded. */
        if (event == HTTP_PARSE_MORE && kept.size > 1024)
            abort();
    }
    http_parse_finish(&parse);
    buffer_finish(&kept);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct outcome whole = run(data, size, 0);
    static const unsigned most[] = {1, 3, 40};
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        struct outcome cut = run(data, size, most[i]);
        if (cut.refusal != whole.refusal ||
            !slice_equal(buffer_slice(&cut.transcript), buffer_slice(&whole.transcript)))
            abort();
        buffer_finish(&cut.transcript);
    }
    buffer_finish(&whole.transcript);
    return 0;
}
