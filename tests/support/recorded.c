#include "recorded.h"
#include <dirent.h>
#include <stdio.h>

static bool read_file(const char *path, struct buffer *out) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size;
    do {
        size = fread(buffer_reserve(out, 65536), 1, 65536, file);
        out->size += size;
    } while (size > 0);
    fclose(file);
    return true;
}

/* "status line, headers, blank line, body", with the line ends of the provider. */
static void split_http(struct slice file, struct recorded *reply) {
    size_t end = slice_find(file, SLICE("\r\n\r\n")), gap = 4;
    if (end == SIZE_MAX) {
        end = slice_find(file, SLICE("\n\n"));
        gap = 2;
    }
    reply->head = slice_first(file, end);
    reply->body = end == SIZE_MAX ? (struct slice){NULL, 0} : slice_from(file, end + gap);
    int64_t status;
    if (slice_to_int64(slice_first(slice_from(reply->head, 9), 3), &status))
        reply->status = (int)status;
    struct slice type = recorded_header(reply, "content-type");
    reply->events = slice_find(type, SLICE("event-stream")) != SIZE_MAX;
}

/* One payload a line. */
static void frame(struct slice lines, struct buffer *out) {
    struct slice line;
    while (slice_split(&lines, '\n', &line))
        if (slice_trim(line).size > 0)
            buffer_printf(out, "data: %.*s\n\n", SLICE_ARG(slice_trim(line)));
}

static void visit_file(const char *path, const char *name, recorded_visit *visit, void *user) {
    struct buffer file = {0}, framed = {0};
    struct slice whole = slice_of(name);
    struct recorded reply = {.name = name, .status = 200, .events = true};
    if (read_file(path, &file)) {
        reply.body = buffer_slice(&file);
        if (slice_ends_with(whole, SLICE(".http"))) {
            split_http(buffer_slice(&file), &reply);
        } else if (slice_ends_with(whole, SLICE(".chunks.txt"))) {
            frame(buffer_slice(&file), &framed);
            reply.body = buffer_slice(&framed);
        } else if (slice_ends_with(whole, SLICE(".json"))) {
            reply.events = false;
        }
        visit(user, &reply);
    }
    buffer_finish(&file);
    buffer_finish(&framed);
}

static int is_reply(const struct dirent *entry) {
    return entry->d_name[0] != '.' && !slice_ends_with(slice_of(entry->d_name), SLICE(".req.json"));
}

bool recorded_each(const char *folder, recorded_visit *visit, void *user) {
    const char *shared = getenv("SWITCHBOARD_SHARED"), *only = getenv("SWITCHBOARD_FIXTURES");
    struct buffer path = {0};
    struct dirent **entries;
    buffer_printf(&path, "%s/fixtures/", shared ? shared : SOURCE_ROOT "/../shared");
    size_t root = path.size;
    buffer_append_string(&path, folder);
    int count = scandir(buffer_string(&path), &entries, is_reply, alphasort);
    size_t size = path.size;
    for (int i = 0; i < count; i++) {
        path.size = size;
        buffer_printf(&path, "/%s", entries[i]->d_name);
        if (!only || strstr(buffer_string(&path) + root, only))
            visit_file(buffer_string(&path), entries[i]->d_name, visit, user);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    buffer_finish(&path);
    return count >= 0;
}

struct slice recorded_header(const void *recorded, const char *name) {
    const struct recorded *reply = recorded;
    struct slice lines = reply->head, line;
    while (slice_split(&lines, '\n', &line)) {
        size_t colon = slice_find_byte(line, ':');
        if (colon != SIZE_MAX && slice_equal_nocase(slice_first(line, colon), slice_of(name)))
            return slice_trim(slice_from(line, colon + 1));
    }
    return (struct slice){NULL, 0};
}
