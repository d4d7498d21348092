#include "api/body.h"
#include "base/arena.h"
#include "base/buffer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

static int make_arena(void **state) {
    (void)state;
    arena = arena_create(1024);
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct body read_good(const char *text) {
    struct body body;
    struct fault fault = {0};
    if (!body_read(slice_of(text), false, false, arena, &body, &fault))
        fail_msg("%s: %s", text, fault.message);
    return body;
}

static void assert_text(const struct body *body, size_t message, const char *text) {
    assert_int_equal(body->messages[message].part_count, 1);
    struct slice got = body->messages[message].parts[0].text;
    assert_int_equal(got.size, strlen(text));
    assert_memory_equal(got.data, text, got.size);
}

static void test_roles_and_content(void **state) {
    (void)state;
    struct body body = read_good(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi \\u00e4\"},{\"role\":\"assistant\","
        "\"content\":\"Hello\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"And"
        "?\"}]}],\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    assert_int_equal(body.message_count, 3);
    assert_int_equal(body.messages[1].role, MODEL_ASSISTANT);
    assert_text(&body, 0, "Hi \xc3\xa4");
    assert_text(&body, 2, "And?");
    assert_true(body.stream);
    assert_true(body.include_usage);
    assert_int_equal(body.ignored.size, 0);
}

static void test_what_clients_cannot_set_is_left_out_and_named(void **state) {
    (void)state;
    struct body body = read_good(
        "{\"messages\":[{\"role\":\"system\",\"content\":\"Obey me\"},{\"role\":\"developer\","
        "\"content\":\"x\"},{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
        "\"content\":null,\"tool_calls\":[]},{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":"
        "\"x\"},{\"role\":\"user\",\"content\":\"Go on\"}],\"temperature\":2,\"tools\":[],"
        "\"max_tokens\":null}");
    assert_int_equal(body.message_count, 2);
    assert_text(&body, 1, "Go on");
    assert_true(slice_is(body.ignored, "system messages, tool messages, temperature, tools"));
}

static void test_images(void **state) {
    (void)state;
    struct body body = read_good(
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
        "{\"url\":\"https://x.example/a.png\"}},{\"type\":\"image_url\",\"image_url\":"
        "{\"url\":\"data:image/png;base64,AAAA\"}}]}]}");
    const struct model_part *parts = body.messages[0].parts;
    assert_int_equal(body.messages[0].part_count, 2);
    assert_true(slice_is(parts[0].url, "https://x.example/a.png"));
    assert_true(slice_is(parts[1].media_type, "image/png"));
    assert_true(slice_is(parts[1].data, "AAAA"));
}

/* As Anthropic's clients write it. */
static void test_blocks(void **state) {
    (void)state;
    struct body body = read_good(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Order 7?\"},{\"role\":\"assistant\","
        "\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"x\"},{\"type\":"
        "\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":["
        "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"x\"},{\"type\":\"image\","
        "\"source\":{\"type\":\"base64\",\"media_type\":\"image/"
        "png\",\"data\":\"AAAA\"}},{\"type\":"
        "\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://x.example/a.png\"}},{\"type\":"
        "\"text\",\"text\":\"And this?\"}]}],\"max_tokens\":9,\"system\":[],\"top_k\":1}");
    assert_int_equal(body.message_count, 2);
    assert_text(&body, 0, "Order 7?");
    const struct model_part *parts = body.messages[1].parts;
    assert_int_equal(body.messages[1].part_count, 3);
    assert_true(slice_is(parts[0].media_type, "image/png"));
    assert_true(slice_is(parts[0].data, "AAAA"));
    assert_true(slice_is(parts[1].url, "https://x.example/a.png"));
    assert_true(slice_is(parts[2].text, "And this?"));
    assert_true(slice_is(body.ignored, "thinking, tool messages, max_tokens, system, top_k"));
}

static const struct {
    const char *body, *param, *message; /* `message` is a part of it */
} mistakes[] = {
    {"", "", "no body"},
    {"  \n", "", "no body"},
    {"{", "", "not valid JSON (in UTF-8): error at byte 1"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", "", "error at byte 39"},
    {"[]", "", "must be a JSON object"},
    {"{}", "messages", "must be an array"},
    {"{\"messages\":{}}", "messages", "must be an array"},
    {"{\"messages\":[]}", "messages", "at least one"},
    {"{\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]}", "messages", "at least one"},
    {"{\"messages\":[7]}", "messages[0]", "must be an object"},
    {"{\"messages\":[{\"content\":\"x\"}]}", "messages[0].role", "must be user or assistant"},
    {"{\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}", "messages[0].role", "must be user"},
    {"{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content", "must be a string"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":7}]}", "messages[0].content", "must be a str"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}", "messages[0].content",
     "not be empty"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\" \\n\"}]}", "messages[0].content",
     "be empty"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[]}]}", "messages[0].content", "not be empty"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"audio\"}]}]}",
     "messages[0].content[0]", "of type text, image or image_url"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
     "messages[0].content[0]", "must have text"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{"
     "\"url\":"
     "\"file:///etc/passwd\"}}]}]}",
     "messages[0].content[0]", "neither http, https nor data"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{"
     "\"url\":"
     "\"data:text/html;base64,AA\"}}]}]}",
     "messages[0].content[0]", "not an image"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"},{\"type\":"
     "\"image\","
     "\"source\":{\"type\":\"url\",\"url\":\"ftp://x\"}}]}]}",
     "messages[0].content[1]", "must have a source"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
     "\"base64\",\"media_type\":\"text/html\",\"data\":\"AA\"}}]}]}",
     "messages[0].content[0]", "must have a source"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\"}]}]}",
     "messages[0].content[0]", "of type text, image or image_url"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":"
     "\"y\"}]}",
     "messages", "must end with a message of the user"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"stream\":\"yes\"}", "stream",
     "must be true or false"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":2}", "n", "must be 1"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"conversation_id\":\"../x\"}",
     "conversation_id", "is not an id"},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"conversation_id\":7}",
     "conversation_id", "must be a string"},
};

static void test_mistakes_are_told_with_their_path(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct body body;
        struct fault fault = {0};
        if (body_read(slice_of(mistakes[i].body), false, false, arena, &body, &fault))
            fail_msg("was taken: %s", mistakes[i].body);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        assert_string_equal(fault.param, mistakes[i].param);
        if (!strstr(fault.message, mistakes[i].message))
            fail_msg("%s: %s", mistakes[i].body, fault.message);
    }
}

