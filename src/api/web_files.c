#include "api/web_files.h"
#include "api/reply.h"
#include "base/fault.h"
#include "http/server.h"

#define PATH_BEFORE_HASH "/widget/"

struct slice widget_texts(struct slice language, struct slice *ret_texts) {
    const struct widget_language *best = &widget_languages[0];
    struct slice primary = slice_first(language, slice_find_byte(language, '-'));
    for (const struct widget_language *one = widget_languages; one->tag; one++)
        if (slice_equal_nocase(slice_of(one->tag), primary))
            best = one;
    *ret_texts = best->texts;
    return slice_of(best->tag);
}

/* "/widget/0123456789abcdef.js": the same for ever. */
static bool is_pinned(const struct web_asset *asset, struct slice path) {
    struct slice before = SLICE(PATH_BEFORE_HASH), hash = slice_of(asset->hash);
    struct slice kind = slice_from(slice_of(asset->path), sizeof "/widget" - 1); /* ".js" */
    return slice_starts_with(path, before) &&
           slice_starts_with(slice_from(path, before.size), hash) &&
           slice_equal(slice_from(path, before.size + hash.size), kind);
}

static const struct web_asset *find(struct slice path, bool *ret_pinned) {
    for (const struct web_asset *asset = widget_assets; asset->path; asset++) {
        *ret_pinned = is_pinned(asset, path);
        if (*ret_pinned || slice_is(path, asset->path))
            return asset;
    }
    return NULL;
}

static bool takes_gzip(const struct http_request *request) {
    struct slice rest = http_header_get(request, "Accept-Encoding"), one;
    while (slice_split(&rest, ',', &one)) {
        struct slice name = slice_trim(slice_first(one, slice_find_byte(one, ';')));
        bool never =
            slice_find(one, SLICE("q=0")) != SIZE_MAX && slice_find(one, SLICE("q=0.")) == SIZE_MAX;
        if (slice_equal_nocase(name, SLICE("gzip")) && !never)
            return true;
    }
    return false;
}

static void refuse(struct http_exchange *exchange) {
    struct slice path = http_exchange_request(exchange)->path;
    struct fault fault;
    fault_set(&fault, FAULT_NOT_FOUND, "There is nothing at %.*s.",
              (int)slice_first(path, 100).size, path.data);
    reply_error(exchange, &fault);
}

/* What else its headers say is added before. */
static void serve(struct http_exchange *exchange, const struct web_asset *asset) {
    const struct http_request *request = http_exchange_request(exchange);
    bool gzip = takes_gzip(request);
    char tag[40];
    snprintf(tag, sizeof tag, "\"%s%s\"", asset->hash, gzip ? "-gz" : "");
    http_exchange_add_header(exchange, "ETag", slice_of(tag));
    http_exchange_add_header(exchange, "Vary", SLICE("Accept-Encoding"));
    http_exchange_add_header(exchange, "X-Content-Type-Options", SLICE("nosniff"));
    if (slice_is(http_header_get(request, "If-None-Match"), tag)) {
        http_reply(exchange, 304, NULL, (struct slice){NULL, 0});
        return;
    }
    if (gzip)
        http_exchange_add_header(exchange, "Content-Encoding", SLICE("gzip"));
    http_reply(exchange, 200, asset->type, gzip ? asset->gzip : asset->plain);
}

void widget_file(struct api *api, struct http_exchange *exchange) {
    bool pinned;
    const struct web_asset *asset = find(http_exchange_request(exchange)->path, &pinned);
    (void)api;
    if (!asset) {
        refuse(exchange);
        return;
    }
    http_exchange_add_header(exchange, "Cache-Control",
                             pinned ? SLICE("public, max-age=31536000, immutable")
                                    : SLICE("public, max-age=300, stale-while-revalidate=86400"));
    /* Any page may load it, also one that is isolated from other origins. */
    http_exchange_add_header(exchange, "Access-Control-Allow-Origin", SLICE("*"));
    http_exchange_add_header(exchange, "Cross-Origin-Resource-Policy", SLICE("cross-origin"));
    serve(exchange, asset);
}

/* Nothing but its own files and doors, in nobody's frame: what visitors write is shown here. */
void desk_file(struct api *api, struct http_exchange *exchange) {
    struct slice path = http_exchange_request(exchange)->path;
    if (slice_is(path, "/desk/"))
        path.size--;
    const struct web_asset *asset = desk_assets;
    (void)api;
    while (asset->path && !slice_is(path, asset->path))
        asset++;
    if (!asset->path) {
        refuse(exchange);
        return;
    }
    http_exchange_add_header(
        exchange, "Content-Security-Policy",
        SLICE("default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
              "form-action 'self'; frame-ancestors 'none'"));
    http_exchange_add_header(exchange, "X-Frame-Options", SLICE("DENY"));
    http_exchange_add_header(exchange, "Referrer-Policy", SLICE("no-referrer"));
    http_exchange_add_header(exchange, "Cross-Origin-Resource-Policy", SLICE("same-origin"));
    http_exchange_add_header(exchange, "Cache-Control", SLICE("no-cache"));
    serve(exchange, asset);
}
