/* The built-in provider with tools: which it calls, with what, and how it tells the results. */
#include "base/arena.h"
#include "base/buffer.h"
#include "model/vendors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TEXT_PART(words) ((struct model_part){.kind = MODEL_PART_TEXT, .text = SLICE(words)})

static const struct model_tool tools[] = {
    {SLICE("order_status"), SLICE("Tells where an order is, by its number (Bestellung)."),
     SLICE("{\"type\":\"object\",\"properties\":{\"order\":{\"type\":\"integer\",\"description\":"
           "\"The "
           "order's number\"}},\"required\":[\"order\"]}")},
    {SLICE("search_products"), SLICE("Finds products by words and highest price (suche)."),
     SLICE("{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\"},\"max_price\":{"
           "\"type\":\"number\"}},\"required\":[\"query\"]}")},
    {SLICE("book_consultation"), SLICE("Books a consultation (Termin, Beratung)."),
     SLICE("{\"type\":\"object\",\"properties\":{\"day\":{\"type\":\"string\"},\"time\":{\"type\":"
           "\"string\"},\"part\":{\"type\":\"string\",\"enum\":[\"morning\",\"afternoon\"]},"
           "\"topic\":{"
           "\"type\":\"string\"}},\"required\":[\"day\"]}")},
    {SLICE("send_copy"), SLICE("Sends a copy of the contract."),
     SLICE("{\"type\":\"object\",\"properties\":{\"email\":{\"type\":\"string\"},\"on\":{\"type\":"
           "\"string\",\"format\":\"date\"}},\"required\":[\"email\"]}")},
};

struct reading {
    struct buffer out;
    enum model_finish finish;
};

static void on_event(void *user, const struct model_event *event) {
    struct reading *reading = user;
    if (event->kind == MODEL_EVENT_TOOL_CALL)
        buffer_printf(&reading->out, "%.*s ", SLICE_ARG(event->tool_name));
    else if (event->kind == MODEL_EVENT_TEXT || event->kind == MODEL_EVENT_TOOL_ARGUMENTS)
        buffer_append(&reading->out, event->text);
    else if (event->kind == MODEL_EVENT_FINISH)
        reading->finish = event->finish;
}

static void answer(const struct model_call *call, struct reading *ret_reading) {
    struct arena *arena = arena_create(1024);
    struct model_request request;
    struct fault fault = {0};
    *ret_reading = (struct reading){0};
    assert_true(offline_provider.encode(call, arena, &request, &fault));
    struct model_stream *stream = offline_provider.open(arena, on_event, ret_reading);
    for (struct slice rest = request.body; rest.size > 0; rest = slice_from(rest, 3))
        assert_true(offline_provider.feed(stream, slice_first(rest, 3), &fault));
    assert_true(offline_provider.end(stream, &fault));
    arena_destroy(arena);
}

static struct model_call call_of(const struct model_message *messages, size_t count) {
    struct model_call call = model_call_default();
    call.tools = tools;
    call.tool_count = sizeof tools / sizeof tools[0];
    call.messages = messages;
    call.message_count = count;
    return call;
}

static void expect(const char *question, const char *what) {
    struct model_part part = {.kind = MODEL_PART_TEXT, .text = slice_of(question)};
    const struct model_message message = {MODEL_USER, &part, 1};
    struct model_call call = call_of(&message, 1);
    struct reading reading;
    answer(&call, &reading);
    if (strcmp(buffer_string(&reading.out), what) != 0)
        fail_msg("%s\n  expected %s\n  got      %s", question, what, buffer_string(&reading.out));
    bool called = strchr(what, '{') != NULL;
    assert_int_equal(reading.finish, called ? MODEL_FINISH_TOOL_CALLS : MODEL_FINISH_STOP);
    buffer_finish(&reading.out);
}

#define NO_ANSWER                                                                                  \
    "I could not find an answer to that in our documents. Could you put it another way?"

static void calls_tools(void **state) {
    (void)state;
    expect("Where is my order 1042?", "order_status {\"order\":1042}");
    expect("where's order #1,042", "order_status {\"order\":1042}");
    expect("Wo ist meine Bestellung 1042?", "order_status {\"order\":1042}");
    expect("Find headphones under 100 euros",
           "search_products {\"max_price\":100,\"query\":\"headphones\"}");
    expect("Suche Kopfhörer bis 99,90 €",
           "search_products {\"max_price\":99.9,\"query\":\"Kopfhörer\"}");
    expect("find wireless headphones", "search_products {\"query\":\"wireless headphones\"}");
    expect("Book a consultation on Tuesday afternoon",
           "book_consultation {\"day\":\"tuesday\",\"part\":\"afternoon\"}");
    expect("Eine Beratung am Dienstag um 14:30 bitte",
           "book_consultation {\"day\":\"dienstag\",\"time\":\"14:30\"}");
    expect("a consultation on 2026-11-24", "book_consultation {\"day\":\"2026-11-24\"}");
    expect("Send a copy to anna@example.com on 24.11.2026",
           "send_copy {\"email\":\"anna@example.com\",\"on\":\"24.11.2026\"}");
}

