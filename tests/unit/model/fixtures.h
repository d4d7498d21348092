/* Compares what a translator reads from recorded replies with what an oracle does, for the whole
 * reply and for each way to cut it. */
#pragma once
#include "oracle.h"
#include "support/recorded.h"

struct fixtures {
    const struct provider *provider;
    size_t files, passed, failed, skipped; /* replies, but for the first */
};

void fixtures_report(struct fixtures *fixtures, const struct recorded *reply, const char *what);
void fixtures_skip(struct fixtures *fixtures, const struct recorded *reply, const char *reason);
/* A reply that began well. */
void fixtures_answer(struct fixtures *fixtures, const struct recorded *reply,
                     const struct oracle_answer *expected);
/* A reply with another status than 200. */
void fixtures_failure(struct fixtures *fixtures, const struct recorded *reply, int status,
                      enum fault_kind kind, const char *message);
/* Visits all replies of the folder, with `fixtures` as user, and fails the test where one failed;
 * skips it where there are none. */
void fixtures_check(struct fixtures *fixtures, const char *folder, recorded_visit *visit);
