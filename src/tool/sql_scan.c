/* Finds the placeholders of a statement: what stands in strings, quoted names and comments is none,
 * and neither is a cast (`::text`). */
#include "tool/sql_scan.h"

static bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c) {
    return begins_name(c) || (c >= '0' && c <= '9');
}

/* Behind the quote that ends it; doubled ones stand for themselves. */
static size_t skip_quoted(struct slice text, size_t at, char quote) {
    for (at++; at < text.size; at++)
        if (text.data[at] == quote) {
            if (at + 1 < text.size && text.data[at + 1] == quote)
                at++;
            else
                return at + 1;
        }
    return text.size;
}

static size_t skip_comment(struct slice text, size_t at) {
    size_t end = text.data[at] == '-' ? slice_find_byte(slice_from(text, at), '\n')
                                      : slice_find(slice_from(text, at + 2), SLICE("*/"));
    if (end == SIZE_MAX)
        return text.size;
    return text.data[at] == '-' ? at + end + 1 : at + 2 + end + 2;
}

/* PostgreSQL's $tag$ … $tag$; 0 where none begins here. */
static size_t skip_dollar(struct slice text, size_t at) {
    size_t end = at + 1;
    while (end < text.size && is_name(text.data[end]))
        end++;
    if (end >= text.size || text.data[end] != '$' ||
        (end > at + 1 && !begins_name(text.data[at + 1])))
        return 0;
    struct slice tag = {text.data + at, end + 1 - at};
    size_t close = slice_find(slice_from(text, end + 1), tag);
    return close == SIZE_MAX ? text.size : end + 1 + close + tag.size;
}

static size_t name_size(struct slice text, size_t at) {
    size_t size = 0;
    while (at + size < text.size && (is_name(text.data[at + size]) ||
                                     (text.data[at + size] == '.' && at + size + 1 < text.size &&
                                      begins_name(text.data[at + size + 1]))))
        size++;
    return size;
}

static bool two(struct slice text, size_t at, const char *pair) {
    return at + 1 < text.size && text.data[at] == pair[0] && text.data[at + 1] == pair[1];
}

enum sql_piece sql_scan(struct sql_scan *scan, struct slice *ret_text) {
    struct slice text = scan->text;
    size_t start = scan->at;
    while (scan->at < text.size) {
        size_t at = scan->at, end = 0;
        char c = text.data[at];
        if (c == '\'' || c == '"' || c == '`')
            end = skip_quoted(text, at, c);
        else if (c == '[' && scan->brackets)
            end = skip_quoted(text, at, ']');
        else if (two(text, at, "--") || two(text, at, "/*"))
            end = skip_comment(text, at);
        else if (c == '$')
            end = skip_dollar(text, at);
        else if (two(text, at, "::"))
            end = at + 2;
        else if (c == ';' || (c == ':' && at + 1 < text.size && begins_name(text.data[at + 1]))) {
            if (at > start) {
                *ret_text = (struct slice){text.data + start, at - start};
                return SQL_PIECE_TEXT;
            }
            size_t size = c == ';' ? 0 : name_size(text, at + 1);
            scan->at = at + 1 + size;
            *ret_text = (struct slice){text.data + at + 1, size};
            return c == ';' ? SQL_PIECE_END : SQL_PIECE_PLACEHOLDER;
        }
        scan->at = end > at ? end : at + 1;
    }
    *ret_text = slice_from(text, start);
    return text.size > start ? SQL_PIECE_TEXT : SQL_PIECE_NONE;
}
