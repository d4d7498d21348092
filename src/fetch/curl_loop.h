/* libcurl on the loop: multi handles, sockets and timers. Nothing of the user is called from inside
 * libcurl: its callbacks only note what arrived, and it is delivered once libcurl has returned. So
 * whatever the user does in a callback (start, cancel, resume) may call libcurl at once. */
#pragma once
#include "base/buffer.h"
#include "fetch/transport.h"
#include <curl/curl.h>

extern const struct transport curl_transport;

struct curl_loop;
struct curl_hub; /* one multi handle */

/* One transfer: a fetch that goes by libcurl. */
struct curl_transfer {
    struct fetch fetch;
    CURL *easy; /* NULL once it is over */
    struct curl_hub *hub;
    struct curl_slist *headers; /* in one block with the strings; NULL if none */
    struct buffer lines;        /* the head as it comes */
    struct buffer held;         /* body that arrived but cannot be delivered while paused */
    const char *wrong;          /* why we ended it from inside a callback of libcurl */
    CURLcode result;            /* when it is over and `held` must be delivered first */
    bool head_seen, http2;
    bool public_only;
    bool inner_address; /* refused, since it is not a public one */
    bool over;
    bool stuck;     /* libcurl holds data back until curl_easy_pause */
    size_t arrived; /* bytes noted and not yet delivered */
    char error[CURL_ERROR_SIZE];
};

struct curl_loop *curl_loop_create(struct fetcher *fetcher);
void curl_loop_destroy(struct curl_loop *curl); /* no transfer is left; NULL is fine */
void curl_loop_trust_file(struct curl_loop *curl, const char *path);

/* An easy handle with all options set that do not depend on the request. */
CURL *curl_loop_take_easy(struct curl_loop *curl);
void curl_loop_give_easy(struct curl_loop *curl, CURL *easy);
void curl_loop_add(struct curl_loop *curl, struct curl_transfer *transfer);
void curl_loop_remove(struct curl_loop *curl, struct curl_transfer *transfer);
/* Lets libcurl go on with a transfer that is stuck. From the loop only. */
void curl_loop_unpause(struct curl_loop *curl, struct curl_transfer *transfer);

/* What libcurl's callbacks note. A head is noted when its last line has come. */
void curl_loop_note_head(struct curl_loop *curl, struct curl_transfer *transfer);
void curl_loop_note_data(struct curl_loop *curl, struct curl_transfer *transfer,
                         struct slice bytes);

/* The transfer's side of delivery. */
void curl_transfer_deliver_head(struct curl_transfer *transfer);
void curl_transfer_deliver_data(struct curl_transfer *transfer, struct slice bytes);
void curl_transfer_finish(struct curl_transfer *transfer, CURLcode result);
