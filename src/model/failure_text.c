#include "model/failure_text.h"
#include "base/buffer.h"
#include "base/utf8.h"

#define ELLIPSIS "\xE2\x80\xA6"

enum { SECRET_SIZE = 32 }; /* a word this long with letters and digits is taken for a key */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_word_byte(char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '_' || c == '.' || c == '*' || c == '+';
}

static bool starts_like_key(struct slice word) {
    static const char *const starts[] = {"sk-",  "sk_", "pk-",   "rk-",  "gsk_", "xai-",  "AIza",
                                         "org-", "hf_", "proj_", "key-", "csk-", "pplx-", "nvapi-"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (slice_starts_with(word, slice_of(starts[i])) && word.size > strlen(starts[i]))
            return true;
    return false;
}

static bool is_address(struct slice word) {
    size_t dots = 0;
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == '.')
            dots++;
        else if (!is_digit(word.data[i]))
            return false;
    }
    return dots == 3;
}

static bool is_inner_host(struct slice word) {
    return slice_is(word, "localhost") || slice_ends_with(word, SLICE(".internal")) ||
           slice_ends_with(word, SLICE(".local")) || slice_ends_with(word, SLICE(".svc"));
}

static bool is_secret(struct slice word) {
    if (starts_like_key(word) || is_address(word) || is_inner_host(word))
        return true;
    bool digit = false, letter = false, star = false;
    for (size_t i = 0; i < word.size; i++) {
        digit = digit || is_digit(word.data[i]);
        letter = letter || is_letter(word.data[i]);
        star = star || word.data[i] == '*';
    }
    return (digit && letter && word.size >= SECRET_SIZE) || (star && word.size >= 8);
}

/* OpenAI repeats the key: "Incorrect API key provided: abc." */
static bool announces_key(struct slice before) {
    static const char *const words[] = {
        "key provided: ", "api key: ", "API key: ", "Bearer ", "key provided: '", "token: "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_ends_with(before, slice_of(words[i])))
            return true;
    return false;
}

/* A full stop behind a word is not of it. */
static struct slice word_at(struct slice text) {
    size_t size = 0;
    while (size < text.size && is_word_byte(text.data[size]))
        size++;
    while (size > 0 && text.data[size - 1] == '.')
        size--;
    return slice_first(text, size);
}

/* A blank for each run of blanks and control characters. */
static void append_one_line(struct buffer *out, struct slice text) {
    bool blank = true;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool control = (unsigned char)c <= 0x20 || c == 0x7F;
        if (!control)
            buffer_append_byte(out, c);
        else if (!blank)
            buffer_append_byte(out, ' ');
        blank = control;
    }
}

static void append_masked(struct buffer *out, struct slice line) {
    for (size_t at = 0; at < line.size;) {
        struct slice word = word_at(slice_from(line, at));
        if (word.size == 0) {
            buffer_append_byte(out, line.data[at++]);
            continue;
        }
        if (is_secret(word) || announces_key(slice_first(line, at)))
            buffer_append(out, SLICE(ELLIPSIS));
        else
            buffer_append(out, word);
        at += word.size;
    }
}

void failure_append_text(struct buffer *out, struct slice text, size_t limit) {
    struct buffer cleaned = {0}, line = {0}, masked = {0};
    /* Masking may shorten, so more than the limit is looked at; but not all of a huge text. */
    utf8_append_clean(&cleaned, slice_first(text, limit * 4));
    append_one_line(&line, buffer_slice(&cleaned));
    append_masked(&masked, slice_trim(buffer_slice(&line)));
    struct slice whole = buffer_slice(&masked);
    if (whole.size > limit) {
        buffer_append(out, slice_first(whole, utf8_cut(whole, limit - 3)));
        buffer_append(out, SLICE(ELLIPSIS));
    } else {
        buffer_append(out, whole);
    }
    buffer_finish(&cleaned);
    buffer_finish(&line);
    buffer_finish(&masked);
}

bool failure_is_markup(struct slice body) {
    body = slice_trim(body);
    return body.size > 0 && body.data[0] == '<';
}
