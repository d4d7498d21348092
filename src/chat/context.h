/* What of a long conversation fits: the rules alone, without state of their own.
 *
 * A conversation is cut in front only, so that what is left is byte-identical to what was sent the
 * turn before wherever the cut does not move. A cut never falls between a tool's call and its
 * results, and what is left begins with a message of the visitor, which some vendors demand. The
 * last message, which is to be answered, always stays. */
#pragma once
#include "model/provider.h"
struct arena;

/* The first message to keep, so that at most `most` are left in front of the last one. */
size_t context_window(const struct model_message *messages, size_t count, size_t most);
/* The first message to keep, so that the tokens of those kept are at most `room`; `tokens` has one
 * number for each message. The last message is kept whatever it counts. */
size_t context_fit(const struct model_message *messages, size_t count, const int64_t *tokens,
                   int64_t room);

/* Makes the messages before the last one lighter, into `lighter` (of `count`): images become a
 * word, and long results of tools keep their beginning. They are the first to go when it gets
 * tight. True when anything changed. */
bool context_lighten(const struct model_message *messages, size_t count, struct arena *arena,
                     struct model_message *lighter);
