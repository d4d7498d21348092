/* Exact token counts for OpenAI's models: byte-pair encoding with o200k_base and cl100k_base, the
 * same as the packages `tiktoken` give for ordinary text.
 *
 * The tables are made by the build (script/tokens.d) and lie in the program's read-only data. Names
 * of special tokens, like <|endoftext|>, are text as any other. Bytes that are not UTF-8 are
 * encoded, too, so decoding always gives the same bytes back. Time grows linearly with the text,
 * whatever it holds. An encoder keeps what it has seen to be faster, so each thread needs its own;
 * the functions without one are thread-safe. */
#pragma once
#include "base/slice.h"
struct buffer;
struct model_call;

enum tokens_encoding { TOKENS_O200K_BASE, TOKENS_CL100K_BASE };
enum { TOKENS_ENCODINGS = 2 };

/* By its name, as in the catalogue's `tokenizer`; false for others. */
bool tokens_encoding_find(struct slice name, enum tokens_encoding *ret_encoding);
const char *tokens_encoding_name(enum tokens_encoding encoding);

/* About 3 MB, of which only what is used is touched. */
struct tokens *tokens_create(enum tokens_encoding encoding);
void tokens_destroy(struct tokens *tokens); /* NULL is fine */

size_t tokens_count(struct tokens *tokens, struct slice text);
/* Appends the tokens' ids, as uint32_t each. `ids` must hold nothing else. */
void tokens_encode(struct tokens *tokens, struct slice text, struct buffer *ids);

/* Appends the bytes that the ids stand for; false, with nothing appended, if one is no token. */
bool tokens_decode(enum tokens_encoding encoding, const uint32_t *ids, size_t count,
                   struct buffer *out);

enum { TOKENS_NONE = -1 };
/* The id of the token of exactly these bytes, or TOKENS_NONE. */
int32_t tokens_find(enum tokens_encoding encoding, struct slice bytes);
/* The size of the first piece of a text that is not empty. No token reaches from one piece into the
 * next. */
size_t tokens_piece(enum tokens_encoding encoding, struct slice text);

/* What a call costs besides its texts, as OpenAI tells for its chat models: each message is wrapped
 * in three tokens and says its role in one; the answer is opened with three. */
enum { TOKENS_PER_MESSAGE = 3, TOKENS_PER_ROLE = 1, TOKENS_PER_NAME = 1, TOKENS_PER_ANSWER = 3 };
/* What is not told, as a guess on the safe side: the wrapping of a tool's definition and of a tool
 * call, and an image of about 1024 x 1024. */
enum { TOKENS_PER_TOOL = 12, TOKENS_PER_TOOL_CALL = 8, TOKENS_PER_IMAGE = 765 };
/* The prompt of a whole call. Exact for messages of text; with tools or images an estimate. */
size_t tokens_count_call(struct tokens *tokens, const struct model_call *call);
