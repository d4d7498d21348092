#include "model/gemini_contents.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/encode.h"

/* Google's own word for a call that its model did not make: Gemini 3 refuses those that bear no
 * signature. It is "skip_thought_signature_validator", as bytes are written in JSON. */
#define FOREIGN_SIGNATURE "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

static bool is_blank(struct slice text) {
    return slice_trim(text).size == 0;
}

static bool is_written(enum model_role role, const struct model_part *part) {
    switch (part->kind) {
    case MODEL_PART_TEXT:
        return role != MODEL_TOOL && (!is_blank(part->text) || part->signature.size > 0);
    case MODEL_PART_IMAGE:
        return role == MODEL_USER;
    case MODEL_PART_TOOL_CALL:
        return role == MODEL_ASSISTANT;
    case MODEL_PART_TOOL_RESULT:
        return role == MODEL_TOOL || role == MODEL_USER;
    case MODEL_PART_REASONING:
        return role == MODEL_ASSISTANT && part->signature.size > 0 && !part->redacted;
    default:
        return false;
    }
}

struct turns gemini_turns(const struct model_call *call, struct arena *arena) {
    return turns_find(call, is_written, arena);
}

/* --- parts --- */

struct writing {
    struct json_writer *json;
    const struct model_call *call;
    bool signs;  /* the first call of this turn must bear a signature */
    bool called; /* that one was written */
};

/* The vendor wants to know the type of what it fetches; the address tells it mostly. */
static struct slice media_type_of(const struct model_part *part) {
    static const struct {
        const char *end, *type;
    } types[] = {
        {".png", "image/png"},   {".webp", "image/webp"}, {".gif", "image/gif"},
        {".heic", "image/heic"}, {".heif", "image/heif"},
    };
    if (part->media_type.size > 0)
        return part->media_type;
    struct slice path = slice_first(part->url, slice_find_byte(part->url, '?'));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t size = slice_of(types[i].end).size;
        if (path.size > size &&
            slice_equal_nocase(slice_from(path, path.size - size), slice_of(types[i].end)))
            return slice_of(types[i].type);
    }
    return SLICE("image/jpeg");
}

static void write_image(const struct writing *writing, const struct model_part *part) {
    struct json_writer *json = writing->json;
    if (encode_leaves_out_images(writing->call)) {
        json_member_string(json, "text", SLICE(ENCODE_IMAGE_LEFT_OUT));
        return;
    }
    json_key(json, part->url.size > 0 ? "fileData" : "inlineData");
    json_begin_object(json);
    json_member_string(json, "mimeType", media_type_of(part));
    if (part->url.size > 0)
        json_member_string(json, "fileUri", part->url);
    else
        json_member_string(json, "data", part->data);
    json_end_object(json);
}

static void write_call(struct writing *writing, const struct model_part *part) {
    struct json_writer *json = writing->json;
    json_key(json, "functionCall");
    json_begin_object(json);
    if (part->tool_id.size > 0)
        json_member_string(json, "id", part->tool_id);
    json_member_string(json, "name", part->tool_name);
    json_member_raw(json, "args", encode_object(part->arguments));
    json_end_object(json);
    if (part->signature.size == 0 && writing->signs && !writing->called)
        json_member_string(json, "thoughtSignature", SLICE(FOREIGN_SIGNATURE));
    writing->called = true;
}

/* The vendor tells results apart by the name of the function, too. */
static struct slice name_of_result(const struct model_call *call, const struct model_part *result) {
    if (result->tool_name.size > 0)
        return result->tool_name;
    for (size_t i = call->message_count; i-- > 0;)
        for (size_t j = 0; j < call->messages[i].part_count; j++) {
            const struct model_part *part = &call->messages[i].parts[j];
            if (part->kind == MODEL_PART_TOOL_CALL && slice_equal(part->tool_id, result->tool_id))
                return part->tool_name;
        }
    return SLICE("tool");
}

