#include "load_answer.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 32768, LINE_MAX_BYTES = 1 << 20, BODY_MAX = 4 << 20 };

const char *const trouble_names[TROUBLE_COUNT] = {
    "none", "connect", "reset", "status", "syntax", "gap", "short", "error_event", "timeout",
};

void answer_begin(struct answer_reader *reader, bool stream) {
    *reader = (struct answer_reader){
        .stream = stream,
        .carry = reader->carry,
        .carry_size = reader->carry_size,
    };
}

void answer_finish(struct answer_reader *reader) {
    free(reader->carry);
    *reader = (struct answer_reader){0};
}

static void carry_append(struct answer_reader *reader, const char *bytes, size_t length) {
    if (reader->carry_length + length + 1 > reader->carry_size) {
        reader->carry_size = reader->carry_length + length + 513;
        reader->carry = realloc(reader->carry, reader->carry_size);
        if (!reader->carry) {
            fprintf(stderr, "load: out of memory\n");
            exit(1);
        }
    }
    memcpy(reader->carry + reader->carry_length, bytes, length);
    reader->carry_length += length;
    reader->carry[reader->carry_length] = '\0';
}

static enum trouble fail(struct answer_reader *reader, enum trouble trouble, const char *text,
                         size_t length) {
    if (text != reader->carry) {
        reader->carry_length = 0;
        carry_append(reader, text, length);
    }
    return trouble;
}

#define HAS(text, length, literal)                                                                 \
    (memmem((text), (length), (literal), sizeof(literal) - 1) != NULL)

/* Checks " river 7 stone 8" up to the closing quote: each number follows the one before. A word
 * alone is not checked; the mock numbers every one. */
static enum trouble check_text(struct answer_reader *reader, const char *text, const char *end) {
    unsigned before = reader->texts;
    while (text < end && *text == ' ') {
        const char *word = ++text;
        while (text < end && isalpha((unsigned char)*text))
            text++;
        bool last = text - word == 4 && memcmp(word, "last", 4) == 0;
        if (text == end || *text++ != ' ')
            return TROUBLE_SYNTAX;
        unsigned number = 0;
        for (; text < end && isdigit((unsigned char)*text); text++)
            number = number * 10 + (unsigned)(*text - '0');
        if (number != reader->texts + 1 || reader->saw_last)
            return TROUBLE_GAP;
        reader->texts = number;
        reader->saw_last = last;
    }
    if (text == end || *text != '"')
        return TROUBLE_SYNTAX;
    if (reader->texts > before)
        reader->events++;
    return TROUBLE_NONE;
}

static enum trouble check_json(struct answer_reader *reader, const char *json, size_t length) {
    static const char content[] = "\"content\":\"";
    const char *text = memmem(json, length, content, sizeof(content) - 1);
    bool empty = true;
    if (text) {
        text += sizeof(content) - 1;
        empty = text < json + length && *text == '"';
        enum trouble trouble = check_text(reader, text, json + length);
        if (trouble != TROUBLE_NONE)
            return trouble;
    }
    /* Looked for only where it may stand: text without an end has no finish reason. */
    if ((!text || empty || reader->saw_last) && HAS(json, length, "\"finish_reason\":\"stop\""))
        reader->saw_finish = true;
    if (!text && HAS(json, length, "\"error\":"))
        return TROUBLE_EVENT;
    return TROUBLE_NONE;
}

static enum trouble check_line(struct answer_reader *reader, const char *line, size_t length) {
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length == 0 || line[0] == ':')
        return TROUBLE_NONE;
    if (length < 6 || memcmp(line, "data:", 5) != 0)
        return TROUBLE_SYNTAX;
    const char *value = line + 5;
    size_t value_length = length - 5;
    if (*value == ' ') {
        value++;
        value_length--;
    }
    if (reader->saw_done)
        return TROUBLE_SYNTAX;
    if (value_length == 6 && memcmp(value, "[DONE]", 6) == 0) {
        reader->saw_done = true;
        return TROUBLE_NONE;
    }
    if (value_length < 2 || value[0] != '{' || value[value_length - 1] != '}')
        return TROUBLE_SYNTAX;
    return check_json(reader, value, value_length);
}

static enum trouble feed_lines(struct answer_reader *reader, const char *bytes, size_t length) {
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        if (!newline) {
            carry_append(reader, bytes, length);
            return reader->carry_length > LINE_MAX_BYTES ? TROUBLE_SYNTAX : TROUBLE_NONE;
        }
        size_t line_length = (size_t)(newline - bytes);
        const char *line = bytes;
        size_t whole = line_length;
        if (reader->carry_length > 0) {
            carry_append(reader, bytes, line_length);
            line = reader->carry;
            whole = reader->carry_length;
        }
        enum trouble trouble = check_line(reader, line, whole);
        if (trouble != TROUBLE_NONE)
            return fail(reader, trouble, line, whole);
        reader->carry_length = 0;
        bytes += line_length + 1;
        length -= line_length + 1;
    }
    return TROUBLE_NONE;
}

