/* Splitting any bytes into passages keeps every promise of chat/knowledge.h. */
#include "base/arena.h"
#include "base/utf8.h"
#include "chat/knowledge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_create(1024);
    struct store_passage *passages;
    size_t count;
    knowledge_split((struct slice){(const char *)data, size}, arena, &passages, &count);
    for (size_t i = 0; i < count; i++) {
        const struct store_passage *passage = &passages[i];
        bool code = slice_find(passage->text, SLICE("```")) != SIZE_MAX ||
                    slice_find(passage->text, SLICE("~~~")) != SIZE_MAX;
        if (passage->text.size == 0 || passage->title.size > KNOWLEDGE_TITLE_SIZE ||
            passage->text.size > (code ? KNOWLEDGE_CODE_SIZE : KNOWLEDGE_PASSAGE_SIZE) ||
            !utf8_valid(passage->text) || !utf8_valid(passage->title))
            __builtin_trap();
    }
    arena_destroy(arena);
    return 0;
}
