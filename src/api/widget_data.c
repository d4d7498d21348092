/* What the widget reads: its settings and texts at the start, conversations, messages. */
#include "api/api_state.h"
#include "api/conversations.h"
#include "api/errand.h"
#include "api/web_files.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "chat/settings.h"
#include "chat/visitor.h"
#include "http/server.h"
#include "hub/hub.h"
#include "store/desk.h"
#include "tool/tool.h"

#define PATH_BEFORE_ID "/api/widget/conversations/"

/* Longer than any bot takes one. */
static const int64_t session_age_ms = INT64_C(400) * 24 * 60 * 60 * 1000;

enum { LIST_MAX = 20, PAGE_MESSAGES = 100, TITLE_MAX = 80 };

/* --- conversations --- */

/* One line, as long as a list has room for. */
static void write_title(struct json_writer *json, struct slice text) {
    text = slice_trim(text);
    size_t end = slice_find_byte(text, '\n');
    text = slice_first(text, end);
    json_member_string(json, "title", slice_first(text, utf8_cut(text, TITLE_MAX)));
}

static bool write_list(struct store_session *session, struct errand *errand,
                       struct json_writer *json, bool *ret_more, struct fault *fault) {
    struct store_entry *entries;
    size_t count;
    if (!store_conversations_list(session, errand->what.bot, errand->what.user, errand->before,
                                  LIST_MAX, errand->arena, &entries, &count, ret_more, fault))
        return false;
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        struct slice title;
        if (entries[i].message_count == 0)
            continue;
        if (!store_conversation_title(session, entries[i].id, errand->arena, &title, fault))
            return false;
        json_begin_object(json);
        json_member_string(json, "id", entries[i].id);
        write_title(json, title);
        json_member_int(json, "updated_at", entries[i].updated_ms / 1000);
        json_member_int(json, "message_count", entries[i].message_count);
        json_end_object(json);
    }
    json_end_array(json);
    return true;
}

static bool read_list(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    errand->what.bot = errand_query(errand, exchange, "bot");
    errand->before = errand_query(errand, exchange, "after");
    return errand->before.size == 0 || id_valid(errand->before) ||
           errand_wrong(fault, "after", "is not the id of a conversation.");
}

static bool run_list(struct store_session *session, struct errand *errand, struct fault *fault) {
    bool more;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_key(&json, "data");
    if (!write_list(session, errand, &json, &more, fault))
        return false;
    json_member_bool(&json, "has_more", more);
    json_end_object(&json);
    return true;
}

void widget_conversations(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .status = 200, .only_browsers = true, .read = read_list, .run = run_list};
    errand_open(api, exchange, &operation);
}

/* --- one of them --- */

static bool read_one(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice after = errand_query(errand, exchange, "after");
    if (!errand_id(errand, exchange, PATH_BEFORE_ID, fault))
        return false;
    return after.size == 0 || (slice_to_int64(after, &errand->after) && errand->after >= 0) ||
           errand_wrong(fault, "after", "must be the position of a message, a whole number.");
}

static bool write_cards(struct store_session *session, struct errand *errand,
                        struct json_writer *json, struct fault *fault) {
    struct store_confirmation *cards;
    size_t count;
    if (!store_confirmations_waiting(session, errand->what.id, clock_wall_ms(), errand->arena,
                                     &cards, &count, fault))
        return false;
    json_key(json, "confirmations");
    conversations_write_cards(cards, count, json);
    return true;
}

static bool run_one(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct conversation_page page;
    struct store_entry entry;
    struct slice title;
    struct store_standing standing = {0};
    int64_t place;
    bool found;
    if (!store_conversation_get(session, &errand->what, errand->arena, &entry, fault) ||
        !store_standing_get(session, errand->what.id, errand->arena, &found, &standing, fault) ||
        !store_handoff_place(session, errand->what.id, &place, fault) ||
        !store_conversation_title(session, errand->what.id, errand->arena, &title, fault) ||
        !conversations_read_page(session, errand, PAGE_MESSAGES, &page, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "id", entry.id);
    write_title(&json, title);
    json_member_string(&json, "mode", standing.mode);
    if (standing.operator_display.size > 0)
        json_member_string(&json, "operator", standing.operator_display);
    if (place > 0)
        json_member_int(&json, "position", place);
    json_key(&json, "messages");
    conversations_write_messages(errand, &page, &json);
    if (!write_cards(session, errand, &json, fault))
        return false;
    json_member_bool(&json, "has_more", page.more);
    json_end_object(&json);
    return true;
}

void widget_conversation(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .status = 200, .only_browsers = true, .read = read_one, .run = run_one};
    errand_open(api, exchange, &operation);
}

