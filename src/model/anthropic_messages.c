#include "model/anthropic_messages.h"
#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"

/* --- what is written of a message --- */

static bool is_blank(struct slice text) {
    return slice_trim(text).size == 0;
}

/* Empty texts are refused by the service; reasoning without a signature is another vendor's. */
static bool is_written(enum model_role role, const struct model_part *part) {
    switch (part->kind) {
    case MODEL_PART_TEXT:
        return role != MODEL_TOOL && !is_blank(part->text);
    case MODEL_PART_IMAGE:
        return role == MODEL_USER;
    case MODEL_PART_TOOL_CALL:
        return role == MODEL_ASSISTANT;
    case MODEL_PART_TOOL_RESULT:
        return role == MODEL_TOOL || role == MODEL_USER;
    case MODEL_PART_REASONING:
        return role == MODEL_ASSISTANT && part->signature.size > 0;
    default:
        return false;
    }
}

/* Reasoning alone is no message. */
static bool says_something(const struct model_message *message) {
    for (size_t i = 0; i < message->part_count; i++)
        if (is_written(message->role, &message->parts[i]) &&
            message->parts[i].kind != MODEL_PART_REASONING)
            return true;
    return false;
}

/* --- turns: messages of one side in a row, which become one message --- */

struct turns {
    const struct anthropic_conversation *conversation;
    struct turn_of {
        bool assistant;
        bool visitor; /* holds a message of the user, not only results of tools */
        size_t first, end;
    } * items;
    size_t count;
};

static struct turns find_turns(const struct anthropic_conversation *conversation) {
    const struct model_call *call = conversation->call;
    struct turns turns = {.conversation = conversation};
    turns.items = arena_array(conversation->arena, call->message_count, sizeof *turns.items);
    for (size_t i = 0; i < call->message_count; i++) {
        const struct model_message *message = &call->messages[i];
        bool assistant = message->role == MODEL_ASSISTANT;
        if (message->role == MODEL_SYSTEM || !says_something(message))
            continue;
        if (turns.count == 0 || turns.items[turns.count - 1].assistant != assistant)
            turns.items[turns.count++] = (struct turn_of){.assistant = assistant, .first = i};
        turns.items[turns.count - 1].end = i + 1;
        if (message->role == MODEL_USER)
            turns.items[turns.count - 1].visitor = true;
    }
    return turns;
}

/* Calls `visit` for each part that is written, in that order: the results of tools come first.
 * False ends the walk. */
typedef bool visit_part(void *user, const struct model_part *part);

static void walk(const struct turns *turns, const struct turn_of *turn, visit_part *visit,
                 void *user) {
    const struct model_call *call = turns->conversation->call;
    for (int results = 1; results >= 0; results--)
        for (size_t i = turn->first; i < turn->end; i++) {
            const struct model_message *message = &call->messages[i];
            if (message->role == MODEL_SYSTEM || !says_something(message))
                continue;
            for (size_t j = 0; j < message->part_count; j++) {
                const struct model_part *part = &message->parts[j];
                bool is_result = part->kind == MODEL_PART_TOOL_RESULT;
                if (is_result == (results == 1) && is_written(message->role, part) &&
                    !visit(user, part))
                    return;
            }
        }
}

static bool note_last(void *user, const struct model_part *part) {
    const struct model_part **last = user;
    if (part->kind != MODEL_PART_REASONING) /* cannot be marked, nor cut */
        *last = part;
    return true;
}

static const struct model_part *last_part(const struct turns *turns, const struct turn_of *turn) {
    const struct model_part *last = NULL;
    walk(turns, turn, note_last, &last);
    return last;
}

/* --- blocks --- */

struct writing {
    struct json_writer *json;
    const struct model_call *call;
    const struct model_part *marked; /* the block that carries the cache's mark, or NULL */
    const struct model_part *cut;    /* the text that must not end with blanks, or NULL */
};

void anthropic_write_cache_mark(struct json_writer *json) {
    json_key(json, "cache_control");
    json_begin_object(json);
    json_member_string(json, "type", SLICE("ephemeral"));
    json_end_object(json);
}

static void write_text(struct json_writer *json, struct slice text) {
    json_member_string(json, "type", SLICE("text"));
    json_member_string(json, "text", text);
}

static void write_image(const struct writing *writing, const struct model_part *part) {
    struct json_writer *json = writing->json;
    if (encode_leaves_out_images(writing->call)) {
        write_text(json, SLICE(ENCODE_IMAGE_LEFT_OUT));
        return;
    }
    json_member_string(json, "type", SLICE("image"));
    json_key(json, "source");
    json_begin_object(json);
    if (part->url.size > 0) {
        json_member_string(json, "type", SLICE("url"));
        json_member_string(json, "url", part->url);
    } else {
        json_member_string(json, "type", SLICE("base64"));
        json_member_string(json, "media_type", part->media_type);
        json_member_string(json, "data", part->data);
    }
    json_end_object(json);
}

/* Ids of other vendors may hold characters that are refused here. */
static void write_id(struct json_writer *json, const char *key, struct slice id) {
    struct buffer clean = {0};
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        buffer_append_byte(&clean, fine ? c : '_');
    }
    json_member_string(json, key, clean.size > 0 ? buffer_slice(&clean) : SLICE("call"));
    buffer_finish(&clean);
}

