/* `pattern`, by PCRE2, whose memory comes from the schema's arena. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/arena.h"
#include "tool/schema_node.h"
#include <pcre2.h>

/* Enough for any pattern that means well on a text of some KiB. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 4096, TEXT_MAX = 64 * 1024 };

/* Where PCRE2 and ECMAScript differ: `$` is the very end, \u00e9 a character, [] matches nothing.
 */
enum {
    OPTIONS = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
              PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS
};

struct schema_pattern {
    pcre2_code *code;
};

static void *allocate(size_t size, void *arena) {
    return arena_allocate(arena, size);
}

static void forget(void *memory, void *arena) {
    (void)memory, (void)arena;
}

const struct schema_pattern *schema_pattern_compile(struct arena *arena, struct slice text) {
    int error;
    PCRE2_SIZE offset;
    pcre2_general_context *memory = pcre2_general_context_create(allocate, forget, arena);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    struct schema_pattern *pattern = arena_allocate(arena, sizeof *pattern);
    pattern->code = pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.size, OPTIONS,
                                  &error, &offset, context);
    return pattern->code ? pattern : NULL;
}

bool schema_pattern_matches(const struct schema_pattern *pattern, struct slice text) {
    if (text.size > TEXT_MAX)
        return false;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!context || !data)
        abort();
    pcre2_set_match_limit(context, MATCH_LIMIT);
    pcre2_set_depth_limit(context, DEPTH_LIMIT);
    pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)(text.data ? text.data : ""), text.size, 0,
                            0, data, context);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return found >= 0;
}
