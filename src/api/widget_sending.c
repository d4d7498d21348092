#include "api/widget_sending.h"
#include "api/body.h"
#include "base/arena.h"
#include "base/json.h"
#include "chat/confirm.h"
#include "chat/images.h"
#include "chat/settings.h"
#include "http/server.h"

enum { LANGUAGE_MAX = 35 };

static bool read_common(struct errand *errand, struct http_exchange *exchange, struct body *body,
                        struct sending *sending, struct fault *fault) {
    struct slice conversation;
    *body = (struct body){.root = http_exchange_request(exchange)->body};
    if (!body_check(body->root, fault) ||
        !body_string(body, "bot", errand->arena, &errand->what.bot, fault) ||
        !body_string(body, "conversation", errand->arena, &conversation, fault) ||
        !body_string(body, "key", errand->arena, &sending->key, fault) ||
        !body_string(body, "language", errand->arena, &sending->language, fault))
        return false;
    if (conversation.size > 0 && !id_valid(conversation))
        return errand_wrong(fault, "conversation", "is not an id that this server gave.");
    if (!body_is_key(sending->key))
        return errand_wrong(fault, "key", "must be 16 to 64 of A-Z, a-z, 0-9, - and _.");
    sending->goes_on = conversation.size > 0;
    sending->fresh_id = id_create();
    sending->message_id = id_create();
    sending->answer_id = id_create();
    errand->what.id = sending->goes_on ? conversation : id_slice(&sending->fresh_id);
    sending->language = slice_first(sending->language, LANGUAGE_MAX);
    for (size_t i = 0; i < sending->language.size; i++)
        if (sending->language.data[i] != '-' &&
            (unsigned)((sending->language.data[i] | 32) - 'a') >= 26)
            sending->language.size = i;
    return true;
}

static bool read_attachments(struct errand *errand, struct slice list, struct sending *sending,
                             struct fault *fault) {
    struct slice item;
    size_t cursor = 0;
    if (list.size > 0 && json_type(list) != JSON_ARRAY)
        return errand_wrong(fault, "attachments", "must be a list.");
    while (list.size > 0 && json_next_element(list, &cursor, &item)) {
        struct slice id = arena_copy(errand->arena, json_plain_string(item));
        for (size_t i = 0; i < sending->attachment_count; i++)
            if (slice_equal(sending->attachment_ids[i], id))
                return errand_wrong(fault, "attachments", "has the same image twice.");
        if (!id_valid(id) || sending->attachment_count == ATTACHMENTS_MAX)
            return errand_wrong(fault, "attachments",
                                "must be a list of ids of images, at most 8.");
        sending->attachment_ids[sending->attachment_count++] = id;
    }
    return true;
}

bool sending_read_message(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault) {
    struct sending *sending = arena_allocate(errand->arena, sizeof *sending);
    struct body body;
    errand->own = sending;
    if (!read_common(errand, exchange, &body, sending, fault) ||
        !body_string(&body, "text", errand->arena, &sending->text, fault))
        return false;
    if (!read_attachments(errand, json_get(body.root, "attachments"), sending, fault))
        return false;
    if (slice_trim(sending->text).size == 0 && sending->attachment_count == 0)
        return errand_wrong(fault, "text", "is empty.");
    return true;
}

bool sending_find(struct store_session *session, struct errand *errand, struct fault *fault) {
    struct sending *sending = errand->own;
    return store_sent_find(session, &errand->what, sending->key, errand->arena, &sending->known,
                           &sending->sent, fault) &&
           store_standing_get(session, errand->what.id, errand->arena, &sending->stands,
                              &sending->standing, fault) &&
           (!sending->asks_offline || store_lead_has(session, errand->what.bot, errand->what.user,
                                                     &sending->has_lead, fault));
}

bool sending_has_person(const struct sending *sending) {
    return sending->stands && (slice_is(sending->standing.mode, "waiting") ||
                               slice_is(sending->standing.mode, "operator"));
}

bool sending_take(struct errand *errand, const struct errand_request *request,
                  struct fault *fault) {
    struct sending *sending = errand->own;
    (void)fault;
    sending->asks_offline = request->bot->lead.ask & LEAD_OFFLINE;
    return true;
}

/* What is new is made ready here, off the loop. */
bool sending_find_message(struct store_session *session, struct errand *errand,
                          struct fault *fault) {
    struct sending *sending = errand->own;
    if (!sending_find(session, errand, fault))
        return false;
    if (sending->known)
        return true;
    if (!attachments_take(session, &errand->what, sending->attachment_ids,
                          sending->attachment_count, errand->arena, sending->attachments, fault))
        return false;
    for (size_t i = 0; i < sending->attachment_count; i++)
        sending->attachments[i].data = images_encode(sending->attachments[i].data, errand->arena);
    return true;
}

bool sending_fits(const struct sending *sending, const struct bot *bot, struct fault *fault) {
    if (sending->text.size > bot->message_max) {
        fault_set(fault, FAULT_TOO_LARGE,
                  "The message is too long: %zu bytes, and %zu are allowed. Please shorten it.",
                  sending->text.size, bot->message_max);
        return fault_param(fault, "text");
    }
    if (sending->attachment_count > bot->attachments.images) {
        fault_set(fault, FAULT_TOO_LARGE, "At most %zu images can be sent with a message.",
                  bot->attachments.images);
        return fault_param(fault, "attachments");
    }
    return true;
}

bool sending_read_confirm(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault) {
    struct sending *sending = arena_allocate(errand->arena, sizeof *sending);
    struct body body;
    struct slice answer;
    errand->own = sending;
    if (!read_common(errand, exchange, &body, sending, fault) ||
        !body_string(&body, "confirmation", errand->arena, &sending->confirmation_id, fault) ||
        !body_string(&body, "answer", errand->arena, &answer, fault))
        return false;
    sending->confirmed = slice_is(answer, "yes");
    if (!sending->goes_on)
        return errand_wrong(fault, "conversation", "is missing.");
    if (!id_valid(sending->confirmation_id))
        return errand_wrong(fault, "confirmation", "is not the id of a confirmation.");
    if (!sending->confirmed && !slice_is(answer, "no"))
        return errand_wrong(fault, "answer", "must be \"yes\" or \"no\".");
    sending->text = confirm_words(sending->confirmed, sending->language);
    return true;
}

bool sending_read_retry(struct errand *errand, struct http_exchange *exchange,
                        struct fault *fault) {
    struct sending *sending = arena_allocate(errand->arena, sizeof *sending);
    struct body body;
    errand->own = sending;
    sending->again = true;
    if (!read_common(errand, exchange, &body, sending, fault))
        return false;
    return sending->goes_on || errand_wrong(fault, "conversation", "is missing.");
}

bool sending_read_handoff(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault) {
    struct sending *sending = arena_allocate(errand->arena, sizeof *sending);
    struct body body;
    errand->own = sending;
    return read_common(errand, exchange, &body, sending, fault);
}
