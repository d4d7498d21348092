/* How the bench steers the mock, by POST to /control/...: go starts the held streams, finish ends
 * them, stats tells what the mock has done. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct connection;
struct mock;

/* False if the path is none of control's; otherwise does it and fills the reply. */
bool control_request(struct mock *mock, const char *path, size_t length, char *ret_reply,
                     size_t size);
/* Puts an answering stream where its plan says. */
void connection_pace(struct connection *connection);
