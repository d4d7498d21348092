/* Cuts a text into the pieces that are encoded one by one, as the regular expressions of the
 * encodings do. For tokens.c. */
#pragma once
#include "model/tokens_tables.h"
#include <string.h>

/* Where the piece ends that begins at `text`, which lies before `end`. */
typedef const uint8_t *tokens_scan(const struct tokens_classes *classes, const uint8_t *text,
                                   const uint8_t *end);
tokens_scan *tokens_scan_of(enum tokens_encoding encoding);

/* The top bit of each byte that is a small letter of ASCII. */
static inline uint64_t tokens_scan_small(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = word & (ones * 0x7F);
    return (low + ones * (0x80 - 'a')) & ~(low + ones * (0x7F - 'z')) & ~word & (ones * 0x80);
}

/* The size of a piece that is a plain word: small letters of ASCII, with a capital or a blank
 * before them or not, and behind them something of ASCII that neither goes on with the word nor
 * shortens it. 0 for all else. All encodings agree on these. */
static inline size_t tokens_scan_plain(const uint8_t *text, const uint8_t *end) {
    const uint8_t *p = text;
    if (end - p < 19)
        return 0;
    p += *p == ' ';
    p += *p >= 'A' && *p <= 'Z';
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    uint64_t other = ~tokens_scan_small(word) & UINT64_C(0x8080808080808080);
    size_t small;
    if (other) {
        small = (size_t)__builtin_ctzll(other) / 8;
    } else {
        memcpy(&word, p + 8, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        other = ~tokens_scan_small(word) & UINT64_C(0x8080808080808080);
        if (!other)
            return 0;
        small = 8 + (size_t)__builtin_ctzll(other) / 8;
    }
    if (!small)
        return 0;
    p += small;
    /* Small letters have ended. A capital goes on in some encodings, "'" may open a short form. */
    return *p >= 0x80 || *p == '\'' || (*p >= 'A' && *p <= 'Z') ? 0 : (size_t)(p - text);
}
