/* What operators write: replies, which the visitor sees, and notes, which only operators do. */
#include "api/body.h"
#include "api/desk.h"
#include "api/errand.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "hub/hub.h"

enum { TEXT_MAX = 16 * 1024 };

/* In the errand's arena. */
struct writing {
    struct slice text, key;
    bool note;
    struct id id;
    bool known; /* it was sent before */
    struct store_message message;
};

static bool read_writing(struct errand *errand, struct http_exchange *exchange,
                         struct fault *fault) {
    struct writing *writing = arena_allocate(errand->arena, sizeof *writing);
    const struct body body = {.root = http_exchange_request(exchange)->body};
    errand->own = writing;
    writing->id = id_create();
    if (!desk_path_id(errand, exchange, fault) || !body_check(body.root, fault) ||
        !body_string(&body, "text", errand->arena, &writing->text, fault) ||
        !body_string(&body, "key", errand->arena, &writing->key, fault))
        return false;
    struct slice note = json_get(body.root, "note");
    if (json_type(note) != JSON_MISSING && !json_read_bool(note, &writing->note))
        return errand_wrong(fault, "note", "must be true or false.");
    if (!body_is_key(writing->key))
        return errand_wrong(fault, "key", "must be 16 to 64 of A-Z, a-z, 0-9, - and _.");
    if (slice_trim(writing->text).size == 0)
        return errand_wrong(fault, "text", "is empty.");
    if (writing->text.size > TEXT_MAX) {
        fault_set(fault, FAULT_TOO_LARGE, "The text is too long: at most %d bytes.", TEXT_MAX);
        return fault_param(fault, "text");
    }
    return true;
}

static bool read_back(struct store_session *session, struct errand *errand, struct slice id,
                      struct fault *fault) {
    struct writing *writing = errand->own;
    bool found;
    if (!store_desk_message(session, errand->what.id, id, errand->arena, &found, &writing->message,
                            fault))
        return false;
    return found || fault_set(fault, FAULT_NOT_FOUND, "There is no such message any more.");
}

/* Their keys are of the operator, not of the visitor. */
static bool run_writing(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct writing *writing = errand->own;
    struct store_desk_entry entry;
    struct store_sent sent;
    if (!desk_find(session, errand, &entry, fault))
        return false;
    const struct store_conversation own = {
        .id = entry.id,
        .bot = entry.bot,
        .user =
            slice_of(arena_printf(errand->arena, "operator:%.*s", SLICE_ARG(errand->operator.id)))};
    if (!store_sent_find(session, &own, writing->key, errand->arena, &writing->known, &sent, fault))
        return false;
    if (writing->known)
        return read_back(session, errand, sent.message_id, fault);
    if (!writing->note && !desk_is_theirs(errand, &entry, fault))
        return false;
    int64_t now_ms = clock_wall_ms();
    const struct store_message message = {.id = id_slice(&writing->id),
                                          .conversation_id = entry.id,
                                          .role = writing->note ? SLICE("note") : SLICE("operator"),
                                          .text = writing->text,
                                          .status = SLICE("complete"),
                                          .author = errand->operator.display,
                                          .created_ms = now_ms};
    sent = (struct store_sent){
        .key = writing->key, .conversation_id = entry.id, .message_id = message.id};
    return store_message_add(session, &message, fault) &&
           store_conversation_touch(session, entry.id, now_ms, fault) &&
           store_sent_add(session, &own, &sent, now_ms, fault) &&
           read_back(session, errand, message.id, fault);
}

static void write_message(struct json_writer *json, const struct store_message *message) {
    json_member_string(json, "id", message->id);
    json_member_int(json, "position", message->position);
    json_member_string(json, "role", message->role);
    json_member_string(json, "content", message->text);
    json_member_string(json, "status", message->status);
    json_member_int(json, "created_at", message->created_ms / 1000);
    json_member_string(json, "author", message->author);
}

/* A note goes to operators, on their channels alone; a reply to the visitor. */
static void publish_writing(struct errand *errand) {
    const struct writing *writing = errand->own;
    const struct chat_parts *parts = chat_parts(errand->chat);
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", errand->what.id);
    write_message(&json, &writing->message);
    json_member_string(&json, "key", writing->key);
    json_end_object(&json);
    if (writing->note) {
        desk_publish(parts->desk, errand->what.bot, "note", buffer_slice(&out));
    } else {
        struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
        hub_publish(parts->hub, channel,
                    &(struct hub_event){.name = "message", .data = buffer_slice(&out)},
                    clock_wall_ms());
        hub_wake(parts->hub, channel);
    }
    buffer_finish(&out);
    desk_changed(errand->chat, errand->what.id, DESK_RING_NONE);
}

static void finish_writing(struct errand *errand, struct errand_request *request) {
    const struct writing *writing = errand->own;
    if (!writing->known)
        publish_writing(errand);
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_key(&json, "message");
    json_begin_object(&json);
    write_message(&json, &writing->message);
    json_end_object(&json);
    json_end_object(&json);
    buffer_append_byte(&out, '\n');
    errand->request = NULL;
    if (request)
        errand_reply(request, 200, buffer_slice(&out));
    buffer_finish(&out);
    errand_end(errand);
}

void desk_write(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .signed_in = true,
                                               .even_gone = true,
                                               .read = read_writing,
                                               .run = run_writing,
                                               .finish = finish_writing};
    errand_open_desk(api, exchange, &operation);
}

/* --- typing --- */

static bool read_typing(struct errand *errand, struct http_exchange *exchange,
                        struct fault *fault) {
    return desk_path_id(errand, exchange, fault);
}

static bool run_typing(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_desk_entry entry;
    return desk_find(session, errand, &entry, fault) && desk_is_theirs(errand, &entry, fault);
}

static void finish_typing(struct errand *errand, struct errand_request *request) {
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    const struct visitor_status status = {.conversation_id = errand->what.id,
                                          .mode = SLICE("operator"),
                                          .operator_name = errand->operator.display,
                                          .typing = true};
    visitor_publish_status(chat_parts(errand->chat)->hub, channel, &status);
    errand_finish_empty(errand, request);
}

void desk_typing(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .signed_in = true, .read = read_typing, .run = run_typing, .finish = finish_typing};
    errand_open_desk(api, exchange, &operation);
}
