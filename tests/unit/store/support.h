/* What the tests of the store share. */
#pragma once
#include "base/arena.h"
#include "store/records.h"
#include "store/store.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A new folder of its own; support_remove removes it with the files in it. */
char *support_folder(void);
void support_remove(char *folder);
/* "sqlite:FOLDER/NAME"; the caller frees it. */
char *support_url(const char *folder, const char *name);
/* Must succeed. */
struct store *support_open(const char *url, size_t readers);

/* Submits a job and waits until it is done. */
typedef bool support_run(struct store_session *session, void *user, struct fault *fault);
bool support_write(struct store *store, support_run *run, void *user, struct fault *ret_fault);
bool support_read(struct store *store, support_run *run, void *user, struct fault *ret_fault);

/* A turn as chat/ records it: a conversation, two messages, a call and two counters. `number` makes
 * the ids: conversations repeat after `conversations` turns. */
bool support_write_turn(struct store_session *session, int64_t number, int64_t conversations,
                        struct fault *fault);
/* How many rows a query counts. */
int64_t support_count(struct store *store, const char *sql);
/* "ok", or what is wrong with a SQLite file. */
void support_integrity(const char *path, char *ret_text, size_t size);

/* Setup and teardown of the tests that run against any driver: a store on a new SQLite file, or on
 * the empty database that SWITCHBOARD_TEST_DATABASE names. */
int support_place_open(void **state);
int support_place_close(void **state);
struct store *support_place_store(void **state);
void support_place_reopen(void **state);
#define SUPPORT_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, support_place_open, support_place_close)

/* Fails the test with what the fault says. */
void support_must(bool good, const struct fault *fault);
