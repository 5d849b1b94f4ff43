#include "kit/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum sg_err sg_fail(struct sg_why *why, enum sg_err err, const char *fmt, ...)
{
    if (!why)
        return err;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why->text, sizeof why->text, fmt, args); /* a cut sentence is good enough */
    va_end(args);
    return err;
}

const char *sg_err_name(enum sg_err err)
{
    static const char *const names[] = {
        /* clang-format off */
        [SG_OK] = "SG_OK",                 [SG_E_LIMIT] = "SG_E_LIMIT",
        [SG_E_FORMAT] = "SG_E_FORMAT",     [SG_E_NOT_FOUND] = "SG_E_NOT_FOUND",
        [SG_E_EXISTS] = "SG_E_EXISTS",     [SG_E_FULL] = "SG_E_FULL",
        [SG_E_STORE] = "SG_E_STORE",       [SG_E_CONF] = "SG_E_CONF",
        [SG_E_CRYPTO] = "SG_E_CRYPTO",     [SG_E_NET] = "SG_E_NET",
        [SG_E_SYS] = "SG_E_SYS",           [SG_E_STATE] = "SG_E_STATE",
    }; /* clang-format on */
    return (size_t)err < SG_ARRAY_LEN(names) ? names[err] : "SG_E_?";
}

void sg_fd_done(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void sg_heap_done(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;
    free(*pointer);
    *pointer = NULL;
}
