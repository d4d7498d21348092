/* What the tests of this folder share. Include it first. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include "base/buffer.h"
#include "config/config.h"
#include <cmocka.h>
#include <unistd.h>

/* The names of model/registry.c, as messages list them. */
#define APIS "openai, anthropic, gemini, mistral, offline"

/* A new folder, made the working directory; the fixture of every test group here. */
static inline int enter_folder(void **state) {
    char folder[] = "/tmp/switchboard-config-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    *state = strdup(folder);
    return 0;
}

static inline int leave_folder(void **state) {
    static const char *const left[] = {"switchboard.yaml", "faq.md", "key.pem", "site", "shop.db"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        remove(left[i]);
    int result = chdir("/") != 0 || rmdir(*state) != 0 ? -1 : 0;
    free(*state);
    return result;
}

static inline void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline struct config_result load(const char *text) {
    return config_load_text("switchboard.yaml", slice_of(text));
}

/* All mistakes as config_error_print prints them. The caller finishes the buffer. */
static inline struct buffer printed(const struct config_result *result) {
    struct buffer out = {0};
    for (size_t i = 0; i < result->error_count; i++)
        config_error_print(&result->errors[i], &out);
    return out;
}

static inline struct config_result load_good(const char *text) {
    struct config_result result = load(text);
    struct buffer out = printed(&result);
    if (!result.config)
        fail_msg("refused:\n%s", buffer_string(&out));
    buffer_finish(&out);
    assert_int_equal(result.error_count, 0);
    return result;
}
