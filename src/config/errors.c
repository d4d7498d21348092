#include "config/errors.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "config/config.h"
#include <assert.h>
#include <limits.h>

enum {
    SHOWN_MAX = 40,     /* bytes of the file's text repeated in a message */
    SOURCE_MAX = 160,   /* bytes of a source line shown */
    SOURCE_BEFORE = 80, /* of them before the mistake, when the line is longer */
    NAME_MAX_ = 64,     /* bytes of a name that are compared */
};

struct error_list errors_start(const char *file, struct arena *arena) {
    return (struct error_list){.file = file, .arena = arena};
}

void errors_finish(struct error_list *errors) {
    free(errors->found);
    free(errors->hidden);
    *errors = (struct error_list){0};
}

/* --- what is said --- */

static bool is_visible(uint32_t code_point) {
    /* C0, DEL, C1, and what reorders or hides text around it */
    return code_point >= 0x20 && (code_point < 0x7F || code_point > 0x9F) &&
           !(code_point >= 0x200B && code_point <= 0x200F) &&
           !(code_point >= 0x2028 && code_point <= 0x202E) &&
           !(code_point >= 0x2060 && code_point <= 0x2069) && code_point != 0xFEFF;
}

/* Appends one character of the text at `*at` and moves on. */
static void append_visible(struct buffer *out, struct slice text, size_t *at) {
    uint32_t code_point = 0;
    size_t size = utf8_decode(slice_from(text, *at), &code_point);
    if (size > 0 && is_visible(code_point))
        buffer_append(out, (struct slice){text.data + *at, size});
    else
        buffer_append_string(out, "\xEF\xBF\xBD");
    *at += size > 0 ? size : 1;
}

const char *text_shown(struct slice text, struct arena *arena) {
    struct buffer out = {0};
    size_t end = text.size > SHOWN_MAX ? utf8_cut(text, SHOWN_MAX) : text.size;
    buffer_append_byte(&out, '"');
    for (size_t at = 0; at < end;)
        append_visible(&out, slice_first(text, end), &at);
    buffer_append_string(&out, end < text.size ? "…\"" : "\"");
    const char *shown = arena_string(arena, buffer_slice(&out));
    buffer_finish(&out);
    return shown;
}

bool text_looks_secret(struct slice text) {
    if (slice_starts_with(text, SLICE("sk-")) || slice_starts_with(text, SLICE("Bearer ")) ||
        slice_starts_with(text, SLICE("Basic ")) ||
        slice_find(text, SLICE("PRIVATE KEY")) != SIZE_MAX)
        return true;
    bool digit = false, lower = false, upper = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        digit = digit || (c >= '0' && c <= '9');
        lower = lower || (c >= 'a' && c <= 'z');
        upper = upper || (c >= 'A' && c <= 'Z');
        if ((unsigned char)c <= 0x20 || c == '/' || c == ':')
            return false;
    }
    /* Base64 and the like; or hexadecimal, which unlike a model's name has no hyphens. */
    return digit &&
           ((text.size >= 24 && lower && upper) ||
            (text.size >= 32 && (lower || upper) && slice_find_byte(text, '-') == SIZE_MAX));
}

static bool is_plain_name(struct slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return name.size > 0 && name.size <= NAME_MAX_;
}

/* "Authorization:Bearer x", with a blank forgotten: all of it is the name then. */
static bool looks_like_header(struct slice name) {
    return slice_find_byte(name, ' ') != SIZE_MAX && slice_find_byte(name, ':') != SIZE_MAX;
}

/* Chains are as long as the table is deep. */
static void append_path(struct buffer *out, const struct place *place, struct arena *arena) {
    if (place->parent)
        append_path(out, place->parent, arena);
    if (!place->name.data) {
        if (place->parent)
            buffer_printf(out, "[%zu]", place->index);
        return;
    }
    if (out->size > 0)
        buffer_append_byte(out, '.');
    if (text_looks_secret(place->name) || looks_like_header(place->name))
        buffer_append_string(out, "…");
    else if (is_plain_name(place->name))
        buffer_append(out, place->name);
    else
        buffer_append_string(out, text_shown(place->name, arena));
}

const char *place_path(const struct place *place, struct arena *arena) {
    if (!place)
        return "";
    struct buffer out = {0};
    append_path(&out, place, arena);
    const char *path = arena_string(arena, buffer_slice(&out));
    buffer_finish(&out);
    return path;
}

/* --- collecting --- */

