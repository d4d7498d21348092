/* What is learnt of how each model counts tokens (see model/tokens_estimate.h), shared by all loops
 * and kept in the store. Thread-safe. */
#pragma once
#include "model/tokens_estimate.h"
struct model_info;
struct store_session;
struct fault;

struct estimates;
struct estimates *estimates_create(void);
void estimates_destroy(struct estimates *estimates); /* NULL is fine */

/* Of the model "provider/model". One that is new begins as exact where our tokenizer is the
 * model's own (`info`, may be NULL), else as a guess. */
struct tokens_estimate estimates_get(struct estimates *estimates, const char *provider,
                                     const char *model, const struct model_info *info);
void estimates_learn(struct estimates *estimates, const char *provider, const char *model,
                     const struct model_info *info, int64_t counted, int64_t reported);

/* Blocking, inside a store job. `save` writes what has changed since the last time. */
bool estimates_load(struct estimates *estimates, struct store_session *session,
                    struct fault *fault);
bool estimates_save(struct estimates *estimates, struct store_session *session,
                    struct fault *fault);
