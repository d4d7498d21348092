#include "api/site.h"
#include "api/api_state.h"
#include "api/reply.h"
#include "http/server.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_MAX = 8 * 1024 * 1024 };

static const char *const types[][2] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
};

static const char *type_of(struct slice path) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (slice_ends_with(path, slice_of(types[i][0])))
            return types[i][1];
    return "application/octet-stream";
}

/* The kernel itself refuses ".." and links that lead out of the folder. */
static int open_beneath(const char *folder, const char *path) {
    int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int file = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    close(root);
    return file;
}

static bool read_file(int file, struct buffer *out) {
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > FILE_MAX)
        return false;
    for (;;) {
        ssize_t count = read(file, buffer_reserve(out, 65536), 65536);
        if (count <= 0)
            return count == 0;
        out->size += (size_t)count;
        if (out->size > FILE_MAX)
            return false;
    }
}

static bool load(const char *folder, struct slice path, struct buffer *out) {
    char relative[PATH_MAX];
    if (slice_find(path, SLICE("/.")) != SIZE_MAX || path.size + 16 > sizeof relative)
        return false;
    bool is_folder = path.data[path.size - 1] == '/';
    snprintf(relative, sizeof relative, "%.*s%s", (int)path.size - 1, path.data + 1,
             is_folder ? "index.html" : "");
    int file = open_beneath(folder, relative);
    if (file < 0)
        return false;
    bool ok = read_file(file, out);
    close(file);
    return ok;
}

void site_serve(struct api *api, struct http_exchange *exchange) {
    struct slice path = http_exchange_request(exchange)->path;
    struct buffer body = {0};
    struct fault fault;
    if (api->options.site && load(api->options.site, path, &body)) {
        http_exchange_add_header(exchange, "Cache-Control", SLICE("no-cache"));
        http_exchange_add_header(exchange, "X-Content-Type-Options", SLICE("nosniff"));
        bool is_folder = path.data[path.size - 1] == '/';
        http_reply(exchange, 200, is_folder ? types[0][1] : type_of(path), buffer_slice(&body));
    } else {
        fault_set(&fault, FAULT_NOT_FOUND, "There is nothing at %.*s.",
                  (int)slice_first(path, 100).size, path.data);
        reply_error(exchange, &fault);
    }
    buffer_finish(&body);
}
