#include "model/gemini_encode.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"
#include "model/gemini_contents.h"
#include <ctype.h>

enum {
    STOPS_MAX = 5,     /* the service takes no more */
    BUDGET_MIN = 512,  /* some models take no smaller budget, but none … */
    BUDGET_LEAST = 128 /* … and those that must think take this one */
};

/* --- address --- */

/* "models/x", and "tunedModels/x" or "publishers/…/models/x", which stand as they are. */
static void append_model(struct buffer *url, struct slice model) {
    if (slice_find_byte(model, '/') == SIZE_MAX)
        buffer_append_string(url, "models/");
    for (size_t i = 0; i < model.size; i++) {
        unsigned char c = (unsigned char)model.data[i];
        if ((c < 0x80 && isalnum(c)) || slice_find_byte(SLICE("-._~/@"), (char)c) != SIZE_MAX)
            buffer_append_byte(url, (char)c);
        else
            buffer_printf(url, "%%%02X", c);
    }
}

/* True for ".../v1beta", and for Vertex, whose addresses have the version before the project. */
static bool has_version(struct slice base) {
    size_t slash = base.size;
    while (slash > 0 && base.data[slash - 1] != '/')
        slash--;
    struct slice last = slice_from(base, slash);
    return (last.size >= 2 && last.data[0] == 'v' && isdigit((unsigned char)last.data[1])) ||
           slice_find(base, SLICE("/publishers/")) != SIZE_MAX;
}

static const char *url_of(const struct model_call *call, struct arena *arena) {
    struct buffer path = {0};
    struct slice version = call->api_version.size > 0 ? call->api_version : SLICE("v1beta");
    if (!has_version(call->base_url))
        buffer_printf(&path, "/%.*s", SLICE_ARG(version));
    buffer_append_byte(&path, '/');
    append_model(&path, call->model);
    buffer_append_string(&path, ":streamGenerateContent?alt=sse");
    const char *url =
        encode_url(call, "https://generativelanguage.googleapis.com", buffer_string(&path), arena);
    buffer_finish(&path);
    return url;
}

/* --- tools --- */

/* A function without parameters has no schema: one without properties is refused by some models. */
static bool has_properties(struct slice schema) {
    struct slice key, value;
    size_t cursor = 0;
    return json_next_member(json_get(schema, "properties"), &cursor, &key, &value) ||
           json_type(json_get(schema, "$ref")) != JSON_MISSING ||
           json_type(json_get(schema, "anyOf")) != JSON_MISSING ||
           json_type(json_get(schema, "oneOf")) != JSON_MISSING ||
           json_type(json_get(schema, "additionalProperties")) == JSON_OBJECT;
}

/* "parameters" takes only a part of OpenAPI's schemas; the other name takes JSON Schema. */
static void write_function(struct json_writer *json, const struct model_tool *tool) {
    struct slice schema = encode_object(tool->schema);
    json_begin_object(json);
    json_member_string(json, "name", tool->name);
    if (tool->description.size > 0)
        json_member_string(json, "description", tool->description);
    if (has_properties(schema))
        json_member_raw(json, "parametersJsonSchema", schema);
    json_end_object(json);
}

static void write_choice(struct json_writer *json, const struct model_call *call) {
    bool forced = call->tool_choice == MODEL_TOOL_REQUIRED || call->tool_choice == MODEL_TOOL_NAMED;
    if (call->tool_choice == MODEL_TOOL_AUTO ||
        (forced && call->info && call->info->no_forced_tool_choice))
        return;
    json_key(json, "toolConfig");
    json_begin_object(json);
    json_key(json, "functionCallingConfig");
    json_begin_object(json);
    json_member_string(json, "mode", forced ? SLICE("ANY") : SLICE("NONE"));
    if (call->tool_choice == MODEL_TOOL_NAMED) {
        json_key(json, "allowedFunctionNames");
        json_begin_array(json);
        json_string(json, call->tool_choice_name);
        json_end_array(json);
    }
    json_end_object(json);
    json_end_object(json);
}

