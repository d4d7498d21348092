/* Images that visitors send: POST /api/widget/files takes one, GET /api/widget/files/ID gives it
 * out to whoever has a signed link. */
#include "api/widget_attachments.h"
#include "api/api_state.h"
#include "api/errand.h"
#include "api/image.h"
#include "api/reply.h"
#include "api/widget.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "chat/settings.h"
#include "gate/link.h"
#include "http/server.h"

#define PATH_BEFORE_ID "/api/widget/files/"

enum { NAME_MAX_BYTES = 100, SIDE_MAX = 8000, LINK_S = 3600, UNSENT_MAX = 20 };
static const int64_t unsent_wait_ms = INT64_C(60) * 60 * 1000;

/* --- how they are shown --- */

/* The same for an hour, so that a browser has it only once. */
static void write_link(const struct session_key *key, struct slice id, struct json_writer *json) {
    char what[64], signature[LINK_SIGNATURE_MAX], link[192];
    int64_t expires_s = (clock_wall_ms() / 1000 / LINK_S + 2) * LINK_S;
    snprintf(what, sizeof what, "file/%.*s", SLICE_ARG(id));
    link_sign(key, slice_of(what), expires_s, signature);
    snprintf(link, sizeof link, PATH_BEFORE_ID "%.*s?until=%lld&sign=%s", SLICE_ARG(id),
             (long long)expires_s, signature);
    json_member_string(json, "url", slice_of(link));
}

static void write_one(const struct session_key *key, const struct store_attachment *attachment,
                      struct json_writer *json) {
    json_begin_object(json);
    json_member_string(json, "id", attachment->id);
    json_member_string(json, "name", attachment->name);
    json_member_string(json, "media_type", attachment->media_type);
    json_member_int(json, "size", attachment->size);
    json_member_int(json, "width", attachment->width);
    json_member_int(json, "height", attachment->height);
    write_link(key, attachment->id, json);
    json_end_object(json);
}

void attachments_write(const struct session_key *key, const struct store_attachment *attachments,
                       size_t count, struct slice message_id, struct json_writer *json) {
    json_begin_array(json);
    for (size_t i = 0; i < count; i++)
        if (slice_equal(attachments[i].message_id, message_id))
            write_one(key, &attachments[i], json);
    json_end_array(json);
}

/* --- how they come to a turn --- */

bool attachments_take(struct store_session *session, const struct store_conversation *whose,
                      const struct slice *ids, size_t count, struct arena *arena,
                      struct store_attachment *ret_attachments, struct fault *fault) {
    for (size_t i = 0; i < count; i++) {
        struct store_attachment *one = &ret_attachments[i];
        bool found;
        if (!store_attachment_get(session, ids[i], arena, &found, one, fault))
            return false;
        if (!found || !slice_equal(one->bot, whose->bot) || !slice_equal(one->user, whose->user) ||
            one->conversation_id.size > 0) {
            fault_set(fault, FAULT_NOT_FOUND,
                      "One of the images is not there any longer. Please add it again.");
            memcpy(fault->code, "attachment_not_found", sizeof "attachment_not_found");
            return fault_param(fault, "attachments");
        }
    }
    return true;
}

/* --- taking one --- */

static bool read_upload(struct errand *errand, struct http_exchange *exchange,
                        struct fault *fault) {
    struct store_attachment *attachment = arena_allocate(errand->arena, sizeof *attachment);
    (void)fault;
    errand->own = attachment;
    errand->what.bot = errand_query(errand, exchange, "bot");
    struct slice name = errand_query(errand, exchange, "name");
    name = slice_first(name, utf8_cut(name, NAME_MAX_BYTES));
    char *kept = arena_allocate(errand->arena, name.size + 1);
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        kept[i] = c < 32 || c == 127 ? ' ' : (char)c;
    }
    attachment->name = slice_trim((struct slice){kept, name.size});
    return true;
}

static bool is_taken(const struct attachment_settings *settings, const char *media_type) {
    for (size_t i = 0; i < settings->type_count; i++)
        if (strcmp(settings->types[i], media_type) == 0)
            return true;
    return false;
}

static bool check_image(const struct attachment_settings *settings, struct slice bytes,
                        struct image *ret_image, struct fault *fault) {
    if (settings->images == 0)
        return fault_set(fault, FAULT_FORBIDDEN, "Images cannot be sent here.");
    if (bytes.size > settings->size_max)
        return fault_set(fault, FAULT_TOO_LARGE,
                         "The image is too large: %zu bytes, and %zu are allowed.", bytes.size,
                         settings->size_max);
    bool is_image = image_read(bytes, ret_image) && is_taken(settings, ret_image->media_type);
    if (!is_image) {
        fault_set(fault, FAULT_BAD_INPUT, "This file is not an image of a kind that is taken.");
        memcpy(fault->code, "attachment_type", sizeof "attachment_type");
        return false;
    }
    if (ret_image->width > SIDE_MAX || ret_image->height > SIDE_MAX) {
        fault_set(fault, FAULT_TOO_LARGE, "The image is too large: at most %d x %d pixels.",
                  SIDE_MAX, SIDE_MAX);
        return false;
    }
    return true;
}

static bool take_upload(struct errand *errand, const struct errand_request *request,
                        struct fault *fault) {
    struct slice body = http_exchange_request(request->exchange)->body;
    struct store_attachment *attachment = errand->own;
    const struct id id = id_create();
    struct image image = {0};
    if (!check_image(&request->bot->attachments, body, &image, fault))
        return false;
    *attachment = (struct store_attachment){
        .id = arena_copy(errand->arena, id_slice(&id)),
        .bot = errand->what.bot,
        .user = errand->what.user,
        .name = attachment->name,
        .media_type = slice_of(image.media_type),
        .data = arena_copy(errand->arena, body),
        .size = (int64_t)body.size,
        .width = image.width,
        .height = image.height,
        .created_ms = clock_wall_ms(),
    };
    return true;
}

