/* Messages of the widget: each starts a turn that publishes what it says in the visitor's channel.
 * The turn belongs to no connection; the request that brought it is replied to once the message is
 * recorded. */
#include "api/address.h"
#include "api/api_state.h"
#include "api/errand.h"
#include "api/reply.h"
#include "api/widget.h"
#include "api/widget_attachments.h"
#include "api/widget_sending.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "chat/chat.h"
#include "chat/confirm.h"
#include "chat/desk.h"
#include "chat/handoff.h"
#include "chat/settings.h"
#include "chat/turn.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "hub/hub.h"

enum { TURN_ARENA = 2048 };

/* A turn under way; freed at its end. */
struct widget_turn {
    struct api *api;
    struct hub *hub;
    struct hub_claim *claim;
    struct turn *turn;              /* NULL while it is being started, and once it is over */
    struct errand_request *request; /* to reply to; NULL once it is, or gone */
    struct arena *arena;            /* this lies in it */
    struct slice bot, user, channel, key, user_text;
    struct store_attachment attachments[ATTACHMENTS_MAX]; /* without data */
    size_t attachment_count;
    struct id id, conversation, message, answer;
    int64_t created_ms;
    bool accepted, offline, failed, again;
    bool reopens;    /* the conversation was closed */
    bool cut;        /* somebody took over, and a word of it was not said */
    bool hands_over; /* the bot calls for a person, when it has answered */
    struct slice reason, summary;
    bool asks_lead; /* they are asked how they can be reached when nobody can answer */
    struct buffer text, scratch;
};

/* --- publishing --- */

static struct json_writer begin(struct widget_turn *turn) {
    buffer_clear(&turn->scratch);
    struct json_writer json = json_writer_start(&turn->scratch);
    json_begin_object(&json);
    return json;
}

static struct hub_event event_of(struct widget_turn *turn, const char *name,
                                 struct json_writer *json) {
    json_end_object(json);
    return (struct hub_event){
        .name = name, .data = buffer_slice(&turn->scratch), .part_of = id_slice(&turn->id)};
}

/* What the bot says. False where somebody has taken over: then it is not said. */
static bool publish(struct widget_turn *turn, const struct hub_event *event) {
    return hub_publish_as(turn->claim, event, clock_wall_ms());
}

/* What is no word of the bot's. */
static void publish_always(struct widget_turn *turn, const struct hub_event *event) {
    hub_publish(turn->hub, turn->channel, event, clock_wall_ms());
}

static void publish_turn(struct widget_turn *turn) {
    struct json_writer json = begin(turn);
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    if (turn->again) {
        json_member_bool(&json, "again", true);
    } else {
        json_key(&json, "message");
        json_begin_object(&json);
        json_member_string(&json, "id", id_slice(&turn->message));
        json_member_string(&json, "role", SLICE("user"));
        json_member_string(&json, "content", turn->user_text);
        json_member_int(&json, "created_at", turn->created_ms / 1000);
        if (turn->attachment_count > 0) {
            json_key(&json, "attachments");
            attachments_write(&chat_parts(turn->api->chat)->session_key, turn->attachments,
                              turn->attachment_count, id_slice(&turn->message), &json);
        }
        json_end_object(&json);
    }
    json_member_string(&json, "answer", id_slice(&turn->answer));
    json_member_string(&json, "key", turn->key);
    const struct hub_event event = event_of(turn, "turn", &json);
    publish_always(turn, &event);
}

static void publish_delta(struct widget_turn *turn, struct slice text) {
    struct json_writer json = begin(turn);
    json_member_string(&json, "turn", id_slice(&turn->id));
    json_member_string(&json, "text", text);
    struct hub_event event = event_of(turn, "delta", &json);
    event.passing = true;
    if (publish(turn, &event))
        buffer_append(&turn->text, text);
    else
        turn->cut = true;
}

