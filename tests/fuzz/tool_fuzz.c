/* What tools are given: a schema and a value behind the first NUL, and a statement. Nothing
 * crashes, a value that fits has no complaints, and what a statement's placeholders are is in it.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tool/schema.h"
#include "tool/slots.h"
#include "tool/sql_tool.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_schema(struct slice text, struct slice value, struct arena *arena) {
    struct schema *schema;
    struct fault fault = {0};
    struct buffer complaints = {0};
    if (!schema_compile(text, arena, &schema, &fault)) {
        assert(fault.kind == FAULT_BAD_INPUT && fault.message[0]);
        return;
    }
    if (json_validate(value, NULL)) {
        bool good = schema_check(schema, value, &complaints);
        assert(good == (complaints.size == 0));
        assert(utf8_valid(buffer_slice(&complaints)));
    }
    buffer_finish(&complaints);
}

static void check_statement(const char *database, struct slice text, struct arena *arena) {
    const struct slice *names;
    size_t count;
    struct fault fault = {0};
    int64_t day;
    if (sql_placeholders(database, text, arena, &names, &count, &fault))
        for (size_t i = 0; i < count; i++)
            assert(names[i].size > 0 && names[i].data > text.data &&
                   names[i].data + names[i].size <= text.data + text.size);
    if (slots_read_day(text, 20000, &day))
        assert(day > -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_create(1024);
    /* A copy of the exact size, so that a read too far shows. */
    char *copy = malloc(size ? size : 1);
    assert(copy);
    if (size > 0)
        memcpy(copy, data, size);
    struct slice text = {copy, size};
    size_t cut = slice_find_byte(text, '\0');
    check_schema(slice_first(text, cut), slice_from(text, cut == SIZE_MAX ? size : cut + 1), arena);
    check_statement("sqlite:x", text, arena);
    check_statement("postgres://x", text, arena);
    free(copy);
    arena_destroy(arena);
    return 0;
}
