#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "chat/knowledge.h"
#include "chat/settings.h"
#include "command/service.h"
#include "store/records.h"
#include "store/store.h"
#include <errno.h>
#include <sodium.h>

enum { KNOWLEDGE_FILE_MAX = 64 * 1024 * 1024 };

struct learning {
    const struct bot *bot;
    struct slice source, digest;
    struct store_passage *passages;
    size_t count;
};

static bool read_file(const char *path, struct buffer *out) {
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    for (size_t count = 1; count > 0 && out->size <= KNOWLEDGE_FILE_MAX;) {
        count = fread(buffer_reserve(out, 65536), 1, 65536, file);
        out->size += count;
    }
    bool ok = !ferror(file);
    if (out->size > KNOWLEDGE_FILE_MAX) {
        errno = EFBIG;
        ok = false;
    }
    fclose(file);
    return ok;
}

static bool replace(struct store_session *session, void *user, struct fault *fault) {
    const struct learning *learning = user;
    return store_passages_replace(session, slice_of(learning->bot->name), learning->source,
                                  learning->digest, learning->passages, learning->count, fault);
}

static void learn_file(struct store *store, const struct bot *bot, const char *path) {
    struct buffer text = {0};
    struct fault fault;
    unsigned char digest[crypto_generichash_BYTES];
    if (!read_file(path, &text)) {
        log_error("cannot read a knowledge file", LOG_STRING("file", path),
                  LOG_STRING("error", strerror(errno)), );
        buffer_finish(&text);
        return;
    }
    struct arena *arena = arena_create(4096);
    struct learning learning = {.bot = bot, .source = slice_of(path)};
    const unsigned char version = KNOWLEDGE_VERSION;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    crypto_generichash_update(&state, &version, 1);
    crypto_generichash_update(&state, (const unsigned char *)text.data, text.size);
    crypto_generichash_final(&state, digest, sizeof digest);
    learning.digest = (struct slice){(const char *)digest, sizeof digest};
    knowledge_split(buffer_slice(&text), arena, &learning.passages, &learning.count);
    if (!store_run_now(store, replace, &learning, &fault))
        log_error("cannot learn a knowledge file", LOG_STRING("file", path),
                  LOG_STRING("error", fault.message), LOG_STRING("detail", fault.detail), );
    else
        log_debug("learnt", LOG_STRING("bot", bot->name), LOG_STRING("file", path),
                  LOG_NUMBER("passages", (int64_t)learning.count), );
    arena_destroy(arena);
    buffer_finish(&text);
}

static bool retain(struct store_session *session, void *user, struct fault *fault) {
    const struct bot *bot = user;
    struct arena *arena = arena_create(1024);
    struct slice *sources = arena_array(arena, bot->knowledge_count, sizeof *sources);
    for (size_t i = 0; i < bot->knowledge_count; i++)
        sources[i] = slice_of(bot->knowledge[i]);
    bool ok =
        store_passages_retain(session, slice_of(bot->name), sources, bot->knowledge_count, fault);
    arena_destroy(arena);
    return ok;
}

void service_learn(struct store *store, const struct settings *settings) {
    struct fault fault;
    for (size_t i = 0; i < settings->bot_count; i++) {
        const struct bot *bot = &settings->bots[i];
        for (size_t j = 0; j < bot->knowledge_count; j++)
            learn_file(store, bot, bot->knowledge[j]);
        if (!store_run_now(store, retain, (void *)(uintptr_t)bot, &fault))
            log_error("cannot forget old knowledge", LOG_STRING("bot", bot->name),
                      LOG_STRING("error", fault.message), );
    }
}
