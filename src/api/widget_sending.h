/* What the widget's requests that start a turn ask for: a message, the answer to a card, another
 * try. Parts of an operation, see errand.h. */
#pragma once
#include "api/errand.h"
#include "api/nobody.h"
#include "api/widget_attachments.h"
#include "chat/handoff_home.h"
#include "store/desk.h"

/* What a request asks for, in the errand's arena. */
struct sending {
    struct slice text, key, language;
    bool goes_on; /* the client named the conversation */
    struct id message_id, answer_id, fresh_id;
    struct slice confirmation_id;
    bool confirmed;
    bool again;
    struct slice attachment_ids[ATTACHMENTS_MAX];
    struct store_attachment attachments[ATTACHMENTS_MAX]; /* with data in base64 */
    size_t attachment_count;
    bool asks_offline; /* the bot asks how they can be reached when nobody can answer */
    bool has_lead;     /* they have said it */
    bool known;        /* it was sent before: the ids are those of then */
    struct store_sent sent;
    bool stands; /* the conversation is there; who answers it: */
    struct store_standing standing;
    int64_t place; /* in the queue; 0: it does not wait */
    struct handoff_home home;
    struct nobody nobody; /* what the visitor reads where nobody is there; else empty */
};

/* `read`: make errand->own a struct sending. */
bool sending_read_message(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault);
bool sending_read_confirm(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault);
/* A call for a person: `text` is empty. */
bool sending_read_handoff(struct errand *errand, struct http_exchange *exchange,
                          struct fault *fault);
bool sending_read_retry(struct errand *errand, struct http_exchange *exchange, struct fault *fault);
/* `take`, of a message. */
bool sending_take(struct errand *errand, const struct errand_request *request, struct fault *fault);
/* `run`: whether the same was sent before; of a message, its images too. */
bool sending_find(struct store_session *session, struct errand *errand, struct fault *fault);
bool sending_find_message(struct store_session *session, struct errand *errand,
                          struct fault *fault);
/* Whether a person answers, or is waited for. */
bool sending_has_person(const struct sending *sending);
/* TOO_LARGE where the bot takes no such message. */
bool sending_fits(const struct sending *sending, const struct bot *bot, struct fault *fault);
