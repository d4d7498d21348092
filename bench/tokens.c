/* Counts the tokens of texts twice over, for bench/tokens.py; bench/node/tokens.mjs does the same.
 *
 *   bench_tokens ENCODING WARM MEASURE   files of texts with a NUL behind each
 *
 * Prints the tokens of MEASURE, and the seconds that counting them took the first time and again.
 */
#include "model/tokens.h"
#include "base/buffer.h"
#include <time.h>

static bool read_file(const char *path, struct buffer *ret_content) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size;
    do {
        size = fread(buffer_reserve(ret_content, 65536), 1, 65536, file);
        ret_content->size += size;
    } while (size > 0);
    return fclose(file) == 0;
}

static size_t count_all(struct tokens *tokens, struct slice texts) {
    size_t count = 0;
    while (texts.size) {
        size_t size = slice_find_byte(texts, '\0');
        if (size == SIZE_MAX)
            size = texts.size;
        count += tokens_count(tokens, slice_first(texts, size));
        texts = slice_from(texts, size + 1);
    }
    return count;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    enum tokens_encoding encoding;
    struct buffer warm = {0}, measure = {0};
    if (argc != 4 || !tokens_encoding_find(slice_of(argv[1]), &encoding) ||
        !read_file(argv[2], &warm) || !read_file(argv[3], &measure)) {
        fputs("usage: bench_tokens ENCODING WARM MEASURE\n", stderr);
        return 2;
    }
    struct tokens *tokens = tokens_create(encoding);
    count_all(tokens, buffer_slice(&warm));
    double start = seconds();
    size_t count = count_all(tokens, buffer_slice(&measure));
    double first = seconds();
    size_t again = count_all(tokens, buffer_slice(&measure));
    double end = seconds();
    printf("%zu %.9f %.9f\n", count, first - start, end - first);
    tokens_destroy(tokens);
    buffer_finish(&warm);
    buffer_finish(&measure);
    return count == again ? 0 : 1;
}
