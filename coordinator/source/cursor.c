/* The file source's cursor; see cursor.h. */
#include "coordinator/source/cursor.h"

#include <stdbool.h>
#include <stddef.h>

static bool is_place(const json_t *value)
{
    const json_t *offset = json_array_get(value, 0), *lines = json_array_get(value, 1);
    return json_array_size(value) == 2 && json_is_integer(offset) && json_is_integer(lines) &&
           json_integer_value(lines) >= 0 && json_integer_value(offset) >= json_integer_value(lines);
}

enum pm_status pm_cursor_parse(json_t **out, const char *text, struct pm_error *err)
{
    json_error_t at;
    const char *name;
    json_t *value;
    *out = text[0] ? json_loads(text, JSON_REJECT_DUPLICATES, &at) : json_object();
    if (!*out && !text[0]) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    bool good = json_is_object(*out) && json_object_size(*out) <= PM_CURSOR_MAX_FILES;
    json_object_foreach(*out, name, value) good = good && is_place(value);
    if (good) return PM_OK;
    json_decref(*out);
    *out = NULL;
    return pm_fail(err, PM_FORMAT, "expected a cursor {\"file\":[offset,lines],...}, found \"%.80s\"", text);
}

struct pm_file_place pm_cursor_get(const json_t *cursor, const char *file)
{
    const json_t *value = json_object_get(cursor, file);
    return (struct pm_file_place){.offset = (uint64_t)json_integer_value(json_array_get(value, 0)),
                                  .lines = (uint64_t)json_integer_value(json_array_get(value, 1))};
}

enum pm_status pm_cursor_set(json_t *cursor, const char *file, struct pm_file_place place,
                             struct pm_error *err)
{
    if (!json_object_get(cursor, file) && json_object_size(cursor) >= PM_CURSOR_MAX_FILES)
        return pm_fail(err, PM_UNSUPPORTED, "expected at most %d files in a source, found more",
                       PM_CURSOR_MAX_FILES);
    json_t *name = json_string(file);
    json_decref(name);
    if (!name) return pm_fail(err, PM_FORMAT, "expected file names in UTF-8, found another");
    json_t *value = json_pack("[I,I]", (json_int_t)place.offset, (json_int_t)place.lines);
    if (json_object_set_new(cursor, file, value) != 0) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    return PM_OK;
}
