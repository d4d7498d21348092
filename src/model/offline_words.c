#include "model/offline_words.h"
#include "base/arena.h"
#include "base/utf8.h"

enum { WORDS_MAX = 200, WORD_MAX = 64, STEM_LEAST = 4, ENDING_MOST = 3 };

/* --- letters --- */

/* The ranges in which upper and lower case lie at a fixed distance. */
static uint32_t lower(uint32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
        (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c >= 0x100 && c <= 0x137 && c % 2 == 0)
        return c + 1;
    return c == 0x490 ? 0x491 : c;
}

static struct slice lowered(struct slice text, struct arena *arena) {
    char *out = arena_allocate(arena, text.size * 2 + 4);
    size_t size = 0;
    while (text.size > 0) {
        uint32_t c;
        size_t length = utf8_decode(text, &c);
        if (length == 0)
            break;
        size += utf8_encode(lower(c), out + size);
        text = slice_from(text, length);
    }
    return (struct slice){out, size};
}

static bool is_mark(char c) {
    return strchr(" \t\r\n,!?;()[]{}\"<>*_`|/\\", c) != NULL;
}

static bool is_edge(char c) {
    return strchr(".:'-#", c) != NULL;
}

/* --- kinds --- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Counts of digits between separators: "24.11.2026" is 2 2 4. */
static size_t groups(struct slice text, char separator, size_t *ret_sizes, size_t most) {
    size_t count = 0, size = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && is_digit(text.data[i])) {
            size++;
        } else if ((i == text.size || text.data[i] == separator) && size > 0 && count < most) {
            ret_sizes[count++] = size;
            size = 0;
        } else {
            return 0;
        }
    }
    return count;
}

static bool is_date(struct slice text) {
    size_t sizes[3];
    return (groups(text, '-', sizes, 3) == 3 && sizes[0] == 4) ||
           (groups(text, '.', sizes, 3) == 3 && sizes[2] == 4);
}

static bool is_time(struct slice text) {
    size_t sizes[2];
    return groups(text, ':', sizes, 2) == 2 && sizes[0] <= 2 && sizes[1] == 2;
}

/* "1,042", "1.042", "12.50", "12,50": a separator before exactly three digits groups thousands. */
static bool read_number(struct slice text, double *ret_number) {
    double number = 0, place = 0;
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_digit(c)) {
            number = place > 0 ? number + (c - '0') * place : number * 10 + (c - '0');
            place /= 10;
            digits++;
            continue;
        }
        if ((c != ',' && c != '.') || digits == 0 || place > 0 || i + 1 == text.size)
            return false;
        size_t behind = 0;
        while (i + 1 + behind < text.size && is_digit(text.data[i + 1 + behind]))
            behind++;
        if (behind != 3)
            place = 0.1;
    }
    *ret_number = number;
    return digits > 0 && digits <= 15;
}

static bool is_in(struct slice low, const char *const *list) {
    for (size_t i = 0; list[i]; i++)
        if (slice_is(low, list[i]))
            return true;
    return false;
}

static bool is_currency(struct slice low) {
    static const char *const words[] = {
        "€",      "$",      "£",    "eur",    "euro",    "euros",  "dollar", "dollars", "usd",
        "pound",  "pounds", "gbp",  "chf",    "franken", "francs", "uah",    "грн",     "гривень",
        "гривні", "євро",   "евро", "рублей", "zł",      "pln",    "lira",   "₴",       NULL};
    return is_in(low, words);
}

/* "100€", "€100" */
static bool read_money(struct slice low, double *ret_number) {
    static const char *const signs[] = {"€", "$", "£", "₴"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct slice sign = slice_of(signs[i]);
        if (slice_starts_with(low, sign) && read_number(slice_from(low, sign.size), ret_number))
            return true;
        if (slice_ends_with(low, sign) &&
            read_number(slice_first(low, low.size - sign.size), ret_number))
            return true;
    }
    return false;
}

static void classify(struct offline_word *word) {
    size_t at = slice_find_byte(word->text, '@');
    if (at != SIZE_MAX && at > 0 && slice_find_byte(slice_from(word->text, at), '.') != SIZE_MAX)
        word->kind = OFFLINE_EMAIL;
    else if (is_date(word->text))
        word->kind = OFFLINE_DATE;
    else if (is_time(word->text))
        word->kind = OFFLINE_TIME;
    else if (read_number(word->text, &word->number))
        word->kind = OFFLINE_NUMBER;
    else if (read_money(word->low, &word->number))
        word->kind = OFFLINE_MONEY;
}

/* A number beside the word for a currency is money, and the word has said all it can. */
static void join_currencies(struct offline_question *question) {
    for (size_t i = 0; i < question->count; i++) {
        if (!is_currency(question->words[i].low))
            continue;
        question->words[i].used = true;
        struct offline_word *before = i > 0 ? &question->words[i - 1] : NULL;
        struct offline_word *behind = i + 1 < question->count ? &question->words[i + 1] : NULL;
        if (before && before->kind == OFFLINE_NUMBER)
            before->kind = OFFLINE_MONEY;
        else if (behind && behind->kind == OFFLINE_NUMBER)
            behind->kind = OFFLINE_MONEY;
    }
}

