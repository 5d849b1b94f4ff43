/* check.h - an invariant of ours that stays on in release.
 *
 * What comes from outside is checked and refused; what we promise ourselves is asserted. A
 * broken promise ends the process: a restart reads what the disk really holds.
 */
#ifndef SINERGI_KIT_CHECK_H
#define SINERGI_KIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define SG_CHECK(cond)                                                                  \
    do {                                                                                \
        if (!(cond)) {                                                                  \
            (void)fprintf(stderr, "<0>%s:%d: broken: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                                    \
        }                                                                               \
    } while (0)

#endif
