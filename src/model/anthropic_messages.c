#include "model/anthropic_messages.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"
#include "model/turns.h"

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

static bool note_last(void *user, const struct model_part *part) {
    const struct model_part **last = user;
    if (part->kind != MODEL_PART_REASONING) /* cannot be marked, nor cut */
        *last = part;
    return true;
}

static const struct model_part *last_part(const struct turns *turns, const struct turn_of *turn) {
    const struct model_part *last = NULL;
    turns_walk(turns, turn, note_last, &last);
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
static bool is_marked(const struct turns *turns, bool cache, size_t index) {
    size_t last_visitor = SIZE_MAX;
    for (size_t i = 0; i < turns->count; i++)
        if (turns->items[i].visitor)
            last_visitor = i;
    if (!cache || last_visitor == SIZE_MAX)
        return false;
    return index + 1 == last_visitor ||
           (index + 1 == turns->count && index > last_visitor && !turns->items[index].assistant);
}

void anthropic_write_messages(struct json_writer *json,
                              const struct anthropic_conversation *conversation) {
    struct turns turns = turns_find(conversation->call, is_written, conversation->arena);
    json_key(json, "messages");
    json_begin_array(json);
    if (turns.count > 0 && turns.items[0].assistant)
        write_bridge(json, SLICE(TURNS_BEGINNING));
    for (size_t i = 0; i < turns.count; i++) {
        const struct turn_of *turn = &turns.items[i];
        const struct model_part *last = last_part(&turns, turn);
        struct writing writing = {.json = json, .call = conversation->call};
        writing.marked = is_marked(&turns, conversation->cache, i) ? last : NULL;
        writing.cut = turn->assistant && i + 1 == turns.count ? last : NULL;
        begin_message(json, turn->assistant ? "assistant" : "user");
        json_begin_array(json);
        turns_walk(&turns, turn, write_block, &writing);
        json_end_array(json);
        json_end_object(json);
    }
    bool open = turns.count > 0 && turns.items[turns.count - 1].assistant;
    if (open && !conversation->prefill)
        write_bridge(json, SLICE(TURNS_GOING_ON));
    json_end_array(json);
}

bool anthropic_has_messages(const struct anthropic_conversation *conversation) {
    return turns_find(conversation->call, is_written, conversation->arena).count > 0;
}

/* --- system --- */

struct system_writing {
    struct json_writer *json;
    bool cache;
};

/* What system messages say may change from call to call. */
static void write_system_block(void *user, struct slice text, bool own) {
    const struct system_writing *writing = user;
    json_begin_object(writing->json);
    write_text(writing->json, text);
    if (own && writing->cache)
        anthropic_write_cache_mark(writing->json);
    json_end_object(writing->json);
}

void anthropic_write_system(struct json_writer *json,
                            const struct anthropic_conversation *conversation) {
    struct system_writing writing = {json, conversation->cache};
    if (turns_system(conversation->call, NULL, NULL) == 0)
        return;
    json_key(json, "system");
    json_begin_array(json);
    turns_system(conversation->call, write_system_block, &writing);
    json_end_array(json);
}
