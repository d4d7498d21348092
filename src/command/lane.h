/* One event loop with its listener, doors and chat, on one thread. Functions marked * may be called
 * from any thread: they post to the lane's loop. */
#pragma once
#include "base/fault.h"
#include "loop/timer.h"
#include <pthread.h>
struct api;
struct api_options;
struct chat;
struct http_server;
struct loop;
struct service;
struct settings;

struct lane {
    struct loop *loop;
    struct chat *chat;
    struct api *api;
    struct http_server *http;
    pthread_t thread;
    struct timer grace; /* after lane_end: until slow readers are cut */
    bool draining, cut;
    /* Called on the lane's thread once it is drained. It then waits for lane_stop: what ends the
     * others may run on its loop. */
    void (*done)(void *user);
    void *done_user;
};

bool lane_create(struct lane *lane, const struct service *service, const char *address,
                 const struct api_options *api, struct fault *fault);
/* The address with the port that it really listens on. */
void lane_address(const struct lane *lane, char *address, int capacity);
void lane_start(struct lane *lane); /* on a thread of its own */
void lane_run(struct lane *lane);   /* on this thread, until it has stopped */
void lane_join(struct lane *lane);
void lane_destroy(struct lane *lane); /* after it has stopped */

void lane_set_settings(struct lane *lane, struct settings *settings); /* * */
/* No new connections; `done` is called once everything under way is done. */
void lane_drain(struct lane *lane); /* * */
void lane_stop(struct lane *lane);  /* * */
/* After lane_drain: ends answers with an error event, cuts who does not read it within 3 s. */
void lane_end(struct lane *lane); /* * */
