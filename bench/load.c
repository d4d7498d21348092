/* Load generator for the bench: see load_run.h for the two ways it loads, and `usage` below. Prints
 * one JSON object; whatever is not a complete and right answer is counted under "errors". */
#include "load_run.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HEADERS_MAX = 16384 };

static const char usage[] =
    "usage: bench_load --target PORT --control PORT --model NAME [options]\n"
    "  --target PORT         the proxy, on the loopback address\n"
    "  --control PORT        the mock, for its statistics and to start and end held streams\n"
    "  --path PATH           /v1/chat/completions\n"
    "  --header 'Name: x'    an additional header field; may be repeated\n"
    "  --model NAME          what to ask for: sets the pace, see mock_request.h\n"
    "  --whole               do not stream\n"
    "  --connections N       closed loop on N connections, or\n"
    "  --streams N           hold N streams open\n"
    "  --warmup S --window S seconds before, and of, measuring\n"
    "  --nap-us N            look at the sockets only so often, so that no write wakes the reader "
    "(0)\n"
    "  --processor N         where the proxy runs, to see what others take of it\n"
    "  --pid PID             a process of the proxy, to be measured; may be repeated\n"
    "  --ramp N              held: streams opened a second (2000)\n"
    "  --ramp-pending N      held: of these, at most so many without a first text (64)\n"
    "  --probe-model NAME    held: what the probes ask for (fast-8)\n"
    "  --probe-rate N --probe-seconds S   held: probes a second (50), and for how long (2)\n"
    "  --cut                 held: no probes, and streams are cut off after the window\n"
    "  --drain S             how long answers may take to end (60)\n";

struct settings {
    const char *path, *model, *probe_model;
    unsigned short target, control;
    bool whole, held;
    char headers[HEADERS_MAX];
    size_t headers_length;
};

static struct call call_make(const struct settings *settings, const char *model, bool stream) {
    char body[1024];
    int body_length = snprintf(
        body, sizeof(body),
        "{\"model\":\"%s\",%s\"messages\":[{\"role\":\"user\",\"content\":\"Do you ship to "
        "Germany, and "
        "what does it cost for a parcel of two kilograms? I would also like to know how long it "
        "takes.\"}]}",
        model, stream ? "\"stream\":true,\"stream_options\":{\"include_usage\":true}," : "");
    size_t size = HEADERS_MAX + 2048;
    char *bytes = malloc(size);
    if (!bytes)
        exit(1);
    int length = snprintf(
        bytes, size,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
        "Accept: %s\r\nUser-Agent: switchboard-bench/1\r\n%sContent-Length: %d\r\n\r\n%s",
        settings->path, settings->target, stream ? "text/event-stream" : "application/json",
        settings->headers, body_length, body);
    if (length < 0 || (size_t)length >= size) {
        fprintf(stderr, "load: the request is too large\n");
        exit(2);
    }
    return (struct call){.bytes = bytes, .length = (size_t)length, .stream = stream};
}

static void add_header(struct settings *settings, const char *line) {
    size_t room = sizeof(settings->headers) - settings->headers_length;
    int length = snprintf(settings->headers + settings->headers_length, room, "%s\r\n", line);
    if (length < 0 || (size_t)length >= room) {
        fprintf(stderr, "load: too many headers\n");
        exit(2);
    }
    settings->headers_length += (size_t)length;
}

static void add_pid(struct proxy *proxy, const char *text) {
    if (proxy->count == PROXY_PROCESSES_MAX) {
        fprintf(stderr, "load: too many processes\n");
        exit(2);
    }
    proxy->pids[proxy->count++] = (pid_t)strtol(text, NULL, 10);
}

