/* A growable run of bytes that its owner frees with buffer_finish. Zero-initialised memory is a
 * valid, empty buffer. Growing doubles the capacity; out of memory ends the process. */
#pragma once
#include "base/slice.h"
#include <stdarg.h>

struct buffer {
    char *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
};

void buffer_finish(struct buffer *buffer); /* frees; the buffer is empty and usable again */
void buffer_clear(struct buffer *buffer);  /* forgets the content, keeps the memory */
/* Makes room for `more` bytes and returns where they go; set `size` after writing them. */
char *buffer_reserve(struct buffer *buffer, size_t more);
void buffer_append(struct buffer *buffer, struct slice bytes);
void buffer_append_string(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_append_int64(struct buffer *buffer, int64_t value); /* decimal */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Drops the first `count` bytes. */
void buffer_consume(struct buffer *buffer, size_t count);
struct slice buffer_slice(const struct buffer *buffer);
/* NUL-terminated view, valid until the next change. */
const char *buffer_string(struct buffer *buffer);
