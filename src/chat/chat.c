#include "base/memory.h"
#include "chat/key_sets.h"
#include "chat/mcp_client.h"
#include "chat/settings.h"
#include "chat/state.h"
#include "chat/turn_state.h"
#include "chat/webhook_send.h"
#include "fetch/fetch.h"
#include <assert.h>

struct chat *chat_create(const struct chat_parts *parts, struct settings *settings) {
    struct chat *chat = memory_zeroed(1, sizeof *chat);
    chat->parts = *parts;
    chat->settings = settings_reference(settings);
    chat->fetcher = fetcher_create(parts->loop);
    chat->mcp = mcp_clients_create(parts->loop, chat->fetcher);
    return chat;
}

void chat_destroy(struct chat *chat) {
    if (!chat)
        return;
    assert(chat->turn_count == 0 && chat->held == 0);
    key_sets_cancel(chat);
    webhook_sender_destroy(chat->sender);
    for (size_t i = 0; i < TOKENS_ENCODINGS; i++)
        tokens_destroy(chat->tokens[i]);
    mcp_clients_destroy(chat->mcp);
    fetcher_destroy(chat->fetcher);
    settings_release(chat->settings);
    free(chat);
}

struct settings *chat_settings(const struct chat *chat) {
    return chat->settings;
}

void chat_set_settings(struct chat *chat, struct settings *settings) {
    struct settings *old = chat->settings;
    chat->settings = settings_reference(settings);
    settings_release(old);
}

size_t chat_turns(const struct chat *chat) {
    return chat->turn_count;
}

void chat_end_turns(struct chat *chat) {
    struct turn *turn = chat->turns;
    while (turn) {
        struct turn *next = turn->next; /* ending frees the turn unless its record is under way */
        turn_shut_down(turn);
        turn = next;
    }
}

void chat_when_idle(struct chat *chat, void (*idle)(void *user), void *user) {
    chat->idle = idle;
    chat->idle_user = user;
    chat_turn_gone(chat);
}

void chat_hold(struct chat *chat) {
    chat->held++;
}

void chat_let_go(struct chat *chat) {
    assert(chat->held > 0);
    chat->held--;
    chat_turn_gone(chat);
}

void chat_turn_gone(struct chat *chat) {
    if (chat->turn_count > 0 || chat->held > 0 || !chat->idle)
        return;
    void (*idle)(void *user) = chat->idle;
    chat->idle = NULL;
    idle(chat->idle_user);
}

void chat_send_webhooks(struct chat *chat) {
    chat->sender = webhook_sender_create(chat);
}

static void close_clients(void *user) {
    struct chat *chat = user;
    mcp_clients_close(chat->mcp, chat->closed, chat->closed_user);
}

void chat_close(struct chat *chat, void (*closed)(void *user), void *user) {
    chat->closed = closed;
    chat->closed_user = user;
    if (chat->sender)
        webhook_sender_stop(chat->sender, close_clients, chat);
    else
        close_clients(chat);
}

const struct chat_parts *chat_parts(const struct chat *chat) {
    return &chat->parts;
}

struct fetcher *chat_fetcher(const struct chat *chat) {
    return chat->fetcher;
}
