/* Each recorded reply of Anthropic, cut anywhere, says what it says whole, and that is what is in
 * the file. */
#include "base/arena.h"
#include "model/vendors.h"
#include "oracle_anthropic.h"
#include "support/recorded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Two pieces, cut at every byte, take a time that grows with the square of the size. */
enum { CUT_EVERYWHERE = 16 * 1024, CUTS = 400 };

struct reading {
    struct oracle_answer answer;
    struct fault fault;
    bool finished;
};

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    struct oracle_answer *answer = &reading->answer;
    assert_false(reading->finished);
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
        assert_int_equal(event->index, answer->call_count++);
        buffer_append(&answer->calls[event->index].id, event->tool_id);
        buffer_append(&answer->calls[event->index].name, event->tool_name);
        break;
    case MODEL_EVENT_TOOL_ARGUMENTS:
        buffer_append(&answer->calls[event->index].arguments, event->text);
        break;
    case MODEL_EVENT_USAGE:
        answer->usage = event->usage;
        break;
    case MODEL_EVENT_FINISH:
        answer->finish = event->finish;
        reading->finished = true;
        break;
    default:
        break;
    }
}

/* Pieces of that size, the first of another. */
static struct reading read_pieces(struct slice bytes, size_t first, size_t piece) {
    struct reading reading = {.answer.usage = model_usage_unknown()};
    struct arena *arena = arena_create(4096);
    struct model_stream *stream = anthropic_provider.open(arena, on_event, &reading);
    struct fault fault = {0};
    bool ok = true;
    for (size_t at = 0; at < bytes.size && ok; at += at == 0 && first > 0 ? first : piece) {
        size_t size = at == 0 && first > 0 ? first : piece;
        ok = anthropic_provider.feed(stream, slice_first(slice_from(bytes, at), size), &fault);
    }
    if (ok)
        ok = anthropic_provider.end(stream, &fault);
    else
        anthropic_provider.close(stream);
    if (!ok)
        reading.fault = fault;
    arena_destroy(arena);
    return reading;
}

static bool same_text(const struct buffer *a, const struct buffer *b) {
    return slice_equal(buffer_slice(a), buffer_slice(b));
}

static const char *difference(const struct oracle_answer *a, const struct oracle_answer *b) {
    if (!same_text(&a->text, &b->text))
        return "text";
    if (!same_text(&a->reasoning, &b->reasoning) || !same_text(&a->signatures, &b->signatures))
        return "reasoning";
    if (!same_text(&a->refusal, &b->refusal))
        return "refusal";
    if (a->call_count != b->call_count)
        return "number of calls";
    for (size_t i = 0; i < a->call_count; i++)
        if (!same_text(&a->calls[i].id, &b->calls[i].id) ||
            !same_text(&a->calls[i].name, &b->calls[i].name) ||
            !oracle_same_json(buffer_slice(&a->calls[i].arguments),
                              buffer_slice(&b->calls[i].arguments)))
            return "calls";
    if (memcmp(&a->usage, &b->usage, sizeof a->usage) != 0)
        return "usage";
    return a->finish == b->finish ? NULL : "finish";
}

struct table {
    size_t files, passed, failed, skipped; /* replies, but for the first */
};

static void report(struct table *table, const struct recorded *reply, const char *what) {
    print_message("%s: %s\n", reply->name, what);
    table->failed++;
}

/* The reading as a whole is right; each other way to cut it must be equal to it. */
static const char *compare_cuts(const struct recorded *reply, const struct reading *whole) {
    size_t size = reply->body.size;
    size_t step = size <= CUT_EVERYWHERE ? 1 : size / CUTS;
    const char *wrong = NULL;
    for (size_t cut = 0; cut < size && !wrong; cut += step) {
        /* The first pass goes byte by byte. */
        struct reading reading = read_pieces(reply->body, cut, cut == 0 ? 1 : size);
        wrong = difference(&reading.answer, &whole->answer);
        if (reading.fault.kind != whole->fault.kind)
            wrong = "fault";
        oracle_answer_finish(&reading.answer);
    }
    return wrong;
}

static const char *compare_with_file(const struct reading *whole,
                                     const struct oracle_answer *expected) {
    if (expected->mixed)
        return whole->fault.kind == FAULT_PROVIDER_MALFORMED ? NULL : "two messages in one";
    if (whole->fault.kind != FAULT_NONE)
        return whole->fault.message;
    return difference(&whole->answer, expected);
}

static void check_answer(struct table *table, const struct recorded *reply) {
    struct oracle_answer expected;
    const char *reason;
    if (!oracle_anthropic(reply->body, reply->events, &expected, &reason)) {
        print_message("%s: skipped: %s\n", reply->name, reason);
        table->skipped++;
    } else {
        struct reading whole = read_pieces(reply->body, 0, reply->body.size);
        const char *wrong = compare_with_file(&whole, &expected);
        if (!wrong)
            wrong = compare_cuts(reply, &whole);
        if (wrong)
            report(table, reply, wrong);
        else
            table->passed++;
        oracle_answer_finish(&whole.answer);
    }
    oracle_answer_finish(&expected);
}

static void check_failure(struct table *table, const struct recorded *reply) {
    struct fault fault = {0};
    struct buffer message = {0};
    struct model_reply_head head = {reply->status, recorded_header, reply};
    anthropic_provider.failure(&head, reply->body, &fault);
    enum fault_kind kind = oracle_anthropic_failure(reply->status, reply->body, &message);
    if (fault.kind != kind)
        report(table, reply, fault_kind_name(fault.kind));
    else if (message.size == 0 || !strstr(fault.detail, buffer_string(&message)))
        report(table, reply, "the message got lost");
    else
        table->passed++;
    buffer_finish(&message);
}

/* Some files hold the replies of a whole conversation, one after the other: one message each. */
static void check_answers(struct table *table, const struct recorded *replies) {
    struct recorded reply = *replies;
    struct slice rest = replies->body;
    while (rest.size > 0) {
        size_t stop = slice_find(rest, SLICE("\"type\":\"message_stop\""));
        size_t next = slice_find(slice_from(rest, stop), SLICE("data: "));
        size_t size = stop == SIZE_MAX || next == SIZE_MAX ? rest.size : stop + next;
        reply.body = slice_first(rest, size);
        check_answer(table, &reply);
        rest = slice_from(rest, size);
    }
}

static void check(void *user, const struct recorded *reply) {
    struct table *table = user;
    table->files++;
    if (reply->status != 200)
        check_failure(table, reply);
    else if (reply->events)
        check_answers(table, reply);
    else
        check_answer(table, reply);
}

static void test_recorded_replies(void **state) {
    (void)state;
    struct table table = {0};
    if (!recorded_each("anthropic", check, &table)) {
        print_message("SKIPPED: there are no recorded replies of Anthropic here\n");
        skip();
    }
    print_message("anthropic: %zu files; of their replies %zu passed, %zu failed, %zu skipped\n",
                  table.files, table.passed, table.failed, table.skipped);
    assert_int_equal(table.failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded_replies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