static void publish_tool(struct widget_turn *turn, const struct turn_tool *tool) {
    static const char *const states[] = {"running", "done", "failed"};
    struct json_writer json = begin(turn);
    json_member_string(&json, "turn", id_slice(&turn->id));
    json_member_string(&json, "id", tool->id);
    json_member_string(&json, "name", tool->name);
    json_member_string(&json, "state", slice_of(states[tool->state]));
    json_member_string(&json, "text", tool->text);
    struct hub_event event = event_of(turn, "tool", &json);
    event.passing = true;
    publish(turn, &event);
}

static void publish_card(struct widget_turn *turn, const struct turn_confirm *card) {
    struct buffer text = {0};
    struct json_writer json = begin(turn);
    confirm_write(card, &text);
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    buffer_append_byte(&turn->scratch, ',');
    buffer_append(&turn->scratch, slice_from(buffer_slice(&text), 1)); /* with its brace */
    buffer_finish(&text);
    const struct hub_event event = {.name = "confirm", .data = buffer_slice(&turn->scratch)};
    publish(turn, &event);
}

static void publish_error(struct widget_turn *turn, const struct fault *fault) {
    struct json_writer json = begin(turn);
    turn->failed = true;
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    json_member_string(&json, "code", slice_of(reply_code(fault)));
    json_member_string(&json, "message", slice_of(fault->message));
    json_member_bool(&json, "retry", fault->retryable || fault->kind == FAULT_RATE_LIMITED);
    if (fault->retry_after_ms >= 0)
        json_member_int(&json, "retry_after_s", (fault->retry_after_ms + 999) / 1000);
    const struct hub_event event = event_of(turn, "error", &json);
    publish(turn, &event);
}

/* Whether it is nobody's fault who asked: no model could be reached, or paid. */
static bool nobody_answers(const struct fault *fault) {
    switch (fault->kind) {
    case FAULT_UNAVAILABLE:
    case FAULT_BUDGET:
    case FAULT_PROVIDER_AUTH:
    case FAULT_PROVIDER_QUOTA:
    case FAULT_PROVIDER_RATE_LIMITED:
    case FAULT_PROVIDER_OVERLOADED:
    case FAULT_PROVIDER_MODEL_NOT_FOUND:
    case FAULT_PROVIDER_NETWORK:
    case FAULT_PROVIDER_STALLED:
    case FAULT_PROVIDER_TRUNCATED:
    case FAULT_PROVIDER_MALFORMED:
        return true;
    default:
        return false;
    }
}

/* After the error, or in its place where the message was refused: how can you be reached? */
static void publish_lead(struct widget_turn *turn, const struct fault *fault) {
    if (!turn->asks_lead || turn->api->draining || !nobody_answers(fault))
        return;
    struct json_writer json = begin(turn);
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    const struct hub_event event = event_of(turn, "lead", &json);
    publish(turn, &event);
}

/* How it ended, for whoever reads. */
struct ending {
    const char *status, *finish;
    struct slice replies;
};

static struct hub_event answer_event(struct widget_turn *turn, const struct ending *ending) {
    struct json_writer json = begin(turn);
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    json_member_string(&json, "id", id_slice(&turn->answer));
    json_member_string(&json, "role", SLICE("assistant"));
    json_member_string(&json, "content", buffer_slice(&turn->text));
    json_member_string(&json, "status", slice_of(ending->status));
    json_member_int(&json, "created_at", clock_wall_ms() / 1000);
    json_member_bool(&json, "offline", turn->offline);
    if (ending->replies.size > 0)
        json_member_raw(&json, "replies", ending->replies);
    struct hub_event event = event_of(turn, "message", &json);
    event.is_whole = true;
    return event;
}

static struct hub_event end_event(struct widget_turn *turn, const struct ending *ending) {
    struct json_writer json = begin(turn);
    json_member_string(&json, "conversation", id_slice(&turn->conversation));
    json_member_string(&json, "turn", id_slice(&turn->id));
    json_member_string(&json, "finish", slice_of(ending->finish));
    return event_of(turn, "end", &json);
}