struct offline_question offline_words(struct slice text, struct arena *arena) {
    struct offline_question question = {arena_array(arena, WORDS_MAX, sizeof *question.words), 0};
    while (text.size > 0 && question.count < WORDS_MAX) {
        size_t size = 0;
        /* A comma between digits belongs to the number. */
        while (size < text.size &&
               (!is_mark(text.data[size]) ||
                (text.data[size] == ',' && size > 0 && is_digit(text.data[size - 1]) &&
                 size + 1 < text.size && is_digit(text.data[size + 1]))))
            size++;
        struct slice word = slice_first(text, size);
        text = slice_from(text, size > 0 ? size : 1);
        while (word.size > 0 && is_edge(word.data[word.size - 1]))
            word = slice_first(word, word.size - 1);
        while (word.size > 0 && is_edge(word.data[0]))
            word = slice_from(word, 1);
        if (word.size == 0 || word.size > WORD_MAX)
            continue;
        struct offline_word *out = &question.words[question.count++];
        out->text = word;
        out->low = lowered(word, arena);
        classify(out);
    }
    join_currencies(&question);
    return question;
}

/* --- meaning --- */

bool offline_word_is_common(struct slice low) {
    static const char *const words[] = {/* en */ "where",
                                        "when",
                                        "what",
                                        "which",
                                        "with",
                                        "from",
                                        "that",
                                        "this",
                                        "have",
                                        "your",
                                        "many",
                                        "much",
                                        "does",
                                        "please",
                                        "would",
                                        "could",
                                        "like",
                                        "want",
                                        "need",
                                        "there",
                                        "they",
                                        "them",
                                        "will",
                                        "about",
                                        "some",
                                        "tell",
                                        "tells",
                                        "know",
                                        "into",
                                        "the",
                                        "and",
                                        "for",
                                        "are",
                                        "you",
                                        "can",
                                        "how",
                                        "has",
                                        "his",
                                        "her",
                                        "its",
                                        "our",
                                        "out",
                                        "any",
                                        "get",
                                        "got",
                                        "was",
                                        "not",
                                        "but",
                                        "all",
                                        "one",
                                        "give",
                                        "show",
                                        "them",
                                        "named",
                                        "such",
                                        "named",
                                        "where",
                                        /* de */ "bitte",
                                        "eine",
                                        "einen",
                                        "einem",
                                        "einer",
                                        "ist",
                                        "mein",
                                        "meine",
                                        "meinen",
                                        "ich",
                                        "wir",
                                        "sie",
                                        "der",
                                        "die",
                                        "das",
                                        "den",
                                        "dem",
                                        "und",
                                        "für",
                                        "mit",
                                        "von",
                                        "wo",
                                        "wie",
                                        "gibt",
                                        "gerne",
                                        "möchte",
                                        "habe",
                                        "haben",
                                        "welche",
                                        "mir",
                                        "nach",
                                        "zum",
                                        "zur",
                                        "am",
                                        /* fr */ "est",
                                        "mon",
                                        "une",
                                        "des",
                                        "les",
                                        "pour",
                                        "avec",
                                        "dans",
                                        "sur",
                                        "vous",
                                        "nous",
                                        "je",
                                        "le",
                                        "la",
                                        "un",
                                        "de",
                                        "du",
                                        "où",
                                        "ma",
                                        "mes",
                                        "voudrais",
                                        "s'il",
                                        /* es */ "está",
                                        "el",
                                        "los",
                                        "las",
                                        "mi",
                                        "mis",
                                        "una",
                                        "uno",
                                        "por",
                                        "para",
                                        "con",
                                        "del",
                                        "en",
                                        "dónde",
                                        "quiero",
                                        "favor",
                                        "me",
                                        "unos",
                                        "unas",
                                        /* uk, ru */ "де",
                                        "мій",
                                        "моє",
                                        "моя",
                                        "на",
                                        "до",
                                        "для",
                                        "та",
                                        "і",
                                        "й",
                                        "що",
                                        "як",
                                        "мені",
                                        "мене",
                                        "хочу",
                                        "будь",
                                        "ласка",
                                        "где",
                                        "мой",
                                        "и",
                                        "в",
                                        "у",
                                        "з",
                                        "за",
                                        /* it, pt, nl, pl */ "il",
                                        "che",
                                        "di",
                                        "meu",
                                        "minha",
                                        "een",
                                        "het",
                                        "mijn",
                                        "mój",
                                        "moje",
                                        NULL};
    return is_in(low, words);
}

bool offline_word_limits(struct slice low) {
    static const char *const words[] = {
        "under",     "below", "max",     "maximum",   "maximal", "most",   "unter", "bis",
        "höchstens", "moins", "sous",    "menos",     "hasta",   "máximo", "meno",  "sotto",
        "fino",      "menos", "onder",   "tot",       "poniżej", "do",     "до",    "менше",
        "дешевше",   "less",  "cheaper", "günstiger", "weniger", NULL};
    return is_in(low, words);
}

bool offline_words_alike(struct slice a, struct slice b) {
    if (slice_equal(a, b))
        return true;
    struct slice longer = a.size > b.size ? a : b, shorter = a.size > b.size ? b : a;
    size_t same = 0;
    while (same < shorter.size && shorter.data[same] == longer.data[same])
        same++;
    /* In bytes: of two-byte letters twice as many are asked for and let through. */
    size_t scale = shorter.size > 0 && (unsigned char)shorter.data[0] >= 0x80 ? 2 : 1;
    return same >= STEM_LEAST * scale && longer.size - same <= ENDING_MOST * scale &&
           shorter.size - same <= ENDING_MOST * scale;
}
