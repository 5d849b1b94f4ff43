/* sheet_unit.h - what the tests of the spreadsheets share: a table out of a text, a map. */
#ifndef SINERGI_SHEET_UNIT_H
#define SINERGI_SHEET_UNIT_H

#include "unit/unit.h"

#include "sheet/head.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file without a name that holds these bytes. */
static inline int file_of(const char *bytes, size_t len)
{
    int fd = memfd_create("table", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

static inline struct sheet_map *map_of(const char *text)
{
    struct sheet_map *map = NULL;
    struct sg_why why = {0};
    UNIT_OK(map_read_text(text, "test.map", &map, &why));
    return map;
}

#endif
