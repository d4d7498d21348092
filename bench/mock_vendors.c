/* Anthropic's Messages and Google's streamGenerateContent, for the mock. */
#include "mock_vendors.h"
#include <stdio.h>
#include <string.h>

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
        "\n\n",
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

const struct dialect anthropic_dialect = {
    .name = "anthropic",
    .accepts = anthropic_accepts,
    .begin = anthropic_begin,
    .piece = anthropic_piece,
    .header = "anthropic-organization-id: 00000000-0000-0000-0000-000000000000\r\n"
              "anthropic-ratelimit-requests-limit: 4000\r\n"
              "anthropic-ratelimit-requests-remaining: 3999\r\n"
              "anthropic-ratelimit-tokens-limit: 400000\r\n"
              "anthropic-ratelimit-tokens-remaining: 399000\r\n",
};

/* --- Gemini --- */

static const char stream_word[] = ":streamGenerateContent";

static const char *gemini_verb(const char *path, size_t length) {
    static const char models[] = "/models/";
    return memmem(path, length, models, sizeof(models) - 1)
               ? memmem(path, length, stream_word, sizeof(stream_word) - 1)
               : NULL;
}

static bool gemini_accepts(const char *path, size_t length) {
    return gemini_verb(path, length) != NULL;
}

/* `…/models/MODEL:streamGenerateContent?alt=sse` */
static bool gemini_read(const char *path, size_t length, struct answer *answer) {
    static const char models[] = "/models/";
    const char *verb = gemini_verb(path, length);
    const char *model =
        (const char *)memmem(path, length, models, sizeof(models) - 1) + sizeof(models) - 1;
    size_t size = verb > model ? (size_t)(verb - model) : 0;
    if (size == 0 || size >= sizeof(answer->model))
        return false;
    memcpy(answer->model, model, size);
    answer->model[size] = '\0';
    answer->stream = true;
    answer->usage = true;
    return true;
}

static void gemini_begin(struct answer *answer, unsigned long long number) {
    snprintf(answer->id, sizeof(answer->id), "bench-%llu", number);
}

static size_t gemini_piece(const struct answer *answer, enum piece piece, bool last, char *out) {
    size_t length =
        PUT_LITERAL(out, "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"");
    if (piece == PIECE_TEXT)
        length += dialect_text(answer->texts + 1, last, out + length);
    else if (piece != PIECE_FINISH)
        return 0;
    length += PUT_LITERAL(out + length, "\"}],\"role\": \"model\"},");
    if (piece == PIECE_FINISH)
        length += PUT_LITERAL(out + length, "\"finishReason\": \"STOP\",");
    return length + (size_t)snprintf(out + length, DIALECT_PIECE_MAX - length,
                                     "\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 24,"
                                     "\"candidatesTokenCount\": %u,\"totalTokenCount\": %u},"
                                     "\"modelVersion\": \"%s\",\"responseId\": \"%s\"}\r\n\r\n",
                                     answer->texts, answer->texts + 24, answer->model, answer->id);
}

const struct dialect gemini_dialect = {
    .name = "gemini",
    .accepts = gemini_accepts,
    .read = gemini_read,
    .begin = gemini_begin,
    .piece = gemini_piece,
    .header = "vary: origin, x-origin, referer\r\nserver-timing: gfet4t7; dur=237\r\n"
              "x-content-type-options: nosniff\r\n",
};