static void read_options(int argc, char **argv, struct settings *settings,
                         struct run_options *run) {
    static const struct option options[] = {
        {"target", required_argument, NULL, 't'},
        {"control", required_argument, NULL, 'c'},
        {"path", required_argument, NULL, 'p'},
        {"header", required_argument, NULL, 'h'},
        {"model", required_argument, NULL, 'm'},
        {"whole", no_argument, NULL, 'w'},
        {"connections", required_argument, NULL, 'n'},
        {"streams", required_argument, NULL, 's'},
        {"warmup", required_argument, NULL, 'u'},
        {"window", required_argument, NULL, 'i'},
        {"pid", required_argument, NULL, 'd'},
        {"ramp", required_argument, NULL, 'r'},
        {"ramp-pending", required_argument, NULL, 'g'},
        {"probe-model", required_argument, NULL, 'o'},
        {"probe-rate", required_argument, NULL, 'e'},
        {"probe-seconds", required_argument, NULL, 'b'},
        {"drain", required_argument, NULL, 'a'},
        {"nap-us", required_argument, NULL, 'y'},
        {"cut", no_argument, NULL, 'x'},
        {"processor", required_argument, NULL, 'v'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 't':
            settings->target = (unsigned short)strtoul(optarg, NULL, 10);
            break;
        case 'c':
            settings->control = (unsigned short)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            settings->path = optarg;
            break;
        case 'h':
            add_header(settings, optarg);
            break;
        case 'm':
            settings->model = optarg;
            break;
        case 'w':
            settings->whole = true;
            break;
        case 'n':
            run->clients = strtoul(optarg, NULL, 10);
            break;
        case 's':
            run->clients = strtoul(optarg, NULL, 10);
            settings->held = true;
            break;
        case 'u':
            run->warmup_s = strtod(optarg, NULL);
            break;
        case 'i':
            run->window_s = strtod(optarg, NULL);
            break;
        case 'd':
            add_pid(&run->proxy, optarg);
            break;
        case 'r':
            run->ramp_per_s = strtod(optarg, NULL);
            break;
        case 'g':
            run->ramp_pending = strtoul(optarg, NULL, 10);
            break;
        case 'o':
            settings->probe_model = optarg;
            break;
        case 'e':
            run->probe_per_s = strtod(optarg, NULL);
            break;
        case 'b':
            run->probe_s = strtod(optarg, NULL);
            break;
        case 'y':
            run->nap_ns = strtol(optarg, NULL, 10) * 1000;
            break;
        case 'x':
            run->cut = true;
            break;
        case 'v':
            run->proxy.processor = (int)strtol(optarg, NULL, 10);
            break;
        case 'a':
            run->drain_s = strtod(optarg, NULL);
            break;
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (!settings->model || !settings->target || !settings->control || run->clients == 0) {
        fputs(usage, stderr);
        exit(2);
    }
}

static void print_json_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f)
            putchar(*text);
        else
            putchar(' ');
    }
    putchar('"');
}

static void print_result(const struct load *load, struct run_result *result) {
    printf("{\"window_s\":%.4f,\"texts\":%llu,\"events\":%llu,\"answers\":%llu,\"reads\":%llu,"
           "\"cpu_us\":%.1f,\"others_us\":%.1f,\"pss_before_kib\":%lld,\"pss_held_kib\":%lld,"
           "\"held\":%zu,\"ramp_s\":%.3f,\"drain_s\":%.3f,\"first_text_us\":",
           result->window_s, (unsigned long long)result->texts, (unsigned long long)result->events,
           (unsigned long long)result->answers, (unsigned long long)result->reads,
           (double)result->cpu_ns / 1000, (double)result->others_ns / 1000,
           (long long)result->pss_before_kib, (long long)result->pss_held_kib, result->held,
           result->ramp_s, result->drain_s);
    samples_print(&result->first_text, stdout);
    printf(",\"whole_us\":");
    samples_print(&result->whole, stdout);
    printf(",\"mock\":%s,\"errors\":{", result->mock[0] ? result->mock : "null");
    const char *comma = "";
    for (int i = TROUBLE_NONE + 1; i < TROUBLE_COUNT; i++) {
        if (load->tally.troubles[i] == 0)
            continue;
        printf("%s\"%s\":%llu", comma, trouble_names[i],
               (unsigned long long)load->tally.troubles[i]);
        comma = ",";
    }
    printf("},\"first_error\":");
    print_json_text(load->first_trouble);
    printf("}\n");
}

static struct sockaddr_in loopback(unsigned short port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

int main(int argc, char **argv) {
    struct settings settings = {.path = "/v1/chat/completions", .probe_model = "fast-8"};
    struct run_options options = {
        .warmup_s = 1,
        .window_s = 4,
        .ramp_per_s = 2000,
        .ramp_pending = 64,
        .probe_per_s = 50,
        .probe_s = 2,
        .drain_s = 60,
    };
    read_options(argc, argv, &settings, &options);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the bench */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }

    struct load load = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                        .address = loopback(settings.target)};
    options.control = loopback(settings.control);
    struct call call = call_make(&settings, settings.model, !settings.whole);
    struct call probe = call_make(&settings, settings.probe_model, true);
    options.call = &call;
    options.probe = &probe;
    struct run_result result = {0};
    if (settings.held)
        run_held(&load, &options, &result);
    else
        run_closed(&load, &options, &result);
    print_result(&load, &result);
    samples_finish(&result.first_text);
    samples_finish(&result.whole);
    free(call.bytes);
    free(probe.bytes);
    close(load.epoll);
    return 0;
}
