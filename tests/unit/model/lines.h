/* What a reply says, one event a line: deltas of a kind in a row are joined. */
#pragma once
#include "model/provider.h"

/* Fails the test unless the bytes give those lines and end with that fault (NONE: in order), cut in
 * two at every place. */
void lines_expect(const struct provider *provider, const char *bytes, enum fault_kind kind,
                  const char *lines);
/* The sink closes the stream at the first text of the bytes: nothing is emitted after it. */
void lines_close_at_text(const struct provider *provider, const char *bytes);