void errors_add(struct error_list *errors, size_t offset, const struct place *place,
                const char *format, ...) {
    if (errors->count == ERRORS_FOUND_MAX)
        return;
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    struct slice text = {message, (size_t)length};
    if ((size_t)length >= sizeof message)
        text.size = utf8_cut((struct slice){message, sizeof message - 1}, sizeof message - 5);
    /* A section used twice by an alias has its mistakes once. */
    for (size_t i = 0; i < errors->count; i++)
        if (errors->found[i].offset == offset && slice_is(text, errors->found[i].message))
            return;
    if (errors->count % 64 == 0)
        errors->found = memory_resize(errors->found, (errors->count + 64) * sizeof *errors->found);
    errors->found[errors->count] = (struct error_found){
        .offset = offset,
        .serial = errors->count,
        .path = place_path(place, errors->arena),
        .message = arena_string(errors->arena, text),
    };
    errors->count++;
}

void errors_add_all(struct error_list *errors, const struct error_list *more) {
    for (size_t i = 0; i < more->count; i++) {
        size_t before = errors->count;
        errors_add(errors, more->found[i].offset, NULL, "%s", more->found[i].message);
        if (errors->count > before)
            errors->found[before].path = more->found[i].path;
    }
}

void errors_hide(struct error_list *errors, size_t start, size_t end) {
    if (errors->hidden_count % 64 == 0)
        errors->hidden =
            memory_resize(errors->hidden, (errors->hidden_count + 64) * sizeof *errors->hidden);
    errors->hidden[errors->hidden_count++] = (struct hidden_range){start, end};
}

/* --- lines --- */

/* YAML ends a line at LF, CR LF and CR. Returns where the line after that at `offset` starts. */
static size_t next_line(struct slice text, size_t offset) {
    for (; offset < text.size; offset++) {
        if (text.data[offset] == '\n')
            return offset + 1;
        if (text.data[offset] == '\r')
            return offset + 1 < text.size && text.data[offset + 1] == '\n' ? offset + 2
                                                                           : offset + 1;
    }
    return text.size + 1; /* there is none */
}

/* Moves `*line` and `*start` on to the line that `offset` stands in. */
static void seek_line(struct slice text, size_t offset, size_t *line, size_t *start) {
    for (;;) {
        size_t next = next_line(text, *start);
        if (next > offset || next > text.size)
            return;
        *start = next;
        (*line)++;
    }
}

size_t errors_line(const struct error_list *errors, size_t offset) {
    size_t line = 1, start = 0;
    seek_line(errors->text, offset, &line, &start);
    return line;
}

size_t errors_offset(const struct error_list *errors, size_t line, size_t column) {
    size_t start = 0;
    for (size_t i = 1; i < line; i++) {
        size_t next = next_line(errors->text, start);
        if (next > errors->text.size)
            break;
        start = next;
    }
    size_t at = start, end = next_line(errors->text, start) - 1;
    for (size_t i = 1; i < column && at < end; i++) {
        uint32_t code_point;
        size_t size = utf8_decode(slice_from(errors->text, at), &code_point);
        at += size > 0 ? size : 1;
    }
    return at;
}

