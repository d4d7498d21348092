/* The application log: one line per record on standard error, as text or JSON. The only global
 * state. Never pass a key, a token or a message body. Thread-safe; a line is written with one
 * system call. */
#pragma once
#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_SILENT };
enum log_format { LOG_TEXT, LOG_JSON };

/* A field of a record: LOG_STRING("bot", name) or LOG_NUMBER("ms", 12). */
struct log_field {
    const char *name;
    struct slice text; /* used when `is_text` */
    int64_t number;
    bool is_text;
};
#define LOG_STRING(name, value)                                                                    \
    (struct log_field) {                                                                           \
        (name), slice_of(value), 0, true                                                           \
    }
#define LOG_SLICE(name, value)                                                                     \
    (struct log_field) {                                                                           \
        (name), (value), 0, true                                                                   \
    }
#define LOG_NUMBER(name, value)                                                                    \
    (struct log_field) {                                                                           \
        (name), {NULL, 0}, (value), false                                                          \
    }

void log_configure(enum log_level least, enum log_format format);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

#define LOG_RECORD(level, message, ...)                                                            \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            const struct log_field log_fields_[] = {__VA_ARGS__ LOG_NUMBER(NULL, 0)};              \
            log_write((level), (message), log_fields_,                                             \
                      sizeof log_fields_ / sizeof log_fields_[0] - 1);                             \
        }                                                                                          \
    } while (0)
/* log_info("turn done", LOG_STRING("bot", name), LOG_NUMBER("ms", 12), ); note the last comma. */
#define log_debug(message, ...)   LOG_RECORD(LOG_DEBUG, message, __VA_ARGS__)
#define log_info(message, ...)    LOG_RECORD(LOG_INFO, message, __VA_ARGS__)
#define log_warning(message, ...) LOG_RECORD(LOG_WARNING, message, __VA_ARGS__)
#define log_error(message, ...)   LOG_RECORD(LOG_ERROR, message, __VA_ARGS__)
