#include "support.h"
#include "base/memory.h"
#include "store/session.h"
#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

char *support_folder(void) {
    const char *root = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/switchboard-store-XXXXXX", root && *root ? root : "/tmp");
    assert_non_null(mkdtemp(path));
    return memory_string(path);
}

void support_remove(char *folder) {
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && unlink(path) != 0)
            rmdir(path);
    }
    closedir(listing);
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

char *support_url(const char *folder, const char *name) {
    char url[1024];
    snprintf(url, sizeof url, "sqlite:%s/%s", folder, name);
    return memory_string(url);
}

struct store *support_open(const char *url, size_t readers) {
    struct store *store = NULL;
    struct fault fault = {0};
    if (!store_open(&(struct store_options){.url = url, .readers = readers}, &store, &fault))
        fail_msg("%s (%s)", fault.message, fault.detail);
    return store;
}

struct waiting {
    struct store_job job;
    support_run *run;
    void *user;
    struct fault *ret_fault;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool done, good;
};

static bool run_waiting(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct waiting *waiting = (struct waiting *)job;
    return waiting->run(session, waiting->user, fault);
}

static void on_done(struct store_job *job, const struct fault *fault) {
    struct waiting *waiting = (struct waiting *)job;
    pthread_mutex_lock(&waiting->lock);
    waiting->good = !fault;
    if (fault && waiting->ret_fault)
        *waiting->ret_fault = *fault;
    waiting->done = true;
    pthread_cond_signal(&waiting->finished);
    pthread_mutex_unlock(&waiting->lock);
}

static bool submit(struct store *store, void (*hand_over)(struct store *, struct store_job *),
                   support_run *run, void *user, struct fault *ret_fault) {
    struct waiting waiting = {.job = {.run = run_waiting, .done = on_done},
                              .run = run,
                              .user = user,
                              .ret_fault = ret_fault};
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.finished, NULL);
    hand_over(store, &waiting.job);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.done)
        pthread_cond_wait(&waiting.finished, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    pthread_cond_destroy(&waiting.finished);
    pthread_mutex_destroy(&waiting.lock);
    return waiting.good;
}

bool support_write(struct store *store, support_run *run, void *user, struct fault *ret_fault) {
    return submit(store, store_write, run, user, ret_fault);
}

bool support_read(struct store *store, support_run *run, void *user, struct fault *ret_fault) {
    return submit(store, store_read, run, user, ret_fault);
}

static struct slice print_id(char out[27], char kind, int64_t number) {
    snprintf(out, 27, "01J%c%022lld", kind, (long long)number);
    return (struct slice){out, 26};
}

static bool write_message(struct store_session *session, struct slice conversation,
                          struct slice turn, int64_t number, bool answer, struct fault *fault) {
    char id[27];
    return store_message_add(
        session,
        &(struct store_message){
            .id = print_id(id, answer ? 'A' : 'M', number),
            .conversation_id = conversation,
            .turn_id = turn,
            .role = answer ? SLICE("assistant") : SLICE("user"),
            .text = answer ? SLICE("Yes. We ship to Germany and all other countries of the "
                                   "European Union within three working days, with DHL.")
                           : SLICE("Do you ship to Germany?"),
            .status = SLICE("complete"),
            .created_ms = 1700000000000 + number},
        fault);
}

static bool write_call(struct store_session *session, struct slice conversation, struct slice turn,
                       int64_t number, struct fault *fault) {
    char id[27];
    return store_call_open(session,
                           &(struct store_call){.id = print_id(id, 'C', number),
                                                .turn_id = turn,
                                                .conversation_id = conversation,
                                                .bot = SLICE("support"),
                                                .user = SLICE("anon:01JAB"),
                                                .provider = SLICE("openai"),
                                                .model = SLICE("gpt-4o-mini"),
                                                .started_ms = 1700000000000 + number,
                                                .duration_ms = 900,
                                                .first_token_ms = 300,
                                                .input_tokens = 100,
                                                .output_tokens = 50,
                                                .finish_reason = SLICE("stop"),
                                                .error_kind = SLICE(""),
                                                .error_detail = SLICE(""),
                                                .upstream_status = 200,
                                                .upstream_request_id = SLICE("req_0123456789")},
                           fault);
}

static bool write_counter(struct store_session *session, int64_t user, int64_t window_ms,
                          struct fault *fault) {
    char key[64];
    snprintf(key, sizeof key, "support/user/anon:%lld", (long long)user);
    return store_counter_add(
        session, &(struct store_counter){slice_of(key), window_ms, 1700000000000, 1}, fault);
}

bool support_write_turn(struct store_session *session, int64_t number, int64_t conversations,
                        struct fault *fault) {
    char conversation_text[27], turn_text[27];
    int64_t user = number % conversations;
    struct slice conversation = print_id(conversation_text, 'V', user);
    struct slice turn = print_id(turn_text, 'T', number);
    return store_conversation_put(session,
                                  &(struct store_conversation){.id = conversation,
                                                               .bot = SLICE("support"),
                                                               .user = SLICE("anon:01JAB"),
                                                               .door = SLICE("chat"),
                                                               .created_ms = number},
                                  fault) &&
           write_message(session, conversation, turn, number, false, fault) &&
           write_message(session, conversation, turn, number, true, fault) &&
           write_call(session, conversation, turn, number, fault) &&
           write_counter(session, user, 60000, fault) &&
           write_counter(session, user, 86400000, fault);
}

struct counting {
    const char *sql;
    int64_t number;
};

static bool run_count(struct store_session *session, void *user, struct fault *fault) {
    struct counting *counting = user;
    bool found;
    return session_query_integer(session, counting->sql, NULL, 0, &found, &counting->number, fault);
}

int64_t support_count(struct store *store, const char *sql) {
    struct counting counting = {.sql = sql};
    struct fault fault = {0};
    if (!support_read(store, run_count, &counting, &fault))
        fail_msg("%s (%s)", fault.message, fault.detail);
    return counting.number;
}

void support_integrity(const char *path, char *ret_text, size_t size) {
    sqlite3 *handle;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int code = sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        snprintf(ret_text, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    else
        snprintf(ret_text, size, "%s", sqlite3_errmsg(handle));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
}

struct place {
    char *folder, *url;
    struct store *store;
};

int support_place_open(void **state) {
    struct place *place = memory_zeroed(1, sizeof *place);
    const char *given = getenv("SWITCHBOARD_TEST_DATABASE");
    place->folder = support_folder();
    place->url = given ? memory_string(given) : support_url(place->folder, "contract.db");
    place->store = support_open(place->url, 2);
    *state = place;
    return 0;
}

int support_place_close(void **state) {
    struct place *place = *state;
    store_close(place->store);
    support_remove(place->folder);
    free(place->url);
    free(place);
    return 0;
}

struct store *support_place_store(void **state) {
    return ((struct place *)*state)->store;
}

void support_place_reopen(void **state) {
    struct place *place = *state;
    store_close(place->store);
    place->store = support_open(place->url, 2);
}

void support_must(bool good, const struct fault *fault) {
    if (!good)
        fail_msg("%s: %s (%s)", fault_kind_name(fault->kind), fault->message, fault->detail);
}
