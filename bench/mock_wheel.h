/* Fires each member once a period, with the members' phases spread evenly over it: a wheel of slots
 * that is turned one slot a tick. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A place in one list, kept inside the member. Lists are circular with a head of the same type. */
struct place {
    struct place *next, *previous;
};
void place_init(struct place *place); /* makes an empty list, or a member of none */
void place_append(struct place *list, struct place *member);
void place_remove(struct place *member); /* harmless for a member of no list */

struct wheel {
    int64_t period_ns, tick_ns;
    int64_t next_ns;  /* when the slot at `position` is due */
    int64_t late_ns;  /* the most that a slot was late: tells whether the bench machine kept up */
    uint64_t skipped; /* slots given up because the wheel was a whole period behind */
    unsigned slot_count, position;
    uint64_t added;
    size_t members;
    struct place *slots;
};
typedef void wheel_fire(void *user, struct place *member);

void wheel_init(struct wheel *wheel, int64_t period_us, int64_t tick_us);
void wheel_add(struct wheel *wheel, struct place *member);
void wheel_remove(struct wheel *wheel, struct place *member);
/* Turns up to `now`; `fire` may remove the member it is called for. */
void wheel_turn(struct wheel *wheel, int64_t now, wheel_fire *fire, void *user);