static void write_tools(struct json_writer *json, const struct model_call *call) {
    if (call->tool_count == 0 || (call->info && call->info->no_tools))
        return;
    json_key(json, "tools");
    json_begin_array(json);
    json_begin_object(json);
    json_key(json, "functionDeclarations");
    json_begin_array(json);
    for (size_t i = 0; i < call->tool_count; i++)
        write_function(json, &call->tools[i]);
    json_end_array(json);
    json_end_object(json);
    json_end_array(json);
    write_choice(json, call);
}

/* --- thinking --- */

static int64_t budget_for(const struct model_call *call, unsigned effort) {
    const struct model_info *info = call->info;
    bool always = info->thinking & MODEL_THINKING_ALWAYS;
    int64_t least = always ? BUDGET_LEAST : 0;
    if (effort == MODEL_EFFORT_NONE)
        return least;
    int64_t budget = encode_effort_budget(info, effort, encode_max_tokens(call, call->max_tokens));
    return budget < BUDGET_MIN ? least : budget;
}

static void write_level(struct json_writer *json, const char *level) {
    char word[16] = "";
    for (size_t i = 0; level[i] && i + 1 < sizeof word; i++)
        word[i] = (char)toupper((unsigned char)level[i]);
    json_member_string(json, "thinkingLevel", slice_of(word));
}

/* Without an effort the model thinks as it does by itself. */
static void write_thinking(struct json_writer *json, const struct model_call *call) {
    const struct model_info *info = call->info;
    unsigned effort = model_effort_of(call->reasoning_effort);
    if (!effort || !info || !(info->thinking & (MODEL_THINKING_LEVEL | MODEL_THINKING_BUDGET)))
        return;
    const char *level =
        info->thinking & MODEL_THINKING_LEVEL ? encode_nearest_effort(info, effort) : NULL;
    json_key(json, "thinkingConfig");
    json_begin_object(json);
    if (effort != MODEL_EFFORT_NONE)
        json_member_bool(json, "includeThoughts", true);
    if (level)
        write_level(json, level);
    else if (info->thinking & MODEL_THINKING_BUDGET)
        json_member_int(json, "thinkingBudget", budget_for(call, effort));
    json_end_object(json);
}

/* --- limits --- */

static void write_stop(struct json_writer *json, const struct model_call *call) {
    size_t count = 0;
    for (size_t i = 0; i < call->stop_count && count < STOPS_MAX; i++) {
        if (call->stop[i].size == 0)
            continue;
        if (count++ == 0) {
            json_key(json, "stopSequences");
            json_begin_array(json);
        }
        json_string(json, call->stop[i]);
    }
    if (count > 0)
        json_end_array(json);
}

static void write_config(struct json_writer *json, const struct model_call *call) {
    bool sampling = !(call->info && call->info->no_temperature);
    json_key(json, "generationConfig");
    json_begin_object(json);
    if (call->max_tokens >= 0)
        json_member_int(json, "maxOutputTokens", encode_max_tokens(call, call->max_tokens));
    if (sampling && encode_is_set(call->temperature)) {
        json_key(json, "temperature");
        json_double(json, call->temperature);
    }
    if (sampling && encode_is_set(call->top_p)) {
        json_key(json, "topP");
        json_double(json, call->top_p);
    }
    if (!(call->info && call->info->no_stop))
        write_stop(json, call);
    write_thinking(json, call);
    json_end_object(json);
}

/* --- the request --- */

bool gemini_encode(const struct model_call *call, struct arena *arena,
                   struct model_request *ret_request, struct fault *fault) {
    if (!encode_check_key(call->key, fault))
        return false;
    struct turns turns = gemini_turns(call, arena);
    if (turns.count == 0)
        return fault_set(fault, FAULT_BAD_INPUT, "There is no message to answer.");
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    json_begin_object(&json);
    gemini_write_system(&json, call);
    gemini_write_contents(&json, &turns);
    write_tools(&json, call);
    write_config(&json, call);
    json_end_object(&json);

    struct model_request request = {
        .url = url_of(call, arena),
        .body = encode_body(&body, arena),
    };
    encode_header(&request, arena, "content-type", SLICE("application/json"));
    encode_header(&request, arena, "accept", SLICE("text/event-stream"));
    if (call->key.size > 0)
        encode_header(&request, arena, "x-goog-api-key", arena_copy(arena, call->key));
    *ret_request = request;
    return true;
}
