/* Tools that come with the program. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "chat/handoff_home.h"
#include "chat/lead.h"
#include "chat/settings.h"
#include "chat/tool_run_book.h"
#include "chat/tool_run_state.h"
#include "chat/webhook.h"
#include "tool/builtin.h"

enum { PASSAGES_MAX = 5, QUESTION_MAX = 2000 };

/* --- search_knowledge --- */

static bool search(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    struct buffer question = {0};
    struct store_passage *passages;
    size_t count;
    json_read_string(json_get(run->input.arguments, "query"), &question);
    bool ok = store_passages_search(session, slice_of(run->bot->name),
                                    slice_first(buffer_slice(&question), QUESTION_MAX),
                                    PASSAGES_MAX, run->arena, &passages, &count, fault);
    buffer_finish(&question);
    if (!ok)
        return false;
    buffer_clear(&run->result);
    struct json_writer json = json_writer_start(&run->result);
    json_begin_object(&json);
    json_key(&json, "passages");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json);
        json_member_string(&json, "title", passages[i].title);
        json_member_string(&json, "text", passages[i].text);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    return true;
}

/* --- capture_lead --- */

static bool capture(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    const struct id id = id_create();
    const struct lead_settings *settings = &run->bot->lead;
    struct slice language = tool_binding_get(&run->input, SLICE("visitor.language"));
    /* The card's question may be what they agree to: then they just have. */
    bool agreed = run->tool->question && run->tool->question == settings->consent;
    const struct store_lead lead = {
        .id = id_slice(&id),
        .bot = slice_of(run->bot->name),
        .user = tool_binding_get(&run->input, SLICE("visitor.key")),
        .conversation_id = tool_binding_get(&run->input, SLICE("conversation.id")),
        .fields = run->input.arguments,
        .consent = agreed ? tool_text_for(settings->consent, settings->consent_count, language)
                          : (struct slice){NULL, 0},
        .updated_ms = clock_wall_ms(),
    };
    buffer_clear(&run->result);
    buffer_append(&run->result, SLICE("{\"noted\":true}"));
    return lead_put(session, &lead, settings->webhook.url, language, fault);
}

/* --- handoff_to_operator --- */

/* Whether somebody is there; it is done when the turn is over, see widget_turn.c. */
static bool look_for_somebody(struct store_session *session, struct store_job *job,
                              struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    struct handoff_home home;
    char opens[LOCAL_TEXT_SIZE];
    if (!handoff_home(session, run->chat->parts.desk, run->bot, clock_wall_ms(), run->arena, &home,
                      fault))
        return false;
    buffer_clear(&run->result);
    struct json_writer json = json_writer_start(&run->result);
    json_begin_object(&json);
    json_member_bool(&json, "handed_over", home.somebody);
    if (home.somebody) {
        json_member_string(&json, "note", SLICE("A person of the team takes over from here."));
    } else {
        json_member_string(&json, "note", SLICE("Nobody of the team is there right now."));
        if (home.opens_ms > 0) {
            local_write(run->bot->handoff.hours.zone, home.opens_ms, opens);
            json_member_string(&json, "back_at", slice_of(opens));
        }
    }
    json_end_object(&json);
    return true;
}

static void on_captured(struct store_job *job, const struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    if (!fault)
        webhooks_wake(run->chat->parts.webhooks);
    if (!tool_run_back(run))
        tool_run_end(run, fault);
}

static void on_store(struct store_job *job, const struct fault *fault) {
    struct tool_run *run = tool_run_of(job);
    if (!tool_run_back(run))
        tool_run_end(run, fault);
}

void tool_run_builtin(struct tool_run *run) {
    switch (run->tool->builtin->kind) {
    case BUILTIN_NOW:
        tool_run_now(run);
        break;
    case BUILTIN_BOOK_SLOT:
        tool_run_book(run);
        break;
    case BUILTIN_CAPTURE_LEAD:
        tool_run_store(run, true, capture, on_captured);
        break;
    case BUILTIN_QUICK_REPLIES: /* the turn has them, see tools.c */
        buffer_append(&run->result, SLICE("{\"shown\":true}"));
        tool_run_end(run, NULL);
        break;
    case BUILTIN_HANDOFF:
        tool_run_store(run, false, look_for_somebody, on_store);
        break;
    case BUILTIN_SEARCH_KNOWLEDGE:
        tool_run_store(run, false, search, on_store);
        break;
    }
}
