#include "mock_control.h"
#include "mock_connection.h"
#include <stdio.h>
#include <string.h>

static void go(struct mock *mock) {
    mock->going = true;
    while (mock->held.next != &mock->held)
        connection_pace((struct connection *)(void *)mock->held.next);
}

static void finish(struct mock *mock) {
    /* What still waits gets its last text too. */
    go(mock);
    mock->going = false;
    for (size_t i = 0; i < mock->connections_size; i++)
        if (mock->connections[i] && mock->connections[i]->answering)
            mock->connections[i]->finishing = true;
}

static void stats(const struct mock *mock, char *ret_reply, size_t size) {
    long long late_us = 0;
    unsigned long long skipped = 0;
    for (size_t i = 0; i < mock->wheel_count; i++) {
        if (mock->wheels[i].late_ns / 1000 > late_us)
            late_us = mock->wheels[i].late_ns / 1000;
        skipped += mock->wheels[i].skipped;
    }
    snprintf(ret_reply, size,
             "{\"connections\":%llu,\"requests\":%llu,\"events\":%llu,\"blocked\":%llu,"
             "\"aborted\":%llu,\"refused\":%llu,\"late_us\":%lld,\"skipped_slots\":%llu}\n",
             mock->stats.connections, mock->stats.requests, mock->stats.events, mock->stats.blocked,
             mock->stats.aborted, mock->stats.refused, late_us, skipped);
}

bool control_request(struct mock *mock, const char *path, size_t length, char *ret_reply,
                     size_t size) {
    static const char root[] = "/control/";
    const size_t root_length = sizeof(root) - 1;
    if (length < root_length || memcmp(path, root, root_length) != 0)
        return false;
    const char *verb = path + root_length;
    size_t verb_length = length - root_length;
    snprintf(ret_reply, size, "{\"ok\":true}\n");
    if (verb_length == 2 && memcmp(verb, "go", 2) == 0) {
        go(mock);
    } else if (verb_length == 6 && memcmp(verb, "finish", 6) == 0) {
        finish(mock);
    } else if (verb_length == 5 && memcmp(verb, "stats", 5) == 0) {
        stats(mock, ret_reply, size);
        /* Each reading begins a new span. */
        mock->stats = (struct mock_stats){.requests = mock->stats.requests};
        for (size_t i = 0; i < mock->wheel_count; i++)
            mock->wheels[i].late_ns = 0, mock->wheels[i].skipped = 0;
    } else {
        return false;
    }
    return true;
}
