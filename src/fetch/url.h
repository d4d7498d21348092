/* http and https URLs, strictly: printable ASCII only, a host of letters, digits, dots, hyphens and
 * underscores or an IPv6 address in brackets. Slices point into the text. */
#pragma once
#include "base/slice.h"

struct url {
    bool tls;
    struct slice user;      /* "name:password", empty if none */
    struct slice host;      /* without brackets */
    struct slice host_port; /* as for the Host header */
    struct slice target; /* path and query, without the fragment; may be empty or begin with '?' */
    uint16_t port;
};

enum { URL_SIZE_MAX = 8192 };

bool url_parse(struct slice text, struct url *ret_url);
/* A malloc'ed copy without user, password, query and fragment: for logs. Takes any text. */
char *url_redact(const char *text);
