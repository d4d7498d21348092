/* What went wrong at the vendor, read from whatever it answered: the error bodies of all of them
 * are variations of a few shapes, and many servers imitate one vendor badly. */
#pragma once
#include "model/provider.h"

/* For the table of a provider: a reply whose status is not 200. The message is the vendor's own,
 * cut short, without what looks like a key or an inner address. */
void failure_of_reply(const struct model_reply_head *head, struct slice body,
                      struct fault *ret_fault);
/* The same for an error in a stream that began well. Always false. */
bool failure_in_stream(struct slice payload, struct fault *fault);
