/* The schema, step by step. A migration that was released is never changed; the next one is added.
 * Private to store/. */
#pragma once
#include "store/session.h"

enum { MIGRATIONS_SQLITE_COUNT = 6 };
extern const char *const migrations_sqlite[MIGRATIONS_SQLITE_COUNT];

/* Brings the schema to version `count`, each migration in a transaction of its own. Several
 * processes may do so at once. FAULT_CONFIG when the schema is newer. `place` is for the message.
 */
__attribute__((warn_unused_result)) bool migrations_apply(struct store_session *session,
                                                          const char *const *migrations, int count,
                                                          const char *place, struct fault *fault);
