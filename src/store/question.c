#include "store/question.h"
#include "base/utf8.h"
#include "store/stopwords.h"
#include <string.h>

enum { SCAN_SIZE_MAX = 4096, SCAN_WORDS_MAX = 256, PREFIX_LETTERS = 4 };

/* A word as written and as compared: lower case, without accents. */
struct word {
    struct slice text;
    char folded[QUESTION_WORD_SIZE_MAX + 1];
    size_t folded_size;
};

struct words {
    struct word list[SCAN_WORDS_MAX];
    size_t count;
};

/* Ranges that hold no letters or digits; all else above ASCII counts as a letter, which does no
 * harm: the index drops what it takes for punctuation. */
static const struct {
    uint32_t first, last;
} separators[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},       {0xBB, 0xBF},     {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x37E, 0x37E},   {0x387, 0x387},     {0x55A, 0x55F},   {0x589, 0x58A},
    {0x5BE, 0x5BE},   {0x5F3, 0x5F4},   {0x60C, 0x60D},     {0x61B, 0x61F},   {0x66A, 0x66D},
    {0x6D4, 0x6D4},   {0x964, 0x965},   {0xE3F, 0xE3F},     {0x2000, 0x206F}, {0x20A0, 0x20CF},
    {0x2190, 0x245F}, {0x2500, 0x2BFF}, {0x3000, 0x3004},   {0x3008, 0x3020}, {0x3030, 0x3030},
    {0x30FB, 0x30FB}, {0xFE10, 0xFE6F}, {0xFF00, 0xFF0F},   {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF},
};

static bool is_word_part(uint32_t code_point) {
    if (code_point < 0x80)
        return (code_point >= '0' && code_point <= '9') ||
               (code_point >= 'a' && code_point <= 'z') || (code_point >= 'A' && code_point <= 'Z');
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
        if (code_point >= separators[i].first && code_point <= separators[i].last)
            return false;
    return true;
}

/* U+00C0 to U+017F without their marks; a dot where the letter has no plain form. */
static const char plain_letters[] = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.."
                                    "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
                                    "aaaaaaccccccccddddeeeeeeeeeegggg"
                                    "gggghhhhiiiiiiiiii..jjkk.lllllll"
                                    "lllnnnnnn...oooooo..rrrrrrssssss"
                                    "ssttttttuuuuuuuuuuuuwwyyyzzzzzz.";

static size_t fold(uint32_t code_point, struct slice written, char *out) {
    char plain = '.';
    if (code_point < 0x80)
        plain = (char)(code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point);
    else if (code_point >= 0xC0 && code_point < 0xC0 + sizeof plain_letters - 1)
        plain = plain_letters[code_point - 0xC0];
    if (plain != '.') {
        *out = plain;
        return 1;
    }
    memcpy(out, written.data, written.size);
    return written.size;
}

/* The next word of `rest`, cut where it is too long. False at the end. */
static bool next_word(struct slice *rest, struct word *ret_word) {
    const char *start = NULL;
    size_t size = 0;
    ret_word->folded_size = 0;
    while (rest->size > 0) {
        uint32_t code_point;
        size_t step = utf8_decode(*rest, &code_point);
        bool part = step > 0 && is_word_part(code_point);
        if (!part && start)
            break;
        if (part) {
            if (size + step > QUESTION_WORD_SIZE_MAX)
                break; /* the rest of it becomes a word of its own */
            start = start ? start : rest->data;
            size += step;
            ret_word->folded_size += fold(code_point, slice_first(*rest, step),
                                          ret_word->folded + ret_word->folded_size);
        }
        *rest = slice_from(*rest, step ? step : 1);
    }
    ret_word->folded[ret_word->folded_size] = '\0';
    ret_word->text = (struct slice){start, size};
    return start != NULL;
}

static struct slice folded_of(const struct word *word) {
    return (struct slice){word->folded, word->folded_size};
}

/* Letters left when the endings are off that the index takes off, roughly: "cars" must not find
 * "card". */
static bool worth_a_prefix(struct slice folded) {
    static const char *const endings[] = {"ings", "ing", "ies", "ed", "es", "ly", "s"};
    size_t letters = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (slice_ends_with(folded, slice_of(endings[i]))) {
            folded.size -= strlen(endings[i]);
            break;
        }
    }
    for (size_t i = 0; i < folded.size; i++)
        letters += ((unsigned char)folded.data[i] & 0xC0) != 0x80;
    return letters >= PREFIX_LETTERS;
}

static bool known(const struct word *const *kept, size_t count, const struct word *word) {
    for (size_t i = 0; i < count; i++)
        if (slice_equal(folded_of(kept[i]), folded_of(word)))
            return true;
    return false;
}

static bool is_single_letter(const struct word *word) {
    return word->folded_size == 1 && !(word->folded[0] >= '0' && word->folded[0] <= '9');
}

static const struct stopwords *language_of(const struct words *words) {
    size_t most = 0;
    const struct stopwords *best = &stopwords_lists[0];
    for (size_t i = 0; i < STOPWORDS_LANGUAGES; i++) {
        size_t hits = 0;
        for (size_t j = 0; j < words->count; j++)
            hits += stopwords_has(&stopwords_lists[i], folded_of(&words->list[j]), SLICE(""));
        if (hits > most) {
            most = hits;
            best = &stopwords_lists[i];
        }
    }
    return best;
}

/* With `language` NULL every word is kept. */
static void keep_words(const struct words *words, const struct stopwords *language,
                       struct question *question) {
    const struct word *kept[QUESTION_WORDS_MAX];
    size_t count = 0;
    struct slice before = SLICE("");
    for (size_t i = 0; i < words->count && count < QUESTION_WORDS_MAX; i++) {
        const struct word *word = &words->list[i];
        bool common = language &&
                      (is_single_letter(word) || stopwords_has(language, folded_of(word), before));
        before = folded_of(word);
        if (!common && !known(kept, count, word))
            kept[count++] = word;
    }
    for (size_t i = 0; i < count; i++)
        question->words[i] =
            (struct question_word){kept[i]->text, worth_a_prefix(folded_of(kept[i]))};
    question->count = count;
}

void question_read(struct slice text, struct question *ret_question) {
    struct words words;
    words.count = 0;
    struct slice rest = slice_first(text, SCAN_SIZE_MAX);
    while (words.count < SCAN_WORDS_MAX && next_word(&rest, &words.list[words.count]))
        words.count++;
    ret_question->count = 0;
    keep_words(&words, language_of(&words), ret_question);
    if (ret_question->count == 0)
        keep_words(&words, NULL, ret_question);
}
