/* The inside of an api, for the files of this folder only. */
#pragma once
#include "api/api.h"
#include "base/buffer.h"

struct stream;

struct api {
    struct chat *chat;
    struct api_options options;
    struct stream *streams; /* open; see stream.c */
    bool draining;
    struct buffer scratch; /* for one event at a time: the loop's own, so that streams need none */
};
