#include "model/tokens_scan.h"

/* Written by hand after these expressions, whose alternatives are tried in order:
 *
 * o200k_base, with U for [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and W for [\p{Ll}\p{Lm}\p{Lo}\p{M}]
 *   [^\r\n\p{L}\p{N}]?U*W+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *   [^\r\n\p{L}\p{N}]?U+W*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *   \p{N}{1,3}
 *    ?[^\s\p{L}\p{N}]+[\r\n/]*
 *   \s*[\r\n]+
 *   \s+(?!\S)
 *   \s+
 * cl100k_base: the same but for
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d)
 *   [^\r\n\p{L}\p{N}]?\p{L}+
 * in place of the first two, and without the slash. */

/* The same as in script/tokens.d/classes.mjs. None of them: what no alternative names. */
enum tokens_class {
    UPPER = 1, /* U */
    LOWER = 2, /* W */
    LETTER = 4,
    NUMBER = 8,
    SPACE = 16,
    LINE_END = 32,
};

struct character {
    unsigned class;
    unsigned size; /* in bytes; 0 at the end of the text */
};

static unsigned class_of(const struct tokens_classes *classes, unsigned page, uint8_t last) {
    return classes->classes[classes->pages[page] * 64U + (last & 0x3F)];
}

static bool follows(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/* One byte that is not UTF-8 counts as a character of no class. */
static struct character read_long(const struct tokens_classes *classes, const uint8_t *p,
                                  size_t left) {
    const struct character malformed = {0, 1};
    if (p[0] < 0xC2 || left < 2 || !follows(p[1]))
        return malformed;
    if (p[0] < 0xE0)
        return (struct character){class_of(classes, p[0] & 0x1FU, p[1]), 2};
    unsigned page = (p[0] & 0x0FU) << 6 | (p[1] & 0x3FU);
    if (left < 3 || !follows(p[2]))
        return malformed;
    if (p[0] < 0xF0) /* nor too long a form, nor a surrogate */
        return page < 0x20 || (page >= 0x360 && page < 0x380)
                   ? malformed
                   : (struct character){class_of(classes, page, p[2]), 3};
    page = page << 6 | (p[2] & 0x3FU);
    if (p[0] > 0xF4 || left < 4 || !follows(p[3]) || page < 0x400 || page >= 0x4400)
        return malformed;
    return (struct character){class_of(classes, page, p[3]), 4};
}

static inline struct character read_character(const struct tokens_classes *classes,
                                              const uint8_t *p, const uint8_t *end) {
    if (p == end)
        return (struct character){0, 0};
    if (*p < 0x80)
        return (struct character){classes->classes[*p], 1};
    return read_long(classes, p, (size_t)(end - p));
}

/* Behind all characters that have one of these classes. */
static const uint8_t *skip(const struct tokens_classes *classes, const uint8_t *p,
                           const uint8_t *end, unsigned wanted) {
    for (;;) {
        struct character next = read_character(classes, p, end);
        if (!(next.class & wanted))
            return p;
        p += next.size;
    }
}

/* The size of 's, 't, 're, 've, 'm, 'll or 'd in any case, or 0. To a regular expression that
 * ignores case the long s is an s. */
static size_t contraction(const uint8_t *p, const uint8_t *end) {
    if (end - p < 2 || p[0] != '\'')
        return 0;
    switch (p[1] | 0x20) {
    case 's':
    case 't':
    case 'm':
    case 'd':
        return 2;
    }
    if (end - p < 3)
        return 0;
    switch (p[1] | 0x20) {
    case 'r':
    case 'v':
        return (p[2] | 0x20) == 'e' ? 3 : 0;
    case 'l':
        return (p[2] | 0x20) == 'l' ? 3 : 0;
    }
    return p[1] == 0xC5 && p[2] == 0xBF ? 3 : 0;
}

/* Up to three numbers; the first is read. */
static const uint8_t *scan_number(const struct tokens_classes *classes, const uint8_t *p,
                                  const uint8_t *end) {
    for (int i = 0; i < 3; i++) {
        struct character next = read_character(classes, p, end);
        if (!(next.class & NUMBER))
            break;
        p += next.size;
    }
    return p;
}

static const uint8_t *scan_space(const struct tokens_classes *classes, const uint8_t *text,
                                 const uint8_t *end) {
    const uint8_t *behind_line = NULL, *last = text, *p = text;
    for (;;) {
        struct character next = read_character(classes, p, end);
        if (!(next.class & SPACE))
            break;
        last = p;
        p += next.size;
        if (next.class & LINE_END)
            behind_line = p;
    }
    if (behind_line)
        return behind_line;
    /* The last blank before something else goes with that. */
    return p == end || last == text ? p : last;
}

/* Everything but words: `first` is no letter, and begins no word either. */
static inline const uint8_t *scan_other(const struct tokens_classes *classes, const uint8_t *text,
                                        const uint8_t *end, struct character first, bool slashes) {
    if (first.class & NUMBER)
        return scan_number(classes, text, end);
    const uint8_t *p = text;
    if (*p == ' ') {
        p++;
        first = read_character(classes, p, end);
    }
    if (!first.size || first.class & (SPACE | LETTER | NUMBER))
        return scan_space(classes, text, end);
    do {
        p += first.size;
        first = read_character(classes, p, end);
    } while (first.size && !(first.class & (SPACE | LETTER | NUMBER)));
    while (p < end && (*p == '\r' || *p == '\n' || (slashes && *p == '/')))
        p++;
    return p;
}

/* U*W+, or else U+; NULL where neither is. What follows U+ then is no W, so this is all of U+W*. */
static const uint8_t *scan_word(const struct tokens_classes *classes, const uint8_t *text,
                                const uint8_t *end, bool *ret_has_lower) {
    const uint8_t *p = text, *behind_lower = NULL;
    struct character next;
    for (;;) {
        next = read_character(classes, p, end);
        if (!(next.class & UPPER))
            break;
        p += next.size;
        if (next.class & LOWER)
            behind_lower = p;
    }
    if (next.class & LOWER)
        behind_lower = p = skip(classes, p + next.size, end, LOWER);
    *ret_has_lower = behind_lower != NULL;
    if (behind_lower)
        return behind_lower;
    return p > text ? p : NULL;
}

static const uint8_t *scan_o200k_any(const struct tokens_classes *classes, const uint8_t *text,
                                     const uint8_t *end) {
    struct character first = read_character(classes, text, end);
    const uint8_t *word = NULL;
    bool has_lower = false;
    if (!(first.class & (LETTER | NUMBER | LINE_END)))
        word = scan_word(classes, text + first.size, end, &has_lower);
    /* A mark may open a word as any other character may, or be a part of it. */
    if (first.class & LETTER || (first.class & LOWER && !has_lower))
        word = scan_word(classes, text, end, &has_lower);
    if (word)
        return word + contraction(word, end);
    return scan_other(classes, text, end, first, true);
}

static const uint8_t *scan_o200k(const struct tokens_classes *classes, const uint8_t *text,
                                 const uint8_t *end) {
    /* Most pieces are a word of ASCII behind a blank. */
    const uint8_t *ascii = classes->classes, *p = text;
    if (*p >= 0x80)
        return scan_o200k_any(classes, text, end);
    if (!(ascii[*p] & (LETTER | NUMBER | LINE_END)))
        p++;
    const uint8_t *word = p;
    while (p < end && *p < 0x80 && ascii[*p] & UPPER)
        p++;
    while (p < end && *p < 0x80 && ascii[*p] & LOWER)
        p++;
    if (p < end && *p >= 0x80)
        return scan_o200k_any(classes, text, end);
    if (p > word)
        return p + contraction(p, end);
    return scan_other(classes, text, end, (struct character){ascii[*text], 1}, true);
}

static const uint8_t *scan_cl100k(const struct tokens_classes *classes, const uint8_t *text,
                                  const uint8_t *end) {
    size_t short_form = contraction(text, end);
    if (short_form)
        return text + short_form;
    struct character first = read_character(classes, text, end), second = first;
    const uint8_t *p = text;
    if (!(first.class & (LETTER | NUMBER | LINE_END))) {
        p += first.size;
        second = read_character(classes, p, end);
    }
    if (second.class & LETTER)
        return skip(classes, p + second.size, end, LETTER);
    return scan_other(classes, text, end, first, false);
}

tokens_scan *tokens_scan_of(enum tokens_encoding encoding) {
    return encoding == TOKENS_O200K_BASE ? scan_o200k : scan_cl100k;
}
