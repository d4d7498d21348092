/* What kind of image some bytes are, by the bytes themselves: what a client says of them is not
 * asked. PNG (ISO 15948), JPEG (ITU T.81), GIF (89a), WebP (RFC 9649). Thread-safe. */
#pragma once
#include "base/slice.h"

struct image {
    const char *media_type; /* "image/png", … */
    int64_t width, height;  /* pixels */
};
/* False when it is none of these, or broken before its size is told. Nothing is decoded: what comes
 * behind may still be broken. */
bool image_read(struct slice bytes, struct image *ret_image);