static void publish_end(struct widget_turn *turn, bool cancelled, enum model_finish finish,
                        struct slice replies) {
    bool cut = turn->failed || cancelled;
    const struct ending ending = {
        .status = !cut              ? "complete"
                  : turn->text.size ? "partial"
                                    : "failed",
        .finish = cancelled      ? "cancelled"
                  : turn->failed ? "error"
                                 : model_finish_name(finish),
        .replies = replies,
    };
    /* Taken over from: what the visitor has is all that comes; "" is no answer at all. Whoever took
     * over waits for this, so that it comes before what they say. */
    const struct ending silenced = {.status = turn->text.size ? "partial" : "complete",
                                    .finish = "cancelled"};
    struct hub_event event = answer_event(turn, &ending);
    bool may = !turn->cut && publish(turn, &event);
    if (!may) {
        event = answer_event(turn, &silenced);
        publish_always(turn, &event);
    }
    event = end_event(turn, may ? &ending : &silenced);
    publish_always(turn, &event);
}

static bool is_cut(void *user, struct slice *ret_seen) {
    const struct widget_turn *turn = user;
    *ret_seen = buffer_slice(&turn->text);
    return hub_is_seized(turn->claim);
}

/* --- the reply --- */

void widget_reply_ids(struct errand_request *request, const struct store_sent *sent) {
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", sent->conversation_id);
    if (sent->turn_id.size > 0)
        json_member_string(&json, "turn", sent->turn_id);
    json_member_string(&json, "message", sent->message_id);
    if (sent->answer_id.size > 0)
        json_member_string(&json, "answer", sent->answer_id);
    json_end_object(&json);
    buffer_append_byte(&out, '\n');
    errand_reply(request, 202, buffer_slice(&out));
    buffer_finish(&out);
}

static void reply(struct widget_turn *turn, const struct fault *fault) {
    struct errand_request *request = turn->request;
    turn->request = NULL;
    if (request && fault)
        errand_refuse(request, fault);
    else if (request)
        widget_reply_ids(request,
                         &(struct store_sent){.conversation_id = id_slice(&turn->conversation),
                                              .turn_id = id_slice(&turn->id),
                                              .message_id = id_slice(&turn->message),
                                              .answer_id = id_slice(&turn->answer)});
}

/* The page is gone before it was told; the turn goes on. */
static void on_gone(void *user) {
    struct widget_turn *turn = user;
    errand_release(turn->request);
    turn->request = NULL;
}

/* --- the turn --- */

/* Behind what the bot said. Where somebody is at it already, that is as good. */
static void hand_over(const struct widget_turn *turn) {
    struct fault ignored;
    const struct handoff_request what = {.bot = turn->bot,
                                         .user = turn->user,
                                         .conversation_id = id_slice(&turn->conversation),
                                         .to = HANDOFF_WAITING,
                                         .actor = {.cause = HANDOFF_BY_BOT},
                                         .reason = turn->reason,
                                         .summary = turn->summary};
    handoff_start(turn->api->chat, &what, NULL, NULL, &ignored);
}

static void note_handoff(struct widget_turn *turn, struct slice arguments) {
    struct buffer text = {0};
    turn->hands_over = arguments.size > 0 && !hub_is_seized(turn->claim);
    json_read_string(json_get(arguments, "reason"), &text);
    turn->reason = arena_copy(turn->arena, buffer_slice(&text));
    buffer_clear(&text);
    json_read_string(json_get(arguments, "summary"), &text);
    turn->summary = arena_copy(turn->arena, buffer_slice(&text));
    buffer_finish(&text);
}

static void finish(struct widget_turn *turn) {
    hub_release(turn->claim);
    if (turn->hands_over)
        hand_over(turn);
    hub_wake(turn->hub, turn->channel);
    if (turn->accepted)
        desk_changed(turn->api->chat, id_slice(&turn->conversation), DESK_RING_NONE);
    buffer_finish(&turn->text);
    buffer_finish(&turn->scratch);
    arena_destroy(turn->arena);
}

