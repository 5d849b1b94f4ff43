/* skeleton.h - the journal without its contents: who stated what kind of event when, and who may
 * read it. One JSON line per record; no clear part, no personal part, no effect.
 */
#ifndef SINERGI_SKELETON_H
#define SINERGI_SKELETON_H

#include "store/env.h"

#include <stdio.h>

/* Errors: SG_E_STORE, SG_E_SYS (the output cannot be written). */
SG_MUST_CHECK enum sg_err skeleton_print(struct env *env, FILE *to, struct sg_why *why);

#endif
