/* Requests made of templates, with values that try to be more than a value. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "tool/http_tool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int begin(void **state) {
    (void)state;
    arena = arena_create(1024);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const struct tool_binding bindings[] = {{SLICE("user.id"), SLICE("u/1")},
                                               {SLICE("call.key"), SLICE("k1")},
                                               {SLICE("user.name"), SLICE("A \"B\"")}};

static struct tool_input input_of(const char *arguments) {
    return (struct tool_input){slice_of(arguments), bindings, 3};
}

/* {"v": value}, the value as a JSON string. */
static struct tool_input input_of_value(struct slice value) {
    struct buffer text = {0};
    buffer_append_string(&text, "{\"v\":");
    json_append_string(&text, value);
    buffer_append_string(&text, "}");
    struct tool_input input = {arena_copy(arena, buffer_slice(&text)), bindings, 3};
    buffer_finish(&text);
    return input;
}

static struct http_tool_request encode(const struct http_tool *tool,
                                       const struct tool_input *input) {
    struct http_tool_request request;
    struct fault fault;
    if (!http_tool_encode(tool, input, arena, &request, &fault))
        fail_msg("%s", fault.message);
    return request;
}

static void expect_url(const char *url, struct slice value, const char *expected) {
    const struct http_tool tool = {.method = "GET", .url = slice_of(url)};
    const struct tool_input input = input_of_value(value);
    assert_string_equal(encode(&tool, &input).url, expected);
}