static bool run_upload(struct store_session *session, struct errand *errand, struct fault *fault) {
    const struct store_attachment *attachment = errand->own;
    struct json_writer json = json_writer_start(&errand->out);
    int64_t unsent;
    if (!store_attachments_unsent(session, attachment->bot, attachment->user, &unsent, fault))
        return false;
    if (unsent >=
        UNSENT_MAX) { /* they are forgotten after a day: nobody fills the disk with them */
        fault_set(fault, FAULT_RATE_LIMITED,
                  "Too many images wait to be sent. Please send some of them first.");
        fault->retry_after_ms = unsent_wait_ms;
        return false;
    }
    if (!store_attachment_add(session, attachment, fault))
        return false;
    write_one(&chat_parts(errand->chat)->session_key, attachment, &json);
    return true;
}

void widget_upload(struct api *api, struct http_exchange *exchange) {
    static const struct operation operation = {.status = 201,
                                               .writes = true,
                                               .creates = "images",
                                               .only_browsers = true,
                                               .read = read_upload,
                                               .take = take_upload,
                                               .run = run_upload};
    errand_open(api, exchange, &operation);
}

/* --- giving it out --- */

/* Has an arena of its own: it is read on another thread, and the client may be gone by then. */
struct fetching {
    struct store_job job;
    struct chat *chat;
    struct http_exchange *exchange; /* NULL once the client is gone */
    struct arena *arena;
    struct slice id;
    bool found;
    struct store_attachment attachment;
};

static bool run_fetch(struct store_session *session, struct store_job *job, struct fault *fault) {
    struct fetching *it = (struct fetching *)job;
    return store_attachment_get(session, it->id, it->arena, &it->found, &it->attachment, fault);
}

static void give(struct http_exchange *exchange, const struct store_attachment *attachment) {
    /* Whatever is in it, no browser takes it for a page, and no page of its own runs. */
    http_exchange_add_header(exchange, "X-Content-Type-Options", SLICE("nosniff"));
    http_exchange_add_header(exchange, "Content-Security-Policy",
                             SLICE("default-src 'none'; sandbox"));
    http_exchange_add_header(exchange, "Content-Disposition", SLICE("inline"));
    http_exchange_add_header(exchange, "Cross-Origin-Resource-Policy", SLICE("cross-origin"));
    http_exchange_add_header(exchange, "Referrer-Policy", SLICE("no-referrer"));
    http_exchange_add_header(exchange, "Cache-Control", SLICE("private, max-age=3600, immutable"));
    /* One of the four that image.c knows: never the client's word. */
    char type[16];
    snprintf(type, sizeof type, "%.*s", SLICE_ARG(attachment->media_type));
    http_reply(exchange, 200, type, attachment->data);
}

static void on_fetched(struct store_job *job, const struct fault *fault) {
    struct fetching *it = (struct fetching *)job;
    struct chat *chat = it->chat;
    struct fault gone;
    if (fault)
        log_error("an image could not be read", LOG_STRING("error", fault->message),
                  LOG_STRING("detail", fault->detail), );
    else if (!it->found)
        fault_set(&gone, FAULT_NOT_FOUND, "This image was deleted.");
    if (it->exchange && !fault && it->found)
        give(it->exchange, &it->attachment);
    else if (it->exchange)
        reply_error(it->exchange, fault ? fault : &gone);
    arena_destroy(it->arena); /* it lies in it */
    chat_let_go(chat);
}

static void on_gone(void *user) {
    ((struct fetching *)user)->exchange = NULL;
}

static bool may_fetch(const struct api *api, struct http_exchange *exchange, struct slice id,
                      struct fault *fault) {
    struct arena *arena = http_exchange_arena(exchange);
    const struct http_request *request = http_exchange_request(exchange);
    struct slice until, sign;
    int64_t expires_s;
    char what[64];
    snprintf(what, sizeof what, "file/%.*s", SLICE_ARG(slice_first(id, ID_SIZE)));
    if (id_valid(id) && http_query_get(request, arena, "until", &until) &&
        http_query_get(request, arena, "sign", &sign) && slice_to_int64(until, &expires_s) &&
        link_verify(&chat_parts(api->chat)->session_key, slice_of(what), expires_s, sign,
                    clock_wall_ms()))
        return true;
    fault_set(fault, FAULT_FORBIDDEN, "This link has expired. Load the conversation again.");
    memcpy(fault->code, "link_expired", sizeof "link_expired");
    return false;
}

void widget_attachment(struct api *api, struct http_exchange *exchange) {
    struct slice id = slice_from(http_exchange_request(exchange)->path, sizeof PATH_BEFORE_ID - 1);
    struct fault fault;
    if (!may_fetch(api, exchange, id, &fault)) {
        reply_error(exchange, &fault);
        return;
    }
    struct arena *arena = arena_create(1024);
    struct fetching *it = arena_allocate(arena, sizeof *it);
    *it = (struct fetching){
        .job = {.run = run_fetch, .done = on_fetched, .loop = chat_parts(api->chat)->loop},
        .chat = api->chat,
        .exchange = exchange,
        .arena = arena,
        .id = arena_copy(arena, id),
    };
    http_exchange_watch(exchange, &(struct http_watch){on_gone, NULL, it});
    chat_hold(api->chat);
    store_read(chat_parts(api->chat)->store, &it->job);
}
