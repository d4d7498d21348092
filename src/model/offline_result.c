#include "model/offline_result.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/offline_texts.h"

enum { ROWS_MAX = 10, TEXT_MAX = 1600 };

/* "expected_delivery" as "Expected delivery". */
static void write_name(struct buffer *out, struct slice key) {
    for (size_t i = 0; i < key.size; i++) {
        char c = key.data[i] == '_' ? ' ' : key.data[i];
        buffer_append_byte(out, i == 0 && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

/* Markdown in a value would be taken for the bot's own. */
static void write_text(struct buffer *out, struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        if (strchr("\\`*_[]<>#|", text.data[i]) && text.data[i] != '\0')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, text.data[i] == '\n' || text.data[i] == '\r' ? ' ' : text.data[i]);
    }
}

static void write_value(struct buffer *out, struct slice value) {
    struct buffer text = {0};
    if (!json_read_string(value, &text))
        buffer_append(&text, slice_first(value, utf8_cut(value, 200)));
    write_text(out, buffer_slice(&text));
    buffer_finish(&text);
}

static bool is_shown(struct slice value) {
    return json_type(value) != JSON_NULL && !json_string_is(value, "");
}

/* One row: a line for each column. */
static void write_object(struct buffer *out, struct slice object) {
    struct slice key, value;
    size_t cursor = 0;
    while (json_next_member(object, &cursor, &key, &value)) {
        if (!is_shown(value))
            continue;
        buffer_append_string(out, "- **");
        write_name(out, key);
        buffer_append_string(out, ":** ");
        write_value(out, value);
        buffer_append_byte(out, '\n');
    }
}

/* Several rows: a line each, with the first column in front. */
static void write_line(struct buffer *out, struct slice row) {
    struct slice key, value;
    size_t cursor = 0, count = 0;
    buffer_append_string(out, "- ");
    while (json_next_member(row, &cursor, &key, &value)) {
        if (!is_shown(value))
            continue;
        if (count++ == 0) {
            buffer_append_string(out, "**");
            write_value(out, value);
            buffer_append_string(out, "**");
            continue;
        }
        buffer_append_string(out, count == 2 ? ": " : ", ");
        buffer_append(out, key);
        buffer_append_byte(out, ' ');
        write_value(out, value);
    }
    buffer_append_byte(out, '\n');
}

static void write_list(struct buffer *out, struct slice list) {
    struct slice element;
    size_t cursor = 0, count = 0;
    while (json_next_element(list, &cursor, &element) && count++ < ROWS_MAX) {
        if (json_type(element) == JSON_OBJECT) {
            write_line(out, element);
        } else {
            buffer_append_string(out, "- ");
            write_value(out, element);
            buffer_append_byte(out, '\n');
        }
    }
}

static size_t count_elements(struct slice list) {
    struct slice element;
    size_t cursor = 0, count = 0;
    while (json_next_element(list, &cursor, &element))
        count++;
    return count;
}

static void write_rows(struct buffer *out, struct slice rows, const struct offline_texts *texts) {
    struct slice first;
    size_t cursor = 0, count = count_elements(rows);
    if (count == 0)
        buffer_append_string(out, texts->nothing);
    else if (count == 1 && json_next_element(rows, &cursor, &first))
        write_object(out, first);
    else
        write_list(out, rows);
}

static void write_member(struct buffer *out, struct slice object, const char *key) {
    write_value(out, json_get(object, key));
}

static void write_booking(struct buffer *out, struct slice result,
                          const struct offline_texts *texts) {
    bool booked = false;
    json_read_bool(json_get(result, "booked"), &booked);
    buffer_append_string(out, booked ? texts->booked : texts->not_booked);
    if (!booked) {
        struct slice slot;
        size_t cursor = 0;
        while (json_next_element(json_get(result, "free"), &cursor, &slot)) {
            buffer_append_string(out, "\n- ");
            write_member(out, slot, "date");
            buffer_append_byte(out, ' ');
            write_member(out, slot, "time");
        }
        return;
    }
    buffer_append_string(out, " **");
    write_member(out, result, "date");
    buffer_append_byte(out, ' ');
    write_member(out, result, "time");
    buffer_append_string(out, "**");
}

static void write_json(struct buffer *out, struct slice result, const struct offline_texts *texts) {
    struct slice rows = json_get(result, "rows");
    if (json_type(rows) == JSON_ARRAY)
        write_rows(out, rows, texts);
    else if (json_type(json_get(result, "booked")) == JSON_BOOLEAN)
        write_booking(out, result, texts);
    else if (json_type(result) == JSON_OBJECT)
        write_object(out, result);
    else if (json_type(result) == JSON_ARRAY && count_elements(result) == 0)
        buffer_append_string(out, texts->nothing);
    else if (json_type(result) == JSON_ARRAY)
        write_list(out, result);
    else
        write_value(out, result);
}

static void write_result(struct buffer *out, const struct model_part *part,
                         const struct offline_texts *texts) {
    struct slice text = part->text, mark = slice_of(MODEL_RESULT_MARK);
    if (out->size > 0)
        buffer_append_byte(out, '\n');
    if (part->is_error) {
        buffer_append_string(out, texts->failed);
    } else if (slice_starts_with(text, mark)) {
        text = slice_from(text, mark.size);
        write_text(out, slice_first(text, utf8_cut(text, TEXT_MAX)));
    } else if (json_validate(text, NULL)) {
        write_json(out, text, texts);
    } else { /* cut: not JSON any more */
        buffer_append_string(out, texts->failed);
    }
}

struct slice offline_results(const struct model_call *call, struct arena *arena) {
    const struct offline_texts *texts = offline_texts_for(call->language);
    const struct model_message *message = &call->messages[call->message_count - 1];
    struct buffer out = {0};
    for (size_t i = 0; i < message->part_count; i++)
        if (message->parts[i].kind == MODEL_PART_TOOL_RESULT)
            write_result(&out, &message->parts[i], texts);
    struct slice copy = arena_copy(arena, slice_trim(buffer_slice(&out)));
    buffer_finish(&out);
    return copy;
}
