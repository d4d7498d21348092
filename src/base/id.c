#include "base/id.h"
#include "base/clock.h"
#include "base/memory.h"
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void id_random(void *ret_bytes, size_t size) {
    /* Asked for in small pieces per thread: a system call per id would show on the hot path. */
    static _Thread_local unsigned char pool[256];
    static _Thread_local size_t left;
    unsigned char *out = ret_bytes;
    while (size > 0) {
        if (left == 0) {
            if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
                abort(); /* cannot happen: up to 256 bytes come whole once the kernel is seeded */
            left = sizeof pool;
        }
        size_t part = size < left ? size : left;
        memcpy(out, pool + sizeof pool - left, part);
        memset(pool + sizeof pool - left, 0, part);
        left -= part;
        out += part;
        size -= part;
    }
}

static struct id print(unsigned __int128 value) {
    struct id id;
    for (int i = ID_SIZE - 1; i >= 0; i--) {
        id.text[i] = alphabet[(unsigned)(value & 31)];
        value >>= 5;
    }
    id.text[ID_SIZE] = '\0';
    return id;
}

struct id id_create(void) {
    unsigned char random[10];
    id_random(random, sizeof random);
    unsigned __int128 value = (unsigned __int128)(uint64_t)clock_wall_ms() << 80;
    for (size_t i = 0; i < sizeof random; i++)
        value |= (unsigned __int128)random[i] << (8 * i);
    return print(value);
}

struct id id_first(int64_t wall_ms) {
    return print((unsigned __int128)(uint64_t)(wall_ms > 0 ? wall_ms : 0) << 80);
}

bool id_valid(struct slice text) {
    if (text.size != ID_SIZE)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c == '\0' || !strchr(alphabet, c))
            return false;
    }
    return true;
}

struct slice id_slice(const struct id *id) {
    return (struct slice){id->text, ID_SIZE};
}
