/* For the tests of what vendors are sent. */
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "model/catalogue.h"
#include "model/vendors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LITERAL(words)                                                                             \
    { words, sizeof(words) - 1 }
#define TEXT_PART(words)                                                                           \
    { .kind = MODEL_PART_TEXT, .text = LITERAL(words) }
#define MESSAGE(role, parts) ((struct model_message){role, parts, COUNT(parts)})

extern struct arena *encoding_arena; /* of the test that runs */
int encoding_begin(void **state);    /* setup of each test */
int encoding_end(void **state);

/* Fails the test where the call cannot be encoded, or its body is not JSON. */
struct model_request encoding_of(const struct provider *provider, const struct model_call *call);
/* The value at that place of the body (a key, or a pointer like "/a/0"), as it is written; "" where
 * there is none. */
void encoding_expect(const struct provider *provider, const struct model_call *call,
                     const char *place, const char *json);
/* Empty where there is none. */
struct slice encoding_header(const struct model_request *request, const char *name);
