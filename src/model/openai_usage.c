#include "model/openai_usage.h"
#include "base/json.h"

/* Beyond this a count is nonsense, and sums stay far from overflowing. */
#define COUNT_MAX INT64_C(1000000000000)

struct report {
    int64_t prompt, completion, total;
    int64_t cached, written, reasoning;
    int64_t heard; /* audio of the prompt */
};

static int64_t read_count(struct slice value) {
    int64_t count;
    return json_read_int64(value, &count) && count >= 0 && count <= COUNT_MAX ? count : -1;
}

static int64_t first_known(int64_t a, int64_t b) {
    return a >= 0 ? a : b;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The details beside the totals, by the names seen: OpenAI's, DeepSeek's and Moonshot's, and
 * Anthropic's where a gateway lets them through. */
static struct report read_report(struct slice usage) {
    struct slice prompt = json_get(usage, "prompt_tokens_details");
    struct slice completion = json_get(usage, "completion_tokens_details");
    struct report report = {
        .prompt = read_count(json_get(usage, "prompt_tokens")),
        .completion = read_count(json_get(usage, "completion_tokens")),
        .total = read_count(json_get(usage, "total_tokens")),
        .cached = read_count(json_get(prompt, "cached_tokens")),
        .written = read_count(json_get(prompt, "cache_write_tokens")),
        .reasoning = read_count(json_get(completion, "reasoning_tokens")),
        .heard = read_count(json_get(prompt, "audio_tokens")),
    };
    report.cached =
        first_known(report.cached, read_count(json_get(usage, "prompt_cache_hit_tokens")));
    report.cached = first_known(report.cached, read_count(json_get(usage, "cached_tokens")));
    report.reasoning =
        first_known(report.reasoning, read_count(json_get(usage, "reasoning_tokens")));
    /* Mistral counts audio beside the prompt, which shows in the total; OpenAI within it. */
    if (report.heard > 0 && report.prompt >= 0 && report.completion >= 0 &&
        report.total == report.prompt + report.heard + report.completion)
        report.prompt += report.heard;
    return report;
}

static void split_input(const struct report *report, struct model_usage *usage) {
    if (report->prompt < 0)
        return;
    usage->input = report->prompt;
    if (report->cached >= 0) {
        usage->cache_read = least(report->cached, usage->input);
        usage->input -= usage->cache_read;
    }
    if (report->written >= 0) {
        usage->cache_write = least(report->written, usage->input);
        usage->input -= usage->cache_write;
    }
}

/* Most count reasoning within the completion; xAI beside it, which shows in the total. */
static void split_output(const struct report *report, struct model_usage *usage) {
    if (report->completion < 0)
        return;
    int64_t prompt = report->prompt >= 0 ? report->prompt : 0;
    int64_t beside = report->total - prompt - report->completion;
    if (report->prompt < 0 || beside < 0)
        beside = 0;
    if (report->total < 0 && report->reasoning > report->completion)
        beside = report->reasoning;
    int64_t within = report->reasoning > 0 && report->reasoning != beside
                         ? least(report->reasoning, report->completion)
                         : 0;
    usage->output = report->completion - within;
    if (report->reasoning >= 0 || beside > 0)
        usage->reasoning = within + beside;
}

struct model_usage openai_usage(struct slice value) {
    struct model_usage usage = model_usage_unknown();
    struct report report = read_report(value);
    split_input(&report, &usage);
    split_output(&report, &usage);
    return usage;
}
