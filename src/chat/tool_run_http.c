/* Tools that ask an HTTP server. */
#include "base/arena.h"
#include "base/log.h"
#include "chat/tool_run_state.h"
#include "fetch/fetch.h"
#include "tool/http_tool.h"

static void on_head(void *user, const struct fetch_head *head) {
    struct tool_run *run = user;
    run->status = head->status;
    run->content_type = arena_copy(run->arena, fetch_header_get(head, "Content-Type"));
}

static void on_data(void *user, struct slice bytes) {
    struct tool_run *run = user;
    buffer_append(&run->body, bytes);
}

/* What the model is told says nothing of addresses; the log has the detail. */
static void explain(const struct fault *from, struct fault *ret_fault) {
    if (slice_is(slice_of(from->code), "too_large"))
        fault_set(ret_fault, FAULT_INTERNAL, "The service sent too much.");
    else if (from->kind == FAULT_PROVIDER_STALLED)
        fault_set(ret_fault, FAULT_PROVIDER_STALLED, "The service did not answer in time.");
    else
        fault_set(ret_fault, FAULT_UNAVAILABLE, "The service cannot be reached.");
    fault_detail(ret_fault, "%s %s", from->code, from->detail);
}

static void on_end(void *user, const struct fault *fault) {
    struct tool_run *run = user;
    run->fetch = NULL;
    struct fault own;
    if (fault) {
        explain(fault, &own);
        run->unsure = true;
        tool_run_end(run, &own);
    } else if (http_tool_decode(run->tool->http, run->status, run->content_type,
                                buffer_slice(&run->body), &run->result, &own)) {
        tool_run_end(run, NULL);
    } else {
        /* A refusal (4xx) did nothing; what a server that broke has done is not known. */
        run->unsure = run->status < 400 || run->status >= 500;
        tool_run_end(run, &own);
    }
}

static const struct fetch_handler handler = {on_head, on_data, on_end};

static bool has_header(const struct http_tool_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_equal_nocase(slice_of(request->headers[i].name), slice_of(name)))
            return true;
    return false;
}

void tool_run_http(struct tool_run *run) {
    const struct http_tool *http = run->tool->http;
    struct http_tool_request request;
    struct fault fault;
    if (!http_tool_encode(http, &run->input, run->arena, &request, &fault)) {
        tool_run_end(run, &fault);
        return;
    }
    struct fetch_header *headers =
        arena_array(run->arena, request.header_count + 1, sizeof *headers);
    size_t count = 0;
    for (; count < request.header_count; count++)
        headers[count] = (struct fetch_header){slice_of(request.headers[count].name),
                                               request.headers[count].value};
    /* Servers that know the header do a request once, however often it comes. */
    if (run->key.size > 0 && !has_header(&request, "Idempotency-Key"))
        headers[count++] = (struct fetch_header){SLICE("Idempotency-Key"), run->key};
    const struct fetch_request sent = {
        .method = request.method,
        .url = request.url,
        .headers = headers,
        .header_count = count,
        .body = request.body,
        .connect_ms = run->timeout_ms,
        .first_byte_ms = run->timeout_ms,
        .idle_ms = run->timeout_ms,
        .total_ms = run->timeout_ms,
        .body_max = http->bytes_max,
        .public_only = !http->allow_private,
    };
    run->fetch = fetch_start(run->chat->fetcher, &sent, &handler, run);
}
