#include "base/buffer.h"
#include "base/memory.h"
#include <assert.h>

void buffer_finish(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer) {
    buffer->size = 0;
}

char *buffer_reserve(struct buffer *buffer, size_t more) {
    size_t wanted;
    if (__builtin_add_overflow(buffer->size, more, &wanted))
        memory_exhausted(more);
    if (wanted > buffer->capacity || !buffer->data) {
        size_t capacity = buffer->capacity < SIZE_MAX / 2 ? buffer->capacity * 2 : wanted;
        if (capacity < wanted)
            capacity = wanted;
        if (capacity < 64)
            capacity = 64;
        buffer->data = memory_resize(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void buffer_append(struct buffer *buffer, struct slice bytes) {
    if (bytes.size == 0)
        return;
    memcpy(buffer_reserve(buffer, bytes.size), bytes.data, bytes.size);
    buffer->size += bytes.size;
}

void buffer_append_string(struct buffer *buffer, const char *text) {
    buffer_append(buffer, slice_of(text));
}

void buffer_append_byte(struct buffer *buffer, char byte) {
    *buffer_reserve(buffer, 1) = byte;
    buffer->size++;
}

void buffer_append_int64(struct buffer *buffer, int64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        buffer_append_byte(buffer, '-');
    buffer_append(buffer, (struct slice){digits + at, sizeof digits - at});
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) {
    va_list copy;
    va_copy(copy, arguments);
    int size = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    assert(size >= 0);
    vsnprintf(buffer_reserve(buffer, (size_t)size + 1), (size_t)size + 1, format, arguments);
    buffer->size += (size_t)size;
}

void buffer_printf(struct buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
}

void buffer_consume(struct buffer *buffer, size_t count) {
    assert(count <= buffer->size);
    if (count > 0 && count < buffer->size)
        memmove(buffer->data, buffer->data + count, buffer->size - count);
    buffer->size -= count;
}

struct slice buffer_slice(const struct buffer *buffer) {
    return (struct slice){buffer->data, buffer->size};
}

const char *buffer_string(struct buffer *buffer) {
    *buffer_reserve(buffer, 1) = '\0';
    return buffer->data;
}
