/* Posts the webhooks that wait in the database. One loop of the process does it; several processes
 * on one database share the work, since each row is claimed before it is sent. A row that nobody
 * ended, because its process was killed, is due again when its claim is over, under the same id. */
#pragma once
struct chat;
struct webhook_sender;

/* Begins at once. Loop's thread, or before it runs. */
struct webhook_sender *webhook_sender_create(struct chat *chat);
/* Starts nothing more, and gives back what is under way: it is sent again, by whoever comes next.
 * Calls `stopped` when the database knows. */
void webhook_sender_stop(struct webhook_sender *sender, void (*stopped)(void *user), void *user);
/* Once it is stopped. NULL is fine. */
void webhook_sender_destroy(struct webhook_sender *sender);
