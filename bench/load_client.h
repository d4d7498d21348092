/* Clients: each one connection that sends a request, reads and checks the answer, and is told to go
 * again. */
#pragma once
#include "load_answer.h"
#include "load_samples.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole HTTP request, sent by many. */
struct call {
    char *bytes;
    size_t length;
    bool stream;
};

enum client_state { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_SENDING, CLIENT_READING };

struct client {
    struct load *load;
    const struct call *call;
    int fd; /* -1 when not connected */
    enum client_state state;
    size_t sent;
    int64_t started_ns;
    struct answer_reader reader;
    /* Latencies go here; NULL for none. */
    struct samples *first_text, *whole;
};

struct tally {
    uint64_t texts, events, answers, reads;
    uint64_t troubles[TROUBLE_COUNT];
};

struct load {
    int epoll;
    struct sockaddr_in address;
    struct tally tally;
    size_t busy;    /* clients between start and end */
    size_t pending; /* of those, the ones without a text yet */
    char first_trouble[512];
    /* Called when an answer has ended, well or not; may start the client again. */
    void (*ended)(struct load *load, struct client *client, bool good);
    void *user;
};

void client_start(struct client *client, const struct call *call);
/* Ends whatever it does, as a failure of this kind. */
void client_fail(struct client *client, enum trouble trouble);
void client_finish(struct client *client);
/* Waits at most so long for sockets, and serves those that are ready. */
void load_wait(struct load *load, int64_t wait_ns);
