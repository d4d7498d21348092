/* A PostgreSQL server of a test's own: data in a temporary folder, a unix socket and no other
 * address, run by an unprivileged user. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct postgres {
    char folder[64];
    char url[160]; /* postgres://…, of a user that may do anything */
    pid_t pid;
};

/* False where there is no such program on this machine (the name is printed), or it does not come
 * up: `ret_absent` tells which. */
bool postgres_start(struct postgres *server, bool *ret_absent);
void postgres_stop(struct postgres *server);
