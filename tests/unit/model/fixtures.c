#include "fixtures.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "support/recorded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Each reply is read byte by byte. One of up to CUT_IN_TWO bytes is also cut in two at every byte;
 * that takes a time which grows with the square of the size, so a larger one is cut at every byte
 * in STRIDE readings, each at every STRIDE-th byte, and in two at its ends and about the boundaries
 * of some of its events. */
enum { CUT_IN_TWO = 8 * 1024, STRIDE = 251, EVENTS_CUT = 32 };

/* --- a reading: the events in their order, deltas in a row joined, and what they add up to --- */

struct reading {
    struct buffer events;
    struct oracle_answer *answer; /* NULL: only the events are of interest */
    enum model_event_kind last;
    size_t last_index, calls;
    bool started, finished;
    struct fault fault;
};

static void add_up(struct oracle_answer *answer, const struct model_event *event) {
    switch (event->kind) {
    case MODEL_EVENT_TEXT:
        buffer_append(&answer->text, event->text);
        break;
    case MODEL_EVENT_REASONING:
        buffer_append(&answer->reasoning, event->text);
        break;
    case MODEL_EVENT_REFUSAL:
        buffer_append(&answer->refusal, event->text);
        break;
    case MODEL_EVENT_SIGNATURE:
        buffer_append(&answer->signatures, event->text);
        break;
    case MODEL_EVENT_TOOL_CALL:
        assert_true(answer->call_count < ORACLE_CALLS_MAX);
        buffer_append(&answer->calls[answer->call_count].id, event->tool_id);
        buffer_append(&answer->calls[answer->call_count++].name, event->tool_name);
        break;
    case MODEL_EVENT_TOOL_ARGUMENTS:
        buffer_append(&answer->calls[event->index].arguments, event->text);
        break;
    case MODEL_EVENT_USAGE:
        answer->usage = event->usage;
        break;
    case MODEL_EVENT_FINISH:
        answer->finish = event->finish;
        break;
    default:
        break;
    }
}

static bool is_delta(enum model_event_kind kind) {
    return kind == MODEL_EVENT_TEXT || kind == MODEL_EVENT_REASONING ||
           kind == MODEL_EVENT_REFUSAL || kind == MODEL_EVENT_TOOL_ARGUMENTS;
}

static void check_order(const struct reading *reading, const struct model_event *event) {
    assert_int_equal(event->kind == MODEL_EVENT_START, !reading->started);
    assert_false(reading->finished);
    if (event->kind == MODEL_EVENT_TOOL_CALL) {
        assert_int_equal(event->index, reading->calls);
        assert_true(event->tool_id.size > 0);
    }
    if (event->kind == MODEL_EVENT_TOOL_ARGUMENTS)
        assert_true(event->index < reading->calls);
    assert_true(event->text.size > 0 || !is_delta(event->kind));
    assert_true(utf8_valid(event->text));
}

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    check_order(reading, event);
    bool joined = reading->started && event->kind == reading->last && is_delta(event->kind) &&
                  event->index == reading->last_index;
    if (!joined)
        buffer_printf(&reading->events, "\n%d %zu %d %d ", event->kind, event->index,
                      (int)event->finish, event->redacted);
    const struct slice texts[] = {event->text,    event->id,        event->model,
                                  event->tool_id, event->tool_name, event->finish_raw};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        buffer_append(&reading->events, texts[i]);
    if (event->kind == MODEL_EVENT_USAGE)
        buffer_append(&reading->events,
                      (struct slice){(const char *)&event->usage, sizeof event->usage});
    if (reading->answer)
        add_up(reading->answer, event);
    reading->last = event->kind;
    reading->last_index = event->index;
    reading->started = true;
    reading->calls += event->kind == MODEL_EVENT_TOOL_CALL;
    reading->finished = event->kind == MODEL_EVENT_FINISH;
}

/* The first piece has a size of its own. */
static void read_pieces(const struct provider *provider, struct slice bytes, size_t first,
                        size_t piece, struct reading *reading) {
    struct arena *arena = arena_create(4096);
    struct model_stream *stream = provider->open(arena, on_event, reading);
    bool ok = true;
    for (size_t at = 0, size = first; at < bytes.size && ok; at += size, size = piece)
        ok = provider->feed(stream, slice_first(slice_from(bytes, at), size), &reading->fault);
    if (ok)
        ok = provider->end(stream, &reading->fault);
    else
        provider->close(stream);
    assert_int_equal(ok, reading->fault.kind == FAULT_NONE);
    assert_int_equal(ok, reading->finished);
    arena_destroy(arena);
}

/* --- all ways to cut it --- */

struct cutting {
    const struct provider *provider;
    struct slice body;
    const struct reading *whole;
};

static bool same_cut(const struct cutting *cutting, size_t first, size_t piece) {
    struct reading reading = {0};
    read_pieces(cutting->provider, cutting->body, first, piece, &reading);
    bool same = slice_equal(buffer_slice(&reading.events), buffer_slice(&cutting->whole->events)) &&
                reading.fault.kind == cutting->whole->fault.kind &&
                strcmp(reading.fault.message, cutting->whole->fault.message) == 0;
    buffer_finish(&reading.events);
    if (!same)
        print_message("cut at %zu and then after each %zu bytes:\n", first, piece);
    return same;
}