static void a_value_stays_one_segment(void **state) {
    (void)state;
    static const struct {
        struct slice value;
        const char *encoded;
    } cases[] = {
        {SLICE("berlin"), "berlin"},
        {SLICE("New York"), "New%20York"},
        {SLICE("../admin"), "..%2Fadmin"},
        {SLICE("../../etc"), "..%2F..%2Fetc"},
        {SLICE("a/b"), "a%2Fb"},
        {SLICE("a?admin=1"), "a%3Fadmin%3D1"},
        {SLICE("a#b"), "a%23b"},
        {SLICE("a@evil.example"), "a%40evil.example"},
        {SLICE("http://evil.example/"), "http%3A%2F%2Fevil.example%2F"},
        {SLICE("a&b=c;d"), "a%26b%3Dc%3Bd"},
        {SLICE("%2f%2e%2e"), "%252f%252e%252e"},
        {SLICE("a\r\nHost: evil"), "a%0D%0AHost%3A%20evil"},
        {SLICE("a\0b"), "a%00b"},
        {SLICE("a\\b"), "a%5Cb"},
        {SLICE("{w}{{"), "%7Bw%7D%7B%7B"},
        {SLICE("Z\xC3\xBCrich \xE6\x9D\xB1"), "Z%C3%BCrich%20%E6%9D%B1"},
        {SLICE("\xEF\xBC\x8F\xEF\xBC\x8E"), "%EF%BC%8F%EF%BC%8E"}, /* full width / and . */
        {SLICE("..."), "..."},
        {SLICE("a.b~c-d_e"), "a.b~c-d_e"},
        {SLICE("+ '\"<>|^`"), "%2B%20%27%22%3C%3E%7C%5E%60"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[160];
        snprintf(expected, sizeof expected, "https://api.example/v1/%s/x?q=%s#top",
                 cases[i].encoded, cases[i].encoded);
        expect_url("https://api.example/v1/{v}/x?q={v}#top", cases[i].value, expected);
    }
}

static void a_value_does_not_lead_elsewhere(void **state) {
    (void)state;
    static const struct {
        const char *url, *value;
    } cases[] = {
        {"https://a.example/users/{v}", ""},          {"https://a.example/users/{v}", "."},
        {"https://a.example/users/{v}", ".."},        {"https://a.example/users/{v}/orders", ""},
        {"https://a.example/users/{v}/orders", ".."}, {"https://a.example/users/{v}?x=1", ".."},
        {"https://a.example/users/{v}#x", ".."},      {"https://a.example/u/.{v}", "."},
        {"https://a.example/u/{v}{v}", "."},          {"https://a.example/u/{v}.", "."},
        {"https://a.example/{user.email}", "x"},      {"https://a.example/u/{none}/x", "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct http_tool tool = {.method = "GET", .url = slice_of(cases[i].url)};
        const struct tool_input input = input_of_value(slice_of(cases[i].value));
        struct http_tool_request request;
        struct fault fault;
        if (http_tool_encode(&tool, &input, arena, &request, &fault))
            fail_msg("%s", request.url);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        assert_non_null(strstr(fault.message, "path"));
    }
    /* Elsewhere they are harmless. */
    expect_url("https://a.example/s?q={v}", SLICE(".."), "https://a.example/s?q=..");
    expect_url("https://a.example/s?q={v}/", SLICE(""), "https://a.example/s?q=/");
    expect_url("https://a.example/s/x{v}", SLICE(""), "https://a.example/s/x");
    expect_url("https://a.example/s/v{v}", SLICE(".."), "https://a.example/s/v..");
    expect_url("https://a.example/a/../{v}", SLICE("x"), "https://a.example/a/../x");
    expect_url("https://a.example/#/{v}/", SLICE(".."), "https://a.example/#/../");
}

static void a_url_takes_all_types(void **state) {
    (void)state;
    const struct http_tool tool = {
        .method = "GET",
        .url = SLICE("https://a.example/{n}/{user.id}?t={t}&l={l}&z={z}&b={{{n}}}")};
    const struct tool_input input = input_of("{\"n\":-7,\"t\":true,\"l\":[\"a\",1],\"z\":null}");
    assert_string_equal(encode(&tool, &input).url,
                        "https://a.example/-7/u%2F1?t=true&l=%5B%22a%22%2C1%5D&z=&b={-7}");
}

/* --- the body --- */

static void expect_body(const char *body, const char *arguments, const char *expected) {
    const struct http_tool tool = {
        .method = "POST", .url = SLICE("https://a.example/"), .body = slice_of(body)};
    const struct tool_input input = input_of(arguments);
    struct http_tool_request request = encode(&tool, &input);
    assert_string_equal(arena_string(arena, request.body), expected);
    assert_true(json_validate(request.body, NULL));
}

static void a_body_keeps_types(void **state) {
    (void)state;
    const char *arguments = "{\"s\":\"x\",\"n\":12,\"f\":1.50,\"t\":true,\"l\":[1,{\"k\":\"v\"}],"
                            "\"o\":{\"a\":{}},\"z\":null}";
    expect_body("{\"a\":{\"b\":[\"{s}\",\"{n}\",{\"c\":\"{l}\"}]},\"o\":\"{o}\"}", arguments,
                "{\"a\":{\"b\":[\"x\",12,{\"c\":[1,{\"k\":\"v\"}]}]},\"o\":{\"a\":{}}}");
    expect_body("[\"{f}\",\"{t}\",\"{z}\",\"{missing}\",\"{user.id}\",\"{user.email}\"]", arguments,
                "[1.50,true,null,null,\"u/1\",null]");
    expect_body("[{n},{s}, {user.name}]", arguments, "[12,\"x\", \"A \\\"B\\\"\"]");
    expect_body("{\"t\":\"no {n}: {s}{l} {missing}\"}", arguments,
                "{\"t\":\"no 12: x[1,{\\\"k\\\":\\\"v\\\"}] \"}");
    expect_body("{\"{s}\":\"{s}\",\"{n}\" : 1,\"k{n}\":2}", arguments,
                "{\"x\":\"x\",\"12\" : 1,\"k12\":2}");
    expect_body("{\"q\":\"\\\"{s}\\\"\",\"b\":\"\\\\{n}\"}", arguments,
                "{\"q\":\"\\\"x\\\"\",\"b\":\"\\\\12\"}");
    expect_body("\"{o}\"", arguments, "{\"a\":{}}");
    expect_body("{\"query\":\"{ user { id } }\",\"variables\":{\"n\":\"{n}\"}}", arguments,
                "{\"query\":\"{ user { id } }\",\"variables\":{\"n\":12}}");
}

static void a_body_cannot_be_broken_out_of(void **state) {
    (void)state;
    static const struct slice values[] = {
        SLICE("\",\"admin\":true,\"x\":\""),
        SLICE("\\"),
        SLICE("\\\""),
        SLICE("a\nb\r\0c"),
        SLICE("}]}"),
        SLICE("{v}"),
        SLICE("\xE2\x80\xA8\xF0\x9F\x98\x80"),
        SLICE(""),
    };
    const struct http_tool tool = {
        .method = "POST",
        .url = SLICE("https://a.example/"),
        .body = SLICE("{\"whole\":\"{v}\",\"part\":\"a {v} b\",\"bare\":{v},\"k{v}\":1}")};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct tool_input input = input_of_value(values[i]);
        struct slice body = encode(&tool, &input).body, key, member;
        assert_true(json_validate(body, NULL));
        size_t cursor = 0, count = 0;
        while (json_next_member(body, &cursor, &key, &member))
            count++;
        assert_int_equal(count, 4);
        struct buffer text = {0};
        assert_true(json_read_string(json_get(body, "whole"), &text));
        assert_true(slice_equal(buffer_slice(&text), values[i]));
        buffer_clear(&text);
        assert_true(json_read_string(json_get(body, "bare"), &text));
        assert_true(slice_equal(buffer_slice(&text), values[i]));
        buffer_clear(&text);
        assert_true(json_read_string(json_get(body, "part"), &text));
        assert_int_equal(text.size, values[i].size + 4);
        buffer_finish(&text);
    }
}

static void without_a_template_the_arguments_are_the_body(void **state) {
    (void)state;
    static const char *const methods[] = {"POST", "PUT", "PATCH", "GET", "DELETE"};
    for (size_t i = 0; i < 5; i++) {
        const struct http_tool tool = {.method = methods[i], .url = SLICE("https://a.example/")};
        const struct tool_input input = input_of("{\"a\": 1}");
        struct http_tool_request request = encode(&tool, &input);
        bool has = i < 3;
        assert_string_equal(arena_string(arena, request.body), has ? "{\"a\": 1}" : "");
        assert_int_equal(request.header_count, has ? 2 : 1);
        assert_string_equal(request.headers[has].name, "Accept");
    }
}

static void a_form_is_encoded(void **state) {
    (void)state;
    const struct http_tool_header type = {
        "content-type", SLICE("application/x-www-form-urlencoded; charset=utf-8")};
    const struct http_tool tool = {.method = "POST",
                                   .url = SLICE("https://a.example/"),
                                   .headers = &type,
                                   .header_count = 1,
                                   .body = SLICE("a={v}&b=1&c={user.id}")};
    const struct tool_input input = input_of_value(SLICE("x&admin=1 \xC3\xA9%"));
    struct http_tool_request request = encode(&tool, &input);
    assert_string_equal(arena_string(arena, request.body),
                        "a=x%26admin%3D1%20%C3%A9%25&b=1&c=u%2F1");
    assert_int_equal(request.header_count, 2); /* no second Content-Type */
    const struct slice *names;
    size_t count;
    struct fault fault;
    assert_true(http_tool_placeholders(&tool, arena, &names, &count, &fault));
}

/* --- headers --- */

static void a_header_takes_one_line(void **state) {
    (void)state;
    const struct http_tool_header headers[] = {{"X-Value", SLICE("a {v} {user.id}{{}")},
                                               {"accept", SLICE("text/csv")}};
    const struct http_tool tool = {
        .method = "GET", .url = SLICE("https://a.example/"), .headers = headers, .header_count = 2};
    const struct tool_input good = input_of_value(SLICE("x: \xC3\xA9\t\""));
    struct http_tool_request request = encode(&tool, &good);
    assert_int_equal(request.header_count, 2);
    assert_string_equal(arena_string(arena, request.headers[0].value), "a x: \xC3\xA9\t\" u/1{{}");
    static const struct slice bad[] = {
        SLICE("a\r\nX-Admin: 1"), SLICE("a\n"), SLICE("\r"), SLICE("a\0b"),
        SLICE("\x1b[0m"),         SLICE("\x7f")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct tool_input input = input_of_value(bad[i]);
        struct fault fault;
        assert_false(http_tool_encode(&tool, &input, arena, &request, &fault));
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        assert_non_null(strstr(fault.message, "header"));
    }
}

/* --- at load --- */

static void names_the_placeholders(void **state) {
    (void)state;
    const struct http_tool_header headers[] = {{"X-A", SLICE("{a}{user.id}")}};
    const struct http_tool tool = {.method = "POST",
                                   .url = SLICE("http://127.0.0.1:3000/{a}?b={b}"),
                                   .headers = headers,
                                   .header_count = 1,
                                   .body = SLICE("{\"c\":\"{c}\",\"b\":\"x{b}\"}"),
                                   .pointer = SLICE("/data/0")};
    const struct slice *names;
    size_t count;
    struct fault fault;
    assert_true(http_tool_placeholders(&tool, arena, &names, &count, &fault));
    assert_int_equal(count, 4);
    static const char *const expected[] = {"a", "b", "c", "user.id"};
    for (size_t i = 0; i < 4; i++)
        assert_true(slice_is(names[i], expected[i]));
}

static void refuses_templates_at_load(void **state) {
    (void)state;
    static const struct {
        const char *url, *header, *body, *pointer, *param;
    } cases[] = {
        {"ftp://a.example/", "", "", "", "url"},
        {"//a.example/", "", "", "", "url"},
        {"https://", "", "", "", "url"},
        {"https:///path", "", "", "", "url"},
        {"https://{host}/", "", "", "", "url"},
        {"https://{host}", "", "", "", "url"},
        {"https://a.example:{port}/", "", "", "", "url"},
        {"https://{a}.example/", "", "", "", "url"},
        {"https://a.example{a}/", "", "", "", "url"},
        {"https://user:{a}@a.example/", "", "", "", "url"},
        {"https://user:pw@a.example/", "", "", "", "url"},
        {"{scheme}://a.example/", "", "", "", "url"},
        {"https://a.example/{", "", "", "", "url"},
        {"https://a.example/{a b}", "", "", "", "url"},
        {"https://a.example/a}", "", "", "", "url"},
        {"https://a.example/a b", "", "", "", "url"},
        {"https://a.example\\@b.example/{a}", "", "", "", "url"},
        {"https://a.example/", "a\r\nb", "", "", "headers"},
        {"https://a.example/", "", "{\"a\":{b}", "", "body"},
        {"https://a.example/", "", "{\"a\":1{b}}", "", "body"},
        {"https://a.example/", "", "{\"a\":\"\\{b}\"}", "", "body"},
        {"https://a.example/", "", "a={b}", "", "body"},
        {"https://a.example/", "", "", "data", "select"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct http_tool_header header = {"X-A", slice_of(cases[i].header)};
        const struct http_tool tool = {.method = "POST",
                                       .url = slice_of(cases[i].url),
                                       .headers = &header,
                                       .header_count = 1,
                                       .body = slice_of(cases[i].body),
                                       .pointer = slice_of(cases[i].pointer)};
        const struct slice *names;
        size_t count;
        struct fault fault;
        if (http_tool_placeholders(&tool, arena, &names, &count, &fault))
            fail_msg("%s %s was taken", cases[i].url, cases[i].body);
        assert_int_equal(fault.kind, FAULT_BAD_INPUT);
        assert_string_equal(fault.param, cases[i].param);
    }
}

static void bounds_the_placeholders(void **state) {
    (void)state;
    struct buffer url = {0};
    buffer_append_string(&url, "https://a.example/?");
    for (int i = 0; i < 65; i++)
        buffer_printf(&url, "{a%d}", i);
    const struct http_tool tool = {.method = "GET", .url = buffer_slice(&url)};
    const struct slice *names;
    size_t count;
    struct fault fault;
    assert_false(http_tool_placeholders(&tool, arena, &names, &count, &fault));
    assert_string_equal(fault.param, "url");
    buffer_finish(&url);
}

/* --- the answer --- */

static bool decode(const char *pointer, int status, const char *type, struct slice body,
                   struct buffer *result, struct fault *fault) {
    const struct http_tool tool = {.method = "GET", .pointer = slice_of(pointer)};
    return http_tool_decode(&tool, status, slice_of(type), body, result, fault);
}

static void expect_result(const char *pointer, const char *type, struct slice body,
                          const char *expected) {
    struct buffer result = {0};
    struct fault fault;
    if (!decode(pointer, 200, type, body, &result, &fault))
        fail_msg("%s", fault.message);
    assert_string_equal(buffer_string(&result), expected);
    buffer_finish(&result);
}

static void takes_json_and_text(void **state) {
    (void)state;
    expect_result("", "application/json", SLICE(" {\"a\":[1,2]}\n"), "{\"a\":[1,2]}");
    expect_result("/a/1", "application/json", SLICE("{\"a\":[1,{\"b\":2}]}"), "{\"b\":2}");
    expect_result("/a", "text/html", SLICE("{\"a\":null}"), "null"); /* mislabelled */
    expect_result("", "text/plain", SLICE("hello\n"), "hello\n");
    expect_result("", "text/csv", SLICE("a,b\xFF\xC3"), "a,b\xEF\xBF\xBD\xEF\xBF\xBD");
    expect_result("", "application/json", SLICE("{\"a\":\"\xFF\"}"), "{\"a\":\"\xEF\xBF\xBD\"}");
    expect_result("", "", SLICE(""), "");
}

static void expect_refusal(const char *pointer, int status, const char *type, struct slice body,
                           const char *message) {
    struct buffer result = {0};
    struct fault fault;
    assert_false(decode(pointer, status, type, body, &result, &fault));
    assert_int_equal(fault.kind, FAULT_INTERNAL);
    assert_string_equal(fault.message, message);
    assert_true(utf8_valid(slice_of(fault.message)));
    assert_int_equal(fault.status, status >= 300 ? status : 0);
    assert_int_equal(result.size, 0);
    buffer_finish(&result);
}

static void tells_what_is_wrong(void **state) {
    (void)state;
    struct slice page = SLICE("<!doctype html><title>Sign in</title>");
    expect_refusal("", 200, "text/html; charset=utf-8", page,
                   "The service answered with a web page, not with data.");
    expect_refusal("/a", 200, "text/html", page, "The service's answer is not JSON.");
    expect_refusal("/a/b", 200, "application/json", SLICE("{\"a\":1}"),
                   "The service's answer has nothing at the place that is asked for.");
    expect_refusal("", 302, "text/html", page, "The service answered with status 302");
    expect_refusal("", 300, "", SLICE(""), "The service answered with status 300");
    expect_refusal("", 422, "application/problem+json", SLICE("{\"title\":\"no such order\"}"),
                   "The service answered with status 422: {\"title\":\"no such order\"}");
    expect_refusal("/a", 404, "text/plain", SLICE("gone"),
                   "The service answered with status 404: gone");
    expect_refusal("", 500, "text/html", page, "The service answered with status 500");
    expect_refusal("", 500, "application/json", SLICE("\xFF\xFE"),
                   "The service answered with status 500");
}

static void cuts_a_long_refusal(void **state) {
    (void)state;
    struct buffer body = {0}, result = {0};
    struct fault fault;
    for (int i = 0; i < 1000; i++)
        buffer_append_string(&body, "\xE2\x82\xAC");
    assert_false(decode("", 400, "text/plain", buffer_slice(&body), &result, &fault));
    assert_true(utf8_valid(slice_of(fault.message)));
    assert_in_range(strlen(fault.message), 200, 255);
    buffer_finish(&body);
}

static void takes_ten_megabytes(void **state) {
    (void)state;
    struct buffer body = {0}, result = {0};
    struct fault fault;
    const size_t size = (size_t)10 << 20;
    buffer_append_string(&body, "{\"skip\":\"");
    memset(buffer_reserve(&body, size), 'x', size);
    body.size += size;
    buffer_append_string(&body, "\",\"here\":[42]}");
    assert_true(decode("/here/0", 200, "application/json", buffer_slice(&body), &result, &fault));
    assert_string_equal(buffer_string(&result), "42");
    buffer_clear(&result);
    assert_true(decode("", 200, "application/json", buffer_slice(&body), &result, &fault));
    assert_int_equal(result.size, body.size);
    buffer_clear(&result);
    memset(body.data, 0xFF, body.size); /* each byte mended */
    assert_true(decode("", 200, "text/plain", buffer_slice(&body), &result, &fault));
    assert_int_equal(result.size, 3 * body.size);
    buffer_finish(&body);
    buffer_finish(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stays_one_segment),
        cmocka_unit_test(a_value_does_not_lead_elsewhere),
        cmocka_unit_test(a_url_takes_all_types),
        cmocka_unit_test(a_body_keeps_types),
        cmocka_unit_test(a_body_cannot_be_broken_out_of),
        cmocka_unit_test(without_a_template_the_arguments_are_the_body),
        cmocka_unit_test(a_form_is_encoded),
        cmocka_unit_test(a_header_takes_one_line),
        cmocka_unit_test(names_the_placeholders),
        cmocka_unit_test(refuses_templates_at_load),
        cmocka_unit_test(bounds_the_placeholders),
        cmocka_unit_test(takes_json_and_text),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(cuts_a_long_refusal),
        cmocka_unit_test(takes_ten_megabytes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
