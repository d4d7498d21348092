#include "base/arena.h"
#include "base/memory.h"
#include <assert.h>
#include <stdalign.h>

enum { LARGEST_BLOCK = 64 * 1024 };

struct block {
    struct block *next;
    size_t capacity;
    size_t used;
    alignas(max_align_t) char data[];
};

struct arena {
    struct block *newest;
    size_t total;
    alignas(max_align_t) struct block first;
};

struct arena *arena_create(size_t first_block) {
    struct arena *arena = memory_allocate(sizeof *arena + first_block);
    arena->first.next = NULL;
    arena->first.capacity = first_block;
    arena->first.used = 0;
    arena->newest = &arena->first;
    arena->total = sizeof *arena + first_block;
    return arena;
}

void arena_destroy(struct arena *arena) {
    if (!arena)
        return;
    struct block *block = arena->newest;
    while (block != &arena->first) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

static void grow(struct arena *arena, size_t size) {
    size_t capacity = arena->newest->capacity * 2;
    if (capacity > LARGEST_BLOCK)
        capacity = LARGEST_BLOCK;
    if (capacity < size)
        capacity = size;
    if (capacity > SIZE_MAX - sizeof(struct block))
        memory_exhausted(size);
    struct block *block = memory_allocate(sizeof *block + capacity);
    block->next = arena->newest;
    block->capacity = capacity;
    block->used = 0;
    arena->newest = block;
    arena->total += sizeof *block + capacity;
}

static void *take(struct arena *arena, size_t size) {
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        memory_exhausted(size);
    size = (size + align - 1) & ~(align - 1);
    if (arena->newest->capacity - arena->newest->used < size)
        grow(arena, size);
    void *memory = arena->newest->data + arena->newest->used;
    arena->newest->used += size;
    return memory;
}

void *arena_allocate(struct arena *arena, size_t size) {
    return memset(take(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        memory_exhausted(SIZE_MAX);
    return arena_allocate(arena, total);
}

struct slice arena_copy(struct arena *arena, struct slice bytes) {
    return (struct slice){arena_string(arena, bytes), bytes.size};
}

char *arena_string(struct arena *arena, struct slice bytes) {
    if (bytes.size == SIZE_MAX)
        memory_exhausted(bytes.size);
    char *copy = take(arena, bytes.size + 1);
    if (bytes.size)
        memcpy(copy, bytes.data, bytes.size);
    copy[bytes.size] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(size >= 0);
    char *text = take(arena, (size_t)size + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_used(const struct arena *arena) {
    return arena->total;
}
