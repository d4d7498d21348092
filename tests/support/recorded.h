/* Recorded traffic of providers, which lies outside of the repository: in the folder "fixtures" of
 * $SWITCHBOARD_SHARED, or of "shared" beside the checkout. */
#pragma once
#include "base/buffer.h"

struct recorded {
    const char *name;
    int status;        /* 200 where the file does not say */
    struct slice head; /* header lines, empty where the file has none */
    struct slice body; /* as the provider sent it */
    bool events;       /* an event stream, else one JSON value */
};
typedef void recorded_visit(void *user, const struct recorded *reply);

/* Calls `visit` for each reply of the folder ("anthropic") whose path contains
 * $SWITCHBOARD_FIXTURES, if that is set, by name. False when there is no such folder. */
bool recorded_each(const char *folder, recorded_visit *visit, void *user);
/* The header of a reply; for struct model_reply_head, `recorded` is the head. */
struct slice recorded_header(const void *recorded, const char *name);
