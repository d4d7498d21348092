/* Anthropic's Messages and Google's streamGenerateContent, for the mock. */
#include "mock_vendors.h"
#include <stdio.h>
#include <string.h>

enum { TAIL_MAX = 512 }; /* what follows the text of a whole answer */

static size_t put(char *out, const char *text, size_t length) {
    memcpy(out, text, length);
    return length;
}
#define PUT_LITERAL(out, text) put((out), (text), sizeof(text) - 1)

static bool ends_with(const char *path, size_t length, const char *end) {
    size_t size = strlen(end);
    return length >= size && memcmp(path + length - size, end, size) == 0;
}

/* --- Anthropic --- */

static bool anthropic_accepts(const char *path, size_t length) {
    return ends_with(path, length, "/messages");
}

static void anthropic_begin(struct answer *answer, unsigned long long number) {
    snprintf(answer->id, sizeof(answer->id), "msg_%024llu", number);
}

static size_t anthropic_opening(const struct answer *answer, char *out) {
    return (size_t)snprintf(
        out, DIALECT_PIECE_MAX,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"%s\","
        "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"%s\",\"content\":[],"
        "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":24,"
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1,"
        "\"service_tier\":\"standard\"}}}\n\nevent: content_block_start\ndata: {\"type\":"
        "\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"
        "\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n",
        answer->id, answer->model);
}

static size_t anthropic_finish(const struct answer *answer, char *out) {
    return (size_t)snprintf(
        out, DIALECT_PIECE_MAX,
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":%u}}\n\n",
        answer->texts);
}

static size_t anthropic_piece(const struct answer *answer, enum piece piece, bool last, char *out) {
    size_t length;
    switch (piece) {
    case PIECE_OPENING:
        return anthropic_opening(answer, out);
    case PIECE_TEXT:
        length = PUT_LITERAL(
            out, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                 "\"delta\":{\"type\":\"text_delta\",\"text\":\"");
        length += dialect_text(answer->texts + 1, last, out + length);
        return length + PUT_LITERAL(out + length, "\"}}\n\n");
    case PIECE_FINISH:
        return anthropic_finish(answer, out);
    case PIECE_END:
        return PUT_LITERAL(out, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    default:
        return 0;
    }
}

static size_t anthropic_whole(const struct answer *answer, unsigned texts, char *out) {
    size_t length = (size_t)snprintf(
        out, DIALECT_WHOLE_MAX,
        "{\"model\":\"%s\",\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\","
        "\"content\":[{\"type\":\"text\",\"text\":\"",
        answer->model, answer->id);
    length += dialect_texts(texts, out + length, DIALECT_WHOLE_MAX - TAIL_MAX - length);
    return length +
           (size_t)snprintf(out + length, TAIL_MAX,
                            "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{"
                            "\"input_tokens\":24,\"cache_creation_input_tokens\":0,"
                            "\"cache_read_input_tokens\":0,\"output_tokens\":%u,"
                            "\"service_tier\":\"standard\"}}",
                            texts);
}

const struct dialect anthropic_dialect = {
    .name = "anthropic",
    .accepts = anthropic_accepts,
    .read = dialect_read_body,
    .begin = anthropic_begin,
    .piece = anthropic_piece,
    .whole = anthropic_whole,
    .header = "anthropic-organization-id: 00000000-0000-0000-0000-000000000000\r\n"
              "anthropic-ratelimit-requests-limit: 4000\r\n"
              "anthropic-ratelimit-requests-remaining: 3999\r\n"
              "anthropic-ratelimit-tokens-limit: 400000\r\n"
              "anthropic-ratelimit-tokens-remaining: 399000\r\n",
};

/* --- Gemini --- */

static const char models[] = "/models/";
static const char stream_verb[] = ":streamGenerateContent";
static const char whole_verb[] = ":generateContent";

static bool gemini_accepts(const char *path, size_t length) {
    return memmem(path, length, models, sizeof(models) - 1) &&
           (ends_with(path, length, stream_verb) || ends_with(path, length, whole_verb));
}

/* `…/models/MODEL:streamGenerateContent?alt=sse`; without the query the vendor sends no events but
 * one JSON array, which is not given here. */
static bool gemini_read(const struct request *request, struct answer *answer) {
    const char *end = request->path + request->path_length;
    const char *model = memmem(request->path, request->path_length, models, sizeof(models) - 1);
    answer->stream = ends_with(request->path, request->path_length, stream_verb);
    answer->usage = true;
    model += sizeof(models) - 1;
    end -= answer->stream ? sizeof(stream_verb) - 1 : sizeof(whole_verb) - 1;
    if (end <= model || (size_t)(end - model) >= sizeof(answer->model))
        return false;
    size_t size = (size_t)(end - model);
    memcpy(answer->model, model, size);
    answer->model[size] = '\0';
    static const char sse[] = "alt=sse";
    return !answer->stream || memmem(request->query, request->query_length, sse, sizeof(sse) - 1);
}

/* All events of an answer end alike. */
static void gemini_begin(struct answer *answer, unsigned long long number) {
    snprintf(answer->id, sizeof(answer->id), "bench-%llu", number);
    int written =
        snprintf(answer->prefix, sizeof(answer->prefix),
                 ",\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 24}]},"
                 "\"modelVersion\": \"%s\",\"responseId\": \"%s\"}",
                 answer->model, answer->id);
    answer->prefix_length = (size_t)written;
}

static const char gemini_start[] = "{\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"";

/* What follows the text; each event tells the tokens so far. */
static size_t gemini_rest(const struct answer *answer, unsigned texts, bool finish, char *out) {
    size_t length = PUT_LITERAL(out, "\"}],\"role\": \"model\"},");
    if (finish)
        length += PUT_LITERAL(out + length, "\"finishReason\": \"STOP\",");
    length +=
        PUT_LITERAL(out + length, "\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 24,"
                                  "\"candidatesTokenCount\": ");
    length += dialect_number(texts, out + length);
    length += PUT_LITERAL(out + length, ",\"totalTokenCount\": ");
    length += dialect_number(texts + 24, out + length);
    return length + put(out + length, answer->prefix, answer->prefix_length);
}

static size_t gemini_piece(const struct answer *answer, enum piece piece, bool last, char *out) {
    if (piece != PIECE_TEXT && piece != PIECE_FINISH)
        return 0;
    unsigned texts = answer->texts + (piece == PIECE_TEXT);
    size_t length = PUT_LITERAL(out, "data: ");
    length += PUT_LITERAL(out + length, gemini_start);
    if (piece == PIECE_TEXT)
        length += dialect_text(texts, last, out + length);
    length += gemini_rest(answer, texts, piece == PIECE_FINISH, out + length);
    return length + PUT_LITERAL(out + length, "\r\n\r\n");
}

static size_t gemini_whole(const struct answer *answer, unsigned texts, char *out) {
    size_t length = PUT_LITERAL(out, gemini_start);
    length += dialect_texts(texts, out + length, DIALECT_WHOLE_MAX - TAIL_MAX - length);
    return length + gemini_rest(answer, texts, true, out + length);
}

const struct dialect gemini_dialect = {
    .name = "gemini",
    .accepts = gemini_accepts,
    .read = gemini_read,
    .begin = gemini_begin,
    .piece = gemini_piece,
    .whole = gemini_whole,
    .header = "vary: origin, x-origin, referer\r\nserver-timing: gfet4t7; dur=237\r\n"
              "x-content-type-options: nosniff\r\n",
};
