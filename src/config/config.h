/* The configuration file (YAML 1.2, of which JSON is a part). Every option is one row of the table
 * in config/options.c, from which come the checks, the JSON Schema and docs/configuration.md. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct buffer;
struct model_info;
struct provider_settings;
struct settings;

struct config {
    struct settings *settings; /* bots and providers; the config owns one reference */
    /* options of the process, read at start only (a reload says which changes need a restart) */
    const char *listen;   /* "127.0.0.1:8080" */
    const char *database; /* "sqlite:/absolute/path" */
    const char *site;     /* folder of static pages served at "/", absolute; NULL for none */
    const char *pid_file; /* absolute; default: the database's path with ".pid" */
    size_t threads;       /* event loops; 0 in the file means one per processor */
    size_t connections_max, header_max, body_max;
    const char *const *trusted_proxies; /* addresses whose X-Forwarded-For counts */
    size_t trusted_proxy_count;
    int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms;
    int64_t drain_ms;          /* 10 min */
    int log_level, log_format; /* enum log_level, enum log_format */
    const char *const
        *warnings; /* "provider openai is off: its key is empty; set OPENAI_API_KEY" */
    size_t warning_count;
    struct slice admin_token; /* for /metrics from elsewhere than loopback; empty: loopback only */
};

/* One mistake in the file. */
struct config_error {
    const char *file;
    int line, column;    /* from 1; 0: the file as a whole */
    const char *path;    /* "bots.support.max_tokens" */
    const char *message; /* "unknown option; did you mean max_tokens?" */
    const char *
        source; /* the line of the file with secrets blotted out, long ones cut; NULL with line 0 */
    int caret;  /* which character of `source` the caret goes below, from 1 */
};

struct config_result {
    struct config *config; /* NULL when there are errors */
    const struct config_error
        *errors; /* all that were found, in the order of the file; at most 100 */
    size_t error_count;
    struct arena *arena; /* of the errors */
};
/* Reads, substitutes environment variables, checks. Relative paths are taken from the file's own
 * folder. Never prints. Free with config_result_finish. */
struct config_result config_load(const char *path);
/* The same for text at hand, as if it stood in that file. */
struct config_result config_load_text(const char *path, struct slice text);
void config_result_finish(struct config_result *result);
/* Takes the config out of the result. */
struct config *config_take(struct config_result *result);
void config_destroy(struct config *config);
/* What is known of the model, by the configuration and the catalogue; NULL when nothing is. */
const struct model_info *config_model_info(const struct provider_settings *provider,
                                           const char *model);
/* Appends the paths of options that differ but are read at start only ("listen, http.body_max");
 * false when there are none. For a reload. */
bool config_needs_restart(const struct config *running, const struct config *next,
                          struct buffer *out);

/* "switchboard.yaml:12:5: bots.support.max_token: unknown option; did you mean max_tokens?" with
 * the line and a caret below it, as compilers do. */
void config_error_print(const struct config_error *error, struct buffer *out);

/* JSON Schema (draft 2020-12) of the whole file, for editors. */
void config_schema_write(struct buffer *out);
/* The reference page (Markdown). */
void config_reference_write(struct buffer *out);
