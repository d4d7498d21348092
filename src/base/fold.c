#include "base/fold.h"
#include "base/utf8.h"
#include <string.h>

/* From U+00C0 on; '.' for what is no letter or written with two. */
static const char plain[] =
    "aaaaaa.ceeeeiiiidnooooo.ouuuuyt.aaaaaa.ceeeeiiiidnooooo.ouuuuyty" /* Latin-1 */
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkk"        /* Latin Extended-A */
    "llllllllllnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
enum { FIRST = 0xC0, LAST = 0x17F };
_Static_assert(sizeof plain == LAST - FIRST + 2, "one for each letter");

static const char *pair_of(uint32_t c) {
    switch (c) {
    case 0xC6:
    case 0xE6:
        return "ae";
    case 0xDF:
        return "ss";
    case 0x132:
    case 0x133:
        return "ij";
    case 0x152:
    case 0x153:
        return "oe";
    default:
        return NULL;
    }
}

/* 0 for a letter that goes: accents that follow the letter they belong to. */
static uint32_t lower(uint32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= FIRST && c <= LAST && plain[c - FIRST] != '.')
        return (unsigned char)plain[c - FIRST];
    if (c == 0x401 || c == 0x451) /* ё is mostly written е */
        return 0x435;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c == 0x490)
        return 0x491;
    if (c == 0x2019 || c == 0x2BC || c == 0x60 || c == 0xB4)
        return '\'';
    return c >= 0x300 && c <= 0x36F ? 0 : c;
}

size_t fold_text(struct slice text, char *ret_bytes) {
    size_t size = 0;
    while (text.size > 0) {
        uint32_t c;
        size_t length = utf8_decode(text, &c);
        const char *pair = length > 0 ? pair_of(c) : NULL;
        if (pair) {
            memcpy(ret_bytes + size, pair, 2);
            size += 2;
        } else if (length > 0 && (c = lower(c)) != 0) {
            size += utf8_encode(c, ret_bytes + size);
        }
        text = slice_from(text, length > 0 ? length : 1);
    }
    return size;
}
