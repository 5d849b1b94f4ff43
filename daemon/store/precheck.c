#include "store/precheck.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LMDB_MAGIC 0xBEEFC0DEU
#define LMDB_VERSION 1U
#define PAGE_NONE UINT64_MAX /* root of an empty tree */

enum {
    PAGE_HEADER_BYTES = 16,
    PAGE_BYTES_MIN = 512,
    PAGE_BYTES_MAX = 65536,
    PAGE_BRANCH = 0x01,
    PAGE_LEAF = 0x02,
    PAGE_META = 0x08,
    NODE_BIG = 0x01,  /* the value lies on pages of its own */
    NODE_TREE = 0x02, /* the value is the root of a named table */
    NODE_HEADER_BYTES = 8,
    TREE_DEPTH_MAX = 64, /* two trees below each other, each at most 32 deep */
};

/* As LMDB lays them out. */
struct page_header {
    uint64_t number;
    uint16_t pad, flags, lower, upper;
};
struct tree {
    uint32_t page_bytes; /* only of the free list: size of all pages */
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};
struct meta {
    struct page_header page;
    uint32_t magic, version;
    uint64_t address, map_bytes;
    struct tree free_list, main;
    uint64_t last_page, txn_id;
};
static_assert(sizeof(struct page_header) == PAGE_HEADER_BYTES, "layout of LMDB");
static_assert(sizeof(struct tree) == 48 && sizeof(struct meta) == 152, "layout of LMDB");

struct file {
    const char *path;
    int fd;
    uint64_t size, page_bytes, last_page;
};

static enum sg_err damaged(const struct file *file, const char *what, struct sg_why *why)
{
    return sg_fail(why, SG_E_STORE, "store '%s' %s; it was left as it is: restore the last backup",
                   file->path, what);
}

static enum sg_err read_meta(const struct file *file, uint64_t at, struct meta *out_meta,
                             struct sg_why *why)
{
    ssize_t got = pread(file->fd, out_meta, sizeof *out_meta, (off_t)at);
    if (got < 0)
        return sg_fail(why, SG_E_STORE, "read '%s': %s", file->path, strerror(errno));
    if (got != (ssize_t)sizeof *out_meta)
        return damaged(file, "is cut within its first pages", why);
    if (out_meta->magic != LMDB_MAGIC || !(out_meta->page.flags & PAGE_META))
        return damaged(file, "is not an LMDB file, or its first pages are damaged", why);
    if (out_meta->version != LMDB_VERSION)
        return damaged(file, "has another LMDB data version", why);
    uint32_t page = out_meta->free_list.page_bytes;
    if (page < PAGE_BYTES_MIN || page > PAGE_BYTES_MAX || (page & (page - 1)))
        return damaged(file, "has an impossible page size", why);
    return SG_OK;
}

/* ---- a file that ends before its last page ----
 *
 * Pages that a transaction took at the end and gave back again are counted but never written, so a
 * healthy file may be shorter than its last page. It is whole if all that is in use lies within it.
 */

struct walk {
    const struct file *file;
    uint64_t pages_left; /* no page belongs to two trees: more visits than pages is damage */
    unsigned depth;
    struct step {
        uint64_t page;
        unsigned next; /* node to look at */
    } steps[TREE_DEPTH_MAX];
    uint8_t bytes[PAGE_BYTES_MAX];
};

static bool inside(const struct file *file, uint64_t page, uint64_t count)
{
    return page <= file->last_page && count <= file->last_page - page + 1 &&
           (page + count) * file->page_bytes <= file->size;
}

static bool push(struct walk *walk, uint64_t page)
{
    if (page == PAGE_NONE)
        return true;
    if (walk->depth == TREE_DEPTH_MAX || !walk->pages_left || !inside(walk->file, page, 1))
        return false;
    walk->pages_left--;
    walk->steps[walk->depth++] = (struct step){page, 0};
    return true;
}

static uint16_t half(const uint8_t *at)
{
    uint16_t n;
    memcpy(&n, at, sizeof n);
    return n;
}

