/* Two clocks, both in milliseconds: `wall` for what is stored or shown, `monotonic` for how long
 * things take. Never compare one with the other. Thread-safe. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void);      /* since 1970-01-01 UTC; may jump */
int64_t clock_monotonic_ms(void); /* since some fixed point; never goes back */
int64_t clock_monotonic_us(void);
/* Writes "2026-11-23T09:30:00.123Z" (24 characters and a NUL). */
void clock_format(int64_t wall_ms, char ret_text[25]);