static void write_call(struct json_writer *json, const struct model_part *part) {
    json_member_string(json, "type", SLICE("tool_use"));
    write_id(json, "id", part->tool_id);
    json_member_string(json, "name", part->tool_name);
    json_member_raw(json, "input", encode_object(part->arguments));
}

static void write_result(struct json_writer *json, const struct model_part *part) {
    json_member_string(json, "type", SLICE("tool_result"));
    write_id(json, "tool_use_id", part->tool_id);
    if (!is_blank(part->text))
        json_member_string(json, "content", part->text);
    if (part->is_error)
        json_member_bool(json, "is_error", true);
}

static void write_reasoning(struct json_writer *json, const struct model_part *part) {
    if (part->redacted) {
        json_member_string(json, "type", SLICE("redacted_thinking"));
        json_member_string(json, "data", part->signature);
        return;
    }
    json_member_string(json, "type", SLICE("thinking"));
    json_member_string(json, "thinking", part->text);
    json_member_string(json, "signature", part->signature);
}

static struct slice without_blanks_at_end(struct slice text) {
    struct slice trimmed = slice_trim(text);
    return slice_first(text, (size_t)(trimmed.data - text.data) + trimmed.size);
}

static bool write_block(void *user, const struct model_part *part) {
    const struct writing *writing = user;
    struct json_writer *json = writing->json;
    json_begin_object(json);
    if (part->kind == MODEL_PART_TEXT)
        write_text(json, part == writing->cut ? without_blanks_at_end(part->text) : part->text);
    else if (part->kind == MODEL_PART_IMAGE)
        write_image(writing, part);
    else if (part->kind == MODEL_PART_TOOL_CALL)
        write_call(json, part);
    else if (part->kind == MODEL_PART_TOOL_RESULT)
        write_result(json, part);
    else
        write_reasoning(json, part);
    if (part == writing->marked)
        anthropic_write_cache_mark(json);
    json_end_object(json);
    return true;
}

/* --- messages --- */

static void begin_message(struct json_writer *json, const char *role) {
    json_begin_object(json);
    json_member_string(json, "role", slice_of(role));
    json_key(json, "content");
}

/* A message of ours, where the service wants one of the user and there is none. */
static void write_bridge(struct json_writer *json, struct slice text) {
    begin_message(json, "user");
    json_string(json, text);
    json_end_object(json);
}

/* What stands before the visitor's last message stays as it is in all later calls; the message
 * itself may not (passages of the knowledge are put before it). Within a turn it does, up to the
 * last results of tools. */
static bool is_marked(const struct turns *turns, size_t index) {
    size_t last_visitor = SIZE_MAX;
    for (size_t i = 0; i < turns->count; i++)
        if (turns->items[i].visitor)
            last_visitor = i;
    if (!turns->conversation->cache || last_visitor == SIZE_MAX)
        return false;
    return index + 1 == last_visitor ||
           (index + 1 == turns->count && index > last_visitor && !turns->items[index].assistant);
}

void anthropic_write_messages(struct json_writer *json,
                              const struct anthropic_conversation *conversation) {
    struct turns turns = find_turns(conversation);
    json_key(json, "messages");
    json_begin_array(json);
    if (turns.count > 0 && turns.items[0].assistant)
        write_bridge(json, SLICE("(The assistant begins.)"));
    for (size_t i = 0; i < turns.count; i++) {
        const struct turn_of *turn = &turns.items[i];
        const struct model_part *last = last_part(&turns, turn);
        struct writing writing = {.json = json, .call = conversation->call};
        writing.marked = is_marked(&turns, i) ? last : NULL;
        writing.cut = turn->assistant && i + 1 == turns.count ? last : NULL;
        begin_message(json, turn->assistant ? "assistant" : "user");
        json_begin_array(json);
        walk(&turns, turn, write_block, &writing);
        json_end_array(json);
        json_end_object(json);
    }
    bool open = turns.count > 0 && turns.items[turns.count - 1].assistant;
    if (open && !conversation->prefill)
        write_bridge(json, SLICE("Go on exactly where your last message stops."));
    json_end_array(json);
}

bool anthropic_has_messages(const struct anthropic_conversation *conversation) {
    return find_turns(conversation).count > 0;
}

/* --- system --- */

static void write_system_block(struct json_writer *json, struct slice text, bool mark) {
    json_begin_object(json);
    write_text(json, text);
    if (mark)
        anthropic_write_cache_mark(json);
    json_end_object(json);
}

static bool has_system(const struct model_call *call) {
    bool found = !is_blank(call->system);
    for (size_t i = 0; i < call->message_count; i++)
        for (size_t j = 0; j < call->messages[i].part_count && !found; j++)
            found = call->messages[i].role == MODEL_SYSTEM &&
                    !is_blank(call->messages[i].parts[j].text);
    return found;
}

void anthropic_write_system(struct json_writer *json,
                            const struct anthropic_conversation *conversation) {
    const struct model_call *call = conversation->call;
    if (!has_system(call))
        return;
    json_key(json, "system");
    json_begin_array(json);
    if (!is_blank(call->system))
        write_system_block(json, call->system, conversation->cache);
    for (size_t i = 0; i < call->message_count; i++)
        for (size_t j = 0; j < call->messages[i].part_count; j++) {
            const struct model_part *part = &call->messages[i].parts[j];
            if (call->messages[i].role == MODEL_SYSTEM && part->kind == MODEL_PART_TEXT &&
                !is_blank(part->text))
                write_system_block(json, part->text, false);
        }
    json_end_array(json);
}
