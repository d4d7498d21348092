#include "model/anthropic_usage.h"
#include "base/json.h"

/* Beyond this a count is nonsense, and sums stay far from overflowing. */
#define COUNT_MAX INT64_C(1000000000000)

struct anthropic_usage anthropic_usage_unknown(void) {
    return (struct anthropic_usage){-1, -1, -1, -1, -1, -1, -1};
}

static void take(struct slice object, const char *key, int64_t *count) {
    int64_t number;
    if (json_read_int64(json_get(object, key), &number) && number >= 0 && number <= COUNT_MAX)
        *count = number;
}

void anthropic_usage_take(struct anthropic_usage *usage, struct slice value) {
    struct slice written = json_get(value, "cache_creation");
    take(value, "input_tokens", &usage->input);
    take(value, "cache_read_input_tokens", &usage->cache_read);
    take(value, "cache_creation_input_tokens", &usage->written);
    take(written, "ephemeral_5m_input_tokens", &usage->written_5m);
    take(written, "ephemeral_1h_input_tokens", &usage->written_1h);
    take(value, "output_tokens", &usage->output);
    take(json_get(value, "output_tokens_details"), "thinking_tokens", &usage->thinking);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The sum counts where there is one: a message's end repeats it without the split. */
static void split_written(const struct anthropic_usage *usage, struct model_usage *classes) {
    if (usage->written < 0) {
        classes->cache_write = usage->written_5m;
        classes->cache_write_1h = usage->written_1h;
        return;
    }
    classes->cache_write = usage->written;
    if (usage->written_1h >= 0) {
        classes->cache_write_1h = least(usage->written_1h, usage->written);
        classes->cache_write -= classes->cache_write_1h;
    }
}

struct model_usage anthropic_usage_classes(const struct anthropic_usage *usage) {
    struct model_usage classes = model_usage_unknown();
    classes.input = usage->input;
    classes.cache_read = usage->cache_read;
    split_written(usage, &classes);
    classes.output = usage->output;
    if (usage->output >= 0 && usage->thinking >= 0) {
        classes.reasoning = least(usage->thinking, usage->output);
        classes.output -= classes.reasoning;
    }
    return classes;
}
