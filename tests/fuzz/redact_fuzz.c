/* chat/redact: a text cut anywhere comes out as it does in one piece, and JSON stays JSON. The
 * first two bytes say how it is cut. */
#include "base/arena.h"
#include "base/fault.h"
#include "base/json.h"
#include "chat/redact.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth) {
    if (!truth)
        abort();
}

static const struct redact *rules(void) {
    static struct redact *redact;
    static const char *const kept[] = {"*@shop.example"};
    static const struct redact_rule_settings all[] = {
        {.name = "card", .from = REDACT_LOG, .keep = kept, .keep_count = 1},
        {.name = "email", .from = REDACT_LOG, .keep = kept, .keep_count = 1},
        {.name = "phone", .from = REDACT_LOG},
        {.name = "customer", .pattern = {"(?<!x)K-\\d{2,}\\b", 16}, .from = REDACT_LOG},
        {.name = "line", .pattern = {"(?m)^q+\\s*+z$", 14}, .from = REDACT_LOG},
        {.name = "evil", .pattern = {"(a|a?)+b", 8}, .from = REDACT_LOG},
    };
    struct fault fault;
    if (!redact) {
        redact = redact_create(arena_create(1024));
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            if (!redact_add(redact, &all[i], &fault))
                abort();
    }
    return redact;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > 2000)
        return 0;
    struct arena *arena = arena_create(4096);
    struct redactor redactor;
    struct buffer out = {0};
    size_t steps[] = {data[0] % 64u + 1, data[1] + 1u};
    struct slice text = arena_copy(arena, (struct slice){(const char *)data + 2, size - 2});
    struct slice whole = redact_text(rules(), REDACT_LOG, text, arena), rest = text;
    redactor_init(&redactor, rules(), REDACT_LOG);
    for (size_t i = 0; rest.size > 0; i++) {
        struct slice piece = slice_first(rest, steps[i % 2]);
        redactor_feed(&redactor, piece, &out);
        require(redactor.text.size - redactor.at <= REDACT_WINDOW);
        rest = slice_from(rest, piece.size);
    }
    redactor_end(&redactor, &out);
    require(slice_equal(buffer_slice(&out), whole));
    if (json_validate(text, NULL))
        require(json_validate(redact_json(rules(), REDACT_LOG, text, arena), NULL));
    redactor_finish(&redactor);
    buffer_finish(&out);
    arena_destroy(arena);
    return 0;
}
