#include "model/gemini_usage.h"
#include "base/json.h"
#include "model/json_key.h"

/* Beyond this a count is nonsense, and sums stay far from overflowing. */
#define COUNT_MAX INT64_C(1000000000000)

struct report {
    int64_t prompt, tool_prompt, cached, candidates, thoughts; /* -1: not said */
};

static void take(struct slice value, int64_t *count) {
    int64_t number;
    if (json_read_int64(value, &number) && number >= 0 && number <= COUNT_MAX)
        *count = number;
}

static struct report read_report(struct slice value) {
    struct report report = {-1, -1, -1, -1, -1};
    struct slice key, member;
    size_t cursor = 0;
    while (json_next_member(value, &cursor, &key, &member)) {
        if (JSON_KEY(key, "promptTokenCount"))
            take(member, &report.prompt);
        else if (JSON_KEY(key, "toolUsePromptTokenCount"))
            take(member, &report.tool_prompt);
        else if (JSON_KEY(key, "cachedContentTokenCount"))
            take(member, &report.cached);
        else if (JSON_KEY(key, "candidatesTokenCount"))
            take(member, &report.candidates);
        else if (JSON_KEY(key, "thoughtsTokenCount"))
            take(member, &report.thoughts);
    }
    return report;
}

bool gemini_usage(struct slice value, struct model_usage *ret_usage) {
    struct model_usage usage = model_usage_unknown();
    struct report report = read_report(value);
    /* Cached tokens are of the prompt; what the vendor's own tools brought in comes on top. */
    if (report.prompt >= 0 || report.tool_prompt >= 0)
        usage.input = (report.prompt > 0 ? report.prompt : 0) +
                      (report.tool_prompt > 0 ? report.tool_prompt : 0);
    if (usage.input >= 0 && report.cached >= 0) {
        usage.cache_read = report.cached < usage.input ? report.cached : usage.input;
        usage.input -= usage.cache_read;
    }
    usage.output = report.candidates;
    usage.reasoning = report.thoughts;
    if (usage.input < 0 && usage.output < 0 && usage.reasoning < 0)
        return false;
    *ret_usage = usage;
    return true;
}
