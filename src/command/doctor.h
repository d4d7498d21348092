/* What `switchboard doctor` found, and the checks that it is made of. Private to the command. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
struct config;
struct chat;
struct fault;
struct loop;
struct model_choice;

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED };

struct doctor {
    bool json;
    size_t counts[3]; /* by level */
};

/* Prints one line: what was looked at, what was found and, unless it is fine, what to do. */
void doctor_tell(struct doctor *doctor, enum doctor_level level, const char *subject,
                 const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_server.c: address, files, knowledge. */
void doctor_server(struct doctor *doctor, const struct config *config);
/* doctor_keys.c: the key sets that bots check tokens with. */
void doctor_keys(struct doctor *doctor, const struct config *config);
/* doctor_tools.c: the databases that tools ask. */
void doctor_tools(struct doctor *doctor, const struct config *config);
/* What to do when a server could not be reached. */
const char *doctor_network_advice(const struct fault *fault);
/* doctor_provider.c: one provider, by one small streamed call of that model. Runs the loop. */
void doctor_provider(struct doctor *doctor, struct chat *chat, struct loop *loop,
                     const struct model_choice *choice);
