/* unit.h - cmocka, the four headers that it needs first, and a main of one line. */
#ifndef SINERGI_UNIT_H
#define SINERGI_UNIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "kit/err.h"

#define UNIT_MAIN(...)                                    \
    int main(void)                                        \
    {                                                     \
        const struct CMUnitTest tests[] = {__VA_ARGS__};  \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }

/* A call that must succeed, with the sentence if it does not. */
#define UNIT_OK(call)                                                        \
    do {                                                                     \
        enum sg_err unit_err_ = (call);                                      \
        if (unit_err_ != SG_OK)                                              \
            fail_msg("%s: %s: %s", #call, sg_err_name(unit_err_), why.text); \
    } while (0)

#endif
