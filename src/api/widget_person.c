/* Where a person answers: the visitor's messages go to them, and POST /api/widget/handoff calls for
 * one. */
#include "api/api_state.h"
#include "api/errand.h"
#include "api/widget.h"
#include "api/widget_attachments.h"
#include "api/widget_sending.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "chat/redact.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "hub/hub.h"

static bool busy(struct fault *fault) {
    fault_set(fault, FAULT_CONFLICT, "Who answers has changed: please send it again.");
    memcpy(fault->code, "conversation_busy", sizeof "conversation_busy");
    return false;
}

/* --- messages --- */

static bool add_message(struct store_session *session, struct errand *errand, struct slice text,
                        struct fault *fault) {
    const struct sending *sending = errand->own;
    int64_t now_ms = clock_wall_ms();
    const struct store_message message = {.id = id_slice(&sending->message_id),
                                          .conversation_id = errand->what.id,
                                          .role = SLICE("user"),
                                          .text = text,
                                          .status = SLICE("complete"),
                                          .created_ms = now_ms};
    const struct store_sent sent = {
        .key = sending->key, .conversation_id = errand->what.id, .message_id = message.id};
    struct store_conversation conversation = errand->what;
    conversation.door = SLICE("widget");
    conversation.created_ms = now_ms;
    if (!store_conversation_put(session, &conversation, fault) ||
        !store_message_add(session, &message, fault) ||
        !store_sent_add(session, &errand->what, &sent, now_ms, fault))
        return false;
    for (size_t i = 0; i < sending->attachment_count; i++)
        if (!store_attachment_send(session, sending->attachment_ids[i], &message, fault))
            return false;
    return true;
}

/* Decided again here, where nothing changes meanwhile: who answers, and whether it is there. */
static bool run_message(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct sending *sending = errand->own;
    if (!store_sent_find(session, &errand->what, sending->key, errand->arena, &sending->known,
                         &sending->sent, fault) ||
        !store_standing_get(session, errand->what.id, errand->arena, &sending->stands,
                            &sending->standing, fault))
        return false;
    if (sending->known)
        return true;
    return sending_has_person(sending) ? add_message(session, errand, sending->kept_text, fault)
                                       : busy(fault);
}

static void publish_message(const struct errand *errand) {
    const struct sending *sending = errand->own;
    const struct chat_parts *parts = chat_parts(errand->chat);
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", errand->what.id);
    json_member_string(&json, "id", id_slice(&sending->message_id));
    json_member_string(&json, "role", SLICE("user"));
    json_member_string(&json, "key", sending->key);
    json_member_string(&json, "content", sending->text);
    json_member_string(&json, "status", SLICE("complete"));
    json_member_int(&json, "created_at", clock_wall_ms() / 1000);
    if (sending->attachment_count > 0) {
        json_key(&json, "attachments");
        attachments_write(&parts->session_key, sending->attachments, sending->attachment_count,
                          id_slice(&sending->message_id), &json);
    }
    json_end_object(&json);
    hub_publish(parts->hub, channel,
                &(struct hub_event){.name = "message", .data = buffer_slice(&out)},
                clock_wall_ms());
    hub_wake(parts->hub, channel);
    buffer_finish(&out);
}

static void finish_message(struct errand *errand, struct errand_request *request) {
    struct sending *sending = errand->own;
    errand->request = NULL;
    if (!sending->known) {
        publish_message(errand);
        desk_changed(errand->chat, errand->what.id, DESK_RING_OPERATOR);
    }
    const struct store_sent ids = {.conversation_id = errand->what.id,
                                   .message_id = sending->known ? sending->sent.message_id
                                                                : id_slice(&sending->message_id)};
    if (request)
        widget_reply_ids(request, &ids);
    errand_end(errand);
}

