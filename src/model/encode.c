#include "model/encode.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include <assert.h>
#include <math.h>

enum { HEADERS_MAX = 12 };

struct model_call model_call_default(void) {
    return (struct model_call){.max_tokens = -1, .temperature = NAN, .top_p = NAN};
}

struct model_usage model_usage_unknown(void) {
    return (struct model_usage){-1, -1, -1, -1, -1, -1};
}

static int64_t known(int64_t tokens) {
    return tokens > 0 ? tokens : 0;
}

int64_t model_usage_prompt(const struct model_usage *usage) {
    return known(usage->input) + known(usage->cache_read) + known(usage->cache_write) +
           known(usage->cache_write_1h);
}

int64_t model_usage_answer(const struct model_usage *usage) {
    return known(usage->output) + known(usage->reasoning);
}

const char *model_finish_name(enum model_finish finish) {
    static const char *const names[] = {
        [MODEL_FINISH_NONE] = "",
        [MODEL_FINISH_STOP] = "stop",
        [MODEL_FINISH_LENGTH] = "length",
        [MODEL_FINISH_TOOL_CALLS] = "tool_calls",
        [MODEL_FINISH_CONTENT_FILTER] = "content_filter",
        [MODEL_FINISH_ERROR] = "error",
    };
    return names[finish];
}

bool encode_is_set(double number) {
    return !isnan(number);
}

bool encode_check_key(struct slice key, struct fault *fault) {
    for (size_t i = 0; i < key.size; i++)
        if ((unsigned char)key.data[i] <= ' ' || key.data[i] == 0x7F)
            return fault_set(fault, FAULT_CONFIG,
                             "The provider's key has blanks or control characters in it.");
    return true;
}

const char *encode_url(const struct model_call *call, const char *vendor_url, const char *path,
                       struct arena *arena) {
    struct slice base = call->base_url.size > 0 ? call->base_url : slice_of(vendor_url);
    return arena_printf(arena, "%.*s%s", SLICE_ARG(base), path);
}

struct slice encode_body(struct buffer *body, struct arena *arena) {
    struct slice copy = arena_copy(arena, buffer_slice(body));
    buffer_finish(body);
    return copy;
}

void encode_header(struct model_request *request, struct arena *arena, const char *name,
                   struct slice value) {
    struct model_header *headers = (struct model_header *)(uintptr_t)request->headers;
    if (!headers)
        headers = arena_array(arena, HEADERS_MAX, sizeof *headers);
    request->headers = headers;
    if (request->header_count < HEADERS_MAX)
        headers[request->header_count++] = (struct model_header){slice_of(name), value};
}

bool encode_plain_text(const struct model_message *message, struct slice *ret_text) {
    if (message->part_count != 1 || message->parts[0].kind != MODEL_PART_TEXT)
        return false;
    *ret_text = message->parts[0].text;
    return true;
}

struct slice encode_object(struct slice text) {
    return json_validate(text, NULL) && json_type(text) == JSON_OBJECT ? slice_trim(text)
                                                                       : SLICE("{}");
}

int64_t encode_max_tokens(const struct model_call *call, int64_t wanted) {
    int64_t most = call->info ? call->info->output_max : 0;
    return most > 0 && wanted > most ? most : wanted;
}

bool encode_leaves_out_images(const struct model_call *call) {
    return call->info && call->info->no_images;
}

/* --- efforts --- */

static unsigned index_of(unsigned effort) {
    unsigned index = 0;
    while (index + 1 < MODEL_EFFORTS && effort != 1U << index)
        index++;
    return index;
}

const char *encode_nearest_effort(const struct model_info *info, unsigned effort) {
    unsigned taken = info->efforts & ~(unsigned)MODEL_EFFORT_NONE;
    unsigned index = index_of(effort);
    for (unsigned i = index + 1; i-- > 0;)
        if (taken & 1U << i)
            return model_effort_name(i);
    for (unsigned i = index; i < MODEL_EFFORTS; i++)
        if (taken & 1U << i)
            return model_effort_name(i);
    return NULL;
}

int64_t encode_effort_budget(const struct model_info *info, unsigned effort,
                             int64_t answer_tokens) {
    static const int32_t budgets[MODEL_EFFORTS] = {0, 1024, 2048, 8192, 16384, 32768, 49152};
    unsigned index = index_of(effort);
    assert(index < MODEL_EFFORTS);
    int64_t budget = budgets[index], room = answer_tokens - answer_tokens / 4;
    if (info->thinking_budget_max > 0 && budget > info->thinking_budget_max)
        budget = info->thinking_budget_max;
    return answer_tokens <= 0 || budget < room ? budget : room;
}
