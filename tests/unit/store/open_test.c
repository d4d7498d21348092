/* Opening a SQLite database: what is created, what is refused and in which words, and migrations.
 */
#include "base/memory.h"
#include "store/migrations.h"
#include "support.h"
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static int make_folder(void **state) {
    (void)state;
    folder = support_folder();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    support_remove(folder);
    return 0;
}

static void path_in_folder(const char *name, char *ret_path, size_t size) {
    snprintf(ret_path, size, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *content) {
    char path[1024];
    path_in_folder(name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

/* Makes or changes a database from outside. */
static void run_sql(const char *name, const char *sql) {
    char path[1024];
    path_in_folder(name, path, sizeof path);
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

static void assert_refused(const char *url, enum fault_kind kind, const char *words) {
    struct store *store = NULL;
    struct fault fault = {0};
    assert_false(
        store_open(&(struct store_options){.url = url, .lock_wait_ms = 20}, &store, &fault));
    assert_null(store);
    assert_int_equal(fault.kind, kind);
    if (!strstr(fault.message, words))
        fail_msg("'%s' not in '%s' (%s)", words, fault.message, fault.detail);
}

static void assert_name_refused(const char *name, enum fault_kind kind, const char *words) {
    char *url = support_url(folder, name);
    assert_refused(url, kind, words);
    free(url);
}

static bool write_turn(struct store_session *session, void *user, struct fault *fault) {
    return support_write_turn(session, *(int64_t *)user, 1000, fault);
}

/* Opens, writes, closes. */
static void assert_works(const char *name, int64_t number) {
    char *url = support_url(folder, name);
    struct store *store = support_open(url, 1);
    struct fault fault = {0};
    if (!support_write(store, write_turn, &number, &fault))
        fail_msg("%s (%s)", fault.message, fault.detail);
    store_close(store);
    free(url);
}

static void test_files_are_for_their_owner_only(void **state) {
    (void)state;
    mode_t mask = umask(0);
    char *url = support_url(folder, "new.db");
    struct store *store = support_open(url, 1);
    int64_t number = 1;
    assert_true(support_write(store, write_turn, &number, NULL));
    umask(mask);
    static const char *const names[] = {"new.db", "new.db-wal", "new.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[1024];
        struct stat about;
        path_in_folder(names[i], path, sizeof path);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    store_close(store);
    free(url);
}

static void test_addresses_that_are_none(void **state) {
    (void)state;
    assert_refused("", FAULT_CONFIG, "write sqlite:PATH");
    assert_refused("shop.db", FAULT_CONFIG, "write sqlite:PATH");
    assert_refused("sqlite:", FAULT_CONFIG, "names no file");
    assert_refused("sqlite::memory:", FAULT_CONFIG, "':memory:'");
    assert_refused("oracle://me:secret@host/db", FAULT_CONFIG, "'oracle' are not known");
    struct fault fault = {0};
    struct store *store;
    assert_false(
        store_open(&(struct store_options){.url = "oracle://me:secret@host/db"}, &store, &fault));
    assert_null(strstr(fault.message, "secret"));
    assert_null(strstr(fault.detail, "secret"));
    char *large = memory_zeroed(1, 10000);
    snprintf(large, 10000, "sqlite:%09000d", 0);
    assert_refused(large, FAULT_CONFIG, "too long");
    free(large);
}

static void test_places_that_do_not_do(void **state) {
    (void)state;
    assert_name_refused("none/a.db", FAULT_CONFIG, "does not exist; create it");
    write_file("file", "x");
    assert_name_refused("file/a.db", FAULT_CONFIG, "/file' is not a folder");
    assert_refused("sqlite:/", FAULT_CONFIG, "but a folder; name a file in it");
    assert_name_refused("", FAULT_CONFIG, "but a folder; name a file in it");
    char path[1024];
    path_in_folder("dangling", path, sizeof path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_name_refused("dangling", FAULT_CONFIG, "cannot be opened");
}

static size_t entries_in_folder(void) {
    size_t count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count - 2; /* "." and ".." */
}

static void test_looking_creates_nothing(void **state) {
    (void)state;
    char *url = support_url(folder, "a.db"), *nowhere = support_url(folder, "none/a.db");
    struct fault fault = {0};
    bool exists = true;
    assert_true(store_exists(url, &exists, &fault));
    assert_false(exists);
    assert_int_equal(entries_in_folder(), 0);
    store_close(support_open(url, 1));
    assert_true(store_exists(url, &exists, &fault));
    assert_true(exists);
    assert_false(store_exists(nowhere, &exists, &fault));
    assert_non_null(strstr(fault.message, "does not exist; create it"));
    assert_false(store_exists("sqlite:/proc/a.db", &exists, &fault));
    assert_int_equal(fault.kind, FAULT_CONFIG);
    free(url);
    free(nowhere);
}

/* Permissions do not bind root, so this is tried as nobody, in a child. */
static void test_places_that_may_not_be_written(void **state) {
    (void)state;
    write_file("kept.db", "");
    char *kept = support_url(folder, "kept.db"), *fresh = support_url(folder, "fresh.db");
    assert_int_equal(chmod(kept + strlen("sqlite:"), 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        assert_refused(fresh, FAULT_CONFIG, "is not writable");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(folder, 0777), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        assert_refused(kept, FAULT_CONFIG, "is not readable and writable");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(kept);
    free(fresh);
}

static void test_files_that_are_not_ours(void **state) {
    (void)state;
    write_file("text.db",
               "This is a text that somebody keeps here. It is longer than a header of a "
               "database, which takes one hundred bytes, and must not be touched.");
    assert_name_refused("text.db", FAULT_CONFIG, "is not a database");
    run_sql("other.db", "CREATE TABLE others (x)");
    assert_name_refused("other.db", FAULT_CONFIG, "the database of another program");
    run_sql("marked.db", "PRAGMA application_id = 7");
    assert_name_refused("marked.db", FAULT_CONFIG, "the database of another program");
    write_file("empty.db", "");
    assert_works("empty.db", 1);
    run_sql("other.db", "INSERT INTO others VALUES (1)"); /* still whole */
}

static void test_a_damaged_file(void **state) {
    (void)state;
    assert_works("damaged.db", 1);
    char path[1024], junk[8192];
    path_in_folder("damaged.db", path, sizeof path);
    int file = open(path, O_WRONLY);
    memset(junk, 0xAA, sizeof junk);
    assert_int_equal(pwrite(file, junk, sizeof junk, 100), sizeof junk);
    close(file);
    assert_name_refused("damaged.db", FAULT_CONFIG, "is damaged");
}

static void test_a_newer_schema(void **state) {
    (void)state;
    assert_works("newer.db", 1);
    run_sql("newer.db", "PRAGMA user_version = 999");
    assert_name_refused("newer.db", FAULT_CONFIG, "schema version 999");
}

static void test_locked_by_another(void **state) {
    (void)state;
    char path[1024];
    path_in_folder("locked.db", path, sizeof path);
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "BEGIN EXCLUSIVE; CREATE TABLE x (y)", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_name_refused("locked.db", FAULT_STORE, "locked by another program");
    assert_int_equal(sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    assert_works("locked.db", 1);
}

/* While it is open: writes fail, reads do not, and both go on when the lock is gone. */
static void test_locked_later(void **state) {
    (void)state;
    char *url = support_url(folder, "busy.db");
    struct store *store;
    struct fault fault = {0};
    assert_true(
        store_open(&(struct store_options){.url = url, .lock_wait_ms = 20}, &store, &fault));
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int64_t number = 1;
    assert_false(support_write(store, write_turn, &number, &fault));
    assert_int_equal(fault.kind, FAULT_STORE);
    assert_true(fault.retryable);
    assert_null(strstr(fault.message, folder));
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), 0);
    assert_int_equal(sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    assert_true(support_write(store, write_turn, &number, &fault));
    assert_int_equal(store_statistics(store).batch_failures, 1);
    store_close(store);
    free(url);
}

/* --- several processes --- */

static void test_many_open_it_at_once(void **state) {
    (void)state;
    enum { PROCESSES = 6, TURNS = 20 };
    char *url = support_url(folder, "shared.db");
    pid_t children[PROCESSES];
    for (int64_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        struct store *store = support_open(url, 1);
        for (int64_t j = 0; j < TURNS; j++) {
            int64_t number = i * TURNS + j;
            assert_true(support_write(store, write_turn, &number, NULL));
        }
        store_close(store);
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct store *store = support_open(url, 1);
    assert_int_equal(support_count(store, "SELECT count(*) FROM calls"), PROCESSES * TURNS);
    store_close(store);
    free(url);
}

/* --- migrations --- */

static struct store_session open_directly(const char *name) {
    char path[1024];
    path_in_folder(name, path, sizeof path);
    struct store_session session = {&driver_sqlite, NULL};
    struct fault fault = {0};
    if (!driver_sqlite.open(&(struct store_address){path, 1000}, STORE_FIRST, &session.connection,
                            &fault))
        fail_msg("%s (%s)", fault.message, fault.detail);
    return session;
}

static int version_of(struct store_session *session) {
    int version = -1;
    assert_true(driver_sqlite.version(session->connection, &version, NULL));
    return version;
}

static void test_every_earlier_schema_is_brought_up_to_date(void **state) {
    (void)state;
    for (int version = 0; version <= MIGRATIONS_SQLITE_COUNT; version++) {
        char name[32];
        snprintf(name, sizeof name, "version%d.db", version);
        struct store_session session = open_directly(name);
        assert_true(migrations_apply(&session, migrations_sqlite, version, name, NULL));
        assert_int_equal(version_of(&session), version);
        driver_sqlite.close(session.connection);
        assert_works(name, 1);
        session = open_directly(name);
        assert_int_equal(version_of(&session), MIGRATIONS_SQLITE_COUNT);
        driver_sqlite.close(session.connection);
    }
}

static void test_a_migration_that_fails_changes_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"CREATE TABLE a (x);",
                                      "CREATE TABLE b (x); INSERT INTO none VALUES (1);"};
    static const char *const good[] = {"CREATE TABLE a (x);", "CREATE TABLE b (x);",
                                       "INSERT INTO b VALUES (1);"};
    struct store_session session = open_directly("failing.db");
    struct fault fault = {0};
    assert_false(migrations_apply(&session, bad, 2, "failing.db", &fault));
    assert_int_equal(fault.kind, FAULT_STORE);
    assert_int_equal(version_of(&session), 1); /* the first one stays */
    assert_true(migrations_apply(&session, good, 3, "failing.db", &fault));
    assert_int_equal(version_of(&session), 3);
    driver_sqlite.close(session.connection);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_files_are_for_their_owner_only),
        TEST(test_addresses_that_are_none),
        TEST(test_places_that_do_not_do),
        TEST(test_looking_creates_nothing),
        TEST(test_places_that_may_not_be_written),
        TEST(test_files_that_are_not_ours),
        TEST(test_a_damaged_file),
        TEST(test_a_newer_schema),
        TEST(test_locked_by_another),
        TEST(test_locked_later),
        TEST(test_many_open_it_at_once),
        TEST(test_every_earlier_schema_is_brought_up_to_date),
        TEST(test_a_migration_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
