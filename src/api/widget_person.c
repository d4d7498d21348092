/* Where a person answers: the visitor's messages go to them. A person is called for by POST
 * /api/widget/handoff, or by a message with one of the bot's words for it. */
#include "api/api_state.h"
#include "api/errand.h"
#include "api/widget.h"
#include "api/widget_attachments.h"
#include "api/widget_sending.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/fold.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "chat/redact.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "hub/hub.h"

enum { REASON_MAX = 200 };

static bool busy(struct fault *fault) {
    fault_set(fault, FAULT_CONFLICT, "Who answers has changed: please send it again.");
    memcpy(fault->code, "conversation_busy", sizeof "conversation_busy");
    return false;
}

/* --- messages --- */

static bool add_message(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct sending *sending = errand->own;
    int64_t now_ms = clock_wall_ms();
    const struct store_message message = {
        .id = id_slice(&sending->message_id),
        .conversation_id = errand->what.id,
        .role = SLICE("user"),
        .text = redact_text(errand->bot->redact, REDACT_LOG, sending->text, errand->arena),
        .status = SLICE("complete"),
        .created_ms = now_ms};
    const struct store_sent sent = {
        .key = sending->key, .conversation_id = errand->what.id, .message_id = message.id};
    struct store_conversation conversation = errand->what;
    conversation.door = SLICE("widget");
    conversation.language = sending->language;
    conversation.created_ms = now_ms;
    if (!store_conversation_put(session, &conversation, fault) ||
        !store_message_add(session, &message, fault) ||
        !store_sent_add(session, &errand->what, &sent, now_ms, fault))
        return false;
    for (size_t i = 0; i < sending->attachment_count; i++) {
        sending->attachments[i].message_id = message.id;
        if (!store_attachment_send(session, sending->attachment_ids[i], &message, fault))
            return false;
    }
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
    return sending_has_person(sending) ? add_message(session, errand, fault) : busy(fault);
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

static void reply_message(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    const struct store_sent ids = {.conversation_id = errand->what.id,
                                   .message_id = sending->known ? sending->sent.message_id
                                                                : id_slice(&sending->message_id)};
    errand->request = NULL;
    if (request)
        widget_reply_ids(request, &ids);
    errand_end(errand);
}

static void finish_message(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    if (!sending->known) {
        publish_message(errand);
        desk_changed(errand->chat, errand->what.id, DESK_RING_OPERATOR);
    }
    reply_message(errand, request);
}

void person_message(struct errand *errand, struct errand_request *request) {
    static const struct operation operation = {
        .writes = true, .run = run_message, .finish = finish_message, .even_gone = true};
    struct fault fault;
    if (!errand_may_create(request, "messages", errand->what.user, &fault)) {
        errand_end(errand);
        errand_refuse(request, &fault);
        return;
    }
    errand_go_on(errand, &operation);
}

/* --- nobody is there --- */

/* Whether they can be handed over; if not, they are told so, in the conversation itself. */
static bool look_for_somebody(struct store_session *session, struct errand *errand,
                              struct fault *fault) {
    struct sending *sending = errand->own;
    int64_t now_ms = clock_wall_ms();
    if (sending_has_person(sending))
        return true;
    if (!handoff_home(session, chat_parts(errand->chat)->desk, errand->bot, now_ms, errand->arena,
                      &sending->home, fault))
        return false;
    if (sending->home.somebody || sending->known) /* then they were told before */
        return true;
    sending->nobody = (struct nobody){
        .bot = errand->what.bot,
        .user = errand->what.user,
        .conversation_id = errand->what.id,
        .message_id = sending->answer_id,
        .text = nobody_text(errand->bot, sending->language, sending->home.opens_ms, errand->arena)};
    return nobody_keep(session, &sending->nobody, now_ms, fault);
}

static bool start_handoff(struct errand *errand, enum handoff_cause cause, struct slice reason,
                          void (*done)(void *user, const struct fault *fault),
                          struct fault *fault) {
    const struct handoff_request what = {.bot = errand->what.bot,
                                         .user = errand->what.user,
                                         .conversation_id = errand->what.id,
                                         .to = HANDOFF_WAITING,
                                         .actor = {.cause = cause},
                                         .reason = reason};
    return handoff_start(errand->chat, &what, done, errand, fault);
}

/* --- called for by words --- */

/* Letters in any case, with or without accents; a keyword stands between other signs. */
bool person_is_called(const struct bot *bot, struct slice text) {
    if (!bot->handoff.enabled || bot->handoff.keyword_count == 0 || !utf8_valid(text))
        return false;
    char *said = memory_allocate(2 * (text.size + 2));
    char word[2 * 128];
    said[0] = ' ';
    size_t size = fold_text(text, said + 1) + 1;
    said[size++] = ' ';
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)said[i] < 128 &&
            !((said[i] >= 'a' && said[i] <= 'z') || (said[i] >= '0' && said[i] <= '9')))
            said[i] = ' ';
    bool called = false;
    for (size_t i = 0; i < bot->handoff.keyword_count && !called; i++) {
        struct slice keyword = slice_first(slice_of(bot->handoff.keywords[i]), 100);
        word[0] = ' ';
        size_t length = fold_text(keyword, word + 1) + 1;
        word[length++] = ' ';
        called = slice_find((struct slice){said, size}, (struct slice){word, length}) != SIZE_MAX;
    }
    free(said);
    return called;
}

