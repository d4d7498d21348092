/* Images of earlier messages of a conversation, read back for the model. */
#pragma once
#include "base/slice.h"
struct arena;
struct fault;
struct model_message;
struct store_attachment;
struct store_session;

struct images {
    struct store_attachment
        *all; /* oldest first; `data` in base64, empty where it is too far back */
    size_t count;
};
/* In a store job, allocated in the arena: the newest ones, up to 8 and 6 MiB. */
bool images_load(struct store_session *session, struct slice conversation_id, struct arena *arena,
                 struct images *ret_images, struct fault *fault);
/* How many belong to that message. */
size_t images_of(const struct images *images, struct slice message_id);
/* A message of the visitor's: its text, where it has one, and its images. Copied. */
struct model_message images_message(const struct images *images, struct slice message_id,
                                    struct slice text, struct arena *arena);
/* Bytes in base64, in the arena. */
struct slice images_encode(struct slice bytes, struct arena *arena);
