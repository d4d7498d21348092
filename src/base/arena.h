/* An arena holds everything that lives as long as one request or one turn, and frees it in one
 * call. Not thread-safe: it belongs to whoever owns the request. Out of memory ends the process. */
#pragma once
#include "base/slice.h"
#include <stdarg.h>

struct arena;

/* `first_block` bytes are taken with the arena itself; later blocks double up to 64 KiB. */
struct arena *arena_create(size_t first_block);
void arena_destroy(struct arena *arena); /* NULL is fine */

void *arena_allocate(struct arena *arena, size_t size); /* aligned for any type, zero-filled */
void *arena_array(struct arena *arena, size_t count,
                  size_t size); /* zero-filled; overflow aborts */
struct slice arena_copy(struct arena *arena,
                        struct slice bytes); /* NUL-terminated behind the end */
char *arena_string(struct arena *arena, struct slice bytes);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena); /* bytes held from the system */