static void on_event(void *user, const struct turn_event *event) {
    struct widget_turn *turn = user;
    switch (event->kind) {
    case TURN_EVENT_ACCEPTED:
        turn->accepted = true;
        publish_turn(turn);
        if (turn->reopens)
            visitor_publish_status(
                turn->hub, turn->channel,
                &(struct visitor_status){.conversation_id = id_slice(&turn->conversation),
                                         .mode = SLICE("bot")});
        reply(turn, NULL);
        if (hub_is_seized(turn->claim)) /* meanwhile: on_stop comes once more */
            hub_stop(turn->hub, turn->channel, id_slice(&turn->conversation));
        break;
    case TURN_EVENT_START:
        turn->offline = event->offline;
        break;
    case TURN_EVENT_TEXT:
        publish_delta(turn, event->text);
        break;
    case TURN_EVENT_TOOL:
        publish_tool(turn, event->tool);
        break;
    case TURN_EVENT_CONFIRM:
        publish_card(turn, event->confirm);
        break;
    case TURN_EVENT_ERROR:
        if (turn->accepted)
            publish_error(turn, event->fault);
        else
            reply(turn, event->fault);
        publish_lead(turn, event->fault);
        break;
    case TURN_EVENT_END:
        note_handoff(turn, event->handoff);
        if (turn->accepted)
            publish_end(turn, false, event->finish, event->replies);
        finish(turn);
        break;
    default:
        break;
    }
}

static void on_flush(void *user) {
    struct widget_turn *turn = user;
    hub_wake(turn->hub, turn->channel);
}

static const struct turn_sink sink = {on_event, on_flush, is_cut};

/* Asked for by the visitor, or by who takes over; on whatever loop. */
static void on_stop(void *user) {
    struct widget_turn *turn = user;
    if (!turn->turn)
        return;
    /* The visitor's message is to be kept, whoever answers it: see ACCEPTED. */
    if (!turn->accepted && hub_is_seized(turn->claim))
        return;
    turn_cancel(turn->turn); /* the sink is not called again */
    if (turn->accepted) {
        publish_end(turn, true, MODEL_FINISH_STOP, (struct slice){NULL, 0});
    } else {
        struct fault fault;
        fault_set(&fault, FAULT_CANCELLED, "It was stopped.");
        reply(turn, &fault);
    }
    finish(turn);
}

/* What the visitor says, for the model. */
static struct model_message message_of(const struct sending *sending, struct arena *arena) {
    struct model_part *parts = arena_array(arena, sending->attachment_count + 1, sizeof *parts);
    size_t count = 0;
    if (sending->text.size > 0 || sending->attachment_count == 0)
        parts[count++] =
            (struct model_part){.kind = MODEL_PART_TEXT, .text = arena_copy(arena, sending->text)};
    for (size_t i = 0; i < sending->attachment_count; i++)
        parts[count++] =
            (struct model_part){.kind = MODEL_PART_IMAGE,
                                .media_type = arena_copy(arena, sending->attachments[i].media_type),
                                .data = arena_copy(arena, sending->attachments[i].data)};
    return (struct model_message){MODEL_USER, parts, count};
}

static struct turn_request request_of(struct widget_turn *turn, const struct errand *errand,
                                      const struct sending *sending, char address[64]) {
    struct errand_request *request = turn->request;
    const struct api_options *options = &turn->api->options;
    struct arena *arena = arena_create(TURN_ARENA);
    struct model_message *message = arena_allocate(arena, sizeof *message);
    struct slice *ids = arena_array(arena, sending->attachment_count, sizeof *ids);
    *message = message_of(sending, arena);
    for (size_t i = 0; i < sending->attachment_count; i++)
        ids[i] = arena_copy(arena, sending->attachment_ids[i]);
    return (struct turn_request){
        .settings = request->settings,
        .bot = request->bot,
        .who = &errand->who,
        .address = address_of(options, request->exchange, address),
        .language = sending->language,
        .door = "widget",
        .messages = message,
        .message_count = 1,
        .attachments = ids,
        .attachment_count = sending->attachment_count,
        .arena = arena,
        .id = turn->id,
        .message_id = turn->message,
        .answer_id = turn->answer,
        .key = turn->key,
        .conversation_id = id_slice(&turn->conversation),
        .goes_on = sending->goes_on,
        .must_exist = sending->goes_on,
        .again = sending->again,
        .has_buttons = true,
        .confirmation_id = sending->confirmation_id,
        .confirmed = sending->confirmed,
    };
}

