/* Images of a conversation: how they are shown, and how they come to a turn. */
#pragma once
#include "gate/session.h"
struct arena;
struct fault;
struct json_writer;
struct store_attachment;
struct store_conversation;
struct store_session;

enum { ATTACHMENTS_MAX = 8 }; /* of one message, whatever the bot allows */

/* A JSON list of those that belong to that message, each with an address at which whoever has it
 * may fetch the image for an hour or two. */
void attachments_write(const struct session_key *key, const struct store_attachment *attachments,
                       size_t count, struct slice message_id, struct json_writer *json);
/* In a store job: what those ids name, with data, in the arena. NOT_FOUND where it is not theirs,
 * or was sent before. */
bool attachments_take(struct store_session *session, const struct store_conversation *whose,
                      const struct slice *ids, size_t count, struct arena *arena,
                      struct store_attachment *ret_attachments, struct fault *fault);