static void test_too_many_messages(void **state) {
    (void)state;
    struct buffer text = {0};
    buffer_append_string(&text, "{\"messages\":[");
    for (int i = 0; i <= BODY_MESSAGES_MAX; i++)
        buffer_append_string(&text, "{\"role\":\"user\",\"content\":\"x\"},");
    text.size--;
    buffer_append_string(&text, "]}");
    struct body body;
    struct fault fault;
    assert_false(body_read(buffer_slice(&text), false, false, arena, &body, &fault));
    assert_string_equal(fault.param, "messages");
    buffer_finish(&text);
}

/* Whatever stands where a body is expected, cut anywhere: an answer, no crash. */
static void test_every_cut(void **state) {
    (void)state;
    const char *text = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                       "\"\\ud83d\\ude00\"}]}],\"stream\":true}";
    for (size_t size = 0; size < strlen(text); size++) {
        struct body body;
        struct fault fault;
        assert_false(body_read((struct slice){text, size}, false, false, arena, &body, &fault));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_roles_and_content, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_what_clients_cannot_set_is_left_out_and_named,
                                        make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_blocks, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_images, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_mistakes_are_told_with_their_path, make_arena,
                                        free_arena),
        cmocka_unit_test_setup_teardown(test_too_many_messages, make_arena, free_arena),
        cmocka_unit_test_setup_teardown(test_every_cut, make_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
