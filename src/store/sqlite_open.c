#include "base/clock.h"
#include "base/memory.h"
#include "store/sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* In the file's header, so that the database of another program is not taken for ours: "SwBd". */
#define APPLICATION_ID  0x53774264
#define TEXT_(number)   #number
#define TEXT_OF(number) TEXT_(number)

/* --- before SQLite sees the file --- */

/* What SQLite keeps beside the database lies in the same folder, so that must be there and
 * writable. */
static bool check_folder(const char *path, struct fault *fault) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        slash[slash == folder] = '\0';
    struct stat about;
    if (stat(folder, &about) != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "the database '%s' cannot be opened: the folder '%s' %s", path, folder,
                         errno == ENOENT ? "does not exist; create it" : strerror(errno));
    if (!S_ISDIR(about.st_mode))
        return fault_set(fault, FAULT_CONFIG,
                         "the database '%s' cannot be opened: '%s' is not a folder", path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        return fault_set(
            fault, FAULT_CONFIG,
            "the database '%s' cannot be opened: the folder '%s' is not writable (%s); "
            "change its owner or choose another",
            path, folder, strerror(errno));
    return true;
}

static bool check_file(const char *path, struct fault *fault) {
    struct stat about;
    if (stat(path, &about) != 0)
        return fault_set(fault, FAULT_CONFIG, "the database '%s' cannot be opened: %s", path,
                         strerror(errno));
    if (!S_ISREG(about.st_mode))
        return fault_set(fault, FAULT_CONFIG, "the database '%s' is not a file%s", path,
                         S_ISDIR(about.st_mode) ? " but a folder; name a file in it" : "");
    if (access(path, R_OK | W_OK) != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "the database '%s' is not readable and writable (%s); change its owner or "
                         "mode",
                         path, strerror(errno));
    return true;
}

static bool creation_fault(const char *path, struct fault *fault) {
    return fault_set(fault, errno == ENOSPC ? FAULT_STORE : FAULT_CONFIG,
                     "the database '%s' cannot be created: %s", path, strerror(errno));
}

/* SQLite would create it readable for everyone. A file that is there is never opened here: closing
 * it would drop the locks that SQLite holds on it in this process. */
static bool create_file(const char *path, struct fault *fault) {
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
        return true;
    }
    if (errno == EEXIST || errno == EISDIR) /* check_file says what it is */
        return true;
    return creation_fault(path, fault);
}

static bool check_place(const char *path, struct fault *fault) {
    if (*path == '\0')
        return fault_set(fault, FAULT_CONFIG,
                         "the database's address names no file; write sqlite:PATH");
    if (strcmp(path, ":memory:") == 0)
        return fault_set(fault, FAULT_CONFIG,
                         "the database cannot be ':memory:', for several connections share it; "
                         "name a file");
    if (strlen(path) >= PATH_MAX - sizeof "-journal")
        return fault_set(fault, FAULT_CONFIG, "the path of the database is too long");
    return check_folder(path, fault);
}

static bool prepare_place(const char *path, enum store_use use, struct fault *fault) {
    return check_place(path, fault) && (use != STORE_FIRST || create_file(path, fault)) &&
           check_file(path, fault);
}

/* By a file of another name: what is allowed in the folder does not tell of all that may fail. */
static bool can_create(const char *path, struct fault *fault) {
    char beside[PATH_MAX];
    snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    int file = mkostemp(beside, O_CLOEXEC);
    if (file < 0)
        return creation_fault(path, fault);
    close(file);
    unlink(beside);
    return true;
}

bool sqlite_exists(const struct store_address *address, bool *ret_exists, struct fault *fault) {
    struct stat about;
    if (!check_place(address->place, fault))
        return false;
    bool absent = lstat(address->place, &about) != 0 && errno == ENOENT;
    if (absent && !can_create(address->place, fault))
        return false;
    *ret_exists = !absent;
    return true;
}

/* --- the connection --- */

/* The same as sqlite_fault, with what the owner can do about it. */
static bool open_fault(const struct store_connection *connection, const char *path,
                       const struct store_address *address, struct fault *fault) {
    struct fault inner;
    sqlite_fault(connection, &inner);
    switch (sqlite3_errcode(connection->handle)) {
    case SQLITE_NOTADB:
        fault_set(fault, FAULT_CONFIG,
                  "'%s' is not a database; name another file or move this one away", path);
        break;
    case SQLITE_CORRUPT:
        fault_set(
            fault, FAULT_CONFIG,
            "the database '%s' is damaged; restore it from a backup, or move it away to start "
            "anew",
            path);
        break;
    case SQLITE_BUSY:
        fault_set(fault, FAULT_STORE,
                  "the database '%s' was locked by another program for more than %d ms; stop that "
                  "program",
                  path, address->lock_wait_ms);
        break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        fault_set(fault, FAULT_CONFIG,
                  "the database '%s' cannot be opened for writing; check owner and mode of it, of "
                  "its -wal and -shm files and of its folder",
                  path);
        break;
    case SQLITE_FULL:
        fault_set(fault, FAULT_STORE,
                  "the database '%s' cannot be opened: the disk is full; make room", path);
        break;
    default:
        fault_set(fault, FAULT_STORE, "the database '%s' cannot be opened", path);
        break;
    }
    return fault_detail(fault, "%s", inner.detail);
}