static size_t count_characters(struct slice text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

/* The end of the hidden range around `offset`, or 0. */
static size_t hidden_until(const struct error_list *errors, size_t offset) {
    for (size_t i = 0; i < errors->hidden_count; i++)
        if (errors->hidden[i].start <= offset && offset < errors->hidden[i].end)
            return errors->hidden[i].end;
    return 0;
}

/* The line as it may be shown, cut to a window around the mistake, and where the caret goes in it.
 */
static void show_source(const struct error_list *errors, size_t line_start, size_t offset,
                        struct config_error *error) {
    struct slice text = errors->text;
    size_t end = next_line(text, line_start) - 1;
    if (end > line_start && text.data[end - 1] == '\r')
        end--;
    size_t from = line_start, until = end;
    if (end - line_start > SOURCE_MAX) {
        if (offset - line_start > SOURCE_BEFORE)
            from = line_start +
                   utf8_cut(slice_from(text, line_start), offset - line_start - SOURCE_BEFORE);
        if (until - from > SOURCE_MAX)
            until = from + utf8_cut(slice_from(text, from), SOURCE_MAX);
    }
    struct buffer out = {0};
    if (from > line_start)
        buffer_append_string(&out, "…");
    size_t caret = SIZE_MAX;
    for (size_t at = from; at < until;) {
        size_t hidden_end = hidden_until(errors, at);
        if (caret == SIZE_MAX && (at >= offset || hidden_end > offset))
            caret = count_characters(buffer_slice(&out));
        if (hidden_end > 0) {
            buffer_append_string(&out, "***");
            at = hidden_end;
        } else if (text.data[at] == '\t') {
            buffer_append_byte(&out, '\t');
            at++;
        } else {
            append_visible(&out, slice_first(text, until), &at);
        }
    }
    if (caret == SIZE_MAX)
        caret = count_characters(buffer_slice(&out));
    if (until < end)
        buffer_append_string(&out, "…");
    error->source = arena_string(errors->arena, buffer_slice(&out));
    error->caret = (int)caret + 1;
    buffer_finish(&out);
}

static int compare_found(const void *a, const void *b) {
    const struct error_found *first = a, *second = b;
    /* a mistake of the whole file (SIZE_MAX) wraps round to be the first */
    size_t x = first->offset + 1, y = second->offset + 1;
    if (x != y)
        return x < y ? -1 : 1;
    return first->serial < second->serial ? -1 : first->serial > second->serial;
}

const struct config_error *errors_sorted(struct error_list *errors, size_t *ret_count) {
    if (errors->count > 0)
        qsort(errors->found, errors->count, sizeof *errors->found, compare_found);
    size_t count = errors->count < ERRORS_MAX ? errors->count : ERRORS_MAX;
    struct config_error *sorted = arena_array(errors->arena, count, sizeof *sorted);
    const char *file = arena_string(errors->arena, slice_of(errors->file));
    size_t line = 1, start = 0;
    for (size_t i = 0; i < count; i++) {
        const struct error_found *found = &errors->found[i];
        sorted[i] =
            (struct config_error){.file = file, .path = found->path, .message = found->message};
        if (found->offset == SIZE_MAX)
            continue;
        size_t offset = found->offset < errors->text.size ? found->offset : errors->text.size;
        seek_line(errors->text, offset, &line, &start);
        sorted[i].line = line < INT_MAX ? (int)line : INT_MAX;
        sorted[i].column =
            (int)count_characters((struct slice){errors->text.data + start, offset - start}) + 1;
        show_source(errors, start, offset, &sorted[i]);
    }
    *ret_count = count;
    return sorted;
}

/* --- printing --- */

void config_error_print(const struct config_error *error, struct buffer *out) {
    buffer_append_string(out, error->file);
    if (error->line > 0)
        buffer_printf(out, ":%d:%d", error->line, error->column);
    buffer_append_string(out, ": ");
    if (error->path && *error->path)
        buffer_printf(out, "%s: ", error->path);
    buffer_append_string(out, error->message);
    buffer_append_byte(out, '\n');
    if (!error->source)
        return;
    buffer_printf(out, "  %s\n  ", error->source);
    /* Tabs are kept, so that the caret stands right however wide they are shown. */
    struct slice before = slice_of(error->source);
    for (int column = 1; column < error->caret && before.size > 0; column++) {
        uint32_t code_point = 0;
        size_t size = utf8_decode(before, &code_point);
        buffer_append_byte(out, code_point == '\t' ? '\t' : ' ');
        before = slice_from(before, size > 0 ? size : 1);
    }
    buffer_append_string(out, "^\n");
}

/* --- the nearest name --- */

static char folded(char c) {
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '-' || c == ' ' ? '_' : c;
}

/* Edits (insert, delete, replace, swap two neighbours) that turn one into the other; case and the
 * kind of hyphen do not count. */
static size_t edit_distance(struct slice a, struct slice b) {
    size_t rows[3][NAME_MAX_ + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.size; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            char x = folded(a.data[i - 1]), y = folded(b.data[j - 1]);
            size_t best = last[j - 1] + (x != y);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == folded(b.data[j - 2]) && y == folded(a.data[i - 2]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *unused = before;
        before = last;
        last = row;
        row = unused;
    }
    return last[b.size];
}

/* "maxTokens" and "maxtokens" for "max_tokens". */
static bool equal_letters(struct slice a, struct slice b) {
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.size && folded(a.data[i]) == '_')
            i++;
        while (j < b.size && folded(b.data[j]) == '_')
            j++;
        if (i == a.size || j == b.size)
            return i == a.size && j == b.size;
        if (folded(a.data[i++]) != folded(b.data[j++]))
            return false;
    }
}

const char *nearest_name(struct slice name, const char *const *names) {
    if (name.size == 0 || name.size > NAME_MAX_)
        return NULL;
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (; *names; names++) {
        struct slice known = slice_of(*names);
        if (known.size > NAME_MAX_)
            continue;
        size_t distance = equal_letters(name, known) ? 0 : edit_distance(name, known);
        size_t shorter = name.size < known.size ? name.size : known.size;
        /* "models" for "model", but not "stop" for "site" */
        if (distance <= (shorter + 2) / 3 && distance < least) {
            least = distance;
            nearest = *names;
        }
    }
    return nearest;
}