static enum trouble feed_body(struct answer_reader *reader, const char *bytes, size_t length) {
    if (reader->event_stream)
        return feed_lines(reader, bytes, length);
    carry_append(reader, bytes, length);
    return reader->carry_length > BODY_MAX ? TROUBLE_SYNTAX : TROUBLE_NONE;
}

static enum trouble end(struct answer_reader *reader) {
    reader->phase = ANSWER_DONE;
    if (reader->status != 200)
        return TROUBLE_STATUS;
    if (reader->stream != reader->event_stream)
        return TROUBLE_SYNTAX;
    if (!reader->event_stream) {
        enum trouble trouble = check_json(reader, reader->carry, reader->carry_length);
        reader->saw_done = true;
        if (trouble != TROUBLE_NONE)
            return trouble;
    } else if (reader->carry_length > 0) {
        return TROUBLE_SHORT;
    }
    return reader->saw_last && reader->saw_finish && reader->saw_done ? TROUBLE_NONE
                                                                      : TROUBLE_SHORT;
}

/* The head is in `carry`, NUL-terminated, with its blank line. */
static enum trouble read_head(struct answer_reader *reader) {
    int at = 0;
    if (sscanf(reader->carry, "HTTP/1.1 %3d%n", &reader->status, &at) != 1)
        return TROUBLE_SYNTAX;
    bool chunked = false;
    bool sized = false;
    for (const char *line = strchr(reader->carry, '\n'); line && line[1] != '\r';
         line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, "transfer-encoding: chunked\r", 27) == 0) {
            chunked = true;
        } else if (strncasecmp(line, "content-length:", 15) == 0) {
            sized = true;
            reader->left = strtoul(line + 15, NULL, 10);
        } else if (strncasecmp(line, "connection: close\r", 18) == 0) {
            reader->close = true;
        } else if (strncasecmp(line, "content-type: text/event-stream", 31) == 0) {
            reader->event_stream = true;
        }
    }
    if (chunked == sized)
        return TROUBLE_SYNTAX;
    reader->phase = chunked ? ANSWER_CHUNK_SIZE : ANSWER_SIZED;
    reader->carry_length = 0;
    if (sized && reader->left == 0)
        return end(reader);
    if (chunked)
        reader->left = 0;
    return TROUBLE_NONE;
}

/* Takes what belongs to the head; returns how much that was. */
static size_t feed_head(struct answer_reader *reader, const char *bytes, size_t length,
                        enum trouble *ret_trouble) {
    size_t before = reader->carry_length;
    carry_append(reader, bytes, length);
    size_t from = before > 3 ? before - 3 : 0;
    char *blank = memmem(reader->carry + from, reader->carry_length - from, "\r\n\r\n", 4);
    if (!blank) {
        if (reader->carry_length > HEAD_MAX)
            *ret_trouble = TROUBLE_SYNTAX;
        return length;
    }
    size_t head = (size_t)(blank - reader->carry) + 4;
    reader->carry[head] = '\0';
    *ret_trouble = read_head(reader);
    return head - before;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of chunk framing, between the chunks' data. */
static enum trouble feed_frame(struct answer_reader *reader, char c) {
    switch (reader->phase) {
    case ANSWER_CHUNK_SIZE:
        if (c == '\n') {
            reader->phase = reader->left > 0 ? ANSWER_CHUNK : ANSWER_TRAILER;
        } else if (c != '\r') {
            int digit = hex_digit(c);
            if (digit < 0 || reader->left > (1U << 26))
                return TROUBLE_SYNTAX;
            reader->left = reader->left * 16 + (size_t)digit;
        }
        return TROUBLE_NONE;
    case ANSWER_CHUNK_END:
        if (c == '\n')
            reader->phase = ANSWER_CHUNK_SIZE;
        return c == '\n' || c == '\r' ? TROUBLE_NONE : TROUBLE_SYNTAX;
    default: /* no trailers are expected: only the last CRLF */
        if (c == '\n')
            return end(reader);
        return c == '\r' ? TROUBLE_NONE : TROUBLE_SYNTAX;
    }
}

enum trouble answer_feed(struct answer_reader *reader, const char *bytes, size_t length) {
    enum trouble trouble = TROUBLE_NONE;
    while (length > 0 && trouble == TROUBLE_NONE) {
        size_t used = 1;
        if (reader->phase == ANSWER_DONE)
            return TROUBLE_SYNTAX; /* more than was asked for */
        if (reader->phase == ANSWER_HEAD) {
            used = feed_head(reader, bytes, length, &trouble);
        } else if (reader->phase == ANSWER_CHUNK || reader->phase == ANSWER_SIZED) {
            used = reader->left < length ? reader->left : length;
            trouble = feed_body(reader, bytes, used);
            reader->left -= used;
            if (reader->left == 0 && trouble == TROUBLE_NONE) {
                if (reader->phase == ANSWER_SIZED)
                    trouble = end(reader);
                else
                    reader->phase = ANSWER_CHUNK_END;
            }
        } else {
            trouble = feed_frame(reader, *bytes);
        }
        bytes += used;
        length -= used;
    }
    return trouble;
}
