/* The conversation as Gemini wants it: the user begins and ends it, a call of a function is
 * followed by the results of all calls, and a thought's signature stands in the part that it came
 * with. */
#pragma once
#include "model/turns.h"
struct json_writer;

struct turns gemini_turns(const struct model_call *call, struct arena *arena);
/* The member "systemInstruction", where there is something to say. */
void gemini_write_system(struct json_writer *json, const struct model_call *call);
/* The member "contents". */
void gemini_write_contents(struct json_writer *json, const struct turns *turns);
