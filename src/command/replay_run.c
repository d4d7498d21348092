#include "base/arena.h"
#include "base/buffer.h"
#include "chat/call.h"
#include "chat/chat.h"
#include "chat/context.h"
#include "chat/fit.h"
#include "chat/redact.h"
#include "chat/settings.h"
#include "command/replay.h"
#include "command/service.h"
#include "config/config.h"
#include "loop/loop.h"
#include "model/catalogue.h"
#include "model/provider.h"
#include "store/records.h"
#include "store/store.h"

enum { PASSAGES = 4 };

struct running {
    struct replay *replay;
    struct service *service;
    struct loop *loop;
    struct chat *chat;
    struct arena *arena; /* of the turn that is tried */
    const struct store_logged_turn *turn;
    struct model_message *messages;
    size_t message_count;
    struct buffer answer;
    struct fault fault;
};

/* --- what was said before the question, and what the site knows of it --- */

/* As a provider may see it: it may have been kept before the bot had its rules. */
static struct slice shown(const struct running *it, struct slice text) {
    return redact_text(it->replay->bot->redact, REDACT_MODEL, text, it->arena);
}

static struct model_message said(struct running *it, enum model_role role, struct slice text) {
    struct model_part *part = arena_allocate(it->arena, sizeof *part);
    part->kind = MODEL_PART_TEXT;
    part->text = shown(it, text);
    return (struct model_message){role, part, 1};
}

static bool read_context(struct store_session *session, void *user, struct fault *fault) {
    struct running *it = user;
    const struct store_logged_turn *turn = it->turn;
    struct store_message *stored;
    struct store_passage *found;
    size_t count, passage_count;
    if (!store_messages_list(session, turn->conversation_id, SIZE_MAX / 4, it->arena, &stored,
                             &count, fault) ||
        !store_passages_search(session, slice_of(it->replay->bot->name), turn->question, PASSAGES,
                               it->arena, &found, &passage_count, fault))
        return false;
    it->messages = arena_array(it->arena, count + 1, sizeof *it->messages);
    it->message_count = 0;
    for (size_t i = 0; i < count && stored[i].position < turn->position; i++)
        if (stored[i].text.size > 0)
            it->messages[it->message_count++] =
                said(it, slice_is(stored[i].role, "user") ? MODEL_USER : MODEL_ASSISTANT,
                     stored[i].text);
    struct model_passage *passages = arena_array(it->arena, passage_count, sizeof *passages);
    for (size_t i = 0; i < passage_count; i++)
        passages[i] = (struct model_passage){.title = shown(it, found[i].title),
                                             .text = shown(it, found[i].text)};
    struct model_message *last = &it->messages[it->message_count++];
    *last = said(it, MODEL_USER, turn->question);
    if (passage_count > 0)
        fit_add_passages(it->arena, passages, passage_count, last);
    return true;
}

/* --- one call --- */

static void on_event(void *user, const struct model_event *event) {
    struct running *it = user;
    if (event->kind == MODEL_EVENT_TEXT || event->kind == MODEL_EVENT_REFUSAL)
        buffer_append(&it->answer, event->text);
}

static void on_flush(void *user) {
    (void)user;
}

static void on_end(void *user, const struct fault *fault) {
    struct running *it = user;
    if (fault)
        it->fault = *fault;
    loop_stop(it->loop);
}

static const struct call_handler handler = {on_event, on_flush, on_end};

static struct replay_result result_of(struct running *it, const struct call *call,
                                      const struct model_choice *choice) {
    const struct model_usage *usage = &call->usage;
    struct replay_result result = {.microdollars = -1,
                                   .tokens_in = model_usage_prompt(usage),
                                   .tokens_out = model_usage_answer(usage),
                                   .ms = call->duration_us / 1000};
    if (choice->info)
        result.microdollars = catalogue_cost_microdollars(choice->info, usage);
    result.answer = arena_copy(it->replay->arena, buffer_slice(&it->answer));
    if (it->fault.kind != FAULT_NONE)
        result.error = arena_string(it->replay->arena, slice_of(it->fault.message));
    return result;
}

static struct replay_result try_model(struct running *it, const struct model_choice *choice) {
    const struct bot *bot = it->replay->bot;
    size_t first = context_window(it->messages, it->message_count, bot->history_max);
    struct model_call what = model_call_default();
    call_address(&what, choice, 0);
    what.system = it->replay->system;
    what.messages = it->messages + first;
    what.message_count = it->message_count - first;
    what.max_tokens = bot->max_tokens;
    what.temperature = bot->temperature;
    what.top_p = bot->top_p;
    buffer_clear(&it->answer);
    it->fault = (struct fault){0};
    struct call *call =
        call_create(it->chat, choice->provider, choice->model, it->arena, &handler, it);
    call_start(call, &what);
    if (!call->ended)
        loop_run(it->loop);
    return result_of(it, call, choice);
}

static void try_turn(struct running *it, size_t index) {
    struct replay *replay = it->replay;
    struct fault fault;
    it->turn = &replay->turns[index];
    it->arena = arena_create(8192);
    bool ok = store_run_now(it->service->store, read_context, it, &fault);
    for (size_t j = 0; j < replay->model_count; j++)
        replay->results[index * replay->model_count + j] =
            ok ? try_model(it, &replay->models[j])
               : (struct replay_result){.microdollars = -1, .error = "could not be read"};
    arena_destroy(it->arena);
}

void replay_run(struct replay *replay, struct service *service) {
    struct running it = {.replay = replay, .service = service, .loop = loop_create()};
    struct chat_parts parts = service_parts(service, it.loop);
    it.chat = chat_create(&parts, service->config->settings);
    for (size_t i = 0; i < replay->turn_count; i++)
        try_turn(&it, i);
    buffer_finish(&it.answer);
    chat_destroy(it.chat);
    loop_destroy(it.loop);
}
