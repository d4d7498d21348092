/* malloc that does not return NULL: running out of memory ends the process with a message, because
 * every input has a cap and there is nothing sensible left to do. Release with free(). Thread-safe.
 */
#pragma once
#include <stddef.h>

void *memory_allocate(size_t size);             /* uninitialised */
void *memory_zeroed(size_t count, size_t size); /* zero-filled array */
void *memory_resize(void *old, size_t size);
char *memory_string(const char *text); /* strdup; NULL gives NULL */
_Noreturn void memory_exhausted(size_t wanted);
