#include "chat/identify.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "chat/key_sets.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "gate/apikey.h"
#include "gate/jwt.h"
#include "loop/loop.h"
#include "store/records.h"
#include "store/store.h"

/* The waiting kind only: most requests are answered before identify_start returns. */
struct identify {
    struct store_job job; /* first: the store hands back its address */
    struct chat *chat;
    struct settings *settings;
    const struct bot *bot;
    struct credentials credentials;
    identify_done *done; /* NULL when cancelled */
    void *user;
    struct key_set_waiter waiter; /* a key set is being fetched */
    /* an API key is being looked up */
    struct id key_id;
    unsigned char key_hash[APIKEY_HASH_SIZE];
    struct apikey_record record;
    bool in_store;
};

static void finish_ok(const struct identify *identify, const struct identity *identity) {
    identify->done(identify->user, identity, NULL);
}

static void finish_failed(const struct identify *identify, const struct fault *fault) {
    identify->done(identify->user, NULL, fault);
}

/* --- API keys --- */

static void accept_key(const struct identify *identify) {
    struct fault fault;
    struct identity identity = {.kind = IDENTITY_KEY};
    if (!apikey_check(&identify->record, identify->key_hash, slice_of(identify->bot->name),
                      clock_wall_ms(), &fault)) {
        finish_failed(identify, &fault);
        return;
    }
    snprintf(identity.user, sizeof identity.user, "key:%s", identify->key_id.text);
    finish_ok(identify, &identity);
}

static bool read_key(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct identify *identify = (struct identify *)job;
    struct arena *arena = arena_create(512);
    struct store_key key;
    bool ok = store_key_get(session, id_slice(&identify->key_id), arena, &key, fault);
    if (ok) {
        struct apikey_record *record = &identify->record;
        *record = (struct apikey_record){
            .id = identify->key_id, .expires_ms = key.expires_ms, .revoked_ms = key.revoked_ms};
        ok = key.hash.size == sizeof record->hash && key.bots.size < sizeof record->bots;
        if (ok) {
            memcpy(record->hash, key.hash.data, sizeof record->hash);
            memcpy(record->bots, key.bots.data, key.bots.size);
        } else {
            fault_set(fault, FAULT_STORE, "The stored key is damaged.");
        }
    }
    arena_destroy(arena);
    return ok;
}

static void on_key(struct store_job *job, const struct fault *fault) {
    struct identify *identify = (struct identify *)job;
    struct chat *chat = identify->chat;
    if (identify->done && fault) {
        struct fault shown = *fault;
        if (fault->kind == FAULT_NOT_FOUND)
            fault_set(&shown, FAULT_UNAUTHENTICATED, "The API key is not known.");
        finish_failed(identify, &shown);
    } else if (identify->done) {
        apikey_cache_put(identify->chat->parts.apikeys, &identify->record,
                         loop_now_ms(identify->chat->parts.loop));
        accept_key(identify);
    }
    free(identify);
    chat_let_go(chat);
}

static struct identify *keep(const struct identify *on_stack) {
    struct identify *identify = memory_allocate(sizeof *identify);
    *identify = *on_stack;
    return identify;
}

/* NULL when it was answered at once. */
static struct identify *by_key(struct identify *identify) {
    if (apikey_cache_get(identify->chat->parts.apikeys, &identify->key_id,
                         loop_now_ms(identify->chat->parts.loop), &identify->record)) {
        accept_key(identify);
        return NULL;
    }
    identify = keep(identify);
    identify->in_store = true;
    chat_hold(identify->chat);
    identify->job =
        (struct store_job){.run = read_key, .done = on_key, .loop = identify->chat->parts.loop};
    store_read(identify->chat->parts.store, &identify->job);
    return identify;
}

/* --- JSON Web Tokens --- */

static void verify_token(const struct identify *identify) {
    struct fault fault;
    struct jwt_claims claims;
    struct arena *arena = arena_create(2048);
    struct identity identity = {.kind = IDENTITY_USER};
    if (!jwt_verify(identify->bot->access.jwt, identify->credentials.bearer, clock_wall_ms(), arena,
                    &claims, &fault)) {
        finish_failed(identify, &fault);
    } else {
        snprintf(identity.user, sizeof identity.user, "user:%.*s", SLICE_ARG(claims.user));
        identity.claims = claims.claims;
        finish_ok(identify, &identity);
    }
    arena_destroy(arena);
}

