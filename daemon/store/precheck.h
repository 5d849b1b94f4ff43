/* precheck.h - the file looked at before LMDB may map it.
 *
 * LMDB maps what it is given: a file that was cut ends the process with a signal at the first page
 * that is not there, and another kind of file is taken for a new one. So both of its meta pages are
 * read first. The layout is that of LMDB 0.9 on this machine (sizes and byte order are not
 * portable).
 */
#ifndef SINERGI_STORE_PRECHECK_H
#define SINERGI_STORE_PRECHECK_H

#include "kit/bytes.h"
#include "kit/err.h"

struct precheck {
    uint64_t map_bytes; /* address space that the file was last used with */
    uint64_t page_bytes, last_page;
};

/* Reads only. Errors: SG_E_NOT_FOUND  no such file;
 *                     SG_E_STORE      not a regular file, empty, no LMDB file, or cut. */
SG_MUST_CHECK enum sg_err precheck_file(const char *path, struct precheck *out_found,
                                        struct sg_why *why);

#endif
