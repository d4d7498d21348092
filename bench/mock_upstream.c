/* A model vendor's server for the bench: answers chat completions, streamed or whole, at the pace
 * that the model's name asks for (see mock_request.h). One thread on epoll, one write per event, as
 * vendors send.
 *
 *   bench_mock_upstream [--port N] [--tick-us N]
 *
 * Prints "listening PORT" once it does. */
#include "clock.h"
#include "mock_connection.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BACKLOG = 4096, TICK_US = 200 };

_Noreturn static void die(const char *what) {
    fprintf(stderr, "mock_upstream: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_on(unsigned short port, unsigned short *ret_port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t length = sizeof(address);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("cannot listen");
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void accept_all(struct mock *mock, int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0)
            die("cannot accept");
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection_create(mock, fd);
    }
}

static void fire(void *user, struct place *member) {
    (void)user;
    connection_step((struct connection *)(void *)member);
}

/* One event from each stream that has no pace: they take turns, so none gets far ahead. */
static void step_eager(struct mock *mock) {
    for (struct place *member = mock->eager.next; member != &mock->eager;) {
        struct place *next = member->next;
        fire(NULL, member);
        member = next;
    }
}

/* How long there is nothing to do but wait for sockets; -1 for ever. */
static int64_t idle_ns(const struct mock *mock) {
    if (mock->eager.next != &mock->eager)
        return 0;
    int64_t soonest = -1;
    int64_t now = clock_ns();
    for (size_t i = 0; i < mock->wheel_count; i++) {
        if (mock->wheels[i].members == 0)
            continue;
        int64_t wait = mock->wheels[i].next_ns > now ? mock->wheels[i].next_ns - now : 0;
        if (soonest < 0 || wait < soonest)
            soonest = wait;
    }
    return soonest;
}

static void run(struct mock *mock, int listener) {
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int64_t wait = idle_ns(mock);
        struct timespec timeout = {.tv_sec = wait / NS_PER_S, .tv_nsec = wait % NS_PER_S};
        int count = epoll_pwait2(mock->epoll, events, EVENTS_MAX, wait < 0 ? NULL : &timeout, NULL);
        if (count < 0 && errno != EINTR)
            die("cannot wait");
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                accept_all(mock, listener);
            else if (mock->connections[fd])
                connection_ready(mock->connections[fd]);
        }
        int64_t now = clock_ns();
        for (size_t i = 0; i < mock->wheel_count; i++)
            wheel_turn(&mock->wheels[i], now, fire, NULL);
        step_eager(mock);
    }
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"tick-us", required_argument, NULL, 't'},
        {0},
    };
    unsigned short port = 0;
    struct mock mock = {.tick_us = TICK_US};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p') {
            port = (unsigned short)strtoul(optarg, NULL, 10);
        } else if (option == 't' && strtol(optarg, NULL, 10) > 0) {
            mock.tick_us = strtol(optarg, NULL, 10);
        } else {
            fprintf(stderr, "usage: bench_mock_upstream [--port N] [--tick-us N]\n");
            return 2;
        }
    }
    place_init(&mock.eager);
    place_init(&mock.held);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the bench */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }

    int listener = listen_on(port, &port);
    mock.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    if (mock.epoll < 0 || epoll_ctl(mock.epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        die("cannot poll");
    printf("listening %u\n", port);
    fflush(stdout);
    run(&mock, listener);
}
