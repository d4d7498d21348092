/* The inside of a chat, for the files of this folder only. */
#pragma once
#include "chat/chat.h"
#include "model/tokens.h"

struct chat {
    struct chat_parts parts;
    struct settings *settings;
    struct fetcher *fetcher;
    struct turn *turns; /* in flight, newest first */
    size_t turn_count;
    size_t held; /* see chat_hold */
    void (*idle)(void *user);
    void *idle_user;
    struct key_set_fetch *key_set_fetches; /* see identify.c */
    struct mcp_clients *mcp;
    struct webhook_sender *sender; /* NULL: another loop sends the webhooks */
    void (*closed)(void *user);    /* see chat_close */
    void *closed_user;
    struct tokens *tokens[TOKENS_ENCODINGS]; /* made at first use */
};

/* Called when a turn is gone: tells who waits for the last one. */
void chat_turn_gone(struct chat *chat);
