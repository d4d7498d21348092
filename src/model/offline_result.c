#include "model/offline_result.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/offline_texts.h"
#include <string.h>

enum {
    ROWS_MAX = 10,
    NAME_LONGEST = 60,
    VALUE_MAX = 300,
    TEXT_MAX = 1600,
    ANSWER_MAX = 8000,
    DEPTH_MAX = 64
};

/* --- names and values --- */

/* Markdown in a value would be taken for the bot's own. */
static void write_text(struct buffer *out, struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c != '\0' && strchr("\\`*_[]<>#|", c))
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, c == '\n' || c == '\r' ? ' ' : c);
    }
}

/* "expected_delivery" as "Expected delivery". */
static void write_name(struct buffer *out, struct slice key, bool begins) {
    struct buffer text = {0};
    for (size_t i = 0; i < key.size && i < NAME_LONGEST; i++) {
        char c = key.data[i];
        bool hump =
            i > 0 && c >= 'A' && c <= 'Z' && key.data[i - 1] >= 'a' && key.data[i - 1] <= 'z';
        if (hump)
            buffer_append_byte(&text, ' ');
        c = c == '_' ? ' ' : hump ? (char)(c - 'A' + 'a') : c;
        buffer_append_byte(&text,
                           begins && i == 0 && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    write_text(out, slice_first(buffer_slice(&text), utf8_valid_prefix(buffer_slice(&text))));
    buffer_finish(&text);
}

static void write_value(struct buffer *out, struct slice value, const struct offline_texts *texts) {
    struct buffer text = {0};
    bool truth;
    if (json_read_bool(value, &truth))
        buffer_append_string(&text, truth ? texts->yes : texts->no);
    else if (!json_read_string(value, &text))
        buffer_append(&text, value);
    struct slice whole = buffer_slice(&text);
    write_text(out, slice_first(whole, utf8_cut(whole, VALUE_MAX)));
    if (whole.size > VALUE_MAX)
        buffer_append_string(out, "…");
    buffer_finish(&text);
}

static bool is_nested(struct slice value) {
    return json_type(value) == JSON_OBJECT || json_type(value) == JSON_ARRAY;
}

static bool is_shown(struct slice value) {
    return json_type(value) != JSON_NULL && !json_string_is(value, "");
}

/* --- rows --- */

/* An object within an object in short, its values only. */
static void write_short(struct buffer *out, struct slice value, const struct offline_texts *texts) {
    struct slice key, one;
    size_t cursor = 0, count = 0;
    bool list = json_type(value) == JSON_ARRAY;
    while (count < ROWS_MAX && (list ? json_next_element(value, &cursor, &one)
                                     : json_next_member(value, &cursor, &key, &one))) {
        if (is_nested(one) || !is_shown(one))
            continue;
        buffer_append_string(out, count++ > 0 ? ", " : "");
        write_value(out, one, texts);
    }
}

static void write_any(struct buffer *out, struct slice value, const struct offline_texts *texts) {
    if (is_nested(value))
        write_short(out, value, texts);
    else
        write_value(out, value, texts);
}

/* One row: a line for each column. */
static void write_object(struct buffer *out, struct slice object,
                         const struct offline_texts *texts) {
    struct slice key, value;
    size_t cursor = 0;
    while (json_next_member(object, &cursor, &key, &value) && out->size < ANSWER_MAX) {
        if (!is_shown(value))
            continue;
        buffer_append_string(out, "- **");
        write_name(out, key, true);
        buffer_append_string(out, ":** ");
        write_any(out, value, texts);
        buffer_append_byte(out, '\n');
    }
}

/* Several rows: a line each, with the first column in front. */
static void write_line(struct buffer *out, struct slice row, const struct offline_texts *texts) {
    struct slice key, value;
    size_t cursor = 0, count = 0;
    buffer_append_string(out, "- ");
    while (json_next_member(row, &cursor, &key, &value)) {
        if (!is_shown(value))
            continue;
        if (count++ == 0) {
            buffer_append_string(out, "**");
            write_any(out, value, texts);
            buffer_append_string(out, "**");
            continue;
        }
        buffer_append_string(out, count == 2 ? " – " : ", ");
        write_name(out, key, false);
        buffer_append_string(out, ": ");
        write_any(out, value, texts);
    }
    buffer_append_byte(out, '\n');
}

static size_t count_elements(struct slice list) {
    struct slice element;
    size_t cursor = 0, count = 0;
    while (json_next_element(list, &cursor, &element))
        count++;
    return count;
}

static void write_list(struct buffer *out, struct slice list, const struct offline_texts *texts) {
    struct slice element;
    size_t cursor = 0, count = 0, all = count_elements(list);
    while (count < ROWS_MAX && out->size < ANSWER_MAX &&
           json_next_element(list, &cursor, &element)) {
        count++;
        if (json_type(element) == JSON_OBJECT) {
            write_line(out, element, texts);
            continue;
        }
        buffer_append_string(out, "- ");
        write_any(out, element, texts);
        buffer_append_byte(out, '\n');
    }
    if (count < all)
        buffer_append_string(out, "- …\n");
}

static void write_rows(struct buffer *out, struct slice rows, const struct offline_texts *texts) {
    struct slice first;
    size_t cursor = 0, count = count_elements(rows);
    if (count == 0)
        buffer_append_string(out, texts->nothing);
    else if (count == 1 && json_next_element(rows, &cursor, &first) &&
             json_type(first) == JSON_OBJECT)
        write_object(out, first, texts);
    else
        write_list(out, rows, texts);
}

/* --- results --- */

/* What book_slot gives back. */
static void write_slot(struct buffer *out, struct slice slot, const struct offline_texts *texts) {
    static const char *const keys[] = {"date", "time"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        buffer_append_string(out, i > 0 ? " " : "");
        write_value(out, json_get(slot, keys[i]), texts);
    }
}

static void write_booking(struct buffer *out, struct slice result,
                          const struct offline_texts *texts) {
    struct slice slot, free = json_get(result, "free");
    size_t cursor = 0;
    bool booked = false;
    json_read_bool(json_get(result, "booked"), &booked);
    if (booked) {
        buffer_append_string(out, texts->booked);
        buffer_append_string(out, " **");
        write_slot(out, result, texts);
        buffer_append_string(out, "**");
        return;
    }
    buffer_append_string(out, count_elements(free) > 0 ? texts->not_booked : texts->nothing);
    while (json_next_element(free, &cursor, &slot)) {
        buffer_append_string(out, "\n- ");
        write_slot(out, slot, texts);
    }
}

/* The only list in an object is what was asked for; {"rows":[…]} of a query is one. */
static struct slice list_in(struct slice object) {
    struct slice key, value, list = json_get(object, "rows");
    size_t cursor = 0, lists = 0;
    if (json_type(list) == JSON_ARRAY)
        return list;
    while (json_next_member(object, &cursor, &key, &value))
        if (json_type(value) == JSON_ARRAY) {
            list = value;
            lists++;
        } else if (json_type(value) == JSON_STRING || json_type(value) == JSON_OBJECT) {
            lists += 2; /* it says more than the list */
        }
    return lists == 1 ? list : (struct slice){NULL, 0};
}

/* Of a tool that asks the visitor first: what chat/confirm.h says in place of a result. */
static bool write_confirmation(struct buffer *out, struct slice result,
                               const struct offline_texts *texts) {
    struct slice state = json_get(result, "confirmation");
    if (json_string_is(state, "waiting"))
        buffer_append_string(out, texts->confirm);
    else if (json_string_is(state, "declined"))
        buffer_append_string(out, texts->declined);
    else
        return false;
    return true;
}

static void write_json(struct buffer *out, struct slice result, const struct offline_texts *texts) {
    bool is_object = json_type(result) == JSON_OBJECT;
    struct slice rows = is_object ? list_in(result) : result;
    size_t before = out->size;
    if (is_object && write_confirmation(out, result, texts))
        return;
    if (is_object && json_type(json_get(result, "booked")) == JSON_BOOLEAN)
        write_booking(out, result, texts);
    else if (json_type(rows) == JSON_ARRAY)
        write_rows(out, rows, texts);
    else if (is_object)
        write_object(out, result, texts);
    else if (is_shown(result))
        write_value(out, result, texts);
    if (out->size == before)
        buffer_append_string(out, texts->nothing);
}

/* A result that was cut is no JSON any more: what is whole of it is kept, and its brackets closed.
 * False when nothing is. */
static bool mend(struct slice text, struct buffer *out) {
    char open[DEPTH_MAX]; /* what closes each level */
    size_t depth = 0, good = 0, good_depth = 0;
    char good_open[DEPTH_MAX];
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (quoted) {
            quoted = c != '"';
            i += c == '\\';
        } else if (c == '"') {
            quoted = true;
        } else if ((c == '{' || c == '[') && depth < DEPTH_MAX) {
            open[depth++] = c == '{' ? '}' : ']';
        } else if ((c == '}' || c == ']') && depth > 0 && open[depth - 1] == c) {
            depth--;
            good = i + 1;
            good_depth = depth;
            memcpy(good_open, open, sizeof open);
        } else if (c == '{' || c == '[' || c == '}' || c == ']') {
            break; /* it was none before it was cut */
        }
    }
    if (good == 0)
        return false;
    buffer_append(out, slice_first(text, good));
    while (good_depth > 0)
        buffer_append_byte(out, good_open[--good_depth]);
    return json_validate(buffer_slice(out), NULL);
}

/* Behind the note that it was cut, too. */
static void write_plain(struct buffer *out, struct slice text) {
    size_t note = slice_find(text, SLICE("\n(Cut: "));
    write_text(out, slice_first(text, utf8_cut(text, note < TEXT_MAX ? note : TEXT_MAX)));
    if (note != SIZE_MAX || text.size > TEXT_MAX)
        buffer_append_string(out, " …");
}

static void write_result(struct buffer *out, const struct model_part *part,
                         const struct offline_texts *texts) {
    struct slice text = slice_trim(part->text), mark = slice_of(MODEL_RESULT_MARK);
    struct buffer mended = {0};
    if (slice_starts_with(text, mark))
        text = slice_from(text, mark.size);
    if (part->is_error) {
        buffer_append_string(out, texts->failed);
    } else if (text.size == 0) {
        buffer_append_string(out, texts->nothing);
    } else if (json_validate(text, NULL)) {
        write_json(out, text, texts);
    } else if (text.data[0] != '{' && text.data[0] != '[') {
        write_plain(out, text);
    } else if (mend(text, &mended)) {
        write_json(out, buffer_slice(&mended), texts);
        buffer_append_string(out, "\n…");
    } else {
        buffer_append_string(out, texts->failed);
    }
    buffer_finish(&mended);
}

struct slice offline_results(const struct model_call *call, struct slice language,
                             struct arena *arena) {
    const struct offline_texts *texts = offline_texts_for(language);
    size_t first = call->message_count;
    while (first > 0 && call->messages[first - 1].role == MODEL_TOOL)
        first--;
    struct buffer out = {0};
    for (size_t i = first; i < call->message_count; i++)
        for (size_t j = 0; j < call->messages[i].part_count; j++) {
            const struct model_part *part = &call->messages[i].parts[j];
            if (part->kind != MODEL_PART_TOOL_RESULT || out.size > ANSWER_MAX)
                continue;
            buffer_append_string(&out, out.size > 0 ? "\n\n" : "");
            write_result(&out, part, texts);
            out.size = slice_trim(buffer_slice(&out)).size;
        }
    if (out.size == 0)
        buffer_append_string(&out, texts->nothing);
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return copy;
}
