/* What browsers load, and the widget's texts: made by script/web from web/, part of the program. */
#pragma once
#include "base/slice.h"
struct api;
struct http_exchange;

/* GET /widget.js, /widget.mjs, and the same under a name that holds their hash. */
void widget_file(struct api *api, struct http_exchange *exchange);
/* GET /desk and what it loads. */
void desk_file(struct api *api, struct http_exchange *exchange);
/* A JSON object with the texts in the language that fits that tag best, and its own tag. */
struct slice widget_texts(struct slice language, struct slice *ret_texts);

/* widget_assets.c and desk_assets.c, which are generated. */
struct web_asset {
    const char *path; /* "/widget.js" */
    const char *type;
    const char *hash; /* 16 hex digits of its content */
    struct slice plain, gzip;
};
extern const struct web_asset widget_assets[], desk_assets[]; /* end with a path of NULL */
struct widget_language {
    const char *tag; /* "pt" */
    struct slice texts;
};
extern const struct widget_language widget_languages[]; /* English first; ends with NULL */
