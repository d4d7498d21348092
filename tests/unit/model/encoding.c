#include "encoding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct arena *encoding_arena;

int encoding_begin(void **state) {
    (void)state;
    encoding_arena = arena_create(1024);
    return 0;
}

int encoding_end(void **state) {
    (void)state;
    arena_destroy(encoding_arena);
    encoding_arena = NULL;
    return 0;
}

struct model_request encoding_of(const struct provider *provider, const struct model_call *call) {
    struct model_request request;
    struct fault fault = {0};
    if (!provider->encode(call, encoding_arena, &request, &fault))
        fail_msg("%s", fault.message);
    assert_true(json_validate(request.body, NULL));
    return request;
}

void encoding_expect(const struct provider *provider, const struct model_call *call,
                     const char *place, const char *json) {
    struct slice body = encoding_of(provider, call).body;
    struct slice value =
        *place == '/' ? json_pointer(body, slice_of(place)) : json_get(body, place);
    assert_string_equal(arena_string(encoding_arena, value), json);
}

struct slice encoding_header(const struct model_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (slice_is(request->headers[i].name, name))
            return request->headers[i].value;
    return (struct slice){NULL, 0};
}