static void keep_attachments(struct widget_turn *turn, const struct sending *sending) {
    for (size_t i = 0; i < sending->attachment_count; i++) {
        struct store_attachment *kept = &turn->attachments[i];
        *kept = sending->attachments[i];
        kept->id = arena_copy(turn->arena, kept->id);
        kept->name = arena_copy(turn->arena, kept->name);
        kept->media_type = arena_copy(turn->arena, kept->media_type);
        kept->message_id = id_slice(&turn->message);
        kept->data = (struct slice){NULL, 0};
    }
    turn->attachment_count = sending->attachment_count;
}

static struct widget_turn *create(const struct errand *errand, struct errand_request *request,
                                  const struct sending *sending) {
    struct arena *arena = arena_create(1024);
    struct widget_turn *turn = arena_allocate(arena, sizeof *turn);
    turn->api = request->api;
    turn->hub = chat_parts(request->api->chat)->hub;
    turn->request = request;
    turn->arena = arena;
    turn->bot = arena_copy(arena, errand->what.bot);
    turn->user = arena_copy(arena, errand->what.user);
    turn->channel = visitor_channel(errand->what.bot, errand->what.user, arena);
    turn->key = arena_copy(arena, sending->key);
    turn->user_text = arena_copy(arena, sending->text);
    turn->id = request->id;
    turn->message = sending->message_id;
    turn->answer = sending->answer_id;
    turn->again = sending->again;
    turn->reopens = sending->stands && slice_is(sending->standing.mode, "closed");
    turn->asks_lead = sending->asks_offline && !sending->has_lead;
    memcpy(turn->conversation.text, errand->what.id.data, ID_SIZE);
    turn->created_ms = clock_wall_ms();
    keep_attachments(turn, sending);
    return turn;
}

static void start(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    struct fault fault;
    char address[64];
    if (sending->known) {
        errand->request = NULL;
        widget_reply_ids(request, &sending->sent);
        errand_end(errand);
        return;
    }
    struct widget_turn *turn = create(errand, request, sending);
    if (!hub_claim(turn->hub, turn->channel, id_slice(&turn->conversation), turn->key,
                   chat_parts(request->api->chat)->loop, on_stop, turn, &turn->claim)) {
        fault_set(&fault, FAULT_CONFLICT, "The last message is still being answered.");
        memcpy(fault.code, "conversation_busy", sizeof "conversation_busy");
        errand_end(errand);
        arena_destroy(turn->arena);
        errand_refuse(request, &fault);
        return;
    }
    const struct turn_request what = request_of(turn, errand, sending, address);
    request->gone = on_gone;
    request->user = turn;
    /* The turn may be over before it returns: `turn` is freed with it, and the request replied. */
    errand->request = NULL;
    struct turn *started = turn_start(request->api->chat, &what, &sink, turn);
    if (started)
        turn->turn = started;
    errand_end(errand);
}

/* --- the doors --- */

static void send_message(struct errand *errand, struct errand_request *request) {
    const struct sending *sending = errand->own;
    struct fault fault;
    if (sending_fits(sending, request->bot, &fault)) {
        if (!sending->known && sending->goes_on && sending_has_person(sending))
            person_message(errand, request);
        else if (!sending->known && person_is_called(request->bot, sending->text))
            person_call(errand, request);
        else
            start(errand, request);
        return;
    }
    errand_end(errand);
    errand_refuse(request, &fault);
}

void widget_messages(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.only_browsers = true,
                                               .read = sending_read_message,
                                               .take = sending_take,
                                               .run = sending_find_message,
                                               .finish = send_message};
    errand_open(api, exchange, &operation);
}

void widget_confirm(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.only_browsers = true,
                                               .read = sending_read_confirm,
                                               .take = sending_take,
                                               .run = sending_find,
                                               .finish = start};
    errand_open(api, exchange, &operation);
}

void widget_retry(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.only_browsers = true,
                                               .read = sending_read_retry,
                                               .take = sending_take,
                                               .run = sending_find,
                                               .finish = start};
    errand_open(api, exchange, &operation);
}
