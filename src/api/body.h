/* Reads the body of a chat request. What is wrong is told with its JSON path. */
#pragma once
#include "base/fault.h"
#include "model/provider.h"
struct arena;

enum { BODY_MESSAGES_MAX = 10000, BODY_PARTS_MAX = 100 };

struct body {
    struct slice root; /* validated JSON object; points into the request's body */
    /* Of visitor and assistant; the last one is the visitor's. The bot's own instructions cannot be
     * overridden, so system and developer messages are left out and named in `ignored`. */
    struct model_message *messages;
    size_t message_count;
    struct model_tool *tools; /* the client's own, where it may have some */
    size_t tool_count;
    bool own_tools;
    bool stream;
    bool include_usage;           /* stream_options.include_usage */
    struct slice conversation_id; /* a ULID, or empty */
    /* `confirm`: the answer to a card, in place of messages; empty where there is none. Then
     * `messages` is one that stands for it. */
    struct slice confirmation_id; /* a ULID */
    bool confirmed;
    struct slice ignored; /* "temperature, tools": what a client cannot set, "" if nothing */
};

/* `stream` is the default where the body does not say. `own_tools`: the client may bring tools of
 * its own (in OpenAI's form or Anthropic's), so that calls and results are messages like others,
 * and the last one may be a result. Everything is copied into `arena` but `root`. */
bool body_read(struct slice text, bool stream, bool own_tools, struct arena *arena,
               struct body *ret_body, struct fault *fault);
/* True for a JSON object. */
bool body_check(struct slice text, struct fault *fault);
/* Whether a client may know by it a message that it sends again. */
bool body_is_key(struct slice key);
/* The string member in `arena`; empty when it is absent or null. BAD_INPUT when it is of another
 * type. */
bool body_string(const struct body *body, const char *key, struct arena *arena,
                 struct slice *ret_text, struct fault *fault);
