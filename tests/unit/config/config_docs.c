/* config_docs FOLDER: writes configuration.md and switchboard.schema.json there. */
#include "base/buffer.h"
#include "config/config.h"

static bool write_page(const char *folder, const char *name, void (*make)(struct buffer *out)) {
    struct buffer path = {0}, page = {0};
    buffer_printf(&path, "%s/%s", folder, name);
    make(&page);
    FILE *file = fopen(buffer_string(&path), "we");
    bool written = file && fwrite(page.data, 1, page.size, file) == page.size;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        perror(buffer_string(&path));
    buffer_finish(&path);
    buffer_finish(&page);
    return written;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: config_docs FOLDER\n", stderr);
        return 2;
    }
    bool written = write_page(arguments[1], "configuration.md", config_reference_write) &&
                   write_page(arguments[1], "switchboard.schema.json", config_schema_write);
    return written ? 0 : 1;
}