static bool run_words(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct sending *sending = errand->own;
    if (!store_sent_find(session, &errand->what, sending->key, errand->arena, &sending->known,
                         &sending->sent, fault))
        return false;
    return sending->known || (add_message(session, errand, fault) &&
                              store_standing_get(session, errand->what.id, errand->arena,
                                                 &sending->stands, &sending->standing, fault) &&
                              look_for_somebody(session, errand, fault));
}

static void finish_words(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    struct slice reason =
        redact_text(errand->bot->redact, REDACT_LOG, sending->text, errand->arena);
    struct fault ignored; /* somebody is at it already: that is as good */
    if (!sending->known) {
        publish_message(errand);
        if (sending_has_person(sending))
            desk_changed(errand->chat, errand->what.id, DESK_RING_OPERATOR);
        else if (sending->home.somebody)
            start_handoff(errand, HANDOFF_BY_RULE,
                          slice_first(reason, utf8_cut(reason, REASON_MAX)), NULL, &ignored);
        else
            nobody_publish(errand->chat, &sending->nobody);
    }
    reply_message(errand, request);
}

void person_call(struct errand *errand, struct errand_request *request) {
    static const struct operation operation = {
        .writes = true, .run = run_words, .finish = finish_words, .even_gone = true};
    struct fault fault;
    if (errand_may_create(request, "messages", errand->what.user, &fault)) {
        errand_go_on(errand, &operation);
        return;
    }
    errand_end(errand);
    errand_refuse(request, &fault);
}

/* --- called for by the button --- */

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
    conversation.language = sending->language;
    conversation.created_ms = clock_wall_ms();
    const struct store_sent sent = {.key = sending->key, .conversation_id = conversation.id};
    struct store_entry entry;
    return (!sending->goes_on ||
            store_conversation_get(session, &conversation, errand->arena, &entry, fault)) &&
           store_conversation_put(session, &conversation, fault) &&
           store_sent_add(session, &errand->what, &sent, conversation.created_ms, fault) &&
           store_standing_get(session, conversation.id, errand->arena, &sending->stands,
                              &sending->standing, fault) &&
           store_handoff_place(session, conversation.id, &sending->place, fault) &&
           look_for_somebody(session, errand, fault);
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
    const struct sending *sending = errand->own;
    struct fault fault;
    if (sending_has_person(sending)) {
        reply_call(errand, request);
    } else if (!sending->home.somebody) {
        if (sending->nobody.text.size > 0)
            nobody_publish(errand->chat, &sending->nobody);
        reply_call(errand, request);
    } else if (!start_handoff(errand, HANDOFF_BY_VISITOR, (struct slice){NULL, 0}, on_called,
                              &fault)) {
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
