#include "http/refusal.h"
#include <assert.h>

#define REFUSAL_ROW(name, status, code, message, rule) {status, code, message, rule},
static const struct http_refusal_text texts[HTTP_REFUSAL_COUNT] = {HTTP_REFUSALS(REFUSAL_ROW)};
#undef REFUSAL_ROW

const struct http_refusal_text *http_refusal_text(enum http_refusal refusal) {
    assert(refusal < HTTP_REFUSAL_COUNT);
    return &texts[refusal];
}