static void on_key_set(void *user) {
    struct identify *identify = user;
    verify_token(identify);
    free(identify);
}

static struct identify *by_token(struct identify *identify) {
    struct jwt_verifier *jwt = identify->bot->access.jwt;
    enum jwt_need need = jwt_verifier_need(jwt, identify->credentials.bearer, clock_wall_ms());
    if (need != JWT_NEED_KEYS) {
        /* Before the answer: whoever gets it may let go of the settings. */
        if (need == JWT_NEED_REFRESH)
            key_sets_refresh(identify->chat, identify->settings, jwt);
        verify_token(identify);
        return NULL;
    }
    identify = keep(identify);
    identify->waiter = (struct key_set_waiter){.ready = on_key_set, .user = identify};
    key_sets_wait(identify->chat, identify->settings, jwt, &identify->waiter);
    return identify;
}

/* --- anonymous visitors and signed user ids --- */

static void by_session(const struct identify *identify) {
    const struct bot *bot = identify->bot;
    struct identity identity = {.kind = IDENTITY_ANONYMOUS};
    struct session session;
    struct fault ignored;
    int64_t now_ms = clock_wall_ms();
    const struct session_key *key = &identify->chat->parts.session_key;
    /* A token that is forged or too old gives a fresh session, not an error: the visitor cannot
     * help it. */
    if (identify->credentials.session.size == 0 ||
        !session_verify(key, slice_of(bot->name), identify->credentials.session, now_ms,
                        bot->access.session_max_age_ms, &session, &ignored))
        session = session_create(key, slice_of(bot->name), now_ms, identity.session_token);
    snprintf(identity.user, sizeof identity.user, "anon:%s", session.id.text);
    finish_ok(identify, &identity);
}

static void by_user_hash(const struct identify *identify) {
    struct fault fault;
    struct identity identity = {.kind = IDENTITY_USER};
    struct slice id = identify->credentials.user_id;
    if (!user_hash_verify(identify->bot->access.user_hash_secret, id,
                          identify->credentials.user_hash)) {
        fault_set(&fault, FAULT_UNAUTHENTICATED, "The signature of the user id is wrong.");
        finish_failed(identify, &fault);
        return;
    }
    snprintf(identity.user, sizeof identity.user, "user:%.*s", SLICE_ARG(id));
    finish_ok(identify, &identity);
}

static const char *what_is_missing(const struct bot *bot) {
    if (bot->access.jwt)
        return "Credentials are missing: send an API key or a signed token as \"Authorization: "
               "Bearer "
               "…\".";
    return "Credentials are missing: send an API key as \"Authorization: Bearer …\".";
}

struct identify *identify_start(struct chat *chat, struct settings *settings, const struct bot *bot,
                                const struct credentials *credentials, identify_done *done,
                                void *user) {
    struct identify identify = {.chat = chat,
                                .settings = settings,
                                .bot = bot,
                                .credentials = *credentials,
                                .done = done,
                                .user = user};
    struct fault fault;
    if (credentials->bearer.size > 0) {
        if (apikey_parse(credentials->bearer, &identify.key_id, identify.key_hash))
            return by_key(&identify);
        if (bot->access.jwt)
            return by_token(&identify);
        /* A client that must send something sends anything; where visitors may be anonymous, it is
         * one. */
        if (!bot->access.anonymous) {
            fault_set(&fault, FAULT_UNAUTHENTICATED, "The API key is not valid.");
            finish_failed(&identify, &fault);
            return NULL;
        }
    }
    if (credentials->user_id.size > 0 && bot->access.user_hash_secret.size > 0)
        by_user_hash(&identify);
    else if (bot->access.anonymous)
        by_session(&identify);
    else {
        fault_set(&fault, FAULT_UNAUTHENTICATED, "%s", what_is_missing(bot));
        finish_failed(&identify, &fault);
    }
    return NULL;
}

void identify_cancel(struct identify *identify) {
    identify->done = NULL;
    if (identify->in_store)
        return; /* freed when the store is done with it */
    key_sets_forget(&identify->waiter);
    free(identify);
}
