#include "kit/check.h"
#include "sheet/map.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a text of a few bytes when a file ends inside it. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

static void check_heading(const struct sheet_map *map, int heading)
{
    SG_CHECK(heading >= 0 && (size_t)heading < map->heading_count);
    const struct map_heading *of = &map->headings[heading];
    SG_CHECK(of->name_count >= 1 && of->name_count <= MAP_NAMES_MAX);
    for (size_t i = 0; i < of->name_count; i++)
        SG_CHECK(of->names[i] && of->names[i][0]);
}

/* A path is found again under the name that is shown for it. */
static void check_path(const struct sheet_map *map, const struct field_path *path)
{
    struct field_path again;
    char text[PATH_TEXT_MAX + 16] = "";
    SG_CHECK(path->count >= 1 && path->count <= PATH_STEPS_MAX && path->field && path->rules);
    for (size_t i = 0; i < path->count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s",
                       i                ? "."
                       : path->envelope ? "envelope."
                                        : "",
                       path->steps[i].name);
        len = strlen(text);
        if (path->steps[i].index >= 0)
            (void)snprintf(text + len, sizeof text - len, "[%d]", path->steps[i].index);
    }
    SG_CHECK(path_read(text, map->rules, &again, NULL) == SG_OK);
    SG_CHECK(again.field == path->field && again.count == path->count &&
             strcmp(again.text, path->text) == 0);
}

static void check_map(const struct sheet_map *map)
{
    SG_CHECK(sg_type_of_topic(sg_bytes_of(sheet_map_topic(map))) == map->type);
    SG_CHECK(sheet_map_name(map)[0] && map->rules && map->payload);
    SG_CHECK(map->key_count >= 1 && map->key_count <= MAP_KEYS_MAX && map->column_count >= 1);
    for (size_t i = 0; i < map->key_count; i++)
        check_heading(map, map->keys[i]);
    if (map->date >= 0)
        check_heading(map, map->date);
    for (size_t i = 0; i < map->column_count; i++) {
        const struct map_column *column = &map->columns[i];
        check_path(map, &column->path);
        SG_CHECK((column->heading >= 0) != (column->lookup != NULL));
        if (column->heading >= 0)
            check_heading(map, column->heading);
        for (size_t j = 0; j < column->lookup_key_count; j++)
            check_heading(map, column->lookup_keys[j]);
    }
    for (size_t i = 0; i < map->default_count; i++) {
        check_path(map, &map->defaults[i].path);
        SG_CHECK(map->defaults[i].value);
    }
}

/* Any text is refused with a sentence that names the file, or is a map in which everything is
 * found. Seeds: tests/fuzz/corpus/map/. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct sheet_map *map = NULL;
    struct sg_why why = {0};
    SG_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (map_read_text(text, "fuzz.map", &map, &why) == SG_OK)
        check_map(map);
    else
        SG_CHECK(!map && strncmp(why.text, "fuzz.map", 8) == 0);
    sheet_map_free(&map);
    free(text);
    return 0;
}