static void asks_for_what_is_missing(void **state) {
    (void)state;
    expect("Where is my order?", "For that I need to know one more thing: The order's number");
    expect("I want a consultation", "For that I need to know one more thing: day");
    /* Whoever was asked answers with just that. */
    struct model_part parts[] = {
        TEXT_PART("Where is my order?"),
        TEXT_PART("For that I need to know one more thing: The order's number"),
        TEXT_PART("1042"),
    };
    const struct model_message messages[] = {
        {MODEL_USER, &parts[0], 1}, {MODEL_ASSISTANT, &parts[1], 1}, {MODEL_USER, &parts[2], 1}};
    struct model_call call = call_of(messages, 3);
    struct reading reading;
    answer(&call, &reading);
    assert_string_equal(buffer_string(&reading.out), "order_status {\"order\":1042}");
    buffer_finish(&reading.out);
}

static void leaves_other_questions_alone(void **state) {
    (void)state;
    expect("What does it cost?", NO_ANSWER);
    expect("1042", NO_ANSWER);
    expect("Is there anything over 50 euros?", NO_ANSWER);
    expect("", NO_ANSWER);
    /* Passages that answer come before a tool that fits halfway. */
    struct model_part part = TEXT_PART("Can I change my order?");
    const struct model_message message = {MODEL_USER, &part, 1};
    const struct model_passage passage = {SLICE("Orders"), SLICE("Yes, until it is packed."),
                                          SLICE("faq.md"), 0.9};
    struct model_call call = call_of(&message, 1);
    call.passages = &passage;
    call.passage_count = 1;
    struct reading reading;
    answer(&call, &reading);
    assert_string_equal(buffer_string(&reading.out), "Yes, until it is packed.");
    buffer_finish(&reading.out);
}

static void expect_result(const char *result, bool is_error, const char *language,
                          const char *text) {
    struct model_part question = TEXT_PART("Where is my order 1042?");
    const struct model_part parts[] = {
        {.kind = MODEL_PART_TOOL_CALL,
         .tool_id = SLICE("call_1"),
         .tool_name = tools[0].name,
         .arguments = SLICE("{\"order\":1042}")},
        {.kind = MODEL_PART_TOOL_RESULT,
         .tool_id = SLICE("call_1"),
         .tool_name = tools[0].name,
         .text = slice_of(result),
         .is_error = is_error},
    };
    const struct model_message messages[] = {
        {MODEL_USER, &question, 1}, {MODEL_ASSISTANT, &parts[0], 1}, {MODEL_TOOL, &parts[1], 1}};
    struct model_call call = call_of(messages, 3);
    call.language = slice_of(language);
    struct reading reading;
    answer(&call, &reading);
    assert_string_equal(buffer_string(&reading.out), text);
    assert_int_equal(reading.finish, MODEL_FINISH_STOP);
    buffer_finish(&reading.out);
}

static void tells_results(void **state) {
    (void)state;
    expect_result("{\"rows\":[{\"order\":1042,\"expected_on\":\"2026-11-24\",\"note\":null}],\"row_"
                  "count\":1}",
                  false, "en", "- **Order:** 1042\n- **Expected on:** 2026-11-24");
    expect_result("{\"rows\":[{\"name\":\"A\",\"price\":1.5},{\"name\":\"B\",\"price\":2}],\"row_"
                  "count\":2}",
                  false, "en", "- **A**: price 1.5\n- **B**: price 2");
    expect_result("{\"rows\":[],\"row_count\":0}", false, "de",
                  "Ich habe nichts Passendes gefunden.");
    expect_result("{\"booked\":true,\"date\":\"2026-11-24\",\"time\":\"14:00\"}", false, "fr",
                  "Votre rendez-vous est réservé : **2026-11-24 14:00**");
    expect_result("{\"booked\":false,\"free\":[{\"date\":\"2026-11-24\",\"time\":\"15:00\"}]}",
                  false, "en",
                  "There is no free appointment at that time. These are free:\n- 2026-11-24 15:00");
    expect_result("[]", false, "en", "I found nothing that fits.");
    expect_result("[1,\"two\"]", false, "en", "- 1\n- two");
    expect_result(MODEL_RESULT_MARK "It rains.", false, "en", "It rains.");
    expect_result("Error: gone", true, "en",
                  "That did not work just now. Please try again in a moment.");
    /* Nothing of a value becomes markup. */
    expect_result("{\"a\":\"[x](javascript:alert(1)) **b** <img>\"}", false, "en",
                  "- **A:** \\[x\\](javascript:alert(1)) \\*\\*b\\*\\* \\<img\\>");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_tools),
        cmocka_unit_test(asks_for_what_is_missing),
        cmocka_unit_test(leaves_other_questions_alone),
        cmocka_unit_test(tells_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
