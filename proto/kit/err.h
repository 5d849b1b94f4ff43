/* err.h - how a function says that it failed, and who owns what.
 *
 * One idiom in the whole tree: return `enum sg_err`, write results to `out_` parameters only on
 * success, put the sentence for people in `struct sg_why`, and let SG_AUTO clean up.
 */
#ifndef SINERGI_KIT_ERR_H
#define SINERGI_KIT_ERR_H

#include <stdarg.h>
#include <stddef.h>

#define SG_MUST_CHECK __attribute__((warn_unused_result))
#define SG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SG_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* `SG_AUTO(x_done) struct x x = {0};` calls x_done(&x) at the end of the scope. */
#define SG_AUTO(done) __attribute__((cleanup(done)))

/* Moves a pointer out: the variable is NULL afterwards. */
#define SG_TAKE(p)                  \
    __extension__({                 \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })

enum sg_err {
    SG_OK = 0,
    SG_E_LIMIT,     /* greater than a limit, or the arena is full */
    SG_E_FORMAT,    /* bytes that do not have the form asked for */
    SG_E_NOT_FOUND, /* no such row, file or entry */
    SG_E_EXISTS,    /* there already */
    SG_E_FULL,      /* the map of the store has no room: grow, run the turn again */
    SG_E_STORE,     /* the store cannot be read or written: the process ends */
    SG_E_CONF,      /* configuration or command line */
    SG_E_CRYPTO,    /* a key or signature is wrong, or libsodium failed */
    SG_E_NET,       /* socket */
    SG_E_SYS,       /* another system call */
    SG_E_STATE,     /* not possible now */
};

/* The sentence for people. Kept by the caller; never freed. */
struct sg_why {
    char text[512];
};

/* Write the sentence (why may be NULL) and return `err`. */
SG_PRINTF(3, 4) enum sg_err sg_fail(struct sg_why *why, enum sg_err err, const char *fmt, ...);

/* Name of the code, "SG_E_LIMIT", for logs. */
const char *sg_err_name(enum sg_err err);

/* Closers for SG_AUTO. */
void sg_fd_done(int *fd);
void sg_heap_done(void *pointer_to_pointer);

#endif
