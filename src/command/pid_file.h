/* The file that says which process serves: it is locked as long as that process lives, so a stale
 * one is told from a running server. */
#pragma once
#include <stdbool.h>
struct fault;

/* Creates, locks and writes it; keep the descriptor open. False when a server holds it or it cannot
 * be written. */
bool pid_file_take(const char *path, int *ret_descriptor, struct fault *fault);
void pid_file_release(const char *path, int descriptor);
/* Process id of the server that holds it; 0 when none does. */
long pid_file_read(const char *path);
