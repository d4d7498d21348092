/* base/json against jansson: both must take and refuse the same texts and read the same values.
 *
 * Known differences, checked to be just these:
 *  - jansson refuses lone surrogate escapes, \u0000 in keys, and numbers beyond int64 or double; we
 * take the text, and reading such a number fails.
 *  - We refuse what is deeper than JSON_DEPTH_MAX; jansson's limit is higher.
 *  - jansson overlooks a NUL byte behind a number; we refuse it.
 *  - Of members with the same key we find the first and jansson the last.
 *
 * The input may start with a JSON pointer in a line of its own. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "support/jansson_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static bool within(struct slice outer, struct slice inner) {
    return inner.size == 0 ||
           (inner.data >= outer.data && inner.data + inner.size <= outer.data + outer.size);
}

static void compare(struct slice value, const struct tree *tree);

static void compare_numbers(struct slice value, const struct tree *tree) {
    int64_t integer = 0;
    double real = 0;
    if (tree_type(tree) == 'i') {
        REQUIRE(json_read_int64(value, &integer) && integer == tree_integer(tree));
        REQUIRE(json_read_double(value, &real) && real == (double)integer);
        return;
    }
    REQUIRE(json_read_double(value, &real) && real == tree_real(tree));
    if (json_read_int64(value, &integer))
        REQUIRE((double)integer == real);
}

static void compare_strings(struct slice value, const struct tree *tree) {
    struct buffer text = {0};
    struct slice wanted = tree_string(tree), plain = json_plain_string(value);
    REQUIRE(json_read_string(value, &text));
    REQUIRE(slice_equal(buffer_slice(&text), wanted));
    REQUIRE(utf8_valid(wanted));
    REQUIRE(!plain.data || slice_equal(plain, wanted));
    if (!memchr(wanted.data, '\0', wanted.size)) {
        REQUIRE(json_string_is(value, wanted.data));
        buffer_append_byte(&text, 'x');
        REQUIRE(!json_string_is(value, buffer_string(&text)));
    }
    buffer_finish(&text);
}

static void compare_arrays(struct slice value, const struct tree *tree) {
    struct slice element;
    size_t cursor = 0, count = 0;
    while (json_next_element(value, &cursor, &element)) {
        REQUIRE(within(value, element) && count < tree_count(tree));
        compare(element, tree_element(tree, count++));
    }
    REQUIRE(count == tree_count(tree));
}

/* The key's content; its raw text lies between quotes in the input. */
static void read_key(struct slice raw, struct buffer *out) {
    REQUIRE(json_read_string((struct slice){raw.data - 1, raw.size + 2}, out));
}

static bool is_repeated(struct slice object, size_t cursor, struct slice name) {
    struct slice key, value;
    bool found = false;
    while (!found && json_next_member(object, &cursor, &key, &value)) {
        struct buffer other = {0};
        read_key(key, &other);
        found = slice_equal(buffer_slice(&other), name);
        buffer_finish(&other);
    }
    return found;
}

static void compare_objects(struct slice object, const struct tree *tree) {
    struct slice key, value;
    size_t cursor = 0, count = 0;
    while (json_next_member(object, &cursor, &key, &value)) {
        REQUIRE(within(object, key) && within(object, value));
        struct buffer name = {0};
        read_key(key, &name);
        struct slice first = json_get(object, buffer_string(&name));
        REQUIRE(first.data && first.data <= value.data);
        if (!is_repeated(object, cursor, buffer_slice(&name))) {
            struct tree *member = tree_member(tree, buffer_slice(&name));
            REQUIRE(member);
            compare(value, member);
            count++;
        }
        buffer_finish(&name);
    }
    REQUIRE(count == tree_count(tree));
}

static void compare(struct slice value, const struct tree *tree) {
    bool truth;
    REQUIRE(json_validate(value, NULL));
    switch (json_type(value)) {
    case JSON_NULL:
        REQUIRE(tree_type(tree) == 'n');
        break;
    case JSON_BOOLEAN:
        REQUIRE(json_read_bool(value, &truth) && tree_type(tree) == (truth ? 't' : 'f'));
        break;
    case JSON_NUMBER:
        compare_numbers(value, tree);
        break;
    case JSON_STRING:
        REQUIRE(tree_type(tree) == 's');
        compare_strings(value, tree);
        break;
    case JSON_ARRAY:
        REQUIRE(tree_type(tree) == 'a');
        compare_arrays(value, tree);
        break;
    case JSON_OBJECT:
        REQUIRE(tree_type(tree) == 'o');
        compare_objects(value, tree);
        break;
    case JSON_MISSING:
        REQUIRE(!"a value");
    }
}

/* What only jansson refuses must be one of the known cases; everything is read all the same. */
static void read_alone(struct slice value) {
    struct slice key, inner;
    struct buffer text = {0};
    double real;
    int64_t integer;
    bool truth;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &inner)) {
        REQUIRE(within(value, key) && within(value, inner));
        read_alone(inner);
    }
    for (cursor = 0; json_next_element(value, &cursor, &inner);) {
        REQUIRE(within(value, inner));
        read_alone(inner);
    }
    if (json_read_string(value, &text))
        REQUIRE(utf8_valid(buffer_slice(&text)));
    (void)json_read_int64(value, &integer);
    (void)json_read_double(value, &real);
    (void)json_read_bool(value, &truth);
    buffer_finish(&text);
}

static bool is_known(const char *reason) {
    return strstr(reason, "invalid Unicode") || strstr(reason, "too big") ||
           strstr(reason, "real number overflow") || strstr(reason, "NUL byte in object key");
}

static void judge(struct slice text) {
    size_t at = SIZE_MAX;
    char reason[256] = "";
    bool valid = json_validate(text, &at);
    struct tree *tree = tree_parse(text, reason, sizeof reason);
    if (!valid) {
        REQUIRE(at <= text.size);
        REQUIRE(!tree || tree_depth(tree) > JSON_DEPTH_MAX || text.data[at] == '\0');
    } else if (tree) {
        compare(text, tree);
    } else {
        if (!is_known(reason))
            fprintf(stderr, "jansson: %s\n", reason);
        REQUIRE(is_known(reason));
        read_alone(text);
    }
    if (tree)
        tree_free(tree);
}

static void write_back(struct slice text) {
    struct buffer out = {0}, back = {0}, clean = {0};
    json_append_string(&out, text);
    utf8_append_clean(&clean, text);
    REQUIRE(json_validate(buffer_slice(&out), NULL));
    REQUIRE(json_read_string(buffer_slice(&out), &back));
    REQUIRE(slice_equal(buffer_slice(&back), buffer_slice(&clean)));
    buffer_finish(&out);
    buffer_finish(&back);
    buffer_finish(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* A copy of just this size, so that AddressSanitizer sees a read behind its end. */
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    struct slice text = {copy, size}, pointer;
    write_back(text);
    judge(text);
    if (size > 0 && copy[0] == '/' && slice_split(&text, '\n', &pointer) && text.data) {
        judge(text);
        struct slice found = {NULL, 0};
        if (json_validate(text, NULL))
            found = json_pointer(text, pointer);
        REQUIRE(within(text, found));
        REQUIRE(found.size == 0 || json_validate(found, NULL));
    }
    free(copy);
    return 0;
}
