/* Counts allocations of the whole program: these names stand before those of the C library, whose
 * own stand behind them. */
#include "bench/inside.h"

#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

static _Atomic uint64_t calls;

uint64_t count_malloc(void)
{
    return atomic_load_explicit(&calls, memory_order_relaxed);
}

static void count_one(void)
{
    (void)atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    count_one();
    return __libc_realloc(at, size);
}