static bool same_in_two(const struct cutting *cutting, size_t from, size_t to) {
    bool same = true;
    for (size_t cut = from; cut < to && cut < cutting->body.size && same; cut++)
        same = same_cut(cutting, cut, cutting->body.size);
    return same;
}

static bool same_about_events(const struct cutting *cutting) {
    size_t size = cutting->body.size;
    bool same =
        same_in_two(cutting, 1, EVENTS_CUT) && same_in_two(cutting, size - EVENTS_CUT, size);
    for (size_t i = 1; i < EVENTS_CUT && same; i++) {
        size_t from = size / EVENTS_CUT * i;
        size_t event = slice_find(slice_from(cutting->body, from), SLICE("data:"));
        if (event != SIZE_MAX)
            same = same_in_two(cutting, from + event - 4, from + event + 3);
    }
    return same;
}

static bool same_cuts(const struct cutting *cutting) {
    size_t size = cutting->body.size;
    if (!same_cut(cutting, 1, 1))
        return false;
    if (size <= CUT_IN_TWO)
        return same_in_two(cutting, 1, size);
    for (size_t first = 1; first <= STRIDE; first++)
        if (!same_cut(cutting, first, STRIDE))
            return false;
    return same_about_events(cutting);
}

/* --- against the oracle --- */

static bool same_text(const struct buffer *a, const struct buffer *b) {
    return slice_equal(buffer_slice(a), buffer_slice(b));
}

static const char *difference_of_calls(const struct oracle_answer *a,
                                       const struct oracle_answer *b) {
    if (a->call_count != b->call_count)
        return "number of calls";
    for (size_t i = 0; i < a->call_count; i++)
        if (!same_text(&a->calls[i].name, &b->calls[i].name) ||
            !oracle_same_json(buffer_slice(&a->calls[i].arguments),
                              buffer_slice(&b->calls[i].arguments)))
            return "calls";
        else if (a->calls[i].id.size == 0 ||
                 (b->calls[i].id.size > 0 && !same_text(&a->calls[i].id, &b->calls[i].id)))
            return "ids of calls";
    return NULL;
}

static const char *difference(const struct oracle_answer *a, const struct oracle_answer *b) {
    if (!same_text(&a->text, &b->text))
        return "text";
    if (!same_text(&a->reasoning, &b->reasoning) || !same_text(&a->signatures, &b->signatures))
        return "reasoning";
    if (!same_text(&a->refusal, &b->refusal))
        return "refusal";
    const char *calls = difference_of_calls(a, b);
    if (calls)
        return calls;
    if (memcmp(&a->usage, &b->usage, sizeof a->usage) != 0)
        return "usage";
    return a->finish == b->finish ? NULL : "finish";
}

static const char *compare_with_file(const struct reading *whole,
                                     const struct oracle_answer *expected) {
    if (whole->fault.kind != expected->fault)
        return whole->fault.kind ? whole->fault.message : "the fault was not seen";
    return expected->fault ? NULL : difference(whole->answer, expected);
}

/* --- what the tests call --- */

void fixtures_report(struct fixtures *fixtures, const struct recorded *reply, const char *what) {
    print_message("%s: %s\n", reply->name, what);
    fixtures->failed++;
}

void fixtures_skip(struct fixtures *fixtures, const struct recorded *reply, const char *reason) {
    print_message("%s: skipped: %s\n", reply->name, reason);
    fixtures->skipped++;
}

void fixtures_answer(struct fixtures *fixtures, const struct recorded *reply,
                     const struct oracle_answer *expected) {
    struct oracle_answer answer = {.usage = model_usage_unknown()};
    struct reading whole = {.answer = &answer};
    struct cutting cutting = {fixtures->provider, reply->body, &whole};
    read_pieces(fixtures->provider, reply->body, reply->body.size, 1, &whole);
    const char *wrong = compare_with_file(&whole, expected);
    if (!wrong && !same_cuts(&cutting))
        wrong = "it depends on the cuts";
    if (wrong)
        fixtures_report(fixtures, reply, wrong);
    else
        fixtures->passed++;
    buffer_finish(&whole.events);
    oracle_answer_finish(&answer);
}

void fixtures_failure(struct fixtures *fixtures, const struct recorded *reply, int status,
                      enum fault_kind kind, const char *message) {
    struct fault fault = {0};
    struct model_reply_head head = {status, recorded_header, reply};
    fixtures->provider->failure(&head, reply->body, &fault);
    if (fault.kind != kind)
        fixtures_report(fixtures, reply, fault_kind_name(fault.kind));
    else if (!*message || !strstr(fault.detail, message))
        fixtures_report(fixtures, reply, "the message got lost");
    else if (fault.status != status)
        fixtures_report(fixtures, reply, "the status got lost");
    else
        fixtures->passed++;
}

void fixtures_check(struct fixtures *fixtures, const char *folder, recorded_visit *visit) {
    fixtures->files = fixtures->passed = fixtures->failed = fixtures->skipped = 0;
    if (!recorded_each(folder, visit, fixtures)) {
        print_message("SKIPPED: there are no recorded replies of %s here\n", folder);
        skip();
    }
    if (fixtures->files == 0)
        skip(); /* others were asked for by name */
    print_message("%-20s %4zu files; of their replies %4zu passed, %3zu failed, %3zu skipped\n",
                  folder, fixtures->files, fixtures->passed, fixtures->failed, fixtures->skipped);
    assert_int_equal(fixtures->failed, 0);
}
