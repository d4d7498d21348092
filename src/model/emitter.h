/* What all translators do with what they read: hand events to the sink in the promised order (START
 * first, FINISH once and last), number the tool calls and mend text cut within a character. */
#pragma once
#include "model/provider.h"
#include "model/text_join.h"

enum { EMITTER_CALLS_MAX = 128 };

struct emitter_call {
    struct emitter_call *next;
    int64_t key;     /* the vendor's index of the call or block, -1 if it gave none */
    struct slice id; /* as the vendor gave it, may be empty */
    struct slice name;
    size_t position; /* 0, 1, 2 … in order of appearance */
    size_t number;   /* the same in order of announcement, which is what readers are told */
    bool announced;
    struct buffer early; /* arguments that came before the name */
    struct text_join join;
};

struct emitter {
    model_sink *sink;
    void *user;
    struct arena *arena;
    struct buffer scratch;
    struct text_join text, reasoning, refusal;
    struct emitter_call *calls, *last_call;
    size_t call_count, announced_count;
    bool muted;    /* given up by its owner: nothing is emitted any more */
    bool started;  /* START was emitted */
    bool spoken;   /* text of any kind or a tool call was emitted */
    bool finished; /* FINISH was emitted */
    enum model_finish finish;
    char finish_raw[48];
};

void emitter_init(struct emitter *emitter, struct arena *arena, model_sink *sink, void *user);
void emitter_release(struct emitter *emitter);

/* Emits START unless that was done. The values are JSON strings, or missing. */
void emitter_start(struct emitter *emitter, struct slice id, struct slice model);
/* A delta of the kind TEXT, REASONING or REFUSAL from a JSON string; other values and empty text
 * emit nothing. */
void emitter_text(struct emitter *emitter, enum model_event_kind kind, struct slice value);
/* The opaque content of a JSON string. */
void emitter_signature(struct emitter *emitter, struct slice value);
/* The same for reasoning that the vendor encrypted as a whole. */
void emitter_redacted(struct emitter *emitter, struct slice value);
void emitter_usage(struct emitter *emitter, const struct model_usage *usage);

struct emitter_call *emitter_find_key(struct emitter *emitter, int64_t key);
struct emitter_call *emitter_find_id(struct emitter *emitter, struct slice id);
struct emitter_call *emitter_find_position(struct emitter *emitter, size_t position);
/* Begins a call; NULL when there are too many. It is announced once its name is known. */
struct emitter_call *emitter_call(struct emitter *emitter, int64_t key, struct slice id);
/* The first name that is not empty counts. Emits TOOL_CALL. */
void emitter_call_name(struct emitter *emitter, struct emitter_call *call, struct slice name);
/* A piece of the arguments: a JSON string, or any other value as its own text. */
void emitter_call_arguments(struct emitter *emitter, struct emitter_call *call, struct slice value);

/* Notes how the answer ends; the first word counts. */
void emitter_note_finish(struct emitter *emitter, enum model_finish finish, struct slice raw);
/* Emits what still waits, and FINISH. An answer that stopped in order but called tools ends with
 * TOOL_CALLS. */
void emitter_finish(struct emitter *emitter);
