#include "tool/template.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

static bool is_name(char c, bool first) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
}

/* The size of `{name}`, 0 where it is none. */
static size_t placeholder(struct slice text, size_t at) {
    size_t end = at + 1;
    while (end < text.size && is_name(text.data[end], end == at + 1))
        end++;
    return end > at + 1 && end < text.size && text.data[end] == '}' ? end + 1 - at : 0;
}

enum template_piece template_scan(struct template_scan *scan, bool strict, struct slice *ret_text) {
    struct slice text = scan->text;
    size_t start = scan->at, at = start;
    for (; at < text.size; at++) {
        char c = text.data[at];
        if (c != '{' && c != '}')
            continue;
        size_t size = c == '{' ? placeholder(text, at) : 0;
        bool doubled = strict && at + 1 < text.size && text.data[at + 1] == c;
        if (size == 0 && !doubled && !strict)
            continue;
        if (at > start)
            break;
        scan->at = at + (size > 0 && !doubled ? size : doubled ? 2 : 1);
        if (size > 0 && !doubled) {
            *ret_text = (struct slice){text.data + at + 1, size - 2};
            return TEMPLATE_NAME;
        }
        *ret_text = (struct slice){text.data + at, 1};
        return doubled ? TEMPLATE_TEXT : TEMPLATE_BAD;
    }
    scan->at = at;
    *ret_text = slice_from(slice_first(text, at), start);
    return at > start ? TEMPLATE_TEXT : TEMPLATE_END;
}

struct slice template_value(const struct tool_input *input, struct slice name,
                            struct arena *arena) {
    if (slice_find_byte(name, '.') != SIZE_MAX)
        return tool_binding_get(input, name);
    struct slice value = json_get(input->arguments, arena_string(arena, name));
    enum json_type type = json_type(value);
    if (type == JSON_MISSING || type == JSON_NULL)
        return (struct slice){NULL, 0};
    if (type != JSON_STRING)
        return slice_trim(value);
    struct buffer text = {0};
    json_read_string(value, &text);
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}
