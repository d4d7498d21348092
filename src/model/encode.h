/* What the encoders of all vendors share. */
#pragma once
#include "base/buffer.h"
#include "model/provider.h"
struct json_writer;
struct model_info;

/* True when the number of a call is set (see model_call_default). */
bool encode_is_set(double number);
/* A value of a header must not end the header. False (CONFIG) for a key with blanks or control
 * characters. */
bool encode_check_key(struct slice key, struct fault *fault);
/* Base URL (the call's, else the vendor's) and path, in the arena. */
const char *encode_url(const struct model_call *call, const char *vendor_url, const char *path,
                       struct arena *arena);
/* Copies the buffer into the arena as the body and frees it. */
struct slice encode_body(struct buffer *body, struct arena *arena);
/* Appends a header; both strings are in the arena or static. */
void encode_header(struct model_request *request, struct arena *arena, const char *name,
                   struct slice value);
/* The tokens of an answer that were asked for, but not more than the model gives. */
int64_t encode_max_tokens(const struct model_call *call, int64_t wanted);
/* True when the catalogue says that the model sees no images: they are left out, with a word in
 * their place. */
bool encode_leaves_out_images(const struct model_call *call);
#define ENCODE_IMAGE_LEFT_OUT "(An image stood here, which you cannot see.)"
/* The message's only text part, when that is all it has: most messages are such. */
bool encode_plain_text(const struct model_message *message, struct slice *ret_text);
/* The value as JSON if it is a valid JSON object, else "{}": arguments that a model wrote badly
 * must not break the next request. */
struct slice encode_object(struct slice text);
/* For an effort of enum model_effort: that one if the model takes it, else the next lower one, else
 * the next higher one, "none" never; NULL where it takes none. */
const char *encode_nearest_effort(const struct model_info *info, unsigned effort);
/* Its tokens for the models that want a number: at most what the model allows, and three quarters
 * of those of the answer (0: no limit is set), of which they are. */
int64_t encode_effort_budget(const struct model_info *info, unsigned effort, int64_t answer_tokens);
