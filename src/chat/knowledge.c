#include "chat/knowledge.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/utf8.h"

/* "#" to "######", and below them what only looks like a heading. */
enum { LEVELS = 7, LEVEL_LINE = 7, HEADING_SIZE = 120 };

enum block_kind { PARAGRAPH, LIST, CODE };

struct splitter {
    struct arena *arena;
    struct slice rest;      /* lines not looked at yet */
    struct buffer passages; /* struct store_passage */
    struct slice headings[LEVELS];
    struct slice title; /* the headings joined; empty data when to be made anew */
    struct buffer text; /* of the passage being filled */
    size_t last_at;     /* where its last block begins */
    enum block_kind last_kind;
};

/* --- lines --- */

static struct slice first_line(struct slice text) {
    size_t end = slice_find_byte(text, '\n');
    return end == SIZE_MAX ? text : slice_first(text, end);
}

static struct slice after_line(struct slice text, struct slice line) {
    return slice_from(text, line.size + 1);
}

static bool is_blank(struct slice line) {
    return slice_trim(line).size == 0;
}

static size_t indent_of(struct slice line) {
    size_t indent = 0;
    for (; indent < line.size && (line.data[indent] == ' ' || line.data[indent] == '\t'); indent++)
        if (line.data[indent] == '\t')
            return 4;
    return indent;
}

static size_t run_of(struct slice text, char byte) {
    size_t size = 0;
    while (size < text.size && text.data[size] == byte)
        size++;
    return size;
}

static bool is_run_of(struct slice line, char byte, size_t least) {
    line = slice_trim(line);
    return line.size >= least && run_of(line, byte) == line.size;
}

/* The length of "```" or "~~~" at the start of a line, or 0. */
static size_t fence_of(struct slice line) {
    if (indent_of(line) > 3)
        return 0;
    line = slice_trim(line);
    size_t size = line.size ? run_of(line, line.data[0]) : 0;
    return size >= 3 && (line.data[0] == '`' || line.data[0] == '~') ? size : 0;
}

static bool is_list_item(struct slice line) {
    line = slice_trim(line);
    size_t digits = 0;
    while (digits < line.size && line.data[digits] >= '0' && line.data[digits] <= '9')
        digits++;
    if (digits > 9 || digits + 1 >= line.size)
        return false;
    char mark = line.data[digits];
    bool marked = digits ? mark == '.' || mark == ')' : mark == '-' || mark == '*' || mark == '+';
    return marked && (line.data[digits + 1] == ' ' || line.data[digits + 1] == '\t');
}

/* "---", "***", "___": a line across the page. */
static bool is_rule(struct slice line) {
    return is_run_of(line, '-', 3) || is_run_of(line, '*', 3) || is_run_of(line, '_', 3);
}

static bool atx_heading(struct slice line, int *ret_level, struct slice *ret_text) {
    if (indent_of(line) > 3)
        return false;
    line = slice_trim(line);
    size_t level = run_of(line, '#');
    struct slice text = slice_from(line, level);
    if (level < 1 || level > 6 || (text.size > 0 && text.data[0] != ' ' && text.data[0] != '\t'))
        return false;
    text = slice_trim(text);
    size_t end = text.size;
    while (end > 0 && text.data[end - 1] == '#')
        end--;
    if (end == 0 || text.data[end - 1] == ' ') /* "# C#" keeps its last byte */
        text = slice_trim(slice_first(text, end));
    *ret_level = (int)level;
    *ret_text = text;
    return true;
}

/* A line that stands alone and is bold as a whole, or asks: "**Do you ship?**", "Q: Do you ship?".
 */
static bool line_heading(struct slice line, struct slice *ret_text) {
    line = slice_trim(line);
    if (slice_starts_with(line, SLICE("Q: "))) {
        *ret_text = slice_trim(slice_from(line, 3));
        return true;
    }
    if (line.size < 5 ||
        !(slice_starts_with(line, SLICE("**")) || slice_starts_with(line, SLICE("__"))))
        return false;
    struct slice mark = slice_first(line, 2);
    struct slice inner = slice_from(slice_first(line, line.size - 2), 2);
    if (!slice_ends_with(line, mark) || slice_find(inner, mark) != SIZE_MAX)
        return false;
    *ret_text = slice_trim(inner);
    return true;
}

/* --- passages --- */

static void join_title(struct splitter *splitter) {
    struct buffer title = {0};
    for (size_t i = 0; i < LEVELS; i++) {
        if (splitter->headings[i].size == 0)
            continue;
        if (title.size > 0)
            buffer_append_string(&title, " > ");
        buffer_append(&title, splitter->headings[i]);
    }
    struct slice whole = buffer_slice(&title);
    splitter->title =
        arena_copy(splitter->arena, slice_first(whole, utf8_cut(whole, KNOWLEDGE_TITLE_SIZE)));
    buffer_finish(&title);
}

