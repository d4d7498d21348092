#include "api/conversations.h"
#include "api/body.h"
#include "api/errand.h"
#include "api/widget_attachments.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/chat.h"
#include "chat/confirm.h"
#include "chat/turn.h"
#include "http/server.h"

#define PATH_BEFORE_ID "/v1/conversations/"

enum {
    LIST_DEFAULT = 20,
    LIST_MAX = 100,
    MESSAGES_DEFAULT = 100,
    MESSAGES_MAX = 1000,
    /* Text in one reply: few long messages make a page as well as many short ones. */
    PAGE_BYTES = 512 * 1024,
};

static bool read_id(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    return errand_id(errand, exchange, PATH_BEFORE_ID, fault);
}

/* --- create --- */

static bool read_create(struct errand *errand, struct http_exchange *exchange,
                        struct fault *fault) {
    struct slice text = slice_trim(http_exchange_request(exchange)->body);
    const struct body body = {.root = text};
    const struct id id = id_create();
    if (text.size > 0 && !body_check(text, fault))
        return false;
    errand->what.id = arena_copy(errand->arena, id_slice(&id));
    errand->what.door = SLICE("conversations");
    errand->what.created_ms = clock_wall_ms();
    return text.size == 0 || body_string(&body, "bot", errand->arena, &errand->what.bot, fault);
}

static void write_members(const struct errand *errand, const struct store_entry *entry,
                          struct json_writer *json) {
    json_member_string(json, "id", entry->id);
    json_member_string(json, "object", SLICE("conversation"));
    json_member_string(json, "bot", errand->what.bot);
    json_member_int(json, "created_at", entry->created_ms / 1000);
    json_member_int(json, "updated_at", entry->updated_ms / 1000);
    json_member_int(json, "message_count", entry->message_count);
}

static bool run_create(struct store_session *session, struct errand *errand, struct fault *fault) {
    const struct store_conversation *what = &errand->what;
    struct json_writer json = json_writer_start(&errand->out);
    if (!store_conversation_put(session, what, fault))
        return false;
    json_begin_object(&json);
    write_members(errand, &(struct store_entry){what->id, what->created_ms, what->created_ms, 0},
                  &json);
    json_end_object(&json);
    return true;
}

void conversations_create(struct api *api, struct http_exchange *exchange) {
    static const struct operation create = {.status = 201,
                                            .writes = true,
                                            .creates = "conversations",
                                            .read = read_create,
                                            .run = run_create};
    errand_open(api, exchange, &create);
}

/* --- list --- */

static bool read_list(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    errand->what.bot = errand_query(errand, exchange, "bot");
    errand->before = errand_query(errand, exchange, "after");
    if (errand->before.size > 0 && !id_valid(errand->before))
        return errand_wrong(fault, "after", "is not the id of a conversation.");
    return errand_limit(errand, exchange, LIST_DEFAULT, LIST_MAX, fault);
}

static bool run_list(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_entry *entries;
    size_t count;
    bool more;
    if (!store_conversations_list(session, errand->what.bot, errand->what.user, errand->before,
                                  errand->limit, errand->arena, &entries, &count, &more, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "object", SLICE("list"));
    json_key(&json, "data");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&json);
        write_members(errand, &entries[i], &json);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_member_bool(&json, "has_more", more);
    json_end_object(&json);
    return true;
}

void conversations_list(struct api *api, struct http_exchange *exchange) {
    static const struct operation list = {.status = 200, .read = read_list, .run = run_list};
    errand_open(api, exchange, &list);
}

/* --- get --- */

static bool read_get(struct errand *errand, struct http_exchange *exchange, struct fault *fault) {
    struct slice after = errand_query(errand, exchange, "after");
    if (!read_id(errand, exchange, fault))
        return false;
    if (after.size > 0 && (!slice_to_int64(after, &errand->after) || errand->after < 0))
        return errand_wrong(fault, "after", "must be the position of a message, a whole number.");
    return errand_limit(errand, exchange, MESSAGES_DEFAULT, MESSAGES_MAX, fault);
}

/* The newest ones: a page has fewer. */
enum { ATTACHMENTS_SHOWN = 1000 };

