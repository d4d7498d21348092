/* What to do after a call of a model failed: the rules alone, without time or state of their own.
 */
#pragma once
#include "base/fault.h"

enum failover_action {
    FAILOVER_FAIL,  /* tell the client */
    FAILOVER_RETRY, /* the same model again, after `wait_ms` */
    FAILOVER_NEXT,  /* the bot's next model at once */
};

struct failover_case {
    const struct fault *fault;
    bool visible;         /* the client has seen text: only who can continue it may go on */
    bool has_next;        /* there is another model in the bot's list */
    bool next_is_offline; /* and it is the built-in one, which cannot continue a text */
    unsigned attempts;    /* made with this model, this one included */
    unsigned retries_max; /* of the bot */
    int64_t left_ms;      /* of the time that the bot allows for trying */
    uint32_t random;      /* for the jitter */
};

struct failover_decision {
    enum failover_action action;
    int64_t wait_ms;
};

struct failover_decision failover_decide(const struct failover_case *it);
