/* One connection to the mock: reads requests, gives answers event by event. */
#pragma once
#include "mock_dialect.h"
#include "mock_request.h"
#include "mock_wheel.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOCK_WHEELS_MAX = 8 };

struct mock_stats {
    unsigned long long connections, requests, events, blocked, aborted, refused;
};

struct mock {
    int epoll;
    struct connection **connections; /* by file descriptor */
    size_t connections_size;
    struct place eager; /* streams that send as fast as the socket takes it */
    struct place held;  /* streams that wait for /control/go */
    bool going;
    int64_t tick_us;
    struct wheel wheels[MOCK_WHEELS_MAX];
    size_t wheel_count;
    struct mock_stats stats;
};

struct connection {
    struct place place; /* first: in mock.eager, mock.held or a wheel's slot, while answering */
    struct mock *mock;
    struct wheel *wheel; /* set while in one */
    int fd;
    bool answering, blocked, finishing;
    enum piece next;
    struct plan plan;
    struct answer answer;
    char *in; /* request bytes not yet used */
    size_t in_length, in_size;
    char *out; /* what the socket did not take */
    size_t out_length, out_size;
};

void connection_create(struct mock *mock, int fd);
void connection_destroy(struct connection *connection);
/* The socket may have something to read or room to write. May destroy the connection. */
void connection_ready(struct connection *connection);
/* Sends the next event. May destroy the connection. */
void connection_step(struct connection *connection);