static bool run_delete(struct store_session *session, struct errand *errand, struct fault *fault) {
    return store_conversation_delete(session, &errand->what, fault);
}

/* The visitor's other pages are told, and an answer that is under way is stopped. */
static void after_delete(struct errand *errand, struct errand_request *request) {
    struct hub *hub = chat_parts(request->api->chat)->hub;
    struct slice channel = visitor_channel(errand->what.bot, errand->what.user, errand->arena);
    struct json_writer json = json_writer_start(&errand->out);
    buffer_clear(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "conversation", errand->what.id);
    json_end_object(&json);
    hub_stop(hub, channel, errand->what.id);
    hub_publish(hub, channel,
                &(struct hub_event){.name = "deleted", .data = buffer_slice(&errand->out)},
                clock_wall_ms());
    hub_wake(hub, channel);
    desk_publish(chat_parts(request->api->chat)->desk, errand->what.bot, "gone",
                 buffer_slice(&errand->out));
    errand_end(errand);
    errand_nothing(request);
}

void widget_delete(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .only_browsers = true,
                                               .read = read_one,
                                               .run = run_delete,
                                               .finish = after_delete};
    errand_open(api, exchange, &operation);
}

/* --- the start --- */

/* What the page asks for, in the errand's arena. */
struct boot {
    struct slice language;
    bool has_lead;
    struct slice session; /* of when they were nobody yet, where they are somebody now */
};

static bool run_boot(struct store_session *session, struct errand *errand, struct fault *fault);
static bool run_joining(struct store_session *session, struct errand *errand, struct fault *fault);
static void finish_boot(struct errand *errand, struct errand_request *request);

static bool read_boot(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct boot *boot = arena_allocate(errand->arena, sizeof *boot);
    (void)fault;
    errand->own = boot;
    errand->what.bot = errand_query(errand, exchange, "bot");
    boot->language = errand_query(errand, exchange, "language");
    const struct http_request *request = http_exchange_request(exchange);
    bool named = http_header_get(request, "Authorization").size > 0 ||
                 http_header_get(request, "X-Switchboard-User").size > 0;
    struct slice session = http_header_get(request, "X-Switchboard-Session");
    static const struct operation joining = {
        .writes = true, .only_browsers = true, .run = run_joining, .finish = finish_boot};
    if (named && session.size > 0) {
        boot->session = arena_copy(errand->arena, session);
        errand->operation = &joining;
    }
    return true;
}

static void write_suggestions(struct json_writer *json, const struct tool_text *suggestions,
                              size_t count, struct slice language) {
    /* The same choice of language as for other texts; then all of that one. */
    struct slice first = tool_text_for(suggestions, count, language);
    struct slice chosen = {NULL, 0};
    json_key(json, "suggestions");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        if (!chosen.data && suggestions[i].text.data == first.data)
            chosen = suggestions[i].language;
        if (chosen.data && slice_equal_nocase(suggestions[i].language, chosen))
            json_string(json, suggestions[i].text);
    }
    json_end_array(json);
}

