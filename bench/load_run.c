#include "load_run.h"
#include "clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TROUBLES_MAX = 2000, /* then there is no point in going on */
    PROBES = 32,         /* connections for the probes */
    WARM_REQUESTS = 50,
};
static const int64_t wait_max_ns = 5 * NS_PER_MS;

struct run {
    const struct run_options *options;
    struct run_result *result;
    struct client *clients;
    bool again;     /* an ended client asks again */
    size_t stalled; /* clients that failed and wait to be started again */
    struct tally before;
    int64_t start_ns, start_cpu_ns, start_processor_ns;
};

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "load: out of memory\n");
        exit(1);
    }
    return memory;
}

static struct client *clients_create(struct load *load, size_t count) {
    struct client *clients = allocate(count, sizeof(*clients));
    for (size_t i = 0; i < count; i++) {
        clients[i].load = load;
        clients[i].fd = -1;
    }
    return clients;
}

static void clients_destroy(struct client *clients, size_t count) {
    for (size_t i = 0; i < count; i++)
        client_finish(&clients[i]);
    free(clients);
}

static uint64_t troubles(const struct load *load) {
    uint64_t sum = 0;
    for (int i = 0; i < TROUBLE_COUNT; i++)
        sum += load->tally.troubles[i];
    return sum;
}

/* Tells the mock something; its reply's body goes to `ret_reply`. */
static void control(const struct run_options *options, const char *verb, char *ret_reply,
                    size_t size) {
    char bytes[2048];
    int length =
        snprintf(bytes, sizeof(bytes),
                 "POST /control/%s HTTP/1.1\r\nHost: mock\r\nContent-Length: 0\r\n\r\n", verb);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t got = -1;
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&options->control, sizeof(options->control)) == 0 &&
        send(fd, bytes, (size_t)length, MSG_NOSIGNAL) == length)
        got = recv(fd, bytes, sizeof(bytes) - 1, 0);
    if (got <= 0) {
        fprintf(stderr, "load: the mock does not answer: %s\n", strerror(errno));
        exit(1);
    }
    close(fd);
    bytes[got] = '\0';
    const char *body = strstr(bytes, "\r\n\r\n");
    if (ret_reply)
        snprintf(ret_reply, size, "%.*s", (int)strcspn(body ? body + 4 : "", "\n"), body + 4);
}

static void window_open(struct load *load, struct run *run) {
    samples_clear(&run->result->first_text);
    samples_clear(&run->result->whole);
    control(run->options, "stats", run->result->mock, sizeof(run->result->mock));
    run->before = load->tally;
    run->start_processor_ns = proxy_processor_ns(&run->options->proxy);
    run->start_cpu_ns = proxy_cpu_ns(&run->options->proxy);
    run->start_ns = clock_ns();
}

static void window_close(struct load *load, struct run *run) {
    struct run_result *result = run->result;
    int64_t now = clock_ns();
    result->cpu_ns = proxy_cpu_ns(&run->options->proxy) - run->start_cpu_ns;
    result->window_s = (double)(now - run->start_ns) / (double)NS_PER_S;
    result->others_ns =
        proxy_processor_ns(&run->options->proxy) - run->start_processor_ns - result->cpu_ns;
    result->texts = load->tally.texts - run->before.texts;
    result->events = load->tally.events - run->before.events;
    result->answers = load->tally.answers - run->before.answers;
    result->reads = load->tally.reads - run->before.reads;
    control(run->options, "stats", result->mock, sizeof(result->mock));
}

static int64_t after(double seconds) {
    return clock_ns() + (int64_t)(seconds * (double)NS_PER_S);
}

static void wait_until(struct load *load, int64_t deadline) {
    int64_t left = deadline - clock_ns();
    load_wait(load, left < wait_max_ns ? left : wait_max_ns);
}

/* Reads what is still under way to its end; what has not ended by then is trouble. */
static double drain(struct load *load, struct run *run, struct client *clients, size_t count) {
    int64_t start = clock_ns();
    int64_t deadline = after(run->options->drain_s);
    while (load->busy > 0 && clock_ns() < deadline)
        wait_until(load, deadline);
    for (size_t i = 0; i < count; i++)
        if (clients[i].state != CLIENT_IDLE)
            client_fail(&clients[i], TROUBLE_TIMEOUT);
    return (double)(clock_ns() - start) / (double)NS_PER_S;
}

static void ended(struct load *load, struct client *client, bool good) {
    struct run *run = load->user;
    if (!run->again)
        return;
    if (good)
        client_start(client, client->call);
    else
        run->stalled++; /* not from here: a proxy that is down would make it call itself for ever */
}

static void restart_stalled(struct run *run) {
    if (run->stalled == 0)
        return;
    run->stalled = 0;
    for (size_t i = 0; i < run->options->clients; i++)
        if (run->clients[i].state == CLIENT_IDLE)
            client_start(&run->clients[i], run->options->call);
}

