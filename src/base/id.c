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

static unsigned __int128 random_bits(size_t bytes) {
    unsigned char random[10];
    unsigned __int128 value = 0;
    id_random(random, bytes);
    for (size_t i = 0; i < bytes; i++)
        value |= (unsigned __int128)random[i] << (8 * i);
    return value;
}

/* The first of a millisecond leaves its top bit free, so that those after it, each a random step
 * further, cannot run over into the next one. */
struct id id_create(void) {
    static _Thread_local unsigned __int128 last;
    uint64_t now = (uint64_t)clock_wall_ms();
    if ((uint64_t)(last >> 80) == now)
        last += 1 + random_bits(8);
    else
        last = (unsigned __int128)now << 80 | random_bits(10) >> 1;
    return print(last);
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
