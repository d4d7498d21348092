#include "model/tokens.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "model/tokens_merge.h"
#include "model/tokens_scan.h"

/* Pieces that are more than one token, as they were encoded last. One cache line each. */
enum { KEPT_SIZE_MAX = 30, KEPT_IDS_MAX = 8, KEPT_BITS = 13 };
struct kept {
    uint8_t size; /* 0: unused */
    uint8_t count;
    uint8_t bytes[KEPT_SIZE_MAX];
    uint32_t ids[KEPT_IDS_MAX];
};

struct tokens {
    struct tokens_tables tables;
    struct tokens_classes classes;
    tokens_scan *scan;
    struct tokens_merge merge;
    struct kept kept[1 << KEPT_BITS];
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

static uint64_t load(const uint8_t *bytes, size_t size) {
    uint64_t word = 0;
    memcpy(&word, bytes, size);
    return word;
}

/* Of 2 to KEPT_SIZE_MAX bytes. */
static struct kept *kept_of(struct tokens *tokens, const uint8_t *bytes, size_t size) {
    uint64_t hash = size;
    for (; size > 8; bytes += 8, size -= 8)
        hash = (hash ^ load(bytes, 8)) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 32) ^ load(bytes, size)) * UINT64_C(0x9E3779B97F4A7C15);
    return &tokens->kept[hash >> (64 - KEPT_BITS)];
}

static void append_merged(const struct tokens_merge *merge, size_t count, struct buffer *ids) {
    uint32_t *to = (uint32_t *)(void *)buffer_reserve(ids, count * sizeof *to);
    for (size_t i = 0; i < count; i++)
        to[i] = merge->tokens[i] & TOKENS_MERGE_ID;
    ids->size += count * sizeof *to;
}

/* A piece of several tokens: how many; their ids go to `ids` unless that is NULL. */
static size_t encode_piece(struct tokens *tokens, const uint8_t *bytes, size_t size,
                           struct buffer *ids) {
    struct kept *kept = NULL;
    if (size <= KEPT_SIZE_MAX) {
        kept = kept_of(tokens, bytes, size);
        if (kept->size == size && memcmp(kept->bytes, bytes, size) == 0) {
            if (ids)
                buffer_append(
                    ids, (struct slice){(const char *)kept->ids, kept->count * sizeof(uint32_t)});
            return kept->count;
        }
    }
    size_t count = tokens_merge_piece(&tokens->merge, &tokens->tables, bytes, size);
    if (ids)
        append_merged(&tokens->merge, count, ids);
    if (kept && count <= KEPT_IDS_MAX) {
        kept->size = (uint8_t)size;
        kept->count = (uint8_t)count;
        memcpy(kept->bytes, bytes, size);
        for (size_t i = 0; i < count; i++)
            kept->ids[i] = tokens->merge.tokens[i] & TOKENS_MERGE_ID;
    }
    return count;
}

static inline size_t encode(struct tokens *tokens, struct slice text, struct buffer *ids) {
    const uint8_t *p = (const uint8_t *)text.data, *end = p + text.size;
    size_t count = 0;
    while (p < end) {
        const uint8_t *next = tokens->scan(&tokens->classes, p, end);
        int32_t whole = tokens_whole(tokens->tables.units, p, (size_t)(next - p));
        if (whole == TOKENS_NONE) {
            count += encode_piece(tokens, p, (size_t)(next - p), ids);
        } else {
            count++;
            if (ids)
                buffer_append(ids, (struct slice){(const char *)&whole, sizeof whole});
        }
        p = next;
    }
    return count;
}

size_t tokens_count(struct tokens *tokens, struct slice text) {
    return text.size ? encode(tokens, text, NULL) : 0;
}

void tokens_encode(struct tokens *tokens, struct slice text, struct buffer *ids) {
    if (text.size)
        encode(tokens, text, ids);
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
