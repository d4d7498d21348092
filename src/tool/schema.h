/* JSON Schema (draft 2020-12) of a tool's arguments: the keywords that tools use. Others are
 * refused when compiled, so that no rule is silently not checked. Annotations (title, description,
 * default, examples, deprecated, readOnly, writeOnly, $schema, $id, $comment, format with unknown
 * names) are let through. */
#pragma once
#include "base/fault.h"
#include "base/slice.h"
struct arena;
struct buffer;
struct schema;

/* `text` is copied. False (BAD_INPUT, `param` a JSON pointer into the schema) where it is not
 * valid. The root must describe an object. Thread-safe to read afterwards. Lives as long as the
 * arena. */
__attribute__((warn_unused_result)) bool schema_compile(struct slice text, struct arena *arena,
                                                        struct schema **ret_schema,
                                                        struct fault *fault);
/* True when the value fits. Else appends what is wrong, a line each, at most ten, written for the
 * model that is to mend it: `order: must be an integer, not the string "abc"`. `value` is validated
 * JSON. Linear in the value but for patterns, which are matched within a limit. */
bool schema_check(const struct schema *schema, struct slice value, struct buffer *complaints);

/* For those who fill arguments without a model (the offline provider gets the schema's text and
 * reads it itself) nothing is here. The names of the root's properties: the i-th, an empty slice
 * behind the last. */
struct slice schema_property(const struct schema *schema, size_t index);
