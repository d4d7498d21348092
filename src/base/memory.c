#include "base/memory.h"

_Noreturn void memory_exhausted(size_t wanted) {
    fprintf(stderr, "switchboard: out of memory (wanted %zu bytes)\n", wanted);
    abort();
}

void *memory_allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory)
        memory_exhausted(size);
    return memory;
}

void *memory_zeroed(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        memory_exhausted(size);
    return memory;
}

void *memory_resize(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        memory_exhausted(size);
    return memory;
}

char *memory_string(const char *text) {
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(memory_allocate(size), text, size);
}