static void emit(struct splitter *splitter, struct slice text) {
    text = slice_trim(text);
    if (text.size == 0)
        return;
    if (!splitter->title.data)
        join_title(splitter);
    struct store_passage passage = {.bot = SLICE(""),
                                    .source = SLICE(""),
                                    .title = splitter->title,
                                    .text = arena_copy(splitter->arena, text)};
    buffer_append(&splitter->passages, (struct slice){(const char *)&passage, sizeof passage});
}

static void flush(struct splitter *splitter) {
    emit(splitter, buffer_slice(&splitter->text));
    buffer_clear(&splitter->text);
    splitter->last_at = 0;
}

static void append_block(struct splitter *splitter, enum block_kind kind, struct slice block) {
    if (splitter->text.size > 0)
        buffer_append_string(&splitter->text, "\n\n");
    splitter->last_at = splitter->text.size;
    splitter->last_kind = kind;
    buffer_append(&splitter->text, block);
}

/* "We ship to:" stays with the list that follows: ends the passage before it. */
static void flush_before(struct splitter *splitter, enum block_kind kind, struct slice block) {
    struct slice text = buffer_slice(&splitter->text);
    struct slice last = slice_from(text, splitter->last_at);
    bool leads = kind != PARAGRAPH && splitter->last_kind == PARAGRAPH && splitter->last_at > 0 &&
                 slice_ends_with(last, SLICE(":")) &&
                 last.size + 2 + block.size <= KNOWLEDGE_PASSAGE_SIZE;
    if (!leads) {
        flush(splitter);
        return;
    }
    emit(splitter, slice_first(text, splitter->last_at));
    buffer_consume(&splitter->text, splitter->last_at);
    splitter->last_at = 0;
}

/* --- blocks that are too long --- */

static bool ends_sentence(struct slice text, size_t at) {
    char c = text.data[at];
    if (c == '.' || c == '!' || c == '?')
        return at + 1 < text.size && (text.data[at + 1] == ' ' || text.data[at + 1] == '\n');
    /* the full stop of Chinese and Japanese, which no blank follows */
    return at >= 2 && memcmp(text.data + at - 2, "\xE3\x80\x82", 3) == 0;
}

/* Where to cut a text that is longer than `limit`: behind a line, a sentence or a word, if one ends
 * in the second half. */
static size_t cut_of(struct slice text, size_t limit) {
    size_t sentence = 0, blank = 0;
    for (size_t at = limit; at > limit / 2; at--) {
        char c = text.data[at - 1];
        if (c == '\n')
            return at;
        if (!sentence && ends_sentence(text, at - 1))
            sentence = at;
        if (!blank && c == ' ')
            blank = at;
    }
    return sentence ? sentence : blank ? blank : utf8_cut(text, limit);
}

static void emit_pieces(struct splitter *splitter, struct slice text) {
    while (text.size > KNOWLEDGE_PASSAGE_SIZE) {
        size_t cut = cut_of(text, KNOWLEDGE_PASSAGE_SIZE);
        emit(splitter, slice_first(text, cut));
        text = slice_from(text, cut);
    }
    append_block(splitter, PARAGRAPH, slice_trim(text)); /* what follows may join the last piece */
}

/* Code longer than its limit is cut between lines, and each piece is fenced like the whole. */
static void emit_code(struct splitter *splitter, struct slice code) {
    struct slice opening = first_line(code);
    size_t around = 2 * opening.size + 2;
    if (code.size <= KNOWLEDGE_CODE_SIZE || around > KNOWLEDGE_PASSAGE_SIZE / 2) {
        if (code.size <= KNOWLEDGE_CODE_SIZE)
            emit(splitter, code);
        else
            emit_pieces(splitter, code);
        return;
    }
    struct slice trimmed = slice_trim(opening);
    struct slice closing = slice_first(trimmed, fence_of(opening));
    struct slice inner = after_line(code, opening);
    struct buffer piece = {0};
    while (inner.size > 0) {
        size_t room = KNOWLEDGE_PASSAGE_SIZE - around;
        struct slice part =
            slice_first(inner, inner.size <= room ? inner.size : cut_of(inner, room));
        inner = slice_from(inner, part.size);
        if (is_blank(part))
            continue;
        buffer_clear(&piece);
        buffer_printf(&piece, "%.*s\n%.*s", SLICE_ARG(opening), SLICE_ARG(part));
        if (!slice_ends_with(part, SLICE("\n")))
            buffer_append_byte(&piece, '\n');
        if (!slice_ends_with(slice_trim(part), closing))
            buffer_append(&piece, closing);
        emit(splitter, buffer_slice(&piece));
    }
    buffer_finish(&piece);
}

