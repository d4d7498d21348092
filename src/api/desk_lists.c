/* What operators read: the lists of conversations, and one of them. */
#include "api/api_state.h"
#include "api/conversations.h"
#include "api/desk.h"
#include "api/errand.h"
#include "base/arena.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/desk.h"
#include "http/server.h"

enum { LIST_USUAL = 50, LIST_MAX = 100, PAGE_MESSAGES = 200, TOOLS_SHOWN = 50 };

/* --- lists --- */

static bool read_box(struct slice name, enum store_box *ret_box) {
    static const char *const names[] = {"waiting", "mine", "all", "closed"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_is(name, names[i])) {
            *ret_box = (enum store_box)i;
            return true;
        }
    return false;
}

/* "MS-ID", as `next` gave it. */
static bool read_cursor(struct slice cursor, struct store_desk_list *list) {
    size_t dash = slice_find_byte(cursor, '-');
    if (cursor.size == 0)
        return true;
    if (dash == SIZE_MAX || !slice_to_int64(slice_first(cursor, dash), &list->after_ms))
        return false;
    list->after_id = slice_from(cursor, dash + 1);
    return id_valid(list->after_id);
}

static bool read_list(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct store_desk_list *list = arena_allocate(errand->arena, sizeof *list);
    errand->own = list;
    if (!read_box(errand_query(errand, exchange, "box"), &list->box))
        return errand_wrong(fault, "box", "must be waiting, mine, all or closed.");
    if (!read_cursor(errand_query(errand, exchange, "after"), list))
        return errand_wrong(fault, "after", "is not what a list gave as next.");
    list->bot = errand_query(errand, exchange, "bot");
    if (!errand_limit(errand, exchange, LIST_USUAL, LIST_MAX, fault))
        return false;
    list->limit = errand->limit;
    return true;
}

static bool run_list(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_desk_list list = *(struct store_desk_list *)errand->own;
    struct store_desk_entry *entries;
    size_t count;
    bool more;
    int64_t waiting, mine;
    list.bots = errand->operator.bots;
    list.operator_id = errand->operator.id;
    if (!store_desk_list(session, &list, errand->arena, &entries, &count, &more, fault) ||
        !store_desk_count(session, list.bots, list.operator_id, &waiting, &mine, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_key(&json, "data");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json);
        desk_write_entry(&json, &entries[i]);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_key(&json, "next");
    if (more) {
        const struct store_desk_entry *last = &entries[count - 1];
        int64_t at_ms = list.box == STORE_BOX_WAITING ? last->waiting_ms : last->updated_ms;
        json_string(&json, slice_of(arena_printf(errand->arena, "%lld-%.*s", (long long)at_ms,
                                                 SLICE_ARG(last->id))));
    } else {
        json_null(&json);
    }
    json_key(&json, "counts");
    json_begin_object(&json);
    json_member_int(&json, "waiting", waiting);
    json_member_int(&json, "mine", mine);
    json_end_object(&json);
    json_end_object(&json);
    return true;
}

void desk_conversations(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .status = 200, .signed_in = true, .read = read_list, .run = run_list};
    errand_open_desk(api, exchange, &operation);
}

/* --- one of them --- */

static bool read_one(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice after = errand_query(errand, exchange, "after");
    return desk_path_id(errand, exchange, fault) &&
           (after.size == 0 || (slice_to_int64(after, &errand->after) && errand->after >= 0) ||
            errand_wrong(fault, "after", "must be the position of a message, a whole number."));
}

static bool write_tools(struct store_session *session, struct errand *errand,
                        struct json_writer *json, struct fault *fault) {
    struct store_tool_call *calls;
    size_t count;
    if (!store_desk_tools(session, errand->what.id, TOOLS_SHOWN, errand->arena, &calls, &count,
                          fault))
        return false;
    json_key(json, "tools");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json);
        json_member_string(json, "tool", calls[i].tool);
        json_member_string(json, "arguments", calls[i].arguments);
        json_member_string(json, "outcome", calls[i].outcome);
        json_member_string(json, "detail", calls[i].detail);
        json_member_int(json, "started_at", calls[i].started_ms / 1000);
        json_member_int(json, "duration_ms", calls[i].duration_ms);
        json_end_object(json);
    }
    json_end_array(json);
    return true;
}

static bool write_calls(struct store_session *session, struct errand *errand,
                        struct json_writer *json, struct fault *fault) {
    struct store_desk_calls calls;
    struct slice model;
    if (!store_desk_calls(session, errand->what.id, errand->arena, &calls, fault))
        return false;
    json_key(json, "calls");
    json_begin_object(json);
    json_member_int(json, "count", calls.count);
    json_member_int(json, "input_tokens", calls.input_tokens);
    json_member_int(json, "output_tokens", calls.output_tokens);
    json_key(json, "cost_microdollars");
    if (calls.unknown > 0)
        json_null(json);
    else
        json_int(json, calls.cost_microdollars);
    json_key(json, "models");
    json_begin_array(json);
    while (calls.models.size > 0 && slice_split(&calls.models, ',', &model))
        json_string(json, model);
    json_end_array(json);
    json_end_object(json);
    return true;
}

static bool write_lead(struct store_session *session, struct errand *errand,
                       struct json_writer *json, struct fault *fault) {
    struct store_lead lead;
    bool has;
    if (!store_lead_has(session, errand->what.bot, errand->what.user, &has, fault) ||
        (has && !store_lead_get(session, errand->what.bot, errand->what.user, errand->arena, &lead,
                                fault)))
        return false;
    json_key(json, "lead");
    if (has)
        json_raw(json, lead.fields);
    else
        json_null(json);
    return true;
}

static bool run_one(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_desk_entry entry;
    struct conversation_page page;
    if (!desk_find(session, errand, &entry, fault) ||
        !conversations_read_page_of(session, errand, PAGE_MESSAGES, store_desk_messages, &page,
                                    fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    desk_write_entry(&json, &entry);
    json_key(&json, "messages");
    conversations_write_messages(errand, &page, &json);
    json_member_bool(&json, "has_more", page.more);
    if (!write_tools(session, errand, &json, fault) ||
        !write_calls(session, errand, &json, fault) || !write_lead(session, errand, &json, fault))
        return false;
    json_end_object(&json);
    return true;
}

void desk_read_one(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {
        .status = 200, .signed_in = true, .read = read_one, .run = run_one};
    errand_open_desk(api, exchange, &operation);
}
