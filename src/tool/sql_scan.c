/* Finds the placeholders of a statement: what stands in strings, quoted names and comments is none,
 * and neither is a cast (`::text`). */
#include "tool/sql_scan.h"

static bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c) {
    return begins_name(c) || (c >= '0' && c <= '9');
}

static bool two(struct slice text, size_t at, const char *pair) {
    return at + 1 < text.size && text.data[at] == pair[0] && text.data[at + 1] == pair[1];
}

/* What a word of PostgreSQL may go on with. */
static bool in_word(char c) {
    return is_name(c) || c == '$' || (unsigned char)c >= 0x80;
}

/* Whether the quote belongs to PostgreSQL's E'…', which has escapes. */
static bool is_escaping(struct slice text, size_t at) {
    return text.data[at] == '\'' && at > 0 &&
           (text.data[at - 1] == 'e' || text.data[at - 1] == 'E') &&
           (at == 1 || !in_word(text.data[at - 2]));
}

/* Behind the quote that ends it; doubled ones stand for themselves. */
static size_t skip_quoted(struct slice text, size_t at, char quote, bool escapes) {
    for (at++; at < text.size; at++)
        if (escapes && text.data[at] == '\\') {
            at++;
        } else if (text.data[at] == quote) {
            if (at + 1 < text.size && text.data[at + 1] == quote)
                at++;
            else
                return at + 1;
        }
    return text.size;
}

/* PostgreSQL's have others inside. */
static size_t skip_nested(struct slice text, size_t at) {
    size_t depth = 0;
    while (at < text.size) {
        if (two(text, at, "/*"))
            depth++;
        else if (two(text, at, "*/"))
            depth--;
        at += two(text, at, "/*") || two(text, at, "*/") ? 2 : 1;
        if (depth == 0)
            return at;
    }
    return text.size;
}

static size_t skip_comment(struct slice text, size_t at, bool nested) {
    if (nested && text.data[at] == '/')
        return skip_nested(text, at);
    size_t end = text.data[at] == '-' ? slice_find_byte(slice_from(text, at), '\n')
                                      : slice_find(slice_from(text, at + 2), SLICE("*/"));
    if (end == SIZE_MAX)
        return text.size;
    return text.data[at] == '-' ? at + end + 1 : at + 2 + end + 2;
}

/* PostgreSQL's $tag$ … $tag$; 0 where none begins here. */
static size_t skip_dollar(struct slice text, size_t at) {
    size_t end = at + 1;
    while (end < text.size && text.data[end] != '$' && in_word(text.data[end]))
        end++;
    if (end >= text.size || text.data[end] != '$' ||
        (end > at + 1 && text.data[at + 1] >= '0' && text.data[at + 1] <= '9'))
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

enum sql_piece sql_scan(struct sql_scan *scan, struct slice *ret_text) {
    struct slice text = scan->text;
    size_t start = scan->at;
    while (scan->at < text.size) {
        size_t at = scan->at, end = 0;
        char c = text.data[at];
        bool postgres = scan->postgres;
        if (c == '\'' || c == '"' || (c == '`' && !postgres))
            end = skip_quoted(text, at, c, postgres && is_escaping(text, at));
        else if (c == '[' && !postgres)
            end = skip_quoted(text, at, ']', false);
        else if (two(text, at, "--") || two(text, at, "/*"))
            end = skip_comment(text, at, postgres);
        else if (c == '$' && !(postgres && at > 0 && in_word(text.data[at - 1])))
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