/* Must be an object: one with the member "output" or "error" where the result is none itself. */
static void write_response(struct json_writer *json, const struct model_part *part) {
    struct slice text = slice_trim(part->text);
    bool object = json_validate(text, NULL) && json_type(text) == JSON_OBJECT;
    if (object && !part->is_error) {
        json_member_raw(json, "response", text);
        return;
    }
    const char *key = part->is_error ? "error" : "output";
    json_key(json, "response");
    json_begin_object(json);
    if (object)
        json_member_raw(json, key, text);
    else
        json_member_string(json, key, part->text);
    json_end_object(json);
}

static void write_result(const struct writing *writing, const struct model_part *part) {
    struct json_writer *json = writing->json;
    json_key(json, "functionResponse");
    json_begin_object(json);
    if (part->tool_id.size > 0)
        json_member_string(json, "id", part->tool_id);
    json_member_string(json, "name", name_of_result(writing->call, part));
    write_response(json, part);
    json_end_object(json);
}

static void write_reasoning(struct json_writer *json, const struct model_part *part) {
    json_member_string(json, "text", part->text);
    if (part->text.size > 0)
        json_member_bool(json, "thought", true);
}

static bool write_part(void *user, const struct model_part *part) {
    struct writing *writing = user;
    struct json_writer *json = writing->json;
    json_begin_object(json);
    if (part->kind == MODEL_PART_TEXT)
        json_member_string(json, "text", part->text);
    else if (part->kind == MODEL_PART_IMAGE)
        write_image(writing, part);
    else if (part->kind == MODEL_PART_TOOL_CALL)
        write_call(writing, part);
    else if (part->kind == MODEL_PART_TOOL_RESULT)
        write_result(writing, part);
    else
        write_reasoning(json, part);
    if (part->signature.size > 0)
        json_member_string(json, "thoughtSignature", part->signature);
    json_end_object(json);
    return true;
}

/* --- contents --- */

static void begin_content(struct json_writer *json, const char *role) {
    json_begin_object(json);
    json_member_string(json, "role", slice_of(role));
    json_key(json, "parts");
    json_begin_array(json);
}

static void end_content(struct json_writer *json) {
    json_end_array(json);
    json_end_object(json);
}

static void write_text(struct json_writer *json, struct slice text) {
    json_begin_object(json);
    json_member_string(json, "text", text);
    json_end_object(json);
}

static void write_bridge(struct json_writer *json, struct slice text) {
    begin_content(json, "user");
    write_text(json, text);
    end_content(json);
}

/* The models that think by levels are those that want signatures; a model that nobody knows is
 * likely newer than the catalogue. */
static bool wants_signatures(const struct model_call *call) {
    return !call->info || call->info->thinking & MODEL_THINKING_LEVEL;
}

void gemini_write_contents(struct json_writer *json, const struct turns *turns) {
    const struct model_call *call = turns->call;
    json_key(json, "contents");
    json_begin_array(json);
    if (turns->count > 0 && turns->items[0].assistant)
        write_bridge(json, SLICE(TURNS_BEGINNING));
    for (size_t i = 0; i < turns->count; i++) {
        const struct turn_of *turn = &turns->items[i];
        struct writing writing = {.json = json, .call = call, .signs = wants_signatures(call)};
        begin_content(json, turn->assistant ? "model" : "user");
        turns_walk(turns, turn, write_part, &writing);
        end_content(json);
    }
    bool open = turns->count > 0 && turns->items[turns->count - 1].assistant;
    if (open && !(call->info && call->info->prefill))
        write_bridge(json, SLICE(TURNS_GOING_ON));
    json_end_array(json);
}

/* --- system --- */

static void write_system_text(void *user, struct slice text, bool own) {
    (void)own;
    write_text(user, text);
}

void gemini_write_system(struct json_writer *json, const struct model_call *call) {
    if (turns_system(call, NULL, NULL) == 0)
        return;
    json_key(json, "systemInstruction");
    json_begin_object(json);
    json_key(json, "parts");
    json_begin_array(json);
    turns_system(call, write_system_text, json);
    json_end_array(json);
    json_end_object(json);
}
