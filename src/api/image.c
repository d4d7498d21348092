#include "api/image.h"
#include <string.h>

static unsigned byte_at(struct slice bytes, size_t at) {
    return (unsigned char)bytes.data[at];
}

static int64_t big(struct slice bytes, size_t at, size_t size) {
    int64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number * 256 + byte_at(bytes, at + i);
    return number;
}

static int64_t little(struct slice bytes, size_t at, size_t size) {
    int64_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number * 256 + byte_at(bytes, at + i);
    return number;
}

static bool has(struct slice bytes, size_t at, struct slice what) {
    return bytes.size >= at + what.size && memcmp(bytes.data + at, what.data, what.size) == 0;
}

static bool read_png(struct slice bytes, struct image *image) {
    if (!has(bytes, 0, SLICE("\x89PNG\r\n\x1a\n")) || !has(bytes, 12, SLICE("IHDR")) ||
        bytes.size < 24)
        return false;
    *image = (struct image){"image/png", big(bytes, 16, 4), big(bytes, 20, 4)};
    return true;
}

static bool read_gif(struct slice bytes, struct image *image) {
    if ((!has(bytes, 0, SLICE("GIF87a")) && !has(bytes, 0, SLICE("GIF89a"))) || bytes.size < 10)
        return false;
    *image = (struct image){"image/gif", little(bytes, 6, 2), little(bytes, 8, 2)};
    return true;
}

/* Start of a frame; C4, C8 and CC are tables and reserved. */
static bool is_frame(unsigned marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool read_jpeg(struct slice bytes, struct image *image) {
    if (!has(bytes, 0, SLICE("\xff\xd8\xff")))
        return false;
    size_t at = 2;
    while (at + 9 <= bytes.size && byte_at(bytes, at) == 0xff) {
        unsigned marker = byte_at(bytes, at + 1);
        if (marker == 0xff) { /* filling */
            at++;
            continue;
        }
        if (is_frame(marker)) {
            *image = (struct image){"image/jpeg", big(bytes, at + 7, 2), big(bytes, at + 5, 2)};
            return true;
        }
        if (marker == 0xda || marker == 0xd9) /* the picture itself, or its end */
            return false;
        at += 2 + (size_t)big(bytes, at + 2, 2);
    }
    return false;
}

static bool read_webp(struct slice bytes, struct image *image) {
    if (!has(bytes, 0, SLICE("RIFF")) || !has(bytes, 8, SLICE("WEBP")) || bytes.size < 30)
        return false;
    image->media_type = "image/webp";
    if (has(bytes, 12, SLICE("VP8X"))) {
        image->width = little(bytes, 24, 3) + 1;
        image->height = little(bytes, 27, 3) + 1;
    } else if (has(bytes, 12, SLICE("VP8L")) && byte_at(bytes, 20) == 0x2f) {
        int64_t both = little(bytes, 21, 4);
        image->width = (both & 0x3fff) + 1;
        image->height = (both >> 14 & 0x3fff) + 1;
    } else if (has(bytes, 12, SLICE("VP8 ")) && has(bytes, 23, SLICE("\x9d\x01\x2a"))) {
        image->width = little(bytes, 26, 2) & 0x3fff;
        image->height = little(bytes, 28, 2) & 0x3fff;
    } else {
        return false;
    }
    return true;
}

bool image_read(struct slice bytes, struct image *ret_image) {
    struct image image = {0};
    if (!read_png(bytes, &image) && !read_jpeg(bytes, &image) && !read_gif(bytes, &image) &&
        !read_webp(bytes, &image))
        return false;
    *ret_image = image;
    return image.width > 0 && image.height > 0;
}
