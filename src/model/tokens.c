#include "model/tokens.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "model/tokens_merge.h"
#include "model/tokens_scan.h"

/* How many tokens the pieces seen last are: texts repeat their words. A short piece is kept as its
 * bytes with its size (4 bits) and count (4 bits) behind them, so that two comparisons tell whether
 * it is the one; a short place has room for two. */
enum { SHORT_MAX = 15, SHORT_BITS = 16 };
enum { LONG_MAX = 62, LONG_BITS = 14 };
struct key {
    uint64_t low, high;
};
struct kept_short {
    struct key keys[2];
};
struct kept_long {
    uint8_t size; /* 0: unused */
    uint8_t count;
    uint8_t bytes[LONG_MAX];
};

struct tokens {
    struct kept_short kept_short[1 << SHORT_BITS];
    struct kept_long kept_long[1 << LONG_BITS];
    struct tokens_tables tables;
    struct tokens_classes classes;
    tokens_scan *scan;
    struct tokens_merge merge;
    unsigned turn; /* which of two keys makes room next */
};

static const char *const names[TOKENS_ENCODINGS] = {"o200k_base", "cl100k_base"};

bool tokens_encoding_find(struct slice name, enum tokens_encoding *ret_encoding) {
    for (unsigned i = 0; i < TOKENS_ENCODINGS; i++)
        if (slice_is(name, names[i])) {
            *ret_encoding = i;
            return true;
        }
    return false;
}

const char *tokens_encoding_name(enum tokens_encoding encoding) {
    return names[encoding];
}

struct tokens *tokens_create(enum tokens_encoding encoding) {
    struct tokens *tokens = memory_zeroed(1, sizeof *tokens);
    tokens->tables = tokens_tables(encoding);
    tokens->classes = tokens_classes();
    tokens->scan = tokens_scan_of(encoding);
    return tokens;
}

void tokens_destroy(struct tokens *tokens) {
    if (!tokens)
        return;
    tokens_merge_finish(&tokens->merge);
    free(tokens);
}

static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The first `size` bytes of 8; the others are 0. */
static inline uint64_t first_bytes(uint64_t word, size_t size) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return size >= 8 ? word : word & ((UINT64_C(1) << (size * 8)) - 1);
}

/* `left` bytes may be read. */
static inline struct key key_of(const uint8_t *bytes, size_t size, size_t left) {
    uint8_t copy[16] = {0};
    if (left < sizeof copy) {
        memcpy(copy, bytes, size);
        bytes = copy;
    }
    return (struct key){
        .low = first_bytes(load(bytes), size),
        .high = (size > 8 ? first_bytes(load(bytes + 8), size - 8) : 0) | (uint64_t)size << 56,
    };
}

static inline uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static inline uint64_t hash_of(const uint8_t *bytes, size_t size) {
    uint64_t hash = size;
    const uint8_t *last = bytes + size - 8;
    for (; bytes < last; bytes += 8)
        hash = mix(hash, load(bytes));
    return mix(hash, load(last));
}

/* A piece of the text, with what is needed to find it among those kept. */
struct piece {
    const uint8_t *bytes;
    size_t size;
    struct key key; /* of a short one */
    union {
        struct kept_short *kept_short;
        struct kept_long *kept_long;
    };
};

static inline size_t piece_size(const struct tokens *tokens, const uint8_t *p, const uint8_t *end) {
    size_t size = tokens_scan_plain(p, end);
    return size ? size : (size_t)(tokens->scan(&tokens->classes, p, end) - p);
}

static inline size_t next_piece(struct tokens *tokens, const uint8_t *p, const uint8_t *end,
                                struct piece *ret_piece) {
    size_t size = piece_size(tokens, p, end);
    ret_piece->bytes = p;
    ret_piece->size = size;
    if (size <= SHORT_MAX) {
        ret_piece->key = key_of(p, size, (size_t)(end - p));
        uint64_t hash = mix(mix(0, ret_piece->key.low), ret_piece->key.high);
        ret_piece->kept_short = &tokens->kept_short[hash & ((1 << SHORT_BITS) - 1)];
        __builtin_prefetch(ret_piece->kept_short);
    } else if (size <= LONG_MAX) {
        ret_piece->kept_long = &tokens->kept_long[hash_of(p, size) & ((1 << LONG_BITS) - 1)];
        __builtin_prefetch(ret_piece->kept_long);
    }
    return size;
}

static size_t count_piece(struct tokens *tokens, const struct piece *piece) {
    return tokens_merge_piece(&tokens->merge, &tokens->tables, piece->bytes, piece->size);
}