/* Between items, as many together as fit. */
static void emit_list(struct splitter *splitter, struct slice list) {
    size_t indent = indent_of(first_line(list));
    struct slice part = slice_first(list, 0), at = list;
    while (at.size > 0) {
        struct slice item = slice_first(at, 0);
        do {
            struct slice line = first_line(at);
            item.size += line.size + (line.size < at.size);
            at = after_line(at, line);
        } while (at.size > 0 &&
                 !(is_list_item(first_line(at)) && indent_of(first_line(at)) <= indent));
        if (part.size > 0 && part.size + item.size > KNOWLEDGE_PASSAGE_SIZE) {
            emit_pieces(splitter, part);
            flush(splitter);
            part = item;
        } else {
            part.size += item.size;
        }
    }
    emit_pieces(splitter, part);
    splitter->last_kind = LIST;
}

static void add_block(struct splitter *splitter, enum block_kind kind, struct slice block) {
    while (block.size > 0 && (block.data[0] == '\n' || block.data[0] == '\r'))
        block = slice_from(block, 1);
    while (block.size > 0 && is_blank(slice_from(block, block.size - 1)))
        block.size--;
    if (block.size == 0)
        return;
    if (splitter->text.size > 0 && splitter->text.size + 2 + block.size > KNOWLEDGE_PASSAGE_SIZE)
        flush_before(splitter, kind, block);
    if (splitter->text.size + 2 + block.size <= KNOWLEDGE_PASSAGE_SIZE) {
        append_block(splitter, kind, block);
        return;
    }
    flush(splitter);
    if (kind == CODE)
        emit_code(splitter, block);
    else if (kind == LIST)
        emit_list(splitter, block);
    else
        emit_pieces(splitter, block);
}

static void set_heading(struct splitter *splitter, int level, struct slice text) {
    flush(splitter);
    struct buffer plain = {0};
    text = slice_first(text, utf8_cut(text, HEADING_SIZE));
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '*' && text.data[i] != '`')
            buffer_append_byte(&plain, text.data[i] == '\n' ? ' ' : text.data[i]);
    splitter->headings[level - 1] = arena_copy(splitter->arena, slice_trim(buffer_slice(&plain)));
    for (int below = level; below < LEVELS; below++)
        splitter->headings[below] = SLICE("");
    splitter->title = (struct slice){NULL, 0};
    buffer_finish(&plain);
}

/* --- wrapped lines --- */

static size_t first_word(struct slice line) {
    size_t end = slice_find_byte(line, ' ');
    return end == SIZE_MAX ? line.size : end;
}

/* True where a line was only broken because the next word did not fit: not in an address, a table,
 * or where Markdown asks for a line break. */
static bool is_wrapped(struct slice line, struct slice next, size_t longest) {
    return line.size >= 60 && line.size + 1 + first_word(next) > longest && line.data[0] != '|' &&
           !slice_ends_with(line, SLICE("  ")) && !slice_ends_with(line, SLICE("\\"));
}

/* The paragraph with wrapped lines joined, so that it reads well at any width. */
static struct slice unwrap(struct splitter *splitter, struct slice text) {
    size_t longest = 0;
    for (struct slice at = text; at.size > 0; at = after_line(at, first_line(at)))
        if (first_line(at).size > longest)
            longest = first_line(at).size;
    char *copy = arena_allocate(splitter->arena, text.size + 1);
    memcpy(copy, text.data, text.size);
    for (struct slice at = text; at.size > 0;) {
        struct slice line = first_line(at), next = after_line(at, line);
        if (next.size > 0 && is_wrapped(line, next, longest))
            copy[next.data - text.data - 1] = ' ';
        at = next;
    }
    return (struct slice){copy, text.size};
}

/* --- reading blocks --- */

/* Takes the text up to `end` off the rest. */
static struct slice take_until(struct splitter *splitter, struct slice end) {
    struct slice block = slice_first(splitter->rest, splitter->rest.size - end.size);
    splitter->rest = end;
    return block;
}

static void read_code(struct splitter *splitter) {
    struct slice opening = first_line(splitter->rest);
    size_t fence = fence_of(opening);
    char mark = slice_trim(opening).data[0];
    struct slice at = after_line(splitter->rest, opening);
    while (at.size > 0) {
        struct slice line = first_line(at);
        at = after_line(at, line);
        if (is_run_of(line, mark, fence))
            break;
    }
    add_block(splitter, CODE, take_until(splitter, at));
}

