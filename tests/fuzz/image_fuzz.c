/* api/image: never beyond the end, and what is told does not depend on what follows. */
#include "api/image.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *copy = malloc(size + 64);
    struct image image, again;
    if (size > 0)
        memcpy(copy, data, size);
    memset(copy + size, 0x5a, 64);
    char *exact = malloc(size + !size);
    memcpy(exact, copy, size);
    bool is_image = image_read((struct slice){exact, size}, &image);
    free(exact);
    if (is_image) {
        if (image.width <= 0 || image.height <= 0 || !image.media_type ||
            !image_read((struct slice){copy, size + 64}, &again) || again.width != image.width ||
            again.height != image.height || strcmp(again.media_type, image.media_type) != 0)
            abort();
    }
    free(copy);
    return 0;
}
