/* The arguments of a call that arrive in pieces, as Vertex AI sends them where it is asked to: each
 * piece names its place by a path ("$.items[0].name") and continues the text there, or is a value.
 */
#pragma once
#include "base/slice.h"
struct arena;
struct buffer;
struct gemini_argument;

struct gemini_arguments {
    struct arena *arena;
    struct gemini_argument *root; /* NULL: there was no piece */
    size_t count;                 /* of places */
};
/* Takes one element of `partialArgs`. What has no place is left out. */
void gemini_arguments_take(struct gemini_arguments *arguments, struct slice piece);
/* Appends them as a JSON object. */
void gemini_arguments_write(const struct gemini_arguments *arguments, struct buffer *out);
