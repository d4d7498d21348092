#include "oracle.h"
#include <jansson.h>

void oracle_answer_finish(struct oracle_answer *answer) {
    buffer_finish(&answer->text);
    buffer_finish(&answer->reasoning);
    buffer_finish(&answer->refusal);
    buffer_finish(&answer->signatures);
    buffer_finish(&answer->message);
    for (size_t i = 0; i < answer->call_count; i++) {
        buffer_finish(&answer->calls[i].id);
        buffer_finish(&answer->calls[i].name);
        buffer_finish(&answer->calls[i].arguments);
        buffer_finish(&answer->calls[i].input);
    }
}

bool oracle_same_json(struct slice a, struct slice b) {
    json_t *left = json_loadb(a.data, a.size, JSON_ALLOW_NUL, NULL);
    json_t *right = json_loadb(b.data, b.size, JSON_ALLOW_NUL, NULL);
    bool same = left && right ? json_equal(left, right) : slice_equal(a, b);
    json_decref(left);
    json_decref(right);
    return same;
}