static int on_commit(void *user, sqlite3 *handle, const char *schema, int pages) {
    (void)handle, (void)schema;
    struct store_connection *connection = user;
    if (pages < connection->wal_pages) /* the log was started anew */
        connection->checkpoint_at = SQLITE_CHECKPOINT_EVERY;
    connection->wal_pages = pages;
    return SQLITE_OK;
}

static bool query_text(sqlite3 *handle, const char *sql, char *ret_text, size_t size) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool good = sqlite3_step(statement) == SQLITE_ROW;
    if (good) {
        const unsigned char *text = sqlite3_column_text(statement, 0);
        snprintf(ret_text, size, "%s", text ? (const char *)text : "");
    }
    return sqlite3_finalize(statement) == SQLITE_OK && good;
}

/* Asks for the mode again where another process asks at the same moment: SQLite does not wait
 * there. */
static bool switch_to_wal(struct store_connection *connection, const struct store_address *address,
                          struct fault *fault) {
    int64_t until = clock_monotonic_ms() + address->lock_wait_ms;
    char mode[16];
    while (!query_text(connection->handle, "PRAGMA journal_mode = WAL", mode, sizeof mode)) {
        int code = sqlite3_errcode(connection->handle);
        if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) || clock_monotonic_ms() >= until)
            return open_fault(connection, address->place, address, fault);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    if (strcmp(mode, "wal") != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "the file system of the database '%s' does not allow shared memory (a "
                         "network drive?); put it on a local disk",
                         address->place);
    return true;
}

static bool run(struct store_connection *connection, const char *sql,
                const struct store_address *address, struct fault *fault) {
    return sqlite3_exec(connection->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           open_fault(connection, address->place, address, fault);
}

static bool claim_locked(struct store_connection *connection, const struct store_address *address,
                         struct fault *fault) {
    char id[24], tables[24];
    if (!query_text(connection->handle, "PRAGMA application_id", id, sizeof id) ||
        !query_text(connection->handle, "SELECT count(*) FROM sqlite_schema", tables,
                    sizeof tables))
        return open_fault(connection, address->place, address, fault);
    if (atoi(id) == APPLICATION_ID)
        return true;
    if (atoi(id) != 0 || strcmp(tables, "0") != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "'%s' is the database of another program; name another file",
                         address->place);
    return run(connection, "PRAGMA application_id = " TEXT_OF(APPLICATION_ID), address, fault);
}

/* Ours, or empty, which makes it ours: looked at and marked in one transaction, because another
 * process of ours may be creating it at this moment. */
static bool claim(struct store_connection *connection, const struct store_address *address,
                  struct fault *fault) {
    char id[24];
    if (!query_text(connection->handle, "PRAGMA application_id", id, sizeof id))
        return open_fault(connection, address->place, address, fault);
    if (atoi(id) == APPLICATION_ID)
        return true;
    if (!run(connection, "BEGIN IMMEDIATE", address, fault))
        return false;
    bool ok = claim_locked(connection, address, fault);
    if (ok)
        return run(connection, "COMMIT", address, fault);
    sqlite3_exec(connection->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool configure(struct store_connection *connection, const struct store_address *address,
                      enum store_use use, struct fault *fault) {
    sqlite3 *handle = connection->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, address->lock_wait_ms);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (use == STORE_FIRST &&
        !(claim(connection, address, fault) && switch_to_wal(connection, address, fault)))
        return false;
    /* NORMAL: a power cut may lose the last commits but never damages the file, and a killed
     * process loses nothing. What a savepoint sets aside stays in memory. */
    static const char pragmas[] = "PRAGMA synchronous = NORMAL;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA temp_store = MEMORY;"
                                  "PRAGMA journal_size_limit = 16777216;";
    if (sqlite3_exec(handle, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return open_fault(connection, address->place, address, fault);
    if (use == STORE_READER)
        return sqlite3_exec(handle, "PRAGMA query_only = ON", NULL, NULL, NULL) == SQLITE_OK ||
               open_fault(connection, address->place, address, fault);
    sqlite3_wal_hook(handle, on_commit, connection);
    return sqlite3_exec(handle, "PRAGMA cache_size = -8192", NULL, NULL, NULL) == SQLITE_OK ||
           open_fault(connection, address->place, address, fault);
}

bool sqlite_open(const struct store_address *address, enum store_use use,
                 struct store_connection **ret_connection, struct fault *fault) {
    if (!prepare_place(address->place, use, fault))
        return false;
    struct store_connection *connection = memory_zeroed(1, sizeof *connection);
    connection->checkpoint_at = SQLITE_CHECKPOINT_EVERY;
    int code = sqlite3_open_v2(address->place, &connection->handle,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    bool good = code == SQLITE_OK ? configure(connection, address, use, fault)
                                  : open_fault(connection, address->place, address, fault);
    if (good && !sqlite_search_register(connection->handle))
        good = open_fault(connection, address->place, address, fault);
    if (!good) {
        driver_sqlite.close(connection);
        return false;
    }
    *ret_connection = connection;
    return true;
}
