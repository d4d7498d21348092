#include "mock_wheel.h"
#include "clock.h"
#include <stdio.h>
#include <stdlib.h>

void place_init(struct place *place) {
    place->next = place->previous = place;
}

void place_append(struct place *list, struct place *member) {
    member->previous = list->previous;
    member->next = list;
    list->previous->next = member;
    list->previous = member;
}

void place_remove(struct place *member) {
    member->previous->next = member->next;
    member->next->previous = member->previous;
    place_init(member);
}

void wheel_init(struct wheel *wheel, int64_t period_us, int64_t tick_us) {
    unsigned count = period_us > tick_us ? (unsigned)(period_us / tick_us) : 1;
    struct place *slots = calloc(count, sizeof(*slots));
    if (!slots) {
        fprintf(stderr, "mock_upstream: out of memory\n");
        exit(1);
    }
    for (unsigned i = 0; i < count; i++)
        place_init(&slots[i]);
    *wheel = (struct wheel){
        .period_ns = period_us * NS_PER_US,
        .tick_ns = period_us * NS_PER_US / count,
        .slot_count = count,
        .slots = slots,
    };
}

void wheel_add(struct wheel *wheel, struct place *member) {
    if (wheel->members++ == 0)
        wheel->next_ns = clock_ns() + wheel->tick_ns;
    /* Multiples of the golden ratio fall evenly for any number of members, and put neighbours in
     * the member order far apart in time, as real visitors are. */
    uint64_t fraction = ++wheel->added * UINT64_C(0x9e3779b97f4a7c15);
    unsigned slot = (unsigned)(((fraction >> 32) * wheel->slot_count) >> 32);
    place_append(&wheel->slots[slot], member);
}

void wheel_remove(struct wheel *wheel, struct place *member) {
    place_remove(member);
    wheel->members--;
}

static void fire_slot(struct wheel *wheel, wheel_fire *fire, void *user) {
    struct place *slot = &wheel->slots[wheel->position];
    for (struct place *member = slot->next; member != slot;) {
        struct place *next = member->next;
        fire(user, member);
        member = next;
    }
}

void wheel_turn(struct wheel *wheel, int64_t now, wheel_fire *fire, void *user) {
    while (wheel->members > 0 && wheel->next_ns <= now) {
        int64_t late = now - wheel->next_ns;
        if (late > wheel->late_ns)
            wheel->late_ns = late;
        if (late > wheel->period_ns) {
            /* Never make up for lost time in a burst: that would measure something else. */
            uint64_t slots = (uint64_t)(late / wheel->tick_ns);
            wheel->skipped += slots;
            wheel->next_ns += (int64_t)slots * wheel->tick_ns;
        }
        fire_slot(wheel, fire, user);
        wheel->position = (wheel->position + 1) % wheel->slot_count;
        wheel->next_ns += wheel->tick_ns;
    }
}
