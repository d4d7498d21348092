/* Images by their bytes. */
#include "api/image.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    const char *media_type;
    int64_t width, height;
    struct slice bytes;
};

/* Heads of files as encoders write them. */
static const struct sample samples[] = {
    {"image/png",
     640,
     480,
     {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0", 29}},
    {"image/gif", 258, 3, {"GIF89a\x02\x01\x03\x00\x80\0\0", 13}},
    {"image/gif", 1, 1, {"GIF87a\x01\x00\x01\x00\x80\0\0", 13}},
    /* An APP1 segment and a quantisation table before the frame, with bytes of filling. */
    {"image/jpeg",
     800,
     600,
     {"\xff\xd8\xff\xe1\x00\x08"
      "Exif\0\0\xff\xff\xff\xdb\x00\x04\x01\x02\xff\xc0\x00\x11\x08\x02\x58\x03\x20\x03",
      32}},
    /* Progressive; a Huffman table (C4) is no frame. */
    {"image/jpeg",
     16,
     8,
     {"\xff\xd8\xff\xc4\x00\x04\x01\x02\xff\xc2\x00\x11\x08\x00\x08\x00\x10\x03", 18}},
    {"image/webp",
     550,
     368,
     {"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\x26\x02\x70\x01\0\0",
      32}},
    /* Lossless: 14 bits each, one less than the size. */
    {"image/webp",
     386,
     395,
     {"RIFF\x24\x00\x00\x00WEBPVP8L\x18\x00\x00\x00\x2f\x81\x81\x62\x00\0\0\0\0\0\0\0", 32}},
    {"image/webp",
     1000,
     70000,
     {"RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\0\0\0\xe7\x03\x00\x6f\x11\x01\0\0", 32}},
};

static void each_kind_is_known_with_its_size(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct image image;
        assert_true(image_read(samples[i].bytes, &image));
        assert_string_equal(image.media_type, samples[i].media_type);
        assert_int_equal(image.width, samples[i].width);
        assert_int_equal(image.height, samples[i].height);
    }
}

/* Cut anywhere, it is read or it is not; never beyond its end (the copy is exact, for ASan). */
static void cut_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        for (size_t size = 0; size < samples[i].bytes.size; size++) {
            struct image image = {0};
            char *copy = test_malloc(size + !size);
            memcpy(copy, samples[i].bytes.data, size);
            if (image_read((struct slice){copy, size}, &image))
                assert_int_equal(image.width, samples[i].width);
            else
                assert_true(size < 30);
            test_free(copy);
        }
}

static void what_is_none_is_refused(void **state) {
    (void)state;
    static const struct slice none[] = {
        {NULL, 0},
        {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", 41},
        {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\x01\xe0\x08\x02\0\0\0", 29}, /* no width */
        {"\xff\xd8\xff\xd9", 4},
        {"\xff\xd8\xff\xda\x00\x04\x01\x02\xff\xc0\x00\x11\x08\x02\x58\x03\x20\x03", 18},
        {"\xff\xd8\xff\xe1\x00\x00\xff\xe1\x00\x00\xff\xe1\x00\x00", 14}, /* lengths of nothing */
        {"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\0\0\0\0\0\0\0\0", 32},
        {"RIFF\x24\x00\x00\x00WEBPVP8L\x18\x00\x00\x00\x2e\x81\x81\x62\x00\0\0\0\0\0\0\0", 32},
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct image image;
        assert_false(image_read(none[i], &image));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_known_with_its_size),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
