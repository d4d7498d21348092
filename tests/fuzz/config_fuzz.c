/* Any text as a configuration file: it ends with a config or with mistakes that can be printed. */
#include "base/buffer.h"
#include "config/config.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config_result result =
        config_load_text("fuzz.yaml", (struct slice){(const char *)data, size});
    assert((result.config == NULL) == (result.error_count > 0));
    struct buffer out = {0};
    for (size_t i = 0; i < result.error_count; i++) {
        assert(i == 0 || result.errors[i].line >= result.errors[i - 1].line);
        config_error_print(&result.errors[i], &out);
    }
    buffer_finish(&out);
    config_result_finish(&result);
    return 0;
}
