/* Steps over the plain bytes of JSON strings eight at a time. For json.c and json_write.c only. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each function makes a word with the top bit set in bytes to stop at. Borrows can set it wrongly
 * in bytes above a true one, but the lowest set bit is always right, and only that one is used. */
#define JSON_SCAN_ONES UINT64_C(0x0101010101010101)
#define JSON_SCAN_HIGH UINT64_C(0x8080808080808080)

static inline uint64_t json_scan_equal(uint64_t word, char byte) {
    uint64_t other = word ^ (JSON_SCAN_ONES * (unsigned char)byte);
    return (other - JSON_SCAN_ONES) & ~other & JSON_SCAN_HIGH;
}

static inline uint64_t json_scan_load(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The first byte that a string cannot hold as it is (quote, backslash, control) or that is not
 * ASCII. */
static inline const char *json_scan_plain(const char *p, const char *end) {
    for (; end - p >= 8; p += 8) {
        uint64_t word = json_scan_load(p);
        uint64_t hit = ((word - JSON_SCAN_ONES * 0x20) & ~word & JSON_SCAN_HIGH) |
                       json_scan_equal(word, '"') | json_scan_equal(word, '\\') |
                       (word & JSON_SCAN_HIGH);
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

/* The first quote or backslash. */
static inline const char *json_scan_quote(const char *p, const char *end) {
    for (; end - p >= 8; p += 8) {
        uint64_t word = json_scan_load(p);
        uint64_t hit = json_scan_equal(word, '"') | json_scan_equal(word, '\\');
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}
