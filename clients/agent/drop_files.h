/* drop_files.h - names, moves and ages of the files of a drop folder. Nothing here reads a file.
 *
 * A taken file is called STEM.STAMP.EXT, its result STEM.STAMP.result.csv; STEM.STAMP is the name
 * of the pair. The stamp is the time of taking in WIB, YYYYMMDD-HHMMSS, with -2, -3 … when that is
 * used.
 */
#ifndef SINERGI_AGENT_DROP_FILES_H
#define SINERGI_AGENT_DROP_FILES_H

#include "kit/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define DROP_RESULT ".result.csv"
/* Room for the path of a file below the folder. */
enum { DROP_PATH_BYTES = PATH_MAX + NAME_MAX + 32 };

struct drop_folders {
    char path[PATH_MAX]; /* of the folder */
    int top, work, done, failed;
};

/* Open the folder and make the three in it. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err drop_folders_open(const char *path, struct drop_folders *out_folders,
                                            struct sg_why *why);
void drop_folders_done(struct drop_folders *folders);
/* Another folder stands there by now, or none: a share that was mounted anew. */
bool drop_folders_gone(const struct drop_folders *folders);

/* A file that waits for its clerk (an open document, a half copy) or is none of ours. */
bool drop_is_ignored(const char *name);
bool drop_is_result(const char *name);

/* "razia mei.csv" taken at that time -> pair "razia mei.20260504-094000", file with ".csv". */
bool drop_name(const struct drop_folders *folders, const char *name, int64_t now_ms,
               char out_pair[NAME_MAX + 1], char out_file[NAME_MAX + 1]);
/* The pair that a file or a result belongs to. */
void drop_pair_of(const char *name, char out_pair[NAME_MAX + 1]);
/* Time of taking; false: not a name of ours. */
bool drop_taken_ms(const char *pair, int64_t *out_ms);

/* Name of the file of a pair in a folder; "" when it is not there. */
void drop_find_file(int folder, const char *pair, char out_name[NAME_MAX + 1]);

/* Rename, never over another file. Errors: SG_E_SYS, SG_E_EXISTS. */
SG_MUST_CHECK enum sg_err drop_move(int from, const char *from_name, int to, const char *to_name,
                                    struct sg_why *why);
/* Move the file of a pair and then its result. What is not there is no error. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err drop_move_pair(int from, int to, const char *pair, struct sg_why *why);

/* Names in a folder, one after the other, in no order. Most callers may ignore an error (SG_E_SYS):
 * a folder that cannot be read has no names for them, and the look every 30 s tells (drop_watch.h).
 */
typedef void drop_visit(void *context, const char *name);
enum sg_err drop_each(int folder, drop_visit *visit, void *context, struct sg_why *why);

/* After a crash between the two moves of a pair: results follow their files. */
void drop_join_pairs(const struct drop_folders *folders);
/* Remove pairs of done/ that were taken before `before_ms`, but for those in `kept`. */
typedef bool drop_keeps(void *context, const char *pair);
unsigned drop_remove_old(const struct drop_folders *folders, int64_t before_ms, drop_keeps *keeps,
                         void *context);

#endif
