#include "base/log.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include <stdatomic.h>
#include <unistd.h>

static atomic_int least_level = LOG_INFO;
static atomic_int line_format = LOG_TEXT;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_configure(enum log_level least, enum log_format format) {
    atomic_store(&least_level, (int)least);
    atomic_store(&line_format, (int)format);
}

bool log_enabled(enum log_level level) {
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

static void write_json(struct buffer *line, const char *when, enum log_level level,
                       const char *message, const struct log_field *fields, size_t count) {
    struct json_writer json = json_writer_start(line);
    json_begin_object(&json);
    json_member_string(&json, "time", slice_of(when));
    json_member_string(&json, "level", slice_of(level_names[level]));
    json_member_string(&json, "message", slice_of(message));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_text)
            json_member_string(&json, fields[i].name, fields[i].text);
        else
            json_member_int(&json, fields[i].name, fields[i].number);
    }
    json_end_object(&json);
}

/* Plain where it can be, quoted as JSON where a value has blanks, quotes or control characters: one
 * record stays one line whatever a client sends. */
static void write_text_value(struct buffer *line, struct slice value) {
    bool plain = value.size > 0;
    for (size_t i = 0; i < value.size && plain; i++)
        plain = (unsigned char)value.data[i] > ' ' && value.data[i] != '"' &&
                (unsigned char)value.data[i] < 0x7F;
    if (plain)
        buffer_append(line, value);
    else
        json_append_string(line, value);
}

static void write_text(struct buffer *line, const char *when, enum log_level level,
                       const char *message, const struct log_field *fields, size_t count) {
    buffer_printf(line, "%s %-7s %s", when, level_names[level], message);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(line, " %s=", fields[i].name);
        if (fields[i].is_text)
            write_text_value(line, fields[i].text);
        else
            buffer_append_int64(line, fields[i].number);
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count) {
    struct buffer line = {0};
    char when[25];
    clock_format(clock_wall_ms(), when);
    if (atomic_load(&line_format) == LOG_JSON)
        write_json(&line, when, level, message, fields, count);
    else
        write_text(&line, when, level, message, fields, count);
    buffer_append_byte(&line, '\n');
    if (write(STDERR_FILENO, line.data, line.size) < 0) {
        /* There is nowhere left to complain to. */
    }
    buffer_finish(&line);
}