static void keep_going(struct load *load, struct run *run, double seconds) {
    int64_t deadline = after(seconds);
    const struct timespec nap = {.tv_nsec = (long)run->options->nap_ns};
    while (clock_ns() < deadline && troubles(load) < TROUBLES_MAX) {
        if (nap.tv_nsec > 0)
            clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        wait_until(load, nap.tv_nsec > 0 ? 0 : deadline);
        restart_stalled(run);
    }
}

void run_closed(struct load *load, const struct run_options *options,
                struct run_result *ret_result) {
    struct run run = {.options = options, .result = ret_result, .again = true};
    load->ended = ended;
    load->user = &run;
    run.clients = clients_create(load, options->clients);
    for (size_t i = 0; i < options->clients; i++) {
        run.clients[i].first_text = &ret_result->first_text;
        run.clients[i].whole = &ret_result->whole;
        client_start(&run.clients[i], options->call);
    }
    keep_going(load, &run, options->warmup_s);
    window_open(load, &run);
    keep_going(load, &run, options->window_s);
    window_close(load, &run);
    run.again = false;
    /* The samples are the window's; what ends later is only checked. */
    for (size_t i = 0; i < options->clients; i++)
        run.clients[i].first_text = run.clients[i].whole = NULL;
    ret_result->drain_s = drain(load, &run, run.clients, options->clients);
    clients_destroy(run.clients, options->clients);
}

/* Asks one after the other, so that what the proxy sets up on first use is there before memory is
 * read. */
static void warm_up(struct load *load, struct run *run) {
    struct client *client = clients_create(load, 1);
    for (int i = 0; i < WARM_REQUESTS; i++) {
        client_start(client, run->options->probe);
        drain(load, run, client, 1);
    }
    clients_destroy(client, 1);
}

static void open_streams(struct load *load, struct run *run) {
    const struct run_options *options = run->options;
    int64_t start = clock_ns();
    int64_t deadline = after(30 + (double)options->clients / 100);
    size_t opened = 0;
    while (clock_ns() < deadline && troubles(load) < TROUBLES_MAX) {
        double elapsed = (double)(clock_ns() - start) / (double)NS_PER_S;
        size_t due = (size_t)(elapsed * options->ramp_per_s) + 1;
        while (opened < options->clients && opened < due && load->pending < options->ramp_pending)
            client_start(&run->clients[opened++], options->call);
        if (opened == options->clients && load->pending == 0)
            break;
        load_wait(load, NS_PER_MS / 2);
    }
    run->result->ramp_s = (double)(clock_ns() - start) / (double)NS_PER_S;
    run->result->held = load->busy - load->pending;
}

static void probe(struct load *load, struct run *run) {
    const struct run_options *options = run->options;
    struct client *probes = clients_create(load, PROBES);
    int64_t start = clock_ns();
    int64_t deadline = after(options->probe_s);
    size_t next = 0;
    size_t asked = 0;
    while (clock_ns() < deadline && troubles(load) < TROUBLES_MAX) {
        double elapsed = (double)(clock_ns() - start) / (double)NS_PER_S;
        if ((double)asked < elapsed * options->probe_per_s) {
            /* A probe whose turn comes while it still waits is passed over: the proxy is slow. */
            struct client *client = &probes[next];
            next = (next + 1) % PROBES;
            asked++;
            client->first_text = &run->result->first_text;
            client->whole = &run->result->whole;
            if (client->state == CLIENT_IDLE)
                client_start(client, options->probe);
        }
        load_wait(load, NS_PER_MS / 2);
    }
    deadline = after(options->drain_s);
    for (size_t i = 0; i < PROBES; i++) {
        while (probes[i].state != CLIENT_IDLE && clock_ns() < deadline)
            wait_until(load, deadline);
        if (probes[i].state != CLIENT_IDLE)
            client_fail(&probes[i], TROUBLE_TIMEOUT);
    }
    clients_destroy(probes, PROBES);
}

void run_held(struct load *load, const struct run_options *options, struct run_result *ret_result) {
    struct run run = {.options = options, .result = ret_result};
    load->ended = ended;
    load->user = &run;
    warm_up(load, &run);
    ret_result->pss_before_kib = proxy_pss_kib(&options->proxy);
    run.clients = clients_create(load, options->clients);
    open_streams(load, &run);
    control(options, "go", NULL, 0);
    keep_going(load, &run, options->warmup_s);
    window_open(load, &run);
    keep_going(load, &run, options->window_s);
    window_close(load, &run);
    ret_result->pss_held_kib = proxy_pss_kib(&options->proxy);
    if (options->cut) {
        clients_destroy(run.clients, options->clients);
        return;
    }
    /* Reading the memory of so many pages takes a while, in which nobody reads the streams: catch
     * up first. */
    keep_going(load, &run, 0.5);
    probe(load, &run);
    control(options, "finish", NULL, 0);
    ret_result->drain_s = drain(load, &run, run.clients, options->clients);
    clients_destroy(run.clients, options->clients);
}