/* Which page it is on is for the widget to find out: in many sites it changes without a request. */
static void write_pages(struct json_writer *json, const struct widget_settings *widget,
                        struct slice language) {
    json_key(json, "pages");
    json_begin_array(json);
    for (size_t i = 0; i < widget->page_count; i++) {
        const struct widget_page *page = &widget->pages[i];
        json_begin_object(json);
        json_member_string(json, "match", page->match);
        if (page->welcome)
            json_member_string(json, "welcome",
                               tool_text_for(page->welcome, page->welcome_count, language));
        if (page->suggestions)
            write_suggestions(json, page->suggestions, page->suggestion_count, language);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_look(struct json_writer *json, const struct bot *bot) {
    const struct widget_settings *widget = &bot->widget;
    json_key(json, "look");
    json_begin_object(json);
    if (widget->color)
        json_member_string(json, "color", slice_of(widget->color));
    json_member_string(json, "position", widget->left ? SLICE("left") : SLICE("right"));
    json_member_string(json, "title", slice_of(widget->title ? widget->title : bot->name));
    json_end_object(json);
    json_key(json, "image_hosts");
    json_begin_array(json);
    for (size_t i = 0; i < widget->image_host_count; i++)
        json_string(json, slice_of(widget->image_hosts[i]));
    json_end_array(json);
}

/* What the page asks for, before the chat or when nobody can answer, of who has not said it yet. */
static void write_lead(struct json_writer *json, const struct errand *errand,
                       const struct bot *bot) {
    const struct boot *boot = errand->own;
    const struct lead_settings *lead = &bot->lead;
    json_key(json, "lead");
    bool before = lead->ask & LEAD_BEFORE, asked = before || (lead->ask & LEAD_OFFLINE);
    if (!asked || lead->field_count == 0 || boot->has_lead) {
        json_null(json);
        return;
    }
    json_begin_object(json);
    json_member_string(json, "ask", before ? SLICE("before") : SLICE("offline"));
    json_key(json, "fields");
    json_begin_array(json);
    for (size_t i = 0; i < lead->field_count; i++) {
        bool required = false;
        for (size_t j = 0; j < lead->required_count; j++)
            required = required || strcmp(lead->required[j], lead->fields[i]) == 0;
        json_begin_object(json);
        json_member_string(json, "name", slice_of(lead->fields[i]));
        json_member_bool(json, "required", required);
        json_end_object(json);
    }
    json_end_array(json);
    json_member_string(json, "consent",
                       tool_text_for(lead->consent, lead->consent_count, boot->language));
    json_end_object(json);
}

/* What images may be sent, or null. */
static void write_attachments(struct json_writer *json,
                              const struct attachment_settings *attachments) {
    json_key(json, "attachments");
    if (attachments->images == 0) {
        json_null(json);
        return;
    }
    json_begin_object(json);
    json_member_int(json, "images", (int64_t)attachments->images);
    json_member_int(json, "size", (int64_t)attachments->size_max);
    json_key(json, "types");
    json_begin_array(json);
    for (size_t i = 0; i < attachments->type_count; i++)
        json_string(json, slice_of(attachments->types[i]));
    json_end_array(json);
    json_end_object(json);
}

static void write_boot(struct json_writer *json, const struct errand *errand,
                       const struct bot *bot) {
    const struct boot *boot = errand->own;
    const struct widget_settings *widget = &bot->widget;
    struct slice texts;
    struct slice language = widget_texts(boot->language, &texts);
    bool rtl = slice_is(language, "ar") || slice_is(language, "he");
    json_member_string(json, "bot", slice_of(bot->name));
    json_member_string(json, "name", slice_of(widget->title ? widget->title : bot->name));
    json_member_string(json, "language", language);
    json_member_string(json, "direction", rtl ? SLICE("rtl") : SLICE("ltr"));
    if (errand->who.session_token[0])
        json_member_string(json, "session", slice_of(errand->who.session_token));
    json_member_bool(json, "identified", errand->who.kind == IDENTITY_USER);
    json_member_raw(json, "texts", texts);
    json_member_string(json, "welcome",
                       tool_text_for(widget->welcome, widget->welcome_count, boot->language));
    write_suggestions(json, widget->suggestions, widget->suggestion_count, boot->language);
    write_pages(json, widget, boot->language);
    write_look(json, bot);
    json_member_bool(json, "sound", widget->sound);
    write_attachments(json, &bot->attachments);
    write_lead(json, errand, bot);
    json_member_int(json, "message_max", (int64_t)bot->message_max);
    json_member_bool(json, "handoff", bot->handoff.enabled);
}

static bool run_boot(struct store_session *session, struct errand *errand, struct fault *fault) {
    bool more;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_key(&json, "conversations");
    struct boot *boot = errand->own;
    return write_list(session, errand, &json, &more, fault) &&
           store_lead_has(session, errand->what.bot, errand->what.user, &boot->has_lead, fault);
}

/* Whoever signs in on a page brings along what they had as nobody. */
static bool run_joining(struct store_session *session, struct errand *errand, struct fault *fault) {
    const struct boot *boot = errand->own;
    struct session earlier;
    struct fault ignored;
    /* A token that is forged or of another bot joins nothing. */
    if (errand->who.kind == IDENTITY_USER &&
        session_verify(&chat_parts(errand->chat)->session_key, errand->what.bot, boot->session,
                       clock_wall_ms(), session_age_ms, &earlier, &ignored)) {
        struct slice from = slice_of(arena_printf(errand->arena, "anon:%s", earlier.id.text));
        if (!store_user_adopt(session, errand->what.bot, from, errand->what.user, fault))
            return false;
    }
    return run_boot(session, errand, fault);
}

/* The rest is of the settings, which belong to the loop. */
static void finish_boot(struct errand *errand, struct errand_request *request) {
    struct slice list = slice_trim(buffer_slice(&errand->out));
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    buffer_append(&out, list);
    json.comma = true;
    write_boot(&json, errand, request->bot);
    json_end_object(&json);
    buffer_append_byte(&out, '\n');
    errand->request = NULL;
    errand_reply(request, 200, buffer_slice(&out));
    buffer_finish(&out);
    errand_end(errand);
}

void widget_boot(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .only_browsers = true, .read = read_boot, .run = run_boot, .finish = finish_boot};
    errand_open(api, exchange, &operation);
}
