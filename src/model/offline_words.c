#include "model/offline_words.h"
#include "base/arena.h"
#include "base/day_words.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "model/offline_terms.h"
#include "model/offline_values.h"

enum { WORDS_MAX = 160, WORD_MAX = 64, GREETING_WORDS = 2 };

/* --- cutting --- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_mark(uint32_t c) {
    return (c < 0x80 && strchr(" \t\r\n,!?;()[]{}\"<>*|\\=&+^~", (int)c) != NULL) ||
           (c >= 0xA0 && c <= 0xBF && c != 0xA3 && c != 0xB4) || /* ¿ « and so on, not £ */
           (c >= 0x2000 && c <= 0x206F && c != 0x2019 && c != 0x2010 && c != 0x2011) ||
           c == 0x2116 || (c >= 0x3000 && c <= 0x3020) || (c >= 0xFF00 && c <= 0xFF0F);
}

static bool is_edge(char c) {
    return strchr(".:'-#/_`", c) != NULL && c != '\0';
}

/* A comma between digits belongs to the number. */
static bool is_within_number(struct slice text, size_t at) {
    return text.data[at] == ',' && at > 0 && is_digit(text.data[at - 1]) && at + 1 < text.size &&
           is_digit(text.data[at + 1]);
}

static size_t word_size(struct slice text) {
    size_t size = 0;
    while (size < text.size) {
        uint32_t c;
        size_t length = utf8_decode(slice_from(text, size), &c);
        if (length == 0 || (is_mark(c) && !is_within_number(text, size)))
            break;
        size += length;
    }
    return size;
}

static struct slice without_edges(struct slice word) {
    while (word.size > 0 && is_edge(word.data[word.size - 1]))
        word = slice_first(word, word.size - 1);
    while (word.size > 0 && is_edge(word.data[0]))
        word = slice_from(word, 1);
    return word;
}

static void add(struct offline_words *words, struct slice text, struct arena *arena) {
    text = without_edges(text);
    if (text.size == 0 || text.size > WORD_MAX || words->count == WORDS_MAX)
        return;
    struct offline_word *word = &words->list[words->count++];
    char *low = arena_allocate(arena, text.size + 1);
    *word = (struct offline_word){.text = text, .low = {low, fold_text(text, low)}};
}

/* "Dienstagnachmittag" is two words, "l'ordre" and "where's" are. */
static size_t first_part(struct slice word) {
    static const char *const ends[] = {"vormittag", "vormittags", "nachmittag", "nachmittags",
                                       "mittag",    "mittags",    "morgen",     "abend",
                                       "abends",    "fr\u00FCh"};
    int day;
    size_t apostrophe = slice_find(word, SLICE("'"));
    if (apostrophe == SIZE_MAX)
        apostrophe = slice_find(word, SLICE("\u2019"));
    if (apostrophe != SIZE_MAX && (unsigned char)word.data[0] < 0x80 && !day_word(word, &day))
        return apostrophe;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (word.size > end &&
            slice_equal_nocase(slice_from(word, word.size - end), slice_of(ends[i])) &&
            day_word(slice_first(word, word.size - end), &day))
            return word.size - end;
    }
    return word.size;
}

static void add_question_word(struct offline_words *words, struct slice text, struct arena *arena) {
    text = without_edges(text);
    size_t size = first_part(text);
    add(words, slice_first(text, size), arena);
    if (size == text.size)
        return;
    bool apostrophe = text.data[size] == '\'' || (unsigned char)text.data[size] == 0xE2;
    struct slice rest = slice_from(text, size);
    if (apostrophe)
        rest = slice_from(rest, rest.data[0] == '\'' ? 1 : 3);
    add(words, rest, arena);
}

static struct offline_words cut(struct slice text, struct arena *arena,
                                void (*each)(struct offline_words *, struct slice,
                                             struct arena *)) {
    size_t most = text.size < WORDS_MAX ? text.size + 1 : WORDS_MAX; /* each has a byte at least */
    struct offline_words words = {arena_array(arena, most, sizeof *words.list), 0};
    while (text.size > 0 && words.count < WORDS_MAX) {
        size_t size = word_size(text);
        uint32_t c;
        each(&words, slice_first(text, size), arena);
        text = slice_from(text, size);
        size_t mark = utf8_decode(text, &c);
        text = slice_from(text, mark > 0 ? mark : 1);
    }
    return words;
}

static bool is_letter(struct slice low) {
    return low.size == 1 || (low.size == 2 && (unsigned char)low.data[0] >= 0x80);
}

struct offline_words offline_words_of_question(struct slice text, struct arena *arena) {
    struct offline_words words = cut(text, arena, add_question_word);
    offline_values_find(&words);
    for (size_t i = 0; i < words.count; i++) {
        struct offline_word *word = &words.list[i];
        if (word->kind != OFFLINE_WORD)
            continue;
        word->common = is_letter(word->low) || offline_term_is(TERM_COMMON, word->low);
        word->about = word->common ? 0 : offline_term_about(word->low);
    }
    return words;
}

struct offline_words offline_words_copy(const struct offline_words *words, struct arena *arena) {
    struct offline_words copy = {arena_array(arena, words->count + 1, sizeof *copy.list),
                                 words->count};
    if (words->count > 0)
        memcpy(copy.list, words->list, words->count * sizeof *copy.list);
    return copy;
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static void add_tool_word(struct offline_words *words, struct slice text, struct arena *arena) {
    size_t from = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool divides = strchr("_-/.:'", c) != NULL && c != '\0';
        bool hump = i > from && is_upper(c) && text.data[i - 1] >= 'a' && text.data[i - 1] <= 'z';
        if (!divides && !hump)
            continue;
        add(words, slice_first(slice_from(text, from), i - from), arena);
        from = divides ? i + 1 : i;
    }
    add(words, slice_from(text, from), arena);
}

struct offline_words offline_words_of_tool(struct slice text, struct arena *arena) {
    return cut(text, arena, add_tool_word);
}

/* --- the whole --- */

bool offline_words_ask(const struct offline_words *question) {
    for (size_t i = 0; i < question->count && i < GREETING_WORDS; i++)
        if (question->list[i].kind == OFFLINE_WORD &&
            offline_term_is(TERM_ASKING, question->list[i].low))
            return true;
    return false;
}

bool offline_words_mine(const struct offline_words *question) {
    for (size_t i = 0; i < question->count; i++)
        if (offline_term_is(TERM_MINE, question->list[i].low))
            return true;
    return false;
}

static size_t words_in(const struct offline_words *question, struct slice language) {
    size_t count = 0;
    for (size_t i = 0; i < question->count; i++)
        count += offline_term_is_in(language, question->list[i].low);
    return count;
}

struct slice offline_words_language(const struct offline_words *question) {
    struct slice best = SLICE("en");
    size_t most = words_in(question, best);
    const char *name;
    for (size_t i = 0; (name = offline_term_language(i)); i++) {
        size_t count = words_in(question, slice_of(name));
        if (count > most) {
            best = slice_of(name);
            most = count;
        }
    }
    return best;
}
