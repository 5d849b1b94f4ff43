/* vectors.h - values of tests/vectors/sign.txt by name. Tests run from the root of the checkout. */
#ifndef SINERGI_UNIT_VECTORS_H
#define SINERGI_UNIT_VECTORS_H

#include "unit/unit.h"
#include "wire/keyfile.h"

#include <stdio.h>
#include <string.h>

enum { VECTOR_MAX = 1024 };

/* The bytes of a value; the test fails if it is not there or has another size. size 0: any. */
static inline size_t vector(const char *name, uint8_t *to, size_t size)
{
    char line[2 * VECTOR_MAX + 64];
    size_t name_len = strlen(name), got = 0;
    FILE *file = fopen("tests/vectors/sign.txt", "re");
    if (!file)
        fail_msg("tests/vectors/sign.txt cannot be opened");
    while (got == 0 && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, name, name_len) != 0 || line[name_len] != ' ')
            continue;
        got = strlen(line + name_len + 1) / 2;
        if (got > VECTOR_MAX || sg_hex_parse(line + name_len + 1, to, got) != SG_OK)
            fail_msg("vector '%s' is not hexadecimal", name);
    }
    (void)fclose(file);
    if (got == 0 || (size && got != size))
        fail_msg("vector '%s': %zu bytes, want %zu", name, got, size);
    return got;
}

/* "leaf-", 3 -> the value of "leaf-3" */
static inline size_t vector_n(const char *name, size_t n, uint8_t *to, size_t size)
{
    char numbered[64];
    (void)snprintf(numbered, sizeof numbered, "%s%zu", name, n);
    return vector(numbered, to, size);
}

#endif