/* Node: size or page number low (2), high (2), flags (2), size of key (2), key, value. */
static bool look_at_leaf(struct walk *walk, const uint8_t *node, size_t room)
{
    uint16_t flags = half(node + 4);
    size_t key_bytes = half(node + 6);
    uint64_t value_bytes = half(node) | (uint64_t)half(node + 2) << 16;
    const uint8_t *value = node + NODE_HEADER_BYTES + key_bytes;
    if (!(flags & (NODE_BIG | NODE_TREE)))
        return true;
    size_t want = flags & NODE_TREE ? sizeof(struct tree) : sizeof(uint64_t);
    if (NODE_HEADER_BYTES + key_bytes + want > room)
        return false;
    if (flags & NODE_TREE) {
        struct tree tree;
        memcpy(&tree, value, sizeof tree);
        return push(walk, tree.root);
    }
    uint64_t page;
    memcpy(&page, value, sizeof page);
    uint64_t bytes = PAGE_HEADER_BYTES + value_bytes;
    return inside(walk->file, page, (bytes - 1) / walk->file->page_bytes + 1);
}

/* One node of the page on top, or leave the page. */
static bool step(struct walk *walk)
{
    struct step *top = &walk->steps[walk->depth - 1];
    const struct file *file = walk->file;
    ssize_t got =
        pread(file->fd, walk->bytes, file->page_bytes, (off_t)(top->page * file->page_bytes));
    if (got != (ssize_t)file->page_bytes)
        return false;
    struct page_header header;
    memcpy(&header, walk->bytes, sizeof header);
    if (header.lower < PAGE_HEADER_BYTES || header.lower > file->page_bytes)
        return false;
    unsigned nodes = (header.lower - PAGE_HEADER_BYTES) / 2U;
    while (top->next < nodes) {
        size_t at = half(walk->bytes + PAGE_HEADER_BYTES + (size_t)2 * top->next++);
        if (at + NODE_HEADER_BYTES > file->page_bytes)
            return false;
        const uint8_t *node = walk->bytes + at;
        if (header.flags & PAGE_BRANCH) {
            uint64_t child =
                half(node) | (uint64_t)half(node + 2) << 16 | (uint64_t)half(node + 4) << 32;
            return push(walk, child);
        }
        unsigned depth = walk->depth;
        if (!(header.flags & PAGE_LEAF) || !look_at_leaf(walk, node, file->page_bytes - at))
            return false;
        if (walk->depth > depth)
            return true;
    }
    walk->depth--;
    return true;
}

static bool all_in_use_is_there(const struct file *file, const struct meta *meta)
{
    struct walk *walk = calloc(1, sizeof *walk); /* too large for the stack */
    if (!walk)
        return false;
    walk->file = file;
    walk->pages_left = file->last_page;
    bool whole = push(walk, meta->free_list.root) && push(walk, meta->main.root);
    while (whole && walk->depth)
        whole = step(walk);
    free(walk);
    return whole;
}

/* ---- the whole check ---- */

static enum sg_err check_metas(struct file *file, struct precheck *out_found, struct sg_why *why)
{
    struct meta metas[2];
    enum sg_err err = read_meta(file, 0, &metas[0], why);
    if (!err)
        err = read_meta(file, metas[0].free_list.page_bytes, &metas[1], why);
    if (err)
        return err;
    if (metas[0].free_list.page_bytes != metas[1].free_list.page_bytes)
        return damaged(file, "has two page sizes", why);

    const struct meta *newest = &metas[metas[1].txn_id > metas[0].txn_id];
    file->page_bytes = newest->free_list.page_bytes;
    file->last_page = newest->last_page;
    uint64_t pages = file->size / file->page_bytes;
    if (file->last_page == UINT64_MAX ||
        (file->last_page >= pages && !all_in_use_is_there(file, newest)))
        return damaged(file, "is cut: its end is missing", why);
    *out_found = (struct precheck){newest->map_bytes, file->page_bytes, file->last_page};
    return SG_OK;
}

enum sg_err precheck_file(const char *path, struct precheck *out_found, struct sg_why *why)
{
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sg_fail(why, errno == ENOENT ? SG_E_NOT_FOUND : SG_E_STORE, "store '%s': %s", path,
                       strerror(errno));
    struct stat st;
    if (fstat(fd, &st) < 0)
        return sg_fail(why, SG_E_STORE, "stat '%s': %s", path, strerror(errno));
    struct file file = {.path = path, .fd = fd, .size = (uint64_t)st.st_size};
    if (!S_ISREG(st.st_mode))
        return damaged(&file, "is not a regular file", why);
    if (st.st_size == 0)
        return damaged(&file, "is empty", why);
    return check_metas(&file, out_found, why);
}
