#include "model/anthropic_encode.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/anthropic_messages.h"
#include "model/anthropic_thinking.h"
#include "model/catalogue.h"
#include "model/encode.h"

/* The API's version that all models and all servers which imitate it know, and in which a
 * temperature may be sent. */
#define VERSION "2023-06-01"

enum { ANSWER_TOKENS = 4096 }; /* where neither the call nor the catalogue says */

/* --- tools --- */

/* The service wants an object with "type":"object". */
static void write_schema(struct json_writer *json, struct slice schema) {
    struct slice object = encode_object(schema);
    if (json_type(json_get(object, "type")) != JSON_MISSING) {
        json_member_raw(json, "input_schema", object);
        return;
    }
    struct buffer typed = {0};
    struct slice members = slice_trim(slice_from(object, 1));
    buffer_append(&typed, SLICE("{\"type\":\"object\""));
    if (!slice_is(members, "}"))
        buffer_append_byte(&typed, ',');
    buffer_append(&typed, members);
    json_member_raw(json, "input_schema", buffer_slice(&typed));
    buffer_finish(&typed);
}

static void write_tool_list(struct json_writer *json, const struct model_call *call, bool mark) {
    json_key(json, "tools");
    json_begin_array(json);
    for (size_t i = 0; i < call->tool_count; i++) {
        const struct model_tool *tool = &call->tools[i];
        json_begin_object(json);
        json_member_string(json, "name", tool->name);
        if (tool->description.size > 0)
            json_member_string(json, "description", tool->description);
        write_schema(json, tool->schema);
        if (mark && i + 1 == call->tool_count)
            anthropic_write_cache_mark(json);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_choice(struct json_writer *json, const struct model_call *call) {
    static const char *const types[] = {
        [MODEL_TOOL_AUTO] = "auto",
        [MODEL_TOOL_NONE] = "none",
        [MODEL_TOOL_REQUIRED] = "any",
        [MODEL_TOOL_NAMED] = "tool",
    };
    enum model_tool_choice choice = call->tool_choice;
    bool forced = choice == MODEL_TOOL_REQUIRED || choice == MODEL_TOOL_NAMED;
    if (forced && call->info && call->info->no_forced_tool_choice)
        choice = MODEL_TOOL_AUTO;
    bool one_at_a_time = call->no_parallel_tools && choice != MODEL_TOOL_NONE;
    if (choice == MODEL_TOOL_AUTO && !one_at_a_time)
        return;
    json_key(json, "tool_choice");
    json_begin_object(json);
    json_member_string(json, "type", slice_of(types[choice]));
    if (choice == MODEL_TOOL_NAMED)
        json_member_string(json, "name", call->tool_choice_name);
    if (one_at_a_time)
        json_member_bool(json, "disable_parallel_tool_use", true);
    json_end_object(json);
}

/* Tools come before the system prompt in what is cached: the mark there covers both. */
static void write_tools(struct json_writer *json, const struct model_call *call) {
    if (call->tool_count == 0 || (call->info && call->info->no_tools))
        return;
    write_tool_list(json, call, slice_trim(call->system).size == 0);
    write_choice(json, call);
}

/* --- limits --- */

/* Must be there. More than the model can say is an error. */
static int64_t answer_tokens(const struct model_call *call) {
    int64_t most = call->info ? call->info->output_max : 0;
    return encode_max_tokens(call, call->max_tokens > 0 ? call->max_tokens
                                   : most > 0           ? most
                                                        : ANSWER_TOKENS);
}

static double between_0_and_1(double number) {
    return number < 0 ? 0 : number > 1 ? 1 : number;
}

/* The version of October 2026 refuses both at any value, newer models refuse the two together. */
static void write_sampling(struct json_writer *json, const struct model_call *call,
                           struct slice version) {
    if (!slice_is(version, VERSION) || (call->info && call->info->no_temperature))
        return;
    if (encode_is_set(call->temperature)) {
        json_key(json, "temperature");
        json_double(json, between_0_and_1(call->temperature));
    } else if (encode_is_set(call->top_p)) {
        json_key(json, "top_p");
        json_double(json, between_0_and_1(call->top_p));
    }
}

/* Blank ones are refused. */
static void write_stop(struct json_writer *json, const struct model_call *call) {
    size_t count = 0;
    for (size_t i = 0; i < call->stop_count; i++)
        count += slice_trim(call->stop[i]).size > 0;
    if (count == 0)
        return;
    json_key(json, "stop_sequences");
    json_begin_array(json);
    for (size_t i = 0; i < call->stop_count; i++)
        if (slice_trim(call->stop[i]).size > 0)
            json_string(json, call->stop[i]);
    json_end_array(json);
}

/* --- the request --- */

static void write_body(struct json_writer *json, struct anthropic_conversation *conversation,
                       struct slice version) {
    const struct model_call *call = conversation->call;
    struct anthropic_thinking thinking = anthropic_thinking_for(call, answer_tokens(call));
    conversation->prefill = call->info && call->info->prefill && !anthropic_thinks(&thinking);
    json_begin_object(json);
    json_member_string(json, "model", call->model);
    json_member_int(json, "max_tokens", answer_tokens(call));
    anthropic_write_thinking(json, &thinking);
    if (!anthropic_thinks(&thinking))
        write_sampling(json, call, version);
    write_stop(json, call);
    write_tools(json, call);
    anthropic_write_system(json, conversation);
    anthropic_write_messages(json, conversation);
    json_member_bool(json, "stream", true);
    json_end_object(json);
}

bool anthropic_encode(const struct model_call *call, struct arena *arena,
                      struct model_request *ret_request, struct fault *fault) {
    struct anthropic_conversation conversation = {.call = call, .arena = arena, .cache = true};
    struct slice version = call->api_version.size > 0 ? call->api_version : SLICE(VERSION);
    if (!encode_check_key(call->key, fault))
        return false;
    if (!anthropic_has_messages(&conversation))
        return fault_set(fault, FAULT_BAD_INPUT, "There is no message to answer.");
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    write_body(&json, &conversation, version);

    struct model_request request = {
        .url = encode_url(call, "https://api.anthropic.com/v1", "/messages", arena),
        .body = encode_body(&body, arena),
    };
    encode_header(&request, arena, "content-type", SLICE("application/json"));
    encode_header(&request, arena, "accept", SLICE("text/event-stream"));
    encode_header(&request, arena, "anthropic-version", arena_copy(arena, version));
    if (call->key.size > 0)
        encode_header(&request, arena, "x-api-key", arena_copy(arena, call->key));
    *ret_request = request;
    return true;
}
