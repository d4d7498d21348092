#include "chat/images.h"
#include "base/arena.h"
#include "model/provider.h"
#include "store/records.h"
#include <sodium.h>

enum { IMAGES_MAX = 32, DATA_MAX_COUNT = 8 };
static const int64_t data_max = INT64_C(6) * 1024 * 1024; /* bytes of all that are sent again */

struct slice images_encode(struct slice bytes, struct arena *arena) {
    size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_allocate(arena, size);
    sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_ORIGINAL);
    return (struct slice){text, size - 1};
}

bool images_load(struct store_session *session, struct slice conversation_id, struct arena *arena,
                 struct images *ret_images, struct fault *fault) {
    struct images images = {0};
    int64_t size = 0;
    size_t with_data = 0;
    if (!store_attachments_list(session, conversation_id, IMAGES_MAX, arena, &images.all,
                                &images.count, fault))
        return false;
    for (size_t i = images.count; i-- > 0;) {
        struct store_attachment *image = &images.all[i];
        bool found;
        size += image->size;
        if (++with_data > DATA_MAX_COUNT || size > data_max)
            break;
        if (!store_attachment_get(session, image->id, arena, &found, image, fault))
            return false;
        image->data = found ? images_encode(image->data, arena) : (struct slice){NULL, 0};
    }
    *ret_images = images;
    return true;
}

size_t images_of(const struct images *images, struct slice message_id) {
    size_t count = 0;
    for (size_t i = 0; i < images->count; i++)
        count += slice_equal(images->all[i].message_id, message_id);
    return count;
}

static struct model_part part_of(const struct store_attachment *image, struct arena *arena) {
    if (image->data.size == 0)
        return (struct model_part){.kind = MODEL_PART_TEXT,
                                   .text = SLICE("(An image stood here that is no longer shown.)")};
    return (struct model_part){.kind = MODEL_PART_IMAGE,
                               .media_type = arena_copy(arena, image->media_type),
                               .data = arena_copy(arena, image->data)};
}

struct model_message images_message(const struct images *images, struct slice message_id,
                                    struct slice text, struct arena *arena) {
    struct model_part *parts = arena_array(arena, images_of(images, message_id) + 1, sizeof *parts);
    size_t count = 0;
    if (text.size > 0)
        parts[count++] =
            (struct model_part){.kind = MODEL_PART_TEXT, .text = arena_copy(arena, text)};
    for (size_t i = 0; i < images->count; i++)
        if (slice_equal(images->all[i].message_id, message_id))
            parts[count++] = part_of(&images->all[i], arena);
    return (struct model_message){MODEL_USER, parts, count};
}
