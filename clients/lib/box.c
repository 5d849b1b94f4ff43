#include "lib/box.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Address space, not disk: the file grows as it is used. */
static const size_t map_bytes = (size_t)1 << 30;

static MDB_val val_of(struct sg_bytes bytes)
{
    /* LMDB only reads what a key or a put points to; its type has no const. */
    union {
        const uint8_t *from;
        void *to;
    } ptr = {.from = bytes.ptr};
    return (MDB_val){.mv_size = bytes.len, .mv_data = ptr.to};
}

static struct sg_bytes bytes_of(MDB_val val)
{
    return (struct sg_bytes){val.mv_data, val.mv_size};
}

static enum sg_err fail(struct sg_why *why, const char *what, int rc)
{
    if (rc == MDB_NOTFOUND)
        return sg_fail(why, SG_E_NOT_FOUND, "%s: not there", what);
    return sg_fail(why, SG_E_STORE, "%s: %s", what, mdb_strerror(rc));
}

static enum sg_err open_tables(struct box *box, const char *const *tables, size_t table_count,
                               struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_write(box, &txn, why);
    for (size_t i = 0; !err && i < table_count; i++) {
        int rc = mdb_dbi_open(txn.mdb, tables[i], MDB_CREATE, &box->tables[i]);
        if (rc)
            err = fail(why, tables[i], rc);
    }
    return err ? err : box_commit(&txn, why);
}

enum sg_err box_open(const char *folder, const char *file, const char *const *tables,
                     size_t table_count, struct box *out_box, struct sg_why *why)
{
    char path[512];
    int len = snprintf(path, sizeof path, "%s/%s", folder, file);
    if (len < 0 || (size_t)len >= sizeof path)
        return sg_fail(why, SG_E_CONF, "the name of folder '%s' is too long", folder);

    SG_AUTO(box_done) struct box box = {0};
    int rc = mdb_env_create(&box.env);
    if (!rc)
        rc = mdb_env_set_mapsize(box.env, map_bytes);
    if (!rc)
        rc = mdb_env_set_maxdbs(box.env, BOX_TABLES_MAX);
    /* Every commit reaches the disk: no flag that relaxes it. */
    if (!rc)
        rc = mdb_env_open(box.env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    int dead = 0;
    if (!rc)
        rc = mdb_reader_check(box.env, &dead);
    if (rc)
        return fail(why, path, rc);

    enum sg_err err = open_tables(&box, tables, table_count, why);
    if (err)
        return err;
    *out_box = box;
    box.env = NULL;
    return SG_OK;
}

void box_done(struct box *box)
{
    if (box->env)
        mdb_env_close(SG_TAKE(box->env));
}

/* LMDB does not tell where it has mapped the file; the system does, line by line:
 * "7f06abc00000-7f06ebc00000 r--s 00000000 fe:00 131 /var/lib/…/outbox.mdb". Only a shared mapping
 * of that size can be it: what is private would be lost by the advice. */
static bool take_line(const char *line, ino_t ino, struct box *box)
{
    char *at = NULL;
    unsigned long long from = strtoull(line, &at, 16);
    unsigned long long to = *at == '-' ? strtoull(at + 1, &at, 16) : 0;
    if (to < from + map_bytes || strlen(at) < 6 || at[4] != 's')
        return false;
    for (int word = 0; word < 3 && at; word++) /* rights, offset, device */
        at = strchr(at + 1, ' ');
    if (!at || strtoull(at, NULL, 10) != ino)
        return false;
    box->map = (void *)(uintptr_t)from; /* as the system names it */
    box->map_size = (size_t)(to - from);
    return true;
}

static void find_map(struct box *box)
{
    int fd = -1;
    struct stat st;
    char line[1024];
    FILE *file = fopen("/proc/self/maps", "re");
    bool known = file && mdb_env_get_fd(box->env, &fd) == 0 && fstat(fd, &st) == 0;
    while (known && fgets(line, sizeof line, file) && !take_line(line, st.st_ino, box))
        continue;
    if (file)
        (void)fclose(file);
}

void box_rest(struct box *box)
{
    if (!box->map)
        find_map(box);
    if (box->map)
        (void)madvise(box->map, box->map_size, MADV_DONTNEED); /* only advice */
}

static enum sg_err begin(struct box *box, unsigned flags, struct box_txn *out_txn,
                         struct sg_why *why)
{
    int rc = mdb_txn_begin(box->env, NULL, flags, &out_txn->mdb);
    if (rc)
        out_txn->mdb = NULL;
    return rc ? fail(why, "begin", rc) : SG_OK;
}

enum sg_err box_read(struct box *box, struct box_txn *out_txn, struct sg_why *why)
{
    return begin(box, MDB_RDONLY, out_txn, why);
}

enum sg_err box_write(struct box *box, struct box_txn *out_txn, struct sg_why *why)
{
    return begin(box, 0, out_txn, why);
}

enum sg_err box_commit(struct box_txn *txn, struct sg_why *why)
{
    int rc = mdb_txn_commit(SG_TAKE(txn->mdb));
    return rc ? fail(why, "commit", rc) : SG_OK;
}

void box_txn_done(struct box_txn *txn)
{
    if (txn->mdb)
        mdb_txn_abort(SG_TAKE(txn->mdb));
}

enum sg_err box_get(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                    struct sg_bytes *out_value, struct sg_why *why)
{
    MDB_val at = val_of(key), value;
    int rc = mdb_get(txn->mdb, table, &at, &value);
    if (rc)
        return fail(why, "get", rc);
    *out_value = bytes_of(value);
    return SG_OK;
}

enum sg_err box_seek(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                     struct sg_bytes *out_key, struct sg_bytes *out_value, struct sg_why *why)
{
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn->mdb, table, &cursor);
    if (rc)
        return fail(why, "cursor", rc);
    MDB_val at = val_of(key), value;
    rc = mdb_cursor_get(cursor, &at, &value, MDB_SET_RANGE);
    mdb_cursor_close(cursor);
    if (rc)
        return fail(why, "seek", rc);
    *out_key = bytes_of(at);
    *out_value = bytes_of(value);
    return SG_OK;
}

enum sg_err box_seek_back(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                          struct sg_bytes *out_key, struct sg_bytes *out_value, struct sg_why *why)
{
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn->mdb, table, &cursor);
    if (rc)
        return fail(why, "cursor", rc);
    MDB_val at = val_of(key), value;
    rc = mdb_cursor_get(cursor, &at, &value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &at, &value, MDB_LAST);
    else if (!rc && !sg_bytes_equal(bytes_of(at), key))
        rc = mdb_cursor_get(cursor, &at, &value, MDB_PREV);
    mdb_cursor_close(cursor);
    if (rc)
        return fail(why, "seek", rc);
    *out_key = bytes_of(at);
    *out_value = bytes_of(value);
    return SG_OK;
}

enum sg_err box_put(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                    struct sg_bytes value, struct sg_why *why)
{
    MDB_val at = val_of(key), to = val_of(value);
    int rc = mdb_put(txn->mdb, table, &at, &to, 0);
    return rc ? fail(why, "put", rc) : SG_OK;
}

enum sg_err box_delete(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                       struct sg_why *why)
{
    MDB_val at = val_of(key);
    int rc = mdb_del(txn->mdb, table, &at, NULL);
    return rc && rc != MDB_NOTFOUND ? fail(why, "delete", rc) : SG_OK;
}
