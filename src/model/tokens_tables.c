#include "model/tokens_tables.h"
#include "model/tokens_blob.h"

/* As a C array the tables would take the compiler a minute. */
__asm__(".pushsection .rodata, \"a\"\n"
        ".balign 64\n"
        ".globl tokens_blob\n"
        ".hidden tokens_blob\n"
        "tokens_blob: .incbin \"" TOKENS_BLOB "\"\n"
        ".popsection\n");
extern const char tokens_blob[] __attribute__((visibility("hidden"), aligned(64)));

/* How the blob begins, as script/tokens.d/generate.mjs writes it; places count from the start. */
struct directory {
    uint32_t magic;
    struct {
        uint32_t count, units_at, parts_at, slots_at, filter_at, bits;
    } encodings[TOKENS_ENCODINGS];
    uint32_t pages_at, classes_at;
};

static const void *at(uint32_t place) {
    return tokens_blob + place;
}

static const struct directory *directory(void) {
    return at(0);
}

struct tokens_tables tokens_tables(enum tokens_encoding encoding) {
    const struct directory *all = directory();
    return (struct tokens_tables){
        .count = all->encodings[encoding].count,
        .units = at(all->encodings[encoding].units_at),
        .parts = at(all->encodings[encoding].parts_at),
        .slots = at(all->encodings[encoding].slots_at),
        .filter = at(all->encodings[encoding].filter_at),
        .bits = all->encodings[encoding].bits,
    };
}

struct tokens_classes tokens_classes(void) {
    return (struct tokens_classes){
        .pages = at(directory()->pages_at),
        .classes = at(directory()->classes_at),
    };
}
