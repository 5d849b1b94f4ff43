/* vectors.h - values of tests/vectors by name: lines "NAME HEX". Tests run from the root of the
 * checkout. Without a file it is sign.txt that is meant. */
#ifndef SINERGI_UNIT_VECTORS_H
#define SINERGI_UNIT_VECTORS_H

#include "unit/unit.h"
#include "wire/keyfile.h"

#include <stdio.h>
#include <string.h>

#define VECTORS "tests/vectors/"
enum { VECTOR_MAX = 4096 };

/* The bytes of a value; 0 when it is not there. */
static inline size_t vector_find(const char *path, const char *name, uint8_t *to)
{
    char line[2 * VECTOR_MAX + 64];
    size_t name_len = strlen(name), got = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("%s cannot be opened", path);
    while (got == 0 && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, name, name_len) != 0 || line[name_len] != ' ')
            continue;
        got = strlen(line + name_len + 1) / 2;
        if (got > VECTOR_MAX || sg_hex_parse(line + name_len + 1, to, got) != SG_OK)
            fail_msg("vector '%s' is not hexadecimal", name);
    }
    (void)fclose(file);
    return got;
}

/* The test fails if it is not there or has another size. size 0: any. */
static inline size_t vector_of(const char *path, const char *name, uint8_t *to, size_t size)
{
    size_t got = vector_find(path, name, to);
    if (got == 0 || (size && got != size))
        fail_msg("vector '%s': %zu bytes, want %zu", name, got, size);
    return got;
}

static inline size_t vector(const char *name, uint8_t *to, size_t size)
{
    return vector_of(VECTORS "sign.txt", name, to, size);
}

/* "leaf-", 3 -> the value of "leaf-3" */
static inline size_t vector_n(const char *name, size_t n, uint8_t *to, size_t size)
{
    char numbered[64];
    (void)snprintf(numbered, sizeof numbered, "%s%zu", name, n);
    return vector(numbered, to, size);
}

#endif
