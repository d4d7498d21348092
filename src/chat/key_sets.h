/* Fetches JSON Web Key Sets for the verifiers of gate/jwt.h: one fetch at a time per verifier and
 * loop, however many tokens wait for it. */
#pragma once
struct chat;
struct jwt_verifier;
struct settings;

/* Embedded in who waits. */
struct key_set_waiter {
    void (*ready)(void *user); /* the fetch is over, well or not: verify now */
    void *user;
    struct key_set_waiter *next, **link; /* private */
};
/* `settings` is the snapshot that the verifier belongs to; a reference is kept while fetching. */
void key_sets_wait(struct chat *chat, struct settings *settings, struct jwt_verifier *jwt,
                   struct key_set_waiter *waiter);
/* Fetches with nobody waiting, unless a fetch is under way. */
void key_sets_refresh(struct chat *chat, struct settings *settings, struct jwt_verifier *jwt);
/* `ready` will not be called. */
void key_sets_forget(struct key_set_waiter *waiter);
/* Cancels all fetches of the chat without calling anyone. */
void key_sets_cancel(struct chat *chat);
