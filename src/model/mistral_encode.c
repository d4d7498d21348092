#include "model/mistral_encode.h"
#include "base/json.h"
#include "model/encode.h"
#include "model/mistral_messages.h"
#include "model/openai_encode.h"

/* More is refused with an error. */
static double limited_temperature(double temperature) {
    return encode_is_set(temperature) && temperature > 1 ? 1 : temperature;
}

bool mistral_encode(const struct model_call *call, struct arena *arena,
                    struct model_request *ret_request, struct fault *fault) {
    if (!encode_check_key(call->key, fault))
        return false;
    struct model_call ours = mistral_call(call, arena);
    if (ours.message_count == 0)
        return fault_set(fault, FAULT_BAD_INPUT, "There is no message to answer.");
    ours.temperature = limited_temperature(call->temperature);
    struct buffer body = {0};
    struct json_writer json = json_writer_start(&body);
    json_begin_object(&json);
    json_member_string(&json, "model", ours.model);
    openai_write_messages(&json, &ours, "system", true);
    openai_write_tools(&json, &ours, "any");
    openai_write_limits(&json, &ours, false);
    /* The usage comes unasked: stream_options is a field that is refused. */
    json_member_bool(&json, "stream", true);
    if (ours.base_url.size == 0 && ours.cache_key.size > 0)
        json_member_string(&json, "prompt_cache_key", ours.cache_key);
    json_end_object(&json);
    *ret_request = openai_request(&ours, MISTRAL_URL, &body, arena);
    return true;
}
