#include "mock_dialect.h"
#include "mock_vendors.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const words[16] = {"river", "stone", "cable", "order", "parcel", "screen",
                                      "light", "paper", "train", "glass", "honey",  "north",
                                      "cloud", "music", "table", "garden"};

static size_t put(char *out, const char *text, size_t length) {
    memcpy(out, text, length);
    return length;
}

size_t dialect_number(unsigned number, char *out) {
    char digits[16];
    size_t start = sizeof(digits);
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(out, digits + start, sizeof(digits) - start);
}

size_t dialect_text(unsigned number, bool last, char *out) {
    const char *word = last ? "last" : words[number % 16];
    size_t length = put(out, " ", 1);
    length += put(out + length, word, strlen(word));
    length += put(out + length, " ", 1);
    return length + dialect_number(number, out + length);
}

size_t dialect_texts(unsigned texts, char *out, size_t size) {
    size_t length = 0;
    for (unsigned i = 1; i <= texts && length + 32 <= size; i++)
        length += dialect_text(i, i == texts, out + length);
    return length;
}

bool dialect_read_body(const struct request *request, struct answer *answer) {
    answer->stream = json_true(request->body, request->body_length, "stream");
    answer->usage = json_true(request->body, request->body_length, "include_usage");
    return json_text(request->body, request->body_length, "model", answer->model,
                     sizeof(answer->model));
}

/* --- OpenAI Chat Completions --- */

static bool openai_accepts(const char *path, size_t length) {
    static const char end[] = "/chat/completions";
    return length >= sizeof(end) - 1 &&
           memcmp(path + length - (sizeof(end) - 1), end, sizeof(end) - 1) == 0;
}

static void openai_begin(struct answer *answer, unsigned long long number) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint64_t state = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t length = put(answer->id, "chatcmpl-", 9);
    for (int i = 0; i < 29; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        answer->id[length++] = alphabet[(state >> 33) % (sizeof(alphabet) - 1)];
    }
    answer->id[length] = '\0';
    int written =
        snprintf(answer->prefix, sizeof(answer->prefix),
                 "data: {\"id\":\"%s\",\"object\":\"chat.completion.chunk\",\"created\":%lld,"
                 "\"model\":\"%s\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[",
                 answer->id, (long long)time(NULL), answer->model);
    answer->prefix_length = (size_t)written;
}

#define PUT_LITERAL(out, text) put((out), (text), sizeof(text) - 1)

static size_t openai_piece(const struct answer *answer, enum piece piece, bool last, char *out) {
    if (piece == PIECE_NONE || (piece == PIECE_USAGE && !answer->usage))
        return 0;
    if (piece == PIECE_END)
        return PUT_LITERAL(out, "data: [DONE]\n\n");
    size_t length = put(out, answer->prefix, answer->prefix_length);
    if (piece == PIECE_USAGE)
        return length +
               (size_t)snprintf(out + length, DIALECT_PIECE_MAX - length,
                                "],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":%u,"
                                "\"total_tokens\":%u}}\n\n",
                                answer->texts, answer->texts + 24);
    if (piece == PIECE_OPENING) {
        length += PUT_LITERAL(
            out + length,
            "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
            "\"logprobs\":null,\"finish_reason\":null}]");
    } else if (piece == PIECE_TEXT) {
        length += PUT_LITERAL(out + length, "{\"index\":0,\"delta\":{\"content\":\"");
        length += dialect_text(answer->texts + 1, last, out + length);
        length += PUT_LITERAL(out + length, "\"},\"logprobs\":null,\"finish_reason\":null}]");
    } else {
        length +=
            PUT_LITERAL(out + length,
                        "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]");
    }
    if (answer->usage)
        length += PUT_LITERAL(out + length, ",\"usage\":null");
    return length + PUT_LITERAL(out + length, "}\n\n");
}

static size_t openai_whole(const struct answer *answer, unsigned texts, char *out) {
    size_t length =
        (size_t)snprintf(out, DIALECT_WHOLE_MAX,
                         "{\"id\":\"%s\",\"object\":\"chat.completion\",\"created\":%lld,\"model\":"
                         "\"%s\",\"choices\":"
                         "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
                         answer->id, (long long)time(NULL), answer->model);
    length += dialect_texts(texts, out + length, DIALECT_WHOLE_MAX - 512 - length);
    length += (size_t)snprintf(out + length, DIALECT_WHOLE_MAX - length,
                               "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_"
                               "reason\":\"stop\"}],\"usage\":"
                               "{\"prompt_tokens\":24,\"completion_tokens\":%u,\"total_tokens\":%u}"
                               ",\"service_tier\":\"default\","
                               "\"system_fingerprint\":\"fp_44709d6fcb\"}\n",
                               texts, texts + 24);
    return length;
}

static const struct dialect openai_dialect = {
    .name = "openai",
    .accepts = openai_accepts,
    .read = dialect_read_body,
    .begin = openai_begin,
    .piece = openai_piece,
    .whole = openai_whole,
    .header = "openai-organization: bench\r\n"
              "openai-processing-ms: 237\r\n"
              "openai-version: 2020-10-01\r\n"
              "x-ratelimit-limit-requests: 10000\r\n"
              "x-ratelimit-limit-tokens: 50000000\r\n"
              "x-ratelimit-remaining-requests: 9999\r\n"
              "x-ratelimit-remaining-tokens: 49999993\r\n"
              "x-ratelimit-reset-requests: 6ms\r\n"
              "x-ratelimit-reset-tokens: 0s\r\n"
              "strict-transport-security: max-age=31536000; includeSubDomains; preload\r\n"
              "x-content-type-options: nosniff\r\n",
};

static const struct dialect *const dialects[] = {&openai_dialect, &anthropic_dialect,
                                                 &gemini_dialect};

const struct dialect *dialect_find(const char *path, size_t length) {
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
        if (dialects[i]->accepts(path, length))
            return dialects[i];
    return NULL;
}