/* A list goes on over a blank line when an item or an indented line follows. */
static void read_list(struct splitter *splitter) {
    struct slice at = splitter->rest;
    int level;
    struct slice text;
    bool after_blank = false;
    while (at.size > 0) {
        struct slice line = first_line(at);
        if (!is_blank(line) &&
            (atx_heading(line, &level, &text) || (is_rule(line) && !is_list_item(line)) ||
             (after_blank && !is_list_item(line) && indent_of(line) < 2)))
            break;
        after_blank = is_blank(line);
        at = after_line(at, line);
    }
    add_block(splitter, LIST, take_until(splitter, at));
}

/* Until a blank line or the start of something else; may turn out to be an underlined heading. */
static void read_paragraph(struct splitter *splitter) {
    struct slice at = splitter->rest, text;
    int level;
    size_t lines = 0;
    while (at.size > 0) {
        struct slice line = first_line(at);
        if (is_blank(line) || atx_heading(line, &level, &text) || fence_of(line))
            break;
        if (lines > 0 && lines <= 2 && (is_run_of(line, '=', 2) || is_run_of(line, '-', 2))) {
            level = slice_trim(line).data[0] == '=' ? 1 : 2;
            struct slice heading = take_until(splitter, at);
            splitter->rest = after_line(splitter->rest, line);
            set_heading(splitter, level, slice_trim(heading));
            return;
        }
        if (lines > 0 && (is_list_item(line) || is_rule(line)))
            break;
        lines++;
        at = after_line(at, line);
    }
    add_block(splitter, PARAGRAPH, unwrap(splitter, take_until(splitter, at)));
}

static void read_block(struct splitter *splitter) {
    struct slice line = first_line(splitter->rest), next = after_line(splitter->rest, line), text;
    int level;
    if (is_blank(line) || is_rule(line)) {
        splitter->rest = next;
    } else if (atx_heading(line, &level, &text)) {
        splitter->rest = next;
        set_heading(splitter, level, text);
    } else if (line_heading(line, &text)) {
        splitter->rest = next;
        set_heading(splitter, LEVEL_LINE, text);
    } else if (slice_starts_with(line, SLICE("<!--"))) {
        size_t end = slice_find(splitter->rest, SLICE("-->"));
        splitter->rest = slice_from(splitter->rest, end == SIZE_MAX ? end : end + 3);
    } else if (fence_of(line)) {
        read_code(splitter);
    } else if (is_list_item(line)) {
        read_list(splitter);
    } else {
        read_paragraph(splitter);
    }
}

/* --- the whole --- */

/* Valid UTF-8 with "\n" at the end of lines and without NUL. */
static struct buffer clean(struct slice text) {
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = slice_from(text, 3);
    struct buffer out = {0};
    utf8_append_clean(&out, text);
    size_t kept = 0;
    for (size_t i = 0; i < out.size; i++) {
        char c = out.data[i];
        if (c == '\r' && i + 1 < out.size && out.data[i + 1] == '\n')
            continue;
        out.data[kept++] = c == '\r' ? '\n' : c == '\0' ? ' ' : c;
    }
    out.size = kept;
    return out;
}

/* "---" on the first line up to the next "---": settings of a site generator, not text. */
static struct slice skip_front_matter(struct slice text) {
    struct slice line = first_line(text);
    if (!slice_is(line, "---"))
        return text;
    for (struct slice at = after_line(text, line); at.size > 0;) {
        line = first_line(at);
        at = after_line(at, line);
        if (slice_is(slice_trim(line), "---"))
            return at;
    }
    return text;
}

void knowledge_split(struct slice text, struct arena *arena, struct store_passage **ret_passages,
                     size_t *ret_count) {
    struct buffer whole = clean(text);
    struct splitter splitter = {.arena = arena, .rest = skip_front_matter(buffer_slice(&whole))};
    for (size_t i = 0; i < LEVELS; i++)
        splitter.headings[i] = SLICE("");
    while (splitter.rest.size > 0)
        read_block(&splitter);
    flush(&splitter);
    size_t count = splitter.passages.size / sizeof(struct store_passage);
    struct store_passage *passages = arena_array(arena, count, sizeof *passages);
    if (count > 0)
        memcpy(passages, splitter.passages.data, splitter.passages.size);
    buffer_finish(&splitter.passages);
    buffer_finish(&splitter.text);
    buffer_finish(&whole);
    *ret_passages = passages;
    *ret_count = count;
}