void person_message(struct errand *errand, struct errand_request *request) {
    static const struct operation operation = {
        .writes = true, .run = run_message, .finish = finish_message, .even_gone = true};
    struct sending *sending = errand->own;
    struct fault fault;
    if (!errand_may_create(request, "messages", errand->what.user, &fault)) {
        errand_end(errand);
        errand_refuse(request, &fault);
        return;
    }
    /* Here: the rules belong to the request's settings, which the store's thread may outlive. */
    sending->kept_text =
        redact_text(request->bot->redact, REDACT_LOG, sending->text, errand->arena);
    for (size_t i = 0; i < sending->attachment_count; i++)
        sending->attachments[i].message_id = id_slice(&sending->message_id);
    errand_go_on(errand, &operation);
}

/* --- a call for a person --- */

/* A conversation may begin with it. Whose it is, is seen when it is written to. */
static bool run_call(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct sending *sending = errand->own;
    struct store_conversation conversation = errand->what;
    if (!store_sent_find(session, &errand->what, sending->key, errand->arena, &sending->known,
                         &sending->sent, fault))
        return false;
    if (sending->known)
        errand->what.id = sending->sent.conversation_id;
    conversation.id = errand->what.id;
    conversation.door = SLICE("widget");
    conversation.created_ms = clock_wall_ms();
    const struct store_sent sent = {.key = sending->key, .conversation_id = conversation.id};
    struct store_entry entry;
    return (!sending->goes_on ||
            store_conversation_get(session, &conversation, errand->arena, &entry, fault)) &&
           store_conversation_put(session, &conversation, fault) &&
           store_sent_add(session, &errand->what, &sent, conversation.created_ms, fault) &&
           (sending->language.size == 0 ||
            store_conversation_language(session, conversation.id, sending->language, fault)) &&
           store_standing_get(session, conversation.id, errand->arena, &sending->stands,
                              &sending->standing, fault) &&
           store_handoff_place(session, conversation.id, &sending->place, fault);
}

static void reply_call(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", errand->what.id);
    json_member_string(&json, "mode", sending->standing.mode);
    if (sending->standing.operator_display.size > 0)
        json_member_string(&json, "operator", sending->standing.operator_display);
    if (sending->place > 0)
        json_member_int(&json, "position", sending->place);
    json_end_object(&json);
    buffer_append_byte(&out, '\n');
    errand->request = NULL;
    errand_reply(request, 202, buffer_slice(&out));
    buffer_finish(&out);
    errand_end(errand);
}

static bool run_standing(struct store_session *session, struct errand *errand,
                         struct fault *fault) {
    struct sending *sending = errand->own;
    return store_standing_get(session, errand->what.id, errand->arena, &sending->stands,
                              &sending->standing, fault) &&
           store_handoff_place(session, errand->what.id, &sending->place, fault);
}

/* The page may be gone by now: the call counts all the same. */
static void on_called(void *user, const struct fault *fault) {
    static const struct operation told = {.run = run_standing, .finish = reply_call};
    struct errand *errand = user;
    if (errand->request && fault) {
        errand_refuse(errand->request, fault);
        errand->request = NULL;
    }
    if (errand->request)
        errand_go_on(errand, &told);
    else
        errand_end(errand);
}

static void finish_call(struct errand *errand, struct errand_request *request) {
    struct sending *sending = errand->own;
    const struct handoff_request what = {.bot = errand->what.bot,
                                         .user = errand->what.user,
                                         .conversation_id = errand->what.id,
                                         .to = HANDOFF_WAITING,
                                         .actor = {.cause = HANDOFF_BY_VISITOR}};
    struct fault fault;
    if (sending_has_person(sending)) {
        reply_call(errand, request);
    } else if (!handoff_start(request->api->chat, &what, on_called, errand, &fault)) {
        errand_end(errand);
        errand_refuse(request, &fault);
    }
}

static bool take_call(struct errand *errand, const struct errand_request *request,
                      struct fault *fault) {
    (void)errand;
    return request->bot->handoff.enabled ||
           fault_set(fault, FAULT_NOT_FOUND, "This bot has nobody to hand over to.");
}

void widget_handoff(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .creates = "handoffs",
                                               .only_browsers = true,
                                               .read = sending_read_handoff,
                                               .take = take_call,
                                               .run = run_call,
                                               .finish = finish_call};
    errand_open(api, exchange, &operation);
}