bool conversations_read_page(struct store_session *session, const struct errand *errand,
                             size_t limit, struct conversation_page *ret_page,
                             struct fault *fault) {
    return conversations_read_page_of(session, errand, limit, store_messages_page, ret_page, fault);
}

bool conversations_read_page_of(struct store_session *session, const struct errand *errand,
                                size_t limit, conversations_messages *messages,
                                struct conversation_page *ret_page, struct fault *fault) {
    struct conversation_page *page = ret_page;
    return messages(session, errand->what.id, errand->after, limit, PAGE_BYTES, errand->arena,
                    &page->messages, &page->count, &page->more, fault) &&
           store_attachments_list(session, errand->what.id, ATTACHMENTS_SHOWN, errand->arena,
                                  &page->attachments, &page->attachment_count, fault);
}

static bool has_attachments(const struct conversation_page *page, struct slice message_id) {
    for (size_t i = 0; i < page->attachment_count; i++)
        if (slice_equal(page->attachments[i].message_id, message_id))
            return true;
    return false;
}

static void write_message(const struct errand *errand, const struct conversation_page *page,
                          const struct store_message *message, struct json_writer *json) {
    json_begin_object(json);
    json_member_string(json, "id", message->id);
    json_member_int(json, "position", message->position);
    json_member_string(json, "role", message->role);
    json_member_string(json, "content", message->text);
    json_member_string(json, "status", message->status);
    json_member_int(json, "created_at", message->created_ms / 1000);
    if (message->replies.size > 0)
        json_member_raw(json, "replies", message->replies);
    if (message->author.size > 0)
        json_member_string(json, "author", message->author);
    if (has_attachments(page, message->id)) {
        json_key(json, "attachments");
        attachments_write(&chat_parts(errand->chat)->session_key, page->attachments,
                          page->attachment_count, message->id, json);
    }
    json_end_object(json);
}

void conversations_write_messages(const struct errand *errand, const struct conversation_page *page,
                                  struct json_writer *json) {
    json_begin_array(json);
    for (size_t i = 0; i < page->count; i++)
        write_message(errand, page, &page->messages[i], json);
    json_end_array(json);
}

void conversations_write_cards(const struct store_confirmation *cards, size_t count,
                               struct json_writer *json) {
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        const struct turn_confirm card = {cards[i].id, cards[i].card, cards[i].state,
                                          cards[i].expires_ms};
        struct buffer text = {0};
        confirm_write(&card, &text);
        json_raw(json, buffer_slice(&text));
        buffer_finish(&text);
    }
    json_end_array(json);
}

static bool run_get(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct store_entry entry;
    struct store_confirmation *cards;
    struct conversation_page page;
    size_t card_count;
    if (!store_conversation_get(session, &errand->what, errand->arena, &entry, fault) ||
        !conversations_read_page(session, errand, errand->limit, &page, fault) ||
        !store_confirmations_waiting(session, errand->what.id, clock_wall_ms(), errand->arena,
                                     &cards, &card_count, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    write_members(errand, &entry, &json);
    json_key(&json, "messages");
    conversations_write_messages(errand, &page, &json);
    if (card_count > 0) {
        json_key(&json, "confirmations");
        conversations_write_cards(cards, card_count, &json);
    }
    json_member_bool(&json, "has_more", page.more);
    json_end_object(&json);
    return true;
}

void conversations_get(struct api *api, struct http_exchange *exchange) {
    static const struct operation get = {.status = 200, .read = read_get, .run = run_get};
    errand_open(api, exchange, &get);
}

/* --- delete --- */

static bool run_delete(struct store_session *session, struct errand *errand, struct fault *fault) {
    if (!store_conversation_delete(session, &errand->what, fault))
        return false;
    struct json_writer json = json_writer_start(&errand->out);
    json_begin_object(&json);
    json_member_string(&json, "id", errand->what.id);
    json_member_string(&json, "object", SLICE("conversation.deleted"));
    json_member_bool(&json, "deleted", true);
    json_end_object(&json);
    return true;
}

void conversations_delete(struct api *api, struct http_exchange *exchange) {
    static const struct operation delete = {
        .status = 200, .writes = true, .read = read_id, .run = run_delete};
    errand_open(api, exchange, &delete);
}
