/* For the tests of http/ over sockets: a server on a thread of its own with a handler for every
 * kind of reply, and a client that reads what comes. All waiting is for conditions; what does not
 * come true within PATIENCE_S fails the test. */
#pragma once
#include "base/buffer.h"
#include "http/server.h"
#include "loop/loop.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
    PATIENCE_S = 20,
    PUMP_SIZE = 24 << 20,   /* bytes of the reply of /pump */
    PUMP_LIMIT = 256 << 10, /* waiting bytes above which it pauses */
    PUMP_PIECE = 16 << 10,
};

/* What the handler does is told by the path:
 *   /echo...  replies with "METHOD PATH?QUERY BODY"
 *   /hold     replies when the test calls rig_release
 *   /forget   the same, without watching for the client to vanish
 *   /headers  204 with added headers
 *   /stream   streams "one", "two", "three" with a flush after each
 *   /open     streams "begun", and the rest ("ended") at rig_release
 *   /pump     streams PUMP_SIZE bytes, pausing above PUMP_LIMIT
 *   /rude     streams without ever looking at what waits
 *   /large    replies with 8 MiB */
struct rig {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    int port;
    struct http_exchange *held; /* loop's thread only */
    bool held_streams;
    size_t pumped;
    atomic_int requests, gone, pauses, emptied;
    atomic_size_t waiting_most; /* most bytes that http_stream_waiting ever told */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* one of the counts above */
};

struct http_options rig_options(void); /* defaults, a free port, body_max 1000 */
void rig_start(struct rig *rig, const struct http_options *options);
void rig_stop(struct rig *rig); /* the counts stay readable */
/* Runs it on the loop's thread and waits until it has run. */
void rig_call(struct rig *rig, void (*run)(struct rig *rig));
void rig_wait(struct rig *rig, const atomic_int *count, int at_least);
void rig_release(struct rig *rig);
void rig_drain(struct rig *rig); /* `emptied` counts its end */

struct client {
    int fd;
    struct buffer in; /* received, not yet taken by client_read */
};

struct reply {
    int status;
    struct buffer head; /* with the empty line */
    struct buffer body;
};

void client_open(struct client *client, const struct rig *rig);
void client_close(struct client *client);
/* False when the connection is broken. */
bool client_send(struct client *client, struct slice bytes);
void client_say(struct client *client, const char *text);
/* Waits for one whole reply (for one without a body: `bare`). An earlier one in `reply` is freed.
 */
void client_read(struct client *client, struct reply *reply, bool bare);
/* Waits until at least so many bytes have come. */
void client_fill(struct client *client, size_t size);
/* Waits for the end of the connection; everything that came is in client->in. */
void client_read_end(struct client *client);
/* Says, reads, and checks status and body. */
void client_ask(struct client *client, const char *text, int status, const char *body);
void reply_finish(struct reply *reply);
/* Whether the head has this line, such as "Connection: close". */
bool reply_has(const struct reply *reply, const char *line);
