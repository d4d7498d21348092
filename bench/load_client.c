#include "load_client.h"
#include "clock.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 1 << 17, EVENTS_MAX = 1024 };

static void disconnect(struct client *client) {
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void note_trouble(struct client *client, enum trouble trouble, const char *detail) {
    struct load *load = client->load;
    load->tally.troubles[trouble]++;
    if (load->first_trouble[0] == '\0')
        snprintf(load->first_trouble, sizeof(load->first_trouble),
                 "%s after %u texts, status %d: %s", trouble_names[trouble], client->reader.texts,
                 client->reader.status, detail);
}

static void end(struct client *client, bool good) {
    struct load *load = client->load;
    if (client->reader.texts == 0)
        load->pending--;
    load->busy--;
    client->state = CLIENT_IDLE;
    if (good)
        load->tally.answers++;
    if (!good || client->reader.close)
        disconnect(client);
    load->ended(load, client, good);
}

void client_fail(struct client *client, enum trouble trouble) {
    const char *detail = client->reader.carry_length > 0 ? client->reader.carry : "";
    note_trouble(client, trouble, detail);
    end(client, false);
}

static void send_call(struct client *client) {
    client->state = CLIENT_SENDING;
    while (client->sent < client->call->length) {
        ssize_t result = send(client->fd, client->call->bytes + client->sent,
                              client->call->length - client->sent, MSG_NOSIGNAL);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0 && errno == EAGAIN)
            return;
        if (result < 0) {
            client_fail(client, TROUBLE_RESET);
            return;
        }
        client->sent += (size_t)result;
    }
    client->state = CLIENT_READING;
}

static bool open_socket(struct client *client) {
    struct load *load = client->load;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return false;
    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* Edge-triggered for both directions, once: no epoll_ctl while answers run. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET,
                                .data.ptr = client};
    if (connect(client->fd, (struct sockaddr *)&load->address, sizeof(load->address)) != 0 &&
        errno != EINPROGRESS)
        return false;
    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

void client_start(struct client *client, const struct call *call) {
    client->call = call;
    client->sent = 0;
    client->started_ns = clock_ns();
    client->load->busy++;
    client->load->pending++;
    answer_begin(&client->reader, call->stream);
    if (client->fd >= 0) {
        send_call(client);
        return;
    }
    client->state = CLIENT_CONNECTING;
    if (!open_socket(client)) {
        note_trouble(client, TROUBLE_CONNECT, strerror(errno));
        end(client, false);
    }
}

/* True to go on reading. */
static bool take(struct client *client, const char *bytes, size_t length) {
    struct load *load = client->load;
    struct answer_reader *reader = &client->reader;
    unsigned texts = reader->texts;
    unsigned events = reader->events;
    enum trouble trouble = answer_feed(reader, bytes, length);
    if (texts == 0 && reader->texts > 0) {
        load->pending--;
        if (client->first_text)
            samples_add(client->first_text, clock_ns() - client->started_ns);
    }
    load->tally.texts += reader->texts - texts;
    load->tally.events += reader->events - events;
    if (trouble != TROUBLE_NONE) {
        client_fail(client, trouble);
        return false;
    }
    if (reader->phase != ANSWER_DONE)
        return true;
    if (client->whole)
        samples_add(client->whole, clock_ns() - client->started_ns);
    end(client, true);
    return false;
}

/* `closing`: the server's end of the connection came with this edge, so that there will be no
 * other. */
static void receive(struct client *client, bool closing) {
    static char bytes[READ_MAX];
    if (closing)
        client->reader.close = true;
    for (;;) {
        ssize_t result = recv(client->fd, bytes, sizeof(bytes), 0);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0 && errno == EAGAIN)
            return;
        if (client->state == CLIENT_IDLE) {
            /* Between answers a server may close, but not speak. */
            if (result > 0)
                note_trouble(client, TROUBLE_SYNTAX, "bytes that nobody asked for");
            disconnect(client);
            return;
        }
        if (result <= 0) {
            client_fail(client, TROUBLE_RESET);
            return;
        }
        client->load->tally.reads++;
        if (!take(client, bytes, (size_t)result))
            return;
        if ((size_t)result < sizeof(bytes) && !closing)
            return; /* what comes later makes a new edge */
    }
}

static void ready(struct client *client, uint32_t events) {
    if (client->state == CLIENT_CONNECTING) {
        int error = 0;
        socklen_t length = sizeof(error);
        if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
            note_trouble(client, TROUBLE_CONNECT, strerror(error));
            end(client, false);
            return;
        }
        send_call(client);
    } else if (client->state == CLIENT_SENDING) {
        send_call(client);
    }
    if (client->fd >= 0)
        receive(client, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}

void client_finish(struct client *client) {
    disconnect(client);
    answer_finish(&client->reader);
}

void load_wait(struct load *load, int64_t wait_ns) {
    struct epoll_event events[EVENTS_MAX];
    if (wait_ns < 0)
        wait_ns = 0;
    struct timespec timeout = {.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
    int count = epoll_pwait2(load->epoll, events, EVENTS_MAX, &timeout, NULL);
    if (count < 0 && errno != EINTR) {
        fprintf(stderr, "load: cannot wait: %s\n", strerror(errno));
        exit(1);
    }
    for (int i = 0; i < count; i++)
        ready(events[i].data.ptr, events[i].events);
}
