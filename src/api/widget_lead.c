/* POST /api/widget/lead: how a visitor can be reached, as they filled it in. */
#include "api/api_state.h"
#include "api/body.h"
#include "api/errand.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/lead.h"
#include "chat/settings.h"
#include "chat/webhook.h"
#include "http/server.h"
#include "tool/tool.h"
#include <string.h>

enum { FIELD_MAX = 200, MESSAGE_MAX = 2000, DIGITS_MIN = 5, DIGITS_MAX = 15, LANGUAGE_MAX = 35 };

/* In the errand's arena. */
struct giving {
    struct store_lead lead;
    struct slice language;
    bool told; /* to the owner's webhook */
};

static bool refuse(struct fault *fault, const char *field, const char *why) {
    fault_set(fault, FAULT_BAD_INPUT, "%s %s", field, why);
    return fault_param(fault, "fields.%s", field);
}

/* Something before one @, a dot behind it, no blanks: the rest only sending a letter tells. */
static bool is_email(struct slice text) {
    size_t at = slice_find_byte(text, '@');
    if (at == SIZE_MAX || at == 0 || slice_find_byte(text, ' ') != SIZE_MAX)
        return false;
    struct slice host = slice_from(text, at + 1);
    size_t dot = slice_find_byte(host, '.');
    return slice_find_byte(host, '@') == SIZE_MAX && dot != SIZE_MAX && dot > 0 &&
           host.data[host.size - 1] != '.';
}

static bool is_phone(struct slice text) {
    size_t digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c >= '0' && c <= '9')
            digits++;
        else if (!c || !strchr(" ()/.-+", c) || (c == '+' && i > 0))
            return false;
    }
    return digits >= DIGITS_MIN && digits <= DIGITS_MAX;
}

static bool is_required(const struct lead_settings *settings, const char *name) {
    for (size_t i = 0; i < settings->required_count; i++)
        if (strcmp(settings->required[i], name) == 0)
            return true;
    return false;
}

static bool take_field(const struct lead_settings *settings, const char *name, struct slice value,
                       struct arena *arena, struct json_writer *json, struct fault *fault) {
    struct buffer text = {0};
    bool is_text = json_read_string(value, &text);
    struct slice said = arena_copy(arena, slice_trim(buffer_slice(&text)));
    buffer_finish(&text);
    enum json_type type = json_type(value);
    size_t most = strcmp(name, "message") == 0 ? MESSAGE_MAX : FIELD_MAX;
    if (!is_text && type != JSON_MISSING && type != JSON_NULL)
        return refuse(fault, name, "must be a text.");
    if (said.size == 0)
        return !is_required(settings, name) || refuse(fault, name, "is missing.");
    if (said.size > most)
        return refuse(fault, name, "is too long.");
    if (strcmp(name, "email") == 0 && !is_email(said))
        return refuse(fault, name, "is no e-mail address.");
    if (strcmp(name, "phone") == 0 && !is_phone(said))
        return refuse(fault, name, "is no telephone number.");
    json_member_string(json, name, said);
    return true;
}

static bool read_lead(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    const struct body body = {.root = http_exchange_request(exchange)->body};
    errand->own = arena_allocate(errand->arena, sizeof(struct giving));
    return body_check(body.root, fault) &&
           body_string(&body, "bot", errand->arena, &errand->what.bot, fault);
}

static bool write_lead(struct store_session *session, struct errand *errand, struct fault *fault) {
    const struct giving *giving = errand->own;
    return lead_put(session, &giving->lead, giving->told, giving->language, fault);
}

static void finish(struct errand *errand, struct errand_request *request) {
    webhooks_wake(chat_parts(errand->chat)->webhooks);
    errand_finish_empty(errand, request);
}

/* What the bot asks for decides what is taken. */
static bool take(struct errand *errand, const struct errand_request *request, struct fault *fault) {
    const struct lead_settings *settings = &request->bot->lead;
    struct giving *giving = errand->own;
    const struct http_request *http = http_exchange_request(request->exchange);
    struct slice fields = json_get(http->body, "fields");
    const struct body body = {.root = http->body};
    struct slice conversation = {NULL, 0}, language = {NULL, 0};
    struct buffer out = {0};
    struct json_writer json = json_writer_start(&out);
    const struct id id = id_create();
    bool agreed = false, ok = settings->field_count > 0;
    if (!ok)
        fault_set(fault, FAULT_NOT_FOUND, "This bot asks for nothing.");
    json_begin_object(&json);
    for (size_t i = 0; i < settings->field_count && ok; i++)
        ok = take_field(settings, settings->fields[i], json_get(fields, settings->fields[i]),
                        errand->arena, &json, fault);
    json_end_object(&json);
    ok = ok && body_string(&body, "conversation", errand->arena, &conversation, fault) &&
         body_string(&body, "language", errand->arena, &language, fault);
    if (ok && out.size == 2)
        ok = refuse(fault, settings->fields[0], "is missing.");
    json_read_bool(json_get(http->body, "consent"), &agreed);
    if (ok && settings->consent_count > 0 && !agreed)
        ok = errand_wrong(fault, "consent", "is missing.");
    giving->language = slice_first(language, LANGUAGE_MAX);
    giving->told = settings->webhook.url;
    if (ok)
        giving->lead = (struct store_lead){
            .id = arena_copy(errand->arena, id_slice(&id)),
            .bot = errand->what.bot,
            .user = errand->what.user,
            .conversation_id = id_valid(conversation) ? conversation : (struct slice){NULL, 0},
            .fields = arena_copy(errand->arena, buffer_slice(&out)),
            .consent = arena_copy(
                errand->arena, tool_text_for(settings->consent, settings->consent_count, language)),
            .updated_ms = clock_wall_ms(),
        };
    buffer_finish(&out);
    return ok;
}

void widget_lead(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.writes = true,
                                               .creates = "leads",
                                               .only_browsers = true,
                                               .read = read_lead,
                                               .take = take,
                                               .run = write_lead,
                                               .finish = finish};
    errand_open(api, exchange, &operation);
}
