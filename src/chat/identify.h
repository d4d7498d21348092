/* Who asks: an API key, a JWT, a signed user hash, or an anonymous visitor with a signed session.
 * Keys are looked up in the store and key sets are fetched where that is needed, so the answer may
 * come later. */
#pragma once
#include "base/fault.h"
#include "gate/session.h"
struct bot;
struct chat;
struct settings;

enum identity_kind { IDENTITY_ANONYMOUS, IDENTITY_USER, IDENTITY_KEY };

struct identity {
    enum identity_kind kind;
    /* Unique per person: "anon:<session id>", "user:<id>" or "key:<key id>". At most 255 bytes. */
    char user[256];
    /* For a new anonymous session: the token that the client is to keep. Else "". */
    char session_token[SESSION_TOKEN_MAX];
    struct slice
        claims; /* of the verified token, a JSON object, or empty; borrowed during `done` */
};

/* What the request carried; empty slices where it did not. */
struct credentials {
    struct slice bearer;  /* Authorization: Bearer …, or x-api-key */
    struct slice session; /* session token from cookie or header */
    struct slice user_id, user_hash;
};

/* `fault` is NULL on success, else UNAUTHENTICATED, FORBIDDEN, or STORE and the like. */
typedef void identify_done(void *user, const struct identity *identity, const struct fault *fault);

struct identify;
/* Calls `done` once: before it returns (then NULL is returned) or later. What `credentials` points
 * to, the bot and its settings are borrowed until then. */
struct identify *identify_start(struct chat *chat, struct settings *settings, const struct bot *bot,
                                const struct credentials *credentials, identify_done *done,
                                void *user);
/* `done` will not be called. */
void identify_cancel(struct identify *identify);