static size_t count_new_short(struct tokens *tokens, const struct piece *piece) {
    uint64_t count = count_piece(tokens, piece);
    piece->kept_short->keys[tokens->turn++ % 2] =
        (struct key){piece->key.low, piece->key.high | count << 60};
    return count;
}

static inline uint64_t difference(struct key kept, struct key wanted) {
    const uint64_t without_count = UINT64_MAX >> 4;
    return (kept.low ^ wanted.low) | ((kept.high ^ wanted.high) & without_count);
}

static inline size_t count_short(struct tokens *tokens, const struct piece *piece) {
    /* Both are always looked at: no one could foresee which of the two it is. */
    const struct key *keys = piece->kept_short->keys;
    uint64_t first = difference(keys[0], piece->key), second = difference(keys[1], piece->key);
    if (first && second)
        return count_new_short(tokens, piece);
    return (first ? keys[1].high : keys[0].high) >> 60;
}

static size_t count_long(struct tokens *tokens, const struct piece *piece) {
    struct kept_long *kept = piece->kept_long;
    if (kept->size == piece->size && memcmp(kept->bytes, piece->bytes, piece->size) == 0)
        return kept->count;
    size_t count = count_piece(tokens, piece);
    kept->size = (uint8_t)piece->size;
    kept->count = (uint8_t)count;
    memcpy(kept->bytes, piece->bytes, piece->size);
    return count;
}

size_t tokens_count(struct tokens *tokens, struct slice text) {
    if (!text.size)
        return 0;
    /* Some pieces ahead, so that what is kept of them is on its way from memory meanwhile. */
    enum { AHEAD = 16 };
    struct piece pieces[AHEAD];
    const uint8_t *p = (const uint8_t *)text.data, *end = p + text.size;
    size_t count = 0;
    while (p < end) {
        unsigned n = 0;
        while (p < end && n < AHEAD)
            p += next_piece(tokens, p, end, &pieces[n++]);
        for (unsigned i = 0; i < n; i++) {
            if (pieces[i].size <= SHORT_MAX)
                count += count_short(tokens, &pieces[i]);
            else if (pieces[i].size <= LONG_MAX)
                count += count_long(tokens, &pieces[i]);
            else
                count += count_piece(tokens, &pieces[i]);
        }
    }
    return count;
}

void tokens_encode(struct tokens *tokens, struct slice text, struct buffer *ids) {
    if (!text.size)
        return;
    const uint8_t *p = (const uint8_t *)text.data, *end = p + text.size;
    while (p < end) {
        size_t size = piece_size(tokens, p, end);
        size_t count = tokens_merge_piece(&tokens->merge, &tokens->tables, p, size);
        uint32_t *to = (uint32_t *)(void *)buffer_reserve(ids, count * sizeof *to);
        for (size_t i = 0; i < count; i++)
            to[i] = tokens->merge.tokens[i] & TOKENS_MERGE_ID;
        ids->size += count * sizeof *to;
        p += size;
    }
}

/* Down to the bytes by what each token is merged from. */
static void decode(const struct tokens_tables *tables, uint32_t token, struct buffer *out) {
    /* A token has at most as many parts at once as it has bytes, which are 128. */
    uint32_t open[128];
    size_t count = 0;
    open[count++] = token;
    while (count > 0) {
        token = open[--count];
        const uint32_t *parts = tables->parts[token];
        if (parts[0] & TOKENS_BYTE) {
            buffer_append_byte(out, (char)(parts[0] & 0xFF));
        } else {
            open[count++] = parts[1];
            open[count++] = parts[0];
        }
    }
}

bool tokens_decode(enum tokens_encoding encoding, const uint32_t *ids, size_t count,
                   struct buffer *out) {
    struct tokens_tables tables = tokens_tables(encoding);
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= tables.count)
            return false;
    for (size_t i = 0; i < count; i++)
        decode(&tables, ids[i], out);
    return true;
}

int32_t tokens_find(enum tokens_encoding encoding, struct slice bytes) {
    struct tokens_tables tables = tokens_tables(encoding);
    return tokens_whole(tables.units, (const uint8_t *)bytes.data, bytes.size);
}

size_t tokens_piece(enum tokens_encoding encoding, struct slice text) {
    struct tokens_classes classes = tokens_classes();
    const uint8_t *p = (const uint8_t *)text.data;
    return (size_t)(tokens_scan_of(encoding)(&classes, p, p + text.size) - p);
}
