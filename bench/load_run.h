/* The two ways to load a proxy, and what is measured on the way.
 *
 * closed: N connections, each asks again as soon as its answer has ended; a warm-up, then a
 * measured window, then every answer is read to its end. held:   M streams are opened and held; the
 * mock is told to let them run; a measured window; then a window in which short probe requests
 * measure the time to first text beside them; then the mock ends them all. */
#pragma once
#include "load_client.h"
#include "load_proxy.h"

struct run_options {
    struct proxy proxy;
    struct sockaddr_in control; /* the mock */
    size_t clients;             /* connections or streams */
    double warmup_s, window_s;
    /* Look at the sockets only so often while warming up and measuring: 0 is at once. A reader that
     * sleeps on its sockets is woken by the proxy's every write, and that costs the proxy as no
     * reader elsewhere would. */
    int64_t nap_ns;
    /* held only */
    double ramp_per_s;   /* streams opened a second at most, */
    size_t ramp_pending; /* and so many at most that have no text yet */
    double probe_per_s, probe_s;
    bool cut;       /* no probes, and the streams are cut off after the window */
    double drain_s; /* how long streams may take to end */
    const struct call *call, *probe;
};

struct run_result {
    double window_s;
    uint64_t texts, events, answers, reads; /* in the window */
    int64_t cpu_ns, others_ns;              /* of the proxy, and of others on its processor */
    int64_t pss_before_kib, pss_held_kib;
    size_t held; /* streams that were open in the window */
    double ramp_s, drain_s;
    struct samples first_text, whole;
    char mock[512]; /* what the mock says of the window */
};

void run_closed(struct load *load, const struct run_options *options,
                struct run_result *ret_result);
void run_held(struct load *load, const struct run_options *options, struct run_result *ret_result);
