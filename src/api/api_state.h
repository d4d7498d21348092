/* The inside of an api, for the files of this folder only. */
#pragma once
#include "api/api.h"
#include "base/buffer.h"

struct widget_stream;

struct api {
    struct chat *chat;
    struct api_options options;
    struct widget_stream *streams; /* of the widget, open; see widget_events.c */
    bool draining;
    struct buffer scratch; /* for one event at a time: the loop's own, so that streams need none */
};
